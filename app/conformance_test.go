package app

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
	"upshot/internal/synctest"
	"upshot/internal/testneed"
	"upshot/store/storetest"
)

// conformance is the program that stands between the product and the double, and holds both against Jira's own documents. It and
// the documents are no part of this project; CI builds it where it has them. It gives its address, and the file of its findings.
func conformance(t *testing.T, flavour, upstream string) (address, findings string) {
	t.Helper()
	program, spec := testneed.Conformance(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, findings = l.Addr().String(), filepath.Join(t.TempDir(), "findings.jsonl")
	_ = l.Close()
	proxy := exec.Command(program, "-flavor", flavour, "-listen", address, "-upstream", upstream, "-log", findings, "-marker", "^upshot-[a-z0-9]+-fu-", "-check-responses", "-spec", spec)
	proxy.Stdout, proxy.Stderr = io.Discard, io.Discard
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = proxy.Process.Kill()
		_, _ = proxy.Process.Wait()
	})
	for range 1200 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address, findings
		}
		time.Sleep(50 * time.Millisecond) // another program starts, and reads long documents
	}
	t.Fatal("the checker does not listen")
	return "", ""
}

type finding struct {
	Severity, Code, Message, Op string
	Status                      int
}

// documentsMistake tells findings in which the documents contradict themselves, and Jira: Data Center's say that every value of a
// field is an object, with a text as the example, that four lists are one object, with "returns a list" as the description, and
// leave out the parameter by which transitions show their screens.
func documentsMistake(flavour string, f finding) bool {
	switch {
	case flavour != "dc":
		return false
	case f.Code == "UNKNOWN_QUERY":
		return f.Op == "GET /rest/api/2/issue/{issueIdOrKey}/transitions" && strings.Contains(f.Message, `"expand"`)
	case f.Code != "RESPONSE_SCHEMA":
		return false
	case f.Status == http.StatusNotFound && f.Op == "POST /rest/api/2/issue/{issueIdOrKey}/remotelink": // they forget that an issue may be gone
		return f.Message == "status is not supported"
	}
	list := slices.Contains([]string{"GET /rest/api/2/field", "GET /rest/api/2/status", "GET /rest/api/2/priority", "GET /rest/api/2/resolution"}, f.Op)
	return list && f.Message == ": value must be an object" || fieldIsObject.MatchString(f.Message)
}

var digits = regexp.MustCompile(`\d+`)

var fieldIsObject = regexp.MustCompile(`^(issues/\d+/)?fields/[a-z0-9_]+: value must be an object$`)

func TestEveryCallIsAsJirasOwnDocumentsSay(t *testing.T) {
	t.Parallel()
	for flavour, name := range map[jiratest.Flavour]string{jiratest.Cloud: "cloud", jiratest.DataCenter: "dc"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var proxied, log string
			s := startSynced(t, storetest.File(t), flavour, func(o *synctest.Options) {
				o.Through = func(double string) string {
					proxied, log = conformance(t, name, double)
					return proxied
				}
			})
			everyOperation(s)
			answer, err := http.Get(proxied + "/__conformance/report")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			var report struct {
				Requests, Errors, Warnings int
				ByCode                     map[string]int            `json:"findings_by_code"`
				Operations                 map[string]map[string]any `json:"operations"`
				MaxInFlight                int                       `json:"max_in_flight"`
			}
			if err := json.NewDecoder(answer.Body).Decode(&report); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			mistakes, wrong, told := 0, 0, map[string]bool{}
			for line := range strings.Lines(string(content)) {
				var f finding
				if err := json.Unmarshal([]byte(line), &f); err != nil {
					t.Fatal(err)
				}
				switch {
				case f.Severity != "error":
				case documentsMistake(name, f):
					mistakes++
				default:
					wrong++
					told[f.Op+" "+f.Code+": "+digits.ReplaceAllString(f.Message, "N")] = true
				}
			}
			for message := range told {
				t.Error(message)
			}
			t.Logf("%d requests of %d operations, at most %d at once; %d errors, %d of them mistakes of the documents; %d warnings; by code %v",
				report.Requests, len(report.Operations), report.MaxInFlight, report.Errors, mistakes, report.Warnings, report.ByCode)
			if report.Requests < 50 || report.MaxInFlight > 4 || report.Errors != mistakes+wrong {
				t.Errorf("%d requests, %d at once, %d errors", report.Requests, report.MaxInFlight, report.Errors)
			}
		})
	}
}

