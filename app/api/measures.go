package api

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/problem"
)

type measureReads interface {
	// Progress gives the measures that incidents, deployments and follow-ups give, and how many changes are still to be counted.
	Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error)
	// CountedRows lists the incidents behind a figure.
	CountedRows(ctx context.Context, viewer account.Actor, of metrics.Behind, f metrics.Filter, window time.Duration, r listing.Request) (listing.Page[metrics.Row], error)
	Boundary(ctx context.Context, viewer account.Actor, f metrics.Filter) (metrics.Boundary, error)
	// WorkIssues gives the issues of a team's backlogs that were finished in [from, to).
	WorkIssues(ctx context.Context, viewer account.Actor, team string, from, to time.Time) ([]metrics.WorkIssue, error)
	// Coverage gives the services of a building team, or the one of that slug, as ownership coverage sees them.
	Coverage(ctx context.Context, viewer account.Actor, team, service string) ([]metrics.CoverageFact, error)
	QueueSummary(ctx context.Context, viewer account.Actor, f followup.Filter, now time.Time) (followup.QueueSummary, error)
}

// SummaryJSON says how long things lasted; lengths are null when n is 0.
type SummaryJSON struct {
	N      int      `json:"n"`
	Median *float64 `json:"median_seconds"`
	P90    *float64 `json:"p90_seconds" doc:"Nearest rank."`
	Mean   *float64 `json:"mean_seconds"`
	Sum    float64  `json:"sum_seconds"`
}

func summaryAs(s metrics.Summary) SummaryJSON {
	j := SummaryJSON{N: s.N, Sum: float64(s.Sum)}
	if s.N > 0 {
		median, p90, mean := s.Median.Seconds(), s.P90.Seconds(), math.Round(s.Mean.Seconds()*100)/100
		j.Median, j.P90, j.Mean = &median, &p90, &mean
	}
	return j
}

type openJSON struct {
	N         int      `json:"n"`
	OldestAge *float64 `json:"oldest_age_seconds"`
}

type leftOutJSON struct {
	Maintenance int `json:"maintenance"`
	Drill       int `json:"drill"`
	Merged      int `json:"merged" doc:"Merged into another, or part of an occurrence that another stands for."`
	Missing     int `json:"missing" doc:"Over, and nobody knows when."`
	Negative    int `json:"negative" doc:"Ended before it began."`
	// of recurrence alone
	Unrecognisable int `json:"unrecognisable" doc:"Rows of a file that nothing groups and nobody put into a problem: whether they recur is unknown. Recurrence alone leaves them out."`
}

func leftOutAs(l metrics.LeftOut) leftOutJSON {
	return leftOutJSON{Maintenance: l.Maintenance, Drill: l.Drill, Merged: l.Merged, Missing: l.Missing, Negative: l.Negative, Unrecognisable: l.Unrecognisable}
}

type lengthPeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	SummaryJSON
}

func lengthSeriesAs(series []metrics.LengthPeriod) []lengthPeriodJSON {
	all := []lengthPeriodJSON{}
	for _, p := range series {
		all = append(all, lengthPeriodJSON{Period: p.Name, SummaryJSON: summaryAs(p.Summary)})
	}
	return all
}

type binJSON struct {
	UpTo *float64 `json:"up_to_seconds" doc:"Null: whatever is longer."`
	N    int      `json:"n"`
}

func binsAs(bins []metrics.Bin) []binJSON {
	all := []binJSON{}
	for _, b := range bins {
		all = append(all, binJSON{UpTo: some(b.UpTo.Seconds(), b.UpTo > 0), N: b.N})
	}
	return all
}

// some is a number, or null.
func some(n float64, known bool) *float64 {
	if !known {
		return nil
	}
	return &n
}

// LengthsJSON says how long occurrences lasted.
type LengthsJSON struct {
	SummaryJSON
	Open    openJSON           `json:"open" doc:"What goes on, whichever period is asked for."`
	LeftOut leftOutJSON        `json:"left_out"`
	Series  []lengthPeriodJSON `json:"series" nullable:"false"`
}

func impactDurationAs(d metrics.ImpactDuration) LengthsJSON {
	return LengthsJSON{SummaryJSON: summaryAs(d.Summary), Open: openAs(d.Open), LeftOut: leftOutAs(d.LeftOut), Series: lengthSeriesAs(d.Series)}
}

func openAs(o metrics.Open) openJSON {
	return openJSON{N: o.N, OldestAge: some(o.OldestAge.Truncate(time.Second).Seconds(), o.N > 0)}
}

