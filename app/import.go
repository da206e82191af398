package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"upshot/app/importer"
)

// ImportCommand is "upshot import".
type ImportCommand struct {
	Config
	File      string `arg:"" help:"The file; - is standard input."`
	Format    string `help:"csv or jsonl; by default as the file's name ends." enum:",csv,jsonl" default:""`
	Source    string `help:"Name of the source the rows come from: the same row of the same source is known again. Default: the file's name."`
	Zone      string `help:"Zone of moments that name none, such as Europe/London. Without it such rows are refused."`
	Encoding  string `help:"How the text is written when it is not UTF-8, such as windows-1252 or utf-16."`
	Separator string `help:"What divides the values of a CSV file." default:","`
	ProblemBy string `help:"Which rows are the same failure: title, services, none or column:NAME." default:"none"`
	Map       string `help:"Names of columns: ours=theirs,…"`
	Severity  string `help:"What the words for severities mean." placeholder:"critical=SEV1,major=SEV2,minor=SEV3,none=SEV4"`
	DryRun    bool   `help:"Read and check everything, write nothing."`
}

// Run imports the file and prints what became of its rows. It fails when any was refused.
func (c *ImportCommand) Run(ctx context.Context) error {
	meaning, separator, err := c.meaning()
	if err != nil {
		return err
	}
	file, name, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if meaning.Source = c.Source; meaning.Source == "" {
		meaning.Source = name
	}
	rows, err := importer.Open(file, c.format(name), c.Encoding, separator)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return c.with(ctx, func(a *App) error {
		progress := newProgress(os.Stderr, file)
		im := importer.Importer{
			Store: a.store, Keeper: a.words.keeper, Now: clock, DryRun: c.DryRun,
			Progress: progress.show,
			Refused: func(p importer.Problem) {
				progress.clear()
				fmt.Printf("refused: %s\n", p.Error())
			},
		}
		report, err := im.Import(ctx, rows, meaning)
		if err == nil && !c.DryRun {
			_, err = a.store.IndexTexts(ctx)
		}
		progress.clear()
		c.tell(report)
		switch {
		case err != nil:
			return err
		case report.Refused > 0:
			return fmt.Errorf("%s refused; the others are in", counted(report.Refused, "row was", "rows were"))
		}
		return nil
	})
}

func (c *ImportCommand) meaning() (m importer.Meaning, separator rune, err error) {
	m.Now = clock()
	if m.Names, err = importer.ParseMap(c.Map); err != nil {
		return m, 0, err
	}
	if m.Severities, err = importer.ParseSeverities(c.Severity); err != nil {
		return m, 0, err
	}
	if m.Grouping, err = importer.ParseGrouping(c.ProblemBy); err != nil {
		return m, 0, err
	}
	if c.Zone != "" {
		if m.Zone, err = time.LoadLocation(c.Zone); err != nil {
			return m, 0, fmt.Errorf("%q is no time zone; Europe/London is one", c.Zone)
		}
	}
	if c.Separator == `\t` {
		c.Separator = "\t"
	}
	separator, size := utf8.DecodeRuneInString(c.Separator)
	if size != len(c.Separator) || strings.ContainsRune("\"\r\n\uFFFD", separator) {
		return m, 0, fmt.Errorf("%q can't divide values; give one character, such as ; or \\t", c.Separator)
	}
	return m, separator, nil
}

func (c *ImportCommand) open() (*os.File, string, error) {
	if c.File == "-" {
		return os.Stdin, "standard input", nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, "", err
	}
	return file, filepath.Base(c.File), nil
}

func (c *ImportCommand) format(name string) importer.Format {
	switch {
	case c.Format != "":
		return importer.Format(strings.ToLower(c.Format))
	case slices.Contains([]string{".jsonl", ".ndjson"}, strings.ToLower(filepath.Ext(name))):
		return importer.JSONL
	}
	return importer.CSV
}

func (c *ImportCommand) tell(r importer.Report) {
	fmt.Printf("read %d, added %d, unchanged %d, refused %d\n", r.Read, r.Added, r.Unchanged, r.Refused)
	for _, words := range []struct {
		of    string
		words map[string]int
		then  string
	}{
		{"severity", r.SeverityWords, "left unknown; --severity says what a word means"},
		{"status", r.StatusWords, "taken from the moments"},
	} {
		for word, n := range words.words {
			fmt.Printf("%s %q in %s: %s\n", words.of, word, counted(n, "row", "rows"), words.then)
		}
	}
	if len(r.NewServices) > 0 {
		fmt.Printf("new services, which nobody builds or answers for yet: %s\n", strings.Join(r.NewServices, ", "))
	}
	if c.DryRun {
		fmt.Println("dry run: nothing was written")
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// progress is one line on a terminal that says how far the reading is; elsewhere it is silent.
type progress struct {
	to    io.Writer
	file  *os.File
	size  int64
	shown bool
}

func newProgress(to, file *os.File) *progress {
	if !term.IsTerminal(int(to.Fd())) {
		return &progress{}
	}
	p := &progress{to: to, file: file}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		p.size = info.Size()
	}
	return p
}

func (p *progress) show(read int) {
	if p.to == nil {
		return
	}
	share := ""
	if at, err := p.file.Seek(0, io.SeekCurrent); err == nil && p.size > 0 {
		share = fmt.Sprintf(", %d %% of the file", at*100/p.size)
	}
	_, _ = fmt.Fprintf(p.to, "\r\033[K%d rows%s", read, share)
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		_, _ = fmt.Fprint(p.to, "\r\033[K")
		p.shown = false
	}
}
