// Package static embeds the style sheets, scripts and pictures, and names them by their content so that browsers may keep them.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// Prefix is where the files are served.
const Prefix = "/static/"

//go:embed css js img
var files embed.FS

type asset struct {
	body []byte
	kind string // the Content-Type
	etag string
}

var (
	urls   = map[string]string{} // "css/ui.css" → "/static/css/ui.1f2e3d4c5b6a.css"
	assets = map[string]asset{}  // by address
)

func init() {
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:6])
		ext := path.Ext(name)
		url := Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
		urls[name] = url
		assets[url] = asset{body: body, kind: contentType(ext), etag: `"` + hash + `"`}
		return nil
	})
	if err != nil {
		panic("static: " + err.Error()) // embedded files are always readable
	}
}

// URL is the address of a file named as in the folder, such as "css/ui.css". An unknown name panics:
// it is a slip in a template, and the first test that draws the page finds it.
func URL(name string) string {
	url, ok := urls[name]
	if !ok {
		panic("static: there is no " + name)
	}
	return url
}

// Handler serves the files under Prefix. An address names its content, so answers never go stale.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Only GET and HEAD.", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", a.etag)
		if r.Header.Get("If-None-Match") == a.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", a.kind)
		_, _ = w.Write(a.body) // a reader who has gone needs no answer
	})
}

// contentType is fixed for what is embedded: the types that mime knows depend on the machine.
func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return mime.TypeByExtension(ext)
	}
}
