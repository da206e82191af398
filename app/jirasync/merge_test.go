package jirasync

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/ticket"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	agreed, differing := Base{Ours: "a", Theirs: "a"}, Base{Ours: "a", Theirs: "b"}
	cases := map[string]struct {
		base         Base
		ours, theirs string
		jira, upshot Outcome // when Jira owns the field, when Upshot does
	}{
		"neither changed": {agreed, "a", "a", Nothing, Nothing},
		"they differed when they were linked, and still do": {differing, "a", "b", Nothing, Nothing},
		"Jira changed":                   {agreed, "a", "b", TakeTheirs, Differ},
		"we changed":                     {agreed, "b", "a", Differ, PushOurs},
		"both changed to the same":       {agreed, "b", "b", Agreed, Agreed},
		"both changed to something else": {agreed, "b", "c", Differ, Differ},
		"Jira emptied it":                {agreed, "a", "", TakeTheirs, Differ},
		"we emptied it":                  {agreed, "", "a", Differ, PushOurs},
		"both emptied it":                {agreed, "", "", Agreed, Agreed},
		"they differed, and Jira came to what we say":        {differing, "a", "a", Agreed, Agreed},
		"they differed, and we came to what Jira says":       {differing, "b", "b", Agreed, Agreed},
		"they differed, and Jira changed to a third":         {differing, "a", "c", TakeTheirs, Differ},
		"they differed, and we changed to a third":           {differing, "c", "b", Differ, PushOurs},
		"what we wrote, read back":                           {Base{Ours: "b", Theirs: "a"}, "b", "b", Agreed, Agreed},
		"what we wrote, not read back yet":                   {Base{Ours: "b", Theirs: "a"}, "b", "a", Nothing, Nothing},
		"what we wrote, read back after we changed it again": {Base{Ours: "b", Theirs: "a"}, "c", "b", Differ, PushOurs},
		"we wrote, and somebody there wrote something else":  {Base{Ours: "b", Theirs: "a"}, "b", "c", TakeTheirs, Differ},
	}
	for name, c := range cases {
		if got := Merge(JiraOwns, c.base, c.ours, c.theirs); got != c.jira {
			t.Errorf("%s, and Jira owns it: got %s, want %s", name, got, c.jira)
		}
		if got := Merge(UpshotOwns, c.base, c.ours, c.theirs); got != c.upshot {
			t.Errorf("%s, and Upshot owns it: got %s, want %s", name, got, c.upshot)
		}
	}
}

// TestMergingNeverLosesAValue lets both sides change at random, with writes and reads that come late. A side is only ever
// overwritten with a value that its owner set while the other side, as far as it was read, had said nothing new.
func TestMergingNeverLosesAValue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20, 26))
	for range 5000 {
		owner := []Owner{JiraOwns, UpshotOwns}[r.IntN(2)]
		ours, theirs := "start", []string{"start", "another"}[r.IntN(2)]
		base := Base{Ours: ours, Theirs: theirs}
		unseen := map[string]bool{} // what people set and the other side has neither taken over nor been shown
		var writing []string        // sent to Jira, not there yet
		next := 0
		person := func() string { next++; return fmt.Sprint("value ", next) }
		var told []string
		for range 30 {
			switch r.IntN(4) {
			case 0:
				delete(unseen, ours) // replaced by a person on this side
				ours = person()
				unseen[ours] = true
			case 1:
				delete(unseen, theirs)
				theirs = person()
				unseen[theirs] = true
			case 2:
				if len(writing) > 0 {
					theirs, writing = writing[0], writing[1:]
				}
			}
			said := theirs // as read
			outcome := Merge(owner, base, ours, said)
			told = append(told, fmt.Sprintf("%s: ours %s, Jira’s %s, %+v", outcome, ours, said, base))
			switch outcome {
			case TakeTheirs:
				if owner != JiraOwns || unseen[ours] {
					t.Fatalf("%s was overwritten here: %v", ours, told)
				}
				ours = said
				delete(unseen, said)
			case PushOurs:
				if owner != UpshotOwns || unseen[said] {
					t.Fatalf("%s will be overwritten in Jira: %v", said, told)
				}
				writing = append(writing, ours)
				delete(unseen, ours)
			case Agreed:
				if ours != said {
					t.Fatalf("they do not agree: %v", told)
				}
				delete(unseen, ours)
			case Differ:
				if ours == said {
					t.Fatalf("there is nothing to choose: %v", told)
				}
			case Nothing:
				if unseen[ours] && ours != base.Ours || unseen[said] && said != base.Theirs {
					t.Fatalf("a change went unnoticed: %v", told)
				}
			}
			base = base.after(outcome, ours, said)
			again := Merge(owner, base, ours, said)
			if want := map[bool]Outcome{true: Differ, false: Nothing}[outcome == Differ]; again != want {
				t.Fatalf("once more it is %s: %v", again, told)
			}
			if outcome != Differ {
				continue
			}
			if r.IntN(3) == 0 { // a person chooses
				if r.IntN(2) == 0 {
					delete(unseen, ours)
					ours = said
				} else {
					delete(unseen, theirs)
					theirs = ours
				}
				base, writing = Base{Ours: ours, Theirs: theirs}, nil
				unseen = map[string]bool{}
			}
		}
	}
}

