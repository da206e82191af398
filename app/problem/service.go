package problem

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// Store keeps problems. Its writes take part in the transaction of ctx.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Problem(ctx context.Context, viewer account.Actor, id ID) (Problem, error)
	CreateProblem(ctx context.Context, p Problem) (Problem, error)
	UpdateProblem(ctx context.Context, id ID, change func(*Problem) error) (before, after Problem, err error)
	// MembersOf lists the problem's incidents, oldest first, those that never count included.
	MembersOf(ctx context.Context, id ID) ([]IncidentID, error)
	// MoveMembers hands incidents (all of the problem's when none is named) with their problem's notes,
	// follow-ups and identities to another problem and remembers it as a regrouping.
	MoveMembers(ctx context.Context, by account.Actor, kind RegroupingKind, from, to ID, incidents []IncidentID) (Regrouping, error)
	// LatestRegrouping is the newest of a problem that is not undone, or a NotFound fault.
	LatestRegrouping(ctx context.Context, id ID) (Regrouping, error)
	// UndoRegrouping hands back whatever is still where the regrouping put it.
	UndoRegrouping(ctx context.Context, r Regrouping) error
}

// Keeper brings what is kept about a problem up to date, in the transaction of ctx.
type Keeper interface {
	KeepProblem(ctx context.Context, actor account.Actor, id ID) error
}

// RegroupingKind is merge or split.
type RegroupingKind string

// The kinds of regroupings.
const (
	MergeKind RegroupingKind = "merge"
	SplitKind RegroupingKind = "split"
)

// Regrouping is one merge or split, kept so that it can be undone.
type Regrouping struct {
	ID       int64
	Kind     RegroupingKind
	From, To ID
	By       string
	At       time.Time
}

// Service holds the rules of problems.
type Service struct {
	Store  Store
	Keeper Keeper
	Log    audit.Log
	Now    func() time.Time
	// Join puts an incident without a problem into one; incident.Service does it.
	Join func(ctx context.Context, actor account.Actor, incident IncidentID, into ID) error
}

// Open makes a problem behind the given incidents; there may be none yet.
func (s *Service) Open(ctx context.Context, actor account.Actor, p Problem, incidents []IncidentID) (Problem, error) {
	if err := actor.May(account.Editor); err != nil {
		return Problem{}, err
	}
	p.Title = strings.Join(strings.Fields(p.Title), " ")
	p.State, p.CreatedAt = Open, s.Now()
	if err := p.Check(); err != nil {
		return Problem{}, err
	}
	err := s.inTx(ctx, "open problem", func(ctx context.Context) error {
		var err error
		if p, err = s.Store.CreateProblem(ctx, p); err != nil {
			return err
		}
		if err := s.append(ctx, actor, p.ID, "opened", "", nil, map[string]any{"title": p.Title}); err != nil {
			return err
		}
		for _, i := range incidents {
			if err := s.Join(ctx, actor, i, p.ID); err != nil {
				return err
			}
		}
		p, err = s.Store.Problem(ctx, actor, p.ID)
		return err
	})
	return p, err
}

// Edit changes title and service. version is the one the sender saw, or 0 for whichever stands.
func (s *Service) Edit(ctx context.Context, actor account.Actor, id ID, version int64, change func(*Problem) error) (Problem, error) {
	if err := actor.May(account.Editor); err != nil {
		return Problem{}, err
	}
	var after Problem
	err := s.inTx(ctx, "edit problem", func(ctx context.Context) error {
		var before Problem
		var err error
		before, after, err = s.Store.UpdateProblem(ctx, id, func(p *Problem) error {
			if version != 0 && version != p.Version {
				return fault.New(fault.Conflict, "Somebody changed %s meanwhile. Look at it again, then repeat your change.", p.ID)
			}
			if p.MergedInto != 0 {
				return fault.New(fault.Conflict, "%s is merged into %s; change that one.", p.ID, p.MergedInto)
			}
			if err := change(p); err != nil {
				return err
			}
			p.Title = strings.Join(strings.Fields(p.Title), " ")
			return p.Check()
		})
		if err != nil {
			return err
		}
		was, is := audit.Diff(before.Fields(), after.Fields())
		if is == nil {
			return nil
		}
		return s.Log.Append(ctx, audit.Event{At: s.Now(), Actor: actor, Subject: audit.Problem, SubjectID: int64(id), Action: "edited", Problem: int64(id), Before: was, After: is})
	})
	return after, err
}

