package metrics

import (
	"time"

	"upshot/app/incident"
)

// Filter says which incidents a measure is about; empty fields do not narrow. An occurrence counts when one of its incidents passes; whether it recurs is
// told by all that its problem has seen. Severity does not narrow deployments and follow-ups, which have none.
type Filter struct {
	Team     string // slug of the building team
	Service  string // slug
	Severity incident.Severity
	From, To time.Time // [From, To); zero: no bound
}
