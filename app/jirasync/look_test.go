package jirasync

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/ticket"
)

func TestWhatTheRuleAsksForIsNobodyElsesChange(t *testing.T) {
	t.Parallel()
	raised := followup.Escalation{RaiseTo: ticket.Named{ID: "2", Name: "High"}, Propose: followup.ProposeLabel}
	l := Link{
		Wishes: Wishes{Priority: "3", Labels: []string{"pool"}},
		Bases:  map[Field]Base{FieldPriority: {"3", "3"}, FieldLabels: {"pool", "pool"}},
	}
	l.expect(raised, "next-sprint")
	if l.Wishes.Priority != "2" || !slices.Equal(l.Wishes.Labels, []string{"next-sprint", "pool"}) {
		t.Fatalf("wishes: %+v", l.Wishes)
	}
	for _, owner := range []Owner{JiraOwns, UpshotOwns} {
		for field, values := range map[Field][2]string{FieldPriority: {"3", "2"}, FieldLabels: {"pool", "next-sprint pool"}} {
			if got := Merge(owner, l.Bases[field], values[1], values[0]); got != Nothing {
				t.Errorf("%s of %s before Jira has it: %s", field, owner, got)
			}
			if got := Merge(owner, l.Bases[field], values[1], values[1]); got != Agreed {
				t.Errorf("%s of %s when Jira has it: %s", field, owner, got)
			}
		}
	}
	var none Link
	if none.expect(raised, "next-sprint"); !reflect.DeepEqual(none.Wishes, Wishes{}) || len(none.Bases) != 0 {
		t.Errorf("nobody wished for anything: %+v", none)
	}
}

