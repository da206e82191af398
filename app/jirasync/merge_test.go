package jirasync

import (
	"slices"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/ticket"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	base := Base{Ours: "a", Theirs: "b"} // they agreed to differ
	cases := map[string]struct {
		owner        Owner
		ours, theirs string
		want         Outcome
	}{
		"nobody changed anything":                       {JiraOwns, "a", "b", Nothing},
		"nobody changed anything that is ours":          {UpshotOwns, "a", "b", Nothing},
		"Jira changed what it owns":                     {JiraOwns, "a", "c", TakeTheirs},
		"we changed what we own":                        {UpshotOwns, "c", "b", PushOurs},
		"we changed what Jira owns":                     {JiraOwns, "c", "b", Differ},
		"Jira changed what we own":                      {UpshotOwns, "a", "c", Differ},
		"both changed it, differently":                  {JiraOwns, "c", "d", Differ},
		"both changed what is ours, differently":        {UpshotOwns, "c", "d", Differ},
		"both changed it to the same":                   {JiraOwns, "c", "c", Agreed},
		"we changed it to what they say":                {JiraOwns, "b", "b", Agreed},
		"they changed it to what we say":                {UpshotOwns, "a", "a", Agreed},
		"Jira emptied what it owns":                     {JiraOwns, "a", "", TakeTheirs},
		"we emptied what we own":                        {UpshotOwns, "", "b", PushOurs},
		"an owner that nobody named counts as no other": {"", "a", "c", Differ},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Merge(c.owner, base, c.ours, c.theirs); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What merging promises, over every base and every pair of values: nothing that somebody changed is ever overwritten without
// asking, and doing what it says comes to rest at once.
func TestMergeLosesNothing(t *testing.T) {
	t.Parallel()
	values := []string{"", "a", "b", "c"}
	for _, owner := range []Owner{JiraOwns, UpshotOwns} {
		for _, wasOurs := range values {
			for _, wasTheirs := range values {
				for _, ours := range values {
					for _, theirs := range values {
						base := Base{Ours: wasOurs, Theirs: wasTheirs}
						outcome := Merge(owner, base, ours, theirs)
						newOurs, newTheirs := ours, theirs
						switch outcome {
						case TakeTheirs:
							if ours != wasOurs || owner != JiraOwns {
								t.Fatalf("%s owns it: from %v, %q is overwritten by %q", owner, base, ours, theirs)
							}
							newOurs = theirs
						case PushOurs:
							if theirs != wasTheirs || owner != UpshotOwns {
								t.Fatalf("%s owns it: from %v, %q is overwritten by %q", owner, base, theirs, ours)
							}
							newTheirs = ours
						case Differ:
							if ours == theirs {
								t.Fatalf("from %v, both say %q and are said to differ", base, ours)
							}
							continue // it waits for a person
						}
						after := Base{Ours: newOurs, Theirs: newTheirs}
						if again := Merge(owner, after, newOurs, newTheirs); again != Nothing {
							t.Fatalf("%s owns it: after %s from %v with %q and %q it comes to %s", owner, outcome, base, ours, theirs, again)
						}
					}
				}
			}
		}
	}
}

// Deliveries in any order and any number leave the mirror at the newest reading.
func TestNewerIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	at := func(n int) ticket.Ticket {
		return ticket.Ticket{UpdatedAt: time.Unix(int64(n), 0), ReadAt: time.Unix(100, 0), Summary: string(rune('a' + n))}
	}
	for _, order := range [][]int{{1, 2, 3}, {3, 2, 1}, {2, 3, 1, 3}, {3, 3, 1, 2, 1}} {
		known := ticket.Ticket{}
		for _, n := range order {
			if read := at(n); Newer(known, read) {
				known = read
			}
		}
		if known.Summary != "d" {
			t.Errorf("read in the order %v, it says %q", order, known.Summary)
		}
	}
}

func TestStateFor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		t    ticket.Ticket
		want followup.State
		asks bool
	}{
		"to do":                             {ticket.Ticket{Category: ticket.ToDo}, followup.Queued, false},
		"in progress":                       {ticket.Ticket{Category: ticket.InProgress}, followup.InProgress, false},
		"done":                              {ticket.Ticket{Category: ticket.Done}, followup.Done, false},
		"done, meaning so":                  {ticket.Ticket{Category: ticket.Done, Meaning: ticket.MeansDone}, followup.Done, false},
		"closed as won’t do":                {ticket.Ticket{Category: ticket.Done, Meaning: ticket.MeansWontDo}, "", true},
		"closed as a duplicate":             {ticket.Ticket{Category: ticket.Done, Meaning: ticket.MeansDuplicate}, "", true},
		"closed without a cause":            {ticket.Ticket{Category: ticket.Done, Meaning: ticket.MeansNoCause}, "", true},
		"reopened with its resolution left": {ticket.Ticket{Category: ticket.ToDo, Meaning: ticket.MeansWontDo}, followup.Queued, false},
		"a status that nobody can place":    {ticket.Ticket{Category: ticket.Unknown}, "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, asks := StateFor(c.t); got != c.want || asks != c.asks {
				t.Errorf("got %q, %t; want %q, %t", got, asks, c.want, c.asks)
			}
		})
	}
}

func TestGuessMeaning(t *testing.T) {
	t.Parallel()
	cases := map[ticket.Meaning][]string{
		ticket.MeansDone:      {"Done", "Fixed", "Resolved", "Complete", "Erledigt", ""},
		ticket.MeansWontDo:    {"Won't Do", "Won’t Fix", "WONTFIX", "Declined", "Rejected", "Abandoned", "Obsolete", "Not a Bug", "Cancelled", "Canceled"},
		ticket.MeansDuplicate: {"Duplicate", "Duplicate of another"},
		ticket.MeansNoCause:   {"Cannot Reproduce", "Can’t reproduce", "Incomplete", "Operations resolved"},
	}
	for want, names := range cases {
		for _, name := range names {
			if got := GuessMeaning(name); got != want {
				t.Errorf("%q means %s, want %s", name, got, want)
			}
		}
	}
}

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
