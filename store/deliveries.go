package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"upshot/app/intake"
	"upshot/app/listing"
)

type deliveryRow struct {
	ID         int64
	SourceID   int64
	Name       string
	ReceivedAt time.Time
	Headers    string
	Body       []byte
	Size       int
	Times      int
	LastAt     time.Time
	State      string
	Became     string
	Words      string
	Attempts   int
	NextAt     time.Time
	DoneAt     *time.Time
}

func (deliveryRow) TableName() string { return "deliveries" }

func (r deliveryRow) delivery() (intake.Delivery, error) {
	d := intake.Delivery{
		ID: intake.DeliveryID(r.ID), Source: intake.SourceID(r.SourceID), Name: r.Name, ReceivedAt: r.ReceivedAt.UTC(), Body: r.Body, Size: r.Size,
		Times: r.Times, LastAt: r.LastAt.UTC(), State: intake.State(r.State), Words: r.Words, Attempts: r.Attempts, NextAt: r.NextAt.UTC(), DoneAt: moment(r.DoneAt),
	}
	if err := json.Unmarshal([]byte(r.Headers), &d.Headers); err != nil {
		return d, fmt.Errorf("headers of delivery %d: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Became), &d.Became); err != nil {
		return d, fmt.Errorf("outcome of delivery %d: %w", r.ID, err)
	}
	return d, nil
}

func deliveries(rows []deliveryRow, err error) ([]intake.Delivery, error) {
	if err != nil {
		return nil, explain(err, "delivery")
	}
	all := make([]intake.Delivery, len(rows))
	for n, r := range rows {
		if all[n], err = r.delivery(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// KeepDelivery keeps a delivery, or counts once more one of its name that is there.
func (s *Store) KeepDelivery(ctx context.Context, d intake.Delivery) (id intake.DeliveryID, err error) {
	headers, err := json.Marshal(d.Headers)
	if err != nil {
		return 0, err
	}
	err = s.InTx(ctx, func(ctx context.Context) error {
		return s.db(ctx).Raw(`INSERT INTO deliveries (source_id, name, received_at, headers, body, size, times, last_at, state, next_at)
VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
ON CONFLICT (source_id, name) WHERE name <> '' DO UPDATE SET times = deliveries.times + 1, last_at = excluded.last_at RETURNING id`,
			d.Source, d.Name, d.ReceivedAt.UTC(), string(headers), d.Body, d.Size, d.LastAt.UTC(), d.State, d.NextAt.UTC()).Row().Scan(&id)
	})
	return id, explain(err, "delivery")
}

// drainLock is held by whoever processes deliveries, until the transaction ends: one after the other, as they came.
const drainLock = 0x7570736804

// OneWriter tells whether whoever writes keeps all others from writing: then a batch is to be short.
func (s *Store) OneWriter() bool { return s.pool == nil }

// ClaimDeliveries gives those that wait and are due, oldest first. While one transaction has some, others get none.
func (s *Store) ClaimDeliveries(ctx context.Context, now time.Time, limit int) ([]intake.Delivery, error) {
	if s.pool != nil {
		mine := false
		if err := s.db(ctx).Raw("SELECT pg_try_advisory_xact_lock(?)", drainLock).Row().Scan(&mine); err != nil || !mine {
			return nil, explain(err, "delivery")
		}
	}
	rows, err := table[deliveryRow](s.db(ctx)).Where("state = 'waiting' AND next_at <= ?", now.UTC()).Order("next_at, id").Limit(limit).Find(ctx)
	return deliveries(rows, err)
}

// DeliveriesWait tells whether any waits and is due: cheap, and outside of a transaction.
func (s *Store) DeliveriesWait(ctx context.Context, now time.Time) (bool, error) {
	rows, err := table[deliveryRow](s.db(ctx)).Select("id").Where("state = 'waiting' AND next_at <= ?", now.UTC()).Order("next_at, id").Limit(1).Find(ctx)
	return len(rows) > 0, explain(err, "delivery")
}

// SettleDelivery notes what became of a delivery.
func (s *Store) SettleDelivery(ctx context.Context, d intake.Delivery) error {
	became, err := json.Marshal(append([]intake.Became{}, d.Became...))
	if err != nil {
		return err
	}
	return explain(s.db(ctx).Exec("UPDATE deliveries SET state = ?, became = ?, words = ?, attempts = ?, next_at = ?, done_at = ? WHERE id = ?",
		d.State, string(became), d.Words, d.Attempts, d.NextAt.UTC(), nullable(d.DoneAt), d.ID).Error, "delivery")
}

// Redeliver makes deliveries of a source in a state wait again, and tells how many.
func (s *Store) Redeliver(ctx context.Context, source intake.SourceID, state intake.State, now time.Time) (int, error) {
	done := s.db(ctx).Exec("UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = ?, done_at = NULL WHERE source_id = ? AND state = ?", now.UTC(), source, state)
	return int(done.RowsAffected), explain(done.Error, "delivery")
}

// ForgetDeliveries deletes some that came last before a moment and do not wait, and tells how many.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	done := s.db(ctx).Exec("DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE last_at < ? AND state <> 'waiting' ORDER BY last_at LIMIT ?)", before.UTC(), limit)
	return int(done.RowsAffected), explain(done.Error, "delivery")
}

// Delivery gives one delivery with its body.
func (s *Store) Delivery(ctx context.Context, id intake.DeliveryID) (intake.Delivery, error) {
	r, err := table[deliveryRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	if err != nil {
		return intake.Delivery{}, explain(err, "delivery")
	}
	return r.delivery()
}

var deliveryList = list[deliveryRow]{
	thing: "delivery", table: "deliveries d", id: "d.id", usual: "-id",
	columns: "d.id, d.source_id, d.name, d.received_at, d.headers, d.size, d.times, d.last_at, d.state, d.became, d.words, d.attempts, d.next_at, d.done_at",
	idOf:    func(r deliveryRow) int64 { return r.ID },
	sorts:   map[string]sortKey[deliveryRow]{"id": byNumber("d.id", func(r deliveryRow) int64 { return r.ID })},
}

// Deliveries lists those of a source without their bodies, the latest first.
func (s *Store) Deliveries(ctx context.Context, f intake.Filter, req listing.Request) (listing.Page[intake.Delivery], error) {
	q := selection{from: deliveryList.table}
	q.and("d.source_id = ?", f.Source)
	if f.State != "" {
		q.and("d.state = ?", f.State)
	}
	page, err := deliveryList.page(ctx, s.db(ctx), q, "", req)
	if err != nil {
		return listing.Page[intake.Delivery]{}, err
	}
	items, err := deliveries(page.Items, nil)
	return pageOf(page, items), err
}

// DeliveryCounts is how many deliveries of each source are in each state.
func (s *Store) DeliveryCounts(ctx context.Context, source intake.SourceID) (map[intake.State]int, error) {
	var rows []struct {
		State intake.State
		N     int
	}
	err := s.db(ctx).Raw("SELECT state, count(*) AS n FROM deliveries WHERE source_id = ? GROUP BY state", source).Scan(&rows).Error
	counts := map[intake.State]int{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, explain(err, "delivery")
}
