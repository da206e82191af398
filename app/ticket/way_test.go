package ticket

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// The statuses of a site, by their numbers.
var catalogue = map[string]Status{
	"1":  {Named: Named{ID: "1", Name: "To Do"}, Category: ToDo, Known: true},
	"2":  {Named: Named{ID: "2", Name: "Selected"}, Category: ToDo, Known: true},
	"3":  {Named: Named{ID: "3", Name: "In Progress"}, Category: InProgress, Known: true},
	"4":  {Named: Named{ID: "4", Name: "In Review"}, Category: InProgress, Known: true},
	"5":  {Named: Named{ID: "5", Name: "Done"}, Category: Done, Known: true},
	"6":  {Named: Named{ID: "6", Name: "Released"}, Category: Done, Known: true},
	"7":  {Named: Named{ID: "7", Name: "Parked"}, Category: Unknown},
	"77": {Named: Named{ID: "77", Name: "Old parking"}, Category: Unknown, Placed: ToDo},
}

func statusOf(id string) Status {
	if s, is := catalogue[id]; is {
		return s
	}
	return Status{Named: Named{ID: id}, Category: Unknown}
}

// issueIn is an issue that was created on day 0 and is in that status now.
func issueIn(status string) Ticket {
	return Ticket{CreatedAt: day(0), Status: catalogue[status].Named, Category: catalogue[status].CountsAs()}
}

// changed is a change of one item on a day; changes of one day are numbered in the order of their making.
func changed(n int, id string, i ChangeItem) Change {
	return Change{ID: id, At: day(n), Items: []ChangeItem{i}}
}

func status(from, to string) ChangeItem {
	return ChangeItem{Field: "status", FieldID: "status", From: from, FromText: catalogue[from].Name, To: to, ToText: catalogue[to].Name}
}

func sprint(from, fromNames, to, toNames string) ChangeItem {
	return ChangeItem{Field: "Sprint", FieldID: "customfield_10020", From: from, FromText: fromNames, To: to, ToText: toNames}
}

