package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
)

// catalogued adds a team that builds and one that answers at night, and a service between them.
func (s *site) catalogued() {
	s.t.Helper()
	ctx, boss := context.Background(), account.AsCommand("test")
	team := func(name string, kind catalog.TeamKind) catalog.TeamID {
		t, err := s.web.Catalog.AddTeam(ctx, boss, catalog.Team{Name: name, Slug: catalog.Slug(name), Kind: kind, Zone: "Europe/Lisbon"})
		if err != nil {
			s.t.Fatal(err)
		}
		return t.ID
	}
	payments, operations := team("Payments", catalog.Development), team("Operations", catalog.Operations)
	for _, name := range []string{"Card Gateway", "Search"} {
		_, err := s.web.Catalog.AddService(ctx, boss, catalog.Service{Name: name, Slug: catalog.Slug(name), Builder: payments, OnCall: operations})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// report reports an incident by the form and gives its address.
func (b *browser) report(title string, more ...string) string {
	b.site.t.Helper()
	answers := append([]string{"title", title}, more...)
	for _, usual := range [][2]string{{"services", "card-gateway"}, {"started_at", "2026-11-23T09:05"}} {
		if !slices.Contains(more, usual[0]) {
			answers = append(answers, usual[0], usual[1])
		}
	}
	p := b.post("/incidents/new", answers...).is(http.StatusSeeOther)
	return p.header.Get("Location")
}

func TestFromReportToClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)

	b.get("/incidents/new").is(http.StatusOK).holds("started_at", "2026-11-23T09:15")
	first := b.report("Checkout stalls, worker pool exhausted by processor timeouts")
	b.get(first).is(http.StatusOK).says("", "INC-1 is reported").says("status", "open").says("", "Operations, did not build it")
	b.post(first+"/resolve", "ended_by", "restart").leadsTo(first)
	b.get(first).says("hint", "no permanent fix is promised")

	s.pass(48 * time.Hour)
	second := b.report("Checkout stalls, worker pool exhausted again", "started_at", "2026-11-25T09:00", "severity", "SEV1")
	b.get(second).says("similar", "INC-1").says("similar", "same service")
	b.post(second+"/similar/join", "other", "INC-1").leadsTo(second)
	b.get(second).says("occurrence", "2nd occurrence of PRB-1").lacks("similar", "INC-1")
	b.get(first).says("timeline", "Recognised")

	b.post(second + "/acknowledge").leadsTo(second)
	b.post(second+"/tell", "at", "2026-11-25T09:14", "channel", "page").leadsTo(second)
	b.post(second+"/resolve", "ended_by", "workaround").leadsTo(second)
	b.get(second).says("gate", "It can't be closed yet").says("gate", "No confirmed cause").says("timeline", "Told developers by a page")
	b.post(second+"/close").is(http.StatusConflict).says("errors", "It can't be closed yet")

	b.post(second+"/notes", "kind", "cause", "body", "").wrong("body")
	b.post(second+"/notes", "kind", "cause", "cause_class", "code", "body", "The gateway **waits** 30 s.\n\n<script>alert(1)</script>").leadsTo(second + "#notes")
	p := b.get(second).says("note", "Confirmed cause").says("gate", "no change of practice is queued")
	if strings.Contains(p.text, "alert(1)") || !strings.Contains(p.text, "<strong>waits</strong>") {
		t.Error("a note is shown as harmless HTML")
	}

	b.get(second+"/close").is(http.StatusOK).says("form", "Why is no change of practice worth it?")
	b.post(second+"/close", "reason", "no", "look_again_on", "2026-01-01").wrong("decision.reason", "decision.look_again_on")
	b.post(second+"/close", "reason", "The processor is replaced in spring anyway.", "look_again_on", "2027-03-01").leadsTo(second)
	b.get(second).says("status", "closed").says("decision", "replaced in spring").says("timeline", "Decided against a change, to look again on 1 Mar 2027")
	b.get(second+"/reopen").says("reopen", "It ended just now").says("reopen", "It happened again")
	s.pass(time.Hour)
	b.get(second+"/reopen").says("reopen", "a new occurrence").lacks("reopen", "Reopen INC-2")
	b.post(second + "/reopen").leadsTo(second)
	b.get(second).says("", "report it as a new occurrence")
}

func TestARevisedNoteKeepsWhatItSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Search is slow")
	b.post(at+"/notes", "kind", "hypothesis", "body", "The index is cold.").leadsTo(at + "#notes")
	b.get("/notes/1/edit").is(http.StatusOK).holds("body", "The index is cold.")
	b.post("/notes/1/edit", "kind", "cause", "body", "The index was rebuilt.", "revision", "1").leadsTo(at + "#notes")
	b.get("/notes/1").says("note", "The index was rebuilt.").says("revision", "The index is cold.")
	b.post("/notes/1/edit", "kind", "cause", "body", "late", "revision", "1").is(http.StatusConflict).says("errors", "meanwhile").holds("body", "late")
	b.get("/notes/99").is(http.StatusNotFound)
}

func TestACorrectedMomentKeepsTheOldValueAndTheReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Search is slow")
	b.post(at+"/moments", "moment", "started_at", "value", "2026-11-23T08:55", "reason", "").wrong("reason")
	b.post(at+"/moments", "moment", "started_at", "value", "2026-11-30T08:55", "reason", "the clock was wrong").wrong("value")
	b.post(at+"/moments", "moment", "started_at", "value", "never", "reason", "the clock was wrong").wrong("value")
	b.post(at+"/moments", "moment", "started_at", "value", "2026-11-23T08:55", "reason", "the clock was wrong").leadsTo(at)
	b.get(at).says("timeline", "started: 23 Nov 08:55 instead of 23 Nov 09:05").says("timeline", "the clock was wrong").says("timeline", "editor")
}

func TestAnEditKeepsEverythingItDoesNotChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Search is slow", "severity", "SEV2")
	form := b.get(at+"/edit").is(http.StatusOK).holds("services", "card-gateway")
	version := attribute(form.find(named("version"))[0], "value")
	b.post(at+"/edit", "title", "Search is slow", "services", "Card Gateway, nowhere", "version", version).wrong("services")
	b.post(at+"/edit", "title", "Search times out", "services", "Card Gateway, Search", "severity", "SEV2", "kind", "incident", "class", "application",
		"detected_by", "alert", "ended_by", "unknown", "hands_on", "95", "participants", "Ana, development\nOps, operations",
		"detected_at", "2026-11-23T09:10", "url", "https://dash.example.test", "version", version).leadsTo(at)
	b.get(at).says("", "Search times out").says("", "1 h 35 min, all together").says("", "Ana, development").says("timeline", "Changed what it says")
	b.post(at+"/edit", "title", "Late", "kind", "incident", "class", "unknown", "detected_by", "alert", "ended_by", "unknown", "version", version).is(http.StatusConflict).says("errors", "meanwhile")
}

func TestMergedReportsLeadToTheOtherAndComeBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	one, other := b.report("Search is slow"), b.report("Slow search")
	b.post(other+"/merge", "into", "INC-77").wrong("into")
	b.post(other+"/merge", "into", "inc-1").leadsTo(other)
	b.get(other).leadsTo(one)
	b.get(one).says("", "INC-2 is merged into INC-1").says("merged", "INC-2")
	b.post(other + "/unmerge").leadsTo(other)
	b.get(other).is(http.StatusOK).says("", "INC-2 stands for itself again")
	b.get(one).lacks("merged", "INC-2")
}

func TestAReportIsRecognisedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	b.report("Voucher codes are rejected", "services", "card-gateway")
	b.post("/incidents/INC-1/resolve", "ended_by", "restart").leadsTo("/incidents/INC-1")
	s.pass(48 * time.Hour)
	b.get("/incidents/new").says("earlier", "shown here as you write")
	typed := "/incidents/new?title=Vouchers+rejected+in+checkout&services=card-gateway&again="
	b.get(typed).says("similar", "INC-1").says("similar", "words: vouchers, rejected").says("similar", "same service")
	b.get("/incidents/new?title=Certificate&services=nowhere").says("earlier", "Nothing like it")
	if at := b.report("Vouchers rejected in checkout", "started_at", "2026-11-25T09:00", "again", "INC-1"); at != "/incidents/INC-2" {
		t.Fatalf("reported at %s", at)
	}
	b.get("/incidents/INC-2").says("occurrence", "2nd occurrence of PRB-1")
	b.get("/incidents/new?again=INC-2").is(http.StatusOK).lacks("", "Has it happened before?")
}

