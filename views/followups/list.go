package followups

import (
	"net/url"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/views/link"
	"upshot/views/ui"
)

// ListPage is the list of follow-ups.
type ListPage struct {
	Heading ui.Heading
	Filters []ui.Question
	Sort    string
	Rows    []ListRow
	Heads   []Head
	Pager   ui.Pager
	Narrow  bool // something is filtered, so that an empty list is no surprise
	CanEdit bool
}

// Head is a column that may be sorted.
type Head struct {
	Text, Link, Sort string
	Number           bool
}

// ListRow is one follow-up in the list.
type ListRow struct {
	Ref, Link, Title string
	Kind, Team       string
	State            ui.State
	Detail           string
	Problem          string
	ProblemLink      string
	Waited           string
	Recurred         string
	Cost             string
	Due              ui.When
	Late             bool
	Updated          ui.When
}

// ListData is what the list is made of.
type ListData struct {
	Page    listing.Page[followup.FollowUp]
	Filter  followup.Filter
	Teams   []catalog.Team
	CanEdit bool
	Clock   ui.Clock
}

// Sorts is how the list may be ordered.
var Sorts = []ui.Option{
	{Value: "-updated_at", Label: "latest change"},
	{Value: "-cost", Label: "cost of waiting"},
	{Value: "queued_at", Label: "longest queued"},
	{Value: "due_on", Label: "due first"},
}

// NewListPage makes the page.
func NewListPage(d ListData) ListPage {
	p := ListPage{Sort: d.Filter.Sort, CanEdit: d.CanEdit}
	query := Query(d.Filter)
	p.Narrow = len(query) > 0 && (len(query) > 1 || !query.Has("sort"))
	p.Filters = []ui.Question{
		{Field: ui.Field{Name: "q", Label: "Words", Type: "search", Value: d.Filter.Query, Placeholder: "FU-12, words"}},
		{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Team", Value: d.Filter.Team, Options: TeamOptions("Every team", d.Teams)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "Kind", Value: string(d.Filter.Kind), Options: KindOptions("Every kind")}},
		{Control: ui.OneOf, Field: ui.Field{Name: "state", Label: "State", Value: string(d.Filter.State), Options: stateOptions()}},
		{Control: ui.OneOf, Field: ui.Field{Name: "sort", Label: "Order", Value: d.Filter.Sort, Options: Sorts}},
	}
	p.Heads = []Head{
		{Text: "Follow-up"},
		{Text: "Kind"},
		{Text: "Team"},
		{Text: "Now"},
		{Text: "Problem"},
		{Text: "Recurred", Number: true},
		sorted(query, "Cost", "-cost", d.Filter.Sort, true),
		sorted(query, "Due", "due_on", d.Filter.Sort, false),
		sorted(query, "Changed", "-updated_at", d.Filter.Sort, false),
	}
	names := TeamNames(d.Teams)
	for _, f := range d.Page.Items {
		p.Rows = append(p.Rows, listRow(f, names, d.Clock))
	}
	p.Heading = ui.Heading{Title: listTitle(d.Page.Total, d.Page.Estimated, p.Narrow)}
	p.Pager = ui.PagerOf(d.Page, link.FollowUps, query)
	return p
}

func listTitle(total int, estimated, narrow bool) string {
	n := ui.Plural(total, "promised change", "promised changes")
	if estimated {
		n = "About " + n
	}
	switch {
	case total == 0 && narrow:
		return "No follow-up fits"
	case total == 0:
		return "No change is promised yet"
	case narrow && total == 1:
		return n + " fits"
	case narrow:
		return n + " fit"
	}
	return n
}

func listRow(f followup.FollowUp, teams map[catalog.TeamID]string, c ui.Clock) ListRow {
	row := RowOf(f, nil, c.Now)
	r := ListRow{
		Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, Kind: KindWords(f.Kind), Team: teams[f.Team],
		State: row.State, Detail: row.Detail, Updated: c.OnDay(f.UpdatedAt),
	}
	if f.Problem != 0 {
		r.Problem, r.ProblemLink = f.Problem.String(), link.Problem(int64(f.Problem))
	}
	if n := f.Kept.RecurrencesWhileWaiting; n > 0 {
		r.Recurred = ui.Times(n)
	}
	if cost := f.Kept.Cost(); cost > 0 {
		r.Cost = ui.Duration(cost)
	}
	if due, ok := date(f.DueOn); ok {
		r.Due = ui.Clock{Now: c.Now}.OnDay(due)
		r.Late = !row.Finished() && c.Now.After(due.AddDate(0, 0, 1))
	}
	return r
}

// Query is the filter as the address of the list spells it.
func Query(f followup.Filter) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"q": f.Query, "team": f.Team, "service": f.Service, "kind": string(f.Kind), "state": string(f.State), "sort": f.Sort,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.Recurred {
		query.Set("recurred", "1")
	}
	return query
}

// sorted is the head of a column that sorts the list, the other way when it does already.
func sorted(query url.Values, text, by, now string, number bool) Head {
	h := Head{Text: text, Number: number}
	order, other := by, "-"+by
	if by[0] == '-' {
		other = by[1:]
	}
	next := order
	switch now {
	case order:
		next, h.Sort = other, direction(order)
	case other:
		h.Sort = direction(other)
	}
	with := url.Values{}
	for name, values := range query {
		with[name] = values
	}
	with.Set("sort", next)
	with.Del("cursor")
	h.Link = link.WithQuery(link.FollowUps, with)
	return h
}

func direction(by string) string {
	if by[0] == '-' {
		return "descending"
	}
	return "ascending"
}

// TeamOptions offers the teams that are not archived, with the first answer for none in particular.
func TeamOptions(any string, teams []catalog.Team) []ui.Option {
	options := []ui.Option{{Label: any}}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() {
			options = append(options, ui.Option{Value: t.Slug, Label: t.Name})
		}
	}
	return options
}

// TeamNames gives each team's name by its id.
func TeamNames(teams []catalog.Team) map[catalog.TeamID]string {
	names := make(map[catalog.TeamID]string, len(teams))
	for _, t := range teams {
		names[t.ID] = t.Name
	}
	return names
}

func stateOptions() []ui.Option {
	options := []ui.Option{{Label: "Every state"}}
	for _, s := range followup.States {
		options = append(options, ui.Option{Value: string(s), Label: StateWords(s)})
	}
	return options
}
