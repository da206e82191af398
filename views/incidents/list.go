// Package incidents shows incidents: the list, one with its life, and the forms of each step.
package incidents

import (
	"net/url"
	"strings"
	"time"

	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/views/link"
	"upshot/views/ui"
)

// None is what the filters call "without one": no service, no severity.
const None = "none"

// Names are what the pages call services and teams, by slug. Where there are too many to offer them all,
// Many is true and people type them.
type Names struct {
	Services, Teams []ui.Option
	Many            bool
}

// Row is an incident as lists show it.
type Row struct {
	Ref, Link, Title string
	Severity         string
	Services         string // "card-gateway and 2 more"; empty: unassigned
	Status           ui.State
	Kind             string // of what never counts
	Occurrence       string // "3rd occurrence"
	Problem          string // "PRB-7"
	ProblemLink      string
	Impact           string
	Started          ui.When
}

// NewRow writes an incident as a row.
func NewRow(i incident.Incident, c ui.Clock) Row {
	r := Row{
		Ref: i.ID.String(), Link: link.Incident(int64(i.ID)), Title: i.Title, Severity: string(i.Severity),
		Services: someOf(i.Services), Status: ui.State(i.Status), Impact: impactOf(i, c), Started: c.When(i.Moments.StartedAt),
	}
	if i.Kind != incident.Real {
		r.Kind = string(i.Kind)
	}
	if i.Problem != 0 {
		r.Occurrence = ui.Ordinal(max(i.Standing.Occurrence, 1)) + " occurrence"
		r.Problem, r.ProblemLink = i.Problem.String(), link.Problem(int64(i.Problem))
	}
	return r
}

// someOf names the first services and counts the rest.
func someOf(slugs []string) string {
	const shown = 2
	if len(slugs) <= shown {
		return strings.Join(slugs, ", ")
	}
	return strings.Join(slugs[:shown], ", ") + " and " + ui.Thousands(len(slugs)-shown) + " more"
}

// impactOf is how long users felt it, so far while it goes on, or that nobody knows.
func impactOf(i incident.Incident, c ui.Clock) string {
	if d, ended := i.Duration(); ended {
		return ui.Duration(d)
	}
	m := i.Member()
	if m.Ongoing {
		return ui.Duration(soFar(m, c)) + " so far"
	}
	return ui.Missing
}

// ListPage is the list of incidents with its filters.
type ListPage struct {
	Heading ui.Heading
	Filters []ui.Question
	Sort    string
	Rows    []Row
	Pager   ui.Pager
	Clear   string // address without filters, when there are any
	Export  string
	CanEdit bool
	Sorts   []SortLink
}

// SortLink is the head of a column by which the list can be sorted.
type SortLink struct {
	Text, Address, Sort string
	Number              bool
}

// NewListPage makes the page of what was asked for; query is what the address said.
func NewListPage(page listing.Page[incident.Incident], query url.Values, names Names, canEdit bool, c ui.Clock) ListPage {
	p := ListPage{
		Pager: ui.PagerOf(page, link.Incidents, query), CanEdit: canEdit, Sort: query.Get("sort"),
		Export: link.Export("incidents", "csv"), Filters: listFilters(query, names),
	}
	for _, i := range page.Items {
		p.Rows = append(p.Rows, NewRow(i, c))
	}
	filtered := false
	for _, q := range p.Filters {
		filtered = filtered || q.Value != ""
	}
	if filtered {
		p.Clear = link.Incidents
	}
	p.Heading = ui.Heading{Title: finding(p.Pager, "incident", "incidents", filtered)}
	if query.Get("service") == None {
		p.Heading.Title = ui.Sentence(ui.Plural(page.Total, "incident has", "incidents have")) + " no service yet"
		p.Heading.Lede = "Unassigned: nobody is asked to change anything until they have one."
		if page.Total == 0 {
			p.Heading.Title = "Every incident has a service"
		}
	}
	if query.Get("loop") == "open" {
		p.Heading.Title = ui.Sentence(ui.Plural(page.Total, "significant incident", "significant incidents")) + " closed with nothing changed"
		if page.Total == 0 {
			p.Heading.Title = "No significant incident was closed with nothing changed"
		}
		p.Heading.Lede = "No test, metric, alert or other practice change is promised for them, and nobody decided against one. Some became significant when their failure came back."
	}
	p.Sorts = []SortLink{
		sortLink("Impact", "impact", query, true),
		sortLink("Started", "started_at", query, false),
	}
	return p
}

