package intake

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/audit"
	"upshot/app/fault"
)

// Batches are small where there is one writer, so that those who deliver meanwhile do not wait long for their turn.
const (
	batch      = 50
	batchTime  = 500 * time.Millisecond
	smallBatch = 10
	smallTime  = 15 * time.Millisecond
	attempts   = 12               // then a delivery that makes trouble of ours is left as failed
	firstWait  = 10 * time.Second // until the second; each is twice as long, up to
	longWait   = time.Hour
)

// Drain processes what waits until nothing does, or ctx ends. What makes trouble alone does not stop the others.
func (s *Service) Drain(ctx context.Context) error {
	if err := s.placeAgain(ctx); err != nil {
		return err
	}
	if wait, err := s.Store.DeliveriesWait(ctx, s.Now()); err != nil || !wait { // a look alone keeps nobody from writing
		return err
	}
	for ctx.Err() == nil {
		n, err := s.drainBatch(ctx)
		if err != nil && ctx.Err() == nil {
			n, err = s.drainOne(ctx)
		}
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}

// drainBatch processes some in one transaction: all of it is kept, or nothing.
func (s *Service) drainBatch(ctx context.Context) (n int, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		n = 0
		most, until := batch, time.Now().Add(batchTime)
		if s.Store.OneWriter() {
			most, until = smallBatch, time.Now().Add(smallTime)
		}
		claimed, err := s.Store.ClaimDeliveries(ctx, s.Now(), most)
		if err != nil {
			return err
		}
		t := s.newTurn()
		for _, d := range claimed {
			if n > 0 && time.Now().After(until) {
				break
			}
			if err := s.settle(ctx, d, t); err != nil {
				return err
			}
			n++
		}
		return t.end(ctx)
	})
	return n, err
}

// drainOne processes the oldest alone. Trouble of ours is noted on it, and it waits for its next turn.
func (s *Service) drainOne(ctx context.Context) (n int, err error) {
	var at Delivery
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		n = 0
		claimed, err := s.Store.ClaimDeliveries(ctx, s.Now(), 1)
		if err != nil || len(claimed) == 0 {
			return err
		}
		n, at = 1, claimed[0]
		t := s.newTurn()
		if err := s.settle(ctx, at, t); err != nil {
			return err
		}
		return t.end(ctx)
	})
	if err == nil || at.ID == 0 || fault.Is(err, fault.Unavailable) || ctx.Err() != nil {
		return n, err
	}
	at.Attempts++
	at.Words = sentence(err)
	switch {
	case isRefused(err):
		at.State, at.DoneAt = Failed, s.Now()
	case at.Attempts >= attempts:
		at.State, at.DoneAt = Failed, s.Now()
		at.Words = "Trouble of ours, not of the sender: " + at.Words
	default:
		at.NextAt = s.Now().Add(min(firstWait<<min(at.Attempts-1, 20), longWait))
		at.Words = "Trouble of ours, not of the sender; it is tried again: " + at.Words
	}
	return 1, s.Store.InTx(ctx, func(ctx context.Context) error { return s.Store.SettleDelivery(ctx, at) })
}

// settle processes one delivery and notes what became of it. What the sender sent wrong is no trouble: it is said.
func (s *Service) settle(ctx context.Context, d Delivery, t *turn) error {
	src, err := t.source(ctx, d.Source)
	if err != nil {
		return err
	}
	ctx = audit.WithOrigin(ctx, "", "hook")
	d.Became, d.Words, d.Attempts, d.DoneAt = nil, "", d.Attempts+1, s.Now()
	maker := s.Makers[src.Kind]
	parcel, err := maker.Read(d.Headers, d.Body, src.Mapping)
	if err != nil {
		d.State, d.Words = Failed, clean(sentence(err))
		return s.Store.SettleDelivery(ctx, d)
	}
	w := &work{Service: s, ctx: ctx, turn: t, source: src, maker: maker, received: d.ReceivedAt}
	if err := w.do(parcel); err != nil {
		return err
	}
	d.Became = w.became
	switch {
	case len(w.unmapped) > 0 && w.waits:
		d.State, d.Words = Unmapped, "No service is called "+strings.Join(w.unmapped, ", ")+". Say which one is meant in the source's mapping; this is then processed again."
	case len(w.became) > 0 || parcel.Ignored == "" && len(w.skipped) == 0:
		d.State, d.Words = Done, strings.Join(w.skipped, " ")
		if len(w.became) == 0 {
			d.Words = cmp.Or(d.Words, "Nothing new.")
		}
	default:
		d.State, d.Words = Ignored, cmp.Or(parcel.Ignored, strings.Join(w.skipped, " "))
	}
	t.sent(src.ID, d.ReceivedAt, w.unmapped)
	return s.Store.SettleDelivery(ctx, d)
}

// turn is what one transaction remembers, so that a batch asks for each thing once.
type turn struct {
	store   Store
	sources map[SourceID]Source
	slugs   map[string]string // of services, by name in lower case; empty: no service is called so
	last    map[SourceID]time.Time
	unknown map[SourceID][]string
}

func (s *Service) newTurn() *turn {
	return &turn{s.Store, map[SourceID]Source{}, map[string]string{}, map[SourceID]time.Time{}, map[SourceID][]string{}}
}

func (t *turn) source(ctx context.Context, id SourceID) (Source, error) {
	if src, is := t.sources[id]; is {
		return src, nil
	}
	src, err := t.store.Source(ctx, id)
	if err == nil {
		t.sources[id] = src
	}
	return src, err
}

// services gives the slugs of services that are called so, by name or slug in lower case.
func (t *turn) services(ctx context.Context, names []string) (map[string]string, error) {
	var fresh []string
	for _, name := range names {
		if _, is := t.slugs[name]; !is {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return t.slugs, nil
	}
	found, err := t.store.ServicesNamed(ctx, fresh)
	for _, name := range fresh {
		t.slugs[name] = found[name]
	}
	return t.slugs, err
}

func (t *turn) sent(id SourceID, at time.Time, unmapped []string) {
	if at.After(t.last[id]) {
		t.last[id] = at
	}
	t.unknown[id] = append(t.unknown[id], unmapped...)
}

// end notes what the sources sent.
func (t *turn) end(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(t.last)) {
		if err := t.store.SourceSent(ctx, id, t.last[id], t.unknown[id]); err != nil {
			return err
		}
	}
	return nil
}

// isRefused tells whether what a delivery says cannot be: trouble of the sender's, which trying again does not end.
func isRefused(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Kind != fault.Unavailable
}

// sentence is an error in words, with what is wrong where.
func sentence(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err.Error()
	}
	words := f.Message
	for _, field := range f.Fields {
		words += " " + field.Name + ": " + field.Message
	}
	return strings.TrimSpace(words)
}
