package triage

import (
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
)

// NobodyAfter is how long an incident may have no accountable team before it is listed, with a provisional owner.
const NobodyAfter = 48 * time.Hour

// Standing is who answers for an incident at one moment.
type Standing struct {
	Team        catalog.TeamID // 0: nobody
	Since       time.Time      // since when that team does, or since when nobody does
	Passed      int            // how often it was handed over in all
	Overdue     bool           // nobody has for NobodyAfter or longer
	Provisional catalog.TeamID // who answers for it until a team accepts, when overdue; 0: nobody is recorded
	Because     string         // why that team: "builds the service" or "answers at 2 a.m."
}

// Accountability says who answers for an incident: the team that accepted it, until it hands it over; then nobody, until
// another accepts. began is when it could first have been accepted.
func Accountability(began time.Time, handOffs []HandOff, accepted Acceptance, class incident.Class, services []catalog.Service, now time.Time) Standing {
	t := Triage{Accepted: accepted, HandOffs: handOffs}
	s := Standing{Team: t.Accountable(), Passed: len(handOffs), Since: t.nobodySince(began)}
	if s.Team != 0 {
		s.Since = accepted.At
		return s
	}
	if now.Sub(s.Since) >= NobodyAfter {
		s.Overdue = true
		s.Provisional, s.Because = provisional(class, services)
	}
	return s
}

// nobodySince is since when nobody answers for it, when nobody does.
func (t Triage) nobodySince(began time.Time) time.Time {
	if t.Accepted.Team != 0 && len(t.HandOffs) > t.Accepted.Passed {
		return t.HandOffs[t.Accepted.Passed].At
	}
	return began
}

// provisional is the team that the boundary names: for application incidents the one that builds the service, for
// infrastructure the one that answers at night. Where that one is unknown, or the class is, it is the builder, else
// whoever answers at night.
func provisional(class incident.Class, services []catalog.Service) (catalog.TeamID, string) {
	builder := func(s catalog.Service) catalog.TeamID { return s.Builder }
	night := func(s catalog.Service) catalog.TeamID { return s.OnCall }
	choices := []struct {
		of  func(catalog.Service) catalog.TeamID
		why string
	}{{builder, "builds the service"}, {night, "answers at 2 a.m."}}
	if class == incident.Infrastructure {
		choices[0], choices[1] = choices[1], choices[0]
	}
	for _, choice := range choices {
		for _, s := range services {
			if team := choice.of(s); team != 0 {
				return team, choice.why
			}
		}
	}
	return 0, ""
}

// Waiting is how an incident lies in the inboxes.
type Waiting struct {
	Since  time.Time      // since when nobody answers for it
	Until  time.Time      // after this it is history, and listed no more
	Passed int            // how often it was handed over
	To     catalog.TeamID // the team it was handed to; 0: it lies with those who build its services
	From   catalog.TeamID // who handed it to them
}

// WaitingOf tells whether, and how, an incident waits for a team to answer for it.
func WaitingOf(i incident.Incident, t Triage) (Waiting, bool) {
	until, counts := Until(i)
	if !counts || t.Accountable() != 0 {
		return Waiting{}, false
	}
	offered := t.Offered()
	return Waiting{Since: t.nobodySince(Began(i)), Until: until, Passed: len(t.HandOffs), To: offered.To, From: offered.From}, true
}
