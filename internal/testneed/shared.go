package testneed

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared gives a folder of the real inputs that lie beside the project on some machines, in ../shared/data, such as "webhooks", or skips. Their
// licences keep them out of the project, and nobody can install them: so a machine may lack them even where everything else is required.
func Shared(t testing.TB, folder string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("the project's folder was not found")
		}
		dir = up
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", folder)
	if _, err := os.Stat(path); err != nil {
		t.Skip("../shared/data/" + folder + " does not lie beside the project: not tried with real inputs")
	}
	return path
}
