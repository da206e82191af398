package account

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"upshot/app/fault"
)

// UserID names a user.
type UserID int64

// User is a person with an account.
type User struct {
	ID           UserID
	Name         string // for signing in; unique, as FoldName leaves it
	DisplayName  string // as shown on timelines
	Email        string // may be empty
	Role         Role
	PasswordHash string    // empty until the person has set a password
	Zone         string    // IANA name of the zone this person reads times in
	Team         int64     // the team they belong to, as catalog counts them; 0: none
	DisabledAt   time.Time // zero while the account may be used
	CreatedAt    time.Time
	LastSeenAt   time.Time // moves at most once in SeenEvery
}

// SeenEvery is how often LastSeenAt and LastUsedAt move at most, so that reading a page costs no write.
const SeenEvery = time.Minute

// Limits of what a person may type about themselves, in characters.
const (
	minName, maxName = 2, 64
	maxDisplayName   = 100
	maxEmail         = 254 // RFC 5321, 4.5.3.1.3
)

// nameShape keeps sign-in names readable in addresses, logs and command lines.
var nameShape = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*$`)

// FoldName brings a sign-in name into the one form that is stored and compared: trimmed, lower case, normalised as
// RFC 8265 says. What cannot be a name at all becomes empty.
func FoldName(name string) string {
	folded, err := precis.UsernameCaseMapped.String(strings.TrimSpace(name))
	if err != nil {
		return ""
	}
	return folded
}

// NewUser tidies what was typed and checks it: the name is folded, an empty display name becomes the name, an empty
// zone UTC.
func NewUser(u User) (User, error) {
	typed := strings.TrimSpace(u.Name)
	u.Name = FoldName(typed)
	if u.DisplayName = strings.TrimSpace(u.DisplayName); u.DisplayName == "" {
		u.DisplayName = typed
	}
	u, err := u.tidied()
	var c fault.Check
	switch n := utf8.RuneCountInString(u.Name); {
	case typed == "":
		c.That(false, "name", "Please choose a sign-in name.")
	case !nameShape.MatchString(u.Name):
		c.That(false, "name", "A sign-in name starts with a letter or digit and has letters, digits and . _ @ + - only.")
	default:
		c.That(n >= minName && n <= maxName, "name", "A sign-in name has %d to %d characters.", minName, maxName)
	}
	c.That(u.Role.Valid(), "role", "Please choose a role: viewer, editor or admin.")
	c.Add(err)
	return u, c.Err()
}

// tidied trims and checks what a person may change about themselves.
func (u User) tidied() (User, error) {
	u.DisplayName = strings.Join(strings.Fields(u.DisplayName), " ")
	u.Email = strings.TrimSpace(u.Email)
	if u.Zone = strings.TrimSpace(u.Zone); u.Zone == "" {
		u.Zone = "UTC"
	}
	var c fault.Check
	c.That(utf8.RuneCountInString(u.DisplayName) <= maxDisplayName, "display_name", "At most %d characters, please.", maxDisplayName)
	if u.Email != "" {
		a, err := mail.ParseAddress(u.Email)
		c.That(err == nil && a.Address == u.Email && len(u.Email) <= maxEmail, "email", "This is not a mail address.")
	}
	_, err := time.LoadLocation(u.Zone)
	c.That(err == nil && u.Zone != "Local", "zone", "This is not the name of a zone; Europe/London is one.")
	return u, c.Err()
}

// Actor is the user as who does something.
func (u User) Actor() Actor {
	return Actor{Kind: Person, ID: int64(u.ID), Name: u.DisplayName, Role: u.Role}
}

// Disabled tells whether the account may not be used.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// Location is the zone this person reads times in.
func (u User) Location() *time.Location {
	if l, err := time.LoadLocation(u.Zone); err == nil {
		return l
	}
	return time.UTC
}

// usable is nil when the account may be used.
func (u User) usable() error {
	if u.Disabled() {
		return fault.New(fault.Denied, "This account is disabled. An administrator can enable it under Settings, People.")
	}
	return nil
}

// keepsAnAdmin is nil when somebody among the admins who can sign in stays when that one goes.
func keepsAnAdmin(admins []User, going UserID) error {
	if len(admins) != 1 || admins[0].ID != going {
		return nil
	}
	return fault.New(fault.Conflict, "%s is the last administrator who can sign in. Make somebody else one first.", admins[0].DisplayName)
}
