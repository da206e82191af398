package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// How many incidents each sign brings in to be compared; more would cost time and hardly ever a likely one.
const (
	ofEachWord    = 1_000 // the latest that mention it
	ofAllWords    = 2_500 // the weightiest words come first
	ofServices    = 3     // services that incidents are fetched by
	ofEachService = 200   // the latest
	ofSameKey     = 50    // the latest
	ofUnread      = 20    // the latest whose words are not indexed yet

	ranked      = 250 // by the words they share, without their lengths
	compared    = 80  // of these, word by word
	ofOneFailed = 3   // of these, in one problem
)

// Similar gives at most n likely earlier incidents of one, which need not be saved yet. Those that are compared are
// found by index: by its weightiest words, its services, and its source's group key.
func (s *Store) Similar(ctx context.Context, viewer account.Actor, i incident.Incident, n int) ([]problem.Suggestion, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	found, err := s.similar(ctx, i, n)
	return found, explain(err, "incident")
}

func (s *Store) similar(ctx context.Context, i incident.Incident, n int) ([]problem.Suggestion, error) {
	c := problem.Candidate{
		Incident: i.ID, Problem: i.Problem, StartedAt: i.Moments.StartedAt, Services: i.Services, Source: i.Source, GroupKey: i.GroupKey,
	}
	text := problem.Text{Title: i.Title, Summary: i.Summary, Labels: i.Labels}
	c.Alert = i.Labels[problem.AlertLabel]
	unread, err := s.unread(ctx, i)
	if err != nil {
		return nil, err
	}
	texts, err := s.texts(ctx, unread)
	if err != nil {
		return nil, err
	}
	text.Notes = texts[int64(i.ID)].Notes
	delete(texts, int64(i.ID))
	v, asked, fresh, err := s.spelt(ctx, text, texts)
	if err != nil {
		return nil, err
	}
	c.Mentions = asked
	pool, err := s.candidates(ctx, c, v, fresh)
	if err != nil || len(pool) == 0 {
		return nil, err
	}
	apart, err := s.apartFrom(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	ids := []int64{}
	problemOf := map[problem.IncidentID]problem.ID{}
	for _, other := range pool {
		ids = append(ids, int64(other.Incident))
		problemOf[other.Incident] = other.Problem
	}
	services, err := s.servicesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	alerts, err := s.alertsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	if i.ID != 0 {
		ids = append(ids, int64(i.ID))
	}
	classes, err := s.causeClasses(ctx, ids)
	if err != nil {
		return nil, err
	}
	c.CauseClass = classes[i.ID]
	for n := range pool {
		pool[n].Services, pool[n].CauseClass = services[int64(pool[n].Incident)], classes[pool[n].Incident]
		pool[n].Alert = alerts[int64(pool[n].Incident)]
	}
	notTheSame := func(id problem.IncidentID) bool {
		return apart.incidents[id] || apart.problems[problemOf[id]]
	}
	return problem.Likely(c, pool, v, notTheSame, n), nil
}

// alertsOf gives the names of the alerts' rules, of those incidents that an alert told of.
func (s *Store) alertsOf(ctx context.Context, ids []int64) (map[int64]string, error) {
	var rows []struct {
		ID     int64
		Labels string
	}
	err := s.db(ctx).Raw("SELECT id, labels FROM incidents WHERE id IN ? AND labels <> '{}'", ids).Scan(&rows).Error
	alerts := make(map[int64]string, len(rows))
	for _, r := range rows {
		alerts[r.ID] = labelsOf(r.Labels)[problem.AlertLabel]
	}
	return alerts, err
}

// unread are the latest incidents whose words are not indexed yet, and the one that is asked about.
func (s *Store) unread(ctx context.Context, i incident.Incident) (ids []int64, err error) {
	err = s.db(ctx).Raw(fmt.Sprintf("SELECT incident_id FROM stale_texts ORDER BY incident_id DESC LIMIT %d", ofUnread)).Scan(&ids).Error
	if i.ID != 0 && !slices.Contains(ids, int64(i.ID)) {
		ids = append(ids, int64(i.ID))
	}
	return ids, err
}

// spelt numbers the words of the text asked about, and of those that are not indexed yet.
func (s *Store) spelt(ctx context.Context, text problem.Text, unread map[int64]problem.Text) (v *problem.Vocabulary, asked []problem.Mention, fresh map[problem.IncidentID][]problem.Mention, err error) {
	var newest int // about as many as there are: none is ever deleted
	if err := s.db(ctx).Raw("SELECT COALESCE(max(id), 0) FROM incidents").Row().Scan(&newest); err != nil {
		return nil, nil, nil, err
	}
	own := problem.MentionsOf(text)
	theirs := make(map[problem.IncidentID][]problem.Mentions, len(unread))
	var words []string
	for _, m := range own {
		words = append(words, m.Word)
	}
	for id, t := range unread {
		theirs[incident.ID(id)] = problem.MentionsOf(t)
		for _, m := range theirs[incident.ID(id)] {
			words = append(words, m.Word)
		}
	}
	slices.Sort(words)
	v = problem.NewVocabulary(newest)
	if _, err := s.learn(ctx, v, slices.Compact(words)); err != nil {
		return nil, nil, nil, err
	}
	asked = v.Mentions(own)
	fresh = make(map[problem.IncidentID][]problem.Mention, len(theirs))
	for id, said := range theirs {
		fresh[id] = v.Mentions(said)
	}
	return v, asked, fresh, nil
}

type candidateRow struct {
	ID        int64
	ProblemID *int64
	Source    string
	GroupKey  string
	StartedAt time.Time
	Mentions  []byte
	Worth     int64
}

// candidateRows reads them by hand, without reflection: there are hundreds.
func (s *Store) candidateRows(ctx context.Context, statement string, args []any) ([]candidateRow, error) {
	rows, err := s.db(ctx).Raw(statement, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []candidateRow
	for rows.Next() {
		var r candidateRow
		if err := rows.Scan(&r.ID, &r.ProblemID, &r.Source, &r.GroupKey, &r.StartedAt, &r.Mentions, &r.Worth); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// density is what it shares for its length: who says everything shares something with everybody.
func (r candidateRow) density() float64 {
	return float64(r.Worth) / math.Sqrt(float64(max(1, len(r.Mentions))))
}

// candidates are earlier incidents that share signs with one: those whose shared words weigh most, of one problem a few, and those not
// indexed yet.
func (s *Store) candidates(ctx context.Context, c problem.Candidate, v *problem.Vocabulary, unread map[problem.IncidentID][]problem.Mention) ([]problem.Candidate, error) {
	parts, args := s.signsOf(c, v)
	fresh := slices.Collect(maps.Keys(unread))
	some, list := s.numbers(fresh)
	parts, args = append(parts, fmt.Sprintf("SELECT id, %d AS w FROM incidents WHERE id IN %s", worthOfUnread, some)), append(args, list)
	for n := range parts {
		parts[n] = fmt.Sprintf("SELECT id, w FROM (%s) AS c%d", parts[n], n)
	}
	known := ""
	if c.Problem != 0 { // those are known to be the same
		known = "WHERE id NOT IN (SELECT id FROM incidents WHERE problem_id = ?) "
		args = append(args, c.Problem)
	}
	args = append(args, c.Incident, c.StartedAt.UTC(), incident.Real)
	rows, err := s.candidateRows(ctx, `SELECT i.id, i.problem_id, i.source, i.group_key, i.started_at, m.mentions, found.worth FROM (
SELECT id, sum(w) AS worth FROM (`+strings.Join(parts, " UNION ALL ")+`) AS b0 `+known+fmt.Sprintf(`GROUP BY id ORDER BY worth DESC, id DESC LIMIT %d
) AS found CROSS JOIN incidents i LEFT JOIN incident_mentions m ON m.incident_id = i.id
WHERE i.id = found.id AND i.id <> ? AND i.started_at <= ? AND i.kind = ? AND i.merged_into IS NULL`, ranked), args)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b candidateRow) int {
		return cmp.Or(cmp.Compare(b.density(), a.density()), cmp.Compare(b.ID, a.ID))
	})
	of := map[problem.ID]int{}
	var pool []problem.Candidate
	for _, r := range rows {
		other := problem.Candidate{
			Incident: incident.ID(r.ID), Problem: referred[problem.ID](r.ProblemID), StartedAt: r.StartedAt.UTC(), Source: r.Source, GroupKey: r.GroupKey,
		}
		if of[other.Problem]++; len(pool) == compared || other.Problem != 0 && of[other.Problem] > ofOneFailed {
			continue
		}
		mentions, early := unread[other.Incident]
		if !early {
			if mentions, err = unpackMentions(r.Mentions); err != nil {
				return nil, err
			}
		}
		other.Mentions = mentions
		pool = append(pool, other)
	}
	return pool, s.learnBearers(ctx, v, pool)
}

// What signs other than words are worth when incidents are ranked: as much as some words are.
const (
	worthOfService = 2_000
	worthOfSameKey = 1_000_000
	worthOfUnread  = 100_000
)

// signsOf are the statements that give incidents with a sign of c, and what that is worth as evidence.
func (s *Store) signsOf(c problem.Candidate, v *problem.Vocabulary) (parts []string, args []any) {
	type word struct {
		term  problem.Term
		worth float64
	}
	var words []word
	for _, m := range c.Mentions {
		if v.Bearers(m.Term) > 0 {
			rarity := v.Rarity(m.Term)
			words = append(words, word{m.Term, rarity * rarity * (m.Title + min(1, m.Body))})
		}
	}
	slices.SortFunc(words, func(a, b word) int { return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.term, b.term)) })
	left := ofAllWords
	var fetched [][3]int64 // term, worth, and the number from which on: about the latest ofEachWord
	for _, w := range words {
		if left <= 0 {
			break
		}
		bearers := v.Bearers(w.term)
		from := int64(0)
		if bearers > ofEachWord {
			from = int64(v.Incidents() - v.Incidents()*ofEachWord/bearers)
		}
		fetched = append(fetched, [3]int64{int64(w.term), int64(math.Round(100 * w.worth)), from})
		left -= min(ofEachWord, bearers)
	}
	parts, args = append(parts, s.postings()), append(args, listed(fetched))
	for _, slug := range c.Services[:min(ofServices, len(c.Services))] {
		parts = append(parts, fmt.Sprintf(`SELECT incident_id AS id, %d AS w FROM incident_services WHERE service_id = (SELECT id FROM services WHERE slug = ?)
AND started_at <= ? ORDER BY started_at DESC, incident_id DESC LIMIT %d`, worthOfService, ofEachService))
		args = append(args, slug, c.StartedAt.UTC())
	}
	if c.GroupKey != "" {
		parts = append(parts, fmt.Sprintf(`SELECT id, %d AS w FROM incidents WHERE source = ? AND group_key = ? AND group_key <> '' AND started_at <= ?
ORDER BY started_at DESC LIMIT %d`, worthOfSameKey, ofSameKey))
		args = append(args, c.Source, c.GroupKey, c.StartedAt.UTC())
	}
	return parts, args
}

