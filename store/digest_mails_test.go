package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"upshot/app/digest"
	"upshot/app/followup"
	"upshot/store"
	"upshot/store/storetest"
)

// Two who say something for the first time at once, such as by pressing twice, both succeed, and one subscription is kept.
func TestTwoFirstSubscriptionsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.BeginDigests(t.Context(), []digest.Settings{{When: digest.Monday7, Since: morning}}); err != nil {
			t.Fatal(err)
		}
		const atOnce = 4
		errs := make(chan error)
		for n := range atOnce {
			go func() {
				_, err := s.PutDigestSubscription(context.WithoutCancel(t.Context()), digest.Subscription{
					Address: "wall@example.test", Wanted: true, Token: fmt.Sprint("token", n), CreatedAt: morning,
				})
				errs <- err
			}()
		}
		for range atOnce {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if all, err := s.DigestSubscriptions(t.Context(), digest.Scope{}); err != nil || len(all) != 1 || !all[0].Wanted {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestWhatWaitsAfterTroubleIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		wantIndexed(t, planOf(t, s, func(ctx context.Context) error { _, _, err := s.StuckDigestMail(ctx); return err }))
	})
}

// What was sent need not be kept twice: its words go, and its row stays so that it is never sent again. What came to nothing may be sent again.
func TestTheWordsOfASentMailGo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for state, want := range map[digest.State]string{digest.Sent: "", digest.Dropped: "", digest.Failed: "words", digest.Doubt: "words", digest.Waiting: "words"} {
			token := string(state)
			err := s.AddDigestMails(t.Context(), []digest.Mail{{
				Kind: digest.OwnCopy, Once: token, Token: token, Address: "ana@example.test", Text: "words", HTML: "words", State: digest.Waiting, NextAt: morning, CreatedAt: morning,
			}})
			if err != nil {
				t.Fatal(err)
			}
			m, due, err := s.ClaimDigestMail(t.Context(), "test", morning, morning.Add(day))
			if err != nil || !due {
				t.Fatal(due, err)
			}
			m.State, m.NextAt = state, morning.Add(day)
			if settled, err := s.SettleDigestMail(t.Context(), m); err != nil || !settled {
				t.Fatal(settled, err)
			}
			if m, err = s.DigestMailByToken(t.Context(), token); err != nil || m.State != state || m.Text != want || m.HTML != want {
				t.Errorf("%s: %+v, %v", state, m, err)
			}
		}
	})
}

// What a letter reminds of: the day has come, it is near, or there is none and no evidence either.
func TestWhatLettersRemindOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		addService(t, s, "checkout", addTeam(t, s, "payments").ID, 0)
		p := addProblem(t, s, "checkout")
		add := func(state followup.State, due, evidence string) followup.ID {
			return promise(t, s, p.ID, morning, followup.Ledger{}, func(f *followup.FollowUp) {
				f.State, f.DueOn, f.EvidenceURL = state, due, evidence
			}).ID
		}
		const evidence = "https://ci.example.test/1"
		late, near := add(followup.Queued, "2026-11-20", ""), add(followup.Queued, "2026-11-27", "")
		unproven, undated := add(followup.Done, "2026-11-20", ""), add(followup.Done, "", "")
		add(followup.Done, "2026-11-20", evidence)
		add(followup.Done, "2026-11-27", "")
		add(followup.Done, "", evidence)
		add(followup.Queued, "2026-12-27", "")
		add(followup.Queued, "", "")
		for part, want := range map[digest.Part][]followup.ID{
			digest.DayCome: {late, unproven}, digest.DayNear: {near}, digest.Unevidenced: {undated},
		} {
			a := digest.Asked{For: part, After: "2026-11-24", Until: "2026-11-24"}
			if part == digest.DayNear {
				a.Until = "2026-12-01"
			}
			page, err := s.DigestFollowUps(t.Context(), ada, a, 10)
			if err != nil || page.Total != len(want) || !slices.Equal(idsOf(page.Items), want) {
				t.Errorf("%s: %v of %d, %v; want %v", part, idsOf(page.Items), page.Total, err, want)
			}
		}
	})
}
