package jirasync

import (
	"strings"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/ticket"
)

var day0 = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func day(n int) time.Time { return day0.AddDate(0, 0, n) }

// happened are occurrences on these days, of an hour each.
func happened(days ...int) []problem.Occurrence {
	var members []problem.Member
	for n, d := range days {
		members = append(members, problem.Member{
			Incident: incident.ID(n + 1), StartedAt: day(d), DetectedAt: day(d), RestoredAt: day(d).Add(time.Hour), Impact: time.Hour, EndedBy: "restart",
		})
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, day(100))
}

// ticketed is a follow-up that was promised on day 10, with a ticket of medium priority created on that day.
func ticketed(created int, change ...func(*followup.FollowUp)) followup.FollowUp {
	f := followup.FollowUp{
		ID: 12, Title: "Circuit breaker", Problem: 7, State: followup.Queued, Moves: []followup.Move{{State: followup.Queued, At: day(10)}},
		Ticket: &ticket.Ticket{
			Site: 1, Key: "OPS-12", CreatedAt: day(created), ReadAt: day(100), Category: ticket.ToDo, Priority: ticket.Named{ID: "3", Name: "Medium"},
			History: ticket.History{Intervals: []ticket.Interval{{From: day(created), Status: "To Do", Category: ticket.ToDo}}},
		},
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestWhatARuleWouldHaveDone(t *testing.T) {
	t.Parallel()
	known := map[ticket.SiteID][]ticket.Named{1: {{ID: "1", Name: "Highest"}, {ID: "2", Name: "High"}, {ID: "3", Name: "Medium"}}}
	later := func(n int, c ticket.Category, m ticket.Meaning) func(*followup.FollowUp) {
		return func(f *followup.FollowUp) {
			f.Ticket.Category, f.Ticket.Meaning = c, m
			f.Ticket.History.Intervals[0].To = day(n)
			if m != "" {
				c = ticket.Aside
			}
			f.Ticket.History.Intervals = append(f.Ticket.History.Intervals, ticket.Interval{From: day(n), Category: c})
		}
	}
	cases := map[string]struct {
		f    followup.FollowUp
		seen []problem.Occurrence
		at   int // day; -1: it would have done nothing
		says string
	}{
		"at the second recurrence":                    {ticketed(10), happened(5, 20, 30, 40), 30, "from Medium to High"},
		"it recurred once":                            {ticketed(10), happened(5, 20), -1, ""},
		"before the days that are looked at":          {ticketed(10), happened(5, 11, 12), -1, ""},
		"without a ticket":                            {ticketed(10, func(f *followup.FollowUp) { f.Ticket = nil }), happened(5, 20, 30), -1, ""},
		"started by then":                             {ticketed(10, later(25, ticket.InProgress, "")), happened(5, 20, 30), -1, ""},
		"started later":                               {ticketed(10, later(35, ticket.InProgress, "")), happened(5, 20, 30), 30, "Medium to High"},
		"closed by a decision later":                  {ticketed(10, later(35, ticket.Done, ticket.MeansWontDo)), happened(5, 20, 30), 30, "Medium to High"},
		"filed only after the second recurrence":      {ticketed(50), happened(5, 20, 30, 40), 50, "3 times"},
		"a person chose the priority long afterwards": {ticketed(10, func(f *followup.FollowUp) { f.Ticket.History.PrioritySetByPersonAt = day(60) }), happened(5, 20, 30), 30, "Medium to High"},
		"a person chose it before":                    {ticketed(10, func(f *followup.FollowUp) { f.Ticket.History.PrioritySetByPersonAt = day(15) }), happened(5, 20, 30), 30, "Medium to High"},
		"in the active sprint of today":               {ticketed(10, func(f *followup.FollowUp) { f.Ticket.Sprints = []ticket.Sprint{{ID: "8", State: ticket.ActiveSprint}} }), happened(5, 20, 30), 30, "proposed for the current sprint"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := followup.DefaultRule()
			rule.Mode = followup.Off // it is asked about before it is switched on
			got := Replay(rule, []followup.FollowUp{c.f}, map[problem.ID][]problem.Occurrence{7: c.seen}, known, day(15), day(100))
			if c.at < 0 {
				if len(got) != 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || !got[0].At.Equal(day(c.at)) || !strings.Contains(strings.Join(got[0].Does.Because, " "), c.says) {
				t.Errorf("got %+v, want it on day %d, saying %q", got, c.at, c.says)
			}
		})
	}
}

func TestTheLatestThatARuleWouldHaveDoneComesFirst(t *testing.T) {
	t.Parallel()
	first, second := ticketed(10), ticketed(10, func(f *followup.FollowUp) { f.ID, f.Problem = 13, 8 })
	got := Replay(followup.DefaultRule(), []followup.FollowUp{first, second}, map[problem.ID][]problem.Occurrence{7: happened(5, 20, 30), 8: happened(5, 25, 60)}, nil, day(15), day(100))
	if len(got) != 2 || got[0].FollowUp.ID != 13 || got[1].FollowUp.ID != 12 {
		t.Errorf("got %+v", got)
	}
}
