package incident

import (
	"testing"
	"time"

	"upshot/app/problem"
)

func TestMember(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time {
		return time.Date(2026, time.March, 2, 9, minutes, 0, 0, time.UTC)
	}
	cases := map[string]struct {
		change  func(*Incident)
		ongoing bool
		impact  time.Duration // so far, an hour after it started
	}{
		"open":                            {func(*Incident) {}, true, time.Hour},
		"mitigated, and still felt":       {func(i *Incident) { i.Status = Mitigated }, true, time.Hour},
		"mitigated and restored":          {func(i *Incident) { i.Status, i.Moments.RestoredAt = Mitigated, at(20) }, false, 20 * time.Minute},
		"resolved, and nobody knows when": {func(i *Incident) { i.Status = Resolved }, false, 0},
		"reopened after a quarter of an hour of peace": {func(i *Incident) {
			i.Segments, i.Moments.ReopenedAt = []Segment{{at(0), at(20)}}, at(35)
		}, true, 45 * time.Minute},
		"reopened and over": {func(i *Incident) {
			i.Segments, i.Moments.ReopenedAt, i.Moments.RestoredAt, i.Status = []Segment{{at(0), at(20)}}, at(35), at(40), Resolved
		}, false, 25 * time.Minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := New("Checkout fails", at(0))
			c.change(&i)
			m := i.Member()
			history := problem.History([]problem.Member{m}, problem.FlapWindow, problem.RecurrenceWindow, at(60))
			if m.Ongoing != c.ongoing || history[0].Impact != c.impact {
				t.Errorf("got ongoing %v, impact %v; want %v, %v", m.Ongoing, history[0].Impact, c.ongoing, c.impact)
			}
		})
	}
}
