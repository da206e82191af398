package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/internal/testneed"
	"upshot/store/storetest"
)

// A real Alertmanager tells of an alert that fires and is resolved; the incident has its moments.
func TestARealAlertmanagersAlertIsAnIncident(t *testing.T) {
	t.Parallel()
	program := testneed.Alertmanager(t)
	s := startTaken(t, storetest.File(t))
	s.clock.at = time.Now().UTC() // Alertmanager knows no other
	src := s.source(intake.Alertmanager, intake.Mapping{})
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)

	folder := t.TempDir()
	config := filepath.Join(folder, "alertmanager.yml")
	s.must(os.WriteFile(config, fmt.Appendf(nil, `route:
  receiver: upshot
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 200ms
  repeat_interval: 1h
receivers:
  - name: upshot
    webhook_configs:
      - url: %s/hooks/%s
        http_config:
          authorization: {type: Bearer, credentials: %s}
`, server.URL, src.Called(), s.secrets[src.Called()]), 0o600))
	address := freeAddress(t.Context(), "127.0.0.1:0")
	cmd := exec.CommandContext(t.Context(), program, "--config.file="+config, "--storage.path="+filepath.Join(folder, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=", "--log.level=error")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	s.must(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})

	began := time.Now().UTC().Truncate(time.Millisecond).Add(-10 * time.Minute)
	post := func(end time.Time) {
		alert := map[string]any{
			"labels":      map[string]string{"alertname": "PaymentsTimeOut", "service": "payments", "severity": "critical"},
			"annotations": map[string]string{"summary": "Payments time out"},
			"startsAt":    began.Format(time.RFC3339Nano),
		}
		if !end.IsZero() {
			alert["endsAt"] = end.Format(time.RFC3339Nano)
		}
		body, err := json.Marshal([]any{alert})
		s.must(err)
		eventually(t, "Alertmanager takes an alert", func(ctx context.Context) bool {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/api/v2/alerts", bytes.NewReader(body))
			s.must(err)
			r.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				return false
			}
			_ = answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		})
	}
	is := func(what string, good func(i incident.Incident) bool) incident.Incident {
		var last incident.Incident
		eventually(t, what, func(ctx context.Context) bool {
			s.must(s.words.intake.Drain(ctx))
			all := s.incidents()
			if len(all) != 1 {
				return false
			}
			last = all[0]
			return good(last)
		})
		return last
	}

	post(time.Time{})
	i := is("the incident is open", func(i incident.Incident) bool { return i.Status == incident.Open })
	if !i.Moments.StartedAt.Equal(began) || !i.Moments.DetectedAt.Equal(began) || i.Title != "Payments time out" || i.Severity != incident.SEV1 || i.Services[0] != "payments" {
		t.Errorf("fired at %s it is %+v", began, i)
	}
	ended := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Second)
	post(ended)
	i = is("the incident is resolved", func(i incident.Incident) bool { return i.Status == incident.Resolved })
	if !i.Moments.RestoredAt.Equal(ended) || !i.Moments.ResolvedAt.Equal(ended) {
		t.Errorf("ended at %s it was restored at %s", ended, i.Moments.RestoredAt)
	}
}

// eventually asks again until it is so, or fails after a while.
func eventually(t *testing.T, what string, so func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}
