package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
	"upshot/internal/synctest"
	"upshot/store/storetest"
)

// The sync, whole: a real database on our side, a pretend Jira over real HTTP on the other.

var syncActor = account.Actor{Kind: account.Person, ID: 1, Name: "mira", Role: account.Admin}

// movable is a clock that a test moves.
type movable struct {
	mu sync.Mutex
	at time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *movable) Add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}

// synced is an App connected to a pretend Jira. Both go by one clock.
type synced struct {
	*App
	t      *testing.T
	double *jiratest.Server
	site   jirasync.Site
	clock  *movable
	team   catalog.Team
}

func startSynced(t *testing.T, address string, flavour jiratest.Flavour, change ...func(*synctest.Options)) *synced {
	t.Helper()
	clock := &movable{at: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	options := synctest.Options{Options: jiratest.Options{Flavour: flavour, Now: clock.Now}}
	for _, c := range change {
		c(&options)
	}
	config := Config{
		Database: address, Addr: "127.0.0.1:0", BaseURL: "https://upshot.example.test", SecretKey: "sixteen characters at least", Log: "error",
		JiraSettle: jirasync.DefaultSettle,
	}
	a, err := New(t.Context(), config, slog.New(slog.DiscardHandler), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	double, site := synctest.Connect(t, a.words.jira, options)
	s := &synced{App: a, t: t, double: double, site: site, clock: clock}
	if s.team, err = a.words.catalog.AddTeam(t.Context(), syncActor, catalog.Team{Name: "Booking", Kind: catalog.Development, Zone: "Europe/Lisbon"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// eachSynced runs a test on both databases and against both flavours.
func eachSynced(t *testing.T, test func(s *synced)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		for _, flavour := range []jiratest.Flavour{jiratest.Cloud, jiratest.DataCenter} {
			t.Run(string(flavour), func(t *testing.T) {
				own := address
				if flavour == jiratest.DataCenter {
					if strings.Contains(address, "://") {
						own = storetest.Postgres(t)
					} else {
						own = storetest.File(t)
					}
				}
				test(startSynced(t, own, flavour))
			})
		}
	})
}

func (s *synced) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// sync lets a minute pass and runs the job once.
func (s *synced) sync() {
	s.t.Helper()
	s.clock.Add(time.Minute)
	s.must(s.words.jira.SyncAll(context.Background()))
}

// promise promises a change about a failure that happened once, and queues it.
func (s *synced) promise(title string) followup.FollowUp {
	s.t.Helper()
	i := s.happens(title, 10*time.Minute)
	f, err := s.words.followUps.Promise(s.t.Context(), syncActor, followup.FollowUp{
		Title: title, Kind: followup.AutomatedTest, Purpose: followup.Prevent, Team: s.team.ID, Incidents: []incident.ID{i.ID},
	}, true)
	s.must(err)
	return f
}

// happens reports an incident of the failure, that began just now and lasted so long.
func (s *synced) happens(failure string, lasted time.Duration) incident.Incident {
	s.t.Helper()
	i := incident.New(failure, s.clock.Now())
	i.Source, i.GroupKey, i.ExternalID = "alerts", failure, fmt.Sprint(failure, s.clock.Now().UnixNano())
	i, err := s.words.incidents.Report(s.t.Context(), syncActor, i)
	s.must(err)
	if lasted > 0 {
		s.clock.Add(lasted)
		i, err = s.words.incidents.Step(s.t.Context(), syncActor, i.ID, "restored", func(i *incident.Incident, now time.Time) error { return i.Restore(now) })
		s.must(err)
	}
	return i
}

func (s *synced) followUp(id followup.ID) followup.FollowUp {
	s.t.Helper()
	f, err := s.store.FollowUp(s.t.Context(), syncActor, id)
	s.must(err)
	return f
}

func (s *synced) link(id followup.ID) jirasync.Link {
	s.t.Helper()
	l, err := s.store.TicketLink(s.t.Context(), syncActor, id)
	s.must(err)
	return l
}

// filed promises, files and syncs, and gives the follow-up with its ticket.
func (s *synced) filed(title string) followup.FollowUp {
	s.t.Helper()
	f := s.promise(title)
	_, err := s.words.jira.Ask(s.t.Context(), syncActor, f.ID)
	s.must(err)
	s.sync()
	s.sync()
	f = s.followUp(f.ID)
	if f.Ticket == nil || f.Ticket.ReadAt.IsZero() {
		s.t.Fatalf("%s is not linked: %+v", f.ID, s.link(f.ID))
	}
	return f
}

func (s *synced) rule(change func(*followup.Rule)) {
	s.t.Helper()
	r := followup.DefaultRule()
	r.Mode = followup.On
	change(&r)
	s.must(s.words.jira.Connect.SetRule(s.t.Context(), syncActor, r))
}

func TestAnIssueIsFiledOnceAndItsWayIsTheLedgers(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		issues := s.double.Issues()
		if len(issues) != 1 || issues[0].Summary != "DB pool exhausted" || len(issues[0].Labels) != 2 {
			s.t.Fatalf("Jira has %+v", issues)
		}
		if !strings.Contains(issues[0].Description, "https://upshot.example.test/followups/FU-1") {
			s.t.Errorf("the description has no link back: %s", issues[0].Description)
		}
		s.clock.Add(48 * time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "In Progress"})
		s.sync()
		f = s.followUp(f.ID)
		if f.State != followup.InProgress || f.Kept.Waiting < 48*time.Hour || f.Kept.StillWaiting {
			s.t.Errorf("state %s, ledger %+v", f.State, f.Kept)
		}
		s.clock.Add(24 * time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Done"})
		s.sync()
		f = s.followUp(f.ID)
		if f.State != followup.Done || f.Kept.Working.Round(time.Hour) != 24*time.Hour || f.EvidenceURL != "" {
			s.t.Errorf("state %s, ledger %+v", f.State, f.Kept)
		}
		if f.Ticket.History.Off != 0 {
			s.t.Errorf("Jira's own moment of the last change differs by %s", f.Ticket.History.Off)
		}
		s.sync()
		if n := len(s.double.Issues()); n != 1 {
			s.t.Errorf("%d issues", n)
		}
	})
}

func TestAnUnknownOutcomeIsLookedForBeforeASecondTry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		effect bool
		lag    time.Duration
		tries  int
	}{
		"it was created, and the answer was lost":             {effect: true, tries: 1},
		"it was created, and the search knows a minute later": {effect: true, lag: time.Minute, tries: 1},
		"it was not created":                                  {effect: false, tries: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachSynced(t, func(s *synced) {
				f := s.promise("DB pool exhausted")
				s.double.Set(func(x *jiratest.Faults) {
					x.Operation, x.Next, x.Effect, x.SearchLag = "POST /rest/api/2/issue", 1, c.effect, c.lag
				})
				_, err := s.words.jira.Ask(s.t.Context(), syncActor, f.ID)
				s.must(err)
				s.must(s.words.jira.PushAll(s.t.Context()))
				if l := s.link(f.ID); l.State != ticket.LinkSending || l.UnknownSince.IsZero() {
					s.t.Fatalf("after the lost answer: %+v", l)
				}
				for range 30 {
					s.clock.Add(5 * time.Second)
					s.must(s.words.jira.PushAll(s.t.Context()))
				}
				creates := 0
				for _, e := range s.double.Journal() {
					if e.Operation == "POST /rest/api/2/issue" {
						creates++
					}
				}
				if l := s.link(f.ID); l.State != ticket.Linked || creates != c.tries || len(s.double.Issues()) != 1 {
					s.t.Errorf("link %s %+v, %d creations, %d issues", l.State, l.Trouble, creates, len(s.double.Issues()))
				}
			})
		})
	}
}

