package jirasync

import (
	"context"
	"time"

	"upshot/app/ticket"
)

// What makes a missing issue a gone one: 404 may also mean that nobody lets us see it just now.
const (
	missingAgain = 12 * time.Hour // until it is looked for again
	missingTimes = 3
	missingFor   = 24 * time.Hour
)

// Missed is a mirror whose issue was not found by a read with a good login. Another issue of its project was seen in the
// same read, or not; deleted: Jira itself said, with its signature, that it was deleted. It is gone when Jira said so, or
// after three reads over a day in which its project could be seen.
func Missed(t ticket.Ticket, projectSeen, deleted bool, now time.Time) ticket.Ticket {
	switch {
	case !t.GoneAt.IsZero():
		return t
	case deleted:
		t.GoneAt = now
		return t
	case !projectSeen:
		return t
	}
	if t.Missing == 0 {
		t.MissingSince = now
	}
	t.Missing++
	if t.Missing >= missingTimes && now.Sub(t.MissingSince) >= missingFor {
		t.GoneAt = now
	}
	return t
}

// keepMissing notes which issues were not found. They are shown as gone in the end, and never created again by themselves.
func (r *run) keepMissing(ctx context.Context, missing []string, found []Issue, deleted map[string]bool) error {
	if len(missing) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for _, i := range found {
		seen[i.Project] = true
	}
	now := r.Now()
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		mirrored, err := r.holdIssues(ctx, missing)
		if err != nil {
			return err
		}
		for _, id := range missing {
			m, is := mirrored[id]
			if !is {
				continue
			}
			gone := m.GoneAt.IsZero()
			m.Ticket = Missed(m.Ticket, seen[m.Project], deleted[id], now)
			if err := r.Store.SaveTickets(ctx, []Mirror{m}); err != nil {
				return err
			}
			if gone = gone && !m.GoneAt.IsZero(); !gone {
				continue
			}
			links, err := r.Store.TicketLinksOf(ctx, m.ID)
			if err != nil {
				return err
			}
			for _, l := range links {
				if err := r.lose(ctx, l, m); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// lose notes on a follow-up that its issue is gone.
func (r *run) lose(ctx context.Context, l Link, m Mirror) error {
	_, err := r.Store.UpdateTicketLink(ctx, l.FollowUp, func(l *Link) error {
		l.State = ticket.LinkGone
		return nil
	})
	if err != nil {
		return err
	}
	return r.tell(ctx, r.actor(), l.FollowUp, "found gone in Jira", m.Key)
}
