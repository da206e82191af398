package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"upshot/app/account"
	"upshot/app/api"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/secret"
	"upshot/app/triage"
	"upshot/internal/synctest"
	"upshot/store"
	"upshot/store/storetest"
)

// clock is the time of a test, moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// site is the API over a real, empty store, with one token of each role.
type site struct {
	t      testing.TB
	store  *store.Store
	e      *echo.Echo
	clock  *clock
	log    *bytes.Buffer
	tokens map[account.Role]string
	sync   *jirasync.Sync
}

// began is when every test takes place.
var began = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

func newSite(t testing.TB) *site {
	t.Helper()
	s := storetest.Open(t)
	c := &clock{now: began}
	keeper := &followup.Keeper{Store: s, Log: s, Now: c.Now}
	incidents := &incident.Service{Store: s, Problems: s, Keeper: keeper, Log: s, Now: c.Now}
	accounts := account.NewService(s, c.Now)
	var log bytes.Buffer
	followUps := &followup.Service{Store: s, Keeper: keeper, Log: s, Now: c.Now}
	sync := synctest.New(s, followUps, c.Now)
	a := &api.API{
		Store: s, Tokens: accounts, Jira: sync, Poll: time.Minute,
		Catalog:     &catalog.Editing{Store: s, Log: s, Now: c.Now, Key: secret.NewRandomKey()},
		Incidents:   incidents,
		Problems:    &problem.Service{Store: s, Keeper: keeper, Log: s, Now: c.Now, Join: incidents.JoinProblem},
		Notes:       &rootcause.Service{Store: s, Keeper: keeper, Log: s, Now: c.Now},
		FollowUps:   followUps,
		Triage:      &triage.Service{Store: s, Log: s, Now: c.Now},
		Deployments: &deployment.Service{Store: s, Keeper: keeper, Log: s, Now: c.Now},
		Log:         slog.New(slog.NewTextHandler(&log, nil)), Now: c.Now,
	}
	e := echo.New()
	e.Use(middleware.RequestID())
	a.Register(e)
	x := &site{t: t, sync: sync, store: s, e: e, clock: c, log: &log, tokens: map[account.Role]string{}}
	for _, role := range account.Roles {
		_, raw, err := accounts.AddToken(context.Background(), account.AsCommand("test"), account.Token{Name: string(role), Role: role})
		if err != nil {
			t.Fatal(err)
		}
		x.tokens[role] = raw
	}
	return x
}

// answer is what came back.
type answer struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	text   string
}

// send sends a request; header are names and values by turns. An empty role sends no token.
func (x *site) send(role account.Role, method, path, body string, header ...string) answer {
	x.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, "/api/v1"+path, nil)
	}
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+x.tokens[role])
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	x.e.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return answer{t: x.t, asked: method + " " + path, status: w.Code, header: w.Header(), text: string(text)}
}

func (x *site) get(path string) answer { x.t.Helper(); return x.send(account.Viewer, "GET", path, "") }

func (x *site) post(path, body string) answer {
	x.t.Helper()
	return x.send(account.Admin, "POST", path, body)
}

func (x *site) patch(path, body string) answer {
	x.t.Helper()
	return x.send(account.Editor, "PATCH", path, body)
}

// is checks the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.asked, a.status, status, a.text)
	}
	return a
}

// at gives a member by its path: "ledger.still_waiting", "items.0.ref".
func (a answer) at(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.asked, err, a.text)
	}
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			member, there := at[name]
			if !there {
				a.t.Fatalf("%s: no %s in %s", a.asked, path, a.text)
			}
			v = member
		case []any:
			n := int(name[0] - '0')
			if n >= len(at) {
				a.t.Fatalf("%s: no %s in %s", a.asked, path, a.text)
			}
			v = at[n]
		default:
			a.t.Fatalf("%s: no %s in %s", a.asked, path, a.text)
		}
	}
	return v
}

// has checks members, by path and value in turns; numbers are float64.
func (a answer) has(want ...any) answer {
	a.t.Helper()
	for n := 0; n+1 < len(want); n += 2 {
		got, _ := json.Marshal(a.at(want[n].(string)))
		wanted, _ := json.Marshal(want[n+1])
		if !bytes.Equal(got, wanted) {
			a.t.Errorf("%s: %s is %s, want %s", a.asked, want[n], got, wanted)
		}
	}
	return a
}

// wrongAt checks that the answer is a problem that names these places.
func (a answer) wrongAt(places ...string) answer {
	a.t.Helper()
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Errorf("%s: Content-Type %q", a.asked, kind)
	}
	var p struct {
		Status        int
		Title, Detail string
		Errors        []struct{ Location, Message string }
	}
	if err := json.Unmarshal([]byte(a.text), &p); err != nil {
		a.t.Fatalf("%s: %v: %s", a.asked, err, a.text)
	}
	if p.Status != a.status || p.Title == "" || p.Detail == "" {
		a.t.Errorf("%s: status, title and detail: %s", a.asked, a.text)
	}
	for _, place := range places {
		found := false
		for _, e := range p.Errors {
			found = found || (e.Location == place && e.Message != "")
		}
		if !found {
			a.t.Errorf("%s: nothing is said about %s: %s", a.asked, place, a.text)
		}
	}
	return a
}
