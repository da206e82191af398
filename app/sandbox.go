package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"upshot/app/demo"
)

// DemoCommand is "upshot demo".
type DemoCommand struct {
	Addr string `help:"Address to listen on; a busy port gives way to a free one." default:"127.0.0.1:8080" env:"UPSHOT_ADDR" placeholder:"HOST:PORT"`
	Log  string `help:"What to log: debug, info, warn or error." default:"warn" env:"UPSHOT_LOG" enum:"debug,info,warn,error"`
}

// Run serves the sandbox from a database that is deleted at the end.
func (c *DemoCommand) Run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "upshot-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the sandbox: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config := Config{
		Addr: freeAddress(ctx, c.Addr), Database: filepath.Join(folder, "upshot.db"), Log: c.Log, LogFormat: "text", JiraPoll: sandboxPoll,
	}
	if err := config.Check(); err != nil {
		return err
	}
	a, err := NewDemo(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return a.Serve(ctx, func(at net.Addr) {
		fmt.Printf("Upshot's sandbox is open at http://%s\nIts pretend Jira, where you can move a card, is at %s\nYou are signed in there; nothing in it is real, and it is gone when you press Ctrl-C.\n", at, a.board)
	})
}

// NewDemo is an App over the sandbox's example history, in which every visitor is signed in.
func NewDemo(ctx context.Context, config Config) (*App, error) {
	config.SecretKey = rand.Text() // for what is gone at the end anyway
	a, err := New(ctx, config, config.Logger(), clock)
	if err != nil {
		return nil, err
	}
	// The story is told by the same services as everything else, with a clock that the story sets.
	story := demo.NewClock(clock())
	a.store.SetClock(story.Now)
	defer a.store.SetClock(a.now)
	w := newWords(a.store, story.Now)
	a.demo, err = demo.Tell(ctx, demo.World{
		Accounts: w.accounts, Catalog: w.catalog, Links: w.links, Incidents: w.incidents, Problems: w.problems,
		Notes: w.notes, Deployments: w.deployments, FollowUps: w.followUps, Triage: w.triage, Store: a.store,
	}, story)
	if err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("tell the example history: %w", err)
	}
	a.store.SetClock(a.now)
	if _, err := a.store.IndexTexts(ctx); err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("index the example history: %w", err)
	}
	if err := a.openJira(ctx, sandboxJiraAddr); err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("open the pretend Jira: %w", err)
	}
	if err := a.openSources(ctx); err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("open the sources: %w", err)
	}
	return a, nil
}

const (
	sandboxPoll = 30 * time.Second
	// sandboxJiraAddr is where the pretend Jira listens, or on another port when that one is taken.
	sandboxJiraAddr = "127.0.0.1:8081"
)

// freeAddress is the address asked for, or another port of the same host when that one is taken.
func freeAddress(ctx context.Context, address string) string {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		host, _, splitErr := net.SplitHostPort(address)
		if splitErr != nil {
			return address
		}
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err != nil {
			return address
		}
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
