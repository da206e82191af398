// Package demo tells the sandbox's example history: thirteen invented months of a ferry line that also carries
// parcels. Every step goes through the same services as a real one, so nothing in it could not have happened.
//
// One file tells one thread. A thread says what happens when, counted back from today; Tell then plays all
// threads together in the order of time. There is no chance in it: the same now gives the same history.
package demo

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the story has a place, also where the machine has no zones

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
)

// World is what the story is told through. The services' clock is the story's.
type World struct {
	Accounts    *account.Service
	Catalog     *catalog.Editing
	Links       *catalog.LinkChecks
	Incidents   *incident.Service
	Problems    *problem.Service
	Notes       *rootcause.Service
	Deployments *deployment.Service
	FollowUps   *followup.Service
	Triage      *triage.Service
	Store       Store
}

// Store makes the whole story one change, and knows which problem an incident has got.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
}

// home is where the ferry line is, and the zone in which the story names its hours.
const home = "Europe/Lisbon"

// Tell tells the story into an empty database: all of it or, with an error, nothing. It returns the visitor, an
// administrator without a password. Afterwards the clock stands at now, and nothing lies after that.
func Tell(ctx context.Context, w World, story *Clock) (account.User, error) {
	zone, err := time.LoadLocation(home)
	if err != nil {
		return account.User{}, fmt.Errorf("the story's zone: %w", err)
	}
	t := newTeller(w, story, zone)
	t.ratesCache()
	t.cardProcessor()
	t.trackingFeed()
	t.labels()
	t.cabins()
	t.bookingDatabase()
	t.refunds()
	t.fares()
	t.prices()
	t.edge()
	t.customs()
	t.everyday()
	t.servicedesk()
	t.releases()
	t.triaged()
	t.ownership()

	var visitor account.User
	ctx = audit.WithOrigin(ctx, "", "command")
	err = w.Store.InTx(ctx, func(ctx context.Context) error {
		if visitor, err = t.introduce(ctx); err != nil {
			return err
		}
		return t.play(ctx)
	})
	story.set(story.end)
	if err != nil {
		return account.User{}, fmt.Errorf("tell the example history: %w", err)
	}
	return visitor, nil
}
