package settings

import (
	"testing"
	"time"

	"upshot/app/account"
	"upshot/views/ui"
)

var clock = ui.Clock{Now: time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)}

func TestAccountsAreCountedByWhoMayUseThem(t *testing.T) {
	t.Parallel()
	people := []account.User{
		{ID: 1, Name: "ana", Role: account.Admin, PasswordHash: "x"},
		{ID: 2, Name: "bo", Role: account.Editor},
		{ID: 3, Name: "cy", Role: account.Admin, PasswordHash: "x", DisabledAt: clock.Now},
	}
	p := NewPeoplePage(people, account.User{}, nil, clock)
	if p.Title != "2 people, 1 administrator" {
		t.Errorf("%q", p.Title)
	}
	for n, state := range []string{"", "no password yet", "disabled"} {
		if got := p.People[n].State; got != state {
			t.Errorf("%s is %q, want %q", people[n].Name, got, state)
		}
	}
}

func TestTokensSayWhetherTheyWork(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		token        account.Token
		title, state string
	}{
		"for ever":       {account.Token{}, "1 token is in use", ""},
		"for a while":    {account.Token{ExpiresAt: clock.Now.Add(day)}, "1 token is in use", ""},
		"no longer":      {account.Token{ExpiresAt: clock.Now.Add(-day)}, "No token is in use", "expired"},
		"it was revoked": {account.Token{RevokedAt: clock.Now.Add(-day)}, "No token is in use", "revoked 22 Nov"},
	} {
		p := NewTokensPage([]account.Token{c.token}, account.Viewer, TokenForm{}, nil, clock)
		if p.Title != c.title || p.Tokens[0].State != c.state {
			t.Errorf("%s: %q, %q", name, p.Title, p.Tokens[0].State)
		}
	}
}

func TestATokenMayNotDoMoreThanWhoMakesIt(t *testing.T) {
	t.Parallel()
	for role, n := range map[account.Role]int{account.Viewer: 1, account.Editor: 2, account.Admin: 3} {
		if cards := roleCards(role); len(cards) != n {
			t.Errorf("%s is offered %d roles, want %d", role, len(cards), n)
		}
	}
}

func TestWhatEndsAtMidnightWorksOnTheDayBefore(t *testing.T) {
	t.Parallel()
	if got := clock.Day(lastDay(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))); got != "30 Nov" {
		t.Errorf("%q", got)
	}
	if !lastDay(time.Time{}).IsZero() {
		t.Error("what never ends has no last day")
	}
}
