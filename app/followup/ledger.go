package followup

import (
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// Ledger is what waiting for a change was, and what it cost.
type Ledger struct {
	QueuedAt time.Time // zero: never queued
	// StartedAt is the first time somebody started, before QueuedAt when work was under way by then; zero: not yet.
	StartedAt time.Time
	DoneAt    time.Time // last entry into done that was not left again
	// ShippedAt is the first production deployment, else done; zero: not yet, or not again since it was reopened.
	ShippedAt  time.Time
	VerifiedAt time.Time

	Waiting  time.Duration // from queued to the first start, or so far
	Working  time.Duration
	SentBack time.Duration // later returns into the backlog

	StillWaiting bool // nobody has started: Waiting grows
	NeverStarted bool // it went straight to done, and nobody ever worked on it: Waiting is the whole way
	Incomplete   bool // history partial or a status unknown: no figures are given
	Bumps        int  // moved to a later sprint while in the backlog

	RecurrencesWhileWaiting int           // occurrences with queued <= detected < shipped
	ImpactWhileWaiting      time.Duration // of those
	HandsOnWhileWaiting     time.Duration // of those
	RecurrencesAfter        int           // occurrences detected after it shipped
}

// Cost is what waiting cost: impact and hands-on time of what recurred meanwhile. It orders the queue.
func (l Ledger) Cost() time.Duration { return l.ImpactWhileWaiting + l.HandsOnWhileWaiting }

// LedgerOf adds up what waiting for a follow-up was. Seen is its problem's occurrences in order of start.
//
// When the fix failed or was reopened, what recurred between shipping and reopening counts as after the fix,
// and what recurs from then on counts as waiting again, until it ships once more.
func LedgerOf(f FollowUp, seen []problem.Occurrence, now time.Time) Ledger {
	history := withoutAside(f, f.History(now), now)
	l := Ledger{QueuedAt: queuedAt(f, history, seen, now), VerifiedAt: f.verifiedAt()}
	if l.QueuedAt.IsZero() {
		return Ledger{}
	}
	gap, whole := ticket.QueueGap(history, l.QueuedAt, now)
	if !whole {
		l.Incomplete = true
		return l
	}
	l.StartedAt, l.DoneAt = gap.StartedAt, gap.DoneAt
	l.Waiting, l.Working, l.SentBack = gap.Waiting, gap.Working, gap.SentBack
	l.StillWaiting, l.NeverStarted = gap.StillWaiting, gap.NeverStarted

	rounds := roundsOf(f, history)
	l.ShippedAt = rounds[len(rounds)-1].shippedAt
	waited, after := split(f, l.QueuedAt, rounds, seen, now)
	cost := TotalCost(waited)
	l.RecurrencesWhileWaiting, l.ImpactWhileWaiting, l.HandsOnWhileWaiting = cost.Recurrences, cost.Impact, cost.HandsOn
	l.RecurrencesAfter = len(after)
	l.Bumps = f.bumps(l.QueuedAt, now)
	return l
}

// bumps counts the sprints that its ticket was moved on from since it was queued.
func (f FollowUp) bumps(queued, now time.Time) int {
	n := 0
	if f.Ticket != nil {
		for _, b := range f.Ticket.History.Bumps {
			if !b.At.Before(queued) && !b.At.After(now) && !f.asideAt(b.At) {
				n++
			}
		}
	}
	return n
}

// RecurredWhileWaiting lists the occurrences that LedgerOf counts as the cost of waiting, in order.
func RecurredWhileWaiting(f FollowUp, seen []problem.Occurrence, now time.Time) []problem.Occurrence {
	waited, _ := Recurred(f, seen, now)
	return waited
}

// Recurred lists the occurrences that LedgerOf counts as the cost of waiting, and those that came after it had
// shipped, each in order.
func Recurred(f FollowUp, seen []problem.Occurrence, now time.Time) (waited, after []problem.Occurrence) {
	history := withoutAside(f, f.History(now), now)
	queued := queuedAt(f, history, seen, now)
	if queued.IsZero() || !ticket.Whole(history) {
		return nil, nil
	}
	return split(f, queued, roundsOf(f, history), seen, now)
}

// Cost is what recurred, and what that took from users and from those who ended it.
type Cost struct {
	Recurrences int
	Impact      time.Duration
	HandsOn     time.Duration
}

// TotalCost adds up what recurred while several follow-ups waited. An occurrence counts once, however many of
// them answer it.
func TotalCost(waited ...[]problem.Occurrence) Cost {
	var total Cost
	counted := map[incident.ID]bool{}
	for _, occurrences := range waited {
		for _, o := range occurrences {
			if counted[o.Incident()] {
				continue
			}
			counted[o.Incident()] = true
			total.Recurrences++
			total.Impact += o.Impact
			total.HandsOn += o.HandsOn
		}
	}
	return total
}

// LedgerNow is the ledger as it is kept, with the lengths that grow as of now. It needs no occurrences: how often it recurred, and what that cost, is as of
// the last change of the follow-up or of its problem's history.
func LedgerNow(f FollowUp, now time.Time) Ledger {
	l := f.Kept
	if l.QueuedAt.IsZero() || l.Incomplete {
		return l
	}
	gap, whole := ticket.QueueGap(withoutAside(f, f.History(now), now), l.QueuedAt, now)
	if whole {
		l.Waiting, l.Working, l.SentBack = gap.Waiting, gap.Working, gap.SentBack
	}
	return l
}

// RecurredOf sorts some of the occurrences of its problem as Recurred does, by when it was queued as that is kept.
func RecurredOf(f FollowUp, some []problem.Occurrence, now time.Time) (waited, after []problem.Occurrence) {
	if f.Kept.QueuedAt.IsZero() || f.Kept.Incomplete {
		return nil, nil
	}
	return split(f, f.Kept.QueuedAt, roundsOf(f, withoutAside(f, f.History(now), now)), some, now)
}

// Costs is what waiting for the open follow-ups of one problem cost in impact and hands-on time, an occurrence once: of all of them, and of
// each team's. 0 is the team of those that have none.
type Costs struct {
	All   time.Duration
	Teams map[catalog.TeamID]time.Duration
}

// CostsOf adds up what recurred while open follow-ups of a problem waited.
func CostsOf(open []FollowUp, seen []problem.Occurrence, now time.Time) Costs {
	total := func(waited [][]problem.Occurrence) time.Duration {
		cost := TotalCost(waited...)
		return (cost.Impact + cost.HandsOn).Truncate(time.Second)
	}
	var all [][]problem.Occurrence
	teams := map[catalog.TeamID][][]problem.Occurrence{}
	for _, f := range open {
		if waited := RecurredWhileWaiting(f, seen, now); len(waited) > 0 {
			all = append(all, waited)
			teams[f.Team] = append(teams[f.Team], waited)
		}
	}
	c := Costs{All: total(all), Teams: map[catalog.TeamID]time.Duration{}}
	for team, waited := range teams {
		if cost := total(waited); cost > 0 {
			c.Teams[team] = cost
		}
	}
	return c
}

// categories says what each state means for waiting. Proposed is no promise yet.
var categories = map[State]ticket.Category{
	Queued: ticket.ToDo, InProgress: ticket.InProgress, Done: ticket.Done, Verified: ticket.Done,
	Declined: ticket.Aside, Duplicate: ticket.Aside,
}

// Intervals is a follow-up's own history up to now, for one without a ticket. It begins with the promise, or
// with the corrected moment of queueing; a proposal is none, and a declined change is set aside until it is
// promised again.
func Intervals(f FollowUp, now time.Time) []ticket.Interval {
	var history []ticket.Interval
	for _, m := range f.Moves {
		category := categories[m.State]
		switch {
		case m.At.After(now):
			continue
		case len(history) == 0 && (category == "" || category == ticket.Aside):
			continue
		case m.State == Proposed: // again, after it was declined: still no promise
			category = ticket.Aside
		}
		if n := len(history); n > 0 {
			history[n-1].To = m.At
		}
		history = append(history, ticket.Interval{From: m.At, Status: string(m.State), Category: category})
	}
	if f.QueuedByHandAt.IsZero() || len(history) == 0 {
		return history
	}
	if first := &history[0]; f.QueuedByHandAt.Before(first.From) && first.Category == ticket.ToDo {
		first.From = f.QueuedByHandAt
	}
	history = ticket.Since(history, f.QueuedByHandAt)
	if history[0].Status == "" {
		history[0].Status = string(Queued)
	}
	return history
}

// History is a follow-up's way through the backlog up to now: its ticket's, once that was read, else its own. A ticket whose
// history could not be read whole gives one that figures are withheld from.
//
// What happened here before the ticket was created comes first: a promise is older than the ticket that was filed late, and an
// earlier ticket may have been done when this one took its place.
//
// When the change did not hold, or was reopened here, after its ticket was done, our own moves say how it goes on until the
// ticket leaves done as well.
func (f FollowUp) History(now time.Time) []ticket.Interval {
	if f.Ticket == nil || f.Ticket.ReadAt.IsZero() || len(f.Ticket.History.Intervals) == 0 {
		return Intervals(f, now)
	}
	if !f.Ticket.History.Usable() {
		return []ticket.Interval{{From: f.Ticket.CreatedAt, Category: ticket.Unknown}}
	}
	history := upTo(f.Ticket.History.Intervals, now)
	if len(history) == 0 {
		return Intervals(f, now)
	}
	history = append(before(Intervals(f, now), history[0].From), history...)
	stays := ticket.Finishes(history)
	if len(stays) == 0 || !stays[len(stays)-1].LeftAt.IsZero() {
		return history
	}
	reopened := f.reopenedAfter(stays[len(stays)-1].At, now)
	if reopened.IsZero() {
		return history
	}
	own := ticket.Since(Intervals(f, now), reopened)
	own[0].Status = "reopened in Upshot"
	return append(before(history, reopened), own...)
}

// reopenedAfter is when a move here last left done, if that was after the moment; zero: none did.
func (f FollowUp) reopenedAfter(doneAt, now time.Time) time.Time {
	var at time.Time
	for n := 1; n < len(f.Moves) && !f.Moves[n].At.After(now); n++ {
		left := categories[f.Moves[n-1].State] == ticket.Done && categories[f.Moves[n].State] != ticket.Done
		if left && f.Moves[n].At.After(doneAt) {
			at = f.Moves[n].At
		}
	}
	return at
}

// before is the part of a history up to a moment, at which it ends.
func before(history []ticket.Interval, at time.Time) []ticket.Interval {
	var part []ticket.Interval
	for _, i := range history {
		if !i.From.Before(at) {
			break
		}
		if i.To.IsZero() || i.To.After(at) {
			i.To = at
		}
		part = append(part, i)
	}
	return part
}

// upTo is the part of a history before a moment; its last interval lasts.
func upTo(history []ticket.Interval, now time.Time) []ticket.Interval {
	var part []ticket.Interval
	for _, i := range history {
		if i.From.After(now) {
			break
		}
		if i.To.After(now) {
			i.To = time.Time{}
		}
		part = append(part, i)
	}
	return part
}

// withoutAside takes out of a history the times when the follow-up was declined or a duplicate.
func withoutAside(f FollowUp, history []ticket.Interval, now time.Time) []ticket.Interval {
	var from time.Time
	var state State
	for _, m := range f.Moves {
		if m.At.After(now) {
			break
		}
		aside := categories[m.State] == ticket.Aside
		switch {
		case aside && from.IsZero():
			from, state = m.At, m.State
		case !aside && m.State != Proposed && !from.IsZero():
			history = ticket.SetAside(history, from, m.At, string(state))
			from = time.Time{}
		}
	}
	if !from.IsZero() {
		history = ticket.SetAside(history, from, time.Time{}, string(state))
	}
	return history
}

// queuedAt is when the waiting began: as corrected by hand, else the earlier of the promise and, with a ticket,
// the later of the ticket's creation and the first occurrence the follow-up answers.
func queuedAt(f FollowUp, history []ticket.Interval, seen []problem.Occurrence, now time.Time) time.Time {
	switch {
	case len(history) == 0: // nobody promised anything, so there is nothing to correct
		return time.Time{}
	case !f.QueuedByHandAt.IsZero():
		return f.QueuedByHandAt
	}
	var at time.Time
	for _, m := range f.Moves {
		if c := categories[m.State]; c != "" && c != ticket.Aside && !m.At.After(now) {
			at = m.At
			break
		}
	}
	created := history[0].From
	if first := firstAnswered(f, seen); first.After(created) {
		created = first
	}
	if at.IsZero() || created.Before(at) {
		at = created
	}
	return at
}

// firstAnswered is when the first occurrence was detected that holds one of the follow-up's incidents; the
// problem's first where it names none of them; zero when nothing was seen.
func firstAnswered(f FollowUp, seen []problem.Occurrence) time.Time {
	for _, o := range seen {
		for _, id := range f.Incidents {
			if o.Holds(id) {
				return o.DetectedAt
			}
		}
	}
	if len(seen) > 0 {
		return seen[0].DetectedAt
	}
	return time.Time{}
}

// round is one way through the backlog: it waits until it ships, and has shipped until it is reopened.
type round struct {
	shippedAt, reopenedAt time.Time
}

// roundsOf gives every way through the backlog; the last one was not reopened. Shipped by hand and deployed
// belong to the round in which they lie; a round without either ships when it is done.
func roundsOf(f FollowUp, history []ticket.Interval) []round {
	marked := f.ShippedByHandAt
	if marked.IsZero() {
		marked = f.DeployedAt
	}
	var rounds []round
	var begun time.Time // of the round
	ship := func(doneAt, reopenedAt time.Time) {
		r := round{shippedAt: doneAt, reopenedAt: reopenedAt}
		if !marked.IsZero() && !marked.Before(begun) && (reopenedAt.IsZero() || marked.Before(reopenedAt)) {
			r.shippedAt = marked
		}
		rounds = append(rounds, r)
		begun = reopenedAt
	}
	for _, stay := range ticket.Finishes(history) {
		ship(stay.At, stay.LeftAt)
	}
	if n := len(rounds); n == 0 || !rounds[n-1].reopenedAt.IsZero() {
		ship(time.Time{}, time.Time{})
	}
	return rounds
}

// split sorts what was seen since the queueing into what recurred while it waited and what recurred after it shipped.
func split(f FollowUp, queued time.Time, rounds []round, seen []problem.Occurrence, now time.Time) (waited, after []problem.Occurrence) {
	for _, o := range seen {
		at := o.DetectedAt
		if at.After(now) || f.asideAt(at) {
			continue
		}
		n := 0
		for n < len(rounds)-1 && !at.Before(rounds[n].reopenedAt) {
			n++
		}
		switch shipped := rounds[n].shippedAt; {
		case !shipped.IsZero() && !at.Before(shipped):
			after = append(after, o)
		case !at.Before(queued):
			waited = append(waited, o)
		}
	}
	return waited, after
}

// asideAt tells whether the follow-up was declined or a duplicate at that moment.
func (f FollowUp) asideAt(at time.Time) bool {
	aside := false
	for _, m := range f.Moves {
		if m.At.After(at) {
			break
		}
		switch {
		case categories[m.State] == ticket.Aside:
			aside = true
		case m.State != Proposed:
			aside = false
		}
	}
	return aside
}

// verifiedAt is when it was verified, if it still is.
func (f FollowUp) verifiedAt() time.Time {
	if n := len(f.Moves); n > 0 && f.State == Verified && f.Moves[n-1].State == Verified {
		return f.Moves[n-1].At
	}
	return time.Time{}
}

// ShippedAt is when the change reached users: set by hand, else deployed to
// production, else done; zero: not yet, or not again since it was reopened.
func (f FollowUp) ShippedAt(now time.Time) time.Time {
	rounds := roundsOf(f, withoutAside(f, f.History(now), now))
	return rounds[len(rounds)-1].shippedAt
}
