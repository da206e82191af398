package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/jirasync"
	"upshot/app/metrics"
	"upshot/integrations/jira/jiratest"
)

const aDay = 24 * time.Hour

// done puts an issue in that was worked on for so many days and finished so many days ago.
func (s *synced) done(took, daysAgo int, change ...func(*jiratest.Seed)) string {
	s.t.Helper()
	now := s.clock.Now()
	at := func(days int) time.Time { return now.Add(-time.Duration(days) * aDay) }
	seed := jiratest.Seed{Created: at(daysAgo + took + 3), Moves: []jiratest.Move{{At: at(daysAgo + took), Status: "In Progress"}, {At: at(daysAgo), Status: "Done"}}}
	for _, c := range change {
		c(&seed)
	}
	return s.double.Seed(seed)
}

func (s *synced) scope(change func(*jirasync.Scope)) jirasync.Scope {
	s.t.Helper()
	sc := jirasync.Scope{Site: s.site.ID, Team: s.team.ID}
	change(&sc)
	sc, err := s.words.jira.Connect.SetScope(s.t.Context(), syncActor, sc)
	s.must(err)
	return sc
}

func (s *synced) finished(team string) []metrics.WorkIssue {
	s.t.Helper()
	all, err := s.store.WorkIssues(s.t.Context(), syncActor, team, time.Time{}, time.Time{})
	s.must(err)
	return all
}

func (s *synced) teamWork() metrics.TeamWork {
	s.t.Helper()
	w, err := s.store.TeamWork(s.t.Context(), syncActor, s.team.Slug, s.clock.Now().Add(-84*aDay))
	s.must(err)
	return w
}

// calls are those since the journal was emptied.
func (s *synced) calls() []string {
	var all []string
	for _, e := range s.double.Journal() {
		all = append(all, e.Operation)
	}
	return all
}

func TestFinishedIssuesOfABoardTellItsCycleTime(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 1", State: "active", StartedAt: s.clock.Now().Add(-5 * aDay)})
		for n := 1; n <= 7; n++ { // 1 to 7 days
			s.done(n, n)
		}
		now := s.clock.Now()
		// Eight days from the first start to the final done, two of them in progress: reopened and done again.
		s.done(8, 1, func(seed *jiratest.Seed) {
			seed.Labels = []string{"Incident"}
			seed.Moves = []jiratest.Move{
				{At: now.Add(-9 * aDay), Status: "In Progress"},
				{At: now.Add(-8 * aDay), Status: "Done"},
				{At: now.Add(-7 * aDay), Status: "To Do"},
				{At: now.Add(-2 * aDay), Status: "In Progress"},
				{At: now.Add(-1 * aDay), Status: "Done"},
			}
		})
		s.done(9, 1, func(seed *jiratest.Seed) { seed.Moves = seed.Moves[1:] })           // it skipped In Progress
		s.done(9, 1, func(seed *jiratest.Seed) { seed.Moves[1].Resolution = "Won't Do" }) // nothing was finished
		s.done(9, 1, func(seed *jiratest.Seed) { seed.Moves = seed.Moves[:1] })           // under way
		s.done(2, 399)                                                                    // the first read still reaches it
		s.done(2, 450)                                                                    // and not this
		s.double.AddProject(jiratest.Project{Key: "WEB", Name: "Web"})                    //
		s.done(3, 3, func(seed *jiratest.Seed) { seed.Project = "WEB" })                  // of another board
		sc := s.scope(func(sc *jirasync.Scope) { sc.Board, sc.Labels = s.boardOf("OPS"), []string{"incident"} })
		if sc.JQL != "project = OPS" || sc.BoardName == "" {
			s.t.Errorf("the board's query is %q, of %q", sc.JQL, sc.BoardName)
		}
		s.sync()
		all := s.finished(s.team.Slug)
		c := metrics.CycleTimeOf(all, metrics.Query{Now: s.clock.Now()})
		predictability, enough := c.Predictability()
		if c.N != 8 || c.P50 != 4*aDay || c.P85 != 7*aDay || !enough || predictability != 1.75 || c.Skipped != 1 || c.Declined != 1 || c.Withheld != 0 || c.Reopened != 1 {
			s.t.Errorf("got %+v", c.CycleFigures)
		}
		// 1 to 7 days, and 2 of the reopened one: 30 days of work, 2 of them on what an incident made.
		if c.Interrupted != (metrics.Share{Part: 1, Whole: 9}) || c.InProgress != 30*aDay || c.OnIncidents != 2*aDay {
			s.t.Errorf("interrupted %+v, %s of %s", c.Interrupted, c.OnIncidents, c.InProgress)
		}
		if len(all) != 11 { // also the one of 399 days ago
			s.t.Errorf("%d are finished", len(all))
		}
	})
}

