package jiratest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

func (s *Server) show(c call, i *Issue) answer {
	fields := c.list("fields")
	if len(fields) == 0 {
		fields = []string{"*all"}
	}
	return ok(s.issueJSON(i, wanted{fields: fields, expand: c.list("expand"), properties: c.list("properties")}))
}

// edit changes fields and does what update says, in one go or not at all.
func (s *Server) edit(c call, i *Issue) answer {
	if refusal := s.mayWrite(i, "EDIT_ISSUES", "You do not have permission to edit issues in this project."); refusal != nil {
		return *refusal
	}
	w, wrong := s.wishOf(c, s.projects[i.Project], s.typeOf(i), i)
	if wrong != nil {
		return *wrong
	}
	s.writing(i)
	by := s.id(s.Robot())
	var items []Item
	for _, name := range slices.Sorted(maps.Keys(w.set)) {
		if it, changed := s.set(i, name, w.set[name]); changed {
			items = append(items, it)
		}
	}
	maps.Copy(i.Properties, w.own)
	c.e.Effect = "edited"
	if len(items) > 0 {
		s.record(i, by, s.now(), items...)
		i.Changes[len(i.Changes)-1].Metadata = w.about
		s.tell("jira:issue_updated", i, by)
	}
	s.speak(c, i, w, by)
	switch {
	case len(w.reword) > 0:
		c.e.Effect = "comment edited"
	case len(w.say) > 0:
		c.e.Effect = "commented"
	case len(items) == 0 && len(w.link) > 0:
		c.e.Effect = "linked"
	}
	if s.cloud() && c.URL.Query().Get("returnIssue") == "true" {
		return ok(s.issueJSON(i, wanted{fields: []string{"*all"}, expand: c.list("expand")}))
	}
	return answer{status: http.StatusNoContent}
}

func (s *Server) propertyKeys(i *Issue) answer {
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(i.Properties)) {
		list = append(list, object{"key": key, "self": s.self("issue/" + i.ID + "/properties/" + key)})
	}
	return ok(object{"keys": list})
}

func (s *Server) property(i *Issue, key string) answer {
	v, is := i.Properties[key]
	if !is {
		return absent("The property with key '" + key + "' does not exist.")
	}
	return ok(object{"key": key, "value": v})
}

// setProperty keeps a value of any shape with the issue; no history tells of it.
func (s *Server) setProperty(c call, i *Issue, key string) answer {
	if refusal := s.mayWrite(i, "EDIT_ISSUES", "You do not have permission to edit this issue."); refusal != nil {
		return *refusal
	}
	var v any
	if err := json.Unmarshal(c.raw, &v); err != nil || len(c.raw) > propertyMost || len(key) > labelMost {
		return refused(http.StatusBadRequest, "The property value is not valid JSON, or too long.", nil)
	}
	_, was := i.Properties[key]
	i.Properties[key] = v
	c.e.Effect = "property set"
	if was {
		return answer{status: http.StatusOK, body: object{}}
	}
	return answer{status: http.StatusCreated, body: object{}}
}

const propertyMost = 32_768
