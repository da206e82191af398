package api

import (
	"context"
	"errors"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/listing"
)

type catalogReads interface {
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	Team(ctx context.Context, viewer account.Actor, slug string) (catalog.Team, error)
	Services(ctx context.Context, viewer account.Actor, f catalog.Filter, r listing.Request) (listing.Page[catalog.Service], error)
	Service(ctx context.Context, viewer account.Actor, slug string) (catalog.Service, error)
}

// teamNames are the slugs of teams by their ids; 0 has none.
type teamNames map[catalog.TeamID]string

func (a *API) teamNames(ctx context.Context) (teamNames, error) {
	teams, err := a.Store.Teams(ctx, account.ActorFrom(ctx))
	names := teamNames{}
	for _, t := range teams {
		names[t.ID] = t.Slug
	}
	return names, err
}

// teamID finds the team that a member names; empty is 0.
func (a *API) teamID(ctx context.Context, name, slug string) (catalog.TeamID, error) {
	if slug == "" {
		return 0, nil
	}
	t, err := a.Store.Team(ctx, account.ActorFrom(ctx), slug)
	if fault.Is(err, fault.NotFound) {
		var c fault.Check
		c.That(false, name, "There is no team %q.", slug)
		return 0, c.Err()
	}
	return t.ID, err
}

// ServiceJSON is a service as lists show it.
type ServiceJSON struct {
	Slug      string     `json:"slug"`
	Name      string     `json:"name"`
	Summary   string     `json:"summary"`
	Builder   *string    `json:"builder" doc:"Slug of the team that builds it; null: nobody recorded."`
	OnCall    *string    `json:"on_call" doc:"Slug of the team that answers at 2 a.m.; null: nobody recorded."`
	AtTwoAM   string     `json:"at_two_am" enum:"builds it,did not build it,nobody recorded"`
	CreatedAt time.Time  `json:"created_at"`
	RetiredAt *time.Time `json:"retired_at"`
}

func serviceAs(teams teamNames) func(catalog.Service) ServiceJSON {
	return func(s catalog.Service) ServiceJSON {
		return ServiceJSON{
			Slug: s.Slug, Name: s.Name, Summary: s.Summary, Builder: orNull(teams[s.Builder]), OnCall: orNull(teams[s.OnCall]),
			AtTwoAM: string(s.AtTwoAM()), CreatedAt: s.CreatedAt.UTC(), RetiredAt: known(s.RetiredAt),
		}
	}
}

type listServicesIn struct {
	Q       string `query:"q" maxLength:"500" doc:"Part of the name or slug."`
	Team    string `query:"team" doc:"Slug of the team that builds it or answers at night."`
	Retired bool   `query:"retired" doc:"With those that are retired."`
	PageQuery
}

func (a *API) listServices(ctx context.Context, in *listServicesIn) (*list[ServiceJSON], error) {
	p, err := a.Store.Services(ctx, account.ActorFrom(ctx), catalog.Filter{Query: in.Q, Team: in.Team, Retired: in.Retired}, in.request())
	if err != nil {
		return nil, err
	}
	teams, err := a.teamNames(ctx)
	if err != nil {
		return nil, err
	}
	return listed(p, serviceAs(teams)), nil
}

type newServiceJSON struct {
	Slug    string `json:"slug,omitempty" maxLength:"60" doc:"Made from the name when it is left out."`
	Name    string `json:"name" maxLength:"200"`
	Summary string `json:"summary,omitempty" maxLength:"10000"`
	Builder string `json:"builder,omitempty" doc:"Slug of a team."`
	OnCall  string `json:"on_call,omitempty" doc:"Slug of a team."`
}

func (a *API) addService(ctx context.Context, in *struct{ Body newServiceJSON }) (*one[ServiceJSON], error) {
	s := catalog.Service{Slug: in.Body.Slug, Name: in.Body.Name, Summary: in.Body.Summary}
	var err error
	if s.Builder, s.OnCall, err = a.answering(ctx, in.Body.Builder, in.Body.OnCall); err != nil {
		return nil, err
	}
	if s, err = a.Catalog.AddService(ctx, account.ActorFrom(ctx), s); err != nil {
		return nil, err
	}
	j, err := a.service(ctx, s)
	if err != nil {
		return nil, err
	}
	return created("/services/"+s.Slug, s.Version, j)
}

// answering finds who builds a service and who answers for it.
func (a *API) answering(ctx context.Context, builder, onCall string) (builds, answers catalog.TeamID, err error) {
	var c fault.Check
	if builds, err = a.teamID(ctx, "builder", builder); err != nil && !c.Add(err) {
		return 0, 0, err
	}
	if answers, err = a.teamID(ctx, "on_call", onCall); err != nil && !c.Add(err) {
		return 0, 0, err
	}
	return builds, answers, c.Err()
}

