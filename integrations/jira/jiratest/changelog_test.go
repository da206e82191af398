package jiratest

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// busy seeds an issue with that many changes of status, two at each millisecond.
func busy(s *site, changes int) {
	seed := Seed{Created: noon.Add(-5000 * time.Hour)}
	for n := range changes {
		seed.Moves = append(seed.Moves, Move{At: noon.Add(time.Duration(n/2-4000) * time.Hour), Status: []string{"In Progress", "To Do"}[n%2]})
	}
	s.Seed(seed)
}

func TestHistoriesOfManyComeByPages(t *testing.T) {
	s := start(t, Cloud)
	busy(s, 1300)
	s.Seed(Seed{})
	s.Seed(Seed{Created: noon.Add(-time.Hour), Moves: []Move{{At: noon.Add(-time.Minute), Priority: "High", Status: "In Progress"}, {Labels: "a b"}}})
	ask := func(more object) got {
		body := object{"issueIdsOrKeys": []string{"OPS-1", "10002", "OPS-3"}, "fieldIds": []string{"status"}}
		for name, v := range more {
			body[name] = v
		}
		return s.ask(http.MethodPost, "/rest/api/2/changelog/bulkfetch", body)
	}
	g := ask(nil)
	if g.size("issueChangeLogs") != 1 || g.size("issueChangeLogs", 0, "changeHistories") != 1000 || g.at("nextPageToken") == nil {
		t.Fatalf("the first page: %d issues, token %v", g.size("issueChangeLogs"), g.at("nextPageToken"))
	}
	if _, is := g.at("issueChangeLogs", 0, "changeHistories", 0, "created").(float64); !is {
		t.Errorf("created is %v", g.at("issueChangeLogs", 0, "changeHistories", 0, "created"))
	}
	g = ask(object{"nextPageToken": g.at("nextPageToken")})
	if g.size("issueChangeLogs") != 2 || g.size("issueChangeLogs", 0, "changeHistories") != 300 || g.at("nextPageToken") != nil {
		t.Errorf("the second page: %d issues, %d histories, token %v", g.size("issueChangeLogs"), g.size("issueChangeLogs", 0, "changeHistories"), g.at("nextPageToken"))
	}
	if n := g.size("issueChangeLogs", 1, "changeHistories"); n != 1 || g.size("issueChangeLogs", 1, "changeHistories", 0, "items") != 1 {
		t.Errorf("of other fields: %d histories", n)
	}
	if g := ask(object{"maxResults": 20000}); g.size("issueChangeLogs") != 2 || g.at("nextPageToken") != nil {
		t.Errorf("all in one page: %d issues", g.size("issueChangeLogs"))
	}
	if g := ask(object{"fieldIds": []string{}, "maxResults": 5000}); g.size("issueChangeLogs", 1, "changeHistories") != 2 {
		t.Errorf("all fields: %d", g.size("issueChangeLogs", 1, "changeHistories"))
	}
	many := make([]string, 1001)
	for n := range many {
		many[n] = fmt.Sprint(10_000 + n)
	}
	for what, more := range map[string]object{
		"1001 issues": {"issueIdsOrKeys": many}, "11 fields": {"fieldIds": many[:11]}, "no issue": {"issueIdsOrKeys": []string{}}, "a strange token": {"nextPageToken": "x"},
	} {
		if g := ask(more); g.status != http.StatusBadRequest {
			t.Errorf("%s: %d", what, g.status)
		}
	}
	if g := ask(object{"issueIdsOrKeys": []string{"OPS-3", "OPS-99"}}); g.status != http.StatusOK || g.size("issueChangeLogs") != 1 {
		t.Errorf("an id that is not there: %d", g.status)
	}
	s.Set(func(f *Faults) { f.UnknownRefused, f.TextMoments = true, true })
	if g := ask(object{"issueIdsOrKeys": []string{"OPS-3", "OPS-99"}}); g.status != http.StatusBadRequest {
		t.Errorf("an id that is not there, refused: %d", g.status)
	}
	if at := ask(object{"issueIdsOrKeys": []string{"OPS-3"}}).at("issueChangeLogs", 0, "changeHistories", 0, "created"); at != "2026-11-27T11:59:00.000+0000" {
		t.Errorf("created as text: %v", at)
	}
}

