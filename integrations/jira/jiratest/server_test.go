package jiratest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A day on which nothing happens by itself.
var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// site is a double with a caller who is signed in.
type site struct {
	*Server
	t     testing.TB
	url   string
	clock *clock
	auth  string
}

func start(t testing.TB, flavour Flavour) *site {
	t.Helper()
	c := &clock{noon}
	s := New(Options{Flavour: flavour, Now: c.Now})
	return &site{Server: s, t: t, url: s.Start(t), clock: c}
}

func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	for _, flavour := range []Flavour{Cloud, DataCenter} {
		t.Run(string(flavour), func(t *testing.T) { test(t, start(t, flavour)) })
	}
}

// got is an answer as a caller sees it.
type got struct {
	status int
	header http.Header
	text   string
	json   any
}

// at walks into an answer by the names of members and the places in lists.
func (g got) at(path ...any) any {
	v := g.json
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func (g got) size(path ...any) int {
	list, _ := g.at(path...).([]any)
	return len(list)
}

func (s *site) try(method, path string, body any) (got, error) {
	s.t.Helper()
	var reader io.Reader
	if body != nil {
		content, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(content)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	switch {
	case s.auth != "":
		r.Header.Set("Authorization", s.auth)
	case s.cloud():
		r.SetBasicAuth(DefaultUser, DefaultToken)
	default:
		r.Header.Set("Authorization", "Bearer "+DefaultToken)
	}
	// A connection for each call: a client must not try again by itself.
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a, err := client.Do(r)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = a.Body.Close() }()
	content, err := io.ReadAll(a.Body)
	g := got{status: a.StatusCode, header: a.Header, text: string(content)}
	_ = json.Unmarshal(content, &g.json)
	return g, err
}

func (s *site) ask(method, path string, body any) got {
	s.t.Helper()
	g, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}

func (s *site) get(path string) got { s.t.Helper(); return s.ask(http.MethodGet, path, nil) }

// search looks for issues with a few fields, and gives their keys.
func (s *site) search(jql string, more ...object) (got, []string) {
	s.t.Helper()
	path, body := "/rest/api/2/search", object{"jql": jql, "fields": []string{"summary", "status", "labels"}}
	if s.cloud() {
		path += "/jql"
	}
	for _, m := range more {
		for name, v := range m {
			body[name] = v
		}
	}
	g := s.ask(http.MethodPost, path, body)
	keys := []string{}
	for n := range g.size("issues") {
		keys = append(keys, g.at("issues", n, "key").(string))
	}
	return g, keys
}

// create files an issue; more are fields beside the usual ones.
func (s *site) create(more object) got {
	s.t.Helper()
	fields := object{"project": object{"key": "OPS"}, "issuetype": object{"id": "10001"}, "summary": "A fix"}
	for name, v := range more {
		fields[name] = v
	}
	return s.ask(http.MethodPost, "/rest/api/2/issue", object{"fields": fields})
}

// says tells whether an answer is a refusal with these words, in errorMessages or for a field.
func (g got) says(words string) bool {
	for n := range g.size("errorMessages") {
		if g.at("errorMessages", n) == words {
			return true
		}
	}
	fields, _ := g.at("errors").(map[string]any)
	for _, v := range fields {
		if v == words {
			return true
		}
	}
	return false
}

func TestSomeThingsAreThereOnOneFlavourAlone(t *testing.T) {
	onCloud := map[string]string{
		"GET /rest/api/2/search/jql?jql=project%3DOPS": "the new search", "POST /rest/api/2/changelog/bulkfetch": "histories of many",
		"POST /rest/api/2/issue/bulkfetch": "many issues", "GET /rest/api/2/issue/OPS-1/changelog": "the history of one",
		"GET /rest/api/2/priority/search": "priorities by pages", "GET /rest/api/2/resolution/search": "resolutions by pages",
	}
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{})
		for call, what := range onCloud {
			method, path, _ := strings.Cut(call, " ")
			var body any
			if method == http.MethodPost {
				body = object{"issueIdsOrKeys": []string{"OPS-1"}}
			}
			want := http.StatusNotFound
			if s.cloud() {
				want = http.StatusOK
			}
			if g := s.ask(method, path, body); g.status != want {
				t.Errorf("%s: %d, not %d: %s", what, g.status, want, g.text)
			}
		}
		if g := s.get("/rest/api/2/nothing"); g.status != http.StatusNotFound {
			t.Errorf("what nobody has: %d", g.status)
		}
		if g := s.get("/rest/api/2/issue/createmeta"); g.status != http.StatusNotFound {
			t.Errorf("the old createmeta: %d", g.status)
		}
	})
}

