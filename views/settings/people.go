package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/views/link"
	"upshot/views/ui"
)

// Secret is shown once: it is kept nowhere in a form that could be shown again.
type Secret struct {
	Title string // "A link for Maria Costa"
	Label string
	Value string
	Help  string // how long it works, and what to do with it
}

// LinkFor is the one-time link with which somebody chooses a password.
func LinkFor(u account.User, i account.Invitation, address string, at ui.Clock) *Secret {
	return &Secret{
		Title: "A link for " + u.DisplayName, Label: "One-time link", Value: address,
		Help: fmt.Sprintf("It works once, until %s, and is shown only now. Copy it and hand it on yourself.", at.Moment(i.ExpiresAt)),
	}
}

// PersonRow is one account in the list.
type PersonRow struct {
	Name, DisplayName, Email, Link string
	Role                           account.Role
	State                          string // empty when the account is in use
	LastSeen                       ui.When
}

// PeoplePage lists the accounts and asks for a new one.
type PeoplePage struct {
	Title  string // "4 people, 2 of them administrators"
	People []PersonRow
	Add    ui.Form
	Secret *Secret
}

// NewPeoplePage shows everybody, with a form for one more that may have come back with what is wrong.
func NewPeoplePage(people []account.User, typed account.User, err error, at ui.Clock) PeoplePage {
	p := PeoplePage{}
	admins, using := 0, 0
	for _, u := range people {
		row := PersonRow{
			Name: u.Name, DisplayName: u.DisplayName, Email: u.Email, Link: link.Person(int64(u.ID)), Role: u.Role,
			State: standing(u), LastSeen: at.When(u.LastSeenAt),
		}
		if !u.Disabled() {
			using++
			if u.Role == account.Admin {
				admins++
			}
		}
		p.People = append(p.People, row)
	}
	p.Title = ui.Plural(using, "person", "people") + ", " + ui.Plural(admins, "administrator", "administrators")
	if typed.Role == "" {
		typed.Role = account.Editor
	}
	p.Add = ui.NewForm(ui.Form{
		Action: link.People, Submit: "Add and make a link",
		Above: about("Add somebody", "They choose a password themselves, with a link that you hand on."),
		Questions: []ui.Question{
			{Field: ui.Field{Name: "name", Label: "Name for signing in", Value: typed.Name, Required: true, Autocomplete: "off", Help: "Letters, digits and . _ @ + -", More: plainWord}},
			{Field: ui.Field{Name: "display_name", Label: "Name", Hint: "as timelines show it", Value: typed.DisplayName, Autocomplete: "off"}},
			{Field: ui.Field{Name: "email", Label: "Mail address", Hint: "optional", Type: "email", Value: typed.Email, Autocomplete: "off"}},
			{Field: zoneField(typed.Zone)},
			{Control: ui.Cards, Field: ui.Field{Name: "role", Label: "Role", Value: string(typed.Role), Options: roleCards(account.Admin), Wide: true}},
		},
	}, err)
	return p
}

// standing is what keeps an account from being used, in words.
func standing(u account.User) string {
	switch {
	case u.Disabled():
		return "disabled"
	case u.PasswordHash == "":
		return "no password yet"
	}
	return ""
}

// PersonPage is one account, as an administrator changes it.
type PersonPage struct {
	ID          int64
	DisplayName string
	Name        string
	State       string
	Disabled    bool
	HasPassword bool
	Self        bool // the reader
	Created     ui.When
	LastSeen    ui.When
	Profile     ui.Form
	Role        ui.Form
	Trouble     string
	Secret      *Secret
}

// NewPersonPage shows the account. typed is what a form that came back with err held, by field; nil for none.
func NewPersonPage(u account.User, reader account.UserID, teams []catalog.Team, typed map[string]string, err error, at ui.Clock) PersonPage {
	said := func(field, kept string) string {
		if v, ok := typed[field]; ok {
			return v
		}
		return kept
	}
	id := int64(u.ID)
	p := PersonPage{
		ID: id, DisplayName: u.DisplayName, Name: u.Name, State: standing(u), Disabled: u.Disabled(), Self: u.ID == reader,
		HasPassword: u.PasswordHash != "", Created: at.OnDay(u.CreatedAt), LastSeen: at.When(u.LastSeenAt),
	}
	p.Profile = profileForm(link.Person(id), said("display_name", u.DisplayName), said("email", u.Email), said("zone", u.Zone), teamField(teams, u.Team, typed))
	p.Role = ui.Form{Action: link.ChangeRole(id), Submit: "Change the role", Second: true, Questions: []ui.Question{
		{Control: ui.Cards, Field: ui.Field{Name: "role", Label: "Role", Value: said("role", string(u.Role)), Options: roleCards(account.Admin), Wide: true}},
	}}
	form := ui.NewForm(p.Profile, err)
	if len(form.Wrong) > 0 && typed["role"] == "" {
		p.Profile = form
	} else if form = ui.NewForm(p.Role, err); len(form.Wrong) > 0 {
		p.Role = form
	}
	p.Trouble = form.Trouble
	return p
}

