package ticket

import "time"

// Whole tells whether a history can be trusted for figures: one interval follows the other without hole or
// overlap, only the last one lasts, and every category is known. An empty history is not whole.
func Whole(history []Interval) bool {
	for n, i := range history {
		switch {
		case i.Category == Unknown || i.Category == "" || i.From.IsZero():
			return false
		case n == len(history)-1:
			return i.To.IsZero() || !i.To.Before(i.From)
		case i.To.IsZero() || i.To.Before(i.From) || !i.To.Equal(history[n+1].From):
			return false
		}
	}
	return false
}

// Since is the part of a history that is not before the moment. When the history begins later than that, the
// time between is waiting: the promise came before the ticket.
func Since(history []Interval, at time.Time) []Interval {
	if len(history) == 0 {
		return nil
	}
	var part []Interval
	if first := history[0]; at.Before(first.From) {
		part = append(part, Interval{From: at, To: first.From, Category: ToDo})
	}
	for _, i := range history {
		if !i.To.IsZero() && !i.To.After(at) {
			continue
		}
		if i.From.Before(at) {
			i.From = at
		}
		part = append(part, i)
	}
	return part
}

// SetAside is the history with the stretch [from, to) taken out of waiting and working; a zero to has no end.
func SetAside(history []Interval, from, to time.Time, status string) []Interval {
	var parts []Interval
	for _, i := range history {
		untouched := (!i.To.IsZero() && !i.To.After(from)) || (!to.IsZero() && !i.From.Before(to))
		if untouched {
			parts = append(parts, i)
			continue
		}
		if i.From.Before(from) {
			parts = append(parts, Interval{From: i.From, To: from, Status: i.Status, Category: i.Category})
		}
		aside := Interval{From: later(i.From, from), To: i.To, Status: status, Category: Aside}
		if !to.IsZero() && (i.To.IsZero() || to.Before(i.To)) {
			aside.To = to
			parts = append(parts, aside, Interval{From: to, To: i.To, Status: i.Status, Category: i.Category})
			continue
		}
		parts = append(parts, aside)
	}
	return parts
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Time is how long something lasted: in stretches that are over, and in the one that runs.
type Time struct {
	Past, Running time.Duration
}

// TimeIn is the time spent in each category. A status the history left counts as past, the last one runs until now.
func TimeIn(history []Interval, now time.Time) map[Category]Time {
	return timeBy(history, now, func(i Interval) Category { return i.Category })
}

// TimeInStatus is the time spent in each status.
func TimeInStatus(history []Interval, now time.Time) map[string]Time {
	return timeBy(history, now, func(i Interval) string { return i.Status })
}

func timeBy[K comparable](history []Interval, now time.Time, key func(Interval) K) map[K]Time {
	times := map[K]Time{}
	for _, i := range history {
		t := times[key(i)]
		if i.To.IsZero() {
			t.Running += i.lengthUntil(now)
		} else {
			t.Past += i.lengthUntil(now)
		}
		times[key(i)] = t
	}
	return times
}

// Finish is a stay in done, [At, LeftAt); LeftAt is zero while it lasts. Moves from one done status to another do not end it.
type Finish struct {
	At, LeftAt time.Time
}

// Finishes lists the stays in done, in order. Every one that was left is a reopening.
func Finishes(history []Interval) []Finish {
	var stays []Finish
	for n, i := range history {
		if i.Category != Done {
			continue
		}
		if n > 0 && history[n-1].Category == Done {
			stays[len(stays)-1].LeftAt = i.To
			continue
		}
		stays = append(stays, Finish{At: i.From, LeftAt: i.To})
	}
	return stays
}

// Reopened counts how often done was left again.
func Reopened(history []Interval) int {
	n := 0
	for _, stay := range Finishes(history) {
		if !stay.LeftAt.IsZero() {
			n++
		}
	}
	return n
}