func TestHistoryOf(t *testing.T) {
	t.Parallel()
	span := func(from, to int, status string) Interval {
		i := Interval{From: day(from), Status: catalogue[status].Name, Category: catalogue[status].CountsAs()}
		if to >= 0 {
			i.To = day(to)
		}
		return i
	}
	with := func(x Ticket, change func(*Ticket)) Ticket { change(&x); return x }
	aside := func(i Interval) Interval { i.Category = Aside; return i }
	dc := func(i ChangeItem) ChangeItem { i.FieldID = ""; return i }
	cases := map[string]struct {
		t       Ticket
		changes []Change
		partial bool
		want    History
	}{
		"never moved": {t: issueIn("1"), want: History{Intervals: []Interval{span(0, -1, "1")}}},
		"moved once": {
			t: issueIn("3"), changes: []Change{changed(5, "100", status("1", "3"))},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}},
		},
		"in any order, the earlier first": {
			t:       issueIn("5"),
			changes: []Change{changed(9, "300", status("3", "5")), changed(2, "100", status("1", "2")), changed(5, "200", status("2", "3"))},
			want:    History{Intervals: []Interval{span(0, 2, "1"), span(2, 5, "2"), span(5, 9, "3"), span(9, -1, "5")}},
		},
		"in the same millisecond, the lower number first": {
			t:       issueIn("5"),
			changes: []Change{changed(5, "1000", status("3", "5")), changed(5, "999", status("1", "3"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, 5, "3"), span(5, -1, "5")}},
		},
		"the same change on two pages counts once": {
			t:       issueIn("3"),
			changes: []Change{changed(5, "100", status("1", "3")), changed(5, "100", status("1", "3"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}},
		},
		"several fields in one change, of which one is the status": {
			t: issueIn("3"),
			changes: []Change{{ID: "100", At: day(5), Items: []ChangeItem{
				{Field: "assignee", FieldID: "assignee", From: "1", To: "5"}, status("1", "3"), {Field: "Key", From: "OPS-1", To: "WEB-7"},
			}}},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}},
		},
		"two moves in one change, in their order": {
			t:       issueIn("5"),
			changes: []Change{{ID: "100", At: day(5), Items: []ChangeItem{status("1", "3"), status("3", "5")}}},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, 5, "3"), span(5, -1, "5")}},
		},
		"created beyond the backlog": {
			t: issueIn("5"), changes: []Change{changed(5, "100", status("3", "5"))},
			want: History{Intervals: []Interval{span(0, 5, "3"), span(5, -1, "5")}},
		},
		"straight to done, moved to another workflow's done, and reopened": {
			t:       issueIn("1"),
			changes: []Change{changed(5, "100", status("1", "5")), changed(7, "200", status("5", "6")), changed(9, "300", status("6", "1"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, 7, "5"), span(7, 9, "6"), span(9, -1, "1")}},
		},
		"a status that no catalogue has is unknown, by the name it had": {
			t: issueIn("3"), changes: []Change{changed(5, "100", ChangeItem{Field: "status", FieldID: "status", From: "404", FromText: "Limbo", To: "3", ToText: "In Progress"})},
			want: History{Intervals: []Interval{{From: day(0), To: day(5), Status: "Limbo", Category: Unknown}, span(5, -1, "3")}},
		},
		"without words, by the catalogue's name": {
			t: issueIn("3"), changes: []Change{changed(5, "100", ChangeItem{Field: "status", FieldID: "status", From: "2", To: "3"})},
			want: History{Intervals: []Interval{span(0, 5, "2"), span(5, -1, "3")}},
		},
		"without ids of fields": {
			t: issueIn("3"), changes: []Change{changed(5, "100", dc(status("1", "3")))},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}},
		},
		"a field of one's own that is called Status is none": {
			t:       issueIn("1"),
			changes: []Change{changed(5, "100", ChangeItem{Field: "status", FieldID: "customfield_1", From: "a", To: "b"}), changed(6, "101", ChangeItem{Field: "Status", From: "a", To: "b"})},
			want:    History{Intervals: []Interval{span(0, -1, "1")}},
		},
		"another workflow is no move": {
			t:       issueIn("1"),
			changes: []Change{changed(5, "100", ChangeItem{Field: "Workflow", From: "1", To: "5"}), changed(5, "101", ChangeItem{Field: "Workflow", FieldID: "Workflow", From: "5", To: "1"})},
			want:    History{Intervals: []Interval{span(0, -1, "1")}},
		},
		"a status that Jira forgot counts as an administrator placed it": {
			t: issueIn("3"), changes: []Change{changed(5, "100", status("77", "3"))},
			want: History{Intervals: []Interval{span(0, 5, "77"), span(5, -1, "3")}},
		},
		"a status that nobody can place is unknown, never to do": {
			t: issueIn("3"), changes: []Change{changed(5, "100", status("7", "3"))},
			want: History{Intervals: []Interval{span(0, 5, "7"), span(5, -1, "3")}},
		},
		"a change left another status than the one held: the later word counts, and it is flagged": {
			t: issueIn("5"), changes: []Change{changed(5, "100", status("1", "3")), changed(9, "200", status("4", "5"))},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, 9, "3"), span(9, -1, "5")}, Broken: true},
		},
		"it is somewhere else than its changes lead: they count, and it is flagged": {
			t: issueIn("5"), changes: []Change{changed(5, "100", status("1", "3"))},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}, Broken: true},
		},
		"changed before it was created, by a clock that was wrong": {
			t: issueIn("3"), changes: []Change{changed(-2, "100", status("1", "3"))},
			want: History{Intervals: []Interval{span(0, 0, "1"), span(0, -1, "3")}},
		},
		"partly read": {
			t: issueIn("3"), changes: []Change{changed(5, "100", status("1", "3"))}, partial: true,
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "3")}, Partial: true},
		},
		"done for good": {
			t: with(issueIn("5"), func(x *Ticket) { x.Meaning = MeansDone }), changes: []Change{changed(5, "100", status("1", "5"))},
			want: History{Intervals: []Interval{span(0, 5, "1"), span(5, -1, "5")}},
		},
		"won't do: the stay in done is set aside": {
			t: with(issueIn("5"), func(x *Ticket) { x.Meaning = MeansWontDo }), changes: []Change{changed(5, "100", status("1", "5"))},
			want: History{Intervals: []Interval{span(0, 5, "1"), aside(span(5, -1, "5"))}},
		},
		"a duplicate, moved from one done to another: the whole stay is set aside": {
			t:       with(issueIn("6"), func(x *Ticket) { x.Meaning = MeansDuplicate }),
			changes: []Change{changed(5, "100", status("1", "5")), changed(9, "200", status("5", "6"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), aside(span(5, 9, "5")), aside(span(9, -1, "6"))}},
		},
		"closed without a cause after it was done and reopened: what was done before stays done": {
			t:       with(issueIn("5"), func(x *Ticket) { x.Meaning = MeansNoCause }),
			changes: []Change{changed(5, "100", status("1", "5")), changed(9, "200", status("5", "1")), changed(12, "300", status("1", "5"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, 9, "5"), span(9, 12, "1"), aside(span(12, -1, "5"))}},
		},
		"reopened with its resolution left on it": {
			t:       with(issueIn("1"), func(x *Ticket) { x.Meaning = MeansWontDo }),
			changes: []Change{changed(5, "100", status("1", "5")), changed(9, "200", status("5", "1"))},
			want:    History{Intervals: []Interval{span(0, 5, "1"), span(5, 9, "5"), span(9, -1, "1")}},
		},
		"a person chose the priority, and we did later": {
			t: issueIn("1"),
			changes: []Change{
				changed(3, "100", ChangeItem{Field: "priority", FieldID: "priority", From: "3", To: "4"}),
				changed(5, "200", dc(ChangeItem{Field: "priority", From: "4", To: "3"})),
				{ID: "300", At: day(7), Ours: true, Items: []ChangeItem{{Field: "priority", FieldID: "priority", From: "3", To: "2"}}},
			},
			want: History{Intervals: []Interval{span(0, -1, "1")}, PrioritySetByPersonAt: day(5)},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := HistoryOf(c.t, c.changes, c.partial, statusOf); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestWhatAHistoryIsGoodFor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		changes []Change
		partial bool
		usable  bool
		whole   bool
	}{
		"all of it was read":                         {changes: []Change{changed(5, "1", status("1", "3"))}, usable: true, whole: true},
		"a part of it was read":                      {changes: []Change{changed(5, "1", status("1", "3"))}, partial: true, whole: true},
		"it was in a status that nobody can place":   {changes: []Change{changed(5, "1", status("7", "3"))}, usable: true},
		"it was in one that an administrator placed": {changes: []Change{changed(5, "1", status("77", "3"))}, usable: true, whole: true},
	}
	for name, c := range cases {
		h := HistoryOf(issueIn("3"), c.changes, c.partial, statusOf)
		if h.Usable() != c.usable || Whole(h.Intervals) != c.whole {
			t.Errorf("%s: usable %v, whole %v", name, h.Usable(), Whole(h.Intervals))
		}
	}
}

