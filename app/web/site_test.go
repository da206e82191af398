package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/app/notice"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/secret"
	"upshot/app/triage"
	"upshot/integrations/makers"
	"upshot/internal/synctest"
	"upshot/store"
	"upshot/store/storetest"
	letters "upshot/views/mail"
)

func TestMain(m *testing.M) {
	account.Hashing = account.CheapHashing
	os.Exit(m.Run())
}

// password is everybody's in these tests.
const password = "correct horse battery staple"

// site is the pages over an empty database, with a clock that stands still until it is moved.
type site struct {
	t     testing.TB
	store *store.Store
	web   *Web
	url   string

	statements atomic.Int64 // that requests have sent to the database

	post postbox // where mail and chats go

	mu  sync.Mutex
	now time.Time
}

// readTexts indexes the words of what was written, as the program does soon after.
func (s *site) readTexts() {
	s.t.Helper()
	if _, err := s.store.IndexTexts(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// newSite serves the pages at a quarter past nine on a Monday.
func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, store: storetest.Open(t), now: time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)}
	keeper := &followup.Keeper{Store: s.store, Log: s.store, Now: s.clock}
	incidents := &incident.Service{Store: s.store, Problems: s.store, Keeper: keeper, Log: s.store, Now: s.clock}
	followUps := &followup.Service{Store: s.store, Keeper: keeper, Log: s.store, Now: s.clock}
	notes := &rootcause.Service{Store: s.store, Keeper: keeper, Log: s.store, Now: s.clock}
	deployments := &deployment.Service{Store: s.store, Keeper: keeper, Log: s.store, Now: s.clock}
	key := secret.NewRandomKey()
	s.web = &Web{
		Store:     s.store,
		Accounts:  account.NewService(s.store, s.clock),
		Catalog:   &catalog.Editing{Store: s.store, Log: s.store, Now: s.clock, Key: key},
		Incidents: incidents,
		Notices: &notice.Service{
			Store: s.store, Incidents: incidents, Log: s.store, Mail: &s.post, Chat: (*chatbox)(&s.post), Key: key, Letter: letters.NoticeLetter,
			Logger: slog.New(slog.DiscardHandler), Now: s.clock, BaseURL: "https://upshot.example.test", Holder: "test", Lease: time.Minute,
		},
		Problems: &problem.Service{
			Store: s.store, Keeper: keeper, Log: s.store, Now: s.clock,
			Join: func(ctx context.Context, actor account.Actor, i problem.IncidentID, into problem.ID) error {
				return incidents.JoinProblem(ctx, actor, i, into)
			},
		},
		Notes:       notes,
		Deployments: deployments,
		FollowUps:   followUps,
		Jira:        synctest.New(s.store, followUps, s.clock),
		Intake: &intake.Service{
			Store: s.store, Makers: makers.All(), Incidents: incidents, Deployments: deployments, Notes: notes, Log: s.store,
			Key: secret.NewRandomKey(), Now: s.clock,
		},
		Digests: &digest.Service{
			Store: s.store, Log: s.store, Ready: func() bool { return true }, Letter: letters.Letter, Short: letters.Short, Logger: slog.New(slog.DiscardHandler),
			Now: s.clock, BaseURL: "https://upshot.example.test", Zone: time.UTC, Poll: time.Minute, Holder: "test", Lease: time.Minute,
		},
		Triage:   &triage.Service{Store: s.store, Log: s.store, Now: s.clock},
		Poll:     time.Minute,
		Sessions: NewSessions(s.store.Sessions(s.clock), false),
		Log:      slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError})),
		Now:      s.clock,
	}
	e := echo.New()
	e.HTTPErrorHandler = s.web.Trouble
	s.web.Use(e)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.ServeHTTP(w, r.WithContext(store.CountStatements(r.Context(), &s.statements)))
	}))
	t.Cleanup(server.Close)
	s.url, s.web.BaseURL = server.URL, server.URL
	return s
}

// testLog makes trouble of ours visible where it happened.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// boss is who adds people before anybody is there.
var boss = account.AsCommand("test")

// person adds somebody called after their role, and gives a browser in which they are signed in.
func (s *site) person(role account.Role) *browser {
	s.t.Helper()
	return s.named(string(role), role)
}

func (s *site) named(name string, role account.Role) *browser {
	s.t.Helper()
	u, err := s.web.Accounts.AddUser(context.Background(), boss, account.User{Name: name, Role: role, Zone: "Europe/Lisbon"}, password)
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.browser()
	b.user = u
	b.post("/signin", "name", name, "password", password).leadsTo("/")
	return b
}

