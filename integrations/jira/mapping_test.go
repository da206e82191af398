package jira

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		json string
		want time.Time
	}{
		"as Jira writes it":            {`"2026-03-02T13:00:00.000+0100"`, noon},
		"in a zone west of Greenwich":  {`"2026-03-02T04:30:00.000-0730"`, noon},
		"RFC 3339":                     {`"2026-03-02T12:00:00Z"`, noon},
		"without a zone":               {`"2026-03-02T12:00:00"`, noon},
		"milliseconds":                 {`1772452800000`, noon},
		"milliseconds as text":         {`"1772452800000"`, noon},
		"seconds":                      {`1772452800`, noon},
		"null":                         {`null`, time.Time{}},
		"empty":                        {`""`, time.Time{}},
		"a number beyond any calendar": {`1e300`, time.Time{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m moment
			if err := json.Unmarshal([]byte(c.json), &m); err != nil || !m.Equal(c.want) {
				t.Errorf("got %s, %v", m.Time, err)
			}
		})
	}
	for _, bad := range []string{`"yesterday"`, `{}`, `[]`, `true`} {
		var m moment
		if json.Unmarshal([]byte(bad), &m) == nil {
			t.Errorf("%s is taken for %s", bad, m.Time)
		}
	}
}

func TestSprintOf(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		words string
		want  ticket.Sprint
		is    bool
	}{
		"as Data Center prints it": {
			"com.atlassian.greenhopper.service.sprint.Sprint@1f2e[id=3,rapidViewId=1,state=ACTIVE,name=Sprint 3,startDate=2026-03-02T10:00:00.000+01:00,endDate=<null>,completeDate=<null>,sequence=3]",
			ticket.Sprint{ID: "3", Name: "Sprint 3", State: ticket.ActiveSprint, StartedAt: began},
			true,
		},
		"a name with commas, brackets and an equals sign": {
			"Sprint@1[id=4,rapidViewId=1,state=FUTURE,name=Fix it, then [a=b], go,startDate=<null>,endDate=<null>,completeDate=<null>,sequence=4,goal=]",
			ticket.Sprint{ID: "4", Name: "Fix it, then [a=b], go", State: ticket.FutureSprint},
			true,
		},
		"a goal that looks like a member": {
			"Sprint@1[id=5,state=CLOSED,name=S,startDate=<null>,goal=be fast, state=ACTIVE]",
			ticket.Sprint{ID: "5", Name: "S", State: ticket.ClosedSprint},
			true,
		},
		"without an id":  {"Sprint@1[name=S]", ticket.Sprint{Name: "S"}, false},
		"cut":            {"Sprint@1[id=3,name=S", ticket.Sprint{}, false},
		"something else": {"none", ticket.Sprint{}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, is := SprintOf(c.words)
			if is != c.is || got.ID != c.want.ID || got.Name != c.want.Name || got.State != c.want.State || !got.StartedAt.Equal(c.want.StartedAt) {
				t.Errorf("got %+v, %t", got, is)
			}
		})
	}
}

