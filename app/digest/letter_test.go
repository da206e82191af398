package digest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/dispatch"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/app/triage"
)

var monday = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// booking is a week of the team Booking in which nothing happened.
func booking() Facts {
	return Facts{
		Scope: Scope{Team: 3}, Team: catalog.Team{ID: 3, Slug: "booking", Name: "Booking"}, Week: Week{2026, 47}, When: Monday7, Zone: time.UTC, Now: monday,
		BaseURL: "https://upshot.example.org", Teams: map[catalog.TeamID]string{3: "Booking", 4: "Network"},
	}
}

func changes(n int, kind followup.Kind) listing.Page[followup.FollowUp] {
	page := listing.Page[followup.FollowUp]{Total: n}
	for i := range min(n, Shown) {
		page.Items = append(page.Items, followup.FollowUp{ID: followup.ID(i + 1), Title: fmt.Sprint("Change ", i+1), Kind: kind, Team: 3})
	}
	return page
}

func section(l Letter, title string) Section {
	for _, s := range l.Sections {
		if s.Title == title {
			return s
		}
	}
	return Section{}
}

func TestSubjectAndHeadlineSayTheFinding(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change            func(*Facts)
		subject, headline string
	}{
		"nothing happened": {func(*Facts) {}, "Upshot week 47: nothing to decide (Booking)", "A quiet week: no incident, and nothing waits that came back."},
		"one incident":     {func(f *Facts) { f.Measures.Incidents = 1 }, "Upshot week 47: nothing to decide (Booking)", "One incident, and nothing waits that came back."},
		"one to decide": {
			func(f *Facts) { f.Decide = changes(1, followup.Code) }, "Upshot week 47: 1 decision (Booking)",
			"One fix was needed again while it waits.",
		},
		"decisions, and loops that a practice closed": {func(f *Facts) {
			f.Decide, f.Proven, f.Practised = changes(5, followup.Code), changes(2, followup.Alert), 2
		}, "Upshot week 47: 5 decisions, 2 loops closed (Booking)", "Two fixes proven. Five were needed again while they wait."},
		"more loops than a section shows": {
			func(f *Facts) { f.Proven, f.Practised = changes(9, followup.Alert), 8 }, "Upshot week 47: nothing to decide, 8 loops closed (Booking)",
			"Nine fixes proven. Nothing waits that came back.",
		},
		"a fix that is proven closes no loop": {
			func(f *Facts) { f.Proven = changes(1, followup.Code) }, "Upshot week 47: nothing to decide (Booking)",
			"One fix proven. Nothing waits that came back.",
		},
		"a decision against a change closes one": {func(f *Facts) {
			f.Decided = listing.Page[Decided]{Total: 1, Items: []Decided{{Incident: incident.New("X", monday)}}}
		}, "Upshot week 47: nothing to decide, 1 loop closed (Booking)", "A quiet week: no incident, and nothing waits that came back."},
		"a decision to look at again is one to decide": {
			func(f *Facts) { f.Nudges = []Nudge{{Kind: LookAgain, Ref: "FU-1"}} }, "Upshot week 47: 1 decision (Booking)",
			"A quiet week: no incident, and nothing waits that came back.",
		},
		"more than there are words for": {
			func(f *Facts) { f.Decide = changes(14, followup.Code) }, "Upshot week 47: 14 decisions (Booking)",
			"14 fixes were needed again while they wait.",
		},
		"of every team, a name on several lines": {func(f *Facts) {
			f.Scope, f.Team = Scope{}, catalog.Team{Name: " Card\r\nGateway "}
		}, "Upshot week 47: nothing to decide (Card Gateway)", "A quiet week: no incident, and nothing waits that came back."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := booking()
			c.change(&f)
			if l := NewLetter(f); l.Subject != c.subject || l.Headline != c.headline {
				t.Errorf("%q\n%q", l.Subject, l.Headline)
			}
		})
	}
}

