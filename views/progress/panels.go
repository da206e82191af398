package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/views/link"
	"upshot/views/ui"
)

// builder makes panels.
type builder struct {
	d    Data
	now  time.Time
	axis []metrics.Period
}

func (b builder) scope() string {
	who := "All services"
	for _, t := range b.d.Teams {
		if t.Slug == b.d.Query.Team {
			who = "Built by " + t.Name
		}
	}
	for _, s := range b.d.Services {
		if s.Slug == b.d.Query.Service {
			who = s.Name
		}
	}
	until := b.now.UTC().Format("2 Jan 2006")
	if r := b.d.Query.Range; r.Months > 0 {
		return fmt.Sprintf("%s, %d months to %s", who, r.Months, until)
	}
	return who + ", everything to " + until
}

// axis is the periods that every trend of the page has.
func axis(d Data) []metrics.Period {
	now := d.Clock.Now.UTC()
	from := d.Query.Range.From(now)
	if from.IsZero() {
		from = now
		earlier := func(p metrics.Period) {
			if p.From.Before(from) {
				from = p.From
			}
		}
		for _, s := range d.Measures.Recurrence.Series {
			earlier(s.Period)
		}
		for _, s := range d.Measures.Impact.Series {
			earlier(s.Period)
		}
		for _, s := range d.Measures.Fail.Series {
			earlier(s.Period)
		}
	}
	return metrics.Query{Bucket: d.Query.Range.Bucket, Now: now}.Periods(from, now)
}

// rows is the address of the rows behind a figure.
func (b builder) rows(of metrics.Behind) string {
	v := b.d.Query.Values()
	v.Set("of", string(of))
	return link.WithQuery(link.ProgressRows, v)
}

// marks are the adoption steps on the axis of the page: of a service when it took each, of many when the first of them did.
func (b builder) marks() []ui.TrendMark {
	if len(b.axis) == 0 {
		return nil
	}
	taken := map[catalog.AdoptionStep]int{}
	// The line runs from the middle of the first period to the middle of the last: a point stands for its period.
	first, last := b.axis[0], b.axis[len(b.axis)-1]
	from, to := first.From.Add(first.To.Sub(first.From)/2), last.From.Add(last.To.Sub(last.From)/2)
	var marks []ui.TrendMark
	for _, s := range b.d.Steps {
		taken[s.Step] += s.Services
	}
	seen := map[catalog.AdoptionStep]bool{}
	for _, s := range b.d.Steps {
		if seen[s.Step] {
			continue
		}
		seen[s.Step] = true
		at, err := time.Parse(time.DateOnly, s.On)
		if err != nil || at.Before(first.From) || !at.Before(last.To) || !from.Before(to) {
			continue
		}
		x := float64(at.Sub(from)) / float64(to.Sub(from))
		title := fmt.Sprintf("step %d, %s: %s", s.Step, s.Step.Name(), at.Format("2 Jan 2006"))
		if b.d.Query.Service == "" {
			title += ", the first; " + ui.Plural(taken[s.Step], "service", "services") + " by now"
		}
		m := ui.TrendMark{X: x, Word: fmt.Sprintf("step %d", s.Step), Title: title}
		if n := len(marks); n > 0 && x-marks[n-1].X < markWidth { // its word would lie on the one before
			m.Word = ""
		}
		marks = append(marks, m)
	}
	return marks
}

// markWidth is the room that the words of a mark take, of the width of the line.
const markWidth = .13

// point is one period of a trend, before it is known where it stands.
type point struct {
	value, high float64
	text        string
	n           int
	provisional bool
	more        string // what the table says besides
}

