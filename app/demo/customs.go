package demo

import (
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// customs is the service that nobody answers for: whoever finds it broken restarts it, and the change is in nobody's
// backlog.
func (t *teller) customs() {
	empty := trouble{
		title: "Customs forms come out empty", services: "customs-forms", severity: incident.SEV3, class: incident.Application, by: incident.ByUser,
		start: t.at(78, "07:30"), detected: 140, acked: 165, restored: 310, hands: 110, ended: incident.Restart, crew: "ines",
		impact: "A lorry waited for its papers until noon.",
	}
	t.happens("customs 1", empty)
	t.learns("customs 1", t.at(78, "13:20"), "ines", note{
		rootcause.Symptom, "unknown", "high",
		"No dashboard, no runbook, and its repository has not changed for two years. Found by asking around who remembers it.",
	})
	empty.again, empty.title = "customs 1", "Customs forms empty again, parcels to Morocco"
	empty.start, empty.detected, empty.acked, empty.restored, empty.hands, empty.crew = t.at(15, "06:55"), 122, 180, 402, 150, "tom"
	empty.severity = incident.SEV2
	t.happens("customs 2", empty)
	t.promises("customs owner", t.office(13, "10:30"), "tom", promise{
		title: "Decide who builds and who answers for customs-forms", kind: followup.Process, purpose: followup.Prevent, after: "customs 2", onlyProposed: true,
	})
	t.promises("customs runbook", t.office(13, "10:40"), "tom", promise{
		title: "Runbook: customs forms on paper", kind: followup.Runbook, purpose: followup.Mitigate, team: "operations", after: "customs 2",
	})
}
