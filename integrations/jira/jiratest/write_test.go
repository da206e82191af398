package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCreatingIsRefused(t *testing.T) {
	cases := map[string]struct {
		fields object
		field  string
		words  string
	}{
		"without a summary":             {object{"summary": " "}, "summary", "You must specify a summary of the issue."},
		"a summary of two lines":        {object{"summary": "a\nb"}, "summary", "The summary is invalid because it contains newline characters."},
		"a summary too long":            {object{"summary": strings.Repeat("ä", 256)}, "summary", "Summary must be less than 255 characters."},
		"a description too long":        {object{"description": strings.Repeat("ä", 32_768)}, "description", "The entered text is too long. It exceeds the allowed limit of 32,767 characters."},
		"a description that is no text": {object{"description": object{"type": "doc"}}, "description", "Operation value must be a string"},
		"a label with a space":          {object{"labels": []string{"a b"}}, "labels", "The label 'a b' contains spaces which is invalid."},
		"a label too long":              {object{"labels": []string{strings.Repeat("a", 256)}}, "labels", "The label 'aaaaaaaaaaaaaaaaaaaa…' exceeds the limit of 255 characters."},
		"labels that are no list":       {object{"labels": "a"}, "labels", "data was not an array"},
		"no such priority":              {object{"priority": object{"id": "77"}}, "priority", "The priority selected is invalid."},
		"no such type":                  {object{"issuetype": object{"id": "1"}}, "issuetype", "The issue type selected is invalid."},
		"no such project":               {object{"project": object{"key": "NONE"}}, "project", "valid project is required"},
		"a project one may not see":     {object{"project": object{"key": "SEC"}}, "project", "valid project is required"},
		"a project one may only read":   {object{"project": object{"key": "READ"}}, "project", "You do not have permission to create issues in this project."},
		"an archived project":           {object{"project": object{"key": "OLD"}}, "project", "You do not have permission to create issues in this project."},
		"somebody who left":             {object{"assignee": object{"accountId": "5b10ac8d82e05b22cc7d4ef6", "name": "left"}}, "assignee", "User '%s' cannot be assigned issues."},
		"nobody known":                  {object{"assignee": object{"accountId": "x", "name": "x"}}, "assignee", "User 'x' cannot be assigned issues."},
		"a date that is none":           {object{"duedate": "soon"}, "duedate", "Error parsing date string: soon"},
		"no such component":             {object{"components": []object{{"name": "Moon"}}}, "components", "Component name 'Moon' is not valid"},
		"a field that is not there":     {object{"customfield_1": "x"}, "customfield_1", "Field 'customfield_1' cannot be set. It is not on the appropriate screen, or unknown."},
		"a resolution":                  {object{"resolution": object{"name": "Done"}}, "resolution", "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."},
		"a sub-task of nothing":         {object{"issuetype": object{"id": "10002"}}, "parent", "Issue type is a sub-task but parent issue key or id not specified."},
		"a required field left out":     {object{"project": object{"key": "TRK"}}, "customfield_10042", "Team is required."},
		"a required field empty":        {object{"project": object{"key": "TRK"}, "customfield_10042": nil}, "customfield_10042", "Team is required."},
		"an option that is not there":   {object{"project": object{"key": "TRK"}, "customfield_10042": object{"id": "9"}}, "customfield_10042", "Option id '9' is not valid"},
		"an option as a text":           {object{"project": object{"key": "TRK"}, "customfield_10042": "Rails"}, "customfield_10042", "Specify a valid 'id' or 'name' for Team"},
		"a number as a text":            {object{"project": object{"key": "TRK"}, "customfield_10042": object{"id": "7"}, "customfield_10043": "1"}, "customfield_10043", "Operation value must be a number"},
		"labels that are on no screen":  {object{"project": object{"key": "TRK"}, "issuetype": object{"id": "10002"}, "labels": []string{"a"}}, "labels", "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown."},
		"a priority that is on none":    {object{"project": object{"key": "TRK"}, "issuetype": object{"id": "10002"}, "priority": object{"id": "1"}}, "priority", "Field 'priority' cannot be set. It is not on the appropriate screen, or unknown."},
		"a due date that is on none":    {object{"project": object{"key": "TRK"}, "issuetype": object{"id": "10002"}, "duedate": "2027-01-01"}, "duedate", "Field 'duedate' cannot be set. It is not on the appropriate screen, or unknown."},
	}
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{Key: "SEC", Name: "Secret", Denied: []string{"BROWSE_PROJECTS"}})
		s.AddProject(Project{Key: "READ", Name: "Read only", Denied: []string{"CREATE_ISSUES"}})
		s.AddProject(Project{Key: "OLD", Name: "Old", Archived: true})
		s.AddProject(Project{Key: "TRK", Name: "Tracking", Types: []Type{
			{ID: "10001", Name: "Task", Fields: []Field{{ID: "customfield_10042", Name: "Team", Required: true, Allowed: []Named{{"7", "Rails"}}}, {ID: "customfield_10043", Name: "Cost", Type: "number"}}},
			{ID: "10002", Name: "Bare", NoLabels: true, NoPriority: true, Off: []string{"duedate"}},
		}})
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				words := c.words
				if strings.Contains(words, "%s") {
					words = fmt.Sprintf(words, s.id(s.users[2]))
				}
				g := s.create(c.fields)
				if g.status != http.StatusBadRequest || g.at("errors", c.field) != words || g.size("errorMessages") != 0 {
					t.Errorf("%d %s", g.status, g.text)
				}
			})
		}
		if n := len(s.Issues()); n != 0 {
			t.Errorf("%d issues were made all the same", n)
		}
	})
}

