// Package importer reads incidents from files, and writes tables out to them.
package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Row is one record of a file before anybody has looked at what it says.
type Row struct {
	Line   int               // where it begins, from 1
	Values map[string]string // by the column's name in the file
	Places map[string]Place  // where each value stands
}

// Place is a position in the file, both from 1; Column counts bytes as editors do for plain text.
type Place struct{ Line, Column int }

// Problem says what is wrong with a row, and where.
type Problem struct {
	Line, Column int    // Column 0: the row as a whole
	Field        string // the column's name, when it is about one
	Reason       string
}

// Error is the line as it is printed.
func (p Problem) Error() string {
	where := fmt.Sprintf("line %d", p.Line)
	if p.Column > 0 {
		where += fmt.Sprintf(", column %d", p.Column)
	}
	if p.Field != "" {
		where += " (" + p.Field + ")"
	}
	return where + ": " + p.Reason
}

// Format is how a file is written.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	JSONL Format = "jsonl"
)

// Reader gives the rows of a file one after another.
type Reader interface {
	// Columns are the names in the file's header; nil when the format has none.
	Columns() []string
	// Next gives the next row. A Problem means that this row can't be read and the next one may be; io.EOF is
	// the end; any other error ends the reading.
	Next() (Row, error)
}

// Open begins to read. encoding is empty for UTF-8, or a name such as windows-1252 or utf-16. A byte-order
// mark is no part of the first name. separator is for CSV; 0 is a comma.
func Open(r io.Reader, format Format, encoding string, separator rune) (Reader, error) {
	text, err := decoded(r, encoding)
	if err != nil {
		return nil, err
	}
	if format == JSONL {
		return &jsonLines{r: bufio.NewReaderSize(text, 1<<16)}, nil
	}
	return newCSV(text, separator)
}

// decoded is the file as UTF-8 without a byte-order mark, or the reason why it is not.
func decoded(r io.Reader, encoding string) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	mark, _ := b.Peek(3)
	switch {
	case bytes.HasPrefix(mark, []byte{0xEF, 0xBB, 0xBF}):
		_, _ = b.Discard(3)
		return b, nil
	case encoding == "" && (bytes.HasPrefix(mark, []byte{0xFF, 0xFE}) || bytes.HasPrefix(mark, []byte{0xFE, 0xFF})):
		return nil, errors.New("the file is UTF-16, not UTF-8; say --encoding utf-16, or save it as UTF-8")
	case encoding == "" || strings.EqualFold(encoding, "utf-8"):
		return b, nil
	case strings.EqualFold(encoding, "utf-16"):
		return transform.NewReader(b, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	}
	e, err := htmlindex.Get(encoding)
	if err != nil {
		return nil, fmt.Errorf("there is no encoding %q; windows-1252, iso-8859-15 and utf-16 are such names", encoding)
	}
	return transform.NewReader(b, e.NewDecoder()), nil
}

const notUTF8 = "the text is not UTF-8; if it was written by an older program, say --encoding windows-1252"

type csvFile struct {
	r       *csv.Reader
	raw     *recorder
	columns []string
}

// recorder keeps what was read and is not yet part of a row, so that one row can be looked at again.
type recorder struct {
	r    io.Reader
	kept []byte
	from int64 // offset of kept's first byte
}

func (rec *recorder) Read(b []byte) (int, error) {
	n, err := rec.r.Read(b)
	rec.kept = append(rec.kept, b[:n]...)
	return n, err
}

// take gives the bytes from the last taken to the offset end.
func (rec *recorder) take(end int64) []byte {
	n := end - rec.from
	taken := rec.kept[:n]
	rec.kept, rec.from = rec.kept[n:], end
	return taken
}

func newCSV(r io.Reader, separator rune) (*csvFile, error) {
	raw := &recorder{r: r}
	c := &csvFile{r: csv.NewReader(raw), raw: raw}
	if separator != 0 {
		c.r.Comma = separator
	}
	c.r.FieldsPerRecord = -1 // counted below, to say where
	c.r.ReuseRecord = true
	header, err := c.r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; its first line names the columns")
	case err != nil:
		return nil, fmt.Errorf("the line with the names of the columns can't be read: %w", err)
	}
	seen := map[string]bool{}
	for _, name := range header {
		name = strings.TrimSpace(name)
		if !utf8.ValidString(name) {
			return nil, errors.New(notUTF8)
		}
		if seen[name] {
			return nil, fmt.Errorf("the column %q stands twice", name)
		}
		seen[name] = true
		c.columns = append(c.columns, name)
	}
	c.raw.take(c.r.InputOffset())
	return c, nil
}

