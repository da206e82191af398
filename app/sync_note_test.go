package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/integrations/jira/jiratest"
)

// happenedAgo reports an incident of the failure that began so long ago and lasted ten minutes.
func (s *synced) happenedAgo(failure string, ago time.Duration) {
	s.t.Helper()
	i := incident.New(failure, s.clock.Now().Add(-ago))
	i.Source, i.GroupKey, i.ExternalID = "alerts", failure, fmt.Sprint(failure, i.Moments.StartedAt.UnixNano())
	i.Status, i.Moments.RestoredAt = incident.Resolved, i.Moments.StartedAt.Add(10*time.Minute)
	i.Moments.ResolvedAt = i.Moments.RestoredAt
	_, err := s.words.incidents.Report(s.t.Context(), syncActor, i)
	s.must(err)
}

func TestAnotherRecurrenceWhileTheAnswerToACommentIsLostMakesNoSecondComment(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"it was written": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFlavour(t, func(s *synced) {
				s.rule(func(*followup.Rule) {})
				f := s.filed("DB pool exhausted")
				s.clock.Add(24 * time.Hour)
				s.double.Set(func(x *jiratest.Faults) { x.Operation, x.Next, x.Effect = "PUT /rest/api/2/issue/{id}", 1, effect })
				s.happenedAgo("DB pool exhausted", 6*time.Hour)
				s.must(s.words.jira.PushAll(s.t.Context())) // its answer is lost, so it is tried again in a while
				s.happenedAgo("DB pool exhausted", 3*time.Hour)
				s.must(s.words.jira.PushAll(s.t.Context()))
				for range 3 {
					s.sync()
				}
				if i := s.issue(f.Ticket.Key); len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Body, "recurred twice") {
					s.t.Errorf("comments: %+v", i.Comments)
				}
			})
		})
	}
}
