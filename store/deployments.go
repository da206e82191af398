package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/listing"
)

type deploymentRow struct {
	ID          int64
	ServiceID   int64
	Environment string
	Production  bool
	Version     string
	StartedAt   *time.Time
	FinishedAt  time.Time
	Outcome     string
	URL         string
	Source      string
	ExternalID  string
	CreatedAt   time.Time
	RowVersion  int64
}

func (deploymentRow) TableName() string { return "deployments" }

func (r deploymentRow) deployment() deployment.Deployment {
	return deployment.Deployment{
		ID: deployment.ID(r.ID), Environment: r.Environment, Production: r.Production, Version: r.Version, StartedAt: moment(r.StartedAt), FinishedAt: r.FinishedAt.UTC(),
		Outcome: deployment.Outcome(r.Outcome), URL: r.URL, Source: r.Source, ExternalID: r.ExternalID,
		CreatedAt: r.CreatedAt.UTC(), RowVersion: r.RowVersion,
	}
}

func toDeploymentRow(d deployment.Deployment, service int64) deploymentRow {
	return deploymentRow{
		ID: int64(d.ID), ServiceID: service, Environment: d.Environment, Production: d.Production, Version: d.Version, StartedAt: nullable(d.StartedAt),
		FinishedAt: d.FinishedAt.UTC(), Outcome: string(d.Outcome), URL: d.URL, Source: d.Source, ExternalID: d.ExternalID,
		CreatedAt: d.CreatedAt.UTC(), RowVersion: d.RowVersion,
	}
}

// causeRow is what a person said of a deployment and an incident.
type causeRow struct {
	DeploymentID int64
	IncidentID   int64
	Verdict      string
}

func (causeRow) TableName() string { return "deployment_causes" }

const (
	verdictConfirmed = string(deployment.Confirmed)
	verdictRejected  = string(deployment.Rejected)
)

// deploymentsOf completes rows with their services and what they caused, in two queries.
func (s *Store) deploymentsOf(ctx context.Context, rows []deploymentRow) ([]deployment.Deployment, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids, services := make([]int64, len(rows)), make([]int64, len(rows))
	for n, r := range rows {
		ids[n], services[n] = r.ID, r.ServiceID
	}
	slugs, err := s.serviceSlugs(ctx, services)
	if err != nil {
		return nil, err
	}
	causes, err := table[causeRow](s.db(ctx)).Where("deployment_id IN ? AND verdict = ?", ids, verdictConfirmed).
		Order("deployment_id, incident_id").Find(ctx)
	if err != nil {
		return nil, explain(err, "deployment")
	}
	caused := map[int64][]incident.ID{}
	for _, c := range causes {
		caused[c.DeploymentID] = append(caused[c.DeploymentID], incident.ID(c.IncidentID))
	}
	deployments := make([]deployment.Deployment, len(rows))
	for n, r := range rows {
		deployments[n] = r.deployment()
		deployments[n].Service, deployments[n].Caused = slugs[r.ServiceID], caused[r.ID]
	}
	return deployments, nil
}

// serviceSlugs gives the slugs of services by their numbers.
func (s *Store) serviceSlugs(ctx context.Context, ids []int64) (map[int64]string, error) {
	rows, err := table[serviceRow](s.db(ctx)).Select("id", "slug").Where("id IN ?", ids).Find(ctx)
	slugs := make(map[int64]string, len(rows))
	for _, r := range rows {
		slugs[r.ID] = r.Slug
	}
	return slugs, explain(err, "service")
}

func (s *Store) oneDeployment(ctx context.Context, r deploymentRow, err error) (deployment.Deployment, error) {
	if err != nil {
		return deployment.Deployment{}, explain(err, "deployment")
	}
	whole, err := s.deploymentsOf(ctx, []deploymentRow{r})
	if err != nil {
		return deployment.Deployment{}, err
	}
	return whole[0], nil
}

// Deployment gives one deployment.
func (s *Store) Deployment(ctx context.Context, viewer account.Actor, id deployment.ID) (deployment.Deployment, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return deployment.Deployment{}, err
	}
	r, err := table[deploymentRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return s.oneDeployment(ctx, r, err)
}

var deploymentList = list[deploymentRow]{
	thing: "deployment", table: "deployments", columns: "deployments.*", id: "deployments.id",
	idOf: func(r deploymentRow) int64 { return r.ID },
	sorts: map[string]sortKey[deploymentRow]{
		"finished_at": byMoment("deployments.finished_at", func(r deploymentRow) time.Time { return r.FinishedAt }),
	},
	usual: "-finished_at",
}

