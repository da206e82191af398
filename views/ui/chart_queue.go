package ui

import (
	"strconv"
	"time"
)

const (
	denseAbove = 30 // rows: above this they are drawn smaller
	foldAbove  = 60 // rows: above this each team shows a few
	foldTo     = 12
)

// QueueRow is one follow-up in the queue chart.
type QueueRow struct {
	Ref   string
	Link  string
	Title string
	About string // behind the ref: the service, the kind
	Bar   Bar

	State  State
	Detail string // its age: "74 d"

	Recurred int           // while it waited
	Impact   time.Duration // of these
	After    int           // recurrences after the fix
	Cost     time.Duration // impact of those after the fix
}

// QueueTeam is the part of one team.
type QueueTeam struct {
	Name   string
	Counts []string // "2 waiting of 6", "oldest 141 d"
	Cost   string   // "cost of waiting 5 h 34 min"
	Rows   []QueueRow
	All    string // address of this team's whole queue
	hidden int
}

// QueueChart is the queue as a picture: one row for each follow-up, grouped by team.
type QueueChart struct {
	Span  Span
	Teams []QueueTeam
	size  Size
}

// NewQueueChart takes the teams in order, their rows dearest first. Over 30 rows it draws them smaller; over 60 each team
// shows twelve and a link to the rest.
func NewQueueChart(span Span, teams []QueueTeam) QueueChart {
	rows := 0
	for _, t := range teams {
		rows += len(t.Rows)
	}
	chart := QueueChart{Span: span, size: RowSize}
	if rows > denseAbove {
		chart.size = DenseSize
	}
	for _, t := range teams {
		if rows > foldAbove && len(t.Rows) > foldTo && t.All != "" {
			t.hidden = len(t.Rows) - foldTo
			t.Rows = t.Rows[:foldTo]
		}
		chart.Teams = append(chart.Teams, t)
	}
	return chart
}

func (c QueueChart) dense() bool { return c.size == DenseSize }

// bumped tells whether the legend must explain the mark for a later sprint.
func (c QueueChart) bumped() bool {
	for _, t := range c.Teams {
		for _, r := range t.Rows {
			if len(r.Bar.Bumps) > 0 {
				return true
			}
		}
	}
	return false
}

func (r QueueRow) costBold() string {
	switch {
	case r.Recurred > 0:
		return "recurred " + Times(r.Recurred)
	case r.After > 0:
		return "recurred after, " + Minutes(r.Cost)
	}
	return ""
}

func (r QueueRow) costRest() string {
	switch {
	case r.Recurred > 0:
		return " · " + Minutes(r.Impact)
	case r.After > 0:
		return ""
	}
	return "no recurrence"
}

func (t QueueTeam) showAll() string { return "Show all " + strconv.Itoa(len(t.Rows)+t.hidden) }
