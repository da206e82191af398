package web

import (
	"fmt"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/integrations/jira/jiratest"
	"upshot/internal/synctest"
)

func TestWorkFromIncidentsOfATeam(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	team := s.team("Payments", catalog.Development)
	admin, viewer := s.person(account.Admin), s.person(account.Viewer)
	viewer.get("/teams/payments").says("work", "Not connected.")

	double, site := synctest.Connect(t, s.web.Jira, synctest.Options{})
	days := func(n float64) time.Time { return s.clock().Add(-time.Duration(n * 24 * float64(time.Hour))) }
	sprint := double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 7", State: "active", StartedAt: days(10)})
	for n := range 8 {
		double.Seed(jiratest.Seed{Created: days(40), Moves: []jiratest.Move{
			{At: days(12), Sprint: sprint}, {At: days(float64(9 - n)), Status: "In Progress"}, {At: days(float64(8-n) - 0.5), Status: "Done"},
		}})
	}
	for n := range 2 {
		double.Seed(jiratest.Seed{Created: days(4), Labels: []string{"hotfix"}, Moves: []jiratest.Move{
			{At: days(4), Sprint: sprint}, {At: days(float64(3 - n)), Status: "In Progress"},
		}})
	}
	settings := fmt.Sprintf("/settings/jira/%d", site.ID)
	form := settings + "/work"
	viewer.get(form).is(403)
	viewer.post(form, "team", fmt.Sprint(team.ID), "jql", "project = OPS").is(403)
	admin.get(settings).says("backlogs", "No board or query is named yet")
	admin.get(form).is(200)
	admin.post(form, "team", fmt.Sprint(team.ID), "jql", "squad = 7").wrong("jql")
	admin.post(form, "team", fmt.Sprint(team.ID), "board", "4711").wrong("board")
	admin.post(form, "jql", "project = OPS").wrong("team")
	admin.post(form, "team", fmt.Sprint(team.ID), "board", "10000", "labels", "hotfix urgent", "types", "Incident, Bug").leadsTo(settings)
	admin.get(settings).says("backlogs", "Payments").says("backlogs", "board 10000, Operations board").says("backlogs", "the first read is on its way")
	viewer.get("/teams/payments").says("work", "The first read is on its way.")

	if err := s.web.Jira.SyncAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin.get(settings).says("backlogs", "read just now, 10 issues, 8 of them finished")
	page := viewer.get("/teams/payments").lacks("work", "Not connected.")
	page.says("sprints", "Sprint 7, running").says("sprints", "2 of 10 (20 %)").says("sprints", "5 days")
	page.says("work", "P85 ÷ P50 of cycle time").says("work", "n 8").says("work", "0 of 8").says("forecast", "Too few issues from incidents")

	admin.get(form+"?id=1").holds("board", "10000").holds("labels", "hotfix urgent").holds("types", "Incident, Bug")
	admin.post(form, "id", "1", "team", fmt.Sprint(team.ID), "jql", "project = OPS AND statusCategory = Done").leadsTo(settings)
	admin.get(settings).says("backlogs", "project = OPS AND statusCategory = Done").says("backlogs", "the first read is on its way")
	viewer.post("/settings/jira/work/1/delete").is(403)
	admin.post("/settings/jira/work/1/delete").leadsTo(settings)
	admin.post("/settings/jira/work/1/delete").is(404)
	viewer.get("/teams/payments").says("work", "Not connected.")
}
