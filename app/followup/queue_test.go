package followup_test

import (
	"testing"
	"time"

	"upshot/app/followup"
)

func TestEveryWaitHasOneAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		waited time.Duration
		from   int
	}{
		"queued just now":           {0, 0},
		"a little under eight days": {8*day - time.Second, 0},
		"eight days":                {8 * day, 8},
		"fourteen and a half":       {14*day + 12*time.Hour, 8},
		"fifteen":                   {15 * day, 15},
		"thirty-one":                {31 * day, 31},
		"ninety and a bit":          {90*day + time.Hour, 31},
		"ninety-one":                {91 * day, 91},
		"years":                     {2000 * day, 91},
	} {
		queued := now.Add(-c.waited)
		var in []int
		for _, age := range followup.Ages() {
			if after, upTo := age.Bounds(now); queued.After(after) && !queued.After(upTo) {
				in = append(in, age.From)
			}
		}
		if len(in) != 1 || in[0] != c.from {
			t.Errorf("%s: in the classes from %v, want %d", name, in, c.from)
		}
	}
}

func TestWeeksBeginOnMonday(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"on a Monday": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		"on a Sunday": time.Date(2026, 11, 29, 23, 59, 0, 0, time.UTC),
	} {
		weeks := followup.LastWeeks(now, 3)
		if len(weeks) != 3 || weeks[2].Start.Format(time.DateOnly) != "2026-11-23" || weeks[0].Start.Format(time.DateOnly) != "2026-11-09" {
			t.Errorf("%s: %v", name, weeks)
		}
	}
	if b := (followup.Week{In: 2, Out: 5}).Balance(); b != -3 {
		t.Errorf("balance %d", b)
	}
}
