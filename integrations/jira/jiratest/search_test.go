package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestASearchLagsBehindWrites(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Set(func(f *Faults) { f.SearchLag = time.Minute })
		made := s.create(object{"labels": []string{"fu-1"}})
		id := made.at("id").(string)
		found := func(jql string) int { _, keys := s.search(jql); return len(keys) }
		if n := found("labels = fu-1"); n != 0 {
			t.Errorf("a search knows a new issue at once: %d", n)
		}
		if g := s.get("/rest/api/2/issue/" + id); g.status != http.StatusOK {
			t.Errorf("by number it is not there: %d", g.status)
		}
		s.clock.now = noon.Add(time.Minute)
		if n := found("labels = fu-1"); n != 1 {
			t.Errorf("after a minute a search finds %d", n)
		}

		// Two writes, each known a minute after it was made.
		s.Move("OPS-1", Move{Status: "In Progress"})
		s.clock.now = noon.Add(90 * time.Second)
		s.ask(http.MethodPut, "/rest/api/2/issue/"+id, object{"fields": object{"summary": "Other words"}, "update": object{"labels": []object{{"remove": "fu-1"}}}})
		now := s.get("/rest/api/2/issue/" + id)
		if now.at("fields", "status", "name") != "In Progress" || now.at("fields", "summary") != "Other words" {
			t.Errorf("by number it is %s", now.text)
		}
		for _, c := range []struct {
			after           time.Duration
			status, summary string
			labelled        int
		}{
			{91 * time.Second, "To Do", "A fix", 1}, {121 * time.Second, "In Progress", "A fix", 1}, {150 * time.Second, "In Progress", "Other words", 0},
		} {
			s.clock.now = noon.Add(c.after)
			g, _ := s.search("project = OPS")
			if g.at("issues", 0, "fields", "status", "name") != c.status || g.at("issues", 0, "fields", "summary") != c.summary || found("labels = fu-1") != c.labelled {
				t.Errorf("after %s a search says %s", c.after, g.text)
			}
			if n := found(`status = "` + c.status + `"`); n != 1 {
				t.Errorf("after %s a search for %s finds %d", c.after, c.status, n)
			}
		}
	})
}

func TestIssuesToReconcileAreKnownAsTheyAre(t *testing.T) {
	s := start(t, Cloud)
	s.Set(func(f *Faults) { f.SearchLag = time.Minute })
	id := s.create(object{"labels": []string{"fu-1"}}).at("id").(string)
	for what, given := range map[string]any{"a list": []any{10001}, "texts": []string{id}, "commas": id + ",10999"} {
		if _, keys := s.search("labels = fu-1", object{"reconcileIssues": given}); len(keys) != 1 {
			t.Errorf("%s: found %v", what, keys)
		}
	}
	if g, _ := s.search("labels = fu-1", object{"reconcileIssues": make([]int, 51)}); g.status != http.StatusBadRequest {
		t.Errorf("51 issues to reconcile: %d", g.status)
	}
}

