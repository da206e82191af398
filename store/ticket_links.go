package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
)

var onConflictNothing = clause.OnConflict{DoNothing: true}

func onConflictReplace(columns ...string) clause.OnConflict {
	on := clause.OnConflict{UpdateAll: true}
	for _, c := range columns {
		on.Columns = append(on.Columns, clause.Column{Name: c})
	}
	return on
}

// skipLocked claims rows that no other replica is claiming just now. SQLite has one writer, so there it adds nothing.
var skipLocked = clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}

type ticketLinkRow struct {
	FollowupID      int64 `gorm:"primaryKey;autoIncrement:false"`
	SiteID          int64
	ProjectID       *int64
	State           string
	Mark            string
	TicketID        *int64
	EarlierTicketID *int64
	Filed           bool
	Round           int
	Asked           string
	Attempt         int
	Fence           int64
	Holder          string
	LeaseUntil      *time.Time
	NextAt          *time.Time
	UnknownSince    *time.Time
	Searches        int
	Trouble         string
	TroubleStatus   int
	TroubleAt       *time.Time
	LeftOut         string
	Bases           string
	Conflicts       string
	Wishes          string
	AsksDecision    bool
	LinkedBack      bool
	ReturnedAt      *time.Time
	DryRunAt        *time.Time
	Look            int64
	Looked          int64
	CreatedAt       time.Time
	LinkedAt        *time.Time
}

func (ticketLinkRow) TableName() string { return "ticket_links" }

func (r ticketLinkRow) link() (jirasync.Link, error) {
	l := jirasync.Link{
		FollowUp: followup.ID(r.FollowupID), Site: ticket.SiteID(r.SiteID), Project: referred[jirasync.ProjectID](r.ProjectID),
		State: ticket.LinkState(r.State), Mark: r.Mark, Ticket: referred[ticket.ID](r.TicketID), Earlier: referred[ticket.ID](r.EarlierTicketID),
		Filed: r.Filed, Round: r.Round, ReturnedAt: moment(r.ReturnedAt), DryRunAt: moment(r.DryRunAt), Attempt: r.Attempt, Fence: r.Fence, Holder: r.Holder, LeaseEnd: moment(r.LeaseUntil), NextAt: moment(r.NextAt),
		UnknownSince: moment(r.UnknownSince), Searches: r.Searches,
		Trouble:      jirasync.Told{Words: r.Trouble, Status: r.TroubleStatus, At: moment(r.TroubleAt)},
		AsksDecision: r.AsksDecision, LinkedBack: r.LinkedBack, Look: r.Look, Looked: r.Looked,
		CreatedAt: r.CreatedAt.UTC(), LinkedAt: moment(r.LinkedAt),
	}
	for _, c := range []struct {
		column string
		into   any
	}{{r.Asked, &l.Asked}, {r.LeftOut, &l.LeftOut}, {r.Bases, &l.Bases}, {r.Conflicts, &l.Conflicts}, {r.Wishes, &l.Wishes}} {
		if err := fromJSON(c.column, c.into, "link of "+l.FollowUp.String()); err != nil {
			return l, err
		}
	}
	return l, nil
}

func toTicketLinkRow(l jirasync.Link) ticketLinkRow {
	bases := l.Bases
	if bases == nil {
		bases = map[jirasync.Field]jirasync.Base{}
	}
	return ticketLinkRow{
		FollowupID: int64(l.FollowUp), SiteID: int64(l.Site), ProjectID: reference(l.Project), State: string(l.State), Mark: l.Mark,
		TicketID: reference(l.Ticket), EarlierTicketID: reference(l.Earlier), Filed: l.Filed, Round: l.Round, ReturnedAt: nullable(l.ReturnedAt), DryRunAt: nullable(l.DryRunAt), Asked: asJSON(l.Asked), Attempt: l.Attempt,
		Fence: l.Fence, Holder: l.Holder, LeaseUntil: nullable(l.LeaseEnd), NextAt: nullable(l.NextAt), UnknownSince: nullable(l.UnknownSince),
		Searches: l.Searches, Trouble: l.Trouble.Words, TroubleStatus: l.Trouble.Status, TroubleAt: nullable(l.Trouble.At),
		LeftOut: asJSON(append([]string{}, l.LeftOut...)), Bases: asJSON(bases), Conflicts: asJSON(append([]jirasync.Conflict{}, l.Conflicts...)),
		Wishes: asJSON(l.Wishes), AsksDecision: l.AsksDecision, LinkedBack: l.LinkedBack, Look: l.Look, Looked: l.Looked,
		CreatedAt: l.CreatedAt.UTC(), LinkedAt: nullable(l.LinkedAt),
	}
}

