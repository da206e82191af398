package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

// eventful is a history that grows and is corrected at random.
type eventful struct {
	t         *testing.T
	s         *store.Store
	r         *rand.Rand
	teams     []catalog.Team
	services  []catalog.Service
	problems  []problem.ID
	incidents []incident.ID
	promised  []followup.ID
	deployed  []deployment.ID
}

func newEventful(t *testing.T, s *store.Store, seed uint64) *eventful {
	e := &eventful{t: t, s: s, r: rand.New(rand.NewPCG(seed, 3))}
	e.teams = []catalog.Team{addTeam(t, s, "payments"), addTeam(t, s, "search")}
	for n, slug := range []string{"checkout", "billing", "find"} {
		e.services = append(e.services, addService(t, s, slug, e.teams[n/2].ID, 0))
	}
	for range 3 {
		e.problems = append(e.problems, addProblem(t, s, "").ID)
	}
	return e
}

func (e *eventful) moment() time.Time {
	return morning.Add(time.Duration(e.r.IntN(400*24*60))*time.Minute - 300*day).Truncate(time.Second)
}

func (e *eventful) some() []string {
	var slugs []string
	for _, s := range e.services {
		if e.r.IntN(3) == 0 {
			slugs = append(slugs, s.Slug)
		}
	}
	return slugs
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// happen does one thing that changes figures.
func (e *eventful) happen() {
	e.t.Helper()
	r := e.r
	if len(e.incidents) == 0 || r.IntN(3) == 0 {
		i := addIncident(e.t, e.s, e.moment(), func(i *incident.Incident) {
			i.Services, i.Severity = e.some(), one(r, incident.Severities)
			at := i.Moments.StartedAt
			i.Moments.RestoredAt = at.Add(time.Duration(r.IntN(600)) * time.Minute)
			i.Moments.ResolvedAt = i.Moments.RestoredAt.Add(time.Hour)
			if r.IntN(3) > 0 {
				i.Problem = one(r, e.problems)
			}
			if r.IntN(4) == 0 {
				i.Source = "file" // nothing groups it
			}
			if r.IntN(2) == 0 {
				i.Participants = []incident.Participant{{Name: "Ada", Side: one(r, []string{"development", "operations"})}}
			}
		})
		e.incidents = append(e.incidents, i.ID)
		return
	}
	id := one(r, e.incidents)
	update := func(change func(*incident.Incident)) {
		inTx(e.t, e.s, func(ctx context.Context) error {
			_, _, err := e.s.UpdateIncident(ctx, id, func(i *incident.Incident) error { change(i); return nil })
			return err
		})
	}
	switch r.IntN(18) {
	case 16: // a correction of its start
		update(func(i *incident.Incident) {
			by := time.Duration(r.IntN(60*24)-30*24) * time.Hour
			i.Moments.StartedAt = i.Moments.StartedAt.Add(by)
			for _, at := range []*time.Time{&i.Moments.DetectedAt, &i.Moments.RestoredAt, &i.Moments.ResolvedAt} {
				if !at.IsZero() {
					*at = at.Add(by)
				}
			}
		})
	case 17: // its class, and a cause outside
		update(func(i *incident.Incident) { i.Class = one(r, incident.Classes) })
	case 0: // a correction
		update(func(i *incident.Incident) {
			i.Moments.RestoredAt = i.Moments.StartedAt.Add(time.Duration(r.IntN(600)-10) * time.Minute)
		})
	case 1:
		update(func(i *incident.Incident) {
			i.Moments.DetectedAt = i.Moments.StartedAt.Add(time.Duration(r.IntN(90)-10) * time.Minute)
		})
	case 2:
		update(func(i *incident.Incident) {
			i.Moments.DeveloperNotifiedAt, i.NotifiedBy = i.Moments.StartedAt.Add(time.Duration(r.IntN(3000)-10)*time.Minute), one(r, incident.Channels)
		})
	case 3:
		update(func(i *incident.Incident) { i.Kind = one(r, incident.Kinds) })
	case 4: // merged, or taken apart again
		update(func(i *incident.Incident) {
			if i.MergedInto != 0 {
				i.MergedInto = 0
			} else if other := one(r, e.incidents); other != id {
				i.MergedInto = other
			}
		})
	case 5: // split off, or joined
		update(func(i *incident.Incident) { i.Problem = one(r, append([]problem.ID{0}, e.problems...)) })
	case 6: // reopened within the flap window
		update(func(i *incident.Incident) {
			if !i.Moments.RestoredAt.IsZero() && i.Moments.RestoredAt.After(i.Moments.StartedAt) && len(i.Segments) == 0 {
				i.Segments = []incident.Segment{{StartedAt: i.Moments.StartedAt, EndedAt: i.Moments.RestoredAt}}
				i.Moments.ReopenedAt, i.Moments.RestoredAt = i.Moments.RestoredAt.Add(10*time.Minute), i.Moments.RestoredAt.Add(20*time.Minute)
			}
		})
	case 7:
		update(func(i *incident.Incident) {
			if !i.Moments.ResolvedAt.IsZero() {
				i.Status, i.Moments.ClosedAt = incident.Closed, i.Moments.ResolvedAt.Add(day)
			}
		})
	case 8:
		update(func(i *incident.Incident) {
			i.Services, i.Participants = e.some(), []incident.Participant{{Name: "Bob", Side: "development"}}
		})
	case 9: // it goes on
		update(func(i *incident.Incident) {
			i.Status, i.Moments.RestoredAt, i.Moments.ResolvedAt = incident.Open, time.Time{}, time.Time{}
		})
	case 10:
		keep(e.t, e.s, incident.Incident{ID: id}, incident.Standing{Occurrence: 1, Leads: true, Significant: r.IntN(2) == 0, HasCause: r.IntN(2) == 0})
	case 11:
		inTx(e.t, e.s, func(ctx context.Context) error {
			return e.s.AddDecision(ctx, ada, id, incident.Decision{Reason: "Not worth it", LookAgainOn: "2027-01-01", At: morning})
		})
	case 12:
		at := e.moment()
		f := promise(e.t, e.s, one(r, append([]problem.ID{0}, e.problems...)), at, followup.Ledger{StartedAt: at.Add(day), Waiting: day, ShippedAt: at.Add(3 * day)}, func(f *followup.FollowUp) {
			f.Kind, f.State = one(r, followup.Kinds), one(r, []followup.State{followup.Done, followup.Verified, followup.InProgress})
			f.Incidents = []incident.ID{id}
		})
		e.promised = append(e.promised, f.ID)
	case 13:
		if len(e.promised) == 0 {
			return
		}
		inTx(e.t, e.s, func(ctx context.Context) error {
			_, _, err := e.s.UpdateFollowUp(ctx, one(r, e.promised), func(f *followup.FollowUp) error {
				f.State = one(r, []followup.State{followup.Done, followup.Verified, followup.InProgress})
				if r.IntN(2) == 0 {
					f.FixFailedAt = e.moment()
				}
				return nil
			})
			return err
		})
	case 14:
		inTx(e.t, e.s, func(ctx context.Context) error {
			d, err := e.s.CreateDeployment(ctx, deployment.Deployment{
				Service: one(r, e.services).Slug, Environment: "production", Version: fmt.Sprint(len(e.deployed)), FinishedAt: e.moment(), Outcome: one(r, deployment.Outcomes), CreatedAt: morning,
			})
			e.deployed = append(e.deployed, d.ID)
			return err
		})
	case 15:
		if len(e.deployed) == 0 {
			t := e.teams[0]
			inTx(e.t, e.s, func(ctx context.Context) error {
				_, _, err := e.s.UpdateTeam(ctx, t.Slug, func(t *catalog.Team) error {
					t.Zone = one(r, []string{"UTC", "Asia/Tokyo", "Europe/Lisbon"})
					return nil
				})
				return err
			})
			return
		}
		inTx(e.t, e.s, func(ctx context.Context) error { return e.s.SetCause(ctx, one(r, e.deployed), id, r.IntN(3) > 0) })
	}
}

func TestProgressIsWhatItsDefinitionSays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := morning.Add(120 * day).Truncate(time.Minute)
		s.SetClock(func() time.Time { return now })
		e := newEventful(t, s, 1)
		for range 12 {
			for range 12 {
				e.happen()
			}
			for name, f := range map[string]metrics.Filter{
				"everything": {}, "a stretch": {From: morning.Add(-100 * day).Truncate(day), To: morning.Add(-10 * day).Truncate(day)},
				"not from midnight": {From: morning.Add(-100 * day)}, "a team": {Team: "payments"}, "a service": {Service: "billing", From: morning.Add(-200 * day)}, "a severity": {Severity: incident.SEV1},
			} {
				q := metrics.Query{From: f.From, To: f.To, Bucket: metrics.Month, Now: now}
				facts, err := s.Facts(t.Context(), ada, metrics.Filter{Team: f.Team, Service: f.Service, Severity: f.Severity})
				if err != nil {
					t.Fatal(err)
				}
				got, behind, err := s.Progress(t.Context(), ada, f, q)
				if err != nil || behind != 0 {
					t.Fatalf("%d behind, %v", behind, err)
				}
				want := metrics.ProgressOf(metrics.Record{Rows: metrics.RowsOf(facts, now)}, q)
				want.Fail, want.Queue, want.Permanent, want.FixFailure = got.Fail, got.Queue, got.Permanent, got.FixFailure // from elsewhere
				differ(t, name, got, want)
			}
			oneByOne, _, err := s.Progress(t.Context(), ada, metrics.Filter{From: time.Unix(1, 0)}, metrics.Query{Bucket: metrics.Month, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			for name, f := range map[string]metrics.Filter{"all": {}, "all of them, one by one": {From: time.Unix(1, 0)}} {
				q := metrics.Query{From: f.From, Bucket: metrics.Month, Now: now}
				got, _, err := s.Progress(t.Context(), ada, f, q)
				if err != nil {
					t.Fatal(err)
				}
				differ(t, name, got, oneByOne)
				if want := failures(t, s, q); !reflect.DeepEqual(got.Fail, want) {
					t.Fatalf("%s: got  %+v\nwant %+v", name, got.Fail, want)
				}
			}
		}
		if wrong, err := s.Recount(t.Context()); err != nil || wrong != (store.Counted{}) {
			t.Errorf("kept wrongly: %+v, %v", wrong, err)
		}
	})
}

