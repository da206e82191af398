package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/app/problem"
)

// What the measures need is kept: how each incident counts (incident_figures) and, of that, what each day adds up to (tallies). Triggers note in
// stale_figures whatever has a part in them when it changes, in the transaction that changes it; Count counts it anew, soon after the commit, or before
// somebody reads the figures.

// figureRow is metrics.Row as it is kept.
type figureRow struct {
	IncidentID         int64 `gorm:"primaryKey;autoIncrement:false"`
	ProblemID          *int64
	Part               string
	LeadID             int64
	Members            int
	StartedAt          time.Time
	DetectedAt         time.Time
	RestoredAt         *time.Time
	CountedAt          time.Time
	Ongoing            bool
	RepairSeconds      int64
	ImpactSeconds      int64
	Wrong              bool
	WrongRepair        bool
	Unknown            bool
	GapSeconds         *int64
	NextSeconds        *int64
	Developer          bool
	ToldAt             *time.Time
	ToldBy             string
	ToldSeconds        int64
	ToldWorkingSeconds int64
	ToldEarly          bool
	ToldLate           bool
	ResolvedAt         *time.Time
	ClosedAt           *time.Time
	HasCause           bool
	Significant        bool
	Loop               string
}

func (figureRow) TableName() string { return "incident_figures" }

func toFigureRow(r metrics.Row) figureRow {
	counted := r.RestoredAt
	if counted.IsZero() {
		counted = r.StartedAt
	}
	return figureRow{
		IncidentID: int64(r.Incident), ProblemID: reference(r.Problem), Part: string(r.Part), LeadID: int64(r.Lead), Members: r.Members,
		StartedAt: r.StartedAt.UTC(), DetectedAt: r.DetectedAt.UTC(), RestoredAt: nullable(r.RestoredAt), CountedAt: counted.UTC(), Ongoing: r.Ongoing,
		RepairSeconds: seconds(r.Repair), ImpactSeconds: seconds(r.Impact), Wrong: r.Wrong, WrongRepair: r.WrongRepair, Unknown: r.Unknown,
		GapSeconds: someSeconds(r.Gap), NextSeconds: someSeconds(r.Next), Developer: r.Developer,
		ToldAt: nullable(r.ToldAt), ToldBy: string(r.ToldBy), ToldSeconds: seconds(r.Told), ToldWorkingSeconds: seconds(r.ToldWorking), ToldEarly: r.ToldEarly, ToldLate: r.ToldLate,
		ResolvedAt: nullable(r.ResolvedAt), ClosedAt: nullable(r.ClosedAt), HasCause: r.HasCause, Significant: r.Significant, Loop: string(r.Loop),
	}
}

func someSeconds(d time.Duration) *int64 {
	if d == metrics.None {
		return nil
	}
	n := seconds(d)
	return &n
}

func (r figureRow) row() metrics.Row {
	length := func(n *int64) time.Duration {
		if n == nil {
			return metrics.None
		}
		return lasting(*n)
	}
	return metrics.Row{
		Incident: incident.ID(r.IncidentID), Problem: referred[problem.ID](r.ProblemID), Part: metrics.Part(r.Part), Lead: incident.ID(r.LeadID), Members: r.Members,
		StartedAt: r.StartedAt.UTC(), DetectedAt: r.DetectedAt.UTC(), RestoredAt: moment(r.RestoredAt), Ongoing: r.Ongoing,
		Repair: lasting(r.RepairSeconds), Impact: lasting(r.ImpactSeconds), Wrong: r.Wrong, WrongRepair: r.WrongRepair, Unknown: r.Unknown,
		Gap: length(r.GapSeconds), Next: length(r.NextSeconds), Developer: r.Developer,
		ToldAt: moment(r.ToldAt), ToldBy: incident.Channel(r.ToldBy), Told: lasting(r.ToldSeconds), ToldWorking: lasting(r.ToldWorkingSeconds), ToldEarly: r.ToldEarly, ToldLate: r.ToldLate,
		ResolvedAt: moment(r.ResolvedAt), ClosedAt: moment(r.ClosedAt), HasCause: r.HasCause, Significant: r.Significant, Loop: metrics.Loop(r.Loop),
	}
}