func TestJirasOwnMomentOfTheLastChangeOfCategory(t *testing.T) {
	t.Parallel()
	moves := []Change{changed(5, "100", status("1", "3")), changed(7, "200", status("3", "4"))} // the last is no change of category
	cases := map[string]struct {
		said    time.Time
		changes []Change
		partial bool
		want    time.Duration
	}{
		"it agrees":                          {said: day(5), changes: moves},
		"it agrees within a tenth":           {said: day(5).Add(100 * time.Millisecond), changes: moves},
		"it differs by two seconds":          {said: day(5).Add(2 * time.Second), changes: moves, want: 2 * time.Second},
		"it agrees within a second":          {said: day(5).Add(-time.Second), changes: moves},
		"it differs":                         {said: day(6), changes: moves, want: oneDay},
		"it is of before":                    {said: day(4), changes: moves, want: oneDay},
		"never moved, as old as the issue":   {said: day(0)},
		"never moved, and younger":           {said: day(0).Add(time.Minute), want: time.Minute},
		"Jira does not tell":                 {changes: moves},
		"a part of the history is no answer": {said: day(6), changes: moves, partial: true},
	}
	for name, c := range cases {
		now := "1"
		if len(c.changes) > 0 {
			now = "4"
		}
		x := issueIn(now)
		x.CategoryChangedAt = c.said
		if got := HistoryOf(x, c.changes, c.partial, statusOf).Off; got != c.want {
			t.Errorf("%s: off by %v, want %v", name, got, c.want)
		}
	}
}

