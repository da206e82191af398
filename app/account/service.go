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
	// InTx makes everything that f does through ctx one change.
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
	if err != nil {
		return User{}, err
	}
	return u, nil
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
type Profile struct {
	DisplayName, Email, Zone string
	Team                     int64 // 0: none
}

// ChangeProfile changes somebody's own profile; administrators change everybody's.
func (s *Service) ChangeProfile(ctx context.Context, actor Actor, id UserID, p Profile) error {
	if actor.Kind != Person || UserID(actor.ID) != id {
		if err := actor.May(Admin); err != nil {
			return err
		}
	}
	return s.change(ctx, actor, id, "profile changed", func(u *User) (before, after map[string]any, err error) {
		was := *u
		u.DisplayName, u.Email, u.Zone, u.Team = p.DisplayName, p.Email, p.Zone, p.Team
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
		if was.Team != u.Team {
			before["team_id"], after["team_id"] = was.Team, u.Team
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

// Tidy forgets what no longer matters: sessions that ended, links a month after they ended, failed sign-ins of
// yesterday. It is a job for every hour or so, and running it twice does no harm.
func (s *Service) Tidy(ctx context.Context) error {
	now := s.now()
	return s.store.InTx(ctx, func(ctx context.Context) error {
		return s.store.ForgetExpired(ctx, now, now.AddDate(0, -1, 0), now.Add(-failureMemory))
	})
}
