package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// cardProcessor is the missing circuit breaker: two changes that did not hold, a third that waits, and the failure
// back four times since that one was promised.
func (t *teller) cardProcessor() {
	stall := func(daysAgo int, clock, title string) trouble {
		return trouble{
			title: title, services: "card-gateway", severity: incident.SEV2, class: incident.Application, by: incident.ByAlert,
			start: t.at(daysAgo, clock), ended: incident.Restart, crew: "ines", again: "stall 1",
			impact: "Paying by card hangs for half a minute, then fails.",
		}
	}
	one := stall(214, "16:42", "Card payments hang while the processor is slow")
	one.again = ""
	one.detected, one.acked, one.told, one.toldBy, one.restored, one.hands = 14, 16, 63, incident.ByTicket, 38, 60
	one.closed = t.office(208, "14:00")
	one.decision = incident.Decision{Reason: "The first slow evening of that processor in two years. If it happens again, we change something.", LookAgainOn: t.date(120)}
	t.happens("stall 1", one)
	t.learns("stall 1", t.at(214, "18:10"), "ines", note{
		rootcause.Symptom, "dependency", "high",
		"All 48 workers of the gateway were busy waiting for one processor. Payments at the *other* processor failed as well.",
	})
	t.learns("stall 1", t.at(212, "10:45"), "yusuf", note{
		rootcause.Factor, "capacity", "medium",
		"48 workers are few for a Friday. More of them would have carried us over the slow minutes.",
	})

	two := stall(171, "11:21", "Checkout stalls, all gateway workers busy")
	two.detected, two.acked, two.told, two.toldBy, two.restored, two.hands = 9, 11, 26, incident.ByPage, 44, 75
	two.crew, two.closed = "tom yusuf", t.office(96, "11:30")
	t.happens("stall 2", two)
	t.titles("stall 1", "One slow card processor stops every payment", t.at(170, "10:00"), "yusuf")
	t.promises("more workers", t.at(170, "10:30"), "yusuf", promise{
		title: "Double the workers of the card gateway", kind: followup.Configuration, purpose: followup.Mitigate, team: "payments", after: "stall 2",
	})
	t.starts("more workers", t.office(163, "09:40"), "yusuf")
	t.deploys("workers release", "card-gateway", t.at(158, "14:12"), 11*time.Minute, deployment.Succeeded)
	t.finishes("more workers", t.at(158, "15:00"), "yusuf", "changes.harbour-line.example/card-gateway/318", "workers release")

	three := stall(134, "19:57", "Card payments fail, gateway does not answer")
	three.detected, three.acked, three.restored, three.morning, three.hands = 11, 19, 57, true, 90
	three.ended, three.closed = incident.Workaround, t.office(96, "11:35")
	three.crew = "ines clara"
	t.happens("stall 3", three)
	t.learns("stall 3", t.at(131, "11:05"), "clara", note{
		rootcause.Hypothesis, "dependency", "medium",
		"The processor slows down when it settles at eight in the evening. A second attempt after a pause would land behind the settlement.",
	})
	t.declines("more workers", t.office(128, "10:20"), "clara",
		"Twice the workers were all busy after four minutes instead of two. More of them only move the moment.", t.date(-60))
	t.promises("retry", t.at(130, "10:00"), "clara", promise{
		title: "Retry a timed-out authorisation once, after a pause", kind: followup.Code, purpose: followup.Mitigate, team: "payments", after: "stall 3",
	})
	t.starts("retry", t.office(124, "09:30"), "clara")
	t.deploys("retry release", "card-gateway", t.at(115, "13:48"), 12*time.Minute, deployment.Succeeded)
	t.finishes("retry", t.at(115, "14:30"), "clara", "changes.harbour-line.example/card-gateway/341", "retry release")

	four := stall(103, "09:14", "Checkout stalls, card gateway retries pile up")
	four.detected, four.acked, four.told, four.toldBy, four.restored, four.hands = 6, 8, 12, incident.ByPage, 71, 160
	four.severity, four.crew, four.closed = incident.SEV1, "tom yusuf clara", t.office(96, "11:40")
	four.impact = "Nobody could pay for an hour on the first day of the school holidays."
	t.happens("stall 4", four)
	t.learnsOfAll("processor cause", "stall 1", t.at(102, "15:40"), "yusuf", note{
		rootcause.Cause, "code", "medium",
		"The gateway waits 30 s for a processor that does not answer. The retry doubled that wait and the load with it.",
	})
	t.declines("retry", t.office(98, "11:00"), "yusuf",
		"A retry adds load exactly when the processor has none to spare. The retry is switched off again.", t.date(-90))

	t.promises("latency board", t.at(102, "16:10"), "clara", promise{
		title: "Dashboard of answer times by processor", kind: followup.Dashboard, purpose: followup.Detect, team: "payments", after: "stall 4",
		detail: "P50, P99 and time-outs of each processor, side by side, with the number of busy workers.",
	})
	t.starts("latency board", t.office(100, "09:20"), "clara")
	t.finishes("latency board", t.office(98, "16:45"), "clara", "dashboards.harbour-line.example/processors", "")
	t.promises("breaker", t.ago(74, 3*time.Hour), "yusuf", promise{
		title: "Circuit breaker around each card processor", kind: followup.Design, purpose: followup.Prevent, team: "payments", after: "stall 4",
		detail: "Give up after 4 s; after ten time-outs in a row stop asking that processor for 30 s and send payments to the other one.\n\n1. one pool of workers for each processor\n2. breaker with its state as a metric\n3. a drill with a processor that never answers",
		due:    t.date(30),
	})

	five := stall(66, "20:03", "Card payments hang during the evening settlement")
	five.detected, five.acked, five.restored, five.morning, five.hands = 8, 13, 36, true, 50
	five.closed = t.office(58, "10:40")
	t.happens("stall 5", five)
	six := stall(47, "19:44", "Card payments time out at the first processor")
	six.detected, six.acked, six.restored, six.morning, six.hands = 16, 21, 49, true, 85
	six.crew, six.closed = "tom yusuf", t.office(40, "13:20")
	t.happens("stall 6", six)
	t.corrects("stall 6", t.office(44, "11:10"), "yusuf", incident.StartedAt, t.at(47, "19:36"),
		"The processor's own log shows the first time-out at 19:36, eight minutes before our graph.")
	seven := stall(28, "12:31", "Checkout stalls, workers wait for the card processor")
	seven.detected, seven.acked, seven.mitigated, seven.told, seven.toldBy, seven.restored, seven.hands = 5, 7, 32, 18, incident.ByPage, 64, 140
	seven.severity, seven.ended, seven.crew, seven.closed = incident.SEV1, incident.Workaround, "ines yusuf clara", t.office(21, "14:50")
	t.happens("stall 7", seven)
	t.revises("processor cause", t.at(27, "10:30"), "yusuf", note{
		rootcause.Cause, "code", "high",
		"The gateway waits 30 s for a processor that does not answer, and **one pool of workers serves both processors**. So a slow one holds all workers within two minutes, and payments at the healthy one wait behind them.\n\nMore workers moved the moment, the retry doubled the load. Nothing in the code gives up early.",
	})
	eight := stall(8, "20:11", "Card payments hang, second processor affected as well")
	eight.detected, eight.acked, eight.mitigated, eight.restored, eight.resolved, eight.morning, eight.hands = 7, 12, 41, 53, 70, true, 95
	eight.ended, eight.crew = incident.Workaround, "tom yusuf"
	eight.summary = "Traffic was moved to the second processor by hand, as three weeks before. It follows the runbook, and it takes forty minutes at night."
	t.happens("stall 8", eight)
	t.learns("stall 8", t.at(8, "21:35"), "tom", note{
		rootcause.Symptom, "dependency", "high",
		"The health check of the gateway said **OK** all the time: it asks the status page of the processor, and that stayed green.",
	})

	t.promises("timeout test", t.at(60, "10:25"), "clara", promise{
		title: "Test: pay while the processor never answers", kind: followup.AutomatedTest, purpose: followup.Prevent, team: "payments", after: "stall 5",
	})
	t.starts("timeout test", t.office(16, "09:35"), "clara")
	t.promises("honest health check", t.ago(5, 4*time.Hour), "tom", promise{
		title: "Health check of the gateway makes a payment of nothing", kind: followup.HealthCheck, purpose: followup.Detect, team: "payments", after: "stall 8",
	})
}
