package demo

import (
	"time"

	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// trackingFeed is a fix that shipped, failed in its quiet period and was sent back; and two problems that turned out
// to be one, since users and alerts had given the same failure two names.
func (t *teller) trackingFeed() {
	lag := func(daysAgo int, clock string) trouble {
		return trouble{
			title: "Tracking feed is more than ten minutes behind", services: "tracking-feed", severity: incident.SEV3, class: incident.Application,
			by: incident.ByAlert, alert: "TrackingFeedLag", start: t.at(daysAgo, clock), ended: incident.Restart, crew: "ines",
			impact: "Parcels seem to stand still; customer care gets calls.",
		}
	}
	first := lag(126, "10:22")
	first.detected, first.acked, first.told, first.toldBy, first.restored, first.hands = 12, 18, 40, incident.ByTicket, 77, 60
	first.closed = t.office(119, "10:00")
	t.happens("lag 1", first)
	t.learns("lag 1", t.at(126, "13:00"), "ana", note{
		rootcause.Factor, "capacity", "medium",
		"The depots send their scans in one burst at ten. The feed takes in everything and works it off in the order of arrival.",
	})
	second := lag(97, "10:16")
	second.detected, second.acked, second.told, second.toldBy, second.restored, second.hands = 10, 14, 31, incident.ByNotice, 58, 70
	second.crew, second.closed = "ines ana", t.office(48, "11:15")
	t.happens("lag 2", second)
	t.learnsOfAll("burst", "lag 1", t.at(95, "14:15"), "ana", note{
		rootcause.Cause, "code", "high",
		"The buffer between receiving and writing has **no bound**. A burst fills it, the garbage collector takes over, and the feed falls behind for an hour.",
	})

	t.promises("back-pressure", t.at(94, "10:40"), "ana", promise{
		title: "Bound the buffer of the tracking feed and make senders wait", kind: followup.Code, purpose: followup.Prevent, team: "tracking", after: "lag 2",
	})
	t.starts("back-pressure", t.office(81, "09:50"), "ana")
	t.deploys("back-pressure release", "tracking-feed", t.at(67, "13:25"), 9*time.Minute, deployment.Succeeded)
	t.finishes("back-pressure", t.at(67, "14:00"), "ana", "changes.harbour-line.example/tracking-feed/207", "back-pressure release")
	third := lag(55, "10:31")
	third.detected, third.acked, third.told, third.toldBy, third.restored, third.hands = 9, 12, 15, incident.ByPage, 52, 95
	third.severity, third.crew, third.closed = incident.SEV2, "tom ana piet", t.office(48, "11:20")
	third.summary = "Twelve days after the buffer was bounded. The depots waited as intended, gave up after 20 s and sent everything again."
	t.happens("lag 3", third)
	t.starts("back-pressure", t.office(50, "10:00"), "piet")
	t.sendsBack("back-pressure", t.office(38, "16:20"), "piet", "The load test shows that depots with old scanners never wait. Their team has to agree on a limit first.")

	// Users had noticed it twice before anything alerted; those reports made a problem of their own.
	stands := func(daysAgo int, clock string) trouble {
		return trouble{
			title: "Parcel positions stand still", services: "tracking-feed", severity: incident.SEV3, class: incident.Application,
			by: incident.ByUser, start: t.at(daysAgo, clock), ended: incident.NoAction, crew: "piet",
		}
	}
	one := stands(152, "10:12")
	one.detected, one.acked, one.told, one.toldBy, one.restored, one.hands = 48, 55, 55, incident.ByJoining, 85, 30
	t.happens("still 1", one)
	two := stands(141, "10:07")
	two.detected, two.acked, two.told, two.toldBy, two.restored, two.hands = 39, 46, 46, incident.ByJoining, 80, 25
	two.again = "still 1"
	t.happens("still 2", two)
	t.merges("still 1", "lag 1", t.office(93, "15:10"), "ana")

	fourth := lag(17, "10:09")
	fourth.detected, fourth.acked, fourth.told, fourth.toldBy, fourth.restored, fourth.hands = 11, 15, 22, incident.ByNotice, 34, 65
	fourth.crew = "ines piet"
	t.happens("lag 4", fourth)
	t.flaps("lag 4", t.at(17, "11:01"), t.at(17, "11:38"), "piet", incident.Restart)

	t.promises("stale check", t.at(54, "15:00"), "piet", promise{
		title: "Health check fails when the feed is older than ten minutes", kind: followup.HealthCheck, purpose: followup.Detect, team: "tracking", after: "lag 3",
	})
	t.starts("stale check", t.office(13, "10:30"), "piet")
	t.promises("lag alarm", t.at(53, "09:45"), "tom", promise{
		title: "Alarm when positions are old", kind: followup.Alert, purpose: followup.Detect, team: "tracking", after: "lag 3", onlyProposed: true,
	})
	t.duplicates("lag alarm", "stale check", t.office(46, "10:15"), "ana")

	// Probably the same again, from a depot that nobody has compared yet.
	islands := stands(6, "10:35")
	islands.title = "Parcel positions from the islands stand still"
	islands.detected, islands.acked, islands.restored, islands.hands, islands.ended = 52, 60, 94, 20, incident.UnknownEnding
	islands.told, islands.toldBy = 60, incident.ByJoining
	t.happens("islands", islands)
	t.learns("islands", t.at(6, "12:40"), "piet", note{
		rootcause.Symptom, "unknown", "medium",
		"Only scans of the two island depots were late. The feed itself was on time; the queue of the depots' router was full.",
	})
}
