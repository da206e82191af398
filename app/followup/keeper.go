package followup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/problem"
)

// KeeperStore is what a Keeper reads and writes.
type KeeperStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	// IncidentItself gives an incident without its services, participants and earlier times of impact.
	IncidentItself(ctx context.Context, id incident.ID) (incident.Incident, error)
	// HoldProblem keeps others from it until the transaction ends.
	HoldProblem(ctx context.Context, id problem.ID) error
	UpdateProblem(ctx context.Context, id problem.ID, change func(*problem.Problem) error) (before, after problem.Problem, err error)
	// MembersSeen lists the problem's incidents that count: of kind incident, not merged; in order of start.
	MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error)
	// CausesNoted tells on which of the problem's incidents, and whether on the problem itself, a
	// confirmed cause (or, for explained, at least a contributing factor) is noted.
	CausesNoted(ctx context.Context, id problem.ID) (Causes, error)
	// CauseNotedOn does so for one incident.
	CauseNotedOn(ctx context.Context, id incident.ID) (explained bool, err error)
	// KeepStandings writes what is kept on incidents, where it differs.
	KeepStandings(ctx context.Context, standings map[incident.ID]incident.Standing) error
	// AdoptFollowUps gives the problem those follow-ups of its incidents that have none.
	AdoptFollowUps(ctx context.Context, id problem.ID) error
	FollowUpsOf(ctx context.Context, id problem.ID) ([]FollowUp, error)
	FollowUpsDeployed(ctx context.Context, id deployment.ID) ([]FollowUp, error)
	UpdateFollowUp(ctx context.Context, id ID, change func(*FollowUp) error) (before, after FollowUp, err error)
	// LookAgain notes on the tickets of follow-ups that something changed which may want saying there.
	LookAgain(ctx context.Context, ids []ID) error
	// KeepLedger writes the kept part of a ledger, where it differs.
	KeepLedger(ctx context.Context, id ID, l Ledger) error
	// KeepCosts writes what waiting for the open follow-ups of a problem costs, where it differs.
	KeepCosts(ctx context.Context, id problem.ID, c Costs) error
	// ClaimStale takes the marks of some problems away that an import has left to be kept.
	ClaimStale(ctx context.Context, atMost int) ([]problem.ID, error)
}

// Causes says where causes are noted within a problem.
type Causes struct {
	Confirmed   bool                 // a note of kind cause, on the problem or on one of its incidents
	OnProblem   bool                 // a cause or a factor on the problem itself: it explains every incident
	OnIncidents map[incident.ID]bool // a cause or a factor on these
}

// Keeper brings up to date what is kept about problems, their incidents and their follow-ups, after any
// change that touches them and in the same transaction. What it keeps always equals the plain
// definitions: problem.History and LedgerOf.
type Keeper struct {
	Store KeeperStore
	Log   audit.Log
	Now   func() time.Time
	// Say enqueues what tells the tickets, in the same transaction; nil: nobody does.
	Say func(ctx context.Context) error
	// Notify enqueues what tells developers of incidents, in the same transaction; nil: nobody does.
	Notify func(ctx context.Context) error
}

// KeepIncident keeps the incident's problem, and the incident alone when it has none or does not count in it.
func (k *Keeper) KeepIncident(ctx context.Context, actor account.Actor, id incident.ID) error {
	i, err := k.Store.IncidentItself(ctx, id)
	if err != nil {
		return err
	}
	if i.Problem != 0 {
		if err := k.KeepProblem(ctx, actor, i.Problem); err != nil || i.Counts() {
			return err
		}
	}
	explained, err := k.Store.CauseNotedOn(ctx, id)
	if err != nil {
		return err
	}
	i.Standing = i.Alone(explained)
	if err := k.Store.KeepStandings(ctx, map[incident.ID]incident.Standing{id: i.Standing}); err != nil {
		return err
	}
	if k.Notify == nil || !i.AsksToTell(k.Now()) {
		return nil
	}
	return k.Notify(ctx)
}

// KeepDeployed keeps the ledgers of follow-ups that ship with a deployment.
func (k *Keeper) KeepDeployed(ctx context.Context, actor account.Actor, id int64) error {
	shipped, err := k.Store.FollowUpsDeployed(ctx, deployment.ID(id))
	if err != nil {
		return err
	}
	for _, f := range shipped {
		if err := k.KeepFollowUp(ctx, actor, f); err != nil {
			return err
		}
	}
	return nil
}

// KeepFollowUp keeps the follow-up's problem, or its own ledger when it has none.
func (k *Keeper) KeepFollowUp(ctx context.Context, actor account.Actor, f FollowUp) error {
	if f.Problem != 0 {
		return k.KeepProblem(ctx, actor, f.Problem)
	}
	return k.keepLedger(ctx, f, LedgerOf(f, nil, k.Now()))
}

// keepLedger keeps the ledger, and has the ticket told when something recurred, or came to an end.
func (k *Keeper) keepLedger(ctx context.Context, f FollowUp, l Ledger) error {
	if err := k.Store.KeepLedger(ctx, f.ID, l); err != nil {
		return err
	}
	if f.Ticket == nil || MilestoneOf(f.Kept) == MilestoneOf(l) {
		return nil
	}
	return k.tell(ctx, f)
}

// tell has what carries the follow-up looked at.
func (k *Keeper) tell(ctx context.Context, f FollowUp) error {
	if f.Ticket == nil {
		return nil
	}
	if err := k.Store.LookAgain(ctx, []ID{f.ID}); err != nil || k.Say == nil {
		return err
	}
	return k.Say(ctx)
}

