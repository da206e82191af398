package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// errWriteOutsideTx is a mistake of ours: see InTx.
var errWriteOutsideTx = errors.New("store: a write belongs inside InTx")

// forUpdate keeps others from the rows read until the transaction ends:
//
//	table[incidentRow](s.db(ctx), forUpdate).Where("id = ?", id).First(ctx)
//
// Rows that refer to them may still be added, since keys never change: so nobody who adds one waits for it.
// SQLite has one writer, so there it adds nothing to the statement.
var forUpdate = clause.Locking{Strength: "NO KEY UPDATE"}

// tx is the open transaction that a ctx carries, as gorm and as River see it.
type tx struct {
	store  *Store
	gorm   *gorm.DB
	sqlite *sql.Tx
	pgx    pgx.Tx
}

type txKey struct{}

// txOf gives the transaction of this store that ctx carries, or nil.
func (s *Store) txOf(ctx context.Context) *tx {
	if t, _ := ctx.Value(txKey{}).(*tx); t != nil && t.store == s {
		return t
	}
	return nil
}

// db is the open transaction when ctx carries one, else a handle that only reads.
func (s *Store) db(ctx context.Context) *gorm.DB {
	if t := s.txOf(ctx); t != nil {
		return t.gorm.WithContext(ctx)
	}
	return s.reader.WithContext(ctx)
}

// InTx makes the writes that fn does with the ctx it is given one change: all of them are kept when it returns
// nil, none when it returns an error or panics. Every write needs it; reads do not.
//
// An InTx inside another joins it: what it did is undone only together with the outer one. So return the error
// of a failed statement; PostgreSQL does nothing more in that transaction anyway. No call to the outside belongs
// in fn, and no ctx but the one it is given: another would wait for this transaction to end.
//
// On SQLite callers that wait for their turn share one commit. Each has its own savepoint: when its fn fails or
// its ctx ends before fn has returned, the others do not notice. A statement that has begun is not interrupted by
// the end of ctx, because SQLite would undo everybody's work; the next statement is refused.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	switch {
	case s.txOf(ctx) != nil:
		return fn(ctx)
	case s.pool != nil:
		return s.inPostgresTx(ctx, fn)
	default:
		return s.inSQLiteTx(ctx, fn)
	}
}

func (s *Store) newTx(ctx context.Context, pool gorm.ConnPool) *tx {
	db := s.writer.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = pool
	return &tx{store: s, gorm: db}
}

// rollbackTimeout ends the wait for a PostgreSQL that no longer answers.
const rollbackTimeout = 5 * time.Second

// inPostgresTx lets pgx own the transaction, because River wants pgx's, while gorm works on the same connection.
func (s *Store) inPostgresTx(ctx context.Context, fn func(ctx context.Context) error) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return explain(fmt.Errorf("begin: %w", err), "transaction")
	}
	defer func() { _ = conn.Close() }()
	var own pgx.Tx
	err = conn.Raw(func(c any) (err error) {
		own, err = c.(*stdlib.Conn).Conn().Begin(ctx)
		return err
	})
	if err != nil {
		return explain(fmt.Errorf("begin: %w", err), "transaction")
	}
	defer func() { // does nothing once committed
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = own.Rollback(late)
	}()
	t := s.newTx(ctx, postgresPool{conn})
	t.pgx = own
	if err := fn(context.WithValue(ctx, txKey{}, t)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A commit that has begun is seen through: whoever asked may be gone, but the answer would be unknown.
	if err := own.Commit(context.WithoutCancel(ctx)); err != nil {
		return explain(fmt.Errorf("commit: %w", err), "transaction")
	}
	return nil
}

// postgresPool looks like a transaction to gorm, so that gorm's own Transaction makes a savepoint in it instead of
// committing it.
type postgresPool struct{ *sql.Conn }

func (postgresPool) Commit() error   { return errOwned }
func (postgresPool) Rollback() error { return nil }

var errOwned = errors.New("store: the transaction ends with InTx")

func (s *Store) inSQLiteTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.turns.do(ctx, func(own *sql.Tx) (spoilt error, err error) {
		pool := &sqlitePool{tx: own}
		defer pool.over.Store(true)
		t := s.newTx(ctx, pool)
		t.sqlite = own
		err = fn(context.WithValue(ctx, txKey{}, t))
		if spoilsTx(err) {
			pool.spoilt = err
		}
		return pool.spoilt, err
	})
}

// sqlitePool is one caller's view of a transaction that it shares with others.
type sqlitePool struct {
	tx     *sql.Tx
	over   atomic.Bool // fn has returned: a ctx that got away must not write among somebody else's statements
	spoilt error       // what made SQLite give up the whole transaction
}

// ready gives the ctx to run a statement with: without an end, see InTx.
func (p *sqlitePool) ready(ctx context.Context) (context.Context, error) {
	if p.over.Load() {
		return nil, sql.ErrTxDone
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return context.WithoutCancel(ctx), nil
}

func (p *sqlitePool) note(err error) {
	if p.spoilt == nil && spoilsTx(err) {
		p.spoilt = err
	}
}

func (p *sqlitePool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	ctx, err := p.ready(ctx)
	if err != nil {
		return nil, err
	}
	return p.tx.PrepareContext(ctx, query)
}

func (p *sqlitePool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := p.ready(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.tx.ExecContext(ctx, query, args...)
	p.note(err)
	return result, err
}

func (p *sqlitePool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := p.ready(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := p.tx.QueryContext(ctx, query, args...)
	p.note(err)
	return rows, err
}

func (p *sqlitePool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	endless, err := p.ready(ctx)
	if err != nil { // a row holds an error only when database/sql put it there
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return p.tx.QueryRowContext(ended, query, args...)
	}
	row := p.tx.QueryRowContext(endless, query, args...)
	p.note(row.Err())
	return row
}

// Commit and Rollback make gorm's own Transaction a savepoint.
func (p *sqlitePool) Commit() error   { return errOwned }
func (p *sqlitePool) Rollback() error { return nil }
