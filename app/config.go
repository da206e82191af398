package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/jirasync"
	"upshot/app/secret"
	"upshot/integrations/mail"
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

	SecretKey     string `help:"Encrypts the tokens of other systems in the database; at least 16 random characters, the same for all replicas." env:"UPSHOT_SECRET_KEY" placeholder:"KEY"`
	SecretKeyFile string `help:"File that holds that key." env:"UPSHOT_SECRET_KEY_FILE" placeholder:"FILE"`

	DeliveriesKept time.Duration `help:"How long what sources sent is kept after it was processed; at least a day." default:"336h" env:"UPSHOT_DELIVERIES_KEPT"`

	LinkChecks bool `help:"Ask every day whether the dashboards and runbooks of services still answer; false asks for none." default:"true" negatable:"" env:"UPSHOT_LINK_CHECKS"`

	JiraURL           string          `help:"Address of a Jira to connect; others are connected in the browser." name:"jira-url" env:"UPSHOT_JIRA_URL" placeholder:"URL"`
	JiraUser          string          `help:"Mail address of the login on Cloud; without it the token is a personal access token of Data Center." env:"UPSHOT_JIRA_USER" placeholder:"MAIL"`
	JiraToken         string          `help:"API token, or personal access token." env:"UPSHOT_JIRA_TOKEN" placeholder:"TOKEN"`
	JiraTokenFile     string          `help:"File that holds the token." env:"UPSHOT_JIRA_TOKEN_FILE" placeholder:"FILE"`
	JiraProject       string          `help:"Key of the project that takes follow-ups which no mapping names." env:"UPSHOT_JIRA_PROJECT" placeholder:"KEY"`
	JiraWebhookSecret string          `help:"Secret by which webhooks of that Jira are signed." env:"UPSHOT_JIRA_WEBHOOK_SECRET" placeholder:"SECRET"`
	JiraPoll          time.Duration   `help:"How often Jira is read." default:"1m" env:"UPSHOT_JIRA_POLL"`
	JiraSettle        []time.Duration `help:"When Jira's search is asked for an issue whose creation has an unknown outcome, counted from then; the last is after the longest that the search may lag." default:"5s,30s,90s" env:"UPSHOT_JIRA_SETTLE"`

	SMTPURL     string `help:"Server that sends mail, such as smtp://user:password@mail.example.com:587?tls=starttls; smtps:// encrypts from the first byte, tls=none not at all, for a server on this machine alone." name:"smtp-url" env:"UPSHOT_SMTP_URL" placeholder:"URL"`
	SMTPURLFile string `help:"File that holds it, since it has a password in it." name:"smtp-url-file" env:"UPSHOT_SMTP_URL_FILE" placeholder:"FILE"`
	MailFrom    string `help:"Sender of mail, such as Upshot <upshot@example.com>." env:"UPSHOT_MAIL_FROM" placeholder:"MAIL"`

	Zone string `help:"Zone of the organisation's own weekly letter; a team's is the team's." name:"organisation-zone" default:"UTC" env:"UPSHOT_ZONE" placeholder:"Europe/Lisbon"`

	pace pace // of calls to others; zero: the usual one
}

// pace is how long things may take with Jira, mail servers and chats. Another process takes over what one had claimed when the lease has ended, so a lease
// is longer than a call with its turn.
type pace struct{ timeout, lease time.Duration }

var usualPace = pace{timeout: 30 * time.Second, lease: 2 * time.Minute}

// Check completes the settings and says what is wrong with them, and what would do.
func (c *Config) Check() error {
	for _, f := range []struct {
		name, path string
		into       *string
	}{
		{"UPSHOT_DATABASE_FILE", c.DatabaseFile, &c.Database},
		{"UPSHOT_SECRET_KEY_FILE", c.SecretKeyFile, &c.SecretKey},
		{"UPSHOT_JIRA_TOKEN_FILE", c.JiraTokenFile, &c.JiraToken},
		{"UPSHOT_SMTP_URL_FILE", c.SMTPURLFile, &c.SMTPURL},
	} {
		if f.path == "" {
			continue
		}
		b, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.into = strings.TrimSpace(string(b))
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
	if c.DeliveriesKept == 0 {
		c.DeliveriesKept = usuallyKept
	}
	if c.DeliveriesKept < 24*time.Hour {
		return fmt.Errorf("UPSHOT_DELIVERIES_KEPT %s is too short; give at least 24h", c.DeliveriesKept)
	}
	if _, err := mail.Parse(c.SMTPURL, c.MailFrom); err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		return fmt.Errorf("UPSHOT_ZONE %q is no time zone; write one such as Europe/Lisbon", c.Zone)
	}
	return c.checkJira()
}

// usuallyKept is how long deliveries are kept when nobody says otherwise.
const usuallyKept = 14 * 24 * time.Hour

// shortestPoll keeps a mistyped setting from asking Jira without end.
const shortestPoll = 5 * time.Second

func (c *Config) checkJira() error {
	if _, err := secret.NewKey(c.SecretKey); err != nil {
		return err
	}
	if c.JiraPoll == 0 {
		c.JiraPoll = time.Minute
	}
	if len(c.JiraSettle) == 0 {
		c.JiraSettle = jirasync.DefaultSettle
	}
	switch {
	case c.JiraPoll < shortestPoll:
		return fmt.Errorf("UPSHOT_JIRA_POLL is %s; at least %s lets Jira breathe", c.JiraPoll, shortestPoll)
	case !slices.IsSorted(c.JiraSettle) || c.JiraSettle[0] <= 0:
		return fmt.Errorf("UPSHOT_JIRA_SETTLE: write growing lengths of time such as 5s,30s,90s")
	case c.JiraURL != "" && c.JiraToken == "":
		return fmt.Errorf("UPSHOT_JIRA_URL is set, and UPSHOT_JIRA_TOKEN is not; give the API token, or UPSHOT_JIRA_TOKEN_FILE")
	case c.JiraURL == "" && c.JiraToken+c.JiraUser+c.JiraProject != "":
		return fmt.Errorf("UPSHOT_JIRA_TOKEN, _USER or _PROJECT is set, and UPSHOT_JIRA_URL is not")
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
