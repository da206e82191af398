// Package dashboard shows what to decide now, and then whether things get better.
package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/notice"
	"upshot/app/problem"
	"upshot/app/triage"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// Data is what the page is made of.
type Data struct {
	Decide   listing.Page[followup.FollowUp]     // they wait while their failure came back, dearest first
	Cost     followup.Cost                       // of all of these, an occurrence once
	Seen     map[problem.ID][]problem.Occurrence // of their problems, as far as the chart goes back
	About    map[followup.ID]string              // the services of Decide, by slug
	Queue    followup.QueueSummary
	Untold   listing.Page[incident.Incident]
	Notices  map[incident.ID][]notice.Notice // of Untold
	Mail     bool                            // mail can be sent
	NoCause  metrics.WithoutCause
	Loops    metrics.LoopClosure
	Nobody   listing.Page[triage.Item] // that no team has answered for in two days
	Months   []metrics.MonthFigures
	Teams    []catalog.Team
	Services []catalog.Service
	Recorded bool // there is at least one incident
	Sync     []jirasync.Health
	Poll     time.Duration // how often Jira is read
	CanEdit  bool
	IsAdmin  bool
	Clock    ui.Clock
}

// The bounds of the page.
const (
	DecideShown  = 5
	RowsShown    = 3
	ClosedWithin = 30 * 24 * time.Hour
	LoopsWithin  = 90 * 24 * time.Hour
	MonthsShown  = 13
)

// Page is the first page.
type Page struct {
	Heading ui.Heading
	CanEdit bool
	Sync    []Notice
	Begin   []Beginning // when nothing is recorded yet: what to do, in order

	Decide  []Decision
	Waiting string // "All 8 waiting"
	Calm    string // instead of decisions
	Span    ui.Span

	Untold     []Item
	UntoldNote string
	Nobody     []Orphan
	NobodyNote string
	NoCause    []Item
	CauseNote  string
	CauseCalm  string // instead of rows
	Loop       Loop
	Measures   []Measure
}

// Beginning is one thing to do first.
type Beginning struct {
	Title, Text, Link, LinkText string
	Done                        bool
}

// Decision is a follow-up that asks for one.
type Decision struct {
	Ref, Link, Title     string
	Problem, ProblemLink string
	Team                 string // "Booking, rates-cache"
	Bar                  ui.Bar
	Waited               string
	Cost                 string
	Recurred             string
	Start                string // address of what may be done next
}

// Item is an incident that misses something.
type Item struct {
	Ref, Link, Title, Severity string
	Where                      string // "Booking, booking-api"
	Status                     string
	Silent                     string
	Refused                    string // what a notice was told that came to nothing
	Do, DoLink                 string
	Press                      bool // DoLink is a POST
}

// Orphan is an incident that no team answers for.
type Orphan struct {
	Item
	Nobody string // "No accountable team for 50 h, passed 2×"
	Until  string // who answers for it until a team accepts
}

// Loop is what significant incidents changed.
type Loop struct {
	Note, Share, ShareNote, Provisional string
	Loops                               ui.Loops
}

// Measure is one trend.
type Measure struct {
	Name, Value, Note, Direction string
	Tone                         string
	Trend                        ui.Trend
	Months                       []MonthRow
}

// MonthRow is one month in the table of a measure.
type MonthRow struct{ Name, Value, N string }

// Notice is something about Jira that somebody must see to.
type Notice struct {
	Text, Link, LinkText string
	Bad                  bool
}

// notices are what is wrong between Jira and here.
func notices(all []jirasync.Health, poll time.Duration, now time.Time) []Notice {
	var notes []Notice
	for _, h := range all {
		if why, stopped := h.Stopped(now, poll); stopped {
			since := "It was never read."
			if !h.State.GoodAt.IsZero() {
				since = "Last good read " + ui.Ago(h.State.GoodAt, now) + "."
			}
			notes = append(notes, Notice{
				Text: "Jira (" + h.Site.Name + ") is not being read: " + why + " " + since, Link: link.JiraSite(int64(h.Site.ID)), LinkText: "See what is wrong", Bad: true,
			})
		}
		if h.Decisions > 0 {
			notes = append(notes, Notice{
				Text: ui.Sentence(ui.InWords(h.Decisions)) + " closed in Jira without being done: no cause found, or will not do.", Link: link.FollowUps + "?decision=1", LinkText: "Record what was decided",
			})
		}
		if n := h.Dead + h.Conflicts; n > 0 {
			where := link.JiraSite(int64(h.Site.ID))
			if h.Dead == 0 {
				where = link.FollowUps + "?conflict=1"
			}
			notes = append(notes, Notice{
				Text: ui.Plural(h.Dead, "write to Jira gave up", "writes to Jira gave up") + ", " + ui.Plural(h.Conflicts, "conflict waits", "conflicts wait") + " for a choice.", Link: where, LinkText: "See to it",
			})
		}
	}
	return notes
}

