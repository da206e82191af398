package jiratest

import (
	"net/http"
	"slices"
	"strconv"
)

// agile is the part of the boards: each project with sprints has one, of the project's number.
func (s *Server) agile(c call, seg []string) answer {
	get, post := c.Method == http.MethodGet, c.Method == http.MethodPost
	id := 0
	if len(seg) > 1 {
		id, _ = strconv.Atoi(seg[1])
	}
	switch {
	case get && len(seg) == 1 && seg[0] == "board":
		var boards []*Project
		for _, p := range s.projectsInOrder() {
			asked := c.text("projectKeyOrId")
			if s.hasBoard(p) && (asked == "" || asked == p.Key || asked == p.ID) && first(c.text("type"), "scrum") == "scrum" {
				boards = append(boards, p)
			}
		}
		return ok(s.paged(c, "values", len(boards), func(n int) any { return s.boardJSON(boards[n]) }))
	case get && len(seg) == 2 && seg[0] == "board":
		if p := s.boardOf(id); p != nil {
			return ok(s.boardJSON(p))
		}
		return absent("Requested board cannot be viewed because it either does not exist or you do not have permission to view it.")
	case get && len(seg) == 3 && seg[0] == "board" && seg[2] == "configuration":
		if p := s.boardOf(id); p != nil {
			return ok(s.boardSettingsJSON(p))
		}
		return absent("Requested board cannot be viewed because it either does not exist or you do not have permission to view it.")
	case get && len(seg) == 3 && seg[0] == "board" && seg[2] == "sprint":
		p := s.boardOf(id)
		if p == nil {
			return absent("Requested board cannot be viewed because it either does not exist or you do not have permission to view it.")
		}
		states := c.list("state")
		some := slices.DeleteFunc(slices.Clone(s.sprints), func(sp *Sprint) bool {
			return sp.Project != p.Key || len(states) > 0 && !slices.Contains(states, sp.State)
		})
		return ok(s.paged(c, "values", len(some), func(n int) any { return s.sprintJSON(some[n], true) }))
	case seg[0] == "sprint" && (len(seg) == 2 && get || len(seg) == 3 && seg[2] == "issue" && post):
		sp := s.sprint(id)
		if sp == nil {
			return absent("Sprint does not exist or you do not have permission to view it.")
		}
		if get {
			return ok(s.sprintJSON(sp, true))
		}
		return s.intoSprint(c, sp)
	}
	return absent("null for uri: " + c.URL.Path)
}

const sprintMost = 50

// intoSprint moves issues into a sprint that is not over, all of them or none.
func (s *Server) intoSprint(c call, sp *Sprint) answer {
	names := c.list("issues")
	if sp.State == "closed" {
		return refused(http.StatusBadRequest, "Issues can only be moved to active or future sprints.", nil)
	}
	if len(names) > sprintMost {
		return refused(http.StatusBadRequest, "The maximum number of issues that can be moved in one operation is 50.", nil)
	}
	var all []*Issue
	for _, name := range names {
		i := s.visible(name)
		if i == nil {
			return refused(http.StatusBadRequest, "Issue '"+name+"' does not exist or you do not have permission to see it.", nil)
		}
		if refusal := s.mayWrite(i, "EDIT_ISSUES", "You do not have permission to edit this issue."); refusal != nil {
			return *refusal
		}
		all = append(all, i)
	}
	by := s.id(s.Robot())
	for _, i := range all {
		c.e.Effect, c.e.Issue = "moved into a sprint", i.ID
		if slices.Contains(i.Sprints, sp.ID) {
			continue
		}
		s.move(i, Move{Sprint: sp.ID, By: by})
		s.tell("jira:issue_updated", i, by)
	}
	return answer{status: http.StatusNoContent}
}

func (s *Server) hasBoard(p *Project) bool {
	return slices.ContainsFunc(s.sprints, func(sp *Sprint) bool { return sp.Project == p.Key })
}

func (s *Server) boardOf(id int) *Project {
	for _, p := range s.projects {
		if p.ID == strconv.Itoa(id) && s.hasBoard(p) {
			return p
		}
	}
	return nil
}

func (s *Server) boardNumber(sp *Sprint) int {
	n := 0
	if p := s.projects[sp.Project]; p != nil {
		n, _ = strconv.Atoi(p.ID)
	}
	return n
}

func (s *Server) agileSelf(path string) string {
	return "http://jira.example.test/rest/agile/1.0/" + path
}

func (s *Server) boardJSON(p *Project) object {
	id, _ := strconv.Atoi(p.ID)
	return object{"id": id, "self": s.agileSelf("board/" + p.ID), "name": p.Name + " board", "type": "scrum"}
}

// boardSettingsJSON is what a board goes by; its filter has the project's number too.
func (s *Server) boardSettingsJSON(p *Project) object {
	j := s.boardJSON(p)
	j["self"] = s.agileSelf("board/" + p.ID + "/configuration")
	j["filter"] = object{"id": p.ID, "self": s.self("filter/" + p.ID)}
	j["columnConfig"] = object{"columns": []any{}, "constraintType": "none"}
	return j
}

// filter is the filter of a board: the whole project, in an order, unless the project says otherwise.
func (s *Server) filter(id string) answer {
	for _, p := range s.projects {
		if p.ID == id && s.hasBoard(p) && !p.denies("BROWSE_PROJECTS") {
			return ok(object{
				"self": s.self("filter/" + id), "id": id, "name": "Filter for " + p.Name + " board", "jql": first(p.BoardJQL, "project = "+p.Key+" ORDER BY Rank ASC"),
				"owner": s.userJSON(s.id(s.users[1])), "favourite": false, "viewUrl": "http://jira.example.test/issues/?filter=" + id,
			})
		}
	}
	return refused(http.StatusBadRequest, "The selected filter is not available to you, perhaps it has been deleted or had its permissions changed.", nil)
}

// sprintJSON is a sprint as the boards tell of it, or as an object in the field of an issue.
func (s *Server) sprintJSON(sp *Sprint, ofBoard bool) object {
	j := object{"id": sp.ID, "name": sp.Name, "state": sp.State}
	if ofBoard {
		j["self"], j["originBoardId"] = s.agileSelf("sprint/"+strconv.Itoa(sp.ID)), s.boardNumber(sp)
	} else {
		j["boardId"], j["goal"] = s.boardNumber(sp), sp.Goal
	}
	if !sp.StartedAt.IsZero() {
		j["startDate"] = sp.StartedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return j
}

// BoardProject is the key of the project whose board has that number; empty: there is no such board.
func (s *Server) BoardProject(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.boardOf(wholeNumber(id)); p != nil {
		return p.Key
	}
	return ""
}
