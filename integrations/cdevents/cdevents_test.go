package cdevents

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
	"upshot/internal/testneed"
)

// TestRealBodies goes through all events of the specification. Those that are not named here are ignored.
func TestRealBodies(t *testing.T) {
	t.Parallel()
	const incidents, digest = "/monitoring/prod1 incident-123 | ", "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"
	const service, deployed = "/event/source/123 271069a8-fc18-44f1-b38f-9d70a1695819 ", " | mySubject123 " + digest + " to test123 | "
	want := map[string]string{
		"incident_detected":  incidents + "fired 2022-11-11T13:52:20.079Z | Response time above threshold of 100ms",
		"incident_reported":  incidents + "fired 2022-11-11T13:52:20.079Z, declared 2022-11-11T13:52:20.079Z | Response time above threshold of 100ms | by unknown",
		"incident_resolved":  incidents + "resolved 2022-11-11T13:52:20.079Z | Response time restored below 100ms | note Response time restored below 100ms",
		"service_deployed":   service + "deployed" + deployed + "succeeded | from now to 2023-03-20T14:27:05.315384Z",
		"service_upgraded":   service + "upgraded" + deployed + "succeeded | from now to 2023-03-20T14:27:05.315384Z",
		"service_rolledback": service + "rolledback" + deployed + "rolled_back | from now to 2023-03-20T14:27:05.315384Z",
		"service_removed":    "ignored: A service was removed; no version was deployed.",
		"service_published":  "ignored: A service was published; no version was deployed.",
		"ticket_created":     "ticket ticket-123 https://example.issues.com/ticket123",
		"ticket_updated":     "ticket ticket-123 https://example.issues.com/ticket123",
		"ticket_closed":      "ticket ticket-123 https://example.issues.com/ticket123",
	}
	files, err := filepath.Glob(filepath.Join(testneed.Shared(t, "webhooks"), "cdevents", "*.json"))
	if err != nil || len(files) < len(want) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	names := map[string]bool{}
	for _, path := range files {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, name := hooktest.Read(Maker, string(body)), strings.TrimSuffix(filepath.Base(path), ".json")
		switch {
		case want[name] == "":
			if !strings.HasPrefix(got, "ignored: An event dev.cdevents."+strings.Replace(name, "_", ".", 1)+".") {
				t.Errorf("%s: %s", name, got)
			}
		case got != want[name]:
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want[name])
		}
		delete(want, name)
		delivery := Maker.Delivery(nil, body)
		if delivery == "" || names[delivery] {
			t.Errorf("%s: the delivery is named %q", name, delivery)
		}
		names[delivery] = true
	}
	if len(want) > 0 {
		t.Errorf("there are no bodies of %v", want)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	bare := func(kind, subject string) string {
		return `{"context":{"id":"e1","source":"/s","type":"dev.cdevents.` + kind + `","timestamp":"2026-03-02T09:40:00Z"},"subject":{` + subject + `}}`
	}
	wrap := func(kind, data string) string {
		return `{"specversion":"1.0","id":"c1","source":"/c","type":"` + kind + `","time":"2026-03-02T09:41:00Z",` + data + `}`
	}
	detected := bare("incident.detected.0.1.0", `"id":"i","content":{"description":"Slow"}`)
	deployed := bare("service.deployed.0.1.0", `"id":"shop","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/shop@1.4.2"}`)
	const isDetected, isDeployed = "/s i | fired 2026-03-02T09:40:00Z | Slow", "/s e1 deployed | shop 1.4.2 to production | succeeded | from now to 2026-03-02T09:40:00Z"
	cases := map[string]struct {
		headers    intake.Headers
		body, want string
	}{
		"bare, of version 0.3": {nil, detected, isDetected},
		"structured":           {nil, wrap("dev.cdevents.incident.detected.0.1.0", `"data":`+detected), isDetected},
		"structured, in base64": {
			nil, wrap("dev.cdevents.service.deployed.0.1.0", `"data_base64":"`+base64.StdEncoding.EncodeToString([]byte(deployed))+`"`), isDeployed,
		},
		"structured, and the inside says less": {
			nil, wrap("dev.cdevents.incident.detected.0.1.0", `"data":{"subject":{"id":"i","content":{"description":"Slow"}}}`), "/c i | fired 2026-03-02T09:41:00Z | Slow",
		},
		"binary": {intake.Headers{"ce-type": "dev.cdevents.incident.detected.0.1.0", "ce-id": "c1", "ce-source": "/c"}, detected, isDetected},
		"binary, and the body says less": {
			intake.Headers{"ce-type": "dev.cdevents.incident.resolved.0.2.0", "ce-id": "c1", "ce-source": "/c", "ce-time": "2026-03-02T09:41:00Z"},
			`{"subject":{"id":"i"}}`, "/c i | resolved 2026-03-02T09:41:00Z | Incident i",
		},
		"a batch": {
			nil, "[" + wrap("x", `"data":`+detected) + "," + deployed + "," + bare("build.started.0.1.0", "") + "]", isDetected + "\n" + isDeployed,
		},
		"a batch of nothing that matters": {nil, "[" + bare("build.started.0.1.0", "") + "]", "ignored: An event dev.cdevents.build.started.0.1.0 is about no incident, deployment or ticket."},
		"an empty batch":                  {nil, "[]", "ignored: The batch is empty."},
		"a batch with something wrong":    {nil, "[" + detected + ",5]", "error: Event 2 of the batch: context.type is missing, or is no text."},
		"a CloudEvent of others":          {nil, wrap("com.example.thing", `"data":{"a":1}`), "ignored: An event com.example.thing is about no incident, deployment or ticket."},
		"a custom event":                  {nil, bare("", ""), "ignored: An event dev.cdevents. is about no incident, deployment or ticket."},
		"no base64":                       {nil, wrap("dev.cdevents.incident.detected.0.1.0", `"data_base64":"#"`), "error: data_base64 is no base64."},
		"base64 of no JSON":               {nil, wrap("dev.cdevents.incident.detected.0.1.0", `"data_base64":"eA=="`), "error: The body is no JSON: invalid character 'x' looking for beginning of value."},
		"no data":                         {nil, wrap("dev.cdevents.incident.detected.0.1.0", `"data":null`), "error: The body is no JSON: unexpected end of JSON input."},
		"without a package":               {nil, bare("incident.reported.0.1.0", `"id":"i","source":"/o"`), "/o i | fired 2026-03-02T09:40:00Z, declared 2026-03-02T09:40:00Z | Incident i | by unknown"},
		"another service is named":        {nil, bare("service.upgraded.0.2.0", `"id":"release-7","content":{"service":{"id":"shop"},"environment":"staging"}`), "/s e1 upgraded | shop  to staging | succeeded | from now to 2026-03-02T09:40:00Z"},
		"an incident without id":          {nil, bare("incident.detected.0.1.0", `"content":{}`), "error: subject.id is missing, or is no text."},
		"a service without id":            {nil, bare("service.deployed.0.1.0", `"id":[]`), "error: subject.id is missing, or is no text."},
		"an event without id":             {nil, `{"context":{"type":"dev.cdevents.service.deployed.0.1.0"},"subject":{"id":"shop"}}`, "error: context.id is missing, or is no text."},
		"a ticket without id":             {nil, bare("ticket.closed.0.1.0", `"id":null`), "error: subject.id is missing, or is no text."},
		"no type":                         {nil, `{"context":{"type":7.5}}`, "ignored: An event 7.5 is about no incident, deployment or ticket."},
		"nothing":                         {nil, `{}`, "error: context.type is missing, or is no text."},
		"wrong types":                     {nil, `{"context":{"id":5,"source":{},"type":"dev.cdevents.incident.detected.0.1.0","timestamp":[]},"subject":{"id":6,"content":{"description":null,"environment":7,"service":[]}},"customData":"x"}`, "6 | fired now | Incident 6"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.ReadAs(Maker, c.headers, intake.Mapping{}, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		headers    intake.Headers
		body, want string
	}{
		"bare":       {nil, `{"context":{"id":"e1","source":"/s","type":"t"}}`, "/s e1 t"},
		"structured": {nil, `{"specversion":"1.0","id":"c1","source":"/c","type":"t","data":{}}`, "/c c1 t"},
		"binary":     {intake.Headers{"ce-id": "c1", "ce-source": "/c", "ce-type": "t"}, `{"context":{"id":"e1"}}`, "/c c1 t"},
		"a batch":    {nil, `[{"id":"c1"}]`, ""},
		"no id":      {nil, `{"context":{"source":"/s"}}`, ""},
		"no JSON":    {nil, `{"context":{"id":`, ""},
	}
	for name, c := range cases {
		if got := Maker.Delivery(c.headers, []byte(c.body)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"pkg:oci/shop@1.4.2":                                  "1.4.2",
		"pkg:oci/shop@sha256%3A0b31?tag=v1":                   "sha256:0b31",
		"pkg:oci/shop?repository_url=ghcr.io%2Facme&tag=v1.4": "v1.4",
		"pkg:npm/%40acme/shop@2.0.0-rc.1#lib":                 "2.0.0-rc.1",
		"ghcr.io/acme/shop:2.0":                               "2.0",
		"localhost:5000/acme/shop":                            "",
		"shop":                                                "",
		"":                                                    "",
		"pkg:oci/shop@%zz":                                    "%zz",
	} {
		if got := versionOf(id); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	event := func(kind, minute, description string) string {
		return `{"context":{"id":"` + kind + `","source":"/s","type":"dev.cdevents.incident.` + kind + `.0.3.0","timestamp":"2026-03-02T09:` + minute + `:00Z"},
		  "subject":{"id":"i","content":{"description":"` + description + `"}}}`
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50, declared 09:42 | Slow | note Fast again", hooktest.Bodies(
		event("detected", "40", "Slow"), event("reported", "42", "Slow"), event("resolved", "50", "Fast again")))
}

func TestAwkward(t *testing.T) {
	one := `{"context":{"id":"e","type":"dev.cdevents.incident.detected.0.1.0"},"subject":{"id":"i"}},`
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"too long a batch": "[" + strings.Repeat(one, 10_001) + "{}]",
		"much custom data": `{"context":{"type":"dev.cdevents.incident.detected.0.1.0"},"subject":{"id":"i"},"customData":{` + strings.Repeat(`"a":"b",`, 100_000) + `"c":"d"}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, intake.Headers{"ce-source": "\xff", "ce-time": "now"}, `[{"specversion":"1.0","type":"dev.cdevents.incident.resolved.1","id":"c","data_base64":"e30="}]`,
		`{"context":{"id":"e","type":"dev.cdevents.service.rolledback.0.1.0"},"subject":{"id":"s","content":{"artifactId":"a@%00"}}}`)
}
