package triage

import (
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
)

// Inbox says whose incidents are asked for; the zero value means everybody's.
type Inbox struct {
	Team   catalog.TeamID // those of services that it builds, those handed to it, and those it handed on that nobody took
	Nobody bool           // those without a service, or of services that nobody builds
}

// Item is an incident with what was said about it.
type Item struct {
	Incident incident.Incident
	Triage   Triage
}

// Standing is who answers for it; services are the incident's own.
func (x Item) Standing(services []catalog.Service, now time.Time) Standing {
	return Accountability(Began(x.Incident), x.Triage.HandOffs, x.Triage.Accepted, x.Incident.Class, services, now)
}

// PaceWithin is how far back the time to triage looks.
const PaceWithin = 30 * 24 * time.Hour

// Pace is how long incidents waited for their triage: from being declared, or known here if that was later, to the first
// acceptance or hand-off.
type Pace struct {
	N      int
	Median time.Duration
}
