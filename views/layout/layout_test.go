package layout

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"upshot/views/link"
)

func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheFrame(t *testing.T) {
	t.Parallel()
	editor := Viewer{Name: "Ada", Role: "editor", CanEdit: true}
	cases := map[string]struct {
		frame      Frame
		with, lack []string
	}{
		"an editor on an incident's page": {
			frame: Frame{Title: "INC-42", Here: "/incidents/INC-42", Viewer: editor, Zone: "Europe/Lisbon (UTC+0)"},
			with: []string{
				"<title>INC-42 · Upshot</title>", `href="/incidents" aria-current="true"`, "Report incident",
				"Times are Europe/Lisbon (UTC+0).", `action="/signout"`, "includeIndicatorStyles",
			},
			lack: []string{"sandbox", `href="/settings"`},
		},
		"a reader sees nothing to change": {
			frame: Frame{Here: link.Home, Viewer: Viewer{Name: "Ben", Role: "viewer"}},
			with:  []string{"<title>Upshot</title>", `href="/" aria-current="page"`},
			lack:  []string{"Report incident", `href="/incidents" aria-current`},
		},
		"an administrator has settings": {
			frame: Frame{Here: link.People, Viewer: Viewer{Name: "Cleo", Role: "admin", CanEdit: true, IsAdmin: true}},
			with:  []string{`href="/settings" aria-current="true"`},
		},
		"the sandbox says so": {
			frame: Frame{Viewer: editor, Demo: true},
			with:  []string{"You are signed in to a sandbox as Ada; nothing here is real."},
		},
		"what was done": {
			frame: Frame{Viewer: editor, Flash: &Flash{Tone: OK, Text: "Reported.", Link: "/incidents/INC-1", LinkText: "INC-1"}},
			with:  []string{`class="flash ok"`, `role="status"`, `<a href="/incidents/INC-1">INC-1</a>`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := drawn(t, Page(c.frame))
			for _, s := range c.with {
				if !strings.Contains(page, s) {
					t.Errorf("the page lacks %q", s)
				}
			}
			for _, s := range append(c.lack, "style=", "<style", "onclick") {
				if strings.Contains(page, s) {
					t.Errorf("the page has %q", s)
				}
			}
		})
	}
}

func TestTroubleIsCalm(t *testing.T) {
	t.Parallel()
	trouble := Trouble{Title: "There is no such incident.", Advice: "It may have been merged.", RequestID: "r-17"}
	known := drawn(t, TroublePage(Frame{Viewer: Viewer{Name: "Ada"}}, trouble))
	stranger := drawn(t, TroublePage(Frame{}, trouble))
	for _, page := range []string{known, stranger} {
		for _, s := range []string{trouble.Title, trouble.Advice, "r-17", `href="/"`} {
			if !strings.Contains(page, s) {
				t.Errorf("the page lacks %q", s)
			}
		}
	}
	if !strings.Contains(known, "Sign out") || strings.Contains(stranger, "Sign out") {
		t.Error("a stranger has the frame of somebody signed in, or the other way round")
	}
}
