// Package digests shows the weekly letters: this week's, earlier ones, and who gets them.
package digests

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/digest"
	"upshot/views/link"
	"upshot/views/ui"
)

// Data is what the page of a scope's letters is made of.
type Data struct {
	Settings  digest.Settings
	All       []digest.Settings // of every scope
	Teams     []catalog.Team
	Zone      *time.Location // in which the letter is due
	Readers   digest.Readers
	Runs      []digest.Run
	Troubled  []digest.Mail // of any scope
	Stuck     digest.Mail   // the mail that waits after trouble and was tried last
	StuckAll  int           // how many wait so
	Own       []digest.Subscription
	Reader    account.User
	Person    digest.Person
	Mail      bool // mail can be sent
	IsAdmin   bool
	Typed     map[string]string // what a form held that came back
	Wrong     error
	WrongWhen bool // it was the form for when the letters go out
	CanEdit   bool
	Clock     ui.Clock
}

// ScopeKey is a scope in addresses.
func ScopeKey(s digest.Scope, teams []catalog.Team) string {
	for _, t := range teams {
		if t.ID == s.Team {
			return t.Slug
		}
	}
	return link.EveryTeam
}

// NameOf is what a scope is called.
func NameOf(s digest.Scope, teams []catalog.Team) string {
	for _, t := range teams {
		if t.ID == s.Team {
			return t.Name
		}
	}
	return "Every team"
}

// ShowPage is a scope's letters.
type ShowPage struct {
	Heading     ui.Heading
	Letter      Frame
	Weeks       Weeks
	Mail        bool
	Gets        bool // whoever reads the page gets the letter
	GetsWhy     string
	Subscribe   string
	Own         ui.Form
	Who         []Reader
	WhoNote     string
	Earlier     []Earlier
	Troubled    []Troubled
	Stuck       *Stuck // nil: nothing waits after trouble
	Refused     []Refused
	Others      []Other
	IsAdmin     bool
	CanEdit     bool
	When        ui.Form
	Ask         ui.Form
	Unconfirmed []Unconfirmed
}

// Frame is a letter in a page.
type Frame struct{ Title, Address, Alone, Text, SendMe string }

// Weeks leads to the letter about any week.
type Weeks struct{ Action, Value string }

// Reader is somebody who gets the letter.
type Reader struct {
	Name, Why, Not string
	Drop           string // address that takes it off the list; empty: it is a person's
}

// Earlier is a letter that was written.
type Earlier struct {
	Week, Link, Subject string
	Made                ui.When
	Outcome             string
	Bad                 bool
}

// Troubled is a mail that came to nothing, or is in doubt.
type Troubled struct {
	To, Of, Word, Said, Again string
	State                     ui.State
	At                        ui.When
}

// Stuck is what waits after trouble.
type Stuck struct {
	Count string // "12 mails wait"
	Said  string // the server's words; empty: they are not for everybody
	Again ui.When
}

// Refused is an address that a mail server does not know.
type Refused struct {
	Address, Said string
	At            ui.When
}

// Other leads to another scope's letters.
type Other struct {
	Name, Link, When string
	Gets             bool
}

// Unconfirmed is an address that has not answered.
type Unconfirmed struct{ Address, Drop string }

// FrameOf is the letter of a scope about a week.
func FrameOf(key string, week digest.Week, title string) Frame {
	w := week.String()
	return Frame{Title: title, Address: link.LetterAlone(key, w), Alone: link.LetterAlone(key, w), Text: link.LetterText(key, w), SendMe: link.SendMeLetter(key, w)}
}

