package metrics

import (
	"testing"
	"time"

	"upshot/app/problem"
)

// gaps of 20 minutes, 5, 89 and 91 days between the points of one problem.
func gaps() []Fact {
	last := 20*time.Minute + 94*oneDay
	return []Fact{
		lasted(1, 1, 0, 0), lasted(2, 1, 20*time.Minute, 0), lasted(3, 1, 20*time.Minute+5*oneDay, 0),
		lasted(4, 1, last, 0), lasted(5, 1, last+91*oneDay, 0),
	}
}

func TestRecurrence(t *testing.T) {
	t.Parallel()
	long := day0.Add(1000 * oneDay)
	cases := map[string]struct {
		facts  []Fact
		query  Query
		flow   Flow
		cohort Cohort
	}{
		"gaps of 20 minutes, 5, 89 and 91 days are two recurrences": {
			gaps(), Query{Now: long}, Flow{4, 2}, Cohort{Occurrences: 4, Followed: 2},
		},
		"within 30 days only one":                 {gaps(), Query{Now: long, Window: 30 * oneDay}, Flow{4, 1}, Cohort{Occurrences: 4, Followed: 1}},
		"within 180 days all three":               {gaps(), Query{Now: long, Window: 180 * oneDay}, Flow{4, 3}, Cohort{Occurrences: 4, Followed: 3}},
		"without limit all three, for the moment": {gaps(), Query{Now: long, Window: problem.NoLimit}, Flow{4, 3}, Cohort{Occurrences: 4, Followed: 3, Provisional: true}},
		"the last cohort is provisional until the window has passed": {
			gaps(), Query{Now: day0.Add(190 * oneDay)}, Flow{4, 2}, Cohort{Occurrences: 4, Followed: 2, Provisional: true},
		},
		"what recurs in the period looks back beyond it": {
			gaps(), Query{Now: long, From: day0.Add(90 * oneDay), To: day0.Add(100 * oneDay)}, Flow{1, 1}, Cohort{Occurrences: 1},
		},
		"what was followed looks on beyond it": {
			gaps(), Query{Now: long, To: day0.Add(oneDay)}, Flow{1, 0}, Cohort{Occurrences: 1, Followed: 1},
		},
		"alike but never joined is no recurrence":         {[]Fact{lasted(1, 0, 0, 0), lasted(2, 0, oneDay, 0)}, Query{Now: long}, Flow{2, 0}, Cohort{Occurrences: 2}},
		"what goes on is detected, and in no cohort yet":  {[]Fact{lasted(1, 1, 0, 0), unended(lasted(2, 1, oneDay, 0), true)}, Query{Now: day0.Add(2 * oneDay)}, Flow{2, 1}, Cohort{Occurrences: 1, Followed: 1}},
		"maintenance, drills and merged ones never count": {twelve()[9:], Query{Now: long}, Flow{}, Cohort{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := RecurrenceOf(RowsOf(c.facts, c.query.Now), c.query)
			if got.Flow != c.flow || got.Cohort != c.cohort {
				t.Errorf("got flow %+v, cohort %+v; want %+v, %+v", got.Flow, got.Cohort, c.flow, c.cohort)
			}
		})
	}
}

func TestRecurrenceInSeries(t *testing.T) {
	t.Parallel()
	now := day0.Add(200 * oneDay)
	r := RecurrenceOf(RowsOf(gaps(), now), Query{Bucket: Month, Now: now})
	if len(r.Series) != 7 || r.Series[0].Name != "2026-01" || r.Series[6].Name != "2026-07" {
		t.Fatalf("got %+v", r.Series)
	}
	var flow Flow
	for n, p := range r.Series {
		flow.Occurrences += p.Flow.Occurrences
		flow.Recurrences += p.Flow.Recurrences
		if p.Cohort.Provisional != (n == 6) {
			t.Errorf("%s: provisional is %v", p.Name, p.Cohort.Provisional)
		}
	}
	if flow != r.Flow || r.LeftOut.Merged != 1 {
		t.Errorf("the series holds %+v, the figure %+v; %d merged", flow, r.Flow, r.LeftOut.Merged)
	}
}
