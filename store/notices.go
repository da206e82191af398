package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/notice"
)

type noticeRow struct {
	ID            int64
	IncidentID    int64
	TeamID        int64
	Way           string
	Address       string
	State         string
	Attempt       int
	Fence         int64
	Holder        string
	LeaseUntil    *time.Time
	NextAt        time.Time
	Trouble       string
	TroubleStatus int
	TroubleAt     *time.Time
	CreatedAt     time.Time
	AcceptedAt    *time.Time
}

func (noticeRow) TableName() string { return "notices" }

func (r noticeRow) notice() notice.Notice {
	return notice.Notice{
		ID: notice.ID(r.ID), Incident: incident.ID(r.IncidentID), Team: catalog.TeamID(r.TeamID), Way: notice.Way(r.Way), Address: r.Address,
		State: notice.State(r.State), Attempt: r.Attempt, Fence: r.Fence, NextAt: r.NextAt.UTC(),
		Trouble:   notice.Told{Words: r.Trouble, Status: r.TroubleStatus, At: moment(r.TroubleAt)},
		CreatedAt: r.CreatedAt.UTC(), AcceptedAt: moment(r.AcceptedAt),
	}
}

// ToNotify gives significant incidents noticed since a moment, latest first, that no developer was told of and of a service whose
// building team is known. One that began more than a month before is left out, as on the first page.
func (s *Store) ToNotify(ctx context.Context, since time.Time, limit int) ([]incident.ID, error) {
	q := selection{from: "incidents i"}
	q.and(untold+" AND i.started_at >= ? AND i.noticed_at > ?", since.Add(-UntoldWithin).UTC(), since.UTC())
	q.and("EXISTS (SELECT 1 FROM incident_services l JOIN services v ON v.id = l.service_id WHERE l.incident_id = i.id AND v.builder_id IS NOT NULL)")
	var ids []incident.ID
	tail := fmt.Sprintf(" ORDER BY i.started_at DESC, i.id DESC LIMIT %d", limit)
	return ids, explain(s.db(ctx).Raw(q.sql("i.id", tail), q.args...).Scan(&ids).Error, "incident")
}

// AddNotices writes down those that are not there yet: one for each incident, team, way and address.
func (s *Store) AddNotices(ctx context.Context, all []notice.Notice) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		for _, n := range all {
			r := noticeRow{
				IncidentID: int64(n.Incident), TeamID: int64(n.Team), Way: string(n.Way), Address: n.Address, State: string(n.State),
				NextAt: n.NextAt.UTC(), CreatedAt: n.CreatedAt.UTC(),
			}
			if err := table[noticeRow](s.db(ctx), clause.OnConflict{DoNothing: true}).Create(ctx, &r); err != nil {
				return explain(err, "notice")
			}
		}
		return nil
	})
}

// NoticesOf gives the notices of incidents, in the order they were written down.
func (s *Store) NoticesOf(ctx context.Context, ids []incident.ID) (map[incident.ID][]notice.Notice, error) {
	of := map[incident.ID][]notice.Notice{}
	err := chunks(ids, func(some []incident.ID) error {
		rows, err := table[noticeRow](s.db(ctx)).Where("incident_id IN ?", some).Order("id").Find(ctx)
		for _, r := range rows {
			n := r.notice()
			of[n.Incident] = append(of[n.Incident], n)
		}
		return explain(err, "notice")
	})
	return of, err
}

// ClaimNotice takes the notice that is due longest, for as long as the lease; false: none is due. Without mail, it is one for a
// chat.
func (s *Store) ClaimNotice(ctx context.Context, holder string, now, until time.Time, mail bool) (n notice.Notice, due bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		n, due = notice.Notice{}, false
		which := "state IN ('waiting', 'sending') AND next_at <= ? AND (lease_until IS NULL OR lease_until <= ?)"
		if !mail {
			which += " AND way <> 'mail'"
		}
		rows, err := table[noticeRow](s.db(ctx), skipLocked).Where(which, now.UTC(), now.UTC()).
			Order("next_at, id").Limit(1).Find(ctx)
		if err != nil || len(rows) == 0 {
			return explain(err, "notice")
		}
		err = s.db(ctx).Exec("UPDATE notices SET state = 'sending', attempt = attempt + 1, fence = fence + 1, holder = ?, lease_until = ? WHERE id = ?",
			holder, until.UTC(), rows[0].ID).Error
		if err != nil {
			return explain(err, "notice")
		}
		r, err := table[noticeRow](s.db(ctx)).Where("id = ?", rows[0].ID).Take(ctx)
		n, due = r.notice(), err == nil
		return explain(err, "notice")
	})
	return n, due, err
}

