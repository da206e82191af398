package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// How many incidents each sign brings in to be compared; more would cost time and hardly ever a likely one.
const (
	rareWords    = 5   // words that incidents are fetched by, the rarest
	ofEachWord   = 150 // the latest
	ofServices   = 5   // services that incidents are fetched by
	ofEachOne    = 100 // the latest
	ofSameKey    = 50  // the latest
	sampledWords = 1_000
	fewTitles    = 20 // where there are fewer, a word that two bear is still thought rare: nobody can know yet
)

// Similar gives at most n likely earlier incidents of one, which need not be saved yet. Those that are compared are
// found by index: the latest with its rarest words, of its services, and of its source's group key.
func (s *Store) Similar(ctx context.Context, viewer account.Actor, i incident.Incident, n int) ([]problem.Suggestion, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	found, err := s.similar(ctx, i, n)
	return found, explain(err, "incident")
}

func (s *Store) similar(ctx context.Context, i incident.Incident, n int) ([]problem.Suggestion, error) {
	words := problem.Words(i.Title)
	rare, rarity, err := s.rarity(ctx, words)
	if err != nil {
		return nil, err
	}
	pool, err := s.candidates(ctx, i, rare)
	if err != nil || len(pool) == 0 {
		return nil, err
	}
	apart, err := s.apartFrom(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	c := problem.Candidate{Incident: i.ID, Problem: i.Problem, Title: i.Title, Services: i.Services, Source: i.Source, GroupKey: i.GroupKey}
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
	}
	notTheSame := func(id problem.IncidentID) bool {
		return apart.incidents[id] || apart.problems[problemOf[id]]
	}
	return problem.Likely(c, pool, rarity, notTheSame, n), nil
}

// rarity gives the rarest of the words that incidents can be fetched by, and how rare each word is among all titles:
// ln(1 + incidents / incidents that bear it). How many bear a common one is estimated from the latest titles.
func (s *Store) rarity(ctx context.Context, words []string) ([]string, func(string) float64, error) {
	all := make([]sought, len(words))
	for n, word := range words {
		all[n] = sought{condition: "term = ?", args: []any{word}}
	}
	if err := incidentTerms.count(ctx, s, all); err != nil {
		return nil, nil, err
	}
	var newest int64 // about as many as there are: none is ever deleted
	if err := s.db(ctx).Raw("SELECT COALESCE(max(id), 0) FROM incidents").Row().Scan(&newest); err != nil {
		return nil, nil, err
	}
	titles := map[string]float64{}
	var rare, common []string
	for n, word := range words {
		titles[word] = float64(all[n].titles)
		switch {
		case all[n].titles > commonWord:
			common = append(common, word)
		case all[n].titles > 0:
			rare = append(rare, word)
		}
	}
	if len(common) > 0 {
		var sample []struct {
			Term   string
			Titles float64
		}
		err := s.db(ctx).Raw("SELECT term, count(*) AS titles FROM incident_terms WHERE incident_id > ? AND term IN ? GROUP BY term",
			newest-sampledWords, common).Scan(&sample).Error
		if err != nil {
			return nil, nil, err
		}
		for _, w := range sample {
			titles[w.Term] = max(titles[w.Term], w.Titles/sampledWords*float64(newest))
		}
	}
	slices.SortStableFunc(rare, func(a, b string) int { return int(titles[a] - titles[b]) })
	weigh := func(word string) float64 {
		if n, known := titles[word]; known && n > 0 {
			return math.Log(1 + float64(max(newest, fewTitles))/n)
		}
		return math.Log(1 + float64(newest)) // as rare as can be: none bears it, or nobody asked for it
	}
	return rare[:min(rareWords, len(rare))], weigh, nil
}

// candidates are the incidents that share a sign with one.
func (s *Store) candidates(ctx context.Context, i incident.Incident, rare []string) ([]problem.Candidate, error) {
	var parts []string
	var args []any
	add := func(statement string, arg ...any) {
		parts = append(parts, fmt.Sprintf("SELECT id FROM (%s) AS c%d", statement, len(parts)))
		args = append(args, arg...)
	}
	for _, word := range rare {
		add(fmt.Sprintf("SELECT incident_id AS id FROM incident_terms WHERE term = ? ORDER BY incident_id DESC LIMIT %d", ofEachWord), word)
	}
	for _, slug := range i.Services[:min(ofServices, len(i.Services))] {
		add(fmt.Sprintf(`SELECT incident_id AS id FROM incident_services WHERE service_id = (SELECT id FROM services WHERE slug = ?)
ORDER BY started_at DESC, incident_id DESC LIMIT %d`, ofEachOne), slug)
	}
	if i.GroupKey != "" {
		add(fmt.Sprintf(`SELECT id FROM incidents WHERE source = ? AND group_key = ? AND group_key <> ''
ORDER BY started_at DESC LIMIT %d`, ofSameKey), i.Source, i.GroupKey)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	args = append(args, i.ID, incident.Real)
	var rows []incidentRow
	err := s.db(ctx).Raw("SELECT i.id, i.title, i.problem_id, i.source, i.group_key FROM ("+strings.Join(parts, " UNION ")+`) AS found
CROSS JOIN incidents i WHERE i.id = found.id AND i.id <> ? AND i.kind = ? AND i.merged_into IS NULL`, args...).Scan(&rows).Error
	pool := make([]problem.Candidate, len(rows))
	for n, r := range rows {
		pool[n] = problem.Candidate{
			Incident: incident.ID(r.ID), Problem: referred[problem.ID](r.ProblemID), Title: r.Title, Source: r.Source, GroupKey: r.GroupKey,
		}
	}
	return pool, err
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
