package incident

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/problem"
)

// Store keeps incidents. Its writes take part in the transaction of ctx.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Incident(ctx context.Context, viewer account.Actor, id ID) (Incident, error)
	CreateIncident(ctx context.Context, i Incident) (Incident, error)
	// HoldProblem keeps others from a problem until the transaction ends.
	HoldProblem(ctx context.Context, id problem.ID) error
	// IncidentItself gives an incident without its services, participants and earlier times of impact.
	IncidentItself(ctx context.Context, id ID) (Incident, error)
	// UpdateIncident reads, changes and writes in one step, and gives the incident before and after.
	UpdateIncident(ctx context.Context, id ID, change func(*Incident) error) (before, after Incident, err error)
	// LoopOf gathers what the gate asks for.
	LoopOf(ctx context.Context, id ID) (Loop, error)
	AddDecision(ctx context.Context, by account.Actor, id ID, d Decision) error
	// SetApart remembers that two incidents are not the same failure.
	SetApart(ctx context.Context, id, other ID) error
	// ProblemOfIdentity is the problem of a source's group key, or 0. LatestOfIdentity is the newest incident with it, or 0.
	ProblemOfIdentity(ctx context.Context, source, groupKey string) (problem.ID, error)
	LatestOfIdentity(ctx context.Context, source, groupKey string) (ID, error)
	// NoteTelling keeps by which channel developers came to know, and tells whether that is new, or earlier than the channel
	// was known to have told.
	NoteTelling(ctx context.Context, id ID, t Telling) (news bool, err error)
}

// Problems is what reporting needs of problems: a new one behind two incidents, and its last occurrence.
type Problems interface {
	// CreateProblem makes a problem titled like the first incident and joins both; identity may be empty.
	CreateProblem(ctx context.Context, p problem.Problem) (problem.Problem, error)
	Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error)
	SetIdentity(ctx context.Context, source, groupKey string, id problem.ID) error
}

// Keeper brings what is kept about a problem (occurrence numbers, ledgers, figures, states) up to date,
// in the transaction of ctx.
type Keeper interface {
	KeepProblem(ctx context.Context, actor account.Actor, id problem.ID) error
	// KeepIncident does so for the incident's problem, or for the incident alone when it has none.
	KeepIncident(ctx context.Context, actor account.Actor, id ID) error
}

// Service holds the rules of incidents that need more than the incident itself.
type Service struct {
	Store    Store
	Problems Problems
	Keeper   Keeper
	Log      audit.Log
	Now      func() time.Time
	// Notify enqueues what tells developers, in the transaction of ctx; nil: nobody does.
	Notify func(ctx context.Context) error
}

// Report notes that something happened. An incident whose source and group key are known joins its
// problem by itself; the second one with the same identity makes the problem. One with Problem set joins that.
func (s *Service) Report(ctx context.Context, actor account.Actor, i Incident) (Incident, error) {
	if err := actor.May(account.Editor); err != nil {
		return Incident{}, err
	}
	tidy(&i)
	i.Standing = i.Alone(false)
	i.CreatedAt = s.Now()
	if err := i.Check(s.Now()); err != nil {
		return Incident{}, err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.recognise(ctx, actor, &i); err != nil {
			return err
		}
		err := s.Store.HoldProblem(ctx, i.Problem) // before it is added to, or two who add to it wait for each other
		if err != nil {
			return err
		}
		if i, err = s.Store.CreateIncident(ctx, i); err != nil {
			return err
		}
		if err := s.Log.Append(ctx, audit.Event{
			At: s.Now(), Actor: actor, Subject: audit.Incident, SubjectID: int64(i.ID), Action: "reported",
			Incident: int64(i.ID), Problem: int64(i.Problem), After: audit.Fields(i.Fields()),
		}); err != nil {
			return err
		}
		if i.Problem == 0 {
			if s.Notify == nil || !i.AsksToTell(s.Now()) {
				return nil
			}
			return s.Notify(ctx)
		}
		if err := s.Keeper.KeepProblem(ctx, actor, i.Problem); err != nil {
			return err
		}
		i, err = s.Store.Incident(ctx, actor, i.ID)
		return err
	})
	if err != nil {
		return Incident{}, fmt.Errorf("report incident: %w", err)
	}
	return i, nil
}

