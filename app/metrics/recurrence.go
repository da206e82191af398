package metrics

import (
	"cmp"
	"time"

	"upshot/app/problem"
)

// Recurrence is how often failures come back. Suggestions that nobody confirmed never count.
type Recurrence struct {
	Flow    Flow
	Cohort  Cohort
	LeftOut LeftOut
	Series  []RecurrencePeriod
}

// Flow is of the occurrences detected in the period those that are recurrences: an earlier occurrence of their
// problem was restored within the window before.
type Flow struct {
	Occurrences, Recurrences int
}

// Share is recurrences of occurrences.
func (f Flow) Share() Share { return Share{Part: f.Recurrences, Whole: f.Occurrences} }

// Cohort is of the occurrences restored in the period those that another one followed within the window.
type Cohort struct {
	Occurrences, Followed int
	// Provisional is true while the window is still open for one that nothing has followed yet: the rate can grow.
	Provisional bool
}

// Share is followed of occurrences.
func (c Cohort) Share() Share { return Share{Part: c.Followed, Whole: c.Occurrences} }

// RecurrencePeriod is one period of the series; it may hold none.
type RecurrencePeriod struct {
	Period
	Flow   Flow
	Cohort Cohort
}

// turn is one occurrence as this measure sees it.
type turn struct {
	detectedAt, restoredAt time.Time
	recurs, followed       bool
}

// RecurrenceOf measures the facts. Of a problem with an occurrence in the period all incidents must be among
// them: those before it tell what recurs, those after it what was followed.
func RecurrenceOf(facts []Fact, q Query) Recurrence {
	window := cmp.Or(q.Window, problem.RecurrenceWindow)
	var turns []turn
	var moments []time.Time
	var r Recurrence
	for _, f := range facts {
		if q.holds(f.Member.DetectedAt) {
			if !r.LeftOut.add(f) && f.Unknown {
				r.LeftOut.Unrecognisable++
			}
		}
	}
	for _, h := range histories(facts, q, func(f Fact) bool { return !f.Unknown }) {
		for n, o := range h {
			t := turn{detectedAt: o.DetectedAt, restoredAt: o.RestoredAt, recurs: o.Recurs}
			t.followed = n+1 < len(h) && !o.RestoredAt.IsZero() && h[n+1].DetectedAt.Sub(o.RestoredAt) <= window
			turns = append(turns, t)
			moments = append(moments, t.detectedAt, t.restoredAt)
			if q.holds(t.detectedAt) {
				r.LeftOut.Merged += len(o.Members) - 1
			}
		}
	}
	periods := q.periods(moments)
	for _, p := range periods {
		r.Series = append(r.Series, RecurrencePeriod{Period: p})
	}
	for _, t := range turns {
		if q.holds(t.detectedAt) {
			r.Flow.add(t)
			if p := find(periods, t.detectedAt); p >= 0 {
				r.Series[p].Flow.add(t)
			}
		}
		if q.holds(t.restoredAt) {
			open := q.Now.Sub(t.restoredAt) <= window
			r.Cohort.add(t, open)
			if p := find(periods, t.restoredAt); p >= 0 {
				r.Series[p].Cohort.add(t, open)
			}
		}
	}
	return r
}

func (f *Flow) add(t turn) {
	f.Occurrences++
	if t.recurs {
		f.Recurrences++
	}
}

func (c *Cohort) add(t turn, windowOpen bool) {
	c.Occurrences++
	if t.followed {
		c.Followed++
	}
	c.Provisional = c.Provisional || (windowOpen && !t.followed)
}
