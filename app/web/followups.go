package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/views/followups"
	"upshot/views/layout"
	"upshot/views/link"
)

// followUpStore is what the pages of follow-ups read.
type followUpStore interface {
	FollowUp(ctx context.Context, viewer account.Actor, id followup.ID) (followup.FollowUp, error)
	FollowUps(ctx context.Context, viewer account.Actor, f followup.Filter, r listing.Request) (listing.Page[followup.FollowUp], error)
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	IncidentsByID(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]incident.Incident, error)
	Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error)
	// MembersOfAll lists the incidents of several problems that count, detected since that moment.
	MembersOfAll(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Member, error)
	Deployment(ctx context.Context, viewer account.Actor, id deployment.ID) (deployment.Deployment, error)
	DeploymentsBefore(ctx context.Context, viewer account.Actor, services []string, before time.Time, within time.Duration, limit int) ([]deployment.Deployment, error)
	Events(ctx context.Context, viewer account.Actor, f audit.Filter, r listing.Request) (listing.Page[audit.Event], error)
}

// The bounds of what one page of a follow-up shows.
const (
	deployedLately    = 180 * 24 * time.Hour
	deploymentsToLink = 30
	eventsShown       = 200
)

func (w *Web) listFollowUps(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	filter, request := followUpFilter(c)
	if filter.Sort == "" {
		filter.Sort = "-updated_at"
	}
	page, err := w.Store.FollowUps(ctx, viewer, filter, request)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	frame := w.frame(c, "Follow-ups", link.FollowUps)
	return render(c, http.StatusOK, followups.List(frame, followups.NewListPage(followups.ListData{
		Page: page, Filter: filter, Teams: teams, CanEdit: frame.Viewer.CanEdit, Clock: w.clock(c),
	})))
}

// followUpFilter reads the filter from the address; what is not in a closed list does not narrow.
func followUpFilter(c echo.Context) (followup.Filter, listing.Request) {
	kind, state := followup.Kind(c.QueryParam("kind")), followup.State(c.QueryParam("state"))
	f := followup.Filter{
		Team: c.QueryParam("team"), Service: c.QueryParam("service"), Query: strings.TrimSpace(c.QueryParam("q")),
		Recurred: c.QueryParam("recurred") != "", AsksDecision: c.QueryParam("decision") != "", InConflict: c.QueryParam("conflict") != "",
	}
	if slices.Contains(followup.Kinds, kind) {
		f.Kind = kind
	}
	if slices.Contains(followup.States, state) {
		f.State = state
	}
	switch by := c.QueryParam("sort"); strings.TrimPrefix(by, "-") {
	case "cost", "queued_at", "updated_at", "due_on":
		f.Sort = by
	}
	return f, listing.Request{Cursor: c.QueryParam("cursor")}
}

func (w *Web) newFollowUp(c echo.Context) error {
	about, err := w.promisedFor(c, c.QueryParam("for"))
	if err != nil {
		return err
	}
	answers := followups.Answers{For: about.ref, Team: about.team, Queue: true}
	return w.askFollowUp(c, http.StatusOK, 0, answers, about, nil)
}

// promise is what a change is promised for.
type promise struct {
	ref, title string
	incidents  []incident.ID
	problem    problem.ID
	team       string // slug of the team that builds the service
}

// promisedFor finds the incident or problem by its ref; empty is none.
func (w *Web) promisedFor(c echo.Context, ref string) (promise, error) {
	ctx, viewer := c.Request().Context(), actorOf(c)
	ref = strings.TrimSpace(ref)
	var p promise
	var service string
	if ref == "" {
		return p, nil
	}
	if id, err := incident.ParseID(ref); err == nil {
		i, err := w.Store.Incident(ctx, viewer, id)
		if err != nil {
			return p, err
		}
		p = promise{ref: id.String(), title: i.Title, incidents: []incident.ID{id}, problem: i.Problem}
		if len(i.Services) > 0 {
			service = i.Services[0]
		}
	} else {
		id, err := problem.ParseID(ref)
		if err != nil {
			return p, fault.New(fault.NotFound, "There is no such incident or problem.")
		}
		known, err := w.Store.Problem(ctx, viewer, id)
		if err != nil {
			return p, err
		}
		p, service = promise{ref: id.String(), title: known.Title, problem: id}, known.Service
	}
	if service == "" {
		return p, nil
	}
	services, err := w.Store.ServiceNames(ctx, viewer)
	if err != nil {
		return p, err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return p, err
	}
	for _, s := range services {
		if s.Slug == service {
			p.team = slugOf(teams, s.Builder)
		}
	}
	return p, nil
}

