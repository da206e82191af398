package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/views/link"
	"upshot/views/ui"
)

// RowsData is what the page of rows is made of.
type RowsData struct {
	Query       Query
	Of          metrics.Behind
	Page        listing.Page[metrics.Row]
	Incidents   map[incident.ID]incident.Incident
	Corrections map[incident.ID]metrics.Corrections
	Deployments []deployment.Deployment
	Issues      []metrics.WorkIssue
	Sites       []jirasync.Site
	Measures    metrics.Progress
	Teams       []catalog.Team
	Services    []catalog.Service
	Clock       ui.Clock
}

// RowsPage lists the rows behind a figure.
type RowsPage struct {
	Heading ui.Heading
	Figure  string // "48 min median · n = 42"
	Length  string // head of the column of lengths; empty: none
	When    string // head of the column of moments
	Rows    []CountedRow
	Pager   ui.Pager
}

// CountedRow is one incident or deployment behind a figure.
type CountedRow struct {
	Ref, Link, Title, Severity, Where string
	Incident                          bool
	At                                ui.When
	Length                            string
	Notes                             []string
}

// words of each figure: its name on the page, by what its rows stand in a period, and what the length is.
var figureWords = map[metrics.Behind]struct{ name, when, length, panel string }{
	metrics.Repairs:     {"Time to repair", "Restored", "Time to repair", "time-to-repair"},
	metrics.Impacts:     {"Impact duration", "Restored", "Impact", "impact-duration"},
	metrics.Recurrences: {"Recurrences", "Detected", "Since the one before", "recurrence"},
	metrics.Notified:    {"Detection to developers told", "Detected", "Told after", "developer-notification"},
	metrics.NeverTold:   {"Developers never told", "Detected", "Age", "developer-notification"},
	metrics.LoopsDue:    {"Significant incidents resolved", "Resolved", "", "loop-closure"},
	metrics.NoCause:     {"Closed without a cause", "Closed", "", "closed-without-cause"},
	metrics.Aside:       {"Left out of time to repair", "Restored or started", "", "time-to-repair"},
	CycleTime:           {"Finished issues, last 8 weeks", "Done", "Cycle time", "cycle-time"},
	FailedDeployments:   {"Deployments that failed", "Finished", "Recovered after", "change-fail-rate"},
}

// NewRowsPage makes the page.
func NewRowsPage(d RowsData) RowsPage {
	w := figureWords[d.Of]
	b := builder{d: Data{Query: d.Query, Teams: d.Teams, Services: d.Services, Clock: d.Clock}, now: d.Clock.Now}
	back := link.WithQuery(link.Progress, d.Query.Values()) + "#" + w.panel
	p := RowsPage{
		Heading: ui.Heading{Crumb: "Progress", CrumbLink: back, Title: w.name, Lede: b.scope() + ". " + ui.Thousands(max(d.Page.Total, len(d.Deployments), len(d.Issues))) + " rows, latest first."},
		Length:  w.length, When: w.when,
	}
	for _, r := range d.Page.Items {
		p.Rows = append(p.Rows, countedRow(r, d))
	}
	for _, x := range d.Deployments {
		row := CountedRow{
			Ref: x.Service + " " + x.Version, Link: link.Deployment(int64(x.ID)), Title: strings.ReplaceAll(string(x.Outcome), "_", " "), Where: x.Service, At: d.Clock.When(x.FinishedAt), Length: ui.Missing,
		}
		var recovered time.Time
		for _, id := range x.Caused {
			row.note("caused "+id.String(), true)
			if at := d.Incidents[id].Moments.RestoredOrResolved(); at.After(recovered) {
				recovered = at
			}
		}
		if recovered.After(x.FinishedAt) {
			row.Length = ui.Duration(recovered.Sub(x.FinishedAt))
		}
		p.Rows = append(p.Rows, row)
	}
	slices.SortFunc(d.Issues, func(a, b metrics.WorkIssue) int { return b.DoneAt.Compare(a.DoneAt) })
	for _, i := range d.Issues {
		p.Rows = append(p.Rows, issueRow(i, d))
	}
	v := d.Query.Values()
	v.Set("of", string(d.Of))
	p.Pager = ui.PagerOf(d.Page, link.ProgressRows, v)
	return p
}

// issueRow is a finished issue: its number and its times, and nobody's name.
func issueRow(i metrics.WorkIssue, d RowsData) CountedRow {
	row := CountedRow{Ref: i.Key, Title: i.Type, At: d.Clock.When(i.DoneAt), Length: ui.Missing}
	for _, s := range d.Sites {
		if s.ID == i.Site {
			row.Link, row.Where = s.URL+"/browse/"+i.Key, s.Name
		}
	}
	length, counts := i.Cycle()
	if counts {
		row.Length = ui.Duration(length)
	}
	row.note("born of an incident", i.FromIncident)
	row.note(ui.Plural(i.Reopened, "time reopened", "times reopened"), i.Reopened > 0)
	row.note("closed as not to be done: left out", i.Declined)
	row.note("its history is not whole: left out", i.Withheld)
	row.note("skipped in-progress: counted apart", !counts && !i.Declined && !i.Withheld)
	return row
}

