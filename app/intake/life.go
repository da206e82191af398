package intake

import (
	"cmp"
	"slices"
	"time"
)

// Span is a time of impact. A zero End: it goes on.
type Span struct{ Start, End time.Time }

// Over tells whether it has ended.
func (s Span) Over() bool { return !s.End.IsZero() }

// Occurrence is one incident of ours, as its sender's marks tell it.
type Occurrence struct {
	Spans                                   []Span // at least one, in order; only the last may go on
	DeclaredAt, AcknowledgedAt, MitigatedAt time.Time
}

// Start is when it began.
func (o Occurrence) Start() time.Time { return o.Spans[0].Start }

// Last is the present time of impact, or the last one.
func (o Occurrence) Last() Span { return o.Spans[len(o.Spans)-1] }

// OccurrencesOf puts a sender's marks together into incidents: every member fires and resolves by itself, and an incident goes on
// while one of them does. What begins again less than flap after the end is the same incident, with a second time of impact; later it is
// a new one. The order in which marks came does not matter, nor how often.
//
// A mark that ends a member that nobody saw begin is a time of impact without length: its beginning may still arrive.
func OccurrencesOf(marks []Mark, flap time.Duration) []Occurrence {
	spans := spansOf(marks)
	if len(spans) == 0 {
		return nil
	}
	var all []Occurrence
	for _, s := range spans {
		if n := len(all); n > 0 {
			o := &all[n-1]
			last := &o.Spans[len(o.Spans)-1]
			switch {
			case !last.Over() || !s.Start.After(last.End): // together
				if last.Over() && (!s.Over() || s.End.After(last.End)) {
					last.End = s.End
				}
				continue
			case s.Start.Sub(last.End) < flap:
				o.Spans = append(o.Spans, s)
				continue
			}
		}
		all = append(all, Occurrence{Spans: []Span{s}})
	}
	for _, m := range marks {
		switch m.Kind {
		case Declared:
			o := during(all, m.At)
			o.DeclaredAt = earliest(o.DeclaredAt, m.At)
		case Acknowledged:
			o := during(all, m.At)
			o.AcknowledgedAt = earliest(o.AcknowledgedAt, m.At)
		case Mitigated:
			if o := during(all, m.At); !m.At.Before(o.Last().Start) { // of an earlier time of impact it says nothing now
				o.MitigatedAt = earliest(o.MitigatedAt, m.At)
			}
		}
	}
	return all
}

// spansOf gives the times during which members fired, in order of their start. The end of the whole ends every member: one that was silenced
// never tells its own.
func spansOf(marks []Mark) []Span {
	byMember := map[string][]Mark{}
	var ends []Mark // of the whole
	for _, m := range marks {
		switch {
		case m.Kind == Resolved && m.Member == "":
			ends = append(ends, m)
		case m.Kind == Resolved || m.Kind == Fired:
			byMember[m.Member] = append(byMember[m.Member], m)
		}
	}
	if len(byMember) == 0 && len(ends) > 0 {
		byMember[""] = nil
	}
	var spans []Span
	for member, of := range byMember {
		of = append(of, ends...)
		slices.SortFunc(of, inOrder)
		open, seen := time.Time{}, false
		for _, m := range of {
			switch {
			case m.Kind == Fired && open.IsZero():
				open = m.At
			case m.Kind == Resolved && !open.IsZero():
				spans = append(spans, Span{open, m.At})
				open = time.Time{}
			case m.Kind == Resolved && !seen && m.Member == member:
				spans = append(spans, Span{m.At, m.At})
			}
			seen = seen || m.Member == member
		}
		if !open.IsZero() {
			spans = append(spans, Span{Start: open})
		}
	}
	if len(spans) == 0 { // it was only ever acknowledged, or declared: it is there, and goes on
		var first time.Time
		for _, m := range marks {
			first = earliest(first, m.At)
		}
		if !first.IsZero() {
			spans = append(spans, Span{Start: first})
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) })
	return spans
}

// inOrder sorts marks in time; what begins at the moment of an end comes first, so that it is over.
func inOrder(a, b Mark) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Member, b.Member))
}

// during gives the occurrence that a moment belongs to: the last one that had begun, else the first.
func during(all []Occurrence, at time.Time) *Occurrence {
	for n := len(all) - 1; n > 0; n-- {
		if !at.Before(all[n].Start()) {
			return &all[n]
		}
	}
	return &all[0]
}

// earliest is the earlier of two moments; zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
