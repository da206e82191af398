package followup

import (
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/problem"
)

// Queue makes a proposal a promise: from now on it waits. A declined one may be promised after all.
func (f *FollowUp) Queue(now time.Time) error {
	if err := f.only("queued", Proposed, Declined); err != nil {
		return err
	}
	f.Declined = Decline{}
	f.enter(Queued, now)
	return nil
}

// Start notes that somebody works on it.
func (f *FollowUp) Start(now time.Time) error {
	if err := f.only("started", Queued); err != nil {
		return err
	}
	f.enter(InProgress, now)
	return nil
}

// SendBack puts started work back into the backlog.
func (f *FollowUp) SendBack(now time.Time) error {
	if err := f.only("sent back", InProgress); err != nil {
		return err
	}
	f.enter(Queued, now)
	return nil
}

// Finish notes that it is done. Done needs evidence, given now or before: a link to the test, the dashboard, the change.
func (f *FollowUp) Finish(now time.Time, evidenceURL string) error {
	if err := f.only("finished", Queued, InProgress); err != nil {
		return err
	}
	if evidenceURL == "" {
		evidenceURL = f.EvidenceURL
	}
	var c fault.Check
	c.That(evidenceURL != "", "evidence_url", "Done needs evidence: a link to the test, the dashboard, the change.")
	c.That(evidenceURL == "" || webAddress(evidenceURL), "evidence_url", "Write a full address that begins with https:// or http://.")
	if err := c.Err(); err != nil {
		return err
	}
	f.EvidenceURL = evidenceURL
	f.enter(Done, now)
	return nil
}

// Reopen puts finished work back into the backlog. It has to ship again.
func (f *FollowUp) Reopen(now time.Time) error {
	if err := f.only("reopened", Done, Verified); err != nil {
		return err
	}
	f.enter(Queued, now)
	return nil
}

// Verify notes that it held: it has evidence, the quiet period since it shipped is over, and nothing recurred in it.
func (f *FollowUp) Verify(now time.Time, seen []problem.Occurrence) error {
	if err := f.only("verified", Done); err != nil {
		return err
	}
	shipped := f.ShippedAt(now)
	quietUntil := shipped.Add(QuietPeriod)
	switch {
	case f.EvidenceURL == "":
		return &fault.Fault{Kind: fault.Invalid, Message: "It can't be verified without evidence.", Fields: []fault.Field{
			{Name: "evidence_url", Message: "Verified needs evidence: a link to the test, the dashboard, the change."},
		}}
	case shipped.IsZero():
		return fault.New(fault.Conflict, "%s has not shipped.", f.ID)
	case now.Before(quietUntil):
		return fault.New(fault.Conflict, "%s shipped on %s; it can be verified when it has held for %d days, on %s.",
			f.ID, shipped.Format(time.DateOnly), int(QuietPeriod.Hours()/24), quietUntil.Format(time.DateOnly))
	}
	if o, found := failing(shipped, seen, now); found {
		return fault.New(fault.Conflict, "It recurred on %s, within the quiet period: %s did not hold.", o.DetectedAt.Format(time.DateOnly), f.ID)
	}
	f.enter(Verified, now)
	return nil
}

// Decline decides against it, with a reason and a day to look again.
func (f *FollowUp) Decline(now time.Time, d Decline) error {
	if err := f.only("declined", Proposed, Queued, InProgress); err != nil {
		return err
	}
	d.Reason = strings.TrimSpace(d.Reason)
	if err := d.Check(now); err != nil {
		return err
	}
	f.Declined = d
	f.enter(Declined, now)
	return nil
}

// minReason is how long a reason is at least, in bytes.
const minReason = 10

// Check says what is wrong with a decision that is being made now.
func (d Decline) Check(now time.Time) error {
	var c fault.Check
	c.That(len(d.Reason) >= minReason, "declined.reason", "Say why in a sentence that others will understand in a year.")
	c.That(len(d.Reason) <= 10_000, "declined.reason", "At most 10,000 characters.")
	on, err := time.Parse(time.DateOnly, d.LookAgainOn)
	c.That(err == nil, "declined.look_again_on", "Give the day to look again, such as %s.", now.AddDate(0, 3, 0).Format(time.DateOnly))
	if err == nil {
		c.That(on.After(now), "declined.look_again_on", "The day to look again lies in the future.")
	}
	return c.Err()
}

