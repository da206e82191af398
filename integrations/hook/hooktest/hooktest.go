// Package hooktest tells in words what a reader of events made of a body, and tries readers with bodies that nobody sends.
package hooktest

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"upshot/app/intake"
	"upshot/integrations/hook"
	"upshot/internal/testneed"
)

// Body gives a real body, such as "pagerduty/incident.triggered.json".
func Body(t testing.TB, name string) string {
	t.Helper()
	return string(file(t, name))
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(testneed.Shared(t, "webhooks"), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Read reads a body and tells in words what became of it.
func Read(m intake.Maker, body string) string { return ReadAs(m, nil, intake.Mapping{}, body) }

// ReadAs does so with headers and a mapping.
func ReadAs(m intake.Maker, h intake.Headers, by intake.Mapping, body string) string {
	p, err := m.Read(h, []byte(body), by)
	return Tell(p, err)
}

// Tell tells in words what is in a parcel, a line for each thing. A moment that is not named is "now".
func Tell(p intake.Parcel, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var lines []string
	for _, s := range p.Signals {
		lines = append(lines, tellSignal(s))
	}
	for _, d := range p.Deployments {
		lines = append(lines, tellDeployed(d))
	}
	for _, t := range p.Tickets {
		lines = append(lines, strings.TrimSpace("ticket "+t.Key+" "+t.URL))
	}
	if p.Ignored != "" {
		lines = append(lines, "ignored: "+p.Ignored)
	}
	return strings.Join(lines, "\n")
}

func tellSignal(s intake.Signal) string {
	said := []string{s.Key}
	if s.Group != "" && s.Group != s.Key {
		said[0] += ", failure " + s.Group
	}
	var marks []string
	for _, m := range s.Marks {
		marks = append(marks, strings.Join(strings.Fields(string(m.Kind)+" "+m.Member+" "+moment(m.At)), " "))
	}
	said = append(said, strings.Join(marks, ", "), s.Look.Title)
	tell := func(name, value string) {
		if value != "" {
			said = append(said, name+" "+value)
		}
	}
	tell("services", strings.Join(s.Look.Services, "+"))
	tell("severity", s.Look.Severity)
	tell("kind", string(s.Look.Kind))
	tell("by", string(s.Look.DetectedBy))
	tell("merged into", s.MergedInto)
	for _, note := range s.Look.Notes {
		tell("note", note.Body)
	}
	return strings.Join(said, " | ")
}

func tellDeployed(d intake.Deployed) string {
	outcome := string(d.Outcome)
	if outcome == "" {
		outcome = "goes on"
	}
	return fmt.Sprintf("%s | %s %s to %s | %s | from %s to %s", d.ID, strings.Join(d.Services, "+"), d.Version, d.Environment, outcome,
		moment(d.StartedAt), moment(d.FinishedAt))
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "now"
	}
	return at.Format(time.RFC3339Nano)
}

// Vectors tries the published signatures of a kind of source.
func Vectors(t *testing.T, m intake.Maker) {
	t.Helper()
	var all []struct {
		Source, Name, Secret string
		Headers              map[string]string
		Body                 []byte `json:"body_base64"`
		Now                  int64  `json:"now_unix"`
		Accept               bool
	}
	if err := json.Unmarshal(file(t, "signature_vectors_published.json"), &all); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, v := range all {
		if v.Source != string(m.Kind) {
			continue
		}
		tried++
		now := time.Now()
		if v.Now != 0 {
			now = time.Unix(v.Now, 0)
		}
		h := Headers(v.Headers)
		for name, c := range map[string]struct {
			headers intake.Headers
			body    []byte
			secrets []string
			want    bool
		}{
			"as published":                {h, v.Body, []string{v.Secret}, v.Accept},
			"while the secret is changed": {h, v.Body, []string{"the new one", v.Secret}, v.Accept},
			"another secret":              {h, v.Body, []string{"another"}, false},
			"another body":                {h, append(slices.Clip(v.Body), ' '), []string{v.Secret}, false},
			"an empty secret":             {h, v.Body, []string{""}, false},
			"no secrets":                  {h, v.Body, nil, false},
			"no headers":                  {nil, v.Body, []string{v.Secret}, false},
		} {
			if got := m.Verify(c.headers, c.body, c.secrets, now); got != c.want {
				t.Errorf("%s, %s: good is %v", v.Name, name, got)
			}
		}
	}
	if tried == 0 {
		t.Error("there is no published signature")
	}
}

// Headers are headers by names in any case.
func Headers(all map[string]string) intake.Headers {
	h := intake.Headers{}
	for name, value := range all {
		h[strings.ToLower(name)] = value
	}
	return h
}

// Check holds a parcel against what every reader promises.
func Check(t testing.TB, p intake.Parcel, err error) {
	t.Helper()
	things := len(p.Signals) + len(p.Deployments) + len(p.Tickets)
	c := check{t}
	if err != nil {
		c.text("the error", err.Error(), 2_000)
		c.that(things == 0 && p.Ignored == "", "with an error there is something else")
		return
	}
	c.text("why it is ignored", p.Ignored, 1_000)
	c.that((p.Ignored == "") != (things == 0), "something happened, or a sentence says why nothing did")
	for _, s := range p.Signals {
		c.that(s.Key != "", "a signal has no key")
		c.text("key", s.Key, anyLength)
		c.text("group", s.Group, anyLength)
		c.text("title", s.Look.Title, hook.MostTitle)
		c.text("summary", s.Look.Summary, hook.MostSummary)
		c.moments(s.At)
		c.labels(s.Look.Labels)
		c.that(len(s.Marks) <= 4*hook.Most, "there are %d marks", len(s.Marks))
		for _, m := range s.Marks {
			c.text("member", m.Member, anyLength)
			c.moments(m.At)
		}
		for _, name := range s.Look.Services {
			c.text("service", name, 1_000)
		}
		for _, note := range s.Look.Notes {
			c.that(note.ID != "", "a note has no name")
			c.text("note", note.Body, hook.MostSummary)
		}
	}
	for _, d := range p.Deployments {
		c.that(d.ID != "", "a deployment has no name")
		c.text("version", d.Version, 200)
		c.text("environment", d.Environment, 100)
		c.labels(d.Labels)
		c.moments(d.StartedAt, d.FinishedAt, d.At)
	}
}

const anyLength = 1 << 30

type check struct{ testing.TB }

func (c check) that(ok bool, format string, args ...any) {
	c.Helper()
	if !ok {
		c.Fatalf(format, args...)
	}
}

func (c check) text(what, s string, most int) {
	c.Helper()
	c.that(utf8.ValidString(s) && !strings.ContainsRune(s, 0), "%s is no text: %q", what, s)
	c.that(len(s) <= most, "%s has %d bytes", what, len(s))
}

func (c check) labels(all map[string]string) {
	c.Helper()
	c.that(len(all) <= 100, "there are %d labels", len(all))
	for name, value := range all {
		c.text("the name of a label", name, 200)
		c.text("a label", value, 1_000)
		c.that(strings.ToLower(name) == name, "%q is not in lower case", name)
	}
}

func (c check) moments(all ...time.Time) {
	c.Helper()
	for _, at := range all {
		c.that(at.IsZero() || at.Year() >= 1990 && at.Location() == time.UTC, "%v is no moment", at)
	}
}

// Fuzz tries a reader with bodies like the seeds. Headers are those that a delivery of this kind has.
func Fuzz(f *testing.F, m intake.Maker, h intake.Headers, seeds ...string) {
	f.Helper()
	seeds = append(seeds, m.Example, "", "null", "[]", "{}", "[{}]", `"text"`, "1e999", `{"a":`, strings.Repeat("[", 300), `{"a":"\ud800\u0000"}`, "\xff")
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		was := slices.Clone(body)
		if m.Delivery != nil {
			m.Delivery(h, body)
		}
		if m.Refuse != nil {
			m.Refuse(h, body)
		}
		p, err := m.Read(h, body, intake.Mapping{})
		Check(t, p, err)
		if !slices.Equal(was, body) {
			t.Fatal("the body was changed")
		}
	})
}

