package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// asJSON is a value as a column. Only our own plain values come here.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T cannot be kept: %v", v, err))
	}
	return string(b)
}

// fromJSON reads what asJSON wrote; the thing names it when the column is damaged.
func fromJSON(column string, into any, thing string) error {
	if err := json.Unmarshal([]byte(column), into); err != nil {
		return fmt.Errorf("%s: %w", thing, err)
	}
	return nil
}

// Installation is a short word that only this database has, made the first time somebody asks: labels in Jira bear it.
func (s *Store) Installation(ctx context.Context) (string, error) {
	const name = "code"
	var codes []string
	read := func(ctx context.Context) error {
		return s.db(ctx).Raw("SELECT value FROM installation WHERE name = ?", name).Scan(&codes).Error
	}
	if err := read(ctx); err != nil || len(codes) > 0 {
		return strings.Join(codes, ""), explain(err, "installation")
	}
	err := s.InTx(ctx, func(ctx context.Context) error {
		code := strings.ToLower(rand.Text()[:6])
		if err := s.db(ctx).Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, code).Error; err != nil {
			return err
		}
		return read(ctx)
	})
	return strings.Join(codes, ""), explain(err, "installation")
}

type jiraSiteRow struct {
	ID                int64
	Name              string
	URL               string
	Flavour           string
	Version           string
	UserName          string
	TokenSealed       string
	FromEnvironment   bool
	Account           string
	Fields            string
	Priorities        string
	HookName          string
	HookSecretsSealed string
	CreatedAt         time.Time
	DisabledAt        *time.Time
	Revision          int64
}

func (jiraSiteRow) TableName() string { return "jira_sites" }

func (r jiraSiteRow) site() (jirasync.Site, error) {
	s := jirasync.Site{
		ID: ticket.SiteID(r.ID), Name: r.Name, URL: r.URL, Flavour: jirasync.Flavour(r.Flavour), Version: r.Version, User: r.UserName,
		SealedToken: r.TokenSealed, FromEnvironment: r.FromEnvironment, HookName: r.HookName, SealedHookSecrets: r.HookSecretsSealed,
		CreatedAt: r.CreatedAt.UTC(), DisabledAt: moment(r.DisabledAt), Revision: r.Revision,
	}
	for column, into := range map[string]any{r.Account: &s.Account, r.Fields: &s.Fields, r.Priorities: &s.Priorities} {
		if err := fromJSON(column, into, "Jira site "+r.URL); err != nil {
			return s, err
		}
	}
	return s, nil
}

func toJiraSiteRow(s jirasync.Site) jiraSiteRow {
	return jiraSiteRow{
		ID: int64(s.ID), Name: s.Name, URL: s.URL, Flavour: string(s.Flavour), Version: s.Version, UserName: s.User,
		TokenSealed: s.SealedToken, FromEnvironment: s.FromEnvironment, Account: asJSON(s.Account), Fields: asJSON(s.Fields),
		Priorities: asJSON(append([]ticket.Named{}, s.Priorities...)), HookName: s.HookName, HookSecretsSealed: s.SealedHookSecrets,
		CreatedAt: s.CreatedAt.UTC(), DisabledAt: nullable(s.DisabledAt), Revision: s.Revision,
	}
}

// JiraSites gives every connected site, in the order they came.
func (s *Store) JiraSites(ctx context.Context) ([]jirasync.Site, error) {
	rows, err := table[jiraSiteRow](s.db(ctx)).Order("id").Find(ctx)
	if err != nil {
		return nil, explain(err, "Jira site")
	}
	sites := make([]jirasync.Site, len(rows))
	for n, r := range rows {
		if sites[n], err = r.site(); err != nil {
			return nil, err
		}
	}
	return sites, nil
}

