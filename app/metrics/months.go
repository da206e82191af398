package metrics

import (
	"time"

	"upshot/app/incident"
	"upshot/app/listing"
)

// MonthFigures are one month's occurrences in UTC, by when they were detected, from what is kept of each incident.
type MonthFigures struct {
	Start                    time.Time
	Occurrences, Recurrences int
	// MedianImpact is of those whose end is known; Measured is how many these are. An occurrence made of several
	// incidents counts by the first of them.
	MedianImpact time.Duration
	Measured     int
}

// LastMonths are the n months up to the one that holds now, oldest first.
func LastMonths(now time.Time, n int) []MonthFigures {
	year, month, _ := now.UTC().Date()
	months := make([]MonthFigures, n)
	for i := range months {
		months[i].Start = time.Date(year, month-time.Month(n-1-i), 1, 0, 0, 0, 0, time.UTC)
	}
	return months
}

// WithoutCause is of the incidents closed since a moment those for which nobody noted a cause or a factor.
type WithoutCause struct {
	listing.Page[incident.Incident]     // Total is how many; the items are those closed last
	Closed                          int // all of them
}

// Share is without of closed.
func (w WithoutCause) Share() Share { return Share{Part: w.Total, Whole: w.Closed} }
