package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/integrations/mail/mailtest"
	"upshot/store/storetest"
)

// lettered is an App with a team Booking, whose members are ana and ben, and a pretend mail server. Its clock stands on a Tuesday.
type lettered struct {
	*noticed
	booking digest.Scope
	users   map[string]account.User
}

func startLettered(t *testing.T, database string) *lettered {
	t.Helper()
	l := &lettered{noticed: startNoticed(t, database), users: map[string]account.User{}}
	team, err := l.store.Team(t.Context(), syncActor, "booking")
	l.must(err)
	l.booking = digest.Scope{Team: team.ID}
	for name, of := range map[string]catalog.TeamID{"ana": team.ID, "ben": team.ID, "cleo": 0} {
		u, err := l.words.accounts.AddUser(t.Context(), syncActor, account.User{Name: name, Email: name + "@example.test", Role: account.Editor, Zone: "Europe/Lisbon", Team: int64(of)}, "")
		l.must(err)
		l.must(l.store.UpdateUser(t.Context(), u.ID, func(u *account.User) error {
			u.Team = int64(of)
			return nil
		}))
		l.users[name], err = l.store.User(t.Context(), u.ID)
		l.must(err)
	}
	l.look()
	return l
}

func eachLettered(t *testing.T, test func(l *lettered)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) { test(startLettered(t, address)) })
}

// look runs the job.
func (l *lettered) look() {
	l.t.Helper()
	l.must(l.words.digests.Run(l.t.Context()))
}

// on moves the clock to a moment in Lisbon, which is UTC in winter.
func (l *lettered) on(moment string) {
	l.t.Helper()
	at, err := time.Parse("2006-01-02 15:04", moment)
	l.must(err)
	l.clock.Add(at.Sub(l.clock.Now()))
}

// arrived are the addresses of the letters that the server has, in order of the alphabet.
func (l *lettered) arrived() string {
	var all []string
	for _, letter := range l.post.Letters() {
		all = append(all, strings.Join(letter.To, "+"))
	}
	slices.Sort(all)
	return strings.ReplaceAll(strings.Join(all, " "), "@example.test", "")
}

func (l *lettered) wants(want string) {
	l.t.Helper()
	if got := l.arrived(); got != want {
		l.t.Fatalf("letters to %q, want %q", got, want)
	}
}

// states counts the mails of Booking's letter about a week by what became of them.
func (l *lettered) states(week digest.Week) string {
	l.t.Helper()
	runs, err := l.store.DigestRuns(l.t.Context(), l.booking, 10)
	l.must(err)
	for _, r := range runs {
		if r.Week == week {
			return strings.TrimPrefix(fmt.Sprint(r.Mails), "map")
		}
	}
	return "none"
}

var week48 = digest.Week{Year: 2026, Number: 48}

func refusal(code int, words string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: words}
}

func TestTheLetterGoesOutOnceOnMonday(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.must(l.words.digests.Wish(l.t.Context(), l.users["cleo"], digest.Scope{}, true))
		l.on("2026-11-30 06:59")
		l.look()
		l.wants("")
		l.on("2026-11-30 07:00")
		for range 3 {
			l.look()
			l.clock.Add(time.Minute)
		}
		l.wants("ana ben cleo")
		for _, letter := range l.post.Letters() {
			h, name := letter.Header, strings.TrimSuffix(letter.To[0], "@example.test")
			subject, list := "Upshot week 48: nothing to decide (Booking)", `"Upshot, Booking" <booking.letters.example.test>`
			if name == "cleo" {
				subject, list = "Upshot week 48: nothing to decide (every team)", `"Upshot, every team" <every-team.letters.example.test>`
			}
			for field, want := range map[string]string{
				"Subject": subject, "List-Id": list, "Auto-Submitted": "auto-generated", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
			} {
				if got := h.Get(field); got != want {
					l.t.Errorf("%s: %q, want %q", field, got, want)
				}
			}
			stop := strings.Trim(h.Get("List-Unsubscribe"), "<>")
			if !strings.HasPrefix(stop, "https://upshot.example.test/letters/stop/") || strings.Contains(letter.Body, digest.ForRecipient) {
				l.t.Errorf("it is ended at %q", stop)
			}
			if id := h.Get("Message-ID"); !strings.HasPrefix(id, "<digest-") || !strings.HasSuffix(id, "@example.test>") {
				l.t.Errorf("Message-ID %s", id)
			}
		}
		l.on("2026-12-07 07:00")
		l.look()
		l.wants("ana ana ben ben cleo cleo")
		runs, err := l.store.DigestRuns(l.t.Context(), l.booking, 10)
		if err != nil || len(runs) != 2 || runs[1].Week != week48 || runs[1].Mails[digest.Sent] != 2 {
			l.t.Errorf("kept: %+v, %v", runs, err)
		}
		kept, err := l.store.DigestRun(l.t.Context(), l.booking, week48)
		if err != nil || !strings.Contains(kept.Text, "Nothing to decide") || !strings.Contains(kept.HTML, "Nothing to decide") || kept.DueAt.Format(time.RFC3339) != "2026-11-30T07:00:00Z" {
			l.t.Errorf("the letter is not kept as it was sent: %+v, %v", kept, err)
		}
	})
}

