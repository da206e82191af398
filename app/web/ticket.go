package web

import (
	"context"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/views/followups"
	"upshot/views/layout"
	"upshot/views/link"
)

// ticketStore is what the card about the Jira issue reads.
type ticketStore interface {
	TicketLink(ctx context.Context, viewer account.Actor, id followup.ID) (jirasync.Link, error)
	CommentsOf(ctx context.Context, id ticket.ID, limit int) ([]jirasync.Comment, error)
	PushesOf(ctx context.Context, id ticket.ID, limit int) ([]jirasync.Push, error)
	EscalationRules(ctx context.Context) (map[catalog.TeamID]followup.Rule, error)
}

// The bounds of what the card reads.
const (
	ticketRows = 20
	// findWithin is how long a search in Jira may take while somebody waits for the page.
	findWithin = 10 * time.Second
)

// ticketData gathers what the card about the Jira issue shows. Only a search asks Jira.
func (w *Web) ticketData(ctx context.Context, viewer account.Actor, f followup.FollowUp, find string) (followups.TicketData, error) {
	var d followups.TicketData
	sites, err := w.Store.JiraSites(ctx)
	if err != nil {
		return d, err
	}
	d.Connected = len(sites) > 0
	if !d.Connected {
		return d, nil
	}
	rules, err := w.Store.EscalationRules(ctx)
	if err != nil {
		return d, err
	}
	d.Rule = followup.RuleFor(rules, f.Team)
	l, err := w.Store.TicketLink(ctx, viewer, f.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		if d.Find = strings.TrimSpace(find); d.Find != "" && viewer.Role.Includes(account.Editor) {
			asking, cancel := context.WithTimeout(ctx, findWithin)
			defer cancel()
			d.Found, d.FindErr = w.Jira.Candidates(asking, viewer, f.ID, d.Find)
			if d.FindErr != nil && fault.Of(d.FindErr) == nil {
				if ctx.Err() != nil || asking.Err() == nil {
					return d, d.FindErr
				}
				d.FindErr = fault.New(fault.Unavailable, "Jira takes too long to answer. Please try again in a moment.")
			}
		}
		return d, nil
	case err != nil:
		return d, err
	}
	d.Link = &l
	for _, s := range sites {
		if s.ID == l.Site {
			d.Priorities = s.Priorities
		}
	}
	projects, err := w.Store.JiraProjects(ctx)
	if err != nil {
		return d, err
	}
	for _, p := range projects {
		if p.ID == l.Project {
			d.Owners = p.Owners
		}
	}
	if l.Ticket == 0 {
		return d, nil
	}
	if d.Comments, err = w.Store.CommentsOf(ctx, l.Ticket, ticketRows); err != nil {
		return d, err
	}
	d.Pushes, err = w.Store.PushesOf(ctx, l.Ticket, ticketRows)
	return d, err
}

// tried shows the follow-up again with what is wrong with a form of the card.
func (w *Web) triedTicket(c echo.Context, id followup.ID, form string, err error) error {
	status := formStatus(err)
	if status == 0 {
		return err
	}
	data, reading := w.followUpData(c.Request().Context(), actorOf(c), id)
	if reading != nil {
		return reading
	}
	data.Ticket.Tried, data.Ticket.TriedErr, data.Ticket.Typed = form, err, map[string]string{}
	for _, name := range []string{"evidence_url", "priority", "assignee", "labels"} {
		data.Ticket.Typed[name] = answer(c, name)
	}
	return w.drawFollowUp(c, status, data, followups.Tried{})
}

// ticketFollowUp files a Jira issue, or links the one whose key or address was given.
func (w *Web) ticketFollowUp(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	ctx, said := c.Request().Context(), "It is filed in Jira in a moment; what it says is frozen as of now."
	if key := strings.TrimSpace(answer(c, "key")); key != "" {
		said = "Linked. Its history is read within a minute."
		_, err = w.Jira.LinkTo(ctx, actorOf(c), id, key)
	} else {
		_, err = w.Jira.Ask(ctx, actorOf(c), id)
	}
	if err != nil {
		return w.triedTicket(c, id, "ticket", err)
	}
	w.flash(c, layout.OK, said)
	return seeOther(c, link.FollowUp(int64(id)))
}

// ticketStep is a button of the card.
func (w *Web) ticketStep(do func(*jirasync.Sync, context.Context, account.Actor, followup.ID) error, done string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := followup.ParseID(c.Param("ref"))
		if err != nil {
			return err
		}
		if err := do(w.Jira, c.Request().Context(), actorOf(c), id); err != nil {
			return w.triedTicket(c, id, "step", err)
		}
		w.flash(c, layout.OK, done)
		return seeOther(c, link.FollowUp(int64(id)))
	}
}

func (w *Web) resolveConflict(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	keep := jirasync.JiraOwns
	said := "Jira’s is kept."
	if answer(c, "keep") == string(jirasync.UpshotOwns) {
		keep, said = jirasync.UpshotOwns, "Ours is written to Jira."
	}
	if err := w.Jira.Resolve(c.Request().Context(), actorOf(c), id, jirasync.Field(answer(c, "field")), keep); err != nil {
		return w.triedTicket(c, id, "conflict", err)
	}
	w.flash(c, layout.OK, said)
	return seeOther(c, link.FollowUp(int64(id)))
}

func (w *Web) wishTicket(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	wishes := jirasync.Wishes{Priority: answer(c, "priority"), Assignee: strings.TrimSpace(answer(c, "assignee")), Labels: strings.Fields(answer(c, "labels"))}
	if err := w.Jira.Wish(c.Request().Context(), actorOf(c), id, wishes); err != nil {
		return w.triedTicket(c, id, "wishes", err)
	}
	w.flash(c, layout.OK, "It is written to Jira in a moment.")
	return seeOther(c, link.FollowUp(int64(id)))
}

// addEvidence proves what Jira says is done.
func (w *Web) addEvidence(c echo.Context) error {
	id, err := followup.ParseID(c.Param("ref"))
	if err != nil {
		return err
	}
	evidence := strings.TrimSpace(answer(c, "evidence_url"))
	_, err = w.FollowUps.Step(c.Request().Context(), actorOf(c), id, "evidence added", "", func(f *followup.FollowUp, _ []problem.Occurrence, _ time.Time) error {
		if evidence == "" {
			return beside("evidence_url", "Write the address of the test, the dashboard, the change.")
		}
		f.EvidenceURL = evidence
		return nil
	})
	if err != nil {
		return w.triedTicket(c, id, "evidence", err)
	}
	w.flash(c, layout.OK, "The evidence is added.")
	return seeOther(c, link.FollowUp(int64(id)))
}
