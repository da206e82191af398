package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
)

// People is what the settings read.
type People interface {
	Users(ctx context.Context) ([]account.User, error)
	User(ctx context.Context, id account.UserID) (account.User, error)
	// Tokens gives those of one owner, or everybody's for 0.
	Tokens(ctx context.Context, owner account.UserID) ([]account.Token, error)
}

// renderOnce draws a page that may hold a secret, which no browser is to keep.
func renderOnce(c echo.Context, status int, page templ.Component, once *settings.Secret) error {
	if once != nil {
		c.Response().Header().Set("Cache-Control", "no-store")
	}
	return render(c, status, page)
}

// leadToSettings shows the first page of the settings that the reader may see.
func (w *Web) leadToSettings(c echo.Context) error {
	if actorOf(c).Role.Includes(account.Admin) {
		return seeOther(c, link.People)
	}
	return seeOther(c, link.Profile)
}

// People.

func (w *Web) listPeople(c echo.Context) error {
	return w.peoplePage(c, http.StatusOK, account.User{}, nil, nil)
}

func (w *Web) peoplePage(c echo.Context, status int, typed account.User, wrong error, once *settings.Secret) error {
	people, err := w.Store.Users(c.Request().Context())
	if err != nil {
		return err
	}
	p := settings.NewPeoplePage(people, typed, wrong, w.clock(c))
	p.Secret = once
	return renderOnce(c, status, settings.People(w.frame(c, "People", link.People), p), once)
}

// addPerson answers with the page itself instead of leading on: the link in it is shown once and kept nowhere.
func (w *Web) addPerson(c echo.Context) error {
	typed := account.User{
		Name: answer(c, "name"), DisplayName: answer(c, "display_name"), Email: answer(c, "email"),
		Role: account.Role(answer(c, "role")), Zone: answer(c, "zone"),
	}
	u, err := w.Accounts.AddUser(c.Request().Context(), actorOf(c), typed, "")
	if status := formStatus(err); status != 0 {
		return w.peoplePage(c, status, typed, err, nil)
	}
	if err != nil {
		return err
	}
	once, err := w.invite(c, u)
	if err != nil {
		return err
	}
	return w.peoplePage(c, http.StatusOK, account.User{}, nil, once)
}

func (w *Web) invite(c echo.Context, u account.User) (*settings.Secret, error) {
	i, secret, err := w.Accounts.Invite(c.Request().Context(), actorOf(c), u.ID)
	if err != nil {
		return nil, err
	}
	return settings.LinkFor(u, i, w.BaseURL+link.SetupWith(secret), w.clock(c)), nil
}

func (w *Web) showPerson(c echo.Context) error {
	return w.personPage(c, http.StatusOK, nil, nil, nil)
}

func (w *Web) personPage(c echo.Context, status int, typed map[string]string, wrong error, once *settings.Secret) error {
	u, err := w.personNamed(c)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	p := settings.NewPersonPage(u, userOf(c).ID, teams, typed, wrong, w.clock(c))
	p.Secret = once
	return renderOnce(c, status, settings.Person(w.frame(c, u.DisplayName, link.Person(int64(u.ID))), p), once)
}

// personNamed is whom the address names.
func (w *Web) personNamed(c echo.Context) (account.User, error) {
	id, err := numberIn(c, "person")
	if err != nil {
		return account.User{}, err
	}
	return w.Store.User(c.Request().Context(), account.UserID(id))
}

// changed leads back to the person when a change was made, else shows them with what was typed and what is wrong.
func (w *Web) changed(c echo.Context, err error, done string, typed map[string]string) error {
	if status := formStatus(err); status != 0 {
		return w.personPage(c, status, typed, err, nil)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, done)
	id, err := numberIn(c, "person")
	if err != nil {
		return err
	}
	return seeOther(c, link.Person(id))
}

func (w *Web) editPerson(c echo.Context) error {
	id, err := numberIn(c, "person")
	if err != nil {
		return err
	}
	p, err := w.profileAnswered(c)
	if err == nil {
		err = w.Accounts.ChangeProfile(c.Request().Context(), actorOf(c), account.UserID(id), p)
	}
	return w.changed(c, err, "The profile is saved.", map[string]string{
		"display_name": p.DisplayName, "email": p.Email, "zone": p.Zone, "team": answer(c, "team"),
	})
}

func (w *Web) changeRole(c echo.Context) error {
	id, err := numberIn(c, "person")
	if err != nil {
		return err
	}
	role := answer(c, "role")
	err = w.Accounts.ChangeRole(c.Request().Context(), actorOf(c), account.UserID(id), account.Role(role))
	return w.changed(c, err, "The role is changed.", map[string]string{"role": role})
}

func (w *Web) disablePerson(c echo.Context) error {
	id, err := numberIn(c, "person")
	if err != nil {
		return err
	}
	err = w.Accounts.Disable(c.Request().Context(), actorOf(c), account.UserID(id))
	return w.changed(c, err, "The account is disabled.", nil)
}

func (w *Web) enablePerson(c echo.Context) error {
	id, err := numberIn(c, "person")
	if err != nil {
		return err
	}
	err = w.Accounts.Enable(c.Request().Context(), actorOf(c), account.UserID(id))
	return w.changed(c, err, "The account is enabled.", nil)
}

