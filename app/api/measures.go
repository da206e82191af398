package api

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/metrics"
	"upshot/app/problem"
)

type measureReads interface {
	// Progress gives the measures that incidents, deployments and follow-ups give, and how many changes are still to be counted.
	Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error)
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
	j := SummaryJSON{N: s.N, Sum: s.Sum.Seconds()}
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

type impactPeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	SummaryJSON
}

type impactDurationJSON struct {
	SummaryJSON
	Open    openJSON           `json:"open" doc:"What goes on, whichever period is asked for."`
	LeftOut leftOutJSON        `json:"left_out"`
	Series  []impactPeriodJSON `json:"series" nullable:"false"`
}

func impactDurationAs(d metrics.ImpactDuration) impactDurationJSON {
	j := impactDurationJSON{
		SummaryJSON: summaryAs(d.Summary), Open: openJSON{N: d.Open.N}, LeftOut: leftOutAs(d.LeftOut), Series: []impactPeriodJSON{},
	}
	if d.Open.N > 0 {
		age := d.Open.OldestAge.Seconds()
		j.Open.OldestAge = &age
	}
	for _, p := range d.Series {
		j.Series = append(j.Series, impactPeriodJSON{Period: p.Name, SummaryJSON: summaryAs(p.Summary)})
	}
	return j
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
	if !ok {
		return nil
	}
	return &r
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
	Cohort  cohortJSON             `json:"cohort"`
	LeftOut leftOutJSON            `json:"left_out"`
	Series  []recurrencePeriodJSON `json:"series" nullable:"false"`
}

func recurrenceAs(r metrics.Recurrence) recurrenceJSON {
	j := recurrenceJSON{Flow: flowAs(r.Flow), Cohort: cohortAs(r.Cohort), LeftOut: leftOutAs(r.LeftOut), Series: []recurrencePeriodJSON{}}
	for _, p := range r.Series {
		j.Series = append(j.Series, recurrencePeriodJSON{Period: p.Name, Flow: flowAs(p.Flow), Cohort: cohortAs(p.Cohort)})
	}
	return j
}

type measuresJSON struct {
	ImpactDuration impactDurationJSON `json:"impact_duration"`
	Recurrence     recurrenceJSON     `json:"recurrence"`
	Behind         int                `json:"behind" doc:"Changes that are not yet counted: 0 but for a while after an import of many thousands."`
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
	q := metrics.Query{Bucket: metrics.Bucket(in.Bucket), Window: window(in.Window), Now: a.Now()}
	p, behind, err := a.Store.Progress(ctx, account.ActorFrom(ctx), metrics.Filter{
		Team: in.Team, Service: in.Service, Severity: incident.Severity(in.Severity), From: from, To: to,
	}, q)
	if err != nil {
		return nil, err
	}
	return &struct{ Body measuresJSON }{Body: measuresJSON{
		ImpactDuration: impactDurationAs(p.Impact),
		Recurrence:     recurrenceAs(p.Recurrence),
		Behind:         behind,
	}}, nil
}

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
