package metrics

import (
	"time"

	"upshot/app/incident"
	"upshot/app/listing"
)

// MonthFigures are one month's figures, in UTC.
type MonthFigures struct {
	Start                    time.Time
	Occurrences, Recurrences int           // detected in the month
	MedianImpact             time.Duration // of those restored in the month
	Measured                 int           // how many these are
}

// LastMonths are the n months up to the one that holds now, oldest first, from measures by month.
func LastMonths(p Progress, now time.Time, n int) []MonthFigures {
	year, month, _ := now.UTC().Date()
	months := make([]MonthFigures, n)
	at := map[time.Time]*MonthFigures{}
	for i := range months {
		months[i].Start = time.Date(year, month-time.Month(n-1-i), 1, 0, 0, 0, 0, time.UTC)
		at[months[i].Start] = &months[i]
	}
	for _, period := range p.Recurrence.Series {
		if m := at[period.From]; m != nil {
			m.Occurrences, m.Recurrences = period.Flow.Occurrences, period.Flow.Recurrences
		}
	}
	for _, period := range p.Impact.Series {
		if m := at[period.From]; m != nil {
			m.MedianImpact, m.Measured = period.Median, period.N
		}
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
