package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"upshot/app/fault"
)

func TestErrorsOfTheDatabaseInWords(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return fmt.Errorf("save: %w", &pgconn.PgError{Code: code}) }
	for name, c := range map[string]struct {
		err  error
		want fault.Kind // 0: stays as it is
	}{
		"no row, by gorm":                 {gorm.ErrRecordNotFound, fault.NotFound},
		"no row, by pgx":                  {pgx.ErrNoRows, fault.NotFound},
		"a duplicate, by gorm":            {fmt.Errorf("save: %w", gorm.ErrDuplicatedKey), fault.Conflict},
		"a duplicate, by PostgreSQL":      {pg("23505"), fault.Conflict},
		"a duplicate, by SQLite":          {sqlite3.Error{Code: sqlite3.ErrConstraint, ExtendedCode: sqlite3.ErrConstraintUnique}, fault.Conflict},
		"a parent missing":                {gorm.ErrForeignKeyViolated, fault.Conflict},
		"SQLite held by another process":  {sqlite3.Error{Code: sqlite3.ErrBusy}, fault.Unavailable},
		"the disk is full":                {sqlite3.Error{Code: sqlite3.ErrFull}, fault.Unavailable},
		"PostgreSQL shuts down":           {pg("57P01"), fault.Unavailable},
		"two in each other's way":         {pg("40P01"), fault.Unavailable},
		"the connection is lost":          {driver.ErrBadConn, fault.Unavailable},
		"a mistake in the SQL":            {pg("42601"), 0},
		"the request was given up":        {context.Canceled, 0},
		"the deadline has passed":         {fmt.Errorf("read: %w", context.DeadlineExceeded), 0},
		"a fault already":                 {fault.New(fault.Denied, "Ask Kim."), fault.Denied},
		"anything else":                   {errors.New("odd"), 0},
		"SQLite interrupted by a context": {sqlite3.Error{Code: sqlite3.ErrInterrupt}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := explain(c.err, "incident")
			if !errors.Is(got, c.err) {
				t.Errorf("the cause is lost: %v", got)
			}
			f := fault.Of(got)
			switch {
			case c.want == 0 && f != nil:
				t.Errorf("it became %q", f.Message)
			case c.want != 0 && (f == nil || f.Kind != c.want):
				t.Errorf("got %#v, want kind %d", f, c.want)
			case c.want == fault.NotFound && f.Message != "There is no such incident.":
				t.Errorf("it reads %q", f.Message)
			}
		})
	}
	if explain(nil, "incident") != nil {
		t.Error("nil became an error")
	}
}

func TestRowsThatBelongTogether(t *testing.T) {
	t.Parallel()
	eachNotes(t, func(t *testing.T, s *Store) {
		nobody := int64(99)
		err := s.InTx(t.Context(), func(ctx context.Context) error {
			return explain(table[jottingRow](s.db(ctx)).Create(ctx, &jottingRow{Text: "a", Parent: &nobody}), "note")
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a missing parent says %v", err)
		}
		if err := s.addNote(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.addNote(t.Context(), "a"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a duplicate says %v", err)
		}
		_, err = table[jottingRow](s.db(t.Context())).Where("id = ?", nobody).Take(t.Context())
		if !fault.Is(explain(err, "note"), fault.NotFound) {
			t.Errorf("no row says %v", err)
		}
	})
}
