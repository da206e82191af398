package jirasync

import (
	"errors"
	"testing"
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
