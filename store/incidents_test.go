package store_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/store"
	"upshot/store/storetest"
)

// saved saves an incident as it is, without the rules of reporting.
func saved(t *testing.T, s *store.Store, i incident.Incident) incident.Incident {
	t.Helper()
	if i.CreatedAt.IsZero() {
		i.CreatedAt = morning
	}
	inTx(t, s, func(ctx context.Context) (err error) {
		i, err = s.CreateIncident(ctx, i)
		return err
	})
	return i
}

// reported saves an incident with that title that started so many days after that morning.
func reported(t *testing.T, s *store.Store, title string, day int, services ...string) incident.Incident {
	t.Helper()
	i := incident.New(title, morning.AddDate(0, 0, day))
	i.Services = services
	return saved(t, s, i)
}

func TestAnIncidentComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addService(t, s, "checkout", 0, 0)
		addService(t, s, "billing", 0, 0)
		at := func(minutes int) time.Time { return morning.Add(time.Duration(minutes) * time.Minute) }
		i := incident.Incident{
			Title: "Überweisung schlägt fehl", Summary: "s", Impact: "nobody can pay", Services: []string{"billing", "checkout"},
			Severity: incident.SEV1, Kind: incident.Real, Class: incident.Application, Status: incident.Closed,
			Source: "alerts", ExternalID: "e1", GroupKey: "k", DetectedBy: incident.ByAlert, URL: "https://example.org",
			Moments: incident.Moments{
				StartedAt: at(0), DetectedAt: at(1), DeclaredAt: at(2), DeveloperNotifiedAt: at(3), AcknowledgedAt: at(4),
				MitigatedAt: at(50), RestoredAt: at(60), ResolvedAt: at(70), ClosedAt: at(80), ReopenedAt: at(40),
			},
			NotifiedBy: incident.ByPage, EndedBy: incident.Restart, HandsOn: 90 * time.Minute,
			Participants: []incident.Participant{{Name: "Ada", Side: "development"}, {Name: "Bob", Side: "operations"}},
			Segments:     []incident.Segment{{StartedAt: at(0), EndedAt: at(20)}},
			Standing:     incident.Standing{Occurrence: 1, Leads: true, Significant: true},
			CreatedAt:    at(5),
		}
		kept := saved(t, s, i)
		i.ID, i.Version, i.UpdatedAt = kept.ID, 1, i.CreatedAt
		if got, err := s.Incident(t.Context(), ada, i.ID); err != nil || !reflect.DeepEqual(got, i) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, i)
		}
		emptied := incident.New("Payment fails", at(0))
		emptied.CreatedAt = at(5)
		before, after, err := s.UpdateIncident(t.Context(), i.ID, func(i *incident.Incident) error { *i = emptied; return nil })
		if err != nil || !reflect.DeepEqual(before, i) || after.Version != 2 {
			t.Fatalf("before %+v, after %+v, %v", before, after, err)
		}
		emptied.ID, emptied.Version, emptied.UpdatedAt, emptied.Standing = i.ID, 2, after.UpdatedAt, i.Standing
		if got, err := s.Incident(t.Context(), ada, i.ID); err != nil || !reflect.DeepEqual(got, emptied) {
			t.Errorf("emptied: %+v, %v\nwant %+v", got, err, emptied)
		}
		if _, same, err := s.UpdateIncident(t.Context(), i.ID, func(*incident.Incident) error { return nil }); err != nil || same.Version != 2 {
			t.Errorf("without a change: version %d, %v", same.Version, err)
		}
		if _, err := s.Incident(t.Context(), stranger, i.ID); !fault.Is(err, fault.Denied) {
			t.Errorf("a stranger: %v", err)
		}
		if _, err := s.Incident(t.Context(), ada, 999); !fault.Is(err, fault.NotFound) {
			t.Errorf("none: %v", err)
		}
	})
}

func TestAnUnknownServiceIsNamed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := incident.New("Checkout fails", morning)
		i.Services, i.CreatedAt = []string{"nowhere"}, morning
		err := s.InTx(t.Context(), func(ctx context.Context) error { _, err := s.CreateIncident(ctx, i); return err })
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Name != "services" || f.Fields[0].Message != `There is no service "nowhere".` {
			t.Errorf("got %v", err)
		}
		p := problem.Problem{Title: "p", State: problem.Open, Service: "nowhere", CreatedAt: morning}
		err = s.InTx(t.Context(), func(ctx context.Context) error { _, err := s.CreateProblem(ctx, p); return err })
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Name != "service" {
			t.Errorf("the problem: %v", err)
		}
	})
}

func TestAnIncidentOfASourceIsSavedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := incident.New("Checkout fails", morning)
		i.Source, i.ExternalID = "alerts", "1"
		saved(t, s, i)
		i.CreatedAt = morning
		err := s.InTx(t.Context(), func(ctx context.Context) error { _, err := s.CreateIncident(ctx, i); return err })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v", err)
		}
		i.ExternalID = ""
		saved(t, s, i)
		saved(t, s, i)
	})
}

func numbersOf(incidents []incident.Incident) []incident.ID {
	ids := []incident.ID{}
	for _, i := range incidents {
		ids = append(ids, i.ID)
	}
	return ids
}

func TestPagesNeitherRepeatNorLoseWhileOthersWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		addService(t, s, "billing", team.ID, 0)
		for n := range 7 { // all at the same moment
			reported(t, s, fmt.Sprintf("Failure %d", n), 0, "billing", "checkout")
		}
		for name, f := range map[string]incident.Filter{"all": {}, "service": {Service: "checkout"}, "team": {Team: "payments"}, "impact": {Sort: "-impact"}} {
			page := func(cursor string) listing.Page[incident.Incident] {
				p, err := s.Incidents(t.Context(), ada, f, listing.Request{Limit: 3, Cursor: cursor})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				return p
			}
			first := page("")
			top := first.Items[0].ID
			late := incident.New("Late", morning)
			late.Services = []string{"billing", "checkout"}
			saved(t, s, late) // sorts before the first
			second := page(first.Next)
			want := []incident.ID{top - 3, top - 4, top - 5}
			if got := numbersOf(second.Items); !slices.Equal(got, want) || second.Prev == "" {
				t.Errorf("%s: the second page is %v, want %v", name, got, want)
			}
			if back := page(second.Prev); !slices.Equal(numbersOf(back.Items), numbersOf(first.Items)) || back.Next != first.Next || back.Prev == "" {
				t.Errorf("%s: back is %v, want %v, with what came meanwhile before it", name, numbersOf(back.Items), numbersOf(first.Items))
			}
			if p := page(""); first.Prev != "" || p.Total != int(top)+1 || p.Estimated {
				t.Errorf("%s: total %d, prev %q", name, p.Total, first.Prev)
			}
		}
		for _, r := range []listing.Request{{Cursor: "no"}, {Cursor: cursorOf(`{"s":"impact","k":"1","i":1}`)}, {Cursor: cursorOf(`{"s":"-started_at","k":"x","i":1}`)}} {
			if _, err := s.Incidents(t.Context(), ada, incident.Filter{}, r); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Name != "cursor" {
				t.Errorf("cursor %q: %v", r.Cursor, err)
			}
		}
		if _, err := s.Incidents(t.Context(), ada, incident.Filter{Sort: "title"}, listing.Request{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("an unknown sort: %v", err)
		}
	})
}

