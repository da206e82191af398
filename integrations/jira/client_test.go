package jira

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"upshot/app/jirasync"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

const token = "a-token-that-nobody-may-read"

// site is a client of a server that answers with the handler.
func site(t *testing.T, answer http.HandlerFunc, change ...func(*Settings)) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return at(t, server.URL, change...)
}

func at(t *testing.T, url string, change ...func(*Settings)) *Client {
	t.Helper()
	s := Settings{URL: url, User: "robot@example.test", Token: token, Flavour: jirasync.Cloud, Now: func() time.Time { return noon }, Timeout: 5 * time.Second}
	for _, c := range change {
		c(&s)
	}
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// says answers the same always. Headers are "Name: value".
func says(status int, kind, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Add(name, value)
		}
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const asJSON = "application/json;charset=UTF-8"

// cut promises more than it sends.
func cutAnswer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", asJSON)
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"id":"10001","key":"OPS-1"`)
}

func troubleOf(t *testing.T, err error) *jirasync.Trouble {
	t.Helper()
	var trouble *jirasync.Trouble
	if !errors.As(err, &trouble) {
		t.Fatalf("got %v, want trouble that says what can be done", err)
	}
	return trouble
}

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	type want struct {
		kind  jirasync.TroubleKind
		maybe bool // of a write
		words string
	}
	cases := map[string]struct {
		answer http.HandlerFunc
		want   want
	}{
		"its own words":                          {says(400, asJSON, `{"errorMessages":["No such field."],"errors":{"summary":"Summary is required."}}`), want{jirasync.Refused, false, "No such field. Summary is required."}},
		"a list as the value of an error":        {says(400, asJSON, `{"errorMessages":[],"errors":{"labels":["Too long.","Too many."]}}`), want{jirasync.Refused, false, "Too long. Too many."}},
		"a message alone":                        {says(403, asJSON, `{"message":"You may not."}`), want{jirasync.Forbidden, false, "You may not."}},
		"400 with a page, from the edge":         {says(400, "text/html", "<html>Bad Request</html>"), want{jirasync.Temporary, false, "HTTP 400 with a page"}},
		"401":                                    {says(401, "text/html", "<html>No.</html>"), want{jirasync.Login, false, "HTTP 401"}},
		"401 in plain words":                     {says(401, "text/plain", "Client must be authenticated to access this resource."), want{jirasync.Login, false, "Client must be authenticated"}},
		"a CAPTCHA":                              {says(403, asJSON, `{}`, "X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x"), want{jirasync.Login, false, "CAPTCHA"}},
		"200 with nothing, for an expired token": {says(200, asJSON, `{"issues":[]}`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED"), want{jirasync.Login, false, "expired"}},
		"200, denied":                            {says(200, asJSON, `{"issues":[]}`, "X-Seraph-LoginReason: AUTHENTICATION_DENIED"), want{jirasync.Login, false, "expired"}},
		"200 for nobody":                         {says(200, asJSON, `{"issues":[]}`, "X-AUSERNAME: anonymous"), want{jirasync.Login, false, "nobody"}},
		"404":                                    {says(404, asJSON, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`), want{jirasync.Absent, false, "does not exist"}},
		"404 with a page is no word of an issue": {says(404, "text/html", "<html>There is no such site</html>"), want{jirasync.Temporary, false, "HTTP 404 with a page"}},
		"410":                                    {says(410, asJSON, `{"errorMessages":["The requested API has been removed."]}`), want{jirasync.Refused, false, "removed"}},
		"409":                                    {says(409, asJSON, `{"errorMessages":["Changed meanwhile."]}`), want{jirasync.Raced, false, "Changed meanwhile."}},
		"408":                                    {says(408, "", ""), want{jirasync.Temporary, true, "HTTP 408"}},
		"500":                                    {says(500, "text/html", "<html>sorry</html>"), want{jirasync.Temporary, true, "HTTP 500 with a page"}},
		"503 without a word of how long":         {says(503, "", ""), want{jirasync.Temporary, true, "HTTP 503"}},
		"500 for nobody":                         {says(500, asJSON, `{}`, "X-AUSERNAME: anonymous"), want{jirasync.Temporary, true, "HTTP 500"}},
		"200 with null":                          {says(200, asJSON, ` null `), want{jirasync.Temporary, true, "could not be read"}},
		"200 with a page":                        {says(200, "text/html", "<html>sign in</html>"), want{jirasync.Temporary, true, "A page came instead"}},
		"200 that is cut":                        {cutAnswer, want{jirasync.Temporary, true, "broke off"}},
		"200 that is half a text":                {says(200, asJSON, `{"id":"1`), want{jirasync.Temporary, true, "could not be read"}},
		"200 with no body at all":                {says(200, asJSON, ``), want{jirasync.Temporary, true, "could not be read"}},
		"200 that names no issue":                {says(200, asJSON, `{}`), want{jirasync.Temporary, true, "does not name"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := site(t, c.answer)
			_, err := client.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s", Labels: []string{"l"}})
			got := troubleOf(t, err)
			if got.Kind != c.want.kind || got.Maybe != c.want.maybe || !strings.Contains(got.Words(), c.want.words) {
				t.Errorf("got %s, maybe %t: %q", got.Kind, got.Maybe, got.Words())
			}
			if name == "200 that names no issue" {
				return
			}
			got = troubleOf(t, client.Changed(t.Context(), jirasync.Query{Label: "l"}, func([]jirasync.Issue) error { return nil }))
			if got.Kind != c.want.kind || got.Maybe {
				t.Errorf("a read: got %s, maybe %t", got.Kind, got.Maybe)
			}
		})
	}
}

