package jiratest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// delivered is a webhook as it came.
type delivered struct {
	got
	signature, identifier string
	raw                   []byte
}

type inbox struct {
	mu     sync.Mutex
	all    []delivered
	status atomic.Int64
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, _ := io.ReadAll(r.Body)
	d := delivered{signature: r.Header.Get("X-Hub-Signature"), identifier: r.Header.Get("X-Atlassian-Webhook-Identifier"), raw: content}
	_ = json.Unmarshal(content, &d.json)
	b.mu.Lock()
	b.all = append(b.all, d)
	b.mu.Unlock()
	w.WriteHeader(int(b.status.Load()))
}

// take empties the inbox.
func (b *inbox) take() []delivered {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.all
	b.all = nil
	return all
}

func events(all []delivered) string {
	var names []string
	for _, d := range all {
		names = append(names, strings.TrimPrefix(d.at("webhookEvent").(string), "jira:"))
	}
	return strings.Join(names, " ")
}

const secret = "It's a Secret to Everybody"

func hooked(t *testing.T, flavour Flavour, how HookFaults) (*site, *inbox) {
	t.Helper()
	s, b := start(t, flavour), &inbox{}
	b.status.Store(http.StatusNoContent)
	s.Hook(receiver(t, b.ServeHTTP), secret, how)
	return s, b
}

func TestWebhooksTellOfChanges(t *testing.T) {
	for _, flavour := range []Flavour{Cloud, DataCenter} {
		s, b := hooked(t, flavour, HookFaults{})
		s.AddProject(Project{ID: "10700", Key: "NEW", Name: "New home"})
		s.Seed(Seed{Moves: []Move{{Status: "In Progress"}}, Comments: []Remark{{Body: "x"}}})
		if all := b.take(); len(all) != 0 {
			t.Errorf("a seed is told of: %s", events(all))
		}
		for _, c := range []struct {
			what string
			do   func()
			want string
		}{
			{"made", func() { s.create(nil) }, "issue_created"},
			{"refused", func() { s.create(object{"summary": ""}) }, ""},
			{"moved by hand", func() { s.Move("OPS-1", Move{Status: "Done"}) }, "issue_updated"},
			{"not moved at all", func() { s.Move("OPS-1", Move{Status: "Done"}) }, ""},
			{"commented by hand", func() { s.Say("OPS-1", "Hm") }, "comment_created"},
			{"edited and commented", func() {
				s.ask("PUT", "/rest/api/2/issue/OPS-1", object{"fields": object{"summary": "Other"}, "update": object{"comment": []object{{"add": object{"body": "y"}}}}})
			}, "issue_updated comment_created"},
			{"reworded", func() {
				s.ask("PUT", "/rest/api/2/issue/OPS-1/comment/"+fmt.Sprint(s.Issues()[0].Comments[0].ID), object{"body": "z"})
			}, "comment_updated"},
			{"transitioned", func() { s.ask("POST", "/rest/api/2/issue/OPS-1/transitions", object{"transition": object{"id": "11"}}) }, "issue_updated"},
			{"linked", func() {
				s.ask("POST", "/rest/api/2/issueLink", object{"type": object{"name": "Relates"}, "inwardIssue": object{"key": "OPS-1"}, "outwardIssue": object{"key": "OPS-2"}})
			}, "issuelink_created"},
			{"read", func() { s.get("/rest/api/2/issue/OPS-1") }, ""},
			{"moved away", func() { s.MoveToProject("OPS-1", "NEW") }, "issue_updated"},
			{"deleted", func() { s.Delete("NEW-1") }, "issue_deleted"},
		} {
			c.do()
			if found := events(b.take()); found != c.want {
				t.Errorf("%s: %q", c.what, found)
			}
		}
	}
}

func TestAWebhookIsSignedAndSaysWhatChanged(t *testing.T) {
	s, b := hooked(t, Cloud, HookFaults{})
	s.Seed(Seed{})
	s.Move("OPS-1", Move{Status: "Done"})
	d := b.take()[0]
	if d.signature != Sign(secret, d.raw) || d.identifier == "" {
		t.Errorf("signed %q, identifier %q", d.signature, d.identifier)
	}
	if d.at("issue", "key") != "OPS-1" || d.at("changelog", "items", 0, "toString") != "Done" || d.at("user", "displayName") != "Mira Krause" || d.at("timestamp") != float64(noon.UnixMilli()) || d.at("issue_event_type_name") != "issue_generic" {
		t.Errorf("%s", d.raw)
	}
	if _, is := d.at("changelog", "id").(string); !is {
		t.Errorf("the change's id: %v", d.at("changelog", "id"))
	}
	// Our own doing comes back too.
	s.ask("PUT", "/rest/api/2/issue/OPS-1", object{"fields": object{"summary": "Other"}})
	if d := b.take()[0]; d.at("user", "displayName") != "Upshot robot" {
		t.Errorf("who did it: %v", d.at("user"))
	}
	if signed := Sign(secret, []byte("Hello World!")); signed != "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9" {
		t.Errorf("the known one: %s", signed)
	}
}

