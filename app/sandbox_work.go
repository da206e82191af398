package app

import (
	"context"
	"strconv"
	"time"

	"upshot/app/jirasync"
	"upshot/integrations/jira/jiratest"
)

// What booking's board held beside follow-ups: planned work, and what incidents brought into sprints that had begun.

var sandboxWork = []string{
	"Show the fare before the seat", "Receipts in Portuguese", "Seat map for the night coach", "Refund to a voucher", "Search by station code",
	"Keep the cart for an hour", "Group bookings up to twelve", "Bicycles on regional lines", "Change the date of a ticket", "Mail the ticket as a PDF",
}

var sandboxInterruptions = []string{"Restart of the price cache failed", "Sold-out coach still offered", "Payment page empty for some"}

const (
	backlogSprints = 9
	plannedEach    = 7
	incidentLabel  = "incident"
)

// backlog fills the last sprints of booking's board, and says that the board is the team's work.
func (s *sandboxJira) backlog(ctx context.Context) error {
	now := s.now()
	late := [backlogSprints]int{1, 0, 2, 1, 3, 1, 0, 2, 1}
	took := [...]int{1, 3, 2, 5, 2, 8, 3} // days, and no two sprints in the same order
	for n, sp := range s.sprints[len(s.sprints)-backlogSprints:] {
		for k := range plannedEach {
			started := sp.from.Add(time.Duration(k) * 30 * time.Hour)
			seed := jiratest.Seed{
				Project: "BKG", Summary: sandboxWork[(n*plannedEach+k)%len(sandboxWork)], Created: sp.from.AddDate(0, 0, -9-k),
				Moves: []jiratest.Move{{At: sp.from.Add(-20 * time.Hour), Sprint: sp.id}},
			}
			s.seedUntil(now, seed, started, started.Add(time.Duration(took[(n*3+k)%len(took)])*24*time.Hour+time.Duration(5*k)*time.Hour))
		}
		for k := range late[n] {
			came := sp.from.Add(time.Duration(40+60*k) * time.Hour)
			if came.After(now) {
				continue
			}
			seed := jiratest.Seed{
				Project: "BKG", Type: "Bug", Summary: sandboxInterruptions[(n+k)%len(sandboxInterruptions)], Created: came, Labels: []string{incidentLabel}, Priority: "High",
				Moves: []jiratest.Move{{At: came.Add(time.Hour), Sprint: sp.id}},
			}
			s.seedUntil(now, seed, came.Add(2*time.Hour), came.Add(time.Duration(20+9*k+4*(n%3))*time.Hour))
		}
	}
	for _, t := range s.teams {
		if sandboxProjects[t.Slug] != "BKG" {
			continue
		}
		_, err := s.words.jira.Connect.SetScope(ctx, s.actor, jirasync.Scope{Site: s.site.ID, Team: t.ID, Board: s.boardOf("BKG"), Labels: []string{incidentLabel}})
		return err
	}
	return nil
}

// seedUntil puts an issue in with as much of its way as lies behind.
func (s *sandboxJira) seedUntil(now time.Time, seed jiratest.Seed, started, done time.Time) {
	for _, m := range []jiratest.Move{{At: started, Status: "In Progress"}, {At: done, Status: "Done"}} {
		if m.At.Before(now) {
			seed.Moves = append(seed.Moves, m)
		}
	}
	s.double.Seed(seed)
}

// boardOf is the number of a project's board in the pretend Jira; empty: it has none.
func (s *sandboxJira) boardOf(project string) string {
	for n := 10_000; n < 10_000+2*len(sandboxProjects); n++ {
		if id := strconv.Itoa(n); s.double.BoardProject(id) == project {
			return id
		}
	}
	return ""
}
