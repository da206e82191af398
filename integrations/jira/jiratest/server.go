// Package jiratest is a pretend Jira: a real HTTP server with the parts of Jira Cloud and Jira Data Center that Upshot uses,
// with the ways in which the real ones fail, and a journal of what was done to it. Tests and the sandbox use it.
package jiratest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Flavour is which Jira is pretended.
type Flavour string

// The flavours.
const (
	Cloud      Flavour = "Cloud"
	DataCenter Flavour = "Server"
)

// Options of a server. The zero value is a Cloud in UTC at the time of now.
type Options struct {
	Flavour Flavour
	Now     func() time.Time
	// User and Token are the login that is good: user and API token on Cloud, a personal access token on Data Center.
	User, Token string
	Zone        *time.Location // of the account, in which bare dates of a query are read
	// Path is the context path, such as /jira; empty: none.
	Path string
}

// The login of a server that names none.
const (
	DefaultUser  = "robot@example.test"
	DefaultToken = "a-good-token"
)

// Server is a pretend Jira.
type Server struct {
	options Options

	mu         sync.Mutex
	statuses   []Status
	priorities []Named // highest first
	resolved   []Named
	users      []User
	projects   map[string]*Project
	sprints    []*Sprint
	issues     map[string]*Issue // by id
	byKey      map[string]string // also earlier keys
	nextIssue  int
	nextChange int
	nextOther  int
	journal    []Entry
	inFlight   int
	mostAtOnce int
	tokens     map[string]pageToken
	faults     Faults
	failed     int // logins
	counted    int // calls, for faults at every so manieth
	random     *rand.Rand
	hooks      []*hook
	sent       []Sent
	pending    []delivery // to be sent when the lock is given back
	held       []delivery // until they are released
	ways       map[string][]string
}

// Named is something with an id and a name.
type Named struct{ ID, Name string }

// Status is a status of the site; Category is new, indeterminate or done. A deleted one lives on in histories alone.
type Status struct {
	ID, Name, Category string
	Deleted            bool
}

// User is somebody. On Data Center the Name identifies, on Cloud the AccountID, and there only the login sees its own Email: that of
// others is hidden, unless EmailShown.
type User struct {
	AccountID, Name, DisplayName, Email string
	Inactive, EmailShown                bool
}

// Field is a field of an issue type on the create screen.
type Field struct {
	ID, Name string
	Required bool
	Type     string // string, number, option, array (of options), user, date …; empty: option
	Allowed  []Named
}

// Type is an issue type of a project.
type Type struct {
	ID, Name string
	Subtask  bool
	// NoLabels and NoPriority take those fields off its screens.
	NoLabels, NoPriority bool
	// Off are more fields that are not on its screens: duedate, assignee, resolution, issuelinks, comment …
	Off    []string
	Fields []Field // beyond the usual ones
}

// Project is a project.
type Project struct {
	ID, Key, Name string
	Types         []Type
	// Denied are permissions that the login lacks, such as ADD_COMMENTS.
	Denied     []string
	Components []Named
	// Archived: nothing is written to it any more, and no search finds its issues.
	Archived bool
	// BoardJQL is the query of its board's filter; empty: the whole project.
	BoardJQL string
	last     int // number of its last issue
}

// Sprint is a sprint of the one board of a project. State is future, active or closed.
type Sprint struct {
	ID        int
	Project   string
	Name      string
	State     string
	StartedAt time.Time
	Goal      string
}

// New makes a server with a project OPS, three usual statuses and a few more, priorities that are not in the order of the alphabet,
// and the account of the login.
func New(o Options) *Server {
	if o.Flavour == "" {
		o.Flavour = Cloud
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.User == "" && o.Flavour == Cloud {
		o.User = DefaultUser
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s := &Server{
		options: o, projects: map[string]*Project{}, issues: map[string]*Issue{}, byKey: map[string]string{}, tokens: map[string]pageToken{},
		nextIssue: 10_000, nextChange: 20_000, nextOther: 30_000, ways: map[string][]string{}, random: rand.New(rand.NewPCG(1, 2)),
		statuses: []Status{
			{ID: "10000", Name: "To Do", Category: "new"},
			{ID: "10003", Name: "Selected for development", Category: "new"},
			{ID: "3", Name: "In Progress", Category: "indeterminate"},
			{ID: "10001", Name: "In Review", Category: "indeterminate"},
			{ID: "10002", Name: "Done", Category: "done"},
		},
		priorities: []Named{{"1", "Highest"}, {"2", "High"}, {"3", "Medium"}, {"4", "Low"}, {"5", "Lowest"}},
		resolved:   []Named{{"10000", "Done"}, {"10001", "Won't Do"}, {"10002", "Duplicate"}, {"10003", "Cannot Reproduce"}, {"10004", "Operations resolved"}},
		users: []User{
			{AccountID: "5b10a2844c20165700ede21g", Name: "upshot", DisplayName: "Upshot robot", Email: "robot@example.test"},
			{AccountID: "5b10ac8d82e05b22cc7d4ef5", Name: "mira", DisplayName: "Mira Krause"},
			{AccountID: "5b10ac8d82e05b22cc7d4ef6", Name: "left", DisplayName: "Left Long Ago", Inactive: true},
		},
	}
	s.AddProject(Project{Key: "OPS", Name: "Operations"})
	return s
}

// Robot is the account of the login, and Mira somebody else.
func (s *Server) Robot() User { return s.users[0] }

// Mira is a person who is not the login.
func (s *Server) Mira() User { return s.users[1] }

// AddProject adds a project, or changes one; without types it has Task and a sub-task, without sprints none.
func (s *Server) AddProject(p Project) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.ID == "" {
		p.ID = fmt.Sprint(10_000 + len(s.projects))
	}
	if len(p.Types) == 0 {
		p.Types = []Type{{ID: "10001", Name: "Task"}, {ID: "10003", Name: "Bug"}, {ID: "10002", Name: "Sub-task", Subtask: true}}
	}
	if before := s.projects[p.Key]; before != nil {
		p.last = before.last
	}
	s.projects[p.Key] = &p
}

// AddSprint adds a sprint to a project's board and gives its id.
func (s *Server) AddSprint(sp Sprint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp.ID = len(s.sprints) + 1
	s.sprints = append(s.sprints, &sp)
	return sp.ID
}

// StartSprint starts a sprint. Like Jira, it does not count that as a change of the sprint's issues.
func (s *Server) StartSprint(id int, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp := s.sprint(id); sp != nil {
		sp.State, sp.StartedAt = "active", at
	}
}

// AddStatus adds a status.
func (s *Server) AddStatus(st Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, st)
}

