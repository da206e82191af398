package metrics

import (
	"reflect"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
)

var day0 = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) // a Monday

const oneDay = 24 * time.Hour

// lasted is an incident that began so long after day0.
func lasted(id incident.ID, p problem.ID, after, length time.Duration) Fact {
	at := day0.Add(after)
	return Fact{Problem: p, Kind: incident.Real, Member: problem.Member{
		Incident: id, StartedAt: at, DetectedAt: at, RestoredAt: at.Add(length), Impact: length,
	}}
}

func changed(f Fact, change func(*Fact)) Fact {
	change(&f)
	return f
}

func unended(f Fact, ongoing bool) Fact {
	f.Member.RestoredAt, f.Member.Impact, f.Member.Ongoing = time.Time{}, 0, ongoing
	return f
}

// twelve incidents with everything that a figure leaves out, added up by hand.
func twelve() []Fact {
	return []Fact{
		lasted(1, 0, 0, 10*time.Minute),
		lasted(2, 0, 40*oneDay, 20*time.Minute),
		lasted(3, 7, 50*oneDay, 30*time.Minute),
		lasted(4, 7, 50*oneDay+45*time.Minute, 60*time.Minute), // 15 minutes later: the same occurrence, 90 minutes together
		lasted(5, 7, 80*oneDay, 40*time.Minute),
		lasted(6, 0, 100*oneDay, 200*time.Minute),
		unended(lasted(7, 0, 197*oneDay, 0), true),
		unended(lasted(8, 0, 60*oneDay, 0), false),
		lasted(9, 0, 61*oneDay, -5*time.Minute),
		changed(lasted(10, 0, 62*oneDay, time.Hour), func(f *Fact) { f.Kind = incident.Maintenance }),
		changed(lasted(11, 0, 63*oneDay, time.Hour), func(f *Fact) { f.Kind = incident.Drill }),
		changed(lasted(12, 0, 64*oneDay, time.Hour), func(f *Fact) { f.Merged = true }),
	}
}

func TestImpactDuration(t *testing.T) {
	t.Parallel()
	now := day0.Add(200 * oneDay)
	cases := map[string]struct {
		query   Query
		summary Summary
		open    Open
		leftOut LeftOut
	}{
		"of all time": {
			Query{},
			Summary{N: 5, Median: 40 * time.Minute, P90: 200 * time.Minute, Mean: 72 * time.Minute, Sum: 360 * time.Minute},
			Open{1, 3 * oneDay},
			LeftOut{Maintenance: 1, Drill: 1, Merged: 2, Missing: 1, Negative: 1},
		},
		"of a stretch: by restored, and what goes on stays in sight": {
			Query{From: day0.Add(40 * oneDay), To: day0.Add(60 * oneDay)},
			Summary{N: 2, Median: 55 * time.Minute, P90: 90 * time.Minute, Mean: 55 * time.Minute, Sum: 110 * time.Minute},
			Open{1, 3 * oneDay},
			LeftOut{Merged: 1},
		},
		"of nothing": {Query{From: day0.Add(190 * oneDay)}, Summary{}, Open{1, 3 * oneDay}, LeftOut{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.query.Now = now
			got := ImpactDurationOf(twelve(), c.query)
			want := ImpactDuration{Summary: c.summary, Open: c.open, LeftOut: c.leftOut}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestImpactDurationInSeries(t *testing.T) {
	t.Parallel()
	facts := append(twelve(), lasted(13, 0, 300*oneDay, time.Hour))
	d := ImpactDurationOf(facts, Query{Bucket: Quarter, Now: day0.Add(400 * oneDay)})
	type period struct {
		name string
		n    int
		mean time.Duration
	}
	var got []period
	for _, p := range d.Series {
		got = append(got, period{p.Name, p.N, p.Mean})
	}
	want := []period{{"2026-Q1", 4, 40 * time.Minute}, {"2026-Q2", 1, 200 * time.Minute}, {"2026-Q3", 0, 0}, {"2026-Q4", 1, time.Hour}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

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
			got := RecurrenceOf(c.facts, c.query)
			if got.Flow != c.flow || got.Cohort != c.cohort {
				t.Errorf("got flow %+v, cohort %+v; want %+v, %+v", got.Flow, got.Cohort, c.flow, c.cohort)
			}
		})
	}
}

func TestRecurrenceInSeries(t *testing.T) {
	t.Parallel()
	r := RecurrenceOf(gaps(), Query{Bucket: Month, Now: day0.Add(200 * oneDay)})
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

func TestSummarize(t *testing.T) {
	t.Parallel()
	minutes := func(ns ...int) []time.Duration {
		var d []time.Duration
		for _, n := range ns {
			d = append(d, time.Duration(n)*time.Minute)
		}
		return d
	}
	m := time.Minute
	cases := map[string]struct {
		lengths []time.Duration
		want    Summary
	}{
		"none":                         {nil, Summary{}},
		"one":                          {minutes(7), Summary{1, 7 * m, 7 * m, 7 * m, 7 * m}},
		"two: half-way between":        {minutes(10, 5), Summary{2, 7*m + 30*time.Second, 10 * m, 7*m + 30*time.Second, 15 * m}},
		"ten: the ninth is the p90":    {minutes(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), Summary{10, 5*m + 30*time.Second, 9 * m, 5*m + 30*time.Second, 55 * m}},
		"eleven: the tenth is the p90": {minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Summary{11, 6 * m, 10 * m, 6 * m, 66 * m}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Summarize(c.lengths); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	if got := Percentile(minutes(1, 2, 3, 4), 50); got != 2*m {
		t.Errorf("p50 by nearest rank: got %v, want 2m", got)
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		bucket Bucket
		at     string
		zone   *time.Location
		name   string
		start  string
	}{
		"a week begins on Monday":                  {Week, "2026-03-08T23:59:59Z", time.UTC, "2026-W10", "2026-03-02"},
		"the first week may begin in the old year": {Week, "2026-01-01T00:00:00Z", time.UTC, "2026-W01", "2025-12-29"},
		"a month":                          {Month, "2026-02-28T12:00:00Z", time.UTC, "2026-02", "2026-02-01"},
		"a quarter":                        {Quarter, "2026-12-31T12:00:00Z", time.UTC, "2026-Q4", "2026-10-01"},
		"the zone decides which day it is": {Month, "2026-06-30T23:30:00Z", lisbon, "2026-07", "2026-07-01"},
		"a quarter across the change of the clocks": {Quarter, "2026-03-31T23:30:00Z", lisbon, "2026-Q2", "2026-04-01"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			start := c.bucket.Start(at, c.zone)
			if got := start.Format(time.DateOnly); got != c.start || c.bucket.Name(start) != c.name {
				t.Errorf("got %s from %s, want %s from %s", c.bucket.Name(start), got, c.name, c.start)
			}
			next := c.bucket.Next(start)
			if !at.Before(next) || !c.bucket.Start(next, c.zone).Equal(next) || !c.bucket.Start(next.Add(-time.Nanosecond), c.zone).Equal(start) {
				t.Errorf("the next one begins at %v", next)
			}
		})
	}
}

func TestNothingIsDividedByZero(t *testing.T) {
	t.Parallel()
	if _, ok := (Flow{}).Share().Rate(); ok {
		t.Error("a rate of nothing is no number")
	}
	if rate, ok := (Cohort{Occurrences: 4, Followed: 1}).Share().Rate(); !ok || rate != 0.25 {
		t.Errorf("got %v, %v", rate, ok)
	}
	if !Few(4) || Few(5) {
		t.Error("fewer than five is few")
	}
}
