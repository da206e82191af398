package store

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm/logger"
)

// slowQuery is how long a statement may take before the log mentions it.
const slowQuery = 500 * time.Millisecond

// slowShown is how many bytes of it the log shows.
const slowShown = 1_000

// slowQueries is gorm's logger: errors are logged once, at the edge, so only slow statements are told here,
// without what was in them.
type slowQueries struct{}

func (q slowQueries) LogMode(logger.LogLevel) logger.Interface { return q }
func (slowQueries) Info(context.Context, string, ...any)       {}
func (slowQueries) Warn(context.Context, string, ...any)       {}
func (slowQueries) Error(context.Context, string, ...any)      {}

// ParamsFilter leaves the parameters out of the statement that Trace is told.
func (slowQueries) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

func (slowQueries) Trace(ctx context.Context, began time.Time, statement func() (string, int64), _ error) {
	countStatement(ctx)
	took := time.Since(began)
	if took < slowQuery {
		return
	}
	sql, rows := statement()
	if len(sql) > slowShown { // what inserts many rows says the same for each
		sql = strings.ToValidUTF8(sql[:slowShown], "") + "…"
	}
	slog.WarnContext(ctx, "slow statement", "took", took.Round(time.Millisecond), "rows", rows, "sql", sql)
}
