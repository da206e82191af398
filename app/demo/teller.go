package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

// teller collects what the threads tell, then plays it in the order of time. Threads name incidents, changes and
// deployments by words of their own; the references people see are known when they are told.
type teller struct {
	World
	clock *Clock
	zone  *time.Location
	beats []beat

	teams       map[string]catalog.Team
	people      map[string]person
	incidents   map[string]incident.ID
	changes     map[string]followup.ID
	notes       map[string]rootcause.ID
	deployments map[string]deployment.ID
	papers      map[string]catalog.Document
	versions    map[string]int // how often a service was deployed in a week
}

type person struct {
	account.Actor
	side catalog.TeamKind
}

// beat is one thing that happens.
type beat struct {
	at   time.Time
	what string
	do   func(ctx context.Context) error
}

func newTeller(w World, clock *Clock, zone *time.Location) *teller {
	return &teller{
		World: w, clock: clock, zone: zone,
		teams: map[string]catalog.Team{}, people: map[string]person{}, incidents: map[string]incident.ID{},
		changes: map[string]followup.ID{}, notes: map[string]rootcause.ID{}, deployments: map[string]deployment.ID{},
		papers: map[string]catalog.Document{}, versions: map[string]int{},
	}
}

func (t *teller) then(at time.Time, what string, do func(ctx context.Context) error) {
	t.beats = append(t.beats, beat{at, what, do})
}

// play plays every beat at its moment; of two at the same moment, the one told first.
func (t *teller) play(ctx context.Context) error {
	slices.SortStableFunc(t.beats, func(a, b beat) int { return a.at.Compare(b.at) })
	for _, b := range t.beats {
		if b.at.After(t.clock.end) {
			return fmt.Errorf("%s: %s lies in the future", b.what, b.at)
		}
		t.clock.set(b.at)
		if err := b.do(ctx); err != nil {
			return fmt.Errorf("%s, %s: %w", b.at.Format(time.DateTime), b.what, err)
		}
	}
	return nil
}

// at is a time of day at home, so many days before today.
func (t *teller) at(daysAgo int, clock string) time.Time {
	hour, err := time.Parse("15:04", clock)
	if err != nil { // a slip in a thread; the first test finds it
		panic(err)
	}
	year, month, day := t.clock.end.In(t.zone).Date()
	return time.Date(year, month, day-daysAgo, hour.Hour(), hour.Minute(), 0, 0, t.zone).UTC()
}

// office is at, in the week: what would fall on a weekend happened the Friday before or the Monday after.
func (t *teller) office(daysAgo int, clock string) time.Time {
	switch t.at(daysAgo, clock).In(t.zone).Weekday() {
	case time.Saturday:
		daysAgo++
	case time.Sunday:
		daysAgo--
	}
	return t.at(daysAgo, clock)
}

// morningAfter is when developers open their tickets on the next working day.
func (t *teller) morningAfter(at time.Time) time.Time {
	local := at.In(t.zone)
	year, month, day := local.Date()
	for {
		day++
		morning := time.Date(year, month, day, 9, 5+local.Minute()*2/3, 0, 0, t.zone)
		if w := morning.Weekday(); w != time.Saturday && w != time.Sunday {
			return morning.UTC()
		}
	}
}

// ago is a moment so long before now; for what has to have lasted exactly that long.
func (t *teller) ago(days int, d time.Duration) time.Time {
	return t.clock.end.Add(-time.Duration(days)*24*time.Hour - d)
}

// date is a calendar day, so many days before today; after it when negative.
func (t *teller) date(daysAgo int) string {
	return t.at(daysAgo, "12:00").In(t.zone).Format(time.DateOnly)
}

// trouble is one incident. Lengths are minutes from its start; 0 is unknown, or not yet.
type trouble struct {
	title, summary, impact string
	services               string // slugs with blanks between
	severity               incident.Severity
	class                  incident.Class
	kind                   incident.Kind // empty: a real one
	by                     incident.Detector
	alert                  string // the alert's key: the same alert is the same failure
	again                  string // an earlier incident that people recognised in it
	url                    string

	start     time.Time
	detected  int
	acked     int
	mitigated int
	restored  int
	resolved  int  // 0: with restored
	told      int  // developers, while it lasted
	morning   bool // developers, by the ticket they found in the morning
	toldBy    incident.Channel

	ended incident.Ending
	hands int // hands-on minutes
	crew  string

	closed   time.Time
	decision incident.Decision
}

