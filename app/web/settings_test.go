package web

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"upshot/app/account"
	"upshot/views/link"
)

func TestSettingsLeadToTheFirstPageAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.person(account.Admin).get("/settings").leadsTo("/settings/people")
	s.person(account.Viewer).get("/settings").leadsTo("/settings/profile")
}

func TestAnAdministratorAddsSomebodyAndHandsOnTheLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.person(account.Admin)
	admin.get("/settings/people").is(http.StatusOK).says("people", "admin").holds("name", "")

	admin.post("/settings/people", "name", "a b", "display_name", "Ana", "email", "ana@", "zone", "Nowhere/Land", "role", "king").
		wrong("name", "email", "zone", "role").holds("name", "a b").holds("email", "ana@").holds("zone", "Nowhere/Land")
	admin.post("/settings/people", "name", "Admin", "role", "viewer").wrong("name")

	p := admin.post("/settings/people", "name", "ana", "display_name", "Ana Silva", "email", "ana@example.org", "zone", "Europe/Lisbon", "role", "editor").
		is(http.StatusOK).says("people", "Ana Silva no password yet").says("shown-once", "A link for Ana Silva").holds("name", "")
	if p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a browser may keep the page with the link: %s", p.header.Get("Cache-Control"))
	}
	address, ok := strings.CutPrefix(p.value("secret"), s.url)
	if !ok {
		t.Fatalf("the link does not lead here: %s", p.value("secret"))
	}
	if len(admin.get("/settings/people").marked("shown-once")) > 0 {
		t.Error("the link is shown again")
	}

	ana := s.browser()
	ana.get(address).is(http.StatusOK)
	_, token, _ := strings.Cut(address, "=")
	ana.post("/setup", "token", token, "password", password).leadsTo("/")
	ana.get("/settings/profile").is(http.StatusOK).says("", "You sign in as ana. Your role is editor")
	ana.get("/settings/people").is(http.StatusForbidden)
}

func TestAnAdministratorChangesAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, maria := s.person(account.Admin), s.named("maria", account.Viewer)
	person := link.Person(int64(maria.user.ID))

	admin.get(person).is(http.StatusOK).says("", "maria")
	admin.post(person+"/role", "role", "editor").leadsTo(person)
	maria.get("/settings/profile").says("", "Your role is editor")
	admin.post(person+"/role", "role", "king").wrong("role")
	admin.post(person, "display_name", "Maria Costa", "email", "nonsense", "zone", "").wrong("email").holds("display_name", "Maria Costa")
	admin.post(person, "display_name", "Maria Costa", "email", "maria@example.org", "zone", "").leadsTo(person)
	admin.get(person).is(http.StatusOK).holds("email", "maria@example.org").holds("zone", "UTC").says("", "The profile is saved.")

	admin.post(person + "/disable").leadsTo(person)
	maria.get("/settings/profile").leadsTo("/signin?next=%2Fsettings%2Fprofile")
	admin.post(person+"/disable").is(http.StatusConflict).says("errors", "is disabled already")
	admin.post(person+"/link").is(http.StatusConflict).says("errors", "Enable the account first")
	admin.post(person + "/enable").leadsTo(person)
	admin.post(person+"/link").is(http.StatusOK).says("shown-once", "A link for Maria Costa")
	s.browser().post("/signin", "name", "maria", "password", password).leadsTo("/")
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.person(account.Admin)
	person := link.Person(int64(admin.user.ID))
	admin.post(person+"/role", "role", "viewer").is(http.StatusConflict).says("errors", "is the last administrator who can sign in")
	admin.post(person+"/disable").is(http.StatusConflict).says("errors", "is the last administrator who can sign in")
	for _, address := range []string{"/settings/people/999", "/settings/people/0", "/settings/people/x"} {
		admin.get(address).is(http.StatusNotFound)
		admin.post(address + "/disable").is(http.StatusNotFound)
		admin.post(address+"/role", "role", "viewer").is(http.StatusNotFound)
		admin.post(address + "/link").is(http.StatusNotFound)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maria, paul, admin := s.named("maria", account.Editor), s.named("paul", account.Editor), s.person(account.Admin)

	maria.get("/settings/tokens").is(http.StatusOK).says("empty", "No tokens yet.")
	maria.post("/settings/tokens", "name", "", "role", "admin", "expires_at", "soon").wrong("expires_at").holds("expires_at", "soon")
	maria.post("/settings/tokens", "name", "", "role", "admin").wrong("name", "role")
	maria.post("/settings/tokens", "name", "Pipeline", "role", "editor", "expires_at", "2026-11-22").wrong("expires_at").holds("name", "Pipeline")
	p := maria.post("/settings/tokens", "name", "Pipeline", "role", "editor", "expires_at", "2026-11-23").is(http.StatusOK).
		says("shown-once", "The token “Pipeline”").says("tokens", "Pipeline").says("tokens", "23 Nov")
	raw := p.value("secret")
	if !strings.HasPrefix(raw, "ups_") {
		t.Fatalf("the token is %q", raw)
	}
	actor, err := s.web.Accounts.ActorOfToken(t.Context(), raw)
	if err != nil || actor.Role != account.Editor {
		t.Fatalf("the token is %+v, %v", actor, err)
	}
	if strings.Contains(maria.get("/settings/tokens").text, raw) {
		t.Error("the token is shown again")
	}

	revoke := "/settings/tokens/" + strconv.FormatInt(actor.ID, 10) + "/revoke"
	paul.get("/settings/tokens").lacks("", "Pipeline")
	paul.post(revoke).is(http.StatusForbidden)
	admin.get("/settings/tokens").says("tokens", "Pipeline")
	maria.post(revoke).leadsTo("/settings/tokens")
	maria.get("/settings/tokens").says("tokens", "revoked 23 Nov").says("", "The token is revoked.")
	maria.post(revoke).is(http.StatusConflict)
	maria.post("/settings/tokens/999/revoke").is(http.StatusNotFound)
}

func TestTheOwnProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maria := s.named("maria", account.Viewer)
	maria.get("/settings/profile").is(http.StatusOK).holds("zone", "Europe/Lisbon")
	maria.post("/settings/profile", "display_name", "Maria Costa", "email", "no address", "zone", "Mars/Base").
		wrong("email", "zone").holds("display_name", "Maria Costa").holds("email", "no address")
	maria.post("/settings/profile", "display_name", "Maria Costa", "email", "", "zone", "America/New_York").leadsTo("/settings/profile")
	maria.get("/settings/profile").says("", "Times are America/New_York (UTC−5).").holds("display_name", "Maria Costa").says("", "Your profile is saved.")
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	here := s.named("maria", account.Viewer)
	elsewhere := s.browser()
	elsewhere.post("/signin", "name", "maria", "password", password).leadsTo("/")
	elsewhere.get("/settings/profile").is(http.StatusOK)

	here.post("/settings/profile/password", "old_password", "wrong", "password", "another fine long password").wrong("old_password")
	here.post("/settings/profile/password", "old_password", password, "password", "short").wrong("password")
	here.post("/settings/profile/password", "old_password", password, "password", "another fine long password").leadsTo("/settings/profile")

	here.get("/settings/profile").is(http.StatusOK).says("", "Your password is changed.")
	elsewhere.get("/settings/profile").leadsTo("/signin?next=%2Fsettings%2Fprofile")
	s.browser().post("/signin", "name", "maria", "password", password).is(http.StatusUnprocessableEntity)
}

func TestTheSandboxKeepsItsAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.web.Demo = s.named("visitor", account.Editor).user
	b := s.browser()
	b.get("/settings/profile").is(http.StatusOK).says("", "You are signed in to a sandbox")
	b.post("/settings/profile", "display_name", "Somebody", "zone", "UTC").is(http.StatusConflict).says("errors", "Everybody shares this account")
	b.post("/settings/profile/password", "old_password", password, "password", "another fine long password").is(http.StatusConflict)
}
