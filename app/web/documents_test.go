package web

import (
	"net/http"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
)

func TestADashboardAndARunbookMakeAServiceCovered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.web.Demo = s.person(account.Editor).user // the session runs out in the days that pass
	editor := s.browser()
	payments, operations := s.team("Payments", catalog.Development), s.team("Operations", catalog.Operations)
	s.service("Checkout", payments.ID, payments.ID)
	const page, add = "/services/checkout", "/services/checkout/documents"

	editor.get(page).says("readiness", "no dashboard").says("readiness", "no runbook")
	editor.get(add+"/new").is(http.StatusOK).holds("owner", payments.Slug)
	editor.post(add, "kind", "", "title", " ", "url", "wiki", "owner", "nobody").wrong("kind", "title", "url", "owner").holds("url", "wiki")
	editor.post(add, "kind", "dashboard", "title", "Board", "url", "https://grafana.example/d/1", "owner", "payments").leadsTo(page)
	editor.post(add, "kind", "runbook", "title", "Book", "url", "https://wiki.example/checkout", "owner", operations.Slug).leadsTo(page)
	editor.get(page).says("readiness", "runbook not ours").says("documents", "kept by Operations").says("documents", "link not looked at yet")

	edit := editor.get(add+"/2/edit").is(http.StatusOK).holds("title", "Book").holds("kind", "runbook").holds("owner", "operations")
	seen := attribute(edit.named("version"), "value")
	editor.post(add+"/2/edit", "kind", "runbook", "title", "Runbook", "url", "https://wiki.example/checkout", "owner", "payments", "version", seen).leadsTo(page)
	editor.post(add+"/2/edit", "kind", "runbook", "title", "Later", "url", "https://wiki.example/2", "owner", "payments", "version", seen).is(http.StatusConflict).
		says("errors", "Somebody changed this document meanwhile.").holds("title", "Later")
	editor.get(page).says("readiness", "Both are there").lacks("readiness", "runbook")

	s.pass(181 * 24 * time.Hour)
	editor.get(page).says("readiness", "runbook not confirmed for 180 d").says("documents", "over 180 d ago")
	editor.post(add + "/1/confirm").leadsTo(page)
	editor.post(add + "/2/confirm").leadsTo(page)
	editor.get(page).says("readiness", "Both are there")

	editor.post(add + "/2/remove").leadsTo(page)
	editor.get(page).says("readiness", "no runbook").lacks("documents", "Runbook")
	editor.post(add + "/2/confirm").is(http.StatusNotFound)
	editor.get(add + "/2/edit").is(http.StatusNotFound)
}

func TestViewersReadAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.service("Checkout", s.team("Payments", catalog.Development).ID, 0)
	viewer := s.person(account.Viewer)
	viewer.get("/services/checkout").is(http.StatusOK).says("adoption", "Production can be seen").lacks("documents", "Add one").lacks("adoption", "Set the days")
	viewer.get("/services/checkout/documents/new").is(http.StatusForbidden)
	viewer.post("/services/checkout/adoption", "done_1", "2020-01-01").is(http.StatusForbidden)
}

func TestStepsOfAdoptionArePlannedAndTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	editor := s.person(account.Editor)
	s.service("Checkout", 0, 0)
	const page, form = "/services/checkout", "/services/checkout/adoption"
	editor.get(page).says("adoption", "not planned")
	first := editor.get(form).is(http.StatusOK).holds("planned_1", "")
	none := attribute(first.named("version_1"), "value")
	editor.post(form, "planned_1", "2020-02-01", "done_1", "2020-02-03", "version_1", none, "planned_3", "2099-05-04").leadsTo(page)
	editor.get(page).says("adoption", "taken on 3 Feb 2020").says("adoption", "planned for 1 Feb 2020").says("adoption", "planned for 4 May 2099")
	seen := attribute(editor.get(form).holds("done_1", "2020-02-03").named("version_1"), "value")
	editor.post(form, "planned_1", "2020-02-01", "version_1", seen).leadsTo(page)
	editor.get(page).lacks("adoption", "taken on")
	editor.post(form, "planned_1", "2020-02-02", "version_1", seen).is(http.StatusConflict).says("errors", "Somebody changed these steps meanwhile.").holds("planned_1", "2020-02-02")
	editor.post(form, "done_2", "2099-01-01").wrong("done_2").holds("done_2", "2099-01-01")
}
