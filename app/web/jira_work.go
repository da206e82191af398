package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/jirasync"
	"upshot/app/metrics"
	"upshot/app/ticket"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
)

// workStore is what the pages read of which work is whose.
type workStore interface {
	Scopes(ctx context.Context) ([]jirasync.Scope, error)
	TeamWork(ctx context.Context, viewer account.Actor, team string, since time.Time) (metrics.TeamWork, error)
	ScopeSizes(ctx context.Context, site ticket.SiteID) (map[jirasync.ScopeID]metrics.Share, error)
}

func (w *Web) askWork(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	s := jirasync.Scope{Site: site.ID}
	if id, _ := strconv.ParseInt(c.QueryParam("id"), 10, 64); id != 0 {
		if s, err = w.scopeNamed(c.Request().Context(), jirasync.ScopeID(id)); err != nil {
			return err
		}
	}
	return w.workPage(c, http.StatusOK, site, s, nil)
}

func (w *Web) scopeNamed(ctx context.Context, id jirasync.ScopeID) (jirasync.Scope, error) {
	all, err := w.Store.Scopes(ctx)
	if err != nil {
		return jirasync.Scope{}, err
	}
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	return jirasync.Scope{}, fault.New(fault.NotFound, "Which work this was is forgotten.")
}

func (w *Web) workPage(c echo.Context, status int, site jirasync.Site, s jirasync.Scope, wrong error) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	p := settings.NewWorkPage(site, s, teams, wrong)
	return render(c, status, settings.Work(w.frame(c, p.Title, link.Jira+"/"), p))
}

func (w *Web) saveWork(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	typed := jirasync.Scope{Site: site.ID}
	if id, _ := strconv.ParseInt(answer(c, "id"), 10, 64); id != 0 {
		known, err := w.scopeNamed(ctx, jirasync.ScopeID(id))
		if err != nil {
			return err
		}
		if known.Site != site.ID {
			return fault.New(fault.NotFound, "This work is not of this Jira.")
		}
		typed.ID = known.ID
	}
	team, _ := strconv.ParseInt(answer(c, "team"), 10, 64)
	typed.Team, typed.Board, typed.JQL = catalog.TeamID(max(team, 0)), strings.TrimSpace(answer(c, "board")), strings.TrimSpace(answer(c, "jql"))
	typed.Labels = strings.Fields(answer(c, "labels"))
	for part := range strings.SplitSeq(answer(c, "types"), ",") {
		if part = strings.TrimSpace(part); part != "" {
			typed.Types = append(typed.Types, part)
		}
	}
	s, err := w.Jira.Connect.SetScope(ctx, actorOf(c), typed)
	if status := formStatus(err); status != 0 {
		return w.workPage(c, status, site, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Jira understands it. The work is read within a minute: "+s.Says()+".")
	return seeOther(c, link.JiraSite(int64(site.ID)))
}

func (w *Web) dropWork(c echo.Context) error {
	id, err := numberIn(c, "work")
	if err != nil {
		return err
	}
	s, err := w.scopeNamed(c.Request().Context(), jirasync.ScopeID(id))
	if err != nil {
		return err
	}
	return w.settled(c, s.Site, "Forgotten, with what was read of it.", w.Jira.Connect.DropScope(c.Request().Context(), actorOf(c), s.ID))
}
