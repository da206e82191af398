package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// labels is a loop that closed: twice the same failure, a test and a fix within three weeks, and quiet ever since.
func (t *teller) labels() {
	print := func(daysAgo int, clock string) trouble {
		return trouble{
			title: "Labels of express parcels lack the dock", services: "label-printer", severity: incident.SEV2, class: incident.Application,
			by: incident.ByUser, start: t.at(daysAgo, clock), crew: "ana piet", told: 34, toldBy: incident.ByTicket,
			impact: "Express parcels go to the ordinary dock and miss their ship.",
		}
	}
	first := print(232, "06:40")
	first.detected, first.acked, first.mitigated, first.restored, first.hands, first.ended = 29, 36, 60, 144, 120, incident.Workaround
	first.closed = t.office(203, "16:00")
	t.happens("dock 1", first)
	t.learns("dock 1", t.at(232, "15:00"), "piet", note{rootcause.Hypothesis, "data", "low", "The depot's list of docks arrives after the first labels of the day."})
	second := print(221, "06:52")
	second.detected, second.acked, second.restored, second.hands, second.ended = 21, 26, 96, 80, incident.Rollback
	second.again, second.closed = "dock 1", t.office(203, "16:05")
	t.happens("dock 2", second)
	t.learnsOfAll("dock cause", "dock 1", t.at(220, "11:30"), "ana", note{
		rootcause.Cause, "code", "high",
		"Labels are laid out from a copy of the dock list. When the list is renewed during a print run, the copy is **empty for a second**, and an empty dock prints as nothing.",
	})
	t.promises("dock test", t.at(219, "10:00"), "ana", promise{
		title: "Test: renew the dock list during a print run", kind: followup.AutomatedTest, purpose: followup.Prevent, team: "tracking", after: "dock 2",
	})
	t.promises("dock fix", t.at(219, "10:05"), "ana", promise{
		title: "Swap the dock list in one step", kind: followup.Code, purpose: followup.Prevent, team: "tracking", after: "dock 2",
	})
	t.starts("dock test", t.office(215, "09:40"), "piet")
	t.starts("dock fix", t.office(212, "09:40"), "piet")
	t.deploys("dock release", "label-printer", t.at(206, "10:30"), 8*time.Minute, deployment.Succeeded)
	t.finishes("dock test", t.at(206, "11:00"), "piet", "ci.harbour-line.example/label-printer/tests/dock-list-renewed", "dock release")
	t.finishes("dock fix", t.at(206, "11:05"), "piet", "changes.harbour-line.example/label-printer/96", "dock release")
}