const figureColumns = `f.incident_id, f.problem_id, f.part, f.lead_id, f.members, f.started_at, f.detected_at, f.restored_at, f.counted_at, f.ongoing,
	f.repair_seconds, f.impact_seconds, f.wrong, f.wrong_repair, f.unknown, f.gap_seconds, f.next_seconds, f.developer, f.told_at, f.told_by, f.told_seconds,
	f.told_working_seconds, f.told_early, f.told_late, f.resolved_at, f.closed_at, f.has_cause, f.significant, f.loop`

// figureRows reads what a statement selects by figureColumns: there may be very many.
func (s *Store) figureRows(ctx context.Context, statement string, args ...any) ([]figureRow, error) {
	rows, err := s.db(ctx).Raw(statement, args...).Rows()
	if err != nil {
		return nil, explain(err, "figure")
	}
	defer func() { _ = rows.Close() }()
	var all []figureRow
	for rows.Next() {
		var r figureRow
		if err := rows.Scan(&r.IncidentID, &r.ProblemID, &r.Part, &r.LeadID, &r.Members, &r.StartedAt, &r.DetectedAt, &r.RestoredAt, &r.CountedAt, &r.Ongoing,
			&r.RepairSeconds, &r.ImpactSeconds, &r.Wrong, &r.WrongRepair, &r.Unknown, &r.GapSeconds, &r.NextSeconds, &r.Developer, &r.ToldAt, &r.ToldBy, &r.ToldSeconds,
			&r.ToldWorkingSeconds, &r.ToldEarly, &r.ToldLate, &r.ResolvedAt, &r.ClosedAt, &r.HasCause, &r.Significant, &r.Loop); err != nil {
			return nil, explain(err, "figure")
		}
		all = append(all, r)
	}
	return all, explain(rows.Err(), "figure")
}

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

// record gives everything that has a part in a stretch of time, of the whole organisation.
func (s *Store) record(ctx context.Context, from, to time.Time) (metrics.Record, error) {
	var r metrics.Record
	var rows []figureRow
	for _, by := range []struct{ column, of string }{
		{"counted_at", ""}, {"detected_at", ""}, {"resolved_at", " AND resolved_at IS NOT NULL AND significant AND part IN ('occurrence', 'continues')"}, {"closed_at", ""},
	} {
		some, err := s.figureRows(ctx, "SELECT "+figureColumns+" FROM incident_figures f WHERE f."+by.column+" >= ? AND f."+by.column+" < ?"+by.of, from.UTC(), to.UTC())
		if err != nil {
			return r, err
		}
		rows = append(rows, some...)
	}
	slices.SortFunc(rows, func(a, b figureRow) int { return cmp.Compare(a.IncidentID, b.IncidentID) })
	for _, row := range slices.CompactFunc(rows, func(a, b figureRow) bool { return a.IncidentID == b.IncidentID }) {
		r.Rows = append(r.Rows, row.row())
	}
	var err error
	if r.Releases, err = s.releases(ctx, selection{from: "deployments d"}, from, to); err != nil {
		return r, err
	}
	r.Changes, err = s.changes(ctx, selection{from: "followups"}, from, to)
	return r, err
}

