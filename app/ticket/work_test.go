package ticket

import (
	"reflect"
	"testing"
	"time"
)

func TestWorkOf(t *testing.T) {
	t.Parallel()
	worked := func(days ...int) []Stretch {
		var all []Stretch
		for n := 0; n < len(days); n += 2 {
			s := Stretch{From: day(days[n])}
			if days[n+1] >= 0 {
				s.To = day(days[n+1])
			}
			all = append(all, s)
		}
		return all
	}
	cases := map[string]struct {
		now     string
		meaning Meaning
		partial bool
		changes []Change
		want    Work
	}{
		"never started": {"1", "", false, nil, Work{}},
		"started and finished": {
			"5", MeansDone, false,
			[]Change{changed(2, "1", status("1", "3")), changed(5, "2", status("3", "5"))},
			Work{StartedAt: day(2), DoneAt: day(5), Working: worked(2, 5)},
		},
		"a review is work too, and two statuses of done are one": {
			"6", "", false,
			[]Change{changed(2, "1", status("1", "3")), changed(3, "2", status("3", "4")), changed(5, "3", status("4", "5")), changed(9, "4", status("5", "6"))},
			Work{StartedAt: day(2), DoneAt: day(5), Working: worked(2, 5)},
		},
		"reopened: the final done counts, and what lay between": {
			"5", "", false,
			[]Change{changed(2, "1", status("1", "3")), changed(5, "2", status("3", "5")), changed(8, "3", status("5", "1")), changed(10, "4", status("1", "3")), changed(11, "5", status("3", "5"))},
			Work{StartedAt: day(2), DoneAt: day(11), Reopened: 1, Working: worked(2, 5, 10, 11)},
		},
		"reopened, and not done again": {
			"3", "", false,
			[]Change{changed(2, "1", status("1", "3")), changed(5, "2", status("3", "5")), changed(8, "3", status("5", "3"))},
			Work{StartedAt: day(2), Reopened: 1, Working: worked(2, 5, 8, -1)},
		},
		"it skipped the work": {"5", "", false, []Change{changed(4, "1", status("1", "5"))}, Work{DoneAt: day(4)}},
		"created at work":     {"5", "", false, []Change{changed(4, "1", status("3", "5"))}, Work{StartedAt: day(0), DoneAt: day(4), Working: worked(0, 4)}},
		"declined": {
			"5", MeansWontDo, false,
			[]Change{changed(2, "1", status("1", "3")), changed(5, "2", status("3", "5"))},
			Work{StartedAt: day(2), DoneAt: day(5), Declined: true, Working: worked(2, 5)},
		},
		"a status that nobody can place": {
			"5", "", false,
			[]Change{changed(2, "1", status("1", "7")), changed(5, "2", status("7", "5"))},
			Work{DoneAt: day(50), Withheld: true},
		},
		"a history that was cut":            {"5", MeansDuplicate, true, []Change{changed(5, "2", status("3", "5"))}, Work{DoneAt: day(50), Declined: true, Withheld: true}},
		"open, with a history that was cut": {"3", "", true, nil, Work{Withheld: true}},
		"from one sprint to the next": {
			"1", "", false,
			[]Change{changed(1, "1", sprint("", "", "7", "A")), changed(9, "2", sprint("7", "A", "7, 8", "A, B")), changed(12, "3", sprint("7, 8", "A, B", "8", "B"))},
			Work{Sprints: []Stay{{"7", Stretch{day(1), day(12)}}, {"8", Stretch{day(9), time.Time{}}}}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := issueIn(c.now)
			x.Meaning, x.UpdatedAt = c.meaning, day(50)
			x.History = HistoryOf(x, c.changes, c.partial, statusOf)
			if got := WorkOf(x, c.changes); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestWorkOfAnIssueCreatedInASprint(t *testing.T) {
	t.Parallel()
	x := issueIn("1")
	x.Sprints = []Sprint{{ID: "7"}}
	x.History = HistoryOf(x, nil, false, statusOf)
	if got := WorkOf(x, nil).Sprints; !reflect.DeepEqual(got, []Stay{{"7", Stretch{From: day(0)}}}) {
		t.Errorf("got %+v", got)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		s        Stretch
		from, to int
		want     time.Duration
	}{
		"inside":             {Stretch{day(2), day(4)}, 0, 10, 2 * oneDay},
		"it began before":    {Stretch{day(2), day(4)}, 3, 10, oneDay},
		"it lasts":           {Stretch{From: day(2)}, 0, 10, 8 * oneDay},
		"over before":        {Stretch{day(2), day(4)}, 5, 10, 0},
		"begins only after":  {Stretch{From: day(12)}, 5, 10, 0},
		"longer on each end": {Stretch{day(2), day(14)}, 5, 10, 5 * oneDay},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.s.Within(day(c.from), day(c.to)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
