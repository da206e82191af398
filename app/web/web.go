// Package web is the pages: a request becomes a question to a domain word, the answer becomes a page or a redirect.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/app/jirasync"
	"upshot/app/notice"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
	"upshot/static"
	"upshot/views/settings"
)

// Store is what the pages read. Each file declares what it needs of it.
type Store interface {
	Ping(ctx context.Context) error
	Newcomers
	People
	followUpStore
	incidentStore
	problemStore
	noteStore
	queueStore
	dashboardStore
	progressStore
	Services
	Documents
	Teams
	Deployments
	jiraStore
	workStore
	ticketStore
	sourceStore
	noticeStore
	triageStore
	digestStore
}

// Web serves the pages.
type Web struct {
	Store       Store
	Accounts    *account.Service
	Catalog     *catalog.Editing
	Incidents   *incident.Service
	Problems    *problem.Service
	Notes       *rootcause.Service
	Deployments *deployment.Service
	FollowUps   *followup.Service
	Jira        *jirasync.Sync
	Intake      *intake.Service
	Triage      *triage.Service
	Poll        time.Duration // how often Jira is read
	Notices     *notice.Service
	Digests     *digest.Service
	Mail        settings.MailSettings // as the settings show them

	Sessions *scs.SessionManager
	Log      *slog.Logger
	Now      func() time.Time
	BaseURL  string       // as people type it, without a slash at the end
	Demo     account.User // in the sandbox every visitor is this user; the zero User elsewhere
}

// The limits of a request.
const (
	maxForm     = "2M"
	readingTime = 20 * time.Second // in which an answer must be ready
)

// NewSessions keeps sessions in the database; the cookie holds a random token and the database its hash.
func NewSessions(store scs.Store, secure bool) *scs.SessionManager {
	sm := scs.New()
	sm.Store = store
	sm.HashTokenInStore = true
	sm.IdleTimeout = account.SessionIdle
	sm.Lifetime = account.SessionLifetime
	sm.Cookie.Name = "upshot_session"
	sm.Cookie.HttpOnly = true
	sm.Cookie.SameSite = http.SameSiteLaxMode // Strict would sign people out who follow a link from mail or chat
	sm.Cookie.Secure = secure
	sm.Cookie.Persist = true
	return sm
}

// policy is strict: no inline scripts or styles anywhere, nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Use puts what every answer goes through around e: ids, the log, headers, limits, and who asks.
func (w *Web) Use(e *echo.Echo) {
	e.HideBanner, e.HidePort = true, true
	if e.IPExtractor == nil { // nobody's word counts for the sender's address unless a proxy was named
		e.IPExtractor = echo.ExtractIPDirect()
	}
	cross := http.NewCrossOriginProtection()
	e.Use(
		middleware.RequestID(),
		w.logged,
		middleware.Recover(),
		headers,
		middleware.GzipWithConfig(middleware.GzipConfig{Level: 1, MinLength: 2048, Skipper: isStatic}),
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxForm, Skipper: isHook}),
		echo.WrapMiddleware(cross.Handler),
	)
	signedIn := e.Group("", echo.WrapMiddleware(w.Sessions.LoadAndSave), w.troubled, deadline, w.whoAsks)
	for _, r := range w.routes() {
		signedIn.Add(r.method, r.path, asks(r.role, r.handle))
	}
	e.GET("/static/*", echo.WrapHandler(static.Handler()))
	e.GET("/healthz", w.healthz)
	e.GET("/readyz", w.readyz)
}

// isHook tells webhooks: they have a limit of their own.
func isHook(c echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/hooks/") }

func isStatic(c echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/static/") }

func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !isStatic(c) {
			h.Set("Cache-Control", "private, no-cache")
		}
		return next(c)
	}
}

// deadline gives every answer its time, so that nobody waits for ever.
func deadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), readingTime)
		defer cancel()
		ctx = audit.WithOrigin(ctx, c.Response().Header().Get(echo.HeaderXRequestID), "page")
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// logged writes one line for each answer; trouble that is ours is logged whole, here and nowhere else.
func (w *Web) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := w.Now()
		err := next(c)
		if err != nil {
			c.Error(err) // writes the answer, so that the status below is the one that was sent
		}
		status := c.Response().Status
		level := slog.LevelInfo
		attributes := []slog.Attr{
			slog.String("request", c.Response().Header().Get(echo.HeaderXRequestID)),
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", status), slog.Duration("took", w.Now().Sub(began)),
		}
		switch {
		case status >= 500:
			level = slog.LevelError
			attributes = append(attributes, slog.Any("error", err))
		case isStatic(c) || c.Path() == "/healthz" || c.Path() == "/readyz":
			level = slog.LevelDebug
		}
		w.Log.LogAttrs(c.Request().Context(), level, "answered", attributes...)
		return nil
	}
}

// healthz says that the process lives.
func (w *Web) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz says whether it can serve.
func (w *Web) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if err := w.Store.Ping(ctx); err != nil {
		return c.String(http.StatusServiceUnavailable, "the database does not answer\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
