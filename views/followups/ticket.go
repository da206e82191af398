package followups

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/views/link"
	"upshot/views/ui"
)

// TicketData is what the page knows of the Jira issue that carries a follow-up.
type TicketData struct {
	Connected  bool           // some Jira is connected
	Link       *jirasync.Link // nil: nobody asked for a ticket
	Owners     jirasync.Owners
	Comments   []jirasync.Comment // newest first
	Pushes     []jirasync.Push    // newest first
	Rule       followup.Rule
	Priorities []ticket.Named // of the site
	// Find is what somebody looks for, Found what there is.
	Find    string
	Found   []jirasync.Found
	FindErr error
	// Tried is a form of the card that came back.
	Tried    string
	TriedErr error
	Typed    map[string]string
}

// TicketCard is the card about the Jira issue.
type TicketCard struct {
	ID        int64
	Shown     bool
	CanEdit   bool
	State     ticket.LinkState
	Key, URL  string
	Facts     []TicketFact
	Said      string // Jira's words, or how far the creation is
	SaidBad   bool
	Conflicts []TicketConflict
	Decision  string // it asks for a decision
	NoProof   bool   // done in Jira, without evidence here
	Evidence  ui.Field
	Flags     []string // why no figures are given, or that they disagree
	History   []TicketStay
	Comments  []TicketComment
	Pushes    []TicketPush
	Rule      string
	RuleState string
	Wishes    *ui.Form
	Find      ui.Field
	Found     []TicketFound
	FindSaid  string
	LinkWrong string
	Trouble   string
	LeftOut   []string
}

// TicketFact is a field of the issue.
type TicketFact struct{ Name, Value string }

// TicketConflict is a field about which both sides differ.
type TicketConflict struct{ Field, Name, Ours, Theirs string }

// TicketStay is a stay in a status.
type TicketStay struct {
	Status, Length string
	State          ui.State
	From           ui.When
	Now            bool
}

// TicketComment is what somebody said there.
type TicketComment struct {
	Who, Text string
	At        ui.When
}

// TicketPush is what was changed there, or is to be.
type TicketPush struct {
	What, Why, State string
	At               ui.When
}

// TicketFound is an issue that may be meant.
type TicketFound struct{ Key, Title, Status, URL string }

// The bounds of the card.
const (
	staysShown    = 12
	commentsShown = 5
	pushesShown   = 6
)

// newTicketCard makes the card.
func newTicketCard(d ShowData) TicketCard {
	f, t, c := d.FollowUp, d.Ticket, d.Clock
	card := TicketCard{ID: int64(f.ID), CanEdit: d.CanEdit, Shown: t.Connected || t.Link != nil}
	if t.TriedErr != nil {
		card.Trouble = troubleOf(t.TriedErr)
	}
	if t.Link == nil {
		card.find(d)
		return card
	}
	l := t.Link
	card.State, card.LeftOut = l.State, l.LeftOut
	switch l.State {
	case ticket.LinkPending:
		card.Said = "It is being filed in " + l.Asked.Project + "."
		if l.Trouble.Words != "" {
			card.Said = "It could not be filed yet. Jira said: “" + l.Trouble.Words + "” It is tried again " + soon(l.NextAt, c) + "."
		}
	case ticket.LinkSending:
		card.Said = "It is being filed in " + l.Asked.Project + " just now."
		if !l.UnknownSince.IsZero() {
			card.Said = "The answer was lost, so nobody knows whether it was filed. Jira is searched for it before anything is sent again, so it cannot be filed twice."
		}
	case ticket.LinkNeeds:
		card.Said, card.SaidBad = l.Trouble.Words, true
	case ticket.LinkGone:
		card.Said, card.SaidBad = "It is gone in Jira: deleted, or out of sight for Upshot. Nothing is filed again by itself.", true
	}
	if f.Ticket == nil {
		return card
	}
	card.ticket(d, *f.Ticket)
	return card
}

func troubleOf(err error) string {
	f := fault.Of(err)
	switch {
	case f == nil:
		return ""
	case len(f.Fields) > 0:
		return f.Fields[0].Message
	}
	return f.Message
}

func soon(at time.Time, c ui.Clock) string {
	if !at.After(c.Now) {
		return "soon"
	}
	return "at " + c.Hour(at)
}

// find offers to file one, or to link one that is there.
func (card *TicketCard) find(d ShowData) {
	t := d.Ticket
	card.Find = ui.Field{Name: "find", Label: "An issue that exists", Value: t.Find, Placeholder: "OPS-12, its address, or words", Autocomplete: "off"}
	if t.FindErr != nil {
		card.FindSaid = troubleOf(t.FindErr)
	} else if t.Find != "" && len(t.Found) == 0 {
		card.FindSaid = "Jira knows no such issue, or does not show it to Upshot."
	}
	for _, x := range t.Found {
		card.Found = append(card.Found, TicketFound{Key: x.Issue.Key, Title: x.Issue.Summary, Status: x.Issue.Status.Name, URL: x.Site.URL + "/browse/" + x.Issue.Key})
	}
}