// everyOperation goes through everything the sync does with a Jira.
func everyOperation(s *synced) {
	s.t.Helper()
	ctx := s.t.Context()
	s.rule(func(r *followup.Rule) { r.Propose = followup.ProposeSprint })
	sprint := s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 7, north [a|b]", State: "active", StartedAt: s.clock.Now().Add(-time.Hour)})

	// Filed, recurring twice, moved, done, and back again.
	f := s.filed("DB pool exhausted")
	s.double.Say(f.Ticket.Key, "What does waiting cost?")
	for range 2 {
		s.clock.Add(24 * time.Hour)
		s.happens("DB pool exhausted", 10*time.Minute)
		s.sync()
	}
	s.sync()
	if i, _ := s.double.Issue(f.Ticket.Key); len(i.Comments) != 2 || !slices.Contains(i.Sprints, sprint) || len(i.Links) != 1 {
		s.t.Errorf("after two recurrences: %d comments, sprints %v, links %v", len(i.Comments), i.Sprints, i.Links)
	}
	s.double.Move(f.Ticket.Key, jiratest.Move{Status: "In Progress"})
	s.sync()
	s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Done"})
	s.sync()
	s.clock.Add(24 * time.Hour)
	s.happens("DB pool exhausted", 10*time.Minute)
	s.sync()
	s.sync()
	if f = s.followUp(f.ID); f.Ticket.Category == ticket.Done || f.State != followup.Queued {
		s.t.Errorf("after it came back the ticket is %s and the follow-up %s", f.Ticket.Status.Name, f.State)
	}
	// Done once more; much later a new one, linked.
	s.double.Move(f.Ticket.Key, jiratest.Move{Status: "Done"})
	s.sync()
	old := f.Ticket.Key
	s.clock.Add(20 * 24 * time.Hour)
	s.happens("DB pool exhausted", 10*time.Minute)
	for range 4 {
		s.sync()
	}
	if f = s.followUp(f.ID); f.Ticket == nil || f.Ticket.Key == old {
		s.t.Errorf("it is still carried by %s", old)
	} else if i, _ := s.double.Issue(f.Ticket.Key); len(i.IssueLinks) != 1 {
		s.t.Errorf("the new issue has links %v", i.IssueLinks)
	}

	// One that is there, found by words, linked, moved to another project, deleted.
	key := s.double.Seed(jiratest.Seed{Summary: "Cache is stale after a deployment", Created: s.clock.Now().Add(-40 * 24 * time.Hour), Priority: "Low"})
	g := s.promise("Cache stale")
	found, err := s.words.jira.Candidates(ctx, syncActor, g.ID, "cache stale")
	s.must(err)
	if len(found) != 1 || found[0].Issue.Key != key {
		s.t.Errorf("found %+v", found)
	}
	if _, err := s.words.jira.LinkTo(ctx, syncActor, g.ID, key); err != nil {
		s.t.Fatal(err)
	}
	s.sync()
	s.sync()
	s.double.AddProject(jiratest.Project{Key: "NEW", Name: "New home"})
	moved := s.double.MoveToProject(key, "NEW")
	s.sync()
	if g = s.followUp(g.ID); g.Ticket.Key != moved {
		s.t.Errorf("after the move its key is %s", g.Ticket.Key)
	}

	// Fields that Upshot owns.
	projects, err := s.store.JiraProjects(ctx)
	s.must(err)
	p := projects[0]
	p.Owners = jirasync.Owners{jirasync.FieldSummary: jirasync.UpshotOwns, jirasync.FieldDueOn: jirasync.UpshotOwns, jirasync.FieldLabels: jirasync.UpshotOwns, jirasync.FieldAssignee: jirasync.UpshotOwns, jirasync.FieldPriority: jirasync.UpshotOwns, jirasync.FieldStatus: jirasync.UpshotOwns}
	_, err = s.words.jira.Connect.Map(ctx, syncActor, p)
	s.must(err)
	h := s.filed("Fares are wrong")
	_, err = s.words.followUps.Edit(ctx, syncActor, h.ID, 0, func(f *followup.FollowUp) error {
		f.Title, f.DueOn = "Fares are wrong on Sundays", "2027-03-01"
		return nil
	})
	s.must(err)
	who := s.double.Mira().AccountID
	if s.site.Flavour == jirasync.DataCenter {
		who = s.double.Mira().Name
	}
	s.must(s.words.jira.Wish(ctx, syncActor, h.ID, jirasync.Wishes{Priority: "2", Assignee: who, Labels: []string{"fares"}}))
	_, err = s.words.followUps.Step(ctx, syncActor, h.ID, "started", "", followup.Plain((*followup.FollowUp).Start))
	s.must(err)
	s.sync()
	s.sync()
	if i, _ := s.double.Issue(h.Ticket.Key); i.Summary != "Fares are wrong on Sundays" || i.DueOn != "2027-03-01" || i.Priority != "2" || i.Assignee != who || !slices.Contains(i.Labels, "fares") || i.Status != "3" {
		s.t.Errorf("Jira has %q due %s priority %s assignee %s labels %v status %s", i.Summary, i.DueOn, i.Priority, i.Assignee, i.Labels, i.Status)
	}

	// An answer that was lost, and an issue that is deleted.
	s.double.Set(func(x *jiratest.Faults) {
		x.Operation, x.Next, x.Effect, x.Status = "POST /rest/api/2/issue", 1, true, http.StatusBadGateway
	})
	lost := s.promise("Refunds are late")
	_, err = s.words.jira.Ask(ctx, syncActor, lost.ID)
	s.must(err)
	for range 4 {
		s.sync()
	}
	if l := s.link(lost.ID); l.State != ticket.Linked {
		s.t.Errorf("after the lost answer: %s %q", l.State, l.Trouble.Words)
	}
	s.clock.Add(25 * time.Hour) // the day's upkeep
	s.sync()
	s.double.Delete(h.Ticket.Key)
	for range 5 {
		s.clock.Add(13 * time.Hour)
		s.sync()
	}
	if l := s.link(h.ID); l.State != ticket.LinkGone {
		s.t.Errorf("the deleted one is %s, missing %d times", l.State, s.followUp(h.ID).Ticket.Missing)
	}
	if wrong, err := s.words.jira.Connect.CheckAll(ctx); err != nil || len(wrong) > 0 {
		s.t.Errorf("the check says %q, %v", wrong, err)
	}
	// and the work of a whole backlog, with a sprint that no issue tells of
	s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 9", State: "future"})
	next := s.double.AddSprint(jiratest.Sprint{Project: "OPS", Name: "Sprint 10", State: "future"})
	s.done(2, 3, func(seed *jiratest.Seed) {
		seed.Moves = append(seed.Moves, jiratest.Move{At: s.clock.Now().Add(-2 * aDay), Sprint: next}, jiratest.Move{At: s.clock.Now().Add(-aDay), Sprint: -1})
	})
	s.scope(func(sc *jirasync.Scope) { sc.Board = s.boardOf("OPS") })
	s.sync()
	s.clock.Add(25 * time.Hour)
	s.sync()
}
