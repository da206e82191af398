// Package services shows services: who builds each, who answers for it at 2 a.m., and what happened to it.
package services

import (
	"net/url"
	"strconv"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/triage"
	"upshot/views/deployments"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// Answers counts the replies to "who is responsible at 2 a.m.?".
type Answers struct {
	Builds, DidNot, Nobody int
}

// Count counts the answers of services that are not retired; team, unless 0, must build or answer for them.
func Count(services []catalog.Service, team catalog.TeamID) Answers {
	var a Answers
	for _, s := range services {
		if !s.RetiredAt.IsZero() || team != 0 && s.Builder != team && s.OnCall != team {
			continue
		}
		switch s.AtTwoAM() {
		case catalog.BuildsIt:
			a.Builds++
		case catalog.DidNotBuild:
			a.DidNot++
		default:
			a.Nobody++
		}
	}
	return a
}

// All is how many services were counted.
func (a Answers) All() int { return a.Builds + a.DidNot + a.Nobody }

// Finding says the counts in a sentence.
func (a Answers) Finding() string {
	switch n := a.All(); {
	case n == 0:
		return "No service is recorded yet"
	case a.Builds == n:
		return ui.Plural(n, "service is answered for at 2 a.m. by the team that builds it", "services are answered for at 2 a.m. by the team that builds them")
	}
	said := ui.PartOf(a.Builds, a.All()) + " services are answered for at 2 a.m. by the team that builds them"
	if a.DidNot > 0 {
		said += ", " + ui.Thousands(a.DidNot) + " by another team"
	}
	if a.Nobody > 0 {
		said += ", " + ui.Thousands(a.Nobody) + " by nobody recorded"
	}
	return said
}

// AtTwoAM answers "who is responsible at 2 a.m.?": "Payments, builds it".
func AtTwoAM(s catalog.Service, teams map[catalog.TeamID]string) string {
	answer := s.AtTwoAM()
	if answer == catalog.NobodyKnown {
		return string(answer)
	}
	return teams[s.OnCall] + ", " + string(answer)
}

// answerState is the shape of an answer.
func answerState(a catalog.Answer) ui.State {
	switch a {
	case catalog.BuildsIt:
		return ui.Verified
	case catalog.DidNotBuild:
		return ui.Declined
	}
	return ui.Proposed
}

// Row is one service in the list.
type Row struct {
	Slug, Name, Link string
	Summary          string
	Builder          string
	BuilderLink      string
	Answer           string
	State            ui.State
	Retired          bool
}

// ListPage is the list of services.
type ListPage struct {
	Title   string
	Lede    string
	Filters []ui.Question
	Rows    []Row
	Pager   ui.Pager
	Narrow  bool
	CanEdit bool
}

// ListData is what the list is made of.
type ListData struct {
	Page    listing.Page[catalog.Service]
	Filter  catalog.Filter
	Teams   []catalog.Team
	All     []catalog.Service // every service in use, for the heading
	CanEdit bool
}

// NewListPage makes the page.
func NewListPage(d ListData) ListPage {
	query := url.Values{}
	for name, value := range map[string]string{"q": d.Filter.Query, "team": d.Filter.Team} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if d.Filter.Retired {
		query.Set("retired", "1")
	}
	p := ListPage{Narrow: len(query) > 0, CanEdit: d.CanEdit, Pager: ui.PagerOf(d.Page, link.Services, query)}
	names := followups.TeamNames(d.Teams)
	slugs := map[catalog.TeamID]string{}
	var team catalog.TeamID
	for _, t := range d.Teams {
		slugs[t.ID] = t.Slug
		if t.Slug == d.Filter.Team {
			team = t.ID
			p.Lede = "Of those that " + t.Name + " builds or answers for."
		}
	}
	p.Title = Count(d.All, team).Finding()
	p.Filters = []ui.Question{
		{Field: ui.Field{Name: "q", Label: "Name", Type: "search", Value: d.Filter.Query}},
		{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Team", Value: d.Filter.Team, Options: followups.TeamOptions("Every team", d.Teams)}},
		{Control: ui.YesNo, Field: ui.Field{Name: "retired", Label: "Retired ones too", Checked: d.Filter.Retired}},
	}
	for _, s := range d.Page.Items {
		row := Row{
			Slug: s.Slug, Name: s.Name, Link: link.Service(s.Slug), Summary: s.Summary, Builder: names[s.Builder],
			Answer: AtTwoAM(s, names), State: answerState(s.AtTwoAM()), Retired: !s.RetiredAt.IsZero(),
		}
		if slug := slugs[s.Builder]; slug != "" {
			row.BuilderLink = link.Team(slug)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// ProblemLine is a problem on the page of its service.
type ProblemLine struct {
	Ref, Link, Title string
	State            ui.State
	Occurrences      string
	Last             ui.When
}

// ShowPage is one service.
type ShowPage struct {
	Slug        string
	Heading     ui.Heading
	Answer      string
	State       ui.State
	Facts       []incidents.Fact
	Retired     bool
	RetiredAt   ui.When
	Incidents   []incidents.Row
	IncidentsOf string // "5 of 27"
	Problems    []ProblemLine
	ProblemsOf  string
	Waiting     []followups.Line
	WaitingOf   string
	Deployments []deployments.Row
	DeployedOf  string
	Ready       Ready
	Steps       []StepLine
	Judged      *Judged // nil: no incident was judged at triage
	CanEdit     bool
}

// Judged says how often the first judgement of a cause was right.
type Judged struct {
	Note    string
	Few     string
	Classes []string
	Rows    []JudgedRow
	Open    string
}

// JudgedRow is one first judgement with how often it turned out to be what.
type JudgedRow struct {
	First string
	Cells []JudgedCell
}

// JudgedCell is how often; Same where the judgement was right.
type JudgedCell struct {
	Count string
	Same  bool
}

// judgedOf makes the table of first judgements.
func judgedOf(c triage.Confusion) *Judged {
	if c.N == 0 {
		return nil
	}
	j := &Judged{Note: ui.PartOf(c.Right, c.N) + " right, last 12 months", Classes: c.Classes}
	if metrics.Few(c.N) {
		j.Few = "Few: n = " + ui.Thousands(c.N) + ", so this says little yet."
	}
	if c.Open > 0 {
		j.Open = ui.Plural(c.Open, "more was judged, and its cause is", "more were judged, and their causes are") + " not known yet."
	}
	for _, r := range c.Rows {
		row := JudgedRow{First: r.First}
		for n, count := range r.Counts {
			cell := JudgedCell{Count: ui.Thousands(count), Same: c.Classes[n] == r.First}
			row.Cells = append(row.Cells, cell)
		}
		j.Rows = append(j.Rows, row)
	}
	return j
}

// ShowData is what the page is made of; each list is its first page.
type ShowData struct {
	Service     catalog.Service
	Teams       []catalog.Team
	Incidents   listing.Page[incident.Incident]
	Problems    listing.Page[problem.Problem]
	Waiting     listing.Page[followup.FollowUp] // dearest first
	Deployments listing.Page[deployment.Deployment]
	Documents   []catalog.Document
	Adoption    []catalog.Adoption
	Judged      triage.Confusion
	CanEdit     bool
	Clock       ui.Clock
}

// NewShowPage makes the page.
func NewShowPage(d ShowData) ShowPage {
	s, c := d.Service, d.Clock
	names := followups.TeamNames(d.Teams)
	p := ShowPage{
		Slug: s.Slug, Heading: ui.Heading{Crumb: "Services", CrumbLink: link.Services, Ref: s.Slug, Title: s.Name, Lede: s.Summary},
		Answer: AtTwoAM(s, names), State: answerState(s.AtTwoAM()), Retired: !s.RetiredAt.IsZero(), RetiredAt: c.OnDay(s.RetiredAt),
		IncidentsOf: shown(d.Incidents), ProblemsOf: shown(d.Problems), WaitingOf: shown(d.Waiting), DeployedOf: shown(d.Deployments),
		Waiting: followups.Lines(d.Waiting.Items, names, c), Deployments: deployments.NewRows(d.Deployments.Items, c), Judged: judgedOf(d.Judged), CanEdit: d.CanEdit,
		Ready: readyOf(d), Steps: stepsOf(d.Adoption, c),
	}
	for _, i := range d.Incidents.Items {
		p.Incidents = append(p.Incidents, incidents.NewRow(i, c))
	}
	for _, x := range d.Problems.Items {
		p.Problems = append(p.Problems, ProblemLine{
			Ref: x.ID.String(), Link: link.Problem(int64(x.ID)), Title: x.Title, State: ui.ProblemState(string(x.State)),
			Occurrences: ui.Plural(x.Figures.Occurrences, "occurrence", "occurrences"), Last: c.OnDay(x.Figures.LastAt),
		})
	}
	team := func(name string, id catalog.TeamID) incidents.Fact {
		fact := incidents.Fact{Name: name, Values: []incidents.Linked{{Text: "nobody recorded"}}}
		for _, t := range d.Teams {
			if t.ID == id {
				fact.Values = []incidents.Linked{{Text: t.Name, Link: link.Team(t.Slug)}}
			}
		}
		return fact
	}
	p.Facts = []incidents.Fact{team("Builds it", s.Builder), team("Answers at 2 a.m.", s.OnCall)}
	return p
}

// shown is how many of how many stand on a page, empty when there are none.
func shown[T any](page listing.Page[T]) string {
	switch {
	case len(page.Items) == 0:
		return ""
	case page.Estimated:
		return ui.Thousands(len(page.Items)) + " of about " + ui.Thousands(page.Total)
	}
	return ui.PartOf(len(page.Items), page.Total)
}

// FormFields are the names of the form's fields.
var FormFields = []string{"name", "slug", "summary", "builder", "on_call"}

// NewForm asks for a service to add.
func NewForm(typed url.Values, teams []catalog.Team, err error) ui.Form {
	f := form(typed, teams, catalog.Service{})
	f.Action, f.Submit, f.Cancel = link.Services, "Add the service", link.Services
	f.Later = []ui.Question{{Field: ui.Field{
		Name: "slug", Label: "Address", Hint: "empty: made from the name", Value: typed.Get("slug"), Placeholder: "card-gateway",
		Help: "Programs name the service by it.", Autocomplete: "off", Wide: true,
	}}}
	return ui.NewForm(f, err)
}

// EditForm asks what is to change about a service.
func EditForm(s catalog.Service, typed url.Values, teams []catalog.Team, err error) ui.Form {
	slugs := map[catalog.TeamID]string{}
	for _, t := range teams {
		slugs[t.ID] = t.Slug
	}
	incidents.Default(typed, "name", s.Name, "summary", s.Summary, "builder", slugs[s.Builder], "on_call", slugs[s.OnCall],
		"version", strconv.FormatInt(s.Version, 10))
	f := form(typed, teams, s)
	f.Action, f.Submit, f.Cancel = link.EditService(s.Slug), "Save", link.Service(s.Slug)
	f.Hidden = map[string]string{"version": typed.Get("version")}
	return ui.NewForm(f, err)
}

func form(typed url.Values, teams []catalog.Team, s catalog.Service) ui.Form {
	return ui.Form{Questions: []ui.Question{
		{Field: ui.Field{Name: "name", Label: "Name", Value: typed.Get("name"), Required: true, Wide: true, Autocomplete: "off"}},
		{Control: ui.Lines, Field: ui.Field{Name: "summary", Label: "What it does for users", Hint: "optional", Value: typed.Get("summary"), Wide: true, Rows: 3}},
		{Control: ui.OneOf, Field: ui.Field{Name: "builder", Label: "Who builds it", Value: typed.Get("builder"), Options: teamChoice(teams, s.Builder)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "on_call", Label: "Who answers at 2 a.m.", Value: typed.Get("on_call"), Options: teamChoice(teams, s.OnCall)}},
	}}
}

// teamChoice offers the teams in use, and the present one even when it is archived.
func teamChoice(teams []catalog.Team, present catalog.TeamID) []ui.Option {
	options := []ui.Option{{Label: "nobody recorded"}}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() || t.ID == present {
			options = append(options, ui.Option{Value: t.Slug, Label: t.Name})
		}
	}
	return options
}