func TestASectionHasFiveRowsAndLeadsToTheRest(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]struct {
		rows int
		more string
	}{1: {1, ""}, 5: {5, ""}, 6: {5, "See the other one"}, 40: {5, "See the other 35"}} {
		f := booking()
		f.Failing = changes(n, followup.Code)
		s := section(NewLetter(f), "Done, but still happening")
		if len(s.Rows) != want.rows || s.More != want.more {
			t.Errorf("%d: %d rows, %q", n, len(s.Rows), s.More)
		}
	}
}

func TestRemindersThatWereNotReadAreCounted(t *testing.T) {
	t.Parallel()
	f := booking()
	f.Nudges = []Nudge{{Kind: LookAgain, Ref: "FU-1"}, {Kind: Overdue, Ref: "FU-2"}}
	f.Unread = Unread{LookAgain: 30, Due: 1}
	l := NewLetter(f)
	if l.Subject != "Upshot week 47: 31 decisions (Booking)" || section(l, "Decided against; look again").More != "See the other 30" ||
		section(l, "Due and overdue").More != "See the other one" {
		t.Errorf("%q, %+v", l.Subject, l.Sections)
	}
}

func TestTheWaitIsToldInTheWordsOfTheJiraComment(t *testing.T) {
	t.Parallel()
	f := booking()
	waits := followup.FollowUp{ID: 18, Title: "Circuit breaker", Kind: followup.Code, State: followup.Queued, Team: 3, Problem: 7, Moves: []followup.Move{{State: followup.Queued, At: monday.AddDate(0, 0, -21)}}}
	f.Decide = listing.Page[followup.FollowUp]{Items: []followup.FollowUp{waits}, Total: 1}
	var members []problem.Member
	for n := range 3 {
		at := monday.AddDate(0, 0, -20+5*n)
		members = append(members, problem.Member{Incident: incident.ID(n + 1), StartedAt: at, DetectedAt: at, RestoredAt: at.Add(30 * time.Minute), Impact: 30 * time.Minute})
	}
	f.Members = map[problem.ID][]problem.Member{7: members}
	s := section(NewLetter(f), "Decide this week")
	r := s.Rows[0]
	if r.Under != "waiting 21 d · recurred 3 times · 90 impact minutes" || r.Value != "1 h 30 min" || r.Marks != 3 || r.Bar != 100 || r.Link != "https://upshot.example.org/followups/FU-18" {
		t.Errorf("got %+v", r)
	}
}

func TestAnIncidentThatNoLetterMayTell(t *testing.T) {
	t.Parallel()
	drill := incident.New("Nobody may read this", monday)
	drill.ID, drill.Kind = 9, incident.Drill
	f := booking()
	page := listing.Page[incident.Incident]{Items: []incident.Incident{drill}}
	f.Untold, f.NoCause = page, page
	f.Nobody = listing.Page[triage.Item]{Items: []triage.Item{{Incident: drill}}}
	f.Decided = listing.Page[Decided]{Items: []Decided{{Incident: drill}}}
	if l := fmt.Sprint(NewLetter(f)); strings.Contains(l, "Nobody may read this") || strings.Contains(l, "INC-9") {
		t.Errorf("it is told: %s", l)
	}
}

func TestLateness(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]string{
		0: "", 59 * time.Minute: "", 2 * time.Hour: "This letter comes 2 h late: it was due on Monday 23 November, 07:00.",
		50 * time.Hour: "This letter comes 2 d 2 h late: it was due on Monday 23 November, 07:00.",
	} {
		f := booking()
		f.Now = monday.Add(late)
		if got := NewLetter(f).Late; got != want {
			t.Errorf("%s: %q", late, got)
		}
	}
}