func TestIncidentsAreFilteredAndSearched(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		payments, shop := addTeam(t, s, "payments"), addTeam(t, s, "shop")
		addService(t, s, "checkout", payments.ID, 0)
		addService(t, s, "search", shop.ID, 0)
		a := incident.New("Datenbank überlastet on web-17", morning)
		a.Services, a.Severity, a.Class = []string{"checkout"}, incident.SEV1, incident.Application
		a.Summary = "Nobody could pay; the ledgerd process hung, see order 4711."
		a = saved(t, s, a)
		b := reported(t, s, "Database pool exhausted", 1, "search")
		c := reported(t, s, "数据库 database down", 2)
		d := incident.New("Database drill", morning.AddDate(0, 0, 3))
		d.Kind = incident.Drill
		d = saved(t, s, d)
		merged := reported(t, s, "Database pool exhausted too", 4, "search")
		if _, _, err := s.UpdateIncident(t.Context(), merged.ID, func(i *incident.Incident) error { i.MergedInto = b.ID; return nil }); err != nil {
			t.Fatal(err)
		}
		h := newHouse(s)
		if _, err := h.notes.Add(t.Context(), ada, rootcause.Note{Incident: d.ID, Kind: rootcause.Factor, Body: "The *failover* took minutes."}); err != nil {
			t.Fatal(err)
		}
		index(t, s)
		for name, tt := range map[string]struct {
			f    incident.Filter
			want []incident.ID
		}{
			"everything, newest first, merged ones left out": {incident.Filter{}, []incident.ID{d.ID, c.ID, b.ID, a.ID}},
			"oldest first":            {incident.Filter{Sort: "started_at"}, []incident.ID{a.ID, b.ID, c.ID, d.ID}},
			"service":                 {incident.Filter{Service: "search"}, []incident.ID{b.ID}},
			"unknown service":         {incident.Filter{Service: "nowhere"}, []incident.ID{}},
			"team":                    {incident.Filter{Team: "payments"}, []incident.ID{a.ID}},
			"unassigned":              {incident.Filter{Unassigned: true}, []incident.ID{d.ID, c.ID}},
			"severity":                {incident.Filter{Severity: incident.SEV1}, []incident.ID{a.ID}},
			"no severity":             {incident.Filter{NoSeverity: true}, []incident.ID{d.ID, c.ID, b.ID}},
			"kind":                    {incident.Filter{Kind: incident.Drill}, []incident.ID{d.ID}},
			"class":                   {incident.Filter{Class: incident.Application}, []incident.ID{a.ID}},
			"range, its end left out": {incident.Filter{From: morning.AddDate(0, 0, 1), To: morning.AddDate(0, 0, 2)}, []incident.ID{b.ID}},
			"range of a service":      {incident.Filter{Service: "search", To: morning}, []incident.ID{}},
			"a word":                  {incident.Filter{Query: "DATABASE"}, []incident.ID{d.ID, c.ID, b.ID}},
			"all words":               {incident.Filter{Query: "pool database"}, []incident.ID{b.ID}},
			"the last as beginning":   {incident.Filter{Query: "database ex"}, []incident.ID{b.ID}},
			"umlauts":                 {incident.Filter{Query: "Überlas"}, []incident.ID{a.ID}},
			"another script":          {incident.Filter{Query: "数据"}, []incident.ID{c.ID}},
			"no such word":            {incident.Filter{Query: "kafka"}, []incident.ID{}},
			"a word of the summary":   {incident.Filter{Query: "pay process"}, []incident.ID{a.ID}},
			"another ending":          {incident.Filter{Query: "pools exhausting"}, []incident.ID{b.ID}},
			"a number":                {incident.Filter{Query: "4711"}, []incident.ID{a.ID}},
			"a word of a note":        {incident.Filter{Query: "failover"}, []incident.ID{d.ID}},
			"text and title":          {incident.Filter{Query: "ledgerd datenb"}, []incident.ID{a.ID}},
			"a reference":             {incident.Filter{Query: "inc-" + fmt.Sprint(int64(b.ID))}, []incident.ID{b.ID}},
			"a wildcard is no word":   {incident.Filter{Query: "%"}, []incident.ID{}},
		} {
			p, err := s.Incidents(t.Context(), ada, tt.f, listing.Request{})
			if err != nil || !slices.Equal(numbersOf(p.Items), tt.want) || p.Total != len(tt.want) {
				t.Errorf("%s: got %v of %d, %v; want %v", name, numbersOf(p.Items), p.Total, err, tt.want)
			}
		}
		if _, _, err := s.UpdateIncident(t.Context(), b.ID, func(i *incident.Incident) error { i.Title = "Kafka lags"; return nil }); err != nil {
			t.Fatal(err)
		}
		index(t, s)
		for query, want := range map[string]int{"kafka": 1, "pool": 0} {
			if p, err := s.Incidents(t.Context(), ada, incident.Filter{Query: query}, listing.Request{}); err != nil || p.Total != want {
				t.Errorf("%s after the title changed: %d, %v", query, p.Total, err)
			}
		}
		if got, err := s.MergedInto(t.Context(), ada, b.ID); err != nil || !slices.Equal(got, []incident.ID{merged.ID}) {
			t.Errorf("merged into it: %v, %v", got, err)
		}
	})
}

func TestStandingsAreKeptBesideTheIncident(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a, b := reported(t, s, "A", 0), reported(t, s, "B", 1)
		second := incident.Standing{Occurrence: 2, Recurs: true, Significant: true, HasCause: true}
		inTx(t, s, func(ctx context.Context) error {
			return s.KeepStandings(ctx, map[incident.ID]incident.Standing{a.ID: a.Standing, b.ID: second})
		})
		_, after, err := s.UpdateIncident(t.Context(), b.ID, func(i *incident.Incident) error {
			i.Title, i.Standing = "C", incident.Standing{}
			return nil
		})
		if err != nil || after.Standing != second || after.Version != 2 {
			t.Errorf("got %+v, %v", after, err)
		}
	})
}

