package incident

import (
	"time"

	"upshot/app/fault"
	"upshot/app/problem"
)

// Acknowledge notes that somebody took it on.
func (i *Incident) Acknowledge(now time.Time) error {
	return i.reach(AcknowledgedAt, now, i.Status)
}

// Mitigate notes that the worst is over.
func (i *Incident) Mitigate(now time.Time) error {
	if i.Status != Open {
		return i.tooLate("mitigated")
	}
	return i.reach(MitigatedAt, now, Mitigated)
}

// Restore notes that users no longer feel it; the work may go on.
func (i *Incident) Restore(now time.Time) error {
	if i.Status != Open && i.Status != Mitigated {
		return i.tooLate("restored")
	}
	return i.reach(RestoredAt, now, Mitigated)
}

// Resolve notes that the incident is over, and what ended it. A moment of restoring that nobody noted becomes the same.
func (i *Incident) Resolve(now time.Time, by Ending) error {
	if i.Status != Open && i.Status != Mitigated {
		return i.tooLate("resolved")
	}
	if by != "" {
		i.EndedBy = by
	}
	if i.Moments.RestoredAt.IsZero() {
		i.Moments.RestoredAt = now
	}
	return i.reach(ResolvedAt, now, Resolved)
}

// Close ends its life; Gate must be open.
func (i *Incident) Close(now time.Time, l Loop) error {
	if i.Status == Closed {
		return i.tooLate("closed")
	}
	if err := Gate(*i, l).Err(); err != nil {
		return err
	}
	return i.reach(ClosedAt, now, Closed)
}

// Reopen begins another segment of the same occurrence. It is refused later than the flap window after
// the end: then it happened again, and that is a new incident.
func (i *Incident) Reopen(now time.Time) error {
	end := i.Moments.RestoredOrResolved()
	switch {
	case i.Status == Open:
		return fault.New(fault.Conflict, "%s is open.", i.ID)
	case i.Status == Mitigated && i.Moments.RestoredAt.IsZero():
		i.Moments.MitigatedAt = time.Time{}
		i.Status = Open
		return nil
	case now.Sub(end) >= problem.FlapWindow:
		return fault.New(fault.Conflict, "%s has been over for more than %d minutes. If it happened again, report it as a new occurrence: then the recurrence is counted.",
			i.ID, int(problem.FlapWindow.Minutes()))
	}
	i.Resume(now)
	return nil
}

// Resume begins another segment of an occurrence that has ended, whenever that was: for sources, which know that it is the same.
func (i *Incident) Resume(at time.Time) {
	i.Segments = append(i.Segments, Segment{StartedAt: i.present(), EndedAt: i.Moments.RestoredOrResolved()})
	i.Moments.ReopenedAt = at
	i.Moments.MitigatedAt, i.Moments.RestoredAt, i.Moments.ResolvedAt, i.Moments.ClosedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	i.EndedBy = UnknownEnding
	i.Status = Open
}

// Tell notes when and how the developers of the building team came to know. Only the first counts.
func (i *Incident) Tell(at time.Time, by Channel) error {
	if !i.Moments.DeveloperNotifiedAt.IsZero() && !at.Before(i.Moments.DeveloperNotifiedAt) {
		return fault.New(fault.Conflict, "Developers have been told already.")
	}
	i.Moments.DeveloperNotifiedAt, i.NotifiedBy = at, by
	return nil
}

// Correct replaces a moment that was noted wrongly; a zero value makes it unknown. The old value is
// kept by the caller's event, with the reason.
func (i *Incident) Correct(name Moment, value time.Time, reason string) error {
	var c fault.Check
	at := i.Moments.Of(name)
	c.That(at != nil && name != reopenedAt, "moment", "There is no moment %q.", string(name))
	c.That(len(reason) >= 3, "reason", "Say why the old value was wrong.")
	c.That(name != StartedAt || !value.IsZero(), "value", "When it started can be corrected, not forgotten.")
	if err := c.Err(); err != nil {
		return err
	}
	if at.Equal(value) {
		return fault.New(fault.Conflict, "That is the value it has.")
	}
	*at = value
	if name == DeveloperNotifiedAt {
		switch {
		case value.IsZero():
			i.NotifiedBy = ""
		case i.NotifiedBy == "":
			i.NotifiedBy = ByHand
		}
	}
	return nil
}

func (i *Incident) reach(name Moment, now time.Time, s Status) error {
	if at := i.Moments.Of(name); at.IsZero() {
		*at = now
	}
	i.Status = s
	return nil
}

func (i *Incident) tooLate(verb string) error {
	return fault.New(fault.Conflict, "%s is %s already; it can't be %s now.", i.ID, i.Status, verb)
}
