package app

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
	"upshot/store/storetest"
)

// eachFlavour runs a test against both flavours, on SQLite.
func eachFlavour(t *testing.T, test func(s *synced)) {
	t.Helper()
	for _, flavour := range []jiratest.Flavour{jiratest.Cloud, jiratest.DataCenter} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			test(startSynced(t, storetest.File(t), flavour))
		})
	}
}

func (s *synced) issue(key string) jiratest.Issue {
	s.t.Helper()
	i, is := s.double.Issue(key)
	if !is {
		s.t.Fatalf("there is no issue %s", key)
	}
	return i
}

func (s *synced) health() jirasync.Health {
	s.t.Helper()
	all, err := s.store.JiraHealth(s.t.Context(), s.clock.Now())
	s.must(err)
	return all[0]
}

func TestAConflictIsShownAndNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keep         jirasync.Owner
		ours, theirs string
	}{
		"Jira's is kept":      {jirasync.JiraOwns, "Fares are wrong, says Jira", "Fares are wrong, says Jira"},
		"ours is written":     {jirasync.UpshotOwns, "Fares are wrong, say we", "Fares are wrong, say we"},
		"nobody chose so far": {"", "Fares are wrong, say we", "Fares are wrong, says Jira"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFlavour(t, func(s *synced) {
				f := s.filed("Fares are wrong")
				_, err := s.words.followUps.Edit(s.t.Context(), syncActor, f.ID, 0, func(f *followup.FollowUp) error {
					f.Title = "Fares are wrong, say we"
					return nil
				})
				s.must(err)
				s.double.Change(f.Ticket.Key, func(i *jiratest.Issue) {
					i.Summary, i.Updated = "Fares are wrong, says Jira", s.clock.Now()
				})
				s.sync()
				l := s.link(f.ID)
				if len(l.Conflicts) != 1 || l.Conflicts[0].Field != jirasync.FieldSummary {
					s.t.Fatalf("conflicts: %+v", l.Conflicts)
				}
				if c.keep != "" {
					s.must(s.words.jira.Resolve(s.t.Context(), syncActor, f.ID, jirasync.FieldSummary, c.keep))
				}
				s.sync()
				s.sync()
				if f = s.followUp(f.ID); f.Title != c.ours || s.issue(f.Ticket.Key).Summary != c.theirs {
					s.t.Errorf("here %q, there %q", f.Title, s.issue(f.Ticket.Key).Summary)
				}
				if n := len(s.link(f.ID).Conflicts); (n == 0) != (c.keep != "") {
					s.t.Errorf("%d conflicts in the end", n)
				}
			})
		})
	}
}

func TestAChangeInJiraFlowsHereWhereJiraOwnsTheField(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Fares are wrong")
		s.double.Change(f.Ticket.Key, func(i *jiratest.Issue) {
			i.Summary, i.DueOn, i.Updated = "Fares are wrong on Sundays", "2027-01-31", s.clock.Now()
		})
		s.sync()
		if f = s.followUp(f.ID); f.Title != "Fares are wrong on Sundays" || f.DueOn != "2027-01-31" || len(s.link(f.ID).Conflicts) != 0 {
			s.t.Errorf("title %q, due %s, %+v", f.Title, f.DueOn, s.link(f.ID).Conflicts)
		}
		before := len(s.double.Journal())
		s.sync()
		for _, e := range s.double.Journal()[before:] {
			if e.Effect != "" {
				s.t.Errorf("it was echoed: %+v", e)
			}
		}
	})
}

func TestClosedWithoutACauseAsksForADecision(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Done", Resolution: "Operations resolved"})
		s.sync()
		f = s.followUp(f.ID)
		if l := s.link(f.ID); !l.AsksDecision || f.State != followup.Queued || !f.Kept.DoneAt.IsZero() || !f.Kept.ShippedAt.IsZero() {
			s.t.Errorf("asks %v, state %s, ledger %+v", l.AsksDecision, f.State, f.Kept)
		}
		if h := s.health(); h.Decisions != 1 {
			s.t.Errorf("%d decisions are asked for", h.Decisions)
		}
		_, err := s.words.followUps.Step(s.t.Context(), syncActor, f.ID, "declined", "", func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error {
			return f.Decline(now, followup.Decline{Reason: "The printer is thrown away.", LookAgainOn: "2027-03-01"})
		})
		s.must(err)
		s.sync()
		if l := s.link(f.ID); l.AsksDecision {
			s.t.Error("it still asks after the decision")
		}
	})
}

