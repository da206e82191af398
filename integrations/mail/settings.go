// Package mail sends mail over SMTP.
package mail

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// Security is how the connection is encrypted.
type Security string

// The ways to encrypt.
const (
	StartTLS Security = "starttls" // from the first command on; a server that does not offer it is refused
	Implicit Security = "smtps"    // from the first byte on
	None     Security = "none"     // not at all: for a relay on the same machine
)

// Settings are what sending takes. The zero Settings send nothing.
type Settings struct {
	Host           string
	Port           int
	User, Password string
	Security       Security
	From           mail.Address
}

// Ready tells whether there are any.
func (s Settings) Ready() bool { return s.Host != "" }

// Server is the server as people may read it, without the login.
func (s Settings) Server() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

const example = "write one such as smtp://user:password@mail.example.com:587?tls=starttls"

// Parse reads UPSHOT_SMTP_URL and UPSHOT_MAIL_FROM; both empty give the zero Settings. The errors are for the person who set
// them, and hold no password.
func Parse(address, from string) (Settings, error) {
	if address == "" {
		if from != "" {
			return Settings{}, errors.New("UPSHOT_MAIL_FROM is set, and UPSHOT_SMTP_URL is not; " + example)
		}
		return Settings{}, nil
	}
	u, err := url.Parse(address)
	if err != nil { // its words repeat the address, password and all
		return Settings{}, errors.New("UPSHOT_SMTP_URL is no address; " + example + ", with %40 for an @ in the password")
	}
	s := Settings{Host: u.Hostname(), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	switch wanted := u.Query().Get("tls"); {
	case u.Scheme == "smtps" && wanted == "":
		s.Port, s.Security = 465, Implicit
	case u.Scheme == "smtp" && (wanted == "" || wanted == "starttls"):
		s.Port, s.Security = 587, StartTLS
	case u.Scheme == "smtp" && wanted == "none":
		s.Port, s.Security = 25, None
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return Settings{}, errors.New("UPSHOT_SMTP_URL begins with neither smtp:// nor smtps://; " + example)
	default:
		return Settings{}, fmt.Errorf("UPSHOT_SMTP_URL: tls=%s is not known; smtp:// takes tls=starttls, which is usual, or tls=none, and smtps:// takes nothing", wanted)
	}
	if s.Host == "" || strings.Trim(u.Path, "/") != "" {
		return Settings{}, errors.New("UPSHOT_SMTP_URL names no server; " + example)
	}
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return Settings{}, fmt.Errorf("UPSHOT_SMTP_URL: %s is no port", port)
		}
	}
	if s.Security == None && !loopback(s.Host) {
		return Settings{}, errors.New("UPSHOT_SMTP_URL: tls=none is for a server on this machine alone (localhost, 127.0.0.1, ::1); " +
			"to any other, letters and the password would travel in the clear")
	}
	if (s.User == "") != (s.Password == "") {
		return Settings{}, errors.New("UPSHOT_SMTP_URL: a user and a password go together; leave both out for a server that asks for none")
	}
	if from == "" {
		return Settings{}, errors.New("UPSHOT_MAIL_FROM is missing; write the sender, such as Upshot <upshot@example.com>")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return Settings{}, fmt.Errorf("UPSHOT_MAIL_FROM %q is no mail address; write one such as Upshot <upshot@example.com>", from)
	}
	s.From = *sender
	return s, nil
}

// loopback tells whether a host is this machine, by its name or address; no name is looked up.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// domain is the part of the sender behind the @.
func (s Settings) domain() string {
	return s.From.Address[strings.LastIndexByte(s.From.Address, '@')+1:]
}
