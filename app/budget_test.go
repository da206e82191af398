package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"upshot/app/jirasync"
	"upshot/integrations/jira/jiratest"
	"upshot/store"
	"upshot/store/storetest"
)

// The fewest calls that will do: JIRA's limits are shared by everything a company runs.

// mirrored puts issues into the double and mirrors them here, as if each carried a follow-up.
func (s *synced) mirrored(n int) []string {
	s.t.Helper()
	code, err := s.store.Installation(s.t.Context())
	s.must(err)
	keys := make([]string, n)
	for i := range keys {
		keys[i] = s.double.Seed(jiratest.Seed{
			Summary: fmt.Sprintf("Fix %d", i), Labels: []string{jirasync.Label(code)}, Created: s.clock.Now().Add(-30 * 24 * time.Hour),
			Moves: []jiratest.Move{{At: s.clock.Now().Add(-20 * 24 * time.Hour), Status: "In Progress"}, {At: s.clock.Now().Add(-10 * 24 * time.Hour), Status: "Done"}},
		})
	}
	s.must(mirror(s.t.Context(), s.store, s.site, s.double))
	return keys
}

func mirror(ctx context.Context, st *store.Store, site jirasync.Site, double *jiratest.Server) error {
	return st.InTx(ctx, func(ctx context.Context) error {
		for _, i := range double.Issues() {
			if _, err := st.MirrorTicket(ctx, site.ID, jirasync.Ref{ID: i.ID, Key: i.Key}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheFewestCallsAreMade(t *testing.T) {
	t.Parallel()
	for _, flavour := range []jiratest.Flavour{jiratest.Cloud, jiratest.DataCenter} {
		t.Run(string(flavour), func(t *testing.T) {
			t.Parallel()
			s := startSynced(t, storetest.File(t), flavour)
			keys := s.mirrored(1000)
			calls := func(what string, most int, do func()) {
				t.Helper()
				s.double.ForgetCalls()
				do()
				n := s.double.Total()
				t.Logf("%s: %d calls %v, at most %d at once", what, n, s.double.Calls(), s.double.MostAtOnce())
				if n > most || s.double.MostAtOnce() > 4 {
					t.Errorf("%s: %d calls, at most %d would do; %d at once", what, n, most, s.double.MostAtOnce())
				}
			}
			calls("cold, 1,000 issues", 26, s.sync)
			s.sync() // what the first poll still saw in its window
			calls("nothing changed", 1, s.sync)
			calls("50 of 1,000 changed", 3, func() {
				for _, key := range keys[:50] {
					s.double.Move(key, jiratest.Move{Status: "In Review"})
				}
				s.sync()
			})
			calls("200 deliveries on 50 issues", 3, func() {
				for n := range 200 {
					key := keys[100+n%50]
					s.double.Move(key, jiratest.Move{Priority: []string{"High", "Low"}[n/50%2]})
					i, _ := s.double.Issue(key)
					s.must(s.words.jira.Hint(t.Context(), jirasync.Hint{Site: s.site.ID, Delivery: fmt.Sprint("d", n), Event: "jira:issue_updated", IssueID: i.ID, At: s.clock.Now()}))
				}
				s.must(s.words.jira.FlushAll(t.Context()))
			})
		})
	}
}

// BenchmarkJiraPull pulls 5,000 issues with about 37,000 changes that were never read, from a Jira that takes 50 ms to answer, and then
// once more after 50 of them changed:
//
//	go test ./app -run '^$' -bench JiraPull -benchtime 3x
//
// UPSHOT_BENCH_JIRA names another Jira that has issues 100001 to 105000, such as a stand-in that others are measured by too.
func BenchmarkJiraPull(b *testing.B) {
	const n = 5000
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	other := os.Getenv("UPSHOT_BENCH_JIRA")
	double := jiratest.New(jiratest.Options{})
	address := other
	if other == "" {
		for i := range n {
			seed := jiratest.Seed{Summary: fmt.Sprintf("Fix %d", i), Created: now().Add(-300 * 24 * time.Hour)}
			at := seed.Created
			for range i % 16 {
				at = at.Add(31 * time.Hour)
				seed.Moves = append(seed.Moves, jiratest.Move{At: at, Status: []string{"In Progress", "In Review", "Done", "To Do"}[len(seed.Moves)%4]})
			}
			double.Seed(seed)
		}
		double.Set(func(f *jiratest.Faults) { f.Latency = 50 * time.Millisecond })
		server := httptest.NewServer(double)
		defer server.Close()
		address = server.URL
	}
	var wall, again time.Duration
	var most uint64
	var calls, changedCalls int
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		a, err := New(b.Context(), Config{Database: filepath.Join(b.TempDir(), "upshot.db"), SecretKey: "sixteen characters at least", JiraSettle: jirasync.DefaultSettle}, slog.New(slog.DiscardHandler), now)
		if err != nil {
			b.Fatal(err)
		}
		site, err := a.words.jira.Connect.Connect(b.Context(), syncActor, jirasync.Given{URL: address, User: jiratest.DefaultUser, Token: jiratest.DefaultToken})
		if err != nil {
			b.Fatal(err)
		}
		err = a.store.InTx(b.Context(), func(ctx context.Context) error {
			for i := range n {
				ref := jirasync.Ref{ID: fmt.Sprint(100_001 + i), Key: fmt.Sprintf("OPS-%d", i+1)}
				if other == "" {
					ref.ID = fmt.Sprint(10_001 + i)
				}
				if _, err := a.store.MirrorTicket(ctx, site.ID, ref); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		double.ForgetCalls()
		reset(b, other)
		peak := watchMemory()
		b.StartTimer()
		began := time.Now()
		if err := a.words.jira.SyncAll(b.Context()); err != nil {
			b.Fatal(err)
		}
		wall += time.Since(began)
		b.StopTimer()
		most = max(most, peak())
		calls = double.Total()
		health, err := a.store.JiraHealth(b.Context(), now())
		if err != nil || health[0].Mirrored != n || health[0].State.GoodAt.IsZero() {
			b.Fatalf("%+v, %v", health, err)
		}
		if other == "" {
			if err := a.words.jira.SyncAll(b.Context()); err != nil { // the day's upkeep
				b.Fatal(err)
			}
			for i := range 50 {
				double.Move(fmt.Sprintf("OPS-%d", i*7+1), jiratest.Move{Priority: []string{"High", "Lowest"}[round%2]})
			}
			double.ForgetCalls()
			began = time.Now()
			if err := a.words.jira.SyncAll(b.Context()); err != nil {
				b.Fatal(err)
			}
			again += time.Since(began)
			changedCalls = double.Total()
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(wall.Seconds()/float64(b.N), "s/pull")
	b.ReportMetric(float64(most)/(1<<20), "MB-heap")
	if other == "" {
		b.ReportMetric(float64(calls), "calls")
		b.ReportMetric(again.Seconds()/float64(b.N), "s/again")
		b.ReportMetric(float64(changedCalls), "calls-again")
		return
	}
	stats(b, other)
}

// watchMemory notes the greatest heap in use until it is asked.
func watchMemory() func() uint64 {
	runtime.GC()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-done
	}
}

// reset and stats speak to a stand-in that counts calls.
func reset(b *testing.B, address string) {
	if address == "" {
		return
	}
	if answer, err := http.Post(address+"/__reset", "text/plain", bytes.NewReader(nil)); err != nil {
		b.Fatal(err)
	} else {
		_ = answer.Body.Close()
	}
}

func stats(b *testing.B, address string) {
	answer, err := http.Get(address + "/__stats")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the stand-in says: %s", text)
}
