// Package queue shows the gap between promise and change: what waits, for how long, and what the waiting cost.
package queue

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/views/followups"
	"upshot/views/link"
	"upshot/views/ui"
)

// Data is what the page is made of.
type Data struct {
	Page     listing.Page[followup.FollowUp]
	Filter   followup.Filter
	Window   time.Duration // one of Windows
	Summary  followup.QueueSummary
	Teams    []catalog.Team
	Services []catalog.Service
	Seen     map[problem.ID][]problem.Occurrence // of the problems of Page, as far as the chart goes back
	About    map[followup.ID]string              // the services of Page, by slug
	// Waited is what those that wait now waited through; zero when the filter narrows more than the team.
	Waited  followup.Cost
	CanEdit bool
	Clock   ui.Clock
}

// Windows are the stretches of time the chart offers; 90 days unless the reader chooses another.
var Windows = []time.Duration{ui.Days30, ui.Days90, ui.Days180, ui.Year}

// Page is the queue.
type Page struct {
	Heading ui.Heading
	CanEdit bool
	Narrow  bool // something is filtered

	Ages     []ui.AgeBin
	AgesNote string
	Recurred string
	Flow     []ui.WeekFlow
	FlowNote string
	Times    ui.QueueTimes
	TimeNote string
	TimeBins []ui.AgeBin // the same, counted by days

	Title   string // of the chart
	Note    string
	Filters []ui.Question
	Only    ui.Field // recurred while waiting
	Days    string
	Windows []ui.Window
	Chart   ui.QueueChart
	Foot    string

	Heads []followups.Head
	Rows  []Row
	Pager ui.Pager
	Empty Nothing
}

// Nothing says why there are no rows, and what to do next.
type Nothing struct{ Title, Text, Link, LinkText string }

// Row is one line of the table.
type Row struct {
	Ref, Link, Title, Team, Kind string
	State                        ui.State
	Detail                       string
	Waited, Worked, SentBack     string // "n/a" when the history is incomplete
	WaitedExact                  string
	Recurred                     string
	Impact, Cost                 string
	Dear                         bool
}

// NewPage makes the page.
func NewPage(d Data) Page {
	rows := rowsOf(d)
	query := queryOf(d.Filter, d.Window)
	p := Page{CanEdit: d.CanEdit, Narrow: narrow(d.Filter), Days: days(d.Window)}
	p.Heading = ui.Heading{
		Title: finding(d.Summary.All, d.Waited),
		Lede:  "Each row is a promised change. The hatched part is time in which nobody had started; each diamond is the same failure happening again.",
	}
	p.figures(d)
	p.Title = "The queue, last " + windowName(d.Window)
	p.Note = ui.Plural(len(rows), "follow-up", "follow-ups") + ", grouped by team, A to Z; dearest first in each"
	if len(rows) < d.Page.Total {
		p.Note = fmt.Sprintf("%s of %s follow-ups, grouped by team, A to Z", ui.Thousands(len(rows)), ui.Thousands(d.Page.Total))
	}
	p.filters(d, query)
	p.Chart = ui.NewQueueChart(ui.Span{Clock: d.Clock, Window: d.Window}, teamsOf(d, rows, query))
	p.Foot = foot(rows)
	p.table(d, rows, query)
	p.Empty = nothing(d, p.Narrow)
	return p
}

func rowsOf(d Data) []followups.Row {
	rows := make([]followups.Row, len(d.Page.Items))
	for i, f := range d.Page.Items {
		rows[i] = followups.RowWithin(f, d.Seen[f.Problem], d.Clock.Now)
	}
	return rows
}

