package intake

import (
	"upshot/app/incident"
)

// Mapping is how the words of one source become ours. Everything may be empty: then the maker's usual labels and words count.
type Mapping struct {
	// ServiceFrom are the labels asked in turn for the name of a service; Services says which service (by slug) a name means, in lower case.
	// A name that is the slug or the name of a service needs no entry. Service is the one of everything that names none that is known.
	ServiceFrom []string          `json:"service_from,omitempty"`
	Services    map[string]string `json:"services,omitempty"`
	Service     string            `json:"service,omitempty"`

	SeverityFrom []string                     `json:"severity_from,omitempty"`
	Severities   map[string]incident.Severity `json:"severities,omitempty"` // by the sender's word, in lower case

	// SameBy are the labels that together tell the same failure; empty: the sender's own name for it does.
	SameBy []string `json:"same_by,omitempty"`
	// Skip are labels with values ("alertname=Watchdog") whose events are kept as ignored.
	Skip []string `json:"skip,omitempty"`
	// PagesOnCall tells that the source pages whoever answers for the service at night.
	PagesOnCall bool `json:"pages_on_call,omitempty"`

	// Pointers say where a generic JSON body holds what; see Pointers.
	Pointers Pointers `json:"pointers,omitzero"`
}

// Pointers are JSON pointers (RFC 6901) into a body of a kind of its own. An empty one: the body does not say. Each is relative to one event.
type Pointers struct {
	Events     string            `json:"events,omitempty"` // an array of events; empty: the body is one
	Key        string            `json:"key,omitempty"`
	Group      string            `json:"group,omitempty"`
	Title      string            `json:"title,omitempty"`
	Summary    string            `json:"summary,omitempty"`
	URL        string            `json:"url,omitempty"`
	Status     string            `json:"status,omitempty"`
	Severity   string            `json:"severity,omitempty"`
	Service    string            `json:"service,omitempty"`
	StartedAt  string            `json:"started_at,omitempty"`
	ResolvedAt string            `json:"resolved_at,omitempty"`
	Labels     string            `json:"labels,omitempty"` // an object of texts
	Delivery   string            `json:"delivery,omitempty"`
	Statuses   map[string]string `json:"statuses,omitempty"` // what the words of Status mean, by the word in lower case: fired, acknowledged, mitigated, resolved or ignored
}
