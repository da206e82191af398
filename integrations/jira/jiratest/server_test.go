package jiratest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// pretend is a server with two issues, OPS-1 in work and OPS-2 in the backlog.
func pretend(flavour Flavour) *Server {
	s := New(Options{Flavour: flavour, Now: func() time.Time { return noon }})
	for _, title := range []string{"Checkout is down", "Mail is late"} {
		s.Seed(Seed{Summary: title, Labels: []string{"upshot-x1"}, Created: noon.Add(-48 * time.Hour)})
	}
	s.Move("OPS-1", Move{At: noon.Add(-time.Hour), Status: "In Progress"})
	return s
}

// ask makes a call as the login and gives what came back; the body is nil when it is none of JSON.
func ask(t *testing.T, s *Server, address, method, path, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if s.cloud() {
		r.SetBasicAuth(s.options.User, s.options.Token)
	} else {
		r.Header.Set("Authorization", "Bearer "+s.options.Token)
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return answer.StatusCode, answer.Header, "cut: " + err.Error()
	}
	return answer.StatusCode, answer.Header, string(got)
}

func TestItFailsAsJiraDoes(t *testing.T) {
	t.Parallel()
	const create = "POST /rest/api/2/issue"
	issue := func(more string) string {
		return `{"fields":{"project":{"key":"OPS"},"issuetype":{"id":"10001"},"summary":"s"` + more + `}}`
	}
	none := func(*Faults) {}
	cases := map[string]struct {
		flavour Flavour
		faults  func(*Faults)
		call    string
		body    string
		status  int
		says    string
		header  string // "Name: part of its value"
	}{
		"the old search of Cloud":          {Cloud, none, "POST /rest/api/2/search", `{}`, 410, "/rest/api/3/search/jql", ""},
		"a search with an expired token":   {Cloud, func(f *Faults) { f.Expired = true }, "POST /rest/api/2/search/jql", `{"jql":"labels = a"}`, 200, `"issues":[]`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED"},
		"anything else with one":           {Cloud, func(f *Faults) { f.Expired = true }, "GET /rest/api/2/myself", "", 401, "Client must be authenticated", ""},
		"a locked account":                 {DataCenter, func(f *Faults) { f.Captcha = true }, "GET /rest/api/2/myself", "", 403, "", "X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE"},
		"a page to sign in":                {Cloud, func(f *Faults) { f.Redirect = "/login" }, "GET /rest/api/2/myself", "", 302, "", "Location: /login"},
		"a field that no screen has":       {Cloud, func(f *Faults) { f.RefuseField = "priority" }, create, issue(`,"priority":{"id":"2"}`), 400, "not on the appropriate screen", ""},
		"a list as the value of an error":  {Cloud, func(f *Faults) { f.RefuseField, f.ListErrors = "priority", true }, create, issue(`,"priority":{"id":"2"}`), 400, `"priority":[`, ""},
		"a type that is none":              {Cloud, none, create, strings.Replace(issue(""), "10001", "77", 1), 400, "issuetype", ""},
		"a project that is none":           {Cloud, none, create, strings.Replace(issue(""), "OPS", "NIX", 1), 400, `"project"`, ""},
		"somebody who left":                {Cloud, none, create, issue(`,"assignee":{"accountId":"5b10ac8d82e05b22cc7d4ef6"}`), 400, "cannot be assigned issues", ""},
		"a transition that is not there":   {Cloud, none, "POST /rest/api/2/issue/OPS-2/transitions", `{"transition":{"id":"999"}}`, 400, "", ""},
		"a key that is none in a query":    {Cloud, none, "POST /rest/api/2/search/jql", `{"jql":"key = OPS-99"}`, 400, "does not exist for field 'key'", ""},
		"the same, as the new search may":  {Cloud, func(f *Faults) { f.NewStyleMissing = true }, "POST /rest/api/2/search/jql", `{"jql":"key in (OPS-1, OPS-99)"}`, 200, `"id":`, ""},
		"a query without a bound":          {Cloud, none, "POST /rest/api/2/search/jql", `{"jql":"ORDER BY updated"}`, 400, "", ""},
		"400 from the edge":                {Cloud, func(f *Faults) { f.Next, f.Status = 1, 400 }, create, issue(""), 400, "<h1>HTTP Status 400", ""},
		"an issue that is none":            {Cloud, none, "GET /rest/api/2/issue/OPS-99", "", 404, "do not have permission to see it", ""},
		"changed meanwhile":                {Cloud, func(f *Faults) { f.Next, f.Status = 1, 409 }, "PUT /rest/api/2/issue/OPS-1", `{"fields":{"summary":"x"}}`, 409, "changed by somebody else", ""},
		"too many comments":                {Cloud, func(f *Faults) { f.Next, f.Status = 1, 413 }, "PUT /rest/api/2/issue/OPS-1", `{"update":{"comment":[{"add":{"body":"x"}}]}}`, 413, "limit", ""},
		"a burst":                          {Cloud, func(f *Faults) { f.Every, f.Limit = 1, Burst }, create, issue(""), 429, "", "RateLimit-Reason: jira-burst-based"},
		"writes to one issue":              {Cloud, func(f *Faults) { f.Every, f.Limit = 1, PerIssue }, create, issue(""), 429, "", "RateLimit-Reason: jira-per-issue-on-write"},
		"the quota, with the moment":       {Cloud, func(f *Faults) { f.Every, f.Limit = 1, Quota }, create, issue(""), 429, "", "X-RateLimit-Reset: 2026-03-02T12:30Z"},
		"a gateway that says nothing":      {Cloud, func(f *Faults) { f.Every, f.Limit = 1, Gateway }, create, issue(""), 429, "<html>", ""},
		"502 before the effect":            {Cloud, func(f *Faults) { f.Next, f.Status = 1, 502 }, create, issue(""), 502, "<html>", ""},
		"502 after the effect":             {Cloud, func(f *Faults) { f.Next, f.Status, f.Effect = 1, 502, true }, create, issue(""), 502, "<html>", ""},
		"503 with a time":                  {Cloud, func(f *Faults) { f.Next, f.Status, f.LimitFor = 1, 503, 9 }, create, issue(""), 503, "<html>", "Retry-After: 9"},
		"an answer that is cut":            {Cloud, func(f *Faults) { f.CutOneIn = 1 }, create, issue(""), 201, "cut", ""},
		"an answer that is lost":           {Cloud, func(f *Faults) { f.LoseOneIn = 1 }, create, issue(""), 0, "", ""},
		"a connection that ends before":    {Cloud, func(f *Faults) { f.BreakOneIn = 1 }, create, issue(""), 0, "", ""},
		"Data Center says what remains":    {DataCenter, func(f *Faults) { f.TokenBucket = true }, "GET /rest/api/2/myself", "", 200, `"name":"upshot"`, "X-RateLimit-Remaining: 0"},
		"no call for many":                 {Cloud, func(f *Faults) { f.NoBulk = true }, "POST /rest/api/2/issue/bulkfetch", `{"issueIdsOrKeys":["OPS-1"]}`, 404, "", ""},
		"a history that is cut":            {DataCenter, func(f *Faults) { f.HistoryMax = 0 }, "GET /rest/api/2/issue/OPS-1?expand=changelog", "", 200, `"histories":[`, ""},
		"moments of histories as a number": {Cloud, none, "POST /rest/api/2/changelog/bulkfetch", `{"issueIdsOrKeys":["OPS-1"]}`, 200, fmt.Sprintf(`"created":%d`, noon.Add(-time.Hour).UnixMilli()), ""},
		"moments of histories as text":     {Cloud, func(f *Faults) { f.TextMoments = true }, "POST /rest/api/2/changelog/bulkfetch", `{"issueIdsOrKeys":["OPS-1"]}`, 200, `"created":"2026-03-02T11:00`, ""},
		"a comment with an author":         {Cloud, none, "PUT /rest/api/2/issue/OPS-1", `{"update":{"comment":[{"add":{"body":"x","author":{"name":"y"}}}]}}`, 400, "", ""},
		"a body that is no JSON":           {Cloud, none, create, `{`, 400, "", ""},
		"an address that is none":          {Cloud, none, "GET /rest/api/2/nothing", "", 404, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pretend(c.flavour)
			address := s.Start(t)
			s.Set(c.faults)
			method, path, _ := strings.Cut(c.call, " ")
			status, header, body := ask(t, s, address, method, path, c.body)
			if status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("got %d: %.300s", status, body)
			}
			if name, part, _ := strings.Cut(c.header, ": "); !strings.Contains(header.Get(name), part) {
				t.Errorf("got %s: %q", name, header.Get(name))
			}
		})
	}
}