func (c *csvFile) Columns() []string { return c.columns }

// again reads a row once more in which a quotation mark stands inside a value that has none around it, as in 24° 12"
// north: what is meant is plain.
func (c *csvFile) again(text []byte) ([]string, error) {
	lenient := csv.NewReader(bytes.NewReader(text))
	lenient.Comma, lenient.LazyQuotes, lenient.FieldsPerRecord = c.r.Comma, true, len(c.columns)
	return lenient.Read()
}

func (c *csvFile) Next() (Row, error) {
	record, err := c.r.Read()
	text := c.raw.take(c.r.InputOffset())
	var broken *csv.ParseError
	if errors.As(err, &broken) && errors.Is(broken.Err, csv.ErrBareQuote) && broken.Line == broken.StartLine {
		if again, err := c.again(text); err == nil {
			row := Row{Line: broken.Line, Values: map[string]string{}, Places: map[string]Place{}}
			for n, value := range again {
				row.Values[c.columns[n]], row.Places[c.columns[n]] = value, Place{Line: broken.Line}
			}
			return row, nil
		}
	}
	switch {
	case errors.As(err, &broken):
		p := Problem{Line: broken.StartLine, Column: broken.Column, Reason: reasonOf(broken)}
		if broken.Line != broken.StartLine { // the column is one of another line
			p.Column, p.Reason = 0, fmt.Sprintf("%s (it was noticed on line %d)", p.Reason, broken.Line)
		}
		return Row{}, p
	case err != nil:
		return Row{}, err
	}
	line, _ := c.r.FieldPos(0)
	if len(record) != len(c.columns) {
		_, col := c.r.FieldPos(len(record) - 1)
		return Row{}, Problem{
			Line: line, Column: col,
			Reason: fmt.Sprintf("the row has %d values, the first line names %d columns", len(record), len(c.columns)),
		}
	}
	row := Row{Line: line, Values: make(map[string]string, len(record)), Places: make(map[string]Place, len(record))}
	for n, value := range record {
		l, col := c.r.FieldPos(n)
		if !utf8.ValidString(value) {
			return Row{}, Problem{Line: l, Column: col, Field: c.columns[n], Reason: notUTF8}
		}
		row.Values[c.columns[n]], row.Places[c.columns[n]] = value, Place{Line: l, Column: col}
	}
	return row, nil
}

func reasonOf(e *csv.ParseError) string {
	switch {
	case errors.Is(e.Err, csv.ErrBareQuote):
		return `a quotation mark stands inside a value that does not begin with one; put the value in quotation marks and double those inside`
	case errors.Is(e.Err, csv.ErrQuote):
		return `a value in quotation marks does not end where it should; quotation marks inside are doubled`
	}
	return e.Err.Error()
}

// maxLine bounds one record of JSON Lines.
const maxLine = 4 << 20

type jsonLines struct {
	r    *bufio.Reader
	line int
}

func (j *jsonLines) Columns() []string { return nil }

func (j *jsonLines) Next() (Row, error) {
	for {
		text, err := j.readLine()
		if err != nil {
			return Row{}, err
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		return j.row(text)
	}
}

func (j *jsonLines) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := j.r.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		j.line++
		if len(line) > maxLine {
			return nil, Problem{Line: j.line, Reason: fmt.Sprintf("the line is longer than %d MiB", maxLine>>20)}
		}
		return line, nil
	}
}

// row reads one object: texts as they are, numbers and booleans as written, null as empty, lists of texts joined by ";".
func (j *jsonLines) row(text []byte) (Row, error) {
	if !utf8.Valid(text) {
		return Row{}, Problem{Line: j.line, Reason: notUTF8}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		column := 1
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			column = int(syntax.Offset)
		}
		return Row{}, Problem{Line: j.line, Column: column, Reason: "the line is no JSON object: " + err.Error()}
	}
	row := Row{Line: j.line, Values: map[string]string{}, Places: map[string]Place{}}
	for name, raw := range object {
		value, ok := plain(raw)
		if !ok {
			continue // nested values hold nothing that an incident has
		}
		row.Values[name] = value
		if at := bytes.Index(text, []byte(`"`+name+`"`)); at >= 0 {
			row.Places[name] = Place{Line: j.line, Column: at + 1}
		}
	}
	return row, nil
}

func plain(raw json.RawMessage) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		return s, json.Unmarshal(raw, &s) == nil
	case '[':
		var list []string
		if json.Unmarshal(raw, &list) != nil {
			return "", false
		}
		return strings.Join(list, ";"), true
	case '{':
		return "", false
	case 'n':
		return "", true
	}
	return string(raw), true
}
