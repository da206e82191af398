// Package sentry reads the webhooks of a Sentry integration: issues, errors, issue alerts and metric alerts:
// https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
//
// An issue is one incident however many errors it has; a metric alert is one each time it opens. Labels of a look: project, project_name, level, platform,
// culprit, type, environment, rule, short_id, and an event's tags by their names.
package sentry

import (
	"cmp"
	"time"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

var serviceFrom = []string{"service", "project", "project_name"}

// Maker is Sentry.
var Maker = intake.Maker{
	Kind:  intake.Sentry,
	Name:  "Sentry",
	Signs: true,
	Verify: func(h intake.Headers, body []byte, secrets []string, _ time.Time) bool {
		return hook.Signed(body, secrets, h.Get("Sentry-Hook-Signature"))
	},
	Delivery:     func(h intake.Headers, _ []byte) string { return h.Get("Request-ID") },
	Read:         read,
	ServiceFrom:  serviceFrom,
	SeverityFrom: []string{"level"},
	Severities: map[string]incident.Severity{
		"fatal": incident.SEV1, "critical": incident.SEV1, "error": incident.SEV3, "warning": incident.SEV4, "info": incident.SEV4, "debug": incident.SEV4, "sample": incident.SEV4,
	},
	Headers: []string{"sentry-hook-resource", "sentry-hook-timestamp", "request-id"},
	Example: `{"action": "created", "data": {"issue": {"id": "1635244907", "shortId": "CHECKOUT-2", "title": "Exception: no connection", "level": "error",
  "culprit": "checkout.pay", "platform": "python", "status": "unresolved", "firstSeen": "2026-03-02T09:40:00Z", "lastSeen": "2026-03-02T09:40:00Z",
  "project": {"id": "5216640", "slug": "checkout", "name": "Checkout"}}}}`,
	SetUp: "Under *Settings, Custom Integrations* create an internal integration with this address as webhook URL, tick the webhooks *issue* and, for alerts, " +
		"*Alert Rule Action*. Sentry makes the client secret itself: enter it here.",
}

type body struct {
	Action hook.Text `json:"action"`
	Data   struct {
		Issue     issue     `json:"issue"`
		Error     event     `json:"error"`
		Event     event     `json:"event"`
		Rule      hook.Text `json:"triggered_rule"`
		Metric    metric    `json:"metric_alert"`
		Title     hook.Text `json:"description_title"`
		Text      hook.Text `json:"description_text"`
		MetricURL hook.Text `json:"web_url"`
	} `json:"data"`
}

type issue struct {
	ID        hook.Text   `json:"id"`
	ShortID   hook.Text   `json:"shortId"`
	Title     hook.Text   `json:"title"`
	Culprit   hook.Text   `json:"culprit"`
	Level     hook.Text   `json:"level"`
	Platform  hook.Text   `json:"platform"`
	FirstSeen hook.Moment `json:"firstSeen"`
	Permalink hook.Text   `json:"permalink"`
	WebURL    hook.Text   `json:"web_url"`
	Metadata  struct {
		Type  hook.Text `json:"type"`
		Value hook.Text `json:"value"`
	} `json:"metadata"`
	Project struct {
		Slug hook.Text `json:"slug"`
		Name hook.Text `json:"name"`
	} `json:"project"`
}

// event is one error. Its project is a number, without a name; its issue has the same number as in the webhooks of issues.
type event struct {
	IssueID     hook.Text      `json:"issue_id"`
	Title       hook.Text      `json:"title"`
	Message     hook.Text      `json:"message"`
	Culprit     hook.Text      `json:"culprit"`
	Level       hook.Text      `json:"level"`
	Platform    hook.Text      `json:"platform"`
	Environment hook.Text      `json:"environment"`
	Project     hook.Text      `json:"project"`
	ProjectName hook.Text      `json:"project_name"`
	ProjectSlug hook.Text      `json:"project_slug"`
	WebURL      hook.Text      `json:"web_url"`
	DateTime    hook.Moment    `json:"datetime"`
	Timestamp   hook.Moment    `json:"timestamp"`
	Tags        hook.List[tag] `json:"tags"`
}

// tag is a list of a name and a value.
type tag struct{ name, value string }

// UnmarshalJSON never fails.
func (t *tag) UnmarshalJSON(b []byte) error {
	t.name, t.value = hook.Value(b).At("0").Text(), hook.Value(b).At("1").Text()
	return nil
}

type metric struct {
	ID           hook.Text            `json:"id"`
	Title        hook.Text            `json:"title"`
	DateStarted  hook.Moment          `json:"date_started"`
	DateDetected hook.Moment          `json:"date_detected"`
	DateClosed   hook.Moment          `json:"date_closed"`
	Projects     hook.List[hook.Text] `json:"projects"`
	Rule         struct {
		ID          hook.Text `json:"id"`
		Name        hook.Text `json:"name"`
		Environment hook.Text `json:"environment"`
	} `json:"alert_rule"`
}

func read(h intake.Headers, raw []byte, m intake.Mapping) (intake.Parcel, error) {
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	sent, _ := hook.ParseMoment(h.Get("Sentry-Hook-Timestamp"))
	resource := cmp.Or(h.Get("Sentry-Hook-Resource"), resourceOf(raw))
	switch resource {
	case "issue":
		return b.issue(sent)
	case "error":
		return b.event("error", b.Data.Error, sent)
	case "event_alert":
		return b.event("event", b.Data.Event, sent)
	case "metric_alert":
		return b.metric(sent, m)
	}
	return intake.Parcel{Ignored: "A webhook about " + hook.Cut(cmp.Or(resource, "something unnamed"), 100) + " is about no incident."}, nil
}

// resourceOf tells what a body is about when the header is missing, as in a pasted one.
func resourceOf(raw []byte) string {
	data := hook.Value(raw).At("data")
	for _, name := range []string{"issue", "error", "metric_alert"} {
		if data.At(name).IsObject() {
			return name
		}
	}
	if data.At("event").IsObject() {
		return "event_alert"
	}
	return ""
}

// issue keeps an archived issue open: its errors go on, somebody only looks away.
func (b body) issue(sent time.Time) (intake.Parcel, error) {
	i := b.Data.Issue
	if i.ID == "" {
		return intake.Parcel{}, hook.Lacks("data.issue.id")
	}
	s := intake.Signal{Key: string(i.ID), Group: string(i.ID), At: cmp.Or(sent, i.FirstSeen.Time)}
	switch b.Action {
	case "created":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: cmp.Or(i.FirstSeen.Time, sent)}}
	case "unresolved":
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: sent}}
	case "resolved":
		s.Marks = []intake.Mark{{Kind: intake.Resolved, At: sent}}
	case "assigned", "archived", "ignored":
	default:
		return intake.Parcel{Ignored: "That an issue was " + hook.Cut(cmp.Or(string(b.Action), "touched"), 100) + " changes nothing that Upshot keeps."}, nil
	}
	labels := hook.Set{}
	labels.Add("project", i.Project.Slug)
	labels.Add("project_name", i.Project.Name)
	labels.Add("level", i.Level)
	labels.Add("platform", i.Platform)
	labels.Add("culprit", i.Culprit)
	labels.Add("type", i.Metadata.Type)
	labels.Add("short_id", i.ShortID)
	s.Look = intake.Look{
		Title: hook.Cut(string(i.Title), hook.MostTitle), Summary: hook.Cut(string(i.Metadata.Value), hook.MostSummary),
		URL: hook.Address(i.WebURL, i.Permalink), Labels: labels, Severity: string(i.Level),
	}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}

