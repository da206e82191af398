package problem

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Candidate is an incident seen as words and signs, for the question "is this the same failure again?".
type Candidate struct {
	Incident   IncidentID
	Problem    ID
	Title      string
	Services   []string
	CauseClass string // of its confirmed cause or factor; empty when unknown
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

// MaxSuggestions is how many likely earlier incidents are offered.
const MaxSuggestions = 5

// What each sign is worth, and how likely a suggestion must be to be made.
// Two signs together are worth what one adds to the doubt that the other leaves.
const (
	worthOfKey     = 0.80 // the same alert of the same source
	worthOfWords   = 0.80 // at most: many rare words, all the same
	worthOfService = 0.20
	worthOfClass   = 0.15

	leastWords = 0.08 // words that say less than this are no reason
	leastScore = 0.25

	// A shared weight of this much makes words worth half of what they could be: about one word that two
	// incidents in a hundred bear. So a title that everybody writes is no identity, however alike.
	halfWeight = 4.0
)

// maxWordsTold is how many shared words a reason names, the rarest first.
const maxWordsTold = 4

// Likely gives the incidents of the pool that are most likely the same failure as c: at most n and at most
// MaxSuggestions, best first, and of each problem only the best, the latest of equals.
//
// Rarity is how rare a word is among all titles: ln(1 + incidents / incidents that bear it); apart tells whether a person said of an incident that it is not the same.
// Shared rare words count most; a shared service or cause class supports them and is never enough alone.
func Likely(c Candidate, pool []Candidate, rarity func(word string) float64, apart func(IncidentID) bool, n int) []Suggestion {
	words := Words(c.Title)
	weigh := remember(rarity)
	var found []Suggestion
	for _, other := range pool {
		inSame := c.Problem != 0 && c.Problem == other.Problem
		if other.Incident == c.Incident || inSame || apart(other.Incident) {
			continue
		}
		if s, ok := compare(c, other, words, weigh); ok {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Incident, a.Incident))
	})
	var best []Suggestion
	seen := map[ID]bool{}
	for _, s := range found {
		if len(best) == min(n, MaxSuggestions) {
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

// compare weighs the signs that two incidents share. It is false when they are too few.
func compare(c, other Candidate, words []string, weigh func(string) float64) (Suggestion, bool) {
	s := Suggestion{Incident: other.Incident, Problem: other.Problem}
	doubt := 1.0
	because := func(worth float64, reason string) {
		doubt *= 1 - worth
		s.Because = append(s.Because, reason)
	}
	sameKey := c.GroupKey != "" && c.GroupKey == other.GroupKey && c.Source == other.Source
	if sameKey {
		because(worthOfKey, "same alert key")
	}
	likeness, shared := alike(words, Words(other.Title), weigh)
	sameWords := worthOfWords*likeness >= leastWords
	if sameWords {
		because(worthOfWords*likeness, "words: "+strings.Join(shared[:min(len(shared), maxWordsTold)], ", "))
	}
	if !sameKey && !sameWords {
		return Suggestion{}, false
	}
	for _, service := range c.Services {
		if slices.Contains(other.Services, service) {
			because(worthOfService, "same service")
			break
		}
	}
	if c.CauseClass != "" && c.CauseClass != "unknown" && c.CauseClass == other.CauseClass {
		because(worthOfClass, "same cause class: "+c.CauseClass)
	}
	s.Score = math.Round((1-doubt)*1000) / 1000
	return s, s.Score >= leastScore
}

// alike is how much two titles say the same, 0 to 1, and the words they share, rarest first: the cosine of their
// weighted words, less where what they share is common.
func alike(a, b []string, weigh func(string) float64) (float64, []string) {
	var shared []string
	var both, weight float64
	for _, word := range a {
		if slices.Contains(b, word) {
			w := weigh(word)
			shared = append(shared, word)
			both += w * w
			weight += w
		}
	}
	if both == 0 {
		return 0, nil
	}
	slices.SortStableFunc(shared, func(x, y string) int { return cmp.Compare(weigh(y), weigh(x)) })
	cosine := both / math.Sqrt(square(a, weigh)*square(b, weigh))
	return cosine * weight * weight / (weight*weight + halfWeight*halfWeight), shared
}

func square(words []string, weigh func(string) float64) float64 {
	var sum float64
	for _, word := range words {
		sum += weigh(word) * weigh(word)
	}
	return sum
}

// remember asks for each word once, and takes what is no weight for none.
func remember(rarity func(string) float64) func(string) float64 {
	known := map[string]float64{}
	return func(word string) float64 {
		w, ok := known[word]
		if !ok {
			w = rarity(word)
			if !(w > 0) || math.IsInf(w, 0) {
				w = 0
			}
			known[word] = w
		}
		return w
	}
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