func TestARedirectIsToldNotFollowed(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := site(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL+"/login", status) })
		_, err := client.Myself(t.Context())
		if got := troubleOf(t, err); got.Kind != jirasync.Refused || !strings.Contains(got.Said, strings.TrimPrefix(elsewhere.URL, "http://")) {
			t.Errorf("%d: got %v, want the other address named", status, got)
		}
	}
	if seen.Load() != 0 {
		t.Errorf("the other server saw %d requests", seen.Load())
	}
}

// paused remembers who was asked to wait.
type paused struct {
	mu  sync.Mutex
	all []jirasync.Pause
}

func (p *paused) Take(context.Context, jirasync.Call) (func(), error) { return func() {}, nil }

func (p *paused) Pause(_ context.Context, pause jirasync.Pause) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, pause)
	return nil
}

func TestWhoWaitsHowLong(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status  int
		headers []string
		scope   string
		least   time.Duration
		most    time.Duration
	}{
		"bursts: that method and address":       {429, []string{"Retry-After: 10", "RateLimit-Reason: jira-burst-based"}, "PUT issue", 10 * time.Second, 13 * time.Second},
		"writes to one issue: that issue":       {429, []string{"Retry-After: 2", "RateLimit-Reason: jira-per-issue-on-write"}, "issue 10001", 2 * time.Second, 2600 * time.Millisecond},
		"the quota: the whole site":             {429, []string{"Retry-After: 1800", "RateLimit-Reason: jira-quota-tenant-based"}, jirasync.SiteScope, 30 * time.Minute, 39 * time.Minute},
		"a reason nobody knows: the whole site": {429, []string{"Retry-After: 7", "RateLimit-Reason: jira-moon-based"}, jirasync.SiteScope, 7 * time.Second, 9100 * time.Millisecond},
		"until a moment":                        {429, []string{"X-RateLimit-Reset: 2026-03-02T12:10Z", "RateLimit-Reason: jira-quota-global-based"}, jirasync.SiteScope, 10 * time.Minute, 13 * time.Minute},
		"Data Center, without a reason":         {429, []string{"Retry-After: 5"}, jirasync.SiteScope, 5 * time.Second, 6500 * time.Millisecond},
		"a gateway that says nothing":           {429, nil, "PUT issue", 2 * time.Second, 2600 * time.Millisecond},
		"503 that says how long":                {503, []string{"Retry-After: 3"}, "PUT issue", 3 * time.Second, 3900 * time.Millisecond},
		"until a date of HTTP":                  {429, []string{"Retry-After: Mon, 02 Mar 2026 12:01:00 GMT"}, jirasync.SiteScope, time.Minute, 78 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turns := &paused{}
			client := site(t, says(c.status, asJSON, `{"errorMessages":["Rate limit exceeded."]}`, c.headers...), func(s *Settings) { s.Turns = turns })
			got := troubleOf(t, client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"}))
			// A 503 may have come after the effect, a 429 did not.
			if got.Kind != jirasync.Limited || got.Said != "Rate limit exceeded." || got.Maybe != (c.status == http.StatusServiceUnavailable) {
				t.Errorf("got %+v", got)
			}
			if len(turns.all) != 1 {
				t.Fatalf("%d pauses", len(turns.all))
			}
			p := turns.all[0]
			if wait := p.Until.Sub(noon); p.Scope != c.scope || wait < c.least || wait > c.most || !got.Until.Equal(p.Until) {
				t.Errorf("%q waits %s", p.Scope, wait)
			}
		})
	}
}

