// Package teams shows teams: when they work, what they build and answer for, and what waits for them.
package teams

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/app/notice"
	"upshot/views/followups"
	"upshot/views/incidents"
	"upshot/views/link"
	"upshot/views/ui"
)

// Portfolio is the services of one team.
type Portfolio struct {
	Builds  []catalog.Service // and may answer for
	Answers []catalog.Service // at 2 a.m.
	NotOwn  int               // of Answers: those the team did not build
}

// PortfolioOf finds the services that the team builds or answers for.
func PortfolioOf(team catalog.TeamID, services []catalog.Service) Portfolio {
	var p Portfolio
	for _, s := range services {
		if s.Builder == team {
			p.Builds = append(p.Builds, s)
		}
		if s.OnCall == team {
			p.Answers = append(p.Answers, s)
			if s.Builder != team {
				p.NotOwn++
			}
		}
	}
	return p
}

// Finding says how much of what a team answers for it did not build.
func (p Portfolio) Finding(team string) string {
	switch n := len(p.Answers); {
	case n == 0 && len(p.Builds) == 0:
		return team + " has no services yet"
	case n == 0:
		return team + " builds " + ui.Plural(len(p.Builds), "service", "services") + " and answers for none at 2 a.m."
	case p.NotOwn == 0:
		return team + " answers for " + ui.Plural(n, "service", "services") + " at 2 a.m. and builds all of them"
	default:
		return team + " answers for " + ui.Plural(n, "service", "services") + " at 2 a.m. and did not build " + ui.PartOf(p.NotOwn, n)
	}
}

