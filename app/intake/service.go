package intake

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/deployment"
	"upshot/app/incident"
	"upshot/app/rootcause"
	"upshot/app/secret"
)

// Store keeps sources, deliveries and tracks. Its writes take part in the transaction of ctx.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error

	Sources(ctx context.Context) ([]Source, error)
	Source(ctx context.Context, id SourceID) (Source, error)
	SourceCalled(ctx context.Context, kind Kind, name string) (Source, error)
	CreateSource(ctx context.Context, s Source) (Source, error)
	UpdateSource(ctx context.Context, id SourceID, change func(*Source) error) (before, after Source, err error)
	// SourceSent notes when a source last sent something, and which names of services nobody mapped.
	SourceSent(ctx context.Context, id SourceID, at time.Time, unmapped []string) error
	// SetUnmapped says which names are still unknown; SourceFollowed that all was tried again by a revision.
	SetUnmapped(ctx context.Context, id SourceID, at time.Time, names []string) error
	SourceFollowed(ctx context.Context, id SourceID, revision int64) error

	// KeepDelivery keeps a delivery, or counts once more one of its name that is there.
	KeepDelivery(ctx context.Context, d Delivery) (DeliveryID, error)
	// ClaimDeliveries gives those that wait and are due, oldest first. Others who ask meanwhile get none.
	ClaimDeliveries(ctx context.Context, now time.Time, limit int) ([]Delivery, error)
	OneWriter() bool
	DeliveriesWait(ctx context.Context, now time.Time) (bool, error)
	Delivery(ctx context.Context, id DeliveryID) (Delivery, error)
	SettleDelivery(ctx context.Context, d Delivery) error
	// Redeliver makes deliveries of a source in a state wait again, and tells how many.
	Redeliver(ctx context.Context, source SourceID, state State, now time.Time) (int, error)
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error)

	Tracks(ctx context.Context, source SourceID, keys []string) (map[string]Track, error)
	SaveTrack(ctx context.Context, t *Track) error
	// TracksMerged gives the tracks that their sender merged into that key.
	TracksMerged(ctx context.Context, source SourceID, key string) ([]Track, error)
	UnassignedTracks(ctx context.Context, source SourceID, after int64, limit int) ([]Track, error)

	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	// ServicesNamed gives slugs of services by name or slug in lower case.
	ServicesNamed(ctx context.Context, names []string) (map[string]string, error)
	// BuildersAnswer tells whether whoever builds these services answers for them at night.
	BuildersAnswer(ctx context.Context, slugs []string) (bool, error)
	DeploymentCalled(ctx context.Context, source, externalID string) (deployment.Deployment, error)
}

// Service takes deliveries in and makes incidents of them.
type Service struct {
	Store       Store
	Makers      map[Kind]Maker
	Incidents   *incident.Service
	Deployments *deployment.Service
	Notes       *rootcause.Service
	Log         audit.Log
	Key         secret.Key
	Now         func() time.Time
	// Hint passes on that a ticket of a connected tracker may have changed; nil: nobody asks.
	Hint func(ctx context.Context, t Ticket) (known bool, err error)
	// Kick wakes whoever drains; nil: nobody.
	Kick func()

	mu      sync.Mutex
	sources map[string]remembered // by address
	asking  singleflight.Group
}

// Receive keeps a delivery. When it returns nil the delivery is on disk and will be processed.
func (s *Service) Receive(ctx context.Context, d Delivery) (id DeliveryID, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		id, err = s.Store.KeepDelivery(ctx, d)
		return err
	})
	if err == nil && s.Kick != nil {
		s.Kick()
	}
	return id, err
}
