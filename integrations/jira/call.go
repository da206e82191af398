package jira

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"upshot/app/jirasync"
)

// request is one call. Operation names it for limits and people, such as "POST issue"; Issue is the one that is written to.
type request struct {
	method, path string
	query        url.Values
	body         any
	operation    string
	issue        string
	write        bool
	// from another API than the plain one, such as rest/agile/1.0
	api string
}

const plainAPI = "rest/api/2"

// call makes one call, once, and decodes its answer into out (nil: there is none to read).
func (c *Client) call(ctx context.Context, q request, out any) error {
	if q.operation == "" {
		q.operation = q.method + " " + q.path
	}
	if c.settings.Turns != nil {
		done, err := c.settings.Turns.Take(ctx, jirasync.Call{Site: c.settings.Site, Operation: q.operation, Issue: q.issue, Write: q.write})
		if err != nil && ctx.Err() != nil && q.write {
			return &jirasync.Trouble{Kind: jirasync.Temporary, Call: q.operation, Cause: err, Said: "It never left: so many calls were waiting that its turn did not come in time."}
		}
		if err != nil {
			return err
		}
		defer done()
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	// Whatever fails before there is a connection, a name, a certificate or a proxy, was not sent.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	r, err := c.request(ctx, q)
	if err != nil {
		return err
	}
	answer, err := c.jira.Do(r, nil) // it reads no body; on trouble it gives an error beside the answer
	if answer == nil || answer.Response == nil {
		return c.unanswered(q, err, connected.Load())
	}
	defer func() { _ = answer.Body.Close() }()
	body, reading := io.ReadAll(io.LimitReader(answer.Body, answerMax+1))
	if answer.StatusCode >= 300 {
		body = []byte(c.mask(string(body)))
	}
	if err := c.judge(ctx, q, answer.Response, body, reading); err != nil {
		return err
	}
	if out == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := decode(body, out); err != nil {
		return &jirasync.Trouble{
			Kind: jirasync.Temporary, Call: q.operation, Status: answer.StatusCode, Maybe: q.write, Cause: err,
			Said: "The answer could not be read: it is cut, or not what Jira sends.",
		}
	}
	return nil
}

// decode reads an answer. An answer of nothing is none: taken for an empty list, it would say that nothing is there.
func decode(body []byte, out any) error {
	if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		return errors.New("the answer is null")
	}
	return json.Unmarshal(body, out)
}

func (c *Client) request(ctx context.Context, q request) (*http.Request, error) {
	api := q.api
	if api == "" {
		api = plainAPI
	}
	address := api + "/" + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	var r *http.Request
	var err error
	if q.body == nil {
		r, err = c.jira.NewRequestWithContext(ctx, q.method, address, nil)
	} else {
		r, err = c.jira.NewRequestWithContext(ctx, q.method, address, q.body)
	}
	if err != nil {
		return nil, &jirasync.Trouble{Kind: jirasync.Refused, Call: q.operation, Said: "The request could not be made.", Cause: err}
	}
	r.Header.Set("Accept", "application/json")
	agent := "Upshot"
	if c.settings.Version != "" {
		agent += "/" + c.settings.Version
	}
	r.Header.Set("User-Agent", agent)
	if q.body == nil {
		r.Header.Del("Content-Type")
	}
	return r, nil
}

// unanswered is trouble without an answer: nobody knows whether a write had its effect, unless it never left.
func (c *Client) unanswered(q request, err error, connected bool) error {
	t := &jirasync.Trouble{Kind: jirasync.Temporary, Call: q.operation, Maybe: q.write && connected, Cause: c.withoutSecrets(err)}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		t.Said = fmt.Sprintf("No answer within %s.", c.settings.Timeout)
	case errors.Is(err, context.Canceled):
		t.Said = "The call was broken off."
	case !connected:
		t.Said = "Nobody answers at this address: " + plainCause(err) + "."
	default:
		t.Said = "The connection broke off before the answer: " + plainCause(err) + "."
	}
	return t
}

// withoutSecrets keeps the cause for the log. It names the address, never the login. That time ran out, or that the caller gave
// up, can still be told from it.
func (c *Client) withoutSecrets(err error) error {
	if err == nil {
		return errors.New("no answer")
	}
	words := c.mask(err.Error())
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return fmt.Errorf("%s: %w", strings.TrimSuffix(words, ": "+end.Error()), end)
		}
	}
	return errors.New(words)
}

// mask takes the login out of a text, which a proxy may give back to us.
func (c *Client) mask(text string) string {
	if c.settings.Token == "" {
		return text
	}
	basic := base64.StdEncoding.EncodeToString([]byte(c.settings.User + ":" + c.settings.Token))
	return strings.NewReplacer(c.settings.Token, "…", basic, "…").Replace(text)
}

