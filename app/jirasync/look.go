package jirasync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// lookTogether is how many connections are looked at between two reads of the list.
const lookTogether = 100

// look compares both sides of every connection about which something changed, and writes down what follows. It makes no call.
func (r *run) look(ctx context.Context) error {
	var after followup.ID
	for {
		some, err := r.Store.TicketLinksToLook(ctx, r.site.ID, after, lookTogether)
		if err != nil {
			return err
		}
		for _, l := range some {
			after = l.FollowUp
			err := r.tellings(ctx, l)
			if err == nil {
				err = r.Store.InTx(ctx, func(ctx context.Context) error { return r.lookAt(ctx, l.FollowUp) })
			}
			if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) { // somebody changed it meanwhile
				continue
			}
			if err != nil {
				return fmt.Errorf("look at %s: %w", l.FollowUp, err)
			}
		}
		if len(some) < lookTogether {
			return nil
		}
	}
}

// holdLink gives a connection, and keeps others from it, its follow-up and its problem until the transaction ends.
func (s *Sync) holdLink(ctx context.Context, id followup.ID) (Link, error) {
	if err := s.Store.HoldFollowUp(ctx, id); err != nil {
		return Link{}, err
	}
	return s.Store.UpdateTicketLink(ctx, id, func(*Link) error { return nil })
}

// lookAt makes one follow-up and its ticket tell the same story, as far as the rules allow.
func (r *run) lookAt(ctx context.Context, id followup.ID) error {
	l, err := r.holdLink(ctx, id)
	if err != nil || l.State != ticket.Linked || l.Look == l.Looked {
		return err
	}
	found, err := r.Store.HoldTickets(ctx, []ticket.ID{l.Ticket})
	if err != nil || len(found) == 0 || found[0].ReadAt.IsZero() {
		return err
	}
	m := found[0]
	owners, err := r.ownersOf(ctx, l.Project)
	if err != nil {
		return err
	}
	f, err := r.Store.FollowUp(ctx, r.actor(), id)
	if err != nil {
		return err
	}
	if f, err = r.mergeFields(ctx, &l, m, f, owners); err != nil {
		return err
	}
	// The ledger draws the ticket's history; the keeper counts it, and reopens what did not hold.
	if err := r.FollowUps.Keeper.KeepFollowUp(ctx, r.actor(), f); err != nil {
		return err
	}
	if f, err = r.Store.FollowUp(ctx, r.actor(), id); err != nil {
		return err
	}
	if err := r.speak(ctx, &l, m, f); err != nil {
		return err
	}
	_, err = r.Store.UpdateTicketLink(ctx, id, func(now *Link) error {
		l.Look = now.Look // the keeper may have counted on
		l.Looked = l.Look
		*now = l
		return nil
	})
	return err
}

func (r *run) ownersOf(ctx context.Context, id ProjectID) (Owners, error) {
	all, err := r.Store.JiraProjects(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.ID == id {
			return p.Owners, nil
		}
	}
	return nil, nil
}

// two are what both sides say of a field.
type two struct{ ours, theirs string }

// sides are what both sides say of every field. A field of which one side says nothing at all is left out.
func sides(l Link, m Mirror, f followup.FollowUp, installation string) map[Field]two {
	all := map[Field]two{
		FieldSummary: {f.Title, m.Summary},
		FieldDueOn:   {f.DueOn, m.DueOn},
	}
	theirs, _ := StateFor(m.Ticket)
	ours := f.State
	if ours == followup.Verified {
		ours = followup.Done
	}
	if theirs != "" && slices.Contains([]followup.State{followup.Queued, followup.InProgress, followup.Done}, ours) {
		all[FieldStatus] = two{string(ours), string(theirs)}
	}
	all[FieldPriority] = two{l.Wishes.Priority, m.Priority.ID}
	all[FieldAssignee] = two{l.Wishes.Assignee, m.Assignee.ID}
	all[FieldLabels] = two{strings.Join(unique(l.Wishes.Labels), " "), ownWords(m.Labels, installation)}
	return all
}

// wished are the fields that only Jira has: ours is a wish, and no wish is no disagreement.
var wished = []Field{FieldPriority, FieldAssignee, FieldLabels}

