package api_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/api"
	"upshot/app/audit"
	"upshot/app/listing"
	"upshot/internal/synctest"
)

// recorded are all events so far, newest first.
func (x *site) recorded() []audit.Event {
	x.t.Helper()
	viewer := account.Actor{Kind: account.Person, ID: 1, Name: "reader", Role: account.Admin}
	p, err := x.store.Events(context.Background(), viewer, audit.Filter{}, listing.Request{Limit: 500})
	if err != nil {
		x.t.Fatal(err)
	}
	return p.Items
}

// Every write there is, once, in an order in which each has what it needs.
var everyWrite = []struct{ method, route, path, body string }{
	{"POST", "/teams", "/teams", `{"name":"Payments","kind":"development"}`},
	{"PATCH", "/teams/{slug}", "/teams/payments", `{"name":"Payments and refunds"}`},
	{"POST", "/services", "/services", `{"name":"Checkout","builder":"payments"}`},
	{"PATCH", "/services/{slug}", "/services/checkout", `{"summary":"Takes the money."}`},
	{"POST", "/services/{slug}/documents", "/services/checkout/documents", `{"kind":"runbook","title":"Runbook","url":"https://wiki.example/1","owner":"payments"}`},
	{"PATCH", "/services/{slug}/documents/{id}", "/services/checkout/documents/1", `{"title":"When it fails","confirmed":true}`},
	{"DELETE", "/services/{slug}/documents/{id}", "/services/checkout/documents/1", ``},
	{"PATCH", "/services/{slug}/adoption", "/services/checkout/adoption", `{"steps":[{"step":1,"done_on":"2026-09-01"}]}`},
	{"POST", "/incidents", "/incidents", `{"title":"Pool","started_at":"2026-09-13T10:00:00Z","services":["checkout"]}`},
	{"POST", "/incidents", "/incidents", `{"title":"Pool","started_at":"2026-09-13T12:00:00Z"}`},
	{"POST", "/incidents", "/incidents", `{"title":"Pool","started_at":"2026-09-13T14:00:00Z"}`},
	{"PATCH", "/incidents/{ref}", "/incidents/INC-1", `{"severity":"SEV3"}`},
	{"PATCH", "/incidents/{ref}", "/incidents/INC-1", `{"status":"resolved"}`},
	{"POST", "/incidents/{ref}/moments", "/incidents/INC-1/moments", `{"moment":"started_at","value":"2026-09-13T09:00:00Z","reason":"The clock was wrong."}`},
	{"POST", "/incidents/{ref}/reopen", "/incidents/INC-1/reopen", ``},
	{"PATCH", "/incidents/{ref}", "/incidents/INC-1", `{"status":"resolved"}`},
	{"POST", "/incidents/{ref}/notes", "/incidents/INC-1/notes", `{"kind":"cause","body":"The pool."}`},
	{"POST", "/incidents/{ref}/close", "/incidents/INC-1/close", `{"decision":{"reason":"The vendor is gone for good.","look_again_on":"2027-01-15"}}`},
	{"POST", "/incidents/{ref}/merge", "/incidents/INC-3/merge", `{"into":"INC-2"}`},
	{"POST", "/incidents/{ref}/unmerge", "/incidents/INC-3/unmerge", ``},
	{"POST", "/incidents/{ref}/apart", "/incidents/INC-3/apart", `{"from":"INC-2"}`},
	{"POST", "/incidents/{ref}/triage", "/incidents/INC-3/triage", `{"action":"accept","team":"payments"}`},
	{"POST", "/problems", "/problems", `{"title":"The pool","incidents":["INC-1","INC-2"]}`},
	{"PATCH", "/problems/{ref}", "/problems/PRB-1", `{"title":"The pool runs dry"}`},
	{"POST", "/problems/{ref}/notes", "/problems/PRB-1/notes", `{"kind":"factor","body":"Load."}`},
	{"PATCH", "/notes/{id}", "/notes/2", `{"body":"Load, mostly."}`},
	{"POST", "/problems/{ref}/split", "/problems/PRB-1/split", `{"title":"Another","incidents":["INC-2"]}`},
	{"POST", "/problems/{ref}/merge", "/problems/PRB-2/merge", `{"into":"PRB-1"}`},
	{"POST", "/problems/{ref}/undo", "/problems/PRB-1/undo", ``},
	{"POST", "/followups", "/followups", `{"title":"Test it","kind":"automated_test","incidents":["INC-1"]}`},
	{"PATCH", "/followups/{ref}", "/followups/FU-1", `{"state":"queued"}`},
	{"POST", "/followups/{ref}/ticket", "/followups/FU-1/ticket", `{}`},
	{"DELETE", "/followups/{ref}/ticket", "/followups/FU-1/ticket", ``},
	{"PATCH", "/followups/{ref}", "/followups/FU-1", `{"state":"in_progress"}`},
	{"PATCH", "/followups/{ref}", "/followups/FU-1", `{"state":"done","evidence_url":"https://ci.example/1"}`},
	{"POST", "/deployments", "/deployments", `{"service":"checkout","environment":"production","version":"1","finished_at":"2026-09-13T08:00:00Z"}`},
	{"PATCH", "/deployments/{id}", "/deployments/1", `{"version":"2"}`},
	{"PATCH", "/deployments/{id}", "/deployments/1", `{"caused":["INC-1"]}`},
}

