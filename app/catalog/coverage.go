package catalog

import (
	"slices"
	"time"
)

// Coverage is the readiness of a service from a moment on. A service is in production, and counts, unless it is retired: what runs
// in other environments alone is not recorded as a service.
type Coverage struct {
	At      time.Time
	Retired bool
	Readiness
}

// CoverageOf is the coverage of a service now.
func CoverageOf(s Service, documents []Document, now time.Time) Coverage {
	return Coverage{At: now, Retired: !s.RetiredAt.IsZero(), Readiness: ReadinessOf(s, documents, now)}
}

// Same tells whether two moments give the same answer.
func (c Coverage) Same(other Coverage) bool {
	return c.Retired == other.Retired && c.Covered == other.Covered && slices.Equal(c.Missing, other.Missing)
}

// CoverageHistory completes the changes that were kept of a service, oldest first: before the first of them it was in production
// since it was recorded, without documents.
func CoverageHistory(s Service, kept []Coverage) []Coverage {
	if len(kept) > 0 && !kept[0].At.After(s.CreatedAt) {
		return kept
	}
	first := s
	first.RetiredAt = time.Time{}
	history := []Coverage{CoverageOf(first, nil, s.CreatedAt)}
	switch {
	case len(kept) == 0 && !s.RetiredAt.IsZero():
		return append(history, CoverageOf(s, nil, s.RetiredAt))
	case len(kept) > 0 && kept[0].Same(history[0]): // noted late: what an import adds is first looked at by the job
		kept = kept[1:]
	}
	return append(history, kept...)
}

// CoverageAt is what held at a moment; it is false before the service was recorded. The history is oldest first.
func CoverageAt(history []Coverage, at time.Time) (Coverage, bool) {
	for n := len(history) - 1; n >= 0; n-- {
		if !history[n].At.After(at) {
			return history[n], true
		}
	}
	return Coverage{}, false
}
