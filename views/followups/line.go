package followups

import (
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/views/link"
	"upshot/views/ui"
)

// Line is a follow-up on the pages of what it belongs to.
type Line struct {
	Ref, Link, Title string
	About            string // its kind, and who will do it
	State            ui.State
	Detail           string
	Recurred         string // while it waited, with what that cost
}

// Lines writes follow-ups as lines, in their order.
func Lines(all []followup.FollowUp, teams map[catalog.TeamID]string, c ui.Clock) []Line {
	lines := make([]Line, 0, len(all))
	for _, f := range all {
		row := RowOf(f, nil, c.Now)
		l := Line{
			Ref: f.ID.String(), Link: link.FollowUp(int64(f.ID)), Title: f.Title, About: KindWords(f.Kind),
			State: row.State, Detail: row.Detail,
		}
		if team := teams[f.Team]; team != "" {
			l.About += ", " + team
		}
		if t := TicketLine(f); t != "" {
			l.About += " · " + t
		}
		if n := f.Kept.RecurrencesWhileWaiting; n > 0 {
			l.Recurred = "recurred " + ui.Times(n) + " · " + ui.Duration(f.Kept.Cost())
		}
		lines = append(lines, l)
	}
	return lines
}
