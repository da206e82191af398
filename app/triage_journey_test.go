package app

import (
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/views/link"
)

// addNetwork adds a team that answers for nothing yet.
func addNetwork(t *testing.T, a *App) {
	t.Helper()
	team := catalog.Team{Name: "Network", Slug: "network", Kind: catalog.Operations, Zone: "UTC"}
	if _, err := a.words.catalog.AddTeam(t.Context(), account.AsCommand("test"), team); err != nil {
		t.Fatal(err)
	}
}

// Somebody says which team is theirs, hands an incident over, gets it back, and accepts it at last.
func TestTriage(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newTestClock()
			b, a := openEmpty(t, now.time)
			addPerson(t, a)
			addCheckout(t, a)
			addNetwork(t, a)
			if !scripts {
				b.withoutScripts()
			}
			b.signIn()
			b.open(link.Inbox)
			b.press("[data-test=choose-team] a")
			b.choose("#team", "payments")
			b.press("form[action='" + link.Profile + "'] .btn.primary")

			ref := b.report("Checkout is slow", "SEV2")
			row := "[data-test=inbox] [data-incident=" + ref + "]"
			b.open(link.Inbox)
			b.reads("h1", "1 incident waits for Payments")
			b.click("#over-" + ref + " > summary")
			b.choose("#over-team-"+ref, "network")
			b.fill("#over-reason-"+ref, "The packets are lost before they come here")
			b.press("#over-" + ref + " form .btn")
			b.reads("main", ref+" lies in the inbox of Network now", "The inbox is empty")
			b.choose("#team", "network")
			b.press(".tools .btn")
			b.reads(row, "Payments handed it to Network", "The packets are lost")

			now.pass(50 * time.Hour)
			b.open(link.Home)
			b.reads("[data-test=nobody] [data-incident="+ref+"]", "No accountable team for 50 h, passed 1×", "Payments answers for it")
			b.press("[data-test=nobody] [data-incident=" + ref + "] a.btn")
			b.reads("#triage", "No team answers for it yet", "Payments → Network")
			b.choose("#accept-team", "network")
			b.choose("#accept-judgement", "configuration")
			b.press("#triage .btn.primary")
			b.reads("#triage", "Network answers for it", "configuration")
			b.click("#judge > summary")
			b.choose("#judge-judgement", "dependency")
			b.press("#judge form .btn")
			b.reads("#triage", "configuration", "dependency", "by the later judgement")
			b.open(link.Inbox)
			b.reads("h1", "Nothing waits for Payments")
		})
	}
}

// An inbox is read by everybody also when it is long, and what people wrote is.
func TestALongInboxCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	now := newTestClock()
	b, a := openEmpty(t, now.time)
	addPerson(t, a)
	addCheckout(t, a)
	addNetwork(t, a)
	boss := account.AsCommand("test")
	teams, err := a.store.Teams(t.Context(), boss)
	if err != nil {
		t.Fatal(err)
	}
	payments, network := teams[1].ID, teams[0].ID
	for n := range 20 {
		i := incident.New([]string{"Checkout is slow", strings.Repeat("Checkout rejects every voucher code of the summer sale ", 8), strings.Repeat("longwordwithoutblanks", 20)}[n%3], now.time().Add(-time.Hour))
		i.Services, i.DetectedBy = []string{"checkout"}, incident.ByUser
		if n%4 == 3 {
			i.Services = nil
		}
		if i, err = a.words.incidents.Report(t.Context(), boss, i); err != nil {
			t.Fatal(err)
		}
		if n%5 == 1 {
			reason := strings.Repeat("The packets are lost before they come here. ", 20)
			if err := a.words.triage.HandOver(t.Context(), boss, i.ID, network, payments, reason); err != nil {
				t.Fatal(err)
			}
		}
	}
	now.pass(60 * time.Hour)
	b.signIn()
	b.open(link.With(link.Inbox, "team", "payments"))
	b.click("#over-INC-1 > summary")
	lookAtPage(b, axe, "inbox-long")
	b.open(link.With(link.Inbox, "team", "all"))
	lookAtPage(b, axe, "inbox-long-all")
	b.open(link.Home)
	lookAtPage(b, axe, "dashboard-nobody-long")
	b.open(link.Incident(2))
	b.click("#hand-over > summary")
	lookAtPage(b, axe, "incident-triage-open")
	b.open(link.HandOverIncident(2))
	b.press("main form .btn.primary")
	lookAtPage(b, axe, "incident-hand-over-wrong")
}
