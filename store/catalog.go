package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/listing"
)

type teamRow struct {
	ID         int64
	Slug       string
	Name       string
	Kind       string
	Zone       string
	Hours      string
	Mails      string
	ChatKind   string
	ChatHost   string
	ChatSealed string
	CreatedAt  time.Time
	ArchivedAt *time.Time
	Version    int64
}

func (teamRow) TableName() string { return "teams" }

func (r teamRow) team() (catalog.Team, error) {
	t := catalog.Team{
		ID: catalog.TeamID(r.ID), Slug: r.Slug, Name: r.Name, Kind: catalog.TeamKind(r.Kind), Zone: r.Zone,
		Chat:      catalog.Chat{Kind: catalog.ChatKind(r.ChatKind), Host: r.ChatHost, Sealed: r.ChatSealed},
		CreatedAt: r.CreatedAt.UTC(), ArchivedAt: moment(r.ArchivedAt), Version: r.Version,
	}
	if err := json.Unmarshal([]byte(r.Hours), &t.Hours); err != nil {
		return t, fmt.Errorf("hours of team %s: %w", r.Slug, err)
	}
	if err := json.Unmarshal([]byte(r.Mails), &t.Mails); err != nil {
		return t, fmt.Errorf("mails of team %s: %w", r.Slug, err)
	}
	return t, nil
}

func toTeamRow(t catalog.Team) (teamRow, error) {
	hours, err := json.Marshal(t.Hours)
	if err != nil {
		return teamRow{}, fmt.Errorf("hours of team %s: %w", t.Slug, err)
	}
	mails, err := json.Marshal(append([]string{}, t.Mails...))
	if err != nil {
		return teamRow{}, fmt.Errorf("mails of team %s: %w", t.Slug, err)
	}
	return teamRow{
		ID: int64(t.ID), Slug: t.Slug, Name: t.Name, Kind: string(t.Kind), Zone: t.Zone, Hours: string(hours), Mails: string(mails),
		ChatKind: string(t.Chat.Kind), ChatHost: t.Chat.Host, ChatSealed: t.Chat.Sealed,
		CreatedAt: t.CreatedAt.UTC(), ArchivedAt: nullable(t.ArchivedAt), Version: t.Version,
	}, nil
}

// Teams gives every team by name, archived ones last: a company has some dozens.
func (s *Store) Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[teamRow](s.db(ctx)).Order("archived_at IS NOT NULL, name, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "team")
	}
	teams := make([]catalog.Team, len(rows))
	for n, r := range rows {
		if teams[n], err = r.team(); err != nil {
			return nil, err
		}
	}
	return teams, nil
}

// Team gives one team.
func (s *Store) Team(ctx context.Context, viewer account.Actor, slug string) (catalog.Team, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return catalog.Team{}, err
	}
	r, err := table[teamRow](s.db(ctx)).Where("slug = ?", slug).Take(ctx)
	if err != nil {
		return catalog.Team{}, explain(err, "team")
	}
	return r.team()
}

// CreateTeam saves a new team.
func (s *Store) CreateTeam(ctx context.Context, t catalog.Team) (catalog.Team, error) {
	t.ID, t.Version = 0, 1
	err := s.InTx(ctx, func(ctx context.Context) error {
		r, err := toTeamRow(t)
		if err != nil {
			return err
		}
		if err := s.slugIsFree(ctx, r.TableName(), t.Slug, "team"); err != nil {
			return err
		}
		err = table[teamRow](s.db(ctx)).Create(ctx, &r)
		t.ID = catalog.TeamID(r.ID)
		return explain(err, "team")
	})
	return t, err
}

