package demo_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/demo"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
	"upshot/store"
	"upshot/store/storetest"
)

// world puts the services together over a store, as the app does.
func world(s *store.Store, now func() time.Time) demo.World {
	keeper := &followup.Keeper{Store: s, Log: s, Now: now}
	incidents := &incident.Service{Store: s, Problems: s, Keeper: keeper, Log: s, Now: now}
	editing := &catalog.Editing{Store: s, Log: s, Now: now}
	return demo.World{
		Accounts:  account.NewService(s, now),
		Catalog:   editing,
		Links:     &catalog.LinkChecks{Store: s, Editing: editing},
		Incidents: incidents,
		Problems: &problem.Service{
			Store: s, Keeper: keeper, Log: s, Now: now,
			Join: func(ctx context.Context, actor account.Actor, i problem.IncidentID, into problem.ID) error {
				return incidents.JoinProblem(ctx, actor, i, into)
			},
		},
		Notes:       &rootcause.Service{Store: s, Keeper: keeper, Log: s, Now: now},
		Deployments: &deployment.Service{Store: s, Keeper: keeper, Log: s, Now: now},
		FollowUps:   &followup.Service{Store: s, Keeper: keeper, Log: s, Now: now},
		Triage:      &triage.Service{Store: s, Log: s, Now: now},
		Store:       s,
	}
}

// told is everything that can be read after the story was told.
type told struct {
	now         time.Time
	store       *store.Store
	visitor     account.User
	services    []catalog.Service
	incidents   []incident.Incident
	problems    []problem.Problem
	followUps   []followup.FollowUp
	deployments []deployment.Deployment
	events      []audit.Event
}

func tell(t *testing.T, s *store.Store, now time.Time) told {
	t.Helper()
	story := demo.NewClock(now)
	visitor, err := demo.Tell(t.Context(), world(s, story.Now), story)
	if err != nil {
		t.Fatal(err)
	}
	if !story.Now().Equal(now) {
		t.Errorf("afterwards the clock stands at %s, not at %s", story.Now(), now)
	}
	ctx, viewer := t.Context(), visitor.Actor()
	return told{
		now: now, store: s, visitor: visitor,
		services: all(t, func(r listing.Request) (listing.Page[catalog.Service], error) {
			return s.Services(ctx, viewer, catalog.Filter{}, r)
		}),
		incidents: all(t, func(r listing.Request) (listing.Page[incident.Incident], error) {
			return s.Incidents(ctx, viewer, incident.Filter{}, r)
		}),
		problems: all(t, func(r listing.Request) (listing.Page[problem.Problem], error) {
			return s.Problems(ctx, viewer, problem.Filter{}, r)
		}),
		followUps: all(t, func(r listing.Request) (listing.Page[followup.FollowUp], error) {
			return s.FollowUps(ctx, viewer, followup.Filter{}, r)
		}),
		deployments: all(t, func(r listing.Request) (listing.Page[deployment.Deployment], error) {
			return s.Deployments(ctx, viewer, deployment.Filter{}, r)
		}),
		events: all(t, func(r listing.Request) (listing.Page[audit.Event], error) {
			return s.Events(ctx, viewer, audit.Filter{}, r)
		}),
	}
}

// all reads a list to its last page.
func all[T any](t *testing.T, list func(listing.Request) (listing.Page[T], error)) []T {
	t.Helper()
	var items []T
	for r := (listing.Request{Limit: listing.MaxLimit}); ; {
		page, err := list(r)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		r.Cursor = page.Next
	}
}

func (d told) change(t *testing.T, title string) (followup.FollowUp, followup.Ledger) {
	t.Helper()
	n := slices.IndexFunc(d.followUps, func(f followup.FollowUp) bool { return f.Title == title })
	if n < 0 {
		t.Fatalf("nobody promised %q", title)
	}
	f := d.followUps[n]
	return f, followup.LedgerOf(f, d.seen(t, f.Problem), d.now)
}

func (d told) problem(t *testing.T, title string) problem.Problem {
	t.Helper()
	n := slices.IndexFunc(d.problems, func(p problem.Problem) bool { return p.Title == title })
	if n < 0 {
		t.Fatalf("there is no problem %q", title)
	}
	return d.problems[n]
}

func (d told) seen(t *testing.T, id problem.ID) []problem.Occurrence {
	t.Helper()
	if id == 0 {
		return nil
	}
	members, err := d.store.MembersSeen(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, d.now)
}

