package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/views/link"
)

// payments adds the team that builds card-gateway.
func (s *site) payments() {
	s.t.Helper()
	ctx := context.Background()
	team, err := s.web.Catalog.AddTeam(ctx, boss, catalog.Team{Slug: "payments", Name: "Payments", Kind: catalog.Development, Zone: "Europe/Lisbon"})
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.web.Catalog.AddService(ctx, boss, catalog.Service{Slug: "card-gateway", Name: "Card gateway", Builder: team.ID, OnCall: team.ID})
	if err != nil {
		s.t.Fatal(err)
	}
}

// timeouts reports that the card processor times out, for an hour from now on, and lets it pass.
func (s *site) timeouts() incident.Incident {
	s.t.Helper()
	i := incident.New("Card processor times out", s.clock())
	i.Severity, i.Services, i.Source, i.GroupKey = incident.SEV2, []string{"card-gateway"}, "alertmanager", "card-timeouts"
	i.ExternalID = i.Moments.StartedAt.Format(time.RFC3339)
	i.Moments.DetectedAt = i.Moments.StartedAt
	s.pass(time.Hour)
	i.Status, i.Moments.RestoredAt, i.Moments.ResolvedAt = incident.Resolved, s.clock(), s.clock()
	i, err := s.web.Incidents.Report(context.Background(), boss, i)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

const day = 24 * time.Hour

func TestAPromiseFromTheIncidentToTheProofThatItHeld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.payments()
	b := s.person(account.Editor)
	s.web.Demo = b.user // the session runs out in the weeks that pass
	i := s.timeouts()

	form := b.get(link.NewFollowUpFor(i.ID.String())).is(http.StatusOK).says("about", "Card processor times out").holds("team", "payments")
	if !has(form.field("queue"), "checked") {
		t.Error("a promise is queued at once unless somebody says otherwise")
	}
	const fu = "/followups/FU-1"
	b.post("/followups", "for", i.ID.String(), "title", "Circuit breaker around the card processor", "kind", "automated_test",
		"purpose", "prevent", "team", "payments", "queue", "1").leadsTo(fu)
	b.get(fu).is(http.StatusOK).
		says("", "FU-1 is promised and queued").says("state", "waiting").says("answers", "INC-1").
		says("timeline", "Promised").says("ledger", "0×").says("waited", "Nothing recurred while it waited.")

	s.pass(20 * day)
	again := s.timeouts()
	page := b.get(fu).is(http.StatusOK).says("state", "waiting 20 d").says("ledger", "1×").says("ledger", "recurred while it waited").says("waited", again.ID.String())
	if len(page.find(classed("b-wait"))) == 0 || len(page.find(classed("rec"))) == 0 {
		t.Error("the bar shows neither the waiting nor the recurrence")
	}
	queue := b.get("/queue").says("queue-chart", "waiting 20 d").says("queue-chart", "recurred 1×").says("queue-table", "1 h")
	if got := words(queue.find(tagged("h1"))...); !strings.Contains(got, "1 fix is waiting. It recurred meanwhile, once, 1 h of impact.") {
		t.Errorf("the queue says %q", got)
	}
	b.get("/").says("decide", "Circuit breaker around the card processor").says("", "One fix keeps being needed while it waits")

	b.post(fu + "/start").leadsTo(fu)
	b.get(fu).says("state", "working").says("next", "Mark as done")

	s.pass(3 * day)
	b.post(fu+"/done", "evidence_url", "").wrong("evidence_url").says("errors", "Done needs evidence")
	b.post(fu+"/done", "evidence_url", "javascript:alert(1)").wrong("evidence_url").holds("evidence_url", "javascript:alert(1)")
	b.get(fu).says("state", "working")
	b.post(fu+"/done", "evidence_url", "https://ci.example.com/runs/7").leadsTo(fu)
	b.get(fu).says("state", "done, quiet period").says("evidence", "https://ci.example.com/runs/7").says("quiet", "It can be verified from")
	b.post(fu+"/verify").is(http.StatusConflict).says("errors", "it can be verified when it has held for 30 days")

	s.pass(31 * day)
	b.get(fu).says("state", "done").says("next", "verify it")
	b.post(fu + "/verify").leadsTo(fu)
	b.get(fu).says("state", "verified").says("timeline", "Verified: it held through the quiet period").says("ledger", "It waited 20 d")
	b.get("/queue").says("", "Nothing waits, and nothing is being worked on")
}

