package incidents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/views/followups"
	"upshot/views/link"
	"upshot/views/ui"
)

// Entry is one line of a timeline.
type Entry struct {
	At      ui.When
	Icon    string
	Tone    string // class of the icon; empty is ink
	Text    string
	Ref     string // behind the text, when it speaks of something with a page of its own
	Link    string
	Side    string   // who, and from where
	Changes []string // "severity: SEV3 instead of unknown"
	Reason  string   // what the person gave
	Word    bool     // Ref is a word of the sentence, no reference
	at      time.Time
}

// Timeline tells what happened, oldest first: the moments of the incident, and every change to it. A moment that
// a change told of stands once, as the change.
func Timeline(i incident.Incident, events []audit.Event, c ui.Clock) []Entry {
	var entries []Entry
	told := map[incident.Moment]bool{}
	for _, e := range events {
		entry := Told(e, c)
		if name, ok := reached[e.Action]; ok && e.Subject == audit.Incident {
			at := momentIn(e.After, name)
			if !at.IsZero() && at.Equal(*i.Moments.Of(name)) {
				told[name] = true
				entry.at, entry.At = at, c.When(at)
			}
		}
		entries = append(entries, entry)
	}
	for _, name := range incident.MomentNames {
		at := *i.Moments.Of(name)
		if at.IsZero() || told[name] {
			continue
		}
		entries = append(entries, Entry{
			At: c.When(at), at: at, Icon: momentLooks[name].icon, Tone: momentLooks[name].tone, Text: happened(i, name),
		})
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Or(a.at.Compare(b.at), rankOf(a)-rankOf(b)) })
	return Sparing(entries, c)
}

// Sparing says the day once, at the first of the lines that share it.
func Sparing(entries []Entry, c ui.Clock) []Entry {
	day := ""
	for n := range entries {
		e := &entries[n]
		if on := c.LongDay(e.at); on != day {
			day = on
		} else if !e.at.IsZero() {
			e.At = c.AtHour(e.at)
		}
	}
	return entries
}

// rankOf puts what happened before what was written about it, where both have the same moment.
func rankOf(e Entry) int {
	if e.Side == "" {
		return 0
	}
	return 1
}

// reached tells which moment a step's event tells of.
var reached = map[string]incident.Moment{
	"acknowledged": incident.AcknowledgedAt, "mitigated": incident.MitigatedAt, "restored": incident.RestoredAt,
	"resolved": incident.ResolvedAt, "closed": incident.ClosedAt, "told developers": incident.DeveloperNotifiedAt,
}

var momentLooks = map[incident.Moment]struct{ icon, tone string }{
	incident.StartedAt:           {"hurt", "hurt-i"},
	incident.DetectedAt:          {"bell", "wait-i"},
	incident.DeclaredAt:          {"dot", ""},
	incident.DeveloperNotifiedAt: {"bell", "wait-i"},
	incident.AcknowledgedAt:      {"dot", ""},
	incident.MitigatedAt:         {"half", ""},
	incident.RestoredAt:          {"done", "done-i"},
	incident.ResolvedAt:          {"done", "done-i"},
	incident.ClosedAt:            {"done", ""},
}

var momentWords = map[incident.Moment]string{
	incident.StartedAt: "Started", incident.DetectedAt: "Detected", incident.DeclaredAt: "Declared",
	incident.DeveloperNotifiedAt: "Developers told", incident.AcknowledgedAt: "Acknowledged", incident.MitigatedAt: "Mitigated",
	incident.RestoredAt: "Restored", incident.ResolvedAt: "Resolved", incident.ClosedAt: "Closed",
}

// happened is a moment as a sentence.
func happened(i incident.Incident, name incident.Moment) string {
	switch name {
	case incident.StartedAt:
		return "Users began to feel it"
	case incident.DetectedAt:
		return "Detected" + map[incident.Detector]string{
			incident.ByAlert: " by an alert", incident.ByUser: ": users complained", incident.ByStaff: " by staff",
		}[i.DetectedBy]
	case incident.DeclaredAt:
		return "Declared an incident"
	case incident.DeveloperNotifiedAt:
		return "Developers were told " + channelWords[i.NotifiedBy]
	case incident.AcknowledgedAt:
		return "Somebody took it on"
	case incident.MitigatedAt:
		return "The worst was over"
	case incident.RestoredAt:
		return "Users no longer felt it"
	case incident.ResolvedAt:
		return "Resolved" + endedBy(i.EndedBy)
	}
	return "Closed"
}

var channelWords = map[incident.Channel]string{
	incident.ByPage: "by a page", incident.ByNotice: "by a notice", incident.ByTicket: "by a ticket",
	incident.ByAssignment: "by assigning it to them", incident.ByJoining: "when they joined in", incident.ByHand: "by hand",
}

