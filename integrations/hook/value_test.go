package hook

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestAt(t *testing.T) {
	t.Parallel()
	body := Value(`{"a": {"b": [1, "two", {"c": true}], "d/e": "slash", "f~": 1.50, "": "nameless"}, "null": null, "\u00e9": "letter", "text": "  a \u0000b "}`)
	if !json.Valid(body) {
		t.Fatal("the test's own body is broken")
	}
	cases := map[string]struct {
		path string
		want string
	}{
		"a number in a list":            {"a b 0", "1"},
		"a text in a list":              {"a b 1", "two"},
		"true and false are texts":      {"a b 2 c", "true"},
		"a number as it is written":     {"a f~", "1.50"},
		"a name with a slash":           {"a d/e", "slash"},
		"a name that is written oddly":  {"é", "letter"},
		"an empty name":                 {"a ", "nameless"},
		"blanks and NUL are left out":   {"text", "a b"},
		"null is nothing":               {"null", ""},
		"nor is anything inside it":     {"null a", ""},
		"past the end of a list":        {"a b 3", ""},
		"the end of a list is no place": {"a b -", ""},
		"a place with a zero before":    {"a b 01", ""},
		"a name in a list":              {"a b c", ""},
		"a name in a text":              {"text a", ""},
		"an object is no text":          {"a", ""},
		"a list is no text":             {"a b", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := body.At(strings.Split(c.path, " ")...).Text(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	var into struct{ L List[struct{ A Text }] }
	long := `{"L": [{"A": "first"}` + strings.Repeat(`, 5`, Most) + "]}"
	if err := Decode([]byte(long), &into); err != nil || len(into.L.All) != Most || into.L.More != 1 || into.L.All[0].A != "first" {
		t.Errorf("%d elements, %d more, %v", len(into.L.All), into.L.More, err)
	}
	if err := Decode([]byte(`{"L": {"A": 1}}`), &into); err != nil || len(into.L.All) != 0 {
		t.Errorf("an object is no list: %d elements, %v", len(into.L.All), err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":        "The body is no JSON: unexpected end of JSON input.",
		`{"a": `:  "The body is no JSON: unexpected end of JSON input.",
		"[]":      "The body is no JSON object.",
		`"text"`:  "The body is no JSON object.",
		"null":    "The body is no JSON object.",
		`{} {}`:   "The body is no JSON: invalid character '{' after top-level value.",
		"<html/>": "The body is no JSON: invalid character '<' looking for beginning of value.",
	} {
		if err := Decode([]byte(body), &struct{}{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzValue holds the way through a body against encoding/json's.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"c\"]"}],"d":{}}`, `[]`, `{"a"`, `{"\\":[`, `"`, `["\u0041"]`, "", `{"":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v := Value(body)
		for range v.Elements() { // never panics, whatever the body
		}
		for name := range v.Members() {
			v.At(name, "0")
		}
		var list []json.RawMessage
		if json.Unmarshal(body, &list) == nil {
			got := slices.Collect(v.Elements())
			if !slices.EqualFunc(list, got, func(a json.RawMessage, b Value) bool { return string(a) == string(b) }) {
				t.Fatalf("%q, want %q", got, list)
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) == nil {
			n := 0
			for range v.Members() {
				n++
			}
			if n < len(object) {
				t.Fatalf("%d members, want %d", n, len(object))
			}
		}
	})
}