func (x trouble) after(minutes int) time.Time {
	if minutes == 0 {
		return time.Time{}
	}
	return x.start.Add(time.Duration(minutes) * time.Minute)
}

// happens tells an incident from its report to where it stands now.
func (t *teller) happens(name string, x trouble) {
	crew := strings.Fields(x.crew)
	t.then(x.after(cmp.Or(x.detected, 4)+1), "report "+name, func(ctx context.Context) error { return t.report(ctx, name, x) })
	if x.again != "" {
		t.then(x.after(x.detected+14), "recognise "+name, func(ctx context.Context) error {
			return t.Incidents.Join(ctx, t.people[crew[0]].Actor, t.incidents[name], t.incidents[x.again])
		})
	}
	step := func(minutes int, action string, do func(i *incident.Incident, now time.Time) error) {
		if minutes != 0 {
			t.step(name, x.after(minutes), crew[0], action, do)
		}
	}
	step(x.acked, "acknowledged", (*incident.Incident).Acknowledge)
	step(x.mitigated, "mitigated", (*incident.Incident).Mitigate)
	step(x.told, "told developers", func(i *incident.Incident, now time.Time) error { return i.Tell(now, x.toldBy) })
	if x.resolved != 0 {
		step(x.restored, "restored", (*incident.Incident).Restore)
	}
	step(cmp.Or(x.resolved, x.restored), "resolved", func(i *incident.Incident, now time.Time) error {
		i.HandsOn, i.Participants = time.Duration(x.hands)*time.Minute, t.participants(crew)
		return i.Resolve(now, cmp.Or(x.ended, incident.UnknownEnding))
	})
	// On a weekend the morning after may not have come yet.
	if morning := t.morningAfter(x.start); x.morning && morning.Before(t.clock.end) {
		t.step(name, morning, crew[0], "told developers", func(i *incident.Incident, now time.Time) error { return i.Tell(now, incident.ByTicket) })
	}
	if !x.closed.IsZero() {
		t.then(x.closed, "close "+name, func(ctx context.Context) error {
			_, err := t.Incidents.Close(ctx, t.people[crew[len(crew)-1]].Actor, t.incidents[name], x.decision)
			return err
		})
	}
}

func (t *teller) report(ctx context.Context, name string, x trouble) error {
	i := incident.New(x.title, x.start)
	i.Summary, i.Impact, i.Services, i.Severity, i.URL = x.summary, x.impact, strings.Fields(x.services), x.severity, x.url
	i.Kind, i.Class, i.DetectedBy = cmp.Or(x.kind, incident.Real), cmp.Or(x.class, incident.UnknownClass), cmp.Or(x.by, incident.ByUnknown)
	i.Moments.DetectedAt, i.Moments.DeclaredAt = x.after(x.detected), t.clock.Now()
	who := t.people[strings.Fields(x.crew)[0]].Actor
	if i.DetectedBy == incident.ByAlert {
		who = alerts
	}
	if x.alert != "" {
		i.Source, i.GroupKey, i.ExternalID = "alertmanager", x.alert, fmt.Sprintf("%s-%d", x.alert, x.start.Unix())
	}
	i, err := t.Incidents.Report(ctx, who, i)
	t.incidents[name] = i.ID
	return err
}

func (t *teller) participants(crew []string) []incident.Participant {
	var took []incident.Participant
	for _, name := range crew {
		p := t.people[name]
		took = append(took, incident.Participant{Name: p.Name, Side: string(p.side)})
	}
	return took
}

// step is a step of an incident's life beside those that happens tells.
func (t *teller) step(name string, at time.Time, who, action string, do incident.Change) {
	t.then(at, action+" "+name, func(ctx context.Context) error {
		_, err := t.Incidents.Step(ctx, t.people[who].Actor, t.incidents[name], action, do)
		return err
	})
}