func TestTheListOfIncidentsNarrows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	b.get("/incidents").says("empty", "Nothing has been reported yet")
	b.report("Search is slow", "severity", "SEV1")
	b.report("Backups failed", "services", "")
	s.readTexts()
	for address, want := range map[string][]string{
		"/incidents":                         {"INC-2", "INC-1"},
		"/incidents?q=backups":               {"INC-2"},
		"/incidents?severity=SEV1":           {"INC-1"},
		"/incidents?severity=none":           {"INC-2"},
		"/incidents?service=none":            {"INC-2"},
		"/incidents?service=card-gateway":    {"INC-1"},
		"/incidents?team=payments":           {"INC-1"},
		"/incidents?status=closed":           nil,
		"/incidents?from=2026-11-24":         nil,
		"/incidents?to=2026-11-23":           {"INC-2", "INC-1"},
		"/incidents?sort=started_at":         {"INC-1", "INC-2"},
		"/incidents?status=nonsense&from=no": {"INC-2", "INC-1"},
	} {
		p := b.get(address).is(http.StatusOK)
		var got []string
		for _, n := range p.find(carrying("data-incident")) {
			got = append(got, attribute(n, "data-incident"))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s lists %v, want %v", address, got, want)
		}
	}
}

func TestSearchLeadsReferencesToTheirPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	b.report("Search is slow")
	s.readTexts()
	b.get("/search?q=inc-1").leadsTo("/incidents/INC-1")
	b.get("/search?q=PRB-7").leadsTo("/problems/PRB-7")
	b.get("/search?q=fu-12").leadsTo("/followups/FU-12")
	b.get("/search?q=slow").is(http.StatusOK).says("", "1 result for “slow”").says("incidents", "Search is slow")
	b.get("/search?q=nothing").says("", "Nothing found")
	b.get("/search").is(http.StatusOK)
}

func TestAViewerSeesNoButtonsAndMayPressNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	at := s.person(account.Editor).report("Search is slow")
	b := s.person(account.Viewer)
	p := b.get(at).is(http.StatusOK)
	for _, word := range []string{"Resolve", "Add note", "Promise a change", "More", "Take it on"} {
		p.lacks("", word)
	}
	for _, address := range []string{"/resolve", "/close", "/notes", "/merge", "/acknowledge", "/moments", "/similar/join"} {
		b.post(at + address).is(http.StatusForbidden)
	}
	b.get("/incidents/new").is(http.StatusForbidden)
	b.get("/problems/new").is(http.StatusForbidden)
}

func TestNothingThatIsTypedBreaksAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Search is slow")
	b.post("/problems/new", "title", "Search is slow", "incidents", "INC-1").leadsTo("/problems/PRB-1")
	odd := []string{"", "\x00", "\xff\xfe", "-1", "99999999999999999999999", "' OR 1=1 --", "<script>", strings.Repeat("x", 5000), "INC-1", "PRB-1", "2026-02-30T25:61", "ünïcödé 💥"}
	fields := []string{
		"title", "services", "more_services", "started_at", "severity", "kind", "class", "detected_by", "ended_by", "hands_on", "participants", "url", "version",
		"moment", "value", "reason", "into", "other", "deployment", "cause", "body", "cause_class", "confidence", "side", "revision", "incidents", "service", "at", "channel", "look_again_on", "again",
	}
	for _, value := range odd {
		var answers []string
		for _, f := range fields {
			answers = append(answers, f, value)
		}
		for _, address := range []string{
			"/incidents/new", at + "/edit", at + "/resolve", at + "/close", at + "/tell", at + "/moments", at + "/merge", at + "/similar/join", at + "/similar/not-same",
			at + "/cause", at + "/notes", "/problems/new", "/problems/PRB-1/edit", "/problems/PRB-1/again", "/problems/PRB-1/merge", "/problems/PRB-1/split", "/problems/PRB-1/notes",
		} {
			if p := b.post(address, answers...); p.status >= 500 {
				t.Errorf("%s with %.20q answers %d", p.asked, value, p.status)
			}
		}
	}
	for _, address := range []string{
		"/incidents/INC-0", "/incidents/INC-99", "/incidents/x", "/incidents/PRB-1", "/problems/INC-1", "/problems/PRB-99", "/notes/x", "/notes/0",
		"/incidents?cursor=zzz", "/incidents?service=%00", "/incidents?team=none&q=%25_%27", "/problems?cursor=%FF&sort=x&service=x", "/search?q=%00%FF", "/problems/PRB-1?cursor=x",
	} {
		if p := b.get(address); p.status >= 500 {
			t.Errorf("%s answers %d", p.asked, p.status)
		}
	}
}

func TestAPromiseAnswersTheHints(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Search is slow")
	b.post(at+"/resolve", "ended_by", "restart").leadsTo(at)
	b.get(at).says("hint", "Promise a permanent fix")
	_, err := s.web.FollowUps.Promise(context.Background(), b.actor(), followup.FollowUp{
		Title: "Cache the index", Kind: followup.Code, Purpose: followup.Prevent, Incidents: []incident.ID{1},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	b.get(at).lacks("hint", "permanent fix").says("", "Cache the index")
}
