package teams

import (
	"strings"
	"testing"
	"time"

	"upshot/app/metrics"
	"upshot/app/ticket"
	"upshot/views/ui"
)

func TestWorkSaysWhatIsMissingAndWhatToDo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	clock := ui.Clock{Now: now, Zone: time.UTC}
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	finished := func(took, daysAgo int) metrics.WorkIssue {
		return metrics.WorkIssue{Work: ticket.Work{
			StartedAt: ago(daysAgo + took), DoneAt: ago(daysAgo), Working: []ticket.Stretch{{From: ago(daysAgo + took), To: ago(daysAgo)}},
		}}
	}
	var eight []metrics.WorkIssue
	for n := range 8 {
		eight = append(eight, finished(n+1, 1))
	}
	skipped := finished(1, 1)
	skipped.StartedAt, skipped.Working = time.Time{}, nil
	var five []metrics.WorkIssue
	for n := range 5 { // one in each of the last five weeks, worked on for two days
		i := finished(2, 7*n+1)
		i.FromIncident, i.CreatedAt = true, ago(7*n+4)
		five = append(five, i)
	}
	sprint := ticket.Sprint{ID: "1/7", State: ticket.ClosedSprint}
	in := finished(1, 1)
	in.Sprints = []ticket.Stay{{Sprint: "1/7", Stretch: ticket.Stretch{From: ago(9)}}}
	read := func(issues []metrics.WorkIssue, sprints ...ticket.Sprint) metrics.TeamWork {
		return metrics.TeamWork{Backlogs: 1, ReadAt: now, Issues: issues, Sprints: sprints}
	}
	cases := map[string]struct {
		work  metrics.TeamWork
		admin bool
		says  []string
	}{
		"no backlog":                {metrics.TeamWork{}, false, []string{"Not connected.", "An administrator names"}},
		"an administrator may":      {metrics.TeamWork{}, true, []string{"Not connected.", "/settings/jira"}},
		"never read":                {metrics.TeamWork{Backlogs: 1}, true, []string{"The first read is on its way."}},
		"nothing was finished":      {read(nil), false, []string{"few", "needs 8 issues, n 0", "0 of 0", "None of this work was in a sprint", "Too few issues from incidents"}},
		"eight":                     {read(eight), false, []string{"1.8", "(7 d and 4 d), n 8", "0 of 8", "0 days"}},
		"one that skipped the work": {read(append(eight, skipped)), false, []string{"n 8, 1 skipped in progress", "0 of 9"}},
		"five from incidents":       {read(five), false, []string{"few", "5 of 5", "100\u202f% of the time", "10 days", "Plan for 1 new issue from incidents in a week, and 2 days in progress on them."}},
		"nobody knows when it began": {
			read([]metrics.WorkIssue{in}, sprint), false, []string{"Sprint start unknown: Jira does not say when 1 sprint of this work began."},
		},
		"it could not be read": {metrics.TeamWork{Backlogs: 1, ReadAt: now, Trouble: "The value 'OPS' does not exist"}, false, []string{"“The value 'OPS' does not exist”", "may be old"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewWork(c.work, c.admin, clock)
			said := strings.Join([]string{p.Missing, p.MissingText, p.Connect, p.Trouble, p.NoSprints, p.Forecast}, "\n")
			for _, b := range p.Bigs {
				said += "\n" + b.Value + "\n" + b.Caption
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q but:\n%s", want, said)
				}
			}
		})
	}
}
