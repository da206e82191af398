package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"upshot/app/account"
	"upshot/app/dispatch"
	"upshot/app/incident"
	"upshot/views/settings"
)

// postbox takes mail and chat messages, as long as there is no trouble.
type postbox struct {
	ready   bool
	trouble *dispatch.Trouble
	letters []dispatch.Mail
	chats   []dispatch.Chat
}

func (p *postbox) Ready() bool { return p.ready }

func (p *postbox) Send(_ context.Context, m dispatch.Mail) error {
	if p.trouble != nil {
		return p.trouble
	}
	p.letters = append(p.letters, m)
	return nil
}

type chatbox postbox

func (p *chatbox) Send(_ context.Context, m dispatch.Chat) error {
	if p.trouble != nil {
		return p.trouble
	}
	p.chats = append(p.chats, m)
	return nil
}

// withMail lets mail be sent, and gives the team Payments an address.
func (s *site) withMail() {
	s.t.Helper()
	s.post.ready, s.web.Mail = true, settings.MailSettings{Server: "mail.example.test:587", From: "upshot@example.test", Encrypted: "STARTTLS, required"}
	admin := s.person(account.Admin)
	p := admin.get("/teams/payments/edit").is(http.StatusOK)
	admin.post("/teams/payments/edit", "name", "Payments", "kind", "development", "zone", "Europe/Lisbon", "mails", "payments@example.test", "version", p.field2("version")).
		leadsTo("/teams/payments")
}

// field2 is what the first field of that name holds.
func (p *page) field2(name string) string { return attribute(p.named(name), "value") }

// deliver runs the job.
func (s *site) deliver() {
	s.t.Helper()
	s.pass(time.Minute)
	if err := s.web.Notices.Run(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (p *page) buttons(mark, text string) []*html.Node {
	p.t.Helper()
	var found []*html.Node
	for _, card := range p.marked(mark) {
		for n := range card.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "button" || n.Data == "a") && strings.HasPrefix(words(n), text) {
				found = append(found, n)
			}
		}
	}
	return found
}

func TestOnePressTellsTheBuilders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Editor)
	at := b.report("Checkout stalls", "severity", "SEV1", "started_at", "2026-11-23T07:00")
	// Nobody can be reached yet: the form notes it by hand.
	s.pass(2 * time.Hour)
	home := b.get("/").says("untold", "Tell Payments")
	if links := home.buttons("untold", "Tell Payments"); len(links) != 1 || attribute(links[0], "href") != at+"/tell" {
		t.Fatalf("it leads to %v", links)
	}
	b.get(at).says("told", "Payments has no chat, and no mail address")
	b.post(at + "/notify").leadsTo(at)
	b.get(at).says("", "Nobody knows how to reach the team")

	s.withMail()
	if press := b.get("/").buttons("untold", "Tell Payments"); len(press) != 1 || press[0].Data != "button" {
		t.Fatalf("there is no button but %v", press)
	}
	b.post(at+"/notify", "back", "now").leadsTo("/")
	b.get("/").says("", "INC-1: the notice is under way").says("untold", "a notice is under way").lacks("untold", "Tell Payments")
	b.get(at).says("told", "Payments by mail to payments@example.test under way").says("", "Note that developers were told")
	b.post(at + "/notify").leadsTo(at) // pressed twice
	s.deliver()
	if len(s.post.letters) != 1 || s.post.letters[0].Subject != "[SEV1] Card Gateway: Checkout stalls (INC-1)" {
		t.Fatalf("letters: %+v", s.post.letters)
	}
	b.get("/").lacks("untold", "Checkout stalls")
	b.get(at).says("told", "Told by a notice").says("told", "accepted").lacks("told", "Try again")
	b.post(at + "/notify").leadsTo(at)
	b.get(at).says("", "The developers were told already")
	s.person(account.Viewer).post(at + "/notify").is(http.StatusForbidden)
}

func TestARefusedNoticeIsShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	s.withMail()
	b := s.person(account.Editor)
	s.post.trouble = &dispatch.Trouble{Kind: dispatch.Permanent, Status: 550, Said: "no <such> user"}
	at := b.report("Checkout stalls", "severity", "SEV1")
	s.deliver()
	b.get(at).says("told", "came to nothing").says("told", "550 no <such> user").says("timeline", "A notice to developers came to nothing")
	s.pass(2 * time.Hour)
	b.get("/").says("untold", "The notice was refused: 550 no <such> user").says("untold", "Tell Payments")

	admin := s.named("second", account.Admin)
	admin.get("/settings/mail").is(http.StatusOK).says("", "1 notice came to nothing in the last week").says("troubled", "INC-1").
		says("troubled", "Payments, payments@example.test").says("mail-server", "mail.example.test:587").says("mail-server", "550 no <such> user")
	b.get("/settings/mail").is(http.StatusForbidden)
	s.post.trouble = nil
	b.post("/notices/1/again").leadsTo(at)
	s.deliver()
	b.get(at).says("told", "accepted")
	b.post("/notices/1/again").leadsTo(at)
	b.get(at).says("", "This notice is accepted")
	b.post("/notices/77/again").is(http.StatusNotFound)
	admin.get("/settings/mail").says("", "Notices reach the teams").says("troubled", "None.")
}

func TestATeamsChatIsASecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Admin)
	save := func(more ...string) *page {
		p := b.get("/teams/payments/edit").is(http.StatusOK)
		return b.post("/teams/payments/edit", append([]string{"name", "Payments", "kind", "development", "zone", "Europe/Lisbon", "version", p.field2("version")}, more...)...)
	}
	save("chat_kind", "slack").wrong("chat_address")
	save("chat_kind", "slack", "chat_address", "hooks.slack.com/services").wrong("chat_address")
	save("chat_address", "https://hooks.slack.example/services/T0/B0/verysecret").wrong("chat_kind")
	save("chat_kind", "pigeon", "chat_address", "https://hooks.slack.example/x").wrong("chat_kind")
	save("chat_kind", "slack", "chat_address", "https://hooks.slack.example/services/T0/B0/verysecret").leadsTo("/teams/payments")
	b.get("/teams/payments").says("team-facts", "Slack, hooks.slack.example/…")
	for _, page := range []string{"/teams/payments", "/teams/payments/edit"} {
		if strings.Contains(b.get(page).text, "verysecret") {
			t.Errorf("%s shows the secret", page)
		}
	}
	// Saved again without the address, it stays.
	save("chat_kind", "slack").leadsTo("/teams/payments")
	b.post("/teams/payments/test").leadsTo("/teams/payments")
	if len(s.post.chats) != 1 || s.post.chats[0].Address != "https://hooks.slack.example/services/T0/B0/verysecret" {
		t.Fatalf("the chat got %+v", s.post.chats)
	}
	b.get("/teams/payments").says("", "The test was accepted everywhere")
	s.post.trouble = &dispatch.Trouble{Kind: dispatch.Permanent, Status: 404, Said: "channel_not_found"}
	b.post("/teams/payments/test").leadsTo("/teams/payments")
	b.get("/teams/payments").says("", "Slack said “404 channel_not_found”")
	save("chat_kind", "").leadsTo("/teams/payments")
	b.post("/teams/payments/test").leadsTo("/teams/payments")
	b.get("/teams/payments").says("", "There is nowhere to send a test").lacks("", "Send a test")
	s.named("second", account.Editor).post("/teams/payments/test").is(http.StatusForbidden)
}

func TestATestLetterToOneself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.person(account.Admin)
	b.get("/settings/mail").is(http.StatusOK).says("", "No mail is sent").says("mail-server", "UPSHOT_SMTP_URL")
	b.post("/settings/mail/test").leadsTo("/settings/mail")
	b.get("/settings/mail").says("", "Your profile has no mail address")
	b.post("/settings/profile", "name", "admin", "display_name", "Ada", "email", "ada@example.test", "zone", "Europe/Lisbon").is(http.StatusSeeOther)
	s.post.ready, s.web.Mail = true, settings.MailSettings{Server: "mail.example.test:587"}
	b.get("/settings/mail").says("mail-server", "Send a test letter to ada@example.test")
	b.post("/settings/mail/test").leadsTo("/settings/mail")
	b.get("/settings/mail").says("", "accepted a test letter to ada@example.test")
	s.post.trouble = &dispatch.Trouble{Kind: dispatch.Configuration, Status: 535, Said: "Authentication failed"}
	b.post("/settings/mail/test").leadsTo("/settings/mail")
	b.get("/settings/mail").says("", "was not accepted: “535 Authentication failed”")
	if len(s.post.letters) != 1 || s.post.letters[0].To[0] != "ada@example.test" {
		t.Errorf("letters: %+v", s.post.letters)
	}
}

func TestNeverToldIsOnTheFirstPageAfterAnHour(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Viewer)
	i := incident.New("Checkout stalls", s.clock())
	i.Services, i.Severity, i.Moments.DetectedAt = []string{"card-gateway"}, incident.SEV2, s.clock()
	if _, err := s.web.Incidents.Report(t.Context(), boss, i); err != nil {
		t.Fatal(err)
	}
	s.pass(59 * time.Minute)
	b.get("/").lacks("untold", "Checkout stalls")
	s.pass(time.Minute)
	b.get("/").says("untold", "Checkout stalls").says("untold", "silent for 1 h")
}

func TestItWaitedOvernight(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.catalogued()
	b := s.person(account.Viewer)
	i := incident.New("Checkout stalls", time.Date(2026, 11, 23, 0, 5, 0, 0, time.UTC))
	i.Services, i.Moments.DetectedAt = []string{"card-gateway"}, time.Date(2026, 11, 23, 0, 10, 0, 0, time.UTC)
	i.Learn(incident.Telling{At: time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC), By: incident.ByTicket})
	if _, err := s.web.Incidents.Report(t.Context(), boss, i); err != nil {
		t.Fatal(err)
	}
	b.get("/incidents/INC-1").says("told", "Told by a ticket, 8 h 55 min after it was detected").
		says("told", "In the working hours of Payments: 5 min").says("overnight", "It waited overnight")
}
