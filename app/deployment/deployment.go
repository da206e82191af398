// Package deployment knows versions that went to an environment, and which incidents they caused.
package deployment

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"upshot/app/fault"
	"upshot/app/incident"
)

// ID identifies a deployment.
type ID int64

// Outcome is how a deployment ended.
type Outcome string

// The outcomes.
const (
	Succeeded  Outcome = "succeeded"
	Failed     Outcome = "failed"
	RolledBack Outcome = "rolled_back"
)

// Outcomes lists them for forms.
var Outcomes = []Outcome{Succeeded, Failed, RolledBack}

// Production is the usual name of the environment that counts; others are kept and shown.
const Production = "production"

// IsProduction tells whether an environment is production: as somebody said, else by its name, when one of its words is production, prod or
// live and none says that it only comes before.
func IsProduction(environment string, said map[string]bool) bool {
	if is, known := said[environment]; known {
		return is
	}
	words := strings.FieldsFunc(strings.ToLower(environment), func(r rune) bool { return !unicode.IsLetter(r) })
	is := false
	for _, word := range words {
		switch word {
		case "production", "prod", "live":
			is = true
		case "pre", "non", "test", "staging", "dev":
			return false
		}
	}
	return is
}

// Deployment is one version going to one environment.
type Deployment struct {
	ID          ID
	Service     string // slug
	Environment string
	Production  bool // kept: see IsProduction
	Version     string
	StartedAt   time.Time // may be zero
	FinishedAt  time.Time
	Outcome     Outcome
	URL         string
	Source      string
	ExternalID  string
	Caused      []incident.ID // confirmed by a person
	CreatedAt   time.Time
	RowVersion  int64
}

// Check says what is wrong with the deployment.
func (d Deployment) Check(now time.Time) error {
	var c fault.Check
	c.That(d.Service != "", "service", "Which service was deployed?")
	c.That(strings.TrimSpace(d.Environment) != "" && len(d.Environment) <= 100, "environment", "Name the environment, such as production.")
	c.That(strings.TrimSpace(d.Version) != "" && len(d.Version) <= 200, "version", "Name the version.")
	c.That(!d.FinishedAt.IsZero(), "finished_at", "When did it finish?")
	c.That(d.FinishedAt.Before(now.Add(5*time.Minute)), "finished_at", "This is in the future.")
	c.That(d.StartedAt.IsZero() || !d.FinishedAt.Before(d.StartedAt), "started_at", "It started after it finished.")
	c.That(slices.Contains(Outcomes, d.Outcome), "outcome", "Choose succeeded, failed or rolled_back.")
	u, err := url.Parse(d.URL)
	c.That(d.URL == "" || (err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""), "url", "Write a full address that begins with https:// or http://.")
	return c.Err()
}

// Ships tells whether this deployment brings a linked change to users: the first such one starts the quiet period.
func (d Deployment) Ships() bool { return d.Production && d.Outcome == Succeeded }

// Place is an environment and whether it counts as production.
type Place struct {
	Environment string
	Production  bool
	Deployments int // how many went there
}

// Filter narrows the list of deployments.
type Filter struct {
	Service     string
	Environment string
	Outcome     Outcome
	From, To    time.Time // finished in [From, To)
}
