package followup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
)

// Store keeps follow-ups.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	FollowUp(ctx context.Context, viewer account.Actor, id ID) (FollowUp, error)
	CreateFollowUp(ctx context.Context, f FollowUp) (FollowUp, error)
	UpdateFollowUp(ctx context.Context, id ID, change func(*FollowUp) error) (before, after FollowUp, err error)
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error)
	MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error)
	// QuietSince lists follow-ups that are done with evidence and shipped before the moment, at most limit.
	QuietSince(ctx context.Context, before time.Time, limit int) ([]FollowUp, error)
}

// Service holds the rules of follow-ups.
type Service struct {
	Store  Store
	Keeper *Keeper
	Log    audit.Log
	Now    func() time.Time
}

// Promise writes down a change that somebody will make. Its problem is that of its incidents. With queue it
// enters the backlog at once: the waiting begins.
func (s *Service) Promise(ctx context.Context, actor account.Actor, f FollowUp, queue bool) (FollowUp, error) {
	if err := actor.May(account.Editor); err != nil {
		return FollowUp{}, err
	}
	now := s.Now()
	tidy(&f)
	f.State, f.CreatedAt, f.Moves = Proposed, now, []Move{{State: Proposed, At: now}}
	if queue {
		if err := f.Queue(now); err != nil {
			return FollowUp{}, err
		}
	}
	if err := f.Check(); err != nil {
		return FollowUp{}, err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.connect(ctx, actor, &f); err != nil {
			return err
		}
		var err error
		if f, err = s.Store.CreateFollowUp(ctx, f); err != nil {
			return err
		}
		about := append([]incident.ID{0}, f.Incidents...)
		if len(f.Incidents) > 0 {
			about = f.Incidents
		}
		for n, i := range about {
			e := s.event(actor, f, "promised")
			e.Incident, e.After = int64(i), audit.Fields(f.Fields())
			if n > 0 { // one event on its own timeline, and one on each further incident's
				e.FollowUp, e.Problem = 0, 0
			}
			if err := s.Log.Append(ctx, e); err != nil {
				return err
			}
		}
		if err := s.Keeper.KeepFollowUp(ctx, actor, f); err != nil {
			return err
		}
		f, err = s.Store.FollowUp(ctx, actor, f.ID)
		return err
	})
	if err != nil {
		return FollowUp{}, fmt.Errorf("promise a change: %w", err)
	}
	return f, nil
}

// connect checks what the follow-up refers to, and takes its problem from its incidents.
func (s *Service) connect(ctx context.Context, actor account.Actor, f *FollowUp) error {
	for _, id := range f.Incidents {
		i, err := s.Store.Incident(ctx, actor, id)
		if err != nil {
			return err
		}
		if f.Problem == 0 {
			f.Problem = i.Problem
		}
	}
	if f.Problem == 0 {
		return nil
	}
	p, err := problem.Lead(ctx, actor, s.Store, f.Problem)
	f.Problem = p.ID
	return err
}

// Edit changes fields; states change by Step. version is the one the sender saw, or 0 for whichever stands.
func (s *Service) Edit(ctx context.Context, actor account.Actor, id ID, version int64, change func(*FollowUp) error) (FollowUp, error) {
	return s.change(ctx, actor, id, version, "edited", "", func(f *FollowUp, _ []problem.Occurrence, _ time.Time) error {
		state := f.State
		if err := change(f); err != nil {
			return err
		}
		if f.State != state {
			return fault.New(fault.Invalid, "The state changes by a step of its own.")
		}
		tidy(f)
		return nil
	})
}

// Step is a change of state; seen are the occurrences of the follow-up's problem.
type Step func(f *FollowUp, seen []problem.Occurrence, now time.Time) error

// Step moves the follow-up along its life; action is the verb for timelines ("queued"), reason what was given for it.
func (s *Service) Step(ctx context.Context, actor account.Actor, id ID, action, reason string, step Step) (FollowUp, error) {
	return s.change(ctx, actor, id, 0, action, reason, step)
}

