package problems

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/notes"
	"upshot/views/ui"
)

// Facts is all that the page of one problem is made of.
type Facts struct {
	Problem    problem.Problem
	Members    []problem.Member // that count
	Page       listing.Page[incident.Incident]
	Cursor     string // of the page of occurrences
	FollowUps  []followup.FollowUp
	Notes      []rootcause.Note
	Regrouping *problem.Regrouping // the latest that can be undone
	Events     []audit.Event
	Service    *catalog.Service
	Teams      []catalog.Team
	CanEdit    bool
}

// ShowPage is one problem.
type ShowPage struct {
	ID          int64
	Ref         string
	Heading     ui.Heading
	State       ui.State
	Failed      string
	Service     incidents.Linked
	First, Last ui.When
	Restarts    string
	Review      string // why somebody has to look into it now
	MedianGap   string // between occurrences; empty with fewer than two
	Finding     string
	Figures     []Figure
	History     ui.History
	Bumps       bool
	FollowUps   []Promised
	Occurrences []Occurrence
	Pager       ui.Pager
	Notes       []notes.Item
	Facts       []incidents.Fact
	Undo        *Undo
	Timeline    []incidents.Entry // newest first
	Earlier     []incidents.Entry // folded away
	Promise     string
	CanEdit     bool
}

// Figure is one number of the history.
type Figure struct {
	Value, Caption string
	Tone           ui.Tone
}

// Promised is a follow-up with what waiting for it cost.
type Promised struct {
	Ref, Link, Title, About string
	State                   ui.State
	Age                     string
	Ticket                  string // key and status in Jira
	Waited                  string
	Bumps                   string
	Recurred                string
	Impact                  string
	After                   string // recurrences after it shipped
}

// Occurrence is one incident of the problem.
type Occurrence struct {
	Ref, Link, Title, Severity string
	Started                    ui.When
	Gap                        string
	Impact                     string
	Told                       string
	Late                       bool
	EndedBy                    string
	Continues                  bool // it continues the one before it and is no occurrence of its own
	Kind                       string
}

// Undo takes back the latest merge or split.
type Undo struct {
	Text, Address string
	By            string
	At            ui.When
}

// NewShowPage makes the page of one problem.
func NewShowPage(f Facts, c ui.Clock) ShowPage {
	one := f.Problem
	seen := problem.History(f.Members, problem.FlapWindow, problem.RecurrenceWindow, c.Now)
	figures := problem.FiguresOf(seen)
	p := ShowPage{
		ID: int64(one.ID), Ref: one.ID.String(), State: ui.ProblemState(string(one.State)), CanEdit: f.CanEdit, Promise: link.NewFollowUpFor(one.ID.String()),
		First: c.OnDay(figures.FirstAt), Last: c.OnDay(figures.LastAt), Restarts: restarts(figures),
		Notes: notes.Items(f.Notes, 0, one.ID, f.CanEdit, c),
	}
	p.Heading = ui.Heading{Crumb: "Problems", CrumbLink: link.Problems, Ref: p.Ref, Title: one.Title}
	if f.Service != nil {
		p.Service = incidents.Linked{Text: f.Service.Name, Link: link.Service(f.Service.Slug)}
	} else if one.Service != "" {
		p.Service = incidents.Linked{Text: one.Service, Link: link.Service(one.Service)}
	}
	explained := slices.ContainsFunc(f.Notes, func(n rootcause.Note) bool { return n.Kind == rootcause.Cause || n.Kind == rootcause.Factor })
	if problem.ReviewDue(figures.Occurrences, explained) {
		p.Review = ui.Ordinal(figures.Occurrences) + " occurrence: review is due"
	}
	if figures.MedianGap > 0 {
		p.MedianGap = ui.Duration(figures.MedianGap)
	}
	if !one.FixFailedAt.IsZero() && one.State != problem.Verified {
		p.Failed = "a fix did not hold, " + c.Day(one.FixFailedAt)
	}
	p.Timeline = timeline(one.ID, f.Events, c)
	if len(p.Timeline) > stepsShown {
		p.Timeline, p.Earlier = p.Timeline[:stepsShown], p.Timeline[stepsShown:]
	}
	fixes := fixesOf(f.FollowUps, seen, c)
	p.Finding = findingOf(seen, fixes)
	p.Figures = figuresOf(figures, fixes, f.FollowUps, seen, c)
	p.History = historyOf(seen, f.FollowUps, c)
	for _, l := range p.History.Lanes {
		p.Bumps = p.Bumps || len(l.Bar.Bumps) > 0
	}
	p.FollowUps = promisedOf(f.FollowUps, seen, c)
	p.Occurrences = occurrencesOf(f.Page.Items, seen, c)
	query := map[string][]string{}
	p.Pager = ui.PagerOf(f.Page, link.Problem(p.ID), query)
	p.Undo = undoOf(f, c)
	p.Facts = whoOf(f)
	return p
}