func TestAGatewayThatSaysNothingIsAskedLessAndLess(t *testing.T) {
	t.Parallel()
	answer := says(429, "text/html", "<html>slow down</html>")
	client := site(t, func(w http.ResponseWriter, r *http.Request) { answer(w, r) })
	for n, least := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		got := troubleOf(t, client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"}))
		if wait := got.Until.Sub(noon); wait < least*time.Second || wait > least*1300*time.Millisecond {
			t.Errorf("answer %d: waits %s, want %d s and up to three tenths more", n+1, wait, least)
		}
	}
	answer = says(204, "", "")
	if err := client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"}); err != nil {
		t.Fatal(err)
	}
	answer = says(429, "text/html", "")
	if got := troubleOf(t, client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"})); got.Until.Sub(noon) > 3*time.Second {
		t.Errorf("after a good answer it begins anew, and waits %s", got.Until.Sub(noon))
	}
}

func TestDataCentersAllowance(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		headers []string
		wait    time.Duration // 0: nobody waits
	}{
		"used up":            {[]string{"X-RateLimit-Remaining: 0", "X-RateLimit-Interval-Seconds: 10"}, 10 * time.Second},
		"some remains":       {[]string{"X-RateLimit-Remaining: 1", "X-RateLimit-Interval-Seconds: 10"}, 0},
		"it does not say":    {nil, 0},
		"it says too little": {[]string{"X-RateLimit-Remaining: 0"}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turns := &paused{}
			client := site(t, says(200, asJSON, `{"name":"upshot"}`, c.headers...), func(s *Settings) { s.Turns = turns })
			if _, err := client.Myself(t.Context()); err != nil {
				t.Fatal(err)
			}
			switch {
			case c.wait == 0 && len(turns.all) != 0:
				t.Errorf("waits: %+v", turns.all)
			case c.wait != 0 && (len(turns.all) != 1 || turns.all[0].Until.Sub(noon) != c.wait || turns.all[0].Scope != jirasync.SiteScope):
				t.Errorf("got %+v, want the site to wait %s", turns.all, c.wait)
			}
		})
	}
	t.Run("retry-after: 0 means go on", func(t *testing.T) {
		t.Parallel()
		turns := &paused{}
		client := site(t, says(429, asJSON, `{}`, "Retry-After: 0"), func(s *Settings) { s.Turns = turns })
		if got := troubleOf(t, client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"})); got.Kind != jirasync.Temporary || len(turns.all) != 0 {
			t.Errorf("got %+v and pauses %+v", got, turns.all)
		}
	})
}

// Whatever the answer, its connection is used again: two hundred calls of each kind need no more than the few there are.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	kinds := map[string]http.HandlerFunc{
		"good":    says(200, asJSON, `{"name":"upshot"}`),
		"refused": says(400, asJSON, `{"errorMessages":["No."]}`),
		"denied":  says(401, "text/html", strings.Repeat("<p>no</p>", 2000)),
		"limited": says(429, asJSON, `{}`, "Retry-After: 1"),
		"broken":  says(500, "text/html", strings.Repeat("<p>sorry</p>", 2000)),
		"a page":  says(200, "text/html", "<html></html>"),
		"moved":   says(302, "", "", "Location: /elsewhere"),
	}
	for name, answer := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opened atomic.Int32
			server := httptest.NewUnstartedServer(answer)
			server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					opened.Add(1)
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			client := at(t, server.URL)
			var busy sync.WaitGroup
			for range 8 {
				busy.Go(func() {
					for range 25 {
						_, _ = client.Myself(t.Context())
					}
				})
			}
			busy.Wait()
			if opened.Load() > connections {
				t.Errorf("200 calls opened %d connections, want at most %d", opened.Load(), connections)
			}
		})
	}
}

