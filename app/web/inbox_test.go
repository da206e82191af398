package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/views/link"
)

func TestTheInboxIsTriaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	payments, network := s.team("Payments", catalog.Development), s.team("Network", catalog.Operations)
	s.service("checkout", payments.ID, network.ID)
	s.service("customs", 0, 0)
	maria := s.named("maria", account.Editor)
	maria.get(link.Inbox).is(http.StatusOK).says("choose-team", "Choose it on your profile").says("empty", "The inbox is empty")

	maria.post(link.Profile, "display_name", "Maria", "zone", "Europe/Lisbon", "team", "nowhere").wrong("team")
	maria.post(link.Profile, "display_name", "Maria", "zone", "Europe/Lisbon", "team", "payments").leadsTo(link.Profile)
	maria.get(link.Profile).holds("team", "payments")
	maria.get(link.Inbox).says("", "Nothing waits for Payments").lacks("", "Choose it on your profile")

	slow, forms := s.reported("Checkout is slow", "checkout"), s.reported("Forms are empty", "customs")
	maria.get(link.Inbox).says("", "1 incident waits for Payments").says("inbox", "Checkout is slow").says("inbox", "developers not told").lacks("inbox", "Forms are empty")
	maria.get(link.With(link.Inbox, "team", "none")).says("inbox", "Forms are empty").lacks("inbox", "Checkout is slow")
	maria.get(link.With(link.Inbox, "team", "all")).says("inbox", "Forms are empty").says("inbox", "Checkout is slow")
	s.person(account.Viewer).get(link.With(link.Inbox, "team", "payments")).says("inbox", "Checkout is slow").lacks("inbox", "Accept")

	// Handing over wants a reason, and what was typed comes back.
	over, back := link.HandOverIncident(int64(slow.ID)), link.With(link.Inbox, "team", "payments")
	maria.get(over).is(http.StatusOK).says("", "Hand over to another team")
	maria.post(over, "team", "network", "from", "payments", "back", back).wrong("reason").holds("team", "network")
	maria.post(over, "team", "nowhere", "reason", "a cable").wrong("team").holds("reason", "a cable")
	maria.post(over, "team", "network", "reason", "a cable", "from", "payments", "back", back).leadsTo(back)
	maria.get(back).says("", "INC-1 lies in the inbox of Network now").lacks("inbox", "Checkout is slow")
	maria.get(link.With(link.Inbox, "team", "network")).says("inbox", "Payments handed it to Network").says("inbox", "a cable").lacks("", "no accountable team")

	// After two days both see that nobody answers for it, and so does the first page.
	s.pass(49 * time.Hour)
	maria.post(over, "team", "payments", "reason", "no cable").leadsTo(link.Incident(int64(slow.ID)) + "#triage")
	maria.get(back).says("nobody", "No accountable team for 49 h, passed 2×").says("nobody", "Payments answers for it: it builds the service.")
	maria.get(link.With(link.Inbox, "team", "network")).says("nobody", "No accountable team for 49 h, passed 2×")
	maria.get(link.Home).says("nobody", "No accountable team for 49 h, passed 2×").says("nobody", "Forms are empty")
	page := link.Incident(int64(slow.ID))
	maria.get(page).says("triage", "No team answers for it yet").says("triage", "Until a team accepts, Payments answers for it").says("triage", "“no cable”").says("triage", "Network → Payments")

	accept := link.AcceptIncident(int64(slow.ID))
	maria.post(accept, "back", "https://elsewhere.example/").leadsTo(page + "#triage")
	maria.get(page).says("", "Choose the team")
	maria.post(accept, "team", "payments", "judgement", "configuration", "back", back).leadsTo(back)
	maria.get(back).says("", "Nothing waits for Payments").says("", "few: n = 1")
	maria.get(page).says("triage", "Payments answers for it").says("triage", "First judgement configuration").says("timeline", "Payments answers for it")
	maria.post(accept, "team", "network").leadsTo(page + "#triage")
	maria.get(page).says("", "Another team answers for it")
	maria.post(link.JudgeIncident(int64(slow.ID)), "judgement", "code").leadsTo(page + "#triage")
	maria.get(page).says("triage", "Turned out to be code by the later judgement").says("timeline", "code instead of configuration")
	maria.get(link.Service("checkout")).says("judged", "0 of 1 right").says("judged", "Few: n = 1")
	maria.get(link.Service("customs")).lacks("", "First judgement")
	_ = forms
}

func TestAnAdministratorPutsSomebodyIntoATeam(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.team("Payments", catalog.Development)
	admin, maria := s.person(account.Admin), s.named("maria", account.Editor)
	person := link.Person(int64(maria.user.ID))
	admin.post(person, "display_name", "Maria", "zone", "UTC", "team", "nowhere").wrong("team")
	admin.post(person, "display_name", "Maria", "zone", "UTC", "team", "payments").leadsTo(person)
	admin.get(person).holds("team", "payments")
	maria.get(link.Inbox).says("", "Nothing waits for Payments")
}

func TestTheInboxAsksTheSameNumberOfQuestionsHoweverLongItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.service("checkout", s.team("Payments", catalog.Development).ID, 0)
	b := s.person(account.Editor)
	counted := func() int64 {
		before := s.statements.Load()
		b.get(link.With(link.Inbox, "team", "payments")).is(http.StatusOK)
		return s.statements.Load() - before
	}
	s.reported("Slow", "checkout")
	one := counted()
	for range 20 {
		s.reported(strings.Repeat("Slow and slower ", 20), "checkout")
	}
	if many := counted(); many != one {
		t.Errorf("%d statements for one, %d for 21", one, many)
	}
}
