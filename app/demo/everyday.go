package demo

import (
	"fmt"
	"strings"

	"upshot/app/incident"
	"upshot/app/rootcause"
)

// everyday is what happens besides: each of these once, understood, and closed within two weeks.
func (t *teller) everyday() {
	const (
		sev2, sev3, sev4 = incident.SEV2, incident.SEV3, incident.SEV4
		app, infra       = incident.Application, incident.Infrastructure
		alert, user      = incident.ByAlert, incident.ByUser
		morning          = 0 // developers read of it in the morning
	)
	for n, e := range []struct {
		days                     int
		clock, title, services   string
		severity                 incident.Severity
		class                    incident.Class
		by                       incident.Detector
		detected, told, restored int
		ended                    incident.Ending
		crew, causeClass, why    string
	}{
		{296, "09:20", "Receipts show the wrong VAT rate", "ledger", sev3, app, user, 190, 195, 402, incident.Code, "clara", "configuration", "The new rate was entered with the wrong first day."},
		{288, "22:41", "Site unreachable from mobile networks", "edge-proxy", sev2, infra, alert, 5, 12, 66, incident.Configuration, "tom ines", "configuration", "An address block was left out when the firewall rules were sorted."},
		{279, "14:03", "Depot scanners cannot sign in", "tracking-feed", sev3, app, user, 25, 40, 92, incident.Configuration, "piet", "dependency", "The provider's sign-in page changed its address without the old one leading on."},
		{268, "03:12", "Day closing of the ledger does not finish", "ledger", sev3, app, alert, 30, morning, 355, incident.Restart, "ines clara", "data", "One booking had two currencies. The closing waits for an answer that never comes."},
		{259, "17:30", "Vehicle lanes shown as full", "cabin-allocator", sev3, app, user, 65, 80, 121, incident.Workaround, "tom felix", "data", "A ship was exchanged for a smaller one; its plan came a day later."},
		{247, "11:48", "Search shows crossings of last year", "fare-search", sev4, app, user, 240, 246, 330, incident.Rollback, "mara", "deployment", "The release carried an old timetable file."},
		{238, "20:26", "Push messages arrive twice", "booking-api", sev4, app, user, 90, morning, 260, incident.Code, "tom mara", "code", "A retry after a lost answer had no key to recognise the first attempt."},
		{226, "05:15", "Certificate of an internal address unknown to depots", "label-printer", sev3, infra, user, 35, 42, 88, incident.Configuration, "piet ana", "configuration", "The depots' machines did not have the new root certificate."},
		{199, "12:09", "Payments by bank transfer not matched", "ledger", sev3, app, user, 330, 335, 610, incident.Code, "clara yusuf", "dependency", "The bank added a column in front of the reference."},
		{193, "08:44", "Site slow after the newsletter", "booking-api edge-proxy", sev3, infra, alert, 4, 20, 58, incident.Scaling, "tom mara", "capacity", "The newsletter went to everybody at once; it now goes out over two hours."},
		{175, "23:58", "Night jobs run twice after the clock change", "refund-worker", sev3, app, alert, 12, morning, 47, incident.Workaround, "ines yusuf", "code", "The schedule is written in local time and the hour happened twice."},
		{160, "13:35", "Seat reservations lost for groups", "booking-api", sev2, app, user, 110, 118, 205, incident.Code, "felix mara", "code", "Groups above 40 were stored in two parts, and the second part replaced the first."},
		{149, "06:20", "Depot north offline", "tracking-feed", sev4, infra, user, 18, 45, 173, incident.NoAction, "ana", "dependency", "Power cut in the industrial park."},
		{137, "15:50", "Mails to one provider are rejected", "booking-api", sev4, infra, user, 260, morning, 1430, incident.Configuration, "ines", "configuration", "The signing key had been renewed, the record in the name service had not."},
		{119, "10:05", "Parcel prices rounded the wrong way", "label-printer", sev4, app, user, 600, 606, 690, incident.Code, "piet", "code", "Half cents were always rounded up."},
		{108, "18:49", "Search gives up for return trips", "fare-search", sev3, app, alert, 7, 15, 52, incident.Rollback, "felix", "deployment", "A time limit for one way was applied to both ways together."},
		{89, "04:31", "Proxy runs out of connections", "edge-proxy", sev3, infra, alert, 3, 8, 29, incident.Scaling, "ines", "capacity", "A partner polls every second instead of every minute since Monday."},
		{69, "09:57", "Invoices of agencies not sent", "ledger", sev3, app, user, 380, 390, 521, incident.Configuration, "clara", "process", "The mailbox was full; nobody reads its warnings."},
		{43, "21:14", "Map of ships is empty", "tracking-feed", sev4, app, user, 40, morning, 95, incident.Restart, "tom ana", "dependency", "The position service limits requests since this month."},
		{36, "16:02", "Discount codes refused", "booking-api", sev3, app, user, 75, 80, 140, incident.Configuration, "mara", "data", "The codes for autumn were loaded with the dates of spring."},
		{20, "07:37", "Ledger shows yesterday's balance", "ledger", sev4, app, user, 95, 100, 132, incident.Restart, "yusuf", "dependency", "The replica had stopped following after a short break of the network."},
	} {
		name := fmt.Sprintf("everyday %d", n+1)
		x := trouble{
			title: e.title, services: e.services, severity: e.severity, class: e.class, by: e.by, start: t.at(e.days, e.clock),
			detected: e.detected, acked: e.detected + 5, told: e.told, morning: e.told == morning, restored: e.restored,
			hands: min(e.restored-e.detected, 150), ended: e.ended, crew: e.crew, closed: t.office(e.days-9, "14:20"),
		}
		if e.told != morning {
			x.toldBy = []incident.Channel{incident.ByTicket, incident.ByNotice, incident.ByPage, incident.ByAssignment}[n%4]
		}
		if e.severity == sev2 {
			x.decision = incident.Decision{Reason: "Reviewed together; the change that ended it also keeps it from coming back.", LookAgainOn: t.date(e.days - 180)}
		}
		t.happens(name, x)
		t.learns(name, t.office(e.days-4, "11:10"), lastOf(e.crew), note{rootcause.Cause, e.causeClass, "high", e.why})
	}
	// Two that look alike, and are not.
	t.apart("everyday 13", "everyday 3", t.office(146, "10:20"), "ana")

	t.happens("somewhere", trouble{
		title: "Customers report slow pages on their phones", by: incident.ByUser, start: t.at(3, "17:20"), detected: 80, acked: 96, crew: "ines",
		summary: "Four calls within an hour, then none. Nothing stands out on any dashboard, so nobody knows which service it was.",
	})
	t.step("somewhere", t.at(3, "20:10"), "ines", "restored", (*incident.Incident).Restore)
}

// lastOf is the last of the names of a crew: who writes down why.
func lastOf(crew string) string {
	names := strings.Fields(crew)
	return names[len(names)-1]
}
