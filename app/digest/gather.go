package digest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/app/triage"
)

// Part is what a part of a letter asks of the follow-ups.
type Part string

// The parts.
const (
	Unproven    Part = "unproven"     // started or done, not verified, and their wait cost something
	Proven      Part = "proven"       // verified in the week
	DeclinedNow Part = "declined now" // declined in the week
	DayCome     Part = "day come"     // their day is Until or earlier; those done show no evidence
	DayNear     Part = "day near"     // their day is after After, Until or earlier, and they are not done
	Unevidenced Part = "unevidenced"  // done without evidence, and without a day
	LookedAgain Part = "looked again" // declined, and the day to look again is Until or earlier
	Failing     Part = "failing"      // done, and their failure came back since
	Unowned     Part = "unowned"      // promised, and no team's
)

// Asked is a question about follow-ups.
type Asked struct {
	For      Part
	Team     catalog.TeamID // 0: of all
	From, To time.Time      // [From, To), where the part is about a week
	// After and Until are dates, where it is about a day.
	After, Until string
}

// Reads is what letters read.
type Reads interface {
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	DecideNow(ctx context.Context, viewer account.Actor, team string, limit int) (listing.Page[followup.FollowUp], followup.Cost, error)
	MembersOfAll(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Member, error)
	FollowUpServices(ctx context.Context, viewer account.Actor, ids []followup.ID) (map[followup.ID]string, error)
	DigestFollowUps(ctx context.Context, viewer account.Actor, a Asked, limit int) (listing.Page[followup.FollowUp], error)
	DigestPractised(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time) (int, error)
	DigestWaiting(ctx context.Context, viewer account.Actor, team catalog.TeamID) (int, error)
	DigestUntold(ctx context.Context, viewer account.Actor, team catalog.TeamID, now time.Time, limit int) (listing.Page[incident.Incident], error)
	DigestWithoutCause(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time, limit int) (listing.Page[incident.Incident], error)
	DigestUnaccountable(ctx context.Context, viewer account.Actor, team catalog.TeamID, now time.Time, limit int) (listing.Page[triage.Item], error)
	DigestDecided(ctx context.Context, viewer account.Actor, team catalog.TeamID, from, to time.Time, limit int) (listing.Page[Decided], error)
	DigestLookAgain(ctx context.Context, viewer account.Actor, team catalog.TeamID, until string, limit int) (listing.Page[Decided], error)
	DigestReviews(ctx context.Context, viewer account.Actor, team catalog.TeamID, since time.Time, limit int) (listing.Page[problem.Problem], error)
	ServiceTeams(ctx context.Context, refs []string) (map[string]catalog.TeamID, error)
	Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error)
	Coverage(ctx context.Context, viewer account.Actor, team, service string) ([]metrics.CoverageFact, error)
	WorkIssues(ctx context.Context, viewer account.Actor, team string, from, to time.Time) ([]metrics.WorkIssue, error)
	JiraHealth(ctx context.Context, now time.Time) ([]jirasync.Health, error)
}

// The bounds of what is read.
const (
	nudgesRead   = 200
	reviewWithin = 30 * day // since a failure last came back
	beforeQueued = 7 * day  // an occurrence may have begun before it was detected
	loopsWithin  = 90 * day // whose grace ended
	grace        = metrics.LoopGrace * day
)

// Facts reads what a scope's letter about a week is made of, in a fixed number of questions. What waits is as of now, also in a letter
// about a week long ago.
func (s *Service) Facts(ctx context.Context, scope Settings, week Week) (Facts, error) {
	now := s.Now()
	f := Facts{Scope: scope.Scope, Week: week, When: scope.When, Zone: s.Zone, Now: now, BaseURL: s.BaseURL, Teams: map[catalog.TeamID]string{}}
	teams, err := s.Store.Teams(ctx, self)
	if err != nil {
		return f, err
	}
	for _, t := range teams {
		f.Teams[t.ID] = t.Name
		if t.ID == scope.Scope.Team {
			f.Team, f.Zone = t, ZoneOf(t)
		}
	}
	g := gathering{s: s, f: &f, team: scope.Scope.Team, from: week.Begins(f.Zone), to: week.Ends(f.Zone), today: now.In(f.Zone).Format(time.DateOnly)}
	for _, ask := range []func(context.Context) error{g.waits, g.changes, g.incidents, g.nudges, g.members, g.measures, g.sync} {
		if err := ask(ctx); err != nil {
			return f, fmt.Errorf("gather the letter of %s about %s: %w", scope.Scope, week, err)
		}
	}
	return f, nil
}