// Awkward tries a reader with bodies that are long in every way, and those of its own: it may take no more memory than a few times the
// body, beside what a few thousand things need, and no time that anybody would notice.
func Awkward(t *testing.T, m intake.Maker, h intake.Headers, own map[string]string) {
	t.Helper()
	all := map[string]string{
		"deep nesting":           strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"nesting as deep as may": strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000),
		"many unknown fields":    "{" + strings.Repeat(`"a":1,`, 100_000) + `"b":1}`,
		"a number without end":   `{"a":` + strings.Repeat("9", 500_000) + "}",
		"many empty lists":       "[" + strings.Repeat("[],", 9_000) + "[]]",
		"a text that is no text": `{"a":"` + strings.Repeat("\xff", 500_000) + `"}`,
		"nothing but blank":      strings.Repeat(" ", 500_000),
		"quotes that do not end": strings.Repeat(`"\`, 250_000),
	}
	maps.Copy(all, own)
	for name, body := range all {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			p, err := m.Read(h, []byte(body), intake.Mapping{})
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			Check(t, p, err)
			// All that was ever allocated, though most of it not at once.
			if took, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(body)+32<<20); took > most {
				t.Errorf("%d bytes of memory for a body of %d", took, len(body))
			}
			if took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Delivery is one of several.
type Delivery struct {
	Headers intake.Headers
	Body    string
}

// Bodies are deliveries that have no headers that matter.
func Bodies(all ...string) []Delivery {
	deliveries := make([]Delivery, len(all))
	for n, body := range all {
		deliveries[n].Body = body
	}
	return deliveries
}

// AnyOrder tells that deliveries about one incident become the same in any order, and when one of them comes again.
func AnyOrder(t *testing.T, m intake.Maker, want string, deliveries []Delivery) {
	t.Helper()
	received := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for order := range permutations(len(deliveries)) {
		var track intake.Track
		for n, of := range append(order, order[0]) {
			d := deliveries[of]
			p, err := m.Read(d.Headers, []byte(d.Body), intake.Mapping{})
			Check(t, p, err)
			for _, s := range p.Signals {
				track.Take(s, received.Add(time.Duration(n)*time.Minute))
			}
		}
		if got := tellTrack(track); got != want {
			t.Fatalf("in the order %v\ngot  %s\nwant %s", order, got, want)
		}
	}
}

func tellTrack(track intake.Track) string {
	var lines []string
	clock := func(at time.Time) string {
		if at.IsZero() {
			return "…"
		}
		return at.Format("15:04")
	}
	for _, o := range intake.OccurrencesOf(track.Marks, 30*time.Minute) {
		var said []string
		for _, s := range o.Spans {
			said = append(said, clock(s.Start)+"-"+clock(s.End))
		}
		for name, at := range map[string]time.Time{"acknowledged": o.AcknowledgedAt, "declared": o.DeclaredAt, "mitigated": o.MitigatedAt} {
			if !at.IsZero() {
				said = append(said, name+" "+clock(at))
			}
		}
		slices.Sort(said)
		lines = append(lines, strings.Join(said, ", "))
	}
	lines = append(lines, track.Look.Title)
	for _, note := range track.Look.Notes {
		lines = append(lines, "note "+note.Body)
	}
	return strings.Join(lines, " | ")
}

// permutations gives every order of n things.
func permutations(n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for k := range order {
			order[k] = k
		}
		var from func(k int) bool
		from = func(k int) bool {
			if k == n {
				return yield(slices.Clone(order))
			}
			for other := k; other < n; other++ {
				order[k], order[other] = order[other], order[k]
				if !from(k + 1) {
					return false
				}
				order[k], order[other] = order[other], order[k]
			}
			return true
		}
		from(0)
	}
}
