package account

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/secure/precis"

	"upshot/app/fault"
)

// Limits of a password, in characters.
const (
	MinPassword = 12
	MaxPassword = 200
	// beyondName is how much of a password must be something else than the sign-in name.
	beyondName = 8
)

// Hashing is what one password hash costs: the second choice of RFC 9106, 64 MiB and about a tenth of a second.
// Only tests set something cheaper, before anything runs.
var Hashing = &argon2id.Params{Memory: 64 * 1024, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}

// CheapHashing makes hashes that protect nothing, for tests that sign in often.
var CheapHashing = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hopeless are passwords that are long enough and yet the first ones somebody tries.
var hopeless = []string{
	"password", "passw0rd", "letmein", "welcome", "changeme", "administrator", "iloveyou", "secret", "upshot",
	"qwertyuiop", "qwertzuiop", "asdfghjkl", "1q2w3e4r5t6y", "0123456789", "1234567890", "abcdefghijkl", "abcd1234", "abc123",
}

// CheckPassword says in words what is wrong with a password for the user of that name; the form's field is "password".
func CheckPassword(password, name string) error {
	var c fault.Check
	lower := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		c.That(false, "password", "At least %d characters, please; four or five words are easy to remember.", MinPassword)
	case n > MaxPassword:
		c.That(false, "password", "At most %d characters, please.", MaxPassword)
	case len(normalPassword(password)) == 0:
		c.That(false, "password", "Please leave out control characters.")
	case name != "" && utf8.RuneCountInString(strings.ReplaceAll(lower, strings.ToLower(name), "")) < beyondName:
		c.That(false, "password", "This is too close to the sign-in name.")
	case guessable(lower):
		c.That(false, "password", "This is one of the first passwords somebody would try.")
	}
	return c.Err()
}

// guessable tells whether little is left when the hopeless words, digits and repeated characters are taken out.
func guessable(lower string) bool {
	for _, word := range hopeless {
		lower = strings.ReplaceAll(lower, word, "")
	}
	seen := map[rune]bool{}
	for _, r := range strings.Trim(lower, "0123456789!?.*#$ ") {
		seen[r] = true
	}
	return len(seen) < 4
}

// normalPassword makes one form of what different keyboards send for the same password (RFC 8265); empty when it
// cannot be one.
func normalPassword(password string) string {
	p, err := precis.OpaqueString.String(password)
	if err != nil {
		return ""
	}
	return p
}

// hashing holds a place for each hash being made: each takes 64 MiB, and strangers cause them.
var hashing = make(chan struct{}, 2)

func inHashing(ctx context.Context, work func() error) error {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return work()
	case <-ctx.Done():
		return &fault.Fault{Kind: fault.Unavailable, Message: "Many people are signing in at the moment. Please try again.", Cause: ctx.Err()}
	}
}

// HashPassword hashes a password that CheckPassword has passed.
func HashPassword(ctx context.Context, password string) (hash string, err error) {
	err = inHashing(ctx, func() error {
		hash, err = argon2id.CreateHash(normalPassword(password), Hashing)
		return err
	})
	return hash, err
}

// nobodysHash is compared with when there is no such name, so that the answer takes as long as for a name there is.
var nobodysHash = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("nobody's password", Hashing) })

// ComparePassword tells whether the password made the hash. An empty hash fits no password and takes as long.
func ComparePassword(ctx context.Context, hash, password string) (ok bool, err error) {
	if utf8.RuneCountInString(password) > MaxPassword {
		return false, nil
	}
	err = inHashing(ctx, func() error {
		against := hash
		if hash == "" {
			if against, err = nobodysHash(); err != nil {
				return err
			}
		}
		ok, err = argon2id.ComparePasswordAndHash(normalPassword(password), against)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return ok && hash != "", nil
}

// SetPassword changes the own password, for who knows the old one. It ends the user's other sessions; the caller
// gives the one at hand the new SessionOf(user).
func (s *Service) SetPassword(ctx context.Context, actor Actor, old, password string) (User, error) {
	if actor.Kind != Person {
		return User{}, fault.New(fault.Denied, "Only people have passwords.")
	}
	u, err := s.store.User(ctx, UserID(actor.ID))
	if err != nil {
		return User{}, signedOut(err)
	}
	if err := CheckPassword(password, u.Name); err != nil {
		return User{}, err
	}
	if _, err := s.userByPassword(ctx, u.Name, old, ""); err != nil {
		if fault.Is(err, fault.Invalid) {
			var c fault.Check
			c.That(false, "old_password", "This is not your password.")
			return User{}, c.Err()
		}
		return User{}, err
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		return s.putPassword(ctx, u.ID, u.PasswordHash, hash, "password changed")
	})
	if err != nil {
		return User{}, fmt.Errorf("set password of user %d: %w", u.ID, err)
	}
	u.PasswordHash = hash
	return u, nil
}

// putPassword is done by the user: both ways to a new password prove that it is them.
func (s *Service) putPassword(ctx context.Context, id UserID, oldHash, hash, action string) error {
	var who Actor
	err := s.store.UpdateUser(ctx, id, func(u *User) error {
		if u.PasswordHash != oldHash {
			return fault.New(fault.Conflict, "The password has been changed meanwhile.")
		}
		u.PasswordHash, who = hash, u.Actor()
		return u.usable()
	})
	if err != nil {
		return err
	}
	return s.record(ctx, Change{Actor: who, Action: action, User: id})
}
