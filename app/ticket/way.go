package ticket

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// offBy is by how much Jira's own moment of the last change of category may differ.
const offBy = time.Second

// IsStatus tells whether the item is a change of status. Data Center gives no field ids.
func (i ChangeItem) IsStatus() bool { return i.is("status") }

func (i ChangeItem) is(field string) bool {
	if i.FieldID != "" {
		return i.FieldID == field
	}
	return i.Field == field
}

// SprintField is the name by which a change of sprints is known. The field has another id on each site, and may have been
// given another name there: whoever reads changes, and knows the id, calls it so.
const SprintField = "Sprint"

func (i ChangeItem) isSprint() bool { return i.Field == SprintField }

// HistoryOf makes a ticket's way of its changes, in any order, with the statuses' categories as of now; partial: some changes
// could not be read. The changes may reach further back or less far than the ticket as it is: a change that leaves another
// status than the one held is trusted, and the history flagged.
//
// When the ticket is done with a resolution that means something else than done, its last stay in done is set aside: nothing
// shipped.
func HistoryOf(t Ticket, changes []Change, partial bool, statuses func(id string) Status) History {
	changes = inOrder(changes)
	h := History{Partial: partial}
	h.walk(t, changes, statuses)
	h.plans(t, changes)
	h.check(t)
	for _, c := range changes {
		for _, i := range c.Items {
			if i.is("priority") && !c.Ours {
				h.PrioritySetByPersonAt = c.At
			}
		}
	}
	if n := len(h.Intervals); n > 0 && t.Meaning != "" && t.Meaning != MeansDone {
		for ; n > 0 && h.Intervals[n-1].Category == Done; n-- {
			h.Intervals[n-1].Category = Aside
		}
	}
	return h
}

// inOrder are the changes as they came about, each once: pages may overlap.
func inOrder(changes []Change) []Change {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return compareIDs(a.ID, b.ID)
	})
	return slices.CompactFunc(changes, func(a, b Change) bool { return a.ID != "" && a.ID == b.ID })
}

