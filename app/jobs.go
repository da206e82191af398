package app

import (
	"context"
	"log/slog"
	"time"

	"upshot/app/account"
	"upshot/app/digest"
	"upshot/app/jirasync"
	"upshot/app/job"
	"upshot/app/notice"
)

// verifyDue verifies the changes that have been quiet long enough.
type verifyDue struct{ job.Once }

// Kind names the work in the database.
func (verifyDue) Kind() string { return "verify_due" }

// tidy forgets what has expired: sessions, links, failed sign-ins, idempotency keys.
type tidy struct{ job.Once }

// Kind names the work in the database.
func (tidy) Kind() string { return "tidy" }

// keepStale brings up to date what an import that was broken off has left.
type keepStale struct{ job.Once }

// Kind names the work in the database.
func (keepStale) Kind() string { return "keep_stale" }

// lookAtLinks asks for the addresses of documents that are due.
type lookAtLinks struct{ job.Once }

// Kind names the work in the database.
func (lookAtLinks) Kind() string { return "look_at_links" }

// keepCoverage notes which services are covered no longer because confirmations ran out.
type keepCoverage struct{ job.Once }

// Kind names the work in the database.
func (keepCoverage) Kind() string { return "keep_coverage" }

// jobs lists the work that no request waits for.
func (a *App) jobs(log *slog.Logger) *job.Queue {
	return job.New(log,
		job.Work(func(ctx context.Context, _ verifyDue) error {
			n, err := a.words.followUps.VerifyDue(ctx, account.AsJob("quiet period"))
			if n > 0 {
				log.InfoContext(ctx, "changes verified by a quiet period", "changes", n)
			}
			return err
		}, job.Limits{Timeout: 2 * time.Minute}),
		job.Work(func(ctx context.Context, _ tidy) error {
			if err := a.words.accounts.Tidy(ctx); err != nil {
				return err
			}
			if _, err := a.words.intake.Forget(ctx, a.now().Add(-a.config.DeliveriesKept)); err != nil {
				return err
			}
			return a.store.InTx(ctx, func(ctx context.Context) error { return a.store.ForgetAnswers(ctx, a.now().Add(-account.AnswersKept)) })
		}, job.Limits{Timeout: 5 * time.Minute}),
		job.Work(func(ctx context.Context, _ keepStale) error {
			return a.words.keeper.KeepStale(ctx, account.AsJob("kept figures"))
		}, job.Limits{Timeout: 10 * time.Minute}),
		job.Work(func(ctx context.Context, _ keepCoverage) error {
			n, err := a.words.catalog.KeepCoverage(ctx)
			if n > 0 {
				log.InfoContext(ctx, "services whose ownership coverage has changed", "services", n)
			}
			return err
		}, job.Limits{Timeout: 5 * time.Minute}),
		job.Work(func(ctx context.Context, _ lookAtLinks) error {
			if !a.config.LinkChecks {
				return nil
			}
			return a.words.links.Run(ctx)
		}, job.Limits{Timeout: 10 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ jirasync.SyncArgs) error { return a.words.jira.SyncAll(ctx) }, job.Limits{Timeout: 10 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ jirasync.PushArgs) error { return a.words.jira.PushAll(ctx) }, job.Limits{Timeout: 10 * time.Minute, Attempts: 3}),
		job.Work(func(ctx context.Context, _ jirasync.FlushArgs) error { return a.words.jira.FlushAll(ctx) }, job.Limits{Timeout: 10 * time.Minute, Attempts: 3}),
		job.Work(func(ctx context.Context, _ notice.LookArgs) error { return a.words.notices.Run(ctx) }, job.Limits{Timeout: 5 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ notice.SoonArgs) error { return a.words.notices.Run(ctx) }, job.Limits{Timeout: 5 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ digest.LookArgs) error { return a.words.digests.Run(ctx) }, job.Limits{Timeout: 15 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ digest.SoonArgs) error { return a.words.digests.Run(ctx) }, job.Limits{Timeout: 15 * time.Minute, Attempts: 1}),
		job.Work(func(ctx context.Context, _ digest.NudgeArgs) error { return a.words.digests.Remind(ctx) }, job.Limits{Timeout: 5 * time.Minute, Attempts: 1}),
		job.Every(time.Minute, digest.LookArgs{}),
		job.Every(time.Hour, digest.NudgeArgs{}),
		job.Every(time.Minute, notice.LookArgs{}),
		job.Every(a.config.JiraPoll, jirasync.SyncArgs{}),
		job.Every(5*time.Minute, keepStale{}),
		job.Every(15*time.Minute, verifyDue{}),
		job.Every(15*time.Minute, lookAtLinks{}),
		job.Every(time.Hour, keepCoverage{}),
		job.Every(time.Hour, tidy{}),
	)
}
