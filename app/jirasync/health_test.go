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
