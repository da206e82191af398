package jirasync

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/ticket"
)

var (
	noon   = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	settle = []time.Duration{5 * time.Second, 30 * time.Second, 90 * time.Second}
)

func TestAfterFailure(t *testing.T) {
	t.Parallel()
	sending := Link{State: ticket.LinkSending, Attempt: 3, Asked: NewIssue{Priority: "2", DueOn: "2026-04-01", Mark: "m"}}
	cases := map[string]struct {
		trouble Trouble
		state   ticket.LinkState
		next    time.Time
		unknown bool
		leftOut int
	}{
		"nobody knows whether it was created: it is looked for first": {Trouble{Kind: Temporary, Maybe: true}, ticket.LinkSending, noon.Add(settle[0]), true, 0},
		"it surely was not: later, at a growing distance":             {Trouble{Kind: Temporary}, ticket.LinkPending, noon.Add(8 * time.Second), false, 0},
		"Jira asks to wait":                                {Trouble{Kind: Limited, Until: noon.Add(time.Hour)}, ticket.LinkPending, noon.Add(time.Hour), false, 0},
		"Jira asked to wait until before now":              {Trouble{Kind: Limited, Until: noon.Add(-time.Hour)}, ticket.LinkPending, noon, false, 0},
		"the login is not good":                            {Trouble{Kind: Login}, ticket.LinkPending, noon.Add(loginEvery), false, 0},
		"a field that we added: once more without it":      {Trouble{Kind: Refused, Fields: map[string]string{"priority": "not on the screen"}}, ticket.LinkPending, noon, false, 1},
		"two such fields":                                  {Trouble{Kind: Refused, Fields: map[string]string{"priority": "no", "duedate": "no"}}, ticket.LinkPending, noon, false, 2},
		"a field that nobody filled in waits for a person": {Trouble{Kind: Refused, Fields: map[string]string{"customfield_1": "required"}}, ticket.LinkNeeds, time.Time{}, false, 0},
		"both: a person is needed anyway":                  {Trouble{Kind: Refused, Fields: map[string]string{"priority": "no", "customfield_1": "required"}}, ticket.LinkNeeds, time.Time{}, false, 0},
		"a field that was not sent":                        {Trouble{Kind: Refused, Fields: map[string]string{"assignee": "no"}}, ticket.LinkNeeds, time.Time{}, false, 0},
		"the login may not create":                         {Trouble{Kind: Forbidden}, ticket.LinkNeeds, time.Time{}, false, 0},
		"the project is gone":                              {Trouble{Kind: Absent}, ticket.LinkNeeds, time.Time{}, false, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.trouble.Said = "in Jira’s words"
			got := AfterFailure(sending, c.trouble, noon, settle)
			if got.State != c.state || !got.NextAt.Equal(c.next) || got.UnknownSince.IsZero() == c.unknown || len(got.LeftOut) != c.leftOut {
				t.Errorf("got %s, next %s, unknown since %s, without %q", got.State, got.NextAt, got.UnknownSince, got.LeftOut)
			}
			if !strings.Contains(got.Trouble.Words, "in Jira’s words") || got.Asked.Mark != "m" {
				t.Errorf("it forgot: %+v", got)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	l := Link{State: ticket.LinkSending, UnknownSince: noon, Attempt: 1}
	for n, want := range []time.Time{noon.Add(30 * time.Second), noon.Add(90 * time.Second)} {
		l = NotFound(l, noon.Add(settle[n]), settle)
		if l.State != ticket.LinkSending || !l.NextAt.Equal(want) {
			t.Fatalf("after search %d: %s, next at %s, want %s", n+1, l.State, l.NextAt, want)
		}
	}
	l = NotFound(l, noon.Add(settle[2]), settle)
	if l.State != ticket.LinkPending || !l.UnknownSince.IsZero() || l.Searches != 0 || !l.NextAt.Equal(noon.Add(settle[2])) {
		t.Errorf("after the last search: %+v, want it to be sent again at once", l)
	}
}

func TestClaimed(t *testing.T) {
	t.Parallel()
	until := noon.Add(time.Minute)
	pending := Link{State: ticket.LinkPending, Attempt: 1, Fence: 4}.Claimed("a", noon, until)
	if pending.State != ticket.LinkSending || pending.Attempt != 2 || pending.Fence != 5 || pending.Holder != "a" || !pending.UnknownSince.IsZero() {
		t.Errorf("what waits is sent: got %+v", pending)
	}
	lost := pending
	lost.LeaseEnd = noon.Add(-time.Minute)
	lost = lost.Claimed("b", noon, until)
	if lost.State != ticket.LinkSending || lost.Attempt != 2 || lost.Fence != 6 || !lost.UnknownSince.Equal(noon.Add(-time.Minute)) {
		t.Errorf("whoever sent it died: got %+v, want it to be looked for, since its lease ended", lost)
	}
	again := lost.Claimed("c", noon.Add(time.Hour), until.Add(time.Hour))
	if !again.UnknownSince.Equal(lost.UnknownSince) {
		t.Errorf("its outcome is unknown since %s, not since %s", lost.UnknownSince, again.UnknownSince)
	}
}

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

func TestFixedValueAndBack(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind, typed string
		flavour     Flavour
		want        string
	}{
		"text":                    {"text", " as it is ", Cloud, `"as it is"`},
		"an option":               {"option", "10001", Cloud, `{"id":"10001"}`},
		"options":                 {"options", "10001", Cloud, `[{"id":"10001"}]`},
		"a number":                {"number", "2.5", Cloud, `2.5`},
		"words":                   {"words", "a  b", Cloud, `["a","b"]`},
		"a date":                  {"date", "2026-03-02", Cloud, `"2026-03-02"`},
		"somebody on Cloud":       {"user", "5b10", Cloud, `{"accountId":"5b10"}`},
		"somebody on Data Center": {"user", "ada", DataCenter, `{"name":"ada"}`},
		"JSON":                    {"other", `{"a":[1]}`, Cloud, `{"a":[1]}`},
		"nothing typed":           {"text", " ", Cloud, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := FixedValue(c.kind, c.typed, c.flavour)
			if err != nil || string(got) != c.want {
				t.Fatalf("got %s, %v", got, err)
			}
			if back := TypedValue(c.kind, got); strings.Join(strings.Fields(back), " ") != strings.Join(strings.Fields(c.typed), " ") {
				t.Errorf("typed %q, and back %q", c.typed, back)
			}
		})
	}
	for kind, typed := range map[string]string{"number": "two", "other": "{"} {
		if _, err := FixedValue(kind, typed, Cloud); err == nil {
			t.Errorf("%q is taken as %s", typed, kind)
		}
	}
	for _, kind := range []string{"option", "options", "words", "text", "number", "user", "other"} {
		_ = TypedValue(kind, json.RawMessage(`[`)) // whatever lies in the database, it does not panic
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	poll := time.Minute
	good := func(ago time.Duration) Health { return Health{State: State{GoodAt: noon.Add(-ago)}} }
	with := func(h Health, change func(*Health)) Health { change(&h); return h }
	cases := map[string]struct {
		h   Health
		why string // empty: it runs
	}{
		"it just read":                       {good(30 * time.Second), ""},
		"for nine minutes":                   {good(9 * time.Minute), ""},
		"for ten minutes":                    {good(10 * time.Minute), "It has not run."},
		"and the last error says why":        {with(good(time.Hour), func(h *Health) { h.State.Trouble.Words = "No answer." }), "No answer."},
		"Jira asked to wait":                 {with(good(time.Hour), func(h *Health) { h.Pauses = []Pause{{Scope: SiteScope, Until: noon.Add(time.Hour)}} }), "Jira asked to wait."},
		"a pause that is over counts not":    {with(good(time.Hour), func(h *Health) { h.Pauses = []Pause{{Scope: SiteScope, Until: noon}} }), "It has not run."},
		"the login is bad, at once":          {with(good(time.Second), func(h *Health) { h.State.LoginBadAt = noon }), "Jira does not accept the login."},
		"somebody switched it off":           {with(good(time.Hour), func(h *Health) { h.Site.DisabledAt = noon }), ""},
		"connected a moment ago":             {Health{Site: Site{CreatedAt: noon.Add(-time.Minute)}}, ""},
		"connected long ago, and never read": {Health{Site: Site{CreatedAt: noon.Add(-time.Hour)}}, "It has not run."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if why, stopped := c.h.Stopped(noon, poll); why != c.why || stopped != (c.why != "") {
				t.Errorf("got %q, %t", why, stopped)
			}
		})
	}
}

func TestTroubleSaysWhatJiraSaid(t *testing.T) {
	t.Parallel()
	cause := errors.New("cut")
	trouble := &Trouble{Kind: Refused, Call: "POST issue", Status: 400, Said: "No.", Fields: map[string]string{"b": "B is required.", "a": "A is wrong."}, Cause: cause}
	if got := trouble.Error(); got != "Jira, POST issue, 400: No. A is wrong. B is required." {
		t.Errorf("got %q", got)
	}
	if !errors.Is(trouble, cause) {
		t.Error("it lost its cause")
	}
}
