package intake

import (
	"cmp"
	"slices"
	"strings"

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

// usualSeverities are words that most senders share. A maker's own and the administrator's come first.
var usualSeverities = map[string]incident.Severity{
	"sev1": incident.SEV1, "sev2": incident.SEV2, "sev3": incident.SEV3, "sev4": incident.SEV4,
	"sev-1": incident.SEV1, "sev-2": incident.SEV2, "sev-3": incident.SEV3, "sev-4": incident.SEV4,
	"p1": incident.SEV1, "p2": incident.SEV2, "p3": incident.SEV3, "p4": incident.SEV4, "p5": incident.SEV4,
	"critical": incident.SEV1, "fatal": incident.SEV1, "emergency": incident.SEV1, "page": incident.SEV2,
	"major": incident.SEV2, "error": incident.SEV2, "high": incident.SEV2,
	"minor": incident.SEV3, "warning": incident.SEV3, "warn": incident.SEV3, "medium": incident.SEV3, "moderate": incident.SEV3,
	"info": incident.SEV4, "informational": incident.SEV4, "none": incident.SEV4, "low": incident.SEV4, "debug": incident.SEV4,
}

// Names are the services that a sender names, in its own words: those of the labels that the administrator chose, else what the sender
// says by itself, else those of the maker's usual labels. Several that were named together come first: whoever read them has asked
// the labels in the same order, and one label can hold only one of them.
func (m Mapping) Names(services []string, labels map[string]string, maker Maker) []string {
	if len(services) > 1 {
		return services
	}
	if name := first(labels, m.ServiceFrom); name != "" {
		return []string{name}
	}
	if len(services) > 0 {
		return services
	}
	if name := first(labels, maker.ServiceFrom); name != "" {
		return []string{name}
	}
	return nil
}

// Slugs turns names into services; known are the slugs of those that are called so, by name or slug in lower case. What nobody knows or
// mapped is unknown.
func (m Mapping) Slugs(names []string, known map[string]string) (slugs, unknown []string) {
	for _, name := range names {
		folded := strings.ToLower(strings.TrimSpace(name))
		if slug := cmp.Or(m.Services[folded], known[folded]); slug != "" {
			slugs = append(slugs, slug)
		} else if folded != "" {
			unknown = append(unknown, name)
		}
	}
	if len(slugs) == 0 && m.Service != "" {
		return []string{m.Service}, unknown
	}
	slices.Sort(slugs)
	return slices.Compact(slugs), unknown
}

// SeverityOf is what a sender's severity means; empty: it says none, or in a word that nobody mapped.
func (m Mapping) SeverityOf(l Look, maker Maker) incident.Severity {
	word := cmp.Or(first(l.Labels, m.SeverityFrom), l.Severity, first(l.Labels, maker.SeverityFrom))
	word = strings.ToLower(strings.TrimSpace(word))
	return cmp.Or(m.Severities[word], maker.Severities[word], usualSeverities[word])
}

// GroupOf names the failure behind a signal: by the labels that the administrator chose, when it has all of them, else by the sender's own
// name for it.
func (m Mapping) GroupOf(s Signal) string {
	if len(m.SameBy) == 0 {
		return s.Group
	}
	var said []string
	for _, name := range m.SameBy {
		value := s.Look.Labels[name]
		if value == "" {
			return s.Group
		}
		said = append(said, name+"="+value)
	}
	return strings.Join(said, ", ")
}

// Skips gives the rule by which events with these labels are left out, or an empty text.
func (m Mapping) Skips(labels map[string]string) string {
	for _, rule := range m.Skip {
		if name, value, ok := strings.Cut(rule, "="); ok && labels[strings.TrimSpace(name)] == strings.TrimSpace(value) && strings.TrimSpace(value) != "" {
			return rule
		}
	}
	return ""
}

// See is a look in our words; known are services by name, see Slugs.
func (m Mapping) See(l Look, maker Maker, known map[string]string) Seen {
	s := Seen{
		Title: strings.Join(strings.Fields(l.Title), " "), Summary: strings.TrimSpace(l.Summary), URL: l.URL,
		Severity: m.SeverityOf(l, maker), Kind: l.Kind, DetectedBy: l.DetectedBy, Labels: l.Labels,
	}
	s.Services, s.Unknown = m.Slugs(m.Names(l.Services, l.Labels, maker), known)
	return s
}

func first(labels map[string]string, names []string) string {
	for _, name := range names {
		if value := strings.TrimSpace(labels[strings.ToLower(name)]); value != "" {
			return value
		}
	}
	return ""
}
