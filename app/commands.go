package app

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
)

// clock is the time of everything that is not a test, as fine as the databases keep it.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// ServeCommand is "upshot serve".
type ServeCommand struct{ Config }

// Run serves until ctx ends.
func (c *ServeCommand) Run(ctx context.Context) error {
	if err := c.Check(); err != nil {
		return err
	}
	a, err := New(ctx, c.Config, c.Logger(), clock)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	link, err := a.SetupLink(ctx)
	if err != nil {
		return err
	}
	return a.Serve(ctx, func(net.Addr) {
		fmt.Fprintf(os.Stderr, "Upshot serves at %s\n", c.BaseURL)
		if link != "" {
			fmt.Fprintf(os.Stderr, "Nobody can sign in yet. Make the first administrator here, once, within a day:\n  %s\n", link)
		}
	})
}

// MigrateCommand is "upshot migrate".
type MigrateCommand struct{ Config }

// Run migrates and says so; serve does it by itself.
func (c *MigrateCommand) Run(ctx context.Context) error {
	if err := c.Check(); err != nil {
		return err
	}
	a, err := New(ctx, c.Config, c.Logger(), clock)
	if err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return a.Close()
}

// UserCommand is "upshot user".
type UserCommand struct {
	Add UserAddCommand `cmd:"" help:"Add a person and print a one-time link to set the password."`
}

// UserAddCommand is "upshot user add".
type UserAddCommand struct {
	Config
	Role account.Role `help:"viewer, editor or admin." default:"viewer" enum:"viewer,editor,admin"`
	Zone string       `help:"Zone this person reads times in, such as Europe/Lisbon." default:"UTC"`
	Mail string       `help:"Mail address."`
	Name string       `arg:"" help:"Name to sign in with."`
}

// Run adds the person.
func (c *UserAddCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		actor := account.AsCommand("upshot user add")
		u, err := a.words.accounts.AddUser(ctx, actor, account.User{Name: c.Name, Role: c.Role, Zone: c.Zone, Email: c.Mail}, "")
		if err != nil {
			return err
		}
		_, secret, err := a.words.accounts.Invite(ctx, actor, u.ID)
		if err != nil {
			return err
		}
		fmt.Printf("%s is added as %s. The password is set here, once:\n  %s\n", u.Name, u.Role, a.setupAddress(secret))
		return nil
	})
}

// TokenCommand is "upshot token".
type TokenCommand struct {
	Add TokenAddCommand `cmd:"" help:"Make an API token and print it, once."`
}

// TokenAddCommand is "upshot token add".
type TokenAddCommand struct {
	Config
	Role account.Role  `help:"viewer, editor or admin." default:"viewer" enum:"viewer,editor,admin"`
	For  time.Duration `help:"How long it is good, such as 2160h; without it, until it is revoked."`
	Name string        `arg:"" help:"What the token is for."`
}

// Run makes the token.
func (c *TokenAddCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		asked := account.Token{Name: c.Name, Role: c.Role}
		if c.For > 0 {
			asked.ExpiresAt = clock().Add(c.For)
		}
		_, raw, err := a.words.accounts.AddToken(ctx, account.AsCommand("upshot token add"), asked)
		if err != nil {
			return err
		}
		fmt.Println(raw)
		return nil
	})
}

// with runs something on the database of the settings and closes it again.
func (c *Config) with(ctx context.Context, do func(*App) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	a, err := New(ctx, *c, c.Logger(), clock)
	if err != nil {
		return err
	}
	err = do(a)
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}

// ExportCommand is "upshot export".
type ExportCommand struct {
	Config
	Table string `arg:"" help:"incidents, problems, followups, deployments or connections, with .csv or .json."`
}

// Run writes the table to standard output.
func (c *ExportCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(a *App) error {
		ctx := account.WithActor(ctx, account.AsCommand("upshot export"))
		out := bufio.NewWriter(os.Stdout)
		if err := a.api().Export(ctx, out, c.Table); err != nil {
			return err
		}
		return out.Flush()
	})
}

// HealthCommand is "upshot health": what a container's health check runs, since a bare image has no curl.
type HealthCommand struct {
	URL string `help:"Address to ask." default:"http://127.0.0.1:8080/readyz" env:"UPSHOT_HEALTH_URL"`
}

// Run asks once.
func (c *HealthCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "%s answered %s", c.URL, answer.Status)
	}
	return nil
}

// VersionCommand is "upshot version".
type VersionCommand struct{}

// Run prints what was built.
func (c *VersionCommand) Run() error {
	fmt.Println("upshot", version())
	return nil
}

// version is what the linker or the module system says; a checkout's build has neither.
func version() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Version is set by the linker for releases.
var Version string
