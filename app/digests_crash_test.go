package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	dice "math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/digest"
	"upshot/integrations/mail/mailtest"
	"upshot/store/storetest"
)

// letterChild is the environment variable by which the test's own binary becomes one of the processes that are killed.
const letterChild = "UPSHOT_TEST_LETTERS"

// TestEveryReaderGetsOneLetterHoweverOftenTheProgramDies kills two processes at random while they send one letter to 500 addresses. In the
// end nobody has two, and whoever has none, or may have none, is written down: one mail at most for each kill, that whose end was being
// handed over.
func TestEveryReaderGetsOneLetterHoweverOftenTheProgramDies(t *testing.T) {
	if given := os.Getenv(letterChild); given != "" {
		sendLettersUntilKilled(t, given)
		return
	}
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		const many = 500
		post := mailtest.Start(t, mailtest.Options{})
		config := noticeConfig(address, post)
		config.pace = pace{timeout: time.Second, lease: 2 * time.Second}
		a, err := New(t.Context(), config, slog.New(slog.DiscardHandler), clock)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		settings, err := a.words.digests.ScopeOf(t.Context(), digest.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		err = a.store.InTx(t.Context(), func(ctx context.Context) error {
			for n := range many {
				u, err := a.store.CreateUser(ctx, account.User{
					Name: fmt.Sprint("reader", n), Email: fmt.Sprintf("reader%d@example.test", n), Role: account.Viewer, Zone: "UTC", CreatedAt: clock(),
				})
				if err == nil {
					_, err = a.store.PutDigestSubscription(ctx, digest.Subscription{User: u, Wanted: true, Token: rand.Text(), CreatedAt: clock()})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		week := digest.WeekOf(clock(), time.UTC).Before()
		post.Set(func(m *mailtest.Moods) { m.DropBefore = true }) // the letter is written, and nothing is sent yet
		if err := a.words.digests.SendNow(t.Context(), syncActor, settings, week); err != nil {
			t.Fatal(err)
		}
		post.Set(func(m *mailtest.Moods) { m.DropBefore, m.Delay = false, 5*time.Millisecond })
		run, err := a.store.DigestRun(t.Context(), digest.Scope{}, week)
		if err != nil {
			t.Fatal(err)
		}
		mails, err := a.store.DigestMailsOf(t.Context(), run.ID, 2*many)
		if err != nil || len(mails) != many {
			t.Fatalf("%d mails, %v", len(mails), err)
		}
		_, err = a.store.UpdateDigestMail(t.Context(), mails[0].ID, func(m *digest.Mail) error { // the one that was tried
			m.NextAt = m.CreatedAt
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		children := []*exec.Cmd{startLetters(t, config), startLetters(t, config)}
		defer func() {
			for _, child := range children {
				kill(child)
			}
		}()
		counts := func() map[digest.State]int {
			runs, err := a.store.DigestRuns(t.Context(), digest.Scope{}, 1)
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d letters, %v", len(runs), err)
			}
			return runs[0].Mails
		}
		kills := 0
		var last map[digest.State]int
		for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); {
			time.Sleep(time.Duration(300+dice.IntN(500)) * time.Millisecond)
			if last = counts(); last[digest.Sent]+last[digest.Doubt] == many {
				break
			}
			if victim := dice.IntN(len(children)); kills < 12 && last[digest.Sent] > 0 {
				kill(children[victim])
				kills++
				children[victim] = startLetters(t, config)
			}
		}
		got := map[string]int{}
		for _, l := range post.Letters() {
			got[l.To[0]]++
			if id := l.Header.Get("Message-ID"); !strings.HasPrefix(id, "<digest-") {
				t.Errorf("%s bears %s", l.To[0], id)
			}
		}
		if mails, err = a.store.DigestMailsOf(t.Context(), run.ID, 2*many); err != nil || len(mails) != many {
			t.Fatalf("%d mails, %v", len(mails), err)
		}
		for _, m := range mails {
			switch {
			case got[m.Address] > 1:
				t.Errorf("%s has %d letters", m.Address, got[m.Address])
			case got[m.Address] == 1:
			case m.State != digest.Doubt:
				t.Errorf("%s has none, and that is not written down: %s", m.Address, m.State)
			}
		}
		if last[digest.Sent]+last[digest.Doubt] != many || last[digest.Doubt] > kills || kills == 0 {
			t.Errorf("%v after %d kills", last, kills)
		}
		t.Logf("%d readers, %d kills, %d letters, %d in doubt", many, kills, len(post.Letters()), last[digest.Doubt])
	})
}

func startLetters(t *testing.T, c Config) *exec.Cmd {
	t.Helper()
	given, err := json.Marshal(senderSettings{c.Database, c.SMTPURL})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEveryReaderGetsOneLetterHoweverOftenTheProgramDies$", "-test.timeout=5m")
	child.Env = append(os.Environ(), letterChild+"="+string(given))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}

// sendLettersUntilKilled is one of the processes.
func sendLettersUntilKilled(t *testing.T, given string) {
	var s senderSettings
	if err := json.Unmarshal([]byte(given), &s); err != nil {
		t.Fatal(err)
	}
	config := Config{
		Database: s.Database, SMTPURL: s.SMTPURL, MailFrom: "upshot@example.test", Addr: "127.0.0.1:0", BaseURL: "https://upshot.example.test",
		SecretKey: "sixteen characters at least", pace: pace{timeout: time.Second, lease: 2 * time.Second},
	}
	a, err := New(t.Context(), config, slog.New(slog.DiscardHandler), clock)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if err := a.words.digests.Run(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, "letters:", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
