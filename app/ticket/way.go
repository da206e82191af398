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
	return strings.EqualFold(i.Field, field)
}

// isSprint tells whether the item is about sprints: the id of that field is another one on each site, its name is not.
func (i ChangeItem) isSprint() bool { return i.Field == "Sprint" }

// HistoryOf makes a ticket's way of its changes, in any order, with the statuses' categories as of now; partial: some changes
// could not be read. The changes may reach further back or less far than the ticket as it is: a change that leaves another
// status than the one held is trusted, and the history flagged.
//
// When the ticket is done with a resolution that means something else than done, its last stay in done is set aside: nothing
// shipped.
func HistoryOf(t Ticket, changes []Change, partial bool, statuses func(id string) Status) History {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return compareIDs(a.ID, b.ID)
	})
	h := History{Partial: partial}
	h.walk(t, changes, statuses)
	h.bumpsOf(t, changes)
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

// bumpsOf finds the sprints that were replaced by later ones while it was in the backlog, and when it first was in an active
// one.
func (h *History) bumpsOf(t Ticket, changes []Change) {
	started := map[string]time.Time{}
	for _, s := range t.Sprints {
		started[s.ID] = s.StartedAt
	}
	planned, shown := false, map[string]time.Time{} // when each sprint was first seen on it
	for _, c := range changes {
		for _, i := range c.Items {
			if !i.isSprint() {
				continue
			}
			before, after := ids(i.From), ids(i.To)
			if !planned {
				for _, id := range before { // created in it
					shown[id] = t.CreatedAt
				}
			}
			planned = true
			var added []string
			for _, id := range after {
				if !slices.Contains(before, id) {
					added = append(added, id)
					if shown[id].IsZero() {
						shown[id] = c.At
					}
				}
			}
			if len(added) > 0 && len(before) > 0 && h.categoryAt(c.At) == ToDo {
				h.Bumps = append(h.Bumps, Bump{At: c.At, From: sprintNamed(t, before[len(before)-1], i.FromText), To: sprintNamed(t, added[len(added)-1], i.ToText)})
			}
		}
	}
	if !planned {
		for _, s := range t.Sprints {
			shown[s.ID] = t.CreatedAt
		}
	}
	for id, at := range shown {
		began, known := started[id]
		if !known || began.IsZero() {
			continue
		}
		if began.After(at) {
			at = began
		}
		if h.SprintEnteredAt.IsZero() || at.Before(h.SprintEnteredAt) {
			h.SprintEnteredAt = at
		}
	}
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

// sprintNamed is a sprint's name: as the ticket knows it, else the whole list of names, which may hold commas of their own.
func sprintNamed(t Ticket, id, words string) string {
	for _, s := range t.Sprints {
		if s.ID == id {
			return s.Name
		}
	}
	return words
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
