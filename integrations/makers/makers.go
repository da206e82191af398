// Package makers lists the makers of events that are known.
package makers

import (
	"upshot/app/intake"
	"upshot/integrations/alertmanager"
	"upshot/integrations/cdevents"
	"upshot/integrations/generic"
	"upshot/integrations/github"
	"upshot/integrations/gitlab"
	"upshot/integrations/grafana"
	"upshot/integrations/incidentio"
	"upshot/integrations/opsgenie"
	"upshot/integrations/pagerduty"
	"upshot/integrations/sentry"
	"upshot/integrations/statuspage"
)

// All are the makers by their kind.
func All() map[intake.Kind]intake.Maker {
	all := map[intake.Kind]intake.Maker{}
	for _, m := range []intake.Maker{
		alertmanager.Maker, cdevents.Maker, generic.Maker, github.Maker, gitlab.Maker, grafana.Maker, incidentio.Maker, opsgenie.Maker,
		pagerduty.Maker, sentry.Maker, statuspage.Maker,
	} {
		all[m.Kind] = m
	}
	return all
}
