package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/jirasync"
	"upshot/app/metrics"
	"upshot/app/ticket"
)

type workScopeRow struct {
	ID            int64
	SiteID        int64
	TeamID        int64
	Board         string
	BoardName     string
	JQL           string `gorm:"column:jql"`
	Labels        string
	Types         string
	CursorAt      *time.Time
	ReadAt        *time.Time
	ComparedAt    *time.Time
	Trouble       string
	TroubleStatus int
	TroubleAt     *time.Time
	Revision      int64
}

func (workScopeRow) TableName() string { return "work_scopes" }

func (r workScopeRow) scope() (jirasync.Scope, error) {
	s := jirasync.Scope{
		ID: jirasync.ScopeID(r.ID), Site: ticket.SiteID(r.SiteID), Team: catalog.TeamID(r.TeamID), Board: r.Board, BoardName: r.BoardName, JQL: r.JQL,
		CursorAt: moment(r.CursorAt), ReadAt: moment(r.ReadAt), ComparedAt: moment(r.ComparedAt), Revision: r.Revision,
		Trouble: jirasync.Told{Words: r.Trouble, Status: r.TroubleStatus, At: moment(r.TroubleAt)},
	}
	for column, into := range map[string]any{r.Labels: &s.Labels, r.Types: &s.Types} {
		if err := fromJSON(column, into, "work of a team"); err != nil {
			return s, err
		}
	}
	return s, nil
}

func toWorkScopeRow(s jirasync.Scope) workScopeRow {
	return workScopeRow{
		ID: int64(s.ID), SiteID: int64(s.Site), TeamID: int64(s.Team), Board: s.Board, BoardName: s.BoardName, JQL: s.JQL,
		Labels: asJSON(append([]string{}, s.Labels...)), Types: asJSON(append([]string{}, s.Types...)),
		CursorAt: nullable(s.CursorAt), ReadAt: nullable(s.ReadAt), ComparedAt: nullable(s.ComparedAt),
		Trouble: s.Trouble.Words, TroubleStatus: s.Trouble.Status, TroubleAt: nullable(s.Trouble.At), Revision: s.Revision,
	}
}

