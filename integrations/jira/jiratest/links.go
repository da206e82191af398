package jiratest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

type linkType struct{ id, name, inward, outward string }

var linkTypes = []linkType{
	{"10000", "Blocks", "is blocked by", "blocks"}, {"10002", "Duplicate", "is duplicated by", "duplicates"}, {"10003", "Relates", "relates to", "relates to"},
}

func (s *Server) linkTypeJSON(t linkType) object {
	return object{"id": t.id, "name": t.name, "inward": t.inward, "outward": t.outward, "self": s.self("issueLinkType/" + t.id)}
}

func linkTypeOf(v any) (linkType, bool) {
	for _, t := range linkTypes {
		if t.name == sub(v, "name") || t.id == sub(v, "id") {
			return t, true
		}
	}
	return linkType{}, false
}

func (s *Server) remoteLinkJSON(i *Issue, l RemoteLink) object {
	about := object{"url": l.URL, "title": l.Title}
	if l.Summary != "" {
		about["summary"] = l.Summary
	}
	j := object{"id": l.ID, "self": s.self(fmt.Sprintf("issue/%s/remotelink/%d", i.ID, l.ID)), "object": about}
	if l.GlobalID != "" {
		j["globalId"] = l.GlobalID
	}
	if l.Relationship != "" {
		j["relationship"] = l.Relationship
	}
	if l.Application != nil {
		j["application"] = l.Application
	}
	return j
}

// remoteLinks gives the links to pages elsewhere, or the one of a globalId.
func (s *Server) remoteLinks(c call, i *Issue) answer {
	list := []any{}
	for _, l := range i.Links {
		if id := c.text("globalId"); id == l.GlobalID && id != "" {
			return ok(s.remoteLinkJSON(i, l))
		}
		list = append(list, s.remoteLinkJSON(i, l))
	}
	if c.text("globalId") != "" {
		return absent("No remote issue link with the globalId '" + c.text("globalId") + "' exists.")
	}
	return ok(list)
}

// linkBack makes a link to a page elsewhere; one of the same globalId is replaced.
func (s *Server) linkBack(c call, i *Issue) answer {
	if refusal := s.mayWrite(i, "LINK_ISSUES", "No Link Issue Permission for issue '"+i.Key+"'"); refusal != nil {
		return *refusal
	}
	about := members(c.body, "object")
	l := RemoteLink{
		GlobalID: c.text("globalId"), URL: sub(about, "url"), Title: sub(about, "title"), Summary: sub(about, "summary"), Relationship: c.text("relationship"),
		Application: c.body["application"],
	}
	switch {
	case l.URL == "":
		return wrongField("url", "'url' is required.")
	case l.Title == "":
		return wrongField("title", "'title' is required.")
	case utf8.RuneCountInString(l.Title) > labelMost:
		return wrongField("title", "'title' cannot be longer than 255 characters.")
	case utf8.RuneCountInString(l.GlobalID) > labelMost:
		return wrongField("globalId", "'globalId' cannot be longer than 255 characters.")
	}
	c.e.Effect = "linked back"
	status := http.StatusCreated
	at := slices.IndexFunc(i.Links, func(have RemoteLink) bool { return l.GlobalID != "" && have.GlobalID == l.GlobalID })
	if at >= 0 {
		l.ID = i.Links[at].ID
		i.Links[at] = l
		status = http.StatusOK
	} else {
		s.nextOther++
		l.ID = s.nextOther
		i.Links = append(i.Links, l)
	}
	if s.faults.LinkNoise {
		s.writing(i)
		s.record(i, s.id(s.Robot()), s.now(), Item{Field: "RemoteIssueLink", To: strconv.Itoa(l.ID), ToText: "This issue links to \"" + l.Title + "\""})
	}
	if !s.cloud() && !s.faults.CreatedLinks { // its documents know one status
		status = http.StatusOK
	}
	return answer{status: status, body: object{"id": l.ID, "self": s.self(fmt.Sprintf("issue/%s/remotelink/%d", i.ID, l.ID))}}
}

