package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"upshot/app/account"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
)

// behindFigures says of each figure by which moment its incidents belong to a period, and which they are. Each has its index.
var behindFigures = map[metrics.Behind]struct{ moment, of string }{
	metrics.Repairs:     {"counted_at", "f.part = 'occurrence' AND f.restored_at IS NOT NULL AND NOT f.ongoing AND NOT f.wrong AND NOT f.wrong_repair"},
	metrics.Impacts:     {"counted_at", "f.part = 'occurrence' AND f.restored_at IS NOT NULL AND NOT f.ongoing AND NOT f.wrong"},
	metrics.Recurrences: {"detected_at", "f.part = 'occurrence' AND NOT f.unknown AND f.gap_seconds <= ?"},
	metrics.Notified:    {"detected_at", "f.part = 'occurrence'"},
	metrics.NeverTold:   {"detected_at", "f.part = 'occurrence' AND f.told_by = ''"},
	metrics.LoopsDue:    {"resolved_at", "f.resolved_at IS NOT NULL AND f.significant AND f.part IN ('occurrence', 'continues')"},
	metrics.NoCause:     {"closed_at", "f.closed_at IS NOT NULL AND NOT f.has_cause AND f.part IN ('occurrence', 'continues')"},
	metrics.Aside:       {"counted_at", "(f.part <> 'occurrence' OR f.wrong OR f.wrong_repair OR (f.restored_at IS NULL AND NOT f.ongoing))"},
}

var figureList = list[figureRow]{
	thing: "figure", table: "incident_figures f", columns: "f.*", id: "f.incident_id", idOf: func(r figureRow) int64 { return r.IncidentID },
	sorts: map[string]sortKey[figureRow]{
		"counted_at":  byMoment("f.counted_at", func(r figureRow) time.Time { return r.CountedAt }),
		"detected_at": byMoment("f.detected_at", func(r figureRow) time.Time { return r.DetectedAt }),
		"resolved_at": byMoment("f.resolved_at", func(r figureRow) time.Time { return moment(r.ResolvedAt) }),
		"closed_at":   byMoment("f.closed_at", func(r figureRow) time.Time { return moment(r.ClosedAt) }),
	},
	usual: "-counted_at",
}

