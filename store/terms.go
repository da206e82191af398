package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"upshot/app/problem"
)

// titleTerms is a table of the words of titles.
type titleTerms struct{ table, column string }

var problemTerms = titleTerms{"problem_terms", "problem_id"}

// commonWord is how many may bear a word for a search to begin with it.
const commonWord = 1_000

// index keeps the words of a title, which said something else before ("" for a new one).
func (t titleTerms) index(ctx context.Context, s *Store, id int64, before, title string) error {
	was, is := problem.Words(before), problem.Words(title)
	var gone, fresh []string
	for _, word := range was {
		if !slices.Contains(is, word) {
			gone = append(gone, word)
		}
	}
	for _, word := range is {
		if !slices.Contains(was, word) {
			fresh = append(fresh, word)
		}
	}
	if len(gone) > 0 {
		if err := s.db(ctx).Exec("DELETE FROM "+t.table+" WHERE "+t.column+" = ? AND term IN ?", id, gone).Error; err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	var args []any
	for _, word := range fresh {
		args = append(args, word, id)
	}
	return s.db(ctx).Exec("INSERT INTO "+t.table+" (term, "+t.column+") VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(fresh)-1), args...).Error
}

// sought is a word of a search: the last one may be its beginning alone.
type sought struct {
	condition string // over the column term
	args      []any
	titles    int // how many bear it, up to one more than commonWord
}

// beyond follows, in order of code points, every word with a prefix.
const beyond = "\U0010FFFF"

// search narrows a selection of rows with that id to those whose titles have all the words of a query, the last
// one as its beginning. A query without a word finds nothing.
func (t titleTerms) search(ctx context.Context, s *Store, q *selection, id, query string) error {
	words := problem.Words(query)
	if len(words) == 0 {
		q.and("1 = 0")
		return nil
	}
	all := make([]sought, len(words))
	for n, word := range words {
		all[n] = sought{condition: "term = ?", args: []any{word}}
		if n == len(words)-1 {
			all[n] = sought{condition: "term >= ? AND term < ?", args: []any{word, word + beyond}}
		}
	}
	if err := t.count(ctx, s, all); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b sought) int { return a.titles - b.titles })
	for n, w := range all {
		if n == 0 && w.titles <= commonWord { // few: fetch and sort these, and look no further
			q.and(fmt.Sprintf("%s IN (SELECT %s FROM %s WHERE %s)", id, t.column, t.table, w.condition), w.args...)
			continue
		}
		q.and(fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s = %s AND %s)", t.table, t.column, id, w.condition), w.args...)
	}
	return nil
}

// count fills in how many titles bear each word, in one statement that stops soon after commonWord.
func (t titleTerms) count(ctx context.Context, s *Store, all []sought) error {
	if len(all) == 0 {
		return nil
	}
	var parts []string
	var args []any
	for n, w := range all {
		parts = append(parts, fmt.Sprintf("SELECT %d AS n, count(*) AS titles FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) AS c%d", n, t.table, w.condition, commonWord+1, n))
		args = append(args, w.args...)
	}
	var counts []struct{ N, Titles int }
	if err := s.db(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&counts).Error; err != nil {
		return err
	}
	for _, c := range counts {
		all[c.N].titles = c.Titles
	}
	return nil
}
