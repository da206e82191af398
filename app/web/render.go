package web

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"upshot/views/layout"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render draws the page into a buffer first, so that trouble halfway still becomes a proper page.
func render(c echo.Context, status int, page templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := page.Render(c.Request().Context(), b); err != nil {
		return err
	}
	return c.HTMLBlob(status, b.Bytes())
}

// seeOther leads on after a form was taken.
func seeOther(c echo.Context, address string) error { return c.Redirect(http.StatusSeeOther, address) }

func (w *Web) takeFlash(c echo.Context) *layout.Flash {
	tone, text, ok := strings.Cut(w.Sessions.PopString(c.Request().Context(), sessionFlash), "\n")
	if !ok {
		return nil
	}
	return &layout.Flash{Tone: layout.Tone(tone), Text: text}
}