func TestPagesByToken(t *testing.T) {
	s := start(t, Cloud)
	for n := range 250 {
		s.Seed(Seed{Labels: []string{"many"}, Created: noon.Add(time.Duration(n-300) * time.Minute)})
	}
	walk := func(more object) (pages []int, keys []string, last got) {
		token := ""
		for len(pages) < 8 {
			body := object{"maxResults": 5000}
			if token != "" {
				body["nextPageToken"] = token
			}
			g, page := s.search("labels = many ORDER BY id ASC", body, more)
			pages, keys, last = append(pages, len(page)), append(keys, page...), g
			if token, _ = g.at("nextPageToken").(string); token == "" {
				break
			}
		}
		return pages, keys, last
	}
	cases := map[string]struct {
		faults Faults
		more   object
		pages  []int
		status int
	}{
		"a hundred with fields, whatever is asked": {pages: []int{100, 100, 50}},
		"all with nothing but keys":                {more: object{"fields": []string{"key"}}, pages: []int{250}},
		"ids alone when no fields are named":       {more: object{"fields": []string{}}, pages: []int{250}},
		"as few as are asked for":                  {more: object{"maxResults": 90}, pages: []int{90, 90, 70}},
		"shorter than asked":                       {faults: Faults{ShortPages: 60}, pages: []int{60, 60, 60, 60, 10}},
		"an empty page is not the end":             {faults: Faults{EmptyPages: true}, pages: []int{0, 100, 100, 50}},
		"the same token for ever":                  {faults: Faults{SameToken: true}, pages: []int{100, 100, 100, 100, 100, 100, 100, 100}},
		"tokens that have expired":                 {faults: Faults{StaleTokens: true}, pages: []int{100, 0}, status: http.StatusBadRequest},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s.Set(func(f *Faults) { *f = c.faults })
			pages, keys, last := walk(c.more)
			if !slices.Equal(pages, c.pages) || c.status != 0 && (last.status != c.status || !last.says(badToken)) {
				t.Errorf("pages of %v, then %d %s", pages, last.status, last.at("errorMessages"))
			}
			if slices.Sort(keys); c.faults == (Faults{}) && len(slices.Compact(keys)) != 250 {
				t.Errorf("%d different issues", len(keys))
			}
		})
	}
	s.Set(func(f *Faults) { *f = Faults{} })
	first, _ := s.search("labels = many", object{"maxResults": 1})
	if g, _ := s.search("labels = few", object{"nextPageToken": first.at("nextPageToken")}); g.status != http.StatusBadRequest {
		t.Errorf("a token of another query: %d", g.status)
	}
	if g, _ := s.search("ORDER BY created"); g.status != http.StatusBadRequest || !g.says("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.") {
		t.Errorf("a query without a condition: %d %s", g.status, g.text)
	}
	if g := s.ask(http.MethodPost, "/rest/api/2/search/jql", object{"jql": "key = OPS-1"}); g.at("issues", 0, "fields") != nil || g.at("issues", 0, "id") == nil {
		t.Errorf("without fields: %s", g.text)
	}
}

func TestPagesByStart(t *testing.T) {
	s := start(t, DataCenter)
	for range 1200 {
		s.Seed(Seed{Labels: []string{"many"}, Created: noon.Add(-time.Hour)})
	}
	g, keys := s.search("labels = many", object{"maxResults": 5000, "fields": []string{"summary"}})
	if len(keys) != 1000 || g.at("maxResults") != 1000.0 || g.at("total") != 1200.0 || g.at("nextPageToken") != nil {
		t.Errorf("%d of %v, said to be %v", len(keys), g.at("total"), g.at("maxResults"))
	}
	if _, keys := s.search("labels = many", object{"startAt": 1000, "maxResults": 1000, "fields": []string{"summary"}}); len(keys) != 200 {
		t.Errorf("then %d", len(keys))
	}
	if g, keys := s.search("labels = many", object{"maxResults": 0}); len(keys) != 0 || g.at("total") != 1200.0 {
		t.Errorf("only to count: %d of %v", len(keys), g.at("total"))
	}
	if g := s.get("/rest/api/2/search?jql=&maxResults=1"); g.size("issues") != 1 || g.at("issues", 0, "fields", "summary") == nil {
		t.Errorf("without a condition and without fields: %s", g.text)
	}
}

func TestAKeyThatIsNotThere(t *testing.T) {
	const words = "An issue with key 'OPS-9' does not exist for field 'key'."
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{})
		s.Seed(Seed{})
		s.Delete("OPS-2")
		if g, _ := s.search("key in (OPS-1, OPS-9)"); g.status != http.StatusBadRequest || !g.says(words) {
			t.Errorf("%d %s", g.status, g.text)
		}
		if g, _ := s.search("id in (10001, 10002)"); g.status != http.StatusBadRequest {
			t.Errorf("a number of a deleted one: %d %s", g.status, g.text)
		}
		if s.cloud() {
			s.Set(func(f *Faults) { f.NewStyleMissing = true })
			if g, keys := s.search("key in (OPS-1, OPS-9)"); g.status != http.StatusOK || len(keys) != 1 {
				t.Errorf("as the new search of Cloud: %d %v", g.status, keys)
			}
			return
		}
		for _, validate := range []any{false, "false", "warn", "none"} {
			if g, keys := s.search("key in (OPS-1, OPS-9)", object{"validateQuery": validate}); g.status != http.StatusOK || len(keys) != 1 {
				t.Errorf("validateQuery %v: %d %v", validate, g.status, keys)
			}
		}
	})
}

func TestWhatIsCutFromAnAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		seed := Seed{Created: noon.Add(-1000 * time.Hour)}
		for n := range 130 {
			seed.Moves = append(seed.Moves, Move{At: noon.Add(time.Duration(n-900) * time.Hour), Status: []string{"In Progress", "To Do"}[n%2]})
		}
		for n := range 30 {
			seed.Comments = append(seed.Comments, Remark{At: noon.Add(time.Duration(n-100) * time.Hour), Body: fmt.Sprint("comment ", n)})
		}
		s.Seed(seed)
		g, _ := s.search("key = OPS-1", object{"fields": []string{"comment"}, "expand": []string{"changelog"}})
		one := s.get("/rest/api/2/issue/OPS-1?expand=changelog")
		histories, inOne, comments := 130, 130, 30
		if s.cloud() {
			histories, inOne, comments = searchCut, issueCut, commentCut
		}
		if n := g.size("issues", 0, "changelog", "histories"); n != histories || g.at("issues", 0, "changelog", "total") != 130.0 {
			t.Errorf("%d histories with a search", n)
		}
		if n := one.size("changelog", "histories"); n != inOne {
			t.Errorf("%d histories with an issue", n)
		}
		if n := g.size("issues", 0, "fields", "comment", "comments"); n != comments || g.at("issues", 0, "fields", "comment", "total") != 30.0 {
			t.Errorf("%d comments with a search", n)
		}
		newestFirst := one.at("changelog", "histories", 0, "created").(string) > one.at("changelog", "histories", 1, "created").(string)
		if newestFirst != s.cloud() {
			t.Errorf("the newest first: %v", newestFirst)
		}
		if g := s.get("/rest/api/2/issue/OPS-1/comment?orderBy=-created&maxResults=2"); g.size("comments") != 2 || g.at("comments", 0, "body") != "comment 29" || g.at("total") != 30.0 {
			t.Errorf("the newest comments: %s", g.text)
		}
		if s.cloud() {
			many := s.ask(http.MethodPost, "/rest/api/2/issue/bulkfetch", object{"issueIdsOrKeys": []string{"OPS-1"}, "fields": []string{"summary"}, "expand": []string{"changelog"}})
			if n := many.size("issues", 0, "changelog", "histories"); n != searchCut {
				t.Errorf("%d histories with many issues", n)
			}
			return
		}
		s.Set(func(f *Faults) { f.HistoryMax = 7 })
		if g := s.get("/rest/api/2/issue/OPS-1?expand=changelog"); g.size("changelog", "histories") != 7 || g.at("changelog", "total") != 130.0 {
			t.Errorf("a history that is not whole: %d", g.size("changelog", "histories"))
		}
	})
}

func TestManyIssuesByNumber(t *testing.T) {
	s := start(t, Cloud)
	var names []string
	for range 101 {
		names = append(names, s.Seed(Seed{}))
	}
	fetch := func(names []string, fields ...string) got {
		return s.ask(http.MethodPost, "/rest/api/2/issue/bulkfetch", object{"issueIdsOrKeys": names, "fields": fields})
	}
	if g := fetch(names, "summary"); g.status != http.StatusBadRequest {
		t.Errorf("101 issues: %d", g.status)
	}
	s.Set(func(f *Faults) { f.LeanBulk = true })
	if g := fetch(names, "summary"); g.status != http.StatusOK || g.size("issues") != 101 {
		t.Errorf("101 in the lean form: %d", g.status)
	}
	if g := fetch(nil, "summary"); g.status != http.StatusBadRequest {
		t.Errorf("none at all: %d", g.status)
	}
	s.Hide("OPS-3", true)
	s.Set(func(f *Faults) { f.SearchLag = time.Hour })
	s.Move("OPS-1", Move{Status: "Done"})
	g := fetch([]string{"OPS-1", "10002", "OPS-3", "99999"}, "status")
	if g.size("issues") != 2 || g.size("issueErrors") != 2 || g.at("issueErrors", 1, "id") != "99999" || g.at("issues", 0, "fields", "status", "name") != "Done" {
		t.Errorf("%s", g.text)
	}
	s.Set(func(f *Faults) { f.NoBulk = true })
	if g := fetch(names[:1]); g.status != http.StatusNotFound {
		t.Errorf("a Cloud without it: %d", g.status)
	}
}