// JiraSite gives one site.
func (s *Store) JiraSite(ctx context.Context, id ticket.SiteID) (jirasync.Site, error) {
	r, err := table[jiraSiteRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	if err != nil {
		return jirasync.Site{}, explain(err, "Jira site")
	}
	return r.site()
}

// JiraSiteByHook gives the site whose webhooks come to that address.
func (s *Store) JiraSiteByHook(ctx context.Context, name string) (jirasync.Site, error) {
	r, err := table[jiraSiteRow](s.db(ctx)).Where("hook_name = ?", name).Take(ctx)
	if err != nil {
		return jirasync.Site{}, explain(err, "Jira site")
	}
	return r.site()
}

// CreateJiraSite saves a new site.
func (s *Store) CreateJiraSite(ctx context.Context, site jirasync.Site) (jirasync.Site, error) {
	site.ID, site.Revision = 0, 1
	err := s.InTx(ctx, func(ctx context.Context) error {
		r := toJiraSiteRow(site)
		if err := table[jiraSiteRow](s.db(ctx)).Create(ctx, &r); err != nil {
			return explain(err, "Jira site")
		}
		site.ID = ticket.SiteID(r.ID)
		sync := jiraSyncRow{SiteID: r.ID}
		return explain(table[jiraSyncRow](s.db(ctx)).Create(ctx, &sync), "Jira site")
	})
	return site, err
}

// UpdateJiraSite reads the site, lets change decide, and writes it.
func (s *Store) UpdateJiraSite(ctx context.Context, id ticket.SiteID, change func(*jirasync.Site) error) (before, after jirasync.Site, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[jiraSiteRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "Jira site")
		}
		if before, err = r.site(); err != nil {
			return err
		}
		after, _ = r.site()
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Revision = before.ID, before.Revision+1
		_, err = table[jiraSiteRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toJiraSiteRow(after))
		return explain(err, "Jira site")
	})
	return before, after, err
}

type jiraStatusRow struct {
	SiteID      int64
	StatusID    string
	Name        string
	Category    string
	Placed      string
	Known       bool
	FirstSeenAt time.Time
	LastSeenAt  time.Time
}

func (jiraStatusRow) TableName() string { return "jira_statuses" }

func (r jiraStatusRow) status() ticket.Status {
	return ticket.Status{
		Named: ticket.Named{ID: r.StatusID, Name: r.Name}, Category: ticket.Category(r.Category),
		Placed: ticket.Category(r.Placed), Known: r.Known,
	}
}

// JiraStatuses is the catalogue of a site: every status ever seen, by id.
func (s *Store) JiraStatuses(ctx context.Context, site ticket.SiteID) (map[string]ticket.Status, error) {
	rows, err := table[jiraStatusRow](s.db(ctx)).Where("site_id = ?", site).Order("status_id").Find(ctx)
	if err != nil {
		return nil, explain(err, "status")
	}
	catalogue := make(map[string]ticket.Status, len(rows))
	for _, r := range rows {
		catalogue[r.StatusID] = r.status()
	}
	return catalogue, nil
}

// KeepStatuses notes statuses that were seen. With listed they are all of Jira's list: others are no longer known there. A
// category that is known is never forgotten.
func (s *Store) KeepStatuses(ctx context.Context, site ticket.SiteID, seen []ticket.Status, listed bool, now time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		if listed {
			if _, err := table[jiraStatusRow](s.db(ctx)).Where("site_id = ?", site).Update(ctx, "known", false); err != nil {
				return explain(err, "status")
			}
		}
		for _, st := range seen {
			r := jiraStatusRow{
				SiteID: int64(site), StatusID: st.ID, Name: st.Name, Category: string(st.Category), Known: listed,
				FirstSeenAt: now.UTC(), LastSeenAt: now.UTC(),
			}
			if r.Category == "" {
				r.Category = string(ticket.Unknown)
			}
			err := s.db(ctx).Exec(`INSERT INTO jira_statuses (site_id, status_id, name, category, placed, known, first_seen_at, last_seen_at)
				VALUES (?, ?, ?, ?, '', ?, ?, ?)
				ON CONFLICT (site_id, status_id) DO UPDATE SET name = CASE WHEN excluded.name = '' THEN jira_statuses.name ELSE excluded.name END,
				category = CASE WHEN excluded.category = 'unknown' THEN jira_statuses.category ELSE excluded.category END,
				known = CASE WHEN excluded.known THEN excluded.known ELSE jira_statuses.known END, last_seen_at = excluded.last_seen_at`,
				r.SiteID, r.StatusID, r.Name, r.Category, r.Known, r.FirstSeenAt, r.LastSeenAt).Error
			if err != nil {
				return explain(err, "status")
			}
		}
		return nil
	})
}

