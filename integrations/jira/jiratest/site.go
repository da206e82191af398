package jiratest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What the site says of itself: its version, fields, statuses, people and permissions.

func (s *Server) serverInfo(c call) answer {
	j := object{
		"baseUrl": "http://" + c.Host + s.options.Path, "version": "10.3.24", "versionNumbers": []int{10, 3, 24}, "deploymentType": string(s.options.Flavour),
		"buildNumber": 10030024, "serverTitle": "Pretend Jira", "serverTime": stamp(s.now()), "scmInfo": "0",
	}
	if s.cloud() {
		j["version"], j["versionNumbers"] = "1001.0.0-SNAPSHOT", []int{1001, 0, 0}
	}
	return ok(j)
}

// names are the priorities or the resolutions, in the order of the site.
func (s *Server) names(of string) []Named {
	if of == "priority" {
		return s.priorities
	}
	return s.resolved
}

func (s *Server) statusesJSON() []any {
	list := []any{}
	for _, st := range s.statuses {
		if !st.Deleted {
			list = append(list, s.statusJSON(st))
		}
	}
	return list
}

func (s *Server) fieldsJSON() []any {
	list := []any{}
	for _, f := range []struct{ id, name, kind, items string }{
		{"summary", "Summary", "string", ""},
		{"description", "Description", "string", ""},
		{"status", "Status", "status", ""},
		{"priority", "Priority", "priority", ""},
		{"labels", "Labels", "array", "string"},
		{"assignee", "Assignee", "user", ""},
		{"reporter", "Reporter", "user", ""},
		{"duedate", "Due date", "date", ""},
		{"resolution", "Resolution", "resolution", ""},
		{"components", "Components", "array", "component"},
		{"issuelinks", "Linked Issues", "array", "issuelinks"},
		{"created", "Created", "datetime", ""},
		{"updated", "Updated", "datetime", ""},
	} {
		schema := object{"type": f.kind, "system": f.id}
		if f.items != "" {
			schema["items"] = f.items
		}
		list = append(list, object{
			"id": f.id, "key": f.id, "name": f.name, "custom": false, "orderable": true, "navigable": true, "searchable": true, "clauseNames": []string{f.id},
			"schema": schema,
		})
	}
	custom := func(id, name string, schema object) {
		number, _ := strconv.Atoi(strings.TrimPrefix(id, "customfield_"))
		schema["customId"] = number
		list = append(list, object{
			"id": id, "key": id, "name": name, "custom": true, "orderable": true, "navigable": true, "searchable": true,
			"clauseNames": []string{fmt.Sprintf("cf[%d]", number), name}, "schema": schema,
		})
	}
	// Sprint and epic are known by the schema, never by a name, which every site chooses.
	custom(sprintField, "Iteration", object{"type": "array", "items": "json", "custom": "com.pyxis.greenhopper.jira:gh-sprint"})
	if !s.cloud() {
		custom(epicField, "Epic Link", object{"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link"})
	}
	seen := map[string]bool{}
	for _, p := range s.projectsInOrder() {
		for _, t := range p.Types {
			for _, f := range t.Fields {
				if !seen[f.ID] && strings.HasPrefix(f.ID, "customfield_") {
					seen[f.ID] = true
					custom(f.ID, f.Name, f.schema())
				}
			}
		}
	}
	return list
}

func (s *Server) linkTypesJSON() object {
	list := []any{}
	for _, t := range linkTypes {
		list = append(list, s.linkTypeJSON(t))
	}
	return object{"issueLinkTypes": list}
}

func (s *Server) permissions(c call) answer {
	var p *Project
	switch key, issue := first(c.text("projectKey"), c.text("projectId")), first(c.text("issueKey"), c.text("issueId")); {
	case key != "":
		if p = s.project(key); p == nil {
			return absent("No project could be found with key '" + key + "'.")
		}
	case issue != "":
		i := s.visible(issue)
		if i == nil {
			return absent(noIssue)
		}
		p = s.projects[i.Project]
	}
	wanted := c.list("permissions")
	all := object{}
	for n, key := range []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "LINK_ISSUES", "TRANSITION_ISSUES", "ASSIGN_ISSUES"} {
		if len(wanted) == 0 || slices.Contains(wanted, key) {
			all[key] = object{"id": strconv.Itoa(10 + n), "key": key, "name": key, "type": "PROJECT", "description": "", "havePermission": p == nil || !p.denies(key)}
		}
	}
	return ok(object{"permissions": all})
}

// assignable gives the people who may be assigned, by part of a name; a mail address finds nobody whose address is hidden.
func (s *Server) assignable(c call) answer {
	typed := strings.ToLower(c.text("query"))
	if !s.cloud() {
		typed = strings.ToLower(c.text("username"))
	}
	list := []any{}
	for _, u := range s.users {
		known := u.DisplayName + "\n" + u.Name
		if s.cloud() {
			known = u.DisplayName
		}
		if !s.cloud() || u.EmailShown {
			known += "\n" + u.Email
		}
		if !u.Inactive && strings.Contains(strings.ToLower(known), typed) {
			list = append(list, s.userJSON(s.id(u)))
		}
	}
	return ok(list)
}