// UpdateTeam reads the team, lets change decide, and writes it.
func (s *Store) UpdateTeam(ctx context.Context, slug string, change func(*catalog.Team) error) (before, after catalog.Team, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[teamRow](s.db(ctx), forUpdate).Where("slug = ?", slug).Take(ctx)
		if err != nil {
			return explain(err, "team")
		}
		if before, err = r.team(); err != nil {
			return err
		}
		after, _ = r.team() // anew, so that change can't reach before's lists
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Version = before.ID, before.Version+1
		if after.Slug != slug {
			if err := s.slugIsFree(ctx, r.TableName(), after.Slug, "team"); err != nil {
				return err
			}
		}
		if r, err = toTeamRow(after); err != nil {
			return err
		}
		_, err = table[teamRow](s.db(ctx)).Where("id = ?", r.ID).Select("*").Updates(ctx, r)
		return explain(err, "team")
	})
	return before, after, err
}

// slugIsFree is an Invalid fault on the slug when another has it.
func (s *Store) slugIsFree(ctx context.Context, table, slug, thing string) error {
	var n int64
	if err := s.db(ctx).Table(table).Where("slug = ?", slug).Count(&n).Error; err != nil {
		return explain(err, thing)
	}
	var c fault.Check
	c.That(n == 0, "slug", "Another %s has the address %q. Choose another one.", thing, slug)
	return c.Err()
}

type serviceRow struct {
	ID        int64
	Slug      string
	Name      string
	Summary   string
	BuilderID *int64
	OnCallID  *int64
	CreatedAt time.Time
	RetiredAt *time.Time
	Version   int64
}

func (serviceRow) TableName() string { return "services" }

func (r serviceRow) service() catalog.Service {
	return catalog.Service{
		ID: catalog.ServiceID(r.ID), Slug: r.Slug, Name: r.Name, Summary: r.Summary,
		Builder: referred[catalog.TeamID](r.BuilderID), OnCall: referred[catalog.TeamID](r.OnCallID),
		CreatedAt: r.CreatedAt.UTC(), RetiredAt: moment(r.RetiredAt), Version: r.Version,
	}
}

func toServiceRow(s catalog.Service) serviceRow {
	return serviceRow{
		ID: int64(s.ID), Slug: s.Slug, Name: s.Name, Summary: s.Summary, BuilderID: reference(s.Builder), OnCallID: reference(s.OnCall),
		CreatedAt: s.CreatedAt.UTC(), RetiredAt: nullable(s.RetiredAt), Version: s.Version,
	}
}

func servicesOf(rows []serviceRow) []catalog.Service {
	services := make([]catalog.Service, len(rows))
	for n, r := range rows {
		services[n] = r.service()
	}
	return services
}

var serviceList = list[serviceRow]{
	thing: "service", table: "services", columns: "services.*", id: "services.id",
	idOf:  func(r serviceRow) int64 { return r.ID },
	sorts: map[string]sortKey[serviceRow]{"name": byText("services.name", func(r serviceRow) string { return r.Name })},
	usual: "name",
}

// Services lists services by name.
func (s *Store) Services(ctx context.Context, viewer account.Actor, f catalog.Filter, req listing.Request) (listing.Page[catalog.Service], error) {
	if err := viewer.May(account.Viewer); err != nil {
		return listing.Page[catalog.Service]{}, err
	}
	team, err := s.filterTeam(ctx, f.Team)
	if err != nil {
		return listing.Page[catalog.Service]{}, err
	}
	q := selection{from: serviceList.table}
	if team != 0 {
		q.and("(services.builder_id = ? OR services.on_call_id = ?)", team, team)
	}
	if !f.Retired {
		q.and("services.retired_at IS NULL")
	}
	for _, word := range strings.Fields(strings.ToLower(f.Query)) {
		like := "%" + escapeLike(word) + "%"
		q.and(`(lower(services.name) LIKE ? ESCAPE '\' OR services.slug LIKE ? ESCAPE '\')`, like, like)
	}
	page, err := serviceList.page(ctx, s.db(ctx), q, "", req)
	return pageOf(page, servicesOf(page.Items)), err
}

