package app

import (
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/integrations/jira/jiratest"
)

// Detected at 00:10, in the team's project at 09:40 the next day: 33 h 30 min, by a ticket, whatever comes later.
func TestTheTicketInTheTeamsProjectTellsDevelopers(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		_, err := s.words.catalog.AddService(s.t.Context(), syncActor, catalog.Service{Name: "booking-api", Builder: s.team.ID})
		s.must(err)
		i := incident.New("Seat map loads without prices", time.Date(2026, 11, 25, 23, 50, 0, 0, time.UTC))
		i.Services, i.Severity, i.Moments.DetectedAt = []string{"booking-api"}, incident.SEV2, time.Date(2026, 11, 26, 0, 10, 0, 0, time.UTC)
		i, err = s.words.incidents.Report(s.t.Context(), syncActor, i)
		s.must(err)
		// Somebody filed it by hand, and links it later.
		s.clock.Add(time.Hour)
		key := s.double.Seed(jiratest.Seed{Summary: "Prices are missing", Created: time.Date(2026, 11, 27, 9, 40, 0, 0, time.UTC)})
		f, err := s.words.followUps.Promise(s.t.Context(), syncActor, followup.FollowUp{
			Title: "Refuse maps without prices", Kind: followup.Code, Purpose: followup.Prevent, Team: s.team.ID, Incidents: []incident.ID{i.ID},
		}, true)
		s.must(err)
		_, err = s.words.jira.LinkTo(s.t.Context(), syncActor, f.ID, key)
		s.must(err)
		s.sync()
		told := func() incident.Incident {
			s.t.Helper()
			i, err := s.store.Incident(s.t.Context(), syncActor, i.ID)
			s.must(err)
			return i
		}
		check := func(when string) {
			s.t.Helper()
			got := told()
			if wait := got.Moments.DeveloperNotifiedAt.Sub(got.Detected()); wait != 120_600*time.Second || got.NotifiedBy != incident.ByTicket {
				s.t.Errorf("%s: %s by %q, want 33 h 30 min by a ticket", when, wait, got.NotifiedBy)
			}
		}
		check("linked")
		s.must(s.words.incidents.Learn(s.t.Context(), syncActor, i.ID, incident.Telling{At: s.clock.Now(), By: incident.ByPage}))
		check("paged later")
		s.double.Move(key, jiratest.Move{Assignee: jiratest.DefaultUser})
		s.sync()
		check("assigned later")
		s.must(s.words.incidents.Learn(s.t.Context(), syncActor, i.ID, incident.Telling{At: time.Date(2026, 11, 26, 0, 12, 0, 0, time.UTC), By: incident.ByPage}))
		if got := told(); got.NotifiedBy != incident.ByPage || got.Moments.DeveloperNotifiedAt.Minute() != 12 {
			s.t.Errorf("an earlier page became known, and it is told by %q", got.NotifiedBy)
		}
	})
}