// trend draws points on the axis of the page; n is of all of them.
func (b builder) trend(p *Panel, name string, n int, at map[time.Time]point) {
	p.Trend = ui.Trend{Name: name + " trend", Tall: true, N: n, Marks: b.marks()}
	for k, period := range b.axis {
		if k == 0 {
			p.Trend.First = period.From.Format("Jan 2006")
		}
		is, known := at[period.From]
		running := b.now.Before(period.To)
		p.Trend.Points = append(p.Trend.Points, ui.Point{Value: is.value, High: is.high, Text: is.text, Missing: !known || is.n == 0, Provisional: is.provisional || running})
		p.few = append(p.few, metrics.Few(is.n))
		row := TableRow{Period: periodName(period, b.d.Query.Range.Bucket), Value: cmp.Or(is.text, ui.Missing), N: ui.Thousands(is.n)}
		if known && is.n > 0 && metrics.Few(is.n) {
			row.Value += " (few)"
		}
		if is.more != "" {
			row.Value += " · " + is.more
		}
		p.Table = append(p.Table, row)
	}
}

func periodName(p metrics.Period, b metrics.Bucket) string {
	if b == metrics.Month {
		return p.From.Format("January 2006")
	}
	return p.Name
}

func (p *Panel) wants(w ui.Wanted) {
	if metrics.Few(p.Trend.N) {
		return
	}
	enough := slices.Clone(p.Trend.Points)
	for n := range enough { // a period of few cases says nothing of a direction
		enough[n].Missing = enough[n].Missing || p.few[n]
	}
	p.Direction, p.Tone = ui.Direction(enough, w)
}

// lengths makes points of a series of lengths.
func lengths(series []metrics.LengthPeriod) map[time.Time]point {
	at := map[time.Time]point{}
	for _, s := range series {
		at[s.From] = point{value: s.Median.Minutes(), high: s.P90.Minutes(), text: ui.Duration(s.Median), n: s.N}
	}
	return at
}

// summary writes the figure of lengths: never the mean alone.
func summary(s metrics.Summary) (value, facts string) {
	if s.N == 0 {
		return ui.Missing, "n = 0"
	}
	return ui.Duration(s.Median), fmt.Sprintf("median · p90 %s · mean %s · n = %s", ui.Duration(s.P90), ui.Duration(s.Mean), ui.Thousands(s.N)) + few(s.N)
}

// few says so of figures from fewer cases than a trend is drawn of.
func few(n int) string {
	if metrics.Few(n) && n > 0 {
		return " (few)"
	}
	return ""
}

// columns draws bins, the one that holds the median dark.
func columns(name string, bins []metrics.Bin, label func(metrics.Bin) string) ui.Columns {
	c := ui.Columns{Name: name}
	n := 0
	for _, b := range bins {
		n += b.N
	}
	before, found := 0, false
	for _, b := range bins {
		column := ui.Column{Label: label(b), N: b.N}
		if before += b.N; !found && n > 0 && 2*before >= n {
			column.Tone, found = "hi", true
		}
		c.Columns = append(c.Columns, column)
	}
	return c
}

func leftOut(l metrics.LeftOut) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{
		{l.Maintenance, "maintenance"},
		{l.Drill, "drills"},
		{l.Merged, "merged"},
		{l.Missing, "without an end"},
		{l.Negative, "with moments that cannot be"},
		{l.Unrecognisable, "that nothing groups"},
	} {
		if p.n > 0 {
			parts = append(parts, ui.Thousands(p.n)+" "+p.word)
		}
	}
	if len(parts) == 0 {
		return "Nothing left out."
	}
	return "Left out: " + strings.Join(parts, ", ") + "."
}

func open(o metrics.Open) string {
	if o.N == 0 {
		return "None is open."
	}
	return fmt.Sprintf("Open: %s, oldest %s.", ui.Thousands(o.N), ui.Duration(o.OldestAge))
}

