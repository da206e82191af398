package jira

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"upshot/app/jirasync"
)

// property is the issue property that proves whose issue it is: people cannot edit it.
const property = "upshot"

// What Jira takes at most, in characters.
const (
	summaryMax = 255
	textMax    = 32_767
)

// Create creates an issue, with its labels and its mark in the same call.
func (c *Client) Create(ctx context.Context, n jirasync.NewIssue) (jirasync.Ref, error) {
	fields := map[string]any{
		"project": map[string]string{"key": n.Project}, "issuetype": map[string]string{"id": n.Type},
		"summary": summary(n.Summary), "description": cut(n.Description, textMax),
	}
	if len(n.Labels) > 0 {
		fields["labels"] = n.Labels
	}
	if len(n.Components) > 0 {
		var components []map[string]string
		for _, name := range n.Components {
			components = append(components, map[string]string{"name": name})
		}
		fields["components"] = components
	}
	if n.Priority != "" {
		fields["priority"] = map[string]string{"id": n.Priority}
	}
	if n.Assignee != "" {
		who, err := c.person(ctx, n.Assignee)
		if err != nil {
			return jirasync.Ref{}, err
		}
		fields["assignee"] = who
	}
	if n.DueOn != "" {
		fields["duedate"] = n.DueOn
	}
	for name, value := range n.Fixed {
		if _, ours := fields[name]; !ours {
			fields[name] = value
		}
	}
	body := map[string]any{"fields": fields}
	if n.Mark != "" {
		body["properties"] = []map[string]any{{"key": property, "value": map[string]string{"mark": n.Mark}}}
	}
	var a struct {
		ID  id     `json:"id"`
		Key string `json:"key"`
	}
	err := c.call(ctx, request{method: http.MethodPost, path: "issue", body: body, write: true}, &a)
	if err == nil && (a.ID == "" || a.Key == "") {
		err = &jirasync.Trouble{Kind: jirasync.Temporary, Call: "POST issue", Maybe: true, Said: "The answer does not name the issue."}
	}
	return jirasync.Ref{ID: string(a.ID), Key: a.Key}, err
}

// person names somebody as the flavour wants it; empty is nobody.
func (c *Client) person(ctx context.Context, who string) (map[string]any, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	key := "name"
	if cloud {
		key = "accountId"
	}
	if who == "" {
		return map[string]any{key: nil}, nil
	}
	return map[string]any{key: who}, nil
}

// Edit changes an issue in one call.
func (c *Client) Edit(ctx context.Context, issue string, e jirasync.Edit) error {
	name, err := named(issue)
	if err != nil {
		return err
	}
	fields, update := map[string]any{}, map[string]any{}
	var labels []map[string]string
	for _, l := range e.AddLabels {
		labels = append(labels, map[string]string{"add": l})
	}
	for _, l := range e.RemoveLabels {
		labels = append(labels, map[string]string{"remove": l})
	}
	if len(labels) > 0 {
		update["labels"] = labels
	}
	if e.Priority != "" {
		fields["priority"] = map[string]string{"id": e.Priority}
	}
	if e.Summary != "" {
		fields["summary"] = summary(e.Summary)
	}
	if e.Assignee != nil {
		if fields["assignee"], err = c.person(ctx, *e.Assignee); err != nil {
			return err
		}
	}
	if e.DueOn != nil {
		fields["duedate"] = nil
		if *e.DueOn != "" {
			fields["duedate"] = *e.DueOn
		}
	}
	if e.Comment != "" {
		body := cutEnd(e.Comment, textMax)
		if e.CommentID != "" {
			update["comment"] = []map[string]any{{"edit": map[string]string{"id": e.CommentID, "body": body}}}
		} else {
			update["comment"] = []map[string]any{{"add": map[string]string{"body": body}}}
		}
	}
	body := map[string]any{}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if len(update) > 0 {
		body["update"] = update
	}
	return c.call(ctx, request{method: http.MethodPut, path: "issue/" + name, operation: "PUT issue", issue: name, body: body, write: true}, nil)
}

