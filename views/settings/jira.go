package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/metrics"
	"upshot/app/ticket"
	"upshot/views/link"
	"upshot/views/ui"
)

// JiraData is what the page of a connected Jira is made of.
type JiraData struct {
	Health      jirasync.Health
	Sites       []jirasync.Site // all of them
	Poll        time.Duration
	Statuses    map[string]ticket.Status
	Use         map[string]int // tickets in each status
	Resolutions []jirasync.Resolution
	Projects    []jirasync.Project // of this site
	Scopes      []jirasync.Scope   // of this site
	Sizes       map[jirasync.ScopeID]metrics.Share
	Teams       []catalog.Team
	Services    []catalog.Service
	Stuck       []jirasync.Link // creations that Jira refused
	Titles      map[followup.ID]string
	Dead        []jirasync.Push // writes that Jira refused
	Keys        map[ticket.ID]string
	HooksOn     bool
	HookURL     string
	Secret      *Secret
	CanEdit     bool
	IsAdmin     bool
	Clock       ui.Clock
}

// JiraPage is one connected Jira: how the sync is doing, and what it goes by.
type JiraPage struct {
	ID          int64
	Title       string
	Facts       []string
	Others      []JiraSite
	Stopped     string // why, when it is
	Bigs        []ui.BigFigure
	Runs        RunChart
	Statuses    []StatusRow
	Dead        []DeadRow
	Errors      []ErrorRow
	MoreErrors  int
	Projects    []ProjectRow
	Scopes      []ScopeRow
	Resolutions []ResolutionRow
	Login       string
	Environment bool
	Disabled    bool
	HooksOn     bool
	HookURL     string
	HookSeen    ui.When
	Secret      *Secret
	CanEdit     bool
	IsAdmin     bool
}

// JiraSite is a connected site among several.
type JiraSite struct {
	Name, Link string
	Current    bool
}

// StatusRow is a status, and what it counts as.
type StatusRow struct {
	ID, Name, Category string
	Counts             ui.State
	CountsText         string
	Tickets            int
	Gone               bool // Jira's list no longer has it
	Place              ui.Field
	MayPlace           bool
}

// DeadRow is a write that gave up.
type DeadRow struct {
	What, Ref, RefLink, Said, Meta string
	At                             ui.When
	Again, Discard                 string // where the two buttons lead
}

// ErrorRow is a run that was not good.
type ErrorRow struct {
	Title, Text string
	At          ui.When
}

// ProjectRow is a mapping.
type ProjectRow struct {
	Key, Whose, Type, Edit string
	Good                   bool
	May                    string
}

// ResolutionRow is a resolution, and what it means.
type ResolutionRow struct{ ID, Name, Meaning string }

// NewJiraPage makes the page.
func NewJiraPage(d JiraData) JiraPage {
	h, now := d.Health, d.Clock.Now
	p := JiraPage{
		ID: int64(h.Site.ID), Login: h.Site.Account.Name, Environment: h.Site.FromEnvironment, Disabled: !h.Site.DisabledAt.IsZero(),
		HooksOn: d.HooksOn, HookURL: d.HookURL, HookSeen: d.Clock.When(h.State.HookSeenAt), Secret: d.Secret, CanEdit: d.CanEdit, IsAdmin: d.IsAdmin,
	}
	why, stopped := h.Stopped(now, d.Poll)
	p.Title = jiraTitle(h, d.Poll, stopped)
	if stopped {
		p.Stopped = why
		if t := h.State.Trouble; t.Words != "" && t.Words != why {
			p.Stopped = why + " Jira said: “" + strings.TrimSuffix(t.Words, ".") + "”."
		}
	}
	p.Facts = []string{flavourName(h.Site.Flavour) + " " + h.Site.Version, ui.Plural(len(d.Projects), "project", "projects")}
	if p.Login != "" {
		p.Facts = append(p.Facts, "signed in as "+p.Login)
	}
	if h.Site.FromEnvironment {
		p.Facts = append(p.Facts, "connected by the environment")
	}
	for _, s := range d.Sites {
		p.Others = append(p.Others, JiraSite{Name: s.Name, Link: link.JiraSite(int64(s.ID)), Current: s.ID == h.Site.ID})
	}
	p.Bigs = jiraBigs(h, d, now)
	p.Runs = runChart(h.Runs, d.Clock)
	p.statuses(d)
	p.dead(d)
	for _, r := range h.Errors {
		if len(p.Errors) == errorsListed {
			break
		}
		p.Errors = append(p.Errors, errorRow(r, d.Clock))
	}
	p.MoreErrors = len(h.Errors) - len(p.Errors)
	for _, m := range d.Projects {
		p.Projects = append(p.Projects, projectRow(m, d))
	}
	for _, sc := range d.Scopes {
		p.Scopes = append(p.Scopes, scopeRow(sc, d))
	}
	for _, r := range d.Resolutions {
		p.Resolutions = append(p.Resolutions, ResolutionRow{ID: r.ID, Name: r.Name, Meaning: MeaningName(r.Meaning)})
	}
	return p
}

