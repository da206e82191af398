package metrics

import (
	"cmp"
	"time"

	"upshot/app/problem"
)

// Recurrence is how often failures come back (METRICS 2). Suggestions that nobody confirmed never count.
type Recurrence struct {
	Flow          Flow
	With, Without Flow // a developer took part, or did not
	Cohort        Cohort
	LeftOut       LeftOut
	Gaps          []Bin // of the recurrences: how long after the end of the occurrence before
	Series        []RecurrencePeriod
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
	// Provisional is true while the window is still open for one that nothing has followed yet: the rate can grow. The window of an occurrence
	// closes with the end of the day on which it has passed, in UTC.
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

// RecurrenceOf measures the rows.
func RecurrenceOf(rows []Row, q Query) Recurrence {
	var r Recurrence
	var moments []time.Time
	var gaps []time.Duration
	for _, row := range rows {
		if q.holds(row.DetectedAt) && !r.LeftOut.count(row.Part) && row.Unknown {
			r.LeftOut.Unrecognisable++
		}
		if row.recurs() {
			moments = append(moments, row.DetectedAt, row.RestoredAt)
		}
	}
	periods := q.periods(moments)
	for _, p := range periods {
		r.Series = append(r.Series, RecurrencePeriod{Period: p})
	}
	for _, row := range rows {
		if !row.recurs() {
			continue
		}
		if q.holds(row.DetectedAt) {
			r.LeftOut.Merged += row.Members - 1
			r.Flow.add(row, q)
			if row.Developer {
				r.With.add(row, q)
			} else {
				r.Without.add(row, q)
			}
			if p := find(periods, row.DetectedAt); p >= 0 {
				r.Series[p].Flow.add(row, q)
			}
			if within(row.Gap, q) {
				gaps = append(gaps, row.Gap)
			}
		}
		if q.holds(row.RestoredAt) {
			r.Cohort.add(row, q)
			if p := find(periods, row.RestoredAt); p >= 0 {
				r.Series[p].Cohort.add(row, q)
			}
		}
	}
	r.Gaps = binned(gapEdges, gaps)
	return r
}

// recurs tells whether this measure counts it: an occurrence of which it can be known.
func (r Row) recurs() bool { return r.Part == Leads && !r.Unknown }

// window is how soon an occurrence after another is a recurrence.
func (q Query) window() time.Duration { return cmp.Or(q.Window, problem.RecurrenceWindow) }

func within(gap time.Duration, q Query) bool { return gap != None && gap <= q.window() }

// windowOpen tells whether something may still follow what was restored then, within the window.
func (q Query) windowOpen(restored time.Time) bool {
	return q.window() == problem.NoLimit || q.Now.Before(DayOf(restored).Start().Add(Day24).Add(q.window()))
}

func (f *Flow) add(r Row, q Query) {
	f.Occurrences++
	if within(r.Gap, q) {
		f.Recurrences++
	}
}

func (c *Cohort) add(r Row, q Query) {
	c.Occurrences++
	if within(r.Next, q) {
		c.Followed++
		return
	}
	c.Provisional = c.Provisional || q.windowOpen(r.RestoredAt)
}
