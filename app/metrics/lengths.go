package metrics

import (
	"encoding/binary"
	"errors"
	"slices"
	"sort"
	"time"
)

// Lengths are lengths of time in whole seconds, sorted.
type Lengths []uint32

// seconds is a length as it is kept; what is longer than 136 years counts as that.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 0), 1<<32-1)) //nolint:gosec // bounded just here
}

func (l *Lengths) put(d time.Duration) { *l = append(*l, seconds(d)) }

// upTo counts those that do not exceed a length.
func (l Lengths) upTo(s uint32) int {
	return sort.Search(len(l), func(n int) bool { return l[n] > s })
}

// appendTo writes them after b: how many, and four bytes each.
func (l Lengths) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(l)))
	for _, s := range l {
		b = binary.LittleEndian.AppendUint32(b, s)
	}
	return b
}

var errTally = errors.New("metrics: this is no tally of a day")

// lengthsFrom reads them and gives what follows.
func lengthsFrom(b []byte) (Lengths, []byte, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)/4 { //nolint:gosec // size is within b
		return nil, nil, errTally
	}
	b = b[size:]
	if n == 0 {
		return nil, b, nil
	}
	l := make(Lengths, n)
	for k := range l {
		l[k] = binary.LittleEndian.Uint32(b[4*k:])
	}
	return l, b[4*n:], nil
}

// many are the lengths of many days, which are as good as one list without being put together.
type many []Lengths

func (m many) n() int {
	n := 0
	for _, l := range m {
		n += len(l)
	}
	return n
}

func (m many) upTo(s uint32) int {
	n := 0
	for _, l := range m {
		n += l.upTo(s)
	}
	return n
}

// ranked is the one that stands k-th in order, from 1: the smallest length that k of them do not exceed.
func (m many) ranked(k int) time.Duration {
	s := sort.Search(1<<32-1, func(s int) bool { return m.upTo(uint32(s)) >= k }) //nolint:gosec // bounded just here
	return time.Duration(s) * time.Second
}

// summary is Summarise of all of them.
func (m many) summary() Summary {
	n := m.n()
	if n == 0 {
		return Summary{}
	}
	low := m.ranked((n-1)/2 + 1)
	high := low
	if n%2 == 0 {
		high = m.ranked(n/2 + 1)
	}
	s := Summary{N: n, Median: low + (high-low)/2, P90: m.ranked(rank(n, 90))}
	for _, l := range m {
		for _, length := range l {
			s.Sum += Seconds(length)
		}
	}
	s.Mean = s.Sum.shared(n)
	return s
}

// binned is what the function of that name makes of all of them.
func (m many) binned(edges []time.Duration) []Bin {
	bins := make([]Bin, len(edges)+1)
	before := 0
	for n, edge := range edges {
		upTo := m.upTo(seconds(edge))
		bins[n] = Bin{UpTo: edge, N: upTo - before}
		before = upTo
	}
	bins[len(edges)].N = m.n() - before
	return bins
}

func sortAll(lists ...*Lengths) {
	for _, l := range lists {
		slices.Sort(*l)
	}
}
