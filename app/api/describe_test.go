package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"upshot/app/api"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is where the description lies for those who read it without a server.
const golden = "../../docs/openapi.json"

func TestTheDescriptionIsTheOneThatIsPublished(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := json.Indent(&got, (&api.API{}).Describe(echo.New()), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("docs/openapi.json is not what the server says. When the change is meant: go test ./app/api -update")
	}
}

func TestTheDescriptionIsWhole(t *testing.T) {
	t.Parallel()
	var spec struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Summary, Description string
			Tags                 []string
		}
	}
	text := (&api.API{}).Describe(echo.New())
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(spec.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", spec.OpenAPI)
	}
	if strings.Contains(string(text), "$schema") {
		t.Error("bodies have no $schema member")
	}
	n := 0
	for path, methods := range spec.Paths {
		for method, op := range methods {
			n++
			if op.Summary == "" || len(op.Tags) == 0 || !strings.Contains(op.Description, "role") {
				t.Errorf("%s %s: no summary, tag or role", method, path)
			}
		}
	}
	if n != len(api.Routes()) {
		t.Errorf("described are %d addresses, listed %d", n, len(api.Routes()))
	}
}
