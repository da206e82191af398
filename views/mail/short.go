package mail

import (
	"bytes"
	"context"

	"upshot/app/digest"
)

// Short is a short mail as text and as a page.
func Short(ctx context.Context, m digest.Message) (text, html string, err error) {
	var page bytes.Buffer
	if err := shortPage(m).Render(ctx, &page); err != nil {
		return "", "", err
	}
	text = m.Title + "\n\n" + m.Text + "\n\n" + m.LinkText + ": " + m.Link + "\n\n-- \n" + m.Foot + "\n"
	if m.Stop != "" {
		text += "Stop these mails: " + m.Stop + "\n"
	}
	return text, page.String(), nil
}
