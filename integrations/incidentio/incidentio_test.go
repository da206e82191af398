package incidentio

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/integrations/hook"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "incidentio/public_incident.incident_created_v2.json")
	want := "01FDAG4SAP5TYPT98WGR2N7W91 | fired 2021-08-17T13:28:57.801578Z | Our database is sad | severity Minor | by staff"
	if got := hooktest.Read(Maker, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	m := intake.Mapping{ServiceFrom: []string{"Affected Team"}}
	if got := hooktest.ReadAs(Maker, nil, m, body); !strings.Contains(got, "| services Product |") {
		t.Errorf("with another field as the service: %s", got)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const created = "public_incident.incident_created_v2"
	event := func(kind, category, more string) string {
		return `{"event_type":"` + kind + `","` + kind + `":{"id":"i","name":"Slow","created_at":"2026-03-02T09:40:00Z","updated_at":"2026-03-02T09:59:00Z","incident_status":{"category":"` +
			category + `"}` + more + `}}`
	}
	changed := func(from, to, more string) string {
		const kind = "public_incident.incident_status_updated_v2"
		return `{"event_type":"` + kind + `","` + kind + `":{"previous_status":{"category":"` + from + `"},"new_status":{"category":"` + to + `"},"incident":
		  {"id":"i","name":"Slow","created_at":"2026-03-02T09:40:00Z","updated_at":"2026-03-02T09:59:00Z"}` + more + `}}`
	}
	moments := func(all ...string) string {
		var said []string
		for _, one := range all {
			minute, name, _ := strings.Cut(one, " ")
			said = append(said, `{"incident_timestamp":{"name":"`+name+`"},"value":{"value":"2026-03-02T09:`+minute+`:00Z"}}`)
		}
		return `,"incident_timestamp_values":[` + strings.Join(said, ",") + `]`
	}
	const began = "i | fired 2026-03-02T09:40:00Z"
	cases := map[string]struct{ body, want string }{
		"in triage nobody has declared it": {event(created, "triage", ""), began + " | Slow | by unknown"},
		"live":                             {event(created, "live", ""), began + ", declared 2026-03-02T09:40:00Z | Slow | by unknown"},
		"in review it is over":             {event(created, "learning", ""), began + ", declared 2026-03-02T09:40:00Z, resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"closed":                           {event(created, "closed", ""), began + ", declared 2026-03-02T09:40:00Z, resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"declined":                         {event(created, "declined", ""), began + ", resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"canceled":                         {event(created, "canceled", ""), began + ", declared 2026-03-02T09:40:00Z, resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"merged":                           {event(created, "merged", ""), began + ", declared 2026-03-02T09:40:00Z, resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"all moments that people set": {
			event(created, "closed", moments("30 Impact started", "35 Reported at", "36 Accepted at", "45 Fixed at", "50 Resolved at", "58 Closed at")),
			"i | fired 2026-03-02T09:30:00Z, declared 2026-03-02T09:35:00Z, acknowledged 2026-03-02T09:36:00Z, mitigated 2026-03-02T09:45:00Z, resolved 2026-03-02T09:50:00Z | Slow | by unknown",
		},
		"an end that was set while it goes on": {event(created, "live", moments("50 Resolved at", "41 Identified at")), began + ", declared 2026-03-02T09:40:00Z, acknowledged 2026-03-02T09:41:00Z | Slow | by unknown"},
		"moments with names of one's own":      {event(created, "live", moments("10 Coffee at")), began + ", declared 2026-03-02T09:40:00Z | Slow | by unknown"},
		"a change of status":                   {changed("triage", "live", ""), began + ", declared 2026-03-02T09:40:00Z | Slow | by unknown"},
		"a change with a message":              {changed("live", "learning", `,"message":"Fixed by a restart"`), began + ", declared 2026-03-02T09:40:00Z, resolved 2026-03-02T09:59:00Z | Slow | by unknown | note Fixed by a restart"},
		"opened again":                         {changed("closed", "live", ""), began + ", declared 2026-03-02T09:40:00Z, fired 2026-03-02T09:59:00Z | Slow | by unknown"},
		"a drill":                              {event(created, "live", `,"mode":"test"`), began + ", declared 2026-03-02T09:40:00Z | Slow | kind drill | by unknown"},
		"from an alert":                        {event(created, "live", `,"creator":{"alert":{"id":"a"}}`), began + ", declared 2026-03-02T09:40:00Z | Slow | by alert"},
		"services from a field": {
			event(created, "live", `,"custom_field_entries":[null,{"custom_field":{"name":"Affected services"},"values":[{"value_catalog_entry":{"name":"Shop"}},{"value_option":{"value":"Search"}},{}]}]`),
			began + ", declared 2026-03-02T09:40:00Z | Slow | services Shop+Search | by unknown",
		},
		"a private one":           {`{"event_type":"private_incident.incident_created_v2","private_incident.incident_created_v2":{"id":"i"}}`, "ignored: It is about a private incident: Upshot keeps these out."},
		"a private alert":         {`{"event_type":"private_alert.alert_created_v1"}`, "ignored: It is about a private incident: Upshot keeps these out."},
		"a follow-up":             {`{"event_type":"public_incident.follow_up_created_v1"}`, "ignored: An event public_incident.follow_up_created_v1 changes nothing that Upshot keeps."},
		"a category nobody knows": {event(created, "wobbly", ""), `error: incident_status.category is "wobbly"; triage, live, learning, closed, declined, canceled or merged was expected.`},
		"no type":                 {`{}`, "error: event_type is missing, or is no text."},
		"a type of wrong type":    {`{"event_type":[]}`, "error: event_type is missing, or is no text."},
		"no incident":             {`{"event_type":"` + created + `"}`, "error: " + created + " is missing, or is no object."},
		"no id":                   {`{"event_type":"` + created + `","` + created + `":{"incident_status":{"category":"live"}}}`, "error: " + created + ".id is missing, or is no text."},
		"a list":                  {`[]`, "error: event_type is missing, or is no text."},
		"no JSON":                 {`{`, "error: The body is no JSON: unexpected end of JSON input."},
		"wrong types and null": {
			`{"event_type":"` + created + `","` + created + `":{"id":4,"incident_status":{"category":"live"},"name":{},"severity":"high","custom_field_entries":"x","incident_timestamp_values":[5,{"value":7}],"creator":null,"created_at":[]}}`,
			"4 | fired now, declared now |  | by unknown",
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

func TestPublishedSignatures(t *testing.T) { hooktest.Vectors(t, Maker) }

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 40, 0, 0, time.UTC)
	body, secret := []byte(`{"event_type":"x"}`), "whsec_"+base64.StdEncoding.EncodeToString([]byte("twenty-four bytes of it!"))
	at := func(age time.Duration) string { return strconv.FormatInt(now.Add(-age).Unix(), 10) }
	sign := func(secret, id, stamp string) string {
		return "v1," + base64.StdEncoding.EncodeToString(hook.Sum(key(secret), []byte(id+"."+stamp+"."), body))
	}
	cases := map[string]struct {
		id, stamp, signature string
		want                 bool
	}{
		"now":                           {"m", at(0), sign(secret, "m", at(0)), true},
		"almost too old":                {"m", at(5 * time.Minute), sign(secret, "m", at(5*time.Minute)), true},
		"too old":                       {"m", at(5*time.Minute + time.Second), sign(secret, "m", at(5*time.Minute+time.Second)), false},
		"almost too early":              {"m", at(-5 * time.Minute), sign(secret, "m", at(-5*time.Minute)), true},
		"too early":                     {"m", at(-6 * time.Minute), sign(secret, "m", at(-6*time.Minute)), false},
		"a bad one and a good one":      {"m", at(0), sign("whsec_AAAA", "m", at(0)) + " " + sign(secret, "m", at(0)), true},
		"the second secret":             {"m", at(0), sign("plain words", "m", at(0)), true},
		"another version":               {"m", at(0), strings.Replace(sign(secret, "m", at(0)), "v1", "v1a", 1), false},
		"another id":                    {"n", at(0), sign(secret, "m", at(0)), false},
		"another moment":                {"m", at(time.Minute), sign(secret, "m", at(0)), false},
		"without an id":                 {"", at(0), sign(secret, "", at(0)), false},
		"without a moment":              {"m", "", sign(secret, "m", ""), false},
		"a moment that is none":         {"m", "now", sign(secret, "m", "now"), false},
		"a moment at the end of time":   {"m", "9223372036854775807", sign(secret, "m", "9223372036854775807"), false},
		"a moment before the beginning": {"m", "-9223372036854775808", sign(secret, "m", "-9223372036854775808"), false},
		"no base64":                     {"m", at(0), "v1,###", false},
		"nothing":                       {"m", at(0), "", false},
	}
	for name, c := range cases {
		for _, prefix := range []string{"webhook-", "svix-"} {
			h := intake.Headers{prefix + "id": c.id, prefix + "timestamp": c.stamp, prefix + "signature": c.signature}
			if got := Maker.Verify(h, body, []string{secret, "plain words", ""}, now); got != c.want {
				t.Errorf("%s, %s: good is %v", name, prefix, got)
			}
			if got := Maker.Delivery(h, body); got != c.id {
				t.Errorf("the delivery is named %q", got)
			}
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	event := func(category, was, minute string) string {
		const kind = "public_incident.incident_status_updated_v2"
		return `{"event_type":"` + kind + `","` + kind + `":{"previous_status":{"category":"` + was + `"},"incident":{"id":"i","name":"Slow","created_at":"2026-03-02T09:40:00Z",
		  "updated_at":"2026-03-02T09:` + minute + `:00Z","incident_status":{"category":"` + category + `"}}}}`
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50, declared 09:40 | Slow", hooktest.Bodies(event("live", "triage", "41"), event("learning", "live", "50"), event("closed", "learning", "58")))
	hooktest.AnyOrder(t, Maker, "09:40-09:50, 09:55-09:58, declared 09:40 | Slow", hooktest.Bodies(event("live", "triage", "41"), event("learning", "live", "50"), event("live", "learning", "55"), event("closed", "live", "58")))
}

func TestAwkward(t *testing.T) {
	const kind = "public_incident.incident_created_v2"
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"many fields": `{"event_type":"` + kind + `","` + kind + `":{"id":"i","incident_status":{"category":"live"},"custom_field_entries":[` + strings.Repeat(`{},`, 100_000) + `{}]}}`,
		"many values": `{"event_type":"` + kind + `","` + kind + `":{"id":"i","incident_status":{"category":"live"},"custom_field_entries":[{"values":[` + strings.Repeat(`{"value_text":"a"},`, 100_000) + `{}]}]}}`,
		"both": `{"event_type":"` + kind + `","` + kind + `":{"id":"i","incident_status":{"category":"live"},"custom_field_entries":[` +
			strings.Repeat(`{"values":[`+strings.Repeat(`{},`, 300)+`{}]},`, 1_000) + `{}]}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"event_type":"public_incident.incident_status_updated_v2","public_incident.incident_status_updated_v2":{"message":"m","previous_status":{"category":"closed"},
	  "incident":{"id":"i","updated_at":1772444400,"incident_status":{"category":"live"},"incident_timestamp_values":[{"incident_timestamp":{"name":"Fixed at"},"value":{"value":1772444400}}]}}}`)
}
