package jiratest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// call is a request as it was read.
type call struct {
	*http.Request
	body object
	raw  []byte
	e    *Entry
}

// text is a parameter, from the body or the address.
func (c call) text(name string) string {
	switch v := c.body[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
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
			if n, is := item.(float64); is {
				item = strconv.FormatFloat(n, 'f', -1, 64)
			}
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

// members are a member that is an object; nil: it is none.
func members(m any, name string) object {
	o, _ := m.(map[string]any)
	inner, _ := o[name].(map[string]any)
	return inner
}

// sub is a member that is a text, or a number as a text.
func sub(m any, name string) string {
	o, _ := m.(map[string]any)
	switch v := o[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// answer finds what the path means and does it.
func (s *Server) answer(r *http.Request, path string, content []byte, e *Entry) answer {
	c := call{Request: r, e: e, body: object{}, raw: content}
	if len(content) > 0 {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			return answer{status: http.StatusUnsupportedMediaType, page: "<html><body>HTTP Status 415 – Unsupported Media Type</body></html>"}
		}
		var v any
		if json.Unmarshal(content, &v) != nil {
			return refused(http.StatusBadRequest, "There was an error parsing JSON. Check that your request body is valid.", nil)
		}
		if o, is := v.(map[string]any); is {
			c.body = o
		}
	}
	s.mu.Lock()
	defer s.release()
	return s.route(c, path)
}

func (s *Server) route(c call, path string) answer {
	if rest, is := strings.CutPrefix(path, "/rest/agile/1.0/"); is {
		return s.agile(c, strings.Split(strings.Trim(rest, "/"), "/"))
	}
	rest, is := strings.CutPrefix(path, "/rest/api/2/")
	if !is {
		return absent("null for uri: " + path)
	}
	rest = strings.Trim(rest, "/")
	seg := strings.Split(rest, "/")
	get, post := c.Method == http.MethodGet, c.Method == http.MethodPost
	many := s.cloud() && !s.faults.NoBulk
	switch {
	case get && rest == "serverInfo":
		return s.serverInfo(c)
	case get && rest == "myself":
		return ok(s.userJSON(s.id(s.Robot())))
	case get && rest == "field":
		return ok(s.fieldsJSON())
	case get && rest == "status":
		return ok(s.statusesJSON())
	case get && (rest == "priority" || rest == "resolution"):
		list := []any{}
		for _, n := range s.names(rest) {
			list = append(list, s.namedJSON(rest, n))
		}
		return ok(list)
	case get && s.cloud() && (rest == "priority/search" || rest == "resolution/search"):
		names := s.names(seg[0])
		return ok(s.paged(c, "values", len(names), func(n int) any { return s.namedJSON(seg[0], names[n]) }))
	case get && rest == "issueLinkType":
		return ok(s.linkTypesJSON())
	case get && rest == "mypermissions":
		return s.permissions(c)
	case get && rest == "user/assignable/search":
		return s.assignable(c)
	case get && seg[0] == "project" && len(seg) == 2:
		p := s.project(seg[1])
		if p == nil {
			return absent("No project could be found with key '" + seg[1] + "'.")
		}
		return ok(s.projectJSON(p))
	case get && seg[0] == "filter" && len(seg) == 2:
		return s.filter(seg[1])
	case get && (len(seg) == 4 || len(seg) == 5) && seg[0] == "issue" && seg[1] == "createmeta" && seg[3] == "issuetypes":
		return s.createMeta(c, seg[2], seg[4:])
	case rest == "search" && (get || post):
		if s.cloud() {
			return refused(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046", nil)
		}
		return s.searchByStart(c)
	case rest == "search/jql" && s.cloud() && (get || post):
		return s.searchByToken(c)
	case post && rest == "issue":
		return s.create(c)
	case post && rest == "issue/bulkfetch" && many:
		return s.bulkFetch(c)
	case post && rest == "changelog/bulkfetch" && many:
		return s.bulkHistories(c)
	case post && rest == "issueLink":
		return s.linkIssues(c)
	case len(seg) >= 2 && seg[0] == "issue":
		i := s.visible(seg[1])
		if i == nil {
			return absent(noIssue)
		}
		c.e.Issue = i.ID
		return s.routeIssue(c, i, seg[2:], path)
	}
	return absent("null for uri: " + path)
}

// routeIssue finds what is meant of an issue.
func (s *Server) routeIssue(c call, i *Issue, seg []string, path string) answer {
	what := c.Method
	if len(seg) > 0 {
		what += " " + seg[0]
	}
	if len(seg) > 1 {
		what += " one"
	}
	if len(seg) > 2 {
		return absent("null for uri: " + path)
	}
	switch what {
	case "GET":
		return s.show(c, i)
	case "PUT":
		return s.edit(c, i)
	case "GET comment":
		return s.comments(c, i)
	case "POST comment":
		return s.addComment(c, i)
	case "PUT comment one":
		return s.editComment(c, i, seg[1])
	case "GET transitions":
		return s.showTransitions(c, i)
	case "POST transitions":
		return s.transit(c, i)
	case "GET remotelink":
		return s.remoteLinks(c, i)
	case "POST remotelink":
		return s.linkBack(c, i)
	case "GET changelog":
		if s.cloud() {
			return s.history(c, i)
		}
	case "GET properties":
		return s.propertyKeys(i)
	case "GET properties one":
		return s.property(i, seg[1])
	case "PUT properties one":
		return s.setProperty(c, i, seg[1])
	}
	return absent("null for uri: " + path)
}

// visible is the issue of that key or number when the login may see it.
func (s *Server) visible(name string) *Issue {
	i := s.find(name)
	if i == nil || i.Hidden {
		return nil
	}
	p := s.projects[i.Project]
	if p == nil || p.denies("BROWSE_PROJECTS") || p.Archived && s.faults.ArchivedGone {
		return nil
	}
	return i
}

// mayWrite tells why the login may not; nil: it may.
func (s *Server) mayWrite(i *Issue, permission, otherwise string) *answer {
	p := s.projects[i.Project]
	switch {
	case p.Archived:
		a := refused(http.StatusForbidden, "The project is archived. Its issues cannot be changed.", nil)
		return &a
	case p.denies(permission):
		a := refused(http.StatusForbidden, otherwise, nil)
		return &a
	}
	return nil
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
