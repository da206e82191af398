package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upshot/app/dispatch"
)

var update = flag.Bool("update", false, "write the golden files anew")

func message(kind string) dispatch.Chat {
	return dispatch.Chat{
		ID: "notice-5.inc-42.abc", Kind: kind, Title: "[SEV1] Booking: payment <page> times out & more (INC-42)",
		Text:  "Nobody could *pay*. <!channel> [click](https://elsewhere.test)",
		Facts: []dispatch.Fact{{Name: "Severity", Value: "SEV1"}, {Name: "Detected", Value: "Mon 23 Nov 2026, 10:17 CET"}},
		Link:  "https://upshot.example.test/incidents/INC-42", LinkText: "Open INC-42",
		Data: map[string]any{"kind": "incident", "incident": map[string]any{"ref": "INC-42", "severity": "SEV1"}},
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Slack, Teams, Webhook} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			body, err := Body(message(kind))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", kind+".json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got.String() != string(want) {
				t.Errorf("%s is not what goes out (%v). When the change is meant: go test ./integrations/chat -update\n%s", file, err, got.String())
			}
		})
	}
}

func TestLongTextsKeepToTheLimits(t *testing.T) {
	t.Parallel()
	m := message(Slack)
	m.Title, m.Text = strings.Repeat("ü", 5000), strings.Repeat("x", 50_000)
	for range 40 {
		m.Facts = append(m.Facts, dispatch.Fact{Name: strings.Repeat("n", 500), Value: strings.Repeat("v", 9000)})
	}
	body, err := Body(m)
	if err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Blocks []struct {
			Text   struct{ Text string }
			Fields []struct{ Text string }
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	// https://api.slack.com/reference/block-kit/blocks: header 150, section 3000, ten fields of 2000.
	for n, most := range []int{150, 3000} {
		if got := len([]rune(sent.Blocks[n].Text.Text)); got > most {
			t.Errorf("block %d has %d characters", n, got)
		}
	}
	if fields := sent.Blocks[2].Fields; len(fields) != 10 || len(fields[9].Text) > 2000 {
		t.Errorf("%d fields", len(fields))
	}
}

func TestWhatAChatMayAnswer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status int
		body   string
		want   *dispatch.Trouble // nil: accepted
	}{
		"ok":                         {200, "ok", nil},
		"a workflow takes it":        {202, "", nil},
		"the channel is gone":        {404, "channel_not_found", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 404, Said: "channel_not_found"}},
		"the channel is archived":    {410, "channel_is_archived", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 410, Said: "channel_is_archived"}},
		"the address is revoked":     {403, "invalid_token", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 403, Said: "invalid_token"}},
		"the body is not understood": {400, "", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 400, Said: "Bad Request"}},
		"too many at once":           {429, "rate_limited", &dispatch.Trouble{Kind: dispatch.Temporary, Status: 429, Said: "rate_limited"}},
		"it took too long there":     {408, "", &dispatch.Trouble{Kind: dispatch.Temporary, Status: 408, Said: "Request Timeout"}},
		"it is broken":               {502, "<html>Bad gateway</html>", &dispatch.Trouble{Kind: dispatch.Temporary, Status: 502, Said: "Bad Gateway", Maybe: true}},
		"a redirect is not followed": {302, "", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 302, Said: "It leads to another address. Enter the one where it ends."}},
		"an endless answer":          {404, strings.Repeat("no ", 1<<20), &dispatch.Trouble{Kind: dispatch.Permanent, Status: 404, Said: dispatch.Short(strings.Repeat("no ", 200), wordsMax)}},
		"it repeats the address":     {404, "nothing at ADDRESS", &dispatch.Trouble{Kind: dispatch.Permanent, Status: 404, Said: "nothing at …"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen []*http.Request
			var address string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = append(seen, r)
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, strings.ReplaceAll(c.body, "ADDRESS", address))
			}))
			defer server.Close()
			m := message(Slack)
			m.Address = server.URL + "/services/T0/B0/secret"
			address = m.Address
			err := New("1.2", 0).Send(t.Context(), m)
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
			} else if got := dispatch.TroubleOf(err); err == nil || *got != *c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if len(seen) != 1 || seen[0].Header.Get("Idempotency-Key") != m.ID || seen[0].Header.Get("Content-Type") != "application/json" || seen[0].Method != http.MethodPost {
				t.Errorf("%d requests: %v", len(seen), seen[0].Header)
			}
		})
	}
}

func TestAChatThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	let := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	m := message(Webhook)
	m.Address = server.URL + "/secret"
	began := time.Now()
	err := New("", 300*time.Millisecond).Send(t.Context(), m)
	var got *dispatch.Trouble
	if !errors.As(err, &got) || got.Kind != dispatch.Temporary || !got.Maybe || time.Since(began) > 3*time.Second || strings.Contains(got.Said, "secret") {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
	close(let)
	server.Close()
	err = New("", time.Second).Send(t.Context(), m)
	if !errors.As(err, &got) || got.Kind != dispatch.Temporary || got.Maybe || !got.Down || strings.Contains(got.Said, "secret") {
		t.Errorf("nobody listens: got %+v", got)
	}
	for _, address := range []string{"", "ftp://x.test/", "file:///etc/passwd", "https://", "::"} {
		m.Address = address
		if err := New("", time.Second).Send(t.Context(), m); !errors.As(err, &got) || got.Kind != dispatch.Permanent {
			t.Errorf("%q: got %v", address, err)
		}
	}
}
