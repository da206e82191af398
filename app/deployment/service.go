package deployment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/incident"
)

// Store keeps deployments.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Deployment(ctx context.Context, viewer account.Actor, id ID) (Deployment, error)
	CreateDeployment(ctx context.Context, d Deployment) (Deployment, error)
	UpdateDeployment(ctx context.Context, id ID, change func(*Deployment) error) (before, after Deployment, err error)
	// DeploymentCalled gives a deployment by its source's name for it, or a NotFound fault.
	DeploymentCalled(ctx context.Context, source, externalID string) (Deployment, error)
	// SetEnvironment says so, also of what was deployed there before, and gives the deployments that follow-ups ship with.
	SetEnvironment(ctx context.Context, name string, production bool) ([]ID, error)
	// SetCause records whether a person confirmed or rejected that the deployment caused the incident.
	SetCause(ctx context.Context, id ID, i incident.ID, confirmed bool) error
}

// Keeper brings the ledgers of follow-ups that ship with a deployment up to date.
type Keeper interface {
	KeepDeployed(ctx context.Context, actor account.Actor, id int64) error
}

// Service holds the rules of deployments.
type Service struct {
	Store  Store
	Keeper Keeper
	Log    audit.Log
	Now    func() time.Time
}

// Record notes that a version went to an environment.
func (s *Service) Record(ctx context.Context, actor account.Actor, d Deployment) (Deployment, error) {
	if err := actor.May(account.Editor); err != nil {
		return Deployment{}, err
	}
	tidy(&d)
	d.CreatedAt = s.Now()
	if err := d.Check(s.Now()); err != nil {
		return Deployment{}, err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		caused := d.Caused
		var err error
		if d, err = s.Store.CreateDeployment(ctx, d); err != nil {
			return err
		}
		if err := s.append(ctx, actor, d.ID, 0, "recorded", nil, d.Fields()); err != nil {
			return err
		}
		for _, i := range caused {
			if err := s.setCause(ctx, actor, d.ID, i, true); err != nil {
				return err
			}
		}
		d, err = s.Store.Deployment(ctx, actor, d.ID)
		return err
	})
	if err != nil {
		return Deployment{}, fmt.Errorf("record deployment: %w", err)
	}
	return d, nil
}

// Edit changes a deployment's fields. version is the one the sender saw, or 0 for whichever stands.
func (s *Service) Edit(ctx context.Context, actor account.Actor, id ID, version int64, change func(*Deployment) error) (Deployment, error) {
	if err := actor.May(account.Editor); err != nil {
		return Deployment{}, err
	}
	var after Deployment
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		var before Deployment
		var err error
		before, after, err = s.Store.UpdateDeployment(ctx, id, func(d *Deployment) error {
			if version != 0 && version != d.RowVersion {
				return fault.New(fault.Conflict, "Somebody changed this deployment meanwhile. Look at it again, then repeat your change.")
			}
			if err := change(d); err != nil {
				return err
			}
			tidy(d)
			return d.Check(s.Now())
		})
		if err != nil {
			return err
		}
		was, is := audit.Diff(before.Fields(), after.Fields())
		if is == nil {
			return nil
		}
		if err := s.Log.Append(ctx, audit.Event{At: s.Now(), Actor: actor, Subject: audit.Deployment, SubjectID: int64(id), Action: "edited", Before: was, After: is}); err != nil {
			return err
		}
		return s.Keeper.KeepDeployed(ctx, actor, int64(id))
	})
	if err != nil {
		return Deployment{}, fmt.Errorf("edit deployment: %w", err)
	}
	return after, nil
}

// Learn records a deployment that a source tells of, or what is new of one that is known: the later end counts, so it does not matter in which
// order and how often it is told. did is a verb; empty when nothing is new.
func (s *Service) Learn(ctx context.Context, actor account.Actor, d Deployment) (id ID, did string, err error) {
	tidy(&d)
	known, err := s.Store.DeploymentCalled(ctx, d.Source, d.ExternalID)
	switch {
	case fault.Is(err, fault.NotFound):
		d, err = s.Record(ctx, actor, d)
		return d.ID, "recorded", err
	case err != nil:
		return 0, "", err
	}
	if d.FinishedAt.Before(known.FinishedAt) || (d.FinishedAt.Equal(known.FinishedAt) && d.Outcome == known.Outcome && d.Version == known.Version) {
		return known.ID, "", nil
	}
	after, err := s.Edit(ctx, actor, known.ID, 0, func(k *Deployment) error {
		k.Environment, k.Version, k.FinishedAt, k.Outcome = d.Environment, d.Version, d.FinishedAt, d.Outcome
		if d.URL != "" {
			k.URL = d.URL
		}
		if !d.StartedAt.IsZero() {
			k.StartedAt = d.StartedAt
		}
		return nil
	})
	return after.ID, strings.ReplaceAll(string(d.Outcome), "_", " "), err
}

// SetEnvironment says whether an environment is production. What ships with a deployment there is shipped from then on, or no longer.
func (s *Service) SetEnvironment(ctx context.Context, actor account.Actor, name string, production bool) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	name = strings.TrimSpace(name)
	var c fault.Check
	c.That(name != "" && len(name) <= 100, "environment", "Name the environment, such as production-eu.")
	if err := c.Err(); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		ships, err := s.Store.SetEnvironment(ctx, name, production)
		if err != nil {
			return err
		}
		if err := s.Log.Append(ctx, audit.Event{
			At: s.Now(), Actor: actor, Subject: audit.Settings, Action: "environment placed", After: audit.Fields(map[string]any{"environment": name, "production": production}),
		}); err != nil {
			return err
		}
		for _, id := range ships {
			if err := s.Keeper.KeepDeployed(ctx, actor, int64(id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("place environment: %w", err)
	}
	return nil
}

// SetCause confirms or rejects that a deployment caused an incident.
func (s *Service) SetCause(ctx context.Context, actor account.Actor, id ID, i incident.ID, confirmed bool) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	if err := s.Store.InTx(ctx, func(ctx context.Context) error { return s.setCause(ctx, actor, id, i, confirmed) }); err != nil {
		return fmt.Errorf("set cause: %w", err)
	}
	return nil
}

func (s *Service) setCause(ctx context.Context, actor account.Actor, id ID, i incident.ID, confirmed bool) error {
	if err := s.Store.SetCause(ctx, id, i, confirmed); err != nil {
		return err
	}
	action := "cause confirmed"
	if !confirmed {
		action = "cause rejected"
	}
	return s.append(ctx, actor, id, i, action, nil, map[string]any{"deployment": int64(id), "incident": i.String()})
}

func (s *Service) append(ctx context.Context, actor account.Actor, id ID, i incident.ID, action string, before, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Deployment, SubjectID: int64(id), Action: action, Incident: int64(i),
		Before: audit.Fields(before), After: audit.Fields(after),
	})
}

func tidy(d *Deployment) {
	d.Environment, d.Version, d.URL = strings.TrimSpace(d.Environment), strings.TrimSpace(d.Version), strings.TrimSpace(d.URL)
	d.StartedAt, d.FinishedAt = d.StartedAt.UTC().Truncate(time.Microsecond), d.FinishedAt.UTC().Truncate(time.Microsecond)
}

// Fields are the deployment's fields by their API names, for the record of changes.
func (d Deployment) Fields() map[string]any {
	return map[string]any{
		"service": d.Service, "environment": d.Environment, "version": d.Version, "started_at": audit.Moment(d.StartedAt),
		"finished_at": audit.Moment(d.FinishedAt), "outcome": d.Outcome, "url": d.URL,
	}
}
