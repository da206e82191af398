package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

func TestMarkedProblemsAreClaimedOnceAndComeBackWhenKeepingFails(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var ids []problem.ID
		for _, title := range []string{"Disk fills up", "Queue lags behind", "Certificate is out of date"} {
			p, err := s.CreateProblem(t.Context(), problem.Problem{Title: title, State: problem.Open, CreatedAt: morning})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, p.ID)
		}
		for range 2 { // marked again, it is still one mark
			if err := s.InTx(t.Context(), func(ctx context.Context) error { return s.MarkStale(ctx, ids) }); err != nil {
				t.Fatal(err)
			}
		}
		broken := errors.New("keeping failed")
		err := s.InTx(t.Context(), func(ctx context.Context) error {
			if _, err := s.ClaimStale(ctx, 10); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		for _, want := range [][]problem.ID{ids[:2], ids[2:], nil} {
			if got, err := s.ClaimStale(t.Context(), 2); err != nil || !slices.Equal(got, want) {
				t.Errorf("claimed %v, %v; want %v", got, err, want)
			}
		}
	})
}
