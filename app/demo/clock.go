package demo

import "time"

// Clock is the time of the story. The services it is told through are handed Now as their clock.
type Clock struct {
	now time.Time
	end time.Time
}

// NewClock is a clock for a story that ends at now.
func NewClock(now time.Time) *Clock {
	now = now.UTC().Truncate(time.Microsecond)
	return &Clock{now: now, end: now}
}

// Now is the moment the story has come to; before and after the telling it is the end.
func (c *Clock) Now() time.Time { return c.now }

func (c *Clock) set(at time.Time) { c.now = at.UTC().Truncate(time.Microsecond) }
