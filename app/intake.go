package app

import (
	"context"
	"fmt"
	"os"

	"upshot/app/account"
	"upshot/app/intake"
	"upshot/views/link"
)

// newIntake connects what takes deliveries in with what else is there.
func (a *App) newIntake() {
	in := a.words.intake
	in.Kick = func() {
		select {
		case a.kicked <- struct{}{}:
		default: // it is woken already
		}
	}
	in.Hint = func(ctx context.Context, t intake.Ticket) (bool, error) {
		return a.words.jira.HintAt(ctx, t.Key, t.URL)
	}
}

// SourceCommand is "upshot source".
type SourceCommand struct {
	Add SourceAddCommand `cmd:"" help:"Let a source of events in, and print its address and its secret."`
}

// SourceAddCommand is "upshot source add".
type SourceAddCommand struct {
	Config
	SecretFile string `help:"File that holds the secret; without it one is made up." placeholder:"FILE"`
	Kind       string `arg:"" help:"Who sends: alertmanager, grafana, pagerduty, opsgenie, statuspage, sentry, incidentio, github, gitlab, cdevents or generic."`
	Name       string `arg:"" help:"The last part of its address, such as main."`
}

// Run adds the source. The address and the secret are printed once, each on a line.
func (c *SourceAddCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		var given []byte
		if c.SecretFile != "" {
			var err error
			if given, err = os.ReadFile(c.SecretFile); err != nil {
				return err
			}
		}
		s, secret, err := a.words.intake.Add(ctx, account.AsCommand("upshot source add"), intake.Source{Kind: intake.Kind(c.Kind), Name: c.Name}, string(given))
		if err != nil {
			return err
		}
		fmt.Println(c.BaseURL + link.Hook(string(s.Kind), s.Name))
		fmt.Println(secret)
		return nil
	})
}