// Whether a call had its effect is in the journal, whatever its caller saw.
func TestTheJournalKnowsWhatHadItsEffect(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		faults  func(*Faults)
		created int
		lost    bool
	}{
		"a good answer":         {func(*Faults) {}, 1, false},
		"lost after the effect": {func(f *Faults) { f.LoseOneIn = 1 }, 1, true},
		"500 after the effect":  {func(f *Faults) { f.Next, f.Status, f.Effect = 1, 500, true }, 1, false},
		"500 before the effect": {func(f *Faults) { f.Next, f.Status = 1, 500 }, 0, false},
		"ended before":          {func(f *Faults) { f.BreakOneIn = 1 }, 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pretend(Cloud)
			address := s.Start(t)
			s.Set(c.faults)
			ask(t, s, address, http.MethodPost, "/rest/api/2/issue", `{"fields":{"project":{"key":"OPS"},"issuetype":{"id":"10001"},"summary":"s","labels":["upshot-x1","upshot-x1-fu-1"]}}`)
			created, lost := 0, false
			for _, e := range s.Journal() {
				if e.Effect == "created" {
					created++
					lost = e.Lost
					if e.Label != "upshot-x1-fu-1" {
						t.Errorf("it was created with the mark %q", e.Label)
					}
				}
			}
			if created != c.created || lost != c.lost || len(s.Labelled("upshot-x1-fu-1")) != c.created {
				t.Errorf("created %d, lost %t, %d issues", created, lost, len(s.Labelled("upshot-x1-fu-1")))
			}
		})
	}
}

