package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/services"
	"upshot/views/ui"
)

// Documents is what the page of a service reads of its documents and steps of adoption.
type Documents interface {
	Documents(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Document, error)
	Adoption(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Adoption, error)
}

// ownTeam is the team of whoever asks, 0 unknown: documents are confirmed in its name.
func ownTeam(c echo.Context) catalog.TeamID { return catalog.TeamID(userOf(c).Team) }

func (w *Web) newDocument(c echo.Context) error {
	return w.askDocument(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) askDocument(c echo.Context, status int, typed url.Values, wrong error) error {
	s, teams, err := w.serviceAndTeams(c)
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Services", CrumbLink: link.Services, Ref: s.Slug, Title: "Add a dashboard or a runbook of " + s.Name}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.Service(s.Slug)), h, services.NewDocumentForm(s, typed, teams, wrong)))
}

func (w *Web) serviceAndTeams(c echo.Context) (catalog.Service, []catalog.Team, error) {
	s, err := w.Store.Service(c.Request().Context(), actorOf(c), c.Param("slug"))
	if err != nil {
		return s, nil, err
	}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	return s, teams, err
}

func (w *Web) addDocument(c echo.Context) error {
	typed := typedIn(c, services.DocumentFields...)
	d, err := w.readDocument(c, typed)
	if err == nil {
		_, err = w.Catalog.AddDocument(c.Request().Context(), actorOf(c), c.Param("slug"), d, ownTeam(c))
	}
	if status := formStatus(err); status != 0 {
		return w.askDocument(c, status, typed, err)
	}
	return w.documentDone(c, err, "The "+string(d.Kind)+" is added.")
}

// readDocument makes a document of what was typed.
func (w *Web) readDocument(c echo.Context, typed url.Values) (catalog.Document, error) {
	d := catalog.Document{Kind: catalog.DocumentKind(typed.Get("kind")), Title: typed.Get("title"), URL: typed.Get("url")}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return d, err
	}
	if n := slices.IndexFunc(teams, func(t catalog.Team) bool { return t.Slug == typed.Get("owner") }); n >= 0 {
		d.Owner = teams[n].ID
	}
	return d, nil
}

func (w *Web) askEditDocument(c echo.Context) error {
	return w.editDocumentPage(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) editDocumentPage(c echo.Context, status int, typed url.Values, wrong error) error {
	s, teams, err := w.serviceAndTeams(c)
	if err != nil {
		return err
	}
	id, err := numberIn(c, "document")
	if err != nil {
		return err
	}
	all, err := w.Store.Documents(c.Request().Context(), actorOf(c), s.ID)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(d catalog.Document) bool { return int64(d.ID) == id })
	if n < 0 {
		return fault.New(fault.NotFound, "There is no such document.")
	}
	h := ui.Heading{Crumb: "Services", CrumbLink: link.Services, Ref: s.Slug, Title: "Edit " + all[n].Title}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.Service(s.Slug)), h, services.EditDocumentForm(s, all[n], typed, teams, wrong)))
}

func (w *Web) editDocument(c echo.Context) error {
	id, err := numberIn(c, "document")
	if err != nil {
		return err
	}
	typed := typedIn(c, services.DocumentFields...)
	read, err := w.readDocument(c, typed)
	if err == nil {
		_, err = w.Catalog.EditDocument(c.Request().Context(), actorOf(c), c.Param("slug"), catalog.DocumentID(id), version(c), ownTeam(c), func(d *catalog.Document) error {
			d.Kind, d.Title, d.URL, d.Owner = read.Kind, read.Title, read.URL, read.Owner
			return nil
		})
	}
	if status := formStatus(err); status != 0 {
		return w.editDocumentPage(c, status, typed, err)
	}
	return w.documentDone(c, err, "The "+string(read.Kind)+" is saved.")
}

func (w *Web) confirmDocument(c echo.Context) error {
	id, err := numberIn(c, "document")
	if err == nil {
		_, err = w.Catalog.ConfirmDocument(c.Request().Context(), actorOf(c), c.Param("slug"), catalog.DocumentID(id), 0, ownTeam(c))
	}
	return w.documentDone(c, err, "Confirmed. That is good for 180 days.")
}

func (w *Web) removeDocument(c echo.Context) error {
	id, err := numberIn(c, "document")
	if err == nil {
		err = w.Catalog.RemoveDocument(c.Request().Context(), actorOf(c), c.Param("slug"), catalog.DocumentID(id), 0)
	}
	return w.documentDone(c, err, "It is removed. The record of changes keeps its address.")
}

// documentDone leads back to the service.
func (w *Web) documentDone(c echo.Context, err error, done string) error {
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, done)
	return seeOther(c, link.Service(c.Param("slug")))
}

func (w *Web) askAdoption(c echo.Context) error {
	return w.adoptionPage(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) adoptionPage(c echo.Context, status int, typed url.Values, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	s, err := w.Store.Service(ctx, viewer, c.Param("slug"))
	if err != nil {
		return err
	}
	steps, err := w.Store.Adoption(ctx, viewer, s.ID)
	if err != nil {
		return err
	}
	h := ui.Heading{
		Crumb: "Services", CrumbLink: link.Services, Ref: s.Slug, Title: "Adoption of " + s.Name,
		Lede: "When each step is to be taken, and when it was. The days of those taken are drawn on the trends of the measures.",
	}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.Service(s.Slug)), h, services.AdoptionForm(s, steps, typed, wrong)))
}

func (w *Web) planAdoption(c echo.Context) error {
	typed := url.Values{}
	var steps []catalog.Adoption
	for _, step := range catalog.AdoptionSteps {
		a := catalog.Adoption{Step: step}
		planned, done := a.FieldNames()
		seen := services.StepVersion(a)
		for _, name := range []string{planned, done, seen} {
			typed.Set(name, answer(c, name))
		}
		a.PlannedOn, a.DoneOn = typed.Get(planned), typed.Get(done)
		a.Version, _ = strconv.ParseInt(typed.Get(seen), 10, 64) // none: whichever stands
		steps = append(steps, a)
	}
	_, err := w.Catalog.PlanAdoption(c.Request().Context(), actorOf(c), c.Param("slug"), steps)
	if status := formStatus(err); status != 0 {
		return w.adoptionPage(c, status, typed, err)
	}
	return w.documentDone(c, err, "The days are saved.")
}