// escapeLike makes a person's text mean itself inside a LIKE with ESCAPE '\'.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// Service gives one service.
func (s *Store) Service(ctx context.Context, viewer account.Actor, slug string) (catalog.Service, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return catalog.Service{}, err
	}
	r, err := table[serviceRow](s.db(ctx)).Where("slug = ?", slug).Take(ctx)
	return r.service(), explain(err, "service")
}

// serviceNamesLimit bounds what a form offers.
const serviceNamesLimit = 5000

// ServiceNames gives the services that are not retired, by name, without their summaries: for forms.
func (s *Store) ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[serviceRow](s.db(ctx)).Select("id", "slug", "name", "builder_id", "on_call_id").
		Where("retired_at IS NULL").Order("name, id").Limit(serviceNamesLimit).Find(ctx)
	return servicesOf(rows), explain(err, "service")
}

// CreateService saves a new service.
func (s *Store) CreateService(ctx context.Context, service catalog.Service) (catalog.Service, error) {
	service.ID, service.Version = 0, 1
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.teamsExist(ctx, service); err != nil {
			return err
		}
		r := toServiceRow(service)
		if err := s.slugIsFree(ctx, r.TableName(), service.Slug, "service"); err != nil {
			return err
		}
		err := table[serviceRow](s.db(ctx)).Create(ctx, &r)
		service.ID = catalog.ServiceID(r.ID)
		return explain(err, "service")
	})
	return service, err
}

// UpdateService reads the service, lets change decide, and writes it.
func (s *Store) UpdateService(ctx context.Context, slug string, change func(*catalog.Service) error) (before, after catalog.Service, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[serviceRow](s.db(ctx), forUpdate).Where("slug = ?", slug).Take(ctx)
		if err != nil {
			return explain(err, "service")
		}
		before, after = r.service(), r.service()
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Version = before.ID, before.Version+1
		if err := s.teamsExist(ctx, after); err != nil {
			return err
		}
		if after.Slug != slug {
			if err := s.slugIsFree(ctx, r.TableName(), after.Slug, "service"); err != nil {
				return err
			}
		}
		_, err = table[serviceRow](s.db(ctx)).Where("id = ?", r.ID).Select("*").Updates(ctx, toServiceRow(after))
		return explain(err, "service")
	})
	return before, after, err
}

// teamsExist is an Invalid fault when the service names a team that is not there.
func (s *Store) teamsExist(ctx context.Context, service catalog.Service) error {
	var c fault.Check
	for _, named := range []struct {
		field string
		team  catalog.TeamID
	}{{"builder", service.Builder}, {"on_call", service.OnCall}} {
		if named.team == 0 {
			continue
		}
		there, err := s.teamExists(ctx, named.team)
		if err != nil {
			return err
		}
		c.That(there, named.field, "There is no such team.")
	}
	return c.Err()
}

func (s *Store) teamExists(ctx context.Context, id catalog.TeamID) (bool, error) {
	rows, err := table[teamRow](s.db(ctx)).Select("id").Where("id = ?", id).Limit(1).Find(ctx)
	return len(rows) > 0, explain(err, "team")
}

// filterTeam gives the number of the team that a filter names, 0 for none, or an Invalid fault.
func (s *Store) filterTeam(ctx context.Context, slug string) (int64, error) {
	return s.numberOf(ctx, "teams", "team", slug)
}

// filterService gives the number of the service that a filter or a form names, 0 for none, or an Invalid fault.
func (s *Store) filterService(ctx context.Context, slug string) (int64, error) {
	return s.numberOf(ctx, "services", "service", slug)
}

func (s *Store) numberOf(ctx context.Context, table, thing, slug string) (int64, error) {
	if slug == "" {
		return 0, nil
	}
	var ids []int64
	if err := s.db(ctx).Table(table).Where("slug = ?", slug).Limit(1).Pluck("id", &ids).Error; err != nil {
		return 0, explain(err, thing)
	}
	var c fault.Check
	c.That(len(ids) > 0, thing, "There is no %s %q.", thing, slug)
	if len(ids) == 0 {
		return 0, c.Err()
	}
	return ids[0], nil
}