// errorsListed is how many of the last errors the page lists.
const errorsListed = 6

func flavourName(f jirasync.Flavour) string {
	if f == jirasync.Cloud {
		return "Cloud"
	}
	return "Data Center"
}

// jiraTitle is the finding.
func jiraTitle(h jirasync.Health, poll time.Duration, stopped bool) string {
	every := "every " + seconds(poll)
	if poll == time.Minute {
		every = "every minute"
	}
	said := "Jira is read " + every
	switch {
	case !h.Site.DisabledAt.IsZero():
		return "Jira is switched off; what is linked stays as it was read last"
	case stopped:
		return "Jira is not being read"
	case h.State.GoodAt.IsZero():
		return "Jira is connected; the first read is on its way"
	}
	var needs []string
	for _, n := range []struct {
		n         int
		one, many string
	}{
		{h.Dead, "write gave up", "writes gave up"},
		{h.Unplaced, "status needs a place", "statuses need a place"},
		{h.Conflicts, "conflict needs a choice", "conflicts need a choice"},
		{h.Decisions, "ticket asks for a decision", "tickets ask for a decision"},
	} {
		if n.n > 0 {
			needs = append(needs, ui.InWords(n.n)+" "+plain(n.n, n.one, n.many))
		}
	}
	if len(needs) == 0 {
		return said + "; nothing needs you"
	}
	return said + "; " + strings.Join(needs, ", ")
}

func plain(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func jiraBigs(h jirasync.Health, d JiraData, now time.Time) []ui.BigFigure {
	read := ui.BigFigure{Value: "never", Caption: "last good read", Tone: ui.Late}
	lag := ui.BigFigure{Value: ui.Missing, Caption: "lag, now − last good read"}
	if !h.State.GoodAt.IsZero() {
		read = ui.BigFigure{Value: ui.Ago(h.State.GoodAt, now), Caption: "✓ last good read", Tone: ui.Good}
		lag.Value = seconds(h.Lag(now))
		if _, stopped := h.Stopped(now, d.Poll); stopped {
			read.Caption, read.Tone = "last good read", ui.Late
		}
	}
	hook := ui.BigFigure{Value: "none", Caption: "webhooks so far"}
	if !h.State.HookSeenAt.IsZero() {
		hook = ui.BigFigure{Value: ui.Ago(h.State.HookSeenAt, now), Caption: "last webhook, signed"}
	}
	paused := ui.BigFigure{Value: "not paused", Caption: "no pause lately"}
	if len(h.Pauses) > 0 {
		last := h.Pauses[0]
		paused.Caption = "last pause " + d.Clock.Hour(last.BegunAt) + " to " + d.Clock.Hour(last.Until)
		if until := h.PausedUntil(now); !until.IsZero() {
			paused = ui.BigFigure{Value: "paused", Caption: "until " + d.Clock.Moment(until) + ": " + last.Why, Tone: ui.Late}
		}
	}
	mirrored := "tickets mirrored"
	if h.Gone > 0 {
		mirrored += ", " + ui.Thousands(h.Gone) + " gone in Jira"
	}
	all := []ui.BigFigure{
		read, lag,
		{Value: ui.Thousands(h.Waiting), Caption: "writes in the queue"},
		hook, paused,
		{Value: ui.Thousands(h.Mirrored), Caption: mirrored},
	}
	if h.Partial > 0 {
		all = append(all, ui.BigFigure{Value: ui.Thousands(h.Partial), Caption: "histories not read whole", Tone: ui.Late})
	}
	if h.Off > 0 {
		all = append(all, ui.BigFigure{Value: ui.Thousands(h.Off), Caption: "histories that Jira’s own clock disagrees with", Tone: ui.Late})
	}
	return all
}

// seconds is a short length of time, exact: a lag.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return ui.Duration(d)
}

