package store_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"upshot/app/audit"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

// planOf says how the database runs what ask makes the store read.
func planOf(t *testing.T, s *store.Store, ask func(ctx context.Context) error) []string {
	t.Helper()
	statements, err := s.Statements(func() error { return ask(t.Context()) })
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) == 0 {
		t.Fatal("nothing was asked of the database")
	}
	var plan []string
	for _, st := range statements {
		steps, err := s.Plan(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, "-- "+st.SQL)
		plan = append(plan, steps...)
	}
	return plan
}

// A whole table is read when SQLite scans it without an index, or PostgreSQL although it was told not to. Teams,
// services, what waits to be indexed and what statements make by themselves are small.
var wholeTable = []*regexp.Regexp{
	regexp.MustCompile(`^SCAN (\w+)$`),
	regexp.MustCompile(`Seq Scan on (\w+)`),
}

var smallTables = map[string]bool{
	"services": true, "v": true, "teams": true, "top": true, "counted": true, "found": true, "CONSTANT": true, "t": true,
	"stale_texts": true, // the first few marks
}

// wantIndexed fails when a list reads a whole table.
func wantIndexed(t *testing.T, plan []string) {
	t.Helper()
	for _, step := range plan {
		if strings.HasPrefix(step, "--") {
			continue
		}
		for _, whole := range wholeTable {
			found := whole.FindStringSubmatch(step)
			if found == nil || smallTables[found[1]] || regexp.MustCompile(`^[bc]\d+$`).MatchString(found[1]) {
				continue
			}
			t.Errorf("%s is read whole:\n%s", found[1], strings.Join(plan, "\n"))
		}
	}
}

func TestEveryListHasItsIndex(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		addService(t, s, "billing", team.ID, 0)
		first := incident.New("Checkout fails for everybody", morning)
		first.Services, first.Source, first.GroupKey = []string{"checkout"}, "alerts", "k"
		i := saved(t, s, first)
		saved(t, s, incident.New("Checkout fails again", morning.Add(time.Hour)))

		incidents := map[string]incident.Filter{
			"all": {}, "service": {Service: "checkout"}, "team": {Team: "payments"}, "unassigned": {Unassigned: true}, "loop open": {LoopOpen: true},
			"severity": {Severity: incident.SEV1}, "no severity": {NoSeverity: true}, "status": {Status: incident.Open}, "kind": {Kind: incident.Real},
			"class": {Class: incident.Application}, "problem": {Problem: 1}, "range": {From: morning, To: morning.Add(time.Hour)},
			"words": {Query: "checkout fa"}, "reference": {Query: "INC-1"}, "problem's reference": {Query: "PRB-1"},
			"service and severity": {Service: "checkout", Severity: incident.SEV2}, "team and status": {Team: "payments", Status: incident.Open},
		}
		for name, f := range incidents {
			for _, sort := range []string{"-started_at", "started_at", "-impact", "impact"} {
				f.Sort = sort
				for _, request := range pagesOf(sort) {
					plan := planOf(t, s, func(ctx context.Context) error { _, err := s.Incidents(ctx, ada, f, request); return err })
					t.Run("incidents by "+name+" "+sort, func(t *testing.T) { wantIndexed(t, plan) })
				}
			}
		}
		problems := map[string]problem.Filter{
			"all": {}, "service": {Service: "checkout"}, "team": {Team: team.ID}, "state": {State: problem.Open}, "words": {Query: "checkout fa"},
			"reference": {Query: "PRB-1"}, "incident's reference": {Query: "INC-1"},
		}
		for name, f := range problems {
			for _, sort := range []string{"-last_at", "last_at", "-occurrences", "-impact"} {
				f.Sort = sort
				for _, request := range pagesOf(sort) {
					plan := planOf(t, s, func(ctx context.Context) error { _, err := s.Problems(ctx, ada, f, request); return err })
					t.Run("problems by "+name+" "+sort, func(t *testing.T) { wantIndexed(t, plan) })
				}
			}
		}
		// All events are read backwards from the newest, a page of them: SQLite calls that a scan.
		events := map[string]audit.Filter{
			"incident": {Incident: 1}, "problem": {Problem: 1}, "follow-up": {FollowUp: 1}, "kind": {Subject: audit.Service},
			"subject": {Subject: audit.Service, SubjectID: 1},
		}
		for name, f := range events {
			plan := planOf(t, s, func(ctx context.Context) error { _, err := s.Events(ctx, ada, f, listing.Request{}); return err })
			t.Run("events by "+name, func(t *testing.T) { wantIndexed(t, plan) })
		}
		reads := map[string]func(ctx context.Context) error{
			"similar":          func(ctx context.Context) error { _, err := s.Similar(ctx, ada, i, 5); return err },
			"merged into":      func(ctx context.Context) error { _, err := s.MergedInto(ctx, ada, i.ID); return err },
			"notes of problem": func(ctx context.Context) error { _, err := s.NotesOfProblem(ctx, ada, 1); return err },
			"causes noted":     func(ctx context.Context) error { _, err := s.CausesNoted(ctx, 1); return err },
			"members":          func(ctx context.Context) error { _, err := s.MembersSeen(ctx, 1); return err },
			"loop":             func(ctx context.Context) error { _, err := s.LoopOf(ctx, i.ID); return err },
			"identity":         func(ctx context.Context) error { _, err := s.LatestOfIdentity(ctx, "alerts", "k"); return err },
			"regrouping":       func(ctx context.Context) error { _, _ = s.LatestRegrouping(ctx, 1); return nil },
		}
		for name, read := range reads {
			plan := planOf(t, s, read)
			t.Run(name, func(t *testing.T) { wantIndexed(t, plan) })
		}
	})
}

func cursorOf(position string) string { return base64.RawURLEncoding.EncodeToString([]byte(position)) }

// pagesOf asks for a first page, and for one in the middle.
func pagesOf(sort string) []listing.Request {
	key := "5"
	if strings.HasSuffix(sort, "_at") {
		key = "2026-01-01T00:00:00Z"
	}
	return []listing.Request{{Limit: 1}, {Cursor: cursorOf(fmt.Sprintf(`{"s":%q,"k":%q,"i":7}`, sort, key))}}
}

func TestTheOrderOfAListComesFromItsIndex(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	team := addTeam(t, s, "payments")
	addService(t, s, "checkout", team.ID, 0)
	for name, f := range map[string]incident.Filter{
		"all": {}, "impact": {Sort: "-impact"}, "service": {Service: "checkout"}, "unassigned": {Unassigned: true}, "loop open": {LoopOpen: true}, "severity": {Severity: incident.SEV1},
		"no severity": {NoSeverity: true}, "status": {Status: incident.Open}, "problem": {Problem: 1}, "oldest first": {Sort: "started_at"},
	} {
		plan := strings.Join(planOf(t, s, func(ctx context.Context) error { _, err := s.Incidents(ctx, ada, f, listing.Request{}); return err }), "\n")
		if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s is sorted:\n%s", name, plan)
		}
	}
}
