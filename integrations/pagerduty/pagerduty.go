// Package pagerduty reads PagerDuty's webhooks, version 3: https://developer.pagerduty.com/docs/webhooks-overview
// and checks their signatures: https://developer.pagerduty.com/docs/verifying-webhook-signatures
//
// Labels of a look: service (its name), service_id, team, priority, urgency, escalation_policy, incident_type.
package pagerduty

import (
	"cmp"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

const signature = "X-PagerDuty-Signature"

// Maker is PagerDuty.
var Maker = intake.Maker{
	Kind:         intake.PagerDuty,
	Name:         "PagerDuty",
	Signs:        true,
	Verify:       verify,
	Delivery:     func(_ intake.Headers, body []byte) string { return hook.Value(body).At("event", "id").Text() },
	Refuse:       refuse,
	Read:         read,
	ServiceFrom:  []string{"service", "service_id"},
	SeverityFrom: []string{"priority", "urgency"},
	Severities: map[string]incident.Severity{
		"p1": incident.SEV1, "p2": incident.SEV2, "p3": incident.SEV3, "p4": incident.SEV4, "p5": incident.SEV4,
		"sev-1": incident.SEV1, "sev-2": incident.SEV2, "sev-3": incident.SEV3, "sev-4": incident.SEV4, "sev-5": incident.SEV4,
		"high": incident.SEV2, "low": incident.SEV4,
	},
	Example: `{"event": {"id": "01BZYIL05THJDFF2Y08X9SVMTU", "event_type": "incident.triggered", "resource_type": "incident",
  "occurred_at": "2026-03-02T09:40:00Z", "data": {"id": "PFQZPSY", "type": "incident", "html_url": "https://example.pagerduty.com/incidents/PFQZPSY",
    "status": "triggered", "title": "Checkout answers slowly", "service": {"id": "PA2P440", "summary": "Checkout"}, "urgency": "high"}}}`,
	SetUp: "Under *Integrations, Generic Webhooks (v3)* add a webhook with this address and subscribe to the events of incidents. " +
		"PagerDuty makes the signing secret itself and shows it once: enter it here.",
}

func verify(h intake.Headers, body []byte, secrets []string, _ time.Time) bool {
	var all []string
	for _, one := range strings.Split(h.Get(signature), ",") {
		if hex, ok := strings.CutPrefix(strings.TrimSpace(one), "v1="); ok {
			all = append(all, hex)
		}
	}
	return hook.Signed(body, secrets, all...)
}

func refuse(_ intake.Headers, body []byte) string {
	if hook.Value(body).At("messages").IsList() {
		return "This is PagerDuty's webhook of version 1 or 2, which PagerDuty has ended. Add a webhook of version 3 under Integrations, Generic Webhooks (v3), and remove this one."
	}
	return ""
}

type body struct {
	Event struct {
		Type       hook.Text   `json:"event_type"`
		OccurredAt hook.Moment `json:"occurred_at"`
		Data       data        `json:"data"`
	} `json:"event"`
}

// data is an incident, or something that belongs to one: a note, a status update, a responder.
type data struct {
	reference
	Title        hook.Text `json:"title"`
	IncidentKey  hook.Text `json:"incident_key"`
	IncidentType struct {
		Name hook.Text `json:"name"`
	} `json:"incident_type"`
	CreatedAt     hook.Moment          `json:"created_at"`
	Service       reference            `json:"service"`
	Teams         hook.List[reference] `json:"teams"`
	Priority      reference            `json:"priority"`
	Urgency       hook.Text            `json:"urgency"`
	Policy        reference            `json:"escalation_policy"`
	ResolveReason struct {
		Type     hook.Text `json:"type"`
		Incident reference `json:"incident"`
	} `json:"resolve_reason"`

	Incident reference `json:"incident"`
	Content  hook.Text `json:"content"`
	Message  hook.Text `json:"message"`
}

type reference struct {
	ID      hook.Text `json:"id"`
	Summary hook.Text `json:"summary"`
	HTMLURL hook.Text `json:"html_url"`
}

func read(_ intake.Headers, raw []byte, _ intake.Mapping) (intake.Parcel, error) {
	if words := refuse(nil, raw); words != "" {
		return intake.Parcel{}, fault.New(fault.Invalid, "%s", words)
	}
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	d, at := b.Event.Data, b.Event.OccurredAt.Time
	kind, ofIncident := strings.CutPrefix(string(b.Event.Type), "incident.")
	switch {
	case b.Event.Type == "":
		return intake.Parcel{}, hook.Lacks("event.event_type")
	case b.Event.Type == "pagey.ping":
		return intake.Parcel{Ignored: "PagerDuty tried the address; nothing happened."}, nil
	case !ofIncident:
		return intake.Parcel{Ignored: "An event " + hook.Cut(string(b.Event.Type), 100) + " is about no incident."}, nil
	}
	switch {
	case d.Incident.ID != "" || kind == "annotated" || kind == "status_update_published" || strings.HasPrefix(kind, "responder."):
		return beside(d, at)
	case d.ID == "":
		return intake.Parcel{}, hook.Lacks("event.data.id")
	}
	s := intake.Signal{Key: string(d.ID), Group: string(d.IncidentKey), At: at, Look: d.look()}
	began := cmp.Or(d.CreatedAt.Time, at)
	switch kind {
	case "triggered":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: began}}
	case "acknowledged":
		s.Marks = []intake.Mark{{Kind: intake.Acknowledged, At: at}}
	case "reopened":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: at}}
	case "resolved":
		s.Marks = []intake.Mark{{Kind: intake.Resolved, At: at}}
		if d.ResolveReason.Type == "merge_resolve_reason" {
			s.MergedInto = string(d.ResolveReason.Incident.ID)
		}
	case "unacknowledged", "escalated", "reassigned", "delegated", "priority_updated", "service_updated", "incident_type.changed":
	default:
		return intake.Parcel{Ignored: "An event " + hook.Cut(string(b.Event.Type), 100) + " changes nothing that Upshot keeps."}, nil
	}
	// Every event of an incident tells when it began, so that none is missing when the first one is lost.
	if kind != "triggered" && !d.CreatedAt.IsZero() {
		s.Marks = append([]intake.Mark{{Kind: intake.Fired, At: began}}, s.Marks...)
	}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}

