package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/triage"
)

// What letters ask, of a team (0: of all). Each question is answered by an index that holds little more than its answer.

// tellable are the incidents i that a letter may speak of, as digest.Tellable has it: rows, totals and limits are of these alone.
const tellable = counted

// DigestFollowUps gives the follow-ups that a part of a letter is about, and how many they are.
func (s *Store) DigestFollowUps(ctx context.Context, viewer account.Actor, a digest.Asked, limit int) (listing.Page[followup.FollowUp], error) {
	var page listing.Page[followup.FollowUp]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	q := selection{from: "followups"}
	order := "followups.cost_seconds DESC, followups.id DESC"
	switch a.For {
	case digest.Unproven:
		q.and("followups.state NOT IN ('proposed', 'verified', 'declined', 'duplicate') AND NOT followups.still_waiting AND followups.cost_seconds > 0")
	case digest.Proven:
		q.and(verifiedIn, a.From.UTC(), a.To.UTC())
		order = "followups.verified_at, followups.id"
	case digest.DeclinedNow:
		q.and("followups.state = 'declined' AND followups.id IN (SELECT m.followup_id FROM followup_moves m WHERE m.state IN ('declined', 'duplicate') AND m.at >= ? AND m.at < ?)", a.From.UTC(), a.To.UTC())
		order = "followups.updated_at, followups.id"
	case digest.DayCome:
		q.and(dayed+" AND followups.due_on <= ? AND NOT (followups.state = 'done' AND followups.evidence_url <> '')", a.Until)
		order = "followups.due_on, followups.id"
	case digest.DayNear:
		q.and(dayed+" AND followups.due_on > ? AND followups.due_on <= ? AND followups.state <> 'done'", a.After, a.Until)
		order = "followups.due_on, followups.id"
	case digest.Unevidenced:
		q.and("followups.state = 'done' AND followups.evidence_url = '' AND followups.due_on = ''")
		order = "followups.id"
	case digest.LookedAgain:
		q.and("followups.state = 'declined' AND followups.look_again_on <> '' AND followups.look_again_on <= ?", a.Until)
		order = "followups.look_again_on, followups.id"
	case digest.Failing:
		q.and("followups.state = 'done' AND followups.recurrences_after > 0")
		order = "followups.recurrences_after DESC, followups.id DESC"
	case digest.Unowned:
		q.and(openStates + " AND followups.team_id IS NULL")
	default:
		return page, fmt.Errorf("no letter asks for %q", a.For)
	}
	if a.Team != 0 {
		q.and("followups.team_id = ?", a.Team)
	}
	rows, err := table[followUpRow](s.db(ctx)).Raw(q.sql("followups.*", fmt.Sprintf(" ORDER BY %s LIMIT %d", order, limit)), q.args...).Find(ctx)
	if page.Items, err = s.theseFollowUps(ctx, rows, err); err != nil {
		return page, err
	}
	page.Total, err = s.howMany(ctx, q, len(rows), limit)
	return page, explain(err, "follow-up")
}

// dayed are the follow-ups that have a day and may be late.
const dayed = "followups.due_on <> '' AND followups.state NOT IN ('verified', 'declined', 'duplicate')"

// verifiedIn are the follow-ups that were verified in [?, ?).
const verifiedIn = "followups.state = 'verified' AND followups.verified_at >= ? AND followups.verified_at < ?"

// DigestPractised counts the changes of a practice that were verified in [from, to): each closed a loop.
func (s *Store) DigestPractised(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time) (n int, err error) {
	if err := viewer.May(account.Viewer); err != nil {
		return 0, err
	}
	q := selection{from: "followups"}
	q.and(verifiedIn+" AND followups.kind NOT IN "+fixesIn, from.UTC(), to.UTC())
	if team != 0 {
		q.and("followups.team_id = ?", team)
	}
	err = s.db(ctx).Raw(q.sql("count(*)", ""), q.args...).Row().Scan(&n)
	return n, explain(err, "follow-up")
}

// howMany is the number of rows that a list shows, or, when it is full, a bounded count of all.
func (s *Store) howMany(ctx context.Context, q selection, shown, limit int) (n int, err error) {
	if shown < limit {
		return shown, nil
	}
	err = s.db(ctx).Raw("SELECT count(*) FROM ("+q.sql("1", fmt.Sprintf(" LIMIT %d", listing.CountedUpTo))+") AS counted", q.args...).Row().Scan(&n)
	return n, err
}

// DigestWaiting counts the changes of a team that nobody has started.
func (s *Store) DigestWaiting(ctx context.Context, viewer account.Actor, team catalog.TeamID) (n int, err error) {
	if err := viewer.May(account.Viewer); err != nil {
		return 0, err
	}
	q := selection{from: "followups"}
	q.and("followups.still_waiting")
	if team != 0 {
		q.and("followups.team_id = ?", team)
	}
	err = s.db(ctx).Raw(q.sql("count(*)", ""), q.args...).Row().Scan(&n)
	return n, explain(err, "follow-up")
}

