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
	l := metrics.LoopClosure{Verified: 3, Decided: 1, DoneNotVerified: 2, None: 2, Provisional: 9}
	if rate, ok := l.Share().Rate(); !ok || rate != 0.5 || l.Due() != 8 {
		t.Errorf("%v of %d, %v", rate, l.Due(), ok)
	}
	if _, ok := (metrics.LoopClosure{Provisional: 9}).Share().Rate(); ok {
		t.Error("nothing is due: there is no rate")
	}
}

func TestTheLastMonthsEndWithThisOne(t *testing.T) {
	t.Parallel()
	months := metrics.LastMonths(time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), 3)
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