func (p *JiraPage) statuses(d JiraData) {
	for id, s := range d.Statuses {
		row := StatusRow{ID: id, Name: s.Name, Category: categoryName(s.Category), Tickets: d.Use[id], Gone: !s.Known}
		switch s.CountsAs() {
		case ticket.ToDo:
			row.Counts, row.CountsText = ui.Waiting, "queued"
		case ticket.InProgress:
			row.Counts, row.CountsText = ui.Working, "in progress"
		case ticket.Done:
			row.Counts, row.CountsText = ui.Done, "done"
		default:
			row.Counts, row.CountsText = ui.FixFailed, "nothing yet"
		}
		row.MayPlace = d.IsAdmin && (s.Category == ticket.Unknown || s.Category == "")
		if row.MayPlace {
			row.Place = ui.Field{
				Name: "as", ID: "as-" + id, Label: s.Name + " counts as", Value: string(s.Placed),
				Options: []ui.Option{{Value: "", Label: "choose"}, {Value: "todo", Label: "to do"}, {Value: "in_progress", Label: "in progress"}, {Value: "done", Label: "done"}},
			}
		}
		p.Statuses = append(p.Statuses, row)
	}
	order := map[string]int{"to do": 0, "in progress": 1, "done": 2, "unknown": 3}
	slices.SortFunc(p.Statuses, func(a, b StatusRow) int {
		if c := order[a.Category] - order[b.Category]; c != 0 {
			return c
		}
		return strings.Compare(a.Name+a.ID, b.Name+b.ID)
	})
}

func categoryName(c ticket.Category) string {
	switch c {
	case ticket.ToDo:
		return "to do"
	case ticket.InProgress:
		return "in progress"
	case ticket.Done:
		return "done"
	}
	return "unknown"
}

func (p *JiraPage) dead(d JiraData) {
	for _, l := range d.Stuck {
		p.Dead = append(p.Dead, DeadRow{
			What: "Create a ticket for", Ref: l.FollowUp.String(), RefLink: link.FollowUp(int64(l.FollowUp)), Said: l.Trouble.Words,
			Meta: "project " + l.Asked.Project + " · " + attempts(l.Attempt, l.Trouble.Status), At: d.Clock.When(l.Trouble.At),
			Again: link.TicketAgain(int64(l.FollowUp)), Discard: link.TicketDiscard(int64(l.FollowUp)),
		})
	}
	for _, x := range d.Dead {
		row := DeadRow{
			What: pushWords(x), Ref: d.Keys[x.Ticket], Said: x.Trouble.Words, Meta: x.Why + " · " + attempts(x.Attempt, x.Trouble.Status), At: d.Clock.When(x.CreatedAt),
			Again: link.PushAgain(int64(x.ID)), Discard: link.PushDrop(int64(x.ID)),
		}
		if x.FollowUp != 0 {
			row.RefLink = link.FollowUp(int64(x.FollowUp))
		}
		p.Dead = append(p.Dead, row)
	}
}

func attempts(n, status int) string {
	said := ui.Plural(max(n, 1), "attempt", "attempts")
	if status != 0 {
		said += ", " + strconv.Itoa(status)
	}
	return said
}

// pushWords is what a write would do.
func pushWords(p jirasync.Push) string {
	switch p.Kind {
	case jirasync.PushTransition:
		return "Move"
	case jirasync.PushSprint:
		return "Move into the active sprint"
	case jirasync.PushBackLink, jirasync.PushIssueLink:
		return "Link"
	}
	if p.Payload.Edit.Comment != "" {
		return "Comment on"
	}
	return "Change"
}

func errorRow(r jirasync.Run, c ui.Clock) ErrorRow {
	row := ErrorRow{Title: "A read failed", Text: r.Trouble.Words, At: c.When(r.EndedAt)}
	if r.Trouble.Status != 0 {
		row.Title = "HTTP " + strconv.Itoa(r.Trouble.Status)
	}
	if r.Outcome == jirasync.Paused {
		row.Title = "Paused by a limit"
	}
	return row
}