func (b builder) repair() Panel {
	m := b.d.Measures.Repair
	p := Panel{ID: "time-to-repair", Name: "Time to repair", Rows: b.rows(metrics.Repairs), Left: b.rows(metrics.Aside)}
	p.Value, p.Facts = summary(m.Summary)
	p.Spread = ui.ColumnChart(columns("Occurrences by time to repair, up to", m.Bins, func(x metrics.Bin) string { return edge(x.UpTo, time.Minute, "8 h") }))
	p.SpreadNote = ui.Plural(m.N, "occurrence", "occurrences") + ", up to so many minutes; dark = median"
	p.TrendNote = "median by " + string(b.d.Query.Range.Bucket) + ", band to p90"
	b.trend(&p, p.Name, m.N, lengths(m.Series))
	p.wants(ui.Falling)
	p.Out = []string{participation(m.With, m.Without), leftOut(m.LeftOut), open(m.Open)}
	p.Formula = "Restored - detected of each occurrence; it belongs to the period in which it was restored. Detected unknown: the alert's start, else declared, else started. Restored unknown: resolved. " +
		"Occurrences of one problem less than 30 minutes apart are one, their segments summed. The p90 is by nearest rank. What goes on is not in the value."
	return p
}

func participation(with, without metrics.Summary) string {
	of := func(s metrics.Summary) string {
		if s.N == 0 {
			return "n/a (n = 0)"
		}
		few := ""
		if metrics.Few(s.N) {
			few = ", few"
		}
		return fmt.Sprintf("%s (n = %s%s)", ui.Duration(s.Median), ui.Thousands(s.N), few)
	}
	return "With a developer taking part " + of(with) + ", without " + of(without) + "."
}

// edge writes up to what a column goes, in a unit that the caption names; the last one says beyond what.
func edge(upTo, unit time.Duration, last string) string {
	if upTo == 0 {
		return ">" + last
	}
	return strconv.Itoa(int(upTo / unit))
}

