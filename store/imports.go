package store

import (
	"context"
	"slices"
	"strings"

	"upshot/app/audit"
	"upshot/app/importer"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
)

// together is how many rows one statement inserts: both databases bound the parameters of a statement.
const together = 400

// KnownExternal tells which of the source's external ids are there already.
func (s *Store) KnownExternal(ctx context.Context, source string, externalIDs []string) (map[string]bool, error) {
	known := make(map[string]bool, len(externalIDs))
	for some := range slices.Chunk(externalIDs, together) {
		var found []string
		err := s.db(ctx).Raw("SELECT external_id FROM incidents WHERE source = ? AND external_id IN ? AND external_id <> ''", source, some).Scan(&found).Error
		if err != nil {
			return nil, explain(err, "incident")
		}
		for _, id := range found {
			known[id] = true
		}
	}
	return known, nil
}

// ServicesNamed gives the slugs of services by name or slug, folded to lower case; unknown ones are missing.
func (s *Store) ServicesNamed(ctx context.Context, names []string) (map[string]string, error) {
	slugs := make(map[string]string, len(names))
	for some := range slices.Chunk(names, together) {
		var found []struct{ Name, Slug string }
		err := s.db(ctx).Raw("SELECT name, slug FROM services WHERE lower(name) IN ? OR slug IN ?", some, some).Scan(&found).Error
		if err != nil {
			return nil, explain(err, "service")
		}
		for _, f := range found {
			slugs[f.Slug] = f.Slug
		}
		for _, f := range found {
			slugs[strings.ToLower(f.Name)] = f.Slug
		}
	}
	return slugs, nil
}

// IdentitiesOf gives, by group key of the source, the problem that has it, or the latest incident that has it and is
// in no problem.
func (s *Store) IdentitiesOf(ctx context.Context, source string, groupKeys []string) (map[string]importer.Identity, error) {
	known := make(map[string]importer.Identity, len(groupKeys))
	for some := range slices.Chunk(groupKeys, together) {
		var joined []struct {
			GroupKey  string
			ProblemID problem.ID
		}
		err := s.db(ctx).Raw("SELECT group_key, problem_id FROM problem_identities WHERE source = ? AND group_key IN ?", source, some).Scan(&joined).Error
		if err != nil {
			return nil, explain(err, "problem")
		}
		for _, j := range joined {
			known[j.GroupKey] = importer.Identity{Problem: j.ProblemID}
		}
		// Only keys without a problem: those with one may bear thousands of incidents, all of them in it.
		some = slices.DeleteFunc(slices.Clone(some), func(key string) bool { return known[key].Problem != 0 })
		if len(some) == 0 {
			continue
		}
		alone, err := table[incidentRow](s.db(ctx)).
			Where("source = ? AND group_key IN ? AND group_key <> '' AND problem_id IS NULL", source, some).Order("started_at, id").Find(ctx)
		if err != nil {
			return nil, explain(err, "incident")
		}
		incidents, err := s.incidentsOf(ctx, alone)
		if err != nil {
			return nil, explain(err, "incident")
		}
		for _, i := range incidents {
			known[i.GroupKey] = importer.Identity{Alone: i}
		}
	}
	return known, nil
}

// PutInProblem gives incidents their problem.
func (s *Store) PutInProblem(ctx context.Context, id problem.ID, incidents []incident.ID) error {
	return explain(s.db(ctx).Exec("UPDATE incidents SET problem_id = ?, version = version + 1 WHERE id IN ?", id, incidents).Error, "incident")
}

// MarkStale notes that what is kept about problems is to be brought up to date: see ClaimStale.
func (s *Store) MarkStale(ctx context.Context, ids []problem.ID) error {
	// The marker's row is locked, old or new: whoever claims it sees what this transaction did, or finds it again.
	for some := range slices.Chunk(slices.Sorted(slices.Values(ids)), together) {
		args := make([]any, len(some))
		for n, id := range some {
			args[n] = id
		}
		err := s.db(ctx).Exec("INSERT INTO stale_problems (problem_id) VALUES (?)"+strings.Repeat(", (?)", len(some)-1)+
			" ON CONFLICT (problem_id) DO UPDATE SET problem_id = excluded.problem_id", args...).Error
		if err != nil {
			return explain(err, "problem")
		}
	}
	return nil
}

