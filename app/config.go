package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/labstack/echo/v4"
)

// Config is every setting. Each is a flag and, in capitals after UPSHOT_, an environment variable; there is no
// settings file.
type Config struct {
	Addr         string   `help:"Address to listen on." default:"127.0.0.1:8080" env:"UPSHOT_ADDR" placeholder:"HOST:PORT"`
	Database     string   `help:"Path of the SQLite file, or a postgres:// address." default:"upshot.db" env:"UPSHOT_DATABASE" placeholder:"FILE|URL"`
	DatabaseFile string   `help:"File that holds the database address, when it contains a password." env:"UPSHOT_DATABASE_FILE" placeholder:"FILE"`
	BaseURL      string   `help:"Address people type, for links; https:// makes cookies secure. Default: http:// and the address listened on." env:"UPSHOT_BASE_URL" placeholder:"URL"`
	Proxies      []string `help:"Address ranges of proxies in front, whose X-Forwarded-For is believed." name:"trusted-proxies" env:"UPSHOT_TRUSTED_PROXIES" placeholder:"10.0.0.0/8,…"`
	Log          string   `help:"What to log: debug, info, warn or error." default:"info" env:"UPSHOT_LOG" enum:"debug,info,warn,error"`
	LogFormat    string   `help:"How to log: text or json." default:"text" env:"UPSHOT_LOG_FORMAT" enum:"text,json"`
}

// Check completes the settings and says what is wrong with them, and what would do.
func (c *Config) Check() error {
	if c.DatabaseFile != "" {
		b, err := os.ReadFile(c.DatabaseFile)
		if err != nil {
			return fmt.Errorf("UPSHOT_DATABASE_FILE: %w", err)
		}
		c.Database = strings.TrimSpace(string(b))
	}
	if c.Database == "" {
		return fmt.Errorf("UPSHOT_DATABASE is empty; give a file such as upshot.db, or a postgres:// address")
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("UPSHOT_ADDR %q is no address; write one such as 127.0.0.1:8080 or :8080", c.Addr)
	}
	if c.BaseURL == "" {
		if host == "" || host == "0.0.0.0" || host == "::" {
			host = "localhost"
		}
		c.BaseURL = "http://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("UPSHOT_BASE_URL %q is no address people could type; write one such as https://upshot.example.com", c.BaseURL)
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	for _, p := range c.Proxies {
		if _, _, err := net.ParseCIDR(p); err != nil {
			return fmt.Errorf("UPSHOT_TRUSTED_PROXIES: %q is no range of addresses; 10.0.0.0/8 and 127.0.0.1/32 are", p)
		}
	}
	return nil
}

// senders tells who sent a request: the other end of the connection, or what the trusted proxies say. It is what
// failed sign-ins are counted by, so nobody else's word counts.
func (c *Config) senders() echo.IPExtractor {
	if len(c.Proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range c.Proxies {
		_, network, _ := net.ParseCIDR(p) // Check saw to it
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// Secure tells whether people come over https.
func (c *Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// Logger writes to standard error.
func (c *Config) Logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log)) // one of the four, kong saw to it
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