func TestPeopleMoveWhatJiraOwnsInJira(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		_, err := s.words.followUps.Step(s.t.Context(), syncActor, f.ID, "started", "", followup.Plain((*followup.FollowUp).Start))
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), f.Ticket.Key) {
			s.t.Errorf("error is %v", err)
		}
	})
}

func TestABadLoginStopsTheSyncAndNothingIsTakenForMissing(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		g := s.promise("Refunds are late")
		s.double.Set(func(x *jiratest.Faults) { x.Expired = true })
		_, err := s.words.jira.Ask(s.t.Context(), syncActor, g.ID)
		s.must(err)
		s.sync()
		if h := s.health(); h.State.LoginBadAt.IsZero() || h.Gone != 0 {
			s.t.Fatalf("health is %+v", h.State)
		}
		if why, stopped := s.health().Stopped(s.clock.Now(), time.Minute); !stopped || why == "" {
			s.t.Error("nobody is told that it stands still")
		}
		s.double.ForgetCalls()
		for range 3 {
			s.sync()
		}
		if calls := s.double.Calls(); s.double.Total() > 1 || s.double.Total() != calls["GET /rest/api/2/myself"] {
			s.t.Errorf("while the login is bad: %v", calls)
		}
		s.clock.Add(24 * time.Hour)
		s.sync()
		s.double.Set(func(x *jiratest.Faults) { x.Expired = false })
		s.clock.Add(6 * time.Minute)
		s.sync()
		s.sync()
		if h := s.health(); !h.State.LoginBadAt.IsZero() || h.Gone != 0 || s.link(g.ID).State != ticket.Linked || s.followUp(f.ID).Ticket.Missing != 0 {
			s.t.Errorf("after the new token: %+v, link %+v", h.State, s.link(g.ID).State)
		}
	})
}

func TestAQuotaPauseIsObeyedByEveryReplica(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := startSynced(t, address, jiratest.Cloud)
		f := s.promise("Refunds are late")
		s.sync()
		s.double.Set(func(x *jiratest.Faults) {
			x.Next, x.Status, x.Limit, x.LimitFor = 1, http.StatusTooManyRequests, jiratest.Quota, 1800
		})
		_, err := s.words.jira.Ask(t.Context(), syncActor, f.ID)
		s.must(err)
		s.sync()
		h := s.health()
		if until := h.PausedUntil(time.Now()); until.Before(time.Now().Add(29*time.Minute)) || !strings.Contains(h.Pauses[0].Why, "jira-quota") {
			t.Fatalf("pauses: %+v", h.Pauses)
		}
		other, err := New(t.Context(), s.config, s.log, s.clock.Now) // a restart, or another replica
		s.must(err)
		defer func() { s.must(other.Close()) }()
		s.double.ForgetCalls()
		s.clock.Add(time.Minute)
		s.must(other.words.jira.SyncAll(t.Context()))
		s.sync()
		if n := s.double.Total(); n != 0 {
			t.Errorf("%d calls during the pause", n)
		}
		if runs := s.health().Runs; runs[len(runs)-1].Outcome != jirasync.Paused {
			t.Errorf("the last run says %+v", runs[len(runs)-1])
		}
	})
}