func scopesOf(rows []workScopeRow) ([]jirasync.Scope, error) {
	all := make([]jirasync.Scope, len(rows))
	for n, r := range rows {
		var err error
		if all[n], err = r.scope(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Scopes gives which work is whose, by site.
func (s *Store) Scopes(ctx context.Context) ([]jirasync.Scope, error) {
	rows, err := table[workScopeRow](s.db(ctx)).Order("site_id, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "work of a team")
	}
	return scopesOf(rows)
}

// ScopeSizes counts the issues that are kept of each scope of a site, and those of them that are finished.
func (s *Store) ScopeSizes(ctx context.Context, site ticket.SiteID) (map[jirasync.ScopeID]metrics.Share, error) {
	var rows []struct {
		ScopeID        int64
		Finished, Kept int
	}
	err := s.db(ctx).Raw(`SELECT w.scope_id, count(w.done_at) AS finished, count(*) AS kept FROM work_issues w
		WHERE w.scope_id IN (SELECT id FROM work_scopes WHERE site_id = ?) GROUP BY w.scope_id`, site).Scan(&rows).Error
	sizes := make(map[jirasync.ScopeID]metrics.Share, len(rows))
	for _, r := range rows {
		sizes[jirasync.ScopeID(r.ScopeID)] = metrics.Share{Part: r.Finished, Whole: r.Kept}
	}
	return sizes, explain(err, "work of a team")
}

// SaveScope writes a scope: a new one when its ID is 0. When its query is another one than before, what was read by that is forgotten.
func (s *Store) SaveScope(ctx context.Context, sc jirasync.Scope) (jirasync.Scope, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		if sc.ID == 0 {
			sc.Revision = 1
			r := toWorkScopeRow(sc)
			err := table[workScopeRow](s.db(ctx)).Create(ctx, &r)
			sc.ID = jirasync.ScopeID(r.ID)
			return explain(err, "work of this team")
		}
		before, err := table[workScopeRow](s.db(ctx), forUpdate).Where("id = ?", sc.ID).Take(ctx)
		if err != nil {
			return explain(err, "work of a team")
		}
		sc.Revision = before.Revision + 1
		sc.CursorAt, sc.ReadAt, sc.ComparedAt, sc.Trouble = moment(before.CursorAt), moment(before.ReadAt), moment(before.ComparedAt), jirasync.Told{}
		if before.JQL != sc.JQL || before.SiteID != int64(sc.Site) {
			sc.CursorAt, sc.ReadAt, sc.ComparedAt = time.Time{}, time.Time{}, time.Time{}
			if _, err := table[workIssueRow](s.db(ctx)).Where("scope_id = ?", sc.ID).Delete(ctx); err != nil {
				return explain(err, "work of a team")
			}
		}
		_, err = table[workScopeRow](s.db(ctx)).Where("id = ?", sc.ID).Select("*").Updates(ctx, toWorkScopeRow(sc))
		return explain(err, "work of this team")
	})
	return sc, err
}

// HoldScope tells whether a scope is as it was, and keeps others from it until the transaction ends.
func (s *Store) HoldScope(ctx context.Context, sc jirasync.Scope) (bool, error) {
	rows, err := table[workScopeRow](s.db(ctx), forUpdate).Where("id = ? AND revision = ?", sc.ID, sc.Revision).Find(ctx)
	return len(rows) == 1, explain(err, "work of a team")
}

// UpdateScope changes where the reading of a scope stands.
func (s *Store) UpdateScope(ctx context.Context, id jirasync.ScopeID, change func(*jirasync.Scope)) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[workScopeRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "work of a team")
		}
		sc, err := r.scope()
		if err != nil {
			return err
		}
		change(&sc)
		_, err = table[workScopeRow](s.db(ctx)).Where("id = ?", id).
			Select("cursor_at", "read_at", "compared_at", "trouble", "trouble_status", "trouble_at").Updates(ctx, toWorkScopeRow(sc))
		return explain(err, "work of a team")
	})
}

// DeleteScope forgets which work is a team's, with everything that was read of it.
func (s *Store) DeleteScope(ctx context.Context, id jirasync.ScopeID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		n, err := table[workScopeRow](s.db(ctx)).Where("id = ?", id).Delete(ctx)
		if err == nil && n == 0 {
			err = gorm.ErrRecordNotFound
		}
		return explain(err, "work of a team")
	})
}

// ReadWorkAgain has everything of a site's scopes read anew; until then what is kept stays.
func (s *Store) ReadWorkAgain(ctx context.Context, site ticket.SiteID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		err := s.db(ctx).Exec("UPDATE work_scopes SET cursor_at = NULL, read_at = NULL, compared_at = NULL, revision = revision + 1 WHERE site_id = ?", site).Error
		return explain(err, "work of a team")
	})
}

type workIssueRow struct {
	ScopeID   int64  `gorm:"primaryKey;autoIncrement:false"`
	IssueID   string `gorm:"primaryKey"`
	Key       string
	Type      string
	Labels    string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
	StartedAt *time.Time
	DoneAt    *time.Time
	Declined  bool
	Reopened  int
	Withheld  bool
	Working   string
	Sprints   string
}

func (workIssueRow) TableName() string { return "work_issues" }

func toWorkIssueRow(id jirasync.ScopeID, w jirasync.WorkRow) workIssueRow {
	return workIssueRow{
		ScopeID: int64(id), IssueID: w.IssueID, Key: w.Key, Type: w.Type, Labels: asJSON(append([]string{}, w.Labels...)), CreatedAt: w.CreatedAt.UTC(),
		UpdatedAt: w.UpdatedAt.UTC(), StartedAt: nullable(w.StartedAt), DoneAt: nullable(w.DoneAt), Declined: w.Declined, Reopened: w.Reopened, Withheld: w.Withheld,
		Working: asJSON(append([]ticket.Stretch{}, w.Working...)), Sprints: asJSON(append([]ticket.Stay{}, w.Sprints...)),
	}
}

