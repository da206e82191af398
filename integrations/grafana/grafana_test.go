package grafana

import (
	"strings"
	"testing"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "grafana/unified_v11_firing_values.json")
	want := `{}/{debug="true"}:{alertname="Memory (copy)", grafana_folder="device"} | fired e6349a25f5ef0e9e 2024-03-01T02:09:00Z | High memory usage`
	if got := hooktest.Read(Maker, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	if look := p.Signals[0].Look; !strings.HasPrefix(look.Summary, "**Firing**") || !strings.HasPrefix(look.URL, "https://play.grafana.org/alerting/grafana/") {
		t.Errorf("summary %q, address %q", look.Summary, look.URL)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const alert = `"status":"firing","fingerprint":"a","startsAt":"2026-03-02T10:40:00+01:00"`
	cases := map[string]struct{ body, want string }{
		"without a summary its name, not the title, which changes with the status": {
			`{"groupKey":"g","title":"[FIRING:1] CPU high device","groupLabels":{"alertname":"CPU high","grafana_folder":"device"},"alerts":[{` + alert + `}]}`,
			"g | fired a 2026-03-02T09:40:00Z | CPU high",
		},
		"without a name the title": {`{"groupKey":"g","title":"Something is wrong","alerts":[{` + alert + `}]}`, "g | fired a 2026-03-02T09:40:00Z | Something is wrong"},
		"a rule without data": {
			`{"groupKey":"g","commonLabels":{"alertname":"DatasourceNoData","rulename":"CPU high"},"alerts":[{` + alert + `,"labels":{"alertname":"DatasourceNoData","rulename":"CPU high"}}]}`,
			"g | fired a 2026-03-02T09:40:00Z | DatasourceNoData of CPU high",
		},
		"a rule that fails": {
			`{"groupKey":"g","alerts":[{` + alert + `,"labels":{"alertname":"DatasourceError","rulename":"CPU high"},"annotations":{"Error":"timeout"}}]}`,
			"g | fired a 2026-03-02T09:40:00Z | DatasourceError of CPU high",
		},
		"legacy alerting": {`{"ruleName":"CPU high","state":"alerting"}`, "error: alerts is missing, or is no list with an alert in it."},
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

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"title":"[FIRING:1]","message":"m","alerts":[{"status":"firing","labels":{"alertname":"DatasourceError","rulename":"x"}}]}`)
}