func TestWhoOwnsAField(t *testing.T) {
	t.Parallel()
	owners := Owners{FieldStatus: UpshotOwns, FieldSummary: "nobody we know"}
	for field, want := range map[Field]Owner{FieldStatus: UpshotOwns, FieldSummary: JiraOwns, FieldPriority: JiraOwns} {
		if got := owners.Of(field); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
	if got := Owners(nil).Of(FieldLabels); got != JiraOwns {
		t.Errorf("without owners: %s", got)
	}
}

func TestAnOlderReadingOverwritesNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	planned := []ticket.Sprint{{ID: "7", Name: "Sprint 7", State: ticket.FutureSprint}}
	running := []ticket.Sprint{{ID: "7", Name: "Sprint 7", State: ticket.ActiveSprint, StartedAt: now}}
	known := ticket.Ticket{ReadAt: now, UpdatedAt: now, Sprints: planned}
	cases := map[string]struct {
		known ticket.Ticket
		read  ticket.Ticket
		want  bool
	}{
		"never read":                         {ticket.Ticket{UpdatedAt: now}, ticket.Ticket{UpdatedAt: now.Add(-time.Hour)}, true},
		"changed since":                      {known, ticket.Ticket{UpdatedAt: now.Add(time.Millisecond), Sprints: planned}, true},
		"as it is known":                     {known, ticket.Ticket{UpdatedAt: now, Sprints: planned}, false},
		"the same moment in another zone":    {known, ticket.Ticket{UpdatedAt: now.In(time.FixedZone("", 3600)), Sprints: planned}, false},
		"from before":                        {known, ticket.Ticket{UpdatedAt: now.Add(-time.Millisecond), Sprints: running}, false},
		"its sprint has begun, nothing else": {known, ticket.Ticket{UpdatedAt: now, Sprints: running}, true},
	}
	for name, c := range cases {
		if got := Newer(c.known, c.read); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheStateATicketPutsItsFollowUpIn(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		category ticket.Category
		meaning  ticket.Meaning
		want     followup.State
		asks     bool
	}{
		"to do":                              {ticket.ToDo, "", followup.Queued, false},
		"in progress":                        {ticket.InProgress, "", followup.InProgress, false},
		"done, without a resolution":         {ticket.Done, "", followup.Done, false},
		"done":                               {ticket.Done, ticket.MeansDone, followup.Done, false},
		"won't do":                           {ticket.Done, ticket.MeansWontDo, "", true},
		"a duplicate":                        {ticket.Done, ticket.MeansDuplicate, "", true},
		"closed, and nobody found the cause": {ticket.Done, ticket.MeansNoCause, "", true},
		"reopened with its old resolution":   {ticket.ToDo, ticket.MeansWontDo, followup.Queued, false},
		"in a status that nobody can place":  {ticket.Unknown, "", "", false},
		"never read":                         {"", "", "", false},
	}
	for name, c := range cases {
		state, asks := StateFor(ticket.Ticket{Category: c.category, Meaning: c.meaning})
		if state != c.want || asks != c.asks {
			t.Errorf("%s: %q, asks for a decision %v", name, state, asks)
		}
	}
}

func TestLabelsOfOurOwnAreNobodysChange(t *testing.T) {
	t.Parallel()
	if got := ownWords([]string{"pool", "upshot-x1", "cabins", "upshot-x1-fu-12"}, "x1"); got != "cabins pool" {
		t.Errorf("got %q", got)
	}
}