func projectRow(m jirasync.Project, d JiraData) ProjectRow {
	row := ProjectRow{Key: m.Key, Whose: whose(m, d.Teams, d.Services), Type: m.Type.Name, Good: len(m.Wrong) == 0 && !m.CheckedAt.IsZero()}
	switch {
	case m.CheckedAt.IsZero():
		row.May = "not checked yet"
	case len(m.Wrong) == 0:
		row.May = "read, write, link"
	default:
		row.May = m.Wrong[0]
	}
	if d.IsAdmin {
		row.Edit = link.JiraMapping(int64(m.Site), int64(m.ID))
	}
	return row
}

func whose(m jirasync.Project, teams []catalog.Team, services []catalog.Service) string {
	for _, s := range services {
		if s.ID == m.Service {
			return s.Name
		}
	}
	for _, t := range teams {
		if t.ID == m.Team {
			return t.Name
		}
	}
	return "everybody else"
}

// MeaningName is a meaning as people read it.
func MeaningName(m ticket.Meaning) string {
	switch m {
	case ticket.MeansWontDo:
		return "will not do"
	case ticket.MeansDuplicate:
		return "duplicate"
	case ticket.MeansNoCause:
		return "no cause found"
	}
	return "done"
}

// RunChart draws the lag of the runs of the last day, a quarter of an hour each.
type RunChart struct {
	Bars  []RunBar
	Ticks []RunTick
	Label string // what the picture says, for those who do not see it
	Worst string // the longest lag, where it is worth telling
	At    string // where that stands, in per cent
	Class string
	End   bool // its text ends there
}

// RunBar is a quarter of an hour. Class is empty (good), f (failed) or w (paused).
type RunBar struct {
	X, Class  string
	Y, Height int
	Title     string
}

// RunTick is a time below the bars.
type RunTick struct{ X, Text, Class string }

const (
	quarters   = 96
	quarter    = 15 * time.Minute
	runsHeight = 52
	barLeast   = 4
	barMost    = 38
)

func runChart(runs []jirasync.Run, c ui.Clock) RunChart {
	end := c.Now.Truncate(quarter).Add(quarter)
	start := end.Add(-quarters * quarter)
	type sum struct {
		n, failed, paused int
		lag               time.Duration
	}
	all := make([]sum, quarters)
	failed, paused := 0, 0
	for _, r := range runs {
		at := int(r.EndedAt.Sub(start) / quarter)
		if at < 0 || at >= quarters {
			continue
		}
		s := &all[at]
		s.n++
		s.lag = max(s.lag, r.Lag)
		switch r.Outcome {
		case jirasync.Failed:
			s.failed++
			failed++
		case jirasync.Paused:
			s.paused++
			paused++
		}
	}
	worst, worstAt := time.Duration(0), 0
	for n, s := range all {
		if s.lag > worst {
			worst, worstAt = s.lag, n
		}
	}
	var chart RunChart
	for n, s := range all {
		if s.n == 0 {
			continue
		}
		height := barLeast
		if worst > 5*time.Minute {
			height += int(float64(barMost-barLeast) * float64(s.lag) / float64(worst))
		}
		bar := RunBar{X: fmt.Sprintf("%.2f%%", float64(n)*100/quarters), Y: runsHeight - height, Height: height}
		bar.Title = c.Hour(start.Add(time.Duration(n)*quarter)) + ": " + ui.Plural(s.n, "run", "runs")
		switch {
		case s.failed > 0:
			bar.Class = "f"
			bar.Title += ", " + ui.Plural(s.failed, "failed", "failed")
		case s.paused > 0:
			bar.Class = "w"
			bar.Title += ", " + ui.Plural(s.paused, "paused", "paused")
		}
		chart.Bars = append(chart.Bars, bar)
	}
	for n := range 5 {
		t := RunTick{X: fmt.Sprintf("%d%%", n*25), Text: c.Hour(start.Add(time.Duration(n) * 24 * quarter)), Class: "m"}
		switch n {
		case 0:
			t.Class, t.Text = "", t.Text+" yesterday"
		case 1, 3:
			t.Class = "m only-w"
		case 4:
			t.Class, t.Text = "e", "now"
		}
		chart.Ticks = append(chart.Ticks, t)
	}
	chart.Label = fmt.Sprintf("Sync runs of the last 24 hours, a bar for each quarter of an hour: %s, %d failed, %d paused by a limit", ui.Plural(len(runs), "run", "runs"), failed, paused)
	if worst > 5*time.Minute {
		chart.Worst, chart.Class = "lag "+ui.Duration(worst), "late halo"
		chart.At = fmt.Sprintf("%.1f%%", float64(worstAt+1)*100/quarters+0.5)
		if worstAt > quarters*3/4 {
			chart.At, chart.End = fmt.Sprintf("%.1f%%", float64(worstAt)*100/quarters-0.5), true
			chart.Class += " e"
		}
		chart.Label += "; the longest lag was " + ui.Duration(worst)
	}
	return chart
}

