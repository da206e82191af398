package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"upshot/app/incident"
	"upshot/app/problem"
)

// markText notes that the words of incidents are to be read anew: see IndexTexts. It belongs to the transaction that changes them.
func (s *Store) markText(ctx context.Context, ids ...int64) error {
	slices.Sort(ids)
	// The marker's row is locked, old or new: whoever claims it sees what this transaction did, or finds it again.
	for some := range slices.Chunk(slices.Compact(ids), together) {
		err := s.db(ctx).Exec("INSERT INTO stale_texts (incident_id) VALUES " + tuples(some, func(id int64) string { return fmt.Sprintf("(%d)", id) }) +
			" ON CONFLICT (incident_id) DO UPDATE SET incident_id = excluded.incident_id").Error
		if err != nil {
			return err
		}
	}
	return nil
}

// tuples writes rows of numbers.
func tuples[T any](all []T, row func(T) string) string {
	rows := make([]string, len(all))
	for n, one := range all {
		rows[n] = row(one)
	}
	return strings.Join(rows, ", ")
}

type staleTextRow struct {
	IncidentID int64 `gorm:"primaryKey"`
}

func (staleTextRow) TableName() string { return "stale_texts" }

type mentionsRow struct {
	IncidentID int64 `gorm:"primaryKey"`
	Mentions   []byte
}

func (mentionsRow) TableName() string { return "incident_mentions" }

type termRow struct {
	ID        problem.Term
	Term      string
	Incidents int
}

func (termRow) TableName() string { return "terms" }

// How many incidents are indexed in one transaction: few, so that others need not wait, and more with each that is full, since the words
// of many share the pages that are written.
const (
	textsTogether = 100
	textsAtMost   = 800
)

// IndexTexts reads the words of incidents that are marked, all of them, and tells how many that were. Others may do so at the same time.
func (s *Store) IndexTexts(ctx context.Context) (indexed int, err error) {
	for together := textsTogether; ; together = min(2*together, textsAtMost) {
		var marked []int64
		err := s.db(ctx).Raw("SELECT incident_id FROM stale_texts LIMIT 1").Scan(&marked).Error
		if err != nil || len(marked) == 0 {
			return indexed, explain(err, "incident")
		}
		n := 0
		err = s.InTx(ctx, func(ctx context.Context) error {
			n, err = s.indexSome(ctx, together)
			return err
		})
		indexed += n
		if err != nil {
			return indexed, explain(err, "incident")
		}
	}
}

// indexSome claims marks and brings the index up to date for their incidents. Whoever comes at the same time waits for the first mark.
func (s *Store) indexSome(ctx context.Context, atMost int) (int, error) {
	marks, err := table[staleTextRow](s.db(ctx), forUpdate).Order("incident_id").Limit(atMost).Find(ctx)
	if err != nil || len(marks) == 0 {
		return 0, err
	}
	ids := make([]int64, len(marks))
	for n, m := range marks {
		ids[n] = m.IncidentID
	}
	if _, err := table[staleTextRow](s.db(ctx)).Where("incident_id IN ?", ids).Delete(ctx); err != nil {
		return 0, err
	}
	texts, err := s.texts(ctx, ids)
	if err != nil {
		return 0, err
	}
	before, err := s.mentionsOf(ctx, ids)
	if err != nil {
		return 0, err
	}
	said := make(map[int64][]problem.Mentions, len(ids))
	var words []string
	for _, id := range ids {
		said[id] = problem.MentionsOf(texts[id])
		for _, m := range said[id] {
			words = append(words, m.Word)
		}
	}
	v, err := s.numbered(ctx, words)
	if err != nil {
		return 0, err
	}
	var change indexChange
	for _, id := range ids {
		change.add(id, before[id], v.Mentions(said[id]))
	}
	return len(ids), change.write(ctx, s)
}

