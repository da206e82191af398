package metrics

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/problem"
)

// happened is a random history: flapping, merged, drilled, corrected into nonsense, told or not, in three problems and none, over the change of clocks.
func happened(r *rand.Rand, n int) Record {
	zones := []*time.Location{time.UTC, time.FixedZone("", 9*60*60), nil}
	var facts []Fact
	for id := range n {
		f := lasted(incident.ID(id+1), problem.ID(r.IntN(4)), time.Duration(r.Int64N(int64(400*oneDay))), time.Duration(r.Int64N(int64(3*time.Hour))))
		if r.IntN(3) == 0 && len(facts) > 0 { // soon after another
			m := facts[r.IntN(len(facts))]
			f = lasted(incident.ID(id+1), m.Problem, m.Member.StartedAt.Sub(day0)+time.Duration(r.Int64N(int64(5*time.Hour))), time.Duration(r.Int64N(int64(time.Hour))))
		}
		f.Member.DetectedAt = f.Member.StartedAt.Add(time.Duration(r.Int64N(int64(2*time.Hour))) - 30*time.Minute)
		f.Developer, f.HasCause, f.Significant = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		f.Loop = loops[r.IntN(4)]
		f.ResolvedAt = f.Member.RestoredAt.Add(time.Duration(r.Int64N(int64(30 * time.Hour))))
		f.Hours = WorkClock{Hours: catalog.Hours{}, Zone: zones[r.IntN(3)]}
		if r.IntN(2) == 0 {
			f.ClosedAt = f.ResolvedAt.Add(time.Hour)
		}
		if r.IntN(3) > 0 {
			f = told(f, time.Duration(r.Int64N(int64(5*oneDay)))-time.Hour, incident.Channels[r.IntN(6)])
		}
		switch r.IntN(20) {
		case 0:
			f.Kind = incident.Drill
		case 1:
			f.Kind = incident.Maintenance
		case 2:
			f.Merged = true
		case 3:
			f = unended(f, false)
		case 4:
			f.Member.RestoredAt, f.Member.Impact = f.Member.StartedAt.Add(-time.Hour), -time.Hour
		case 5:
			f.Problem, f.Unknown = 0, true
		case 6:
			f = unended(f, r.IntN(4) == 0)
		}
		facts = append(facts, f)
	}
	record := Record{Rows: RowsOf(facts, day0.Add(420*oneDay))}
	for range n {
		at := day0.Add(time.Duration(r.Int64N(int64(400 * oneDay))))
		record.Releases = append(record.Releases, Release{
			FinishedAt: at, RolledBack: r.IntN(9) == 0, Failed: r.IntN(9) == 0, Caused: r.IntN(5) == 0, Outside: r.IntN(9) == 0, Suspected: r.IntN(5) == 0,
			RecoveredAt: at.Add(time.Duration(r.Int64N(int64(oneDay)))),
		})
		c := Change{StartedAt: at, Waited: time.Duration(r.Int64N(int64(90 * oneDay))), Known: r.IntN(5) > 0, Fix: r.IntN(2) == 0, FirstAt: at.Add(-time.Duration(r.Int64N(int64(90 * oneDay))))}
		if r.IntN(2) == 0 {
			c.ShippedAt = at.Add(time.Duration(r.Int64N(int64(20 * oneDay))))
		}
		if r.IntN(4) == 0 {
			c.FailedAt = at.Add(time.Duration(r.Int64N(int64(30 * oneDay))))
		}
		record.Changes = append(record.Changes, c)
	}
	return record
}

// tallied tallies every day and passes each through its written form.
func tallied(t *testing.T, of Record) (all []Tally) {
	t.Helper()
	for day := DayOf(day0) - 100; day < DayOf(day0)+600; day++ {
		written := TallyOf(day, of).Bytes()
		if bytes.Equal(written, Tally{Day: day}.Bytes()) {
			continue
		}
		read, err := TallyFrom(day, written)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, read)
	}
	return all
}

func openOf(rows []Row, now time.Time) Open {
	open, _, _ := restored(rows, Query{Now: now}, func(r Row) (time.Duration, bool) { return r.Impact, r.Wrong })
	return open
}

func TestTheQuickWayGivesTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		record := happened(r, 1+r.IntN(120))
		tallies := tallied(t, record)
		for _, q := range []Query{
			{},
			{Bucket: Month},
			{Bucket: Week, Window: 30 * oneDay},
			{Bucket: Quarter, Window: 180 * oneDay, From: DayOf(day0.Add(90 * oneDay)).Start(), To: DayOf(day0.Add(200 * oneDay)).Start()},
			{Bucket: Month, Window: problem.NoLimit, From: DayOf(day0.Add(200 * oneDay)).Start()},
		} {
			q.Now = day0.Add(420 * oneDay)
			plain, quick := ProgressOf(record, q), Quick(tallies, openOf(record.Rows, q.Now), q)
			a, b := reflect.ValueOf(plain), reflect.ValueOf(quick)
			for n := range a.NumField() {
				if !reflect.DeepEqual(a.Field(n).Interface(), b.Field(n).Interface()) {
					t.Fatalf("seed %d, %+v, %s:\nplain %+v\nquick %+v", seed, q, a.Type().Field(n).Name, a.Field(n), b.Field(n))
				}
			}
		}
	}
}

func FuzzTally(f *testing.F) {
	f.Add(TallyOf(DayOf(day0), happened(rand.New(rand.NewPCG(1, 1)), 50)).Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := TallyFrom(1, b)
		if err != nil {
			return
		}
		again, err := TallyFrom(1, read.Bytes())
		if err != nil || !reflect.DeepEqual(read, again) {
			t.Fatalf("%v: %+v, then %+v", err, read, again)
		}
	})
}
