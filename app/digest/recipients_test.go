package digest

import (
	"strings"
	"testing"
	"time"

	"upshot/app/account"
)

func TestRecipients(t *testing.T) {
	t.Parallel()
	booking := Scope{Team: 3}
	ana := account.User{ID: 1, Name: "ana", Email: "ana@x.test", Team: 3}
	ben := account.User{ID: 2, Name: "ben", Email: "ben@x.test", Team: 4}
	gone := account.User{ID: 3, Name: "gone", Email: "gone@x.test", Team: 3, DisabledAt: time.Unix(1, 0)}
	silent := account.User{ID: 4, Name: "silent", Team: 3}
	twin := account.User{ID: 5, Name: "twin", Email: "ANA@x.test", Team: 3}
	says := func(scope Scope, user account.UserID, wanted bool) Subscription {
		return Subscription{Scope: scope, User: user, Wanted: wanted}
	}
	address := func(at string, confirmed bool) Subscription {
		s := Subscription{Scope: booking, Address: at, Wanted: true}
		if confirmed {
			s.ConfirmedAt = time.Unix(1, 0)
		}
		return s
	}
	cases := map[string]struct {
		readers   Readers
		scope     Scope
		decisions int
		want      string // who gets it, then after a bar who does not
	}{
		"members":                         {Readers{Users: []account.User{ana, ben}}, booking, 1, "ana@x.test|"},
		"nobody gets everybody's unasked": {Readers{Users: []account.User{ana, ben}}, Scope{}, 1, "|"},
		"one who subscribes":              {Readers{Users: []account.User{ana, ben}, Subscriptions: []Subscription{says(booking, 2, true)}}, booking, 1, "ana@x.test ben@x.test|"},
		"a member who does not want it":   {Readers{Users: []account.User{ana}, Subscriptions: []Subscription{says(booking, 1, false)}}, booking, 1, "|"},
		"one who may not sign in":         {Readers{Users: []account.User{gone}}, booking, 1, "|"},
		"one without an address":          {Readers{Users: []account.User{silent}}, booking, 1, "|"},
		"the same address twice":          {Readers{Users: []account.User{ana, twin}, Subscriptions: []Subscription{address("ana@x.test", true)}}, booking, 1, "ana@x.test|"},
		"an address that said yes":        {Readers{Subscriptions: []Subscription{address("wall@x.test", true)}}, booking, 1, "wall@x.test|"},
		"an address that said nothing":    {Readers{Subscriptions: []Subscription{address("wall@x.test", false)}}, booking, 1, "|"},
		"on holiday":                      {Readers{Users: []account.User{ana}, People: map[account.UserID]Person{1: {PausedUntil: "2026-12-01"}}}, booking, 1, "|ana@x.test"},
		"back from holiday":               {Readers{Users: []account.User{ana}, People: map[account.UserID]Person{1: {PausedUntil: "2026-11-23"}}}, booking, 1, "ana@x.test|"},
		"only decisions, there are none":  {Readers{Users: []account.User{ana}, People: map[account.UserID]Person{1: {OnlyDecisions: true}}}, booking, 0, "|ana@x.test"},
		"only decisions, there is one":    {Readers{Users: []account.User{ana}, People: map[account.UserID]Person{1: {OnlyDecisions: true}}}, booking, 1, "ana@x.test|"},
		"refused for good":                {Readers{Users: []account.User{twin}, Refused: map[string]Refusal{"ana@x.test": {}}}, booking, 1, "|ANA@x.test"},
	}
	for name, c := range cases {
		all := c.readers.Recipients(c.scope, c.decisions, "2026-11-23")
		var gets, not []string
		for _, r := range all {
			if r.Not == "" {
				gets = append(gets, r.Address)
			} else {
				not = append(not, r.Address)
			}
		}
		if got := strings.Join(gets, " ") + "|" + strings.Join(not, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if len(Sendable(all)) != len(gets) {
			t.Errorf("%s: %d are sendable", name, len(Sendable(all)))
		}
	}
}

func TestScopesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Scope{"organisation": {}, "team:3": {Team: 3}} {
		if got, err := ParseScope(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "team", "team:", "team:0", "team:-1", "team:x", "every_team"} {
		if got, err := ParseScope(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}