// fixes counts what was shipped against the problem and what came of it.
type fixes struct{ shipped, failed, waiting, working int }

func fixesOf(all []followup.FollowUp, seen []problem.Occurrence, c ui.Clock) fixes {
	var n fixes
	for _, f := range all {
		l := followup.LedgerOf(f, seen, c.Now)
		if !l.ShippedAt.IsZero() || !f.FixFailedAt.IsZero() {
			n.shipped++
		}
		if !f.FixFailedAt.IsZero() {
			n.failed++
		}
		switch f.State {
		case followup.Queued:
			n.waiting++
		case followup.InProgress:
			n.working++
		}
	}
	return n
}

// findingOf says the history in a sentence or two: how often in how long, how the gap went, what came of the fixes.
func findingOf(seen []problem.Occurrence, n fixes) string {
	if len(seen) == 0 {
		return "No incident belongs to it yet"
	}
	said := ui.Sentence(times(len(seen)))
	if len(seen) > 1 {
		said += " in " + span(seen[len(seen)-1].StartedAt.Sub(seen[0].StartedAt))
	}
	if len(seen) > 2 {
		first, last := seen[1].StartedAt.Sub(seen[0].StartedAt), seen[len(seen)-1].StartedAt.Sub(seen[len(seen)-2].StartedAt)
		switch {
		case last < first*4/5:
			said += "; the gap shrank from " + ui.Duration(first) + " to " + ui.Duration(last)
		case last > first*5/4:
			said += "; the gap grew from " + ui.Duration(first) + " to " + ui.Duration(last)
		default:
			said += "; the gap stayed near " + ui.Duration(last)
		}
	}
	said += "."
	var came []string
	switch {
	case n.failed == 1:
		came = append(came, "one shipped change did not hold")
	case n.failed > 1:
		came = append(came, ui.InWords(n.failed)+" shipped changes did not hold")
	}
	if held := n.shipped - n.failed; held > 0 {
		came = append(came, ui.InWords(held)+" shipped and "+plural(held, "holds", "hold")+" so far")
	}
	if n.working > 0 {
		came = append(came, ui.InWords(n.working)+" in work")
	}
	if n.waiting > 0 {
		came = append(came, ui.InWords(n.waiting)+" still waiting")
	}
	if len(came) == 0 {
		return said + " No change is promised."
	}
	return said + " " + ui.Sentence(strings.Join(came, ", ")) + "."
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return ui.InWords(n) + " times"
}

// span writes a stretch of time roughly: days up to three weeks, then weeks, then months.
func span(d time.Duration) string {
	days := int(d.Round(24*time.Hour) / (24 * time.Hour))
	switch {
	case days < 1:
		return ui.Duration(d)
	case days < 21:
		return ui.Plural(days, "day", "days")
	case days < 100*7:
		return ui.Plural(days/7, "week", "weeks")
	}
	return ui.Plural(days/365, "year", "years") + " and " + ui.Plural(days%365/30, "month", "months")
}

