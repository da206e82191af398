package app

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/app/jirasync"
	"upshot/app/notice"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
	"upshot/integrations/links"
	"upshot/integrations/makers"
	"upshot/store"
)

// words are the services of the domain, put together over one store and one clock.
type words struct {
	accounts    *account.Service
	catalog     *catalog.Editing
	links       *catalog.LinkChecks
	incidents   *incident.Service
	problems    *problem.Service
	notes       *rootcause.Service
	deployments *deployment.Service
	followUps   *followup.Service
	keeper      *followup.Keeper
	jira        *jirasync.Sync
	intake      *intake.Service
	notices     *notice.Service
	triage      *triage.Service
	digests     *digest.Service
}

func newWords(s *store.Store, now func() time.Time) words {
	keeper := &followup.Keeper{Store: s, Log: s, Now: now, Say: func(ctx context.Context) error { return s.Enqueue(ctx, jirasync.PushArgs{}) }}
	incidents := &incident.Service{Store: s, Problems: s, Keeper: keeper, Log: s, Now: now}
	notes := &rootcause.Service{Store: s, Keeper: keeper, Log: s, Now: now}
	editing := &catalog.Editing{Store: s, Log: s, Now: now}
	deployments := &deployment.Service{Store: s, Keeper: keeper, Log: s, Now: now}
	return words{
		accounts:  account.NewService(s, now),
		catalog:   editing,
		links:     &catalog.LinkChecks{Store: s, Editing: editing, Look: links.New(version(), links.DefaultTimeout).Look},
		incidents: incidents,
		problems: &problem.Service{
			Store: s, Keeper: keeper, Log: s, Now: now,
			Join: func(ctx context.Context, actor account.Actor, i problem.IncidentID, into problem.ID) error {
				return incidents.JoinProblem(ctx, actor, i, into)
			},
		},
		notes:       notes,
		deployments: deployments,
		intake: &intake.Service{
			Store: s, Makers: makers.All(), Incidents: incidents, Deployments: deployments, Notes: notes, Log: s, Now: now,
		},
		followUps: &followup.Service{Store: s, Keeper: keeper, Log: s, Now: now},
		keeper:    keeper,
		triage:    &triage.Service{Store: s, Log: s, Now: now},
	}
}
