package ticket

import (
	"strings"
	"time"
)

// SiteID identifies a Jira site that is connected.
type SiteID int64

// ID identifies a mirror of a Jira issue here; Jira's own identity is IssueID within a site.
type ID int64

// Ticket is the mirror of the Jira issue that carries a change.
type Ticket struct {
	ID      ID
	Site    SiteID
	IssueID string // Jira's number of it, which outlives a move; the key does not
	Key     string // as of the last read
	Project string // key
	Type    string

	Summary  string
	Status   Named
	Category Category
	Priority Named
	Assignee Person
	Labels   []string
	DueOn    string // a date, or empty
	Parent   string // key, or empty
	Sprints  []Sprint
	// Resolution is zero while there is none; Meaning says what it means here.
	Resolution Named
	Meaning    Meaning

	CreatedAt         time.Time // in Jira
	UpdatedAt         time.Time // Jira's own moment of the last change it knows
	CategoryChangedAt time.Time // Jira's statuscategorychangedate; zero where it does not tell

	History History
	// ReadAt is when it was last read; zero: never.
	ReadAt time.Time
	// GoneAt is when it was found to be gone in Jira, deleted or out of sight for good; zero: it is there.
	GoneAt time.Time
	// Missing counts the reads in a row that did not find it, since MissingSince.
	Missing      int
	MissingSince time.Time
	// OwnsStatus tells, for a follow-up's ticket, that Jira says how far the follow-up is.
	OwnsStatus bool
	// URL is where people open it; filled in where it is shown.
	URL string
	// Labelled tells whether it carries the label by which the poll finds it.
	Labelled bool
}

// SiteURL is the address of the site, where URL was filled in.
func (t Ticket) SiteURL() string { return strings.TrimSuffix(t.URL, "/browse/"+t.Key) }

// Sprint is the sprint a ticket is in now, or the first of them that is active; zero when it is in none.
func (t Ticket) Sprint() Sprint {
	var now Sprint
	for _, s := range t.Sprints {
		if s.State == ActiveSprint {
			return s
		}
		if s.State != ClosedSprint {
			now = s
		}
	}
	return now
}

// Named is something that Jira knows by an id and people by a name. Names may change, ids do not.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Person is somebody in Jira: by account id on Cloud, by name on Data Center. Name is what people read.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Status is an entry of a site's catalogue of statuses: every one ever seen, also those Jira no longer knows.
type Status struct {
	Named
	Category Category // as Jira says; Unknown when it does not
	// Placed is where an administrator put a status whose category Jira no longer tells; empty: nowhere.
	Placed Category
	Known  bool // Jira's list still has it
}

// CountsAs is the category that figures use.
func (s Status) CountsAs() Category {
	switch {
	case s.Category != Unknown && s.Category != "":
		return s.Category
	case s.Placed != "":
		return s.Placed
	}
	return Unknown
}

// Meaning is what a resolution means for the change.
type Meaning string

// The meanings. Everything but MeansDone asks for a decision by a person.
const (
	MeansDone      Meaning = "done"
	MeansWontDo    Meaning = "wont_do"
	MeansDuplicate Meaning = "duplicate"
	MeansNoCause   Meaning = "no_cause" // closed, and nobody found the cause
)

// Meanings lists them for forms.
var Meanings = []Meaning{MeansDone, MeansWontDo, MeansDuplicate, MeansNoCause}

// SprintState is how far a sprint is.
type SprintState string

// The states of sprints.
const (
	FutureSprint SprintState = "future"
	ActiveSprint SprintState = "active"
	ClosedSprint SprintState = "closed"
)

// Sprint is one sprint of a board. StartedAt is zero before it starts, and where Jira does not tell.
type Sprint struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	State     SprintState `json:"state"`
	StartedAt time.Time   `json:"started_at"`
}

// Change is one entry of an issue's history.
type Change struct {
	ID     string // Jira's number of it, increasing within a site
	At     time.Time
	Author Person
	Items  []ChangeItem
	// Ours marks what this Upshot did itself.
	Ours bool
}

// ChangeItem is one field of a Change, with ids and with words. Field is Jira's name of it, FieldID its id (empty where
// Jira gives none: for Key and project).
type ChangeItem struct {
	Field, FieldID string
	From, FromText string
	To, ToText     string
}

// History is what an issue's changes say about its way, as of the statuses' categories then.
type History struct {
	Intervals []Interval `json:"intervals"`
	Bumps     []Bump     `json:"bumps,omitempty"`
	// SprintEnteredAt is when it first was in an active sprint; zero: never, or not known.
	SprintEnteredAt time.Time `json:"sprint_entered_at"`
	// Partial: not all of its changes could be read. Figures are withheld.
	Partial bool `json:"partial,omitempty"`
	// Broken: a change left another status than the one held. The later word is trusted, the history flagged.
	Broken bool `json:"broken,omitempty"`
	// Off is by how much Jira's own moment of the last change of category differs; 0: it agrees, or does not tell.
	Off time.Duration `json:"off,omitempty"`
	// PrioritySetByPersonAt is when somebody else than Upshot last changed the priority; zero: nobody did.
	PrioritySetByPersonAt time.Time `json:"priority_set_by_person_at"`
}

// Usable tells whether the history may be used for figures at all. It may still hold a status that nobody can place, which
// Whole tells.
func (h History) Usable() bool { return !h.Partial }

// Bump is a sprint replaced by a later one while the change waited.
type Bump struct {
	At       time.Time `json:"at"`
	From, To string    // names of sprints
}

// LinkState is how far a follow-up is connected to an issue. Empty: nobody asked for one.
type LinkState string

// The states of a connection.
const (
	LinkPending LinkState = "pending"             // an issue is to be created
	LinkSending LinkState = "sending"             // it is being created, or nobody knows whether it was
	Linked      LinkState = "linked"              //
	LinkNeeds   LinkState = "needs_configuration" // Jira refused it: somebody must change something
	LinkGone    LinkState = "gone"                // the issue is gone in Jira
)