// ConnectPage asks for a Jira to connect, or for another login of one.
type ConnectPage struct {
	Form  ui.Form
	Title string
	Lede  string
}

// NewConnectPage asks; site is the one whose login changes, or the zero Site for a new one.
func NewConnectPage(site jirasync.Site, given jirasync.Given, err error) ConnectPage {
	p := ConnectPage{
		Title: "Connect Jira", Lede: "Upshot signs in once and says whose login it is before anything is kept. The token is encrypted in the database and never shown again.",
		Form: ui.Form{Action: link.JiraConnect, Submit: "Check and connect", Cancel: link.Jira},
	}
	token := ui.Field{
		Name: "token", Label: "Token", Type: "password", Required: true, Autocomplete: "off",
		Help: "Cloud: an API token of that user. Data Center: a personal access token.",
	}
	questions := []ui.Question{
		{Field: ui.Field{Name: "url", Label: "Address", Type: "url", Value: given.URL, Required: true, Wide: true, Placeholder: "https://example.atlassian.net", Help: "As people open it, with the path where Jira has one, such as https://jira.example.com/jira."}},
		{Field: ui.Field{Name: "user", Label: "User", Hint: "Cloud only", Value: given.User, Autocomplete: "off", Help: "The mail address the API token belongs to. Leave it empty for Data Center."}},
	}
	if site.ID != 0 {
		p.Title, p.Lede = "Another login for "+site.Name, "It is tried before the old one is given up."
		p.Form.Action, p.Form.Submit, p.Form.Cancel = link.JiraLogin(int64(site.ID)), "Check and save", link.JiraSite(int64(site.ID))
		token.Required, token.Hint = false, "empty: as it is"
		questions = questions[1:]
	}
	p.Form.Questions = slices.Concat(questions, []ui.Question{{Field: token}})
	p.Form = ui.NewForm(p.Form, err)
	return p
}

// MappingData is what the form of a mapping is made of.
type MappingData struct {
	Site     jirasync.Site
	Project  jirasync.Project
	Found    jirasync.Preflight // what Jira says about it; zero when it was not asked
	Typed    map[string]string  // fixed values as typed, by field id
	Teams    []catalog.Team
	Services []catalog.Service
	Err      error
}

// MappingPage asks which project takes whose follow-ups, and how.
type MappingPage struct {
	Title, Lede string
	Wrong       []string
	Form        ui.Form
	Unmap       string // where the mapping is taken away; empty: it is new
}

