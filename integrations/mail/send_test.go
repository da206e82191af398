package mail

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"upshot/app/dispatch"
	"upshot/integrations/mail/mailtest"
)

// sender sends to a pretend server, as the address says; its certificate is believed.
func sender(t *testing.T, s *mailtest.Server, shape string) *Sender {
	t.Helper()
	settings, err := Parse(strings.Replace(shape, "HOST", s.Addr, 1), "Upshot <upshot@example.test>")
	if err != nil {
		t.Fatal(err)
	}
	own := New(settings, 2*time.Second)
	own.tls.RootCAs = s.Roots
	return own
}

var letter = dispatch.Mail{
	ID: "notice-5.inc-42.abc", To: []string{"booking@example.test"}, Subject: "[SEV1] Buchung: Zahlung läuft ab (INC-42)",
	Text: "Nobody could pay.\n", HTML: "<p>Nobody could pay.</p>", AutoSubmitted: true,
}

func TestALetterArrives(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		options mailtest.Options
		shape   string
	}{
		"in the clear, to a relay on the same machine": {mailtest.Options{}, "smtp://HOST?tls=none"},
		"over STARTTLS":                              {mailtest.Options{TLS: true}, "smtp://HOST"},
		"over STARTTLS, signed in":                   {mailtest.Options{TLS: true, User: "upshot@example.test", Password: "p@ss:word"}, "smtp://upshot%40example.test:p%40ss%3Aword@HOST?tls=starttls"},
		"encrypted from the first byte":              {mailtest.Options{Implicit: true}, "smtps://HOST"},
		"the same, signed in":                        {mailtest.Options{Implicit: true, User: "u", Password: "p"}, "smtps://u:p@HOST"},
		"signed in, in the clear, as somebody wrote": {mailtest.Options{User: "u", Password: "p"}, "smtp://u:p@HOST?tls=none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, c.options)
			if err := sender(t, server, c.shape).Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			all := server.Letters()
			if len(all) != 1 || all[0].From != "upshot@example.test" || len(all[0].To) != 1 || all[0].To[0] != "booking@example.test" {
				t.Fatalf("got %+v", all)
			}
			if c.options.User != "" && server.SignedIn() != 1 {
				t.Errorf("signed in %d times", server.SignedIn())
			}
			h := all[0].Header
			for name, want := range map[string]string{
				"Message-ID": "<notice-5.inc-42.abc@example.test>", "Auto-Submitted": "auto-generated", "User-Agent": "Upshot", "X-Mailer": "Upshot",
				"From": `"Upshot" <upshot@example.test>`, "Subject": "=?UTF-8?q?[SEV1]_Buchung:_Zahlung_l=C3=A4uft_ab_(INC-42)?=",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for _, want := range []string{"text/plain", "text/html", "Nobody could pay."} {
				if !strings.Contains(all[0].Body, want) {
					t.Errorf("no %s in %s", want, all[0].Body)
				}
			}
		})
	}
}