// NewShowPage makes the page.
func NewShowPage(d Data) ShowPage {
	key, name := ScopeKey(d.Settings.Scope, d.Teams), NameOf(d.Settings.Scope, d.Teams)
	now := digest.WeekOf(d.Clock.Now, d.Zone)
	next := d.Settings.When.Latest(d.Clock.Now, d.Zone).After()
	due := d.Settings.When.Due(next, d.Zone)
	p := ShowPage{
		Letter: FrameOf(key, now, fmt.Sprintf("Week %d so far, as it would go out now", now.Number)), Weeks: Weeks{link.DigestOf(key), now.Before().String()},
		Mail: d.Mail, IsAdmin: d.IsAdmin, CanEdit: d.CanEdit, Subscribe: link.Subscribe(key),
	}
	p.Heading = ui.Heading{
		Crumb: "Weekly letters", Title: name + ": the next letter is due on " + due.Format("Monday 2 January, 15:04"),
		Lede: fmt.Sprintf("About week %d, by the clocks of %s.", next.Number, d.Zone),
	}
	if !d.Mail {
		p.Heading.Title = "No mail is sent: letters are kept here alone"
	}
	today := d.Clock.Now.In(d.Zone).Format(time.DateOnly)
	all := d.Readers.Recipients(d.Settings.Scope, 1, today)
	byAddress := map[string]digest.Subscription{}
	for _, sub := range d.Readers.Subscriptions {
		if sub.User != 0 {
			continue
		}
		byAddress[sub.Address] = sub
		if !sub.Good() && sub.Wanted {
			p.Unconfirmed = append(p.Unconfirmed, Unconfirmed{sub.Address, link.DropLetterAddress(key, int64(sub.ID))})
		}
	}
	for _, r := range all {
		if r.User == d.Reader.ID && r.User != 0 {
			p.Gets, p.GetsWhy = true, r.Not
		}
		who := Reader{Name: r.Name, Why: whys[r.Why], Not: r.Not}
		if r.Not != "" && !d.IsAdmin { // it tells when somebody is away, or repeats an address
			who.Not = "Nothing is sent there just now."
		}
		if r.User == 0 {
			who.Name, who.Drop = r.Address, link.DropLetterAddress(key, int64(byAddress[strings.ToLower(r.Address)].ID))
		}
		if len(p.Who) < RecipientsShown {
			p.Who = append(p.Who, who)
		}
	}
	p.WhoNote = ui.Plural(len(all), "reader", "readers")
	for _, r := range d.Runs {
		p.Earlier = append(p.Earlier, earlier(r, key, d.Clock))
	}
	for _, m := range d.Troubled {
		p.Troubled = append(p.Troubled, TroubledOf(m, d.Teams, d.IsAdmin, d.Clock))
	}
	if d.StuckAll > 0 {
		p.Stuck = &Stuck{Count: ui.Plural(d.StuckAll, "mail waits", "mails wait"), Again: d.Clock.When(d.Stuck.NextAt)}
		if d.IsAdmin || d.Stuck.User == 0 {
			p.Stuck.Said = d.Stuck.Trouble.String()
		}
	}
	for _, r := range d.Readers.Refused {
		if !d.IsAdmin {
			break
		}
		p.Refused = append(p.Refused, Refused{r.Address, r.Told.String(), d.Clock.When(r.Told.At)})
	}
	slices.SortFunc(p.Refused, func(a, b Refused) int { return cmp.Compare(a.Address, b.Address) })
	for _, o := range d.All {
		p.Others = append(p.Others, Other{
			Name: NameOf(o.Scope, d.Teams), Link: link.DigestOf(ScopeKey(o.Scope, d.Teams)), When: o.When.String(), Gets: d.gets(o.Scope),
		})
	}
	p.forms(d, key)
	return p
}

// RecipientsShown is how many readers a page lists.
const RecipientsShown = 50

var whys = map[string]string{"member": "in the team", "subscribed": "subscribed", "address": "an address, confirmed"}

// gets tells whether whoever reads the page gets the letter of a scope, but for pauses.
func (d Data) gets(s digest.Scope) bool {
	for _, sub := range d.Own {
		if sub.Scope == s {
			return sub.Wanted
		}
	}
	return s.Team != 0 && int64(s.Team) == d.Reader.Team
}

func (p *ShowPage) forms(d Data, key string) {
	p.Own = ui.NewForm(ui.Form{
		ID: "own", Above: about("How you take letters"), Action: link.OwnLetters, Submit: "Save", Second: true, Hidden: map[string]string{"back": key},
		Questions: []ui.Question{
			{Field: ui.Field{Name: "paused_until", Label: "No letters until", Hint: "optional", Type: "date", Value: typed(d, "paused_until", d.Person.PausedUntil), Wide: true}},
			{Control: ui.YesNo, Field: ui.Field{Name: "only_decisions", Label: "Only when there is something to decide", Checked: d.Person.OnlyDecisions, Wide: true}},
			{Control: ui.YesNo, Field: ui.Field{Name: "nudges", Label: "Reminders of my team in mails of their own", Help: "They stand in the letter anyway.", Checked: d.Person.Nudges, Wide: true}},
		},
	}, own(d))
	if !d.IsAdmin {
		return
	}
	days := make([]ui.Option, 7)
	for n := range days {
		of := time.Weekday((n + 1) % 7)
		days[n] = ui.Option{Value: strconv.Itoa(int(of)), Label: of.String()}
	}
	p.When = ui.NewForm(ui.Form{
		ID: "when", Above: about("When it goes out"), Action: link.LettersGoOut(key), Submit: "Save", Second: true,
		Questions: []ui.Question{
			{Control: ui.OneOf, Field: ui.Field{Name: "day", Label: "Day", Value: typed(d, "day", strconv.Itoa(int(d.Settings.When.Day))), Options: days}},
			{Field: ui.Field{Name: "clock", Label: "Time", Hint: d.Zone.String(), Type: "time", Value: typed(d, "clock", d.Settings.When.Clock())}},
			{Control: ui.YesNo, Field: ui.Field{Name: "only", Label: "Only when there is something to decide", Checked: d.Settings.OnlyDecisions, Wide: true}},
		},
	}, when(d))
	p.Ask = ui.NewForm(ui.Form{
		ID: "ask", Above: about("Addresses beside the people"), Action: link.LetterAddresses(key), Submit: "Ask this address", Second: true,
		Questions: []ui.Question{{Field: ui.Field{
			Name: "address", Label: "Another address", Type: "email", Value: typed(d, "address", ""), Wide: true, Autocomplete: "off",
			Help: "It gets a link, and no letter until somebody there follows it.",
		}}},
	}, asked(d))
}

