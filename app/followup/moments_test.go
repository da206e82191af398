package followup

import (
	"testing"
	"time"

	"upshot/app/fault"
)

func TestCorrectingWhenItWasQueuedAndShipped(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ago := func(days int) *time.Time { at := now.AddDate(0, 0, -days); return &at }
	waiting := FollowUp{ID: 1, State: Queued, Moves: []Move{{Queued, *ago(10)}}}
	done := FollowUp{ID: 1, State: Done, Moves: []Move{{Queued, *ago(10)}, {Done, *ago(2)}}}
	for name, c := range map[string]struct {
		f     FollowUp
		given Correction
		wrong string // the field that needs another look
	}{
		"it waited longer":             {f: waiting, given: Correction{QueuedAt: ago(20), Reason: "promised in the review"}},
		"it shipped a day earlier":     {f: done, given: Correction{ShippedAt: ago(3), Reason: "went out with 4.2"}},
		"the correction was not right": {f: done, given: Correction{QueuedAt: &time.Time{}, Reason: "the moves are right"}},
		"without a reason":             {f: waiting, given: Correction{QueuedAt: ago(20)}, wrong: "reason"},
		"in the future":                {f: waiting, given: Correction{QueuedAt: ago(-1), Reason: "why"}, wrong: "queued_at"},
		"before there were computers":  {f: waiting, given: Correction{QueuedAt: ago(365 * 60), Reason: "why"}, wrong: "queued_at"},
		"a proposal was never queued":  {f: FollowUp{State: Proposed, Moves: []Move{{Proposed, *ago(3)}}}, given: Correction{QueuedAt: ago(2), Reason: "why"}, wrong: "queued_at"},
		"what waits has not shipped":   {f: waiting, given: Correction{ShippedAt: ago(1), Reason: "why"}, wrong: "shipped_at"},
		"shipped before it was queued": {f: done, given: Correction{QueuedAt: ago(2), ShippedAt: ago(5), Reason: "why"}, wrong: "shipped_at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.f
			err := f.Correct(c.given, now)
			switch trouble := fault.Of(err); {
			case c.wrong == "" && err != nil:
				t.Fatal(err)
			case c.wrong != "" && (trouble == nil || trouble.Fields[0].Name != c.wrong):
				t.Fatalf("got %v, want %s to be wrong", err, c.wrong)
			case c.wrong != "" && (!f.QueuedByHandAt.IsZero() || !f.ShippedByHandAt.IsZero()):
				t.Error("a refused correction changes nothing")
			}
		})
	}
}
