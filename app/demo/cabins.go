package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// cabins were sold twice. The test that would have found it is in place; a larger change was declined, with a reason
// and a day to look again.
func (t *teller) cabins() {
	first := trouble{
		title: "Cabins are sold twice on the Friday night ferry", services: "cabin-allocator booking-db", severity: incident.SEV1, class: incident.Application,
		by: incident.ByUser, start: t.at(189, "18:05"), detected: 95, acked: 99, told: 132, toldBy: incident.ByPage, mitigated: 150, restored: 206, resolved: 230,
		ended: incident.Workaround, hands: 400, crew: "ines mara felix", closed: t.office(180, "16:30"),
		impact: "31 passengers found their cabin taken. All were rebooked, eleven on the next day.",
	}
	t.happens("cabins 1", first)
	t.learns("cabins 1", t.at(187, "14:00"), "mara", note{
		rootcause.Cause, "code", "high",
		"Two agents may read the same free cabin before either of them writes. The check and the booking are two transactions:\n\n```sql\nSELECT … WHERE cabin = 412 AND booking IS NULL\n-- the other agent is here\nUPDATE … SET booking = 88123 WHERE cabin = 412\n```",
	})
	t.learns("cabins 1", t.at(188, "20:15"), "ines", note{
		rootcause.Factor, "process", "medium",
		"Nobody on call could tell which bookings were double. The list was made by hand at the gangway.",
	})
	t.promises("cabin test", t.at(186, "09:30"), "mara", promise{
		title: "Test: two agents book the last cabin at once", kind: followup.AutomatedTest, purpose: followup.Prevent, team: "booking", after: "cabins 1",
	})
	t.starts("cabin test", t.office(182, "10:00"), "felix")
	t.promises("double list", t.at(186, "09:40"), "ines", promise{
		title: "Runbook: list double bookings and rebook them", kind: followup.Runbook, purpose: followup.Mitigate, team: "operations", after: "cabins 1",
	})
	t.starts("double list", t.office(177, "09:15"), "ines")
	t.finishes("double list", t.office(171, "15:45"), "ines", "runbooks.harbour-line.example/double-bookings", "")
	t.deploys("cabin release", "cabin-allocator", t.at(168, "11:20"), 13*time.Minute, deployment.Succeeded)
	t.finishes("cabin test", t.at(168, "12:00"), "felix", "ci.harbour-line.example/cabin-allocator/tests/last-cabin", "cabin release")

	second := first
	second.title, second.severity, second.again = "Two bookings for one cabin, island ferry", incident.SEV2, "cabins 1"
	second.start, second.detected, second.acked, second.told, second.mitigated, second.restored, second.resolved = t.at(79, "13:40"), 22, 25, 41, 0, 63, 0
	second.hands, second.crew, second.closed = 90, "tom felix", t.office(69, "14:00")
	second.impact = "Two families, one cabin. The runbook worked: both had a bed after 40 minutes."
	t.happens("cabins 2", second)
	t.learns("cabins 2", t.office(76, "11:00"), "felix", note{
		rootcause.Factor, "code", "high",
		"Group bookings take another way into the allocator, around the check.",
	})
	t.promises("one allocator", t.at(75, "10:00"), "felix", promise{
		title: "One way into the allocator for agents, groups and the site", kind: followup.Design, purpose: followup.Prevent, team: "booking", after: "cabins 2",
	})
	t.starts("one allocator", t.office(63, "10:20"), "felix")
	t.declines("one allocator", t.office(35, "15:30"), "mara",
		"Groups move to the new sales system in the spring, which brings an allocator of its own. Until then agents check groups by hand.", t.date(-150))
	t.promises("group metric", t.at(75, "10:15"), "felix", promise{
		title: "Metric: bookings per cabin and crossing, above one", kind: followup.Metric, purpose: followup.Detect, team: "booking", after: "cabins 2",
	})
	t.starts("group metric", t.office(33, "09:30"), "mara")
	t.deploys("metric release", "cabin-allocator", t.at(19, "14:10"), 12*time.Minute, deployment.Succeeded)
	t.finishes("group metric", t.at(19, "15:00"), "mara", "dashboards.harbour-line.example/cabins", "metric release")
}
