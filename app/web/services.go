package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/triage"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/services"
	"upshot/views/ui"
)

// Services is what the pages of services read.
type Services interface {
	Services(ctx context.Context, viewer account.Actor, f catalog.Filter, r listing.Request) (listing.Page[catalog.Service], error)
	Service(ctx context.Context, viewer account.Actor, slug string) (catalog.Service, error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	Incidents(ctx context.Context, viewer account.Actor, f incident.Filter, r listing.Request) (listing.Page[incident.Incident], error)
	Problems(ctx context.Context, viewer account.Actor, f problem.Filter, r listing.Request) (listing.Page[problem.Problem], error)
	FollowUps(ctx context.Context, viewer account.Actor, f followup.Filter, r listing.Request) (listing.Page[followup.FollowUp], error)
	Deployments(ctx context.Context, viewer account.Actor, f deployment.Filter, r listing.Request) (listing.Page[deployment.Deployment], error)
}

// fewLatest is how many rows of each kind stand on the page of a service or a team.
const fewLatest = 6

func (w *Web) listServices(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	filter := catalog.Filter{Query: strings.TrimSpace(answer(c, "q")), Team: answer(c, "team"), Retired: answer(c, "retired") != ""}
	page, err := w.Store.Services(ctx, viewer, filter, listing.Request{Cursor: answer(c, "cursor")})
	if err != nil {
		return err
	}
	all, err := w.Store.ServiceNames(ctx, viewer)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	f := w.frame(c, "Services", link.Services)
	return render(c, http.StatusOK, services.List(f, services.NewListPage(services.ListData{
		Page: page, Filter: filter, Teams: teams, All: all, CanEdit: f.Viewer.CanEdit,
	})))
}

func (w *Web) showService(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	s, err := w.Store.Service(ctx, viewer, c.Param("slug"))
	if err != nil {
		return err
	}
	d := services.ShowData{Service: s, CanEdit: viewer.Role.Includes(account.Editor), Clock: w.clock(c)}
	few := listing.Request{Limit: fewLatest}
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Incidents, err = w.Store.Incidents(ctx, viewer, incident.Filter{Service: s.Slug}, few); err != nil {
		return err
	}
	if d.Problems, err = w.Store.Problems(ctx, viewer, problem.Filter{Service: s.Slug}, few); err != nil {
		return err
	}
	if d.Waiting, err = w.Store.FollowUps(ctx, viewer, followup.Filter{Service: s.Slug, State: followup.Queued}, few); err != nil {
		return err
	}
	if d.Deployments, err = w.Store.Deployments(ctx, viewer, deployment.Filter{Service: s.Slug}, few); err != nil {
		return err
	}
	judged, err := w.Store.FirstJudgements(ctx, viewer, s.ID, w.Now().AddDate(-1, 0, 0))
	if err != nil {
		return err
	}
	d.Judged = triage.Confuse(judged)
	if d.Documents, err = w.Store.Documents(ctx, viewer, s.ID); err != nil {
		return err
	}
	if d.Adoption, err = w.Store.Adoption(ctx, viewer, s.ID); err != nil {
		return err
	}
	return render(c, http.StatusOK, services.Show(w.frame(c, s.Name, link.Service(s.Slug)), services.NewShowPage(d)))
}

func (w *Web) newService(c echo.Context) error {
	return w.askService(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) askService(c echo.Context, status int, typed url.Values, wrong error) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Services", CrumbLink: link.Services, Title: "Add a service"}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.NewService), h, services.NewForm(typed, teams, wrong)))
}

func (w *Web) addService(c echo.Context) error {
	typed := typedIn(c, services.FormFields...)
	s := catalog.Service{Slug: strings.TrimSpace(typed.Get("slug"))}
	err := w.readService(c, typed, &s)
	if err == nil {
		s, err = w.Catalog.AddService(c.Request().Context(), actorOf(c), s)
	}
	if status := formStatus(err); status != 0 {
		return w.askService(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, s.Name+" is added.")
	return seeOther(c, link.Service(s.Slug))
}

// readService puts what was typed into s.
func (w *Web) readService(c echo.Context, typed url.Values, s *catalog.Service) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	ids := map[string]catalog.TeamID{"": 0}
	for _, t := range teams {
		ids[t.Slug] = t.ID
	}
	var check fault.Check
	for field, into := range map[string]*catalog.TeamID{"builder": &s.Builder, "on_call": &s.OnCall} {
		id, ok := ids[typed.Get(field)]
		check.That(ok, field, "There is no such team.")
		*into = id
	}
	s.Name, s.Summary = strings.TrimSpace(typed.Get("name")), strings.TrimSpace(typed.Get("summary"))
	check.That(len(s.Summary) <= 2000, "summary", "At most 2,000 characters.")
	return check.Err()
}

func (w *Web) askEditService(c echo.Context) error {
	return w.editServicePage(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) editServicePage(c echo.Context, status int, typed url.Values, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	s, err := w.Store.Service(ctx, viewer, c.Param("slug"))
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Services", CrumbLink: link.Services, Ref: s.Slug, Title: "Edit " + s.Name}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.EditService(s.Slug)), h, services.EditForm(s, typed, teams, wrong)))
}

func (w *Web) editService(c echo.Context) error {
	typed := typedIn(c, "name", "summary", "builder", "on_call", "version")
	var read catalog.Service
	err := w.readService(c, typed, &read)
	if err == nil {
		_, err = w.Catalog.EditService(c.Request().Context(), actorOf(c), c.Param("slug"), version(c), func(s *catalog.Service) error {
			s.Name, s.Summary, s.Builder, s.OnCall = read.Name, read.Summary, read.Builder, read.OnCall
			return nil
		})
	}
	if status := formStatus(err); status != 0 {
		return w.editServicePage(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, read.Name+" is saved.")
	return seeOther(c, link.Service(c.Param("slug")))
}

func (w *Web) retireService(c echo.Context) error {
	return w.setRetired(c, w.Now(), "The service is retired.")
}

func (w *Web) unretireService(c echo.Context) error {
	return w.setRetired(c, time.Time{}, "The service is in use again.")
}

func (w *Web) setRetired(c echo.Context, at time.Time, done string) error {
	_, err := w.Catalog.EditService(c.Request().Context(), actorOf(c), c.Param("slug"), 0, func(s *catalog.Service) error {
		if s.RetiredAt.IsZero() != at.IsZero() { // else pressed twice
			s.RetiredAt = at.UTC().Truncate(time.Microsecond)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, done)
	return seeOther(c, link.Service(c.Param("slug")))
}
