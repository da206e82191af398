package jiratest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
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
	Held                           bool // they wait for Release
	Again                          bool // what the receiver answers 408, 409, 425, 429 or 5xx, or not at all, waits for Release too
	Delay                          time.Duration
}

// Order is in which webhooks that were held go out.
type Order string

// The orders.
const (
	InOrder  Order = "in_order"
	Reversed Order = "reversed" // the newest first, as when one lane is quicker than another
	AtOnce   Order = "at_once"  // all at the same time
)

// Sent is a webhook that went out, and how it was answered; Status 0: not at all.
type Sent struct {
	Event, Issue string
	Identifier   string
	Status       int
}

// Hook sends webhooks to an address from now on, signed with the secret.
func (s *Server) Hook(url, secret string, how HookFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, &hook{url, secret, how})
}

// SetHooks changes the ways in which all webhooks go wrong.
func (s *Server) SetHooks(change func(*HookFaults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hooks {
		change(&h.how)
	}
}

// Sent gives the webhooks that went out.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent{}, s.sent...)
}

// Release sends the webhooks that are held; empty: in order.
func (s *Server) Release(order Order) {
	s.mu.Lock()
	all := s.held
	s.held = nil
	s.mu.Unlock()
	switch order {
	case Reversed:
		slices.Reverse(all)
	case AtOnce:
		var wait sync.WaitGroup
		for _, d := range all {
			wait.Go(func() { s.post(d) })
		}
		wait.Wait()
		return
	}
	for _, d := range all {
		s.post(d)
	}
}

// delivery is a webhook on its way.
type delivery struct {
	url, secret string
	how         HookFaults
	event       string
	issue       string
	body        []byte
	identifier  string
}

// tell writes the webhooks about an event, while the lock is held; they go out when it is given back.
func (s *Server) tell(event string, i *Issue, by string) {
	for _, h := range s.hooks {
		content, err := json.Marshal(s.payload(event, i, by, h.how))
		if err != nil {
			continue
		}
		s.nextOther++
		sum := sha256.Sum256(fmt.Append(content, s.nextOther))
		d := delivery{url: h.url, secret: h.secret, how: h.how, event: event, issue: i.ID, body: content, identifier: hex.EncodeToString(sum[:8])}
		s.pending = append(s.pending, d)
		if h.how.Twice {
			s.pending = append(s.pending, d)
		}
	}
}

func (s *Server) payload(event string, i *Issue, by string, how HookFaults) object {
	body := object{"timestamp": s.now().UnixMilli(), "webhookEvent": event, "user": s.userJSON(by)}
	comment := event == "comment_created" || event == "comment_updated"
	if !comment || !how.NoIssue {
		body["issue"] = s.issueJSON(i, wanted{fields: []string{"*all"}})
	}
	kinds := map[string]string{"jira:issue_created": "issue_created", "jira:issue_updated": "issue_generic"}
	if kind := kinds[event]; kind != "" {
		body["issue_event_type_name"] = kind
	}
	switch {
	case comment && len(i.Comments) > 0:
		body["comment"] = s.commentJSON(i, slices.MaxFunc(i.Comments, func(a, b Comment) int { return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID)) }))
	case event == "issuelink_created" && len(i.IssueLinks) > 0:
		l := i.IssueLinks[len(i.IssueLinks)-1]
		delete(body, "issue")
		body["issueLink"] = object{"id": l.ID, "sourceIssueId": wholeNumber(i.ID), "destinationIssueId": wholeNumber(l.Other), "systemLink": false}
	case event == "jira:issue_updated" && len(i.Changes) > 0:
		change := i.Changes[len(i.Changes)-1]
		items := []any{}
		for _, it := range change.Items {
			items = append(items, s.itemJSON(it))
		}
		log := object{"id": fmt.Sprint(change.ID), "items": items}
		if how.NumberIDs {
			log["id"] = change.ID
		}
		body["changelog"] = log
	}
	return body
}

// release gives the lock back and sends the webhooks that were written meanwhile.
func (s *Server) release() {
	var now []delivery
	for _, d := range s.pending {
		if d.how.Held {
			s.held = append(s.held, d)
		} else {
			now = append(now, d)
		}
	}
	s.pending = nil
	s.mu.Unlock()
	for _, d := range now {
		if d.how.Delay > 0 {
			time.AfterFunc(d.how.Delay, func() { s.post(d) })
			continue
		}
		s.post(d)
	}
}

// Sign is the signature of a body, as Jira sends it in X-Hub-Signature.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

const hookTimeout = 20 * time.Second

var again = []int{0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}

// post sends one webhook.
func (s *Server) post(d delivery) {
	ctx, cancel := context.WithTimeout(context.Background(), hookTimeout)
	defer cancel()
	status := 0
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err == nil {
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
		r.Header.Set("User-Agent", "Atlassian HttpClient")
		if !d.how.NoIdentifier {
			r.Header.Set("X-Atlassian-Webhook-Identifier", d.identifier)
		}
		switch {
		case d.how.WronglySigned:
			r.Header.Set("X-Hub-Signature", Sign("another", d.body))
		case !d.how.Unsigned:
			r.Header.Set("X-Hub-Signature", Sign(d.secret, d.body))
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			status = answer.StatusCode
			_ = answer.Body.Close()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Sent{Event: d.event, Issue: d.issue, Identifier: d.identifier, Status: status})
	if d.how.Again && (status >= 500 || slices.Contains(again, status)) {
		s.held = append(s.held, d)
	}
}
