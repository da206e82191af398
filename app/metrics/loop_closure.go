package metrics

import "time"

// LoopGrace is how long, in days, a significant incident has until its loop must be closed; later it is a setting.
const LoopGrace = 90

// Loop is what a significant incident has changed so far.
type Loop string

// The loops. Verified and Decided close it.
const (
	LoopVerified Loop = "verified" // a practice follow-up is verified
	LoopDecided  Loop = "decided"  // none is, but a dated, reasoned decision was made against one
	LoopDone     Loop = "done"     // a practice follow-up is done
	NoLoop       Loop = "none"     // nothing
)

// LoopClosure counts significant incidents by what they changed (METRICS 8). Those whose grace has not passed are provisional
// and counted apart; each other one is in exactly one of the four.
type LoopClosure struct {
	Loops
	Provisional int
	Series      []LoopPeriod
}

// Loops counts by what was changed.
type Loops struct {
	Verified, Decided, DoneNotVerified, None int
}

// LoopPeriod is one period of the series, by when they were resolved; it may hold none.
type LoopPeriod struct {
	Period
	Loops
	Provisional int
}

// Due is how many should have closed their loop by now.
func (l Loops) Due() int { return l.Verified + l.Decided + l.DoneNotVerified + l.None }

// Share is verified or decided of those due.
func (l Loops) Share() Share { return Share{Part: l.Verified + l.Decided, Whole: l.Due()} }

func (l *Loops) count(loop Loop, n int) {
	switch loop {
	case LoopVerified:
		l.Verified += n
	case LoopDecided:
		l.Decided += n
	case LoopDone:
		l.DoneNotVerified += n
	default:
		l.None += n
	}
}

// LoopClosureOf measures the rows: significant incidents resolved in the period. The grace of an incident passes with the end of its last day, in UTC.
func LoopClosureOf(rows []Row, q Query) LoopClosure {
	var l LoopClosure
	var moments []time.Time
	for _, r := range rows {
		if r.own() && r.Significant {
			moments = append(moments, r.ResolvedAt)
		}
	}
	periods := q.periods(moments)
	for _, p := range periods {
		l.Series = append(l.Series, LoopPeriod{Period: p})
	}
	for _, r := range rows {
		if r.own() && r.Significant && q.holds(r.ResolvedAt) {
			l.add(periods, DayOf(r.ResolvedAt), r.Loop, 1, q)
		}
	}
	return l
}

// add counts n incidents that were resolved on a day.
func (l *LoopClosure) add(periods []Period, day Day, loop Loop, n int, q Query) {
	p := &LoopPeriod{}
	if k := find(periods, day.Start()); k >= 0 {
		p = &l.Series[k]
	}
	if q.Now.Before(day.Start().Add(Day24 + LoopGrace*Day24)) {
		l.Provisional += n
		p.Provisional += n
		return
	}
	l.count(loop, n)
	p.count(loop, n)
}
