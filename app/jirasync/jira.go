// Package jirasync makes our follow-ups and Jira's issues tell the same story, both ways, and never twice.
package jirasync

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"upshot/app/ticket"
)

// Jira is one connected site as the sync asks it. Integrations offer it over HTTP.
//
// Every error is a *Trouble, or one of the ctx. Every call has a time limit of its own, waits for its turn among all
// replicas, and is made exactly once: what is tried again is for the caller to decide.
type Jira interface {
	Server(ctx context.Context) (Server, error)
	Myself(ctx context.Context) (Account, error)
	FieldIDs(ctx context.Context) (FieldIDs, error)
	Statuses(ctx context.Context) ([]ticket.Status, error)
	Priorities(ctx context.Context) ([]ticket.Named, error) // highest first, as Jira orders them
	Resolutions(ctx context.Context) ([]ticket.Named, error)

	// May tells what the login may do in a project.
	May(ctx context.Context, project string) (Permissions, error)
	// Types lists the issue types of a project; Inputs the fields that creating one of them takes.
	Types(ctx context.Context, project string) ([]ticket.Named, error)
	Inputs(ctx context.Context, project, issueType string) ([]Input, error)

	// Changed walks the issues of a search in order of their last change, a page at a time. It returns nil only when
	// the walk came to its end.
	Changed(ctx context.Context, q Query, page func([]Issue) error) error
	// Issues reads issues by their numbers, at most IssuesAtOnce; those not found are missing, which may also mean that
	// the login does not see them.
	Issues(ctx context.Context, ids []string) (found []Issue, missing []string, err error)
	// Histories reads whole histories of issues by their numbers, at most HistoriesAtOnce. An issue without changes is
	// in the answer with none. Those not in the answer could not be read whole.
	Histories(ctx context.Context, ids []string) (map[string][]ticket.Change, error)
	// Marked finds the issues that carry any of the labels, at most LabelsAtOnce.
	Marked(ctx context.Context, labels []string) ([]Issue, error)
	// Find looks for issues a person means: a key, an address, or words of the summary; project may be empty.
	Find(ctx context.Context, text, project string, limit int) ([]Issue, error)
	// IssueOf reads one issue by key or number.
	IssueOf(ctx context.Context, keyOrID string) (Issue, error)
	// LastComments gives the latest comments, newest first.
	LastComments(ctx context.Context, id string, n int) ([]Comment, error)
	Transitions(ctx context.Context, id string) ([]Transition, error)
	// ActiveSprint is the active sprint of a board of the project; zero when there is none.
	ActiveSprint(ctx context.Context, project string) (ticket.Sprint, error)

	// Work walks the issues of a backlog in order of their last change, a page at a time, with no more of them than the measures
	// need. It returns nil only when the walk came to its end.
	Work(ctx context.Context, q WorkQuery, page func([]Issue) error) error
	// WorkIDs gives Jira's numbers of the issues of a backlog.
	WorkIDs(ctx context.Context, q WorkQuery) ([]string, error)
	// Understands tells, by trouble of the kind Refused with Jira's own words, whether Jira takes a query.
	Understands(ctx context.Context, jql string) error
	Board(ctx context.Context, id string) (Board, error)
	// SprintOf reads one sprint by Jira's number of it.
	SprintOf(ctx context.Context, id string) (ticket.Sprint, error)

	Create(ctx context.Context, n NewIssue) (Ref, error)
	Edit(ctx context.Context, id string, e Edit) error // one call, whatever is in it
	Transit(ctx context.Context, id string, transition, resolution string) error
	MoveToSprint(ctx context.Context, sprint string, ids []string) error
	LinkBack(ctx context.Context, id string, l BackLink) error // repeating it changes nothing
	LinkIssues(ctx context.Context, from, to string) error     // "relates to"
}

// What one call takes at most.
const (
	IssuesAtOnce    = 100
	HistoriesAtOnce = 1000
	LabelsAtOnce    = 50
)