// MarkDuplicate says that another follow-up promises the same change.
func (f *FollowUp) MarkDuplicate(now time.Time, of ID) error {
	if err := f.only("marked as a duplicate", Proposed, Queued, InProgress); err != nil {
		return err
	}
	var c fault.Check
	c.That(of > 0, "duplicate_of", "Which follow-up promises the same?")
	c.That(of <= 0 || of != f.ID, "duplicate_of", "It can't be a duplicate of itself.")
	if err := c.Err(); err != nil {
		return err
	}
	f.DuplicateOf = of
	f.enter(Duplicate, now)
	return nil
}

// Propose takes back a decision against it, or that it was a duplicate.
func (f *FollowUp) Propose(now time.Time) error {
	if err := f.only("proposed again", Declined, Duplicate); err != nil {
		return err
	}
	f.Declined, f.DuplicateOf = Decline{}, 0
	f.enter(Proposed, now)
	return nil
}

// Adopt follows the ticket that carries it, which was put into the state at that moment. A ticket may be done without
// evidence: then so is the follow-up, and it is never verified until it has some.
func (f *FollowUp) Adopt(s State, at time.Time) error {
	if err := f.only("moved by its ticket", Queued, InProgress, Done, Verified); err != nil {
		return err
	}
	if s == f.State || f.State == Verified && s == Done {
		return nil
	}
	if n := len(f.Moves); n > 0 && at.Before(f.Moves[n-1].At) {
		at = f.Moves[n-1].At // moves are in order; when it really was, the ticket's own history tells
	}
	f.enter(s, at)
	return nil
}

// Plain is a step that looks neither at what was seen nor at who asks.
func Plain(do func(f *FollowUp, now time.Time) error) Step {
	return func(f *FollowUp, _ []problem.Occurrence, now time.Time) error { return do(f, now) }
}

// Hold asks whether a shipped change holds. When the problem recurred in its quiet period, it notes when,
// puts the follow-up back into the backlog and tells so. The same recurrence never fails it twice.
func Hold(f *FollowUp, seen []problem.Occurrence, now time.Time) bool {
	if f.State != Done && f.State != Verified {
		return false
	}
	shipped := f.ShippedAt(now)
	if shipped.IsZero() {
		return false
	}
	var failed time.Time
	for _, o := range seen {
		at := o.DetectedAt
		if inQuietPeriod(shipped, at, now) && at.After(f.FixFailedAt) && at.After(failed) {
			failed = at
		}
	}
	if failed.IsZero() {
		return false
	}
	f.FixFailedAt = failed
	f.enter(Queued, now)
	return true
}

// VerifyDue tells whether Verify would succeed now.
func VerifyDue(f FollowUp, seen []problem.Occurrence, now time.Time) bool {
	f.Moves = f.Moves[:len(f.Moves):len(f.Moves)]
	return f.Verify(now, seen) == nil
}

// failing is the first occurrence in the quiet period of what shipped then.
func failing(shipped time.Time, seen []problem.Occurrence, now time.Time) (problem.Occurrence, bool) {
	for _, o := range seen {
		if inQuietPeriod(shipped, o.DetectedAt, now) {
			return o, true
		}
	}
	return problem.Occurrence{}, false
}

// inQuietPeriod tells whether the moment lies in [shipped, shipped + QuietPeriod), and not after now.
func inQuietPeriod(shipped, at, now time.Time) bool {
	return !at.Before(shipped) && at.Before(shipped.Add(QuietPeriod)) && !at.After(now)
}

// enter moves it to the state and remembers when.
func (f *FollowUp) enter(s State, now time.Time) {
	f.State = s
	f.Moves = append(f.Moves, Move{State: s, At: now})
}

// only is a Conflict fault unless the follow-up is in one of the states.
func (f *FollowUp) only(done string, from ...State) error {
	for _, s := range from {
		if f.State == s {
			return nil
		}
	}
	return fault.New(fault.Conflict, "%s is %s; it can't be %s now.", f.ID, f.State.words(), done)
}

// words is the state as a sentence says it.
func (s State) words() string {
	switch s {
	case InProgress:
		return "in progress"
	case Duplicate:
		return "a duplicate"
	}
	return string(s)
}
