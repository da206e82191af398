package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/notice"
	"upshot/integrations/mail/mailtest"
	"upshot/store/storetest"
)

// noticed is an App that can send mail to a pretend server. Its clock stands still until it is moved.
type noticed struct {
	*App
	t     *testing.T
	post  *mailtest.Server
	clock *movable
}

func noticeConfig(database string, post *mailtest.Server) Config {
	return Config{
		Database: database, Addr: "127.0.0.1:0", BaseURL: "https://upshot.example.test", SecretKey: "sixteen characters at least", Log: "error",
		SMTPURL: "smtp://" + post.Addr + "?tls=none", MailFrom: "Upshot <upshot@example.test>", JiraPoll: time.Minute,
		pace: pace{timeout: 4 * time.Second, lease: time.Minute},
	}
}

// startNoticed has a team Booking with a mail address, which builds booking-api.
func startNoticed(t *testing.T, database string) *noticed {
	t.Helper()
	n := &noticed{t: t, post: mailtest.Start(t, mailtest.Options{}), clock: &movable{at: time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)}}
	var err error
	if n.App, err = New(t.Context(), noticeConfig(database, n.post), slog.New(slog.DiscardHandler), n.clock.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	addBooking(t, n.App)
	return n
}

func addBooking(t *testing.T, a *App) {
	t.Helper()
	team, err := a.words.catalog.AddTeam(t.Context(), syncActor, catalog.Team{Name: "Booking", Kind: catalog.Development, Zone: "Europe/Lisbon", Mails: []string{"booking@example.test"}})
	if err == nil {
		_, err = a.words.catalog.AddService(t.Context(), syncActor, catalog.Service{Name: "booking-api", Builder: team.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (n *noticed) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// happens reports that booking-api failed a minute ago.
func (n *noticed) happens(change func(*incident.Incident)) incident.Incident {
	n.t.Helper()
	i := incident.New("Seat map loads without prices", n.clock.Now().Add(-2*time.Minute))
	i.Services, i.Severity, i.Moments.DetectedAt = []string{"booking-api"}, incident.SEV1, n.clock.Now().Add(-time.Minute)
	if change != nil {
		change(&i)
	}
	i, err := n.words.incidents.Report(n.t.Context(), syncActor, i)
	n.must(err)
	return i
}

// run lets a minute pass and runs the job.
func (n *noticed) run() {
	n.t.Helper()
	n.clock.Add(time.Minute)
	n.must(n.words.notices.Run(n.t.Context()))
}

func (n *noticed) incident(id incident.ID) incident.Incident {
	n.t.Helper()
	i, err := n.store.Incident(n.t.Context(), syncActor, id)
	n.must(err)
	return i
}

func (n *noticed) notices(id incident.ID) []notice.Notice {
	n.t.Helper()
	of, err := n.store.NoticesOf(n.t.Context(), []incident.ID{id})
	n.must(err)
	return of[id]
}

// actions are what the record tells of the incident, in order.
func (n *noticed) actions(id incident.ID) []string {
	n.t.Helper()
	page, err := n.store.Events(n.t.Context(), syncActor, audit.Filter{Incident: int64(id)}, listing.Request{Limit: 100})
	n.must(err)
	var all []string
	for _, e := range slices.Backward(page.Items) {
		all = append(all, e.Action)
	}
	return all
}

func eachNoticed(t *testing.T, test func(n *noticed)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) { test(startNoticed(t, address)) })
}

func TestDevelopersAreToldOnce(t *testing.T) {
	t.Parallel()
	eachNoticed(t, func(n *noticed) {
		i := n.happens(nil)
		for range 3 {
			n.run()
		}
		all := n.post.Letters()
		if len(all) != 1 || all[0].To[0] != "booking@example.test" || all[0].Header.Get("Subject") != "[SEV1] booking-api: Seat map loads without prices (INC-1)" {
			n.t.Fatalf("letters: %+v", all)
		}
		if !strings.Contains(all[0].Body, "https://upshot.example.test/incidents/INC-1") {
			n.t.Error("the letter does not lead to the incident")
		}
		i = n.incident(i.ID)
		if i.NotifiedBy != incident.ByNotice || !i.Moments.DeveloperNotifiedAt.Equal(time.Date(2026, 11, 24, 9, 16, 0, 0, time.UTC)) {
			n.t.Errorf("told by %q at %s", i.NotifiedBy, i.Moments.DeveloperNotifiedAt)
		}
		if got := n.actions(i.ID); !slices.Equal(got, []string{"reported", "told developers"}) {
			n.t.Errorf("the record tells %q", got)
		}
	})
}

func TestWhoIsNotTold(t *testing.T) {
	t.Parallel()
	eachNoticed(t, func(n *noticed) {
		small := n.happens(func(i *incident.Incident) {
			i.Severity, i.Source, i.GroupKey, i.ExternalID = incident.SEV3, "alerts", "prices", "1"
		})
		n.happens(func(i *incident.Incident) { i.Kind = incident.Maintenance })
		n.happens(func(i *incident.Incident) { i.Services = nil })
		n.happens(func(i *incident.Incident) { // history, as an import brings it
			i.Moments = incident.Moments{StartedAt: n.clock.Now().AddDate(-1, 0, 0), DetectedAt: n.clock.Now().AddDate(-1, 0, 0)}
		})
		n.happens(func(i *incident.Incident) { i.Learn(incident.Telling{At: n.clock.Now(), By: incident.ByPage}) })
		n.run()
		if all := n.post.Letters(); len(all) != 0 {
			n.t.Fatalf("letters: %+v", all)
		}
		// It becomes significant when it comes back, and so does its second occurrence.
		n.clock.Add(2 * time.Hour)
		n.must(func() error {
			_, err := n.words.incidents.Step(n.t.Context(), syncActor, small.ID, "resolved", func(i *incident.Incident, now time.Time) error { return i.Resolve(now, incident.Restart) })
			return err
		}())
		n.clock.Add(2 * time.Hour)
		n.happens(func(i *incident.Incident) {
			i.Severity, i.Source, i.GroupKey, i.ExternalID = incident.SEV3, "alerts", "prices", "2"
		})
		n.run()
		if all := n.post.Letters(); len(all) != 2 {
			n.t.Fatalf("letters: %+v", all)
		}
	})
}

func TestAServerThatIsAwayIsTriedAgainAndOneThatRefusesIsNot(t *testing.T) {
	t.Parallel()
	eachNoticed(t, func(n *noticed) {
		n.post.Set(func(m *mailtest.Moods) {
			m.RefuseData = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.NoEnhancedCode, Message: "come later"}
		})
		i := n.happens(nil)
		n.run()
		first := n.notices(i.ID)[0]
		if first.State != notice.Waiting || first.Attempt != 1 || first.Trouble.Words != "come later" || !n.incident(i.ID).Moments.DeveloperNotifiedAt.IsZero() {
			n.t.Fatalf("after the first attempt: %+v", first)
		}
		n.run()
		n.run()
		n.run()
		if again := n.notices(i.ID)[0]; again.Attempt != 3 || !again.NextAt.Equal(first.NextAt.Add(6*time.Minute)) && again.NextAt.Before(first.NextAt.Add(4*time.Minute)) {
			n.t.Errorf("the pauses do not grow: %+v", again)
		}
		n.post.Set(func(m *mailtest.Moods) {
			m.RefuseData = nil
			m.Refuse = map[string]*smtp.SMTPError{"booking@example.test": {Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no such user"}}
		})
		for range 5 {
			n.run()
		}
		dead := n.notices(i.ID)[0]
		if dead.State != notice.Dead || dead.Trouble.Status != 550 || dead.Trouble.Words != "no such user" || len(n.post.Letters()) != 0 {
			n.t.Fatalf("refused for good: %+v", dead)
		}
		if got := n.actions(i.ID); !slices.Equal(got, []string{"reported", "could not tell developers"}) {
			n.t.Errorf("the record tells %q", got)
		}
		n.post.Set(func(m *mailtest.Moods) { m.Refuse = nil })
		_, err := n.words.notices.Again(n.t.Context(), syncActor, dead.ID)
		n.must(err)
		n.run()
		if n.notices(i.ID)[0].State != notice.Accepted || n.incident(i.ID).NotifiedBy != incident.ByNotice || len(n.post.Letters()) != 1 {
			n.t.Error("tried again, it is not accepted")
		}
	})
}

func TestALetterOfWhichNobodyKnowsGoesOutAgainUnderTheSameNumber(t *testing.T) {
	t.Parallel()
	eachNoticed(t, func(n *noticed) {
		n.post.Set(func(m *mailtest.Moods) { m.DropAfter = true })
		i := n.happens(nil)
		n.run() // the server has it, and said nothing
		n.post.Set(func(m *mailtest.Moods) { m.DropAfter = false })
		// A replica claims it and dies.
		n.clock.Add(time.Minute)
		now := n.clock.Now()
		if _, due, err := n.store.ClaimNotice(n.t.Context(), "another", now, now.Add(time.Minute), true); err != nil || !due {
			n.t.Fatalf("%t, %v", due, err)
		}
		n.must(n.words.notices.Run(n.t.Context()))
		if len(n.post.Letters()) != 1 {
			n.t.Fatal("it was sent within somebody's lease")
		}
		n.run()
		all := n.post.Letters()
		if len(all) != 2 || all[0].Header.Get("Message-ID") != all[1].Header.Get("Message-ID") || all[0].Header.Get("Message-ID") == "" {
			n.t.Fatalf("%d letters, %q", len(all), all[0].Header.Get("Message-ID"))
		}
		if n.incident(i.ID).NotifiedBy != incident.ByNotice {
			n.t.Error("nobody noted it")
		}
	})
}

func TestTwoReplicasSendEachNoticeOnce(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := startNoticed(t, address)
		other, err := New(t.Context(), noticeConfig(address, n.post), slog.New(slog.DiscardHandler), n.clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		const many = 20
		for range many {
			n.happens(nil)
		}
		var both sync.WaitGroup
		for _, a := range []*App{n.App, other, n.App, other} {
			both.Go(func() {
				if err := a.words.notices.Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		seen := map[string]bool{}
		for _, l := range n.post.Letters() {
			seen[l.Header.Get("Message-ID")] = true
		}
		if len(n.post.Letters()) != many || len(seen) != many {
			t.Errorf("%d letters with %d numbers for %d incidents", len(n.post.Letters()), len(seen), many)
		}
	})
}

func TestAChatIsToldToo(t *testing.T) {
	t.Parallel()
	eachNoticed(t, func(n *noticed) {
		var mu sync.Mutex
		var got []map[string]any
		status := http.StatusOK
		chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			var body map[string]any
			_ = json.NewDecoder(r.Body).Decode(&body)
			got = append(got, body)
			w.WriteHeader(status)
		}))
		defer chat.Close()
		_, err := n.words.catalog.EditTeam(n.t.Context(), syncActor, "booking", 0, func(t *catalog.Team) error {
			t.Mails = nil
			var err error
			t.Chat, err = n.words.catalog.Chat(t.Chat, catalog.Webhook, chat.URL+"/secret")
			return err
		})
		n.must(err)
		i := n.happens(nil)
		n.run()
		n.run()
		if len(got) != 1 || got[0]["kind"] != "incident" || got[0]["incident"].(map[string]any)["ref"] != "INC-1" || !strings.HasPrefix(got[0]["id"].(string), "notice-1.inc-1.") {
			n.t.Fatalf("the chat got %v", got)
		}
		if n.incident(i.ID).NotifiedBy != incident.ByNotice {
			n.t.Error("nobody noted it")
		}
		team, err := n.store.Team(n.t.Context(), syncActor, "booking")
		n.must(err)
		if kept := fmt.Sprintf("%+v", team.Chat); strings.Contains(kept, "secret") || team.Chat.Host == "" {
			n.t.Errorf("the address is kept in the open: %s", kept)
		}
		events, err := n.store.EventsOf(n.t.Context(), audit.Team, int64(team.ID), 10)
		n.must(err)
		for _, e := range events {
			if strings.Contains(string(e.After), "/secret") {
				n.t.Errorf("the record holds the address: %s", e.After)
			}
		}
		mu.Lock()
		status = http.StatusNotFound
		mu.Unlock()
		i = n.happens(nil)
		n.run()
		if dead := n.notices(i.ID)[0]; dead.State != notice.Dead || dead.Trouble.Status != 404 {
			n.t.Errorf("the chat is gone: %+v", dead)
		}
	})
}

func TestWhileMailIsDownOneLetterTriesItAndChatsGoOn(t *testing.T) {
	t.Parallel()
	n := startNoticed(t, storetest.File(t))
	chats := 0
	chat := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { chats++ }))
	defer chat.Close()
	_, err := n.words.catalog.EditTeam(t.Context(), syncActor, "booking", 0, func(team *catalog.Team) (err error) {
		team.Chat, err = n.words.catalog.Chat(team.Chat, catalog.Slack, chat.URL)
		return err
	})
	n.must(err)
	n.post.Set(func(m *mailtest.Moods) { m.DropBefore = true })
	for range 5 {
		n.happens(nil)
	}
	n.run()
	tried := 0
	for id := incident.ID(1); id <= 5; id++ {
		tried += n.notices(id)[0].Attempt
	}
	if chats != 5 || tried != 1 {
		t.Errorf("%d chat messages, %d attempts at mail", chats, tried)
	}
	n.post.Set(func(m *mailtest.Moods) { m.DropBefore = false })
	n.run()
	if len(n.post.Letters()) != 5 || chats != 5 {
		t.Errorf("%d letters, %d chat messages", len(n.post.Letters()), chats)
	}
}

