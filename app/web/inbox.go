package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/triage"
	"upshot/views/inbox"
	"upshot/views/incidents"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/ui"
)

// triageStore is what the inbox, and the pages that speak of triage, read.
type triageStore interface {
	Inbox(ctx context.Context, viewer account.Actor, of triage.Inbox, now time.Time, r listing.Request) (listing.Page[triage.Item], error)
	TimeToTriage(ctx context.Context, viewer account.Actor, of triage.Inbox, since time.Time) (triage.Pace, error)
	Triage(ctx context.Context, viewer account.Actor, id incident.ID) (triage.Triage, error)
	Unaccountable(ctx context.Context, viewer account.Actor, now time.Time, limit int) (listing.Page[triage.Item], error)
	FirstJudgements(ctx context.Context, viewer account.Actor, service catalog.ServiceID, since time.Time) ([]triage.Outcome, error)
}

// myTeam is the team that the reader belongs to, or 0.
func myTeam(c echo.Context) catalog.TeamID { return catalog.TeamID(userOf(c).Team) }

func (w *Web) showInbox(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	d := inbox.Data{Of: typed(c).Get("team"), Mine: myTeam(c), CanEdit: canEdit(c), Clock: w.clock(c)}
	var err error
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Of == "" {
		d.Of = incidents.TeamSlug(d.Teams, d.Mine)
	}
	var of triage.Inbox
	switch n := slices.IndexFunc(d.Teams, func(t catalog.Team) bool { return t.Slug == d.Of }); {
	case n >= 0:
		d.Team = d.Teams[n]
		of.Team = d.Team.ID
	case d.Of == inbox.Nobody:
		of.Nobody = true
	default:
		d.Of = inbox.Everyone
	}
	if d.Page, err = w.Store.Inbox(ctx, viewer, of, w.Now(), listing.Request{Cursor: typed(c).Get("cursor")}); err != nil {
		return err
	}
	var slugs []string
	for _, x := range d.Page.Items {
		slugs = append(slugs, x.Incident.Services...)
	}
	slices.Sort(slugs)
	if d.Services, err = w.Store.ServicesBySlug(ctx, viewer, slices.Compact(slugs)); err != nil {
		return err
	}
	if d.Pace, err = w.Store.TimeToTriage(ctx, viewer, of, w.Now().Add(-triage.PaceWithin)); err != nil {
		return err
	}
	return render(c, http.StatusOK, inbox.Show(w.frame(c, "Inbox", link.Inbox), inbox.NewPage(d)))
}

// backFrom is where a step of triage leads: the inbox it was taken from, else the incident.
func backFrom(c echo.Context, id incident.ID) string {
	if back := answer(c, "back"); back == link.Inbox || strings.HasPrefix(back, link.Inbox+"?") {
		return back
	}
	return link.Incident(int64(id)) + "#triage"
}

// triaged takes a step of triage.
func (w *Web) triaged(do func(c echo.Context, id incident.ID) (said string, err error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := incidentID(c)
		if err != nil {
			return err
		}
		said, err := do(c, id)
		if f := fault.Of(err); f != nil && len(f.Fields) > 0 { // there is no form here to stand beside
			w.flash(c, layout.Bad, f.Fields[0].Message)
			return seeOther(c, backFrom(c, id))
		}
		if err != nil {
			return w.refused(c, err, backFrom(c, id))
		}
		w.flash(c, layout.OK, id.String()+": "+said)
		return seeOther(c, backFrom(c, id))
	}
}

func (w *Web) acceptIncident(c echo.Context, id incident.ID) (string, error) {
	team, err := w.teamAnswered(c, "team")
	if err == nil {
		err = w.Triage.Accept(c.Request().Context(), actorOf(c), id, team.ID, answer(c, "judgement"))
	}
	return team.Name + " answers for it.", err
}

func (w *Web) judgeIncident(c echo.Context, id incident.ID) (string, error) {
	judgement := answer(c, "judgement")
	return "judged as " + judgement + ".", w.Triage.Judge(c.Request().Context(), actorOf(c), id, judgement)
}

func (w *Web) askHandOver(c echo.Context) error { return w.handOverPage(c, nil) }

func (w *Web) handOverIncident(c echo.Context) error {
	ctx, actor := c.Request().Context(), actorOf(c)
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	from, err := w.teamAnswered(c, "from")
	var to catalog.Team
	if err == nil {
		to, err = w.teamAnswered(c, "team")
	}
	if err == nil {
		err = w.Triage.HandOver(ctx, actor, id, from.ID, to.ID, answer(c, "reason"))
	}
	switch {
	case formStatus(err) != 0:
		return w.handOverPage(c, err)
	case err != nil:
		return err
	}
	w.flash(c, layout.OK, id.String()+" lies in the inbox of "+to.Name+" now.")
	return seeOther(c, backFrom(c, id))
}

func (w *Web) handOverPage(c echo.Context, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	i, err := w.Store.Incident(ctx, viewer, id)
	if err != nil {
		return err
	}
	t, err := w.Store.Triage(ctx, viewer, id)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = formStatus(wrong)
	}
	h := ui.Heading{Crumb: i.ID.String(), CrumbLink: link.Incident(int64(id)), Title: "Hand over to another team", Lede: i.Title}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.Incident(int64(id))), h, incidents.HandOverForm(i, teams, t.Holder(), typed(c), wrong)))
}

// teamAnswered is the team that an answer names by its slug; without an answer the zero Team.
func (w *Web) teamAnswered(c echo.Context, field string) (catalog.Team, error) {
	slug := strings.TrimSpace(answer(c, field))
	if slug == "" {
		return catalog.Team{}, nil
	}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return catalog.Team{}, err
	}
	n := slices.IndexFunc(teams, func(t catalog.Team) bool { return t.Slug == slug })
	var check fault.Check
	check.That(n >= 0, "team", "There is no such team.")
	if n < 0 {
		return catalog.Team{}, check.Err()
	}
	return teams[n], nil
}