func TestIssueInOurWords(t *testing.T) {
	t.Parallel()
	fields := jirasync.FieldIDs{Sprint: "customfield_10020", EpicLink: "customfield_10014"}
	read := func(t *testing.T, text string) (jirasync.Issue, error) {
		t.Helper()
		var j issueJSON
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			t.Fatal(err)
		}
		return at(t, "http://127.0.0.1:1", func(s *Settings) { s.Fields = fields }).issue(j)
	}
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		i, err := read(t, `{"id":10001,"key":"OPS-1","fields":{"summary":"S","status":{"id":"3","name":"Doing","statusCategory":{"key":"indeterminate"}},
			"priority":{"id":"2","name":"High"},"assignee":{"accountId":"5b","displayName":"Ada"},"labels":["a"],"duedate":"2026-04-01",
			"project":{"key":"OPS"},"issuetype":{"id":"1","name":"Task"},"resolution":null,"created":"2026-03-01T09:00:00.000+0000",
			"updated":"2026-03-02T12:00:00.000+0000","statuscategorychangedate":"2026-03-02T12:00:00.000+0000","parent":{"key":"OPS-9"},
			"customfield_10020":[{"id":7,"name":"S7","state":"active","startDate":"2026-03-02T12:00:00.000Z"}],
			"comment":{"comments":[{"id":"1","author":null,"body":"hi","created":"2026-03-02T12:00:00.000+0000"}]}},
			"properties":{"upshot":{"mark":"m"}}}`)
		if err != nil {
			t.Fatal(err)
		}
		if i.IssueID != "10001" || i.Category != ticket.InProgress || i.Priority.Name != "High" || i.Assignee.ID != "5b" || i.DueOn != "2026-04-01" ||
			i.Parent != "OPS-9" || i.Sprint().ID != "7" || !i.CategoryChangedAt.Equal(noon) || len(i.Comments) != 1 || i.Property != "m" || i.HasChanges {
			t.Errorf("got %+v", i)
		}
	})
	t.Run("as little as there may be", func(t *testing.T) {
		t.Parallel()
		i, err := read(t, `{"id":"10001","key":"OPS-1","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-02T12:00:00.000+0000","assignee":null,"priority":null}}`)
		if err != nil || i.Project != "OPS" || i.Category != ticket.Unknown || i.Assignee.ID != "" {
			t.Errorf("got %+v, %v", i, err)
		}
	})
	t.Run("Data Center: names, sprints as text, the epic by a field, a history that was cut", func(t *testing.T) {
		t.Parallel()
		i, err := read(t, `{"id":"10001","key":"OPS-1","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-02T12:00:00.000+0000",
			"assignee":{"name":"ada","displayName":"Ada"},"customfield_10014":"OPS-5","customfield_10020":["x.Sprint@1[id=3,state=ACTIVE,name=S3,startDate=<null>]"]},
			"changelog":{"total":3,"histories":[{"id":"2","created":"2026-03-02T12:00:00.000+0000","items":[{"field":"status","from":"1","toString":"Doing","to":"3"}]}]}}`)
		if err != nil || i.Assignee.ID != "ada" || i.Parent != "OPS-5" || i.Sprint().Name != "S3" || !i.HasChanges || !i.Partial || i.Changes[0].Items[0].ToText != "Doing" {
			t.Errorf("got %+v, %v", i, err)
		}
	})
	for name, text := range map[string]string{
		"without a moment of change": `{"id":"1","key":"OPS-1","fields":{"created":"2026-03-01T09:00:00.000+0000"}}`,
		"without a key":              `{"id":"1","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-01T09:00:00.000+0000"}}`,
		"with a status of no shape":  `{"id":"1","key":"OPS-1","fields":{"status":[],"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-01T09:00:00.000+0000"}}`,
	} {
		t.Run(name+" it is trouble", func(t *testing.T) {
			t.Parallel()
			if i, err := read(t, text); err == nil {
				t.Errorf("got %+v", i)
			}
		})
	}
}

func TestSummariesAndTextsAreCut(t *testing.T) {
	t.Parallel()
	if got := summary(" two\r\nlines\tof it "); got != "two lines of it" {
		t.Errorf("got %q", got)
	}
	long := summary(strings.Repeat("ä", 400))
	if n := utf8.RuneCountInString(long); n != summaryMax || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") {
		t.Errorf("%d characters: %q", n, long)
	}
	if got := cut(strings.Repeat("語", textMax+5), textMax); utf8.RuneCountInString(got) > textMax || !utf8.ValidString(got) {
		t.Error("a text is cut in the middle of a character, or not at all")
	}
	note := cutEnd(strings.Repeat("x", textMax)+"\n\nUpshot, note 7", textMax)
	if id, ours := jirasync.NoteID(note); !ours || id != 7 || utf8.RuneCountInString(note) > textMax {
		t.Errorf("the end of a note is lost: %d characters, …%s", len(note), note[len(note)-40:])
	}
}

