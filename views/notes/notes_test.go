package notes

import (
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/rootcause"
	"upshot/views/ui"
)

var (
	now   = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	clock = ui.Clock{Zone: time.UTC, Now: now}
	ana   = account.Actor{Kind: account.Person, ID: 1, Name: "Ana"}
)

func noted(revision int) rootcause.Note {
	return rootcause.Note{
		ID: 4, Incident: 42, Kind: rootcause.Cause, CauseClass: "code", Confidence: "high", Side: "development",
		Body: "Nothing gives up.", Author: ana, Revision: revision, CreatedAt: now.Add(-time.Hour),
	}
}

func TestANoteShowsWhatItSaidBefore(t *testing.T) {
	t.Parallel()
	revisions := []rootcause.Revision{
		{Revision: 1, Kind: rootcause.Hypothesis, CauseClass: "unknown", Body: "The network?", Author: ana},
		{Revision: 3, Kind: rootcause.Cause, CauseClass: "code", Body: "Nothing gives up.", Author: ana},
		{Revision: 2, Kind: rootcause.Factor, CauseClass: "capacity", Body: "The pool is small.", Author: ana},
	}
	for name, c := range map[string]struct {
		note  rootcause.Note
		title string
		shown []string
	}{
		"never revised":                     {noted(1), "Confirmed cause, never revised", nil},
		"once":                              {noted(2), "Confirmed cause, revised once", []string{"Revision 1"}},
		"twice, the present text not again": {noted(3), "Confirmed cause, revised twice", []string{"Revision 2", "Revision 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewShowPage(c.note, revisions, true, clock)
			if p.Heading.Title != c.title || len(p.Earlier) != len(c.shown) {
				t.Fatalf("%q with %d earlier, want %q with %d", p.Heading.Title, len(p.Earlier), c.title, len(c.shown))
			}
			for n, want := range c.shown {
				if p.Earlier[n].Title != want {
					t.Errorf("revision %d is %q, want %q", n, p.Earlier[n].Title, want)
				}
			}
			if p.BackTo != "INC-42" || p.Edit == "" || p.Now.Edit != "" || p.Now.History != "" {
				t.Errorf("it leads back to %q; one way to edit: %q, %q", p.BackTo, p.Edit, p.Now.Edit)
			}
		})
	}
	if p := NewShowPage(noted(3), revisions, false, clock); p.Edit != "" {
		t.Error("who may not edit is offered no form")
	} else if p.Earlier[1].Class != "" || p.Earlier[0].Class != "capacity" {
		t.Errorf("an unknown class is left out: %+v", p.Earlier)
	}
}

func TestItemsSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	guess := noted(1)
	guess.Kind, guess.CauseClass, guess.Confidence = rootcause.Hypothesis, "unknown", "medium"
	onProblem := noted(2)
	onProblem.Incident, onProblem.Problem = 0, 7
	for name, c := range map[string]struct {
		item                   Item
		about, detail, history string
		soft                   bool
	}{
		"on its own page":         {Items([]rootcause.Note{noted(1)}, 42, 0, true, clock)[0], "", "Ana · development · high confidence", "", false},
		"on the problem's page":   {Items([]rootcause.Note{noted(1)}, 0, 7, true, clock)[0], "INC-42", "Ana · development · high confidence", "", false},
		"of the problem, revised": {Items([]rootcause.Note{onProblem}, 42, 0, true, clock)[0], "PRB-7", "Ana · development · high confidence · revision 2", "/notes/4", false},
		"a guess":                 {Items([]rootcause.Note{guess}, 42, 0, true, clock)[0], "", "Ana · development · not confirmed", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if i := c.item; i.AboutRef != c.about || i.Detail != c.detail || i.History != c.history || i.Soft != c.soft {
				t.Errorf("item is %+v", i)
			}
		})
	}
}
