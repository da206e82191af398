package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// fares are two deployments that a person confirmed as the cause, one of them rolled back within the hour.
func (t *teller) fares() {
	t.deploys("fare release", "fare-search", t.at(52, "11:02"), 10*time.Minute, deployment.RolledBack)
	t.happens("fares 1", trouble{
		title: "Fare search answers in nine seconds", services: "fare-search", severity: incident.SEV2, class: incident.Application, by: incident.ByAlert,
		start: t.at(52, "11:06"), detected: 4, acked: 6, told: 6, toldBy: incident.ByPage, restored: 33, hands: 50,
		ended: incident.Rollback, crew: "felix mara", closed: t.office(44, "11:00"), impact: "One search in five was given up.",
	})
	t.blames("fare release", "fares 1", t.at(52, "13:20"), "felix")
	t.learns("fares 1", t.at(52, "13:25"), "felix", note{
		rootcause.Cause, "deployment", "high",
		"The release asks for every crossing of the month to mark the cheapest day: 31 queries where there was one. The test data has three crossings.",
	})
	t.promises("load test", t.at(50, "10:00"), "mara", promise{
		title: "Load test of fare search with a full summer timetable", kind: followup.AutomatedTest, purpose: followup.Prevent, team: "booking", after: "fares 1",
	})
	t.starts("load test", t.office(45, "09:30"), "mara")
	t.finishes("load test", t.office(37, "15:20"), "mara", "ci.harbour-line.example/fare-search/tests/summer-load", "")

	t.deploys("api release", "booking-api", t.at(26, "15:12"), 12*time.Minute, deployment.Failed)
	t.happens("api 1", trouble{
		title: "Agencies cannot book, sign-in loops", services: "booking-api", severity: incident.SEV2, class: incident.Application, by: incident.ByUser,
		start: t.at(26, "15:14"), detected: 17, acked: 19, told: 19, toldBy: incident.ByJoining, restored: 41, hands: 70,
		ended: incident.Rollback, crew: "mara felix", closed: t.office(16, "14:00"), impact: "Eighty agencies could not book for half an hour.",
	})
	t.blames("api release", "api 1", t.at(26, "16:30"), "mara")
	t.learns("api 1", t.at(26, "16:40"), "mara", note{
		rootcause.Cause, "configuration", "high",
		"The new version reads the agencies' sign-in address from a setting that production did not have. It started, said it was ready, and sent everybody to an empty address.",
	})
	t.promises("ready check", t.at(25, "10:15"), "felix", promise{
		title: "Not ready while a setting is missing", kind: followup.HealthCheck, purpose: followup.Prevent, team: "booking", after: "api 1",
	})
	t.starts("ready check", t.office(20, "10:00"), "felix")
	t.deploys("ready release", "booking-api", t.at(12, "10:40"), 11*time.Minute, deployment.Succeeded)
	t.finishes("ready check", t.at(12, "11:30"), "felix", "changes.harbour-line.example/booking-api/512", "ready release")
}