// Flavour is which Jira a site is.
type Flavour string

// The flavours.
const (
	Cloud      Flavour = "cloud"
	DataCenter Flavour = "dc"
)

// Server is what a site says of itself.
type Server struct {
	Flavour Flavour
	Version string
	Title   string
}

// Account is the login that the sync uses.
type Account struct {
	ticket.Person
	Zone string // IANA name: Jira reads bare dates in it, which is why none is ever sent
}

// FieldIDs are the ids of custom fields on a site, found by what they are; empty: the site has none.
type FieldIDs struct {
	Sprint, EpicLink string
}

// Permissions is what the login may do in a project.
type Permissions struct {
	Browse, Create, Edit, Comment, Link, Transition, Assign bool
}

// Missing names what is missing of what the sync needs, in Jira's words for permissions.
func (p Permissions) Missing() []string {
	var missing []string
	for _, need := range []struct {
		has  bool
		name string
	}{
		{p.Browse, "Browse Projects"},
		{p.Create, "Create Issues"},
		{p.Edit, "Edit Issues"},
		{p.Comment, "Add Comments"},
		{p.Link, "Link Issues"},
		{p.Transition, "Transition Issues"},
	} {
		if !need.has {
			missing = append(missing, need.name)
		}
	}
	return missing
}

// Input is a field that creating an issue takes. Allowed lists the values to choose from, where there is a list; Kind is
// how a value is written in JSON: text, number, date, option (by id), options, user, other.
type Input struct {
	ID, Name string
	Required bool // and Jira has no default for it
	Kind     string
	Allowed  []ticket.Named
}

// Query is a search for what changed.
type Query struct {
	Label string    // issues that carry it
	IDs   []string  // and these
	Since time.Time // changed since then; zero: whenever
}

// WorkQuery is a search for the issues of a backlog.
type WorkQuery struct {
	JQL          string    // a condition, without an order
	Since, Until time.Time // changed in [Since, Until); zero: no bound
}

// Board is a board, and the query of its filter.
type Board struct {
	ID, Name, JQL string
}

// Issue is an issue as read, and what came with it.
type Issue struct {
	ticket.Ticket // the mirrored part; ID, Site, History, Meaning and what is kept of reads are zero
	// Changes is its history when it came along (Data Center); HasChanges tells so. Partial: it was cut.
	Changes    []ticket.Change
	HasChanges bool
	Partial    bool
	// Comments are the latest that came along, oldest first, and may be cut.
	Comments []Comment
	// Property is our mark on it, which people cannot edit; empty: none came along.
	Property string
}

// Comment is a comment in Jira.
type Comment struct {
	ID        string
	Author    ticket.Person
	Body      string // Jira's wiki markup
	At        time.Time
	UpdatedAt time.Time
}

// Ref is what Jira calls a new issue.
type Ref struct{ ID, Key string }

// NewIssue is what is asked for when an issue is created. Fixed holds fields as they go out, by their ids.
type NewIssue struct {
	Project     string                     `json:"project"`
	Type        string                     `json:"type"` // id
	Summary     string                     `json:"summary"`
	Description string                     `json:"description"` // wiki markup
	Labels      []string                   `json:"labels"`      // the common one and the mark among them
	Components  []string                   `json:"components,omitempty"`
	Priority    string                     `json:"priority,omitempty"` // id
	Assignee    string                     `json:"assignee,omitempty"` // account id, or name on Data Center
	DueOn       string                     `json:"due_on,omitempty"`
	Fixed       map[string]json.RawMessage `json:"fixed,omitempty"`
	Mark        string                     `json:"mark"` // also set as a property of the issue
}

// Edit is what one call changes on an issue; zero values stay as they are.
type Edit struct {
	AddLabels, RemoveLabels []string
	Priority                string // id
	Summary                 string
	Assignee                *string // account id or name; empty: unassign
	DueOn                   *string // a date; empty: none
	// Comment is added, or put in place of the comment CommentID.
	Comment, CommentID string
}

