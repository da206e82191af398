package jirasync

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/secret"
	"upshot/app/ticket"
)

// KeyPattern is what an issue key looks like.
var KeyPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]+-[1-9][0-9]*$`)

// projectPattern is what the key of a project looks like.
var projectPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)

// Environment is the site that the environment connects; an empty URL: none.
type Environment struct {
	URL, User, Token, Project, HookSecret string
}

// Connections holds the sites: who connects them, and what they are told.
type Connections struct {
	Store       Store
	Log         audit.Log
	Key         secret.Key
	Environment Environment
	// Dial gives a client for a site with a token.
	Dial func(site Site, token string) (Jira, error)
	Now  func() time.Time
}

// Client gives a client for a site, with its token.
func (c *Connections) Client(site Site) (Jira, error) {
	token, err := c.token(site)
	if err != nil {
		return nil, err
	}
	return c.Dial(site, token)
}

func (c *Connections) token(site Site) (string, error) {
	if site.FromEnvironment {
		return c.Environment.Token, nil
	}
	return c.Key.Open(site.SealedToken, sealedAs(site, "token"))
}

// sealedAs names what is sealed, so that a sealed text is good for its own place alone.
func sealedAs(site Site, what string) string { return "jira " + site.HookName + " " + what }

// HookSecrets are those that webhooks of the site may be signed with, newest first; none: webhooks are off.
func (c *Connections) HookSecrets(site Site) ([]string, error) {
	if site.FromEnvironment {
		if c.Environment.HookSecret == "" {
			return nil, nil
		}
		return []string{c.Environment.HookSecret}, nil
	}
	sealed, err := c.Key.Open(site.SealedHookSecrets, sealedAs(site, "hooks"))
	if err != nil || sealed == "" {
		return nil, err
	}
	return strings.Split(sealed, "\n"), nil
}

// FromEnvironment keeps the site of the environment as a row, so that it is shown and linked like any other. A site that the
// environment names no longer is switched off, and keeps what it has.
func (c *Connections) FromEnvironment(ctx context.Context) error {
	sites, err := c.Store.JiraSites(ctx)
	if err != nil {
		return err
	}
	address := strings.TrimRight(c.Environment.URL, "/")
	now := c.Now()
	at := -1
	for n, s := range sites {
		switch {
		case s.URL == address && address != "":
			at = n
		case s.FromEnvironment && s.DisabledAt.IsZero():
			if _, _, err := c.Store.UpdateJiraSite(ctx, s.ID, func(s *Site) error {
				s.DisabledAt = now
				return nil
			}); err != nil {
				return err
			}
		}
	}
	if address == "" {
		return nil
	}
	if err := checkAddress(address); err != nil {
		return fmt.Errorf("UPSHOT_JIRA_URL: %w", err)
	}
	var site Site
	if at >= 0 {
		_, site, err = c.Store.UpdateJiraSite(ctx, sites[at].ID, func(s *Site) error {
			s.FromEnvironment, s.User, s.DisabledAt, s.SealedToken = true, c.Environment.User, time.Time{}, ""
			return nil
		})
	} else {
		site, err = c.Store.CreateJiraSite(ctx, Site{
			Name: hostOf(address), URL: address, User: c.Environment.User, FromEnvironment: true, HookName: hookName(), CreatedAt: now,
		})
		if fault.Is(err, fault.Conflict) { // another replica was first
			return nil
		}
	}
	if err != nil || c.Environment.Project == "" {
		return err
	}
	projects, err := c.Store.JiraProjects(ctx)
	if err != nil || slices.ContainsFunc(projects, func(p Project) bool { return p.Site == site.ID && p.Team == 0 && p.Service == 0 }) {
		return err
	}
	// The first type that takes no sub-task is found by the first check; until then the mapping says that it was not checked.
	_, err = c.Store.SaveJiraProject(ctx, Project{Site: site.ID, Key: c.Environment.Project})
	return err
}

func hookName() string { return strings.ToLower(rand.Text()[:16]) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host + strings.TrimRight(u.Path, "/")
}

// checkAddress says what is wrong with the address of a Jira. Plain HTTP would show the token to everybody on the way.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	var c fault.Check
	good := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	c.That(good, "url", "Write the address that people open, such as https://example.atlassian.net or https://jira.example.com/jira.")
	if good && u.Scheme == "http" {
		ip := net.ParseIP(u.Hostname())
		c.That(u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(), "url", "Use https: over plain http everybody on the way could read the token.")
	}
	return c.Err()
}

// Given is what an administrator types to connect a site. An empty token keeps the one there is.
type Given struct {
	URL, User, Token string
}

// Check asks a site who it is and whose login this is, without keeping anything.
func (c *Connections) Check(ctx context.Context, g Given) (Server, Account, error) {
	site := Site{URL: strings.TrimRight(g.URL, "/"), User: g.User}
	jira, err := c.Dial(site, g.Token)
	if err != nil {
		return Server{}, Account{}, err
	}
	server, err := jira.Server(ctx)
	if err != nil {
		return Server{}, Account{}, told(err)
	}
	who, err := jira.Myself(ctx)
	return server, who, told(err)
}

// Connect adds a site, after it has answered and accepted the login.
func (c *Connections) Connect(ctx context.Context, actor account.Actor, g Given) (Site, error) {
	if err := actor.May(account.Admin); err != nil {
		return Site{}, err
	}
	g.URL, g.User, g.Token = strings.TrimRight(strings.TrimSpace(g.URL), "/"), strings.TrimSpace(g.User), strings.TrimSpace(g.Token)
	var check fault.Check
	check.Add(checkAddress(g.URL))
	check.That(g.Token != "", "token", "Paste the API token, or the personal access token.")
	if err := check.Err(); err != nil {
		return Site{}, err
	}
	if !c.Key.Ready() {
		_, err := c.Key.Seal("", "")
		return Site{}, err
	}
	server, who, err := c.Check(ctx, g)
	if err != nil {
		return Site{}, err
	}
	site := Site{
		Name: hostOf(g.URL), URL: g.URL, User: g.User, Flavour: server.Flavour, Version: server.Version, Account: who, HookName: hookName(), CreatedAt: c.Now(),
	}
	if site.SealedToken, err = c.Key.Seal(g.Token, sealedAs(site, "token")); err != nil {
		return Site{}, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		if site, err = c.Store.CreateJiraSite(ctx, site); err != nil {
			return err
		}
		if err := c.Store.Enqueue(ctx, SyncArgs{}); err != nil {
			return err
		}
		return c.tell(ctx, actor, "connected Jira", site.URL, nil, map[string]any{"url": site.URL, "user": site.User})
	})
	return site, err
}

// Correct changes the login of a site, after it was accepted; the address stays.
func (c *Connections) Correct(ctx context.Context, actor account.Actor, id ticket.SiteID, g Given) (Site, error) {
	if err := actor.May(account.Admin); err != nil {
		return Site{}, err
	}
	site, err := c.editable(ctx, id)
	if err != nil {
		return Site{}, err
	}
	g.URL, g.User, g.Token = site.URL, strings.TrimSpace(g.User), strings.TrimSpace(g.Token)
	if g.Token == "" {
		if g.Token, err = c.token(site); err != nil {
			return Site{}, err
		}
	}
	server, who, err := c.Check(ctx, g)
	if err != nil {
		return Site{}, err
	}
	sealed, err := c.Key.Seal(g.Token, sealedAs(site, "token"))
	if err != nil {
		return Site{}, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		before, after, err := c.Store.UpdateJiraSite(ctx, id, func(s *Site) error {
			s.User, s.SealedToken, s.Flavour, s.Version, s.Account, s.DisabledAt = g.User, sealed, server.Flavour, server.Version, who, time.Time{}
			return nil
		})
		if err != nil {
			return err
		}
		site = after
		if err := c.Store.UpdateJiraState(ctx, id, func(st *State) { st.LoginBadAt, st.LoginAskedAt = time.Time{}, time.Time{} }); err != nil {
			return err
		}
		if err := c.Store.Enqueue(ctx, SyncArgs{}); err != nil {
			return err
		}
		return c.tell(ctx, actor, "changed the login of Jira", site.URL, map[string]any{"user": before.User}, map[string]any{"user": after.User})
	})
	return site, err
}

// Switch switches a site off, or on again. What is linked stays linked.
func (c *Connections) Switch(ctx context.Context, actor account.Actor, id ticket.SiteID, on bool) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	if _, err := c.editable(ctx, id); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		_, site, err := c.Store.UpdateJiraSite(ctx, id, func(s *Site) error {
			s.DisabledAt = c.Now()
			if on {
				s.DisabledAt = time.Time{}
			}
			return nil
		})
		if err != nil {
			return err
		}
		did := "switched Jira off"
		if on {
			did = "switched Jira on"
		}
		return c.tell(ctx, actor, did, site.URL, nil, nil)
	})
}

// NewHookSecret makes a secret for the webhooks of a site and gives it, once. The one before stays good beside it, until the
// next: so Jira can be told without a gap.
func (c *Connections) NewHookSecret(ctx context.Context, actor account.Actor, id ticket.SiteID) (string, error) {
	if err := actor.May(account.Admin); err != nil {
		return "", err
	}
	site, err := c.editable(ctx, id)
	if err != nil {
		return "", err
	}
	secrets, err := c.HookSecrets(site)
	if err != nil {
		return "", err
	}
	fresh := rand.Text() + rand.Text()[:6] // 32 characters
	secrets = append([]string{fresh}, secrets...)
	sealed, err := c.Key.Seal(strings.Join(secrets[:min(2, len(secrets))], "\n"), sealedAs(site, "hooks"))
	if err != nil {
		return "", err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		_, _, err := c.Store.UpdateJiraSite(ctx, id, func(s *Site) error {
			s.SealedHookSecrets = sealed
			return nil
		})
		if err != nil {
			return err
		}
		return c.tell(ctx, actor, "made a new secret for Jira’s webhooks", site.URL, nil, nil)
	})
	return fresh, err
}

func (c *Connections) editable(ctx context.Context, id ticket.SiteID) (Site, error) {
	site, err := c.Store.JiraSite(ctx, id)
	if err == nil && site.FromEnvironment {
		err = fault.New(fault.Conflict, "This connection comes from the environment: change UPSHOT_JIRA_URL, UPSHOT_JIRA_USER and UPSHOT_JIRA_TOKEN there.")
	}
	return site, err
}

// Preflight is what a project lets the login do, and what creating an issue there takes.
type Preflight struct {
	May    Permissions
	Types  []ticket.Named
	Type   ticket.Named // the one asked for, or the first
	Inputs []Input      // of that type
	Wrong  []string     // what keeps the sync from working, in words, with what to do
}

// Preflight asks a site about a project. Fixed are the values for fields that a mapping would send.
func (c *Connections) Preflight(ctx context.Context, site Site, project, typeID string, fixed map[string]json.RawMessage) (Preflight, error) {
	var p Preflight
	jira, err := c.Client(site)
	if err != nil {
		return p, err
	}
	if !projectPattern.MatchString(project) {
		return p, beside("project", "A project’s key has capital letters and digits, such as OPS.")
	}
	if p.May, err = jira.May(ctx, project); err != nil {
		return p, toldAbout(err, "project", project)
	}
	if missing := p.May.Missing(); len(missing) > 0 {
		p.Wrong = append(p.Wrong, fmt.Sprintf("The login lacks %s in %s. Ask a Jira administrator.", strings.Join(missing, ", "), project))
	}
	if p.Types, err = jira.Types(ctx, project); err != nil {
		return p, toldAbout(err, "project", project)
	}
	for _, t := range p.Types {
		if t.ID == typeID || typeID == "" && p.Type.ID == "" {
			p.Type = t
		}
	}
	if p.Type.ID == "" {
		p.Wrong = append(p.Wrong, fmt.Sprintf("%s has no such issue type any more. Choose another one.", project))
		return p, nil
	}
	if p.Inputs, err = jira.Inputs(ctx, project, p.Type.ID); err != nil {
		return p, toldAbout(err, "project", project)
	}
	p.Wrong = append(p.Wrong, Lacking(p.Inputs, fixed)...)
	return p, nil
}

// toldAbout puts trouble with a project beside its field.
func toldAbout(err error, field, project string) error {
	var t *Trouble
	if errors.As(err, &t) && (t.Kind == Absent || t.Kind == Refused) {
		return beside(field, fmt.Sprintf("Jira does not know project %s, or does not show it to Upshot: “%s”.", project, strings.TrimSuffix(t.Words(), ".")))
	}
	return told(err)
}

// sentAlways are the fields that every issue of ours has.
var sentAlways = []string{"project", "issuetype", "summary", "description", "labels"}

// Lacking says what keeps an issue from being created with these inputs: no field for labels, which carry the mark, or a
// required field without a value.
func Lacking(inputs []Input, fixed map[string]json.RawMessage) []string {
	var wrong []string
	if !slices.ContainsFunc(inputs, func(i Input) bool { return i.ID == "labels" }) {
		wrong = append(wrong, "This issue type has no field Labels on its screen. Without it an issue could be filed twice: add the field to the create screen, or choose another type.")
	}
	for _, i := range inputs {
		if _, given := fixed[i.ID]; i.Required && !given && !slices.Contains(sentAlways, i.ID) && i.ID != "reporter" {
			wrong = append(wrong, fmt.Sprintf("Jira requires the field “%s” (%s). Give it a value that every ticket gets.", i.Name, i.ID))
		}
	}
	return wrong
}

// Map saves a mapping after asking Jira about it. What keeps it from working is kept with it and shown.
func (c *Connections) Map(ctx context.Context, actor account.Actor, p Project) (Project, error) {
	if err := actor.May(account.Admin); err != nil {
		return p, err
	}
	p.Key = strings.ToUpper(strings.TrimSpace(p.Key))
	site, err := c.Store.JiraSite(ctx, p.Site)
	if err != nil {
		return p, err
	}
	if err := checkMapping(p); err != nil {
		return p, err
	}
	found, err := c.Preflight(ctx, site, p.Key, p.Type.ID, p.Fixed)
	if err != nil {
		return p, err
	}
	p.Type, p.May, p.Wrong, p.CheckedAt = found.Type, found.May, found.Wrong, c.Now()
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		if p, err = c.Store.SaveJiraProject(ctx, p); err != nil {
			if fault.Is(err, fault.Conflict) {
				return beside("team", "These follow-ups go to a project already.")
			}
			return err
		}
		return c.tell(ctx, actor, "mapped follow-ups to Jira", p.Key, nil, map[string]any{"project": p.Key, "type": p.Type.Name, "team": int64(p.Team), "service": int64(p.Service)})
	})
	return p, err
}

func checkMapping(p Project) error {
	var check fault.Check
	check.That(p.Team == 0 || p.Service == 0, "service", "Choose a team or a service, not both.")
	for _, l := range p.Labels {
		check.That(!strings.ContainsAny(l, " \t\n\"") && len(l) <= 255, "labels", "A label of Jira has no spaces: %q has.", l)
	}
	for id, v := range p.Fixed {
		check.That(json.Valid(v), "fixed."+id, "This is no value that Jira could read.")
	}
	for f, o := range p.Owners {
		check.That(slices.Contains(Fields, f) && (o == JiraOwns || o == UpshotOwns), "owner."+string(f), "Choose Jira or Upshot.")
	}
	return check.Err()
}

// Unmap takes a mapping away. What was filed by it stays linked.
func (c *Connections) Unmap(ctx context.Context, actor account.Actor, id ProjectID) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.Store.DeleteJiraProject(ctx, id); err != nil {
			return err
		}
		return c.tell(ctx, actor, "unmapped follow-ups from Jira", fmt.Sprint(int64(id)), nil, nil)
	})
}

// CheckAll asks every site about itself and about every mapping, and keeps what it finds. It gives what is wrong, in words.
func (c *Connections) CheckAll(ctx context.Context) ([]string, error) {
	sites, err := c.Store.JiraSites(ctx)
	if err != nil {
		return nil, err
	}
	projects, err := c.Store.JiraProjects(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, site := range sites {
		if !site.DisabledAt.IsZero() {
			continue
		}
		token, err := c.token(site)
		if err != nil {
			return nil, err
		}
		if _, _, err := c.Check(ctx, Given{URL: site.URL, User: site.User, Token: token}); err != nil {
			if fault.Of(err) == nil {
				return nil, err
			}
			wrong = append(wrong, site.Name+": "+err.Error())
			continue
		}
		for _, p := range projects {
			if p.Site != site.ID {
				continue
			}
			found, err := c.Preflight(ctx, site, p.Key, p.Type.ID, p.Fixed)
			switch {
			case err != nil && fault.Of(err) == nil:
				return nil, err
			case err != nil:
				p.Wrong = []string{err.Error()}
			default:
				p.Type, p.May, p.Wrong = found.Type, found.May, found.Wrong
			}
			p.CheckedAt = c.Now()
			if _, err := c.Store.SaveJiraProject(ctx, p); err != nil {
				return nil, err
			}
			for _, w := range p.Wrong {
				wrong = append(wrong, fmt.Sprintf("%s, project %s: %s", site.Name, p.Key, w))
			}
		}
	}
	return wrong, nil
}

// SetRule writes the escalation rule of a team (0: of all others).
func (c *Connections) SetRule(ctx context.Context, actor account.Actor, r followup.Rule) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.Store.SetEscalationRule(ctx, r, c.Now()); err != nil {
			return err
		}
		return c.tell(ctx, actor, "set the escalation rule", r.Sentence(), nil, map[string]any{"team": int64(r.Team), "mode": r.Mode})
	})
}

// DropRule gives a team the rule of all others again.
func (c *Connections) DropRule(ctx context.Context, actor account.Actor, team catalog.TeamID) error {
	if err := actor.May(account.Admin); err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.Store.DropEscalationRule(ctx, team); err != nil {
			return err
		}
		return c.tell(ctx, actor, "dropped a team’s escalation rule", fmt.Sprint(int64(team)), nil, nil)
	})
}

func (c *Connections) tell(ctx context.Context, actor account.Actor, action, reason string, before, after map[string]any) error {
	return c.Log.Append(ctx, audit.Event{
		At: c.Now(), Actor: actor, Subject: audit.Settings, Action: action, Reason: reason, Before: audit.Fields(before), After: audit.Fields(after),
	})
}

// noLink is nil where a follow-up without a connection is an answer too.
func noLink(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
