package app

import (
	"context"
	"log/slog"
	"time"

	"upshot/app/account"
	"upshot/app/job"
)

// verifyDue verifies the changes that have been quiet long enough.
type verifyDue struct{ job.Once }

// Kind names the work in the database.
func (verifyDue) Kind() string { return "verify_due" }

// tidy forgets what has expired: sessions, links, failed sign-ins, idempotency keys.
type tidy struct{ job.Once }

// Kind names the work in the database.
func (tidy) Kind() string { return "tidy" }

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
			return a.store.InTx(ctx, func(ctx context.Context) error { return a.store.ForgetAnswers(ctx, a.now().Add(-account.AnswersKept)) })
		}, job.Limits{}),
		job.Every(15*time.Minute, verifyDue{}),
		job.Every(time.Hour, tidy{}),
	)
}