func countedRow(r metrics.Row, d RowsData) CountedRow {
	i := d.Incidents[r.Incident]
	row := CountedRow{
		Ref: r.Incident.String(), Incident: true, Link: link.Incident(int64(r.Incident)), Title: i.Title, Severity: string(i.Severity), Where: strings.Join(i.Services, ", "),
	}
	at := r.DetectedAt
	switch d.Of {
	case metrics.Repairs:
		at, row.Length = r.RestoredAt, ui.Duration(r.Repair)
	case metrics.Impacts:
		at, row.Length = r.RestoredAt, ui.Duration(r.Impact)
	case metrics.Recurrences:
		row.Length = ui.Duration(r.Gap)
	case metrics.Notified:
		row.Length = "never told"
		if r.ToldBy != "" {
			row.Length = ui.Duration(r.Told)
			row.note("by "+channelWords[r.ToldBy], true)
			row.note(ui.Duration(r.ToldWorking)+" in working hours", r.ToldWorking != r.Told)
		}
		row.note("told before it was detected: counted as 0", r.ToldEarly)
	case metrics.NeverTold:
		row.Length = ui.Duration(d.Clock.Now.Sub(r.DetectedAt))
	case metrics.LoopsDue:
		at = r.ResolvedAt
		row.note(loopWords[r.Loop], true)
		row.note("provisional", d.Clock.Now.Before(metrics.DayOf(r.ResolvedAt).Start().Add((metrics.LoopGrace+1)*metrics.Day24)))
	case metrics.NoCause:
		at = r.ClosedAt
	case metrics.Aside:
		if at = r.RestoredAt; at.IsZero() {
			at = r.StartedAt
		}
		row.note(why(r), true)
	}
	row.At = d.Clock.When(at)
	row.note("a developer took part", r.Developer && (d.Of == metrics.Repairs || d.Of == metrics.Recurrences))
	row.note(fmt.Sprintf("%d incidents, one occurrence", r.Members), r.Members > 1 && r.Part == metrics.Leads)
	corrected := d.Corrections[r.Incident]
	row.note(ui.Plural(corrected.Moments, "correction", "corrections"), corrected.Moments > 0)
	row.note("regrouped "+ui.Times(corrected.Regrouped), corrected.Regrouped > 0)
	return row
}

func (r *CountedRow) note(text string, is bool) {
	if is && text != "" {
		r.Notes = append(r.Notes, text)
	}
}

var loopWords = map[metrics.Loop]string{
	metrics.LoopVerified: "a practice change is verified", metrics.LoopDecided: "decided against one", metrics.LoopDone: "done, not verified", metrics.NoLoop: "nothing changed",
}

// why says why time to repair leaves a row out.
func why(r metrics.Row) string {
	switch {
	case r.Part == metrics.Continues:
		return "part of the occurrence of " + r.Lead.String()
	case r.Part != metrics.Leads:
		return map[metrics.Part]string{metrics.Merged: "merged into another", metrics.Maintenance: "maintenance", metrics.Drill: "drill"}[r.Part]
	case r.Wrong:
		return "it ended before it began"
	case r.WrongRepair:
		return "it was restored before it was detected"
	}
	return "over, and nobody knows when"
}

