package triage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/incident"
)

// Store keeps what was said at triage. Its writes take part in the transaction of ctx.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error)
	// UpdateTriage reads, changes and writes in one step, and keeps the inboxes as they then are.
	UpdateTriage(ctx context.Context, id incident.ID, change func(i incident.Incident, t *Triage) error) (before, after Triage, err error)
}

// Service is where teams take incidents on.
type Service struct {
	Store Store
	Log   audit.Log
	Now   func() time.Time
}

// Accept makes the team answer for the incident; a judgement, unless empty, comes with it.
func (s *Service) Accept(ctx context.Context, actor account.Actor, id incident.ID, team catalog.TeamID, judgement string) error {
	return s.change(ctx, actor, id, func(ctx context.Context, names names) error {
		if err := names.inUse(team); err != nil {
			return err
		}
		before, after, err := s.Store.UpdateTriage(ctx, id, func(i incident.Incident, t *Triage) error {
			if err := triable(i); err != nil {
				return err
			}
			if err := t.Accept(team, actor.Name, s.now()); err != nil || judgement == "" {
				return err
			}
			return t.Judge(judgement, actor.Name, s.now())
		})
		if err != nil {
			return err
		}
		if err := s.append(ctx, actor, id, "accepted", "", nil, map[string]any{"team": names[team].Name}); err != nil {
			return err
		}
		return s.appendJudged(ctx, actor, id, before, after)
	})
}

// HandOver passes the incident on to another team. from is who does so where no team answers for it: 0 takes the one that
// was handed it, else the one that builds the service.
func (s *Service) HandOver(ctx context.Context, actor account.Actor, id incident.ID, from, to catalog.TeamID, reason string) error {
	return s.change(ctx, actor, id, func(ctx context.Context, names names) error {
		if err := names.inUse(to); err != nil {
			return err
		}
		_, after, err := s.Store.UpdateTriage(ctx, id, func(i incident.Incident, t *Triage) error {
			if err := triable(i); err != nil {
				return err
			}
			from := from
			if from == 0 && t.Holder() == 0 {
				services, err := s.Store.ServicesBySlug(ctx, actor, i.Services)
				if err != nil {
					return err
				}
				if n := slices.IndexFunc(services, func(s catalog.Service) bool { return s.Builder != 0 }); n >= 0 {
					from = services[n].Builder
				}
			}
			return t.HandOver(HandOff{From: from, To: to, Reason: reason, By: actor.Name, At: s.now()})
		})
		if err != nil {
			return err
		}
		h := after.Offered()
		var was map[string]any
		if h.From != 0 {
			was = map[string]any{"team": names[h.From].Name}
		}
		return s.append(ctx, actor, id, "handed over", h.Reason, was, map[string]any{"team": names[h.To].Name})
	})
}

// Judge notes where somebody believes the cause to lie. The first judgement is kept beside later ones for ever.
func (s *Service) Judge(ctx context.Context, actor account.Actor, id incident.ID, judgement string) error {
	return s.change(ctx, actor, id, func(ctx context.Context, _ names) error {
		before, after, err := s.Store.UpdateTriage(ctx, id, func(i incident.Incident, t *Triage) error {
			if err := triable(i); err != nil {
				return err
			}
			return t.Judge(judgement, actor.Name, s.now())
		})
		if err != nil {
			return err
		}
		return s.appendJudged(ctx, actor, id, before, after)
	})
}

// triable refuses what no team has to answer for.
func triable(i incident.Incident) error {
	switch {
	case i.MergedInto != 0:
		return fault.New(fault.Conflict, "%s is merged into %s; triage that one.", i.ID, i.MergedInto)
	case i.Kind != incident.Real:
		return fault.New(fault.Conflict, "%s is a %s, which nobody has to answer for.", i.ID, i.Kind)
	}
	return nil
}

// names are the teams by their ids.
type names map[catalog.TeamID]catalog.Team

// inUse refuses a team that is not there, or not any more. 0 is left to the rules.
func (n names) inUse(id catalog.TeamID) error {
	team, known := n[id]
	var c fault.Check
	c.That(id == 0 || known && team.ArchivedAt.IsZero(), "team", "There is no such team.")
	return c.Err()
}

func (s *Service) change(ctx context.Context, actor account.Actor, id incident.ID, do func(ctx context.Context, names names) error) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		teams, err := s.Store.Teams(ctx, actor)
		if err != nil {
			return err
		}
		known := names{}
		for _, t := range teams {
			known[t.ID] = t
		}
		return do(ctx, known)
	})
	if err != nil {
		return fmt.Errorf("triage %s: %w", id, err)
	}
	return nil
}

// appendJudged tells of a judgement that is new.
func (s *Service) appendJudged(ctx context.Context, actor account.Actor, id incident.ID, before, after Triage) error {
	was, is := before.Judgement().Class, after.Judgement().Class
	if was == is {
		return nil
	}
	var old map[string]any
	if was != "" {
		old = map[string]any{"judgement": was}
	}
	return s.append(ctx, actor, id, "judged", "", old, map[string]any{"judgement": is})
}

func (s *Service) append(ctx context.Context, actor account.Actor, id incident.ID, action, reason string, before, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.now(), Actor: actor, Subject: audit.Incident, SubjectID: int64(id), Action: action,
		Incident: int64(id), Before: audit.Fields(before), After: audit.Fields(after), Reason: reason,
	})
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
