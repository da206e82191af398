package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// says runs a command and gives its exit code and what it printed. Commands print to the process's own output, so
// these tests are not parallel.
func says(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	read := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, r)
		read <- b.String()
	}()
	code = run(t.Context(), args)
	os.Stdout, os.Stderr = stdout, stderr
	_ = w.Close()
	return code, <-read
}

func TestTheCommandLine(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("UPSHOT_DATABASE", filepath.Join(folder, "upshot.db"))
	t.Setenv("UPSHOT_LOG", "error")
	file := filepath.Join(folder, "history.csv")
	if err := os.WriteFile(file, []byte("external_id,title,service,started_at\n1,Stalls,Checkout,2026-06-01T10:00:00Z\n2,No start,Checkout,\n3,=1+1,Checkout,2026-06-02T10:00:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		does string
		args []string
		code int
		says []string
	}{
		{"a new database is migrated", []string{"migrate"}, 0, []string{"up to date"}},
		{"a refused row is named, and the others go in", []string{"import", file}, 1, []string{"refused: line 3, column 21 (started_at)", "read 3, added 2, unchanged 0, refused 1"}},
		{"again changes nothing", []string{"import", file}, 1, []string{"read 3, added 0, unchanged 2, refused 1"}},
		{"another file is another source", []string{"import", file, "--source", "other", "--dry-run"}, 1, []string{"added 2", "nothing was written"}},
		{"a mapping that maps nothing", []string{"import", file, "--map", "nonsense"}, 1, []string{`"nonsense" does not map`}},
		{"a zone that is none", []string{"import", file, "--zone", "Atlantis"}, 1, []string{`"Atlantis" is no time zone`}},
		{"a file that is not there", []string{"import", file + "x"}, 1, []string{"no such file"}},
		{"an export is safe to open in a spreadsheet", []string{"export", "incidents.csv"}, 0, []string{"Stalls", "'=1+1"}},
		{"an export that does not exist", []string{"export", "secrets.csv"}, 1, []string{"There is no such export"}},
		{"a letter is shown", []string{"digest", "--week", "2026-W10"}, 0, []string{"Subject: Upshot week 10: nothing to decide (every team)", "Stop this letter"}},
		{"a letter of no team", []string{"digest", "--team", "nobody"}, 1, []string{"There is no such team"}},
		{"a week that is none", []string{"digest", "--week", "47"}, 1, []string{`"47" is no week`}},
		{"a letter without a mail server", []string{"digest", "--week", "2026-W10", "--send"}, 1, []string{"No mail server is set"}},
		{"a person gets a one-time link", []string{"user", "add", "--role", "admin", "ada"}, 0, []string{"ada is added as admin", "/setup?token="}},
		{"a name is taken once", []string{"user", "add", "Ada"}, 1, []string{"name: Somebody is called ada already."}},
		{"a token is printed", []string{"token", "add", "--role", "editor", "ci"}, 0, []string{"ups_"}},
		{"a role that is none", []string{"token", "add", "--role", "king", "ci"}, 2, []string{"--role"}},
		{"a command that is none", []string{"fly"}, 2, []string{"fly"}},
		{"the version", []string{"version"}, 0, []string{"upshot"}},
		{"nobody answers there", []string{"health", "--url", "http://127.0.0.1:1/readyz"}, 1, []string{"upshot:"}},
	} {
		code, out := says(t, step.args...)
		if code != step.code {
			t.Errorf("%s: %v exits with %d, want %d; it says %q", step.does, step.args, code, step.code, out)
		}
		for _, want := range step.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %v says %q, want %q in it", step.does, step.args, out, want)
			}
		}
	}
}