type timeToRepairJSON struct {
	LengthsJSON
	With      SummaryJSON      `json:"developer_took_part"`
	Without   SummaryJSON      `json:"developer_did_not"`
	Bins      []binJSON        `json:"distribution" nullable:"false"`
	Permanent permanentFixJSON `json:"permanent_fix" doc:"Fix shipped - first occurrence detected, by when it shipped."`
}

type permanentFixJSON struct {
	SummaryJSON
	Series []lengthPeriodJSON `json:"series" nullable:"false"`
}

func timeToRepairAs(t metrics.TimeToRepair, fix metrics.PermanentFix) timeToRepairJSON {
	return timeToRepairJSON{
		LengthsJSON: LengthsJSON{SummaryJSON: summaryAs(t.Summary), Open: openAs(t.Open), LeftOut: leftOutAs(t.LeftOut), Series: lengthSeriesAs(t.Series)},
		With:        summaryAs(t.With), Without: summaryAs(t.Without), Bins: binsAs(t.Bins),
		Permanent: permanentFixJSON{SummaryJSON: summaryAs(fix.Summary), Series: lengthSeriesAs(fix.Series)},
	}
}

type flowJSON struct {
	Occurrences int      `json:"occurrences" doc:"Detected in the period."`
	Recurrences int      `json:"recurrences"`
	Rate        *float64 `json:"rate" doc:"From 0 to 1; null: n/a."`
}

type cohortJSON struct {
	Occurrences int      `json:"occurrences" doc:"Restored in the period."`
	Followed    int      `json:"followed" doc:"Followed by another within the window."`
	Rate        *float64 `json:"rate" doc:"From 0 to 1; null: n/a."`
	Provisional bool     `json:"provisional" doc:"The window is still open for some: the rate can grow."`
}

func rate(s metrics.Share) *float64 {
	r, ok := s.Rate()
	return some(r, ok)
}

func flowAs(f metrics.Flow) flowJSON {
	return flowJSON{Occurrences: f.Occurrences, Recurrences: f.Recurrences, Rate: rate(f.Share())}
}

func cohortAs(c metrics.Cohort) cohortJSON {
	return cohortJSON{Occurrences: c.Occurrences, Followed: c.Followed, Rate: rate(c.Share()), Provisional: c.Provisional}
}

type recurrencePeriodJSON struct {
	Period string     `json:"period" example:"2026-11"`
	Flow   flowJSON   `json:"flow"`
	Cohort cohortJSON `json:"cohort"`
}

type recurrenceJSON struct {
	Flow    flowJSON               `json:"flow"`
	With    flowJSON               `json:"developer_took_part"`
	Without flowJSON               `json:"developer_did_not"`
	Cohort  cohortJSON             `json:"cohort"`
	Bins    []binJSON              `json:"distribution" nullable:"false" doc:"Recurrences by how long after the end of the occurrence before."`
	LeftOut leftOutJSON            `json:"left_out"`
	Series  []recurrencePeriodJSON `json:"series" nullable:"false"`
}

func recurrenceAs(r metrics.Recurrence) recurrenceJSON {
	j := recurrenceJSON{
		Flow: flowAs(r.Flow), With: flowAs(r.With), Without: flowAs(r.Without), Cohort: cohortAs(r.Cohort), Bins: binsAs(r.Gaps),
		LeftOut: leftOutAs(r.LeftOut), Series: []recurrencePeriodJSON{},
	}
	for _, p := range r.Series {
		j.Series = append(j.Series, recurrencePeriodJSON{Period: p.Name, Flow: flowAs(p.Flow), Cohort: cohortAs(p.Cohort)})
	}
	return j
}

// ReleasesJSON counts deployments to production.
type ReleasesJSON struct {
	Deployments int      `json:"deployments" doc:"To production, finished in the period."`
	Failed      int      `json:"failed" doc:"With a confirmed incident, or rolled back: each once."`
	Suspected   int      `json:"suspected" doc:"Not failed, but suspected of an incident: nobody has said yet."`
	Suggested   int      `json:"suggested" doc:"The same as suspected."`
	Rate        *float64 `json:"rate" doc:"From 0 to 1; null: n/a."`
}

func releasesAs(r metrics.Releases) ReleasesJSON {
	return ReleasesJSON{Deployments: r.Deployments, Failed: r.Failed, Suspected: r.Suspected, Suggested: r.Suspected, Rate: rate(r.Share())}
}

type releasePeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	ReleasesJSON
}

