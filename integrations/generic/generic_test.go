package generic

import (
	"maps"
	"strings"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
)

func TestUsualFields(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ body, want string }{
		"fires":                       {`{"key":"k","title":"Slow","status":"firing","started_at":"2026-03-02T09:40:00Z","severity":"high","service":"shop"}`, "k | fired 2026-03-02T09:40:00Z | Slow | services shop | severity high"},
		"is over":                     {`{"key":"k","title":"Slow","status":"OK","started_at":"2026-03-02T09:40:00Z","resolved_at":"2026-03-02T09:50:00Z"}`, "k | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:50:00Z | Slow"},
		"is over as of now":           {`{"key":"k","title":"Slow","status":"recovered"}`, "k | resolved now | Slow"},
		"somebody looks at it":        {`{"key":"k","title":"Slow","status":"acknowledged","started_at":1772444400}`, "k | fired 2026-03-02T09:40:00Z, acknowledged now | Slow"},
		"is better":                   {`{"key":"k","title":"Slow","status":"mitigated"}`, "k | mitigated now | Slow"},
		"fires again; the end is old": {`{"key":"k","title":"Slow","status":"down","resolved_at":"2026-03-02T09:50:00Z"}`, "k | fired now | Slow"},
		"without a status it fires":   {`{"key":"k","title":"Slow"}`, "k | fired now | Slow"},
		"or is over":                  {`{"key":"k","title":"Slow","started_at":1772444400000,"resolved_at":1772445000000}`, "k | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:50:00Z | Slow"},
		"an id is as good as a key":   {`{"id":17,"title":"Slow"}`, "17 | fired now | Slow"},
		"several services":            {`{"key":"k","title":"Slow","service":["shop","web","shop",{}]}`, "k | fired now | Slow | services shop+web"},
		"a list of events":            {`[{"key":"a","title":"A"},{"key":"b","title":"B"}]`, "a | fired now | A\nb | fired now | B"},
		"an empty list":               {`[]`, "ignored: It holds no event that is to be kept: the status says that it is to be ignored, or the list is empty."},
		"null is not said":            {`{"key":"k","title":"Slow","status":null,"severity":null,"started_at":null,"labels":null,"url":null}`, "k | fired now | Slow"},
		"numbers are texts":           {`{"key":1,"title":2.50,"severity":3,"status":"open"}`, "1 | fired now | 2.50 | severity 3"},
		"year 1 is no moment":         {`{"key":"k","title":"Slow","started_at":"0001-01-01T00:00:00Z"}`, "k | fired now | Slow"},
		"a status nobody knows":       {`{"key":"k","title":"Slow","status":"Wobbly"}`, `error: The status is "wobbly", and the mapping does not say what this means: fired, acknowledged, mitigated, resolved or ignored.`},
		"no key":                      {`{"title":"Slow"}`, "error: Pointer /key leads to nothing in this body."},
		"no title":                    {`{"key":"k"}`, "error: Pointer /title leads to nothing in this body."},
		"a title that is none":        {`{"key":"k","title":{"a":1}}`, "error: Pointer /title leads to no text in this body."},
		"a moment that is none":       {`{"key":"k","title":"Slow","started_at":"yesterday"}`, `error: Pointer /started_at leads to "yesterday", which is no moment with an offset, such as 2026-03-02T09:40:00Z, or a number since 1970.`},
		"a wrong one in a list":       {`[{"key":"a","title":"A"},{"key":"b"}]`, "error: Event 2: Pointer /title leads to nothing in this body."},
		"a text":                      {`"hello"`, "error: Pointer /key leads to nothing in this body."},
		"no JSON":                     {`key=k`, "error: The body is no JSON: invalid character 'k' looking for beginning of value."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.Read(Maker, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPointers(t *testing.T) {
	t.Parallel()
	body := `{"alert":{"id":"a1","na/me":{"t~":"Slow"},"state":"Broken","rule":"r7","when":["x","2021-04-28 21:50:00 +0200"]},"items":[{"n":1,"t":"A"},{"n":2,"t":"B"}]}`
	base := intake.Pointers{Key: "/alert/id", Title: "/alert/na~1me/t~0"}
	with := func(change func(*intake.Pointers)) intake.Pointers {
		p := base
		change(&p)
		return p
	}
	cases := map[string]struct {
		pointers intake.Pointers
		want     string
	}{
		"key and title alone": {base, "a1 | fired now | Slow"},
		"into a list":         {with(func(p *intake.Pointers) { p.StartedAt = "/alert/when/1" }), "a1 | fired 2021-04-28T19:50:00Z | Slow"},
		"the name of a group": {with(func(p *intake.Pointers) { p.Group = "/alert/rule" }), "a1, failure r7 | fired now | Slow"},
		"words of one's own": {with(func(p *intake.Pointers) {
			p.Status, p.Statuses = "/alert/state", map[string]string{"broken": "resolved"}
		}), "a1 | resolved now | Slow"},
		"words to be ignored": {with(func(p *intake.Pointers) {
			p.Status, p.Statuses = "/alert/state", map[string]string{"broken": "ignored"}
		}), "ignored: It holds no event that is to be kept: the status says that it is to be ignored, or the list is empty."},
		"a meaning there is not": {
			with(func(p *intake.Pointers) { p.Status, p.Statuses = "/alert/state", map[string]string{"broken": "odd"} }),
			`error: The mapping says that the status "broken" means "odd"; it can mean fired, acknowledged, mitigated, resolved or ignored.`,
		},
		"a list of events":      {intake.Pointers{Events: "/items", Key: "/n", Title: "/t"}, "1 | fired now | A\n2 | fired now | B"},
		"events that are none":  {intake.Pointers{Events: "/alert", Key: "/n", Title: "/t"}, "error: Pointer /alert leads to no list in this body."},
		"to nothing":            {intake.Pointers{Key: "/alert/nr", Title: "/alert/id"}, "error: Pointer /alert/nr leads to nothing in this body."},
		"no pointer to a key":   {intake.Pointers{Title: "/alert/id"}, "error: Point to the key of an event: no pointer says where it is."},
		"no pointer to a title": {intake.Pointers{Key: "/alert/id"}, "error: Point to the title of an event: no pointer says where it is."},
		"no slash":              {intake.Pointers{Key: "alert.id", Title: "/alert/id"}, `error: The pointer "alert.id" must begin with /, such as /alert/id.`},
		"events without slash":  {intake.Pointers{Events: "items", Key: "/n", Title: "/t"}, `error: The pointer "items" must begin with /, such as /alert/id.`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.ReadAs(Maker, nil, intake.Mapping{Pointers: c.pointers}, body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	p, err := Maker.Read(nil, []byte(`{"key":"k","title":"Slow","summary":"Very slow","url":"https://example.com/1","labels":{"Region":"eu","n":1,"o":{},"x":null},"started_at":1772444400}`), intake.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.Signals[0]
	if s.Look.Summary != "Very slow" || s.Look.URL != "https://example.com/1" || !maps.Equal(s.Look.Labels, map[string]string{"region": "eu", "n": "1"}) {
		t.Errorf("%+v", s.Look)
	}
	if !s.At.Equal(time.Unix(1772444400, 0)) {
		t.Errorf("it looks so since %v; the moment of its mark was expected", s.At)
	}
	p, _ = Maker.Read(nil, []byte(`{"key":"k","title":"Slow","status":"ack","started_at":1772444400}`), intake.Mapping{})
	if !p.Signals[0].At.IsZero() {
		t.Errorf("it looks so since %v; the moment of receipt was expected", p.Signals[0].At)
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	body := []byte(`{"meta":{"id":7}}`)
	for pointer, want := range map[string]string{"/meta/id": "7", "/meta": "", "/id": "", "meta": "", "": ""} {
		if got := delivery(body, intake.Pointers{Delivery: pointer}); got != want {
			t.Errorf("%s: got %q, want %q", pointer, got, want)
		}
	}
	if got := Maker.Delivery(intake.Headers{"idempotency-key": "k"}, body); got != "k" {
		t.Errorf("the delivery is named %q", got)
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	event := func(title, more string) string {
		return `{"key":"k","title":"` + title + `","started_at":"2026-03-02T09:40:00Z"` + more + `}`
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50 | It was slow", hooktest.Bodies(event("Slow", `,"status":"firing"`), event("It was slow", `,"status":"ok","resolved_at":"2026-03-02T09:50:00Z"`)))
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"too many events": "[" + strings.Repeat(`{"key":"k","title":"t"},`, 10_001) + "{}]",
		"many events":     "[" + strings.Repeat(`{"key":"k","title":"t"},`, 9_999) + `{"key":"k","title":"t"}]`,
		"many services":   `{"key":"k","title":"t","service":[` + strings.Repeat(`"a",`, 100_000) + `"b"]}`,
		"many labels":     `{"key":"k","title":"t","labels":{` + strings.Repeat(`"a":"b",`, 100_000) + `"c":"d"}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `[{"id":1,"title":"t","status":"ok","resolved_at":1772444400,"labels":{"a":1},"service":["b"]}]`)
}

// FuzzPointers tries any pointer in any body.
func FuzzPointers(f *testing.F) {
	f.Add([]byte(`{"a":[{"b~/":"c"}]}`), "/a/0/b~0~1", "/a")
	f.Fuzz(func(t *testing.T, body []byte, key, events string) {
		p := intake.Pointers{Key: key, Title: key, Events: events, Delivery: key, Labels: events}
		delivery(body, p)
		if strings.ToValidUTF8(key+events, "") != key+events || len(key)+len(events) > 500 {
			return // a form has texts, and no long ones
		}
		parcel, err := Maker.Read(nil, body, intake.Mapping{Pointers: p})
		hooktest.Check(t, parcel, err)
	})
}