// judge is nil for a good answer, and says what any other one means.
func (c *Client) judge(ctx context.Context, q request, r *http.Response, body []byte, reading error) error {
	t := &jirasync.Trouble{Call: q.operation, Status: r.StatusCode}
	denied := deniedBy(r.Header)
	if r.StatusCode != http.StatusTooManyRequests {
		c.slowDown(ctx, r.Header)
	}
	switch {
	case r.StatusCode == http.StatusTooManyRequests, r.StatusCode == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != "":
		t.Kind, t.Said = jirasync.Limited, c.said(r, body)
		t.Maybe = q.write && r.StatusCode == http.StatusServiceUnavailable // which may come after the effect, unlike 429
		return c.pause(ctx, q, r.Header, t)
	case r.StatusCode == http.StatusRequestTimeout, r.StatusCode >= 500: // even where it denies the login: it may have come after the effect
		t.Kind, t.Maybe = jirasync.Temporary, q.write
	case r.StatusCode/100 == 3:
		t.Kind = jirasync.Refused
		t.Said = "Jira leads to another address, " + locationHost(r) + ", which is not followed. Is the site renamed, or behind a sign-in page?"
		return t
	case r.StatusCode == http.StatusUnauthorized, denied != "":
		t.Kind, t.Said = jirasync.Login, c.said(r, body)
		if denied != "" {
			t.Said = denied
		}
		return t
	case r.StatusCode == http.StatusForbidden:
		t.Kind = jirasync.Forbidden
	case r.StatusCode == http.StatusNotFound && !isJSON(r.Header):
		t.Kind = jirasync.Temporary // a page says nothing of an issue: the site is renamed, switched off, or behind something
	case r.StatusCode == http.StatusNotFound:
		t.Kind = jirasync.Absent
	case r.StatusCode == http.StatusConflict, r.StatusCode == http.StatusPreconditionFailed:
		t.Kind = jirasync.Raced
	case r.StatusCode == http.StatusBadRequest && !isJSON(r.Header):
		t.Kind = jirasync.Temporary // the edge of Cloud says so now and then; it passes by itself
	case r.StatusCode >= 400:
		t.Kind = jirasync.Refused
	}
	if t.Kind != "" {
		t.Said, t.Fields = c.saidOf(r, body)
		return t
	}
	c.mu.Lock()
	delete(c.bare, q.operation)
	c.mu.Unlock()
	switch {
	case r.StatusCode == http.StatusNoContent:
		return nil
	case reading != nil, len(body) > answerMax:
		t.Kind, t.Maybe, t.Cause, t.Said = jirasync.Temporary, q.write, reading, "The answer broke off."
		return t
	case len(bytes.TrimSpace(body)) > 0 && !isJSON(r.Header):
		t.Kind, t.Maybe, t.Said = jirasync.Temporary, q.write, "A page came instead of an answer. Is something between Upshot and Jira?"
		return t
	}
	return nil
}

// deniedBy tells, on any status, that the login was not accepted. An expired token of Cloud gives 200 with no issues in it.
func deniedBy(h http.Header) string {
	if reason := h.Get("X-Authentication-Denied-Reason"); reason != "" {
		if strings.Contains(reason, "CAPTCHA") {
			return "Too many failed logins: Jira asks for a CAPTCHA. Sign in once in the browser as this user."
		}
		return "Jira denies the login."
	}
	for _, reason := range h.Values("X-Seraph-LoginReason") {
		if strings.Contains(reason, "AUTHENTICATED_FAILED") || strings.Contains(reason, "AUTHENTICATION_DENIED") {
			return "The token is not good, or has expired."
		}
	}
	if strings.EqualFold(h.Get("X-AUSERNAME"), "anonymous") {
		return "Jira takes us for nobody: the token is not good, or has expired."
	}
	return ""
}

func isJSON(h http.Header) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

func locationHost(r *http.Response) string {
	u, err := r.Location()
	if err != nil {
		return "(it names none)"
	}
	return u.Host
}