// Transit moves an issue along one of its ways.
func (c *Client) Transit(ctx context.Context, issue, transition, resolution string) error {
	name, err := named(issue)
	if err != nil {
		return err
	}
	body := map[string]any{"transition": map[string]string{"id": transition}}
	if resolution != "" {
		body["fields"] = map[string]any{"resolution": map[string]string{"id": resolution}}
	}
	err = c.call(ctx, request{method: http.MethodPost, path: "issue/" + name + "/transitions", operation: "POST issue transitions", issue: name, body: body, write: true}, nil)
	var t *jirasync.Trouble
	if !errors.As(err, &t) || !refused400(err) || len(t.Fields) > 0 {
		return err
	}
	// Jira says in the account's language that somebody moved the issue meanwhile. Whether it was that, its ways tell.
	ways, asking := c.Transitions(ctx, name)
	if asking == nil && !slices.ContainsFunc(ways, func(w jirasync.Transition) bool { return w.ID == transition }) {
		t.Kind = jirasync.Raced
	}
	return err
}

// MoveToSprint moves issues into a sprint.
func (c *Client) MoveToSprint(ctx context.Context, sprint string, ids []string) error {
	if !numberPattern.MatchString(sprint) {
		return &jirasync.Trouble{Kind: jirasync.Absent, Said: "There is no such sprint."}
	}
	return c.call(ctx, request{
		method: http.MethodPost, path: "sprint/" + sprint + "/issue", api: agileAPI, operation: "POST sprint issue",
		body: map[string]any{"issues": ids}, write: true,
	}, nil)
}

// LinkBack links an issue to a page here; Jira knows the link again by its global id.
func (c *Client) LinkBack(ctx context.Context, issue string, l jirasync.BackLink) error {
	name, err := named(issue)
	if err != nil {
		return err
	}
	body := map[string]any{
		"globalId": l.GlobalID, "application": map[string]string{"type": "upshot", "name": "Upshot"}, "relationship": "carries",
		"object": map[string]any{"url": l.URL, "title": cut(l.Title, summaryMax), "summary": cut(l.Summary, summaryMax)},
	}
	return c.call(ctx, request{method: http.MethodPost, path: "issue/" + name + "/remotelink", operation: "POST issue remotelink", issue: name, body: body, write: true}, nil)
}

// LinkIssues says that two issues relate to each other.
func (c *Client) LinkIssues(ctx context.Context, from, to string) error {
	for _, i := range []string{from, to} {
		if !numberPattern.MatchString(i) {
			return &jirasync.Trouble{Kind: jirasync.Absent, Said: "There is no such issue."}
		}
	}
	var types struct {
		Types []namedJSON `json:"issueLinkTypes"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "issueLinkType"}, &types); err != nil {
		return err
	}
	if len(types.Types) == 0 {
		return &jirasync.Trouble{Kind: jirasync.Refused, Call: "GET issueLinkType", Said: "Links between issues are switched off in Jira."}
	}
	kind := types.Types[0]
	for _, t := range types.Types {
		if strings.EqualFold(t.Name, "Relates") {
			kind = t
		}
	}
	body := map[string]any{
		"type": map[string]string{"name": kind.Name}, "inwardIssue": map[string]string{"id": from}, "outwardIssue": map[string]string{"id": to},
	}
	return c.call(ctx, request{method: http.MethodPost, path: "issueLink", body: body, issue: from, write: true}, nil)
}

// summary is one line of at most summaryMax characters.
func summary(s string) string {
	s = strings.TrimSpace(spaces.ReplaceAllString(strings.ToValidUTF8(s, ""), " "))
	if utf8.RuneCountInString(s) > summaryMax {
		s = string([]rune(s)[:summaryMax-1]) + "…"
	}
	return s
}

// cut is at most so many characters; what is left out is said.
func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// cutEnd keeps the last line, by which a comment is found again, and shortens what stands before it.
func cutEnd(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	at := strings.LastIndex(s, "\n\n")
	if at < 0 {
		return cut(s, most)
	}
	end := s[at:]
	return cut(s[:at], most-utf8.RuneCountInString(end)) + end
}
