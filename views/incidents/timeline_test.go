package incidents

import (
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/rootcause"
	"upshot/views/ui"
)

var (
	now   = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	clock = ui.Clock{Zone: time.UTC, Now: now}
	ana   = account.Actor{Kind: account.Person, ID: 1, Name: "Ana"}
)

func TestAnEventIsToldInASentence(t *testing.T) {
	t.Parallel()
	fields := func(namesAndValues ...any) map[string]any {
		f := map[string]any{}
		for i := 0; i+1 < len(namesAndValues); i += 2 {
			f[namesAndValues[i].(string)] = namesAndValues[i+1]
		}
		return f
	}
	for name, c := range map[string]struct {
		event audit.Event
		text  string
		ref   string
		more  string
		side  string
	}{
		"a correction shows the old value, the reason and the author": {
			event: audit.Event{
				Subject: audit.Incident, Action: "moment corrected", Actor: ana, Reason: "clock was wrong",
				Before: audit.Fields(fields("restored_at", "2026-11-17T03:40:00Z")), After: audit.Fields(fields("restored_at", "2026-11-17T03:12:00Z")),
			},
			text: "Corrected a moment", more: "restored: 17 Nov 03:12 instead of 17 Nov 03:40 clock was wrong", side: "Ana",
		},
		"an edit, each field with what stood there": {
			event: audit.Event{
				Subject: audit.Incident, Action: "edited", Actor: ana,
				Before: audit.Fields(fields("severity", "", "summary", "a", "hands_on_seconds", 0)),
				After:  audit.Fields(fields("severity", "SEV2", "summary", "b", "hands_on_seconds", 5700)),
			},
			text: "Changed what it says", more: "hands-on time: 1 h 35 min instead of 0 severity: SEV2 instead of unknown summary rewritten", side: "Ana",
		},
		"joined":            {event: audit.Event{Subject: audit.Incident, Action: "joined", After: audit.Fields(fields("problem", "PRB-7"))}, text: "Recognised as the same failure as", ref: "PRB-7"},
		"merged":            {event: audit.Event{Subject: audit.Incident, Action: "merged", After: audit.Fields(fields("incident", "INC-3", "into", "INC-7"))}, text: "Merged INC-3 into INC-7: two reports of one occurrence"},
		"a decision":        {event: audit.Event{Subject: audit.Incident, Action: "decided against a change", Reason: "too rare", After: audit.Fields(fields("look_again_on", "2027-01-15"))}, text: "Decided against a change, to look again on 15 Jan 2027", more: "too rare"},
		"a note":            {event: audit.Event{Subject: audit.Note, SubjectID: 4, Action: "noted", After: audit.Fields(fields("kind", "cause"))}, text: "Noted a confirmed cause", ref: "read it"},
		"a promise":         {event: audit.Event{Subject: audit.FollowUp, SubjectID: 9, Action: "promised", After: audit.Fields(fields("title", "A test"))}, text: "Promised a change: A test", ref: "FU-9"},
		"a program":         {event: audit.Event{Subject: audit.Incident, Action: "reported", Actor: account.Actor{Kind: account.Machine, Name: "deploy bot"}}, text: "Reported", side: "deploy bot, by token"},
		"a source":          {event: audit.Event{Subject: audit.Incident, Action: "reported", Actor: account.Actor{Kind: account.Source, Name: "alertmanager"}}, text: "Reported", side: "the source alertmanager"},
		"what nobody knows": {event: audit.Event{Subject: audit.Incident, Action: "blessed", Before: []byte("{"), After: []byte("nonsense")}, text: "Blessed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := Told(c.event, clock)
			more := strings.TrimSpace(strings.Join(e.Changes, " ") + " " + e.Reason)
			if e.Text != c.text || e.Ref != c.ref || more != c.more || e.Side != c.side {
				t.Errorf("told %q %q %q by %q, want %q %q %q by %q", e.Text, e.Ref, more, e.Side, c.text, c.ref, c.more, c.side)
			}
		})
	}
}

func at(hour, minute int) time.Time { return time.Date(2026, 11, 17, hour, minute, 0, 0, time.UTC) }

