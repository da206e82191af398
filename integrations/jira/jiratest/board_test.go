package jiratest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// page gets a page, or posts a form, and follows where it leads.
func page(t *testing.T, s *site, path string, form url.Values, header ...string) (int, string, string) {
	t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	content, _ := io.ReadAll(a.Body)
	return a.StatusCode, a.Request.URL.Path, string(content)
}

func TestAVisitorMovesACard(t *testing.T) {
	double := New(Options{Path: "/jira"})
	s := &site{Server: double, t: t, url: strings.TrimSuffix(double.Start(t), "/jira")}
	s.AddProject(Project{Key: "NEW", Name: "New home"})
	current := s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 7", State: "active"})
	s.AddSprint(Sprint{Project: "OPS", Name: "Sprint 6", State: "closed"})
	s.AddSprint(Sprint{Project: "NEW", Name: "Another sprint", State: "active"})
	s.Seed(Seed{Summary: "DB pool <exhausted>", Description: "Why & how", Labels: []string{"fu-1"}, Comments: []Remark{{Body: "What does waiting cost?"}}})
	s.Seed(Seed{Project: "NEW", Summary: "Elsewhere"})

	status, path, text := page(t, s, "/jira/", nil)
	if status != http.StatusOK || path != "/jira/board" {
		t.Errorf("the first page: %d %s", status, path)
	}
	for _, wanted := range []string{"pretend Jira", "DB pool &lt;exhausted&gt;", `data-issue="OPS-1"`, `data-issue="NEW-1"`, `<a href="/jira/browse/OPS-1">`, `<h2>To Do · 2</h2>`, `<option selected>To Do</option>`, `<option>Done</option>`, "light dark"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the board does not say %s", wanted)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "Sprint 6") {
		t.Error("the board has scripts, or offers a sprint that is over")
	}
	if _, _, text := page(t, s, "/jira/board/NEW", nil); strings.Contains(text, "OPS-1") || !strings.Contains(text, "NEW-1") || strings.Contains(text, "Sprint 7") {
		t.Error("the board of one project shows another's cards or sprints")
	}
	for _, c := range []struct {
		form  url.Values
		leads string
	}{
		{url.Values{"status": {"In Progress"}}, "/jira/board"},
		{url.Values{"priority": {"Highest"}, "project": {"OPS"}}, "/jira/board/OPS"},
		{url.Values{"sprint": {"1"}}, "/jira/board"},
		{url.Values{"comment": {"Taken"}, "project": {"OPS"}}, "/jira/browse/OPS-1"},
	} {
		if status, path, _ := page(t, s, "/jira/board/OPS-1", c.form); status != http.StatusOK || path != c.leads {
			t.Errorf("%v leads to %d %s", c.form, status, path)
		}
	}
	i, _ := s.Issue("OPS-1")
	if i.Status != "3" || i.Priority != "1" || len(i.Sprints) != 1 || i.Sprints[0] != current || len(i.Comments) != 2 || len(i.Changes) != 3 || i.Changes[0].Author != s.id(s.Mira()) {
		t.Errorf("%+v", i)
	}
	_, _, text = page(t, s, "/jira/browse/OPS-1", nil)
	for _, wanted := range []string{"Why &amp; how", "What does waiting cost?", "Taken", "fu-1", "status: To Do → In Progress", "Sprint: none → Sprint 7", "Mira Krause", "pretend Jira"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the issue's page does not say %s", wanted)
		}
	}
	page(t, s, "/jira/board/OPS-1", url.Values{"sprint": {"-1"}})
	if i, _ := s.Issue("OPS-1"); len(i.Sprints) != 0 {
		t.Errorf("still in %v", i.Sprints)
	}
}

func TestTheBoardKeepsToTheWorkflow(t *testing.T) {
	s := start(t, Cloud)
	s.AddStatus(Status{ID: "10077", Name: "Parked", Category: "new"})
	s.DeleteStatus("Parked")
	s.Ways("To Do", "In Progress")
	s.Seed(Seed{Created: noon.Add(-time.Hour)})
	_, _, text := page(t, s, "/board", nil)
	if strings.Contains(text, "<option>Done</option>") || !strings.Contains(text, "<option>In Progress</option>") || strings.Contains(text, "Parked") {
		t.Error("the board offers what the workflow does not, or a status that was deleted")
	}
}

func TestPagesThatAreNotThere(t *testing.T) {
	s := start(t, Cloud)
	s.Seed(Seed{})
	for path, form := range map[string]url.Values{"/board/NONE": nil, "/browse/OPS-9": nil, "/elsewhere": nil, "/board/OPS-9": {"status": {"Done"}}} {
		if status, _, _ := page(t, s, path, form); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _, _ := page(t, s, "/board/OPS-1", url.Values{"status": {"Done"}}, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("a form on another site: %d", status)
	}
	if i, _ := s.Issue("OPS-1"); i.Status != "10000" {
		t.Error("it moved all the same")
	}
}
