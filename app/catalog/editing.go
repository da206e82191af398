package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/secret"
)

// Store keeps teams and services.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	CreateTeam(ctx context.Context, t Team) (Team, error)
	UpdateTeam(ctx context.Context, slug string, change func(*Team) error) (before, after Team, err error)
	CreateService(ctx context.Context, s Service) (Service, error)
	UpdateService(ctx context.Context, slug string, change func(*Service) error) (before, after Service, err error)
	DocumentStore
	AdoptionStore
}

// Editing holds the rules of changing the catalog.
type Editing struct {
	Store Store
	Log   audit.Log
	Now   func() time.Time
	Key   secret.Key // encrypts the addresses of chats
}

// AddTeam adds a team; an empty slug is made from the name.
func (e *Editing) AddTeam(ctx context.Context, actor account.Actor, t Team) (Team, error) {
	if err := actor.May(account.Admin); err != nil {
		return Team{}, err
	}
	t.Name = strings.TrimSpace(t.Name)
	if t.Slug == "" {
		t.Slug = Slug(t.Name)
	}
	t.CreatedAt = e.Now()
	if err := t.Check(); err != nil {
		return Team{}, err
	}
	err := e.inTx(ctx, "add team", func(ctx context.Context) error {
		var err error
		if t, err = e.Store.CreateTeam(ctx, t); err != nil {
			return err
		}
		return e.append(ctx, actor, audit.Team, int64(t.ID), "added", nil, t.Fields())
	})
	return t, err
}

// EditTeam changes a team. version is the one the sender saw, or 0 for whichever stands.
func (e *Editing) EditTeam(ctx context.Context, actor account.Actor, slug string, version int64, change func(*Team) error) (Team, error) {
	if err := actor.May(account.Admin); err != nil {
		return Team{}, err
	}
	var after Team
	err := e.inTx(ctx, "edit team", func(ctx context.Context) error {
		var before Team
		var err error
		before, after, err = e.Store.UpdateTeam(ctx, slug, func(t *Team) error {
			if version != 0 && version != t.Version {
				return fault.New(fault.Conflict, "Somebody changed this team meanwhile. Look at it again, then repeat your change.")
			}
			if err := change(t); err != nil {
				return err
			}
			return t.Check()
		})
		if err != nil {
			return err
		}
		return e.append(ctx, actor, audit.Team, int64(after.ID), "edited", before.Fields(), after.Fields())
	})
	return after, err
}

// AddService adds a service; an empty slug is made from the name.
func (e *Editing) AddService(ctx context.Context, actor account.Actor, s Service) (Service, error) {
	if err := actor.May(account.Editor); err != nil {
		return Service{}, err
	}
	s.Name = strings.TrimSpace(s.Name)
	if s.Slug == "" {
		s.Slug = Slug(s.Name)
	}
	s.CreatedAt = e.Now()
	if err := s.Check(); err != nil {
		return Service{}, err
	}
	err := e.inTx(ctx, "add service", func(ctx context.Context) error {
		var err error
		if s, err = e.Store.CreateService(ctx, s); err != nil {
			return err
		}
		return e.documented(ctx, actor, s.ID, "added", nil, s.Fields())
	})
	return s, err
}

// EditService changes a service; retiring it is such a change, and takes it out of what ownership coverage counts. version is the one the sender saw, or 0.
func (e *Editing) EditService(ctx context.Context, actor account.Actor, slug string, version int64, change func(*Service) error) (Service, error) {
	if err := actor.May(account.Editor); err != nil {
		return Service{}, err
	}
	var after Service
	err := e.inTx(ctx, "edit service", func(ctx context.Context) error {
		var before Service
		var err error
		before, after, err = e.Store.UpdateService(ctx, slug, func(s *Service) error {
			if version != 0 && version != s.Version {
				return fault.New(fault.Conflict, "Somebody changed this service meanwhile. Look at it again, then repeat your change.")
			}
			if err := change(s); err != nil {
				return err
			}
			return s.Check()
		})
		if err != nil {
			return err
		}
		return e.documented(ctx, actor, after.ID, "edited", before.Fields(), after.Fields())
	})
	return after, err
}

func (e *Editing) append(ctx context.Context, actor account.Actor, subject audit.SubjectKind, id int64, action string, before, after map[string]any) error {
	was, is := audit.Diff(before, after)
	if is == nil {
		return nil
	}
	if before == nil {
		was = nil
	}
	return e.Log.Append(ctx, audit.Event{At: e.Now(), Actor: actor, Subject: subject, SubjectID: id, Action: action, Before: was, After: is})
}

func (e *Editing) inTx(ctx context.Context, doing string, do func(context.Context) error) error {
	if err := e.Store.InTx(ctx, do); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Fields are the team's fields by their API names, for the record of changes.
func (t Team) Fields() map[string]any {
	return map[string]any{
		"slug": t.Slug, "name": t.Name, "kind": t.Kind, "zone": t.Zone, "hours": t.Hours, "mails": t.Mails,
		"chat_kind": t.Chat.Kind, "chat_host": t.Chat.Host, "chat_address": t.Chat.mark(),
		"archived_at": audit.Moment(t.ArchivedAt),
	}
}

// Fields are the service's fields by their API names, for the record of changes.
func (s Service) Fields() map[string]any {
	return map[string]any{
		"slug": s.Slug, "name": s.Name, "summary": s.Summary, "builder": int64(s.Builder), "on_call": int64(s.OnCall),
		"retired_at": audit.Moment(s.RetiredAt),
	}
}
