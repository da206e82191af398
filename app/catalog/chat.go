package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"upshot/app/fault"
	"upshot/app/secret"
)

// ChatKind is what a chat's webhook takes.
type ChatKind string

// The kinds of chats.
const (
	Slack   ChatKind = "slack"
	Teams   ChatKind = "teams"
	Webhook ChatKind = "webhook" // JSON of our own, for anything else
)

// ChatKinds lists them for forms.
var ChatKinds = []ChatKind{Slack, Teams, Webhook}

// Chat is the webhook of a team's chat. Its address is a secret: whoever has it can write there.
type Chat struct {
	Kind   ChatKind
	Host   string // of the address, which is all that is shown of it
	Sealed string // the address, encrypted
}

const aboutChat = "team chat"

// mark changes with the address and says nothing of it, for the record of changes.
func (c Chat) mark() string {
	if c.Sealed == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.Sealed))
	return "secret " + hex.EncodeToString(sum[:4])
}

// Address is what was sealed.
func (c Chat) Address(key secret.Key) (string, error) { return key.Open(c.Sealed, aboutChat) }

// Chat is what a form or a program says of a team's chat: a kind, and an address that may be empty to keep the known one. No
// kind takes the chat away.
func (e *Editing) Chat(known Chat, kind ChatKind, address string) (Chat, error) {
	address = strings.TrimSpace(address)
	switch {
	case kind == "":
		var c fault.Check
		c.That(address == "", "chat_kind", "Choose which chat that address is of.")
		return Chat{}, c.Err()
	case address == "":
		known.Kind = kind
		return known, nil // Team.Check asks for the address when there is none
	}
	u, err := url.Parse(address)
	var c fault.Check
	c.That(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(address) <= 2000,
		"chat_address", "Write the full address of the webhook, beginning with https:// or http://.")
	if err := c.Err(); err != nil {
		return Chat{}, err
	}
	sealed, err := e.Key.Seal(address, aboutChat)
	return Chat{Kind: kind, Host: u.Host, Sealed: sealed}, err
}
