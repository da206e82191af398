package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/problem"
)

// openStates keeps those follow-ups that are promised and not done, spelt as the indexes of open ones are.
const openStates = "followups.state NOT IN ('proposed', 'done', 'verified', 'declined', 'duplicate')"

// Queue lists what waits or has waited, by the cost of waiting unless the filter sorts otherwise. Proposals, and what
// was declined or is a duplicate, are in it only when the filter asks for their state.
func (s *Store) Queue(ctx context.Context, viewer account.Actor, f followup.Filter, req listing.Request) (listing.Page[followup.FollowUp], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[followup.FollowUp]{}, err
	}
	if f.State == "" && len(f.States) == 0 {
		f.States = []followup.State{followup.Queued, followup.InProgress, followup.Done, followup.Verified}
	}
	q, err := s.followUpsChosen(ctx, f)
	if err != nil {
		return listing.Page[followup.FollowUp]{}, err
	}
	return s.followUpPage(ctx, q, f.Sort, req)
}

// QueueSummary sums up the backlog of what the filter leaves; its states do not narrow. It asks a fixed number of
// questions, each answered by an index of what is open or of the last weeks.
func (s *Store) QueueSummary(ctx context.Context, viewer account.Actor, f followup.Filter, now time.Time) (followup.QueueSummary, error) {
	var sum followup.QueueSummary
	if err := viewer.May(account.Viewer); err != nil {
		return sum, err
	}
	f.State, f.States = "", nil
	return ofQueue(ctx, s, fmt.Sprintf("summary %+v", f), now, func() (followup.QueueSummary, error) { return s.queueSummary(ctx, f, now) })
}

func (s *Store) queueSummary(ctx context.Context, f followup.Filter, now time.Time) (followup.QueueSummary, error) {
	var sum followup.QueueSummary
	q, err := s.followUpsChosen(ctx, f)
	if err != nil {
		return sum, err
	}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return sum, err
	}
	own := f
	own.Team, own.Sort = "", ""
	b := backlog{s: s, q: q, now: now.UTC(), teams: map[int64]*followup.TeamQueue{}, kept: reflect.DeepEqual(own, followup.Filter{}), of: team}
	for _, gather := range []func(context.Context) error{b.open, b.finished, b.costs, b.ages, b.flow, b.started} {
		if err := gather(ctx); err != nil {
			return followup.QueueSummary{}, explain(fmt.Errorf("sum up the queue: %w", err), "queue")
		}
	}
	sum = b.sum
	for _, id := range slices.Sorted(maps.Keys(b.teams)) {
		sum.Teams = append(sum.Teams, *b.teams[id])
	}
	return sum, nil
}

// backlog gathers a summary.
type backlog struct {
	s     *Store
	q     selection
	now   time.Time
	sum   followup.QueueSummary
	teams map[int64]*followup.TeamQueue
	kept  bool  // no more is chosen than a team: what is kept answers
	of    int64 // that team; 0: all
}

func (b *backlog) team(id *int64) *followup.TeamQueue {
	n := referred[int64](id)
	if b.teams[n] == nil {
		b.teams[n] = &followup.TeamQueue{Team: catalog.TeamID(n)}
	}
	return b.teams[n]
}

// ask reads rows of what the filter leaves and the condition narrows.
func (b *backlog) ask(ctx context.Context, into any, columns, condition string, args []any, tail string) error {
	q := b.q
	q.where, q.args = slices.Clone(q.where), slices.Clone(q.args)
	q.and(condition, args...)
	return b.s.db(ctx).Raw(q.sql(columns, tail), q.args...).Scan(into).Error
}

