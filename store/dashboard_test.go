package store_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

func TestTheQueueIsSummedUpByTeam(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := morning
		team := addTeam(t, s, "payments")
		other := addTeam(t, s, "search")
		p := addProblem(t, s, "")
		cost := func(hours int) followup.Ledger {
			return followup.Ledger{StillWaiting: true, RecurrencesWhileWaiting: hours, ImpactWhileWaiting: time.Duration(hours) * time.Hour}
		}
		of := func(id *followup.FollowUp) { id.Team = team.ID }
		promise(t, s, p.ID, now.Add(-40*day), cost(3), of)
		promise(t, s, p.ID, now.Add(-10*day), cost(2), of)
		promise(t, s, p.ID, now.Add(-20*day), cost(2), func(f *followup.FollowUp) { f.Team = other.ID })
		promise(t, s, 0, now.Add(-100*day), followup.Ledger{StartedAt: now.Add(-50 * day), Waiting: 50 * day}, func(f *followup.FollowUp) { f.Team, f.State = team.ID, followup.InProgress })
		promise(t, s, 0, now.Add(-30*day), followup.Ledger{StartedAt: now.Add(-29 * day), DoneAt: now.Add(-8 * day), Waiting: day}, func(f *followup.FollowUp) { f.State = followup.Done })
		promise(t, s, 0, now.Add(-30*day), followup.Ledger{}, func(f *followup.FollowUp) {
			f.State = followup.Declined
			f.Moves = append(f.Moves, followup.Move{State: followup.Declined, At: now.Add(-day)})
		})
		inTx(t, s, func(ctx context.Context) error {
			return s.KeepCosts(ctx, p.ID, followup.Costs{All: 3 * time.Hour, Teams: map[catalog.TeamID]time.Duration{team.ID: 3 * time.Hour, other.ID: 2 * time.Hour}})
		})
		sum, err := s.QueueSummary(t.Context(), ada, followup.Filter{}, now)
		if err != nil {
			t.Fatal(err)
		}
		want := followup.TeamQueue{Waiting: 3, Open: 4, Finished: 1, Recurred: 3, OldestQueuedAt: now.Add(-40 * day), Cost: 3 * time.Hour}
		if sum.All != want {
			t.Errorf("all: %+v", sum.All)
		}
		if len(sum.Teams) != 3 || sum.Teams[0].Finished != 1 || sum.Teams[1].Cost != 3*time.Hour || sum.Teams[1].Open != 3 || sum.Teams[2].Cost != 2*time.Hour {
			t.Errorf("teams: %+v", sum.Teams)
		}
		var waiting []int
		for _, a := range sum.Ages {
			waiting = append(waiting, a.Waiting)
		}
		if !slices.Equal(waiting, []int{0, 1, 1, 1, 0}) {
			t.Errorf("ages: %+v", sum.Ages)
		}
		in, out := 0, 0
		for _, w := range sum.Weeks {
			in, out = in+w.In, out+w.Out
		}
		if in != 5 || out != 2 {
			t.Errorf("flow: in %d, out %d: %+v", in, out, sum.Weeks)
		}
		if !slices.Equal(sum.Started, []time.Duration{day, 50 * day}) {
			t.Errorf("started: %v", sum.Started)
		}
		one, err := s.QueueSummary(t.Context(), ada, followup.Filter{Team: "search"}, now)
		if err != nil || one.All.Open != 1 || one.All.Cost != 2*time.Hour || len(one.Teams) != 1 {
			t.Errorf("one team: %+v, %v", one, err)
		}
		decide, total, err := s.DecideNow(t.Context(), ada, "", 2)
		if err != nil || decide.Total != 3 || len(decide.Items) != 2 || decide.Items[0].Kept.RecurrencesWhileWaiting != 3 || total.Recurrences != 3 || total.Impact != 3*time.Hour {
			t.Errorf("decide: %+v, %+v, %v", decide, total, err)
		}
	})
}