func TestWhatIsDeletedIsShownAsGoneAndNeverMadeAgain(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f, other := s.filed("Labels smear"), s.filed("Refunds are late")
		s.double.Delete(f.Ticket.Key)
		s.must(s.words.jira.Hint(s.t.Context(), jirasync.Hint{Site: s.site.ID, Delivery: "d1", Event: jirasync.DeletedEvent, IssueID: f.Ticket.IssueID, At: s.clock.Now()}))
		s.must(s.words.jira.FlushAll(s.t.Context()))
		if l := s.link(f.ID); l.State != ticket.LinkGone {
			s.t.Errorf("Jira said that it was deleted, and the link is %s", l.State)
		}
		// A forged hint about one that is there changes nothing.
		s.must(s.words.jira.Hint(s.t.Context(), jirasync.Hint{Site: s.site.ID, Delivery: "d2", Event: jirasync.DeletedEvent, IssueID: other.Ticket.IssueID, At: s.clock.Now()}))
		s.must(s.words.jira.FlushAll(s.t.Context()))
		if l := s.link(other.ID); l.State != ticket.Linked {
			s.t.Errorf("the other one is %s", l.State)
		}
		s.sync()
		if n := len(s.double.Issues()); n != 1 {
			s.t.Errorf("%d issues", n)
		}
	})
}

func TestAStatusNobodyKnowsWithholdsFiguresUntilItHasAPlace(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		s.double.AddStatus(jiratest.Status{ID: "10077", Name: "Parked", Category: "new"})
		s.clock.Add(24 * time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Parked"})
		s.clock.Add(24 * time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: "In Progress"})
		s.double.DeleteStatus("Parked")
		s.sync()
		if f = s.followUp(f.ID); !f.Kept.Incomplete {
			s.t.Fatalf("figures with an unknown status: %+v", f.Kept)
		}
		if h := s.health(); h.Unplaced != 1 {
			s.t.Errorf("%d statuses have no place", h.Unplaced)
		}
		differ, err := s.words.jira.Place(s.t.Context(), syncActor, s.site.ID, "10077", ticket.ToDo)
		s.must(err)
		s.must(s.words.jira.PushAll(s.t.Context()))
		if f = s.followUp(f.ID); differ != 1 || f.Kept.Incomplete || f.Kept.Waiting.Round(time.Hour) != 48*time.Hour {
			s.t.Errorf("%d differ, ledger %+v", differ, f.Kept)
		}
	})
}

func TestAHistoryThatIsCutGivesNoFigure(t *testing.T) {
	t.Parallel()
	s := startSynced(t, storetest.File(t), jiratest.DataCenter)
	s.double.Set(func(x *jiratest.Faults) { x.HistoryMax = 1 })
	f := s.filed("Labels smear")
	for _, status := range []string{"In Progress", "To Do", "In Progress"} {
		s.clock.Add(time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Status: status})
	}
	s.sync()
	if f = s.followUp(f.ID); !f.Kept.Incomplete || s.health().Partial != 1 {
		t.Errorf("ledger %+v, %d partial", f.Kept, s.health().Partial)
	}
	s.double.Set(func(x *jiratest.Faults) { x.HistoryMax = 0 })
	s.clock.Add(25 * time.Hour)
	s.sync()
	if f = s.followUp(f.ID); f.Kept.Incomplete || s.health().Partial != 0 {
		t.Errorf("once it can be read: %+v", f.Kept)
	}
}

func TestTwoIssuesWithOneMarkAreFoundAndNothingIsDeleted(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		first := s.issue(f.Ticket.Key)
		double := s.double.Seed(jiratest.Seed{Summary: "Labels smear", Labels: first.Labels})
		s.clock.Add(25 * time.Hour)
		for range 4 {
			s.sync()
		}
		other := s.issue(double)
		if len(other.Comments) != 1 || !strings.Contains(other.Comments[0].Body, first.Key) || len(other.IssueLinks) != 1 || len(s.double.Issues()) != 2 {
			s.t.Errorf("the other one: comments %+v, links %v", other.Comments, other.IssueLinks)
		}
		if slices.Contains(other.Labels, s.link(f.ID).Mark) || s.followUp(f.ID).Ticket.Key != first.Key {
			s.t.Errorf("labels %v, carried by %s", other.Labels, s.followUp(f.ID).Ticket.Key)
		}
	})
}

