package demo

import (
	"time"

	"upshot/app/deployment"
)

// weeksOfReleases is how far back the delivery pipeline remembers its weekly releases.
const weeksOfReleases = 14

// releases is the weekly rhythm of nine services. A few did not start, a few were taken back.
func (t *teller) releases() {
	today := t.at(0, "12:00").In(t.zone)
	sinceMonday := (int(today.Weekday()) + 6) % 7
	for s, r := range []struct {
		service string
		weekday int // 0 is Monday
		clock   string
	}{
		{"booking-api", 1, "10:40"},
		{"rates-cache", 2, "14:05"},
		{"cabin-allocator", 3, "11:25"},
		{"fare-search", 1, "15:10"},
		{"card-gateway", 2, "10:15"},
		{"refund-worker", 0, "13:50"},
		{"ledger", 3, "09:35"},
		{"tracking-feed", 2, "15:45"},
		{"label-printer", 0, "10:55"},
	} {
		for week := range weeksOfReleases {
			finished := t.at(sinceMonday-r.weekday+7*week, r.clock)
			if finished.After(t.clock.end) {
				continue
			}
			outcome := deployment.Succeeded
			switch (5*s + 3*week) % 29 {
			case 6:
				outcome = deployment.Failed
			case 17:
				outcome = deployment.RolledBack
			}
			t.deploys("", r.service, finished, time.Duration(6+(s+week)%9)*time.Minute, outcome)
		}
	}
}
