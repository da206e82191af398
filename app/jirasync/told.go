package jirasync

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/ticket"
)

// TellingsOf are the ways in which an issue told developers of an incident that began at a moment: it was created in one of
// their projects or moved there (a ticket), and it was first assigned to somebody while it was there (an assignment). What came
// before the incident said nothing of it. theirs tells which projects are theirs, by their keys.
func TellingsOf(t ticket.Ticket, changes []ticket.Change, began time.Time, theirs func(project string) bool) []incident.Telling {
	project, assigned := t.Project, t.Assignee.ID != ""
	// Backwards, to how it was created.
	for _, c := range slices.Backward(changes) {
		for _, item := range c.Items {
			switch {
			case item.Field == "Key":
				project = projectOf(cmp.Or(item.FromText, item.From))
			case item.FieldID == "assignee" || item.Field == "assignee":
				assigned = item.From != ""
			}
		}
	}
	var all []incident.Telling
	said := map[incident.Channel]bool{}
	tell := func(at time.Time, by incident.Channel) {
		if !said[by] && !at.IsZero() && !at.Before(began) {
			said[by] = true
			all = append(all, incident.Telling{At: at, By: by})
		}
	}
	here := func(at time.Time) { // it is in a project, with somebody or nobody on it
		if assigned {
			tell(at, incident.ByAssignment)
		}
	}
	if theirs(project) {
		tell(t.CreatedAt, incident.ByTicket)
		here(t.CreatedAt)
	}
	for _, c := range changes {
		for _, item := range c.Items {
			switch {
			case item.Field == "Key":
				came := !theirs(project)
				if project = projectOf(cmp.Or(item.ToText, item.To)); came && theirs(project) {
					tell(c.At, incident.ByTicket)
					here(c.At)
				}
			case item.FieldID == "assignee" || item.Field == "assignee":
				if assigned = item.To != ""; theirs(project) {
					here(c.At)
				}
			}
		}
	}
	return all
}

// projectOf is the project of an issue's key.
func projectOf(key string) string {
	if at := strings.LastIndexByte(key, '-'); at > 0 {
		return key[:at]
	}
	return key
}

// ProjectsOf tells which projects of a site are the building team's: the one mapped to the service, else those mapped to the team,
// else the one that takes everybody's.
func ProjectsOf(all []Project, site ticket.SiteID, s catalog.Service) []string {
	var ofService, ofTeam, ofAll []string
	for _, p := range all {
		switch {
		case p.Site != site:
		case p.Service != 0:
			if p.Service == s.ID {
				ofService = append(ofService, p.Key)
			}
		case p.Team != 0:
			if p.Team == s.Builder {
				ofTeam = append(ofTeam, p.Key)
			}
		default:
			ofAll = append(ofAll, p.Key)
		}
	}
	switch {
	case len(ofService) > 0:
		return ofService
	case len(ofTeam) > 0:
		return ofTeam
	}
	return ofAll
}

// tellings notes when a follow-up's issue told the developers of its incidents, each in a transaction of its own: incidents are held
// before follow-ups and tickets. What it does twice changes nothing.
func (r *run) tellings(ctx context.Context, l Link) error {
	if r.Told == nil || l.State != ticket.Linked {
		return nil
	}
	found, err := r.Store.Tickets(ctx, []ticket.ID{l.Ticket})
	if err != nil || len(found) == 0 || found[0].ReadAt.IsZero() || !found[0].History.Usable() {
		return err
	}
	m := found[0]
	f, err := r.Store.FollowUp(ctx, r.actor(), l.FollowUp)
	if err != nil {
		return err
	}
	var changes []ticket.Change
	var projects []Project
	for _, id := range f.Incidents {
		i, err := r.Store.Incident(ctx, r.actor(), id)
		if err != nil {
			return err
		}
		if !i.Counts() || len(i.Services) == 0 {
			continue
		}
		if projects == nil {
			if projects, err = r.Store.JiraProjects(ctx); err != nil {
				return err
			}
			of, err := r.Store.ChangesOf(ctx, []ticket.ID{m.ID})
			if err != nil {
				return err
			}
			changes = of[m.ID]
		}
		services, err := r.Store.ServicesBySlug(ctx, r.actor(), i.Services)
		if err != nil {
			return err
		}
		var theirs []string
		for _, s := range services {
			if s.Builder != 0 {
				theirs = append(theirs, ProjectsOf(projects, r.site.ID, s)...)
			}
		}
		for _, t := range TellingsOf(m.Ticket, changes, i.Moments.StartedAt, func(project string) bool { return slices.Contains(theirs, project) }) {
			if err := r.Told(ctx, r.actor(), id, t); err != nil {
				return err
			}
		}
	}
	return nil
}
