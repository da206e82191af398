package jirasync

import (
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

func TestWithoutOptional(t *testing.T) {
	t.Parallel()
	whole := NewIssue{Summary: "s", Priority: "2", Assignee: "ada", Components: []string{"web"}, DueOn: "2026-04-01", Labels: []string{"m"}, Mark: "m"}
	said := func(ids ...string) map[string]string {
		all := map[string]string{}
		for _, id := range ids {
			all[id] = "no " + id
		}
		return all
	}
	cases := map[string]struct {
		named   map[string]string
		left    func(*NewIssue)
		without []string
	}{
		"the priority":                    {said("priority"), func(n *NewIssue) { n.Priority = "" }, []string{"priority: no priority"}},
		"somebody who may not":            {said("assignee"), func(n *NewIssue) { n.Assignee = "" }, []string{"assignee: no assignee"}},
		"the components":                  {said("components"), func(n *NewIssue) { n.Components = nil }, []string{"components: no components"}},
		"the due date":                    {said("duedate"), func(n *NewIssue) { n.DueOn = "" }, []string{"duedate: no duedate"}},
		"two of them, in order":           {said("priority", "duedate"), func(n *NewIssue) { n.Priority, n.DueOn = "", "" }, []string{"duedate: no duedate", "priority: no priority"}},
		"labels stay: they hold the mark": {said("labels"), nil, nil},
		"a field of the project's own":    {said("customfield_1"), nil, nil},
		"no field at all":                 {nil, nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := whole
			if c.left != nil {
				c.left(&want)
			}
			got, out := withoutOptional(whole, c.named)
			if len(c.without) > 0 && !reflect.DeepEqual(got, want) || !slices.Equal(out, c.without) {
				t.Errorf("got %+v, without %q", got, out)
			}
		})
	}
	// What is refused again, although it was not sent, waits for a person: nothing goes round in circles.
	l, tries := Link{State: ticket.LinkSending, Asked: whole}, 0
	for ; l.State != ticket.LinkNeeds && tries < 10; tries++ {
		l = AfterFailure(l, Trouble{Kind: Refused, Fields: said("priority")}, noon, settle)
	}
	if tries != 2 || !slices.Equal(l.LeftOut, []string{"priority: no priority"}) {
		t.Errorf("after %d tries, without %q", tries, l.LeftOut)
	}
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		-1: 2 * time.Second, 0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 8: 256 * time.Second, 11: 2048 * time.Second,
		12: time.Hour, 13: time.Hour, 1 << 40: time.Hour,
	} {
		if got := backOff(attempt); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt, got, want)
		}
	}
}

func TestTheLowestNumberHasTheMark(t *testing.T) {
	t.Parallel()
	issue := func(id string, labels ...string) Issue {
		return Issue{Ticket: ticket.Ticket{IssueID: id, Key: "OPS-" + id, Labels: labels}}
	}
	cases := map[string]struct {
		found []Issue
		want  string // empty: none
	}{
		"nothing was found":                     {nil, ""},
		"one":                                   {[]Issue{issue("12", "upshot-x1", "m")}, "12"},
		"of two, 9 is lower than 10":            {[]Issue{issue("10", "m"), issue("9", "m")}, "9"},
		"in the other order":                    {[]Issue{issue("9", "m"), issue("10", "m")}, "9"},
		"longer than a machine's number":        {[]Issue{issue("100000000000000000000", "m"), issue("99999999999999999999", "m")}, "99999999999999999999"},
		"another mark, and one that begins so":  {[]Issue{issue("1", "n"), issue("2", "m-2")}, ""},
		"others are found in the same search":   {[]Issue{issue("1", "n"), issue("7", "m"), issue("8", "n")}, "7"},
		"an issue that lost its labels is none": {[]Issue{issue("1")}, ""},
	}
	for name, c := range cases {
		ref, is := lowest(c.found, "m")
		if is != (c.want != "") || ref.ID != c.want || is && ref.Key != "OPS-"+c.want {
			t.Errorf("%s: %+v, %v", name, ref, is)
		}
	}
	for _, pair := range [][2]string{{"9", "10"}, {"10", "11"}, {"", "1"}, {"99999999999999999999", "100000000000000000000"}} {
		if !LowerID(pair[0], pair[1]) || LowerID(pair[1], pair[0]) || LowerID(pair[0], pair[0]) {
			t.Errorf("%s is lower than %s", pair[0], pair[1])
		}
	}
}