func TestASearchLagsBehindWrites(t *testing.T) {
	t.Parallel()
	now := noon
	s := New(Options{Now: func() time.Time { return now }})
	address := s.Start(t)
	s.Set(func(f *Faults) { f.SearchLag = 30 * time.Second })
	ask(t, s, address, http.MethodPost, "/rest/api/2/issue", `{"fields":{"project":{"key":"OPS"},"issuetype":{"id":"10001"},"summary":"s","labels":["m"]}}`)
	find := func() bool {
		_, _, body := ask(t, s, address, http.MethodPost, "/rest/api/2/search/jql", `{"jql":"labels = m","fields":["summary"]}`)
		return strings.Contains(body, "OPS-1")
	}
	if status, _, _ := ask(t, s, address, http.MethodGet, "/rest/api/2/issue/OPS-1", ""); status != 200 || find() {
		t.Errorf("reading it gives %d, and a search finds it: %t", status, find())
	}
	if now = now.Add(30 * time.Second); !find() {
		t.Error("after the lag the search does not find it")
	}
}

func TestPagesOfASearch(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		faults func(*Faults)
		pages  []int // issues on each page, until there is no token or one comes again
	}{
		"one page":              {func(*Faults) {}, []int{2}},
		"shorter than asked":    {func(f *Faults) { f.ShortPages = 1 }, []int{1, 1}},
		"an empty one first":    {func(f *Faults) { f.EmptyPages = true }, []int{0, 2}},
		"the same token always": {func(f *Faults) { f.ShortPages, f.SameToken = 1, true }, []int{1, 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pretend(Cloud)
			address := s.Start(t)
			s.Set(c.faults)
			var got []int
			token, seen := "", map[string]bool{}
			for {
				_, _, body := ask(t, s, address, http.MethodPost, "/rest/api/2/search/jql", fmt.Sprintf(`{"jql":"labels = \"upshot-x1\" ORDER BY id ASC","fields":["summary"],"nextPageToken":%q}`, token))
				var page struct {
					Issues []any  `json:"issues"`
					Next   string `json:"nextPageToken"`
				}
				if err := json.Unmarshal([]byte(body), &page); err != nil {
					t.Fatal(body)
				}
				got = append(got, len(page.Issues))
				if page.Next == "" || seen[page.Next] {
					break
				}
				token = page.Next
				seen[token] = true
			}
			if fmt.Sprint(got) != fmt.Sprint(c.pages) {
				t.Errorf("pages of %v, want %v", got, c.pages)
			}
		})
	}
}

func TestItIsSwitchedByAddress(t *testing.T) {
	t.Parallel()
	s := pretend(Cloud)
	address := s.Start(t)
	for query, want := range map[string]int{
		"?SearchLag=30s&LoseOneIn=5&Expired=true&Limit=quota": 200, "?Nothing=1": 422, "?SearchLag=soon": 422, "?Expired=maybe": 422, "?LoseOneIn=x": 422,
	} {
		if status, _, body := ask(t, s, address, http.MethodPost, "/__double"+query, ""); status != want {
			t.Errorf("%s: got %d, %s", query, status, body)
		}
	}
	s.Set(func(f *Faults) {
		if f.SearchLag != 30*time.Second || f.LoseOneIn != 5 || !f.Expired || f.Limit != Quota {
			t.Errorf("the faults are %+v", *f)
		}
	})
	if status, _, body := ask(t, s, address, http.MethodGet, "/__double", ""); status != 200 || !strings.Contains(body, `"journal"`) {
		t.Errorf("got %d: %s", status, body)
	}
}

func TestAMovedIssueAnswersToItsOldKey(t *testing.T) {
	t.Parallel()
	s := pretend(Cloud)
	s.AddProject(Project{Key: "WEB"})
	address := s.Start(t)
	before, _ := s.Issue("OPS-1")
	key := s.MoveToProject("OPS-1", "WEB")
	if status, _, body := ask(t, s, address, http.MethodGet, "/rest/api/2/issue/OPS-1", ""); status != 200 || !strings.Contains(body, key) || !strings.Contains(body, `"`+before.ID+`"`) {
		t.Errorf("got %d: %.200s", status, body)
	}
	s.Delete(key)
	if status, _, _ := ask(t, s, address, http.MethodGet, "/rest/api/2/issue/"+before.ID, ""); status != 404 {
		t.Errorf("a deleted issue answers %d", status)
	}
}

