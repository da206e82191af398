package metrics

import "time"

// ClosedWithoutCause is which of the incidents closed in the period nobody noted a confirmed cause or contributing factor for (METRICS 9).
type ClosedWithoutCause struct {
	Closures
	Series []ClosurePeriod
}

// Closures counts closed incidents.
type Closures struct {
	Closed, Without int
}

// ClosurePeriod is one period of the series; it may hold none.
type ClosurePeriod struct {
	Period
	Closures
}

// Share is without of closed.
func (c Closures) Share() Share { return Share{Part: c.Without, Whole: c.Closed} }

// ClosedWithoutCauseOf measures the rows.
func ClosedWithoutCauseOf(rows []Row, q Query) ClosedWithoutCause {
	var c ClosedWithoutCause
	var moments []time.Time
	for _, r := range rows {
		if r.own() {
			moments = append(moments, r.ClosedAt)
		}
	}
	periods := q.periods(moments)
	for _, p := range periods {
		c.Series = append(c.Series, ClosurePeriod{Period: p})
	}
	for _, r := range rows {
		if !r.own() || !q.holds(r.ClosedAt) {
			continue
		}
		c.count(1, one(!r.HasCause))
		if p := find(periods, r.ClosedAt); p >= 0 {
			c.Series[p].count(1, one(!r.HasCause))
		}
	}
	return c
}

func (c *Closures) count(closed, without int) {
	c.Closed += closed
	c.Without += without
}