// recognise gives the incident its problem when the identity says so.
func (s *Service) recognise(ctx context.Context, actor account.Actor, i *Incident) error {
	if i.Problem != 0 {
		p, err := problem.Lead(ctx, actor, s.Problems, i.Problem)
		i.Problem = p.ID
		return err
	}
	if i.GroupKey == "" {
		return nil
	}
	known, err := s.Store.ProblemOfIdentity(ctx, i.Source, i.GroupKey)
	if err != nil || known != 0 {
		i.Problem = known
		return err
	}
	first, err := s.Store.LatestOfIdentity(ctx, i.Source, i.GroupKey)
	if err != nil || first == 0 {
		return err
	}
	i.Problem, err = s.begin(ctx, actor, first)
	if err != nil {
		return err
	}
	return s.Problems.SetIdentity(ctx, i.Source, i.GroupKey, i.Problem)
}

// begin gives the incident's problem, and makes one when it has none.
func (s *Service) begin(ctx context.Context, actor account.Actor, id ID) (problem.ID, error) {
	i, err := s.Store.Incident(ctx, actor, id)
	if err != nil || i.Problem != 0 {
		return i.Problem, err
	}
	p := problem.Problem{Title: i.Title, State: problem.Open, CreatedAt: s.Now()}
	if len(i.Services) == 1 {
		p.Service = i.Services[0]
	}
	if p, err = s.Problems.CreateProblem(ctx, p); err != nil {
		return 0, err
	}
	if _, _, err = s.Store.UpdateIncident(ctx, id, func(i *Incident) error { i.Problem = p.ID; return nil }); err != nil {
		return 0, err
	}
	return p.ID, s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Problem, SubjectID: int64(p.ID), Action: "opened",
		Incident: int64(id), Problem: int64(p.ID), After: audit.Fields(map[string]any{"title": p.Title}),
	})
}

// Join says that the incident is the same failure as an earlier one: they get one problem.
// When both have one already, merging is the way, and Join says so.
func (s *Service) Join(ctx context.Context, actor account.Actor, id, earlier ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	if id == earlier {
		return fault.New(fault.Invalid, "An incident is not its own recurrence.")
	}
	return s.inTx(ctx, "join incidents", func(ctx context.Context) error {
		i, err := s.Store.Incident(ctx, actor, id)
		if err != nil {
			return err
		}
		other, err := s.Store.Incident(ctx, actor, earlier)
		if err != nil {
			return err
		}
		from, into := id, other.Problem
		switch {
		case i.Problem != 0 && i.Problem == other.Problem:
			return nil
		case i.Problem != 0 && other.Problem != 0:
			return fault.New(fault.Conflict, "%s is in %s and %s is in %s. Merge the problems on the page of either.", id, i.Problem, earlier, other.Problem)
		case other.Problem == 0 && i.Problem != 0:
			from, into = earlier, i.Problem
		case other.Problem == 0:
			if into, err = s.begin(ctx, actor, earlier); err != nil {
				return err
			}
		}
		if _, _, err = s.Store.UpdateIncident(ctx, from, func(i *Incident) error { i.Problem = into; return nil }); err != nil {
			return err
		}
		if err := s.append(ctx, actor, from, into, "joined", "", map[string]any{"problem": into.String()}); err != nil {
			return err
		}
		return s.Keeper.KeepProblem(ctx, actor, into)
	})
}