// releases gives the deployments of a selection that finished in production within a stretch of time.
func (s *Store) releases(ctx context.Context, q selection, from, to time.Time) ([]metrics.Release, error) {
	q.and("d.production AND d.finished_at >= ? AND d.finished_at < ?", from.UTC(), to.UTC())
	var rows []struct {
		ID          int64
		FinishedAt  time.Time
		Outcome     string
		Suspected   bool
		Caused      int64
		Outside     int64
		RecoveredAt anyMoment
	}
	// See deployment.Suspected and Store.MayHaveCaused.
	err := s.db(ctx).Raw(q.sql(`d.id, d.finished_at, d.outcome,
	(SELECT count(*) FROM deployment_causes k JOIN incidents i ON i.id = k.incident_id WHERE k.deployment_id = d.id AND k.verdict = 'confirmed' AND `+harm+`) AS caused,
	(SELECT count(*) FROM deployment_causes k JOIN incidents i ON i.id = k.incident_id WHERE k.deployment_id = d.id AND k.verdict = 'confirmed' AND `+counted+` AND NOT (`+harm+`)) AS outside,
	(SELECT max(COALESCE(i.restored_at, i.resolved_at)) FROM deployment_causes k JOIN incidents i ON i.id = k.incident_id WHERE k.deployment_id = d.id AND k.verdict = 'confirmed' AND `+harm+`) AS recovered_at,
	(d.outcome = 'succeeded' AND EXISTS (SELECT 1 FROM incident_services l CROSS JOIN incidents i WHERE l.service_id = d.service_id AND l.started_at >= d.finished_at
		AND l.started_at <= `+s.dayLater("d.finished_at")+` AND i.id = l.incident_id AND `+harm+`
		AND NOT EXISTS (SELECT 1 FROM deployment_causes c WHERE c.deployment_id = d.id AND c.incident_id = i.id)
		AND NOT EXISTS (SELECT 1 FROM deployments n WHERE n.service_id = l.service_id AND n.production AND n.outcome = 'succeeded' AND n.finished_at <= l.started_at
			AND (n.finished_at > d.finished_at OR (n.finished_at = d.finished_at AND n.id > d.id))))) AS suspected`, ""), q.args...).Scan(&rows).Error
	releases := make([]metrics.Release, len(rows))
	for n, r := range rows {
		releases[n] = metrics.Release{
			Deployment: deployment.ID(r.ID), FinishedAt: r.FinishedAt.UTC(), RolledBack: r.Outcome == "rolled_back", Failed: r.Outcome == "failed",
			Caused: r.Caused > 0, Outside: r.Caused == 0 && r.Outside > 0, Suspected: r.Suspected, RecoveredAt: r.RecoveredAt.at,
		}
	}
	return releases, explain(err, "deployment")
}

// harm is what a deployment of ours can have caused: neither the infrastructure nor something outside did.
const harm = counted + ` AND i.class <> 'infrastructure' AND NOT EXISTS (SELECT 1 FROM notes o WHERE o.incident_id = i.id AND o.kind = 'cause' AND o.cause_class = 'dependency')`

// dayLater is the moment a day after the one in a column.
func (s *Store) dayLater(column string) string {
	if s.pool != nil {
		return column + " + interval '24 hours'"
	}
	return "datetime(" + column + ", '+1 day') || '+00:00'" // sorts as the moments of the column do
}

// changes gives the follow-ups of a selection that somebody started, or that shipped or failed, within a stretch of time.
func (s *Store) changes(ctx context.Context, q selection, from, to time.Time) ([]metrics.Change, error) {
	var changes []metrics.Change
	seen := map[int64]bool{}
	for _, by := range []string{"started_at", "shipped_at", "fix_failed_at"} {
		own := q
		own.where, own.args = slices.Clone(q.where), slices.Clone(q.args)
		own.and("followups."+by+" >= ? AND followups."+by+" < ?", from.UTC(), to.UTC())
		var rows []struct {
			ID             int64
			Kind           string
			StartedAt      *time.Time
			WaitingSeconds int64
			Incomplete     bool
			ShippedAt      *time.Time
			FixFailedAt    *time.Time
			FirstAt        anyMoment
		}
		err := s.db(ctx).Raw(own.sql(`followups.id, followups.kind, followups.started_at, followups.waiting_seconds, followups.incomplete, followups.shipped_at, followups.fix_failed_at,
			(SELECT min(f.detected_at) FROM incident_figures f WHERE f.problem_id = followups.problem_id AND f.part = 'occurrence') AS first_at`, ""), own.args...).Scan(&rows).Error
		if err != nil {
			return nil, explain(err, "follow-up")
		}
		for _, r := range rows {
			if seen[r.ID] {
				continue
			}
			seen[r.ID] = true
			changes = append(changes, metrics.Change{
				StartedAt: moment(r.StartedAt), Waited: lasting(r.WaitingSeconds), Known: !r.Incomplete, ShippedAt: moment(r.ShippedAt), FailedAt: moment(r.FixFailedAt),
				Fix: !followup.Kind(r.Kind).Practice(), FirstAt: r.FirstAt.at,
			})
		}
	}
	return changes, nil
}
