// Package gitlab reads GitLab's deployment events: https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events
//
// The service is the last part of the project's path. Labels: project (its path), project_name, environment, environment_tier, ref.
package gitlab

import (
	"cmp"
	"strings"

	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/intake"
	"upshot/integrations/hook"
)

// Maker is GitLab. It sends the secret along, in X-Gitlab-Token.
var Maker = intake.Maker{
	Kind:        intake.GitLab,
	Name:        "GitLab",
	Delivery:    func(h intake.Headers, _ []byte) string { return h.Get("Idempotency-Key") },
	Moments:     true,
	Read:        read,
	ServiceFrom: []string{"project_name", "project"},
	Headers:     []string{"idempotency-key"},
	Example: `{"object_kind": "deployment", "status": "success", "status_changed_at": "2026-03-02 10:40:00 +0100", "deployment_id": 15,
  "deployable_url": "https://gitlab.example.com/shop/checkout/-/jobs/796", "environment": "production", "environment_tier": "production",
  "project": {"id": 30, "name": "checkout", "path_with_namespace": "shop/checkout", "web_url": "https://gitlab.example.com/shop/checkout"},
  "ref": "main", "short_sha": "279484c0"}`,
	SetUp: "In the project's or the group's *Settings, Webhooks* add this address with the secret as *Secret token* (GitLab sends it in the header `X-Gitlab-Token`), and " +
		"tick *Deployment events* alone.",
}

type body struct {
	Kind          hook.Text   `json:"object_kind"`
	Status        hook.Text   `json:"status"`
	ChangedAt     hook.Moment `json:"status_changed_at"`
	ID            hook.Text   `json:"deployment_id"`
	DeployableURL hook.Text   `json:"deployable_url"`
	Environment   hook.Text   `json:"environment"`
	Tier          hook.Text   `json:"environment_tier"`
	Ref           hook.Text   `json:"ref"`
	ShortSHA      hook.Text   `json:"short_sha"`
	CommitURL     hook.Text   `json:"commit_url"`
	Project       struct {
		ID     hook.Text `json:"id"`
		Name   hook.Text `json:"name"`
		Path   hook.Text `json:"path_with_namespace"`
		WebURL hook.Text `json:"web_url"`
	} `json:"project"`
}

func read(_ intake.Headers, raw []byte, _ intake.Mapping) (intake.Parcel, error) {
	var b body
	if err := hook.Decode(raw, &b); err != nil {
		return intake.Parcel{}, err
	}
	project := cmp.Or(b.Project.Path, b.Project.WebURL, b.Project.ID)
	switch {
	case b.Kind == "":
		return intake.Parcel{}, hook.Lacks("object_kind")
	case b.Kind != "deployment":
		return intake.Parcel{Ignored: "An event " + hook.Cut(string(b.Kind), 100) + " is about no deployment."}, nil
	case b.ID == "":
		return intake.Parcel{}, hook.Lacks("deployment_id")
	case project == "":
		return intake.Parcel{}, hook.Lacks("project.path_with_namespace")
	}
	d := b.deployed(string(project))
	switch b.Status {
	case "created", "blocked":
	case "running":
		d.StartedAt = d.At
	case "success":
		d.Outcome, d.FinishedAt = deployment.Succeeded, d.At
	case "failed":
		d.Outcome, d.FinishedAt = deployment.Failed, d.At
	case "canceled", "skipped":
		return intake.Parcel{Ignored: "A deployment was " + string(b.Status) + "; nothing was deployed."}, nil
	default:
		return intake.Parcel{}, fault.New(fault.Invalid, "status is %q; created, running, success, failed or canceled was expected.", hook.Cut(string(b.Status), 50))
	}
	return intake.Parcel{Deployments: []intake.Deployed{d}}, nil
}

func (b body) deployed(project string) intake.Deployed {
	version := b.ShortSHA
	if hook.IsVersion(string(b.Ref)) || version == "" {
		version = b.Ref
	}
	labels := hook.Set{}
	labels.Add("project", b.Project.Path)
	labels.Add("project_name", b.Project.Name)
	labels.Add("environment", b.Environment)
	labels.Add("environment_tier", b.Tier)
	labels.Add("ref", b.Ref)
	return intake.Deployed{
		ID:       project + "/" + string(b.ID),
		Services: []string{hook.Cut(project[strings.LastIndex(project, "/")+1:], 200)}, Labels: labels,
		Environment: hook.Cut(string(b.Environment), 100), Version: hook.Cut(string(version), 200),
		URL: hook.Address(b.DeployableURL, b.CommitURL), At: b.ChangedAt.Time,
	}
}
