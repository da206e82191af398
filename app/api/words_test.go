package api_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
)

// catalogue adds two teams and a service of each.
func (x *site) catalogue() {
	x.t.Helper()
	x.post("/teams", `{"name":"Payments","kind":"development","zone":"Europe/Lisbon"}`).is(201)
	x.post("/teams", `{"name":"Night Watch","kind":"operations"}`).is(201)
	x.post("/services", `{"name":"Card Gateway","builder":"payments","on_call":"night-watch"}`).is(201)
	x.post("/services", `{"name":"Checkout","builder":"payments","on_call":"payments"}`).is(201)
}

func TestTeamsAndServices(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.get("/teams").has("total", 2, "items.0.slug", "night-watch")
	x.get("/teams/payments").is(200).has("zone", "Europe/Lisbon", "working_hours", []any{}, "archived_at", nil)
	x.send(account.Admin, "PATCH", "/teams/payments", `{"working_hours":[{"day":"monday","from":"9:00","to":"24:00"}],"mails":["a@example.org"]}`).is(200).
		has("working_hours.0.day", "monday", "working_hours.0.from", "09:00", "working_hours.0.to", "24:00", "mails.0", "a@example.org", "name", "Payments")
	x.get("/services").has("total", 2)
	x.get("/services?q=card").has("total", 1, "items.0.slug", "card-gateway", "items.0.at_two_am", "did not build it")
	x.patch("/services/card-gateway", `{"on_call":null,"summary":"Takes cards"}`).is(200).
		has("on_call", nil, "at_two_am", "nobody recorded", "builder", "payments", "summary", "Takes cards")
	x.patch("/services/card-gateway", `{"retired_at":"2026-09-01T00:00:00Z"}`).is(200).has("retired_at", "2026-09-01T00:00:00Z")
	x.get("/services").has("total", 1)
	x.get("/services?retired=true").has("total", 2)
	x.post("/services", `{"name":"Checkout"}`).is(422).wrongAt("body.slug")
	x.post("/teams", `{"name":"Payments","kind":"development"}`).is(422).wrongAt("body.slug")
}

