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
	_ = editor
	return []route{
		{get, link.SignIn, stranger, w.askSignIn},
		{post, link.SignIn, stranger, w.signIn},
		{post, link.SignOut, stranger, w.signOut},
		{get, link.Setup, stranger, w.askSetUp},
		{post, link.Setup, stranger, w.setUp},

		{get, link.Settings, viewer, w.leadToSettings},
		{get, link.People, admin, w.listPeople},
		{post, link.People, admin, w.addPerson},
		{get, "/settings/people/:id", admin, w.showPerson},
		{post, "/settings/people/:id", admin, w.editPerson},
		{post, "/settings/people/:id/role", admin, w.changeRole},
		{post, "/settings/people/:id/disable", admin, w.disablePerson},
		{post, "/settings/people/:id/enable", admin, w.enablePerson},
		{post, "/settings/people/:id/link", admin, w.makePasswordLink},
		{get, link.Tokens, viewer, w.listTokens},
		{post, link.Tokens, viewer, w.addToken},
		{post, "/settings/tokens/:id/revoke", viewer, w.revokeToken},
		{get, link.Profile, viewer, w.showProfile},
		{post, link.Profile, viewer, w.changeProfile},
		{post, link.OwnPassword, viewer, w.changePassword},
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
