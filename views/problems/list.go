// Package problems shows problems: the list, one with its recurrence history, and the forms that regroup its occurrences.
package problems

import (
	"net/url"

	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// Row is a problem as lists show it.
type Row struct {
	Ref, Link, Title, Service string
	State                     ui.State
	Failed                    bool // a shipped fix did not hold
	Occurrences               string
	Restarts                  string // "restart pattern", or empty
	Impact                    string
	Gap                       string
	Last                      ui.When
}

// NewRow writes a problem as a row.
func NewRow(p problem.Problem, c ui.Clock) Row {
	f := p.Figures
	r := Row{
		Ref: p.ID.String(), Link: link.Problem(int64(p.ID)), Title: p.Title, Service: p.Service, State: ui.ProblemState(string(p.State)),
		Failed: !p.FixFailedAt.IsZero() && p.State != problem.Verified, Occurrences: ui.Times(f.Occurrences), Impact: ui.Duration(f.Impact), Gap: ui.Missing,
		Last: c.When(f.LastAt), Restarts: restarts(f),
	}
	if f.MedianGap > 0 {
		r.Gap = ui.Duration(f.MedianGap)
	}
	return r
}

// restarts names the pattern once nothing but restarts ended it twice in a row.
func restarts(f problem.Figures) string {
	if f.RestartStreak >= 2 {
		return "restart pattern"
	}
	return ""
}

// ListPage is the list of problems with its filters.
type ListPage struct {
	Heading ui.Heading
	Filters []ui.Question
	Rows    []Row
	Pager   ui.Pager
	Clear   string
	Export  string
	CanEdit bool
}

var sorts = []ui.Option{
	{Value: "", Label: "Latest first"},
	{Value: "-occurrences", Label: "Most occurrences"},
	{Value: "-impact", Label: "Most impact"},
	{Value: "last_at", Label: "Longest quiet"},
}

// NewListPage makes the page of what was asked for; query is what the address said.
func NewListPage(page listing.Page[problem.Problem], query url.Values, names incidents.Names, canEdit bool, c ui.Clock) ListPage {
	p := ListPage{Pager: ui.PagerOf(page, link.Problems, query), CanEdit: canEdit, Export: link.Export("problems", "csv")}
	for _, one := range page.Items {
		p.Rows = append(p.Rows, NewRow(one, c))
	}
	states := []ui.Option{{Label: "Any"}}
	for _, s := range []problem.State{problem.Open, problem.CauseKnown, problem.FixShipped, problem.Verified} {
		states = append(states, ui.Option{Value: string(s), Label: ui.Sentence(string(ui.ProblemState(string(s))))})
	}
	service := ui.Question{Control: ui.OneOf, Field: ui.Field{
		Name: "service", Label: "Service", Value: query.Get("service"), Options: append([]ui.Option{{Label: "Any"}}, names.Services...),
	}}
	if names.Many {
		service = ui.Question{Field: ui.Field{Name: "service", Label: "Service", Value: query.Get("service"), Placeholder: "card-gateway"}}
	}
	p.Filters = []ui.Question{
		{Field: ui.Field{Name: "q", Label: "Words or a reference", Type: "search", Value: query.Get("q")}},
		{Control: ui.OneOf, Field: ui.Field{Name: "state", Label: "State", Value: query.Get("state"), Options: states}},
		service,
		{Control: ui.OneOf, Field: ui.Field{Name: "sort", Label: "Order", Value: query.Get("sort"), Options: sorts}},
	}
	filtered := query.Get("q")+query.Get("state")+query.Get("service") != ""
	if filtered {
		p.Clear = link.Problems
	}
	p.Heading = ui.Heading{Title: incidents.Finding(p.Pager, "problem", "problems", filtered)}
	p.Heading.Lede = "A problem is the one failure behind several incidents."
	return p
}
