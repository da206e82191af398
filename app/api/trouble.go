package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// troubleJSON is the answer to a request that could not be done, as RFC 9457 says.
type troubleJSON struct {
	Type   string      `json:"type" doc:"Always about:blank: the status says what kind it is."`
	Title  string      `json:"title" doc:"The status in words."`
	Status int         `json:"status"`
	Detail string      `json:"detail" doc:"What happened and what to do, in a sentence."`
	Errors []wrongJSON `json:"errors,omitempty" nullable:"false" doc:"What is wrong where."`
	// Request ties the answer to the log.
	Request string `json:"request,omitempty" doc:"The request's number in the log, when the trouble is ours."`
}

type wrongJSON struct {
	Location string `json:"location" doc:"Such as body.started_at or query.limit."`
	Message  string `json:"message"`
}

const problemType = "application/problem+json"

func (t *troubleJSON) Error() string             { return t.Detail }
func (t *troubleJSON) GetStatus() int            { return t.Status }
func (t *troubleJSON) ContentType(string) string { return problemType }

func wrong(status int, detail string, errors ...wrongJSON) *troubleJSON {
	return &troubleJSON{Type: "about:blank", Title: title(status), Status: status, Detail: detail, Errors: errors}
}

// gaveUp is the status of requests whose sender did not wait; nobody reads it but the log.
const gaveUp = 499

func title(status int) string {
	if status == gaveUp {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// huma makes its own answers by these two, which are variables of its package.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return huma.NewErrorWithContext(nil, status, message, errs...)
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, message string, errs ...error) huma.StatusError {
		t := wrong(status, said(status, message))
		if status == http.StatusInternalServerError { // the sender went away in the middle of the body
			t = wrong(http.StatusBadRequest, "The body could not be read to its end.")
		}
		for _, err := range errs {
			var d huma.ErrorDetailer
			switch {
			case err == nil:
			case errors.As(err, &d):
				t.Errors = append(t.Errors, wrongJSON{Location: d.ErrorDetail().Location, Message: d.ErrorDetail().Message})
			default:
				t.Errors = append(t.Errors, wrongJSON{Message: err.Error()})
			}
		}
		return t
	}
}

// said puts what huma says into a sentence.
func said(status int, message string) string {
	switch status {
	case http.StatusBadRequest:
		return "The body can't be read as JSON."
	case http.StatusUnprocessableEntity:
		return "Please correct what is named below."
	case http.StatusRequestEntityTooLarge:
		return "The body may have at most 1 MiB."
	case http.StatusUnsupportedMediaType:
		return "The body must be application/json."
	}
	return message
}

// trouble is the answer to a handler's error. Trouble that is ours is logged here, once and whole.
func (a *API) trouble(ctx context.Context, method string, err error) *troubleJSON {
	request, _ := audit.OriginOf(ctx)
	t, ours := saidOf(ctx, method, err)
	if ours {
		t.Request = request
		a.Log.ErrorContext(ctx, "the API failed", "request", request, "error", err)
	}
	return t
}

// saidOf turns an error into what a program is told; ours is true when it can do nothing about it.
func saidOf(ctx context.Context, method string, err error) (t *troubleJSON, ours bool) {
	if errors.As(err, &t) {
		return t, false
	}
	var he *echo.HTTPError
	f := fault.Of(err)
	switch {
	case f != nil:
		return faulty(ctx, method, f), false
	case errors.As(err, &he) && he.Code == http.StatusNotFound:
		return wrong(he.Code, "There is no such address; "+Prefix+"/openapi.json lists them all."), false
	case errors.As(err, &he) && he.Code == http.StatusMethodNotAllowed:
		return wrong(he.Code, "This address can't be used that way."), false
	case errors.As(err, &he) && he.Code < http.StatusInternalServerError:
		return wrong(he.Code, said(he.Code, http.StatusText(he.Code)+".")), false
	case errors.Is(err, context.DeadlineExceeded):
		return wrong(http.StatusServiceUnavailable, "This took too long, and nothing was changed. Trying again a little later helps."), false
	case errors.Is(err, context.Canceled):
		return wrong(gaveUp, "The request was given up."), false
	}
	return wrong(http.StatusInternalServerError, "Something went wrong on our side. Nothing was changed, and it has been noted."), true
}

func faulty(ctx context.Context, method string, f *fault.Fault) *troubleJSON {
	status := map[fault.Kind]int{
		fault.Invalid: http.StatusUnprocessableEntity, fault.Denied: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
		fault.Conflict: http.StatusConflict, fault.Unavailable: http.StatusServiceUnavailable,
	}[f.Kind]
	if f.Kind == fault.Denied && !account.ActorFrom(ctx).Known() {
		status = http.StatusUnauthorized
	}
	t := wrong(status, f.Error())
	where := "body."
	if method == http.MethodGet {
		where = "query."
	}
	for _, field := range f.Fields {
		t.Errors = append(t.Errors, wrongJSON{Location: where + field.Name, Message: field.Message})
	}
	return t
}

// Trouble answers what failed before or outside of a handler. Whoever logs requests logs it.
func (a *API) Trouble(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	t, ours := saidOf(c.Request().Context(), c.Request().Method, err)
	h := c.Response().Header()
	if ours {
		t.Request = h.Get(echo.HeaderXRequestID)
	}
	switch t.Status {
	case http.StatusUnauthorized:
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="upshot"`)
	case http.StatusServiceUnavailable:
		h.Set(echo.HeaderRetryAfter, "5")
	}
	body, err := json.Marshal(t)
	if err != nil { // only strings and a number come here
		panic(err)
	}
	_ = c.Blob(t.Status, problemType, body) // a sender who is gone reads nothing
}