// KeepWork keeps issues of a scope as they were read.
func (s *Store) KeepWork(ctx context.Context, id jirasync.ScopeID, all []jirasync.WorkRow) error {
	rows := make([]workIssueRow, len(all))
	for n, w := range all {
		rows[n] = toWorkIssueRow(id, w)
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(rows, func(some []workIssueRow) error {
			return explain(s.db(ctx).Clauses(onConflictReplace("scope_id", "issue_id")).Create(&some).Error, "work of a team")
		})
	})
}

// WorkKnown gives, of some issues, those that are kept of a scope, with the moment of their last change.
func (s *Store) WorkKnown(ctx context.Context, id jirasync.ScopeID, issues []string) (map[string]time.Time, error) {
	known := map[string]time.Time{}
	err := chunks(issues, func(some []string) error {
		rows, err := table[workIssueRow](s.db(ctx)).Select("issue_id", "updated_at").Where("scope_id = ? AND issue_id IN ?", id, some).Find(ctx)
		for _, r := range rows {
			known[r.IssueID] = r.UpdatedAt.UTC()
		}
		return explain(err, "work of a team")
	})
	return known, err
}

// WorkSince gives the numbers of the issues that are kept of a scope and changed since.
func (s *Store) WorkSince(ctx context.Context, id jirasync.ScopeID, since time.Time) ([]string, error) {
	var ids []string
	err := s.db(ctx).Raw("SELECT issue_id FROM work_issues WHERE scope_id = ? AND updated_at >= ? ORDER BY issue_id", id, since.UTC()).Scan(&ids).Error
	return ids, explain(err, "work of a team")
}

// ForgetWork forgets issues that are no longer in a scope.
func (s *Store) ForgetWork(ctx context.Context, id jirasync.ScopeID, issues []string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(issues, func(some []string) error {
			_, err := table[workIssueRow](s.db(ctx)).Where("scope_id = ? AND issue_id IN ?", id, some).Delete(ctx)
			return explain(err, "work of a team")
		})
	})
}

type workSprintRow struct {
	SiteID    int64
	SprintID  string
	Name      string
	State     string
	StartedAt *time.Time
	AskedAt   *time.Time
}

func (workSprintRow) TableName() string { return "work_sprints" }

// KeepSprints notes sprints that were seen; what one of them does not tell stays as it was. Asked is when Jira was asked for them
// alone; zero: they came along with issues.
func (s *Store) KeepSprints(ctx context.Context, site ticket.SiteID, sprints []ticket.Sprint, asked time.Time) error {
	latest := map[string]ticket.Sprint{}
	var ids []string
	for _, sp := range sprints {
		if _, is := latest[sp.ID]; !is {
			ids = append(ids, sp.ID)
		} else if sp.State == "" {
			continue
		}
		latest[sp.ID] = sp
	}
	slices.Sort(ids) // always in this order: two that write the same ones never wait for each other
	return s.InTx(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			sp := latest[id]
			err := s.db(ctx).Exec(`INSERT INTO work_sprints (site_id, sprint_id, name, state, started_at, asked_at) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (site_id, sprint_id) DO UPDATE SET name = CASE WHEN excluded.name = '' THEN work_sprints.name ELSE excluded.name END,
				state = CASE WHEN excluded.state = '' THEN work_sprints.state ELSE excluded.state END,
				started_at = COALESCE(excluded.started_at, work_sprints.started_at), asked_at = COALESCE(excluded.asked_at, work_sprints.asked_at)`,
				site, sp.ID, sp.Name, string(sp.State), nullable(sp.StartedAt), nullable(asked)).Error
			if err != nil {
				return explain(err, "sprint")
			}
		}
		return nil
	})
}