func (s *Service) change(ctx context.Context, actor account.Actor, id ID, version int64, action, reason string, step Step) (FollowUp, error) {
	if err := actor.May(account.Editor); err != nil {
		return FollowUp{}, err
	}
	var after FollowUp
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		now := s.Now()
		current, err := s.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		seen, err := s.seen(ctx, current, now)
		if err != nil {
			return err
		}
		var before FollowUp
		before, after, err = s.Store.UpdateFollowUp(ctx, id, func(f *FollowUp) error {
			if version != 0 && version != f.Version {
				return fault.New(fault.Conflict, "Somebody changed %s meanwhile. Look at it again, then repeat your change.", f.ID)
			}
			state := f.State
			if err := step(f, seen, now); err != nil {
				return err
			}
			if err := ticketAllows(actor, *f, state); err != nil {
				return err
			}
			f.UpdatedAt = now
			if err := s.connect(ctx, actor, f); err != nil {
				return err
			}
			return f.Check()
		})
		if err != nil {
			return err
		}
		was, is := audit.Diff(before.Fields(), after.Fields())
		if is == nil {
			return nil
		}
		e := s.event(actor, after, action)
		e.Before, e.After, e.Reason = was, is, reason
		if len(after.Incidents) > 0 {
			e.Incident = int64(after.Incidents[0])
		}
		if err := s.Log.Append(ctx, e); err != nil {
			return err
		}
		if before.Problem != 0 && before.Problem != after.Problem {
			if err := s.Keeper.KeepProblem(ctx, actor, before.Problem); err != nil {
				return err
			}
		}
		if err := s.Keeper.KeepFollowUp(ctx, actor, after); err != nil {
			return err
		}
		if err := s.Keeper.tell(ctx, after); err != nil {
			return err
		}
		after, err = s.Store.FollowUp(ctx, actor, id)
		return err
	})
	if err != nil {
		return FollowUp{}, fmt.Errorf("%s %s: %w", id, action, err)
	}
	return after, nil
}

// ticketAllows keeps people from moving by hand what the team's ticket says: where Jira owns the status, one moves the issue
// there. Deciding against it, and verifying that it held, is said here all the same.
func ticketAllows(actor account.Actor, f FollowUp, from State) error {
	if f.Ticket == nil || !f.Ticket.OwnsStatus || f.State == from || actor.Kind != account.Person && actor.Kind != account.Machine {
		return nil
	}
	carried := func(s State) bool { return s == Queued || s == InProgress || s == Done }
	if !carried(from) && from != Verified || !carried(f.State) {
		return nil
	}
	return fault.New(fault.Conflict, "Jira says how far %s is. Move %s there; it shows here a minute later.", f.ID, f.Ticket.Key)
}

// VerifyDue verifies the changes whose quiet period has passed without a recurrence, and tells how many.
// It may run any number of times, and on several replicas.
func (s *Service) VerifyDue(ctx context.Context, actor account.Actor) (int, error) {
	now := s.Now()
	due, err := s.Store.QuietSince(ctx, now.Add(-QuietPeriod), 200)
	if err != nil {
		return 0, fmt.Errorf("look for quiet changes: %w", err)
	}
	verified := 0
	for _, f := range due {
		seen, err := s.seen(ctx, f, now)
		if err != nil {
			return verified, err
		}
		if !VerifyDue(f, seen, now) {
			continue
		}
		_, err = s.Step(ctx, actor, f.ID, "verified", "", func(f *FollowUp, seen []problem.Occurrence, now time.Time) error {
			return f.Verify(now, seen)
		})
		if err != nil && fault.Of(err) == nil { // a fault means that somebody changed it meanwhile
			return verified, err
		}
		if err == nil {
			verified++
		}
	}
	return verified, nil
}

func (s *Service) seen(ctx context.Context, f FollowUp, now time.Time) ([]problem.Occurrence, error) {
	if f.Problem == 0 {
		return nil, nil
	}
	members, err := s.Store.MembersSeen(ctx, f.Problem)
	if err != nil {
		return nil, err
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, now), nil
}

func (s *Service) event(actor account.Actor, f FollowUp, action string) audit.Event {
	return audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.FollowUp, SubjectID: int64(f.ID), Action: action,
		Problem: int64(f.Problem), FollowUp: int64(f.ID),
	}
}

func tidy(f *FollowUp) {
	f.Title = strings.Join(strings.Fields(f.Title), " ")
	f.Detail, f.EvidenceURL = strings.TrimSpace(f.Detail), strings.TrimSpace(f.EvidenceURL)
	incidents := slices.Clone(f.Incidents)
	slices.Sort(incidents)
	f.Incidents = slices.Compact(incidents)
}

// Fields are the follow-up's fields by their API names, for the record of changes.
func (f FollowUp) Fields() map[string]any {
	var incidents []string
	for _, i := range f.Incidents {
		incidents = append(incidents, i.String())
	}
	fields := map[string]any{
		"title": f.Title, "detail": f.Detail, "kind": f.Kind, "purpose": f.Purpose, "team": int64(f.Team), "state": f.State,
		"due_on": f.DueOn, "incidents": incidents, "problem": "", "evidence_url": f.EvidenceURL, "deployment": int64(f.Deployment),
		"fix_failed_at": audit.Moment(f.FixFailedAt), "queued_at": audit.Moment(f.QueuedByHandAt), "shipped_at": audit.Moment(f.ShippedByHandAt),
		"declined_reason": f.Declined.Reason, "look_again_on": f.Declined.LookAgainOn, "duplicate_of": "",
	}
	if f.Problem != 0 {
		fields["problem"] = f.Problem.String()
	}
	if f.DuplicateOf != 0 {
		fields["duplicate_of"] = f.DuplicateOf.String()
	}
	return fields
}