func TestAMissedMondayIsMadeUpFor(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.on("2026-12-16 10:30") // two Mondays were missed: the latest letter alone is of use
		l.look()
		l.look()
		l.wants("ana ben")
		kept, err := l.store.DigestRun(l.t.Context(), l.booking, digest.Week{Year: 2026, Number: 50})
		if err != nil || !strings.Contains(kept.Text, "This letter comes 2 d 3 h late: it was due on Monday 14 December, 07:00.") {
			l.t.Errorf("the lateness is not said: %v\n%s", err, kept.Text)
		}
	})
}

func TestTwoTeamsNineHoursApartGetItAtSevenOfTheirClocks(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		tokyo, err := l.words.catalog.AddTeam(l.t.Context(), syncActor, catalog.Team{Name: "Night watch", Kind: catalog.Operations, Zone: "Asia/Tokyo"})
		l.must(err)
		l.must(l.store.UpdateUser(l.t.Context(), l.users["cleo"].ID, func(u *account.User) error {
			u.Team = int64(tokyo.ID)
			return nil
		}))
		l.look()
		for _, step := range [][2]string{{"2026-11-29 21:59", ""}, {"2026-11-29 22:00", "cleo"}, {"2026-11-30 06:59", "cleo"}, {"2026-11-30 07:00", "ana ben cleo"}} {
			l.on(step[0])
			l.look()
			l.wants(step[1])
		}
	})
}

func TestARefusalThatPassesIsTriedAgainForADay(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) {
			m.Refuse = map[string]*smtp.SMTPError{"ana@example.test": refusal(451, "try later")}
		})
		l.on("2026-11-30 07:00")
		l.look()
		l.wants("ben") // partial success
		if got := l.states(week48); got != "[sent:1 waiting:1]" {
			l.t.Errorf("mails: %s", got)
		}
		if m, n, err := l.store.StuckDigestMail(l.t.Context()); err != nil || n != 1 || m.Trouble.String() != "451 try later" || !m.NextAt.After(l.clock.Now()) {
			l.t.Errorf("%d wait, the last %+v, %v", n, m, err)
		}
		l.clock.Add(6 * time.Hour)
		l.look()
		l.post.Set(func(m *mailtest.Moods) { m.Refuse = nil })
		l.clock.Add(2 * time.Hour)
		l.look()
		l.wants("ana ben")
		l.post.Set(func(m *mailtest.Moods) { m.RefuseData = refusal(452, "disk full") })
		l.on("2026-12-07 07:00")
		for range 30 {
			l.look()
			l.clock.Add(time.Hour)
		}
		if got := l.states(digest.Week{Year: 2026, Number: 49}); got != "[failed:2]" {
			l.t.Errorf("after a day: %s", got)
		}
		if refused, err := l.store.DigestRefusals(l.t.Context()); err != nil || len(refused) != 0 {
			l.t.Errorf("marked: %v, %v", refused, err)
		}
	})
}

