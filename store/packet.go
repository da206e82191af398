package store

import (
	"context"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// suspectedWithin is how long before the impact a deployment is suspected (METRICS 3).
const suspectedWithin = 24 * time.Hour

// packetIncidents is how many of a problem's incidents a packet looks at, the latest.
const packetIncidents = 5

// PacketFacts gathers what a developer needs to know who was not there.
func (s *Store) PacketFacts(ctx context.Context, viewer account.Actor, f followup.FollowUp) (jirasync.PacketFacts, error) {
	x := jirasync.PacketFacts{FollowUp: f, Now: s.now()}
	teams, err := s.Teams(ctx, viewer)
	if err != nil {
		return x, err
	}
	for _, t := range teams {
		if t.ID == f.Team {
			x.Team = t.Name
		}
	}
	about := slices.Clone(f.Incidents)
	if f.Problem != 0 {
		if x.Problem, err = s.Problem(ctx, viewer, f.Problem); err != nil {
			return x, err
		}
		members, err := s.MembersSeen(ctx, f.Problem)
		if err != nil {
			return x, err
		}
		x.Seen = problem.History(members, problem.FlapWindow, problem.RecurrenceWindow, x.Now)
		if len(about) == 0 {
			for _, o := range x.Seen[max(0, len(x.Seen)-packetIncidents):] {
				about = append(about, o.Incident())
			}
		}
		if x.Notes, err = s.NotesOfProblem(ctx, viewer, f.Problem); err != nil {
			return x, err
		}
	}
	if x.Incidents, err = s.IncidentsByID(ctx, viewer, about); err != nil {
		return x, err
	}
	for _, i := range x.Incidents[:min(len(x.Incidents), packetIncidents)] {
		if f.Problem == 0 {
			notes, err := s.NotesOfIncident(ctx, viewer, i.ID)
			if err != nil {
				return x, err
			}
			x.Notes = append(x.Notes, notes...)
		}
		caused, err := s.CausesOf(ctx, viewer, i.ID)
		if err != nil {
			return x, err
		}
		x.Caused = append(x.Caused, caused...)
		before, err := s.DeploymentsBefore(ctx, viewer, i.Services, i.Moments.StartedAt, suspectedWithin, 1)
		if err != nil {
			return x, err
		}
		x.Suspected = append(x.Suspected, before...)
	}
	x.Caused, x.Suspected = once(x.Caused), once(x.Suspected)
	return x, nil
}

// once leaves each deployment once.
func once(all []deployment.Deployment) []deployment.Deployment {
	seen := map[deployment.ID]bool{}
	return slices.DeleteFunc(all, func(d deployment.Deployment) bool {
		was := seen[d.ID]
		seen[d.ID] = true
		return was
	})
}

// ticketsFor fills in how follow-ups are connected to Jira, in two queries for any number of them.
func (s *Store) ticketsFor(ctx context.Context, followUps []followup.FollowUp, at map[int64]int, ids []int64) error {
	var links []struct {
		FollowupID int64
		TicketID   *int64
		State      string
		Owners     *string
		URL        string
	}
	err := s.db(ctx).Raw(`SELECT l.followup_id, l.ticket_id, l.state, p.owners, s.url FROM ticket_links l
		JOIN jira_sites s ON s.id = l.site_id LEFT JOIN jira_projects p ON p.id = l.project_id WHERE l.followup_id IN ?`, ids).Scan(&links).Error
	if err != nil || len(links) == 0 {
		return explain(err, "ticket")
	}
	var tickets []int64
	for _, l := range links {
		if l.TicketID != nil {
			tickets = append(tickets, *l.TicketID)
		}
	}
	rows, err := table[ticketRow](s.db(ctx)).Where("id IN ?", tickets).Find(ctx)
	mirrors, err := s.mirrors(ctx, rows, err)
	if err != nil {
		return err
	}
	byID := map[int64]jirasync.Mirror{}
	for _, m := range mirrors {
		byID[int64(m.ID)] = m
	}
	for _, l := range links {
		f := &followUps[at[l.FollowupID]]
		f.LinkState = ticket.LinkState(l.State)
		if l.TicketID == nil {
			continue
		}
		m, is := byID[*l.TicketID]
		if !is {
			continue
		}
		owners := jirasync.Owners{}
		if l.Owners != nil {
			if err := fromJSON(*l.Owners, &owners, "mapping"); err != nil {
				return err
			}
		}
		t := m.Ticket
		t.OwnsStatus, t.URL = owners.Of(jirasync.FieldStatus) == jirasync.JiraOwns, l.URL+"/browse/"+t.Key
		f.Ticket = &t
	}
	return nil
}
