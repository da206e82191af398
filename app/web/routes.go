package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/views/link"
)

// route is one address, with the role it asks for. Nothing but sign-in, set-up, health and static files is
// open to strangers, and those are named here or in Use.
type route struct {
	method, path string
	role         account.Role // stranger: anybody
	handle       echo.HandlerFunc
}

const stranger account.Role = ""

// routes lists every address of the pages.
func (w *Web) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, editor, admin = account.Viewer, account.Editor, account.Admin
	_, _ = editor, admin
	return []route{
		{get, link.SignIn, stranger, w.askSignIn},
		{post, link.SignIn, stranger, w.signIn},
		{post, link.SignOut, stranger, w.signOut},
		{get, link.Setup, stranger, w.askSetUp},
		{post, link.Setup, stranger, w.setUp},
	}
}

// asks lets the handler answer only those who have the role.
func asks(role account.Role, handle echo.HandlerFunc) echo.HandlerFunc {
	if role == stranger {
		return handle
	}
	return func(c echo.Context) error {
		if err := actorOf(c).May(role); err != nil {
			return err
		}
		return handle(c)
	}
}
