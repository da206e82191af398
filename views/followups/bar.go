// Package followups shows promised changes: the list, one with its ledger, and the bar by which every page draws one.
package followups

import (
	"slices"
	"time"

	"upshot/app/followup"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/views/ui"
)

// Row is a follow-up with its ledger as of now, as every page shows it.
type Row struct {
	FollowUp followup.FollowUp
	Ledger   followup.Ledger
	Bar      ui.Bar
	State    ui.State
	Detail   string // its age: "74 d"
	// Waited lists what recurred while it waited, After what came back once it had shipped.
	Waited, After []problem.Occurrence
}

// RowOf makes the row of a follow-up; seen are the occurrences of its problem, in order of start.
func RowOf(f followup.FollowUp, seen []problem.Occurrence, now time.Time) Row {
	history := f.History(now)
	r := Row{FollowUp: f, Ledger: followup.LedgerOf(f, seen, now)}
	r.Waited, r.After = followup.Recurred(f, seen, now)
	r.State, r.Detail = StateNow(f, r.Ledger, now)
	r.Bar = barOf(r, history)
	return r
}

// RowWithin makes the row of a follow-up from what is kept of its ledger, and from those occurrences of its problem alone that a chart shows, in order: a
// failure may have come back thousands of times before.
func RowWithin(f followup.FollowUp, shown []problem.Occurrence, now time.Time) Row {
	r := Row{FollowUp: f, Ledger: followup.LedgerNow(f, now)}
	r.Waited, r.After = followup.RecurredOf(f, shown, now)
	r.State, r.Detail = StateNow(f, r.Ledger, now)
	r.Bar = barOf(r, f.History(now))
	return r
}

// BarOf is a follow-up's history as every page draws it. Seen is its problem's occurrences in order of start.
func BarOf(f followup.FollowUp, seen []problem.Occurrence, now time.Time) ui.Bar {
	return RowOf(f, seen, now).Bar
}

// StateNow is the state of a follow-up as a badge shows it, with its age.
func StateNow(f followup.FollowUp, l followup.Ledger, now time.Time) (ui.State, string) {
	since := ""
	if n := len(f.Moves); n > 0 {
		since = ui.Age(f.Moves[n-1].At, now)
	}
	switch f.State {
	case followup.Queued:
		switch {
		case failed(f):
			return ui.FixFailed, since
		case l.Incomplete:
			return ui.Waiting, ""
		case l.StillWaiting:
			return ui.Waiting, ui.Duration(l.Waiting)
		}
		return ui.SentBack, since
	case followup.InProgress:
		return ui.Working, since
	case followup.Done:
		if !l.ShippedAt.IsZero() && now.Before(l.ShippedAt.Add(followup.QuietPeriod)) {
			return ui.Quiet, ""
		}
		return ui.Done, ""
	}
	return ui.FollowUpState(string(f.State)), ""
}

// failed tells whether it is back in the backlog because it did not hold.
func failed(f followup.FollowUp) bool {
	n := len(f.Moves)
	return n > 1 && !f.FixFailedAt.IsZero() && f.State == followup.Queued &&
		(f.Moves[n-2].State == followup.Done || f.Moves[n-2].State == followup.Verified) && !f.FixFailedAt.Before(f.Moves[n-2].At)
}

func barOf(r Row, history []ticket.Interval) ui.Bar {
	f, l := r.FollowUp, r.Ledger
	b := ui.Bar{Ref: f.ID.String(), Now: string(r.State), Incomplete: l.Incomplete}
	if r.Detail != "" {
		b.Now += " " + r.Detail
	}
	if l.Incomplete || l.QueuedAt.IsZero() {
		return b
	}
	b.DoneAt, b.VerifiedAt = l.DoneAt, l.VerifiedAt
	if !l.ShippedAt.IsZero() {
		b.QuietUntil = l.ShippedAt.Add(followup.QuietPeriod)
	}
	gaveUp := f.State == followup.Declined && !f.FixFailedAt.IsZero()
	if finishes := ticket.Finishes(history); (failed(f) || gaveUp) && len(finishes) > 0 {
		b.DoneAt, b.FailedAt = finishes[len(finishes)-1].At, f.FixFailedAt
	}
	b.Segments = segments(history, l.QueuedAt, b.DoneAt)
	b.Marks = r.marks()
	if f.Ticket != nil {
		for _, x := range f.Ticket.History.Bumps {
			if !x.At.Before(l.QueuedAt) {
				b.Bumps = append(b.Bumps, x.At)
			}
		}
	}
	return b
}

// segments are the stretches in the backlog, under work and finished since it was queued, neighbours of one state
// joined; from doneAt on the bar shows what came after.
func segments(history []ticket.Interval, queuedAt, doneAt time.Time) []ui.Segment {
	var all []ui.Segment
	left := false
	for _, i := range ticket.Since(history, queuedAt) {
		state := ui.Waiting
		switch {
		case i.Category == ticket.InProgress:
			state, left = ui.Working, true
		case i.Category == ticket.Done:
			state, left = ui.Done, true
			if !doneAt.IsZero() && !i.From.Before(doneAt) {
				continue
			}
		case i.Category != ticket.ToDo:
			continue
		case left:
			state = ui.SentBack
		}
		if n := len(all); n > 0 && all[n-1].State == state && all[n-1].To.Equal(i.From) {
			all[n-1].To = i.To
			continue
		}
		all = append(all, ui.Segment{From: i.From, To: i.To, State: state})
	}
	return all
}

// marks are the recurrences while it waited, and those that came after it had shipped.
func (r Row) marks() []ui.Mark {
	var all []ui.Mark
	for _, o := range r.Waited {
		all = append(all, ui.Mark{At: o.DetectedAt, Impact: o.Impact})
	}
	for _, o := range r.After {
		all = append(all, ui.Mark{At: o.DetectedAt, Impact: o.Impact, After: true})
	}
	slices.SortStableFunc(all, func(a, b ui.Mark) int { return a.At.Compare(b.At) })
	return all
}

// ImpactAfter is how long users felt what recurred after the change had shipped.
func (r Row) ImpactAfter() time.Duration {
	var sum time.Duration
	for _, m := range r.Bar.Marks {
		if m.After {
			sum += m.Impact
		}
	}
	return sum
}

// Finished tells whether nobody has to do anything for it any more.
func (r Row) Finished() bool {
	switch r.FollowUp.State {
	case followup.Done, followup.Verified, followup.Declined, followup.Duplicate:
		return true
	}
	return false
}
