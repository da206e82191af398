package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"upshot/app/metrics"
	"upshot/app/problem"
)

// How much is counted in one transaction: enough to be quick, few enough not to keep others waiting.
const (
	marksTogether = 1_000
	factsTogether = 5_000
	daysTogether  = 40
)

// countingAgain is how soon to look whether somebody else is done with counting.
const countingAgain = 20 * time.Millisecond

// countingLock keeps one at a time at counting, on PostgreSQL; SQLite has one writer anyway.
const countingLock = 7_340_001

// Counted tells what counting did.
type Counted struct {
	Incidents int // rows that differed from what was kept
	Days      int // tallies that differed
	Left      int // marks that are left, up to listing.CountedUpTo
}

// Count counts anew what has changed, until nothing is left or the context ends. Others may do so at the same time.
func (s *Store) Count(ctx context.Context) (Counted, error) {
	var sum Counted
	for {
		some, done, err := s.countSome(ctx)
		sum.Incidents += some.Incidents
		sum.Days += some.Days
		if errors.Is(err, errCounting) {
			select {
			case <-ctx.Done():
				return sum, ctx.Err()
			case <-time.After(countingAgain):
			}
			continue
		}
		if err != nil || done {
			return sum, err
		}
	}
}

// Recount counts everything anew, whoever else counts, and tells what differed from what was kept: nothing does, but for what is being changed
// meanwhile.
func (s *Store) Recount(ctx context.Context) (Counted, error) {
	if _, err := s.Count(ctx); err != nil { // what is merely late is not wrong
		return Counted{}, err
	}
	var sum Counted
	for _, part := range []struct {
		all, condition string // what there is, and how some of it are chosen
		together       int
	}{
		{"SELECT id FROM problems", "i.problem_id IN ?", 20},
		{"SELECT id FROM incidents WHERE problem_id IS NULL", "i.id IN ?", marksTogether},
	} {
		var ids []int64
		if err := s.db(ctx).Raw(part.all).Scan(&ids).Error; err != nil {
			return sum, explain(err, "figure")
		}
		for some := range slices.Chunk(ids, part.together) {
			// Days are tallied below.
			if err := s.counting(ctx, &sum, func(ctx context.Context, c *counting) error { return c.count(ctx, part.condition, some) }); err != nil {
				return sum, err
			}
		}
	}
	var days []metrics.Day
	err := s.db(ctx).Raw("SELECT day FROM tallies UNION SELECT " + s.day("finished_at") + " FROM deployments UNION SELECT " + s.day("counted_at") + " FROM incident_figures UNION SELECT " +
		s.day("detected_at") + " FROM incident_figures UNION SELECT " + s.day("resolved_at") + " FROM incident_figures WHERE resolved_at IS NOT NULL UNION SELECT " + s.day("closed_at") +
		" FROM incident_figures WHERE closed_at IS NOT NULL UNION SELECT " + s.day("started_at") + " FROM followups WHERE started_at IS NOT NULL UNION SELECT " + s.day("shipped_at") +
		" FROM followups WHERE shipped_at IS NOT NULL UNION SELECT " + s.day("fix_failed_at") + " FROM followups WHERE fix_failed_at IS NOT NULL ORDER BY 1").Scan(&days).Error
	if err != nil {
		return sum, explain(err, "figure")
	}
	for some := range slices.Chunk(days, daysTogether) {
		if err := s.counting(ctx, &sum, func(ctx context.Context, c *counting) error { return c.tally(ctx, some) }); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// day is the day of a moment in a column, as metrics.DayOf gives it.
func (s *Store) day(column string) string {
	if s.pool != nil {
		return "floor(extract(epoch FROM " + column + "))::bigint / 86400"
	}
	return "unixepoch(" + column + ") / 86400"
}

// counting does some counting in one transaction, alone, and adds up what differed.
func (s *Store) counting(ctx context.Context, sum *Counted, do func(ctx context.Context, c *counting) error) error {
	var done Counted
	err := s.InTx(ctx, func(ctx context.Context) error {
		if s.pool != nil {
			if err := s.db(ctx).Exec("SELECT pg_advisory_xact_lock(?)", countingLock).Error; err != nil {
				return err
			}
		}
		c := counting{s: s, days: map[metrics.Day]bool{}}
		err := do(ctx, &c)
		done = c.done
		return err
	})
	sum.Incidents += done.Incidents
	sum.Days += done.Days
	return explain(err, "figure")
}

type staleFigureRow struct {
	ID         int64
	IncidentID *int64
	ProblemID  *int64
}

// countSome counts what some marks ask for, in one transaction: incidents and problems first, since they mark days; each day is tallied when nothing else
// is left, once for all of its marks.
func (s *Store) countSome(ctx context.Context) (done Counted, last bool, err error) {
	var any []int64
	if err := s.db(ctx).Raw("SELECT id FROM stale_figures LIMIT 1").Scan(&any).Error; err != nil || len(any) == 0 {
		return done, true, explain(err, "figure")
	}
	err = s.InTx(ctx, func(ctx context.Context) error {
		done, last = Counted{}, false
		if s.pool != nil {
			free := false
			if err := s.db(ctx).Raw("SELECT pg_try_advisory_xact_lock(?)", countingLock).Row().Scan(&free); err != nil {
				return err
			}
			if !free {
				return errCounting
			}
		}
		if err := s.db(ctx).Exec("UPDATE figures_version SET made = made + 1").Error; err != nil {
			return err
		}
		c := counting{s: s, days: map[metrics.Day]bool{}}
		if last, err = c.some(ctx); err != nil {
			return err
		}
		done = c.done
		return nil
	})
	if errors.Is(err, errCounting) {
		return done, false, errCounting
	}
	return done, last, explain(err, "figure")
}

// errCounting says that somebody else counts just now.
var errCounting = errors.New("store: figures are being counted")

// counting is one transaction's work.
type counting struct {
	s    *Store
	days map[metrics.Day]bool
	done Counted
}

// some counts, and tells whether nothing is left.
func (c *counting) some(ctx context.Context) (last bool, err error) {
	db := c.s.db(ctx)
	var marks []staleFigureRow
	if err := db.Raw(fmt.Sprintf("SELECT id, incident_id, problem_id FROM stale_figures WHERE day IS NULL ORDER BY id LIMIT %d", marksTogether)).Scan(&marks).Error; err != nil {
		return false, err
	}
	if len(marks) > 0 {
		ids := make([]int64, len(marks))
		for n, m := range marks {
			ids[n] = m.ID
		}
		if err := db.Exec("DELETE FROM stale_figures WHERE id IN ?", ids).Error; err != nil {
			return false, err
		}
		if err := c.rows(ctx, marks); err != nil {
			return false, err
		}
	}
	var marked []struct{ Day, Latest int64 }
	if len(marks) < marksTogether {
		if err := db.Raw(fmt.Sprintf("SELECT day, max(id) AS latest FROM stale_figures WHERE day IS NOT NULL GROUP BY day ORDER BY day LIMIT %d", daysTogether)).Scan(&marked).Error; err != nil {
			return false, err
		}
	}
	if len(marks) == marksTogether {
		return false, c.later(ctx)
	}
	last = len(marked) < daysTogether
	if len(c.days)+len(marked) > daysTogether { // those that wait come first, however much is marked meanwhile
		if err := c.later(ctx); err != nil {
			return false, err
		}
		clear(c.days)
		last = false
	}
	var latest int64
	for _, m := range marked {
		c.days[metrics.Day(m.Day)] = true
		latest = max(latest, m.Latest)
	}
	days := slices.Sorted(maps.Keys(c.days))
	if len(marked) > 0 { // first: whatever is deleted was committed, so it is in what is read from here on
		if err := db.Exec("DELETE FROM stale_figures WHERE day IN ? AND id <= ?", days, latest).Error; err != nil {
			return false, err
		}
	}
	return last, c.tally(ctx, days)
}

// later marks the days that are to be tallied.
func (c *counting) later(ctx context.Context) error {
	if len(c.days) == 0 {
		return nil
	}
	return c.s.db(ctx).Exec("INSERT INTO stale_figures (day) SELECT v.column1 FROM (VALUES " + tuples(slices.Sorted(maps.Keys(c.days)), func(d metrics.Day) string { return fmt.Sprintf("(%d)", d) }) +
		") AS v WHERE NOT EXISTS (SELECT 1 FROM stale_figures m WHERE m.day = v.column1)").Error
}

// rows counts the incidents that marks ask for.
func (c *counting) rows(ctx context.Context, marks []staleFigureRow) error {
	var incidents []int64
	for _, m := range marks {
		if m.IncidentID != nil {
			incidents = append(incidents, *m.IncidentID)
		}
	}
	slices.Sort(incidents)
	incidents = slices.Compact(incidents)
	var found []struct {
		ID        int64
		ProblemID *int64
		At        time.Time
		Started   bool // At is its start; else a deployment that caused it finished then
	}
	if len(incidents) > 0 {
		err := c.s.db(ctx).Raw(`SELECT i.id, i.problem_id, i.started_at AS at, TRUE AS started FROM incidents i WHERE i.id IN ? UNION ALL
			SELECT i.id, i.problem_id, d.finished_at, FALSE FROM incidents i JOIN deployment_causes k ON k.incident_id = i.id JOIN deployments d ON d.id = k.deployment_id WHERE i.id IN ?`,
			incidents, incidents).Scan(&found).Error
		if err != nil {
			return err
		}
	}
	problems, alone := map[int64]bool{}, map[int64]bool{}
	for _, f := range found {
		if f.ProblemID != nil {
			problems[*f.ProblemID] = true
		} else {
			alone[f.ID] = true
		}
		day := metrics.DayOf(f.At)
		c.days[day] = true
		if f.Started { // a deployment of the day or of the one before may be suspected of it
			c.days[day-1] = true
		}
	}
	for _, m := range marks {
		if m.ProblemID != nil {
			problems[*m.ProblemID] = true
		}
	}
	ids := slices.Sorted(maps.Keys(problems))
	for len(ids) > 0 {
		some, err := c.fitting(ctx, ids)
		if err != nil {
			return err
		}
		if err := c.count(ctx, "i.problem_id IN ?", some); err != nil {
			return err
		}
		ids = ids[len(some):]
	}
	if len(alone) == 0 {
		return nil
	}
	return c.count(ctx, "i.id IN ?", slices.Sorted(maps.Keys(alone)))
}

// fitting gives as many of the problems as are read at once.
func (c *counting) fitting(ctx context.Context, problems []int64) ([]int64, error) {
	some := problems[:min(len(problems), 100)]
	var sizes []struct{ ProblemID, N int64 }
	if err := c.s.db(ctx).Raw("SELECT problem_id, count(*) AS n FROM incidents WHERE problem_id IN ? GROUP BY problem_id", some).Scan(&sizes).Error; err != nil {
		return nil, err
	}
	size := map[int64]int64{}
	for _, s := range sizes {
		size[s.ProblemID] = s.N
	}
	var sum int64
	for n, id := range some {
		if sum += size[id]; n > 0 && sum > factsTogether {
			return some[:n], nil
		}
	}
	return some, nil
}

// count counts the incidents of a condition, which holds of all incidents of a problem or of none.
func (c *counting) count(ctx context.Context, condition string, ids []int64) error {
	q := selection{from: "incidents i"}
	q.and(condition, ids)
	facts, err := c.s.factsOf(ctx, q)
	if err != nil || len(facts) == 0 {
		return err
	}
	was := map[int64]figureRow{}
	old, err := c.s.figureRows(ctx, "SELECT "+figureColumns+" FROM incidents i JOIN incident_figures f ON f.incident_id = i.id WHERE "+condition, ids)
	if err != nil {
		return err
	}
	for _, r := range old {
		was[r.IncidentID] = toFigureRow(r.row())
	}
	var changed []figureRow
	firsts := map[problem.ID]bool{}
	for _, r := range metrics.RowsOf(facts, c.s.now()) {
		is := toFigureRow(r)
		before, had := was[is.IncidentID]
		if had && reflect.DeepEqual(before, is) {
			continue
		}
		changed = append(changed, is)
		for _, day := range r.Days() {
			c.days[day] = true
		}
		if had {
			for _, day := range before.row().Days() {
				c.days[day] = true
			}
			start := metrics.DayOf(before.StartedAt) // what was suspected of it then
			c.days[start], c.days[start-1] = true, true
			if before.ProblemID != nil {
				firsts[problem.ID(*before.ProblemID)] = true
			}
		}
		if r.Problem != 0 {
			firsts[r.Problem] = true
		}
	}
	c.done.Incidents += len(changed)
	if err := c.write(ctx, changed); err != nil || len(firsts) == 0 {
		return err
	}
	// How long a fix took is counted from the first occurrence.
	var shipped []time.Time
	err = c.s.db(ctx).Raw("SELECT f.shipped_at FROM followups f WHERE f.problem_id IN ? AND f.shipped_at IS NOT NULL AND f.kind IN "+fixesIn, slices.Collect(maps.Keys(firsts))).Scan(&shipped).Error
	for _, at := range shipped {
		c.days[metrics.DayOf(at)] = true
	}
	return err
}

// write saves rows that are new or have changed.
func (c *counting) write(ctx context.Context, rows []figureRow) error {
	for some := range slices.Chunk(rows, together) {
		ids := make([]int64, len(some))
		for n, r := range some {
			ids[n] = r.IncidentID
		}
		if err := c.s.db(ctx).Exec("DELETE FROM incident_figures WHERE incident_id IN ?", ids).Error; err != nil {
			return err
		}
		if err := table[figureRow](c.s.db(ctx)).CreateInBatches(ctx, &some, together); err != nil {
			return err
		}
	}
	return nil
}

// tally tallies days anew, one after the other: those that follow one another are read together.
func (c *counting) tally(ctx context.Context, days []metrics.Day) error {
	var made int64
	if err := c.s.db(ctx).Raw("SELECT COALESCE(max(made), 0) FROM tallies").Row().Scan(&made); err != nil {
		return err
	}
	for len(days) > 0 {
		n := 1
		for n < len(days) && days[n] == days[0]+metrics.Day(n) {
			n++
		}
		record, err := c.s.record(ctx, days[0].Start(), days[n-1].Start().Add(metrics.Day24))
		if err != nil {
			return err
		}
		of := byDay(record)
		for _, day := range days[:n] {
			made++
			if err := c.keep(ctx, metrics.TallyOf(day, of[day]), made); err != nil {
				return err
			}
		}
		days = days[n:]
	}
	return nil
}

// byDay hands everything to the days that it has a part in.
func byDay(r metrics.Record) map[metrics.Day]metrics.Record {
	days := map[metrics.Day]metrics.Record{}
	for _, row := range r.Rows {
		on := row.Days()
		slices.Sort(on)
		for _, day := range slices.Compact(on) {
			d := days[day]
			d.Rows = append(d.Rows, row)
			days[day] = d
		}
	}
	for _, release := range r.Releases {
		d := days[metrics.DayOf(release.FinishedAt)]
		d.Releases = append(d.Releases, release)
		days[metrics.DayOf(release.FinishedAt)] = d
	}
	for _, change := range r.Changes {
		var on []metrics.Day
		for _, at := range []time.Time{change.StartedAt, change.ShippedAt, change.FailedAt} {
			if !at.IsZero() {
				on = append(on, metrics.DayOf(at))
			}
		}
		slices.Sort(on)
		for _, day := range slices.Compact(on) {
			d := days[day]
			d.Changes = append(d.Changes, change)
			days[day] = d
		}
	}
	return days
}

type tallyRow struct {
	Day   int64 `gorm:"primaryKey;autoIncrement:false"`
	Made  int64
	Tally []byte
}

func (tallyRow) TableName() string { return "tallies" }

// keep writes a tally where it differs.
func (c *counting) keep(ctx context.Context, t metrics.Tally, made int64) error {
	written := t.Bytes()
	old, err := table[tallyRow](c.s.db(ctx)).Where("day = ?", t.Day).Limit(1).Find(ctx)
	if err != nil || (len(old) > 0 && string(old[0].Tally) == string(written)) {
		return err
	}
	if len(old) == 0 && string(written) == string(metrics.Tally{}.Bytes()) {
		return nil
	}
	c.done.Days++
	return c.s.db(ctx).Exec("INSERT INTO tallies (day, made, tally) VALUES (?, ?, ?) ON CONFLICT (day) DO UPDATE SET made = excluded.made, tally = excluded.tally",
		int64(t.Day), made, written).Error
}
