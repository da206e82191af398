package app

import (
	"context"
	"time"
)

// textsEvery is how often the words of what was written meanwhile are read. Nobody waits for it: a commit only leaves a mark.
const textsEvery = 300 * time.Millisecond

// readTexts keeps the index of words up to date until ctx ends. It is no job: jobs take longer to begin than it does to end.
func (a *App) readTexts(ctx context.Context) {
	pause := time.NewTicker(textsEvery)
	defer pause.Stop()
	failing := false
	for {
		_, err := a.store.IndexTexts(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			a.log.WarnContext(ctx, "the words of incidents cannot be indexed, to be tried again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}
