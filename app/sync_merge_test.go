package app

import (
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
)

func TestATitleThatIsTidiedHereIsNoConflict(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Fares are wrong")
		s.double.Change(f.Ticket.Key, func(i *jiratest.Issue) { i.Summary, i.Updated = "Fares  are wrong,  says Jira", s.clock.Now() })
		for range 2 {
			s.sync()
		}
		s.double.Change(f.Ticket.Key, func(i *jiratest.Issue) { i.DueOn, i.Updated = "2027-01-31", s.clock.Now() })
		for range 2 {
			s.sync()
		}
		if f = s.followUp(f.ID); f.Title != "Fares are wrong, says Jira" || len(s.link(f.ID).Conflicts) != 0 {
			s.t.Errorf("title %q, %+v", f.Title, s.link(f.ID).Conflicts)
		}
	})
}

func TestWhatTheRuleRaisesIsNoConflictWhereUpshotOwnsThePriority(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		s.rule(func(*followup.Rule) {})
		projects, err := s.store.JiraProjects(s.t.Context())
		s.must(err)
		p := projects[0]
		p.Owners = jirasync.Owners{jirasync.FieldPriority: jirasync.UpshotOwns, jirasync.FieldLabels: jirasync.UpshotOwns}
		_, err = s.words.jira.Connect.Map(s.t.Context(), syncActor, p)
		s.must(err)
		f := s.filed("DB pool exhausted")
		s.must(s.words.jira.Wish(s.t.Context(), syncActor, f.ID, jirasync.Wishes{Priority: "4", Labels: []string{"pool"}}))
		s.sync()
		for range 2 {
			s.clock.Add(24 * time.Hour)
			s.happens("DB pool exhausted", 10*time.Minute)
		}
		for range 3 {
			s.sync()
		}
		l := s.link(f.ID)
		if i := s.issue(f.Ticket.Key); i.Priority != "3" || l.Wishes.Priority != "3" || len(l.Conflicts) != 0 {
			s.t.Errorf("priority %s, wishes %+v, conflicts %+v, labels %v", i.Priority, l.Wishes, l.Conflicts, i.Labels)
		}
	})
}

func TestASprintThatBeginsIsNoticed(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		planned := s.double.AddSprint(jiratest.Sprint{Name: "Sprint 8", State: "future"})
		s.clock.Add(time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Sprint: planned})
		s.sync()
		if f = s.followUp(f.ID); f.Ticket.Sprint().State != ticket.FutureSprint || !f.Ticket.History.SprintEnteredAt.IsZero() {
			s.t.Fatalf("planned: %+v, %+v", f.Ticket.Sprints, f.Ticket.History)
		}
		began := s.clock.Now()
		s.double.StartSprint(planned, began)
		s.clock.Add(25 * time.Hour) // everything is read once a day
		s.sync()
		f = s.followUp(f.ID)
		if f.Ticket.Sprint().State != ticket.ActiveSprint || f.Ticket.History.SprintEnteredAt.Sub(began).Abs() > time.Second {
			s.t.Errorf("running since %v: %+v, %+v", began, f.Ticket.Sprints, f.Ticket.History)
		}
	})
}

func TestAConflictResolvedForJiraStaysResolvedThoughItsTitleIsTidied(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Fares are wrong")
		_, err := s.words.followUps.Edit(s.t.Context(), syncActor, f.ID, 0, func(f *followup.FollowUp) error {
			f.Title = "Fares are wrong, say we"
			return nil
		})
		s.must(err)
		s.double.Change(f.Ticket.Key, func(i *jiratest.Issue) { i.Summary, i.Updated = "Fares  are wrong,  says Jira", s.clock.Now() })
		s.sync()
		s.must(s.words.jira.Resolve(s.t.Context(), syncActor, f.ID, jirasync.FieldSummary, jirasync.JiraOwns))
		for range 2 {
			s.sync()
		}
		if f = s.followUp(f.ID); f.Title != "Fares are wrong, says Jira" || len(s.link(f.ID).Conflicts) != 0 {
			s.t.Errorf("title %q, %+v", f.Title, s.link(f.ID).Conflicts)
		}
	})
}
