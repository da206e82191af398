// Package cdevents reads CDEvents of version 0.3 to 0.6 about incidents, deployments and tickets: https://cdevents.dev/docs/
// They come as CloudEvents over HTTP, structured, binary or in batches (https://github.com/cloudevents/spec), or bare.
//
// Labels: service, environment, package, source, and the texts of customData by their names.
package cdevents

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

// Maker is whoever sends CDEvents.
var Maker = intake.Maker{
	Kind:         intake.CDEvents,
	Name:         "CDEvents",
	Delivery:     delivery,
	Moments:      true,
	Read:         read,
	ServiceFrom:  []string{"service"},
	SeverityFrom: []string{"severity", "priority"},
	Severities: map[string]incident.Severity{
		"critical": incident.SEV1, "high": incident.SEV2, "medium": incident.SEV3, "low": incident.SEV4,
	},
	Headers: []string{"content-type", "ce-type", "ce-id", "ce-source", "ce-time"},
	Example: `{"context": {"specversion": "0.5.0", "id": "271069a8-fc18-44f1-b38f-9d70a1695819", "source": "/ci/checkout",
    "type": "dev.cdevents.service.deployed.0.2.0", "timestamp": "2026-03-02T09:40:00Z"},
  "subject": {"id": "checkout", "source": "/ci/checkout", "content": {"environment": {"id": "production"},
    "artifactId": "pkg:oci/checkout@1.4.2"}}}`,
	SetUp: "Let the sink of your CDEvents send to this address over HTTP, with the secret as bearer token (`Authorization: Bearer …`).",
}

