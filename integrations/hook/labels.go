package hook

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"upshot/app/intake"
)

// Limits of what is kept of a body, in bytes and in number.
const (
	MostTitle   = 500
	MostSummary = 20_000
	mostValue   = 1_000
	mostName    = 200
	mostLabels  = 100
	mostAddress = 2_000
)

// Clean leaves out what no database takes, bytes that are no UTF-8 and NUL, and the blanks around a text.
func Clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

// Cut cleans a text and shortens it to at most so many bytes, at a letter.
func Cut(s string, most int) string {
	s = Clean(s)
	if len(s) <= most {
		return s
	}
	end := most - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimSpace(s[:end]) + "…"
}

// Address is the first of these that is a full address with http or https.
func Address(all ...Text) string {
	for _, s := range all {
		u, err := url.Parse(string(s))
		if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= mostAddress {
			return string(s)
		}
	}
	return ""
}

// Label is one label of an alert.
type Label struct{ Name, Value string }

// Labels is a field that is an object of texts: the first of them, names in lower case. Anything else has none.
type Labels []Label

// UnmarshalJSON never fails.
func (l *Labels) UnmarshalJSON(b []byte) error {
	*l = nil
	for name, value := range Value(b).Members() {
		if text := value.Text(); name != "" && text != "" {
			*l = append(*l, Label{Cut(strings.ToLower(name), mostName), text})
		}
		if len(*l) == mostLabels {
			break
		}
	}
	return nil
}

// Get gives the label of that name, or an empty text.
func (l Labels) Get(name string) string {
	for _, label := range l {
		if label.Name == name {
			return label.Value
		}
	}
	return ""
}

// First gives the first of these labels that there is.
func (l Labels) First(names []string) string {
	for _, name := range names {
		if value := l.Get(strings.ToLower(name)); value != "" {
			return value
		}
	}
	return ""
}

// String names what has these labels: they are in order of their names.
func (l Labels) String() string {
	all := make([]string, len(l))
	for n, label := range l {
		all[n] = label.Name + "=" + label.Value
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Set is the labels of a look or a deployment, within their limits.
type Set map[string]string

// Add adds a label that has a value. One that is there stays.
func (s Set) Add(name string, value Text) {
	name = Cut(strings.ToLower(name), mostName)
	if _, has := s[name]; name == "" || value == "" || has || len(s) >= mostLabels {
		return
	}
	s[name] = Cut(string(value), mostValue)
}

// AddAll adds all of them.
func (s Set) AddAll(all Labels) {
	for _, label := range all {
		s.Add(label.Name, Text(label.Value))
	}
}

// FirstOf is the name of the first of these labels that there is; empty: there is none.
func (s Set) FirstOf(names []string) string {
	for _, name := range names {
		if name = strings.ToLower(name); s[name] != "" {
			return name
		}
	}
	return ""
}

// version is what names of versions look like, other than those of branches.
var version = regexp.MustCompile(`^[A-Za-z._-]{0,40}[0-9]+(\.[0-9]+)+`)

// IsVersion tells whether a name in a repository looks like that of a version: v1.4.2, release-2026.3.
func IsVersion(ref string) bool { return version.MatchString(ref) }

// Joined is several texts as the value of one label.
func Joined(all []string) Text { return Text(strings.Join(all, ", ")) }

// Distinct gives each text once, in order of their first coming, and at most as many as there may be labels.
func Distinct(all ...string) []string {
	var once []string
	for _, s := range all {
		once = Including(once, s)
	}
	return once
}

// Including adds a text to distinct ones.
func Including(once []string, s string) []string {
	if s == "" || Full(once) {
		return once
	}
	if s = Cut(s, mostValue); s == "" || slices.Contains(once, s) {
		return once
	}
	return append(once, s)
}

// Full tells whether no more are taken.
func Full(once []string) bool { return len(once) == mostLabels }

// Names are the labels to ask for a service or a severity: those that the administrator chose, then the maker's usual ones.
func Names(chosen, usual []string) []string { return append(slices.Clip(chosen), usual...) }

// Latest is the latest moment among marks; zero: none has one.
func Latest(marks []intake.Mark) (at time.Time) {
	for _, m := range marks {
		if m.At.After(at) {
			at = m.At
		}
	}
	return at
}