type changeFailRateJSON struct {
	ReleasesJSON
	NeverLive int                 `json:"never_live" doc:"Left out: deployments that failed before they went live."`
	Outside   int                 `json:"outside" doc:"Confirmed causes in the infrastructure or outside, which do not count."`
	AWeek     *float64            `json:"deployments_a_week" doc:"From the first deployment of the period, or from; null under a week."`
	Recovery  SummaryJSON         `json:"recovery" doc:"Failed deployment recovery time: restored - finished."`
	Series    []releasePeriodJSON `json:"series" nullable:"false"`
}

func changeFailRateAs(c metrics.ChangeFailRate, q metrics.Query) changeFailRateJSON {
	j := changeFailRateJSON{ReleasesJSON: releasesAs(c.Releases), NeverLive: c.NeverLive, Outside: c.Outside, Recovery: summaryAs(c.Recovery), Series: []releasePeriodJSON{}}
	if len(c.Series) > 0 {
		from, until := q.From, q.Now
		if from.IsZero() {
			from = c.Series[0].From
		}
		if !q.To.IsZero() && q.To.Before(until) {
			until = q.To
		}
		each, known := c.AWeek(from, until)
		j.AWeek = some(each, known)
	}
	for _, p := range c.Series {
		j.Series = append(j.Series, releasePeriodJSON{Period: p.Name, ReleasesJSON: releasesAs(p.Releases)})
	}
	return j
}

// WaitsJSON says how long it took until developers were told.
type WaitsJSON struct {
	N             int      `json:"n" doc:"Told, and never told."`
	Never         int      `json:"never_notified"`
	Median        *float64 `json:"median_seconds" doc:"One of which nobody was told counts as at least as old as it is."`
	MedianAtLeast bool     `json:"median_at_least" doc:"The median is the age of one of which nobody was told, and grows."`
	P90           *float64 `json:"p90_seconds"`
	P90AtLeast    bool     `json:"p90_at_least"`
}

func waitsAs(w metrics.Waits) WaitsJSON {
	return WaitsJSON{
		N: w.N, Never: w.Never, Median: some(w.Median.Seconds(), w.N > 0), MedianAtLeast: w.MedianAtLeast, P90: some(w.P90.Seconds(), w.N > 0), P90AtLeast: w.P90AtLeast,
	}
}

type waitPeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	WaitsJSON
}

type neverJSON struct {
	Ref string  `json:"ref" example:"INC-42"`
	Age float64 `json:"age_seconds"`
}

type developerNotificationJSON struct {
	WaitsJSON
	Within15Min    *float64         `json:"within_15_min_share" doc:"Of n."`
	OverWorkingDay *float64         `json:"over_1_working_day_share" doc:"Of those told: more than one working day of the team later."`
	Working        SummaryJSON      `json:"working_hours" doc:"Of those told, in the working hours of the building team."`
	Early          int              `json:"negative" doc:"Told before it was detected: counted as 0."`
	Channels       map[string]int   `json:"channels"`
	Oldest         *float64         `json:"oldest_never_notified_seconds"`
	NeverRows      []neverJSON      `json:"never_notified_rows" nullable:"false" doc:"The latest 50 of them."`
	Bins           []binJSON        `json:"distribution" nullable:"false" doc:"Of those told."`
	LeftOut        leftOutJSON      `json:"left_out"`
	Series         []waitPeriodJSON `json:"series" nullable:"false"`
}

func developerNotificationAs(d metrics.DeveloperNotification, never []metrics.Row, now time.Time) developerNotificationJSON {
	j := developerNotificationJSON{
		WaitsJSON: waitsAs(d.Waits), Within15Min: rate(metrics.Share{Part: d.Within15Min, Whole: d.N}), OverWorkingDay: rate(metrics.Share{Part: d.OverWorkingDay, Whole: d.N - d.Never}),
		Working: summaryAs(d.Working), Early: d.Early, Channels: map[string]int{}, Oldest: some(d.OldestNever.Seconds(), d.Never > 0), Bins: binsAs(d.Bins), LeftOut: leftOutAs(d.LeftOut),
		NeverRows: []neverJSON{}, Series: []waitPeriodJSON{},
	}
	for by, n := range d.Channels {
		j.Channels[string(by)] = n
	}
	for _, r := range never {
		j.NeverRows = append(j.NeverRows, neverJSON{Ref: r.Incident.String(), Age: now.Sub(r.DetectedAt).Truncate(time.Second).Seconds()})
	}
	for _, p := range d.Series {
		j.Series = append(j.Series, waitPeriodJSON{Period: p.Name, WaitsJSON: waitsAs(p.Waits)})
	}
	return j
}

