package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/metrics"
)

type coverageRow struct {
	ID        int64
	ServiceID int64
	At        time.Time
	Retired   bool
	Covered   bool
	Missing   string
}

func (coverageRow) TableName() string { return "service_coverage" }

func (r coverageRow) coverage() (catalog.Coverage, error) {
	c := catalog.Coverage{At: r.At.UTC(), Retired: r.Retired, Readiness: catalog.Readiness{Covered: r.Covered}}
	if err := json.Unmarshal([]byte(r.Missing), &c.Missing); err != nil {
		return c, fmt.Errorf("coverage of service %d: %w", r.ServiceID, err)
	}
	return c, nil
}

// standing is what the coverage of a service now is made of.
type standing struct {
	service   catalog.Service
	documents []catalog.Document
	last      catalog.Coverage
	kept      bool // last is something
}

func (w standing) changed(now time.Time) (catalog.Coverage, bool) {
	c := catalog.CoverageOf(w.service, w.documents, now)
	return c, !w.kept || !c.Same(w.last)
}

// KeepCoverage notes the coverage of these services where it is another than the last that was kept, or of all of them when none is
// named, and tells how many have changed. The plain definition is catalog.ReadinessOf.
func (s *Store) KeepCoverage(ctx context.Context, now time.Time, services ...catalog.ServiceID) (int, error) {
	if len(services) == 0 {
		all, err := s.standings(ctx, "1 = 1")
		if err != nil {
			return 0, err
		}
		for _, w := range all {
			if _, changed := w.changed(now); changed {
				services = append(services, w.service.ID)
			}
		}
	}
	changes := 0
	for _, id := range services {
		changed, err := s.keepCoverageOf(ctx, now, id)
		if err != nil {
			return changes, err
		}
		if changed {
			changes++
		}
	}
	return changes, nil
}

func (s *Store) keepCoverageOf(ctx context.Context, now time.Time, id catalog.ServiceID) (changed bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.lockService(ctx, "id = ?", id); err != nil {
			return err
		}
		found, err := s.standings(ctx, "id = ?", id)
		if err != nil {
			return err
		}
		var c catalog.Coverage
		if c, changed = found[0].changed(now); !changed {
			return nil
		}
		missing, err := json.Marshal(append([]catalog.Missing{}, c.Missing...))
		if err != nil {
			return fmt.Errorf("coverage of service %d: %w", id, err)
		}
		r := coverageRow{ServiceID: int64(id), At: c.At.UTC(), Retired: c.Retired, Covered: c.Covered, Missing: string(missing)}
		return explain(table[coverageRow](s.db(ctx)).Create(ctx, &r), "service")
	})
	return changed && err == nil, err
}

// standings gives what the coverage of the services that fit is made of, with three questions however many there are.
func (s *Store) standings(ctx context.Context, condition string, args ...any) ([]standing, error) {
	services, err := table[serviceRow](s.db(ctx)).Where(condition, args...).Order("id").Find(ctx)
	if err != nil {
		return nil, explain(err, "service")
	}
	all := make([]standing, len(services))
	place := make(map[int64]int, len(services))
	for n, r := range services {
		all[n].service, place[r.ID] = r.service(), n
	}
	of := "service_id IN (SELECT id FROM services WHERE " + condition + ")"
	documents, err := table[documentRow](s.db(ctx)).Where(of, args...).Order("service_id, kind, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "document")
	}
	for _, r := range documents {
		if n, ok := place[r.ServiceID]; ok {
			all[n].documents = append(all[n].documents, r.document())
		}
	}
	last, err := table[coverageRow](s.db(ctx)).Where(of, args...).
		Where("NOT EXISTS (SELECT 1 FROM service_coverage later WHERE later.service_id = service_coverage.service_id AND " +
			"(later.at > service_coverage.at OR later.at = service_coverage.at AND later.id > service_coverage.id))").Find(ctx)
	if err != nil {
		return nil, explain(err, "service")
	}
	for _, r := range last {
		n, ok := place[r.ServiceID]
		if !ok {
			continue
		}
		if all[n].last, err = r.coverage(); err != nil {
			return nil, err
		}
		all[n].kept = true
	}
	return all, nil
}

