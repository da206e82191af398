package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"upshot/app/fault"
)

// Change is what happened to a user or a token, for the event record.
type Change struct {
	At            time.Time
	Actor         Actor
	Action        string // a verb in the past tense, as timelines print it
	User          UserID // whom it is about, unless Token says which token
	Token         TokenID
	Before, After map[string]any // the changed fields alone; nil when there is nothing to tell
}

// Store keeps users, tokens, invitations and failed sign-ins. What is not there is a fault.NotFound, a name that is
// taken a fault.Conflict. The Update methods read, decide and write as one step.
type Store interface {
	// InTx makes everything that f does through ctx one change. f may run more than once.
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	// RecordAccount appends the change to the event record.
	RecordAccount(ctx context.Context, c Change) error

	User(ctx context.Context, id UserID) (User, error)
	UserByName(ctx context.Context, name string) (User, error)
	HasUsers(ctx context.Context) (bool, error)
	// SignInAdmins gives the administrators who are not disabled and have a password, and keeps others from changing
	// them until the transaction ends.
	SignInAdmins(ctx context.Context) ([]User, error)
	CreateUser(ctx context.Context, u User) (UserID, error)
	UpdateUser(ctx context.Context, id UserID, change func(*User) error) error
	SawUser(ctx context.Context, id UserID, at time.Time) error

	TokenByHash(ctx context.Context, hash string) (Token, error)
	CreateToken(ctx context.Context, t Token) (TokenID, error)
	UpdateToken(ctx context.Context, id TokenID, change func(*Token) error) error
	UsedToken(ctx context.Context, id TokenID, at time.Time) error

	InvitationByHash(ctx context.Context, hash string) (Invitation, error)
	CreateInvitation(ctx context.Context, i Invitation) (InvitationID, error)
	UpdateInvitation(ctx context.Context, id InvitationID, change func(*Invitation) error) error
	// DropInvitations takes back the unused links of a user.
	DropInvitations(ctx context.Context, user UserID) error

	// SignInFailures gives those after a moment with that name or from that address.
	SignInFailures(ctx context.Context, name, address string, after time.Time) ([]Failure, error)
	AddSignInFailure(ctx context.Context, f Failure) error
	ForgetSignInFailures(ctx context.Context, name string) error
	// ForgetExpired deletes the sessions and invitations that expired, and the failures that happened, before a moment.
	ForgetExpired(ctx context.Context, sessions, invitations, failures time.Time) error
}

// Service is where accounts change.
type Service struct {
	store Store
	clock func() time.Time
}

// NewService takes the clock, as every service does.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, clock: now}
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

func (s *Service) record(ctx context.Context, c Change) error {
	c.At = s.now()
	return s.store.RecordAccount(ctx, c)
}

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
		if err := s.store.SawUser(ctx, u.ID, s.now()); err != nil {
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
		stranger := Actor{Kind: Person, Name: strings.TrimSpace("somebody at " + address)}
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

// AddUser adds a person. Without a password the person cannot sign in before Invite's link was used.
func (s *Service) AddUser(ctx context.Context, actor Actor, u User, password string) (User, error) {
	if err := actor.May(Admin); err != nil {
		return User{}, err
	}
	u, err := s.newUser(ctx, u, password)
	if err != nil {
		return User{}, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		u.ID, err = s.create(ctx, actor, u)
		return err
	})
	return u, err
}

// newUser checks the user and, when there is one, the password, and hashes it: outside any transaction, for it is slow.
func (s *Service) newUser(ctx context.Context, u User, password string) (User, error) {
	u, err := NewUser(u)
	var c fault.Check
	c.Add(err)
	if password != "" {
		c.Add(CheckPassword(password, u.Name))
	}
	if err := c.Err(); err != nil {
		return User{}, err
	}
	u.ID, u.CreatedAt, u.LastSeenAt, u.DisabledAt, u.PasswordHash = 0, s.now(), time.Time{}, time.Time{}, ""
	if password != "" {
		if u.PasswordHash, err = HashPassword(ctx, password); err != nil {
			return User{}, err
		}
	}
	return u, nil
}

func (s *Service) create(ctx context.Context, actor Actor, u User) (UserID, error) {
	switch _, err := s.store.UserByName(ctx, u.Name); {
	case err == nil:
		return 0, nameTaken(u.Name)
	case !fault.Is(err, fault.NotFound):
		return 0, fmt.Errorf("look for a user of that name: %w", err)
	}
	id, err := s.store.CreateUser(ctx, u)
	if fault.Is(err, fault.Conflict) { // added by somebody else this very moment
		return 0, nameTaken(u.Name)
	}
	if err != nil {
		return 0, fmt.Errorf("create user: %w", err)
	}
	if !actor.Known() { // the first administrator, who comes by the set-up link
		u.ID = id
		actor = u.Actor()
	}
	return id, s.record(ctx, Change{Actor: actor, Action: "added", User: id, After: map[string]any{
		"name": u.Name, "display_name": u.DisplayName, "email": u.Email, "role": u.Role,
	}})
}

