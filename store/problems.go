package store

import (
	"context"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

type problemRow struct {
	ID          int64
	Title       string
	ServiceID   *int64
	State       string
	FixFailedAt *time.Time
	MergedInto  *int64
	CreatedAt   time.Time
	UpdatedAt   time.Time `gorm:"autoUpdateTime:false"`
	Version     int64
	// kept
	Occurrences      int
	Recurrences      int
	FirstAt          *time.Time
	LastAt           *time.Time
	ImpactSeconds    int64
	HandsOnSeconds   int64
	MedianGapSeconds int64
	RestartStreak    int
}

func (problemRow) TableName() string { return "problems" }

// problem gives the problem; slugs are those of services by number.
func (r problemRow) problem(slugs map[int64]string) problem.Problem {
	p := problem.Problem{
		ID: problem.ID(r.ID), Title: r.Title, State: problem.State(r.State), FixFailedAt: moment(r.FixFailedAt),
		MergedInto: referred[problem.ID](r.MergedInto), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
		Figures: problem.Figures{
			Occurrences: r.Occurrences, Recurrences: r.Recurrences, FirstAt: moment(r.FirstAt), LastAt: moment(r.LastAt),
			Impact: time.Duration(r.ImpactSeconds) * time.Second, HandsOn: time.Duration(r.HandsOnSeconds) * time.Second,
			MedianGap: time.Duration(r.MedianGapSeconds) * time.Second, RestartStreak: r.RestartStreak,
		},
	}
	if r.ServiceID != nil {
		p.Service = slugs[*r.ServiceID]
	}
	return p
}

func toProblemRow(p problem.Problem, service *int64) problemRow {
	return problemRow{
		ID: int64(p.ID), Title: p.Title, ServiceID: service, State: string(p.State), FixFailedAt: nullable(p.FixFailedAt),
		MergedInto: reference(p.MergedInto), CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(), Version: p.Version,
		Occurrences: p.Figures.Occurrences, Recurrences: p.Figures.Recurrences, FirstAt: nullable(p.Figures.FirstAt), LastAt: nullable(p.Figures.LastAt),
		ImpactSeconds: seconds(p.Figures.Impact), HandsOnSeconds: seconds(p.Figures.HandsOn),
		MedianGapSeconds: seconds(p.Figures.MedianGap), RestartStreak: p.Figures.RestartStreak,
	}
}

// toFullSeconds gives the figures as the columns hold them.
func toFullSeconds(f problem.Figures) problem.Figures {
	for _, d := range []*time.Duration{&f.Impact, &f.HandsOn, &f.MedianGap} {
		*d = d.Truncate(time.Second)
	}
	return f
}

// problemsOf gives the problems with their services' slugs, which takes one statement.
func (s *Store) problemsOf(ctx context.Context, rows []problemRow) ([]problem.Problem, error) {
	var services []int64
	for _, r := range rows {
		if r.ServiceID != nil {
			services = append(services, *r.ServiceID)
		}
	}
	slugs := map[int64]string{}
	if len(services) > 0 {
		var found []struct {
			ID   int64
			Slug string
		}
		if err := s.db(ctx).Raw("SELECT id, slug FROM services WHERE id IN ?", services).Scan(&found).Error; err != nil {
			return nil, err
		}
		for _, f := range found {
			slugs[f.ID] = f.Slug
		}
	}
	problems := make([]problem.Problem, len(rows))
	for n, r := range rows {
		problems[n] = r.problem(slugs)
	}
	return problems, nil
}

// serviceID gives the number of the service with that slug, or nil for none.
func (s *Store) serviceID(ctx context.Context, slug string) (*int64, error) {
	if slug == "" {
		return nil, nil
	}
	ids, err := s.serviceIDs(ctx, "service", []string{slug})
	if err != nil {
		return nil, err
	}
	return &ids[0], nil
}

// Problem gives one problem, also one that is merged into another.
func (s *Store) Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return problem.Problem{}, err
	}
	return s.problem(ctx, table[problemRow](s.db(ctx)).Where("id = ?", id))
}

func (s *Store) problem(ctx context.Context, q query[problemRow]) (problem.Problem, error) {
	r, err := q.Take(ctx)
	if err != nil {
		return problem.Problem{}, explain(err, "problem")
	}
	whole, err := s.problemsOf(ctx, []problemRow{r})
	if err != nil {
		return problem.Problem{}, explain(err, "problem")
	}
	return whole[0], nil
}

