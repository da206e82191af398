package settings

import (
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/views/link"
	"upshot/views/ui"
)

// RuleRow is the rule of a team, in words.
type RuleRow struct {
	Whose, Sentence, Mode string
	State                 ui.State
	Own                   bool // the team has one of its own
	Edit, DryRun, Drop    string
}

// RulesPage lists the rules.
type RulesPage struct {
	Title   string
	Rows    []RuleRow
	Add     []ui.Option // teams without a rule of their own
	IsAdmin bool
}

// NewRulesPage lists the rule of everybody, and those of teams with their own.
func NewRulesPage(rules map[catalog.TeamID]followup.Rule, teams []catalog.Team, admin bool) RulesPage {
	p := RulesPage{IsAdmin: admin}
	row := func(whose string, id catalog.TeamID) RuleRow {
		r := followup.RuleFor(rules, id)
		_, own := rules[id]
		x := RuleRow{
			Whose: whose, Sentence: r.Sentence(), Mode: ModeName(r.Mode), State: modeState(r.Mode), Own: own && id != 0,
			Edit: link.RuleOf(int64(id)), DryRun: link.DryRun(int64(id)),
		}
		if x.Own {
			x.Drop = link.DropRule(int64(id))
		}
		return x
	}
	p.Rows = append(p.Rows, row("Every team without a rule of its own", 0))
	for _, t := range teams {
		if _, own := rules[t.ID]; own {
			p.Rows = append(p.Rows, row(t.Name, t.ID))
		} else if t.ArchivedAt.IsZero() {
			p.Add = append(p.Add, ui.Option{Value: strconv.FormatInt(int64(t.ID), 10), Label: t.Name})
		}
	}
	switch p.Title = "Recurrences speak in Jira"; followup.RuleFor(rules, 0).Mode {
	case followup.Off:
		p.Title = "Recurrences say nothing in Jira"
	case followup.DryRun:
		p.Title = "Recurrences are watched; nothing is changed in Jira yet"
	}
	return p
}

// ModeName is a mode as people read it.
func ModeName(m followup.Mode) string {
	switch m {
	case followup.On:
		return "on"
	case followup.DryRun:
		return "dry run"
	}
	return "off"
}

func modeState(m followup.Mode) ui.State {
	switch m {
	case followup.On:
		return ui.Done
	case followup.DryRun:
		return ui.Waiting
	}
	return ui.Declined
}

// RulePage asks for the rule of a team.
type RulePage struct {
	Title, Sentence string
	Form            ui.Form
	DryRun          string
}

// NewRulePage asks.
func NewRulePage(r followup.Rule, team catalog.Team, err error) RulePage {
	p := RulePage{Title: "The rule of every team without one of its own", Sentence: r.Sentence(), DryRun: link.DryRun(int64(team.ID))}
	if team.ID != 0 {
		p.Title = "The rule of " + team.Name
	}
	yes := func(b bool) string {
		if b {
			return "1"
		}
		return ""
	}
	p.Form = ui.NewForm(ui.Form{
		Action: link.Rules, Submit: "Save the rule", Cancel: link.Rules, Hidden: map[string]string{"team": strconv.FormatInt(int64(team.ID), 10)},
		Questions: []ui.Question{
			{Control: ui.Cards, Field: ui.Field{Name: "mode", Label: "What it does", Value: string(r.Mode), Wide: true, Options: []ui.Option{
				{Value: "dry_run", Label: "Dry run", Help: "Timelines tell what would happen; Jira stays as it is."},
				{Value: "on", Label: "On", Help: "Jira is changed, within the limits below."},
				{Value: "off", Label: "Off", Help: "Nothing, and no status comment either."},
			}}},
			{Field: ui.Field{Name: "at", Label: "At which recurrence while waiting", Type: "number", Value: strconv.Itoa(r.At), Help: "Once, at that one."}},
			{Field: ui.Field{Name: "cap", Label: "Raise the priority at most to", Hint: "its name in Jira", Value: r.Cap, Help: "Empty: up to the highest. One step, once; a person’s later choice stands.", Autocomplete: "off"}},
			{Control: ui.YesNo, Field: ui.Field{Name: "raise_priority", Label: "Raise the priority one step", Checked: r.RaisePriority, Value: yes(true)}},
			{Control: ui.YesNo, Field: ui.Field{Name: "comment", Label: "Keep one status comment, edited in place", Checked: r.Comment, Value: yes(true)}},
			{Control: ui.OneOf, Field: ui.Field{Name: "propose", Label: "Propose it for the current sprint", Value: string(r.Propose), Options: []ui.Option{
				{Value: "label", Label: "by a label"}, {Value: "sprint", Label: "move it into the active sprint"}, {Value: "nothing", Label: "not"},
			}}},
			{Field: ui.Field{Name: "label", Label: "That label", Value: r.Label, Autocomplete: "off"}},
			{Control: ui.OneOf, Field: ui.Field{Name: "after_done", Label: "When it comes back after done", Value: string(r.AfterDone), Options: []ui.Option{
				{Value: "reopen", Label: "reopen the ticket, within the days beside; later, a new one"}, {Value: "new", Label: "file a new one, linked to the old"}, {Value: "comment", Label: "comment only"},
			}}},
			{Field: ui.Field{Name: "reopen_days", Label: "Reopen within days", Type: "number", Value: strconv.Itoa(int(r.ReopenWithin / (24 * time.Hour)))}},
		},
	}, err)
	return p
}

// DryRunPage tells what a rule would have done.
type DryRunPage struct {
	Title, Lede, Sentence string
	Rows                  []DryRunRow
}

// DryRunRow is one thing that it would have done.
type DryRunRow struct {
	Ref, Link, Title, Key, Does string
	At                          ui.When
}

// DryRunDays is how far back a dry run looks.
const DryRunDays = 90

// NewDryRunPage tells it.
func NewDryRunPage(r followup.Rule, team catalog.Team, would []jirasync.Replayed, c ui.Clock) DryRunPage {
	p := DryRunPage{
		Title: "The rule would have acted " + ui.Plural(len(would), "time", "times") + " in the last 90 days", Sentence: r.Sentence(),
		Lede: "As things were at each recurrence, with the tickets’ priorities of today. Nothing was changed.",
	}
	if team.ID != 0 {
		p.Title += " for " + team.Name
	}
	for _, w := range would {
		row := DryRunRow{
			Ref: w.FollowUp.ID.String(), Link: link.FollowUp(int64(w.FollowUp.ID)), Title: w.FollowUp.Title, At: c.When(w.At), Does: strings.Join(w.Does.Because, " "),
		}
		if w.FollowUp.Ticket != nil {
			row.Key = w.FollowUp.Ticket.Key
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}
