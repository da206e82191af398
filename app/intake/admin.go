package intake

import (
	"context"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// sealedAs names what is sealed, so that a sealed text is good for its own place alone.
func sealedAs(s Source) string { return "source " + s.Called() + " secrets" }

// Add lets a source in. An empty secret is made up; it is given back to be shown once.
func (s *Service) Add(ctx context.Context, actor account.Actor, src Source, given string) (Source, string, error) {
	if err := actor.May(account.Admin); err != nil {
		return Source{}, "", err
	}
	src.Created = s.Now()
	var c fault.Check
	_, known := s.Makers[src.Kind]
	c.That(known, "kind", "There is no maker %q.", string(src.Kind))
	c.Add(src.Check())
	if err := c.Err(); err != nil {
		return Source{}, "", err
	}
	given, err := s.keepSecret(&src, given)
	if err != nil {
		return Source{}, "", err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if src, err = s.Store.CreateSource(ctx, src); err != nil {
			return err
		}
		return s.tell(ctx, actor, src, "source added", nil, map[string]any{"source": src.Called()})
	})
	s.forget()
	return src, given, err
}

// keepSecret adds a secret to a source, as the newest of two.
func (s *Service) keepSecret(src *Source, given string) (string, error) {
	if given = strings.TrimSpace(given); given == "" {
		given = NewSecret()
	}
	var c fault.Check
	c.That(len(given) >= MinSecret && len(given) <= 500 && !strings.ContainsAny(given, "\n\r"), "secret", "Give at least %d characters, or leave it empty: then one is made up.", MinSecret)
	if err := c.Err(); err != nil {
		return "", err
	}
	if !s.Makers[src.Kind].Signs {
		src.Hashes = append([]string{hashed(given)}, src.Hashes[:min(len(src.Hashes), 1)]...)
		return given, nil
	}
	old, err := s.secrets(*src)
	if err != nil {
		return "", err
	}
	src.Sealed, err = s.Key.Seal(strings.Join(append([]string{given}, old[:min(len(old), 1)]...), "\n"), sealedAs(*src))
	return given, err
}

// secrets are those that a sender that signs may use, newest first.
func (s *Service) secrets(src Source) ([]string, error) {
	open, err := s.Key.Open(src.Sealed, sealedAs(src))
	if err != nil || open == "" {
		return nil, err
	}
	return strings.Split(open, "\n"), nil
}

// NewSecret gives a source a second secret; the one before stays good until DropOldSecret.
func (s *Service) NewSecret(ctx context.Context, actor account.Actor, id SourceID, given string) (string, error) {
	var shown string
	err := s.change(ctx, actor, id, "source secret added", func(src *Source) (err error) {
		shown, err = s.keepSecret(src, given)
		return err
	})
	return shown, err
}

// DropOldSecret leaves the newest secret alone.
func (s *Service) DropOldSecret(ctx context.Context, actor account.Actor, id SourceID) error {
	return s.change(ctx, actor, id, "old source secret dropped", func(src *Source) error {
		src.Hashes = src.Hashes[:min(len(src.Hashes), 1)]
		all, err := s.secrets(*src)
		if err != nil || len(all) < 2 {
			return err
		}
		src.Sealed, err = s.Key.Seal(all[0], sealedAs(*src))
		return err
	})
}

// Secrets is how many secrets are good.
func (s *Service) Secrets(src Source) int {
	if all, err := s.secrets(src); err == nil && len(all) > 0 {
		return len(all)
	}
	return len(src.Hashes)
}

// Map changes how a source's words become ours. What could not be placed before is tried again.
func (s *Service) Map(ctx context.Context, actor account.Actor, id SourceID, m Mapping) error {
	if err := m.Check(); err != nil {
		return err
	}
	err := s.change(ctx, actor, id, "source mapped", func(src *Source) error {
		src.Mapping = m
		return nil
	})
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		_, err := s.Store.Redeliver(ctx, id, Unmapped, s.Now())
		return err
	})
}

// Switch turns a source on or off. One that is off takes nothing.
func (s *Service) Switch(ctx context.Context, actor account.Actor, id SourceID, on bool) error {
	action := "source switched on"
	if !on {
		action = "source switched off"
	}
	return s.change(ctx, actor, id, action, func(src *Source) error {
		src.OffAt = time.Time{}
		if !on {
			src.OffAt = s.Now()
		}
		return nil
	})
}

