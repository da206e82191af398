package store

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
)

// RecordAccount appends what happened to a user or a token to the event record.
func (s *Store) RecordAccount(ctx context.Context, c account.Change) error {
	e := audit.Event{
		At: c.At, Actor: c.Actor, Subject: audit.User, SubjectID: int64(c.User), Action: c.Action,
		Before: audit.Fields(c.Before), After: audit.Fields(c.After),
	}
	if c.Token != 0 {
		e.Subject, e.SubjectID = audit.Token, int64(c.Token)
	}
	return s.Append(ctx, e)
}

type userRow struct {
	ID           int64
	Name         string
	DisplayName  string
	Email        string
	Role         string
	PasswordHash string
	Zone         string
	TeamID       *int64
	CreatedAt    time.Time
	LastSeenAt   *time.Time
	DisabledAt   *time.Time
}

func (userRow) TableName() string { return "users" }

func (r userRow) user() account.User {
	return account.User{
		ID: account.UserID(r.ID), Name: r.Name, DisplayName: r.DisplayName, Email: r.Email, Role: account.Role(r.Role),
		PasswordHash: r.PasswordHash, Zone: r.Zone, Team: referred[int64](r.TeamID),
		CreatedAt: r.CreatedAt.UTC(), LastSeenAt: moment(r.LastSeenAt), DisabledAt: moment(r.DisabledAt),
	}
}

func toUserRow(u account.User) userRow {
	return userRow{
		ID: int64(u.ID), Name: u.Name, DisplayName: u.DisplayName, Email: u.Email, Role: string(u.Role),
		PasswordHash: u.PasswordHash, Zone: u.Zone, TeamID: reference(u.Team),
		CreatedAt: u.CreatedAt.UTC(), LastSeenAt: nullable(u.LastSeenAt), DisabledAt: nullable(u.DisabledAt),
	}
}

func usersOf(rows []userRow) []account.User {
	users := make([]account.User, len(rows))
	for n, r := range rows {
		users[n] = r.user()
	}
	return users
}

// User gives one user.
func (s *Store) User(ctx context.Context, id account.UserID) (account.User, error) {
	r, err := table[userRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return r.user(), explain(err, "user")
}

// UserByName gives the user who signs in by that name, as account.FoldName leaves it.
func (s *Store) UserByName(ctx context.Context, name string) (account.User, error) {
	r, err := table[userRow](s.db(ctx)).Where("name = ?", name).Take(ctx)
	return r.user(), explain(err, "user")
}

// Users gives everybody by name: a company has some hundred people.
func (s *Store) Users(ctx context.Context) ([]account.User, error) {
	rows, err := table[userRow](s.db(ctx)).Order("name").Find(ctx)
	return usersOf(rows), explain(err, "user")
}

// HasUsers tells whether anybody has been added yet.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	rows, err := table[userRow](s.db(ctx)).Select("id").Limit(1).Find(ctx)
	return len(rows) > 0, explain(err, "user")
}

// SignInAdmins gives the administrators who are not disabled and have a password, locked until the transaction ends.
func (s *Store) SignInAdmins(ctx context.Context) ([]account.User, error) {
	rows, err := table[userRow](s.db(ctx), forUpdate).
		Where("role = ? AND disabled_at IS NULL AND password_hash <> ''", account.Admin).Order("id").Find(ctx)
	return usersOf(rows), explain(err, "user")
}

// CreateUser saves a new user and gives its number.
func (s *Store) CreateUser(ctx context.Context, u account.User) (account.UserID, error) {
	r := toUserRow(u)
	err := table[userRow](s.db(ctx)).Create(ctx, &r)
	return account.UserID(r.ID), explain(err, "user")
}

// UpdateUser reads the user, lets change decide, and writes it.
func (s *Store) UpdateUser(ctx context.Context, id account.UserID, change func(*account.User) error) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[userRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "user")
		}
		u := r.user()
		if err := change(&u); err != nil {
			return err
		}
		_, err = table[userRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toUserRow(u))
		return explain(err, "user")
	})
}

// SawUser notes that the user was here.
func (s *Store) SawUser(ctx context.Context, id account.UserID, at time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[userRow](s.db(ctx)).Where("id = ?", id).Update(ctx, "last_seen_at", at.UTC())
		return explain(err, "user")
	})
}

type tokenRow struct {
	ID         int64
	Name       string
	Role       string
	Prefix     string
	Hash       string
	UserID     *int64
	CreatedBy  string
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token() account.Token {
	return account.Token{
		ID: account.TokenID(r.ID), Name: r.Name, Role: account.Role(r.Role), Prefix: r.Prefix, Hash: r.Hash,
		Owner: referred[account.UserID](r.UserID), CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.UTC(),
		LastUsedAt: moment(r.LastUsedAt), ExpiresAt: moment(r.ExpiresAt), RevokedAt: moment(r.RevokedAt),
	}
}

func toTokenRow(t account.Token) tokenRow {
	return tokenRow{
		ID: int64(t.ID), Name: t.Name, Role: string(t.Role), Prefix: t.Prefix, Hash: t.Hash,
		UserID: reference(t.Owner), CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.UTC(),
		LastUsedAt: nullable(t.LastUsedAt), ExpiresAt: nullable(t.ExpiresAt), RevokedAt: nullable(t.RevokedAt),
	}
}

// Tokens gives the tokens of one owner, or with 0 everybody's, newest first.
func (s *Store) Tokens(ctx context.Context, owner account.UserID) ([]account.Token, error) {
	q := table[tokenRow](s.db(ctx)).Order("id DESC")
	if owner != 0 {
		q = q.Where("user_id = ?", owner)
	}
	rows, err := q.Find(ctx)
	tokens := make([]account.Token, len(rows))
	for n, r := range rows {
		tokens[n] = r.token()
	}
	return tokens, explain(err, "token")
}

// TokenByHash gives the token whose SHA-256 that is.
func (s *Store) TokenByHash(ctx context.Context, hash string) (account.Token, error) {
	r, err := table[tokenRow](s.db(ctx)).Where("hash = ?", hash).Take(ctx)
	return r.token(), explain(err, "token")
}

// CreateToken saves a new token and gives its number.
func (s *Store) CreateToken(ctx context.Context, t account.Token) (account.TokenID, error) {
	r := toTokenRow(t)
	err := table[tokenRow](s.db(ctx)).Create(ctx, &r)
	return account.TokenID(r.ID), explain(err, "token")
}

// UpdateToken reads the token, lets change decide, and writes it.
func (s *Store) UpdateToken(ctx context.Context, id account.TokenID, change func(*account.Token) error) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[tokenRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "token")
		}
		t := r.token()
		if err := change(&t); err != nil {
			return err
		}
		_, err = table[tokenRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toTokenRow(t))
		return explain(err, "token")
	})
}

