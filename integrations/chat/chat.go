// Package chat writes to the webhooks of chats: Slack, Microsoft Teams, and anything that takes JSON.
package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"upshot/app/dispatch"
)

// The kinds of chats.
const (
	Slack   = "slack"
	Teams   = "teams"   // a workflow "when a Teams webhook request is received"
	Webhook = "webhook" // JSON of our own
)

// DefaultTimeout is what one call takes at most.
const DefaultTimeout = 15 * time.Second

const (
	answerMax = 16 << 10 // bytes of an answer that are read
	wordsMax  = 300      // characters of it that are kept
)

// Sender writes to chats. It may be used by several goroutines.
type Sender struct {
	client *http.Client
	agent  string
}

// New makes a Sender; a zero timeout is DefaultTimeout.
func New(version string, timeout time.Duration) *Sender {
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return &Sender{agent: "Upshot/" + strings.Trim(version, "()"), client: &http.Client{
		Timeout: timeout,
		// The message is for whoever has the address that was entered, and for nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send posts a message, once. nil means that the other side has accepted it. Every error is a *dispatch.Trouble, and holds
// nothing of the address.
func (s *Sender) Send(ctx context.Context, m dispatch.Chat) error {
	body, err := Body(m)
	if err != nil {
		return &dispatch.Trouble{Kind: dispatch.Permanent, Said: dispatch.Short(err.Error(), wordsMax)}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Address, bytes.NewReader(body))
	if err != nil || r.URL.Host == "" || r.URL.Scheme != "https" && r.URL.Scheme != "http" {
		return &dispatch.Trouble{Kind: dispatch.Permanent, Said: "The address of the chat is none that begins with https:// or http://."}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", s.agent)
	r.Header.Set("Idempotency-Key", m.ID)
	answer, err := s.client.Do(r)
	if err != nil {
		return unreached(err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, answerMax)) // the status decides; the words are for people
	return refused(answer, string(said), m.Address)
}

// unreached tells that no answer came.
func unreached(err error) *dispatch.Trouble {
	var whole *url.Error // its words repeat the address, which is a secret
	if errors.As(err, &whole) {
		err = whole.Err
	}
	t := &dispatch.Trouble{Kind: dispatch.Temporary, Said: dispatch.Short(err.Error(), wordsMax), Maybe: true}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" { // nothing was sent
		t.Maybe, t.Down = false, true
		if op.Err != nil {
			t.Said = dispatch.Short(op.Err.Error(), wordsMax)
		}
	}
	return t
}

// refused tells what an answer means; nil: accepted.
func refused(answer *http.Response, said, address string) error {
	status := answer.StatusCode
	t := &dispatch.Trouble{Kind: dispatch.Permanent, Status: status, Said: dispatch.Short(strings.ReplaceAll(said, address, "…"), wordsMax)}
	if t.Said == "" || strings.HasPrefix(t.Said, "<") { // a page says less than the name of its status
		t.Said = http.StatusText(status)
	}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		t.Said = "It leads to another address. Enter the one where it ends."
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		t.Kind = dispatch.Temporary
	case status >= 500:
		t.Kind, t.Maybe = dispatch.Temporary, true
	}
	return t
}

// Body is what is posted.
func Body(m dispatch.Chat) ([]byte, error) {
	var body any
	switch m.Kind {
	case Slack:
		body = slackBody(m)
	case Teams:
		body = teamsBody(m)
	case Webhook:
		data := map[string]any{"id": m.ID, "title": m.Title, "text": m.Text, "url": m.Link}
		for name, value := range m.Data {
			data[name] = value
		}
		body = data
	default:
		return nil, fmt.Errorf("there is no chat of kind %q", m.Kind)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("write a message for %s: %w", m.Kind, err)
	}
	return out.Bytes(), nil
}

// The limits of Slack's blocks.
const (
	slackHeader = 150
	slackText   = 2900
	slackField  = 1900
	slackFields = 10
)

var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

type object = map[string]any

// slackBody writes blocks, and text for notifications.
func slackBody(m dispatch.Chat) any {
	markdown := func(text string, most int) object {
		return object{"type": "mrkdwn", "text": slackEscapes.Replace(dispatch.Short(text, most))}
	}
	blocks := []object{{"type": "header", "text": object{"type": "plain_text", "text": dispatch.Short(m.Title, slackHeader-1), "emoji": false}}}
	if m.Text != "" {
		blocks = append(blocks, object{"type": "section", "text": markdown(m.Text, slackText)})
	}
	var fields []object
	for _, f := range m.Facts[:min(slackFields, len(m.Facts))] {
		fields = append(fields, object{"type": "mrkdwn", "text": "*" + slackEscapes.Replace(dispatch.Short(f.Name, 50)) + "*\n" + slackEscapes.Replace(dispatch.Short(f.Value, slackField))})
	}
	if len(fields) > 0 {
		blocks = append(blocks, object{"type": "section", "fields": fields})
	}
	if m.Link != "" {
		blocks = append(blocks, object{"type": "actions", "elements": []object{{
			"type": "button", "text": object{"type": "plain_text", "text": m.LinkText}, "url": m.Link,
		}}})
	}
	return object{"text": slackEscapes.Replace(dispatch.Short(m.Title, slackText)), "blocks": blocks}
}

// teamsBody writes an Adaptive Card as a workflow's webhook takes it.
func teamsBody(m dispatch.Chat) any {
	body := []object{{"type": "TextBlock", "text": teamsText(m.Title), "size": "Large", "weight": "Bolder", "wrap": true}}
	if m.Text != "" {
		body = append(body, object{"type": "TextBlock", "text": teamsText(m.Text), "wrap": true})
	}
	var facts []object
	for _, f := range m.Facts {
		facts = append(facts, object{"title": f.Name, "value": teamsText(f.Value)})
	}
	if len(facts) > 0 {
		body = append(body, object{"type": "FactSet", "facts": facts})
	}
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
		"msteams": object{"width": "Full"},
	}
	if m.Link != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": m.LinkText, "url": m.Link}}
	}
	return object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card,
	}}}
}

// teamsMarks are the characters by which a card's text turns into links, lists and emphasis.
var teamsMarks = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "](", "] (", "`", "\\`", "#", `\#`, "<", "&lt;")

const teamsMax = 5000

func teamsText(text string) string { return teamsMarks.Replace(dispatch.Short(text, teamsMax)) }