// JoinProblem puts an incident that has no problem into one.
func (s *Service) JoinProblem(ctx context.Context, actor account.Actor, id ID, into problem.ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.inTx(ctx, "join problem", func(ctx context.Context) error {
		p, err := problem.Lead(ctx, actor, s.Problems, into)
		if err != nil {
			return err
		}
		joined := p.ID
		before, _, err := s.Store.UpdateIncident(ctx, id, func(i *Incident) error {
			if i.Problem != 0 && i.Problem != joined {
				return fault.New(fault.Conflict, "%s is in %s already. Split it off there first.", i.ID, i.Problem)
			}
			i.Problem = joined
			return nil
		})
		if err != nil || before.Problem == joined {
			return err
		}
		if err := s.append(ctx, actor, id, joined, "joined", "", map[string]any{"problem": joined.String()}); err != nil {
			return err
		}
		return s.Keeper.KeepProblem(ctx, actor, joined)
	})
}

// SetApart remembers that two incidents are not the same failure, so that nobody is asked again.
func (s *Service) SetApart(ctx context.Context, actor account.Actor, id, other ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.inTx(ctx, "set incidents apart", func(ctx context.Context) error {
		for _, known := range []ID{id, other} {
			if _, err := s.Store.Incident(ctx, actor, known); err != nil {
				return err
			}
		}
		if err := s.Store.SetApart(ctx, id, other); err != nil {
			return err
		}
		return s.append(ctx, actor, id, 0, "set apart", "", map[string]any{"not_the_same_as": other.String()})
	})
}

// Change is one step of an incident's life or an edit of its fields.
type Change func(i *Incident, now time.Time) error

// Edit changes fields. Moments that are known are corrected by Correct, not edited, but for an earlier one at which developers
// came to know. version is the one the
// sender saw, or 0 for whichever stands.
func (s *Service) Edit(ctx context.Context, actor account.Actor, id ID, version int64, change func(*Incident) error) (Incident, error) {
	return s.change(ctx, actor, id, version, "edited", "", func(i *Incident, _ time.Time) error {
		was := i.Moments
		if err := change(i); err != nil {
			return err
		}
		tidy(i)
		var c fault.Check
		for _, name := range MomentNames {
			old, is := was.Of(name), i.Moments.Of(name)
			sooner := name == DeveloperNotifiedAt && !is.IsZero() && is.Before(*old) // the earliest counts, whenever it becomes known
			c.That(old.IsZero() || old.Equal(*is) || sooner, string(name), "This moment is known. Correct it, with a reason.")
		}
		return c.Err()
	})
}

// Follow brings an incident to what its source says of it. change gives the verb for timelines; without one nothing is changed. One that is
// merged into another stays as it is.
func (s *Service) Follow(ctx context.Context, actor account.Actor, id ID, change func(i *Incident) (verb string)) (Incident, error) {
	verb, merged := "", Incident{}
	after, err := s.apply(ctx, actor, id, &verb, "", func(i *Incident) error {
		if i.MergedInto != 0 {
			merged = *i
			return errMerged
		}
		trial := *i
		trial.Services, trial.Segments, trial.Labels = slices.Clone(i.Services), slices.Clone(i.Segments), maps.Clone(i.Labels)
		if verb = change(&trial); verb == "" {
			return nil
		}
		tidy(&trial)
		*i = trial
		return i.Check(s.Now())
	})
	if errors.Is(err, errMerged) {
		return merged, nil
	}
	return after, err
}

var errMerged = errors.New("merged into another")

// Step moves the incident along its life; action is the verb for timelines ("acknowledged").
func (s *Service) Step(ctx context.Context, actor account.Actor, id ID, action string, step Change) (Incident, error) {
	return s.change(ctx, actor, id, 0, action, "", step)
}

// Correct replaces a moment that was noted wrongly. The old value, the reason and the author stay in the record.
func (s *Service) Correct(ctx context.Context, actor account.Actor, id ID, name Moment, value time.Time, reason string) (Incident, error) {
	reason = strings.TrimSpace(reason)
	return s.change(ctx, actor, id, 0, "moment corrected", reason, func(i *Incident, _ time.Time) error {
		return i.Correct(name, value.UTC().Truncate(time.Microsecond), reason)
	})
}

