package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

const day = 24 * time.Hour

// addIncident saves an incident that began then, lasted an hour and was resolved, changed by what the test says.
func addIncident(t *testing.T, s *store.Store, startedAt time.Time, change func(*incident.Incident)) incident.Incident {
	t.Helper()
	i := incident.New("Checkout is slow", startedAt)
	i.CreatedAt, i.Status = startedAt, incident.Resolved
	i.Moments.DetectedAt, i.Moments.RestoredAt, i.Moments.ResolvedAt = startedAt, startedAt.Add(time.Hour), startedAt.Add(time.Hour)
	if change != nil {
		change(&i)
	}
	var err error
	inTx(t, s, func(ctx context.Context) error {
		i, err = s.CreateIncident(ctx, i)
		return err
	})
	return i
}

func addProblem(t *testing.T, s *store.Store, service string) problem.Problem {
	t.Helper()
	var p problem.Problem
	inTx(t, s, func(ctx context.Context) (err error) {
		p, err = s.CreateProblem(ctx, problem.Problem{Title: "Checkout is slow", Service: service, State: problem.Open, CreatedAt: morning, UpdatedAt: morning})
		return err
	})
	return p
}

// promise saves a queued follow-up of a problem, changed by what the test says, with its ledger as the keeper would keep it.
func promise(t *testing.T, s *store.Store, of problem.ID, queuedAt time.Time, l followup.Ledger, change func(*followup.FollowUp)) followup.FollowUp {
	t.Helper()
	f := followup.FollowUp{
		Title: "Test the retry path", Kind: followup.AutomatedTest, Purpose: followup.Prevent, State: followup.Queued, Problem: of,
		Moves: []followup.Move{{State: followup.Proposed, At: queuedAt}, {State: followup.Queued, At: queuedAt}}, CreatedAt: queuedAt,
	}
	if change != nil {
		change(&f)
	}
	l.QueuedAt = queuedAt
	inTx(t, s, func(ctx context.Context) (err error) {
		if f, err = s.CreateFollowUp(ctx, f); err != nil {
			return err
		}
		if err = s.KeepLedger(ctx, f.ID, l); err != nil {
			return err
		}
		f, err = s.FollowUp(ctx, ada, f.ID)
		return err
	})
	return f
}

func TestAFollowUpComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, team.ID)
		one, two := addIncident(t, s, morning, nil), addIncident(t, s, morning.Add(day), nil)
		p := addProblem(t, s, "checkout")
		shipped, err := s.CreateDeployment(t.Context(), deployment.Deployment{
			Service: "checkout", Environment: deployment.Production, Version: "2.0", FinishedAt: morning.Add(3 * day), Outcome: deployment.Succeeded, CreatedAt: morning,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := promise(t, s, p.ID, morning, followup.Ledger{StillWaiting: true, Waiting: time.Hour}, func(f *followup.FollowUp) {
			f.Detail, f.DueOn, f.Team, f.EvidenceURL, f.Deployment = "In *Markdown*", "2026-04-01", team.ID, "https://example.org/1", shipped.ID
			f.Incidents = []incident.ID{one.ID, two.ID}
			f.QueuedByHandAt, f.ShippedByHandAt, f.FixFailedAt = morning.Add(1*time.Hour), morning.Add(2*time.Hour), morning.Add(3*time.Hour)
		})
		if f.Version != 1 || !slices.Equal(f.Incidents, []incident.ID{one.ID, two.ID}) || len(f.Moves) != 2 || f.Moves[1].State != followup.Queued ||
			!f.DeployedAt.Equal(shipped.FinishedAt) || f.Team != team.ID || f.DueOn != "2026-04-01" || !f.FixFailedAt.Equal(morning.Add(3*time.Hour)) ||
			!f.Kept.StillWaiting || f.Kept.Waiting != time.Hour || !f.Kept.QueuedAt.Equal(morning) || f.Problem != p.ID {
			t.Fatalf("got %+v", f)
		}
		before, after, err := s.UpdateFollowUp(t.Context(), f.ID, func(f *followup.FollowUp) error {
			f.Incidents, f.EvidenceURL, f.Deployment, f.QueuedByHandAt, f.UpdatedAt = []incident.ID{two.ID}, "", 0, time.Time{}, morning.Add(day)
			return f.Start(morning.Add(day))
		})
		if err != nil || before.State != followup.Queued || len(before.Incidents) != 2 || len(before.Moves) != 2 || after.Version != 2 {
			t.Fatalf("before %+v, after %+v, %v", before, after, err)
		}
		got, err := s.FollowUp(t.Context(), ada, f.ID)
		if err != nil || got.State != followup.InProgress || len(got.Moves) != 3 || len(got.Incidents) != 1 || got.EvidenceURL != "" || !got.QueuedByHandAt.IsZero() ||
			!got.DeployedAt.IsZero() || !got.UpdatedAt.Equal(morning.Add(day)) || !got.CreatedAt.Equal(morning) {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := s.FollowUp(t.Context(), stranger, f.ID); !fault.Is(err, fault.Denied) {
			t.Errorf("a stranger: %v", err)
		}
	})
}

