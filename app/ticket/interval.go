// Package ticket knows a change's way through a backlog: status history as intervals, and what they say about waiting.
package ticket

import "time"

// Category is what a status means for waiting, as Jira's status categories do.
type Category string

// The categories.
const (
	ToDo       Category = "todo"
	InProgress Category = "in_progress"
	Done       Category = "done"
	Unknown    Category = "unknown" // a status nobody can place: figures are withheld
	Aside      Category = "aside"   // declined or a duplicate: neither waiting nor being worked on
)

// Interval is a half-open stretch of time, [From, To), in one status.
type Interval struct {
	From, To time.Time // To is zero while it lasts
	Status   string    // as the backlog calls it
	Category Category
}

// lengthUntil is how long it lasted, or lasts so far.
func (i Interval) lengthUntil(now time.Time) time.Duration {
	end := i.To
	if end.IsZero() || end.After(now) {
		end = now
	}
	return max(0, end.Sub(i.From))
}