// FuzzReadIssue: whatever a Jira sends, reading it ends and never panics; what is read has what identifies an issue.
func FuzzReadIssue(f *testing.F) {
	f.Add([]byte(`{"id":"1","key":"OPS-1","fields":{"created":"2026-03-01T09:00:00.000+0000","updated":1772452800000,"customfield_1":["x[id=1,name=a]"]}}`))
	f.Add([]byte(`{"id":1e9,"fields":{"comment":{"comments":[{"body":{"type":"doc"}}]},"labels":null}}`))
	f.Add([]byte(`{"changelog":{"histories":[{"items":[{"from":["a"],"to":{}}]}]}}`))
	client, err := New(Settings{URL: "http://127.0.0.1:1", Fields: jirasync.FieldIDs{Sprint: "customfield_1", EpicLink: "customfield_2"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var j issueJSON
		if json.Unmarshal(b, &j) != nil {
			return
		}
		if i, err := client.issue(j); err == nil && (i.IssueID == "" || i.Key == "" || i.UpdatedAt.IsZero() || i.CreatedAt.IsZero()) {
			t.Fatalf("an issue without what identifies it: %+v", i)
		}
	})
}

// FuzzMoment: a moment is the same in every shape, and no text at all makes reading it panic.
func FuzzMoment(f *testing.F) {
	f.Add(int64(1_772_452_800_123), 330, "2026-03-02T12:00:00.000+0000")
	f.Add(int64(100_000_000_001), -720, "1e999")
	f.Fuzz(func(t *testing.T, millis int64, zone int, text string) {
		var m moment
		_ = m.UnmarshalJSON([]byte(text))
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		_ = m.UnmarshalJSON(quoted)
		if millis <= firstMillis || millis > 200_000_000_000_000 || zone <= -24*60 || zone >= 24*60 {
			return
		}
		want := time.UnixMilli(millis)
		for _, shape := range []string{"2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05.000Z07:00"} {
			if err := m.UnmarshalJSON([]byte(`"` + want.In(time.FixedZone("", zone*60)).Format(shape) + `"`)); err != nil || !m.Equal(want) {
				t.Fatalf("%s: got %s, %v", shape, m.Time, err)
			}
		}
		for _, number := range []string{strconv.FormatInt(millis, 10), `"` + strconv.FormatInt(millis, 10) + `"`} {
			if err := m.UnmarshalJSON([]byte(number)); err != nil || !m.Equal(want) {
				t.Fatalf("%s: got %s, %v", number, m.Time, err)
			}
		}
	})
}

func FuzzSprintOf(f *testing.F) {
	f.Add("Sprint@1[id=3,rapidViewId=1,state=ACTIVE,name=a,b=[c],startDate=2026-03-02T10:00:00.000+01:00,goal=]")
	f.Add("[id=,=,]")
	f.Add("Fix it, then [a=b] | go,")
	f.Fuzz(func(t *testing.T, words string) {
		if s, is := SprintOf(words); is && s.ID == "" {
			t.Fatal("a sprint without an id")
		}
		for _, key := range sprintKeys {
			if strings.Contains(","+words, ","+key+"=") { // a name that looks like a member cannot be told from one
				return
			}
		}
		s, is := SprintOf("x.Sprint@1f[id=3,rapidViewId=1,state=ACTIVE,name=" + words + ",startDate=2026-03-02T12:00:00.000Z,endDate=<null>,goal=" + words + "]")
		if !is || s.ID != "3" || s.Name != words || s.State != ticket.ActiveSprint || !s.StartedAt.Equal(noon) {
			t.Fatalf("got %+v of the name %q", s, words)
		}
	})
}