func TestBumps(t *testing.T) {
	t.Parallel()
	started := status("1", "3")
	cases := map[string]struct {
		changes []Change
		sprints []Sprint // as they are now
		want    []Bump
	}{
		"moved from sprint 7 to 8 while to do": {
			changes: []Change{changed(9, "100", sprint("7", "Sprint 7", "8", "Sprint 8"))},
			want:    []Bump{{At: day(9), From: "Sprint 7", To: "Sprint 8"}},
		},
		"planned for the first time": {changes: []Change{changed(9, "100", sprint("", "", "7", "Sprint 7"))}},
		"the sprint closed without it, and the next one takes it": {
			changes: []Change{changed(3, "100", sprint("", "", "38", "Sprint 38")), changed(9, "200", sprint("38", "Sprint 38", "38, 40", "Sprint 38, Sprint 40")), changed(23, "300", sprint("38, 40", "Sprint 38, Sprint 40", "38, 40, 41", "Sprint 38, Sprint 40, Sprint 41"))},
			want:    []Bump{{At: day(9), From: "Sprint 38", To: "Sprint 40"}, {At: day(23), From: "Sprint 40", To: "Sprint 41"}},
		},
		"taken out of its sprint": {changes: []Change{changed(9, "100", sprint("7", "Sprint 7", "", ""))}},
		"taken out, and planned for a later one after weeks": {
			changes: []Change{changed(9, "100", sprint("7", "Sprint 7", "", "")), changed(40, "200", sprint("", "", "9", "Sprint 9"))},
			want:    []Bump{{At: day(40), From: "Sprint 7", To: "Sprint 9"}},
		},
		"taken out and put back": {changes: []Change{changed(9, "100", sprint("7", "Sprint 7", "", "")), changed(10, "200", sprint("", "", "7", "Sprint 7"))}},
		"pulled forward":         {changes: []Change{changed(9, "100", sprint("8", "Sprint 8", "7", "Sprint 7"))}},
		"pulled forward, and pushed off again": {
			changes: []Change{changed(9, "100", sprint("8", "Sprint 8", "7", "Sprint 7")), changed(10, "200", sprint("7", "Sprint 7", "8", "Sprint 8"))},
			want:    []Bump{{At: day(10), From: "Sprint 7", To: "Sprint 8"}},
		},
		"while somebody works on it": {changes: []Change{changed(5, "100", started), changed(9, "200", sprint("7", "Sprint 7", "8", "Sprint 8"))}},
		"sent back, and then moved on": {
			changes: []Change{changed(5, "100", started), changed(7, "200", status("3", "1")), changed(9, "300", sprint("7", "Sprint 7", "8", "Sprint 8"))},
			want:    []Bump{{At: day(9), From: "Sprint 7", To: "Sprint 8"}},
		},
		"which one is later, its start tells better than its number": {
			changes: []Change{changed(9, "100", sprint("12", "Autumn", "7", "Winter"))},
			sprints: []Sprint{{ID: "12", Name: "Autumn", State: ClosedSprint, StartedAt: day(1)}, {ID: "7", Name: "Winter", State: ActiveSprint, StartedAt: day(15)}},
			want:    []Bump{{At: day(9), From: "Autumn", To: "Winter"}},
		},
		"one that has not begun is later than one that has": {
			changes: []Change{changed(9, "100", sprint("12", "Autumn", "7", "Winter"))},
			sprints: []Sprint{{ID: "12", Name: "Autumn", State: ClosedSprint, StartedAt: day(1)}, {ID: "7", Name: "Winter", State: FutureSprint}},
			want:    []Bump{{At: day(9), From: "Autumn", To: "Winter"}},
		},
		"its name is that of today where the ticket knows it": {
			changes: []Change{changed(9, "100", sprint("7", "Sprint 7", "8", "Sprint 8"))},
			sprints: []Sprint{{ID: "8", Name: "Sprint 8: labels", State: FutureSprint}},
			want:    []Bump{{At: day(9), From: "Sprint 7", To: "Sprint 8: labels"}},
		},
		"names with commas in them stand as they are listed": {
			changes: []Change{changed(9, "100", sprint("7", "Fares, part 1", "7, 8", "Fares, part 1, Fares, part 2"))},
			want:    []Bump{{At: day(9), From: "Fares, part 1", To: "Fares, part 1, Fares, part 2"}},
		},
		"without names, by its number": {
			changes: []Change{changed(9, "100", sprint("7", "", "8", ""))},
			want:    []Bump{{At: day(9), From: "7", To: "8"}},
		},
		"without ids of fields": {
			changes: []Change{changed(9, "100", ChangeItem{Field: "Sprint", From: "7", FromText: "Sprint 7", To: "8", ToText: "Sprint 8"})},
			want:    []Bump{{At: day(9), From: "Sprint 7", To: "Sprint 8"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := issueIn("1")
			x.Sprints = c.sprints
			if got := HistoryOf(x, c.changes, false, statusOf).Bumps; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhenItWasFirstInAnActiveSprint(t *testing.T) {
	t.Parallel()
	into := func(n int, id string) Change { return changed(n, fmt.Sprint(1000+n), sprint("", "", id, "Sprint "+id)) }
	out := func(n int, id string) Change { return changed(n, fmt.Sprint(1000+n), sprint(id, "Sprint "+id, "", "")) }
	active := func(id string, n int) Sprint { return Sprint{ID: id, State: ActiveSprint, StartedAt: day(n)} }
	cases := map[string]struct {
		changes []Change
		sprints []Sprint
		partial bool
		want    time.Time
	}{
		"in none":                                        {},
		"planned before it began":                        {changes: []Change{into(3, "7")}, sprints: []Sprint{active("7", 10)}, want: day(10)},
		"taken in while it ran":                          {changes: []Change{into(12, "7")}, sprints: []Sprint{active("7", 10)}, want: day(12)},
		"created in it, while it ran":                    {sprints: []Sprint{active("7", -5)}, want: day(0)},
		"created in it before it began":                  {sprints: []Sprint{active("7", 5)}, want: day(5)},
		"it has not begun, whatever is planned":          {changes: []Change{into(3, "7")}, sprints: []Sprint{{ID: "7", State: FutureSprint, StartedAt: day(10)}}},
		"Jira does not tell when it began":               {changes: []Change{into(3, "7")}, sprints: []Sprint{{ID: "7", State: ActiveSprint}}},
		"in a closed one before the one of now":          {changes: []Change{into(3, "7"), changed(20, "5000", sprint("7", "", "7, 8", ""))}, sprints: []Sprint{{ID: "7", State: ClosedSprint, StartedAt: day(5)}, active("8", 20)}, want: day(5)},
		"taken out before it began and put back later":   {changes: []Change{into(3, "7"), out(6, "7"), into(12, "7")}, sprints: []Sprint{active("7", 10)}, want: day(12)},
		"it began while it was in it, and was taken out": {changes: []Change{into(3, "7"), out(12, "7"), into(15, "7")}, sprints: []Sprint{active("7", 10)}, want: day(10)},
		"of half a history nobody can tell":              {sprints: []Sprint{active("7", 5)}, partial: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := issueIn("1")
			x.Sprints = c.sprints
			if got := HistoryOf(x, c.changes, c.partial, statusOf).SprintEnteredAt; !got.Equal(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestHistoriesEqualThePlainDefinition: at every moment an issue is in the status that the last change before it led to, or
// in the one that the first change left.
func TestHistoriesEqualThePlainDefinition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20, 26))
	for range 2000 {
		x, inOrder := randomWay(r)
		changes := make([]Change, len(inOrder))
		for to, from := range r.Perm(len(inOrder)) {
			changes[to] = inOrder[from]
		}
		now := day(0).Add(60 * oneDay)
		h := HistoryOf(x, changes, false, statusOf)
		wrong := func(what string, got, want any) {
			t.Fatalf("%s: got %v, want %v\n%+v\n%+v", what, got, want, inOrder, h)
		}
		if h.Broken || h.Off != 0 {
			wrong("flags", h, "none")
		}
		known, reopened, atOnce := statusOf(statusThen(x, inOrder, time.Time{})).CountsAs() != Unknown, 0, 0
		for _, c := range inOrder {
			for _, i := range c.Items {
				if i.FieldID != "status" {
					continue
				}
				was, is := statusOf(i.From).CountsAs(), statusOf(i.To).CountsAs()
				known = known && is != Unknown
				if was == Done && is != Done {
					reopened++
					if c.At.Equal(x.CreatedAt) { // before anything could be queued
						atOnce++
					}
				}
			}
		}
		if Whole(h.Intervals) != known {
			wrong("whole", Whole(h.Intervals), known)
		}
		if got := Reopened(h.Intervals); got != reopened {
			wrong("reopened", got, reopened)
		}
		var sum time.Duration
		for _, spent := range TimeIn(h.Intervals, now) {
			sum += spent.Past + spent.Running
		}
		if sum != now.Sub(x.CreatedAt) {
			wrong("sum", sum, now.Sub(x.CreatedAt))
		}
		for range 20 {
			at := x.CreatedAt.Add(time.Duration(r.Int64N(int64(50 * oneDay))))
			if got, want := plainStatus(h.Intervals, at), statusThen(x, inOrder, at); got != catalogue[want].Name {
				wrong(at.String(), got, catalogue[want].Name)
			}
		}
		gap, told := QueueGap(h.Intervals, x.CreatedAt, now)
		if told != known {
			wrong("a figure is told", told, known)
		}
		if told {
			times := TimeIn(h.Intervals, now)
			todo, doing := times[ToDo], times[InProgress]
			if got := gap.Waiting + gap.SentBack; got != todo.Past+todo.Running {
				wrong("waiting and sent back", got, todo)
			}
			if waits, open := plainWaiting(x, inOrder, now); gap.Waiting != waits || gap.StillWaiting != open {
				wrong("the queue gap", gap, waits)
			}
			if gap.Working != doing.Past+doing.Running || gap.Reopened != reopened-atOnce {
				wrong("working, reopened", gap, doing)
			}
		}
	}
}

// randomWay is an issue and its changes in order: some in the same millisecond, some of other fields.
func randomWay(r *rand.Rand) (Ticket, []Change) {
	ids := []string{"1", "2", "3", "4", "5", "6", "77"}
	if r.IntN(4) == 0 {
		ids = append(ids, "7")
	}
	held := ids[r.IntN(len(ids))]
	x := issueIn(held)
	at, number := x.CreatedAt, 90+r.IntN(20) // numbers cross from two digits to three
	x.CategoryChangedAt = at
	var changes []Change
	for range r.IntN(12) {
		if r.IntN(3) > 0 {
			at = at.Add(time.Duration(r.Int64N(int64(4*oneDay))) / time.Millisecond * time.Millisecond)
		}
		number++
		c := Change{ID: strconv.Itoa(number), At: at, Items: []ChangeItem{{Field: "labels", FieldID: "labels", From: "1", To: "5"}}}
		switch r.IntN(5) {
		case 0:
			c.Items = append(c.Items, ChangeItem{Field: "Workflow", From: held, To: "5"})
		case 1:
		default:
			to := ids[r.IntN(len(ids))]
			c.Items = append(c.Items, status(held, to))
			if statusOf(held).CountsAs() != statusOf(to).CountsAs() {
				x.CategoryChangedAt = at
			}
			held = to
		}
		changes = append(changes, c)
	}
	x.Status, x.Category = catalogue[held].Named, catalogue[held].CountsAs()
	return x, changes
}

func statusThen(x Ticket, inOrder []Change, at time.Time) string {
	held, first := x.Status.ID, true
	for _, c := range inOrder {
		for _, i := range c.Items {
			if i.FieldID != "status" {
				continue
			}
			if first {
				held, first = i.From, false
			}
			if !c.At.After(at) {
				held = i.To
			}
		}
	}
	return held
}

// plainWaiting is the queue gap by its definition: from the creation to the first change after which the issue is not to do.
// What happened at the moment of its creation is how it was created.
func plainWaiting(x Ticket, inOrder []Change, now time.Time) (waits time.Duration, open bool) {
	if statusOf(statusThen(x, inOrder, x.CreatedAt)).CountsAs() != ToDo {
		return 0, false
	}
	for _, c := range inOrder {
		for _, i := range c.Items {
			if i.FieldID == "status" && c.At.After(x.CreatedAt) && statusOf(i.To).CountsAs() != ToDo {
				return c.At.Sub(x.CreatedAt), false
			}
		}
	}
	return now.Sub(x.CreatedAt), true
}

func plainStatus(history []Interval, at time.Time) string {
	for _, i := range history {
		if !at.Before(i.From) && (i.To.IsZero() || at.Before(i.To)) {
			return i.Status
		}
	}
	return ""
}
