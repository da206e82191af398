// Package github reads GitHub's webhook deployment_status: https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status
// and checks its signature: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
//
// The service is the name of the repository. Labels: repository (owner and name), environment, ref, task, and rollback when it went back.
package github

import (
	"cmp"
	"strings"
	"time"

	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

// Maker is GitHub.
var Maker = intake.Maker{
	Kind:  intake.GitHub,
	Name:  "GitHub",
	Signs: true,
	Verify: func(h intake.Headers, body []byte, secrets []string, _ time.Time) bool {
		signature, ok := strings.CutPrefix(h.Get("X-Hub-Signature-256"), "sha256=")
		return hook.Signed(body, secrets, signature) && ok
	},
	Delivery:    func(h intake.Headers, _ []byte) string { return h.Get("X-GitHub-Delivery") },
	Moments:     true,
	Read:        read,
	ServiceFrom: []string{"repository"},
	Headers:     []string{"x-github-event", "x-github-delivery"},
	Example: `{"action": "created", "deployment_status": {"id": 209916254, "state": "success", "environment": "production",
    "created_at": "2026-03-02T09:40:00Z", "updated_at": "2026-03-02T09:40:00Z", "log_url": "https://github.com/example/checkout/actions/runs/7"},
  "deployment": {"id": 145988746, "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "ref": "v1.4.2", "task": "deploy", "environment": "production",
    "created_at": "2026-03-02T09:38:00Z"}, "repository": {"name": "checkout", "full_name": "example/checkout"}}`,
	SetUp: "In the repository's or the organisation's *Settings, Webhooks* add this address with content type `application/json` and the secret, and choose the " +
		"event *Deployment statuses* alone.",
}

type body struct {
	Status struct {
		State          hook.Text   `json:"state"`
		Environment    hook.Text   `json:"environment"`
		Description    hook.Text   `json:"description"`
		LogURL         hook.Text   `json:"log_url"`
		TargetURL      hook.Text   `json:"target_url"`
		EnvironmentURL hook.Text   `json:"environment_url"`
		CreatedAt      hook.Moment `json:"created_at"`
		UpdatedAt      hook.Moment `json:"updated_at"`
	} `json:"deployment_status"`
	Deployment struct {
		ID          hook.Text   `json:"id"`
		SHA         hook.Text   `json:"sha"`
		Ref         hook.Text   `json:"ref"`
		Task        hook.Text   `json:"task"`
		Environment hook.Text   `json:"environment"`
		Description hook.Text   `json:"description"`
		CreatedAt   hook.Moment `json:"created_at"`
		Payload     struct {
			Rollback hook.Text `json:"rollback"`
		} `json:"payload"`
	} `json:"deployment"`
	Repository struct {
		Name     hook.Text `json:"name"`
		FullName hook.Text `json:"full_name"`
	} `json:"repository"`
}

func read(h intake.Headers, raw []byte, _ intake.Mapping) (intake.Parcel, error) {
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	switch event := h.Get("X-GitHub-Event"); {
	case event == "ping":
		return intake.Parcel{Ignored: "GitHub tried the address; nothing happened."}, nil
	case event == "deployment":
		return intake.Parcel{Ignored: "A deployment was asked for; its statuses tell how it went."}, nil
	case event != "" && event != "deployment_status":
		return intake.Parcel{Ignored: "An event " + hook.Cut(event, 100) + " is about no deployment."}, nil
	case event == "" && !hook.Value(raw).At("deployment_status").IsObject(): // the header is missing, as in a pasted body
		return intake.Parcel{Ignored: "It has no deployment_status, and is about no deployment."}, nil
	}
	switch {
	case b.Deployment.ID == "":
		return intake.Parcel{}, hook.Lacks("deployment.id")
	case b.Repository.FullName == "":
		return intake.Parcel{}, hook.Lacks("repository.full_name")
	}
	d := b.deployed()
	switch b.Status.State {
	case "pending", "queued", "in_progress", "waiting":
	case "success":
		d.Outcome, d.FinishedAt = deployment.Succeeded, d.At
	case "failure", "error":
		d.Outcome, d.FinishedAt = deployment.Failed, d.At
	case "inactive":
		return intake.Parcel{Ignored: "A later deployment took its place; how it went stays as it was."}, nil
	default:
		return intake.Parcel{}, fault.New(fault.Invalid, "deployment_status.state is %q; pending, queued, in_progress, success, failure, error or inactive was expected.",
			hook.Cut(string(b.Status.State), 50))
	}
	return intake.Parcel{Deployments: []intake.Deployed{d}}, nil
}

func (b body) deployed() intake.Deployed {
	ref := strings.TrimPrefix(strings.TrimPrefix(string(b.Deployment.Ref), "refs/heads/"), "refs/tags/")
	version := strings.ToValidUTF8(string(b.Deployment.SHA)[:min(len(b.Deployment.SHA), 12)], "")
	if strings.HasPrefix(string(b.Deployment.Ref), "refs/tags/") || hook.IsVersion(ref) || version == "" {
		version = ref
	}
	environment := cmp.Or(b.Status.Environment, b.Deployment.Environment)
	labels := hook.Set{}
	labels.Add("repository", b.Repository.FullName)
	labels.Add("environment", environment)
	labels.Add("ref", hook.Text(ref))
	labels.Add("task", b.Deployment.Task)
	if b.wentBack() {
		labels.Add("rollback", "true")
	}
	name := string(b.Repository.Name)
	if name == "" {
		name = string(b.Repository.FullName)[strings.LastIndex(string(b.Repository.FullName), "/")+1:]
	}
	return intake.Deployed{
		ID:       string(b.Repository.FullName) + "/" + string(b.Deployment.ID),
		Services: []string{hook.Cut(name, 200)}, Labels: labels, Environment: hook.Cut(string(environment), 100), Version: hook.Cut(version, 200),
		URL:       hook.Address(b.Status.LogURL, b.Status.TargetURL, b.Status.EnvironmentURL),
		StartedAt: b.Deployment.CreatedAt.Time, At: cmp.Or(b.Status.CreatedAt.Time, b.Status.UpdatedAt.Time),
	}
}

// wentBack tells whether an earlier version was brought back; GitHub has no word of its own for it.
func (b body) wentBack() bool {
	said := strings.ToLower(string(b.Deployment.Task + "\n" + b.Deployment.Description + "\n" + b.Status.Description))
	return strings.Contains(said, "rollback") || strings.Contains(said, "rolled back") || b.Deployment.Payload.Rollback == "true"
}