// Coverage gives what ownership coverage is made of: every service, retired ones too, by name, with the history of its coverage. The
// slugs narrow it to the services that a team builds now, or to one; empty ones do not. It asks two questions beside those for the
// slugs, and takes what is kept: a confirmation that ran out within the last hour may not show yet.
func (s *Store) Coverage(ctx context.Context, viewer account.Actor, teamSlug, serviceSlug string) ([]metrics.CoverageFact, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	chosen, err := s.servicesChosen(ctx, teamSlug, serviceSlug)
	if err != nil {
		return nil, err
	}
	// Plain rows: of thousands of services gorm's own way would take most of the time.
	rows, err := s.db(ctx).Raw(chosen.sql("v.id, v.slug, v.name, v.builder_id, v.on_call_id, v.created_at, v.retired_at", " ORDER BY v.name, v.id"), chosen.args...).Rows()
	if err != nil {
		return nil, explain(err, "service")
	}
	defer func() { _ = rows.Close() }()
	var services []catalog.Service
	for rows.Next() {
		var r serviceRow
		if err := rows.Scan(&r.ID, &r.Slug, &r.Name, &r.BuilderID, &r.OnCallID, &r.CreatedAt, &r.RetiredAt); err != nil {
			return nil, explain(err, "service")
		}
		services = append(services, r.service())
	}
	if err := rows.Err(); err != nil {
		return nil, explain(err, "service")
	}
	kept, err := s.coverageKept(ctx, chosen)
	if err != nil {
		return nil, err
	}
	facts := make([]metrics.CoverageFact, len(services))
	for n, service := range services {
		facts[n] = metrics.CoverageFact{Service: service, History: catalog.CoverageHistory(service, kept[service.ID])}
	}
	return facts, nil
}

// coverageKept gives the changes of the chosen services, each one's oldest first.
func (s *Store) coverageKept(ctx context.Context, chosen selection) (map[catalog.ServiceID][]catalog.Coverage, error) {
	statement := "SELECT c.service_id, c.at, c.retired, c.covered, c.missing FROM service_coverage c"
	if len(chosen.where) > 0 {
		statement += " WHERE c.service_id IN (" + chosen.sql("v.id", "") + ")"
	}
	rows, err := s.db(ctx).Raw(statement+" ORDER BY c.id", chosen.args...).Rows()
	if err != nil {
		return nil, explain(err, "service")
	}
	defer func() { _ = rows.Close() }()
	kept := map[catalog.ServiceID][]catalog.Coverage{}
	known := map[string][]catalog.Missing{} // the same few lists again and again
	for rows.Next() {
		var r coverageRow
		if err := rows.Scan(&r.ServiceID, &r.At, &r.Retired, &r.Covered, &r.Missing); err != nil {
			return nil, explain(err, "service")
		}
		missing, ok := known[r.Missing]
		if !ok {
			read, err := r.coverage()
			if err != nil {
				return nil, err
			}
			missing = read.Missing
			known[r.Missing] = missing
		}
		id := catalog.ServiceID(r.ServiceID)
		kept[id] = append(kept[id], catalog.Coverage{
			At: r.At.UTC(), Retired: r.Retired, Readiness: catalog.Readiness{Covered: r.Covered, Missing: missing},
		})
	}
	for _, history := range kept {
		// They were written in order, but for replicas whose clocks differ; sorting here costs less than there.
		slices.SortStableFunc(history, func(a, b catalog.Coverage) int { return a.At.Compare(b.At) })
	}
	return kept, explain(rows.Err(), "service")
}

// servicesChosen selects services v by the slugs of the team that builds them and of the service; empty ones do not narrow.
func (s *Store) servicesChosen(ctx context.Context, teamSlug, serviceSlug string) (selection, error) {
	q := selection{from: "services v"}
	team, err := s.filterTeam(ctx, teamSlug)
	if err != nil {
		return q, err
	}
	service, err := s.filterService(ctx, serviceSlug)
	if err != nil {
		return q, err
	}
	if team != 0 {
		q.and("v.builder_id = ?", team)
	}
	if service != 0 {
		q.and("v.id = ?", service)
	}
	return q, nil
}
