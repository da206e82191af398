package gitlab

import (
	"strings"
	"testing"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	body := hooktest.Body(t, "gitlab/deployment_success_docs.json")
	want := "root/test-deployment-webhooks/15 | test-deployment-webhooks 279484c0 to staging | succeeded | from now to 2021-04-28T19:50:00Z"
	if got := hooktest.Read(Maker, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p, _ := Maker.Read(nil, []byte(body), intake.Mapping{})
	d := p.Deployments[0]
	if d.Labels["environment_tier"] != "staging" || d.Labels["project"] != "root/test-deployment-webhooks" || !strings.HasSuffix(d.URL, "/-/jobs/796") {
		t.Errorf("labels %v, address %q", d.Labels, d.URL)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	body := func(status, more string) string {
		return `{"object_kind":"deployment","status":"` + status + `","status_changed_at":"2026-03-02 10:45:00 +0100","deployment_id":15,"environment":"production","short_sha":"279484c0",
		  "project":{"id":30,"path_with_namespace":"acme/shop"}` + more + `}`
	}
	cases := map[string]struct{ body, want string }{
		"created":               {body("created", ""), "acme/shop/15 | shop 279484c0 to production | goes on | from now to now"},
		"waits for somebody":    {body("blocked", ""), "acme/shop/15 | shop 279484c0 to production | goes on | from now to now"},
		"runs":                  {body("running", ""), "acme/shop/15 | shop 279484c0 to production | goes on | from 2026-03-02T09:45:00Z to now"},
		"succeeded":             {body("success", ""), "acme/shop/15 | shop 279484c0 to production | succeeded | from now to 2026-03-02T09:45:00Z"},
		"failed":                {body("failed", ""), "acme/shop/15 | shop 279484c0 to production | failed | from now to 2026-03-02T09:45:00Z"},
		"was canceled":          {body("canceled", ""), "ignored: A deployment was canceled; nothing was deployed."},
		"a tag is the version":  {body("success", `,"ref":"v2.0.1"`), "acme/shop/15 | shop v2.0.1 to production | succeeded | from now to 2026-03-02T09:45:00Z"},
		"a branch is not":       {body("success", `,"ref":"main"`), "acme/shop/15 | shop 279484c0 to production | succeeded | from now to 2026-03-02T09:45:00Z"},
		"an ISO moment":         {strings.Replace(body("success", ""), "2026-03-02 10:45:00 +0100", "2026-03-02T09:45:00.123Z", 1), "acme/shop/15 | shop 279484c0 to production | succeeded | from now to 2026-03-02T09:45:00.123Z"},
		"a status nobody knows": {body("wobbly", ""), `error: status is "wobbly"; created, running, success, failed or canceled was expected.`},
		"a push":                {`{"object_kind":"push"}`, "ignored: An event push is about no deployment."},
		"no kind":               {`{"object_kind":null}`, "error: object_kind is missing, or is no text."},
		"no number":             {`{"object_kind":"deployment","status":"success","project":{"path_with_namespace":"a/b"}}`, "error: deployment_id is missing, or is no text."},
		"no project":            {`{"object_kind":"deployment","status":"success","deployment_id":"1","project":[]}`, "error: project.path_with_namespace is missing, or is no text."},
		"a number alone":        {`{"object_kind":"deployment","status":"success","deployment_id":1,"project":{"id":30},"environment":{},"short_sha":5,"status_changed_at":false}`, "30/1 | 30 5 to  | succeeded | from now to now"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.Read(Maker, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{"long texts": `{"object_kind":"deployment","status":"success","deployment_id":1,"environment":"` + strings.Repeat("é", 200_000) + `","project":{"path_with_namespace":"a/b"}}`})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, intake.Headers{"idempotency-key": "k"}, `{"object_kind":"deployment","status":"running","deployment_id":1,"project":{"id":30}}`)
}
