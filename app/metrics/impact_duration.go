package metrics

import "time"

// ImpactDuration is how long users felt an occurrence: restored - started of each of its incidents, summed.
// An occurrence belongs to the period in which it was restored. Those that go on are counted apart.
type ImpactDuration struct {
	Summary
	Open    Open
	LeftOut LeftOut
	Series  []LengthPeriod
}

// Open is what goes on, whichever period is asked for.
type Open struct {
	N         int
	OldestAge time.Duration
}

// LengthPeriod is one period of a series of lengths; it may hold none.
type LengthPeriod struct {
	Period
	Summary
}

// ImpactDurationOf measures the rows. Every incident of the period is counted once: in an occurrence or as left out.
func ImpactDurationOf(rows []Row, q Query) ImpactDuration {
	var d ImpactDuration
	var lengths []at
	d.Open, d.LeftOut, lengths = restored(rows, q, func(r Row) (time.Duration, bool) { return r.Impact, r.Wrong })
	d.Summary, d.Series = summaries(lengths, q)
	return d
}

// at is a length and the moment by which it belongs to a period.
type at struct {
	moment time.Time
	length time.Duration
}

// restored sorts rows into lengths of what was restored in the period, what goes on, and what is left out.
func restored(rows []Row, q Query, length func(Row) (length time.Duration, wrong bool)) (open Open, left LeftOut, lengths []at) {
	for _, r := range rows {
		long, wrong := length(r)
		switch {
		case r.Part == Continues: // its occurrence counts
		case r.Part != Leads:
			if q.holds(r.at()) {
				left.count(r.Part)
			}
		case r.Ongoing:
			open.N++
			open.OldestAge = max(open.OldestAge, q.Now.Sub(r.StartedAt))
		case !q.holds(r.at()):
		case wrong:
			left.Negative++
			left.Merged += r.Members - 1
		case r.RestoredAt.IsZero():
			left.Missing++
			left.Merged += r.Members - 1
		default:
			left.Merged += r.Members - 1
			lengths = append(lengths, at{r.RestoredAt, long})
		}
	}
	return open, left, lengths
}

// summaries sums lengths up, as a whole and by period.
func summaries(lengths []at, q Query) (Summary, []LengthPeriod) {
	all := make([]time.Duration, len(lengths))
	moments := make([]time.Time, len(lengths))
	for n, l := range lengths {
		all[n], moments[n] = l.length, l.moment
	}
	periods := q.periods(moments)
	within := make([][]time.Duration, len(periods))
	for _, l := range lengths {
		if p := find(periods, l.moment); p >= 0 {
			within[p] = append(within[p], l.length)
		}
	}
	var series []LengthPeriod
	for n, p := range periods {
		series = append(series, LengthPeriod{Period: p, Summary: Summarise(within[n])})
	}
	return Summarise(all), series
}
