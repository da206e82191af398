// Package hooks takes webhooks in: it checks the signature, keeps that something happened, and answers.
package hooks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/fault"
	"upshot/app/jirasync"
)

// Prefix is where every address for webhooks begins.
const Prefix = "/hooks"

// DefaultLimit is how many bytes a webhook may have: as many as GitHub and Jira send at most.
const DefaultLimit = 25 << 20

// answerWithin is in what time a webhook is answered: senders wait a few seconds.
const answerWithin = 5 * time.Second

// Hooks serves the addresses for webhooks.
type Hooks struct {
	Jira   Jira
	Intake Intake
	Tokens Tokens
	Log    *slog.Logger
	Now    func() time.Time
	Limit  int64 // bytes; 0: DefaultLimit
}

// Jira is what a webhook of Jira is checked against, and where it goes.
type Jira interface {
	// SiteOfHook finds the site by the last part of the address, and the secrets that are good, newest first.
	SiteOfHook(ctx context.Context, name string) (jirasync.Site, []string, error)
	Hint(ctx context.Context, h jirasync.Hint) error
}

// Register adds the addresses.
func (h *Hooks) Register(e *echo.Echo) {
	e.POST(Prefix+"/jira/:name", h.jira)
	e.POST(Prefix+"/:source/:name", h.take)
}

// read reads the body, within the limit.
func (h *Hooks) read(c echo.Context) ([]byte, error) {
	limit := h.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, echo.NewHTTPError(http.StatusRequestEntityTooLarge, "The webhook is too long.")
	case err != nil:
		return nil, echo.NewHTTPError(http.StatusBadRequest, "The webhook broke off.")
	}
	return body, nil
}

// jira takes a webhook of Jira: a hint that an issue may have changed. What it says is not believed; the issue is read.
func (h *Hooks) jira(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), answerWithin)
	defer cancel()
	site, secrets, err := h.Jira.SiteOfHook(ctx, c.Param("name"))
	switch {
	case fault.Is(err, fault.NotFound):
		return c.String(http.StatusNotFound, "There is no such address for webhooks.\n")
	case err != nil:
		return h.trouble(c, err)
	case len(secrets) == 0:
		return c.String(http.StatusNotFound, "Webhooks are off here: make a secret under Settings, Jira.\n")
	}
	body, err := h.read(c)
	if err != nil {
		return err
	}
	if !Signed(c.Request().Header.Get("X-Hub-Signature"), body, secrets) {
		return c.String(http.StatusUnauthorized, "The signature is missing or not good.\n")
	}
	event, issue, err := ReadJira(body)
	if err != nil {
		return c.String(http.StatusBadRequest, "This is no JSON object.\n")
	}
	if issue == "" { // an event that tells of no issue
		return c.NoContent(http.StatusNoContent)
	}
	hint := jirasync.Hint{
		Site: site.ID, Event: event, IssueID: issue, At: h.Now(), Delivery: DeliveryName(c.Request().Header.Get("X-Atlassian-Webhook-Identifier"), body),
	}
	if err := h.Jira.Hint(ctx, hint); err != nil {
		return h.trouble(c, err)
	}
	return c.NoContent(http.StatusNoContent)
}

// trouble is ours: the sender tries again later.
func (h *Hooks) trouble(c echo.Context, err error) error {
	h.Log.ErrorContext(c.Request().Context(), "a webhook was not taken", "route", c.Path(), "error", err)
	c.Response().Header().Set("Retry-After", "30")
	return c.String(http.StatusServiceUnavailable, "Not just now; please send it again.\n")
}
