package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/app/problem"
)

// factRow is what the measures need of an incident.
type factRow struct {
	ID                  int64
	ProblemID           *int64
	Kind                string
	Status              string
	Severity            *string
	DetectedBy          string
	StartedAt           time.Time
	DetectedAt          *time.Time
	DeclaredAt          *time.Time
	DeveloperNotifiedAt *time.Time
	DeveloperNotifiedBy *string
	RestoredAt          *time.Time
	ResolvedAt          *time.Time
	ReopenedAt          *time.Time
	ClosedAt            *time.Time
	EndedBy             string
	HandsOnSeconds      int64
	MergedInto          *int64
	Recognisable        bool
	Significant         bool
	HasCause            bool
	Developer           bool
	BuilderID           *int64
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
	return metrics.Fact{
		Problem: referred[problem.ID](r.ProblemID), Kind: incident.Kind(r.Kind), Merged: r.MergedInto != nil, Unknown: !r.Recognisable, Member: i.Member(),
		Developer: r.Developer, Told: incident.Telling{At: moment(r.DeveloperNotifiedAt), By: said[incident.Channel](r.DeveloperNotifiedBy)},
		ResolvedAt: moment(r.ResolvedAt), ClosedAt: moment(r.ClosedAt), HasCause: r.HasCause, Significant: r.Significant, Loop: metrics.NoLoop,
	}
}

const factColumns = `i.id, i.problem_id, i.kind, i.status, i.severity, i.detected_by, i.started_at, i.detected_at, i.declared_at,
	i.developer_notified_at, i.developer_notified_by, i.restored_at, i.resolved_at, i.reopened_at, i.closed_at, i.ended_by, i.hands_on_seconds, i.merged_into,
	i.recognisable, i.significant, i.has_cause,
	EXISTS (SELECT 1 FROM incident_participants p WHERE p.incident_id = i.id AND p.side = 'development') AS developer,
	(SELECT s.builder_id FROM incident_services v JOIN services s ON s.id = v.service_id WHERE v.incident_id = i.id ORDER BY v.service_id LIMIT 1) AS builder_id`

// Facts gives the incidents of all time that a filter leaves, and those that the histories of their problems need: what the plain definition of the measures is
// held against. It holds all of them in memory, some 400 bytes each: Progress answers from what is kept instead.
func (s *Store) Facts(ctx context.Context, viewer account.Actor, f metrics.Filter) ([]metrics.Fact, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q, err := s.picked(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(q.where) == 0 {
		return s.factsOf(ctx, q)
	}
	var ids []incident.ID
	if err := s.db(ctx).Raw(q.sql("i.id", ""), q.args...).Scan(&ids).Error; err != nil {
		return nil, explain(err, "incident")
	}
	inside := make(map[incident.ID]bool, len(ids))
	for _, id := range ids {
		inside[id] = true
	}
	with := selection{from: "incidents i"}
	with.and("i.id IN (WITH picked AS ("+q.sql("i.id, i.problem_id", "")+`) SELECT id FROM picked
		UNION SELECT o.id FROM picked CROSS JOIN incidents o WHERE o.problem_id = picked.problem_id)`, q.args...)
	facts, err := s.factsOf(ctx, with)
	for n := range facts {
		facts[n].Outside = !inside[facts[n].Member.Incident]
	}
	return facts, err
}

// factsOf gives the incidents of a selection from incidents i.
func (s *Store) factsOf(ctx context.Context, q selection) ([]metrics.Fact, error) {
	clocks, err := s.workClocks(ctx)
	if err != nil {
		return nil, err
	}
	var earlier []incidentSegmentRow
	which, args := "", []any(nil)
	if len(q.where) > 0 {
		which, args = " WHERE incident_id IN ("+q.sql("i.id", "")+")", q.args
	}
	if err := s.db(ctx).Raw("SELECT * FROM incident_segments"+which+" ORDER BY incident_id, started_at", args...).Scan(&earlier).Error; err != nil {
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
			&r.DeveloperNotifiedAt, &r.DeveloperNotifiedBy, &r.RestoredAt, &r.ResolvedAt, &r.ReopenedAt, &r.ClosedAt, &r.EndedBy, &r.HandsOnSeconds, &r.MergedInto,
			&r.Recognisable, &r.Significant, &r.HasCause, &r.Developer, &r.BuilderID); err != nil {
			return nil, explain(err, "incident")
		}
		f := r.fact(segments[r.ID])
		f.Hours = clocks[referred[catalog.TeamID](r.BuilderID)]
		facts = append(facts, f)
	}
	if err := rows.Err(); err != nil {
		return nil, explain(err, "incident")
	}
	return facts, s.loopsOf(ctx, facts)
}