// SettleNotice writes what became of a claimed notice, unless somebody else has claimed it since.
func (s *Store) SettleNotice(ctx context.Context, n notice.Notice) (settled bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec(`UPDATE notices SET state = ?, attempt = ?, next_at = ?, trouble = ?, trouble_status = ?, trouble_at = ?, accepted_at = ?, holder = '', lease_until = NULL
			WHERE id = ? AND fence = ? AND state = 'sending'`,
			string(n.State), n.Attempt, n.NextAt.UTC(), n.Trouble.Words, n.Trouble.Status, nullable(n.Trouble.At), nullable(n.AcceptedAt), n.ID, n.Fence)
		settled = done.RowsAffected > 0
		return done.Error
	})
	return settled, explain(err, "notice")
}

// UpdateNotice reads a notice, lets change decide, and writes its state and when it is tried.
func (s *Store) UpdateNotice(ctx context.Context, id notice.ID, change func(*notice.Notice) error) (n notice.Notice, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[noticeRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "notice")
		}
		n = r.notice()
		if err := change(&n); err != nil {
			return err
		}
		return explain(s.db(ctx).Exec("UPDATE notices SET state = ?, attempt = ?, next_at = ?, created_at = ? WHERE id = ?",
			string(n.State), n.Attempt, n.NextAt.UTC(), n.CreatedAt.UTC(), id).Error, "notice")
	})
	return n, err
}

// troubledShown is how many notices with trouble the page of their health shows.
const troubledShown = 20

// NoticeHealth is how notices are doing.
func (s *Store) NoticeHealth(ctx context.Context, now time.Time) (notice.Health, error) {
	var h notice.Health
	since := now.Add(-notice.HealthWithin).UTC()
	for _, count := range []struct {
		into      *int
		statement string
		args      []any
	}{
		{&h.Waiting, "SELECT count(*) FROM notices WHERE state IN ('waiting', 'sending')", nil},
		{&h.Accepted, "SELECT count(*) FROM notices WHERE accepted_at IS NOT NULL AND accepted_at >= ?", []any{since}},
		{&h.Dead, "SELECT count(*) FROM notices WHERE trouble_at IS NOT NULL AND state NOT IN ('accepted', 'dropped') AND trouble_at >= ? AND state = 'dead'", []any{since}},
	} {
		if err := s.db(ctx).Raw(count.statement, count.args...).Scan(count.into).Error; err != nil {
			return h, explain(err, "notice")
		}
	}
	rows, err := table[noticeRow](s.db(ctx)).Where("trouble_at IS NOT NULL AND state NOT IN ('accepted', 'dropped') AND trouble_at >= ?", since).
		Order("trouble_at DESC, id DESC").Limit(troubledShown).Find(ctx)
	for _, r := range rows {
		n := r.notice()
		h.Troubled = append(h.Troubled, n)
		if n.Way == notice.ByMail && h.Latest.At.IsZero() {
			h.Latest = n.Trouble
		}
	}
	return h, explain(err, "notice")
}

// NoteTelling keeps by which channel developers came to know of an incident, and tells whether that is new, or earlier than the
// channel was known to have told.
func (s *Store) NoteTelling(ctx context.Context, id incident.ID, t incident.Telling) (news bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec(`INSERT INTO incident_tellings (incident_id, channel, at) VALUES (?, ?, ?)
			ON CONFLICT (incident_id, channel) DO UPDATE SET at = excluded.at WHERE incident_tellings.at > excluded.at`,
			id, string(t.By), t.At.UTC())
		news = done.RowsAffected > 0
		return done.Error
	})
	return news, explain(err, "incident")
}
