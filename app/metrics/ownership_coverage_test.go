package metrics

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"upshot/app/catalog"
)

// recorded is a service of team 1, kept since 1 June 2026, whose coverage changed as said.
func recorded(name string, history ...catalog.Coverage) CoverageFact {
	s := catalog.Service{Slug: name, Name: name, Builder: 1, OnCall: 1, CreatedAt: date(6, 1)}
	return CoverageFact{Service: s, History: catalog.CoverageHistory(s, history)}
}

func date(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC)
}

func covered(at time.Time) catalog.Coverage {
	return catalog.Coverage{At: at, Readiness: catalog.Readiness{Covered: true}}
}

func lacks(at time.Time, missing ...catalog.Missing) catalog.Coverage {
	return catalog.Coverage{At: at, Readiness: catalog.Readiness{Missing: missing}}
}

// The check of row M5.
func TestEightServicesFiveCompleteOneOfOperationsTwoWithNone(t *testing.T) {
	t.Parallel()
	var facts []CoverageFact
	for n := range 5 {
		facts = append(facts, recorded(fmt.Sprintf("complete-%d", n+1), covered(date(6, 2))))
	}
	facts = append(facts,
		recorded("operated", lacks(date(6, 2), catalog.RunbookNotOurs)),
		recorded("bare-1"), recorded("bare-2"))
	facts[5].Service.OnCall, facts[6].Service.OnCall = 2, 0

	o := OwnershipCoverageOf(facts, Query{Now: date(6, 20)})
	if rate, ok := o.Rate(); o.Share != (Share{Part: 5, Whole: 8}) || rate != 0.625 || !ok {
		t.Errorf("%+v of %+v", o.Share, o)
	}
	said := ""
	for _, g := range o.Gaps {
		said += fmt.Sprintln(g.Service.Name, g.Missing)
	}
	if want := "operated [runbook not ours]\nbare-1 [no dashboard no runbook]\nbare-2 [no dashboard no runbook]\n"; said != want {
		t.Errorf("the gaps are\n%s, want\n%s", said, want)
	}
	if want := []Lack{{catalog.NoDashboard, 2}, {catalog.NoRunbook, 2}, {catalog.RunbookNotOurs, 1}}; !slices.Equal(o.Lacks, want) {
		t.Errorf("missing is %v, want %v", o.Lacks, want)
	}
	if o.AtTwoAM != (NightCount{BuildsIt: 6, DidNotBuild: 1, NobodyKnown: 1}) {
		t.Errorf("at 2 a.m. %+v", o.AtTwoAM)
	}

	facts[7].Service.RetiredAt = date(6, 10)
	facts[7].History = append(facts[7].History, catalog.Coverage{At: date(6, 10), Retired: true})
	o = OwnershipCoverageOf(facts, Query{From: date(6, 1), Now: date(6, 20)})
	if o.Share != (Share{Part: 5, Whole: 7}) || o.Retired != 1 || len(o.Gaps) != 2 {
		t.Errorf("with one of them retired: %+v", o)
	}
}

