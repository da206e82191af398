package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/views/followups"
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

		{get, link.FollowUps, viewer, w.listFollowUps},
		{post, link.FollowUps, editor, w.promiseFollowUp},
		{get, link.NewFollowUp, editor, w.newFollowUp},
		{get, "/followups/:ref", viewer, w.showFollowUp},
		{get, "/followups/:ref/edit", editor, w.followUpToEdit},
		{post, "/followups/:ref/edit", editor, w.editFollowUp},
		{post, "/followups/:ref/queue", editor, w.stepFollowUp(followups.Queue)},
		{post, "/followups/:ref/start", editor, w.stepFollowUp(followups.Start)},
		{post, "/followups/:ref/done", editor, w.stepFollowUp(followups.Finish)},
		{post, "/followups/:ref/send-back", editor, w.stepFollowUp(followups.SendBack)},
		{post, "/followups/:ref/reopen", editor, w.stepFollowUp(followups.Reopen)},
		{post, "/followups/:ref/verify", editor, w.stepFollowUp(followups.Verify)},
		{post, "/followups/:ref/decline", editor, w.stepFollowUp(followups.Decline)},
		{post, "/followups/:ref/duplicate", editor, w.stepFollowUp(followups.Duplicate)},
		{post, "/followups/:ref/propose", editor, w.stepFollowUp(followups.Propose)},
		{post, "/followups/:ref/moments", editor, w.stepFollowUp(followups.Moments)},
		{post, "/followups/:ref/deployment", editor, w.stepFollowUp(followups.Deploy)},
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