// profileForm is what people may change about themselves.
func profileForm(action, displayName, email, zone string, team ui.Question) ui.Form {
	return ui.Form{Action: action, Submit: "Save", Above: about("Profile", ""), Questions: []ui.Question{
		{Field: ui.Field{Name: "display_name", Label: "Name", Hint: "as timelines show it", Value: displayName, Autocomplete: "name"}},
		{Field: ui.Field{Name: "email", Label: "Mail address", Hint: "optional", Type: "email", Value: email, Autocomplete: "email"}},
		{Field: zoneField(zone)},
		team,
	}}
}

// teamField asks which team somebody belongs to; typed, unless nil, is what a form that came back held.
func teamField(teams []catalog.Team, kept int64, typed map[string]string) ui.Question {
	q := ui.Question{Control: ui.OneOf, Field: ui.Field{
		Name: "team", Label: "Team", Options: []ui.Option{{Label: "No team"}}, Help: "The inbox opens with the incidents of this team.",
	}}
	for _, t := range teams {
		present := int64(t.ID) == kept
		if t.ArchivedAt.IsZero() || present {
			q.Options = append(q.Options, ui.Option{Value: t.Slug, Label: t.Name})
		}
		if present {
			q.Value = t.Slug
		}
	}
	if slug, ok := typed["team"]; ok {
		q.Value = slug
	}
	return q
}

func zoneField(zone string) ui.Field {
	return ui.Field{
		Name: "zone", Label: "Time zone", Hint: "empty: UTC", Value: zone, Placeholder: "UTC",
		Help: "By its name, such as Europe/London.", Autocomplete: "off", More: plainWord,
	}
}

// plainWord keeps browsers from correcting names.
var plainWord = templ.Attributes{"autocapitalize": "none", "spellcheck": "false"}

// roleCards offers the roles up to the highest one.
func roleCards(highest account.Role) []ui.Option {
	var cards []ui.Option
	for _, r := range account.Roles {
		if highest.Includes(r) {
			cards = append(cards, ui.Option{Value: string(r), Label: string(r), Help: mayDo[r]})
		}
	}
	return cards
}

var mayDo = map[account.Role]string{
	account.Viewer: "Reads everything.",
	account.Editor: "Also writes incidents, notes, follow-ups, services and deployments.",
	account.Admin:  "Also manages people, teams and every token.",
}

var youMay = map[account.Role]string{
	account.Viewer: "you may read everything.",
	account.Editor: "you may read everything, and write incidents, notes, follow-ups, services and deployments.",
	account.Admin:  "you may do everything, and manage people, teams and every token.",
}

// TokenRow is one token in the list; the token itself cannot be shown.
type TokenRow struct {
	ID                         int64
	Name, Prefix, Owner, State string
	Role                       account.Role
	Created, LastUsed, Expires ui.When // without Expires it works until it is revoked
	Usable                     bool
}

// TokensPage lists tokens and asks for a new one.
type TokensPage struct {
	Title  string
	All    bool // everybody's, for administrators
	Tokens []TokenRow
	Add    ui.Form
	Secret *Secret
}

// TokenForm is what was typed for a new token.
type TokenForm struct {
	Name, Role, ExpiresOn string
}

