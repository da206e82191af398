package metrics

import "time"

// ImpactDuration is how long users felt an occurrence: restored - started of each of its incidents, summed.
// An occurrence belongs to the period in which it was restored. Those that go on are counted apart.
type ImpactDuration struct {
	Summary
	Open    Open
	LeftOut LeftOut
	Series  []ImpactPeriod
}

// Open is what goes on, whichever period is asked for.
type Open struct {
	N         int
	OldestAge time.Duration
}

// ImpactPeriod is one period of the series; it may hold none.
type ImpactPeriod struct {
	Period
	Summary
}

// ImpactDurationOf measures the facts. Of a problem all of its incidents must be among them, or an occurrence
// may be counted twice. Every incident of the period is counted once: as an occurrence or as left out.
func ImpactDurationOf(facts []Fact, q Query) ImpactDuration {
	var d ImpactDuration
	for _, f := range facts {
		if !q.holds(f.at()) {
			continue
		}
		if !d.LeftOut.add(f) && f.negative() {
			d.LeftOut.Negative++
		}
	}
	var lengths []time.Duration
	var moments []time.Time
	for _, h := range histories(facts, q, func(f Fact) bool { return !f.negative() }) {
		for _, o := range h {
			switch {
			case o.Ongoing:
				d.Open.N++
				d.Open.OldestAge = max(d.Open.OldestAge, q.Now.Sub(o.StartedAt))
				continue
			case o.RestoredAt.IsZero():
				if q.holds(o.StartedAt) {
					d.LeftOut.Missing++
					d.LeftOut.Merged += len(o.Members) - 1
				}
				continue
			case !q.holds(o.RestoredAt):
				continue
			}
			d.LeftOut.Merged += len(o.Members) - 1
			lengths = append(lengths, o.Impact)
			moments = append(moments, o.RestoredAt)
		}
	}
	d.Summary = Summarise(lengths)
	periods := q.periods(moments)
	within := make([][]time.Duration, len(periods))
	for n, at := range moments {
		if p := find(periods, at); p >= 0 {
			within[p] = append(within[p], lengths[n])
		}
	}
	for n, p := range periods {
		d.Series = append(d.Series, ImpactPeriod{Period: p, Summary: Summarise(within[n])})
	}
	return d
}