// Merge says that id is the same failure as into: its incidents, notes and follow-ups move there, and its
// address leads there.
func (s *Service) Merge(ctx context.Context, actor account.Actor, id, into ID) (Problem, error) {
	if err := actor.May(account.Editor); err != nil {
		return Problem{}, err
	}
	if id == into {
		return Problem{}, fault.New(fault.Invalid, "A problem can't be merged into itself.")
	}
	err := s.inTx(ctx, "merge problems", func(ctx context.Context) error {
		for _, locked := range []ID{min(id, into), max(id, into)} { // in this order, so that no two merges lead in a circle
			if _, _, err := s.Store.UpdateProblem(ctx, locked, func(p *Problem) error {
				switch {
				case p.MergedInto != 0 && p.ID == id:
					return fault.New(fault.Conflict, "%s is merged into %s already.", p.ID, p.MergedInto)
				case p.MergedInto != 0:
					return fault.New(fault.Conflict, "%s is merged into %s. Merge into that one.", p.ID, p.MergedInto)
				case p.ID == id:
					p.MergedInto = into
				}
				return nil
			}); err != nil {
				return err
			}
		}
		r, err := s.Store.MoveMembers(ctx, actor, MergeKind, id, into, nil)
		if err != nil {
			return err
		}
		return s.told(ctx, actor, r, "merged")
	})
	if err != nil {
		return Problem{}, err
	}
	return s.Store.Problem(ctx, actor, into)
}

// Split takes incidents out of a problem into a new one with that title. At least one stays.
func (s *Service) Split(ctx context.Context, actor account.Actor, id ID, title string, incidents []IncidentID) (Problem, error) {
	if err := actor.May(account.Editor); err != nil {
		return Problem{}, err
	}
	fresh := Problem{Title: strings.Join(strings.Fields(title), " "), State: Open, CreatedAt: s.Now()}
	var c fault.Check
	c.That(len(incidents) > 0, "incidents", "Choose the incidents that are another failure.")
	c.Add(fresh.Check())
	if err := c.Err(); err != nil {
		return Problem{}, err
	}
	err := s.inTx(ctx, "split problem", func(ctx context.Context) error {
		members, err := s.Store.MembersOf(ctx, id)
		if err != nil {
			return err
		}
		for _, i := range incidents {
			c.That(slices.Contains(members, i), "incidents", "%s is not in %s.", i, id)
		}
		c.That(len(incidents) < len(members), "incidents", "At least one incident stays in %s. To say it is another failure, edit its title.", id)
		if err := c.Err(); err != nil {
			return err
		}
		old, err := s.Store.Problem(ctx, actor, id)
		if err != nil {
			return err
		}
		fresh.Service = old.Service
		if fresh, err = s.Store.CreateProblem(ctx, fresh); err != nil {
			return err
		}
		r, err := s.Store.MoveMembers(ctx, actor, SplitKind, id, fresh.ID, incidents)
		if err != nil {
			return err
		}
		return s.told(ctx, actor, r, "split")
	})
	if err != nil {
		return Problem{}, err
	}
	return s.Store.Problem(ctx, actor, fresh.ID)
}

// Undo takes back the latest merge or split of the problem. After undoing a split the new problem is empty
// and merged into the old one, so that its address leads there.
func (s *Service) Undo(ctx context.Context, actor account.Actor, id ID) (Problem, error) {
	if err := actor.May(account.Editor); err != nil {
		return Problem{}, err
	}
	back := id
	err := s.inTx(ctx, "undo regrouping", func(ctx context.Context) error {
		r, err := s.Store.LatestRegrouping(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Conflict, "Nothing of %s can be undone.", id)
		}
		if err != nil {
			return err
		}
		for _, kept := range []ID{r.From, r.To} {
			p, err := s.Store.Problem(ctx, actor, kept)
			if err != nil {
				return err
			}
			if p.MergedInto != 0 && (r.Kind == SplitKind || kept == r.To) {
				return fault.New(fault.Conflict, "%s was merged into %s since. Undo that first.", kept, p.MergedInto)
			}
		}
		if err := s.Store.UndoRegrouping(ctx, r); err != nil {
			return err
		}
		back = r.From
		gone, into := r.From, ID(0) // undoing a merge brings the merged one back
		if r.Kind == SplitKind {
			gone, into = r.To, r.From
		}
		if _, _, err := s.Store.UpdateProblem(ctx, gone, func(p *Problem) error { p.MergedInto = into; return nil }); err != nil {
			return err
		}
		return s.told(ctx, actor, r, string(r.Kind)+" undone")
	})
	if err != nil {
		return Problem{}, err
	}
	return s.Store.Problem(ctx, actor, back)
}

// told writes a regrouping on both timelines and brings both problems up to date.
func (s *Service) told(ctx context.Context, actor account.Actor, r Regrouping, action string) error {
	for _, on := range []ID{r.From, r.To} {
		if err := s.append(ctx, actor, on, action, "", nil, map[string]any{"from": r.From.String(), "into": r.To.String()}); err != nil {
			return err
		}
		if err := s.Keeper.KeepProblem(ctx, actor, on); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) append(ctx context.Context, actor account.Actor, id ID, action, reason string, before, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Problem, SubjectID: int64(id), Action: action, Problem: int64(id),
		Before: audit.Fields(before), After: audit.Fields(after), Reason: reason,
	})
}

func (s *Service) inTx(ctx context.Context, doing string, do func(context.Context) error) error {
	if err := s.Store.InTx(ctx, do); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Fields are the problem's fields by their API names, for the record of changes.
func (p Problem) Fields() map[string]any {
	return map[string]any{"title": p.Title, "service": p.Service, "state": p.State, "fix_failed_at": audit.Moment(p.FixFailedAt)}
}
