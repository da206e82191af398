package jirasync

import (
	"errors"
	"strings"
	"testing"

	"upshot/app/fault"
)

func TestTroubleSaysWhatJiraSaid(t *testing.T) {
	t.Parallel()
	cause := errors.New("cut")
	trouble := &Trouble{Kind: Refused, Call: "POST issue", Status: 400, Said: "No.", Fields: map[string]string{"b": "B is required.", "a": "A is wrong."}, Cause: cause}
	if got := trouble.Error(); got != "Jira, POST issue, 400: No. A is wrong. B is required." {
		t.Errorf("got %q", got)
	}
	if !errors.Is(trouble, cause) {
		t.Error("it lost its cause")
	}
}

func TestWhatAPersonReadsOfTrouble(t *testing.T) {
	t.Parallel()
	cases := map[TroubleKind]struct {
		kind  fault.Kind
		words string
	}{
		Login:     {fault.Conflict, "does not accept the login: “No”."},
		Forbidden: {fault.Conflict, "Ask a Jira administrator"},
		Absent:    {fault.NotFound, "does not know it"},
		Limited:   {fault.Unavailable, "wait until 12:00:00 UTC"},
		Refused:   {fault.Conflict, "refused it: “No”."},
		Raced:     {fault.Conflict, "refused it"},
		Temporary: {fault.Unavailable, "Trying later may help"},
		"unheard": {fault.Unavailable, "Trying later may help"},
	}
	for kind, c := range cases {
		err := told(&Trouble{Kind: kind, Said: "No.", Until: noon})
		f := fault.Of(err)
		if f == nil || f.Kind != c.kind || !strings.Contains(f.Message, c.words) || !strings.Contains(f.Message, "“No”") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	ours := errors.New("the database is away")
	if got := told(ours); !errors.Is(got, ours) || fault.Of(got) != nil {
		t.Errorf("our own trouble is told as Jira's: %v", got)
	}
}

func TestWhetherAnEditChangesAnything(t *testing.T) {
	t.Parallel()
	nothing := ""
	for name, e := range map[string]Edit{
		"a label": {AddLabels: []string{"a"}}, "a label less": {RemoveLabels: []string{"a"}}, "the priority": {Priority: "2"}, "the title": {Summary: "s"},
		"nobody": {Assignee: &nothing}, "no date": {DueOn: &nothing}, "a comment": {Comment: "c"},
	} {
		if e.Empty() {
			t.Errorf("%s is no change", name)
		}
	}
	for name, e := range map[string]Edit{"nothing": {}, "a comment's number alone": {CommentID: "7"}} {
		if !e.Empty() {
			t.Errorf("%s is a change", name)
		}
	}
}