func TestEveryCallEnds(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	var seen atomic.Bool
	client := site(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen.Store(true)
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}, func(s *Settings) { s.Timeout = 50 * time.Millisecond })
	t.Cleanup(func() { close(hang) })
	_, err := client.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"})
	if got := troubleOf(t, err); got.Kind != jirasync.Temporary || seen.Load() && !got.Maybe || !strings.Contains(got.Said, "No answer within") {
		t.Errorf("a write that hangs: got %+v", got)
	}
	if _, err := client.Myself(t.Context()); troubleOf(t, err).Maybe {
		t.Error("a read that hangs may not have changed anything")
	}
}

func TestACallThatNeverLeft(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	_, err := at(t, address).Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"})
	if got := troubleOf(t, err); got.Kind != jirasync.Temporary || got.Maybe {
		t.Errorf("nobody listened, so nothing was created: got %+v", got)
	}
}

func TestAConnectionThatBreaksOffLeavesItOpen(t *testing.T) {
	t.Parallel()
	client := site(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := client.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"})
	if got := troubleOf(t, err); got.Kind != jirasync.Temporary || !got.Maybe {
		t.Errorf("got %+v, want an unknown outcome", got)
	}
}

// breaking answers requests one after the other on real connections, and ends the connection instead of the last answer.
func breaking(t *testing.T, method string) (address string, seen *atomic.Int32) {
	t.Helper()
	seen = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == method {
			seen.Add(1)
			panic(http.ErrAbortHandler)
		}
		says(200, asJSON, `{"name":"upshot"}`)(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

// The connection has been used before, and ends when the request was read: exactly then net/http sends again what it takes to be
// safe.
func TestAWriteIsSentOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		method string
		write  func(*Client) error
	}{
		"a new issue": {http.MethodPost, func(c *Client) error {
			_, err := c.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"})
			return err
		}},
		"an edit":      {http.MethodPut, func(c *Client) error { return c.Edit(t.Context(), "10001", jirasync.Edit{Comment: "c"}) }},
		"a transition": {http.MethodPost, func(c *Client) error { return c.Transit(t.Context(), "10001", "11", "") }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, seen := breaking(t, c.method)
			client := at(t, address)
			for n := range 20 {
				if _, err := client.Myself(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := troubleOf(t, c.write(client)); got.Kind != jirasync.Temporary || !got.Maybe {
					t.Errorf("got %+v, want an unknown outcome", got)
				}
				if int(seen.Load()) != n+1 {
					t.Fatalf("%d calls were seen as %d", n+1, seen.Load())
				}
			}
		})
	}
}

func TestWhatCannotBeConnectedWasNotSent(t *testing.T) {
	t.Parallel()
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler()) // nobody knows who signed its certificate
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	_, err := at(t, unknown.URL).Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"})
	if got := troubleOf(t, err); got.Kind != jirasync.Temporary || got.Maybe || !strings.Contains(got.Said, "certificate") {
		t.Errorf("got %+v", got)
	}
}

func TestACallerThatGivesUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, giveUp := context.WithCancel(t.Context())
	client := site(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		giveUp()
		<-r.Context().Done()
	})
	err := client.Edit(ctx, "10001", jirasync.Edit{Priority: "2"})
	if got := troubleOf(t, err); !errors.Is(err, context.Canceled) || !got.Maybe || strings.Count(err.Error()+got.Cause.Error(), "context canceled") != 1 {
		t.Errorf("got %v: %v", err, got.Cause)
	}
}