// SprintsToAsk gives the sprints that Jira is to be asked for: those that are not over and were not asked for since before, and those
// that are over and whose start nobody has asked for yet. Those that were never asked for come first.
func (s *Store) SprintsToAsk(ctx context.Context, site ticket.SiteID, before time.Time, limit int) ([]string, error) {
	var ids []string
	err := s.db(ctx).Raw(`SELECT sprint_id FROM work_sprints WHERE site_id = ? AND (state <> 'closed' OR (started_at IS NULL AND asked_at IS NULL))
		AND (asked_at IS NULL OR asked_at < ?) ORDER BY asked_at IS NOT NULL, asked_at, sprint_id LIMIT ?`, site, before.UTC(), limit).Scan(&ids).Error
	return ids, explain(err, "sprint")
}

const workColumns = `c.site_id, w.scope_id, w.issue_id, w.key, w.type, w.labels, w.created_at, w.updated_at,
	w.started_at, w.done_at, w.declined, w.reopened, w.withheld, w.working, w.sprints,
	EXISTS (SELECT 1 FROM tickets t JOIN ticket_links l ON l.ticket_id = t.id WHERE t.site_id = c.site_id AND t.issue_id = w.issue_id) AS linked`

type readWorkRow struct {
	SiteID int64
	Linked bool
	Row    workIssueRow `gorm:"embedded"`
}

// WorkIssues gives the finished issues of a team's backlogs, or of all teams' (empty), that were done in [from, to); a zero bound is
// none. An issue of several backlogs is given once, and an incident made it if it did for any of them.
func (s *Store) WorkIssues(ctx context.Context, viewer account.Actor, team string, from, to time.Time) ([]metrics.WorkIssue, error) {
	scopes, err := s.scopesOfTeam(ctx, viewer, team)
	if err != nil {
		return nil, err
	}
	where, args := "w.done_at IS NOT NULL", []any{}
	if !from.IsZero() {
		where, args = where+" AND w.done_at >= ?", append(args, from.UTC())
	}
	if !to.IsZero() {
		where, args = where+" AND w.done_at < ?", append(args, to.UTC())
	}
	return s.workOf(ctx, scopes, []workPart{{where, args}})
}

// TeamWork gives what came into a team's backlogs and what was worked on there since a moment.
func (s *Store) TeamWork(ctx context.Context, viewer account.Actor, team string, since time.Time) (metrics.TeamWork, error) {
	var w metrics.TeamWork
	scopes, err := s.scopesOfTeam(ctx, viewer, team)
	if err != nil || len(scopes) == 0 {
		return w, err
	}
	w.Backlogs, w.ReadAt = len(scopes), scopes[0].ReadAt
	for _, sc := range scopes {
		if sc.ReadAt.Before(w.ReadAt) {
			w.ReadAt = sc.ReadAt
		}
		if sc.Trouble.Words != "" {
			w.Trouble = sc.Trouble.Words
		}
	}
	if w.Issues, err = s.workOf(ctx, scopes, []workPart{
		{"w.done_at IS NOT NULL AND w.done_at >= ?", []any{since.UTC()}},
		{"w.created_at >= ?", []any{since.UTC()}},
		{"w.done_at IS NULL AND (w.working <> '[]' OR w.sprints <> '[]')", nil},
	}); err != nil {
		return w, err
	}
	named := map[string]bool{}
	for _, i := range w.Issues {
		for _, stay := range i.Sprints {
			named[stay.Sprint] = true
		}
	}
	var sites []int64
	for _, sc := range scopes {
		sites = append(sites, int64(sc.Site))
	}
	rows, err := table[workSprintRow](s.db(ctx)).Where("site_id IN ? AND (started_at IS NULL OR started_at >= ?)", sites, since.UTC()).Order("site_id, sprint_id").Find(ctx)
	for _, r := range rows {
		sp := ticket.Sprint{ID: sprintOf(r.SiteID, r.SprintID), Name: r.Name, State: ticket.SprintState(r.State), StartedAt: moment(r.StartedAt)}
		if named[sp.ID] {
			w.Sprints = append(w.Sprints, sp)
		}
	}
	return w, explain(err, "sprint")
}

