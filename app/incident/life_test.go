package incident

import (
	"testing"
	"time"

	"upshot/app/fault"
)

var noon = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// lived is an incident that began at noon and ended a while later, taken through its states by the minute.
func lived(s Status) Incident {
	i := New("Checkout is slow", noon)
	i.ID = 42
	steps := []struct {
		to   Status
		take func() error
	}{
		{Mitigated, func() error { return i.Mitigate(noon.Add(10 * time.Minute)) }},
		{Resolved, func() error { return i.Resolve(noon.Add(20*time.Minute), Restart) }},
		{Closed, func() error { return i.Close(noon.Add(30*time.Minute), Loop{Cause: true}) }},
	}
	for _, step := range steps {
		if i.Status == s {
			break
		}
		if err := step.take(); err != nil {
			panic(err)
		}
	}
	return i
}

func TestStepsOfAnIncidentsLife(t *testing.T) {
	t.Parallel()
	at := noon.Add(40 * time.Minute)
	steps := map[string]func(*Incident) error{
		"mitigate": func(i *Incident) error { return i.Mitigate(at) },
		"restore":  func(i *Incident) error { return i.Restore(at) },
		"resolve":  func(i *Incident) error { return i.Resolve(at, Rollback) },
		"close":    func(i *Incident) error { return i.Close(at, Loop{Cause: true}) },
		"reopen":   func(i *Incident) error { return i.Reopen(at) },
	}
	for _, c := range []struct {
		from Status
		step string
		want Status // empty: refused
	}{
		{Open, "mitigate", Mitigated},
		{Open, "restore", Mitigated},
		{Open, "resolve", Resolved},
		{Open, "close", ""},
		{Open, "reopen", ""},
		{Mitigated, "mitigate", ""},
		{Mitigated, "restore", Mitigated},
		{Mitigated, "resolve", Resolved},
		{Mitigated, "close", ""},
		{Mitigated, "reopen", Open},
		{Resolved, "mitigate", ""},
		{Resolved, "restore", ""},
		{Resolved, "resolve", ""},
		{Resolved, "close", Closed},
		{Resolved, "reopen", Open},
		{Closed, "mitigate", ""},
		{Closed, "restore", ""},
		{Closed, "resolve", ""},
		{Closed, "close", ""},
		{Closed, "reopen", Open},
	} {
		t.Run(string(c.from)+", "+c.step, func(t *testing.T) {
			t.Parallel()
			i := lived(c.from)
			err := steps[c.step](&i)
			switch {
			case c.want == "" && !fault.Is(err, fault.Conflict):
				t.Errorf("it is refused: %v", err)
			case c.want == "" && i.Status != c.from:
				t.Errorf("a refused step leaves it %s, it is %s", c.from, i.Status)
			case c.want != "" && (err != nil || i.Status != c.want):
				t.Errorf("it is %s after %v, want %s", i.Status, err, c.want)
			}
		})
	}
}

