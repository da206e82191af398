// Package notice tells the developers of a service's building team about its incidents, once, by mail or in their chat.
//
// What leaves is written down before, as a row for each incident, team and address; it is claimed with a lease, sent outside of
// any transaction, and settled after. A row that was claimed by a process that died is sent again, under the same number.
package notice

import (
	"fmt"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/dispatch"
	"upshot/app/incident"
)

// ID identifies a notice.
type ID int64

// Way is by what a notice goes.
type Way string

// The ways.
const (
	ByMail    Way = "mail"
	BySlack   Way = "slack"
	ByTeams   Way = "teams"
	ByWebhook Way = "webhook"
)

// State is how far a notice is.
type State string

// The states.
const (
	Waiting  State = "waiting"  // to be sent, for the first time or again
	Sending  State = "sending"  // claimed; whoever did may have died
	Accepted State = "accepted" // the other side took it
	Dead     State = "dead"     // refused for good, or tried for too long
	Dropped  State = "dropped"  // no longer needed when its turn came
)

// Told is what went wrong last.
type Told struct {
	Words  string
	Status int // of SMTP or HTTP, or 0
	At     time.Time
}

// String gives the words with the number.
func (t Told) String() string { return dispatch.Said(t.Status, t.Words) }

// Notice is one message about an incident to one address of a team.
type Notice struct {
	ID         ID
	Incident   incident.ID
	Team       catalog.TeamID
	Way        Way
	Address    string // a mail address; empty for a chat: that is the team's, and a secret
	State      State
	Attempt    int   // how often it was tried, this time included
	Fence      int64 // grows with every claim
	NextAt     time.Time
	Trouble    Told
	CreatedAt  time.Time
	AcceptedAt time.Time
}

// MessageID is the part of the Message-ID before the @: the same however often it is sent, and of no other Upshot.
func (n Notice) MessageID(installation string) string {
	return fmt.Sprintf("notice-%d.%s.%s", n.ID, strings.ToLower(n.Incident.String()), installation)
}

// Channel is a way and, for mail, an address.
type Channel struct {
	Way     Way
	Address string
}

// ChannelsOf are the ways to a team: each of its mail addresses where mail can be sent at all, and its chat. An archived team
// has none.
func ChannelsOf(t catalog.Team, mail bool) []Channel {
	if !t.ArchivedAt.IsZero() {
		return nil
	}
	var all []Channel
	seen := map[string]bool{}
	for _, address := range t.Mails {
		if key := strings.ToLower(address); mail && !seen[key] {
			seen[key] = true
			all = append(all, Channel{ByMail, address})
		}
	}
	if t.Chat.Kind != "" {
		all = append(all, Channel{Way: Way(t.Chat.Kind)})
	}
	return all
}

// givenUp is how long a notice is tried.
const givenUp = 24 * time.Hour

// After is the notice after an attempt that failed.
func After(n Notice, t *dispatch.Trouble, now time.Time) Notice {
	n.Trouble = Told{Words: t.Said, Status: t.Status, At: now}
	if t.Maybe {
		n.Trouble.Words = strings.TrimSuffix(t.Said, ".") + ". It may have arrived all the same."
	}
	if n.State, n.NextAt = Waiting, now.Add(dispatch.Pause(n.Attempt)); t.Kind == dispatch.Permanent || n.NextAt.Sub(n.CreatedAt) > givenUp {
		n.State, n.NextAt = Dead, now
	}
	return n
}

// Unwanted says why a notice need not go out any more, or nothing. Trouble may have kept it for hours.
func Unwanted(i incident.Incident) string {
	switch {
	case i.MergedInto != 0:
		return fmt.Sprintf("It is merged into %s.", i.MergedInto)
	case i.Kind != incident.Real:
		return fmt.Sprintf("It is no incident but a %s.", i.Kind)
	case i.NotifiedBy != "" && i.NotifiedBy != incident.ByNotice:
		return "The developers knew already."
	}
	return ""
}

// Wait is how long developers were not told of an incident.
type Wait struct {
	Wall      time.Duration // by the clock on the wall
	Working   time.Duration // within the team's working hours
	Overnight bool          // they learnt of it when their next working day had begun
	Negative  bool          // they knew before it was detected: both are 0
}

// WaitOf is the time from detection to telling, in the hours of a team.
func WaitOf(detected, told time.Time, hours catalog.Hours, zone *time.Location) Wait {
	if told.Before(detected) {
		return Wait{Negative: true}
	}
	return Wait{Wall: told.Sub(detected), Working: hours.Working(detected, told, zone), Overnight: hours.Overnight(detected, told, zone)}
}

// Health is how notices are doing.
type Health struct {
	Waiting, Accepted, Dead int // accepted and dead ones: of the last week
	// Latest is the trouble of mail that came last, where something still waits or came to nothing.
	Latest Told
	// Troubled are notices that gave up or are being tried again, latest first.
	Troubled []Notice
}

// HealthWithin is how far back Health counts.
const HealthWithin = 7 * 24 * time.Hour
