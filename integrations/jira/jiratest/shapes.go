package jiratest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

type object = map[string]any

// stamp is a moment as Jira writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+0000") }

func (s *Server) self(path string) string { return "http://jira.example.test/rest/api/2/" + path }

func (s *Server) userJSON(id string) any {
	if id == "" {
		return nil
	}
	for n, u := range s.users {
		if s.id(u) != id {
			continue
		}
		j := object{
			"self": s.self("user?accountId=" + id), "displayName": u.DisplayName, "active": !u.Inactive, "timeZone": s.options.Zone.String(),
			"avatarUrls": object{"48x48": "http://jira.example.test/a.png"},
		}
		if s.cloud() {
			j["accountId"], j["accountType"] = u.AccountID, "atlassian"
			if u.Email != "" && (n == 0 || u.EmailShown) {
				j["emailAddress"] = u.Email
			}
		} else {
			j["self"] = s.self("user?username=" + u.Name)
			j["name"], j["key"], j["emailAddress"] = u.Name, "JIRAUSER"+strconv.Itoa(10100+n), u.Email
		}
		return j
	}
	return object{"self": s.self("user"), "displayName": id, "active": false}
}

// called is how somebody is shown.
func (s *Server) called(id string) string {
	for _, u := range s.users {
		if s.id(u) == id {
			return u.DisplayName
		}
	}
	return id
}

func (s *Server) statusJSON(st Status) object {
	ids := map[string]int{"new": 2, "indeterminate": 4, "done": 3, "undefined": 1}
	names := map[string]string{"new": "To Do", "indeterminate": "In Progress", "done": "Done", "undefined": "No Category"}
	return object{
		"self": s.self("status/" + st.ID), "id": st.ID, "name": st.Name, "description": "", "iconUrl": "http://jira.example.test/s.png",
		"statusCategory": object{
			"self": s.self("statuscategory/2"), "id": ids[st.Category], "key": st.Category, "name": names[st.Category], "colorName": "blue-gray",
		},
	}
}

func (s *Server) namedJSON(kind string, n Named) object {
	j := object{"self": s.self(kind + "/" + n.ID), "id": n.ID, "name": n.Name, "description": ""}
	if kind == "priority" {
		j["iconUrl"] = "http://jira.example.test/p.png"
	}
	return j
}

func (s *Server) typeJSON(t Type) object {
	return object{"self": s.self("issuetype/" + t.ID), "id": t.ID, "name": t.Name, "subtask": t.Subtask, "description": "", "iconUrl": "http://jira.example.test/t.png"}
}

func (s *Server) projectJSON(p *Project) object {
	return object{"self": s.self("project/" + p.ID), "id": p.ID, "key": p.Key, "name": p.Name, "projectTypeKey": "software"}
}

func (s *Server) typeOf(i *Issue) Type {
	if p := s.projects[i.Project]; p != nil {
		for _, t := range p.Types {
			if t.ID == i.Type {
				return t
			}
		}
	}
	return Type{ID: i.Type, Name: "Task"}
}

func (s *Server) typeNamed(project, id string) string {
	for _, t := range s.projects[project].Types {
		if t.ID == id {
			return t.Name
		}
	}
	return ""
}

// commentCut is how many comments of an issue come with a search of Cloud.
const commentCut = 20

// fieldJSON is one field of an issue; false: there is no such field.
func (s *Server) fieldJSON(i *Issue, name string, search bool) (any, bool) {
	switch name {
	case "summary":
		return i.Summary, true
	case "description":
		if i.Description == "" {
			return nil, true
		}
		return i.Description, true
	case "status":
		return s.statusJSON(s.status(i.Status)), true
	case "priority":
		if i.Priority == "" {
			return nil, true
		}
		return s.namedJSON("priority", Named{i.Priority, nameOf(s.priorities, i.Priority)}), true
	case "resolution":
		if i.Resolution == "" {
			return nil, true
		}
		return s.namedJSON("resolution", Named{i.Resolution, nameOf(s.resolved, i.Resolution)}), true
	case "assignee":
		return s.userJSON(i.Assignee), true
	case "labels":
		return append([]string{}, i.Labels...), true
	case "duedate":
		if i.DueOn == "" {
			return nil, true
		}
		return i.DueOn, true
	case "project":
		return s.projectJSON(s.projects[i.Project]), true
	case "issuetype":
		return s.typeJSON(s.typeOf(i)), true
	case "created":
		return stamp(i.Created), true
	case "updated":
		return stamp(i.Updated), true
	case "statuscategorychangedate":
		return stamp(i.CategoryAt), s.cloud()
	case "parent":
		if i.Parent == "" {
			return nil, false
		}
		return object{"id": s.byKey[i.Parent], "key": i.Parent, "self": s.self("issue/" + i.Parent)}, true
	case sprintField:
		return s.sprintsJSON(i), true
	case epicField:
		if s.cloud() || i.Parent == "" {
			return nil, !s.cloud()
		}
		return i.Parent, true
	case "reporter":
		return s.userJSON(i.Reporter), true
	case "creator":
		return s.userJSON(s.id(s.users[0])), true
	case "resolutiondate":
		if i.ResolvedAt.IsZero() {
			return nil, true
		}
		return stamp(i.ResolvedAt), true
	case "components":
		list := []any{}
		for _, id := range i.Components {
			list = append(list, s.namedJSON("component", Named{id, nameOf(s.projects[i.Project].Components, id)}))
		}
		return list, true
	case "issuelinks":
		return s.issueLinksJSON(i), true
	case "comment":
		comments := i.Comments
		if search && s.cloud() && len(comments) > commentCut {
			comments = comments[:commentCut]
		}
		return object{"comments": s.commentsJSON(i, comments), "maxResults": len(comments), "total": len(i.Comments), "startAt": 0}, true
	}
	if v, is := i.Custom[name]; is {
		return v, true
	}
	return nil, false
}