// boardOf is the number of a project's board.
func (s *synced) boardOf(project string) string {
	for n := range 20 {
		id := fmt.Sprint(10_000 + n)
		if s.double.BoardProject(id) == project {
			return id
		}
	}
	s.t.Fatalf("%s has no board", project)
	return ""
}

func TestASecondReadOfABacklogMakesFewCalls(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		for n := range 130 {
			s.done(2, 10+n%300)
		}
		s.scope(func(sc *jirasync.Scope) {
			sc.JQL = "project = OPS AND statusCategory != Done OR project = OPS ORDER BY created DESC"
		})
		s.sync()
		if n := len(s.finished(s.team.Slug)); n != 130 {
			s.t.Fatalf("%d are kept", n)
		}
		s.sync() // the upkeep of the day
		s.double.ForgetCalls()
		s.sync()
		if got := s.calls(); len(got) > 1 { // the poll of the mirror alone: the backlog was read a minute ago
			s.t.Errorf("a minute later: %v", got)
		}
		s.clock.Add(20 * time.Minute)
		s.double.ForgetCalls()
		s.sync()
		if got := s.calls(); len(got) > 2 {
			s.t.Errorf("nothing changed: %v", got)
		}
		key := s.done(1, 0)
		s.clock.Add(20 * time.Minute)
		s.double.ForgetCalls()
		s.sync()
		if got := s.calls(); len(got) > 3 || len(s.finished(s.team.Slug)) != 131 {
			s.t.Errorf("%s was finished: %v, %d kept", key, got, len(s.finished(s.team.Slug)))
		}
		s.done(1, 0)
		s.clock.Add(time.Minute)
		s.must(s.words.jira.ReadNow(s.t.Context(), syncActor))
		if n := len(s.finished(s.team.Slug)); n != 132 {
			s.t.Errorf("a person asked, and %d are kept", n)
		}
	})
}

func TestWhatIsReopenedOrLeavesABacklogIsRightAfterwards(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		again, moved, hidden, stays := s.done(2, 5), s.done(2, 5), s.done(2, 5), s.done(2, 5)
		s.double.AddProject(jiratest.Project{Key: "WEB", Name: "Web"})
		s.scope(func(sc *jirasync.Scope) { sc.JQL = "project = OPS" })
		s.sync()
		keys := func() string {
			var all []string
			for _, i := range s.finished(s.team.Slug) {
				all = append(all, i.Key)
			}
			slices.Sort(all)
			return strings.Join(all, " ")
		}
		if keys() != again+" "+moved+" "+hidden+" "+stays {
			s.t.Fatalf("got %s", keys())
		}
		s.double.Move(again, jiratest.Move{Status: "In Progress"})
		s.clock.Add(20 * time.Minute)
		s.sync()
		if keys() != moved+" "+hidden+" "+stays {
			s.t.Errorf("one was reopened, got %s", keys())
		}
		s.double.Move(again, jiratest.Move{Status: "Done"})
		s.double.MoveToProject(moved, "WEB")
		s.double.Hide(hidden, true)
		s.clock.Add(25 * time.Hour)
		s.sync()
		if keys() != again+" "+stays {
			s.t.Errorf("one is done again, two left, got %s", keys())
		}
		if all := s.finished(s.team.Slug); all[0].Reopened+all[1].Reopened != 1 {
			s.t.Errorf("got %+v", all)
		}
		s.double.Hide(hidden, false)
		s.clock.Add(25 * time.Hour)
		s.sync()
		if keys() != again+" "+hidden+" "+stays {
			s.t.Errorf("one is back, got %s", keys())
		}
	})
}

func TestLateAddedShareOfASprintInJira(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		now := s.clock.Now()
		before := s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 1", State: "closed"}) // nobody knows when
		sprint := s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 2", State: "future"})
		for range 8 {
			s.double.Seed(jiratest.Seed{Created: now.Add(-40 * aDay), Moves: []jiratest.Move{{At: now.Add(-20 * aDay), Sprint: before}, {At: now.Add(-6 * aDay), Sprint: sprint}}})
		}
		for n := range 2 {
			s.double.Seed(jiratest.Seed{Created: now.Add(-3 * aDay), Type: "Bug", Moves: []jiratest.Move{{At: now.Add(-3 * aDay), Sprint: sprint}, {At: now.Add(-time.Duration(n+1) * aDay), Status: "In Progress"}}})
		}
		s.scope(func(sc *jirasync.Scope) { sc.Board, sc.Types = s.boardOf("OPS"), []string{"bug"} })
		s.sync()
		loads, unknown := metrics.SprintLoads(s.teamWork().Issues, s.teamWork().Sprints, s.clock.Now())
		if len(loads) != 0 || unknown != 1 {
			s.t.Fatalf("before it began: %+v, %d unknown", loads, unknown)
		}
		s.double.StartSprint(sprint, now.Add(-5*aDay)) // which changes none of its issues
		s.clock.Add(2 * time.Hour)
		s.sync()
		w := s.teamWork()
		loads, unknown = metrics.SprintLoads(w.Issues, w.Sprints, s.clock.Now())
		if len(loads) != 1 || loads[0].Late != (metrics.Share{Part: 2, Whole: 10}) || loads[0].LateOther != 0 || unknown != 1 {
			s.t.Fatalf("got %+v, %d unknown", loads, unknown)
		}
		if spent := loads[0].OnIncidents.Round(aDay); spent != 3*aDay {
			s.t.Errorf("%s of it were spent on incidents", spent)
		}
	})
}