func TestARequiredFieldIsAskedForInJirasWords(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		s.double.AddProject(jiratest.Project{Key: "TRK", Name: "Tracking", Types: []jiratest.Type{{
			ID: "10001", Name: "Task", Fields: []jiratest.Field{{ID: "customfield_10042", Name: "Customer impact", Required: true, Allowed: []jiratest.Named{{ID: "1", Name: "High"}}}},
		}}})
		p, err := s.words.jira.Connect.Map(s.t.Context(), syncActor, jirasync.Project{Site: s.site.ID, Key: "TRK", Team: s.team.ID})
		s.must(err)
		if len(p.Wrong) != 1 || !strings.Contains(p.Wrong[0], "Customer impact") {
			s.t.Errorf("the check says %q", p.Wrong)
		}
		f := s.promise("Tracking feed stalls")
		_, err = s.words.jira.Ask(s.t.Context(), syncActor, f.ID)
		s.must(err)
		s.sync()
		if l := s.link(f.ID); l.State != ticket.LinkNeeds || l.Trouble.Words != "Customer impact is required." {
			s.t.Fatalf("link is %s: %q", l.State, l.Trouble.Words)
		}
		calls := s.double.Total()
		s.sync()
		for _, e := range s.double.Journal()[calls:] {
			if e.Operation == "POST /rest/api/2/issue" {
				s.t.Error("it was tried again by itself")
			}
		}
		p.Fixed = map[string]json.RawMessage{"customfield_10042": json.RawMessage(`{"id":"1"}`)}
		if p, err = s.words.jira.Connect.Map(s.t.Context(), syncActor, p); err != nil || len(p.Wrong) != 0 {
			s.t.Fatalf("%v, %q", err, p.Wrong)
		}
		s.must(s.words.jira.TryAgain(s.t.Context(), syncActor, f.ID))
		s.sync()
		if l := s.link(f.ID); l.State != ticket.Linked {
			s.t.Errorf("link is %s: %q", l.State, l.Trouble.Words)
		}
	})
}

func TestARecurrenceSpeaksOnceOnItsTicket(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		s.rule(func(*followup.Rule) {})
		f := s.filed("DB pool exhausted")
		s.clock.Add(10 * 24 * time.Hour)
		s.happens("DB pool exhausted", 30*time.Minute)
		s.sync()
		s.clock.Add(10 * 24 * time.Hour)
		s.happens("DB pool exhausted", 65*time.Minute)
		s.sync()
		s.sync()
		i, _ := s.double.Issue(f.Ticket.Key)
		if len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Body, "recurred twice · 95 impact minutes") {
			s.t.Errorf("comments: %+v", i.Comments)
		}
		if i.Priority != "2" || !slices.Contains(i.Labels, "proposed-for-sprint") {
			s.t.Errorf("priority %s, labels %v", i.Priority, i.Labels)
		}
		s.clock.Add(24 * time.Hour)
		s.happens("DB pool exhausted", 5*time.Minute)
		s.double.ForgetCalls()
		s.must(s.words.jira.PushAll(s.t.Context()))
		if n := s.double.Total(); n != 1 {
			s.t.Errorf("a recurrence cost %d calls: %v", n, s.double.Calls())
		}
		i, _ = s.double.Issue(f.Ticket.Key)
		if len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Body, "recurred 3 times · 100 impact minutes") || i.Priority != "2" {
			s.t.Errorf("priority %s, comments: %+v", i.Priority, i.Comments)
		}
	})
}