func figuresOf(g problem.Figures, n fixes, all []followup.FollowUp, seen []problem.Occurrence, c ui.Clock) []Figure {
	figures := []Figure{
		{Value: ui.Sum(g.Impact), Caption: "impact in all"},
		{Value: ui.Sum(g.HandsOn), Caption: "hands-on, both sides"},
	}
	held := Figure{Value: ui.PartOf(n.failed, n.shipped), Caption: "shipped changes did not hold"}
	if n.shipped == 0 {
		held = Figure{Value: ui.Missing, Caption: "no change has shipped"}
	} else if n.failed > 0 {
		held.Tone = ui.Hurt
	}
	figures = append(figures, held)
	if len(seen) == 0 {
		return figures
	}
	if fixed := permanentFix(all, seen, c); !fixed.IsZero() {
		return append(figures, Figure{Value: ui.Duration(fixed.Sub(seen[0].StartedAt)), Caption: "from the first time to a permanent fix", Tone: ui.Good})
	}
	return append(figures, Figure{Value: ui.Duration(c.Now.Sub(seen[0].StartedAt)), Caption: "and counting to a permanent fix", Tone: ui.Late})
}

// permanentFix is when the verified fix shipped after which it did not come back; zero: there is none.
func permanentFix(all []followup.FollowUp, seen []problem.Occurrence, c ui.Clock) time.Time {
	last := seen[len(seen)-1].DetectedAt
	var at time.Time
	for _, f := range all {
		if f.State != followup.Verified {
			continue
		}
		shipped := followup.LedgerOf(f, seen, c.Now).ShippedAt
		if shipped.After(last) && (at.IsZero() || shipped.Before(at)) {
			at = shipped
		}
	}
	return at
}

// historyOf draws every occurrence, and a lane for each follow-up that was ever promised, oldest first.
func historyOf(seen []problem.Occurrence, all []followup.FollowUp, c ui.Clock) ui.History {
	h := ui.History{Clock: c}
	for _, o := range seen {
		h.Occurrences = append(h.Occurrences, ui.Mark{At: o.StartedAt, Impact: o.Impact})
	}
	for _, f := range all {
		if bar := followups.BarOf(f, seen, c.Now); len(bar.Segments) > 0 || bar.Incomplete {
			h.Lanes = append(h.Lanes, ui.Lane{Title: f.Title, Bar: bar})
		}
	}
	slices.SortStableFunc(h.Lanes, func(a, b ui.Lane) int {
		if len(a.Bar.Segments) == 0 || len(b.Bar.Segments) == 0 {
			return len(b.Bar.Segments) - len(a.Bar.Segments)
		}
		return a.Bar.Segments[0].From.Compare(b.Bar.Segments[0].From)
	})
	return h
}

func promisedOf(all []followup.FollowUp, seen []problem.Occurrence, c ui.Clock) []Promised {
	type costed struct {
		Promised
		cost time.Duration
	}
	var rows []costed
	for _, f := range all {
		l := followup.LedgerOf(f, seen, c.Now)
		p := Promised{
			Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, About: followups.KindWords(f.Kind) + ", " + string(f.Purpose),
			Waited: ui.Duration(l.Waiting), Bumps: ui.Thousands(l.Bumps), Recurred: "0", Impact: ui.Minutes(l.ImpactWhileWaiting),
			Ticket: cmp.Or(followups.TicketLine(f), ui.Missing),
		}
		if l.QueuedAt.IsZero() || l.Incomplete {
			p.Waited = ui.Missing
		}
		if n := l.RecurrencesWhileWaiting; n > 0 {
			p.Recurred = ui.Times(n)
		}
		if n := l.RecurrencesAfter; n > 0 {
			p.After = ui.Times(n) + " after it shipped"
		}
		p.State, p.Age = followups.StateNow(f, l, c.Now)
		rows = append(rows, costed{p, l.Cost()})
	}
	slices.SortStableFunc(rows, func(a, b costed) int { return int((b.cost - a.cost) / time.Second) })
	out := make([]Promised, len(rows))
	for n, r := range rows {
		out[n] = r.Promised
	}
	return out
}

