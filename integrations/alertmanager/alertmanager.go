// Package alertmanager reads what Prometheus Alertmanager's webhook receiver sends (version 4):
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
//
// A group is one incident, named by its group key; its alerts are the members. The labels of a look are those of the group: its common
// labels and annotations, the labels it is grouped by, and, for what is missing, those of the alert that speaks for it.
package alertmanager

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

var usual = Words{
	ServiceFrom:  []string{"service", "app", "application", "component", "job"},
	SeverityFrom: []string{"severity", "priority", "level"},
	Severities: map[string]incident.Severity{
		"critical": incident.SEV1, "page": incident.SEV2, "error": incident.SEV2, "high": incident.SEV2, "warning": incident.SEV3, "ticket": incident.SEV3,
		"info": incident.SEV4, "none": incident.SEV4,
	},
}

// Maker is Prometheus Alertmanager.
var Maker = intake.Maker{
	Kind:    intake.Alertmanager,
	Name:    "Prometheus Alertmanager",
	Moments: true,
	Read: func(_ intake.Headers, body []byte, m intake.Mapping) (intake.Parcel, error) {
		return Read(body, m, usual)
	},
	ServiceFrom: usual.ServiceFrom, SeverityFrom: usual.SeverityFrom, Severities: usual.Severities,
	Example: `{"version": "4", "groupKey": "{}:{alertname=\"HighLatency\"}", "status": "firing", "groupLabels": {"alertname": "HighLatency"},
  "commonLabels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical"},
  "commonAnnotations": {"summary": "Checkout answers slowly"}, "externalURL": "https://alertmanager.example.com",
  "alerts": [{"status": "firing", "labels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical"},
    "startsAt": "2026-03-02T09:40:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "b1fe7a5d2c9e5714"}]}`,
	SetUp: "In `alertmanager.yml` give a receiver `webhook_configs` with this address as `url`, `send_resolved: true`, and under " +
		"`http_config` an `authorization` whose `credentials` are the secret. Route to it with `continue: true`.",
}

// Words are the labels and the words of a maker whose notices have this shape; see intake.Maker.
type Words struct {
	ServiceFrom, SeverityFrom []string
	Severities                map[string]incident.Severity
}

// notice is one notification about a group. Grafana's has a title and a message beside.
type notice struct {
	Status            hook.Text        `json:"status"`
	Alerts            hook.List[alert] `json:"alerts"`
	GroupKey          hook.Text        `json:"groupKey"`
	GroupLabels       hook.Labels      `json:"groupLabels"`
	CommonLabels      hook.Labels      `json:"commonLabels"`
	CommonAnnotations hook.Labels      `json:"commonAnnotations"`
	ExternalURL       hook.Text        `json:"externalURL"`
	Truncated         hook.Text        `json:"truncatedAlerts"`
	Title             hook.Text        `json:"title"`
	Message           hook.Text        `json:"message"`
}

type alert struct {
	Status       hook.Text   `json:"status"`
	Labels       hook.Labels `json:"labels"`
	Annotations  hook.Labels `json:"annotations"`
	StartsAt     hook.Moment `json:"startsAt"`
	EndsAt       hook.Moment `json:"endsAt"`
	GeneratorURL hook.Text   `json:"generatorURL"`
	Fingerprint  hook.Text   `json:"fingerprint"` // without one, its labels tell an alert from the others
}

func (a alert) fires() bool { return strings.EqualFold(string(a.Status), "firing") }

// Read reads a notice of Alertmanager's shape: one signal for its group, or, when the group has no key, one for each alert.
func Read(body []byte, m intake.Mapping, w Words) (intake.Parcel, error) {
	var n notice
	if err := hook.Decode(body, &n); err != nil {
		return intake.Parcel{}, err
	}
	if len(n.Alerts.All) == 0 {
		return intake.Parcel{}, fault.New(fault.Invalid, "alerts is missing, or is no list with an alert in it.")
	}
	var keys []string
	groups := map[string][]alert{}
	for at, a := range n.Alerts.All {
		a.Status = cmp.Or(a.Status, n.Status)
		if a.Fingerprint == "" {
			a.Fingerprint = hook.Text(a.Labels.String())
		}
		switch {
		case a.Fingerprint == "":
			return intake.Parcel{}, fault.New(fault.Invalid, "alerts[%d] has neither a fingerprint nor labels.", at)
		case !a.fires() && !strings.EqualFold(string(a.Status), "resolved"):
			return intake.Parcel{}, fault.New(fault.Invalid, "alerts[%d].status is %q; firing or resolved was expected.", at, hook.Cut(string(a.Status), 50))
		}
		key := string(cmp.Or(n.GroupKey, a.Fingerprint))
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], a)
	}
	if n.GroupKey == "" { // each stands alone and bears all its labels itself
		n.CommonLabels, n.GroupLabels, n.CommonAnnotations, n.Message = nil, nil, nil, ""
	}
	var p intake.Parcel
	for _, key := range keys {
		p.Signals = append(p.Signals, n.signal(key, groups[key], m, w))
	}
	return p, nil
}

