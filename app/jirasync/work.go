package jirasync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/ticket"
)

// The times and sizes of reading whole backlogs.
const (
	// WorkWindow is how far back the first read goes: issues that changed since then, and so all that were finished since.
	WorkWindow   = 400 * 24 * time.Hour
	workSlice    = 28 * 24 * time.Hour // of it at a time; the cursor moves after each
	workEvery    = 15 * time.Minute    // at most, while nothing is wrong
	workTime     = 3 * time.Minute     // of one run; the next one goes on
	sprintEvery  = time.Hour           // a sprint that is not over is asked about again
	sprintsAtRun = 20
)

// work reads the backlogs of the teams, under the lease of the run. Trouble with one is kept with it, and the others go on; trouble
// with the login or a limit ends it for now.
func (r *run) work(ctx context.Context) error {
	scopes, err := r.Store.Scopes(ctx)
	if err != nil {
		return err
	}
	began, ours := r.Now(), false
	for _, s := range scopes {
		if s.Site != r.site.ID {
			continue
		}
		ours = true
		lately := r.Now().Sub(s.ReadAt) < workEvery || r.Now().Sub(s.Trouble.At) < workEvery
		if lately && !r.waited || r.Now().Sub(began) > workTime {
			continue
		}
		err := r.readScope(ctx, s, began)
		var t *Trouble
		if !errors.As(err, &t) {
			if err != nil {
				return fmt.Errorf("read the work of scope %d: %w", s.ID, err)
			}
			continue
		}
		if t.Kind == Login || t.Kind == Limited {
			return r.trouble(ctx, err)
		}
		if err := r.keepScope(ctx, s, func(s *Scope) { s.Trouble = ToldOf(t, r.Now()) }); err != nil {
			return err
		}
	}
	if !ours {
		return nil
	}
	return r.trouble(ctx, r.sprints(ctx))
}

// whileSame does something to what is kept of a scope, unless another replica has the site by now, or somebody changed the scope.
func (r *run) whileSame(ctx context.Context, s Scope, do func(ctx context.Context) error) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if holds, err := r.Store.HoldsJiraSite(ctx, r.site.ID, r.fence); err != nil || !holds {
			return err
		}
		if same, err := r.Store.HoldScope(ctx, s); err != nil || !same {
			return err
		}
		return do(ctx)
	})
}

func (r *run) keepScope(ctx context.Context, s Scope, change func(*Scope)) error {
	return r.whileSame(ctx, s, func(ctx context.Context) error { return r.Store.UpdateScope(ctx, s.ID, change) })
}

// readScope reads what changed of a backlog since the cursor, and once a day compares all of its numbers.
func (r *run) readScope(ctx context.Context, s Scope, began time.Time) error {
	compare := r.Now().Sub(s.ComparedAt) >= daily
	if compare && s.Board != "" {
		was := s.JQL
		now, err := resolved(ctx, r.jira, s)
		if err != nil {
			return asTrouble(err)
		}
		if now.JQL != was || now.BoardName != s.BoardName {
			saved := false
			if err := r.whileSame(ctx, s, func(ctx context.Context) (err error) {
				now, err = r.Store.SaveScope(ctx, now)
				saved = err == nil
				return err
			}); err != nil || !saved {
				return err
			}
			s = now
		}
	}
	oldest := r.Now().Add(-WorkWindow)
	since := oldest
	if !s.CursorAt.IsZero() {
		since = s.CursorAt.Add(-overlap)
	}
	for first := true; ; first = false {
		if !first && r.Now().Sub(began) > workTime {
			return nil // the next run goes on from the cursor
		}
		q := WorkQuery{JQL: s.JQL, Since: since}
		if until := since.Add(workSlice); until.Before(r.Now().Add(-overlap)) {
			q.Until = until
		}
		highest, err := r.readWork(ctx, s, q)
		if err != nil {
			return err
		}
		if !q.Until.IsZero() {
			highest = q.Until
		}
		if err := r.keepScope(ctx, s, func(s *Scope) {
			if highest.After(s.CursorAt) {
				s.CursorAt = highest
			}
		}); err != nil {
			return err
		}
		if q.Until.IsZero() {
			break
		}
		since = q.Until
	}
	if compare {
		if err := r.compareWork(ctx, s, oldest); err != nil {
			return err
		}
	}
	return r.keepScope(ctx, s, func(s *Scope) {
		s.ReadAt, s.Trouble = began, Told{}
		if compare {
			s.ComparedAt = began
		}
	})
}

// asTrouble makes of a sentence for a person, about a board, trouble that is kept with the scope.
func asTrouble(err error) error {
	var t *Trouble
	if errors.As(err, &t) {
		return t
	}
	return &Trouble{Kind: Refused, Call: "GET board configuration", Said: err.Error(), Cause: err}
}

// readWork reads and keeps the issues of a query, and gives the latest moment of change among them.
func (r *run) readWork(ctx context.Context, s Scope, q WorkQuery) (highest time.Time, err error) {
	var issues []Issue
	keep := func() error {
		err := r.keepWork(ctx, s, issues)
		issues = nil
		return errors.Join(err, r.hold(ctx))
	}
	err = r.jira.Work(ctx, q, func(page []Issue) error {
		for _, i := range page {
			if i.UpdatedAt.After(highest) {
				highest = i.UpdatedAt
			}
		}
		if issues = append(issues, page...); len(issues) < HistoriesAtOnce {
			return r.hold(ctx)
		}
		return keep()
	})
	if err != nil {
		return highest, err
	}
	return highest, keep()
}

