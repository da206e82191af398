package problem

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is what an incident says in words.
type Text struct {
	Title   string
	Summary string
	Labels  map[string]string // what a sender said of it, by name
	Notes   []string          // what was learnt, in Markdown
}

// Mentions is how often a text mentions one word, in its title and in the rest. Half counts stand for what says less: numbers, ids
// and the parts of a compound name.
type Mentions struct {
	Word    string // without its ending
	Written string // as the text has it first, in lower case
	Title   float64
	Body    float64
}

// AlertLabel is the label that holds the name of an alert's rule.
const AlertLabel = "alertname"

// The bounds of what is read of one incident: what is longer is a log, and would only make the index slow.
const (
	maxRead  = 16 << 10 // bytes of the title and of the rest each
	maxWords = 300      // different words

	// MaxMentions is how many mentions of one word count; more say nothing more.
	MaxMentions = 7.5
)

// MentionsOf reads a text into its words, each once, in order.
//
// Words are in lower case without their English endings. A compound name such as ConnectionPool counts as a whole and half in its
// parts, a number or an id half, and a host's name (web17) half and whole without its number. Writing without spaces is read in pairs of
// letters. Little words say nothing.
func MentionsOf(t Text) []Mentions {
	found := map[string]int{}
	var all []Mentions
	mention := func(word, written string, title, body float64) {
		n, known := found[word]
		if !known {
			if len(all) == maxWords {
				return
			}
			n = len(all)
			found[word], all = n, append(all, Mentions{Word: word, Written: written})
		}
		m := &all[n]
		m.Title, m.Body = min(m.Title+title, MaxMentions), min(m.Body+body, MaxMentions)
	}
	spell(upTo(t.Title, maxRead), func(word, written string, weight float64) { mention(word, written, weight, 0) })
	left := maxRead
	read := func(body string) {
		body = upTo(body, left)
		left -= len(body)
		spell(body, func(word, written string, weight float64) { mention(word, written, 0, weight) })
	}
	read(t.Summary)
	for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
		read(t.Labels[name])
	}
	for _, note := range t.Notes {
		read(note)
	}
	return all
}

// Sought lists the words that a search for query asks for, as MentionsOf spells them, each once, in order, at most MaxWords.
func Sought(query string) []string {
	var words []string
	spell(upTo(query, maxRead), func(word, _ string, weight float64) {
		if weight == whole && !slices.Contains(words, word) && len(words) < MaxWords {
			words = append(words, word)
		}
	})
	if len(words) > 0 {
		return words
	}
	spell(upTo(query, maxRead), func(word, _ string, _ float64) { // nothing but numbers and ids
		if !slices.Contains(words, word) && len(words) < MaxWords {
			words = append(words, word)
		}
	})
	return words
}

func upTo(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	for bytes > 0 && !utf8.RuneStart(s[bytes]) {
		bytes--
	}
	return s[:bytes]
}

// What one mention counts.
const (
	whole = 1.0
	half  = 0.5
)

// spell gives the words of a text one after the other, with what each counts.
func spell(text string, say func(word, written string, weight float64)) {
	for token := range strings.FieldsFuncSeq(text, between) {
		spellToken(token, say)
	}
}

func spellToken(token string, say func(word, written string, weight float64)) {
	if strings.ContainsFunc(token, unspaced) {
		spellUnspaced(token, say)
		return
	}
	n := utf8.RuneCountInString(token)
	word := strings.ToLower(token)
	if n > maxWordLength {
		return
	}
	if digits := count(token, unicode.IsDigit); digits > 0 {
		spellNumber(word, n, digits, say)
		return
	}
	first, _ := utf8.DecodeRuneInString(token)
	if n == 1 && first < unicode.MaxLatin1 || silent[word] {
		return
	}
	parts := compound(token)
	if len(parts) < 2 {
		say(stem(word), word, whole)
		return
	}
	say(word, word, whole)
	for _, part := range parts {
		if part = strings.ToLower(part); len(part) > 1 && !silent[part] {
			say(stem(part), part, half)
		}
	}
}

