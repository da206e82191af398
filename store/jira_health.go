package store

import (
	"context"
	"time"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

type jiraSyncRow struct {
	SiteID        int64 `gorm:"primaryKey;autoIncrement:false"`
	CursorAt      *time.Time
	GoodAt        *time.Time
	TriedAt       *time.Time
	StartedAt     *time.Time
	CatalogueAt   *time.Time
	ReconciledAt  *time.Time
	SweptAt       *time.Time
	Trouble       string
	TroubleStatus int
	TroubleAt     *time.Time
	LoginBadAt    *time.Time
	LoginAskedAt  *time.Time
	LeaseOwner    string
	LeaseUntil    *time.Time
	Fence         int64
	Tokens        float64
	TokensAt      *time.Time
}

func (jiraSyncRow) TableName() string { return "jira_syncs" }

func (r jiraSyncRow) state() jirasync.State {
	return jirasync.State{
		Site: ticket.SiteID(r.SiteID), CursorAt: moment(r.CursorAt), GoodAt: moment(r.GoodAt), TriedAt: moment(r.TriedAt),
		StartedAt: moment(r.StartedAt), CatalogueAt: moment(r.CatalogueAt), ReconciledAt: moment(r.ReconciledAt), SweptAt: moment(r.SweptAt),
		Trouble:    jirasync.Told{Words: r.Trouble, Status: r.TroubleStatus, At: moment(r.TroubleAt)},
		LoginBadAt: moment(r.LoginBadAt), LoginAskedAt: moment(r.LoginAskedAt),
	}
}

// jiraStateColumns are those that UpdateJiraState writes: the lease and the bucket are others' business.
var jiraStateColumns = []any{
	"good_at", "tried_at", "started_at", "catalogue_at", "reconciled_at", "swept_at", "trouble", "trouble_status", "trouble_at",
	"login_bad_at", "login_asked_at",
}

// JiraState is where the sync of a site stands.
func (s *Store) JiraState(ctx context.Context, site ticket.SiteID) (jirasync.State, error) {
	r, err := table[jiraSyncRow](s.db(ctx)).Where("site_id = ?", site).Take(ctx)
	return r.state(), explain(err, "Jira site")
}

// UpdateJiraState reads it, lets change decide, and writes it.
func (s *Store) UpdateJiraState(ctx context.Context, site ticket.SiteID, change func(*jirasync.State)) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[jiraSyncRow](s.db(ctx), forUpdate).Where("site_id = ?", site).Take(ctx)
		if err != nil {
			return explain(err, "Jira site")
		}
		st := r.state()
		change(&st)
		r.CursorAt, r.GoodAt, r.TriedAt, r.StartedAt = nullable(st.CursorAt), nullable(st.GoodAt), nullable(st.TriedAt), nullable(st.StartedAt)
		r.CatalogueAt, r.ReconciledAt, r.SweptAt = nullable(st.CatalogueAt), nullable(st.ReconciledAt), nullable(st.SweptAt)
		r.Trouble, r.TroubleStatus, r.TroubleAt = st.Trouble.Words, st.Trouble.Status, nullable(st.Trouble.At)
		r.LoginBadAt, r.LoginAskedAt = nullable(st.LoginBadAt), nullable(st.LoginAskedAt)
		_, err = table[jiraSyncRow](s.db(ctx)).Where("site_id = ?", site).Select("cursor_at", jiraStateColumns...).Updates(ctx, r)
		return explain(err, "Jira site")
	})
}

// LeaseJiraSite gives the holder the site until a moment, unless another has it. Asked again by the one who has it, it is
// made longer. The number grows with every new holder.
func (s *Store) LeaseJiraSite(ctx context.Context, site ticket.SiteID, holder string, now, until time.Time) (fence int64, leads bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[jiraSyncRow](s.db(ctx), forUpdate).Where("site_id = ?", site).Take(ctx)
		if err != nil {
			return err
		}
		own := r.LeaseOwner == holder
		if leads = own || r.LeaseUntil == nil || !r.LeaseUntil.After(now); !leads {
			return nil
		}
		if fence = r.Fence; !own {
			fence++
		}
		return s.db(ctx).Exec("UPDATE jira_syncs SET lease_owner = ?, lease_until = ?, fence = ? WHERE site_id = ?", holder, until.UTC(), fence, site).Error
	})
	return fence, leads, explain(err, "Jira site")
}

