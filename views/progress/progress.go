// Package progress shows the measures of progress: whether things get better since a team owns what it runs.
package progress

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/metrics"
	"upshot/views/followups"
	"upshot/views/link"
	"upshot/views/ui"
)

// Range is the stretch of time a page shows, and how its trends are cut.
type Range struct {
	Name, Text string
	Bucket     metrics.Bucket
	Months     int // whole calendar months up to now; 0: everything
}

// Ranges lists those that are offered; the second is the usual one.
var Ranges = []Range{
	{"quarter", "Quarter", metrics.Week, 3},
	{"13m", "13 months", metrics.Month, 13},
	{"all", "All", metrics.Quarter, 0},
}

// Buckets are the periods that trends may be cut into.
var Buckets = []metrics.Bucket{metrics.Week, metrics.Month, metrics.Quarter}

// RangeOf is the one of that name, or the usual one.
func RangeOf(name string) Range {
	for _, r := range Ranges {
		if r.Name == name {
			return r
		}
	}
	return Ranges[1]
}

// From is its first day, in UTC; zero: no bound.
func (r Range) From(now time.Time) time.Time {
	if r.Months == 0 {
		return time.Time{}
	}
	year, month, _ := now.UTC().Date()
	first := time.Date(year, month-time.Month(r.Months-1), 1, 0, 0, 0, 0, time.UTC)
	if r.Bucket == metrics.Week {
		return metrics.Week.Start(first, time.UTC)
	}
	return first
}

// Query is what the page is asked for.
type Query struct {
	Range   Range
	Team    string
	Service string
	Window  int // days of recurrence: one of Windows
}

// Windows are the windows of recurrence that are offered, in days; 90 is the usual one.
var Windows = []int{30, 90, 180}

// Values are its part of an address.
func (q Query) Values() url.Values {
	v := url.Values{}
	if q.Range.Name != Ranges[1].Name {
		v.Set("range", q.Range.Name)
	}
	if q.Range.Bucket != RangeOf(q.Range.Name).Bucket {
		v.Set("by", string(q.Range.Bucket))
	}
	if q.Team != "" {
		v.Set("team", q.Team)
	}
	if q.Service != "" {
		v.Set("service", q.Service)
	}
	if q.Window != 90 {
		v.Set("window", strconv.Itoa(q.Window))
	}
	return v
}

// Filter is which incidents it is about.
func (q Query) Filter(now time.Time) metrics.Filter {
	return metrics.Filter{Team: q.Team, Service: q.Service, From: q.Range.From(now)}
}

// Data is what the page is made of.
type Data struct {
	Query    Query
	Measures metrics.Progress
	Boundary metrics.Boundary
	Coverage metrics.OwnershipCoverage
	Cycle    metrics.CycleTime
	Steps    []catalog.AdoptionMark // when services took a step
	Waiting  followup.TeamQueue     // what waits now
	Behind   int                    // changes that are still to be counted
	Teams    []catalog.Team
	Services []catalog.Service
	Clock    ui.Clock
}

// Page is the page of the measures.
type Page struct {
	Heading    ui.Heading
	Ranges     []ui.Window
	CSV        string
	Filters    []ui.Question
	Keep       []ui.Field // hidden: what the form of filters leaves as it is
	Behind     string
	Steps      bool // adoption steps are drawn
	Panels     []Panel
	Companions []Panel
	Few        []string
	Formulas   int
	Empty      bool
}

// Panel is one measure: its figure, its spread beside its trend, what was left out, and the way to its rows.
type Panel struct {
	ID, Name        string
	Direction, Tone string
	Value, Facts    string
	Spread          templ.Component
	SpreadNote      string
	Trend           ui.Trend
	TrendNote       string
	Out             []string
	Windows         []ui.Window // of recurrence
	Rows            string      // address
	Left            string      // address of what was left out
	Table           []TableRow
	Formula         string
	NoTrend         bool

	few []bool // of the points of the trend
}

// TableRow is one period of a trend.
type TableRow struct{ Period, Value, N string }

