package store_test

import (
	"context"
	"reflect"
	"testing"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/store"
	"upshot/store/storetest"
)

var bea = account.Actor{Kind: account.Person, ID: 1, Name: "Bea", Role: account.Editor}

// saved saves an incident as it is, without the rules of reporting.
func saved(t *testing.T, s *store.Store, i incident.Incident) incident.Incident {
	t.Helper()
	if i.CreatedAt.IsZero() {
		i.CreatedAt = morning
	}
	inTx(t, s, func(ctx context.Context) (err error) {
		i, err = s.CreateIncident(ctx, i)
		return err
	})
	return i
}

func TestAnIncidentComesBackAsSaved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := saved(t, s, incident.New("Checkout fails", morning))
		got, err := s.Incident(t.Context(), bea, i.ID)
		if err != nil || !reflect.DeepEqual(got, i) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, i)
		}
	})
}