func typed(d Data, name, kept string) string {
	if given, there := d.Typed[name]; there {
		return given
	}
	return kept
}

// What is wrong belongs to the form whose field was typed.
func own(d Data) error   { return wrongIf(d, "paused_until") }
func when(d Data) error  { return wrongIf(d, "clock") }
func asked(d Data) error { return wrongIf(d, "address") }

func wrongIf(d Data, field string) error {
	if _, there := d.Typed[field]; there {
		return d.Wrong
	}
	return nil
}

func earlier(r digest.Run, key string, c ui.Clock) Earlier {
	e := Earlier{Week: r.Week.String(), Link: link.Letter(key, r.Week.String()), Subject: r.Subject, Made: c.When(r.MadeAt)}
	e.Outcome, e.Bad = outcome(r)
	return e
}

// outcome says what became of a letter's mails.
func outcome(r digest.Run) (said string, bad bool) {
	var parts []string
	for _, s := range []struct {
		state digest.State
		word  string
	}{
		{digest.Sent, "sent"},
		{digest.Waiting, "waiting"},
		{digest.Sending, "being sent"},
		{digest.Handing, "being sent"},
		{digest.Doubt, "in doubt"},
		{digest.Failed, "came to nothing"},
		{digest.Dropped, "no longer wanted"},
	} {
		if n := r.Mails[s.state]; n > 0 {
			parts = append(parts, ui.Thousands(n)+" "+s.word)
			bad = bad || s.state == digest.Doubt || s.state == digest.Failed
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", "), bad
	case r.Skipped:
		return "not sent: nothing to decide", false
	}
	return "kept here; nobody got it by mail", false
}

// TroubledOf shows a mail with trouble. Whose address it is only administrators see, nor what the server says of it, which repeats it.
func TroubledOf(m digest.Mail, teams []catalog.Team, admin bool, c ui.Clock) Troubled {
	t := Troubled{
		To: m.Address, Of: NameOf(m.Scope, teams), Said: m.Trouble.String(), Again: link.LetterAgain(int64(m.ID)), At: c.When(m.Trouble.At), Word: "came to nothing", State: ui.FixFailed,
	}
	if m.State == digest.Doubt {
		t.Word = "in doubt: it may have arrived"
	}
	if !admin && m.User != 0 {
		t.To, t.Said = "a reader", ""
	}
	return t
}

// LetterData is what the page of one letter is made of.
type LetterData struct {
	Scope digest.Scope
	Week  digest.Week
	Teams []catalog.Team
	Run   digest.Run // its zero value: it was not written yet
	Mails []digest.Mail
	Mail  bool
	Admin bool
	// Archived: the team gets no more letters, and has no page of them.
	Archived bool
	// CanEdit lets its reader send a mail again.
	CanEdit bool
	Clock   ui.Clock
}

// LetterPage is one letter.
type LetterPage struct {
	Heading  ui.Heading
	Letter   Frame
	Outcome  string
	Made     ui.When
	Preview  bool
	Before   string
	After    string // empty: that week has not begun
	Troubled []Troubled
	Mail     bool
}

// NewLetterPage makes the page of one letter.
func NewLetterPage(d LetterData) LetterPage {
	key, name := ScopeKey(d.Scope, d.Teams), NameOf(d.Scope, d.Teams)
	p := LetterPage{
		Letter: FrameOf(key, d.Week, "As it went out"), Before: link.Letter(key, d.Week.Before().String()), Preview: d.Run.ID == 0, Mail: d.Mail,
		Heading: ui.Heading{Crumb: name, CrumbLink: link.DigestOf(key), Ref: d.Week.String(), Title: fmt.Sprintf("Week %d: %s", d.Week.Number, d.Week.Days())},
	}
	if d.Archived {
		p.Heading.CrumbLink = ""
	}
	if next := d.Week.After(); !next.Begins(time.UTC).After(d.Clock.Now) {
		p.After = link.Letter(key, next.String())
	}
	if p.Preview {
		p.Letter.Title = "As it would go out now"
		p.Heading.Lede = "This letter was not written. What waits is shown as of now, the rest as of that week."
		return p
	}
	p.Heading.Lede = d.Run.Subject
	d.Run.Mails = map[digest.State]int{}
	p.Made = d.Clock.When(d.Run.MadeAt)
	for _, m := range d.Mails {
		d.Run.Mails[m.State]++
		if !d.CanEdit {
			continue
		}
		if m.State == digest.Failed || m.State == digest.Doubt {
			p.Troubled = append(p.Troubled, TroubledOf(m, d.Teams, d.Admin, d.Clock))
		}
	}
	p.Outcome, _ = outcome(d.Run)
	return p
}

// Plain is a page for somebody who followed a link in a mail.
type Plain struct {
	Title, Text    string
	Action, Button string // empty: there is nothing to press
}
