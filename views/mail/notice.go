// Package mail draws letters: plain tables and inline styles, since that is what mail programs show alike.
package mail

import (
	"bytes"
	"context"
	"strings"

	"upshot/app/notice"
)

// NoticeLetter is the letter that tells a team of an incident: its subject, and the same as text and as a page.
func NoticeLetter(ctx context.Context, m notice.Matter) (subject, text, html string, err error) {
	var page bytes.Buffer
	if err := Notice(m).Render(ctx, &page); err != nil {
		return "", "", "", err
	}
	var plain strings.Builder
	line := func(parts ...string) { plain.WriteString(strings.Join(parts, "") + "\n") }
	line(notice.Title(m))
	line()
	if felt := notice.Felt(m.Incident); felt != "" {
		line(felt)
		line()
	}
	for _, f := range notice.Facts(m) {
		line(f.Name, ": ", f.Value)
	}
	line()
	line(m.URL)
	line()
	line("-- ")
	line(notice.Why(m), " Upshot tells each team once for an incident.")
	return notice.Title(m), plain.String(), page.String(), nil
}
