package metrics

// Formulas is the version of the formulas. It grows when one of them changes, so that figures of different versions are not held against one another.
const Formulas = 1

// Behind names a figure whose incidents can be listed.
type Behind string

// The figures.
const (
	Repairs     Behind = "time_to_repair"
	Impacts     Behind = "impact_duration"
	Recurrences Behind = "recurrence"
	Notified    Behind = "developer_notification"
	NeverTold   Behind = "never_notified"
	LoopsDue    Behind = "loop_closure"
	NoCause     Behind = "closed_without_cause"
	Aside       Behind = "left_out" // of time to repair: what never counts, and what lacks a moment
)

// Behinds lists them.
var Behinds = []Behind{Repairs, Impacts, Recurrences, Notified, NeverTold, LoopsDue, NoCause, Aside}

// Corrections is how often somebody changed what is known of an incident.
type Corrections struct {
	Moments   int // a moment was corrected
	Regrouped int // it was merged, taken apart again, or joined to a failure
}
