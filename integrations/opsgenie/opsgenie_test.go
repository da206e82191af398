package opsgenie

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "opsgenie/docs_create.json")
	want := "052652ac-5d1c-464a-812a-7dd18bbfba8c, failure aliastest | fired 2015-01-05T10:03:11.104Z | test alert"
	if got := hooktest.Read(Maker, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	if at := p.Signals[0].At.Format("15:04:05.000000"); at != "10:03:13.166002" {
		t.Errorf("it looks so since %s; the moment in nanoseconds was expected", at)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	alert := func(action, more string) string {
		return `{"action":"` + action + `","alert":{"alertId":"a","alias":"k","message":"Slow","createdAt":1772444400000,"updatedAt":1772444700000000000` + more + `}}`
	}
	cases := map[string]struct{ body, want string }{
		"created":                 {alert("Create", `,"priority":"P1"`), "a, failure k | fired 2026-03-02T09:40:00Z | Slow | severity P1"},
		"acknowledged":            {alert("Acknowledge", ""), "a, failure k | fired 2026-03-02T09:40:00Z, acknowledged 2026-03-02T09:45:00Z | Slow"},
		"no longer acknowledged":  {alert("UnAcknowledge", ""), "a, failure k | fired 2026-03-02T09:40:00Z | Slow"},
		"closed":                  {alert("Close", ""), "a, failure k | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:45:00Z | Slow"},
		"deleted":                 {alert("Delete", ""), "a, failure k | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:45:00Z | Slow"},
		"a note":                  {alert("AddNote", `,"note":"Restarted it"`), "a, failure k | fired 2026-03-02T09:40:00Z | Slow | note Restarted it"},
		"another priority":        {alert("UpdatePriority", `,"priority":"P3"`), "a, failure k | fired 2026-03-02T09:40:00Z | Slow | severity P3"},
		"tags":                    {alert("AddTags", `,"tags":["x"]`), "a, failure k | fired 2026-03-02T09:40:00Z | Slow"},
		"an action of one's own":  {alert("Reboot", ""), "ignored: The action Reboot changes nothing that Upshot keeps."},
		"moments in seconds":      {`{"action":"Close","alert":{"alertId":"a","message":"Slow","createdAt":1772444400,"updatedAt":"1772444700"}}`, "a | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:45:00Z | Slow"},
		"moments in microseconds": {`{"action":"Close","alert":{"alertId":"a","message":"Slow","createdAt":1772444400000000,"updatedAt":1772444700000000}}`, "a | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:45:00Z | Slow"},
		"no moments":              {`{"action":"Create","alert":{"alertId":"a","message":"Slow"}}`, "a | fired now | Slow"},
		"closed nobody knows when": {
			`{"action":"Close","alert":{"alertId":"a","createdAt":-1,"updatedAt":1e999}}`, "a | resolved now | ",
		},
		"wrong types": {
			`{"action":"Create","alert":{"alertId":7,"message":{},"tags":"x","teams":{},"details":[],"createdAt":[],"priority":null}}`, "7 | fired now | ",
		},
		"no action":             {`{"alert":{"alertId":"a"}}`, "error: action is missing, or is no text."},
		"no id":                 {`{"action":"Create","alert":{}}`, "error: alert.alertId is missing, or is no text."},
		"an alert that is none": {`{"action":"Create","alert":"a"}`, "error: alert.alertId is missing, or is no text."},
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

func TestLabels(t *testing.T) {
	t.Parallel()
	p, _ := Maker.Read(nil, []byte(`{"action":"Create","integrationName":"I","alert":{"alertId":"a","team":"ops","teams":["t1","t2"],"tags":["Service: checkout","plain",null],
	  "details":{"Region":"eu","n":3},"entity":"e","priority":"P2"}}`), intake.Mapping{})
	for name, want := range map[string]string{"service": "checkout", "tags": "Service: checkout, plain", "region": "eu", "n": "3", "entity": "e", "priority": "P2", "team": "ops", "integration": "I"} {
		if got := p.Signals[0].Look.Labels[name]; got != want {
			t.Errorf("label %s is %q, want %q", name, got, want)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	alert := func(action, minute, more string) string {
		at, _ := time.Parse(time.RFC3339, "2026-03-02T09:"+minute+":00Z")
		return fmt.Sprintf(`{"action":"%s","alert":{"alertId":"a","message":"Slow","createdAt":1772444400000,"updatedAt":%d%s}}`, action, at.UnixNano(), more)
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50, acknowledged 09:42 | Slow | note Restarted", hooktest.Bodies(
		alert("Create", "40", ""), alert("Acknowledge", "42", ""), alert("AddNote", "44", `,"note":"Restarted"`), alert("Close", "50", "")))
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"many tags": `{"action":"Create","alert":{"alertId":"a","tags":[` + strings.Repeat(`"a:b",`, 100_000) + `""]}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"action":"AddNote","alert":{"alertId":"a","note":"n","tags":["a:b"],"details":{"c":"d"},"updatedAt":1772444700000000000}}`)
}