func TestCoverageAtTheEndOfEachPeriod(t *testing.T) {
	t.Parallel()
	start := date(6, 1)
	facts := []CoverageFact{
		recorded("early", covered(date(6, 30)), lacks(date(8, 2), catalog.RunbookNotConfirmed), covered(date(8, 30))),
		recorded("late", covered(date(8, 1))),
		recorded("gone", covered(date(7, 2)), catalog.Coverage{At: date(7, 20), Retired: true, Readiness: catalog.Readiness{Covered: true}}),
	}
	for name, tc := range map[string]struct {
		facts []CoverageFact
		query Query
		want  string
	}{
		"by month": {facts, Query{Bucket: Month, Now: date(8, 31)}, "2026-06 1/3 2026-07 1/2 2026-08 2/2"},
		"the running month is as it is now, not as it was at its beginning": {facts, Query{Bucket: Month, Now: date(8, 20)}, "2026-06 1/3 2026-07 1/2 2026-08 1/2"},
		"from a month on":                 {facts, Query{Bucket: Month, From: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Now: date(8, 31)}, "2026-07 1/2 2026-08 2/2"},
		"up to a month":                   {facts, Query{Bucket: Month, To: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), Now: date(8, 31)}, "2026-06 1/3 2026-07 1/2"},
		"by quarter":                      {facts, Query{Bucket: Quarter, Now: date(8, 31)}, "2026-Q2 1/3 2026-Q3 2/2"},
		"no series":                       {facts, Query{Now: date(8, 31)}, ""},
		"no service":                      {nil, Query{Bucket: Month, Now: date(8, 31)}, ""},
		"before anything was recorded":    {facts, Query{Bucket: Month, Now: start.AddDate(0, -1, 0)}, ""},
		"a period that has not begun yet": {facts, Query{Bucket: Month, From: date(12, 1), Now: date(8, 31)}, ""},
		"the end of a period is midnight where the people are": {
			[]CoverageFact{recorded("west", covered(time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)))},
			Query{Bucket: Month, Zone: time.FixedZone("west", -5*3600), Now: date(7, 2)},
			"2026-06 1/1 2026-07 1/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := ""
			for _, p := range OwnershipCoverageOf(tc.facts, tc.query).Series {
				said += fmt.Sprintf(" %s %d/%d", p.Name, p.Part, p.Whole)
			}
			if len(said) > 0 {
				said = said[1:]
			}
			if said != tc.want {
				t.Errorf("it is %q, want %q", said, tc.want)
			}
		})
	}
}

// The series adds changes up; the plain way asks for each moment anew.
func TestTheSeriesIsWhatHeldAtEachMoment(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		chance := rand.New(rand.NewPCG(seed, 5))
		now := date(12, 1).Add(time.Duration(chance.IntN(60*24)) * time.Hour)
		var facts []CoverageFact
		for n := range chance.IntN(6) {
			f := CoverageFact{Service: catalog.Service{ID: catalog.ServiceID(n + 1), CreatedAt: date(1, 1).Add(time.Duration(chance.IntN(300*24)) * time.Hour)}}
			at := f.Service.CreatedAt
			var kept []catalog.Coverage
			for range chance.IntN(8) {
				at = at.Add(time.Duration(chance.IntN(40*24)) * time.Hour)
				kept = append(kept, catalog.Coverage{At: at, Retired: chance.IntN(4) == 0, Readiness: catalog.Readiness{Covered: chance.IntN(2) == 0}})
			}
			f.History = catalog.CoverageHistory(f.Service, kept)
			facts = append(facts, f)
		}
		q := Query{Bucket: []Bucket{Week, Month, Quarter}[chance.IntN(3)], Now: now, Zone: time.FixedZone("", (chance.IntN(24)-12)*3600)}
		if chance.IntN(2) == 0 {
			q.From = date(1, 1).Add(time.Duration(chance.IntN(300*24)) * time.Hour)
		}
		if chance.IntN(2) == 0 {
			q.To = date(6, 1).Add(time.Duration(chance.IntN(300*24)) * time.Hour)
		}
		o := OwnershipCoverageOf(facts, q)
		for n, p := range o.Series {
			at := p.To.Add(-time.Nanosecond)
			if !q.To.IsZero() && at.After(q.To) {
				at = q.To.Add(-time.Nanosecond)
			}
			if at.After(now) {
				at = now
			}
			var want Share
			for _, f := range facts {
				if c, ok := catalog.CoverageAt(f.History, at); ok && !c.Retired {
					want.Whole++
					if c.Covered {
						want.Part++
					}
				}
			}
			if p.Share != want {
				t.Fatalf("seed %d, %s: %+v, want %+v", seed, p.Name, p.Share, want)
			}
			if n == len(o.Series)-1 && p.Share != o.Share {
				t.Fatalf("seed %d: the last period says %+v, the figure %+v", seed, p.Share, o.Share)
			}
		}
	}
}