// workClocks gives the working hours of every team.
func (s *Store) workClocks(ctx context.Context) (map[catalog.TeamID]metrics.WorkClock, error) {
	rows, err := table[teamRow](s.db(ctx)).Find(ctx)
	if err != nil {
		return nil, explain(err, "team")
	}
	clocks := map[catalog.TeamID]metrics.WorkClock{}
	for _, r := range rows {
		t, err := r.team()
		if err != nil {
			return nil, err
		}
		zone, err := time.LoadLocation(t.Zone)
		if err != nil { // a zone that this machine does not know
			zone = time.UTC
		}
		clocks[t.ID] = metrics.WorkClock{Hours: t.Hours, Zone: zone}
	}
	return clocks, nil
}

// manyFacts is from how many on it is quicker to read what all incidents changed than what each did.
const manyFacts = 2_000

// loopsOf says what each incident has changed.
func (s *Store) loopsOf(ctx context.Context, facts []metrics.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	incidents, problems := "", ""
	var incidentArgs, problemArgs []any
	if len(facts) <= manyFacts {
		ids := make([]incident.ID, len(facts))
		of := map[problem.ID]bool{}
		for n, f := range facts {
			ids[n] = f.Member.Incident
			of[f.Problem] = true
		}
		incidents, incidentArgs = " AND %s.incident_id IN ?", []any{ids}
		problems, problemArgs = " AND f.problem_id IN ?", []any{slices.Collect(maps.Keys(of))}
	}
	type outcome struct {
		ID             int64
		Verified, Done bool
	}
	practised := "max(CASE WHEN f.state = 'verified' THEN 1 ELSE 0 END) = 1 AS verified, max(CASE WHEN f.state = 'done' THEN 1 ELSE 0 END) = 1 AS done"
	where := "f.state IN ('done', 'verified') AND f.kind NOT IN " + fixesIn
	var byProblem, byIncident []outcome
	err := s.db(ctx).Raw("SELECT f.problem_id AS id, "+practised+" FROM followups f WHERE "+where+" AND f.problem_id IS NOT NULL"+problems+" GROUP BY f.problem_id", problemArgs...).Scan(&byProblem).Error
	if err == nil {
		err = s.db(ctx).Raw("SELECT fi.incident_id AS id, "+practised+" FROM followup_incidents fi JOIN followups f ON f.id = fi.followup_id WHERE "+where+
			strings.ReplaceAll(incidents, "%s", "fi")+" GROUP BY fi.incident_id", incidentArgs...).Scan(&byIncident).Error
	}
	var decided []int64
	if err == nil {
		err = s.db(ctx).Raw("SELECT DISTINCT d.incident_id FROM decisions d WHERE TRUE"+strings.ReplaceAll(incidents, "%s", "d"), incidentArgs...).Scan(&decided).Error
	}
	if err != nil {
		return explain(err, "incident")
	}
	problemLoop, incidentLoop, decision := map[problem.ID]outcome{}, map[incident.ID]outcome{}, map[incident.ID]bool{}
	for _, o := range byProblem {
		problemLoop[problem.ID(o.ID)] = o
	}
	for _, o := range byIncident {
		incidentLoop[incident.ID(o.ID)] = o
	}
	for _, id := range decided {
		decision[incident.ID(id)] = true
	}
	for n := range facts {
		f := &facts[n]
		a, b := problemLoop[f.Problem], incidentLoop[f.Member.Incident]
		switch {
		case a.Verified || b.Verified:
			f.Loop = metrics.LoopVerified
		case decision[f.Member.Incident]:
			f.Loop = metrics.LoopDecided
		case a.Done || b.Done:
			f.Loop = metrics.LoopDone
		}
	}
	return nil
}
