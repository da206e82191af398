package testneed

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared gives a folder of the real inputs that lie beside the project, in ../shared/data, such as "webhooks". They are no part of it.
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
		lacks(t, "../shared/data/"+folder+" is missing: not tried with real inputs")
	}
	return path
}
