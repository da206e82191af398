package jirasync

import (
	"time"

	"upshot/app/followup"
	"upshot/app/ticket"
)

// Link is how a follow-up is connected to an issue, from the wish to file one on.
type Link struct {
	FollowUp followup.ID
	Site     ticket.SiteID
	Project  ProjectID // whose mapping it was filed by; 0: it was linked by hand
	State    ticket.LinkState
	Mark     string    // the label, and the property, that only this follow-up's issue has
	Ticket   ticket.ID // 0 until it is linked
	Earlier  ticket.ID // the one before, when a recurrence made a new one; 0: none
	Filed    bool      // by us; else the issue was there
	Round    int       // how many issues of ours carried it before

	// Asked is what the issue is created with, frozen when somebody asked for it.
	Asked    NewIssue
	Attempt  int
	Fence    int64  // grows with every claim: whoever holds an older one settles nothing
	Holder   string // of the lease
	LeaseEnd time.Time
	NextAt   time.Time
	// UnknownSince is when a call ended whose outcome nobody knows; zero: none did. Searches counts how often it was
	// looked for since.
	UnknownSince time.Time
	Searches     int
	Trouble      Told
	LeftOut      []string // what Jira did not take when it was created, in words

	Bases     map[Field]Base
	Conflicts []Conflict
	Wishes    Wishes
	// AsksDecision: Jira closed it with a resolution that means something else than done.
	AsksDecision bool
	LinkedBack   bool // Jira shows a link to the follow-up
	// ReturnedAt is when the rule last dealt with a failure that came back after done; DryRunAt when a dry run first told what
	// it would do. Zero: not yet.
	ReturnedAt, DryRunAt time.Time

	// Look grows with everything that may want saying on either side; Looked is up to where that is done.
	Look, Looked int64
	CreatedAt    time.Time
	LinkedAt     time.Time
}

// Wishes are what people here want of fields that only Jira has. Empty: nobody said anything.
type Wishes struct {
	Priority string   `json:"priority,omitempty"` // id
	Assignee string   `json:"assignee,omitempty"` // account id, or name on Data Center
	Labels   []string `json:"labels,omitempty"`
}

// Told is trouble as it is remembered: Jira's words, HTTP's status (0: none) and when.
type Told struct {
	Words  string
	Status int
	At     time.Time
}

// ToldOf remembers trouble.
func ToldOf(t *Trouble, at time.Time) Told { return Told{Words: t.Words(), Status: t.Status, At: at} }

// PushID identifies something to be changed in Jira; what is said there ends with it.
type PushID int64

// PushKind is what sort of change it is.
type PushKind string

// The kinds of pushes.
const (
	PushEdit       PushKind = "edit"       // fields, labels and the status comment: one call for all that wait
	PushTransition PushKind = "transition" // to another status
	PushSprint     PushKind = "sprint"     // into the active sprint
	PushBackLink   PushKind = "back_link"
	PushIssueLink  PushKind = "issue_link" // to another issue
)

// PushState is how far a push is.
type PushState string

// The states of pushes. Dead ones wait for a person; dropped ones were given up by one.
const (
	PushWaiting PushState = "waiting"
	PushSending PushState = "sending"
	PushDone    PushState = "done"
	PushDead    PushState = "dead"
	PushDropped PushState = "dropped"
)

// Push is one change that is to be made in Jira. It is written down before it is sent and settled after.
type Push struct {
	ID        PushID
	Site      ticket.SiteID
	Ticket    ticket.ID
	FollowUp  followup.ID // 0: of the ticket alone
	Kind      PushKind
	Payload   Payload
	Why       string // in words, for people
	State     PushState
	Maybe     bool // an earlier attempt may have had its effect
	Attempt   int
	Fence     int64
	NextAt    time.Time
	Trouble   Told
	CreatedAt time.Time
	DoneAt    time.Time
}

// Payload is what a push changes; which members count depends on its kind.
type Payload struct {
	Edit     Edit            `json:"edit,omitzero"`
	To       ticket.Category `json:"to,omitempty"` // transition
	BackLink BackLink        `json:"back_link,omitzero"`
	Issue    string          `json:"issue,omitempty"` // number of the other issue
}

// Mirror is a ticket with what we said on it.
type Mirror struct {
	ticket.Ticket
	CommentID  string // of the status comment, once known
	Commented  bool   // there is one
	Said       map[followup.ID]followup.Milestone
	RaisedAt   time.Time // when the rule raised the priority; zero: it did not
	ProposedAt time.Time // likewise for the sprint
}

// Claimed is the connection when somebody takes it to send. What was being sent when its lease ended has an unknown
// outcome: since then, it is looked for.
func (l Link) Claimed(holder string, now, until time.Time) Link {
	if l.State == ticket.LinkSending && l.UnknownSince.IsZero() {
		l.UnknownSince = now
		if !l.LeaseEnd.IsZero() {
			l.UnknownSince = l.LeaseEnd
		}
	}
	if l.State == ticket.LinkPending {
		l.State = ticket.LinkSending
		l.Attempt++
	}
	l.Fence++
	l.Holder, l.LeaseEnd = holder, until
	return l
}
