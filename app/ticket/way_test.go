package ticket

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// catalogue knows four statuses; whatever else is asked for, nobody can place.
func catalogue(id string) Status {
	known := map[string]Status{
		"1": {Named: Named{"1", "To Do"}, Category: ToDo}, "2": {Named: Named{"2", "In Progress"}, Category: InProgress},
		"3": {Named: Named{"3", "Done"}, Category: Done}, "8": {Named: Named{"8", "Parked"}, Placed: ToDo},
	}
	if s, is := known[id]; is {
		return s
	}
	return Status{Named: Named{ID: id}, Category: Unknown}
}

// changed is a change of status on a day.
func changed(id string, on int, from, to string) Change {
	return Change{ID: id, At: day(on), Items: []ChangeItem{{
		Field: "status", FieldID: "status", From: from, FromText: catalogue(from).Name, To: to, ToText: catalogue(to).Name,
	}}}
}

// at is a ticket created on day 0 that is in the status now.
func at(status string) Ticket {
	return Ticket{Status: catalogue(status).Named, Category: catalogue(status).CountsAs(), CreatedAt: day(0)}
}

func TestHistoryOf(t *testing.T) {
	t.Parallel()
	noField := changed("10", 5, "1", "2")
	noField.Items[0].FieldID = ""
	workflow := changed("10", 5, "1", "3")
	workflow.Items[0].Field = "Workflow"
	resolved := func(meaning Meaning) Ticket {
		k := at("3")
		k.Meaning = meaning
		return k
	}
	cases := map[string]struct {
		t       Ticket
		changes []Change
		want    []entered
		broken  bool
	}{
		"without a change it has been where it is since it was created": {at("1"), nil, []entered{{ToDo, 0}}, false},
		"the first status is the one that the first change left":        {at("2"), []Change{changed("10", 5, "1", "2")}, []entered{{ToDo, 0}, {InProgress, 5}}, false},
		"changes in any order are sorted by moment": {
			at("3"),
			[]Change{changed("12", 9, "2", "3"), changed("10", 5, "1", "2")},
			[]entered{{ToDo, 0}, {InProgress, 5}, {Done, 9}},
			false,
		},
		"changes of one moment are in the order of their numbers, 9 before 10": {
			at("3"),
			[]Change{changed("10", 5, "2", "3"), changed("9", 5, "1", "2")},
			[]entered{{ToDo, 0}, {InProgress, 5}, {Done, 5}},
			false,
		},
		"Data Center gives no field ids":                {at("2"), []Change{noField}, []entered{{ToDo, 0}, {InProgress, 5}}, false},
		"a change of workflow is none of status":        {at("1"), []Change{workflow}, []entered{{ToDo, 0}}, false},
		"a placed status counts as it was placed":       {at("8"), []Change{changed("10", 5, "2", "8")}, []entered{{InProgress, 0}, {ToDo, 5}}, false},
		"a status that nobody can place is unknown":     {at("1"), []Change{changed("10", 5, "77", "1")}, []entered{{Unknown, 0}, {ToDo, 5}}, false},
		"a change that leaves another status is marked": {at("3"), []Change{changed("10", 5, "1", "2"), changed("11", 7, "1", "3")}, []entered{{ToDo, 0}, {InProgress, 5}, {Done, 7}}, true},
		"an end elsewhere than the ticket is marked":    {at("3"), []Change{changed("10", 5, "1", "2")}, []entered{{ToDo, 0}, {InProgress, 5}}, true},
		"a change before the creation counts from it":   {at("2"), []Change{changed("10", -5, "1", "2")}, []entered{{ToDo, 0}, {InProgress, 0}}, false},
		"done with a resolution that means no is aside": {resolved(MeansWontDo), []Change{changed("10", 5, "1", "3")}, []entered{{ToDo, 0}, {Aside, 5}}, false},
		"an earlier stay in done stays done": {
			resolved(MeansDuplicate),
			[]Change{changed("10", 5, "1", "3"), changed("11", 6, "3", "1"), changed("12", 7, "1", "3")},
			[]entered{{ToDo, 0}, {Done, 5}, {ToDo, 6}, {Aside, 7}},
			false,
		},
		"done with a resolution that means done is done": {resolved(MeansDone), []Change{changed("10", 5, "1", "3")}, []entered{{ToDo, 0}, {Done, 5}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := HistoryOf(c.t, c.changes, false, catalogue)
			var got []entered
			for n, i := range h.Intervals {
				got = append(got, entered{i.Category, int(i.From.Sub(day(0)) / oneDay)})
				if n+1 < len(h.Intervals) && !i.To.Equal(h.Intervals[n+1].From) || n+1 == len(h.Intervals) && !i.To.IsZero() {
					t.Errorf("interval %d ends on %s", n, i.To)
				}
			}
			if !slices.Equal(got, c.want) || h.Broken != c.broken {
				t.Errorf("got %v, broken %t; want %v, %t", got, h.Broken, c.want, c.broken)
			}
		})
	}
}

func TestHistoryOfIsComparedWithJirasOwnMoment(t *testing.T) {
	t.Parallel()
	changes := []Change{changed("10", 5, "1", "2"), changed("11", 7, "2", "2")}
	cases := map[string]struct {
		says    time.Time
		partial bool
		want    time.Duration
	}{
		"it does not tell":                               {time.Time{}, false, 0},
		"it agrees, to the second":                       {day(5).Add(time.Second), false, 0},
		"another status of the same category counts not": {day(5), false, 0},
		"it differs":                                     {day(6), false, oneDay},
		"a history that was cut is not compared":         {day(6), true, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := at("2")
			k.CategoryChangedAt = c.says
			if h := HistoryOf(k, changes, c.partial, catalogue); h.Off != c.want {
				t.Errorf("off by %s, want %s", h.Off, c.want)
			}
		})
	}
}