// house is the rules over a store, with a clock.
type house struct {
	*store.Store
	now       time.Time
	keeper    *followup.Keeper
	incidents *incident.Service
	problems  *problem.Service
	notes     *rootcause.Service
	followups *followup.Service
}

func newHouse(s *store.Store) *house {
	h := &house{Store: s, now: morning}
	now := func() time.Time { return h.now }
	h.keeper = &followup.Keeper{Store: s, Log: s, Now: now}
	h.incidents = &incident.Service{Store: s, Problems: s, Keeper: h.keeper, Log: s, Now: now}
	h.problems = &problem.Service{Store: s, Keeper: h.keeper, Log: s, Now: now, Join: h.incidents.JoinProblem}
	h.notes = &rootcause.Service{Store: s, Keeper: h.keeper, Log: s, Now: now}
	h.followups = &followup.Service{Store: s, Keeper: h.keeper, Log: s, Now: now}
	return h
}

// happened reports an incident of a group key; each is an hour long and a day after the one before.
func (h *house) happened(t *testing.T, title, key string) incident.Incident {
	t.Helper()
	h.now = h.now.AddDate(0, 0, 1)
	i := incident.New(title, h.now.Add(-2*time.Hour))
	i.Source, i.GroupKey = "alerts", key
	i.Moments.RestoredAt, i.Moments.ResolvedAt, i.Status = h.now.Add(-time.Hour), h.now.Add(-time.Hour), incident.Resolved
	i, err := h.incidents.Report(t.Context(), ada, i)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (h *house) occurrences(t *testing.T, id problem.ID) int {
	t.Helper()
	p, err := h.Problem(t.Context(), ada, id)
	if err != nil {
		t.Fatal(err)
	}
	return p.Figures.Occurrences
}

func TestMergingProblemsAndTakingItBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		h.happened(t, "Pool exhausted", "pool")
		first := h.happened(t, "Pool exhausted", "pool").Problem
		h.happened(t, "Timeouts", "timeout")
		other := h.happened(t, "Timeouts", "timeout").Problem
		if first == 0 || other == 0 || first == other || h.occurrences(t, first) != 2 || h.occurrences(t, other) != 2 {
			t.Fatalf("problems %v and %v", first, other)
		}
		note, err := h.notes.Add(t.Context(), ada, rootcause.Note{Problem: first, Kind: rootcause.Cause, CauseClass: "capacity", Body: "The pool is too small."})
		if err != nil {
			t.Fatal(err)
		}
		promised, err := h.followups.Promise(t.Context(), ada, followup.FollowUp{Title: "Alert", Kind: followup.Alert, Purpose: followup.Detect, Problem: first}, true)
		if err != nil {
			t.Fatal(err)
		}
		into, err := h.problems.Merge(t.Context(), ada, first, other)
		if err != nil || into.Figures.Occurrences != 4 || into.State != problem.CauseKnown {
			t.Fatalf("merged: %+v, %v", into, err)
		}
		if p, err := h.Problem(t.Context(), ada, first); err != nil || p.MergedInto != other || p.Figures.Occurrences != 0 {
			t.Errorf("the merged one: %+v, %v", p, err)
		}
		if f, err := h.FollowUp(t.Context(), ada, promised.ID); err != nil || f.Problem != other {
			t.Errorf("its follow-up: %+v, %v", f, err)
		}
		later := h.happened(t, "Pool exhausted", "pool")
		if later.Problem != other || later.Standing.Occurrence != 5 {
			t.Errorf("a later one: %+v", later)
		}
		back, err := h.problems.Undo(t.Context(), ada, first)
		if err != nil || back.ID != first || back.MergedInto != 0 || back.Figures.Occurrences != 2 || back.State != problem.CauseKnown || h.occurrences(t, other) != 3 {
			t.Errorf("taken back: %+v, %v", back, err)
		}
		if n, err := h.Note(t.Context(), ada, note.ID); err != nil || n.Problem != first {
			t.Errorf("the note: %+v, %v", n, err)
		}
		if again := h.happened(t, "Pool exhausted", "pool"); again.Problem != first {
			t.Errorf("the next one joins %v", again.Problem)
		}
		if _, err := h.problems.Undo(t.Context(), ada, first); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone twice: %v", err)
		}
	})
}

func TestSplittingAProblemAndTakingItBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		h.happened(t, "Pool exhausted", "pool")
		second := h.happened(t, "Pool exhausted", "pool")
		old := second.Problem
		alien := h.happened(t, "Timeouts", "timeout")
		if err := h.incidents.Join(t.Context(), ada, alien.ID, second.ID); err != nil {
			t.Fatal(err)
		}
		inTx(t, s, func(ctx context.Context) error { return s.SetIdentity(ctx, "alerts", "timeout", old) })
		promise := func(incidents ...incident.ID) followup.ID {
			f, err := h.followups.Promise(t.Context(), ada, followup.FollowUp{Title: "x", Kind: followup.Metric, Purpose: followup.Detect, Incidents: incidents}, true)
			if err != nil {
				t.Fatal(err)
			}
			return f.ID
		}
		goes, stays := promise(alien.ID), promise(alien.ID, second.ID)
		fresh, err := h.problems.Split(t.Context(), ada, old, "Timeouts", []incident.ID{alien.ID})
		if err != nil || fresh.Figures.Occurrences != 1 || h.occurrences(t, old) != 2 {
			t.Fatalf("split: %+v, %v", fresh, err)
		}
		for id, want := range map[followup.ID]problem.ID{goes: fresh.ID, stays: old} {
			if f, err := h.FollowUp(t.Context(), ada, id); err != nil || f.Problem != want {
				t.Errorf("%v is in %v, %v; want %v", id, f.Problem, err, want)
			}
		}
		if later := h.happened(t, "Timeouts", "timeout"); later.Problem != fresh.ID {
			t.Errorf("a later one joins %v", later.Problem)
		}
		if back, err := h.problems.Undo(t.Context(), ada, fresh.ID); err != nil || back.ID != old || back.Figures.Occurrences != 4 {
			t.Errorf("taken back: %+v, %v", back, err)
		}
		if p, err := h.Problem(t.Context(), ada, fresh.ID); err != nil || p.MergedInto != old {
			t.Errorf("the new one: %+v, %v", p, err)
		}
	})
}

func TestLikelyEarlierIncidents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		addService(t, s, "checkout", 0, 0)
		for n := range 30 {
			reported(t, s, fmt.Sprintf("Something else %c%c happened", 'a'+n%26, 'k'+n/26), 0)
		}
		earlier := reported(t, s, "Connection pool exhausted on web-17", 1, "checkout")
		again := incident.New("Connection pool exhausted on web-3", morning.AddDate(0, 0, 2))
		again.Services = []string{"checkout"}
		found, err := s.Similar(t.Context(), ada, again, 5)
		if err != nil || len(found) != 1 || found[0].Incident != earlier.ID {
			t.Fatalf("before it is saved: %+v, %v", found, err)
		}
		again = saved(t, s, again)
		if found, err := s.Similar(t.Context(), ada, again, 5); err != nil || len(found) != 1 {
			t.Errorf("once saved: %+v, %v", found, err)
		}
		for range 2 {
			if err := h.incidents.SetApart(t.Context(), ada, again.ID, earlier.ID); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := s.Similar(t.Context(), ada, again, 5); err != nil || len(found) != 0 {
			t.Errorf("a person said it is not the same: %+v, %v", found, err)
		}
	})
}

func TestTheRecordIsNeverAltered(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		i := h.happened(t, "Pool exhausted", "pool")
		if _, err := h.incidents.Edit(audit.WithOrigin(t.Context(), "r1", "api"), ada, i.ID, 0, func(i *incident.Incident) error { i.Severity = incident.SEV2; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := h.incidents.Edit(t.Context(), ada, i.ID, 1, func(i *incident.Incident) error { i.Severity = ""; return nil }); !fault.Is(err, fault.Conflict) {
			t.Errorf("a change of an older version: %v", err)
		}
		p, err := s.Events(t.Context(), ada, audit.Filter{Incident: int64(i.ID)}, listing.Request{})
		if err != nil || len(p.Items) != 2 || p.Items[0].Action != "edited" || p.Items[0].RequestID != "r1" || p.Items[0].Origin != "api" || p.Items[1].Action != "reported" {
			t.Errorf("the timeline: %+v, %v", p, err)
		}
		for _, statement := range []string{"UPDATE events SET action = 'x'", "DELETE FROM events"} {
			if err := s.Exec(t.Context(), statement); err == nil {
				t.Errorf("%s was done", statement)
			}
		}
	})
}