// NewPage makes the page.
func NewPage(d Data) Page {
	p := Page{CanEdit: d.CanEdit, Span: ui.Span{Clock: d.Clock, Window: ui.Days90}}
	p.Heading = ui.Heading{Crumb: today(d.Clock), Title: finding(d), Lede: lede(d)}
	p.Sync = notices(d.Sync, d.Poll, d.Clock.Now)
	if !d.Recorded {
		p.Begin = beginning(d)
		return p
	}
	p.decide(d)
	names := followups.TeamNames(d.Teams)
	builders := map[string]string{}
	for _, s := range d.Services {
		builders[s.Slug] = names[s.Builder]
	}
	for _, i := range d.Untold.Items {
		p.Untold = append(p.Untold, d.untold(i, builders))
	}
	p.orphans(d, builders)
	p.UntoldNote = ui.Thousands(d.Untold.Total) + " significant"
	for _, i := range d.NoCause.Items {
		p.NoCause = append(p.NoCause, withoutCause(i, builders))
	}
	p.CauseNote = fmt.Sprintf("%s of %s closed, %d d", ui.Thousands(d.NoCause.Total), ui.Thousands(d.NoCause.Closed), int(ClosedWithin.Hours()/24))
	p.CauseCalm = "Every closed incident has a cause."
	if d.NoCause.Closed == 0 {
		p.CauseNote, p.CauseCalm = "", fmt.Sprintf("No incident was closed in the last %d days.", int(ClosedWithin.Hours()/24))
	}
	p.Loop = loop(d.Loops)
	p.Measures = []Measure{impact(d.Months), recurrence(d.Months)}
	return p
}

// today is the day with its week: "Monday 23 November, week 48".
func today(c ui.Clock) string {
	now := c.Now
	if c.Zone != nil {
		now = now.In(c.Zone)
	}
	_, week := now.ISOWeek()
	return fmt.Sprintf("%s, week %d", now.Format("Monday 2 January"), week)
}

func finding(d Data) string {
	switch n := d.Decide.Total; {
	case !d.Recorded:
		return "What did each incident change?"
	case n == 1:
		return "One fix keeps being needed while it waits"
	case n > 1:
		return ui.Sentence(ui.InWords(n)) + " fixes keep being needed while they wait"
	case d.Untold.Total > 0:
		return "Nothing that waits came back; developers do not know of " + ui.Plural(d.Untold.Total, "incident", "incidents")
	}
	return "Nothing waits that came back"
}

func lede(d Data) string {
	if !d.Recorded {
		return "Upshot keeps the way from an incident to the change it made necessary, and shows what waiting for that change costs."
	}
	if d.Decide.Total == 0 {
		switch n := d.Queue.All.Waiting; n {
		case 0:
			return "No promised change is waiting."
		case 1:
			return "One promised change is waiting, and its failure has not come back."
		default:
			return ui.Sentence(ui.InWords(n)) + " promised changes are waiting, and none of their failures came back."
		}
	}
	back := "the same failures came back " + times(d.Cost.Recurrences)
	if d.Decide.Total == 1 {
		back = "the same failure came back " + times(d.Cost.Recurrences)
	}
	if len(d.Decide.Items) < d.Decide.Total {
		return ui.Sentence(back) + ": " + ui.Sum(d.Cost.Impact) + " of impact."
	}
	var waited time.Duration
	for _, f := range d.Decide.Items {
		waited += d.Clock.Now.Sub(f.Kept.QueuedAt)
	}
	who := "Together they waited "
	if d.Decide.Total == 1 {
		who = "It waited "
	}
	return who + days(waited) + ", and " + back + ": " + ui.Sum(d.Cost.Impact) + " of impact."
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return ui.Thousands(n) + " times"
}