type queueMeasureJSON struct {
	Started startedJSON `json:"started" doc:"Follow-ups that somebody started in the period: how long they had waited."`
	Waiting openJSON    `json:"waiting" doc:"What waits now, never mixed with what was started."`
	Cost    float64     `json:"cost_seconds" doc:"Impact and hands-on time of what recurred while open follow-ups waited; an occurrence once."`
}

type startedJSON struct {
	SummaryJSON
	Series []lengthPeriodJSON `json:"series" nullable:"false"`
}

// LoopsJSON counts significant incidents by what they changed.
type LoopsJSON struct {
	Due             int      `json:"due"`
	Verified        int      `json:"verified"`
	Decided         int      `json:"decided"`
	Rate            *float64 `json:"rate" doc:"Verified and decided of those due; null: n/a."`
	DoneNotVerified int      `json:"done_not_verified"`
	None            int      `json:"none"`
	Provisional     int      `json:"provisional" doc:"Their grace has not passed."`
}

func loopsAs(l metrics.Loops, provisional int) LoopsJSON {
	return LoopsJSON{
		Due: l.Due(), Verified: l.Verified, Decided: l.Decided, Rate: rate(l.Share()), DoneNotVerified: l.DoneNotVerified, None: l.None, Provisional: provisional,
	}
}

type loopPeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	LoopsJSON
}

type shareJSON struct {
	Shipped int      `json:"shipped"`
	Failed  int      `json:"failed"`
	Rate    *float64 `json:"rate"`
}

type loopClosureJSON struct {
	LoopsJSON
	FixFailure shareJSON        `json:"fix_failure" doc:"Changes that recurred in their quiet period, of those shipped."`
	Series     []loopPeriodJSON `json:"series" nullable:"false"`
}

func loopClosureAs(l metrics.LoopClosure, f metrics.FixFailure) loopClosureJSON {
	j := loopClosureJSON{LoopsJSON: loopsAs(l.Loops, l.Provisional), FixFailure: shareJSON{Shipped: f.Shipped, Failed: f.Failed, Rate: rate(f.Share())}, Series: []loopPeriodJSON{}}
	for _, p := range l.Series {
		j.Series = append(j.Series, loopPeriodJSON{Period: p.Name, LoopsJSON: loopsAs(p.Loops, p.Provisional)})
	}
	return j
}

// ClosuresJSON counts closed incidents.
type ClosuresJSON struct {
	Closed  int      `json:"closed"`
	Without int      `json:"without"`
	Rate    *float64 `json:"rate"`
}

func closuresAs(c metrics.Closures) ClosuresJSON {
	return ClosuresJSON{Closed: c.Closed, Without: c.Without, Rate: rate(c.Share())}
}

type closurePeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	ClosuresJSON
}

type closedWithoutCauseJSON struct {
	ClosuresJSON
	Series []closurePeriodJSON `json:"series" nullable:"false"`
}

func closedWithoutCauseAs(c metrics.ClosedWithoutCause) closedWithoutCauseJSON {
	j := closedWithoutCauseJSON{ClosuresJSON: closuresAs(c.Closures), Series: []closurePeriodJSON{}}
	for _, p := range c.Series {
		j.Series = append(j.Series, closurePeriodJSON{Period: p.Name, ClosuresJSON: closuresAs(p.Closures)})
	}
	return j
}

type boundaryJSON struct {
	Incidents     int         `json:"incidents" doc:"Detected in the period."`
	HandOffs      int         `json:"hand_offs"`
	PerIncident   *float64    `json:"hand_offs_per_incident"`
	Unaccountable SummaryJSON `json:"no_accountable_team" doc:"How long it took until a team first accepted or passed on."`
}

func boundaryAs(b metrics.Boundary) boundaryJSON {
	each, known := b.PerIncident()
	return boundaryJSON{Incidents: b.Incidents, HandOffs: b.HandOffs, PerIncident: some(each, known), Unaccountable: summaryAs(b.Unaccountable)}
}

type measuresJSON struct {
	Formulas              int                       `json:"formulas" doc:"Version of the formulas; it grows when one of them changes."`
	TimeToRepair          timeToRepairJSON          `json:"time_to_repair"`
	ImpactDuration        LengthsJSON               `json:"impact_duration"`
	Recurrence            recurrenceJSON            `json:"recurrence"`
	ChangeFailRate        changeFailRateJSON        `json:"change_fail_rate"`
	DeveloperNotification developerNotificationJSON `json:"developer_notification"`
	OwnershipCoverage     ownershipCoverageJSON     `json:"ownership_coverage"`
	CycleTime             cycleTimeJSON             `json:"cycle_time" doc:"Of a team's finished Jira issues; a service or a severity does not narrow it."`
	Queue                 queueMeasureJSON          `json:"queue"`
	LoopClosure           loopClosureJSON           `json:"loop_closure"`
	ClosedWithoutCause    closedWithoutCauseJSON    `json:"closed_without_cause"`
	Boundary              boundaryJSON              `json:"boundary"`
	Behind                int                       `json:"behind" doc:"Changes that are not yet counted: 0 but for a while after an import of many thousands."`
}

