package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"upshot/app/fault"
)

func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPieces(t *testing.T) {
	t.Parallel()
	wrong := []fault.Field{{Name: "started_at", Message: "This is in the future."}, {Name: "services[1]", Message: "Choose one."}}
	cases := map[string]struct {
		piece      templ.Component
		with, lack []string
	}{
		"a state has a shape and a word": {
			piece: StateBadge(Waiting, "74 d"),
			with:  []string{`class="st waiting"`, `href="#i-waiting"`, "waiting", "74 d"},
		},
		"a state nobody drew yet still reads": {
			piece: StateBadge("paused", ""),
			with:  []string{`href="#i-dot"`, "paused"},
		},
		"a severity":            {piece: Sev("SEV1"), with: []string{`class="sev s1"`, ">SEV1<"}},
		"an unknown severity":   {piece: Sev(""), with: []string{"no severity"}},
		"an unknown moment":     {piece: Time(When{}), with: []string{"n/a"}, lack: []string{"<time"}},
		"a field without fault": {piece: Input(Field{Name: "title", Label: "Title", Value: `a "b"`}), with: []string{`for="title"`, `type="text"`, `value="a &#34;b&#34;"`}, lack: []string{"aria-"}},
		"a field with fault and help": {
			piece: Input(Field{Name: "started_at", Type: "datetime-local", Label: "Started", Help: "When users felt it.", Error: ErrorFor(wrong, "started_at"), Required: true}),
			with:  []string{`aria-describedby="started_at-error started_at-help"`, `aria-invalid="true"`, `id="started_at-error"`, "This is in the future.", " required"},
		},
		"the chosen answer": {
			piece: Select(Field{Name: "kind", Value: "b", Options: []Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}}),
			with:  []string{`<option value="b" selected>B</option>`, `<option value="a">A</option>`},
		},
		"cards": {
			piece: Picks(Field{Name: "severity", Label: "How bad is it?", Value: "SEV2", Options: []Option{{Value: "SEV2", Label: "SEV2", Help: "Many users"}}}),
			with:  []string{"<legend", `class="sev s2"`, " checked", "Many users"},
		},
		"the summary leads to the fields": {
			piece: ErrorSummary("", wrong),
			with:  []string{`role="alert"`, "Two", "answers need", `href="#started_at"`, `href="#services"`},
		},
		"no summary without faults": {piece: ErrorSummary("", nil), lack: []string{"alert"}},
		"the last page": {
			piece: Pages(Pager{Shown: 21, Total: 1021, Newer: "/incidents?before=x"}),
			with:  []string{"21 of 1,021", "Newer"}, lack: []string{"Older"},
		},
		"an estimate says so": {piece: Pages(Pager{Shown: 50, Total: 12000, Estimate: true, Older: "/incidents?cursor=x"}), with: []string{"50 of about 12,000"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := drawn(t, c.piece)
			for _, s := range c.with {
				if !strings.Contains(got, s) {
					t.Errorf("%s lacks %q", got, s)
				}
			}
			for _, s := range c.lack {
				if strings.Contains(got, s) {
					t.Errorf("%s has %q", got, s)
				}
			}
		})
	}
}

func TestErrorFor(t *testing.T) {
	t.Parallel()
	wrong := []fault.Field{{Name: "services[1]", Message: "unknown"}}
	if ErrorFor(wrong, "services") != "unknown" || ErrorFor(wrong, "service") != "" {
		t.Error("a part of a list is a fault of the list, and of nothing else")
	}
}