func TestATroubledNoticeIsNotSentWhenSomebodyToldThem(t *testing.T) {
	t.Parallel()
	n := startNoticed(t, storetest.File(t))
	n.post.Set(func(m *mailtest.Moods) { m.DropBefore = true })
	i := n.happens(nil)
	n.run()
	n.must(n.words.incidents.Learn(t.Context(), syncActor, i.ID, incident.Telling{At: n.clock.Now(), By: incident.ByPage}))
	n.post.Set(func(m *mailtest.Moods) { m.DropBefore = false })
	for range 3 {
		n.run()
	}
	if n.notices(i.ID)[0].State != notice.Dropped || len(n.post.Letters()) != 0 || n.incident(i.ID).NotifiedBy != incident.ByPage {
		t.Errorf("%+v, %d letters", n.notices(i.ID)[0], len(n.post.Letters()))
	}
}

func TestACorrectionStandsWhenAChannelTellsTheSameAgain(t *testing.T) {
	t.Parallel()
	n := startNoticed(t, storetest.File(t))
	i := n.happens(func(i *incident.Incident) { i.Severity = incident.SEV3 })
	ticket := incident.Telling{At: n.clock.Now().Add(-30 * time.Second), By: incident.ByTicket}
	tell := func(told incident.Telling) incident.Incident {
		t.Helper()
		n.must(n.words.incidents.Learn(t.Context(), syncActor, i.ID, told))
		return n.incident(i.ID)
	}
	if got := tell(ticket); got.NotifiedBy != incident.ByTicket {
		t.Errorf("told by %q", got.NotifiedBy)
	}
	if got := tell(incident.Telling{At: n.clock.Now(), By: incident.ByPage}); got.NotifiedBy != incident.ByTicket || !got.Moments.DeveloperNotifiedAt.Equal(ticket.At) {
		t.Errorf("a later page changed it to %q", got.NotifiedBy)
	}
	corrected := n.clock.Now().Add(time.Minute)
	_, err := n.words.incidents.Correct(t.Context(), syncActor, i.ID, incident.DeveloperNotifiedAt, corrected, "nobody read the ticket")
	n.must(err)
	if got := tell(ticket); !got.Moments.DeveloperNotifiedAt.Equal(corrected) {
		t.Error("the sync told the same again, and the correction is lost")
	}
	ticket.At = ticket.At.Add(-time.Second)
	if got := tell(ticket); !got.Moments.DeveloperNotifiedAt.Equal(ticket.At) {
		t.Error("what is known anew does not count")
	}
	if got := n.actions(i.ID); !slices.Equal(got, []string{"reported", "told developers", "moment corrected", "told developers"}) {
		t.Errorf("the record tells %q", got)
	}
}