func slugOf(teams []catalog.Team, id catalog.TeamID) string {
	for _, t := range teams {
		if t.ID == id && id != 0 {
			return t.Slug
		}
	}
	return ""
}

func (w *Web) askFollowUp(c echo.Context, status int, id followup.ID, a followups.Answers, about promise, wrong error) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	page := followups.NewFormPage(followups.FormData{
		ID: id, Answers: a, About: followups.About{Ref: about.ref, Title: about.title}, Teams: teams, Err: wrong,
	})
	return render(c, status, followups.Form(w.frame(c, page.Heading.Title, link.FollowUps+"/"), page))
}

func typedFollowUp(c echo.Context) followups.Answers {
	return followups.Answers{
		For: answer(c, "for"), Title: answer(c, "title"), Kind: answer(c, "kind"), Purpose: answer(c, "purpose"),
		Team: answer(c, "team"), DueOn: answer(c, "due_on"), Detail: answer(c, "detail"), Queue: answer(c, "queue") != "",
		Version: answer(c, "version"),
	}
}

// promised turns the answers into what is promised.
func (w *Web) promised(c echo.Context, a followups.Answers) (followup.FollowUp, error) {
	f := followup.FollowUp{
		Title: a.Title, Kind: followup.Kind(a.Kind), Purpose: followup.Purpose(a.Purpose), DueOn: a.DueOn, Detail: a.Detail,
	}
	if a.Team == "" {
		return f, nil
	}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return f, err
	}
	for _, t := range teams {
		if t.Slug == a.Team {
			f.Team = t.ID
			return f, nil
		}
	}
	return f, beside("team", "There is no such team.")
}

// beside is trouble with one field.
func beside(name, message string) error {
	var check fault.Check
	check.That(false, name, "%s", message)
	return check.Err()
}

func (w *Web) promiseFollowUp(c echo.Context) error {
	a := typedFollowUp(c)
	about, err := w.promisedFor(c, a.For)
	if fault.Is(err, fault.NotFound) {
		return w.askFollowUp(c, http.StatusUnprocessableEntity, 0, a, promise{}, beside("for", "There is no such incident or problem; write INC-42 or PRB-7."))
	}
	if err != nil {
		return err
	}
	f, err := w.promised(c, a)
	if err == nil {
		f.Incidents, f.Problem = about.incidents, about.problem
		f, err = w.FollowUps.Promise(c.Request().Context(), actorOf(c), f, a.Queue)
	}
	if status := formStatus(err); status != 0 {
		return w.askFollowUp(c, status, 0, a, about, err)
	}
	if err != nil {
		return err
	}
	said := f.ID.String() + " is promised."
	if a.Queue {
		said = f.ID.String() + " is promised and queued: from now on it waits."
	}
	w.flash(c, layout.OK, said)
	return seeOther(c, link.FollowUp(int64(f.ID)))
}

func (w *Web) followUpToEdit(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	ctx, viewer := c.Request().Context(), actorOf(c)
	f, err := w.Store.FollowUp(ctx, viewer, id)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	return w.askFollowUp(c, http.StatusOK, id, followups.Answers{
		Title: f.Title, Kind: string(f.Kind), Purpose: string(f.Purpose), Team: slugOf(teams, f.Team), DueOn: f.DueOn, Detail: f.Detail,
		Version: strconv.FormatInt(f.Version, 10),
	}, promise{}, nil)
}

