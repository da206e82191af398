package digest

import (
	"fmt"
	"math"
	"time"

	"upshot/app/metrics"
)

// Wanted is which way a measure should move.
type Wanted string

// The ways.
const (
	Less Wanted = "less"
	More Wanted = "more"
)

// Move is how a measure moved against the week before.
type Move string

// The moves; the zero Move says nothing.
const (
	Better Move = "better"
	Worse  Move = "worse"
	Same   Move = "same"
)

// Measure is one figure as a letter says it.
type Measure struct {
	Name   string // "impact of an incident, median"
	Value  string // "48 min", "5 of 14"; NotKnown where there is nothing to divide by
	N      int    // of how many; 0: the value says it
	Wanted Wanted
	Change string // "from 55 min", "5 of 13 the week before", Few; empty: there is nothing to compare with
	Move   Move
	Note   string // what the figure leaves out, or why there is none
}

// What stands in the place of a figure.
const (
	NotKnown = "n/a"
	Few      = "few: no trend"
)

// Measures are the figures of a week, and what happened in it.
type Measures struct {
	Top []Measure // the three at the head
	All []Measure // the six measures of progress, in the order of METRICS.md, and their companions
	// Incidents were detected in the week, SeenBefore of them are recurrences.
	Incidents, SeenBefore int
	LeftOut               metrics.LeftOut
}

// Measured is what a week's figures are made of: the measures of the week and of the one before, the loops of those significant incidents whose
// grace ended in the last months, and who owned what at the end of the week.
type Measured struct {
	This, Before metrics.Progress
	Loops        metrics.LoopClosure
	Owned        metrics.OwnershipCoverage
	// Cycle is of the 8 weeks up to the end of the week, CycleBefore of those up to its beginning.
	Cycle, CycleBefore metrics.CycleTime
}

// MeasuresOf makes the figures of a week. It is the one place where measures come into the letter; what is not measured says so.
func MeasuresOf(m Measured) Measures {
	this, before := m.This, m.Before
	repair := lengths("time to repair, median", this.Repair.Summary, before.Repair.Summary)
	lasted := lengths("impact of an incident, median", this.Impact.Summary, before.Impact.Summary)
	seen := shares("seen before, within 90 d", Less, this.Recurrence.Flow.Share(), before.Recurrence.Flow.Share())
	told := waits("until developers knew, median", this.Told.Waits, before.Told.Waits)
	failed := shares("deployments that failed", Less, this.Fail.Share(), before.Fail.Share())
	owned := share("services with a dashboard and a runbook, as of now", More, m.Owned.Share)
	cycle := predictable("cycle time, P85 ÷ P50 of 8 weeks", m.Cycle, m.CycleBefore)
	closed := share("significant incidents of 90 d that changed something", More, m.Loops.Share())
	closed.Note = joined(", ", counted(m.Loops.Verified, "verified"), counted(m.Loops.Decided, "decided against"))
	without := shares("closed without a cause", Less, this.WithoutCause.Share(), before.WithoutCause.Share())
	return Measures{
		Top: []Measure{repair, seen, told}, All: []Measure{repair, seen, failed, told, owned, cycle, lasted, closed, without},
		Incidents:  this.Recurrence.Flow.Occurrences + this.Recurrence.LeftOut.Unrecognisable,
		SeenBefore: this.Recurrence.Flow.Recurrences, LeftOut: this.Recurrence.LeftOut,
	}
}

func counted(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}

// lengths compares medians, where both weeks have enough.
func lengths(name string, now, before metrics.Summary) Measure {
	return medians(name, metrics.Waits{N: now.N, Median: now.Median}, metrics.Waits{N: before.N, Median: before.Median})
}

// waits compares medians that may still grow.
func waits(name string, now, before metrics.Waits) Measure {
	m := medians(name, now, before)
	least := map[bool]string{true: "at least "}
	if now.N > 0 {
		m.Value = least[now.MedianAtLeast] + m.Value
	}
	if m.Move != "" && (now.MedianAtLeast || before.MedianAtLeast) { // nobody knows yet which way it moved
		m.Move, m.Change = "", "the week before "+least[before.MedianAtLeast]+lasting(before.Median)
	}
	if now.Never > 0 {
		m.Note = joined("; ", m.Note, fmt.Sprintf("%d of them still do not", now.Never))
	}
	return m
}

func medians(name string, now, before metrics.Waits) Measure {
	m := Measure{Name: name, Value: NotKnown, N: now.N, Wanted: Less}
	if now.N == 0 {
		return m
	}
	m.Value = lasting(now.Median)
	if metrics.Few(now.N) || metrics.Few(before.N) {
		m.Change = Few
		return m
	}
	m.Move = moved(Less, float64(now.Median/time.Minute), float64(before.Median/time.Minute))
	m.Change = "from " + lasting(before.Median)
	if m.Move == Same {
		m.Change = "as the week before"
	}
	return m
}

// predictable compares how even cycle times are.
func predictable(name string, now, before metrics.CycleTime) Measure {
	m := Measure{Name: name, Value: NotKnown, N: now.N, Wanted: Less}
	ratio, known := now.Predictability()
	earlier, knownBefore := before.Predictability()
	if now.N > 0 && !known {
		m.Change = Few
	}
	if known {
		m.Value = fmt.Sprintf("%.1f", ratio)
	}
	if known && knownBefore {
		m.Change, m.Move = fmt.Sprintf("from %.1f", earlier), moved(Less, math.Round(10*ratio), math.Round(10*earlier))
		if m.Move == Same {
			m.Change = "as the week before"
		}
	}
	return m
}

func share(name string, wanted Wanted, s metrics.Share) Measure {
	m := Measure{Name: name, Value: NotKnown, Wanted: wanted}
	if s.Whole > 0 {
		m.Value = fmt.Sprintf("%d of %d", s.Part, s.Whole)
	}
	return m
}

// shares compares what is part of a whole in both weeks; an arrow is only drawn where both have enough.
func shares(name string, wanted Wanted, now, before metrics.Share) Measure {
	m := share(name, wanted, now)
	rate, some := now.Rate()
	earlier, known := before.Rate()
	switch {
	case !some:
	case metrics.Few(now.Whole) || metrics.Few(before.Whole) || !known:
		m.Change = Few
	default:
		m.Move = moved(wanted, rate, earlier)
		m.Change = fmt.Sprintf("%d of %d the week before", before.Part, before.Whole)
	}
	return m
}

func moved(wanted Wanted, now, before float64) Move {
	switch {
	case now == before:
		return Same
	case (now < before) == (wanted == Less):
		return Better
	}
	return Worse
}
