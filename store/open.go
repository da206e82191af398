// Package store keeps the records, in an SQLite file or in PostgreSQL.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3" // the SQLite driver
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"upshot/app/fault"
)

const (
	sqliteReaders  = 4                // more only compete with the writer for the processor
	sqliteBusy     = 5 * time.Second  // how long another process may hold the file
	sqliteCache    = 32 << 10         // KiB of the file that the writer may hold in memory: an import touches every index
	sqliteRead     = 8 << 10          // KiB, likewise for each reader
	postgresConns  = 16               // unless the address says pool_max_conns
	connectTimeout = 10 * time.Second // to the first answer of PostgreSQL
)

// Store is one open database. Reads go to s.db(ctx); writes happen inside InTx.
type Store struct {
	file     string        // SQLite's; empty with PostgreSQL
	pool     *pgxpool.Pool // PostgreSQL's; nil with SQLite
	read     *sql.DB       // SQLite: read-only connections. PostgreSQL: the pool
	write    *sql.DB       // SQLite: the one writing connection, shared with River. PostgreSQL: the pool
	reader   *gorm.DB
	writer   *gorm.DB
	turns    turns // who writes next, SQLite only
	queue    atomic.Pointer[queue]
	migrated atomic.Bool
	shelf    shelf // of the measures
}

// Open opens the database at a file's path (SQLite) or a postgres:// address. Its tables are made by Migrate.
// When it cannot be opened the error is a fault that says why.
func Open(ctx context.Context, address string) (*Store, error) {
	s, err := open(ctx, address)
	if err != nil {
		return nil, err
	}
	q, err := s.newQueue(insertOnly())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("job queue: %w", err), s.Close())
	}
	s.queue.Store(&q)
	return s, nil
}

func open(ctx context.Context, address string) (*Store, error) {
	switch scheme, _, hasScheme := strings.Cut(address, "://"); {
	case address == "":
		return nil, fault.New(fault.Invalid, "The address of the database is empty: give a file's path or postgres://….")
	case !hasScheme:
		return openSQLite(ctx, address)
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(ctx, address)
	default:
		return nil, fault.New(fault.Invalid, "A database address begins with postgres://, or is a file's path; %s:// is neither.", scheme)
	}
}

// sqliteAddress carries the settings, so that every connection of a pool has them. The driver keeps
// prepared statements itself: gorm's own would be prepared anew in each transaction.
func sqliteAddress(path string, settings ...string) string {
	settings = append(settings, fmt.Sprintf("_busy_timeout=%d", sqliteBusy.Milliseconds()), "_stmt_cache_size=256")
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(settings, "&")
}

func openSQLite(ctx context.Context, path string) (*Store, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fault.New(fault.Unavailable, "The database %s cannot be opened: it is a folder.", path)
	}
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); err != nil {
		return nil, &fault.Fault{
			Kind: fault.Unavailable, Cause: err,
			Message: fmt.Sprintf("The database %s cannot be opened: the folder %s does not exist or may not be entered.", path, folder),
		}
	}
	s := &Store{file: path}
	s.turns.age = batchAge
	s.turns.begin = func() (*sql.Tx, error) { return s.write.BeginTx(context.Background(), nil) }
	var err error
	// The writer comes first: readers can neither create the file nor switch it to write-ahead logging.
	// FULL makes an acknowledged commit outlive a power cut.
	s.write, err = sql.Open("sqlite3", sqliteAddress(path,
		"_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=1", "_txlock=immediate", fmt.Sprintf("_cache_size=%d", -sqliteCache)))
	if err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	s.write.SetMaxIdleConns(1)
	if err := s.write.PingContext(ctx); err != nil {
		return nil, errors.Join(sqliteFault(path, folder, err), s.Close())
	}
	s.read, err = sql.Open("sqlite3", sqliteAddress(path, "mode=ro", "_query_only=1", fmt.Sprintf("_cache_size=%d", -sqliteRead)))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.read.SetMaxOpenConns(sqliteReaders)
	s.read.SetMaxIdleConns(sqliteReaders)
	if err := s.openGorm(sqlite.Dialector{Conn: s.read}, sqlite.Dialector{Conn: s.write}); err != nil {
		return nil, errors.Join(sqliteFault(path, folder, err), s.Close())
	}
	return s, nil
}

func sqliteFault(path, folder string, err error) error {
	if ours := contextError(err); ours != nil {
		return ours
	}
	return &fault.Fault{
		Kind: fault.Unavailable, Cause: err,
		Message: fmt.Sprintf("The database %s cannot be opened (%v). The folder %s must be writable too, not only the file.", path, err, folder),
	}
}

func openPostgres(ctx context.Context, address string) (*Store, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The parser's words may hold pieces of the address, and with them the password.
		return nil, fault.New(fault.Invalid, "The PostgreSQL address cannot be read; it should look like postgres://user:password@host:5432/name.")
	}
	if !strings.Contains(address, "pool_max_conns") {
		config.MaxConns = postgresConns
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.ConnectTimeout = cmp.Or(config.ConnConfig.ConnectTimeout, connectTimeout)
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL pool: %w", err)
	}
	s := &Store{pool: pool}
	s.write = stdlib.OpenDBFromPool(pool)
	s.read = s.write
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(postgresFault(config.ConnConfig, err), s.Close())
	}
	dialector := postgres.New(postgres.Config{Conn: s.write})
	if err := s.openGorm(dialector, dialector); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func postgresFault(c *pgx.ConnConfig, err error) error {
	if ours := contextError(err); ours != nil {
		return ours
	}
	return &fault.Fault{
		Kind: fault.Unavailable, Cause: err,
		Message: fmt.Sprintf("PostgreSQL at %s:%d cannot be reached, or refuses %s the database %q.", c.Host, c.Port, c.User, c.Database),
	}
}

// openGorm makes the two handles. The reader says in words that it does not write, on both databases alike.
func (s *Store) openGorm(read, write gorm.Dialector) error {
	config := func() *gorm.Config {
		return &gorm.Config{
			TranslateError:         true,
			SkipDefaultTransaction: true,
			DisableAutomaticPing:   true,
			Logger:                 slowQueries{},
			NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		}
	}
	var err error
	if s.writer, err = gorm.Open(write, config()); err != nil {
		return err
	}
	if s.reader, err = gorm.Open(read, config()); err != nil {
		return err
	}
	refuse := func(db *gorm.DB) { _ = db.AddError(errWriteOutsideTx) }
	on := s.reader.Callback()
	return errors.Join(
		on.Create().Before("*").Register("store:refuse", refuse),
		on.Update().Before("*").Register("store:refuse", refuse),
		on.Delete().Before("*").Register("store:refuse", refuse),
		on.Raw().Before("*").Register("store:refuse", refuse),
	)
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return explain(err, "database")
	}
	return nil
}

// Close waits for the statements at hand and closes the database. The jobs must have been stopped.
func (s *Store) Close() error {
	var errs []error
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close()) // SQLite's last connection folds the log into the file
	}
	if s.pool != nil {
		s.pool.Close()
	}
	return errors.Join(errs...)
}
