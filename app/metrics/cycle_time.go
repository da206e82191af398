package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"upshot/app/ticket"
)

// The sizes of cycle time and of what follows from it.
const (
	CycleWindow    = 8 * 7 * 24 * time.Hour // before the end of a period, by when an issue was finished
	EnoughFinished = 8                      // issues; with fewer nothing is said of predictability
	forecastWeeks  = 8
)

// WorkIssue is an issue of a team's backlog, reduced to what the measures need.
type WorkIssue struct {
	Site ticket.SiteID
	ID   string // Jira's number of it: with Site it is the issue's identity
	Key  string
	Type string

	CreatedAt time.Time
	ticket.Work
	// FromIncident: it carries one of our follow-ups, or is marked as work that an incident made.
	FromIncident bool
}

// Cycle is first entry into work to final entry into done, and whether it counts.
func (i WorkIssue) Cycle() (time.Duration, bool) {
	if i.DoneAt.IsZero() || i.StartedAt.IsZero() || i.Declined || i.Withheld {
		return 0, false
	}
	return i.DoneAt.Sub(i.StartedAt), true
}

// inProgress is how long it was worked on until it was done, without the waits between.
func (i WorkIssue) inProgress() time.Duration {
	var sum time.Duration
	for _, s := range i.Working {
		sum += s.Within(s.From, i.DoneAt)
	}
	return sum
}

// CycleFigures are what a set of finished issues says.
type CycleFigures struct {
	N        int             // finished after work that was seen to begin: those of the percentiles
	Lengths  []time.Duration // theirs, shortest first
	P50, P85 time.Duration   // nearest rank; 0 of none
	Reopened int             // of N, left done at least once: the time until they were done again is inside
	// Interrupted is of the issues finished, those that skipped work among them, how many an incident made.
	Interrupted Share
	// InProgress is how long the issues finished were worked on, and OnIncidents how much of it was work that an incident made.
	InProgress, OnIncidents time.Duration
	Skipped                 int // went to done without ever being in progress: counted apart
	Declined                int // closed as not to be done, as a duplicate and the like: nothing was finished
	Withheld                int // the history is not whole, or holds a status that nobody can place
}

// Enough tells whether predictability can be said; with fewer the figure says "few".
func (f CycleFigures) Enough() bool { return f.N >= EnoughFinished }

// Bins are the lengths by days.
func (f CycleFigures) Bins() []Bin { return binned(cycleEdges, f.Lengths) }

// Predictability is P85 ÷ P50; 1 is ideal. It is false with fewer than EnoughFinished issues, and when half of them took no time.
func (f CycleFigures) Predictability() (float64, bool) {
	if !f.Enough() || f.P50 <= 0 {
		return 0, false
	}
	return float64(f.P85) / float64(f.P50), true
}

// Variation is the coefficient of variation, standard deviation ÷ mean over the issues themselves. It is false as Predictability is.
func (f CycleFigures) Variation() (float64, bool) {
	mean := Summarise(f.Lengths).Mean
	if !f.Enough() || mean <= 0 {
		return 0, false
	}
	var squares float64
	for _, l := range f.Lengths {
		squares += math.Pow(float64(l-mean), 2)
	}
	return math.Sqrt(squares/float64(f.N)) / float64(mean), true
}

// InterruptedTime is OnIncidents ÷ InProgress; false when nothing was worked on.
func (f CycleFigures) InterruptedTime() (float64, bool) {
	if f.InProgress <= 0 {
		return 0, false
	}
	return float64(f.OnIncidents) / float64(f.InProgress), true
}

// CycleTime is how long finished issues took from the first entry into a category of work to the final entry into done.
//
// Its own figures are those of the trailing 8 weeks before the query's end (To, or Now when that comes earlier or there is no To),
// whatever its From: a team finishes too little in a week for percentiles. Each point of the series is the same for the end of its
// period, the running one until now. Period holds the issues finished in [From, To) alone.
type CycleTime struct {
	CycleFigures
	From, To time.Time // the trailing weeks
	Period   CycleFigures
	Series   []CyclePeriod
}

// CyclePeriod is one point: the trailing 8 weeks at the end of the period.
type CyclePeriod struct {
	Period
	CycleFigures
}

// CycleTimeOf measures the issues, each of which is given once. Those finished in the 8 weeks before q.From must be among them
// for the first points of the series.
func CycleTimeOf(issues []WorkIssue, q Query) CycleTime {
	end := q.To
	if end.IsZero() || !q.Now.IsZero() && q.Now.Before(end) {
		end = q.Now
	}
	c := CycleTime{From: end.Add(-CycleWindow), To: end}
	c.CycleFigures = cycleFigures(issues, c.From, c.To)
	c.Period = cycleFigures(issues, q.From, q.To)
	var moments []time.Time
	for _, i := range issues {
		moments = append(moments, i.DoneAt)
	}
	for _, p := range q.periods(moments) {
		to := p.To
		if to.After(end) {
			to = end
		}
		c.Series = append(c.Series, CyclePeriod{Period: p, CycleFigures: cycleFigures(issues, to.Add(-CycleWindow), to)})
	}
	return c
}