// CreateProblem saves a new problem and gives it with its number.
func (s *Store) CreateProblem(ctx context.Context, p problem.Problem) (problem.Problem, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		service, err := s.serviceID(ctx, p.Service)
		if err != nil {
			return err
		}
		p.UpdatedAt, p.Version = p.CreatedAt, 1
		r := toProblemRow(p, service)
		if err := table[problemRow](s.db(ctx)).Create(ctx, &r); err != nil {
			return err
		}
		p.ID = problem.ID(r.ID)
		return problemTerms.index(ctx, s, r.ID, "", p.Title)
	})
	return p, explain(err, "problem")
}

// HoldProblem keeps others from changing a problem, or adding to it, until the transaction ends. Whoever changes several things
// takes the problem first, then its incidents, then its follow-ups, then their connections to tickets, then tickets, and of a kind
// the lowest number first: so nobody waits for somebody who waits for them. SQLite has one writer anyway.
func (s *Store) HoldProblem(ctx context.Context, id problem.ID) error {
	if s.pool == nil || id == 0 {
		return nil
	}
	_, err := table[problemRow](s.db(ctx), forUpdate).Select("id").Where("id = ?", id).Find(ctx)
	return explain(err, "problem")
}

// holdWithProblem holds a row of a table with the problem it is in, the problem first. When the row came into another problem while
// it was waited for, it is let go and both are held anew.
func (s *Store) holdWithProblem(ctx context.Context, table string, id int64) error {
	if s.pool == nil {
		return nil
	}
	problemOf := func(lock string) (problem.ID, error) {
		var of []problem.ID
		err := s.db(ctx).Raw("SELECT COALESCE(problem_id, 0) FROM "+table+" WHERE id = ?"+lock, id).Scan(&of).Error
		if err != nil || len(of) == 0 {
			return 0, err
		}
		return of[0], nil
	}
	before, err := problemOf("")
	for err == nil {
		if before != 0 {
			err = s.HoldProblem(ctx, before)
		}
		if err == nil {
			err = s.db(ctx).Exec("SAVEPOINT held").Error
		}
		if err != nil {
			return err
		}
		is, err := problemOf(" FOR NO KEY UPDATE")
		switch {
		case err != nil:
			return err
		case is == before:
			return s.db(ctx).Exec("RELEASE SAVEPOINT held").Error
		}
		if err := s.db(ctx).Exec("ROLLBACK TO SAVEPOINT held").Error; err != nil {
			return err
		}
		before = is
	}
	return err
}

// UpdateProblem reads the problem, lets change decide, and writes it. When only its kept figures change, neither its
// version nor its last change moves; without a change nothing is written.
func (s *Store) UpdateProblem(ctx context.Context, id problem.ID, change func(*problem.Problem) error) (before, after problem.Problem, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if before, err = s.problem(ctx, table[problemRow](s.db(ctx), forUpdate).Where("id = ?", id)); err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Version, after.UpdatedAt = before.ID, before.Version, before.UpdatedAt
		after.Figures = toFullSeconds(after.Figures)
		if after == before {
			return nil
		}
		said := after
		if said.Figures = before.Figures; said != before {
			after.Version, after.UpdatedAt = before.Version+1, s.now()
		}
		service, err := s.serviceID(ctx, after.Service)
		if err != nil {
			return err
		}
		if _, err := table[problemRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toProblemRow(after, service)); err != nil {
			return err
		}
		return problemTerms.index(ctx, s, int64(id), before.Title, after.Title)
	})
	return before, after, explain(err, "problem")
}

const problemLast = "COALESCE(p.last_at, p.created_at)"

var problemList = list[problemRow]{
	thing: "problem", table: "problems p", columns: "p.*", id: "p.id", usual: "-last_at",
	idOf: func(r problemRow) int64 { return r.ID },
	sorts: map[string]sortKey[problemRow]{
		"last_at": byMoment(problemLast, func(r problemRow) time.Time {
			if r.LastAt == nil {
				return r.CreatedAt
			}
			return *r.LastAt
		}),
		"occurrences": byNumber("p.occurrences", func(r problemRow) int64 { return int64(r.Occurrences) }),
		"impact":      byNumber("p.impact_seconds", func(r problemRow) int64 { return r.ImpactSeconds }),
	},
}

// Problems gives a page of those that are not merged into others. One without incidents sorts by when it was opened.
func (s *Store) Problems(ctx context.Context, viewer account.Actor, f problem.Filter, r listing.Request) (listing.Page[problem.Problem], error) {
	var none listing.Page[problem.Problem]
	if err := viewer.May(account.Viewer); err != nil {
		return none, err
	}
	q, err := s.problemSelection(ctx, f)
	if err != nil {
		return none, explain(err, "problem")
	}
	rows, err := problemList.page(ctx, s.db(ctx), q, f.Sort, r)
	if err != nil {
		return none, err
	}
	problems, err := s.problemsOf(ctx, rows.Items)
	return pageOf(rows, problems), explain(err, "problem")
}

