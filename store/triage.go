package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/triage"
)

type triageRow struct {
	IncidentID     int64 `gorm:"primaryKey;autoIncrement:false"`
	AcceptedTeamID *int64
	AcceptedBy     string
	AcceptedAt     *time.Time
	AcceptedAfter  int
	FirstJudgement *string
	FirstJudgedBy  string
	FirstJudgedAt  *time.Time
	Judgement      *string
	JudgedBy       string
	JudgedAt       *time.Time
	TriagedAt      *time.Time
	TriagedByID    *int64
	TookSeconds    *int64
}

func (triageRow) TableName() string { return "triages" }

func (r triageRow) triage() triage.Triage {
	return triage.Triage{
		Incident:  incident.ID(r.IncidentID),
		Accepted:  triage.Acceptance{Team: referred[catalog.TeamID](r.AcceptedTeamID), By: r.AcceptedBy, At: moment(r.AcceptedAt), Passed: r.AcceptedAfter},
		First:     triage.Judged{Class: said[string](r.FirstJudgement), By: r.FirstJudgedBy, At: moment(r.FirstJudgedAt)},
		Later:     triage.Judged{Class: said[string](r.Judgement), By: r.JudgedBy, At: moment(r.JudgedAt)},
		TriagedAt: moment(r.TriagedAt), TriagedBy: referred[catalog.TeamID](r.TriagedByID),
	}
}

func toTriageRow(i incident.Incident, t triage.Triage) triageRow {
	r := triageRow{
		IncidentID: int64(i.ID), AcceptedTeamID: reference(t.Accepted.Team), AcceptedBy: t.Accepted.By, AcceptedAt: nullable(t.Accepted.At), AcceptedAfter: t.Accepted.Passed,
		FirstJudgement: optional(t.First.Class), FirstJudgedBy: t.First.By, FirstJudgedAt: nullable(t.First.At),
		Judgement: optional(t.Later.Class), JudgedBy: t.Later.By, JudgedAt: nullable(t.Later.At),
		TriagedAt: nullable(t.TriagedAt), TriagedByID: reference(t.TriagedBy),
	}
	if !t.TriagedAt.IsZero() {
		took := seconds(max(t.TriagedAt.Sub(triage.Began(i)), 0))
		r.TookSeconds = &took
	}
	return r
}

type handOffRow struct {
	ID         int64
	IncidentID int64
	FromID     *int64
	ToID       int64
	Reason     string
	ActorName  string
	At         time.Time
}

func (handOffRow) TableName() string { return "hand_offs" }

type waitingRow struct {
	ID         int64
	IncidentID int64
	ServiceID  *int64
	TeamID     *int64
	FromID     *int64
	Since      time.Time
	Until      time.Time
	Passed     int
}

func (waitingRow) TableName() string { return "triage_waiting" }

// waitingRows are the rows under which an incident waits; services are its own, by number.
func waitingRows(id int64, services []int64, w triage.Waiting) []waitingRow {
	row := waitingRow{IncidentID: id, TeamID: reference(w.To), FromID: reference(w.From), Since: w.Since.UTC(), Until: w.Until.UTC(), Passed: w.Passed}
	if w.To != 0 || len(services) == 0 {
		return []waitingRow{row}
	}
	rows := make([]waitingRow, len(services))
	for n := range services {
		rows[n] = row
		rows[n].ServiceID = &services[n]
	}
	return rows
}

// keepWaiting brings the inboxes up to date after a change of an incident that may matter to them.
func (s *Store) keepWaiting(ctx context.Context, before, after incident.Incident) error {
	if before.ID != 0 {
		was, counted := triage.WaitingOf(before, triage.Triage{})
		is, counts := triage.WaitingOf(after, triage.Triage{})
		if was == is && counted == counts && slices.Equal(before.Services, after.Services) {
			return nil
		}
	}
	var t triage.Triage
	if before.ID != 0 {
		known, err := s.triagesOf(ctx, []int64{int64(after.ID)})
		if err != nil {
			return err
		}
		t = known[after.ID]
	}
	return s.putWaiting(ctx, before.ID != 0, after, t)
}

