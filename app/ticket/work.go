package ticket

import (
	"slices"
	"time"
)

// Stretch is a half-open stretch of time, [From, To).
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // zero while it lasts
}

// Within is how much of it lies in [from, to); one that lasts reaches to the end.
func (s Stretch) Within(from, to time.Time) time.Duration {
	if s.From.After(from) {
		from = s.From
	}
	if !s.To.IsZero() && s.To.Before(to) {
		to = s.To
	}
	return max(0, to.Sub(from))
}

// Stay is a stay in a sprint, by Jira's number of it.
type Stay struct {
	Sprint string `json:"sprint"`
	Stretch
}

// Work is what an issue's history says about the work on it.
type Work struct {
	StartedAt time.Time // first entry into a category of work; zero: never
	// DoneAt is the final entry into done; zero: it is not done, or was reopened. Of one that was declined, when that was.
	DoneAt   time.Time
	Declined bool // closed as a duplicate, as not to be done and the like
	Reopened int  // times done was left again
	Working  []Stretch
	Sprints  []Stay
	// Withheld: the history is not whole, or holds a status that nobody can place. Only DoneAt is told then, as well as Jira tells it.
	Withheld bool
}

// WorkOf reads an issue whose History is made of these changes.
func WorkOf(t Ticket, changes []Change) Work {
	w := Work{Sprints: staysOf(t, changes)}
	if !t.History.Usable() || !Whole(t.History.Intervals) {
		w.Withheld = true
		if t.Category == Done {
			w.Declined = t.Meaning != "" && t.Meaning != MeansDone
			if w.DoneAt = t.CategoryChangedAt; w.DoneAt.IsZero() {
				w.DoneAt = t.UpdatedAt
			}
		}
		return w
	}
	history := t.History.Intervals
	for n, i := range history {
		switch {
		case i.Category != InProgress:
		case n > 0 && history[n-1].Category == InProgress:
			w.Working[len(w.Working)-1].To = i.To
		default:
			w.Working = append(w.Working, Stretch{From: i.From, To: i.To})
		}
	}
	if len(w.Working) > 0 {
		w.StartedAt = w.Working[0].From
	}
	w.Reopened = Reopened(history)
	for _, stay := range Finishes(history) {
		if stay.LeftAt.IsZero() {
			w.DoneAt = stay.At
		}
	}
	for _, i := range slices.Backward(history) {
		if i.Category != Aside {
			break
		}
		w.Declined, w.DoneAt = true, i.From
	}
	return w
}

// staysOf are the stays in sprints that the changes tell, or the one it was created in.
func staysOf(t Ticket, changes []Change) []Stay {
	p := planning{names: map[string]string{}}
	first := true
	for _, c := range inOrder(changes) {
		for _, i := range c.Items {
			if !i.isSprint() {
				continue
			}
			if first {
				p.put(ids(i.From), t.CreatedAt)
				first = false
			}
			p.put(ids(i.To), c.At)
		}
	}
	if first {
		var now []string
		for _, s := range t.Sprints {
			now = append(now, s.ID)
		}
		p.put(now, t.CreatedAt)
	}
	var all []Stay
	for _, s := range p.stays {
		all = append(all, Stay{Sprint: s.sprint, Stretch: Stretch{From: s.from, To: s.to}})
	}
	return all
}