// texts gives what incidents say, by number; each with its own notes.
func (s *Store) texts(ctx context.Context, ids []int64) (map[int64]problem.Text, error) {
	texts := make(map[int64]problem.Text, len(ids))
	var rows []struct {
		ID                     int64
		Title, Summary, Labels string
	}
	if err := s.db(ctx).Raw("SELECT id, title, summary, labels FROM incidents WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		texts[r.ID] = problem.Text{Title: r.Title, Summary: r.Summary, Labels: labelsOf(r.Labels)}
	}
	var notes []struct {
		IncidentID int64
		Body       string
	}
	if err := s.db(ctx).Raw("SELECT incident_id, body FROM notes WHERE incident_id IN ? ORDER BY id", ids).Scan(&notes).Error; err != nil {
		return nil, err
	}
	for _, n := range notes {
		t := texts[n.IncidentID]
		t.Notes = append(t.Notes, n.Body)
		texts[n.IncidentID] = t
	}
	return texts, nil
}

func (s *Store) mentionsOf(ctx context.Context, ids []int64) (map[int64][]problem.Mention, error) {
	rows, err := table[mentionsRow](s.db(ctx)).Where("incident_id IN ?", ids).Find(ctx)
	mentions := make(map[int64][]problem.Mention, len(rows))
	for _, r := range rows {
		if err == nil {
			mentions[r.IncidentID], err = unpackMentions(r.Mentions)
		}
	}
	return mentions, err
}

// numbered gives the numbers of words; new ones get theirs.
func (s *Store) numbered(ctx context.Context, words []string) (*problem.Vocabulary, error) {
	slices.Sort(words)
	words = slices.Compact(words)
	v := problem.NewVocabulary(0)
	unknown, err := s.learn(ctx, v, words)
	if err != nil || len(unknown) == 0 {
		return v, err
	}
	for some := range slices.Chunk(unknown, together) {
		args := make([]any, len(some))
		for n, word := range some {
			args[n] = word
		}
		err := s.db(ctx).Exec("INSERT INTO terms (term) VALUES (?)"+strings.Repeat(", (?)", len(some)-1)+" ON CONFLICT (term) DO NOTHING", args...).Error
		if err != nil {
			return nil, err
		}
	}
	_, err = s.learn(ctx, v, unknown)
	return v, err
}

// learn teaches the vocabulary the words that are known, and gives the others.
func (s *Store) learn(ctx context.Context, v *problem.Vocabulary, words []string) (unknown []string, err error) {
	known := make(map[string]bool, len(words))
	for some := range slices.Chunk(words, together) {
		these, list := s.strings(some)
		rows, err := table[termRow](s.db(ctx)).Where("term IN "+these, list).Find(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			v.Learn(r.ID, r.Term, r.Incidents)
			known[r.Term] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return known[word] }), nil
}

// indexChange is what a batch of incidents changes in the index.
type indexChange struct {
	bearers     map[problem.Term]int // how many more mention a term
	added, gone []posting
	mentions    []mentionsRow
}

type posting struct {
	term     problem.Term
	incident int64
}

func (c *indexChange) add(id int64, before, after []problem.Mention) {
	if c.bearers == nil {
		c.bearers = map[problem.Term]int{}
	}
	was := make(map[problem.Term]bool, len(before))
	for _, m := range before {
		was[m.Term] = true
	}
	for _, m := range after {
		if !was[m.Term] {
			c.added = append(c.added, posting{m.Term, id})
			c.bearers[m.Term]++
		}
		delete(was, m.Term)
	}
	for term := range was {
		c.gone = append(c.gone, posting{term, id})
		c.bearers[term]--
	}
	if before == nil || !slices.Equal(before, after) {
		c.mentions = append(c.mentions, mentionsRow{IncidentID: id, Mentions: packMentions(after)})
	}
}

// rowsTogether is how many rows of two numbers one statement writes.
const rowsTogether = 1_000