// ticket fills in what is known of the issue.
func (card *TicketCard) ticket(d ShowData, t ticket.Ticket) {
	l, c, f := d.Ticket.Link, d.Clock, d.FollowUp
	card.Key, card.URL = t.Key, t.URL
	fact := func(name, value string) {
		if value != "" {
			card.Facts = append(card.Facts, TicketFact{name, value})
		}
	}
	if t.ReadAt.IsZero() {
		card.Said = "It is linked, and read within a minute."
		return
	}
	fact("Status", t.Status.Name)
	fact("Resolution", t.Resolution.Name)
	fact("Priority", t.Priority.Name)
	fact("Assignee", orNot(t.Assignee.Name))
	fact("Sprint", sprintWords(t))
	fact("Due", dayOf(t.DueOn, c))
	fact("Read", ui.Ago(t.ReadAt, c.Now))
	h := t.History
	switch {
	case h.Partial:
		card.Flags = append(card.Flags, "Not all of its history could be read, so no figures are given.")
	case slices.ContainsFunc(h.Intervals, func(i ticket.Interval) bool { return i.Category == ticket.Unknown }):
		card.Flags = append(card.Flags, "It was in a status that nobody can place, so no figures are given. An administrator can, under Settings, Jira.")
	}
	if h.Broken {
		card.Flags = append(card.Flags, "Its history skips a change of status; the later word is trusted.")
	}
	if h.Off > 0 {
		card.Flags = append(card.Flags, "Jira’s own moment of the last change of category differs by "+ui.Exact(h.Off)+".")
	}
	for n, i := range slices.Backward(h.Intervals) {
		if len(card.History) == staysShown {
			break
		}
		end := i.To
		if end.IsZero() {
			end = c.Now
		}
		card.History = append(card.History, TicketStay{
			Status: i.Status, Length: ui.Duration(max(0, end.Sub(i.From))), State: stayState(i.Category), From: c.When(i.From), Now: n == len(h.Intervals)-1,
		})
	}
	for _, x := range l.Conflicts {
		card.Conflicts = append(card.Conflicts, TicketConflict{
			Field: string(x.Field), Name: fieldName(x.Field), Ours: valueName(x.Field, x.Ours, d), Theirs: valueName(x.Field, x.Theirs, d),
		})
	}
	if l.AsksDecision {
		card.Decision = "Jira closed it as “" + t.Resolution.Name + "”: " + meaningSays(t.Meaning) + " Record the decision with its reason, or set it right in Jira."
	}
	if f.State == followup.Done && f.EvidenceURL == "" {
		card.NoProof = true
		card.Evidence = ui.Field{Name: "evidence_url", ID: "ticket-evidence", Label: "Evidence", Type: "url", Required: true, Placeholder: "https://…", Help: "A link to the test, the dashboard, the change."}
		if d.Ticket.Tried == "evidence" {
			card.Evidence.Value, card.Evidence.Error = d.Ticket.Typed["evidence_url"], card.Trouble
		}
	}
	for _, x := range d.Ticket.Comments[:min(len(d.Ticket.Comments), commentsShown)] {
		card.Comments = append(card.Comments, TicketComment{Who: x.Author.Name, Text: x.Body, At: c.When(x.At)})
	}
	for _, x := range d.Ticket.Pushes[:min(len(d.Ticket.Pushes), pushesShown)] {
		card.Pushes = append(card.Pushes, TicketPush{What: pushWords(x), Why: x.Why, State: pushState(x), At: c.When(x.CreatedAt)})
	}
	card.Rule, card.RuleState = d.Ticket.Rule.Sentence(), modeName(d.Ticket.Rule.Mode)
	if d.CanEdit {
		card.wishes(d)
	}
}

func orNot(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}

func sprintWords(t ticket.Ticket) string {
	s := t.Sprint()
	if s.Name == "" {
		return ""
	}
	words := s.Name + ", " + string(s.State)
	if n := len(t.History.Bumps); n > 0 {
		words += "; moved on " + times(n)
	}
	return words
}

func stayState(c ticket.Category) ui.State {
	switch c {
	case ticket.ToDo:
		return ui.Waiting
	case ticket.InProgress:
		return ui.Working
	case ticket.Done:
		return ui.Done
	case ticket.Aside:
		return ui.Declined
	}
	return ui.FixFailed
}

func meaningSays(m ticket.Meaning) string {
	switch m {
	case ticket.MeansDuplicate:
		return "another issue carries the change."
	case ticket.MeansNoCause:
		return "no cause was found, and nothing shipped."
	}
	return "it will not be done."
}