// Deployments lists deployments, those finished last first.
func (s *Store) Deployments(ctx context.Context, viewer account.Actor, f deployment.Filter, req listing.Request) (listing.Page[deployment.Deployment], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[deployment.Deployment]{}, err
	}
	service, err := s.filterService(ctx, f.Service)
	if err != nil {
		return listing.Page[deployment.Deployment]{}, err
	}
	q := selection{from: deploymentList.table}
	if service != 0 {
		q.and("deployments.service_id = ?", service)
	}
	if f.Environment != "" {
		q.and("deployments.environment = ?", f.Environment)
	}
	if f.Outcome != "" {
		q.and("deployments.outcome = ?", f.Outcome)
	}
	if !f.From.IsZero() {
		q.and("deployments.finished_at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q.and("deployments.finished_at < ?", f.To.UTC())
	}
	page, err := deploymentList.page(ctx, s.db(ctx), q, "", req)
	if err != nil {
		return listing.Page[deployment.Deployment]{}, err
	}
	items, err := s.deploymentsOf(ctx, page.Items)
	return pageOf(page, items), err
}

// DeploymentsBefore gives what went to production for these services within the time before a moment, latest first:
// what may have caused an incident that began then.
func (s *Store) DeploymentsBefore(ctx context.Context, viewer account.Actor, services []string, before time.Time, within time.Duration, limit int) ([]deployment.Deployment, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	if len(services) == 0 {
		return nil, nil
	}
	rows, err := table[deploymentRow](s.db(ctx)).
		Where("service_id IN (SELECT id FROM services WHERE slug IN ?)", services).
		Where("production AND finished_at >= ? AND finished_at <= ?", before.Add(-within).UTC(), before.UTC()).
		Order("finished_at DESC, id DESC").Limit(limit).Find(ctx)
	if err != nil {
		return nil, explain(err, "deployment")
	}
	return s.deploymentsOf(ctx, rows)
}

// DeploymentCalled gives a deployment by its source's name for it.
func (s *Store) DeploymentCalled(ctx context.Context, source, externalID string) (deployment.Deployment, error) {
	r, err := table[deploymentRow](s.db(ctx)).Where("source = ? AND external_id = ? AND external_id <> ''", source, externalID).Take(ctx)
	return s.oneDeployment(ctx, r, err)
}

// place says whether a deployment went to production.
func (s *Store) place(ctx context.Context, d *deployment.Deployment) error {
	said, err := s.environments(ctx)
	d.Production = deployment.IsProduction(d.Environment, said)
	return err
}

// environments tells of which environments somebody said whether they are production.
func (s *Store) environments(ctx context.Context) (map[string]bool, error) {
	var rows []struct {
		Name       string
		Production bool
	}
	err := s.db(ctx).Raw("SELECT name, production FROM environments").Scan(&rows).Error
	said := make(map[string]bool, len(rows))
	for _, r := range rows {
		said[r.Name] = r.Production
	}
	return said, explain(err, "environment")
}

// EnvironmentsSeen lists the environments that anything was deployed to, most often first, with how it is placed.
func (s *Store) EnvironmentsSeen(ctx context.Context) ([]deployment.Place, error) {
	var rows []deployment.Place
	err := s.db(ctx).Raw("SELECT environment, production, count(*) AS deployments FROM deployments GROUP BY environment, production ORDER BY count(*) DESC, environment LIMIT 100").Scan(&rows).Error
	return rows, explain(err, "environment")
}

// SetEnvironment says whether an environment is production, also of what was deployed there before. It gives the deployments that
// follow-ups ship with.
func (s *Store) SetEnvironment(ctx context.Context, name string, production bool) (ships []deployment.ID, err error) {
	err = s.db(ctx).Exec("INSERT INTO environments (name, production) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET production = excluded.production", name, production).Error
	if err == nil {
		err = s.db(ctx).Exec("UPDATE deployments SET production = ? WHERE environment = ? AND production <> ?", production, name, production).Error
	}
	if err == nil {
		err = s.db(ctx).Raw("SELECT DISTINCT d.id FROM followups f JOIN deployments d ON d.id = f.deployment_id WHERE f.deployment_id IS NOT NULL AND d.environment = ? ORDER BY d.id", name).Scan(&ships).Error
	}
	return ships, explain(err, "environment")
}

// VerdictsOf gives what people said of deployments as the cause of an incident.
func (s *Store) VerdictsOf(ctx context.Context, viewer account.Actor, id incident.ID) (map[deployment.ID]deployment.Verdict, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[causeRow](s.db(ctx)).Where("incident_id = ?", id).Find(ctx)
	said := make(map[deployment.ID]deployment.Verdict, len(rows))
	for _, r := range rows {
		said[deployment.ID(r.DeploymentID)] = deployment.Verdict(r.Verdict)
	}
	return said, explain(err, "cause")
}

