package app

import (
	"context"

	"upshot/app/intake"
	"upshot/integrations/alertmanager"
	"upshot/integrations/github"
	"upshot/integrations/gitlab"
	"upshot/integrations/grafana"
	"upshot/integrations/incidentio"
	"upshot/integrations/opsgenie"
	"upshot/integrations/pagerduty"
	"upshot/integrations/sentry"
	"upshot/integrations/statuspage"
)

// makers are the kinds of sources that are known.
func makers() map[intake.Kind]intake.Maker {
	all := map[intake.Kind]intake.Maker{}
	for _, m := range []intake.Maker{
		alertmanager.Maker, grafana.Maker, pagerduty.Maker, opsgenie.Maker, statuspage.Maker, sentry.Maker, incidentio.Maker, github.Maker, gitlab.Maker,
	} {
		all[m.Kind] = m
	}
	return all
}

// newIntake connects what takes deliveries in with what else is there.
func (a *App) newIntake() {
	in := a.words.intake
	in.Kick = func() {
		select {
		case a.kicked <- struct{}{}:
		default: // it is woken already
		}
	}
	in.Hint = func(ctx context.Context, t intake.Ticket) (bool, error) {
		return a.words.jira.HintAt(ctx, t.Key, t.URL)
	}
}
