package notice

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/dispatch"
	"upshot/app/incident"
)

var morning = time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)

func TestChannelsOf(t *testing.T) {
	t.Parallel()
	chat := catalog.Chat{Kind: catalog.Slack, Host: "hooks.slack.com", Sealed: "x"}
	cases := map[string]struct {
		team catalog.Team
		mail bool
		want []Channel
	}{
		"nothing is known":                   {catalog.Team{}, true, nil},
		"each mail address by itself":        {catalog.Team{Mails: []string{"a@x.test", "b@x.test"}}, true, []Channel{{ByMail, "a@x.test"}, {ByMail, "b@x.test"}}},
		"the same address twice":             {catalog.Team{Mails: []string{"a@x.test", "A@X.test"}}, true, []Channel{{ByMail, "a@x.test"}}},
		"no mail can be sent":                {catalog.Team{Mails: []string{"a@x.test"}}, false, nil},
		"a chat, though no mail can be sent": {catalog.Team{Mails: []string{"a@x.test"}, Chat: chat}, false, []Channel{{Way: BySlack}}},
		"both":                               {catalog.Team{Mails: []string{"a@x.test"}, Chat: chat}, true, []Channel{{ByMail, "a@x.test"}, {Way: BySlack}}},
		"an archived team hears nothing":     {catalog.Team{Mails: []string{"a@x.test"}, Chat: chat, ArchivedAt: morning}, true, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ChannelsOf(c.team, c.mail); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	temporary := dispatch.Trouble{Kind: dispatch.Temporary, Said: "busy"}
	cases := map[string]struct {
		attempt int
		age     time.Duration
		trouble dispatch.Trouble
		state   State
		pause   time.Duration
	}{
		"busy, the first time":               {1, 0, temporary, Waiting, time.Minute},
		"busy, the second time":              {2, 0, temporary, Waiting, 2 * time.Minute},
		"busy, the fifth time":               {5, 0, temporary, Waiting, 16 * time.Minute},
		"busy for hours":                     {9, 5 * time.Hour, temporary, Waiting, time.Hour},
		"busy for a day":                     {30, 23*time.Hour + time.Minute, temporary, Dead, 0},
		"no such user":                       {1, 0, dispatch.Trouble{Kind: dispatch.Permanent, Status: 550, Said: "no such user"}, Dead, 0},
		"the login is not good":              {1, 0, dispatch.Trouble{Kind: dispatch.Configuration, Status: 535, Said: "no"}, Waiting, time.Minute},
		"it hung up with the letter in hand": {1, 0, dispatch.Trouble{Kind: dispatch.Temporary, Said: "EOF", Maybe: true}, Waiting, time.Minute},
		"a count that cannot be":             {-1, 0, temporary, Waiting, time.Minute},
		"a count beyond all measure":         {1 << 40, 0, temporary, Waiting, time.Hour},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := After(Notice{State: Sending, Attempt: c.attempt, CreatedAt: morning.Add(-c.age)}, &c.trouble, morning)
			if n.State != c.state || n.NextAt.Sub(morning) != c.pause {
				t.Errorf("%s after %s, want %s after %s", n.State, n.NextAt.Sub(morning), c.state, c.pause)
			}
			if c.trouble.Maybe {
				c.trouble.Said += ". It may have arrived all the same."
			}
			if n.Trouble != (Told{c.trouble.Said, c.trouble.Status, morning}) {
				t.Errorf("the words are lost: %v", n.Trouble)
			}
		})
	}
}