// manyDigits are more than a version or a code has: a moment, an order, a process.
const manyDigits = 8

// spellNumber says a token with digits: http2 is a word, 4711 and web17 are numbers and ids, of which web stays a word. What mixes
// letters and digits again and again never comes twice.
func spellNumber(word string, length, digits int, say func(word, written string, weight float64)) {
	switch {
	case digits == length && digits > manyDigits, turns(word) > 2 && length >= manyDigits:
		return
	case digits == 1 && length > 1:
		say(word, word, whole)
		return
	}
	say(word, word, half)
	head := strings.TrimRightFunc(word, unicode.IsDigit)
	if len(head) > 1 && len(head) < len(word) && !strings.ContainsFunc(head, unicode.IsDigit) && !silent[head] {
		say(stem(head), head, whole)
	}
}

// turns counts where letters and digits meet.
func turns(word string) (n int) {
	before := rune(-1)
	for _, r := range word {
		if before >= 0 && unicode.IsDigit(before) != unicode.IsDigit(r) {
			n++
		}
		before = r
	}
	return n
}

// compound cuts a name such as ConnectionPool or HTTPServer at its capitals; a plain word is one part.
func compound(token string) []string {
	var parts []string
	runes := []rune(token)
	begin := 0
	for i := 1; i < len(runes); i++ {
		inner := unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i-1])
		last := i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && unicode.IsLower(runes[i+1])
		if inner || last {
			parts = append(parts, string(runes[begin:i]))
			begin = i
		}
	}
	return append(parts, string(runes[begin:]))
}

// unspaced tells the letters of scripts that put no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// spellUnspaced says each two neighbouring letters of such a script, and what stands between as it would stand alone.
func spellUnspaced(token string, say func(word, written string, weight float64)) {
	runes := []rune(strings.ToLower(token))
	for begin := 0; begin < len(runes); {
		end := begin + 1
		for end < len(runes) && unspaced(runes[end]) == unspaced(runes[begin]) {
			end++
		}
		run := runes[begin:end]
		switch {
		case !unspaced(run[0]):
			spellToken(string(run), say)
		case len(run) == 1:
			say(string(run), string(run), whole)
		default:
			for i := range len(run) - 1 {
				say(string(run[i:i+2]), string(run[i:i+2]), whole)
			}
		}
		begin = end
	}
}

func count(s string, is func(rune) bool) (n int) {
	for _, r := range s {
		if is(r) {
			n++
		}
	}
	return n
}

// stem takes the commonest English endings off, so that "exhausted" and "exhausting" are one word. It is careful rather than complete:
// two words must not become one.
func stem(word string) string {
	if len(word) < 4 || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return word
	}
	switch {
	case strings.HasSuffix(word, "ies"):
		return word[:len(word)-3] + "y"
	case strings.HasSuffix(word, "sses"):
		word = word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is"):
		word = word[:len(word)-1]
	}
	for _, ending := range []string{"ing", "ed"} {
		root, ok := strings.CutSuffix(word, ending)
		if !ok || len(root) < 3 || !strings.ContainsAny(root, "aeiouy") {
			continue
		}
		if n := len(root); root[n-1] == root[n-2] && !strings.ContainsRune("lsz", rune(root[n-1])) { // stopped, not filled
			root = root[:n-1]
		}
		word = root
		break
	}
	if len(word) > 4 {
		word = strings.TrimSuffix(word, "e")
	}
	return word
}

// silent are words that join others and say nothing themselves.
var silent = func() map[string]bool {
	all := map[string]bool{}
	for _, word := range append(littleWords, strings.Fields(`
about after again all also am any because been before being but can cannot could did do does doing done during each etc few further get got
had having he her here him his how i if into itself just let like may me might more most much must my no nor not now off once one only other
out over own per please same see she should since so such than their them then there these they those through too under until up upon us use
used using very via want well what where which while who whom why will within without would yet you your`)...) {
		all[word] = true
	}
	return all
}()
