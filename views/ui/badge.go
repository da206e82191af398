package ui

import "strings"

// State is the word under which a state is shown. Each known word has a shape; colour comes third.
type State string

// The states of follow-ups, incidents and problems.
const (
	Proposed  State = "proposed"
	Waiting   State = "waiting"
	Working   State = "working"
	SentBack  State = "sent back"
	Done      State = "done"
	Quiet     State = "done, quiet period"
	Verified  State = "verified"
	FixFailed State = "fix failed"
	Declined  State = "declined"
	Duplicate State = "duplicate"

	Open      State = "open"
	Mitigated State = "mitigated"
	Resolved  State = "resolved"
	Closed    State = "closed"

	CauseKnown State = "cause known"
	FixShipped State = "fix shipped"
)

var looks = map[State]struct{ class, icon string }{
	Proposed:  {"", "idea"},
	Waiting:   {"waiting", "waiting"},
	Working:   {"working", "working"},
	SentBack:  {"back", "back"},
	Done:      {"done", "done"},
	Quiet:     {"done", "done"},
	Verified:  {"verified", "verified"},
	FixFailed: {"failed", "failed"},
	Declined:  {"", "no"},
	Duplicate: {"", "same"},

	Open:      {"hurt", "hurt"},
	Mitigated: {"hurt", "half"},
	Resolved:  {"done", "done"},
	Closed:    {"", "done"},

	CauseKnown: {"hurt", "half"},
	FixShipped: {"done", "ship"},
}

// FollowUpState gives the word for a state as it is stored: "queued" waits, "in_progress" is worked on.
func FollowUpState(stored string) State {
	switch stored {
	case "queued":
		return Waiting
	case "in_progress":
		return Working
	}
	return State(stored)
}

func (s State) class() string { return looks[s].class }

func (s State) icon() string {
	if look, ok := looks[s]; ok {
		return look.icon
	}
	return "dot"
}

// sevClass makes "s1" of "SEV1".
func sevClass(level string) string {
	if len(level) == 4 {
		return "s" + level[3:]
	}
	return ""
}

// ProblemState gives the word for a problem's state as it is stored: "cause_known" is "cause known".
func ProblemState(stored string) State { return State(strings.ReplaceAll(stored, "_", " ")) }
