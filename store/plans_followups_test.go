package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/metrics"
)

// listener remembers what is asked of a database, with its parameters in place.
type listener struct {
	slowQueries
	asked *[]string
}

func (l listener) ParamsFilter(_ context.Context, sql string, params ...any) (string, []any) {
	return sql, params
}

func (l listener) Trace(_ context.Context, _ time.Time, statement func() (string, int64), _ error) {
	sql, _ := statement()
	*l.asked = append(*l.asked, sql)
}

// TestNoListOfTheQueueScans reads the plan of everything that the lists and the first page ask. Walking an index in the
// order that a page wants is no scan; reading a table row by row, or sorting all of it for a page, is one.
func TestNoListOfTheQueueScans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), t.TempDir()+"/plans.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	ada := account.Actor{Kind: account.Person, Name: "Ada", Role: account.Viewer}
	if _, err := s.CreateTeam(ctx, catalog.Team{Slug: "payments", Name: "Payments", Kind: catalog.Development, Zone: "UTC", CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateService(ctx, catalog.Service{Slug: "checkout", Name: "Checkout", Builder: 1, CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	followUps := func(f followup.Filter) func() error {
		return func() error {
			_, err := s.FollowUps(ctx, ada, f, listing.Request{})
			return err
		}
	}
	for name, ask := range map[string]func() error{
		"follow-ups":               followUps(followup.Filter{}),
		"follow-ups by due date":   followUps(followup.Filter{Sort: "due_on"}),
		"follow-ups by queueing":   followUps(followup.Filter{Sort: "-queued_at"}),
		"follow-ups by change":     followUps(followup.Filter{Sort: "-updated_at"}),
		"a team's follow-ups":      followUps(followup.Filter{Team: "payments"}),
		"a team's in a state":      followUps(followup.Filter{Team: "payments", State: followup.Done}),
		"a service's follow-ups":   followUps(followup.Filter{Service: "checkout"}),
		"a kind of follow-ups":     followUps(followup.Filter{Kind: followup.Alert}),
		"a state of follow-ups":    followUps(followup.Filter{State: followup.Proposed}),
		"open follow-ups":          followUps(followup.Filter{States: []followup.State{followup.Queued, followup.InProgress}}),
		"a problem's follow-ups":   followUps(followup.Filter{Problem: 1}),
		"the queue":                func() error { _, err := s.Queue(ctx, ada, followup.Filter{}, listing.Request{}); return err },
		"what is quiet":            func() error { _, err := s.QuietSince(ctx, now, 10); return err },
		"an incident's follow-ups": func() error { _, err := s.FollowUpsOfIncident(ctx, ada, 1); return err },
		"what a deployment ships":  func() error { _, err := s.FollowUpsDeployed(ctx, 1); return err },
		"practice follow-ups":      func() error { _, err := s.practiceFollowUps(ctx, 1, 1); return err },
		"services":                 func() error { _, err := s.Services(ctx, ada, catalog.Filter{}, listing.Request{}); return err },
		"deployments":              func() error { _, err := s.Deployments(ctx, ada, deployment.Filter{}, listing.Request{}); return err },
		"a service's deployments": func() error {
			_, err := s.Deployments(ctx, ada, deployment.Filter{Service: "checkout"}, listing.Request{})
			return err
		},
		"deployments before": func() error {
			_, err := s.DeploymentsBefore(ctx, ada, []string{"checkout"}, now, time.Hour, 5)
			return err
		},
		"causes":          func() error { _, err := s.CausesOf(ctx, ada, 1); return err },
		"decide now":      func() error { _, _, err := s.DecideNow(ctx, ada, "", 5); return err },
		"untold":          func() error { _, err := s.Untold(ctx, ada, now, 5); return err },
		"open incidents":  func() error { _, err := s.OpenIncidents(ctx, ada, 5); return err },
		"without a cause": func() error { _, err := s.ClosedWithoutCause(ctx, ada, now, 5); return err },
		"the measures of a month": func() error {
			_, err := s.record(ctx, now, now.AddDate(0, 1, 0))
			return err
		},
		"the measures by day": func() error {
			_, err := s.quick(ctx, metrics.Query{Now: now, From: now.Truncate(metrics.Day24)})
			return err
		},
		"the queue in sum": func() error { _, err := s.QueueSummary(ctx, ada, followup.Filter{}, now); return err },
	} {
		var asked []string
		quiet := s.reader
		s.reader = s.reader.Session(&gorm.Session{Logger: listener{asked: &asked}})
		err := ask()
		s.reader = quiet
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(asked) == 0 || len(asked) > 14 {
			t.Errorf("%s takes %d statements", name, len(asked))
		}
		for _, sql := range asked {
			plan := stepsOf(t, s, sql)
			for _, step := range strings.Split(plan, "\n") {
				whole := strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "USING") && scannable(step)
				sorted := strings.Contains(step, "TEMP B-TREE FOR ORDER BY") && sortsAll(name)
				if whole || sorted {
					t.Errorf("%s: %s\n%s\n%s", name, step, sql, plan)
				}
			}
		}
	}
}

// scannable tells whether a step reads a table that grows; what a statement made for itself is small.
func scannable(step string) bool {
	for _, table := range []string{"followups", "incidents", "i", "o", "f", "g", "m", "p", "deployments", "services", "followup_moves", "fi", "v"} {
		if step == "SCAN "+table {
			return true
		}
	}
	return false
}

// sortsAll tells which lists must come out of an index in order; the others sort the few that they found.
func sortsAll(name string) bool {
	switch name {
	case "follow-ups", "follow-ups by due date", "follow-ups by queueing", "follow-ups by change", "a team's follow-ups", "a team's in a state",
		"a kind of follow-ups", "a state of follow-ups", "open follow-ups", "the queue", "services", "deployments", "a service's deployments", "what is quiet":
		return true
	}
	return false
}

func stepsOf(t *testing.T, s *Store, sql string) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", sql, err))
	}
	return strings.Join(steps, "\n")
}
