package demo

import (
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// ratesCache is the leak that a restart ends each time: understood within two days, promised at once, and come back
// four times in the 41 days that the fix has waited so far.
func (t *teller) ratesCache() {
	promised := t.ago(41, 2*time.Hour)
	leak := func(daysAgo int, clock string) trouble {
		return trouble{
			title: "Rates cache runs out of memory", services: "rates-cache", severity: incident.SEV2, class: incident.Application,
			by: incident.ByAlert, alert: "RatesCacheMemory", start: t.at(daysAgo, clock), ended: incident.Restart,
			impact: "Searches fall back to computing every fare and take six seconds instead of one.", crew: "tom",
		}
	}
	first := leak(45, "05:48")
	first.detected, first.acked, first.restored, first.resolved, first.morning, first.hands = 11, 17, 52, 60, true, 70
	first.summary = "Memory climbed for nine days, then the kernel killed the process. Restarted; the cache needed twenty minutes to warm up."
	t.happens("leak 1", first)
	t.learns("leak 1", t.at(45, "06:52"), "tom", note{
		rootcause.Symptom, "capacity", "high",
		"Resident memory grew in a straight line from 1.1 GB to the limit of 6 GB, day and night, *independent of load*. After the restart it began again at 1.1 GB.",
	})
	t.learns("leak 1", t.at(43, "15:20"), "mara", note{
		rootcause.Cause, "code", "high",
		"Every refresh of the fare table adds a **new generation** and the old one is never let go:\n\n- a refresh runs every hour\n- a generation is about 22 MB\n- nine days are 216 generations, which is the limit\n\nA restart throws them all away. It does not remove the cause.",
	})
	t.promises("expire rates", promised, "mara", promise{
		title: "Let go of old fare tables instead of keeping every generation", kind: followup.Code, purpose: followup.Prevent, team: "booking", after: "leak 1",
		detail: "Keep the present and the previous generation, drop the rest after each refresh. Half a day of work, and a test that refreshes a thousand times.",
		due:    t.date(20),
	})

	second := leak(34, "23:19")
	second.detected, second.acked, second.restored, second.morning, second.hands = 9, 24, 47, true, 55
	t.happens("leak 2", second)
	t.titles("leak 1", "Rates cache keeps every fare table until it is killed", t.office(32, "10:05"), "mara")
	third := leak(25, "14:07")
	third.detected, third.acked, third.told, third.toldBy, third.restored, third.hands = 8, 10, 21, incident.ByNotice, 39, 45
	third.crew = "ines felix"
	t.happens("leak 3", third)
	t.learnsOfAll("restarts", "leak 1", t.at(25, "16:30"), "ines", note{
		rootcause.Factor, "process", "high",
		"The runbook says “restart, then close the ticket”. Three times the ticket was closed before anybody of Booking had read it.",
	})
	t.revises("restarts", t.office(12, "11:40"), "ines", note{
		rootcause.Factor, "process", "high",
		"The runbook said “restart, then close the ticket”. **Four** times the ticket was closed before anybody of Booking had read it. The step is now “restart, then link the ticket to its problem”.",
	})
	fourth := leak(14, "03:33")
	fourth.detected, fourth.acked, fourth.restored, fourth.morning, fourth.hands = 12, 31, 66, true, 80
	t.happens("leak 4", fourth)
	fifth := leak(4, "18:26")
	fifth.detected, fifth.acked, fifth.restored, fifth.hands = 7, 15, 43, 50
	fifth.morning = true
	fifth.summary = "Fifth time. The on-call engineer now restarts it each Sunday night, which hides how fast it grows."
	t.happens("leak 5", fifth)

	t.promises("memory alert", t.at(24, "09:50"), "ines", promise{
		title: "Alert a day before the rates cache reaches its memory limit", kind: followup.Alert, purpose: followup.Detect, team: "booking", after: "leak 3",
		detail: "Predict from the last six hours when the limit is reached; warn Booking in working hours, page nobody.",
	})
	t.starts("memory alert", t.office(9, "11:15"), "felix")
}
