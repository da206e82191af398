// Package notes shows what was learnt: the notes on an incident or problem, one note's revisions, and its forms.
package notes

import (
	"fmt"
	"slices"
	"strings"

	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/views/link"
	"upshot/views/ui"
)

// Item is one note as lists show it.
type Item struct {
	Anchor    string
	Kind      string // "Confirmed cause"
	Class     string // of cause; empty when unknown
	Detail    string // side, author, revision
	At        ui.When
	Body      string // Markdown
	Soft      bool   // not confirmed
	AboutRef  string // when it stands on something else than the page is about
	AboutLink string
	Edit      string // address, for those who may
	History   string // address of its revisions, when there are any
	EditLabel string // for programs that read the page aloud
}

// Items makes the list for the page about the incident or the problem (the other one is 0).
func Items(all []rootcause.Note, about incident.ID, in problem.ID, canEdit bool, c ui.Clock) []Item {
	items := make([]Item, len(all))
	for n, note := range all {
		kind := kindWords[note.Kind]
		item := Item{
			Anchor: fmt.Sprintf("note-%d", note.ID), Kind: kind, Body: note.Body, At: c.When(note.CreatedAt),
			Soft: note.Kind == rootcause.Hypothesis, EditLabel: fmt.Sprintf("Edit: %s of %s", strings.ToLower(kind), c.Moment(note.CreatedAt)),
		}
		if note.CauseClass != "unknown" {
			item.Class = note.CauseClass
		}
		detail := []string{note.Author.Name}
		if note.Side != "" {
			detail = append(detail, note.Side)
		}
		if note.Confidence != "" && note.Confidence != "medium" {
			detail = append(detail, note.Confidence+" confidence")
		}
		if item.Soft {
			detail = append(detail, "not confirmed")
		}
		item.Detail = strings.Join(detail, " · ")
		switch {
		case note.Incident != 0 && note.Incident != about:
			item.AboutRef, item.AboutLink = note.Incident.String(), link.Incident(int64(note.Incident))
		case note.Problem != 0 && note.Problem != in:
			item.AboutRef, item.AboutLink = note.Problem.String(), link.Problem(int64(note.Problem))
		}
		if canEdit {
			item.Edit = link.EditNote(int64(note.ID))
		}
		if note.Revision > 1 {
			item.History = link.Note(int64(note.ID))
			item.Detail += " · revision " + ui.Thousands(note.Revision)
		}
		items[n] = item
	}
	return items
}

var kindWords = map[rootcause.Kind]string{
	rootcause.Symptom: "Symptom", rootcause.Hypothesis: "Hypothesis", rootcause.Factor: "Contributing factor", rootcause.Cause: "Confirmed cause",
}

var kindHelp = map[rootcause.Kind]string{
	rootcause.Symptom:    "What was seen or felt",
	rootcause.Hypothesis: "A guess, to be tested",
	rootcause.Factor:     "It helped this to happen",
	rootcause.Cause:      "Shown to be why",
}

// Draft is a note that is being written; NewForm shows it.
type Draft struct {
	Kind, CauseClass, Confidence, Side, Body string
	Revision                                 string // the one that is being changed; empty for a new note
}

// DraftOf is a note as its form begins with it.
func DraftOf(n rootcause.Note) Draft {
	return Draft{
		Kind: string(n.Kind), CauseClass: n.CauseClass, Confidence: n.Confidence, Side: n.Side, Body: n.Body,
		Revision: fmt.Sprint(n.Revision),
	}
}

