package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/jirasync"
	"upshot/app/metrics"
	"upshot/app/ticket"
	"upshot/store"
	"upshot/store/storetest"
)

func addScope(t *testing.T, s *store.Store, sc jirasync.Scope) jirasync.Scope {
	t.Helper()
	sc, err := s.SaveScope(t.Context(), sc)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestWorkIsKeptByScopeAndCountsOnceForAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		viewer := account.Actor{Kind: account.Person, ID: 1, Name: "mira", Role: account.Viewer}
		payments, web := addTeam(t, s, "payments"), addTeam(t, s, "web")
		site, err := s.CreateJiraSite(ctx, jirasync.Site{Name: "Jira", URL: "https://jira.example.test", HookName: "h", CreatedAt: morning})
		must(t, err)
		day := func(n int) time.Time { return morning.AddDate(0, 0, n) }
		row := func(id string, done int, labels ...string) jirasync.WorkRow {
			return jirasync.WorkRow{IssueID: id, Key: "OPS-" + id, Type: "Task", Labels: labels, CreatedAt: day(-30), UpdatedAt: day(done), Work: ticket.Work{
				StartedAt: day(done - 2), DoneAt: day(done), Reopened: 1, Working: []ticket.Stretch{{From: day(done - 2), To: day(done)}},
				Sprints: []ticket.Stay{{Sprint: "7", Stretch: ticket.Stretch{From: day(done - 3)}}},
			}}
		}
		first := addScope(t, s, jirasync.Scope{Site: site.ID, Team: payments.ID, JQL: "project = OPS", Labels: []string{"incident"}})
		second := addScope(t, s, jirasync.Scope{Site: site.ID, Team: web.ID, JQL: "project = OPS", Labels: []string{"hotfix"}})
		if _, err := s.SaveScope(ctx, jirasync.Scope{Site: site.ID, Team: web.ID, JQL: "project = WEB"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second one of a team: %v", err)
		}
		open := row("4", 0)
		open.DoneAt, open.UpdatedAt = time.Time{}, day(-1)
		must(t, s.KeepWork(ctx, first.ID, []jirasync.WorkRow{row("1", -10), row("2", -5, "hotfix"), row("3", -1, "Incident"), open}))
		must(t, s.KeepWork(ctx, second.ID, []jirasync.WorkRow{row("2", -5, "hotfix")}))
		must(t, s.KeepWork(ctx, second.ID, []jirasync.WorkRow{row("2", -5, "hotfix")})) // again, as it is
		says := func(team string, from, to time.Time) string {
			t.Helper()
			all, err := s.WorkIssues(ctx, viewer, team, from, to)
			must(t, err)
			var said []string
			for _, i := range all {
				one := i.Key
				if i.FromIncident {
					one += "!"
				}
				said = append(said, one)
			}
			slices.Sort(said)
			return strings.Join(said, " ")
		}
		for _, c := range []struct {
			team     string
			from, to time.Time
			want     string
		}{
			{"payments", time.Time{}, time.Time{}, "OPS-1 OPS-2 OPS-3!"},
			{"web", time.Time{}, time.Time{}, "OPS-2!"},
			{"", time.Time{}, time.Time{}, "OPS-1 OPS-2! OPS-3!"},
			{"payments", day(-10), day(-1), "OPS-1 OPS-2"},
			{"payments", day(-5), time.Time{}, "OPS-2 OPS-3!"},
			{"payments", time.Time{}, day(-5), "OPS-1"},
		} {
			if got := says(c.team, c.from, c.to); got != c.want {
				t.Errorf("%q from %s to %s: got %s, want %s", c.team, c.from, c.to, got, c.want)
			}
		}
		all, err := s.WorkIssues(ctx, viewer, "payments", day(-1), time.Time{})
		must(t, err)
		if i := all[0]; len(all) != 1 || !i.StartedAt.Equal(day(-3)) || !i.DoneAt.Equal(day(-1)) || i.Reopened != 1 || len(i.Working) != 1 || !i.Working[0].To.Equal(day(-1)) || len(i.Sprints) != 1 {
			t.Errorf("got %+v", all)
		}
		if _, err := s.WorkIssues(ctx, viewer, "nobody", time.Time{}, time.Time{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such team: %v", err)
		}

		must(t, s.KeepSprints(ctx, site.ID, []ticket.Sprint{{ID: "7"}, {ID: "8", Name: "Sprint 8", State: ticket.FutureSprint}}, time.Time{}))
		ask := func() string {
			ids, err := s.SprintsToAsk(ctx, site.ID, morning.Add(-time.Hour), 10)
			must(t, err)
			return strings.Join(ids, " ")
		}
		if got := ask(); got != "7 8" {
			t.Errorf("to be asked for: %s", got)
		}
		must(t, s.KeepSprints(ctx, site.ID, []ticket.Sprint{{ID: "7", Name: "Sprint 7", State: ticket.ClosedSprint, StartedAt: day(-12)}}, morning))
		must(t, s.KeepSprints(ctx, site.ID, []ticket.Sprint{{ID: "7"}}, time.Time{})) // what it does not tell stays
		if got := ask(); got != "8" {
			t.Errorf("to be asked for after one was: %s", got)
		}
		w, err := s.TeamWork(ctx, viewer, "payments", day(-20))
		must(t, err)
		if w.Backlogs != 1 || !w.ReadAt.IsZero() || len(w.Issues) != 4 || len(w.Sprints) != 1 || w.Sprints[0].Name != "Sprint 7" || w.Sprints[0].ID != w.Issues[0].Sprints[0].Sprint {
			t.Errorf("got %+v", w)
		}
		if w, err = s.TeamWork(ctx, viewer, "payments", day(-3)); err != nil || len(w.Issues) != 2 || len(w.Sprints) != 0 { // one finished since, one open
			t.Errorf("got %+v, %v", w, err)
		}

		known, err := s.WorkKnown(ctx, first.ID, []string{"1", "9"})
		if err != nil || len(known) != 1 || !known["1"].Equal(day(-10)) {
			t.Errorf("known: %v, %v", known, err)
		}
		since, err := s.WorkSince(ctx, first.ID, day(-5))
		if err != nil || strings.Join(since, " ") != "2 3 4" {
			t.Errorf("changed since: %v, %v", since, err)
		}
		sizes, err := s.ScopeSizes(ctx, site.ID)
		if err != nil || sizes[first.ID] != (metrics.Share{Part: 3, Whole: 4}) {
			t.Errorf("sizes: %v, %v", sizes, err)
		}
		must(t, s.ForgetWork(ctx, first.ID, []string{"1"}))
		must(t, s.UpdateScope(ctx, first.ID, func(sc *jirasync.Scope) { sc.CursorAt, sc.ReadAt = morning, morning }))
		first.Types = []string{"Task"} // which marks all of them, without reading anything
		first = addScope(t, s, first)
		if got := says("payments", time.Time{}, time.Time{}); got != "OPS-2! OPS-3!" || !first.CursorAt.Equal(morning) {
			t.Errorf("got %s, cursor %s", got, first.CursorAt)
		}
		must(t, s.InTx(ctx, func(ctx context.Context) error {
			same, err := s.HoldScope(ctx, first)
			before, err2 := s.HoldScope(ctx, jirasync.Scope{ID: first.ID, Revision: first.Revision - 1})
			if !same || before || err2 != nil {
				t.Errorf("held %v, before %v, %v", same, before, err2)
			}
			return err
		}))
		must(t, s.ReadWorkAgain(ctx, site.ID))
		if got, err := s.Scopes(ctx); err != nil || len(got) != 2 || !got[0].CursorAt.IsZero() || says("payments", time.Time{}, time.Time{}) == "" {
			t.Errorf("read again: %+v, %v", got, err)
		}
		first.JQL = "project = PAY"
		addScope(t, s, first)
		if got := says("payments", time.Time{}, time.Time{}); got != "" {
			t.Errorf("another query keeps %s", got)
		}
		must(t, s.DeleteScope(ctx, second.ID))
		if err := s.DeleteScope(ctx, second.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("forgotten twice: %v", err)
		}
		wantIndexed(t, planOf(t, s, func(ctx context.Context) error {
			_, err := s.WorkIssues(ctx, viewer, "payments", day(-5), time.Time{})
			if err == nil {
				_, err = s.TeamWork(ctx, viewer, "payments", day(-5))
			}
			return err
		}))
	})
}
