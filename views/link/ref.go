package link

import (
	"strconv"
	"strings"
)

// Ref is the page of what a reference such as INC-42, PRB-7 or FU-12 names, in any case, or empty when it is none.
func Ref(ref string) string {
	kind, digits, ok := strings.Cut(strings.ToUpper(strings.TrimSpace(ref)), "-")
	id, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || id <= 0 || digits[0] == '+' || digits[0] == '0' {
		return ""
	}
	switch kind {
	case "INC":
		return Incident(id)
	case "PRB":
		return Problem(id)
	case "FU":
		return FollowUp(id)
	}
	return ""
}

// The pages that stand beside an incident or a problem.

// UnmergeIncident takes a merge back.
func UnmergeIncident(id int64) string { return Incident(id) + "/unmerge" }

// IncidentCause says whether a deployment caused it.
func IncidentCause(id int64) string { return Incident(id) + "/cause" }

// NewProblem opens a problem behind incidents.
const NewProblem = "/problems/new"