func TestWhatOneMayNotSee(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{Key: "SEC", Name: "Secret", Denied: []string{"BROWSE_PROJECTS"}})
		s.AddProject(Project{Key: "OLD", Name: "Old", Archived: true})
		for _, project := range []string{"OPS", "OPS", "OPS", "SEC", "OLD"} {
			s.Seed(Seed{Project: project, Labels: []string{"all"}})
		}
		s.Hide("OPS-2", true)
		s.Delete("OPS-3")
		if _, keys := s.search("labels = all"); !slices.Equal(keys, []string{"OPS-1"}) {
			t.Errorf("a search finds %v", keys)
		}
		for key, want := range map[string]int{"OPS-1": 200, "OPS-2": 404, "OPS-3": 404, "SEC-1": 404, "OLD-1": 200} {
			g := s.get("/rest/api/2/issue/" + key)
			if g.status != want || want == 404 && !g.says("Issue does not exist or you do not have permission to see it.") {
				t.Errorf("%s: %d %s", key, g.status, g.text)
			}
		}
		if g := s.ask(http.MethodPut, "/rest/api/2/issue/OLD-1", object{"fields": object{"summary": "No"}}); g.status != http.StatusForbidden {
			t.Errorf("writing to an archived one: %d", g.status)
		}
		s.Set(func(f *Faults) { f.ArchivedGone = true })
		if g := s.get("/rest/api/2/issue/OLD-1"); g.status != http.StatusNotFound {
			t.Errorf("an archived one, gone: %d", g.status)
		}
		s.Hide("OPS-2", false)
		if g := s.get("/rest/api/2/issue/OPS-2"); g.status != http.StatusOK {
			t.Errorf("given back: %d", g.status)
		}
	})
}

func TestTheSprintFieldIsAListOfObjectsOrOfTexts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		old := s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 6", State: "active", StartedAt: noon.Add(-400 * time.Hour)})
		current := s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 7, north [a|b]", State: "future", Goal: "less, [much] | less"})
		s.Seed(Seed{Created: noon.Add(-500 * time.Hour), Moves: []Move{{At: noon.Add(-390 * time.Hour), Sprint: old}}})
		s.ChangeSprint(old, func(sp *Sprint) { sp.State = "closed" })
		s.ChangeSprint(current, func(sp *Sprint) { sp.State, sp.StartedAt = "active", noon })
		if g := s.ask(http.MethodPost, fmt.Sprintf("/rest/agile/1.0/sprint/%d/issue", old), object{"issues": []string{"OPS-1"}}); g.status != http.StatusBadRequest {
			t.Errorf("into a closed sprint: %d", g.status)
		}
		if g := s.ask(http.MethodPost, fmt.Sprintf("/rest/agile/1.0/sprint/%d/issue", current), object{"issues": []string{"OPS-1"}}); g.status != http.StatusNoContent {
			t.Errorf("into the current one: %d", g.status)
		}
		g := s.get("/rest/api/2/issue/OPS-1?fields=" + sprintField)
		if g.size("fields", sprintField) != 2 {
			t.Fatalf("the field holds %s", g.text)
		}
		if s.cloud() {
			if g.at("fields", sprintField, 1, "name") != "Sprint 7, north [a|b]" || g.at("fields", sprintField, 1, "state") != "active" || g.at("fields", sprintField, 0, "state") != "closed" {
				t.Errorf("the field holds %s", g.text)
			}
		} else if text, _ := g.at("fields", sprintField, 1).(string); !strings.Contains(text, "[id=2,rapidViewId=10000,state=ACTIVE,name=Sprint 7, north [a|b],") || !strings.HasSuffix(text, "goal=less, [much] | less]") {
			t.Errorf("the field holds %s", text)
		}
		i, _ := s.Issue("OPS-1")
		if it := i.Changes[1].Items[0]; it.Field != "Sprint" || it.From != "1" || it.To != "1, 2" || i.Changes[1].Author != s.id(s.Robot()) {
			t.Errorf("the history says %+v", i.Changes[1])
		}
		if g := s.get("/rest/agile/1.0/board?projectKeyOrId=OPS&type=scrum"); g.size("values") != 1 || g.at("values", 0, "id") != 10000.0 {
			t.Errorf("boards: %s", g.text)
		}
		if g := s.get("/rest/agile/1.0/board?projectKeyOrId=OPS&type=kanban"); g.size("values") != 0 {
			t.Errorf("boards of another kind: %s", g.text)
		}
		if g := s.get("/rest/agile/1.0/board/10000/sprint?state=active,future"); g.size("values") != 1 {
			t.Errorf("active sprints: %s", g.text)
		}
		if g := s.get("/rest/agile/1.0/sprint/9"); g.status != http.StatusNotFound {
			t.Errorf("no such sprint: %d", g.status)
		}
	})
}
