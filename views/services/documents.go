package services

import (
	"net/url"
	"strconv"
	"time"

	"upshot/app/catalog"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// DocumentLine is a dashboard or a runbook on the page of its service.
type DocumentLine struct {
	ID         int64
	Anchor     string
	Kind       string
	Title, URL string
	Owner      string
	Confirmed  ui.When
	By         string // " by Booking", or empty
	Old        bool   // nobody has confirmed it lately
	Link       string // how its address is: "link alive"
	State      ui.State
	Looked     ui.When // empty: nobody has looked yet
	Trouble    string
}

// Ready is what a service has of what its team needs to run it.
type Ready struct {
	Covered   bool
	Missing   []string
	Documents []DocumentLine
}

func readyOf(d ShowData) Ready {
	readiness := catalog.ReadinessOf(d.Service, d.Documents, d.Clock.Now)
	r := Ready{Covered: readiness.Covered}
	for _, m := range readiness.Missing {
		r.Missing = append(r.Missing, string(m))
	}
	names := followups.TeamNames(d.Teams)
	for _, x := range d.Documents {
		line := DocumentLine{
			ID: int64(x.ID), Anchor: "remove-" + strconv.FormatInt(int64(x.ID), 10), Kind: string(x.Kind), Title: x.Title, URL: x.URL, Owner: names[x.Owner], Confirmed: d.Clock.OnDay(x.ConfirmedAt), Old: !x.Confirmed(d.Clock.Now),
			Looked: d.Clock.When(x.Link.CheckedAt), Trouble: x.Link.Trouble,
		}
		if x.ConfirmedBy != 0 {
			line.By = " by " + names[x.ConfirmedBy]
		}
		line.Link, line.State = linkSaid(x.Link, d.Clock)
		r.Documents = append(r.Documents, line)
	}
	return r
}

// linkSaid is how a link is, in words, and the shape for them.
func linkSaid(l catalog.Link, c ui.Clock) (string, ui.State) {
	switch {
	case l.Dead:
		return "link dead since " + c.Day(l.FailedAt), ui.Waiting
	case l.CheckedAt.IsZero():
		return "link not looked at yet", ui.Proposed
	case !l.FailedAt.IsZero():
		return "link did not answer, looked at again soon", ui.Waiting
	}
	return "link alive", ui.Done
}

// StepLine is a step of adoption on the page of its service.
type StepLine struct {
	Number, Name, Means string
	Planned             string // "planned for 5 Oct", or empty
	Said                string // "taken on 3 Nov", "planned for 5 Oct" or "not planned"
	State               ui.State
}

func stepsOf(steps []catalog.Adoption, c ui.Clock) []StepLine {
	var lines []StepLine
	for _, s := range steps {
		line := StepLine{Number: strconv.Itoa(int(s.Step)), Name: s.Step.Name(), Means: s.Step.Means(), Said: "not planned", State: ui.Proposed}
		if s.PlannedOn != "" {
			line.Said = "planned for " + dayOf(s.PlannedOn, c)
		}
		if s.DoneOn != "" {
			if s.PlannedOn != "" {
				line.Planned = line.Said
			}
			line.Said, line.State = "taken on "+dayOf(s.DoneOn, c), ui.Done
		}
		lines = append(lines, line)
	}
	return lines
}

// dayOf writes a day such as 2026-11-30 as people read it.
func dayOf(day string, c ui.Clock) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return ui.Clock{Now: c.Now}.Day(at)
}

// DocumentFields are the names of a document's form.
var DocumentFields = []string{"kind", "title", "url", "owner", "version"}

// NewDocumentForm asks for a document to add; the team that builds the service is offered as its owner.
func NewDocumentForm(s catalog.Service, typed url.Values, teams []catalog.Team, err error) ui.Form {
	for _, t := range teams {
		if t.ID == s.Builder {
			incidents.Default(typed, "owner", t.Slug)
		}
	}
	f := documentForm(s, typed, teams, s.Builder)
	f.Action, f.Submit = link.ServiceDocuments(s.Slug), "Add it"
	return ui.NewForm(f, err)
}

// EditDocumentForm asks what is to change about a document.
func EditDocumentForm(s catalog.Service, d catalog.Document, typed url.Values, teams []catalog.Team, err error) ui.Form {
	owner := ""
	for _, t := range teams {
		if t.ID == d.Owner {
			owner = t.Slug
		}
	}
	incidents.Default(typed, "kind", string(d.Kind), "title", d.Title, "url", d.URL, "owner", owner, "version", strconv.FormatInt(d.Version, 10))
	f := documentForm(s, typed, teams, d.Owner)
	f.Action, f.Submit = link.EditServiceDocument(s.Slug, int64(d.ID)), "Save"
	f.Hidden = map[string]string{"version": typed.Get("version")}
	return ui.NewForm(f, err)
}

func documentForm(s catalog.Service, typed url.Values, teams []catalog.Team, present catalog.TeamID) ui.Form {
	kinds := []ui.Option{{Label: "choose"}}
	for _, k := range catalog.DocumentKinds {
		kinds = append(kinds, ui.Option{Value: string(k), Label: ui.Sentence(string(k))})
	}
	owners := teamChoice(teams, present)
	owners[0].Label = "choose"
	return ui.Form{Cancel: link.Service(s.Slug), Questions: []ui.Question{
		{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "What it is", Value: typed.Get("kind"), Options: kinds, Required: true}},
		{Control: ui.OneOf, Field: ui.Field{Name: "owner", Label: "Who keeps it up to date", Value: typed.Get("owner"), Options: owners, Required: true}},
		{Field: ui.Field{Name: "title", Label: "Title", Value: typed.Get("title"), Required: true, Wide: true, Autocomplete: "off"}},
		{Field: ui.Field{
			Name: "url", Label: "Address", Type: "url", Value: typed.Get("url"), Required: true, Wide: true, Autocomplete: "off", Placeholder: "https://",
			Help: "Whoever gives an address has seen that it holds: that counts as confirmed.",
		}},
	}}
}

// AdoptionForm asks when the steps are planned and when they were taken.
func AdoptionForm(s catalog.Service, steps []catalog.Adoption, typed url.Values, err error) ui.Form {
	f := ui.Form{Action: link.ServiceAdoption(s.Slug), Submit: "Save", Cancel: link.Service(s.Slug), Hidden: map[string]string{}}
	for _, step := range steps {
		planned, done := step.FieldNames()
		seen := StepVersion(step)
		incidents.Default(typed, planned, step.PlannedOn, done, step.DoneOn, seen, strconv.FormatInt(step.Version, 10))
		name := strconv.Itoa(int(step.Step)) + ". " + step.Step.Name()
		f.Questions = append(f.Questions,
			ui.Question{Field: ui.Field{Name: planned, Label: name + ": planned", Type: "date", Value: typed.Get(planned)}},
			ui.Question{Field: ui.Field{Name: done, Label: name + ": taken", Type: "date", Value: typed.Get(done)}})
		f.Hidden[seen] = typed.Get(seen)
	}
	return ui.NewForm(f, err)
}

// StepVersion is the name of the hidden field with the version of a step that the form shows.
func StepVersion(step catalog.Adoption) string { return "version_" + strconv.Itoa(int(step.Step)) }