// NewPage makes the page.
func NewPage(d Data) Page {
	b := builder{d: d, now: d.Clock.Now, axis: axis(d)}
	p := Page{Formulas: metrics.Formulas, CSV: link.WithQuery(link.Progress+".csv", d.Query.Values())}
	p.Panels = []Panel{b.repair(), b.recurrence(), b.fail(), b.told(), b.coverage(), b.cycle()}
	p.Steps = len(b.marks()) > 0
	p.Companions = []Panel{b.impact(), b.permanent(), b.queue(), b.loops(), b.withoutCause(), b.boundary()}
	for _, panel := range p.Panels {
		if panel.Trend.N > 0 && metrics.Few(panel.Trend.N) {
			p.Few = append(p.Few, fmt.Sprintf("%s: %s (few), no trend.", panel.Name, ui.Plural(panel.Trend.N, "case", "cases")))
		}
	}
	p.Empty = d.Measures.Recurrence.Flow.Occurrences+d.Measures.Fail.Deployments+d.Measures.Impact.Open.N+d.Measures.Repair.N == 0
	p.Heading = ui.Heading{Crumb: b.scope(), Title: finding(p.Panels, p.Empty), Lede: lede(p.Panels, p.Empty)}
	if d.Behind > 0 {
		p.Behind = fmt.Sprintf("%s still to be counted: these figures follow within minutes.", moreThan(d.Behind))
	}
	for _, r := range Ranges {
		q := d.Query
		q.Range = r
		p.Ranges = append(p.Ranges, ui.Window{Text: r.Text, Link: link.WithQuery(link.Progress, q.Values()), Current: r.Name == d.Query.Range.Name})
	}
	services := []ui.Option{{Label: "Every service"}}
	for _, s := range d.Services {
		services = append(services, ui.Option{Value: s.Slug, Label: s.Name})
	}
	p.Filters = []ui.Question{
		{Control: ui.OneOf, Field: ui.Field{Name: "team", Label: "Built by", Value: d.Query.Team, Options: followups.TeamOptions("Every team", d.Teams)}},
		{Control: ui.OneOf, Field: ui.Field{Name: "service", Label: "Service", Value: d.Query.Service, Options: services}},
	}
	var buckets []ui.Option
	for _, bucket := range Buckets {
		buckets = append(buckets, ui.Option{Value: string(bucket), Label: "By " + string(bucket)})
	}
	p.Filters = append(p.Filters, ui.Question{Control: ui.OneOf, Field: ui.Field{Name: "by", Label: "Trends", Value: string(d.Query.Range.Bucket), Options: buckets}})
	for _, name := range []string{"range", "window"} {
		if v := d.Query.Values().Get(name); v != "" {
			p.Keep = append(p.Keep, ui.Field{Name: name, Value: v})
		}
	}
	return p
}

func moreThan(n int) string {
	if n >= 10_000 {
		return "More than 10,000 changes are"
	}
	if n == 1 {
		return "One change is"
	}
	return ui.Thousands(n) + " changes are"
}

// finding is the heading: what moves, in a sentence from the same figures as the charts.
func finding(panels []Panel, empty bool) string {
	if empty {
		return "Nothing happened in this time"
	}
	var good, bad []string
	for _, p := range panels {
		switch p.Tone {
		case "good":
			good = append(good, p.Name)
		case "late":
			bad = append(bad, p.Name)
		}
	}
	switch {
	case len(bad) > 0 && len(good) > 0:
		worse := lower(sentence(bad))
		return sentence(good) + verb(len(good), " improves", " improve") + "; " + worse + verb(len(bad), " gets worse", " get worse")
	case len(bad) > 0:
		return sentence(bad) + verb(len(bad), " gets worse", " get worse")
	case len(good) > 0:
		return sentence(good) + verb(len(good), " improves", " improve")
	}
	return "No measure moves clearly yet"
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// sentence joins names as the beginning of a sentence.
func sentence(names []string) string {
	if len(names) > 2 {
		return ui.Sentence(ui.InWords(len(names))) + " measures"
	}
	return names[0] + strings.Join(append([]string{""}, lowered(names[1:])...), " and ")
}

func lowered(names []string) []string {
	all := slices.Clone(names)
	for n := range all {
		all[n] = lower(all[n])
	}
	return all
}

func lower(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func lede(panels []Panel, empty bool) string {
	if empty {
		return "Choose a longer time, or bring in the history: upshot import FILE reads it."
	}
	good, flat, bad := 0, 0, 0
	for _, p := range panels {
		switch p.Tone {
		case "good":
			good++
		case "late":
			bad++
		default:
			flat++
		}
	}
	wanted := ui.Sentence(ui.InWords(good))
	if good == 0 {
		wanted = "None"
	}
	said := fmt.Sprintf("%s of %s measures %s as wanted", wanted, ui.InWords(good+flat+bad), verb(max(good, 1), "moves", "move"))
	if bad > 0 {
		said += fmt.Sprintf(", %s %s not", ui.InWords(bad), verb(bad, "does", "do"))
	}
	if flat > 0 {
		said += fmt.Sprintf(", %s %s nothing clear", ui.InWords(flat), verb(flat, "says", "say"))
	}
	return said + ". Each figure shows its spread beside its trend, what was left out, and leads to its rows."
}