func TestNotesKeepTheirRevisions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		i := h.happened(t, "Pool exhausted", "pool")
		n, err := h.notes.Add(t.Context(), ada, rootcause.Note{Incident: i.ID, Kind: rootcause.Hypothesis, Body: "A leak?"})
		if err != nil {
			t.Fatal(err)
		}
		if l, err := s.LoopOf(t.Context(), i.ID); err != nil || l.Cause {
			t.Errorf("a hypothesis: %+v, %v", l, err)
		}
		after, err := h.notes.Revise(t.Context(), ada, n.ID, 1, func(n *rootcause.Note) { n.Kind, n.Side, n.Body = rootcause.Cause, "development", "A leak." })
		if err != nil || after.Revision != 2 {
			t.Fatalf("revised: %+v, %v", after, err)
		}
		if _, err := h.notes.Revise(t.Context(), ada, n.ID, 1, func(*rootcause.Note) {}); !fault.Is(err, fault.Conflict) {
			t.Errorf("an older revision: %v", err)
		}
		revisions, err := s.Revisions(t.Context(), ada, n.ID)
		if err != nil || len(revisions) != 1 || revisions[0].Body != "A leak?" || revisions[0].Kind != rootcause.Hypothesis || revisions[0].Side != "" {
			t.Errorf("revisions: %+v, %v", revisions, err)
		}
		notes, err := s.NotesOfIncident(t.Context(), ada, i.ID)
		if err != nil || len(notes) != 1 || notes[0].Body != "A leak." || notes[0].Author.Name != "Ada" {
			t.Errorf("notes: %+v, %v", notes, err)
		}
		if err := h.incidents.Decide(t.Context(), ada, i.ID, incident.Decision{Reason: "Replaced next month anyway.", LookAgainOn: "2027-01-15"}); err != nil {
			t.Fatal(err)
		}
		l, err := s.LoopOf(t.Context(), i.ID)
		if err != nil || !l.Cause || l.Decision.By != "Ada" || l.Decision.LookAgainOn != "2027-01-15" {
			t.Errorf("the loop: %+v, %v", l, err)
		}
		if got, err := s.Incident(t.Context(), ada, i.ID); err != nil || !got.Standing.HasCause || got.Version != 1 {
			t.Errorf("the incident: %+v, %v", got, err)
		}
	})
}

func TestWhatWasClosedAndCameBackIsListedUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(s)
		open := func() []incident.ID {
			t.Helper()
			page, err := s.Incidents(t.Context(), ada, incident.Filter{LoopOpen: true}, listing.Request{})
			if err != nil {
				t.Fatal(err)
			}
			var ids []incident.ID
			for _, i := range page.Items {
				ids = append(ids, i.ID)
			}
			return ids
		}
		first := h.happened(t, "Pool exhausted", "pool")
		if _, err := h.notes.Add(t.Context(), ada, rootcause.Note{Incident: first.ID, Kind: rootcause.Cause, CauseClass: "capacity", Body: "The pool is too small."}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.incidents.Close(t.Context(), ada, first.ID, incident.Decision{}); err != nil {
			t.Fatal(err)
		}
		if listed := open(); len(listed) != 0 {
			t.Fatalf("one that occurred once and is closed is listed: %v", listed)
		}
		second := h.happened(t, "Pool exhausted", "pool")
		again, err := s.Incident(t.Context(), ada, first.ID)
		if err != nil || again.Status != incident.Closed || !again.Standing.Significant {
			t.Errorf("after it recurred the first stands as %+v, %s (%v); want closed and significant", again.Standing, again.Status, err)
		}
		if listed := open(); !slices.Equal(listed, []incident.ID{first.ID}) {
			t.Errorf("listed are %v, want the first", listed)
		}
		promise := followup.FollowUp{Title: "Alert before the pool is full", Kind: followup.Alert, Purpose: followup.Detect, Incidents: []incident.ID{second.ID}}
		promised, err := h.followups.Promise(t.Context(), ada, promise, false)
		if err != nil {
			t.Fatal(err)
		}
		if listed := open(); len(listed) != 1 {
			t.Errorf("a proposal changes nothing yet, but listed are %v", listed)
		}
		_, err = h.followups.Step(t.Context(), ada, promised.ID, "queued", "", func(f *followup.FollowUp, _ []problem.Occurrence, now time.Time) error { return f.Queue(now) })
		if err != nil {
			t.Fatal(err)
		}
		if listed := open(); len(listed) != 0 {
			t.Errorf("with a practice change queued for its problem, listed are %v", listed)
		}
	})
}