func payments() incident.Incident {
	i := incident.New("Card payments time out", at(2, 14))
	i.ID, i.Severity, i.Status = 412, incident.SEV1, incident.Resolved
	i.DetectedBy, i.EndedBy, i.NotifiedBy = incident.ByAlert, incident.Workaround, incident.ByTicket
	i.Moments.DetectedAt, i.Moments.RestoredAt, i.Moments.ResolvedAt, i.Moments.DeveloperNotifiedAt = at(2, 21), at(3, 12), at(3, 12), at(9, 47)
	i.Standing.Significant = true
	return i
}

func TestAMomentThatAStepToldOfStandsOnce(t *testing.T) {
	t.Parallel()
	i := payments()
	step := audit.Event{
		At: at(3, 13), Subject: audit.Incident, Action: "resolved", Actor: ana,
		After: audit.Fields(map[string]any{"resolved_at": audit.Moment(at(3, 12)), "ended_by": "workaround"}),
	}
	var told []string
	for _, e := range Timeline(i, []audit.Event{step}, clock) {
		told = append(told, e.Text)
	}
	want := "Users began to feel it, Detected by an alert, Users no longer felt it, Resolved by workaround only, Developers were told by a ticket"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}

func TestThePageSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	closed := payments()
	closed.Status = incident.Closed
	open := payments()
	open.Status, open.Moments.RestoredAt, open.Moments.ResolvedAt = incident.Open, time.Time{}, time.Time{}
	third := payments()
	third.Problem, third.Standing.Occurrence = 7, 3
	fix := []followup.FollowUp{{ID: 31, Title: "Circuit breaker", Kind: followup.Code, State: followup.Queued}}
	for name, c := range map[string]struct {
		facts Facts
		gate  string
		lines int
		hints int
		life  string
	}{
		"nothing noted":            {Facts{Incident: payments(), CanEdit: true}, "It can't be closed yet.", 3, 1, "Users felt it for 58 min; developers knew 7 h 26 min after it was detected"},
		"cause and change":         {Facts{Incident: payments(), Loop: incident.Loop{Cause: true, PracticeFollowUps: 2}}, "It can be closed: the cause is noted and two changes of practice are promised.", 0, 1, "Users felt it for 58 min; developers knew 7 h 26 min after it was detected"},
		"a fix promised":           {Facts{Incident: payments(), Loop: incident.Loop{Cause: true, PracticeFollowUps: 1}, FollowUps: fix}, "It can be closed: the cause is noted and one change of practice is promised.", 0, 0, "Users felt it for 58 min; developers knew 7 h 26 min after it was detected"},
		"closed, then significant": {Facts{Incident: closed, Loop: incident.Loop{Cause: true}}, "It is closed, and something is still open.", 2, 1, "Users felt it for 58 min; developers knew 7 h 26 min after it was detected"},
		"it goes on":               {Facts{Incident: open, Loop: incident.Loop{Cause: true, PracticeFollowUps: 1}}, "Before it can be closed:", 1, 1, "Users have felt it for 151 h 16 min; developers knew 7 h 26 min after it was detected"},
		"third time":               {Facts{Incident: third, Loop: incident.Loop{Cause: true, PracticeFollowUps: 1}}, "It can be closed: the cause is noted and one change of practice is promised.", 0, 2, "Users felt it for 58 min; developers knew 7 h 26 min after it was detected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewShowPage(c.facts, clock)
			if p.Gate.Title != c.gate || len(p.Gate.Lines) != c.lines || len(p.Hints) != c.hints || p.LifeTitle != c.life {
				t.Errorf("gate %q with %d lines, %d hints, life %q", p.Gate.Title, len(p.Gate.Lines), len(p.Hints), p.LifeTitle)
			}
		})
	}
}

func TestAPageOfAlmostNothingIsStillAPage(t *testing.T) {
	t.Parallel()
	i := incident.New("x", now)
	i.Services = make([]string, 40)
	p := NewShowPage(Facts{Incident: i, Notes: []rootcause.Note{{Kind: "cause", Body: strings.Repeat("long ", 10_000)}}}, clock)
	if len(p.Services) != 40 || len(p.Notes) != 1 || len(p.Actions) != 0 {
		t.Errorf("%d services, %d notes, %d actions for a viewer", len(p.Services), len(p.Notes), len(p.Actions))
	}
}