func TestWhatBothSidesSay(t *testing.T) {
	t.Parallel()
	told := func(state followup.State, c ticket.Category, m ticket.Meaning) *two {
		said := sides(Link{}, Mirror{Ticket: ticket.Ticket{Category: c, Meaning: m}}, followup.FollowUp{State: state}, "x1")
		if status, both := said[FieldStatus]; both {
			return &status
		}
		return nil
	}
	cases := map[string]struct {
		got  *two
		want *two // nil: one side says nothing
	}{
		"both wait":                               {told(followup.Queued, ticket.ToDo, ""), &two{"queued", "queued"}},
		"the ticket was started":                  {told(followup.Queued, ticket.InProgress, ""), &two{"queued", "in_progress"}},
		"verified here is done there":             {told(followup.Verified, ticket.Done, ticket.MeansDone), &two{"done", "done"}},
		"reopened there, verified here":           {told(followup.Verified, ticket.ToDo, ""), &two{"done", "queued"}},
		"a proposal is no promise":                {told(followup.Proposed, ticket.ToDo, ""), nil},
		"declined here":                           {told(followup.Declined, ticket.ToDo, ""), nil},
		"a duplicate here":                        {told(followup.Duplicate, ticket.Done, ""), nil},
		"closed there in a way that asks us":      {told(followup.Queued, ticket.Done, ticket.MeansWontDo), nil},
		"there in a status that nobody can place": {told(followup.Queued, ticket.Unknown, ""), nil},
	}
	for name, c := range cases {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	l := Link{Wishes: Wishes{Priority: "2", Assignee: "ada", Labels: []string{"pool", "cabins", "pool"}}}
	m := Mirror{Ticket: ticket.Ticket{
		Summary: "theirs", DueOn: "2026-05-01", Priority: ticket.Named{ID: "3"}, Assignee: ticket.Person{ID: "ben"}, Labels: []string{"upshot-x1", "upshot-x1-fu-12", "zoo", "cabins"},
	}}
	want := map[Field]two{
		FieldSummary: {"ours", "theirs"}, FieldDueOn: {"2026-04-01", "2026-05-01"}, FieldPriority: {"2", "3"}, FieldAssignee: {"ada", "ben"},
		FieldLabels: {"cabins pool", "cabins zoo"},
	}
	if got := sides(l, m, followup.FollowUp{Title: "ours", DueOn: "2026-04-01"}, "x1"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAnEditSaysWhatWeHave(t *testing.T) {
	t.Parallel()
	ada, nobody, due := "ada", "", "2026-04-01"
	cases := map[string]struct {
		field        Field
		ours, theirs string
		want         Edit
	}{
		"the title":              {FieldSummary, "ours", "theirs", Edit{Summary: "ours"}},
		"the due date":           {FieldDueOn, due, "", Edit{DueOn: &due}},
		"no due date any more":   {FieldDueOn, "", due, Edit{DueOn: &nobody}},
		"the priority":           {FieldPriority, "2", "3", Edit{Priority: "2"}},
		"somebody":               {FieldAssignee, "ada", "ben", Edit{Assignee: &ada}},
		"nobody":                 {FieldAssignee, "", "ben", Edit{Assignee: &nobody}},
		"labels come and go":     {FieldLabels, "cabins pool", "cabins zoo", Edit{AddLabels: []string{"pool"}, RemoveLabels: []string{"zoo"}}},
		"the status is no field": {FieldStatus, "done", "queued", Edit{}},
	}
	for name, c := range cases {
		if got := (Edit{}).with(c.field, c.ours, c.theirs); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := (Edit{Summary: "ours"}).with(FieldPriority, "2", "3"); !reflect.DeepEqual(got, Edit{Summary: "ours", Priority: "2"}) {
		t.Errorf("it forgot: %+v", got)
	}
}

// TestLabelsAreOursAfterTheEdit: whatever edits of one issue go out together, in the end it has the labels that were wanted
// last, and its marks.
func TestLabelsAreOursAfterTheEdit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20, 26))
	some := func() []string {
		var all []string
		for _, l := range []string{"a", "b", "c", "d"} {
			if r.IntN(2) == 0 {
				all = append(all, l)
			}
		}
		return all
	}
	marks := []string{"upshot-x1", "upshot-x1-fu-12"}
	for range 1000 {
		labels := append(slices.Clone(marks), some()...)
		said, wanted := ownWords(labels, "x1"), ""
		var edits []Push
		for n := range 1 + r.IntN(4) {
			wanted = strings.Join(some(), " ")
			edits = append(edits, Push{ID: PushID(n + 1), Payload: Payload{Edit: Edit{}.with(FieldLabels, wanted, said)}})
			said = wanted
		}
		e, _ := Together(edits)
		for _, l := range e.AddLabels {
			if slices.Contains(e.RemoveLabels, l) {
				t.Fatalf("%s is added and removed: %+v", l, e)
			}
		}
		after := unique(append(without(labels, e.RemoveLabels), e.AddLabels...))
		if got := ownWords(after, "x1"); got != wanted {
			t.Fatalf("from %v, by %+v: %q, want %q", labels, e, got, wanted)
		}
		for _, mark := range marks {
			if !slices.Contains(after, mark) {
				t.Fatalf("%s is lost", mark)
			}
		}
	}
}

func TestWhenATicketCameIntoItsCategory(t *testing.T) {
	t.Parallel()
	way := func(all ...ticket.Category) []ticket.Interval {
		var history []ticket.Interval
		for n, c := range all {
			if n > 0 {
				history[n-1].To = day(n)
			}
			history = append(history, ticket.Interval{From: day(n), Category: c})
		}
		return history
	}
	cases := map[string]struct {
		history []ticket.Interval
		now     ticket.Category
		want    time.Time
	}{
		"its last move":                   {way(ticket.ToDo, ticket.InProgress), ticket.InProgress, day(1)},
		"from one done to another":        {way(ticket.ToDo, ticket.Done, ticket.Done), ticket.Done, day(1)},
		"done before as well":             {way(ticket.Done, ticket.ToDo, ticket.Done), ticket.Done, day(2)},
		"it never moved":                  {way(ticket.ToDo), ticket.ToDo, day(0)},
		"its history says something else": {way(ticket.ToDo), ticket.Done, day(50)},
		"nothing is known of its way":     {nil, ticket.Done, day(50)},
		"Jira's clock is ahead of ours":   {[]ticket.Interval{{From: day(51), Category: ticket.Done}}, ticket.Done, day(50)},
	}
	for name, c := range cases {
		if got := enteredAt(ticket.Ticket{Category: c.now, History: ticket.History{Intervals: c.history}}, day(50)); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestHowTimelinesTellThatATicketMoved(t *testing.T) {
	t.Parallel()
	for move, want := range map[[2]followup.State]string{
		{followup.Queued, followup.InProgress}: "started", {followup.Done, followup.InProgress}: "started",
		{followup.Queued, followup.Done}: "finished", {followup.InProgress, followup.Done}: "finished",
		{followup.InProgress, followup.Queued}: "sent back",
		{followup.Done, followup.Queued}:       "reopened", {followup.Verified, followup.Queued}: "reopened",
		{followup.Proposed, followup.Queued}: "queued",
	} {
		if got := movedVerb(move[0], move[1]); got != want {
			t.Errorf("from %s to %s: %s", move[0], move[1], got)
		}
	}
	for state, want := range map[followup.State]ticket.Category{
		followup.Queued: ticket.ToDo, followup.InProgress: ticket.InProgress, followup.Done: ticket.Done, followup.Verified: ticket.Done,
	} {
		if got := category(state); got != want {
			t.Errorf("%s is written as %s", state, got)
		}
	}
}

func TestWhetherAChangeHeld(t *testing.T) {
	t.Parallel()
	done := ticket.Ticket{Category: ticket.Done, History: ticket.History{Intervals: []ticket.Interval{{From: day(0), To: day(10), Category: ticket.ToDo}, {From: day(10), Category: ticket.Done}}}}
	reopened := done
	reopened.Category = ticket.ToDo
	unknown := ticket.Ticket{Category: ticket.Done}
	cases := map[string]struct {
		t      ticket.Ticket
		state  followup.State
		failed time.Time
		not    bool
	}{
		"it came back after done":                  {done, followup.Queued, day(12), true},
		"and somebody here has started on it":      {done, followup.InProgress, day(12), true},
		"it never came back":                       {done, followup.Queued, time.Time{}, false},
		"it came back before this ticket was done": {done, followup.Queued, day(9), false},
		"the ticket is reopened already":           {reopened, followup.Queued, day(12), false},
		"it is done again here":                    {done, followup.Done, day(12), false},
		"somebody decided against it":              {done, followup.Declined, day(12), false},
		"nobody knows when the ticket was done":    {unknown, followup.Queued, day(12), true},
	}
	for name, c := range cases {
		if got := notHeld(followup.FollowUp{State: c.state, FixFailedAt: c.failed}, c.t); got != c.not {
			t.Errorf("%s: %v", name, got)
		}
	}
}