// finding is the page's heading: what waits, whether it came back, what that cost.
func finding(q followup.TeamQueue, waited followup.Cost) string {
	working := q.Open - q.Waiting
	switch {
	case q.Open == 0:
		return "Nothing waits, and nothing is being worked on"
	case q.Waiting == 0:
		return fmt.Sprintf("Nothing waits. %s being worked on.", are(working, "follow-up", "follow-ups"))
	}
	said := fmt.Sprintf("%s waiting.", are(q.Waiting, "fix", "fixes"))
	switch {
	case q.Recurred == 0 && q.Waiting == 1:
		return said + " It has not recurred."
	case q.Recurred == 0:
		return said + " None of them recurred meanwhile."
	case q.Waiting == 1:
		said += " It recurred meanwhile"
	case q.Recurred == q.Waiting:
		said += " All of them recurred meanwhile"
	default:
		said += fmt.Sprintf(" %s of them recurred meanwhile", ui.Thousands(q.Recurred))
	}
	if waited.Recurrences > 0 {
		return said + fmt.Sprintf(", %s, %s of impact.", often(waited.Recurrences), ui.Duration(waited.Impact))
	}
	said += "."
	if q.Cost > 0 {
		said += " Waiting has cost " + ui.Duration(q.Cost) + "."
	}
	return said
}

func often(n int) string {
	if n == 1 {
		return "once"
	}
	return ui.Thousands(n) + " times"
}

func are(n int, one, many string) string {
	if n == 1 {
		return "1 " + one + " is"
	}
	return ui.Thousands(n) + " " + many + " are"
}

func (p *Page) figures(d Data) {
	for _, a := range d.Summary.Ages {
		label := fmt.Sprintf("%d–%d", a.From, a.To)
		if a.To == 0 {
			label = fmt.Sprintf("over %d", a.From-1)
		}
		p.Ages = append(p.Ages, ui.AgeBin{Label: label, Waiting: a.Waiting, Recurred: a.Recurred})
	}
	p.AgesNote = ui.Plural(d.Summary.All.Waiting, "fix", "fixes")
	if n := d.Summary.All.Recurred; n > 0 {
		p.Recurred = ui.Thousands(n) + " recurred meanwhile"
	}
	balance := 0
	for _, w := range d.Summary.Weeks {
		balance += w.Balance()
		p.Flow = append(p.Flow, ui.WeekFlow{Label: ui.Clock{Now: d.Clock.Now}.Day(w.Start), In: w.In, Out: w.Out})
	}
	p.FlowNote = fmt.Sprintf("balance %s in %d weeks", signed(balance), len(d.Summary.Weeks))
	p.Times = ui.QueueTimes{
		Waits: thinned(d.Summary.Started), Half: metrics.Percentile(d.Summary.Started, 50), Most: metrics.Percentile(d.Summary.Started, 85),
	}
	p.TimeBins = ui.AgeBinsOf(d.Summary.Started, nil)
	p.TimeNote = fmt.Sprintf("n = %s, last %d d", ui.Thousands(len(d.Summary.Started)), int(followup.StartedWithin.Hours()/24))
	if len(p.Times.Waits) < len(d.Summary.Started) {
		p.TimeNote += fmt.Sprintf("; %d evenly chosen ones are drawn", len(p.Times.Waits))
	}
}

// dotsDrawn bounds how many started fixes are drawn one by one.
const dotsDrawn = 300

// thinned takes evenly many of the sorted waits, when there are too many dots to see.
func thinned(waits []time.Duration) []time.Duration {
	if len(waits) <= dotsDrawn {
		return waits
	}
	sorted := slices.Sorted(slices.Values(waits))
	some := make([]time.Duration, dotsDrawn)
	for i := range some {
		some[i] = sorted[i*len(sorted)/dotsDrawn]
	}
	return some
}

func signed(n int) string {
	if n > 0 {
		return "+" + ui.Thousands(n)
	}
	return ui.Thousands(n)
}

func windowName(w time.Duration) string {
	if w == ui.Year {
		return "year"
	}
	return days(w) + " days"
}

func days(w time.Duration) string { return strconv.Itoa(int(w.Hours() / 24)) }

// narrow tells whether the filter leaves something out.
func narrow(f followup.Filter) bool {
	return f.Team != "" || f.Service != "" || f.Kind != "" || f.State != "" || f.Recurred
}

