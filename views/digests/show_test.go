package digests

import (
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/digest"
	"upshot/views/ui"
)

// Addresses, the server's words about them, and when colleagues are away are for administrators and for whoever they are of.
func TestWhoSeesWhatOfOthers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	words := digest.Told{Words: "no such user <ana@example.test>", Status: 550, At: now}
	d := Data{
		Settings: digest.Settings{When: digest.Monday7}, Zone: time.UTC, Clock: ui.Clock{Now: now, Zone: time.UTC}, Reader: account.User{ID: 3},
		Readers: digest.Readers{
			Users: []account.User{
				{ID: 1, DisplayName: "Ana", Email: "ana@example.test"},
				{ID: 2, DisplayName: "Ben", Email: "ben@example.test"},
				{ID: 3, DisplayName: "Cleo", Email: "cleo@example.test"},
			},
			Subscriptions: []digest.Subscription{{User: 1, Wanted: true}, {User: 2, Wanted: true}, {User: 3, Wanted: true}},
			People:        map[account.UserID]digest.Person{2: {User: 2, PausedUntil: "2026-12-24"}, 3: {User: 3, PausedUntil: "2026-12-01"}},
			Refused:       map[string]digest.Refusal{"ana@example.test": {Address: "ana@example.test", Told: words}},
		},
		Stuck: digest.Mail{User: 2, Trouble: words, NextAt: now}, StuckAll: 2,
		Troubled: []digest.Mail{{ID: 1, User: 1, Address: "ana@example.test", State: digest.Failed, Trouble: words}},
	}
	said := func(p ShowPage) string {
		var all []string
		for _, w := range p.Who {
			all = append(all, w.Name+": "+w.Not)
		}
		for _, r := range p.Refused {
			all = append(all, r.Address, r.Said)
		}
		for _, m := range p.Troubled {
			all = append(all, m.To, m.Said)
		}
		return strings.Join(all, "; ")
	}
	p := NewShowPage(d)
	if p.Stuck == nil || p.Stuck.Count != "2 mails wait" || p.Stuck.Said != "" {
		t.Errorf("what waits: %+v", p.Stuck)
	}
	const hidden = "Ana: Nothing is sent there just now.; Ben: Nothing is sent there just now.; Cleo: Nothing is sent there just now.; a reader; "
	if got := said(p); got != hidden {
		t.Errorf("a reader sees %q", got)
	}
	if p.GetsWhy != "Paused until 1 Dec 2026." {
		t.Errorf("of oneself: %q", p.GetsWhy)
	}
	d.IsAdmin = true
	if got := said(NewShowPage(d)); !strings.Contains(got, "no such user <ana@example.test>") || !strings.Contains(got, "Ben: Paused until 24 Dec 2026.") {
		t.Errorf("an administrator sees %q", got)
	}
}