// ZoneOf is a team's zone.
func ZoneOf(t catalog.Team) *time.Location {
	zone, err := time.LoadLocation(t.Zone)
	if err != nil { // Check saw to it
		return time.UTC
	}
	return zone
}

type gathering struct {
	s        *Service
	f        *Facts
	team     catalog.TeamID
	from, to time.Time
	today    string
}

func (g gathering) waits(ctx context.Context) (err error) {
	if g.f.Decide, g.f.Cost, err = g.s.Store.DecideNow(ctx, self, g.f.Team.Slug, Shown); err != nil {
		return err
	}
	if g.f.Waiting, err = g.s.Store.DigestWaiting(ctx, self, g.team); err != nil {
		return err
	}
	g.f.Paid, err = g.asks(ctx, Unproven)
	return err
}

func (g gathering) asks(ctx context.Context, part Part) (listing.Page[followup.FollowUp], error) {
	return g.s.Store.DigestFollowUps(ctx, self, Asked{For: part, Team: g.team, From: g.from, To: g.to}, Shown)
}

func (g gathering) changes(ctx context.Context) (err error) {
	for _, ask := range []struct {
		part Part
		into *listing.Page[followup.FollowUp]
	}{{Proven, &g.f.Proven}, {DeclinedNow, &g.f.Declined}, {Failing, &g.f.Failing}} {
		if *ask.into, err = g.asks(ctx, ask.part); err != nil {
			return err
		}
	}
	if g.team == 0 {
		if g.f.Unowned, err = g.asks(ctx, Unowned); err != nil {
			return err
		}
	}
	if g.f.Practised, err = g.s.Store.DigestPractised(ctx, self, g.team, g.from, g.to); err != nil {
		return err
	}
	g.f.Decided, err = g.s.Store.DigestDecided(ctx, self, g.team, g.from, g.to, Shown)
	return err
}

func (g gathering) incidents(ctx context.Context) (err error) {
	if g.f.Untold, err = g.s.Store.DigestUntold(ctx, self, g.team, g.f.Now, Shown); err != nil {
		return err
	}
	g.f.Nobody, err = g.s.Store.DigestUnaccountable(ctx, self, g.team, g.f.Now, Shown)
	return err
}

func (g gathering) nudges(ctx context.Context) (err error) {
	g.f.Nudges, g.f.Unread, err = g.s.nudgesOf(ctx, g.team, g.today)
	return err
}

// Unread are how many reminders there are beside those that were read.
type Unread struct{ Due, LookAgain, Reviews int }

// nudgesOf are the reminders of a team (0: of all) on a day, those that are late longest first, and how many more there are.
func (s *Service) nudgesOf(ctx context.Context, team catalog.TeamID, today string) ([]Nudge, Unread, error) {
	var all []Nudge
	var unread Unread
	soon := today
	if at, err := time.Parse(time.DateOnly, today); err == nil {
		soon = at.AddDate(0, 0, SoonDays).Format(time.DateOnly)
	}
	for _, ask := range []struct {
		Asked
		unread *int
	}{
		{Asked{For: LookedAgain, Team: team, Until: today}, &unread.LookAgain},
		{Asked{For: DayCome, Team: team, Until: today}, &unread.Due},
		{Asked{For: Unevidenced, Team: team}, &unread.Due},
		{Asked{For: DayNear, Team: team, After: today, Until: soon}, &unread.Due},
	} {
		page, err := s.Store.DigestFollowUps(ctx, self, ask.Asked, nudgesRead)
		if err != nil {
			return nil, unread, err
		}
		*ask.unread += max(0, page.Total-len(page.Items))
		for _, f := range page.Items {
			if n, due := NudgeOf(f, today); due {
				all = append(all, n)
			}
		}
	}
	decided, err := s.Store.DigestLookAgain(ctx, self, team, today, nudgesRead)
	if err != nil {
		return nil, unread, err
	}
	unread.LookAgain += max(0, decided.Total-len(decided.Items))
	var about []Nudge
	for _, d := range decided.Items {
		if Tellable(d.Incident) {
			about = append(about, DecidedAgainst(d.Incident, d.Decision, 0))
		}
	}
	reviews, err := s.Store.DigestReviews(ctx, self, team, s.Now().Add(-reviewWithin), nudgesRead)
	if err != nil {
		return nil, unread, err
	}
	unread.Reviews = max(0, reviews.Total-len(reviews.Items))
	for _, p := range reviews.Items {
		about = append(about, Reviewed(p, 0))
	}
	refs := make([]string, len(about))
	for n, a := range about {
		refs[n] = a.Ref
	}
	of, err := s.Store.ServiceTeams(ctx, refs)
	for _, n := range about {
		n.Team = of[n.Ref]
		all = append(all, n)
	}
	return all, unread, err
}

