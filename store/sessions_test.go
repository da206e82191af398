package store_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"upshot/app/account"
	"upshot/store"
	"upshot/store/storetest"
)

var _ interface {
	scs.Store
	scs.CtxStore
} = (*store.Sessions)(nil)

func TestSessionsAreKeptUntilTheyExpire(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := morning
		sessions := s.Sessions(func() time.Time { return now })
		commit := func(data string, expiry time.Time) {
			t.Helper()
			if err := sessions.CommitCtx(t.Context(), "key", []byte(data), expiry); err != nil {
				t.Fatal(err)
			}
		}
		want := func(story, data string, found bool) {
			t.Helper()
			got, ok, err := sessions.FindCtx(t.Context(), "key")
			if err != nil || ok != found || string(got) != data {
				t.Errorf("%s: %q %v %v", story, got, ok, err)
			}
		}
		want("none", "", false)
		commit("one", now.Add(time.Hour))
		want("kept", "one", true)
		commit("two", now.Add(time.Hour))
		want("other data", "two", true)
		commit("two", now.Add(time.Hour+59*time.Second)) // not worth a write
		now = now.Add(time.Hour)
		want("expired", "", false)
		commit("two", now.Add(time.Hour))
		want("extended", "two", true)
		for range 2 {
			if err := sessions.DeleteCtx(t.Context(), "key"); err != nil {
				t.Fatal(err)
			}
		}
		want("ended", "", false)
	})
}

func TestABrowserStaysSignedIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		manager := scs.New()
		manager.Store = s.Sessions(time.Now)
		manager.HashTokenInStore = true
		manager.IdleTimeout, manager.Lifetime = account.SessionIdle, account.SessionLifetime
		mux := http.NewServeMux()
		mux.HandleFunc("/in", func(_ http.ResponseWriter, r *http.Request) {
			if err := manager.RenewToken(r.Context()); err != nil {
				t.Error(err)
			}
			manager.Put(r.Context(), "session", account.Session{User: 7, Stamp: "x"}.String())
		})
		mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
			if s, ok := account.ParseSession(manager.GetString(r.Context(), "session")); !ok || s.User != 7 {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		mux.HandleFunc("/out", func(_ http.ResponseWriter, r *http.Request) {
			if err := manager.Destroy(r.Context()); err != nil {
				t.Error(err)
			}
		})
		server := httptest.NewServer(manager.LoadAndSave(mux))
		defer server.Close()
		jar, _ := cookiejar.New(nil)
		browser := &http.Client{Jar: jar}
		for _, step := range []struct {
			path string
			want int
		}{{"/who", 401}, {"/in", 200}, {"/who", 200}, {"/who", 200}, {"/out", 200}, {"/who", 401}} {
			r, err := browser.Get(server.URL + step.path)
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Body.Close()
			if r.StatusCode != step.want {
				t.Errorf("%s: %d, want %d", step.path, r.StatusCode, step.want)
			}
		}
	})
}