// HoldsJiraSite is an error when the lease with that number is another's by now; asked inside the transaction of a write.
func (s *Store) HoldsJiraSite(ctx context.Context, site ticket.SiteID, fence int64) (bool, error) {
	r, err := table[jiraSyncRow](s.db(ctx), forUpdate).Where("site_id = ?", site).Take(ctx)
	return r.Fence == fence, explain(err, "Jira site")
}

// FreeJiraSite ends the holder's lease.
func (s *Store) FreeJiraSite(ctx context.Context, site ticket.SiteID, holder string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return explain(s.db(ctx).Exec("UPDATE jira_syncs SET lease_owner = '', lease_until = NULL WHERE site_id = ? AND lease_owner = ?", site, holder).Error, "Jira site")
	})
}

type jiraRunRow struct {
	ID            int64
	SiteID        int64
	BeganAt       time.Time
	EndedAt       time.Time
	Outcome       string
	LagSeconds    int64
	Issues        int
	Changed       int
	Trouble       string
	TroubleStatus int
}

func (jiraRunRow) TableName() string { return "jira_runs" }

func (r jiraRunRow) run() jirasync.Run {
	return jirasync.Run{
		Site: ticket.SiteID(r.SiteID), BeganAt: r.BeganAt.UTC(), EndedAt: r.EndedAt.UTC(), Outcome: jirasync.RunOutcome(r.Outcome),
		Lag: lasting(r.LagSeconds), Issues: r.Issues, Changed: r.Changed,
		Trouble: jirasync.Told{Words: r.Trouble, Status: r.TroubleStatus, At: r.EndedAt.UTC()},
	}
}

func runs(rows []jiraRunRow) []jirasync.Run {
	all := make([]jirasync.Run, len(rows))
	for n, r := range rows {
		all[n] = r.run()
	}
	return all
}

// AddJiraRun notes how a run ended.
func (s *Store) AddJiraRun(ctx context.Context, run jirasync.Run) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r := jiraRunRow{
			SiteID: int64(run.Site), BeganAt: run.BeganAt.UTC(), EndedAt: run.EndedAt.UTC(), Outcome: string(run.Outcome),
			LagSeconds: seconds(run.Lag), Issues: run.Issues, Changed: run.Changed, Trouble: run.Trouble.Words, TroubleStatus: run.Trouble.Status,
		}
		return explain(table[jiraRunRow](s.db(ctx)).Create(ctx, &r), "run")
	})
}

// ForgetJira deletes runs, hints, settled pushes and pauses from before a moment.
func (s *Store) ForgetJira(ctx context.Context, before time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		for _, statement := range []string{
			"DELETE FROM jira_runs WHERE began_at < ?", "DELETE FROM jira_hints WHERE at < ?", "DELETE FROM jira_pauses WHERE until < ?",
			"DELETE FROM jira_pushes WHERE done_at < ?",
		} {
			if err := s.db(ctx).Exec(statement, before.UTC()).Error; err != nil {
				return explain(err, "run")
			}
		}
		return nil
	})
}

// The bounds of what a page of health shows.
const (
	runsShown   = 24 * time.Hour
	errorsSince = 7 * 24 * time.Hour
	errorsShown = 50
)

// JiraHealth is how the sync of every site is doing, in the order of the sites.
func (s *Store) JiraHealth(ctx context.Context, now time.Time) ([]jirasync.Health, error) {
	sites, err := s.JiraSites(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]jirasync.Health, len(sites))
	for n, site := range sites {
		if all[n], err = s.healthOf(ctx, site, now); err != nil {
			return nil, explain(err, "Jira site")
		}
	}
	return all, nil
}

