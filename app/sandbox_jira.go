package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/listing"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
)

// The sandbox's Jira: a pretend one on a port of its own, in which the story's changes have their issues.

// sandboxProjects are the projects by team; teams without one share OPS.
var sandboxProjects = map[string]string{"booking": "BKG", "payments": "PAY", "tracking": "TRK", "platform": "PLT"}

// customerImpact is a field that tracking's Jira requires, and that nobody has given a value yet: one ticket cannot be filed.
var customerImpact = jiratest.Field{
	ID: "customfield_10042", Name: "Customer impact", Required: true, Allowed: []jiratest.Named{{ID: "10100", Name: "Parcels are late"}, {ID: "10101", Name: "Travellers wait"}},
}

// openJira starts the pretend Jira, files the story's changes in it as if that had been done along the way, connects it and
// reads it once. Close ends it.
func (a *App) openJira(ctx context.Context, addr string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("a port for the pretend Jira: %w", err)
		}
	}
	double := jiratest.New(jiratest.Options{})
	server := &http.Server{Handler: double, ReadHeaderTimeout: headerTimeout}
	go func() { _ = server.Serve(listener) }()
	a.closers = append(a.closers, server.Close)
	a.board = "http://" + listener.Addr().String() + "/board"

	actor := account.AsCommand("upshot demo")
	site, err := a.words.jira.Connect.Connect(ctx, actor, jirasync.Given{URL: "http://" + listener.Addr().String(), User: jiratest.DefaultUser, Token: jiratest.DefaultToken})
	if err != nil {
		return err
	}
	s := &sandboxJira{App: a, double: double, site: site, actor: actor}
	for _, do := range []func(context.Context) error{s.mapProjects, s.file, s.backlog, a.words.jira.SyncAll, s.trouble, a.words.jira.SyncAll} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	secret, err := a.words.jira.Connect.NewHookSecret(ctx, actor, site.ID)
	if err != nil {
		return err
	}
	double.Hook(a.config.BaseURL+"/hooks/jira/"+site.HookName, secret, jiratest.HookFaults{})
	return nil
}

type sandboxJira struct {
	*App
	double  *jiratest.Server
	site    jirasync.Site
	actor   account.Actor
	teams   map[catalog.TeamID]catalog.Team
	sprints []sandboxSprint // oldest first
	stuck   followup.ID     // its ticket is refused
}

type sandboxSprint struct {
	id       int
	from, to time.Time
}

func (s *sandboxJira) projectOf(t catalog.TeamID) string {
	if key := sandboxProjects[s.teams[t].Slug]; key != "" {
		return key
	}
	return "OPS"
}

// mapProjects makes the projects and says whose follow-ups go where.
func (s *sandboxJira) mapProjects(ctx context.Context) error {
	teams, err := s.store.Teams(ctx, s.actor)
	if err != nil {
		return err
	}
	s.teams = map[catalog.TeamID]catalog.Team{}
	for _, t := range teams {
		s.teams[t.ID] = t
	}
	s.double.AddStatus(jiratest.Status{ID: "10011", Name: "Parked", Category: "new"})
	s.double.DeleteStatus("Parked")
	for _, t := range teams {
		key := sandboxProjects[t.Slug]
		if key == "" {
			continue
		}
		s.double.AddProject(jiratest.Project{Key: key, Name: t.Name})
		if _, err := s.words.jira.Connect.Map(ctx, s.actor, jirasync.Project{Site: s.site.ID, Key: key, Team: t.ID}); err != nil {
			return err
		}
	}
	_, err = s.words.jira.Connect.Map(ctx, s.actor, jirasync.Project{Site: s.site.ID, Key: "OPS"})
	if err != nil {
		return err
	}
	rule := followup.DefaultRule()
	rule.Mode, rule.Cap = followup.On, "High"
	return s.words.jira.Connect.SetRule(ctx, s.actor, rule)
}

const sandboxSprintLength = 14 * 24 * time.Hour

// plan makes the sprints of the last year, two weeks each, from a Monday.
func (s *sandboxJira) plan(now time.Time) {
	year, month, day := now.UTC().Date()
	monday := time.Date(year, month, day-(int(now.UTC().Weekday())+6)%7, 9, 0, 0, 0, time.UTC)
	const n = 27
	for i := range n {
		from := monday.Add(-sandboxSprintLength * time.Duration(n-1-i))
		sp := sandboxSprint{from: from, to: from.Add(sandboxSprintLength)}
		state := "closed"
		if i == n-1 {
			state = "active"
		}
		sp.id = s.double.AddSprint(jiratest.Sprint{Project: "BKG", Name: fmt.Sprintf("Sprint %d", 40+i), State: state, StartedAt: from})
		s.sprints = append(s.sprints, sp)
	}
}

// file gives each promised change an issue with the history that its own moves tell, planned from sprint to sprint while it
// waited.
func (s *sandboxJira) file(ctx context.Context) error {
	now := s.now()
	s.plan(now)
	all, err := s.store.FollowUps(ctx, s.actor, followup.Filter{Sort: "queued_at"}, listing.Request{Limit: 500})
	if err != nil {
		return err
	}
	code, err := s.store.Installation(ctx)
	if err != nil {
		return err
	}
	projects, err := s.store.JiraProjects(ctx)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(ctx context.Context) error {
		parked := false
		for _, f := range all.Items {
			if f.Kept.QueuedAt.IsZero() || f.State == followup.Declined || f.State == followup.Duplicate {
				continue
			}
			key := s.projectOf(f.Team)
			if key == "TRK" && f.State == followup.Queued && s.stuck == 0 {
				s.stuck = f.ID
				continue
			}
			seed := s.seed(f, key, code, now)
			if !parked && f.State == followup.Verified && len(seed.Moves) > 1 {
				parked = true
				seed.Moves = slices.Insert(seed.Moves, 0, jiratest.Move{At: seed.Created.Add(time.Hour), Status: "Parked"})
			}
			issue := s.double.Seed(seed)
			if err := s.connect(ctx, f, issue, code, projects); err != nil {
				return err
			}
		}
		return nil
	})
}