// planned is a change of sprints on a day, with ids as a comma list.
func planned(id string, on int, from, to string) Change {
	words := func(ids string) string {
		if ids == "" {
			return ""
		}
		return "Sprint " + strings.ReplaceAll(ids, ", ", ", Sprint ")
	}
	return Change{ID: id, At: day(on), Items: []ChangeItem{{Field: "Sprint", FieldID: "customfield_10020", From: from, FromText: words(from), To: to, ToText: words(to)}}}
}

func TestBumps(t *testing.T) {
	t.Parallel()
	sprint := func(id string, began int) Sprint {
		return Sprint{ID: id, Name: "Sprint " + id, State: ActiveSprint, StartedAt: day(began)}
	}
	future := Sprint{ID: "9", Name: "Sprint 9", State: FutureSprint}
	cases := map[string]struct {
		status  string
		sprints []Sprint
		changes []Change
		bumps   []string
		entered int // day; -1: never
	}{
		"in no sprint at all":                          {"1", nil, nil, nil, -1},
		"created in a sprint that began before":        {"1", []Sprint{sprint("4", -3)}, nil, nil, 0},
		"created in a sprint that began later":         {"1", []Sprint{sprint("4", 3)}, nil, nil, 3},
		"a sprint that has not begun":                  {"1", []Sprint{future}, []Change{planned("10", 2, "", "9")}, nil, -1},
		"planned first is no bump":                     {"1", []Sprint{sprint("4", 1)}, []Change{planned("10", 2, "", "4")}, nil, 2},
		"replaced by a later one while it waits":       {"1", []Sprint{sprint("4", 1), sprint("5", 15)}, []Change{planned("10", 2, "", "4"), planned("11", 14, "4", "5")}, []string{"Sprint 4 to Sprint 5"}, 2},
		"kept in a closed one and added to the next":   {"1", []Sprint{sprint("4", 1), sprint("5", 15)}, []Change{planned("10", 2, "", "4"), planned("11", 15, "4", "4, 5")}, []string{"Sprint 4 to Sprint 5"}, 2},
		"taken out of all is none":                     {"1", nil, []Change{planned("10", 2, "", "4"), planned("11", 14, "4", "")}, nil, -1},
		"replaced while it is being worked on is none": {"2", []Sprint{sprint("5", 15)}, []Change{changed("9", 1, "1", "2"), planned("10", 2, "", "4"), planned("11", 14, "4", "5")}, nil, 15},
		"twice": {
			"1",
			nil,
			[]Change{planned("10", 2, "4", "5"), planned("11", 14, "5", "6")},
			[]string{"Sprint 4 to Sprint 5", "Sprint 5 to Sprint 6"},
			-1,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := at(c.status)
			k.Sprints = c.sprints
			h := HistoryOf(k, c.changes, false, catalogue)
			var got []string
			for _, b := range h.Bumps {
				got = append(got, b.From+" to "+b.To)
			}
			if !slices.Equal(got, c.bumps) {
				t.Errorf("bumps %q, want %q", got, c.bumps)
			}
			entered := -1
			if !h.SprintEnteredAt.IsZero() {
				entered = int(h.SprintEnteredAt.Sub(day(0)) / oneDay)
			}
			if entered != c.entered {
				t.Errorf("in an active sprint from day %d, want %d", entered, c.entered)
			}
		})
	}
}

func TestWhoChoseThePriority(t *testing.T) {
	t.Parallel()
	raised := func(on int, ours bool) Change {
		return Change{ID: "1", At: day(on), Ours: ours, Items: []ChangeItem{{Field: "priority", FieldID: "priority"}}}
	}
	cases := map[string]struct {
		changes []Change
		want    time.Time
	}{
		"nobody":                     {nil, time.Time{}},
		"only this program":          {[]Change{raised(3, true)}, time.Time{}},
		"somebody, and then we":      {[]Change{raised(3, false), raised(4, true)}, day(3)},
		"the last time somebody did": {[]Change{raised(3, false), raised(4, true), raised(5, false)}, day(5)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if h := HistoryOf(at("1"), c.changes, false, catalogue); !h.PrioritySetByPersonAt.Equal(c.want) {
				t.Errorf("got %s, want %s", h.PrioritySetByPersonAt, c.want)
			}
		})
	}
}

// FuzzHistoryOf: whatever order and gaps the changes have, the intervals follow each other from the creation on.
func FuzzHistoryOf(f *testing.F) {
	f.Add("5:1>2 7:2>3")
	f.Add("9:2>3 5:1>2 5:1>1")
	f.Add("-3:8>77")
	f.Fuzz(func(t *testing.T, words string) {
		var changes []Change
		for n, w := range strings.Fields(words) {
			when, way, _ := strings.Cut(w, ":")
			from, to, _ := strings.Cut(way, ">")
			c := changed(strings.Repeat("1", n%20+1), len(when)-3, from, to)
			changes = append(changes, c)
		}
		h := HistoryOf(at("1"), changes, false, catalogue)
		if len(h.Intervals) != len(changes)+1 || !h.Intervals[0].From.Equal(day(0)) || !h.Intervals[len(h.Intervals)-1].To.IsZero() {
			t.Fatalf("%d changes give %v", len(changes), h.Intervals)
		}
		for n := 1; n < len(h.Intervals); n++ {
			before, i := h.Intervals[n-1], h.Intervals[n]
			if !before.To.Equal(i.From) || i.From.Before(before.From) {
				t.Fatalf("interval %d begins on %s after one from %s to %s", n, i.From, before.From, before.To)
			}
		}
	})
}
