package importer

import (
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
)

// readAll gives the rows and what was wrong with others.
func readAll(t *testing.T, text string, format Format, encoding string) (rows []Row, wrong []Problem) {
	t.Helper()
	r, err := Open(strings.NewReader(text), format, encoding, 0)
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := r.Next()
		var p Problem
		switch {
		case errors.Is(err, io.EOF):
			return rows, wrong
		case errors.As(err, &p):
			wrong = append(wrong, p)
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row)
		}
	}
}

func TestRowsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	type values = map[string]string
	for name, c := range map[string]struct {
		text     string
		format   Format
		encoding string
		want     []values
	}{
		"commas in quotes":             {"a,b\n1,\"x, y\"\n", CSV, "", []values{{"a": "1", "b": "x, y"}}},
		"doubled quotes":               {"a,b\n1,\"say \"\"hi\"\"\"\n", CSV, "", []values{{"a": "1", "b": `say "hi"`}}},
		"lines in quotes":              {"a,b\n1,\"x\ny\"\n", CSV, "", []values{{"a": "1", "b": "x\ny"}}},
		"CRLF":                         {"a,b\r\n1,2\r\n", CSV, "", []values{{"a": "1", "b": "2"}}},
		"empty values":                 {"a,b\n,\"\"\n", CSV, "", []values{{"a": "", "b": ""}}},
		"a byte-order mark":            {"\ufeffa,b\n1,2\n", CSV, "", []values{{"a": "1", "b": "2"}}},
		"a quote in a plain value":     {"a,b\n24° 12\",2\n3,4\n", CSV, "", []values{{"a": "24° 12\"", "b": "2"}, {"a": "3", "b": "4"}}},
		"other letters":                {"a,b\n€,ʤ\n", CSV, "", []values{{"a": "€", "b": "ʤ"}}},
		"no line end at the end":       {"a,b\n1,2", CSV, "", []values{{"a": "1", "b": "2"}}},
		"windows-1252 when it is said": {"a,b\n1,caf\xe9\n", CSV, "windows-1252", []values{{"a": "1", "b": "café"}}},
		"UTF-16 when it is said":       {"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", CSV, "utf-16", []values{{"a": "1", "b": "2"}}},
		"JSON lines":                   {"{\"a\":\"1\",\"b\":[\"x\",\"y\"],\"c\":null,\"d\":7,\"e\":{\"f\":1}}\n\n", JSONL, "", []values{{"a": "1", "b": "x;y", "c": "", "d": "7"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, wrong := readAll(t, c.text, c.format, c.encoding)
			if len(wrong) > 0 || len(rows) != len(c.want) {
				t.Fatalf("read %d rows, %v wrong; want %d rows", len(rows), wrong, len(c.want))
			}
			for n := range rows {
				if !maps.Equal(rows[n].Values, c.want[n]) {
					t.Errorf("row %d says %v, want %v", n, rows[n].Values, c.want[n])
				}
			}
		})
	}
}

func TestBrokenRowsAreNamedByLineAndColumnAndOthersGoOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		format Format
		want   string // of the only problem
		rows   int
	}{
		"too few values":                 {"a,b,c\n1,2\n3,4,5\n", CSV, "line 2, column 3: the row has 2 values, the first line names 3 columns", 1},
		"too many values":                {"a,b\n1,2\n3,4,5\n", CSV, "line 3, column 5: the row has 3 values, the first line names 2 columns", 1},
		"a quote in a value of too many": {"a,b\n1,x\"y,2\n3,4\n", CSV, "line 2, column 4: a quotation mark stands inside a value that does not begin with one; put the value in quotation marks and double those inside", 1},
		"an open quote":                  {"a,b\n1,2\n3,\"4\n", CSV, "line 3, column 6: a value in quotation marks does not end where it should; quotation marks inside are doubled", 1},
		"other encoding":                 {"a,b\n1,caf\xe9\n3,4\n", CSV, "line 2, column 3 (b): " + notUTF8, 1},
		"no JSON":                        {"{\"a\":1}\n{\"a\":}\n", JSONL, "line 2, column 6: the line is no JSON object: invalid character '}' looking for beginning of value", 1},
		"JSON, but no object":            {"[1]\n{\"a\":\"1\"}\n", JSONL, "line 1, column 1: the line is no JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, wrong := readAll(t, c.text, c.format, "")
			if len(wrong) != 1 || wrong[0].Error() != c.want {
				t.Errorf("said %q, want %q", wrong, c.want)
			}
			if len(rows) != c.rows {
				t.Errorf("read %d rows, want %d", len(rows), c.rows)
			}
		})
	}
}

func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, encoding, want string }{
		"nothing":           {"", "", "the file is empty"},
		"UTF-16":            {"\xff\xfea\x00", "", "--encoding utf-16"},
		"a column twice":    {"a,a\n", "", `the column "a" stands twice`},
		"unknown encoding":  {"a\n", "klingon", `there is no encoding "klingon"`},
		"a header in latin": {"caf\xe9\n", "", "--encoding windows-1252"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Open(strings.NewReader(c.text), CSV, c.encoding, 0); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("said %v, want something with %q", err, c.want)
			}
		})
	}
}

func FuzzRows(f *testing.F) {
	f.Add("a,b\n1,\"2\n", true)
	f.Add("{\"title\":\"x\"}\n{", false)
	f.Fuzz(func(t *testing.T, text string, asCSV bool) {
		format := JSONL
		if asCSV {
			format = CSV
		}
		r, err := Open(strings.NewReader(text), format, "", 0)
		if err != nil {
			return
		}
		m := Meaning{Source: "fuzz", Severities: DefaultSeverities(), Grouping: Grouping{By: "title"}}
		for range 10_000 {
			row, err := r.Next()
			var p Problem
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &p):
				if p.Line < 1 {
					t.Fatalf("a problem without a line: %v", p)
				}
			case err != nil:
				t.Fatal(err)
			default:
				_, _ = m.Read(row)
			}
		}
	})
}
