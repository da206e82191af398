package incident

import (
	"context"
	"slices"
	"time"

	"upshot/app/account"
)

// Telling is one way in which the developers of the building team came to know: when, and how.
type Telling struct {
	At time.Time
	By Channel
}

// Earliest is the telling that counts (METRICS.md 4): the earliest; of several at the same moment the first in the order of
// Channels. What has no moment or no channel told nobody. The zero Telling: nobody was told.
func Earliest(all ...Telling) Telling {
	var first Telling
	for _, t := range all {
		if t.At.IsZero() || !slices.Contains(Channels, t.By) {
			continue
		}
		sooner := t.At.Compare(first.At)
		if first.By == "" || sooner < 0 || sooner == 0 && slices.Index(Channels, t.By) < slices.Index(Channels, first.By) {
			first = t
		}
	}
	return first
}

// Told is the telling that is noted on the incident.
func (i Incident) Told() Telling { return Telling{At: i.Moments.DeveloperNotifiedAt, By: i.NotifiedBy} }

// Learn notes one more way in which developers came to know, and tells whether that is the earliest by now. A later one
// changes nothing.
func (i *Incident) Learn(t Telling) bool {
	known := i.Told()
	t.At = t.At.UTC().Truncate(time.Microsecond)
	if first := Earliest(known, t); first == known {
		return false
	}
	i.Moments.DeveloperNotifiedAt, i.NotifiedBy = t.At, t.By
	return true
}

// TellWithin is how long after it was noticed an incident may still send notices by itself: what an import brings of the past
// never does.
const TellWithin = 24 * time.Hour

// AsksToTell tells whether the developers must be told by Upshot itself: a significant incident that counts, of which they do
// not know, noticed lately.
func (i Incident) AsksToTell(now time.Time) bool {
	return i.Counts() && i.Standing.Significant && i.Moments.DeveloperNotifiedAt.IsZero() && i.Detected().After(now.Add(-TellWithin))
}

// Learn notes that developers came to know in some other way than by hand. Each channel speaks once for an incident, or once
// more when it knows of an earlier moment: so a correction by a person stands although a sync tells the same again. Of all
// the earliest counts. An incident that is merged, and a moment that cannot be, are left alone.
func (s *Service) Learn(ctx context.Context, actor account.Actor, id ID, t Telling) error {
	t.At = t.At.UTC().Truncate(time.Microsecond)
	told := "told developers"
	return s.inTx(ctx, "note who told developers", func(ctx context.Context) error {
		_, err := s.apply(ctx, actor, id, &told, "", func(i *Incident) error {
			if i.MergedInto != 0 {
				return nil
			}
			news, err := s.Store.NoteTelling(ctx, id, t) // here, where the incident is held: see Store.HoldProblem
			if trial := *i; err == nil && news && trial.Learn(t) && trial.Check(s.Now()) == nil {
				*i = trial
			}
			return err
		})
		return err
	})
}

// joinedNow tells whether somebody of the development side began to take part while it was going on. Of one that is over
// nobody can say when they did.
func joinedNow(before, after Incident) bool {
	if after.Status != Open && after.Status != Mitigated {
		return false
	}
	return slices.ContainsFunc(after.Participants, func(p Participant) bool {
		return p.Side == "development" && !slices.Contains(before.Participants, p)
	})
}
