package account

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"upshot/app/fault"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestNewToken(t *testing.T) {
	t.Parallel()
	editor := Actor{Kind: Person, ID: 3, Name: "Ada", Role: Editor}
	for name, c := range map[string]struct {
		actor  Actor
		asked  Token
		wrong  string
		denied bool
	}{
		"up to the own role":              {actor: editor, asked: Token{Name: "CI", Role: Editor}},
		"below the own role":              {actor: editor, asked: Token{Name: "CI", Role: Viewer, ExpiresAt: noon.AddDate(1, 0, 0)}},
		"from the command line":           {actor: AsCommand("token add"), asked: Token{Name: "CI", Role: Admin}},
		"above the own role":              {actor: editor, asked: Token{Name: "CI", Role: Admin}, wrong: "role"},
		"no name, no role, expired":       {actor: editor, asked: Token{Name: "  ", ExpiresAt: noon}, wrong: "name role expires_at"},
		"a name that fills the list":      {actor: editor, asked: Token{Name: strings.Repeat("x", 101), Role: Viewer}, wrong: "name"},
		"a stranger makes none":           {actor: Actor{}, asked: Token{Name: "CI", Role: Viewer}, denied: true},
		"a token makes no other token":    {actor: Actor{Kind: Machine, ID: 1, Role: Admin}, asked: Token{Name: "CI", Role: Viewer}, denied: true},
		"a person without a role, no one": {actor: Actor{Kind: Person, ID: 1}, asked: Token{Name: "CI", Role: Viewer}, wrong: "role"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, raw, err := NewToken(c.actor, c.asked, noon)
			if c.denied {
				if !fault.Is(err, fault.Denied) {
					t.Errorf("got %v", err)
				}
				return
			}
			if w := wrong(t, err); w != c.wrong {
				t.Fatalf("to correct: %q, want %q", w, c.wrong)
			}
			if c.wrong != "" {
				return
			}
			if !regexp.MustCompile(`^ups_[0-9A-Za-z]{40}$`).MatchString(raw) {
				t.Errorf("the token is %q", raw)
			}
			if got.Prefix != raw[:8] || got.Hash != hashSecret(raw) || strings.Contains(got.Hash, raw[4:]) {
				t.Errorf("kept: %+v of %s", got, raw)
			}
		})
	}
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		seen[newRawToken()] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 tokens, %d different", len(seen))
	}
}

func TestTokenUsable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token Token
		ok    bool
	}{
		"without an end":            {Token{}, true},
		"before it expires":         {Token{ExpiresAt: noon.Add(time.Second)}, true},
		"the moment it expires":     {Token{ExpiresAt: noon}, false},
		"revoked":                   {Token{RevokedAt: noon.Add(-time.Hour)}, false},
		"revoked before it expired": {Token{RevokedAt: noon.Add(-time.Hour), ExpiresAt: noon.Add(time.Hour)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.token.usable(noon); (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestATokenNeverOutranksItsOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token Token
		owner Role
		want  Role
	}{
		"its own role":               {Token{Role: Viewer, Owner: 1}, Admin, Viewer},
		"its owner became a viewer":  {Token{Role: Admin, Owner: 1}, Viewer, Viewer},
		"nobody's, from the command": {Token{Role: Editor}, "", Editor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.token.actor(c.owner); got.Role != c.want || got.Kind != Machine {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhoMayRevoke(t *testing.T) {
	t.Parallel()
	mine := Token{Owner: 3}
	for name, c := range map[string]struct {
		actor Actor
		token Token
		may   bool
	}{
		"its owner, even a viewer":        {Actor{Kind: Person, ID: 3, Role: Viewer}, mine, true},
		"somebody else":                   {Actor{Kind: Person, ID: 4, Role: Editor}, mine, false},
		"an administrator":                {Actor{Kind: Person, ID: 4, Role: Admin}, mine, true},
		"a token with its owner's number": {Actor{Kind: Machine, ID: 3, Role: Editor}, mine, false},
		"the command line":                {AsCommand("token revoke"), mine, true},
		"a stranger, nobody's token":      {Actor{}, Token{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.token.mayRevoke(c.actor); (err == nil) != c.may {
				t.Errorf("got %v", err)
			}
		})
	}
}