func TestCreating(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{ID: "10000", Key: "OPS", Name: "Operations", Components: []Named{{"10500", "Database"}}, Types: []Type{{
			ID: "10001", Name: "Task", Fields: []Field{{ID: "customfield_10042", Name: "Team", Required: true, Allowed: []Named{{"7", "Rails"}}}},
		}}})
		g := s.ask(http.MethodPost, "/rest/api/2/issue", object{
			"fields": object{
				"project": object{"id": "10000"}, "issuetype": object{"name": "Task"}, "summary": "DB pool exhausted", "labels": []string{"b", "a", "b"}, "priority": object{"name": "High"},
				"customfield_10042": object{"value": "Rails"}, "components": []object{{"id": "10500"}}, "assignee": nil,
			},
			"properties": []object{{"key": "upshot", "value": object{"mark": "fu-1"}}},
			"update":     object{"comment": []object{{"add": object{"body": "Filed"}}}},
		})
		if g.status != http.StatusCreated || g.at("key") != "OPS-1" || g.at("id") != "10001" || g.at("self") == nil {
			t.Fatalf("%d %s", g.status, g.text)
		}
		i, _ := s.Issue("OPS-1")
		if !slices.Equal(i.Labels, []string{"a", "b"}) || i.Priority != "2" || len(i.Changes) != 0 || len(i.Comments) != 1 || !i.Created.Equal(noon) {
			t.Errorf("%+v", i)
		}
		read := s.get("/rest/api/2/issue/10001?properties=upshot,more")
		if read.at("fields", "customfield_10042", "id") != "7" || read.at("properties", "upshot", "mark") != "fu-1" || read.at("properties", "more") != nil || read.at("fields", "components", 0, "name") != "Database" {
			t.Errorf("%s", read.text)
		}
		if g := s.get("/rest/api/2/issue/10001?fields=*all,-comment,-summary"); g.at("fields", "comment") != nil || g.at("fields", "summary") != nil || g.at("fields", "status") == nil {
			t.Errorf("all but some: %s", g.text)
		}
		e := s.Journal()[0]
		if e.Effect != "created" || e.Issue != "10001" || !slices.Equal(e.Labels, []string{"a", "b"}) || e.Label != "b" || e.Status != http.StatusCreated || e.Operation != "POST /rest/api/2/issue" || e.Lost {
			t.Errorf("the journal says %+v", e)
		}
	})
}

