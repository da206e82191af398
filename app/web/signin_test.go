package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.named("maria", account.Editor)
	b := s.browser()

	b.get("/signin?next=%2Fsettings%2Fprofile").is(http.StatusOK).holds("name", "")
	b.post("/signin", "name", "maria", "password", "wrong", "next", "/settings/profile").is(http.StatusUnprocessableEntity).
		says("errors", "The name or the password is not right.").holds("name", "maria").holds("password", "").lacks("", "wrong")
	b.post("/signin", "name", "nobody", "password", password).is(http.StatusUnprocessableEntity).
		says("errors", "The name or the password is not right.")
	b.post("/signin", "name", " Maria ", "password", password, "next", "/settings/profile").leadsTo("/settings/profile")
	b.get("/signin").leadsTo("/")
	b.post("/signout").leadsTo("/signin")
	b.get("/signin").is(http.StatusOK)
	b.post("/signout").leadsTo("/signin")
}

func TestSigningInLeadsOnToOurOwnPagesOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.named("maria", account.Viewer)
	for next, want := range map[string]string{
		"/queue?team=payments": "/queue?team=payments", "": "/", "//evil.example": "/", `/\evil.example`: "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "/\r\nSet-Cookie: a=b": "/",
	} {
		s.browser().post("/signin", "name", "maria", "password", password, "next", next).leadsTo(want)
	}
}

func TestTooManyTriesAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.named("maria", account.Viewer)
	b := s.browser()
	var p *page
	for range 12 {
		if p = b.post("/signin", "name", "maria", "password", "wrong"); p.status == http.StatusServiceUnavailable {
			break
		}
	}
	p.is(http.StatusServiceUnavailable).says("errors", "Too many tries. Please try again in").holds("name", "maria")
	b.post("/signin", "name", "maria", "password", password).is(http.StatusServiceUnavailable)
	s.pass(time.Hour)
	b.post("/signin", "name", "maria", "password", password).leadsTo("/")
}

func TestASenderCannotChooseTheirAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	var p *page
	for n := range 200 {
		name := "name" + strings.Repeat("x", n%50)
		p = b.ask(http.MethodPost, "/signin", "name="+name+"&password=wrong", http.Header{"X-Forwarded-For": {"192.0.2." + string(rune('0'+n%10))}, "Content-Type": {"application/x-www-form-urlencoded"}})
		if p.status == http.StatusServiceUnavailable {
			return
		}
	}
	t.Errorf("two hundred tries from one machine were all let through; the last answered %d", p.status)
}

func TestADisabledAccountCannotSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.named("maria", account.Viewer)
	if err := s.web.Accounts.Disable(context.Background(), boss, b.user.ID); err != nil {
		t.Fatal(err)
	}
	b.post("/signin", "name", "maria", "password", password).is(http.StatusForbidden).says("errors", "This account is disabled.")
}

func TestASessionIsNotTheOneFromBeforeSigningIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.named("maria", account.Viewer)
	b := s.browser()
	first := b.post("/signin", "name", "maria", "password", password).leadsTo("/").header.Get("Set-Cookie")
	again := b.post("/signin", "name", "maria", "password", password).leadsTo("/").header.Get("Set-Cookie")
	cookie := func(h string) string { value, _, _ := strings.Cut(h, ";"); return value }
	if cookie(first) == cookie(again) || cookie(first) == "" {
		t.Errorf("the same session goes on: %q, then %q", first, again)
	}
	if !strings.Contains(again, "HttpOnly") || !strings.Contains(again, "SameSite=Lax") {
		t.Errorf("the cookie is not kept from scripts and other sites: %s", again)
	}
}

func TestTheFirstAdministratorComesByTheSetUpLinkOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secret, err := s.web.Accounts.SetupSecret(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.get("/signin").is(http.StatusOK).says("nobody-yet", "The server prints a set-up link")
	b.get("/setup").is(http.StatusNotFound)
	b.get("/setup?token=wrong").is(http.StatusNotFound).says("", "There is no such link.")
	b.get("/setup?token="+secret).is(http.StatusOK).says("", "The first administrator")
	b.post("/setup", "token", secret, "name", "a b", "display_name", "Ana", "password", "short").
		wrong("name", "password").holds("name", "a b").holds("display_name", "Ana").holds("password", "")
	b.post("/setup", "token", secret, "name", "ana", "display_name", "Ana Silva", "password", password).leadsTo("/")
	b.get("/signin").leadsTo("/")
	b.get("/setup?token=" + secret).is(http.StatusConflict)
	s.browser().post("/setup", "token", secret, "name", "eve", "password", password).is(http.StatusConflict)
	s.browser().post("/signin", "name", "ana", "password", password).leadsTo("/")
	if p := s.browser().get("/signin"); len(p.marked("nobody-yet")) > 0 {
		t.Error("the sign-in page still says that nobody is there")
	}
}

func TestTheSetUpLinkWorksForADay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secret, err := s.web.Accounts.SetupSecret(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.pass(25 * time.Hour)
	s.browser().get("/setup?token="+secret).is(http.StatusConflict).says("", "This link worked until")
}

func TestAnInvitationLetsSomebodyChooseAPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	u, err := s.web.Accounts.AddUser(ctx, boss, account.User{Name: "maria", DisplayName: "Maria Costa", Role: account.Editor}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := s.web.Accounts.Invite(ctx, boss, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.get("/setup?token="+secret).is(http.StatusOK).says("", "For Maria Costa. The link works once.").holds("name", "maria")
	b.post("/setup", "token", secret, "password", "maria").wrong("password")
	b.post("/setup", "token", secret, "name", "somebody-else", "password", password).leadsTo("/")
	b.post("/setup", "token", secret, "password", password).is(http.StatusConflict).says("", "This link has been used; it works once.")
	s.browser().post("/signin", "name", "maria", "password", password).leadsTo("/")
}