// Empty tells whether there is nothing to change.
func (e Edit) Empty() bool {
	return len(e.AddLabels) == 0 && len(e.RemoveLabels) == 0 && e.Priority == "" && e.Summary == "" && e.Assignee == nil &&
		e.DueOn == nil && e.Comment == ""
}

// Transition is a way to another status, with what its screen asks.
type Transition struct {
	ID, Name    string
	To          ticket.Status
	Resolutions []ticket.Named // its screen offers these; none: it has no such field
	// NeedsResolution and Needs tell what its screen requires; Needs names other fields than the resolution.
	NeedsResolution bool
	Needs           []string
}

// BackLink is a link from an issue to a page here. Jira knows it again by GlobalID.
type BackLink struct {
	GlobalID, URL, Title, Summary string
}

// TroubleKind is what can be done about trouble with Jira.
type TroubleKind string

// The kinds of trouble.
const (
	Temporary TroubleKind = "temporary" // trying later helps
	Limited   TroubleKind = "limited"   // Jira, or our own limit, asks to wait until a moment
	Login     TroubleKind = "login"     // the login is not good, or no longer
	Forbidden TroubleKind = "forbidden" // the login is good and may not do this
	Absent    TroubleKind = "absent"    // no such thing, or the login does not see it
	Refused   TroubleKind = "refused"   // Jira said no for good: somebody must change something
	Raced     TroubleKind = "raced"     // somebody changed it meanwhile: read again, then decide
)

// Trouble is what went wrong with a call to Jira.
type Trouble struct {
	Kind TroubleKind
	Call string // what was asked, such as "POST issue"
	// Status is HTTP's, 0 when no answer came.
	Status int
	// Said is Jira's own words, or ours when it had none.
	Said string
	// Fields are Jira's words by the id of the field they are about.
	Fields map[string]string
	// Maybe: the call may have had its effect although no good answer came.
	Maybe bool
	// Until is when to ask again, for Limited.
	Until time.Time
	Cause error // for the log
}

// Error gives Jira's words and what was asked.
func (t *Trouble) Error() string {
	said := t.Words()
	if t.Status != 0 {
		return fmt.Sprintf("Jira, %s, %d: %s", t.Call, t.Status, said)
	}
	return fmt.Sprintf("Jira, %s: %s", t.Call, said)
}

// Words are Jira's own, those about fields among them.
func (t *Trouble) Words() string {
	var words []string
	if t.Said != "" {
		words = append(words, t.Said)
	}
	for _, id := range sortedKeys(t.Fields) {
		words = append(words, t.Fields[id])
	}
	return strings.Join(words, " ")
}

// Unwrap gives the cause.
func (t *Trouble) Unwrap() error { return t.Cause }

// Turns lets all replicas together keep to a site's limits. The store offers it, over the database.
type Turns interface {
	// Take waits for a turn for a call and gives what ends it. A pause longer than patience is not waited for: it is a
	// *Trouble of kind Limited that says until when.
	Take(ctx context.Context, call Call) (done func(), err error)
	// Pause keeps everybody from calls of the scope until a moment. A pause in force is never shortened.
	Pause(ctx context.Context, p Pause) error
}

// Call is what a turn is for. Issue is the number of the issue written to, or empty.
type Call struct {
	Site      ticket.SiteID
	Operation string // method and resource, such as "POST issue"
	Issue     string
	Write     bool
}

// Pause is a stretch in which calls of a scope wait: "site", an operation, or "issue 10001".
type Pause struct {
	Site    ticket.SiteID
	Scope   string
	BegunAt time.Time // filled in when it is read
	Until   time.Time
	Why     string // in words, with Jira's reason
}

// SiteScope pauses every call to a site.
const SiteScope = "site"

// IssueScope pauses writes to one issue.
func IssueScope(id string) string { return "issue " + id }