func TestEveryWriteIsInTheRecord(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	synctest.Connect(t, x.sync, synctest.Options{})
	tried := map[string]bool{}
	for n, w := range everyWrite {
		tried[w.method+" "+w.route] = true
		x.clock.pass(time.Minute)
		before := len(x.recorded())
		id := fmt.Sprintf("request-%d", n)
		a := x.send(account.Admin, w.method, w.path, w.body, "X-Request-Id", id)
		if a.status >= 300 {
			t.Fatalf("%s: %d %s", a.asked, a.status, a.text)
		}
		after := x.recorded()
		if len(after) == before {
			t.Errorf("%s %s left no event", a.asked, w.body)
		}
		for _, e := range after[:len(after)-before] {
			if e.RequestID != id || e.Origin != "api" || e.Actor.Kind != account.Machine || e.Actor.Name != "admin" {
				t.Errorf("%s: by %+v in request %q from %q", a.asked, e.Actor, e.RequestID, e.Origin)
			}
			if !e.At.Equal(x.clock.Now()) || e.Action == "" || e.SubjectID == 0 {
				t.Errorf("%s: %+v", a.asked, e)
			}
			if e.Before == nil && e.After == nil {
				t.Errorf("%s: %q says nothing of what changed", a.asked, e.Action)
			}
		}
	}
	for _, r := range api.Routes() {
		if r.Method != http.MethodGet && !tried[r.Method+" "+r.Path] {
			t.Errorf("%s %s is not tried", r.Method, r.Path)
		}
	}
}

func TestNamesOfMergedProblemsLeadOn(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	for n := 1; n <= 3; n++ {
		x.post("/incidents", fmt.Sprintf(`{"title":"Pool","started_at":"2026-09-1%dT10:00:00Z","resolved_at":"2026-09-1%dT11:00:00Z"}`, n, n)).is(201)
		x.post("/problems", fmt.Sprintf(`{"title":"Pool","incidents":["INC-%d"]}`, n)).is(201)
	}
	x.post("/problems/PRB-1/merge", `{"into":"PRB-2"}`).is(200)
	x.post("/problems/PRB-2/merge", `{"into":"PRB-3"}`).is(200)
	x.get("/problems/PRB-1").has("ref", "PRB-3", "occurrences", 3)
	x.post("/incidents", `{"title":"Pool","started_at":"2026-09-14T10:00:00Z","problem":"PRB-1"}`).is(201).has("problem", "PRB-3", "occurrence", 4)
	x.post("/followups", `{"title":"Test it","kind":"automated_test","problem":"PRB-1"}`).is(201).has("problem", "PRB-3")

	x.post("/problems/PRB-3/merge", `{"into":"PRB-1"}`).is(409)
	x.post("/problems/PRB-1/undo", ``).is(409) // what it gave to PRB-2 has moved on
	x.post("/problems/PRB-2/undo", ``).is(200).has("ref", "PRB-2", "occurrences", 2)
	x.post("/problems/PRB-1/undo", ``).is(200).has("ref", "PRB-1", "occurrences", 1)
	for n := 1; n <= 3; n++ {
		x.get(fmt.Sprintf("/incidents/INC-%d", n)).has("problem", fmt.Sprintf("PRB-%d", n), "occurrence", 1)
	}
}

func TestWhatDoesNotCountIsNeitherSignificantNorARecurrence(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/incidents", `{"title":"New disks","started_at":"2026-09-10T10:00:00Z","kind":"maintenance","severity":"SEV1"}`).is(201).has("significant", false)
	for _, day := range []string{"11", "12", "13"} {
		x.post("/incidents", `{"title":"Pool","started_at":"2026-09-`+day+`T10:00:00Z","resolved_at":"2026-09-`+day+`T11:00:00Z","source":"am","group_key":"pool"}`).is(201)
	}
	x.get("/incidents/INC-3").has("occurrence", 2, "recurs", true, "significant", true)
	x.patch("/incidents/INC-3", `{"kind":"drill"}`).is(200).has("occurrence", 1, "recurs", false, "significant", false, "problem", "PRB-1")
	x.get("/incidents/INC-4").has("occurrence", 2)
	x.get("/problems/PRB-1").has("occurrences", 2)
	x.patch("/incidents/INC-3", `{"kind":"incident"}`).is(200).has("occurrence", 2, "recurs", true, "significant", true)
	x.get("/incidents/INC-4").has("occurrence", 3)
}

func TestTheSameFailureFromManySendersAtOnceIsOneProblem(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			a := x.send(account.Editor, "POST", "/incidents", fmt.Sprintf(
				`{"title":"Pool","started_at":"2026-09-0%dT10:00:00Z","resolved_at":"2026-09-0%dT11:00:00Z","source":"am","group_key":"pool"}`, n+1, n+1))
			if a.status != http.StatusCreated {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	all.Wait()
	x.get("/problems").has("total", 1)
	x.get("/problems/PRB-1").has("occurrences", 8, "recurrences", 7)
}
