package account

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How long a browser stays signed in: that long unused, and that long in all.
const (
	SessionIdle     = 14 * 24 * time.Hour
	SessionLifetime = 90 * 24 * time.Hour
)

// Session is what a signed-in browser's session holds. It ends by itself when the password changes, because the stamp
// then no longer fits.
type Session struct {
	User  UserID
	Stamp string
}

// SessionOf is the session that a sign-in of the user begins.
func SessionOf(u User) Session { return Session{User: u.ID, Stamp: u.stamp()} }

// stamp stands for the password in force, without telling anything about it.
func (u User) stamp() string {
	sum := sha256.Sum256([]byte("session:" + u.PasswordHash))
	return hex.EncodeToString(sum[:8])
}

// String is the session as one value for the session store; ParseSession reads it back.
func (s Session) String() string { return fmt.Sprintf("%d.%s", s.User, s.Stamp) }

// ParseSession reads what String wrote; ok is false for anything else.
func ParseSession(value string) (s Session, ok bool) {
	id, stamp, _ := strings.Cut(value, ".")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || stamp == "" {
		return Session{}, false
	}
	return Session{User: UserID(n), Stamp: stamp}, true
}
