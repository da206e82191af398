package incident

import (
	"time"

	"upshot/app/fault"
	"upshot/app/problem"
)

// Moment names one of the moments of an incident, as the API spells it.
type Moment string

// The moments, in the order of an incident's life.
const (
	StartedAt           Moment = "started_at"
	DetectedAt          Moment = "detected_at"
	DeclaredAt          Moment = "declared_at"
	DeveloperNotifiedAt Moment = "developer_notified_at"
	AcknowledgedAt      Moment = "acknowledged_at"
	MitigatedAt         Moment = "mitigated_at"
	RestoredAt          Moment = "restored_at"
	ResolvedAt          Moment = "resolved_at"
	ClosedAt            Moment = "closed_at"
)

// reopenedAt is not a moment people see or correct.
const reopenedAt Moment = "reopened_at"

// MomentNames lists them in order.
var MomentNames = []Moment{StartedAt, DetectedAt, DeclaredAt, DeveloperNotifiedAt, AcknowledgedAt, MitigatedAt, RestoredAt, ResolvedAt, ClosedAt}

// Moments are when things happened. All but StartedAt may be zero: unknown.
type Moments struct {
	StartedAt           time.Time
	DetectedAt          time.Time
	DeclaredAt          time.Time
	DeveloperNotifiedAt time.Time
	AcknowledgedAt      time.Time
	MitigatedAt         time.Time
	RestoredAt          time.Time
	ResolvedAt          time.Time
	ClosedAt            time.Time
	// ReopenedAt is the start of the present segment of impact, when it was reopened within the flap window.
	ReopenedAt time.Time
}

// Of gives the moment by its name, or nil when there is no such moment.
func (m *Moments) Of(name Moment) *time.Time {
	switch name {
	case StartedAt:
		return &m.StartedAt
	case DetectedAt:
		return &m.DetectedAt
	case DeclaredAt:
		return &m.DeclaredAt
	case DeveloperNotifiedAt:
		return &m.DeveloperNotifiedAt
	case AcknowledgedAt:
		return &m.AcknowledgedAt
	case MitigatedAt:
		return &m.MitigatedAt
	case RestoredAt:
		return &m.RestoredAt
	case ResolvedAt:
		return &m.ResolvedAt
	case ClosedAt:
		return &m.ClosedAt
	case reopenedAt:
		return &m.ReopenedAt
	}
	return nil
}

// earliest and grace bound what can be a moment at all.
const grace = 5 * time.Minute

var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// Check says which moments cannot be: missing start, years before 1990, the future, or an end before the start.
// Detection before the start is allowed: alerts fire on what users feel later.
func (m Moments) Check(now time.Time) error {
	var c fault.Check
	c.That(!m.StartedAt.IsZero(), string(StartedAt), "When did it start? It may be a guess that you correct later.")
	for _, name := range MomentNames {
		at := *m.Of(name)
		if at.IsZero() {
			continue
		}
		c.That(at.After(earliest), string(name), "This is before 1990.")
		c.That(at.Before(now.Add(grace)), string(name), "This is in the future.")
	}
	for _, name := range []Moment{MitigatedAt, RestoredAt, ResolvedAt, ClosedAt} {
		at := *m.Of(name)
		c.That(at.IsZero() || !at.Before(m.StartedAt), string(name), "This is before the incident started.")
	}
	return c.Err()
}

// RestoredOrResolved is when users stopped feeling it: restored, or resolved when that is unknown.
func (m Moments) RestoredOrResolved() time.Time {
	if !m.RestoredAt.IsZero() {
		return m.RestoredAt
	}
	return m.ResolvedAt
}

// Detected is when somebody or something noticed (METRICS.md 1): detected, else the start when an alert
// raised it, else declared, else the start.
func (i Incident) Detected() time.Time {
	switch m := i.Moments; {
	case !m.DetectedAt.IsZero():
		return m.DetectedAt
	case i.DetectedBy == ByAlert:
		return m.StartedAt
	case !m.DeclaredAt.IsZero():
		return m.DeclaredAt
	}
	return i.Moments.StartedAt
}

// Member is the incident as its problem's history sees it.
func (i Incident) Member() problem.Member {
	m := problem.Member{
		Incident: i.ID, StartedAt: i.Moments.StartedAt, DetectedAt: i.Detected(), RestoredAt: i.Moments.RestoredOrResolved(),
		PresentAt: i.Moments.ReopenedAt, HandsOn: i.HandsOn, EndedBy: string(i.EndedBy), Severity: string(i.Severity),
	}
	m.Ongoing = m.RestoredAt.IsZero() && (i.Status == Open || i.Status == Mitigated)
	impact, ended := i.Duration()
	if !ended {
		for _, s := range i.Segments {
			impact += s.EndedAt.Sub(s.StartedAt)
		}
	}
	m.Impact = impact
	return m
}