// members reads the occurrences and services of the changes whose wait is told, and the addresses of their tickets.
func (g gathering) members(ctx context.Context) (err error) {
	told := slices.Concat(g.f.Decide.Items, g.f.Paid.Items)
	var problems []problem.ID
	var since time.Time
	ids := make([]followup.ID, len(told))
	for n, f := range told {
		ids[n] = f.ID
		if f.Problem == 0 || f.Kept.QueuedAt.IsZero() {
			continue
		}
		problems = append(problems, f.Problem)
		if since.IsZero() || f.Kept.QueuedAt.Before(since) {
			since = f.Kept.QueuedAt
		}
	}
	if g.f.About, err = g.s.Store.FollowUpServices(ctx, self, ids); err != nil || len(problems) == 0 {
		return err
	}
	slices.Sort(problems)
	g.f.Members, err = g.s.Store.MembersOfAll(ctx, self, slices.Compact(problems), since.Add(-beforeQueued))
	return err
}

func (g gathering) measures(ctx context.Context) error {
	without, err := g.s.Store.DigestWithoutCause(ctx, self, g.team, g.from, g.to, Shown)
	if err != nil {
		return err
	}
	g.f.NoCause = without
	var m Measured
	var loops metrics.Progress
	before := g.f.Week.Before().Begins(g.f.Zone)
	for _, ask := range []struct {
		from, to time.Time
		into     *metrics.Progress
	}{
		{g.from, g.to, &m.This},
		{before, g.from, &m.Before},
		{g.to.Add(-grace - loopsWithin), g.to.Add(-grace), &loops},
	} {
		f := metrics.Filter{Team: g.f.Team.Slug, From: ask.from, To: ask.to}
		if *ask.into, _, err = g.s.Store.Progress(ctx, self, f, metrics.Query{Now: g.f.Now}); err != nil {
			return err
		}
	}
	m.Loops = loops.Loops
	facts, err := g.s.Store.Coverage(ctx, self, g.f.Team.Slug, "")
	if err != nil {
		return err
	}
	issues, err := g.s.Store.WorkIssues(ctx, self, g.f.Team.Slug, before.Add(-metrics.CycleWindow), g.to)
	if err != nil {
		return err
	}
	m.Cycle = metrics.CycleTimeOf(issues, metrics.Query{From: g.from, To: g.to, Now: g.f.Now})
	m.CycleBefore = metrics.CycleTimeOf(issues, metrics.Query{From: before, To: g.from, Now: g.f.Now})
	m.Owned = metrics.OwnershipCoverageOf(facts, metrics.Query{To: g.to, Now: g.f.Now})
	g.f.Measures = MeasuresOf(m)
	return nil
}

func (g gathering) sync(ctx context.Context) error {
	all, err := g.s.Store.JiraHealth(ctx, g.f.Now)
	if err != nil {
		return err
	}
	sites := map[ticket.SiteID]string{}
	for _, h := range all {
		sites[h.Site.ID] = h.Site.URL
		at := fmt.Sprintf("%s/settings/jira/%d", g.s.BaseURL, h.Site.ID)
		if why, stopped := h.Stopped(g.f.Now, g.s.Poll); stopped {
			g.f.Sync = append(g.f.Sync, Trouble{fmt.Sprintf("Jira (%s) is not being read: %s", oneLine(h.Site.Name), oneLine(why)), at, "See what is wrong"})
		}
		if n := h.Dead + h.Conflicts; n > 0 {
			g.f.Sync = append(g.f.Sync, Trouble{fmt.Sprintf("Jira (%s): %s for somebody.", oneLine(h.Site.Name), pick(n, "one write waits", inWords(n)+" writes wait")), at, "See to it"})
		}
		if n := h.Unplaced; n > 0 {
			g.f.Sync = append(g.f.Sync, Trouble{
				fmt.Sprintf("Jira (%s): %s, so tickets in it count as nothing.", oneLine(h.Site.Name), pick(n, "one status has no place", inWords(n)+" statuses have no place")), at, "Give it a place",
			})
		}
	}
	for _, items := range [][]followup.FollowUp{g.f.Decide.Items, g.f.Paid.Items, g.f.Proven.Items, g.f.Declined.Items, g.f.Failing.Items} {
		for n := range items {
			if t := items[n].Ticket; t != nil && t.URL == "" && sites[t.Site] != "" {
				t.URL = sites[t.Site] + "/browse/" + t.Key
			}
		}
	}
	return nil
}
