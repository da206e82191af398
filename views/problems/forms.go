package problems

import (
	"fmt"
	"net/url"
	"slices"

	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// AgainForm asks next to nothing: one press reports that it happened again, now.
func AgainForm(p problem.Problem, typed url.Values, err error, c ui.Clock) ui.Form {
	incidents.Default(typed, "title", p.Title, "started_at", c.Input(c.Now))
	severities := []ui.Option{{Value: "", Label: "Not known yet"}}
	for _, s := range incident.Severities {
		severities = append(severities, ui.Option{Value: string(s), Label: string(s)})
	}
	return ui.NewForm(ui.Form{
		Action: link.ProblemAgain(int64(p.ID)), Submit: "Report as the " + ui.Ordinal(p.Figures.Occurrences+1) + " occurrence", Cancel: link.Problem(int64(p.ID)),
		Questions: []ui.Question{
			{Field: ui.Field{Name: "title", Label: "What do users feel?", Value: typed.Get("title"), Wide: true, Autocomplete: "off"}},
			{Field: ui.Field{Name: "started_at", Label: "Started", Hint: c.Name(), Type: "datetime-local", Value: typed.Get("started_at")}},
			{Control: ui.OneOf, Field: ui.Field{Name: "severity", Label: "Severity", Value: typed.Get("severity"), Options: severities}},
		},
	}, err)
}

// EditForm asks for title and service.
func EditForm(p problem.Problem, typed url.Values, names incidents.Names, err error) ui.Form {
	incidents.Default(typed, "title", p.Title, "service", p.Service, "version", fmt.Sprint(p.Version))
	return ui.NewForm(ui.Form{
		Action: link.EditProblem(int64(p.ID)), Submit: "Save", Cancel: link.Problem(int64(p.ID)), Hidden: map[string]string{"version": typed.Get("version")},
		Questions: []ui.Question{
			{Field: ui.Field{Name: "title", Label: "Title", Value: typed.Get("title"), Wide: true, Help: "The failure in a few words, as you would say it next time."}},
			serviceField(typed, names),
		},
	}, err)
}

// NewForm asks for a problem and the incidents it is behind.
func NewForm(typed url.Values, names incidents.Names, err error) ui.Form {
	return ui.NewForm(ui.Form{
		Action: link.NewProblem, Submit: "Open problem", Cancel: link.Problems,
		Questions: []ui.Question{
			{Field: ui.Field{Name: "title", Label: "Title", Value: typed.Get("title"), Wide: true, Help: "The failure in a few words, as you would say it next time."}},
			{Field: ui.Field{
				Name: "incidents", Label: "Incidents it is behind", Hint: "optional", Value: typed.Get("incidents"), Wide: true, Placeholder: "INC-3, INC-8",
				Help: "References with commas between. Those that are in a problem already are joined by merging.",
			}},
			serviceField(typed, names),
		},
	}, err)
}

func serviceField(typed url.Values, names incidents.Names) ui.Question {
	f := ui.Field{Name: "service", Label: "Service", Value: typed.Get("service")}
	if names.Many {
		f.More, f.Help = map[string]any{"list": incidents.ServiceList}, "Empty: several, or not known."
		return ui.Question{Field: f}
	}
	f.Options = append([]ui.Option{{Value: "", Label: "Several, or not known"}}, names.Services...)
	if !slices.ContainsFunc(f.Options, func(o ui.Option) bool { return o.Value == f.Value }) {
		f.Options = append(f.Options, ui.Option{Value: f.Value, Label: f.Value})
	}
	return ui.Question{Control: ui.OneOf, Field: f}
}

// MergeForm asks which problem is the same failure.
func MergeForm(p problem.Problem, typed url.Values, err error) ui.Form {
	return ui.NewForm(ui.Form{
		Action: link.MergeProblem(int64(p.ID)), Submit: "Merge", Cancel: link.Problem(int64(p.ID)),
		Questions: []ui.Question{
			{Field: ui.Field{
				Name: "into", Label: "Merge into", Value: typed.Get("into"), Placeholder: "PRB-7", Wide: true, Autocomplete: "off",
				Help: "The incidents, notes and follow-ups of " + p.ID.String() + " move there, and its address leads there. It can be taken back.",
			}},
		},
	}, err)
}

// SplitPage chooses the incidents that are another failure.
type SplitPage struct {
	Form     ui.Form
	Choices  []Choice
	Error    string
	Title    ui.Question
	Heading  ui.Heading
	Leftover string // when not all of them are shown
}

// Choice is one incident that may be split off.
type Choice struct {
	Ref, Title string
	Started    ui.When
	Chosen     bool
}

// NewSplitPage offers the problem's incidents, newest first.
func NewSplitPage(p problem.Problem, members []incident.Incident, more bool, typed url.Values, err error, c ui.Clock) SplitPage {
	f := ui.NewForm(ui.Form{
		Action: link.SplitProblem(int64(p.ID)), Submit: "Split off", Cancel: link.Problem(int64(p.ID)),
		Questions: []ui.Question{{Field: ui.Field{Name: "title", Label: "Title of the other failure", Value: typed.Get("title"), Wide: true}}},
	}, err)
	page := SplitPage{
		Form: f, Title: f.Questions[0], Error: ui.ErrorFor(f.Wrong, "incidents"),
		Heading: ui.Heading{
			Crumb: p.ID.String(), CrumbLink: link.Problem(int64(p.ID)), Title: "Which incidents are another failure?",
			Lede: "They get a problem of their own. At least one stays, and it can be taken back.",
		},
	}
	if more {
		page.Leftover = "The latest " + ui.Thousands(len(members)) + " are shown."
	}
	for _, i := range members {
		page.Choices = append(page.Choices, Choice{
			Ref: i.ID.String(), Title: i.Title, Started: c.When(i.Moments.StartedAt), Chosen: slices.Contains(typed["incidents"], i.ID.String()),
		})
	}
	return page
}
