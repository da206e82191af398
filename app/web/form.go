package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/fault"
)

// answer is what was typed into a field of a form, without what no text may hold.
func answer(c echo.Context, name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(c.FormValue(name), ""), "\x00", "")
}

// formStatus is the status under which a form comes back with what is wrong; 0 when a form can't say it.
func formStatus(err error) int {
	switch {
	case fault.Is(err, fault.Invalid):
		return http.StatusUnprocessableEntity
	case fault.Is(err, fault.Conflict):
		return http.StatusConflict
	case fault.Is(err, fault.Unavailable):
		return http.StatusServiceUnavailable
	}
	return 0
}

// version is the one the sender of a form saw, 0 when the form does not say.
func version(c echo.Context) int64 {
	n, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	return max(n, 0)
}

// momentIn reads what a datetime-local field holds, in the reader's zone; empty is the zero time.
func momentIn(zone *time.Location, typed string) (at time.Time, ok bool) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return time.Time{}, true
	}
	for _, shape := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(shape, typed, zone); err == nil && at.Year() > 0 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// dayIn reads a date in the reader's zone: its first moment, and that of the day after.
func dayIn(zone *time.Location, typed string) (begins, ends time.Time, ok bool) {
	at, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(typed), zone)
	if err != nil || at.Year() < 1 {
		return time.Time{}, time.Time{}, false
	}
	return at.UTC(), at.AddDate(0, 0, 1).UTC(), true
}

// typedIn is what was typed into these fields.
func typedIn(c echo.Context, names ...string) url.Values {
	typed := url.Values{}
	for _, name := range names {
		typed.Set(name, answer(c, name))
	}
	return typed
}
