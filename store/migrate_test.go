package store

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"upshot/app/fault"
	"upshot/store/migrations"
)

func TestBothDatabasesHaveTheSameMigrations(t *testing.T) {
	t.Parallel()
	names := func(folder string) string {
		files, err := fs.Glob(migrations.Files, folder+"/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		return strings.ReplaceAll(strings.Join(files, "\n"), folder+"/", "")
	}
	if sqlite, postgres := names("sqlite"), names("postgres"); sqlite != postgres {
		t.Errorf("SQLite has\n%s\nPostgreSQL has\n%s", sqlite, postgres)
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, address string) {
		s, err := Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		for _, want := range []bool{true, false, false} {
			if pending, err := s.Pending(t.Context()); err != nil || pending != want {
				t.Errorf("pending is %v, %v; want %v", pending, err, want)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, address string) {
		s := notesAt(t, address)
		newer := maps.Clone(testTables)
		for _, folder := range []string{"sqlite", "postgres"} {
			newer[folder+"/0002_more.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE more (id BIGINT);\n")}
		}
		if err := s.migrate(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if err := s.migrate(t.Context(), testTables); !fault.Is(err, fault.Unavailable) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	if address := os.Getenv("UPSHOT_TEST_MIGRATE"); address != "" {
		s, err := Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	eachEmpty(t, func(t *testing.T, address string) {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				child := exec.Command(os.Args[0], "-test.run=^TestReplicasThatStartTogetherMigrateOnce$")
				child.Env = append(os.Environ(), "UPSHOT_TEST_MIGRATE="+address)
				if out, err := child.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		all.Wait()
		s, err := Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if pending, err := s.Pending(t.Context()); err != nil || pending {
			t.Errorf("pending is %v, %v", pending, err)
		}
	})
}

// rebuild is the recipe of migrations/README.md.
const rebuild = `-- +goose NO TRANSACTION
-- +goose Up
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;
CREATE TABLE notes_new (id INTEGER PRIMARY KEY, text TEXT NOT NULL, parent INTEGER REFERENCES notes (id) ON DELETE CASCADE);
INSERT INTO notes_new (id, text, parent) SELECT id, text, parent FROM notes%s;
DROP TABLE notes;
ALTER TABLE notes_new RENAME TO notes;
CREATE TEMP TABLE orphans (n INTEGER CHECK (n = 0));
INSERT OR ROLLBACK INTO orphans SELECT count(*) FROM pragma_foreign_key_check;
DROP TABLE temp.orphans;
COMMIT;
PRAGMA foreign_keys = ON;
`

func TestARebuiltTableKeepsItsChildren(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		where string
		fails bool
	}{
		"all rows copied":              {},
		"a parent forgotten":           {where: " WHERE text <> 'parent'", fails: true},
		"a mistake in mid-transaction": {where: " WHERE nonsense", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sqliteNotes(t)
			ctx := t.Context()
			err := s.InTx(ctx, func(ctx context.Context) error {
				return s.db(ctx).Exec(`INSERT INTO notes (id, text, parent) VALUES (1, 'parent', NULL), (2, 'child', 1)`).Error
			})
			if err != nil {
				t.Fatal(err)
			}
			tables := maps.Clone(testTables)
			sql := fmt.Sprintf(rebuild, c.where)
			tables["sqlite/0002_rebuild.sql"] = &fstest.MapFile{Data: []byte(sql)}
			if err := s.migrate(ctx, tables); (err != nil) != c.fails {
				t.Errorf("error is %v", err)
			}
			wantNotes(t, s, "child", "parent")

			var orphans, on int
			if err := s.write.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&orphans); err != nil || orphans != 0 {
				t.Errorf("%d orphans, %v", orphans, err)
			}
			if err := s.write.QueryRow("PRAGMA foreign_keys").Scan(&on); err != nil || on != 1 {
				t.Errorf("foreign keys are %d, %v", on, err)
			}
			// The connection writes on, and the children still know their parent.
			err = s.InTx(ctx, func(ctx context.Context) error { return s.db(ctx).Exec("DELETE FROM notes WHERE id = 1").Error })
			if err != nil {
				t.Fatal(err)
			}
			wantNotes(t, s)
		})
	}
}

func TestTheLockWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockFile(ended, path); err == nil {
		t.Error("two have the lock")
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := lockFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