// browser is one person's browser: it keeps cookies and follows nothing by itself.
type browser struct {
	site   *site
	client *http.Client
	user   account.User
}

// browser opens one in which nobody is signed in.
func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{site: s, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) actor() account.Actor { return b.user.Actor() }

func (b *browser) get(address string) *page {
	b.site.t.Helper()
	return b.ask(http.MethodGet, address, "", nil)
}

// post sends a form of names and values in turn.
func (b *browser) post(address string, namesAndValues ...string) *page {
	b.site.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return b.ask(http.MethodPost, address, form.Encode(), nil)
}

func (b *browser) ask(method, address, body string, header http.Header) *page {
	t := b.site.t
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.site.url+address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &page{t: t, asked: method + " " + address, status: answer.StatusCode, header: answer.Header, text: string(text)}
}

// page is an answer.
type page struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	text   string
}

// is checks the status.
func (p *page) is(status int) *page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s answered %d, want %d:\n%s", p.asked, p.status, status, p.text)
	}
	return p
}

// leadsTo checks that the answer leads on, with 303, to that address.
func (p *page) leadsTo(address string) *page {
	p.t.Helper()
	p.is(http.StatusSeeOther)
	if got := p.header.Get("Location"); got != address {
		p.t.Fatalf("%s leads to %s, want %s", p.asked, got, address)
	}
	return p
}

// find gives the elements that fit, in the order of the page.
func (p *page) find(fits func(*html.Node) bool) []*html.Node {
	p.t.Helper()
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		p.t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && fits(n) {
			found = append(found, n)
		}
	}
	return found
}

// marked gives the elements with that data-test mark.
func (p *page) marked(mark string) []*html.Node {
	p.t.Helper()
	return p.find(func(n *html.Node) bool { return attribute(n, "data-test") == mark })
}

// field gives the field with that id, or nil.
func (p *page) field(id string) *html.Node {
	p.t.Helper()
	for _, n := range p.find(func(n *html.Node) bool { return attribute(n, "id") == id }) {
		return n
	}
	return nil
}

// named gives the first field of that name.
func (p *page) named(name string) *html.Node {
	p.t.Helper()
	for _, n := range p.find(func(n *html.Node) bool { return attribute(n, "name") == name }) {
		return n
	}
	p.t.Fatalf("%s has no field named %s", p.asked, name)
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// words is what a person reads in the elements, with single spaces.
func words(nodes ...*html.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data + " ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// says checks that a person reads these words, in the elements with that mark, or on the whole page when it is empty.
func (p *page) says(mark, text string) *page {
	p.t.Helper()
	if read := p.read(mark); !strings.Contains(read, text) {
		p.t.Fatalf("%s does not say %q in %q but:\n%s", p.asked, text, mark, read)
	}
	return p
}

// lacks checks that nobody reads these words.
func (p *page) lacks(mark, text string) *page {
	p.t.Helper()
	if read := p.read(mark); strings.Contains(read, text) {
		p.t.Fatalf("%s says %q in %q:\n%s", p.asked, text, mark, read)
	}
	return p
}

func (p *page) read(mark string) string {
	p.t.Helper()
	if mark != "" {
		return words(p.marked(mark)...)
	}
	return words(p.find(func(n *html.Node) bool { return n.DataAtom == atom.Body })...)
}

// wrong checks that the form came back with something wrong beside each of these fields.
func (p *page) wrong(fields ...string) *page {
	p.t.Helper()
	p.is(http.StatusUnprocessableEntity)
	for _, field := range fields {
		if p.field(field+"-error") == nil {
			p.t.Fatalf("%s says nothing beside %s but:\n%s", p.asked, field, p.read("errors"))
		}
	}
	return p
}

// holds checks what a field of the page holds.
func (p *page) holds(id, value string) *page {
	p.t.Helper()
	if got := p.value(id); got != value {
		p.t.Fatalf("%s: the field %s holds %q, want %q", p.asked, id, got, value)
	}
	return p
}

// value is what the field with that id holds.
func (p *page) value(id string) string {
	p.t.Helper()
	n := p.field(id)
	if n == nil {
		p.t.Fatalf("%s has no field %s:\n%s", p.asked, id, p.read(""))
	}
	switch n.DataAtom {
	case atom.Textarea:
		return strings.TrimPrefix(n.FirstChild.Data, "\n")
	case atom.Select:
		for o := range n.Descendants() {
			if o.DataAtom == atom.Option && has(o, "selected") {
				return attribute(o, "value")
			}
		}
		return ""
	}
	return attribute(n, "value")
}