// shortLength writes the edge of a column whose edges differ in their units.
func shortLength(d time.Duration) string {
	switch {
	case d == 0:
		return ">3 d"
	case d == 15*time.Minute:
		return "¼ h"
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

func (b builder) recurrence() Panel {
	m := b.d.Measures.Recurrence
	p := Panel{ID: "recurrence", Name: "Recurrence rate", Rows: b.rows(metrics.Recurrences)}
	p.Value = ui.Share(m.Flow.Recurrences, m.Flow.Occurrences)
	p.Facts = fmt.Sprintf("%s occurrences · window %d d · n = %s", ui.PartOf(m.Flow.Recurrences, m.Flow.Occurrences), b.d.Query.Window, ui.Thousands(m.Flow.Occurrences)) + few(m.Flow.Occurrences)
	p.Spread = ui.ColumnChart(columns("Recurrences by days since the occurrence before, up to", m.Gaps, func(x metrics.Bin) string { return edge(x.UpTo, metrics.Day24, "90") }))
	p.SpreadNote = ui.Plural(m.Flow.Recurrences, "recurrence", "recurrences") + " by gap, up to so many days; dark = median"
	p.TrendNote = "share by " + string(b.d.Query.Range.Bucket)
	at := map[time.Time]point{}
	for _, s := range m.Series {
		rate, _ := s.Flow.Share().Rate()
		more := "cohort " + ui.Share(s.Cohort.Followed, s.Cohort.Occurrences)
		if s.Cohort.Provisional {
			more += ", provisional"
		}
		at[s.From] = point{value: rate, text: ui.Share(s.Flow.Recurrences, s.Flow.Occurrences), n: s.Flow.Occurrences, more: more}
	}
	b.trend(&p, p.Name, m.Flow.Occurrences, at)
	p.wants(ui.Falling)
	cohort := fmt.Sprintf("Of those restored, %s were followed by another within %d d", ui.PartOf(m.Cohort.Followed, m.Cohort.Occurrences), b.d.Query.Window)
	if m.Cohort.Provisional {
		cohort += " (provisional: the window is still open for some)"
	}
	p.Out = []string{
		cohort + ".", "With a developer taking part " + flow(m.With) + ", without " + flow(m.Without) + ".", leftOut(m.LeftOut),
	}
	for _, w := range Windows {
		q := b.d.Query
		q.Window = w
		p.Windows = append(p.Windows, ui.Window{Text: fmt.Sprintf("%d d", w), Link: link.WithQuery(link.Progress, q.Values()) + "#recurrence", Current: w == b.d.Query.Window})
	}
	p.Formula = "Recurrences detected in the period ÷ occurrences detected in it. An occurrence is a recurrence when an earlier one of its problem was restored within the window before it was detected. " +
		"A gap under 30 minutes is the same occurrence. The cohort: of occurrences restored in the period, those that another one followed within the window; provisional until the window has passed for all. Suggestions that nobody confirmed never count."
	return p
}

func flow(f metrics.Flow) string {
	if f.Occurrences == 0 {
		return "n/a (n = 0)"
	}
	if metrics.Few(f.Occurrences) {
		return ui.PartOf(f.Recurrences, f.Occurrences) + " (few)"
	}
	return fmt.Sprintf("%s (n = %s)", ui.Share(f.Recurrences, f.Occurrences), ui.Thousands(f.Occurrences))
}

func (b builder) fail() Panel {
	m := b.d.Measures.Fail
	v := b.d.Query.Values()
	v.Set("of", FailedDeployments)
	p := Panel{ID: "change-fail-rate", Name: "Change fail rate", Rows: link.WithQuery(link.ProgressRows, v)}
	p.Value = ui.Share(m.Failed, m.Deployments)
	if metrics.Few(m.Deployments) && m.Deployments > 0 {
		p.Value = ui.PartOf(m.Failed, m.Deployments)
	}
	facts := []string{fmt.Sprintf("%s/%s deployments", ui.Thousands(m.Failed), ui.Thousands(m.Deployments))}
	if m.Recovery.N > 0 {
		facts = append(facts, fmt.Sprintf("recovery %s median (n = %s)", ui.Duration(m.Recovery.Median), ui.Thousands(m.Recovery.N)))
	}
	if len(b.axis) > 0 {
		if each, known := m.AWeek(b.axis[0].From, b.now); known {
			facts = append(facts, fmt.Sprintf("%.1f deployments a week", each))
		}
	}
	p.Facts = strings.Join(facts, " · ")
	p.Spread = ui.BarList(ui.Bars{Name: "Deployments", Bars: []ui.Column{
		{Label: "held", N: m.Deployments - m.Failed - m.Suspected, Tone: "good"}, {Label: "suspected", N: m.Suspected, Tone: "late"}, {Label: "failed", N: m.Failed, Tone: "bad"},
	}})
	p.SpreadNote = ui.Plural(m.Deployments, "deployment", "deployments") + " to production"
	p.TrendNote = "share by " + string(b.d.Query.Range.Bucket)
	at := map[time.Time]point{}
	for _, s := range m.Series {
		rate, _ := s.Share().Rate()
		at[s.From] = point{value: rate, text: ui.Share(s.Failed, s.Deployments), n: s.Deployments}
	}
	b.trend(&p, p.Name, m.Deployments, at)
	p.wants(ui.Falling)
	if m.Suspected > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Suggested, not confirmed: %s (would be %s).", ui.Thousands(m.Suspected), ui.Share(m.WithSuspected().Part, m.WithSuspected().Whole)))
	} else {
		p.Out = append(p.Out, "No suggested cause waits for an answer.")
	}
	if m.NeverLive > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Left out: %s never live.", ui.Thousands(m.NeverLive)))
	}
	if m.Outside > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Causes in infrastructure or outside, not counted: %s.", ui.Thousands(m.Outside)))
	}
	p.Formula = "Production deployments with at least one confirmed caused incident, or rolled back ÷ production deployments finished in the period; each once, however many incidents. " +
		"A cause is suggested when the last successful deployment of the service finished within 24 hours before the impact; only confirmed ones count. A hotfix shows by the incident it answers. Causes in infrastructure and outside are left out. Recovery is restored - finished."
	return p
}

