package ui

import (
	"strings"
	"testing"
)

func TestMarkdownShowsWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text     string
		contains []string
		lacks    []string
	}{
		"words and code":              {text: "waits `30 s` **always**", contains: []string{"<code>30 s</code>", "<strong>always</strong>"}},
		"a task list":                 {text: "- [x] told\n- [ ] fixed", contains: []string{`type="checkbox"`, "checked", "disabled", `aria-label="task"`}},
		"a table":                     {text: "|a|b|\n|-|-|\n|1|2|", contains: []string{"<table>", "<td>1</td>"}},
		"a bare address":              {text: "see https://example.test/x", contains: []string{`href="https://example.test/x"`, "nofollow"}},
		"headings go below the pages": {text: "# Why\n\n###### deep", contains: []string{"<h3>Why</h3>", "<h6>deep</h6>"}, lacks: []string{"<h1"}},
		"a script is left out":        {text: "<script>alert(1)</script>ok", lacks: []string{"<script", "onerror"}},
		"an event is left out":        {text: `<img src=x onerror=alert(1)> <b onclick=x>y</b>`, lacks: []string{"onerror", "onclick", "<img"}},
		"a script as an address":      {text: "[x](javascript:alert(1)) [y](data:text/html;base64,AA)", lacks: []string{"javascript:", "data:"}},
		"a picture from elsewhere":    {text: "![x](https://tracker.test/p.gif)", lacks: []string{"<img"}},
		"nothing":                     {text: "", lacks: []string{"<p>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := MarkdownHTML(c.text)
			for _, want := range c.contains {
				if !strings.Contains(html, want) {
					t.Errorf("%q is missing in %s", want, html)
				}
			}
			for _, not := range c.lacks {
				if strings.Contains(html, not) {
					t.Errorf("%q is in %s", not, html)
				}
			}
		})
	}
}
