package followup

import (
	"reflect"
	"testing"
	"time"

	"upshot/app/ticket"
)

// stay is the entering of a status of a ticket so many days after day0; its name is its category's.
type stay struct {
	day      int
	category ticket.Category
}

// carried is the follow-up with a ticket that went this way; the last stay lasts.
func carried(f FollowUp, stays ...stay) FollowUp {
	var history []ticket.Interval
	for n, s := range stays {
		if n > 0 {
			history[n-1].To = day(s.day)
		}
		history = append(history, ticket.Interval{From: day(s.day), Status: string(s.category), Category: s.category})
	}
	f.Ticket = &ticket.Ticket{Key: "OPS-12", CreatedAt: day(stays[0].day), ReadAt: day(100), History: ticket.History{Intervals: history}}
	return f
}

func TestTheTicketsHistoryIsTheFollowUps(t *testing.T) {
	t.Parallel()
	own := func(from, to int, status string, c ticket.Category) ticket.Interval {
		i := ticket.Interval{From: day(from), Status: status, Category: c}
		if to > 0 {
			i.To = day(to)
		}
		return i
	}
	partly := carried(moved(on(10, Queued)), stay{20, ticket.ToDo})
	partly.Ticket.History.Partial = true
	unread := carried(moved(on(10, Queued)), stay{20, ticket.InProgress})
	unread.Ticket.ReadAt = time.Time{}
	cases := map[string]struct {
		f    FollowUp
		now  int
		want []ticket.Interval
	}{
		"without a ticket it is our own": {
			f: moved(on(10, Queued)), want: []ticket.Interval{own(10, 0, "queued", ticket.ToDo)},
		},
		"a ticket that was never read says nothing yet": {
			f: unread, want: []ticket.Interval{own(10, 0, "queued", ticket.ToDo)},
		},
		"a history that could not be read whole is no history": {
			f: partly, want: []ticket.Interval{{From: day(20), Category: ticket.Unknown}},
		},
		"the promise before the ticket waits": {
			f:    carried(moved(on(10, Queued)), stay{20, ticket.ToDo}, stay{30, ticket.InProgress}),
			want: []ticket.Interval{own(10, 20, "queued", ticket.ToDo), own(20, 30, "todo", ticket.ToDo), own(30, 0, "in_progress", ticket.InProgress)},
		},
		"before the ticket was created it is our own": {
			f: carried(moved(on(10, Queued)), stay{20, ticket.ToDo}), now: 15, want: []ticket.Interval{own(10, 0, "queued", ticket.ToDo)},
		},
		"what comes after the moment is not known at it": {
			f:   carried(moved(on(20, Queued)), stay{20, ticket.ToDo}, stay{30, ticket.InProgress}, stay{40, ticket.Done}),
			now: 35, want: []ticket.Interval{own(20, 30, "todo", ticket.ToDo), own(30, 0, "in_progress", ticket.InProgress)},
		},
		"it did not hold: it waits from then on, though the ticket is done": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{20, ticket.ToDo}, stay{40, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 50, "done", ticket.Done), own(50, 0, "reopened in Upshot", ticket.ToDo)},
		},
		"a move from one done status to another changes nothing about that": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{20, ticket.ToDo}, stay{40, ticket.Done}, stay{60, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 50, "done", ticket.Done), own(50, 0, "reopened in Upshot", ticket.ToDo)},
		},
		"started again here before Jira follows": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued), on(60, InProgress)), stay{20, ticket.ToDo}, stay{40, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 50, "done", ticket.Done), own(50, 60, "reopened in Upshot", ticket.ToDo), own(60, 0, "in_progress", ticket.InProgress)},
		},
		"finished again here though Jira never followed: it ships then": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued), on(60, Done)), stay{20, ticket.ToDo}, stay{40, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 50, "done", ticket.Done), own(50, 60, "reopened in Upshot", ticket.ToDo), own(60, 0, "done", ticket.Done)},
		},
		"Jira followed: its own word counts again": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{20, ticket.ToDo}, stay{40, ticket.Done}, stay{51, ticket.ToDo}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 51, "done", ticket.Done), own(51, 0, "todo", ticket.ToDo)},
		},
		"Jira followed and is done once more": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{20, ticket.ToDo}, stay{40, ticket.Done}, stay{51, ticket.InProgress}, stay{60, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 51, "done", ticket.Done), own(51, 60, "in_progress", ticket.InProgress), own(60, 0, "done", ticket.Done)},
		},
		"an earlier ticket was done, it did not hold, and a new one carries it": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{52, ticket.ToDo}, stay{60, ticket.InProgress}),
			want: []ticket.Interval{own(20, 40, "queued", ticket.ToDo), own(40, 50, "done", ticket.Done), own(50, 52, "queued", ticket.ToDo), own(52, 60, "todo", ticket.ToDo), own(60, 0, "in_progress", ticket.InProgress)},
		},
		"verified here is done still": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(70, Verified)), stay{20, ticket.ToDo}, stay{40, ticket.Done}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 0, "done", ticket.Done)},
		},
		"set aside in Jira is not reopened by an older move": {
			f:    carried(moved(on(20, Queued), on(40, Done), on(50, Queued)), stay{20, ticket.ToDo}, stay{40, ticket.Aside}),
			want: []ticket.Interval{own(20, 40, "todo", ticket.ToDo), own(40, 0, "aside", ticket.Aside)},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := 100
			if c.now > 0 {
				now = c.now
			}
			before := carriedHistory(c.f)
			got := c.f.History(day(now))
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
			if !reflect.DeepEqual(carriedHistory(c.f), before) {
				t.Error("looking at it changed the ticket's own history")
			}
		})
	}
}

