package static

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// htmx.org 2.0.11, dist/htmx.min.js as published. A new release changes the version here and in the file together.
const htmxSum = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"

func TestTheVendoredScriptIsTheOnePublished(t *testing.T) {
	t.Parallel()
	body, err := files.ReadFile("js/htmx.min.js")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if got := hex.EncodeToString(sum[:]); got != htmxSum {
		t.Errorf("js/htmx.min.js has checksum %s, want %s", got, htmxSum)
	}
	if !strings.Contains(string(body), `version:"2.0.11"`) {
		t.Error("js/htmx.min.js is not version 2.0.11")
	}
}

func TestAnAddressNamesItsContent(t *testing.T) {
	t.Parallel()
	if url := URL("css/ui.css"); !regexp.MustCompile(`^/static/css/ui\.[0-9a-f]{12}\.css$`).MatchString(url) {
		t.Errorf("URL is %q", url)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown name gave an address")
		}
	}()
	URL("css/none.css")
}

func TestHandler(t *testing.T) {
	t.Parallel()
	ui := URL("css/ui.css")
	etag := assets[ui].etag
	cases := map[string]struct {
		method, path, ifNone string
		status               int
		kind                 string
	}{
		"a sheet":               {http.MethodGet, ui, "", http.StatusOK, "text/css; charset=utf-8"},
		"a script":              {http.MethodGet, URL("js/htmx.min.js"), "", http.StatusOK, "text/javascript; charset=utf-8"},
		"a picture":             {http.MethodGet, URL("img/favicon.svg"), "", http.StatusOK, "image/svg+xml"},
		"already there":         {http.MethodGet, ui, etag, http.StatusNotModified, ""},
		"changed meanwhile":     {http.MethodGet, ui, `"old"`, http.StatusOK, "text/css; charset=utf-8"},
		"name without its hash": {http.MethodGet, "/static/css/ui.css", "", http.StatusNotFound, ""},
		"a folder":              {http.MethodGet, "/static/css/", "", http.StatusNotFound, ""},
		"nothing to write to":   {http.MethodPost, ui, "", http.StatusMethodNotAllowed, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, c.path, nil)
			if c.ifNone != "" {
				r.Header.Set("If-None-Match", c.ifNone)
			}
			w := httptest.NewRecorder()
			Handler().ServeHTTP(w, r)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if c.kind != "" && w.Header().Get("Content-Type") != c.kind {
				t.Errorf("type %q, want %q", w.Header().Get("Content-Type"), c.kind)
			}
			if c.status == http.StatusOK || c.status == http.StatusNotModified {
				if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
					t.Errorf("Cache-Control %q", got)
				}
				if w.Header().Get("ETag") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("headers %v", w.Header())
				}
			}
		})
	}
}