func TestWhatAServerMayDo(t *testing.T) {
	t.Parallel()
	code := func(n int, words string) *smtp.SMTPError {
		return &smtp.SMTPError{Code: n, EnhancedCode: smtp.NoEnhancedCode, Message: words}
	}
	cases := map[string]struct {
		options mailtest.Options
		moods   mailtest.Moods
		shape   string
		want    dispatch.Trouble // Said is a part of it
		kept    int              // letters that are there all the same
	}{
		"no such user":                        {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": code(550, "no such user here")}}, want: dispatch.Trouble{Kind: dispatch.Permanent, Status: 550, Said: "no such user here", Recipient: true}},
		"it relays for nobody, by its code":   {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": {Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "access denied"}}}, want: dispatch.Trouble{Kind: dispatch.Configuration, Status: 554, Said: "5.7.1 access denied", Recipient: true}},
		"it relays for nobody, in words":      {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": code(550, "Relaying denied")}}, want: dispatch.Trouble{Kind: dispatch.Configuration, Status: 550, Said: "Relaying denied", Recipient: true}},
		"a relay knows no such user":          {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "unknown in relay recipient table"}}}, want: dispatch.Trouble{Kind: dispatch.Permanent, Status: 550, Said: "5.1.1 unknown in relay recipient table", Recipient: true}},
		"it goes away at the recipient":       {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": code(421, "closing down")}}, want: dispatch.Trouble{Kind: dispatch.Temporary, Status: 421, Said: "closing down", Down: true}},
		"the mailbox is busy":                 {moods: mailtest.Moods{Refuse: map[string]*smtp.SMTPError{"booking@example.test": code(451, "try later")}}, want: dispatch.Trouble{Kind: dispatch.Temporary, Status: 451, Said: "try later"}},
		"the letter is taken for spam":        {moods: mailtest.Moods{RefuseData: code(554, "looks like spam")}, want: dispatch.Trouble{Kind: dispatch.Permanent, Status: 554, Said: "looks like spam"}},
		"no room just now":                    {moods: mailtest.Moods{RefuseData: code(452, "disk full")}, want: dispatch.Trouble{Kind: dispatch.Temporary, Status: 452, Said: "disk full"}},
		"the sender may not send":             {moods: mailtest.Moods{RefuseFrom: code(553, "not your address")}, want: dispatch.Trouble{Kind: dispatch.Configuration, Status: 553, Said: "not your address"}},
		"the password is wrong":               {options: mailtest.Options{User: "u", Password: "p"}, shape: "smtp://u:q@HOST?tls=none", want: dispatch.Trouble{Kind: dispatch.Configuration, Status: 535, Said: "Authentication failed"}},
		"a login is asked for":                {options: mailtest.Options{User: "u", Password: "p"}, want: dispatch.Trouble{Kind: dispatch.Configuration, Status: 502, Said: "authenticate first"}},
		"it takes no login":                   {shape: "smtp://u:p@HOST?tls=none", want: dispatch.Trouble{Kind: dispatch.Configuration, Said: "does not support SMTP AUTH"}},
		"it offers no encryption":             {shape: "smtp://HOST", want: dispatch.Trouble{Kind: dispatch.Configuration, Said: "STARTTLS"}},
		"it hangs up before the letter":       {moods: mailtest.Moods{DropBefore: true}, want: dispatch.Trouble{Kind: dispatch.Temporary, Down: true, Said: "The server hung up."}},
		"it hangs up with the letter in hand": {moods: mailtest.Moods{DropAfter: true}, want: dispatch.Trouble{Kind: dispatch.Temporary, Maybe: true}, kept: 1},
		"it never answers the letter":         {moods: mailtest.Moods{Delay: 3 * time.Second}, want: dispatch.Trouble{Kind: dispatch.Temporary, Maybe: true, Said: "timeout"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, c.options)
			server.Set(func(m *mailtest.Moods) { *m = c.moods })
			if c.shape == "" {
				c.shape = "smtp://HOST?tls=none"
			}
			began := time.Now()
			err := sender(t, server, c.shape).Send(t.Context(), letter)
			var got *dispatch.Trouble
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if whole := got.Status != 0 && got.Status != 535 && got.Status != 502; !strings.Contains(got.Said, c.want.Said) || got.Said == "" || whole && got.Said != c.want.Said {
				t.Errorf("it said %q, want %q", got.Said, c.want.Said)
			}
			if c.want.Said = got.Said; *got != c.want {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
			if kept := len(server.Letters()); kept != c.kept {
				t.Errorf("the server has %d letters, want %d", kept, c.kept)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestACertificateNobodySignedIsNotBelieved(t *testing.T) {
	t.Parallel()
	for shape, options := range map[string]mailtest.Options{"smtp://HOST": {TLS: true}, "smtps://HOST": {Implicit: true}} {
		server := mailtest.Start(t, options)
		own := sender(t, server, shape)
		own.tls.RootCAs = nil
		if got := dispatch.TroubleOf(own.Send(t.Context(), letter)); got.Kind != dispatch.Configuration || !strings.Contains(got.Said, "certificate") {
			t.Errorf("%s: got %+v", shape, got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	settings, err := Parse("smtp://"+address, "u@example.test")
	if err != nil {
		t.Fatal(err)
	}
	got := dispatch.TroubleOf(New(settings, time.Second).Send(t.Context(), letter))
	if got.Kind != dispatch.Temporary || !got.Down || !strings.Contains(got.Said, "refused") {
		t.Errorf("got %+v", got)
	}
}

func TestAServerThatSaysNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	settings, err := Parse("smtp://"+listener.Addr().String(), "u@example.test")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	got := dispatch.TroubleOf(New(settings, 500*time.Millisecond).Send(t.Context(), letter))
	if got.Kind != dispatch.Temporary || !got.Down || time.Since(began) > 3*time.Second {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
}

func TestWhoeverAskedHasGone(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Options{})
	server.Set(func(m *mailtest.Moods) { m.Delay = time.Second })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := sender(t, server, "smtp://HOST?tls=none").Send(ctx, letter); err == nil || time.Since(began) > 900*time.Millisecond {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const from = "Upshot <upshot@example.com>"
	good := map[string]Settings{
		"smtp://mail.example.com":                       {Host: "mail.example.com", Port: 587, Security: StartTLS},
		"smtp://u:p@mail.example.com:2525?tls=starttls": {Host: "mail.example.com", Port: 2525, Security: StartTLS, User: "u", Password: "p"},
		"smtps://mail.example.com":                      {Host: "mail.example.com", Port: 465, Security: Implicit},
		"smtp://localhost?tls=none":                     {Host: "localhost", Port: 25, Security: None},
		"smtp://127.0.0.2?tls=none":                     {Host: "127.0.0.2", Port: 25, Security: None},
		"smtp://[::1]:1025?tls=none":                    {Host: "::1", Port: 1025, Security: None},
		"smtp://u%40x.test:p%2Fw@mail.example.com":      {Host: "mail.example.com", Port: 587, Security: StartTLS, User: "u@x.test", Password: "p/w"},
	}
	for address, want := range good {
		want.From.Name, want.From.Address = "Upshot", "upshot@example.com"
		if got, err := Parse(address, from); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", address, got, err)
		}
	}
	bad := map[string][2]string{
		"UPSHOT_MAIL_FROM is set, and": {"", from},
		"UPSHOT_MAIL_FROM is missing":  {"smtp://mail.example.com", ""},
		"is no mail address":           {"smtp://mail.example.com", "nobody"},
		"begins with neither":          {"https://mail.example.com", from},
		"tls=maybe is not known":       {"smtp://mail.example.com?tls=maybe", from},
		"this machine alone":           {"smtp://u:secret@mail.example.com?tls=none", from},
		"tls=none is not known":        {"smtps://mail.example.com?tls=none", from},
		"names no server":              {"smtp://", from},
		"go together":                  {"smtp://u@mail.example.com", from},
		"is no address":                {"smtp://u:secret word@mail.example.com:x", from},
		"70000 is no port":             {"smtp://mail.example.com:70000", from},
	}
	for want, given := range bad {
		_, err := Parse(given[0], given[1])
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", given[0], err, want)
		}
	}
	if s, err := Parse("", ""); err != nil || s.Ready() || New(s, 0).Send(t.Context(), letter) == nil {
		t.Error("without settings nothing is sent, and that is no mistake")
	}
}
