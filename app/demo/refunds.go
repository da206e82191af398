package demo

import (
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// refunds pile up unseen: nothing measures how far the worker is behind, and the alert for it waits.
func (t *teller) refunds() {
	pile := trouble{
		title: "Refunds are two hours late", services: "refund-worker", severity: incident.SEV3, class: incident.Application, by: incident.ByUser,
		start: t.at(30, "07:15"), detected: 128, acked: 131, told: 131, toldBy: incident.ByJoining, restored: 166, hands: 45,
		ended: incident.Restart, crew: "clara", impact: "Passengers of a cancelled crossing called because their refund had not been confirmed.",
	}
	t.happens("refunds 1", pile)
	t.learns("refunds 1", t.office(28, "10:20"), "clara", note{
		rootcause.Factor, "process", "high",
		"The worker is up, its queue is not empty, and nothing looks at **how old** the oldest refund is. A passenger told us.",
	})
	t.promises("refund alert", t.ago(27, 2*time.Hour), "clara", promise{
		title: "Alert when the oldest refund waits more than 20 minutes", kind: followup.Alert, purpose: followup.Detect, team: "payments", after: "refunds 1",
		due: t.date(3),
	})
	pile.title, pile.again = "Refunds are late again, oldest waits three hours", "refunds 1"
	pile.start, pile.detected, pile.acked, pile.told, pile.restored, pile.hands, pile.crew = t.at(11, "08:02"), 171, 174, 174, 189, 40, "yusuf"
	t.happens("refunds 2", pile)
}
