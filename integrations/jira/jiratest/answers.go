package jiratest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// call is a request as it was read.
type call struct {
	*http.Request
	body object
	e    *Entry
}

// text is a parameter, from the body or the address.
func (c call) text(name string) string {
	switch v := c.body[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return c.URL.Query().Get(name)
}

func (c call) number(name string, usual int) int {
	if n, err := strconv.Atoi(c.text(name)); err == nil {
		return n
	}
	return usual
}

// list is a parameter that may be a list, or words with commas.
func (c call) list(name string) []string {
	var all []string
	switch v := c.body[name].(type) {
	case []any:
		for _, item := range v {
			all = append(all, fmt.Sprint(item))
		}
	case string:
		all = strings.Split(v, ",")
	default:
		for _, some := range c.URL.Query()[name] {
			all = append(all, strings.Split(some, ",")...)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// answer finds what the path means and does it.
func (s *Server) answer(r *http.Request, path string, e *Entry) answer {
	c := call{Request: r, e: e, body: object{}}
	if r.Method != http.MethodGet {
		content, err := io.ReadAll(io.LimitReader(r.Body, 10<<20))
		if err == nil && len(content) > 0 {
			err = json.Unmarshal(content, &c.body)
		}
		if err != nil {
			return refused(http.StatusBadRequest, "There was an error parsing JSON. Check that your request body is valid.", nil)
		}
	}
	s.mu.Lock()
	a := s.route(c, path)
	var deliveries []delivery
	if e.Effect != "" && a.status < 300 {
		if i := s.issues[e.Issue]; i != nil {
			event := "jira:issue_updated"
			switch e.Effect {
			case "created":
				event = "jira:issue_created"
			case "commented":
				event = "comment_created"
			}
			deliveries = s.deliveries(event, i)
		}
	}
	s.mu.Unlock()
	s.deliver(deliveries)
	return a
}

func (s *Server) route(c call, path string) answer {
	if rest, is := strings.CutPrefix(path, "/rest/agile/1.0/"); is {
		return s.agile(c, strings.Split(rest, "/"))
	}
	rest, is := strings.CutPrefix(path, "/rest/api/2/")
	if !is {
		return absent("null for uri: " + path)
	}
	seg := strings.Split(strings.Trim(rest, "/"), "/")
	get, post, put := c.Method == http.MethodGet, c.Method == http.MethodPost, c.Method == http.MethodPut
	switch {
	case get && rest == "serverInfo":
		j := object{
			"baseUrl": "http://" + c.Host + s.options.Path, "version": "10.3.24", "versionNumbers": []int{10, 3, 24}, "deploymentType": string(s.options.Flavour),
			"buildNumber": 10030024, "serverTitle": "Pretend Jira", "serverTime": stamp(s.now()), "scmInfo": "0",
		}
		if s.cloud() {
			j["version"], j["versionNumbers"] = "1001.0.0-SNAPSHOT", []int{1001, 0, 0}
		}
		return ok(j)
	case get && rest == "myself":
		return ok(s.userJSON(s.id(s.Robot())))
	case get && rest == "field":
		return ok(s.fieldsJSON())
	case get && rest == "status":
		list := []any{}
		for _, st := range s.statuses {
			if !st.Deleted {
				list = append(list, s.statusJSON(st))
			}
		}
		return ok(list)
	case get && (rest == "priority" || rest == "resolution"):
		list := []any{}
		for _, n := range s.names(rest) {
			list = append(list, s.namedJSON(rest, n))
		}
		return ok(list)
	case get && s.cloud() && (rest == "priority/search" || rest == "resolution/search"):
		return ok(s.paged(c, "values", len(s.names(seg[0])), func(n int) any { return s.namedJSON(seg[0], s.names(seg[0])[n]) }))
	case get && rest == "issueLinkType":
		return ok(object{"issueLinkTypes": []any{object{"id": "10003", "name": "Relates", "inward": "relates to", "outward": "relates to", "self": s.self("issueLinkType/10003")}}})
	case get && rest == "mypermissions":
		return s.permissions(c)
	case get && seg[0] == "project" && len(seg) == 2:
		p := s.projects[seg[1]]
		if p == nil {
			return absent("No project could be found with key '" + seg[1] + "'.")
		}
		return ok(s.projectJSON(p))
	case get && len(seg) >= 4 && seg[0] == "issue" && seg[1] == "createmeta" && seg[3] == "issuetypes":
		return s.createMeta(c, seg[2], seg[4:])
	case post && rest == "issue":
		return s.create(c)
	case rest == "search" && (get || post):
		if s.cloud() {
			return refused(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046", nil)
		}
		return s.searchByStart(c)
	case rest == "search/jql" && s.cloud() && (get || post):
		return s.searchByToken(c)
	case post && rest == "issue/bulkfetch" && s.cloud() && !s.faults.NoBulk:
		return s.bulkFetch(c)
	case post && rest == "changelog/bulkfetch" && s.cloud() && !s.faults.NoBulk:
		return s.bulkHistories(c)
	case post && rest == "issueLink":
		return s.linkIssues(c)
	case get && rest == "user/assignable/search":
		list := []any{}
		for _, u := range s.users {
			if !u.Inactive && strings.Contains(strings.ToLower(u.DisplayName+u.Name), strings.ToLower(c.text("query")+c.text("username"))) {
				list = append(list, s.userJSON(s.id(u)))
			}
		}
		return ok(list)
	case len(seg) >= 2 && seg[0] == "issue":
		i := s.find(seg[1])
		if i == nil || i.Hidden {
			return absent(noIssue)
		}
		c.e.Issue = i.ID
		switch {
		case len(seg) == 2 && get:
			return s.show(c, i)
		case len(seg) == 2 && put:
			return s.edit(c, i)
		case len(seg) == 3 && seg[2] == "comment" && get:
			return s.comments(c, i)
		case len(seg) == 3 && seg[2] == "comment" && post:
			return s.addComment(c, i)
		case len(seg) == 4 && seg[2] == "comment" && put:
			return s.editComment(c, i, seg[3])
		case len(seg) == 3 && seg[2] == "transitions" && get:
			return ok(object{"expand": "transitions", "transitions": s.transitions(i)})
		case len(seg) == 3 && seg[2] == "transitions" && post:
			return s.transit(c, i)
		case len(seg) == 3 && seg[2] == "remotelink" && get:
			list := []any{}
			for _, l := range i.Links {
				list = append(list, object{"id": l.ID, "self": s.self("issue/" + i.ID + "/remotelink"), "globalId": l.GlobalID, "object": object{"url": l.URL, "title": l.Title}})
			}
			return ok(list)
		case len(seg) == 3 && seg[2] == "remotelink" && post:
			return s.linkBack(c, i)
		case len(seg) == 3 && seg[2] == "changelog" && get && s.cloud():
			return ok(s.paged(c, "values", len(i.Changes), func(n int) any { return s.changesJSON(i.Changes[n:n+1], false)[0] }))
		case len(seg) == 4 && seg[2] == "properties" && get:
			v, is := i.Properties[seg[3]]
			if !is {
				return absent("The property with key does not exist.")
			}
			return ok(object{"key": seg[3], "value": v})
		}
	}
	return absent("null for uri: " + path)
}

func (s *Server) names(of string) []Named {
	if of == "priority" {
		return s.priorities
	}
	return s.resolved
}

func (s *Server) fieldsJSON() []any {
	list := []any{}
	for _, f := range []struct{ id, name, kind string }{
		{"summary", "Summary", "string"},
		{"status", "Status", "status"},
		{"priority", "Priority", "priority"},
		{"labels", "Labels", "array"},
		{"assignee", "Assignee", "user"},
		{"duedate", "Due date", "date"},
	} {
		list = append(list, object{
			"id": f.id, "key": f.id, "name": f.name, "custom": false, "orderable": true, "navigable": true, "searchable": true, "clauseNames": []string{f.id},
			"schema": object{"type": f.kind, "system": f.id},
		})
	}
	custom := func(id, name, kind, key string) {
		list = append(list, object{
			"id": id, "key": id, "name": name, "custom": true, "orderable": true, "navigable": true, "searchable": true, "clauseNames": []string{"cf[10020]", name},
			"schema": object{"type": kind, "items": "json", "custom": key, "customId": 10020},
		})
	}
	custom(sprintField, "Iteration", "array", "com.pyxis.greenhopper.jira:gh-sprint") // never by its name
	if !s.cloud() {
		custom(epicField, "Epic Link", "any", "com.pyxis.greenhopper.jira:gh-epic-link")
	}
	return list
}

// paged is a page of a list.
func (s *Server) paged(c call, name string, total int, item func(n int) any) object {
	start, most := max(0, c.number("startAt", 0)), min(max(1, c.number("maxResults", 50)), 100)
	list := []any{}
	for n := start; n < min(total, start+most); n++ {
		list = append(list, item(n))
	}
	return object{"startAt": start, "maxResults": most, "total": total, "isLast": start+most >= total, name: list}
}

func (s *Server) permissions(c call) answer {
	p := s.projects[c.text("projectKey")]
	if p == nil {
		return absent("No project could be found with key '" + c.text("projectKey") + "'.")
	}
	all := object{}
	for n, key := range []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "LINK_ISSUES", "TRANSITION_ISSUES", "ASSIGN_ISSUES"} {
		all[key] = object{"id": strconv.Itoa(10 + n), "key": key, "name": key, "type": "PROJECT", "description": "", "havePermission": !slices.Contains(p.Denied, key)}
	}
	return ok(object{"permissions": all})
}

func (p *Project) denies(permission string) bool { return slices.Contains(p.Denied, permission) }

func (s *Server) createMeta(c call, key string, rest []string) answer {
	p := s.projects[key]
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
		if t.ID != rest[0] {
			continue
		}
		if s.cloud() {
			name = "fields"
		}
		fields := s.inputs(t)
		return ok(s.paged(c, name, len(fields), func(n int) any { return fields[n] }))
	}
	return absent("Issue type with id '" + rest[0] + "' does not exist.")
}

func (s *Server) inputs(t Type) []any {
	one := func(id, name, kind string, required bool, allowed []Named) object {
		j := object{
			"fieldId": id, "key": id, "name": name, "required": required, "hasDefaultValue": false, "operations": []string{"set"},
			"schema": object{"type": kind, "system": id},
		}
		if strings.HasPrefix(id, "customfield_") {
			j["schema"] = object{"type": kind, "custom": "com.atlassian.jira.plugin.system.customfieldtypes:select", "customId": 10042}
		}
		if len(allowed) > 0 {
			var values []any
			for _, a := range allowed {
				values = append(values, object{"id": a.ID, "value": a.Name, "self": s.self("customFieldOption/" + a.ID)})
			}
			j["allowedValues"] = values
		}
		return j
	}
	all := []any{
		one("project", "Project", "project", true, nil), one("issuetype", "Issue Type", "issuetype", true, nil), one("summary", "Summary", "string", true, nil),
		one("description", "Description", "string", false, nil), one("assignee", "Assignee", "user", false, nil), one("duedate", "Due date", "date", false, nil),
		one("components", "Components", "array", false, nil),
	}
	if !t.NoLabels {
		all = append(all, one("labels", "Labels", "array", false, nil))
	}
	if !t.NoPriority {
		all = append(all, one("priority", "Priority", "priority", false, nil))
	}
	for _, f := range t.Fields {
		all = append(all, one(f.ID, f.Name, first(f.Type, "option"), f.Required, f.Allowed))
	}
	return all
}

func sub(m any, name string) string {
	o, _ := m.(map[string]any)
	v, _ := o[name].(string)
	return v
}

func has(m any, name string) bool {
	o, _ := m.(map[string]any)
	_, is := o[name]
	return is
}

func offScreen(field string) string {
	return fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
}

// checkFields says why the fields are refused; nil: they are not.
func (s *Server) checkFields(fields object, t Type, creating bool) map[string]any {
	wrong := map[string]any{}
	if s.faults.RefuseField != "" {
		if _, given := fields[s.faults.RefuseField]; given || creating && s.faults.RefuseField != "priority" && s.faults.RefuseField != "labels" {
			wrong[s.faults.RefuseField] = first(s.faults.FieldWords, offScreen(s.faults.RefuseField))
			if s.faults.ListErrors {
				wrong[s.faults.RefuseField] = []string{"a", "b"}
			}
		}
	}
	for name, v := range fields {
		switch name {
		case "summary":
			text, _ := v.(string)
			switch {
			case strings.TrimSpace(text) == "":
				wrong[name] = "You must specify a summary of the issue."
			case utf8.RuneCountInString(text) > 255:
				wrong[name] = "Summary must be less than 255 characters."
			case strings.ContainsAny(text, "\r\n"):
				wrong[name] = "The summary is invalid because it contains newline characters."
			}
		case "description":
			if text, _ := v.(string); utf8.RuneCountInString(text) > 32_767 {
				wrong[name] = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
			}
		case "labels":
			if t.NoLabels {
				wrong[name] = offScreen(name)
			}
			list, _ := v.([]any)
			for _, l := range list {
				if text, _ := l.(string); strings.ContainsAny(text, " \t\n") {
					wrong[name] = fmt.Sprintf("The label '%s' contains spaces which is invalid.", text)
				}
			}
		case "priority":
			if t.NoPriority {
				wrong[name] = offScreen(name)
			} else if id := sub(v, "id"); nameOf(s.priorities, id) == "" {
				wrong[name] = "The priority selected is invalid."
			}
		case "assignee":
			id := sub(v, "accountId") + sub(v, "name")
			for _, u := range s.users {
				if s.id(u) == id && u.Inactive {
					wrong[name] = fmt.Sprintf("User '%s' cannot be assigned issues.", id)
				}
			}
		case "duedate":
			if text, is := v.(string); is {
				if _, err := time.Parse(time.DateOnly, text); err != nil {
					wrong[name] = "Error parsing date string: " + text
				}
			}
		case "components":
			wrong[name] = "Component name is not valid"
		case "project", "issuetype":
		default:
			known := slices.ContainsFunc(t.Fields, func(f Field) bool { return f.ID == name })
			if !known {
				wrong[name] = offScreen(name)
			}
		}
	}
	if creating {
		for _, f := range t.Fields {
			if _, given := fields[f.ID]; f.Required && !given {
				wrong[f.ID] = f.Name + " is required."
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

func (s *Server) create(c call) answer {
	fields, _ := c.body["fields"].(map[string]any)
	p := s.projects[sub(fields["project"], "key")]
	if p == nil {
		for _, other := range s.projects {
			if other.ID == sub(fields["project"], "id") {
				p = other
			}
		}
	}
	if p == nil || p.denies("BROWSE_PROJECTS") {
		return wrongField("project", "valid project is required")
	}
	if p.denies("CREATE_ISSUES") || p.Archived {
		return wrongField("project", "You do not have permission to create issues in this project.")
	}
	var kind Type
	for _, t := range p.Types {
		if t.ID == sub(fields["issuetype"], "id") || t.Name == sub(fields["issuetype"], "name") {
			kind = t
		}
	}
	if kind.ID == "" {
		return wrongField("issuetype", "The issue type selected is invalid.")
	}
	if _, given := fields["summary"]; !given {
		fields["summary"] = ""
	}
	if wrong := s.checkFields(fields, kind, true); wrong != nil {
		return refused(http.StatusBadRequest, "", wrong)
	}
	i := s.add(p, time.Time{})
	i.Type = kind.ID
	s.apply(i, fields)
	if kind.NoPriority {
		i.Priority = ""
	}
	list, _ := c.body["properties"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		if key, _ := o["key"].(string); key != "" {
			i.Properties[key] = o["value"]
		}
	}
	i.shown = snapshot{}
	c.e.Effect, c.e.Issue = "created", i.ID
	if n := len(i.Labels); n > 0 {
		c.e.Label = i.Labels[n-1]
	}
	return answer{status: http.StatusCreated, body: object{"id": i.ID, "key": i.Key, "self": s.self("issue/" + i.ID)}}
}

// apply sets fields without a history, as a creation does.
func (s *Server) apply(i *Issue, fields object) {
	for name, v := range fields {
		switch name {
		case "summary":
			i.Summary, _ = v.(string)
		case "description":
			i.Description, _ = v.(string)
		case "labels":
			i.Labels = nil
			list, _ := v.([]any)
			for _, l := range list {
				i.Labels = append(i.Labels, fmt.Sprint(l))
			}
			slices.Sort(i.Labels)
		case "priority":
			i.Priority = sub(v, "id")
		case "assignee":
			i.Assignee = sub(v, "accountId") + sub(v, "name")
		case "duedate":
			i.DueOn, _ = v.(string)
		case "project", "issuetype":
		default:
			i.Custom[name] = v
		}
	}
}

func (s *Server) show(c call, i *Issue) answer {
	fields := c.list("fields")
	if len(fields) == 0 {
		fields = []string{"*all"}
	}
	j := s.issueJSON(i, fields, c.list("expand"), false)
	if wanted := c.list("properties"); len(wanted) > 0 {
		properties := object{}
		for _, key := range wanted {
			if v, is := i.Properties[key]; is {
				properties[key] = v
			}
		}
		j["properties"] = properties
	}
	return ok(j)
}

// edit changes fields and does what update says, in one go or not at all.
func (s *Server) edit(c call, i *Issue) answer {
	p := s.projects[i.Project]
	if p.denies("EDIT_ISSUES") {
		return refused(http.StatusForbidden, "You do not have permission to edit issues in this project.", nil)
	}
	fields, _ := c.body["fields"].(map[string]any)
	update, _ := c.body["update"].(map[string]any)
	kind := s.typeOf(i)
	for name := range fields {
		if _, both := update[name]; both {
			return wrongField(name, fmt.Sprintf("Field '%s' cannot appear in both 'fields' and 'update'", name))
		}
	}
	if wrong := s.checkFields(fields, kind, false); wrong != nil {
		return refused(http.StatusBadRequest, "", wrong)
	}
	labels := slices.Clone(i.Labels)
	var add, change []object // comments
	for name, ops := range update {
		list, _ := ops.([]any)
		for _, op := range list {
			for verb, v := range op.(map[string]any) {
				switch {
				case name == "labels" && kind.NoLabels, name != "labels" && name != "comment" && name != "issuelinks":
					return wrongField(name, offScreen(name))
				case name == "labels" && s.faults.RefuseField == "labels":
					return wrongField(name, first(s.faults.FieldWords, offScreen(name)))
				case name == "labels" && verb == "add":
					if l := fmt.Sprint(v); !slices.Contains(labels, l) {
						labels = append(labels, l)
					}
				case name == "labels" && verb == "remove":
					labels = slices.DeleteFunc(labels, func(l string) bool { return l == fmt.Sprint(v) })
				case name == "comment" && p.denies("ADD_COMMENTS"):
					return refused(http.StatusForbidden, "You do not have the permission to comment on this issue.", nil)
				case name == "comment" && has(v, "author"):
					return refused(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.", nil)
				case name == "comment" && verb == "add":
					add = append(add, v.(map[string]any))
				case name == "comment" && verb == "edit":
					o := v.(map[string]any)
					id, _ := strconv.Atoi(sub(o, "id"))
					if !slices.ContainsFunc(i.Comments, func(c Comment) bool { return c.ID == id }) {
						return wrongField("comment", "Can not find a comment for the id: "+sub(o, "id")+".")
					}
					change = append(change, o)
				}
			}
		}
	}
	at, by := s.now(), s.id(s.Robot())
	var items []Item
	if v, given := fields["priority"]; given && sub(v, "id") != i.Priority {
		to := sub(v, "id")
		items = append(items, Item{Field: "priority", FieldID: "priority", From: i.Priority, FromText: nameOf(s.priorities, i.Priority), To: to, ToText: nameOf(s.priorities, to)})
	}
	if v, given := fields["summary"]; given && v != i.Summary {
		items = append(items, Item{Field: "summary", FieldID: "summary", FromText: i.Summary, ToText: fmt.Sprint(v)})
	}
	if v, given := fields["assignee"]; given {
		to := sub(v, "accountId") + sub(v, "name")
		items = append(items, Item{Field: "assignee", FieldID: "assignee", From: i.Assignee, To: to})
	}
	if v, given := fields["duedate"]; given {
		to, _ := v.(string)
		items = append(items, Item{Field: "duedate", FieldID: "duedate", From: i.DueOn, FromText: i.DueOn, To: to, ToText: to})
	}
	if !slices.Equal(labels, i.Labels) {
		slices.Sort(labels)
		items = append(items, Item{Field: "labels", FieldID: "labels", FromText: strings.Join(i.Labels, " "), ToText: strings.Join(labels, " ")})
	}
	s.record(i, by, at, items...)
	i.Labels = labels
	s.apply(i, fields)
	c.e.Effect = "edited"
	for _, o := range add {
		s.comment(i, by, sub(o, "body"), at)
		c.e.Effect = "commented"
	}
	for _, o := range change {
		id, _ := strconv.Atoi(sub(o, "id"))
		for n := range i.Comments {
			if i.Comments[n].ID == id {
				i.Comments[n].Body, i.Comments[n].Updated = sub(o, "body"), at
			}
		}
		s.touch(i, at)
		c.e.Effect = "comment edited"
	}
	if s.cloud() && c.URL.Query().Get("returnIssue") == "true" {
		return ok(s.issueJSON(i, []string{"*all"}, nil, false))
	}
	return answer{status: http.StatusNoContent}
}

func (s *Server) comments(c call, i *Issue) answer {
	all := slices.Clone(i.Comments)
	if c.text("orderBy") == "-created" {
		slices.Reverse(all)
	}
	start, most := max(0, c.number("startAt", 0)), min(max(1, c.number("maxResults", 50)), 100)
	page := all[min(start, len(all)):min(len(all), start+most)]
	return ok(object{"startAt": start, "maxResults": most, "total": len(all), "comments": s.commentsJSON(i, page)})
}

func (s *Server) addComment(c call, i *Issue) answer {
	for _, readOnly := range []string{"author", "updateAuthor", "id", "created"} {
		if _, given := c.body[readOnly]; given {
			return refused(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.", nil)
		}
	}
	if s.projects[i.Project].denies("ADD_COMMENTS") {
		return refused(http.StatusForbidden, "You do not have the permission to comment on this issue.", nil)
	}
	body := c.text("body")
	if strings.TrimSpace(body) == "" {
		return wrongField("comment", "Comment body can not be empty!")
	}
	added := s.comment(i, s.id(s.Robot()), body, s.now())
	c.e.Effect = "commented"
	return answer{status: http.StatusCreated, body: s.commentJSON(i, *added)}
}

func (s *Server) editComment(c call, i *Issue, id string) answer {
	for n := range i.Comments {
		if strconv.Itoa(i.Comments[n].ID) == id {
			i.Comments[n].Body, i.Comments[n].Updated = c.text("body"), s.now()
			s.touch(i, s.now())
			c.e.Effect = "comment edited"
			return ok(s.commentJSON(i, i.Comments[n]))
		}
	}
	return absent("Can not find a comment for the id: " + id + ".")
}

// transitions lead from every status to every other one; those to done have a screen with a resolution.
func (s *Server) transitions(i *Issue) []any {
	list := []any{}
	for n, st := range s.statuses {
		if st.Deleted || st.ID == i.Status {
			continue
		}
		fields := object{}
		if st.Category == "done" {
			var allowed []any
			for _, r := range s.resolved {
				allowed = append(allowed, s.namedJSON("resolution", r))
			}
			fields["resolution"] = object{
				"required": true, "name": "Resolution", "key": "resolution", "fieldId": "resolution", "operations": []string{"set"}, "hasDefaultValue": false,
				"schema": object{"type": "resolution", "system": "resolution"}, "allowedValues": allowed,
			}
		}
		list = append(list, object{
			"id": strconv.Itoa(11 + 10*n), "name": "To " + st.Name, "to": s.statusJSON(st), "hasScreen": len(fields) > 0, "isGlobal": true, "isInitial": false,
			"isConditional": false, "fields": fields,
		})
	}
	return list
}

func (s *Server) transit(c call, i *Issue) answer {
	if s.projects[i.Project].denies("TRANSITION_ISSUES") {
		return refused(http.StatusForbidden, "You do not have permission to transition this issue.", nil)
	}
	id := sub(c.body["transition"], "id")
	n, err := strconv.Atoi(id)
	n = (n - 11) / 10
	if err != nil || n < 0 || n >= len(s.statuses) || s.statuses[n].Deleted || s.statuses[n].ID == i.Status {
		return refused(http.StatusBadRequest, fmt.Sprintf("It seems that you have tried to perform a workflow operation (%s) that is not valid for the current state of this issue (%s). The likely cause is that somebody has changed the issue recently, please look at the issue history for details.", id, i.Key), nil)
	}
	m := Move{Status: s.statuses[n].Name, By: s.id(s.Robot())}
	if fields, _ := c.body["fields"].(map[string]any); fields != nil {
		m.Resolution = nameOf(s.resolved, sub(fields["resolution"], "id"))
	}
	if s.statuses[n].Category == "done" && m.Resolution == "" {
		return wrongField("resolution", "Resolution is required.")
	}
	s.move(i, m)
	c.e.Effect = "moved"
	return answer{status: http.StatusNoContent}
}

func (s *Server) linkBack(c call, i *Issue) answer {
	if s.projects[i.Project].denies("LINK_ISSUES") {
		return refused(http.StatusForbidden, "No Link Issue Permission for issue '"+i.Key+"'", nil)
	}
	o, _ := c.body["object"].(map[string]any)
	l := RemoteLink{GlobalID: c.text("globalId"), URL: sub(o, "url"), Title: sub(o, "title")}
	if l.URL == "" || l.Title == "" {
		return wrongField("title", "'title' is required.")
	}
	c.e.Effect = "linked back"
	for n := range i.Links {
		if l.GlobalID != "" && i.Links[n].GlobalID == l.GlobalID {
			l.ID = i.Links[n].ID
			i.Links[n] = l
			return ok(object{"id": l.ID, "self": s.self(fmt.Sprintf("issue/%s/remotelink/%d", i.ID, l.ID))})
		}
	}
	s.nextOther++
	l.ID = s.nextOther
	i.Links = append(i.Links, l)
	a := answer{status: http.StatusCreated, body: object{"id": l.ID, "self": s.self(fmt.Sprintf("issue/%s/remotelink/%d", i.ID, l.ID))}}
	if !s.cloud() { // its documents know one status
		a.status = http.StatusOK
	}
	return a
}

func (s *Server) linkIssues(c call) answer {
	from := s.find(sub(c.body["inwardIssue"], "id") + sub(c.body["inwardIssue"], "key"))
	to := s.find(sub(c.body["outwardIssue"], "id") + sub(c.body["outwardIssue"], "key"))
	if from == nil || to == nil {
		return absent(noIssue)
	}
	l := IssueLink{Type: sub(c.body["type"], "name"), Other: to.ID}
	if !slices.Contains(from.IssueLinks, l) { // an identical one is not doubled
		from.IssueLinks = append(from.IssueLinks, l)
		to.IssueLinks = append(to.IssueLinks, IssueLink{Type: l.Type, Other: from.ID})
	}
	s.touch(from, s.now())
	c.e.Effect, c.e.Issue = "linked", from.ID
	a := answer{status: http.StatusCreated}
	if s.cloud() {
		a.body = object{}
	}
	return a
}
