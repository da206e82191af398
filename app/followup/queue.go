package followup

import (
	"time"

	"upshot/app/catalog"
)

// QueueSummary is how a backlog stands. Lengths of those started and ages of those waiting are never averaged together.
type QueueSummary struct {
	All   TeamQueue
	Teams []TeamQueue // by the team's number; 0 is nobody's
	Ages  []Age       // of those that wait
	Weeks []Week      // oldest first
	// Started is how long those waited whose work began in the last StartedWithin, at most StartedUpTo of them, latest first.
	Started []time.Duration
}

// The bounds of a summary.
const (
	StartedWithin  = 90 * 24 * time.Hour
	FinishedWithin = 90 * 24 * time.Hour
	StartedUpTo    = 10_000
	SummaryWeeks   = 12
)

// TeamQueue is one team's part of it, or all of it.
type TeamQueue struct {
	Team     catalog.TeamID
	Waiting  int // nobody has ever started
	Open     int // queued or in progress
	Finished int // done within FinishedWithin, and not reopened since
	Recurred int // of those waiting, the ones whose failure came back meanwhile
	// OldestQueuedAt is the longest wait's begin; zero when nothing waits.
	OldestQueuedAt time.Time
	// Cost is impact and hands-on time of what recurred while the open ones waited. An occurrence counts once, however
	// many of them answer it; where teams share a problem it counts for each, and once in the whole.
	Cost time.Duration
}

// Age counts those that have waited that many whole days.
type Age struct {
	From, To          int // days, both included; To of the last is 0: no end
	Waiting, Recurred int
}

// Ages are the classes of METRICS: 0-7, 8-14, 15-30, 31-90 and over 90 days.
func Ages() []Age {
	return []Age{{From: 0, To: 7}, {From: 8, To: 14}, {From: 15, To: 30}, {From: 31, To: 90}, {From: 91}}
}

const wholeDay = 24 * time.Hour

// Bounds says when what is of that age now was queued: after one moment (zero: however long ago), up to the other.
func (a Age) Bounds(now time.Time) (after, upTo time.Time) {
	if a.To > 0 {
		after = now.Add(-time.Duration(a.To+1) * wholeDay)
	}
	return after, now.Add(-time.Duration(a.From) * wholeDay)
}

// Week is one ISO week of a backlog's flow, in UTC.
type Week struct {
	Start   time.Time // Monday, midnight
	In, Out int       // queued; done, declined or found to be a duplicate
}

// Balance is by how many the backlog grew.
func (w Week) Balance() int { return w.In - w.Out }

// LastWeeks are the n weeks up to the one that holds now, oldest first.
func LastWeeks(now time.Time, n int) []Week {
	year, month, d := now.UTC().Date()
	monday := time.Date(year, month, d-(int(now.UTC().Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	weeks := make([]Week, n)
	for i := range weeks {
		weeks[i].Start = monday.AddDate(0, 0, -7*(n-1-i))
	}
	return weeks
}