func TestEditing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{Labels: []string{"fix"}, Created: noon.Add(-time.Hour), Priority: "Low", Comments: []Remark{{Body: "Hm."}}})
		s.Seed(Seed{})
		put := func(body object) got { return s.ask(http.MethodPut, "/rest/api/2/issue/OPS-1?returnIssue=true", body) }
		first, _ := s.Issue("OPS-1")
		comment := fmt.Sprint(first.Comments[0].ID)
		for name, c := range map[string]struct {
			body  object
			field string
			words string
		}{
			"in fields and in update":     {object{"fields": object{"labels": []string{}}, "update": object{"labels": []object{{"add": "a"}}}}, "labels", "Field 'labels' cannot appear in both 'fields' and 'update'"},
			"a label with a space":        {object{"update": object{"labels": []object{{"add": "a b"}}}}, "labels", "The label 'a b' contains spaces which is invalid."},
			"an operation of no field":    {object{"update": object{"mood": []object{{"set": 1}}}}, "mood", "Field 'mood' cannot be set. It is not on the appropriate screen, or unknown."},
			"an operation nobody knows":   {object{"update": object{"labels": []object{{"turn": "a"}}}}, "labels", "Field with id 'labels' does not support operation 'turn'."},
			"operations that are no list": {object{"update": object{"labels": "a"}}, "labels", "data was not an array"},
			"an operation that is none":   {object{"update": object{"labels": []any{"a"}}}, "labels", "Each operation is an object with one member."},
			"an empty comment":            {object{"update": object{"comment": []object{{"add": object{"body": " "}}}}}, "comment", "Comment body can not be empty!"},
			"a comment that is not there": {object{"update": object{"comment": []object{{"edit": object{"id": "1", "body": "x"}}}}}, "comment", "Can not find a comment for the id: 1."},
			"a link to nothing":           {object{"update": object{"issuelinks": []object{{"add": object{"type": object{"name": "Relates"}, "outwardIssue": object{"key": "OPS-9"}}}}}}, "issuelinks", noIssue},
			"a link of no kind":           {object{"update": object{"issuelinks": []object{{"add": object{"type": object{"name": "Likes"}, "outwardIssue": object{"key": "OPS-2"}}}}}}, "issuelinks", "No issue link type with name 'Likes' found."},
			"another project":             {object{"fields": object{"project": object{"key": "OPS"}}}, "project", "Field 'project' cannot be set. It is not on the appropriate screen, or unknown."},
		} {
			// What is good in it is not done either.
			if update := members(c.body, "update"); update != nil && update["labels"] == nil {
				update["labels"] = []object{{"add": "half"}}
			}
			if g := put(c.body); g.status != http.StatusBadRequest || g.at("errors", c.field) != c.words {
				t.Errorf("%s: %d %s", name, g.status, g.text)
			}
		}
		if i, _ := s.Issue("OPS-1"); len(i.Changes) != 0 || len(i.Comments) != 1 || !slices.Equal(i.Labels, []string{"fix"}) {
			t.Errorf("what was refused has changed %+v", i)
		}
		g := put(object{
			"fields": object{"priority": object{"id": "1"}},
			"update": object{
				"labels":     []object{{"add": "recurred"}, {"add": "fix"}, {"remove": "none"}},
				"comment":    []object{{"add": object{"body": "It recurred."}}, {"edit": object{"id": comment, "body": "Hm!"}}},
				"issuelinks": []object{{"add": object{"type": object{"name": "Duplicate"}, "inwardIssue": object{"key": "OPS-2"}}}},
			},
			"historyMetadata": object{"type": "upshot"},
		})
		if s.cloud() && (g.status != http.StatusOK || g.at("fields", "priority", "name") != "Highest") || !s.cloud() && (g.status != http.StatusNoContent || g.text != "") {
			t.Errorf("%d %s", g.status, g.text)
		}
		i, _ := s.Issue("OPS-1")
		if !slices.Equal(i.Labels, []string{"fix", "recurred"}) || i.Priority != "1" || len(i.Comments) != 2 || i.Comments[0].Body != "Hm!" || i.Comments[0].Author != s.id(s.Mira()) || !i.Updated.Equal(noon) {
			t.Errorf("%+v", i)
		}
		change := i.Changes[0]
		if len(change.Items) != 2 || change.Items[0].Field != "labels" || change.Items[0].FromText != "fix" || change.Items[0].ToText != "fix recurred" || change.Items[1].From != "4" || change.Author != s.id(s.Robot()) {
			t.Errorf("the history says %+v", i.Changes)
		}
		if g := s.get("/rest/api/2/issue/OPS-1?expand=changelog"); s.cloud() && g.at("changelog", "histories", 1, "historyMetadata", "type") != "upshot" || !s.cloud() && g.at("changelog", "histories", 0, "historyMetadata", "type") != "upshot" {
			t.Errorf("whose change it was: %s", g.text)
		}
		for _, key := range []string{"OPS-1", "OPS-2"} {
			g := s.get("/rest/api/2/issue/" + key + "?fields=issuelinks")
			end := map[string]string{"OPS-1": "inwardIssue", "OPS-2": "outwardIssue"}[key]
			if g.size("fields", "issuelinks") != 1 || g.at("fields", "issuelinks", 0, end, "key") == nil {
				t.Errorf("links of %s: %s", key, g.text)
			}
		}
		// The same once more is no change.
		before := len(i.Changes)
		put(object{"fields": object{"priority": object{"id": "1"}}, "update": object{"labels": []object{{"add": "recurred"}}}})
		if i, _ := s.Issue("OPS-1"); len(i.Changes) != before {
			t.Errorf("the same once more: %+v", i.Changes[before:])
		}
	})
}

