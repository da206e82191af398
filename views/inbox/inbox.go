// Package inbox shows the incidents that wait for a team to answer for them.
package inbox

import (
	"net/url"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/triage"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// What ?team= may say beside the slug of a team.
const (
	Nobody   = "none" // those that no team builds
	Everyone = "all"
)

// Data is what the page is made of.
type Data struct {
	Page     listing.Page[triage.Item]
	Of       string       // ?team= as it counts: a slug, Nobody or Everyone
	Team     catalog.Team // when Of is a slug
	Mine     catalog.TeamID
	Teams    []catalog.Team
	Services []catalog.Service // of the incidents of the page
	Pace     triage.Pace
	CanEdit  bool
	Clock    ui.Clock
}

// Page is the inbox.
type Page struct {
	Heading  ui.Heading
	Choice   ui.Question
	Pace     string
	PaceNote string
	Ask      bool // the reader has said nowhere which team they belong to
	Rows     []Row
	Calm     string
	CalmNote string
	Pager    ui.Pager
	CanEdit  bool
}

// Row is one incident that waits.
type Row struct {
	incidents.Row
	Noticed   string
	Told      string
	Untold    bool
	Waits     string
	WaitsNote string
	Guess     string // the judgement there is
	Passed    string // who handed it over, and when
	Reason    string
	Nobody    string // "no accountable team for 50 h, passed 2×"
	Until     string // who answers for it provisionally
	Accept    incidents.TriageForm
	Over      incidents.TriageForm
	Edit      string
	Similar   string
}

// NewPage makes the page.
func NewPage(d Data) Page {
	p := Page{CanEdit: d.CanEdit, Ask: d.Mine == 0}
	query := url.Values{"team": {d.Of}}
	p.Pager = ui.PagerOf(d.Page, link.Inbox, query)
	p.heading(d)
	p.Choice = ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Inbox of", Value: d.Of, Options: choices(d)}}
	p.Pace, p.PaceNote = pace(d.Pace)
	names := map[catalog.TeamID]string{}
	for _, t := range d.Teams {
		names[t.ID] = t.Name
	}
	services := map[string]catalog.Service{}
	for _, s := range d.Services {
		services[s.Slug] = s
	}
	for _, x := range d.Page.Items {
		p.Rows = append(p.Rows, newRow(x, d, names, services))
	}
	return p
}

func (p *Page) heading(d Data) {
	var whose, calm string
	switch d.Of {
	case Nobody:
		whose, calm = " and nobody builds the service", "Every incident that waits has a team that builds its service"
	case Everyone:
		calm = "No incident waits for a team"
	default:
		whose, calm = " for "+d.Team.Name, "Nothing waits for "+d.Team.Name
	}
	n := d.Page.Total
	p.Heading = ui.Heading{
		Title: ui.Sentence(ui.Plural(n, "incident waits", "incidents wait")) + whose,
		Lede:  "Whoever is this week’s liaison looks here first. There is no rota yet, so the whole team sees it: accept what is yours, hand over what is not, and say why.",
	}
	if d.Page.Estimated {
		p.Heading.Title = "More than " + p.Heading.Title
	}
	if n == 0 {
		p.Heading.Title = calm
		p.Calm, p.CalmNote = "The inbox is empty", "What is reported, or comes from a source, lies here until a team says that it answers for it. What was over for a week is left out."
	}
}

func choices(d Data) []ui.Option {
	var options []ui.Option
	for _, t := range d.Teams {
		if !t.ArchivedAt.IsZero() && t.ID != d.Team.ID {
			continue
		}
		o := ui.Option{Value: t.Slug, Label: t.Name}
		if t.ID == d.Mine {
			o.Label += ", my team"
		}
		options = append(options, o)
	}
	return append(options, ui.Option{Value: Nobody, Label: "No team builds it"}, ui.Option{Value: Everyone, Label: "Every team"})
}

func pace(p triage.Pace) (value, note string) {
	switch {
	case p.N == 0:
		return ui.Missing, "nothing was triaged in the last 30 days"
	case metrics.Few(p.N):
		return ui.Duration(p.Median), "median time to triage, last 30 days, few: n = " + ui.Thousands(p.N)
	}
	return ui.Duration(p.Median), "median time to triage, last 30 days, n = " + ui.Thousands(p.N)
}

func newRow(x triage.Item, d Data, names map[catalog.TeamID]string, known map[string]catalog.Service) Row {
	i, c := x.Incident, d.Clock
	id := int64(i.ID)
	r := Row{
		Row: incidents.NewRow(i, c), Guess: x.Triage.Judgement().Class,
		Edit: link.EditIncident(id), Similar: link.Incident(id) + "#similar",
		Noticed: map[incident.Detector]string{
			incident.ByAlert: "noticed by an alert", incident.ByUser: "noticed by users", incident.ByStaff: "noticed by staff",
		}[i.DetectedBy],
	}
	var services []catalog.Service
	for _, slug := range i.Services {
		if s, ok := known[slug]; ok {
			services = append(services, s)
		}
	}
	s := x.Standing(services, c.Now)
	r.Waits, r.WaitsNote = ui.Duration(c.Now.Sub(triage.Began(i))), "since reported"
	if told := i.Moments.DeveloperNotifiedAt; told.IsZero() {
		r.Told, r.Untold = "developers not told", true
	} else {
		r.Told = "developers told " + ui.Ago(told, c.Now)
	}
	if h := x.Triage.Offered(); h.To != 0 {
		from := names[h.From]
		if from == "" {
			from = "Somebody"
		}
		r.Passed = from + " handed it to " + names[h.To] + " " + ui.Ago(h.At, c.Now)
		r.Reason = h.Reason
		r.Waits, r.WaitsNote = ui.Duration(c.Now.Sub(s.Since)), "nobody has it"
	}
	if s.Overdue {
		r.Nobody = ui.Sentence(incidents.NobodyWords(s, c.Now))
		r.Until = incidents.ProvisionalWords(s, names)
	}
	r.forms(x, d)
	return r
}

// forms are what can be done from the row, each leading back to the inbox.
func (r *Row) forms(x triage.Item, d Data) {
	id := int64(x.Incident.ID)
	back := link.With(link.Inbox, "team", d.Of)
	r.Accept = incidents.TriageForm{Action: link.AcceptIncident(id), Submit: "Accept", Hidden: map[string]string{"back": back}}
	holder := x.Triage.Holder()
	if d.Team.ID == 0 {
		r.Accept.Questions = append(r.Accept.Questions, incidents.TeamQuestion("team-"+r.Ref, incidents.TeamSlug(d.Teams, d.Mine), d.Teams))
	} else {
		r.Accept.Hidden["team"] = d.Team.Slug
		if d.Team.ID != d.Mine {
			r.Accept.Submit = "Accept for " + d.Team.Name
		}
		if holder == 0 {
			holder = d.Team.ID
		}
	}
	if r.Guess == "" {
		r.Accept.Questions = append(r.Accept.Questions, incidents.JudgementQuestion("judgement-"+r.Ref, ""))
	}
	r.Over = incidents.HandOverTo(id, d.Teams, holder, "-"+r.Ref)
	r.Over.Hidden = map[string]string{"back": back}
	if d.Team.ID != 0 {
		r.Over.Hidden["from"] = d.Team.Slug
	}
}