func ticketLinks(rows []ticketLinkRow, err error) ([]jirasync.Link, error) {
	if err != nil {
		return nil, explain(err, "ticket")
	}
	all := make([]jirasync.Link, len(rows))
	for n, r := range rows {
		if all[n], err = r.link(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// TicketLink is how a follow-up is connected; a NotFound fault when nobody asked for a ticket.
func (s *Store) TicketLink(ctx context.Context, viewer account.Actor, id followup.ID) (jirasync.Link, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return jirasync.Link{}, err
	}
	r, err := table[ticketLinkRow](s.db(ctx)).Where("followup_id = ?", id).Take(ctx)
	if err != nil {
		return jirasync.Link{}, explain(err, "ticket of "+id.String())
	}
	return r.link()
}

// CreateTicketLink writes a new connection; a Conflict fault when the follow-up has one.
func (s *Store) CreateTicketLink(ctx context.Context, l jirasync.Link) error {
	l.Look = 1
	return s.InTx(ctx, func(ctx context.Context) error {
		r := toTicketLinkRow(l)
		return explain(table[ticketLinkRow](s.db(ctx)).Create(ctx, &r), "ticket of "+l.FollowUp.String())
	})
}

// UpdateTicketLink reads a connection, lets change decide, and writes it.
func (s *Store) UpdateTicketLink(ctx context.Context, id followup.ID, change func(*jirasync.Link) error) (after jirasync.Link, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[ticketLinkRow](s.db(ctx), forUpdate).Where("followup_id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "ticket of "+id.String())
		}
		if after, err = r.link(); err != nil {
			return err
		}
		if err := change(&after); err != nil {
			return err
		}
		_, err = table[ticketLinkRow](s.db(ctx)).Where("followup_id = ?", id).Select("*").Updates(ctx, toTicketLinkRow(after))
		return explain(err, "ticket of "+id.String())
	})
	return after, err
}

// DeleteTicketLink takes a connection away; the issue stays.
func (s *Store) DeleteTicketLink(ctx context.Context, id followup.ID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[ticketLinkRow](s.db(ctx)).Where("followup_id = ?", id).Delete(ctx)
		return explain(err, "ticket of "+id.String())
	})
}

// LookAgain marks connections: something changed that may want saying in Jira or here.
func (s *Store) LookAgain(ctx context.Context, ids []followup.ID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(ids, func(some []followup.ID) error {
			return explain(s.db(ctx).Exec("UPDATE ticket_links SET look = look + 1 WHERE followup_id IN ?", some).Error, "ticket")
		})
	})
}

// HoldLinksOf keeps others from the connections of tickets until the transaction ends, lowest follow-up first: see HoldProblem.
func (s *Store) HoldLinksOf(ctx context.Context, ids []ticket.ID) error {
	return chunks(ids, func(some []ticket.ID) error {
		_, err := table[ticketLinkRow](s.db(ctx), forUpdate).Select("followup_id").Where("ticket_id IN ?", some).Order("followup_id").Find(ctx)
		return explain(err, "ticket")
	})
}

// LookAgainAt marks the connections of tickets.
func (s *Store) LookAgainAt(ctx context.Context, ids []ticket.ID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		if err := s.HoldLinksOf(ctx, ids); err != nil {
			return err
		}
		return chunks(ids, func(some []ticket.ID) error {
			return explain(s.db(ctx).Exec("UPDATE ticket_links SET look = look + 1 WHERE ticket_id IN ?", some).Error, "ticket")
		})
	})
}

// TicketLinksToLook gives connections that are marked, after one of them.
func (s *Store) TicketLinksToLook(ctx context.Context, site ticket.SiteID, after followup.ID, limit int) ([]jirasync.Link, error) {
	rows, err := table[ticketLinkRow](s.db(ctx)).Where("site_id = ? AND look <> looked AND state = 'linked' AND followup_id > ?", site, after).
		Order("followup_id").Limit(limit).Find(ctx)
	return ticketLinks(rows, err)
}

// TicketLinksOf gives the connections to a ticket.
func (s *Store) TicketLinksOf(ctx context.Context, id ticket.ID) ([]jirasync.Link, error) {
	rows, err := table[ticketLinkRow](s.db(ctx)).Where("ticket_id = ?", id).Order("followup_id").Find(ctx)
	return ticketLinks(rows, err)
}

// TicketLinksStuck gives the connections of a site that Jira refused, latest first.
func (s *Store) TicketLinksStuck(ctx context.Context, site ticket.SiteID, limit int) ([]jirasync.Link, error) {
	rows, err := table[ticketLinkRow](s.db(ctx)).Where("site_id = ? AND state = 'needs_configuration'", site).
		Order("trouble_at DESC, followup_id DESC").Limit(limit).Find(ctx)
	return ticketLinks(rows, err)
}