func TestAnAddressThatIsRefusedForGoodIsMarked(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) {
			m.Refuse = map[string]*smtp.SMTPError{"ana@example.test": refusal(550, "no such user")}
		})
		l.on("2026-11-30 07:00")
		l.look()
		l.wants("ben")
		if got := l.states(week48); got != "[failed:1 sent:1]" {
			l.t.Errorf("mails: %s", got)
		}
		l.post.Set(func(m *mailtest.Moods) { m.Refuse = nil })
		l.on("2026-12-07 07:00")
		l.look()
		l.wants("ben ben") // she is left out, and the page says why
		readers, err := l.words.digests.Readers(l.t.Context(), l.booking)
		l.must(err)
		said := ""
		for _, r := range readers.Recipients(l.booking, 1, "2026-12-07") {
			said += r.Not
		}
		if said != "The mail server refused it: 550 no such user" {
			l.t.Errorf("it says %q", said)
		}
		l.must(l.words.digests.Trust(l.t.Context(), syncActor, "Ana@example.test"))
		l.on("2026-12-14 07:00")
		l.look()
		l.wants("ana ben ben ben")
	})
}

// A relay that lets us through to nobody says nothing about the addresses, and those whom it lets us reach are reached.
func TestARelayThatIsSetWrongMarksNoAddress(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) {
			m.Refuse = map[string]*smtp.SMTPError{"ana@example.test": {Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relay access denied"}}
		})
		l.on("2026-11-30 07:00")
		l.look()
		l.wants("ben")
		if got := l.states(week48); got != "[sent:1 waiting:1]" {
			l.t.Errorf("mails: %s", got)
		}
		if refused, err := l.store.DigestRefusals(l.t.Context()); err != nil || len(refused) != 0 {
			l.t.Errorf("marked: %v, %v", refused, err)
		}
		l.post.Set(func(m *mailtest.Moods) { m.Refuse = nil })
		l.clock.Add(time.Hour)
		l.look()
		l.wants("ana ben")
	})
}

func TestALostAnswerIsADoubtAndNeverSentTwice(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) { m.DropAfter = true })
		l.on("2026-11-30 07:00")
		l.look()
		l.post.Set(func(m *mailtest.Moods) { m.DropAfter = false })
		for range 5 {
			l.clock.Add(6 * time.Hour)
			l.look()
		}
		l.wants("ana ben")
		if got := l.states(week48); got != "[doubt:2]" {
			l.t.Errorf("mails: %s", got)
		}
		troubled, err := l.store.TroubledDigestMails(l.t.Context(), l.clock.Now().AddDate(0, 0, -7), 10)
		if err != nil || len(troubled) != 2 || !strings.HasPrefix(troubled[0].Trouble.Words, "The server's answer was lost") {
			l.t.Fatalf("written down: %+v, %v", troubled, err)
		}
		_, err = l.words.digests.Again(l.t.Context(), syncActor, troubled[0].ID) // a person may
		l.must(err)
		l.look()
		if len(l.post.Letters()) != 3 || l.states(week48) != "[doubt:1 sent:1]" {
			l.t.Errorf("again: %s, %s", l.arrived(), l.states(week48))
		}
	})
}

func TestAServerThatHangsUpBeforeTheEndHasNothing(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) { m.DropBefore = true })
		l.on("2026-11-30 07:00")
		l.look()
		l.post.Set(func(m *mailtest.Moods) { m.DropBefore = false })
		l.clock.Add(time.Hour)
		l.look()
		l.wants("ana ben")
		if got := l.states(week48); got != "[sent:2]" {
			l.t.Errorf("mails: %s", got)
		}
	})
}

func TestAProcessThatDiedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		l.post.Set(func(m *mailtest.Moods) { m.DropBefore = true }) // the letters are written, and wait
		l.on("2026-11-30 07:00")
		l.look()
		l.post.Set(func(m *mailtest.Moods) { m.DropBefore = false })
		l.clock.Add(2 * time.Minute)
		now := l.clock.Now()
		before, _, err := l.store.ClaimDigestMail(l.t.Context(), "died before", now, now.Add(time.Minute))
		l.must(err)
		within, due, err := l.store.ClaimDigestMail(l.t.Context(), "died within", now, now.Add(time.Minute))
		if err != nil || !due || before.ID == within.ID {
			l.t.Fatalf("claimed %d and %d, %v", before.ID, within.ID, err)
		}
		if ours, err := l.store.HandDigestMail(l.t.Context(), within, now.Add(time.Minute)); err != nil || !ours {
			l.t.Fatalf("handing: %v, %v", ours, err)
		}
		l.look()
		l.wants("") // their leases last
		l.clock.Add(time.Minute)
		l.look()
		if len(l.post.Letters()) != 1 || l.states(week48) != "[doubt:1 sent:1]" {
			l.t.Errorf("letters to %s, %s", l.arrived(), l.states(week48))
		}
		// The first comes back to life: what it had claimed is another's by now.
		if ours, err := l.store.HandDigestMail(l.t.Context(), before, now.Add(time.Hour)); err != nil || ours {
			l.t.Errorf("it still hands over: %v, %v", ours, err)
		}
		within.State, within.SentAt = digest.Sent, l.clock.Now()
		if settled, err := l.store.SettleDigestMail(l.t.Context(), within); err != nil || !settled || l.states(week48) != "[sent:2]" {
			l.t.Errorf("the doubt stays: %v, %v, %s", settled, err, l.states(week48))
		}
	})
}

func TestWhoGetsIt(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		l.must(d.Wish(ctx, l.users["ana"], l.booking, false))
		l.must(d.Wish(ctx, l.users["cleo"], l.booking, true))
		l.must(d.Take(ctx, digest.Person{User: l.users["ben"].ID, PausedUntil: "2026-12-01"}))
		l.must(d.Ask(ctx, syncActor, l.booking, "Booking", "Wall@example.test"))
		l.look()
		l.wants("wall") // the question
		link := l.post.Letters()[0].Body
		_, link, _ = strings.Cut(link, "/letters/confirm/")
		token, _, _ := strings.Cut(strings.ReplaceAll(link, "=\r\n", ""), "\r\n")
		l.on("2026-11-30 07:00")
		l.look()
		l.wants("cleo wall") // it has not answered
		if _, err := d.Confirm(ctx, token); err != nil {
			l.t.Fatalf("%q: %v", token, err)
		}
		l.on("2026-12-07 07:00")
		l.look()
		l.wants("ben cleo cleo wall wall")
		// The address ends it by the link in its letter.
		last := l.post.Letters()
		for _, letter := range last {
			if letter.To[0] == "wall@example.test" {
				stop := strings.Trim(letter.Header.Get("List-Unsubscribe"), "<>")
				if stop != "" {
					if _, err := d.Stop(ctx, stop[strings.LastIndexByte(stop, '/')+1:]); err != nil {
						l.t.Fatal(err)
					}
				}
			}
		}
		l.on("2026-12-14 07:00")
		l.look()
		l.wants("ben ben cleo cleo cleo wall wall")
		l.must(d.ChangeWhen(ctx, syncActor, digest.Settings{Scope: l.booking, When: digest.When{Day: time.Friday, Minute: 16 * 60}, OnlyDecisions: true}))
		l.on("2026-12-21 07:00")
		l.look()
		l.on("2026-12-25 16:00")
		l.look()
		l.wants("ben ben cleo cleo cleo wall wall") // nothing to decide
		run, err := l.store.DigestRun(ctx, l.booking, digest.Week{Year: 2026, Number: 51})
		if err != nil || !run.Skipped {
			l.t.Errorf("skipped: %v, %v", run.Skipped, err)
		}
	})
}

