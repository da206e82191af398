// Package catalog knows the teams, the services, who builds what and who answers at 2 a.m.
package catalog

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"upshot/app/fault"
)

// TeamID identifies a team; addresses use the slug.
type TeamID int64

// TeamKind is the side a team stands on.
type TeamKind string

// The kinds of teams.
const (
	Development TeamKind = "development"
	Operations  TeamKind = "operations"
)

// Team builds services, answers for them, or both.
type Team struct {
	ID         TeamID
	Slug, Name string
	Kind       TeamKind
	Zone       string // IANA name, such as Europe/Lisbon
	Hours      Hours  // working hours in Zone
	Mails      []string
	Chat       Chat // where its developers talk; the zero Chat: not known
	CreatedAt  time.Time
	ArchivedAt time.Time // zero: not archived
	Version    int64     // grows with every change; the API's ETag
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Slug makes an address part of a name: "Card Gateway" becomes "card-gateway". It may be empty when
// the name holds no letter or digit of ASCII; callers then ask for a slug.
func Slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := strings.TrimSuffix(b.String(), "-")
	if len(slug) > 60 {
		slug = strings.TrimSuffix(slug[:60], "-")
	}
	return slug
}

// Check says what is wrong with the team.
func (t Team) Check() error {
	var c fault.Check
	c.That(strings.TrimSpace(t.Name) != "", "name", "A team needs a name.")
	c.That(len(t.Name) <= 200, "name", "At most 200 characters.")
	checkSlug(&c, t.Slug)
	c.That(t.Kind == Development || t.Kind == Operations, "kind", "Choose development or operations.")
	_, err := time.LoadLocation(t.Zone)
	c.That(err == nil && t.Zone != "", "zone", "%q is no time zone; write one such as Europe/Lisbon.", t.Zone)
	for _, m := range t.Mails {
		_, err := mail.ParseAddress(m)
		c.That(err == nil, "mails", "%q is no mail address.", m)
	}
	c.That(t.Chat.Kind == "" || slices.Contains(ChatKinds, t.Chat.Kind), "chat_kind", "Choose Slack, Teams or a webhook, or none.")
	c.That((t.Chat.Kind == "") == (t.Chat.Sealed == ""), "chat_address", "A chat and the address of its webhook go together.")
	c.Add(t.Hours.Check())
	return c.Err()
}

func checkSlug(c *fault.Check, slug string) {
	c.That(slugPattern.MatchString(slug) && len(slug) <= 60 && slug != "new", "slug",
		"Use lower-case letters, digits and hyphens, such as card-gateway.")
}
