// Package deployments shows what went out, when, and what it caused.
package deployments

import (
	"net/url"
	"strings"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/listing"
	"upshot/views/link"
	"upshot/views/ui"
)

// Row is a deployment as lists show it.
type Row struct {
	Link, Version        string
	Service, ServiceLink string
	Environment          string
	Outcome              deployment.Outcome
	Finished             ui.When
	Caused               string // "2 incidents"
}

// NewRows writes deployments as rows.
func NewRows(all []deployment.Deployment, c ui.Clock) []Row {
	rows := make([]Row, 0, len(all))
	for _, d := range all {
		r := Row{
			Link: link.Deployment(int64(d.ID)), Version: d.Version, Service: d.Service, ServiceLink: link.Service(d.Service),
			Environment: d.Environment, Outcome: d.Outcome, Finished: c.When(d.FinishedAt),
		}
		if n := len(d.Caused); n > 0 {
			r.Caused = ui.Plural(n, "incident", "incidents")
		}
		rows = append(rows, r)
	}
	return rows
}

// outcomeState is the shape and colour of an outcome.
func outcomeState(o deployment.Outcome) ui.State {
	switch o {
	case deployment.Succeeded:
		return ui.Closed // nothing to look at
	case deployment.RolledBack:
		return ui.SentBack
	}
	return ui.FixFailed
}

// OutcomeWords is an outcome as people read it: "rolled back".
func OutcomeWords(o deployment.Outcome) string { return strings.ReplaceAll(string(o), "_", " ") }

// ListPage is the list of deployments.
type ListPage struct {
	Title   string
	Filters []ui.Question
	Rows    []Row
	Pager   ui.Pager
	Narrow  bool // something is filtered, so that an empty list is no surprise
	CanEdit bool
}

// ListData is what the list is made of.
type ListData struct {
	Page     listing.Page[deployment.Deployment]
	Query    url.Values // the filter as its address spells it
	Services []catalog.Service
	CanEdit  bool
	Clock    ui.Clock
}

// NewListPage makes the page.
func NewListPage(d ListData) ListPage {
	q := d.Query
	p := ListPage{Rows: NewRows(d.Page.Items, d.Clock), Narrow: len(q) > 0, CanEdit: d.CanEdit}
	p.Title = title(d.Page.Total, d.Page.Estimated, p.Narrow)
	p.Pager = ui.PagerOf(d.Page, link.Deployments, q)
	outcomes := []ui.Option{{Label: "Every outcome"}}
	for _, o := range deployment.Outcomes {
		outcomes = append(outcomes, ui.Option{Value: string(o), Label: OutcomeWords(o)})
	}
	p.Filters = []ui.Question{
		serviceQuestion(d.Services, q.Get("service"), "Every service"),
		{Field: ui.Field{Name: "environment", Label: "Environment", Value: q.Get("environment"), Placeholder: deployment.Production}},
		{Control: ui.OneOf, Field: ui.Field{Name: "outcome", Label: "Outcome", Value: q.Get("outcome"), Options: outcomes}},
		{Field: ui.Field{Name: "from", Label: "From", Type: "date", Value: q.Get("from")}},
		{Field: ui.Field{Name: "to", Label: "To", Type: "date", Value: q.Get("to")}},
	}
	return p
}

func title(total int, estimated, narrow bool) string {
	n := ui.Plural(total, "deployment", "deployments")
	if estimated {
		n = "About " + n
	}
	switch {
	case total == 0 && narrow:
		return "No deployment fits"
	case total == 0:
		return "No deployment is recorded yet"
	case narrow && total == 1:
		return n + " fits"
	case narrow:
		return n + " fit"
	}
	return n
}

// mostOffered is how many services a list to choose from may have; of more, people type the slug.
const mostOffered = 300

// serviceQuestion asks for a service; first is the answer that names none.
func serviceQuestion(services []catalog.Service, chosen, first string) ui.Question {
	field := ui.Field{Name: "service", Label: "Service", Value: chosen}
	if len(services) > mostOffered {
		field.Placeholder = "card-gateway"
		return ui.Question{Field: field}
	}
	field.Options = []ui.Option{{Label: first}}
	known := chosen == ""
	for _, s := range services {
		known = known || s.Slug == chosen
		field.Options = append(field.Options, ui.Option{Value: s.Slug, Label: s.Name})
	}
	if !known { // a retired one, or one that is not there
		field.Options = append(field.Options, ui.Option{Value: chosen, Label: chosen})
	}
	return ui.Question{Control: ui.OneOf, Field: field}
}
