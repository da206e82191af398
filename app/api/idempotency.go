package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
)

// answers keeps what was answered to requests with an Idempotency-Key, in the transaction of ctx.
type answers interface {
	// ClaimAnswer takes the key, or gives the answer that stands under it.
	ClaimAnswer(ctx context.Context, a account.Answer) (earlier account.Answer, found bool, err error)
	KeepAnswer(ctx context.Context, a account.Answer) error
}

const (
	keyHeader    = "Idempotency-Key"
	replayHeader = "Idempotency-Replayed"
	maxKey       = 255
)

// keptHeaders are given again with an answer.
var keptHeaders = []string{"Content-Type", "Content-Location", "ETag", "Location"}

// errRefused undoes the transaction of a request that was answered with trouble.
var errRefused = errors.New("refused")

// once does a POST with an Idempotency-Key once, and gives the first answer again to whoever repeats it. Key, effect and
// answer are one change: a process that dies leaves all of them or none. Whoever sends the same key at the same time
// waits for the first to end.
func (a *API) once(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		key := r.Header.Get(keyHeader)
		if r.Method != http.MethodPost || key == "" {
			return next(c)
		}
		if len(key) > maxKey || !printable(key) {
			return wrong(http.StatusBadRequest, "The Idempotency-Key can't be used.",
				wrongJSON{Location: "header." + keyHeader, Message: "At most 255 printable ASCII characters."})
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			return wrong(http.StatusBadRequest, "The body could not be read to its end.")
		}
		if len(body) == maxBody {
			return echo.ErrStatusRequestEntityTooLarge
		}
		claim := account.Answer{Actor: account.ActorFrom(r.Context()).KeyOwner(), Key: key, Request: fingerprint(r, body), At: a.Now()}
		sent := c.Response()
		given, replayed := &recorder{}, false
		err = a.Store.InTx(r.Context(), func(ctx context.Context) error {
			earlier, found, err := a.Store.ClaimAnswer(ctx, claim)
			switch {
			case err != nil:
				return err
			case found && earlier.Request != claim.Request:
				return wrong(http.StatusUnprocessableEntity, "This Idempotency-Key belongs to another request.",
					wrongJSON{Location: "header." + keyHeader, Message: "It was sent with another address or body; use a fresh key."})
			case found:
				replayed = true
				given, err = recordedOf(earlier)
				return err
			}
			given = &recorder{header: http.Header{}}
			again := r.WithContext(ctx)
			again.Body = io.NopCloser(bytes.NewReader(body))
			c.SetRequest(again)
			c.SetResponse(echo.NewResponse(given, c.Echo()))
			defer func() { c.SetRequest(r); c.SetResponse(sent) }()
			if err := next(c); err != nil {
				return err
			}
			if given.status >= http.StatusBadRequest {
				return errRefused
			}
			answer, err := given.answer(claim)
			if err != nil {
				return err
			}
			return a.Store.KeepAnswer(ctx, answer)
		})
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		if replayed {
			sent.Header().Set(replayHeader, "true")
		}
		return given.send(sent)
	}
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// fingerprint tells requests apart: the same one has the same method, address and body.
func fingerprint(r *http.Request, body []byte) string {
	sum := sha256.New()
	sum.Write([]byte(r.Method + " " + r.URL.RequestURI() + "\n"))
	sum.Write(body)
	return hex.EncodeToString(sum.Sum(nil))
}

// recorder keeps an answer back until the transaction has ended.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) answer(claim account.Answer) (account.Answer, error) {
	kept := http.Header{}
	for _, name := range keptHeaders {
		if values := r.header.Values(name); len(values) > 0 {
			kept[http.CanonicalHeaderKey(name)] = values
		}
	}
	headers, err := json.Marshal(kept)
	claim.Status, claim.Headers, claim.Body = r.status, string(headers), r.body.Bytes()
	return claim, err
}

func recordedOf(a account.Answer) (*recorder, error) {
	r := &recorder{status: a.Status}
	r.body.Write(a.Body)
	return r, json.Unmarshal([]byte(a.Headers), &r.header)
}

func (r *recorder) send(to *echo.Response) error {
	for name, values := range r.header {
		to.Header()[name] = values
	}
	to.WriteHeader(r.status)
	if r.body.Len() == 0 {
		return nil
	}
	_, err := to.Write(r.body.Bytes())
	return err
}
