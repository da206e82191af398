package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"upshot/app/dispatch"
)

// Sender sends mail through one server. It may be used by several goroutines; a Connection by one at a time.
type Sender struct {
	settings Settings
	timeout  time.Duration
	tls      *tls.Config
}

// DefaultTimeout is what each of the two parts of sending takes at most: coming to be let in, and handing over. Both together end
// after twice that.
const DefaultTimeout = 15 * time.Second

// afterLibrary is how much longer than the library's own deadlines ours are: its words say more.
const afterLibrary = time.Second

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

// Send hands one letter over to the server, on a connection of its own. nil means that the server has accepted it. Every error is a
// *dispatch.Trouble.
func (s *Sender) Send(ctx context.Context, m dispatch.Mail) error {
	if !s.Ready() {
		return noServer
	}
	letter, err := s.letter(m) // before anybody is called
	if err != nil {
		return unwritten(err)
	}
	c, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.send(ctx, letter)
}

var noServer = &dispatch.Trouble{Kind: dispatch.Configuration, Said: "No mail server is set: UPSHOT_SMTP_URL is empty."}

func unwritten(err error) *dispatch.Trouble {
	return &dispatch.Trouble{Kind: dispatch.Permanent, Said: dispatch.Short(err.Error(), wordsMax)}
}

// Connection is one to the server, for letters one after the other.
type Connection struct {
	sender *Sender
	client *gomail.Client
	smtp   *smtp.Client
	conn   net.Conn
	broken bool
}

// Open comes to be let in. Every error is a *dispatch.Trouble.
func (s *Sender) Open(ctx context.Context) (*Connection, error) {
	if !s.Ready() {
		return nil, noServer
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout+afterLibrary)
	defer cancel()
	c := &Connection{sender: s}
	client, err := s.client(func(conn net.Conn) { c.conn = conn })
	if err != nil {
		return nil, &dispatch.Trouble{Kind: dispatch.Configuration, Said: dispatch.Short(err.Error(), wordsMax)}
	}
	c.client = client
	// The library waits by deadlines of its own, and leaves the connection open when it is not let in.
	stop := context.AfterFunc(ctx, c.hangUp)
	c.smtp, err = client.DialToSMTPClientWithContext(ctx)
	if !stop() || err != nil {
		c.hangUp()
		if err == nil {
			err = ctx.Err()
		}
		return nil, notLetIn(err)
	}
	return c, nil
}

// Send hands one letter over. nil means that the server has accepted it. Every error is a *dispatch.Trouble.
func (c *Connection) Send(ctx context.Context, m dispatch.Mail) error {
	letter, err := c.sender.letter(m)
	if err != nil {
		return unwritten(err)
	}
	return c.send(ctx, letter)
}

func (c *Connection) send(ctx context.Context, letter *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, c.sender.timeout+afterLibrary)
	defer cancel()
	stop := context.AfterFunc(ctx, c.hangUp)
	defer stop()
	err := c.client.SendWithSMTPClient(c.smtp, letter)
	if err == nil {
		return nil
	}
	if letter.IsDelivered() { // what comes after the server's yes changes nothing
		c.broken = true
		return nil
	}
	t := refused(err)
	if t.Status == 0 || t.Status == goingAway {
		// Between its first and its last line a letter cannot be taken back but by hanging up.
		c.broken = true
		c.hangUp()
	}
	return t
}

// Broken tells whether the connection takes no more letters.
func (c *Connection) Broken() bool { return c.broken }

// Close ends the connection.
func (c *Connection) Close() {
	if c.broken {
		c.hangUp()
		return
	}
	_ = c.client.CloseWithSMTPClient(c.smtp)
}

func (c *Connection) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
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
	if m.ListID != "" {
		letter.SetGenHeader("List-Id", listID(m, s.settings.domain()))
	}
	if m.Stop != "" {
		letter.SetGenHeaderPreformatted("List-Unsubscribe", "<"+m.Stop+">")
		letter.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if m.HTML == "" {
		letter.SetBodyWriter(gomail.TypeTextPlain, writing(m.Text, m.Handing))
		return letter, nil
	}
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)
	letter.AddAlternativeWriter(gomail.TypeTextHTML, writing(m.HTML, m.Handing))
	return letter, nil
}

// listID is such as "Upshot, Booking" <booking.upshot.example.com>.
func listID(m dispatch.Mail, domain string) string {
	name := mime.QEncoding.Encode("utf-8", m.ListName)
	if name == m.ListName {
		name = strconv.Quote(name)
	}
	return name + " <" + m.ListID + "." + domain + ">"
}

// writing gives the last part of a letter, and says so before the end follows it.
func writing(text string, handing func() error) func(io.Writer) (int64, error) {
	return func(w io.Writer) (int64, error) {
		n, err := io.WriteString(w, text)
		if err == nil && handing != nil {
			err = handing()
		}
		return int64(n), err
	}
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

// goingAway is the answer of a server that closes the connection.
const goingAway = 421

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
			t.Kind, t.Down = dispatch.Temporary, said.Code == goingAway
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
	case t.Status == goingAway: // it takes nothing more from anybody just now (RFC 5321, 3.8)
		t.Down = true
	case t.Status < 500:
	case slices.Contains(loginCodes, t.Status), sending.Reason == gomail.ErrSMTPMailFrom: // it minds us, not whom we write to
		t.Kind = dispatch.Configuration
	default:
		t.Kind = dispatch.Permanent
		if t.Recipient = sending.Reason == gomail.ErrSMTPRcptTo; t.Recipient && policy(sending.EnhancedStatusCode(), said) {
			t.Kind = dispatch.Configuration
		}
	}
	return t
}

// policy tells whether a recipient was refused for what we may not do, such as relaying, and not because there is none: RFC 3463 has
// 5.7.x for it. A server without such codes says it in words; one with them may speak of a relay's list of recipients.
func policy(code, said string) bool {
	if code == "" && strings.HasPrefix(said, "5.") {
		code = said
	}
	if code != "" {
		return strings.HasPrefix(code, "5.7.")
	}
	return strings.Contains(strings.ToLower(said), "relay")
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
