package store

import (
	"cmp"
	"context"
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
