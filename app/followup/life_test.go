package followup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/fault"
	"upshot/app/problem"
)

// ways to each state, the last move on day 10.
var ways = map[State][]Move{
	Proposed:   {on(10, Proposed)},
	Queued:     {on(0, Proposed), on(10, Queued)},
	InProgress: {on(0, Queued), on(10, InProgress)},
	Done:       {on(0, Queued), on(5, InProgress), on(10, Done)},
	Verified:   {on(-60, Queued), on(-50, Done), on(10, Verified)},
	Declined:   {on(0, Proposed), on(10, Declined)},
	Duplicate:  {on(0, Queued), on(10, Duplicate)},
}

func TestEveryTransitionFromEveryState(t *testing.T) {
	t.Parallel()
	now := day(90)
	transitions := map[string]struct {
		do   func(*FollowUp) error
		to   State
		from []State
	}{
		"queue":          {func(f *FollowUp) error { return f.Queue(now) }, Queued, []State{Proposed, Declined}},
		"start":          {func(f *FollowUp) error { return f.Start(now) }, InProgress, []State{Queued}},
		"send back":      {func(f *FollowUp) error { return f.SendBack(now) }, Queued, []State{InProgress}},
		"finish":         {func(f *FollowUp) error { return f.Finish(now, "https://example.com/test") }, Done, []State{Queued, InProgress}},
		"reopen":         {func(f *FollowUp) error { return f.Reopen(now) }, Queued, []State{Done, Verified}},
		"verify":         {func(f *FollowUp) error { return f.Verify(now, nil) }, Verified, []State{Done}},
		"decline":        {func(f *FollowUp) error { return f.Decline(now, soundDecline) }, Declined, []State{Proposed, Queued, InProgress}},
		"mark duplicate": {func(f *FollowUp) error { return f.MarkDuplicate(now, 7) }, Duplicate, []State{Proposed, Queued, InProgress}},
		"propose again":  {func(f *FollowUp) error { return f.Propose(now) }, Proposed, []State{Declined, Duplicate}},
	}
	for name, tr := range transitions {
		for _, state := range States {
			t.Run(name+" when "+string(state), func(t *testing.T) {
				t.Parallel()
				f := moved(slices.Clone(ways[state])...)
				f.EvidenceURL = "https://example.com/test"
				before := len(f.Moves)
				err := tr.do(&f)
				if !slices.Contains(tr.from, state) {
					if !fault.Is(err, fault.Conflict) || f.State != state || len(f.Moves) != before {
						t.Fatalf("got %v and state %s, want a conflict and no change", err, f.State)
					}
					return
				}
				last := f.Moves[len(f.Moves)-1]
				if err != nil || f.State != tr.to || len(f.Moves) != before+1 || last != (Move{State: tr.to, At: now}) {
					t.Fatalf("got %v, state %s, moves %v", err, f.State, f.Moves)
				}
			})
		}
	}
}

var soundDecline = Decline{Reason: "the service is retired in June", LookAgainOn: "2027-01-15"}

func TestWhatTransitionsAskFor(t *testing.T) {
	t.Parallel()
	now := day(90)
	cases := map[string]struct {
		state State
		do    func(*FollowUp) error
		field string
	}{
		"done without evidence":            {InProgress, func(f *FollowUp) error { return f.Finish(now, "") }, "evidence_url"},
		"evidence that is no address":      {InProgress, func(f *FollowUp) error { return f.Finish(now, "javascript:alert(1)") }, "evidence_url"},
		"verified without evidence":        {Done, func(f *FollowUp) error { return f.Verify(now, nil) }, "evidence_url"},
		"declined without a reason":        {Queued, func(f *FollowUp) error { return f.Decline(now, Decline{"   too     ", "2027-01-15"}) }, "declined.reason"},
		"declined without a date":          {Queued, func(f *FollowUp) error { return f.Decline(now, Decline{soundDecline.Reason, ""}) }, "declined.look_again_on"},
		"declined with a date in the past": {Queued, func(f *FollowUp) error { return f.Decline(now, Decline{soundDecline.Reason, "2026-01-01"}) }, "declined.look_again_on"},
		"a duplicate of nothing":           {Queued, func(f *FollowUp) error { return f.MarkDuplicate(now, 0) }, "duplicate_of"},
		"a duplicate of itself":            {Queued, func(f *FollowUp) error { return f.MarkDuplicate(now, f.ID) }, "duplicate_of"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := moved(slices.Clone(ways[c.state])...)
			err := c.do(&f)
			if !fault.Is(err, fault.Invalid) || len(fault.Of(err).Fields) != 1 || fault.Of(err).Fields[0].Name != c.field {
				t.Fatalf("got %v, want %s to be corrected", err, c.field)
			}
			if f.State != c.state {
				t.Errorf("it is %s although it was refused", f.State)
			}
		})
	}
}

