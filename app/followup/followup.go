// Package followup knows the promised changes: their kinds, their life, and what waiting for them costs.
package followup

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// ID identifies a follow-up; people and addresses write FU-12.
type ID int64

func (id ID) String() string { return "FU-" + strconv.FormatInt(int64(id), 10) }

// ParseID reads "FU-12" (any case), or a NotFound fault.
func ParseID(ref string) (ID, error) {
	n, err := problem.ParseRef("FU", ref)
	if err != nil {
		return 0, fault.New(fault.NotFound, "There is no such follow-up.")
	}
	return ID(n), nil
}

// Kind is what sort of change is promised.
type Kind string

// The kinds: seven practice kinds, then three fix kinds.
const (
	AutomatedTest Kind = "automated_test"
	Metric        Kind = "metric"
	Dashboard     Kind = "dashboard"
	HealthCheck   Kind = "health_check"
	Alert         Kind = "alert"
	Runbook       Kind = "runbook"
	Process       Kind = "process"
	Code          Kind = "code"
	Configuration Kind = "configuration"
	Design        Kind = "design"
)

// Kinds lists them in the order forms offer them.
var Kinds = []Kind{AutomatedTest, Metric, Dashboard, HealthCheck, Alert, Runbook, Process, Code, Configuration, Design}

// Practice tells whether the kind changes how a team works, and so closes the loop; the others are fixes.
func (k Kind) Practice() bool { return slices.Contains(Kinds[:7], k) }

// Purpose is what the change is for.
type Purpose string

// The purposes.
const (
	Prevent  Purpose = "prevent"
	Detect   Purpose = "detect"
	Mitigate Purpose = "mitigate"
)

// Purposes lists them for forms.
var Purposes = []Purpose{Prevent, Detect, Mitigate}

// State is how far a follow-up is.
type State string

// The states. Declined and Duplicate are ends beside the way.
const (
	Proposed   State = "proposed"
	Queued     State = "queued"
	InProgress State = "in_progress"
	Done       State = "done"
	Verified   State = "verified"
	Declined   State = "declined"
	Duplicate  State = "duplicate"
)

// States lists them in the order of a follow-up's life.
var States = []State{Proposed, Queued, InProgress, Done, Verified, Declined, Duplicate}

// QuietPeriod is how long a shipped change must hold before it is verified; later it is a setting.
const QuietPeriod = 30 * 24 * time.Hour

// FollowUp is a promised change.
type FollowUp struct {
	ID          ID
	Title       string
	Detail      string // Markdown
	Kind        Kind
	Purpose     Purpose
	Team        catalog.TeamID // 0: nobody yet
	State       State
	DueOn       string // a date, or empty
	Incidents   []incident.ID
	Problem     problem.ID // 0: none; of its incidents where they have one
	EvidenceURL string
	Deployment  deployment.ID // 0: none
	FixFailedAt time.Time     // beside the state: it recurred in its quiet period
	Declined    Decline
	DuplicateOf ID
	// QueuedByHandAt and ShippedByHandAt correct what the moves and the deployment say; zero: not corrected.
	QueuedByHandAt, ShippedByHandAt time.Time
	DeployedAt                      time.Time // finished_at of Deployment when it ships; filled by store
	Moves                           []Move    // oldest first
	CreatedAt                       time.Time
	UpdatedAt                       time.Time
	Version                         int64
	Kept                            Ledger // as of the last change; running lengths of time are of that moment
	// Ticket is the Jira issue that carries it; nil while none is linked. LinkState also tells of one that is on its way.
	Ticket    *ticket.Ticket
	LinkState ticket.LinkState
}

// Decline is a decision against the change.
type Decline struct {
	Reason      string
	LookAgainOn string // a date such as 2027-01-15
}

// Move is the entering of a state.
type Move struct {
	State State
	At    time.Time
}

// Check says what is wrong with the follow-up's fields.
func (f FollowUp) Check() error {
	var c fault.Check
	c.That(strings.TrimSpace(f.Title) != "", "title", "Say in a few words what will change.")
	c.That(len(f.Title) <= 500, "title", "At most 500 characters.")
	c.That(len(f.Detail) <= 100_000, "detail", "At most 100,000 characters.")
	c.That(slices.Contains(Kinds, f.Kind), "kind", "Choose what sort of change it is.")
	c.That(slices.Contains(Purposes, f.Purpose), "purpose", "Choose prevent, detect or mitigate.")
	c.That(slices.Contains(States, f.State), "state", "There is no state %q.", string(f.State))
	if f.DueOn != "" {
		_, err := time.Parse(time.DateOnly, f.DueOn)
		c.That(err == nil, "due_on", "Write a date such as 2027-01-15.")
	}
	c.That(f.EvidenceURL == "" || webAddress(f.EvidenceURL), "evidence_url", "Write a full address that begins with https:// or http://.")
	return c.Err()
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= 2000
}

// Filter narrows the list of follow-ups and the queue.
type Filter struct {
	Team    string // slug
	Service string // slug of a service of its problem or incidents
	Kind    Kind
	State   State
	States  []State // any of these; used by the queue
	Problem problem.ID
	// Recurred keeps those whose failure came back while they waited.
	Recurred bool
	// AsksDecision keeps those that Jira closed in a way that asks for a decision, InConflict those about which it says something
	// else than we do.
	AsksDecision, InConflict bool
	// FinishedSince leaves out what was done before then and not reopened; zero: nothing.
	FinishedSince time.Time
	Query         string
	Sort          string // cost, queued_at, updated_at, due_on; "-" in front for descending; default -cost
}
