package web

import (
	"net/http"
	"strings"
	"testing"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/views/link"
	"upshot/views/settings"
)

// mailed writes a mail down, and gives the token of its links.
func (s *site) mailed(m digest.Mail) string {
	s.t.Helper()
	m.Token, m.Once, m.State, m.NextAt, m.CreatedAt = "token-of-"+m.Address, m.Address, digest.Waiting, s.clock(), s.clock()
	if err := s.store.AddDigestMails(s.t.Context(), []digest.Mail{m}); err != nil {
		s.t.Fatal(err)
	}
	return m.Token
}

// Mail programs end letters by one POST, without a session, and with a body of their own (RFC 8058).
func TestLettersEndByOnePostWithoutSigningIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	reader := s.person(account.Viewer)
	scope := digest.Scope{Team: s.team("Payments", catalog.Development).ID}
	if err := s.web.Digests.Wish(t.Context(), reader.user, scope, true); err != nil {
		t.Fatal(err)
	}
	token := s.mailed(digest.Mail{Kind: digest.OfLetter, Scope: scope, Address: "reader@example.test", User: reader.user.ID})
	wanted := func() bool {
		subs, err := s.store.DigestSubscriptionsOf(t.Context(), reader.user.ID)
		if err != nil || len(subs) != 1 {
			t.Fatalf("%v, %v", subs, err)
		}
		return subs[0].Wanted
	}
	stranger := s.browser()
	stranger.get(link.StopLetters(token)).is(http.StatusOK).says("plain", "Stop the weekly letters of Payments?")
	if !wanted() {
		t.Error("looking at the link ends the letters: programs that look at links would too")
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	p := stranger.ask(http.MethodPost, link.StopLetters(token), "List-Unsubscribe=One-Click", header).is(http.StatusOK)
	if wanted() || p.header.Get("Set-Cookie") != "" || p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it is still wanted: %v; headers %v", wanted(), p.header)
	}
	stranger.ask(http.MethodPost, link.StopLetters(token), "List-Unsubscribe=One-Click", header).is(http.StatusOK) // twice changes nothing
	stranger.ask(http.MethodPost, link.StopLetters("guessed"), "", header).is(http.StatusNotFound)
	for _, token := range []string{"guessed", "\x00", "a\x00b", "\xff"} {
		stranger.get(link.StopLetters(token)).is(http.StatusNotFound)
		stranger.ask(http.MethodPost, link.StopLetters(token), "", header).is(http.StatusNotFound)
		stranger.get(link.ConfirmLetters(token)).is(http.StatusNotFound)
		stranger.ask(http.MethodPost, link.ConfirmLetters(token), "", header).is(http.StatusNotFound)
	}
}

func TestALetterBringsItsStylesAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.team("Payments", catalog.Development)
	b := s.person(account.Viewer)
	p := b.get(link.LetterAlone("payments", "2026-W47")).is(http.StatusOK)
	if got := p.header.Get("Content-Security-Policy"); got != letterPolicy || strings.Contains(got, "script-src") {
		t.Errorf("the policy is %q", got)
	}
	if strings.Contains(p.text, digest.ForRecipient) || !strings.Contains(p.text, "Nothing to decide") {
		t.Error("the letter is not as a reader of the page may see it")
	}
	page := b.get(link.Letter("payments", "2026-W47")).is(http.StatusOK)
	if got := page.header.Get("Content-Security-Policy"); got != policy+"; frame-src 'self'" {
		t.Errorf("the page's policy is %q", got)
	}
	text := b.get(link.LetterText("payments", "2026-W47")).is(http.StatusOK)
	if !strings.HasPrefix(text.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the text is %s", text.header.Get("Content-Type"))
	}
	for _, address := range []string{
		link.Letter("payments", "2026-W60"), link.Letter("payments", "2027-W20"), link.Letter("payments", "yesterday"), link.DigestOf("nobody"), link.Letter("nobody", "2026-W47"),
	} {
		b.get(address).is(http.StatusNotFound)
	}
	b.get(link.DigestOf("payments") + "?week=2026-w47").leadsTo(link.Letter("payments", "2026-W47"))
	b.get(link.Digest).leadsTo(link.DigestOf(link.EveryTeam))
}