// FailedDeployments is the name under which the deployments that failed are listed.
const FailedDeployments = "change_fail_rate"

func atLeast(is bool) string {
	if is {
		return "at least "
	}
	return ""
}

func (b builder) told() Panel {
	m := b.d.Measures.Told
	p := Panel{ID: "developer-notification", Name: "Detection to developers told", Rows: b.rows(metrics.Notified)}
	p.Value, p.Facts = ui.Missing, "n = 0"
	if m.N > 0 {
		p.Value = atLeast(m.MedianAtLeast) + ui.Duration(m.Median)
		p.Facts = fmt.Sprintf("median · p90 %s%s · within 15 min: %s · over one working day: %s · n = %s", atLeast(m.P90AtLeast), ui.Duration(m.P90),
			ui.Share(m.Within15Min, m.N), ui.Thousands(m.OverWorkingDay), ui.Thousands(m.N)) + few(m.N)
	}
	c := columns("Occurrences by time to notification, up to", m.Bins, func(x metrics.Bin) string { return shortLength(x.UpTo) })
	c.Columns = append(c.Columns, ui.Column{Label: "never", N: m.Never, Tone: "bad"})
	if n := len(c.Columns); n > 2 && c.Columns[n-2].Tone == "" {
		c.Columns[n-2].Tone = "late" // more than three days
	}
	p.Spread = ui.ColumnChart(c)
	p.SpreadNote = fmt.Sprintf("%s told, %s never", ui.Thousands(m.N-m.Never), ui.Thousands(m.Never))
	p.TrendNote = "median by " + string(b.d.Query.Range.Bucket)
	at := map[time.Time]point{}
	for _, s := range m.Series {
		at[s.From] = point{value: s.Median.Minutes(), text: atLeast(s.MedianAtLeast) + ui.Duration(s.Median), n: s.N}
	}
	b.trend(&p, p.Name, m.N, at)
	p.wants(ui.Falling)
	var channels []string
	for _, c := range incident.Channels {
		if n := m.Channels[c]; n > 0 {
			channels = append(channels, channelWords[c]+" "+ui.Thousands(n))
		}
	}
	if len(channels) > 0 {
		p.Out = append(p.Out, "Channels: "+strings.Join(channels, ", ")+".")
	}
	if m.Working.N > 0 {
		p.Out = append(p.Out, fmt.Sprintf("In working hours of the building team: median %s, p90 %s (n = %s told).", ui.Duration(m.Working.Median), ui.Duration(m.Working.P90), ui.Thousands(m.Working.N)))
	}
	if m.Early > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Negative, set to 0: %s.", ui.Thousands(m.Early)))
	}
	if m.Never > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Never told: %s, the oldest %s ago.", ui.Thousands(m.Never), ui.Duration(m.OldestNever)))
		p.Left = b.rows(metrics.NeverTold)
	}
	p.Formula = "Developer notified - detected, by when it was detected. Notified is the earliest of: a page or acknowledgement by a member of the building team, our notification accepted, a Jira issue created in or moved to the team's project, " +
		"assigned to a member, a member joined, entered by hand. One of which nobody was told counts as at least as old as it is. Negative is 0, and flagged. Those over one working day are of those told; a working day is as long as the team's on average."
	return p
}

