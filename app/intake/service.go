package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/problem"
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

// Batches are small where there is one writer, so that those who deliver meanwhile do not wait long for their turn.
const (
	batch     = 50
	batchTime = 15 * time.Millisecond
	longBatch = 500 * time.Millisecond
	attempts  = 12               // then a delivery that makes trouble of ours is left as failed
	firstWait = 10 * time.Second // until the second; each is twice as long, up to
	longWait  = time.Hour
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
		until := time.Now().Add(longBatch)
		if s.Store.OneWriter() {
			until = time.Now().Add(batchTime)
		}
		claimed, err := s.Store.ClaimDeliveries(ctx, s.Now(), batch)
		if err != nil {
			return err
		}
		sources := map[SourceID]Source{}
		for _, d := range claimed {
			if n > 0 && time.Now().After(until) {
				return nil
			}
			if err := s.settle(ctx, d, sources); err != nil {
				return err
			}
			n++
		}
		return nil
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
		return s.settle(ctx, at, map[SourceID]Source{})
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
func (s *Service) settle(ctx context.Context, d Delivery, sources map[SourceID]Source) error {
	src, is := sources[d.Source]
	if !is {
		var err error
		if src, err = s.Store.Source(ctx, d.Source); err != nil {
			return err
		}
		sources[d.Source] = src
	}
	ctx = audit.WithOrigin(ctx, "", "hook")
	d.Became, d.Words, d.Attempts, d.DoneAt = nil, "", d.Attempts+1, s.Now()
	maker := s.Makers[src.Kind]
	parcel, err := maker.Read(d.Headers, d.Body, src.Mapping)
	if err != nil {
		d.State, d.Words = Failed, err.Error()
		return s.Store.SettleDelivery(ctx, d)
	}
	w := &work{Service: s, source: src, maker: maker, received: d.ReceivedAt, ctx: ctx}
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
	if err := s.Store.SettleDelivery(ctx, d); err != nil {
		return err
	}
	return s.Store.SourceSent(ctx, src.ID, d.ReceivedAt, w.unmapped)
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

// work is the processing of one delivery.
type work struct {
	*Service
	ctx      context.Context
	source   Source
	maker    Maker
	received time.Time
	became   []Became
	skipped  []string
	unmapped []string
	waits    bool // something could not be kept at all without its service
}

func (w *work) did(i incident.ID, what string) {
	b := Became{Incident: i, Did: what}
	if !slices.Contains(w.became, b) {
		w.became = append(w.became, b)
	}
}

func (w *work) skip(words string) {
	if words != "" && !slices.Contains(w.skipped, words) {
		w.skipped = append(w.skipped, words)
	}
}

func (w *work) do(p Parcel) error {
	keys := make([]string, 0, len(p.Signals))
	for n := range p.Signals {
		p.Signals[n] = tidied(p.Signals[n])
		keys = append(keys, p.Signals[n].Key)
	}
	tracks, err := w.Store.Tracks(w.ctx, w.source.ID, keys)
	if err != nil {
		return err
	}
	for _, signal := range p.Signals {
		if rule := w.source.Mapping.Skips(signal.Look.Labels); rule != "" {
			w.skip("Left out by the rule " + rule + ".")
			continue
		}
		t, is := tracks[signal.Key]
		if !is {
			t = Track{Source: w.source.ID, Key: signal.Key}
		}
		signal.Group = shortened(w.source.Mapping.GroupOf(signal))
		if !t.Take(signal, w.received) {
			continue
		}
		if err := w.follow(&t); err != nil {
			return err
		}
		tracks[signal.Key] = t
	}
	for _, d := range p.Deployments {
		if err := w.deploy(d); err != nil {
			return err
		}
	}
	for _, ticket := range p.Tickets {
		known := false
		if w.Hint != nil {
			if known, err = w.Hint(w.ctx, ticket); err != nil {
				return err
			}
		}
		if !known {
			w.skip("It tells of a ticket that is in no connected Jira.")
		} else {
			w.skip("Its ticket is read again from Jira.")
		}
	}
	return nil
}

// follow makes our incidents what a track says, and keeps the track.
func (w *work) follow(t *Track) error {
	known, err := w.known(t.Look.Services, t.Look.Labels)
	if err != nil {
		return err
	}
	seen := w.source.Mapping.See(t.Look, w.maker, known)
	t.Unassigned = len(seen.Unknown) > 0
	w.unmapped = append(w.unmapped, seen.Unknown...)
	if w.source.Mapping.PagesOnCall && len(seen.Services) > 0 {
		if seen.Paged, err = w.Store.BuildersAnswer(w.ctx, seen.Services); err != nil {
			return err
		}
	}
	all := OccurrencesOf(t.Marks, problem.FlapWindow)
	var kept []Kept
	for n, pair := range Pair(all, t.Incidents) {
		var k Kept
		if len(pair) == 0 {
			if k, err = w.begin(t, all[n], seen); err != nil {
				return err
			}
		} else {
			k = pair[0]
			for _, second := range pair[1:] {
				if err := w.merge(second.Incident, k.Incident); err != nil {
					return err
				}
			}
			if err := w.update(&k, all[n], seen); err != nil {
				return err
			}
		}
		if n == len(all)-1 {
			if err := w.note(&k, t.Look.Notes); err != nil {
				return err
			}
		}
		k.Start = all[n].Start()
		kept = append(kept, k)
	}
	t.Incidents = kept
	if err := w.mergeTracks(t); err != nil {
		return err
	}
	t.Forget(problem.FlapWindow)
	return w.Store.SaveTrack(w.ctx, t)
}

// known gives the services that could be meant.
func (w *work) known(services []string, labels map[string]string) (map[string]string, error) {
	var names []string
	for _, name := range w.source.Mapping.Names(services, labels, w.maker) {
		names = append(names, strings.ToLower(strings.TrimSpace(name)))
	}
	if len(names) == 0 {
		return nil, nil
	}
	return w.Store.ServicesNamed(w.ctx, names)
}

// begin reports a new incident.
func (w *work) begin(t *Track, o Occurrence, seen Seen) (Kept, error) {
	i, made := Begin(o, seen)
	t.Numbered++
	i.Source, i.ExternalID, i.GroupKey = w.source.Called(), externalID(t.Key, t.Numbered), t.Group
	i, err := w.Incidents.Report(w.ctx, w.source.Actor(), i)
	if err != nil {
		return Kept{}, err
	}
	did := "opened"
	if i.Status == incident.Resolved {
		did = "noted, over already"
	}
	w.did(i.ID, did)
	return Kept{Incident: i.ID, Made: made}, nil
}

// update brings an incident to what its source says now.
func (w *work) update(k *Kept, o Occurrence, seen Seen) error {
	made, did := k.Made, ""
	i, err := w.Incidents.Follow(w.ctx, w.source.Actor(), k.Incident, func(i *incident.Incident) string {
		was := *i
		was.Services, was.Segments, was.Labels = slices.Clone(i.Services), slices.Clone(i.Segments), maps.Clone(i.Labels)
		made = Follow(i, o, seen, k.Made)
		did = whatChanged(was, *i)
		return did
	})
	if err != nil {
		return err
	}
	if i.MergedInto != 0 {
		w.skip(fmt.Sprintf("%s is merged into %s, so it was left alone.", i.ID, i.MergedInto))
		return nil
	}
	k.Made = made
	if did != "" {
		w.did(i.ID, did)
	}
	if !seen.Paged || made.Paged.Equal(o.Start()) {
		return nil
	}
	k.Made.Paged = o.Start()
	return w.Incidents.Learn(w.ctx, w.source.Actor(), k.Incident, incident.Telling{At: o.Start(), By: incident.ByPage})
}

// whatChanged is the verb for what happened to an incident; empty: nothing that anybody would see.
func whatChanged(was, is incident.Incident) string {
	ended := func(i incident.Incident) bool { return i.Status == incident.Resolved || i.Status == incident.Closed }
	switch {
	case ended(was) && !ended(is):
		return "reopened"
	case !ended(was) && ended(is):
		return "resolved"
	case was.Status != incident.Mitigated && is.Status == incident.Mitigated:
		return "mitigated"
	case !was.Moments.AcknowledgedAt.Equal(is.Moments.AcknowledgedAt):
		return "acknowledged"
	case was.Severity != is.Severity:
		return "severity changed"
	}
	before, after := audit.Diff(was.Fields(), is.Fields())
	if before == nil && after == nil && maps.Equal(was.Labels, is.Labels) && len(was.Segments) == len(is.Segments) {
		return ""
	}
	return "updated"
}

// merge says that one of our incidents is a second report of another.
func (w *work) merge(id, into incident.ID) error {
	i, err := w.Store.Incident(w.ctx, w.source.Actor(), id)
	if err != nil || i.MergedInto != 0 || id == into {
		return err
	}
	for { // what it was merged into may be merged on
		target, err := w.Store.Incident(w.ctx, w.source.Actor(), into)
		if err != nil {
			return err
		}
		if target.MergedInto == 0 {
			break
		}
		into = target.MergedInto
	}
	if into == id {
		return nil
	}
	if _, err := w.Incidents.Merge(w.ctx, w.source.Actor(), id, into); err != nil {
		return err
	}
	w.did(id, "merged into "+into.String())
	return nil
}

// mergeTracks merges what the sender merged, whichever of the two came first.
func (w *work) mergeTracks(t *Track) error {
	if len(t.Incidents) == 0 {
		return nil
	}
	last := t.Incidents[len(t.Incidents)-1].Incident
	if t.MergedInto != "" && t.MergedInto != t.Key {
		into, err := w.Store.Tracks(w.ctx, w.source.ID, []string{t.MergedInto})
		if err != nil {
			return err
		}
		if other := into[t.MergedInto].Incidents; len(other) > 0 {
			return w.merge(last, other[len(other)-1].Incident)
		}
		return nil
	}
	merged, err := w.Store.TracksMerged(w.ctx, w.source.ID, t.Key)
	if err != nil {
		return err
	}
	for _, other := range merged {
		if n := len(other.Incidents); n > 0 {
			if err := w.merge(other.Incidents[n-1].Incident, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// note writes down what people noted at the sender, each once.
func (w *work) note(k *Kept, notes []Note) error {
	for _, n := range notes {
		name := hashed(n.ID + "\n" + n.Body)[:16]
		if strings.TrimSpace(n.Body) == "" || slices.Contains(k.Notes, name) {
			continue
		}
		_, err := w.Notes.Add(w.ctx, w.source.Actor(), rootcause.Note{
			Incident: k.Incident, Kind: rootcause.Symptom, CauseClass: "unknown", Confidence: "low", Body: n.Body,
		})
		if err != nil {
			return err
		}
		k.Notes = append(k.Notes, name)
		w.did(k.Incident, "noted on")
	}
	return nil
}

// deploy records a deployment, or what is new of one.
func (w *work) deploy(d Deployed) error {
	d.Labels = cleanLabels(d.Labels)
	if d.Outcome == "" {
		w.skip("A deployment goes on; it is recorded when it ends.")
		return nil
	}
	known, err := w.known(d.Services, d.Labels)
	if err != nil {
		return err
	}
	slugs, unknown := w.source.Mapping.Slugs(w.source.Mapping.Names(d.Services, d.Labels, w.maker), known)
	w.unmapped = append(w.unmapped, unknown...)
	if len(slugs) == 0 {
		w.waits = true
		if len(unknown) == 0 {
			return fault.New(fault.Invalid, "It does not say which service was deployed. Say in the source's mapping which label does, or which service is meant.")
		}
		return nil
	}
	finished := d.FinishedAt
	if finished.IsZero() || finished.After(w.received.Add(ahead)) {
		finished = cmp.Or(d.At, w.received)
	}
	if finished.After(w.received.Add(ahead)) {
		finished = w.received
	}
	started := d.StartedAt
	if started.After(finished) {
		started = time.Time{}
	}
	for _, slug := range slugs {
		is := deployment.Deployment{
			Service: slug, Environment: clean(cmp.Or(d.Environment, "unknown")), Version: clean(cmp.Or(d.Version, "unknown")), StartedAt: started, FinishedAt: finished,
			Outcome: d.Outcome, URL: d.URL, Source: w.source.Called(), ExternalID: shortened(clean(d.ID) + " " + slug),
		}
		id, did, err := w.Deployments.Learn(w.ctx, w.source.Actor(), is)
		if err != nil {
			return err
		}
		if did != "" {
			w.became = append(w.became, Became{Deployment: id, Did: did})
		}
	}
	return nil
}

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
			w := &work{Service: s, ctx: ctx, source: src, maker: s.Makers[src.Kind], received: s.Now()}
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
