package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// query is a statement over the table of R that is being put together. Each step gives a new one, so that nothing
// leaks from query to query, and each end gives its error. It is gorm.G with the few methods needed here: gorm's own
// generics cost the compiler a second for each kind of row.
type query[R any] struct{ db *gorm.DB }

// table begins a query over the table of R; with forUpdate others wait until the transaction ends.
func table[R any](db *gorm.DB, clauses ...clause.Expression) query[R] {
	return query[R]{db.Session(&gorm.Session{NewDB: true}).Model(new(R)).Clauses(clauses...)}
}

func (q query[R]) step(db *gorm.DB) query[R] { return query[R]{db.Session(&gorm.Session{})} }

func (q query[R]) Where(condition any, args ...any) query[R] {
	return q.step(q.db.Where(condition, args...))
}
func (q query[R]) Order(by any) query[R] { return q.step(q.db.Order(by)) }
func (q query[R]) Limit(n int) query[R]  { return q.step(q.db.Limit(n)) }

func (q query[R]) Select(columns string, more ...any) query[R] {
	return q.step(q.db.Select(columns, more...))
}

// Take gives one row, or gorm.ErrRecordNotFound.
func (q query[R]) Take(ctx context.Context) (R, error) {
	var row R
	err := q.db.WithContext(ctx).Take(&row).Error
	return row, err
}

// Raw says the whole statement itself.
func (q query[R]) Raw(statement string, args ...any) query[R] {
	return q.step(q.db.Raw(statement, args...))
}

// Find gives all rows.
func (q query[R]) Find(ctx context.Context) ([]R, error) {
	var found []R
	err := q.db.WithContext(ctx).Find(&found).Error
	return found, err
}

// Count counts the rows.
func (q query[R]) Count(ctx context.Context) (n int64, err error) {
	err = q.db.WithContext(ctx).Count(&n).Error
	return n, err
}

// Create inserts the row and fills in its number.
func (q query[R]) Create(ctx context.Context, row *R) error {
	return q.db.WithContext(ctx).Create(row).Error
}

// CreateInBatches inserts many rows, that many with each statement, and fills in their numbers.
func (q query[R]) CreateInBatches(ctx context.Context, all *[]R, each int) error {
	return q.db.WithContext(ctx).CreateInBatches(all, each).Error
}

// Updates writes the selected columns of row, and tells how many rows that changed.
func (q query[R]) Updates(ctx context.Context, row R) (int, error) {
	done := q.db.WithContext(ctx).Updates(row)
	return int(done.RowsAffected), done.Error
}

// Update writes one column.
func (q query[R]) Update(ctx context.Context, column string, value any) (int, error) {
	done := q.db.WithContext(ctx).Update(column, value)
	return int(done.RowsAffected), done.Error
}

// Delete deletes the rows.
func (q query[R]) Delete(ctx context.Context) (int, error) {
	done := q.db.WithContext(ctx).Delete(new(R))
	return int(done.RowsAffected), done.Error
}
