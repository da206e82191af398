package metrics

import (
	"time"

	"upshot/app/deployment"
)

// Release is a deployment to production as the measures see it.
type Release struct {
	Deployment deployment.ID
	FinishedAt time.Time
	RolledBack bool
	Failed     bool // it never went live
	Caused     bool // a person confirmed that it caused at least one incident that counts
	Outside    bool // what it was confirmed to have caused lay in the infrastructure or outside
	Suspected  bool // an incident is suspected of it, and nobody has said whether it is so
	// RecoveredAt is when the last of what it caused was restored; zero: nothing was, or it goes on.
	RecoveredAt time.Time
}

// fails tells whether it is a failed change: it caused an incident, or was rolled back.
func (r Release) fails() bool { return r.Caused || r.RolledBack }

// counts tells whether it went live, or did harm although it did not.
func (r Release) counts() bool { return !r.Failed || r.Caused }

// recovery is how long after it had finished users no longer felt what it caused.
func (r Release) recovery() (time.Duration, bool) {
	return whole(r.RecoveredAt.Sub(r.FinishedAt)), r.fails() && !r.RecoveredAt.IsZero() && !r.RecoveredAt.Before(r.FinishedAt)
}

// ChangeFailRate is which part of the deployments to production failed: each once, however many incidents it caused (METRICS 3). Only causes that a
// person confirmed count. A hotfix shows by the incident that made it necessary.
type ChangeFailRate struct {
	Releases
	NeverLive int     // left out: deployments that failed before they went live
	Outside   int     // causes in the infrastructure or outside: those deployments count as not failed
	Recovery  Summary // failed deployment recovery time: restored - finished
	Series    []ReleasePeriod
}

// Releases counts deployments to production.
type Releases struct {
	Deployments, Failed int
	Suspected           int // not failed, but suspected: shown apart
}

// Share is failed of all.
func (r Releases) Share() Share { return Share{Part: r.Failed, Whole: r.Deployments} }

// WithSuspected is what the share would be if every suspicion were confirmed.
func (r Releases) WithSuspected() Share {
	return Share{Part: r.Failed + r.Suspected, Whole: r.Deployments}
}

// ReleasePeriod is one period of the series; it may hold none.
type ReleasePeriod struct {
	Period
	Releases
}

func (r *Releases) count(d Release) {
	r.Deployments++
	r.Failed += one(d.fails())
	r.Suspected += one(d.Suspected && !d.fails())
}

// ChangeFailRateOf measures deployments to production.
func ChangeFailRateOf(all []Release, q Query) ChangeFailRate {
	var c ChangeFailRate
	var moments []time.Time
	var recoveries []time.Duration
	for _, d := range all {
		switch {
		case !q.holds(d.FinishedAt):
			continue
		case !d.counts():
			c.NeverLive++
			continue
		}
		c.count(d)
		c.Outside += one(d.Outside)
		moments = append(moments, d.FinishedAt)
		if took, known := d.recovery(); known {
			recoveries = append(recoveries, took)
		}
	}
	c.Recovery = Summarise(recoveries)
	periods := q.periods(moments)
	for _, p := range periods {
		c.Series = append(c.Series, ReleasePeriod{Period: p})
	}
	for _, d := range all {
		if q.holds(d.FinishedAt) && d.counts() {
			if n := find(periods, d.FinishedAt); n >= 0 {
				c.Series[n].count(d)
			}
		}
	}
	return c
}

// AWeek is how many deployments a week there were from the first to the end of the period, or until now.
func (c ChangeFailRate) AWeek(from, until time.Time) (float64, bool) {
	weeks := until.Sub(from).Hours() / (7 * 24)
	if weeks < 1 {
		return 0, false
	}
	return float64(c.Deployments) / weeks, true
}
