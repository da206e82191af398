package jirasync

import (
	"slices"
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

func TestDoubles(t *testing.T) {
	t.Parallel()
	issue := func(id string, labels ...string) Issue {
		return Issue{Ticket: ticket.Ticket{IssueID: id, Labels: labels}}
	}
	cases := map[string]struct {
		issues []Issue
		want   []string
	}{
		"each has its own mark":              {[]Issue{issue("1", "upshot-x1-f-1"), issue("2", "upshot-x1-f-2")}, nil},
		"the lower number is kept, 9 not 10": {[]Issue{issue("10", "upshot-x1-f-1"), issue("9", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 9 and 10"}},
		"three of one":                       {[]Issue{issue("3", "upshot-x1-f-1"), issue("1", "upshot-x1-f-1"), issue("2", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 1 and 2", "upshot-x1-f-1: 1 and 3"}},
		"the common label is no mark":        {[]Issue{issue("1", "upshot-x1"), issue("2", "upshot-x1")}, nil},
		"another installation is not ours":   {[]Issue{issue("1", "upshot-y2-f-1"), issue("2", "upshot-y2-f-1")}, nil},
		"an issue that two follow-ups share": {[]Issue{issue("1", "upshot-x1-f-1", "upshot-x1-f-2")}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Doubles(c.issues, "x1") {
				got = append(got, d.Mark+": "+d.Keep.IssueID+" and "+d.Other.IssueID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	for again, want := range map[int]string{0: "upshot-x1-fu-12", 1: "upshot-x1-fu-12-2", 2: "upshot-x1-fu-12-3"} {
		if got := Mark("x1", 12, again); got != want {
			t.Errorf("after %d issues: %s, want %s", again, got, want)
		}
	}
}