func (b builder) coverage() Panel {
	m := b.d.Coverage
	p := Panel{ID: "ownership-coverage", Name: "Dashboards and runbooks owned", Rows: link.Services}
	p.Value, p.Facts = ui.Missing, "no service in production"
	if m.Whole > 0 {
		p.Value = ui.PartOf(m.Part, m.Whole)
		p.Facts = "services · " + ui.Share(m.Part, m.Whole) + ", wanted " + ui.Share(1, 1)
	}
	bars := ui.Bars{Name: "Services", Bars: []ui.Column{{Label: "nothing missing", N: m.Part, Tone: "good"}}}
	for n, l := range m.Lacks {
		if n < lacksShown {
			bars.Bars = append(bars.Bars, ui.Column{Label: cmp.Or(shortMissing[l.Missing], string(l.Missing)), N: l.N, Tone: "late"})
		}
	}
	p.Spread = ui.BarList(bars)
	p.SpreadNote = ui.Plural(m.Whole, "service", "services") + " by what is missing"
	p.TrendNote = "share by " + string(b.d.Query.Range.Bucket) + ", goal " + ui.Share(1, 1)
	at := map[time.Time]point{}
	for _, s := range m.Series {
		rate, _ := s.Rate()
		at[s.From] = point{value: rate, text: ui.Share(s.Part, s.Whole), n: s.Whole}
	}
	b.trend(&p, p.Name, m.Whole, at)
	p.Trend.Goal = 1
	p.wants(ui.Rising)
	var gaps []string
	for n, g := range m.Gaps {
		if n == gapsShown {
			gaps = append(gaps, fmt.Sprintf("%s more", ui.Thousands(len(m.Gaps)-gapsShown)))
			break
		}
		words := make([]string, len(g.Missing))
		for k, missing := range g.Missing {
			words[k] = string(missing)
		}
		gaps = append(gaps, g.Service.Name+" "+strings.Join(words, " and "))
	}
	if len(gaps) > 0 {
		p.Out = append(p.Out, "Gaps: "+strings.Join(gaps, "; ")+".")
	}
	if m.Retired > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Retired in this time: %s.", ui.Thousands(m.Retired)))
	}
	n := m.AtTwoAM
	p.Out = append(p.Out, fmt.Sprintf("At 2 a.m.: a team that builds it %s, one that did not %s, nobody recorded %s.", ui.Thousands(n.BuildsIt), ui.Thousands(n.DidNotBuild), ui.Thousands(n.NobodyKnown)))
	p.Formula = "Services in production with a dashboard and a runbook, both owned by the building team, links alive, each confirmed within 180 days ÷ services in production (not retired). Each point is the end of its period."
	return p
}

// CycleTime is the name under which finished issues are listed.
const CycleTime metrics.Behind = "cycle_time"

