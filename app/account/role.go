package account

import "upshot/app/fault"

// Role is what an account or a token may do. A higher role includes the lower ones.
type Role string

// The roles, lowest first.
const (
	Viewer Role = "viewer" // reads everything that is not restricted
	Editor Role = "editor" // writes incidents, notes, follow-ups, problems, deployments, services
	Admin  Role = "admin"  // manages teams, people, tokens, settings
)

// Roles lists them lowest first, for forms.
var Roles = []Role{Viewer, Editor, Admin}

var rank = map[Role]int{Viewer: 1, Editor: 2, Admin: 3}

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool { return rank[r] > 0 }

// Includes tells whether r may do what other may do.
func (r Role) Includes(other Role) bool { return r.Valid() && rank[r] >= rank[other] }

// May is nil when the actor has the role, else a Denied fault that says whom to ask.
func (a Actor) May(role Role) error {
	switch {
	case !a.Known():
		return fault.New(fault.Denied, "Please sign in.")
	case !a.Role.Includes(role):
		return fault.New(fault.Denied, "This needs the role %s; you are %s. An administrator can change that under Settings, People.", role, a.Role)
	}
	return nil
}
