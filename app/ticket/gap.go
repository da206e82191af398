package ticket

import "time"

// Gap is what a history says about waiting, from the moment something was queued.
type Gap struct {
	// StartedAt is when somebody first started; before the queueing when work was under way by then. Zero: nobody did.
	StartedAt time.Time
	DoneAt    time.Time // last entry into done that was not left again

	Waiting  time.Duration // in the backlog before anything else happened; the queue gap
	Working  time.Duration
	SentBack time.Duration // in the backlog again, after work or after done

	StillWaiting   bool // nobody has started: Waiting grows
	NeverStarted   bool // it is or was done, and nobody ever started: Waiting is the whole way
	CreatedStarted bool // it had left the backlog when it was queued: Waiting is 0
	Reopened       int  // times done was left again

	Cycles []Cycle // every stay in the backlog, in order; the first is the queue gap itself
}

// Cycle is one stay in the backlog, [From, To); To is zero while it lasts.
type Cycle struct {
	From, To time.Time
	Length   time.Duration // so far while it lasts
	// Again is true for returns after work or after done.
	Again bool
}

// QueueGap measures a history from the moment of queueing. It is false, with no figure at all, when the
// history is not whole: figures are withheld, never guessed.
//
// Time set aside is neither waiting nor working, and does not count as leaving the backlog.
func QueueGap(history []Interval, queued, now time.Time) (Gap, bool) {
	part := Since(history, queued)
	if !Whole(history) || queued.IsZero() || len(part) == 0 {
		return Gap{}, false
	}
	var g Gap
	left := false // whether the backlog was left since the queueing
	worked := false
	for n, i := range part {
		length := i.lengthUntil(now)
		switch i.Category {
		case ToDo:
			if left {
				g.SentBack += length
			} else {
				g.Waiting += length
			}
			if last := len(g.Cycles) - 1; n > 0 && part[n-1].Category == ToDo {
				g.Cycles[last].To = i.To
				g.Cycles[last].Length += length
			} else {
				g.Cycles = append(g.Cycles, Cycle{From: i.From, To: i.To, Length: length, Again: left})
			}
		case InProgress:
			g.Working += length
			if !worked {
				worked, g.StartedAt = true, i.From
			}
			left = true
		case Done:
			left = true
		}
		if n == 0 && left {
			g.CreatedStarted = true
		}
	}
	if at := startedBefore(history, queued); !at.IsZero() {
		worked, g.StartedAt = true, at
	}
	for _, stay := range Finishes(history) {
		switch {
		case stay.LeftAt.IsZero():
			g.DoneAt = stay.At
			g.NeverStarted = !worked
		case stay.LeftAt.After(queued):
			g.Reopened++
			g.NeverStarted = !worked
		}
	}
	running := part[len(part)-1]
	g.StillWaiting = !left && running.Category == ToDo && running.To.IsZero()
	return g, true
}

// startedBefore is when the work began that was under way at the moment of queueing, or that had led to the
// done it was in by then; zero when it stood in the backlog.
func startedBefore(history []Interval, queued time.Time) time.Time {
	var at time.Time
	for _, i := range history {
		if !i.From.Before(queued) {
			break
		}
		switch i.Category {
		case ToDo:
			at = time.Time{}
		case InProgress:
			if at.IsZero() {
				at = i.From
			}
		}
	}
	return at
}