var endingWords = map[incident.Ending]string{
	incident.Restart: "restart only", incident.Rollback: "rollback", incident.Configuration: "configuration change", incident.Code: "code change",
	incident.Scaling: "more capacity", incident.Workaround: "workaround only", incident.NoAction: "nothing: it ended by itself",
	incident.UnknownEnding: "not known",
}

// EndingWords says what ended an incident, in the middle of a sentence.
func EndingWords(e incident.Ending) string { return endingWords[e] }

func endedBy(e incident.Ending) string {
	if e == incident.UnknownEnding || e == "" {
		return ""
	}
	return " by " + endingWords[e]
}

// Told makes a sentence of an event: what happened, by whom, and for changes what stood there before.
func Told(e audit.Event, c ui.Clock) Entry {
	entry := Entry{At: c.When(e.At), at: e.At, Icon: "dot", Reason: e.Reason, Side: by(e)}
	before, after := fieldsOf(e.Before), fieldsOf(e.After)
	word := func(name string) string { s, _ := after[name].(string); return s }
	switch e.Subject {
	case audit.Note:
		entry.Icon = "note"
		entry.Text = "Noted a " + NoteKind(word("kind"))
		if e.Action == "note revised" {
			entry.Text = "Revised a note"
			entry.Changes = changes(before, after, c)
		}
		entry.Link, entry.Ref, entry.Word = link.Note(e.SubjectID), "read it", true
		return entry
	case audit.FollowUp:
		entry.Icon = "idea"
		if icon, text, known := followups.Said(e.Action); known {
			entry.Icon, entry.Text = icon, text
		} else {
			entry.Text = "Follow-up " + e.Action
		}
		if title := word("title"); e.Action == "promised" {
			entry.Text = "Promised a change: " + title
		}
		entry.Ref, entry.Link = fmt.Sprintf("FU-%d", e.SubjectID), link.FollowUp(e.SubjectID)
		return entry
	case audit.Deployment:
		entry.Icon = "ship"
		entry.Text = map[string]string{
			"cause confirmed": "Confirmed a deployment as the cause", "cause rejected": "Ruled a deployment out as the cause",
		}[e.Action]
		if entry.Text == "" {
			entry.Text = "Deployment " + e.Action
		}
		entry.Ref, entry.Link, entry.Word = "look at it", link.Deployment(e.SubjectID), true
		return entry
	case audit.Problem:
		entry.Icon = "same"
		entry.Ref, entry.Link = fmt.Sprintf("PRB-%d", e.SubjectID), link.Problem(e.SubjectID)
		switch e.Action {
		case "opened":
			entry.Text = "Recognised a failure that comes back"
		case "merged":
			entry.Text = fmt.Sprintf("Merged %s into %s", word("from"), word("into"))
		case "merge undone":
			entry.Text = fmt.Sprintf("Took back that %s was merged into %s", word("from"), word("into"))
		case "split":
			entry.Text = fmt.Sprintf("Split %s off %s", word("into"), word("from"))
		case "split undone":
			entry.Text = fmt.Sprintf("Took back that %s was split off %s", word("into"), word("from"))
		case "state changed":
			entry.Icon, entry.Tone, entry.Text = became(problem.State(word("state")), problem.State(textOf(before["state"])))
		default:
			entry.Text = "Problem " + e.Action
			entry.Changes = changes(before, after, c)
		}
		return entry
	}
	switch e.Action {
	case "reported":
		entry.Text = "Reported"
	case "acknowledged":
		entry.Text = "Took it on"
	case "mitigated":
		entry.Icon, entry.Text = "half", "The worst was over"
	case "restored":
		entry.Icon, entry.Tone, entry.Text = "done", "done-i", "Users no longer felt it"
	case "resolved":
		entry.Icon, entry.Tone, entry.Text = "done", "done-i", "Resolved"+endedBy(incident.Ending(word("ended_by")))
	case "told developers":
		entry.Icon, entry.Tone, entry.Text = "bell", "wait-i", "Told developers "+channelWords[incident.Channel(word("developer_notified_by"))]
	case "asked to tell developers":
		entry.Icon, entry.Text = "bell", "Had a notice sent to developers"
	case "could not tell developers":
		entry.Icon, entry.Tone, entry.Text = "no", "", "A notice to developers came to nothing"
	case "closed":
		entry.Icon, entry.Text = "done", "Closed"
	case "reopened":
		entry.Icon, entry.Tone, entry.Text = "hurt", "hurt-i", "Reopened: it was not over"
	case "moment corrected":
		entry.Icon, entry.Text = "note", "Corrected a moment"
		entry.Changes = changes(before, after, c)
	case "edited":
		entry.Icon, entry.Text = "note", "Changed what it says"
		entry.Changes = changes(before, after, c)
	case "joined":
		entry.Icon, entry.Text = "same", "Recognised as the same failure as"
		entry.Ref = word("problem")
		entry.Link = link.Ref(entry.Ref)
	case "set apart":
		entry.Icon, entry.Text = "no", "Not the same failure as"
		entry.Ref = word("not_the_same_as")
		entry.Link = link.Ref(entry.Ref)
	case "decided against a change":
		entry.Icon, entry.Text = "no", "Decided against a change, to look again on "+dayIn(word("look_again_on"))
	case "merged":
		entry.Icon, entry.Text = "same", fmt.Sprintf("Merged %s into %s: two reports of one occurrence", word("incident"), word("into"))
	case "accepted":
		entry.Text = word("team") + " answers for it"
	case "handed over":
		entry.Icon, entry.Text = "back", "Handed over to "+word("team")
		if from := textOf(before["team"]); from != "" {
			entry.Text = from + " handed it over to " + word("team")
		}
	case "judged":
		entry.Text = "Judged the cause: " + word("judgement")
		if was := textOf(before["judgement"]); was != "" {
			entry.Text += " instead of " + was
		}
	case "unmerged":
		entry.Icon, entry.Text = "same", fmt.Sprintf("Took back that %s was merged into %s", word("incident"), word("into"))
	default:
		entry.Text = ui.Sentence(e.Action)
		entry.Changes = changes(before, after, c)
	}
	return entry
}

