package app

import (
	"context"
	"fmt"
	"time"

	"upshot/app/account"
	"upshot/app/intake"
)

// openSources lets two sources into the sandbox, with a few deliveries that change nothing of the example history: what was left out, what
// could not be read, and a version of a service that nobody knows.
func (a *App) openSources(ctx context.Context) error {
	who := account.AsCommand("upshot demo")
	in := a.words.intake
	alerts, _, err := in.Add(ctx, who, intake.Source{
		Kind: intake.Alertmanager, Name: "main", Mapping: intake.Mapping{Skip: []string{"alertname=Watchdog"}, PagesOnCall: true},
	}, "")
	if err != nil {
		return err
	}
	pipeline, _, err := in.Add(ctx, who, intake.Source{Kind: intake.GitLab, Name: "main"}, "")
	if err != nil {
		return err
	}
	now := a.now()
	moment := func(minutes int) string { return now.Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	for _, sent := range []struct {
		source  intake.Source
		minutes int
		body    string
	}{
		{alerts, 55, fmt.Sprintf(`{"version":"4","groupKey":"{}:{alertname=\"Watchdog\"}","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Watchdog","severity":"none"},"annotations":{"summary":"Alerting works"},"startsAt":%q,"endsAt":"0001-01-01T00:00:00Z","fingerprint":"e1749c6f"}]}`, moment(4000))},
		{alerts, 31, `{"version":"4","status":"firing","alerts":"see the log"}`},
		{pipeline, 12, fmt.Sprintf(`{"object_kind":"deployment","status":"success","status_changed_at":%q,"deployment_id":4711,"environment":"production","project":{"name":"berth-planner","path_with_namespace":"harbour-line/berth-planner"},"short_sha":"279484c0"}`, moment(12))},
	} {
		d := intake.NewDelivery(sent.source, in.Makers[sent.source.Kind], intake.Headers{"content-type": "application/json"}, []byte(sent.body), now.Add(-time.Duration(sent.minutes)*time.Minute))
		if _, err := in.Receive(ctx, d); err != nil {
			return err
		}
	}
	return in.Drain(ctx)
}