// TicketLinksAfter walks the connections of a site that were filed, for the sweep for doubles.
func (s *Store) TicketLinksAfter(ctx context.Context, site ticket.SiteID, after followup.ID, limit int) ([]jirasync.Link, error) {
	rows, err := table[ticketLinkRow](s.db(ctx)).Where("site_id = ? AND filed AND followup_id > ?", site, after).Order("followup_id").Limit(limit).Find(ctx)
	return ticketLinks(rows, err)
}

// ClaimTicketLinks takes connections that are due: to be sent, or, when a lease ended, to be looked for. The claim is a
// committed lease with a number of its own; whoever held an older one settles nothing any more. What is pending becomes
// sending here, before the call.
func (s *Store) ClaimTicketLinks(ctx context.Context, site ticket.SiteID, state ticket.LinkState, holder string, now, until time.Time, limit int) ([]jirasync.Link, error) {
	var claimed []jirasync.Link
	err := s.InTx(ctx, func(ctx context.Context) error {
		claimed = nil
		rows, err := table[ticketLinkRow](s.db(ctx), skipLocked).
			Where("site_id = ? AND state = ? AND next_at <= ? AND (lease_until IS NULL OR lease_until <= ?)", site, string(state), now.UTC(), now.UTC()).
			Order("next_at, followup_id").Limit(limit).Find(ctx)
		found, err := ticketLinks(rows, err)
		if err != nil {
			return err
		}
		for _, l := range found {
			l = l.Claimed(holder, now, until)
			if _, err := table[ticketLinkRow](s.db(ctx)).Where("followup_id = ?", l.FollowUp).Select("*").Updates(ctx, toTicketLinkRow(l)); err != nil {
				return explain(err, "ticket")
			}
			claimed = append(claimed, l)
		}
		return nil
	})
	return claimed, err
}

// SettleTicketLink writes what became of a claim, unless somebody else has claimed it since.
func (s *Store) SettleTicketLink(ctx context.Context, id followup.ID, fence int64, change func(*jirasync.Link) error) (settled bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		_, err := s.UpdateTicketLink(ctx, id, func(l *jirasync.Link) error {
			if settled = l.Fence == fence; !settled {
				return nil
			}
			l.LeaseEnd, l.Holder = time.Time{}, ""
			return change(l)
		})
		return err
	})
	return settled, err
}

type jiraPushRow struct {
	ID            int64
	SiteID        int64
	TicketID      int64
	FollowupID    *int64
	Kind          string
	Payload       string
	Why           string
	State         string
	Maybe         bool
	Attempt       int
	Fence         int64
	Holder        string
	LeaseUntil    *time.Time
	NextAt        time.Time
	Trouble       string
	TroubleStatus int
	CreatedAt     time.Time
	DoneAt        *time.Time
}

func (jiraPushRow) TableName() string { return "jira_pushes" }

func (r jiraPushRow) push() (jirasync.Push, error) {
	p := jirasync.Push{
		ID: jirasync.PushID(r.ID), Site: ticket.SiteID(r.SiteID), Ticket: ticket.ID(r.TicketID), FollowUp: referred[followup.ID](r.FollowupID),
		Kind: jirasync.PushKind(r.Kind), Why: r.Why, State: jirasync.PushState(r.State), Maybe: r.Maybe, Attempt: r.Attempt, Fence: r.Fence,
		NextAt: r.NextAt.UTC(), Trouble: jirasync.Told{Words: r.Trouble, Status: r.TroubleStatus}, CreatedAt: r.CreatedAt.UTC(), DoneAt: moment(r.DoneAt),
	}
	return p, fromJSON(r.Payload, &p.Payload, "push")
}

