package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/integrations/mail/mailtest"
	"upshot/internal/testneed"
	"upshot/store/storetest"
	"upshot/views/link"
)

// browseLetters opens a browser, signed in as somebody with a mail address, at an Upshot that sends letters.
func browseLetters(t *testing.T, scripts bool) (*lettered, *browser) {
	t.Helper()
	testneed.Chromium(t)
	l := startLettered(t, storetest.File(t))
	addPerson(t, l.App)
	mira, err := l.store.UserByName(t.Context(), personName)
	l.must(err)
	l.must(l.store.InTx(t.Context(), func(ctx context.Context) error {
		return l.store.UpdateUser(ctx, mira.ID, func(u *account.User) error {
			u.Email = "mira@example.test"
			return nil
		})
	}))
	b := openBrowser(t, serve(t, l.App))
	if !scripts {
		b.withoutScripts()
	}
	b.signIn()
	return l, b
}

// Somebody subscribes, looks at the letter as it would be, gets one, and ends it by the link in it, which asks for no sign-in.
func TestALettersReader(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, b := browseLetters(t, scripts)
			b.open(link.Digest)
			b.reads("h1", "Every team: the next letter is due on Monday 30 November, 07:00")
			b.reads("[data-test=you]", "You do not get this letter")
			b.press("[data-test=subscribe]")
			b.reads("main", "You get this letter from now on", "Mira Solheim", "1 reader")

			b.open(link.Letter(link.EveryTeam, "2026-W47"))
			b.reads("main", "Week 47: 16 to 22 November 2026", "As it would go out now")
			b.press("[data-test=send-me]")
			b.reads("main", "It is under way to mira@example.test")
			l.look()
			l.wants("mira")
			b.open(link.LetterAlone(link.EveryTeam, "2026-W47"))
			b.reads("main", "A quiet week", "Nothing to decide", "Change what you get")

			l.on("2026-11-30 07:00")
			l.look()
			l.wants("ana ben mira mira")
			letters := l.post.Letters()
			stop := strings.Trim(letters[len(letters)-1].Header.Get("List-Unsubscribe"), "<>")
			for _, letter := range letters {
				if letter.To[0] == "mira@example.test" {
					stop = strings.Trim(letter.Header.Get("List-Unsubscribe"), "<>")
				}
			}
			b.open(strings.TrimPrefix(stop, "https://upshot.example.test"))
			b.reads("h1", "Stop the weekly letters of every team?")
			b.press("form .btn.primary")
			b.reads("main", "Stopped", "mira@example.test gets no more")
			b.open(link.DigestOf(link.EveryTeam))
			b.reads("[data-test=you]", "You do not get this letter")
			b.reads("[data-test=earlier]", "Upshot week 48", "1 sent")
			b.press("[data-test=earlier] a")
			b.reads("[data-test=outcome]", "Written", "1 sent")
			l.on("2026-12-07 07:00")
			l.look()
			l.wants("ana ana ben ben mira mira")
		})
	}
}

// Every state that the pages of letters can show.
func TestThePagesOfLettersCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	axe := axeUnlessPictures(t)
	l, b := browseLetters(t, true)
	ctx, d := t.Context(), l.words.digests
	for n := range 3 {
		i := l.happens(func(i *incident.Incident) {
			i.Source, i.GroupKey, i.ExternalID = "alertmanager", "seat map", "alert"+string(rune('a'+n))
			i.Status, i.Moments.RestoredAt = incident.Resolved, l.clock.Now()
			i.Moments.ResolvedAt = l.clock.Now()
		})
		if n == 0 {
			_, err := l.words.followUps.Promise(ctx, syncActor, followup.FollowUp{
				Title: "Circuit breaker around the seat map", Kind: followup.Code, Purpose: followup.Prevent, Team: l.booking.Team, DueOn: "2026-11-25", Incidents: []incident.ID{i.ID},
			}, true)
			l.must(err)
		}
		l.clock.Add(40 * time.Hour)
	}
	l.must(d.Wish(ctx, l.users["cleo"], l.booking, true))
	l.must(d.Take(ctx, digest.Person{User: l.users["cleo"].ID, PausedUntil: "2027-01-04"}))
	l.must(d.Ask(ctx, syncActor, l.booking, "Booking", "wall-screen@example.test"))
	l.post.Set(func(m *mailtest.Moods) {
		m.Refuse = map[string]*smtp.SMTPError{"ana@example.test": refusal(550, "the address you sent to was not found on this server")}
	})
	l.on("2026-11-30 07:00")
	l.look()
	l.post.Set(func(m *mailtest.Moods) { m.Refuse, m.DropAfter = nil, true })
	l.on("2026-12-07 07:00")
	l.look()
	_, err := l.words.catalog.AddTeam(ctx, syncActor, catalog.Team{Name: "Payments", Kind: catalog.Development, Zone: "Asia/Tokyo"})
	l.must(err)
	letters := l.post.Letters()
	stop := strings.Trim(letters[len(letters)-1].Header.Get("List-Unsubscribe"), "<>")
	for _, page := range []struct{ name, address string }{
		{"letters", link.DigestOf("booking")},
		{"letters-every-team", link.DigestOf(link.EveryTeam)},
		{"letters-sent", link.Letter("booking", "2026-W48")},
		{"letters-preview", link.Letter("booking", "2026-W50")},
		{"letters-stop", strings.TrimPrefix(stop, "https://upshot.example.test")},
	} {
		b.open(page.address)
		lookAtPage(b, axe, page.name)
	}
	b.open(link.LetterAlone("booking", "2026-W48"))
	lookAtPage(b, "", "letters-alone") // it lets no script in, not even axe
}