// concerns narrows incidents i to those of services that the team builds or answers for at night.
func concerns(q *selection, team catalog.TeamID) {
	if team != 0 {
		q.and(`EXISTS (SELECT 1 FROM incident_services l JOIN services v ON v.id = l.service_id
			WHERE l.incident_id = i.id AND (v.builder_id = ? OR v.on_call_id = ?))`, team, team)
	}
}

// DigestUntold gives significant incidents of a team's services of which no developer was told an hour after they were detected: all
// that are open, and those that began within the last month, as Untold does for the first page.
func (s *Store) DigestUntold(ctx context.Context, viewer account.Actor, team catalog.TeamID, now time.Time, limit int) (listing.Page[incident.Incident], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[incident.Incident]{}, err
	}
	detected, since := now.Add(-UntoldAfter).UTC(), now.Add(-UntoldWithin).UTC()
	recent, open := selection{from: "incidents i"}, selection{from: "incidents i"}
	recent.and(untold+" AND i.started_at >= ? AND i.noticed_at <= ? AND "+tellable, since, detected)
	open.and(untold+" AND i.status NOT IN ('resolved', 'closed') AND i.started_at < ? AND i.noticed_at <= ? AND "+tellable, since, detected)
	concerns(&recent, team)
	concerns(&open, team)
	return s.latest(ctx, limit, "started_at", recent, open)
}

// DigestWithoutCause gives the incidents of a team's services closed in [from, to) for which nobody noted a cause, those closed last first.
func (s *Store) DigestWithoutCause(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time, limit int) (listing.Page[incident.Incident], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[incident.Incident]{}, err
	}
	q := selection{from: "incidents i"}
	q.and(over+" AND i.closed_at >= ? AND i.closed_at < ? AND NOT i.has_cause AND "+tellable, from.UTC(), to.UTC())
	concerns(&q, team)
	return s.latest(ctx, limit, "closed_at", q)
}

// DigestUnaccountable gives the incidents that no team has answered for in triage.NobodyAfter and that concern a team: it builds or
// answers for a service, or had a part in passing it on.
func (s *Store) DigestUnaccountable(ctx context.Context, viewer account.Actor, team catalog.TeamID, now time.Time, limit int) (listing.Page[triage.Item], error) {
	if team == 0 {
		return s.Unaccountable(ctx, viewer, now, limit)
	}
	var page listing.Page[triage.Item]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	q := selection{from: "incidents i"}
	q.and("i.id IN (SELECT w.incident_id FROM triage_waiting w WHERE w.until > ? AND w.since <= ?) AND "+tellable, now.UTC(), now.Add(-triage.NobodyAfter).UTC())
	q.and(`(EXISTS (SELECT 1 FROM incident_services l JOIN services v ON v.id = l.service_id WHERE l.incident_id = i.id AND (v.builder_id = ? OR v.on_call_id = ?))
		OR EXISTS (SELECT 1 FROM hand_offs h WHERE h.incident_id = i.id AND (h.from_id = ? OR h.to_id = ?)))`, team, team, team, team)
	rows, err := table[incidentRow](s.db(ctx)).Raw(q.sql("i.*", fmt.Sprintf(
		" ORDER BY (SELECT count(*) FROM hand_offs h WHERE h.incident_id = i.id) DESC, i.id LIMIT %d", limit)), q.args...).Find(ctx)
	if err != nil || len(rows) == 0 {
		return page, explain(err, "incident")
	}
	if page.Items, err = s.triageItems(ctx, rows); err != nil {
		return page, explain(err, "incident")
	}
	page.Total, err = s.howMany(ctx, q, len(rows), limit)
	return page, explain(err, "incident")
}

// DigestDecided gives the decisions against a practice change that were made in [from, to) about incidents of a team's services: of
// several about one incident the latest.
func (s *Store) DigestDecided(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time, limit int) (listing.Page[digest.Decided], error) {
	q := selection{from: "decisions d JOIN incidents i ON i.id = d.incident_id"}
	q.and("d.created_at >= ? AND d.created_at < ? AND "+tellable, from.UTC(), to.UTC())
	q.and("NOT EXISTS (SELECT 1 FROM decisions o WHERE o.incident_id = d.incident_id AND o.id > d.id AND o.created_at < ?)", to.UTC())
	concerns(&q, team)
	return s.decided(ctx, viewer, q, "d.created_at, d.id", limit)
}