func TestACommentWhoseAnswerWasLostIsNotDoubled(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"it was written": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFlavour(t, func(s *synced) {
				s.rule(func(*followup.Rule) {})
				f := s.filed("DB pool exhausted")
				s.double.Set(func(x *jiratest.Faults) { x.Operation, x.Next, x.Effect = "PUT /rest/api/2/issue/{id}", 1, effect })
				s.clock.Add(24 * time.Hour)
				s.happens("DB pool exhausted", 10*time.Minute)
				for range 4 {
					s.sync()
				}
				if i := s.issue(f.Ticket.Key); len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Body, "recurred once") {
					s.t.Errorf("comments: %+v", i.Comments)
				}
			})
		})
	}
}

func TestAWriteThatJiraRefusesWaitsForAPerson(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		s.rule(func(r *followup.Rule) { r.RaisePriority, r.Propose = false, followup.ProposeNothing })
		f := s.filed("DB pool exhausted")
		s.double.AddProject(jiratest.Project{ID: "10000", Key: "OPS", Name: "Operations", Denied: []string{"ADD_COMMENTS"}})
		s.clock.Add(24 * time.Hour)
		s.happens("DB pool exhausted", 10*time.Minute)
		s.sync()
		dead, err := s.store.DeadPushes(s.t.Context(), s.site.ID, 10)
		s.must(err)
		if len(dead) != 1 || dead[0].Trouble.Words != "You do not have the permission to comment on this issue." {
			s.t.Fatalf("dead letters: %+v", dead)
		}
		if err := s.words.jira.PushAgain(s.t.Context(), account.Actor{Kind: account.Person, ID: 2, Role: account.Viewer}, dead[0].ID); !fault.Is(err, fault.Denied) {
			s.t.Errorf("a viewer tries again: %v", err)
		}
		s.double.AddProject(jiratest.Project{ID: "10000", Key: "OPS", Name: "Operations"})
		s.must(s.words.jira.PushAgain(s.t.Context(), syncActor, dead[0].ID))
		s.sync()
		if i := s.issue(f.Ticket.Key); len(i.Comments) != 1 || s.health().Dead != 0 {
			s.t.Errorf("comments %+v, %d dead", i.Comments, s.health().Dead)
		}
	})
}

func TestAPersonsLaterChoiceOfPriorityStands(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		for range 2 {
			s.clock.Add(24 * time.Hour)
			s.happens("DB pool exhausted", 10*time.Minute)
		}
		s.clock.Add(time.Hour)
		s.double.Move(f.Ticket.Key, jiratest.Move{Priority: "Low"})
		s.rule(func(*followup.Rule) {})
		s.sync()
		s.sync()
		if i := s.issue(f.Ticket.Key); i.Priority != "4" {
			s.t.Errorf("the priority is %s", i.Priority)
		}
	})
}

func TestADryRunTellsAndChangesNothing(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		for range 3 {
			s.clock.Add(24 * time.Hour)
			s.happens("DB pool exhausted", 10*time.Minute)
			s.sync()
		}
		if i := s.issue(f.Ticket.Key); i.Priority != "3" || len(i.Comments) != 0 || len(i.Labels) != 2 {
			s.t.Errorf("priority %s, labels %v, comments %+v", i.Priority, i.Labels, i.Comments)
		}
		promised, err := s.store.RecurredWithTicket(s.t.Context(), syncActor, 0, 10)
		s.must(err)
		if len(promised) != 1 || s.link(f.ID).DryRunAt.IsZero() {
			s.t.Errorf("%d would have been escalated, told at %s", len(promised), s.link(f.ID).DryRunAt)
		}
	})
}