func (s *Store) putWaiting(ctx context.Context, had bool, i incident.Incident, t triage.Triage) error {
	var rows []waitingRow
	if w, waits := triage.WaitingOf(i, t); waits {
		services, err := s.serviceIDs(ctx, "services", i.Services)
		if err != nil {
			return err
		}
		rows = waitingRows(int64(i.ID), services, w)
	}
	return replace(ctx, s, int64(i.ID), had, rows)
}

// triagesOf gives what was said about incidents, in two statements.
func (s *Store) triagesOf(ctx context.Context, ids []int64) (map[incident.ID]triage.Triage, error) {
	all := make(map[incident.ID]triage.Triage, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	rows, err := table[triageRow](s.db(ctx)).Where("incident_id IN ?", ids).Find(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		all[incident.ID(r.IncidentID)] = r.triage()
	}
	handOffs, err := table[handOffRow](s.db(ctx)).Where("incident_id IN ?", ids).Order("incident_id, id").Find(ctx)
	for _, r := range handOffs {
		t := all[incident.ID(r.IncidentID)]
		t.HandOffs = append(t.HandOffs, triage.HandOff{
			From: referred[catalog.TeamID](r.FromID), To: catalog.TeamID(r.ToID), Reason: r.Reason, By: r.ActorName, At: r.At.UTC(),
		})
		all[incident.ID(r.IncidentID)] = t
	}
	return all, err
}

// occurrencesAsked is in how many occurrences of its failure, the latest ones, an incident's cause is looked for.
const occurrencesAsked = 200

// notedAs are the classes of the latest confirmed cause and contributing factor: those noted on incident i, else on its
// problem, else, of causes, on another occurrence.
var notedAs = func() string {
	latest := func(from, of, kind string) string {
		return "(SELECT n.cause_class FROM " + from + " WHERE " + of + " AND n.kind = '" + kind + "' ORDER BY n.id DESC LIMIT 1)"
	}
	others := fmt.Sprintf("(SELECT o.id FROM incidents o WHERE o.problem_id = i.problem_id ORDER BY o.started_at DESC, o.id DESC LIMIT %d) AS top CROSS JOIN notes n", occurrencesAsked)
	own, theirs := "n.incident_id = i.id", "n.problem_id = i.problem_id"
	return "COALESCE(" + latest("notes n", own, "cause") + ", " + latest("notes n", theirs, "cause") + ", " + latest(others, "n.incident_id = top.id", "cause") + ", '') AS cause, " +
		"COALESCE(" + latest("notes n", own, "factor") + ", " + latest("notes n", theirs, "factor") + ", '') AS factor"
}()

// Triage gives what was said about one incident, with the classes of cause that its notes name.
func (s *Store) Triage(ctx context.Context, viewer account.Actor, id incident.ID) (triage.Triage, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return triage.Triage{}, err
	}
	all, err := s.triagesOf(ctx, []int64{int64(id)})
	if err != nil {
		return triage.Triage{}, explain(err, "incident")
	}
	t := all[id]
	t.Incident = id
	err = s.db(ctx).Raw("SELECT "+notedAs+" FROM incidents i WHERE i.id = ?", id).Scan(&t.Noted).Error
	return t, explain(err, "incident")
}

