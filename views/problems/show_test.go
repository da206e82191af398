package problems

import (
	"slices"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/views/incidents"
	"upshot/views/ui"
)

var (
	now   = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	clock = ui.Clock{Zone: time.UTC, Now: now}
	ana   = account.Actor{Kind: account.Person, ID: 1, Name: "Ana"}
)

// ago is a moment so many days before now.
func ago(days int) time.Time { return now.AddDate(0, 0, -days) }

// days are incidents of an hour each, that many days ago.
func days(past ...int) []incident.Incident {
	var all []incident.Incident
	for n, d := range past {
		i := incident.New("Payments hang", ago(d))
		i.ID, i.Problem, i.Status = incident.ID(n+1), 7, incident.Resolved
		i.Moments.DetectedAt, i.Moments.ResolvedAt = ago(d), ago(d).Add(time.Hour)
		all = append(all, i)
	}
	return all
}

func history(all []incident.Incident, promised ...followup.FollowUp) Facts {
	f := Facts{Problem: problem.Problem{ID: 7, Title: "The pool runs dry", State: problem.Open}, FollowUps: promised, CanEdit: true}
	for _, i := range all {
		f.Members = append(f.Members, i.Member())
	}
	f.Page = listing.Page[incident.Incident]{Items: slices.Clone(all), Total: len(all)}
	slices.Reverse(f.Page.Items)
	return f
}

func promised(state followup.State, moves ...followup.Move) followup.FollowUp {
	return followup.FollowUp{ID: 3, Title: "A circuit breaker", Kind: followup.Code, Purpose: followup.Prevent, State: state, Problem: 7, Moves: moves}
}

func TestTheFindingSaysTheHistory(t *testing.T) {
	t.Parallel()
	queued := followup.Move{At: ago(40), State: followup.Queued}
	failed := promised(followup.Queued, queued, followup.Move{At: ago(30), State: followup.Done}, followup.Move{At: ago(20), State: followup.Queued})
	failed.FixFailedAt = ago(20)
	for name, c := range map[string]struct {
		facts Facts
		want  string
	}{
		"nothing yet":        {history(nil), "No incident belongs to it yet"},
		"once":               {history(days(50)), "Once. No change is promised."},
		"twice":              {history(days(50, 45)), "Twice in 5 days. No change is promised."},
		"the gap shrinks":    {history(days(90, 50, 40)), "Three times in 7 weeks; the gap shrank from 40 d to 10 d. No change is promised."},
		"the gap grows":      {history(days(90, 80, 40)), "Three times in 7 weeks; the gap grew from 10 d to 40 d. No change is promised."},
		"the gap stays":      {history(days(60, 50, 40)), "Three times in 20 days; the gap stayed near 10 d. No change is promised."},
		"a fix waits":        {history(days(50), promised(followup.Queued, queued)), "Once. One still waiting."},
		"a fix did not hold": {history(days(50, 20), failed), "Twice in 4 weeks. One shipped change did not hold, one still waiting."},
		"a fix holds": {
			history(days(50), promised(followup.Done, queued, followup.Move{At: ago(30), State: followup.Done})),
			"Once. One shipped and holds so far.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p := NewShowPage(c.facts, clock); p.Finding != c.want {
				t.Errorf("finding is %q, want %q", p.Finding, c.want)
			}
		})
	}
}

func TestAFailureThatComesBackAsksForAReview(t *testing.T) {
	t.Parallel()
	note := func(k rootcause.Kind) []rootcause.Note {
		return []rootcause.Note{{ID: 1, Problem: 7, Kind: k, Body: "Because."}}
	}
	restarted := func(past ...int) []incident.Incident {
		all := days(past...)
		for n := range all {
			all[n].EndedBy = incident.Restart
		}
		return all
	}
	for name, c := range map[string]struct {
		all                    []incident.Incident
		notes                  []rootcause.Note
		review, restarts, gaps string
	}{
		"the first time":                       {all: restarted(30)},
		"the second restart alone":             {all: restarted(30, 10), restarts: "restart pattern", gaps: "20 d"},
		"the second time, ended otherwise":     {all: days(30, 10), gaps: "20 d"},
		"the third time and nobody said why":   {all: days(30, 20, 2), review: "3rd occurrence: review is due", gaps: "14 d"},
		"a hypothesis explains nothing":        {all: days(30, 20, 2), notes: note(rootcause.Hypothesis), review: "3rd occurrence: review is due", gaps: "14 d"},
		"the third time with a factor noted":   {all: days(30, 20, 2), notes: note(rootcause.Factor), gaps: "14 d"},
		"the fourth time with a cause noted":   {all: days(40, 30, 20, 2), notes: note(rootcause.Cause), gaps: "10 d"},
		"the fourth time and nobody said why ": {all: days(40, 30, 20, 2), review: "4th occurrence: review is due", gaps: "10 d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := history(c.all)
			f.Notes = c.notes
			p := NewShowPage(f, clock)
			if p.Review != c.review || p.Restarts != c.restarts || p.MedianGap != c.gaps {
				t.Errorf("it says %q, %q, %q; want %q, %q, %q", p.Review, p.Restarts, p.MedianGap, c.review, c.restarts, c.gaps)
			}
		})
	}
}

