package ui

import (
	"bytes"
	"regexp"

	"github.com/a-h/templ"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

var (
	markdown = goldmark.New(goldmark.WithExtensions(extension.GFM))
	harmless = newPolicy()
)

// newPolicy lets through what text needs: no scripts, styles, forms, frames, or pictures from elsewhere (the pages'
// Content-Security-Policy would refuse those anyway).
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
		"em", "strong", "del", "sub", "sup", "table", "thead", "tbody", "tr", "th", "td",
	)
	p.AllowStandardURLs()
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("align").Matching(bluemonday.CellAlign).OnElements("th", "td")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	return p
}

// headings of a note stand below the page's own, so that the outline of the page stays true.
var headings = regexp.MustCompile(`<(/?)h([1-6])>`)

// MarkdownHTML is what people wrote, as harmless HTML: GitHub's Markdown with tables and task lists. Raw HTML is left out.
func MarkdownHTML(text string) string {
	var b bytes.Buffer
	if err := markdown.Convert([]byte(text), &b); err != nil { // only a failing writer can
		return templ.EscapeString(text)
	}
	html := harmless.SanitizeBytes(b.Bytes())
	html = headings.ReplaceAllFunc(html, func(tag []byte) []byte {
		m := headings.FindSubmatch(tag)
		return []byte("<" + string(m[1]) + "h" + string(min(m[2][0]+2, '6')) + ">")
	})
	return string(bytes.ReplaceAll(html, []byte("<input"), []byte(`<input aria-label="task"`)))
}

// Markdown shows what people wrote.
func Markdown(text string) templ.Component {
	return templ.Raw(`<div class="md">` + MarkdownHTML(text) + `</div>`)
}