func (s *Store) problemSelection(ctx context.Context, f problem.Filter) (selection, error) {
	q := selection{from: "problems p", where: []string{"p.merged_into IS NULL"}}
	if f.Service != "" || f.Team != 0 {
		services := selection{from: "services v"}
		if f.Service != "" {
			services.and("v.slug = ?", f.Service)
		}
		if f.Team != 0 {
			services.and("v.builder_id = ?", f.Team)
		}
		var ids []int64
		if err := s.db(ctx).Raw(services.sql("v.id", " ORDER BY v.id"), services.args...).Scan(&ids).Error; err != nil {
			return q, err
		}
		if len(ids) <= mergeAtMost {
			q.column, q.values = "p.service_id", ids
		} else {
			q.and("p.service_id IN ?", ids)
		}
	}
	if f.State != "" {
		q.and("p.state = ?", f.State)
	}
	query := strings.TrimSpace(f.Query)
	if id, err := problem.ParseID(query); err == nil {
		q.and("p.id = ?", id)
	} else if id, err := incident.ParseID(query); err == nil {
		q.and("p.id = (SELECT problem_id FROM incidents WHERE id = ?)", id)
	} else if query != "" {
		return q, problemTerms.search(ctx, s, &q, "p.id", query)
	}
	return q, nil
}

// memberColumns are those that a problem's history is made of.
const memberColumns = "id, problem_id, kind, status, severity, detected_by, started_at, detected_at, declared_at, restored_at, resolved_at, reopened_at, ended_by, hands_on_seconds"

// MembersOf lists the problem's incidents, oldest first, those that never count included. Reports merged into them
// are not listed: they go where their incident goes.
func (s *Store) MembersOf(ctx context.Context, id problem.ID) (ids []problem.IncidentID, err error) {
	err = s.db(ctx).Raw("SELECT id FROM incidents WHERE problem_id = ? AND merged_into IS NULL ORDER BY started_at, id", id).Scan(&ids).Error
	return ids, explain(err, "problem")
}

// MembersSeen lists the problem's incidents that count: of kind incident, not merged; in order of start.
func (s *Store) MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error) {
	all, err := s.members(ctx, []problem.ID{id}, time.Time{})
	return all[id], err
}

// MembersOfAll lists for each problem its incidents that count and started at since or later, in order of start.
func (s *Store) MembersOfAll(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Member, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	return s.members(ctx, ids, since)
}

func (s *Store) members(ctx context.Context, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Member, error) {
	members := map[problem.ID][]problem.Member{}
	if len(ids) == 0 {
		return members, nil
	}
	condition, args := "problem_id IN ? AND kind = ? AND merged_into IS NULL", []any{ids, incident.Real}
	if !since.IsZero() {
		condition += " AND started_at >= ?"
		args = append(args, since.UTC())
	}
	found, err := s.memberRows(ctx, "SELECT "+memberColumns+" FROM incidents WHERE "+condition+" ORDER BY started_at, id", args)
	if err != nil {
		return nil, explain(err, "incident")
	}
	var segments []incidentSegmentRow
	condition, args = "g.incident_id = i.id AND i.problem_id IN ?", []any{ids}
	if !since.IsZero() {
		condition += " AND i.started_at >= ?"
		args = append(args, since.UTC())
	}
	err = s.db(ctx).Raw("SELECT g.* FROM incidents i CROSS JOIN incident_segments g WHERE "+condition+" ORDER BY g.incident_id, g.started_at", args...).Scan(&segments).Error
	if err != nil {
		return nil, explain(err, "incident")
	}
	earlier := map[int64][]incident.Segment{}
	for _, g := range segments {
		earlier[g.IncidentID] = append(earlier[g.IncidentID], g.segment())
	}
	for _, r := range found {
		i := r.incident()
		i.Segments = earlier[r.ID]
		members[i.Problem] = append(members[i.Problem], i.Member())
	}
	return members, nil
}

// memberRows reads what memberColumns name. A failure that comes often has thousands, so they are scanned by hand,
// without reflection.
func (s *Store) memberRows(ctx context.Context, statement string, args []any) ([]incidentRow, error) {
	rows, err := s.db(ctx).Raw(statement, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []incidentRow
	for rows.Next() {
		var r incidentRow
		err := rows.Scan(&r.ID, &r.ProblemID, &r.Kind, &r.Status, &r.Severity, &r.DetectedBy, &r.StartedAt, &r.DetectedAt, &r.DeclaredAt,
			&r.RestoredAt, &r.ResolvedAt, &r.ReopenedAt, &r.EndedBy, &r.HandsOnSeconds)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