func (b builder) cycle() Panel {
	m := b.d.Cycle
	p := Panel{ID: "cycle-time", Name: "Cycle time, P85 ÷ P50", Rows: b.rows(CycleTime)}
	ratio, known := m.Predictability()
	p.Value, p.Facts = ui.Missing, "no backlog is read from Jira, or nothing was finished"
	if m.N > 0 {
		p.Value = "few"
		p.Facts = fmt.Sprintf("P50 %s · P85 %s · n = %s, trailing 8 weeks", ui.Duration(m.P50), ui.Duration(m.P85), ui.Thousands(m.N))
		if known {
			p.Value = fmt.Sprintf("%.1f", ratio)
		}
		if m.Interrupted.Whole > 0 {
			p.Facts += " · interruption " + ui.Share(m.Interrupted.Part, m.Interrupted.Whole)
		}
	}
	p.Spread = ui.ColumnChart(columns("Issues by days from start to done, up to", m.Bins(), func(x metrics.Bin) string { return edge(x.UpTo, metrics.Day24, "21") }))
	p.SpreadNote = ui.Plural(m.N, "issue", "issues") + ", up to so many days; dark = median"
	p.TrendNote = "ratio by " + string(b.d.Query.Range.Bucket) + ", trailing 8 weeks; 1.0 is ideal"
	at := map[time.Time]point{}
	for _, s := range m.Series {
		if r, known := s.Predictability(); known {
			at[s.From] = point{value: r, text: fmt.Sprintf("%.1f", r), n: s.N}
		}
	}
	b.trend(&p, p.Name, m.N, at)
	p.Trend.Floor = 1
	p.wants(ui.Falling)
	p.Direction = strings.Replace(strings.Replace(p.Direction, "falling, as", "steadier, as", 1), "rising, not", "less steady, not", 1)
	if m.Skipped > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Skipped in-progress: %s, counted apart.", ui.Thousands(m.Skipped)))
	}
	if m.Declined > 0 {
		p.Out = append(p.Out, fmt.Sprintf("Closed as not to be done: %s.", ui.Thousands(m.Declined)))
	}
	if m.Withheld > 0 {
		p.Out = append(p.Out, fmt.Sprintf("History not whole: %s.", ui.Thousands(m.Withheld)))
	}
	p.Out = append(p.Out, fmt.Sprintf("Incident-born: %s.", ui.PartOf(m.Interrupted.Part, m.Interrupted.Whole)))
	if share, known := m.InterruptedTime(); known {
		p.Out = append(p.Out, fmt.Sprintf("By time in progress %s.", ui.Share(int(1000*share+.5), 1000)))
	}
	if v, known := m.Variation(); known {
		p.Out = append(p.Out, fmt.Sprintf("Variation %.2f.", v))
	}
	if b.d.Query.Service != "" {
		p.Out = append(p.Out, "Cycle time is a team's: a service does not narrow it.")
	}
	p.Formula = "First entry into an in-progress category → the final entry into done of finished Jira issues, reopened time inside; trailing 8 weeks. Predictability is P85 ÷ P50 (1.0 is ideal), from 8 issues on; " +
		"variation is standard deviation ÷ mean. Interruption share is incident-born issues ÷ issues finished, and by time in progress. Issues that skipped in-progress are counted apart."
	return p
}

// shortMissing are words that fit beside a bar, where its own do not.
var shortMissing = map[catalog.Missing]string{
	catalog.NoBuilder: "no builder known", catalog.DashboardNotConfirmed: "dashboard unconfirmed", catalog.RunbookNotConfirmed: "runbook unconfirmed",
}

// How much of what is missing the panel shows.
const (
	lacksShown = 5
	gapsShown  = 4
)

var channelWords = map[incident.Channel]string{
	incident.ByPage: "page", incident.ByNotice: "our notice", incident.ByTicket: "ticket", incident.ByAssignment: "assignment", incident.ByJoining: "joined", incident.ByHand: "by hand",
}

func (b builder) impact() Panel {
	m := b.d.Measures.Impact
	p := Panel{ID: "impact-duration", Name: "Impact duration", Rows: b.rows(metrics.Impacts)}
	p.Value, p.Facts = summary(m.Summary)
	b.trend(&p, p.Name, m.N, lengths(m.Series))
	p.wants(ui.Falling)
	p.Out = []string{leftOut(m.LeftOut)}
	p.Formula = "Restored - started of each occurrence: how long users felt it."
	return p
}

func (b builder) permanent() Panel {
	m := b.d.Measures.Permanent
	p := Panel{ID: "permanent-fix", Name: "Time to permanent fix", Rows: link.With(link.FollowUps, "state", "done")}
	p.Value, p.Facts = summary(m.Summary)
	b.trend(&p, p.Name, m.N, lengths(m.Series))
	p.wants(ui.Falling)
	f := b.d.Measures.FixFailure
	p.Out = []string{fmt.Sprintf("Fix failure rate: %s of %s shipped recurred in their quiet period (%s).", ui.Thousands(f.Failed), ui.Thousands(f.Shipped), ui.Share(f.Failed, f.Shipped))}
	p.Formula = "Fix shipped - first occurrence detected, of changes of code, configuration or design, by when they shipped. Fix failure rate: changes that recurred in their quiet period ÷ changes shipped."
	return p
}

