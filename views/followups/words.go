package followups

import (
	"upshot/app/followup"
	"upshot/views/ui"
)

var kinds = map[followup.Kind]struct{ name, help string }{
	followup.AutomatedTest: {"automated test", "A test that would have caught it."},
	followup.Metric:        {"metric", "A number that shows it coming."},
	followup.Dashboard:     {"dashboard", "A picture the team looks at."},
	followup.HealthCheck:   {"health check", "A check that stops a bad deployment."},
	followup.Alert:         {"alert", "Somebody is told before users are."},
	followup.Runbook:       {"runbook", "What to do when it happens again."},
	followup.Process:       {"process", "How the team works together."},
	followup.Code:          {"code change", "The defect itself goes."},
	followup.Configuration: {"configuration", "A setting that was not right."},
	followup.Design:        {"design", "It is built another way."},
}

// KindWords is a kind of follow-up in the middle of a sentence.
func KindWords(k followup.Kind) string {
	if k, ok := kinds[k]; ok {
		return k.name
	}
	return string(k)
}

// KindHelp says in a sentence what such a change does.
func KindHelp(k followup.Kind) string { return kinds[k].help }

// KindOptions offers every kind, with the first answer for none in particular.
func KindOptions(any string) []ui.Option {
	options := []ui.Option{{Label: any}}
	for _, k := range followup.Kinds {
		options = append(options, ui.Option{Value: string(k), Label: KindWords(k)})
	}
	return options
}

// StateWords is a state of a follow-up in the middle of a sentence.
func StateWords(s followup.State) string { return string(ui.FollowUpState(string(s))) }
