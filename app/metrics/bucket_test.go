package metrics

import (
	"testing"
	"time"
)

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