func TestPermissionsAndScreensRefuseEdits(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.AddProject(Project{Key: "NOT", Name: "Not at all", Denied: []string{"EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES", "LINK_ISSUES"}})
		s.AddProject(Project{Key: "MUTE", Name: "Mute", Denied: []string{"ADD_COMMENTS"}})
		s.AddProject(Project{Key: "BARE", Name: "Bare", Types: []Type{{ID: "10001", Name: "Task", NoLabels: true, Off: []string{"comment", "issuelinks", "resolution"}}}})
		for _, p := range []string{"NOT", "MUTE", "BARE", "OPS"} {
			s.Seed(Seed{Project: p})
		}
		comment := object{"update": object{"comment": []object{{"add": object{"body": "x"}}}}}
		link := object{"type": object{"name": "Relates"}, "inwardIssue": object{"key": "NOT-1"}, "outwardIssue": object{"key": "OPS-1"}}
		noLink := http.StatusUnauthorized
		if s.cloud() {
			noLink = http.StatusNotFound
		}
		for _, c := range []struct {
			what, method, path string
			body               any
			status             int
		}{
			{"to edit", "PUT", "issue/NOT-1", object{"fields": object{"summary": "x"}}, 403},
			{"to comment", "POST", "issue/NOT-1/comment", object{"body": "x"}, 403},
			{"to comment in an edit", "PUT", "issue/MUTE-1", comment, 403},
			{"to transition", "POST", "issue/NOT-1/transitions", object{"transition": object{"id": "31"}}, 403},
			{"to link back", "POST", "issue/NOT-1/remotelink", object{"object": object{"url": "http://a.test", "title": "a"}}, 403},
			{"to link", "POST", "issueLink", link, noLink},
			{"to set a property", "PUT", "issue/NOT-1/properties/a", object{}, 403},
			{"labels on no screen", "PUT", "issue/BARE-1", object{"update": object{"labels": []object{{"add": "a"}}}}, 400},
			{"a comment on no screen", "PUT", "issue/BARE-1", comment, 400},
			{"a link on no screen", "PUT", "issue/BARE-1", object{"update": object{"issuelinks": []object{{"add": object{"type": object{"name": "Relates"}, "outwardIssue": object{"key": "OPS-1"}}}}}}, 400},
			{"a resolution on no screen", "POST", "issue/BARE-1/transitions", object{"transition": object{"id": "51"}, "fields": object{"resolution": object{"name": "Done"}}}, 400},
			{"to done without one", "POST", "issue/BARE-1/transitions", object{"transition": object{"id": "51"}}, 204},
		} {
			if g := s.ask(c.method, "/rest/api/2/"+c.path, c.body); g.status != c.status {
				t.Errorf("%s: %d %s", c.what, g.status, g.text)
			}
		}
	})
}

