package deployment

import (
	"time"

	"upshot/app/incident"
)

// SuspectedWithin is how long before an incident a deployment finished that may have caused it.
const SuspectedWithin = 24 * time.Hour

// Verdict is what a person said of a deployment and an incident.
type Verdict string

// The verdicts; empty: nobody said anything.
const (
	Confirmed Verdict = "confirmed"
	Rejected  Verdict = "rejected"
)

// Suspected gives the deployments that may have caused an incident (METRICS.md 3): of each of its services the last one that went to
// production well, finished before the impact and within SuspectedWithin. One that a person confirmed or rejected is not suspected, and none before
// it takes its place. What infrastructure or something outside caused, no deployment of ours is suspected of.
func Suspected(i incident.Incident, outside bool, before []Deployment, verdicts map[ID]Verdict) []Deployment {
	if i.Class == incident.Infrastructure || outside || i.Kind != incident.Real {
		return nil
	}
	last := map[string]Deployment{}
	for _, d := range before {
		ago := i.Moments.StartedAt.Sub(d.FinishedAt)
		if !d.Ships() || ago < 0 || ago > SuspectedWithin {
			continue
		}
		if l, is := last[d.Service]; !is || d.FinishedAt.After(l.FinishedAt) || d.FinishedAt.Equal(l.FinishedAt) && d.ID > l.ID {
			last[d.Service] = d
		}
	}
	var all []Deployment
	for _, service := range i.Services {
		if d, is := last[service]; is && verdicts[d.ID] == "" {
			all = append(all, d)
		}
	}
	return all
}
