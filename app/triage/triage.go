// Package triage knows who answers for an incident: which team accepted it, how often it was passed on and why, and how well
// the first judgement of its cause stood.
package triage

import (
	"slices"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/incident"
)

// ListedAfterEnd is how long an incident that is over still waits in an inbox: what ended earlier is history.
const ListedAfterEnd = 7 * 24 * time.Hour

// Judgements are the classes of cause that people choose from at triage: first those that tell operations from
// development, then the rest of what notes know.
var Judgements = []string{"configuration", "code", "data", "dependency", "unknown", "capacity", "deployment", "process"}

// HandOff is one team passing an incident on to another, which has not accepted it by that.
type HandOff struct {
	From, To catalog.TeamID // From is 0 when nobody had it
	Reason   string
	By       string // the actor's name
	At       time.Time
}

// Acceptance is a team saying that it answers for an incident.
type Acceptance struct {
	Team   catalog.TeamID // 0: nobody has
	By     string
	At     time.Time
	Passed int // the hand-offs before it
}

// Judged is what somebody took the cause for.
type Judged struct {
	Class string // of Judgements; empty: nobody has
	By    string
	At    time.Time
}

// Noted are the classes of cause that the notes give, on the incident or its problem; empty where there is none.
type Noted struct{ Cause, Factor string }

// Triage is what was said about one incident.
type Triage struct {
	Incident  incident.ID
	Accepted  Acceptance     // the latest one
	HandOffs  []HandOff      // oldest first
	First     Judged         // never changes
	Later     Judged         // the latest after the first
	TriagedAt time.Time      // the first acceptance or hand-off
	TriagedBy catalog.TeamID // the team that gave it; 0 unknown
	Noted     Noted          // as read; not kept here
}

// Began is when somebody could have triaged the incident: when it was declared, or when it came to be known here if
// that was later.
func Began(i incident.Incident) time.Time {
	if i.Moments.DeclaredAt.After(i.CreatedAt) {
		return i.Moments.DeclaredAt
	}
	return i.CreatedAt
}

// Accountable is the team that answers for the incident, or 0.
func (t Triage) Accountable() catalog.TeamID {
	if len(t.HandOffs) == t.Accepted.Passed {
		return t.Accepted.Team
	}
	return 0
}

// Offered is the latest hand-off, while nobody has accepted since; else the zero HandOff.
func (t Triage) Offered() HandOff {
	if n := len(t.HandOffs); n > t.Accepted.Passed {
		return t.HandOffs[n-1]
	}
	return HandOff{}
}

// Accept makes the team answer for the incident. Whoever answers for it already has to hand it over first.
func (t *Triage) Accept(team catalog.TeamID, by string, now time.Time) error {
	var c fault.Check
	c.That(team != 0, "team", "Choose the team that answers for it.")
	if err := c.Err(); err != nil {
		return err
	}
	switch t.Accountable() {
	case team:
		return fault.New(fault.Conflict, "That team answers for it already.")
	case 0:
	default:
		return fault.New(fault.Conflict, "Another team answers for it. It has to hand it over first.")
	}
	t.Accepted = Acceptance{Team: team, By: by, At: now, Passed: len(t.HandOffs)}
	t.triaged(team, now)
	return nil
}

// Holder is the team that has the incident: it answers for it, or was handed it and has not accepted. 0: none.
func (t Triage) Holder() catalog.TeamID {
	if team := t.Accountable(); team != 0 {
		return team
	}
	return t.Offered().To
}

// HandOver passes the incident on: from the team that answers for it, else from the one that h names, else from the one
// that was handed it.
func (t *Triage) HandOver(h HandOff) error {
	switch has := t.Accountable(); {
	case has != 0:
		h.From = has
	case h.From == 0:
		h.From = t.Offered().To
	}
	h.Reason = strings.TrimSpace(h.Reason)
	var c fault.Check
	c.That(h.To != 0, "team", "Choose the team that it goes to.")
	c.That(h.To == 0 || h.To != h.From && h.To != t.Holder(), "team", "That team has it already.")
	c.That(len(h.Reason) >= 3, "reason", "Say why it is theirs: they read it first.")
	c.That(len(h.Reason) <= 10_000, "reason", "At most 10,000 characters.")
	if err := c.Err(); err != nil {
		return err
	}
	t.HandOffs = append(slices.Clone(t.HandOffs), h)
	t.triaged(h.From, h.At)
	return nil
}

// Judge notes what somebody takes the cause for. The first judgement stays for ever; a later one stands beside it.
func (t *Triage) Judge(class, by string, now time.Time) error {
	var c fault.Check
	c.That(slices.Contains(Judgements, class), "judgement", "Choose where the cause lies, or unknown.")
	if err := c.Err(); err != nil {
		return err
	}
	j := Judged{Class: class, By: by, At: now}
	if t.First.Class == "" {
		t.First = j
	} else if class != t.Judgement().Class {
		t.Later = j
	}
	return nil
}

// Judgement is the latest one that a person gave.
func (t Triage) Judgement() Judged {
	if t.Later.Class != "" {
		return t.Later
	}
	return t.First
}

func (t *Triage) triaged(team catalog.TeamID, at time.Time) {
	if t.TriagedAt.IsZero() {
		t.TriagedAt, t.TriagedBy = at, team
	}
}

// Until tells whether an incident is one that a team must answer for, and until when it is listed while none does: for
// ever while it goes on, and for some days after its end.
func Until(i incident.Incident) (until time.Time, counts bool) {
	switch {
	case !i.Counts():
		return time.Time{}, false
	case i.Status == incident.Open || i.Status == incident.Mitigated:
		return forEver, true
	}
	m := i.Moments
	for _, end := range []time.Time{m.ResolvedAt, m.ClosedAt, m.RestoredAt, m.StartedAt} {
		if !end.IsZero() {
			return end.Add(ListedAfterEnd), true
		}
	}
	return time.Time{}, false
}

// forEver is later than any moment that is asked about, and can be kept.
var forEver = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
