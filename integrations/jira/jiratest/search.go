package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

type pageToken struct {
	jql   string
	start int
}

// understood reads a query, and says so as Jira does when it cannot.
func (s *Server) understood(c call, validate bool) (query, *answer) {
	q, err := s.parseJQL(c.text("jql"))
	if err != nil {
		a := refused(http.StatusBadRequest, err.Error(), nil)
		return q, &a
	}
	if !validate {
		return q, nil
	}
	for _, name := range q.named {
		if i := s.find(name); i == nil || i.Hidden {
			field := "key"
			if _, err := strconv.Atoi(name); err == nil {
				field = "id"
			}
			a := refused(http.StatusBadRequest, fmt.Sprintf("An issue with key '%s' does not exist for field '%s'.", name, field), nil)
			return q, &a
		}
	}
	return q, nil
}

// searchByToken is Cloud's search: pages by token, ids alone unless fields are named, no query without a condition.
func (s *Server) searchByToken(c call) answer {
	q, wrong := s.understood(c, !s.faults.NewStyleMissing)
	if wrong != nil {
		return *wrong
	}
	if !q.bounded {
		return refused(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.", nil)
	}
	fields := c.list("fields")
	most := max(1, c.number("maxResults", 50))
	if len(fields) == 0 || slices.Equal(fields, []string{"id"}) || slices.Equal(fields, []string{"key"}) {
		most = min(most, 5000)
	} else {
		most = min(most, 100)
	}
	if s.faults.ShortPages > 0 {
		most = min(most, s.faults.ShortPages)
	}
	at := pageToken{jql: c.text("jql")}
	token := c.text("nextPageToken")
	if token != "" {
		was, known := s.tokens[token]
		if !known || was.jql != at.jql {
			return refused(http.StatusBadRequest, "The nextPageToken is invalid or has expired.", nil)
		}
		at = was
	}
	next := func(start int) string {
		if s.faults.SameToken && token != "" {
			return token
		}
		s.nextOther++
		t := fmt.Sprintf("t%d", s.nextOther)
		s.tokens[t] = pageToken{jql: at.jql, start: start}
		return t
	}
	if s.faults.EmptyPages && token == "" {
		return ok(object{"issues": []any{}, "isLast": false, "nextPageToken": next(0)})
	}
	found := s.run(q)
	list := []any{}
	for n := at.start; n < min(len(found), at.start+most); n++ {
		list = append(list, s.issueJSON(found[n], fields, c.list("expand"), true))
	}
	j := object{"issues": list, "isLast": true}
	if at.start+most < len(found) || s.faults.SameToken {
		j["isLast"], j["nextPageToken"] = false, next(at.start+most)
	}
	return ok(j)
}

// searchByStart is Data Center's search: pages by start, a thousand rows at most, histories whole.
func (s *Server) searchByStart(c call) answer {
	validate := c.text("validateQuery") != "false" && c.body["validateQuery"] != false && c.text("validateQuery") != "warn" && c.text("validateQuery") != "none"
	q, wrong := s.understood(c, validate)
	if wrong != nil {
		return *wrong
	}
	start, most := max(0, c.number("startAt", 0)), min(max(0, c.number("maxResults", 50)), 1000)
	if s.faults.ShortPages > 0 {
		most = min(most, s.faults.ShortPages)
	}
	fields := c.list("fields")
	if len(fields) == 0 {
		fields = []string{"*navigable"}
	}
	found := s.run(q)
	list := []any{}
	for n := start; n < min(len(found), start+most); n++ {
		list = append(list, s.issueJSON(found[n], fields, c.list("expand"), true))
	}
	return ok(object{"startAt": start, "maxResults": most, "total": len(found), "issues": list})
}

func (s *Server) bulkFetch(c call) answer {
	names := c.list("issueIdsOrKeys")
	if len(names) > 100 {
		return refused(http.StatusBadRequest, "The number of issues requested exceeds the limit of 100.", nil)
	}
	list, missing := []any{}, []any{}
	for _, name := range names {
		i := s.find(name)
		if i == nil || i.Hidden {
			missing = append(missing, object{"id": name, "errorMessage": noIssue})
			continue
		}
		list = append(list, s.issueJSON(i, c.list("fields"), c.list("expand"), true))
	}
	return ok(object{"issues": list, "issueErrors": missing})
}

func (s *Server) bulkHistories(c call) answer {
	names, fields := c.list("issueIdsOrKeys"), c.list("fieldIds")
	if len(names) > 1000 {
		return refused(http.StatusBadRequest, "The number of issues requested exceeds the limit of 1000.", nil)
	}
	if len(fields) > 10 {
		return refused(http.StatusBadRequest, "The number of fields requested exceeds the limit of 10.", nil)
	}
	most := min(max(1, c.number("maxResults", 1000)), 10_000)
	start := 0
	if token := c.text("nextPageToken"); token != "" {
		was, known := s.tokens[token]
		if !known {
			return refused(http.StatusBadRequest, "The nextPageToken is invalid or has expired.", nil)
		}
		start = was.start
	}
	logs := []any{}
	n := 0
	more := false
	for _, name := range names {
		i := s.find(name)
		if i == nil || i.Hidden {
			continue
		}
		var some []Change
		for _, change := range i.Changes {
			var items []Item
			for _, it := range change.Items {
				if len(fields) == 0 || slices.Contains(fields, it.FieldID) {
					items = append(items, it)
				}
			}
			if len(items) == 0 {
				continue
			}
			if n >= start && n < start+most {
				change.Items = items
				some = append(some, change)
			}
			more = more || n >= start+most
			n++
		}
		if len(some) > 0 {
			logs = append(logs, object{"issueId": i.ID, "changeHistories": s.changesJSON(some, !s.faults.TextMoments)})
		}
	}
	j := object{"issueChangeLogs": logs}
	if more {
		s.nextOther++
		token := fmt.Sprintf("h%d", s.nextOther)
		s.tokens[token] = pageToken{start: start + most}
		j["nextPageToken"] = token
	}
	return ok(j)
}

// agile is the part of the boards.
func (s *Server) agile(c call, seg []string) answer {
	get := c.Method == http.MethodGet
	switch {
	case get && len(seg) == 1 && seg[0] == "board":
		list := []any{}
		if p := s.projects[c.text("projectKeyOrId")]; p != nil && slices.ContainsFunc(s.sprints, func(sp *Sprint) bool { return sp.Project == p.Key }) {
			id, _ := strconv.Atoi(p.ID)
			list = append(list, object{"id": id, "self": s.self("board/1"), "name": p.Name + " board", "type": "scrum"})
		}
		return ok(object{"startAt": 0, "maxResults": 50, "total": len(list), "isLast": true, "values": list})
	case get && len(seg) == 3 && seg[0] == "board" && seg[2] == "sprint":
		list := []any{}
		for _, sp := range s.sprints {
			if p := s.projects[sp.Project]; p != nil && p.ID == seg[1] && (c.text("state") == "" || slices.Contains(c.list("state"), sp.State)) {
				j := object{"id": sp.ID, "self": s.self("sprint"), "state": sp.State, "name": sp.Name, "originBoardId": 1}
				if !sp.StartedAt.IsZero() {
					j["startDate"] = sp.StartedAt.UTC().Format("2006-01-02T15:04:05.000Z")
				}
				list = append(list, j)
			}
		}
		return ok(object{"startAt": 0, "maxResults": 50, "total": len(list), "isLast": true, "values": list})
	case !get && len(seg) == 3 && seg[0] == "sprint" && seg[2] == "issue":
		id, _ := strconv.Atoi(seg[1])
		if s.sprint(id) == nil {
			return absent("Sprint with id " + seg[1] + " does not exist.")
		}
		for _, name := range c.list("issues") {
			if i := s.find(name); i != nil && !slices.Contains(i.Sprints, id) {
				s.move(i, Move{Sprint: id, By: s.id(s.Robot())})
				c.e.Effect, c.e.Issue = "moved into a sprint", i.ID
			}
		}
		return answer{status: http.StatusNoContent}
	}
	return absent("null for uri")
}