// flaps reopens an incident within the flap window and ends it again.
func (t *teller) flaps(name string, again, over time.Time, who string, ended incident.Ending) {
	t.step(name, again, who, "reopened", (*incident.Incident).Reopen)
	t.step(name, over, who, "resolved", func(i *incident.Incident, now time.Time) error { return i.Resolve(now, ended) })
}

func (t *teller) corrects(name string, at time.Time, who string, moment incident.Moment, value time.Time, reason string) {
	t.then(at, "correct "+name, func(ctx context.Context) error {
		_, err := t.Incidents.Correct(ctx, t.people[who].Actor, t.incidents[name], moment, value, reason)
		return err
	})
}

// apart says that two incidents are not the same failure.
func (t *teller) apart(name, other string, at time.Time, who string) {
	t.then(at, "set apart "+name, func(ctx context.Context) error {
		return t.Incidents.SetApart(ctx, t.people[who].Actor, t.incidents[name], t.incidents[other])
	})
}

// problemOf is the problem that an incident is in by now.
func (t *teller) problemOf(ctx context.Context, name string) (problem.ID, error) {
	i, err := t.Store.Incident(ctx, desk, t.incidents[name])
	if err == nil && i.Problem == 0 {
		err = fmt.Errorf("%s is in no problem yet", name)
	}
	return i.Problem, err
}

// titles gives the problem of an incident a title that fits all its occurrences.
func (t *teller) titles(ofIncident, title string, at time.Time, who string) {
	t.then(at, "title the problem of "+ofIncident, func(ctx context.Context) error {
		id, err := t.problemOf(ctx, ofIncident)
		if err != nil {
			return err
		}
		_, err = t.Problems.Edit(ctx, t.people[who].Actor, id, 0, func(p *problem.Problem) error { p.Title = title; return nil })
		return err
	})
}

// merges puts the problem of one incident into the problem of another.
func (t *teller) merges(ofIncident, intoThatOf string, at time.Time, who string) {
	t.then(at, "merge the problem of "+ofIncident, func(ctx context.Context) error {
		id, err := t.problemOf(ctx, ofIncident)
		if err != nil {
			return err
		}
		into, err := t.problemOf(ctx, intoThatOf)
		if err != nil {
			return err
		}
		_, err = t.Problems.Merge(ctx, t.people[who].Actor, id, into)
		return err
	})
}

// note is what somebody learnt. Its side is the writer's.
type note struct {
	kind  rootcause.Kind
	class string
	sure  string
	body  string
}

// learns notes something on an incident.
func (t *teller) learns(ofIncident string, at time.Time, who string, n note) {
	t.then(at, "note on "+ofIncident, func(ctx context.Context) error {
		return t.note(ctx, "", who, n, rootcause.Note{Incident: t.incidents[ofIncident]})
	})
}

// learnsOfAll notes something on the problem of an incident, under a name by which it can be revised.
func (t *teller) learnsOfAll(name, ofIncident string, at time.Time, who string, n note) {
	t.then(at, "note on the problem of "+ofIncident, func(ctx context.Context) error {
		id, err := t.problemOf(ctx, ofIncident)
		if err != nil {
			return err
		}
		return t.note(ctx, name, who, n, rootcause.Note{Problem: id})
	})
}

func (t *teller) note(ctx context.Context, name, who string, n note, about rootcause.Note) error {
	about.Kind, about.CauseClass, about.Confidence, about.Body = n.kind, n.class, n.sure, n.body
	about.Side = string(t.people[who].side)
	written, err := t.Notes.Add(ctx, t.people[who].Actor, about)
	t.notes[name] = written.ID
	return err
}

// revises replaces what a note says.
func (t *teller) revises(name string, at time.Time, who string, n note) {
	t.then(at, "revise "+name, func(ctx context.Context) error {
		_, err := t.Notes.Revise(ctx, t.people[who].Actor, t.notes[name], 0, func(old *rootcause.Note) {
			old.Kind, old.CauseClass, old.Confidence, old.Body = n.kind, n.class, n.sure, n.body
		})
		return err
	})
}

