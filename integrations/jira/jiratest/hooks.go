package jiratest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

type hook struct {
	url, secret string
	how         HookFaults
}

// HookFaults are the ways in which webhooks go wrong.
type HookFaults struct {
	Twice, Unsigned, WronglySigned bool
	NoIdentifier                   bool // as Data Center
	NoIssue                        bool // comment events do not say of what
	NumberIDs                      bool // changelog ids are numbers
}

// Sent is a webhook that went out, and how it was answered; Status 0: not at all.
type Sent struct {
	Event, Issue string
	Status       int
}

// Hook sends webhooks to an address from now on, signed with the secret.
func (s *Server) Hook(url, secret string, how HookFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{url, secret, how})
}

// Sent gives the webhooks that went out.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent{}, s.sent...)
}

type delivery struct {
	hook       hook
	event      string
	issue      string
	body       []byte
	identifier string
}

// deliveries makes what is to be sent about an issue, while the lock is held.
func (s *Server) deliveries(event string, i *Issue) []delivery {
	var all []delivery
	for _, h := range s.hooks {
		body := object{"timestamp": s.now().UnixMilli(), "webhookEvent": event, "user": s.userJSON(s.id(s.Mira()))}
		if !h.how.NoIssue || event != "comment_created" {
			body["issue"] = s.issueJSON(i, []string{"*all"}, nil, false)
		}
		if n := len(i.Changes); n > 0 && event == "jira:issue_updated" {
			change := s.changesJSON(i.Changes[n-1:], false)[0].(object)
			log := object{"id": change["id"], "items": change["items"]}
			if h.how.NumberIDs {
				log["id"] = i.Changes[n-1].ID
			}
			body["changelog"] = log
		}
		content, err := json.Marshal(body)
		if err != nil {
			continue
		}
		s.nextOther++
		sum := sha256.Sum256(append(content, byte(s.nextOther), byte(s.nextOther>>8)))
		d := delivery{hook: h, event: event, issue: i.ID, body: content, identifier: hex.EncodeToString(sum[:8])}
		all = append(all, d)
		if h.how.Twice {
			all = append(all, d)
		}
	}
	return all
}

// Sign is the signature of a body, as Jira sends it in X-Hub-Signature.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// deliver sends them, one after the other.
func (s *Server) deliver(all []delivery) {
	for _, d := range all {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		status := 0
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.hook.url, bytes.NewReader(d.body))
		if err == nil {
			r.Header.Set("Content-Type", "application/json; charset=UTF-8")
			r.Header.Set("User-Agent", "Atlassian HttpClient")
			if !d.hook.how.NoIdentifier {
				r.Header.Set("X-Atlassian-Webhook-Identifier", d.identifier)
			}
			switch {
			case d.hook.how.WronglySigned:
				r.Header.Set("X-Hub-Signature", Sign("another", d.body))
			case !d.hook.how.Unsigned:
				r.Header.Set("X-Hub-Signature", Sign(d.hook.secret, d.body))
			}
			if answer, err := http.DefaultClient.Do(r); err == nil {
				status = answer.StatusCode
				_ = answer.Body.Close()
			}
		}
		cancel()
		s.mu.Lock()
		s.sent = append(s.sent, Sent{Event: d.event, Issue: d.issue, Status: status})
		s.mu.Unlock()
	}
}