// postings is the statement that gives the incidents of [term, worth, from] each.
func (s *Store) postings() string {
	words := "SELECT json_extract(value, '$[0]') AS term, json_extract(value, '$[1]') AS w, json_extract(value, '$[2]') AS since FROM json_each(?)"
	if s.pool != nil {
		words = "SELECT (value->>0)::bigint AS term, (value->>1)::bigint AS w, (value->>2)::bigint AS since FROM jsonb_array_elements(?::jsonb)"
	}
	// The limit lets both databases read the list once, and not again for each incident.
	return fmt.Sprintf("SELECT p.incident_id AS id, t.w FROM (%s LIMIT %d) AS t CROSS JOIN incident_terms p WHERE p.term_id = t.term AND p.incident_id >= t.since",
		words, ofAllWords)
}

// learnBearers teaches the vocabulary how many incidents mention the terms of the pool.
func (s *Store) learnBearers(ctx context.Context, v *problem.Vocabulary, pool []problem.Candidate) error {
	var terms []problem.Term
	for _, c := range pool {
		for _, m := range c.Mentions {
			if !v.Knows(m.Term) {
				terms = append(terms, m.Term)
			}
		}
	}
	slices.Sort(terms)
	for some := range slices.Chunk(slices.Compact(terms), rowsTogether) {
		if err := s.learnSome(ctx, v, some); err != nil {
			return err
		}
	}
	return nil
}

