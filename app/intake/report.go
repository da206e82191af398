// Package intake takes in what other systems say of incidents and deployments: a delivery is kept first, read later in batches,
// and becomes the same incidents however often, late or out of order it came.
package intake

import (
	"strings"
	"time"

	"upshot/app/deployment"
	"upshot/app/incident"
)

// Kind is a maker of events, as the address /hooks/{source}/{name} spells it.
type Kind string

// The kinds of sources.
const (
	Alertmanager Kind = "alertmanager"
	Grafana      Kind = "grafana"
	PagerDuty    Kind = "pagerduty"
	Opsgenie     Kind = "opsgenie"
	Statuspage   Kind = "statuspage"
	Sentry       Kind = "sentry"
	IncidentIO   Kind = "incidentio"
	GitHub       Kind = "github"
	GitLab       Kind = "gitlab"
	CDEvents     Kind = "cdevents"
	Generic      Kind = "generic"
)

// Headers are those of a delivery that matter, by their names in lower case.
type Headers map[string]string

// Get gives a header by its name in any case, or an empty text.
func (h Headers) Get(name string) string { return h[strings.ToLower(name)] }

// Parcel is what one delivery says, in our words.
type Parcel struct {
	Signals     []Signal
	Deployments []Deployed
	Tickets     []Ticket
	// Ignored says in a sentence why nothing is to be done, when there is nothing: "A rotation changed; that is no incident."
	Ignored string
}

// Signal is what a sender says of one incident of theirs: what happened when, and how it looks now.
type Signal struct {
	// Key is the sender's name for the incident: its number, or the name of an alert or a group that fires again and again. Never empty.
	Key string
	// Group is the sender's name for the failure: what has the same is the same failure again. Empty: the sender has no name for it.
	Group string
	Marks []Mark
	// At is the sender's moment of this Look; zero when it names none. Of two looks the later one counts.
	At   time.Time
	Look Look
	// MergedInto is the Key of the sender's incident that this one was merged into; empty: none.
	MergedInto string
}

// MarkKind is what happened to an incident at a moment.
type MarkKind string

// The kinds of marks. Fired begins, or begins again; Resolved ends.
const (
	Fired        MarkKind = "fired"
	Declared     MarkKind = "declared"
	Acknowledged MarkKind = "acknowledged"
	Mitigated    MarkKind = "mitigated"
	Resolved     MarkKind = "resolved"
)

// Mark is one moment in an incident's life, as its sender tells it.
type Mark struct {
	Kind MarkKind
	// Member is which of the alerts in a group it is about; empty: the incident as a whole. An incident goes on while one member does.
	Member string
	// At is the sender's moment; zero when it names none: then the moment of receipt counts.
	At time.Time
}

// Look is how an incident looks to its sender at a moment.
type Look struct {
	Title   string // at most 500 bytes are kept
	Summary string
	URL     string
	// Labels are everything that a service, a severity or "the same failure" may be told by: alert labels and annotations, tags, and the sender's own
	// fields under the names that its package documents ("service", "priority", "team"…). Names are in lower case.
	Labels map[string]string
	// Services, Severity and Kind are what the sender says in words of its own, before any mapping; empty: it says none.
	Services   []string
	Severity   string
	Kind       incident.Kind     // empty: an incident
	DetectedBy incident.Detector // empty: by an alert
	Notes      []Note
}

// Note is what somebody wrote about an incident at its sender.
type Note struct {
	ID   string // the sender's
	At   time.Time
	Body string // Markdown or plain text
}

// Deployed is what a sender says of a deployment.
type Deployed struct {
	ID          string // the sender's name, the same for every event of one deployment. Never empty.
	Services    []string
	Labels      map[string]string // as those of a Look
	Environment string
	Version     string
	URL         string
	StartedAt   time.Time // zero: unknown
	FinishedAt  time.Time // zero: unknown, or it goes on
	// Outcome is empty while it goes on.
	Outcome deployment.Outcome
	At      time.Time // the sender's moment of this event; zero: none
}

// Ticket is a ticket that a sender says has changed: a hint to read it again, where it is one of a connected tracker.
type Ticket struct {
	Key string // as its tracker spells it, such as OPS-12; empty: unknown
	URL string
}

// Maker knows the events of one kind of source. Its functions are pure.
type Maker struct {
	Kind Kind
	// Name is the maker's, as pages show it.
	Name string
	// Signs tells whether deliveries are signed with a secret that must be kept readable. Else a secret is sent along, and a hash of it will do.
	Signs bool
	// Verify tells whether a delivery comes from somebody who knows one of the secrets; now bounds how old a signature with a
	// moment may be. It takes the same time whether a signature is nearly right or not. Nil where a secret is sent along: the hooks check it.
	Verify func(h Headers, body []byte, secrets []string, now time.Time) bool
	// Delivery is the sender's own name for a delivery, the same when it is sent again; empty: the sender has none. When Moments is true
	// the body holds its own moments, so that one of the same bytes says nothing new.
	Delivery func(h Headers, body []byte) string
	Moments  bool
	// DeliveryAt does so for a kind whose deliveries are named where a mapping points to. Nil: they are not.
	DeliveryAt func(body []byte, p Pointers) string
	// Refuse says what to tell a sender whose deliveries can never be read (PagerDuty's second version), before anything is checked; empty: nothing.
	// Nil: never.
	Refuse func(h Headers, body []byte) string
	// Read reads a delivery. The error is a sentence that names the field: it is kept with the delivery, and shown.
	Read func(h Headers, body []byte, m Mapping) (Parcel, error)
	// ServiceFrom and SeverityFrom are the labels that usually hold a service and a severity, best first; shown in the form of a new source.
	ServiceFrom, SeverityFrom []string
	// Severities are the maker's own words, in lower case, and what they usually mean.
	Severities map[string]incident.Severity
	// Headers are the names, in lower case, of the headers that Read and Delivery need: the only ones that are kept.
	Headers []string
	// Example is a short body as the maker sends it, for the form where a mapping is tried out.
	Example string
	// SetUp says in one or two sentences of Markdown where the address and the secret go at the maker's.
	SetUp string
}