func TestResolvingNotesWhatNobodyNoted(t *testing.T) {
	t.Parallel()
	i := lived(Open)
	if err := i.Resolve(noon.Add(time.Hour), ""); err != nil {
		t.Fatal(err)
	}
	if !i.Moments.RestoredAt.Equal(noon.Add(time.Hour)) || i.EndedBy != UnknownEnding {
		t.Errorf("restored %s by %q", i.Moments.RestoredAt, i.EndedBy)
	}
	i = lived(Open)
	if err := i.Restore(noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := i.Resolve(noon.Add(time.Hour), Workaround); err != nil {
		t.Fatal(err)
	}
	if !i.Moments.RestoredAt.Equal(noon.Add(time.Minute)) || i.EndedBy != Workaround {
		t.Errorf("a known moment stays: %s by %q", i.Moments.RestoredAt, i.EndedBy)
	}
}

func TestReopeningAddsASegmentWithinTheFlapWindow(t *testing.T) {
	t.Parallel()
	i := lived(Closed) // over at 12:20
	if err := i.Reopen(noon.Add(49 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if len(i.Segments) != 1 || i.Segments[0] != (Segment{StartedAt: noon, EndedAt: noon.Add(20 * time.Minute)}) {
		t.Errorf("segments %v", i.Segments)
	}
	if m := i.Moments; i.Status != Open || !m.RestoredOrResolved().IsZero() || !m.MitigatedAt.IsZero() || !m.ClosedAt.IsZero() || i.EndedBy != UnknownEnding {
		t.Errorf("it is not open anew: %+v", i)
	}
	if err := i.Resolve(noon.Add(59*time.Minute), Restart); err != nil {
		t.Fatal(err)
	}
	if d, ended := i.Duration(); !ended || d != 30*time.Minute {
		t.Errorf("twenty minutes and ten, not the time between: %s", d)
	}

	late := lived(Resolved)
	if err := late.Reopen(noon.Add(50 * time.Minute)); !fault.Is(err, fault.Conflict) || late.Status != Resolved {
		t.Errorf("half an hour later it is a new occurrence: %v", err)
	}
}

func TestOnlyTheFirstTellingCounts(t *testing.T) {
	t.Parallel()
	i := lived(Open)
	if err := i.Tell(noon.Add(time.Hour), ByHand); err != nil {
		t.Fatal(err)
	}
	if err := i.Tell(noon.Add(2*time.Hour), ByHand); !fault.Is(err, fault.Conflict) {
		t.Errorf("they were told already: %v", err)
	}
	if err := i.Tell(noon.Add(time.Minute), "page"); err != nil || i.NotifiedBy != "page" || !i.Moments.DeveloperNotifiedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("an earlier telling counts: %v, %s by %s", err, i.Moments.DeveloperNotifiedAt, i.NotifiedBy)
	}
}

func TestCorrectingAMoment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		moment Moment
		value  time.Time
		reason string
		done   bool
		kind   fault.Kind // of the refusal
	}{
		"another value":          {moment: RestoredAt, value: noon.Add(5 * time.Minute), reason: "The clock was wrong.", done: true},
		"unknown after all":      {moment: RestoredAt, reason: "Nobody knows.", done: true},
		"no reason":              {moment: RestoredAt, value: noon, kind: fault.Invalid},
		"no such moment":         {moment: "forgotten_at", value: noon, reason: "The clock was wrong.", kind: fault.Invalid},
		"not started after all":  {moment: StartedAt, reason: "The clock was wrong.", kind: fault.Invalid},
		"the value that it has":  {moment: StartedAt, value: noon, reason: "The clock was wrong.", kind: fault.Conflict},
		"reopening is no moment": {moment: reopenedAt, value: noon, reason: "The clock was wrong.", kind: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := lived(Resolved)
			err := i.Correct(c.moment, c.value, c.reason)
			if !c.done {
				if !fault.Is(err, c.kind) {
					t.Errorf("got %v, want %v", err, c.kind)
				}
				return
			}
			if err != nil || !i.Moments.Of(c.moment).Equal(c.value) {
				t.Errorf("%s after %v", i.Moments.Of(c.moment), err)
			}
		})
	}
}

func TestWhatDoesNotCountIsNeverSignificant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		severity Severity
		kind     Kind
		merged   ID
		want     bool
	}{
		"a SEV1":                 {severity: SEV1, kind: Real, want: true},
		"a SEV2":                 {severity: SEV2, kind: Real, want: true},
		"a SEV3":                 {severity: SEV3, kind: Real},
		"nobody knows how bad":   {kind: Real},
		"maintenance":            {severity: SEV1, kind: Maintenance},
		"a drill":                {severity: SEV1, kind: Drill},
		"a second report of one": {severity: SEV1, kind: Real, merged: 7},
	} {
		i := Incident{Severity: c.severity, Kind: c.kind, MergedInto: c.merged}
		if got := i.Alone(false).Significant; got != c.want {
			t.Errorf("%s: significant %t, want %t", name, got, c.want)
		}
	}
	if !Significant(SEV4, 2) || Significant(SEV4, 1) {
		t.Error("any that recurs is significant")
	}
}
