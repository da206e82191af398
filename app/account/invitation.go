package account

import (
	"context"
	"crypto/rand"
	"fmt"
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

// SetupSecret makes the secret of the link for the first administrator, or "" when there is a user.
func (s *Service) SetupSecret(ctx context.Context) (secret string, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		has, err := s.store.HasUsers(ctx)
		if err != nil || has {
			secret = ""
			return err
		}
		var i Invitation
		i, secret = newInvitation(AsCommand("serve"), 0, s.now())
		_, err = s.store.CreateInvitation(ctx, i)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("prepare the set-up link: %w", err)
	}
	return secret, nil
}

// Invite gives the secret of a link with which the user chooses a password, and takes back earlier links.
func (s *Service) Invite(ctx context.Context, actor Actor, id UserID) (i Invitation, secret string, err error) {
	if err := actor.May(Admin); err != nil {
		return Invitation{}, "", err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		u, err := s.store.User(ctx, id)
		if err != nil {
			return err
		}
		if u.Disabled() {
			return fault.New(fault.Conflict, "%s is disabled. Enable the account first.", u.DisplayName)
		}
		action := "invited"
		if u.PasswordHash != "" {
			action = "password reset offered"
		}
		if err := s.store.DropInvitations(ctx, id); err != nil {
			return err
		}
		i, secret = newInvitation(actor, id, s.now())
		if i.ID, err = s.store.CreateInvitation(ctx, i); err != nil {
			return err
		}
		return s.record(ctx, Change{Actor: actor, Action: action, User: id, After: map[string]any{"expires_at": i.ExpiresAt}})
	})
	if err != nil {
		return Invitation{}, "", fmt.Errorf("invite user %d: %w", id, err)
	}
	return i, secret, nil
}

// Invitation is what a link is for, and for whom; for the first administrator the user is the zero User. NotFound when there is no such
// link, Conflict when it no longer works.
func (s *Service) Invitation(ctx context.Context, secret string) (Invitation, User, error) {
	i, err := s.store.InvitationByHash(ctx, hashSecret(secret))
	if fault.Is(err, fault.NotFound) {
		return Invitation{}, User{}, fault.New(fault.NotFound, "There is no such link. Perhaps a part of it is missing, or a newer one was sent.")
	}
	if err != nil {
		return Invitation{}, User{}, fmt.Errorf("look for an invitation: %w", err)
	}
	if err := i.usable(s.now()); err != nil {
		return Invitation{}, User{}, err
	}
	if i.ForSetup() {
		return i, User{}, s.stillNobody(ctx)
	}
	u, err := s.store.User(ctx, i.User)
	if err != nil {
		return Invitation{}, User{}, fmt.Errorf("invitation %d: %w", i.ID, err)
	}
	return i, u, u.usable()
}

func (s *Service) stillNobody(ctx context.Context) error {
	has, err := s.store.HasUsers(ctx)
	if err != nil {
		return fmt.Errorf("look whether there are users: %w", err)
	}
	if has {
		return fault.New(fault.Conflict, "There is an administrator already. Please sign in, or ask them to add you.")
	}
	return nil
}

// Accept uses a link: its user gets the password. By the set-up link the first administrator comes to be, as who
// describes; otherwise who is not looked at. The person is not signed in by it, SessionOf(user) does that.
func (s *Service) Accept(ctx context.Context, secret string, who User, password string) (User, error) {
	i, u, err := s.Invitation(ctx, secret)
	if err != nil {
		return User{}, err
	}
	if i.ForSetup() {
		u = who
		u.Role = Admin
		if u, err = NewUser(u); err != nil {
			var c fault.Check
			c.Add(err)
			c.Add(CheckPassword(password, u.Name))
			return User{}, c.Err()
		}
	}
	if err := CheckPassword(password, u.Name); err != nil {
		return User{}, err
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		err := s.store.UpdateInvitation(ctx, i.ID, func(i *Invitation) error {
			if err := i.usable(s.now()); err != nil {
				return err
			}
			i.UsedAt = s.now()
			return nil
		})
		if err != nil {
			return err
		}
		if !i.ForSetup() {
			return s.putPassword(ctx, u.ID, u.PasswordHash, hash, "password set by link")
		}
		if err := s.stillNobody(ctx); err != nil {
			return err
		}
		first := u
		first.PasswordHash, first.CreatedAt = hash, s.now()
		u.ID, err = s.create(ctx, Actor{}, first)
		return err
	})
	if err != nil {
		return User{}, fmt.Errorf("accept invitation %d: %w", i.ID, err)
	}
	return s.store.User(ctx, u.ID)
}
