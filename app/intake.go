package app

import (
	"context"

	"upshot/app/intake"
)

// makers are the kinds of sources that are known.
func makers() map[intake.Kind]intake.Maker {
	all := map[intake.Kind]intake.Maker{}
	for _, m := range []intake.Maker{} {
		all[m.Kind] = m
	}
	return all
}

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