// mergeFields merges field by field, and gives the follow-up as it is then.
func (r *run) mergeFields(ctx context.Context, l *Link, m Mirror, f followup.FollowUp, owners Owners) (followup.FollowUp, error) {
	now := r.Now()
	if l.Bases == nil {
		l.Bases = map[Field]Base{}
	}
	_, asks := StateFor(m.Ticket)
	asks = asks && !slices.Contains([]followup.State{followup.Declined, followup.Duplicate}, f.State)
	if asks && !l.AsksDecision {
		if err := r.tell(ctx, r.actor(), f.ID, "closed in Jira, which asks for a decision", m.Resolution.Name); err != nil {
			return f, err
		}
	}
	l.AsksDecision = asks
	said := sides(*l, m, f, r.code)
	var edit Edit
	before := l.Conflicts
	l.Conflicts = nil
	for _, field := range Fields {
		s, both := said[field]
		base, based := l.Bases[field]
		switch {
		case !both:
			continue
		case !based && field == FieldStatus: // the owner says it from the start
			base = Base{Ours: s.ours}
			if owners.Of(field) == UpshotOwns {
				base = Base{Theirs: s.theirs}
			}
		case !based:
			base = Base{Ours: s.ours, Theirs: s.theirs}
		case s.ours == "" && slices.Contains(wished, field):
			base = Base{Ours: s.ours, Theirs: s.theirs}
		}
		if field == FieldStatus && notHeld(f, m.Ticket) { // what happens to the ticket then is a rule of its own
			base = Base{Ours: s.ours, Theirs: s.theirs}
		}
		outcome := Merge(owners.Of(field), base, s.ours, s.theirs)
		switch outcome {
		case TakeTheirs:
			var err error
			if f, err = r.take(ctx, l, m, f, field, s.theirs); err != nil {
				return f, err
			}
			s.ours = sides(*l, m, f, r.code)[field].ours // tidied, it may be spelt another way
		case PushOurs:
			if field == FieldStatus {
				if err := r.addPush(ctx, m, f.ID, PushTransition, Payload{To: category(followup.State(s.ours))}, "Upshot says how far it is"); err != nil {
					return f, err
				}
			} else {
				edit = edit.with(field, s.ours, s.theirs)
			}
		case Differ:
			c := Conflict{Field: field, Ours: s.ours, Theirs: s.theirs, Since: now}
			for _, old := range before {
				if old.Field == field {
					c.Since = old.Since
				}
			}
			l.Conflicts = append(l.Conflicts, c)
		}
		l.Bases[field] = base.after(outcome, s.ours, s.theirs)
	}
	if !edit.Empty() {
		return f, r.addPush(ctx, m, f.ID, PushEdit, Payload{Edit: edit}, "Upshot owns what changed")
	}
	return f, nil
}

// with is the edit with a field as we have it.
func (e Edit) with(field Field, ours, theirs string) Edit {
	switch field {
	case FieldSummary:
		e.Summary = ours
	case FieldDueOn:
		e.DueOn = &ours
	case FieldPriority:
		e.Priority = ours
	case FieldAssignee:
		e.Assignee = &ours
	case FieldLabels:
		for _, label := range strings.Fields(ours) {
			if !slices.Contains(strings.Fields(theirs), label) {
				e.AddLabels = append(e.AddLabels, label)
			}
		}
		for _, label := range strings.Fields(theirs) {
			if !slices.Contains(strings.Fields(ours), label) {
				e.RemoveLabels = append(e.RemoveLabels, label)
			}
		}
	}
	return e
}

func category(s followup.State) ticket.Category {
	switch s {
	case followup.InProgress:
		return ticket.InProgress
	case followup.Done, followup.Verified:
		return ticket.Done
	}
	return ticket.ToDo
}

// take follows Jira in one field.
func (r *run) take(ctx context.Context, l *Link, m Mirror, f followup.FollowUp, field Field, theirs string) (followup.FollowUp, error) {
	switch field {
	case FieldStatus:
		state := followup.State(theirs)
		return r.FollowUps.Step(ctx, r.actor(), f.ID, movedVerb(f.State, state), m.Key+": "+m.Status.Name, func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error {
			return f.Adopt(state, enteredAt(m.Ticket, now))
		})
	case FieldSummary, FieldDueOn:
		return r.FollowUps.Edit(ctx, r.actor(), f.ID, 0, func(f *followup.FollowUp) error {
			if field == FieldSummary {
				f.Title = theirs
			} else {
				f.DueOn = theirs
			}
			return nil
		})
	case FieldPriority:
		l.Wishes.Priority = theirs
	case FieldAssignee:
		l.Wishes.Assignee = theirs
	case FieldLabels:
		l.Wishes.Labels = strings.Fields(theirs)
	}
	return f, nil
}

// enteredAt is when the ticket came into the category it is in.
func enteredAt(t ticket.Ticket, now time.Time) time.Time {
	at := now
	history := t.History.Intervals
	for n := len(history) - 1; n >= 0 && history[n].Category == t.Category; n-- {
		at = history[n].From
	}
	if at.After(now) {
		return now
	}
	return at
}

