package store

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm"
)

// Statement is one that the store ran, with its parameters.
type Statement struct {
	SQL  string
	Args []any
}

// Statements gives what f makes the store read. One test at a time may ask it of one store.
func (s *Store) Statements(f func() error) ([]Statement, error) {
	var mu sync.Mutex
	var all []Statement
	note := func(db *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, Statement{db.Statement.SQL.String(), append([]any(nil), db.Statement.Vars...)})
	}
	on := s.reader.Callback()
	if err := on.Query().After("gorm:query").Register("test:note", note); err != nil {
		return nil, err
	}
	if err := on.Row().After("gorm:row").Register("test:note", note); err != nil {
		return nil, err
	}
	err := f()
	if err := on.Query().Remove("test:note"); err != nil {
		return nil, err
	}
	if err := on.Row().Remove("test:note"); err != nil {
		return nil, err
	}
	return all, err
}

// Plan says how the database would run a statement, one step a line. PostgreSQL, which reads a small table whole
// rather than use an index, is asked as if it could not.
func (s *Store) Plan(ctx context.Context, st Statement) ([]string, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	explaining := "EXPLAIN QUERY PLAN "
	if s.pool != nil {
		if _, err := conn.ExecContext(ctx, "SET enable_seqscan = off"); err != nil {
			return nil, err
		}
		defer func() { _, _ = conn.ExecContext(ctx, "RESET enable_seqscan") }()
		explaining = "EXPLAIN "
	}
	rows, err := conn.QueryContext(ctx, explaining+st.SQL, st.Args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", st.SQL, err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		into := []any{&id, &parent, &unused, &step}
		if s.pool != nil {
			into = []any{&step}
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		plan = append(plan, strings.TrimSpace(step))
	}
	return plan, rows.Err()
}

// Exec runs a statement in a transaction of its own.
func (s *Store) Exec(ctx context.Context, statement string) error {
	return s.InTx(ctx, func(ctx context.Context) error { return s.db(ctx).Exec(statement).Error })
}

// MarkText says that the words of incidents are to be read anew.
func (s *Store) MarkText(ctx context.Context, ids ...int64) error { return s.markText(ctx, ids...) }
