package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/rootcause"
	"upshot/app/triage"
	"upshot/store"
	"upshot/store/storetest"
)

// desk is the triage over a store, with a clock that is moved by hand.
type desk struct {
	*triage.Service
	store *store.Store
	now   time.Time
}

func newDesk(s *store.Store) *desk {
	d := &desk{store: s, now: morning}
	d.Service = &triage.Service{Store: s, Log: s, Now: func() time.Time { return d.now }}
	return d
}

// inbox gives the numbers of the incidents that wait there.
func (d *desk) inbox(t *testing.T, of triage.Inbox) []incident.ID {
	t.Helper()
	page, err := d.store.Inbox(t.Context(), ada, of, d.now, listing.Request{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []incident.ID
	for _, x := range page.Items {
		ids = append(ids, x.Incident.ID)
	}
	return ids
}

func (d *desk) wants(t *testing.T, what string, of triage.Inbox, want ...incident.ID) {
	t.Helper()
	if got := d.inbox(t, of); !slices.Equal(got, want) {
		t.Errorf("%s: %v wait, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestIncidentsWaitInTheInboxOfThoseWhoBuildTheService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		payments, network := addTeam(t, s, "payments").ID, addTeam(t, s, "network").ID
		addService(t, s, "checkout", payments, network)
		addService(t, s, "ledger", payments, 0)
		addService(t, s, "customs", 0, 0)
		both := reported(t, s, "Both are slow", 0, "checkout", "ledger").ID
		orphan := reported(t, s, "Forms are empty", 0, "customs").ID
		nowhere := reported(t, s, "Something is slow", 0).ID
		drill := incident.New("Drill", morning)
		drill.Kind, drill.Services = incident.Drill, []string{"checkout"}
		saved(t, s, drill)

		d.wants(t, "payments", triage.Inbox{Team: payments}, both)
		d.wants(t, "network", triage.Inbox{Team: network})
		d.wants(t, "nobody's", triage.Inbox{Nobody: true}, orphan, nowhere)
		d.wants(t, "everybody's", triage.Inbox{}, both, orphan, nowhere)

		// A builder that changes takes the inbox along.
		_, _, err := s.UpdateService(t.Context(), "customs", func(v *catalog.Service) error { v.Builder = network; return nil })
		must(t, err)
		d.wants(t, "network builds customs now", triage.Inbox{Team: network}, orphan)

		// A service that becomes known does.
		update := func(id incident.ID, change func(*incident.Incident)) {
			t.Helper()
			inTx(t, s, func(ctx context.Context) error {
				_, _, err := s.UpdateIncident(ctx, id, func(i *incident.Incident) error { change(i); return nil })
				return err
			})
		}
		update(nowhere, func(i *incident.Incident) { i.Services = []string{"ledger"} })
		d.wants(t, "with a service", triage.Inbox{Team: payments}, both, nowhere)
		update(both, func(i *incident.Incident) { i.MergedInto = nowhere })
		d.wants(t, "merged", triage.Inbox{Team: payments}, nowhere)
		update(nowhere, func(i *incident.Incident) { i.Kind = incident.Maintenance })
		d.wants(t, "no incident", triage.Inbox{Team: payments})
		update(nowhere, func(i *incident.Incident) { i.Kind = incident.Real })
		update(nowhere, func(i *incident.Incident) { i.Status, i.Moments.ResolvedAt = incident.Resolved, morning })
		d.now = morning.Add(triage.ListedAfterEnd - time.Minute)
		d.wants(t, "over for a week", triage.Inbox{Team: payments}, nowhere)
		d.now = morning.Add(triage.ListedAfterEnd)
		d.wants(t, "history", triage.Inbox{Team: payments})
	})
}

func TestHistoryThatIsImportedDoesNotWait(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		payments := addTeam(t, s, "payments").ID
		addService(t, s, "checkout", payments, 0)
		over := func(days int) incident.Incident {
			i := incident.New("Slow", morning.AddDate(0, 0, -days))
			i.Services, i.CreatedAt, i.Status = []string{"checkout"}, morning, incident.Closed
			i.Moments.ResolvedAt = i.Moments.StartedAt.Add(time.Hour)
			return i
		}
		open := incident.New("Still slow", morning.AddDate(0, -3, 0))
		open.Services, open.CreatedAt = []string{"checkout"}, morning
		var ids []incident.ID
		inTx(t, s, func(ctx context.Context) (err error) {
			ids, err = s.CreateIncidents(ctx, []incident.Incident{over(300), over(8), over(3), open})
			return err
		})
		d.wants(t, "recent and open ones", triage.Inbox{Team: payments}, ids[2], ids[3])
		page, err := s.Incidents(t.Context(), ada, incident.Filter{Waiting: true, Team: "payments"}, listing.Request{})
		must(t, err)
		if page.Total == 0 {
			t.Error("the list knows of none that waits")
		}
	})
}

