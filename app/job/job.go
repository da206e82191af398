// Package job is the work that no request waits for: what runs when, once, and survives a restart.
//
// A job is a value that says what is to be done, kept in the database by store.Enqueue together with the change that
// made it necessary, and a worker that does it. A worker may run twice for one job, after a crash or when its answer
// was lost; the second run must change nothing.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	workers        = 8           // jobs at hand in one process
	defaultTimeout = time.Minute // of one run
	rescueMargin   = time.Minute // beyond the longest timeout, until a dead process's job is tried again
	attempts       = 20          // the pauses grow with the fourth power: about six days in all
)

// Args say what is to be done. Kind names the work, once and for all: jobs in the database are found by it. The other
// exported fields are kept as JSON.
type Args = interface{ Kind() string }

// Once is embedded in Args of which one is enough: enqueued again with the same fields while one waits or runs,
// nothing is added. What changes while one runs may be seen too late by it, so such a worker looks again before it
// ends, or runs every so often anyway.
type Once struct{}

// InsertOpts tells River. A finished job is no reason against the next one, hence the states.
func (Once) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{
		ByArgs: true,
		ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		},
	}}
}

// Soon is Once, a few seconds later: what comes together meanwhile is done together.
type Soon struct{}

// soonAfter is how much later that is.
const soonAfter = 3 * time.Second

// InsertOpts tells River.
func (Soon) InsertOpts() river.InsertOpts {
	o := Once{}.InsertOpts()
	o.ScheduledAt = time.Now().Add(soonAfter)
	return o
}

// Minutely is embedded in Args that are wanted once a minute, whatever became of the one before: what a dead process had at hand
// keeps nobody waiting. Several may then run at the same time.
type Minutely struct{}

// InsertOpts tells River.
func (Minutely) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: time.Minute}}
}

// GiveUp marks an error that trying again does not help: the job ends as failed.
func GiveUp(err error) error { return river.JobCancel(err) }

// Later ends this run without counting it as a failure; the job runs again after the pause.
func Later(pause time.Duration) error { return river.JobSnooze(pause) }

// Limits of one kind of work. Zero values mean one minute and 20 attempts.
type Limits struct {
	Timeout  time.Duration // of one run: its ctx ends then
	Attempts int           // then the job is left as failed
}

// Queue knows every kind of work, and what is done regularly. store.StartJobs runs it.
type Queue struct {
	log      *slog.Logger
	workers  *river.Workers
	periodic []*river.PeriodicJob
	attempts map[string]int
	longest  time.Duration
}

// Part is something a Queue does: Work or Every.
type Part func(*Queue)

// New puts a queue together. Two workers for one kind are a mistake of the program, and panic.
func New(log *slog.Logger, parts ...Part) *Queue {
	q := &Queue{log: log, workers: river.NewWorkers(), attempts: map[string]int{}, longest: defaultTimeout}
	for _, part := range parts {
		part(q)
	}
	return q
}

// Work does the jobs whose args are a T.
func Work[T Args](do func(ctx context.Context, args T) error, limits Limits) Part {
	return func(q *Queue) {
		var zero T
		if limits.Attempts > 0 {
			q.attempts[zero.Kind()] = limits.Attempts
		}
		q.longest = max(q.longest, limits.Timeout)
		river.AddWorker(q.workers, &worker[T]{do: do, timeout: limits.Timeout, log: q.log})
	}
}

// Every enqueues args when the program starts and then after each period, in one of the replicas. A period missed while
// no replica ran is not made up for, so what is due on a day is for the worker to find out.
func Every(period time.Duration, args Args) Part {
	return func(q *Queue) {
		q.periodic = append(q.periodic, river.NewPeriodicJob(
			river.PeriodicInterval(period),
			func() (river.JobArgs, *river.InsertOpts) { return args, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		))
	}
}

// Loop does work that comes in faster than jobs could be kept for it: the work lies in the database by itself, and every replica looks for it
// when it is woken, and each period anyway. It ends with ctx; trouble is logged when it begins, and ends nothing.
func Loop(ctx context.Context, log *slog.Logger, name string, wake <-chan struct{}, period time.Duration, do func(ctx context.Context) error) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	failing := false
	for {
		once, cancel := context.WithTimeout(ctx, defaultTimeout)
		err := outlive(once, do)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			log.WarnContext(ctx, "work failed, to be tried again", "work", name, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
	}
}

// outlive makes an error of a panic.
func outlive(ctx context.Context, do func(ctx context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do(ctx)
}

// Config is the queue in River's words.
func (q *Queue) Config() *river.Config {
	return &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:              q.workers,
		PeriodicJobs:         q.periodic,
		MaxAttempts:          attempts,
		JobTimeout:           defaultTimeout,
		RescueStuckJobsAfter: q.longest + rescueMargin,
		ErrorHandler:         trouble{q.log},
		Logger:               slog.New(warnings{q.log.Handler()}),
		Hooks: []rivertype.Hook{river.HookInsertBeginFunc(func(_ context.Context, job *rivertype.JobInsertParams) error {
			if n, limited := q.attempts[job.Kind]; limited {
				job.MaxAttempts = n
			}
			return nil
		})},
	}
}

type worker[T Args] struct {
	river.WorkerDefaults[T]
	do      func(ctx context.Context, args T) error
	timeout time.Duration
	log     *slog.Logger
}

func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.timeout }

func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	began := time.Now()
	err := outlive(ctx, func(ctx context.Context) error { return w.do(ctx, job.Args) }) // River would outlive a panic too, and log it a second time
	var gaveUp *rivertype.JobCancelError
	switch {
	case err == nil:
		w.log.DebugContext(ctx, "job done", "job", job.Kind, "id", job.ID, "took", time.Since(began))
	case errors.As(err, &gaveUp): // River does not tell trouble of these
		w.log.ErrorContext(ctx, "job given up", "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	}
	return err
}

// trouble logs what went wrong, once for each attempt.
type trouble struct{ log *slog.Logger }

func (t trouble) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if job.Attempt < job.MaxAttempts {
		t.log.WarnContext(ctx, "job failed, to be tried again", "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	} else {
		t.log.ErrorContext(ctx, "job failed for good", "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	}
	return nil
}

// HandlePanic has nothing to add: workers turn theirs into errors, and River logs any other.
func (trouble) HandlePanic(context.Context, *rivertype.JobRow, any, string) *river.ErrorHandlerResult {
	return nil
}

// warnings keeps River's own news out of the log, and what trouble has told already.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
