// Package metrics holds the measures of progress, one file each: the plain definition, rows in, numbers and series out. Beside it stands a fast way to
// the same numbers from what is kept of each day, see Day; a test ties the two.
package metrics

import (
	"slices"
	"time"
)

// Summary says how long things lasted. Without any, N is 0 and the lengths mean nothing.
type Summary struct {
	N                 int
	Median, P90, Mean time.Duration
	Sum               Seconds
}

// Seconds is a sum of lengths, which may be longer than a time.Duration can be: 292 years.
type Seconds int64

// shared is the sum divided by n.
func (s Seconds) shared(n int) time.Duration {
	each, rest := s/Seconds(n), s%Seconds(n)
	return time.Duration(each)*time.Second + time.Duration(rest)*time.Second/time.Duration(n)
}

// Summarise sums up lengths of time in whole seconds. The mean is never shown without the median and n.
func Summarise(lengths []time.Duration) Summary {
	n := len(lengths)
	if n == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(lengths))
	s := Summary{N: n, P90: nearestRank(sorted, 90)}
	low, high := sorted[(n-1)/2], sorted[n/2]
	s.Median = low + (high-low)/2 // the middle one, or half-way between the middle two
	for _, length := range sorted {
		s.Sum += Seconds(length / time.Second)
	}
	s.Mean = s.Sum.shared(n)
	return s
}

// Percentile is the smallest length that at least p per cent do not exceed (nearest rank); 0 of none.
func Percentile(lengths []time.Duration, p int) time.Duration {
	return nearestRank(slices.Sorted(slices.Values(lengths)), p)
}

func nearestRank(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[rank(len(sorted), p)-1]
}

// rank is which of n in order, counted from 1, is the smallest that at least p per cent do not exceed.
func rank(n, p int) int { return min(max((n*p+99)/100, 1), n) }

// Few tells whether n is too small to draw a trend; the figure then says "few".
func Few(n int) bool { return n < 5 }

// Share is a part of a whole.
type Share struct {
	Part, Whole int
}

// Rate is the share as a number from 0 to 1. It is false of nothing: that is "n/a", not 0.
func (s Share) Rate() (float64, bool) {
	if s.Whole == 0 {
		return 0, false
	}
	return float64(s.Part) / float64(s.Whole), true
}

// Bin is one column of a distribution: how many lengths exceed the one before and not UpTo. UpTo of the last is 0: whatever is longer.
type Bin struct {
	UpTo time.Duration
	N    int
}

// binned counts lengths by the edges of a distribution.
func binned(edges []time.Duration, lengths []time.Duration) []Bin {
	bins := make([]Bin, len(edges)+1)
	for n, edge := range edges {
		bins[n].UpTo = edge
	}
	for _, length := range lengths {
		n, _ := slices.BinarySearch(edges, length)
		bins[n].N++
	}
	return bins
}

// The edges of the distributions.
var (
	repairEdges = []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}
	gapEdges    = []time.Duration{7 * Day24, 14 * Day24, 30 * Day24, 45 * Day24, 60 * Day24, 90 * Day24}
	cycleEdges  = []time.Duration{Day24, 2 * Day24, 3 * Day24, 5 * Day24, 8 * Day24, 13 * Day24, 21 * Day24}
	toldEdges   = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour, Day24, 3 * Day24}
)

// Day24 is 24 hours; days of a calendar may be an hour shorter or longer.
const Day24 = 24 * time.Hour