func TestUnwanted(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		i    incident.Incident
		want string
	}{
		"nobody knows":                 {incident.Incident{Kind: incident.Real}, ""},
		"another address accepted it":  {incident.Incident{Kind: incident.Real, NotifiedBy: incident.ByNotice}, ""},
		"somebody told them meanwhile": {incident.Incident{Kind: incident.Real, NotifiedBy: incident.ByHand}, "The developers knew already."},
		"merged meanwhile":             {incident.Incident{Kind: incident.Real, MergedInto: 7}, "It is merged into INC-7."},
		"it turned out to be a drill":  {incident.Incident{Kind: incident.Drill}, "It is no incident but a drill."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Unwanted(c.i); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWaitOf(t *testing.T) {
	t.Parallel()
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	local := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, lisbon)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	cases := map[string]struct {
		detected, told string
		want           Wait
	}{
		"a bug at midnight, seen the next business day": {"2026-11-24 00:10", "2026-11-24 09:05", Wait{Wall: minutes(535), Working: minutes(5), Overnight: true}},
		"in the afternoon, seen the next morning":       {"2026-11-23 16:00", "2026-11-24 09:05", Wait{Wall: minutes(1025), Working: minutes(65), Overnight: true}},
		"over a week-end":                     {"2026-11-20 18:00", "2026-11-23 09:30", Wait{Wall: minutes(3810), Working: minutes(30), Overnight: true}},
		"told the same night":                 {"2026-11-24 00:10", "2026-11-24 00:40", Wait{Wall: minutes(30)}},
		"just before they came":               {"2026-11-24 08:30", "2026-11-24 09:05", Wait{Wall: minutes(35), Working: minutes(5)}},
		"within a working day":                {"2026-11-24 10:00", "2026-11-24 11:00", Wait{Wall: minutes(60), Working: minutes(60)}},
		"in the evening, told in the evening": {"2026-11-24 16:30", "2026-11-24 21:00", Wait{Wall: minutes(270), Working: minutes(30)}},
		"at once":                             {"2026-11-24 10:00", "2026-11-24 10:00", Wait{}},
		"before it was detected":              {"2026-11-24 10:00", "2026-11-24 09:00", Wait{Negative: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := WaitOf(local(c.detected), local(c.told), catalog.Hours{}, lisbon); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func matter() Matter {
	i := incident.New("payment page times out", morning)
	i.ID, i.Severity, i.Problem = 42, incident.SEV1, 7
	i.Moments.DetectedAt = morning.Add(2 * time.Minute)
	i.Impact, i.Standing.Occurrence = "Nobody could pay.", 3
	return Matter{
		Incident: i, Services: []catalog.Service{{Slug: "booking-api", Name: "Booking"}},
		Team: catalog.Team{Slug: "booking", Name: "Booking team", Zone: "Europe/Berlin"}, URL: "https://upshot.example.test/incidents/INC-42",
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	many := matter()
	many.Services = []catalog.Service{{Name: "Booking"}, {Name: "Search"}, {Name: "Labels"}, {Name: "Edge"}}
	bare := matter()
	bare.Services, bare.Incident.Severity = nil, ""
	for want, m := range map[string]Matter{
		"[SEV1] Booking: payment page times out (INC-42)":                 matter(),
		"[SEV1] Booking, Search, 2 more: payment page times out (INC-42)": many,
		"payment page times out (INC-42)":                                 bare,
	} {
		if got := Title(m); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFactsAreInTheTeamsTime(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, f := range Facts(matter()) {
		said[f.Name] = f.Value
	}
	want := map[string]string{
		"Severity": "SEV1", "Status": "open", "Services": "Booking", "Detected": "Mon 23 Nov 2026, 10:17 CET",
		"Happened before": "this is occurrence 3 of PRB-7",
	}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("got %v", said)
	}
}

func TestTheMessageIDIsTheRowsAndThisUpshots(t *testing.T) {
	t.Parallel()
	n := Notice{ID: 5, Incident: 42, Attempt: 1, Fence: 1}
	again := n
	again.Attempt, again.Fence = 7, 9
	if id := n.MessageID("abc"); id != "notice-5.inc-42.abc" || again.MessageID("abc") != id || strings.ContainsAny(id, " @<>") {
		t.Errorf("got %q and %q", id, again.MessageID("abc"))
	}
}
