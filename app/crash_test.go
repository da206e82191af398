package app

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/listing"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
	"upshot/store/storetest"
)

var (
	crashFollowUps = flag.Int("crash-followups", 40, "follow-ups that the crash test files")
	crashTime      = flag.Duration("crash-time", 4*time.Second, "how long its processes are killed at random")
	crashLag       = flag.Duration("crash-lag", 1500*time.Millisecond, "how long Jira's search does not know of a new issue")
)

// crashRecurring is how many of the follow-ups have a failure that keeps coming back meanwhile.
const crashRecurring = 8

// crashChild is the environment variable by which the test's own binary becomes one of the processes that are killed.
const crashChild = "UPSHOT_TEST_CRASH"

// crashSettings is what the processes share.
type crashSettings struct {
	Database, URL string
	Settle        []time.Duration
	Timeout       time.Duration
	Lease         time.Duration
}

func (c crashSettings) open(ctx context.Context) (*App, error) {
	return New(ctx, Config{
		Database: c.Database, Addr: "127.0.0.1:0", BaseURL: "https://upshot.example.test", JiraURL: c.URL, JiraUser: jiratest.DefaultUser, JiraToken: jiratest.DefaultToken,
		JiraProject: "OPS", JiraSettle: c.Settle, pace: pace{timeout: c.Timeout, lease: c.Lease},
	}, slog.New(slog.DiscardHandler), clock)
}

// TestEveryIssueIsFiledOnceHoweverOftenTheProgramDies files follow-ups from two processes that are killed at random, in a Jira that
// loses answers before and after their effect and whose search does not know new issues for a while. In the end there is exactly
// one issue for each follow-up, each linked, and one status comment for each whose failure came back. The whole of it, on PostgreSQL:
//
//	go test ./app -run TestEveryIssueIsFiledOnce/postgres -crash-followups 1000 -crash-time 60s -crash-lag 60s -timeout 30m
func TestEveryIssueIsFiledOnceHoweverOftenTheProgramDies(t *testing.T) {
	if settings := os.Getenv(crashChild); settings != "" {
		dieYoung(t, settings)
		return
	}
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		double := jiratest.New(jiratest.Options{})
		server := httptest.NewServer(double)
		defer server.Close()
		c := crashSettings{
			Database: address, URL: server.URL, Timeout: 2 * time.Second, Lease: 5 * time.Second,
			Settle: []time.Duration{*crashLag / 10, *crashLag / 2, *crashLag + *crashLag/2},
		}
		a, err := c.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		if wrong, err := a.words.jira.Connect.CheckAll(t.Context()); err != nil || len(wrong) > 0 {
			t.Fatalf("%q, %v", wrong, err)
		}
		rule := followup.DefaultRule()
		rule.Mode = followup.On
		if err := a.words.jira.Connect.SetRule(t.Context(), syncActor, rule); err != nil {
			t.Fatal(err)
		}
		double.Set(func(f *jiratest.Faults) {
			f.SearchLag, f.Latency, f.LoseOneIn, f.BreakOneIn = *crashLag, 5*time.Millisecond, 6, 8
		})
		recurring := askForAll(t, a)
		kills := killAtRandom(t, a, c, recurring)
		double.Set(func(f *jiratest.Faults) { f.LoseOneIn, f.BreakOneIn = 0, 0 })
		untilSettled(t, a, c)
		proveOnce(t, a, double, recurring)
		t.Logf("%d follow-ups, %d kills, %d calls: %v", *crashFollowUps, kills, double.Total(), double.Calls())
	})
}

