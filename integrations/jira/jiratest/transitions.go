package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// way is a transition of the workflow.
type way struct {
	id, name string
	to       Status
}

// waysFrom are the transitions out of a status. Unless Ways says otherwise, a status leads to every other one.
func (s *Server) waysFrom(i *Issue) []way {
	allowed, narrowed := s.ways[s.status(i.Status).Name]
	var all []way
	for n, st := range s.statuses {
		if !st.Deleted && st.ID != i.Status && (!narrowed || slices.Contains(allowed, st.Name)) {
			all = append(all, way{id: strconv.Itoa(11 + 10*n), name: "To " + st.Name, to: st})
		}
	}
	return all
}

// screen are the fields of a transition: a resolution on the way to done, unless the type has none on its screens.
func (s *Server) screen(i *Issue, w way) object {
	fields := object{}
	if w.to.Category == "done" && !s.typeOf(i).off("resolution") {
		var allowed []any
		for _, r := range s.resolved {
			allowed = append(allowed, s.namedJSON("resolution", r))
		}
		fields["resolution"] = object{
			"required": true, "name": "Resolution", "key": "resolution", "fieldId": "resolution", "operations": []string{"set"}, "hasDefaultValue": false,
			"schema": object{"type": "resolution", "system": "resolution"}, "allowedValues": allowed,
		}
	}
	return fields
}

func (s *Server) showTransitions(c call, i *Issue) answer {
	list := []any{}
	if p := s.projects[i.Project]; !p.denies("TRANSITION_ISSUES") && !p.Archived {
		list = s.transitionsJSON(i, slices.Contains(c.list("expand"), "transitions.fields"), c.text("transitionId"))
	}
	return ok(object{"expand": "transitions", "transitions": list})
}

func (s *Server) transitionsJSON(i *Issue, screens bool, only string) []any {
	list := []any{}
	for _, w := range s.waysFrom(i) {
		if only != "" && only != w.id {
			continue
		}
		fields := s.screen(i, w)
		j := object{
			"id": w.id, "name": w.name, "to": s.statusJSON(w.to), "hasScreen": len(fields) > 0, "isGlobal": true, "isInitial": false, "isConditional": false,
		}
		if screens {
			j["fields"] = fields
		}
		list = append(list, j)
	}
	return list
}

func (s *Server) transit(c call, i *Issue) answer {
	if refusal := s.mayWrite(i, "TRANSITION_ISSUES", "You do not have permission to transition this issue."); refusal != nil {
		return *refusal
	}
	id := sub(c.body["transition"], "id")
	if n, err := strconv.Atoi(id); err != nil {
		return refused(http.StatusBadRequest, "Missing 'transition' identifier", nil)
	} else if n = (n - 11) / 10; n < 0 || n >= len(s.statuses) {
		return s.raced(id, i)
	}
	name := id
	if n, _ := strconv.Atoi(id); n >= 11 {
		name = "To " + s.statuses[(n-11)/10].Name
	}
	ways := s.waysFrom(i)
	at := slices.IndexFunc(ways, func(w way) bool { return w.id == id })
	if at < 0 || s.faults.Raced > 0 {
		s.faults.Raced = max(0, s.faults.Raced-1)
		return s.raced(name, i)
	}
	w := ways[at]
	screen := s.screen(i, w)
	m := Move{Status: w.to.Name, By: s.id(s.Robot())}
	for field, v := range members(c.body, "fields") {
		if _, on := screen[field]; !on {
			return wrongField(field, offScreen(field))
		}
		if m.Resolution = nameOf(s.resolved, idOfValue(s.resolved, v)); m.Resolution == "" {
			return wrongField(field, "The resolution selected is invalid.")
		}
	}
	if len(screen) > 0 && m.Resolution == "" {
		return wrongField("resolution", "Resolution is required.")
	}
	more, wrong := s.wishOf(call{Request: c.Request, e: c.e, body: object{"update": c.body["update"]}}, s.projects[i.Project], s.typeOf(i), i)
	if wrong != nil {
		return *wrong
	}
	s.move(i, m)
	i.Changes[len(i.Changes)-1].Metadata = c.body["historyMetadata"]
	c.e.Effect = "moved"
	s.tell("jira:issue_updated", i, m.By)
	s.speak(c, i, more, m.By)
	return answer{status: http.StatusNoContent}
}

// raced is the answer to a transition that the issue's status does not have any more.
func (s *Server) raced(name string, i *Issue) answer {
	return refused(http.StatusBadRequest, fmt.Sprintf("It seems that you have tried to perform a workflow operation (%s) that is not valid for the current state of this issue (%s). The likely cause is that somebody has changed the issue recently, please look at the issue history for details.", name, i.Key), nil)
}