func TestAnIncidentIsAcceptedHandedOverAndJudged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		ctx := t.Context()
		payments, network, booking := addTeam(t, s, "payments").ID, addTeam(t, s, "network").ID, addTeam(t, s, "booking").ID
		addService(t, s, "checkout", payments, network)
		id := reported(t, s, "Checkout is slow", 0, "checkout").ID

		d.now = morning.Add(2 * time.Hour)
		must(t, d.HandOver(ctx, ada, id, 0, network, "the cable again"))
		d.wants(t, "handed over", triage.Inbox{Team: payments})
		d.wants(t, "handed over", triage.Inbox{Team: network}, id)
		d.now = morning.Add(20 * time.Hour)
		must(t, d.HandOver(ctx, ada, id, 0, booking, "the cable is fine"))
		d.wants(t, "handed on", triage.Inbox{Team: booking}, id)
		if page, err := s.Unaccountable(ctx, ada, d.now, 3); err != nil || page.Total != 0 {
			t.Errorf("early: %+v, %v", page, err)
		}
		d.now = morning.Add(triage.NobodyAfter)
		page, err := s.Unaccountable(ctx, ada, d.now, 3)
		if err != nil || page.Total != 1 || len(page.Items[0].Triage.HandOffs) != 2 || page.Items[0].Triage.HandOffs[0].From != payments {
			t.Errorf("two hand-offs and 48 h: %+v, %v", page, err)
		}
		d.wants(t, "whoever passed it on sees it too", triage.Inbox{Team: network}, id)
		d.wants(t, "whoever got it", triage.Inbox{Team: booking}, id)

		must(t, d.Accept(ctx, ada, id, booking, "configuration"))
		d.wants(t, "accepted", triage.Inbox{})
		d.now = d.now.Add(time.Hour)
		must(t, d.Judge(ctx, ada, id, "code"))
		got, err := s.Triage(ctx, ada, id)
		must(t, err)
		if got.Accountable() != booking || got.First.Class != "configuration" || got.Later.Class != "code" || got.Accepted.By != "Ada" || len(got.HandOffs) != 2 ||
			!got.TriagedAt.Equal(morning.Add(2*time.Hour)) || got.TriagedBy != payments || got.HandOffs[1].Reason != "the cable is fine" {
			t.Errorf("%+v", got)
		}
		must(t, d.HandOver(ctx, ada, id, 0, payments, "your code"))
		d.wants(t, "handed over after it was accepted", triage.Inbox{Team: payments}, id)

		for of, want := range map[triage.Inbox]triage.Pace{
			{Team: payments}: {N: 1, Median: 2 * time.Hour}, {Team: booking}: {}, {}: {N: 1, Median: 2 * time.Hour}, {Nobody: true}: {},
		} {
			if pace, err := s.TimeToTriage(ctx, ada, of, morning); err != nil || pace != want {
				t.Errorf("time to triage of %+v: %+v, %v", of, pace, err)
			}
		}
		if pace, err := s.TimeToTriage(ctx, ada, triage.Inbox{}, morning.Add(3*time.Hour)); err != nil || pace.N != 0 {
			t.Errorf("later: %+v, %v", pace, err)
		}
		if err := d.Accept(ctx, account.Actor{Kind: account.Person, Name: "Eve", Role: account.Viewer}, id, payments, ""); err == nil {
			t.Error("a viewer accepted it")
		}
	})
}

func TestTheMedianTimeToTriage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		payments := addTeam(t, s, "payments").ID
		for _, took := range []int{5, 1, 3, 90} {
			id := reported(t, s, "Slow", 0).ID
			d.now = morning.Add(time.Duration(took) * time.Hour)
			must(t, d.Accept(t.Context(), ada, id, payments, ""))
		}
		if pace, err := s.TimeToTriage(t.Context(), ada, triage.Inbox{Team: payments}, morning); err != nil || pace != (triage.Pace{N: 4, Median: 4 * time.Hour}) {
			t.Errorf("%+v, %v", pace, err)
		}
	})
}

