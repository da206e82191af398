package api_test

import (
	"testing"
	"time"

	"upshot/app/account"
)

func TestDocumentsOfAService(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.get("/services/checkout").is(200).has("slug", "checkout", "covered", false, "missing", []any{"no dashboard", "no runbook"}, "documents", []any{})
	a := x.post("/services/checkout/documents", `{"kind":"dashboard","title":"Checkout","url":"https://grafana.example/d/1","owner":"payments","confirmed_by":"payments"}`).is(201)
	a.has("id", 1, "owner", "payments", "confirmed_at", "2026-09-14T12:00:00Z", "confirmed_by", "payments", "link", map[string]any{"dead": false, "checked_at": nil, "failed_at": nil, "trouble": nil})
	if at := a.header.Get("Location"); at != "/api/v1/services/checkout/documents/1" {
		t.Errorf("it is at %q", at)
	}
	x.post("/services/checkout/documents", `{"kind":"runbook","title":"Runbook","url":"https://wiki.example/checkout","owner":"night-watch"}`).is(201).has("id", 2, "confirmed_by", nil)
	x.get("/services/checkout").is(200).has("missing", []any{"runbook not ours"}, "documents.0.kind", "dashboard", "documents.1.id", 2)
	x.patch("/services/checkout/documents/2", `{"owner":"payments"}`).is(200).has("owner", "payments", "title", "Runbook")
	x.get("/services/checkout").is(200).has("covered", true, "missing", []any{})

	x.clock.pass(181 * 24 * time.Hour)
	x.get("/services/checkout").is(200).has("missing", []any{"dashboard not confirmed for 180 d", "runbook not confirmed for 180 d"})
	x.patch("/services/checkout/documents/1", `{"confirmed":true,"confirmed_by":"payments"}`).is(200).has("confirmed_at", "2027-03-14T12:00:00Z")
	x.patch("/services/checkout/documents/2", `{"confirmed":true,"title":"How to"}`).is(200).has("confirmed_at", "2027-03-14T12:00:00Z", "title", "How to", "confirmed_by", nil)

	tag := x.get("/services/checkout/documents/1").is(200).has("id", 1).header.Get("ETag")
	x.send(account.Viewer, "GET", "/services/checkout/documents/1", "", "If-None-Match", tag).is(304)
	x.patch("/services/checkout/documents/1", `{"title":"Board"}`).is(200)
	x.send(account.Editor, "PATCH", "/services/checkout/documents/1", `{"title":"Late"}`, "If-Match", tag).is(412)
	x.send(account.Editor, "DELETE", "/services/checkout/documents/1", "", "If-Match", tag).is(412)
	x.send(account.Viewer, "DELETE", "/services/checkout/documents/1", "").is(403)
	x.send(account.Editor, "DELETE", "/services/checkout/documents/1", "").is(204)
	x.get("/services/checkout/documents/1").is(404)
	x.get("/services/checkout").has("missing", []any{"no dashboard"})

	x.post("/services/checkout/documents", `{"kind":"runbook","title":" ","url":"ftp://x","owner":"payments"}`).is(422).wrongAt("body.title", "body.url")
	x.post("/services/checkout/documents", `{"kind":"runbook","title":"x","url":"https://x.example","owner":"nobody"}`).is(422).wrongAt("body.owner")
	x.post("/services/nowhere/documents", `{"kind":"runbook","title":"x","url":"https://x.example","owner":"payments"}`).is(404)
	x.patch("/services/card-gateway/documents/2", `{"confirmed":true}`).is(404)
}

func TestStepsOfAdoption(t *testing.T) {
	t.Parallel()
	x := newSite(t)
	x.catalogue()
	x.patch("/services/checkout/adoption", `{"steps":[{"step":1,"done_on":"2026-09-01"},{"step":3,"planned_on":"2026-10-05"}]}`).is(200).
		has("steps.0.done_on", "2026-09-01", "steps.0.name", "Production can be seen", "steps.1.planned_on", nil, "steps.2.planned_on", "2026-10-05")
	x.patch("/services/checkout/adoption", `{"steps":[{"step":1,"planned_on":"2026-08-30"},{"step":3,"planned_on":null}]}`).is(200)
	x.get("/services/checkout").is(200).has("adoption.0.planned_on", "2026-08-30", "adoption.0.done_on", "2026-09-01", "adoption.2.planned_on", nil, "adoption.5.step", 6)
	x.get("/services/checkout/adoption").is(200).has("steps.0.done_on", "2026-09-01")
	x.patch("/services/checkout/adoption", `{"steps":[{"step":2,"done_on":"2027-01-01"}]}`).is(422)
	x.patch("/services/checkout/adoption", `{"steps":[{"step":7}]}`).is(422)
	x.send(account.Viewer, "PATCH", "/services/checkout/adoption", `{"steps":[]}`).is(403)
	x.get("/services/nowhere/adoption").is(404)
}
