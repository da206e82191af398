package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// pageToken is where the page begins that a token stands for.
type pageToken struct {
	jql   string
	start int
}

const badToken = "The nextPageToken is invalid or has expired."

// token hands out a token.
func (s *Server) token(t pageToken) string {
	s.nextOther++
	name := fmt.Sprintf("t%d", s.nextOther)
	s.tokens[name] = t
	return name
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
	messages := slices.Clone(q.unknown)
	for _, name := range q.named {
		if s.visible(name) != nil {
			continue
		}
		if _, err := strconv.Atoi(name); err == nil {
			messages = append(messages, fmt.Sprintf("A value with ID '%s' does not exist for the field 'id'.", name))
		} else {
			messages = append(messages, fmt.Sprintf("An issue with key '%s' does not exist for field 'key'.", name))
		}
	}
	if len(messages) > 0 {
		a := answer{status: http.StatusBadRequest, body: object{"errorMessages": messages, "errors": object{}}}
		return q, &a
	}
	return q, nil
}

const (
	idsMost       = 5000 // issues on a page with nothing but ids and keys
	pageMost      = 100  // with other fields
	rowsMost      = 1000 // Data Center
	reconcileMost = 50
	propertyNames = 5
)

// searchByToken is Cloud's search: pages by token, ids alone unless fields are named, no query without a condition.
func (s *Server) searchByToken(c call) answer {
	q, wrong := s.understood(c, !s.faults.NewStyleMissing)
	switch {
	case wrong != nil:
		return *wrong
	case !q.bounded:
		return refused(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.", nil)
	case len(c.list("reconcileIssues")) > reconcileMost:
		return refused(http.StatusBadRequest, fmt.Sprintf("At most %d issues can be reconciled.", reconcileMost), nil)
	case len(c.list("properties")) > propertyNames:
		return refused(http.StatusBadRequest, fmt.Sprintf("At most %d properties can be requested.", propertyNames), nil)
	}
	fields := c.list("fields")
	most := min(max(1, c.number("maxResults", 50)), idsMost)
	if slices.ContainsFunc(fields, func(f string) bool { return f != "id" && f != "key" }) {
		most = min(most, pageMost)
	}
	if s.faults.ShortPages > 0 {
		most = min(most, s.faults.ShortPages)
	}
	at, token := pageToken{jql: c.text("jql")}, c.text("nextPageToken")
	if token != "" {
		was, known := s.tokens[token]
		if !known || was.jql != at.jql || s.faults.StaleTokens {
			return refused(http.StatusBadRequest, badToken, nil)
		}
		at = was
	}
	if s.faults.EmptyPages && token == "" {
		return ok(object{"issues": []any{}, "isLast": false, "nextPageToken": s.token(at)})
	}
	found := s.run(q, c.list("reconcileIssues"))
	w := wanted{fields: fields, expand: c.list("expand"), properties: c.list("properties"), search: true}
	list := []any{}
	for _, i := range found[min(len(found), at.start):min(len(found), at.start+most)] {
		list = append(list, s.issueJSON(i, w))
	}
	j := object{"issues": list, "isLast": true}
	switch at.start += most; {
	case s.faults.SameToken && token != "":
		j["isLast"], j["nextPageToken"] = false, token
	case s.faults.SameToken || at.start < len(found):
		j["isLast"], j["nextPageToken"] = false, s.token(at)
	}
	return ok(j)
}

// searchByStart is Data Center's search: pages by start, a thousand rows at most, histories whole.
func (s *Server) searchByStart(c call) answer {
	validate := !slices.Contains([]string{"false", "warn", "none"}, c.text("validateQuery"))
	q, wrong := s.understood(c, validate)
	if wrong != nil {
		return *wrong
	}
	start, most := max(0, c.number("startAt", 0)), min(max(0, c.number("maxResults", 50)), rowsMost)
	if s.faults.ShortPages > 0 {
		most = min(most, s.faults.ShortPages)
	}
	w := wanted{fields: c.list("fields"), expand: c.list("expand"), search: true}
	if len(w.fields) == 0 {
		w.fields = []string{"*navigable"}
	}
	found := s.run(q, nil)
	list := []any{}
	for _, i := range found[min(len(found), start):min(len(found), start+most)] {
		list = append(list, s.issueJSON(i, w))
	}
	j := object{"startAt": start, "maxResults": most, "total": len(found), "issues": list}
	if !validate && len(q.unknown) > 0 {
		j["warningMessages"] = q.unknown
	}
	return ok(j)
}

// bulkFetch is Cloud's call for many issues by id: as they are now, whatever a search knows.
func (s *Server) bulkFetch(c call) answer {
	names, fields := c.list("issueIdsOrKeys"), c.list("fields")
	most := pageMost
	if s.faults.LeanBulk && len(fields) > 0 && len(fields) <= 5 && !slices.ContainsFunc(fields, func(f string) bool { return f[0] == '*' }) {
		most = rowsMost
	}
	switch {
	case len(names) == 0:
		return refused(http.StatusBadRequest, "No issue IDs or keys were provided.", nil)
	case len(names) > most:
		return refused(http.StatusBadRequest, fmt.Sprintf("The number of issues requested exceeds the limit of %d.", most), nil)
	}
	w := wanted{fields: fields, expand: c.list("expand"), properties: c.list("properties"), search: true}
	if len(fields) == 0 {
		w.fields = []string{"*navigable"}
	}
	list, missing := []any{}, []any{}
	for _, name := range names {
		if i := s.visible(name); i != nil {
			list = append(list, s.issueJSON(i, w))
		} else {
			missing = append(missing, object{"id": name, "errorMessage": noIssue})
		}
	}
	return ok(object{"issues": list, "issueErrors": missing})
}
