package problem

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Candidate is an incident seen as words and signs, for the question "is this the same failure again?".
type Candidate struct {
	Incident   IncidentID
	Problem    ID
	StartedAt  time.Time
	Mentions   []Mention // in order of their terms
	Services   []string
	CauseClass string // of its confirmed cause or factor; empty when unknown
	Alert      string // name of the alert's rule; empty when no alert said so
	Source     string
	GroupKey   string
}

// Suggestion is a likely earlier occurrence, with the reasons in words. It never joins by itself.
type Suggestion struct {
	Incident IncidentID
	Problem  ID
	Score    float64 // 0 to 1
	Because  []string
}

// MaxSuggestions is how many likely earlier incidents are offered to people, and MaxLikely how many to programs that ask for more.
const (
	MaxSuggestions = 5
	MaxLikely      = 10
)

// What each sign is worth, and how likely a suggestion must be to be made.
// Two signs together are worth what one adds to the doubt that the other leaves.
const (
	worthOfKey   = 0.80 // the same alert of the same source
	worthOfAlert = 0.40 // an alert of the same name
	worthOfWords = 0.90 // at most: many rare words, all the same

	// A sign that supports others and says nothing alone is worth this share of what they are worth together.
	shareOfService = 0.30
	shareOfClass   = 0.15

	leastWords = 0.10 // words that say less than this are no reason
	leastScore = 0.15

	// What happened long ago is a little less likely the cause of today: at most this much, half of it after a year.
	worthOfTime = 0.10
)

// How words are weighed. None of this knows a language or a trade: it is how rare a word is among the incidents that are there.
const (
	titleCounts = 3.0   // one mention in the title is as much as so many in the text
	titleShare  = 0.25  // of the likeness is that of the titles alone, as long as the title is not everybody's
	fewBear     = 100.0 // a title whose rarest common word so many incidents bear is half a heading

	// A word that one incident in ten bears is ordinary and no evidence; rarer ones are evidence by how much rarer they are. Shared evidence of
	// halfEvidence makes likeness worth half of what it could be. So a text that everybody writes is no identity, however alike.
	ordinary     = 2.4 // ln(1 + 10)
	halfEvidence = 2.0
)

// maxWordsTold is how many shared words a reason names, the weightiest first.
const maxWordsTold = 4

// Likely gives the incidents of the pool that are most likely the same failure as c: at most n and at most
// MaxLikely, best first, and of each problem only the best, the latest of equals. Only what began before c is earlier.
//
// Apart tells whether a person said of an incident that it is not the same. Shared rare words count most; a shared service or cause
// class supports them and is never enough alone.
func Likely(c Candidate, pool []Candidate, v *Vocabulary, apart func(IncidentID) bool, n int) []Suggestion {
	asked := weigh(c.Mentions, v)
	var found []Suggestion
	for _, other := range pool {
		inSame := c.Problem != 0 && c.Problem == other.Problem
		if other.Incident == c.Incident || inSame || apart(other.Incident) || !earlier(other, c) {
			continue
		}
		if s, ok := compare(c, other, asked, v); ok {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Incident, a.Incident))
	})
	var best []Suggestion
	seen := map[ID]bool{}
	for _, s := range found {
		if len(best) == min(n, MaxLikely) {
			break
		}
		if s.Problem != 0 && seen[s.Problem] {
			continue
		}
		seen[s.Problem] = true
		best = append(best, s)
	}
	return best
}

// earlier tells whether a began before b; of two that began at once, and of one that is not saved yet, the number tells.
func earlier(a, b Candidate) bool {
	if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
		return c < 0
	}
	return b.Incident == 0 || a.Incident < b.Incident
}

// compare weighs the signs that two incidents share. It is false when they are too few.
func compare(c, other Candidate, asked weights, v *Vocabulary) (Suggestion, bool) {
	s := Suggestion{Incident: other.Incident, Problem: other.Problem}
	doubt := 1.0
	because := func(worth float64, reason string) {
		doubt *= 1 - worth
		s.Because = append(s.Because, reason)
	}
	if c.GroupKey != "" && c.GroupKey == other.GroupKey && c.Source == other.Source {
		because(worthOfKey, "same alert key")
	}
	if c.Alert != "" && c.Alert == other.Alert {
		because(worthOfAlert, "same alert name")
	}
	if likeness, shared := alike(asked, weigh(other.Mentions, v), v); worthOfWords*likeness >= leastWords {
		because(worthOfWords*likeness, "words: "+strings.Join(shared, ", "))
	}
	if len(s.Because) == 0 {
		return Suggestion{}, false
	}
	sure := 1 - doubt
	if slices.ContainsFunc(c.Services, func(service string) bool { return slices.Contains(other.Services, service) }) {
		because(shareOfService*sure, "same service")
	}
	if c.CauseClass != "" && c.CauseClass != "unknown" && c.CauseClass == other.CauseClass {
		because(shareOfClass*sure, "same cause class: "+c.CauseClass)
	}
	s.Score = math.Round((1-doubt)*agedBy(c.StartedAt.Sub(other.StartedAt))*1000) / 1000
	return s, s.Score >= leastScore
}

