package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A batch ends with whichever comes first, so that nobody waits long for the commit.
const (
	batchMembers = 64
	batchAge     = 5 * time.Millisecond
)

// turns lets one writer after the other into SQLite. Whoever finishes passes the open transaction on to the next
// one waiting; when nobody waits, it commits for all who were in it. So a lone writer pays for nothing, and many
// share the wait for the disk. Each fn runs in its caller's goroutine.
type turns struct {
	begin     func() (*sql.Tx, error)
	age       time.Duration     // batchAge, except in tests
	committed func(members int) // for tests; may be nil

	mu      sync.Mutex
	taken   bool
	waiting []chan struct{} // closed when the turn has come

	batch *batch // of whoever has the turn
}

// batch is a transaction shared by the callers that wait for done.
type batch struct {
	tx      *sql.Tx
	since   time.Time
	members int
	done    chan struct{}
	err     error // valid after done
}

// do runs fn when the turn has come and answers when its work is on disk, or undone. What fn calls spoilt made
// SQLite give up the whole transaction.
func (g *turns) do(ctx context.Context, fn func(tx *sql.Tx) (spoilt, err error)) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	mine, err := g.use(ctx, fn)
	if err != nil {
		return err
	}
	<-mine.done
	if mine.err != nil {
		return explain(mine.err, "transaction")
	}
	return nil
}

// enter waits for the turn. It may come just when ctx ends: then it is still ours to pass on.
func (g *turns) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if !g.taken {
		g.taken = true
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, turn); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return ctx.Err()
	}
	return nil
}

// use runs fn in the open batch, or in a new one, and passes the turn on, even when fn panics.
func (g *turns) use(ctx context.Context, fn func(tx *sql.Tx) (spoilt, err error)) (*batch, error) {
	defer g.leave()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.batch == nil {
		tx, err := g.begin()
		if err != nil {
			return nil, explain(fmt.Errorf("begin: %w", err), "transaction")
		}
		g.batch = &batch{tx: tx, since: time.Now(), done: make(chan struct{})}
	}
	b := g.batch
	first := b.members == 0 // alone so far: the transaction itself is its savepoint
	if !first {
		if err := run(b.tx, "SAVEPOINT member"); err != nil {
			g.give(err)
			return nil, explain(err, "transaction")
		}
	}
	kept := false
	defer func() {
		if kept || g.batch != b {
			return
		}
		if first {
			g.give(nil)
		} else if err := errors.Join(run(b.tx, "ROLLBACK TO member"), run(b.tx, "RELEASE member")); err != nil {
			g.give(err)
		}
	}()
	spoilt, err := fn(b.tx)
	if spoilt != nil {
		g.give(spoilt)
		if err == nil {
			err = explain(spoilt, "transaction")
		}
		return nil, err
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if !first {
		if err := run(b.tx, "RELEASE member"); err != nil {
			g.give(err)
			return nil, explain(err, "transaction")
		}
	}
	b.members++
	kept = true
	return b, nil
}

// leave commits when the batch is full or nobody waits, and passes the turn on.
func (g *turns) leave() {
	for {
		g.mu.Lock()
		waits := len(g.waiting) > 0
		switch b := g.batch; {
		case b != nil && (!waits || b.members >= batchMembers || time.Since(b.since) >= g.age):
			g.mu.Unlock()
			g.commit()
		case waits:
			next := g.waiting[0]
			g.waiting = g.waiting[1:]
			g.mu.Unlock()
			close(next)
			return
		default:
			g.taken = false
			g.mu.Unlock()
			return
		}
	}
}

func (g *turns) commit() {
	b := g.batch
	g.batch = nil
	if err := b.tx.Commit(); err != nil {
		b.err = fmt.Errorf("commit: %w", err)
	} else if g.committed != nil {
		g.committed(b.members)
	}
	close(b.done)
}

// give gives the batch up: everybody in it is told why.
func (g *turns) give(why error) {
	b := g.batch
	g.batch = nil
	_ = b.tx.Rollback()
	b.err = why
	close(b.done)
}

func run(tx *sql.Tx, statement string) error {
	_, err := tx.ExecContext(context.Background(), statement)
	return err
}