// PlaceStatus says what a status counts as whose category Jira no longer tells.
func (s *Store) PlaceStatus(ctx context.Context, site ticket.SiteID, status string, as ticket.Category) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		n, err := table[jiraStatusRow](s.db(ctx)).Where("site_id = ? AND status_id = ?", site, status).Update(ctx, "placed", string(as))
		if err == nil && n == 0 {
			err = gorm.ErrRecordNotFound
		}
		return explain(err, "status")
	})
}

// StatusUse counts the tickets in each status of a site.
func (s *Store) StatusUse(ctx context.Context, site ticket.SiteID) (map[string]int, error) {
	var rows []struct {
		StatusID string
		N        int
	}
	err := s.db(ctx).Raw("SELECT status_id, count(*) AS n FROM tickets WHERE site_id = ? GROUP BY status_id", site).Scan(&rows).Error
	use := make(map[string]int, len(rows))
	for _, r := range rows {
		use[r.StatusID] = r.N
	}
	return use, explain(err, "status")
}

type jiraResolutionRow struct {
	SiteID       int64
	ResolutionID string
	Name         string
	Meaning      string
}

func (jiraResolutionRow) TableName() string { return "jira_resolutions" }

// JiraResolutions are those of a site ever seen, by name, with what they mean.
func (s *Store) JiraResolutions(ctx context.Context, site ticket.SiteID) ([]jirasync.Resolution, error) {
	rows, err := table[jiraResolutionRow](s.db(ctx)).Where("site_id = ?", site).Order("name, resolution_id").Find(ctx)
	if err != nil {
		return nil, explain(err, "resolution")
	}
	all := make([]jirasync.Resolution, len(rows))
	for n, r := range rows {
		all[n] = jirasync.Resolution{Named: ticket.Named{ID: r.ResolutionID, Name: r.Name}, Meaning: ticket.Meaning(r.Meaning)}
	}
	return all, nil
}

// KeepResolutions notes resolutions that were seen. What one means stays as it is, unless it is new.
func (s *Store) KeepResolutions(ctx context.Context, site ticket.SiteID, seen []jirasync.Resolution) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		for _, r := range seen {
			err := s.db(ctx).Exec(`INSERT INTO jira_resolutions (site_id, resolution_id, name, meaning) VALUES (?, ?, ?, ?)
				ON CONFLICT (site_id, resolution_id) DO UPDATE SET name = excluded.name`, site, r.ID, r.Name, string(r.Meaning)).Error
			if err != nil {
				return explain(err, "resolution")
			}
		}
		return nil
	})
}

// SetMeaning says what a resolution means.
func (s *Store) SetMeaning(ctx context.Context, site ticket.SiteID, resolution string, m ticket.Meaning) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		n, err := table[jiraResolutionRow](s.db(ctx)).Where("site_id = ? AND resolution_id = ?", site, resolution).Update(ctx, "meaning", string(m))
		if err == nil && n == 0 {
			err = gorm.ErrRecordNotFound
		}
		return explain(err, "resolution")
	})
}

type jiraProjectRow struct {
	ID         int64
	SiteID     int64
	TeamID     *int64
	ServiceID  *int64
	Project    string
	TypeID     string
	TypeName   string
	Components string
	Labels     string
	Fixed      string
	Owners     string
	May        string
	Wrong      string
	CheckedAt  *time.Time
	Revision   int64
}

func (jiraProjectRow) TableName() string { return "jira_projects" }

func (r jiraProjectRow) project() (jirasync.Project, error) {
	p := jirasync.Project{
		ID: jirasync.ProjectID(r.ID), Site: ticket.SiteID(r.SiteID), Team: referred[catalog.TeamID](r.TeamID),
		Service: referred[catalog.ServiceID](r.ServiceID), Key: r.Project, Type: ticket.Named{ID: r.TypeID, Name: r.TypeName},
		CheckedAt: moment(r.CheckedAt), Revision: r.Revision,
	}
	for _, c := range []struct {
		column string
		into   any
	}{{r.Components, &p.Components}, {r.Labels, &p.Labels}, {r.Fixed, &p.Fixed}, {r.Owners, &p.Owners}, {r.May, &p.May}, {r.Wrong, &p.Wrong}} {
		if err := fromJSON(c.column, c.into, "mapping to "+r.Project); err != nil {
			return p, err
		}
	}
	return p, nil
}