func TestSeveralFollowUpsShareAnIssueAndItsOneComment(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		s.rule(func(r *followup.Rule) { r.RaisePriority, r.Propose = false, followup.ProposeNothing })
		f := s.filed("DB pool exhausted")
		second, err := s.words.followUps.Promise(s.t.Context(), syncActor, followup.FollowUp{
			Title: "Alert on the pool", Kind: followup.Alert, Purpose: followup.Detect, Team: s.team.ID, Incidents: []incident.ID{1},
		}, true)
		s.must(err)
		_, err = s.words.jira.LinkTo(s.t.Context(), syncActor, second.ID, s.double.Robot().Name+"/browse/"+f.Ticket.Key)
		if !fault.Is(err, fault.Invalid) {
			s.t.Errorf("an address of elsewhere: %v", err)
		}
		_, err = s.words.jira.LinkTo(s.t.Context(), syncActor, second.ID, s.site.URL+"/browse/"+f.Ticket.Key)
		s.must(err)
		s.sync()
		s.clock.Add(24 * time.Hour)
		s.happens("DB pool exhausted", 10*time.Minute)
		for range 3 {
			s.sync()
		}
		i := s.issue(f.Ticket.Key)
		if len(i.Comments) != 1 || strings.Count(i.Comments[0].Body, "recurred once") != 2 || len(i.Links) != 2 {
			s.t.Errorf("comments %+v, links %+v", i.Comments, i.Links)
		}
	})
}

func TestWebhooksOfJiraOverHTTP(t *testing.T) {
	t.Parallel()
	s := startSynced(t, storetest.File(t), jiratest.Cloud)
	f := s.filed("Labels smear")
	secret, err := s.words.jira.Connect.NewHookSecret(t.Context(), syncActor, s.site.ID)
	s.must(err)
	site, err := s.store.JiraSite(t.Context(), s.site.ID)
	s.must(err)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	body := fmt.Sprintf(`{"webhookEvent":"jira:issue_updated","issue":{"id":%q}}`, f.Ticket.IssueID)
	send := func(name, body, signature, identifier string) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, server.URL+"/hooks/jira/"+name, strings.NewReader(body))
		s.must(err)
		r.Header.Set("X-Hub-Signature", signature)
		r.Header.Set("X-Atlassian-Webhook-Identifier", identifier)
		answer, err := http.DefaultClient.Do(r)
		s.must(err)
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	waiting := func() int {
		t.Helper()
		hints, err := s.store.JiraHints(t.Context(), s.site.ID, 100)
		s.must(err)
		return len(hints)
	}
	good := jiratest.Sign(secret, []byte(body))
	for _, c := range []struct {
		name                                 string
		address, body, signature, identifier string
		status, hints                        int
	}{
		{"no such address", "nobody", body, good, "1", 404, 0},
		{"not signed", site.HookName, body, "", "1", 401, 0},
		{"wrongly signed", site.HookName, body, jiratest.Sign("another", []byte(body)), "1", 401, 0},
		{"no JSON", site.HookName, "<html>", jiratest.Sign(secret, []byte("<html>")), "1", 400, 0},
		{"too long", site.HookName, string(bytes.Repeat([]byte("x"), 26<<20)), good, "1", 413, 0},
		{"a good one", site.HookName, body, good, "1", 204, 1},
		{"the same once more", site.HookName, body, good, "1", 204, 1},
		{"an event without issue", site.HookName, `{}`, jiratest.Sign(secret, []byte(`{}`)), "2", 204, 1},
		{"another one", site.HookName, body, good, "3", 204, 2},
	} {
		if got := send(c.address, c.body, c.signature, c.identifier); got != c.status || waiting() != c.hints {
			t.Errorf("%s: %d, %d hints", c.name, got, waiting())
		}
	}
	next, err := s.words.jira.Connect.NewHookSecret(t.Context(), syncActor, s.site.ID)
	s.must(err)
	if send(site.HookName, body, good, "4") != 204 || send(site.HookName, body, jiratest.Sign(next, []byte(body)), "5") != 204 {
		t.Error("while the secret is changed both are good")
	}
	s.double.Hook(server.URL+"/hooks/jira/"+site.HookName, next, jiratest.HookFaults{Twice: true, NumberIDs: true})
	s.double.Move(f.Ticket.Key, jiratest.Move{Status: "In Progress"})
	if sent := s.double.Sent(); len(sent) != 2 || sent[0].Status != 204 || sent[1].Status != 204 {
		t.Errorf("sent %+v", sent)
	}
	s.must(s.words.jira.FlushAll(t.Context()))
	if f = s.followUp(f.ID); f.State != followup.InProgress || waiting() != 0 {
		t.Errorf("state %s, %d hints wait", f.State, waiting())
	}
}
