package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// asks lets nobody past who is unknown or has not the role that the address asks for. Who asks is the owner of the
// token, or else whoever the browser's session says.
func (a *API) asks(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		actor := account.ActorFrom(ctx)
		if raw, given := bearer(c.Request()); given {
			var err error
			if actor, err = a.Tokens.ActorOfToken(ctx, raw); fault.Is(err, fault.Denied) {
				return unknown(fault.Of(err).Message)
			} else if err != nil {
				return err
			}
		}
		if !actor.Known() {
			return unknown("This needs a token: send Authorization: Bearer ups_…. Tokens are made under Settings, Tokens.")
		}
		ctx = account.WithActor(ctx, actor)
		ctx = audit.WithOrigin(ctx, c.Response().Header().Get(echo.HeaderXRequestID), "api")
		c.SetRequest(c.Request().WithContext(ctx))
		role, listed := a.roles[c.Request().Method+" "+c.Path()]
		if !listed {
			role = account.Viewer
		}
		if err := actor.May(role); err != nil {
			return err
		}
		return next(c)
	}
}

// unknown says that nobody knows who asks.
func unknown(message string) error { return wrong(http.StatusUnauthorized, message) }

// bearer gives the token of a request, when there is one.
func bearer(r *http.Request) (raw string, given bool) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(raw), strings.EqualFold(scheme, "Bearer")
}
