package web

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"upshot/app/fault"
)

func TestTroubleIsToldCalmly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cases := map[string]struct {
		err    error
		status int
		title  string
	}{
		"not there":         {fault.New(fault.NotFound, "There is no such incident."), http.StatusNotFound, "There is no such incident."},
		"meanwhile":         {fault.New(fault.Conflict, "Somebody was faster."), http.StatusConflict, "Somebody was faster."},
		"to correct":        {fault.New(fault.Invalid, "This is not right."), http.StatusUnprocessableEntity, "This is not right."},
		"down":              {fault.New(fault.Unavailable, "Jira does not answer."), http.StatusServiceUnavailable, "Jira does not answer."},
		"no such page":      {echo.ErrNotFound, http.StatusNotFound, "There is no such page."},
		"wrong method":      {echo.ErrMethodNotAllowed, http.StatusMethodNotAllowed, "This address can't be used that way."},
		"too much":          {echo.ErrStatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge, "That was too much text for one form."},
		"too late":          {context.DeadlineExceeded, http.StatusServiceUnavailable, "This took too long."},
		"ours, unexplained": {errors.New("disk full at 0x1f"), http.StatusInternalServerError, "Something went wrong on our side."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, said := s.web.saidOf(tc.err, echo.New().NewContext(nil, nil))
			if status != tc.status || said.Title != tc.title {
				t.Errorf("it is told as %d %q, want %d %q", status, said.Title, tc.status, tc.title)
			}
		})
	}
}

func TestATroublePageCarriesTheRequestsNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.browser().get("/setup?token=none").is(http.StatusNotFound)
	id := p.header.Get(echo.HeaderXRequestID)
	if id == "" {
		t.Fatal("the answer has no number")
	}
	p.says("", id)
}

func TestHTMXIsLedToTheSignInWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.browser().ask(http.MethodGet, "/settings/profile", "", http.Header{"Hx-Request": {"true"}})
	if p.is(http.StatusUnauthorized); p.header.Get("HX-Redirect") != "/signin?next=%2Fsettings%2Fprofile" {
		t.Errorf("htmx is led to %q", p.header.Get("HX-Redirect"))
	}
}
