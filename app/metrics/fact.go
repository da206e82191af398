package metrics

import (
	"cmp"
	"slices"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
)

// Fact is an incident as the measures see it.
type Fact struct {
	Problem problem.ID // 0: in none, an occurrence by itself
	Kind    incident.Kind
	Merged  bool // it was merged into another incident
	Unknown bool // nobody can know whether it recurs: see incident.Recognisable
	Member  problem.Member
}

// at is the moment by which a fact that is left out belongs to a period: restored, else started.
func (f Fact) at() time.Time {
	if !f.Member.RestoredAt.IsZero() {
		return f.Member.RestoredAt
	}
	return f.Member.StartedAt
}

// negative tells whether it ended before it began: some moment is wrong.
func (f Fact) negative() bool {
	return f.Member.Impact < 0 || (!f.Member.RestoredAt.IsZero() && f.Member.RestoredAt.Before(f.Member.StartedAt))
}

// LeftOut counts the incidents that a figure does not hold, and why.
type LeftOut struct {
	Maintenance, Drill int
	Merged             int // merged into another, or part of an occurrence that another stands for
	Missing            int // over, and nobody knows when
	Negative           int // ended before it began
	Unrecognisable     int // of recurrence alone: a row of a file that nothing groups
}

// add counts an incident that is no occurrence, and tells whether it is one of those.
func (l *LeftOut) add(f Fact) bool {
	switch {
	case f.Kind == incident.Maintenance:
		l.Maintenance++
	case f.Kind == incident.Drill:
		l.Drill++
	case f.Merged:
		l.Merged++
	default:
		return false
	}
	return true
}

// history is one problem's occurrences in order; of an incident without a problem, that one.
type history []problem.Occurrence

// histories are the occurrences of every problem, by problem and then by start, so that the answer does not
// depend on the order of the facts. Incidents that never count or that keep says no to are left out.
func histories(facts []Fact, q Query, keep func(Fact) bool) []history {
	members := map[problem.ID][]problem.Member{}
	var alone []problem.Member
	for _, f := range facts {
		switch {
		case f.Kind != incident.Real || f.Merged || !keep(f):
		case f.Problem == 0:
			alone = append(alone, f.Member)
		default:
			members[f.Problem] = append(members[f.Problem], f.Member)
		}
	}
	window := cmp.Or(q.Window, problem.RecurrenceWindow)
	var all []history
	for _, m := range members {
		all = append(all, problem.History(m, problem.FlapWindow, window, q.Now))
	}
	for _, m := range alone {
		all = append(all, problem.History([]problem.Member{m}, problem.FlapWindow, window, q.Now))
	}
	slices.SortFunc(all, func(a, b history) int {
		return cmp.Or(a[0].StartedAt.Compare(b[0].StartedAt), cmp.Compare(a[0].Incident(), b[0].Incident()))
	})
	return all
}
