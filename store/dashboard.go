package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
)

// What the first page asks, on every visit. Each question is answered by an index that holds only what is asked for.

// DecideNow gives the follow-ups of a team (empty: of all) that still wait while their failure came back, dearest
// first, and how many they are. Cost is what waiting for all of them took, an occurrence counted once.
func (s *Store) DecideNow(ctx context.Context, viewer account.Actor, team string, limit int) (listing.Page[followup.FollowUp], followup.Cost, error) {
	var page listing.Page[followup.FollowUp]
	var cost followup.Cost
	if err := viewer.May(account.Viewer); err != nil {
		return page, cost, err
	}
	id, err := s.filterTeam(ctx, team)
	if err != nil {
		return page, cost, err
	}
	q := selection{from: "followups"}
	q.and("followups.still_waiting AND followups.recurrences_while_waiting > 0")
	if id != 0 {
		q.and("followups.team_id = ?", id)
	}
	rows, err := table[followUpRow](s.db(ctx)).
		Raw(q.sql("followups.*", fmt.Sprintf(" ORDER BY followups.cost_seconds DESC, followups.id DESC LIMIT %d", limit)), q.args...).Find(ctx)
	if page.Items, err = s.theseFollowUps(ctx, rows, err); err != nil {
		return page, cost, err
	}
	// What one waited through is all that its problem saw since it was queued: the first queued holds what the others do.
	var sums struct{ Count, Recurrences, Impact, HandsOn int64 }
	err = s.db(ctx).Raw(`SELECT COALESCE(sum(n), 0) AS count, COALESCE(sum(recurrences), 0) AS recurrences,
		COALESCE(sum(impact), 0) AS impact, COALESCE(sum(hands_on), 0) AS hands_on FROM (`+
		q.sql(`count(*) AS n, max(followups.recurrences_while_waiting) AS recurrences,
		max(followups.impact_while_waiting_seconds) AS impact, max(followups.hands_on_while_waiting_seconds) AS hands_on`,
			" GROUP BY followups.problem_id")+") AS each_problem", q.args...).Scan(&sums).Error
	page.Total = int(sums.Count)
	cost = followup.Cost{Recurrences: int(sums.Recurrences), Impact: lasting(sums.Impact), HandsOn: lasting(sums.HandsOn)}
	return page, cost, explain(err, "follow-up")
}

// The bounds of Untold: developers have an hour, and what is over is asked about for a month.
const (
	UntoldAfter  = time.Hour
	UntoldWithin = 30 * 24 * time.Hour
)

// What the indexes of the first page hold. It is spelt as what it is not, here and there: so no index by kind or status
// looks as if it answered, which would read all of that kind or status.
const (
	counted = "i.kind NOT IN ('maintenance', 'drill') AND i.merged_into IS NULL"
	ongoing = counted + " AND i.status NOT IN ('resolved', 'closed')"
	untold  = counted + " AND i.significant AND i.developer_notified_at IS NULL"
	over    = counted + " AND i.status NOT IN ('open', 'mitigated', 'resolved')"
	leading = counted + " AND i.leads"
)

// Untold gives significant incidents detected an hour ago or more of which no developer was told: all that are open,
// and those that began within the last month; latest first, with their number.
func (s *Store) Untold(ctx context.Context, viewer account.Actor, now time.Time, limit int) (listing.Page[incident.Incident], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[incident.Incident]{}, err
	}
	detected, since := now.Add(-UntoldAfter).UTC(), now.Add(-UntoldWithin).UTC()
	recent := selection{from: "incidents i"}
	recent.and(untold+" AND i.started_at >= ? AND i.noticed_at <= ?", since, detected)
	open := selection{from: "incidents i"}
	open.and(untold+" AND i.status NOT IN ('resolved', 'closed') AND i.started_at < ? AND i.noticed_at <= ?", since, detected)
	return s.latest(ctx, limit, "started_at", recent, open)
}

// OpenIncidents gives what is going on, maintenance and drills left out, latest first, with its number.
func (s *Store) OpenIncidents(ctx context.Context, viewer account.Actor, limit int) (listing.Page[incident.Incident], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[incident.Incident]{}, err
	}
	q := selection{from: "incidents i"}
	q.and(ongoing)
	return s.latest(ctx, limit, "started_at", q)
}