func TestComments(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{Created: noon.Add(-time.Hour)})
		for _, readOnly := range []string{"author", "updateAuthor", "id", "created"} {
			g := s.ask(http.MethodPost, "/rest/api/2/issue/OPS-1/comment", object{"body": "x", readOnly: object{"avatarUrls": object{}}})
			if g.status != http.StatusBadRequest || !g.says("Invalid request payload. Refer to the REST API documentation and try again.") {
				t.Errorf("with %s: %d %s", readOnly, g.status, g.text)
			}
		}
		g := s.ask(http.MethodPost, "/rest/api/2/issue/OPS-1/comment", object{"body": "One"})
		if g.status != http.StatusCreated || g.at("body") != "One" || g.at("author", "displayName") != "Upshot robot" || g.at("created") != "2026-11-27T12:00:00.000+0000" {
			t.Errorf("%d %s", g.status, g.text)
		}
		s.clock.now = noon.Add(time.Minute)
		if g := s.ask(http.MethodPut, fmt.Sprintf("/rest/api/2/issue/OPS-1/comment/%v", g.at("id")), object{"body": "Two"}); g.status != http.StatusOK || g.at("body") != "Two" || g.at("updated") == g.at("created") {
			t.Errorf("%d %s", g.status, g.text)
		}
		if g := s.ask(http.MethodPut, "/rest/api/2/issue/OPS-1/comment/1", object{"body": "Two"}); g.status != http.StatusNotFound {
			t.Errorf("one that is not there: %d", g.status)
		}
		for _, body := range []string{"", strings.Repeat("x", 32_768)} {
			if g := s.ask(http.MethodPost, "/rest/api/2/issue/OPS-1/comment", object{"body": body}); g.status != http.StatusBadRequest {
				t.Errorf("a body of %d: %d", len(body), g.status)
			}
		}
		s.Say("OPS-1", "From a person")
		i, _ := s.Issue("OPS-1")
		if len(i.Comments) != 2 || i.Comments[1].Author != s.id(s.Mira()) || len(i.Changes) != 0 || !i.Updated.Equal(s.clock.now) {
			t.Errorf("%+v", i)
		}
	})
}

func TestTransitions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{})
		s.Ways("In Progress", "Done")
		list := func(query string) got { return s.get("/rest/api/2/issue/OPS-1/transitions" + query) }
		go1 := func(body object) got { return s.ask(http.MethodPost, "/rest/api/2/issue/OPS-1/transitions", body) }
		const raced = "It seems that you have tried to perform a workflow operation (To Done) that is not valid for the current state of this issue (OPS-1). The likely cause is that somebody has changed the issue recently, please look at the issue history for details."
		if g := list(""); g.size("transitions") != 4 || g.at("transitions", 0, "fields") != nil {
			t.Errorf("out of the first status: %s", g.text)
		}
		if g := list("?transitionId=31"); g.size("transitions") != 1 || g.at("transitions", 0, "to", "statusCategory", "key") != "indeterminate" {
			t.Errorf("one of them: %s", g.text)
		}
		if g := go1(object{"transition": object{"id": "31"}}); g.status != http.StatusNoContent {
			t.Fatalf("%d %s", g.status, g.text)
		}
		g := list("?expand=transitions.fields")
		if g.size("transitions") != 1 || g.at("transitions", 0, "id") != "51" || g.at("transitions", 0, "fields", "resolution", "required") != true || g.at("transitions", 0, "fields", "resolution", "allowedValues", 1, "name") != "Won't Do" {
			t.Errorf("where the workflow leads: %s", g.text)
		}
		for name, c := range map[string]struct {
			body  object
			words string
		}{
			"one that the status does not have": {object{"transition": object{"id": "11"}}, strings.Replace(raced, "To Done", "To To Do", 1)},
			"one that nobody has":               {object{"transition": object{"id": "991"}}, strings.Replace(raced, "To Done", "991", 1)},
			"none":                              {object{}, "Missing 'transition' identifier"},
			"without a resolution":              {object{"transition": object{"id": "51"}}, "Resolution is required."},
			"with no such resolution":           {object{"transition": object{"id": "51"}, "fields": object{"resolution": object{"name": "Magic"}}}, "The resolution selected is invalid."},
			"with a field that is not on it":    {object{"transition": object{"id": "51"}, "fields": object{"duedate": "2027-01-01"}}, "Field 'duedate' cannot be set. It is not on the appropriate screen, or unknown."},
		} {
			if g := go1(c.body); g.status != http.StatusBadRequest || !g.says(c.words) {
				t.Errorf("%s: %d %s", name, g.status, g.text)
			}
		}
		done := object{
			"transition": object{"id": "51"}, "fields": object{"resolution": object{"id": "10004"}}, "update": object{"comment": []object{{"add": object{"body": "By hand"}}}},
		}
		s.Set(func(f *Faults) { f.Raced = 1 })
		if g := go1(done); g.status != http.StatusBadRequest || !g.says(raced) {
			t.Errorf("when somebody was quicker: %d %s", g.status, g.text)
		}
		if g := go1(done); g.status != http.StatusNoContent {
			t.Fatalf("%d %s", g.status, g.text)
		}
		i, _ := s.Issue("OPS-1")
		if i.Status != "10002" || nameOf(s.resolved, i.Resolution) != "Operations resolved" || len(i.Changes) != 2 || len(i.Changes[1].Items) != 2 || len(i.Comments) != 1 {
			t.Errorf("%+v", i)
		}
		if g := go1(done); g.status != http.StatusBadRequest || !g.says(raced) {
			t.Errorf("once more: %d %s", g.status, g.text)
		}
		go1(object{"transition": object{"id": "11"}})
		if i, _ := s.Issue("OPS-1"); i.Resolution != "" || !i.ResolvedAt.IsZero() {
			t.Errorf("reopened and still resolved: %+v", i)
		}
	})
}

func TestLinksToPagesElsewhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{Created: noon.Add(-time.Hour)})
		link := func(id, title string) got {
			return s.ask(http.MethodPost, "/rest/api/2/issue/OPS-1/remotelink", object{"globalId": id, "object": object{"url": "https://upshot.example.test/1", "title": title}})
		}
		created := http.StatusCreated
		if !s.cloud() {
			created = http.StatusOK
		}
		first, again, other := link("a", "One"), link("a", "Two"), link("b", "Three")
		if first.status != created || again.status != http.StatusOK || other.status != created || first.at("id") != again.at("id") || first.at("id") == other.at("id") {
			t.Errorf("%d %s, %d %s, %d %s", first.status, first.text, again.status, again.text, other.status, other.text)
		}
		g := s.get("/rest/api/2/issue/OPS-1/remotelink")
		if g.size() != 2 || g.at(0, "object", "title") != "Two" || g.at(0, "globalId") != "a" {
			t.Errorf("%s", g.text)
		}
		if g := s.get("/rest/api/2/issue/OPS-1/remotelink?globalId=b"); g.at("object", "title") != "Three" {
			t.Errorf("%s", g.text)
		}
		if g := link("c", ""); g.status != http.StatusBadRequest || g.at("errors", "title") != "'title' is required." {
			t.Errorf("without a title: %d %s", g.status, g.text)
		}
		if g := link(strings.Repeat("c", 256), "x"); g.status != http.StatusBadRequest {
			t.Errorf("a global id too long: %d", g.status)
		}
		if i, _ := s.Issue("OPS-1"); len(i.Changes) != 0 || !i.Updated.Equal(i.Created) {
			t.Errorf("it left %+v", i.Changes)
		}
		s.Set(func(f *Faults) { f.LinkNoise, f.CreatedLinks = true, true })
		if g := link("d", "Four"); g.status != http.StatusCreated {
			t.Errorf("a new one: %d", g.status)
		}
		if i, _ := s.Issue("OPS-1"); len(i.Changes) != 1 || i.Changes[0].Items[0].Field != "RemoteIssueLink" {
			t.Errorf("noise: %+v", i.Changes)
		}
	})
}

func TestLinksBetweenIssues(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{})
		s.Seed(Seed{})
		link := func(kind, to string) got {
			return s.ask(http.MethodPost, "/rest/api/2/issueLink", object{
				"type": object{"name": kind}, "inwardIssue": object{"id": "10001"}, "outwardIssue": object{"key": to}, "comment": object{"body": "Linked"},
			})
		}
		for _, c := range []struct {
			kind, to string
			want     int
		}{{"Relates", "OPS-9", 404}, {"Likes", "OPS-2", 404}, {"Relates", "OPS-2", 201}, {"Relates", "OPS-2", 201}} {
			if g := link(c.kind, c.to); g.status != c.want {
				t.Errorf("%s %s: %d %s", c.kind, c.to, g.status, g.text)
			}
		}
		count := func() int { i, _ := s.Issue("OPS-2"); return len(i.IssueLinks) }
		if n := count(); n != 1 {
			t.Errorf("an identical link is there %d times", n)
		}
		s.Set(func(f *Faults) { f.LinksDouble = true })
		if link("Relates", "OPS-2"); count() != 2 {
			t.Errorf("an identical link, doubled, is there %d times", count())
		}
		if g := s.get("/rest/api/2/issueLinkType"); g.size("issueLinkTypes") != 3 {
			t.Errorf("%s", g.text)
		}
	})
}

