package metrics

import (
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/problem"
)

// Fact is an incident as the measures see it.
type Fact struct {
	Problem problem.ID // 0: in none, an occurrence by itself
	Kind    incident.Kind
	Merged  bool // it was merged into another incident
	Unknown bool // nobody can know whether it recurs: see incident.Recognisable
	// Outside is one that was not asked for: it is here because the history of its problem needs it. An occurrence counts when one of its
	// incidents is inside.
	Outside bool
	Member  problem.Member

	Developer   bool // somebody of the development side took part
	Told        incident.Telling
	Hours       WorkClock // of the team that builds what failed
	ResolvedAt  time.Time
	ClosedAt    time.Time
	HasCause    bool // a confirmed cause or contributing factor is noted
	Significant bool
	Loop        Loop // of a significant one: what it changed
}

// WorkClock tells working time of a team. The zero one is Monday to Friday, 09:00 to 17:00 UTC.
type WorkClock struct {
	Hours catalog.Hours
	Zone  *time.Location
}

// Working is how much of [from, to) lies in working hours.
func (c WorkClock) Working(from, to time.Time) time.Duration {
	if c.Zone == nil {
		return c.Hours.Working(from, to, time.UTC)
	}
	return c.Hours.Working(from, to, c.Zone)
}

// wrong tells whether it ended before it began: some moment is not true.
func (f Fact) wrong() bool {
	return f.Member.Impact < 0 || (!f.Member.RestoredAt.IsZero() && f.Member.RestoredAt.Before(f.Member.StartedAt))
}

// part is how an incident is counted that is no occurrence; empty of others.
func (f Fact) part() Part {
	switch {
	case f.Kind == incident.Maintenance:
		return Maintenance
	case f.Kind == incident.Drill:
		return Drill
	case f.Merged:
		return Merged
	}
	return ""
}

// LeftOut counts the incidents that a figure does not hold, and why.
type LeftOut struct {
	Maintenance, Drill int
	Merged             int // merged into another, or part of an occurrence that another stands for
	Missing            int // over, and nobody knows when
	Negative           int // ended before it began
	Unrecognisable     int // of recurrence alone: a row of a file that nothing groups
}

// count counts an incident that is no occurrence, and tells whether it is one of those.
func (l *LeftOut) count(p Part) bool {
	switch p {
	case Maintenance:
		l.Maintenance++
	case Drill:
		l.Drill++
	case Merged:
		l.Merged++
	default:
		return false
	}
	return true
}

func (l *LeftOut) add(o LeftOut) {
	l.Maintenance += o.Maintenance
	l.Drill += o.Drill
	l.Merged += o.Merged
	l.Missing += o.Missing
	l.Negative += o.Negative
	l.Unrecognisable += o.Unrecognisable
}
