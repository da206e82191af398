package jirasync

import (
	"time"

	"upshot/app/ticket"
)

// State is where the sync of a site stands.
type State struct {
	Site         ticket.SiteID
	CursorAt     time.Time // highest moment of change received; zero: never read
	GoodAt       time.Time // last read that came to its end
	TriedAt      time.Time
	StartedAt    time.Time // last start of the day
	CatalogueAt  time.Time
	ReconciledAt time.Time
	SweptAt      time.Time
	Trouble      Told      // the last; it may be over
	LoginBadAt   time.Time // since when the login is not good; zero: it is
	LoginAskedAt time.Time
	HookSeenAt   time.Time // last webhook; filled in for the health alone
}

// RunOutcome is how a run ended.
type RunOutcome string

// The outcomes.
const (
	Good   RunOutcome = "good"
	Failed RunOutcome = "failed"
	Paused RunOutcome = "paused" // a limit was reached: it goes on by itself
)

// Run is one read of a site, and what it came to.
type Run struct {
	Site             ticket.SiteID
	BeganAt, EndedAt time.Time
	Outcome          RunOutcome
	Lag              time.Duration // from the cursor to the end of the run
	Issues, Changed  int
	Trouble          Told
}

// Health is how the sync of a site is doing.
type Health struct {
	Site      Site // without its secrets
	State     State
	Pauses    []Pause
	Runs      []Run // of the last day, oldest first
	Errors    []Run // the latest that were not good, newest first
	Waiting   int   // writes in the queue
	Dead      int   // writes that gave up
	Mirrored  int
	Gone      int
	Conflicts int
	Decisions int // closed in Jira with a resolution that asks for one
	Unplaced  int // statuses that nobody can place
	Partial   int // tickets whose history could not be read whole
	Off       int // tickets whose history disagrees with Jira about the last change of category
}

// Lag is how far the mirror may be behind: from the last good read to now; 0 when nothing is mirrored yet.
func (h Health) Lag(now time.Time) time.Duration {
	if h.State.GoodAt.IsZero() {
		return 0
	}
	return max(0, now.Sub(h.State.GoodAt))
}

// NeedsSomebody tells whether something waits for a person.
func (h Health) NeedsSomebody() bool {
	return h.Dead+h.Conflicts+h.Decisions+h.Unplaced > 0 || !h.State.LoginBadAt.IsZero()
}

// stoppedAfter is how many polls may be missed before the sync counts as stopped.
const stoppedAfter = 10

// Stopped tells whether the sync has not read for a good while, and why, in words; poll is how often it should.
func (h Health) Stopped(now time.Time, poll time.Duration) (why string, stopped bool) {
	since := h.State.GoodAt
	if since.IsZero() {
		since = h.Site.CreatedAt
	}
	switch {
	case !h.Site.DisabledAt.IsZero():
		return "", false
	case !h.State.LoginBadAt.IsZero():
		return "Jira does not accept the login.", true
	case now.Sub(since) < max(stoppedAfter*poll, 10*time.Minute):
		return "", false
	case h.PausedUntil(now).After(now):
		return "Jira asked to wait.", true
	case h.State.Trouble.Words != "":
		return h.State.Trouble.Words, true
	}
	return "It has not run.", true
}

// PausedUntil is when calls to the whole site go on; zero: they are not paused.
func (h Health) PausedUntil(now time.Time) time.Time {
	for _, p := range h.Pauses {
		if p.Scope == SiteScope && p.Until.After(now) {
			return p.Until
		}
	}
	return time.Time{}
}

// DeadLetter is a write that gave up, and waits for a person.
type DeadLetter struct {
	Push     PushID // 0: the creation of an issue, for FollowUp
	Link     Link   // of a creation
	Of       Push
	Key      string // of the ticket; empty for a creation
	Project  string
	Title    string // of the follow-up
	Trouble  Told
	Attempts int
}

// Hint is a webhook: an issue may have changed. Delivery is the sender's name for it.
type Hint struct {
	ID       int64
	Site     ticket.SiteID
	Delivery string
	Event    string
	IssueID  string
	At       time.Time
}

// DeletedEvent is the one event that says more than that something changed.
const DeletedEvent = "jira:issue_deleted"
