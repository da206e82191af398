package jirasync

import (
	"slices"
	"strings"
	"time"

	"upshot/app/followup"
	"upshot/app/ticket"
)

// Field is a field that both sides have something to say about.
type Field string

// The fields.
const (
	FieldStatus   Field = "status"
	FieldPriority Field = "priority"
	FieldAssignee Field = "assignee"
	FieldSummary  Field = "summary"
	FieldDueOn    Field = "due_on"
	FieldLabels   Field = "labels"
)

// Fields lists them in the order of forms.
var Fields = []Field{FieldStatus, FieldPriority, FieldAssignee, FieldSummary, FieldDueOn, FieldLabels}

// Owner is the side whose changes of a field flow to the other.
type Owner string

// The owners.
const (
	JiraOwns   Owner = "jira"
	UpshotOwns Owner = "upshot"
)

// Owners says who owns which field; Jira owns those it does not name.
type Owners map[Field]Owner

// Of is the owner of a field.
func (o Owners) Of(f Field) Owner {
	if o[f] == UpshotOwns {
		return UpshotOwns
	}
	return JiraOwns
}

// Base is what each side said of a field when they last agreed, or agreed to differ.
type Base struct {
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
}

// Outcome is what a merge of one field comes to.
type Outcome string

// The outcomes.
const (
	Nothing    Outcome = "nothing"     // neither side changed
	Agreed     Outcome = "agreed"      // both say the same by now
	TakeTheirs Outcome = "take_theirs" // Jira changed what it owns
	PushOurs   Outcome = "push_ours"   // we changed what we own
	Differ     Outcome = "differ"      // a person must choose
)

// Merge decides about one field. What the owner's side alone changed flows to the other. What the other side changed, or
// both, is a conflict: it is shown with both values and never silently overwritten.
//
// When Jira says what we last said, it has caught up with what was written there, and changed nothing by itself.
func Merge(owner Owner, base Base, ours, theirs string) Outcome {
	weChanged, theyChanged := ours != base.Ours, theirs != base.Theirs && theirs != base.Ours
	switch {
	case !weChanged && theirs == base.Theirs:
		return Nothing
	case ours == theirs:
		return Agreed
	case theyChanged && !weChanged && owner == JiraOwns:
		return TakeTheirs
	case weChanged && !theyChanged && owner == UpshotOwns:
		return PushOurs
	}
	return Differ
}

// after is the base when the outcome has been carried out; ours is what we say by then, theirs what was read.
func (b Base) after(o Outcome, ours, theirs string) Base {
	if o == Nothing || o == Differ {
		return b
	}
	return Base{Ours: ours, Theirs: theirs}
}

// Conflict is a field about which both sides say something different, and nobody has chosen yet.
type Conflict struct {
	Field  Field     `json:"field"`
	Ours   string    `json:"ours"`
	Theirs string    `json:"theirs"`
	Since  time.Time `json:"since"`
}

// Newer tells whether an issue as it was read says something that the mirror does not know yet. An older reading, which comes
// when deliveries change order, overwrites nothing.
//
// The start and the end of a sprint change its issues without Jira counting that as a change of them.
func Newer(known, read ticket.Ticket) bool {
	switch {
	case known.ReadAt.IsZero(), read.UpdatedAt.After(known.UpdatedAt):
		return true
	case read.UpdatedAt.Before(known.UpdatedAt):
		return false
	}
	return !slices.EqualFunc(known.Sprints, read.Sprints, func(a, b ticket.Sprint) bool {
		return a.ID == b.ID && a.Name == b.Name && a.State == b.State && a.StartedAt.Equal(b.StartedAt)
	})
}

// StateFor is the state that a ticket puts its follow-up in; empty: it says nothing. A ticket that was closed with a
// resolution that means something else than done asks for a decision by a person.
func StateFor(t ticket.Ticket) (state followup.State, asksDecision bool) {
	switch t.Category {
	case ticket.ToDo:
		return followup.Queued, false
	case ticket.InProgress:
		return followup.InProgress, false
	case ticket.Done:
		if t.Meaning != "" && t.Meaning != ticket.MeansDone {
			return "", true
		}
		return followup.Done, false
	}
	return "", false
}

// ownWords are labels as a value: sorted, without those that the sync sets itself.
func ownWords(labels []string, installation string) string {
	own := slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return strings.HasPrefix(l, Label(installation)) })
	slices.Sort(own)
	return strings.Join(own, " ")
}