// dieYoung is one of the processes: it syncs until it is killed.
func dieYoung(t *testing.T, settings string) {
	var c crashSettings
	if err := json.Unmarshal([]byte(settings), &c); err != nil {
		t.Fatal(err)
	}
	a, err := c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		work := a.words.jira.PushAll
		if n%5 == 0 {
			work = a.words.jira.SyncAll
		}
		if err := work(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, "sync:", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// failureOf is the failure that keeps coming back on the n-th follow-up.
func failureOf(n int) string { return fmt.Sprintf("Failure %d", n) }

// happened counts the occurrences: each is two hours after the one before, so that none is taken for the same.
var happened atomic.Int64

func happen(ctx context.Context, a *App, failure string) (incident.Incident, error) {
	n := happened.Add(1)
	i := incident.New(failure, clock().AddDate(0, 0, -50).Add(time.Duration(n)*2*time.Hour))
	i.Source, i.GroupKey, i.ExternalID = "alerts", failure, fmt.Sprint(failure, n)
	i.Status, i.Moments.RestoredAt = incident.Resolved, i.Moments.StartedAt.Add(10*time.Minute)
	i.Moments.ResolvedAt = i.Moments.RestoredAt
	return a.words.incidents.Report(ctx, syncActor, i)
}

// askForAll promises the changes and asks for their issues.
func askForAll(t *testing.T, a *App) (recurring []followup.ID) {
	t.Helper()
	for n := range *crashFollowUps {
		f := followup.FollowUp{Title: fmt.Sprintf("Fix %d", n), Kind: followup.Code, Purpose: followup.Prevent, QueuedByHandAt: clock().AddDate(0, 0, -60)}
		if n < crashRecurring {
			i, err := happen(t.Context(), a, failureOf(n))
			if err != nil {
				t.Fatal(err)
			}
			f.Incidents = []incident.ID{i.ID}
		}
		f, err := a.words.followUps.Promise(t.Context(), syncActor, f, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.words.jira.Ask(t.Context(), syncActor, f.ID); err != nil {
			t.Fatal(err)
		}
		if n < crashRecurring {
			recurring = append(recurring, f.ID)
		}
	}
	return recurring
}

func startChild(t *testing.T, c crashSettings) *exec.Cmd {
	t.Helper()
	settings, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEveryIssueIsFiledOnceHoweverOftenTheProgramDies$", "-test.timeout=30m")
	child.Env = append(os.Environ(), crashChild+"="+string(settings))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}

func kill(child *exec.Cmd) {
	_ = child.Process.Kill()
	_ = child.Wait()
}

// killAtRandom keeps two processes running and kills one after the other, while failures come back.
func killAtRandom(t *testing.T, a *App, c crashSettings, recurring []followup.ID) (kills int) {
	t.Helper()
	children := []*exec.Cmd{startChild(t, c), startChild(t, c)}
	defer func() {
		for _, child := range children {
			kill(child)
		}
	}()
	end := time.Now().Add(*crashTime)
	for time.Now().Before(end) {
		time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
		if _, err := happen(t.Context(), a, failureOf(rand.IntN(len(recurring)))); err != nil {
			t.Fatal(err)
		}
		n := rand.IntN(2)
		kill(children[n])
		kills++
		children[n] = startChild(t, c)
	}
	for n := range recurring { // each came back at least once
		if _, err := happen(t.Context(), a, failureOf(n)); err != nil {
			t.Fatal(err)
		}
	}
	return kills
}

// untilSettled lets two processes work undisturbed until nothing waits any more.
func untilSettled(t *testing.T, a *App, c crashSettings) {
	t.Helper()
	children := []*exec.Cmd{startChild(t, c), startChild(t, c)}
	defer func() {
		for _, child := range children {
			kill(child)
		}
	}()
	// Ten calls a second is what the sites' limit allows.
	limit := time.Now().Add(60*time.Second + 3**crashLag + time.Duration(*crashFollowUps)*400*time.Millisecond)
	for quiet := 0; quiet < 5; {
		if time.Now().After(limit) {
			health, err := a.store.JiraHealth(t.Context(), clock())
			h := health[0]
			t.Fatalf("it does not come to an end: %d wait, %d mirrored, state %+v, pauses %+v, %v", h.Waiting, h.Mirrored, h.State, h.Pauses, err)
		}
		time.Sleep(500 * time.Millisecond)
		health, err := a.store.JiraHealth(t.Context(), clock())
		if err != nil {
			t.Fatal(err)
		}
		look, err := a.store.TicketLinksToLook(t.Context(), health[0].Site.ID, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if health[0].Waiting > 0 || len(look) > 0 || health[0].Mirrored < *crashFollowUps {
			quiet = 0
			continue
		}
		quiet++
	}
}

// proveOnce reads from the double's own books what was done.
func proveOnce(t *testing.T, a *App, double *jiratest.Server, recurring []followup.ID) {
	t.Helper()
	issues := double.Issues()
	if len(issues) != *crashFollowUps {
		t.Errorf("%d issues for %d follow-ups", len(issues), *crashFollowUps)
	}
	byMark := map[string][]jiratest.Issue{}
	for _, i := range issues {
		for _, label := range i.Labels {
			if strings.Contains(label, "-fu-") {
				byMark[label] = append(byMark[label], i)
			}
		}
	}
	var all []followup.FollowUp
	request := listing.Request{Limit: 500}
	for {
		page, err := a.store.FollowUps(t.Context(), syncActor, followup.Filter{Sort: "queued_at"}, request)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
		if request.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	linked := 0
	for _, f := range all {
		l, err := a.store.TicketLink(t.Context(), syncActor, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		same := byMark[l.Mark]
		if len(same) != 1 || l.State != ticket.Linked || f.Ticket == nil || same[0].ID != f.Ticket.IssueID {
			t.Errorf("%s is %s: %d issues carry %s", f.ID, l.State, len(same), l.Mark)
			continue
		}
		linked++
	}
	if linked != *crashFollowUps {
		t.Errorf("%d links", linked)
	}
	for _, id := range recurring {
		l, err := a.store.TicketLink(t.Context(), syncActor, id)
		if err != nil {
			t.Fatal(err)
		}
		notes := 0
		for _, i := range byMark[l.Mark] {
			for _, comment := range i.Comments {
				if _, ours := jirasync.NoteID(comment.Body); ours {
					notes++
				}
			}
		}
		if notes != 1 {
			t.Errorf("%s has %d status comments", id, notes)
		}
	}
}
