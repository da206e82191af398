package jirasync

import (
	"maps"
	"slices"
	"time"

	"upshot/app/ticket"
)

// Site is a connected Jira.
type Site struct {
	ID      ticket.SiteID
	Name    string // host, or what an administrator calls it
	URL     string // as people open it, without a slash at the end
	Flavour Flavour
	Version string
	User    string // mail address on Cloud; empty: the token is a personal access token
	// SealedToken is the API token, or the personal access token, encrypted; empty for a site from the environment.
	SealedToken string
	// Account is the login as Jira knows it.
	Account Account
	Fields  FieldIDs
	// Priorities are the site's, highest first.
	Priorities []ticket.Named
	// FromEnvironment: its settings come from the environment and are read-only in pages.
	FromEnvironment bool
	// HookName is the last part of the address for webhooks. SealedHookSecrets are those that are good, newest first,
	// encrypted; none: webhooks are off.
	HookName          string
	SealedHookSecrets string
	CreatedAt         time.Time
	DisabledAt        time.Time
	Revision          int64 // grows with every change
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Resolution is how an issue ended, and what that means here.
type Resolution struct {
	ticket.Named
	Meaning ticket.Meaning
}