// Close runs the gate and ends the incident's life. A decision may come with it.
func (s *Service) Close(ctx context.Context, actor account.Actor, id ID, d Decision) (Incident, error) {
	if err := actor.May(account.Editor); err != nil {
		return Incident{}, err
	}
	var closed Incident
	err := s.inTx(ctx, "close incident", func(ctx context.Context) error {
		if d.Reason = strings.TrimSpace(d.Reason); d.Given() || d.LookAgainOn != "" {
			if err := s.decide(ctx, actor, id, d); err != nil {
				return err
			}
		}
		loop, err := s.Store.LoopOf(ctx, id)
		if err != nil {
			return err
		}
		closed, err = s.change(ctx, actor, id, 0, "closed", "", func(i *Incident, now time.Time) error { return i.Close(now, loop) })
		return err
	})
	return closed, err
}

// Decide records a reasoned decision against a practice change.
func (s *Service) Decide(ctx context.Context, actor account.Actor, id ID, d Decision) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	d.Reason = strings.TrimSpace(d.Reason)
	return s.inTx(ctx, "decide", func(ctx context.Context) error { return s.decide(ctx, actor, id, d) })
}

func (s *Service) decide(ctx context.Context, actor account.Actor, id ID, d Decision) error {
	if err := d.Check(s.Now()); err != nil {
		return err
	}
	i, err := s.Store.Incident(ctx, actor, id)
	if err != nil {
		return err
	}
	d.By, d.At = actor.Name, s.Now()
	if err := s.Store.AddDecision(ctx, actor, id, d); err != nil {
		return err
	}
	return s.append(ctx, actor, id, i.Problem, "decided against a change", d.Reason, map[string]any{"look_again_on": d.LookAgainOn})
}

// Merge says that id is a second report of the same occurrence as into. Its address then leads there.
func (s *Service) Merge(ctx context.Context, actor account.Actor, id, into ID) (Incident, error) {
	if id == into {
		return Incident{}, fault.New(fault.Invalid, "An incident can't be merged into itself.")
	}
	return s.regroup(ctx, actor, id, "merged", func(ctx context.Context, i *Incident) error {
		target, err := s.Store.Incident(ctx, actor, into)
		if err != nil {
			return err
		}
		if i.MergedInto != 0 {
			return fault.New(fault.Conflict, "%s is merged into %s already.", i.ID, i.MergedInto)
		}
		if target.MergedInto != 0 {
			return fault.New(fault.Conflict, "%s is merged into %s. Merge into that one.", into, target.MergedInto)
		}
		i.MergedInto = into
		return nil
	})
}

// Unmerge takes a merge back.
func (s *Service) Unmerge(ctx context.Context, actor account.Actor, id ID) (Incident, error) {
	return s.regroup(ctx, actor, id, "unmerged", func(_ context.Context, i *Incident) error {
		if i.MergedInto == 0 {
			return fault.New(fault.Conflict, "%s is not merged.", i.ID)
		}
		i.MergedInto = 0
		return nil
	})
}

func (s *Service) regroup(ctx context.Context, actor account.Actor, id ID, action string, change func(context.Context, *Incident) error) (Incident, error) {
	if err := actor.May(account.Editor); err != nil {
		return Incident{}, err
	}
	var after Incident
	err := s.inTx(ctx, action, func(ctx context.Context) error {
		var before Incident
		var err error
		before, after, err = s.Store.UpdateIncident(ctx, id, func(i *Incident) error { return change(ctx, i) })
		if err != nil {
			return err
		}
		target := max(before.MergedInto, after.MergedInto)
		for _, on := range []ID{id, target} {
			if err := s.append(ctx, actor, on, after.Problem, action, "", map[string]any{"incident": id.String(), "into": target.String()}); err != nil {
				return err
			}
		}
		if err := s.Keeper.KeepIncident(ctx, actor, id); err != nil {
			return err
		}
		return s.Keeper.KeepIncident(ctx, actor, target)
	})
	return after, err
}

