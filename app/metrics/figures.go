// Package metrics holds the measures of progress, one file each: the plain definition, facts in, numbers and series out.
package metrics

import (
	"slices"
	"time"
)

// Summary says how long things lasted. Without any, N is 0 and the lengths mean nothing.
type Summary struct {
	N                      int
	Median, P90, Mean, Sum time.Duration
}

// Summarise sums up lengths of time. The mean is never shown without the median and n.
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
		s.Sum += length
	}
	s.Mean = s.Sum / time.Duration(n)
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
	rank := (len(sorted)*p + 99) / 100
	return sorted[min(max(rank, 1), len(sorted))-1]
}

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
