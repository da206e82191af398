package problem

import "time"

// The windows of METRICS.md 2; later they are settings.
const (
	FlapWindow       = 30 * time.Minute    // a shorter gap is the same occurrence
	RecurrenceWindow = 90 * 24 * time.Hour // an occurrence this soon after an earlier one is a recurrence
)

// Member is an incident as its problem sees it.
type Member struct {
	Incident   IncidentID
	StartedAt  time.Time
	DetectedAt time.Time // never zero: declared or started when unknown
	RestoredAt time.Time // resolved when unknown; zero while it goes on, or when nobody knows
	Ongoing    bool      // open: its impact runs to now
	Impact     time.Duration
	HandsOn    time.Duration
	EndedBy    string
	Severity   string
}

// Occurrence is one time the failure happened: one incident, or several that overlap or follow within the flap window.
type Occurrence struct {
	Members    []Member // in order of start; the first gives the occurrence its incident
	StartedAt  time.Time
	DetectedAt time.Time
	RestoredAt time.Time // latest of its members; zero while it goes on, or when nobody knows
	Ongoing    bool
	Impact     time.Duration // sum of its members
	HandsOn    time.Duration
	Recurs     bool // an earlier occurrence was restored within the window before it was detected
}

// Incident is the incident that stands for the occurrence.
func (o Occurrence) Incident() IncidentID { return o.Members[0].Incident }
