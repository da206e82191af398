package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/store"
	"upshot/store/storetest"
)

func TestAnAnswerIsKeptOnceForEachKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
		first := account.Answer{Actor: "token:1", Key: "k", Request: "one", At: at}
		claim := func(a account.Answer) (earlier account.Answer, found bool) {
			t.Helper()
			if err := s.InTx(ctx, func(ctx context.Context) (err error) {
				if earlier, found, err = s.ClaimAnswer(ctx, a); err != nil || found {
					return err
				}
				a.Status, a.Headers, a.Body = 201, `{"Location":["/x"]}`, []byte(`{"ref":"INC-1"}`)
				return s.KeepAnswer(ctx, a)
			}); err != nil {
				t.Fatal(err)
			}
			return earlier, found
		}

		refused := errors.New("refused")
		if err := s.InTx(ctx, func(ctx context.Context) error {
			if _, found, err := s.ClaimAnswer(ctx, first); err != nil || found {
				t.Errorf("a fresh key: found %v, %v", found, err)
			}
			return refused
		}); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if _, found := claim(first); found {
			t.Error("a request that was refused leaves the key free")
		}
		again := first
		again.Request = "two"
		earlier, found := claim(again)
		if !found || earlier.Request != "one" || earlier.Status != 201 || string(earlier.Body) != `{"ref":"INC-1"}` || !earlier.At.Equal(at) {
			t.Errorf("the first answer comes back, got %+v, %v", earlier, found)
		}
		other := first
		other.Actor = "token:2"
		if _, found := claim(other); found {
			t.Error("keys of one sender must not meet another's")
		}
		if err := s.InTx(ctx, func(ctx context.Context) error { return s.ForgetAnswers(ctx, at.Add(time.Second)) }); err != nil {
			t.Fatal(err)
		}
		if _, found := claim(first); found {
			t.Error("an old answer is forgotten")
		}
	})
}
