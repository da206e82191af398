package api

import (
	"math"
	"time"

	"upshot/app/metrics"
)

// CycleFiguresJSON is what a set of finished issues says; lengths and ratios are null where there is nothing to say.
// CycleFiguresJSON is what a set of finished issues says.
type CycleFiguresJSON struct {
	N               int      `json:"n" doc:"Issues finished after work that was seen to begin."`
	P50             *float64 `json:"p50_seconds" doc:"From the first entry into an in-progress category to the final entry into done, so reopened time is inside. Nearest rank."`
	P85             *float64 `json:"p85_seconds"`
	Predictability  *float64 `json:"predictability" doc:"P85 ÷ P50; 1 is ideal. Null with fewer than 8 issues: few says so."`
	Variation       *float64 `json:"variation" doc:"Standard deviation ÷ mean. Null as predictability is."`
	Few             bool     `json:"few" doc:"Fewer than 8 issues."`
	Finished        int      `json:"finished" doc:"n and skipped: what the share of interruptions is of."`
	FromIncidents   int      `json:"from_incidents" doc:"Of finished, those that an incident made."`
	Share           *float64 `json:"interruption_share" doc:"from_incidents ÷ finished, from 0 to 1."`
	InProgress      float64  `json:"in_progress_seconds"`
	OnIncidents     float64  `json:"in_progress_on_incidents_seconds"`
	ShareOfProgress *float64 `json:"interruption_share_of_time" doc:"The same by time in progress."`
	Reopened        int      `json:"reopened" doc:"Of n, those that left done at least once."`
	Skipped         int      `json:"skipped" doc:"Went to done without ever being in progress: counted apart."`
	Declined        int      `json:"declined" doc:"Closed as not to be done, as a duplicate and the like: left out."`
	Withheld        int      `json:"withheld" doc:"The history is not whole, or holds a status that nobody can place: left out."`
}

func cycleFiguresAs(f metrics.CycleFigures) CycleFiguresJSON {
	j := CycleFiguresJSON{
		N: f.N, Few: !f.Enough(), Finished: f.Interrupted.Whole, FromIncidents: f.Interrupted.Part, Share: rate(f.Interrupted),
		InProgress: f.InProgress.Seconds(), OnIncidents: f.OnIncidents.Seconds(),
		Reopened: f.Reopened, Skipped: f.Skipped, Declined: f.Declined, Withheld: f.Withheld,
	}
	if f.N > 0 {
		p50, p85 := f.P50.Seconds(), f.P85.Seconds()
		j.P50, j.P85 = &p50, &p85
	}
	j.Predictability, j.Variation, j.ShareOfProgress = told(f.Predictability()), told(f.Variation()), told(f.InterruptedTime())
	return j
}

// told is a ratio to four places, or null where there is none.
func told(ratio float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	ratio = math.Round(ratio*10_000) / 10_000
	return &ratio
}

type cyclePeriodJSON struct {
	Period string `json:"period" example:"2026-11"`
	CycleFiguresJSON
}

type cycleTimeJSON struct {
	CycleFiguresJSON
	From   time.Time         `json:"from" doc:"The figures are those of the 8 weeks before the end of the period, or before now."`
	To     time.Time         `json:"to"`
	Period CycleFiguresJSON  `json:"period" doc:"Of the issues finished from from until to alone."`
	Series []cyclePeriodJSON `json:"series" nullable:"false" doc:"Each the 8 weeks before the end of its period."`
}

func cycleTimeAs(c metrics.CycleTime) cycleTimeJSON {
	j := cycleTimeJSON{CycleFiguresJSON: cycleFiguresAs(c.CycleFigures), From: c.From.UTC(), To: c.To.UTC(), Period: cycleFiguresAs(c.Period), Series: []cyclePeriodJSON{}}
	for _, p := range c.Series {
		j.Series = append(j.Series, cyclePeriodJSON{Period: p.Name, CycleFiguresJSON: cycleFiguresAs(p.CycleFigures)})
	}
	return j
}
