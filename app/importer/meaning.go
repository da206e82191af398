package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/fault"
	"upshot/app/incident"
)

// Columns are the names that a file may use; repaired_at is restored_at, service is services.
var Columns = []string{
	"external_id", "title", "service", "severity", "kind", "status", "started_at", "detected_at", "declared_at", "developer_notified_at",
	"acknowledged_at", "mitigated_at", "repaired_at", "restored_at", "resolved_at", "closed_at", "summary", "impact", "root_cause", "url",
	"group_key", "detected_by", "ended_by", "hands_on_seconds",
}

// Grouping says which rows are the same failure.
type Grouping struct {
	By     string // none, title, services or column
	Column string // the file's column, for By "column"
}

// ParseGrouping reads title, services, none or column:NAME.
func ParseGrouping(text string) (Grouping, error) {
	switch column, isColumn := strings.CutPrefix(text, "column:"); {
	case isColumn && column != "":
		return Grouping{By: "column", Column: column}, nil
	case text == "title", text == "services", text == "none":
		return Grouping{By: text}, nil
	case text == "":
		return Grouping{By: "none"}, nil
	}
	return Grouping{}, fmt.Errorf("%q is no way to group; write title, services, none or column:NAME", text)
}

// ParseMap reads "started_at=Start,title=Name" into our names and theirs.
func ParseMap(text string) (map[string]string, error) {
	names := map[string]string{}
	if strings.TrimSpace(text) == "" {
		return names, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		ours, theirs, ok := strings.Cut(pair, "=")
		ours, theirs = strings.TrimSpace(ours), strings.TrimSpace(theirs)
		if !ok || theirs == "" || !slices.Contains(Columns, ours) {
			return nil, fmt.Errorf("%q does not map one of our columns to one of the file's; ours are %s", pair, strings.Join(Columns, ", "))
		}
		names[ours] = theirs
	}
	return names, nil
}

// Meaning turns the rows of one file into incidents.
type Meaning struct {
	Source     string
	Zone       *time.Location // of moments that name none; nil: such rows are refused
	Names      map[string]string
	Severities Severities
	Grouping   Grouping
	Now        time.Time
}

// Entry is an incident that a row told of.
type Entry struct {
	Line         int
	Incident     incident.Incident // Services are names as in the file, not slugs
	Cause        string            // text of the root_cause column
	SeverityWord string            // a severity nobody said the meaning of; empty when all is well
	StatusWord   string            // likewise a status; it was taken from the moments
}

// Read turns a row into an entry, or says everything that is wrong with it.
func (m Meaning) Read(row Row) (Entry, []Problem) {
	var wrong []Problem
	problem := func(field, format string, args ...any) {
		at := row.Places[m.name(field)]
		wrong = append(wrong, Problem{Line: max(at.Line, row.Line), Column: at.Column, Field: m.name(field), Reason: fmt.Sprintf(format, args...)})
	}
	text := func(field string) string { return strings.TrimSpace(row.Values[m.name(field)]) }

	i := incident.New(strings.Join(strings.Fields(text("title")), " "), time.Time{})
	i.Source, i.ExternalID = m.Source, text("external_id")
	i.Summary, i.Impact, i.URL = text("summary"), text("impact"), text("url")
	i.Services = services(text("service"))
	for _, name := range i.Services {
		if len(name) > 200 {
			problem("service", "the name of a service has at most 200 characters")
		}
	}
	e := Entry{Line: row.Line, Cause: text("root_cause")}

	for _, f := range []struct {
		name string
		at   *time.Time
	}{
		{"started_at", &i.Moments.StartedAt},
		{"detected_at", &i.Moments.DetectedAt},
		{"declared_at", &i.Moments.DeclaredAt},
		{"developer_notified_at", &i.Moments.DeveloperNotifiedAt},
		{"acknowledged_at", &i.Moments.AcknowledgedAt},
		{"mitigated_at", &i.Moments.MitigatedAt},
		{"repaired_at", &i.Moments.RestoredAt},
		{"restored_at", &i.Moments.RestoredAt},
		{"resolved_at", &i.Moments.ResolvedAt},
		{"closed_at", &i.Moments.ClosedAt},
	} {
		value := text(f.name)
		if value == "" {
			continue
		}
		at, err := m.moment(value)
		if err != nil {
			problem(f.name, "%s", err)
			continue
		}
		*f.at = at
	}
	if !i.Moments.DeveloperNotifiedAt.IsZero() {
		i.NotifiedBy = incident.ByHand
	}
	var understood bool
	i.Severity, i.Kind, understood = m.Severities.Of(text("severity"))
	if !understood {
		e.SeverityWord = text("severity")
	}
	if kind := incident.Kind(strings.ToLower(text("kind"))); kind != "" {
		i.Kind = kind
	}
	if by := incident.Detector(strings.ToLower(text("detected_by"))); by != "" {
		i.DetectedBy = by
	}
	if by := incident.Ending(strings.ToLower(text("ended_by"))); by != "" {
		i.EndedBy = by
	}
	if seconds := text("hands_on_seconds"); seconds != "" {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			problem("hands_on_seconds", "%q is no number of seconds", seconds)
		}
		i.HandsOn = time.Duration(n) * time.Second
	}
	if i.Status, understood = statusOf(text("status"), i.Moments); !understood {
		e.StatusWord = text("status")
	}
	if i.ExternalID == "" {
		i.ExternalID = contentID(i)
	}
	if len(i.ExternalID) > 200 {
		problem("external_id", "it is longer than 200 characters")
	}
	i.GroupKey = m.groupKey(row, i)
	if len(wrong) == 0 {
		if f := fault.Of(i.Check(m.Now)); f != nil {
			for _, field := range f.Fields {
				problem(theirName(field.Name, row, m), "%s", field.Message)
			}
		}
	} else if row.Values[m.name("started_at")] == "" {
		problem("started_at", "When did it start? It may be a guess that you correct later.")
	}
	e.Incident = i
	return e, wrong
}