// pause has everybody wait as long as Jira asks, and says so.
func (c *Client) pause(ctx context.Context, q request, h http.Header, t *jirasync.Trouble) error {
	now := c.settings.Now()
	reason := h.Get("RateLimit-Reason")
	wait, told := retryAfter(h, now)
	if told && wait <= 0 { // "go on"
		t.Kind, t.Until = jirasync.Temporary, now
		return t
	}
	if !told {
		c.mu.Lock()
		c.bare[q.operation]++
		n := c.bare[q.operation]
		c.mu.Unlock()
		wait = min(time.Minute, time.Second<<min(n, 6))
	}
	wait = jitter(wait)
	t.Until = now.Add(wait)
	scope := jirasync.SiteScope
	switch {
	case reason == "jira-burst-based", t.Status == http.StatusServiceUnavailable && reason == "":
		scope = q.operation
	case reason == "jira-per-issue-on-write" && q.issue != "":
		scope = jirasync.IssueScope(q.issue)
	case reason == "" && !told: // a gateway that says nothing
		scope = q.operation
	}
	why := fmt.Sprintf("Jira answered %d", t.Status)
	if reason != "" {
		why += " (" + reason + ")"
	}
	if t.Said == "" {
		t.Said = why + "."
	}
	if err := c.keep(ctx, scope, t.Until, why); err != nil {
		return errors.Join(t, fmt.Errorf("keep everybody from calling: %w", err))
	}
	return t
}

// keep has everybody wait, also when the caller has given up by now.
func (c *Client) keep(ctx context.Context, scope string, until time.Time, why string) error {
	if c.settings.Turns == nil {
		return nil
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return c.settings.Turns.Pause(late, jirasync.Pause{Site: c.settings.Site, Scope: scope, Until: until, Why: why})
}

// slowDown heeds the token bucket of Data Center: when nothing remains, everybody waits for the next filling.
func (c *Client) slowDown(ctx context.Context, h http.Header) {
	if h.Get("X-RateLimit-Remaining") != "0" {
		return
	}
	seconds, _ := strconv.ParseFloat(h.Get("X-RateLimit-Interval-Seconds"), 64) // 0 where it does not say
	if seconds <= 0 || seconds > 3600 {
		return
	}
	until := c.settings.Now().Add(time.Duration(seconds * float64(time.Second)))
	// If it cannot be kept, the next call is told 429. The answer at hand is as good as it was.
	_ = c.keep(ctx, jirasync.SiteScope, until, "Jira’s allowance is used up until its next filling")
}

// retryAfter is how long Jira asks to wait, and whether it says so at all.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if after := h.Get("Retry-After"); after != "" {
		if seconds, err := strconv.ParseFloat(after, 64); err == nil && seconds < 365*24*3600 {
			return time.Duration(seconds * float64(time.Second)), true
		}
		if at, err := http.ParseTime(after); err == nil {
			return max(at.Sub(now), time.Millisecond), true
		}
	}
	if reset := h.Get("X-RateLimit-Reset"); reset != "" {
		for _, shape := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
			if at, err := time.Parse(shape, reset); err == nil {
				return max(at.Sub(now), time.Millisecond), true
			}
		}
	}
	return 0, false
}

// saidOf are Jira's own words in a body of trouble. Values of errors may be anything.
func (c *Client) saidOf(r *http.Response, body []byte) (words string, fields map[string]string) {
	var said struct {
		Messages []any          `json:"errorMessages"`
		Errors   map[string]any `json:"errors"`
		Message  string         `json:"message"`
	}
	if !isJSON(r.Header) || json.Unmarshal(body, &said) != nil {
		return instead(r, body), nil
	}
	var all []string
	for _, m := range said.Messages {
		all = append(all, c.mask(text(m)))
	}
	if said.Message != "" {
		all = append(all, c.mask(said.Message))
	}
	for id, v := range said.Errors {
		if fields == nil {
			fields = map[string]string{}
		}
		fields[id] = short(c.mask(text(v)))
	}
	words = short(strings.Join(all, " "))
	if words == "" && len(fields) == 0 {
		words = instead(r, body)
	}
	return words, fields
}

func (c *Client) said(r *http.Response, body []byte) string {
	t := jirasync.Trouble{}
	t.Said, t.Fields = c.saidOf(r, body)
	return short(t.Words())
}

// instead is what there is to say of an answer that is not Jira's JSON.
func instead(r *http.Response, body []byte) string {
	plain := strings.TrimSpace(string(body[:min(len(body), 4*wordsMax)]))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "text/plain" && plain != "" {
		return short(plain)
	}
	if len(plain) > 0 && kind != "application/json" {
		return fmt.Sprintf("HTTP %d with a page instead of an answer.", r.StatusCode)
	}
	return fmt.Sprintf("HTTP %d %s", r.StatusCode, http.StatusText(r.StatusCode))
}

// text is a value of JSON as a person reads it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, text(item))
		}
		return strings.Join(all, " ")
	case nil:
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

var spaces = regexp.MustCompile(`\s+`)

// short is one line of at most wordsMax characters.
func short(s string) string {
	s = strings.TrimSpace(spaces.ReplaceAllString(strings.ToValidUTF8(s, ""), " "))
	if r := []rune(s); len(r) > wordsMax {
		return string(r[:wordsMax-1]) + "…"
	}
	return s
}
