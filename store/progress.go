package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/metrics"
)

// countingBudget is how long somebody who asks for figures waits for what is still to be counted; what takes longer is told of instead.
const countingBudget = 2 * time.Second

// Progress gives the measures. What changed before is in it, unless there is so much of it that counting takes longer than a few seconds, as after an
// import of many thousands: then behind says how many marks are left.
//
// Of the whole organisation, by whole days, it comes from the tallies of days; else from the rows of those incidents.
func (s *Store) Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error) {
	if err := viewer.May(account.Viewer); err != nil {
		return p, 0, err
	}
	if behind, err = s.catchUp(ctx); err != nil {
		return p, 0, err
	}
	q.From, q.To = f.From, f.To
	midnight := func(at time.Time) bool { return at.IsZero() || at.Equal(metrics.DayOf(at).Start()) }
	whole := f.Team == "" && f.Service == "" && f.Severity == "" && midnight(f.From) && midnight(f.To) && q.Zone == nil
	p, err = s.answered(ctx, f, q, func(q metrics.Query) (metrics.Progress, error) {
		if whole {
			return s.quick(ctx, q)
		}
		// It holds every row in memory, so only one does so at a time.
		s.shelf.rows.Lock()
		defer s.shelf.rows.Unlock()
		record, err := s.recordOf(ctx, f)
		return metrics.ProgressOf(record, q), err
	})
	return p, behind, err
}

// answered gives what work makes of the question, or made of it in the same minute when nothing has changed since. What goes on, and waits, is as old as it
// is now.
func (s *Store) answered(ctx context.Context, f metrics.Filter, q metrics.Query, work func(metrics.Query) (metrics.Progress, error)) (metrics.Progress, error) {
	asked := question{f: f, q: q}
	asked.q.Now = q.Now.UTC().Truncate(time.Minute)
	if err := s.db(ctx).Raw("SELECT made FROM figures_version").Row().Scan(&asked.version); err != nil {
		return metrics.Progress{}, explain(err, "figure")
	}
	s.shelf.mu.Lock()
	p, known := s.shelf.made[asked]
	s.shelf.mu.Unlock()
	if !known {
		var err error
		if p, err = work(asked.q); err != nil {
			return p, err
		}
		s.shelf.mu.Lock()
		if len(s.shelf.made) >= answersKept || s.shelf.made == nil {
			s.shelf.made = map[question]metrics.Progress{}
		}
		s.shelf.made[asked] = p
		s.shelf.mu.Unlock()
	}
	return p.Later(q.Now.UTC().Truncate(time.Second).Sub(asked.q.Now)), nil
}

// catchUp counts what has changed, for a while, and tells how much is left.
func (s *Store) catchUp(ctx context.Context) (behind int, err error) {
	if s.txOf(ctx) != nil { // somebody reads within a change: it is counted when that is over
		return 0, nil
	}
	// After an import of many thousands nobody waits at each figure of a page: the loop counts meanwhile.
	for until := time.Now().Add(countingBudget); time.Now().Before(until) && time.Now().Unix() > s.shelf.resting.Load(); {
		_, done, err := s.countSome(ctx)
		switch {
		case errors.Is(err, errCounting):
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(countingAgain):
			}
		case done || err != nil:
			return 0, err
		}
	}
	err = s.db(ctx).Raw(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM stale_figures LIMIT %d) AS marks", listing.CountedUpTo)).Row().Scan(&behind)
	if now := time.Now(); behind > countingMuch && now.Unix() > s.shelf.resting.Load() {
		s.shelf.resting.Store(now.Add(countingRest).Unix())
	}
	return behind, explain(err, "figure")
}

// When somebody has waited in vain and this many marks are left, nobody else waits for a while.
const (
	countingMuch = 2_000
	countingRest = 10 * time.Second
)

