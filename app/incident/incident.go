// Package incident knows one occurrence of trouble that users felt: its moments, its life, and when it may close.
package incident

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/problem"
)

// ID identifies an incident; people and addresses write INC-42.
type ID = problem.IncidentID

// ParseID reads "INC-42" (any case), or a NotFound fault.
func ParseID(ref string) (ID, error) {
	n, err := problem.ParseRef("INC", ref)
	if err != nil {
		return 0, fault.New(fault.NotFound, "There is no such incident.")
	}
	return ID(n), nil
}

// Kind tells incidents from what never counts.
type Kind string

// The kinds. Maintenance and drills are kept but never counted.
const (
	Real        Kind = "incident"
	Maintenance Kind = "maintenance"
	Drill       Kind = "drill"
)

// Severity is SEV1 to SEV4, or empty when unknown.
type Severity string

// The severities, worst first.
const (
	SEV1 Severity = "SEV1"
	SEV2 Severity = "SEV2"
	SEV3 Severity = "SEV3"
	SEV4 Severity = "SEV4"
)

// Class is where the cause lies, roughly.
type Class string

// The classes.
const (
	Application    Class = "application"
	Infrastructure Class = "infrastructure"
	UnknownClass   Class = "unknown"
)

// Status is how far an incident is.
type Status string

// The statuses, in the order of an incident's life.
const (
	Open      Status = "open"
	Mitigated Status = "mitigated"
	Resolved  Status = "resolved"
	Closed    Status = "closed"
)

// Detector is who noticed.
type Detector string

// Who noticed.
const (
	ByAlert   Detector = "alert"
	ByUser    Detector = "user"
	ByStaff   Detector = "staff"
	ByUnknown Detector = "unknown"
)

// Channel is how developers came to know (METRICS.md 4).
type Channel string

// The channels.
const (
	ByPage       Channel = "page"
	ByNotice     Channel = "notice"
	ByTicket     Channel = "ticket"
	ByAssignment Channel = "assignment"
	ByJoining    Channel = "joined"
	ByHand       Channel = "hand"
)

// Ending is what ended the impact.
type Ending string

// The endings. Restart and Workaround leave the cause where it was.
const (
	Restart       Ending = "restart"
	Rollback      Ending = "rollback"
	Configuration Ending = "configuration"
	Code          Ending = "code"
	Scaling       Ending = "scaling"
	Workaround    Ending = "workaround"
	NoAction      Ending = "none"
	UnknownEnding Ending = "unknown"
)

// The closed lists, in the order forms offer them.
var (
	Kinds      = []Kind{Real, Maintenance, Drill}
	Severities = []Severity{SEV1, SEV2, SEV3, SEV4}
	Classes    = []Class{Application, Infrastructure, UnknownClass}
	Statuses   = []Status{Open, Mitigated, Resolved, Closed}
	Detectors  = []Detector{ByAlert, ByUser, ByStaff, ByUnknown}
	Channels   = []Channel{ByPage, ByNotice, ByTicket, ByAssignment, ByJoining, ByHand}
	Endings    = []Ending{Restart, Rollback, Configuration, Code, Scaling, Workaround, NoAction, UnknownEnding}
)

// Segment is a time of impact before the present one, when an incident was reopened within the flap window.
type Segment struct {
	StartedAt, EndedAt time.Time
}

// Participant took part in ending it. Sides are counted, persons never.
type Participant struct {
	Name string
	Side string // development or operations
}

// Incident is one occurrence of something users felt.
type Incident struct {
	ID           ID
	Title        string
	Summary      string
	Impact       string   // what users felt, in words
	Services     []string // slugs; none: unassigned
	Severity     Severity
	Kind         Kind
	Class        Class
	Status       Status
	Source       string            // where it came from; empty: reported by hand
	ExternalID   string            // within the source
	GroupKey     string            // the source's name for "the same failure"
	Labels       map[string]string // what its source says of it in names and values, such as those of an alert
	DetectedBy   Detector
	URL          string
	Problem      problem.ID // 0: in none
	Moments      Moments
	NotifiedBy   Channel // how developers were told; empty while they were not
	EndedBy      Ending
	HandsOn      time.Duration // hours people spent on it, all together
	Participants []Participant
	Segments     []Segment // earlier times of impact
	MergedInto   ID        // 0: not merged
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
	Standing     Standing // kept
}

// Standing is what its problem's history and its notes say of an incident. Store keeps it up to date.
type Standing struct {
	Occurrence  int  // which occurrence of its problem, from 1
	Leads       bool // false when it continues the occurrence before it
	Recurs      bool // a recurrence within 90 days
	Significant bool // see Significant
	HasCause    bool // a confirmed cause or contributing factor is noted
}

