package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"upshot/app/fault"
	"upshot/app/listing"
)

// list is how the rows of one table are listed: a page at a time, by key and not by number of rows skipped, so that
// the thousandth page costs what the first does and rows written meanwhile neither repeat nor hide others.
type list[Row any] struct {
	thing   string // for faults: "incident"
	table   string // "incidents i"
	columns string // "i.*"
	id      string // "i.id"
	idOf    func(Row) int64
	sorts   map[string]sortKey[Row]
	usual   string // the sort when none is asked for: "-started_at"
}

// sortKey is one order that a list is offered in. Its SQL is never null, and an index has it followed by the id.
type sortKey[Row any] struct {
	sql   string
	of    func(Row) string          // the value as a cursor carries it
	parse func(string) (any, error) // the same as a parameter
}

func byMoment[Row any](sql string, of func(Row) time.Time) sortKey[Row] {
	return sortKey[Row]{
		sql:   sql,
		of:    func(r Row) string { return of(r).UTC().Format(time.RFC3339Nano) },
		parse: func(s string) (any, error) { at, err := time.Parse(time.RFC3339Nano, s); return at.UTC(), err },
	}
}

func byNumber[Row any](sql string, of func(Row) int64) sortKey[Row] {
	return sortKey[Row]{
		sql:   sql,
		of:    func(r Row) string { return strconv.FormatInt(of(r), 10) },
		parse: func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) },
	}
}

func byText[Row any](sql string, of func(Row) string) sortKey[Row] {
	return sortKey[Row]{sql: sql, of: of, parse: func(s string) (any, error) { return s, nil }}
}

// selection is what a list chooses from: SQL of fixed pieces, and what people typed as parameters.
type selection struct {
	from  string
	where []string
	args  []any
	// column with values: it has one of them. Each is looked up by itself, so that an index that begins with the
	// column gives the order of each, and what is merged is never more than a page of each. With column set and no
	// values nothing is chosen.
	column string
	values []int64
	// id and keys, when set, replace the list's own SQL: those of the table whose index gives the order.
	id   string
	keys map[string]string
}

// and narrows the selection.
func (q *selection) and(condition string, args ...any) {
	q.where = append(q.where, condition)
	q.args = append(q.args, args...)
}

// branches are the selections whose rows together are those of q.
func (q selection) branches() []selection {
	if q.column == "" {
		return []selection{q}
	}
	all := make([]selection, len(q.values))
	for n, value := range q.values {
		all[n] = q
		all[n].where = append(slices.Clone(q.where), fmt.Sprintf("%s = %d", q.column, value))
	}
	return all
}

// sql is the statement that selects the columns, and its parameters.
func (q selection) sql(columns, tail string) string {
	s := "SELECT " + columns + " FROM " + q.from
	if len(q.where) > 0 {
		s += " WHERE " + strings.Join(q.where, " AND ")
	}
	return s + tail
}

// position is what a cursor holds: the row that a page borders on.
type position struct {
	Sort string `json:"s"`
	Key  string `json:"k"`
	ID   int64  `json:"i"`
	Back bool   `json:"b,omitempty"` // the page before that row, not after
}

