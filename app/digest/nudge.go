package digest

import (
	"fmt"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
)

// NudgeKind is what a nudge asks for.
type NudgeKind string

// The kinds of nudges.
const (
	DueSoon   NudgeKind = "due soon"
	Due       NudgeKind = "due"
	Overdue   NudgeKind = "overdue"
	Evidence  NudgeKind = "evidence missing" // done, past its day, and never verified while it shows no evidence
	Review    NudgeKind = "review due"
	LookAgain NudgeKind = "look again"
)

// Nudge reminds of something that waits for a person. It goes on until the change is verified or declined, whatever became of the
// incidents.
type Nudge struct {
	Kind  NudgeKind
	Ref   string // FU-12, PRB-7, INC-42
	Title string
	Team  catalog.TeamID // 0: nobody's
	On    string         // the day it is about, such as 2026-11-30; of a review, the occurrence
	Step  int            // how often it was overdue by then: each distance reminds once
	Words string         // "5 d overdue"
	Note  string         // the reason of a decision
}

// Key is the same for the same reminder, however often it is worked out: each is sent once.
func (n Nudge) Key() string { return fmt.Sprintf("%s:%s:%s:%d", n.Kind, n.Ref, n.On, n.Step) }

// SoonDays is how many days before its day a change is due soon.
const SoonDays = 7

// overdueDays are how many days after its day a change that is not done is reminded of again: with growing distance, and no more
// than that often.
var overdueDays = [...]int{1, 4, 11, 25, 55}

// NudgeOf says whether a follow-up with a day asks for somebody today, a date in its team's zone.
func NudgeOf(f followup.FollowUp, today string) (Nudge, bool) {
	n := Nudge{Ref: f.ID.String(), Title: f.Title, Team: f.Team, On: f.DueOn}
	switch f.State {
	case followup.Verified, followup.Duplicate:
		return n, false
	case followup.Declined:
		if n.On = f.Declined.LookAgainOn; n.On == "" || n.On > today {
			return n, false
		}
		n.Kind, n.Words, n.Note = LookAgain, "since "+dayInWords(n.On), f.Declined.Reason
		return n, true
	}
	done := f.State == followup.Done
	if done && n.On == "" && !f.Kept.ShippedAt.IsZero() {
		n.On = f.Kept.ShippedAt.Format(time.DateOnly) // without a day it should have shown evidence when it was done
	}
	late, ok := daysAfter(n.On, today)
	if !ok || late < -SoonDays {
		return n, false
	}
	switch {
	case done && (f.EvidenceURL != "" || late < 0):
		return n, false // it runs through its quiet period
	case late < 0:
		n.Kind, n.Words = DueSoon, "due "+dayInWords(f.DueOn)
		return n, true
	case late == 0:
		n.Kind, n.Words = Due, "due today"
	default:
		n.Kind, n.Words = Overdue, fmt.Sprintf("%d d overdue", late)
	}
	for _, days := range overdueDays {
		if late >= days {
			n.Step++
		}
	}
	if done {
		n.Kind, n.Words = Evidence, "done, evidence missing"
	}
	return n, true
}

// Reviewed is a problem that is due for a review.
func Reviewed(p problem.Problem, team catalog.TeamID) Nudge {
	return Nudge{
		Kind: Review, Ref: p.ID.String(), Title: p.Title, Team: team, On: fmt.Sprint(problem.ReviewAt),
		Words: fmt.Sprintf("happened %d times", p.Figures.Occurrences),
	}
}

// DecidedAgainst is a decision against a practice change whose day to look again has come.
func DecidedAgainst(i incident.Incident, d incident.Decision, team catalog.TeamID) Nudge {
	return Nudge{
		Kind: LookAgain, Ref: i.ID.String(), Title: i.Title, Team: team, On: d.LookAgainOn,
		Words: "since " + dayInWords(d.LookAgainOn), Note: d.Reason,
	}
}

// daysAfter is how many days today is after a date; false of what is none.
func daysAfter(date, today string) (int, bool) {
	on, err := time.Parse(time.DateOnly, date)
	now, nowErr := time.Parse(time.DateOnly, today)
	return int(now.Sub(on) / day), err == nil && nowErr == nil
}

func dayInWords(date string) string {
	on, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return on.Format("2 Jan 2006")
}
