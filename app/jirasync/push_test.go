package jirasync

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"upshot/app/ticket"
)

func TestAfterCall(t *testing.T) {
	t.Parallel()
	sent := Push{State: PushSending, Attempt: 2}
	cases := map[string]struct {
		attempt int
		err     error
		state   PushState
		next    time.Time
		maybe   bool
	}{
		"done":                         {2, nil, PushDone, time.Time{}, false},
		"later, at a growing distance": {2, &Trouble{Kind: Temporary}, PushWaiting, noon.Add(4 * time.Second), false},
		"it may have been done":        {2, &Trouble{Kind: Temporary, Maybe: true}, PushWaiting, noon.Add(4 * time.Second), true},
		"after the last attempt":       {maxAttempts, &Trouble{Kind: Temporary}, PushDead, time.Time{}, false},
		"Jira asks to wait":            {2, &Trouble{Kind: Limited, Until: noon.Add(time.Hour)}, PushWaiting, noon.Add(time.Hour), false},
		"Jira asks to wait, however often it was tried": {maxAttempts + 5, &Trouble{Kind: Limited, Until: noon.Add(time.Hour)}, PushWaiting, noon.Add(time.Hour), false},
		"the login is not good":                         {2, &Trouble{Kind: Login}, PushWaiting, noon.Add(loginEvery), false},
		"Jira refuses it":                               {1, &Trouble{Kind: Refused}, PushDead, time.Time{}, false},
		"the login may not":                             {1, &Trouble{Kind: Forbidden}, PushDead, time.Time{}, false},
		"the issue is not there":                        {1, &Trouble{Kind: Absent}, PushDead, time.Time{}, false},
		"somebody changed it meanwhile":                 {1, &Trouble{Kind: Raced}, PushWaiting, noon.Add(2 * time.Second), false},
		"the program ended meanwhile":                   {1, context.Canceled, PushWaiting, noon.Add(2 * time.Second), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sent
			p.Attempt = c.attempt
			got := AfterCall(p, c.err, noon)
			if got.State != c.state || got.Maybe != c.maybe || c.state == PushWaiting && !got.NextAt.Equal(c.next) {
				t.Errorf("got %s, next %s, maybe %t", got.State, got.NextAt, got.Maybe)
			}
		})
	}
	for _, kind := range []TroubleKind{Limited, Login} {
		if got := AfterCall(sent, &Trouble{Kind: kind}, noon); got.Attempt != sent.Attempt-1 {
			t.Errorf("%s: waiting as asked counts as attempt %d", kind, got.Attempt)
		}
	}
	p, waited := Push{}, time.Duration(0)
	for p.State != PushDead {
		p.Attempt++
		if p = AfterCall(p, &Trouble{Kind: Temporary}, noon); p.State != PushDead {
			waited += p.NextAt.Sub(noon)
		}
	}
	if waited < 8*time.Hour || waited > 24*time.Hour {
		t.Errorf("it gives up after %s; Jira may be away for a working day", waited)
	}
	before := sent
	before.Maybe = true
	if got := AfterCall(before, &Trouble{Kind: Temporary}, noon); !got.Maybe {
		t.Error("what an earlier attempt may have done is forgotten")
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	someone, nobody := "ada", ""
	edit := func(id PushID, e Edit) Push { return Push{ID: id, Kind: PushEdit, Payload: Payload{Edit: e}} }
	cases := map[string]struct {
		edits []Push
		want  Edit
		note  PushID
	}{
		"nothing": {nil, Edit{}, 0},
		"labels are joined, each once": {
			[]Push{edit(1, Edit{AddLabels: []string{"a", "b"}}), edit(2, Edit{AddLabels: []string{"b", "c"}})},
			Edit{AddLabels: []string{"a", "b", "c"}},
			0,
		},
		"a label that is added is not removed": {
			[]Push{edit(1, Edit{RemoveLabels: []string{"a", "b"}}), edit(2, Edit{AddLabels: []string{"a"}})},
			Edit{AddLabels: []string{"a"}, RemoveLabels: []string{"b"}},
			0,
		},
		"a label that was added and is to go, goes": {
			[]Push{edit(1, Edit{AddLabels: []string{"a", "b"}}), edit(2, Edit{RemoveLabels: []string{"a"}})},
			Edit{AddLabels: []string{"b"}, RemoveLabels: []string{"a"}},
			0,
		},
		"a label that went back and forth is as it was wanted last": {
			[]Push{edit(1, Edit{RemoveLabels: []string{"a"}}), edit(2, Edit{AddLabels: []string{"a"}}), edit(3, Edit{RemoveLabels: []string{"a"}})},
			Edit{RemoveLabels: []string{"a"}},
			0,
		},
		"an emptied date is a change": {
			[]Push{edit(1, Edit{DueOn: &someone}), edit(2, Edit{DueOn: &nobody})}, Edit{DueOn: &nobody}, 0,
		},
		"the latest of each field counts": {
			[]Push{edit(1, Edit{Priority: "2", Summary: "old"}), edit(2, Edit{Summary: "new", Assignee: &someone}), edit(3, Edit{Assignee: &nobody})},
			Edit{Priority: "2", Summary: "new", Assignee: &nobody},
			0,
		},
		"the latest comment, with whose it is": {
			[]Push{edit(4, Edit{Comment: "once"}), edit(7, Edit{Comment: "twice"}), edit(8, Edit{Priority: "1"})},
			Edit{Comment: "twice", Priority: "1"},
			7,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, note := Together(c.edits)
			if note != c.note || !slices.Equal(got.AddLabels, c.want.AddLabels) || !slices.Equal(got.RemoveLabels, c.want.RemoveLabels) {
				t.Errorf("got %+v of push %d", got, note)
			}
			got.AddLabels, got.RemoveLabels, c.want.AddLabels, c.want.RemoveLabels = nil, nil, nil, nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestNoteID(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body string
		id   PushID
		ours bool
	}{
		"ours":                        {"F-7: waiting 3 d\n\nUpshot, note 41", 41, true},
		"ours, as Jira gives it back": {"F-7\r\n\r\nUpshot, note 41 \r\n", 41, true},
		"somebody’s":                  {"I saw Upshot, note 41 and wondered", 0, false},
		"a number beyond any":         {"Upshot, note 99999999999999999999", 0, false},
		"nothing":                     {"", 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if id, ours := NoteID(c.body); ours != c.ours || ours && id != c.id {
				t.Errorf("got %d, %t", id, ours)
			}
		})
	}
}

func TestChooseTransition(t *testing.T) {
	t.Parallel()
	to := func(id string, c ticket.Category) Transition {
		return Transition{ID: id, To: ticket.Status{Category: c}}
	}
	asking := func(w Transition, resolutions ...string) Transition {
		w.NeedsResolution = true
		for _, name := range resolutions {
			w.Resolutions = append(w.Resolutions, ticket.Named{ID: "r-" + name, Name: name})
		}
		return w
	}
	needing := to("11", ticket.ToDo)
	needing.Needs = []string{"Reason"}
	cases := map[string]struct {
		ways       []Transition
		to         ticket.Category
		way        string // empty: none
		resolution string
	}{
		"by category, whatever its name":            {[]Transition{to("31", ticket.Done), to("11", ticket.ToDo)}, ticket.ToDo, "11", ""},
		"back to work where no way leads to to do":  {[]Transition{to("31", ticket.Done), to("21", ticket.InProgress)}, ticket.ToDo, "21", ""},
		"none leads there":                          {[]Transition{to("31", ticket.Done)}, ticket.ToDo, "", ""},
		"one that asks what we do not know is none": {[]Transition{needing}, ticket.ToDo, "", ""},
		"another way round it":                      {[]Transition{needing, to("12", ticket.ToDo)}, ticket.ToDo, "12", ""},
		"done without a resolution on the screen":   {[]Transition{to("31", ticket.Done)}, ticket.Done, "31", ""},
		"done with the resolution that means done":  {[]Transition{asking(to("31", ticket.Done), "Won't Do", "Fixed")}, ticket.Done, "31", "r-Fixed"},
		"done where only other resolutions are":     {[]Transition{asking(to("31", ticket.Done), "Won't Do")}, ticket.Done, "", ""},
		"there are none at all":                     {nil, ticket.Done, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way, resolution, found := ChooseTransition(c.ways, c.to)
			if way.ID != c.way || resolution != c.resolution || found != (c.way != "") {
				t.Errorf("got %q with %q", way.ID, resolution)
			}
		})
	}
}

func TestWhetherATransitionIsStillNeeded(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		at, to  ticket.Category
		reached bool
	}{
		"done, and to be done":                 {ticket.Done, ticket.Done, true},
		"in progress, and to be done":          {ticket.InProgress, ticket.Done, false},
		"done, and to be reopened":             {ticket.Done, ticket.ToDo, false},
		"reopened by somebody meanwhile":       {ticket.ToDo, ticket.ToDo, true},
		"reopened, and started already":        {ticket.InProgress, ticket.ToDo, true},
		"in the backlog, and to be started":    {ticket.ToDo, ticket.InProgress, false},
		"finished by somebody before we start": {ticket.Done, ticket.InProgress, false},
		"in a status that nobody can place":    {ticket.Unknown, ticket.Done, false},
	}
	for name, c := range cases {
		if got := reached(c.at, c.to); got != c.reached {
			t.Errorf("%s: %v", name, got)
		}
	}
}
