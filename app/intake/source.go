package intake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
)

// SourceID identifies a source.
type SourceID int64

// Source is one sender of events that an administrator let in, at /hooks/{kind}/{name}.
type Source struct {
	ID      SourceID
	Kind    Kind
	Name    string // the last part of its address
	Mapping Mapping
	// Sealed are the secrets, newest first, one a line, encrypted: for senders that sign. Hashes are those of secrets that are sent along. Two are
	// good while a secret is changed.
	Sealed   string
	Hashes   []string
	OffAt    time.Time // since when it takes nothing; zero: it is on
	LastAt   time.Time // when it last sent something that was taken
	Unmapped []string  // names of services that nobody mapped, as it last sent them
	Created  time.Time
	Revision int64
	Followed int64 // the revision by which what could not be placed was last tried again
}

// Called is the source's name in records and on incidents, such as "alertmanager/main".
func (s Source) Called() string { return string(s.Kind) + "/" + s.Name }

// Actor is the source as who does something.
func (s Source) Actor() account.Actor {
	return account.Actor{Kind: account.Source, Name: s.Called(), Role: account.Editor}
}

var namePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// MinSecret is how many characters a secret has at least.
const MinSecret = 8

// Check says what is wrong with the source.
func (s Source) Check() error {
	var c fault.Check
	c.That(namePattern.MatchString(s.Name) && len(s.Name) <= 60, "name", "Use lower-case letters, digits and hyphens, such as main or eu-west.")
	c.Add(s.Mapping.Check())
	return c.Err()
}

// Check says what is wrong with the mapping.
func (m Mapping) Check() error {
	var c fault.Check
	for _, list := range []struct {
		field string
		names []string
	}{{"service_from", m.ServiceFrom}, {"severity_from", m.SeverityFrom}, {"same_by", m.SameBy}} {
		c.That(len(list.names) <= 20, list.field, "At most 20 labels.")
	}
	c.That(len(m.Services) <= 5_000, "services", "At most 5,000 names.")
	for _, rule := range m.Skip {
		name, value, ok := strings.Cut(rule, "=")
		c.That(ok && strings.TrimSpace(name) != "" && strings.TrimSpace(value) != "", "skip", "%q is no label with a value; write one such as alertname=Watchdog.", rule)
	}
	for name, meaning := range m.Pointers.Statuses {
		switch MarkKind(meaning) {
		case Fired, Acknowledged, Mitigated, Resolved, "ignored":
		default:
			c.That(false, "statuses", "%s means %q, which is none of fired, acknowledged, mitigated, resolved and ignored.", name, meaning)
		}
	}
	p := m.Pointers
	for _, f := range []struct{ field, pointer string }{
		{"events", p.Events},
		{"key", p.Key},
		{"group", p.Group},
		{"title", p.Title},
		{"summary", p.Summary},
		{"url", p.URL},
		{"status", p.Status},
		{"severity", p.Severity},
		{"service", p.Service},
		{"started_at", p.StartedAt},
		{"resolved_at", p.ResolvedAt},
		{"labels", p.Labels},
		{"delivery", p.Delivery},
	} {
		c.That(f.pointer == "" || strings.HasPrefix(f.pointer, "/"), f.field, "A JSON pointer begins with a slash, such as /alert/id.")
	}
	return c.Err()
}

// NewSecret is a secret that nobody guesses.
func NewSecret() string { return strings.ToLower(rand.Text()) }

// hashed is what is kept of a secret that is sent along. Such secrets are long and random, so a plain hash does.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Knows tells whether a secret that was sent along is one of the source's, in the same time whether it is nearly right or not.
func (s Source) Knows(secret string) bool {
	if secret == "" {
		return false
	}
	given, good := []byte(hashed(secret)), 0
	for _, h := range s.Hashes {
		good |= subtle.ConstantTimeCompare(given, []byte(h))
	}
	return good == 1
}

// mostNamed is how long a name may be that the database finds things by; the rest of a longer one is told by a hash.
const mostNamed = 200

// shortened keeps a name findable.
func shortened(name string) string {
	if len(name) <= mostNamed {
		return name
	}
	return strings.ToValidUTF8(name[:mostNamed-20], "") + "… " + hashed(name)[:16]
}

// externalID names the n-th incident of a key within its source.
func externalID(key string, n int) string {
	if n == 1 {
		return shortened(key)
	}
	return shortened(key) + " #" + strconv.Itoa(n)
}
