package links

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestALinkIsAliveWhenSomebodyCouldOpenIt(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
		case "/sign-in":
			w.WriteHeader(http.StatusUnauthorized)
		case "/not-for-you":
			w.WriteHeader(http.StatusForbidden)
		case "/moved":
			http.Redirect(w, r, "/page", http.StatusMovedPermanently)
		case "/moved-away":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/moved-inside":
			w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
			w.WriteHeader(http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/no-head":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
		case "/endless":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotImplemented)
				return
			}
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	looker := New("(test)", 500*time.Millisecond)
	for name, tc := range map[string]struct{ address, trouble string }{
		"a page":                       {server.URL + "/page", ""},
		"behind a sign-in":             {server.URL + "/sign-in", ""},
		"a page for others":            {server.URL + "/not-for-you", ""},
		"moved":                        {server.URL + "/moved", ""},
		"the head alone is refused":    {server.URL + "/no-head", ""},
		"endless, and nothing is read": {server.URL + "/endless", ""},
		"gone":                         {server.URL + "/gone", "It answers 404 not found."},
		"broken":                       {server.URL + "/broken", "It answers 500 internal server error."},
		"moved to a file":              {server.URL + "/moved-away", "It leads to an address that is no web page."},
		"moved to the cloud's secrets": {server.URL + "/moved-inside", "The address is one of the machine's own network, which is never asked."},
		"moved in a circle":            {server.URL + "/round", "It leads from one address to the next."},
		"the cloud's secrets":          {"http://169.254.169.254/latest/meta-data/", "The address is one of the machine's own network, which is never asked."},
		"no answer":                    {server.URL + "/slow", "It does not answer in time."},
		"nobody there":                 {gone.URL, "Nothing listens there."},
		"no address":                   {"gopher://x", "It leads to an address that is no web page."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := looker.Look(t.Context(), tc.address); got != tc.trouble {
				t.Errorf("it says %q, want %q", got, tc.trouble)
			}
		})
	}
}

func TestWhichAddressesAreNeverAsked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"169.254.169.254": true, "169.254.0.1": true, "::ffff:169.254.169.254": true, "fe80::1": true, "fe80::1%eth0": true,
		"fd00:ec2::254": true, "100.100.100.200": true, "0.0.0.0": true, "::": true, "224.0.0.1": true,
		"10.1.2.3": false, "192.168.0.7": false, "172.16.9.9": false, "127.0.0.1": false, "93.184.216.34": false, "fd12:3456::1": false, "2001:db8::1": false,
	} {
		if got := refuses(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is refused: %v, want %v", address, got, want)
		}
	}
}