func TestAnOccurrenceCostsOnceAlsoWhenOneWasSetAside(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := addProblem(t, s, "")
		for _, at := range []time.Duration{1, 3, 5} {
			addIncident(t, s, morning.Add(at*day), func(i *incident.Incident) { i.Problem = p.ID })
		}
		// The first was declined while it recurred on day 3; the second has waited since day 2. Together: all three, an hour each.
		promise(t, s, p.ID, morning, followup.Ledger{StillWaiting: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour}, func(f *followup.FollowUp) {
			f.Moves = append(f.Moves, followup.Move{State: followup.Declined, At: morning.Add(2 * day)}, followup.Move{State: followup.Queued, At: morning.Add(4 * day)})
		})
		promise(t, s, p.ID, morning.Add(2*day), followup.Ledger{StillWaiting: true, RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 2 * time.Hour}, nil)
		inTx(t, s, func(ctx context.Context) error {
			promised, err := s.FollowUpsOf(ctx, p.ID)
			if err != nil {
				return err
			}
			members, err := s.MembersSeen(ctx, p.ID)
			if err != nil {
				return err
			}
			now := morning.Add(10 * day)
			return s.KeepCosts(ctx, p.ID, followup.CostsOf(promised, problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, now), now))
		})
		for name, f := range map[string]followup.Filter{"as kept": {}, "as worked out": {Kind: followup.AutomatedTest}} {
			sum, err := s.QueueSummary(t.Context(), ada, f, morning.Add(10*day))
			if err != nil || sum.All.Cost != 3*time.Hour || sum.Teams[0].Cost != 3*time.Hour {
				t.Errorf("%s: %+v, %v", name, sum.All, err)
			}
		}
	})
}

func keep(t *testing.T, s *store.Store, i incident.Incident, standing incident.Standing) {
	t.Helper()
	inTx(t, s, func(ctx context.Context) error {
		return s.KeepStandings(ctx, map[incident.ID]incident.Standing{i.ID: standing})
	})
}

func incidentsIn(items []incident.Incident) []incident.ID {
	var ids []incident.ID
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return ids
}

func TestWhoWasNotToldAndWhatIsOpen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := morning
		add := func(startedAt time.Time, status incident.Status, told bool) incident.Incident {
			i := addIncident(t, s, startedAt, func(i *incident.Incident) {
				i.Status = status
				if status == incident.Open {
					i.Moments.RestoredAt, i.Moments.ResolvedAt = time.Time{}, time.Time{}
				}
				if told {
					i.Moments.DeveloperNotifiedAt, i.NotifiedBy = startedAt, incident.ByPage
				}
			})
			keep(t, s, i, incident.Standing{Occurrence: 1, Leads: true, Significant: true})
			return i
		}
		recent, stillOpen := add(now.Add(-day), incident.Resolved, false), add(now.Add(-60*day), incident.Open, false)
		add(now.Add(-60*day), incident.Resolved, false) // over, and long ago
		add(now.Add(-day), incident.Resolved, true)
		young := add(now.Add(-time.Minute), incident.Open, false) // within the hour
		got, err := s.Untold(t.Context(), ada, now, 10)
		if err != nil || !slices.Equal(incidentsIn(got.Items), []incident.ID{recent.ID, stillOpen.ID}) || got.Total != 2 {
			t.Errorf("untold: %v of %d, %v", incidentsIn(got.Items), got.Total, err)
		}
		if one, err := s.Untold(t.Context(), ada, now, 1); err != nil || len(one.Items) != 1 || one.Total != 2 {
			t.Errorf("the first: %+v, %v", one, err)
		}
		open, err := s.OpenIncidents(t.Context(), ada, 10)
		if err != nil || !slices.Equal(incidentsIn(open.Items), []incident.ID{young.ID, stillOpen.ID}) {
			t.Errorf("open: %v, %v", incidentsIn(open.Items), err)
		}
	})
}

