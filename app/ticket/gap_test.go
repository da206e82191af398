package ticket

import (
	"reflect"
	"testing"
	"time"
)

var day0 = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const oneDay = 24 * time.Hour

func day(n int) time.Time { return day0.AddDate(0, 0, n) }

// entered is the entering of a category so many days after day0.
type entered struct {
	category Category
	day      int
}

// way is a history of such entries, of which the last lasts.
func way(steps ...entered) []Interval {
	var history []Interval
	for n, s := range steps {
		if n > 0 {
			history[n-1].To = day(s.day)
		}
		history = append(history, Interval{From: day(s.day), Status: string(s.category), Category: s.category})
	}
	return history
}

func TestQueueGap(t *testing.T) {
	t.Parallel()
	now := day(100)
	cases := map[string]struct {
		history []Interval
		queued  int
		want    Gap
	}{
		"waits, so far": {
			way(entered{ToDo, 0}), 0,
			Gap{Waiting: 100 * oneDay, StillWaiting: true, Cycles: []Cycle{{From: day(0), Length: 100 * oneDay}}},
		},
		"started and going on": {
			way(entered{ToDo, 0}, entered{InProgress, 20}), 0,
			Gap{StartedAt: day(20), Waiting: 20 * oneDay, Working: 80 * oneDay, Cycles: []Cycle{{From: day(0), To: day(20), Length: 20 * oneDay}}},
		},
		"one to-do status after another is one wait": {
			way(entered{ToDo, 0}, entered{ToDo, 5}, entered{InProgress, 20}, entered{Done, 30}), 0,
			Gap{StartedAt: day(20), DoneAt: day(30), Waiting: 20 * oneDay, Working: 10 * oneDay, Cycles: []Cycle{{From: day(0), To: day(20), Length: 20 * oneDay}}},
		},
		"sent back is counted apart": {
			way(entered{ToDo, 0}, entered{InProgress, 10}, entered{ToDo, 15}, entered{InProgress, 40}, entered{Done, 50}), 0,
			Gap{
				StartedAt: day(10), DoneAt: day(50), Waiting: 10 * oneDay, Working: 15 * oneDay, SentBack: 25 * oneDay,
				Cycles: []Cycle{{From: day(0), To: day(10), Length: 10 * oneDay}, {From: day(15), To: day(40), Length: 25 * oneDay, Again: true}},
			},
		},
		"done without start: the wait is the whole way": {
			way(entered{ToDo, 0}, entered{Done, 30}), 0,
			Gap{DoneAt: day(30), Waiting: 30 * oneDay, NeverStarted: true, Cycles: []Cycle{{From: day(0), To: day(30), Length: 30 * oneDay}}},
		},
		"created started: no wait": {
			way(entered{InProgress, 0}, entered{Done, 30}), 0,
			Gap{StartedAt: day(0), DoneAt: day(30), Working: 30 * oneDay, CreatedStarted: true},
		},
		"created done": {
			way(entered{Done, 0}), 0,
			Gap{DoneAt: day(0), NeverStarted: true, CreatedStarted: true},
		},
		"moved from one done to another is done since the first": {
			way(entered{ToDo, 0}, entered{InProgress, 5}, entered{Done, 10}, entered{Done, 60}), 0,
			Gap{StartedAt: day(5), DoneAt: day(10), Waiting: 5 * oneDay, Working: 5 * oneDay, Cycles: []Cycle{{From: day(0), To: day(5), Length: 5 * oneDay}}},
		},
		"reopened into the backlog waits again, and is not done": {
			way(entered{ToDo, 0}, entered{InProgress, 5}, entered{Done, 10}, entered{ToDo, 60}), 0,
			Gap{
				StartedAt: day(5), Waiting: 5 * oneDay, Working: 5 * oneDay, SentBack: 40 * oneDay, Reopened: 1,
				Cycles: []Cycle{{From: day(0), To: day(5), Length: 5 * oneDay}, {From: day(60), Length: 40 * oneDay, Again: true}},
			},
		},
		"reopened into work and done again": {
			way(entered{ToDo, 0}, entered{Done, 10}, entered{InProgress, 60}, entered{Done, 70}), 0,
			Gap{StartedAt: day(60), DoneAt: day(70), Waiting: 10 * oneDay, Working: 10 * oneDay, Reopened: 1, Cycles: []Cycle{{From: day(0), To: day(10), Length: 10 * oneDay}}},
		},
		"an old ticket counts from the queueing": {
			way(entered{ToDo, 0}, entered{InProgress, 60}), 50,
			Gap{StartedAt: day(60), Waiting: 10 * oneDay, Working: 40 * oneDay, Cycles: []Cycle{{From: day(50), To: day(60), Length: 10 * oneDay}}},
		},
		"started before it was queued": {
			way(entered{ToDo, 0}, entered{InProgress, 20}, entered{InProgress, 30}, entered{Done, 80}), 50,
			Gap{StartedAt: day(20), DoneAt: day(80), Working: 30 * oneDay, CreatedStarted: true},
		},
		"started and sent back before it was queued waits like any other": {
			way(entered{ToDo, 0}, entered{InProgress, 20}, entered{ToDo, 30}), 50,
			Gap{Waiting: 50 * oneDay, StillWaiting: true, Cycles: []Cycle{{From: day(50), Length: 50 * oneDay}}},
		},
		"done and reopened before it was queued is no reopening": {
			way(entered{ToDo, 0}, entered{Done, 20}, entered{ToDo, 30}), 50,
			Gap{Waiting: 50 * oneDay, StillWaiting: true, Cycles: []Cycle{{From: day(50), Length: 50 * oneDay}}},
		},
		"a ticket filed late keeps the day of the promise": {
			way(entered{ToDo, 30}, entered{InProgress, 40}), 10,
			Gap{StartedAt: day(40), Waiting: 30 * oneDay, Working: 60 * oneDay, Cycles: []Cycle{{From: day(10), To: day(40), Length: 30 * oneDay}}},
		},
		"set aside is no waiting and no start": {
			way(entered{ToDo, 0}, entered{Aside, 10}, entered{ToDo, 50}, entered{InProgress, 60}), 0,
			Gap{
				StartedAt: day(60), Waiting: 20 * oneDay, Working: 40 * oneDay,
				Cycles: []Cycle{{From: day(0), To: day(10), Length: 10 * oneDay}, {From: day(50), To: day(60), Length: 10 * oneDay}},
			},
		},
		"set aside for good waits no longer": {
			way(entered{ToDo, 0}, entered{Aside, 10}), 0,
			Gap{Waiting: 10 * oneDay, Cycles: []Cycle{{From: day(0), To: day(10), Length: 10 * oneDay}}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := QueueGap(c.history, day(c.queued), now)
			if !ok || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v (%v)\nwant %+v", got, ok, c.want)
			}
		})
	}
}

