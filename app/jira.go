package app

import (
	"crypto/rand"
	"time"

	"upshot/app/jirasync"
	"upshot/app/secret"
	"upshot/integrations/jira"
)

// newJira puts the sync together: the sites, a client for each over one set of limits, and the two-way job.
func (a *App) newJira() error {
	key, err := secret.NewKey(a.config.SecretKey)
	if err != nil {
		return err
	}
	c := a.config
	p := c.pace
	if p == (pace{}) {
		p = usualPace
	}
	turns := a.store.JiraTurns(time.Now, p.lease) // what Jira asks for is in the world's time
	connections := &jirasync.Connections{
		Store: a.store, Log: a.store, Key: key, Now: a.now,
		Environment: jirasync.Environment{URL: c.JiraURL, User: c.JiraUser, Token: c.JiraToken, Project: c.JiraProject, HookSecret: c.JiraWebhookSecret},
		Dial: func(site jirasync.Site, token string) (jirasync.Jira, error) {
			s := jira.Settings{
				Site: site.ID, URL: site.URL, User: site.User, Token: token, Flavour: site.Flavour, Fields: site.Fields, Version: version(), Timeout: p.timeout,
			}
			if site.ID != 0 { // one that is only being tried out has no limits of its own yet
				s.Turns = turns
			}
			return jira.New(s)
		},
	}
	a.words.jira = &jirasync.Sync{
		Store: a.store, FollowUps: a.words.followUps, Log: a.store, Connect: connections, Markup: jira.Markup{}, Logger: a.log, Now: a.now,
		BaseURL: c.BaseURL, Holder: rand.Text(), Settle: c.JiraSettle, Lease: p.lease, Told: a.words.incidents.Learn,
	}
	a.words.intake.Key = key
	return nil
}