// One through the whole program: reported over the API, sent by a job, and told.
func TestAReportedIncidentReachesItsBuilders(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		post := mailtest.Start(t, mailtest.Options{})
		a, err := New(t.Context(), noticeConfig(address, post), slog.New(slog.DiscardHandler), clock)
		if err != nil {
			t.Fatal(err)
		}
		addBooking(t, a)
		_, token, err := a.words.accounts.AddToken(t.Context(), account.AsCommand("test"), account.Token{Name: "pager", Role: account.Editor})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served, listening := make(chan error, 1), make(chan net.Addr, 1)
		go func() { served <- a.Serve(ctx, func(at net.Addr) { listening <- at }) }()
		at := (<-listening).String()
		body := fmt.Sprintf(`{"title": "Seat map loads without prices", "services": ["booking-api"], "severity": "SEV1", "started_at": %q}`, clock().Add(-time.Minute).Format(time.RFC3339))
		answer := callAPI(t, http.MethodPost, "http://"+at+"/api/v1/incidents", token, body)
		if answer["ref"] != "INC-1" {
			t.Fatalf("reported: %v", answer)
		}
		for until := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if answer = callAPI(t, http.MethodGet, "http://"+at+"/api/v1/incidents/INC-1", token, ""); answer["developer_notified_by"] != nil || time.Now().After(until) {
				break
			}
		}
		if answer["developer_notified_by"] != "notice" || answer["developer_notified_at"] == nil {
			t.Errorf("it is not told: %v", answer)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if n := len(post.Letters()); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
}

func callAPI(t *testing.T, method, address, token, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		t.Fatalf("%s: %s", err, raw)
	}
	return decoded
}