func TestWhatAFollowUpNamesMustBeThere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for field, change := range map[string]func(*followup.FollowUp){
			"team":         func(f *followup.FollowUp) { f.Team = 99 },
			"deployment":   func(f *followup.FollowUp) { f.Deployment = 99 },
			"duplicate_of": func(f *followup.FollowUp) { f.DuplicateOf = 99 },
			"incidents":    func(f *followup.FollowUp) { f.Incidents = []incident.ID{99} },
		} {
			f := followup.FollowUp{Title: "x", Kind: followup.Alert, Purpose: followup.Detect, State: followup.Proposed, CreatedAt: morning}
			change(&f)
			_, err := s.CreateFollowUp(t.Context(), f)
			if got := fault.Of(err); got == nil || got.Kind != fault.Invalid || len(got.Fields) != 1 || got.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestKeepingALedgerIsNoChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		f := promise(t, s, 0, morning, followup.Ledger{}, nil)
		l := followup.Ledger{
			QueuedAt: morning, StartedAt: morning.Add(day), DoneAt: morning.Add(2 * day), ShippedAt: morning.Add(3 * day), VerifiedAt: morning.Add(40 * day),
			Waiting: day, Working: time.Hour, SentBack: time.Minute, NeverStarted: true, Incomplete: true,
			RecurrencesWhileWaiting: 2, ImpactWhileWaiting: 3 * time.Hour, HandsOnWhileWaiting: time.Hour, RecurrencesAfter: 1,
		}
		inTx(t, s, func(ctx context.Context) error { return s.KeepLedger(ctx, f.ID, l) })
		got, err := s.FollowUp(t.Context(), ada, f.ID)
		if err != nil || got.Kept != l || got.Version != f.Version || !got.UpdatedAt.Equal(f.UpdatedAt) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestFollowUpsAreFoundByWhatTheyBelongTo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		addService(t, s, "search", 0, 0)
		p := addProblem(t, s, "checkout")
		grouped := addIncident(t, s, morning, func(i *incident.Incident) { i.Problem = p.ID; i.Services = []string{"checkout"} })
		alone := addIncident(t, s, morning, func(i *incident.Incident) { i.Services = []string{"search"} })
		dear := promise(t, s, p.ID, morning, followup.Ledger{StillWaiting: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: 2 * time.Hour},
			func(f *followup.FollowUp) { f.Team = team.ID })
		cheap := promise(t, s, 0, morning.Add(day), followup.Ledger{StillWaiting: true, RecurrencesWhileWaiting: 1, ImpactWhileWaiting: time.Hour},
			func(f *followup.FollowUp) {
				f.Title, f.Kind, f.DueOn, f.Incidents = "Alert on 100% disks", followup.Alert, "2026-05-01", []incident.ID{alone.ID}
			})
		proposed := promise(t, s, 0, morning.Add(2*day), followup.Ledger{}, func(f *followup.FollowUp) {
			f.State, f.Moves, f.Incidents = followup.Proposed, f.Moves[:1], []incident.ID{grouped.ID}
		})
		for name, c := range map[string]struct {
			filter followup.Filter
			want   []followup.ID
		}{
			"all, dearest first":          {followup.Filter{}, []followup.ID{dear.ID, cheap.ID, proposed.ID}},
			"a team's":                    {followup.Filter{Team: "payments"}, []followup.ID{dear.ID}},
			"by the problem's service":    {followup.Filter{Service: "checkout"}, []followup.ID{dear.ID, proposed.ID}},
			"by the incident's service":   {followup.Filter{Service: "search"}, []followup.ID{cheap.ID}},
			"a kind":                      {followup.Filter{Kind: followup.Alert}, []followup.ID{cheap.ID}},
			"a state":                     {followup.Filter{State: followup.Proposed}, []followup.ID{proposed.ID}},
			"several states":              {followup.Filter{States: []followup.State{followup.Queued, followup.Done}}, []followup.ID{dear.ID, cheap.ID}},
			"a problem's":                 {followup.Filter{Problem: p.ID}, []followup.ID{dear.ID}},
			"those that recurred":         {followup.Filter{Recurred: true}, []followup.ID{dear.ID, cheap.ID}},
			"words, in any case":          {followup.Filter{Query: "DISKS alert"}, []followup.ID{cheap.ID}},
			"a per cent sign is no joker": {followup.Filter{Query: "100%"}, []followup.ID{cheap.ID}},
			"a reference":                 {followup.Filter{Query: proposed.ID.String()}, []followup.ID{proposed.ID}},
			"first due first":             {followup.Filter{Sort: "due_on"}, []followup.ID{cheap.ID, dear.ID, proposed.ID}},
			"longest queued first":        {followup.Filter{Sort: "queued_at"}, []followup.ID{dear.ID, cheap.ID, proposed.ID}},
			"latest change first":         {followup.Filter{Sort: "-updated_at"}, []followup.ID{proposed.ID, cheap.ID, dear.ID}},
		} {
			whole, err := s.FollowUps(t.Context(), ada, c.filter, listing.Request{})
			if err != nil || !slices.Equal(idsOf(whole.Items), c.want) || whole.Total != len(c.want) {
				t.Errorf("%s: %v of %d, want %v, %v", name, idsOf(whole.Items), whole.Total, c.want, err)
			}
			var paged []followup.ID
			for req := (listing.Request{Limit: 1}); ; {
				page, err := s.FollowUps(t.Context(), ada, c.filter, req)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				paged = append(paged, idsOf(page.Items)...)
				if req.Cursor = page.Next; req.Cursor == "" {
					break
				}
			}
			if !slices.Equal(paged, c.want) {
				t.Errorf("%s, one by one: %v, want %v", name, paged, c.want)
			}
		}
		if queue, err := s.Queue(t.Context(), ada, followup.Filter{}, listing.Request{}); err != nil || !slices.Equal(idsOf(queue.Items), []followup.ID{dear.ID, cheap.ID}) {
			t.Errorf("the queue: %v, %v", idsOf(queue.Items), err)
		}
		if of, err := s.FollowUpsOfIncident(t.Context(), ada, grouped.ID); err != nil || !slices.Equal(idsOf(of), []followup.ID{dear.ID, proposed.ID}) {
			t.Errorf("of the incident and its problem: %v, %v", idsOf(of), err)
		}
		for _, f := range []followup.Filter{{Team: "x"}, {Service: "x"}, {State: "x"}, {Sort: "x"}} {
			if _, err := s.FollowUps(t.Context(), ada, f, listing.Request{}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", f, err)
			}
		}
		inTx(t, s, func(ctx context.Context) error { return s.AdoptFollowUps(ctx, p.ID) })
		if got, err := s.FollowUpsOf(t.Context(), p.ID); err != nil || !slices.Equal(idsOf(got), []followup.ID{dear.ID, proposed.ID}) {
			t.Errorf("adopted: %v, %v", idsOf(got), err)
		}
	})
}

