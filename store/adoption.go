package store

import (
	"context"

	"gorm.io/gorm/clause"

	"upshot/app/account"
	"upshot/app/catalog"
)

type adoptionRow struct {
	ServiceID int64 `gorm:"primaryKey;autoIncrement:false"`
	Step      int   `gorm:"primaryKey;autoIncrement:false"`
	PlannedOn string
	DoneOn    string
	Version   int64
}

func (adoptionRow) TableName() string { return "service_adoption" }

func (r adoptionRow) adoption() catalog.Adoption {
	return catalog.Adoption{Step: catalog.AdoptionStep(r.Step), PlannedOn: r.PlannedOn, DoneOn: r.DoneOn, Version: r.Version}
}

// Adoption gives every step of a service in order, also those of which nothing was ever entered.
func (s *Store) Adoption(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Adoption, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	return s.adoptionOf(ctx, service)
}

func (s *Store) adoptionOf(ctx context.Context, service catalog.ServiceID) ([]catalog.Adoption, error) {
	rows, err := table[adoptionRow](s.db(ctx)).Where("service_id = ?", service).Find(ctx)
	if err != nil {
		return nil, explain(err, "service")
	}
	steps := make([]catalog.Adoption, len(catalog.AdoptionSteps))
	for n, step := range catalog.AdoptionSteps {
		steps[n].Step = step
		for _, r := range rows {
			if r.Step == int(step) {
				steps[n] = r.adoption()
			}
		}
	}
	return steps, nil
}

// UpdateAdoption reads all steps of the service, lets change decide, and writes those that differ.
func (s *Store) UpdateAdoption(
	ctx context.Context, slug string, change func([]catalog.Adoption) error,
) (service catalog.ServiceID, before, after []catalog.Adoption, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		locked, err := s.lockService(ctx, "slug = ?", slug)
		if err != nil {
			return err
		}
		service = locked.ID
		if before, err = s.adoptionOf(ctx, service); err != nil {
			return err
		}
		after = append([]catalog.Adoption{}, before...)
		if err := change(after); err != nil {
			return err
		}
		for n, a := range after {
			if a == before[n] {
				continue
			}
			after[n].Version = before[n].Version + 1
			r := adoptionRow{ServiceID: int64(service), Step: int(a.Step), PlannedOn: a.PlannedOn, DoneOn: a.DoneOn, Version: after[n].Version}
			upsert := clause.OnConflict{
				Columns: []clause.Column{{Name: "service_id"}, {Name: "step"}}, DoUpdates: clause.AssignmentColumns([]string{"planned_on", "done_on", "version"}),
			}
			if err := table[adoptionRow](s.db(ctx), upsert).Create(ctx, &r); err != nil {
				return explain(err, "service")
			}
		}
		return nil
	})
	return service, before, after, err
}

// AdoptionMarks gives the days on which services took a step, oldest first, with how many did. The slugs narrow it as those of
// Coverage. A service that is retired now took its steps all the same.
func (s *Store) AdoptionMarks(ctx context.Context, viewer account.Actor, teamSlug, serviceSlug string) ([]catalog.AdoptionMark, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	q, err := s.servicesChosen(ctx, teamSlug, serviceSlug)
	if err != nil {
		return nil, err
	}
	q.from = "service_adoption a JOIN services v ON v.id = a.service_id"
	q.and("a.done_on <> ''")
	var marks []catalog.AdoptionMark
	statement := q.sql(`a.step, a.done_on AS "on", count(*) AS services`, " GROUP BY a.done_on, a.step ORDER BY a.done_on, a.step")
	return marks, explain(s.db(ctx).Raw(statement, q.args...).Scan(&marks).Error, "service")
}