// days writes a sum of waits in days.
func days(d time.Duration) string {
	return ui.Plural(int(d.Hours()/24), "day", "days")
}

func beginning(d Data) []Beginning {
	return []Beginning{
		{"Add a team", "Who builds, who answers at night, when they work.", link.NewTeam, "Add a team", len(d.Teams) > 0},
		{"Add a service", "What users rely on, and the team that builds it.", link.NewService, "Add a service", len(d.Services) > 0},
		{"Bring in the history", "On the command line: upshot import FILE reads a CSV file as it is. Or begin with the next incident.", link.ReportIncident, "Report an incident", false},
	}
}

func (p *Page) decide(d Data) {
	names := followups.TeamNames(d.Teams)
	for _, f := range d.Decide.Items {
		row := followups.RowWithin(f, d.Seen[f.Problem], d.Clock.Now)
		at := link.FollowUp(int64(f.ID))
		x := Decision{
			Ref: f.ID.String(), Link: at, Title: f.Title, Team: whose(names[f.Team], d.About[f.ID]), Bar: row.Bar,
			Waited: ui.Duration(row.Ledger.Waiting), Cost: ui.Sum(row.Ledger.Cost()), Recurred: "recurred " + ui.Times(row.Ledger.RecurrencesWhileWaiting),
			Start: at + "#next",
		}
		if f.Problem != 0 {
			x.Problem, x.ProblemLink = f.Problem.String(), link.Problem(int64(f.Problem))
		}
		p.Decide = append(p.Decide, x)
	}
	switch n := d.Queue.All.Waiting; {
	case n > 0:
		p.Waiting = "All " + ui.Thousands(n) + " waiting"
	default:
		p.Waiting = "The queue"
	}
	if len(p.Decide) == 0 {
		p.Calm = "No fix was needed again while it waited."
	}
}

// whose names a team and a service, where they are known.
func whose(team, service string) string {
	if team != "" && service != "" {
		return team + ", " + service
	}
	return team + service
}

func (d Data) untold(i incident.Incident, builders map[string]string) Item {
	item := itemOf(i, builders)
	since := i.Moments.DetectedAt
	if since.IsZero() {
		since = i.Moments.DeclaredAt
	}
	if since.IsZero() {
		since = i.Moments.StartedAt
	}
	item.Silent = "silent for " + ui.Age(since, d.Clock.Now)
	item.Do, item.DoLink = "Tell them", link.TellDevelopers(int64(i.ID))
	for _, s := range i.Services {
		if builders[s] != "" {
			item.Do = "Tell " + builders[s]
			break
		}
	}
	var services []catalog.Service
	for _, s := range d.Services {
		if slices.Contains(i.Services, s.Slug) {
			services = append(services, s)
		}
	}
	sent := d.Notices[i.ID]
	switch {
	case incidents.UnderWay(sent):
		item.Silent, item.Do = item.Silent+", a notice is under way", ""
	case incidents.Reachable(notice.Builders(services, d.Teams), d.Mail):
		item.DoLink, item.Press = link.NotifyDevelopers(int64(i.ID)), true
		if said := incidents.Refused(sent); said != "" {
			item.Refused = said
		}
	}
	return item
}

// orphans lists what no team answers for, with who does until one accepts.
func (p *Page) orphans(d Data, builders map[string]string) {
	names := followups.TeamNames(d.Teams)
	for _, x := range d.Nobody.Items {
		var its []catalog.Service
		for _, s := range d.Services {
			if slices.Contains(x.Incident.Services, s.Slug) {
				its = append(its, s)
			}
		}
		s := x.Standing(its, d.Clock.Now)
		o := Orphan{Item: itemOf(x.Incident, builders), Nobody: ui.Sentence(incidents.NobodyWords(s, d.Clock.Now))}
		o.Until = incidents.ProvisionalWords(s, names)
		o.Do, o.DoLink = "Triage", o.Link+"#triage"
		p.Nobody = append(p.Nobody, o)
	}
	p.NobodyNote = ui.PartOf(len(d.Nobody.Items), d.Nobody.Total) + ", passed on most often first"
}