// promise is a change that a team promises because of an incident.
type promise struct {
	title, detail string
	kind          followup.Kind
	purpose       followup.Purpose
	team          string // empty: nobody yet
	after         string // the incident it answers
	due           string // a date, or empty
	onlyProposed  bool   // not in any backlog yet
}

func (t *teller) promises(name string, at time.Time, who string, p promise) {
	t.then(at, "promise "+name, func(ctx context.Context) error {
		f, err := t.FollowUps.Promise(ctx, t.people[who].Actor, followup.FollowUp{
			Title: p.title, Detail: p.detail, Kind: p.kind, Purpose: p.purpose, Team: t.teams[p.team].ID, DueOn: p.due,
			Incidents: []incident.ID{t.incidents[p.after]},
		}, !p.onlyProposed)
		t.changes[name] = f.ID
		return err
	})
}

// moves is one step of a follow-up's life.
func (t *teller) moves(name string, at time.Time, who, action, reason string, step func(f *followup.FollowUp, now time.Time) error) {
	t.then(at, action+" "+name, func(ctx context.Context) error {
		_, err := t.FollowUps.Step(ctx, t.people[who].Actor, t.changes[name], action, reason,
			func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error { return step(f, now) })
		return err
	})
}

func (t *teller) starts(name string, at time.Time, who string) {
	t.moves(name, at, who, "started", "", (*followup.FollowUp).Start)
}

func (t *teller) sendsBack(name string, at time.Time, who, reason string) {
	t.moves(name, at, who, "sent back", reason, (*followup.FollowUp).SendBack)
}

// finishes is done with evidence; release names the deployment that brought it to users, if one did. A quiet period
// later the job looks whether it held.
func (t *teller) finishes(name string, at time.Time, who, evidence, release string) {
	t.moves(name, at, who, "done", "", func(f *followup.FollowUp, now time.Time) error {
		return f.Finish(now, "https://"+evidence)
	})
	if release != "" {
		t.moves(name, at, who, "deployment linked", "", func(f *followup.FollowUp, _ time.Time) error {
			f.Deployment = t.deployments[release]
			return nil
		})
	}
	if proof := at.Add(followup.QuietPeriod + time.Hour); proof.Before(t.clock.end) {
		t.then(proof, "verify "+name, func(ctx context.Context) error {
			_, err := t.FollowUps.VerifyDue(ctx, quietPeriod)
			return err
		})
	}
}

func (t *teller) declines(name string, at time.Time, who, reason, lookAgainOn string) {
	t.moves(name, at, who, "declined", reason, func(f *followup.FollowUp, now time.Time) error {
		return f.Decline(now, followup.Decline{Reason: reason, LookAgainOn: lookAgainOn})
	})
}

func (t *teller) duplicates(name, of string, at time.Time, who string) {
	t.moves(name, at, who, "marked as a duplicate", "", func(f *followup.FollowUp, now time.Time) error {
		return f.MarkDuplicate(now, t.changes[of])
	})
}

// deploys brings a version of a service to production. Versions are the week and a number within it.
func (t *teller) deploys(name, service string, finished time.Time, took time.Duration, outcome deployment.Outcome) {
	t.then(finished, "deploy "+service, func(ctx context.Context) error {
		year, week := finished.In(t.zone).ISOWeek()
		version := fmt.Sprintf("%d.%02d", year, week)
		t.versions[service+version]++
		version = fmt.Sprintf("%s.%d", version, t.versions[service+version])
		d, err := t.Deployments.Record(ctx, pipeline, deployment.Deployment{
			Service: service, Environment: deployment.Production, Version: version, StartedAt: finished.Add(-took), FinishedAt: finished,
			Outcome: outcome, URL: "https://deploys.harbour-line.example/" + service + "/" + version,
		})
		if name != "" {
			t.deployments[name] = d.ID
		}
		return err
	})
}

// blames confirms that a deployment caused an incident.
func (t *teller) blames(release, name string, at time.Time, who string) {
	t.then(at, "confirm the cause of "+name, func(ctx context.Context) error {
		return t.Deployments.SetCause(ctx, t.people[who].Actor, t.deployments[release], t.incidents[name], true)
	})
}
