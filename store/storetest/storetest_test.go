package storetest_test

import (
	"testing"

	"upshot/store"
	"upshot/store/storetest"
)

func TestTheDatabaseOfATestIsMigrated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		pending, err := s.Pending(t.Context())
		if err != nil || pending {
			t.Errorf("pending is %v, %v", pending, err)
		}
	})
}