func nameTaken(name string) error {
	var c fault.Check
	c.That(false, "name", "Somebody is called %s already.", name)
	return c.Err()
}

// Profile is what people may change about themselves.
type Profile struct{ DisplayName, Email, Zone string }

// ChangeProfile changes somebody's own profile; administrators change everybody's.
func (s *Service) ChangeProfile(ctx context.Context, actor Actor, id UserID, p Profile) error {
	if actor.Kind != Person || UserID(actor.ID) != id {
		if err := actor.May(Admin); err != nil {
			return err
		}
	}
	return s.change(ctx, actor, id, "profile changed", func(u *User) (before, after map[string]any, err error) {
		was := *u
		u.DisplayName, u.Email, u.Zone = p.DisplayName, p.Email, p.Zone
		if strings.TrimSpace(p.DisplayName) == "" {
			u.DisplayName = u.Name
		}
		if *u, err = u.tidied(); err != nil {
			return nil, nil, err
		}
		before, after = map[string]any{}, map[string]any{}
		for _, f := range []struct{ field, was, is string }{
			{"display_name", was.DisplayName, u.DisplayName}, {"email", was.Email, u.Email}, {"zone", was.Zone, u.Zone},
		} {
			if f.was != f.is {
				before[f.field], after[f.field] = f.was, f.is
			}
		}
		return before, after, nil
	})
}

// ChangeRole gives somebody another role. The last administrator who can sign in stays one.
func (s *Service) ChangeRole(ctx context.Context, actor Actor, id UserID, role Role) error {
	if err := actor.May(Admin); err != nil {
		return err
	}
	var c fault.Check
	c.That(role.Valid(), "role", "Please choose a role: viewer, editor or admin.")
	if err := c.Err(); err != nil {
		return err
	}
	return s.changeAmongAdmins(ctx, actor, id, "role changed", func(u *User, admins []User) (before, after map[string]any, err error) {
		was := u.Role
		if was == role {
			return nil, nil, nil
		}
		u.Role = role
		return map[string]any{"role": was}, map[string]any{"role": role}, keepsAnAdmin(admins, u.ID)
	})
}

// Disable keeps somebody out from the next request on, and the tokens they made too.
func (s *Service) Disable(ctx context.Context, actor Actor, id UserID) error {
	if err := actor.May(Admin); err != nil {
		return err
	}
	return s.changeAmongAdmins(ctx, actor, id, "disabled", func(u *User, admins []User) (before, after map[string]any, err error) {
		if u.Disabled() {
			return nil, nil, fault.New(fault.Conflict, "%s is disabled already.", u.DisplayName)
		}
		u.DisabledAt = s.now()
		return nil, map[string]any{"disabled_at": u.DisabledAt}, keepsAnAdmin(admins, u.ID)
	})
}

// Enable lets somebody in again, with the role and the password they had.
func (s *Service) Enable(ctx context.Context, actor Actor, id UserID) error {
	if err := actor.May(Admin); err != nil {
		return err
	}
	return s.change(ctx, actor, id, "enabled", func(u *User) (before, after map[string]any, err error) {
		if !u.Disabled() {
			return nil, nil, fault.New(fault.Conflict, "%s is not disabled.", u.DisplayName)
		}
		before = map[string]any{"disabled_at": u.DisabledAt}
		u.DisabledAt = time.Time{}
		return before, nil, nil
	})
}

// changeAmongAdmins is change for what may cost an administrator. It holds all of them before it touches the user, so
// that two of them cannot each remove the other at the same moment.
func (s *Service) changeAmongAdmins(ctx context.Context, actor Actor, id UserID, action string,
	how func(u *User, admins []User) (before, after map[string]any, err error),
) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		admins, err := s.store.SignInAdmins(ctx)
		if err != nil {
			return fmt.Errorf("count administrators: %w", err)
		}
		return s.change(ctx, actor, id, action, func(u *User) (before, after map[string]any, err error) { return how(u, admins) })
	})
}

// change updates one user and records it; a change that tells neither before nor after is not recorded.
func (s *Service) change(ctx context.Context, actor Actor, id UserID, action string,
	how func(u *User) (before, after map[string]any, err error),
) error {
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var before, after map[string]any
		err := s.store.UpdateUser(ctx, id, func(u *User) (err error) {
			before, after, err = how(u)
			return err
		})
		if err != nil || len(before)+len(after) == 0 {
			return err
		}
		return s.record(ctx, Change{Actor: actor, Action: action, User: id, Before: before, After: after})
	})
	if err != nil {
		return fmt.Errorf("user %d, %s: %w", id, action, err)
	}
	return nil
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

// Tidy forgets what no longer matters: sessions that ended, links a month after they ended, failed sign-ins of
// yesterday. It is a job for every hour or so, and running it twice does no harm.
func (s *Service) Tidy(ctx context.Context) error {
	now := s.now()
	return s.store.InTx(ctx, func(ctx context.Context) error {
		return s.store.ForgetExpired(ctx, now, now.AddDate(0, -1, 0), now.Add(-failureMemory))
	})
}
