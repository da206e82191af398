package intake

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"upshot/app/incident"
)

// Track is all that is known of one incident of a sender: every mark once, how it looks, and which of our incidents stand for it.
type Track struct {
	ID     int64
	Source SourceID
	Key    string
	Group  string
	Marks  []Mark // in order
	Look   Look
	LookAt time.Time
	// MergedInto is the key of the sender's incident it was merged into.
	MergedInto string
	// Numbered is how many incidents it ever became: it names the next one within the source.
	Numbered int
	// Incidents are ours, in order of their beginning.
	Incidents []Kept
	// Horizon is the end of what was forgotten because it is long over: marks up to it are not taken any more.
	Horizon time.Time
	// Unassigned tells that a service it names is not known.
	Unassigned bool
}

// Kept is one of our incidents behind a track, and what the source last made of it. What a person changed since is not the source's any more.
type Kept struct {
	Incident incident.ID `json:"incident"`
	Start    time.Time   `json:"start"`
	Made     Made        `json:"made"`
	Notes    []string    `json:"notes,omitempty"` // the sender's names of the notes that were taken
}

// Limits of what a track keeps. What has been over for long can hardly change any more.
const (
	markedLong  = 7 * 24 * time.Hour // marks of an occurrence are forgotten this long after a later mark
	keptAtLeast = 1                  // occurrences whose marks stay however old they are
	mostMarks   = 20_000             // of one track; the oldest are forgotten
	ahead       = 5 * time.Minute    // a moment further in the future than this is a wrong clock
)

// Take adds a signal that was received at a moment, and tells whether it said anything new.
func (t *Track) Take(s Signal, received time.Time) (fresh bool) {
	if t.Key == "" {
		t.Key = s.Key
	}
	if s.Group != "" && t.Group != s.Group && t.Group == "" {
		t.Group, fresh = s.Group, true
	}
	settled, received := settled(s.Marks, received), received.UTC()
	for _, m := range settled {
		own := !m.At.Equal(received)
		if !m.At.After(t.Horizon) || slices.Contains(t.Marks, m) || (!own && t.saysSo(m)) {
			continue
		}
		at, _ := slices.BinarySearchFunc(t.Marks, m, inOrder)
		t.Marks = slices.Insert(t.Marks, at, m)
		fresh = true
	}
	if t.looks(s, received) {
		fresh = true
	}
	if s.MergedInto != "" && t.MergedInto != s.MergedInto {
		t.MergedInto, fresh = s.MergedInto, true
	}
	return fresh
}

// settled gives the marks with moments that can be: one that the sender does not name, or that lies in the future, is the moment of receipt;
// an end that is told after its beginning and lies before it is that beginning.
func settled(marks []Mark, received time.Time) []Mark {
	all := make([]Mark, len(marks))
	began := map[string]time.Time{} // what was told last of a member, when it was its beginning
	for n, m := range marks {
		m.At = m.At.UTC().Truncate(time.Microsecond)
		if m.At.Year() < 1990 || m.At.After(received.Add(ahead)) {
			m.At = received.UTC()
		}
		switch m.Kind {
		case Fired:
			began[m.Member] = m.At
		case Resolved:
			if m.At.Before(began[m.Member]) {
				m.At = began[m.Member]
			}
			delete(began, m.Member)
		}
		all[n] = m
	}
	return all
}

// saysSo tells whether a mark without a moment of its own says what is known: it begins what goes on, or ends what is over.
func (t *Track) saysSo(m Mark) bool {
	for n := len(t.Marks) - 1; n >= 0; n-- {
		k := t.Marks[n]
		if k.Member != m.Member || inOrder(k, m) > 0 {
			continue
		}
		if fires := k.Kind == Fired || k.Kind == Resolved; fires == (m.Kind == Fired || m.Kind == Resolved) {
			return k.Kind == m.Kind
		}
	}
	return false
}

