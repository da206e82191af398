package demo

import (
	"context"
	"fmt"

	"upshot/app/account"
	"upshot/app/catalog"
)

// Who brings things in without being a person.
var (
	alerts      = account.Actor{Kind: account.Source, Name: "Alertmanager", Role: account.Editor}
	pipeline    = account.Actor{Kind: account.Source, Name: "delivery pipeline", Role: account.Editor}
	desk        = account.Actor{Kind: account.Source, Name: "service desk export", Role: account.Editor}
	quietPeriod = account.AsJob("verify quiet changes")
)

// prologue is how many days before now the cast comes together, earlier than anything else is written down.
const prologue = 304

var teams = []catalog.Team{
	{Slug: "booking", Name: "Booking", Kind: catalog.Development, Zone: home, Mails: []string{"booking@harbour-line.example"}},
	{Slug: "payments", Name: "Payments", Kind: catalog.Development, Zone: home, Mails: []string{"payments@harbour-line.example"}},
	{Slug: "tracking", Name: "Tracking", Kind: catalog.Development, Zone: home, Mails: []string{"tracking@harbour-line.example"}},
	{Slug: "operations", Name: "Operations", Kind: catalog.Operations, Zone: home, Mails: []string{"operations@harbour-line.example", "on-call@harbour-line.example"}},
}

// services names who builds each of them and who answers at 2 a.m.; nobody remembers either of customs-forms.
var services = []struct{ name, summary, builder, onCall string }{
	{"booking-api", "Takes bookings from the site, the app and the agencies.", "booking", "booking"},
	{"rates-cache", "Keeps today's fares in memory, so that a search need not compute them.", "booking", "operations"},
	{"cabin-allocator", "Gives each booking its cabin or its lane on the car deck.", "booking", "operations"},
	{"fare-search", "Finds crossings and fares for a date.", "booking", "booking"},
	{"card-gateway", "Authorises and captures card payments at the processors.", "payments", "operations"},
	{"refund-worker", "Pays cancelled crossings back, every few minutes.", "payments", "payments"},
	{"ledger", "Books every payment and closes the day at midnight.", "payments", "payments"},
	{"tracking-feed", "Collects where parcels are from ships, depots and vans.", "tracking", "operations"},
	{"label-printer", "Prints parcel labels at the depots.", "tracking", "tracking"},
	{"customs-forms", "Fills in the customs forms for parcels that leave the union.", "", ""},
	{"booking-db", "The database that bookings and cabins share.", "operations", "operations"},
	{"edge-proxy", "Receives everything from outside and ends TLS.", "operations", "operations"},
}

var people = []struct{ name, display, team string }{
	{"ines", "Inês Duarte", "operations"},
	{"tom", "Tom Keller", "operations"},
	{"mara", "Mara Lind", "booking"},
	{"felix", "Felix Oduya", "booking"},
	{"yusuf", "Yusuf Demir", "payments"},
	{"clara", "Clara Novák", "payments"},
	{"ana", "Ana Kovač", "tracking"},
	{"piet", "Piet de Boer", "tracking"},
}

// introduce adds the teams, the services, the people and the visitor.
func (t *teller) introduce(ctx context.Context) (account.User, error) {
	t.clock.set(t.at(prologue, "09:30"))
	setUp := account.AsCommand("upshot demo")
	visitor, err := t.Accounts.AddUser(ctx, setUp, account.User{Name: "demo", DisplayName: "Demo visitor", Role: account.Admin, Zone: home}, "")
	if err != nil {
		return account.User{}, fmt.Errorf("the visitor: %w", err)
	}
	for _, team := range teams {
		team, err := t.Catalog.AddTeam(ctx, setUp, team)
		if err != nil {
			return account.User{}, fmt.Errorf("team %s: %w", team.Name, err)
		}
		t.teams[team.Slug] = team
	}
	for _, s := range services {
		_, err := t.Catalog.AddService(ctx, setUp, catalog.Service{
			Slug: s.name, Name: s.name, Summary: s.summary, Builder: t.teams[s.builder].ID, OnCall: t.teams[s.onCall].ID,
		})
		if err != nil {
			return account.User{}, fmt.Errorf("service %s: %w", s.name, err)
		}
	}
	// Whose inbox the visitor sees first.
	profile := account.Profile{DisplayName: visitor.DisplayName, Zone: home, Team: int64(t.teams["booking"].ID)}
	if err := t.Accounts.ChangeProfile(ctx, setUp, visitor.ID, profile); err != nil {
		return account.User{}, fmt.Errorf("the visitor's team: %w", err)
	}
	visitor.Team = profile.Team
	for _, p := range people {
		u, err := t.Accounts.AddUser(ctx, setUp, account.User{
			Name: p.name, DisplayName: p.display, Email: p.name + "@harbour-line.example", Role: account.Editor, Zone: home, Team: int64(t.teams[p.team].ID),
		}, "")
		if err != nil {
			return account.User{}, fmt.Errorf("%s: %w", p.display, err)
		}
		t.people[p.name] = person{Actor: u.Actor(), side: t.teams[p.team].Kind}
	}
	return visitor, nil
}
