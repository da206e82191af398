package app

import (
	"context"
	"fmt"
	"math"
	"os"

	"upshot/app/account"
	"upshot/app/digest"
	"upshot/app/fault"
)

// DigestCommand is "upshot digest".
type DigestCommand struct {
	Config
	Team    string `help:"Slug of the team; without it the letter is that of the organisation." placeholder:"SLUG"`
	Week    string `help:"Week the letter is about, such as 2026-W47; without it the last one that is over." placeholder:"WEEK"`
	Preview bool   `help:"Write the letter to standard output; this is what it does without --send."`
	HTML    bool   `help:"Write the page instead of the text." name:"html"`
	Send    bool   `help:"Send it now to everybody who gets it. A letter that went out already is not sent again."`
}

// Run shows the letter or sends it.
func (c *DigestCommand) Run(ctx context.Context) error {
	if c.Send && (c.Preview || c.HTML) {
		return fault.New(fault.Invalid, "Choose one: --preview shows the letter, --send sends it.")
	}
	return c.with(ctx, func(a *App) error {
		settings, week, err := c.which(ctx, a)
		if err != nil {
			return err
		}
		if c.Send {
			return c.send(ctx, a, settings, week)
		}
		run, err := a.store.DigestRun(ctx, settings.Scope, week)
		if fault.Is(err, fault.NotFound) {
			run, err = a.words.digests.Preview(ctx, settings, week)
		}
		if err != nil {
			return err
		}
		run = run.Shared()
		if c.HTML {
			_, err = os.Stdout.WriteString(run.HTML)
			return err
		}
		_, err = fmt.Printf("Subject: %s\n\n%s", run.Subject, run.Text)
		return err
	})
}

// which is the letter that is meant.
func (c *DigestCommand) which(ctx context.Context, a *App) (digest.Settings, digest.Week, error) {
	scope, zone := digest.Scope{}, a.words.digests.Zone
	if c.Team != "" {
		t, err := a.store.Team(ctx, account.AsCommand("upshot digest"), c.Team)
		if err != nil {
			return digest.Settings{}, digest.Week{}, err
		}
		scope.Team, zone = t.ID, digest.ZoneOf(t)
	}
	settings, err := a.words.digests.ScopeOf(ctx, scope)
	if err != nil {
		return settings, digest.Week{}, err
	}
	if c.Week == "" {
		return settings, digest.WeekOf(a.now(), zone).Before(), nil
	}
	week, err := digest.ParseWeek(c.Week)
	return settings, week, err
}

func (c *DigestCommand) send(ctx context.Context, a *App, settings digest.Settings, week digest.Week) error {
	if err := a.words.digests.SendNow(ctx, account.AsCommand("upshot digest"), settings, week); err != nil {
		return err
	}
	run, err := a.store.DigestRun(ctx, settings.Scope, week)
	if err != nil {
		return err
	}
	all, err := a.store.DigestMailsOf(ctx, run.ID, math.MaxInt32)
	if err != nil {
		return err
	}
	mails := map[digest.State]int{}
	for _, m := range all {
		mails[m.State]++
	}
	waiting := mails[digest.Waiting] + mails[digest.Sending]
	fmt.Printf("%s\nsent: %d, waiting: %d, in doubt: %d, came to nothing: %d\n", run.Subject, mails[digest.Sent], waiting, mails[digest.Doubt], mails[digest.Failed])
	if waiting > 0 {
		fmt.Println("What waits is sent by upshot serve.")
	}
	return nil
}