// NewTokensPage shows tokens; reader decides what roles a new one may have.
func NewTokensPage(tokens []account.Token, reader account.Role, typed TokenForm, err error, at ui.Clock) TokensPage {
	p := TokensPage{All: reader.Includes(account.Admin)}
	usable := 0
	for _, t := range tokens {
		row := TokenRow{
			ID: int64(t.ID), Name: t.Name, Prefix: t.Prefix + "…", Owner: t.CreatedBy, Role: t.Role, Usable: t.Usable(at.Now),
			Created: at.OnDay(t.CreatedAt), LastUsed: at.When(t.LastUsedAt), Expires: at.OnDay(lastDay(t.ExpiresAt)),
		}
		switch {
		case !t.RevokedAt.IsZero():
			row.State = "revoked " + at.Day(t.RevokedAt)
		case !row.Usable:
			row.State = "expired"
		default:
			usable++
		}
		p.Tokens = append(p.Tokens, row)
	}
	p.Title = ui.Plural(usable, "token is in use", "tokens are in use")
	if usable == 0 {
		p.Title = "No token is in use"
	}
	if typed.Role == "" {
		typed.Role = string(account.Viewer)
	}
	p.Add = ui.NewForm(ui.Form{
		Action: link.Tokens, Submit: "Make the token",
		Above: about("A new token", "A program shows it to the API and may then do what the token’s role allows, never more than you."),
		Questions: []ui.Question{
			{Field: ui.Field{Name: "name", Label: "What is it for?", Value: typed.Name, Required: true, Placeholder: "Deployment pipeline", Autocomplete: "off"}},
			{Field: ui.Field{Name: "expires_at", Label: "Works until the end of", Hint: "empty: for ever", Type: "date", Value: typed.ExpiresOn}},
			{Control: ui.Cards, Field: ui.Field{Name: "role", Label: "Role", Value: typed.Role, Options: roleCards(reader), Wide: true}},
		},
	}, err)
	return p
}

// lastDay is a moment on the last day on which something works that ends at midnight.
func lastDay(ends time.Time) time.Time {
	if ends.IsZero() {
		return ends
	}
	return ends.Add(-time.Second)
}

// TokenMade is the new token, shown once.
func TokenMade(t account.Token, raw string) *Secret {
	return &Secret{
		Title: "The token “" + t.Name + "”", Label: "Token", Value: raw,
		Help: "It is shown only now: copy it to where it is used. Programs send it as Authorization: Bearer, followed by the token.",
	}
}

// ProfilePage is the reader's own account.
type ProfilePage struct {
	DisplayName string
	Lede        string
	Profile     ui.Form
	Password    ui.Form
}

// NewProfilePage shows the account of who reads it. typed is what the profile's form held when it came back.
func NewProfilePage(u account.User, teams []catalog.Team, typed *account.Profile, wrongProfile, wrongPassword error) ProfilePage {
	shown := account.Profile{DisplayName: u.DisplayName, Email: u.Email, Zone: u.Zone, Team: u.Team}
	if typed != nil {
		shown = *typed
	}
	return ProfilePage{
		DisplayName: u.DisplayName,
		Lede:        fmt.Sprintf("You sign in as %s. Your role is %s: %s", u.Name, u.Role, youMay[u.Role]),
		Profile:     ui.NewForm(profileForm(link.Profile, shown.DisplayName, shown.Email, shown.Zone, teamField(teams, shown.Team, nil)), wrongProfile),
		Password: ui.NewForm(ui.Form{
			Action: link.OwnPassword, Submit: "Change the password", Second: true,
			Above: aboutPassword(u.Name),
			Questions: []ui.Question{
				{Field: ui.Field{Name: "old_password", Label: "Present password", Type: "password", Autocomplete: "current-password", Required: true}},
				{Field: ui.Field{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, Help: "At least " + strconv.Itoa(account.MinPassword) + " characters; four or five words are easy to remember."}},
			},
		}, wrongPassword),
	}
}

type tab struct{ name, address string }

// tabs are the pages of the settings that somebody may see.
func tabs(admin bool) []tab {
	own := []tab{{"Sources", link.Sources}, {"Jira", link.Jira}, {"Rules", link.Rules}, {"Profile", link.Profile}, {"Tokens", link.Tokens}}
	if admin {
		return slices.Insert(own, 3, tab{"Mail", link.Mail}, tab{"People", link.People})
	}
	return own
}

// current tells whether the page, or one below it, is the tab's.
func (t tab) current(here string) bool {
	return here == t.address || strings.HasPrefix(here, t.address+"/")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func number(n int) string { return strconv.Itoa(n) }

func hookButton(on bool) string {
	if on {
		return "Make a new secret"
	}
	return "Switch webhooks on"
}
