package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"upshot/internal/testneed"
	"upshot/views/link"
)

var (
	screenshots = flag.String("screenshots", "", "folder for pictures of every page; axe is left out then")
	onlyPages   = flag.String("pages", "", "look at those pages alone whose name begins so")
)

// everyPage is one page of each kind, under a name for its picture. The example history gives each word the same
// reference every time: incident 85 is still going on, problem 1 is the memory leak.
var everyPage = []struct{ name, address string }{
	{"dashboard", link.Home},
	{"queue", link.Queue},
	{"queue-year", link.With(link.Queue, "window", "365")},
	{"inbox", link.Inbox},
	{"inbox-nobody", link.With(link.Inbox, "team", "none")},
	{"inbox-every-team", link.With(link.Inbox, "team", "all")},
	{"inbox-empty", link.With(link.Inbox, "team", "payments")},
	{"incident-passed-on", link.Incident(82)},
	{"incident-hand-over", link.HandOverIncident(82)},
	{"search", link.With(link.Search, "q", "cache")},
	{"search-nothing", link.With(link.Search, "q", "zeppelin")},
	{"not-found", "/nowhere"},

	{"incidents", link.Incidents},
	{"incidents-none", link.With(link.Incidents, "q", "zeppelin")},
	{"incident-open", link.Incident(85)},
	{"incident-recurred", link.Incident(82)},
	{"incident-closed", link.Incident(75)},
	{"incident-report", link.ReportIncident},
	{"incident-recognised", link.With(link.ReportIncident, "title", "Bookings without a price after a fare refresh")},
	{"incident-edit", link.EditIncident(85)},
	{"incident-resolve", link.ResolveIncident(85)},
	{"incident-close", link.CloseIncident(85)},
	{"incident-reopen", link.ReopenIncident(75)},
	{"incident-tell", link.TellDevelopers(85)},
	{"incident-moments", link.IncidentMoments(85)},
	{"incident-merge", link.MergeIncident(85)},
	{"incident-note", link.IncidentNotes(85)},
	{"note", link.Note(1)},
	{"note-edit", link.EditNote(1)},

	{"problems", link.Problems},
	{"problem", link.Problem(1)},
	{"problem-new", link.NewProblem},
	{"problem-edit", link.EditProblem(1)},
	{"problem-again", link.ProblemAgain(1)},
	{"problem-merge", link.MergeProblem(1)},
	{"problem-split", link.SplitProblem(1)},

	{"followups", link.FollowUps},
	{"followup-waiting", link.FollowUp(1)},
	{"followup-done", link.FollowUp(2)},
	{"followup-recurred", link.FollowUp(12)},
	{"followup-refused", link.FollowUp(9)},
	{"followup-conflict", link.FollowUp(20)},
	{"followup-proposed", link.FollowUp(27)},
	{"followup-new", link.NewFollowUpFor("INC-85")},
	{"followup-edit", link.EditFollowUp(1)},

	{"digest", link.DigestOf(link.EveryTeam)},
	{"digest-team", link.DigestOf("booking")},
	{"digest-letter", link.Letter("booking", "2026-W01")},
	{"digest-stop-stale", link.StopLetters("nothing")},

	{"services", link.Services},
	{"service", link.Service("booking-api")},
	{"service-judged", link.Service("rates-cache")},
	{"service-new", link.NewService},
	{"service-edit", link.EditService("booking-api")},
	{"teams", link.Teams},
	{"team", link.Team("booking")},
	{"team-new", link.NewTeam},
	{"team-edit", link.EditTeam("booking")},
	{"deployments", link.Deployments},
	{"deployment", link.Deployment(100)},
	{"deployment-new", link.NewDeployment},
	{"deployment-edit", link.EditDeployment(100)},

	{"progress", link.Progress},
	{"progress-quarter", link.With(link.Progress, "range", "quarter", "team", "booking")},
	{"progress-all", link.With(link.Progress, "range", "all", "window", "30")},
	{"progress-rows", link.With(link.ProgressRows, "of", "time_to_repair")},
	{"progress-failed", link.With(link.ProgressRows, "of", "change_fail_rate")},

	{"sources", link.Sources},
	{"source-new", link.NewSource},
	{"source", link.Source(1)},
	{"source-unmapped", link.Source(2)},
	{"source-mapping", link.SourceMapping(1)},
	{"delivery", link.Delivery(1, 2)},

	{"jira", link.Jira},
	{"jira-connect", link.JiraConnect},
	{"jira-login", link.JiraLogin(1)},
	{"jira-mapping-new", link.JiraMap(1)},
	{"jira-mapping", link.JiraMapping(1, 1)},
	{"jira-resolutions", link.JiraResolutions(1)},
	{"jira-work", link.JiraWork(1, 1)},
	{"rules", link.Rules},
	{"rule", link.RuleOf(1)},
	{"rule-dry-run", link.DryRun(0)},
	{"mail", link.Mail},
	{"people", link.People},
	{"person", link.Person(1)},
	{"tokens", link.Tokens},
	{"profile", link.Profile},
}

