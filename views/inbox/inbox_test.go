package inbox

import (
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/triage"
	"upshot/views/ui"
)

var (
	now      = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	payments = catalog.Team{ID: 1, Slug: "payments", Name: "Payments"}
	network  = catalog.Team{ID: 2, Slug: "network", Name: "Network"}
)

func TestTheHeadingSaysWhatWaits(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]Data{
		"2 incidents wait for Payments":                                {Of: "payments", Team: payments, Page: listing.Page[triage.Item]{Total: 2}},
		"1 incident waits and nobody builds the service":               {Of: Nobody, Page: listing.Page[triage.Item]{Total: 1}},
		"More than 10,000 incidents wait":                              {Of: Everyone, Page: listing.Page[triage.Item]{Total: 10_000, Estimated: true}},
		"Nothing waits for Payments":                                   {Of: "payments", Team: payments},
		"No incident waits for a team":                                 {Of: Everyone},
		"Every incident that waits has a team that builds its service": {Of: Nobody},
	} {
		if got := NewPage(d).Heading.Title; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheTimeToTriageSaysHowManyItIsOf(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]triage.Pace{
		"n/a, nothing was triaged in the last 30 days":         {},
		"2 h, median time to triage, last 30 days, few: n = 4": {N: 4, Median: 2 * time.Hour},
		"2 h, median time to triage, last 30 days, n = 5":      {N: 5, Median: 2 * time.Hour},
	} {
		if value, note := pace(p); value+", "+note != want {
			t.Errorf("%s, %s; want %s", value, note, want)
		}
	}
}

func TestARowSaysWhoHasTheIncident(t *testing.T) {
	t.Parallel()
	i := incident.New("Slow", now.Add(-50*time.Hour))
	i.ID, i.CreatedAt, i.Services, i.DetectedBy = 42, now.Add(-50*time.Hour), []string{"checkout"}, incident.ByUser
	handed := triage.Triage{HandOffs: []triage.HandOff{{From: payments.ID, To: network.ID, Reason: "a cable", At: now.Add(-3 * time.Hour)}}}
	row := func(x triage.Triage, of catalog.Team) Row {
		d := Data{
			Of: of.Slug, Team: of, Mine: payments.ID, Teams: []catalog.Team{network, payments}, Clock: ui.Clock{Now: now},
			Services: []catalog.Service{{Slug: "checkout", Builder: payments.ID}}, Page: listing.Page[triage.Item]{Items: []triage.Item{{Incident: i, Triage: x}}, Total: 1},
		}
		return NewPage(d).Rows[0]
	}
	alone := row(triage.Triage{}, payments)
	if alone.Noticed != "noticed by users" || !alone.Untold || alone.WaitsNote != "since reported" || alone.Nobody != "No accountable team for 50 h" || alone.Accept.Submit != "Accept" {
		t.Errorf("%+v", alone)
	}
	passed := row(handed, network)
	if passed.Passed != "Payments handed it to Network 3 h ago" || passed.Reason != "a cable" || passed.Nobody != "No accountable team for 50 h, passed 1×" ||
		passed.Until != "Until a team accepts, Payments answers for it: it builds the service." || passed.Accept.Submit != "Accept for Network" || passed.Accept.Hidden["team"] != "network" {
		t.Errorf("%+v", passed)
	}
	if all := row(handed, catalog.Team{}); len(all.Accept.Questions) != 2 || all.Accept.Questions[0].Value != "payments" {
		t.Errorf("every team's: %+v", all.Accept)
	}
}
