package app

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsSayWhatIsWrongAndWhatWouldDo(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(secret, []byte("postgres://u:p@db/upshot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(t.TempDir(), "smtp")
	if err := os.WriteFile(server, []byte("smtp://upshot:verysecret@mail.example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := Config{Addr: "127.0.0.1:8080", Database: "upshot.db"}
	for name, c := range map[string]struct {
		change func(*Config)
		wrong  string
		want   func(Config) bool
	}{
		"the defaults do":                {func(*Config) {}, "", func(c Config) bool { return c.BaseURL == "http://127.0.0.1:8080" && !c.Secure() }},
		"all addresses, people type one": {func(c *Config) { c.Addr = ":9000" }, "", func(c Config) bool { return c.BaseURL == "http://localhost:9000" }},
		"behind a proxy":                 {func(c *Config) { c.BaseURL = "https://upshot.example.com/" }, "", func(c Config) bool { return c.BaseURL == "https://upshot.example.com" && c.Secure() }},
		"the address from a file":        {func(c *Config) { c.DatabaseFile = secret }, "", func(c Config) bool { return c.Database == "postgres://u:p@db/upshot" }},
		"a file that is not there":       {func(c *Config) { c.DatabaseFile = secret + "x" }, "UPSHOT_DATABASE_FILE", nil},
		"no database":                    {func(c *Config) { c.Database = "" }, "UPSHOT_DATABASE is empty", nil},
		"no port":                        {func(c *Config) { c.Addr = "localhost" }, "UPSHOT_ADDR", nil},
		"an address without a scheme":    {func(c *Config) { c.BaseURL = "upshot.example.com" }, "UPSHOT_BASE_URL", nil},
		"a proxy":                        {func(c *Config) { c.Proxies = []string{"10.0.0.0/8"} }, "", func(Config) bool { return true }},
		"a proxy that is no range":       {func(c *Config) { c.Proxies = []string{"proxy"} }, "UPSHOT_TRUSTED_PROXIES", nil},
		"a mail server from a file":      {func(c *Config) { c.SMTPURLFile, c.MailFrom = server, "upshot@example.com" }, "", func(c Config) bool { return c.SMTPURL == "smtp://upshot:verysecret@mail.example.com" }},
		"a mail server without a sender": {func(c *Config) { c.SMTPURLFile = server }, "UPSHOT_MAIL_FROM", nil},
		"a sender without a server":      {func(c *Config) { c.MailFrom = "upshot@example.com" }, "UPSHOT_SMTP_URL", nil},
		"a mail server of another kind":  {func(c *Config) { c.SMTPURL = "https://mail.example.com" }, "UPSHOT_SMTP_URL", nil},
		"an address with a path":         {func(c *Config) { c.BaseURL = "https://example.com/upshot" }, "UPSHOT_BASE_URL", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good
			c.change(&config)
			err := config.Check()
			switch {
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("said %v, want something about %s", err, c.wrong)
			case c.wrong == "" && (err != nil || !c.want(config)):
				t.Errorf("became %+v (%v)", config, err)
			}
		})
	}
}

func TestOnlyTrustedProxiesSayWhoSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies               []string
		from, forwarded, want string
	}{
		"nobody is trusted":        {nil, "10.1.1.1:99", "7.7.7.7", "10.1.1.1"},
		"the proxy is trusted":     {[]string{"10.0.0.0/8"}, "10.1.1.1:99", "7.7.7.7", "7.7.7.7"},
		"a stranger's own word":    {[]string{"10.0.0.0/8"}, "9.9.9.9:99", "7.7.7.7", "9.9.9.9"},
		"what a sender had added":  {[]string{"10.0.0.0/8"}, "10.1.1.1:99", "1.1.1.1, 7.7.7.7", "7.7.7.7"},
		"loopback unless it is so": {[]string{"10.0.0.0/8"}, "127.0.0.1:99", "7.7.7.7", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			r.RemoteAddr = c.from
			r.Header.Set("X-Forwarded-For", c.forwarded)
			if got := (&Config{Proxies: c.proxies}).senders()(r); got != c.want {
				t.Errorf("says %s, want %s", got, c.want)
			}
		})
	}
}
