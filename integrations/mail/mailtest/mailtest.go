// Package mailtest is a pretend mail server: it keeps what it accepts, and has moods.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is one that was accepted.
type Letter struct {
	From   string
	To     []string
	Header mail.Header
	Body   string // as it came, with its parts
}

// Moods are what a server may do besides accepting.
type Moods struct {
	RefuseFrom *smtp.SMTPError            // to every sender
	Refuse     map[string]*smtp.SMTPError // to these recipients
	RefuseData *smtp.SMTPError            // after the letter was handed over
	Delay      time.Duration              // before it answers the letter
	// DropBefore hangs up when a recipient is named, DropAfter when the letter is in and kept, without an answer.
	DropBefore, DropAfter bool
}

// Options of a server. TLS offers STARTTLS, Implicit encrypts from the first byte; a User must sign in with Password.
type Options struct {
	TLS, Implicit  bool
	User, Password string
}

// Server is a pretend mail server on 127.0.0.1.
type Server struct {
	Addr  string
	Roots *x509.CertPool // that its certificate is good by

	options Options
	mu      sync.Mutex
	moods   Moods
	letters []Letter
	signed  int
}

// Start serves until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o}
	server := smtp.NewServer(s)
	server.Domain, server.ReadTimeout, server.WriteTimeout = "mail.example.test", 10*time.Second, 10*time.Second
	server.AllowInsecureAuth = !o.TLS && !o.Implicit
	server.ErrorLog = quiet{}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	if o.TLS || o.Implicit {
		certificate, roots, err := certificate()
		if err != nil {
			t.Fatal(err)
		}
		s.Roots = roots
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if o.Implicit {
			listener = tls.NewListener(listener, config)
		} else {
			server.TLSConfig = config
		}
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// quiet keeps what the library says of hung up connections out of the tests.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Set changes its moods.
func (s *Server) Set(change func(*Moods)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.moods)
}

// Letters are those it has, in the order they came.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// SignedIn is how often somebody signed in.
func (s *Server) SignedIn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed
}

func (s *Server) now() Moods {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moods
}

// NewSession begins a conversation; the library calls it.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	if s.options.User != "" {
		return &loginSession{session: session{server: s, conn: c}}, nil
	}
	return &session{server: s, conn: c, in: true}, nil
}

type session struct {
	server *Server
	conn   *smtp.Conn
	in     bool
	letter Letter
}

func (s *session) Reset()        { s.letter = Letter{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	if refused := s.server.now().RefuseFrom; refused != nil {
		return refused
	}
	s.letter.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	m := s.server.now()
	if m.DropBefore {
		_ = s.conn.Conn().Close()
	}
	if refused := m.Refuse[to]; refused != nil {
		return refused
	}
	s.letter.To = append(s.letter.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := s.server.now()
	time.Sleep(m.Delay)
	if m.RefuseData != nil {
		return m.RefuseData
	}
	parsed, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(parsed.Body)
	if err != nil {
		return err
	}
	s.letter.Header, s.letter.Body = parsed.Header, string(body)
	s.server.mu.Lock()
	s.server.letters = append(s.server.letters, s.letter)
	s.server.mu.Unlock()
	if m.DropAfter {
		_ = s.conn.Conn().Close()
	}
	return nil
}

// loginSession asks for the login first.
type loginSession struct{ session }

func (*loginSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *loginSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		s.server.mu.Lock()
		s.server.signed++
		s.server.mu.Unlock()
		return nil
	}), nil
}

// certificate is one for 127.0.0.1 that nobody else signed.
func certificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots, nil
}