func TestOccurrencesSayTheGapAndWhenDevelopersKnew(t *testing.T) {
	t.Parallel()
	all := days(50, 40)
	all[0].Moments.DeveloperNotifiedAt = ago(50).Add(10 * time.Minute)
	all[1].Moments.DeveloperNotifiedAt = ago(40).Add(2 * time.Hour)
	all[1].EndedBy = incident.Restart
	p := NewShowPage(history(all), clock)
	if len(p.Occurrences) != 2 {
		t.Fatalf("%d occurrences, want 2", len(p.Occurrences))
	}
	second, first := p.Occurrences[0], p.Occurrences[1]
	if first.Gap != ui.Missing || first.Told != "10 min" || first.Late {
		t.Errorf("the first is %+v", first)
	}
	if second.Gap != "10 d" || second.Told != "2 h" || !second.Late || second.EndedBy != "restart only" || second.Impact != "1 h" {
		t.Errorf("the second is %+v", second)
	}
}

func TestWhatWaitingCostStandsDearestFirst(t *testing.T) {
	t.Parallel()
	young := promised(followup.Queued, followup.Move{At: ago(30), State: followup.Queued})
	old := promised(followup.Queued, followup.Move{At: ago(48), State: followup.Queued})
	young.ID, old.ID = 4, 5
	p := NewShowPage(history(days(50, 40, 20), young, old), clock)
	if p.FollowUps[0].Ref != "FU-5" || p.FollowUps[0].Recurred != "2×" || p.FollowUps[0].Impact != "120 min" || p.FollowUps[0].Waited != "48 d" {
		t.Errorf("first stands %+v", p.FollowUps[0])
	}
	if p.FollowUps[1].Ref != "FU-4" || p.FollowUps[1].Recurred != "1×" {
		t.Errorf("then stands %+v", p.FollowUps[1])
	}
	if len(p.History.Lanes) != 2 || p.History.Lanes[0].Bar.Ref != "FU-5" {
		t.Error("lanes stand in the order of their promise")
	}
}

func TestTheTimelineTellsWhatWasDoneAboutIt(t *testing.T) {
	t.Parallel()
	f := history(days(50, 40))
	f.Events = []audit.Event{
		{At: ago(50), Actor: ana, Subject: audit.Incident, SubjectID: 1, Action: "reported", Incident: 1, Problem: 7},
		{At: ago(50), Actor: ana, Subject: audit.Incident, SubjectID: 1, Action: "acknowledged", Incident: 1, Problem: 7},
		{At: ago(40), Actor: ana, Subject: audit.Incident, SubjectID: 2, Action: "joined", After: audit.Fields(map[string]any{"problem": "PRB-7"})},
		{At: ago(40).Add(time.Hour), Actor: ana, Subject: audit.Problem, SubjectID: 7, Action: "state changed", Before: audit.Fields(map[string]any{"state": "open"}), After: audit.Fields(map[string]any{"state": "cause_known"})},
		{At: ago(39), Actor: ana, Subject: audit.FollowUp, SubjectID: 3, Action: "started"},
	}
	want := []incidents.Entry{
		{Text: "Started", Ref: "FU-3"},
		{Text: "The cause became known"},
		{Text: "Recognised as the same failure:", Ref: "INC-2"},
		{Text: "It happened:", Ref: "INC-1"},
	}
	p := NewShowPage(f, clock)
	if len(p.Timeline) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(p.Timeline), len(want), p.Timeline)
	}
	for n, w := range want {
		if got := p.Timeline[n]; got.Text != w.Text || got.Ref != w.Ref || got.Side != "Ana" {
			t.Errorf("entry %d is %+v, want %q %q", n, got, w.Text, w.Ref)
		}
	}
	if day, hour := p.Timeline[1].At.Text, p.Timeline[2].At.Text; day != "14 Oct 10:30" || hour != "09:30" {
		t.Errorf("a day is said once: %q, %q", day, hour)
	}
	for range 40 {
		f.Events = append(f.Events, f.Events[4])
	}
	if p = NewShowPage(f, clock); len(p.Timeline) != stepsShown || len(p.Earlier) != 44-stepsShown {
		t.Errorf("%d told at once and %d folded away", len(p.Timeline), len(p.Earlier))
	}
}

func TestWhoAnswersAtNight(t *testing.T) {
	t.Parallel()
	f := history(days(50))
	if p := NewShowPage(f, clock); p.Facts[0].Values[0].Text != "several, or not known" {
		t.Errorf("without a service it says %+v", p.Facts)
	}
	f.Teams = []catalog.Team{{ID: 1, Name: "Payments", Slug: "payments"}, {ID: 2, Name: "Operations", Slug: "operations"}}
	f.Service = &catalog.Service{Name: "Card Gateway", Slug: "card-gateway", Builder: 1, OnCall: 2}
	p := NewShowPage(f, clock)
	if night := p.Facts[0]; night.Tone != "late" || night.Values[0].Text != "Operations, did not build it" {
		t.Errorf("at night: %+v", night)
	}
	if p.Service.Text != "Card Gateway" {
		t.Errorf("the service is %+v", p.Service)
	}
}

func TestTheLatestRegroupingCanBeTakenBack(t *testing.T) {
	t.Parallel()
	f := history(days(50))
	if p := NewShowPage(f, clock); p.Undo != nil {
		t.Error("there is nothing to take back")
	}
	f.Regrouping = &problem.Regrouping{Kind: problem.SplitKind, From: 7, To: 9, By: "Ana", At: ago(1)}
	if p := NewShowPage(f, clock); p.Undo == nil || p.Undo.Text != "PRB-9 was split off PRB-7" {
		t.Errorf("undo is %+v", p.Undo)
	}
}
