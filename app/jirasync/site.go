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
	User    string // mail address on Cloud; empty: Token is a personal access token
	Token   string // in clear only in memory
	// Account is the login as Jira knows it.
	Account Account
	Fields  FieldIDs
	// Priorities are the site's, highest first.
	Priorities []ticket.Named
	// FromEnvironment: its settings come from the environment and are read-only in pages.
	FromEnvironment bool
	// HookName is the last part of the address for webhooks; HookSecrets are good, the newest first; none: webhooks are off.
	HookName    string
	HookSecrets []string
	CreatedAt   time.Time
	DisabledAt  time.Time
	Revision    int64 // grows with every change
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