func TestAnIncidentFromReportToClosing(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	a := x.post("/incidents", `{"title":" Cards are  declined ","started_at":"2026-09-14T12:30:00+02:00","services":["checkout","card-gateway"],"severity":"SEV2",
		"detected_by":"alert","detected_at":"2026-09-14T10:35:00Z","source":"pager","external_id":"A1","group_key":"cards","hands_on_seconds":600,
		"participants":[{"name":"Ada","side":"development"}]}`).is(201)
	a.has("ref", "INC-1", "title", "Cards are declined", "status", "open", "started_at", "2026-09-14T10:30:00Z", "services", []any{"card-gateway", "checkout"},
		"severity", "SEV2", "class", "unknown", "kind", "incident", "problem", nil, "restored_at", nil, "hands_on_seconds", 600,
		"participants.0.side", "development", "significant", true, "impact_duration_seconds", nil)
	x.post("/incidents", `{"title":"The same alert","started_at":"2026-09-14T10:30:00Z","source":"pager","external_id":"A1"}`).is(409)

	// a moment that is unknown is set by a PATCH, one that is known is corrected with a reason
	x.patch("/incidents/INC-1", `{"developer_notified_at":"2026-09-14T10:40:00Z"}`).is(200).has("developer_notified_by", "hand")
	x.patch("/incidents/INC-1", `{"detected_at":"2026-09-14T10:31:00Z"}`).is(422).wrongAt("body.detected_at")
	x.post("/incidents/INC-1/moments", `{"moment":"detected_at","value":"2026-09-14T10:31:00Z"}`).is(422)
	x.post("/incidents/INC-1/moments", `{"moment":"detected_at","value":"2026-09-14T10:31:00Z","reason":"clock was wrong"}`).is(200).
		has("detected_at", "2026-09-14T10:31:00Z")

	x.post("/incidents/INC-1/close", ``).is(409).wrongAt("body.status", "body.notes", "body.decision")
	x.patch("/incidents/INC-1", `{"restored_at":"2026-09-14T11:00:00Z"}`).is(200).has("status", "mitigated", "impact_duration_seconds", 1800)
	x.patch("/incidents/INC-1", `{"status":"resolved","ended_by":"rollback"}`).is(200).
		has("status", "resolved", "ended_by", "rollback", "resolved_at", "2026-09-14T12:00:00Z", "restored_at", "2026-09-14T11:00:00Z")
	x.patch("/incidents/INC-1", `{"status":"open"}`).is(409)
	x.patch("/incidents/INC-1", `{"status":"closed"}`).is(422)

	x.post("/incidents/INC-1/notes", `{"kind":"cause","cause_class":"deployment","side":"operations","body":"A bad *pool*"}`).is(201).
		has("incident", "INC-1", "confidence", "medium", "author", "admin", "revision", 1)
	x.post("/incidents/INC-1/close", `{}`).is(409).wrongAt("body.decision")
	x.post("/incidents/INC-1/close", `{"decision":{"reason":"The vendor replaces it in spring","look_again_on":"2020-01-15"}}`).is(422).
		wrongAt("body.decision.look_again_on")
	x.post("/incidents/INC-1/close", `{"decision":{"reason":"The vendor replaces it in spring","look_again_on":"2027-01-15"}}`).is(200).
		has("status", "closed", "closed_at", "2026-09-14T12:00:00Z", "has_cause", true)
	x.post("/incidents/INC-1/reopen", ``).is(409)

	if _, err := x.store.IndexTexts(t.Context()); err != nil { // as the program does soon after
		t.Fatal(err)
	}
	x.get("/incidents?q=declined&team=payments&service=checkout&severity=SEV2&status=closed&kind=incident&class=unknown").is(200).
		has("total", 1, "items.0.ref", "INC-1")
	x.get("/incidents?severity=unknown").has("total", 0)
	x.get("/incidents?service=none").has("total", 0)
}

func TestAnIncidentIsReopenedWithinTheFlapWindow(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/incidents", `{"title":"Slow","started_at":"2026-09-14T11:00:00Z","resolved_at":"2026-09-14T11:50:00Z"}`).is(201).has("status", "resolved")
	x.post("/incidents/INC-1/reopen", ``).is(200).has("status", "open", "resolved_at", nil, "earlier_segments.0.ended_at", "2026-09-14T11:50:00Z")
}

func TestAMergedReportLeadsToTheOther(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/incidents", `{"title":"Slow","started_at":"2026-09-14T11:00:00Z"}`).is(201)
	x.post("/incidents", `{"title":"Slow too","started_at":"2026-09-14T11:01:00Z"}`).is(201)
	x.post("/incidents/INC-2/merge", `{"into":"INC-1"}`).is(200).has("ref", "INC-1")
	a := x.get("/incidents/INC-2").is(200).has("ref", "INC-1")
	if a.header.Get("Content-Location") != "/api/v1/incidents/INC-1" {
		t.Errorf("Content-Location %q", a.header.Get("Content-Location"))
	}
	x.get("/incidents").has("total", 1)
	x.patch("/incidents/INC-2", `{"title":"Other"}`).is(409)
	x.post("/incidents/INC-2/unmerge", ``).is(200).has("ref", "INC-2", "merged_into", nil)
	x.get("/incidents").has("total", 2)
}

func TestLikelyEarlierIncidents(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.post("/incidents", `{"title":"Connection pool exhausted on web-17","started_at":"2026-09-01T11:00:00Z","resolved_at":"2026-09-01T12:00:00Z","services":["checkout"]}`).is(201)
	x.post("/incidents", `{"title":"Connection pool exhausted on web-3","started_at":"2026-09-14T11:00:00Z","services":["checkout"]}`).is(201)
	x.get("/incidents/INC-2/similar").is(200).has("items.0.ref", "INC-1", "items.0.problem", nil)
	x.post("/incidents/INC-2/apart", `{"from":"INC-1"}`).is(204)
	x.get("/incidents/INC-2/similar?limit=3").is(200).has("items", []any{})
}

