// Package grafana reads what a webhook contact point of Grafana's unified alerting sends:
// https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
//
// It is a notice of Alertmanager with a title and a message beside, so package alertmanager reads it. Grafana's own alerts about a rule that fails or has
// no data (DatasourceError, DatasourceNoData) are incidents too. Alerts of Grafana before version 9 (legacy alerting) have no list of alerts
// and are refused.
package grafana

import (
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/alertmanager"
)

var usual = alertmanager.Words{
	ServiceFrom:  []string{"service", "service_name", "app", "application", "component", "job"},
	SeverityFrom: []string{"severity", "priority", "level"},
	Severities: map[string]incident.Severity{
		"critical": incident.SEV1, "high": incident.SEV2, "error": incident.SEV2, "warning": incident.SEV3, "low": incident.SEV4, "info": incident.SEV4,
	},
}

// Maker is Grafana's unified alerting.
var Maker = intake.Maker{
	Kind:    intake.Grafana,
	Name:    "Grafana",
	Moments: true,
	Read: func(_ intake.Headers, body []byte, m intake.Mapping) (intake.Parcel, error) {
		return alertmanager.Read(body, m, usual)
	},
	ServiceFrom: usual.ServiceFrom, SeverityFrom: usual.SeverityFrom, Severities: usual.Severities,
	Example: `{"version": "1", "groupKey": "{}:{alertname=\"High latency\"}", "status": "firing", "title": "[FIRING:1] High latency",
  "groupLabels": {"alertname": "High latency"}, "commonLabels": {"alertname": "High latency", "service": "checkout", "severity": "critical"},
  "commonAnnotations": {"summary": "Checkout answers slowly"}, "externalURL": "https://grafana.example.com/",
  "alerts": [{"status": "firing", "labels": {"alertname": "High latency", "service": "checkout", "severity": "critical"},
    "startsAt": "2026-03-02T09:40:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "e6349a25f5ef0e9e"}]}`,
	SetUp: "Under *Alerting, Contact points* add a *Webhook* with this address as URL; under its optional settings choose the authorization scheme `Bearer` " +
		"with the secret as credentials. Leave *Disable resolved message* off.",
}