// Whoever is taken off the list and asked again gets a link that is good, on the same day too.
func TestAnAddressTakenOffMayBeAskedAgain(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		for range 2 {
			l.must(d.Ask(ctx, syncActor, l.booking, "Booking", "wall@example.test"))
			l.must(d.Ask(ctx, syncActor, l.booking, "Booking", "wall@example.test")) // pressed twice
			subs, err := l.store.DigestSubscriptions(ctx, l.booking)
			if err != nil || len(subs) != 1 {
				l.t.Fatalf("%+v, %v", subs, err)
			}
			l.look()
			all := l.post.Letters()
			if body := strings.ReplaceAll(all[len(all)-1].Body, "=\r\n", ""); !strings.Contains(body, subs[0].Token) {
				l.t.Error("the link is not that of the subscription")
			}
			l.must(d.Forget(ctx, syncActor, l.booking, subs[0].ID))
		}
		l.wants("wall wall")
	})
}

// Whoever ends letters gets none by any other way, and nothing that waits; nobody sends it again.
func TestStoppingStopsEverything(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		sub, err := l.store.PutDigestSubscription(ctx, digest.Subscription{Scope: l.booking, Address: "ana@example.test", Wanted: true, Token: "beside", CreatedAt: l.clock.Now()})
		l.must(err)
		_, err = d.Confirm(ctx, sub.Token)
		l.must(err)
		l.post.Set(func(m *mailtest.Moods) {
			m.Refuse = map[string]*smtp.SMTPError{"ana@example.test": refusal(550, "no such user"), "ben@example.test": refusal(451, "try later")}
		})
		l.on("2026-11-30 07:00")
		l.look()
		run, err := l.store.DigestRun(ctx, l.booking, week48)
		l.must(err)
		mails, err := l.store.DigestMailsOf(ctx, run.ID, 10)
		if err != nil || len(mails) != 2 {
			l.t.Fatalf("%+v, %v", mails, err)
		}
		l.must(d.Wish(ctx, l.users["ana"], l.booking, false))
		if _, err := d.Again(ctx, syncActor, mails[0].ID); !fault.Is(err, fault.Conflict) {
			l.t.Errorf("sent again to whoever stopped: %v", err)
		}
		l.clock.Add(time.Hour)
		_, due, err := l.store.ClaimDigestMail(ctx, "died", l.clock.Now(), l.clock.Now().Add(time.Minute)) // and never came back
		if err != nil || !due {
			l.t.Fatal(due, err)
		}
		l.must(d.Wish(ctx, l.users["ben"], l.booking, false))
		l.post.Set(func(m *mailtest.Moods) { m.Refuse = nil })
		l.must(d.Trust(ctx, syncActor, "ana@example.test"))
		for _, at := range []string{"2026-11-30 12:00", "2026-12-07 07:00"} {
			l.on(at)
			l.look()
		}
		l.wants("")
	})
}

func TestWhoeverMayNotSignInGetsNothingThatWaits(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		settings, err := d.ScopeOf(ctx, l.booking)
		l.must(err)
		l.must(d.SendMe(ctx, l.users["cleo"], settings, week48))
		l.must(l.store.UpdateUser(ctx, l.users["cleo"].ID, func(u *account.User) error {
			u.DisabledAt = l.clock.Now()
			return nil
		}))
		l.look()
		l.wants("")
	})
}