func TestDecisionsAreTakenBack(t *testing.T) {
	t.Parallel()
	f := moved(on(0, Queued))
	for _, step := range []func() error{
		func() error { return f.Decline(day(1), soundDecline) },
		func() error { return f.Propose(day(2)) },
		func() error { return f.MarkDuplicate(day(3), 7) },
		func() error { return f.Propose(day(4)) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if f.Declined != (Decline{}) || f.DuplicateOf != 0 {
		t.Errorf("something of the old decisions is left: %+v", f)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*FollowUp)
		seen   []problem.Occurrence
		now    time.Time
		want   string // part of the refusal; empty: verified
	}{
		"the quiet period is over to the second":      {now: day(40)},
		"a second too early":                          {now: day(40).Add(-time.Second), want: "held for 30 days"},
		"it recurred in the quiet period":             {now: day(60), seen: recurred(-1, 39), want: "recurred on 2026-04-10"},
		"it recurred at the end of the quiet period":  {now: day(60), seen: recurred(-1, 40)},
		"what recurred before it shipped is no doubt": {now: day(60), seen: recurred(-1, 9)},
		"a later deployment begins the quiet period":  {change: func(f *FollowUp) { f.DeployedAt = day(25) }, now: day(50), want: "shipped on 2026-03-27"},
		"an earlier deployment began it":              {change: func(f *FollowUp) { f.DeployedAt = day(6) }, now: day(36)},
		"shipped as corrected by hand":                {change: func(f *FollowUp) { f.ShippedByHandAt = day(8) }, now: day(38)},
		"nobody knows when it shipped":                {change: func(f *FollowUp) { f.Moves = nil }, now: day(60), want: "has not shipped"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := moved(slices.Clone(ways[Done])...)
			f.EvidenceURL = "https://example.com/test"
			if c.change != nil {
				c.change(&f)
			}
			before := len(f.Moves)
			if due := VerifyDue(f, c.seen, c.now); due != (c.want == "") || len(f.Moves) != before || f.State != Done {
				t.Errorf("due: got %v", due)
			}
			err := f.Verify(c.now, c.seen)
			if c.want == "" {
				if err != nil || f.State != Verified {
					t.Fatalf("got %v, want it verified", err)
				}
				return
			}
			if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		f      FollowUp
		seen   []problem.Occurrence
		failed time.Time // zero: it holds
	}{
		"nothing recurred":                     {f: moved(ways[Done]...), seen: recurred(-1, 5)},
		"it recurred in the quiet period":      {f: moved(ways[Done]...), seen: recurred(-1, 20), failed: day(20)},
		"at the moment of shipping":            {f: moved(ways[Done]...), seen: recurred(-1, 10), failed: day(10)},
		"after the quiet period":               {f: moved(ways[Done]...), seen: recurred(-1, 40)},
		"twice: the latest is remembered":      {f: moved(ways[Done]...), seen: recurred(-1, 20, 30), failed: day(30)},
		"verified, and a late report comes in": {f: moved(ways[Verified]...), seen: recurred(-100, -30), failed: day(-30)},
		"not shipped yet":                      {f: moved(ways[InProgress]...), seen: recurred(-1, 20)},
		"declined":                             {f: moved(ways[Declined]...), seen: recurred(-1, 20)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, now := c.f, day(60)
			f.Moves = slices.Clone(f.Moves)
			state, before := f.State, len(f.Moves)
			if got := Hold(&f, c.seen, now); got == c.failed.IsZero() {
				t.Fatalf("got %v", got)
			}
			if !f.FixFailedAt.Equal(c.failed) {
				t.Errorf("failed at %v, want %v", f.FixFailedAt, c.failed)
			}
			if c.failed.IsZero() {
				if f.State != state || len(f.Moves) != before {
					t.Errorf("it is %s now, %v", f.State, f.Moves)
				}
				return
			}
			if last := f.Moves[len(f.Moves)-1]; f.State != Queued || last != (Move{Queued, now}) {
				t.Errorf("it is %s, %v; want it queued again", f.State, last)
			}
			if Hold(&f, c.seen, now) {
				t.Error("the same recurrence failed it twice")
			}
			if err := f.Finish(day(70), "https://example.com/test"); err != nil {
				t.Fatal(err)
			}
			if Hold(&f, c.seen, day(71)) {
				t.Error("an old recurrence failed the new fix")
			}
		})
	}
}

func TestAFixThatFailedRecurredAfterIt(t *testing.T) {
	t.Parallel()
	f := moved(on(0, Queued), on(5, InProgress), on(10, Done))
	seen := recurred(-1, 3, 20)
	if !Hold(&f, seen, day(20).Add(time.Minute)) {
		t.Fatal("it did not hold")
	}
	l := LedgerOf(f, seen, day(30))
	if l.RecurrencesWhileWaiting != 1 || l.RecurrencesAfter != 1 || !l.ShippedAt.IsZero() || l.StillWaiting {
		t.Errorf("got %+v", l)
	}
}