func TestNotesAreRevised(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/problems", `{"title":"Pool"}`).is(201)
	a := x.post("/problems/PRB-1/notes", `{"kind":"hypothesis","body":"Leak?"}`).is(201).has("problem", "PRB-1", "incident", nil, "cause_class", "unknown", "side", nil)
	if a.header.Get("Location") != "/api/v1/notes/1" {
		t.Errorf("Location %q", a.header.Get("Location"))
	}
	tag := a.header.Get("ETag")
	x.send(account.Editor, "PATCH", "/notes/1", `{"kind":"cause","body":"Leak."}`, "If-Match", tag).is(200).has("revision", 2, "kind", "cause", "body", "Leak.")
	x.send(account.Editor, "PATCH", "/notes/1", `{"body":"Other"}`, "If-Match", tag).is(412)
	x.patch("/notes/1", `{"body":null}`).is(422).wrongAt("body.body")
	x.get("/notes/1/revisions").is(200).has("items.0.body", "Leak?", "total", 1)
	x.get("/problems/PRB-1/notes").has("total", 1)
	x.get("/problems/PRB-1").has("state", "cause_known")
}

func TestProblemsAreRegroupedAndUndone(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	for _, day := range []string{"01", "05", "09"} {
		x.post("/incidents", `{"title":"Pool exhausted","started_at":"2026-09-`+day+`T10:00:00Z","resolved_at":"2026-09-`+day+`T11:00:00Z","ended_by":"restart","services":["checkout"]}`).is(201)
	}
	x.post("/problems", `{"title":"Pool","service":"checkout","incidents":["INC-1","INC-2","INC-3"]}`).is(201).
		has("ref", "PRB-1", "occurrences", 3, "recurrences", 2, "impact_seconds", 10800, "restart_streak", 3, "incidents", []any{"INC-1", "INC-2", "INC-3"}, "service", "checkout")
	x.get("/incidents?problem=PRB-1").has("total", 3)
	x.get("/incidents/INC-3").has("occurrence", 3, "recurs", true, "significant", true)
	x.patch("/problems/PRB-1", `{"title":"Pool runs dry","service":null}`).is(200).has("title", "Pool runs dry", "service", nil)

	x.post("/problems/PRB-1/split", `{"title":"Another","incidents":["INC-1","INC-2","INC-3"]}`).is(422).wrongAt("body.incidents")
	x.post("/problems/PRB-1/split", `{"title":"Another","incidents":["INC-2"]}`).is(201).has("ref", "PRB-2", "incidents", []any{"INC-2"})
	x.get("/problems/PRB-1").has("occurrences", 2)
	x.post("/problems/PRB-2/merge", `{"into":"PRB-1"}`).is(200).has("ref", "PRB-1", "occurrences", 3)
	a := x.get("/problems/PRB-2").is(200).has("ref", "PRB-1")
	if a.header.Get("Content-Location") != "/api/v1/problems/PRB-1" {
		t.Errorf("Content-Location %q", a.header.Get("Content-Location"))
	}
	x.post("/problems/PRB-1/undo", ``).is(200)
	x.get("/problems/PRB-2").has("ref", "PRB-2", "occurrences", 1)
	x.get("/problems?team=payments").is(200)
	x.get("/problems?team=nobody").has("total", 0)
	x.get("/problems?sort=-occurrences").has("items.0.ref", "PRB-1", "total", 2)
	x.patch("/incidents/INC-2", `{"problem":"PRB-1"}`).is(409)
	x.patch("/incidents/INC-2", `{"problem":null}`).is(422).wrongAt("body.problem")
}