var dayNames = map[string]string{
	"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}

// HoursInWords writes working hours for people: "Monday to Friday 09:00 to 17:00".
func HoursInWords(h catalog.Hours) string {
	var groups []string
	for _, group := range strings.Split(h.String(), ", ") {
		days, spans, _ := strings.Cut(group, " ")
		first, last, ranged := strings.Cut(days, "-")
		said := dayNames[first]
		if ranged {
			said += " to " + dayNames[last]
		}
		for n, span := range strings.Fields(spans) {
			if n > 0 {
				said += " and"
			}
			said += " " + strings.Replace(span, "-", " to ", 1)
		}
		groups = append(groups, said)
	}
	return strings.Join(groups, ", ")
}

// Row is one team in the list.
type Row struct {
	Slug, Name, Link string
	Kind             catalog.TeamKind
	Zone             string
	Builds, Answers  string
	NotOwn           string // "3 of 7"
	Archived         bool
}

// ListPage is the list of teams.
type ListPage struct {
	Title   string
	Rows    []Row
	IsAdmin bool
}

// NewListPage makes the page of all teams, with the services in use.
func NewListPage(teams []catalog.Team, services []catalog.Service, admin bool) ListPage {
	p := ListPage{IsAdmin: admin}
	development, operations := 0, 0
	for _, t := range teams {
		own := PortfolioOf(t.ID, services)
		row := Row{
			Slug: t.Slug, Name: t.Name, Link: link.Team(t.Slug), Kind: t.Kind, Zone: t.Zone, Archived: !t.ArchivedAt.IsZero(),
			Builds: ui.Thousands(len(own.Builds)), Answers: ui.Thousands(len(own.Answers)), NotOwn: ui.Missing,
		}
		if len(own.Answers) > 0 {
			row.NotOwn = ui.PartOf(own.NotOwn, len(own.Answers))
		}
		if !row.Archived && t.Kind == catalog.Development {
			development++
		} else if !row.Archived {
			operations++
		}
		p.Rows = append(p.Rows, row)
	}
	p.Title = ui.Plural(development, "development team", "development teams") + " and " + ui.Plural(operations, "operations team", "operations teams")
	return p
}

// ServiceLine is a service on the page of a team.
type ServiceLine struct {
	Name, Link string
	Remark     string // what is not as one would wish
}

// ShowPage is one team.
type ShowPage struct {
	Slug      string
	Heading   ui.Heading
	Finding   string
	Facts     []incidents.Fact
	Builds    []ServiceLine
	Answers   []ServiceLine
	More      bool // there are services that are not shown
	Waiting   []followups.Line
	WaitingOf string
	Work      Work
	Archived  bool
	IsAdmin   bool
	CanTest   bool // a test can be sent to it
}

// ShowData is what the page is made of.
type ShowData struct {
	Team     catalog.Team
	Services []catalog.Service
	Teams    []catalog.Team
	Waiting  listing.Page[followup.FollowUp] // dearest first
	Work     metrics.TeamWork                // since WorkSince ago
	IsAdmin  bool
	Mail     bool // mail can be sent
	Clock    ui.Clock
}

// servicesShown is how many services of a kind stand on a team's page; the list of services has the rest.
const servicesShown = 40

// NewShowPage makes the page.
func NewShowPage(d ShowData) ShowPage {
	t, c := d.Team, d.Clock
	own := PortfolioOf(t.ID, d.Services)
	names := followups.TeamNames(d.Teams)
	p := ShowPage{
		Slug:    t.Slug,
		Heading: ui.Heading{Crumb: "Teams", CrumbLink: link.Teams, Ref: t.Slug, Title: own.Finding(t.Name)},
		Waiting: followups.Lines(d.Waiting.Items, names, c), Work: NewWork(d.Work, d.IsAdmin, c), Archived: !t.ArchivedAt.IsZero(), IsAdmin: d.IsAdmin,
		More: len(own.Builds) > servicesShown || len(own.Answers) > servicesShown,
	}
	if n := len(p.Waiting); n > 0 {
		p.WaitingOf = ui.PartOf(n, d.Waiting.Total)
	}
	for _, s := range own.Builds[:min(servicesShown, len(own.Builds))] {
		line := ServiceLine{Name: s.Name, Link: link.Service(s.Slug)}
		switch s.AtTwoAM() {
		case catalog.DidNotBuild:
			line.Remark = names[s.OnCall] + " answers for it"
		case catalog.NobodyKnown:
			line.Remark = "nobody recorded answers for it"
		}
		p.Builds = append(p.Builds, line)
	}
	for _, s := range own.Answers[:min(servicesShown, len(own.Answers))] {
		line := ServiceLine{Name: s.Name, Link: link.Service(s.Slug)}
		if s.Builder == 0 {
			line.Remark = "nobody recorded builds it"
		} else if s.Builder != t.ID {
			line.Remark = names[s.Builder] + " builds it"
		}
		p.Answers = append(p.Answers, line)
	}
	said := func(name string, values ...string) incidents.Fact {
		fact := incidents.Fact{Name: name}
		for _, v := range values {
			fact.Values = append(fact.Values, incidents.Linked{Text: v})
		}
		if len(values) == 0 {
			fact.Values = []incidents.Linked{{Text: "none"}}
		}
		return fact
	}
	p.Facts = []incidents.Fact{
		said("Side", string(t.Kind)), said("Working hours", HoursInWords(t.Hours)), said("Time zone", zoneWords(t.Zone, c.Now)),
		said("Holidays", holidays(t.Hours.Holidays, c)...), said("Mail", t.Mails...), said("Chat", chatWords(t.Chat)...),
	}
	p.CanTest = d.IsAdmin && len(notice.ChannelsOf(t, d.Mail)) > 0
	return p
}

// zoneWords names a zone with what the clock there shows now.
func zoneWords(zone string, now time.Time) string {
	l, err := time.LoadLocation(zone)
	if err != nil {
		return zone
	}
	return zone + ", where it is " + now.In(l).Format("15:04")
}

// holidays writes those to come; they are kept as dates without a zone.
func holidays(dates []string, c ui.Clock) []string {
	var coming []string
	for _, date := range dates {
		day, err := time.Parse(time.DateOnly, date)
		if err == nil && !day.AddDate(0, 0, 1).Before(c.Now) {
			coming = append(coming, ui.Clock{Now: c.Now, Zone: time.UTC}.LongDay(day))
		}
	}
	return coming
}

// FormFields are the names of the form's fields.
var FormFields = []string{"name", "slug", "kind", "zone", "hours", "holidays", "mails", "chat_kind", "chat_address"}

// NewForm asks for a team to add.
func NewForm(typed url.Values, err error) ui.Form {
	incidents.Default(typed, "kind", string(catalog.Development))
	f := form(typed, catalog.Chat{})
	f.Action, f.Submit, f.Cancel = link.Teams, "Add the team", link.Teams
	f.Later = append([]ui.Question{{Field: ui.Field{
		Name: "slug", Label: "Address", Hint: "empty: made from the name", Value: typed.Get("slug"), Placeholder: "payments", Autocomplete: "off", Wide: true,
	}}}, f.Later...)
	return ui.NewForm(f, err)
}

// EditForm asks what is to change about a team.
func EditForm(t catalog.Team, typed url.Values, err error) ui.Form {
	hours := ""
	if len(t.Hours.Windows) > 0 {
		hours = t.Hours.String()
	}
	incidents.Default(typed, "name", t.Name, "kind", string(t.Kind), "zone", t.Zone, "hours", hours,
		"holidays", strings.Join(t.Hours.Holidays, "\n"), "mails", strings.Join(t.Mails, "\n"), "chat_kind", string(t.Chat.Kind), "version", strconv.FormatInt(t.Version, 10))
	f := form(typed, t.Chat)
	f.Action, f.Submit, f.Cancel = link.EditTeam(t.Slug), "Save", link.Team(t.Slug)
	f.Hidden = map[string]string{"version": typed.Get("version")}
	f.NoFold = true
	return ui.NewForm(f, err)
}

// chatNames are the kinds of chats as people read them.
var chatNames = map[catalog.ChatKind]string{catalog.Slack: "Slack", catalog.Teams: "Microsoft Teams", catalog.Webhook: "another, by JSON"}

// chatWords say where a team's chat is, without the rest of its address.
func chatWords(c catalog.Chat) []string {
	if c.Kind == "" {
		return nil
	}
	return []string{chatNames[c.Kind] + ", " + c.Host + "/…"}
}

func form(typed url.Values, known catalog.Chat) ui.Form {
	chats := []ui.Option{{Value: "", Label: "none"}}
	for _, k := range catalog.ChatKinds {
		chats = append(chats, ui.Option{Value: string(k), Label: chatNames[k]})
	}
	webhook := ui.Field{
		Name: "chat_address", Label: "Address of its webhook", Hint: "kept as a secret", Type: "url", Value: typed.Get("chat_address"),
		Placeholder: "https://hooks.slack.com/services/…", Autocomplete: "off",
	}
	if known.Kind != "" {
		webhook.Help = "Empty keeps the one at " + known.Host + "."
	}
	kinds := []ui.Option{
		{Value: string(catalog.Development), Label: "development", Help: "Builds services."},
		{Value: string(catalog.Operations), Label: "operations", Help: "Keeps services running."},
	}
	return ui.Form{
		Questions: []ui.Question{
			{Field: ui.Field{Name: "name", Label: "Name", Value: typed.Get("name"), Required: true, Autocomplete: "off"}},
			{Field: ui.Field{Name: "zone", Label: "Time zone", Value: typed.Get("zone"), Required: true, Placeholder: "Europe/Lisbon", Help: "By its name, such as Europe/Lisbon.", Autocomplete: "off"}},
			{Control: ui.Cards, Field: ui.Field{Name: "kind", Label: "Side", Value: typed.Get("kind"), Options: kinds, Wide: true}},
		},
		Later: []ui.Question{
			{Control: ui.Lines, Field: ui.Field{Name: "hours", Label: "Working hours", Hint: "empty: Monday to Friday, 09:00 to 17:00", Value: typed.Get("hours"), Placeholder: "mon-thu 09:00-12:00 13:00-17:00\nfri 09:00-15:00", Help: "In the team's zone, a line for each kind of day."}},
			{Control: ui.Lines, Field: ui.Field{Name: "holidays", Label: "Holidays", Hint: "optional", Value: typed.Get("holidays"), Placeholder: "2026-12-25", Help: "Dates, one a line."}},
			{Control: ui.Lines, Field: ui.Field{Name: "mails", Label: "Mail addresses", Hint: "for notices of incidents", Value: typed.Get("mails"), Placeholder: "payments@example.org", Help: "One a line.", Wide: true, Rows: 2}},
			{Control: ui.OneOf, Field: ui.Field{Name: "chat_kind", Label: "Chat", Hint: "for the same notices", Value: typed.Get("chat_kind"), Options: chats}},
			{Field: webhook},
		},
	}
}
