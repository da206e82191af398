// Package incidentio reads incident.io's webhooks about public incidents: https://docs.incident.io/integrations/webhooks
// and checks their signatures, which are those of Standard Webhooks: https://www.standardwebhooks.com
//
// Labels of a look: severity, status, category, type, reference, mode, and the custom fields by their names.
package incidentio

import (
	"cmp"
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

var serviceFrom = []string{"service", "services", "affected service", "affected services", "component", "components"}

// Maker is incident.io.
var Maker = intake.Maker{
	Kind:         intake.IncidentIO,
	Name:         "incident.io",
	Signs:        true,
	Verify:       verify,
	Delivery:     func(h intake.Headers, _ []byte) string { return header(h, "id") },
	Read:         read,
	ServiceFrom:  serviceFrom,
	SeverityFrom: []string{"severity"},
	Severities: map[string]incident.Severity{
		"critical": incident.SEV1, "major": incident.SEV2, "minor": incident.SEV3, "trivial": incident.SEV4,
	},
	Headers: []string{"webhook-id", "svix-id"},
	Example: `{"event_type": "public_incident.incident_created_v2", "public_incident.incident_created_v2": {"id": "01FDAG4SAP5TYPT98WGR2N7W91",
  "name": "Checkout answers slowly", "reference": "INC-123", "permalink": "https://app.incident.io/incidents/123", "severity": {"name": "Minor"},
  "incident_status": {"name": "Investigating", "category": "live"}, "created_at": "2026-03-02T09:40:00Z", "updated_at": "2026-03-02T09:45:00Z",
  "custom_field_entries": [{"custom_field": {"name": "Service"}, "values": [{"value_option": {"value": "Checkout"}}]}]}}`,
	SetUp: "Under *Settings, Webhooks* add an endpoint with this address and subscribe to the three events `public_incident.incident_…`. incident.io makes the " +
		"signing secret (`whsec_…`) itself: enter it here.",
}

// tolerance is how old, or how early, a signature may be.
const tolerance = 5 * time.Minute

// header gives one of the headers of Standard Webhooks, or of Svix, which came before them.
func header(h intake.Headers, name string) string {
	return cmp.Or(h.Get("webhook-"+name), h.Get("svix-"+name))
}

func verify(h intake.Headers, body []byte, secrets []string, now time.Time) bool {
	id, stamp := header(h, "id"), header(h, "timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	good := false
	for _, secret := range secrets {
		sum := hook.Sum(key(secret), []byte(id+"."+stamp+"."), body)
		for _, one := range strings.Fields(header(h, "signature")) {
			encoded, ok := strings.CutPrefix(one, "v1,")
			given, err := base64.StdEncoding.DecodeString(encoded)
			if hmac.Equal(sum, given) && ok && err == nil && secret != "" {
				good = true
			}
		}
	}
	return good
}

// key is the bytes behind a secret as it is shown: base64 after a prefix. One that was made up elsewhere counts as it is.
func key(secret string) []byte {
	if bytes, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err == nil {
		return bytes
	}
	return []byte(secret)
}

type report struct {
	ID        hook.Text   `json:"id"`
	Name      hook.Text   `json:"name"`
	Reference hook.Text   `json:"reference"`
	Summary   hook.Text   `json:"summary"`
	Permalink hook.Text   `json:"permalink"`
	Mode      hook.Text   `json:"mode"`
	CreatedAt hook.Moment `json:"created_at"`
	UpdatedAt hook.Moment `json:"updated_at"`
	Status    status      `json:"incident_status"`
	Severity  named       `json:"severity"`
	Type      named       `json:"incident_type"`
	Creator   struct {
		User  named `json:"user"`
		Alert named `json:"alert"`
	} `json:"creator"`
	Fields     hook.List[field]     `json:"custom_field_entries"`
	Timestamps hook.List[timestamp] `json:"incident_timestamp_values"`
}

type named struct {
	ID   hook.Text `json:"id"`
	Name hook.Text `json:"name"`
}

type status struct {
	Name     hook.Text `json:"name"`
	Category hook.Text `json:"category"`
}

type field struct {
	Field  named  `json:"custom_field"`
	Values values `json:"values"`
}

// values are those of a custom field, each once. A value is one of several things; at most one of them is there, except in examples.
type values []string

// UnmarshalJSON never fails.
func (v *values) UnmarshalJSON(b []byte) error {
	*v = nil
	for one := range hook.Value(b).Elements() {
		if hook.Full(*v) {
			break
		}
		*v = hook.Including(*v, cmp.Or(one.At("value_option", "value").Text(), one.At("value_catalog_entry", "name").Text(),
			one.At("value_text").Text(), one.At("value_numeric").Text(), one.At("value_link").Text()))
	}
	return nil
}

type timestamp struct {
	Name  named `json:"incident_timestamp"`
	Value struct {
		Value hook.Moment `json:"value"`
	} `json:"value"`
}

// change is the body of a change of status; else it is the incident alone.
type change struct {
	Incident report    `json:"incident"`
	Message  hook.Text `json:"message"`
	New      status    `json:"new_status"`
	Previous status    `json:"previous_status"`
}

// over are the categories of incidents that have ended, or never were any. In learning the impact is over and people review it.
var over = map[hook.Text]bool{"learning": true, "closed": true, "declined": true, "canceled": true, "cancelled": true, "merged": true}

// running are those that go on.
var running = map[hook.Text]bool{"triage": true, "live": true, "active": true, "paused": true}

func read(_ intake.Headers, raw []byte, m intake.Mapping) (intake.Parcel, error) {
	body, err := hook.Parse(raw)
	if err != nil {
		return intake.Parcel{}, err
	}
	event := body.At("event_type").Text()
	kind, public := strings.CutPrefix(event, "public_incident.incident_")
	switch {
	case event == "":
		return intake.Parcel{}, hook.Lacks("event_type")
	case strings.HasPrefix(event, "private_"):
		return intake.Parcel{Ignored: "It is about a private incident: Upshot keeps these out."}, nil
	case !public:
		return intake.Parcel{Ignored: "An event " + hook.Cut(event, 100) + " changes nothing that Upshot keeps."}, nil
	}
	said := body.At(event)
	if !said.IsObject() {
		return intake.Parcel{}, fault.New(fault.Invalid, "%s is missing, or is no object.", hook.Cut(event, 100))
	}
	var c change
	if said.At("incident").IsObject() {
		err = hook.Decode(said, &c)
	} else {
		err = hook.Decode(said, &c.Incident)
	}
	i := &c.Incident
	i.Status.Category = cmp.Or(i.Status.Category, c.New.Category)
	switch {
	case err != nil:
		return intake.Parcel{}, err
	case i.ID == "":
		return intake.Parcel{}, hook.Lacks(hook.Cut(event, 100) + ".id")
	case !over[i.Status.Category] && !running[i.Status.Category]:
		return intake.Parcel{}, fault.New(fault.Invalid, "incident_status.category is %q; triage, live, learning, closed, declined, canceled or merged was expected.",
			hook.Cut(string(i.Status.Category), 50))
	}
	s := intake.Signal{Key: string(i.ID), Marks: i.marks(), At: cmp.Or(i.UpdatedAt.Time, i.CreatedAt.Time), Look: i.look(m)}
	if strings.HasPrefix(kind, "status_updated") && over[c.Previous.Category] && running[i.Status.Category] {
		s.Marks = append(s.Marks, intake.Mark{Kind: intake.Fired, At: i.UpdatedAt.Time})
	}
	if c.Message != "" && !s.At.IsZero() {
		s.Look.Notes = []intake.Note{{ID: s.At.Format("status 2006-01-02T15:04:05.999999999Z"), At: s.At, Body: hook.Cut(string(c.Message), hook.MostSummary)}}
	}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}

// at gives the first of these moments that people set; they may rename them, so others are left.
func (i report) at(names ...string) time.Time {
	for _, name := range names {
		for _, t := range i.Timestamps.All {
			if at := t.Value.Value.Time; strings.EqualFold(string(t.Name.Name), name) && !at.IsZero() {
				return at
			}
		}
	}
	return time.Time{}
}

func (i report) marks() []intake.Mark {
	reported := cmp.Or(i.at("reported at", "declared at"), i.CreatedAt.Time)
	marks := []intake.Mark{{Kind: intake.Fired, At: cmp.Or(i.at("impact started", "impact started at", "started at"), reported)}}
	if i.Status.Category != "triage" && i.Status.Category != "declined" {
		marks = append(marks, intake.Mark{Kind: intake.Declared, At: reported})
	}
	if at := i.at("accepted at", "acknowledged at", "identified at"); !at.IsZero() {
		marks = append(marks, intake.Mark{Kind: intake.Acknowledged, At: at})
	}
	if at := i.at("mitigated at", "fixed at", "monitoring at"); !at.IsZero() {
		marks = append(marks, intake.Mark{Kind: intake.Mitigated, At: at})
	}
	if over[i.Status.Category] {
		ended := i.at("impact ended", "resolved at", "fixed at", "closed at", "declined at", "canceled at", "merged at")
		marks = append(marks, intake.Mark{Kind: intake.Resolved, At: cmp.Or(ended, i.UpdatedAt.Time)})
	}
	return marks
}

func (i report) look(m intake.Mapping) intake.Look {
	labels, fields := hook.Set{}, map[string][]string{}
	labels.Add("severity", i.Severity.Name)
	labels.Add("status", i.Status.Name)
	labels.Add("category", i.Status.Category)
	labels.Add("type", i.Type.Name)
	labels.Add("reference", i.Reference)
	labels.Add("mode", i.Mode)
	for _, f := range i.Fields.All {
		labels.Add(string(f.Field.Name), hook.Joined(f.Values))
		fields[strings.ToLower(string(f.Field.Name))] = f.Values
	}
	look := intake.Look{
		Title: hook.Cut(string(i.Name), hook.MostTitle), Summary: hook.Cut(string(i.Summary), hook.MostSummary), URL: hook.Address(i.Permalink),
		Labels: labels, Severity: string(i.Severity.Name), DetectedBy: incident.ByUnknown,
	}
	switch {
	case i.Creator.Alert != named{}:
		look.DetectedBy = incident.ByAlert
	case i.Creator.User != named{}:
		look.DetectedBy = incident.ByStaff
	}
	if i.Mode == "test" || i.Mode == "tutorial" {
		look.Kind = incident.Drill
	}
	look.Services = fields[labels.FirstOf(hook.Names(m.ServiceFrom, serviceFrom))]
	return look
}
