package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"upshot/app/account"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/listing"
)

type deploymentReads interface {
	Deployment(ctx context.Context, viewer account.Actor, id deployment.ID) (deployment.Deployment, error)
	Deployments(ctx context.Context, viewer account.Actor, f deployment.Filter, r listing.Request) (listing.Page[deployment.Deployment], error)
}

type deploymentJSON struct {
	ID          int64      `json:"id"`
	Service     string     `json:"service" doc:"Slug."`
	Environment string     `json:"environment" example:"production"`
	Version     string     `json:"version"`
	StartedAt   *time.Time `json:"started_at"`
	FinishedAt  time.Time  `json:"finished_at"`
	Outcome     string     `json:"outcome" enum:"succeeded,failed,rolled_back"`
	URL         string     `json:"url"`
	Source      string     `json:"source"`
	ExternalID  string     `json:"external_id"`
	Caused      []string   `json:"caused" nullable:"false" doc:"Incidents that it caused, as somebody confirmed."`
	CreatedAt   time.Time  `json:"created_at"`
}

func deploymentAs(d deployment.Deployment) deploymentJSON {
	return deploymentJSON{
		ID: int64(d.ID), Service: d.Service, Environment: d.Environment, Version: d.Version, StartedAt: known(d.StartedAt), FinishedAt: d.FinishedAt.UTC(),
		Outcome: string(d.Outcome), URL: d.URL, Source: d.Source, ExternalID: d.ExternalID, Caused: refs(d.Caused), CreatedAt: d.CreatedAt.UTC(),
	}
}

type listDeploymentsIn struct {
	Service     string `query:"service" doc:"Slug."`
	Environment string `query:"environment"`
	Outcome     string `query:"outcome" enum:"succeeded,failed,rolled_back"`
	From        string `query:"from" doc:"Finished at or after this moment or day."`
	To          string `query:"to" doc:"Finished before this moment or day."`
	PageQuery
}

func (a *API) listDeployments(ctx context.Context, in *listDeploymentsIn) (*list[deploymentJSON], error) {
	f := deployment.Filter{Service: in.Service, Environment: in.Environment, Outcome: deployment.Outcome(in.Outcome)}
	var err error
	if f.From, f.To, err = between(in.From, in.To); err != nil {
		return nil, err
	}
	p, err := a.Store.Deployments(ctx, account.ActorFrom(ctx), f, in.request())
	if err != nil {
		return nil, err
	}
	return listed(p, deploymentAs), nil
}

type newDeploymentJSON struct {
	Service     string    `json:"service" doc:"Slug."`
	Environment string    `json:"environment" maxLength:"100" example:"production"`
	Version     string    `json:"version" maxLength:"200"`
	StartedAt   time.Time `json:"started_at,omitempty"`
	FinishedAt  time.Time `json:"finished_at"`
	Outcome     string    `json:"outcome,omitempty" enum:"succeeded,failed,rolled_back" doc:"Succeeded when it is left out."`
	URL         string    `json:"url,omitempty" maxLength:"2000"`
	Source      string    `json:"source,omitempty" maxLength:"200"`
	ExternalID  string    `json:"external_id,omitempty" maxLength:"500" doc:"Unique within the source."`
	Caused      []string  `json:"caused,omitempty" maxItems:"200"`
}

func (a *API) recordDeployment(ctx context.Context, in *struct{ Body newDeploymentJSON }) (*one[deploymentJSON], error) {
	b := in.Body
	d := deployment.Deployment{
		Service: b.Service, Environment: b.Environment, Version: b.Version, StartedAt: b.StartedAt, FinishedAt: b.FinishedAt,
		Outcome: deployment.Succeeded, URL: b.URL, Source: b.Source, ExternalID: b.ExternalID,
	}
	if b.Outcome != "" {
		d.Outcome = deployment.Outcome(b.Outcome)
	}
	caused, err := incidentIDs("caused", b.Caused)
	if err != nil {
		return nil, err
	}
	d.Caused = unique(caused)
	if d, err = a.Deployments.Record(ctx, account.ActorFrom(ctx), d); err != nil {
		return nil, err
	}
	return created("/deployments/"+strconv.FormatInt(int64(d.ID), 10), d.RowVersion, deploymentAs(d))
}

func (a *API) showDeployment(ctx context.Context, in *struct {
	NumberIn
	Conditional
},
) (*one[deploymentJSON], error) {
	d, err := a.Store.Deployment(ctx, account.ActorFrom(ctx), deployment.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, d.RowVersion, deploymentAs(d))
}

type deploymentChangesJSON struct {
	Environment given[string]    `json:"environment,omitempty" maxLength:"100"`
	Version     given[string]    `json:"version,omitempty" maxLength:"200"`
	StartedAt   given[time.Time] `json:"started_at,omitempty"`
	FinishedAt  given[time.Time] `json:"finished_at,omitempty"`
	Outcome     given[string]    `json:"outcome,omitempty" enum:"succeeded,failed,rolled_back"`
	URL         given[string]    `json:"url,omitempty" maxLength:"2000"`
	Caused      given[[]string]  `json:"caused,omitempty" maxItems:"200" doc:"All incidents that it caused: those that are new here are confirmed, those left out rejected."`
}

func (a *API) editDeployment(ctx context.Context, in *struct {
	NumberIn
	Guarded
	Body deploymentChangesJSON
},
) (*one[deploymentJSON], error) {
	caused, err := incidentIDs("caused", in.Body.Caused.Value)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	id := deployment.ID(in.ID)
	var d deployment.Deployment
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Deployment(ctx, actor, id)
		if err != nil {
			return err
		}
		version, err := in.version(current.RowVersion)
		if err != nil {
			return err
		}
		if _, err := a.Deployments.Edit(ctx, actor, id, version, func(d *deployment.Deployment) error {
			in.Body.Environment.into(&d.Environment)
			in.Body.Version.into(&d.Version)
			in.Body.StartedAt.into(&d.StartedAt)
			in.Body.FinishedAt.into(&d.FinishedAt)
			intoWord(in.Body.Outcome, &d.Outcome, "")
			in.Body.URL.into(&d.URL)
			return nil
		}); err != nil {
			return err
		}
		if in.Body.Caused.Set {
			confirm, reject := causes(current.Caused, caused)
			for _, i := range confirm {
				if err := a.Deployments.SetCause(ctx, actor, id, i, true); err != nil {
					return err
				}
			}
			for _, i := range reject {
				if err := a.Deployments.SetCause(ctx, actor, id, i, false); err != nil {
					return err
				}
			}
		}
		d, err = a.Store.Deployment(ctx, actor, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed(d.RowVersion, deploymentAs(d))
}

// causes says which incidents to confirm and which to reject, so that those it caused become the wanted ones.
func causes(have, want []incident.ID) (confirm, reject []incident.ID) {
	for _, i := range unique(want) {
		if !slices.Contains(have, i) {
			confirm = append(confirm, i)
		}
	}
	for _, i := range have {
		if !slices.Contains(want, i) {
			reject = append(reject, i)
		}
	}
	return confirm, reject
}
