package followups

import (
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/problem"
	"upshot/views/ui"
)

var (
	now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	day = 24 * time.Hour
)

func ago(days int) time.Time { return now.Add(-time.Duration(days) * day) }

func seenAt(days ...int) []problem.Occurrence {
	var members []problem.Member
	for n, d := range days {
		members = append(members, problem.Member{
			Incident: problem.IncidentID(n + 1), StartedAt: ago(d), DetectedAt: ago(d), RestoredAt: ago(d).Add(time.Hour), Impact: time.Hour,
		})
	}
	return problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, now)
}

func TestTheBarOfAFollowUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f        followup.FollowUp
		seen     []problem.Occurrence
		now      string
		segments []ui.State
		marks    int
		failed   bool
	}{
		"a proposal has no bar": {
			f:   followup.FollowUp{ID: 1, State: followup.Proposed, Moves: []followup.Move{{State: followup.Proposed, At: ago(9)}}},
			now: "proposed",
		},
		"waiting, and it recurred twice": {
			f:    followup.FollowUp{ID: 1, State: followup.Queued, Moves: []followup.Move{{State: followup.Queued, At: ago(74)}}},
			seen: seenAt(100, 50, 10), now: "waiting 74 d", segments: []ui.State{ui.Waiting}, marks: 2,
		},
		"sent back": {
			f: followup.FollowUp{ID: 1, State: followup.Queued, Moves: []followup.Move{
				{State: followup.Queued, At: ago(40)}, {State: followup.InProgress, At: ago(30)}, {State: followup.Queued, At: ago(20)},
			}},
			now: "sent back 20 d", segments: []ui.State{ui.Waiting, ui.Working, ui.SentBack},
		},
		"done, in its quiet period": {
			f: followup.FollowUp{ID: 1, State: followup.Done, Moves: []followup.Move{
				{State: followup.Queued, At: ago(40)}, {State: followup.InProgress, At: ago(30)}, {State: followup.Done, At: ago(20)},
			}},
			now: "done, quiet period", segments: []ui.State{ui.Waiting, ui.Working},
		},
		"it did not hold, and waits again": {
			f: followup.FollowUp{ID: 1, State: followup.Queued, FixFailedAt: ago(10), Moves: []followup.Move{
				{State: followup.Queued, At: ago(40)}, {State: followup.InProgress, At: ago(30)}, {State: followup.Done, At: ago(20)}, {State: followup.Queued, At: ago(10)},
			}},
			seen: seenAt(60, 10), now: "fix failed 10 d", segments: []ui.State{ui.Waiting, ui.Working, ui.SentBack}, marks: 1, failed: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := BarOf(c.f, c.seen, now)
			if b.Now != c.now {
				t.Errorf("now %q, want %q", b.Now, c.now)
			}
			if len(b.Segments) != len(c.segments) {
				t.Fatalf("segments %v, want %v", b.Segments, c.segments)
			}
			for i, s := range c.segments {
				if b.Segments[i].State != s {
					t.Errorf("segment %d is %q, want %q", i, b.Segments[i].State, s)
				}
			}
			if len(b.Marks) != c.marks {
				t.Errorf("%d marks, want %d: %v", len(b.Marks), c.marks, b.Marks)
			}
			if c.failed && (b.FailedAt.IsZero() || b.DoneAt.IsZero()) {
				t.Errorf("a bar that did not hold shows when it was done and when it failed: %+v", b)
			}
		})
	}
}