func (b *backlog) open(ctx context.Context) error {
	q := b.q
	q.where = append(slices.Clone(q.where), openStates)
	rows, err := b.s.db(ctx).Raw(q.sql(`followups.team_id, count(*),
		count(*) FILTER (WHERE followups.still_waiting),
		count(*) FILTER (WHERE followups.still_waiting AND followups.recurrences_while_waiting > 0),
		min(followups.queued_at) FILTER (WHERE followups.still_waiting)`, " GROUP BY followups.team_id"), q.args...).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	all := &b.sum.All
	for rows.Next() {
		var (
			id                      *int64
			open, waiting, recurred int
			oldest                  anyMoment
		)
		if err := rows.Scan(&id, &open, &waiting, &recurred, &oldest); err != nil {
			return err
		}
		t := b.team(id)
		t.Open, t.Waiting, t.Recurred, t.OldestQueuedAt = open, waiting, recurred, oldest.at
		all.Open += open
		all.Waiting += waiting
		all.Recurred += recurred
		if all.OldestQueuedAt.IsZero() || (!oldest.at.IsZero() && oldest.at.Before(all.OldestQueuedAt)) {
			all.OldestQueuedAt = oldest.at
		}
	}
	return rows.Err()
}

func (b *backlog) finished(ctx context.Context) error {
	var rows []struct {
		TeamID   *int64
		Finished int
	}
	err := b.ask(ctx, &rows, "COALESCE(followups.team_id, 0) AS team_id, count(*) AS finished",
		"followups.done_at >= ?", []any{b.now.Add(-followup.FinishedWithin)}, " GROUP BY COALESCE(followups.team_id, 0)") // not in the order of an index of teams: these are few of many
	for _, r := range rows {
		b.team(r.TeamID).Finished = r.Finished
		b.sum.All.Finished += r.Finished
	}
	return err
}

// costs adds up what waiting cost, each occurrence once: from what is kept of each problem, unless the filter narrows more than the team.
func (b *backlog) costs(ctx context.Context) error {
	if !b.kept {
		return b.dearest(ctx)
	}
	q := selection{from: "waiting_costs"}
	q.and("NOT of_all")
	if b.of != 0 {
		q.and("team_id = ?", b.of)
	}
	var teams []struct{ TeamID, Cost int64 }
	if err := b.s.db(ctx).Raw(q.sql("team_id, sum(cost_seconds) AS cost", " GROUP BY team_id"), q.args...).Scan(&teams).Error; err != nil {
		return err
	}
	for _, t := range teams {
		b.team(&t.TeamID).Cost = lasting(t.Cost)
		if b.of != 0 {
			b.sum.All.Cost = lasting(t.Cost)
		}
	}
	if b.of != 0 {
		return nil
	}
	var all sql.NullInt64
	err := b.s.db(ctx).Raw("SELECT sum(cost_seconds) FROM waiting_costs WHERE of_all AND team_id = 0").Row().Scan(&all)
	b.sum.All.Cost = lasting(all.Int64)
	return err
}

// KeepCosts writes what waiting for the open follow-ups of a problem costs, where it differs.
func (s *Store) KeepCosts(ctx context.Context, id problem.ID, c followup.Costs) error {
	type row struct {
		TeamID      int64
		OfAll       bool
		CostSeconds int64
	}
	var was []row
	if err := s.db(ctx).Raw("SELECT team_id, of_all, cost_seconds FROM waiting_costs WHERE problem_id = ? ORDER BY of_all, team_id", id).Scan(&was).Error; err != nil {
		return explain(err, "cost")
	}
	var is []row
	for _, team := range slices.Sorted(maps.Keys(c.Teams)) {
		is = append(is, row{int64(team), false, seconds(c.Teams[team])})
	}
	if c.All > 0 {
		is = append(is, row{0, true, seconds(c.All)})
	}
	if slices.Equal(was, is) {
		return nil
	}
	if err := s.db(ctx).Exec("DELETE FROM waiting_costs WHERE problem_id = ?", id).Error; err != nil || len(is) == 0 {
		return explain(err, "cost")
	}
	return explain(s.db(ctx).Exec("INSERT INTO waiting_costs (problem_id, team_id, of_all, cost_seconds) VALUES "+
		tuples(is, func(r row) string { return fmt.Sprintf("(%d, %d, %t, %d)", id, r.TeamID, r.OfAll, r.CostSeconds) })).Error, "cost")
}

