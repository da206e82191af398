package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/fault"
	"upshot/views/layout"
	"upshot/views/link"
)

// troubled answers for a handler that failed while its session can still be kept.
func (w *Web) troubled(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err != nil {
			w.Trouble(err, c)
		}
		return err
	}
}

// Trouble answers a request whose handler failed: a person reads one calm sentence and what to do.
func (w *Web) Trouble(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	// The time for the answer may be over; saying so takes a little more.
	c.SetRequest(c.Request().WithContext(context.WithoutCancel(c.Request().Context())))
	status, t := w.saidOf(err, c)
	if status == http.StatusUnauthorized {
		w.askToSignIn(c)
		return
	}
	t.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	f := layout.Frame{Title: t.Title}
	if userOf(c).ID != 0 {
		f = w.frame(c, t.Title, "")
	}
	if err := render(c, status, layout.TroublePage(f, t)); err != nil {
		w.Log.ErrorContext(c.Request().Context(), "draw the page for trouble", "error", err)
		_ = c.String(status, t.Title)
	}
}

// saidOf turns an error into a status and what a person is told.
func (w *Web) saidOf(err error, c echo.Context) (int, layout.Trouble) {
	if f := fault.Of(err); f != nil {
		t := layout.Trouble{Title: f.Message}
		for _, field := range f.Fields {
			t.Advice += field.Message + " "
		}
		switch f.Kind {
		case fault.Invalid:
			return http.StatusUnprocessableEntity, t
		case fault.Denied:
			if userOf(c).ID == 0 {
				return http.StatusUnauthorized, t
			}
			return http.StatusForbidden, t
		case fault.NotFound:
			t.Advice = "It may have been misspelt, or removed."
			return http.StatusNotFound, t
		case fault.Conflict:
			return http.StatusConflict, t
		case fault.Unavailable:
			t.Advice = "Trying again a little later helps."
			return http.StatusServiceUnavailable, t
		}
	}
	var he *echo.HTTPError
	switch {
	case errors.As(err, &he) && he.Code == http.StatusNotFound:
		return he.Code, layout.Trouble{Title: "There is no such page.", Advice: "The address may have been misspelt."}
	case errors.As(err, &he) && he.Code == http.StatusMethodNotAllowed:
		return he.Code, layout.Trouble{Title: "This address can't be used that way."}
	case errors.As(err, &he) && he.Code == http.StatusRequestEntityTooLarge:
		return he.Code, layout.Trouble{Title: "That was too much text for one form.", Advice: "A form holds two megabytes."}
	case errors.As(err, &he) && he.Code < 500:
		return he.Code, layout.Trouble{Title: "The request could not be read.", Advice: http.StatusText(he.Code) + "."}
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, layout.Trouble{Title: "This took too long.", Advice: "Nothing was changed. Trying again a little later helps."}
	case errors.Is(err, context.Canceled):
		return 499, layout.Trouble{Title: "The request was given up."}
	}
	return http.StatusInternalServerError, layout.Trouble{
		Title: "Something went wrong on our side.", Advice: "It has been noted, with the number below. Nothing was changed.",
	}
}

// askToSignIn leads a stranger to the sign-in page and back afterwards. htmx is told to go there whole.
func (w *Web) askToSignIn(c echo.Context) {
	address := link.SignIn
	if r := c.Request(); r.Method == http.MethodGet {
		address = link.SignInThen(r.URL.RequestURI())
	}
	if c.Request().Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", address)
		_ = c.NoContent(http.StatusUnauthorized)
		return
	}
	_ = c.Redirect(http.StatusSeeOther, address)
}

// localPath is an address of ours to go on to, or the start: never somebody else's.
func localPath(next string) string {
	_, err := url.Parse(next) // refuses control characters, which browsers leave out
	if err != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.HasPrefix(next, `/\`) {
		return link.Home
	}
	return next
}
