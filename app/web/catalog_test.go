package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
)

// team adds a team of that name, and gives it.
func (s *site) team(name string, kind catalog.TeamKind) catalog.Team {
	s.t.Helper()
	t, err := s.web.Catalog.AddTeam(s.t.Context(), boss, catalog.Team{Name: name, Kind: kind, Zone: "Europe/Lisbon"})
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

// service adds a service that those teams build and answer for.
func (s *site) service(name string, builder, onCall catalog.TeamID) catalog.Service {
	s.t.Helper()
	added, err := s.web.Catalog.AddService(s.t.Context(), boss, catalog.Service{Name: name, Builder: builder, OnCall: onCall})
	if err != nil {
		s.t.Fatal(err)
	}
	return added
}

// reported reports an incident of the service that began an hour ago.
func (s *site) reported(title, service string) incident.Incident {
	s.t.Helper()
	i := incident.New(title, s.clock().Add(-time.Hour))
	i.Severity, i.Services = incident.SEV1, []string{service}
	i, err := s.web.Incidents.Report(s.t.Context(), boss, i)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

func TestWhoIsResponsibleAtTwoInTheMorning(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	viewer := s.person(account.Viewer)
	viewer.get("/services").is(http.StatusOK).says("empty", "No service is recorded yet.").lacks("", "Add a service")

	payments, operations := s.team("Payments", catalog.Development), s.team("Operations", catalog.Operations)
	s.service("Card Gateway", payments.ID, payments.ID)
	s.service("Ledger", payments.ID, operations.ID)
	s.service("Old Reports", 0, 0)

	for service, answer := range map[string]string{
		"card-gateway": "Payments, builds it", "ledger": "Operations, did not build it", "old-reports": "nobody recorded",
	} {
		viewer.get("/services/"+service).is(http.StatusOK).says("two-am", answer)
	}
	viewer.get("/services").says("", "1 of 3 services are answered for at 2 a.m. by the team that builds them, 1 by another team, 1 by nobody recorded").
		says("services", "Payments, builds it").says("services", "Operations, did not build it")
	viewer.get("/services?team=operations").says("services", "Ledger").lacks("services", "Old Reports").says("", "0 of 1 services")
	viewer.get("/services?q=gate").says("services", "Card Gateway").lacks("services", "Ledger")
	viewer.get("/services?q=nothing").says("empty", "No service fits.")
	viewer.get("/services/none").is(http.StatusNotFound)
}

func TestAServiceIsAddedEditedAndRetired(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	editor := s.person(account.Editor)
	s.team("Payments", catalog.Development)

	editor.get("/services/new").is(http.StatusOK)
	editor.post("/services", "name", "", "slug", "Not A Slug", "builder", "nobody", "summary", "kept").
		wrong("builder").holds("slug", "Not A Slug").holds("summary", "kept")
	editor.post("/services", "name", "", "slug", "Not A Slug").wrong("name", "slug")
	editor.post("/services", "name", "Card Gateway", "builder", "payments", "on_call", "").leadsTo("/services/card-gateway")
	editor.post("/services", "name", "Card gateway").wrong("slug").holds("name", "Card gateway")

	edit := editor.get("/services/card-gateway/edit").is(http.StatusOK).holds("name", "Card Gateway").holds("builder", "payments")
	seen := attribute(edit.named("version"), "value")
	editor.post("/services/card-gateway/edit", "name", "Cards", "builder", "payments", "on_call", "payments", "version", seen).leadsTo("/services/card-gateway")
	editor.post("/services/card-gateway/edit", "name", "Later", "version", seen).is(http.StatusConflict).
		says("errors", "Somebody changed this service meanwhile.").holds("name", "Later")
	editor.post("/services/card-gateway/edit", "name", " ").wrong("name")
	editor.get("/services/card-gateway").says("", "Cards").says("two-am", "Payments, builds it")

	editor.post("/services/card-gateway/retire").leadsTo("/services/card-gateway")
	editor.post("/services/card-gateway/retire").leadsTo("/services/card-gateway")
	editor.get("/services").says("empty", "No service is recorded yet.")
	editor.get("/services?retired=1").says("services", "Cards retired")
	editor.post("/services/card-gateway/unretire").leadsTo("/services/card-gateway")
	editor.get("/services").says("services", "Cards")
	editor.post("/services/none/retire").is(http.StatusNotFound)
}

func TestAServiceShowsWhatHappenedToIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	payments := s.team("Payments", catalog.Development)
	s.service("Ledger", payments.ID, payments.ID)
	i := s.reported("Payments time out", "ledger")
	_, err := s.web.FollowUps.Promise(t.Context(), boss, followup.FollowUp{
		Title: "Alert on the pool", Kind: followup.Alert, Purpose: followup.Detect, Team: payments.ID, Incidents: []incident.ID{i.ID},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	viewer := s.person(account.Viewer)
	viewer.get("/services/ledger").is(http.StatusOK).says("incidents", "Payments time out").says("", "Alert on the pool").
		says("", "No deployment is recorded.")
	viewer.get("/teams/payments").is(http.StatusOK).says("", "Alert on the pool").says("", "1 of 1")
}

func TestATeamsHoursAndPortfolio(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.person(account.Admin)
	admin.get("/teams").is(http.StatusOK).says("empty", "No team is recorded yet.")
	admin.get("/teams/new").is(http.StatusOK)
	admin.post("/teams", "name", "", "kind", "other", "zone", "Mars/Base", "hours", "monday 9-5", "holidays", "Christmas", "mails", "nobody").
		wrong("name", "kind", "zone", "hours", "mails").holds("hours", "monday 9-5").holds("mails", "nobody")
	admin.post("/teams", "name", "Payments", "kind", "development", "zone", "Europe/Lisbon", "holidays", "Christmas").wrong("holidays")
	admin.post("/teams", "name", "Payments", "kind", "development", "zone", "Europe/Lisbon", "hours", "mon-thu 09:00-12:00 13:00-17:00\nfri 09:00-15:00",
		"holidays", "2026-12-25 2026-01-01", "mails", "pay@example.org").leadsTo("/teams/payments")
	admin.get("/teams/payments").is(http.StatusOK).
		says("team-facts", "Monday to Thursday 09:00 to 12:00 and 13:00 to 17:00, Friday 09:00 to 15:00").
		says("team-facts", "Fri 25 Dec 2026").says("team-facts", "pay@example.org").says("", "Payments has no services yet")

	operations := s.team("Operations", catalog.Operations)
	payments, err := s.store.Team(t.Context(), boss, "payments")
	if err != nil {
		t.Fatal(err)
	}
	s.service("Ledger", payments.ID, operations.ID)
	s.service("Mail Relay", operations.ID, operations.ID)
	admin.get("/teams/operations").says("", "Operations answers for 2 services at 2 a.m. and did not build 1 of 2").
		says("answers", "Ledger Payments builds it").says("builds", "Mail Relay")
	admin.get("/teams/payments").says("builds", "Ledger Operations answers for it")
	admin.get("/teams").says("teams", "Operations").says("teams", "1 of 2").says("", "1 development team and 1 operations team")

	edit := admin.get("/teams/payments/edit").is(http.StatusOK).holds("hours", "mon-thu 09:00-12:00 13:00-17:00, fri 09:00-15:00")
	seen := attribute(edit.named("version"), "value")
	admin.post("/teams/payments/edit", "name", "Payments", "kind", "development", "zone", "Europe/Lisbon", "hours", "", "version", seen).leadsTo("/teams/payments")
	admin.get("/teams/payments").says("team-facts", "Monday to Friday 09:00 to 17:00")
	admin.post("/teams/payments/edit", "name", "Money", "kind", "development", "zone", "Europe/Lisbon", "version", seen).is(http.StatusConflict).holds("name", "Money")
	admin.post("/teams/payments/archive").leadsTo("/teams/payments")
	admin.get("/teams").says("teams", "Payments archived")
	admin.post("/teams/payments/unarchive").leadsTo("/teams/payments")
}

func TestADeploymentAndWhatItCaused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	editor := s.person(account.Editor)
	editor.get("/deployments").is(http.StatusOK).says("empty", "No deployment is recorded yet.")
	payments := s.team("Payments", catalog.Development)
	s.service("Ledger", payments.ID, payments.ID)
	i := s.reported("Payments time out", "ledger")
	lesson, err := s.web.FollowUps.Promise(t.Context(), boss, followup.FollowUp{
		Title: "Test the pool under load", Kind: followup.AutomatedTest, Purpose: followup.Prevent, Incidents: []incident.ID{i.ID},
	}, true)
	if err != nil {
		t.Fatal(err)
	}

	editor.get("/deployments/new?service=ledger").is(http.StatusOK).holds("service", "ledger").holds("environment", "production").holds("finished_at", "2026-11-23T09:15")
	editor.post("/deployments", "service", "", "version", "", "environment", "", "outcome", "well", "finished_at", "yesterday", "url", "ftp://x").
		wrong("finished_at").holds("url", "ftp://x").holds("finished_at", "yesterday")
	editor.post("/deployments", "service", "", "version", "", "environment", "", "outcome", "well", "finished_at", "2026-12-01T10:00", "url", "ftp://x").
		wrong("service", "version", "environment", "outcome", "finished_at", "url")
	editor.post("/deployments", "service", "none", "version", "1.4", "environment", "production", "outcome", "succeeded", "finished_at", "2026-11-23T08:00").wrong("service")
	editor.post("/deployments", "service", "ledger", "version", "1.4", "environment", "production", "outcome", "succeeded", "finished_at", "2026-11-23T08:00", "caused", "the big one").wrong("caused")
	editor.post("/deployments", "service", "ledger", "version", "1.4", "environment", "production", "outcome", "succeeded", "started_at", "2026-11-23T07:50",
		"finished_at", "2026-11-23T08:00", "caused", "inc-1").leadsTo("/deployments/1")

	editor.get("/deployments/1").is(http.StatusOK).says("caused", "Payments time out").says("caused", "INC-1").
		says("produced", "Test the pool under load").says("produced", lesson.ID.String()).says("shipped", "None.").says("", "10 min")
	editor.post("/deployments/1/cause", "incident", "INC-1", "confirmed", "").leadsTo("/deployments/1")
	editor.get("/deployments/1").says("caused", "None known.").says("produced", "None yet.").says("", "INC-1 is noted as not caused by it.")
	editor.post("/deployments/1/cause", "incident", "INC-1", "confirmed", "1").leadsTo("/deployments/1")
	editor.post("/deployments/1/cause", "incident", "INC-99", "confirmed", "1").wrong("incident").holds("incident", "INC-99")
	editor.post("/deployments/1/cause", "incident", "the big one", "confirmed", "1").wrong("incident")
	editor.post("/deployments/9/cause", "incident", "INC-1", "confirmed", "1").is(http.StatusNotFound)

	edit := editor.get("/deployments/1/edit").is(http.StatusOK).holds("version", "1.4").holds("started_at", "2026-11-23T07:50")
	seen := attribute(edit.named("row_version"), "value")
	editor.post("/deployments/1/edit", "service", "ledger", "version", "1.4.1", "environment", "production", "outcome", "rolled_back",
		"finished_at", "2026-11-23T08:00", "row_version", seen).leadsTo("/deployments/1")
	editor.post("/deployments/1/edit", "service", "ledger", "version", "2", "environment", "production", "outcome", "failed",
		"finished_at", "2026-11-23T08:00", "row_version", seen).is(http.StatusConflict).holds("version", "2")
	editor.get("/deployments/9/edit").is(http.StatusNotFound)

	for query, found := range map[string]bool{
		"": true, "service=ledger": true, "environment=staging": false, "outcome=rolled_back": true, "outcome=failed": false,
		"from=2026-11-23&to=2026-11-23": true, "from=2026-11-24": false, "from=nonsense": true,
	} {
		p := editor.get("/deployments?" + query).is(http.StatusOK)
		if got := strings.Contains(p.read("deployments"), "1.4.1"); got != found {
			t.Errorf("/deployments?%s finds it: %v, want %v", query, got, found)
		}
	}
}

func TestAnEditedDeploymentKeepsItsSeconds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.service("Ledger", 0, 0)
	at := s.clock().Add(-90 * time.Second)
	d, err := s.web.Deployments.Record(t.Context(), boss, deployment.Deployment{
		Service: "ledger", Version: "1", Environment: deployment.Production, Outcome: deployment.Succeeded, FinishedAt: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := s.person(account.Editor)
	b.post("/deployments/1/edit", "service", "ledger", "version", "2", "environment", "production", "outcome", "succeeded", "finished_at", "2026-11-23T09:13").leadsTo("/deployments/1")
	d, err = s.store.Deployment(t.Context(), boss, d.ID)
	if err != nil || !d.FinishedAt.Equal(at) || d.Version != "2" {
		t.Errorf("it is %+v, %v; want it finished at %s", d, err, at)
	}
}
