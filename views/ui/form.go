package ui

import (
	"maps"
	"slices"

	"github.com/a-h/templ"

	"upshot/app/fault"
)

// Control is how a question is answered.
type Control string

// The controls; the zero value is one line of text.
const (
	OneLine Control = ""
	OneOf   Control = "select"
	Lines   Control = "textarea"
	YesNo   Control = "checkbox"
	Cards   Control = "cards"
)

// Question is one field with its control.
type Question struct {
	Control Control
	Field
}

// Form is a page of questions with one button that says what it does.
type Form struct {
	ID        string // for what stands beside it and belongs to it; may be empty
	Action    string // where the answers go, by POST
	Submit    string // on the button: a verb
	Cancel    string // where to go back; empty leaves it out
	Trouble   string // what is wrong with all of it, above the fields
	Wrong     []fault.Field
	Questions []Question
	Later     []Question // folded away: they may stay open
	LaterText string     // what folds them away; empty: "The rest, now or later"
	Hidden    map[string]string
	Above     templ.Component // what to know before answering
	Second    bool            // another form of the page has its main button
	NoFold    bool            // Later is shown unfolded: an answer there needs another look
}

// NewForm puts what is wrong beside the fields concerned.
func NewForm(f Form, err error) Form {
	if trouble := fault.Of(err); trouble != nil {
		f.Wrong = trouble.Fields
		if len(trouble.Fields) == 0 || trouble.Kind != fault.Invalid {
			f.Trouble = trouble.Message
		}
	}
	mark := func(questions []Question) (bad bool) {
		for i := range questions {
			q := &questions[i]
			if q.Error == "" {
				q.Error = ErrorFor(f.Wrong, q.Name)
			}
			bad = bad || q.Error != ""
		}
		return bad
	}
	mark(f.Questions)
	f.NoFold = mark(f.Later) || f.NoFold
	return f
}

func (f Form) laterText() string {
	if f.LaterText != "" {
		return f.LaterText
	}
	return "The rest, now or later"
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