// seed is the issue of a follow-up.
func (s *sandboxJira) seed(f followup.FollowUp, project, code string, now time.Time) jiratest.Seed {
	queued := f.Kept.QueuedAt
	seed := jiratest.Seed{
		Project: project, Summary: f.Title, Description: "See " + s.config.BaseURL + "/followups/" + f.ID.String(), DueOn: f.DueOn, Created: queued,
		Labels: []string{jirasync.Label(code), jirasync.Mark(code, f.ID, 0)}, Priority: "Medium",
	}
	started := f.Kept.StartedAt
	if started.IsZero() {
		started = now
	}
	planned := 0
	for _, sp := range s.sprints {
		// Planned at the sprint's beginning, for as long as it waited; a quick one never was.
		if sp.from.After(queued.Add(48*time.Hour)) && sp.from.Before(started) {
			seed.Moves = append(seed.Moves, jiratest.Move{At: sp.from, Sprint: sp.id})
			planned++
		}
	}
	if planned > 0 && queued.Add(24*time.Hour).Before(started) {
		seed.Moves = append(seed.Moves, jiratest.Move{At: queued.Add(24 * time.Hour), Status: "Selected for development"})
	}
	for n, m := range f.Moves {
		if m.At.Before(queued) {
			continue
		}
		status := map[followup.State]string{followup.Queued: "To Do", followup.InProgress: "In Progress", followup.Done: "Done"}[m.State]
		if status == "" || status == "To Do" && n > 0 && f.Moves[n-1].State == followup.Proposed || !m.At.After(seed.Created) {
			continue
		}
		seed.Moves = append(seed.Moves, jiratest.Move{At: m.At, Status: status})
		if m.State == followup.InProgress && n+1 < len(f.Moves) && f.Moves[n+1].At.Sub(m.At) > 72*time.Hour {
			seed.Moves = append(seed.Moves, jiratest.Move{At: f.Moves[n+1].At.Add(-30 * time.Hour), Status: "In Review"})
		}
	}
	slices.SortStableFunc(seed.Moves, func(a, b jiratest.Move) int { return a.At.Compare(b.At) })
	return seed
}

// connect writes the connection as if the issue had been filed then.
func (s *sandboxJira) connect(ctx context.Context, f followup.FollowUp, key, code string, projects []jirasync.Project) error {
	issue, _ := s.double.Issue(key)
	id, err := s.store.MirrorTicket(ctx, s.site.ID, jirasync.Ref{ID: issue.ID, Key: issue.Key})
	if err != nil {
		return err
	}
	state := string(f.State)
	if f.State == followup.Verified {
		state = string(followup.Done)
	}
	l := jirasync.Link{
		FollowUp: f.ID, Site: s.site.ID, State: ticket.Linked, Mark: jirasync.Mark(code, f.ID, 0), Ticket: id, Filed: true, LinkedBack: true,
		CreatedAt: issue.Created, LinkedAt: issue.Created,
		Bases: map[jirasync.Field]jirasync.Base{
			jirasync.FieldStatus: {Ours: state, Theirs: state}, jirasync.FieldSummary: {Ours: f.Title, Theirs: f.Title}, jirasync.FieldDueOn: {Ours: f.DueOn, Theirs: f.DueOn},
		},
	}
	for _, p := range projects {
		if p.Key == issue.Project {
			l.Project = p.ID
		}
	}
	return s.store.CreateTicketLink(ctx, l)
}

// trouble is what a visitor can see to: a ticket that Jira refuses, a title about which the two sides differ, and what somebody
// said there.
func (s *sandboxJira) trouble(ctx context.Context) error {
	if s.stuck != 0 {
		s.double.AddProject(jiratest.Project{Key: "TRK", Name: "Tracking", Types: []jiratest.Type{{ID: "10001", Name: "Task", Fields: []jiratest.Field{customerImpact}}}})
		if _, err := s.words.jira.Ask(ctx, s.actor, s.stuck); err != nil {
			return err
		}
	}
	all, err := s.store.FollowUps(ctx, s.actor, followup.Filter{State: followup.Queued, Sort: "-cost"}, listing.Request{Limit: 20})
	if err != nil {
		return err
	}
	done := 0
	for _, f := range all.Items {
		if f.Ticket == nil {
			continue
		}
		switch done++; done {
		case 1:
			s.double.Say(f.Ticket.Key, "We wanted to take this into the sprint twice. What does waiting cost?")
		case 3:
			title := f.Title
			if _, err := s.words.followUps.Edit(ctx, s.actor, f.ID, 0, func(f *followup.FollowUp) error {
				f.Title = title + ", and alert on it"
				return nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// closeAll ends what the sandbox started.
func (a *App) closeAll() error {
	var all []error
	for _, end := range slices.Backward(a.closers) {
		all = append(all, end())
	}
	return errors.Join(all...)
}