func TestMeasuresSayFewAndNothingToDivideBy(t *testing.T) {
	t.Parallel()
	week := func(n, minutes int) metrics.Progress {
		var p metrics.Progress
		p.Repair.Summary = metrics.Summary{N: n, Median: time.Duration(minutes) * time.Minute}
		p.Recurrence.Flow = metrics.Flow{Occurrences: n, Recurrences: min(n, 2)}
		return p
	}
	cases := map[string]struct {
		now, before   metrics.Progress
		value, change string
		move          Move
		seen          string
	}{
		"none in either week":         {week(0, 0), week(0, 0), NotKnown, "", "", NotKnown},
		"none this week, some before": {week(0, 0), week(9, 9), NotKnown, "", "", NotKnown},
		"few in this one":             {week(4, 4), week(9, 9), "4 min", Few, "", "2 of 4, " + Few},
		"few in the one before":       {week(9, 9), week(4, 4), "9 min", Few, "", "2 of 9, " + Few},
		"enough, and shorter":         {week(6, 6), week(9, 9), "6 min", "from 9 min", Better, "2 of 6, 2 of 9 the week before"},
		"enough, and longer":          {week(9, 9), week(6, 6), "9 min", "from 6 min", Worse, "2 of 9, 2 of 6 the week before"},
		"enough, and as long":         {week(7, 7), week(7, 7), "7 min", "as the week before", Same, "2 of 7, 2 of 7 the week before"},
	}
	for name, c := range cases {
		m := MeasuresOf(Measured{This: c.now, Before: c.before})
		if got := m.Top[0]; got.Value != c.value || got.Change != c.change || got.Move != c.move || got.N != c.now.Repair.N || m.Incidents != c.now.Repair.N {
			t.Errorf("%s: %+v, %d incidents", name, got, m.Incidents)
		}
		if got := joined(", ", m.Top[1].Value, m.Top[1].Change); got != c.seen {
			t.Errorf("%s: seen before %q, want %q", name, got, c.seen)
		}
	}
	var told Measured
	told.This.Told.Waits = metrics.Waits{N: 8, Never: 5, Median: 3 * time.Hour, MedianAtLeast: true}
	told.Loops.Loops = metrics.Loops{Verified: 3, Decided: 1, None: 4}
	told.Cycle.CycleFigures = metrics.CycleFigures{N: 12, P50: 2 * time.Hour, P85: 5 * time.Hour}
	told.CycleBefore.CycleFigures = metrics.CycleFigures{N: 12, P50: 2 * time.Hour, P85: 3 * time.Hour}
	m := MeasuresOf(told)
	if got := m.All[5]; got.Value != "2.5" || got.Change != "from 1.5" || got.Move != Worse || got.N != 12 {
		t.Errorf("cycle time: %+v", got)
	}
	if got := m.Top[2]; got.Value != "at least 3 h" || got.Note != "5 of them still do not" {
		t.Errorf("of which nobody was told: %+v", got)
	}
	for _, c := range []struct {
		now, before metrics.Waits
		want        string
	}{
		{metrics.Waits{N: 8, Median: 3 * time.Hour, MedianAtLeast: true}, metrics.Waits{N: 8, Median: 2 * time.Hour}, "at least 3 h: the week before 2 h"},
		{metrics.Waits{N: 8, Median: 3 * time.Hour}, metrics.Waits{N: 8, Median: 9 * time.Hour, MedianAtLeast: true}, "3 h: the week before at least 9 h"},
		{metrics.Waits{N: 8, Median: 3 * time.Hour}, metrics.Waits{N: 8, Median: 9 * time.Hour}, "3 h: ↓ from 9 h"},
		{metrics.Waits{N: 2, Median: 3 * time.Hour, MedianAtLeast: true}, metrics.Waits{N: 8, Median: 2 * time.Hour}, "at least 3 h: " + Few},
	} {
		told.This.Told.Waits, told.Before.Told.Waits = c.now, c.before
		if got := MeasuresOf(told).Top[2]; got.Value+": "+got.Compared() != c.want {
			t.Errorf("%q, want %q", got.Value+": "+got.Compared(), c.want)
		}
	}
	if got := m.All[7]; got.Value != "4 of 8" || got.Note != "3 verified, 1 decided against" {
		t.Errorf("loops: %+v", got)
	}
}