// keepWork reduces issues with their histories and keeps them. What changed before the cursor and is known as it is, is not read again.
func (r *run) keepWork(ctx context.Context, s Scope, issues []Issue) error {
	var ids []string
	for _, i := range issues {
		ids = append(ids, i.IssueID)
	}
	known, err := r.Store.WorkKnown(ctx, s.ID, unique(ids))
	if err != nil {
		return err
	}
	latest := map[string]Issue{}
	for _, i := range issues { // an issue may come twice when pages shift meanwhile
		at, is := known[i.IssueID]
		if is && (i.UpdatedAt.Before(at) || i.UpdatedAt.Equal(at) && !i.UpdatedAt.After(s.CursorAt)) {
			continue
		}
		if before, is := latest[i.IssueID]; !is || !i.UpdatedAt.Before(before.UpdatedAt) {
			latest[i.IssueID] = i
		}
	}
	var fresh []Issue
	for _, id := range sortedKeys(latest) {
		fresh = append(fresh, latest[id])
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := r.histories(ctx, fresh); err != nil {
		return err
	}
	whole := map[ticket.ID][]ticket.Change{}
	for n, i := range fresh {
		for _, c := range i.Changes {
			for at := range c.Items {
				if id := c.Items[at].FieldID; id != "" && id == r.site.Fields.Sprint {
					c.Items[at].Field = ticket.SprintField
				}
			}
		}
		whole[ticket.ID(n)] = i.Changes
	}
	if err := r.keepSeen(ctx, fresh, whole, r.Now()); err != nil {
		return err
	}
	if err := r.placeUnknown(ctx, fresh); err != nil {
		return err
	}
	statuses, err := r.Store.JiraStatuses(ctx, r.site.ID)
	if err != nil {
		return err
	}
	resolutions, err := r.Store.JiraResolutions(ctx, r.site.ID)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(fresh, keptTogether) {
		rows := make([]WorkRow, len(some))
		var sprints []ticket.Sprint
		for n, i := range some {
			i.Meaning = meaningOf(resolutions, i.Resolution.ID)
			rows[n] = reduced(i, statusIn(statuses))
			sprints = append(sprints, i.Sprints...)
			for _, stay := range rows[n].Sprints {
				sprints = append(sprints, ticket.Sprint{ID: stay.Sprint})
			}
		}
		if err := r.whileSame(ctx, s, func(ctx context.Context) error {
			if err := r.Store.KeepWork(ctx, s.ID, rows); err != nil {
				return err
			}
			return r.Store.KeepSprints(ctx, r.site.ID, sprints, time.Time{})
		}); err != nil {
			return err
		}
	}
	return nil
}

// reduced is what the measures need of an issue.
func reduced(i Issue, statuses func(string) ticket.Status) WorkRow {
	i.History = ticket.HistoryOf(i.Ticket, i.Changes, i.Partial, statuses)
	return WorkRow{
		IssueID: i.IssueID, Key: i.Key, Type: i.Type, Labels: i.Labels, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
		Work: ticket.WorkOf(i.Ticket, i.Changes),
	}
}

// compareWork finds the issues that have left a backlog, which no search for changes tells, and those that have come into it without
// a change of their own.
func (r *run) compareWork(ctx context.Context, s Scope, since time.Time) error {
	there, err := r.jira.WorkIDs(ctx, WorkQuery{JQL: s.JQL, Since: since})
	if err != nil {
		return err
	}
	known, err := r.Store.WorkSince(ctx, s.ID, since.Add(overlap)) // near the edge, the two sides may see it differently
	if err != nil {
		return err
	}
	if len(there) == 0 && len(known) > 0 {
		return &Trouble{Kind: Absent, Call: "POST search", Said: "Jira shows none of the issues any more that it did. Was a permission taken away?"}
	}
	have, seen := map[string]bool{}, map[string]bool{}
	for _, id := range there {
		have[id] = true
	}
	var gone, fresh []string
	for _, id := range known {
		if seen[id] = true; !have[id] {
			gone = append(gone, id)
		}
	}
	for _, id := range there {
		if !seen[id] {
			fresh = append(fresh, id)
		}
	}
	for some := range slices.Chunk(fresh, IssuesAtOnce) {
		if _, err := r.readWork(ctx, s, WorkQuery{JQL: "id in (" + strings.Join(some, ", ") + ")"}); err != nil {
			return err
		}
	}
	return r.whileSame(ctx, s, func(ctx context.Context) error { return r.Store.ForgetWork(ctx, s.ID, gone) })
}

// sprints asks about those that are not over, since the start of a sprint is no change of its issues, and once about those that are
// over and whose start no issue tells. A sprint that Jira does not show stays without a start.
func (r *run) sprints(ctx context.Context) error {
	ask, err := r.Store.SprintsToAsk(ctx, r.site.ID, r.Now().Add(-sprintEvery), sprintsAtRun)
	if err != nil {
		return err
	}
	for _, id := range ask {
		s, err := r.jira.SprintOf(ctx, id)
		var t *Trouble
		switch {
		case errors.As(err, &t) && (t.Kind == Absent || t.Kind == Refused || t.Kind == Forbidden):
			s = ticket.Sprint{State: ticket.ClosedSprint}
		case err != nil:
			return err
		}
		s.ID = id
		if err := r.Store.KeepSprints(ctx, r.site.ID, []ticket.Sprint{s}, r.Now()); err != nil {
			return err
		}
	}
	return nil
}