func TestTheOldSearchIsGoneFromCloud(t *testing.T) {
	s := start(t, Cloud)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		g := s.ask(method, "/rest/api/2/search?jql=project%3DOPS", nil)
		if g.status != http.StatusGone || !g.says("The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046") {
			t.Errorf("%s: %d %s", method, g.status, g.text)
		}
	}
}

func TestLogins(t *testing.T) {
	s := start(t, Cloud)
	s.Seed(Seed{})
	s.auth = "Basic d3Jvbmc6d3Jvbmc="
	if g, keys := s.search("project = OPS"); g.status != http.StatusOK || len(keys) != 0 || g.at("isLast") != true || g.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" {
		t.Errorf("a search with a wrong token: %d %s %v", g.status, g.text, g.header)
	}
	for _, path := range []string{"/rest/api/2/myself", "/rest/api/2/issue/OPS-1"} {
		if g := s.get(path); g.status != http.StatusUnauthorized || g.text != "Client must be authenticated to access this resource." {
			t.Errorf("%s with a wrong token: %d %s", path, g.status, g.text)
		}
	}
	if g := s.get("/rest/api/2/serverInfo"); g.status != http.StatusOK || g.at("deploymentType") != "Cloud" {
		t.Errorf("what everybody may know: %d %s", g.status, g.text)
	}
	s.auth = "Bearer " + DefaultToken
	if g := s.get("/rest/api/2/myself"); g.status != http.StatusUnauthorized {
		t.Errorf("a token without a user on Cloud: %d", g.status)
	}
	s.auth = ""
	s.Set(func(f *Faults) { f.Expired = true })
	if g, _ := s.search("project = OPS"); g.status != http.StatusOK || g.size("issues") != 0 || g.header.Get("X-Seraph-LoginReason") == "" {
		t.Errorf("a search with an expired token: %d %s", g.status, g.text)
	}
	s.Set(func(f *Faults) { f.Expired = false })
	if _, keys := s.search("project = OPS"); len(keys) != 1 {
		t.Errorf("a good token finds %v", keys)
	}
}

func TestLoginsOfDataCenter(t *testing.T) {
	s := start(t, DataCenter)
	if g := s.get("/rest/api/2/myself"); g.status != http.StatusOK || g.at("name") != "upshot" || g.at("accountId") != nil || g.header.Get("X-AUSERNAME") != "upshot" {
		t.Errorf("myself: %d %s", g.status, g.text)
	}
	s.Set(func(f *Faults) { f.Anonymous = true })
	if g, _ := s.search("project = OPS"); g.status != http.StatusOK || g.header.Get("X-AUSERNAME") != "anonymous" || g.size("issues") != 0 {
		t.Errorf("as nobody: %d %s", g.status, g.text)
	}
	s.Set(func(f *Faults) { f.Anonymous = false })
	s.auth = "Bearer wrong"
	for n := range loginsMost {
		if g := s.get("/rest/api/2/myself"); g.status != http.StatusUnauthorized {
			t.Errorf("failed login %d: %d", n+1, g.status)
		}
	}
	g := s.get("/rest/api/2/myself")
	if g.status != http.StatusForbidden || !strings.HasPrefix(g.header.Get("X-Authentication-Denied-Reason"), "CAPTCHA_CHALLENGE; login-url=") || !strings.HasPrefix(g.text, "<html>") {
		t.Errorf("after too many failed logins: %d %v %s", g.status, g.header, g.text)
	}
	s.auth = ""
	s.Set(func(f *Faults) { f.Captcha = true })
	if g := s.get("/rest/api/2/myself"); g.status != http.StatusForbidden {
		t.Errorf("a good token while the account is locked: %d", g.status)
	}
}

func TestAContextPath(t *testing.T) {
	double := New(Options{Flavour: DataCenter, Path: "/jira"})
	s := &site{Server: double, t: t, url: double.Start(t)}
	if g := s.get("/rest/api/2/serverInfo"); g.status != http.StatusOK || !strings.HasSuffix(g.at("baseUrl").(string), "/jira") {
		t.Errorf("with the path: %d %s", g.status, g.text)
	}
	s.url = strings.TrimSuffix(s.url, "/jira")
	if g := s.get("/rest/api/2/serverInfo"); g.status != http.StatusNotFound {
		t.Errorf("without it: %d", g.status)
	}
}

