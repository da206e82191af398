package github

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"upshot/app/intake"
	"upshot/integrations/hook"
	"upshot/integrations/hook/hooktest"
)

var statusEvent = intake.Headers{"x-github-event": "deployment_status", "x-github-delivery": "d"}

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "github/deployment_status.success.json")
	want := "Codertocat/Hello-World/145988746 | Hello-World f95f852bd8fc to production | succeeded | from 2019-05-15T15:20:53Z to 2019-05-15T15:20:55Z"
	for _, h := range []intake.Headers{statusEvent, nil} {
		if got := hooktest.ReadAs(Maker, h, intake.Mapping{}, body); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	p, _ := Maker.Read(statusEvent, []byte(body), intake.Mapping{})
	for name, want := range map[string]string{"repository": "Codertocat/Hello-World", "environment": "production", "ref": "master", "task": "deploy", "rollback": ""} {
		if got := p.Deployments[0].Labels[name]; got != want {
			t.Errorf("label %s is %q, want %q", name, got, want)
		}
	}
	if got := Maker.Delivery(statusEvent, nil); got != "d" {
		t.Errorf("the delivery is named %q", got)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	body := func(state, status, deployment string) string {
		return `{"deployment_status":{"state":"` + state + `","created_at":"2026-03-02T09:45:00Z"` + status + `},
		  "deployment":{"id":7,"sha":"f95f852bd8fca8fcc58a9a2d6c842781e32a215e","created_at":"2026-03-02T09:40:00Z"` + deployment + `},"repository":{"name":"shop","full_name":"acme/shop"}}`
	}
	const runs, ended = "acme/shop/7 | shop f95f852bd8fc to  | goes on | from 2026-03-02T09:40:00Z to now", " | from 2026-03-02T09:40:00Z to 2026-03-02T09:45:00Z"
	cases := map[string]struct{ event, body, want string }{
		"waits":                        {"", body("pending", "", ""), runs},
		"is queued":                    {"", body("queued", "", ""), runs},
		"runs":                         {"", body("in_progress", "", ""), runs},
		"waits for somebody":           {"", body("waiting", "", ""), runs},
		"succeeded":                    {"", body("success", "", ""), "acme/shop/7 | shop f95f852bd8fc to  | succeeded" + ended},
		"failed":                       {"", body("failure", "", ""), "acme/shop/7 | shop f95f852bd8fc to  | failed" + ended},
		"broke":                        {"", body("error", "", ""), "acme/shop/7 | shop f95f852bd8fc to  | failed" + ended},
		"was replaced":                 {"", body("inactive", "", ""), "ignored: A later deployment took its place; how it went stays as it was."},
		"a tag is the version":         {"", body("success", "", `,"ref":"v1.4.2"`), "acme/shop/7 | shop v1.4.2 to  | succeeded" + ended},
		"a tag of any name":            {"", body("success", "", `,"ref":"refs/tags/spring"`), "acme/shop/7 | shop spring to  | succeeded" + ended},
		"a branch is no version":       {"", body("success", "", `,"ref":"feature/2.0"`), "acme/shop/7 | shop f95f852bd8fc to  | succeeded" + ended},
		"the status names where":       {"", body("success", `,"environment":"production"`, `,"environment":"staging"`), "acme/shop/7 | shop f95f852bd8fc to production | succeeded" + ended},
		"the deployment names where":   {"", body("success", `,"environment":null`, `,"environment":"staging"`), "acme/shop/7 | shop f95f852bd8fc to staging | succeeded" + ended},
		"a state nobody knows":         {"", body("wobbly", "", ""), `error: deployment_status.state is "wobbly"; pending, queued, in_progress, success, failure, error or inactive was expected.`},
		"no state":                     {"", `{"deployment_status":{},"deployment":{"id":7},"repository":{"full_name":"acme/shop"}}`, `error: deployment_status.state is ""; pending, queued, in_progress, success, failure, error or inactive was expected.`},
		"no moments, no name, no sha":  {"", `{"deployment_status":{"state":"success"},"deployment":{"id":7,"ref":"main"},"repository":{"full_name":"acme/shop"}}`, "acme/shop/7 | shop main to  | succeeded | from now to now"},
		"no number":                    {"", `{"deployment_status":{"state":"success"},"repository":{"full_name":"acme/shop"}}`, "error: deployment.id is missing, or is no text."},
		"no repository":                {"", `{"deployment_status":{"state":"success"},"deployment":{"id":7},"repository":"shop"}`, "error: repository.full_name is missing, or is no text."},
		"wrong types":                  {"", `{"deployment_status":{"state":"success","created_at":{},"log_url":5},"deployment":{"id":7,"sha":{},"payload":"{}","task":[]},"repository":{"name":[],"full_name":"acme/shop"}}`, "acme/shop/7 | shop  to  | succeeded | from now to now"},
		"a try of the address":         {"ping", `{"zen":"Keep it logically awesome."}`, "ignored: GitHub tried the address; nothing happened."},
		"a deployment is asked for":    {"deployment", `{}`, "ignored: A deployment was asked for; its statuses tell how it went."},
		"a push":                       {"push", `{}`, "ignored: An event push is about no deployment."},
		"something else, without name": {"", `{}`, "ignored: It has no deployment_status, and is about no deployment."},
		"no JSON":                      {"ping", `payload=%7B%7D`, "error: The body is no JSON: invalid character 'p' looking for beginning of value."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.ReadAs(Maker, intake.Headers{"x-github-event": c.event}, intake.Mapping{}, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		`"task":"rollback"`: "true", `"task":"deploy:Rollback"`: "true", `"description":"Rolled back to 1.4"`: "true", `"payload":{"rollback":true}`: "true",
		`"task":"deploy"`: "", `"payload":{"rollback":false}`: "", `"payload":"rollback"`: "",
	} {
		p, err := Maker.Read(statusEvent, []byte(`{"deployment_status":{"state":"success"},"deployment":{"id":7,`+said+`},"repository":{"full_name":"a/b"}}`), intake.Mapping{})
		if err != nil || p.Deployments[0].Labels["rollback"] != want {
			t.Errorf("%s: %+v, %v", said, p, err)
		}
	}
}

func TestPublishedSignatures(t *testing.T) { hooktest.Vectors(t, Maker) }

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{}`)
	good := hex.EncodeToString(hook.Sum([]byte("old"), body))
	for signature, want := range map[string]bool{"sha256=" + good: true, good: false, "sha1=" + good: false, "sha256=": false, "": false, "sha256=" + good + ",sha256=" + good: false} {
		if got := Maker.Verify(intake.Headers{"x-hub-signature-256": signature}, body, []string{"new", "old"}, time.Now()); got != want {
			t.Errorf("%q: good is %v", signature, got)
		}
	}
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, statusEvent, map[string]string{
		"a long version": `{"deployment_status":{"state":"success"},"deployment":{"id":7,"ref":"refs/tags/` + strings.Repeat("é", 300_000) + `"},"repository":{"full_name":"a/b"}}`,
		"a long sha":     `{"deployment_status":{"state":"success"},"deployment":{"id":7,"sha":"` + strings.Repeat("é", 7) + `"},"repository":{"full_name":"` + strings.Repeat("/", 200_000) + `"}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, statusEvent, `{"deployment_status":{"state":"error"},"deployment":{"id":1,"sha":"é","ref":"1.0","payload":{"rollback":1}},"repository":{"full_name":"/"}}`)
}
