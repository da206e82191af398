package jiratest

import (
	"fmt"
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
	for _, u := range s.users {
		if s.id(u) == id {
			j := object{
				"self": s.self("user?accountId=" + id), "displayName": u.DisplayName, "active": !u.Inactive, "timeZone": s.options.Zone.String(),
				"avatarUrls": object{"48x48": "http://jira.example.test/a.png"},
			}
			if s.cloud() {
				j["accountId"], j["accountType"] = u.AccountID, "atlassian"
			} else {
				j["name"], j["key"], j["emailAddress"] = u.Name, u.Name, u.Email
			}
			return j
		}
	}
	if id == "" {
		return nil
	}
	return object{"self": s.self("user"), "displayName": id, "active": false}
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
		return nil, !s.cloud()
	case "comment":
		comments := i.Comments
		if search && s.cloud() && len(comments) > 20 {
			comments = comments[:20]
		}
		return object{"comments": s.commentsJSON(i, comments), "maxResults": len(comments), "total": len(i.Comments), "startAt": 0}, true
	}
	if v, is := i.Custom[name]; is {
		return v, true
	}
	return nil, false
}

func (s *Server) sprintsJSON(i *Issue) any {
	if len(i.Sprints) == 0 {
		return nil
	}
	var all []any
	for _, id := range i.Sprints {
		sp := s.sprint(id)
		if sp == nil {
			continue
		}
		if s.cloud() {
			j := object{"id": sp.ID, "name": sp.Name, "state": sp.State, "boardId": 1, "goal": ""}
			if !sp.StartedAt.IsZero() {
				j["startDate"] = sp.StartedAt.UTC().Format("2006-01-02T15:04:05.000Z")
			}
			all = append(all, j)
			continue
		}
		began := "<null>"
		if !sp.StartedAt.IsZero() {
			began = sp.StartedAt.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		all = append(all, fmt.Sprintf("com.atlassian.greenhopper.service.sprint.Sprint@1f[id=%d,rapidViewId=1,state=%s,name=%s,startDate=%s,endDate=<null>,completeDate=<null>,activatedDate=%s,sequence=%d,goal=a, b|c]",
			sp.ID, strings.ToUpper(sp.State), sp.Name, began, began, sp.ID))
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

func (s *Server) changesJSON(changes []Change, asNumber bool) []any {
	list := []any{}
	for _, c := range changes {
		var created any = stamp(c.At)
		if asNumber {
			created = c.At.UnixMilli()
		}
		items := []any{}
		for _, it := range c.Items {
			j := object{"field": it.Field, "fieldtype": "jira"}
			for name, value := range map[string]string{"from": it.From, "fromString": it.FromText, "to": it.To, "toString": it.ToText} {
				if value != "" {
					j[name] = value
				} else if s.faults.Nulls || s.cloud() {
					j[name] = nil
				}
			}
			if it.Field == "Sprint" {
				j["fieldtype"] = "custom"
			}
			if s.cloud() && it.FieldID != "" {
				j["fieldId"] = it.FieldID
			}
			items = append(items, j)
		}
		list = append(list, object{"id": strconv.Itoa(c.ID), "author": s.userJSON(c.Author), "created": created, "items": items})
	}
	return list
}

// issueJSON is an issue with the fields that were named; expand may hold changelog.
func (s *Server) issueJSON(i *Issue, fields []string, expand []string, search bool) object {
	j := object{"id": i.ID, "key": i.Key, "self": s.self("issue/" + i.ID)}
	values := object{}
	if slices.Contains(fields, "*all") || slices.Contains(fields, "*navigable") {
		fields = append([]string{
			"summary", "description", "status", "priority", "resolution", "assignee", "labels", "duedate", "project", "issuetype", "created", "updated",
			"statuscategorychangedate", "parent", sprintField, "comment",
		}, fields...)
	}
	for _, f := range fields {
		if v, is := s.fieldJSON(i, f, search); is && (v != nil || s.faults.Nulls) {
			values[f] = v
		}
	}
	if len(fields) > 0 {
		j["fields"] = values
	}
	if slices.Contains(expand, "changelog") {
		changes := slices.Clone(i.Changes)
		total := len(changes)
		most := len(changes)
		switch {
		case s.cloud() && search:
			most = min(most, 40)
		case s.cloud():
			most = min(most, 100)
		case s.faults.HistoryMax > 0:
			most = min(most, s.faults.HistoryMax)
		}
		if s.cloud() { // newest first, and cut without a word
			slices.Reverse(changes)
		}
		j["changelog"] = object{"startAt": 0, "maxResults": most, "total": total, "histories": s.changesJSON(changes[:most], false)}
	}
	return j
}