// RenameStatus gives a status another name; histories keep the one that it had.
func (s *Server) RenameStatus(name, now string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.statuses {
		if s.statuses[n].Name == name {
			s.statuses[n].Name = now
		}
	}
}

// Ways says where the workflow leads from a status, both by name. Without it, a status leads to every other one.
func (s *Server) Ways(from string, to ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ways[from] = to
}

// SetPriorities replaces the site's priorities, highest first.
func (s *Server) SetPriorities(all ...Named) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.priorities = all
}

// SetResolutions replaces the site's resolutions.
func (s *Server) SetResolutions(all ...Named) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resolved = all
}

// AddUser adds somebody.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = append(s.users, u)
}

// ChangeSprint closes a sprint, renames it, or changes anything else of it.
func (s *Server) ChangeSprint(id int, change func(*Sprint)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp := s.sprint(id); sp != nil {
		change(sp)
	}
}

// DeleteStatus takes a status off the site's list; histories keep it.
func (s *Server) DeleteStatus(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.statuses {
		if s.statuses[n].Name == name {
			s.statuses[n].Deleted = true
		}
	}
}

// Start serves until the end of the test, and gives the address with the context path.
func (s *Server) Start(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL + s.options.Path
}

// Listen serves at an address, such as 127.0.0.1:0, until the context ends, and gives the address with the context path.
func (s *Server) Listen(ctx context.Context, addr string) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + s.options.Path, nil
}

func (s *Server) cloud() bool { return s.options.Flavour == Cloud }

func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Millisecond) }

// ServeHTTP answers as Jira does, at /__double what the server is told, and at / the board.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, inside := strings.CutPrefix(r.URL.Path, s.options.Path)
	switch {
	case !inside:
		http.NotFound(w, r)
	case strings.HasPrefix(path, "/rest/"):
		s.serveAPI(w, r, path)
	case path == "/__double", strings.HasPrefix(path, "/__double/"):
		s.serveControl(w, r, strings.Trim(strings.TrimPrefix(path, "/__double"), "/"))
	default:
		s.servePages(w, r, path)
	}
}

// serveAPI goes through what may go wrong, before and after the effect.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	op := operation(r.Method, path)
	s.mu.Lock()
	s.inFlight++
	s.mostAtOnce = max(s.mostAtOnce, s.inFlight)
	latency := s.faults.Latency
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inFlight--
		s.mu.Unlock()
	}()
	content, err := io.ReadAll(io.LimitReader(r.Body, 10<<20)) // whole, or nobody would notice that the caller gave up
	if err != nil {
		return
	}
	pause(r, latency)
	e := Entry{At: s.now(), Method: r.Method, Path: path, Operation: op}
	a, broken := s.before(r, op)
	if a.silence > 0 && !pause(r, a.silence) {
		a = answer{lost: true} // the caller gave up, and the call has no effect
		broken = true
	}
	if !broken {
		a = s.answer(r, path, content, &e)
		s.after(op, &e, &a)
	}
	if a.hang > 0 && !pause(r, a.hang) {
		a.lost = true // the caller gave up, and the effect stays
	}
	s.send(w, a, &e)
}

// pause waits, and tells whether the caller waited too.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// answer is what goes back.
type answer struct {
	status int
	header http.Header
	body   any    // JSON
	page   string // HTML instead
	// lost: the connection ends before the answer; cutShort: in the middle of it. reset: it does not end in order.
	lost, cutShort, reset bool
	silence, hang         time.Duration // before and after the effect
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func refused(status int, words string, fields map[string]any) answer {
	messages := []string{}
	if words != "" {
		messages = append(messages, words)
	}
	if fields == nil {
		fields = map[string]any{}
	}
	return answer{status: status, body: map[string]any{"errorMessages": messages, "errors": fields}}
}

func wrongField(field, words string) answer {
	return refused(http.StatusBadRequest, "", map[string]any{field: words})
}

const noIssue = "Issue does not exist or you do not have permission to see it."

func absent(words string) answer { return refused(http.StatusNotFound, words, nil) }