// Significant tells whether an incident must change something: SEV1, SEV2, or any of a failure that has come back;
// occurrences is how often its problem has occurred in all, 1 without a problem. So one that was closed long ago becomes
// significant when its failure recurs; it stays closed, and Filter.LoopOpen lists it.
func Significant(s Severity, occurrences int) bool {
	return s == SEV1 || s == SEV2 || occurrences > 1
}

// Counts tells whether it is an occurrence of its own: neither maintenance nor drill, nor a second report.
func (i Incident) Counts() bool { return i.Kind == Real && i.MergedInto == 0 }

// Alone is how it stands when no history of a problem says more. What does not count is never significant.
func (i Incident) Alone(explained bool) Standing {
	return Standing{Occurrence: 1, Leads: true, Significant: i.Counts() && Significant(i.Severity, 1), HasCause: explained}
}

// New is an incident with the defaults of everything nobody has said yet.
func New(title string, startedAt time.Time) Incident {
	return Incident{
		Title: title, Kind: Real, Class: UnknownClass, Status: Open, DetectedBy: ByUnknown, EndedBy: UnknownEnding,
		Moments: Moments{StartedAt: startedAt}, Standing: Standing{Occurrence: 1, Leads: true},
	}
}

// Check says what is wrong with the incident's fields and the order of its moments.
// Moments in the future of now are refused, with five minutes' grace for clocks that differ.
func (i Incident) Check(now time.Time) error {
	var c fault.Check
	c.That(strings.TrimSpace(i.Title) != "", "title", "Say in a few words what users felt.")
	c.That(len(i.Title) <= 500, "title", "At most 500 characters.")
	c.That(len(i.Summary) <= 100_000, "summary", "At most 100,000 characters.")
	c.That(i.Severity == "" || slices.Contains(Severities, i.Severity), "severity", "Choose SEV1 to SEV4, or leave it unknown.")
	c.That(slices.Contains(Kinds, i.Kind), "kind", "Choose incident, maintenance or drill.")
	c.That(slices.Contains(Classes, i.Class), "class", "Choose application, infrastructure or unknown.")
	c.That(slices.Contains(Statuses, i.Status), "status", "Choose open, mitigated, resolved or closed.")
	c.That(slices.Contains(Detectors, i.DetectedBy), "detected_by", "Choose alert, user, staff or unknown.")
	c.That(slices.Contains(Endings, i.EndedBy), "ended_by", "Choose what ended it, or unknown.")
	c.That(i.NotifiedBy == "" || slices.Contains(Channels, i.NotifiedBy), "developer_notified_by", "Choose how developers were told.")
	c.That((i.NotifiedBy == "") == i.Moments.DeveloperNotifiedAt.IsZero(), "developer_notified_at", "The moment developers were told and the channel go together.")
	c.That(i.HandsOn >= 0 && i.HandsOn < 10*365*24*time.Hour, "hands_on_seconds", "Hands-on time is zero or more.")
	c.That(webAddress(i.URL), "url", "Write a full address that begins with https:// or http://.")
	for _, p := range i.Participants {
		c.That(strings.TrimSpace(p.Name) != "" && (p.Side == "development" || p.Side == "operations"), "participants", "Each has a name and a side, development or operations.")
	}
	c.Add(i.Moments.Check(now))
	return c.Err()
}

func webAddress(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= 2000
}

// Duration is how long users felt it: every segment, and the present one to its restoring.
// It is false while nobody knows when it was restored.
func (i Incident) Duration() (time.Duration, bool) {
	end := i.Moments.RestoredOrResolved()
	if end.IsZero() {
		return 0, false
	}
	d := end.Sub(i.present())
	for _, s := range i.Segments {
		d += s.EndedAt.Sub(s.StartedAt)
	}
	return d, true
}

// Recognisable tells whether it can be known that the incident is a recurrence: it has a problem, its source names
// failures by a group key, or a person reported it and was shown what is like it. A row of a file that nothing groups
// is neither a recurrence nor known to be none.
func (i Incident) Recognisable() bool {
	return i.Problem != 0 || i.GroupKey != "" || i.Source == ""
}

// present is when the present segment began: the start, or the last reopening.
func (i Incident) present() time.Time {
	if !i.Moments.ReopenedAt.IsZero() {
		return i.Moments.ReopenedAt
	}
	return i.Moments.StartedAt
}

// Filter narrows the list of incidents; empty fields do not.
type Filter struct {
	Query      string // words of the title, or a reference
	Service    string // slug
	Team       string // slug of the building team
	Unassigned bool   // without a service
	Severity   Severity
	NoSeverity bool
	Status     Status
	Kind       Kind
	Class      Class
	Problem    problem.ID
	From, To   time.Time // started in [From, To)
	LoopOpen   bool      // closed and significant, with neither a practice change queued or further nor a decision
	Waiting    bool      // for a team to answer for it: see package triage
	Sort       string    // started_at or impact; "-" in front for descending; default -started_at
}