// dearest adds up the costs of follow-ups that a filter chooses. What an open follow-up waited through is all that its problem
// saw since it was queued, so of several on one problem the dearest holds what the others do. That is not so where one
// was set aside or done in between: those problems are added up by their occurrences.
func (b *backlog) dearest(ctx context.Context) error {
	const recurred = openStates + " AND followups.recurrences_while_waiting > 0"
	var teams []struct {
		TeamID *int64
		Cost   int64
	}
	q := b.q
	q.where = append(slices.Clone(q.where), recurred)
	err := b.s.db(ctx).Raw("SELECT team_id, sum(cost) AS cost FROM ("+
		q.sql("followups.team_id, max(followups.cost_seconds) AS cost", " GROUP BY followups.team_id, followups.problem_id")+
		") AS each_problem GROUP BY team_id", q.args...).Scan(&teams).Error
	if err != nil {
		return err
	}
	for _, r := range teams {
		b.team(r.TeamID).Cost = lasting(r.Cost)
	}
	var all sql.NullInt64
	err = b.s.db(ctx).Raw("SELECT sum(cost) FROM ("+
		q.sql("max(followups.cost_seconds) AS cost", " GROUP BY followups.problem_id")+") AS each_problem", q.args...).Row().Scan(&all)
	if err != nil {
		return err
	}
	b.sum.All.Cost = lasting(all.Int64)
	return b.uneven(ctx, q)
}

// unevenProblems is how many problems are added up by their occurrences, the dearest first. Of any further one the
// dearest follow-up alone counts.
const unevenProblems = 100

// uneven corrects the costs of problems of which one follow-up does not hold what the others do.
func (b *backlog) uneven(ctx context.Context, q selection) error {
	var problems []problem.ID
	err := b.s.db(ctx).Raw(q.sql("followups.problem_id", ` GROUP BY followups.problem_id HAVING count(*) > 1 AND max(CASE WHEN EXISTS (
		SELECT 1 FROM followup_moves m WHERE m.followup_id = followups.id AND m.state IN ('done', 'verified', 'declined', 'duplicate')
		) THEN 1 ELSE 0 END) = 1 ORDER BY max(followups.cost_seconds) DESC LIMIT `+fmt.Sprint(unevenProblems)), q.args...).Scan(&problems).Error
	if err != nil || len(problems) == 0 {
		return err
	}
	q.where, q.args = slices.Clone(q.where), slices.Clone(q.args)
	q.and("followups.problem_id IN ?", problems)
	rows, err := table[followUpRow](b.s.db(ctx)).Raw(q.sql("followups.*", ""), q.args...).Find(ctx)
	if err != nil {
		return err
	}
	promised, err := b.s.followUpsOf(ctx, rows)
	if err != nil {
		return err
	}
	// What recurs is known by what came within the window before.
	since := b.now
	for _, f := range promised {
		if at := f.Kept.QueuedAt; !at.IsZero() && at.Before(since) {
			since = at
		}
	}
	members, err := b.s.members(ctx, problems, since.Add(-problem.RecurrenceWindow-problem.FlapWindow))
	if err != nil {
		return err
	}
	for _, id := range problems {
		seen := problem.History(members[id], problem.FlapWindow, problem.RecurrenceWindow, b.now)
		var all []followup.FollowUp
		byTeam := map[catalog.TeamID][]followup.FollowUp{}
		for _, f := range promised {
			if f.Problem == id {
				all = append(all, f)
				byTeam[f.Team] = append(byTeam[f.Team], f)
			}
		}
		b.sum.All.Cost += more(all, seen, b.now)
		for team, own := range byTeam {
			b.teams[int64(team)].Cost += more(own, seen, b.now)
		}
	}
	return nil
}

// more is by how much waiting for all of these cost more than for the dearest.
func more(promised []followup.FollowUp, seen []problem.Occurrence, now time.Time) time.Duration {
	var dearest time.Duration
	var waited [][]problem.Occurrence
	for _, f := range promised {
		own := followup.RecurredWhileWaiting(f, seen, now)
		cost := followup.TotalCost(own)
		dearest = max(dearest, cost.Impact+cost.HandsOn)
		waited = append(waited, own)
	}
	together := followup.TotalCost(waited...)
	return (together.Impact + together.HandsOn - dearest).Truncate(time.Second)
}