// A page is looked at wide and narrow, in light and in dark. Colours differ by the scheme and sizes by the width alone, so axe is asked once for
// each of both.
var everyLook = []struct {
	width  int64
	scheme string
	rules  string // for axe; empty: it is not asked
}{
	{wide, "light", everyRule},
	{wide, "dark", ""},
	{narrow, "light", ""},
	{narrow, "dark", everyRule},
}

const everyRule = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`

func TestEveryPageCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	testneed.Chromium(t)
	a, err := NewDemo(t.Context(), testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, serve(t, a))

	for _, page := range everyPage {
		if !strings.HasPrefix(page.name, *onlyPages) {
			continue
		}
		b.open(page.address)
		lookAtPage(b, axe, page.name)
	}
}

func TestTheFirstPagesCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	b, a := openEmpty(t, time.Now)
	setup, err := a.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.open(strings.TrimPrefix(setup, a.config.BaseURL))
	lookAtPage(b, axe, "setup")
	b.open(link.SignIn)
	lookAtPage(b, axe, "signin")
	addPerson(t, a)
	b.signIn()
	for _, page := range []struct{ name, address string }{
		{"first-dashboard", link.Home},
		{"first-queue", link.Queue},
		{"first-inbox", link.Inbox},
		{"first-incidents", link.Incidents},
		{"first-problems", link.Problems},
		{"first-followups", link.FollowUps},
		{"first-digest", link.DigestOf(link.EveryTeam)},
		{"first-services", link.Services},
		{"first-teams", link.Teams},
		{"first-deployments", link.Deployments},
		{"first-tokens", link.Tokens},
		{"first-sources", link.Sources},
		{"first-jira", link.Jira},
		{"first-rules", link.Rules},
	} {
		b.open(page.address)
		lookAtPage(b, axe, page.name)
	}
	b.open(link.ReportIncident)
	b.press("main form .btn.primary")
	lookAtPage(b, axe, "incident-report-wrong")
}

// axeUnlessPictures gives axe-core, or nothing when pictures are asked for.
func axeUnlessPictures(t *testing.T) string {
	if *screenshots != "" {
		return ""
	}
	return testneed.Axe(t)
}

// lookAtPage looks at the page that is open; without axe at its width alone.
func lookAtPage(b *browser, axe, name string) {
	b.t.Helper()
	for _, look := range everyLook {
		b.looks(look.width, look.scheme)
		if beyond := answer[int](b, "document.documentElement.scrollWidth - innerWidth"); beyond > 0 {
			b.t.Errorf("%s is %d px wider than the window of %d px", b.at, beyond, look.width)
		}
		if *screenshots != "" {
			b.picture(fmt.Sprintf("%s-%d-%s.png", name, look.width, look.scheme))
			continue
		}
		if look.rules == "" || axe == "" {
			continue
		}
		for _, v := range violations(b, axe, look.rules) {
			b.t.Errorf("%s, %d px, %s: %s", b.at, look.width, look.scheme, v)
		}
	}
}

// violations asks axe-core what somebody could not read or reach on the page. What stands in a frame of its own lets no script in.
func violations(b *browser, axe, rules string) []string {
	if !answer[bool](b, "typeof axe === 'object'") {
		answer[bool](b, axe+";true")
	}
	var found []struct {
		ID    string
		Help  string
		Nodes []struct {
			Target         []any
			HTML           string
			FailureSummary string
		}
	}
	raw := answer[string](b, `axe.run(document, {iframes: false, resultTypes: ["violations"], runOnly: `+rules+`}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise)
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, v := range found {
		where := make([]string, 0, len(v.Nodes))
		for _, n := range v.Nodes {
			where = append(where, fmt.Sprintf("  %v %s\n    %s", n.Target, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " ")))
		}
		slices.Sort(where)
		all = append(all, fmt.Sprintf("%s (%s)\n%s", v.Help, v.ID, strings.Join(where, "\n")))
	}
	return all
}

// picture writes the whole page to the folder of screenshots.
func (b *browser) picture(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(*screenshots, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(*screenshots, name), png, 0o644)
	}
	if err != nil {
		b.t.Fatalf("picture of %s: %v", b.at, err)
	}
}
