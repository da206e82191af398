package dashboard

import (
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/views/ui"
)

var now = time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)

func waiting(days ...int) (all []followup.FollowUp) {
	for n, d := range days {
		at := now.AddDate(0, 0, -d)
		all = append(all, followup.FollowUp{
			ID: followup.ID(n + 1), State: followup.Queued, Moves: []followup.Move{{State: followup.Queued, At: at}}, Kept: followup.Ledger{QueuedAt: at},
		})
	}
	return all
}

func TestTheHeadingSaysTheFinding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d           Data
		title, lede string
	}{
		"nothing is recorded": {title: "What did each incident change?", lede: lede(Data{})},
		"several came back": {
			d:     Data{Recorded: true, Decide: listing.Page[followup.FollowUp]{Items: waiting(141, 74), Total: 2}, Cost: followup.Cost{Recurrences: 9, Impact: 8*time.Hour + 16*time.Minute}},
			title: "Two fixes keep being needed while they wait",
			lede:  "Together they waited 215 days, and the same failures came back 9 times: 8 h 16 min of impact.",
		},
		"one came back once": {
			d:     Data{Recorded: true, Decide: listing.Page[followup.FollowUp]{Items: waiting(5), Total: 1}, Cost: followup.Cost{Recurrences: 1, Impact: 48 * time.Minute}},
			title: "One fix keeps being needed while it waits", lede: "It waited 5 days, and the same failure came back once: 48 min of impact.",
		},
		"more than are shown": {
			d:     Data{Recorded: true, Decide: listing.Page[followup.FollowUp]{Items: waiting(5), Total: 1204}, Cost: followup.Cost{Recurrences: 3000, Impact: 90 * time.Hour}},
			title: "1,204 fixes keep being needed while they wait", lede: "The same failures came back 3,000 times: 90 h of impact.",
		},
		"what waits did not come back": {
			d:     Data{Recorded: true, Queue: followup.QueueSummary{All: followup.TeamQueue{Waiting: 3}}},
			title: "Nothing waits that came back", lede: "Three promised changes are waiting, and none of their failures came back.",
		},
		"developers do not know": {
			d:     Data{Recorded: true, Untold: listing.Page[incident.Incident]{Total: 2}},
			title: "Nothing that waits came back; developers do not know of 2 incidents", lede: "No promised change is waiting.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.d.Clock = ui.Clock{Now: now}
			h := NewPage(c.d).Heading
			if h.Title != c.title || h.Lede != c.lede || h.Crumb != "Monday 23 November, week 48" {
				t.Errorf("%q / %q / %q", h.Crumb, h.Title, h.Lede)
			}
		})
	}
}

func TestFewLoopsGiveNoShare(t *testing.T) {
	t.Parallel()
	if l := loop(metrics.LoopClosure{Loops: metrics.Loops{Verified: 2, None: 1}}); l.Share != "2 of 3" {
		t.Errorf("%q", l.Share)
	}
	if l := loop(metrics.LoopClosure{Loops: metrics.Loops{Verified: 9, DoneNotVerified: 3, Decided: 2, None: 4}}); l.Share != "61\u202f%" || l.ShareNote != "closed: 9 by proof, 2 by a decision" {
		t.Errorf("%q %q", l.Share, l.ShareNote)
	}
	if l := loop(metrics.LoopClosure{Provisional: 4}); l.Share != "" || l.Note != "none due yet" {
		t.Errorf("%q %q", l.Share, l.Note)
	}
}

func TestATrendHasADirectionFromSixFinishedMonthsOn(t *testing.T) {
	t.Parallel()
	points := func(values ...float64) (all []ui.Point) {
		for _, v := range values {
			all = append(all, ui.Point{Value: v, Missing: v < 0})
		}
		return all
	}
	for name, c := range map[string]struct {
		points []ui.Point
		tone   string
	}{
		"too few":          {points(9, 8, 7, 2, 1), ""},
		"falling":          {points(9, 9, 9, 5, 4, 3), "good"},
		"rising":           {points(3, 3, 3, -1, 6, 6, 6), "late"},
		"about the same":   {points(5, 5, 5, 5, 5, 5.1), "mute"},
		"nothing is known": {points(-1, -1, -1, -1, -1, -1, -1), ""},
	} {
		if _, tone := ui.Direction(c.points, ui.Falling); tone != c.tone {
			t.Errorf("%s: %q, want %q", name, tone, c.tone)
		}
	}
}