// latest gives the first incidents of selections that share none, by a moment, and a bounded count of all.
func (s *Store) latest(ctx context.Context, limit int, by string, of ...selection) (listing.Page[incident.Incident], error) {
	var page listing.Page[incident.Incident]
	var parts []string
	var args []any
	for n, q := range of {
		tail := fmt.Sprintf(" ORDER BY i.%s DESC, i.id DESC LIMIT %d", by, limit)
		parts = append(parts, fmt.Sprintf("SELECT * FROM (%s) AS s%d", q.sql("i.*", tail), n))
		args = append(args, q.args...)
	}
	rows, err := table[incidentRow](s.db(ctx)).
		Raw(strings.Join(parts, " UNION ALL ")+fmt.Sprintf(" ORDER BY %s DESC, id DESC LIMIT %d", by, limit), args...).Find(ctx)
	if err != nil {
		return page, explain(err, "incident")
	}
	if page.Items, err = s.incidentsOf(ctx, rows); err != nil {
		return page, explain(err, "incident")
	}
	for _, q := range of {
		var n int
		err := s.db(ctx).Raw("SELECT count(*) FROM ("+q.sql("1", fmt.Sprintf(" LIMIT %d", listing.CountedUpTo+1))+") AS counted", q.args...).Row().Scan(&n)
		if err != nil {
			return page, explain(err, "incident")
		}
		page.Total += n
	}
	page.Estimated = page.Total > listing.CountedUpTo
	page.Total = min(page.Total, listing.CountedUpTo)
	return page, nil
}

// ClosedWithoutCause gives the incidents closed since a moment for which nobody noted a cause, those closed last first.
func (s *Store) ClosedWithoutCause(ctx context.Context, viewer account.Actor, since time.Time, limit int) (metrics.WithoutCause, error) {
	var w metrics.WithoutCause
	if err := viewer.May(account.Viewer); err != nil {
		return w, err
	}
	closed := selection{from: "incidents i"}
	closed.and(over+" AND i.closed_at >= ?", since.UTC())
	without := closed
	without.where = append(without.where[:1:1], "NOT i.has_cause")
	var err error
	if w.Page, err = s.latest(ctx, limit, "closed_at", without); err != nil {
		return w, err
	}
	err = s.db(ctx).Raw(closed.sql("count(*)", ""), closed.args...).Row().Scan(&w.Closed)
	return w, explain(err, "incident")
}

// LoopClosure counts significant incidents resolved in [from, to) by what they changed; those resolved less than grace
// before now are provisional.
func (s *Store) LoopClosure(ctx context.Context, viewer account.Actor, from, to, now time.Time, grace time.Duration) (metrics.LoopClosure, error) {
	var l metrics.LoopClosure
	if err := viewer.May(account.Viewer); err != nil {
		return l, err
	}
	const resolved = `FROM incidents i WHERE ` + counted + ` AND i.significant AND i.resolved_at >= ? AND i.resolved_at < ?`
	passed := now.Add(-grace)
	if to.Before(passed) {
		passed = to
	}
	if start := later(from, passed); start.Before(to) {
		if err := s.db(ctx).Raw("SELECT count(*) "+resolved, start.UTC(), to.UTC()).Row().Scan(&l.Provisional); err != nil {
			return l, explain(err, "incident")
		}
	}
	const unfinished = "'proposed', 'queued', 'in_progress', 'declined', 'duplicate'"
	var rows []struct {
		Outcome string
		N       int
	}
	err := s.db(ctx).Raw(`SELECT outcome, count(*) AS n FROM (SELECT CASE
			WHEN `+practised(unfinished+", 'done'")+` THEN 'verified'
			WHEN EXISTS (SELECT 1 FROM decisions d WHERE d.incident_id = i.id) THEN 'decided'
			WHEN `+practised(unfinished+", 'verified'")+` THEN 'done' ELSE 'none' END AS outcome `+resolved+`) AS each_incident GROUP BY outcome`,
		from.UTC(), passed.UTC()).Scan(&rows).Error
	for _, r := range rows {
		switch r.Outcome {
		case "verified":
			l.Verified = r.N
		case "decided":
			l.Decided = r.N
		case "done":
			l.DoneNotVerified = r.N
		default:
			l.None = r.N
		}
	}
	return l, explain(err, "incident")
}