// became tells a change of a problem's state.
func became(is, was problem.State) (icon, tone, text string) {
	switch is {
	case problem.CauseKnown:
		if was == problem.Open {
			return "note", "", "The cause became known"
		}
		return "hurt", "hurt-i", "Open again, the cause is known"
	case problem.FixShipped:
		return "ship", "", "A fix shipped"
	case problem.Verified:
		return "done", "done-i", "Verified: it did not come back"
	}
	return "hurt", "hurt-i", "Open again"
}

// by says who, and from where when it was no person at a page.
func by(e audit.Event) string {
	who := e.Actor.Name
	switch e.Actor.Kind {
	case account.Machine:
		who += ", by token"
	case account.Job:
		who = "the job " + who
	case account.Source:
		who = "the source " + who
	case account.Command:
		who = "the command " + who
	}
	if e.Origin == "import" {
		who += ", by import"
	}
	return who
}

// NoteKind is the kind of a note in the middle of a sentence.
func NoteKind(kind string) string {
	switch kind {
	case "factor":
		return "contributing factor"
	case "cause":
		return "confirmed cause"
	}
	return kind
}

var fieldWords = map[string]string{
	"detected_by": "detected by", "developer_notified_by": "developers told by", "ended_by": "ended by", "hands_on_seconds": "hands-on time",
	"url": "address", "cause_class": "class of cause", "fix_failed_at": "fix failed",
}

// changes lists the fields that changed, each with what stood there before. Of long texts only the fact is told.
func changes(before, after map[string]any, c ui.Clock) []string {
	var said []string
	for name, is := range after {
		word := fieldWords[name]
		if moment := momentWords[incident.Moment(name)]; moment != "" {
			word = strings.ToLower(moment[:1]) + moment[1:]
		}
		if word == "" {
			word = strings.ReplaceAll(name, "_", " ")
		}
		switch name {
		case "summary", "impact", "body", "detail":
			said = append(said, word+" rewritten")
			continue
		}
		said = append(said, fmt.Sprintf("%s: %s instead of %s", word, valueIn(name, is, c), valueIn(name, before[name], c)))
	}
	slices.Sort(said)
	return said
}

// valueIn writes a field's value as people read it.
func valueIn(name string, v any, c ui.Clock) string {
	switch v := v.(type) {
	case nil:
		return "unknown"
	case float64:
		if strings.HasSuffix(name, "_seconds") {
			return ui.Duration(time.Duration(v) * time.Second)
		}
		return fmt.Sprint(v)
	case []any:
		if len(v) == 0 {
			return "none"
		}
		all := make([]string, len(v))
		for i := range v {
			all[i] = textOf(v[i])
		}
		return strings.Join(all, ", ")
	}
	s := textOf(v)
	switch {
	case s != "" && name == "title":
		return "“" + s + "”"
	case s == "":
		return "unknown"
	case strings.HasSuffix(name, "_at"):
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return c.Moment(at)
		}
	case name == "ended_by":
		return endingWords[incident.Ending(s)]
	}
	return s
}

func fieldsOf(raw json.RawMessage) map[string]any {
	fields := map[string]any{}
	_ = json.Unmarshal(raw, &fields) // what we wrote ourselves; of anything else nothing is told
	return fields
}

func momentIn(raw json.RawMessage, name incident.Moment) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, textOf(fieldsOf(raw)[string(name)]))
	return at
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// dayIn writes a date such as 2027-01-15 as people read it.
func dayIn(date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return at.Format("2 Jan 2006")
}
