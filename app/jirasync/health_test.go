package jirasync

import (
	"testing"
	"time"
)

func TestStopped(t *testing.T) {
	t.Parallel()
	poll := time.Minute
	good := func(ago time.Duration) Health { return Health{State: State{GoodAt: noon.Add(-ago)}} }
	with := func(h Health, change func(*Health)) Health { change(&h); return h }
	cases := map[string]struct {
		h   Health
		why string // empty: it runs
	}{
		"it just read":                       {good(30 * time.Second), ""},
		"for nine minutes":                   {good(9 * time.Minute), ""},
		"for ten minutes":                    {good(10 * time.Minute), "It has not run."},
		"and the last error says why":        {with(good(time.Hour), func(h *Health) { h.State.Trouble.Words = "No answer." }), "No answer."},
		"Jira asked to wait":                 {with(good(time.Hour), func(h *Health) { h.Pauses = []Pause{{Scope: SiteScope, Until: noon.Add(time.Hour)}} }), "Jira asked to wait."},
		"a pause that is over counts not":    {with(good(time.Hour), func(h *Health) { h.Pauses = []Pause{{Scope: SiteScope, Until: noon}} }), "It has not run."},
		"the login is bad, at once":          {with(good(time.Second), func(h *Health) { h.State.LoginBadAt = noon }), "Jira does not accept the login."},
		"somebody switched it off":           {with(good(time.Hour), func(h *Health) { h.Site.DisabledAt = noon }), ""},
		"connected a moment ago":             {Health{Site: Site{CreatedAt: noon.Add(-time.Minute)}}, ""},
		"connected long ago, and never read": {Health{Site: Site{CreatedAt: noon.Add(-time.Hour)}}, "It has not run."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if why, stopped := c.h.Stopped(noon, poll); why != c.why || stopped != (c.why != "") {
				t.Errorf("got %q, %t", why, stopped)
			}
		})
	}
}

func TestHowFarBehindTheMirrorIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		good time.Time
		want time.Duration
	}{
		"never read":                {time.Time{}, 0},
		"read a minute ago":         {noon.Add(-time.Minute), time.Minute},
		"by a clock that runs fast": {noon.Add(time.Second), 0},
	} {
		if got := (Health{State: State{GoodAt: c.good}}).Lag(noon); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWhatWaitsForAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h    Health
		want bool
	}{
		"nothing":                           {Health{Waiting: 3, Mirrored: 100, Gone: 1, Partial: 1}, false},
		"a dead letter":                     {Health{Dead: 1}, true},
		"a conflict":                        {Health{Conflicts: 1}, true},
		"a decision":                        {Health{Decisions: 1}, true},
		"a status that nobody can place":    {Health{Unplaced: 1}, true},
		"a login that Jira does not accept": {Health{State: State{LoginBadAt: noon}}, true},
	} {
		if got := c.h.NeedsSomebody(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestHowLongTheSiteIsPaused(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		pauses []Pause
		want   time.Time
	}{
		"not at all":                   {nil, time.Time{}},
		"it is over":                   {[]Pause{{Scope: SiteScope, Until: noon}}, time.Time{}},
		"the whole site":               {[]Pause{{Scope: SiteScope, Until: later}}, later},
		"one issue alone":              {[]Pause{{Scope: IssueScope("10001"), Until: later}}, time.Time{}},
		"an operation, longer than it": {[]Pause{{Scope: "POST issue", Until: later.Add(time.Hour)}, {Scope: SiteScope, Until: later}}, later},
	} {
		if got := (Health{Pauses: c.pauses}).PausedUntil(noon); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