func TestAFollowUpMakesItsIssueIncidentWork(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		other := s.done(2, 1)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "In Progress"})
		s.clock.Add(aDay)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Done", Labels: "-"}) // somebody took the label off
		s.scope(func(sc *jirasync.Scope) { sc.JQL = "project = OPS" })
		s.sync()
		for _, i := range s.finished(s.team.Slug) {
			if i.FromIncident != (i.Key != other) {
				s.t.Errorf("got %+v", i)
			}
		}
		// Another team sees some of the same issues: for the whole organisation each counts once.
		ops, err := s.words.catalog.AddTeam(s.t.Context(), syncActor, catalog.Team{Name: "Operations", Kind: catalog.Operations, Zone: "Europe/Lisbon"})
		s.must(err)
		s.scope(func(sc *jirasync.Scope) { sc.Team, sc.JQL = ops.ID, "key = "+other })
		s.sync()
		if a, b, all := len(s.finished(s.team.Slug)), len(s.finished(ops.Slug)), len(s.finished("")); a != 2 || b != 1 || all != 2 {
			s.t.Errorf("%d and %d, %d of all", a, b, all)
		}
	})
}

func TestAScopeIsTakenOnlyWhenJiraUnderstandsIt(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		s.done(1, 1)
		wrong := map[string]struct {
			scope jirasync.Scope
			field string
			says  string
		}{
			"no team":              {jirasync.Scope{JQL: "project = OPS"}, "team", "Choose the team"},
			"nothing":              {jirasync.Scope{Team: s.team.ID}, "jql", "number of a board, or a query"},
			"no number":            {jirasync.Scope{Team: s.team.ID, Board: "OPS board"}, "board", "in its address"},
			"no such board":        {jirasync.Scope{Team: s.team.ID, Board: "99"}, "board", "does not exist"},
			"no such field":        {jirasync.Scope{Team: s.team.ID, JQL: "squad = 7"}, "jql", "Field 'squad' does not exist"},
			"no such project":      {jirasync.Scope{Team: s.team.ID, JQL: "project = NOPE"}, "jql", "The value 'NOPE' does not exist for the field 'project'"},
			"a stray parenthesis":  {jirasync.Scope{Team: s.team.ID, JQL: "project = OPS) OR (project = OPS"}, "jql", "never opened"},
			"a label with a space": {jirasync.Scope{Team: s.team.ID, JQL: "project = OPS", Labels: []string{"an incident"}}, "labels", "no spaces"},
		}
		for name, c := range wrong {
			c.scope.Site = s.site.ID
			_, err := s.words.jira.Connect.SetScope(s.t.Context(), syncActor, c.scope)
			f := fault.Of(err)
			if f == nil || len(f.Fields) == 0 || f.Fields[0].Name != c.field || !strings.Contains(f.Fields[0].Message, c.says) {
				s.t.Errorf("%s: got %v", name, err)
			}
		}
		if all, err := s.store.Scopes(s.t.Context()); err != nil || len(all) != 0 {
			s.t.Errorf("kept %+v, %v", all, err)
		}
		sc := s.scope(func(sc *jirasync.Scope) { sc.JQL = "project = OPS" })
		if _, err := s.words.jira.Connect.SetScope(s.t.Context(), syncActor, jirasync.Scope{Site: s.site.ID, Team: s.team.ID, JQL: "project = OPS"}); !fault.Is(err, fault.Invalid) {
			s.t.Errorf("a second one of the team: %v", err)
		}
		s.sync()
		sc.JQL = "project = OPS AND labels = other"
		sc, err := s.words.jira.Connect.SetScope(s.t.Context(), syncActor, sc)
		s.must(err)
		if n := len(s.finished(s.team.Slug)); n != 0 {
			s.t.Errorf("%d are kept of the query before", n)
		}
		// What was understood once may be refused later: that is kept with the scope, and the rest of the sync goes on.
		s.double.AddProject(jiratest.Project{ID: "10000", Key: "OPS", Name: "Operations", Denied: []string{"BROWSE_PROJECTS"}})
		s.sync()
		all, err := s.store.Scopes(s.t.Context())
		s.must(err)
		if len(all) != 1 || !strings.Contains(all[0].Trouble.Words, "'OPS' does not exist") {
			s.t.Errorf("got %+v", all)
		}
		s.must(s.words.jira.Connect.DropScope(s.t.Context(), syncActor, sc.ID))
	})
}
