package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"upshot/app/dispatch"
)

// Sender sends mail through one server. It may be used by several goroutines; each letter has a connection of its own.
type Sender struct {
	settings Settings
	timeout  time.Duration
	tls      *tls.Config
}

// DefaultTimeout is what each of the two parts of sending takes at most: coming to be let in, and handing over. Both together end
// after twice that.
const DefaultTimeout = 15 * time.Second

const wordsMax = 300 // characters of what a server says that are kept

// New makes a Sender; a zero timeout is DefaultTimeout. It makes no connection.
func New(s Settings, timeout time.Duration) *Sender {
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return &Sender{settings: s, timeout: timeout, tls: &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}}
}

// Ready tells whether there is a server to send through.
func (s *Sender) Ready() bool { return s.settings.Ready() }

// Send hands one letter over to the server. nil means that the server has accepted it. Every error is a *dispatch.Trouble.
func (s *Sender) Send(ctx context.Context, m dispatch.Mail) error {
	if !s.Ready() {
		return &dispatch.Trouble{Kind: dispatch.Configuration, Said: "No mail server is set: UPSHOT_SMTP_URL is empty."}
	}
	letter, err := s.letter(m)
	if err != nil {
		return &dispatch.Trouble{Kind: dispatch.Permanent, Said: dispatch.Short(err.Error(), wordsMax)}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*s.timeout)
	// The library waits by deadlines of its own, and leaves the connection open when it is not let in: it ends with ctx.
	defer cancel()
	client, err := s.client(func(c net.Conn) { context.AfterFunc(ctx, func() { _ = c.Close() }) })
	if err != nil {
		return &dispatch.Trouble{Kind: dispatch.Configuration, Said: dispatch.Short(err.Error(), wordsMax)}
	}
	let, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notLetIn(err)
	}
	err = client.SendWithSMTPClient(let, letter)
	if err == nil || letter.IsDelivered() { // what comes after the server's yes changes nothing
		_ = client.CloseWithSMTPClient(let)
		return nil
	}
	return refused(err)
}

func (s *Sender) letter(m dispatch.Mail) (*gomail.Msg, error) {
	letter := gomail.NewMsg()
	from := s.settings.From
	letter.FromMailAddress(&from)
	if err := letter.To(m.To...); err != nil {
		return nil, fmt.Errorf("%s is no mail address: %w", strings.Join(m.To, ", "), err)
	}
	letter.Subject(dispatch.Short(m.Subject, 200))
	letter.SetDate()
	letter.SetMessageIDWithValue(m.ID + "@" + s.settings.domain())
	letter.SetUserAgent("Upshot")
	if m.AutoSubmitted {
		letter.SetGenHeader("Auto-Submitted", "auto-generated")
	}
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		letter.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return letter, nil
}

func (s *Sender) client(opened func(net.Conn)) (*gomail.Client, error) {
	set := s.settings
	options := []gomail.Option{
		gomail.WithPort(set.Port), gomail.WithTimeout(s.timeout), gomail.WithHELO(set.domain()), gomail.WithoutNoop(), gomail.WithTLSConfig(s.tls),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			opened(conn)
			if set.Security != Implicit {
				return conn, nil
			}
			encrypted := tls.Client(conn, s.tls)
			return encrypted, encrypted.HandshakeContext(ctx)
		}),
	}
	policy := gomail.NoTLS
	if set.Security == StartTLS {
		policy = gomail.TLSMandatory
	}
	options = append(options, gomail.WithTLSPolicy(policy))
	if set.User != "" {
		preferred := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if set.Security == None { // somebody wrote tls=none beside the password
			preferred = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithUsername(set.User), gomail.WithPassword(set.Password), gomail.WithOpportunisticSMTPAuth(preferred...))
	}
	return gomail.NewClient(set.Host, options...)
}

// loginCodes are the answers that speak of the login (RFC 4954).
var loginCodes = []int{530, 534, 535, 538}

// notLetIn tells trouble from before the letter was mentioned. A server that is away, or busy, comes back; anything else is
// a matter of settings: the login, the encryption, the certificate.
func notLetIn(err error) *dispatch.Trouble {
	t := &dispatch.Trouble{Kind: dispatch.Configuration, Said: dispatch.Short(plain(err), wordsMax)}
	var said *textproto.Error
	var network net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &said):
		t.Status, t.Said = said.Code, dispatch.Short(said.Msg, wordsMax)
		if said.Code < 500 {
			t.Kind = dispatch.Temporary
		}
	case errors.As(err, &certificate):
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		t.Kind, t.Down = dispatch.Temporary, true
	}
	return t
}

// refused tells trouble with the letter itself.
func refused(err error) *dispatch.Trouble {
	t := &dispatch.Trouble{Kind: dispatch.Temporary, Said: dispatch.Short(plain(err), wordsMax)}
	var sending *gomail.SendError
	if !errors.As(err, &sending) {
		return t
	}
	t.Status = sending.ErrorCode()
	// The library keeps the server's words between its own, some in quotes.
	said := strings.TrimPrefix(sending.Error(), sending.Reason.String()+": ")
	said, _, _ = strings.Cut(said, ", affected ")
	said = strings.TrimPrefix(said, strconv.Itoa(t.Status)+" ")
	if bare, err := strconv.Unquote(said); err == nil {
		said = bare
	}
	if t.Status == 0 && strings.Contains(said, io.EOF.Error()) {
		said = hungUp
	}
	t.Said = dispatch.Short(said, wordsMax)
	switch {
	case t.Status == 0:
		// The connection broke. Behind the last byte nobody knows whether the server has the letter.
		t.Maybe = sending.Reason == gomail.ErrSMTPDataClose || sending.Reason == gomail.ErrWriteContent
		t.Down = !t.Maybe
	case t.Status < 500:
	case slices.Contains(loginCodes, t.Status), sending.Reason == gomail.ErrSMTPMailFrom: // it minds us, not whom we write to
		t.Kind = dispatch.Configuration
	default:
		t.Kind = dispatch.Permanent
	}
	return t
}

const hungUp = "The server hung up."

// plain is the innermost reason.
func plain(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return hungUp
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}
