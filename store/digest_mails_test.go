package store_test

import (
	"context"
	"fmt"
	"testing"

	"upshot/app/digest"
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
