package ticket

import (
	"reflect"
	"testing"
	"time"
)

func TestTimeIn(t *testing.T) {
	t.Parallel()
	history := way(entered{ToDo, 0}, entered{InProgress, 10}, entered{ToDo, 15}, entered{InProgress, 40}, entered{Done, 50})
	history[3].Status = "In review"
	want := map[Category]Time{ToDo: {Past: 35 * oneDay}, InProgress: {Past: 15 * oneDay}, Done: {Running: 50 * oneDay}}
	if got := TimeIn(history, day(100)); !reflect.DeepEqual(got, want) {
		t.Errorf("by category: got %v, want %v", got, want)
	}
	byStatus := map[string]Time{"todo": {Past: 35 * oneDay}, "in_progress": {Past: 5 * oneDay}, "In review": {Past: 10 * oneDay}, "done": {Running: 50 * oneDay}}
	if got := TimeInStatus(history, day(100)); !reflect.DeepEqual(got, byStatus) {
		t.Errorf("by status: got %v, want %v", got, byStatus)
	}
}

func TestReopened(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		history []Interval
		want    int
	}{
		"never done":               {way(entered{ToDo, 0}, entered{InProgress, 1}), 0},
		"done for good":            {way(entered{ToDo, 0}, entered{Done, 1}, entered{Done, 2}), 0},
		"twice":                    {way(entered{Done, 0}, entered{ToDo, 1}, entered{Done, 2}, entered{Done, 3}, entered{InProgress, 4}), 2},
		"an empty history is none": {nil, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Reopened(c.history); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestSetAside(t *testing.T) {
	t.Parallel()
	whole := way(entered{ToDo, 0}, entered{InProgress, 10}, entered{Done, 20})
	cases := map[string]struct {
		from, to time.Time
		want     []entered
	}{
		"within one status":       {day(3), day(5), []entered{{ToDo, 0}, {Aside, 3}, {ToDo, 5}, {InProgress, 10}, {Done, 20}}},
		"across several":          {day(5), day(15), []entered{{ToDo, 0}, {Aside, 5}, {Aside, 10}, {InProgress, 15}, {Done, 20}}},
		"for good":                {day(15), time.Time{}, []entered{{ToDo, 0}, {InProgress, 10}, {Aside, 15}, {Aside, 20}}},
		"before it began":         {day(-5), day(0), []entered{{ToDo, 0}, {InProgress, 10}, {Done, 20}}},
		"from its very beginning": {day(0), day(10), []entered{{Aside, 0}, {InProgress, 10}, {Done, 20}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := SetAside(whole, c.from, c.to, "aside")
			if want := way(c.want...); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if !Whole(got) {
				t.Error("it has come apart")
			}
		})
	}
}
