package hooks

import (
	"testing"

	"upshot/integrations/jira/jiratest"
)

func TestOnlyASignatureWithAGoodSecretIsOne(t *testing.T) {
	t.Parallel()
	const secret, body = "It's a Secret to Everybody", "Hello World!"
	const published = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
	for name, c := range map[string]struct {
		signature string
		secrets   []string
		good      bool
	}{
		"the published example":               {published, []string{secret}, true},
		"the secret before, while it changes": {published, []string{"a newer one", secret}, true},
		"another secret":                      {published, []string{"another"}, false},
		"no secret at all":                    {published, nil, false},
		"an empty secret is none":             {jiratest.Sign("", []byte(body)), []string{""}, false},
		"no signature":                        {"", []string{secret}, false},
		"another method":                      {"sha1=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9", []string{secret}, false},
		"too short":                           {"sha256=a4771c39", []string{secret}, false},
		"no hex":                              {"sha256=zz", []string{secret}, false},
	} {
		if got := Signed(c.signature, []byte(body), c.secrets); got != c.good {
			t.Errorf("%s: signed is %v", name, got)
		}
	}
}

func TestAWebhookSaysWhichIssue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, event, issue string
		broken             bool
	}{
		"an update":                 {body: `{"webhookEvent":"jira:issue_updated","issue":{"id":"10001"},"changelog":{"id":7}}`, event: "jira:issue_updated", issue: "10001"},
		"the number as a number":    {body: `{"webhookEvent":"jira:issue_updated","issue":{"id":10001}}`, event: "jira:issue_updated", issue: "10001"},
		"a comment without issue":   {body: `{"webhookEvent":"comment_created","comment":{"id":"1"}}`, event: "comment_created"},
		"an id that is a path":      {body: `{"webhookEvent":"jira:issue_updated","issue":{"id":"../../x"}}`, event: "jira:issue_updated"},
		"an issue that is a list":   {body: `{"webhookEvent":"jira:issue_updated","issue":[1]}`, event: "jira:issue_updated"},
		"an event that is a number": {body: `{"webhookEvent":3,"issue":{"id":"1"}}`, issue: "1"},
		"no JSON":                   {body: `<html>`, broken: true},
		"a list":                    {body: `[]`, broken: true},
		"null":                      {body: `null`, broken: true},
	} {
		event, issue, err := ReadJira([]byte(c.body))
		if event != c.event || issue != c.issue || (err != nil) != c.broken {
			t.Errorf("%s: %q %q %v", name, event, issue, err)
		}
	}
}

func FuzzReadJira(f *testing.F) {
	f.Add([]byte(`{"webhookEvent":"jira:issue_updated","issue":{"id":"10001"}}`))
	f.Add([]byte(`{"issue":{"id":{"a":[1,2]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, issue, _ := ReadJira(body)
		if issue != "" && !number.MatchString(issue) {
			t.Errorf("issue %q", issue)
		}
	})
}
