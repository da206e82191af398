package pagerduty

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/integrations/hook"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "pagerduty/incident.triggered.json")
	if got, want := hooktest.Read(Maker, body), "PFQZPSY | fired 2021-06-04T13:35:29.781Z | Test Incident 3 | severity high"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Maker.Delivery(nil, []byte(body)); got != "01BZYIL05THJDFF2Y08X9SVMTU" {
		t.Errorf("the delivery is named %q", got)
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	for name, want := range map[string]string{"service": "acme-service", "service_id": "PA2P440", "urgency": "high", "escalation_policy": "Default", "priority": "", "team": ""} {
		if got := p.Signals[0].Look.Labels[name]; got != want {
			t.Errorf("label %s is %q, want %q", name, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	event := func(kind, data string) string {
		return `{"event":{"id":"e","event_type":"` + kind + `","occurred_at":"2026-03-02T09:45:00Z","data":{` + data + `}}}`
	}
	const full = `"id":"P1","type":"incident","title":"Slow","incident_key":"k","created_at":"2026-03-02T09:40:00Z","urgency":"low"`
	const bare = `"id":"P1","type":"incident","title":"Slow"`
	cases := map[string]struct{ body, want string }{
		"triggered, with its beginning":  {event("incident.triggered", full), "P1, failure k | fired 2026-03-02T09:40:00Z | Slow | severity low"},
		"triggered, without":             {event("incident.triggered", bare), "P1 | fired 2026-03-02T09:45:00Z | Slow"},
		"acknowledged":                   {event("incident.acknowledged", full), "P1, failure k | fired 2026-03-02T09:40:00Z, acknowledged 2026-03-02T09:45:00Z | Slow | severity low"},
		"acknowledged, beginning unsaid": {event("incident.acknowledged", bare), "P1 | acknowledged 2026-03-02T09:45:00Z | Slow"},
		"no longer acknowledged":         {event("incident.unacknowledged", bare), "P1 |  | Slow"},
		"reopened":                       {event("incident.reopened", full), "P1, failure k | fired 2026-03-02T09:40:00Z, fired 2026-03-02T09:45:00Z | Slow | severity low"},
		"resolved":                       {event("incident.resolved", bare), "P1 | resolved 2026-03-02T09:45:00Z | Slow"},
		"merged into another": {
			event("incident.resolved", bare+`,"resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"P2","type":"incident_reference"}}`),
			"P1 | resolved 2026-03-02T09:45:00Z | Slow | merged into P2",
		},
		"the priority counts more than the urgency": {event("incident.priority_updated", bare+`,"urgency":"low","priority":{"summary":"P1"}`), "P1 |  | Slow | severity P1"},
		"escalated":          {event("incident.escalated", bare), "P1 |  | Slow"},
		"given to others":    {event("incident.reassigned", bare), "P1 |  | Slow"},
		"delegated":          {event("incident.delegated", bare), "P1 |  | Slow"},
		"to another service": {event("incident.service_updated", bare), "P1 |  | Slow"},
		"a note": {
			event("incident.annotated", `"id":"N1","type":"incident_note","content":"Restarted it","incident":{"id":"P1","summary":"Slow"}`),
			"P1 |  | Slow | note Restarted it",
		},
		"a status update": {
			event("incident.status_update_published", `"id":"S1","message":"We are on it","incident":{"id":"P1","summary":"Slow"}`), "P1 |  | Slow | note We are on it",
		},
		"a responder was asked": {
			event("incident.responder.added", `"incident":{"id":"P1","summary":"Slow"},"state":"pending","message":"Please help"`),
			"ignored: Nobody wrote anything, and nothing else changed that Upshot keeps.",
		},
		"a note about nothing":  {event("incident.annotated", `"id":"N1","content":"a"`), "error: event.data.incident.id is missing, or is no text."},
		"a try of the address":  {event("pagey.ping", `"message":"Hello"`), "ignored: PagerDuty tried the address; nothing happened."},
		"a service changed":     {event("service.updated", bare), "ignored: An event service.updated is about no incident."},
		"a kind yet unknown":    {event("incident.painted", bare), "ignored: An event incident.painted changes nothing that Upshot keeps."},
		"no moments":            {`{"event":{"event_type":"incident.triggered","data":{"id":"P1","title":"Slow"}}}`, "P1 | fired now | Slow"},
		"a number as its id":    {`{"event":{"event_type":"incident.triggered","data":{"id":17,"title":true}}}`, "17 | fired now | true"},
		"no id":                 {event("incident.triggered", `"title":"Slow"`), "error: event.data.id is missing, or is no text."},
		"an id of a wrong type": {event("incident.triggered", `"id":{},"title":"Slow"`), "error: event.data.id is missing, or is no text."},
		"data of a wrong type":  {`{"event":{"event_type":"incident.triggered","data":[]}}`, "error: event.data.id is missing, or is no text."},
		"no type":               {`{"event":{}}`, "error: event.event_type is missing, or is no text."},
		"null everywhere":       {`{"event":{"event_type":"incident.triggered","occurred_at":null,"data":{"id":"P1","title":null,"service":null,"teams":null,"priority":null,"resolve_reason":null}}}`, "P1 | fired now | "},
		"several teams":         {event("incident.escalated", bare+`,"teams":[{"summary":"Shop"},null,{"summary":"Web"}]`), "P1 |  | Slow"},
		"version 2": {
			`{"messages":[{"event":"incident.trigger"}]}`,
			"error: This is PagerDuty's webhook of version 1 or 2, which PagerDuty has ended. Add a webhook of version 3 under Integrations, Generic Webhooks (v3), and remove this one.",
		},
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

// TestAside tells that a note, which knows little of its incident, never hides what is known.
func TestAside(t *testing.T) {
	t.Parallel()
	p, err := Maker.Read(nil, []byte(`{"event":{"event_type":"incident.annotated","occurred_at":"2026-03-02T09:45:00Z","data":{"id":"N","content":"c","incident":{"id":"P"}}}}`), intake.Mapping{})
	if err != nil || !p.Signals[0].At.Equal(hook.Aside) || p.Signals[0].Look.Notes[0].At.Minute() != 45 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for body, refused := range map[string]bool{`{"messages":[]}`: true, `{"event":{}}`: false, `{"messages":"hello"}`: false, `{"messages`: false, "": false} {
		if got := Maker.Refuse(nil, []byte(body)) != ""; got != refused {
			t.Errorf("%s: refused is %v", body, got)
		}
	}
}

func TestPublishedSignatures(t *testing.T) { hooktest.Vectors(t, Maker) }

func TestVerify(t *testing.T) {
	t.Parallel()
	body, secrets := []byte(`{"event":{}}`), []string{"new", "old"}
	sign := func(secret string) string { return "v1=" + hex.EncodeToString(hook.Sum([]byte(secret), body)) }
	cases := map[string]struct {
		header string
		want   bool
	}{
		"the new secret":               {sign("new"), true},
		"the old one, during rotation": {sign("old"), true},
		"a bad one and a good one":     {sign("bad") + ", " + sign("new"), true},
		"a good one and a bad one":     {sign("new") + "," + sign("bad"), true},
		"a bad one":                    {sign("bad"), false},
		"an empty secret's":            {sign(""), false},
		"another method":               {strings.Replace(sign("new"), "v1", "v0", 1), false},
		"without the method":           {strings.TrimPrefix(sign("new"), "v1="), false},
		"cut off":                      {sign("new")[:40], false},
		"with more after it":           {sign("new") + "00", false},
		"no hexadecimal digits":        {"v1=zz", false},
		"nothing":                      {"", false},
		"commas alone":                 {",,,", false},
		"in capitals":                  {"v1=" + strings.ToUpper(strings.TrimPrefix(sign("new"), "v1=")), true},
	}
	for name, c := range cases {
		if got := Maker.Verify(intake.Headers{"x-pagerduty-signature": c.header}, body, secrets, time.Now()); got != c.want {
			t.Errorf("%s: good is %v", name, got)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	event := func(kind, minute, data string) string {
		return `{"event":{"event_type":"incident.` + kind + `","occurred_at":"2026-03-02T09:` + minute + `:00Z","data":{` + data + `}}}`
	}
	const incident, note = `"id":"P1","title":"Slow","created_at":"2026-03-02T09:40:00Z"`, `"id":"N","content":"Restarted","incident":{"id":"P1","summary":"[#9] Slow"}`
	hooktest.AnyOrder(t, Maker, "09:40-09:50, acknowledged 09:42 | Slow | note Restarted", hooktest.Bodies(
		event("triggered", "40", incident), event("acknowledged", "42", incident), event("annotated", "55", note), event("resolved", "50", incident)))
	hooktest.AnyOrder(t, Maker, "09:40-09:50, 09:55-… | Slow", hooktest.Bodies(
		event("triggered", "40", incident), event("resolved", "50", incident), event("reopened", "55", incident)))
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"many teams": `{"event":{"event_type":"incident.triggered","data":{"id":"P1","teams":[` + strings.Repeat("{},", 200_000) + `{"summary":"Shop"}]}}}`,
		"long texts": `{"event":{"event_type":"incident.triggered","data":{"id":"P1","title":"` + strings.Repeat("é", 300_000) + `"}}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"event":{"event_type":"incident.annotated","data":{"id":"N","content":"c","incident":{"id":"P"}}}}`,
		`{"event":{"event_type":"incident.resolved","data":{"id":"P","resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"Q"}}}}}`, `{"messages":[1]}`)
}
