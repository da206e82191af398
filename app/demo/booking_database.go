package demo

import (
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
)

// bookingDatabase slows down at night. Operations know why, and have other work: the change has waited 59 days.
func (t *teller) bookingDatabase() {
	slow := func(daysAgo int, clock string, minutes int) trouble {
		return trouble{
			title: "Bookings are slow while the backup runs", services: "booking-db booking-api", severity: incident.SEV3, class: incident.Infrastructure,
			by: incident.ByAlert, alert: "BookingLatency", start: t.at(daysAgo, clock), detected: 6, acked: 14, restored: minutes, hands: minutes / 2,
			ended: incident.Workaround, crew: "tom", impact: "Bookings from the night ferries take twelve seconds.",
		}
	}
	first := slow(93, "01:40", 44)
	first.told, first.toldBy, first.closed = 14, incident.ByJoining, t.office(86, "10:30")
	t.happens("backup 1", first)
	t.learns("backup 1", t.office(91, "10:10"), "tom", note{
		rootcause.Cause, "capacity", "high",
		"The nightly backup reads the whole database on the primary. On the nights of the billing run the disk has nothing left for bookings.",
	})
	second := slow(62, "01:52", 51)
	second.told, second.toldBy = 14, incident.ByJoining
	t.happens("backup 2", second)
	t.promises("backup replica", t.ago(59, time.Hour), "tom", promise{
		title: "Take the backup from the replica", kind: followup.Configuration, purpose: followup.Prevent, team: "operations", after: "backup 2",
		detail: "The replica needs a larger disk first; ordered together with the yearly renewal.",
	})
	third := slow(46, "01:47", 38)
	third.told, third.toldBy = 14, incident.ByJoining
	t.happens("backup 3", third)
	fourth := slow(33, "01:44", 47)
	fourth.told, fourth.toldBy = 14, incident.ByJoining
	fourth.summary = "The backup was stopped by hand and started again at four."
	t.happens("backup 4", fourth)
	t.promises("disk forecast", t.office(57, "11:30"), "ines", promise{
		title: "Forecast of disk and I/O for the shared database", kind: followup.Dashboard, purpose: followup.Detect, team: "operations", after: "backup 2",
	})
	t.starts("disk forecast", t.office(30, "09:10"), "ines")
	t.finishes("disk forecast", t.office(24, "16:00"), "ines", "dashboards.harbour-line.example/booking-db-forecast", "")

	for _, m := range []struct {
		days    int
		clock   string
		title   string
		minutes int
	}{
		{163, "02:00", "Yearly upgrade of the booking database", 95},
		{51, "03:00", "Index rebuild on the booking database", 40},
	} {
		t.happens(m.title, trouble{
			title: m.title, services: "booking-db", kind: incident.Maintenance, severity: incident.SEV4, class: incident.Infrastructure, by: incident.ByStaff,
			start: t.at(m.days, m.clock), acked: 5, restored: m.minutes, ended: incident.NoAction, crew: "ines", closed: t.at(m.days, "09:00"),
		})
	}
}