// wrongLink says why a link of an update is refused.
func (s *Server) wrongLink(l object) string {
	if _, known := linkTypeOf(l["type"]); !known {
		return "No issue link type with name '" + sub(l["type"], "name") + "' found."
	}
	if s.otherEnd(l) == nil {
		return noIssue
	}
	return ""
}

func (s *Server) otherEnd(l object) *Issue {
	for _, end := range []string{"outwardIssue", "inwardIssue"} {
		if o := members(l, end); o != nil {
			return s.visible(first(sub(o, "id"), sub(o, "key")))
		}
	}
	return nil
}

// link makes the link of an update, of which one end is the issue itself.
func (s *Server) link(i *Issue, l object, by string) {
	t, _ := linkTypeOf(l["type"])
	from, to := i, s.otherEnd(l)
	if members(l, "outwardIssue") == nil {
		from, to = to, i
	}
	s.join(t, from, to, by)
}

// join links two issues; an identical link is there once, unless LinksDouble.
func (s *Server) join(t linkType, from, to *Issue, by string) {
	same := func(l IssueLink) bool { return l.Type == t.name && l.Other == to.ID && !l.Inward }
	if slices.ContainsFunc(from.IssueLinks, same) && !s.faults.LinksDouble {
		return
	}
	s.nextOther++
	for _, end := range []struct {
		at, other *Issue
		inward    bool
	}{{from, to, false}, {to, from, true}} {
		s.writing(end.at)
		end.at.IssueLinks = append(end.at.IssueLinks, IssueLink{ID: s.nextOther, Type: t.name, Other: end.other.ID, Inward: end.inward})
		says := t.outward
		if end.inward {
			says = t.inward
		}
		s.record(end.at, by, s.now(), Item{Field: "Link", FieldID: "issuelinks", To: end.other.Key, ToText: "This issue " + says + " " + end.other.Key})
	}
}

// linkIssues is the call of its own for a link. Jira calls the source of a link its inward issue.
func (s *Server) linkIssues(c call) answer {
	ends := [2]*Issue{}
	for n, end := range []string{"inwardIssue", "outwardIssue"} {
		o := members(c.body, end)
		if ends[n] = s.visible(first(sub(o, "id"), sub(o, "key"))); ends[n] == nil {
			return absent(noIssue)
		}
	}
	t, known := linkTypeOf(c.body["type"])
	if !known {
		return absent("No issue link type with name '" + sub(c.body["type"], "name") + "' found.")
	}
	if refusal := s.mayWrite(ends[0], "LINK_ISSUES", "No Link Issue Permission for issue '"+ends[0].Key+"'"); refusal != nil {
		if s.cloud() { // as the documents of each say
			return absent(noIssue)
		}
		refusal.status = http.StatusUnauthorized
		return *refusal
	}
	by := s.id(s.Robot())
	s.join(t, ends[0], ends[1], by)
	c.e.Effect, c.e.Issue = "linked", ends[0].ID
	a := answer{status: http.StatusCreated}
	if s.cloud() {
		a.body = object{}
	}
	if comment := members(c.body, "comment"); comment != nil {
		c.e.Comment = s.comment(ends[0], by, sub(comment, "body"), s.now()).ID
	}
	s.tell("issuelink_created", ends[0], by)
	return a
}

// issueLinksJSON are the links as a field of an issue.
func (s *Server) issueLinksJSON(i *Issue) []any {
	list := []any{}
	for _, l := range i.IssueLinks {
		other := s.visible(l.Other)
		if other == nil {
			continue
		}
		var kind linkType
		for _, t := range linkTypes {
			if t.name == l.Type {
				kind = t
			}
		}
		end := "outwardIssue"
		if l.Inward {
			end = "inwardIssue"
		}
		list = append(list, object{
			"id": strconv.Itoa(l.ID), "self": s.self("issueLink/" + strconv.Itoa(l.ID)), "type": s.linkTypeJSON(kind),
			end: object{"id": other.ID, "key": other.Key, "self": s.self("issue/" + other.ID), "fields": object{
				"summary": other.Summary, "status": s.statusJSON(s.status(other.Status)), "issuetype": s.typeJSON(s.typeOf(other)),
			}},
		})
	}
	return list
}
