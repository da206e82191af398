package sentry

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
	body := hooktest.Body(t, "sentry/issue.created.json")
	want := "1635244907 | fired 2020-04-28T13:56:05.903736Z | Exception: Custom exception! | severity error"
	for _, h := range []intake.Headers{nil, {"sentry-hook-resource": "issue", "sentry-hook-timestamp": "1588082166"}} {
		if got := hooktest.ReadAs(Maker, h, intake.Mapping{}, body); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	for name, want := range map[string]string{"project": "acme-integration-testing", "project_name": "Acme Integration Testing", "level": "error", "culprit": "__main__ in <module>", "type": "Exception"} {
		if got := p.Signals[0].Look.Labels[name]; got != want {
			t.Errorf("label %s is %q, want %q", name, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	issue := func(action string) string {
		return `{"action":"` + action + `","data":{"issue":{"id":"7","title":"Oops","firstSeen":"2026-03-02T09:40:00Z","level":"fatal"}}}`
	}
	const metricAlert = `"data":{"metric_alert":{"id":"5","date_started":"2026-03-02T09:40:00Z","projects":["shop"],"alert_rule":{"id":"9","name":"Too many errors"}`
	cases := map[string]struct{ resource, body, want string }{
		"an issue":                {"issue", issue("created"), "7 | fired 2026-03-02T09:40:00Z | Oops | severity fatal"},
		"resolved":                {"issue", issue("resolved"), "7 | resolved 2026-03-02T09:50:00Z | Oops | severity fatal"},
		"back":                    {"issue", issue("unresolved"), "7 | fired 2026-03-02T09:50:00Z | Oops | severity fatal"},
		"assigned":                {"issue", issue("assigned"), "7 |  | Oops | severity fatal"},
		"archived: it goes on":    {"issue", issue("archived"), "7 |  | Oops | severity fatal"},
		"ignored: it goes on":     {"issue", issue("ignored"), "7 |  | Oops | severity fatal"},
		"an action yet unknown":   {"issue", issue("merged"), "ignored: That an issue was merged changes nothing that Upshot keeps."},
		"an error":                {"error", `{"action":"created","data":{"error":{"issue_id":"7","title":"Oops","datetime":"2026-03-02T09:41:00.5Z","level":"error"}}}`, "7 | fired 2026-03-02T09:41:00.5Z | Oops | severity error"},
		"an alert about an issue": {"event_alert", `{"action":"triggered","data":{"triggered_rule":"R","event":{"issue_id":7,"title":"Oops","timestamp":1772444460.25,"tags":[["service","shop"],["x"],null]}}}`, "7 | fired 2026-03-02T09:41:00.25Z | Oops"},
		"a metric alert": {
			"metric_alert", `{"action":"critical",` + metricAlert + `}}}`, "metric alert 5, failure metric alert rule 9 | fired 2026-03-02T09:40:00Z | Too many errors | services shop | severity critical",
		},
		"a metric alert that got better": {"metric_alert", `{"action":"warning",` + metricAlert + `}}}`, "metric alert 5, failure metric alert rule 9 | fired 2026-03-02T09:40:00Z | Too many errors | services shop | severity warning"},
		"a metric alert that ended": {
			"metric_alert", `{"action":"resolved",` + metricAlert + `,"date_closed":"2026-03-02T09:48:00Z"}}}`,
			"metric alert 5, failure metric alert rule 9 | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:48:00Z | Too many errors | services shop",
		},
		"a metric alert that ended, nobody says when": {
			"metric_alert", `{"action":"resolved",` + metricAlert + `}}}`, "metric alert 5, failure metric alert rule 9 | fired 2026-03-02T09:40:00Z, resolved 2026-03-02T09:50:00Z | Too many errors | services shop",
		},
		"a metric alert over several projects": {
			"metric_alert", `{"action":"critical","data":{"metric_alert":{"id":"5","projects":["shop","web"],"title":"Slow"}}}`, "metric alert 5 | fired 2026-03-02T09:50:00Z | Slow | services shop+web | severity critical",
		},
		"a metric alert's unknown action": {"metric_alert", `{"action":"open","data":{"metric_alert":{"id":"5"}}}`, `error: action is "open"; critical, warning or resolved was expected.`},
		"an installation":                 {"installation", `{"action":"created","data":{"installation":{}}}`, "ignored: A webhook about installation is about no incident."},
		"a comment":                       {"comment", `{"action":"created","data":{}}`, "ignored: A webhook about comment is about no incident."},
		"nothing, and no header":          {"", `{}`, "ignored: A webhook about something unnamed is about no incident."},
		"a metric alert, no header":       {"", `{"action":"critical","data":{"metric_alert":{"id":5}}}`, "metric alert 5 | fired 2026-03-02T09:50:00Z |  | severity critical"},
		"an alert, no header":             {"", `{"action":"triggered","data":{"event":{"issue_id":"7"}}}`, "7 | fired 2026-03-02T09:50:00Z | "},
		"an issue without id":             {"issue", `{"action":"created","data":{"issue":{}}}`, "error: data.issue.id is missing, or is no text."},
		"an error without its issue":      {"error", `{"action":"created","data":{"error":{}}}`, "error: data.error.issue_id is missing, or is no text."},
		"an event without its issue":      {"event_alert", `{"action":"created","data":{"event":{"issue_id":[]}}}`, "error: data.event.issue_id is missing, or is no text."},
		"a metric alert without id":       {"metric_alert", `{"action":"critical","data":null}`, "error: data.metric_alert.id is missing, or is no text."},
		"wrong types":                     {"issue", `{"action":"created","data":{"issue":{"id":7,"title":[],"firstSeen":{},"project":"shop","metadata":5,"level":null}}}`, "7 | fired 2026-03-02T09:50:00Z | "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := intake.Headers{"sentry-hook-resource": c.resource, "sentry-hook-timestamp": "1772445000"}
			if got := hooktest.ReadAs(Maker, h, intake.Mapping{}, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	if got := Maker.Delivery(intake.Headers{"request-id": "r"}, nil); got != "r" {
		t.Errorf("the delivery is named %q", got)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"action":"created"}`)
	good := hex.EncodeToString(hook.Sum([]byte("old"), body))
	for signature, want := range map[string]bool{good: true, good[2:]: false, "": false, strings.Repeat("0", 64): false, "sha256=" + good: false} {
		if got := Maker.Verify(intake.Headers{"sentry-hook-signature": signature}, body, []string{"new", "old"}, time.Now()); got != want {
			t.Errorf("%q: good is %v", signature, got)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	issue := func(action, sent string) hooktest.Delivery {
		return hooktest.Delivery{
			Headers: intake.Headers{"sentry-hook-resource": "issue", "sentry-hook-timestamp": sent},
			Body:    `{"action":"` + action + `","data":{"issue":{"id":"7","title":"Oops","firstSeen":"2026-03-02T09:40:00Z"}}}`,
		}
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50, 09:55-… | Oops", []hooktest.Delivery{issue("created", "1772444405"), issue("resolved", "1772445000"), issue("unresolved", "1772445300"), issue("assigned", "1772445360")})
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"many tags":    `{"data":{"event":{"issue_id":"7","tags":[` + strings.Repeat(`["a","b"],`, 100_000) + `[]]}}}`,
		"lists inside": `{"data":{"event":{"issue_id":"7","tags":[` + strings.Repeat(`[`+strings.Repeat(`1,`, 300)+`1],`, 900) + `[]]}}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, intake.Headers{"sentry-hook-timestamp": "1772445000"}, `{"action":"triggered","data":{"event":{"issue_id":"7","tags":[["a","b"]]}}}`,
		`{"action":"resolved","data":{"metric_alert":{"id":1,"projects":["a","b"],"alert_rule":{"id":2}}}}`)
}