// learnSome reads by hand: there are thousands.
func (s *Store) learnSome(ctx context.Context, v *problem.Vocabulary, terms []problem.Term) error {
	these, list := s.numbers(terms)
	rows, err := s.db(ctx).Raw("SELECT id, incidents FROM terms WHERE id IN "+these, list).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var term problem.Term
		var bearers int
		if err := rows.Scan(&term, &bearers); err != nil {
			return err
		}
		v.Learn(term, "", bearers)
	}
	return rows.Err()
}

// causeClasses gives the class of cause that the latest confirmed cause, else the latest factor, of an incident names.
func (s *Store) causeClasses(ctx context.Context, ids []int64) (map[incident.ID]string, error) {
	var rows []struct {
		IncidentID incident.ID
		Kind       rootcause.Kind
		CauseClass string
	}
	err := s.db(ctx).Raw("SELECT incident_id, kind, cause_class FROM notes WHERE incident_id IN ? AND kind IN ? AND cause_class <> 'unknown' ORDER BY id",
		ids, explaining).Scan(&rows).Error
	classes, confirmed := map[incident.ID]string{}, map[incident.ID]bool{}
	for _, r := range rows {
		if r.Kind == rootcause.Cause || !confirmed[r.IncidentID] {
			classes[r.IncidentID], confirmed[r.IncidentID] = r.CauseClass, r.Kind == rootcause.Cause
		}
	}
	return classes, err
}

// apart are the incidents that a person said are not the same, and the problems these are in.
type apart struct {
	incidents map[problem.IncidentID]bool
	problems  map[problem.ID]bool
}

func (s *Store) apartFrom(ctx context.Context, id incident.ID) (apart, error) {
	a := apart{incidents: map[problem.IncidentID]bool{}, problems: map[problem.ID]bool{}}
	if id == 0 {
		return a, nil
	}
	var rows []incidentRow
	err := s.db(ctx).Raw(`SELECT i.id, i.problem_id FROM incidents_apart a CROSS JOIN incidents i WHERE a.incident_id = ? AND i.id = a.other_id
UNION SELECT i.id, i.problem_id FROM incidents_apart a CROSS JOIN incidents i WHERE a.other_id = ? AND i.id = a.incident_id`, id, id).Scan(&rows).Error
	for _, r := range rows {
		a.incidents[incident.ID(r.ID)] = true
		if r.ProblemID != nil {
			a.problems[problem.ID(*r.ProblemID)] = true
		}
	}
	return a, err
}
