package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// wish is what the fields and the update of a request ask of an issue, after it was found good.
type wish struct {
	set    object    // fields by their id
	say    []string  // new comments
	reword []Comment // other words for comments that are there
	link   []object  // to other issues
	about  any       // historyMetadata
	own    object    // properties
}

func offScreen(field string) string {
	return fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
}

const (
	summaryMost = 255
	textMost    = 32_767
	labelMost   = 255
	tooLong     = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
)

// wishOf reads what a request asks of an issue (nil: of one to be made), and refuses it as a whole when a part of it is wrong.
func (s *Server) wishOf(c call, p *Project, t Type, i *Issue) (wish, *answer) {
	w := wish{set: object{}, own: object{}, about: c.body["historyMetadata"]}
	fields, update := members(c.body, "fields"), members(c.body, "update")
	wrong := map[string]any{}
	for name, v := range fields {
		w.set[name] = v
		if _, both := update[name]; both {
			wrong[name] = fmt.Sprintf("Field '%s' cannot appear in both 'fields' and 'update'", name)
		}
	}
	if commentWithAuthor(update) {
		a := refused(http.StatusBadRequest, badPayload, nil)
		return w, &a
	}
	for name, ops := range update {
		if _, is := wrong[name]; is {
			continue
		}
		if words := s.operations(&w, i, t, name, ops); words != "" {
			wrong[name] = words
		}
	}
	if (len(w.say) > 0 || len(w.reword) > 0) && p.denies("ADD_COMMENTS") {
		a := refused(http.StatusForbidden, "You do not have the permission to comment on this issue.", nil)
		return w, &a
	}
	s.check(w.set, p, t, i, wrong)
	if f := s.faults.RefuseField; f != "" {
		_, given := w.set[f]
		if given || i == nil && f != "priority" && f != "labels" {
			wrong[f] = first(s.faults.FieldWords, offScreen(f))
			if s.faults.ListErrors {
				wrong[f] = []string{"a", "b"}
			}
		}
	}
	if len(wrong) > 0 {
		a := refused(http.StatusBadRequest, "", wrong)
		return w, &a
	}
	list, _ := c.body["properties"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		if key := sub(o, "key"); key != "" {
			w.own[key] = o["value"]
		}
	}
	return w, nil
}

// operations reads what update asks of one field; the words say why it is refused.
func (s *Server) operations(w *wish, i *Issue, t Type, name string, ops any) string {
	list, is := ops.([]any)
	if !is {
		return "data was not an array"
	}
	var labels []string
	if i != nil {
		labels = slices.Clone(i.Labels)
	}
	for _, op := range list {
		o, _ := op.(map[string]any)
		if len(o) != 1 {
			return "Each operation is an object with one member."
		}
		for verb, v := range o {
			switch {
			case name == "comment" && t.off(name), name == "issuelinks" && t.off(name), name == "labels" && t.off(name):
				return offScreen(name)
			case name == "labels" && (verb == "add" || verb == "remove"):
				l, is := v.(string)
				if !is {
					return "Operation value must be a string"
				}
				labels = slices.DeleteFunc(labels, func(have string) bool { return have == l })
				if verb == "add" {
					labels = append(labels, l)
				}
				w.set[name] = anyList(labels)
			case name == "comment" && verb == "add":
				body := sub(v, "body")
				switch {
				case strings.TrimSpace(body) == "":
					return "Comment body can not be empty!"
				case utf8.RuneCountInString(body) > textMost:
					return tooLong
				}
				w.say = append(w.say, body)
			case name == "comment" && verb == "edit":
				if i == nil || i.comment(sub(v, "id")) == nil {
					return "Can not find a comment for the id: " + sub(v, "id") + "."
				}
				w.reword = append(w.reword, Comment{ID: i.comment(sub(v, "id")).ID, Body: sub(v, "body")})
			case name == "issuelinks" && verb == "add":
				link, _ := v.(map[string]any)
				if words := s.wrongLink(link); words != "" {
					return words
				}
				w.link = append(w.link, link)
			case verb == "set" && name != "comment" && name != "issuelinks":
				w.set[name] = v
			default:
				return fmt.Sprintf("Field with id '%s' does not support operation '%s'.", name, verb)
			}
		}
	}
	return ""
}

const badPayload = "Invalid request payload. Refer to the REST API documentation and try again."

// commentWithAuthor tells whether a comment of an update carries what only Jira says.
func commentWithAuthor(update object) bool {
	list, _ := update["comment"].([]any)
	return slices.ContainsFunc(list, func(op any) bool {
		return members(members(op, "add"), "author") != nil || members(members(op, "edit"), "author") != nil
	})
}

func anyList(all []string) []any {
	list := make([]any, len(all))
	for n, s := range all {
		list[n] = s
	}
	return list
}

