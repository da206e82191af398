package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

// jsonFormat reads and writes bodies.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if err := json.Unmarshal(data, v); err != nil {
			return err
		}
		if parsed, ok := v.(*any); ok && bytes.Contains(data, []byte(`\u0000`)) && holdsNUL(*parsed) {
			return errors.New(`the character \u0000 can't be kept`)
		}
		return nil
	},
}

// holdsNUL tells whether a text somewhere in v holds the character NUL, which PostgreSQL does not keep.
func holdsNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		for _, item := range v {
			if holdsNUL(item) {
				return true
			}
		}
	case map[string]any:
		for name, item := range v {
			if strings.ContainsRune(name, 0) || holdsNUL(item) {
				return true
			}
		}
	}
	return false
}

// schemaName names a schema by its type: incidentJSON is Incident.
func schemaName(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "JSON", "")
}

// given is a member of a body that may be left out (it stays as it is), null (unknown or empty) or have a value.
type given[T any] struct {
	Set   bool
	Value T // the zero value for null
}

// UnmarshalJSON is called only for members that are there.
func (g *given[T]) UnmarshalJSON(data []byte) error {
	g.Set = true
	if string(data) == "null" {
		return nil
	}
	return json.Unmarshal(data, &g.Value)
}

// Schema is that of the value, or null.
func (given[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref == "" {
		s.Nullable = true
	}
	return s
}

// into puts what was given where it belongs.
func (g given[T]) into(at *T) {
	if g.Set {
		*at = g.Value
	}
}

// intoWord is into for words from closed lists; null becomes the word for unknown.
func intoWord[W ~string](g given[string], at *W, unknown W) {
	switch {
	case g.Set && g.Value == "":
		*at = unknown
	case g.Set:
		*at = W(g.Value)
	}
}

// known is a moment, or nil when nobody knows it.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// orNull is nil for what is empty or zero.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// ref is a reference such as INC-42, or nil for 0.
func ref[ID interface {
	~int64
	String() string
}](id ID) *string {
	if id == 0 {
		return nil
	}
	s := id.String()
	return &s
}

func refs[ID fmt.Stringer](ids []ID) []string {
	all := make([]string, len(ids))
	for n, id := range ids {
		all[n] = id.String()
	}
	return all
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// incidentIDs reads references; name is the member they stand in.
func incidentIDs(name string, refs []string) ([]incident.ID, error) {
	ids := make([]incident.ID, len(refs))
	var c fault.Check
	for n, r := range refs {
		id, err := incident.ParseID(r)
		c.That(err == nil, fmt.Sprintf("%s[%d]", name, n), "Write a reference such as INC-42.")
		ids[n] = id
	}
	return ids, c.Err()
}

// incidentID reads one reference in a body.
func incidentID(name, ref string) (incident.ID, error) {
	id, err := incident.ParseID(ref)
	var c fault.Check
	c.That(err == nil, name, "Write a reference such as INC-42.")
	return id, c.Err()
}

// problemID reads the reference of a problem in a body or query; empty is 0.
func problemID(ref string) (problem.ID, error) {
	if ref == "" {
		return 0, nil
	}
	id, err := problem.ParseID(ref)
	var c fault.Check
	c.That(err == nil, "problem", "Write a reference such as PRB-7.")
	return id, c.Err()
}

// PageQuery is how every list is paged.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at once."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"The next of the page before."`
}

func (q PageQuery) request() listing.Request {
	return listing.Request{Limit: q.Limit, Cursor: q.Cursor}
}

type listJSON[T any] struct {
	Items     []T    `json:"items" nullable:"false"`
	Next      string `json:"next" doc:"The cursor of the page after; empty on the last."`
	Total     int    `json:"total"`
	Estimated bool   `json:"total_is_estimate,omitempty" doc:"True when there are more than 10,000 and the total is not exact."`
}

type list[T any] struct{ Body listJSON[T] }

// listed is a page of a list as JSON.
func listed[T, J any](p listing.Page[T], as func(T) J) *list[J] {
	l := &list[J]{Body: listJSON[J]{Items: make([]J, len(p.Items)), Next: p.Next, Total: p.Total, Estimated: p.Estimated}}
	for n, item := range p.Items {
		l.Body.Items[n] = as(item)
	}
	return l
}

// whole is a list that is never longer than a page.
func whole[T, J any](items []T, as func(T) J) *list[J] {
	return listed(listing.Page[T]{Items: items, Total: len(items)}, as)
}

// one is the answer about one thing.
type one[T any] struct {
	Status          int
	ETag            string `header:"ETag"`
	Location        string `header:"Location"`
	ContentLocation string `header:"Content-Location"`
	Body            T
}

// shown is the answer to a GET: 304 when the sender has it already.
func shown[T any](c Conditional, version int64, body T) (*one[T], error) {
	o, err := tagged(http.StatusOK, version, body)
	if err == nil && fits(c.IfNoneMatch, func(tag string) bool { return tag == o.ETag }) {
		o.Status = http.StatusNotModified
	}
	return o, err
}

// changed is the answer to a PATCH or a step.
func changed[T any](version int64, body T) (*one[T], error) {
	return tagged(http.StatusOK, version, body)
}

// created is the answer to a POST that made something; path is where it is from now on.
func created[T any](path string, version int64, body T) (*one[T], error) {
	o, err := tagged(http.StatusCreated, version, body)
	if err == nil {
		o.Location = Prefix + path
	}
	return o, err
}

// tagged gives the answer its ETag: the version, by which If-Match decides, and a hash of the body, since what is kept
// about a thing changes without its version.
func tagged[T any](status int, version int64, body T) (*one[T], error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return &one[T]{Status: status, ETag: fmt.Sprintf(`"%d-%s"`, version, hex.EncodeToString(sum[:6])), Body: body}, nil
}

// Conditional is a GET that may be answered by 304.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag from before: when nothing changed the answer is 304."`
}

// Guarded is a PATCH that may be answered by 412.
type Guarded struct {
	IfMatch string `header:"If-Match" doc:"The ETag of the GET: when it was changed meanwhile the answer is 412."`
}

// stale is the 412.
func stale() error {
	return wrong(http.StatusPreconditionFailed, "It was changed meanwhile. Get it again, then repeat your change.")
}

// version is the version to insist on: the current one when If-Match names it, 0 without If-Match.
func (g Guarded) version(current int64) (int64, error) {
	if g.IfMatch == "" {
		return 0, nil
	}
	if g.IfMatch == "*" {
		return current, nil
	}
	if fits(g.IfMatch, func(tag string) bool {
		number, _, _ := strings.Cut(strings.Trim(tag, `"`), "-")
		return number == strconv.FormatInt(current, 10)
	}) {
		return current, nil
	}
	return 0, stale()
}

// fits tells whether one of the ETags of a header is right. Proxies that compress make them weak; that does not matter here.
func fits(header string, right func(tag string) bool) bool {
	if header == "*" {
		return true
	}
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag != "" && right(tag) {
			return true
		}
	}
	return false
}

// moment reads from and to of a query: a moment, or a day, which begins at midnight UTC. Empty is no bound.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	var c fault.Check
	c.That(err == nil, name, "Write a moment such as 2026-11-03T09:30:00Z, or a day such as 2026-11-03.")
	return at.UTC(), c.Err()
}

// between reads both bounds.
func between(from, to string) (time.Time, time.Time, error) {
	var c fault.Check
	begin, err := moment("from", from)
	c.Add(err)
	end, err := moment("to", to)
	c.Add(err)
	return begin, end, c.Err()
}
