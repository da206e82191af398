package web

import (
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/html"

	"upshot/app/account"
)

func carrying(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return has(n, name) }
}

func named(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attribute(n, "name") == name }
}

// recurring reports three occurrences of one problem, each ended by a restart, and gives the problem's address.
func (b *browser) recurring() string {
	b.site.t.Helper()
	at := b.report("Checkout stalls, pool exhausted")
	b.post(at+"/resolve", "ended_by", "restart").leadsTo(at)
	b.post("/problems/new", "title", "The pool is exhausted", "incidents", "INC-1", "service", "card-gateway").leadsTo("/problems/PRB-1")
	for n, started := range []string{"2026-11-26T09:00", "2026-11-28T09:00"} {
		b.site.pass([]time.Duration{72 * time.Hour, 48 * time.Hour}[n])
		at := b.post("/problems/PRB-1/again", "title", "Checkout stalls", "started_at", started).is(http.StatusSeeOther).header.Get("Location")
		b.post(at+"/resolve", "ended_by", "restart").leadsTo(at)
	}
	return "/problems/PRB-1"
}

func TestAProblemTellsItsHistory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	b.get("/problems").says("empty", "No failure has come back yet")
	at := b.recurring()
	p := b.get(at).is(http.StatusOK)
	p.says("finding", "Three times in 5 days; the gap shrank from 2 d 23 h to 2 d.").says("", "restart pattern").says("", "Operations, did not build it").says("occurrences", "INC-3")
	b.get("/incidents/INC-3").says("hint", "Review is due: this is the 3rd time")
	b.get("/problems").says("problems", "The pool is exhausted").says("problems", "3×")
	b.get("/problems?state=verified").says("empty", "Nothing matches")
	b.get("/problems?sort=-impact&service=card-gateway&q=pool").says("problems", "PRB-1")
	b.post(at+"/notes", "kind", "factor", "body", "One pool for all.").leadsTo(at + "#notes")
	b.get(at).says("note", "Contributing factor")
	b.post(at+"/edit", "title", "", "service", "card-gateway").wrong("title")
	b.post(at+"/edit", "title", "Pool too small", "service", "nowhere").wrong("service")
	b.post(at+"/edit", "title", "Pool too small", "service", "search").leadsTo(at)
	b.get(at).says("", "Pool too small")
}

func TestHappenedAgainInTwoClicks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.recurring()
	s.pass(time.Hour)
	form := b.get(at+"/again").is(http.StatusOK).says("form", "Report as the 4th occurrence")
	b.post(at+"/again", "title", form.value("title"), "started_at", form.value("started_at"), "severity", form.value("severity")).leadsTo("/incidents/INC-4")
	b.get("/incidents/INC-4").says("", "INC-4 is the 4th occurrence of PRB-1")
}

func TestSplitMergeAndUndoKeepOldAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.recurring()
	b.post(at+"/split", "title", "").wrong("title", "incidents")
	b.post(at+"/split", "title", "Another failure", "incidents", "INC-1", "incidents", "INC-2", "incidents", "INC-3").wrong("incidents")
	b.post(at+"/split", "title", "Another failure", "incidents", "INC-2").leadsTo("/problems/PRB-2")
	b.get("/problems/PRB-2").says("occurrences", "INC-2").says("undo", "PRB-2 was split off PRB-1").says("undo", "editor")
	b.get(at).lacks("occurrences", "INC-2")
	b.post(at + "/undo").leadsTo(at)
	b.get(at).says("occurrences", "INC-2")
	b.get("/problems/PRB-2").leadsTo(at)

	b.post("/problems/new", "title", "A twin").leadsTo("/problems/PRB-3")
	b.post("/problems/PRB-3/merge", "into", "PRB-9").wrong("into")
	b.post("/problems/PRB-3/merge", "into", "PRB-3").is(http.StatusUnprocessableEntity)
	b.post("/problems/PRB-3/merge", "into", "prb-1").leadsTo(at)
	b.get("/problems/PRB-3").leadsTo(at)
	b.get(at).says("", "PRB-3 is merged into PRB-1").says("undo", "PRB-3 was merged into PRB-1")
	b.post(at + "/undo").leadsTo("/problems/PRB-3")
	b.get("/problems/PRB-3").is(http.StatusOK).says("finding", "No incident belongs to it yet")
}

func TestAViewerReadsProblemsAndChangesNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	at := s.person(account.Editor).recurring()
	b := s.person(account.Viewer)
	b.get(at).is(http.StatusOK).lacks("", "It happened again").lacks("", "Promise a change")
	for _, step := range []string{"/again", "/merge", "/split", "/undo", "/edit", "/notes"} {
		b.post(at + step).is(http.StatusForbidden)
	}
}
