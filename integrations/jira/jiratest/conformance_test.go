package jiratest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/internal/testneed"
)

// checked starts the program that holds calls and answers against Jira's own documents, before the double. It gives the address, and
// the file of its findings. The program and the documents are no part of this project.
func checked(t *testing.T, s *site) (address, findings string) {
	t.Helper()
	program, spec := testneed.Conformance(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, findings = l.Addr().String(), filepath.Join(t.TempDir(), "findings.jsonl")
	_ = l.Close()
	flavour := "dc"
	if s.cloud() {
		flavour = "cloud"
	}
	proxy := exec.Command(program, "-flavor", flavour, "-listen", address, "-upstream", s.url, "-log", findings, "-check-responses", "-spec", spec)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = proxy.Process.Kill()
		_, _ = proxy.Process.Wait()
	})
	for range 1200 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address, findings
		}
		time.Sleep(50 * time.Millisecond) // another program starts
	}
	t.Fatal("the checker does not listen")
	return "", ""
}

// documentsMistake tells findings in which the documents contradict themselves, and Jira: both say that the remote links of an issue
// are one object, and Data Center's that every value of a field is an object, with a text as the example, and that other lists are
// one too, with "returns a list" as the description. Two searches by pages are none for issues, whatever the checker thinks.
func documentsMistake(cloud bool, op, code, message string) bool {
	lists := []string{"GET /rest/api/2/issue/{issueIdOrKey}/remotelink"}
	if !cloud {
		lists = append(lists, "GET /rest/api/2/field", "GET /rest/api/2/status", "GET /rest/api/2/priority", "GET /rest/api/2/resolution", "GET /rest/api/2/user/assignable/search")
	}
	return slices.Contains(lists, op) && message == ": value must be an object" || !cloud && fieldIsObject.MatchString(message) ||
		code == "JQL_UNBOUNDED" && (op == "GET /rest/api/2/priority/search" || op == "GET /rest/api/2/resolution/search")
}

var fieldIsObject = regexp.MustCompile(`^(issues/\d+/)?fields/[a-z0-9_]+: value must be an object$`)

var digits = regexp.MustCompile(`\d+`)

func TestEveryAnswerIsAsJirasOwnDocumentsSay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		everything(s, 0) // whether it goes through at all
		again := start(t, s.options.Flavour)
		var log string
		again.url, log = checked(t, again)
		everything(again, 10*time.Millisecond) // below the rate that Jira allows
		file, err := os.Open(log)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		findings, mistakes, told := 0, 0, map[string]int{}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			var f struct{ Severity, Code, Message, Op, Kind string }
			if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
				t.Fatal(err)
			}
			switch {
			case f.Severity != "error":
			case documentsMistake(again.cloud(), f.Op, f.Code, f.Message):
				mistakes++
			default:
				findings++
				told[fmt.Sprintf("%s %s %s: %s", f.Kind, f.Op, f.Code, digits.ReplaceAllString(f.Message, "N"))]++
			}
		}
		for message, n := range told {
			t.Errorf("%d times %s", n, message)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		calls := again.Calls()
		t.Logf("%d requests of %d operations; %d findings, and %d mistakes of the documents", again.Total(), len(calls), findings, mistakes)
	})
}

