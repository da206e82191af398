package problem

import (
	"math"
	"slices"
	"time"
)

// The windows of recurrence; later they are settings.
const (
	FlapWindow       = 30 * time.Minute    // a shorter gap is the same occurrence
	RecurrenceWindow = 90 * 24 * time.Hour // an occurrence this soon after an earlier one is a recurrence
	// NoLimit is a recurrence window that never closes.
	NoLimit time.Duration = math.MaxInt64
)

// Member is an incident as its problem sees it.
type Member struct {
	Incident   IncidentID
	StartedAt  time.Time
	DetectedAt time.Time // never zero: declared or started when unknown
	RestoredAt time.Time // resolved when unknown; zero while it goes on, or when nobody knows
	Ongoing    bool      // open: its impact runs to now
	// Impact is how long users felt it; of one that goes on, its earlier segments alone.
	Impact time.Duration
	// PresentAt is when the segment that goes on began; zero: at StartedAt.
	PresentAt time.Time
	HandsOn   time.Duration
	EndedBy   string
	Severity  string
}

// goesOn tells whether its impact runs to now. A moment of restoring says more than a status.
func (m Member) goesOn() bool { return m.Ongoing && m.RestoredAt.IsZero() }

// lastKnown is the latest moment at which it surely lasted: its end, now while it goes on, else its start.
func (m Member) lastKnown(now time.Time) time.Time {
	end := m.RestoredAt
	if m.goesOn() {
		end = now
	}
	if end.Before(m.StartedAt) { // unknown, or a clock was wrong
		return m.StartedAt
	}
	return end
}

// soFar is its impact up to now.
func (m Member) soFar(now time.Time) time.Duration {
	if !m.goesOn() {
		return m.Impact
	}
	since := m.PresentAt
	if since.IsZero() {
		since = m.StartedAt
	}
	return m.Impact + max(0, now.Sub(since))
}

// Occurrence is one time the failure happened: one incident, or several that overlap or follow within the flap window.
type Occurrence struct {
	Members    []Member // in order of start; the first gives the occurrence its incident
	StartedAt  time.Time
	DetectedAt time.Time // earliest of its members
	RestoredAt time.Time // latest of its members; zero while it goes on, or when nobody knows
	Ongoing    bool
	Impact     time.Duration // sum of its members, so far while it goes on
	HandsOn    time.Duration // sum of its members
	EndedBy    string        // of the member that ended last; empty while it goes on
	Recurs     bool          // an earlier occurrence was restored within the window before it was detected
	// Gap is from the end of the occurrence before to its detection, 0 at least; of the first it is 0. An end that nobody knows
	// counts by the start, so the gap is never too short.
	Gap time.Duration

	lastKnown time.Time
}

// Incident is the incident that stands for the occurrence.
func (o Occurrence) Incident() IncidentID { return o.Members[0].Incident }

// Holds tells whether the incident is one of the occurrence's.
func (o Occurrence) Holds(id IncidentID) bool {
	return slices.ContainsFunc(o.Members, func(m Member) bool { return m.Incident == id })
}

// History is the members of one problem, in any order, as occurrences in order of start.
//
// A member that starts less than flap after everything before it ended, or sooner, belongs to the same
// occurrence; one that goes on lasts until now, one whose end nobody knows is a point at its start.
//
// An occurrence recurs when an earlier one was restored at most window before it was detected. An earlier
// one of unknown end counts by its start: it ended no sooner, so this never counts one too many.
func History(members []Member, flap, window time.Duration, now time.Time) []Occurrence {
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int {
		if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
			return c
		}
		return int(a.Incident - b.Incident)
	})
	var history []Occurrence
	for _, m := range sorted {
		if n := len(history); n > 0 && m.StartedAt.Sub(history[n-1].lastKnown) < flap {
			history[n-1].add(m, now)
			continue
		}
		o := Occurrence{StartedAt: m.StartedAt, DetectedAt: m.DetectedAt}
		o.add(m, now)
		history = append(history, o)
	}
	for i := 1; i < len(history); i++ {
		// Occurrences never overlap, so the one before is the one that ended latest.
		history[i].Gap = max(0, history[i].DetectedAt.Sub(history[i-1].lastKnown))
		history[i].Recurs = history[i].Gap <= window
	}
	return history
}

// add takes in a member that starts no sooner than those before it.
func (o *Occurrence) add(m Member, now time.Time) {
	o.Members = append(o.Members, m)
	if m.DetectedAt.Before(o.DetectedAt) {
		o.DetectedAt = m.DetectedAt
	}
	o.Impact += m.soFar(now)
	o.HandsOn += m.HandsOn
	o.Ongoing = o.Ongoing || m.goesOn()
	if end := m.lastKnown(now); len(o.Members) == 1 || !end.Before(o.lastKnown) {
		o.lastKnown, o.RestoredAt, o.EndedBy = end, m.RestoredAt, m.EndedBy
		if m.RestoredAt.Before(m.StartedAt) {
			o.RestoredAt = time.Time{}
		}
	}
	if o.Ongoing {
		o.RestoredAt, o.EndedBy = time.Time{}, ""
	}
}

// endedByRestart is how a member says that nothing but a restart ended it.
const endedByRestart = "restart"

// FiguresOf sums up a history. An occurrence that goes on neither lengthens nor breaks the restart streak.
func FiguresOf(history []Occurrence) Figures {
	if len(history) == 0 {
		return Figures{}
	}
	f := Figures{
		Occurrences: len(history),
		FirstAt:     history[0].StartedAt,
		LastAt:      history[len(history)-1].StartedAt,
	}
	var gaps []time.Duration
	for i, o := range history {
		f.Impact += o.Impact
		f.HandsOn += o.HandsOn
		if o.Recurs {
			f.Recurrences++
		}
		if i > 0 {
			gaps = append(gaps, o.StartedAt.Sub(history[i-1].StartedAt))
		}
		switch {
		case o.Ongoing:
		case o.EndedBy == endedByRestart:
			f.RestartStreak++
		default:
			f.RestartStreak = 0
		}
	}
	f.MedianGap = median(gaps)
	return f
}

// median is the middle one, or half-way between the middle two; 0 of none.
func median(lengths []time.Duration) time.Duration {
	n := len(lengths)
	if n == 0 {
		return 0
	}
	slices.Sort(lengths)
	low, high := lengths[(n-1)/2], lengths[n/2]
	return low + (high-low)/2
}
