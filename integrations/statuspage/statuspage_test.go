package statuspage

import (
	"strings"
	"testing"

	"upshot/app/intake"
	"upshot/integrations/hook/hooktest"
)

func TestRealBody(t *testing.T) {
	t.Parallel()
	want := "z3lct0r596n4 | fired 2017-12-26T07:32:00.507Z, declared 2017-12-26T07:32:00.507Z | Database query delays | services Management Portal (example) | severity none" +
		" | by unknown | note We just encountered that database queries are timing out resulting in inconvenience to our end users...we'll do quick fix latest by tomorrow !!!"
	if got := hooktest.Read(Maker, hooktest.Body(t, "statuspage/incident_created.json")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	post := func(status, more string) string {
		return `{"incident":{"id":"i","name":"Slow","status":"` + status + `","created_at":"2026-03-02T09:40:00Z","updated_at":"2026-03-02T09:59:00Z"` + more + `}}`
	}
	updates := func(all ...string) string {
		var said []string
		for _, one := range all {
			status, minute, _ := strings.Cut(one, " ")
			said = append(said, `{"status":"`+status+`","created_at":"2026-03-02T09:`+minute+`:00Z"}`)
		}
		return `,"incident_updates":[` + strings.Join(said, ",") + `]`
	}
	const began = "i | fired 2026-03-02T09:40:00Z, declared 2026-03-02T09:40:00Z"
	cases := map[string]struct{ body, want string }{
		"investigated":              {post("investigating", updates("investigating 40")), began + " | Slow | by unknown"},
		"without updates":           {post("identified", ""), began + " | Slow | by unknown"},
		"watched":                   {post("monitoring", updates("monitoring 50", "investigating 40")), began + ", mitigated 2026-03-02T09:50:00Z | Slow | by unknown"},
		"watched, without updates":  {post("monitoring", `,"monitoring_at":"2026-03-02T09:50:00Z"`), began + ", mitigated 2026-03-02T09:50:00Z | Slow | by unknown"},
		"resolved":                  {post("resolved", updates("resolved 55", "monitoring 50", "investigating 40")), began + ", mitigated 2026-03-02T09:50:00Z, resolved 2026-03-02T09:55:00Z | Slow | by unknown"},
		"resolved, without updates": {post("resolved", `,"resolved_at":"2026-03-02T09:55:00Z"`), began + ", resolved 2026-03-02T09:55:00Z | Slow | by unknown"},
		"resolved, nothing more":    {post("resolved", ""), began + ", resolved 2026-03-02T09:59:00Z | Slow | by unknown"},
		"a review after the end":    {post("postmortem", updates("postmortem 58", "resolved 55", "investigating 40")), began + ", resolved 2026-03-02T09:55:00Z | Slow | by unknown"},
		"it came back":              {post("identified", updates("identified 57", "resolved 55", "investigating 40")), began + ", resolved 2026-03-02T09:55:00Z, fired 2026-03-02T09:57:00Z | Slow | by unknown"},
		"it came back while it was watched": {
			post("investigating", updates("investigating 52", "monitoring 50", "investigating 40")), began + ", mitigated 2026-03-02T09:50:00Z, fired 2026-03-02T09:52:00Z | Slow | by unknown",
		},
		"updates in any order":         {post("resolved", updates("investigating 40", "resolved 55", "monitoring 50")), began + ", mitigated 2026-03-02T09:50:00Z, resolved 2026-03-02T09:55:00Z | Slow | by unknown"},
		"written down later":           {post("identified", updates("identified 30")), "i | fired 2026-03-02T09:30:00Z, declared 2026-03-02T09:30:00Z | Slow | by unknown"},
		"with a beginning of its own":  {post("identified", `,"started_at":"2026-03-02T09:10:00Z"`), "i | fired 2026-03-02T09:10:00Z, declared 2026-03-02T09:40:00Z | Slow | by unknown"},
		"components":                   {post("identified", `,"impact":"major","components":[{"name":"Shop"},{"name":"Search"},{"name":null},5]`), began + " | Slow | services Shop+Search | severity major | by unknown"},
		"a maintenance is planned":     {post("scheduled", `,"impact":"maintenance","scheduled_for":"2026-03-09T09:40:00Z"`), "ignored: A maintenance is planned. It is kept when it begins."},
		"a maintenance begins":         {post("in_progress", `,"impact":"maintenance"`+updates("in_progress 50", "scheduled 40")), "i | fired 2026-03-02T09:50:00Z | Slow | kind maintenance | by unknown"},
		"a maintenance ends":           {post("completed", updates("completed 58", "verifying 55", "in_progress 50", "scheduled 40")), "i | fired 2026-03-02T09:50:00Z, mitigated 2026-03-02T09:55:00Z, resolved 2026-03-02T09:58:00Z | Slow | kind maintenance | by unknown"},
		"a component":                  {`{"page":{"id":"p"},"component_update":{"new_status":"major_outage"},"component":{"id":"c","name":"Shop"}}`, "ignored: A component of the status page changed its status; that is no incident."},
		"a word nobody knows":          {post("wobbly", ""), `error: incident.status is "wobbly"; investigating, identified, monitoring, resolved, postmortem, scheduled, in_progress, verifying or completed was expected.`},
		"no status":                    {`{"incident":{"id":"i"}}`, `error: incident.status is ""; investigating, identified, monitoring, resolved, postmortem, scheduled, in_progress, verifying or completed was expected.`},
		"no id":                        {`{"incident":{"status":"resolved"}}`, "error: incident.id is missing, or is no text."},
		"nothing":                      {`{}`, "error: incident.id is missing, or is no text."},
		"wrong types and null":         {`{"page":[],"incident":{"id":"i","status":"identified","name":[],"created_at":{},"updated_at":null,"incident_updates":{},"components":"x","impact":null}}`, "i | fired now, declared now |  | by unknown"},
		"updates that are no updates":  {post("identified", `,"incident_updates":[null,5,{"status":{}},[]]`), began + " | Slow | by unknown"},
		"notes are named by the page":  {post("identified", `,"incident_updates":[{"id":"u","status":"identified","body":"The disk is full","created_at":"2026-03-02T09:41:00Z"}]`), began + " | Slow | by unknown | note The disk is full"},
		"an update with another time":  {post("identified", `,"incident_updates":[{"status":"identified","created_at":"2026-03-02T09:41:00Z","display_at":"2026-03-02T09:20:00Z"}]`), "i | fired 2026-03-02T09:20:00Z, declared 2026-03-02T09:20:00Z | Slow | by unknown"},
		"a moment in the far future":   {`{"incident":{"id":"i","name":"Slow","status":"identified","created_at":"2999-01-01T00:00:00Z"}}`, "i | fired 2999-01-01T00:00:00Z, declared 2999-01-01T00:00:00Z | Slow | by unknown"},
		"a moment before all of this":  {`{"incident":{"id":"i","name":"Slow","status":"identified","created_at":"1970-01-01T00:00:00Z"}}`, "i | fired now, declared now | Slow | by unknown"},
		"a number where a name is due": {`{"incident":{"id":12,"name":34,"status":"identified"}}`, "12 | fired now, declared now | 34 | by unknown"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hooktest.Read(Maker, c.body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestServicesByAnotherLabel(t *testing.T) {
	t.Parallel()
	body := `{"page":{"id":"p"},"incident":{"id":"i","name":"Slow","status":"identified","components":[{"name":"Shop"},{"name":"Search"}]}}`
	for from, want := range map[string]string{"Component": "i | fired now, declared now | Slow | services Shop+Search | by unknown", "page_id": "i | fired now, declared now | Slow | by unknown"} {
		if got := hooktest.ReadAs(Maker, nil, intake.Mapping{ServiceFrom: []string{from}}, body); got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	t.Parallel()
	post := func(status, updated string, updates ...string) string {
		var said []string
		for _, one := range updates {
			status, minute, _ := strings.Cut(one, " ")
			said = append(said, `{"id":"`+minute+`","body":"`+status+`","status":"`+status+`","created_at":"2026-03-02T09:`+minute+`:00Z"}`)
		}
		return `{"incident":{"id":"i","name":"Slow","status":"` + status + `","created_at":"2026-03-02T09:40:00Z","updated_at":"2026-03-02T09:` + updated + `:00Z","incident_updates":[` +
			strings.Join(said, ",") + `]}}`
	}
	hooktest.AnyOrder(t, Maker, "09:40-09:50, declared 09:40, mitigated 09:45 | Slow | note identified | note monitoring | note resolved", hooktest.Bodies(
		post("identified", "40", "identified 40"), post("monitoring", "45", "monitoring 45", "identified 40"), post("resolved", "50", "resolved 50", "monitoring 45", "identified 40")))
}

func TestAwkward(t *testing.T) {
	hooktest.Awkward(t, Maker, nil, map[string]string{
		"many updates":    `{"incident":{"id":"i","status":"resolved","incident_updates":[` + strings.Repeat(`{"id":1,"body":"b","status":"resolved"},{"status":"identified"},`, 20_000) + `{}]}}`,
		"many components": `{"incident":{"id":"i","status":"resolved","components":[` + strings.Repeat(`{"name":"a"},`, 100_000) + `{}]}}`,
	})
}

func FuzzRead(f *testing.F) {
	hooktest.Fuzz(f, Maker, nil, `{"incident":{"id":"i","status":"completed","impact":"maintenance","incident_updates":[{"id":"u","body":"b","status":"in_progress","display_at":1772444400}]}}`,
		`{"component":{},"component_update":{}}`)
}
