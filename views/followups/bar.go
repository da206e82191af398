// Package followups shows promised changes: the list, one with its ledger, and the bar by which every page draws one.
package followups

import (
	"strings"
	"time"

	"upshot/app/followup"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/views/ui"
)

// StateNow is the state of a follow-up as a badge shows it, with its age.
func StateNow(f followup.FollowUp, l followup.Ledger, now time.Time) (ui.State, string) {
	switch {
	case f.State == followup.Queued && !l.StartedAt.IsZero() && !l.StillWaiting:
		return ui.SentBack, ui.Duration(since(f, now))
	case f.State == followup.Queued:
		return ui.Waiting, ui.Duration(l.Waiting)
	case f.State == followup.InProgress:
		return ui.Working, ui.Duration(since(f, now))
	case f.State == followup.Done && !f.FixFailedAt.IsZero():
		return ui.FixFailed, ""
	case f.State == followup.Done && now.Before(l.ShippedAt.Add(followup.QuietPeriod)):
		return ui.Quiet, ""
	}
	return ui.FollowUpState(string(f.State)), ""
}

// since is how long it has been in its state.
func since(f followup.FollowUp, now time.Time) time.Duration {
	if n := len(f.Moves); n > 0 && f.Moves[n-1].At.Before(now) {
		return now.Sub(f.Moves[n-1].At)
	}
	return 0
}

// BarOf is a follow-up's history as every page draws it. Seen is its problem's occurrences in order of start.
func BarOf(f followup.FollowUp, seen []problem.Occurrence, now time.Time) ui.Bar {
	history := followup.Intervals(f, now)
	l := followup.LedgerOf(f, nil, seen, now)
	state, age := StateNow(f, l, now)
	b := ui.Bar{
		Ref: f.ID.String(), Now: strings.TrimSpace(string(state) + " " + age), Incomplete: l.Incomplete,
		DoneAt: l.DoneAt, VerifiedAt: l.VerifiedAt, FailedAt: f.FixFailedAt,
	}
	started := false
	for _, i := range history {
		g := ui.Segment{From: i.From, To: i.To}
		switch i.Category {
		case ticket.ToDo:
			g.State = ui.Waiting
			if started {
				g.State = ui.SentBack
			}
		case ticket.InProgress:
			g.State, started = ui.Working, true
		default:
			continue
		}
		b.Segments = append(b.Segments, g)
	}
	if !l.ShippedAt.IsZero() && f.State == followup.Done {
		b.QuietUntil = l.ShippedAt.Add(followup.QuietPeriod)
	}
	var firstDone time.Time
	for _, m := range f.Moves {
		if m.State != followup.Done {
			continue
		}
		if firstDone.IsZero() {
			firstDone = m.At
		}
		if l.DoneAt.IsZero() && !m.At.After(f.FixFailedAt) { // it was done, and came back
			b.DoneAt = m.At
		}
	}
	waited := map[problem.IncidentID]bool{}
	for _, o := range followup.RecurredWhileWaiting(f, nil, seen, now) {
		waited[o.Incident()] = true
		b.Marks = append(b.Marks, ui.Mark{At: o.DetectedAt, Impact: o.Impact})
	}
	for _, o := range seen {
		if !firstDone.IsZero() && !o.DetectedAt.Before(firstDone) && !waited[o.Incident()] {
			b.Marks = append(b.Marks, ui.Mark{At: o.DetectedAt, Impact: o.Impact, After: true})
		}
	}
	return b
}

// KindWords is the kind as people read it: "health check".
func KindWords(k followup.Kind) string { return strings.ReplaceAll(string(k), "_", " ") }