func (c *indexChange) write(ctx context.Context, s *Store) error {
	db := s.db(ctx)
	byTerm := func(a, b posting) int { return int(a.term - b.term) }
	slices.SortStableFunc(c.added, byTerm)
	slices.SortStableFunc(c.gone, byTerm)
	row := func(p posting) string { return fmt.Sprintf("(%d, %d)", p.term, p.incident) }
	for some := range slices.Chunk(c.added, rowsTogether) {
		if err := db.Exec("INSERT INTO incident_terms (term_id, incident_id) VALUES " + tuples(some, row)).Error; err != nil {
			return err
		}
	}
	for some := range slices.Chunk(c.gone, rowsTogether) {
		if err := db.Exec("DELETE FROM incident_terms WHERE (term_id, incident_id) IN (VALUES " + tuples(some, row) + ")").Error; err != nil {
			return err
		}
	}
	var counts []posting
	for term, more := range c.bearers {
		if more != 0 {
			counts = append(counts, posting{term, int64(more)})
		}
	}
	slices.SortFunc(counts, byTerm)
	for some := range slices.Chunk(counts, rowsTogether) {
		// Both databases call the columns of VALUES column1 and so on.
		err := db.Exec("UPDATE terms SET incidents = incidents + v.column2 FROM (VALUES " + tuples(some, row) + ") AS v WHERE terms.id = v.column1").Error
		if err != nil {
			return err
		}
	}
	for some := range slices.Chunk(c.mentions, together) {
		args := make([]any, 0, 2*len(some))
		for _, m := range some {
			args = append(args, m.IncidentID, m.Mentions)
		}
		err := db.Exec("INSERT INTO incident_mentions (incident_id, mentions) VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(some)-1)+
			" ON CONFLICT (incident_id) DO UPDATE SET mentions = excluded.mentions", args...).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// saysElse tells whether an incident's own words changed.
func saysElse(before, after incident.Incident) bool {
	return before.Title != after.Title || before.Summary != after.Summary || !maps.Equal(before.Labels, after.Labels)
}

// beginsWith is how many words with one beginning a search looks for: those that most incidents mention of the first of them.
const (
	beginsWith   = 50
	beginsLooked = 2_000
	// commonText is how many incidents may mention a word for all of them to be fetched; the others are asked one by one.
	commonText = 20_000
)

// searchIncidents narrows a selection to the incidents that mention all the words of a query, the last one as its beginning. A query
// without a word finds nothing.
func (s *Store) searchIncidents(ctx context.Context, q *selection, query string) error {
	words := problem.Sought(query)
	if len(words) == 0 {
		q.and("1 = 0")
		return nil
	}
	last := words[len(words)-1]
	rows, err := table[termRow](s.db(ctx)).Where("term IN ?", words).Find(ctx)
	if err != nil {
		return err
	}
	var begun []termRow
	err = s.db(ctx).Raw(fmt.Sprintf(`SELECT id, term, incidents FROM (SELECT id, term, incidents FROM terms WHERE term >= ? AND term < ? ORDER BY term LIMIT %d) AS b0
ORDER BY incidents DESC, id LIMIT %d`, beginsLooked, beginsWith), last, last+beyond).Scan(&begun).Error
	if err != nil {
		return err
	}
	type soughtTerms struct {
		terms     []problem.Term
		incidents int
	}
	all := make([]soughtTerms, len(words))
	for n, word := range words {
		found := begun
		if word != last {
			found = slices.DeleteFunc(slices.Clone(rows), func(r termRow) bool { return r.Term != word })
		}
		for _, r := range found {
			all[n].terms = append(all[n].terms, r.ID)
			all[n].incidents += r.Incidents
		}
		if all[n].incidents == 0 { // nobody mentions it
			q.and("1 = 0")
			return nil
		}
	}
	slices.SortStableFunc(all, func(a, b soughtTerms) int { return a.incidents - b.incidents })
	for n, w := range all {
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(w.terms), " ", ", "), "[]")
		if n == 0 && w.incidents <= commonWord || n > 0 && w.incidents <= commonText { // few: fetch and sort these, and look no further
			q.and("i.id IN (SELECT incident_id FROM incident_terms WHERE term_id IN (" + list + "))")
			continue
		}
		q.and("EXISTS (SELECT 1 FROM incident_terms WHERE incident_id = i.id AND term_id IN (" + list + "))")
	}
	return nil
}
