package teams

import (
	"strconv"
	"strings"
	"time"

	"upshot/app/metrics"
	"upshot/app/ticket"
	"upshot/views/link"
	"upshot/views/ui"
)

// WorkSince is how far back the work of a team must be known for its page: eight weeks, and a sprint that began before them.
const WorkSince = metrics.CycleWindow + 4*7*24*time.Hour

// sprintsShown is how many of the latest sprints the page shows.
const sprintsShown = 4

// Work is what a team's backlogs say of work that incidents made.
type Work struct {
	// Missing says why there is nothing to show, and what to do; empty: there is.
	Missing, MissingText string
	Connect              string // where that is done; empty: only administrators can
	Trouble              string
	Bigs                 []ui.BigFigure
	Sprints              []SprintRow
	NoSprints            string // why there are none
	Forecast             string
	Formula              []string
	ReadAt               ui.When
}

// SprintRow is what came into a sprint beside its plan.
type SprintRow struct {
	Name, Share, Late, Other, Spent string
	Began                           ui.When
}

// NewWork sums up; connect is where an administrator says which work is the team's.
func NewWork(w metrics.TeamWork, admin bool, c ui.Clock) Work {
	var p Work
	if admin {
		p.Connect = link.Jira
	}
	if w.Trouble != "" {
		p.Trouble = "Jira could not be read the last time: “" + w.Trouble + "”. What stands here may be old."
	}
	switch {
	case w.Backlogs == 0:
		p.Missing, p.MissingText = "Not connected.", "An administrator names this team’s board or query on the page of Jira. Then sprints, interruptions and cycle time are counted over all of its issues."
		return p
	case w.ReadAt.IsZero():
		p.Missing, p.MissingText, p.Connect = "The first read is on its way.", "Jira is asked for everything that changed in more than a year; that can take some minutes.", ""
		return p
	}
	p.ReadAt = c.When(w.ReadAt)
	cycle := metrics.CycleTimeOf(w.Issues, metrics.Query{Now: c.Now})
	load := metrics.IncidentLoadOf(w.Issues, c.Now)
	loads, unknown := metrics.SprintLoads(w.Issues, w.Sprints, c.Now)
	p.Bigs = []ui.BigFigure{
		predictability(cycle.CycleFigures), interruptions(cycle.CycleFigures),
		{Value: workDays(load.OnIncidents), Caption: "in progress on work from incidents, last 8 weeks"},
	}
	p.Forecast = forecast(load)
	for _, l := range loads[:min(len(loads), sprintsShown)] {
		p.Sprints = append(p.Sprints, sprintRow(l, c))
	}
	switch {
	case len(p.Sprints) > 0:
	case unknown > 0:
		p.NoSprints = "Sprint start unknown: Jira does not say when " + ui.Plural(unknown, "sprint", "sprints") + " of this work began."
	default:
		p.NoSprints = "None of this work was in a sprint that began in the last 12 weeks."
	}
	p.Formula = []string{
		"Cycle time: first entry into an in-progress status to the final entry into done, of issues finished in the last 8 weeks; reopened time is inside. Predictability: P85 ÷ P50, with 8 issues or more.",
		"Added late: issues from incidents that came into a sprint after it began ÷ issues in it since. Days are time in progress; issues in progress at once add up.",
		"Forecast for a week: from the middle one of the last 8 weeks to one that at most one of them exceeds (P50 to P85, nearest rank), with 5 issues or more.",
	}
	return p
}

func predictability(f metrics.CycleFigures) ui.BigFigure {
	out := ""
	for _, n := range []struct {
		n    int
		said string
	}{{f.Skipped, "skipped in progress"}, {f.Declined, "declined"}, {f.Withheld, "with a history that cannot be told"}} {
		if n.n > 0 {
			out += ", " + ui.Thousands(n.n) + " " + n.said
		}
	}
	ratio, enough := f.Predictability()
	switch {
	case enough:
		return ui.BigFigure{
			Value: strconv.FormatFloat(ratio, 'f', 1, 64), Caption: "P85 ÷ P50 of cycle time (" + ui.Duration(f.P85) + " and " + ui.Duration(f.P50) + "), n " + ui.Thousands(f.N) + out,
		}
	case f.Enough():
		return ui.BigFigure{Value: "n/a", Caption: "P85 ÷ P50 of cycle time: half of the issues took no time, n " + ui.Thousands(f.N) + out}
	}
	return ui.BigFigure{Value: "few", Caption: "P85 ÷ P50 of cycle time needs " + strconv.Itoa(metrics.EnoughFinished) + " issues, n " + ui.Thousands(f.N) + out}
}

func interruptions(f metrics.CycleFigures) ui.BigFigure {
	b := ui.BigFigure{Value: ui.PartOf(f.Interrupted.Part, f.Interrupted.Whole), Caption: "finished issues came from incidents"}
	if share, ok := f.InterruptedTime(); ok {
		b.Caption += ", " + ui.Percent(share) + " of the time in progress"
	}
	return b
}

func sprintRow(l metrics.SprintLoad, c ui.Clock) SprintRow {
	row := SprintRow{Name: l.Name, Began: c.OnDay(l.StartedAt), Late: ui.PartOf(l.Late.Part, l.Late.Whole), Other: ui.Thousands(l.LateOther), Spent: workDays(l.OnIncidents)}
	if row.Name == "" {
		row.Name = "a sprint without a name"
	}
	if l.State == ticket.ActiveSprint {
		row.Name += ", running"
	}
	if share, ok := l.Late.Rate(); ok {
		row.Share = ui.Percent(share)
	}
	return row
}

// workDays writes a length as days of 24 hours, which is how long an issue was in progress.
func workDays(d time.Duration) string {
	if said := inDays(d); said != "1" {
		return said + " days"
	}
	return "1 day"
}

// inDays rounds to a tenth of a day, and from ten on to whole ones.
func inDays(d time.Duration) string {
	days := d.Hours() / 24
	if days >= 10 {
		return strconv.FormatFloat(days, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(days, 'f', 1, 64), ".0")
}

func forecast(l metrics.IncidentLoad) string {
	if !l.Enough() {
		return "Too few issues from incidents came in the last 8 weeks for a forecast (" + ui.Thousands(l.Arrived) + ")."
	}
	issues := ui.Plural(l.ArrivedTo, "new issue", "new issues")
	if l.ArrivedFrom != l.ArrivedTo {
		issues = ui.Thousands(l.ArrivedFrom) + " to " + issues
	}
	spent := workDays(l.OnIncidentsTo)
	if l.OnIncidentsFrom != l.OnIncidentsTo {
		spent = inDays(l.OnIncidentsFrom) + " to " + spent
	}
	return "Plan for " + issues + " from incidents in a week, and " + spent + " in progress on them."
}
