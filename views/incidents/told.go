package incidents

import (
	"slices"
	"time"

	"upshot/app/catalog"
	"upshot/app/incident"
	"upshot/app/notice"
	"upshot/views/link"
	"upshot/views/ui"
)

// ToldCard says how developers came to know, and what became of each notice.
type ToldCard struct {
	Known   string // "by a notice, 8 h 55 min after it was detected"
	At      ui.When
	Working string // within the team's working hours
	Late    string // "waited overnight"
	Silent  string // nobody told them
	Rows    []ToldRow
}

// ToldRow is one notice.
type ToldRow struct {
	To, By string
	State  ui.State
	Word   string
	At     ui.When
	Said   string // by the other side, when it refused
	Again  string // address to try it again
}

// Shown tells whether there is something to say.
func (t ToldCard) Shown() bool { return t.Known != "" || t.Silent != "" || len(t.Rows) > 0 }

var wayWords = map[notice.Way]string{notice.BySlack: "in Slack", notice.ByTeams: "in Microsoft Teams", notice.ByWebhook: "by its webhook"}

// toldOf says how developers came to know.
func toldOf(f Facts, c ui.Clock) ToldCard {
	i := f.Incident
	var card ToldCard
	names := map[catalog.TeamID]string{}
	for _, t := range f.Teams {
		names[t.ID] = t.Name
	}
	builders := notice.Builders(f.Services, f.Teams)
	if told := i.Told(); told.By != "" {
		card.At = c.When(told.At)
		hours, zone, whose := catalog.Hours{}, time.UTC, ""
		if len(builders) > 0 {
			if loc, err := time.LoadLocation(builders[0].Zone); err == nil {
				hours, zone, whose = builders[0].Hours, loc, builders[0].Name
			}
		}
		w := notice.WaitOf(i.Detected(), told.At, hours, zone)
		switch {
		case w.Negative:
			card.Known = "They knew " + channelWords[told.By] + " before it was detected, which counts as at once."
		case w.Wall == 0:
			card.Known = "Told " + channelWords[told.By] + " at once."
		default:
			card.Known = "Told " + channelWords[told.By] + ", " + ui.Sum(w.Wall) + " after it was detected."
		}
		if whose != "" && w.Wall > 0 {
			card.Working = "In the working hours of " + whose + ": " + ui.Sum(w.Working) + "."
			if w.Working == 0 {
				card.Working = "None of it in the working hours of " + whose + "."
			}
		}
		if whose != "" && w.Overnight {
			card.Late = "It waited overnight."
		}
	} else if i.AsksToTell(c.Now) && len(f.Notices) == 0 {
		card.Silent = silence(builders, f.Mail)
	}
	for _, n := range f.Notices {
		row := ToldRow{To: names[n.Team], By: wayWords[n.Way]}
		if n.Way == notice.ByMail {
			row.By = "by mail to " + n.Address
		}
		again := f.CanEdit
		switch n.State {
		case notice.Accepted:
			row.State, row.Word, row.At, again = ui.Done, "accepted", c.When(n.AcceptedAt), false
		case notice.Dead:
			row.State, row.Word, row.At, row.Said = ui.FixFailed, "came to nothing", c.When(n.Trouble.At), n.Trouble.String()
		case notice.Dropped:
			row.State, row.Word, row.At, again = ui.Declined, "not sent", c.When(n.Trouble.At), false
			row.Said = n.Trouble.Words
		default:
			row.State, row.Word = ui.Waiting, "under way"
			if again = again && !n.Trouble.At.IsZero(); !n.Trouble.At.IsZero() {
				row.Word, row.Said = "tried again at "+c.Moment(n.NextAt), n.Trouble.String()
			}
		}
		if again {
			row.Again = link.NoticeAgain(int64(n.ID))
		}
		card.Rows = append(card.Rows, row)
	}
	return card
}

// silence says why no notice goes out by itself.
func silence(builders []catalog.Team, mail bool) string {
	if len(builders) == 0 {
		return "No notice goes out: nobody recorded which team builds the service."
	}
	if !Reachable(builders, mail) {
		return "No notice goes out: " + builders[0].Name + " has no chat, and no mail address that mail could be sent to."
	}
	return "A notice to " + builders[0].Name + " goes out within a minute."
}

// Reachable tells whether a notice could go to one of the teams.
func Reachable(teams []catalog.Team, mail bool) bool {
	return slices.ContainsFunc(teams, func(t catalog.Team) bool { return len(notice.ChannelsOf(t, mail)) > 0 })
}

// UnderWay tells whether a notice is still being sent.
func UnderWay(all []notice.Notice) bool {
	return slices.ContainsFunc(all, func(n notice.Notice) bool { return n.State == notice.Waiting || n.State == notice.Sending })
}

// Refused is what the other side said of a notice that came to nothing, when every one of them did.
func Refused(all []notice.Notice) string {
	said := ""
	for _, n := range all {
		if n.State != notice.Dead {
			return ""
		}
		said = n.Trouble.String()
	}
	return said
}

// canNotify tells whether one press has the developers told.
func canNotify(f Facts) bool {
	i := f.Incident
	return f.CanEdit && i.Kind == incident.Real && i.Told().By == "" && !UnderWay(f.Notices) && Reachable(notice.Builders(f.Services, f.Teams), f.Mail)
}
