// Command upshot answers what each incident changed. It runs one command until it ends or a signal arrives.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"upshot/app"
	"upshot/app/fault"
)

// cli is the command line; each command is a struct in app with its flags and its Run.
type cli struct {
	Serve     app.ServeCommand     `cmd:"" help:"Serve the pages, the API and the jobs."`
	Demo      app.DemoCommand      `cmd:"" help:"Open a sandbox with an example history; nothing to configure, nothing kept."`
	Import    app.ImportCommand    `cmd:"" help:"Read incidents from a CSV or JSON Lines file."`
	Export    app.ExportCommand    `cmd:"" help:"Write a table to standard output."`
	Sync      app.SyncCommand      `cmd:"" help:"Read and write every connected Jira once; exits with 1 when something needs a person."`
	JiraCheck app.JiraCheckCommand `cmd:"" help:"Ask every connected Jira whether everything the sync needs is there."`
	Figures   app.FiguresCommand   `cmd:"" help:"Print the measures, or make anew what is kept for them."`
	Digest    app.DigestCommand    `cmd:"" help:"Show a weekly letter, or send it."`
	Migrate   app.MigrateCommand   `cmd:"" help:"Bring the tables of the database up to date; serve does it by itself."`
	User      app.UserCommand      `cmd:"" help:"People who may sign in."`
	Token     app.TokenCommand     `cmd:"" help:"API tokens."`
	Source    app.SourceCommand    `cmd:"" help:"Sources of incidents and deployments."`
	Health    app.HealthCommand    `cmd:"" help:"Ask a running server whether it can serve; for health checks."`
	Version   app.VersionCommand   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run gives the exit code: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string) int {
	var commands cli
	parser, err := kong.New(&commands,
		kong.Name("upshot"),
		kong.Description("What did each incident change?"),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "upshot:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "upshot:", err)
		if f := fault.Of(err); f != nil {
			for _, field := range f.Fields {
				fmt.Fprintf(os.Stderr, "  %s: %s\n", field.Name, field.Message)
			}
		}
		return 1
	}
	return 0
}