func TestSingleRemindersComeOnceToThoseWhoChoseThem(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		i := l.happens(nil)
		f, err := l.words.followUps.Promise(ctx, syncActor, followup.FollowUp{
			Title: "Bound the batch", Kind: followup.AutomatedTest, Purpose: followup.Prevent, State: followup.Queued, Team: l.booking.Team, DueOn: "2026-12-01", Incidents: []incident.ID{i.ID},
		}, true)
		l.must(err)
		l.must(d.Take(ctx, digest.Person{User: l.users["ana"].ID, Nudges: true}))
		subjects := func() []string {
			var all []string
			for _, letter := range l.post.Letters() {
				if letter.To[0] == "ana@example.test" && strings.Contains(letter.Header.Get("List-Id"), "reminders") {
					all = append(all, strings.TrimPrefix(letter.Header.Get("Subject"), f.ID.String()+": Bound the batch, "))
				}
			}
			return all
		}
		for day := range 100 {
			l.must(d.Remind(ctx))
			l.must(d.Remind(ctx))
			l.look()
			if day == 3 { // what waits for somebody who wants none any more is not sent
				now := l.clock.Now()
				l.must(l.store.AddDigestMails(ctx, []digest.Mail{{
					Kind: digest.OfNudge, Once: "waits", Token: "waits", Address: "ana@example.test", User: l.users["ana"].ID, State: digest.Waiting, NextAt: now, CreatedAt: now,
				}}))
				_, err := d.Stop(ctx, "waits")
				l.must(err)
				l.look()
				l.must(d.Take(ctx, digest.Person{User: l.users["ana"].ID, Nudges: true}))
			}
			if day == 40 { // the incident is long over; the change is not
				l.must(d.Take(ctx, digest.Person{User: l.users["ana"].ID, Nudges: true}))
			}
			l.clock.Add(24 * time.Hour)
		}
		want := "due 1 Dec 2026; due today; 1 d overdue; 4 d overdue; 11 d overdue; 25 d overdue; 55 d overdue"
		if got := strings.Join(subjects(), "; "); got != want {
			l.t.Errorf("reminded of %q, want %q", got, want)
		}
	})
}

// A letter that nobody got, since there was nothing to decide, is sent as it was kept when somebody asks for it.
func TestALetterThatNobodyGotIsSentByHand(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		l.must(d.ChangeWhen(ctx, syncActor, digest.Settings{Scope: l.booking, When: digest.Monday7, OnlyDecisions: true}))
		l.on("2026-11-30 07:00")
		l.look()
		l.wants("")
		settings, err := d.ScopeOf(ctx, l.booking)
		l.must(err)
		l.must(d.SendNow(ctx, syncActor, settings, week48))
		l.wants("ana ben")
		if err := d.SendNow(ctx, syncActor, settings, week48); !fault.Is(err, fault.Conflict) {
			l.t.Errorf("a second time: %v", err)
		}
	})
}

// A mail that the program dies of is given up after a few times, and so keeps nobody else waiting.
func TestAMailThatTheProgramDiesOfIsGivenUp(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, now := l.t.Context(), l.clock.Now()
		l.must(l.store.AddDigestMails(ctx, []digest.Mail{
			{Kind: digest.Confirm, Once: "poison", Token: "poison", Address: "ana@example.test", State: digest.Waiting, NextAt: now, CreatedAt: now},
		}))
		for range 6 {
			_, due, err := l.store.ClaimDigestMail(ctx, "dies", l.clock.Now(), l.clock.Now().Add(time.Minute))
			if err != nil || !due {
				l.t.Fatal(due, err)
			}
			l.clock.Add(time.Minute)
		}
		l.look()
		m, err := l.store.DigestMailByToken(ctx, "poison")
		if err != nil || m.State != digest.Failed || m.Trouble.Words != "The program ended 6 times while it was about to send it." {
			l.t.Errorf("%+v, %v", m, err)
		}
		l.wants("")
	})
}

func TestALetterIsSentByHandOnce(t *testing.T) {
	t.Parallel()
	eachLettered(t, func(l *lettered) {
		ctx, d := l.t.Context(), l.words.digests
		settings, err := d.ScopeOf(ctx, l.booking)
		l.must(err)
		week47 := digest.Week{Year: 2026, Number: 47}
		l.must(d.SendNow(ctx, syncActor, settings, week47))
		l.wants("ana ben")
		if err := d.SendNow(ctx, syncActor, settings, week47); !fault.Is(err, fault.Conflict) {
			l.t.Errorf("a second time: %v", err)
		}
		if err := d.SendNow(ctx, syncActor, settings, week48); !fault.Is(err, fault.Conflict) {
			l.t.Errorf("a week that is not over: %v", err)
		}
		l.must(d.SendMe(ctx, l.users["cleo"], settings, week48))
		l.must(d.SendMe(ctx, l.users["cleo"], settings, week48)) // pressed twice
		l.must(d.SendMe(ctx, l.users["cleo"], settings, week47)) // nor another one in the same minute
		l.look()
		l.wants("ana ben cleo")
	})
}
