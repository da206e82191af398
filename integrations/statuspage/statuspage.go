// Package statuspage reads what Atlassian Statuspage sends to subscribers of a page:
// https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
//
// Every message holds all updates of the incident: they become its marks and its notes. Labels of a look: component (all affected ones),
// impact, page_id.
package statuspage

import (
	"cmp"
	"slices"
	"time"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

var serviceFrom = []string{"component"}

// Maker is Atlassian Statuspage. It neither signs nor sends a header of one's own: the secret is part of the address.
var Maker = intake.Maker{
	Kind:         intake.Statuspage,
	Name:         "Statuspage",
	Moments:      true,
	Read:         read,
	ServiceFrom:  serviceFrom,
	SeverityFrom: []string{"impact"},
	Severities: map[string]incident.Severity{
		"critical": incident.SEV1, "major": incident.SEV2, "minor": incident.SEV3, "none": incident.SEV4,
	},
	Example: `{"page": {"id": "jb7j80lkgqvb"}, "incident": {"id": "z3lct0r596n4", "name": "Checkout answers slowly", "status": "identified", "impact": "minor",
  "created_at": "2026-03-02T09:40:00Z", "updated_at": "2026-03-02T09:45:00Z", "shortlink": "https://stspg.io/646947c1e",
  "components": [{"name": "Checkout", "status": "degraded_performance"}],
  "incident_updates": [{"id": "qm8bgczn0p2n", "status": "identified", "body": "The database is slow.", "created_at": "2026-03-02T09:45:00Z"}]}}`,
	SetUp: "On the status page choose *Subscribe to updates*, the webhook, and enter this address followed by `?token=` and the secret: Statuspage can " +
		"send a secret in no other way.",
}

type body struct {
	Page struct {
		ID hook.Text `json:"id"`
	} `json:"page"`
	Incident post `json:"incident"`
}

type post struct {
	ID           hook.Text         `json:"id"`
	Name         hook.Text         `json:"name"`
	Status       hook.Text         `json:"status"`
	Impact       hook.Text         `json:"impact"`
	Shortlink    hook.Text         `json:"shortlink"`
	CreatedAt    hook.Moment       `json:"created_at"`
	StartedAt    hook.Moment       `json:"started_at"`
	UpdatedAt    hook.Moment       `json:"updated_at"`
	MonitoringAt hook.Moment       `json:"monitoring_at"`
	ResolvedAt   hook.Moment       `json:"resolved_at"`
	ScheduledFor hook.Moment       `json:"scheduled_for"`
	Updates      hook.List[update] `json:"incident_updates"`
	Components   components        `json:"components"`
}

type update struct {
	ID        hook.Text   `json:"id"`
	Status    hook.Text   `json:"status"`
	Body      hook.Text   `json:"body"`
	CreatedAt hook.Moment `json:"created_at"`
	DisplayAt hook.Moment `json:"display_at"`
	Affected  components  `json:"affected_components"`
}

// at is the moment that the page shows for an update: it can be set by hand.
func (u update) at() time.Time { return cmp.Or(u.DisplayAt.Time, u.CreatedAt.Time) }

// components are the names in a list of components, each once.
type components []string

// UnmarshalJSON never fails.
func (c *components) UnmarshalJSON(b []byte) error {
	*c = nil
	for one := range hook.Value(b).Elements() {
		if hook.Full(*c) {
			break
		}
		*c = hook.Including(*c, one.At("name").Text())
	}
	return nil
}

// phase is what a status means. Planned says nothing of the present.
type phase int

const (
	unknown phase = iota
	planned
	going
	mitigated
	over
)

var phases = map[string]phase{
	"investigating": going, "identified": going, "monitoring": mitigated, "resolved": over, "postmortem": over,
	"scheduled": planned, "in_progress": going, "verifying": mitigated, "completed": over,
}

var ofMaintenance = []string{"scheduled", "in_progress", "verifying", "completed"}

func read(_ intake.Headers, raw []byte, m intake.Mapping) (intake.Parcel, error) {
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	p := b.Incident
	switch {
	case !hook.Value(raw).At("incident").IsObject() && hook.Value(raw).At("component").IsObject():
		return intake.Parcel{Ignored: "A component of the status page changed its status; that is no incident."}, nil
	case p.ID == "":
		return intake.Parcel{}, hook.Lacks("incident.id")
	case phases[string(p.Status)] == unknown:
		return intake.Parcel{}, fault.New(fault.Invalid, "incident.status is %q; investigating, identified, monitoring, resolved, postmortem, scheduled, in_progress, verifying or completed was expected.",
			hook.Cut(string(p.Status), 50))
	}
	slices.SortStableFunc(p.Updates.All, func(a, b update) int { return a.at().Compare(b.at()) })
	marks := p.marks()
	if len(marks) == 0 {
		return intake.Parcel{Ignored: "A maintenance is planned. It is kept when it begins."}, nil
	}
	return intake.Parcel{Signals: []intake.Signal{{
		Key: string(p.ID), Marks: marks, At: cmp.Or(p.UpdatedAt.Time, hook.Latest(marks)), Look: p.look(b, m),
	}}}, nil
}

func (p post) maintenance() bool {
	return p.Impact == "maintenance" || slices.Contains(ofMaintenance, string(p.Status))
}

// marks follows the updates, in their order, and then what the incident itself says.
func (p post) marks() []intake.Mark {
	var marks []intake.Mark
	now := planned
	turn := func(next phase, at time.Time) {
		if next == now || next <= planned {
			return
		}
		if now == planned {
			marks = append(marks, p.beginning(at)...)
		}
		switch {
		case next == mitigated:
			marks = append(marks, intake.Mark{Kind: intake.Mitigated, At: at})
		case next == over:
			marks = append(marks, intake.Mark{Kind: intake.Resolved, At: at})
		case now > going: // it came back
			marks = append(marks, intake.Mark{Kind: intake.Fired, At: at})
		}
		now = next
	}
	for _, u := range p.Updates.All {
		turn(phases[string(u.Status)], u.at())
	}
	status := phases[string(p.Status)]
	turn(status, map[phase]time.Time{
		mitigated: cmp.Or(p.MonitoringAt.Time, p.UpdatedAt.Time), over: cmp.Or(p.ResolvedAt.Time, p.UpdatedAt.Time), going: p.UpdatedAt.Time,
	}[status])
	return marks
}

// beginning gives the first marks: a maintenance begins with the update that says so, an incident when it was written down, or earlier, if
// its first update says so.
func (p post) beginning(first time.Time) []intake.Mark {
	if p.maintenance() {
		return []intake.Mark{{Kind: intake.Fired, At: cmp.Or(first, p.ScheduledFor.Time)}}
	}
	declared := cmp.Or(p.CreatedAt.Time, first)
	if !first.IsZero() && first.Before(declared) {
		declared = first
	}
	return []intake.Mark{{Kind: intake.Fired, At: cmp.Or(p.StartedAt.Time, declared)}, {Kind: intake.Declared, At: declared}}
}

func (p post) look(b body, m intake.Mapping) intake.Look {
	affected := slices.Clone(p.Components)
	look := intake.Look{
		Title: hook.Cut(string(p.Name), hook.MostTitle), URL: hook.Address(p.Shortlink), Severity: string(p.Impact), DetectedBy: incident.ByUnknown,
	}
	for n, u := range p.Updates.All {
		affected = hook.Distinct(append(affected, u.Affected...)...)
		if look.Summary == "" {
			look.Summary = hook.Cut(string(u.Body), hook.MostSummary)
		}
		if u.ID != "" && u.Body != "" && len(p.Updates.All)-n <= mostNotes {
			look.Notes = append(look.Notes, intake.Note{ID: string(u.ID), At: u.at(), Body: hook.Cut(string(u.Body), hook.MostSummary)})
		}
	}
	labels := hook.Set{}
	labels.Add("component", hook.Joined(affected))
	labels.Add("impact", p.Impact)
	labels.Add("page_id", b.Page.ID)
	look.Labels = labels
	if labels.FirstOf(hook.Names(m.ServiceFrom, serviceFrom)) == "component" {
		look.Services = affected
	}
	if p.maintenance() {
		look.Kind, look.Severity = incident.Maintenance, ""
	}
	return look
}

// mostNotes is how many updates are kept, the latest ones.
const mostNotes = 500