// UpdateTriage reads what was said about an incident, lets change decide, and writes it, with the inboxes as they then are.
func (s *Store) UpdateTriage(ctx context.Context, id incident.ID, change func(i incident.Incident, t *triage.Triage) error) (before, after triage.Triage, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		i, err := s.incident(ctx, table[incidentRow](s.db(ctx), forUpdate).Where("id = ?", id))
		if err != nil {
			return err
		}
		all, err := s.triagesOf(ctx, []int64{int64(id)})
		if err != nil {
			return err
		}
		before = all[id]
		after = before
		after.HandOffs = slices.Clone(before.HandOffs)
		if err := change(i, &after); err != nil {
			return err
		}
		r := toTriageRow(i, after)
		if err := table[triageRow](s.db(ctx), clause.OnConflict{UpdateAll: true}).Create(ctx, &r); err != nil {
			return err
		}
		for _, h := range after.HandOffs[len(before.HandOffs):] {
			row := handOffRow{IncidentID: int64(id), FromID: reference(h.From), ToID: int64(h.To), Reason: h.Reason, ActorName: h.By, At: h.At.UTC()}
			if err := table[handOffRow](s.db(ctx)).Create(ctx, &row); err != nil {
				return err
			}
		}
		return s.putWaiting(ctx, true, i, after)
	})
	return before, after, explain(err, "incident")
}

var inboxList = list[incidentRow]{
	thing: "incident", table: "incidents i", columns: "i.*", id: "i.id", usual: "id",
	idOf:  func(r incidentRow) int64 { return r.ID },
	sorts: map[string]sortKey[incidentRow]{"id": byNumber("i.id", func(r incidentRow) int64 { return r.ID })},
}

// Inbox gives a page of the incidents that wait for a team to answer for them, the one reported first at the top.
func (s *Store) Inbox(ctx context.Context, viewer account.Actor, of triage.Inbox, now time.Time, r listing.Request) (listing.Page[triage.Item], error) {
	var none listing.Page[triage.Item]
	if err := viewer.May(account.Viewer); err != nil {
		return none, err
	}
	q := selection{from: "incidents i"}
	at := now.UTC()
	const byService = "SELECT q.incident_id FROM services v CROSS JOIN triage_waiting q WHERE q.service_id = v.id AND q.until > ? AND v.builder_id "
	switch {
	case of.Team != 0:
		q.and("i.id IN ("+byService+"= ? UNION SELECT q.incident_id FROM triage_waiting q WHERE q.team_id = ? AND q.until > ?"+
			" UNION SELECT q.incident_id FROM triage_waiting q WHERE q.from_id = ? AND q.until > ? AND q.since <= ?)",
			at, of.Team, of.Team, at, of.Team, at, at.Add(-triage.NobodyAfter))
	case of.Nobody:
		q.and("i.id IN ("+byService+"IS NULL UNION SELECT q.incident_id FROM triage_waiting q WHERE q.service_id IS NULL AND q.team_id IS NULL AND q.until > ?)", at, at)
	default:
		q.and(waitingNow, at)
	}
	rows, err := inboxList.page(ctx, s.db(ctx), q, "", r)
	if err != nil {
		return none, err
	}
	items, err := s.triageItems(ctx, rows.Items)
	return pageOf(rows, items), explain(err, "incident")
}

// waitingNow narrows incidents i to those that wait in anybody's inbox.
const waitingNow = "i.id IN (SELECT q.incident_id FROM triage_waiting q WHERE q.until > ?)"

// triageItems gives incidents whole, with what was said about them, in a fixed number of statements.
func (s *Store) triageItems(ctx context.Context, rows []incidentRow) ([]triage.Item, error) {
	incidents, err := s.incidentsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for n, r := range rows {
		ids[n] = r.ID
	}
	triages, err := s.triagesOf(ctx, ids)
	items := make([]triage.Item, len(incidents))
	for n, i := range incidents {
		items[n] = triage.Item{Incident: i, Triage: triages[i.ID]}
	}
	return items, err
}