func (p position) cursor() string {
	b, err := json.Marshal(p)
	if err != nil { // four plain fields
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func wrongCursor() error {
	var c fault.Check
	c.That(false, "cursor", "This address of a page is not one of this list; begin with the first page.")
	return c.Err()
}

func positionOf(cursor, sort string) (position, error) {
	var p position
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Sort != sort {
		return position{}, wrongCursor()
	}
	return p, nil
}

// order gives the key of a sort such as "-started_at", and whether it descends.
func (l list[Row]) order(sort string) (key sortKey[Row], name string, desc bool, err error) {
	name, desc = strings.CutPrefix(sort, "-")
	key, ok := l.sorts[name]
	var c fault.Check
	c.That(ok, "sort", "Sort by %s; with - in front for descending.", strings.Join(slices.Sorted(maps.Keys(l.sorts)), ", "))
	return key, name, desc, c.Err()
}

// page gives one page of what is selected, with two statements at most.
func (l list[Row]) page(ctx context.Context, db *gorm.DB, q selection, sort string, r listing.Request) (listing.Page[Row], error) {
	var p listing.Page[Row]
	if sort == "" {
		sort = l.usual
	}
	key, name, desc, err := l.order(sort)
	if err != nil {
		return p, err
	}
	id := l.id
	if q.id != "" {
		id = q.id
	}
	if own := q.keys[name]; own != "" {
		key.sql = own
	}
	var at position
	whole := q
	if r.Cursor != "" {
		if at, err = positionOf(r.Cursor, sort); err != nil {
			return p, err
		}
		value, err := key.parse(at.Key)
		if err != nil {
			return p, wrongCursor()
		}
		sign := ">"
		if desc != at.Back {
			sign = "<"
		}
		q.where, q.args = slices.Clone(q.where), slices.Clone(q.args)
		if key.sql == id {
			q.and(fmt.Sprintf("%s %s ?", id, sign), at.ID)
		} else {
			q.and(fmt.Sprintf("(%s, %s) %s (?, ?)", key.sql, id, sign), value, at.ID)
		}
	}
	size := r.Size()
	rows, err := l.rows(ctx, db, q, key.sql, id, desc != at.Back, size+1)
	if err != nil {
		return p, explain(err, l.thing)
	}
	more := len(rows) > size
	rows = rows[:min(size, len(rows))]
	if at.Back {
		slices.Reverse(rows)
	}
	p.Items = rows
	border := func(r Row, back bool) string { return position{sort, key.of(r), l.idOf(r), back}.cursor() }
	if n := len(rows); n > 0 {
		if more || at.Back {
			p.Next = border(rows[n-1], false)
		}
		if more && at.Back || r.Cursor != "" && !at.Back {
			p.Prev = border(rows[0], true)
		}
	}
	if r.Cursor == "" && !more {
		p.Total = len(rows)
		return p, nil
	}
	p.Total, p.Estimated, err = l.total(db, whole, id)
	return p, explain(err, l.thing)
}

// rows gives at most limit rows in order.
func (l list[Row]) rows(ctx context.Context, db *gorm.DB, q selection, key, id string, desc bool, limit int) ([]Row, error) {
	direction := "ASC"
	if desc {
		direction = "DESC"
	}
	order := func(key, id string) string {
		if key == id {
			return fmt.Sprintf(" ORDER BY %s %s", id, direction)
		}
		return fmt.Sprintf(" ORDER BY %s %s, %s %s", key, direction, id, direction)
	}
	tail := order(key, id) + fmt.Sprintf(" LIMIT %d", limit)
	branches := q.branches()
	switch len(branches) {
	case 0:
		return nil, nil
	case 1:
		return table[Row](db).Raw(branches[0].sql(l.columns, tail), q.args...).Find(ctx)
	}
	top, args := union(branches, fmt.Sprintf("%s AS k, %s AS id", key, id), tail)
	tail = fmt.Sprintf(" ORDER BY 1 %s, 2 %s LIMIT %d", direction, direction, limit)
	return table[Row](db).Raw(fmt.Sprintf("SELECT %s FROM (%s%s) AS top CROSS JOIN %s WHERE %s = top.id%s",
		l.columns, top, tail, l.table, l.id, order("top.k", "top.id")), args...).Find(ctx)
}

// total counts up to listing.CountedUpTo; beyond that it says so and stops.
func (l list[Row]) total(db *gorm.DB, q selection, id string) (n int, estimated bool, err error) {
	bound := fmt.Sprintf(" LIMIT %d", listing.CountedUpTo+1)
	branches := q.branches()
	var inner string
	args := q.args
	switch len(branches) {
	case 0:
		return 0, false, nil
	case 1:
		inner = branches[0].sql(id+" AS id", bound)
	default:
		inner, args = union(branches, id+" AS id", bound)
		inner += bound
	}
	if err := db.Raw("SELECT count(*) FROM ("+inner+") AS counted", args...).Row().Scan(&n); err != nil {
		return 0, false, err
	}
	return min(n, listing.CountedUpTo), n > listing.CountedUpTo, nil
}

// union is what the branches give together, each thing once.
func union(branches []selection, columns, tail string) (string, []any) {
	var parts []string
	var args []any
	for n, b := range branches {
		parts = append(parts, fmt.Sprintf("SELECT * FROM (%s) AS b%d", b.sql(columns, tail), n))
		args = append(args, b.args...)
	}
	return strings.Join(parts, " UNION "), args
}

// pageOf is the page of rows with what was made of them.
func pageOf[Row, Item any](p listing.Page[Row], items []Item) listing.Page[Item] {
	return listing.Page[Item]{Items: items, Next: p.Next, Prev: p.Prev, Total: p.Total, Estimated: p.Estimated}
}
