package jirasync

import (
	"strings"

	"upshot/app/ticket"
)

// GuessMeaning is what a resolution means by its name, until an administrator says otherwise.
func GuessMeaning(name string) ticket.Meaning {
	n := strings.ToLower(strings.ReplaceAll(name, "’", "'"))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(n, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("duplicate"):
		return ticket.MeansDuplicate
	case has("reproduc", "operations", "no cause", "unexplained", "incomplete"):
		return ticket.MeansNoCause
	case has("won't", "wont", "will not", "declined", "rejected", "abandoned", "obsolete", "not a bug", "not an issue", "as designed", "out of scope",
		"known error", "withdrawn", "invalid", "canceled", "cancelled"):
		return ticket.MeansWontDo
	}
	return ticket.MeansDone
}

// withMeanings guesses what resolutions mean that may be new.
func withMeanings(resolutions []ticket.Named) []Resolution {
	all := make([]Resolution, len(resolutions))
	for n, r := range resolutions {
		all[n] = Resolution{Named: r, Meaning: GuessMeaning(r.Name)}
	}
	return all
}

func meaningOf(resolutions []Resolution, id string) ticket.Meaning {
	for _, r := range resolutions {
		if r.ID == id {
			return r.Meaning
		}
	}
	return ""
}
