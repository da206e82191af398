package incident

import (
	"time"

	"upshot/app/fault"
)

// Loop is what an incident must know of its notes, follow-ups and decisions to close. Store fills it.
type Loop struct {
	Cause             bool // a confirmed cause or a contributing factor is noted, on it or on its problem
	PracticeFollowUps int  // of a practice kind, queued or further, on it or on its problem
	Decision          Decision
}

// Decision is a reasoned choice against a practice change, with a date to look again.
type Decision struct {
	Reason      string
	LookAgainOn string // a date such as 2027-01-15
	By          string
	At          time.Time
}

// Given tells whether there is a decision at all.
func (d Decision) Given() bool { return d.Reason != "" }

// Check says what is wrong with a decision that is being made now.
func (d Decision) Check(now time.Time) error {
	var c fault.Check
	c.That(len(d.Reason) >= 10, "decision.reason", "Say why in a sentence that others will understand in a year.")
	on, err := time.Parse(time.DateOnly, d.LookAgainOn)
	c.That(err == nil, "decision.look_again_on", "Give the day to look again, such as %s.", now.AddDate(0, 3, 0).Format(time.DateOnly))
	if err == nil {
		c.That(on.After(now), "decision.look_again_on", "The day to look again lies in the future.")
	}
	return c.Err()
}

// Missing is what stands between an incident and its closing.
type Missing struct {
	Resolved bool // it is not resolved yet
	Cause    bool // no confirmed cause or contributing factor
	Change   bool // significant, and neither a practice follow-up nor a decision
}

// Gate says what is missing before the incident may close (DESIGN.md, Lives). Maintenance and drills need nothing but an end.
func Gate(i Incident, l Loop) Missing {
	real := i.Kind == Real
	return Missing{
		Resolved: i.Status != Resolved && i.Status != Closed,
		Cause:    real && !l.Cause,
		Change:   real && i.Standing.Significant && l.PracticeFollowUps == 0 && !l.Decision.Given(),
	}
}

// None tells whether the gate is open.
func (m Missing) None() bool { return m == Missing{} }

// Err is a Conflict fault that says what to do, or nil when the gate is open.
func (m Missing) Err() error {
	if m.None() {
		return nil
	}
	f := fault.New(fault.Conflict, "It can't be closed yet.")
	add := func(missing bool, name, message string) {
		if missing {
			f.Fields = append(f.Fields, fault.Field{Name: name, Message: message})
		}
	}
	add(m.Resolved, "status", "Resolve it first.")
	add(m.Cause, "notes", "Note a confirmed cause or a contributing factor.")
	add(m.Change, "decision", "It is significant: promise a test, metric, dashboard, health check, alert, runbook or process change and queue it, or record a decision with a reason and a date to look again.")
	return f
}