// NewForm asks for a note; back is where Discard leads.
func NewForm(action, back string, d Draft, err error) ui.Form {
	if d.Kind == "" {
		d.Kind = string(rootcause.Symptom)
	}
	if d.CauseClass == "" {
		d.CauseClass = "unknown"
	}
	if d.Confidence == "" {
		d.Confidence = "medium"
	}
	f := ui.Form{Action: action, Submit: "Add note", Cancel: back, Questions: []ui.Question{
		{Control: ui.Cards, Field: ui.Field{Name: "kind", Label: "What sort of knowledge is it?", Value: d.Kind, Wide: true, Options: kindOptions()}},
		{Control: ui.Lines, Field: ui.Field{
			Name: "body", Label: "What was learnt", Hint: "Markdown", Value: d.Body, Wide: true, Rows: 7,
			Help: "Systems and queues, not people. A list of - [ ] makes tasks.",
		}},
		{Control: ui.OneOf, Field: ui.Field{Name: "cause_class", Label: "Class of cause", Value: d.CauseClass, Options: words(rootcause.CauseClasses)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "confidence", Label: "How sure?", Value: d.Confidence, Options: words(rootcause.Confidences)}},
		{Control: ui.OneOf, Field: ui.Field{
			Name: "side", Label: "Seen from", Hint: "optional", Value: d.Side,
			Options: append([]ui.Option{{Value: "", Label: "Both sides"}}, words(rootcause.Sides)...),
		}},
	}}
	if d.Revision != "" {
		f.Submit = "Save as a new revision"
		f.Hidden = map[string]string{"revision": d.Revision}
	}
	return ui.NewForm(f, err)
}

func kindOptions() []ui.Option {
	all := make([]ui.Option, len(rootcause.Kinds))
	for n, k := range rootcause.Kinds {
		all[n] = ui.Option{Value: string(k), Label: kindWords[k], Help: kindHelp[k]}
	}
	return all
}

func words(values []string) []ui.Option {
	all := make([]ui.Option, len(values))
	for n, v := range values {
		all[n] = ui.Option{Value: v, Label: ui.Sentence(v)}
	}
	return all
}

// ShowPage is one note with what it said before.
type ShowPage struct {
	Heading ui.Heading
	Now     Item
	Edit    string     // address, for those who may
	Earlier []Revision // newest first
	Back    string
	BackTo  string
}

// Revision is the note as it once was.
type Revision struct {
	Title  string // "Revision 2"
	Kind   string
	Class  string
	Author string
	At     ui.When
	Body   string
}

// NewShowPage puts the revisions in order, newest first; the present text stands above them.
func NewShowPage(n rootcause.Note, revisions []rootcause.Revision, canEdit bool, c ui.Clock) ShowPage {
	p := ShowPage{Now: Items([]rootcause.Note{n}, n.Incident, n.Problem, canEdit, c)[0]}
	p.Edit, p.Now.Edit, p.Now.History = p.Now.Edit, "", ""
	p.BackTo, p.Back = About(n)
	title := fmt.Sprintf("%s, revised %s", p.Now.Kind, timesRevised(n.Revision-1))
	if n.Revision <= 1 {
		title = p.Now.Kind + ", never revised"
	}
	p.Heading = ui.Heading{Crumb: p.BackTo, CrumbLink: p.Back, Ref: "note", Title: title}
	revisions = slices.Clone(revisions)
	slices.SortFunc(revisions, func(a, b rootcause.Revision) int { return b.Revision - a.Revision })
	for _, r := range revisions {
		if r.Revision >= n.Revision {
			continue
		}
		class := r.CauseClass
		if class == "unknown" {
			class = ""
		}
		p.Earlier = append(p.Earlier, Revision{
			Title: "Revision " + ui.Thousands(r.Revision), Kind: kindWords[r.Kind], Class: class, Author: r.Author.Name, At: c.When(r.At), Body: r.Body,
		})
	}
	return p
}

func timesRevised(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return ui.InWords(n) + " times"
}

// About names what a note is about, and its page.
func About(n rootcause.Note) (ref, address string) {
	if n.Problem != 0 {
		return n.Problem.String(), link.Problem(int64(n.Problem))
	}
	return n.Incident.String(), link.Incident(int64(n.Incident))
}
