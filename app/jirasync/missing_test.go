package jirasync

import (
	"testing"
	"time"

	"upshot/app/ticket"
)

func TestMissed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	since := func(times int, ago time.Duration) ticket.Ticket {
		return ticket.Ticket{Missing: times, MissingSince: now.Add(-ago)}
	}
	cases := map[string]struct {
		t             ticket.Ticket
		seen, deleted bool
		missing       int
		gone          bool
	}{
		"the first time":                            {ticket.Ticket{}, true, false, 1, false},
		"the second time":                           {since(1, 13*time.Hour), true, false, 2, false},
		"the third time, over a day":                {since(2, 24*time.Hour), true, false, 3, true},
		"the third time, within a day":              {since(2, 23*time.Hour), true, false, 3, false},
		"nothing of its project is seen either":     {since(2, 48*time.Hour), false, false, 2, false},
		"Jira says so itself":                       {ticket.Ticket{}, true, true, 0, true},
		"Jira says so, and its project is unseen":   {ticket.Ticket{}, false, true, 0, true},
		"a year after it was missed for the second": {since(2, 365*24*time.Hour), true, false, 3, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Missed(c.t, c.seen, c.deleted, now)
			if got.Missing != c.missing || got.GoneAt.IsZero() == c.gone {
				t.Errorf("missing %d times, gone %s; want %d, %t", got.Missing, got.GoneAt, c.missing, c.gone)
			}
			if c.gone && !got.GoneAt.Equal(now) {
				t.Errorf("gone since %s, want now", got.GoneAt)
			}
		})
	}
	was := ticket.Ticket{GoneAt: now.Add(-time.Hour), Missing: 3}
	if got := Missed(was, true, true, now); !got.GoneAt.Equal(was.GoneAt) {
		t.Errorf("what is gone is gone since %s, not since %s", was.GoneAt, got.GoneAt)
	}
}