func toJiraProjectRow(p jirasync.Project) jiraProjectRow {
	fixed := p.Fixed
	if fixed == nil {
		fixed = map[string]json.RawMessage{}
	}
	owners := p.Owners
	if owners == nil {
		owners = jirasync.Owners{}
	}
	return jiraProjectRow{
		ID: int64(p.ID), SiteID: int64(p.Site), TeamID: reference(p.Team), ServiceID: reference(p.Service), Project: p.Key,
		TypeID: p.Type.ID, TypeName: p.Type.Name, Components: asJSON(append([]string{}, p.Components...)),
		Labels: asJSON(append([]string{}, p.Labels...)), Fixed: asJSON(fixed), Owners: asJSON(owners), May: asJSON(p.May),
		Wrong: asJSON(append([]string{}, p.Wrong...)), CheckedAt: nullable(p.CheckedAt), Revision: p.Revision,
	}
}

// JiraProjects gives every mapping, by site and project.
func (s *Store) JiraProjects(ctx context.Context) ([]jirasync.Project, error) {
	rows, err := table[jiraProjectRow](s.db(ctx)).Order("site_id, project, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "mapping")
	}
	all := make([]jirasync.Project, len(rows))
	for n, r := range rows {
		if all[n], err = r.project(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// SaveJiraProject writes a mapping: a new one when its ID is 0.
func (s *Store) SaveJiraProject(ctx context.Context, p jirasync.Project) (jirasync.Project, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		p.Revision++
		r := toJiraProjectRow(p)
		if p.ID == 0 {
			err := table[jiraProjectRow](s.db(ctx)).Create(ctx, &r)
			p.ID = jirasync.ProjectID(r.ID)
			return explain(err, "mapping of this team or service")
		}
		n, err := table[jiraProjectRow](s.db(ctx)).Where("id = ?", p.ID).Select("*").Updates(ctx, r)
		if err == nil && n == 0 {
			err = gorm.ErrRecordNotFound
		}
		return explain(err, "mapping of this team or service")
	})
	return p, err
}

// DeleteJiraProject takes a mapping away. What was filed by it stays linked.
func (s *Store) DeleteJiraProject(ctx context.Context, id jirasync.ProjectID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[jiraProjectRow](s.db(ctx)).Where("id = ?", id).Delete(ctx)
		return explain(err, "mapping")
	})
}

type escalationRuleRow struct {
	TeamID    int64
	Rule      string
	UpdatedAt time.Time
}

func (escalationRuleRow) TableName() string { return "escalation_rules" }

// EscalationRules are the rules that somebody set, by team; team 0 has that of all others.
func (s *Store) EscalationRules(ctx context.Context) (map[catalog.TeamID]followup.Rule, error) {
	rows, err := table[escalationRuleRow](s.db(ctx)).Order("team_id").Find(ctx)
	if err != nil {
		return nil, explain(err, "rule")
	}
	rules := make(map[catalog.TeamID]followup.Rule, len(rows))
	for _, r := range rows {
		var rule followup.Rule
		if err := fromJSON(r.Rule, &rule, "escalation rule"); err != nil {
			return nil, err
		}
		rule.Team = catalog.TeamID(r.TeamID)
		rules[rule.Team] = rule
	}
	return rules, nil
}

// SetEscalationRule writes the rule of a team (0: of all others).
func (s *Store) SetEscalationRule(ctx context.Context, rule followup.Rule, now time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r := escalationRuleRow{TeamID: int64(rule.Team), Rule: asJSON(rule), UpdatedAt: now.UTC()}
		err := s.db(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "team_id"}}, UpdateAll: true}).Create(&r).Error
		return explain(err, "rule")
	})
}

// DropEscalationRule takes a team's own rule away: that of all others is its rule again.
func (s *Store) DropEscalationRule(ctx context.Context, team catalog.TeamID) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		_, err := table[escalationRuleRow](s.db(ctx)).Where("team_id = ?", team).Delete(ctx)
		return explain(err, "rule")
	})
}

// chunks of ids, as many as one statement takes.
func chunks[T any](ids []T, do func([]T) error) error {
	for some := range slices.Chunk(ids, together) {
		if err := do(some); err != nil {
			return err
		}
	}
	return nil
}