// cycleFigures are those of the issues finished in [from, to); a zero bound is none.
func cycleFigures(issues []WorkIssue, from, to time.Time) CycleFigures {
	var f CycleFigures
	within := Query{From: from, To: to}
	for _, i := range issues {
		length, counts := i.Cycle()
		switch {
		case !within.holds(i.DoneAt):
			continue
		case i.Declined:
			f.Declined++
			continue
		case i.Withheld:
			f.Withheld++
			continue
		case counts:
			f.Lengths = append(f.Lengths, length)
			if i.Reopened > 0 {
				f.Reopened++
			}
		default:
			f.Skipped++
		}
		worked := i.inProgress()
		f.Interrupted.Whole++
		f.InProgress += worked
		if i.FromIncident {
			f.Interrupted.Part++
			f.OnIncidents += worked
		}
	}
	slices.Sort(f.Lengths)
	f.N, f.P50, f.P85 = len(f.Lengths), nearestRank(f.Lengths, 50), nearestRank(f.Lengths, 85)
	return f
}

// TeamWork is the work of a team's backlogs since a moment.
type TeamWork struct {
	Backlogs int       // that are read for it; 0: nothing can be said
	ReadAt   time.Time // when the one of them that was read longest ago was; zero: one was never read
	Trouble  string    // what Jira said when one could not be read
	// Issues are those finished or created since, and those that are or were in progress or in a sprint and are not finished.
	Issues  []WorkIssue
	Sprints []ticket.Sprint // of these issues; those that began before the moment are left out
}

// SprintLoad is what came into a sprint beside its plan.
type SprintLoad struct {
	ticket.Sprint
	// Late is of the sprint's issues, how many an incident made and were added after the sprint had begun. Issues of the sprint are
	// those in it at some time since it began, also when they were taken out again; those that were finished before are none.
	Late Share
	// LateOther are those added after the beginning that no incident made.
	LateOther int
	// OnIncidents is how long issues of the sprint that an incident made were in progress from the sprint's beginning until it was
	// over, or until now. Issues in progress at the same time add up.
	OnIncidents time.Duration
}

// SprintLoads are the loads of sprints whose beginning is known, latest first; unknown counts those that are over or active and of
// which Jira does not tell when they began. A sprint is over for this when the next one of its issues' sprints began.
func SprintLoads(issues []WorkIssue, sprints []ticket.Sprint, now time.Time) (loads []SprintLoad, unknown int) {
	began := slices.Clone(sprints)
	slices.SortFunc(began, func(a, b ticket.Sprint) int { return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.ID, a.ID)) })
	until := now
	for _, s := range began {
		switch {
		case s.State == ticket.FutureSprint || s.StartedAt.After(now):
			continue
		case s.StartedAt.IsZero():
			unknown++
			continue
		}
		load := SprintLoad{Sprint: s}
		for _, i := range issues {
			entered, in := i.inSprint(s)
			if !in {
				continue
			}
			load.Late.Whole++
			late := entered.After(s.StartedAt)
			switch {
			case late && i.FromIncident:
				load.Late.Part++
			case late:
				load.LateOther++
			}
			if i.FromIncident {
				for _, w := range i.Working {
					load.OnIncidents += w.Within(s.StartedAt, until)
				}
			}
		}
		if load.Late.Whole > 0 {
			loads = append(loads, load)
		}
		until = s.StartedAt
	}
	return loads, unknown
}

// inSprint is when it first was in the sprint, and whether it still was, and was not finished, when the sprint began or later.
func (i WorkIssue) inSprint(s ticket.Sprint) (entered time.Time, in bool) {
	if !i.DoneAt.IsZero() && !i.DoneAt.After(s.StartedAt) {
		return time.Time{}, false
	}
	for _, stay := range i.Sprints {
		if stay.Sprint != s.ID || !stay.To.IsZero() && !stay.To.After(s.StartedAt) {
			continue
		}
		if !in || stay.From.Before(entered) {
			entered, in = stay.From, true
		}
	}
	return entered, in
}

// WeekLoad is what incidents made of one week.
type WeekLoad struct {
	From        time.Time // seven days
	Arrived     int       // issues created
	OnIncidents time.Duration
}

// IncidentLoad is what incidents made of the last 8 weeks, oldest first, and what the next week may be like.
type IncidentLoad struct {
	Weeks       []WeekLoad
	Arrived     int
	OnIncidents time.Duration
	// The forecast for a week: the middle one of the eight weeks (P50) to one that at most one of eight exceeds (P85), both by nearest
	// rank, weeks without any among them. It says that weeks will be as they were, and nothing more.
	ArrivedFrom, ArrivedTo         int
	OnIncidentsFrom, OnIncidentsTo time.Duration
}

// Enough tells whether the band can be said: it needs as many issues as a trend.
func (l IncidentLoad) Enough() bool { return !Few(l.Arrived) }

// IncidentLoadOf looks back from now, by sevens of days. Issues that are not finished count too.
func IncidentLoadOf(issues []WorkIssue, now time.Time) IncidentLoad {
	var l IncidentLoad
	var arrived, spent []time.Duration
	for n := forecastWeeks; n > 0; n-- {
		from := now.AddDate(0, 0, -7*n)
		to := now.AddDate(0, 0, -7*(n-1))
		w := WeekLoad{From: from}
		for _, i := range issues {
			if !i.FromIncident {
				continue
			}
			if !i.CreatedAt.Before(from) && i.CreatedAt.Before(to) {
				w.Arrived++
			}
			for _, s := range i.Working {
				w.OnIncidents += s.Within(from, to)
			}
		}
		l.Weeks = append(l.Weeks, w)
		l.Arrived += w.Arrived
		l.OnIncidents += w.OnIncidents
		arrived, spent = append(arrived, time.Duration(w.Arrived)), append(spent, w.OnIncidents)
	}
	l.ArrivedFrom, l.ArrivedTo = int(Percentile(arrived, 50)), int(Percentile(arrived, 85))
	l.OnIncidentsFrom, l.OnIncidentsTo = Percentile(spent, 50), Percentile(spent, 85)
	return l
}
