package web

import (
	"fmt"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/triage"
)

// grow adds one more of every kind of thing: a team with a service; a failure of its own that comes back, and one more
// occurrence of the failure that all share; a change that waits for it; a deployment that caused it.
func (s *site) grow(n int, team catalog.TeamID) {
	s.t.Helper()
	ctx := s.t.Context()
	builder := s.team(fmt.Sprint("Team ", n), catalog.Development)
	s.service(fmt.Sprint("Service ", n), builder.ID, team)
	for occurrence, failure := range []string{fmt.Sprint("own ", n), fmt.Sprint("own ", n), "shared"} {
		i := incident.New("Card pool exhausted", s.clock())
		i.Services, i.Severity, i.Source, i.GroupKey = []string{"card-gateway"}, incident.SEV2, "alertmanager", failure
		i.ExternalID, i.Moments.DetectedAt = fmt.Sprint(n, " ", occurrence), s.clock()
		s.pass(time.Hour)
		i.Status, i.Moments.RestoredAt, i.Moments.ResolvedAt = incident.Resolved, s.clock(), s.clock()
		i, err := s.web.Incidents.Report(ctx, boss, i)
		if err != nil {
			s.t.Fatal(err)
		}
		s.pass(time.Hour)
		if occurrence != 1 {
			_, err = s.web.FollowUps.Promise(ctx, boss, followup.FollowUp{
				Title: "Bound the pool", Kind: followup.Code, Purpose: followup.Prevent, Team: team, Incidents: []incident.ID{i.ID},
			}, true)
			if err != nil {
				s.t.Fatal(err)
			}
			continue
		}
		_, err = s.web.Deployments.Record(ctx, boss, deployment.Deployment{
			Service: "card-gateway", Version: fmt.Sprint("1.", n), Environment: deployment.Production, Outcome: deployment.Failed,
			FinishedAt: i.Moments.StartedAt, Caused: []incident.ID{i.ID},
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestAPageAsksAsManyQuestionsOfFiftyRowsAsOfFive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.web.Demo = s.person(account.Editor).user // the session runs out in the days that pass
	b := s.browser()
	team := s.team("Payments", catalog.Development)
	s.service("Card Gateway", team.ID, team.ID)
	pages := []string{
		"/", "/queue", "/incidents", "/followups", "/problems", "/services", "/teams", "/deployments", "/search?q=pool",
		"/incidents/INC-1", "/followups/FU-1", "/problems/PRB-1", "/problems/PRB-2", "/services/card-gateway", "/teams/payments", "/deployments/1",
		"/inbox?team=payments", "/inbox?team=none", "/inbox",
		"/progress", "/progress?team=payments&range=all", "/progress/rows?of=time_to_repair", "/progress/rows?of=recurrence&team=payments",
		"/digest/every_team", "/digest/payments", "/digest/payments/2026-W47/letter",
	}
	asked := func() map[string]int64 {
		t.Helper()
		counts := map[string]int64{}
		if _, err := s.store.Count(t.Context()); err != nil { // else the first page counts what has changed
			t.Fatal(err)
		}
		for _, page := range pages {
			before := s.statements.Load()
			b.get(page).is(200)
			counts[page] = s.statements.Load() - before
		}
		return counts
	}
	grown := 0
	growTo := func(n int) map[string]int64 {
		for ; grown < n; grown++ {
			s.grow(grown, team.ID)
		}
		return asked()
	}
	growTo(5)
	s.pass(triage.NobodyAfter) // so that no team answers for some
	few := asked()
	for page, n := range growTo(50) {
		// What no longer fits on a page is counted: one statement for each list of the page that was whole before.
		if lists := int64(2); n > few[page]+lists || n == 0 {
			t.Errorf("%s sends %d statements for many rows, and %d for few", page, n, few[page])
		}
	}
}