// sprintOf names a sprint among those of all sites.
func sprintOf(site int64, sprint string) string { return fmt.Sprintf("%d/%s", site, sprint) }

func (s *Store) scopesOfTeam(ctx context.Context, viewer account.Actor, team string) ([]jirasync.Scope, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q := table[workScopeRow](s.db(ctx)).Order("id")
	id, err := s.filterTeam(ctx, team)
	if err != nil {
		return nil, err
	}
	if team != "" {
		q = q.Where("team_id = ?", id)
	}
	rows, err := q.Find(ctx)
	if err != nil {
		return nil, explain(err, "work of a team")
	}
	return scopesOf(rows)
}

// workPart is a condition with an index of its own.
type workPart struct {
	where string
	args  []any
}

// workOf gives the issues of scopes for which any of the conditions holds, each once.
func (s *Store) workOf(ctx context.Context, scopes []jirasync.Scope, parts []workPart) ([]metrics.WorkIssue, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	code, err := s.Installation(ctx)
	if err != nil {
		return nil, err
	}
	by := map[int64]jirasync.Scope{}
	ids := make([]int64, len(scopes))
	for n, sc := range scopes {
		ids[n] = int64(sc.ID)
		by[ids[n]] = sc
	}
	type key struct {
		site  int64
		issue string
	}
	at := map[key]int{}
	var all []metrics.WorkIssue
	for _, p := range parts {
		in, list := s.numbers(ids)
		var rows []readWorkRow
		err := s.db(ctx).Raw("SELECT "+workColumns+" FROM work_issues w JOIN work_scopes c ON c.id = w.scope_id WHERE w.scope_id IN "+in+" AND "+p.where+
			" ORDER BY w.done_at, w.scope_id, w.issue_id", append([]any{list}, p.args...)...).Scan(&rows).Error
		if err != nil {
			return nil, explain(err, "work of a team")
		}
		for _, r := range rows {
			i, labels, err := r.issue()
			if err != nil {
				return nil, err
			}
			i.FromIncident = r.Linked || by[r.Row.ScopeID].FromIncident(labels, i.Type, jirasync.Label(code))
			k := key{r.SiteID, r.Row.IssueID}
			if n, is := at[k]; is {
				all[n].FromIncident = all[n].FromIncident || i.FromIncident
				continue
			}
			at[k] = len(all)
			all = append(all, i)
		}
	}
	return all, nil
}

func (read readWorkRow) issue() (metrics.WorkIssue, []string, error) {
	r := read.Row
	i := metrics.WorkIssue{
		Site: ticket.SiteID(read.SiteID), ID: r.IssueID, Key: r.Key, Type: r.Type, CreatedAt: r.CreatedAt.UTC(),
		Work: ticket.Work{StartedAt: moment(r.StartedAt), DoneAt: moment(r.DoneAt), Declined: r.Declined, Reopened: r.Reopened, Withheld: r.Withheld},
	}
	var labels []string
	for _, c := range []struct {
		column string
		into   any
	}{{r.Labels, &labels}, {r.Working, &i.Working}, {r.Sprints, &i.Sprints}} {
		if err := fromJSON(c.column, c.into, "work of a team"); err != nil {
			return i, nil, err
		}
	}
	for n := range i.Sprints {
		i.Sprints[n].Sprint = sprintOf(read.SiteID, i.Sprints[n].Sprint)
	}
	return i, labels, nil
}
