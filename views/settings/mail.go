package settings

import (
	"upshot/app/catalog"
	"upshot/app/notice"
	"upshot/views/followups"
	"upshot/views/link"
	"upshot/views/ui"
)

// MailSettings are what the page may show of how mail is sent. Without a server none is.
type MailSettings struct {
	Server, From string
	Encrypted    string // how, in words
	Login        bool   // with a user and a password
}

// Ready tells whether mail can be sent.
func (m MailSettings) Ready() bool { return m.Server != "" }

// MailPage tells how mail and notices are doing.
type MailPage struct {
	Title, Lede string
	Facts       []MailFact
	Trouble     string
	TroubleAt   ui.When
	Counts      []MailFact
	Rows        []TroubledNotice
	To          string // where a test letter goes; empty: nowhere
	Ready       bool
}

// MailFact is a name and its value.
type MailFact struct{ Name, Value string }

// TroubledNotice is one that gave up, or is tried again.
type TroubledNotice struct {
	Ref, Link, To string
	State         ui.State
	Word, Said    string
	At            ui.When
	Again         string
}

// NewMailPage makes the page.
func NewMailPage(m MailSettings, h notice.Health, teams []catalog.Team, to string, c ui.Clock) MailPage {
	p := MailPage{Ready: m.Ready(), To: to, Title: "Notices reach the teams"}
	p.Lede = "What tells developers about significant incidents of the services they build."
	switch {
	case h.Dead > 0:
		p.Title = ui.Sentence(ui.Plural(h.Dead, "notice", "notices")) + " came to nothing in the last week"
	case !p.Ready:
		p.Title = "No mail is sent"
	case h.Latest.Words != "":
		p.Title = "Mail has trouble"
	}
	if p.Ready {
		login := "none"
		if m.Login {
			login = "with a user and a password"
		}
		p.Facts = []MailFact{{"Server", m.Server}, {"Encryption", m.Encrypted}, {"Login", login}, {"Sender", m.From}, {"Set by", "UPSHOT_SMTP_URL and UPSHOT_MAIL_FROM, in the environment"}}
	}
	p.Counts = []MailFact{
		{"Waiting", ui.Thousands(h.Waiting)}, {"Accepted, last 7 days", ui.Thousands(h.Accepted)}, {"Came to nothing, last 7 days", ui.Thousands(h.Dead)},
	}
	if h.Latest.Words != "" {
		p.Trouble, p.TroubleAt = h.Latest.String(), c.When(h.Latest.At)
	}
	names := followups.TeamNames(teams)
	for _, n := range h.Troubled {
		row := TroubledNotice{
			Ref: n.Incident.String(), Link: link.Incident(int64(n.Incident)), To: names[n.Team] + ", " + ChannelName(notice.Channel{Way: n.Way, Address: n.Address}),
			Said: n.Trouble.String(), At: c.When(n.Trouble.At), Again: link.NoticeAgain(int64(n.ID)), State: ui.FixFailed, Word: "came to nothing",
		}
		if n.State != notice.Dead {
			row.State, row.Word = ui.Waiting, "tried again at "+c.Moment(n.NextAt)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// ChannelName names a way to a team: its mail address, or which chat.
func ChannelName(c notice.Channel) string {
	switch c.Way {
	case notice.BySlack:
		return "Slack"
	case notice.ByTeams:
		return "Microsoft Teams"
	case notice.ByWebhook:
		return "a webhook"
	}
	return c.Address
}
