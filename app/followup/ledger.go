package followup

import "time"

// Ledger is what waiting for a change was, and what it cost (DESIGN.md, METRICS.md 2 and 7).
type Ledger struct {
	QueuedAt   time.Time // zero: never queued
	StartedAt  time.Time // first time somebody started; zero: not yet
	DoneAt     time.Time // last entry into done that was not left again
	ShippedAt  time.Time // first production deployment, else done; zero: not yet
	VerifiedAt time.Time

	Waiting  time.Duration // from queued to the first start, or so far
	Working  time.Duration
	SentBack time.Duration // later returns into the backlog

	StillWaiting bool // nobody has started: Waiting grows
	NeverStarted bool // it went straight to done: Waiting is the whole way
	Incomplete   bool // history partial or a status unknown: no lengths of time are given
	Bumps        int  // moved to a later sprint while waiting

	RecurrencesWhileWaiting int           // occurrences with queued <= detected < shipped
	ImpactWhileWaiting      time.Duration // of those
	HandsOnWhileWaiting     time.Duration // of those
	RecurrencesAfter        int           // occurrences detected after it shipped
}

// Cost is what waiting cost: impact and hands-on time of what recurred meanwhile. It orders the queue.
func (l Ledger) Cost() time.Duration { return l.ImpactWhileWaiting + l.HandsOnWhileWaiting }
