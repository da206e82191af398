package metrics

import (
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
)

var day0 = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) // a Monday

const oneDay = 24 * time.Hour

// lasted is an incident that began so long after day0.
func lasted(id incident.ID, p problem.ID, after, length time.Duration) Fact {
	at := day0.Add(after)
	return Fact{Problem: p, Kind: incident.Real, Member: problem.Member{
		Incident: id, StartedAt: at, DetectedAt: at, RestoredAt: at.Add(length), Impact: length,
	}}
}

func changed(f Fact, change func(*Fact)) Fact {
	change(&f)
	return f
}
