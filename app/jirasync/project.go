package jirasync

import (
	"encoding/json"
	"time"

	"upshot/app/catalog"
	"upshot/app/ticket"
)

// ProjectID identifies a mapping.
type ProjectID int64

// Project maps follow-ups to a Jira project: those about a service, else those of a team, else all others.
type Project struct {
	ID         ProjectID
	Site       ticket.SiteID
	Team       catalog.TeamID    // 0: not by team
	Service    catalog.ServiceID // 0: not by service
	Key        string            // of the project
	Type       ticket.Named      // of the issues that are created
	Components []string          // names
	Labels     []string
	Fixed      map[string]json.RawMessage // fields by id, as they go out
	Owners     Owners
	// As the last check found it.
	May       Permissions
	Wrong     []string // what is missing, in words; empty: nothing
	CheckedAt time.Time
	Revision  int64
}