// A team that was archived gets no more letters; those it got can be read, and its members see that of every team.
func TestLettersOfAnArchivedTeam(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	team := s.team("Payments", catalog.Development)
	b := s.person(account.Viewer)
	settings, err := s.web.Digests.ScopeOf(t.Context(), digest.Scope{Team: team.ID})
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.web.Digests.Preview(t.Context(), settings, digest.Week{Year: 2026, Number: 46})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.CreateDigestRun(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.store.UpdateUser(t.Context(), b.user.ID, func(u *account.User) error {
		u.Team = int64(team.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.get(link.Digest).leadsTo(link.DigestOf("payments"))
	if _, _, err := s.store.UpdateTeam(t.Context(), team.Slug, func(t *catalog.Team) error {
		t.ArchivedAt = s.clock()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.get(link.Digest).leadsTo(link.DigestOf(link.EveryTeam))
	for _, read := range []func(scope, week string) string{link.Letter, link.LetterAlone, link.LetterText} {
		b.get(read("payments", "2026-W46")).is(http.StatusOK)
		b.get(read("payments", "2026-W47")).is(http.StatusNotFound)
	}
	b.get(link.DigestOf("payments")).is(http.StatusNotFound)
}

func TestWhatAnAdministratorDoesWithLetters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.web.Mail = settings.MailSettings{Server: "mail.example.test:587"}
	team := s.team("Payments", catalog.Development)
	scope := digest.Scope{Team: team.ID}
	b := s.person(account.Admin)
	at := link.DigestOf("payments")
	b.post(link.LettersGoOut("payments"), "day", "5", "clock", "noon").is(http.StatusUnprocessableEntity).wrong("clock")
	b.post(link.LettersGoOut("payments"), "day", "5", "clock", "16:30", "only", "1").leadsTo(at)
	if d, err := s.web.Digests.ScopeOf(t.Context(), scope); err != nil || d.When.String() != "Friday 16:30" || !d.OnlyDecisions {
		t.Errorf("%+v, %v", d, err)
	}
	b.post(link.LetterAddresses("payments"), "address", "no address").is(http.StatusUnprocessableEntity).wrong("address")
	b.post(link.LetterAddresses("payments"), "address", strings.Repeat("w", 250)+"@example.test").is(http.StatusUnprocessableEntity).wrong("address")
	b.post(link.LetterAddresses("payments"), "address", "Wall@Example.test").leadsTo(at)
	b.get(at).is(http.StatusOK).says("who", "wall@example.test")
	subs, err := s.store.DigestSubscriptions(t.Context(), scope)
	if err != nil || len(subs) != 1 || subs[0].Good() {
		t.Fatalf("%+v, %v", subs, err)
	}
	stranger := s.browser()
	stranger.get(link.ConfirmLetters(subs[0].Token)).is(http.StatusOK).says("plain", "Shall it come to wall@example.test?")
	stranger.post(link.ConfirmLetters(subs[0].Token)).is(http.StatusOK).says("plain", "every week")
	b.post(link.LetterAddresses("payments"), "address", "wall@example.test").is(http.StatusConflict)
	b.post(link.DropLetterAddress("payments", int64(subs[0].ID))).leadsTo(at)
	b.get(at).is(http.StatusOK).lacks("who", "wall@example.test")

	b.post(link.OwnLetters, "back", "payments", "paused_until", "some day").leadsTo(at)
	b.post(link.OwnLetters, "back", "payments", "paused_until", "2027-01-04", "nudges", "1").leadsTo(at)
	if people, err := s.store.DigestPeople(t.Context()); err != nil || people[b.user.ID] != (digest.Person{User: b.user.ID, PausedUntil: "2027-01-04", Nudges: true}) {
		t.Errorf("%+v, %v", people, err)
	}
	b.get(at).is(http.StatusOK).holds("paused_until", "2027-01-04")
}