func TestNudges(t *testing.T) {
	t.Parallel()
	const today = "2026-11-23"
	due := func(on string, state followup.State) followup.FollowUp {
		return followup.FollowUp{ID: 1, DueOn: on, State: state}
	}
	evidence := due("2026-11-01", followup.Done)
	evidence.EvidenceURL = "https://ci.example.org/1"
	shipped := func(on, evidence string) followup.FollowUp {
		f := due("", followup.Done)
		f.EvidenceURL = evidence
		f.Kept.ShippedAt, _ = time.Parse(time.DateOnly, on)
		return f
	}
	declined := func(on string) followup.FollowUp {
		return followup.FollowUp{ID: 1, State: followup.Declined, Declined: followup.Decline{Reason: "Too dear.", LookAgainOn: on}}
	}
	cases := map[string]struct {
		f    followup.FollowUp
		want string // kind, step and words; empty: none
	}{
		"no day":                          {due("", followup.Queued), ""},
		"in eight days":                   {due("2026-12-01", followup.Queued), ""},
		"in a week":                       {due("2026-11-30", followup.Queued), "due soon 0 due 30 Nov 2026"},
		"today":                           {due(today, followup.InProgress), "due 0 due today"},
		"yesterday":                       {due("2026-11-22", followup.Queued), "overdue 1 1 d overdue"},
		"three days ago: no new reminder": {due("2026-11-20", followup.Queued), "overdue 1 3 d overdue"},
		"four days ago":                   {due("2026-11-19", followup.Queued), "overdue 2 4 d overdue"},
		"a year ago: the last of them":    {due("2025-11-23", followup.Queued), "overdue 5 365 d overdue"},
		"a proposal is reminded of too":   {due("2026-11-22", followup.Proposed), "overdue 1 1 d overdue"},
		"done, in its quiet period":       {evidence, ""},
		"done without evidence":           {due("2026-11-22", followup.Done), "evidence missing 1 done, evidence missing"},
		"done without a day or evidence":  {shipped("2026-11-19", ""), "evidence missing 2 done, evidence missing"},
		"done without a day":              {shipped("2026-11-19", "https://ci.example.org/1"), ""},
		"done before its day":             {due("2026-11-25", followup.Done), ""},
		"verified":                        {due("2026-11-01", followup.Verified), ""},
		"a duplicate":                     {due("2026-11-01", followup.Duplicate), ""},
		"declined, the day has come":      {declined("2026-11-20"), "look again 0 since 20 Nov 2026"},
		"declined, the day is to come":    {declined("2026-11-24"), ""},
		"declined without a day":          {declined(""), ""},
		"a day that is none":              {due("soon", followup.Queued), ""},
	}
	for name, c := range cases {
		got := ""
		if n, ok := NudgeOf(c.f, today); ok {
			got = fmt.Sprintf("%s %d %s", n.Kind, n.Step, n.Words)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatBecomesOfAMail(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		attempt int
		age     time.Duration
		trouble dispatch.Trouble
		state   State
		pause   time.Duration
	}{
		"busy, the first time":        {1, 0, dispatch.Trouble{Kind: dispatch.Temporary}, Waiting, time.Minute},
		"busy for a day":              {30, 23*time.Hour + time.Minute, dispatch.Trouble{Kind: dispatch.Temporary}, Failed, 0},
		"refused for good":            {1, 0, dispatch.Trouble{Kind: dispatch.Permanent}, Failed, 0},
		"the login is bad for a day":  {30, 30 * time.Hour, dispatch.Trouble{Kind: dispatch.Configuration}, Waiting, time.Hour},
		"the login is bad for a week": {200, 7 * 24 * time.Hour, dispatch.Trouble{Kind: dispatch.Configuration}, Failed, 0},
	}
	for name, c := range cases {
		m := After(Mail{State: Sending, Attempt: c.attempt, CreatedAt: monday.Add(-c.age)}, &c.trouble, monday)
		if m.State != c.state || m.NextAt.Sub(monday) != c.pause {
			t.Errorf("%s: %s after %s", name, m.State, m.NextAt.Sub(monday))
		}
	}
}
