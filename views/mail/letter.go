package mail

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/vanng822/go-premailer/premailer"

	"upshot/app/digest"
)

// Letter is the weekly letter: its subject, and the same as text and as a page whose styles are in line.
func Letter(ctx context.Context, l digest.Letter) (subject, text, html string, err error) {
	var page bytes.Buffer
	if err := letterPage(l).Render(ctx, &page); err != nil {
		return "", "", "", err
	}
	inliner, err := premailer.NewPremailerFromBytes(page.Bytes(), premailer.NewOptions())
	if err == nil {
		html, err = inliner.Transform()
	}
	return l.Subject, letterText(l), html, err
}

// captionOf is what a figure counts, with its n.
func captionOf(m digest.Measure) string {
	if m.N > 0 {
		return m.Name + ", n\u00a0=\u00a0" + strconv.Itoa(m.N)
	}
	return m.Name
}

func moveClass(m digest.Measure) string {
	switch m.Move {
	case digest.Better:
		return "grn"
	case digest.Worse:
		return "amb"
	}
	return "mut"
}

func toneClass(t digest.Tone) string {
	switch t {
	case digest.Hurt:
		return "red"
	case digest.Late:
		return "amb"
	case digest.Good:
		return "grn"
	}
	return "ink"
}

// letterText says all that the page says, for who reads plain text.
func letterText(l digest.Letter) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n") }
	line(l.Kicker)
	line()
	line(l.Headline)
	line(l.Lede)
	if l.Late != "" {
		line(l.Late)
	}
	line()
	for _, m := range l.Figures {
		line("  ", m.Value, "  ", captionOf(m))
		if said := m.Compared(); said != "" {
			line("      ", said)
		}
	}
	for _, s := range l.Sections {
		line()
		line(s.Title)
		line(strings.Repeat("-", len([]rune(s.Title))))
		if s.Lede != "" {
			line(s.Lede)
		}
		for _, r := range s.Rows {
			textRow(line, r)
		}
		if s.Note != "" {
			line(s.Note)
		}
		if s.More != "" {
			line("  ", s.More, ": ", s.MoreLink)
		}
	}
	line()
	b.WriteString("-- \n") // by which programs know what is below the letter
	line(l.Why)
	line("Change what you get: ", l.Change)
	line("Stop this letter: ", l.Stop)
	return b.String()
}

func textRow(line func(...string), r digest.Row) {
	value := ""
	if r.Value != "" {
		value = "  [" + r.Value + "]"
	}
	line("* ", r.Title, value)
	about := r.About
	if r.Ticket != "" {
		about += " · " + r.Ticket + " " + r.Status
	}
	if r.Marks > 0 {
		about += "  " + strings.Repeat("◆", min(r.Marks, 5)) + " " + strconv.Itoa(r.Marks) + "×"
	}
	if about = strings.TrimSpace(about); about != "" {
		line("  ", about)
	}
	if r.Under != "" {
		line("  ", r.Under)
	}
	for _, at := range []string{r.Link, r.TicketLink} {
		if at != "" {
			line("  ", at)
		}
	}
}