// theirName is the file's column for one of our fields that has two names.
func theirName(field string, row Row, m Meaning) string {
	switch _, restored := row.Values[m.name("restored_at")]; {
	case field == "restored_at" && !restored:
		return "repaired_at"
	case strings.HasPrefix(field, "services"):
		return "service"
	}
	return field
}

func (m Meaning) name(ours string) string {
	if theirs, ok := m.Names[ours]; ok {
		return theirs
	}
	return ours
}

// withOffset says which zone it is in; withoutOffset needs one to be named.
var (
	withOffset    = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 -0700"}
	withoutOffset = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
)

// moment reads a date with a time of day. Nothing is guessed: not the zone, not the day of 03/04, not the hour
// that a change of clocks skipped or repeated.
func (m Meaning) moment(text string) (time.Time, error) {
	for _, layout := range withOffset {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Truncate(time.Microsecond), nil
		}
	}
	for _, layout := range withoutOffset {
		plain, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if m.Zone == nil {
			return time.Time{}, fmt.Errorf("%q names no time zone; say which one with --zone Europe/London", text)
		}
		at := time.Date(plain.Year(), plain.Month(), plain.Day(), plain.Hour(), plain.Minute(), plain.Second(), plain.Nanosecond(), m.Zone)
		if at.Hour() != plain.Hour() || at.Minute() != plain.Minute() {
			return time.Time{}, fmt.Errorf("%q never was in %s: the clocks were put forward; write it with its offset, such as +01:00", text, m.Zone)
		}
		for _, other := range []time.Time{at.Add(-time.Hour), at.Add(time.Hour)} {
			if other.Hour() == plain.Hour() && other.Minute() == plain.Minute() && other.Day() == plain.Day() {
				return time.Time{}, fmt.Errorf("%q was twice in %s: the clocks were put back; write it with its offset, such as +01:00", text, m.Zone)
			}
		}
		return at.UTC().Truncate(time.Microsecond), nil
	}
	return time.Time{}, fmt.Errorf("%q is no moment such as 2026-11-23T09:40:00Z", text)
}

// statusOf understands the words of status pages; what it does not understand is taken from the moments.
func statusOf(word string, m incident.Moments) (s incident.Status, understood bool) {
	switch strings.ToLower(word) {
	case "open", "investigating", "identified", "triggered", "firing", "acknowledged", "in progress", "in_progress":
		return incident.Open, true
	case "mitigated", "monitoring":
		return incident.Mitigated, true
	case "resolved", "completed", "postmortem":
		return incident.Resolved, true
	case "closed":
		return incident.Closed, true
	}
	switch {
	case !m.ClosedAt.IsZero():
		s = incident.Closed
	case !m.RestoredOrResolved().IsZero():
		s = incident.Resolved
	default:
		s = incident.Open
	}
	return s, word == ""
}

// services splits the names at ";", without repeating any.
func services(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ";") {
		if name = strings.Join(strings.Fields(name), " "); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// groupKey is the identity within the source that the grouping gives a row; empty for none.
func (m Meaning) groupKey(row Row, i incident.Incident) string {
	switch m.Grouping.By {
	case "title":
		if i.Kind == incident.Real {
			return bounded("title:" + strings.ToLower(i.Title))
		}
	case "services":
		if i.Kind == incident.Real && len(i.Services) > 0 {
			names := slices.Clone(i.Services)
			slices.Sort(names)
			return bounded("services:" + strings.ToLower(strings.Join(names, ";")))
		}
	case "column":
		if value := strings.TrimSpace(row.Values[m.Grouping.Column]); value != "" {
			return bounded(value)
		}
	default:
		return bounded(strings.TrimSpace(row.Values[m.name("group_key")]))
	}
	return ""
}

// bounded keeps a key short enough for an index; a long one is told by its hash.
func bounded(key string) string {
	if len(key) <= 200 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// contentID stands in for an external id, so that the same row again is known.
func contentID(i incident.Incident) string {
	sum := sha256.Sum256([]byte(i.Title + "\x00" + i.Moments.StartedAt.Format(time.RFC3339Nano) + "\x00" + strings.Join(i.Services, ";")))
	return "row-" + hex.EncodeToString(sum[:8])
}
