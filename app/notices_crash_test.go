package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/notice"
	"upshot/integrations/mail/mailtest"
	"upshot/store/storetest"
)

// noticeChild is the environment variable by which the test's own binary becomes one of the processes that are killed.
const noticeChild = "UPSHOT_TEST_NOTICES"

// TestEveryNoticeArrivesHoweverOftenTheProgramDies kills two processes at random while they send. In the end every incident is told;
// whatever arrived twice, because its process died between sending and writing it down, bears the same number.
func TestEveryNoticeArrivesHoweverOftenTheProgramDies(t *testing.T) {
	if given := os.Getenv(noticeChild); given != "" {
		sendUntilKilled(t, given)
		return
	}
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		post := mailtest.Start(t, mailtest.Options{})
		post.Set(func(m *mailtest.Moods) { m.Delay = 40 * time.Millisecond })
		config := noticeConfig(address, post)
		config.pace = pace{timeout: time.Second, lease: 2 * time.Second}
		a, err := New(t.Context(), config, slog.New(slog.DiscardHandler), clock)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		addBooking(t, a)

		children := []*exec.Cmd{startSender(t, config), startSender(t, config)}
		defer func() {
			for _, child := range children {
				kill(child)
			}
		}()
		const many = 60
		kills := 0
		for n := range many {
			i := incident.New(fmt.Sprint("Seat map loads without prices ", n), clock().Add(-time.Minute))
			i.Services, i.Severity = []string{"booking-api"}, incident.SEV1
			if _, err := a.words.incidents.Report(t.Context(), syncActor, i); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
			if n%6 == 5 {
				victim := rand.IntN(len(children))
				kill(children[victim])
				kills++
				children[victim] = startSender(t, config)
			}
		}
		ids := make([]incident.ID, many)
		for n := range ids {
			ids[n] = incident.ID(n + 1)
		}
		accepted := 0
		for until := time.Now().Add(60 * time.Second); accepted < many && time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
			of, err := a.store.NoticesOf(t.Context(), ids)
			if err != nil {
				t.Fatal(err)
			}
			accepted = 0
			for _, all := range of {
				if len(all) == 1 && all[0].State == notice.Accepted {
					accepted++
				}
			}
		}
		numbers := map[string]string{}
		for _, l := range post.Letters() {
			id, subject := l.Header.Get("Message-ID"), l.Header.Get("Subject")
			if known := numbers[id]; known != "" && known != subject {
				t.Errorf("%s is of two incidents: %s and %s", id, known, subject)
			}
			numbers[id] = subject
		}
		letters := len(post.Letters())
		if accepted != many || len(numbers) != many || letters > many+kills {
			t.Errorf("%d accepted, %d numbers, %d letters for %d incidents", accepted, len(numbers), letters, many)
		}
		for _, id := range ids {
			if i, err := a.store.Incident(t.Context(), syncActor, id); err != nil || i.NotifiedBy != incident.ByNotice {
				t.Errorf("%s is told by %q, %v", id, i.NotifiedBy, err)
			}
		}
		t.Logf("%d incidents, %d kills, %d letters", many, kills, letters)
	})
}

// senderSettings is what the processes share.
type senderSettings struct{ Database, SMTPURL string }

func startSender(t *testing.T, c Config) *exec.Cmd {
	t.Helper()
	given, err := json.Marshal(senderSettings{c.Database, c.SMTPURL})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEveryNoticeArrivesHoweverOftenTheProgramDies$", "-test.timeout=5m")
	child.Env = append(os.Environ(), noticeChild+"="+string(given))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}

// sendUntilKilled is one of the processes.
func sendUntilKilled(t *testing.T, given string) {
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
		if err := a.words.notices.Run(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, "notices:", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