func idsOf(followUps []followup.FollowUp) []followup.ID {
	var ids []followup.ID
	for _, f := range followUps {
		ids = append(ids, f.ID)
	}
	return ids
}

func TestOnlyProvenQuietChangesAreDue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		done := func(evidence string, shipped time.Time) followup.FollowUp {
			return promise(t, s, 0, morning, followup.Ledger{ShippedAt: shipped}, func(f *followup.FollowUp) { f.State, f.EvidenceURL = followup.Done, evidence })
		}
		later, first := done("https://example.org", morning.Add(2*day)), done("https://example.org", morning.Add(day))
		done("", morning)
		done("https://example.org", morning.Add(9*day))
		got, err := s.QuietSince(t.Context(), morning.Add(5*day), 10)
		if err != nil || !slices.Equal(idsOf(got), []followup.ID{first.ID, later.ID}) {
			t.Errorf("%v, %v", idsOf(got), err)
		}
	})
}

func TestADeploymentIsListedWithWhatItCaused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		addService(t, s, "search", team.ID, 0)
		deploy := func(service, environment string, at time.Time) deployment.Deployment {
			d, err := s.CreateDeployment(t.Context(), deployment.Deployment{
				Service: service, Environment: environment, Version: "1", FinishedAt: at, Outcome: deployment.Succeeded, CreatedAt: morning,
			})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		old, fresh := deploy("checkout", deployment.Production, morning.Add(-30*time.Hour)), deploy("checkout", deployment.Production, morning.Add(-time.Hour))
		deploy("checkout", "staging", morning.Add(-time.Hour))
		deploy("search", deployment.Production, morning.Add(-time.Hour))
		i := addIncident(t, s, morning, nil)
		before, err := s.DeploymentsBefore(t.Context(), ada, []string{"checkout"}, morning, day, 5)
		if err != nil || len(before) != 1 || before[0].ID != fresh.ID || before[0].Service != "checkout" {
			t.Errorf("before: %+v, %v", before, err)
		}
		inTx(t, s, func(ctx context.Context) error {
			if err := s.SetCause(ctx, fresh.ID, i.ID, false); err != nil {
				return err
			}
			if err := s.SetCause(ctx, old.ID, i.ID, false); err != nil {
				return err
			}
			return s.SetCause(ctx, fresh.ID, i.ID, true)
		})
		if causes, err := s.CausesOf(t.Context(), ada, i.ID); err != nil || len(causes) != 1 || causes[0].ID != fresh.ID || !slices.Equal(causes[0].Caused, []incident.ID{i.ID}) {
			t.Errorf("causes: %+v, %v", causes, err)
		}
		if err := s.SetCause(t.Context(), fresh.ID, 999, true); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such incident: %v", err)
		}
		wasBefore, after, err := s.UpdateDeployment(t.Context(), fresh.ID, func(d *deployment.Deployment) error {
			d.Service, d.Outcome, d.StartedAt = "search", deployment.RolledBack, morning.Add(-2*time.Hour)
			return nil
		})
		if err != nil || wasBefore.Service != "checkout" || after.RowVersion != 2 {
			t.Errorf("%+v, %v", after, err)
		}
		if got, err := s.Deployment(t.Context(), ada, fresh.ID); err != nil || got.Service != "search" || got.Outcome != deployment.RolledBack || len(got.Caused) != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		page, err := s.Deployments(t.Context(), ada, deployment.Filter{Service: "search", Environment: deployment.Production, From: morning.Add(-day)}, listing.Request{})
		if err != nil || page.Total != 2 || page.Items[1].Service != "search" {
			t.Errorf("listed: %+v, %v", page, err)
		}
		if _, err := s.CreateDeployment(t.Context(), deployment.Deployment{Service: "nobody", CreatedAt: morning, FinishedAt: morning, Outcome: deployment.Succeeded}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such service: %v", err)
		}
	})
}
