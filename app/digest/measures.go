package digest

import (
	"fmt"
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

// Weeks are the moments a week's measures are about: [From, To), and [Before, From) of the week before.
type Weeks struct{ Before, From, To, Now time.Time }

// MeasuresOf makes the figures of a week: facts are those of both weeks, loops those whose grace has passed, and noCause the incidents
// closed in the week. It is the one place where measures come into the letter; those that are not measured yet say so.
func MeasuresOf(facts []metrics.Fact, loops metrics.LoopClosure, noCause metrics.WithoutCause, w Weeks) Measures {
	this, before := metrics.Query{From: w.From, To: w.To, Now: w.Now}, metrics.Query{From: w.Before, To: w.From, Now: w.Now}
	impact, earlier := metrics.ImpactDurationOf(facts, this), metrics.ImpactDurationOf(facts, before)
	recurs, recurred := metrics.RecurrenceOf(facts, this), metrics.RecurrenceOf(facts, before)
	m := Measures{Incidents: recurs.Flow.Occurrences + recurs.LeftOut.Unrecognisable, SeenBefore: recurs.Flow.Recurrences, LeftOut: recurs.LeftOut}
	lasted := lengths("impact of an incident, median", impact.Summary, earlier.Summary)
	seen := shares("seen before, within 90 d", Less, recurs.Flow.Share(), recurred.Flow.Share())
	closed := share("significant incidents that changed something", More, loops.Share())
	closed.Note = joined(", ", counted(loops.Verified, "verified"), counted(loops.Decided, "decided against"), counted(loops.Provisional, "still in their 90 days"))
	m.Top = []Measure{lasted, seen, closed}
	unknown := func(name string, wanted Wanted) Measure {
		return Measure{Name: name, Value: NotKnown, Wanted: wanted, Note: "not measured yet"}
	}
	without := share("closed without a cause", Less, noCause.Share())
	m.All = []Measure{
		unknown("time to repair, median", Less), lasted, seen, unknown("change fail rate", Less), unknown("until developers knew, median", Less),
		unknown("services with a dashboard and a runbook", More), unknown("cycle time, P85 by P50", Less), closed, without,
	}
	return m
}

func counted(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}

// lengths compares medians, where both weeks have enough.
func lengths(name string, now, before metrics.Summary) Measure {
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