func TestFirstJudgementsAndWhatTheCausesWere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		payments := addTeam(t, s, "payments").ID
		service := addService(t, s, "checkout", payments, 0)
		p := addProblem(t, s, "checkout")
		judged := func(class string) incident.ID {
			t.Helper()
			i := incident.New("Slow", morning)
			i.Services, i.Problem = []string{"checkout"}, p.ID
			id := saved(t, s, i).ID
			must(t, d.Judge(t.Context(), ada, id, class))
			return id
		}
		noted := func(n rootcause.Note) {
			t.Helper()
			n.Confidence, n.Body, n.Author, n.CreatedAt = "high", "Because.", ada, morning
			inTx(t, s, func(ctx context.Context) error { _, err := s.CreateNote(ctx, n); return err })
		}
		read := func() triage.Confusion {
			t.Helper()
			outcomes, err := s.FirstJudgements(t.Context(), ada, service.ID, morning.Add(-time.Hour))
			must(t, err)
			return triage.Confuse(outcomes)
		}
		one, two := judged("configuration"), judged("data")
		judged("code")
		must(t, d.Judge(t.Context(), ada, two, "capacity"))
		if c := read(); c.N != 1 || c.Open != 2 || c.Right != 0 {
			t.Errorf("judged again: %+v", c)
		}
		noted(rootcause.Note{Incident: one, Kind: rootcause.Factor, CauseClass: "configuration"})
		if c := read(); c.N != 2 || c.Right != 1 {
			t.Errorf("a factor: %+v", c)
		}
		noted(rootcause.Note{Incident: two, Kind: rootcause.Cause, CauseClass: "dependency"})
		if c := read(); c.N != 3 || c.Right != 0 || len(c.Classes) != 1 {
			t.Errorf("the cause of another occurrence: %+v", c)
		}
		noted(rootcause.Note{Problem: p.ID, Kind: rootcause.Cause, CauseClass: "code"})
		if c := read(); c.N != 3 || c.Right != 1 || c.Open != 0 || len(c.Classes) != 2 {
			t.Errorf("the confirmed cause of all: %+v", c)
		}
		if got, err := s.Triage(t.Context(), ada, one); err != nil || got.Noted != (triage.Noted{Cause: "code", Factor: "configuration"}) {
			t.Errorf("%+v, %v", got.Noted, err)
		}
	})
}

func TestTriageReadsByIndexes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk(s)
		payments := addTeam(t, s, "payments").ID
		service := addService(t, s, "checkout", payments, 0)
		id := reported(t, s, "Slow", 0, "checkout").ID
		must(t, d.HandOver(t.Context(), ada, id, 0, addTeam(t, s, "network").ID, "a cable"))
		now := morning.Add(100 * time.Hour)
		reads := map[string]func(ctx context.Context) error{}
		for name, of := range map[string]triage.Inbox{"a team's": {Team: payments}, "nobody's": {Nobody: true}, "everybody's": {}} {
			for page, r := range map[string]listing.Request{"first": {}, "second": {Cursor: cursorOf(`{"s":"id","k":"5","i":5}`)}} {
				reads[name+" inbox, "+page] = func(ctx context.Context) error { _, err := s.Inbox(ctx, ada, of, now, r); return err }
			}
			reads["time to triage, "+name] = func(ctx context.Context) error { _, err := s.TimeToTriage(ctx, ada, of, morning); return err }
		}
		reads["unaccountable"] = func(ctx context.Context) error { _, err := s.Unaccountable(ctx, ada, now, 1); return err }
		reads["triage"] = func(ctx context.Context) error { _, err := s.Triage(ctx, ada, id); return err }
		reads["first judgements"] = func(ctx context.Context) error {
			_, err := s.FirstJudgements(ctx, ada, service.ID, morning)
			return err
		}
		reads["waiting"] = func(ctx context.Context) error {
			_, err := s.Incidents(ctx, ada, incident.Filter{Waiting: true, Team: "payments"}, listing.Request{})
			return err
		}
		for name, read := range reads {
			plan := planOf(t, s, read)
			t.Run(name, func(t *testing.T) { wantIndexed(t, plan) })
		}
	})
}
