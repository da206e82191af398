package followup

import (
	"reflect"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/ticket"
)

var day0 = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const oneDay = 24 * time.Hour

func day(n int) time.Time { return day0.AddDate(0, 0, n) }

// on is the entering of a state so many days after day0.
func on(n int, s State) Move { return Move{State: s, At: day(n)} }

// moved is a follow-up that went this way.
func moved(moves ...Move) FollowUp {
	return FollowUp{ID: 12, State: moves[len(moves)-1].State, Moves: moves}
}

// recurred are occurrences on these days, each of an hour's impact and ten minutes' hands-on time.
func recurred(days ...int) []problem.Occurrence {
	var members []problem.Member
	for n, d := range days {
		members = append(members, problem.Member{
			Incident: incident.ID(n + 1), StartedAt: day(d), DetectedAt: day(d), RestoredAt: day(d).Add(time.Hour),
			Impact: time.Hour, HandsOn: 10 * time.Minute,
		})
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, day(100))
}

func TestLedgerOf(t *testing.T) {
	t.Parallel()
	handed := func(f FollowUp, change func(*FollowUp)) FollowUp { change(&f); return f }
	todo := func(from, to int) ticket.Interval {
		return ticket.Interval{From: day(from), To: day(to), Status: "To Do", Category: ticket.ToDo}
	}
	lasting := func(from int, c ticket.Category) ticket.Interval {
		return ticket.Interval{From: day(from), Status: string(c), Category: c}
	}
	cases := map[string]struct {
		f       FollowUp
		history []ticket.Interval
		seen    []problem.Occurrence
		want    Ledger
	}{
		"a proposal does not wait": {
			f: moved(on(0, Proposed)), seen: recurred(10), want: Ledger{},
		},
		"waiting since the promise; what recurs meanwhile is the cost": {
			f: moved(on(0, Proposed), on(10, Queued)), seen: recurred(-5, 5, 10, 30, 60),
			want: Ledger{QueuedAt: day(10), Waiting: 90 * oneDay, StillWaiting: true, RecurrencesWhileWaiting: 3, ImpactWhileWaiting: 3 * time.Hour, HandsOnWhileWaiting: 30 * time.Minute},
		},
		"it costs until it ships, not until it starts": {
			f: moved(on(0, Queued), on(20, InProgress), on(40, Done)), seen: recurred(-1, 10, 30),
			want: Ledger{QueuedAt: day(0), StartedAt: day(20), DoneAt: day(40), ShippedAt: day(40), Waiting: 20 * oneDay, Working: 20 * oneDay, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour, HandsOnWhileWaiting: 20 * time.Minute},
		},
		"sent back": {
			f:    moved(on(0, Queued), on(10, InProgress), on(15, Queued), on(40, InProgress)),
			want: Ledger{QueuedAt: day(0), StartedAt: day(10), Waiting: 10 * oneDay, Working: 65 * oneDay, SentBack: 25 * oneDay},
		},
		"done without start": {
			f:    moved(on(0, Queued), on(30, Done)),
			want: Ledger{QueuedAt: day(0), DoneAt: day(30), ShippedAt: day(30), Waiting: 30 * oneDay, NeverStarted: true},
		},
		"a recurrence at the very moment of shipping is after it": {
			f: moved(on(0, Queued), on(30, Done)), seen: recurred(-1, 30),
			want: Ledger{QueuedAt: day(0), DoneAt: day(30), ShippedAt: day(30), Waiting: 30 * oneDay, NeverStarted: true, RecurrencesAfter: 1},
		},
		"a deployment ships it, later than done": {
			f: handed(moved(on(0, Queued), on(30, Done)), func(f *FollowUp) { f.DeployedAt = day(40) }), seen: recurred(-1, 35, 50),
			want: Ledger{QueuedAt: day(0), DoneAt: day(30), ShippedAt: day(40), Waiting: 30 * oneDay, NeverStarted: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, HandsOnWhileWaiting: 10 * time.Minute, RecurrencesAfter: 1},
		},
		"a deployment ships it while it is still worked on": {
			f: handed(moved(on(0, Queued), on(10, InProgress)), func(f *FollowUp) { f.DeployedAt = day(40) }), seen: recurred(-1, 50),
			want: Ledger{QueuedAt: day(0), StartedAt: day(10), ShippedAt: day(40), Waiting: 10 * oneDay, Working: 90 * oneDay, RecurrencesAfter: 1},
		},
		"shipped as corrected by hand": {
			f:    handed(moved(on(0, Queued), on(30, Done)), func(f *FollowUp) { f.DeployedAt, f.ShippedByHandAt = day(40), day(45) }),
			want: Ledger{QueuedAt: day(0), DoneAt: day(30), ShippedAt: day(45), Waiting: 30 * oneDay, NeverStarted: true},
		},
		"reopened: what recurred before was after the fix, what recurs now costs again": {
			f: moved(on(0, Queued), on(10, Done), on(30, Queued)), seen: recurred(-1, 5, 20, 50),
			want: Ledger{QueuedAt: day(0), Waiting: 10 * oneDay, SentBack: 70 * oneDay, NeverStarted: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour, HandsOnWhileWaiting: 20 * time.Minute, RecurrencesAfter: 1},
		},
		"reopened and done again: the old deployment does not ship it again": {
			f:    handed(moved(on(0, Queued), on(10, Done), on(30, Queued), on(60, InProgress), on(70, Done)), func(f *FollowUp) { f.DeployedAt = day(12) }),
			seen: recurred(-1, 11, 20, 50, 80),
			want: Ledger{QueuedAt: day(0), StartedAt: day(60), DoneAt: day(70), ShippedAt: day(70), Waiting: 10 * oneDay, Working: 10 * oneDay, SentBack: 30 * oneDay, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour, HandsOnWhileWaiting: 20 * time.Minute, RecurrencesAfter: 2},
		},
		"verified is done still": {
			f:    moved(on(0, Queued), on(10, InProgress), on(20, Done), on(60, Verified)),
			want: Ledger{QueuedAt: day(0), StartedAt: day(10), DoneAt: day(20), ShippedAt: day(20), VerifiedAt: day(60), Waiting: 10 * oneDay, Working: 10 * oneDay},
		},
		"declined stops the waiting": {
			f: moved(on(0, Queued), on(20, Declined)), seen: recurred(-1, 10, 30),
			want: Ledger{QueuedAt: day(0), Waiting: 20 * oneDay, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"a duplicate waits no longer": {
			f:    moved(on(0, Queued), on(20, Duplicate)),
			want: Ledger{QueuedAt: day(0), Waiting: 20 * oneDay},
		},
		"queued again after it was declined: the time between is no waiting": {
			f: moved(on(0, Queued), on(20, Declined), on(50, Proposed), on(60, Queued)), seen: recurred(-1, 10, 30, 55, 70),
			want: Ledger{QueuedAt: day(0), Waiting: 60 * oneDay, StillWaiting: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour, HandsOnWhileWaiting: 20 * time.Minute},
		},
		"queued corrected to earlier": {
			f: handed(moved(on(30, Queued), on(40, InProgress)), func(f *FollowUp) { f.QueuedByHandAt = day(10) }), seen: recurred(-1, 20),
			want: Ledger{QueuedAt: day(10), StartedAt: day(40), Waiting: 30 * oneDay, Working: 60 * oneDay, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"queued corrected to later": {
			f: handed(moved(on(0, Queued), on(40, InProgress)), func(f *FollowUp) { f.QueuedByHandAt = day(10) }), seen: recurred(-1, 5),
			want: Ledger{QueuedAt: day(10), StartedAt: day(40), Waiting: 30 * oneDay, Working: 60 * oneDay},
		},
		"a ticket filed late keeps the day of the promise": {
			f: moved(on(10, Queued)), history: []ticket.Interval{lasting(30, ticket.ToDo)}, seen: recurred(5),
			want: Ledger{QueuedAt: day(10), Waiting: 90 * oneDay, StillWaiting: true},
		},
		"a ticket found later counts from its own creation": {
			f: moved(on(50, Queued)), history: []ticket.Interval{lasting(30, ticket.ToDo)}, seen: recurred(5),
			want: Ledger{QueuedAt: day(30), Waiting: 70 * oneDay, StillWaiting: true},
		},
		"a year-old ticket counts from the first occurrence it answers": {
			f: moved(on(50, Queued)), history: []ticket.Interval{lasting(-365, ticket.ToDo)}, seen: recurred(5, 20),
			want: Ledger{QueuedAt: day(5), Waiting: 95 * oneDay, StillWaiting: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour, HandsOnWhileWaiting: 20 * time.Minute},
		},
		"the first occurrence it answers is that of its own incidents": {
			f:       handed(moved(on(50, Queued)), func(f *FollowUp) { f.Incidents = []incident.ID{2} }),
			history: []ticket.Interval{lasting(-365, ticket.ToDo)}, seen: recurred(5, 20),
			want: Ledger{QueuedAt: day(20), Waiting: 80 * oneDay, StillWaiting: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"started before it was queued": {
			f: moved(on(50, Queued)), history: []ticket.Interval{todo(-365, -20), lasting(-20, ticket.InProgress)}, seen: recurred(5),
			want: Ledger{QueuedAt: day(5), StartedAt: day(-20), Working: 95 * oneDay, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour, HandsOnWhileWaiting: 10 * time.Minute},
		},
		"declined here though the ticket waits on": {
			f: moved(on(10, Queued), on(40, Declined)), history: []ticket.Interval{lasting(10, ticket.ToDo)}, seen: recurred(5, 60),
			want: Ledger{QueuedAt: day(10), Waiting: 30 * oneDay},
		},
		"a status nobody can place: no figure": {
			f: moved(on(10, Queued)), history: []ticket.Interval{todo(10, 20), lasting(20, ticket.Unknown)}, seen: recurred(5, 15),
			want: Ledger{QueuedAt: day(10), Incomplete: true},
		},
		"a hole in the ticket's history: no figure": {
			f: moved(on(10, Queued)), history: []ticket.Interval{todo(10, 20), lasting(25, ticket.Done)},
			want: Ledger{QueuedAt: day(10), Incomplete: true},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.history != nil {
				c.f.Ticket = &ticket.Ticket{ReadAt: day(100), CreatedAt: c.history[0].From, History: ticket.History{Intervals: c.history}}
			}
			if got := LedgerOf(c.f, c.seen, day(100)); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestFlappingCountsOnce(t *testing.T) {
	t.Parallel()
	at := day(10)
	flapping := problem.History([]problem.Member{
		{Incident: 1, StartedAt: at, DetectedAt: at, RestoredAt: at.Add(time.Hour), Impact: time.Hour},
		{Incident: 2, StartedAt: at.Add(80 * time.Minute), DetectedAt: at.Add(80 * time.Minute), RestoredAt: at.Add(2 * time.Hour), Impact: 40 * time.Minute},
	}, problem.FlapWindow, problem.RecurrenceWindow, day(100))
	l := LedgerOf(moved(on(0, Queued)), flapping, day(100))
	if l.RecurrencesWhileWaiting != 1 || l.ImpactWhileWaiting != 100*time.Minute {
		t.Errorf("got %d recurrences and %v, want one of 1h40m", l.RecurrencesWhileWaiting, l.ImpactWhileWaiting)
	}
}

func TestImpactOfWhatGoesOnIsSoFar(t *testing.T) {
	t.Parallel()
	seen := problem.History([]problem.Member{{Incident: 1, StartedAt: day(99), DetectedAt: day(99), Ongoing: true}}, problem.FlapWindow, problem.RecurrenceWindow, day(100))
	if l := LedgerOf(moved(on(0, Queued)), seen, day(100)); l.ImpactWhileWaiting != oneDay || l.Cost() != oneDay {
		t.Errorf("got %v, want a day so far", l.ImpactWhileWaiting)
	}
}

func TestTwoFollowUpsOnOneProblem(t *testing.T) {
	t.Parallel()
	now, seen := day(100), recurred(-1, 10, 30, 60)
	first, second := moved(on(0, Queued), on(40, Done)), moved(on(20, Queued))
	if l := LedgerOf(first, seen, now); l.RecurrencesWhileWaiting != 2 || l.RecurrencesAfter != 1 {
		t.Errorf("the first: got %+v", l)
	}
	if l := LedgerOf(second, seen, now); l.RecurrencesWhileWaiting != 2 || l.RecurrencesAfter != 0 {
		t.Errorf("the second: got %+v", l)
	}
	got := TotalCost(RecurredWhileWaiting(first, seen, now), RecurredWhileWaiting(second, seen, now))
	want := Cost{Recurrences: 3, Impact: 3 * time.Hour, HandsOn: 30 * time.Minute}
	if got != want {
		t.Errorf("together: got %+v, want each occurrence once: %+v", got, want)
	}
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	f := moved(on(0, Proposed), on(5, Queued), on(20, Declined), on(50, Proposed), on(60, Queued), on(70, InProgress), on(80, Done), on(90, Verified))
	got := Intervals(f, day(85))
	want := []ticket.Interval{
		{From: day(5), To: day(20), Status: "queued", Category: ticket.ToDo},
		{From: day(20), To: day(50), Status: "declined", Category: ticket.Aside},
		{From: day(50), To: day(60), Status: "proposed", Category: ticket.Aside},
		{From: day(60), To: day(70), Status: "queued", Category: ticket.ToDo},
		{From: day(70), To: day(80), Status: "in_progress", Category: ticket.InProgress},
		{From: day(80), Status: "done", Category: ticket.Done},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for name, moves := range map[string][]Move{"never promised": {on(0, Proposed)}, "declined at once": {on(0, Proposed), on(1, Declined)}} {
		if got := Intervals(moved(moves...), day(100)); got != nil {
			t.Errorf("%s: got %v, want none", name, got)
		}
	}
}
