// Package testneed says what a test needs that a machine may lack: without it the test is skipped, with the reason,
// unless UPSHOT_TEST_REQUIRE=all makes that a failure.
package testneed

import (
	"os"
	"os/exec"
	"testing"
)

// Postgres gives TEST_POSTGRES_DSN, the address of a PostgreSQL whose user may create databases.
func Postgres(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("TEST_POSTGRES_DSN")
	if dsn == "" {
		lacks(t, "TEST_POSTGRES_DSN is not set: not tried on PostgreSQL")
	}
	return dsn
}

// Chromium gives the path of a browser: TEST_CHROMIUM, or one of the usual names.
func Chromium(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("TEST_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	lacks(t, "no Chromium found: not tried in a browser")
	return ""
}

// Axe gives the source of axe-core, which UPSHOT_AXE names: "npm pack axe-core" has it as axe.min.js.
func Axe(t testing.TB) string {
	t.Helper()
	path := os.Getenv("UPSHOT_AXE")
	if path == "" {
		lacks(t, "UPSHOT_AXE is not set: pages not tried with axe-core")
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("UPSHOT_AXE: %v", err)
	}
	return string(source)
}

// Alertmanager gives the path of Prometheus's Alertmanager, under its own name or Debian's.
func Alertmanager(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"prometheus-alertmanager", "alertmanager"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	lacks(t, "no Alertmanager found: not tried with a real one")
	return ""
}

func lacks(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("UPSHOT_TEST_REQUIRE") == "all" {
		t.Fatalf("UPSHOT_TEST_REQUIRE=all: %s", reason)
	}
	t.Skip(reason)
}

// Conformance gives the program that holds calls against Jira's own documents, and the folder of these, or skips. They are no
// part of the project, so a machine may lack them even where everything else is required.
func Conformance(t testing.TB) (program, spec string) {
	t.Helper()
	program, spec = os.Getenv("UPSHOT_JIRA_CONFORMANCE"), os.Getenv("UPSHOT_JIRA_SPEC")
	if program == "" || spec == "" {
		t.Skip("UPSHOT_JIRA_CONFORMANCE and UPSHOT_JIRA_SPEC name no checker of calls to Jira, and no documents for it")
	}
	return program, spec
}
