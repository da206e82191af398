package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// edge lets a certificate expire once; and a cable is cut, after which a change was decided against.
func (t *teller) edge() {
	t.happens("certificate", trouble{
		title: "Certificate of the agencies' address has expired", services: "edge-proxy", severity: incident.SEV2, class: incident.Infrastructure,
		by: incident.ByUser, start: t.at(112, "00:00"), detected: 372, acked: 375, told: 378, toldBy: incident.ByJoining, restored: 421, hands: 60,
		ended: incident.Configuration, crew: "ines tom", closed: t.office(99, "10:00"), impact: "Agencies could not sign in until seven in the morning.",
	})
	t.learns("certificate", t.at(112, "10:30"), "ines", note{
		rootcause.Cause, "process", "high",
		"This certificate was bought by hand for a contract and is in no renewal. The reminder went to somebody who had left.",
	})
	t.promises("expiry alert", t.at(110, "10:00"), "tom", promise{
		title: "Alert three weeks before any certificate expires", kind: followup.Alert, purpose: followup.Detect, team: "operations", after: "certificate",
	})
	t.starts("expiry alert", t.office(106, "09:15"), "tom")
	t.deploys("edge release", "edge-proxy", t.at(100, "10:05"), 6*time.Minute, deployment.Succeeded)
	t.finishes("expiry alert", t.at(100, "11:00"), "tom", "alerts.harbour-line.example/certificate-expiry", "edge release")

	t.happens("cable", trouble{
		title: "Half of the site cannot be reached, cable cut in the harbour", services: "edge-proxy booking-api", severity: incident.SEV1, class: incident.Infrastructure,
		by: incident.ByAlert, start: t.at(71, "08:26"), detected: 3, acked: 5, told: 9, toldBy: incident.ByPage, mitigated: 57, restored: 139, resolved: 300,
		ended: incident.Workaround, hands: 260, crew: "tom ines mara", closed: t.office(61, "16:00"),
		impact: "Customers of two providers could not reach the site for two hours.",
		decision: incident.Decision{
			Reason:      "A second line through the other basin costs more each year than all outages of the last ten together. We keep the mobile link as it is.",
			LookAgainOn: t.date(-290),
		},
	})
	t.learns("cable", t.at(71, "15:10"), "tom", note{rootcause.Cause, "dependency", "high", "An excavator at quay 4 cut the fibre. Both providers rent from the same duct."})
	for _, d := range []struct {
		days     int
		title    string
		services string
	}{
		{146, "Drill: the first data centre is gone", "edge-proxy booking-db"},
		{39, "Drill: a card processor never answers", "card-gateway"},
	} {
		t.happens(d.title, trouble{
			title: d.title, services: d.services, kind: incident.Drill, severity: incident.SEV2, by: incident.ByStaff, start: t.at(d.days, "10:00"),
			acked: 5, told: 9, toldBy: incident.ByPage, restored: 64, ended: incident.Workaround, hands: 180, crew: "ines yusuf", closed: t.at(d.days, "16:00"),
		})
	}
}
