package notice

import (
	"fmt"
	"strings"
	"time"

	"upshot/app/dispatch"
	"upshot/app/incident"
)

// Title is the subject of a letter, and the first line in a chat: "[SEV1] Booking: payment page times out (INC-42)".
func Title(m Matter) string {
	i := m.Incident
	title := fmt.Sprintf("%s (%s)", strings.TrimSpace(i.Title), i.ID)
	if names := serviceNames(m, 2); names != "" {
		title = names + ": " + title
	}
	if i.Severity != "" {
		return "[" + string(i.Severity) + "] " + title
	}
	return title
}

// serviceNames names the services, at most so many of them.
func serviceNames(m Matter, most int) string {
	var names []string
	for n, s := range m.Services {
		if n == most {
			names = append(names, fmt.Sprintf("%d more", len(m.Services)-n))
			break
		}
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// Facts are what is known, in the team's own time. What is not known is left out.
func Facts(m Matter) []dispatch.Fact {
	i := m.Incident
	zone, err := time.LoadLocation(m.Team.Zone)
	if err != nil {
		zone = time.UTC
	}
	var facts []dispatch.Fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, dispatch.Fact{Name: name, Value: value})
		}
	}
	add("Severity", string(i.Severity))
	add("Status", string(i.Status))
	add("Services", serviceNames(m, 10))
	add("Detected", i.Detected().In(zone).Format("Mon 2 Jan 2006, 15:04 MST"))
	if at := i.Moments.RestoredOrResolved(); !at.IsZero() {
		add("Restored", at.In(zone).Format("Mon 2 Jan 2006, 15:04 MST"))
	}
	if i.Problem != 0 && i.Standing.Occurrence > 1 {
		add("Happened before", fmt.Sprintf("this is occurrence %d of %s", i.Standing.Occurrence, i.Problem))
	}
	return facts
}

// Why says in a sentence why somebody gets it.
func Why(m Matter) string {
	return fmt.Sprintf("%s builds what this incident is about.", m.Team.Name)
}

// textMax is how much of what people wrote goes into a notice.
const textMax = 1000

// Felt is what users felt, as far as it is known.
func Felt(i incident.Incident) string { return dispatch.Short(i.Impact, textMax) }

// ChatOf is the message for a chat, without number and address.
func ChatOf(m Matter) dispatch.Chat {
	i := m.Incident
	text := Felt(i)
	if text == "" {
		text = Why(m)
	}
	services := make([]string, len(m.Services))
	for n, s := range m.Services {
		services[n] = s.Slug
	}
	return dispatch.Chat{
		Title: Title(m), Text: text, Facts: Facts(m), Link: m.URL, LinkText: "Open " + i.ID.String(),
		Data: map[string]any{
			"kind": "incident", "team": m.Team.Slug,
			"incident": map[string]any{
				"ref": i.ID.String(), "title": i.Title, "severity": string(i.Severity), "status": string(i.Status), "services": services,
				"started_at": stamp(i.Moments.StartedAt), "detected_at": stamp(i.Detected()), "impact": i.Impact, "occurrence": i.Standing.Occurrence,
			},
		},
	}
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
