package followups

import (
	"slices"
	"strings"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/views/link"
	"upshot/views/ui"
)

// Answers is what the form holds, as typed.
type Answers struct {
	For     string // INC-42 or PRB-7
	Title   string
	Kind    string
	Purpose string
	Team    string // slug
	DueOn   string
	Detail  string
	Queue   bool
	Version string // of the follow-up that is edited
}

// About is the incident or problem that a change is promised for.
type About struct {
	Ref, Title string
}

// FormPage asks for a promised change.
type FormPage struct {
	Heading  ui.Heading
	Action   string
	Cancel   string
	Submit   string
	Trouble  string
	Wrong    []fault.Field
	About    About
	New      bool
	Version  string
	For      ui.Field
	Title    ui.Field
	Kind     string
	KindBad  string
	Practice []ui.Option
	Fix      []ui.Option
	Purpose  ui.Field
	Team     ui.Field
	DueOn    ui.Field
	Detail   ui.Field
	Queue    ui.Field
}

// FormData is what the form is made of; ID is 0 for a new promise.
type FormData struct {
	ID      followup.ID
	Answers Answers
	About   About
	Teams   []catalog.Team
	Err     error // why it came back
}

// NewFormPage makes the form.
func NewFormPage(d FormData) FormPage {
	a := d.Answers
	p := FormPage{
		New: d.ID == 0, About: d.About, Version: a.Version, Kind: a.Kind,
		Action: link.FollowUps, Cancel: link.FollowUps, Submit: "Promise it",
		Heading: ui.Heading{
			Crumb: "Follow-ups", CrumbLink: link.FollowUps, Title: "Promise a change",
			Lede: "What will make this failure less likely, be seen sooner, or hurt less? Title, kind and purpose are enough for now.",
		},
	}
	switch {
	case d.ID != 0:
		p.Action, p.Cancel, p.Submit = link.EditFollowUp(int64(d.ID)), link.FollowUp(int64(d.ID)), "Save"
		p.Heading = ui.Heading{Crumb: "Follow-ups", CrumbLink: link.FollowUps, Ref: d.ID.String(), Title: "Change what is promised"}
	case d.About.Ref != "":
		p.Cancel = link.Ref(d.About.Ref)
		p.Heading.Title = "Promise a change for " + d.About.Ref
	}
	if trouble := fault.Of(d.Err); trouble != nil {
		p.Wrong = trouble.Fields
		if len(trouble.Fields) == 0 || trouble.Kind != fault.Invalid {
			p.Trouble = trouble.Message
		}
	}
	wrong := func(name string) string { return ui.ErrorFor(p.Wrong, name) }
	p.KindBad = wrong("kind")
	p.For = ui.Field{Name: "for", Label: "Incident or problem", Hint: "optional", Placeholder: "INC-42 or PRB-7", Value: a.For, Error: wrong("for")}
	p.Title = ui.Field{Name: "title", Label: "What will change", Value: a.Title, Required: true, Wide: true, Error: wrong("title"), Placeholder: "Circuit breaker around the card processor"}
	p.Practice, p.Fix = kindOptions(true), kindOptions(false)
	p.Purpose = ui.Field{Name: "purpose", Label: "What it is for", Value: a.Purpose, Required: true, Wide: true, Error: wrong("purpose"), Options: purposes}
	p.Team = ui.Field{Name: "team", Label: "Team", Hint: "optional", Value: a.Team, Error: wrong("team"), Options: TeamOptions("Nobody yet", d.Teams), Help: "Whose backlog it waits in."}
	p.DueOn = ui.Field{Name: "due_on", Label: "Due on", Hint: "optional", Type: "date", Value: a.DueOn, Error: wrong("due_on")}
	p.Detail = ui.Field{Name: "detail", Label: "Details", Hint: "optional, Markdown", Value: a.Detail, Wide: true, Rows: 6, Error: wrong("detail")}
	p.Queue = ui.Field{Name: "queue", Label: "Queue it now: from this moment it waits, and what recurs is counted", Checked: a.Queue, Wide: true}
	return p
}

var purposes = []ui.Option{
	{Value: string(followup.Prevent), Label: "Prevent", Help: "It can no longer happen, or less often."},
	{Value: string(followup.Detect), Label: "Detect", Help: "It is seen before users feel it."},
	{Value: string(followup.Mitigate), Label: "Mitigate", Help: "It is over sooner, or hurts less."},
}

func kindOptions(practice bool) []ui.Option {
	var options []ui.Option
	for _, k := range followup.Kinds {
		if k.Practice() == practice {
			options = append(options, ui.Option{Value: string(k), Label: ui.Sentence(KindWords(k)), Help: KindHelp(k)})
		}
	}
	return options
}

// PurposeName is a purpose in the middle of a sentence.
func PurposeName(p followup.Purpose) string {
	if slices.Contains(followup.Purposes, p) {
		return "to " + strings.ToLower(string(p))
	}
	return ""
}
