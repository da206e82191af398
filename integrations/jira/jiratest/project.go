package jiratest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// project is the one of that key or number; nil: there is none, or the login may not see it.
func (s *Server) project(name string) *Project {
	for _, p := range s.projects {
		if (p.Key == name || p.ID == name) && !p.denies("BROWSE_PROJECTS") {
			return p
		}
	}
	return nil
}

func (s *Server) projectsInOrder() []*Project {
	return slices.SortedFunc(maps.Values(s.projects), func(a, b *Project) int { return cmp.Compare(a.Key, b.Key) })
}

func (p *Project) denies(permission string) bool { return slices.Contains(p.Denied, permission) }

// off tells whether a field is missing from the type's screens.
func (t Type) off(field string) bool {
	return field == "labels" && t.NoLabels || field == "priority" && t.NoPriority || slices.Contains(t.Off, field)
}

func (t Type) field(id string) (Field, bool) {
	for _, f := range t.Fields {
		if f.ID == id {
			return f, true
		}
	}
	return Field{}, false
}

func (f Field) schema() object {
	number, _ := strconv.Atoi(strings.TrimPrefix(f.ID, "customfield_"))
	kinds := map[string]string{"string": "textfield", "number": "float", "array": "multiselect", "option": "select", "user": "userpicker", "date": "datepicker"}
	kind := first(f.Type, "option")
	j := object{"type": kind, "custom": "com.atlassian.jira.plugin.system.customfieldtypes:" + first(kinds[kind], kind), "customId": number}
	if kind == "array" {
		j["items"] = "option"
	}
	return j
}

// createMeta says what a project's types are, and which fields one of them takes.
func (s *Server) createMeta(c call, key string, rest []string) answer {
	p := s.project(key)
	if p == nil || p.denies("CREATE_ISSUES") || p.Archived {
		return absent("No project could be found with key '" + key + "'.")
	}
	name := "values"
	if len(rest) == 0 {
		if s.cloud() {
			name = "issueTypes"
		}
		return ok(s.paged(c, name, len(p.Types), func(n int) any { return s.typeJSON(p.Types[n]) }))
	}
	for _, t := range p.Types {
		if t.ID == rest[0] {
			if s.cloud() {
				name = "fields"
			}
			fields := s.inputs(p, t)
			return ok(s.paged(c, name, len(fields), func(n int) any { return fields[n] }))
		}
	}
	return absent("Issue type with id '" + rest[0] + "' does not exist.")
}

// inputs are the fields of the screen on which an issue is created.
func (s *Server) inputs(p *Project, t Type) []any {
	input := func(id, name string, required bool, schema object, allowed []any) object {
		j := object{
			"fieldId": id, "key": id, "name": name, "required": required, "hasDefaultValue": false, "operations": []string{"set"}, "schema": schema,
		}
		if len(allowed) > 0 {
			j["allowedValues"] = allowed
		}
		return j
	}
	var all []any
	system := func(id, name, kind string, required bool, allowed []any) {
		if t.off(id) {
			return
		}
		schema := object{"type": kind, "system": id}
		if kind == "array" {
			schema["items"] = map[string]string{"labels": "string", "components": "component", "issuelinks": "issuelinks"}[id]
		}
		j := input(id, name, required, schema, allowed)
		if kind == "array" {
			j["operations"] = []string{"add", "set", "remove"}
		}
		all = append(all, j)
	}
	var priorities, components []any
	for _, n := range s.priorities {
		priorities = append(priorities, s.namedJSON("priority", n))
	}
	for _, n := range p.Components {
		components = append(components, s.namedJSON("component", n))
	}
	system("project", "Project", "project", true, []any{s.projectJSON(p)})
	system("issuetype", "Issue Type", "issuetype", true, []any{s.typeJSON(t)})
	system("summary", "Summary", "string", true, nil)
	system("description", "Description", "string", false, nil)
	system("assignee", "Assignee", "user", false, nil)
	system("duedate", "Due date", "date", false, nil)
	system("components", "Components", "array", false, components)
	system("labels", "Labels", "array", false, nil)
	system("priority", "Priority", "priority", false, priorities)
	system("issuelinks", "Linked Issues", "array", false, nil)
	if t.Subtask {
		system("parent", "Parent", "issuelink", true, nil)
	}
	for _, f := range t.Fields {
		var allowed []any
		for _, a := range f.Allowed {
			allowed = append(allowed, s.optionJSON(a))
		}
		all = append(all, input(f.ID, f.Name, f.Required, f.schema(), allowed))
	}
	return all
}

func (s *Server) optionJSON(n Named) object {
	return object{"self": s.self("customFieldOption/" + n.ID), "id": n.ID, "value": n.Name}
}
