package store_test

import (
	"context"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/store"
	"upshot/store/storetest"
)

var morning = time.Date(2026, 3, 2, 8, 30, 0, 123456000, time.UTC)

func inTx(t *testing.T, s *store.Store, f func(ctx context.Context) error) {
	t.Helper()
	if err := s.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestAUserComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		u := account.User{
			Name: "ada", DisplayName: "Ada Lovelace", Email: "ada@example.org", Role: account.Admin, PasswordHash: "h", Zone: "Europe/London",
			CreatedAt: morning, LastSeenAt: morning.Add(time.Hour), DisabledAt: morning.Add(2 * time.Hour),
		}
		inTx(t, s, func(ctx context.Context) (err error) {
			u.ID, err = s.CreateUser(ctx, u)
			return err
		})
		if got, err := s.User(ctx, u.ID); err != nil || got != u {
			t.Errorf("got %+v, %v", got, err)
		}
		if got, err := s.UserByName(ctx, "ada"); err != nil || got != u {
			t.Errorf("by name: %+v, %v", got, err)
		}
		emptied := account.User{ID: u.ID, Name: "ada", Role: account.Viewer, Zone: "UTC", CreatedAt: morning}
		if err := s.UpdateUser(ctx, u.ID, func(u *account.User) error { *u = emptied; return nil }); err != nil {
			t.Fatal(err)
		}
		if got, err := s.User(ctx, u.ID); err != nil || got != emptied {
			t.Errorf("emptied: %+v, %v", got, err)
		}
		if _, err := s.User(ctx, 999); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
		err := s.InTx(ctx, func(ctx context.Context) error {
			_, err := s.CreateUser(ctx, account.User{Name: "ada", Role: account.Viewer, CreatedAt: morning})
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("the same name: %v", err)
		}
	})
}

func TestATokenAndALinkComeBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		token := account.Token{
			Name: "CI", Role: account.Editor, Prefix: "ups_abcd", Hash: "t", CreatedBy: "Ada", CreatedAt: morning,
			LastUsedAt: morning.Add(1 * time.Hour), ExpiresAt: morning.Add(2 * time.Hour), RevokedAt: morning.Add(3 * time.Hour),
		}
		nobodys := account.Token{Name: "script", Role: account.Admin, Prefix: "ups_efgh", Hash: "n", CreatedBy: "token add", CreatedAt: morning}
		link := account.Invitation{Hash: "i", CreatedBy: "Ada", CreatedAt: morning, ExpiresAt: morning.Add(time.Hour), UsedAt: morning.Add(time.Minute)}
		setup := account.Invitation{Hash: "s", CreatedBy: "serve", CreatedAt: morning, ExpiresAt: morning.Add(time.Hour)}
		inTx(t, s, func(ctx context.Context) error {
			owner, err := s.CreateUser(ctx, account.User{Name: "ada", Role: account.Admin, CreatedAt: morning})
			if err != nil {
				return err
			}
			token.Owner, link.User = owner, owner
			for _, tk := range []*account.Token{&token, &nobodys} {
				if tk.ID, err = s.CreateToken(ctx, *tk); err != nil {
					return err
				}
			}
			for _, i := range []*account.Invitation{&link, &setup} {
				if i.ID, err = s.CreateInvitation(ctx, *i); err != nil {
					return err
				}
			}
			return nil
		})
		for _, want := range []account.Token{token, nobodys} {
			if got, err := s.TokenByHash(ctx, want.Hash); err != nil || got != want {
				t.Errorf("token: %+v, %v", got, err)
			}
		}
		for _, want := range []account.Invitation{link, setup} {
			if got, err := s.InvitationByHash(ctx, want.Hash); err != nil || got != want {
				t.Errorf("link: %+v, %v", got, err)
			}
		}
		if all, err := s.Tokens(ctx, 0); err != nil || len(all) != 2 || all[0] != nobodys {
			t.Errorf("all, newest first: %+v, %v", all, err)
		}
		if own, err := s.Tokens(ctx, token.Owner); err != nil || len(own) != 1 || own[0] != token {
			t.Errorf("one owner's: %+v, %v", own, err)
		}
	})
}

func TestAccountChangesAreInTheRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		service := account.NewService(s, func() time.Time { return morning })
		ctx := audit.WithOrigin(t.Context(), "r-1", "page")
		ada, err := service.AddUser(ctx, account.AsCommand("user add"), account.User{Name: "ada", Role: account.Admin}, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := service.ChangeProfile(ctx, ada.Actor(), ada.ID, account.Profile{DisplayName: "Ada", Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := service.AddToken(ctx, ada.Actor(), account.Token{Name: "CI", Role: account.Viewer}); err != nil {
			t.Fatal(err)
		}
		events, err := s.EventsOf(ctx, audit.User, int64(ada.ID), 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("%+v, %v", events, err)
		}
		changed, added := events[0], events[1]
		if added.Action != "added" || added.Actor.Kind != account.Command || added.RequestID != "r-1" || added.Origin != "page" || !added.At.Equal(morning) {
			t.Errorf("added: %+v", added)
		}
		if changed.Actor.ID != int64(ada.ID) || string(changed.Before) != `{"display_name":"ada"}` || string(changed.After) != `{"display_name":"Ada"}` {
			t.Errorf("changed: %s %s by %+v", changed.Before, changed.After, changed.Actor)
		}
		if tokens, err := s.EventsOf(ctx, audit.Token, 1, 10); err != nil || len(tokens) != 1 || tokens[0].Actor.Name != "ada" {
			t.Errorf("token: %+v, %v", tokens, err)
		}
	})
}

func TestSignInsAreInTheRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		service := account.NewService(s, func() time.Time { return morning })
		const password = "correct horse battery staple"
		ada, err := service.AddUser(t.Context(), account.AsCommand("user add"), account.User{Name: "ada", Role: account.Admin}, password)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, password string }{{"ada", "wrong"}, {"mysecret.typed.there", "x"}, {"ada", password}} {
			_, _ = service.SignIn(t.Context(), c.name, c.password, "192.0.2.1:4000")
		}
		events, err := s.EventsOf(t.Context(), audit.User, int64(ada.ID), 10)
		if err != nil || len(events) != 3 {
			t.Fatalf("%+v, %v", events, err)
		}
		if e := events[0]; e.Action != "signed in" || e.Actor.ID != int64(ada.ID) {
			t.Errorf("got %+v", e)
		}
		if e := events[1]; e.Action != "sign-in failed" || e.Actor.ID != 0 || e.Actor.Name != "somebody at 192.0.2.1" {
			t.Errorf("got %+v", e)
		}
		if nobodys, err := s.EventsOf(t.Context(), audit.User, 0, 10); err != nil || len(nobodys) != 0 {
			t.Errorf("names that nobody has: %+v, %v", nobodys, err)
		}
	})
}
