package importer

import (
	"fmt"
	"slices"
	"strings"

	"upshot/app/incident"
)

// Severities says what the words of a file mean; keys are folded to lower case.
type Severities map[string]incident.Severity

// DefaultSeverities are the words of public status pages.
func DefaultSeverities() Severities {
	return Severities{"critical": incident.SEV1, "major": incident.SEV2, "minor": incident.SEV3, "none": incident.SEV4}
}

// ParseSeverities reads "critical=SEV1,major=SEV2"; empty gives the default.
func ParseSeverities(text string) (Severities, error) {
	if strings.TrimSpace(text) == "" {
		return DefaultSeverities(), nil
	}
	s := Severities{}
	for pair := range strings.SplitSeq(text, ",") {
		theirs, ours, ok := strings.Cut(pair, "=")
		severity := incident.Severity(strings.ToUpper(strings.TrimSpace(ours)))
		if !ok || !slices.Contains(incident.Severities, severity) {
			return nil, fmt.Errorf("%q does not map a word to SEV1, SEV2, SEV3 or SEV4; write critical=SEV1,major=SEV2", pair)
		}
		s[strings.ToLower(strings.TrimSpace(theirs))] = severity
	}
	return s, nil
}

// Of gives the severity and kind that a word means; understood is false when nobody said what it means, and then
// the severity is unknown.
func (s Severities) Of(word string) (severity incident.Severity, kind incident.Kind, understood bool) {
	folded := strings.ToLower(strings.TrimSpace(word))
	if mapped, ok := s[folded]; ok {
		return mapped, incident.Real, true
	}
	switch own := incident.Severity(strings.ToUpper(folded)); {
	case folded == "":
		return "", incident.Real, true
	case folded == "maintenance":
		return "", incident.Maintenance, true
	case slices.Contains(incident.Severities, own):
		return own, incident.Real, true
	}
	return "", incident.Real, false
}