func (a *API) service(ctx context.Context, s catalog.Service) (ServiceJSON, error) {
	teams, err := a.teamNames(ctx)
	return serviceAs(teams)(s), err
}

// SlugIn names a service or a team in the address.
type SlugIn struct {
	Slug string `path:"slug" maxLength:"100" example:"card-gateway"`
}

func (a *API) showService(ctx context.Context, in *struct {
	SlugIn
	Conditional
},
) (*one[serviceShownJSON], error) {
	s, err := a.Store.Service(ctx, account.ActorFrom(ctx), in.Slug)
	if err != nil {
		return nil, err
	}
	j, err := a.serviceShown(ctx, s)
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, s.Version, j)
}

type serviceChangesJSON struct {
	Name      given[string]    `json:"name,omitempty" maxLength:"200"`
	Summary   given[string]    `json:"summary,omitempty" maxLength:"10000"`
	Builder   given[string]    `json:"builder,omitempty" doc:"Slug of a team."`
	OnCall    given[string]    `json:"on_call,omitempty" doc:"Slug of a team."`
	RetiredAt given[time.Time] `json:"retired_at,omitempty" doc:"Retires it; null takes that back."`
}

func (a *API) editService(ctx context.Context, in *struct {
	SlugIn
	Guarded
	Body serviceChangesJSON
},
) (*one[ServiceJSON], error) {
	builds, answers, err := a.answering(ctx, in.Body.Builder.Value, in.Body.OnCall.Value)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	var s catalog.Service
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Service(ctx, actor, in.Slug)
		if err != nil {
			return err
		}
		version, err := in.version(current.Version)
		if err != nil {
			return err
		}
		s, err = a.Catalog.EditService(ctx, actor, in.Slug, version, func(s *catalog.Service) error {
			in.Body.Name.into(&s.Name)
			in.Body.Summary.into(&s.Summary)
			if in.Body.Builder.Set {
				s.Builder = builds
			}
			if in.Body.OnCall.Set {
				s.OnCall = answers
			}
			if in.Body.RetiredAt.Set {
				s.RetiredAt = in.Body.RetiredAt.Value.UTC().Truncate(time.Microsecond)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	j, err := a.service(ctx, s)
	if err != nil {
		return nil, err
	}
	return changed(s.Version, j)
}

type teamJSON struct {
	Slug       string       `json:"slug"`
	Name       string       `json:"name"`
	Kind       string       `json:"kind" enum:"development,operations"`
	Zone       string       `json:"zone" doc:"IANA name, such as Europe/Lisbon."`
	Windows    []windowJSON `json:"working_hours" nullable:"false" doc:"In the team's zone; none: Monday to Friday, 09:00 to 17:00."`
	Holidays   []string     `json:"holidays" nullable:"false" doc:"Days such as 2026-12-25."`
	Mails      []string     `json:"mails" nullable:"false"`
	ChatKind   *string      `json:"chat_kind" enum:"slack,teams,webhook" doc:"Where notices of incidents go besides; null: no chat is known."`
	ChatHost   *string      `json:"chat_host" doc:"Of the chat's webhook; the rest of its address is a secret and never shown."`
	CreatedAt  time.Time    `json:"created_at"`
	ArchivedAt *time.Time   `json:"archived_at"`
}

// windowJSON is a stretch of one weekday, such as 09:00 to 17:00.
type windowJSON struct {
	Day  string `json:"day" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday"`
	From string `json:"from" pattern:"^([01]?[0-9]|2[0-4]):[0-5][0-9]$" example:"09:00"`
	To   string `json:"to" pattern:"^([01]?[0-9]|2[0-4]):[0-5][0-9]$" example:"17:00"`
}

var days = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func teamAs(t catalog.Team) teamJSON {
	j := teamJSON{
		Slug: t.Slug, Name: t.Name, Kind: string(t.Kind), Zone: t.Zone, Windows: []windowJSON{}, Holidays: append([]string{}, t.Hours.Holidays...),
		Mails: append([]string{}, t.Mails...), ChatKind: orNull(string(t.Chat.Kind)), ChatHost: orNull(t.Chat.Host), CreatedAt: t.CreatedAt.UTC(), ArchivedAt: known(t.ArchivedAt),
	}
	for _, w := range t.Hours.Windows {
		j.Windows = append(j.Windows, windowJSON{Day: days[w.Day], From: w.From.String(), To: w.To.String()})
	}
	return j
}

func windowsOf(list []windowJSON) ([]catalog.Window, error) {
	var windows []catalog.Window
	var wrong error
	for _, j := range list {
		var w catalog.Window
		for n, day := range days {
			if day == j.Day {
				w.Day = time.Weekday(n)
			}
		}
		wrong = errors.Join(wrong, w.From.UnmarshalText([]byte(j.From)), w.To.UnmarshalText([]byte(j.To)))
		windows = append(windows, w)
	}
	var c fault.Check
	c.That(wrong == nil, "working_hours", "Write times of day such as 09:00, up to 24:00.")
	return windows, c.Err()
}

func (a *API) listTeams(ctx context.Context, _ *struct{}) (*list[teamJSON], error) {
	teams, err := a.Store.Teams(ctx, account.ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return whole(teams, teamAs), nil
}

// TeamFields are what both adding and changing take.
type TeamFields struct {
	Windows  given[[]windowJSON] `json:"working_hours,omitempty" maxItems:"100"`
	Holidays given[[]string]     `json:"holidays,omitempty" maxItems:"1000"`
	Mails    given[[]string]     `json:"mails,omitempty" maxItems:"100"`
	// The chat is kept sealed: see chat.
	ChatKind    given[string] `json:"chat_kind,omitempty" enum:"slack,teams,webhook" doc:"null takes the chat away."`
	ChatAddress given[string] `json:"chat_address,omitempty" maxLength:"2000" writeOnly:"true" doc:"Address of the chat's webhook; a secret that is never shown again."`
}

// chat puts the chat into the team; the address may be left out where one is known.
func (a *API) chat(f TeamFields, t *catalog.Team) error {
	if !f.ChatKind.Set && !f.ChatAddress.Set {
		return nil
	}
	kind := t.Chat.Kind
	if f.ChatKind.Set {
		kind = catalog.ChatKind(f.ChatKind.Value)
	}
	chat, err := a.Catalog.Chat(t.Chat, kind, f.ChatAddress.Value)
	t.Chat = chat
	return err
}

// apply puts the other fields into the team.
func (f TeamFields) apply(t *catalog.Team) error {
	f.Holidays.into(&t.Hours.Holidays)
	f.Mails.into(&t.Mails)
	if !f.Windows.Set {
		return nil
	}
	var err error
	t.Hours.Windows, err = windowsOf(f.Windows.Value)
	return err
}

type newTeamJSON struct {
	Slug string `json:"slug,omitempty" maxLength:"60" doc:"Made from the name when it is left out."`
	Name string `json:"name" maxLength:"200"`
	Kind string `json:"kind" enum:"development,operations"`
	Zone string `json:"zone,omitempty" maxLength:"100" doc:"UTC when it is left out."`
	TeamFields
}

func (a *API) addTeam(ctx context.Context, in *struct{ Body newTeamJSON }) (*one[teamJSON], error) {
	t := catalog.Team{Slug: in.Body.Slug, Name: in.Body.Name, Kind: catalog.TeamKind(in.Body.Kind), Zone: in.Body.Zone}
	if t.Zone == "" {
		t.Zone = "UTC"
	}
	if err := errors.Join(in.Body.apply(&t), a.chat(in.Body.TeamFields, &t)); err != nil {
		return nil, err
	}
	t, err := a.Catalog.AddTeam(ctx, account.ActorFrom(ctx), t)
	if err != nil {
		return nil, err
	}
	return created("/teams/"+t.Slug, t.Version, teamAs(t))
}

func (a *API) showTeam(ctx context.Context, in *struct {
	SlugIn
	Conditional
},
) (*one[teamJSON], error) {
	t, err := a.Store.Team(ctx, account.ActorFrom(ctx), in.Slug)
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, t.Version, teamAs(t))
}

type teamChangesJSON struct {
	Name       given[string]    `json:"name,omitempty" maxLength:"200"`
	Kind       given[string]    `json:"kind,omitempty" enum:"development,operations"`
	Zone       given[string]    `json:"zone,omitempty" maxLength:"100"`
	ArchivedAt given[time.Time] `json:"archived_at,omitempty" doc:"Archives it; null takes that back."`
	TeamFields
}

func (a *API) editTeam(ctx context.Context, in *struct {
	SlugIn
	Guarded
	Body teamChangesJSON
},
) (*one[teamJSON], error) {
	actor := account.ActorFrom(ctx)
	var t catalog.Team
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Team(ctx, actor, in.Slug)
		if err != nil {
			return err
		}
		version, err := in.version(current.Version)
		if err != nil {
			return err
		}
		t, err = a.Catalog.EditTeam(ctx, actor, in.Slug, version, func(t *catalog.Team) error {
			in.Body.Name.into(&t.Name)
			intoWord(in.Body.Kind, &t.Kind, "")
			in.Body.Zone.into(&t.Zone)
			if in.Body.ArchivedAt.Set {
				t.ArchivedAt = in.Body.ArchivedAt.Value.UTC().Truncate(time.Microsecond)
			}
			return errors.Join(in.Body.apply(t), a.chat(in.Body.TeamFields, t))
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed(t.Version, teamAs(t))
}
