package metrics

import (
	"time"

	"upshot/app/incident"
)

// Filter says which incidents a measure is about; empty fields do not narrow. Whoever gathers the facts gives
// for every problem that has an incident with a moment in [From, To) all of the incidents that the other fields
// allow: those before tell what recurs, those after what was followed.
type Filter struct {
	Team     string // slug of the building team
	Service  string // slug
	Severity incident.Severity
	From, To time.Time // zero: no bound
}