func TestTheHistoryOfOneComesByPages(t *testing.T) {
	s := start(t, Cloud)
	busy(s, 130)
	g := s.get("/rest/api/2/issue/OPS-1/changelog?maxResults=1000")
	if g.size("values") != 100 || g.at("total") != 130.0 || g.at("isLast") != false {
		t.Errorf("%d of %v, the last: %v", g.size("values"), g.at("total"), g.at("isLast"))
	}
	first, second := g.at("values", 0, "created"), g.at("values", 1, "created")
	if first != second || g.at("values", 0, "id") == g.at("values", 1, "id") {
		t.Errorf("two at the same moment: %v %v", first, second)
	}
	if g := s.get("/rest/api/2/issue/OPS-1/changelog?startAt=100"); g.size("values") != 30 || g.at("isLast") != true {
		t.Errorf("then %d, the last: %v", g.size("values"), g.at("isLast"))
	}
}

func TestHistoriesKeepWhatTheSiteForgets(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddStatus(Status{ID: "10077", Name: "Parked", Category: "new"})
		s.AddStatus(Status{ID: "10078", Name: "Closed", Category: "done"})
		s.Seed(Seed{Created: noon.Add(-100 * time.Hour), Moves: []Move{
			{At: noon.Add(-90 * time.Hour), Status: "Parked"},
			{At: noon.Add(-80 * time.Hour), Status: "In Progress"},
			{At: noon.Add(-70 * time.Hour), Status: "Done"},
			{At: noon.Add(-60 * time.Hour), Status: "Closed"}, // a workflow that was replaced
		}})
		s.DeleteStatus("Parked")
		s.RenameStatus("In Progress", "Doing")
		names := s.get("/rest/api/2/status")
		for n := range names.size() {
			if name := names.at(n, "name"); name == "Parked" || name == "In Progress" {
				t.Errorf("the site still has %v", name)
			}
		}
		i, _ := s.Issue("OPS-1")
		if i.Changes[0].Items[0].ToText != "Parked" || i.Changes[1].Items[0].To != "3" || i.Changes[1].Items[0].ToText != "In Progress" {
			t.Errorf("the history says %+v", i.Changes)
		}
		g := s.get("/rest/api/2/issue/OPS-1")
		moved := noon.Add(-70 * time.Hour) // from done to done is no change of category
		if s.cloud() && g.at("fields", "statuscategorychangedate") != stamp(moved) || !s.cloud() && g.at("fields", "statuscategorychangedate") != nil {
			t.Errorf("the category changed at %v", g.at("fields", "statuscategorychangedate"))
		}
		if !i.ResolvedAt.Equal(moved) || g.at("fields", "resolution", "name") != "Done" {
			t.Errorf("resolved at %s", i.ResolvedAt)
		}
	})
}

func TestAnIssueMovesToAnotherProject(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{ID: "10700", Key: "NEW", Name: "New home"})
		s.Seed(Seed{Created: noon.Add(-time.Hour)})
		id := s.Issues()[0].ID
		if key := s.MoveToProject("OPS-1", "NEW"); key != "NEW-1" {
			t.Fatalf("moved to %q", key)
		}
		if s.MoveToProject("OPS-1", "NONE") != "" || s.MoveToProject("OPS-77", "NEW") != "" {
			t.Error("moved to a project that is not there, or nothing was moved")
		}
		for _, name := range []string{"OPS-1", "NEW-1", id} {
			if g := s.get("/rest/api/2/issue/" + name); g.at("key") != "NEW-1" || g.at("id") != id || g.at("fields", "project", "key") != "NEW" {
				t.Errorf("%s: %s", name, g.text)
			}
		}
		i, _ := s.Issue(id)
		fields := ""
		for _, it := range i.Changes[0].Items {
			fields += it.Field + " "
		}
		if fields != "Key project Workflow " || len(i.Changes) != 1 || i.Changes[0].Items[0].FromText != "OPS-1" || i.Changes[0].Items[0].ToText != "NEW-1" {
			t.Errorf("the history says %+v", i.Changes)
		}
		if _, keys := s.search("key = OPS-1"); len(keys) != 1 || keys[0] != "NEW-1" {
			t.Errorf("a search for the earlier key finds %v", keys)
		}
		if !s.cloud() {
			return
		}
		keys := func() int {
			return s.ask(http.MethodPost, "/rest/api/2/changelog/bulkfetch", object{"issueIdsOrKeys": []string{id}, "fieldIds": []string{"Key"}}).size("issueChangeLogs")
		}
		if n := keys(); n != 0 {
			t.Errorf("Key as a field id gives %d", n)
		}
		s.Set(func(f *Faults) { f.KeyIsField = true })
		if n := keys(); n != 1 {
			t.Errorf("Key as a field id, switched on, gives %d", n)
		}
	})
}
