package followup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/ticket"
)

// Mode says whether a rule acts.
type Mode string

// The modes. A dry run tells what it would do, and does nothing.
const (
	Off    Mode = "off"
	DryRun Mode = "dry_run"
	On     Mode = "on"
)

// Modes lists them for forms.
var Modes = []Mode{Off, DryRun, On}

// Proposal is how a ticket is proposed for the current sprint.
type Proposal string

// The proposals.
const (
	ProposeNothing Proposal = "nothing"
	ProposeLabel   Proposal = "label"  // the team sees it and decides
	ProposeSprint  Proposal = "sprint" // moved into the active sprint
)

// Proposals lists them for forms.
var Proposals = []Proposal{ProposeNothing, ProposeLabel, ProposeSprint}

// Return is what happens to a ticket that is done when the failure comes back.
type Return string

// The three ways.
const (
	ReturnReopen  Return = "reopen"
	ReturnNew     Return = "new" // and linked to the old one
	ReturnComment Return = "comment"
)

// Returns lists them for forms.
var Returns = []Return{ReturnReopen, ReturnNew, ReturnComment}

// Rule says what a recurrence does to the ticket of a follow-up.
type Rule struct {
	Team catalog.TeamID `json:"-"` // 0: of every team without one of its own
	Mode Mode           `json:"mode"`
	// At is the recurrence while waiting at which it acts, once.
	At            int  `json:"at"`
	RaisePriority bool `json:"raise_priority"`
	// Cap is the name of the highest priority it raises to; empty: whatever the site's highest is.
	Cap     string   `json:"cap"`
	Propose Proposal `json:"propose"`
	Label   string   `json:"label"`
	// AfterDone is what happens when the failure comes back after the ticket was done, within ReopenWithin of it; later,
	// reopening becomes a new ticket.
	AfterDone    Return        `json:"after_done"`
	ReopenWithin time.Duration `json:"reopen_within"`
	// Comment keeps one status comment on the ticket, edited in place.
	Comment bool `json:"comment"`
}

// DefaultRule is the one of a new installation: it tells what it would do, until somebody switches it on.
func DefaultRule() Rule {
	return Rule{
		Mode: DryRun, At: 2, RaisePriority: true, Propose: ProposeLabel, Label: "proposed-for-sprint",
		AfterDone: ReturnReopen, ReopenWithin: 14 * wholeDay, Comment: true,
	}
}

// RuleFor is the rule of a team among those that somebody set.
func RuleFor(rules map[catalog.TeamID]Rule, team catalog.TeamID) Rule {
	for _, id := range []catalog.TeamID{team, 0} {
		if r, is := rules[id]; is {
			return r
		}
	}
	return DefaultRule()
}

// Check says what is wrong with the rule.
func (r Rule) Check() error {
	var c fault.Check
	c.That(slices.Contains(Modes, r.Mode), "mode", "Choose off, dry run or on.")
	c.That(r.At >= 1 && r.At <= 100, "at", "Between the first and the hundredth recurrence.")
	c.That(slices.Contains(Proposals, r.Propose), "propose", "Choose nothing, a label or the active sprint.")
	c.That(r.Propose != ProposeLabel || r.Label != "" && len(r.Label) <= 60 && !strings.ContainsAny(r.Label, " \t\n\""), "label", "A label has no spaces and at most 60 characters.")
	c.That(slices.Contains(Returns, r.AfterDone), "after_done", "Choose reopen, a new ticket or a comment.")
	c.That(r.ReopenWithin >= 0 && r.ReopenWithin <= 365*wholeDay, "reopen_within", "Between 0 and 365 days.")
	return c.Err()
}

// Sentence is the rule as a person reads it.
func (r Rule) Sentence() string {
	var does []string
	if r.RaisePriority {
		upTo := ""
		if r.Cap != "" {
			upTo = ", at most to " + r.Cap
		}
		does = append(does, "its priority rises one step, once"+upTo)
	}
	switch r.Propose {
	case ProposeLabel:
		does = append(does, "the label "+r.Label+" proposes it for the current sprint")
	case ProposeSprint:
		does = append(does, "it is moved into the active sprint")
	}
	if len(does) == 0 {
		does = append(does, "nothing in Jira changes")
	}
	said := fmt.Sprintf("At the %s recurrence while a follow-up waits, %s. A person’s later choice stands.", ordinal(r.At), strings.Join(does, ", and "))
	switch {
	case r.AfterDone == ReturnReopen:
		said += fmt.Sprintf(" When the failure comes back within %s of done, the ticket is reopened; later, a new one is filed and linked.", r.window())
	case r.AfterDone == ReturnNew:
		said += " When the failure comes back after done, a new ticket is filed and linked."
	case r.Comment:
		said += " When the failure comes back after done, the status comment says so."
	default:
		said += " When the failure comes back after done, the ticket stays closed."
	}
	return said
}

