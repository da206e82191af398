package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/listing"
	"upshot/store"
	"upshot/store/storetest"
)

// cataloguing is the catalog over a store, with a time of its own.
type cataloguing struct {
	*catalog.Editing
	links *catalog.LinkChecks
	now   time.Time
}

func newCataloguing(s *store.Store) *cataloguing {
	c := &cataloguing{now: morning}
	c.Editing = &catalog.Editing{Store: s, Log: s, Now: func() time.Time { return c.now }}
	c.links = &catalog.LinkChecks{Store: s, Editing: c.Editing}
	return c
}

func (c *cataloguing) pass(d time.Duration) { c.now = c.now.Add(d) }

func (c *cataloguing) document(t *testing.T, slug string, kind catalog.DocumentKind, owner catalog.TeamID) catalog.Document {
	t.Helper()
	d, err := c.AddDocument(t.Context(), ada, slug, catalog.Document{Kind: kind, Title: "How " + slug + " is", URL: "https://wiki.example/" + slug, Owner: owner}, owner)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kept says the history of a service's coverage, such as "0h covered, 2h runbook link dead".
func kept(t *testing.T, s *store.Store, slug string) string {
	t.Helper()
	facts, err := s.Coverage(t.Context(), ada, "", slug)
	if err != nil || len(facts) != 1 {
		t.Fatalf("%+v, %v", facts, err)
	}
	said := ""
	for _, c := range facts[0].History {
		what := fmt.Sprint(c.Missing)
		if c.Covered {
			what = "covered"
		}
		if c.Retired {
			what = "retired"
		}
		said += fmt.Sprintf("%.0fh %s\n", c.At.Sub(morning).Hours(), what)
	}
	return said
}

func TestADocumentComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		us, them := addTeam(t, s, "us"), addTeam(t, s, "them")
		service := addService(t, s, "checkout", us.ID, us.ID)
		addService(t, s, "search", us.ID, us.ID)
		c := newCataloguing(s)
		book, board := c.document(t, "checkout", catalog.Runbook, us.ID), c.document(t, "checkout", catalog.Dashboard, us.ID)
		if book.Version != 1 || !book.ConfirmedAt.Equal(morning) || book.ConfirmedBy != us.ID {
			t.Errorf("added: %+v", book)
		}
		c.pass(time.Hour)
		edited, err := c.EditDocument(t.Context(), ada, "checkout", book.ID, 1, them.ID, func(d *catalog.Document) error { d.Title, d.Owner = "Runbook", them.ID; return nil })
		if err != nil || edited.Version != 2 || !edited.ConfirmedAt.Equal(morning) {
			t.Errorf("another title confirms nothing: %+v, %v", edited, err)
		}
		moved, err := c.EditDocument(t.Context(), ada, "checkout", book.ID, 0, them.ID, func(d *catalog.Document) error { d.URL = "https://wiki.example/2"; return nil })
		if err != nil || !moved.ConfirmedAt.Equal(c.now) || moved.ConfirmedBy != them.ID {
			t.Errorf("another address is confirmed by whoever names it: %+v, %v", moved, err)
		}
		all, err := s.Documents(t.Context(), ada, service.ID)
		if err != nil || len(all) != 2 || all[0] != board || all[1] != moved {
			t.Errorf("%+v, %v", all, err)
		}
		for name, tc := range map[string]struct {
			err  error
			kind fault.Kind
		}{
			"an old version":    {second(c.ConfirmDocument(t.Context(), ada, "checkout", book.ID, 1, 0)), fault.Conflict},
			"another service's": {second(c.ConfirmDocument(t.Context(), ada, "search", book.ID, 0, 0)), fault.NotFound},
			"no such service":   {second(c.AddDocument(t.Context(), ada, "nowhere", moved, 0)), fault.NotFound},
			"no such owner":     {second(c.AddDocument(t.Context(), ada, "checkout", catalog.Document{Kind: catalog.Runbook, Title: "x", URL: "https://x.example", Owner: 99}, 0)), fault.Invalid},
			"a viewer":          {c.RemoveDocument(t.Context(), account.Actor{Kind: account.Person, Role: account.Viewer}, "checkout", book.ID, 0), fault.Denied},
			"removed, old":      {c.RemoveDocument(t.Context(), ada, "checkout", book.ID, 1), fault.Conflict},
			"a stranger reads":  {second(s.Documents(t.Context(), stranger, service.ID)), fault.Denied},
			"a stranger counts": {second(s.Coverage(t.Context(), stranger, "", "")), fault.Denied},
			"no such team":      {second(s.Coverage(t.Context(), ada, "nobody", "")), fault.Invalid},
		} {
			if !fault.Is(tc.err, tc.kind) {
				t.Errorf("%s: %v", name, tc.err)
			}
		}
		if err := c.RemoveDocument(t.Context(), ada, "checkout", book.ID, moved.Version); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Documents(t.Context(), ada, service.ID); err != nil || len(all) != 1 {
			t.Errorf("after it was removed: %+v, %v", all, err)
		}
		events, err := s.Events(t.Context(), ada, audit.Filter{Subject: audit.Service, SubjectID: int64(service.ID)}, listing.Request{})
		said := []string{}
		for _, e := range events.Items {
			said = append(said, e.Action)
		}
		slices.Sort(said)
		if want := []string{"dashboard added", "runbook added", "runbook edited", "runbook edited", "runbook removed"}; err != nil || !slices.Equal(said, want) {
			t.Errorf("recorded is %q, %v", said, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestCoverageIsKeptWheneverItChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		us, them := addTeam(t, s, "us"), addTeam(t, s, "them")
		c := newCataloguing(s)
		service, err := c.AddService(t.Context(), ada, catalog.Service{Name: "checkout", Builder: us.ID})
		if err != nil {
			t.Fatal(err)
		}
		edit := func(change func(*catalog.Service)) {
			t.Helper()
			if _, err := c.EditService(t.Context(), ada, "checkout", 0, func(v *catalog.Service) error { change(v); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		c.pass(time.Hour)
		c.document(t, "checkout", catalog.Dashboard, us.ID)
		c.pass(time.Hour)
		book := c.document(t, "checkout", catalog.Runbook, us.ID)
		c.pass(time.Hour)
		edit(func(v *catalog.Service) { v.Summary = "says nothing about coverage" })
		edit(func(v *catalog.Service) { v.Builder = them.ID })
		c.pass(time.Hour)
		edit(func(v *catalog.Service) { v.Builder = us.ID })
		for _, trouble := range []string{"It answers 404 not found.", "It answers 404 not found.", ""} {
			c.pass(time.Hour)
			if err := c.links.Found(t.Context(), book, trouble); err != nil {
				t.Fatal(err)
			}
		}
		c.pass(time.Hour)
		edit(func(v *catalog.Service) { v.RetiredAt = c.now })
		c.pass(time.Hour)
		edit(func(v *catalog.Service) { v.RetiredAt = time.Time{} })
		c.now = morning.Add(time.Hour + catalog.ConfirmedFor)
		for range 2 { // the second finds nothing to do
			if _, err := c.KeepCoverage(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := `0h [no dashboard no runbook]
1h [no runbook]
2h covered
3h [dashboard not ours runbook not ours]
4h covered
6h [runbook link dead]
7h covered
8h retired
9h covered
4321h [dashboard not confirmed for 180 d]
`
		if got := kept(t, s, "checkout"); got != want {
			t.Errorf("kept is\n%s, want\n%s", got, want)
		}
		events, err := s.Events(t.Context(), ada, audit.Filter{Subject: audit.Service, SubjectID: int64(service.ID)}, listing.Request{})
		var said []string
		for _, e := range events.Items {
			said = append(said, e.Action+" "+string(e.After))
		}
		for _, want := range []string{
			`edited {"retired_at":"` + morning.Add(8*time.Hour).UTC().Format(time.RFC3339Nano) + `"}`,
			`runbook link found dead {"link_dead":true}`, `runbook link alive again {"link_dead":false}`,
		} {
			if err != nil || !slices.Contains(said, want) {
				t.Errorf("%s is not recorded: %q, %v", want, said, err)
			}
		}
	})
}

// Whatever is done to services and their documents, what is kept is what the plain definition says.
func TestWhatIsKeptIsThePlainDefinition(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		chance := rand.New(rand.NewPCG(5, 27))
		teams := []catalog.TeamID{0, addTeam(t, s, "us").ID, addTeam(t, s, "them").ID}
		c := newCataloguing(s)
		slugs := []string{"checkout", "search", "ledger"}
		for _, slug := range slugs {
			addService(t, s, slug, teams[1], teams[1]) // as an import does, past the catalog
		}
		for step := range 150 {
			c.pass(time.Duration(chance.IntN(20*24)) * time.Hour)
			slug := slugs[chance.IntN(len(slugs))]
			service, err := s.Service(t.Context(), ada, slug)
			if err != nil {
				t.Fatal(err)
			}
			documents, err := s.Documents(t.Context(), ada, service.ID)
			if err != nil {
				t.Fatal(err)
			}
			var d catalog.Document
			if len(documents) > 0 {
				d = documents[chance.IntN(len(documents))]
			}
			switch what := chance.IntN(10); {
			case what == 0:
				_, err = c.EditService(t.Context(), ada, slug, 0, func(v *catalog.Service) error { v.Builder = teams[chance.IntN(3)]; return nil })
			case what == 1:
				_, err = c.EditService(t.Context(), ada, slug, 0, func(v *catalog.Service) error {
					if v.RetiredAt = c.now; chance.IntN(3) > 0 {
						v.RetiredAt = time.Time{}
					}
					return nil
				})
			case what < 4 || d.ID == 0:
				c.document(t, slug, catalog.DocumentKinds[chance.IntN(2)], teams[1+chance.IntN(2)])
			case what < 6:
				err = c.links.Found(t.Context(), d, []string{"", "It answers 500."}[chance.IntN(2)])
			case what < 7:
				_, err = c.ConfirmDocument(t.Context(), ada, slug, d.ID, 0, 0)
			case what < 9:
				_, err = c.EditDocument(t.Context(), ada, slug, d.ID, 0, 0, func(d *catalog.Document) error { d.Owner = teams[1+chance.IntN(2)]; return nil })
			default:
				err = c.RemoveDocument(t.Context(), ada, slug, d.ID, 0)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.KeepCoverage(t.Context()); err != nil {
				t.Fatal(err)
			}
			facts, err := s.Coverage(t.Context(), ada, "", "")
			if err != nil || len(facts) != len(slugs) {
				t.Fatalf("%d facts, %v", len(facts), err)
			}
			for _, f := range facts {
				documents, err := s.Documents(t.Context(), ada, f.Service.ID)
				if err != nil {
					t.Fatal(err)
				}
				got, ok := catalog.CoverageAt(f.History, c.now)
				if want := catalog.CoverageOf(f.Service, documents, c.now); !ok || !got.Same(want) {
					t.Fatalf("step %d, %s: kept is %+v, the definition says %+v", step, f.Service.Slug, got, want)
				}
				for n := 1; n < len(f.History); n++ {
					if f.History[n].Same(f.History[n-1]) {
						t.Fatalf("step %d, %s: nothing changed at %s", step, f.Service.Slug, f.History[n].At)
					}
				}
			}
		}
	})
}

func TestLinksAreLookedAtOnceADayByOneOfTheReplicas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		us := addTeam(t, s, "us")
		c := newCataloguing(s)
		addService(t, s, "checkout", us.ID, us.ID)
		addService(t, s, "old", us.ID, us.ID)
		for range 9 {
			c.document(t, "checkout", catalog.Runbook, us.ID)
		}
		c.document(t, "old", catalog.Runbook, us.ID)
		if _, err := c.EditService(t.Context(), ada, "old", 0, func(v *catalog.Service) error { v.RetiredAt = c.now; return nil }); err != nil {
			t.Fatal(err)
		}
		var looks, atOnce, most atomic.Int64
		look := func(context.Context, string) string {
			most.Store(max(most.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			time.Sleep(20 * time.Millisecond)
			looks.Add(1)
			return ""
		}
		run := func() {
			t.Helper()
			var replicas sync.WaitGroup
			for range 2 {
				replicas.Go(func() {
					if err := (&catalog.LinkChecks{Store: s, Editing: c.Editing, Look: look}).Run(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			replicas.Wait()
		}
		for _, tc := range []struct {
			after time.Duration
			want  int64
		}{{0, 9}, {23 * time.Hour, 9}, {time.Hour, 18}} {
			c.pass(tc.after)
			if run(); looks.Load() != tc.want {
				t.Errorf("after %s there were %d looks, want %d", c.now.Sub(morning), looks.Load(), tc.want)
			}
		}
		if most.Load() > 8 {
			t.Errorf("%d looks at once by two replicas", most.Load())
		}
		// An address that was changed while one looked.
		d := c.document(t, "checkout", catalog.Dashboard, us.ID)
		if _, err := c.EditDocument(t.Context(), ada, "checkout", d.ID, 0, 0, func(d *catalog.Document) error { d.URL = "https://new.example"; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := c.links.Found(t.Context(), d, "It answers 404."); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Documents(t.Context(), ada, d.Service); err != nil || all[0].Link.Trouble != "" || !all[0].Link.CheckedAt.IsZero() {
			t.Errorf("%+v, %v", all[0], err)
		}
	})
}

func TestCoverageOfATeamAndOfAService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		us, them := addTeam(t, s, "us"), addTeam(t, s, "them")
		c := newCataloguing(s)
		addService(t, s, "b", us.ID, them.ID)
		addService(t, s, "a", us.ID, us.ID)
		addService(t, s, "c", them.ID, us.ID)
		c.document(t, "a", catalog.Dashboard, us.ID)
		for name, tc := range map[string]struct{ team, service, want string }{
			"all":                          {"", "", "abc"},
			"a team, of what it builds":    {"us", "", "ab"},
			"a service":                    {"", "c", "c"},
			"a service of another team":    {"us", "c", ""},
			"a service of the team itself": {"them", "c", "c"},
		} {
			var asked atomic.Int64
			facts, err := s.Coverage(store.CountStatements(t.Context(), &asked), ada, tc.team, tc.service)
			got := ""
			for _, f := range facts {
				got += f.Service.Slug
			}
			if err != nil || got != tc.want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
			}
			if asked.Load() > 4 {
				t.Errorf("%s: %d questions", name, asked.Load())
			}
		}
	})
}

func TestAdoptionStepsAndTheirMarks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		us, them := addTeam(t, s, "us"), addTeam(t, s, "them")
		c := newCataloguing(s)
		for _, slug := range []string{"a", "b"} {
			addService(t, s, slug, us.ID, us.ID)
		}
		service := addService(t, s, "c", them.ID, us.ID)
		plan := func(slug string, steps ...catalog.Adoption) ([]catalog.Adoption, error) {
			return c.PlanAdoption(t.Context(), ada, slug, steps)
		}
		day := morning.Format(time.DateOnly)
		for _, slug := range []string{"a", "b", "c"} {
			if _, err := plan(slug, catalog.Adoption{Step: catalog.ReadAccess, PlannedOn: "2020-01-02", DoneOn: day}); err != nil {
				t.Fatal(err)
			}
		}
		after, err := plan("c", catalog.Adoption{Step: catalog.SeeProduction, DoneOn: "2020-01-01"}, catalog.Adoption{Step: catalog.IncidentsChange, PlannedOn: "2099-01-01"})
		if err != nil || len(after) != 6 || after[0].Version != 1 || after[1].Version != 1 || after[2].Version != 0 || after[5].PlannedOn != "2099-01-01" {
			t.Errorf("%+v, %v", after, err)
		}
		if _, err := plan("c", catalog.Adoption{Step: catalog.ReadAccess, PlannedOn: "2020-01-03", DoneOn: day, Version: 1}); err != nil {
			t.Error(err)
		}
		if _, err := plan("c", catalog.Adoption{Step: catalog.ReadAccess, Version: 1}); !fault.Is(err, fault.Conflict) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := plan("nowhere", catalog.Adoption{Step: catalog.ReadAccess}); !fault.Is(err, fault.NotFound) {
			t.Errorf("no such service: %v", err)
		}
		steps, err := s.Adoption(t.Context(), ada, service.ID)
		if err != nil || steps[1] != (catalog.Adoption{Step: catalog.ReadAccess, PlannedOn: "2020-01-03", DoneOn: day, Version: 2}) || steps[3] != (catalog.Adoption{Step: catalog.JointResponse}) {
			t.Errorf("%+v, %v", steps, err)
		}
		first, second := catalog.AdoptionMark{Step: catalog.SeeProduction, On: "2020-01-01", Services: 1}, catalog.AdoptionMark{Step: catalog.ReadAccess, On: day}
		with := func(n int) catalog.AdoptionMark { second.Services = n; return second }
		for name, tc := range map[string]struct {
			team, service string
			want          []catalog.AdoptionMark
		}{
			"all":       {"", "", []catalog.AdoptionMark{first, with(3)}},
			"a team":    {"us", "", []catalog.AdoptionMark{with(2)}},
			"a service": {"", "c", []catalog.AdoptionMark{first, with(1)}},
		} {
			marks, err := s.AdoptionMarks(t.Context(), ada, tc.team, tc.service)
			if err != nil || !slices.Equal(marks, tc.want) {
				t.Errorf("%s: %+v, %v; want %+v", name, marks, err, tc.want)
			}
		}
		events, err := s.Events(t.Context(), ada, audit.Filter{Subject: audit.Service, SubjectID: int64(service.ID)}, listing.Request{})
		if err != nil || len(events.Items) != 4 || events.Items[0].Action != "adoption planned" || string(events.Items[0].After) != `{"planned_2":"2020-01-03"}` {
			t.Errorf("%+v, %v", events.Items, err)
		}
	})
}