func TestAFixThatDidNotHoldIsBackInTheBacklog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.payments()
	b := s.person(account.Editor)
	i := s.timeouts()
	const fu = "/followups/FU-1"
	b.post("/followups", "for", i.ID.String(), "title", "Longer timeout", "kind", "configuration", "purpose", "prevent", "queue", "1").leadsTo(fu)
	s.pass(day)
	b.post(fu+"/done", "evidence_url", "https://git.example.com/changes/7").leadsTo(fu)
	s.pass(5 * day)
	s.timeouts()
	b.get(fu).says("fix-failed", "It did not hold").says("state", "fix failed").says("timeline", "Did not hold")
	b.get("/queue").says("queue-table", "fix failed")
}

func TestDecidingAgainstAChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Editor)
	const fu = "/followups/FU-1"
	b.post("/followups", "title", "Rewrite it", "kind", "design", "purpose", "prevent").leadsTo(fu)
	b.get(fu).says("state", "proposed").says("ledger", "Nobody has queued it")
	if page := b.get(fu + "?do=decline"); !has(page.field("decline"), "open") {
		t.Error("the address that asks for a decision opens its form")
	}
	b.post(fu+"/decline", "declined.reason", "no", "declined.look_again_on", "2020-01-01").wrong("declined.reason", "declined.look_again_on").
		holds("declined.look_again_on", "2020-01-01")
	b.post(fu+"/decline", "declined.reason", "The service goes away in spring.", "declined.look_again_on", "2027-01-15").leadsTo(fu)
	b.get(fu).says("state", "declined").says("evidence", "The service goes away in spring.").says("evidence", "15 Jan 2027")
	b.post(fu+"/start").is(http.StatusConflict).says("errors", "FU-1 is declined; it can't be started now.")
	b.post(fu + "/propose").leadsTo(fu)
	b.post("/followups", "title", "Rewrite all of it", "kind", "design", "purpose", "prevent").leadsTo("/followups/FU-2")
	b.post("/followups/FU-2/duplicate", "duplicate_of", "FU-99").wrong("duplicate_of")
	b.post("/followups/FU-2/duplicate", "duplicate_of", "FU-2").wrong("duplicate_of")
	b.post("/followups/FU-2/duplicate", "duplicate_of", "fu-1").leadsTo("/followups/FU-2")
	b.get("/followups/FU-2").says("state", "duplicate").says("answers", "The same is promised by FU-1")
}

func TestAFormOfAPromiseSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Editor)
	b.post("/followups", "title", " ", "due_on", "soon").wrong("title", "kind", "purpose", "due_on").holds("due_on", "soon")
	b.post("/followups", "title", "x", "kind", "code", "purpose", "prevent", "team", "nobody").wrong("team")
	b.post("/followups", "title", "x", "kind", "code", "purpose", "prevent", "for", "INC-99").wrong("for")
	b.get(link.NewFollowUpFor("INC-99")).is(http.StatusNotFound)
	b.get("/followups").says("", "No change is promised yet")

	b.post("/followups", "title", "Circuit breaker", "kind", "code", "purpose", "prevent").leadsTo("/followups/FU-1")
	edit := b.get("/followups/FU-1/edit").holds("title", "Circuit breaker")
	version := ""
	for _, n := range edit.find(func(n node) bool { return attribute(n, "name") == "version" }) {
		version = attribute(n, "value")
	}
	b.post("/followups/FU-1/edit", "version", version, "title", "Bulkhead", "kind", "code", "purpose", "mitigate").leadsTo("/followups/FU-1")
	b.post("/followups/FU-1/edit", "version", version, "title", "Late", "kind", "code", "purpose", "mitigate").is(http.StatusConflict).holds("title", "Late")
	b.get("/followups?q=bulk").says("followups", "Bulkhead")
	b.get("/followups?q=zebra").says("", "No follow-up fits")
}

func TestMomentsAreCorrectedWithAReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Editor)
	const fu = "/followups/FU-1"
	b.post("/followups", "title", "Circuit breaker", "kind", "code", "purpose", "prevent", "queue", "1").leadsTo(fu)
	s.pass(2 * day)
	b.post(fu+"/moments", "queued_at", "2026-11-13T09:15", "shipped_at", "", "reason", "").wrong("reason").holds("queued_at", "2026-11-13T09:15")
	b.post(fu+"/moments", "queued_at", "yesterday", "shipped_at", "", "reason", "why").wrong("queued_at")
	b.post(fu+"/moments", "queued_at", "2026-11-13T09:15", "shipped_at", "2026-11-14T09:15", "reason", "why").wrong("shipped_at")
	b.post(fu+"/moments", "queued_at", "2026-11-13T09:15", "shipped_at", "", "reason", "It was promised in the review").leadsTo(fu)
	b.get(fu).says("state", "waiting 12 d").says("timeline", "Corrected a moment").says("timeline", "It was promised in the review")
}

func TestADeploymentShipsAChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.payments()
	b := s.person(account.Editor)
	i := s.timeouts()
	const fu = "/followups/FU-1"
	b.post("/followups", "for", i.ID.String(), "title", "Circuit breaker", "kind", "code", "purpose", "prevent", "queue", "1").leadsTo(fu)
	s.pass(day)
	d, err := s.web.Deployments.Record(context.Background(), boss, deployment.Deployment{
		Service: "card-gateway", Environment: deployment.Production, Version: "4.2.0", FinishedAt: s.clock(), Outcome: deployment.Succeeded,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.pass(2 * day)
	b.post(fu+"/done", "evidence_url", "https://git.example.com/changes/7").leadsTo(fu)
	if page := b.get(fu); !strings.Contains(words(page.field("deployment")), "card-gateway 4.2.0") {
		t.Error("the deployments of its service are offered")
	}
	b.post(fu+"/deployment", "deployment", "99").wrong("deployment")
	b.post(fu+"/deployment", "deployment", "x").wrong("deployment")
	b.post(fu+"/deployment", "deployment", number(int64(d.ID))).leadsTo(fu)
	b.get(fu).says("evidence", "card-gateway 4.2.0").says("quiet", "Shipped on 24 Nov")
}

func TestViewersReadFollowUpsAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	editor, viewer := s.person(account.Editor), s.person(account.Viewer)
	editor.post("/followups", "title", "Circuit breaker", "kind", "code", "purpose", "prevent", "queue", "1").leadsTo("/followups/FU-1")
	page := viewer.get("/followups/FU-1").is(http.StatusOK).says("state", "waiting")
	if len(page.marked("next")) > 0 {
		t.Error("a viewer is offered steps")
	}
	viewer.get("/followups/new").is(http.StatusForbidden)
	for name := range followUpSteps {
		viewer.post("/followups/FU-1/" + string(name)).is(http.StatusForbidden)
	}
	viewer.get("/queue").is(http.StatusOK)
	viewer.get("/").is(http.StatusOK)
}

func TestOddAddressesOfTheQueueAndTheListAreAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.payments()
	b := s.person(account.Editor)
	b.post("/followups", "title", "<b>Circuit</b> breaker \"&\"", "kind", "code", "purpose", "prevent", "queue", "1").leadsTo("/followups/FU-1")
	for _, query := range []string{
		"", "team=payments", "team=nobody", "service=card-gateway", "service=%00", "kind=zebra", "state=verified", "state=x", "sort=drop+table",
		"sort=-due_on", "window=30", "window=-1", "window=365", "window=99999999999999999999", "cursor=%ff%fe", "cursor=eyJ9", "q=%25_%5C", "q=FU-99999999999999999999",
		"recurred=1", "q=" + url.QueryEscape(strings.Repeat("long ", 400)),
	} {
		for _, address := range []string{"/queue", "/followups", "/"} {
			if page := b.get(address + "?" + query); page.status >= 500 {
				t.Errorf("%s answered %d", page.asked, page.status)
			}
		}
	}
	for _, ref := range []string{"FU-0", "FU-", "12", "FU-99", "INC-1", "FU-99999999999999999999"} {
		b.get("/followups/" + ref).is(http.StatusNotFound)
	}
}

func TestTheFirstPageSaysWhatToDoFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Editor)
	b.get("/").says("begin", "Add a team").says("begin", "Report an incident")
	s.payments()
	b.get("/").says("begin", "done")
	i := incident.New("Seat map loads without prices", s.clock())
	i.Severity, i.Services = incident.SEV1, []string{"card-gateway"}
	if _, err := s.web.Incidents.Report(context.Background(), boss, i); err != nil {
		t.Fatal(err)
	}
	b.get("/").says("untold", "Developers know of every significant incident.")
	s.pass(4*time.Hour + 50*time.Minute)
	b.get("/").says("untold", "Seat map loads without prices").says("untold", "silent for 4 h 50 min").says("untold", "Tell Payments").
		says("", "developers do not know of 1 incident").says("progress", "Recurrence rate")
}

type node = *html.Node

func classed(class string) func(node) bool {
	return func(n node) bool { return slices.Contains(strings.Fields(attribute(n, "class")), class) }
}

func tagged(tag string) func(node) bool { return func(n node) bool { return n.Data == tag } }

func number(id int64) string { return strconv.FormatInt(id, 10) }
