package demo

import (
	"context"
	"fmt"
	"time"

	"upshot/app/audit"
	"upshot/app/incident"
)

// servicedesk is what came in from elsewhere, closed already: the old tickets of the months before Upshot, and what
// the service desk still closes on its own side. Nobody there writes down a cause, so these are closed without one.
func (t *teller) servicedesk() {
	const (
		sev2, sev3, sev4 = incident.SEV2, incident.SEV3, incident.SEV4
		alert, user      = incident.ByAlert, incident.ByUser
	)
	for n, e := range []struct {
		days               int
		clock, title       string
		services           string
		severity           incident.Severity
		by                 incident.Detector
		detected, restored int
		ended              incident.Ending
	}{
		{394, "08:15", "Site down after the power test", "edge-proxy", sev2, alert, 2, 74, incident.Restart},
		{389, "13:40", "Payment page blank in one browser", "card-gateway", sev3, user, 120, 400, incident.Code},
		{381, "21:05", "Cabins cannot be changed", "cabin-allocator", sev3, user, 45, 160, incident.Restart},
		{376, "10:10", "Parcel positions late", "tracking-feed", sev3, user, 50, 115, incident.UnknownEnding},
		{370, "02:35", "Booking database full", "booking-db", sev2, alert, 8, 131, incident.Scaling},
		{365, "15:25", "Wrong times on printed tickets", "booking-api", sev3, user, 300, 520, incident.Code},
		{358, "07:50", "Labels do not print at depot south", "label-printer", sev4, user, 15, 90, incident.Restart},
		{352, "18:30", "Fare search out of memory", "fare-search", sev2, alert, 6, 48, incident.Restart},
		{347, "11:45", "Card payments refused for one bank", "card-gateway", sev3, user, 85, 260, incident.NoAction},
		{341, "10:20", "Parcel positions stop at noon", "tracking-feed", sev3, user, 70, 205, incident.Restart},
		{336, "23:10", "Refunds paid twice", "refund-worker", sev2, user, 640, 780, incident.Rollback},
		{331, "06:05", "Agencies see each other's groups", "booking-api", sev2, user, 190, 240, incident.Rollback},
		{325, "12:55", "Proxy refuses large uploads", "edge-proxy", sev4, user, 400, 470, incident.Configuration},
		{319, "16:15", "Customs forms in the wrong language", "customs-forms", sev4, user, 1000, 1900, incident.UnknownEnding},
		{313, "04:20", "Ledger closes the day too early", "ledger", sev3, alert, 20, 340, incident.Workaround},
		{308, "19:35", "Fare search times out on Sundays", "fare-search", sev3, alert, 9, 77, incident.Restart},
		{27, "09:25", "Labels smeared after the change of rolls", "label-printer", sev4, user, 30, 75, incident.NoAction},
		{18, "14:45", "Parcel page shows an error for old numbers", "tracking-feed", sev3, user, 110, 195, incident.UnknownEnding},
		{9, "08:05", "Depot west prints nothing until nine", "label-printer", sev2, user, 12, 58, incident.Restart},
		{7, "11:30", "Declaration missing for parcels to Ceuta", "customs-forms", sev3, user, 200, 350, incident.UnknownEnding},
	} {
		start := t.at(e.days, e.clock)
		i := incident.New(e.title, start)
		i.Services, i.Severity, i.Status, i.DetectedBy, i.EndedBy = []string{e.services}, e.severity, incident.Closed, e.by, e.ended
		i.Source, i.ExternalID = "service desk", fmt.Sprintf("SD-%d", 4107+n*37)
		i.Moments.DetectedAt = start.Add(time.Duration(e.detected) * time.Minute)
		i.Moments.RestoredAt = start.Add(time.Duration(e.restored) * time.Minute)
		i.Moments.ResolvedAt = i.Moments.RestoredAt
		i.Moments.ClosedAt = i.Moments.RestoredAt.Add(26 * time.Hour)
		// The months before came in at the beginning; since then a ticket comes some days after it was closed.
		imported := t.at(min(prologue-2, e.days-4), "07:00")
		t.then(imported, "import "+i.ExternalID, func(ctx context.Context) error {
			_, err := t.Incidents.Report(audit.WithOrigin(ctx, "", "import"), desk, i)
			return err
		})
	}
}
