// Package synctest gives tests the sync with Jira over a real store, connected to a pretend Jira over real HTTP.
package synctest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/secret"
	"upshot/integrations/jira"
	"upshot/integrations/jira/jiratest"
	"upshot/store"
)

// Boss is who connects.
var Boss = account.Actor{Kind: account.Person, ID: 1, Name: "boss", Role: account.Admin}

// New gives a sync without a site.
func New(s *store.Store, followUps *followup.Service, now func() time.Time) *jirasync.Sync {
	turns := s.JiraTurns(time.Now, time.Minute)
	return &jirasync.Sync{
		Store: s, FollowUps: followUps, Log: s, Markup: jira.Markup{}, Logger: slog.New(slog.DiscardHandler), Now: now,
		BaseURL: "https://upshot.example.test", Holder: "test", Settle: jirasync.DefaultSettle, Lease: time.Minute,
		Connect: &jirasync.Connections{
			Store: s, Log: s, Key: secret.NewRandomKey(), Now: now,
			Dial: func(site jirasync.Site, token string) (jirasync.Jira, error) {
				settings := jira.Settings{Site: site.ID, URL: site.URL, User: site.User, Token: token, Flavour: site.Flavour, Fields: site.Fields}
				if site.ID != 0 {
					settings.Turns = turns
				}
				return jira.New(settings)
			},
		},
	}
}

// Options of a pretend Jira that is connected. Through, when given, puts something between: it gets the double's address and gives
// the one that is connected.
type Options struct {
	jiratest.Options
	Through func(double string) string
}

// Connect connects a pretend Jira of that flavour, and maps every follow-up to its project OPS.
func Connect(t testing.TB, sync *jirasync.Sync, o Options) (*jiratest.Server, jirasync.Site) {
	t.Helper()
	if o.Now == nil {
		o.Now = sync.Now
	}
	double := jiratest.New(o.Options)
	given := jirasync.Given{URL: double.Start(t), Token: jiratest.DefaultToken}
	if o.Through != nil {
		given.URL = o.Through(given.URL)
	}
	if o.Flavour != jiratest.DataCenter {
		given.User = jiratest.DefaultUser
	}
	site, err := sync.Connect.Connect(context.Background(), Boss, given)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sync.Connect.Map(context.Background(), Boss, jirasync.Project{Site: site.ID, Key: "OPS"}); err != nil {
		t.Fatal(err)
	}
	return double, site
}
