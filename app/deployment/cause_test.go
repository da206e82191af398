package deployment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"upshot/app/incident"
)

func TestTheSuspectedCause(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ago := func(id ID, service string, d time.Duration, change ...func(*Deployment)) Deployment {
		x := Deployment{ID: id, Service: service, Production: true, Outcome: Succeeded, FinishedAt: noon.Add(-d)}
		for _, c := range change {
			c(&x)
		}
		return x
	}
	failed := func(d *Deployment) { d.Outcome = Failed }
	staging := func(d *Deployment) { d.Production = false }
	for name, c := range map[string]struct {
		class    incident.Class
		kind     incident.Kind
		outside  bool
		before   []Deployment
		verdicts map[ID]Verdict
		want     string
	}{
		"nothing was deployed":                {want: ""},
		"the last one before the impact":      {before: []Deployment{ago(1, "a", 3*time.Hour), ago(2, "a", time.Hour)}, want: "2"},
		"a day before, to the minute":         {before: []Deployment{ago(1, "a", 24*time.Hour)}, want: "1"},
		"three days before stays out of it":   {before: []Deployment{ago(1, "a", 72*time.Hour)}, want: ""},
		"after the impact":                    {before: []Deployment{ago(1, "a", -time.Minute)}, want: ""},
		"at the very moment":                  {before: []Deployment{ago(1, "a", 0)}, want: "1"},
		"one that failed never reached users": {before: []Deployment{ago(1, "a", time.Hour, failed), ago(2, "a", 2*time.Hour)}, want: "2"},
		"staging is not production":           {before: []Deployment{ago(1, "a", time.Hour, staging)}, want: ""},
		"another service":                     {before: []Deployment{ago(1, "c", time.Hour)}, want: ""},
		"one of each service":                 {before: []Deployment{ago(1, "a", time.Hour), ago(2, "b", 2*time.Hour), ago(3, "b", 3*time.Hour)}, want: "1 2"},
		"rejected, and none before it":        {before: []Deployment{ago(1, "a", time.Hour), ago(2, "a", 2*time.Hour)}, verdicts: map[ID]Verdict{1: Rejected}, want: ""},
		"confirmed is suspected no longer":    {before: []Deployment{ago(1, "a", time.Hour)}, verdicts: map[ID]Verdict{1: Confirmed}, want: ""},
		"infrastructure":                      {class: incident.Infrastructure, before: []Deployment{ago(1, "a", time.Hour)}, want: ""},
		"a cause outside":                     {outside: true, before: []Deployment{ago(1, "a", time.Hour)}, want: ""},
		"maintenance":                         {kind: incident.Maintenance, before: []Deployment{ago(1, "a", time.Hour)}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := incident.New("t", noon)
			i.Services = []string{"a", "b"}
			if c.class != "" {
				i.Class = c.class
			}
			if c.kind != "" {
				i.Kind = c.kind
			}
			var got []string
			for _, d := range Suspected(i, c.outside, c.before, c.verdicts) {
				got = append(got, fmt.Sprint(d.ID))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("suspected are %v, want %q", got, c.want)
			}
		})
	}
}

func TestWhichEnvironmentsAreProduction(t *testing.T) {
	said := map[string]bool{"blue": true, "prod-eu": false}
	for name, want := range map[string]bool{
		"production": true, "Production": true, "prod": true, "live": true, "prod/us-1": true, "production-eu": true, "blue": true,
		"prod-eu": false, "staging": false, "preproduction": false, "pre-prod": false, "non-production": false, "product": false, "": false, "test-live": false,
	} {
		if got := IsProduction(name, said); got != want {
			t.Errorf("%q is production: %t", name, got)
		}
	}
}