type event struct {
	Context struct {
		ID        hook.Text   `json:"id"`
		Source    hook.Text   `json:"source"`
		Type      hook.Text   `json:"type"`
		Timestamp hook.Moment `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      hook.Text `json:"id"`
		Source  hook.Text `json:"source"`
		Content struct {
			Description hook.Text `json:"description"`
			Environment reference `json:"environment"`
			Service     reference `json:"service"`
			ArtifactID  hook.Text `json:"artifactId"`
			TicketURI   hook.Text `json:"ticketURI"`
			URI         hook.Text `json:"uri"`
		} `json:"content"`
	} `json:"subject"`
	CustomData hook.Labels `json:"customData"`
}

// reference is the name of something; some senders give it as a text.
type reference struct{ ID hook.Text }

// UnmarshalJSON never fails.
func (r *reference) UnmarshalJSON(b []byte) error {
	v := hook.Value(b)
	r.ID = hook.Text(cmp.Or(v.At("id").Text(), v.Text()))
	return nil
}

// outside is what the CloudEvent around an event says, in its headers or its fields.
type outside struct {
	Type, ID, Source string
	Time             time.Time
}

func headersOf(h intake.Headers) outside {
	o := outside{Type: hook.Clean(h.Get("ce-type")), ID: hook.Clean(h.Get("ce-id")), Source: hook.Clean(h.Get("ce-source"))}
	o.Time, _ = hook.ParseMoment(h.Get("ce-time"))
	return o
}

// unwrap gives what is inside a structured CloudEvent; anything else is an event as it is.
func unwrap(v hook.Value, o outside) (hook.Value, outside, error) {
	if v.At("context").IsObject() || v.At("specversion") == nil {
		return v, o, nil
	}
	o = outside{Type: v.At("type").Text(), ID: v.At("id").Text(), Source: v.At("source").Text()}
	o.Time, _ = hook.ParseMoment(v.At("time").Text())
	if encoded := v.At("data_base64").Text(); encoded != "" {
		inside, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, o, fault.New(fault.Invalid, "data_base64 is no base64.")
		}
		v, err := hook.Parse(inside)
		return v, o, err
	}
	return v.At("data"), o, nil
}

// delivery names a delivery by its type too: some tools give what happens to one thing one id.
func delivery(h intake.Headers, body []byte) string {
	o := headersOf(h)
	if o.ID == "" && hook.Value(body).IsObject() {
		context := hook.Value(body).At("context")
		if !context.IsObject() {
			context = body
		}
		o.Type, o.ID, o.Source = context.At("type").Text(), context.At("id").Text(), context.At("source").Text()
	}
	if o.ID == "" {
		return ""
	}
	return strings.TrimSpace(o.Source + " " + o.ID + " " + o.Type)
}

func read(h intake.Headers, raw []byte, _ intake.Mapping) (p intake.Parcel, err error) {
	v, err := hook.Parse(raw)
	if err != nil {
		return intake.Parcel{}, err
	}
	if !v.IsList() {
		if err := add(&p, v, headersOf(h)); err != nil {
			return intake.Parcel{}, err
		}
		return p, nil
	}
	n := 0
	for one := range v.Elements() {
		if n == hook.Most {
			return intake.Parcel{}, fault.New(fault.Invalid, "The batch holds more than %d events.", hook.Most)
		}
		if err := add(&p, one, outside{}); err != nil {
			return intake.Parcel{}, fault.New(fault.Invalid, "Event %d of the batch: %v", n+1, err)
		}
		n++
	}
	if n == 0 {
		p.Ignored = "The batch is empty."
	}
	if len(p.Signals)+len(p.Deployments)+len(p.Tickets) > 0 {
		p.Ignored = ""
	}
	return p, nil
}

// add reads one event into the parcel. What it ignores it says there.
func add(p *intake.Parcel, v hook.Value, o outside) error {
	inside, o, err := unwrap(v, o)
	if err != nil {
		return err
	}
	kind := cmp.Or(inside.At("context", "type").Text(), o.Type)
	ours, ok := strings.CutPrefix(kind, "dev.cdevents.")
	if kind == "" {
		return hook.Lacks("context.type")
	}
	parts := strings.Split(ours, ".")
	if ok = ok && len(parts) >= 2; !ok {
		p.Ignored = ignored(kind)
		return nil
	}
	var e event
	switch parts[0] {
	case "incident", "service", "ticket":
		if err := hook.Decode(inside, &e); err != nil {
			return err
		}
		e.Context.ID, e.Context.Source = cmp.Or(e.Context.ID, hook.Text(o.ID)), cmp.Or(e.Context.Source, hook.Text(o.Source))
		e.Context.Timestamp.Time = cmp.Or(e.Context.Timestamp.Time, o.Time)
	}
	switch what := parts[0] + "." + parts[1]; what {
	case "incident.detected", "incident.reported", "incident.resolved":
		return e.incident(p, parts[1])
	case "service.deployed", "service.upgraded", "service.rolledback":
		return e.deployment(p, parts[1])
	case "service.removed", "service.published":
		p.Ignored = "A service was " + parts[1] + "; no version was deployed."
	case "ticket.created", "ticket.updated", "ticket.closed":
		t := intake.Ticket{Key: hook.Cut(string(e.Subject.ID), 200), URL: hook.Address(e.Subject.Content.URI)}
		if t.Key == "" && t.URL == "" {
			return hook.Lacks("subject.id")
		}
		p.Tickets = append(p.Tickets, t)
	default:
		p.Ignored = ignored(kind)
	}
	return nil
}

func ignored(kind string) string {
	return "An event " + hook.Cut(kind, 100) + " is about no incident, deployment or ticket."
}

func (e event) labels() hook.Set {
	labels, c := hook.Set{}, e.Subject.Content
	labels.Add("service", c.Service.ID)
	labels.Add("environment", c.Environment.ID)
	labels.Add("package", c.ArtifactID)
	labels.Add("source", cmp.Or(e.Subject.Source, e.Context.Source))
	labels.AddAll(e.CustomData)
	return labels
}

func (e event) incident(p *intake.Parcel, did string) error {
	if e.Subject.ID == "" {
		return hook.Lacks("subject.id")
	}
	at, c := e.Context.Timestamp.Time, e.Subject.Content
	s := intake.Signal{
		Key: strings.TrimSpace(string(cmp.Or(e.Subject.Source, e.Context.Source) + " " + e.Subject.ID)), At: at,
		Look: intake.Look{
			Title: hook.Cut(string(cmp.Or(c.Description, "Incident "+e.Subject.ID)), hook.MostTitle), URL: hook.Address(c.TicketURI, c.URI), Labels: e.labels(),
		},
	}
	if len(c.Description) > hook.MostTitle {
		s.Look.Summary = hook.Cut(string(c.Description), hook.MostSummary)
	}
	switch did {
	case "detected":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: at}}
	case "reported":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: at}, {Kind: intake.Declared, At: at}}
		s.Look.DetectedBy = incident.ByUnknown
	case "resolved": // its description tells how it ended
		s.Marks, s.At = []intake.Mark{{Kind: intake.Resolved, At: at}}, hook.Aside
		if c.Description != "" && e.Context.ID != "" {
			s.Look.Notes = []intake.Note{{ID: string(e.Context.ID), At: at, Body: hook.Cut(string(c.Description), hook.MostSummary)}}
		}
	}
	p.Signals = append(p.Signals, s)
	return nil
}

// deployment reads that a service was brought into an environment. The subject of such events is the service; every one of them is a deployment of its own.
func (e event) deployment(p *intake.Parcel, did string) error {
	c := e.Subject.Content
	service := cmp.Or(c.Service.ID, e.Subject.ID)
	switch {
	case service == "":
		return hook.Lacks("subject.id")
	case e.Context.ID == "":
		return hook.Lacks("context.id")
	}
	d := intake.Deployed{
		ID: strings.TrimSpace(string(e.Context.Source+" "+e.Context.ID) + " " + did), Services: []string{hook.Cut(string(service), 200)}, Labels: e.labels(),
		Environment: hook.Cut(string(c.Environment.ID), 100), Version: versionOf(string(c.ArtifactID)), URL: hook.Address(c.URI),
		FinishedAt: e.Context.Timestamp.Time, Outcome: deployment.Succeeded, At: e.Context.Timestamp.Time,
	}
	if did == "rolledback" {
		d.Outcome = deployment.RolledBack
	}
	p.Deployments = append(p.Deployments, d)
	return nil
}

// versionOf gives the version in a package URL (pkg:oci/checkout@1.4.2?tag=…): what is after the @, else its tag. Of an image's name it is
// what is after the colon.
func versionOf(id string) string {
	id, _, _ = strings.Cut(id, "#")
	name, query, _ := strings.Cut(id, "?")
	version := ""
	if n := strings.LastIndex(name, "@"); n >= 0 {
		version = name[n+1:]
	} else if values, err := url.ParseQuery(query); err == nil && values.Get("tag") != "" {
		version = values.Get("tag")
	} else if n := strings.LastIndex(name, ":"); n > strings.LastIndex(name, "/") {
		version = name[n+1:]
	}
	if plain, err := url.PathUnescape(version); err == nil {
		version = plain
	}
	return hook.Cut(version, 200)
}
