package intake

import (
	"context"
	"fmt"
	"slices"

	"upshot/app/audit"
)

// placeAgain gives incidents whose service nobody knew the one that an administrator has mapped since.
func (s *Service) placeAgain(ctx context.Context) error {
	all, err := s.Store.Sources(ctx)
	if err != nil {
		return err
	}
	for _, src := range all {
		if src.Followed == src.Revision {
			continue
		}
		if err := s.placeAllAgain(ctx, src); err != nil {
			return fmt.Errorf("map what %s sent: %w", src.Called(), err)
		}
	}
	return nil
}

func (s *Service) placeAllAgain(ctx context.Context, src Source) error {
	var after int64
	var unknown []string
	for more := true; more; {
		err := s.Store.InTx(audit.WithOrigin(ctx, "", "hook"), func(ctx context.Context) error {
			some, err := s.Store.UnassignedTracks(ctx, src.ID, after, batch)
			if err != nil {
				return err
			}
			more = len(some) == batch
			w := &work{Service: s, ctx: ctx, turn: s.newTurn(), source: src, maker: s.Makers[src.Kind], received: s.Now()}
			for _, t := range some {
				after = t.ID
				if err := w.follow(&t); err != nil && !isRefused(err) {
					return err
				}
			}
			unknown = append(unknown, w.unmapped...)
			if more {
				return nil
			}
			slices.Sort(unknown)
			if err := s.Store.SetUnmapped(ctx, src.ID, src.LastAt, slices.Compact(unknown)); err != nil {
				return err
			}
			return s.Store.SourceFollowed(ctx, src.ID, src.Revision)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