func (b builder) queue() Panel {
	m := b.d.Measures.Queue
	p := Panel{ID: "queue-time", Name: "Queue time, once started", Rows: link.Queue}
	p.Value, p.Facts = summary(m.Summary)
	b.trend(&p, p.Name, m.N, lengths(m.Series))
	p.wants(ui.Falling)
	w := b.d.Waiting
	p.Out = []string{"Nothing waits now."}
	if w.Waiting > 0 && !w.OldestQueuedAt.IsZero() {
		p.Out = []string{fmt.Sprintf("Waiting now: %s, the oldest for %s; waiting for what is open has cost %s.", ui.Thousands(w.Waiting), ui.Duration(b.now.Sub(w.OldestQueuedAt)), ui.Sum(w.Cost))}
	}
	p.Formula = "From queued until somebody started, of follow-ups started in the period. What still waits shows its age and is never averaged with them. The cost is impact and hands-on time of what recurred while they waited, an occurrence once."
	return p
}

func (b builder) loops() Panel {
	m := b.d.Measures.Loops
	p := Panel{ID: "loop-closure", Name: "Loop closure", Rows: b.rows(metrics.LoopsDue)}
	p.Value = ui.Share(m.Share().Part, m.Share().Whole)
	p.Facts = fmt.Sprintf("%s due · %d verified, %d decided · done, not verified %d · nothing %d", ui.PartOf(m.Share().Part, m.Due()), m.Verified, m.Decided, m.DoneNotVerified, m.None)
	at := map[time.Time]point{}
	for _, s := range m.Series {
		rate, _ := s.Share().Rate()
		at[s.From] = point{value: rate, text: ui.Share(s.Share().Part, s.Due()), n: s.Due(), provisional: s.Provisional > 0}
	}
	b.trend(&p, p.Name, m.Due(), at)
	p.wants(ui.Rising)
	p.Out = []string{fmt.Sprintf("Provisional, their %d days have not passed: %s.", metrics.LoopGrace, ui.Thousands(m.Provisional))}
	p.Formula = "Of significant incidents resolved in the period whose grace has passed, those with a verified practice follow-up or a reasoned decision ÷ all of those."
	return p
}

func (b builder) withoutCause() Panel {
	m := b.d.Measures.WithoutCause
	p := Panel{ID: "closed-without-cause", Name: "Closed without cause", Rows: b.rows(metrics.NoCause)}
	p.Value = ui.Share(m.Without, m.Closed)
	p.Facts = ui.PartOf(m.Without, m.Closed) + " closed"
	at := map[time.Time]point{}
	for _, s := range m.Series {
		rate, _ := s.Share().Rate()
		at[s.From] = point{value: rate, text: ui.Share(s.Without, s.Closed), n: s.Closed}
	}
	b.trend(&p, p.Name, m.Closed, at)
	p.wants(ui.Falling)
	p.Formula = "Incidents closed in the period with no confirmed cause or contributing factor ÷ incidents closed."
	return p
}

func (b builder) boundary() Panel {
	m := b.d.Boundary
	p := Panel{ID: "boundary", Name: "Boundary", Rows: link.With(link.Inbox, "team", "all"), NoTrend: true}
	p.Value = ui.Missing
	if each, known := m.PerIncident(); known {
		p.Value = fmt.Sprintf("%.2f", each)
	}
	p.Facts = fmt.Sprintf("hand-offs per incident · %s in %s", ui.Plural(m.HandOffs, "hand-off", "hand-offs"), ui.Plural(m.Incidents, "incident", "incidents"))
	p.Out = []string{"Until a team first accepted or passed on: n/a, none did."}
	if m.Unaccountable.N > 0 {
		value, facts := summary(m.Unaccountable)
		p.Out = []string{"Until a team first accepted or passed on: " + value + " " + facts + "."}
	}
	p.Formula = "Hand-offs of incidents detected in the period ÷ these occurrences; and how long it took until a team first accepted or passed on."
	return p
}