func withoutCause(i incident.Incident, builders map[string]string) Item {
	item := itemOf(i, builders)
	item.Status = ""
	switch i.EndedBy {
	case incident.Restart:
		item.Status = "restart only"
	case incident.Workaround:
		item.Status = "workaround only"
	}
	item.Do, item.DoLink = "Add cause", item.Link+"#notes"
	return item
}

func itemOf(i incident.Incident, builders map[string]string) Item {
	where := strings.Join(i.Services, ", ")
	if where == "" {
		where = "unassigned"
	}
	for _, s := range i.Services {
		if builders[s] != "" {
			where = builders[s] + ", " + where
			break
		}
	}
	return Item{
		Ref: i.ID.String(), Link: link.Incident(int64(i.ID)), Title: i.Title, Severity: string(i.Severity), Where: where, Status: string(i.Status),
	}
}

func loop(l metrics.LoopClosure) Loop {
	page := Loop{Loops: ui.Loops{Verified: l.Verified, Done: l.DoneNotVerified, Declined: l.Decided, Nothing: l.None}}
	if l.Provisional > 0 {
		page.Provisional = fmt.Sprintf("%s not due yet: there are %d days to close the loop.", moreAre(l.Provisional), metrics.LoopGrace)
	}
	due := l.Due()
	if due == 0 {
		page.Note = "none due yet"
		return page
	}
	page.Note = fmt.Sprintf("%s significant, due in the last %d d", ui.PartOf(l.Verified+l.Decided, due), int(LoopsWithin.Hours()/24))
	if metrics.Few(due) {
		page.Share, page.ShareNote = ui.PartOf(l.Verified+l.Decided, due), "closed; few, so no share"
		return page
	}
	page.Share, page.ShareNote = ui.Share(l.Verified+l.Decided, due), fmt.Sprintf("closed: %d by proof, %d by a decision", l.Verified, l.Decided)
	return page
}

func moreAre(n int) string {
	if n == 1 {
		return "1 more is"
	}
	return ui.Thousands(n) + " more are"
}

func impact(months []metrics.MonthFigures) Measure {
	m := Measure{Name: "Impact duration", Trend: ui.Trend{Name: "Impact duration, median"}}
	latest := -1
	for n, f := range months {
		point := ui.Point{Value: f.MedianImpact.Minutes(), Text: ui.Duration(f.MedianImpact), Missing: f.Measured == 0, Provisional: n == len(months)-1}
		m.add(f.Start, point, f.Measured)
		if f.Measured > 0 {
			latest = n
		}
	}
	m.Value, m.Note = ui.Missing, "no incident has ended"
	if latest >= 0 {
		f := months[latest]
		m.Value, m.Note = ui.Duration(f.MedianImpact), fmt.Sprintf("median, %s, n = %d", f.Start.Format("January"), f.Measured)
	}
	m.Direction, m.Tone = ui.Direction(m.Trend.Points, ui.Falling)
	return m
}

func recurrence(months []metrics.MonthFigures) Measure {
	m := Measure{Name: "Recurrence rate", Trend: ui.Trend{Name: "Recurrence rate"}}
	occurrences, recurrences := 0, 0
	for n, f := range months {
		occurrences += f.Occurrences
		recurrences += f.Recurrences
		point := ui.Point{Text: ui.Share(f.Recurrences, f.Occurrences), Missing: f.Occurrences == 0, Provisional: n == len(months)-1}
		if f.Occurrences > 0 {
			point.Value = float64(f.Recurrences) / float64(f.Occurrences)
		}
		m.add(f.Start, point, f.Occurrences)
	}
	m.Value = ui.Share(recurrences, occurrences)
	m.Note = fmt.Sprintf("%s, window 90 d", ui.PartOf(recurrences, occurrences))
	if occurrences == 0 {
		m.Note = "no incident in these months"
	}
	m.Direction, m.Tone = ui.Direction(m.Trend.Points, ui.Falling)
	return m
}

func (m *Measure) add(month time.Time, point ui.Point, n int) {
	if len(m.Trend.Points) == 0 {
		m.Trend.First = month.Format("Jan 2006")
	}
	m.Trend.Points = append(m.Trend.Points, point)
	m.Trend.N += n
	row := MonthRow{Name: month.Format("January 2006"), Value: point.Text, N: ui.Thousands(n)}
	if point.Missing {
		row.Value = ui.Missing
	}
	m.Months = append(m.Months, row)
}