// failures measures deployments by the plain rule of suspicion.
func failures(t *testing.T, s *store.Store, q metrics.Query) metrics.ChangeFailRate {
	t.Helper()
	incidents := allIncidents(t, s)
	deployments := allDeployments(t, s)
	releases := map[deployment.ID]*metrics.Release{}
	var order []*metrics.Release
	for _, d := range deployments {
		if d.Production {
			r := &metrics.Release{Deployment: d.ID, FinishedAt: d.FinishedAt, RolledBack: d.Outcome == deployment.RolledBack, Failed: d.Outcome == deployment.Failed}
			releases[d.ID] = r
			order = append(order, r)
		}
	}
	for _, i := range incidents {
		verdicts, err := s.VerdictsOf(t.Context(), ada, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if i.MergedInto != 0 || i.Kind != incident.Real {
			continue
		}
		for _, d := range deployment.Suspected(i, false, deployments, verdicts) {
			releases[d.ID].Suspected = true
		}
		for id, verdict := range verdicts {
			if verdict == deployment.Confirmed {
				r := releases[id]
				if i.Class == incident.Infrastructure {
					r.Outside = true
					continue
				}
				r.Caused = true
				if at := i.Moments.RestoredOrResolved(); at.After(r.RecoveredAt) {
					r.RecoveredAt = at
				}
			}
		}
	}
	var all []metrics.Release
	for _, r := range order {
		r.Outside = r.Outside && !r.Caused
		all = append(all, *r)
	}
	return metrics.ChangeFailRateOf(all, q)
}

func differ(t *testing.T, name string, got, want metrics.Progress) {
	t.Helper()
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for n := range a.NumField() {
		if !reflect.DeepEqual(a.Field(n).Interface(), b.Field(n).Interface()) {
			t.Fatalf("%s, %s:\ngot  %+v\nwant %+v", name, a.Type().Field(n).Name, a.Field(n), b.Field(n))
		}
	}
}

func allIncidents(t *testing.T, s *store.Store) []incident.Incident {
	t.Helper()
	page, err := s.Incidents(t.Context(), ada, incident.Filter{}, listing.Request{Limit: 500})
	if err != nil || page.Next != "" {
		t.Fatalf("more than one page, or %v", err)
	}
	return page.Items
}

func allDeployments(t *testing.T, s *store.Store) []deployment.Deployment {
	t.Helper()
	page, err := s.Deployments(t.Context(), ada, deployment.Filter{}, listing.Request{Limit: 500})
	if err != nil || page.Next != "" {
		t.Fatalf("more than one page, or %v", err)
	}
	return page.Items
}

// Several replicas change things and count at the same time; in the end nothing differs from the definition.
func TestReplicasCountWhileOthersWrite(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		var replicas []*store.Store
		for range 2 {
			s, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			replicas = append(replicas, s)
		}
		first := replicas[0]
		team := addTeam(t, first, "payments")
		addService(t, first, "checkout", team.ID, 0)
		var problems []problem.ID
		for range 3 {
			problems = append(problems, addProblem(t, first, "").ID)
		}
		stop := make(chan struct{})
		var counters, writers sync.WaitGroup
		for _, s := range replicas {
			counters.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := s.Count(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for n, s := range replicas {
			writers.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 1))
				for k := range 15 {
					err := s.InTx(t.Context(), func(ctx context.Context) error {
						i := incident.New("Checkout is slow", morning.Add(time.Duration(r.IntN(200))*time.Hour))
						i.CreatedAt, i.Status, i.Services, i.Problem = morning, incident.Resolved, []string{"checkout"}, one(r, problems)
						i.Moments.RestoredAt = i.Moments.StartedAt.Add(time.Hour)
						if _, err := s.CreateIncident(ctx, i); err != nil {
							return err
						}
						_, err := s.CreateDeployment(ctx, deployment.Deployment{
							Service: "checkout", Environment: "production", Version: fmt.Sprint(n, k), FinishedAt: i.Moments.StartedAt.Add(-time.Hour), Outcome: deployment.Succeeded, CreatedAt: morning,
						})
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		counters.Wait()
		if wrong, err := first.Recount(t.Context()); err != nil || wrong != (store.Counted{}) {
			t.Errorf("kept wrongly: %+v, %v", wrong, err)
		}
		p, _, err := first.Progress(t.Context(), ada, metrics.Filter{}, metrics.Query{Now: morning.Add(400 * day)})
		if err != nil || p.Fail.Deployments != 30 {
			t.Errorf("%d deployments are counted, want 30: %v", p.Fail.Deployments, err)
		}
	})
}