// check says field by field why a value is refused.
func (s *Server) check(set object, p *Project, t Type, i *Issue, wrong map[string]any) {
	creating := i == nil
	for name, v := range set {
		if words := s.wrongValue(name, v, p, t, creating); words != "" {
			wrong[name] = words
		}
	}
	if !creating {
		return
	}
	if _, given := set["summary"]; !given {
		wrong["summary"] = "You must specify a summary of the issue."
	}
	if parent := set["parent"]; t.Subtask && s.visible(first(sub(parent, "key"), sub(parent, "id"))) == nil {
		wrong["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
	}
	for _, f := range t.Fields {
		if v, given := set[f.ID]; f.Required && (!given || v == nil) {
			wrong[f.ID] = f.Name + " is required."
		}
	}
}

func (s *Server) wrongValue(name string, v any, p *Project, t Type, creating bool) string {
	if t.off(name) {
		return offScreen(name)
	}
	text, isText := v.(string)
	switch name {
	case "project", "issuetype":
		if !creating && name == "project" {
			return offScreen(name)
		}
	case "summary":
		switch {
		case strings.TrimSpace(text) == "":
			return "You must specify a summary of the issue."
		case utf8.RuneCountInString(text) > summaryMost:
			return "Summary must be less than 255 characters."
		case strings.ContainsAny(text, "\r\n"):
			return "The summary is invalid because it contains newline characters."
		}
	case "description":
		switch {
		case v != nil && !isText:
			return "Operation value must be a string"
		case utf8.RuneCountInString(text) > textMost:
			return tooLong
		}
	case "labels":
		list, is := v.([]any)
		if !is && v != nil {
			return "data was not an array"
		}
		for _, l := range list {
			text, is := l.(string)
			switch {
			case !is || text == "":
				return "Operation value must be a string"
			case strings.ContainsAny(text, " \t\r\n"):
				return fmt.Sprintf("The label '%s' contains spaces which is invalid.", text)
			case utf8.RuneCountInString(text) > labelMost:
				return fmt.Sprintf("The label '%s…' exceeds the limit of 255 characters.", string([]rune(text)[:20]))
			}
		}
	case "priority":
		if v != nil && s.priorityOf(v) == "" {
			return "The priority selected is invalid."
		}
	case "resolution":
		if creating || idOfValue(s.resolved, v) == "" {
			return offScreen(name)
		}
	case "assignee", "reporter":
		return s.wrongPerson(v)
	case "duedate":
		if _, err := time.Parse(time.DateOnly, text); v != nil && err != nil {
			return fmt.Sprintf("Error parsing date string: %v", v)
		}
	case "components":
		list, _ := v.([]any)
		for _, one := range list {
			if idOfValue(p.Components, one) == "" {
				return fmt.Sprintf("Component name '%s' is not valid", first(sub(one, "name"), sub(one, "id")))
			}
		}
	case "parent":
		if v != nil && s.visible(first(sub(v, "key"), sub(v, "id"))) == nil {
			return "Could not find issue by id or key."
		}
	case sprintField:
		// A number, as the agile screens send it.
		if n, is := v.(float64); v != nil && (!is || s.sprint(int(n)) == nil) {
			return "Number value expected as the Sprint id."
		}
	default:
		f, known := t.field(name)
		if !known {
			return offScreen(name)
		}
		return s.wrongCustom(f, v)
	}
	return ""
}

// wrongPerson refuses people who are not there or not active any more; null is nobody.
func (s *Server) wrongPerson(v any) string {
	o, _ := v.(map[string]any)
	if v == nil || len(o) > 0 && s.personOf(v) == "" {
		return ""
	}
	id := s.personOf(v)
	for _, u := range s.users {
		if s.id(u) == id && !u.Inactive {
			return ""
		}
	}
	return fmt.Sprintf(first(s.faults.AssigneeWords, "User '%s' cannot be assigned issues."), first(id, sub(v, "name"), sub(v, "accountId")))
}

// personOf is who is named, in the way of the flavour.
func (s *Server) personOf(v any) string {
	if s.cloud() {
		return first(sub(v, "accountId"), sub(v, "id"))
	}
	return sub(v, "name")
}

func (s *Server) wrongCustom(f Field, v any) string {
	if v == nil {
		return ""
	}
	option := func(v any) string {
		if _, is := v.(map[string]any); !is {
			return fmt.Sprintf("Specify a valid 'id' or 'name' for %s", f.Name)
		}
		if len(f.Allowed) > 0 && idOfValue(f.Allowed, v) == "" {
			return fmt.Sprintf("Option id '%s' is not valid", first(sub(v, "id"), sub(v, "value"), "null"))
		}
		return ""
	}
	switch first(f.Type, "option") {
	case "option":
		return option(v)
	case "array":
		list, is := v.([]any)
		if !is {
			return "data was not an array"
		}
		for _, one := range list {
			if _, text := one.(string); text && len(f.Allowed) == 0 {
				continue // labels
			}
			if words := option(one); words != "" {
				return words
			}
		}
	case "string", "date":
		if _, is := v.(string); !is {
			return "Operation value must be a string"
		}
	case "number":
		if _, is := v.(float64); !is {
			return "Operation value must be a number"
		}
	case "user":
		return s.wrongPerson(v)
	}
	return ""
}

// idOfValue is the id of what a value names by id, name or value; empty: there is none of these.
func idOfValue(all []Named, v any) string {
	for _, n := range all {
		if n.ID == sub(v, "id") || n.Name == first(sub(v, "name"), sub(v, "value")) {
			return n.ID
		}
	}
	return ""
}

func (s *Server) priorityOf(v any) string { return idOfValue(s.priorities, v) }

// set gives a field its value, and the item by which the history tells of it; false: it had that value before.
func (s *Server) set(i *Issue, name string, v any) (Item, bool) {
	it := Item{Field: name, FieldID: name}
	text, _ := v.(string)
	plain := func(field *string) {
		it.FromText, it.ToText, *field = *field, text, text
	}
	named := func(field *string, to string, name func(string) string) {
		it.From, it.FromText, it.To, it.ToText = *field, name(*field), to, name(to)
		*field = to
	}
	switch name {
	case "project":
		return it, false
	case "issuetype":
		for _, t := range s.projects[i.Project].Types {
			if t.ID == sub(v, "id") || t.Name == sub(v, "name") {
				named(&i.Type, t.ID, func(id string) string { return s.typeNamed(i.Project, id) })
			}
		}
	case "summary":
		plain(&i.Summary)
	case "description":
		plain(&i.Description)
	case "duedate":
		it.From, it.To = i.DueOn, text
		plain(&i.DueOn)
	case "labels":
		var to []string
		list, _ := v.([]any)
		for _, l := range list {
			to = append(to, fmt.Sprint(l))
		}
		slices.Sort(to)
		to = slices.Compact(to)
		it.FromText, it.ToText = strings.Join(i.Labels, " "), strings.Join(to, " ")
		i.Labels = to
	case "priority":
		named(&i.Priority, s.priorityOf(v), func(id string) string { return nameOf(s.priorities, id) })
	case "resolution":
		named(&i.Resolution, idOfValue(s.resolved, v), func(id string) string { return nameOf(s.resolved, id) })
	case "assignee":
		named(&i.Assignee, s.personOf(v), s.called)
	case "reporter":
		named(&i.Reporter, s.personOf(v), s.called)
	case "components":
		it.Field = "Component"
		p := s.projects[i.Project]
		var to []string
		list, _ := v.([]any)
		for _, one := range list {
			to = append(to, idOfValue(p.Components, one))
		}
		it.From, it.To = strings.Join(i.Components, ", "), strings.Join(to, ", ")
		i.Components = to
	case "parent":
		if parent := s.visible(first(sub(v, "key"), sub(v, "id"))); parent != nil {
			text = parent.Key
		}
		plain(&i.Parent)
	case sprintField:
		it.Field = "Sprint"
		to := s.sprintsAfter(i, -1)
		if n, is := v.(float64); is {
			to = s.sprintsAfter(i, int(n))
		}
		it.From, it.FromText, it.To, it.ToText = s.sprintIDs(i.Sprints), s.sprintNames(i.Sprints), s.sprintIDs(to), s.sprintNames(to)
		i.Sprints = to
	default:
		f, _ := s.typeOf(i).field(name)
		it.Field = first(f.Name, name)
		it.FromText, it.ToText = shown(i.Custom[name]), ""
		i.Custom[name] = s.whole(f, v)
		it.ToText = shown(i.Custom[name])
	}
	return it, it.From != it.To || it.FromText != it.ToText
}

// whole is a value as it is read back: options with their names.
func (s *Server) whole(f Field, v any) any {
	if list, is := v.([]any); is {
		var all []any
		for _, one := range list {
			all = append(all, s.whole(f, one))
		}
		return all
	}
	if id := idOfValue(f.Allowed, v); id != "" {
		return s.optionJSON(Named{id, nameOf(f.Allowed, id)})
	}
	return v
}

// shown is a value as a history tells of it.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, shown(one))
		}
		return strings.Join(all, ", ")
	case map[string]any:
		return first(sub(v, "value"), sub(v, "name"), sub(v, "id"), sub(v, "accountId"))
	}
	return fmt.Sprint(v)
}
