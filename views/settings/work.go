package settings

import (
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/jirasync"
	"upshot/views/link"
	"upshot/views/ui"
)

// ScopeRow is which work is a team's, and how the reading of it is doing.
type ScopeRow struct {
	Team, What string
	Health     string
	Bad        bool
	Edit       string
}

func scopeRow(s jirasync.Scope, d JiraData) ScopeRow {
	row := ScopeRow{Team: teamName(s.Team, d.Teams), What: s.Says()}
	size := d.Sizes[s.ID]
	switch {
	case s.Trouble.Words != "":
		row.Bad, row.Health = true, "Jira says: “"+strings.TrimSuffix(s.Trouble.Words, ".")+"”."
		if !s.ReadAt.IsZero() {
			row.Health += " Last read " + ui.Ago(s.ReadAt, d.Clock.Now) + "."
		}
	case s.ReadAt.IsZero():
		row.Health = "the first read is on its way"
	default:
		row.Health = "read " + ui.Ago(s.ReadAt, d.Clock.Now) + ", " + ui.Plural(size.Whole, "issue", "issues") + ", " + ui.Thousands(size.Part) + " of them finished"
	}
	if d.IsAdmin {
		row.Edit = link.JiraWork(int64(s.Site), int64(s.ID))
	}
	return row
}

func teamName(id catalog.TeamID, teams []catalog.Team) string {
	for _, t := range teams {
		if t.ID == id {
			return t.Name
		}
	}
	return "a team that is gone"
}

// WorkPage asks which work is a team's.
type WorkPage struct {
	Title, Lede string
	Form        ui.Form
	Drop        string // where it is forgotten; empty: it is new
}

// WorkDays is how far back the first read of a backlog goes, in days.
const WorkDays = int(jirasync.WorkWindow / (24 * time.Hour))

// NewWorkPage asks.
func NewWorkPage(site jirasync.Site, s jirasync.Scope, teams []catalog.Team, err error) WorkPage {
	p := WorkPage{
		Title: "Which work is a team’s",
		Lede: "Cycle time, interruptions and what came into a sprint late are counted over all of a team’s issues, not only follow-ups. " +
			"The first read takes those that changed in the last " + strconv.Itoa(WorkDays) + " days.",
	}
	jql := s.JQL
	if s.Board != "" && s.ID != 0 {
		jql = "" // the board's own
	}
	options := []ui.Option{{Value: "", Label: "choose"}}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() || t.ID == s.Team {
			options = append(options, ui.Option{Value: strconv.FormatInt(int64(t.ID), 10), Label: t.Name})
		}
	}
	team, id := "", ""
	if s.Team != 0 {
		team = strconv.FormatInt(int64(s.Team), 10)
	}
	if s.ID != 0 {
		p.Title = "Work of " + teamName(s.Team, teams)
		p.Drop, id = link.JiraWorkDrop(int64(s.ID)), strconv.FormatInt(int64(s.ID), 10)
	}
	p.Form = ui.NewForm(ui.Form{
		Action: link.JiraWork(int64(site.ID), 0), Submit: "Check and save", Cancel: link.JiraSite(int64(site.ID)), Hidden: map[string]string{"id": id},
		Questions: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Team", Value: team, Options: options, Required: true}},
			{Field: ui.Field{Name: "board", Label: "Number of its board", Hint: "or a query below", Value: s.Board, Placeholder: "12", Autocomplete: "off", Help: "The end of the board’s address in Jira. Its filter says which issues are the team’s."}},
			{Control: ui.Lines, Field: ui.Field{Name: "jql", Label: "Query (JQL)", Hint: "instead of a board", Value: jql, Placeholder: "project = PAY AND component = checkout", Wide: true, Rows: 3}},
			{Field: ui.Field{Name: "labels", Label: "Labels of work that incidents made", Hint: "optional", Value: strings.Join(s.Labels, " "), Placeholder: "incident hotfix", Autocomplete: "off", Help: "With spaces between them. Issues that carry a follow-up count in any case."}},
			{Field: ui.Field{Name: "types", Label: "Issue types of such work", Hint: "optional", Value: strings.Join(s.Types, ", "), Placeholder: "Incident, Bug", Autocomplete: "off", Help: "With commas between them."}},
		},
	}, err)
	return p
}