// movedVerb is how timelines tell that the ticket moved.
func movedVerb(from, to followup.State) string {
	switch {
	case to == followup.InProgress:
		return "started"
	case to == followup.Done:
		return "finished"
	case from == followup.InProgress:
		return "sent back"
	case from == followup.Done || from == followup.Verified:
		return "reopened"
	}
	return "queued"
}

// notHeld tells whether the change did not hold: it recurred after the ticket was done, which it still is.
func notHeld(f followup.FollowUp, t ticket.Ticket) bool {
	if t.Category != ticket.Done || f.FixFailedAt.IsZero() || f.State != followup.Queued && f.State != followup.InProgress {
		return false
	}
	s := followup.StandingOf(t, nil)
	return s.DoneAt.IsZero() || f.FixFailedAt.After(s.DoneAt)
}

func (r *run) addPush(ctx context.Context, m Mirror, of followup.ID, kind PushKind, p Payload, why string) error {
	now := r.Now()
	_, err := r.Store.AddPush(ctx, Push{
		Site: m.Site, Ticket: m.ID, FollowUp: of, Kind: kind, Payload: p, Why: why, CreatedAt: now, NextAt: now,
	})
	return err
}

// speak writes down what a recurrence sets off in Jira: the priority, the proposal, the return of what was done, and the one
// status comment.
func (r *run) speak(ctx context.Context, l *Link, m Mirror, f followup.FollowUp) error {
	rules, err := r.Store.EscalationRules(ctx)
	if err != nil {
		return err
	}
	rule := followup.RuleFor(rules, f.Team)
	if rule.Mode == followup.Off {
		return nil
	}
	now := r.Now()
	seen, err := r.seen(ctx, f)
	if err != nil {
		return err
	}
	waited, after := followup.Recurred(f, seen, now)
	ledger := followup.LedgerOf(f, seen, now)
	standing := followup.StandingOf(m.Ticket, r.site.Priorities)
	standing.RaisedAt, standing.ProposedAt = m.RaisedAt, m.ProposedAt

	var because []string
	edit := Edit{}
	var triggered time.Time
	if len(waited) >= rule.At {
		triggered = waited[rule.At-1].DetectedAt
	}
	e := followup.Escalate(rule, ledger.StillWaiting, len(waited), triggered, standing)
	if e.Acts() {
		because = append([]string{rule.Sentence()}, e.Because...)
		if rule.Mode == followup.DryRun {
			return r.wouldHave(ctx, l, f, because)
		}
		edit.Priority = e.RaiseTo.ID
		l.expect(e, rule.Label)
		switch e.Propose {
		case followup.ProposeLabel:
			edit.AddLabels = []string{rule.Label}
		case followup.ProposeSprint:
			if err := r.addPush(ctx, m, f.ID, PushSprint, Payload{}, strings.Join(because, " ")); err != nil {
				return err
			}
		}
		err := r.Store.UpdateTicket(ctx, m.ID, func(m *Mirror) error {
			if e.RaiseTo.ID != "" {
				m.RaisedAt = now
			}
			if e.Propose != "" {
				m.ProposedAt = now
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := r.tell(ctx, r.actor(), f.ID, "escalated in Jira", strings.Join(e.Because, " ")); err != nil {
			return err
		}
	}
	if rule.Mode == followup.DryRun {
		return nil
	}
	if notHeld(f, m.Ticket) && l.ReturnedAt.Before(f.FixFailedAt) {
		why, err := r.returned(ctx, l, m, f, rule, standing)
		if err != nil {
			return err
		}
		because = append(because, why)
	}
	ongoing := slices.ContainsFunc(append(slices.Clone(waited), after...), func(o problem.Occurrence) bool { return o.Ongoing })
	stands := followup.MilestoneOf(ledger)
	if rule.Comment && !ledger.Incomplete && m.Said[f.ID].Worth(stands, ongoing) {
		note, err := r.noteOf(ctx, m, f, ledger, because, now)
		if err != nil {
			return err
		}
		edit.Comment = note
		err = r.Store.UpdateTicket(ctx, m.ID, func(m *Mirror) error {
			if m.Said == nil {
				m.Said = map[followup.ID]followup.Milestone{}
			}
			m.Said[f.ID] = stands
			return nil
		})
		if err != nil {
			return err
		}
	}
	if edit.Empty() {
		return nil
	}
	why := strings.Join(because, " ")
	if why == "" {
		why = "the status comment, at a milestone"
	}
	return r.addPush(ctx, m, f.ID, PushEdit, Payload{Edit: edit}, why)
}

// expect makes what the rule asks of Jira part of what people here want of it, where they want anything: else it would come
// back as somebody else's change.
func (l *Link) expect(e followup.Escalation, label string) {
	if l.Bases == nil {
		l.Bases = map[Field]Base{}
	}
	if e.RaiseTo.ID != "" && l.Wishes.Priority != "" {
		l.Wishes.Priority = e.RaiseTo.ID
		l.Bases[FieldPriority] = Base{Ours: e.RaiseTo.ID, Theirs: l.Bases[FieldPriority].Theirs}
	}
	if e.Propose == followup.ProposeLabel && len(l.Wishes.Labels) > 0 {
		l.Wishes.Labels = unique(append(slices.Clone(l.Wishes.Labels), label))
		l.Bases[FieldLabels] = Base{Ours: strings.Join(l.Wishes.Labels, " "), Theirs: l.Bases[FieldLabels].Theirs}
	}
}

// wouldHave notes once what a dry run would have done.
func (r *run) wouldHave(ctx context.Context, l *Link, f followup.FollowUp, because []string) error {
	if !l.DryRunAt.IsZero() {
		return nil
	}
	l.DryRunAt = r.Now()
	return r.tell(ctx, r.actor(), f.ID, "would be escalated in Jira (dry run)", strings.Join(because[1:], " "))
}

// returned does what the rule says about the ticket of a change that did not hold.
func (r *run) returned(ctx context.Context, l *Link, m Mirror, f followup.FollowUp, rule followup.Rule, s followup.Standing) (why string, err error) {
	does, why := followup.AfterDone(rule, s, f.FixFailedAt)
	l.ReturnedAt = r.Now()
	switch does {
	case followup.ReturnReopen:
		err = r.addPush(ctx, m, f.ID, PushTransition, Payload{To: ticket.ToDo}, why)
	case followup.ReturnNew:
		err = r.fileAnew(ctx, l, m, f)
	}
	if err != nil {
		return why, err
	}
	return why, r.tell(ctx, r.actor(), f.ID, "came back after it was done in Jira", why)
}

// fileAnew asks for a new issue in place of one that is done for good. The old one is linked to it.
func (r *run) fileAnew(ctx context.Context, l *Link, m Mirror, f followup.FollowUp) error {
	fresh, err := r.asked(ctx, r.actor(), f)
	if fault.Is(err, fault.Conflict) { // no project takes it any more: a person sees it on the page
		return nil
	}
	if err != nil {
		return err
	}
	round := l.Round + 1
	mark := Mark(r.code, f.ID, round)
	fresh.Asked.Labels = slices.DeleteFunc(fresh.Asked.Labels, func(label string) bool { return label == fresh.Mark })
	fresh.Asked.Labels = append(fresh.Asked.Labels, mark)
	fresh.Asked.Mark, fresh.Mark, fresh.Round, fresh.Earlier = mark, mark, round, m.ID
	fresh.Look, fresh.Looked, fresh.ReturnedAt, fresh.CreatedAt = l.Look, l.Looked, l.ReturnedAt, l.CreatedAt
	*l = fresh
	return nil
}

// noteOf is the status comment of a ticket: a line for each follow-up that it carries.
func (r *run) noteOf(ctx context.Context, m Mirror, f followup.FollowUp, ledger followup.Ledger, because []string, now time.Time) (string, error) {
	links, err := r.Store.TicketLinksOf(ctx, m.ID)
	if err != nil {
		return "", err
	}
	var lines []NoteLine
	for _, l := range links {
		line := NoteLine{Ref: l.FollowUp.String(), URL: r.address(l.FollowUp)}
		if l.FollowUp == f.ID {
			line.Line, line.Because = followup.StatusLine(ledger), strings.Join(because, " ")
		} else {
			other, err := r.Store.FollowUp(ctx, r.actor(), l.FollowUp)
			if err != nil {
				return "", err
			}
			seen, err := r.seen(ctx, other)
			if err != nil {
				return "", err
			}
			line.Line = followup.StatusLine(followup.LedgerOf(other, seen, now))
		}
		lines = append(lines, line)
	}
	return r.Markup.Note(lines), nil
}

// address is where people open a follow-up.
func (s *Sync) address(id followup.ID) string { return s.BaseURL + "/followups/" + id.String() }

func (r *run) seen(ctx context.Context, f followup.FollowUp) ([]problem.Occurrence, error) {
	if f.Problem == 0 {
		return nil, nil
	}
	members, err := r.Store.MembersSeen(ctx, f.Problem)
	if err != nil {
		return nil, err
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, r.Now()), nil
}
