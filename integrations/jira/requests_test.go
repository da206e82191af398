package jira

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// script answers calls by method and path, and writes down what was asked.
type script struct {
	answers map[string]http.HandlerFunc // such as "POST /rest/api/2/issue"

	mu    sync.Mutex
	asked []string // method, path with query, body
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	answer := s.answers[r.Method+" "+r.URL.Path]
	if answer == nil {
		answer = says(404, asJSON, `{"errorMessages":["Not here."]}`)
	}
	answer(w, r)
}

func scripted(t *testing.T, flavour jirasync.Flavour, answers map[string]http.HandlerFunc) (*Client, *script) {
	t.Helper()
	s := &script{answers: answers}
	client := site(t, s.ServeHTTP, func(set *Settings) { set.Flavour = flavour })
	return client, s
}

const (
	newIssue   = "POST /rest/api/2/issue"
	oneIssue   = "PUT /rest/api/2/issue/10001"
	byJQL      = "POST /rest/api/2/search/jql"
	search     = "POST /rest/api/2/search"
	bulk       = "POST /rest/api/2/issue/bulkfetch"
	histories  = "POST /rest/api/2/changelog/bulkfetch"
	transition = "/rest/api/2/issue/10001/transitions"
)

func textOf(s string) *string { return &s }

func TestWritesAsTheyGoOut(t *testing.T) {
	t.Parallel()
	created := map[string]http.HandlerFunc{newIssue: says(201, asJSON, `{"id":"10001","key":"OPS-1"}`)}
	edited := map[string]http.HandlerFunc{oneIssue: says(204, "", "")}
	full := jirasync.NewIssue{
		Project: "OPS", Type: "10001", Summary: "two\nlines", Description: "d", Labels: []string{"upshot-x", "upshot-x-fu-1"}, Components: []string{"API"},
		Priority: "2", Assignee: "ada", DueOn: "2026-04-01", Mark: "upshot-x-fu-1",
		Fixed: map[string]json.RawMessage{"customfield_1": json.RawMessage(`{"id":"7"}`), "summary": json.RawMessage(`"never this"`)},
	}
	cases := map[string]struct {
		flavour jirasync.Flavour
		answers map[string]http.HandlerFunc
		write   func(*Client) error
		want    string
	}{
		"a new issue on Cloud": {
			jirasync.Cloud, created, func(c *Client) error { _, err := c.Create(t.Context(), full); return err },
			`POST /rest/api/2/issue {"fields":{"assignee":{"accountId":"ada"},"components":[{"name":"API"}],"customfield_1":{"id":"7"},"description":"d","duedate":"2026-04-01",` +
				`"issuetype":{"id":"10001"},"labels":["upshot-x","upshot-x-fu-1"],"priority":{"id":"2"},"project":{"key":"OPS"},"summary":"two lines"},"properties":[{"key":"upshot","value":{"mark":"upshot-x-fu-1"}}]}`,
		},
		"a new issue on Data Center names people": {
			jirasync.DataCenter, created, func(c *Client) error {
				_, err := c.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s", Assignee: "ada"})
				return err
			},
			`POST /rest/api/2/issue {"fields":{"assignee":{"name":"ada"},"description":"","issuetype":{"id":"1"},"project":{"key":"OPS"},"summary":"s"}}`,
		},
		"everything of an edit in one call": {
			jirasync.Cloud, edited, func(c *Client) error {
				return c.Edit(t.Context(), "10001", jirasync.Edit{
					AddLabels: []string{"a"}, RemoveLabels: []string{"b"}, Priority: "1", Summary: "s", Assignee: textOf("ada"), DueOn: textOf("2026-04-01"), Comment: "again",
				})
			},
			`PUT /rest/api/2/issue/10001 {"fields":{"assignee":{"accountId":"ada"},"duedate":"2026-04-01","priority":{"id":"1"},"summary":"s"},"update":{"comment":[{"add":{"body":"again"}}],"labels":[{"add":"a"},{"remove":"b"}]}}`,
		},
		"a comment in place of the one before, nobody, no date": {
			jirasync.DataCenter, edited, func(c *Client) error {
				return c.Edit(t.Context(), "10001", jirasync.Edit{Assignee: textOf(""), DueOn: textOf(""), Comment: "anew", CommentID: "7"})
			},
			`PUT /rest/api/2/issue/10001 {"fields":{"assignee":{"name":null},"duedate":null},"update":{"comment":[{"edit":{"body":"anew","id":"7"}}]}}`,
		},
		"a transition with a resolution": {
			jirasync.Cloud,
			map[string]http.HandlerFunc{"POST " + transition: says(204, "", "")},
			func(c *Client) error { return c.Transit(t.Context(), "10001", "31", "10000") },
			`POST /rest/api/2/issue/10001/transitions {"fields":{"resolution":{"id":"10000"}},"transition":{"id":"31"}}`,
		},
		"into a sprint": {
			jirasync.Cloud,
			map[string]http.HandlerFunc{"POST /rest/agile/1.0/sprint/3/issue": says(204, "", "")},
			func(c *Client) error { return c.MoveToSprint(t.Context(), "3", []string{"10001"}) },
			`POST /rest/agile/1.0/sprint/3/issue {"issues":["10001"]}`,
		},
		"the way back": {
			jirasync.Cloud,
			map[string]http.HandlerFunc{"POST /rest/api/2/issue/10001/remotelink": says(201, asJSON, `{"id":1}`)},
			func(c *Client) error {
				return c.LinkBack(t.Context(), "10001", jirasync.BackLink{GlobalID: "g", URL: "https://upshot.example/1", Title: "T", Summary: "S"})
			},
			`POST /rest/api/2/issue/10001/remotelink {"application":{"name":"Upshot","type":"upshot"},"globalId":"g","object":{"summary":"S","title":"T","url":"https://upshot.example/1"},"relationship":"carries"}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := scripted(t, c.flavour, c.answers)
			if err := c.write(client); err != nil {
				t.Fatal(err)
			}
			if len(s.asked) != 1 || s.asked[0] != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(s.asked, "\n     "), c.want)
			}
		})
	}
}

func TestHowCallsIntroduceThemselves(t *testing.T) {
	t.Parallel()
	var got http.Header
	var path string
	keep := func(w http.ResponseWriter, r *http.Request) {
		got, path = r.Header.Clone(), r.URL.Path
		says(200, asJSON, `{"id":"10001","key":"OPS-1"}`)(w, r)
	}
	cases := map[string]struct {
		user, want string
	}{
		"with a user, the token is a password": {"robot@example.test", "Basic "},
		"without one, it stands for itself":    {"", "Bearer " + token},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(keep))
			t.Cleanup(server.Close)
			client := at(t, server.URL+"/jira/", func(s *Settings) { s.User, s.Version = c.user, "1.2" })
			if _, err := client.Create(t.Context(), jirasync.NewIssue{Project: "OPS", Type: "1", Summary: "s"}); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Get("Authorization"), c.want) || got.Get("Content-Type") != "application/json" || got.Get("User-Agent") != "Upshot/1.2" || path != "/jira/rest/api/2/issue" {
				t.Errorf("%s: %v", path, got)
			}
			for header := range got { // with such a header, net/http would send a new issue twice
				if strings.Contains(strings.ToLower(header), "idempotency") {
					t.Errorf("%s is sent", header)
				}
			}
		})
	}
}

func issueText(n int) string {
	return fmt.Sprintf(`{"id":"%d","key":"OPS-%d","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-01T09:00:00.000+0000"}}`, n, n)
}

func issuesText(ids ...int) string {
	all := make([]string, len(ids))
	for n, id := range ids {
		all[n] = issueText(id)
	}
	return fmt.Sprintf(`{"issues":[%s],"total":%d}`, strings.Join(all, ","), len(ids))
}

// strict refuses a query that names a number which is not there, as some Jiras do, and gives the others.
func strict(there ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			JQL string `json:"jql"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q)
		_, inside, _ := strings.Cut(q.JQL, "id in (")
		inside, _, _ = strings.Cut(inside, ")")
		var found []int
		for _, name := range strings.Split(inside, ", ") {
			var n int
			if _, err := fmt.Sscan(name, &n); err != nil {
				continue
			}
			if !slices.Contains(there, n) {
				says(400, asJSON, fmt.Sprintf(`{"errorMessages":["A value with ID '%d' does not exist for the field 'id'."],"errors":{}}`, n))(w, r)
				return
			}
			found = append(found, n)
		}
		says(200, asJSON, issuesText(found...))(w, r)
	}
}

func TestOneIssueThatIsGoneDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	ids := []string{"1", "2", "3", "4", "5"}
	cases := map[string]struct {
		flavour jirasync.Flavour
		answers map[string]http.HandlerFunc
	}{
		"Cloud":                            {jirasync.Cloud, map[string]http.HandlerFunc{bulk: says(200, asJSON, issuesText(1, 2, 4, 5))}},
		"Cloud before it had many at once": {jirasync.Cloud, map[string]http.HandlerFunc{byJQL: strict(1, 2, 4, 5)}},
		"Data Center that minds":           {jirasync.DataCenter, map[string]http.HandlerFunc{search: strict(1, 2, 4, 5)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := scripted(t, c.flavour, c.answers)
			found, missing, err := client.Issues(t.Context(), ids)
			if err != nil || len(found) != 4 || !slices.Equal(missing, []string{"3"}) {
				t.Errorf("found %d, missing %v, %v", len(found), missing, err)
			}
			if len(s.asked) > 9 {
				t.Errorf("%d calls", len(s.asked))
			}
		})
	}
	t.Run("a search of what changed goes on without it", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{byJQL: strict(1, 2, 4, 5), bulk: says(200, asJSON, issuesText(1, 2, 4, 5))})
		found := 0
		err := client.Changed(t.Context(), jirasync.Query{Label: "l", IDs: ids, Since: noon}, func(page []jirasync.Issue) error {
			found += len(page)
			return nil
		})
		if err != nil || found != 4 {
			t.Errorf("found %d, %v", found, err)
		}
	})
	t.Run("a search refused for something else is told", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{byJQL: says(400, asJSON, `{"errorMessages":["No such function."]}`), bulk: says(200, asJSON, issuesText(1, 2, 3, 4, 5))})
		err := client.Changed(t.Context(), jirasync.Query{Label: "l", IDs: ids}, func([]jirasync.Issue) error { return nil })
		if got := troubleOf(t, err); got.Kind != jirasync.Refused || got.Said != "No such function." {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("with a login that is not good nothing is missing", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{bulk: says(200, asJSON, `{"issues":[]}`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED")})
		_, missing, err := client.Issues(t.Context(), ids)
		if got := troubleOf(t, err); got.Kind != jirasync.Login || missing != nil {
			t.Errorf("missing %v, %v", missing, err)
		}
	})
	t.Run("an answer without its list is trouble", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{bulk: says(200, asJSON, `{}`)})
		if _, missing, err := client.Issues(t.Context(), ids); troubleOf(t, err).Kind != jirasync.Temporary || missing != nil {
			t.Errorf("missing %v, %v", missing, err)
		}
	})
}

