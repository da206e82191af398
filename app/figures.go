package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/metrics"
)

// FiguresCommand is "upshot figures".
type FiguresCommand struct {
	Config
	Recompute bool   `help:"Make anew what is kept for the measures, and say whether anything differed."`
	From      string `help:"First day, such as 2026-01-01; without it there is no bound." placeholder:"DAY"`
	To        string `help:"Day after the last one." placeholder:"DAY"`
	Team      string `help:"Slug of the building team." placeholder:"TEAM"`
	Service   string `help:"Slug of the service." placeholder:"SERVICE"`
}

// Run prints the measures, a line each. With --recompute it fails when something that was kept was wrong, after mending it.
func (c *FiguresCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		if c.Recompute {
			began := time.Now()
			if err := a.words.keeper.KeepStale(ctx, account.AsCommand("upshot figures")); err != nil {
				return err
			}
			wrong, err := a.store.Recount(ctx)
			if err != nil {
				return err
			}
			fmt.Printf("Counted anew in %s.\n", time.Since(began).Round(time.Millisecond))
			if wrong.Incidents+wrong.Days > 0 {
				return fmt.Errorf("%d incidents and %d days had been kept wrongly; they are right now", wrong.Incidents, wrong.Days)
			}
			fmt.Println("Nothing differed from what was kept.")
		}
		f := metrics.Filter{Team: c.Team, Service: c.Service}
		var check fault.Check
		for _, day := range []struct {
			name, text string
			to         *time.Time
		}{{"from", c.From, &f.From}, {"to", c.To, &f.To}} {
			if day.text == "" {
				continue
			}
			at, err := time.Parse(time.DateOnly, day.text)
			check.That(err == nil, day.name, "%q is no day such as 2026-01-31.", day.text)
			*day.to = at
		}
		if err := check.Err(); err != nil {
			return err
		}
		p, _, err := a.store.Progress(ctx, account.AsCommand("upshot figures"), f, metrics.Query{Now: a.now()})
		if err != nil {
			return err
		}
		for _, line := range p.Lines() {
			_, _ = fmt.Fprintln(os.Stdout, line)
		}
		return nil
	})
}
