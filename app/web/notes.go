package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/rootcause"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/notes"
	"upshot/views/ui"
)

// noteStore is what the pages of notes read.
type noteStore interface {
	Note(ctx context.Context, viewer account.Actor, id rootcause.ID) (rootcause.Note, error)
	Revisions(ctx context.Context, viewer account.Actor, id rootcause.ID) ([]rootcause.Revision, error)
}

func (w *Web) noteOf(c echo.Context) (rootcause.Note, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return rootcause.Note{}, fault.New(fault.NotFound, "There is no such note.")
	}
	return w.Store.Note(c.Request().Context(), actorOf(c), rootcause.ID(id))
}

func (w *Web) showNote(c echo.Context) error {
	n, err := w.noteOf(c)
	if err != nil {
		return err
	}
	revisions, err := w.Store.Revisions(c.Request().Context(), actorOf(c), n.ID)
	if err != nil {
		return err
	}
	p := notes.NewShowPage(n, revisions, canEdit(c), w.clock(c))
	return render(c, http.StatusOK, notes.Show(w.frame(c, p.Heading.Title, p.Back), p))
}

// aboutOf is what a new note is about, by the address: an incident or a problem.
func (w *Web) aboutOf(c echo.Context, onProblem bool) (n rootcause.Note, title string, err error) {
	ctx, viewer := c.Request().Context(), actorOf(c)
	if onProblem {
		id, err := problemID(c)
		if err != nil {
			return n, "", err
		}
		p, err := w.Store.Problem(ctx, viewer, id)
		return rootcause.Note{Problem: id}, p.Title, err
	}
	id, err := incidentID(c)
	if err != nil {
		return n, "", err
	}
	i, err := w.Store.Incident(ctx, viewer, id)
	return rootcause.Note{Incident: id}, i.Title, err
}

func notesAddress(n rootcause.Note) string {
	if n.Problem != 0 {
		return link.ProblemNotes(int64(n.Problem))
	}
	return link.IncidentNotes(int64(n.Incident))
}

// askNote shows the form of a new note on an incident, or on a problem.
func (w *Web) askNote(onProblem bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		n, title, err := w.aboutOf(c, onProblem)
		if err != nil {
			return err
		}
		return w.notePage(c, http.StatusOK, n, title, notesAddress(n), notes.Draft{Kind: answer(c, "kind")}, nil)
	}
}

func (w *Web) notePage(c echo.Context, status int, n rootcause.Note, lede, action string, d notes.Draft, wrong error) error {
	ref, back := notes.About(n)
	title := "Add a note"
	if d.Revision != "" {
		title = "Revise the note"
	}
	h := ui.Heading{Crumb: ref, CrumbLink: back, Title: title, Lede: lede}
	return render(c, status, layout.FormPage(w.frame(c, title, back), h, notes.NewForm(action, back, d, wrong)))
}

func draft(answers url.Values) notes.Draft {
	return notes.Draft{
		Kind: answers.Get("kind"), CauseClass: answers.Get("cause_class"), Confidence: answers.Get("confidence"), Side: answers.Get("side"),
		Body: answers.Get("body"), Revision: answers.Get("revision"),
	}
}

// noted puts what was typed into the note.
func noted(n *rootcause.Note, d notes.Draft) {
	n.Kind, n.CauseClass, n.Confidence, n.Side, n.Body = rootcause.Kind(d.Kind), d.CauseClass, d.Confidence, d.Side, d.Body
}

func (w *Web) addNote(onProblem bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		n, title, err := w.aboutOf(c, onProblem)
		if err != nil {
			return err
		}
		about := n
		d := draft(typed(c))
		d.Revision = ""
		noted(&n, d)
		if _, err := w.Notes.Add(c.Request().Context(), actorOf(c), n); err != nil {
			if status := formStatus(err); status != 0 {
				return w.notePage(c, status, about, title, notesAddress(about), d, err)
			}
			return err
		}
		_, back := notes.About(about)
		return seeOther(c, back+"#notes")
	}
}

func (w *Web) askRevision(c echo.Context) error {
	n, err := w.noteOf(c)
	if err != nil {
		return err
	}
	return w.notePage(c, http.StatusOK, n, "What it says now stays readable as a revision.", link.EditNote(int64(n.ID)), notes.DraftOf(n), nil)
}

func (w *Web) reviseNote(c echo.Context) error {
	n, err := w.noteOf(c)
	if err != nil {
		return err
	}
	d := draft(typed(c))
	revision, _ := strconv.Atoi(d.Revision)
	if _, err := w.Notes.Revise(c.Request().Context(), actorOf(c), n.ID, revision, func(n *rootcause.Note) { noted(n, d) }); err != nil {
		if status := formStatus(err); status != 0 {
			if d.Revision == "" {
				d.Revision = "0"
			}
			return w.notePage(c, status, n, "", link.EditNote(int64(n.ID)), d, err)
		}
		return err
	}
	_, back := notes.About(n)
	return seeOther(c, back+"#notes")
}