// window is how long after done a ticket is reopened, in words.
func (r Rule) window() string { return plural(int(r.ReopenWithin/wholeDay), "day") }

func ordinal(n int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth"}
	switch {
	case n >= 0 && n < len(words):
		return words[n]
	case n%100 >= 11 && n%100 <= 13:
		return fmt.Sprintf("%dth", n)
	}
	switch n % 10 {
	case 1:
		return fmt.Sprintf("%dst", n)
	case 2:
		return fmt.Sprintf("%dnd", n)
	case 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

// Standing is what a rule must know of a ticket.
type Standing struct {
	Category   ticket.Category
	Meaning    ticket.Meaning
	Priority   ticket.Named
	Priorities []ticket.Named // of the site, highest first
	// PrioritySetByPersonAt is when somebody last chose the priority by hand; zero: nobody did.
	PrioritySetByPersonAt time.Time
	RaisedAt, ProposedAt  time.Time // by a rule before; zero: not
	InActiveSprint        bool
	DoneAt                time.Time
}

// StandingOf is what a rule must know of a ticket, on a site with these priorities.
func StandingOf(t ticket.Ticket, priorities []ticket.Named) Standing {
	s := Standing{
		Category: t.Category, Meaning: t.Meaning, Priority: t.Priority, Priorities: priorities,
		PrioritySetByPersonAt: t.History.PrioritySetByPersonAt, InActiveSprint: t.Sprint().State == ticket.ActiveSprint,
	}
	if stays := ticket.Finishes(t.History.Intervals); len(stays) > 0 && stays[len(stays)-1].LeftAt.IsZero() {
		s.DoneAt = stays[len(stays)-1].At
	}
	return s
}

// Escalation is what a rule does about a ticket that waits.
type Escalation struct {
	RaiseTo ticket.Named // zero: the priority stays
	Propose Proposal     // empty: nothing
	// Because are the reasons in words, for what it does and for what it leaves.
	Because []string
}

// Acts tells whether anything is to be done.
func (e Escalation) Acts() bool { return e.RaiseTo.ID != "" || e.Propose != "" }

// Escalate is what the rule does when the failure has recurred that often while the change waits; the triggering recurrence was
// detected at that moment. It acts once, never over a person's later choice, and never on what is done or was declined.
func Escalate(r Rule, waiting bool, recurrences int, triggeredAt time.Time, s Standing) Escalation {
	var e Escalation
	if r.Mode == Off || !waiting || recurrences < r.At || s.Category == ticket.Done || s.Meaning != "" && s.Meaning != ticket.MeansDone {
		return e
	}
	if r.RaisePriority && s.RaisedAt.IsZero() {
		to, why := oneStep(r, triggeredAt, s)
		e.RaiseTo = to
		e.Because = append(e.Because, why)
	}
	if r.Propose != ProposeNothing && s.ProposedAt.IsZero() {
		switch {
		case s.InActiveSprint:
			e.Because = append(e.Because, "It is in the active sprint already.")
		default:
			e.Propose = r.Propose
			does := "proposed for the current sprint by the label " + r.Label
			if r.Propose == ProposeSprint {
				does = "moved into the active sprint"
			}
			e.Because = append(e.Because, fmt.Sprintf("It recurred %s while it waited, so it is %s.", times(recurrences), does))
		}
	}
	return e
}

// oneStep is the next higher priority, unless a person or the cap forbids it. A cap that the site does not know forbids it: the
// priority may have been given another name, and nobody said that there is no limit.
func oneStep(r Rule, triggeredAt time.Time, s Standing) (to ticket.Named, why string) {
	at := slices.IndexFunc(s.Priorities, func(p ticket.Named) bool { return p.ID == s.Priority.ID })
	limit := 0
	if r.Cap != "" {
		limit = slices.IndexFunc(s.Priorities, func(p ticket.Named) bool { return strings.EqualFold(p.Name, r.Cap) })
	}
	switch {
	case s.PrioritySetByPersonAt.After(triggeredAt):
		return to, "Somebody chose the priority after the recurrence; that stands."
	case at < 0:
		return to, "Its priority is none of the site’s list, so there is no next step."
	case limit < 0:
		return to, "The site has no priority " + r.Cap + ", which is the rule’s limit, so nothing is raised."
	case at <= limit:
		return to, s.Priority.Name + " is as high as the rule raises."
	}
	to = s.Priorities[at-1]
	return to, fmt.Sprintf("The priority rises from %s to %s.", s.Priority.Name, to.Name)
}

// AfterDone is what happens to the ticket of a change that did not hold: the failure came back at that moment.
func AfterDone(r Rule, s Standing, recurredAt time.Time) (does Return, why string) {
	within := recurredAt.Sub(s.DoneAt) <= r.ReopenWithin
	switch {
	case s.Meaning != "" && s.Meaning != ticket.MeansDone:
		return ReturnComment, "It was closed by a decision, so it stays closed."
	case r.AfterDone == ReturnReopen && s.DoneAt.IsZero():
		return ReturnComment, "The failure came back after done, but nobody knows when that was, so the ticket stays as it is."
	case r.AfterDone == ReturnReopen && within:
		return ReturnReopen, fmt.Sprintf("The failure came back within %s of done, so the ticket is reopened.", r.window())
	case r.AfterDone == ReturnReopen:
		return ReturnNew, fmt.Sprintf("The failure came back more than %s after done, so a new ticket is filed and linked to the old one.", r.window())
	case r.AfterDone == ReturnNew:
		return ReturnNew, "The failure came back after done, so a new ticket is filed and linked to the old one."
	}
	return ReturnComment, "The failure came back after done; the rule leaves the ticket closed."
}

// StatusLine is what the status comment says: how long it has waited, and what that cost, such as
// "waiting 21 d · recurred 3 times · 95 impact minutes". It gives no figures where the ledger has none.
func StatusLine(l Ledger) string {
	if l.Incomplete {
		return "no figures: its history in Jira could not be read whole"
	}
	var parts []string
	if l.StillWaiting {
		parts = append(parts, "waiting "+days(l.Waiting))
	} else {
		parts = append(parts, "waited "+days(l.Waiting))
	}
	if l.SentBack > 0 {
		parts = append(parts, "sent back "+days(l.SentBack))
	}
	switch {
	case !l.DoneAt.IsZero():
		parts = append(parts, "done "+l.DoneAt.UTC().Format("2 Jan 2006"))
	case !l.StartedAt.IsZero():
		parts = append(parts, "started "+l.StartedAt.UTC().Format("2 Jan 2006"))
	}
	if n := l.RecurrencesWhileWaiting; n > 0 {
		parts = append(parts, "recurred "+times(n), plural(int(l.ImpactWhileWaiting.Minutes()), "impact minute"))
	} else {
		parts = append(parts, "not recurred while it waited")
	}
	if n := l.RecurrencesAfter; n > 0 {
		parts = append(parts, "recurred "+times(n)+" after the fix")
	}
	return strings.Join(parts, " · ")
}

func days(d time.Duration) string {
	if d < 2*wholeDay {
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d/wholeDay))
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Milestone is what the status comment was last written at.
type Milestone struct {
	Recurrences int           `json:"recurrences"`
	Impact      time.Duration `json:"impact"` // of those while waiting
	After       int           `json:"after"`  // recurrences after the fix
	Started     bool          `json:"started"`
	Done        bool          `json:"done"`
}

// MilestoneOf is where a ledger stands.
func MilestoneOf(l Ledger) Milestone {
	return Milestone{
		Recurrences: l.RecurrencesWhileWaiting, Impact: l.ImpactWhileWaiting.Truncate(time.Minute), After: l.RecurrencesAfter,
		Started: !l.StartedAt.IsZero(), Done: !l.DoneAt.IsZero(),
	}
}

// Worth tells whether the comment is to be written, or written anew: at the first three recurrences and then at 5, 10, 20,
// 50, 100 …, before the fix and after it; when what they cost has become known; and when work starts or ends on something that
// recurred. A change that never recurred is not commented on; one that turns out not to have recurred is set right once.
// ongoing: an occurrence still goes on, so its cost will be known later.
func (m Milestone) Worth(now Milestone, ongoing bool) bool {
	switch {
	case now.Recurrences+now.After == 0 && m.Recurrences+m.After == 0:
		return false
	case milestone(now.After) != milestone(m.After), milestone(now.Recurrences) != milestone(m.Recurrences):
		return true
	case now.Started != m.Started, now.Done != m.Done:
		return true
	}
	return now.Impact != m.Impact && !ongoing && now.Recurrences == milestone(now.Recurrences)
}

// milestone is the last number worth telling of recurrences.
func milestone(n int) int {
	if n <= 3 {
		return n
	}
	last := 3
	for ten := 1; ; ten *= 10 {
		for _, step := range []int{5 * ten, 10 * ten, 20 * ten} {
			if step > n {
				return last
			}
			last = step
		}
	}
}