func TestProperties(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Seed(Seed{})
		const path = "/rest/api/2/issue/OPS-1/properties/upshot"
		if g := s.get(path); g.status != http.StatusNotFound {
			t.Errorf("before: %d", g.status)
		}
		for _, c := range []struct {
			value any
			want  int
		}{{object{"mark": "fu-1"}, 201}, {"a text", 200}, {strings.Repeat("x", 32_768), 400}} {
			if g := s.ask(http.MethodPut, path, c.value); g.status != c.want {
				t.Errorf("%.20v: %d %s", c.value, g.status, g.text)
			}
		}
		if g := s.get(path); g.at("value") != "a text" || g.at("key") != "upshot" {
			t.Errorf("%s", g.text)
		}
		if g := s.get("/rest/api/2/issue/OPS-1/properties"); g.size("keys") != 1 || g.at("keys", 0, "key") != "upshot" {
			t.Errorf("%s", g.text)
		}
	})
}

func TestBodiesThatAreNone(t *testing.T) {
	s := start(t, Cloud)
	for what, c := range map[string]struct {
		kind, body string
		want       int
	}{"half of one": {"application/json", `{"fields":`, 400}, "a form": {"application/x-www-form-urlencoded", "fields=1", 415}, "a list": {"application/json", `[1]`, 400}} {
		r, _ := http.NewRequest(http.MethodPost, s.url+"/rest/api/2/issue", strings.NewReader(c.body))
		r.SetBasicAuth(DefaultUser, DefaultToken)
		r.Header.Set("Content-Type", c.kind)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		if a.StatusCode != c.want {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
}

func TestChangesByHand(t *testing.T) {
	s := start(t, Cloud)
	s.Seed(Seed{Created: noon.Add(-time.Hour)})
	s.Touch("OPS-1")
	if i, _ := s.Issue("OPS-1"); !i.Updated.Equal(noon) || len(i.Changes) != 0 {
		t.Errorf("touched: %+v", i)
	}
	s.Move("OPS-1", Move{Status: "To Do", Priority: "Medium", Resolution: "Magic"})
	if i, _ := s.Issue("OPS-1"); len(i.Changes) != 0 {
		t.Errorf("nothing changed, and the history says %+v", i.Changes)
	}
	s.Move("OPS-1", Move{Status: "Done", Priority: "High", Labels: "a b", Assignee: s.Mira().AccountID, By: s.Robot().AccountID})
	i, _ := s.Issue("OPS-1")
	if len(i.Changes) != 1 || len(i.Changes[0].Items) != 5 || i.Changes[0].Author != s.Robot().AccountID || len(i.Labels) != 2 {
		t.Errorf("several things in one entry: %+v", i.Changes)
	}
	s.Move("OPS-1", Move{Labels: "-", Assignee: "-"})
	if i, _ := s.Issue("OPS-1"); len(i.Labels) != 0 || i.Assignee != "" {
		t.Errorf("taken away: %+v", i)
	}
	// What was given out before stays as it was.
	i.Labels[0] = "z"
	if len(i.Changes) != 1 {
		t.Errorf("a copy changed: %+v", i)
	}
	s.SetPriorities(Named{"9", "Now"}, Named{"8", "Whenever"})
	s.SetResolutions(Named{"1", "Fixed"})
	if key := s.Seed(Seed{Priority: "Now"}); s.get("/rest/api/2/issue/"+key).at("fields", "priority", "name") != "Now" || s.get("/rest/api/2/resolution").size() != 1 {
		t.Error("the site's own priorities are not there")
	}
	if n := len(s.Labelled("none")); n != 0 {
		t.Errorf("%d carry no such label", n)
	}
}