// practised tells whether a practice change that is in none of the other states was promised for incident i or its
// problem. The states and kinds are spelt as what they are not, so that it is the incident that leads to its few
// follow-ups.
func practised(others string) string {
	is := `f.state NOT IN (` + others + `) AND f.kind NOT IN ` + fixesIn
	return `(EXISTS (SELECT 1 FROM followups f WHERE f.problem_id = i.problem_id AND ` + is + `)
		OR EXISTS (SELECT 1 FROM followup_incidents fi CROSS JOIN followups f WHERE fi.incident_id = i.id AND f.id = fi.followup_id AND ` + is + `))`
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// MonthlyTrend gives the figures of the last months, this one included, oldest first: a row each, from an index that
// holds every month's occurrences in order of their impact.
func (s *Store) MonthlyTrend(ctx context.Context, viewer account.Actor, now time.Time, months int) ([]metrics.MonthFigures, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	month := s.monthOf("i.noticed_at")
	trend := metrics.LastMonths(now, months)
	at := map[int]int{}
	for n, m := range trend {
		at[monthNumber(m.Start)] = n
	}
	var counts []struct {
		Month, Occurrences, Recurrences, Measured int
	}
	err := s.db(ctx).Raw(`SELECT `+month+` AS month, count(*) FILTER (WHERE i.recognisable) AS occurrences, count(*) FILTER (WHERE i.recurs) AS recurrences,
		count(i.impact_seconds) AS measured FROM incidents i WHERE `+leading+` AND `+month+` >= ? GROUP BY `+month,
		monthNumber(trend[0].Start)).Scan(&counts).Error
	if err != nil {
		return nil, explain(err, "incident")
	}
	var middles []string
	var args []any
	for _, c := range counts {
		n, known := at[c.Month]
		if !known { // a clock that runs ahead
			continue
		}
		trend[n].Occurrences, trend[n].Recurrences, trend[n].Measured = c.Occurrences, c.Recurrences, c.Measured
		if c.Measured == 0 {
			continue
		}
		// The middle one, or the middle two.
		middles = append(middles, fmt.Sprintf(`SELECT * FROM (SELECT %s AS month, i.impact_seconds FROM incidents i
			WHERE %s AND %s = ? AND i.impact_seconds IS NOT NULL ORDER BY i.impact_seconds LIMIT %d OFFSET %d) AS m%d`,
			month, leading, month, 2-c.Measured%2, (c.Measured-1)/2, n))
		args = append(args, c.Month)
	}
	if len(middles) == 0 {
		return trend, nil
	}
	var impacts []struct {
		Month         int
		ImpactSeconds int64
	}
	if err := s.db(ctx).Raw(strings.Join(middles, " UNION ALL "), args...).Scan(&impacts).Error; err != nil {
		return nil, explain(err, "incident")
	}
	for _, m := range impacts {
		f := &trend[at[m.Month]]
		share := time.Duration(2 - f.Measured%2)
		f.MedianImpact += lasting(m.ImpactSeconds) / share
	}
	return trend, nil
}

// monthNumber counts months from the year 0: what monthOf gives for a moment in that month.
func monthNumber(at time.Time) int { return at.Year()*12 + int(at.Month()) }

// monthOf numbers the UTC month of a moment, as the index incidents_months spells it.
func (s *Store) monthOf(moment string) string {
	if s.pool != nil {
		utc := moment + " AT TIME ZONE 'UTC'"
		return "CAST(EXTRACT(YEAR FROM " + utc + ") * 12 + EXTRACT(MONTH FROM " + utc + ") AS INTEGER)"
	}
	return "(CAST(substr(" + moment + ", 1, 4) AS INTEGER) * 12 + CAST(substr(" + moment + ", 6, 2) AS INTEGER))"
}