// Again processes a delivery again, as if it came now for the first time at the moment it was received.
func (s *Service) Again(ctx context.Context, actor account.Actor, id DeliveryID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		d, err := s.Store.Delivery(ctx, id)
		if err != nil {
			return err
		}
		d.State, d.Words, d.Attempts, d.NextAt, d.DoneAt = Waiting, "", 0, s.Now(), time.Time{}
		return s.Store.SettleDelivery(ctx, d)
	})
	if err == nil && s.Kick != nil {
		s.Kick()
	}
	return err
}

// Try reads a body as a source with that mapping would, and keeps nothing. What it gives is for people to look at.
func (s *Service) Try(ctx context.Context, kind Kind, h Headers, body []byte, m Mapping) (Parcel, []Seen, error) {
	maker := s.Makers[kind]
	p, err := maker.Read(h, body, m)
	if err != nil {
		return Parcel{}, nil, &fault.Fault{Kind: fault.Invalid, Message: "This body cannot be read so.", Fields: []fault.Field{{Name: "body", Message: err.Error()}}}
	}
	var seen []Seen
	for n := range p.Signals {
		p.Signals[n] = tidied(p.Signals[n])
		l := p.Signals[n].Look
		w := &work{Service: s, ctx: ctx, turn: s.newTurn(), source: Source{Mapping: m}, maker: maker}
		known, err := w.known(l.Services, l.Labels)
		if err != nil {
			return Parcel{}, nil, err
		}
		seen = append(seen, m.See(l, maker, known))
	}
	return p, seen, nil
}

// Forget deletes deliveries that were processed before a moment, some at a time, and tells how many.
func (s *Service) Forget(ctx context.Context, before time.Time) (n int, err error) {
	for {
		some := 0
		err := s.Store.InTx(ctx, func(ctx context.Context) (err error) {
			some, err = s.Store.ForgetDeliveries(ctx, before, 500)
			return err
		})
		if n += some; err != nil || some == 0 {
			return n, err
		}
	}
}

func (s *Service) change(ctx context.Context, actor account.Actor, id SourceID, action string, change func(*Source) error) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		before, after, err := s.Store.UpdateSource(ctx, id, change)
		if err != nil {
			return err
		}
		was, is := map[string]any{"mapping": before.Mapping}, map[string]any{"source": after.Called(), "mapping": after.Mapping}
		if sameMapping(before.Mapping, after.Mapping) {
			delete(was, "mapping")
			delete(is, "mapping")
		}
		return s.tell(ctx, actor, after, action, was, is)
	})
	s.forget()
	return err
}

func (s *Service) tell(ctx context.Context, actor account.Actor, src Source, action string, before, after map[string]any) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.Settings, SubjectID: int64(src.ID), Action: action,
		Before: audit.Fields(before), After: audit.Fields(after),
	})
}

func sameMapping(a, b Mapping) bool {
	was, is := audit.Diff(map[string]any{"mapping": a}, map[string]any{"mapping": b})
	return was == nil && is == nil
}

// knownFor is how long a source is taken as it was, so that a flood of deliveries does not ask for it each time.
const knownFor = time.Second

type remembered struct {
	source Source
	until  time.Time
}

// SourceOfHook gives the source at an address; a change by another replica is seen within a second.
func (s *Service) SourceOfHook(ctx context.Context, kind Kind, name string) (Source, Maker, error) {
	maker, is := s.Makers[kind]
	if !is {
		return Source{}, Maker{}, fault.New(fault.NotFound, "There is no such address for webhooks.")
	}
	now := time.Now()
	address := string(kind) + "/" + name
	s.mu.Lock()
	r, is := s.sources[address]
	s.mu.Unlock()
	if is && now.Before(r.until) {
		return r.source, maker, nil
	}
	asked, err, _ := s.asking.Do(address, func() (any, error) { return s.Store.SourceCalled(context.WithoutCancel(ctx), kind, name) })
	if err != nil {
		return Source{}, Maker{}, err
	}
	src := asked.(Source)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sources == nil {
		s.sources = map[string]remembered{}
	}
	s.sources[address] = remembered{src, now.Add(knownFor)}
	return src, maker, nil
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = nil
}

// Admits tells whether a delivery comes from somebody who knows a secret of the source; alongs are those that may have been sent along.
func (s *Service) Admits(src Source, h Headers, body []byte, alongs []string) (bool, error) {
	maker := s.Makers[src.Kind]
	if !maker.Signs {
		return slices.ContainsFunc(alongs, src.Knows), nil
	}
	secrets, err := s.secrets(src)
	if err != nil {
		return false, err
	}
	return maker.Verify(h, body, secrets, s.Now()), nil
}