func (n notice) signal(key string, alerts []alert, m intake.Mapping, w Words) intake.Signal {
	s := intake.Signal{Key: key, Group: key}
	for _, a := range alerts {
		if a.fires() || !a.StartsAt.IsZero() {
			s.Marks = append(s.Marks, intake.Mark{Kind: intake.Fired, Member: string(a.Fingerprint), At: a.StartsAt.Time})
		}
		if !a.fires() {
			s.Marks = append(s.Marks, intake.Mark{Kind: intake.Resolved, Member: string(a.Fingerprint), At: a.EndsAt.Time})
		}
	}
	s.At = hook.Latest(s.Marks)
	// The group is over: also a member that is not told of any more, since it was silenced or cut off.
	if n.GroupKey != "" && !slices.ContainsFunc(alerts, func(a alert) bool { return a.fires() || a.EndsAt.IsZero() }) {
		s.Marks = append(s.Marks, intake.Mark{Kind: intake.Resolved, At: s.At})
	}

	a := speaker(alerts, m, w)
	labels := hook.Set{}
	for _, all := range []hook.Labels{n.CommonLabels, n.GroupLabels, n.CommonAnnotations, a.Labels, a.Annotations} {
		labels.AddAll(all)
	}
	s.Look = intake.Look{
		Title:    hook.Cut(n.title(a), hook.MostTitle),
		Summary:  hook.Cut(n.summary(a), hook.MostSummary),
		URL:      hook.Address(a.GeneratorURL, n.ExternalURL),
		Labels:   labels,
		Services: services(alerts, m, w),
	}
	return s
}

// speaker is the alert that speaks for a group: the worst of those that fire, and the first of these.
func speaker(alerts []alert, m intake.Mapping, w Words) alert {
	from := hook.Names(m.SeverityFrom, w.SeverityFrom)
	return slices.MinFunc(alerts, func(a, b alert) int {
		if a.fires() != b.fires() {
			if a.fires() {
				return -1
			}
			return 1
		}
		return cmp.Compare(rank(a, from, m, w), rank(b, from, m, w))
	})
}

// rank sorts severities, worst first; what is unknown comes last.
func rank(a alert, from []string, m intake.Mapping, w Words) string {
	word := strings.ToLower(a.Labels.First(from))
	return cmp.Or(string(m.Severities[word]), string(w.Severities[word]), "unknown")
}

// services are all that the members name, when they name several: a label of the group can hold only one.
func services(alerts []alert, m intake.Mapping, w Words) []string {
	from := hook.Names(m.ServiceFrom, w.ServiceFrom)
	var all []string
	for _, a := range alerts {
		all = append(all, a.Labels.First(from))
	}
	if all = hook.Distinct(all...); len(all) < 2 {
		return nil
	}
	return all
}

func (n notice) title(a alert) string {
	if summary := cmp.Or(n.CommonAnnotations.Get("summary"), a.Annotations.Get("summary")); summary != "" {
		return summary
	}
	name := cmp.Or(n.CommonLabels.Get("alertname"), n.GroupLabels.Get("alertname"), a.Labels.Get("alertname"))
	if rule := a.Labels.Get("rulename"); rule != "" && name != "" { // Grafana's own alerts: DatasourceNoData of a rule
		name += " of " + rule
	}
	var by []string
	for _, label := range n.GroupLabels {
		if label.Name != "alertname" && label.Name != "rulename" && label.Name != "grafana_folder" {
			by = append(by, label.Value)
		}
	}
	switch {
	case name == "":
		return cmp.Or(string(n.Title), strings.Join(by, ", "), a.Labels.String(), string(n.GroupKey), string(a.Fingerprint))
	case len(by) == 0:
		return name
	}
	return name + " (" + strings.Join(by, ", ") + ")"
}

func (n notice) summary(a alert) string {
	said := cmp.Or(n.CommonAnnotations.Get("description"), a.Annotations.Get("description"),
		n.CommonAnnotations.Get("message"), a.Annotations.Get("message"), string(n.Message))
	var left []string
	if n.Alerts.More > 0 {
		left = append(left, fmt.Sprintf("The group has %d alerts, of which the first %d are followed.", hook.Most+n.Alerts.More, hook.Most))
	}
	if more, err := strconv.Atoi(string(n.Truncated)); err == nil && more > 0 {
		left = append(left, fmt.Sprintf("The sender left out %d more alerts of this group.", more))
	}
	if len(left) == 0 {
		return said
	}
	notes := strings.Join(left, " ")
	return strings.TrimSpace(hook.Cut(said, hook.MostSummary-len(notes)-2) + "\n\n" + notes)
}
