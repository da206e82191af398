package metrics

import "time"

// Change is a follow-up as the measures see it.
type Change struct {
	StartedAt time.Time     // zero: nobody has started
	Waited    time.Duration // until somebody started
	Known     bool          // its history is whole, so Waited is true
	ShippedAt time.Time
	FailedAt  time.Time // it recurred in the quiet period
	Fix       bool      // a change of code, configuration or design
	FirstAt   time.Time // the first occurrence of its problem was detected; zero: it has none
}

// fixed is how long after its first occurrence a failure had a permanent fix.
func (c Change) fixed() (time.Duration, bool) {
	return whole(c.ShippedAt.Sub(c.FirstAt)), c.Fix && !c.ShippedAt.IsZero() && !c.FirstAt.IsZero() && !c.ShippedAt.Before(c.FirstAt)
}

// QueueTime is how long promised changes waited that somebody started in the period (METRICS 7); what still waits is never mixed with them.
type QueueTime struct {
	Summary
	Series []LengthPeriod
}

// PermanentFix is how long after its first occurrence a failure had a fix that shipped in the period (METRICS 1).
type PermanentFix struct {
	Summary
	Series []LengthPeriod
}

// FixFailure counts changes that shipped, and those that recurred in their quiet period, by when they did (METRICS 8). A change that failed and has not shipped
// again counts as shipped with its failure.
type FixFailure struct {
	Shipped, Failed int
}

// Share is failed of shipped.
func (f FixFailure) Share() Share { return Share{Part: f.Failed, Whole: f.Shipped} }

// ChangesOf measures follow-ups.
func ChangesOf(changes []Change, q Query) (QueueTime, PermanentFix, FixFailure) {
	var started, fixed []at
	var f FixFailure
	for _, c := range changes {
		if q.holds(c.StartedAt) && c.Known {
			started = append(started, at{c.StartedAt, whole(c.Waited)})
		}
		if took, is := c.fixed(); is && q.holds(c.ShippedAt) {
			fixed = append(fixed, at{c.ShippedAt, took})
		}
		f.Shipped += one(q.holds(c.ShippedAt)) + one(q.holds(c.FailedAt) && c.ShippedAt.IsZero())
		f.Failed += one(q.holds(c.FailedAt))
	}
	var t QueueTime
	t.Summary, t.Series = summaries(started, q)
	var p PermanentFix
	p.Summary, p.Series = summaries(fixed, q)
	return t, p, f
}
