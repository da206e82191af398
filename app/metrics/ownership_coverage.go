package metrics

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"upshot/app/catalog"
)

// CoverageFact is a service as ownership coverage sees it. Its history is oldest first; see catalog.CoverageHistory.
type CoverageFact struct {
	Service catalog.Service
	History []catalog.Coverage
}

// OwnershipCoverage is how many of the services in production have a dashboard and a runbook, both owned by the team that builds
// them, with links that are not dead, each confirmed within catalog.ConfirmedFor.
type OwnershipCoverage struct {
	Share              // covered of services in production
	Gaps    []Gap      // each service that is not covered, in the order of the facts
	Lacks   []Lack     // what is missing, by how many services lack it, most first
	Retired int        // services retired within the period: they count no more
	AtTwoAM NightCount // of the services in production
	Series  []CoveragePeriod
}

// Gap is a service that is not covered, and why.
type Gap struct {
	Service catalog.Service
	Missing []catalog.Missing
}

// Lack is how many services lack something.
type Lack struct {
	Missing catalog.Missing
	N       int
}

// NightCount counts the answers to "who is responsible at 2 a.m.?".
type NightCount struct{ BuildsIt, DidNotBuild, NobodyKnown int }

// CoveragePeriod is one period of the series, with the share at its end, or now while it runs.
type CoveragePeriod struct {
	Period
	Share
}

// OwnershipCoverageOf measures the facts at the end of the query's period, or now when that has not come. Who builds a service and
// who answers at night are taken as they are now.
func OwnershipCoverageOf(facts []CoverageFact, q Query) OwnershipCoverage {
	var o OwnershipCoverage
	// moments up to the last are known; the end of a period does not belong to it
	last := q.Now
	if !q.To.IsZero() && !q.To.After(last) {
		last = q.To.Add(-time.Nanosecond)
	}
	lacks := map[catalog.Missing]int{}
	for _, f := range facts {
		if !f.Service.RetiredAt.After(last) && q.holds(f.Service.RetiredAt) {
			o.Retired++
		}
		c, recorded := catalog.CoverageAt(f.History, last)
		if !recorded || c.Retired {
			continue
		}
		o.Whole++
		switch f.Service.AtTwoAM() {
		case catalog.BuildsIt:
			o.AtTwoAM.BuildsIt++
		case catalog.DidNotBuild:
			o.AtTwoAM.DidNotBuild++
		default:
			o.AtTwoAM.NobodyKnown++
		}
		if c.Covered {
			o.Part++
			continue
		}
		o.Gaps = append(o.Gaps, Gap{Service: f.Service, Missing: c.Missing})
		for _, m := range c.Missing {
			lacks[m]++
		}
	}
	for _, m := range catalog.EveryMissing {
		if lacks[m] > 0 {
			o.Lacks = append(o.Lacks, Lack{Missing: m, N: lacks[m]})
		}
	}
	slices.SortStableFunc(o.Lacks, func(a, b Lack) int { return cmp.Compare(b.N, a.N) })
	o.Series = coverageSeries(facts, q, last)
	return o
}

// coverageSeries takes each change once, however many periods there are: it adds to the period in which it comes, and the periods are
// summed up at the end.
func coverageSeries(facts []CoverageFact, q Query, last time.Time) []CoveragePeriod {
	var first time.Time
	for _, f := range facts {
		if len(f.History) > 0 && (first.IsZero() || f.History[0].At.Before(first)) {
			first = f.History[0].At
		}
	}
	if first.Before(q.From) {
		first = q.From
	}
	if first.IsZero() || first.After(last) {
		return nil
	}
	periods := q.periods([]time.Time{first, last})
	series := make([]CoveragePeriod, len(periods))
	for _, f := range facts {
		var before Share // of this one service
		for _, c := range f.History {
			n := sort.Search(len(periods), func(n int) bool { return periods[n].To.After(c.At) })
			if n == len(periods) || c.At.After(last) {
				break
			}
			var now Share
			if !c.Retired {
				now.Whole = 1
				if c.Covered {
					now.Part = 1
				}
			}
			series[n].Part += now.Part - before.Part
			series[n].Whole += now.Whole - before.Whole
			before = now
		}
	}
	for n, p := range periods {
		series[n].Period = p
		if n > 0 {
			series[n].Part += series[n-1].Part
			series[n].Whole += series[n-1].Whole
		}
	}
	return series
}
