package jira

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// The issues of a whole backlog: read for the measures alone, with few fields.

var workFields = []string{
	"status", "labels", "project", "issuetype", "resolution", "created", "updated", "statuscategorychangedate",
}

// idsPage is how many issues a page without fields is asked for: Cloud allows five times as many, Data Center no more.
const idsPage = 1000

// workJQL is a query for what changed of a backlog. Its condition is a person's: it stands in parentheses, so that what is added holds
// for all of it.
func workJQL(q jirasync.WorkQuery) string {
	said := "(" + q.JQL + ")"
	if !q.Since.IsZero() {
		said += " AND updated >= " + strconv.FormatInt(q.Since.UnixMilli(), 10)
	}
	if !q.Until.IsZero() {
		said += " AND updated < " + strconv.FormatInt(q.Until.UnixMilli(), 10)
	}
	return said + " ORDER BY updated ASC, id ASC"
}

// Work walks the issues of a backlog.
func (c *Client) Work(ctx context.Context, q jirasync.WorkQuery, page func([]jirasync.Issue) error) error {
	fields := slices.Clone(workFields)
	if f := c.fieldIDs().Sprint; f != "" {
		fields = append(fields, f)
	}
	return c.search(ctx, searching{jql: workJQL(q), fields: fields, histories: true, strict: true}, page)
}

// WorkIDs gives the numbers of the issues of a backlog.
func (c *Client) WorkIDs(ctx context.Context, q jirasync.WorkQuery) ([]string, error) {
	var ids []string
	err := c.walk(ctx, searching{jql: workJQL(q), fields: []string{"id"}, strict: true, most: idsPage}, func(some []issueJSON) error {
		for _, i := range some {
			ids = append(ids, string(i.ID))
		}
		return nil
	})
	return ids, err
}

// Understands asks for one issue of the query.
func (c *Client) Understands(ctx context.Context, jql string) error {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return err
	}
	q := request{method: http.MethodPost, path: "search/jql", body: map[string]any{
		"jql": workJQL(jirasync.WorkQuery{JQL: jql}), "maxResults": 1, "fields": []string{"id"},
	}}
	if !cloud {
		q.path, q.body.(map[string]any)["validateQuery"] = "search", true
	}
	return c.call(ctx, q, nil)
}

// Board reads a board's settings, and the query of its filter.
func (c *Client) Board(ctx context.Context, number string) (jirasync.Board, error) {
	if !numberPattern.MatchString(number) {
		return jirasync.Board{}, &jirasync.Trouble{Kind: jirasync.Absent, Said: fmt.Sprintf("%q is no number of a board.", short(number))}
	}
	var a struct {
		Name   string `json:"name"`
		Filter struct {
			ID id `json:"id"`
		} `json:"filter"`
	}
	err := c.call(ctx, request{method: http.MethodGet, path: "board/" + number + "/configuration", api: agileAPI, operation: "GET board configuration"}, &a)
	if err != nil {
		return jirasync.Board{}, err
	}
	if !numberPattern.MatchString(string(a.Filter.ID)) {
		return jirasync.Board{}, &jirasync.Trouble{Kind: jirasync.Temporary, Call: "GET board configuration", Said: "The board names no filter."}
	}
	var f struct {
		JQL string `json:"jql"`
	}
	err = c.call(ctx, request{method: http.MethodGet, path: "filter/" + string(a.Filter.ID), operation: "GET filter"}, &f)
	return jirasync.Board{ID: number, Name: a.Name, JQL: f.JQL}, err
}

// SprintOf reads one sprint.
func (c *Client) SprintOf(ctx context.Context, number string) (ticket.Sprint, error) {
	if !numberPattern.MatchString(number) {
		return ticket.Sprint{}, &jirasync.Trouble{Kind: jirasync.Absent, Said: fmt.Sprintf("%q is no number of a sprint.", short(number))}
	}
	var s sprintJSON
	err := c.call(ctx, request{method: http.MethodGet, path: "sprint/" + number, api: agileAPI, operation: "GET sprint"}, &s)
	return s.sprint(), err
}