func carriedHistory(f FollowUp) []ticket.Interval {
	if f.Ticket == nil {
		return nil
	}
	return append([]ticket.Interval{}, f.Ticket.History.Intervals...)
}

func TestLedgerOfATicket(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	bumped := func(f FollowUp, days ...int) FollowUp {
		for _, d := range days {
			f.Ticket.History.Bumps = append(f.Ticket.History.Bumps, ticket.Bump{At: day(d), From: "Sprint 7", To: "Sprint 8"})
		}
		return f
	}
	partly := func(f FollowUp) FollowUp { f.Ticket.History.Partial = true; return f }
	cases := map[string]struct {
		f    FollowUp
		seen []int // days of occurrences
		want Ledger
	}{
		"filed late, it keeps the day of the promise": {
			f: carried(moved(on(10, Queued), on(40, InProgress)), stay{30, ticket.ToDo}, stay{40, ticket.InProgress}), seen: []int{5, 20},
			want: Ledger{QueuedAt: day(10), StartedAt: day(40), Waiting: 30 * oneDay, Working: 60 * oneDay, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"found later, it counts from its own creation": {
			f: carried(moved(on(50, Queued)), stay{30, ticket.ToDo}), seen: []int{5},
			want: Ledger{QueuedAt: day(30), Waiting: 70 * oneDay, StillWaiting: true},
		},
		"a year old, it counts from the first occurrence": {
			f: carried(moved(on(50, Queued)), stay{-365, ticket.ToDo}), seen: []int{5, 20},
			want: Ledger{QueuedAt: day(5), Waiting: 95 * oneDay, StillWaiting: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * hour, HandsOnWhileWaiting: 20 * time.Minute},
		},
		"done and left again before the ticket was filed: it was sent back then": {
			f: carried(moved(on(0, Queued), on(10, Done), on(20, Queued)), stay{30, ticket.ToDo}), seen: []int{-1, 15},
			want: Ledger{QueuedAt: day(0), Waiting: 10 * oneDay, SentBack: 80 * oneDay, NeverStarted: true, RecurrencesAfter: 1},
		},
		"an earlier ticket was done, and the new one is as well: it shipped twice": {
			f: carried(moved(on(0, Queued), on(10, Done), on(20, Queued), on(40, Done)), stay{22, ticket.ToDo}, stay{30, ticket.InProgress}, stay{40, ticket.Done}), seen: []int{-1, 5, 15, 25, 50},
			want: Ledger{
				QueuedAt: day(0), StartedAt: day(30), DoneAt: day(40), ShippedAt: day(40), Waiting: 10 * oneDay, SentBack: 10 * oneDay, Working: 10 * oneDay,
				RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * hour, HandsOnWhileWaiting: 20 * time.Minute, RecurrencesAfter: 2,
			},
		},
		"a part of its history is missing: no figures": {
			f: partly(carried(moved(on(10, Queued)), stay{20, ticket.ToDo}, stay{30, ticket.InProgress})), seen: []int{5, 25},
			want: Ledger{QueuedAt: day(10), Incomplete: true},
		},
		"it was in a status that nobody can place: no figures": {
			f: carried(moved(on(10, Queued)), stay{10, ticket.ToDo}, stay{30, ticket.Unknown}, stay{40, ticket.Done}), seen: []int{5, 25},
			want: Ledger{QueuedAt: day(10), Incomplete: true},
		},
		"created in progress: nothing waited for it": {
			f: carried(moved(on(30, Queued)), stay{30, ticket.InProgress}), seen: []int{5},
			want: Ledger{QueuedAt: day(30), StartedAt: day(30), Working: 70 * oneDay},
		},
		"closed without having been started: the wait is the whole way": {
			f: carried(moved(on(10, Queued), on(60, Done)), stay{10, ticket.ToDo}, stay{60, ticket.Done}), seen: []int{5, 20, 70},
			want: Ledger{QueuedAt: day(10), DoneAt: day(60), ShippedAt: day(60), Waiting: 50 * oneDay, NeverStarted: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: hour, HandsOnWhileWaiting: 10 * time.Minute, RecurrencesAfter: 1},
		},
		"won't do: nothing shipped, and it waits no longer": {
			f: carried(moved(on(10, Queued)), stay{10, ticket.ToDo}, stay{60, ticket.Aside}), seen: []int{5, 20},
			want: Ledger{QueuedAt: day(10), Waiting: 50 * oneDay, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"it did not hold, and Jira says nothing yet: it waits again": {
			f: carried(moved(on(10, Queued), on(20, Done), on(50, Queued)), stay{10, ticket.ToDo}, stay{20, ticket.Done}), seen: []int{5, 40, 70},
			want: Ledger{QueuedAt: day(10), Waiting: 10 * oneDay, SentBack: 50 * oneDay, NeverStarted: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: hour, HandsOnWhileWaiting: 10 * time.Minute, RecurrencesAfter: 1},
		},
		"sprints it was moved on from, since it was queued and while somebody wanted it": {
			f:    bumped(carried(moved(on(20, Queued), on(40, Declined), on(60, Queued)), stay{-365, ticket.ToDo}), -30, 30, 50, 70),
			seen: []int{5},
			want: Ledger{QueuedAt: day(5), Waiting: 75 * oneDay, StillWaiting: true, Bumps: 2, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := LedgerOf(c.f, recurred(c.seen...), day(100)); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestDoneInJiraWithoutEvidenceIsNeverVerified(t *testing.T) {
	t.Parallel()
	f := carried(moved(on(10, Queued)), stay{10, ticket.ToDo}, stay{20, ticket.InProgress}, stay{30, ticket.Done})
	if err := f.Adopt(Done, day(30)); err != nil || f.State != Done || f.EvidenceURL != "" {
		t.Fatalf("%v, %+v", err, f)
	}
	if l := LedgerOf(f, nil, day(100)); !l.DoneAt.Equal(day(30)) || !l.ShippedAt.Equal(day(30)) {
		t.Errorf("it is done since day 30: %+v", l)
	}
	if VerifyDue(f, nil, day(100)) {
		t.Error("it was verified without evidence")
	}
	f.EvidenceURL = "https://example.com/test"
	if !VerifyDue(f, nil, day(100)) {
		t.Error("with evidence it is due")
	}
}

func TestAFixThatItsTicketShippedDoesNotHold(t *testing.T) {
	t.Parallel()
	f := carried(moved(on(10, Queued), on(35, Done)), stay{10, ticket.ToDo}, stay{30, ticket.Done}) // noticed five days later
	seen := recurred(5, 32)
	if !Hold(&f, seen, day(36)) || !f.FixFailedAt.Equal(day(32)) || f.State != Queued {
		t.Fatalf("the quiet period begins with the ticket's own done: %+v", f)
	}
	if !f.ShippedAt(day(37)).IsZero() {
		t.Error("it has shipped although it waits again")
	}
	if Hold(&f, seen, day(40)) {
		t.Error("the same recurrence failed it twice")
	}
	if err := f.Adopt(Done, day(60)); err != nil {
		t.Fatal(err)
	}
	f.Ticket.History.Intervals[1].To = day(50)
	f.Ticket.History.Intervals = append(f.Ticket.History.Intervals,
		ticket.Interval{From: day(50), To: day(60), Category: ticket.InProgress}, ticket.Interval{From: day(60), Category: ticket.Done})
	if got := f.ShippedAt(day(70)); !got.Equal(day(60)) {
		t.Errorf("shipped at %v, want when the ticket was done again", got)
	}
}