func change(n int) string {
	return fmt.Sprintf(`{"id":"%d","created":%d,"items":[{"field":"status","fieldId":"status","from":"1","to":"3"}]}`, n, noon.UnixMilli())
}

func TestWholeHistories(t *testing.T) {
	t.Parallel()
	pages := func(all ...string) http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, r *http.Request) {
			n++
			says(200, asJSON, all[min(n, len(all))-1])(w, r)
		}
	}
	logOf := func(id int, changes ...string) string {
		return fmt.Sprintf(`{"issueId":"%d","changeHistories":[%s]}`, id, strings.Join(changes, ","))
	}
	t.Run("an issue goes on on the next page, and one has no changes", func(t *testing.T) {
		t.Parallel()
		client, s := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{histories: pages(
			`{"issueChangeLogs":[`+logOf(1, change(1), change(2))+`,`+logOf(2, change(3))+`],"nextPageToken":"a"}`,
			`{"issueChangeLogs":[],"nextPageToken":"b"}`,
			`{"issueChangeLogs":[`+logOf(2, change(4))+`]}`,
		)})
		client.fields.Sprint = "customfield_1"
		got, err := client.Histories(t.Context(), []string{"1", "2", "3"})
		none, there := got["3"]
		if err != nil || len(got["1"]) != 2 || len(got["2"]) != 2 || !there || len(none) != 0 || !got["1"][0].At.Equal(noon) {
			t.Errorf("got %+v, %v", got, err)
		}
		if want := histories + ` {"fieldIds":["status","priority","assignee","labels","resolution","customfield_1"],"issueIdsOrKeys":["1","2","3"],"maxResults":10000}`; s.asked[0] != want {
			t.Errorf("got  %s\nwant %s", s.asked[0], want)
		}
	})
	t.Run("a token that comes again is trouble", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{histories: pages(`{"issueChangeLogs":[` + logOf(1, change(1)) + `],"nextPageToken":"a"}`)})
		if got, err := client.Histories(t.Context(), []string{"1"}); troubleOf(t, err).Kind != jirasync.Temporary || got != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a Cloud without the call is asked one by one, and what is gone is not known whole", func(t *testing.T) {
		t.Parallel()
		client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{
			"GET /rest/api/2/issue/1/changelog": pages(`{"values":[`+change(1)+`],"isLast":false}`, `{"values":[`+change(2)+`],"isLast":true}`),
		})
		got, err := client.Histories(t.Context(), []string{"1", "2"})
		if _, there := got["2"]; err != nil || len(got["1"]) != 2 || there {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("on Data Center they come along, and nothing is asked", func(t *testing.T) {
		t.Parallel()
		client, s := scripted(t, jirasync.DataCenter, nil)
		if got, err := client.Histories(t.Context(), []string{"1"}); err != nil || len(got) != 0 || len(s.asked) != 0 {
			t.Errorf("got %+v, %v after %v", got, err, s.asked)
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	const here = "https://jira.example.test/jira"
	cases := map[string]struct {
		typed, project string
		want           string // what is asked; empty: nothing
	}{
		"a key":                        {" ops-12 ", "", "GET /jira/rest/api/2/issue/OPS-12"},
		"an address":                   {here + "/browse/OPS-12?filter=1#top", "", "GET /jira/rest/api/2/issue/OPS-12"},
		"an address of another site":   {"https://other.example.test/browse/OPS-12", "", ""},
		"another path on the same":     {"https://jira.example.test/browse/OPS-12", "", ""},
		"another page of the site":     {here + "/secure/Dashboard.jspa", "", ""},
		"words":                        {"cache is cold", "", `summary ~ \"cache is cold\" ORDER BY updated DESC`},
		"words in a project":           {"cache", "OPS", `summary ~ \"cache\" AND project = \"OPS\" ORDER BY updated DESC`},
		"a project that is none":       {"cache", `OPS" OR x`, `summary ~ \"cache\" ORDER BY updated DESC`},
		"quotes and signs of a search": {`say "no" + (yes) \ *?~`, "", `summary ~ \"say no yes\" ORDER BY updated DESC`},
		"words that a search minds":    {"NOT this AND that", "", `summary ~ \"not this and that\" ORDER BY updated DESC`},
		"nothing but signs":            {`"*?"`, "", ""},
		"nothing":                      {" ", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: map[string]http.HandlerFunc{
				"POST /jira/rest/api/2/search/jql":  says(200, asJSON, issuesText(1, 2, 3)),
				"GET /jira/rest/api/2/issue/OPS-12": says(200, asJSON, issueText(12)),
			}}
			server := httptest.NewServer(http.HandlerFunc(s.ServeHTTP))
			t.Cleanup(server.Close)
			client := at(t, server.URL+"/jira")
			found, err := client.Find(t.Context(), strings.ReplaceAll(c.typed, here, server.URL+"/jira"), c.project, 2)
			if err != nil {
				t.Fatal(err)
			}
			switch asked := strings.Join(s.asked, "\n"); {
			case c.want == "" && asked != "":
				t.Errorf("asked %s", asked)
			case !strings.Contains(asked, c.want):
				t.Errorf("asked %s\nwant  %s", asked, c.want)
			case c.want != "" && (len(found) == 0 || len(found) > 2):
				t.Errorf("found %d", len(found))
			}
		})
	}
}

func TestATransitionThatIsRefused(t *testing.T) {
	t.Parallel()
	moved := `{"errorMessages":["It seems that you have tried to perform a workflow operation (Done) that is not valid for the current state of this issue (OPS-1)."],"errors":{}}`
	ways := says(200, asJSON, `{"transitions":[{"id":"31","name":"Done","to":{"id":"3","statusCategory":{"key":"done"}}}]}`)
	cases := map[string]struct {
		answer http.HandlerFunc
		way    string
		want   jirasync.TroubleKind
	}{
		"somebody moved it, and that way is gone":    {says(400, asJSON, moved), "21", jirasync.Raced},
		"the way is there, and Jira minds otherwise": {says(400, asJSON, `{"errorMessages":["Log work first."],"errors":{}}`), "31", jirasync.Refused},
		"a field is wanted":                          {says(400, asJSON, `{"errorMessages":[],"errors":{"resolution":"Resolution is required."}}`), "21", jirasync.Refused},
		"409":                                        {says(409, asJSON, `{"errorMessages":["Conflict."]}`), "21", jirasync.Raced},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{"POST " + transition: c.answer, "GET " + transition: ways})
			if got := troubleOf(t, client.Transit(t.Context(), "10001", c.way, "")); got.Kind != c.want || got.Maybe {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

func TestTheActiveSprintOfAProject(t *testing.T) {
	t.Parallel()
	boards := says(200, asJSON, `{"isLast":true,"values":[{"id":1,"type":"kanban"},{"id":2,"type":"simple"},{"id":3,"type":"scrum"},{"id":4,"type":"scrum"}]}`)
	none := says(400, asJSON, `{"errorMessages":["The board does not support sprints"],"errors":{}}`)
	const sprints = "GET /rest/agile/1.0/board/%d/sprint"
	client, s := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{
		"GET /rest/agile/1.0/board": boards, fmt.Sprintf(sprints, 2): none, fmt.Sprintf(sprints, 3): says(200, asJSON, `{"values":[]}`),
		fmt.Sprintf(sprints, 4): says(200, asJSON, `{"values":[{"id":9,"name":"S9","startDate":"2026-03-02T12:00:00.000Z"}]}`),
	})
	got, err := client.ActiveSprint(t.Context(), "OPS")
	if err != nil || got.ID != "9" || got.State != ticket.ActiveSprint || !got.StartedAt.Equal(noon) || len(s.asked) != 4 {
		t.Errorf("got %+v, %v, after %v", got, err, s.asked)
	}
	client, _ = scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{"GET /rest/agile/1.0/board": boards, fmt.Sprintf(sprints, 2): none, fmt.Sprintf(sprints, 3): says(503, "", "")})
	if _, err := client.ActiveSprint(t.Context(), "OPS"); troubleOf(t, err).Kind != jirasync.Temporary {
		t.Errorf("trouble with one board is no sprint: %v", err)
	}
}

func TestLinksNeedAKindThatIsThere(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ types, want string }{
		"by its name":     {`{"issueLinkTypes":[{"id":"1","name":"Blocks"},{"id":"2","name":"relates"}]}`, `"type":{"name":"relates"}`},
		"or the first":    {`{"issueLinkTypes":[{"id":"1","name":"Blocks"}]}`, `"type":{"name":"Blocks"}`},
		"none: a refusal": {`{"issueLinkTypes":[]}`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{"GET /rest/api/2/issueLinkType": says(200, asJSON, c.types), "POST /rest/api/2/issueLink": says(201, "", "")})
			err := client.LinkIssues(t.Context(), "10001", "10002")
			if c.want == "" {
				if troubleOf(t, err).Kind != jirasync.Refused {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || !strings.Contains(s.asked[1], c.want) || !strings.Contains(s.asked[1], `"inwardIssue":{"id":"10001"}`) {
				t.Errorf("%v, %v", s.asked, err)
			}
		})
	}
}

// Field ids may be found by one goroutine while others read: the race detector minds.
func TestFieldsAreFoundWhileOthersRead(t *testing.T) {
	t.Parallel()
	client, _ := scripted(t, jirasync.Cloud, map[string]http.HandlerFunc{
		"GET /rest/api/2/field": says(200, asJSON, `[{"id":"customfield_1","schema":{"custom":"com.pyxis.greenhopper.jira:gh-sprint"}},{"id":"customfield_2","schema":{"custom":"com.pyxis.greenhopper.jira:gh-epic-link"}}]`),
		byJQL:                   says(200, asJSON, issuesText(1)),
	})
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() { _, _ = client.FieldIDs(t.Context()) })
		busy.Go(func() { _, _ = client.Marked(t.Context(), []string{"l"}) })
	}
	busy.Wait()
	if got := client.fieldIDs(); got.Sprint != "customfield_1" || got.EpicLink != "customfield_2" {
		t.Errorf("got %+v", got)
	}
}
