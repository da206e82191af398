package jirasync

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/ticket"
)

func TestTellingsOf(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 23, 0, 5, 0, 0, time.UTC)
	hour := func(n int) time.Time { return began.Add(time.Duration(n) * time.Hour) }
	moved := func(n int, from, to string) ticket.Change {
		return ticket.Change{At: hour(n), Items: []ticket.ChangeItem{
			{Field: "Key", FromText: from, ToText: to}, {Field: "project", FieldID: "project", From: "1", To: "2"},
		}}
	}
	assigned := func(n int, from, to string) ticket.Change {
		return ticket.Change{At: hour(n), Items: []ticket.ChangeItem{{Field: "assignee", FieldID: "assignee", From: from, To: to}}}
	}
	in := func(project string, created int) ticket.Ticket {
		return ticket.Ticket{Project: project, CreatedAt: hour(created)}
	}
	held := in("BKG", 1)
	held.Assignee.ID = "5"
	byTicket := func(n int) incident.Telling { return incident.Telling{At: hour(n), By: incident.ByTicket} }
	byAssignment := func(n int) incident.Telling { return incident.Telling{At: hour(n), By: incident.ByAssignment} }
	cases := map[string]struct {
		t       ticket.Ticket
		changes []ticket.Change
		want    []incident.Telling
	}{
		"created in their project":                   {in("BKG", 9), nil, []incident.Telling{byTicket(9)}},
		"created elsewhere":                          {in("OPS", 9), nil, nil},
		"created elsewhere, moved to theirs":         {in("BKG", 1), []ticket.Change{moved(9, "OPS-4", "BKG-7")}, []incident.Telling{byTicket(9)}},
		"moved away: they had it":                    {in("OPS", 1), []ticket.Change{moved(9, "BKG-7", "OPS-4")}, []incident.Telling{byTicket(1)}},
		"there and back: the first time counts":      {in("BKG", 1), []ticket.Change{moved(3, "BKG-7", "OPS-4"), moved(5, "OPS-4", "BKG-7")}, []incident.Telling{byTicket(1)}},
		"assigned later":                             {held, []ticket.Change{assigned(4, "", "5"), assigned(6, "5", "6")}, []incident.Telling{byTicket(1), byAssignment(4)}},
		"assigned when it was created":               {held, nil, []incident.Telling{byTicket(1), byAssignment(1)}},
		"assigned and taken back":                    {in("BKG", 1), []ticket.Change{assigned(2, "", "5"), assigned(3, "5", "")}, []incident.Telling{byTicket(1), byAssignment(2)}},
		"assigned in another project":                {in("OPS", 1), []ticket.Change{assigned(2, "", "5")}, nil},
		"came with somebody on it":                   {held, []ticket.Change{assigned(2, "", "5"), moved(9, "OPS-4", "BKG-7")}, []incident.Telling{byTicket(9), byAssignment(9)}},
		"an old issue, assigned after it began":      {in("BKG", -500), []ticket.Change{assigned(3, "", "5")}, []incident.Telling{byAssignment(3)}},
		"an old issue says nothing of this incident": {in("BKG", -500), []ticket.Change{assigned(-400, "", "5")}, nil},
		"never read":                                 {ticket.Ticket{Project: "BKG"}, nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := TellingsOf(c.t, c.changes, began, func(project string) bool { return project == "BKG" })
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestProjectsOf(t *testing.T) {
	t.Parallel()
	all := []Project{
		{Site: 1, Key: "OPS"}, {Site: 1, Team: 7, Key: "BKG"}, {Site: 1, Service: 3, Key: "API"}, {Site: 2, Team: 7, Key: "OLD"}, {Site: 1, Team: 8, Key: "EDGE"},
	}
	cases := map[string]struct {
		all  []Project
		s    catalog.Service
		want []string
	}{
		"the service has its own":           {all, catalog.Service{ID: 3, Builder: 7}, []string{"API"}},
		"the team's":                        {all, catalog.Service{ID: 4, Builder: 7}, []string{"BKG"}},
		"everybody's":                       {all, catalog.Service{ID: 4, Builder: 9}, []string{"OPS"}},
		"another site's mappings don't say": {all[3:], catalog.Service{ID: 4, Builder: 7}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ProjectsOf(c.all, 1, c.s); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
