package api

import (
	"encoding/json"
	"testing"
	"time"

	"upshot/app/metrics"
	"upshot/app/ticket"
)

func TestCycleTimeAsJSON(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	var issues []metrics.WorkIssue
	read := func() map[string]any {
		t.Helper()
		b, err := json.Marshal(cycleTimeAs(metrics.CycleTimeOf(issues, metrics.Query{Now: now, Bucket: metrics.Month})))
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]any
		if err := json.Unmarshal(b, &said); err != nil {
			t.Fatal(err)
		}
		return said
	}
	said := read()
	for name, want := range map[string]any{"n": 0.0, "p50_seconds": nil, "predictability": nil, "few": true, "interruption_share": nil} {
		if got, is := said[name]; !is || got != want {
			t.Errorf("of nothing, %s is %v", name, got)
		}
	}
	for n := range 8 {
		done := now.AddDate(0, 0, -1)
		w := ticket.Work{StartedAt: done.Add(-time.Duration(n+1) * time.Hour), DoneAt: done}
		w.Working = []ticket.Stretch{{From: w.StartedAt, To: done}}
		issues = append(issues, metrics.WorkIssue{FromIncident: n == 7, Work: w})
	}
	said = read()
	for name, want := range map[string]any{
		"n": 8.0, "p50_seconds": 4 * 3600.0, "p85_seconds": 7 * 3600.0, "predictability": 1.75, "variation": 0.5092, "few": false,
		"interruption_share": 0.125, "interruption_share_of_time": 0.2222, "in_progress_seconds": 36 * 3600.0, "from": "2026-10-02T12:00:00Z", "to": "2026-11-27T12:00:00Z",
	} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
	if series, _ := said["series"].([]any); len(series) != 1 || series[0].(map[string]any)["period"] != "2026-11" {
		t.Errorf("the series is %v", said["series"])
	}
}
