package importer

import (
	"strings"
	"testing"
	"time"

	"upshot/app/incident"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func meaning(t *testing.T, zone, grouping string) Meaning {
	t.Helper()
	g, err := ParseGrouping(grouping)
	if err != nil {
		t.Fatal(err)
	}
	m := Meaning{Source: "test", Severities: DefaultSeverities(), Grouping: g, Now: now}
	if zone != "" {
		if m.Zone, err = time.LoadLocation(zone); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func row(pairs ...string) Row {
	r := Row{Line: 2, Values: map[string]string{"title": "Checkout stalls", "started_at": "2026-11-01T10:00:00Z"}, Places: map[string]Place{}}
	for n := 0; n < len(pairs); n += 2 {
		r.Values[pairs[n]] = pairs[n+1]
		r.Places[pairs[n]] = Place{Line: 2, Column: 10 + n}
	}
	return r
}

func TestMomentsAreValidatedAndNoneIsGuessed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, zone, want, wrong string }{
		"with an offset":             {"2026-06-01T10:00:00+02:00", "", "2026-06-01T08:00:00Z", ""},
		"with Z and a blank":         {"2026-06-01 10:00:00Z", "", "2026-06-01T10:00:00Z", ""},
		"no zone, and none was said": {"2026-06-01 10:00", "", "", "names no time zone"},
		"no zone, summer in London":  {"2026-06-01 10:00", "Europe/London", "2026-06-01T09:00:00Z", ""},
		"no zone, winter in London":  {"2026-01-05T10:00", "Europe/London", "2026-01-05T10:00:00Z", ""},
		"the skipped hour":           {"2026-03-29 01:30", "Europe/London", "", "never was in Europe/London"},
		"the repeated hour":          {"2026-10-25 01:30", "Europe/London", "", "was twice in Europe/London"},
		"a day without an hour":      {"2026-06-01", "Europe/London", "", "is no moment"},
		"day and month may be mixed": {"03/04/2026 10:00", "Europe/London", "", "is no moment"},
		"the future":                 {"2027-01-01T00:00:00Z", "", "", "in the future"},
		"before the war":             {"1899-01-01T00:00:00Z", "", "", "before 1990"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, wrong := meaning(t, c.zone, "").Read(row("started_at", c.text))
			if c.wrong != "" {
				if len(wrong) != 1 || !strings.Contains(wrong[0].Reason, c.wrong) || wrong[0].Field != "started_at" || wrong[0].Column != 10 {
					t.Fatalf("said %v, want %q at its column", wrong, c.wrong)
				}
				return
			}
			if got := e.Incident.Moments.StartedAt.Format(time.RFC3339); len(wrong) > 0 || got != c.want {
				t.Errorf("read %s (%v), want %s", got, wrong, c.want)
			}
		})
	}
}

func TestSeveritiesAreMappedOrLeftUnknown(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]struct {
		severity incident.Severity
		kind     incident.Kind
		unknown  bool
	}{
		"critical":    {incident.SEV1, incident.Real, false},
		"Major":       {incident.SEV2, incident.Real, false},
		"none":        {incident.SEV4, incident.Real, false},
		"sev3":        {incident.SEV3, incident.Real, false},
		"maintenance": {"", incident.Maintenance, false},
		"":            {"", incident.Real, false},
		"P1":          {"", incident.Real, true},
	} {
		severity, kind, understood := DefaultSeverities().Of(word)
		if severity != want.severity || kind != want.kind || understood == want.unknown {
			t.Errorf("%q means %q %q, understood %v; want %+v", word, severity, kind, understood, want)
		}
	}
}

func TestRowsBecomeIncidents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row      Row
		grouping string
		check    func(e Entry) bool
	}{
		"several services":                    {row("service", "Actions; Pages ;Actions"), "", func(e Entry) bool { return strings.Join(e.Incident.Services, "|") == "Actions|Pages" }},
		"no service":                          {row("service", ""), "", func(e Entry) bool { return len(e.Incident.Services) == 0 }},
		"repaired is restored":                {row("repaired_at", "2026-11-01T11:00:00Z"), "", func(e Entry) bool { return e.Incident.Moments.RestoredAt.Hour() == 11 }},
		"status from the moments":             {row("resolved_at", "2026-11-01T11:00:00Z"), "", func(e Entry) bool { return e.Incident.Status == incident.Resolved && e.StatusWord == "" }},
		"a status nobody knows":               {row("status", "kaputt"), "", func(e Entry) bool { return e.Incident.Status == incident.Open && e.StatusWord == "kaputt" }},
		"group by title, case and blanks":     {row("title", "Checkout   STALLS"), "title", func(e Entry) bool { return e.Incident.GroupKey == "title:checkout stalls" }},
		"group by services, in any order":     {row("service", "B;A"), "services", func(e Entry) bool { return e.Incident.GroupKey == "services:a;b" }},
		"group by services, but it has none":  {row(), "services", func(e Entry) bool { return e.Incident.GroupKey == "" }},
		"maintenance is in no group":          {row("severity", "maintenance"), "title", func(e Entry) bool { return e.Incident.GroupKey == "" }},
		"group by a column":                   {row("alert", "cpu"), "column:alert", func(e Entry) bool { return e.Incident.GroupKey == "cpu" }},
		"no external id: told by its content": {row(), "", func(e Entry) bool { return strings.HasPrefix(e.Incident.ExternalID, "row-") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, wrong := meaning(t, "", c.grouping).Read(c.row)
			if len(wrong) > 0 || !c.check(e) {
				t.Errorf("became %+v (%v)", e, wrong)
			}
		})
	}
}

func TestEverythingWrongWithARowIsSaid(t *testing.T) {
	t.Parallel()
	r := row("detected_at", "yesterday", "resolved_at", "soon")
	r.Values["started_at"] = ""
	if _, wrong := meaning(t, "", "").Read(r); len(wrong) != 3 {
		t.Errorf("said %v; want three things", wrong)
	}
	if _, wrong := meaning(t, "", "").Read(row("repaired_at", "2026-10-01T00:00:00Z")); len(wrong) != 1 || wrong[0].Field != "repaired_at" {
		t.Errorf("an end before the start gives %v; want one problem, by the file's own name", wrong)
	}
}
