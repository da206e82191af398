package account

import (
	"context"
	"fmt"
	"time"

	"upshot/app/fault"
)

// SignIn gives the user whose name and password these are. remote is the sender's address, with or without a port.
// What is wrong is Invalid and never says whether the name exists; too many tries are Unavailable, with how long to wait.
func (s *Service) SignIn(ctx context.Context, name, password, remote string) (User, error) {
	name = FoldName(name)
	u, err := s.userByPassword(ctx, name, password, AddressOf(remote))
	if err != nil {
		return User{}, err
	}
	if err := u.usable(); err != nil {
		return User{}, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		u.LastSeenAt = s.now()
		if err := s.store.SawUser(ctx, u.ID, u.LastSeenAt); err != nil {
			return err
		}
		return s.record(ctx, Change{Actor: u.Actor(), Action: "signed in", User: u.ID})
	})
	if err != nil {
		return User{}, fmt.Errorf("sign in user %d: %w", u.ID, err)
	}
	return u, nil
}

// userByPassword counts the try, compares, and forgets the name's failures when the password was right.
func (s *Service) userByPassword(ctx context.Context, name, password, address string) (User, error) {
	if err := s.countTry(ctx, name, address); err != nil {
		return User{}, err
	}
	u, err := s.store.UserByName(ctx, name)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return User{}, fmt.Errorf("look for the user signing in: %w", err)
	}
	right, err := ComparePassword(ctx, u.PasswordHash, password)
	switch {
	case err != nil:
		return User{}, err
	case right:
		return u, s.store.InTx(ctx, func(ctx context.Context) error { return s.store.ForgetSignInFailures(ctx, name) })
	case known:
		// Names that nobody has stay out of the record: it never forgets, and people type passwords there.
		stranger := Actor{Kind: Person, Name: "somebody"}
		if address != "" {
			stranger.Name += " at " + address
		}
		err = s.store.InTx(ctx, func(ctx context.Context) error {
			return s.record(ctx, Change{Actor: stranger, Action: "sign-in failed", User: u.ID})
		})
		if err != nil {
			return User{}, fmt.Errorf("record a failed sign-in: %w", err)
		}
	}
	return User{}, fault.New(fault.Invalid, "The name or the password is not right.")
}

func (s *Service) countTry(ctx context.Context, name, address string) error {
	now := s.now()
	return s.store.InTx(ctx, func(ctx context.Context) error {
		failures, err := s.store.SignInFailures(ctx, name, address, now.Add(-failureMemory))
		if err != nil {
			return fmt.Errorf("count failed sign-ins: %w", err)
		}
		if w := wait(failures, name, address, now); w > 0 {
			return fault.New(fault.Unavailable, "Too many tries. Please try again in %s.", inWords(w))
		}
		return s.store.AddSignInFailure(ctx, Failure{At: now, Name: name, Address: address})
	})
}

func inWords(w time.Duration) string {
	switch {
	case w <= time.Second:
		return "1 second"
	case w <= time.Minute:
		return fmt.Sprintf("%d seconds", int((w+time.Second-1)/time.Second))
	}
	return fmt.Sprintf("%d minutes", int((w+time.Minute-1)/time.Minute))
}

// ActorOfUser is the user as who does something; Denied when there is no such user or the account is disabled.
func (s *Service) ActorOfUser(ctx context.Context, id UserID) (Actor, error) {
	u, err := s.store.User(ctx, id)
	if err != nil {
		return Actor{}, signedOut(err)
	}
	return u.Actor(), u.usable()
}

// UserOfSession is who is signed in; Denied when the account is gone or disabled, or its password has changed since.
func (s *Service) UserOfSession(ctx context.Context, session Session) (User, error) {
	u, err := s.store.User(ctx, session.User)
	if err != nil {
		return User{}, signedOut(err)
	}
	if err := u.usable(); err != nil {
		return User{}, err
	}
	if u.stamp() != session.Stamp {
		return User{}, fault.New(fault.Denied, "Your password has changed. Please sign in again.")
	}
	if now := s.now(); now.Sub(u.LastSeenAt) >= SeenEvery {
		if err := s.store.SawUser(ctx, u.ID, now); err != nil {
			return User{}, fmt.Errorf("note that user %d was here: %w", u.ID, err)
		}
		u.LastSeenAt = now
	}
	return u, nil
}

func signedOut(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Denied, "Please sign in.")
	}
	return err
}
