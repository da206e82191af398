package rootcause

import (
	"context"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
)

// Store keeps notes and every revision of them.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Note(ctx context.Context, viewer account.Actor, id ID) (Note, error)
	CreateNote(ctx context.Context, n Note) (Note, error)
	// ReviseNote changes a note and keeps what it was as a revision.
	ReviseNote(ctx context.Context, id ID, change func(*Note) error) (before, after Note, err error)
}

// Keeper brings what is kept about the incident or problem up to date.
type Keeper interface {
	KeepIncident(ctx context.Context, actor account.Actor, id incident.ID) error
	KeepProblem(ctx context.Context, actor account.Actor, id problem.ID) error
}

// Service holds the rules of notes.
type Service struct {
	Store  Store
	Keeper Keeper
	Log    audit.Log
	Now    func() time.Time
}

// Add writes a note down.
func (s *Service) Add(ctx context.Context, actor account.Actor, n Note) (Note, error) {
	if err := actor.May(account.Editor); err != nil {
		return Note{}, err
	}
	fill(&n)
	n.Revision, n.Author, n.CreatedAt = 1, actor, s.Now()
	if err := n.Check(); err != nil {
		return Note{}, err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if n, err = s.Store.CreateNote(ctx, n); err != nil {
			return err
		}
		return s.written(ctx, actor, n, "noted", nil)
	})
	if err != nil {
		return Note{}, fmt.Errorf("add note: %w", err)
	}
	return n, nil
}

// Revise changes a note; what it said before stays readable as a revision. revision is the one the sender saw.
func (s *Service) Revise(ctx context.Context, actor account.Actor, id ID, revision int, change func(*Note)) (Note, error) {
	if err := actor.May(account.Editor); err != nil {
		return Note{}, err
	}
	var after Note
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		var before Note
		var err error
		before, after, err = s.Store.ReviseNote(ctx, id, func(n *Note) error {
			if revision != 0 && revision != n.Revision {
				return fault.New(fault.Conflict, "Somebody revised this note meanwhile. Read it again, then repeat your change.")
			}
			change(n)
			fill(n)
			n.Author = actor
			return n.Check()
		})
		if err != nil {
			return err
		}
		return s.written(ctx, actor, after, "note revised", before.Fields())
	})
	if err != nil {
		return Note{}, fmt.Errorf("revise note: %w", err)
	}
	return after, nil
}

func (s *Service) written(ctx context.Context, actor account.Actor, n Note, action string, before map[string]any) error {
	was, is := audit.Diff(before, n.Fields())
	if before == nil {
		was = nil
	}
	if err := s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Note, SubjectID: int64(n.ID), Action: action,
		Incident: int64(n.Incident), Problem: int64(n.Problem), Before: was, After: is,
	}); err != nil {
		return err
	}
	if n.Problem != 0 {
		return s.Keeper.KeepProblem(ctx, actor, n.Problem)
	}
	return s.Keeper.KeepIncident(ctx, actor, n.Incident)
}

func fill(n *Note) {
	n.Body = strings.TrimSpace(n.Body)
	if n.CauseClass == "" {
		n.CauseClass = "unknown"
	}
	if n.Confidence == "" {
		n.Confidence = "medium"
	}
}

// Fields are the note's fields by their API names, for the record of changes.
func (n Note) Fields() map[string]any {
	return map[string]any{"kind": n.Kind, "cause_class": n.CauseClass, "confidence": n.Confidence, "side": n.Side, "body": n.Body}
}
