// Package links asks whether a web address still answers.
package links

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// DefaultTimeout is what one look takes at most, redirects and a second try included.
const DefaultTimeout = 10 * time.Second

const (
	headersMax   = 64 << 10 // bytes of an answer's head; its body is never read
	redirectsMax = 5
)

// Looker looks at addresses. It may be used by several goroutines.
type Looker struct {
	client  *http.Client
	agent   string
	timeout time.Duration
}

// Why an address is not asked, and what people read of it.
var (
	errRefused = errors.New("link-local address")
	errScheme  = errors.New("neither http nor https")
	errRound   = errors.New("too many redirects")

	refused = map[error]string{
		errRefused: "The address is one of the machine's own network, which is never asked.",
		errScheme:  "It leads to an address that is no web page.",
		errRound:   "It leads from one address to the next.",
	}
)

// New makes a Looker; a zero timeout is DefaultTimeout. It goes where people's browsers would go, so addresses within the company
// are asked too; what is refused is in refuses.
func New(version string, timeout time.Duration) *Looker {
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address) // after names were looked up, so no name leads around it
		if err != nil || refuses(to.Addr()) {
			return errRefused
		}
		return nil
	}}
	return &Looker{agent: "Upshot/" + strings.Trim(version, "()"), timeout: timeout, client: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout,
			MaxResponseHeaderBytes: headersMax, DisableKeepAlives: true, DisableCompression: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > redirectsMax {
				return errRound
			}
			return allowed(r.URL)
		},
	}}
}

// metadata are addresses beside the link-local ones at which clouds tell a machine its secrets.
var metadata = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// refuses tells whether an address is link-local (169.254.0.0/16, fe80::/10), where clouds keep what only the machine itself
// should read, or none at all.
func refuses(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, m := range metadata {
		if a == m {
			return true
		}
	}
	return a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
}

// allowed is an error for what is not to be asked. Behind a proxy it is the only guard, and sees names but not where they lead.
func allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return errScheme
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && refuses(a) {
		return errRefused
	}
	return nil
}

// Look asks for the address, and tells why it is not alive; empty when it is. Alive is any answer below 400, and 401 and 403: behind
// them stands a sign-in, and Upshot has no login anywhere. It asks for the head alone first, which costs the other side least; where
// that is refused, it asks for the page, of which it reads nothing.
func (l *Looker) Look(ctx context.Context, address string) string {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	status, err := l.ask(ctx, http.MethodHead, address)
	if err == nil && !alive(status) {
		status, err = l.ask(ctx, http.MethodGet, address)
	}
	switch {
	case err != nil:
		return said(err)
	case alive(status):
		return ""
	}
	return fmt.Sprintf("It answers %d %s.", status, strings.ToLower(http.StatusText(status)))
}

func alive(status int) bool {
	return status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden
}

func (l *Looker) ask(ctx context.Context, method, address string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return 0, err
	}
	if err := allowed(r.URL); err != nil {
		return 0, err
	}
	r.Header.Set("User-Agent", l.agent)
	answer, err := l.client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// said is what went wrong, for people; without the address, which stands beside it.
func said(err error) string {
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	for why, words := range refused {
		if errors.Is(err, why) {
			return words
		}
	}
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "Nobody knows the name " + name.Name + "."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "It does not answer in time."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there."
	}
	words := []rune(err.Error())
	return string(words[:min(len(words), 200)])
}