// MayHaveCaused gives the incidents that a deployment is suspected of, see deployment.Suspected: those of its service that began within the
// time after it and before the next one of the service, and of which nobody said yet whether it caused them.
func (s *Store) MayHaveCaused(ctx context.Context, viewer account.Actor, d deployment.Deployment, limit int) ([]incident.ID, error) {
	if err := viewer.May(account.Viewer); err != nil || !d.Ships() {
		return nil, err
	}
	until := d.FinishedAt.Add(deployment.SuspectedWithin)
	var ids []incident.ID
	err := s.db(ctx).Raw(`SELECT l.incident_id FROM incident_services l CROSS JOIN incidents i
WHERE l.service_id = (SELECT id FROM services WHERE slug = ?) AND l.started_at >= ? AND l.started_at <= ? AND i.id = l.incident_id
AND i.kind = ? AND i.class <> ? AND i.merged_into IS NULL
AND NOT EXISTS (SELECT 1 FROM deployment_causes c WHERE c.deployment_id = ? AND c.incident_id = i.id)
AND NOT EXISTS (SELECT 1 FROM deployments n WHERE n.service_id = l.service_id AND n.production AND n.outcome = ? AND n.finished_at <= l.started_at
  AND (n.finished_at > ? OR (n.finished_at = ? AND n.id > ?)))
AND NOT EXISTS (SELECT 1 FROM notes o WHERE o.incident_id = i.id AND o.kind = 'cause' AND o.cause_class = 'dependency')
ORDER BY l.started_at, l.incident_id LIMIT ?`,
		d.Service, d.FinishedAt.UTC(), until.UTC(), incident.Real, incident.Infrastructure, d.ID, deployment.Succeeded, d.FinishedAt.UTC(), d.FinishedAt.UTC(), d.ID, limit).Scan(&ids).Error
	return ids, explain(err, "incident")
}

// CausesOf gives the deployments that a person confirmed as causes of an incident, latest first.
func (s *Store) CausesOf(ctx context.Context, viewer account.Actor, id incident.ID) ([]deployment.Deployment, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[deploymentRow](s.db(ctx)).
		Where("id IN (SELECT deployment_id FROM deployment_causes WHERE incident_id = ? AND verdict = ?)", id, verdictConfirmed).
		Order("finished_at DESC, id DESC").Find(ctx)
	if err != nil {
		return nil, explain(err, "deployment")
	}
	return s.deploymentsOf(ctx, rows)
}

// CreateDeployment saves a new deployment without what it caused: see SetCause.
func (s *Store) CreateDeployment(ctx context.Context, d deployment.Deployment) (deployment.Deployment, error) {
	d.ID, d.RowVersion, d.Caused = 0, 1, nil
	err := s.InTx(ctx, func(ctx context.Context) error {
		service, err := s.filterService(ctx, d.Service)
		if err != nil {
			return err
		}
		if err := s.place(ctx, &d); err != nil {
			return err
		}
		r := toDeploymentRow(d, service)
		err = table[deploymentRow](s.db(ctx)).Create(ctx, &r)
		d.ID = deployment.ID(r.ID)
		return explain(err, "deployment")
	})
	return d, err
}

// UpdateDeployment reads the deployment, lets change decide, and writes it; what it caused changes by SetCause.
func (s *Store) UpdateDeployment(ctx context.Context, id deployment.ID, change func(*deployment.Deployment) error) (before, after deployment.Deployment, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[deploymentRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if before, err = s.oneDeployment(ctx, r, err); err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.RowVersion, after.Caused = id, before.RowVersion+1, before.Caused
		if err := s.place(ctx, &after); err != nil {
			return err
		}
		service, err := s.filterService(ctx, after.Service)
		if err != nil {
			return err
		}
		_, err = table[deploymentRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toDeploymentRow(after, service))
		return explain(err, "deployment")
	})
	return before, after, err
}

// SetCause records whether a person confirmed or rejected that the deployment caused the incident.
func (s *Store) SetCause(ctx context.Context, id deployment.ID, i incident.ID, confirmed bool) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		if _, err := table[deploymentRow](s.db(ctx)).Select("id").Where("id = ?", id).Take(ctx); err != nil {
			return explain(err, "deployment")
		}
		if err := s.incidentsExist(ctx, "caused", []incident.ID{i}); err != nil {
			return err
		}
		r := causeRow{DeploymentID: int64(id), IncidentID: int64(i), Verdict: verdictRejected}
		if confirmed {
			r.Verdict = verdictConfirmed
		}
		replace := clause.OnConflict{
			Columns:   []clause.Column{{Name: "deployment_id"}, {Name: "incident_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"verdict"}),
		}
		return explain(table[causeRow](s.db(ctx), replace).Create(ctx, &r), "cause")
	})
}

// incidentsExist is an Invalid fault on the field that names those which are not there.
func (s *Store) incidentsExist(ctx context.Context, field string, ids []incident.ID) error {
	if len(ids) == 0 {
		return nil
	}
	var there []incident.ID
	if err := s.db(ctx).Table("incidents").Where("id IN ?", ids).Pluck("id", &there).Error; err != nil {
		return explain(err, "incident")
	}
	known := map[incident.ID]bool{}
	for _, id := range there {
		known[id] = true
	}
	var c fault.Check
	for _, id := range ids {
		c.That(known[id], field, "There is no %s.", id)
	}
	return c.Err()
}