// change applies a change, checks the outcome, writes the event and brings what is kept up to date.
func (s *Service) change(ctx context.Context, actor account.Actor, id ID, version int64, action, reason string, change Change) (Incident, error) {
	return s.apply(ctx, actor, id, &action, reason, func(i *Incident) error {
		if version != 0 && version != i.Version {
			return fault.New(fault.Conflict, "Somebody changed %s meanwhile. Look at it again, then repeat your change.", i.ID)
		}
		if i.MergedInto != 0 {
			return fault.New(fault.Conflict, "%s is merged into %s; change that one.", i.ID, i.MergedInto)
		}
		was := *i
		was.Participants = slices.Clone(i.Participants)
		if err := change(i, s.Now()); err != nil {
			return err
		}
		if joinedNow(was, *i) {
			i.Learn(Telling{At: s.Now(), By: ByJoining})
		}
		return i.Check(s.Now())
	})
}

// apply is change; the action may be decided by it.
func (s *Service) apply(ctx context.Context, actor account.Actor, id ID, action *string, reason string, change func(i *Incident) error) (Incident, error) {
	if err := actor.May(account.Editor); err != nil {
		return Incident{}, err
	}
	var after Incident
	err := s.inTx(ctx, "change incident", func(ctx context.Context) error {
		var before Incident
		var err error
		if before, after, err = s.Store.UpdateIncident(ctx, id, change); err != nil {
			return err
		}
		was, is := audit.Diff(before.Fields(), after.Fields())
		if is == nil {
			return nil
		}
		if err := s.Log.Append(ctx, audit.Event{
			At: s.Now(), Actor: actor, Subject: audit.Incident, SubjectID: int64(id), Action: *action,
			Incident: int64(id), Problem: int64(after.Problem), Before: was, After: is, Reason: reason,
		}); err != nil {
			return err
		}
		if err := s.Keeper.KeepIncident(ctx, actor, id); err != nil {
			return err
		}
		kept, err := s.Store.IncidentItself(ctx, id)
		after.Standing = kept.Standing
		return err
	})
	return after, err
}

func (s *Service) append(ctx context.Context, actor account.Actor, id ID, p problem.ID, action, reason string, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Incident, SubjectID: int64(id), Action: action,
		Incident: int64(id), Problem: int64(p), After: audit.Fields(after), Reason: reason,
	})
}

func (s *Service) inTx(ctx context.Context, doing string, do func(context.Context) error) error {
	if err := s.Store.InTx(ctx, do); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// tidy brings what people typed into the form that is kept.
func tidy(i *Incident) {
	i.Title = strings.Join(strings.Fields(i.Title), " ")
	i.Summary, i.Impact, i.URL = strings.TrimSpace(i.Summary), strings.TrimSpace(i.Impact), strings.TrimSpace(i.URL)
	services := slices.Clone(i.Services)
	slices.Sort(services)
	i.Services = slices.Compact(services)
	for _, name := range append(slices.Clone(MomentNames), reopenedAt) {
		at := i.Moments.Of(name)
		*at = at.UTC().Truncate(time.Microsecond)
	}
}

// Fields are the incident's fields by their API names, for the record of changes.
func (i Incident) Fields() map[string]any {
	f := map[string]any{
		"title": i.Title, "summary": i.Summary, "impact": i.Impact, "services": i.Services, "severity": i.Severity,
		"kind": i.Kind, "class": i.Class, "status": i.Status, "detected_by": i.DetectedBy, "url": i.URL,
		"developer_notified_by": i.NotifiedBy, "ended_by": i.EndedBy, "hands_on_seconds": int64(i.HandsOn / time.Second),
	}
	for _, name := range MomentNames {
		f[string(name)] = audit.Moment(*i.Moments.Of(name))
	}
	var people []string
	for _, p := range i.Participants {
		people = append(people, p.Name+" ("+p.Side+")")
	}
	f["participants"] = people
	return f
}
