package deployments

import (
	"cmp"
	"net/url"
	"strconv"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// Caused is an incident that the deployment caused.
type Caused struct {
	incidents.Row
	ID string // as the form sends it back
}

// ShowPage is one deployment: what went out, what it caused, what was learnt from that.
type ShowPage struct {
	ID        int64
	Heading   ui.Heading
	Outcome   deployment.Outcome
	Facts     []incidents.Fact
	Caused    []Caused
	Suspected []Caused         // it may have caused these: nobody said yet
	Produced  []followups.Line // the changes that those incidents produced
	Shipped   []followups.Line // the promised changes that went out with it
	Ask       ui.Field         // for an incident it caused
	Trouble   string
	CanEdit   bool
}

// ShowData is what the page is made of.
type ShowData struct {
	Deployment deployment.Deployment
	Caused     []incident.Incident
	Suspected  []incident.Incident
	Produced   []followup.FollowUp
	Shipped    []followup.FollowUp
	Teams      []catalog.Team
	Typed      string // the incident that was typed, when the form came back with Wrong
	Wrong      error
	CanEdit    bool
	Clock      ui.Clock
}

// NewShowPage makes the page.
func NewShowPage(data ShowData) ShowPage {
	d, c := data.Deployment, data.Clock
	teams := followups.TeamNames(data.Teams)
	p := ShowPage{
		ID: int64(d.ID), Outcome: d.Outcome, CanEdit: data.CanEdit,
		Heading:  ui.Heading{Crumb: "Deployments", CrumbLink: link.Deployments, Title: d.Service + " " + d.Version + " to " + d.Environment},
		Produced: followups.Lines(data.Produced, teams, c),
		Shipped:  followups.Lines(data.Shipped, teams, c),
		Ask:      ui.Field{Name: "incident", Label: "Incident", Value: data.Typed, Placeholder: "INC-42", Required: true, More: map[string]any{"autocapitalize": "characters"}},
	}
	if f := fault.Of(data.Wrong); f != nil {
		p.Ask.Error = cmp.Or(ui.ErrorFor(f.Fields, "incident"), ui.ErrorFor(f.Fields, "caused"))
		if p.Ask.Error == "" {
			p.Trouble = f.Message
		}
	}
	for _, i := range data.Caused {
		p.Caused = append(p.Caused, Caused{Row: incidents.NewRow(i, c), ID: i.ID.String()})
	}
	for _, i := range data.Suspected {
		p.Suspected = append(p.Suspected, Caused{Row: incidents.NewRow(i, c), ID: i.ID.String()})
	}
	p.Facts = facts(d, c)
	return p
}

func facts(d deployment.Deployment, c ui.Clock) []incidents.Fact {
	said := func(name, text, address string) incidents.Fact {
		return incidents.Fact{Name: name, Values: []incidents.Linked{{Text: text, Link: address}}}
	}
	all := []incidents.Fact{
		said("Service", d.Service, link.Service(d.Service)), said("Version", d.Version, ""), said("Environment", d.Environment, ""),
		said("Finished", c.Moment(d.FinishedAt), ""),
	}
	if !d.StartedAt.IsZero() {
		all = append(all, said("Took", ui.Duration(d.FinishedAt.Sub(d.StartedAt)), ""))
	}
	if d.URL != "" {
		all = append(all, said("More", d.URL, d.URL))
	}
	if d.Source != "" {
		all = append(all, said("Told by", d.Source, ""))
	}
	return all
}

// FormFields are the names of the form's fields.
var FormFields = []string{"service", "environment", "version", "outcome", "started_at", "finished_at", "url", "caused"}

// NewForm asks for a deployment to record.
func NewForm(typed url.Values, services []catalog.Service, err error, c ui.Clock) ui.Form {
	incidents.Default(typed, "environment", deployment.Production, "outcome", string(deployment.Succeeded), "finished_at", c.Input(c.Now))
	f := form(typed, services, c)
	f.Action, f.Submit, f.Cancel = link.Deployments, "Record", link.Deployments
	f.Later = append(f.Later, ui.Question{Field: ui.Field{
		Name: "caused", Label: "Incidents it caused", Value: typed.Get("caused"), Placeholder: "INC-42, INC-43", Wide: true,
	}})
	return ui.NewForm(f, err)
}

// EditForm asks what is to change about a deployment.
func EditForm(d deployment.Deployment, typed url.Values, services []catalog.Service, err error, c ui.Clock) ui.Form {
	incidents.Default(typed, "service", d.Service, "environment", d.Environment, "version", d.Version, "outcome", string(d.Outcome),
		"started_at", c.Input(d.StartedAt), "finished_at", c.Input(d.FinishedAt), "url", d.URL, "row_version", strconv.FormatInt(d.RowVersion, 10))
	f := form(typed, services, c)
	f.Action, f.Submit, f.Cancel = link.EditDeployment(int64(d.ID)), "Save", link.Deployment(int64(d.ID))
	f.Hidden = map[string]string{"row_version": typed.Get("row_version")}
	return ui.NewForm(f, err)
}

func form(typed url.Values, services []catalog.Service, c ui.Clock) ui.Form {
	service := serviceQuestion(services, typed.Get("service"), "Choose one")
	service.Required = true
	outcomes := []ui.Option{
		{Value: string(deployment.Succeeded), Label: "succeeded", Help: "Users have the version."},
		{Value: string(deployment.Failed), Label: "failed", Help: "It did not get there, or did harm."},
		{Value: string(deployment.RolledBack), Label: "rolled back", Help: "It was there and was taken back."},
	}
	return ui.Form{
		Questions: []ui.Question{
			service,
			{Field: ui.Field{Name: "version", Label: "Version", Value: typed.Get("version"), Required: true, Placeholder: "2026.11.3", Autocomplete: "off"}},
			{Field: ui.Field{Name: "environment", Label: "Environment", Value: typed.Get("environment"), Required: true, Help: "Only production counts in figures."}},
			{Field: ui.Field{Name: "finished_at", Label: "Finished", Hint: c.Name(), Type: "datetime-local", Value: typed.Get("finished_at"), Required: true}},
			{Control: ui.Cards, Field: ui.Field{Name: "outcome", Label: "Outcome", Value: typed.Get("outcome"), Options: outcomes, Wide: true}},
		},
		Later: []ui.Question{
			{Field: ui.Field{Name: "started_at", Label: "Started", Hint: c.Name(), Type: "datetime-local", Value: typed.Get("started_at")}},
			{Field: ui.Field{Name: "url", Label: "Address", Hint: "of the pipeline run or the release", Type: "url", Value: typed.Get("url"), Placeholder: "https://"}},
		},
	}
}
