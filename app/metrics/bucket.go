package metrics

import (
	"fmt"
	"slices"
	"time"
)

// Bucket is the length of the periods of a series.
type Bucket string

// The buckets. A week is the ISO week and begins on Monday.
const (
	Week    Bucket = "week"
	Month   Bucket = "month"
	Quarter Bucket = "quarter"
)

// Start is the beginning of the period that holds the moment, at midnight in the zone.
func (b Bucket) Start(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	switch b {
	case Week:
		day -= (int(at.In(zone).Weekday()) + 6) % 7
	case Quarter:
		month, day = month-(month-1)%3, 1
	default:
		day = 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, zone)
}

// Next is the beginning of the period after the one that begins then.
func (b Bucket) Next(start time.Time) time.Time {
	switch b {
	case Week:
		return start.AddDate(0, 0, 7)
	case Quarter:
		return start.AddDate(0, 3, 0)
	}
	return start.AddDate(0, 1, 0)
}

// Name is the period that begins then: 2026-W48, 2026-11 or 2026-Q4.
func (b Bucket) Name(start time.Time) string {
	switch b {
	case Week:
		year, week := start.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", start.Year(), (int(start.Month())+2)/3)
	}
	return start.Format("2006-01")
}

// Period is one stretch of a series, [From, To).
type Period struct {
	Name     string
	From, To time.Time
}

// Query says which moments count and how the series is cut. A zero From or To is no bound.
type Query struct {
	From, To time.Time      // [From, To)
	Bucket   Bucket         // empty: no series
	Zone     *time.Location // of the periods; nil is UTC
	Window   time.Duration  // of recurrence; 0 is problem.RecurrenceWindow, problem.NoLimit never closes
	Now      time.Time
}

// holds tells whether a moment counts.
func (q Query) holds(at time.Time) bool {
	return !at.IsZero() && !at.Before(q.From) && (q.To.IsZero() || at.Before(q.To))
}

// periods cuts the time from the first to the last of the moments into periods without holes, the first and the
// last whole ones even where the query's bounds lie inside them. Moments that do not count are passed over.
func (q Query) periods(moments []time.Time) []Period {
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	var first, last time.Time
	for _, at := range moments {
		if !q.holds(at) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	if q.Bucket == "" || first.IsZero() {
		return nil
	}
	var periods []Period
	for from := q.Bucket.Start(first, zone); !from.After(last); from = q.Bucket.Next(from) {
		periods = append(periods, Period{Name: q.Bucket.Name(from), From: from, To: q.Bucket.Next(from)})
	}
	return periods
}

// Periods cuts [from, until] into whole periods.
func (q Query) Periods(from, until time.Time) []Period {
	q.From, q.To = time.Time{}, time.Time{}
	return q.periods([]time.Time{from, until})
}

// find is the index of the period that holds the moment, or -1.
func find(periods []Period, at time.Time) int {
	n, ok := slices.BinarySearchFunc(periods, at, func(p Period, at time.Time) int {
		switch {
		case at.Before(p.From):
			return 1
		case at.Before(p.To):
			return 0
		}
		return -1
	})
	if !ok {
		return -1
	}
	return n
}