// keptTogether is how many problems KeepStale keeps in one transaction: enough to be quick, few enough not to keep
// others waiting.
const keptTogether = 25

// KeepStale keeps all problems that imports have marked. An import does so when its rows are in, and a job does it for
// imports that did not come so far.
func (k *Keeper) KeepStale(ctx context.Context, actor account.Actor) error {
	for {
		var some []problem.ID
		err := k.Store.InTx(ctx, func(ctx context.Context) (err error) {
			if some, err = k.Store.ClaimStale(ctx, keptTogether); err != nil {
				return err
			}
			for _, id := range some {
				if err := k.KeepProblem(ctx, actor, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) < keptTogether {
			return err
		}
	}
}

// KeepProblem keeps a problem: which of its incidents are recurrences and significant, what waiting for
// each of its follow-ups cost, whether a shipped change failed to hold, its figures and its state.
func (k *Keeper) KeepProblem(ctx context.Context, actor account.Actor, id problem.ID) error {
	if err := k.keepProblem(ctx, actor, id); err != nil {
		return fmt.Errorf("keep %s: %w", id, err)
	}
	return nil
}

func (k *Keeper) keepProblem(ctx context.Context, actor account.Actor, id problem.ID) error {
	if err := k.Store.HoldProblem(ctx, id); err != nil {
		return err
	}
	now := k.Now()
	members, err := k.Store.MembersSeen(ctx, id)
	if err != nil {
		return err
	}
	causes, err := k.Store.CausesNoted(ctx, id)
	if err != nil {
		return err
	}
	seen := problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, now)
	standing := standings(seen, causes)
	if err := k.Store.KeepStandings(ctx, standing); err != nil {
		return err
	}
	if k.Notify != nil && significantLately(members, standing, now) {
		if err := k.Notify(ctx); err != nil {
			return err
		}
	}
	if err := k.Store.AdoptFollowUps(ctx, id); err != nil {
		return err
	}
	promised, err := k.Store.FollowUpsOf(ctx, id)
	if err != nil {
		return err
	}
	facts := problem.Facts{CauseConfirmed: causes.Confirmed}
	if n := len(seen); n > 0 {
		facts.LastDetectedAt = seen[n-1].DetectedAt
	}
	var failedAt time.Time
	var open []FollowUp
	for _, f := range promised {
		if f, err = k.hold(ctx, actor, f, seen, now); err != nil {
			return err
		}
		l := LedgerOf(f, seen, now)
		if err := k.keepLedger(ctx, f, l); err != nil {
			return err
		}
		switch f.State {
		case Queued, InProgress:
			facts.OpenFollowUps++
			open = append(open, f)
		case Done, Verified:
			if l.ShippedAt.After(facts.FixShippedAt) {
				facts.FixShippedAt, facts.FixVerified = l.ShippedAt, f.State == Verified
			}
		}
		if f.FixFailedAt.After(failedAt) {
			failedAt = f.FixFailedAt
		}
	}
	if err := k.Store.KeepCosts(ctx, id, CostsOf(open, seen, now)); err != nil {
		return err
	}
	before, after, err := k.Store.UpdateProblem(ctx, id, func(p *problem.Problem) error {
		p.State, p.Figures = problem.StateOf(facts), problem.FiguresOf(seen)
		p.FixFailedAt = failedAt
		return nil
	})
	if err != nil || before.State == after.State {
		return err
	}
	return k.Log.Append(ctx, audit.Event{
		At: now, Actor: actor, Subject: audit.Problem, SubjectID: int64(id), Action: "state changed", Problem: int64(id),
		Before: audit.Fields(map[string]any{"state": before.State}), After: audit.Fields(map[string]any{"state": after.State}),
	})
}

// hold reopens a shipped change that did not hold.
func (k *Keeper) hold(ctx context.Context, actor account.Actor, f FollowUp, seen []problem.Occurrence, now time.Time) (FollowUp, error) {
	if trial := f; !Hold(&trial, seen, now) {
		return f, nil
	}
	_, after, err := k.Store.UpdateFollowUp(ctx, f.ID, func(f *FollowUp) error {
		if Hold(f, seen, now) {
			f.UpdatedAt = now
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	after.Ticket, after.LinkState = f.Ticket, f.LinkState
	if err := k.tell(ctx, after); err != nil {
		return f, err
	}
	return after, k.Log.Append(ctx, audit.Event{
		At: now, Actor: actor, Subject: audit.FollowUp, SubjectID: int64(f.ID), Action: "did not hold", Problem: int64(f.Problem), FollowUp: int64(f.ID),
		Before: audit.Fields(map[string]any{"state": f.State}),
		After:  audit.Fields(map[string]any{"state": after.State, "fix_failed_at": audit.Moment(after.FixFailedAt)}),
	})
}

// standings numbers the occurrences and says what follows for each incident.
func standings(seen []problem.Occurrence, causes Causes) map[incident.ID]incident.Standing {
	all := map[incident.ID]incident.Standing{}
	for n, o := range seen {
		for m, member := range o.Members {
			all[member.Incident] = incident.Standing{
				Occurrence: n + 1, Leads: m == 0, Recurs: m == 0 && o.Recurs,
				Significant: incident.Significant(incident.Severity(member.Severity), len(seen)),
				HasCause:    causes.OnProblem || causes.OnIncidents[member.Incident],
			}
		}
	}
	return all
}

// significantLately tells whether one of the incidents may want developers told.
func significantLately(members []problem.Member, standing map[incident.ID]incident.Standing, now time.Time) bool {
	return slices.ContainsFunc(members, func(m problem.Member) bool {
		return standing[m.Incident].Significant && m.DetectedAt.After(now.Add(-incident.TellWithin))
	})
}