// compareIDs orders Jira's numbers, which may be longer than a machine's.
func compareIDs(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

// walk makes the intervals.
func (h *History) walk(t Ticket, changes []Change, statuses func(id string) Status) {
	held, name := t.Status.ID, t.Status.Name // the first status: where the first change left, else where it is
	first := true
	from := t.CreatedAt
	enter := func(to time.Time) {
		s := statuses(held)
		if name == "" {
			name = s.Name
		}
		h.Intervals = append(h.Intervals, Interval{From: from, To: to, Status: name, Category: s.CountsAs()})
	}
	for _, c := range changes {
		for _, i := range c.Items {
			if !i.IsStatus() || i.Field == "Workflow" {
				continue
			}
			if first {
				held, name, first = i.From, i.FromText, false
			} else if i.From != held {
				h.Broken = true
			}
			at := c.At
			if at.Before(from) { // a clock was wrong, or it was imported with an older history
				at = from
			}
			enter(at)
			held, name, from = i.To, i.ToText, at
		}
	}
	if !first && held != t.Status.ID && t.Status.ID != "" {
		h.Broken = true
	}
	enter(time.Time{})
}

// check compares with what Jira says itself about the last change of category.
func (h *History) check(t Ticket) {
	if t.CategoryChangedAt.IsZero() || h.Partial || len(h.Intervals) == 0 {
		return
	}
	last := h.Intervals[0].From
	for n := 1; n < len(h.Intervals); n++ {
		if h.Intervals[n].Category != h.Intervals[n-1].Category {
			last = h.Intervals[n].From
		}
	}
	if off := last.Sub(t.CategoryChangedAt).Abs(); off > offBy {
		h.Off = off
	}
}

// planning is a ticket's way through sprints.
type planning struct {
	held  []string          // ids of the sprints it is in
	last  string            // the sprint it was last planned for, also after it was taken out
	names map[string]string // by id
	stays []planned
}

// planned is a stay in a sprint, [from, to); to is zero while it lasts.
type planned struct {
	sprint   string
	from, to time.Time
}

// put notes the sprints it is in from a moment on, and gives those that are new.
func (p *planning) put(sprints []string, at time.Time) (added []string) {
	for n := range p.stays {
		if s := &p.stays[n]; s.to.IsZero() && !slices.Contains(sprints, s.sprint) {
			s.to = at
		}
	}
	for _, id := range sprints {
		if !slices.Contains(p.held, id) {
			added = append(added, id)
			p.stays = append(p.stays, planned{sprint: id, from: at})
		}
	}
	p.held = sprints
	return added
}

// call remembers the names of sprints, which come as one list. Names may hold commas: then nobody can tell which is whose, and
// the whole list stands for each.
func (p *planning) call(sprints []string, words string) {
	names := strings.Split(words, ", ")
	for n, id := range sprints {
		switch {
		case p.names[id] != "":
		case len(names) == len(sprints):
			p.names[id] = names[n]
		default:
			p.names[id] = words
		}
	}
}

// plans finds the sprints that were replaced by later ones while it was in the backlog, and when it first was in an active
// one. Being taken out of a sprint is no bump, and neither is being pulled forward; the later sprint is one, whenever it comes.
func (h *History) plans(t Ticket, changes []Change) {
	sprints := map[string]Sprint{}
	p := planning{names: map[string]string{}}
	for _, s := range t.Sprints {
		sprints[s.ID], p.names[s.ID] = s, s.Name
	}
	first := true
	for _, c := range changes {
		for _, i := range c.Items {
			if !i.isSprint() {
				continue
			}
			was, is := ids(i.From), ids(i.To)
			p.call(was, i.FromText)
			p.call(is, i.ToText)
			if first { // created in these
				p.put(was, t.CreatedAt)
				first = false
			}
			if len(was) > 0 {
				p.last = was[len(was)-1]
			}
			added := p.put(is, c.At)
			if len(added) == 0 {
				continue
			}
			next := added[len(added)-1]
			if p.last != "" && h.categoryAt(c.At) == ToDo && comesLater(sprints, next, p.last) {
				h.Bumps = append(h.Bumps, Bump{At: c.At, From: cmp.Or(p.names[p.last], p.last), To: cmp.Or(p.names[next], next)})
			}
			p.last = next
		}
	}
	if first {
		for _, s := range t.Sprints {
			p.put(append(slices.Clone(p.held), s.ID), t.CreatedAt)
		}
	}
	if !h.Partial { // what is missing may have come first
		h.SprintEnteredAt = enteredActive(p.stays, sprints)
	}
}

// enteredActive is when a stay first fell into an active sprint: when it began, or the sprint did, whichever came later.
func enteredActive(stays []planned, sprints map[string]Sprint) time.Time {
	var first time.Time
	for _, s := range stays {
		began := sprints[s.sprint].StartedAt
		if began.IsZero() || sprints[s.sprint].State == FutureSprint { // a plan is no start
			continue
		}
		at := later(s.from, began)
		if !s.to.IsZero() && !at.Before(s.to) {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// comesLater tells whether a sprint is later than another: by their starts, else by which has begun, else by their numbers,
// which grow as sprints are made.
func comesLater(sprints map[string]Sprint, id, than string) bool {
	a, b := sprints[id], sprints[than]
	switch {
	case !a.StartedAt.IsZero() && !b.StartedAt.IsZero():
		return a.StartedAt.After(b.StartedAt)
	case a.ID != "" && b.ID != "" && (a.State == FutureSprint) != (b.State == FutureSprint):
		return a.State == FutureSprint
	}
	return compareIDs(id, than) > 0
}

// categoryAt is the category just before a moment.
func (h History) categoryAt(at time.Time) Category {
	c := Unknown
	for _, i := range h.Intervals {
		if i.From.Before(at) {
			c = i.Category
		}
	}
	return c
}

// ids are those of a comma list.
func ids(list string) []string {
	var all []string
	for id := range strings.SplitSeq(list, ",") {
		if id = strings.TrimSpace(id); id != "" {
			all = append(all, id)
		}
	}
	return all
}

// Equal tells whether two histories say the same.
func (h History) Equal(other History) bool {
	return h.Partial == other.Partial && h.Broken == other.Broken && h.Off == other.Off &&
		h.SprintEnteredAt.Equal(other.SprintEnteredAt) && h.PrioritySetByPersonAt.Equal(other.PrioritySetByPersonAt) &&
		slices.EqualFunc(h.Intervals, other.Intervals, func(a, b Interval) bool {
			return a.From.Equal(b.From) && a.To.Equal(b.To) && a.Status == b.Status && a.Category == b.Category
		}) &&
		slices.EqualFunc(h.Bumps, other.Bumps, func(a, b Bump) bool { return a.At.Equal(b.At) && a.From == b.From && a.To == b.To })
}