func TestNoFigureFromHalfAHistory(t *testing.T) {
	t.Parallel()
	hole := way(entered{ToDo, 0}, entered{InProgress, 10})
	hole[0].To = day(9)
	overlap := way(entered{ToDo, 0}, entered{InProgress, 10})
	overlap[0].To = day(11)
	twoLast := way(entered{ToDo, 0}, entered{InProgress, 10})
	twoLast[0].To = time.Time{}
	over := way(entered{ToDo, 0})
	over[0].To = day(10)
	cases := map[string]struct {
		history []Interval
		queued  time.Time
	}{
		"no history":                {nil, day(0)},
		"a status nobody can place": {way(entered{ToDo, 0}, entered{Unknown, 10}, entered{Done, 20}), day(0)},
		"a hole":                    {hole, day(0)},
		"an overlap":                {overlap, day(0)},
		"two that last":             {twoLast, day(0)},
		"a beginning nobody knows":  {[]Interval{{Category: ToDo}}, day(0)},
		"never queued":              {way(entered{ToDo, 0}), time.Time{}},
		"over before the queueing":  {over, day(50)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := QueueGap(c.history, c.queued, day(100)); ok || !reflect.DeepEqual(got, Gap{}) {
				t.Errorf("got %+v (%v), want no figure", got, ok)
			}
		})
	}
}
