package queue

import (
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/views/ui"
)

var now = time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)

func TestTheHeadingOfTheQueue(t *testing.T) {
	t.Parallel()
	for want, q := range map[string]followup.TeamQueue{
		"Nothing waits, and nothing is being worked on":                                  {},
		"Nothing waits. 4 follow-ups are being worked on.":                               {Open: 4},
		"Nothing waits. 1 follow-up is being worked on.":                                 {Open: 1},
		"1 fix is waiting. It has not recurred.":                                         {Open: 1, Waiting: 1},
		"1 fix is waiting. It recurred meanwhile. Waiting has cost 48 min.":              {Open: 1, Waiting: 1, Recurred: 1, Cost: 48 * time.Minute},
		"8 fixes are waiting. 6 of them recurred meanwhile. Waiting has cost 12 h.":      {Open: 12, Waiting: 8, Recurred: 6, Cost: 12 * time.Hour},
		"1,204 fixes are waiting. All of them recurred meanwhile. Waiting has cost 4 d.": {Open: 1204, Waiting: 1204, Recurred: 1204, Cost: 96 * time.Hour},
	} {
		if got := finding(q, followup.Cost{}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, c := range map[string]struct {
		q      followup.TeamQueue
		waited followup.Cost
	}{
		"8 fixes are waiting. 6 of them recurred meanwhile, 18 times, 12 h of impact.": {
			followup.TeamQueue{Open: 8, Waiting: 8, Recurred: 6, Cost: 20 * time.Hour}, followup.Cost{Recurrences: 18, Impact: 12 * time.Hour},
		},
		"1 fix is waiting. It recurred meanwhile, once, 48 min of impact.": {
			followup.TeamQueue{Open: 1, Waiting: 1, Recurred: 1}, followup.Cost{Recurrences: 1, Impact: 48 * time.Minute},
		},
		"2 fixes are waiting. None of them recurred meanwhile.": {followup.TeamQueue{Open: 2, Waiting: 2}, followup.Cost{}},
	} {
		if got := finding(c.q, c.waited); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTeamsStandFromAToZAndWhatWaitsComesFirst(t *testing.T) {
	t.Parallel()
	moves := func(states ...followup.State) (all []followup.Move) {
		for n, s := range states {
			all = append(all, followup.Move{State: s, At: now.AddDate(0, 0, n-20)})
		}
		return all
	}
	of := func(id followup.ID, team catalog.TeamID, states ...followup.State) followup.FollowUp {
		f := followup.FollowUp{ID: id, Team: team, State: states[len(states)-1], Moves: moves(states...)}
		f.Kept = followup.LedgerOf(f, nil, now)
		return f
	}
	p := NewPage(Data{
		Window: ui.Days90, Clock: ui.Clock{Now: now},
		Teams: []catalog.Team{{ID: 1, Slug: "tracking", Name: "Tracking"}, {ID: 2, Slug: "booking", Name: "Booking"}},
		Page: listing.Page[followup.FollowUp]{Total: 4, Items: []followup.FollowUp{
			of(1, 2, followup.Queued, followup.InProgress, followup.Done), of(2, 2, followup.Queued, followup.InProgress),
			of(3, 2, followup.Queued), of(4, 0, followup.Queued), of(5, 1, followup.Queued),
		}},
	})
	want := map[string][]string{"Booking": {"FU-3", "FU-2", "FU-1"}, "Tracking": {"FU-5"}, "Nobody yet": {"FU-4"}}
	for n, name := range []string{"Booking", "Tracking", "Nobody yet"} {
		team := p.Chart.Teams[n]
		if team.Name != name {
			t.Fatalf("team %d is %q, want %q", n, team.Name, name)
		}
		for i, ref := range want[name] {
			if team.Rows[i].Ref != ref {
				t.Errorf("%s: row %d is %s, want %s", name, i, team.Rows[i].Ref, ref)
			}
		}
	}
}

func TestManyStartedFixesAreThinnedEvenly(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	for n := range 10_000 {
		waits = append(waits, time.Duration(10_000-n)*time.Minute)
	}
	some := thinned(waits)
	if len(some) != dotsDrawn || some[0] != time.Minute || some[dotsDrawn-1] < 9900*time.Minute {
		t.Errorf("%d from %v to %v", len(some), some[0], some[len(some)-1])
	}
}
