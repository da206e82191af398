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
			r.LeftOut.add(f)
		}
	}
	for _, h := range histories(facts, q, func(Fact) bool { return true }) {
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
	r.Flow, r.Cohort = count(turns, q.holds, window, q.Now)
	for _, p := range q.periods(moments) {
		flow, cohort := count(turns, func(at time.Time) bool { return p.Holds(at) && q.holds(at) }, window, q.Now)
		r.Series = append(r.Series, RecurrencePeriod{Period: p, Flow: flow, Cohort: cohort})
	}
	return r
}

// count counts the turns whose moments lie within.
func count(turns []turn, within func(time.Time) bool, window time.Duration, now time.Time) (Flow, Cohort) {
	var flow Flow
	var cohort Cohort
	for _, t := range turns {
		if within(t.detectedAt) {
			flow.Occurrences++
			if t.recurs {
				flow.Recurrences++
			}
		}
		if within(t.restoredAt) {
			cohort.Occurrences++
			switch {
			case t.followed:
				cohort.Followed++
			case now.Sub(t.restoredAt) <= window:
				cohort.Provisional = true
			}
		}
	}
	return flow, cohort
}