// queryOf is the filter as the address spells it.
func queryOf(f followup.Filter, window time.Duration) url.Values {
	query := followups.Query(f)
	if window != ui.Days90 {
		query.Set("window", days(window))
	}
	return query
}

func with(query url.Values, name, value string) string {
	changed := url.Values{}
	for n, values := range query {
		changed[n] = values
	}
	changed.Del("cursor")
	if value == "" {
		changed.Del(name)
	} else {
		changed.Set(name, value)
	}
	return link.WithQuery(link.Queue, changed)
}

func (p *Page) filters(d Data, query url.Values) {
	f := d.Filter
	services := []ui.Option{{Label: "Every service"}}
	for _, s := range d.Services {
		services = append(services, ui.Option{Value: s.Slug, Label: s.Name})
	}
	states := []ui.Option{{Label: "Open or just done"}}
	for _, s := range followup.States {
		states = append(states, ui.Option{Value: string(s), Label: followups.StateWords(s)})
	}
	p.Filters = []ui.Question{
		{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Team", Value: f.Team, Options: followups.TeamOptions("Every team", d.Teams)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "service", Label: "Service", Value: f.Service, Options: services}},
		{Control: ui.OneOf, Field: ui.Field{Name: "kind", Label: "Kind", Value: string(f.Kind), Options: followups.KindOptions("Every kind")}},
		{Control: ui.OneOf, Field: ui.Field{Name: "state", Label: "State", Value: string(f.State), Options: states}},
		{Control: ui.OneOf, Field: ui.Field{Name: "sort", Label: "Order in a team", Value: f.Sort, Options: []ui.Option{
			{Value: "", Label: "Cost of waiting"}, {Value: "queued_at", Label: "Longest queued"}, {Value: "-updated_at", Label: "Latest change"},
		}}},
	}
	p.Only = ui.Field{Name: "recurred", Label: "recurred while waiting", Checked: f.Recurred}
	for _, w := range Windows {
		text := days(w) + " d"
		if w == ui.Year {
			text = "1 y"
		}
		value := days(w)
		if w == ui.Days90 {
			value = ""
		}
		p.Windows = append(p.Windows, ui.Window{Text: text, Link: with(query, "window", value), Current: w == d.Window})
	}
}

// teamsOf groups the rows by team, A to Z, nobody's last; in a team what waits comes first, what is finished last.
func teamsOf(d Data, rows []followups.Row, query url.Values) []ui.QueueTeam {
	byTeam := map[catalog.TeamID][]followups.Row{}
	for _, r := range rows {
		byTeam[r.FollowUp.Team] = append(byTeam[r.FollowUp.Team], r)
	}
	sums := map[catalog.TeamID]followup.TeamQueue{}
	for _, t := range d.Summary.Teams {
		sums[t.Team] = t
	}
	teams := slices.Clone(d.Teams)
	slices.SortStableFunc(teams, func(a, b catalog.Team) int { return cmp.Compare(a.Name, b.Name) })
	teams = append(teams, catalog.Team{Name: "Nobody yet"})
	var groups []ui.QueueTeam
	for _, t := range teams {
		own := byTeam[t.ID]
		if len(own) == 0 {
			continue
		}
		slices.SortStableFunc(own, func(a, b followups.Row) int { return rank(a) - rank(b) })
		group := ui.QueueTeam{Name: t.Name, Counts: counts(sums[t.ID], d.Clock.Now), Cost: "no cost of waiting"}
		if cost := sums[t.ID].Cost; cost > 0 {
			group.Cost = "cost of waiting " + ui.Duration(cost)
		}
		if d.Filter.Team == "" && t.Slug != "" {
			group.All = with(query, "team", t.Slug)
		}
		for _, r := range own {
			group.Rows = append(group.Rows, chartRow(r, d.About[r.FollowUp.ID]))
		}
		groups = append(groups, group)
	}
	return groups
}

func counts(q followup.TeamQueue, now time.Time) []string {
	said := []string{fmt.Sprintf("%s waiting of %s", ui.Thousands(q.Waiting), ui.Thousands(q.Open+q.Finished))}
	if !q.OldestQueuedAt.IsZero() {
		said = append(said, "oldest "+ui.Age(q.OldestQueuedAt, now))
	}
	return said
}

// rank puts what waits before what is worked on before what is finished.
func rank(r followups.Row) int {
	switch {
	case r.Finished():
		return 2
	case r.Ledger.StillWaiting:
		return 0
	}
	return 1
}

func chartRow(r followups.Row, service string) ui.QueueRow {
	f := r.FollowUp
	about := followups.KindWords(f.Kind)
	if service != "" {
		about += " · " + service
	}
	if t := followups.TicketLine(f); t != "" {
		about = t + " · " + about
	}
	return ui.QueueRow{
		Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, About: about, Bar: r.Bar,
		State: r.State, Detail: r.Detail, Recurred: r.Ledger.RecurrencesWhileWaiting, Impact: r.Ledger.ImpactWhileWaiting,
		After: r.Ledger.RecurrencesAfter, Cost: r.ImpactAfter(),
	}
}

func foot(rows []followups.Row) string {
	said := "Queue time runs from queued to the first start."
	n := 0
	for _, r := range rows {
		if r.Ledger.Incomplete {
			n++
		}
	}
	if n > 0 {
		said += " Left out: " + ui.Plural(n, "incomplete history", "incomplete histories") + "."
	}
	return said
}

func (p *Page) table(d Data, rows []followups.Row, query url.Values) {
	by := func(text, sort, now string) followups.Head {
		h := followups.Head{Text: text, Number: true, Link: with(query, "sort", sort)}
		if d.Filter.Sort == sort || d.Filter.Sort == "" && sort == "-cost" {
			h.Sort = now
		}
		return h
	}
	p.Heads = []followups.Head{
		{Text: "Follow-up"},
		{Text: "Team"},
		{Text: "Kind"},
		{Text: "Now"},
		by("Waited", "queued_at", "descending"),
		{Text: "Worked", Number: true},
		{Text: "Sent back", Number: true},
		{Text: "Recurred", Number: true},
		{Text: "Impact", Number: true},
		by("Cost", "-cost", "descending"),
	}
	names := followups.TeamNames(d.Teams)
	for _, r := range rows {
		p.Rows = append(p.Rows, tableRow(r, names))
	}
	p.Pager = ui.PagerOf(d.Page, link.Queue, query)
}

func tableRow(r followups.Row, teams map[catalog.TeamID]string) Row {
	f, l := r.FollowUp, r.Ledger
	row := Row{
		Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, Team: cmp.Or(teams[f.Team], "nobody yet"),
		Kind: followups.KindWords(f.Kind), State: r.State, Detail: r.Detail,
		Waited: ui.Duration(l.Waiting), WaitedExact: ui.Exact(l.Waiting), Worked: ui.Duration(l.Working), SentBack: ui.Duration(l.SentBack),
		Recurred: ui.Times(l.RecurrencesWhileWaiting), Impact: ui.Duration(l.ImpactWhileWaiting), Cost: ui.Duration(l.Cost()), Dear: l.Cost() > 0,
	}
	if l.Incomplete {
		row.Waited, row.Worked, row.SentBack, row.WaitedExact = ui.Missing, ui.Missing, ui.Missing, "history incomplete"
		row.Recurred, row.Impact, row.Cost = ui.Missing, ui.Missing, ui.Missing
	}
	return row
}

func nothing(d Data, narrow bool) Nothing {
	working := d.Summary.All.Open - d.Summary.All.Waiting
	switch {
	case narrow:
		return Nothing{"No follow-up fits.", "Fewer conditions find more.", link.Queue, "Show the whole queue"}
	case working > 0:
		return Nothing{"Nothing waits.", are(working, "follow-up", "follow-ups") + " being worked on.", link.With(link.FollowUps, "state", string(followup.InProgress)), "Look at them"}
	}
	return Nothing{
		"Nothing waits.", "When a change is promised after an incident and queued, its waiting is drawn here, with every recurrence meanwhile.",
		link.Incidents, "Look at the incidents",
	}
}
