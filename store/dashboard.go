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
	type sums struct{ Count, Recurrences, Impact, HandsOn int64 }
	sum, err := ofQueue(ctx, s, "decide "+team, s.now(), func() (sums, error) {
		// What one waited through is all that its problem saw since it was queued: the first queued holds what the others do.
		var sum sums
		err := s.db(ctx).Raw(`SELECT COALESCE(sum(n), 0) AS count, COALESCE(sum(recurrences), 0) AS recurrences,
			COALESCE(sum(impact), 0) AS impact, COALESCE(sum(hands_on), 0) AS hands_on FROM (`+
			q.sql(`count(*) AS n, max(followups.recurrences_while_waiting) AS recurrences,
			max(followups.impact_while_waiting_seconds) AS impact, max(followups.hands_on_while_waiting_seconds) AS hands_on`,
				" GROUP BY followups.problem_id")+") AS each_problem", q.args...).Scan(&sum).Error
		return sum, explain(err, "follow-up")
	})
	page.Total = int(sum.Count)
	cost = followup.Cost{Recurrences: int(sum.Recurrences), Impact: lasting(sum.Impact), HandsOn: lasting(sum.HandsOn)}
	return page, cost, err
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

// practised tells whether a practice change that is in none of the other states was promised for incident i or its
// problem. The states and kinds are spelt as what they are not, so that it is the incident that leads to its few
// follow-ups.
func practised(others string) string {
	is := `f.state NOT IN (` + others + `) AND f.kind NOT IN ` + fixesIn
	return `(EXISTS (SELECT 1 FROM followups f WHERE f.problem_id = i.problem_id AND ` + is + `)
		OR EXISTS (SELECT 1 FROM followup_incidents fi CROSS JOIN followups f WHERE fi.incident_id = i.id AND f.id = fi.followup_id AND ` + is + `))`
}
