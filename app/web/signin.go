package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
)

// Newcomers tells the sign-in page whether there is anybody to sign in.
type Newcomers interface {
	HasUsers(ctx context.Context) (bool, error)
}

func (w *Web) askSignIn(c echo.Context) error {
	next := localPath(answer(c, "next"))
	if userOf(c).ID != 0 {
		return seeOther(c, next)
	}
	has, err := w.Store.HasUsers(c.Request().Context())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, settings.SignIn(w.stranger(c, "Sign in"), settings.SignInForm{Next: next, Nobody: !has}))
}

func (w *Web) signIn(c echo.Context) error {
	ctx := c.Request().Context()
	name, next := answer(c, "name"), localPath(answer(c, "next"))
	u, err := w.Accounts.SignIn(ctx, name, c.FormValue("password"), c.RealIP())
	if err != nil {
		f := fault.Of(err)
		if f == nil {
			return err
		}
		status := formStatus(err)
		if status == 0 { // a disabled account
			status = http.StatusForbidden
		}
		return render(c, status, settings.SignIn(w.stranger(c, "Sign in"), settings.SignInForm{Name: name, Next: next, Trouble: f.Message}))
	}
	if err := w.beginSession(c, u); err != nil {
		return err
	}
	return seeOther(c, next)
}

func (w *Web) signOut(c echo.Context) error {
	if err := w.Sessions.Destroy(c.Request().Context()); err != nil {
		return err
	}
	return seeOther(c, link.SignIn)
}

// beginSession signs the user in under a new session token, so that one planted before is worth nothing.
func (w *Web) beginSession(c echo.Context, u account.User) error {
	ctx := c.Request().Context()
	if err := w.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	w.Sessions.Put(ctx, sessionUser, account.SessionOf(u).String())
	return nil
}

func (w *Web) askSetUp(c echo.Context) error {
	token := answer(c, "token")
	i, u, err := w.Accounts.Invitation(c.Request().Context(), token)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, settings.SetUp(w.stranger(c, "Set up"), settings.NewSetUpForm(i, u, token)))
}

func (w *Web) setUp(c echo.Context) error {
	ctx := c.Request().Context()
	token := answer(c, "token")
	who := account.User{Name: answer(c, "name"), DisplayName: answer(c, "display_name")}
	u, err := w.Accounts.Accept(ctx, token, who, c.FormValue("password"))
	if fault.Is(err, fault.Invalid) {
		i, invited, again := w.Accounts.Invitation(ctx, token)
		if again != nil {
			return again
		}
		form := settings.NewSetUpForm(i, invited, token)
		form.Name, form.DisplayName, form.Wrong = who.Name, who.DisplayName, fault.Of(err).Fields
		return render(c, http.StatusUnprocessableEntity, settings.SetUp(w.stranger(c, "Set up"), form))
	}
	if err != nil {
		return err
	}
	if err := w.beginSession(c, u); err != nil {
		return err
	}
	w.flash(c, layout.OK, "You are signed in. Under Profile you can choose the zone in which you read times.")
	return seeOther(c, link.Home)
}

// stranger is the frame of pages that are open to everybody.
func (w *Web) stranger(c echo.Context, title string) layout.Frame {
	return layout.Frame{Title: title, Flash: w.takeFlash(c)}
}