// CountedRows lists the incidents behind a figure, latest first. Window is of recurrences; 0 is the usual one.
func (s *Store) CountedRows(ctx context.Context, viewer account.Actor, of metrics.Behind, f metrics.Filter, window time.Duration, r listing.Request) (listing.Page[metrics.Row], error) {
	var page listing.Page[metrics.Row]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	if _, err := s.catchUp(ctx); err != nil {
		return page, err
	}
	behind := behindFigures[of]
	q := selection{from: "incident_figures f"}
	if of == metrics.Recurrences {
		q.and(behind.of, seconds(cmp.Or(window, problem.RecurrenceWindow)))
	} else {
		q.and(behind.of)
	}
	if !f.From.IsZero() {
		q.and("f."+behind.moment+" >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q.and("f."+behind.moment+" < ?", f.To.UTC())
	}
	if f.Team != "" || f.Service != "" || f.Severity != "" {
		picked, err := s.picked(ctx, f)
		if err != nil {
			return page, err
		}
		if of == metrics.LoopsDue || of == metrics.NoCause { // figures of single incidents
			q.and("f.incident_id IN ("+picked.sql("i.id", "")+")", picked.args...)
		} else { // an occurrence is asked for by any of its incidents
			q.and("f.lead_id IN (SELECT p.lead_id FROM incident_figures p WHERE p.incident_id IN ("+picked.sql("i.id", "")+"))", picked.args...)
		}
	}
	rows, err := figureList.page(ctx, s.db(ctx), q, "-"+behind.moment, r)
	if err != nil {
		return page, err
	}
	items := make([]metrics.Row, len(rows.Items))
	for n, row := range rows.Items {
		items[n] = row.row()
	}
	return pageOf(rows, items), nil
}

// Boundary counts hand-offs of the incidents detected in a period, and how long it took until a team accepted them. How many incidents these are is
// known from Progress.
func (s *Store) Boundary(ctx context.Context, viewer account.Actor, f metrics.Filter) (metrics.Boundary, error) {
	var b metrics.Boundary
	if err := viewer.May(account.Viewer); err != nil {
		return b, err
	}
	q := selection{from: "incident_figures f"}
	q.and("f.part IN ('occurrence', 'continues')")
	if !f.From.IsZero() {
		q.and("f.detected_at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q.and("f.detected_at < ?", f.To.UTC())
	}
	if f.Team != "" || f.Service != "" || f.Severity != "" {
		picked, err := s.picked(ctx, f)
		if err != nil {
			return b, err
		}
		q.and("f.incident_id IN ("+picked.sql("i.id", "")+")", picked.args...)
	}
	// Few incidents are handed over: it is they that lead to their figures.
	within := q
	within.from = "hand_offs h CROSS JOIN incident_figures f"
	within.and("f.incident_id = h.incident_id")
	if err := s.db(ctx).Raw(within.sql("count(*)", ""), within.args...).Row().Scan(&b.HandOffs); err != nil {
		return b, explain(err, "hand-off")
	}
	within = q
	within.from = "triages t CROSS JOIN incident_figures f"
	within.and("f.incident_id = t.incident_id AND t.accepted_at IS NOT NULL AND t.took_seconds IS NOT NULL")
	var took []int64
	if err := s.db(ctx).Raw(within.sql("t.took_seconds", ""), within.args...).Scan(&took).Error; err != nil {
		return b, explain(err, "triage")
	}
	lengths := make([]time.Duration, len(took))
	for n, t := range took {
		lengths[n] = lasting(t)
	}
	b.Unaccountable = metrics.Summarise(lengths)
	return b, nil
}

// FailedReleases gives the deployments that the change fail rate counts as failed, latest first.
func (s *Store) FailedReleases(ctx context.Context, viewer account.Actor, f metrics.Filter, limit int) ([]deployment.Deployment, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q, err := s.deploymentsFor(ctx, f)
	if err != nil {
		return nil, err
	}
	if !f.From.IsZero() {
		q.and("d.finished_at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q.and("d.finished_at < ?", f.To.UTC())
	}
	q.and(`d.production AND (d.outcome = 'rolled_back' OR EXISTS (SELECT 1 FROM deployment_causes k JOIN incidents i ON i.id = k.incident_id
		WHERE k.deployment_id = d.id AND k.verdict = 'confirmed' AND ` + harm + `))`)
	rows, err := table[deploymentRow](s.db(ctx)).Raw(q.sql("d.*", fmt.Sprintf(" ORDER BY d.finished_at DESC, d.id DESC LIMIT %d", limit)), q.args...).Find(ctx)
	if err != nil {
		return nil, explain(err, "deployment")
	}
	return s.deploymentsOf(ctx, rows)
}

// deploymentsFor selects the deployments d that a filter leaves, of all time.
func (s *Store) deploymentsFor(ctx context.Context, f metrics.Filter) (selection, error) {
	q := selection{from: "deployments d"}
	service, err := s.filterService(ctx, f.Service)
	if err != nil {
		return q, err
	}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return q, err
	}
	if service != 0 {
		q.and("d.service_id = ?", service)
	}
	if team != 0 {
		q.and("d.service_id IN (SELECT id FROM services WHERE builder_id = ?)", team)
	}
	return q, nil
}

// Corrections counts how often a moment of each incident was corrected, and how often it was regrouped.
func (s *Store) Corrections(ctx context.Context, viewer account.Actor, ids []incident.ID) (map[incident.ID]metrics.Corrections, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		IncidentID          incident.ID
		Moments, Regrouping int
	}
	err := s.db(ctx).Raw(`SELECT incident_id, count(*) FILTER (WHERE action = 'moment corrected') AS moments, count(*) FILTER (WHERE action <> 'moment corrected') AS regrouping
		FROM events WHERE incident_id IN ? AND action IN ('moment corrected', 'merged into another', 'unmerged', 'joined') GROUP BY incident_id`, ids).Scan(&rows).Error
	all := make(map[incident.ID]metrics.Corrections, len(rows))
	for _, r := range rows {
		all[r.IncidentID] = metrics.Corrections{Moments: r.Moments, Regrouped: r.Regrouping}
	}
	return all, explain(err, "event")
}

// OccurrencesSince gives the occurrences of problems detected since a moment, in order, with what a chart shows of each: when it was detected and how long
// users felt it, so far while it goes on. What changed before is in it.
func (s *Store) OccurrencesSince(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Occurrence, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	now := s.now()
	return ofQueue(ctx, s, fmt.Sprintf("seen %v %s", ids, now.Sub(since).Round(time.Minute)), now, func() (map[problem.ID][]problem.Occurrence, error) {
		rows, err := s.db(ctx).Raw(`SELECT f.problem_id, f.incident_id, f.detected_at, f.started_at, f.impact_seconds, f.ongoing FROM incident_figures f
			WHERE f.problem_id IN ? AND f.detected_at >= ? AND f.part = 'occurrence' ORDER BY f.problem_id, f.detected_at, f.incident_id`, ids, since.UTC()).Rows()
		if err != nil {
			return nil, explain(err, "figure")
		}
		defer func() { _ = rows.Close() }()
		seen := map[problem.ID][]problem.Occurrence{}
		for rows.Next() {
			var of problem.ID
			var id problem.IncidentID
			var o problem.Occurrence
			var impact int64
			if err := rows.Scan(&of, &id, &o.DetectedAt, &o.StartedAt, &impact, &o.Ongoing); err != nil {
				return nil, explain(err, "figure")
			}
			o.DetectedAt, o.StartedAt, o.Impact = o.DetectedAt.UTC(), o.StartedAt.UTC(), lasting(impact)
			if o.Ongoing {
				o.Impact = max(0, now.Sub(o.StartedAt))
			}
			o.Members = []problem.Member{{Incident: id, StartedAt: o.StartedAt, DetectedAt: o.DetectedAt}}
			seen[of] = append(seen[of], o)
		}
		return seen, explain(rows.Err(), "figure")
	})
}
