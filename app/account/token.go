package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"upshot/app/fault"
)

// TokenID names an API token.
type TokenID int64

// Token lets a program use the API. The token itself is shown once; what is kept cannot be turned back into it.
type Token struct {
	ID         TokenID
	Name       string // what it is for
	Role       Role   // at most that; its owner's role limits it too
	Owner      UserID // who made it; 0 when it came from the command line
	CreatedBy  string // the name of who made it
	Prefix     string // its first characters, to tell tokens apart in lists
	Hash       string // SHA-256 of the whole token, in hex
	CreatedAt  time.Time
	LastUsedAt time.Time // moves at most once in SeenEvery
	ExpiresAt  time.Time // zero when it does not expire
	RevokedAt  time.Time // zero while it may be used
}

const (
	tokenStart   = "ups_"
	tokenRandom  = 40 // characters of base 62: 238 bits, so neither salt nor slow hash is needed
	tokenPrefix  = 8
	maxTokenName = 100
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newRawToken makes the token that its owner sees once.
func newRawToken() string {
	var b strings.Builder
	b.WriteString(tokenStart)
	for range tokenRandom {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil { // since Go 1.24 crypto/rand ends the program rather than fail
			panic(err)
		}
		b.WriteByte(base62[n.Int64()])
	}
	return b.String()
}

// hashSecret is how tokens and the secrets of links are kept.
func hashSecret(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:])
}

// NewToken checks what was asked for, and gives the token to keep and the raw one to show once.
func NewToken(actor Actor, asked Token, now time.Time) (t Token, raw string, err error) {
	switch {
	case !actor.Known():
		return Token{}, "", actor.May(Viewer)
	case actor.Kind == Machine:
		return Token{}, "", fault.New(fault.Denied, "A token cannot make tokens; a person can, under Settings, Tokens.")
	}
	name := strings.Join(strings.Fields(asked.Name), " ")
	var c fault.Check
	c.That(name != "", "name", "Please say what the token is for.")
	c.That(utf8.RuneCountInString(name) <= maxTokenName, "name", "At most %d characters, please.", maxTokenName)
	if c.That(asked.Role.Valid(), "role", "Please choose a role: viewer, editor or admin."); asked.Role.Valid() {
		c.That(actor.Role.Includes(asked.Role), "role", "A token may do at most what you may: you are %s.", actor.Role)
	}
	c.That(asked.ExpiresAt.IsZero() || asked.ExpiresAt.After(now), "expires_at", "This day is over already.")
	if err := c.Err(); err != nil {
		return Token{}, "", err
	}
	raw = newRawToken()
	t = Token{Name: name, Role: asked.Role, Prefix: raw[:tokenPrefix], Hash: hashSecret(raw), CreatedBy: actor.Name, CreatedAt: now, ExpiresAt: asked.ExpiresAt}
	if actor.Kind == Person {
		t.Owner = UserID(actor.ID)
	}
	return t, raw, nil
}

// mayRevoke is nil for the token's owner and for administrators.
func (t Token) mayRevoke(actor Actor) error {
	if actor.Kind == Person && t.Owner != 0 && UserID(actor.ID) == t.Owner {
		return nil
	}
	return actor.May(Admin)
}

// usable is nil when the token may be used.
func (t Token) usable(now time.Time) error {
	switch {
	case !t.RevokedAt.IsZero():
		return fault.New(fault.Denied, "This token was revoked on %s.", t.RevokedAt.Format(time.DateOnly))
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return fault.New(fault.Denied, "This token expired on %s.", t.ExpiresAt.Format(time.DateOnly))
	}
	return nil
}

// Usable tells whether the token may be used, as far as it goes by itself: its owner's account may be disabled.
func (t Token) Usable(now time.Time) bool { return t.usable(now) == nil }

// actor is the token as who does something: it never may do more than its owner may today.
func (t Token) actor(owner Role) Actor {
	role := t.Role
	if t.Owner != 0 && !owner.Includes(role) {
		role = owner
	}
	return Actor{Kind: Machine, ID: int64(t.ID), Name: t.Name, Role: role}
}

// AddToken makes a token of that name, role and expiry; raw is to be shown once. People make them up to their own role.
func (s *Service) AddToken(ctx context.Context, actor Actor, asked Token) (t Token, raw string, err error) {
	t, raw, err = NewToken(actor, asked, s.now())
	if err != nil {
		return Token{}, "", err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if t.ID, err = s.store.CreateToken(ctx, t); err != nil {
			return err
		}
		after := map[string]any{"name": t.Name, "role": t.Role, "prefix": t.Prefix}
		if !t.ExpiresAt.IsZero() {
			after["expires_at"] = t.ExpiresAt
		}
		return s.record(ctx, Change{Actor: actor, Action: "added", Token: t.ID, After: after})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("add token: %w", err)
	}
	return t, raw, nil
}

// RevokeToken ends a token at once: its owner may, and administrators.
func (s *Service) RevokeToken(ctx context.Context, actor Actor, id TokenID) error {
	if err := actor.May(Viewer); err != nil {
		return err
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		err := s.store.UpdateToken(ctx, id, func(t *Token) error {
			if err := t.mayRevoke(actor); err != nil {
				return err
			}
			if !t.RevokedAt.IsZero() {
				return fault.New(fault.Conflict, "%s has been revoked already.", t.Name)
			}
			t.RevokedAt = s.now()
			return nil
		})
		if err != nil {
			return err
		}
		return s.record(ctx, Change{Actor: actor, Action: "revoked", Token: id})
	})
	if err != nil {
		return fmt.Errorf("revoke token %d: %w", id, err)
	}
	return nil
}

// ActorOfToken is the token as who does something; Denied, in words, when it may not be used.
func (s *Service) ActorOfToken(ctx context.Context, raw string) (Actor, error) {
	unknown := fault.New(fault.Denied, "This token is not known here.")
	if !strings.HasPrefix(raw, tokenStart) || len(raw) != len(tokenStart)+tokenRandom {
		return Actor{}, unknown
	}
	t, err := s.store.TokenByHash(ctx, hashSecret(raw))
	switch {
	case fault.Is(err, fault.NotFound):
		return Actor{}, unknown
	case err != nil:
		return Actor{}, fmt.Errorf("look for a token: %w", err)
	}
	now := s.now()
	if err := t.usable(now); err != nil {
		return Actor{}, err
	}
	var owner User
	if t.Owner != 0 {
		if owner, err = s.store.User(ctx, t.Owner); err != nil {
			return Actor{}, fmt.Errorf("look for the owner of token %d: %w", t.ID, err)
		}
		if owner.Disabled() {
			return Actor{}, fault.New(fault.Denied, "The account of %s, who made this token, is disabled.", owner.DisplayName)
		}
	}
	if now.Sub(t.LastUsedAt) >= SeenEvery {
		if err := s.store.UsedToken(ctx, t.ID, now); err != nil {
			return Actor{}, fmt.Errorf("note that token %d was used: %w", t.ID, err)
		}
	}
	return t.actor(owner.Role), nil
}
