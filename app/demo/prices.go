package demo

import (
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// prices get lost between cache and booking. It is going on right now, and nobody has told the developers; whether
// it is the same failure as before waits for a person to say so.
func (t *teller) prices() {
	lost := trouble{
		title: "Bookings without a price after a fare refresh", services: "booking-api rates-cache", severity: incident.SEV2, class: incident.Application,
		by: incident.ByStaff, start: t.at(22, "09:10"), detected: 55, acked: 58, told: 70, toldBy: incident.ByNotice, restored: 88, hands: 75,
		ended: incident.Configuration, crew: "ines mara", impact: "Fourteen bookings had to be called back.",
	}
	t.happens("price 1", lost)
	t.learns("price 1", t.at(22, "11:30"), "mara", note{
		rootcause.Hypothesis, "data", "medium",
		"While the cache exchanges its fare table, it answers “no fare” for a moment, and the booking takes that for a price of nothing.",
	})
	t.promises("price guard", t.ago(19, 3*time.Hour), "mara", promise{
		title: "Refuse a booking that has no price", kind: followup.Code, purpose: followup.Prevent, team: "booking", after: "price 1",
	})
	lost.title, lost.again = "Bookings without a price, agencies only", "price 1"
	lost.start, lost.detected, lost.acked, lost.told, lost.restored, lost.hands = t.at(10, "10:12"), 31, 33, 48, 56, 40
	lost.crew, lost.impact = "tom felix", "Three agency bookings were sold for nothing."
	t.happens("price 2", lost)
	t.learnsOfAll("price cause", "price 1", t.office(7, "14:40"), "felix", note{
		rootcause.Cause, "code", "high",
		"Confirmed: “no fare” and “free of charge” are the same value on the way from the cache to the booking.",
	})

	t.happens("now", trouble{
		title: "Night ferry bookings go through without a price", services: "booking-api", severity: incident.SEV1, class: incident.UnknownClass,
		by: incident.ByUser, start: t.ago(0, 5*time.Hour+10*time.Minute), detected: 24, acked: 31, crew: "tom",
		impact:  "Every booking of tonight's ferry is confirmed at 0.00. About forty so far.",
		summary: "Customer care saw it first. Sales of the night ferry are stopped by hand; the other crossings look right.",
		url:     "https://chat.harbour-line.example/rooms/night-ferry-prices",
	})
	t.learns("now", t.ago(0, 4*time.Hour+20*time.Minute), "tom", note{
		rootcause.Symptom, "unknown", "medium",
		"Confirmed bookings show `price: 0` and a fare code of yesterday. Restarting the rates cache changed nothing.",
	})
}