// finding says in a sentence how many there are.
func finding(p ui.Pager, one, many string, filtered bool) string {
	n := ui.Plural(p.Total, one, many)
	if p.Estimate {
		n = "About " + n
	}
	switch {
	case p.Total == 0 && filtered:
		return "No " + one + " matches"
	case p.Total == 0:
		return "No " + one + " yet"
	case filtered && p.Total == 1:
		return n + " matches"
	case filtered:
		return n + " match"
	}
	return n + " in all"
}

// Finding says how many there are, for other lists.
func Finding(p ui.Pager, one, many string, filtered bool) string {
	return finding(p, one, many, filtered)
}

func listFilters(query url.Values, names Names) []ui.Question {
	choice := func(name, label string, options []ui.Option) ui.Question {
		return ui.Question{Control: ui.OneOf, Field: ui.Field{
			Name: name, Label: label, Value: query.Get(name), Options: append([]ui.Option{{Value: "", Label: "Any"}}, options...),
		}}
	}
	service := choice("service", "Service", append([]ui.Option{{Value: None, Label: "Unassigned"}}, names.Services...))
	if names.Many {
		service = ui.Question{Field: ui.Field{Name: "service", Label: "Service", Value: query.Get("service"), Placeholder: "card-gateway, or none"}}
	}
	kinds := []ui.Option{}
	for _, k := range incident.Kinds {
		kinds = append(kinds, ui.Option{Value: string(k), Label: ui.Sentence(string(k))})
	}
	severities := []ui.Option{}
	for _, s := range incident.Severities {
		severities = append(severities, ui.Option{Value: string(s), Label: string(s)})
	}
	statuses := []ui.Option{}
	for _, s := range incident.Statuses {
		statuses = append(statuses, ui.Option{Value: string(s), Label: ui.Sentence(string(s))})
	}
	classes := []ui.Option{}
	for _, s := range incident.Classes {
		classes = append(classes, ui.Option{Value: string(s), Label: ui.Sentence(string(s))})
	}
	return []ui.Question{
		{Field: ui.Field{Name: "q", Label: "Words or a reference", Type: "search", Value: query.Get("q")}},
		choice("status", "Status", statuses),
		choice("severity", "Severity", append(severities, ui.Option{Value: None, Label: "Unknown"})),
		service,
		choice("team", "Built by", names.Teams),
		choice("kind", "Kind", kinds),
		choice("class", "Class", classes),
		choice("loop", "Loop", []ui.Option{{Value: "open", Label: "Closed, nothing changed"}}),
		{Field: ui.Field{Name: "problem", Label: "Problem", Value: query.Get("problem"), Placeholder: "PRB-7"}},
		{Field: ui.Field{Name: "from", Label: "Started from", Type: "date", Value: query.Get("from")}},
		{Field: ui.Field{Name: "to", Label: "Started until", Type: "date", Value: query.Get("to")}},
	}
}

// sortLink sorts by a column, downwards first, and turns round when it is sorted by already.
func sortLink(text, column string, query url.Values, number bool) SortLink {
	s := SortLink{Text: text, Number: number}
	now := query.Get("sort")
	if now == "" {
		now = "-started_at"
	}
	next := "-" + column
	switch now {
	case "-" + column:
		s.Sort, next = "descending", column
	case column:
		s.Sort = "ascending"
	}
	s.Address = link.WithQuery(link.Incidents, with(query, "sort", next))
	return s
}

// with is a copy of the query with one value set, from its first page.
func with(query url.Values, name, value string) url.Values {
	changed := url.Values{}
	for n, values := range query {
		if n != "cursor" && len(values) > 0 && values[0] != "" {
			changed.Set(n, values[0])
		}
	}
	if value != "" {
		changed.Set(name, value)
	}
	return changed
}

// soFar is the impact of one that goes on, up to now.
func soFar(m problem.Member, c ui.Clock) time.Duration {
	h := problem.History([]problem.Member{m}, problem.FlapWindow, problem.RecurrenceWindow, c.Now)
	return h[0].Impact
}
