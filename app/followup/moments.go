package followup

import (
	"time"

	"upshot/app/fault"
)

// Correction says when a follow-up really was queued and shipped. A nil moment stays as it is, a zero one takes the
// correction back: then the moves and the deployment say it again.
type Correction struct {
	QueuedAt, ShippedAt *time.Time
	Reason              string
}

// earliest bounds what can be a moment at all.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// Correct changes when it was queued and when it shipped. Only what was promised can be corrected, and only what is
// done can have shipped.
func (f *FollowUp) Correct(c Correction, now time.Time) error {
	var check fault.Check
	check.That(c.Reason != "", "reason", "Say why the moment was not right.")
	check.That(len(c.Reason) <= 1000, "reason", "At most 1,000 characters.")
	for _, m := range []struct {
		name string
		at   *time.Time
	}{{"queued_at", c.QueuedAt}, {"shipped_at", c.ShippedAt}} {
		if m.at == nil || m.at.IsZero() {
			continue
		}
		check.That(m.at.After(earliest), m.name, "This is before 1990.")
		check.That(!m.at.After(now), m.name, "This is in the future.")
	}
	queued, shipped := f.QueuedByHandAt, f.ShippedByHandAt
	if c.QueuedAt != nil {
		queued = *c.QueuedAt
	}
	if c.ShippedAt != nil {
		shipped = *c.ShippedAt
	}
	promised, done := false, f.State == Done || f.State == Verified
	for _, m := range f.Moves {
		promised = promised || categories[m.State] != "" && m.State != Declined && m.State != Duplicate
	}
	check.That(promised || queued.IsZero(), "queued_at", "Queue it first; then the moment can be corrected.")
	check.That(done || c.ShippedAt == nil || shipped.IsZero(), "shipped_at", "Only a change that is done can have shipped.")
	check.That(queued.IsZero() || shipped.IsZero() || !shipped.Before(queued), "shipped_at", "It shipped before it was queued.")
	if err := check.Err(); err != nil {
		return err
	}
	f.QueuedByHandAt, f.ShippedByHandAt = queued, shipped
	return nil
}
