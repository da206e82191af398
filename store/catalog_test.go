package store_test

import (
	"context"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/listing"
	"upshot/store"
	"upshot/store/storetest"
)

var (
	ada      = account.Actor{Kind: account.Person, ID: 1, Name: "Ada", Role: account.Admin}
	stranger = account.Actor{}
)

func addTeam(t *testing.T, s *store.Store, slug string) catalog.Team {
	t.Helper()
	team, err := s.CreateTeam(t.Context(), catalog.Team{Slug: slug, Name: slug, Kind: catalog.Development, Zone: "UTC", CreatedAt: morning})
	if err != nil {
		t.Fatal(err)
	}
	return team
}

func addService(t *testing.T, s *store.Store, slug string, builder, onCall catalog.TeamID) catalog.Service {
	t.Helper()
	service, err := s.CreateService(t.Context(), catalog.Service{Slug: slug, Name: slug, Builder: builder, OnCall: onCall, CreatedAt: morning})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func TestATeamComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		hours := catalog.Hours{Windows: []catalog.Window{{Day: time.Monday, From: 540, To: 720}}, Holidays: []string{"2026-12-25"}}
		saved, err := s.CreateTeam(t.Context(), catalog.Team{
			Slug: "payments", Name: "Payments", Kind: catalog.Development, Zone: "Europe/Lisbon", Hours: hours,
			Mails: []string{"pay@example.org"}, CreatedAt: morning,
		})
		if err != nil || saved.ID == 0 || saved.Version != 1 {
			t.Fatalf("%+v, %v", saved, err)
		}
		before, after, err := s.UpdateTeam(t.Context(), "payments", func(team *catalog.Team) error {
			team.Name, team.Mails, team.ArchivedAt = "Pay", nil, morning
			return nil
		})
		if err != nil || before.Name != "Payments" || len(before.Mails) != 1 || after.Version != 2 {
			t.Errorf("before %+v, after %+v, %v", before, after, err)
		}
		got, err := s.Team(t.Context(), ada, "payments")
		if err != nil || got.Name != "Pay" || len(got.Mails) != 0 || !got.ArchivedAt.Equal(morning) || len(got.Hours.Windows) != 1 || got.Hours.Holidays[0] != "2026-12-25" {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := s.CreateTeam(t.Context(), catalog.Team{Slug: "payments", Name: "Other", Kind: catalog.Operations, CreatedAt: morning}); !fault.Is(err, fault.Invalid) {
			t.Errorf("the same address: %v", err)
		}
		if _, err := s.Team(t.Context(), ada, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := s.Teams(t.Context(), stranger); !fault.Is(err, fault.Denied) {
			t.Errorf("a stranger: %v", err)
		}
	})
}

func TestArchivedTeamsComeLast(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, slug := range []string{"checkout", "billing", "apps"} {
			addTeam(t, s, slug)
		}
		if _, _, err := s.UpdateTeam(t.Context(), "apps", func(team *catalog.Team) error { team.ArchivedAt = morning; return nil }); err != nil {
			t.Fatal(err)
		}
		teams, err := s.Teams(t.Context(), ada)
		if err != nil || len(teams) != 3 || teams[0].Slug != "billing" || teams[1].Slug != "checkout" || teams[2].Slug != "apps" {
			t.Errorf("%+v, %v", teams, err)
		}
	})
}

func TestServicesAreListedByNamePageByPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team, ops := addTeam(t, s, "payments"), addTeam(t, s, "ops")
		for _, slug := range []string{"card-gateway", "api", "search", "ledger", "old"} {
			addService(t, s, slug, team.ID, ops.ID)
		}
		addService(t, s, "orphan", 0, 0)
		if _, _, err := s.UpdateService(t.Context(), "old", func(v *catalog.Service) error { v.RetiredAt = morning; v.Builder = 0; return nil }); err != nil {
			t.Fatal(err)
		}
		first, err := s.Services(t.Context(), ada, catalog.Filter{}, listing.Request{Limit: 3})
		if err != nil || len(first.Items) != 3 || first.Items[0].Slug != "api" || first.Total != 5 || first.Next == "" || first.Prev != "" {
			t.Fatalf("%+v, %v", first, err)
		}
		second, err := s.Services(t.Context(), ada, catalog.Filter{}, listing.Request{Limit: 3, Cursor: first.Next})
		if err != nil || len(second.Items) != 2 || second.Items[1].Slug != "search" || second.Next != "" || second.Prev == "" {
			t.Fatalf("%+v, %v", second, err)
		}
		back, err := s.Services(t.Context(), ada, catalog.Filter{}, listing.Request{Limit: 3, Cursor: second.Prev})
		if err != nil || len(back.Items) != 3 || back.Items[0].Slug != "api" || back.Prev != "" {
			t.Errorf("back: %+v, %v", back, err)
		}
		for name, c := range map[string]struct {
			filter catalog.Filter
			want   int
		}{
			"a team's":     {catalog.Filter{Team: "payments"}, 4},
			"who answers":  {catalog.Filter{Team: "ops", Retired: true}, 5},
			"by a word":    {catalog.Filter{Query: "GATE"}, 1},
			"a wild card":  {catalog.Filter{Query: "%"}, 0},
			"retired ones": {catalog.Filter{Retired: true}, 6},
		} {
			if got, err := s.Services(t.Context(), ada, c.filter, listing.Request{}); err != nil || len(got.Items) != c.want || got.Total != c.want {
				t.Errorf("%s: %d of %d, want %d, %v", name, len(got.Items), got.Total, c.want, err)
			}
		}
		if _, err := s.Services(t.Context(), ada, catalog.Filter{Team: "nobody"}, listing.Request{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such team: %v", err)
		}
		if names, err := s.ServiceNames(t.Context(), ada); err != nil || len(names) != 5 || names[1].Builder != team.ID {
			t.Errorf("names: %+v, %v", names, err)
		}
		if _, err := s.CreateService(t.Context(), catalog.Service{Slug: "x", Name: "x", Builder: 999, CreatedAt: morning}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such builder: %v", err)
		}
	})
}

func TestAServiceComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		saved := addService(t, s, "api", team.ID, 0)
		before, after, err := s.UpdateService(t.Context(), "api", func(v *catalog.Service) error {
			v.Slug, v.Summary, v.OnCall, v.Builder = "edge", "All requests", team.ID, 0
			return nil
		})
		if err != nil || before.Slug != "api" || after.Version != 2 {
			t.Fatalf("%+v, %v", after, err)
		}
		got, err := s.Service(t.Context(), ada, "edge")
		if err != nil || got != after || got.ID != saved.ID || got.Builder != 0 || got.OnCall != team.ID {
			t.Errorf("got %+v, %v", got, err)
		}
		// a change that its rules refuse leaves everything as it was
		_, _, err = s.UpdateService(t.Context(), "edge", func(v *catalog.Service) error { v.Name = "gone"; return context.Canceled })
		if got, _ := s.Service(t.Context(), ada, "edge"); err == nil || got != after {
			t.Errorf("refused: %+v, %v", got, err)
		}
	})
}