type measureIn struct {
	From     string `query:"from" doc:"A moment or a day; all that came before is left out."`
	To       string `query:"to" doc:"A moment or a day, itself left out."`
	Bucket   string `query:"bucket" enum:"week,month,quarter" default:"month"`
	Team     string `query:"team" doc:"Slug of the building team."`
	Service  string `query:"service" doc:"Slug."`
	Severity string `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4"`
	Window   string `query:"window" pattern:"^([1-9][0-9]{0,3}d|all)$" default:"90d" doc:"How soon an occurrence after another is a recurrence; all is no limit."`
}

func (a *API) measure(ctx context.Context, in *measureIn) (*struct{ Body measuresJSON }, error) {
	from, to, err := between(in.From, in.To)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.That(from.IsZero() || to.IsZero() || from.Before(to), "to", "This is not after from.")
	if err := c.Err(); err != nil {
		return nil, err
	}
	viewer, now := account.ActorFrom(ctx), a.Now()
	f := metrics.Filter{Team: in.Team, Service: in.Service, Severity: incident.Severity(in.Severity), From: from, To: to}
	p, behind, err := a.Store.Progress(ctx, viewer, f, metrics.Query{Bucket: metrics.Bucket(in.Bucket), Window: window(in.Window), Now: now})
	if err != nil {
		return nil, err
	}
	never, err := a.Store.CountedRows(ctx, viewer, metrics.NeverTold, f, 0, listing.Request{Limit: neverShown})
	if err != nil {
		return nil, err
	}
	waiting, err := a.Store.QueueSummary(ctx, viewer, followup.Filter{Team: in.Team, Service: in.Service}, now)
	if err != nil {
		return nil, err
	}
	boundary, err := a.Store.Boundary(ctx, viewer, f)
	if err != nil {
		return nil, err
	}
	boundary.Incidents = p.Told.N
	covered, err := a.Store.Coverage(ctx, viewer, in.Team, in.Service)
	if err != nil {
		return nil, err
	}
	since := from
	if !since.IsZero() {
		since = since.Add(-metrics.CycleWindow)
	}
	work, err := a.Store.WorkIssues(ctx, viewer, in.Team, since, to)
	if err != nil {
		return nil, err
	}
	q := metrics.Query{From: from, To: to, Bucket: metrics.Bucket(in.Bucket), Now: now}
	oldest := waiting.All.OldestQueuedAt
	return &struct{ Body measuresJSON }{Body: measuresJSON{
		Formulas:              metrics.Formulas,
		TimeToRepair:          timeToRepairAs(p.Repair, p.Permanent),
		ImpactDuration:        impactDurationAs(p.Impact),
		Recurrence:            recurrenceAs(p.Recurrence),
		ChangeFailRate:        changeFailRateAs(p.Fail, q),
		DeveloperNotification: developerNotificationAs(p.Told, never.Items, now),
		OwnershipCoverage:     ownershipCoverageAs(metrics.OwnershipCoverageOf(covered, q)),
		CycleTime:             cycleTimeAs(metrics.CycleTimeOf(work, q)),
		Queue: queueMeasureJSON{
			Started: startedJSON{SummaryJSON: summaryAs(p.Queue.Summary), Series: lengthSeriesAs(p.Queue.Series)},
			Waiting: openJSON{N: waiting.All.Waiting, OldestAge: some(now.Sub(oldest).Truncate(time.Second).Seconds(), waiting.All.Waiting > 0 && !oldest.IsZero())},
			Cost:    waiting.All.Cost.Seconds(),
		},
		LoopClosure:        loopClosureAs(p.Loops, p.FixFailure),
		ClosedWithoutCause: closedWithoutCauseAs(p.WithoutCause),
		Boundary:           boundaryAs(boundary),
		Behind:             behind,
	}}, nil
}

// neverShown is how many incidents are listed of which nobody was told.
const neverShown = 50

// window reads 90d or all; the description lets nothing else through.
func window(text string) time.Duration {
	if text == "all" {
		return problem.NoLimit
	}
	n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil {
		return problem.RecurrenceWindow
	}
	return time.Duration(n) * 24 * time.Hour
}
