package app

import (
	"slices"
	"testing"
	"time"

	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
)

func TestWhatAPersonUnlinkedIsNotLinkedAgainByTheSweep(t *testing.T) {
	t.Parallel()
	cases := map[string]func(s *synced, other string){
		"another issue carries it": func(s *synced, other string) {
			_, err := s.words.jira.LinkTo(s.t.Context(), syncActor, 1, other)
			s.must(err)
		},
		"a new one is filed": func(s *synced, _ string) {
			_, err := s.words.jira.Ask(s.t.Context(), syncActor, 1)
			s.must(err)
		},
	}
	for name, carry := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFlavour(t, func(s *synced) {
				f := s.filed("Labels smear")
				first := f.Ticket.Key
				other := s.double.Seed(jiratest.Seed{Summary: "Labels smear, says the team"})
				s.must(s.words.jira.Unlink(s.t.Context(), syncActor, f.ID))
				carry(s, other)
				for range 2 {
					s.sync()
				}
				carried := s.followUp(f.ID).Ticket
				if carried == nil || carried.Key == first {
					s.t.Fatalf("carried by %+v", carried)
				}
				s.clock.Add(25 * time.Hour)
				for range 3 {
					s.sync()
				}
				if got := s.followUp(f.ID).Ticket.Key; got != carried.Key {
					s.t.Errorf("carried by %s, and a person chose %s", got, carried.Key)
				}
				mark := s.link(f.ID).Mark
				if i := s.issue(first); slices.Contains(i.Labels, mark) || len(i.Comments) != 0 {
					s.t.Errorf("the one that was unlinked has labels %v, comments %v", i.Labels, i.Comments)
				}
				if i := s.issue(carried.Key); !slices.Contains(i.Labels, mark) || len(i.Comments) != 0 {
					s.t.Errorf("the one that carries it has labels %v, comments %v", i.Labels, i.Comments)
				}
			})
		})
	}
}

func TestWhatIsUnlinkedAndLinkedAgainKeepsItsMark(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]int{"at once": 0, "later": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFlavour(t, func(s *synced) {
				f := s.filed("Labels smear")
				s.must(s.words.jira.Unlink(s.t.Context(), syncActor, f.ID))
				for range between {
					s.sync()
				}
				_, err := s.words.jira.LinkTo(s.t.Context(), syncActor, f.ID, f.Ticket.Key)
				s.must(err)
				for range 2 {
					s.sync()
				}
				if i := s.issue(f.Ticket.Key); !slices.Contains(i.Labels, s.link(f.ID).Mark) {
					s.t.Errorf("its labels are %v", i.Labels)
				}
			})
		})
	}
}

func TestToBeAskedToWaitIsNoAttempt(t *testing.T) {
	t.Parallel()
	eachFlavour(t, func(s *synced) {
		f := s.filed("Labels smear")
		now := s.clock.Now()
		_, err := s.store.AddPush(s.t.Context(), jirasync.Push{
			Site: s.site.ID, Ticket: f.Ticket.ID, Kind: jirasync.PushTransition, Payload: jirasync.Payload{To: ticket.Done}, CreatedAt: now, NextAt: now,
		})
		s.must(err)
		for range 30 {
			now := s.clock.Now()
			claimed, err := s.store.ClaimPushes(s.t.Context(), s.site.ID, "somebody", now, now.Add(time.Minute))
			s.must(err)
			if len(claimed) != 1 || claimed[0].Attempt != 1 {
				s.t.Fatalf("claimed %+v", claimed)
			}
			_, err = s.store.SettlePush(s.t.Context(), jirasync.AfterCall(claimed[0], &jirasync.Trouble{Kind: jirasync.Limited, Until: now.Add(time.Hour)}, now))
			s.must(err)
			s.clock.Add(2 * time.Hour)
		}
	})
}
