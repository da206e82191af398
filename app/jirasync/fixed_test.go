package jirasync

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestFixedValueAndBack(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind, typed string
		flavour     Flavour
		want        string
	}{
		"text":                    {"text", " as it is ", Cloud, `"as it is"`},
		"an option":               {"option", "10001", Cloud, `{"id":"10001"}`},
		"options":                 {"options", "10001", Cloud, `[{"id":"10001"}]`},
		"a number":                {"number", "2.5", Cloud, `2.5`},
		"words":                   {"words", "a  b", Cloud, `["a","b"]`},
		"a date":                  {"date", "2026-03-02", Cloud, `"2026-03-02"`},
		"somebody on Cloud":       {"user", "5b10", Cloud, `{"accountId":"5b10"}`},
		"somebody on Data Center": {"user", "ada", DataCenter, `{"name":"ada"}`},
		"JSON":                    {"other", `{"a":[1]}`, Cloud, `{"a":[1]}`},
		"nothing typed":           {"text", " ", Cloud, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := FixedValue(c.kind, c.typed, c.flavour)
			if err != nil || string(got) != c.want {
				t.Fatalf("got %s, %v", got, err)
			}
			if back := TypedValue(c.kind, got); strings.Join(strings.Fields(back), " ") != strings.Join(strings.Fields(c.typed), " ") {
				t.Errorf("typed %q, and back %q", c.typed, back)
			}
		})
	}
	for kind, typed := range map[string]string{"number": "two", "other": "{"} {
		if _, err := FixedValue(kind, typed, Cloud); err == nil {
			t.Errorf("%q is taken as %s", typed, kind)
		}
	}
	for _, typed := range []string{"NaN", "inf", "-Infinity", "1e999"} {
		if v, err := FixedValue("number", typed, Cloud); err == nil || err.Error() != fmt.Sprintf("%q is no number", typed) {
			t.Errorf("%q is taken as %s, %v", typed, v, err)
		}
	}
	for _, kind := range []string{"option", "options", "words", "text", "number", "user", "other"} {
		_ = TypedValue(kind, json.RawMessage(`[`)) // whatever lies in the database, it does not panic
	}
}