func (d told) incident(t *testing.T, what string, is func(incident.Incident) bool) incident.Incident {
	t.Helper()
	n := slices.IndexFunc(d.incidents, is)
	if n < 0 {
		t.Fatalf("there is no incident %s", what)
	}
	return d.incidents[n]
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// aMonday is a day at work.
var aMonday = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

func TestTheStory(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := tell(t, s, aMonday)
		theHeart(t, d)
		theCast(t, d)
		theIncidents(t, d)
		theFollowUps(t, d)
		theRecord(t, d)
		nothingLiesAhead(t, d)
	})
}

// On whatever day and at whatever hour it is told: on weekends, at midnight, across the change of clocks and of the year.
func TestTheStoryFitsEveryDay(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"a Saturday after midnight":          time.Date(2026, 11, 28, 0, 7, 0, 0, time.UTC),
		"a Sunday night in summer":           time.Date(2027, 7, 4, 23, 55, 0, 0, time.UTC),
		"the Wednesday after clocks changed": time.Date(2027, 3, 31, 8, 0, 0, 0, time.UTC),
		"New Year's Day":                     time.Date(2027, 1, 1, 15, 20, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := tell(t, storetest.Open(t), now)
			theHeart(t, d)
			nothingLiesAhead(t, d)
		})
	}
}

func TestTheStoryIsTheSameTwice(t *testing.T) {
	t.Parallel()
	read := func() string {
		d := tell(t, storetest.Open(t), aMonday)
		for n := range d.incidents {
			d.incidents[n].UpdatedAt = time.Time{} // the store's own clock
		}
		for n := range d.problems {
			d.problems[n].UpdatedAt = time.Time{}
		}
		whole, err := json.Marshal([]any{d.visitor, d.services, d.incidents, d.problems, d.followUps, d.deployments, d.events})
		if err != nil {
			t.Fatal(err)
		}
		return string(whole)
	}
	if first, again := read(), read(); first != again {
		t.Error("two tellings at the same moment differ")
	}
}

// theHeart is what the sandbox is for.
func theHeart(t *testing.T, d told) {
	t.Helper()
	fix, l := d.change(t, "Let go of old fare tables instead of keeping every generation")
	if fix.State != followup.Queued || !l.StillWaiting || days(l.Waiting) != 41 || l.RecurrencesWhileWaiting != 4 {
		t.Errorf("the fix of the leak is %s, has waited %d days and saw %d recurrences; want 41 and 4", fix.State, days(l.Waiting), l.RecurrencesWhileWaiting)
	}
	leak := d.problem(t, "Rates cache keeps every fare table until it is killed")
	if leak.State != problem.CauseKnown || leak.Figures.RestartStreak != 5 || leak.Figures.Recurrences != 4 {
		t.Errorf("the leak is %s with %+v; want cause known and a restart pattern of five", leak.State, leak.Figures)
	}

	_, l = d.change(t, "Circuit breaker around each card processor")
	if !l.StillWaiting || days(l.Waiting) != 74 || l.RecurrencesWhileWaiting != 4 {
		t.Errorf("the circuit breaker has waited %d days and saw %d recurrences; want 74 and 4", days(l.Waiting), l.RecurrencesWhileWaiting)
	}
	for _, earlier := range []string{"Double the workers of the card gateway", "Retry a timed-out authorisation once, after a pause"} {
		if f, _ := d.change(t, earlier); f.FixFailedAt.IsZero() || f.State != followup.Declined {
			t.Errorf("%q is %s and failed at %s; want one that did not hold and was given up", earlier, f.State, f.FixFailedAt)
		}
	}
	if board, _ := d.change(t, "Dashboard of answer times by processor"); board.State != followup.Verified {
		t.Errorf("the dashboard of the processors is %s, want verified", board.State)
	}

	test, l := d.change(t, "Test: renew the dock list during a print run")
	if p := d.problem(t, "Labels of express parcels lack the dock"); p.State != problem.Verified || test.State != followup.Verified {
		t.Errorf("the labels are %s and their test %s, want a loop that closed and held", p.State, test.State)
	}
	if quiet := l.VerifiedAt.Sub(l.ShippedAt); quiet < followup.QuietPeriod {
		t.Errorf("the test was verified after %d days", days(quiet))
	}

	failed, l := d.change(t, "Bound the buffer of the tracking feed and make senders wait")
	if failed.State != followup.Queued || failed.FixFailedAt.IsZero() || l.SentBack == 0 || l.RecurrencesAfter != 1 {
		t.Errorf("the bounded buffer is %s, failed at %s, %+v; want one that failed in its quiet period and was sent back", failed.State, failed.FixFailedAt, l)
	}
}