func (w *Web) editFollowUp(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	a := typedFollowUp(c)
	to, err := w.promised(c, a)
	if err == nil {
		_, err = w.FollowUps.Edit(c.Request().Context(), actorOf(c), id, version(c), func(f *followup.FollowUp) error {
			f.Title, f.Kind, f.Purpose, f.DueOn, f.Detail, f.Team = to.Title, to.Kind, to.Purpose, to.DueOn, to.Detail, to.Team
			return nil
		})
	}
	if status := formStatus(err); status != 0 {
		return w.askFollowUp(c, status, id, a, promise{}, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Saved.")
	return seeOther(c, link.FollowUp(int64(id)))
}

func (w *Web) showFollowUp(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	data, err := w.followUpData(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	if find := c.QueryParam("find"); find != "" && data.Ticket.Link == nil {
		if data.Ticket, err = w.ticketData(c.Request().Context(), actorOf(c), data.FollowUp, find); err != nil {
			return err
		}
	}
	return w.drawFollowUp(c, http.StatusOK, data, followups.Tried{Step: followups.Step(c.QueryParam("do"))})
}

func (w *Web) renderFollowUp(c echo.Context, status int, id followup.ID, tried followups.Tried) error {
	data, err := w.followUpData(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return w.drawFollowUp(c, status, data, tried)
}

func (w *Web) drawFollowUp(c echo.Context, status int, data followups.ShowData, tried followups.Tried) error {
	frame := w.frame(c, data.FollowUp.ID.String()+" "+data.FollowUp.Title, link.FollowUp(int64(data.FollowUp.ID)))
	data.CanEdit, data.Clock, data.Tried = frame.Viewer.CanEdit, w.clock(c), tried
	return render(c, status, followups.Show(frame, followups.NewShowPage(data)))
}

// followUpData gathers what the page of one follow-up shows.
func (w *Web) followUpData(ctx context.Context, viewer account.Actor, id followup.ID) (followups.ShowData, error) {
	var d followups.ShowData
	var err error
	if d.FollowUp, err = w.Store.FollowUp(ctx, viewer, id); err != nil {
		return d, err
	}
	f := d.FollowUp
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return d, err
	}
	if len(f.Incidents) > 0 {
		if d.Incidents, err = w.Store.IncidentsByID(ctx, viewer, f.Incidents); err != nil {
			return d, err
		}
	}
	if f.Problem != 0 {
		if d.Problem, err = w.Store.Problem(ctx, viewer, f.Problem); err != nil {
			return d, err
		}
		members, err := w.Store.MembersOfAll(ctx, viewer, []problem.ID{f.Problem}, time.Time{})
		if err != nil {
			return d, err
		}
		d.Members = members[f.Problem]
	}
	if f.Deployment != 0 {
		if d.Deployment, err = w.Store.Deployment(ctx, viewer, f.Deployment); err != nil {
			return d, err
		}
	}
	if services := servicesOf(d); len(services) > 0 {
		d.Deployments, err = w.Store.DeploymentsBefore(ctx, viewer, services, w.Now(), deployedLately, deploymentsToLink)
		if err != nil {
			return d, err
		}
	}
	if d.Ticket, err = w.ticketData(ctx, viewer, f, ""); err != nil {
		return d, err
	}
	events, err := w.Store.Events(ctx, viewer, audit.Filter{FollowUp: int64(id)}, listing.Request{Limit: eventsShown})
	d.Events = events.Items
	return d, err
}

// servicesOf are the services whose deployments may ship the change.
func servicesOf(d followups.ShowData) []string {
	var services []string
	if d.Problem.Service != "" {
		services = append(services, d.Problem.Service)
	}
	for _, i := range d.Incidents {
		services = append(services, i.Services...)
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// step is what a button on a follow-up's page does. Its plan reads the form, and what the form names, before
// anything is changed.
type step struct {
	action string   // the verb for its timeline
	done   string   // what the next page says
	typed  []string // the fields of its form
	plan   func(w *Web, c echo.Context) (followup.Step, error)
}

// plain is the plan of a step that needs no answers.
func plain(do func(f *followup.FollowUp, now time.Time) error) func(*Web, echo.Context) (followup.Step, error) {
	return func(*Web, echo.Context) (followup.Step, error) {
		return func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error { return do(f, now) }, nil
	}
}

// followUpSteps are the steps by the last part of their address.
var followUpSteps = map[followups.Step]step{
	followups.Queue:    {action: "queued", done: "Queued: from now on it waits.", plan: plain((*followup.FollowUp).Queue)},
	followups.Start:    {action: "started", done: "Started: it waits no longer.", plan: plain((*followup.FollowUp).Start)},
	followups.SendBack: {action: "sent back", done: "Sent back into the backlog.", plan: plain((*followup.FollowUp).SendBack)},
	followups.Reopen:   {action: "reopened", done: "Reopened: it has to ship again.", plan: plain((*followup.FollowUp).Reopen)},
	followups.Propose:  {action: "proposed again", done: "Proposed again.", plan: plain((*followup.FollowUp).Propose)},
	followups.Verify: {action: "verified", done: "Verified: it held.", plan: func(*Web, echo.Context) (followup.Step, error) {
		return func(f *followup.FollowUp, seen []problem.Occurrence, now time.Time) error { return f.Verify(now, seen) }, nil
	}},
	followups.Finish: {
		action: "done", done: "Done. Its quiet period has begun.", typed: []string{"evidence_url"},
		plan: func(_ *Web, c echo.Context) (followup.Step, error) {
			evidence := strings.TrimSpace(answer(c, "evidence_url"))
			return func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error {
				return f.Finish(now, evidence)
			}, nil
		},
	},
	followups.Decline: {
		action: "declined", done: "The decision is recorded.", typed: []string{"declined.reason", "declined.look_again_on"},
		plan: func(_ *Web, c echo.Context) (followup.Step, error) {
			d := followup.Decline{Reason: answer(c, "declined.reason"), LookAgainOn: answer(c, "declined.look_again_on")}
			return func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error { return f.Decline(now, d) }, nil
		},
	},
	followups.Duplicate: {action: "marked as a duplicate", done: "Marked as a duplicate.", typed: []string{"duplicate_of"}, plan: (*Web).planDuplicate},
	followups.Moments:   {action: "moment corrected", done: "Corrected; the old value is kept.", typed: []string{"queued_at", "shipped_at", "reason"}, plan: (*Web).planCorrection},
	followups.Deploy:    {action: "deployment linked", done: "The deployment is linked.", typed: []string{"deployment"}, plan: (*Web).planDeployment},
}

func (w *Web) planDuplicate(c echo.Context) (followup.Step, error) {
	of, err := followup.ParseID(strings.TrimSpace(answer(c, "duplicate_of")))
	if err == nil {
		_, err = w.Store.FollowUp(c.Request().Context(), actorOf(c), of)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, beside("duplicate_of", "There is no such follow-up; write FU-7.")
	}
	return func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error {
		return f.MarkDuplicate(now, of)
	}, err
}

// planCorrection reads the form for moments. A moment that still reads as the page showed it is not corrected, so
// that its seconds stay.
func (w *Web) planCorrection(c echo.Context) (followup.Step, error) {
	clock := w.clock(c)
	typed := map[string]string{"queued_at": answer(c, "queued_at"), "shipped_at": answer(c, "shipped_at")}
	reason := strings.TrimSpace(answer(c, "reason"))
	return func(f *followup.FollowUp, seen []problem.Occurrence, now time.Time) error {
		shown := followup.LedgerOf(*f, seen, now)
		correction := followup.Correction{Reason: reason}
		var check fault.Check
		read := func(name string, shown time.Time) *time.Time {
			if typed[name] == clock.Input(shown) {
				return nil
			}
			at, ok := momentIn(clock.Zone, typed[name])
			check.That(ok, name, "Write a day and an hour such as %s.", clock.Input(now))
			return &at
		}
		correction.QueuedAt, correction.ShippedAt = read("queued_at", shown.QueuedAt), read("shipped_at", shown.ShippedAt)
		if err := check.Err(); err != nil {
			return err
		}
		return f.Correct(correction, now)
	}, nil
}

func (w *Web) planDeployment(c echo.Context) (followup.Step, error) {
	var id deployment.ID
	if typed := answer(c, "deployment"); typed != "" {
		n, err := strconv.ParseInt(typed, 10, 64)
		if err != nil {
			return nil, beside("deployment", "Choose one of the deployments.")
		}
		d, err := w.Store.Deployment(c.Request().Context(), actorOf(c), deployment.ID(n))
		if fault.Is(err, fault.NotFound) || err == nil && !d.Ships() {
			return nil, beside("deployment", "Choose a deployment to production that succeeded.")
		}
		if err != nil {
			return nil, err
		}
		id = d.ID
	}
	return func(f *followup.FollowUp, _ []problem.Occurrence, _ time.Time) error {
		f.Deployment = id
		return nil
	}, nil
}

// stepFollowUp answers the buttons of a follow-up's page. What came back is shown on that page again.
func (w *Web) stepFollowUp(name followups.Step) echo.HandlerFunc {
	s := followUpSteps[name]
	return func(c echo.Context) error {
		id, err := followup.ParseID(c.Param("ref"))
		if err != nil {
			return err
		}
		reason := strings.TrimSpace(answer(c, "reason"))
		if name == followups.Decline {
			reason = strings.TrimSpace(answer(c, "declined.reason"))
		}
		do, err := s.plan(w, c)
		if err == nil {
			_, err = w.FollowUps.Step(c.Request().Context(), actorOf(c), id, s.action, reason, do)
		}
		if status := formStatus(err); status != 0 {
			return w.renderFollowUp(c, status, id, tried(c, name, s.typed, err))
		}
		if err != nil {
			return err
		}
		w.flash(c, layout.OK, s.done)
		return seeOther(c, link.FollowUp(int64(id)))
	}
}

func tried(c echo.Context, name followups.Step, typed []string, err error) followups.Tried {
	t := followups.Tried{Step: name, Typed: map[string]string{}, Err: err}
	for _, field := range typed {
		t.Typed[field] = answer(c, field)
	}
	return t
}