func modeName(m followup.Mode) string {
	switch m {
	case followup.On:
		return "on"
	case followup.DryRun:
		return "a dry run: nothing is changed in Jira"
	}
	return "off"
}

func fieldName(f jirasync.Field) string {
	switch f {
	case jirasync.FieldSummary:
		return "Title"
	case jirasync.FieldDueOn:
		return "Due date"
	}
	return ui.Sentence(string(f))
}

// valueName is a value of a field as people read it.
func valueName(f jirasync.Field, value string, d ShowData) string {
	switch {
	case value == "":
		return "none"
	case f == jirasync.FieldStatus:
		return string(ui.FollowUpState(value))
	case f == jirasync.FieldPriority:
		for _, p := range d.Ticket.Priorities {
			if p.ID == value {
				return p.Name
			}
		}
	case f == jirasync.FieldAssignee && d.FollowUp.Ticket != nil && d.FollowUp.Ticket.Assignee.ID == value:
		return d.FollowUp.Ticket.Assignee.Name
	}
	return value
}

func pushWords(p jirasync.Push) string {
	var words []string
	e := p.Payload.Edit
	switch p.Kind {
	case jirasync.PushTransition:
		return "move it to a status that counts as " + string(stayState(p.Payload.To))
	case jirasync.PushSprint:
		return "move it into the active sprint"
	case jirasync.PushBackLink:
		return "link back to this page"
	case jirasync.PushIssueLink:
		return "link it to the issue before it"
	}
	if e.Priority != "" {
		words = append(words, "raise the priority")
	}
	if len(e.AddLabels)+len(e.RemoveLabels) > 0 {
		words = append(words, "labels")
	}
	if e.Summary != "" {
		words = append(words, "title")
	}
	if e.DueOn != nil {
		words = append(words, "due date")
	}
	if e.Assignee != nil {
		words = append(words, "assignee")
	}
	if e.Comment != "" {
		words = append(words, "the status comment")
	}
	return strings.Join(words, ", ")
}

func pushState(p jirasync.Push) string {
	switch p.State {
	case jirasync.PushDone:
		return "done"
	case jirasync.PushDead:
		return "gave up: " + p.Trouble.Words
	case jirasync.PushDropped:
		return "given up"
	}
	return "waits"
}

// wishes offers the fields of the issue that Upshot owns for this team.
func (card *TicketCard) wishes(d ShowData) {
	l := d.Ticket.Link
	f := ui.Form{Action: link.TicketWishes(card.ID), Submit: "Write to Jira", Second: true}
	value := func(name, now string) string {
		if d.Ticket.Tried == "wishes" {
			return d.Ticket.Typed[name]
		}
		return now
	}
	if d.Ticket.Owners.Of(jirasync.FieldPriority) == jirasync.UpshotOwns {
		options := []ui.Option{{Value: "", Label: "as it is"}}
		for _, p := range d.Ticket.Priorities {
			options = append(options, ui.Option{Value: p.ID, Label: p.Name})
		}
		f.Questions = append(f.Questions, ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "priority", Label: "Priority", Value: value("priority", l.Wishes.Priority), Options: options}})
	}
	if d.Ticket.Owners.Of(jirasync.FieldAssignee) == jirasync.UpshotOwns {
		f.Questions = append(f.Questions, ui.Question{Field: ui.Field{Name: "assignee", Label: "Assignee", Hint: "account id, or name on Data Center", Value: value("assignee", l.Wishes.Assignee), Autocomplete: "off"}})
	}
	if d.Ticket.Owners.Of(jirasync.FieldLabels) == jirasync.UpshotOwns {
		f.Questions = append(f.Questions, ui.Question{Field: ui.Field{Name: "labels", Label: "Labels", Hint: "with spaces between", Value: value("labels", strings.Join(l.Wishes.Labels, " ")), Autocomplete: "off"}})
	}
	if len(f.Questions) == 0 {
		return
	}
	var err error
	if d.Ticket.Tried == "wishes" {
		err = d.Ticket.TriedErr
	}
	f = ui.NewForm(f, err)
	card.Wishes = &f
}

// TicketLine is how other pages name the ticket below a follow-up: "OPS-12 In Review".
func TicketLine(f followup.FollowUp) string {
	switch {
	case f.Ticket != nil && f.Ticket.Status.Name != "":
		return fmt.Sprintf("%s %s", f.Ticket.Key, f.Ticket.Status.Name)
	case f.Ticket != nil:
		return f.Ticket.Key
	case f.LinkState == ticket.LinkNeeds:
		return "no ticket: Jira refused it"
	case f.LinkState != "":
		return "being filed"
	}
	return ""
}
