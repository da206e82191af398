package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/ticket"
	"upshot/integrations/jira/jiratest"
	"upshot/store/storetest"
)

// Several replicas share one database: what one does while another is at work on the same.

func TestAClaimIsGivenUpBeforeItsLeaseEndsThoughTheTurnNeverCame(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		f := s.promise("DB pool exhausted")
		_, err := s.words.jira.Ask(s.t.Context(), syncActor, f.ID)
		s.must(err)
		// Others make all the calls that a site may have at once, and none of them ends.
		others := s.store.JiraTurns(time.Now, time.Minute)
		var ends []func()
		for range 4 {
			end, err := others.Take(s.t.Context(), jirasync.Call{Site: s.site.ID, Operation: "GET issue"})
			s.must(err)
			ends = append(ends, end)
		}
		s.words.jira.Lease = 2 * time.Second
		s.double.ForgetCalls()
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		s.must(s.words.jira.PushAll(ctx))
		if took := time.Since(began); took >= s.words.jira.Lease {
			s.t.Errorf("it is given up after %s; by then another replica may have created the issue", took)
		}
		if l := s.link(f.ID); l.State != ticket.LinkPending || s.double.Total() > 0 {
			s.t.Errorf("it never left, and is %s: %q", l.State, l.Trouble.Words)
		}
		for _, end := range ends {
			end()
		}
		s.sync()
		if l := s.link(f.ID); l.State != ticket.Linked || len(s.double.Issues()) != 1 {
			s.t.Errorf("link is %s: %q, %d issues", l.State, l.Trouble.Words, len(s.double.Issues()))
		}
	})
}

// meanwhile is a store in which something happens between the reading of tickets and their writing.
type meanwhile struct {
	jirasync.Store
	happens func()
}

func (m meanwhile) SaveTickets(ctx context.Context, all []jirasync.Mirror) error {
	m.happens()
	return m.Store.SaveTickets(ctx, all)
}

func TestWhatAnotherReplicaNotesOnATicketWhileItIsReadIsKept(t *testing.T) {
	t.Parallel()
	eachSynced(t, func(s *synced) {
		f := s.filed("DB pool exhausted")
		s.sync()
		s.double.Touch(f.Ticket.Key) // as a comment of ours does: its moment moves, and its history has no new entry
		noted := make(chan error, 1)
		s.words.jira.Store = meanwhile{s.store, func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				noted <- s.store.UpdateTicket(context.Background(), f.Ticket.ID, func(m *jirasync.Mirror) error {
					m.CommentID, m.Commented = "30007", true
					return nil
				})
			}()
			select { // it is noted, or it waits for us
			case <-done:
			case <-time.After(300 * time.Millisecond):
			}
		}}
		s.sync()
		s.must(<-noted)
		found, err := s.store.Tickets(s.t.Context(), []ticket.ID{f.Ticket.ID})
		s.must(err)
		if m := found[0]; m.CommentID != "30007" || !m.Commented {
			s.t.Errorf("its comment is forgotten, and will be written a second time: %q, %t", m.CommentID, m.Commented)
		}
	})
}

func TestRecurrencesAndTheSyncDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := startSynced(t, address, jiratest.Cloud)
		s.rule(func(*followup.Rule) {})
		f := s.filed("DB pool exhausted")
		s.clock.Add(60 * 24 * time.Hour)
		second, err := s.words.followUps.Promise(t.Context(), syncActor, followup.FollowUp{
			Title: "Alert on the pool", Kind: followup.Code, Purpose: followup.Detect, Team: s.team.ID, Problem: f.Problem,
		}, true)
		s.must(err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		works := []func(n int) error{
			func(n int) error {
				i := incident.New("DB pool exhausted", s.clock.Now().Add(-time.Duration(1200-2*n)*time.Hour))
				i.Source, i.GroupKey, i.ExternalID = "alerts", "DB pool exhausted", i.Moments.StartedAt.String()
				i.Status, i.Moments.RestoredAt = incident.Resolved, i.Moments.StartedAt.Add(time.Minute)
				i.Moments.ResolvedAt = i.Moments.RestoredAt
				_, err := s.words.incidents.Report(ctx, syncActor, i)
				return err
			},
			func(int) error { return s.words.jira.PushAll(ctx) },
			func(n int) error {
				id := []followup.ID{f.ID, second.ID}[n%2]
				_, err := s.words.followUps.Edit(ctx, syncActor, id, 0, func(f *followup.FollowUp) error {
					f.Detail += "."
					return nil
				})
				return err
			},
		}
		all := make(chan error, len(works))
		for _, work := range works {
			go func() {
				var trouble error
				for n := range 20 {
					trouble = errors.Join(trouble, work(n))
				}
				all <- trouble
			}()
		}
		for range works {
			s.must(<-all)
		}
	})
}