// everything makes each call that a client of our kind makes, in the ways the documents allow.
func everything(s *site, between time.Duration) {
	t := s.t
	t.Helper()
	who := object{"name": s.Mira().Name}
	if s.cloud() {
		who = object{"accountId": s.Mira().AccountID}
	}
	s.AddProject(Project{ID: "10000", Key: "OPS", Name: "Operations", Components: []Named{{"10500", "Database"}}, Types: []Type{
		{ID: "10001", Name: "Task", Fields: []Field{{ID: "customfield_10042", Name: "Team", Allowed: []Named{{"7", "Rails"}}}}}, {ID: "10002", Name: "Sub-task", Subtask: true},
	}})
	sprint := s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 7, north [a|b]", State: "active", StartedAt: noon.Add(-time.Hour)})
	seeded := s.Seed(Seed{Summary: "Cache is stale", Created: noon.Add(-50 * time.Hour), Sprint: sprint, Labels: []string{"cache"}, Moves: []Move{
		{At: noon.Add(-40 * time.Hour), Status: "In Progress", Priority: "High"},
		{At: noon.Add(-30 * time.Hour), Status: "Done", Resolution: "Duplicate"},
		{At: noon.Add(-20 * time.Hour), Status: "To Do", Assignee: s.id(s.Mira())},
	}, Comments: []Remark{{Body: "What does waiting cost?"}}})
	do := func(want int, method, path string, body any) got {
		t.Helper()
		s.clock.now = s.clock.now.Add(time.Second)
		time.Sleep(between)
		g := s.ask(method, path, body)
		if g.status != want {
			t.Errorf("%s %s: %d, not %d: %s", method, path, g.status, want, g.text)
		}
		return g
	}
	get := func(want int, path string) got { t.Helper(); return do(want, http.MethodGet, "/rest/api/2/"+path, nil) }
	post := func(want int, path string, body any) got {
		t.Helper()
		return do(want, http.MethodPost, "/rest/api/2/"+path, body)
	}
	put := func(want int, path string, body any) {
		t.Helper()
		do(want, http.MethodPut, "/rest/api/2/"+path, body)
	}
	for _, path := range []string{
		"serverInfo", "myself", "field", "status", "priority", "resolution", "issueLinkType", "mypermissions?projectKey=OPS", "project/OPS",
		"issue/createmeta/OPS/issuetypes", "issue/createmeta/OPS/issuetypes/10001?startAt=0&maxResults=50", "issue/" + seeded, "issue/" + seeded + "?fields=summary,status&expand=changelog",
		"issue/" + seeded + "?fields=summary&properties=upshot", "issue/" + seeded + "/comment?startAt=0&maxResults=20&orderBy=-created", "issue/" + seeded + "/transitions",
		"issue/" + seeded + "/properties",
	} {
		get(http.StatusOK, path)
	}
	get(http.StatusOK, "filter/10000")
	do(http.StatusOK, http.MethodGet, "/rest/agile/1.0/board/10000/configuration", nil)
	do(http.StatusOK, http.MethodGet, fmt.Sprintf("/rest/agile/1.0/sprint/%d", sprint), nil)
	do(http.StatusNotFound, http.MethodGet, "/rest/agile/1.0/board/99/configuration", nil)
	made := post(http.StatusCreated, "issue", object{
		"fields": object{
			"project": object{"key": "OPS"}, "issuetype": object{"id": "10001"}, "summary": "DB pool exhausted", "description": "h1. What happened", "labels": []string{"fix", "fu-1"},
			"priority": object{"id": "2"}, "assignee": who, "duedate": "2027-01-15", "components": []object{{"name": "Database"}}, "customfield_10042": object{"id": "7"},
		},
		"properties":      []object{{"key": "upshot", "value": object{"mark": "fu-1"}}},
		"historyMetadata": object{"type": "upshot", "description": "filed"},
	})
	id, _ := made.at("id").(string)
	key, _ := made.at("key").(string)
	post(http.StatusCreated, "issue", object{"fields": object{"project": object{"key": "OPS"}, "issuetype": object{"id": "10002"}, "summary": "A part of it", "parent": object{"key": key}}})
	post(http.StatusBadRequest, "issue", object{"fields": object{"project": object{"key": "OPS"}, "issuetype": object{"id": "1"}, "summary": "No such type"}})
	edit := object{
		"fields": object{"priority": object{"id": "1"}, "summary": "DB pool exhausted again"},
		"update": object{
			"labels": []object{{"add": "recurred"}, {"remove": "fix"}}, "comment": []object{{"add": object{"body": "It recurred. event-1"}}},
			"issuelinks": []object{{"add": object{"type": object{"name": "Relates"}, "outwardIssue": object{"key": seeded}}}},
		},
		"historyMetadata": object{"type": "upshot"},
	}
	if s.cloud() {
		put(http.StatusOK, "issue/"+id+"?returnIssue=true", edit)
	} else {
		put(http.StatusNoContent, "issue/"+id, edit)
	}
	comment := get(http.StatusOK, "issue/"+id+"/comment").at("comments", 0, "id")
	put(http.StatusNoContent, "issue/"+id, object{"update": object{"comment": []object{{"edit": object{"id": comment, "body": "It recurred twice. event-1"}}}}})
	said := post(http.StatusCreated, "issue/"+id+"/comment", object{"body": "One more. event-2"})
	put(http.StatusOK, fmt.Sprintf("issue/%s/comment/%v", id, said.at("id")), object{"body": "One more, in other words. event-2"})
	for n := range 2 {
		want := http.StatusOK
		if s.cloud() && n == 0 {
			want = http.StatusCreated
		}
		post(want, "issue/"+id+"/remotelink", object{
			"globalId": "upshot=fu-1", "application": object{"type": "upshot", "name": "Upshot"}, "relationship": "carries",
			"object": object{"url": "https://upshot.example.test/followups/FU-1", "title": "FU-1", "summary": "DB pool exhausted"},
		})
	}
	get(http.StatusOK, "issue/"+id+"/remotelink")
	get(http.StatusOK, "issue/"+id+"/remotelink?globalId="+url.QueryEscape("upshot=fu-1"))
	ends := object{"type": object{"name": "Duplicate"}, "inwardIssue": object{"id": id}, "outwardIssue": object{"key": seeded}}
	post(http.StatusCreated, "issueLink", ends)
	post(http.StatusNotFound, "issueLink", object{"type": object{"name": "Duplicate"}, "inwardIssue": object{"id": id}, "outwardIssue": object{"key": "OPS-999"}})
	get(http.StatusOK, "issue/"+id+"/properties/upshot")
	if s.cloud() { // Data Center's documents take a text for any JSON
		put(http.StatusOK, "issue/"+id+"/properties/upshot", object{"mark": "fu-2"})
		put(http.StatusCreated, "issue/"+id+"/properties/more", object{"mark": "fu-2"})
		get(http.StatusOK, "issue/"+id+"/transitions?expand=transitions.fields")
	}
	post(http.StatusNoContent, "issue/"+id+"/transitions", object{"transition": object{"id": "31"}})
	post(http.StatusNoContent, "issue/"+id+"/transitions", object{"transition": object{"id": "51"}, "fields": object{"resolution": object{"name": "Done"}}})
	post(http.StatusBadRequest, "issue/"+id+"/transitions", object{"transition": object{"id": "51"}})
	get(http.StatusNotFound, "issue/OPS-999")
	query := "labels in (fix, cache, \"fu-1\") AND updated >= " + fmt.Sprint(noon.Add(-1000*time.Hour).UnixMilli()) + " ORDER BY updated ASC, id ASC"
	fields := []string{"summary", "status", "labels", "priority", "created", "updated", "resolution", "issuelinks", "components", "assignee", sprintField}
	if s.cloud() {
		get(http.StatusOK, "priority/search?maxResults=2")
		get(http.StatusOK, "resolution/search")
		get(http.StatusOK, "user/assignable/search?project=OPS&query=mira")
		get(http.StatusOK, "search/jql?jql="+url.QueryEscape(query)+"&fields=summary,status")
		page := post(http.StatusOK, "search/jql", object{"jql": query, "fields": fields, "maxResults": 1})
		post(http.StatusOK, "search/jql", object{"jql": query, "fields": fields, "maxResults": 1, "nextPageToken": page.at("nextPageToken")})
		post(http.StatusOK, "search/jql", object{"jql": query, "fields": []string{"comment"}, "expand": "changelog", "properties": []string{"upshot"}})
		post(http.StatusBadRequest, "search/jql", object{"jql": "key = OPS-999", "fields": fields})
		post(http.StatusOK, "issue/bulkfetch", object{"issueIdsOrKeys": []string{id, seeded, "99999"}, "fields": fields, "expand": []string{"changelog"}})
		post(http.StatusOK, "changelog/bulkfetch", object{"issueIdsOrKeys": []string{id, seeded}, "fieldIds": []string{"status", "priority"}, "maxResults": 2})
		get(http.StatusOK, "issue/"+seeded+"/changelog?startAt=0&maxResults=100")
		get(http.StatusOK, "mypermissions?permissions=EDIT_ISSUES,ADD_COMMENTS&projectKey=OPS")
		s.Set(func(f *Faults) { f.Expired = true })
		post(http.StatusOK, "search/jql", object{"jql": query, "fields": fields})
		get(http.StatusUnauthorized, "issue/"+seeded)
		s.Set(func(f *Faults) { f.Expired = false })
	} else {
		get(http.StatusOK, "user/assignable/search?project=OPS&username=mira")
		get(http.StatusOK, "search?jql="+url.QueryEscape(query)+"&fields=summary,status&maxResults=1")
		post(http.StatusOK, "search", object{"jql": query, "fields": fields, "startAt": 0, "maxResults": 100, "expand": []string{"changelog"}})
		post(http.StatusOK, "search", object{"jql": "id in (" + id + ", 99999)", "fields": fields, "validateQuery": false})
		post(http.StatusBadRequest, "search", object{"jql": "key = OPS-999", "fields": fields})
	}
	agile := func(want int, method, path string, body any) got {
		t.Helper()
		return do(want, method, "/rest/agile/1.0/"+path, body)
	}
	board := agile(http.StatusOK, http.MethodGet, "board?projectKeyOrId=OPS&type=scrum&maxResults=50", nil).at("values", 0, "id")
	agile(http.StatusOK, http.MethodGet, fmt.Sprintf("board/%v", board), nil)
	agile(http.StatusOK, http.MethodGet, fmt.Sprintf("board/%v/sprint?state=active&maxResults=50", board), nil)
	agile(http.StatusOK, http.MethodGet, fmt.Sprintf("sprint/%d", sprint), nil)
	agile(http.StatusNoContent, http.MethodPost, fmt.Sprintf("sprint/%d/issue", sprint), object{"issues": []string{id}})
	moved := s.MoveToProject(seeded, s.newProject("NEW"))
	get(http.StatusOK, "issue/"+moved+"?expand=changelog")
	get(http.StatusOK, "issue/"+seeded+"?fields=project")
	if !strings.HasPrefix(moved, "NEW-") {
		t.Errorf("moved to %q", moved)
	}
}

func (s *site) newProject(key string) string {
	s.AddProject(Project{Key: key, Name: "New home"})
	return key
}
