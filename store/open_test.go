package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upshot/app/fault"
)

func TestADatabaseThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear database, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		address string
		kind    fault.Kind
		says    string
	}{
		"no address":          {"", fault.Invalid, "is empty"},
		"another database":    {"mysql://here", fault.Invalid, "postgres://"},
		"a folder":            {folder, fault.Unavailable, "it is a folder"},
		"no such folder":      {filepath.Join(folder, "none", "a.db"), fault.Unavailable, "does not exist"},
		"not a database":      {text, fault.Unavailable, "not a database"},
		"nobody listens":      {"postgres://ann:secret@127.0.0.1:1/upshot", fault.Unavailable, "127.0.0.1:1 cannot be reached"},
		"a garbled address":   {"postgres://ann:sec ret@:x/%", fault.Invalid, "should look like"},
		"an unknown setting":  {"postgres://ann:secret@127.0.0.1:1/upshot?pool_max_conns=many", fault.Invalid, "should look like"},
		"a relative, missing": {"none/a.db", fault.Unavailable, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), c.address)
			f := fault.Of(err)
			if f == nil || f.Kind != c.kind || !strings.Contains(f.Message, c.says) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(f.Message, "sec") {
				t.Errorf("the message shows the password: %q", f.Message)
			}
		})
	}
}

func TestAPathMayHoldAnySign(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "50% of? my #files")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s := notesAt(t, filepath.Join(folder, "a b.db"))
	if err := s.addNote(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	wantNotes(t, s, "a")
	if _, err := os.Stat(filepath.Join(folder, "a b.db")); err != nil {
		t.Error(err)
	}
}

func TestTheSettingsHoldOnEveryConnection(t *testing.T) {
	t.Parallel()
	s := sqliteNotes(t)
	for setting, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", setting, got, err, want)
		}
	}
	if _, err := s.read.Exec("DELETE FROM notes"); err == nil {
		t.Error("a reader may write")
	}
}

func TestMomentsComeBackInUTC(t *testing.T) {
	t.Parallel()
	type momentRow struct {
		ID int64
		At time.Time
	}
	eachNotes(t, func(t *testing.T, s *Store) {
		kind := "timestamp"
		if s.pool != nil {
			kind = "timestamptz"
		}
		if _, err := s.write.Exec("CREATE TABLE moment_rows (id BIGINT, at " + kind + ")"); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 3, 29, 1, 59, 59, 123456000, time.UTC)
		if _, err := s.write.Exec("INSERT INTO moment_rows VALUES (1, $1)", at); err != nil {
			t.Fatal(err)
		}
		var row momentRow
		if err := s.db(t.Context()).Take(&row).Error; err != nil {
			t.Fatal(err)
		}
		if row.At != at {
			t.Errorf("got %v, want %v", row.At, at)
		}
	})
}