// sprintsJSON is the value of the Sprint field: objects on Cloud; texts on Data Center, in which names and goals hold whatever they
// like.
func (s *Server) sprintsJSON(i *Issue) any {
	var all []any
	for _, id := range i.Sprints {
		sp := s.sprint(id)
		if sp == nil {
			continue
		}
		if s.cloud() {
			all = append(all, s.sprintJSON(sp, false))
			continue
		}
		began := "<null>"
		if !sp.StartedAt.IsZero() {
			began = sp.StartedAt.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		all = append(all, fmt.Sprintf("com.atlassian.greenhopper.service.sprint.Sprint@1f[id=%d,rapidViewId=%d,state=%s,name=%s,startDate=%s,endDate=<null>,completeDate=<null>,activatedDate=%s,sequence=%d,goal=%s]",
			sp.ID, s.boardNumber(sp), strings.ToUpper(sp.State), sp.Name, began, began, sp.ID, first(sp.Goal, "a, b|c")))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func (s *Server) commentsJSON(i *Issue, all []Comment) []any {
	list := []any{}
	for _, c := range all {
		list = append(list, s.commentJSON(i, c))
	}
	return list
}

func (s *Server) commentJSON(i *Issue, c Comment) object {
	return object{
		"self": s.self(fmt.Sprintf("issue/%s/comment/%d", i.ID, c.ID)), "id": strconv.Itoa(c.ID), "author": s.userJSON(c.Author), "updateAuthor": s.userJSON(c.Author),
		"body": c.Body, "created": stamp(c.Created), "updated": stamp(c.Updated),
	}
}

// wanted is what a request asks of an issue.
type wanted struct {
	fields, expand, properties []string
	search                     bool // it comes with others, and what belongs to it is cut shorter
}

// allFields are what *all and *navigable stand for, beside custom ones.
var allFields = []string{
	"summary", "description", "status", "priority", "resolution", "resolutiondate", "assignee", "reporter", "creator", "labels", "components", "duedate",
	"project", "issuetype", "created", "updated", "statuscategorychangedate", "parent", "issuelinks", sprintField, "comment",
}

// issueJSON is an issue with what was asked of it.
func (s *Server) issueJSON(i *Issue, w wanted) object {
	j := object{"id": i.ID, "key": i.Key, "self": s.self("issue/" + i.ID)}
	var names []string
	for _, f := range w.fields {
		if f == "*all" || f == "*navigable" {
			names = append(append(names, allFields...), slices.Collect(maps.Keys(i.Custom))...)
		}
	}
	for _, f := range w.fields {
		if without, is := strings.CutPrefix(f, "-"); is {
			names = slices.DeleteFunc(names, func(have string) bool { return have == without })
		} else {
			names = append(names, f)
		}
	}
	values := object{}
	for _, f := range names {
		if v, is := s.fieldJSON(i, f, w.search); is && (v != nil || s.faults.Nulls) {
			values[f] = v
		}
	}
	if len(w.fields) > 0 {
		j["fields"] = values
	}
	if slices.Contains(w.expand, "changelog") {
		j["changelog"] = s.expanded(i, w.search)
	}
	if slices.Contains(w.expand, "transitions") {
		j["transitions"] = s.transitionsJSON(i, false, "")
	}
	if len(w.properties) > 0 {
		properties := object{}
		for _, key := range w.properties {
			if v, is := i.Properties[key]; is {
				properties[key] = v
			}
		}
		j["properties"] = properties
	}
	return j
}

// customNumber is the number in the id of a custom field.
func customNumber(id string) (int, bool) {
	digits, is := strings.CutPrefix(id, "customfield_")
	n, err := strconv.Atoi(digits)
	return n, is && err == nil
}

func wholeNumber(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}
