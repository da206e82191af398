package incident

import (
	"testing"
	"time"

	"upshot/app/fault"
)

func TestTheGate(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	decided := Decision{Reason: "The vendor is gone for good.", LookAgainOn: "2027-01-15"}
	for name, c := range map[string]struct {
		severity    Severity
		kind        Kind
		status      Status
		significant bool
		loop        Loop
		want        Missing
	}{
		"small and explained":                   {kind: Real, status: Resolved, loop: Loop{Cause: true}},
		"small and unexplained":                 {kind: Real, status: Resolved, want: Missing{Cause: true}},
		"still open":                            {kind: Real, status: Open, loop: Loop{Cause: true}, want: Missing{Resolved: true}},
		"mitigated is not resolved":             {kind: Real, status: Mitigated, loop: Loop{Cause: true}, want: Missing{Resolved: true}},
		"significant without a change":          {kind: Real, status: Resolved, significant: true, loop: Loop{Cause: true}, want: Missing{Change: true}},
		"significant with a practice change":    {kind: Real, status: Resolved, significant: true, loop: Loop{Cause: true, PracticeFollowUps: 1}},
		"significant with a decision":           {kind: Real, status: Resolved, significant: true, loop: Loop{Cause: true, Decision: decided}},
		"a decision explains nothing":           {kind: Real, status: Resolved, significant: true, loop: Loop{Decision: decided}, want: Missing{Cause: true}},
		"a change explains nothing":             {kind: Real, status: Resolved, significant: true, loop: Loop{PracticeFollowUps: 2}, want: Missing{Cause: true}},
		"what came back three times":            {kind: Real, status: Resolved, significant: true, want: Missing{Cause: true, Change: true}},
		"maintenance needs nothing but its end": {kind: Maintenance, status: Resolved, significant: true},
		"a drill needs nothing but its end":     {kind: Drill, status: Resolved},
		"a drill goes on":                       {kind: Drill, status: Open, want: Missing{Resolved: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := New("Checkout is slow", noon)
			i.Kind, i.Status, i.Standing.Significant = c.kind, c.status, c.significant
			got := Gate(i, c.loop)
			if got != c.want {
				t.Errorf("missing %+v, want %+v", got, c.want)
			}
			err := i.Close(noon.Add(time.Hour), c.loop)
			if closed := i.Status == Closed; closed != c.want.None() || (err == nil) != closed {
				t.Errorf("%s after %v", i.Status, err)
			}
			if err != nil && (!fault.Is(err, fault.Conflict) || len(fault.Of(err).Fields) == 0) {
				t.Errorf("it says what to do: %v", err)
			}
		})
	}
}

func TestADecisionHasAReasonAndADayToCome(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		reason, on string
		wrong      []string
	}{
		"both":              {reason: "The vendor is gone for good.", on: "2027-01-15"},
		"no reason":         {on: "2027-01-15", wrong: []string{"decision.reason"}},
		"hardly a reason":   {reason: "no time", on: "2027-01-15", wrong: []string{"decision.reason"}},
		"no day":            {reason: "The vendor is gone for good.", wrong: []string{"decision.look_again_on"}},
		"no such day":       {reason: "The vendor is gone for good.", on: "2027-02-30", wrong: []string{"decision.look_again_on"}},
		"a day in the past": {reason: "The vendor is gone for good.", on: "2026-09-13", wrong: []string{"decision.look_again_on"}},
		"nothing at all":    {wrong: []string{"decision.reason", "decision.look_again_on"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Decision{Reason: c.reason, LookAgainOn: c.on}.Check(noon)
			var wrong []string
			if f := fault.Of(err); f != nil {
				for _, field := range f.Fields {
					wrong = append(wrong, field.Name)
				}
			}
			if len(wrong) != len(c.wrong) {
				t.Fatalf("wrong %v, want %v", wrong, c.wrong)
			}
			for n := range wrong {
				if wrong[n] != c.wrong[n] {
					t.Errorf("wrong %v, want %v", wrong, c.wrong)
				}
			}
		})
	}
}