// agedBy is what the time between two incidents leaves of their likeness.
func agedBy(between time.Duration) float64 {
	const year = 365 * 24 * time.Hour
	return 1 - worthOfTime*float64(between)/float64(between+year)
}

// weights are the mentions of one incident, weighed.
type weights struct {
	words       []weight // in order of their terms
	text, title float64  // their lengths
}

type weight struct {
	term                Term
	rarity, text, title float64
}

func weigh(mentions []Mention, v *Vocabulary) weights {
	w := weights{words: make([]weight, len(mentions))}
	for n, m := range mentions {
		rarity := v.Rarity(m.Term)
		text, title := rarity*often(titleCounts*m.Title+m.Body), rarity*m.Title
		w.words[n] = weight{m.Term, rarity, text, title}
		w.text += text * text
		w.title += title * title
	}
	w.text, w.title = math.Sqrt(w.text), math.Sqrt(w.title)
	return w
}

// often is what a number of mentions says: the tenth says less than the first.
func often(mentions float64) float64 {
	if mentions < 1 {
		return mentions
	}
	return 1 + math.Log(mentions)
}

// alike is how much two incidents say the same, 0 to 1, and the weightiest words they share: the cosine of their weighted words, less
// where what they share is ordinary.
func alike(a, b weights, v *Vocabulary) (float64, []string) {
	var text, title, evidence float64
	heading := math.Inf(1) // how many bear the rarest word that both titles have
	type shared struct {
		term   Term
		weight float64
	}
	var both []shared
	for i, j := 0, 0; i < len(a.words) && j < len(b.words); {
		x, y := a.words[i], b.words[j]
		switch {
		case x.term < y.term:
			i++
			continue
		case x.term > y.term:
			j++
			continue
		}
		i, j = i+1, j+1
		text += x.text * y.text
		if x.title*y.title > 0 {
			title += x.title * y.title
			heading = min(heading, float64(v.Bearers(x.term)))
		}
		evidence += max(0, x.rarity-ordinary) * min(1, x.text/x.rarity, y.text/y.rarity)
		both = append(both, shared{x.term, x.text * y.text})
	}
	if !(evidence > 0) {
		return 0, nil
	}
	likeness := text / (a.text * b.text)
	if title > 0 {
		share := titleShare * fewBear / (fewBear + heading)
		likeness = (1-share)*likeness + share*title/(a.title*b.title)
	} else if a.title*b.title > 0 {
		likeness *= 1 - titleShare
	}
	slices.SortFunc(both, func(x, y shared) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(v.written[x.term].place, v.written[y.term].place))
	})
	told, numbers := make([]string, 0, maxWordsTold), make([]string, 0, maxWordsTold)
	for _, w := range both {
		word := v.Word(w.term)
		switch {
		case len(told) == maxWordsTold:
		case strings.ContainsFunc(word, unicode.IsLetter):
			told = append(told, word)
		default:
			numbers = append(numbers, word)
		}
	}
	if told = append(told, numbers...); len(told) > maxWordsTold {
		told = told[:maxWordsTold]
	}
	return math.Sqrt(min(1, likeness)) * evidence / (evidence + halfEvidence), told
}

// MaxWords is how many words of a title count; the rest of a longer one is left out.
const MaxWords = 24

// maxWordLength is in letters; what is longer is an id or a path, not a word.
const maxWordLength = 40

// Little words join others and say nothing themselves.
var littleWords = []string{
	"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "in", "is", "it", "its",
	"of", "on", "or", "our", "some", "that", "the", "this", "to", "was", "we", "were", "when", "with",
}

// Words lists what a title says: its words in lower case, each once, in order, at most MaxWords. Numbers, ids and
// the numbers of hosts change from one incident to the next and are left out: "web-17" says "web".
func Words(title string) []string {
	var words []string
	for _, token := range strings.FieldsFunc(strings.ToLower(title), between) {
		word := wordOf(token)
		if word == "" || slices.Contains(littleWords, word) || slices.Contains(words, word) {
			continue
		}
		if words = append(words, word); len(words) == MaxWords {
			break
		}
	}
	return words
}

// between tells whether a letter separates words.
func between(r rune) bool {
	return r == utf8.RuneError || (!unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r))
}

// wordOf is what is left of a token without what changes each time, or nothing. One digit may belong to a word
// (http2, s3, k8s); more are a number or an id, after letters that may be a host's name (web17).
func wordOf(token string) string {
	digits := 0
	for _, r := range token {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 1 {
		token = strings.TrimRightFunc(token, unicode.IsDigit)
		if strings.ContainsFunc(token, unicode.IsDigit) {
			return ""
		}
	}
	n := utf8.RuneCountInString(token)
	first, _ := utf8.DecodeRuneInString(token)
	oneLatin := n == 1 && first < unicode.MaxLatin1 // a letter of another script can be a word
	if n == 0 || n > maxWordLength || oneLatin || !strings.ContainsFunc(token, unicode.IsLetter) {
		return ""
	}
	return token
}
