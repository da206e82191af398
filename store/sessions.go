package store

import (
	"bytes"
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"upshot/app/account"
)

type sessionRow struct {
	Token     string `gorm:"primaryKey"`
	Data      []byte
	ExpiresAt time.Time
}

func (sessionRow) TableName() string { return "sessions" }

// Sessions keeps browsers' sessions for scs, which is to be told HashTokenInStore: the cookie's value is never kept.
type Sessions struct {
	store *Store
	now   func() time.Time
}

// Sessions gives the session store; now decides which sessions have expired.
func (s *Store) Sessions(now func() time.Time) *Sessions { return &Sessions{store: s, now: now} }

// FindCtx gives the session's data; found is false when there is none or it has expired.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	r, err := table[sessionRow](s.store.db(ctx)).Where("token = ? AND expires_at > ?", token, s.now().UTC()).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	return r.Data, err == nil, explain(err, "session")
}

// CommitCtx saves the session. With an idle limit scs does so at every request: when nothing but the expiry has moved,
// and that by less than account.SeenEvery, there is nothing worth a write.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	r, err := table[sessionRow](s.store.db(ctx)).Where("token = ?", token).Take(ctx)
	if err == nil && bytes.Equal(r.Data, data) && expiry.Sub(r.ExpiresAt).Abs() < account.SeenEvery {
		return nil
	}
	return s.store.InTx(ctx, func(ctx context.Context) error {
		err := table[sessionRow](s.store.db(ctx), clause.OnConflict{UpdateAll: true}).
			Create(ctx, &sessionRow{Token: token, Data: data, ExpiresAt: expiry.UTC()})
		return explain(err, "session")
	})
}

// DeleteCtx ends the session; one that does not exist is none.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		_, err := table[sessionRow](s.store.db(ctx)).Where("token = ?", token).Delete(ctx)
		return explain(err, "session")
	})
}

// Find is FindCtx without a request, as scs asks of every store.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a request.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a request.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
