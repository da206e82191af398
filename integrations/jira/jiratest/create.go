package jiratest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// create makes an issue, with its labels, properties and all in one go, or not at all.
func (s *Server) create(c call) answer {
	fields := members(c.body, "fields")
	p := s.project(first(sub(fields["project"], "key"), sub(fields["project"], "id")))
	if p == nil {
		return wrongField("project", "valid project is required")
	}
	if p.denies("CREATE_ISSUES") || p.Archived {
		return wrongField("project", "You do not have permission to create issues in this project.")
	}
	named := slices.IndexFunc(p.Types, func(t Type) bool {
		return t.ID == sub(fields["issuetype"], "id") || t.Name == sub(fields["issuetype"], "name")
	})
	if named < 0 {
		return wrongField("issuetype", "The issue type selected is invalid.")
	}
	t := p.Types[named]
	w, wrong := s.wishOf(c, p, t, nil)
	if wrong != nil {
		return *wrong
	}
	i := s.add(p, time.Time{})
	i.Type = t.ID
	if t.off("priority") {
		i.Priority = ""
	}
	for name, v := range w.set {
		if name != "issuetype" {
			s.set(i, name, v)
		}
	}
	maps.Copy(i.Properties, w.own)
	c.e.Effect, c.e.Issue, c.e.Labels = "created", i.ID, slices.Clone(i.Labels)
	if n := len(i.Labels); n > 0 {
		c.e.Label = i.Labels[n-1]
	}
	by := s.id(s.Robot())
	s.tell("jira:issue_created", i, by)
	s.speak(c, i, w, by)
	return answer{status: http.StatusCreated, body: object{"id": i.ID, "key": i.Key, "self": s.self("issue/" + i.ID)}}
}

// speak says and rewords the comments of a wish, and makes its links.
func (s *Server) speak(c call, i *Issue, w wish, by string) {
	at := s.now()
	for _, body := range w.say {
		c.e.Comment = s.comment(i, by, body, at).ID
		s.tell("comment_created", i, by)
	}
	for _, other := range w.reword {
		s.reword(i, other, by)
		c.e.Comment = other.ID
	}
	for _, l := range w.link {
		s.link(i, l, by)
	}
}
