// Package app puts store, words, jobs and servers together, runs them, and ends them in order.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/api"
	"upshot/app/hooks"
	"upshot/app/job"
	"upshot/app/web"
	"upshot/store"
	"upshot/views/link"
)

// App is one running Upshot.
type App struct {
	config Config
	log    *slog.Logger
	now    func() time.Time
	store  *store.Store
	words  words
	demo   account.User
	// board is where the sandbox's pretend Jira shows its board, and closers end what the sandbox started.
	board   string
	closers []func() error
	kicked  chan struct{} // a delivery has come in
}

// New opens and migrates the database and puts everything together. Close ends it.
func New(ctx context.Context, config Config, log *slog.Logger, now func() time.Time) (*App, error) {
	s, err := store.Open(ctx, config.Database)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the database: %w", err), s.Close())
	}
	s.SetClock(now)
	a := &App{config: config, log: log, now: now, store: s, words: newWords(s, now), kicked: make(chan struct{}, 1)}
	a.newIntake()
	if err := errors.Join(a.newNotices(), a.newDigests(), a.newJira(), a.words.jira.Connect.FromEnvironment(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return a, nil
}

// Close closes the database.
func (a *App) Close() error { return errors.Join(a.closeAll(), a.store.Close()) }

// Handler is everything that answers over HTTP.
func (a *App) Handler() http.Handler {
	e := echo.New()
	e.IPExtractor = a.config.senders()
	pages := &web.Web{
		Store: a.store, Accounts: a.words.accounts, Catalog: a.words.catalog, Incidents: a.words.incidents,
		Problems: a.words.problems, Notes: a.words.notes, Deployments: a.words.deployments, FollowUps: a.words.followUps,
		Jira: a.words.jira, Intake: a.words.intake, Triage: a.words.triage, Poll: a.config.JiraPoll, Notices: a.words.notices, Digests: a.words.digests, Mail: a.mailSettings(),
		Sessions: web.NewSessions(a.store.Sessions(a.now), a.config.Secure()),
		Log:      a.log, Now: a.now, BaseURL: a.config.BaseURL, Demo: a.demo,
	}
	pages.Use(e)
	e.HTTPErrorHandler = pages.Trouble // the API takes those under its prefix
	a.api().Register(e, pages.SignedIn()...)
	(&hooks.Hooks{Jira: a.words.jira, Intake: a.words.intake, Tokens: a.words.accounts, Log: a.log, Now: a.now}).Register(e)
	return e
}

func (a *App) api() *api.API {
	return &api.API{
		Store: a.store, Tokens: a.words.accounts, Catalog: a.words.catalog, Incidents: a.words.incidents,
		Problems: a.words.problems, Notes: a.words.notes, FollowUps: a.words.followUps, Deployments: a.words.deployments,
		Jira: a.words.jira, Triage: a.words.triage, Poll: a.config.JiraPoll, Log: a.log, Now: a.now, BaseURL: a.config.BaseURL,
	}
}

// The times a connection may take; the answer itself has a deadline in web and api.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second
	answerTimeout = 5 * time.Minute        // an export of everything over a slow line
	drainEvery    = 2 * time.Second        // deliveries that another replica took and left
	wordsEvery    = 300 * time.Millisecond // what was written meanwhile: a commit only leaves a mark
	figuresEvery  = 700 * time.Millisecond // likewise; who reads figures does not wait for it
	idleTimeout   = 2 * time.Minute
	lastAnswers   = 10 * time.Second // for answers and jobs at hand when it is time to stop
)

// Serve answers requests and runs jobs until ctx ends; then it takes no new requests, finishes the open ones
// and the jobs at hand, and returns. listening is called with the address once it listens.
func (a *App) Serve(ctx context.Context, listening func(net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.config.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; another program may use it, UPSHOT_ADDR names another", a.config.Addr, err)
	}
	server := &http.Server{
		Handler: a.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout,
		WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	stopJobs, err := a.store.StartJobs(ctx, a.jobs(a.log).Config())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	working, stopWork := context.WithCancel(ctx)
	defer stopWork()
	var work sync.WaitGroup
	work.Go(func() {
		job.Loop(working, a.log, "deliveries", a.kicked, drainEvery, a.words.intake.Drain)
	})
	work.Go(func() {
		job.Loop(working, a.log, "words of incidents", nil, wordsEvery, func(ctx context.Context) error {
			_, err := a.store.IndexTexts(ctx)
			return err
		})
	})
	work.Go(func() {
		job.Loop(working, a.log, "figures", nil, figuresEvery, func(ctx context.Context) error {
			_, err := a.store.Count(ctx)
			return err
		})
	})
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	listening(listener.Addr())

	select {
	case err = <-failed:
	case <-ctx.Done():
		err = nil
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
	defer cancel()
	err = errors.Join(err, server.Shutdown(last))
	stopWork()
	work.Wait()
	return errors.Join(err, stopJobs(last))
}

// SetupLink is the address where the first administrator sets a password, or empty when there are people.
func (a *App) SetupLink(ctx context.Context) (string, error) {
	secret, err := a.words.accounts.SetupSecret(ctx)
	if err != nil || secret == "" {
		return "", err
	}
	return a.setupAddress(secret), nil
}

// setupAddress is where a one-time link's bearer sets a password.
func (a *App) setupAddress(secret string) string { return a.config.BaseURL + link.SetupWith(secret) }