func theCast(t *testing.T, d told) {
	t.Helper()
	if d.visitor.Role != account.Admin || d.visitor.PasswordHash != "" {
		t.Errorf("the visitor is %+v, want an administrator without a password", d.visitor)
	}
	teams := map[catalog.TeamID]bool{}
	for _, f := range d.followUps {
		teams[f.Team] = true
	}
	if delete(teams, 0); len(teams) != 4 || len(d.services) != 12 {
		t.Errorf("%d teams have follow-ups for %d services; want 4 and 12", len(teams), len(d.services))
	}
	answers := map[catalog.Answer]int{}
	for _, s := range d.services {
		answers[s.AtTwoAM()]++
	}
	if answers[catalog.NobodyKnown] != 1 || answers[catalog.DidNotBuild] < 3 {
		t.Errorf("who answers at 2 a.m.: %v; want nobody for one, and several who did not build it", answers)
	}
}

func theIncidents(t *testing.T, d told) {
	t.Helper()
	if n := len(d.incidents); n < 60 || n > 90 {
		t.Errorf("%d incidents, want 60 to 90", n)
	}
	oldest := slices.MinFunc(d.incidents, func(a, b incident.Incident) int { return a.Moments.StartedAt.Compare(b.Moments.StartedAt) })
	if ago := days(d.now.Sub(oldest.Moments.StartedAt)); ago < 365 || ago > 400 {
		t.Errorf("the history goes back %d days, want about thirteen months", ago)
	}
	present := d.incident(t, "that is open", func(i incident.Incident) bool { return i.Status == incident.Open })
	if present.Severity != incident.SEV1 || !present.Moments.DeveloperNotifiedAt.IsZero() || d.now.Sub(present.Moments.StartedAt) < 2*time.Hour {
		t.Errorf("%s is %s; want a SEV1 of which nobody has told the developers for hours", present.ID, present.Severity)
	}
	likely, err := d.store.Similar(t.Context(), d.visitor.Actor(), present, problem.MaxSuggestions)
	if err != nil {
		t.Fatal(err)
	}
	known := d.problem(t, "Bookings without a price after a fare refresh")
	if present.Problem != 0 || !slices.ContainsFunc(likely, func(s problem.Suggestion) bool { return s.Problem == known.ID }) {
		t.Errorf("%s is in problem %d and likely %+v; want an undecided one that %s suggests itself for", present.ID, present.Problem, likely, known.ID)
	}
	for what, is := range map[string]func(incident.Incident) bool{
		"of maintenance":         func(i incident.Incident) bool { return i.Kind == incident.Maintenance },
		"that was a drill":       func(i incident.Incident) bool { return i.Kind == incident.Drill },
		"without a service":      func(i incident.Incident) bool { return len(i.Services) == 0 && i.Severity == "" },
		"that flapped":           func(i incident.Incident) bool { return len(i.Segments) == 1 },
		"mitigated":              func(i incident.Incident) bool { return i.Status == incident.Mitigated },
		"closed without a cause": func(i incident.Incident) bool { return i.Status == incident.Closed && !i.Standing.HasCause },
		"with both sides": func(i incident.Incident) bool {
			return len(i.Participants) > 1 && i.Participants[0].Side != i.Participants[1].Side
		},
	} {
		d.incident(t, what, is)
	}
}

func theFollowUps(t *testing.T, d told) {
	t.Helper()
	if n := len(d.followUps); n < 20 || n > 28 {
		t.Errorf("%d follow-ups, want about two dozen", n)
	}
	practice := 0
	states := map[followup.State]int{}
	for _, f := range d.followUps {
		states[f.State]++
		if f.Kind.Practice() {
			practice++
		}
		if f.State == followup.Declined && (f.Declined.Reason == "" || f.Declined.LookAgainOn == "") {
			t.Errorf("%s is declined without a reason or a day to look again", f.ID)
		}
		if (f.State == followup.Done || f.State == followup.Verified) && f.EvidenceURL == "" {
			t.Errorf("%s is %s without evidence", f.ID, f.State)
		}
	}
	for _, s := range followup.States {
		if states[s] == 0 {
			t.Errorf("no follow-up is %s", s)
		}
	}
	if fixes := len(d.followUps) - practice; practice < 8 || fixes < 6 {
		t.Errorf("%d practice changes and %d fixes, want both", practice, fixes)
	}
}

