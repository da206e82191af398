package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/app/problem"
)

// factRow is what the measures need of an incident.
type factRow struct {
	ID             int64
	ProblemID      *int64
	Kind           string
	Status         string
	Severity       *string
	DetectedBy     string
	StartedAt      time.Time
	DetectedAt     *time.Time
	DeclaredAt     *time.Time
	RestoredAt     *time.Time
	ResolvedAt     *time.Time
	ReopenedAt     *time.Time
	EndedBy        string
	HandsOnSeconds int64
	MergedInto     *int64
	Recognisable   bool
}

func (r factRow) fact(segments []incident.Segment) metrics.Fact {
	i := incident.Incident{
		ID: incident.ID(r.ID), Status: incident.Status(r.Status), Severity: said[incident.Severity](r.Severity),
		DetectedBy: incident.Detector(r.DetectedBy), EndedBy: incident.Ending(r.EndedBy), HandsOn: lasting(r.HandsOnSeconds), Segments: segments,
		Moments: incident.Moments{
			StartedAt: r.StartedAt.UTC(), DetectedAt: moment(r.DetectedAt), DeclaredAt: moment(r.DeclaredAt),
			RestoredAt: moment(r.RestoredAt), ResolvedAt: moment(r.ResolvedAt), ReopenedAt: moment(r.ReopenedAt),
		},
	}
	return metrics.Fact{Problem: referred[problem.ID](r.ProblemID), Kind: incident.Kind(r.Kind), Merged: r.MergedInto != nil, Unknown: !r.Recognisable, Member: i.Member()}
}

const factColumns = `i.id, i.problem_id, i.kind, i.status, i.severity, i.detected_by, i.started_at, i.detected_at, i.declared_at,
	i.restored_at, i.resolved_at, i.reopened_at, i.ended_by, i.hands_on_seconds, i.merged_into, i.recognisable`

// Facts gives the incidents that a measure is about; see metrics.Filter. It holds all of them in memory, some 300
// bytes each: the pages' own figures come from what is kept instead.
func (s *Store) Facts(ctx context.Context, viewer account.Actor, f metrics.Filter) ([]metrics.Fact, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q := selection{from: "incidents i"}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return nil, err
	}
	service, err := s.filterService(ctx, f.Service)
	if err != nil {
		return nil, err
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
	if !f.From.IsZero() || !f.To.IsZero() {
		within, args := factsWithin(f.From, f.To)
		q.and(`i.id IN (WITH moments AS (`+within+`) SELECT id FROM moments
			UNION SELECT o.id FROM moments CROSS JOIN incidents p CROSS JOIN incidents o WHERE p.id = moments.id AND o.problem_id = p.problem_id)`, args...)
	}
	// Few incidents were ever reopened: all of their earlier times are less than those of the period would be to find.
	earlier, err := gorm.G[incidentSegmentRow](s.db(ctx)).Order("incident_id, started_at").Find(ctx)
	if err != nil {
		return nil, explain(err, "incident")
	}
	segments := map[int64][]incident.Segment{}
	for _, g := range earlier {
		segments[g.IncidentID] = append(segments[g.IncidentID], g.segment())
	}
	rows, err := s.db(ctx).Raw(q.sql(factColumns, ""), q.args...).Rows()
	if err != nil {
		return nil, explain(err, "incident")
	}
	defer func() { _ = rows.Close() }()
	var facts []metrics.Fact
	for rows.Next() {
		var r factRow
		if err := rows.Scan(&r.ID, &r.ProblemID, &r.Kind, &r.Status, &r.Severity, &r.DetectedBy, &r.StartedAt, &r.DetectedAt, &r.DeclaredAt,
			&r.RestoredAt, &r.ResolvedAt, &r.ReopenedAt, &r.EndedBy, &r.HandsOnSeconds, &r.MergedInto, &r.Recognisable); err != nil {
			return nil, explain(err, "incident")
		}
		facts = append(facts, r.fact(segments[r.ID]))
	}
	return facts, explain(rows.Err(), "incident")
}

// factsWithin selects the incidents with a moment in [from, to): started, detected, restored or resolved. What goes on
// has its moment now.
func factsWithin(from, to time.Time) (string, []any) {
	sql := "SELECT o.id FROM incidents o WHERE o.status IN ('open', 'mitigated') AND o.merged_into IS NULL"
	var args []any
	for _, moment := range []struct{ column, of string }{
		{"started_at", "o.merged_into IS NULL"},
		{"started_at", "o.merged_into IS NOT NULL"},
		{"noticed_at", "o.noticed_at IS NOT NULL"},
		{"restored_at", "o.restored_at IS NOT NULL"},
		{"resolved_at", "o.resolved_at IS NOT NULL"},
	} {
		sql += " UNION ALL SELECT o.id FROM incidents o WHERE " + moment.of
		if !from.IsZero() {
			sql += " AND o." + moment.column + " >= ?"
			args = append(args, from.UTC())
		}
		if !to.IsZero() {
			sql += " AND o." + moment.column + " < ?"
			args = append(args, to.UTC())
		}
	}
	return sql, args
}
