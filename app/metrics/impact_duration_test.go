package metrics

import (
	"reflect"
	"testing"
	"time"

	"upshot/app/incident"
)

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
			Summary{N: 5, Median: 40 * time.Minute, P90: 200 * time.Minute, Mean: 72 * time.Minute, Sum: 21600},
			Open{1, 3 * oneDay},
			LeftOut{Maintenance: 1, Drill: 1, Merged: 2, Missing: 1, Negative: 1},
		},
		"of a stretch: by restored, and what goes on stays in sight": {
			Query{From: day0.Add(40 * oneDay), To: day0.Add(60 * oneDay)},
			Summary{N: 2, Median: 55 * time.Minute, P90: 90 * time.Minute, Mean: 55 * time.Minute, Sum: 6600},
			Open{1, 3 * oneDay},
			LeftOut{Merged: 1},
		},
		"of nothing": {Query{From: day0.Add(190 * oneDay)}, Summary{}, Open{1, 3 * oneDay}, LeftOut{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.query.Now = now
			got := ImpactDurationOf(RowsOf(twelve(), now), c.query)
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
	now := day0.Add(400 * oneDay)
	d := ImpactDurationOf(RowsOf(facts, now), Query{Bucket: Quarter, Now: now})
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
