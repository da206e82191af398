package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
)

type answerRow struct {
	Actor     string
	Key       string
	BodyHash  string
	Status    int
	Headers   string
	Body      []byte
	CreatedAt time.Time
}

func (answerRow) TableName() string { return "idempotency_keys" }

func (r answerRow) answer() account.Answer {
	return account.Answer{
		Actor: r.Actor, Key: r.Key, Request: r.BodyHash, Status: r.Status, Headers: r.Headers, Body: r.Body, At: r.CreatedAt.UTC(),
	}
}

func toAnswerRow(a account.Answer) answerRow {
	r := answerRow{Actor: a.Actor, Key: a.Key, BodyHash: a.Request, Status: a.Status, Headers: a.Headers, Body: a.Body, CreatedAt: a.At.UTC()}
	if r.Body == nil {
		r.Body = []byte{}
	}
	return r
}

// ClaimAnswer takes a key for a request, in the transaction that will answer it. When somebody has it already, that
// answer comes back and found is true. Whoever asks at the same time waits for the first to end, on both databases.
func (s *Store) ClaimAnswer(ctx context.Context, a account.Answer) (earlier account.Answer, found bool, err error) {
	r := toAnswerRow(a)
	claimed := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
	if claimed.Error != nil {
		return account.Answer{}, false, explain(claimed.Error, "Idempotency-Key")
	}
	if claimed.RowsAffected == 1 {
		return account.Answer{}, false, nil
	}
	r, err = table[answerRow](s.db(ctx)).Where("actor = ? AND key = ?", a.Actor, a.Key).Take(ctx)
	return r.answer(), err == nil, explain(err, "Idempotency-Key")
}

// KeepAnswer writes down what the request that claimed the key was answered.
func (s *Store) KeepAnswer(ctx context.Context, a account.Answer) error {
	_, err := table[answerRow](s.db(ctx)).Where("actor = ? AND key = ?", a.Actor, a.Key).
		Select("Status", "Headers", "Body").Updates(ctx, toAnswerRow(a))
	return explain(err, "Idempotency-Key")
}

// ForgetAnswers deletes those from before a moment.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time) error {
	_, err := table[answerRow](s.db(ctx)).Where("created_at < ?", before.UTC()).Delete(ctx)
	return explain(err, "Idempotency-Key")
}