func pushes(rows []jiraPushRow, err error) ([]jirasync.Push, error) {
	if err != nil {
		return nil, explain(err, "push")
	}
	all := make([]jirasync.Push, len(rows))
	for n, r := range rows {
		if all[n], err = r.push(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// AddPush writes down what is to be changed in Jira.
func (s *Store) AddPush(ctx context.Context, p jirasync.Push) (jirasync.PushID, error) {
	r := jiraPushRow{
		SiteID: int64(p.Site), TicketID: int64(p.Ticket), FollowupID: reference(p.FollowUp), Kind: string(p.Kind), Payload: asJSON(p.Payload),
		Why: p.Why, State: string(jirasync.PushWaiting), NextAt: p.NextAt.UTC(), CreatedAt: p.CreatedAt.UTC(),
	}
	err := s.InTx(ctx, func(ctx context.Context) error { return table[jiraPushRow](s.db(ctx)).Create(ctx, &r) })
	return jirasync.PushID(r.ID), explain(err, "push")
}

// ClaimPushes takes everything that is due for one ticket, oldest first, so that it can go out together. None: nothing is due.
func (s *Store) ClaimPushes(ctx context.Context, site ticket.SiteID, holder string, now, until time.Time) ([]jirasync.Push, error) {
	var claimed []jirasync.Push
	err := s.InTx(ctx, func(ctx context.Context) error {
		claimed = nil
		const due = "site_id = ? AND state IN ('waiting', 'sending') AND next_at <= ? AND (lease_until IS NULL OR lease_until <= ?)"
		first, err := table[jiraPushRow](s.db(ctx), skipLocked).Where(due, site, now.UTC(), now.UTC()).Order("next_at, id").Limit(1).Find(ctx)
		if err != nil || len(first) == 0 {
			return explain(err, "push")
		}
		// Whoever holds the ticket's row has all of its pushes; nobody else sends for it meanwhile.
		if _, err := table[ticketRow](s.db(ctx), forUpdate).Select("id").Where("id = ?", first[0].TicketID).Take(ctx); err != nil {
			return explain(err, "ticket")
		}
		rows, err := table[jiraPushRow](s.db(ctx), forUpdate).
			Where("ticket_id = ? AND state IN ('waiting', 'sending')", first[0].TicketID).Order("id").Find(ctx)
		if err != nil {
			return explain(err, "push")
		}
		var ids []int64
		for _, r := range rows {
			if r.LeaseUntil != nil && r.LeaseUntil.After(now) { // somebody sends for this ticket: wait for them
				return nil
			}
			// An edit that waits to be tried again goes out with a newer one: after it, it would say what was true before, and
			// only it knows that its comment may be there already.
			if !r.NextAt.After(now) || r.Kind == string(jirasync.PushEdit) {
				ids = append(ids, r.ID)
			}
		}
		err = s.db(ctx).Exec(`UPDATE jira_pushes SET maybe = (maybe OR state = 'sending'), state = 'sending', attempt = attempt + 1, fence = fence + 1,
			holder = ?, lease_until = ? WHERE id IN ?`, holder, until.UTC(), ids).Error
		if err != nil {
			return explain(err, "push")
		}
		rows, err = table[jiraPushRow](s.db(ctx)).Where("id IN ?", ids).Order("id").Find(ctx)
		claimed, err = pushes(rows, err)
		return err
	})
	return claimed, err
}

// SettlePush writes what became of a claimed push, unless somebody else has claimed it since.
func (s *Store) SettlePush(ctx context.Context, p jirasync.Push) (settled bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec(`UPDATE jira_pushes SET state = ?, attempt = ?, maybe = ?, next_at = ?, trouble = ?, trouble_status = ?, done_at = ?, holder = '', lease_until = NULL
			WHERE id = ? AND fence = ? AND state = 'sending'`, string(p.State), p.Attempt, p.Maybe, p.NextAt.UTC(), p.Trouble.Words, p.Trouble.Status, nullable(p.DoneAt), p.ID, p.Fence)
		settled = done.RowsAffected > 0
		return done.Error
	})
	return settled, explain(err, "push")
}

// UpdatePush reads a push that gave up, lets change decide, and writes its state.
func (s *Store) UpdatePush(ctx context.Context, id jirasync.PushID, change func(*jirasync.Push) error) (jirasync.Push, error) {
	var p jirasync.Push
	err := s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[jiraPushRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "push")
		}
		if p, err = r.push(); err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		return explain(s.db(ctx).Exec("UPDATE jira_pushes SET state = ?, attempt = ?, next_at = ?, done_at = ? WHERE id = ?",
			string(p.State), p.Attempt, p.NextAt.UTC(), nullable(p.DoneAt), id).Error, "push")
	})
	return p, err
}

// DeadPushes gives the pushes of a site that gave up, latest first.
func (s *Store) DeadPushes(ctx context.Context, site ticket.SiteID, limit int) ([]jirasync.Push, error) {
	rows, err := table[jiraPushRow](s.db(ctx)).Where("site_id = ? AND state = 'dead'", site).Order("id DESC").Limit(limit).Find(ctx)
	return pushes(rows, err)
}

// PushesOf gives what was and is to be changed on a ticket, latest first.
func (s *Store) PushesOf(ctx context.Context, id ticket.ID, limit int) ([]jirasync.Push, error) {
	rows, err := table[jiraPushRow](s.db(ctx)).Where("ticket_id = ?", id).Order("id DESC").Limit(limit).Find(ctx)
	return pushes(rows, err)
}
