package app

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/app/metrics"
	"upshot/store/storetest"
)

var (
	intakeTime = flag.Duration("intake-time", 3*time.Second, "how long deliveries are sent in the test of the dying intake")
	intakeRate = flag.Int("intake-rate", 100, "deliveries a second in that test")
	intakeKill = flag.Duration("intake-kill", time.Second, "about how often a process is killed in that test")
)

// intakeChild is the environment variable by which the test's own binary becomes one of the servers that are killed.
const intakeChild = "UPSHOT_TEST_INTAKE"

// intakeSettings is what the servers share, and the address of one.
type intakeSettings struct{ Database, Addr string }

func (c intakeSettings) open(ctx context.Context) (*App, error) {
	return New(ctx, Config{Database: c.Database, Addr: c.Addr, BaseURL: "https://upshot.example.test", SecretKey: "sixteen characters at least", JiraPoll: time.Minute, DeliveriesKept: usuallyKept},
		slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), clock)
}

// TestEveryDeliveryIsThereOnceHoweverOftenTheProgramDies sends firings and ends to servers that are killed at random: one on SQLite, two on
// PostgreSQL. A sender that got no answer sends again, as they do. In the end every delivery that was taken is there exactly once, and each
// alert is exactly one incident that is over. Five minutes of 200 a second:
//
//	go test ./app -run TestEveryDeliveryIsThereOnce -intake-time 5m -intake-rate 200 -intake-kill 20s -timeout 30m -v
func TestEveryDeliveryIsThereOnceHoweverOftenTheProgramDies(t *testing.T) {
	if settings := os.Getenv(intakeChild); settings != "" {
		serveUntilKilled(t, settings)
		return
	}
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := startTaken(t, address)
		src := s.source(intake.Alertmanager, intake.Mapping{})
		servers := 1
		if strings.HasPrefix(address, "postgres://") {
			servers = 2
		}
		var addresses []string
		for range servers {
			addresses = append(addresses, freeAddress(t.Context(), "127.0.0.1:0"))
		}
		ctx, stop := context.WithCancel(t.Context())
		var processes sync.WaitGroup
		kills := make([]int, servers)
		for n, a := range addresses {
			processes.Go(func() { kills[n] = liveAndDie(ctx, t, intakeSettings{Database: address, Addr: a}) })
		}
		taken, again := s.flood(src, addresses)
		stop()
		processes.Wait()

		s.clock.Add(time.Since(s.clock.Now()) + time.Hour) // the servers went by the world's clock
		began := time.Now()
		s.must(s.words.intake.Drain(t.Context()))
		t.Logf("%d deliveries taken at %.0f a second, sent again %d times; killed %v times; what was left took %s", len(taken), float64(len(taken))/intakeTime.Seconds(), again, kills, time.Since(began).Round(time.Millisecond))
		s.eachOnce(src, taken)
	})
}

// serveUntilKilled is one of the servers.
func serveUntilKilled(t *testing.T, settings string) {
	var c intakeSettings
	if err := json.Unmarshal([]byte(settings), &c); err != nil {
		t.Fatal(err)
	}
	a, err := c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Serve(t.Context(), func(net.Addr) {}); err != nil {
		t.Fatal(err)
	}
}