// ClaimStale takes the marks of at most that many problems away. Whoever claims them keeps them in the same
// transaction, so that the marks are back when that fails.
func (s *Store) ClaimStale(ctx context.Context, atMost int) (ids []problem.ID, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		marks := table[staleProblemRow](s.db(ctx), forUpdate).Order("problem_id").Limit(atMost)
		rows, err := marks.Find(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			ids = append(ids, problem.ID(r.ProblemID))
		}
		_, err = table[staleProblemRow](s.db(ctx)).Where("problem_id IN ?", ids).Delete(ctx)
		return err
	})
	return ids, explain(err, "problem")
}

type staleProblemRow struct {
	ProblemID int64 `gorm:"primaryKey"`
}

func (staleProblemRow) TableName() string { return "stale_problems" }

// CreateIncidents saves many new incidents in few statements and gives their numbers in the same order.
func (s *Store) CreateIncidents(ctx context.Context, all []incident.Incident) ([]incident.ID, error) {
	rows := make([]incidentRow, len(all))
	for n, i := range all {
		i.UpdatedAt, i.Version = i.CreatedAt, 1
		rows[n] = toIncidentRow(i)
	}
	if err := table[incidentRow](s.db(ctx)).CreateInBatches(ctx, &rows, together); err != nil {
		return nil, explain(err, "incident")
	}
	numbers, err := s.serviceNumbers(ctx, all)
	if err != nil {
		return nil, err
	}
	ids, texts := make([]incident.ID, len(all)), make([]int64, len(all))
	var services []incidentServiceRow
	var waiting []waitingRow
	for n, r := range rows {
		ids[n], texts[n] = incident.ID(r.ID), r.ID
		// What was over for days when it came is history: it never waits.
		if w, waits := triage.WaitingOf(all[n], triage.Triage{}); waits && w.Until.After(all[n].CreatedAt) {
			its := make([]int64, len(all[n].Services))
			for m, slug := range all[n].Services {
				its[m] = numbers[slug]
			}
			waiting = append(waiting, waitingRows(r.ID, its, w)...)
		}
		for _, slug := range all[n].Services {
			services = append(services, incidentServiceRow{IncidentID: r.ID, ServiceID: numbers[slug], StartedAt: r.StartedAt})
		}
	}
	if err := insertAll(ctx, s, services); err != nil {
		return nil, err
	}
	if err := insertAll(ctx, s, waiting); err != nil {
		return nil, err
	}
	return ids, explain(s.markText(ctx, texts...), "incident")
}

// serviceNumbers gives the numbers of all services that the incidents name.
func (s *Store) serviceNumbers(ctx context.Context, all []incident.Incident) (map[string]int64, error) {
	var slugs []string
	for _, i := range all {
		slugs = append(slugs, i.Services...)
	}
	slices.Sort(slugs)
	numbers := map[string]int64{}
	for some := range slices.Chunk(slices.Compact(slugs), together) {
		var found []struct {
			ID   int64
			Slug string
		}
		if err := s.db(ctx).Raw("SELECT id, slug FROM services WHERE slug IN ?", some).Scan(&found).Error; err != nil {
			return nil, explain(err, "service")
		}
		for _, f := range found {
			numbers[f.Slug] = f.ID
		}
	}
	return numbers, nil
}

// insertAll saves rows whose numbers nobody asks for.
func insertAll[R any](ctx context.Context, s *Store, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	return explain(table[R](s.db(ctx)).CreateInBatches(ctx, &rows, 2*together), "incident")
}

// CreateNotes saves many new notes and gives their numbers in the same order.
func (s *Store) CreateNotes(ctx context.Context, all []rootcause.Note) ([]rootcause.ID, error) {
	rows := make([]noteRow, len(all))
	for n, note := range all {
		note.Revision, note.UpdatedAt = 1, note.CreatedAt
		rows[n] = toNoteRow(note)
	}
	if err := table[noteRow](s.db(ctx)).CreateInBatches(ctx, &rows, together); err != nil {
		return nil, explain(err, "note")
	}
	ids := make([]rootcause.ID, len(rows))
	var about []int64
	for n, r := range rows {
		ids[n] = rootcause.ID(r.ID)
		if r.IncidentID != nil {
			about = append(about, *r.IncidentID)
		}
	}
	return ids, explain(s.markText(ctx, about...), "note")
}

// AppendAll adds many events to the record.
func (s *Store) AppendAll(ctx context.Context, all []audit.Event) error {
	requestID, origin := audit.OriginOf(ctx)
	rows := make([]eventRow, len(all))
	for n, e := range all {
		if e.RequestID == "" && e.Origin == "" {
			e.RequestID, e.Origin = requestID, origin
		}
		rows[n] = toEventRow(e)
	}
	return insertAll(ctx, s, rows)
}
