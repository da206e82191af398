package app

import (
	"context"
	"fmt"
	"time"

	"upshot/app/fault"
	"upshot/app/jirasync"
)

// SyncCommand is "upshot sync".
type SyncCommand struct{ Config }

// Run reads and writes every site once, and fails when something needs a person.
func (c *SyncCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		if err := a.words.jira.SyncAll(ctx); err != nil {
			return err
		}
		all, err := a.store.JiraHealth(ctx, a.now())
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fault.New(fault.Conflict, "No Jira is connected: set UPSHOT_JIRA_URL and UPSHOT_JIRA_TOKEN, or connect one under Settings, Jira.")
		}
		needs := 0
		for _, h := range all {
			needs += tellHealth(h, a.now(), c.JiraPoll)
		}
		if needs > 0 {
			return fault.New(fault.Conflict, "Something needs a person; it is told above, and under Settings, Jira.")
		}
		return nil
	})
}

// tellHealth prints how the sync of a site is doing, and counts what needs a person.
func tellHealth(h jirasync.Health, now time.Time, poll time.Duration) (needs int) {
	if !h.Site.DisabledAt.IsZero() {
		fmt.Printf("%s: switched off\n", h.Site.Name)
		return 0
	}
	read := "never read"
	if !h.State.GoodAt.IsZero() {
		read = "read " + h.State.GoodAt.UTC().Format(time.RFC3339)
	}
	fmt.Printf("%s: %s, %d tickets mirrored, %d writes in the queue\n", h.Site.Name, read, h.Mirrored, h.Waiting)
	for _, w := range []struct {
		n    int
		what string
	}{
		{h.Dead, "writes gave up and wait for a person"},
		{h.Conflicts, "conflicts between the two sides"},
		{h.Decisions, "tickets closed in a way that asks for a decision"},
		{h.Unplaced, "statuses that nobody can place"},
	} {
		if w.n > 0 {
			fmt.Printf("  %d %s\n", w.n, w.what)
			needs += w.n
		}
	}
	if until := h.PausedUntil(now); !until.IsZero() {
		fmt.Printf("  paused until %s\n", until.UTC().Format(time.RFC3339))
	}
	why, stopped := h.Stopped(now, poll)
	if t := h.State.Trouble; t.Words != "" && (stopped || t.At.After(h.State.GoodAt)) {
		fmt.Printf("  Jira said: %s\n", t.Words)
	}
	if stopped {
		fmt.Printf("  stopped: %s\n", why)
		needs++
	}
	return needs
}

// JiraCheckCommand is "upshot jira-check".
type JiraCheckCommand struct {
	Config
	Project string `help:"Check this project too, although nothing is mapped to it yet." placeholder:"KEY"`
}

// Run asks every site about itself and about every project that takes follow-ups.
func (c *JiraCheckCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		connections := a.words.jira.Connect
		sites, err := a.store.JiraSites(ctx)
		if err != nil {
			return err
		}
		if len(sites) == 0 {
			return fault.New(fault.Conflict, "No Jira is connected: set UPSHOT_JIRA_URL and UPSHOT_JIRA_TOKEN, or connect one under Settings, Jira.")
		}
		wrong, err := connections.CheckAll(ctx)
		if err != nil {
			return err
		}
		for _, site := range sites {
			if c.Project == "" || !site.DisabledAt.IsZero() {
				continue
			}
			found, err := connections.Preflight(ctx, site, c.Project, "", nil)
			if err != nil {
				if fault.Of(err) == nil {
					return err
				}
				wrong = append(wrong, site.Name+": "+err.Error())
				continue
			}
			for _, w := range found.Wrong {
				wrong = append(wrong, fmt.Sprintf("%s, project %s: %s", site.Name, c.Project, w))
			}
		}
		if sites, err = a.store.JiraSites(ctx); err != nil {
			return err
		}
		for _, site := range sites {
			fmt.Printf("%s: %s %s, signed in as %s\n", site.Name, site.Flavour, site.Version, site.Account.Name)
		}
		for _, w := range wrong {
			fmt.Println("  " + w)
		}
		if len(wrong) > 0 {
			return fault.New(fault.Conflict, "%d things keep the sync from working.", len(wrong))
		}
		fmt.Println("Everything the sync needs is there.")
		return nil
	})
}