func TestTheBoardMovesAnIssue(t *testing.T) {
	t.Parallel()
	s := pretend(Cloud)
	address := s.Start(t)
	status, _, page := ask(t, s, address, http.MethodGet, "/board", "")
	if status != 200 || !strings.Contains(page, "OPS-2") || !strings.Contains(page, "Mail is late") {
		t.Fatalf("got %d: %.300s", status, page)
	}
	if status, _, _ = ask(t, s, address, http.MethodGet, "/browse/"+url.PathEscape("OPS-2"), ""); status/100 != 2 && status/100 != 3 {
		t.Errorf("its page answers %d", status)
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Now: func() time.Time { return noon }, Zone: berlin})
	s.Seed(Seed{Summary: "Checkout is down", Labels: []string{"a", "b"}, Priority: "High", Created: noon.Add(-48 * time.Hour)})
	s.Seed(Seed{Summary: "Mail is late", Labels: []string{"b"}, Priority: "Low", Created: noon.Add(-2 * time.Hour)})
	s.AddProject(Project{Key: "WEB", Name: "The web"})
	s.Seed(Seed{Project: "WEB", Summary: "Search is slow", Created: noon.Add(-time.Hour)})
	s.Move("OPS-1", Move{At: noon.Add(-90 * time.Minute), Status: "Done"})
	cases := map[string]struct {
		jql  string
		want string // keys; or what is wrong with it
	}{
		"a label":                           {`labels = a`, "OPS-1"},
		"one of several":                    {`labels in (a, "b") ORDER BY id DESC`, "OPS-2 OPS-1"},
		"not":                               {`NOT labels = a AND project = OPS`, "OPS-2"},
		"not in":                            {`project not in (OPS)`, "WEB-1"},
		"or binds less than and":            {`project = WEB OR labels = b AND labels = a ORDER BY id`, "OPS-1 WEB-1"},
		"parentheses":                       {`(project = WEB OR labels = b) AND created >= -3h ORDER BY id`, "OPS-2 WEB-1"},
		"a project by name":                 {`project = "The web"`, "WEB-1"},
		"words of the summary":              {`summary ~ "is dow*"`, "OPS-1"},
		"a status category":                 {`statusCategory = Done`, "OPS-1"},
		"a priority":                        {`priority = High`, "OPS-1"},
		"numbers of issues":                 {`id in (10001, 10002) ORDER BY id`, "OPS-1 OPS-2"},
		"milliseconds":                      {fmt.Sprintf(`updated >= %d AND project = OPS ORDER BY updated ASC`, noon.Add(-100*time.Minute).UnixMilli()), "OPS-1"},
		"a bare date in the account’s zone": {`created >= "2026-03-02 11:00" AND project = OPS`, "OPS-2"}, // 10:00 UTC
		"by last change, then number":       {`project = OPS ORDER BY updated ASC, id ASC`, "OPS-2 OPS-1"},
		"a field that is none":              {`colour = red`, "wrong: Field 'colour' does not exist"},
		"a date that is none":               {`updated >= soon`, "wrong: Date value 'soon'"},
		"an end in the middle":              {`labels = `, "wrong: "},
		"a parenthesis too few":             {`(labels = a`, "wrong: "},
		"an order by what cannot":           {`labels = a ORDER BY mood`, "wrong: Not able to sort"},
		"two conditions in a row":           {`labels = a labels = b`, "wrong: "},
		"too deep":                          {strings.Repeat("(", 200) + "labels = a", "wrong: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.mu.Lock()
			defer s.mu.Unlock()
			q, err := s.parseJQL(c.jql)
			if err != nil {
				if !strings.HasPrefix("wrong: "+err.Error(), c.want) || !strings.HasPrefix(c.want, "wrong: ") {
					t.Errorf("got %v", err)
				}
				return
			}
			var keys []string
			for _, i := range s.run(q) {
				keys = append(keys, i.Key)
			}
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzJQL: a query is understood or refused, and never hangs or breaks the server.
func FuzzJQL(f *testing.F) {
	f.Add(`labels = "a\"b" AND NOT (id in (1,2) OR updated >= -5d) ORDER BY updated ASC, id DESC`)
	f.Add(`((((`)
	f.Add(`order by`)
	s := pretend(Cloud)
	f.Fuzz(func(t *testing.T, text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if q, err := s.parseJQL(text); err == nil {
			s.run(q)
		}
	})
}