// occurrencesOf writes a page of the problem's incidents, with the time since the occurrence before.
func occurrencesOf(page []incident.Incident, seen []problem.Occurrence, c ui.Clock) []Occurrence {
	var rows []Occurrence
	for _, i := range page {
		row := incidents.NewRow(i, c)
		o := Occurrence{
			Ref: row.Ref, Link: row.Link, Title: i.Title, Severity: row.Severity, Started: row.Started, Impact: row.Impact, EndedBy: incidents.EndingWords(i.EndedBy),
			Gap: ui.Missing, Told: ui.Missing, Kind: row.Kind,
		}
		for n, at := range seen {
			if !at.Holds(i.ID) {
				continue
			}
			o.Continues = at.Incident() != i.ID
			if n > 0 && !o.Continues {
				o.Gap = ui.Duration(at.StartedAt.Sub(seen[n-1].StartedAt))
			}
		}
		if at := i.Moments.DeveloperNotifiedAt; !at.IsZero() {
			wait := max(at.Sub(i.Detected()), 0)
			o.Told, o.Late = ui.Duration(wait), wait > time.Hour
		}
		rows = append(rows, o)
	}
	return rows
}

func undoOf(f Facts, c ui.Clock) *Undo {
	if f.Regrouping == nil {
		return nil
	}
	r := f.Regrouping
	u := &Undo{Address: link.UndoProblem(int64(f.Problem.ID)), By: r.By, At: c.When(r.At)}
	if r.Kind == problem.SplitKind {
		u.Text = fmt.Sprintf("%s was split off %s", r.To, r.From)
	} else {
		u.Text = fmt.Sprintf("%s was merged into %s", r.From, r.To)
	}
	return u
}

// stepsShown are told at once; earlier ones are folded away.
const stepsShown = 24

// worthTelling are the steps of an incident that tell something of its problem. The rest is on the incident's page.
var worthTelling = []string{"reported", "joined", "set apart", "merged", "unmerged"}

// timeline tells what happened to the problem, and what its incidents, notes and follow-ups did about it, newest first.
func timeline(about problem.ID, events []audit.Event, c ui.Clock) []incidents.Entry {
	events = slices.DeleteFunc(slices.Clone(events), func(e audit.Event) bool {
		return e.Subject == audit.Incident && !slices.Contains(worthTelling, e.Action)
	})
	slices.SortStableFunc(events, func(a, b audit.Event) int { return b.At.Compare(a.At) })
	all := make([]incidents.Entry, len(events))
	for n, e := range events {
		entry := incidents.Told(e, c)
		switch {
		case e.Subject == audit.Incident && e.Action == "reported":
			entry.Icon, entry.Tone, entry.Text = "hurt", "hurt-i", "It happened:"
			entry.Ref, entry.Link = incident.ID(e.SubjectID).String(), link.Incident(e.SubjectID)
		case e.Subject == audit.Incident && e.Action == "joined":
			entry.Text = "Recognised as the same failure:"
			entry.Ref, entry.Link = incident.ID(e.SubjectID).String(), link.Incident(e.SubjectID)
		case e.Subject == audit.Problem && e.SubjectID == int64(about):
			entry.Ref, entry.Link = "", ""
		}
		all[n] = entry
	}
	return incidents.Sparing(all, c)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func whoOf(f Facts) []incidents.Fact {
	if f.Service == nil {
		return []incidents.Fact{{Name: "Service", Values: []incidents.Linked{{Text: "several, or not known"}}}}
	}
	team := func(id catalog.TeamID) incidents.Linked {
		for _, t := range f.Teams {
			if t.ID == id {
				return incidents.Linked{Text: t.Name, Link: link.Team(t.Slug)}
			}
		}
		return incidents.Linked{Text: "nobody recorded"}
	}
	night, tone := team(f.Service.OnCall), ""
	answer := f.Service.AtTwoAM()
	if answer != catalog.BuildsIt {
		tone = "late"
	}
	if answer != catalog.NobodyKnown {
		night.Text += ", " + string(answer)
	}
	return []incidents.Fact{
		{Name: "Answers at 2 a.m.", Values: []incidents.Linked{night}, Tone: tone},
		{Name: "Builds it", Values: []incidents.Linked{team(f.Service.Builder)}},
		{Name: "Service", Values: []incidents.Linked{{Text: f.Service.Name, Link: link.Service(f.Service.Slug)}}},
	}
}