// liveAndDie runs a server, kills it now and then, and starts it anew, until ctx ends. It gives how often it was killed.
func liveAndDie(ctx context.Context, t *testing.T, c intakeSettings) (kills int) {
	settings, err := json.Marshal(c)
	if err != nil {
		t.Error(err)
		return 0
	}
	for ctx.Err() == nil {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestEveryDeliveryIsThereOnceHoweverOftenTheProgramDies$") //nolint:gosec // the test itself
		cmd.Env = append(os.Environ(), intakeChild+"="+string(settings))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return kills
		}
		if answers(ctx, c.Addr) { // on a slow machine it takes its time to begin
			select {
			case <-ctx.Done():
			case <-time.After(*intakeKill/2 + rand.N(*intakeKill)):
				kills++
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	return kills
}

// answers waits until a server does, or ctx ends.
func answers(ctx context.Context, addr string) bool {
	for ctx.Err() == nil {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
		if err != nil {
			return false
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			_ = answer.Body.Close()
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// flood sends at the rate, each delivery until it is taken, and gives the bodies that were.
func (s *taken) flood(src intake.Source, addresses []string) (taken []string, again int) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var sending sync.WaitGroup
	places := make(chan struct{}, 256)
	total := int(intakeTime.Seconds() * float64(*intakeRate))
	began := time.Now()
	for n := range total {
		if wait := time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(*intakeRate))); wait > 0 {
			time.Sleep(wait)
		}
		body := floodBody(n)
		places <- struct{}{}
		sending.Go(func() {
			defer func() { <-places }()
			tries := 0
			for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); tries++ {
				r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+addresses[(n+tries)%len(addresses)]+"/hooks/"+src.Called(), strings.NewReader(body))
				if err != nil {
					s.t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+s.secrets[src.Called()])
				answer, err := client.Do(r)
				if err == nil {
					_ = answer.Body.Close()
					if answer.StatusCode == http.StatusAccepted {
						mu.Lock()
						defer mu.Unlock()
						taken, again = append(taken, body), again+tries
						return
					}
					if answer.StatusCode != http.StatusServiceUnavailable {
						s.t.Errorf("answered %d", answer.StatusCode)
						return
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			s.t.Error("a delivery was not taken within two minutes")
		})
	}
	sending.Wait()
	return taken, again
}

// floodBody is the n-th delivery: every alert fires with the even one and is over with the odd one after it.
func floodBody(n int) string {
	fired := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC).Add(time.Duration(n/2) * time.Second)
	status, end := "firing", "0001-01-01T00:00:00Z"
	if n%2 == 1 {
		status, end = "resolved", fired.Add(5*time.Minute).Format(time.RFC3339)
	}
	return fmt.Sprintf(`{"version":"4","groupKey":"group %d","status":%q,"receiver":"r","alerts":[{"status":%q,"labels":{"alertname":"Latency%d","service":"payments","severity":"warning"},"annotations":{"summary":"Latency above objective on part %d"},"startsAt":%q,"endsAt":%q,"fingerprint":"f%d"}]}`,
		n/2, status, status, n/2, n/2, fired.Format(time.RFC3339), end, n/2)
}

// eachOnce proves that every delivery is kept once and done, and that every alert is one incident.
func (s *taken) eachOnce(src intake.Source, taken []string) {
	s.t.Helper()
	counts, err := s.store.DeliveryCounts(s.t.Context(), src.ID)
	s.must(err)
	if counts[intake.Done] != len(taken) || len(counts) != 1 {
		s.t.Errorf("%d deliveries were taken, kept are %v", len(taken), counts)
	}
	once := slices.Clone(taken)
	slices.Sort(once)
	if n := len(slices.Compact(once)); n != len(taken) {
		s.t.Fatalf("%d bodies were taken, %d of them different", len(taken), n)
	}
	known, err := s.store.KnownExternal(s.t.Context(), src.Called(), keysOf(len(taken)))
	s.must(err)
	alerts := (len(taken) + 1) / 2
	if len(known) != alerts {
		s.t.Errorf("%d alerts are %d incidents", alerts, len(known))
	}
	facts, err := s.store.Facts(s.t.Context(), syncActor, metrics.Filter{})
	s.must(err)
	if len(facts) != alerts {
		s.t.Errorf("%d alerts became %d incidents", alerts, len(facts))
	}
	for _, f := range facts {
		if f.Member.RestoredAt.Sub(f.Member.StartedAt) != 5*time.Minute {
			s.t.Fatalf("%s lasted from %s to %s", f.Member.Incident, f.Member.StartedAt, f.Member.RestoredAt)
		}
	}
}

func keysOf(deliveries int) (keys []string) {
	for n := range (deliveries + 1) / 2 {
		keys = append(keys, fmt.Sprint("group ", n))
	}
	return keys
}