func TestPeopleAreKnownInTheWayOfTheFlavour(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddUser(User{AccountID: "5c", Name: "jon", DisplayName: "Jon Open", Email: "jon@example.test", EmailShown: true})
		s.AddUser(User{AccountID: "5d", Name: "kim", DisplayName: "Kim Hidden", Email: "kim@example.test"})
		find := func(typed string) int {
			return s.get("/rest/api/2/user/assignable/search?project=OPS&query=" + typed + "&username=" + typed).size()
		}
		hidden := 1
		if s.cloud() {
			hidden = 0
		}
		for typed, want := range map[string]int{"mira": 1, "jon@example.test": 1, "kim@example.test": hidden, "Left": 0} {
			if n := find(typed); n != want {
				t.Errorf("%q finds %d people, not %d", typed, n, want)
			}
		}
		me := s.get("/rest/api/2/myself")
		if s.cloud() != (me.at("accountId") != nil) || s.cloud() != (me.at("name") == nil) || me.at("timeZone") != "UTC" {
			t.Errorf("myself: %s", me.text)
		}
	})
}

func TestWhatTheSiteSaysOfItself(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{ID: "10700", Key: "TRK", Name: "Tracking", Denied: []string{"ADD_COMMENTS"}, Types: []Type{{
			ID: "10001", Name: "Task", NoPriority: true, Off: []string{"duedate"},
			Fields: []Field{{ID: "customfield_10042", Name: "Team", Required: true, Allowed: []Named{{"1", "Rails"}}}},
		}}})
		s.AddProject(Project{Key: "OLD", Name: "Old", Archived: true})
		sprint, custom := "", 0
		fields := s.get("/rest/api/2/field")
		for n := range fields.size() {
			if fields.at(n, "schema", "custom") == "com.pyxis.greenhopper.jira:gh-sprint" {
				sprint = fields.at(n, "id").(string)
			}
			if fields.at(n, "id") == "customfield_10042" {
				custom++
			}
		}
		if sprint != sprintField || custom != 1 {
			t.Errorf("the sprint field is %q, the team is there %d times", sprint, custom)
		}
		if g := s.get("/rest/api/2/mypermissions?permissions=ADD_COMMENTS,EDIT_ISSUES&projectKey=TRK"); g.at("permissions", "ADD_COMMENTS", "havePermission") != false || g.at("permissions", "EDIT_ISSUES", "havePermission") != true {
			t.Errorf("permissions: %s", g.text)
		}
		types, inputs := "values", "values"
		if s.cloud() {
			types, inputs = "issueTypes", "fields"
		}
		if g := s.get("/rest/api/2/issue/createmeta/TRK/issuetypes"); g.size(types) != 1 {
			t.Errorf("types: %s", g.text)
		}
		g := s.get("/rest/api/2/issue/createmeta/10700/issuetypes/10001?maxResults=100")
		there := map[any]any{}
		for n := range g.size(inputs) {
			there[g.at(inputs, n, "fieldId")] = g.at(inputs, n, "required")
		}
		if there["customfield_10042"] != true || there["summary"] != true || there["labels"] != false || there["priority"] != nil || there["duedate"] != nil {
			t.Errorf("inputs: %v", there)
		}
		if g := s.get("/rest/api/2/issue/createmeta/TRK/issuetypes/10001?startAt=2&maxResults=3"); g.size(inputs) != 3 || g.at("startAt") != 2.0 || g.at("total") != float64(len(there)) {
			t.Errorf("a page of them: %s", g.text)
		}
		if g := s.get("/rest/api/2/issue/createmeta/OLD/issuetypes"); g.status != http.StatusNotFound {
			t.Errorf("an archived project takes issues: %d", g.status)
		}
		names := []any{}
		for n := range 5 {
			names = append(names, s.get("/rest/api/2/priority").at(n, "name"))
		}
		if names[0] != "Highest" || names[1] != "High" || names[4] != "Lowest" {
			t.Errorf("priorities: %v", names)
		}
	})
}

func TestListenServesUntilTheContextEnds(t *testing.T) {
	s := New(Options{})
	url, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.Get(url + "/board")
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
	if a.StatusCode != http.StatusOK {
		t.Errorf("the board: %d", a.StatusCode)
	}
	if _, err := s.Listen(t.Context(), "127.0.0.1:none"); err == nil {
		t.Error("no such port, and no error")
	}
}

// receiver takes webhooks.
func receiver(t testing.TB, take http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(take)
	t.Cleanup(server.Close)
	return server.URL
}

func endedBy(err error) string {
	switch {
	case err == nil:
		return "an answer"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "a cut"
	case strings.Contains(err.Error(), "connection reset"):
		return "a reset"
	case errors.Is(err, io.EOF):
		return "an end"
	}
	return err.Error()
}