func TestClosedWithoutACause(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n, cause := range []bool{true, false, false} {
			i := addIncident(t, s, morning, func(i *incident.Incident) {
				i.Status, i.Moments.ClosedAt = incident.Closed, morning.Add(time.Duration(n+1)*day)
			})
			keep(t, s, i, incident.Standing{Occurrence: 1, Leads: true, HasCause: cause})
		}
		got, err := s.ClosedWithoutCause(t.Context(), ada, morning, 1)
		if err != nil || got.Closed != 3 || got.Total != 2 || len(got.Items) != 1 || !got.Items[0].Moments.ClosedAt.Equal(morning.Add(3*day)) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestEverySignificantIncidentHasOneOutcome(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := addProblem(t, s, "")
		add := func(startedAt time.Time, of problem.ID) incident.Incident {
			i := addIncident(t, s, startedAt, func(i *incident.Incident) { i.Problem = of })
			keep(t, s, i, incident.Standing{Occurrence: 1, Leads: true, Significant: true})
			return i
		}
		add(morning, p.ID) // verified, by its problem
		promise(t, s, p.ID, morning, followup.Ledger{}, func(f *followup.FollowUp) { f.State = followup.Verified })
		decided := add(morning, 0)
		inTx(t, s, func(ctx context.Context) error {
			return s.AddDecision(ctx, ada, decided.ID, incident.Decision{Reason: "It goes away", LookAgainOn: "2027-01-01", At: morning})
		})
		done := add(morning, 0)
		promise(t, s, 0, morning, followup.Ledger{}, func(f *followup.FollowUp) { f.State, f.Incidents = followup.Done, []incident.ID{done.ID} })
		nothing := add(morning, 0)
		promise(t, s, 0, morning, followup.Ledger{}, func(f *followup.FollowUp) { // a fix is no practice
			f.State, f.Kind, f.Incidents = followup.Verified, followup.Code, []incident.ID{nothing.ID}
		})
		add(morning.Add(80*day), 0) // provisional
		now := morning.Add(100 * day)
		got, _, err := s.Progress(t.Context(), ada, metrics.Filter{From: morning.Add(-day)}, metrics.Query{Now: now})
		want := metrics.LoopClosure{Loops: metrics.Loops{Verified: 1, Decided: 1, DoneNotVerified: 1, None: 1}, Provisional: 1}
		if err != nil || !reflect.DeepEqual(got.Loops, want) {
			t.Errorf("got %+v, %v", got.Loops, err)
		}
	})
}

func TestFactsHoldWhatTheFilterLeaves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		p := addProblem(t, s, "checkout")
		before := addIncident(t, s, morning.Add(-100*day), func(i *incident.Incident) { i.Problem, i.Services = p.ID, []string{"checkout"} })
		within := addIncident(t, s, morning, func(i *incident.Incident) {
			i.Problem, i.Services, i.Severity = p.ID, []string{"checkout"}, incident.SEV1
		})
		addIncident(t, s, morning.Add(-100*day), nil) // another failure, long ago
		addIncident(t, s, morning, func(i *incident.Incident) { i.Kind = incident.Drill })
		for name, c := range map[string]struct {
			filter metrics.Filter
			want   []incident.ID
		}{
			"a team":     {metrics.Filter{Team: "payments"}, []incident.ID{before.ID, within.ID}},
			"a service":  {metrics.Filter{Service: "checkout"}, []incident.ID{before.ID, within.ID}},
			"a severity": {metrics.Filter{Severity: incident.SEV1}, []incident.ID{within.ID}},
		} {
			facts, err := s.Facts(t.Context(), ada, c.filter)
			var got []incident.ID
			for _, f := range facts {
				if f.Outside {
					continue
				}
				got = append(got, f.Member.Incident)
				if whole, err := s.Incident(t.Context(), ada, f.Member.Incident); err != nil || whole.Member() != f.Member || whole.Kind != f.Kind || whole.Problem != f.Problem {
					t.Errorf("%s: %+v, want %+v, %v", name, f.Member, whole.Member(), err)
				}
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v, %v", name, got, c.want, err)
			}
		}
		if facts, err := s.Facts(t.Context(), ada, metrics.Filter{}); err != nil || len(facts) != 4 {
			t.Errorf("all: %d, %v", len(facts), err)
		}
	})
}