// makePasswordLink answers with the page itself, as addPerson does.
func (w *Web) makePasswordLink(c echo.Context) error {
	u, err := w.personNamed(c)
	if err != nil {
		return err
	}
	once, err := w.invite(c, u)
	if status := formStatus(err); status != 0 {
		return w.personPage(c, status, nil, err, nil)
	}
	if err != nil {
		return err
	}
	return w.personPage(c, http.StatusOK, nil, nil, once)
}

// Tokens.

func (w *Web) listTokens(c echo.Context) error {
	return w.tokensPage(c, http.StatusOK, settings.TokenForm{}, nil, nil)
}

func (w *Web) tokensPage(c echo.Context, status int, typed settings.TokenForm, wrong error, once *settings.Secret) error {
	reader := userOf(c)
	owner := reader.ID
	if reader.Role.Includes(account.Admin) {
		owner = 0
	}
	tokens, err := w.Store.Tokens(c.Request().Context(), owner)
	if err != nil {
		return err
	}
	p := settings.NewTokensPage(tokens, reader.Role, typed, wrong, w.clock(c))
	p.Secret = once
	return renderOnce(c, status, settings.Tokens(w.frame(c, "Tokens", link.Tokens), p), once)
}

// addToken answers with the page itself, as addPerson does.
func (w *Web) addToken(c echo.Context) error {
	typed := settings.TokenForm{Name: answer(c, "name"), Role: answer(c, "role"), ExpiresOn: answer(c, "expires_at")}
	t, raw, err := w.newToken(c, typed)
	if status := formStatus(err); status != 0 {
		return w.tokensPage(c, status, typed, err, nil)
	}
	if err != nil {
		return err
	}
	return w.tokensPage(c, http.StatusOK, settings.TokenForm{}, nil, settings.TokenMade(t, raw))
}

func (w *Web) newToken(c echo.Context, typed settings.TokenForm) (account.Token, string, error) {
	asked := account.Token{Name: typed.Name, Role: account.Role(typed.Role)}
	if typed.ExpiresOn != "" {
		_, ends, ok := dayIn(w.clock(c).Zone, typed.ExpiresOn)
		if !ok {
			var check fault.Check
			check.That(false, "expires_at", "Write a day such as 2027-01-15, or leave it empty.")
			return account.Token{}, "", check.Err()
		}
		asked.ExpiresAt = ends
	}
	return w.Accounts.AddToken(c.Request().Context(), actorOf(c), asked)
}

func (w *Web) revokeToken(c echo.Context) error {
	id, err := numberIn(c, "token")
	if err != nil {
		return err
	}
	if err := w.Accounts.RevokeToken(c.Request().Context(), actorOf(c), account.TokenID(id)); err != nil {
		return err
	}
	w.flash(c, layout.OK, "The token is revoked.")
	return seeOther(c, link.Tokens)
}

// The own profile.

func (w *Web) showProfile(c echo.Context) error {
	return w.profilePage(c, http.StatusOK, nil, nil, nil)
}

func (w *Web) profilePage(c echo.Context, status int, typed *account.Profile, wrongProfile, wrongPassword error) error {
	teams, err := w.Store.Teams(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	p := settings.NewProfilePage(userOf(c), teams, typed, wrongProfile, wrongPassword)
	return render(c, status, settings.Profile(w.frame(c, "Profile", link.Profile), p))
}

// profileAnswered is what the form of a profile says.
func (w *Web) profileAnswered(c echo.Context) (account.Profile, error) {
	team, err := w.teamAnswered(c, "team")
	return account.Profile{
		DisplayName: answer(c, "display_name"), Email: answer(c, "email"), Zone: answer(c, "zone"), Team: int64(team.ID),
	}, err
}

func (w *Web) changeProfile(c echo.Context) error {
	p, err := w.profileAnswered(c)
	if err == nil {
		err = w.notInSandbox()
	}
	if err == nil {
		err = w.Accounts.ChangeProfile(c.Request().Context(), actorOf(c), userOf(c).ID, p)
	}
	if status := formStatus(err); status != 0 {
		return w.profilePage(c, status, &p, err, nil)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Your profile is saved.")
	return seeOther(c, link.Profile)
}

// changePassword ends the person's other sessions and goes on with this one.
func (w *Web) changePassword(c echo.Context) error {
	var u account.User
	err := w.notInSandbox()
	if err == nil {
		u, err = w.Accounts.SetPassword(c.Request().Context(), actorOf(c), c.FormValue("old_password"), c.FormValue("password"))
	}
	if status := formStatus(err); status != 0 {
		return w.profilePage(c, status, nil, nil, err)
	}
	if err != nil {
		return err
	}
	if err := w.beginSession(c, u); err != nil {
		return err
	}
	w.flash(c, layout.OK, "Your password is changed. Other browsers are signed out.")
	return seeOther(c, link.Profile)
}

// notInSandbox keeps the account that all visitors of the sandbox share as it is.
func (w *Web) notInSandbox() error {
	if w.Demo.ID == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "Everybody shares this account of the sandbox, so it stays as it is.")
}

// numberIn is the number at the end of an address, of something called so.
func numberIn(c echo.Context, what string) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, "There is no such %s.", what)
	}
	return id, nil
}
