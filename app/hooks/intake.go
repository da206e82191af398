package hooks

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/intake"
)

// Intake is where deliveries go.
type Intake interface {
	SourceOfHook(ctx context.Context, kind intake.Kind, name string) (intake.Source, intake.Maker, error)
	Admits(s intake.Source, h intake.Headers, body []byte, alongs []string) (bool, error)
	Receive(ctx context.Context, d intake.Delivery) (intake.DeliveryID, error)
}

// Tokens are those of the API: one that may write opens any source to which secrets are sent along, so that a script needs one secret alone.
type Tokens interface {
	ActorOfToken(ctx context.Context, raw string) (account.Actor, error)
}

// receipt is the answer to a delivery that was kept.
type receipt struct {
	Delivery intake.DeliveryID `json:"delivery"`
}

// take keeps what a source sent; what becomes of it is decided later. Nothing is kept of somebody who does not know the secret.
func (h *Hooks) take(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), answerWithin)
	defer cancel()
	source, maker, err := h.Intake.SourceOfHook(ctx, intake.Kind(c.Param("source")), c.Param("name"))
	switch {
	case fault.Is(err, fault.NotFound):
		return c.String(http.StatusNotFound, "There is no such address for webhooks.\n")
	case err != nil:
		return h.trouble(c, err)
	case !source.OffAt.IsZero():
		return c.String(http.StatusForbidden, "This source is switched off under Settings, Sources.\n")
	}
	body, err := h.read(c)
	if err != nil {
		return err
	}
	headers := headersOf(c.Request())
	if maker.Refuse != nil {
		if words := maker.Refuse(headers, body); words != "" {
			return c.String(http.StatusBadRequest, words+"\n")
		}
	}
	alongs := sentAlong(c.Request())
	good, err := h.Intake.Admits(source, headers, body, alongs)
	if err != nil {
		return h.trouble(c, err)
	}
	if !good && !maker.Signs && h.Tokens != nil {
		for _, secret := range alongs {
			if actor, err := h.Tokens.ActorOfToken(ctx, secret); err == nil && actor.May(account.Editor) == nil {
				good = true
			}
		}
	}
	if !good {
		return c.String(http.StatusUnauthorized, "The signature or the secret is missing or not good.\n")
	}
	if !json.Valid(body) {
		return c.String(http.StatusBadRequest, "This is no JSON.\n")
	}
	id, err := h.Intake.Receive(ctx, intake.NewDelivery(source, maker, headers, body, h.Now()))
	if err != nil {
		return h.trouble(c, err)
	}
	return c.JSON(http.StatusAccepted, receipt{id})
}

// headersOf gives the first value of every header, by its name in lower case.
func headersOf(r *http.Request) intake.Headers {
	all := make(intake.Headers, len(r.Header))
	for name, values := range r.Header {
		all[strings.ToLower(name)] = values[0]
	}
	return all
}

// sentAlong gives what may be the secret of a sender that does not sign: a bearer token, the password of a basic login, GitLab's own header, or,
// for senders that can do nothing else, the parameter token of the address.
func sentAlong(r *http.Request) []string {
	var all []string
	if kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "bearer") {
		all = append(all, strings.TrimSpace(token))
	}
	if _, password, ok := r.BasicAuth(); ok {
		all = append(all, password)
	}
	for _, secret := range []string{r.Header.Get("X-Gitlab-Token"), r.Header.Get("X-Upshot-Token"), r.URL.Query().Get("token")} {
		if secret != "" {
			all = append(all, secret)
		}
	}
	return all
}