// Figures are the measures as a table for programs: measure, figure, period, value, n. Lengths are in seconds, shares from 0 to 1.
func Figures(d Data) [][]string {
	rows := [][]string{{"measure", "figure", "period", "value", "n"}, {"formulas", "version", "", fmt.Sprint(metrics.Formulas), ""}}
	add := func(measure, figure, period string, value float64, known bool, n int) {
		text := ""
		if known {
			text = fmt.Sprintf("%.6g", value)
		}
		rows = append(rows, []string{measure, figure, period, text, fmt.Sprint(n)})
	}
	summary := func(measure, period string, s metrics.Summary) {
		add(measure, "median_seconds", period, s.Median.Seconds(), s.N > 0, s.N)
		add(measure, "p90_seconds", period, s.P90.Seconds(), s.N > 0, s.N)
		add(measure, "mean_seconds", period, s.Mean.Round(time.Millisecond).Seconds(), s.N > 0, s.N)
	}
	share := func(measure, period string, s metrics.Share) {
		rate, known := s.Rate()
		add(measure, "rate", period, rate, known, s.Whole)
	}
	series := func(measure string, s metrics.Summary, all []metrics.LengthPeriod) {
		summary(measure, "", s)
		for _, p := range all {
			summary(measure, p.Name, p.Summary)
		}
	}
	m := d.Measures
	series("time_to_repair", m.Repair.Summary, m.Repair.Series)
	summary("time_to_repair_developer_took_part", "", m.Repair.With)
	summary("time_to_repair_developer_did_not", "", m.Repair.Without)
	left := func(measure string, l metrics.LeftOut) {
		for _, x := range []struct {
			name string
			n    int
		}{{"maintenance", l.Maintenance}, {"drill", l.Drill}, {"merged", l.Merged}, {"missing", l.Missing}, {"negative", l.Negative}, {"unrecognisable", l.Unrecognisable}} {
			add(measure, "left_out_"+x.name, "", float64(x.n), true, x.n)
		}
	}
	left("time_to_repair", m.Repair.LeftOut)
	left("recurrence", m.Recurrence.LeftOut)
	add("time_to_repair", "open", "", float64(m.Repair.Open.N), true, m.Repair.Open.N)
	series("impact_duration", m.Impact.Summary, m.Impact.Series)
	share("recurrence", "", m.Recurrence.Flow.Share())
	share("recurrence_developer_took_part", "", m.Recurrence.With.Share())
	share("recurrence_developer_did_not", "", m.Recurrence.Without.Share())
	share("recurrence_cohort", "", m.Recurrence.Cohort.Share())
	for _, p := range m.Recurrence.Series {
		share("recurrence", p.Name, p.Flow.Share())
		share("recurrence_cohort", p.Name, p.Cohort.Share())
	}
	share("change_fail_rate", "", m.Fail.Share())
	add("change_fail_rate", "suspected", "", float64(m.Fail.Suspected), true, m.Fail.Deployments)
	for _, p := range m.Fail.Series {
		share("change_fail_rate", p.Name, p.Share())
	}
	summary("failed_deployment_recovery", "", m.Fail.Recovery)
	waits := func(period string, w metrics.Waits) {
		add("developer_notification", "median_seconds", period, w.Median.Seconds(), w.N > 0, w.N)
		add("developer_notification", "p90_seconds", period, w.P90.Seconds(), w.N > 0, w.N)
		add("developer_notification", "median_at_least", period, truth(w.MedianAtLeast), w.N > 0, w.N)
		add("developer_notification", "p90_at_least", period, truth(w.P90AtLeast), w.N > 0, w.N)
		add("developer_notification", "never_notified", period, float64(w.Never), true, w.N)
	}
	waits("", m.Told.Waits)
	within := metrics.Share{Part: m.Told.Within15Min, Whole: m.Told.N}
	share("told_within_15_min", "", within)
	share("told_over_1_working_day", "", metrics.Share{Part: m.Told.OverWorkingDay, Whole: m.Told.N - m.Told.Never})
	for _, c := range incident.Channels {
		add("told_by", string(c), "", float64(m.Told.Channels[c]), true, m.Told.N)
	}
	for _, p := range m.Told.Series {
		waits(p.Name, p.Waits)
	}
	summary("developer_notification_working_hours", "", m.Told.Working)
	series("queue_started", m.Queue.Summary, m.Queue.Series)
	series("permanent_fix", m.Permanent.Summary, m.Permanent.Series)
	share("fix_failure", "", m.FixFailure.Share())
	share("loop_closure", "", m.Loops.Share())
	for _, x := range []struct {
		name string
		n    int
	}{{"verified", m.Loops.Verified}, {"decided", m.Loops.Decided}, {"done_not_verified", m.Loops.DoneNotVerified}, {"none", m.Loops.None}, {"provisional", m.Loops.Provisional}} {
		add("loop_closure", x.name, "", float64(x.n), true, m.Loops.Due())
	}
	for _, p := range m.Loops.Series {
		share("loop_closure", p.Name, p.Share())
	}
	coverage, cycle := d.Coverage, d.Cycle
	share("ownership_coverage", "", coverage.Share)
	for _, p := range coverage.Series {
		share("ownership_coverage", p.Name, p.Share)
	}
	finished := func(period string, c metrics.CycleFigures) {
		add("cycle_time", "p50_seconds", period, c.P50.Seconds(), c.N > 0, c.N)
		add("cycle_time", "p85_seconds", period, c.P85.Seconds(), c.N > 0, c.N)
		ratio, known := c.Predictability()
		add("cycle_time", "predictability", period, ratio, known, c.N)
		share("interruption", period, c.Interrupted)
	}
	finished("", cycle.CycleFigures)
	for _, p := range cycle.Series {
		finished(p.Name, p.CycleFigures)
	}
	share("closed_without_cause", "", m.WithoutCause.Share())
	for _, p := range m.WithoutCause.Series {
		share("closed_without_cause", p.Name, p.Share())
	}
	each, known := d.Boundary.PerIncident()
	add("boundary", "hand_offs_per_incident", "", each, known, d.Boundary.Incidents)
	summary("no_accountable_team", "", d.Boundary.Unaccountable)
	return rows
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