func (s *Store) healthOf(ctx context.Context, site jirasync.Site, now time.Time) (jirasync.Health, error) {
	site.SealedToken, site.SealedHookSecrets = "", ""
	h := jirasync.Health{Site: site}
	var err error
	if h.State, err = s.JiraState(ctx, site.ID); err != nil {
		return h, err
	}
	hints, err := table[jiraHintRow](s.db(ctx)).Where("site_id = ?", site.ID).Order("id DESC").Limit(1).Find(ctx)
	if err != nil {
		return h, err
	}
	for _, hint := range hints {
		h.State.HookSeenAt = hint.At.UTC()
	}
	pauses, err := table[jiraPauseRow](s.db(ctx)).Where("site_id = ?", site.ID).Order("until DESC").Limit(errorsShown).Find(ctx)
	if err != nil {
		return h, err
	}
	for _, p := range pauses {
		h.Pauses = append(h.Pauses, p.pause())
	}
	lately, err := table[jiraRunRow](s.db(ctx)).Where("site_id = ? AND began_at >= ?", site.ID, now.Add(-runsShown).UTC()).Order("began_at, id").Find(ctx)
	if err != nil {
		return h, err
	}
	h.Runs = runs(lately)
	bad, err := table[jiraRunRow](s.db(ctx)).Where("site_id = ? AND outcome <> 'good' AND began_at >= ?", site.ID, now.Add(-errorsSince).UTC()).
		Order("id DESC").Limit(errorsShown).Find(ctx)
	if err != nil {
		return h, err
	}
	h.Errors = runs(bad)
	for _, count := range []struct {
		into      *int
		statement string
	}{
		{&h.Waiting, "SELECT (SELECT count(*) FROM jira_pushes WHERE site_id = ? AND state IN ('waiting', 'sending')) + (SELECT count(*) FROM ticket_links WHERE site_id = ? AND state IN ('pending', 'sending'))"},
		{&h.Dead, "SELECT (SELECT count(*) FROM jira_pushes WHERE site_id = ? AND state = 'dead') + (SELECT count(*) FROM ticket_links WHERE site_id = ? AND state = 'needs_configuration')"},
		{&h.Mirrored, "SELECT (SELECT count(*) FROM tickets WHERE site_id = ?) + 0 * ?"},
		{&h.Gone, "SELECT (SELECT count(*) FROM tickets WHERE site_id = ? AND gone_at IS NOT NULL) + 0 * ?"},
		{&h.Conflicts, "SELECT (SELECT count(*) FROM ticket_links WHERE site_id = ? AND conflicts <> '[]') + 0 * ?"},
		{&h.Decisions, "SELECT (SELECT count(*) FROM ticket_links WHERE site_id = ? AND asks_decision) + 0 * ?"},
		{&h.Unplaced, "SELECT (SELECT count(*) FROM jira_statuses WHERE site_id = ? AND category = 'unknown' AND placed = '') + 0 * ?"},
		{&h.Partial, "SELECT (SELECT count(*) FROM tickets WHERE site_id = ? AND partial) + 0 * ?"},
		{&h.Off, "SELECT (SELECT count(*) FROM tickets WHERE site_id = ? AND off_seconds > 0) + 0 * ?"},
	} {
		if err := s.db(ctx).Raw(count.statement, site.ID, site.ID).Scan(count.into).Error; err != nil {
			return h, err
		}
	}
	return h, nil
}

type jiraHintRow struct {
	ID       int64
	SiteID   int64
	Delivery string
	Event    string
	IssueID  string
	At       time.Time
	DoneAt   *time.Time
}

func (jiraHintRow) TableName() string { return "jira_hints" }

// AddJiraHint notes that an issue may have changed, once for each delivery, and enqueues what looks after it.
func (s *Store) AddJiraHint(ctx context.Context, h jirasync.Hint, then interface{ Kind() string }) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec("INSERT INTO jira_hints (site_id, delivery, event, issue_id, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (site_id, delivery) DO NOTHING",
			h.Site, h.Delivery, h.Event, h.IssueID, h.At.UTC())
		if done.Error != nil || done.RowsAffected == 0 {
			return explain(done.Error, "webhook")
		}
		return s.Enqueue(ctx, then)
	})
}

// JiraHints gives hints that nobody looked after yet, oldest first.
func (s *Store) JiraHints(ctx context.Context, site ticket.SiteID, limit int) ([]jirasync.Hint, error) {
	rows, err := table[jiraHintRow](s.db(ctx)).Where("site_id = ? AND done_at IS NULL", site).Order("id").Limit(limit).Find(ctx)
	if err != nil {
		return nil, explain(err, "webhook")
	}
	hints := make([]jirasync.Hint, len(rows))
	for n, r := range rows {
		hints[n] = jirasync.Hint{ID: r.ID, Site: site, Delivery: r.Delivery, Event: r.Event, IssueID: r.IssueID, At: r.At.UTC()}
	}
	return hints, nil
}

// SettleJiraHints notes that they were looked after.
func (s *Store) SettleJiraHints(ctx context.Context, hints []jirasync.Hint, now time.Time) error {
	ids := make([]int64, len(hints))
	for n, h := range hints {
		ids[n] = h.ID
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(ids, func(some []int64) error {
			_, err := table[jiraHintRow](s.db(ctx)).Where("id IN ?", some).Update(ctx, "done_at", now.UTC())
			return explain(err, "webhook")
		})
	})
}