func theRecord(t *testing.T, d told) {
	t.Helper()
	if n := len(d.deployments); n < 110 || n > 150 {
		t.Errorf("%d deployments, want about 120", n)
	}
	causes, outcomes := 0, map[deployment.Outcome]int{}
	for _, x := range d.deployments {
		outcomes[x.Outcome]++
		causes += len(x.Caused)
	}
	if causes != 2 || outcomes[deployment.Failed] == 0 || outcomes[deployment.RolledBack] == 0 {
		t.Errorf("%d confirmed causes, outcomes %v; want two causes and every outcome", causes, outcomes)
	}
	reasons := map[string]bool{}
	merged := problem.ID(0)
	for _, e := range d.events {
		if e.Actor.Name == "" || e.Actor.Name == "system" {
			t.Errorf("%q of %s was done by nobody", e.Action, e.At)
		}
		reasons[e.Action] = reasons[e.Action] || e.Reason != ""
		if e.Action == "merged" && e.Subject == audit.Problem && merged == 0 {
			merged = problem.ID(e.Problem)
		}
	}
	for _, action := range []string{"moment corrected", "decided against a change", "sent back", "declined"} {
		if !reasons[action] {
			t.Errorf("nothing was %q with a reason", action)
		}
	}
	for _, action := range []string{"note revised", "merged", "set apart", "did not hold", "reopened"} {
		if _, happened := reasons[action]; !happened {
			t.Errorf("nothing was %q", action)
		}
	}
	if merged == 0 {
		t.Fatal("no problem was merged")
	}
	if p, err := d.store.Problem(t.Context(), d.visitor.Actor(), merged); err != nil || (p.MergedInto == 0 && !slices.ContainsFunc(d.problems, func(q problem.Problem) bool { return q.ID == p.ID })) {
		t.Errorf("the address of %s leads nowhere: %+v, %v", merged, p, err)
	}
}

func nothingLiesAhead(t *testing.T, d told) {
	t.Helper()
	past := func(what string, at time.Time) {
		if at.After(d.now) {
			t.Errorf("%s lies ahead, at %s", what, at)
		}
	}
	for _, i := range d.incidents {
		for _, m := range incident.MomentNames {
			past(i.ID.String()+" "+string(m), *i.Moments.Of(m))
		}
		past(i.ID.String(), i.CreatedAt)
	}
	for _, f := range d.followUps {
		past(f.ID.String(), f.CreatedAt)
		for _, m := range f.Moves {
			past(f.ID.String()+" "+string(m.State), m.At)
		}
	}
	for _, x := range d.deployments {
		past("a deployment of "+x.Service, x.FinishedAt)
	}
	for _, e := range d.events {
		past("an event", e.At)
	}
}

func TestFiveOfTwelveServicesAreCovered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	x := tell(t, storetest.Open(t), now)
	facts, err := x.store.Coverage(t.Context(), x.visitor.Actor(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	o := metrics.OwnershipCoverageOf(facts, metrics.Query{Bucket: metrics.Quarter, Now: now})
	said := ""
	for _, g := range o.Gaps {
		said += g.Service.Slug + ":"
		for _, m := range g.Missing {
			said += " " + string(m) + "."
		}
		said += "\n"
	}
	want := `cabin-allocator: no runbook.
card-gateway: no dashboard. runbook not ours.
customs-forms: nobody is recorded as builder. no dashboard. no runbook.
edge-proxy: runbook not confirmed for 180 d.
ledger: runbook link dead.
rates-cache: runbook not ours.
tracking-feed: no dashboard. runbook not ours.
`
	if o.Share != (metrics.Share{Part: 5, Whole: 12}) || said != want {
		t.Errorf("%+v, the gaps are\n%s", o.Share, said)
	}
	if first := o.Series[0].Share; first != (metrics.Share{Part: 2, Whole: 12}) {
		t.Errorf("it began with %+v", o.Series)
	}
	marks, err := x.store.AdoptionMarks(t.Context(), x.visitor.Actor(), "booking", "")
	if err != nil || len(marks) < 8 || marks[0].Step != catalog.SeeProduction {
		t.Errorf("%+v, %v", marks, err)
	}
	// What is kept is what the definition says, so the job has nothing to do.
	if n, err := x.store.KeepCoverage(t.Context(), now); n != 0 || err != nil {
		t.Errorf("%d have changed, %v", n, err)
	}
}
