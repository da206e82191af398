package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/views/layout"
	"upshot/views/ui"
)

// The keys of what a session holds.
const (
	sessionUser  = "user"
	sessionFlash = "flash"
)

const contextUser = "user"

// SignedIn puts the actor of a browser's session into a request; the API asks for it too.
func (w *Web) SignedIn() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{echo.WrapMiddleware(w.Sessions.LoadAndSave), w.whoAsks}
}

// whoAsks finds out who is signed in and puts the actor into the request's context.
func (w *Web) whoAsks(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u, err := w.signedIn(c)
		if err != nil {
			return err
		}
		if u.ID != 0 {
			c.Set(contextUser, u)
			c.SetRequest(c.Request().WithContext(account.WithActor(c.Request().Context(), u.Actor())))
		}
		return next(c)
	}
}

// signedIn is the user of the session, in the sandbox the demo's, else the zero User.
func (w *Web) signedIn(c echo.Context) (account.User, error) {
	ctx := c.Request().Context()
	session, ok := account.ParseSession(w.Sessions.GetString(ctx, sessionUser))
	if ok {
		u, err := w.Accounts.UserOfSession(ctx, session)
		if fault.Is(err, fault.Denied) { // gone, disabled, or another password
			return account.User{}, w.Sessions.Destroy(ctx)
		}
		return u, err
	}
	return w.Demo, nil
}

// actorOf is who asks; the zero Actor is a stranger.
func actorOf(c echo.Context) account.Actor { return account.ActorFrom(c.Request().Context()) }

func userOf(c echo.Context) account.User {
	u, _ := c.Get(contextUser).(account.User)
	return u
}

// clock writes times as whoever asks reads them.
func (w *Web) clock(c echo.Context) ui.Clock {
	zone := time.UTC
	if u := userOf(c); u.ID != 0 {
		zone = u.Location()
	}
	return ui.Clock{Now: w.Now(), Zone: zone}
}

// frame is the surroundings of a page; here is its address or that of its section.
func (w *Web) frame(c echo.Context, title, here string) layout.Frame {
	f := layout.Frame{Title: title, Here: here, Demo: w.Demo.ID != 0, Zone: w.clock(c).Name()}
	if u := userOf(c); u.ID != 0 {
		f.Viewer = layout.Viewer{
			Name: u.DisplayName, Role: string(u.Role),
			CanEdit: u.Role.Includes(account.Editor), IsAdmin: u.Role.Includes(account.Admin),
		}
	}
	f.Flash = w.takeFlash(c)
	return f
}

// flash is shown on the next page this person sees.
func (w *Web) flash(c echo.Context, tone layout.Tone, text string) {
	w.Sessions.Put(c.Request().Context(), sessionFlash, string(tone)+"\n"+text)
}