func TestAPromiseIsKept(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.post("/incidents", `{"title":"Pool","started_at":"2026-09-14T10:00:00Z","resolved_at":"2026-09-14T10:30:00Z","services":["checkout"]}`).is(201)
	x.post("/problems", `{"title":"Pool","incidents":["INC-1"]}`).is(201)
	x.post("/followups", `{"title":"Test the pool","kind":"automated_test","team":"payments","incidents":["INC-1"],"due_on":"2026-10-01"}`).is(201).
		has("ref", "FU-1", "state", "proposed", "problem", "PRB-1", "purpose", "prevent", "team", "payments", "due_on", "2026-10-01", "ledger.queued_at", nil, "deployment", nil)
	x.get("/queue").has("total", 0)
	x.patch("/followups/FU-1", `{"state":"queued"}`).is(200).has("state", "queued", "ledger.still_waiting", true, "ledger.queued_at", "2026-09-14T12:00:00Z")

	x.clock.pass(10 * 24 * time.Hour)
	x.post("/incidents", `{"title":"Pool again","started_at":"2026-09-20T10:00:00Z","resolved_at":"2026-09-20T11:00:00Z","hands_on_seconds":1800,"problem":"PRB-1"}`).is(201).
		has("occurrence", 2, "recurs", true)
	x.get("/queue?team=payments&service=checkout").is(200).has("total", 1, "items.0.ref", "FU-1", "items.0.ledger.waiting_seconds", 864000,
		"items.0.ledger.recurrences_while_waiting", 1, "items.0.ledger.impact_while_waiting_seconds", 3600, "items.0.ledger.hands_on_while_waiting_seconds", 1800,
		"items.0.ledger.bumps", 0)
	x.get("/queue?state=done").has("total", 0)

	x.patch("/followups/FU-1", `{"state":"verified"}`).is(409)
	x.patch("/followups/FU-1", `{"state":"in_progress"}`).is(200).has("ledger.still_waiting", false)
	x.clock.pass(time.Hour)
	x.patch("/followups/FU-1", `{"state":"done"}`).is(422).wrongAt("body.evidence_url")
	x.patch("/followups/FU-1", `{"state":"done","evidence_url":"https://ci.example.org/1"}`).is(200).
		has("state", "done", "ledger.working_seconds", 3600, "ledger.shipped_at", "2026-09-24T13:00:00Z", "evidence_url", "https://ci.example.org/1")
	x.patch("/followups/FU-1", `{"state":"verified"}`).is(409)
	x.clock.pass(31 * 24 * time.Hour)
	x.patch("/followups/FU-1", `{"state":"verified"}`).is(200).has("state", "verified")

	x.post("/followups", `{"title":"The same","kind":"metric","state":"queued"}`).is(201).has("state", "queued")
	x.patch("/followups/FU-2", `{"state":"duplicate"}`).is(422).wrongAt("body.duplicate_of")
	x.patch("/followups/FU-2", `{"duplicate_of":"FU-77"}`).is(404)
	x.patch("/followups/FU-2", `{"duplicate_of":"FU-1"}`).is(200).has("state", "duplicate", "duplicate_of", "FU-1")
	x.patch("/followups/FU-2", `{"state":"proposed"}`).is(200).has("duplicate_of", nil)
	x.patch("/followups/FU-2", `{"state":"declined"}`).is(422).wrongAt("body.declined.reason")
	x.patch("/followups/FU-2", `{"declined":{"reason":"We replace the service","look_again_on":"2027-03-01"}}`).is(200).
		has("state", "declined", "declined.look_again_on", "2027-03-01")
	x.patch("/followups/FU-2", `{"title":"Other","team":null,"incidents":["INC-2"]}`).is(200).has("title", "Other", "team", nil, "incidents", []any{"INC-2"}, "state", "declined")
	x.get("/followups?state=declined").has("total", 1)
	x.get("/followups?problem=PRB-1&q=pool").has("items.0.ref", "FU-1")
}

