package account

import (
	"crypto/rand"
	"time"

	"upshot/app/fault"
)

// InvitationID names an invitation.
type InvitationID int64

// How long a link works.
const (
	setupValid  = 24 * time.Hour
	inviteValid = 7 * 24 * time.Hour
)

// Invitation is a link that lets its bearer choose a password, once: the first administrator while there is no user,
// somebody added under Settings, People, or somebody who forgot theirs. Only the hash of its secret is kept.
type Invitation struct {
	ID        InvitationID
	User      UserID // who chooses a password; 0 for the first administrator, who is nobody yet
	Hash      string // SHA-256 of the secret, in hex
	CreatedBy string // the actor's name
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while it may be used
}

// newInvitation gives the invitation to keep and the secret to put in the link.
func newInvitation(actor Actor, user UserID, now time.Time) (i Invitation, secret string) {
	secret = rand.Text()
	i = Invitation{User: user, Hash: hashSecret(secret), CreatedBy: actor.Name, CreatedAt: now, ExpiresAt: now.Add(inviteValid)}
	if i.ForSetup() {
		i.ExpiresAt = now.Add(setupValid)
	}
	return i, secret
}

// ForSetup tells whether the link makes the first administrator.
func (i Invitation) ForSetup() bool { return i.User == 0 }

// usable is nil when the link still works.
func (i Invitation) usable(now time.Time) error {
	again := "Please ask an administrator for a new one."
	if i.ForSetup() {
		again = "Starting the server again prints a new one, as long as there is no user."
	}
	switch {
	case !i.UsedAt.IsZero():
		return fault.New(fault.Conflict, "This link has been used; it works once. %s", again)
	case !now.Before(i.ExpiresAt):
		return fault.New(fault.Conflict, "This link worked until %s. %s", i.ExpiresAt.Format("2 January 2006 15:04 MST"), again)
	}
	return nil
}