// looks takes a look when it is not older than the one that is known; of two of one moment the greater in words counts, so that the
// order does not matter.
func (t *Track) looks(s Signal, received time.Time) bool {
	at := s.At.UTC().Truncate(time.Microsecond)
	if at.IsZero() || at.After(received.Add(ahead)) {
		at = received
	}
	look := s.Look
	look.Notes = joined(t.Look.Notes, look.Notes)
	is, was := inWords(look), inWords(t.Look)
	if is == was {
		if at.After(t.LookAt) {
			t.LookAt = at
		}
		return false
	}
	if order := cmp.Or(at.Compare(t.LookAt), cmp.Compare(is, was)); order < 0 {
		grown := len(look.Notes) > len(t.Look.Notes)
		t.Look.Notes = look.Notes
		return grown
	}
	t.Look, t.LookAt = look, at
	return true
}

// joined gives the notes of both, each once, in order of their moments; the later words of one count.
func joined(a, b []Note) []Note {
	all := slices.Clone(a)
	for _, note := range b {
		if n := slices.IndexFunc(all, func(k Note) bool { return k.ID == note.ID }); n < 0 {
			all = append(all, note)
		} else if note.At.After(all[n].At) {
			all[n] = note
		}
	}
	slices.SortStableFunc(all, func(a, b Note) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	if len(all) == 0 {
		return nil
	}
	return all
}

func inWords(l Look) string {
	b, err := json.Marshal(l)
	if err != nil { // only our own plain values
		panic(err)
	}
	return string(b)
}

// Forget drops the marks of what is long over, so that a name that fires for years stays small. Whatever they became stays.
func (t *Track) Forget(flap time.Duration) {
	if len(t.Marks) == 0 {
		return
	}
	all := OccurrencesOf(t.Marks, flap)
	latest := t.Marks[len(t.Marks)-1].At
	cut := time.Time{}
	for n, o := range all {
		last := o.Last()
		if n >= len(all)-keptAtLeast || !last.Over() || latest.Sub(last.End) < markedLong && len(t.Marks) <= mostMarks {
			break
		}
		cut = last.End
	}
	if cut.IsZero() {
		return
	}
	t.Horizon = cut
	t.Marks = slices.DeleteFunc(t.Marks, func(m Mark) bool { return !m.At.After(cut) })
	t.Incidents = slices.DeleteFunc(t.Incidents, func(k Kept) bool { return !k.Start.After(cut) })
}

// Limits of what is taken from a signal, in bytes.
const (
	mostTitle   = 500
	mostSummary = 20_000
	mostLabel   = 1_000
	mostLabels  = 100
	mostNote    = 20_000
)

// tidied is a signal that can be kept: without what databases refuse, and no longer than is useful.
func tidied(s Signal) Signal {
	s.Key, s.Group, s.MergedInto = clean(s.Key), clean(s.Group), clean(s.MergedInto)
	l := &s.Look
	l.Title, l.Summary = cut(clean(l.Title), mostTitle), cut(clean(l.Summary), mostSummary)
	if l.URL = clean(l.URL); !webAddress(l.URL) {
		l.URL = ""
	}
	l.Labels = cleanLabels(l.Labels)
	for n := range l.Notes {
		l.Notes[n].ID, l.Notes[n].Body = clean(l.Notes[n].ID), cut(clean(l.Notes[n].Body), mostNote)
	}
	for n := range l.Services {
		l.Services[n] = cut(clean(l.Services[n]), mostLabel)
	}
	marks := s.Marks[:0:0]
	for _, m := range s.Marks {
		if m.Member = clean(m.Member); len(m.Member) > 64 {
			m.Member = hashed(m.Member)[:16]
		}
		marks = append(marks, m)
	}
	s.Marks = marks
	return s
}

func cleanLabels(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	tidy := make(map[string]string, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if len(tidy) == mostLabels {
			break
		}
		tidy[cut(clean(name), mostTitle)] = cut(clean(labels[name]), mostLabel)
	}
	return tidy
}

// clean leaves out what no text column takes: bytes that are no UTF-8, and NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(s) <= 2000
}
