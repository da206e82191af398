package api_test

import (
	"net/http"
	"testing"
	"time"

	"upshot/app/account"
)

func TestAnIncidentIsTriaged(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.post("/teams", `{"name":"Payments","kind":"development"}`).is(http.StatusCreated)
	x.post("/teams", `{"name":"Network","kind":"operations"}`).is(http.StatusCreated)
	x.post("/services", `{"name":"Checkout","builder":"payments","on_call":"network"}`).is(http.StatusCreated)
	x.post("/incidents", `{"title":"Slow","started_at":"2026-09-14T11:00:00Z","services":["checkout"],"class":"infrastructure"}`).is(http.StatusCreated)
	x.post("/incidents", `{"title":"Drill","started_at":"2026-09-14T11:00:00Z","services":["checkout"],"kind":"drill"}`).is(http.StatusCreated)

	x.get("/incidents/INC-1").is(http.StatusOK).has("triage.accepted_by", nil, "triage.accountable_team", nil, "triage.first_judgement", nil,
		"triage.judgement", nil, "triage.provisional", nil, "triage.nobody_since", "2026-09-14T12:00:00Z", "triage.hand_offs", []any{})
	x.get("/incidents?triage=waiting").is(http.StatusOK).has("total", 1, "items.0.ref", "INC-1")
	x.get("/incidents?triage=waiting&team=payments").is(http.StatusOK).has("total", 1)
	x.get("/incidents?triage=waiting&team=network").is(http.StatusOK).has("total", 0)

	step := func(body string) answer { return x.send(account.Editor, "POST", "/incidents/INC-1/triage", body) }
	step(`{"action":"hand_over","team":"network"}`).is(http.StatusUnprocessableEntity).wrongAt("body.reason")
	step(`{"action":"hand_over","team":"search","reason":"a cable"}`).is(http.StatusUnprocessableEntity).wrongAt("body.team")
	step(`{"action":"accept"}`).is(http.StatusUnprocessableEntity).wrongAt("body.team")
	step(`{"action":"judge"}`).is(http.StatusUnprocessableEntity).wrongAt("body.judgement")
	step(`{"action":"shrug"}`).is(http.StatusUnprocessableEntity)
	x.send(account.Viewer, "POST", "/incidents/INC-1/triage", `{"action":"accept","team":"payments"}`).is(http.StatusForbidden)
	x.post("/incidents/INC-2/triage", `{"action":"accept","team":"payments"}`).is(http.StatusConflict)
	x.post("/incidents/INC-9/triage", `{"action":"accept","team":"payments"}`).is(http.StatusNotFound)

	x.clock.pass(time.Hour)
	step(`{"action":"hand_over","team":"network","reason":"a cable"}`).is(http.StatusOK).
		has("triage.hand_offs.0.from", "payments", "triage.hand_offs.0.to", "network", "triage.hand_offs.0.reason", "a cable", "triage.triaged_at", "2026-09-14T13:00:00Z")
	before := x.get("/incidents/INC-1").header.Get("ETag")
	x.clock.pass(48 * time.Hour)
	x.get("/incidents/INC-1").is(http.StatusOK).has("triage.provisional", "network", "triage.nobody_since", "2026-09-14T12:00:00Z")
	step(`{"action":"accept","team":"network","judgement":"configuration"}`).is(http.StatusOK).
		has("triage.accepted_by", "network", "triage.accountable_team", "network", "triage.first_judgement", "configuration", "triage.judgement", nil, "triage.nobody_since", nil)
	x.send(account.Viewer, "GET", "/incidents/INC-1", "", "If-None-Match", before).is(http.StatusOK)
	step(`{"action":"accept","team":"payments"}`).is(http.StatusConflict)
	step(`{"action":"judge","judgement":"code"}`).is(http.StatusOK).has("triage.first_judgement", "configuration", "triage.judgement", "code")
	x.get("/incidents?triage=waiting").is(http.StatusOK).has("total", 0)
	x.send(account.Editor, "POST", "/incidents/INC-1/notes", `{"kind":"cause","cause_class":"data","body":"A row too many."}`).is(http.StatusCreated)
	x.get("/incidents/INC-1").is(http.StatusOK).has("triage.judgement", "data")
}
