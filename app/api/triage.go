package api

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/triage"
)

type triageReads interface {
	Triage(ctx context.Context, viewer account.Actor, id incident.ID) (triage.Triage, error)
	ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error)
}

// incidentWholeJSON is one incident with what was said about it at triage.
type incidentWholeJSON struct {
	incidentJSON
	Triage triageJSON `json:"triage"`
}

type triageJSON struct {
	AcceptedBy      *string       `json:"accepted_by" doc:"Slug of the team that accepted it last, also when it was handed over since."`
	AcceptedAt      *time.Time    `json:"accepted_at"`
	FirstJudgement  *string       `json:"first_judgement" enum:"configuration,code,data,dependency,unknown,capacity,deployment,process" doc:"Never changes."`
	Judgement       *string       `json:"judgement" enum:"configuration,code,data,dependency,unknown,capacity,deployment,process" doc:"What the cause turned out to be: the class of the confirmed cause, else of the latest contributing factor, else what somebody judged after the first time. Null: nobody knows yet."`
	HandOffs        []handOffJSON `json:"hand_offs" nullable:"false" doc:"Oldest first."`
	AccountableTeam *string       `json:"accountable_team" doc:"Slug of the team that answers for it. Null: none, until a team accepts it."`
	NobodySince     *time.Time    `json:"nobody_since" doc:"Since when no team answers for it."`
	Provisional     *string       `json:"provisional" doc:"Slug of the team that answers for it meanwhile, when none has for 48 hours."`
	TriagedAt       *time.Time    `json:"triaged_at" doc:"The first acceptance or hand-off."`
}

type handOffJSON struct {
	From   *string   `json:"from" doc:"Slug; null: no team had it."`
	To     string    `json:"to"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// whole reads what belongs to the incident besides.
func (a *API) whole(ctx context.Context, i incident.Incident) (incidentWholeJSON, error) {
	w := incidentWholeJSON{incidentJSON: incidentAs(i)}
	viewer := account.ActorFrom(ctx)
	t, err := a.Store.Triage(ctx, viewer, i.ID)
	if err != nil {
		return w, err
	}
	services, err := a.Store.ServicesBySlug(ctx, viewer, i.Services)
	if err != nil {
		return w, err
	}
	teams, err := a.Store.Teams(ctx, viewer)
	if err != nil {
		return w, err
	}
	slugs := map[catalog.TeamID]string{}
	for _, team := range teams {
		slugs[team.ID] = team.Slug
	}
	s := triage.Item{Incident: i, Triage: t}.Standing(services, a.Now())
	final, _ := t.Final()
	w.Triage = triageJSON{
		AcceptedBy: orNull(slugs[t.Accepted.Team]), AcceptedAt: known(t.Accepted.At), FirstJudgement: orNull(t.First.Class), Judgement: orNull(final),
		HandOffs: []handOffJSON{}, AccountableTeam: orNull(slugs[s.Team]), TriagedAt: known(t.TriagedAt),
	}
	if _, counts := triage.Until(i); counts && s.Team == 0 {
		w.Triage.NobodySince, w.Triage.Provisional = known(s.Since), orNull(slugs[s.Provisional])
	}
	for _, h := range t.HandOffs {
		w.Triage.HandOffs = append(w.Triage.HandOffs, handOffJSON{From: orNull(slugs[h.From]), To: slugs[h.To], Reason: h.Reason, At: h.At.UTC()})
	}
	return w, nil
}

type triageStepJSON struct {
	Action    string `json:"action" enum:"accept,hand_over,judge"`
	Team      string `json:"team,omitempty" maxLength:"60" doc:"Slug: who accepts it, or whom it is handed to."`
	From      string `json:"from,omitempty" maxLength:"60" doc:"Slug of the team that hands it over, where none has it; left out it is the one that builds the service."`
	Reason    string `json:"reason,omitempty" maxLength:"10000" doc:"Why it is theirs; a hand-over needs one."`
	Judgement string `json:"judgement,omitempty" enum:"configuration,code,data,dependency,unknown,capacity,deployment,process" doc:"Where the cause lies; with accept or judge."`
}

func (a *API) triageIncident(ctx context.Context, in *struct {
	RefIn
	Body triageStepJSON
},
) (*one[incidentWholeJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	b, actor := in.Body, account.ActorFrom(ctx)
	team, err := a.teamID(ctx, "team", b.Team)
	if err != nil {
		return nil, err
	}
	from, err := a.teamID(ctx, "from", b.From)
	if err != nil {
		return nil, err
	}
	switch b.Action {
	case "accept":
		err = a.Triage.Accept(ctx, actor, id, team, b.Judgement)
	case "hand_over":
		err = a.Triage.HandOver(ctx, actor, id, from, team, b.Reason)
	default:
		err = a.Triage.Judge(ctx, actor, id, b.Judgement)
	}
	if err != nil {
		return nil, err
	}
	i, err := a.Store.Incident(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	w, err := a.whole(ctx, i)
	if err != nil {
		return nil, err
	}
	return changed(i.Version, w)
}
