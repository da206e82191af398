package metrics_test

import (
	"testing"
	"time"

	"upshot/app/listing"
	"upshot/app/metrics"

	"upshot/app/incident"
)

func TestLoopsCloseByProofOrByDecision(t *testing.T) {
	t.Parallel()
	l := metrics.LoopClosure{Loops: metrics.Loops{Verified: 3, Decided: 1, DoneNotVerified: 2, None: 2}, Provisional: 9}
	if rate, ok := l.Share().Rate(); !ok || rate != 0.5 || l.Due() != 8 {
		t.Errorf("%v of %d, %v", rate, l.Due(), ok)
	}
	if _, ok := (metrics.LoopClosure{Provisional: 9}).Share().Rate(); ok {
		t.Error("nothing is due: there is no rate")
	}
}

func TestTheLastMonthsEndWithThisOne(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC)
	december := metrics.Period{From: time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)}
	p := metrics.Progress{
		Recurrence: metrics.Recurrence{Series: []metrics.RecurrencePeriod{{Period: december, Flow: metrics.Flow{Occurrences: 5, Recurrences: 2}}}},
		Impact:     metrics.ImpactDuration{Series: []metrics.LengthPeriod{{Period: december, Summary: metrics.Summary{N: 4, Median: time.Hour}}}},
	}
	months := metrics.LastMonths(p, now, 3)
	if m := months[1]; m.Occurrences != 5 || m.Recurrences != 2 || m.Measured != 4 || m.MedianImpact != time.Hour || months[0].Measured != 0 {
		t.Errorf("got %+v", months)
	}
	for n, want := range []string{"2025-11-01", "2025-12-01", "2026-01-01"} {
		if got := months[n].Start.Format(time.DateOnly); got != want {
			t.Errorf("month %d begins on %s, want %s", n, got, want)
		}
	}
}

func TestClosedWithoutACauseIsAShareOfThoseClosed(t *testing.T) {
	t.Parallel()
	w := metrics.WithoutCause{Page: listing.Page[incident.Incident]{Total: 1}, Closed: 4}
	if rate, ok := w.Share().Rate(); !ok || rate != 0.25 {
		t.Errorf("%v, %v", rate, ok)
	}
}
