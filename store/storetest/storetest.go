// Package storetest gives each test a real database of its own: migrated, and empty.
package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"upshot/internal/testneed"
	"upshot/store"
	"upshot/store/migrations"
)

// Open gives an SQLite database.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return open(t, File(t))
}

// File gives the path of an SQLite database that is not open, for tests that open it themselves.
func File(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("migrate the template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "upshot.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each runs a test on SQLite and, as the subtest "postgres", on the PostgreSQL of TEST_POSTGRES_DSN.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) { test(t, open(t, address)) })
}

// EachAddress is Each for tests that open the database themselves.
func EachAddress(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, File(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

func open(t testing.TB, address string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// sqliteTemplate is the content of a migrated file, made once in a process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "upshot-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "upshot.db")
	if err := migrate(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(ctx context.Context, address string) error {
	s, err := store.Open(ctx, address)
	if err != nil {
		return err
	}
	err = s.Migrate(ctx)
	if closing := s.Close(); err == nil {
		err = closing
	}
	return err
}

// Postgres gives the address of a database that the end of the test drops, or skips the test.
func Postgres(t testing.TB) string {
	t.Helper()
	server := testneed.Postgres(t)
	template, err := postgresTemplate(server)
	if err != nil {
		t.Fatalf("migrate the template: %v", err)
	}
	name := "upshot_test_" + strings.ToLower(rand.Text()[:12])
	if err := onServer(server, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := onServer(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(server, name)
}

var (
	templateOnce sync.Once
	templateName string
	templateErr  error
)

// postgresTemplate names a migrated database. It is kept on the server under a name made of the migrations, so that
// it is made once for all packages and runs.
func postgresTemplate(server string) (string, error) {
	templateOnce.Do(func() { templateName, templateErr = makeTemplate(context.Background(), server) })
	return templateName, templateErr
}

func makeTemplate(ctx context.Context, server string) (string, error) {
	sum := sha256.New()
	river := riverpgxv5.New(nil)
	for _, files := range []fs.FS{migrations.Files, river.GetMigrationFS("main")} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := fs.ReadFile(files, path)
			_, _ = fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content) // a hash takes everything
			return err
		})
		if err != nil {
			return "", err
		}
	}
	name := "upshot_template_" + hex.EncodeToString(sum.Sum(nil))[:12]

	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	// Packages are tested by several processes at once. The end of the connection frees the lock.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext('upshot template'))"); err != nil {
		return "", err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	// Only a finished template gets the name that others look for.
	unfinished := name + "_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)", "CREATE DATABASE " + unfinished + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	if err := migrate(ctx, withDatabase(server, unfinished)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+name)
	return name, err
}

func onServer(server, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic("TEST_POSTGRES_DSN must be a postgres:// address: " + err.Error())
	}
	u.Path = "/" + name
	return u.String()
}