// DigestLookAgain gives the latest decisions about incidents whose day to look again has come by a date, unless a practice change was
// promised since.
func (s *Store) DigestLookAgain(ctx context.Context, viewer account.Actor, team catalog.TeamID, until string, limit int) (listing.Page[digest.Decided], error) {
	q := selection{from: "decisions d JOIN incidents i ON i.id = d.incident_id"}
	q.and("d.look_again_on <= ? AND "+tellable, until)
	q.and("NOT EXISTS (SELECT 1 FROM decisions o WHERE o.incident_id = d.incident_id AND o.id > d.id)")
	q.and("NOT " + practised("'proposed', 'declined', 'duplicate'"))
	concerns(&q, team)
	return s.decided(ctx, viewer, q, "d.look_again_on, d.id", limit)
}

func (s *Store) decided(ctx context.Context, viewer account.Actor, q selection, order string, limit int) (listing.Page[digest.Decided], error) {
	var page listing.Page[digest.Decided]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	var rows []struct {
		IncidentID  int64
		Reason      string
		LookAgainOn string
		ActorName   string
		CreatedAt   time.Time
	}
	err := s.db(ctx).Raw(q.sql("d.incident_id, d.reason, d.look_again_on, d.actor_name, d.created_at", fmt.Sprintf(" ORDER BY %s LIMIT %d", order, limit)), q.args...).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return page, explain(err, "incident")
	}
	ids := make([]int64, len(rows))
	for n, r := range rows {
		ids[n] = r.IncidentID
	}
	found, err := table[incidentRow](s.db(ctx)).Where("id IN ?", ids).Find(ctx)
	if err != nil {
		return page, explain(err, "incident")
	}
	incidents, err := s.incidentsOf(ctx, found)
	if err != nil {
		return page, explain(err, "incident")
	}
	byID := map[incident.ID]incident.Incident{}
	for _, i := range incidents {
		byID[i.ID] = i
	}
	for _, r := range rows {
		page.Items = append(page.Items, digest.Decided{
			Incident: byID[incident.ID(r.IncidentID)],
			Decision: incident.Decision{Reason: r.Reason, LookAgainOn: r.LookAgainOn, By: r.ActorName, At: r.CreatedAt.UTC()},
		})
	}
	page.Total, err = s.howMany(ctx, q, len(rows), limit)
	return page, explain(err, "incident")
}

// DigestReviews gives the problems of a team's services that occurred problem.ReviewAt times or more, the last time since a moment, and
// for which nobody has confirmed a cause.
func (s *Store) DigestReviews(ctx context.Context, viewer account.Actor, team catalog.TeamID, since time.Time, limit int) (listing.Page[problem.Problem], error) {
	var page listing.Page[problem.Problem]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	q := selection{from: "problems p"}
	q.and("p.merged_into IS NULL AND p.state = 'open' AND COALESCE(p.last_at, p.created_at) >= ? AND p.occurrences >= ?", since.UTC(), problem.ReviewAt)
	if team != 0 {
		q.and(`EXISTS (SELECT 1 FROM incidents i JOIN incident_services l ON l.incident_id = i.id JOIN services v ON v.id = l.service_id
			WHERE i.problem_id = p.id AND `+tellable+` AND (v.builder_id = ? OR v.on_call_id = ?))`, team, team)
	}
	rows, err := table[problemRow](s.db(ctx)).Raw(q.sql("p.*", fmt.Sprintf(" ORDER BY p.occurrences DESC, p.id LIMIT %d", limit)), q.args...).Find(ctx)
	if err != nil {
		return page, explain(err, "problem")
	}
	if page.Items, err = s.problemsOf(ctx, rows); err != nil {
		return page, err
	}
	page.Total, err = s.howMany(ctx, q, len(rows), limit)
	return page, explain(err, "problem")
}

// ServiceTeams gives, for references such as INC-42 and PRB-7, a team that builds a service they are about: who is reminded of them.
func (s *Store) ServiceTeams(ctx context.Context, refs []string) (map[string]catalog.TeamID, error) {
	teams := map[string]catalog.TeamID{}
	for prefix, column := range map[string]string{"INC-": "i.id", "PRB-": "i.problem_id"} {
		var ids []int64
		for _, ref := range refs {
			number, is := strings.CutPrefix(ref, prefix)
			if id, err := strconv.ParseInt(number, 10, 64); is && err == nil {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			continue
		}
		var rows []struct{ ID, Team int64 }
		in, arg := s.numbers(ids)
		err := s.db(ctx).Raw(`SELECT `+column+` AS id, min(v.builder_id) AS team FROM incidents i JOIN incident_services l ON l.incident_id = i.id
			JOIN services v ON v.id = l.service_id WHERE `+column+` IN `+in+` AND v.builder_id IS NOT NULL GROUP BY `+column, arg).Scan(&rows).Error
		if err != nil {
			return nil, explain(err, "service")
		}
		for _, r := range rows {
			teams[fmt.Sprintf("%s%d", prefix, r.ID)] = catalog.TeamID(r.Team)
		}
	}
	return teams, nil
}
