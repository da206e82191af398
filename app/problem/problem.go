// Package problem knows the one failure behind several incidents: its history, what joins it, how it is merged and split.
package problem

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
)

// ID identifies a problem; people and addresses write PRB-7.
type ID int64

// IncidentID identifies an incident. It stands here since a problem's history is made of incidents; incident.ID is the same type.
type IncidentID int64

func (id ID) String() string         { return "PRB-" + strconv.FormatInt(int64(id), 10) }
func (id IncidentID) String() string { return "INC-" + strconv.FormatInt(int64(id), 10) }

// ParseID reads "PRB-7" (any case), or a NotFound fault.
func ParseID(ref string) (ID, error) {
	n, err := ParseRef("PRB", ref)
	if err != nil {
		return 0, fault.New(fault.NotFound, "There is no such problem.")
	}
	return ID(n), nil
}

// ParseRef reads the number of a reference such as INC-42 with the given prefix, in any case.
func ParseRef(prefix, ref string) (int64, error) {
	head, tail, ok := strings.Cut(ref, "-")
	n, err := strconv.ParseInt(tail, 10, 64)
	if !ok || !strings.EqualFold(head, prefix) || err != nil || n <= 0 || tail[0] == '+' || tail[0] == '0' {
		return 0, fmt.Errorf("%q is no reference like %s-7", ref, prefix)
	}
	return n, nil
}

// State is how far a problem is from being gone.
type State string

// The states, in the order of a problem's life.
const (
	Open       State = "open"
	CauseKnown State = "cause_known"
	FixShipped State = "fix_shipped"
	Verified   State = "verified"
)

// Problem is the one failure behind several incidents.
type Problem struct {
	ID          ID
	Title       string
	Service     string // slug; empty: unknown or several
	State       State
	FixFailedAt time.Time // when it last recurred although a fix had shipped
	MergedInto  ID        // 0: not merged
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
	Figures     Figures // kept; equal to what History says of its incidents
}

// Figures sum up a problem's history.
type Figures struct {
	Occurrences   int
	Recurrences   int // occurrences within 90 days of an earlier one's end
	FirstAt       time.Time
	LastAt        time.Time
	Impact        time.Duration
	HandsOn       time.Duration
	MedianGap     time.Duration // between the starts of neighbouring occurrences; 0 with fewer than two
	RestartStreak int           // the latest occurrences in a row that ended by restart alone
}

// Facts are what decides a problem's state.
type Facts struct {
	CauseConfirmed bool      // a note of kind cause stands on it or on one of its incidents
	FixShippedAt   time.Time // latest shipping of a follow-up that is done or verified; zero: none
	FixVerified    bool      // that follow-up is verified
	OpenFollowUps  int       // follow-ups queued or in progress
	LastDetectedAt time.Time // latest occurrence
}

// StateOf says where a problem stands: open, cause known, fix shipped, verified.
// A fix after which it recurred does not count: the problem is back at cause known or open.
func StateOf(f Facts) State {
	held := !f.FixShippedAt.IsZero() && f.LastDetectedAt.Before(f.FixShippedAt)
	switch {
	case held && f.FixVerified && f.OpenFollowUps == 0:
		return Verified
	case held:
		return FixShipped
	case f.CauseConfirmed:
		return CauseKnown
	}
	return Open
}

// ReviewAt is the occurrence from which on a failure is to be looked into: once is chance, twice a problem, and the third time somebody
// says why.
const ReviewAt = 3

// ReviewDue tells whether a review is overdue: it came back too often for nobody to have said why.
func ReviewDue(occurrences int, explained bool) bool { return occurrences >= ReviewAt && !explained }

// Reader gives a problem by its id.
type Reader interface {
	Problem(ctx context.Context, viewer account.Actor, id ID) (Problem, error)
}

// Lead is the problem that an id stands for today: what is merged leads on, however often it was merged on.
func Lead(ctx context.Context, viewer account.Actor, from Reader, id ID) (Problem, error) {
	p, err := from.Problem(ctx, viewer, id)
	for err == nil && p.MergedInto != 0 {
		p, err = from.Problem(ctx, viewer, p.MergedInto)
	}
	return p, err
}

// Check says what is wrong with the problem.
func (p Problem) Check() error {
	var c fault.Check
	c.That(strings.TrimSpace(p.Title) != "", "title", "A problem needs a title.")
	c.That(len(p.Title) <= 500, "title", "At most 500 characters.")
	return c.Err()
}

// Filter narrows the list of problems.
type Filter struct {
	Service string         // slug
	Team    catalog.TeamID // builder of the service
	State   State
	Query   string // words of the title, or a reference
	Sort    string // last_at, occurrences, impact; "-" in front for descending; default -last_at
}
