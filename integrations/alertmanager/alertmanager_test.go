package alertmanager

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"upshot/app/incident"
	"upshot/app/intake"
	"upshot/integrations/hook"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "alertmanager/firing_demo_group.json")
	want := `{}/{}:{alertname="MinutlyTest"} | fired b1fe7a5d2c9e5714 2025-03-10T11:59:24.061Z | minutly alert test`
	if got := hooktest.Read(Maker, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	look := p.Signals[0].Look
	if look.Labels["job"] != "minutlytest" || look.URL != "http://f418b56abf02/demo/prometheus/graph?g0.expr=vector%281%29+%3E+0&g0.tab=1" || look.Summary != "minutly alert test" {
		t.Errorf("it looks like %+v", look)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const a, b = `"status":"firing","fingerprint":"a","startsAt":"2026-03-02T09:40:00Z","endsAt":"0001-01-01T00:00:00Z"`,
		`"status":"resolved","fingerprint":"b","startsAt":"2026-03-02T09:41:00Z","endsAt":"2026-03-02T09:45:00Z"`
	cases := map[string]struct{ body, want string }{
		"two members, one of them over": {
			`{"groupKey":"g","status":"firing","commonAnnotations":{"summary":"Slow"},"alerts":[{` + a + `},{` + b + `}]}`,
			`g | fired a 2026-03-02T09:40:00Z, fired b 2026-03-02T09:41:00Z, resolved b 2026-03-02T09:45:00Z | Slow`,
		},
		"all over": {
			`{"groupKey":"g","status":"resolved","commonAnnotations":{"summary":"Slow"},"alerts":[{` + b + `}]}`,
			`g | fired b 2026-03-02T09:41:00Z, resolved b 2026-03-02T09:45:00Z, resolved 2026-03-02T09:45:00Z | Slow`,
		},
		"the end of an alert that fires is none": {
			`{"groupKey":"g","alerts":[{"status":"firing","fingerprint":"a","startsAt":"2026-03-02T09:40:00Z","endsAt":"2026-03-02T09:44:00Z","labels":{"alertname":"Slow"}}]}`,
			`g | fired a 2026-03-02T09:40:00Z | Slow`,
		},
		"over since nobody knows when": {
			`{"groupKey":"g","alerts":[{"status":"resolved","fingerprint":"a","startsAt":"2026-03-02T09:40:00Z","endsAt":"0001-01-01T00:00:00Z","labels":{"alertname":"Slow"}}]}`,
			`g | fired a 2026-03-02T09:40:00Z, resolved a now | Slow`,
		},
		"over, and nobody saw it begin": {
			`{"groupKey":"g","alerts":[{"status":"resolved","fingerprint":"a","endsAt":"2026-03-02T09:44:00Z","labels":{"alertname":"Slow"}}]}`,
			`g | resolved a 2026-03-02T09:44:00Z, resolved 2026-03-02T09:44:00Z | Slow`,
		},
		"fires since nobody knows when": {
			`{"groupKey":"g","alerts":[{"status":"firing","fingerprint":"a","startsAt":"soon","labels":{"alertname":"Slow"}}]}`,
			`g | fired a now | Slow`,
		},
		"without a group key each alert is one": {
			`{"status":"firing","alerts":[{` + a + `,"labels":{"alertname":"Slow"}},{` + b + `,"labels":{"alertname":"Down"}}]}`,
			"a | fired a 2026-03-02T09:40:00Z | Slow\nb | fired b 2026-03-02T09:41:00Z, resolved b 2026-03-02T09:45:00Z | Down",
		},
		"without a fingerprint its labels name it, in their order": {
			`{"status":"firing","alerts":[{"labels":{"z":"1","alertname":"Slow"},"startsAt":"2026-03-02T09:40:00Z"}]}`,
			`alertname=Slow, z=1 | fired alertname=Slow, z=1 2026-03-02T09:40:00Z | Slow`,
		},
		"an alert without a status has its group's": {
			`{"groupKey":"g","status":"FIRING","alerts":[{"fingerprint":"a","labels":{"alertname":"Slow"}}]}`, `g | fired a now | Slow`,
		},
		"without a summary: the alert's name and what the group is by": {
			`{"groupKey":"g","groupLabels":{"alertname":"Slow","cluster":"eu","zone":"b"},"alerts":[{` + a + `}]}`,
			`g | fired a 2026-03-02T09:40:00Z | Slow (eu, b)`,
		},
		"the summary of the first that fires, when they differ": {
			`{"groupKey":"g","alerts":[{` + b + `,"annotations":{"summary":"b is slow"}},{` + a + `,"annotations":{"summary":"a is slow"}}]}`,
			`g | fired b 2026-03-02T09:41:00Z, resolved b 2026-03-02T09:45:00Z, fired a 2026-03-02T09:40:00Z | a is slow`,
		},
		"the worst speaks for the group": {
			`{"groupKey":"g","alerts":[{` + a + `,"labels":{"severity":"warning"},"annotations":{"summary":"slow"}},
			  {"status":"firing","fingerprint":"c","labels":{"severity":"Critical"},"annotations":{"summary":"down"}}]}`,
			`g | fired a 2026-03-02T09:40:00Z, fired c now | down`,
		},
		"members of several services": {
			`{"groupKey":"g","alerts":[{` + a + `,"labels":{"service":"checkout","alertname":"Slow"}},{` + b + `,"labels":{"service":"search"}}]}`,
			`g | fired a 2026-03-02T09:40:00Z, fired b 2026-03-02T09:41:00Z, resolved b 2026-03-02T09:45:00Z | Slow | services checkout+search`,
		},
		"nothing but a name": {`{"alerts":[{"status":"firing","fingerprint":"a"}]}`, `a | fired a now | a`},
		"another version, and fields of wrong types": {
			`{"version":5,"groupKey":"g","commonLabels":[],"groupLabels":null,"externalURL":7,"truncatedAlerts":"x","commonAnnotations":"y",
			  "alerts":[{` + a + `,"labels":{"alertname":"Slow","n":4,"o":{}},"annotations":null,"generatorURL":{}}]}`,
			`g | fired a 2026-03-02T09:40:00Z | Slow`,
		},
		"no alerts":              {`{"groupKey":"g","alerts":[]}`, "error: alerts is missing, or is no list with an alert in it."},
		"alerts are null":        {`{"groupKey":"g","alerts":null}`, "error: alerts is missing, or is no list with an alert in it."},
		"alerts are no list":     {`{"groupKey":"g","alerts":{}}`, "error: alerts is missing, or is no list with an alert in it."},
		"an alert that is none":  {`{"groupKey":"g","alerts":[5]}`, "error: alerts[0] has neither a fingerprint nor labels."},
		"a word nobody knows":    {`{"alerts":[{"fingerprint":"a","status":"pending"}]}`, `error: alerts[0].status is "pending"; firing or resolved was expected.`},
		"a status of wrong type": {`{"alerts":[{"fingerprint":"a","status":{}}]}`, `error: alerts[0].status is ""; firing or resolved was expected.`},
		"no JSON":                {`alerts`, "error: The body is no JSON: invalid character 'a' looking for beginning of value."},
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

func TestLook(t *testing.T) {
	t.Parallel()
	p, err := Maker.Read(nil, []byte(`{"groupKey":"g","groupLabels":{"team":"shop"},"commonLabels":{"Cluster":"eu"},"commonAnnotations":{"runbook":"r","team":"no"},
	  "externalURL":"https://alertmanager.example.com","truncatedAlerts":7,"alerts":[{"status":"firing","fingerprint":"a","startsAt":"2026-03-02T09:40:00Z",
	  "labels":{"pod":"p1","cluster":"no"},"annotations":{"description":"It is slow.","pod":"no"},"generatorURL":"javascript:alert(1)"},
	  {"status":"resolved","fingerprint":"b","startsAt":"2026-03-02T09:30:00Z","endsAt":"2026-03-02T09:50:00Z"}]}`), intake.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.Signals[0]
	want := map[string]string{"team": "shop", "cluster": "eu", "runbook": "r", "pod": "p1", "description": "It is slow."}
	if !maps.Equal(s.Look.Labels, want) {
		t.Errorf("labels %v, want %v", s.Look.Labels, want)
	}
	if s.Look.Summary != "It is slow.\n\nThe sender left out 7 more alerts of this group." || s.Look.URL != "https://alertmanager.example.com" {
		t.Errorf("summary %q, address %q", s.Look.Summary, s.Look.URL)
	}
	if at := s.At.Format("15:04"); at != "09:50" {
		t.Errorf("it looks so since %s; the latest of its moments was expected", at)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	m := intake.Mapping{
		ServiceFrom: []string{"Owner"}, SeverityFrom: []string{"impact"}, Severities: map[string]incident.Severity{"huge": incident.SEV1, "tiny": incident.SEV4},
	}
	body := `{"groupKey":"g","alerts":[
	  {"status":"firing","fingerprint":"a","labels":{"owner":"x","service":"s","impact":"tiny"},"annotations":{"summary":"tiny"}},
	  {"status":"firing","fingerprint":"b","labels":{"owner":"y","service":"s","impact":"huge"},"annotations":{"summary":"huge"}},
	  {"status":"firing","fingerprint":"c","labels":{"service":"z"}}]}`
	if got, want := hooktest.ReadAs(Maker, nil, m, body), "g | fired a now, fired b now, fired c now | huge | services x+y+z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOrder tells that neither a repeat nor the order of a group's members changes what it says.
func TestOrder(t *testing.T) {
	t.Parallel()
	alert := func(n int) string {
		return fmt.Sprintf(`{"status":"firing","fingerprint":"%02d","labels":{"service":"s%d"},"startsAt":"2026-03-02T09:%02d:00Z"}`, n, n, n)
	}
	read := func(order ...int) []string {
		var all []string
		for _, n := range order {
			all = append(all, alert(n))
		}
		p, err := Maker.Read(nil, []byte(`{"groupKey":"g","commonAnnotations":{"summary":"Slow"},"alerts":[`+strings.Join(all, ",")+`]}`), intake.Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, m := range p.Signals[0].Marks {
			said = append(said, fmt.Sprint(m))
		}
		slices.Sort(said)
		services := slices.Sorted(slices.Values(p.Signals[0].Look.Services))
		return append(slices.Compact(said), append(services, p.Signals[0].At.String())...)
	}
	if a, b := read(1, 2, 3), read(3, 1, 2, 1); !slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestManyAlerts(t *testing.T) {
	t.Parallel()
	var all []string
	for n := range hook.Most + 1 {
		all = append(all, fmt.Sprintf(`{"status":"firing","fingerprint":"%d","labels":{"alertname":"Slow","service":"s%d"}}`, n, n))
	}
	p, err := Maker.Read(nil, []byte(`{"groupKey":"g","alerts":[`+strings.Join(all, ",")+`]}`), intake.Mapping{})
	hooktest.Check(t, p, err)
	s := p.Signals[0]
	if len(s.Marks) != hook.Most || s.Look.Summary != "The group has 10001 alerts, of which the first 10000 are followed." || len(s.Look.Services) != 100 {
		t.Errorf("%d marks, %d services, %q", len(s.Marks), len(s.Look.Services), s.Look.Summary)
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	group := func(alerts ...string) string {
		var all []string
		for _, one := range alerts {
			f := strings.Fields(one) // a name, and from when until when
			status, end := "firing", "0001-01-01T00:00:00Z"
			if len(f) == 3 {
				status, end = "resolved", "2026-03-02T"+f[2]+":00Z"
			}
			all = append(all, `{"status":"`+status+`","fingerprint":"`+f[0]+`","startsAt":"2026-03-02T`+f[1]+`:00Z","endsAt":"`+end+`"}`)
		}
		return `{"groupKey":"g","commonAnnotations":{"summary":"Slow"},"alerts":[` + strings.Join(all, ",") + `]}`
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:55 | Slow", hooktest.Bodies(group("a 09:40"), group("a 09:40", "b 09:42"), group("a 09:40 09:50", "b 09:42"), group("b 09:42 09:55")))
	hooktest.AnyOrder(t, Maker, "09:40-… | Slow", hooktest.Bodies(group("a 09:40"), group("a 09:40", "b 09:42"), group("a 09:40 09:50", "b 09:42")))
	hooktest.AnyOrder(t, Maker, "09:40-09:45, 09:50-09:55 | Slow", hooktest.Bodies(group("a 09:40"), group("a 09:40 09:45"), group("a 09:50"), group("a 09:50 09:55")))
}

func TestAwkward(t *testing.T) {
	var alone, shared strings.Builder
	for n := range 5_000 {
		fmt.Fprintf(&alone, `{"fingerprint":%d},`, n)
	}
	for n := range 100 {
		fmt.Fprintf(&shared, `"l%d":"%s",`, n, strings.Repeat("v", 900))
	}
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"much in common":  `{"status":"firing","commonLabels":{` + shared.String() + `"a":"b"},"message":"` + strings.Repeat("m", 30_000) + `","alerts":[` + alone.String() + `{"fingerprint":"a"}]}`,
		"empty alerts":    `{"groupKey":"g","status":"firing","alerts":[` + strings.Repeat("{},", 200_000) + "{}]}",
		"names alone":     `{"status":"firing","alerts":[` + strings.Repeat(`{"fingerprint":1},`, 100_000) + `{"fingerprint":2}]}`,
		"many labels":     `{"groupKey":"g","status":"firing","alerts":[{"labels":{` + strings.Repeat(`"ab":"c",`, 100_000) + `"d":"e"}}]}`,
		"long everything": `{"groupKey":"` + strings.Repeat("é", 100_000) + `","status":"firing","commonAnnotations":{"summary":"` + strings.Repeat("é", 100_000) + `"},"alerts":[{"fingerprint":"a"}]}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"status":"resolved","alerts":[{"labels":{"a":"b"},"startsAt":1,"endsAt":"2026-03-02T09:40:00Z"},{"fingerprint":7}],"truncatedAlerts":3}`)
}
