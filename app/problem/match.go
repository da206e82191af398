package problem

// Candidate is an incident seen as words and signs, for the question "is this the same failure again?".
type Candidate struct {
	Incident   IncidentID
	Problem    ID
	Title      string
	Services   []string
	CauseClass string // of its confirmed cause or factor; empty when unknown
	Source     string
	GroupKey   string
}

// Suggestion is a likely earlier occurrence, with the reasons in words. It never joins by itself.
type Suggestion struct {
	Incident IncidentID
	Problem  ID
	Score    float64 // 0 to 1
	Because  []string
}

// MaxSuggestions is how many likely earlier incidents are offered.
const MaxSuggestions = 5