// shelf holds the tallies that were read, and what was last made of them: both are good as long as no tally changes.
type shelf struct {
	rows    sync.Mutex
	resting atomic.Int64 // until when nobody waits for what is to be counted, in Unix seconds
	mu      sync.Mutex
	tallies map[metrics.Day]kept
	made    map[question]metrics.Progress
	queue   map[queueQuestion]any
}

// queueQuestion is what was asked of the queue, which version of it, and in which minute.
type queueQuestion struct {
	what   string
	made   int64
	minute int64
}

// ofQueue gives what sum makes of the queue, or made of it when it was the same, within the same minute. What changed before is in it.
func ofQueue[T any](ctx context.Context, s *Store, what string, now time.Time, sum func() (T, error)) (T, error) {
	var none T
	if s.txOf(ctx) != nil {
		return sum()
	}
	behind, err := s.catchUp(ctx)
	if err != nil {
		return none, err
	}
	if behind > 0 {
		return sum()
	}
	q := queueQuestion{what: what, minute: now.Unix() / 60}
	if err := s.db(ctx).Raw("SELECT made FROM figures_version").Row().Scan(&q.made); err != nil {
		return none, explain(err, "queue")
	}
	s.shelf.mu.Lock()
	known, is := s.shelf.queue[q]
	s.shelf.mu.Unlock()
	if is {
		return known.(T), nil //nolint:forcetypeassert // what says which type it is
	}
	made, err := sum()
	if err != nil {
		return none, err
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	if len(s.shelf.queue) >= answersKept || s.shelf.queue == nil {
		s.shelf.queue = map[queueQuestion]any{}
	}
	s.shelf.queue[q] = made
	return made, nil
}

type kept struct {
	made  int64
	tally metrics.Tally
}

// question is what was asked, in which minute, of which version of what is counted.
type question struct {
	f       metrics.Filter
	q       metrics.Query
	version int64 // of what is counted
}

// answersKept is how many answers are kept: a page asks one or two.
const answersKept = 32

// quick answers from the tallies of days.
func (s *Store) quick(ctx context.Context, q metrics.Query) (metrics.Progress, error) {
	open, err := s.open(ctx, q.Now)
	if err != nil {
		return metrics.Progress{}, err
	}
	tallies, err := s.tallies(ctx, q.From, q.To)
	if err != nil {
		return metrics.Progress{}, err
	}
	return metrics.Quick(tallies, open, q), nil
}

// open is what goes on now.
func (s *Store) open(ctx context.Context, now time.Time) (metrics.Open, error) {
	var o metrics.Open
	var oldest anyMoment
	err := s.db(ctx).Raw("SELECT count(*), min(started_at) FROM incident_figures WHERE ongoing").Row().Scan(&o.N, &oldest)
	if o.N > 0 {
		o.OldestAge = now.Sub(oldest.at)
	}
	return o, explain(err, "figure")
}

// tallies gives those of [from, to), in order, and reads only those that are not on the shelf.
func (s *Store) tallies(ctx context.Context, from, to time.Time) ([]metrics.Tally, error) {
	q := selection{from: "tallies"}
	if !from.IsZero() {
		q.and("day >= ?", int64(metrics.DayOf(from)))
	}
	if !to.IsZero() {
		q.and("day < ?", int64(metrics.DayOf(to.Add(metrics.Day24-1))))
	}
	var there []struct{ Day, Made int64 }
	if err := s.db(ctx).Raw(q.sql("day, made", " ORDER BY day"), q.args...).Scan(&there).Error; err != nil {
		return nil, explain(err, "figure")
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock() // who asks at the same time waits instead of reading them too
	if s.shelf.tallies == nil {
		s.shelf.tallies = map[metrics.Day]kept{}
	}
	var missing []int64
	for _, t := range there {
		if s.shelf.tallies[metrics.Day(t.Day)].made != t.Made {
			missing = append(missing, t.Day)
		}
	}
	for some := range slices.Chunk(missing, together) {
		rows, err := table[tallyRow](s.db(ctx)).Where("day IN ?", some).Find(ctx)
		if err != nil {
			return nil, explain(err, "figure")
		}
		for _, r := range rows {
			t, err := metrics.TallyFrom(metrics.Day(r.Day), r.Tally)
			if err != nil {
				return nil, fmt.Errorf("tally of %s: %w; upshot figures --recompute makes it anew", metrics.Day(r.Day).Start().Format(time.DateOnly), err)
			}
			s.shelf.tallies[t.Day] = kept{r.Made, t}
		}
	}
	all := make([]metrics.Tally, len(there))
	for n, t := range there {
		all[n] = s.shelf.tallies[metrics.Day(t.Day)].tally
	}
	return all, nil
}

// farFuture bounds what has no end.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// recordOf gives everything that a filter leaves and that has a part in its stretch of time, or goes on.
func (s *Store) recordOf(ctx context.Context, f metrics.Filter) (metrics.Record, error) {
	var r metrics.Record
	from, to := f.From, f.To
	if to.IsZero() {
		to = farFuture
	}
	picked, err := s.picked(ctx, f)
	if err != nil {
		return r, err
	}
	within := " AND (f.ongoing OR (f.counted_at >= ? AND f.counted_at < ?) OR (f.detected_at >= ? AND f.detected_at < ?) OR (f.resolved_at >= ? AND f.resolved_at < ?) OR (f.closed_at >= ? AND f.closed_at < ?))"
	var bounds []any
	for range 4 {
		bounds = append(bounds, from.UTC(), to.UTC())
	}
	own, err := s.figureRows(ctx, "WITH picked AS ("+picked.sql("i.id", "")+") SELECT "+figureColumns+" FROM picked JOIN incident_figures f ON f.incident_id = picked.id"+
		" WHERE TRUE"+within, append(slices.Clone(picked.args), bounds...)...)
	if err != nil {
		return r, err
	}
	// The occurrences that they are a part of, where another incident stands for them.
	elsewhere, err := s.figureRows(ctx, "WITH picked AS ("+picked.sql("i.id", "")+") SELECT DISTINCT "+figureColumns+` FROM picked JOIN incident_figures c ON c.incident_id = picked.id AND c.part = 'continues'
		JOIN incident_figures f ON f.incident_id = c.lead_id WHERE f.incident_id NOT IN (SELECT id FROM picked)`+within, append(slices.Clone(picked.args), bounds...)...)
	if err != nil {
		return r, err
	}
	for _, row := range own {
		r.Rows = append(r.Rows, row.row())
	}
	for _, row := range elsewhere {
		is := row.row()
		is.Elsewhere = true
		r.Rows = append(r.Rows, is)
	}
	deployments, err := s.deploymentsFor(ctx, f)
	if err != nil {
		return r, err
	}
	if r.Releases, err = s.releases(ctx, deployments, from, to); err != nil {
		return r, err
	}
	followups, err := s.followUpsChosen(ctx, followup.Filter{Team: f.Team, Service: f.Service})
	if err != nil {
		return r, err
	}
	r.Changes, err = s.changes(ctx, followups, from, to)
	return r, err
}

// picked selects the incidents that a filter leaves, of all time.
func (s *Store) picked(ctx context.Context, f metrics.Filter) (selection, error) {
	q := selection{from: "incidents i"}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return q, err
	}
	service, err := s.filterService(ctx, f.Service)
	if err != nil {
		return q, err
	}
	if team != 0 {
		q.and(`i.id IN (SELECT v.incident_id FROM services t JOIN incident_services v ON v.service_id = t.id WHERE t.builder_id = ?)`, team)
	}
	if service != 0 {
		q.and("i.id IN (SELECT v.incident_id FROM incident_services v WHERE v.service_id = ?)", service)
	}
	if f.Severity != "" {
		q.and("i.severity = ?", f.Severity)
	}
	return q, nil
}