// beside reads what belongs to an incident: it has only the incident's name and title.
func beside(d data, at time.Time) (intake.Parcel, error) {
	if d.Incident.ID == "" {
		return intake.Parcel{}, hook.Lacks("event.data.incident.id")
	}
	s := intake.Signal{Key: string(d.Incident.ID), At: hook.Aside, Look: intake.Look{
		Title: hook.Cut(string(d.Incident.Summary), hook.MostTitle), URL: hook.Address(d.Incident.HTMLURL),
	}}
	words := cmp.Or(d.Content, d.Message)
	if words == "" || d.ID == "" {
		return intake.Parcel{Ignored: "Nobody wrote anything, and nothing else changed that Upshot keeps."}, nil
	}
	s.Look.Notes = []intake.Note{{ID: string(d.ID), At: at, Body: hook.Cut(string(words), hook.MostSummary)}}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}

func (d data) look() intake.Look {
	labels := hook.Set{}
	labels.Add("service", d.Service.Summary)
	labels.Add("service_id", d.Service.ID)
	labels.Add("priority", d.Priority.Summary)
	labels.Add("urgency", d.Urgency)
	labels.Add("escalation_policy", d.Policy.Summary)
	labels.Add("incident_type", d.IncidentType.Name)
	var teams []string
	for _, team := range d.Teams.All {
		teams = append(teams, string(team.Summary))
	}
	labels.Add("team", hook.Joined(hook.Distinct(teams...)))
	return intake.Look{
		Title:    hook.Cut(string(cmp.Or(d.Title, d.Summary)), hook.MostTitle),
		URL:      hook.Address(d.HTMLURL),
		Labels:   labels,
		Severity: string(cmp.Or(d.Priority.Summary, d.Urgency)),
	}
}
