package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// sqlitePoll is how long a job waits at most for an idle worker on SQLite, where nothing wakes the workers.
const sqlitePoll = 250 * time.Millisecond

// queue is River's client, whichever kind of transaction it works with.
type queue interface {
	insert(ctx context.Context, t *tx, args river.JobArgs) error
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

type client[T any] struct {
	*river.Client[T]
	of func(*tx) T
}

func (c client[T]) insert(ctx context.Context, t *tx, args river.JobArgs) error {
	_, err := c.InsertTx(ctx, c.of(t), args, nil)
	return err
}

func (s *Store) newQueue(config *river.Config) (queue, error) {
	if s.pool != nil {
		c, err := river.NewClient(riverpgxv5.New(s.pool), config)
		if err != nil {
			return nil, err
		}
		return client[pgx.Tx]{c, func(t *tx) pgx.Tx { return t.pgx }}, nil
	}
	c, err := river.NewClient(riversqlite.New(s.write), config)
	if err != nil {
		return nil, err
	}
	return client[*sql.Tx]{c, func(t *tx) *sql.Tx { return t.sqlite }}, nil
}

// insertOnly is the queue of a process that enqueues and runs no jobs.
func insertOnly() *river.Config {
	return &river.Config{Logger: slog.New(slog.DiscardHandler)}
}

// Enqueue keeps a job for later, together with the other changes of the transaction that ctx carries, or in one of
// its own. See app/job for what a job is.
func (s *Store) Enqueue(ctx context.Context, args interface{ Kind() string }) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		statements := ctx
		if s.pool == nil { // see InTx
			if err := ctx.Err(); err != nil {
				return err
			}
			statements = context.WithoutCancel(ctx)
		}
		if err := (*s.queue.Load()).insert(statements, s.txOf(ctx), args); err != nil {
			return explain(fmt.Errorf("enqueue %s: %w", args.Kind(), err), "job")
		}
		return nil
	})
}

// StartJobs begins to run jobs as config says (job.Queue gives it). The end of ctx does not stop them: stop does. It
// takes no new jobs and waits for those at hand until its ctx ends, then cancels them; those are tried again later.
func (s *Store) StartJobs(ctx context.Context, config *river.Config) (stop func(context.Context) error, err error) {
	own := *config
	if s.pool == nil {
		own.PollOnly = true // else River looks for notifications 20 times a second
		own.FetchPollInterval = sqlitePoll
	}
	q, err := s.newQueue(&own)
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	if err := q.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start jobs: %w", err)
	}
	s.queue.Store(&q)
	return func(ctx context.Context) error {
		err := q.Stop(ctx)
		if err == nil || ctx.Err() == nil {
			return err
		}
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelledJobs)
		defer cancel()
		return errors.Join(fmt.Errorf("jobs at hand were cancelled: %w", err), q.StopAndCancel(late))
	}, nil
}

// cancelledJobs is how long a cancelled job may take to notice.
const cancelledJobs = 5 * time.Second