// NewMappingPage asks.
func NewMappingPage(d MappingData) MappingPage {
	m := d.Project
	p := MappingPage{
		Title: "Map follow-ups to a project", Lede: "Those about a service go by its mapping, else by their team’s, else by the one for everybody else.",
		Wrong: d.Found.Wrong,
	}
	if m.ID != 0 {
		p.Title = "Follow-ups of " + whose(m, d.Teams, d.Services) + " go to " + m.Key
		p.Unmap = link.JiraUnmap(int64(m.ID))
	}
	teams := []ui.Option{{Value: "", Label: "everybody without a mapping of their own"}}
	for _, t := range d.Teams {
		if t.ArchivedAt.IsZero() || t.ID == m.Team {
			teams = append(teams, ui.Option{Value: strconv.FormatInt(int64(t.ID), 10), Label: t.Name})
		}
	}
	services := []ui.Option{{Value: "", Label: "any"}}
	for _, s := range d.Services {
		if s.RetiredAt.IsZero() || s.ID == m.Service {
			services = append(services, ui.Option{Value: strconv.FormatInt(int64(s.ID), 10), Label: s.Name})
		}
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	f := ui.Form{
		Action: link.JiraMap(int64(d.Site.ID)), Submit: "Check and save", Cancel: link.JiraSite(int64(d.Site.ID)), Hidden: map[string]string{"id": number(int64(m.ID))},
		Questions: []ui.Question{
			{Field: ui.Field{Name: "project", Label: "Project’s key", Value: m.Key, Required: true, Placeholder: "OPS", Autocomplete: "off"}},
			{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Whose follow-ups", Value: number(int64(m.Team)), Options: teams}},
			{Control: ui.OneOf, Field: ui.Field{Name: "service", Label: "About one service alone", Hint: "instead of a team", Value: number(int64(m.Service)), Options: services}},
		},
	}
	if len(d.Found.Types) > 0 {
		var types []ui.Option
		for _, t := range d.Found.Types {
			types = append(types, ui.Option{Value: t.ID, Label: t.Name})
		}
		f.Questions = append(f.Questions, ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "type", Label: "Issue type", Value: m.Type.ID, Options: types}})
	} else if m.Type.ID != "" {
		f.Hidden["type"] = m.Type.ID
	}
	f.Questions = append(f.Questions,
		ui.Question{Field: ui.Field{Name: "components", Label: "Components", Hint: "optional", Value: strings.Join(m.Components, ", "), Help: "Names, with commas between them.", Autocomplete: "off"}},
		ui.Question{Field: ui.Field{Name: "labels", Label: "Labels", Hint: "optional", Value: strings.Join(m.Labels, " "), Help: "Beside the two that the sync needs itself; with spaces between them.", Autocomplete: "off"}},
	)
	for _, in := range d.Found.Inputs {
		_, given := m.Fixed[in.ID]
		if !in.Required && !given || slices.Contains([]string{"project", "issuetype", "summary", "description", "labels", "reporter"}, in.ID) {
			continue
		}
		f.Questions = append(f.Questions, fixedQuestion(in, m.Fixed[in.ID], d.Typed["fixed."+in.ID]))
	}
	f.LaterText = "Who owns which field: Jira, unless you say otherwise"
	for _, field := range jirasync.Fields {
		f.Later = append(f.Later, ui.Question{Control: ui.OneOf, Field: ui.Field{
			Name: "owner." + string(field), Label: "Who owns " + FieldName(field), Value: string(m.Owners.Of(field)),
			Options: []ui.Option{{Value: "jira", Label: "Jira: its changes flow here"}, {Value: "upshot", Label: "Upshot: changes here flow to Jira"}},
		}})
	}
	p.Form = ui.NewForm(f, d.Err)
	return p
}

// FieldName is a field as people read it.
func FieldName(f jirasync.Field) string {
	switch f {
	case jirasync.FieldSummary:
		return "the title"
	case jirasync.FieldDueOn:
		return "the due date"
	case jirasync.FieldLabels:
		return "labels"
	}
	return "the " + string(f)
}

// fixedQuestion asks for the value that every ticket gets in a field.
func fixedQuestion(in jirasync.Input, now json.RawMessage, typed string) ui.Question {
	q := ui.Question{Field: ui.Field{
		Name: "fixed." + in.ID, Label: in.Name, Hint: "the same in every ticket", Required: in.Required, Value: jirasync.TypedValue(in.Kind, now), Autocomplete: "off",
	}}
	if typed != "" {
		q.Value = typed
	}
	switch in.Kind {
	case "option", "options":
		q.Control = ui.OneOf
		q.Options = []ui.Option{{Value: "", Label: "choose"}}
		for _, a := range in.Allowed {
			q.Options = append(q.Options, ui.Option{Value: a.ID, Label: a.Name})
		}
	case "date":
		q.Type = "date"
	case "number":
		q.Type = "number"
	case "user":
		q.Help = "Account id on Cloud, name on Data Center."
	case "words":
		q.Help = "With spaces between them."
	case "other":
		q.Help = "As JSON, the way Jira’s API takes it."
	}
	return q
}

// ResolutionsPage asks what each resolution means.
type ResolutionsPage struct{ Form ui.Form }

// NewResolutionsPage asks.
func NewResolutionsPage(site jirasync.Site, all []jirasync.Resolution, err error) ResolutionsPage {
	f := ui.Form{Action: link.JiraResolutions(int64(site.ID)), Submit: "Save and count again", Cancel: link.JiraSite(int64(site.ID))}
	var options []ui.Option
	for _, m := range ticket.Meanings {
		options = append(options, ui.Option{Value: string(m), Label: MeaningName(m)})
	}
	for _, r := range all {
		f.Questions = append(f.Questions, ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "meaning." + r.ID, Label: r.Name, Value: string(r.Meaning), Options: options}})
	}
	return ResolutionsPage{Form: ui.NewForm(f, err)}
}
