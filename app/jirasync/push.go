package jirasync

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"upshot/app/ticket"
)

// noteMark ends the status comment, so that it is found again: after an unknown outcome, and to be written anew in place.
const noteMark = "Upshot, note "

var notePattern = regexp.MustCompile(`Upshot, note (\d+)\W*$`)

// NoteID tells whether a comment is a status comment of ours, and of which push.
func NoteID(body string) (PushID, bool) {
	m := notePattern.FindStringSubmatch(body)
	if m == nil {
		return 0, false
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	return PushID(id), err == nil
}

// push makes the changes that wait, one ticket after the other: everything for one goes out together.
func (r *run) push(ctx context.Context) error {
	for {
		if more, err := r.pushSome(ctx); err != nil || !more {
			return err
		}
	}
}

// pushSome makes the changes of the ticket that waits longest; more is false when none does.
func (r *run) pushSome(ctx context.Context) (more bool, err error) {
	held, end := r.holding(ctx)
	defer end()
	now := r.Now()
	claimed, err := r.Store.ClaimPushes(ctx, r.site.ID, r.Holder, now, now.Add(r.Lease))
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	found, err := r.Store.Tickets(ctx, []ticket.ID{claimed[0].Ticket})
	if err != nil {
		return false, err
	}
	if len(found) == 0 || !found[0].GoneAt.IsZero() {
		return true, r.settlePushes(ctx, claimed, &Trouble{Kind: Absent, Said: "The issue is gone in Jira."})
	}
	return true, r.pushTicket(held, found[0], claimed)
}

// pushTicket makes the changes of one ticket. Trouble that stops everything comes back; all other is settled with its push.
func (r *run) pushTicket(ctx context.Context, m Mirror, claimed []Push) error {
	var edits []Push
	for _, p := range claimed {
		if p.Kind == PushEdit {
			edits = append(edits, p)
		}
	}
	var stop error
	stops := func(err error) {
		var t *Trouble
		if errors.As(err, &t) && (t.Kind == Login || t.Kind == Limited) {
			stop = err
		}
	}
	if len(edits) > 0 {
		err := r.edit(ctx, m, edits)
		stops(err)
		if settling := r.settlePushes(ctx, edits, err); settling != nil {
			return settling
		}
	}
	for _, p := range claimed {
		if p.Kind == PushEdit {
			continue
		}
		err := stop
		if err == nil {
			err = r.pushOne(ctx, m, p)
			stops(err)
		}
		if settling := r.settlePushes(ctx, []Push{p}, err); settling != nil {
			return settling
		}
	}
	return stop
}

// edit sends several edits as one call.
func (r *run) edit(ctx context.Context, m Mirror, edits []Push) error {
	e, noteOf := Together(edits)
	if e.Comment != "" {
		known, said, err := r.noteKnown(ctx, m, edits)
		if err != nil {
			return err
		}
		if said == noteOf { // an earlier attempt did it, and only its answer was lost
			e.Comment = ""
		} else {
			e.CommentID = known
			e.Comment = fmt.Sprintf("%s\n\n%s%d", e.Comment, noteMark, noteOf)
		}
	}
	if e.Empty() {
		return nil
	}
	err := r.jira.Edit(ctx, m.IssueID, e)
	var t *Trouble
	if errors.As(err, &t) && t.Kind == Refused && e.Priority != "" && t.Fields["priority"] != "" {
		// The screen does not have it: everything else goes out all the same, once more and without it.
		e.Priority = ""
		if e.Empty() {
			return err
		}
		err = r.jira.Edit(ctx, m.IssueID, e)
	}
	if errors.As(err, &t) && e.CommentID != "" && (t.Kind == Absent || t.Kind == Refused) {
		// Somebody deleted the comment: it is written anew the next time.
		_ = r.Store.UpdateTicket(ctx, m.ID, func(m *Mirror) error {
			m.CommentID, m.Commented = "", false
			return nil
		})
		return &Trouble{Kind: Temporary, Call: t.Call, Status: t.Status, Said: t.Words(), Cause: err}
	}
	if err != nil || e.Comment == "" || m.Commented {
		return err
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.Store.UpdateTicket(late, m.ID, func(m *Mirror) error {
		m.Commented = true
		return nil
	})
}

// noteKnown is the number of the status comment on a ticket, and which push it says last; it is asked for only when it is not
// known, or when an earlier attempt may have written it.
func (r *run) noteKnown(ctx context.Context, m Mirror, edits []Push) (id string, said PushID, err error) {
	maybe := slices.ContainsFunc(edits, func(p Push) bool { return p.Maybe && p.Payload.Edit.Comment != "" })
	if !maybe && (m.CommentID != "" || !m.Commented) {
		return m.CommentID, 0, nil
	}
	comments, err := r.jira.LastComments(ctx, m.IssueID, lastComments)
	if err != nil {
		return "", 0, err
	}
	for _, c := range comments {
		if n, ours := NoteID(c.Body); ours && (r.site.Account.ID == "" || c.Author.ID == r.site.Account.ID) {
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return c.ID, n, r.Store.UpdateTicket(late, m.ID, func(m *Mirror) error {
				m.CommentID, m.Commented = c.ID, true
				return nil
			})
		}
	}
	return m.CommentID, 0, nil
}

// lastComments is how many comments are read to find our own.
const lastComments = 20

// Together is several edits of one issue as one. The latest of each field counts, of each label, and of the comments; noteOf is
// the push whose comment that is.
func Together(edits []Push) (e Edit, noteOf PushID) {
	for _, p := range edits {
		add := p.Payload.Edit
		e.AddLabels = unique(append(without(e.AddLabels, add.RemoveLabels), add.AddLabels...))
		e.RemoveLabels = unique(append(without(e.RemoveLabels, add.AddLabels), without(add.RemoveLabels, add.AddLabels)...))
		if add.Priority != "" {
			e.Priority = add.Priority
		}
		if add.Summary != "" {
			e.Summary = add.Summary
		}
		if add.Assignee != nil {
			e.Assignee = add.Assignee
		}
		if add.DueOn != nil {
			e.DueOn = add.DueOn
		}
		if add.Comment != "" {
			e.Comment, noteOf = add.Comment, p.ID
		}
	}
	return e, noteOf
}

// without is the list without some of it.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// pushOne makes a change that goes out by itself.
func (r *run) pushOne(ctx context.Context, m Mirror, p Push) error {
	switch p.Kind {
	case PushBackLink:
		return r.jira.LinkBack(ctx, m.IssueID, p.Payload.BackLink)
	case PushIssueLink:
		return r.jira.LinkIssues(ctx, m.IssueID, p.Payload.Issue)
	case PushSprint:
		return r.intoSprint(ctx, m)
	case PushTransition:
		return r.transit(ctx, m, p)
	}
	return &Trouble{Kind: Refused, Said: "This version of Upshot does not know how to do that."}
}

func (r *run) intoSprint(ctx context.Context, m Mirror) error {
	sprint, err := r.jira.ActiveSprint(ctx, m.Project)
	if err != nil {
		return err
	}
	if sprint.ID == "" {
		return &Trouble{Kind: Refused, Call: "GET board", Said: "Project " + m.Project + " has no active sprint."}
	}
	return r.jira.MoveToSprint(ctx, sprint.ID, []string{m.IssueID})
}

// transit moves an issue to a status of the category that is wanted, as it stands now: somebody may have moved it meanwhile.
func (r *run) transit(ctx context.Context, m Mirror, p Push) error {
	if p.Maybe || p.Attempt > 1 {
		i, err := r.jira.IssueOf(ctx, m.IssueID)
		if err != nil || reached(i.Category, p.Payload.To) {
			return err
		}
	}
	ways, err := r.jira.Transitions(ctx, m.IssueID)
	if err != nil {
		return err
	}
	way, resolution, found := ChooseTransition(ways, p.Payload.To)
	if !found {
		return &Trouble{Kind: Refused, Call: "GET transitions", Said: fmt.Sprintf("No transition leads from %q to a status that counts as %s.", m.Status.Name, words(p.Payload.To))}
	}
	return r.jira.Transit(ctx, m.IssueID, way.ID, resolution)
}

// reached tells whether an issue is where it should be: reopened is anything that is not done.
func reached(at, to ticket.Category) bool {
	if to == ticket.ToDo {
		return at != ticket.Done
	}
	return at == to
}

// ChooseTransition picks a way by the category of the status it leads to, never by its name. Towards the backlog, work in
// progress will do where there is no other way. A resolution is set only where the screen asks for one and offers it.
func ChooseTransition(ways []Transition, to ticket.Category) (way Transition, resolution string, found bool) {
	wanted := []ticket.Category{to}
	if to == ticket.ToDo {
		wanted = append(wanted, ticket.InProgress)
	}
	for _, category := range wanted {
		for _, w := range ways {
			if w.To.CountsAs() != category || len(w.Needs) > 0 {
				continue
			}
			if !w.NeedsResolution || to != ticket.Done {
				return w, "", true
			}
			for _, r := range w.Resolutions {
				if GuessMeaning(r.Name) == ticket.MeansDone {
					return w, r.ID, true
				}
			}
		}
	}
	return Transition{}, "", false
}

// words is a category as people read it.
func words(c ticket.Category) string {
	switch c {
	case ticket.ToDo:
		return "to do"
	case ticket.InProgress:
		return "in progress"
	}
	return string(c)
}

// settlePushes writes what became of pushes that went out together.
func (r *run) settlePushes(ctx context.Context, pushes []Push, err error) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.Store.InTx(late, func(ctx context.Context) error {
		for _, p := range pushes {
			p = AfterCall(p, err, r.Now())
			settled, err := r.Store.SettlePush(ctx, p)
			if err != nil {
				return err
			}
			if settled && p.State == PushDead && p.FollowUp != 0 {
				if err := r.tell(ctx, r.actor(), p.FollowUp, "not accepted by Jira", p.Trouble.Words); err != nil {
					return err
				}
			}
			if p.State == PushDone {
				r.sent++
			}
		}
		return nil
	})
}

// AfterCall is a push after its call. What trying again does not help is a dead letter at once, everything else after some
// attempts. To be asked to wait, or not to be let in, is no attempt.
func AfterCall(p Push, err error, now time.Time) Push {
	if err == nil {
		p.State, p.DoneAt, p.Trouble = PushDone, now, Told{}
		return p
	}
	var t *Trouble
	if !errors.As(err, &t) {
		t = &Trouble{Kind: Temporary, Said: "The program ended meanwhile.", Maybe: true}
	}
	p.Trouble = ToldOf(t, now)
	p.Maybe = p.Maybe || t.Maybe
	p.State, p.NextAt = PushWaiting, now.Add(backOff(p.Attempt))
	switch {
	case t.Kind == Limited:
		p.NextAt, p.Attempt = later(t.Until, now), max(0, p.Attempt-1)
	case t.Kind == Login:
		p.NextAt, p.Attempt = now.Add(loginEvery), max(0, p.Attempt-1)
	case t.Kind == Forbidden, t.Kind == Refused, t.Kind == Absent, p.Attempt >= maxAttempts:
		p.State = PushDead
	}
	return p
}
