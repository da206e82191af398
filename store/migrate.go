package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"upshot/app/fault"
	"upshot/store/migrations"
)

// migrationLock is our name for the lock among all that PostgreSQL knows.
const migrationLock = 0x7570_7368_6f74 // "upshot"

// Migrate brings the tables, ours and River's, up to what this program knows. Several processes may call it at
// once: one works, the others wait. A database made by a newer program is refused.
func (s *Store) Migrate(ctx context.Context) error { return s.migrate(ctx, migrations.Files) }

// Pending tells whether Migrate has something to do.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	if s.migrated.Load() {
		return false, nil
	}
	pending, err := s.pending(ctx, migrations.Files)
	if err == nil && !pending {
		s.migrated.Store(true)
	}
	return pending, err
}

func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	err := s.withMigrationLock(ctx, func() error {
		if err := s.migrateTables(ctx, files); err != nil {
			return err
		}
		river, err := s.riverVersions()
		if err != nil {
			return err
		}
		return river.up(ctx)
	})
	if err != nil {
		return explain(fmt.Errorf("migrate: %w", err), "table")
	}
	return nil
}

func (s *Store) migrateTables(ctx context.Context, files fs.FS) error {
	tables, err := s.goose(files)
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return err
	}
	current, target, err := tables.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fault.New(fault.Unavailable,
			"The database was made by a newer version of Upshot (%d, this one knows %d): please start that version.", current, target)
	}
	_, err = tables.Up(ctx)
	if s.pool == nil {
		// A rebuild of a table may have ended half-way, with an open transaction and the foreign keys off.
		if err != nil {
			_, _ = s.write.ExecContext(ctx, "ROLLBACK")
		}
		_, on := s.write.ExecContext(ctx, "PRAGMA foreign_keys = ON")
		err = errors.Join(err, on)
	}
	return err
}

func (s *Store) goose(files fs.FS) (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "sqlite"
	if s.pool != nil {
		dialect, folder = goose.DialectPostgres, "postgres"
	}
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.write, sub, goose.WithDisableGlobalRegistry(true))
}

func (s *Store) pending(ctx context.Context, files fs.FS) (bool, error) {
	tables, err := s.goose(files)
	if err != nil && !errors.Is(err, goose.ErrNoMigrations) {
		return false, err
	}
	if err == nil {
		// Asking goose would make its table, outside of the lock.
		if !s.reader.WithContext(ctx).Migrator().HasTable(goose.DefaultTablename) {
			return true, ctx.Err()
		}
		var current sql.NullInt64
		err := s.read.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename).Scan(&current)
		if err != nil {
			return false, explain(err, "table")
		}
		sources := tables.ListSources()
		if current.Int64 < sources[len(sources)-1].Version {
			return true, nil
		}
	}
	river, err := s.riverVersions()
	if err != nil {
		return false, err
	}
	return river.pending(ctx)
}

// versions are River's own tables.
type versions struct {
	up      func(context.Context) error
	pending func(context.Context) (bool, error)
}

func (s *Store) riverVersions() (versions, error) {
	quiet := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	if s.pool != nil {
		m, err := rivermigrate.New(riverpgxv5.New(s.pool), quiet)
		return versionsOf(m), err
	}
	m, err := rivermigrate.New(riversqlite.New(s.write), quiet)
	return versionsOf(m), err
}

func versionsOf[T any](m *rivermigrate.Migrator[T]) versions {
	return versions{
		up: func(ctx context.Context) error {
			_, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
			return err
		},
		pending: func(ctx context.Context) (bool, error) {
			there, err := m.ExistingVersions(ctx)
			return len(there) < len(m.AllVersions()), err
		},
	}
}

// withMigrationLock lets one process after the other migrate. Neither goose nor River has a lock that serves both
// databases.
func (s *Store) withMigrationLock(ctx context.Context, do func() error) error {
	if s.pool == nil {
		unlock, err := lockFile(ctx, s.file+".migrate.lock")
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		return errors.Join(do(), unlock())
	}
	conn, err := s.write.Conn(ctx) // an advisory lock belongs to a connection
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	err = do()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, unlock := conn.ExecContext(late, "SELECT pg_advisory_unlock($1)", migrationLock)
	return errors.Join(err, unlock)
}

// lockRetry is how often a process looks whether the lock of a file has become free.
const lockRetry = 20 * time.Millisecond