// UsedToken notes that the token was used.
func (s *Store) UsedToken(ctx context.Context, id account.TokenID, at time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[tokenRow](s.db(ctx)).Where("id = ?", id).Update(ctx, "last_used_at", at.UTC())
		return explain(err, "token")
	})
}

type invitationRow struct {
	ID        int64
	UserID    *int64
	Hash      string
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) invitation() account.Invitation {
	return account.Invitation{
		ID: account.InvitationID(r.ID), User: referred[account.UserID](r.UserID), Hash: r.Hash, CreatedBy: r.CreatedBy,
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), UsedAt: moment(r.UsedAt),
	}
}

func toInvitationRow(i account.Invitation) invitationRow {
	return invitationRow{
		ID: int64(i.ID), UserID: reference(i.User), Hash: i.Hash, CreatedBy: i.CreatedBy,
		CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(), UsedAt: nullable(i.UsedAt),
	}
}

// InvitationByHash gives the link whose secret's SHA-256 that is.
func (s *Store) InvitationByHash(ctx context.Context, hash string) (account.Invitation, error) {
	r, err := table[invitationRow](s.db(ctx)).Where("hash = ?", hash).Take(ctx)
	return r.invitation(), explain(err, "link")
}

// CreateInvitation saves a new link and gives its number.
func (s *Store) CreateInvitation(ctx context.Context, i account.Invitation) (account.InvitationID, error) {
	r := toInvitationRow(i)
	err := table[invitationRow](s.db(ctx)).Create(ctx, &r)
	return account.InvitationID(r.ID), explain(err, "link")
}

// UpdateInvitation reads the link, lets change decide, and writes it.
func (s *Store) UpdateInvitation(ctx context.Context, id account.InvitationID, change func(*account.Invitation) error) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[invitationRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "link")
		}
		i := r.invitation()
		if err := change(&i); err != nil {
			return err
		}
		_, err = table[invitationRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toInvitationRow(i))
		return explain(err, "link")
	})
}

// DropInvitations takes back the unused links of a user.
func (s *Store) DropInvitations(ctx context.Context, user account.UserID) error {
	_, err := table[invitationRow](s.db(ctx)).Where("user_id = ? AND used_at IS NULL", user).Delete(ctx)
	return explain(err, "link")
}

type failureRow struct {
	ID      int64
	Name    string
	Address string
	At      time.Time
}

func (failureRow) TableName() string { return "sign_in_failures" }

// SignInFailures gives those after a moment with that name or from that address. The limit itself keeps them few.
func (s *Store) SignInFailures(ctx context.Context, name, address string, after time.Time) ([]account.Failure, error) {
	rows, err := table[failureRow](s.db(ctx)).
		Where("name = ? AND name <> '' AND at > ? OR address = ? AND address <> '' AND at > ?", name, after.UTC(), address, after.UTC()).Find(ctx)
	failures := make([]account.Failure, len(rows))
	for n, r := range rows {
		failures[n] = account.Failure{At: r.At.UTC(), Name: r.Name, Address: r.Address}
	}
	return failures, explain(err, "sign-in")
}

// AddSignInFailure counts a try.
func (s *Store) AddSignInFailure(ctx context.Context, f account.Failure) error {
	err := table[failureRow](s.db(ctx)).Create(ctx, &failureRow{Name: f.Name, Address: f.Address, At: f.At.UTC()})
	return explain(err, "sign-in")
}

// ForgetSignInFailures forgets the tries for a name.
func (s *Store) ForgetSignInFailures(ctx context.Context, name string) error {
	_, err := table[failureRow](s.db(ctx)).Where("name = ?", name).Delete(ctx)
	return explain(err, "sign-in")
}

// ForgetExpired deletes sessions and invitations that expired, and failures that happened, before a moment each.
func (s *Store) ForgetExpired(ctx context.Context, sessions, invitations, failures time.Time) error {
	if _, err := table[sessionRow](s.db(ctx)).Where("expires_at < ?", sessions.UTC()).Delete(ctx); err != nil {
		return explain(err, "session")
	}
	if _, err := table[invitationRow](s.db(ctx)).Where("expires_at < ?", invitations.UTC()).Delete(ctx); err != nil {
		return explain(err, "link")
	}
	_, err := table[failureRow](s.db(ctx)).Where("at < ?", failures.UTC()).Delete(ctx)
	return explain(err, "sign-in")
}