// Unaccountable gives the incidents that no team has answered for in triage.NobodyAfter: those passed on most often first,
// then those that nobody has had for longest, with their number.
func (s *Store) Unaccountable(ctx context.Context, viewer account.Actor, now time.Time, limit int) (listing.Page[triage.Item], error) {
	var page listing.Page[triage.Item]
	if err := viewer.May(account.Viewer); err != nil {
		return page, err
	}
	const waiting = "FROM triage_waiting q WHERE q.until > ? AND q.since <= ? GROUP BY q.incident_id, q.passed, q.since"
	at, since := now.UTC(), now.Add(-triage.NobodyAfter).UTC()
	rows, err := table[incidentRow](s.db(ctx)).Raw(fmt.Sprintf(`SELECT i.* FROM (SELECT q.incident_id AS id, q.passed, q.since %s
		ORDER BY q.passed DESC, q.since, q.incident_id LIMIT %d) AS top CROSS JOIN incidents i WHERE i.id = top.id ORDER BY top.passed DESC, top.since, top.id`,
		waiting, limit), at, since).Find(ctx)
	if err != nil || len(rows) == 0 {
		return page, explain(err, "incident")
	}
	if page.Items, err = s.triageItems(ctx, rows); err != nil {
		return page, explain(err, "incident")
	}
	page.Total = len(rows)
	if len(rows) < limit {
		return page, nil
	}
	err = s.db(ctx).Raw(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 %s LIMIT %d) AS counted", waiting, listing.CountedUpTo+1), at, since).Row().Scan(&page.Total)
	page.Estimated = page.Total > listing.CountedUpTo
	page.Total = min(page.Total, listing.CountedUpTo)
	return page, explain(err, "incident")
}

// TimeToTriage gives how long the incidents of an inbox that were triaged since a moment had waited for it, the median.
func (s *Store) TimeToTriage(ctx context.Context, viewer account.Actor, of triage.Inbox, since time.Time) (triage.Pace, error) {
	var p triage.Pace
	if err := viewer.May(account.Viewer); err != nil {
		return p, err
	}
	q := selection{from: "triages t"}
	q.and("t.triaged_at >= ?", since.UTC())
	switch {
	case of.Team != 0:
		q.and("t.triaged_by_id = ?", of.Team)
	case of.Nobody:
		q.and("t.triaged_by_id IS NULL")
	}
	var found struct {
		N      int
		Median float64
	}
	err := s.db(ctx).Raw("SELECT COALESCE(max(n), 0) AS n, COALESCE(avg(took), 0) AS median FROM ("+
		q.sql("t.took_seconds AS took, row_number() OVER (ORDER BY t.took_seconds) AS k, count(*) OVER () AS n", "")+
		") AS found WHERE k IN ((n + 1) / 2, (n + 2) / 2)", q.args...).Scan(&found).Error
	return triage.Pace{N: found.N, Median: lasting(int64(found.Median))}, explain(err, "incident")
}

// judgedAtMost bounds how many incidents FirstJudgements reads.
const judgedAtMost = 200

// FirstJudgements gives the first judgements of the service's latest incidents that began since a moment, and what the
// causes turned out to be.
func (s *Store) FirstJudgements(ctx context.Context, viewer account.Actor, service catalog.ServiceID, since time.Time) ([]triage.Outcome, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	var rows []struct{ First, Later, Cause, Factor string }
	err := s.db(ctx).Raw(`SELECT t.first_judgement AS first, COALESCE(t.judgement, '') AS later, `+notedAs+`
		FROM incident_services l CROSS JOIN triages t CROSS JOIN incidents i
		WHERE l.service_id = ? AND l.started_at >= ? AND t.incident_id = l.incident_id AND t.first_judgement IS NOT NULL AND i.id = l.incident_id AND `+counted+
		fmt.Sprintf(" ORDER BY l.started_at DESC, l.incident_id DESC LIMIT %d", judgedAtMost), service, since.UTC()).Scan(&rows).Error
	outcomes := make([]triage.Outcome, len(rows))
	for n, r := range rows {
		final, _ := triage.Triage{Later: triage.Judged{Class: r.Later}, Noted: triage.Noted{Cause: r.Cause, Factor: r.Factor}}.Final()
		outcomes[n] = triage.Outcome{First: r.First, Final: final}
	}
	return outcomes, explain(err, "incident")
}
