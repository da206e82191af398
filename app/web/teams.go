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
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/teams"
	"upshot/views/ui"
)

// Teams is what the pages of teams read.
type Teams interface {
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	Team(ctx context.Context, viewer account.Actor, slug string) (catalog.Team, error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	FollowUps(ctx context.Context, viewer account.Actor, f followup.Filter, r listing.Request) (listing.Page[followup.FollowUp], error)
}

func (w *Web) listTeams(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	all, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	services, err := w.Store.ServiceNames(ctx, viewer)
	if err != nil {
		return err
	}
	f := w.frame(c, "Teams", link.Teams)
	return render(c, http.StatusOK, teams.List(f, teams.NewListPage(all, services, f.Viewer.IsAdmin)))
}

func (w *Web) showTeam(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	t, err := w.Store.Team(ctx, viewer, c.Param("slug"))
	if err != nil {
		return err
	}
	d := teams.ShowData{Team: t, IsAdmin: viewer.Role.Includes(account.Admin), Mail: w.Mail.Ready(), Clock: w.clock(c)}
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Services, err = w.Store.ServiceNames(ctx, viewer); err != nil {
		return err
	}
	waiting := followup.Filter{Team: t.Slug, State: followup.Queued}
	if d.Waiting, err = w.Store.FollowUps(ctx, viewer, waiting, listing.Request{Limit: fewLatest}); err != nil {
		return err
	}
	if d.Work, err = w.Store.TeamWork(ctx, viewer, t.Slug, w.Now().Add(-teams.WorkSince)); err != nil {
		return err
	}
	return render(c, http.StatusOK, teams.Show(w.frame(c, t.Name, link.Team(t.Slug)), teams.NewShowPage(d)))
}

func (w *Web) newTeam(c echo.Context) error {
	return w.askTeam(c, http.StatusOK, url.Values{"zone": {userOf(c).Zone}}, nil)
}

func (w *Web) askTeam(c echo.Context, status int, typed url.Values, wrong error) error {
	h := ui.Heading{Crumb: "Teams", CrumbLink: link.Teams, Title: "Add a team"}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.NewTeam), h, teams.NewForm(typed, wrong)))
}

func (w *Web) addTeam(c echo.Context) error {
	typed := typedIn(c, teams.FormFields...)
	t := catalog.Team{Slug: strings.TrimSpace(typed.Get("slug"))}
	err := readTeam(typed, &t)
	if err == nil {
		t.Chat, err = w.Catalog.Chat(catalog.Chat{}, kindOf(typed), typed.Get("chat_address"))
	}
	if err == nil {
		t, err = w.Catalog.AddTeam(c.Request().Context(), actorOf(c), t)
	}
	if status := formStatus(err); status != 0 {
		return w.askTeam(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, t.Name+" is added.")
	return seeOther(c, link.Team(t.Slug))
}

// readTeam puts what was typed into t, and tells of everything that is wrong at once.
func readTeam(typed url.Values, t *catalog.Team) error {
	t.Name, t.Kind, t.Zone = strings.TrimSpace(typed.Get("name")), catalog.TeamKind(typed.Get("kind")), strings.TrimSpace(typed.Get("zone"))
	t.Mails = strings.FieldsFunc(typed.Get("mails"), func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
	hours, err := catalog.ParseHours(typed.Get("hours"), typed.Get("holidays"))
	if err == nil {
		t.Hours = hours
		return nil
	}
	whole := *t
	if whole.Slug == "" {
		whole.Slug = catalog.Slug(whole.Name)
	}
	var check fault.Check
	if !check.Add(err) {
		return err
	}
	check.Add(whole.Check())
	return check.Err()
}

func (w *Web) askEditTeam(c echo.Context) error {
	return w.editTeamPage(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) editTeamPage(c echo.Context, status int, typed url.Values, wrong error) error {
	t, err := w.Store.Team(c.Request().Context(), actorOf(c), c.Param("slug"))
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Teams", CrumbLink: link.Teams, Ref: t.Slug, Title: "Edit " + t.Name}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.EditTeam(t.Slug)), h, teams.EditForm(t, typed, wrong)))
}

func (w *Web) editTeam(c echo.Context) error {
	typed := typedIn(c, "name", "kind", "zone", "hours", "holidays", "mails", "chat_kind", "chat_address", "version")
	_, err := w.Catalog.EditTeam(c.Request().Context(), actorOf(c), c.Param("slug"), version(c), func(t *catalog.Team) error {
		if err := readTeam(typed, t); err != nil {
			return err
		}
		chat, err := w.Catalog.Chat(t.Chat, kindOf(typed), typed.Get("chat_address"))
		t.Chat = chat
		return err
	})
	if status := formStatus(err); status != 0 {
		return w.editTeamPage(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "The team is saved.")
	return seeOther(c, link.Team(c.Param("slug")))
}

func (w *Web) archiveTeam(c echo.Context) error {
	return w.setArchived(c, w.Now(), "The team is archived.")
}

func (w *Web) unarchiveTeam(c echo.Context) error {
	return w.setArchived(c, time.Time{}, "The team is in use again.")
}

func (w *Web) setArchived(c echo.Context, at time.Time, done string) error {
	_, err := w.Catalog.EditTeam(c.Request().Context(), actorOf(c), c.Param("slug"), 0, func(t *catalog.Team) error {
		if t.ArchivedAt.IsZero() != at.IsZero() { // else pressed twice
			t.ArchivedAt = at.UTC().Truncate(time.Microsecond)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, done)
	return seeOther(c, link.Team(c.Param("slug")))
}

func kindOf(typed url.Values) catalog.ChatKind { return catalog.ChatKind(typed.Get("chat_kind")) }
