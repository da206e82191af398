package hook

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Moment is a field that is a moment. Of any other type, unreadable, or before 1990 (Go's and Java's zero) it is none.
type Moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *Moment) UnmarshalJSON(b []byte) error {
	m.Time, _ = ParseMoment(Value(b).Text())
	return nil
}

// Aside is the moment of a look that counts only while no other is known, since of two the later one counts: that of a note, which knows
// little of its incident, or of an end, whose words are about the end.
var Aside = time.Date(1990, time.January, 1, 0, 0, 0, 0, time.UTC)

// shapes are how senders write moments; each says its offset, since none is ever guessed. Go reads a fraction of a second where none is named.
var shapes = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700"}

// ParseMoment reads RFC 3339, "2021-04-28 21:50:00 +0200" and "… UTC", or seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by
// their size. Known tells whether it is one; one before 1990 is known and zero. The future is left as it is.
func ParseMoment(s string) (at time.Time, known bool) {
	s = strings.TrimSpace(s)
	if at, ok := sinceEpoch(s); ok {
		return plausible(at), true
	}
	if utc, ok := strings.CutSuffix(s, " UTC"); ok {
		s = utc + "Z"
	}
	for _, shape := range shapes {
		if at, err := time.Parse(shape, s); err == nil {
			return plausible(at), true
		}
	}
	return time.Time{}, false
}

func plausible(at time.Time) time.Time {
	if at = at.UTC(); at.Year() < 1990 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

// sinceEpoch tells whether it is a number, and which moment it is. From 1973 to 5138 a number of one unit is none of another.
func sinceEpoch(s string) (at time.Time, ok bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n < 1e11:
			return time.Unix(n, 0), true
		case n < 1e14:
			return time.UnixMilli(n), true
		case n < 1e17:
			return time.UnixMicro(n), true
		}
		return time.Unix(0, n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) {
		return time.Time{}, false
	}
	for f >= 1e11 && f < 1e20 {
		f /= 1000
	}
	if f < 0 || f >= 1e11 {
		return time.Time{}, true
	}
	seconds, rest := math.Modf(f)
	return time.Unix(int64(seconds), int64(math.Round(rest*1e6))*1000), true
}