// stuck is a database that keeps no pause.
type stuck struct{ paused }

func (*stuck) Pause(context.Context, jirasync.Pause) error { return errors.New("the database is away") }

func TestAPauseThatCannotBeKept(t *testing.T) {
	t.Parallel()
	full := []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Interval-Seconds: 10"}
	client := site(t, says(201, asJSON, `{"id":"10001","key":"OPS-1"}`, full...), func(s *Settings) { s.Turns = &stuck{} })
	if ref, err := client.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"}); err != nil || ref.Key != "OPS-1" {
		t.Errorf("the issue is there, and its answer is lost: %v, %v", ref, err)
	}
	client = site(t, says(429, asJSON, `{}`, "Retry-After: 7"), func(s *Settings) { s.Turns = &stuck{} })
	err := client.Edit(t.Context(), "10001", jirasync.Edit{Priority: "2"})
	if got := troubleOf(t, err); got.Kind != jirasync.Limited || got.Until.Before(noon.Add(7*time.Second)) || !strings.Contains(err.Error(), "away") {
		t.Errorf("got %v", err)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "jira.example.test", "ftp://jira.example.test", "https://", "https://robot:secret@jira.example.test", "https://jira .test"} {
		if _, err := New(Settings{URL: address, Token: token}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestTheTokenIsInNoError(t *testing.T) {
	t.Parallel()
	echo := func(w http.ResponseWriter, r *http.Request) { // a proxy that answers with what it was asked
		w.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprint(w, r.Header)
	}
	echoing := site(t, echo)
	escaped := site(t, func(w http.ResponseWriter, r *http.Request) { // and one that writes it in JSON, in its own way
		_, password, _ := r.BasicAuth()
		says(http.StatusBadRequest, asJSON, `{"errorMessages":["`+strings.ReplaceAll(password, "-", `\u002d`)+`"],"errors":{"x":["`+strings.ReplaceAll(password, "a", `\u0061`)+`"]}}`)(w, r)
	})
	gone := at(t, "http://127.0.0.1:1")
	pat := at(t, "http://127.0.0.1:1", func(s *Settings) { s.User, s.Flavour = "", jirasync.DataCenter })
	for name, client := range map[string]*Client{"an echo": echoing, "an echo in JSON": escaped, "nobody there": gone, "a personal token": pat} {
		_, err := client.Myself(t.Context())
		trouble := troubleOf(t, err)
		if words := fmt.Sprintf("%v %+v %v", err, *trouble, trouble.Cause); strings.Contains(words, token) || strings.Contains(words, "cm9ib3RAZXhhb") {
			t.Errorf("%s: %s", name, words)
		}
	}
}

func TestWhatGoesIntoAPathIsLookedAt(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	client := site(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	for _, key := range []string{"", "../myself", "OPS-1/../../x", "OPS-1?x=1", "OPS-0", "ops 1", "OPS-1%2f..", strings.Repeat("9", 30)} {
		if _, err := client.IssueOf(t.Context(), key); troubleOf(t, err).Kind != jirasync.Absent {
			t.Errorf("%q: got %v", key, err)
		}
		if err := client.Edit(t.Context(), key, jirasync.Edit{Priority: "1"}); err == nil {
			t.Errorf("%q was edited", key)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls were made", calls.Load())
	}
}

func TestPagesEnd(t *testing.T) {
	t.Parallel()
	issue := `{"id":"%d","key":"OPS-%d","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-01T09:00:00.000+0000"}}`
	page := func(next string, ids ...int) string {
		var all []string
		for _, n := range ids {
			all = append(all, fmt.Sprintf(issue, n, n))
		}
		return fmt.Sprintf(`{"issues":[%s],"isLast":true,"total":0%s}`, strings.Join(all, ","), next)
	}
	cases := map[string]struct {
		pages []string // one after the other; the last again and again
		found int      // -1: it is trouble
	}{
		"no token: the end, whatever isLast and total say":      {[]string{page("", 1, 2)}, 2},
		"isLast does not end it":                                {[]string{page(`,"nextPageToken":"a"`, 1), page("", 2)}, 2},
		"an empty page with a token is not the end":             {[]string{page(`,"nextPageToken":"a"`), page(`,"nextPageToken":"b"`), page("", 1)}, 1},
		"a short page is not the end":                           {[]string{page(`,"nextPageToken":"a"`, 1), page(`,"nextPageToken":"b"`, 2), page("", 3)}, 3},
		"a token that comes again is trouble":                   {[]string{page(`,"nextPageToken":"a"`, 1)}, -1},
		"an empty search":                                       {[]string{page("")}, 0},
		"an answer without issues is trouble, not an empty one": {[]string{`{}`}, -1},
		"an issue without an id is trouble, not a missing one":  {[]string{`{"issues":[{"key":"OPS-1","fields":{}}]}`}, -1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			client := site(t, func(w http.ResponseWriter, _ *http.Request) {
				says(200, asJSON, c.pages[min(int(n.Add(1)), len(c.pages))-1])(w, nil)
			})
			found := 0
			err := client.Changed(t.Context(), jirasync.Query{Label: "l"}, func(p []jirasync.Issue) error {
				found += len(p)
				return nil
			})
			switch {
			case c.found < 0:
				if got := troubleOf(t, err); got.Kind != jirasync.Temporary {
					t.Errorf("got %+v", got)
				}
			case err != nil || found != c.found:
				t.Errorf("found %d, %v; want %d", found, err, c.found)
			}
		})
	}
	t.Run("tokens without end are trouble", func(t *testing.T) {
		t.Parallel()
		var n atomic.Int32
		client := site(t, func(w http.ResponseWriter, _ *http.Request) {
			says(200, asJSON, page(fmt.Sprintf(`,"nextPageToken":"%d"`, n.Add(1))))(w, nil)
		})
		err := client.Changed(t.Context(), jirasync.Query{Label: "l"}, func([]jirasync.Issue) error { return nil })
		if got := troubleOf(t, err); !strings.Contains(got.Said, "no end") || n.Load() != pagesMax {
			t.Errorf("after %d pages: %v", n.Load(), got)
		}
	})
}

func TestQueriesOutOfWhatPeopleType(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		q    jirasync.Query
		want string
	}{
		"the label":         {jirasync.Query{Label: "upshot-x1"}, `labels = "upshot-x1" ORDER BY updated ASC, id ASC`},
		"since a moment":    {jirasync.Query{Label: "upshot-x1", Since: noon}, `labels = "upshot-x1" AND updated >= 1772452800000 ORDER BY updated ASC, id ASC`},
		"and some numbers":  {jirasync.Query{Label: "upshot-x1", IDs: []string{"1", "2"}, Since: noon}, `(labels = "upshot-x1" OR id in (1, 2)) AND updated >= 1772452800000 ORDER BY updated ASC, id ASC`},
		"quotes are quoted": {jirasync.Query{Label: `a" OR "b\`}, `labels = "a\" OR \"b\\" ORDER BY updated ASC, id ASC`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := jql(c.q); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzTrouble: whatever comes with a status of trouble, it has a kind, and words that are few and text.
func FuzzTrouble(f *testing.F) {
	f.Add(400, asJSON, []byte(`{"errorMessages":["No.",{"a":1},null],"errors":{"labels":["a",["b"]],"x":{"y":null}},"message":"m"}`))
	f.Add(404, "text/html", []byte("<html>"))
	f.Add(500, asJSON, []byte(`{"errorMessages":"no list"}`))
	f.Add(429, "text/plain", []byte("\xff\xfe slow"))
	client := &Client{settings: Settings{Token: token, Now: func() time.Time { return noon }}, bare: map[string]int{}}
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 300 || status > 599 {
			return
		}
		r := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}}
		var got *jirasync.Trouble
		if err := client.judge(t.Context(), request{operation: "PUT issue", write: true}, r, body, nil); !errors.As(err, &got) {
			t.Fatalf("got %v", err)
		}
		if got.Kind == "" || got.Words() == "" && len(got.Fields) == 0 || utf8.RuneCountInString(got.Said) > wordsMax || !utf8.ValidString(got.Words()) {
			t.Fatalf("got %+v", got)
		}
	})
}
