// Package opsgenie reads what Opsgenie's webhook integration sends, and that of Jira Service Management's alerts, which has the same shape:
// https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/
//
// Labels of a look: priority, team (all of them), entity, source, integration, tags (all of them), each tag "name:value" by its name, and the alert's
// details by their names.
package opsgenie

import (
	"cmp"
	"slices"
	"strings"

	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

// Maker is Opsgenie. It does not sign; a header of one's own can be sent along.
var Maker = intake.Maker{
	Kind:         intake.Opsgenie,
	Name:         "Opsgenie",
	Moments:      true,
	Read:         read,
	ServiceFrom:  []string{"service", "entity", "team"},
	SeverityFrom: []string{"priority"},
	Severities: map[string]incident.Severity{
		"p1": incident.SEV1, "p2": incident.SEV2, "p3": incident.SEV3, "p4": incident.SEV4, "p5": incident.SEV4,
	},
	Example: `{"action": "Create", "alert": {"alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c", "alias": "checkout-latency", "message": "Checkout answers slowly",
  "priority": "P1", "tags": ["service:checkout"], "entity": "checkout", "createdAt": 1772444400000, "updatedAt": 1772444400000000000}}`,
	SetUp: "Add a *Webhook* integration with this address, tick *Add alert description* and *Add alert details*, choose the alert actions to send, and under " +
		"*Custom headers* add `Authorization` with the value `Bearer` and the secret.",
}

type body struct {
	Action          hook.Text `json:"action"`
	IntegrationName hook.Text `json:"integrationName"`
	Alert           struct {
		ID          hook.Text            `json:"alertId"`
		Alias       hook.Text            `json:"alias"`
		Message     hook.Text            `json:"message"`
		Description hook.Text            `json:"description"`
		Priority    hook.Text            `json:"priority"`
		Entity      hook.Text            `json:"entity"`
		Source      hook.Text            `json:"source"`
		Team        hook.Text            `json:"team"`
		Teams       hook.List[hook.Text] `json:"teams"`
		Tags        hook.List[hook.Text] `json:"tags"`
		Details     hook.Labels          `json:"details"`
		Note        hook.Text            `json:"note"`
		CreatedAt   hook.Moment          `json:"createdAt"`
		UpdatedAt   hook.Moment          `json:"updatedAt"`
	} `json:"alert"`
}

// looks are the actions that change how an alert looks, or nothing.
var looks = []string{
	"unacknowledge", "addnote", "addtags", "removetags", "adddetails", "removedetails", "updatepriority", "updatedescription", "updatemessage",
	"addteam", "addresponder", "addrecipient", "assignownership", "takeownership", "escalate", "escalatenext", "snooze", "snoozeended",
}

func read(_ intake.Headers, raw []byte, _ intake.Mapping) (intake.Parcel, error) {
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	a := b.Alert
	switch {
	case b.Action == "":
		return intake.Parcel{}, hook.Lacks("action")
	case a.ID == "":
		return intake.Parcel{}, hook.Lacks("alert.alertId")
	}
	s := intake.Signal{Key: string(a.ID), Group: string(a.Alias), At: cmp.Or(a.UpdatedAt.Time, a.CreatedAt.Time)}
	if !a.CreatedAt.IsZero() { // every action tells when the alert began
		s.Marks = []intake.Mark{{Kind: intake.Fired, At: a.CreatedAt.Time}}
	}
	switch action := strings.ToLower(string(b.Action)); {
	case action == "create":
		if a.CreatedAt.IsZero() {
			s.Marks = []intake.Mark{{Kind: intake.Fired}}
		}
	case action == "acknowledge":
		s.Marks = append(s.Marks, intake.Mark{Kind: intake.Acknowledged, At: a.UpdatedAt.Time})
	case action == "close", action == "delete":
		s.Marks = append(s.Marks, intake.Mark{Kind: intake.Resolved, At: a.UpdatedAt.Time})
	case !slices.Contains(looks, action):
		return intake.Parcel{Ignored: "The action " + hook.Cut(string(b.Action), 100) + " changes nothing that Upshot keeps."}, nil
	}
	s.Look = b.look()
	if a.Note != "" {
		// Opsgenie does not name its notes: the moment does.
		id := b.Action
		if !s.At.IsZero() {
			id += hook.Text(s.At.Format(" 2006-01-02T15:04:05.999999999Z"))
		}
		s.Look.Notes = []intake.Note{{ID: string(id), At: s.At, Body: hook.Cut(string(a.Note), hook.MostSummary)}}
	}
	return intake.Parcel{Signals: []intake.Signal{s}}, nil
}

func (b body) look() intake.Look {
	a, labels := b.Alert, hook.Set{}
	labels.Add("priority", a.Priority)
	labels.Add("entity", a.Entity)
	labels.Add("source", a.Source)
	labels.Add("integration", b.IntegrationName)
	labels.Add("team", cmp.Or(a.Team, joined(a.Teams)))
	labels.Add("tags", joined(a.Tags))
	labels.AddAll(a.Details)
	for _, tag := range a.Tags.All {
		if name, value, ok := strings.Cut(string(tag), ":"); ok {
			labels.Add(name, hook.Text(strings.TrimSpace(value)))
		}
	}
	return intake.Look{
		Title:    hook.Cut(string(a.Message), hook.MostTitle),
		Summary:  hook.Cut(string(a.Description), hook.MostSummary),
		Labels:   labels,
		Severity: string(a.Priority),
	}
}

func joined(l hook.List[hook.Text]) hook.Text {
	var all []string
	for _, s := range l.All {
		all = append(all, string(s))
	}
	return hook.Joined(hook.Distinct(all...))
}