func (b *backlog) ages(ctx context.Context) error {
	b.sum.Ages = followup.Ages()
	var columns []string
	var args []any
	for _, age := range b.sum.Ages {
		after, upTo := age.Bounds(b.now)
		within := "followups.queued_at > ? AND followups.queued_at <= ?"
		columns = append(columns, "count(*) FILTER (WHERE "+within+")",
			"count(*) FILTER (WHERE "+within+" AND followups.recurrences_while_waiting > 0)")
		args = append(args, after, upTo, after, upTo)
	}
	counts, err := b.counts(ctx, b.q, columns, args, "followups.still_waiting")
	for n := range counts {
		if age := &b.sum.Ages[n/2]; n%2 == 0 {
			age.Waiting = counts[n]
		} else {
			age.Recurred = counts[n]
		}
	}
	return err
}

// counts gives one row of counts.
func (b *backlog) counts(ctx context.Context, q selection, columns []string, columnArgs []any, condition string, args ...any) ([]int, error) {
	q.where, q.args = slices.Clone(q.where), slices.Clone(q.args)
	q.and(condition, args...)
	counts := make([]int, len(columns))
	into := make([]any, len(columns))
	for n := range counts {
		into[n] = &counts[n]
	}
	err := b.s.db(ctx).Raw(q.sql(strings.Join(columns, ", "), ""), append(slices.Clone(columnArgs), q.args...)...).Row().Scan(into...)
	return counts, err
}

// flow counts what came in and what went out each week.
func (b *backlog) flow(ctx context.Context) error {
	b.sum.Weeks = followup.LastWeeks(b.now, followup.SummaryWeeks)
	weekly := func(at string) (columns []string, args []any) {
		for _, w := range b.sum.Weeks {
			columns = append(columns, "count(*) FILTER (WHERE "+at+" >= ? AND "+at+" < ?)")
			args = append(args, w.Start, w.Start.AddDate(0, 0, 7))
		}
		return columns, args
	}
	since := b.sum.Weeks[0].Start
	columns, args := weekly("followups.queued_at")
	in, err := b.counts(ctx, b.q, columns, args, "followups.queued_at >= ?", since)
	if err != nil {
		return err
	}
	columns, args = weekly("followups.done_at")
	done, err := b.counts(ctx, b.q, columns, args, "followups.done_at >= ?", since)
	if err != nil {
		return err
	}
	q := b.q
	q.from = "followup_moves m JOIN " + q.from + " ON followups.id = m.followup_id"
	columns, args = weekly("m.at")
	aside, err := b.counts(ctx, q, columns, args,
		"m.state IN ('declined', 'duplicate') AND m.at >= ? AND followups.state = m.state AND followups.queued_at IS NOT NULL", since)
	for n := range b.sum.Weeks {
		b.sum.Weeks[n].In, b.sum.Weeks[n].Out = in[n], done[n]+aside[n]
	}
	return err
}

func (b *backlog) started(ctx context.Context) error {
	var waited []int64
	err := b.ask(ctx, &waited, "followups.waiting_seconds", "followups.started_at >= ? AND NOT followups.incomplete",
		[]any{b.now.Add(-followup.StartedWithin)}, fmt.Sprintf(" ORDER BY followups.started_at DESC LIMIT %d", followup.StartedUpTo))
	b.sum.Started = make([]time.Duration, len(waited))
	for n, seconds := range waited {
		b.sum.Started[n] = lasting(seconds)
	}
	return err
}

// anyMoment reads a moment that a function gave back: SQLite then no longer says that the text is one.
type anyMoment struct{ at time.Time }

// Scan reads it.
func (m *anyMoment) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		m.at = time.Time{}
		return nil
	case time.Time:
		m.at = v.UTC()
		return nil
	case []byte:
		return m.Scan(string(v))
	case string:
		for _, format := range sqlite3.SQLiteTimestampFormats {
			if at, err := time.Parse(format, v); err == nil {
				m.at = at.UTC()
				return nil
			}
		}
	}
	return fmt.Errorf("%v is no moment", value)
}

// Value is never asked for; gorm only takes a field that could be written, too.
func (m anyMoment) Value() (driver.Value, error) { return m.at, nil }