func TestDeploymentsAndWhatTheyCaused(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.post("/incidents", `{"title":"Pool","started_at":"2026-09-14T10:00:00Z"}`).is(201)
	x.post("/incidents", `{"title":"Pool too","started_at":"2026-09-14T11:00:00Z"}`).is(201)
	x.post("/deployments", `{"service":"checkout","environment":"production","version":"1.2","finished_at":"2026-09-14T09:50:00Z","caused":["INC-1"]}`).is(201).
		has("id", 1, "outcome", "succeeded", "caused", []any{"INC-1"}, "started_at", nil)
	x.patch("/deployments/1", `{"caused":["INC-2"],"outcome":"rolled_back"}`).is(200).has("caused", []any{"INC-2"}, "outcome", "rolled_back", "version", "1.2")
	x.patch("/deployments/1", `{"caused":[]}`).is(200).has("caused", []any{})
	x.patch("/deployments/1", `{"caused":["INC-9"]}`).is(422).wrongAt("body.caused")
	x.get("/deployments?service=checkout&environment=production&outcome=rolled_back&from=2026-09-14&to=2026-09-15").has("total", 1, "items.0.id", 1)
	x.get("/deployments/1").is(200).has("service", "checkout")
}

func TestMeasures(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.get("/measures").is(200).has("impact_duration.n", 0, "impact_duration.median_seconds", nil, "recurrence.flow.rate", nil, "impact_duration.series", []any{})
	for _, day := range []string{"2026-08-31", "2026-09-01", "2026-09-05"} {
		x.post("/incidents", `{"title":"Pool","started_at":"`+day+`T10:00:00Z","resolved_at":"`+day+`T11:00:00Z","services":["checkout"]}`).is(201)
	}
	x.post("/problems", `{"title":"Pool","incidents":["INC-1","INC-2","INC-3"]}`).is(201)
	x.post("/incidents", `{"title":"Planned","started_at":"2026-09-02T10:00:00Z","resolved_at":"2026-09-02T11:00:00Z","kind":"maintenance"}`).is(201)
	x.post("/incidents", `{"title":"Still on","started_at":"2026-09-14T10:00:00Z"}`).is(201)
	x.get("/measures").is(200).has(
		"impact_duration.n", 3, "impact_duration.median_seconds", 3600, "impact_duration.sum_seconds", 10800, "impact_duration.open.n", 1,
		"impact_duration.open.oldest_age_seconds", 7200, "impact_duration.left_out.maintenance", 1,
		"impact_duration.series.0.period", "2026-08", "impact_duration.series.0.n", 1, "impact_duration.series.1.n", 2,
		"recurrence.flow.occurrences", 4, "recurrence.flow.recurrences", 2, "recurrence.flow.rate", 0.5, "recurrence.cohort.followed", 2)
	x.get("/measures?from=2026-09-01&to=2026-10-01&service=checkout&window=2d&bucket=week").is(200).
		has("recurrence.flow.occurrences", 2, "recurrence.flow.recurrences", 1, "impact_duration.n", 2)
	x.get("/measures?team=payments&severity=SEV1&window=all&bucket=quarter").is(200).has("impact_duration.n", 0)
}

