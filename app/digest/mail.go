package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/dispatch"
)

// RunID identifies a letter.
type RunID int64

// MailID identifies a mail.
type MailID int64

// SubscriptionID identifies a subscription.
type SubscriptionID int64

// Settings are how a scope's letters go out.
type Settings struct {
	Scope         Scope
	When          When
	OnlyDecisions bool      // none in a week with nothing to decide
	Since         time.Time // letters that were due before are not made up for
	Latest        string    // the week of the latest letter; empty: none yet
}

// Run is a scope's letter about a week, as it was written.
type Run struct {
	ID            RunID
	Scope         Scope
	Week          Week
	DueAt, MadeAt time.Time
	Decisions     int
	Skipped       bool // nobody got it: there was nothing to decide
	Subject       string
	Text, HTML    string
	Mails         map[State]int // filled where it is listed
}

// MailKind is what a mail is.
type MailKind string

// The kinds of mails.
const (
	OfLetter MailKind = "letter"
	OwnCopy  MailKind = "own"     // somebody asked for a letter
	OfNudge  MailKind = "nudge"   // a single reminder
	Confirm  MailKind = "confirm" // asks whether an address wants letters
)

// State is how far a mail is.
type State string

// The states.
const (
	Waiting State = "waiting" // to be sent, for the first time or again
	Sending State = "sending" // claimed: whoever did may have died, and the server has not got it
	Handing State = "handing" // the end is being handed over: from here on the server may have it
	Sent    State = "sent"    // the server took it
	Doubt   State = "doubt"   // its answer was lost; it is not sent again by itself
	Failed  State = "failed"  // refused for good, or tried for too long
	Dropped State = "dropped" // no longer wanted when its turn came
)

// Told is what went wrong last.
type Told struct {
	Words  string
	Status int // of SMTP, or 0
	At     time.Time
}

// String gives the words with the number.
func (t Told) String() string { return dispatch.Said(t.Status, t.Words) }

// Mail is one letter to one address.
type Mail struct {
	ID         MailID
	Run        RunID // 0: its words are its own
	Kind       MailKind
	Once       string // what is sent to whom: no two mails have the same
	Scope      Scope
	Address    string
	User       account.UserID // 0: an address beside the people
	Token      string
	Subject    string
	Text, HTML string
	State      State
	Attempt    int   // how often it was tried, this time included
	Died       int   // how often a process that had claimed it never came back
	Fence      int64 // grows with every claim
	NextAt     time.Time
	Trouble    Told
	CreatedAt  time.Time
	SentAt     time.Time
}

// MessageID is the part of the Message-ID before the @: the same however often it is sent, and of no other Upshot.
func (m Mail) MessageID(installation string) string {
	return fmt.Sprintf("digest-%d.%s", m.ID, installation)
}

// A mail is tried for a day. While it is ourselves whom the server minds (the login, the sender), it waits longer: somebody mends it.
const (
	triedFor  = 24 * time.Hour
	waitsUpTo = 6 * 24 * time.Hour
)

// diesAtMost is how often a mail is taken up again whose process died over it: it may be the mail that it died of.
const diesAtMost = 5

// After is the mail after an attempt that the server did not take.
func After(m Mail, t *dispatch.Trouble, now time.Time) Mail {
	m.Trouble = Told{Words: t.Said, Status: t.Status, At: now}
	limit := triedFor
	if t.Kind == dispatch.Configuration {
		limit = waitsUpTo
	}
	if m.State, m.NextAt = Waiting, now.Add(dispatch.Pause(m.Attempt)); t.Kind == dispatch.Permanent || m.NextAt.Sub(m.CreatedAt) > limit {
		m.State, m.NextAt = Failed, now
	}
	return m
}

// InDoubt is the mail when nobody can know whether the server has it.
func InDoubt(m Mail, words string, now time.Time) Mail {
	m.State, m.Trouble = Doubt, Told{Words: words, At: now}
	return m
}

// Lost is said of a mail whose process died while the server was being handed its end.
const Lost = "The program ended while the server was taking it, so its answer is not known."

// Subscription is what somebody said about a scope's letters. A member of the team gets them without one.
type Subscription struct {
	ID          SubscriptionID
	Scope       Scope
	User        account.UserID // 0: it is of an address beside the people
	Address     string         // in small letters
	Wanted      bool
	Token       string    // of the link that confirms the address
	ConfirmedAt time.Time // of an address: zero until its link was followed
	CreatedAt   time.Time
}

// Good tells whether letters go by it.
func (s Subscription) Good() bool { return s.Wanted && (s.User != 0 || !s.ConfirmedAt.IsZero()) }

// Person is how somebody takes letters.
type Person struct {
	User          account.UserID
	PausedUntil   string // a date; from then on there are letters again
	OnlyDecisions bool
	Nudges        bool // reminders in mails of their own too
}

// Paused tells whether this person gets nothing on a day.
func (p Person) Paused(today string) bool { return p.PausedUntil > today }

// Refusal is an address that a mail server does not know.
type Refusal struct {
	Address string
	Told    Told
}

// Recipient is who gets a letter.
type Recipient struct {
	User    account.UserID // 0: an address beside the people
	Name    string
	Address string
	Why     string // "member", "subscribed", "address"
	Not     string // why nothing is sent just now; empty: it is
}

// Readers are the people and addresses of whom a scope's recipients are chosen.
type Readers struct {
	Users         []account.User
	Subscriptions []Subscription // of the scope
	People        map[account.UserID]Person
	Refused       map[string]Refusal // by address in small letters
}

// Recipients are those who get a letter of the scope on a day, each address once, and those who would but for a reason.
func (r Readers) Recipients(s Scope, decisions int, today string) []Recipient {
	said := map[account.UserID]Subscription{}
	for _, sub := range r.Subscriptions {
		if sub.User != 0 {
			said[sub.User] = sub
		}
	}
	var all []Recipient
	known := map[string]bool{}
	add := func(to Recipient) {
		key := strings.ToLower(to.Address)
		if known[key] {
			return
		}
		known[key] = true
		p := r.People[to.User]
		switch refused, bad := r.Refused[key]; {
		case bad:
			to.Not = "The mail server refused it: " + refused.Told.String()
		case to.User != 0 && p.Paused(today):
			to.Not = "Paused until " + dayInWords(p.PausedUntil) + "."
		case to.User != 0 && p.OnlyDecisions && decisions == 0:
			to.Not = "Wants letters only when there is something to decide."
		}
		all = append(all, to)
	}
	for _, u := range r.Users {
		sub, spoke := said[u.ID]
		member := s.Team != 0 && catalog.TeamID(u.Team) == s.Team
		if u.Disabled() || u.Email == "" || spoke && !sub.Wanted || !spoke && !member {
			continue
		}
		why := "subscribed"
		if member {
			why = "member"
		}
		add(Recipient{User: u.ID, Name: u.DisplayName, Address: u.Email, Why: why})
	}
	for _, sub := range r.Subscriptions {
		if sub.User == 0 && sub.Good() {
			add(Recipient{Address: sub.Address, Why: "address"})
		}
	}
	return all
}

// Sendable are those of the recipients to whom something goes.
func Sendable(all []Recipient) []Recipient {
	return slices.DeleteFunc(slices.Clone(all), func(r Recipient) bool { return r.Not != "" })
}