func TestWebhooksGoWrong(t *testing.T) {
	cases := map[string]struct {
		how   HookFaults
		check func(all []delivered) bool
	}{
		"twice, the same": {HookFaults{Twice: true}, func(all []delivered) bool {
			return len(all) == 4 && all[0].identifier == all[1].identifier && string(all[0].raw) == string(all[1].raw) && all[0].identifier != all[2].identifier
		}},
		"not signed":            {HookFaults{Unsigned: true}, func(all []delivered) bool { return all[0].signature == "" }},
		"signed by another":     {HookFaults{WronglySigned: true}, func(all []delivered) bool { return all[0].signature == Sign("another", all[0].raw) }},
		"without an identifier": {HookFaults{NoIdentifier: true}, func(all []delivered) bool { return all[0].identifier == "" }},
		"a comment on nothing": {HookFaults{NoIssue: true}, func(all []delivered) bool {
			return all[0].at("issue") != nil && all[1].at("issue") == nil && all[1].at("comment", "body") == "Hm"
		}},
		"ids as numbers": {HookFaults{NumberIDs: true}, func(all []delivered) bool { _, is := all[0].at("changelog", "id").(float64); return is }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, b := hooked(t, Cloud, c.how)
			s.Seed(Seed{})
			s.Move("OPS-1", Move{Status: "In Progress"})
			s.Say("OPS-1", "Hm")
			if all := b.take(); !c.check(all) {
				t.Errorf("%+v", all)
			}
		})
	}
}

func TestWebhooksAreHeldAndReleased(t *testing.T) {
	s, b := hooked(t, Cloud, HookFaults{Held: true})
	s.Seed(Seed{})
	statuses := func() string {
		var names []string
		for _, d := range b.take() {
			names = append(names, d.at("issue", "fields", "status", "name").(string))
		}
		return strings.Join(names, ", ")
	}
	three := func() {
		for _, status := range []string{"In Progress", "Done", "To Do"} {
			s.Move("OPS-1", Move{Status: status})
		}
	}
	three()
	if found := statuses(); found != "" {
		t.Errorf("before: %s", found)
	}
	s.Release(InOrder)
	if found := statuses(); found != "In Progress, Done, To Do" {
		t.Errorf("in order: %s", found)
	}
	three()
	s.Release(Reversed)
	if found := statuses(); found != "To Do, Done, In Progress" {
		t.Errorf("reversed: %s", found)
	}
	for range 200 {
		s.Say("OPS-1", "Hm")
	}
	s.Release(AtOnce)
	if n := len(b.take()); n != 200 || len(s.Sent()) != 206 {
		t.Errorf("%d at once, %d in all", n, len(s.Sent()))
	}
}

func TestWebhooksComeAgainWhenTheReceiverIsDown(t *testing.T) {
	s, b := hooked(t, Cloud, HookFaults{Again: true})
	s.Seed(Seed{})
	b.status.Store(http.StatusServiceUnavailable)
	s.Say("OPS-1", "Hm")
	b.status.Store(http.StatusNoContent)
	s.Release("")
	s.Release("")
	all := b.take()
	if len(all) != 2 || all[0].identifier != all[1].identifier || len(s.Sent()) != 2 || s.Sent()[0].Status != 503 || s.Sent()[1].Status != 204 {
		t.Errorf("%d came, sent %+v", len(all), s.Sent())
	}
	b.status.Store(http.StatusForbidden) // refused for good
	s.Say("OPS-1", "Hm")
	s.Release("")
	if n := len(b.take()); n != 1 {
		t.Errorf("what was refused came %d times", n)
	}
	// Data Center sends once, whatever becomes of it.
	s.SetHooks(func(how *HookFaults) { how.Again = false })
	b.status.Store(http.StatusServiceUnavailable)
	s.Say("OPS-1", "Hm")
	s.Release("")
	if n := len(b.take()); n != 1 {
		t.Errorf("without a second try it came %d times", n)
	}
}

func TestWebhooksAreLate(t *testing.T) {
	s, b := hooked(t, Cloud, HookFaults{Delay: 30 * time.Millisecond})
	s.Seed(Seed{})
	s.Say("OPS-1", "Hm")
	if n := len(b.take()); n != 0 {
		t.Errorf("%d at once", n)
	}
	for len(s.Sent()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if n := len(b.take()); n != 1 {
		t.Errorf("%d later", n)
	}
}