func TestExports(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.post("/incidents", `{"title":"=HYPERLINK(1)","started_at":"2026-09-14T10:00:00Z","summary":"two\nlines; \"quoted\"","services":["card-gateway","checkout"]}`).is(201)
	x.post("/incidents", `{"title":"Again","started_at":"2026-09-14T11:00:00Z"}`).is(201)
	x.post("/problems", `{"title":"Pool","incidents":["INC-1","INC-2"]}`).is(201)
	x.post("/followups", `{"title":"Test","kind":"automated_test","incidents":["INC-1"]}`).is(201)
	x.post("/deployments", `{"service":"checkout","environment":"production","version":"-1","finished_at":"2026-09-14T09:50:00Z"}`).is(201)
	wanted := map[string]int{"incidents": 2, "problems": 1, "followups": 1, "deployments": 1, "connections": 2}
	for name, n := range wanted {
		a := x.get("/export/" + name + ".csv").is(200)
		rows, err := csv.NewReader(strings.NewReader(a.text)).ReadAll()
		if err != nil || len(rows) != n+1 {
			t.Errorf("%s.csv: %d rows, %v: %s", name, len(rows), err, a.text)
		}
		if kind := a.header.Get("Content-Type"); kind != "text/csv; charset=utf-8" {
			t.Errorf("%s.csv: %s", name, kind)
		}
		var items []map[string]any
		a = x.get("/export/" + name + ".json").is(200)
		if err := json.Unmarshal([]byte(a.text), &items); err != nil || len(items) != n {
			t.Errorf("%s.json: %d, %v: %s", name, len(items), err, a.text)
		}
		if len(rows) > 0 && len(items) > 0 && len(items[0]) != len(rows[0]) {
			t.Errorf("%s: %d members, %d columns", name, len(items[0]), len(rows[0]))
		}
	}
	text := x.get("/export/incidents.csv").text
	for _, want := range []string{"INC-1,'=HYPERLINK(1),", "card-gateway;checkout", "2026-09-14T10:00:00Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	x.get("/export/connections.json").has("0.incident", "INC-1", "0.through", "incident", "1.incident", "INC-2", "1.through", "problem", "1.followup", "FU-1")
	empty := newSite(t)
	if text := empty.get("/export/problems.json").is(200).text; strings.TrimSpace(text) != "[\n]" {
		t.Errorf("nothing is %q", text)
	}
}

func TestATeamsChatIsWrittenAndNeverRead(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.send(account.Admin, "POST", "/teams", `{"name":"Payments","kind":"development","chat_kind":"slack","chat_address":"https://hooks.slack.example/services/verysecret"}`).is(201).
		has("chat_kind", "slack", "chat_host", "hooks.slack.example")
	x.send(account.Admin, "PATCH", "/teams/payments", `{"chat_kind":"teams"}`).is(200).has("chat_kind", "teams", "chat_host", "hooks.slack.example")
	x.send(account.Admin, "PATCH", "/teams/payments", `{"chat_address":"ftp://x"}`).is(422)
	x.send(account.Admin, "PATCH", "/teams/payments", `{"chat_address":"https://chat.example/hook"}`).is(200).has("chat_kind", "teams", "chat_host", "chat.example")
	x.send(account.Editor, "PATCH", "/teams/payments", `{"chat_kind":null}`).is(403)
	if text := x.get("/teams/payments").text + x.get("/teams").text; strings.Contains(text, "verysecret") || strings.Contains(text, "/hook") {
		t.Errorf("the secret is read: %s", text)
	}
	x.send(account.Admin, "PATCH", "/teams/payments", `{"chat_kind":null}`).is(200).has("chat_kind", nil, "chat_host", nil)
	x.send(account.Admin, "PATCH", "/teams/payments", `{"chat_address":"https://chat.example/hook"}`).is(422)
}

func TestADeveloperWhoJoinsKnowsAndAnEarlierMomentReplacesIt(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.post("/incidents", `{"title":"Cards are declined","started_at":"2026-09-14T10:30:00Z","services":["checkout"],"severity":"SEV2"}`).is(201).has("developer_notified_at", nil)
	x.patch("/incidents/INC-1", `{"participants":[{"name":"Ole","side":"operations"}]}`).is(200).has("developer_notified_at", nil)
	x.patch("/incidents/INC-1", `{"participants":[{"name":"Ole","side":"operations"},{"name":"Ada","side":"development"}]}`).is(200).
		has("developer_notified_by", "joined", "developer_notified_at", "2026-09-14T12:00:00Z")
	x.patch("/incidents/INC-1", `{"developer_notified_at":"2026-09-14T11:00:00Z","developer_notified_by":"page"}`).is(200).
		has("developer_notified_by", "page", "developer_notified_at", "2026-09-14T11:00:00Z")
	x.patch("/incidents/INC-1", `{"developer_notified_at":"2026-09-14T11:30:00Z","developer_notified_by":"page"}`).is(422)
}
