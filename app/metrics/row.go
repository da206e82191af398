package metrics

import (
	"cmp"
	"slices"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
)

// Part is how an incident is counted.
type Part string

// The parts. Leads and Continues make up the occurrences; the others never count, and are counted beside.
const (
	Leads       Part = "occurrence" // it stands for an occurrence
	Continues   Part = "continues"  // it is part of an occurrence that another stands for
	Merged      Part = "merged"     // into another incident
	Maintenance Part = "maintenance"
	Drill       Part = "drill"
)

// Row is an incident as the measures count it. What is said of moments and lengths is, where it leads, of the whole occurrence. Lengths are
// in whole seconds, so that what is kept of them equals what is worked out anew.
type Row struct {
	Incident incident.ID
	Problem  problem.ID
	Part     Part
	Lead     incident.ID // which incident stands for its occurrence
	Members  int         // incidents of the occurrence
	// Elsewhere: the occurrence is asked for because of another of its incidents. What measures count of incidents leaves it out.
	Elsewhere bool

	StartedAt, DetectedAt time.Time
	RestoredAt            time.Time // zero while it goes on, or when nobody knows
	Ongoing               bool
	Repair                time.Duration // detected to restored, segments summed
	Impact                time.Duration // started to restored, segments summed
	Wrong                 bool          // it ended before it began
	WrongRepair           bool          // it was restored before it was detected

	Unknown bool          // of which nobody can know whether it recurs
	Gap     time.Duration // since the end of the occurrence before; None: the first
	Next    time.Duration // from its end to the detection of the one after; None: nothing followed

	Developer   bool
	ToldAt      time.Time        // when developers were first told; zero: never
	ToldBy      incident.Channel // how
	Told        time.Duration    // detected to told, 0 at least
	ToldWorking time.Duration    // of it in the team's working hours
	ToldEarly   bool             // told before it was detected, so Told is 0
	ToldLate    bool             // more than one working day later

	// of the incident alone
	ResolvedAt  time.Time
	ClosedAt    time.Time
	HasCause    bool
	Significant bool
	Loop        Loop
}

// None is a length that there is not.
const None time.Duration = -1

// at is the moment by which a length belongs to a period: restored, else started.
func (r Row) at() time.Time {
	if !r.RestoredAt.IsZero() {
		return r.RestoredAt
	}
	return r.StartedAt
}

// own tells whether what measures count of single incidents counts it: everything that users felt, once.
func (r Row) own() bool { return !r.Elsewhere && (r.Part == Leads || r.Part == Continues) }

// RowsOf says how each incident is counted, in order of its number. Of a problem all incidents must be among the facts. Now is only asked of what
// goes on.
func RowsOf(facts []Fact, now time.Time) []Row {
	var rows []Row
	of := map[incident.ID]Fact{}
	members := map[problem.ID][]problem.Member{}
	var alone []problem.Member
	for _, f := range facts {
		of[f.Member.Incident] = f
		switch p := f.part(); {
		case p != "":
			if !f.Outside {
				rows = append(rows, aside(f, p))
			}
		case f.Problem == 0:
			alone = append(alone, f.Member)
		default:
			members[f.Problem] = append(members[f.Problem], f.Member)
		}
	}
	for _, m := range alone {
		rows = append(rows, counted([]problem.Member{m}, of, now)...)
	}
	for _, m := range members {
		rows = append(rows, counted(m, of, now)...)
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Incident, b.Incident) })
	return rows
}

// aside is the row of what never counts.
func aside(f Fact, p Part) Row {
	m := f.Member
	return Row{
		Incident: m.Incident, Problem: f.Problem, Part: p, Lead: m.Incident, Members: 1, Gap: None, Next: None, Unknown: f.Unknown, Wrong: f.wrong(),
		StartedAt: m.StartedAt, DetectedAt: m.DetectedAt, RestoredAt: m.RestoredAt, Impact: whole(m.Impact), ResolvedAt: f.ResolvedAt, ClosedAt: f.ClosedAt, Loop: NoLoop,
	}
}

// counted are the rows of one problem's incidents.
func counted(members []problem.Member, of map[incident.ID]Fact, now time.Time) []Row {
	var rows []Row
	history := problem.History(members, problem.FlapWindow, problem.NoLimit, now)
	for n, o := range history {
		inside := slices.ContainsFunc(o.Members, func(m problem.Member) bool { return !of[m.Incident].Outside })
		for k, m := range o.Members {
			f := of[m.Incident]
			r := Row{
				Incident: m.Incident, Problem: f.Problem, Part: Continues, Lead: o.Incident(), Members: len(o.Members), Elsewhere: f.Outside, Gap: None, Next: None,
				StartedAt: m.StartedAt, DetectedAt: m.DetectedAt, RestoredAt: m.RestoredAt, Impact: whole(m.Impact), Wrong: f.wrong(), Unknown: f.Unknown,
				ResolvedAt: f.ResolvedAt, ClosedAt: f.ClosedAt, HasCause: f.HasCause, Significant: f.Significant, Loop: f.Loop,
			}
			if !f.Significant {
				r.Loop = NoLoop
			}
			switch {
			case k > 0 && f.Outside, !inside:
			case k > 0:
				rows = append(rows, r)
			default:
				r.lead(o, of)
				if n > 0 {
					r.Gap = whole(o.Gap)
				}
				if n+1 < len(history) && !r.RestoredAt.IsZero() {
					r.Next = whole(max(0, history[n+1].DetectedAt.Sub(r.RestoredAt)))
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// lead makes it the row of its whole occurrence.
func (r *Row) lead(o problem.Occurrence, of map[incident.ID]Fact) {
	r.Part, r.StartedAt, r.DetectedAt, r.RestoredAt, r.Ongoing = Leads, o.StartedAt, o.DetectedAt, o.RestoredAt, o.Ongoing
	r.Impact, r.Repair = 0, 0
	var tellings []incident.Telling
	for _, m := range o.Members {
		f := of[m.Incident]
		r.Wrong = r.Wrong || f.wrong()
		r.Developer = r.Developer || f.Developer
		tellings = append(tellings, f.Told)
		r.Impact += m.Impact
		repair := m.Impact - m.DetectedAt.Sub(m.StartedAt)
		r.WrongRepair = r.WrongRepair || (repair < 0 && !o.Ongoing)
		r.Repair += repair
	}
	if r.Wrong && !r.Ongoing {
		r.RestoredAt = o.Members[0].RestoredAt
	}
	if r.RestoredAt.IsZero() || r.Wrong { // no length is known
		r.Impact, r.Repair, r.WrongRepair = 0, 0, r.Wrong
	}
	r.Impact, r.Repair = whole(r.Impact), whole(r.Repair)
	told := incident.Earliest(tellings...)
	if told.By == "" {
		return
	}
	clock := of[o.Incident()].Hours
	r.ToldAt, r.ToldBy = told.At, told.By
	r.ToldEarly = told.At.Before(o.DetectedAt)
	r.Told = whole(max(0, told.At.Sub(o.DetectedAt)))
	r.ToldWorking = whole(clock.Working(o.DetectedAt, told.At))
	r.ToldLate = r.ToldWorking > clock.Hours.WorkingDay()
}

func whole(d time.Duration) time.Duration { return d.Truncate(time.Second) }