func (b body) event(name string, e event, sent time.Time) (intake.Parcel, error) {
	if e.IssueID == "" {
		return intake.Parcel{}, hook.Lacks("data." + name + ".issue_id")
	}
	at := cmp.Or(e.DateTime.Time, e.Timestamp.Time, sent)
	labels := hook.Set{}
	labels.Add("project", cmp.Or(e.ProjectSlug, e.Project))
	labels.Add("project_name", e.ProjectName)
	labels.Add("level", e.Level)
	labels.Add("platform", e.Platform)
	labels.Add("culprit", e.Culprit)
	labels.Add("environment", e.Environment)
	labels.Add("rule", b.Data.Rule)
	for _, tag := range e.Tags.All {
		labels.Add(tag.name, hook.Text(tag.value))
	}
	return intake.Parcel{Signals: []intake.Signal{{
		Key: string(e.IssueID), Group: string(e.IssueID), At: at, Marks: []intake.Mark{{Kind: intake.Fired, At: at}},
		Look: intake.Look{
			Title: hook.Cut(string(cmp.Or(e.Title, e.Message)), hook.MostTitle), Summary: hook.Cut(string(e.Message), hook.MostSummary),
			URL: hook.Address(e.WebURL), Labels: labels, Severity: string(e.Level),
		},
	}}}, nil
}

func (b body) metric(sent time.Time, m intake.Mapping) (intake.Parcel, error) {
	a := b.Data.Metric
	if a.ID == "" {
		return intake.Parcel{}, hook.Lacks("data.metric_alert.id")
	}
	began := cmp.Or(a.DateStarted.Time, a.DateDetected.Time)
	s := intake.Signal{Key: "metric alert " + string(a.ID), At: sent}
	if a.Rule.ID != "" {
		s.Group = "metric alert rule " + string(a.Rule.ID)
	}
	if !began.IsZero() {
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: began}}
	}
	level := b.Action
	switch b.Action {
	case "critical", "warning":
		if began.IsZero() {
			s.Marks = []intake.Mark{{Kind: intake.Fired, At: sent}}
		}
	case "resolved":
		s.Marks = append(s.Marks, intake.Mark{Kind: intake.Resolved, At: cmp.Or(a.DateClosed.Time, sent)})
		level = ""
	default:
		return intake.Parcel{}, fault.New(fault.Invalid, "action is %q; critical, warning or resolved was expected.", hook.Cut(string(b.Action), 50))
	}
	s.At = cmp.Or(s.At, hook.Latest(s.Marks))
	var projects []string
	for _, project := range a.Projects.All {
		projects = append(projects, string(project))
	}
	labels := hook.Set{}
	labels.Add("project", hook.Joined(hook.Distinct(projects...)))
	labels.Add("level", level)
	labels.Add("environment", a.Rule.Environment)
	labels.Add("rule", a.Rule.Name)
	s.Look = intake.Look{
		Title:   hook.Cut(string(cmp.Or(a.Rule.Name, a.Title, b.Data.Title)), hook.MostTitle),
		Summary: hook.Cut(string(b.Data.Text), hook.MostSummary), URL: hook.Address(b.Data.MetricURL), Labels: labels, Severity: string(level),
	}
	if labels.FirstOf(hook.Names(m.ServiceFrom, serviceFrom)) == "project" {
		s.Look.Services = hook.Distinct(projects...)
	}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}
