package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/hooks"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/ticket"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
)

// jiraStore is what the pages of Jira read.
type jiraStore interface {
	JiraSites(ctx context.Context) ([]jirasync.Site, error)
	JiraSite(ctx context.Context, id ticket.SiteID) (jirasync.Site, error)
	JiraHealth(ctx context.Context, now time.Time) ([]jirasync.Health, error)
	JiraStatuses(ctx context.Context, site ticket.SiteID) (map[string]ticket.Status, error)
	StatusUse(ctx context.Context, site ticket.SiteID) (map[string]int, error)
	JiraResolutions(ctx context.Context, site ticket.SiteID) ([]jirasync.Resolution, error)
	JiraProjects(ctx context.Context) ([]jirasync.Project, error)
	TicketLinksStuck(ctx context.Context, site ticket.SiteID, limit int) ([]jirasync.Link, error)
	DeadPushes(ctx context.Context, site ticket.SiteID, limit int) ([]jirasync.Push, error)
	Tickets(ctx context.Context, ids []ticket.ID) ([]jirasync.Mirror, error)
	EscalationRules(ctx context.Context) (map[catalog.TeamID]followup.Rule, error)
	RecurredWithTicket(ctx context.Context, viewer account.Actor, team catalog.TeamID, limit int) ([]followup.FollowUp, error)
}

// deadShown is how many dead letters the page lists.
const deadShown = 50

func (w *Web) showJira(c echo.Context) error {
	sites, err := w.Store.JiraSites(c.Request().Context())
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return render(c, http.StatusOK, settings.NoJira(w.frame(c, "Jira", link.Jira)))
	}
	return w.jiraPage(c, http.StatusOK, sites[0].ID, nil)
}

func (w *Web) showJiraSite(c echo.Context) error {
	id, err := siteIn(c)
	if err != nil {
		return err
	}
	return w.jiraPage(c, http.StatusOK, id, nil)
}

func siteIn(c echo.Context) (ticket.SiteID, error) {
	id, err := numberIn(c, "Jira")
	return ticket.SiteID(id), err
}

func (w *Web) jiraPage(c echo.Context, status int, id ticket.SiteID, once *settings.Secret) error {
	ctx := c.Request().Context()
	frame := w.frame(c, "Jira", link.Jira)
	d, err := w.jiraData(ctx, actorOf(c), id)
	if err != nil {
		return err
	}
	d.CanEdit, d.IsAdmin, d.Clock, d.Secret = frame.Viewer.CanEdit, frame.Viewer.IsAdmin, w.clock(c), once
	return renderOnce(c, status, settings.Jira(frame, settings.NewJiraPage(d)), once)
}

// jiraData asks a fixed number of questions, however many tickets there are.
func (w *Web) jiraData(ctx context.Context, viewer account.Actor, id ticket.SiteID) (settings.JiraData, error) {
	d := settings.JiraData{Poll: w.Poll, Titles: map[followup.ID]string{}, Keys: map[ticket.ID]string{}}
	all, err := w.Store.JiraHealth(ctx, w.Now())
	if err != nil {
		return d, err
	}
	found := false
	for _, h := range all {
		d.Sites = append(d.Sites, h.Site)
		if h.Site.ID == id {
			d.Health, found = h, true
		}
	}
	if !found {
		return d, fault.New(fault.NotFound, "There is no such Jira.")
	}
	for _, ask := range []func() error{
		func() (err error) { d.Statuses, err = w.Store.JiraStatuses(ctx, id); return err },
		func() (err error) { d.Use, err = w.Store.StatusUse(ctx, id); return err },
		func() (err error) { d.Resolutions, err = w.Store.JiraResolutions(ctx, id); return err },
		func() (err error) { d.Teams, err = w.Store.Teams(ctx, viewer); return err },
		func() (err error) { d.Services, err = w.Store.ServiceNames(ctx, viewer); return err },
		func() (err error) { d.Stuck, err = w.Store.TicketLinksStuck(ctx, id, deadShown); return err },
		func() (err error) { d.Dead, err = w.Store.DeadPushes(ctx, id, deadShown); return err },
		func() error {
			projects, err := w.Store.JiraProjects(ctx)
			for _, p := range projects {
				if p.Site == id {
					d.Projects = append(d.Projects, p)
				}
			}
			return err
		},
		func() error {
			scopes, err := w.Store.Scopes(ctx)
			for _, s := range scopes {
				if s.Site == id {
					d.Scopes = append(d.Scopes, s)
				}
			}
			return err
		},
		func() (err error) { d.Sizes, err = w.Store.ScopeSizes(ctx, id); return err },
		func() error {
			var ids []ticket.ID
			for _, p := range d.Dead {
				ids = append(ids, p.Ticket)
			}
			tickets, err := w.Store.Tickets(ctx, ids)
			for _, t := range tickets {
				d.Keys[t.ID] = t.Key
			}
			return err
		},
		func() error {
			site, err := w.Store.JiraSite(ctx, id)
			if err != nil {
				return err
			}
			d.HookURL = w.BaseURL + hooks.Prefix + "/jira/" + site.HookName
			secrets, err := w.Jira.Connect.HookSecrets(site)
			d.HooksOn = len(secrets) > 0
			if fault.Of(err) == nil {
				return err
			}
			return nil // the key is another one: the page shows everything else all the same
		},
	} {
		if err := ask(); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (w *Web) askConnectJira(c echo.Context) error {
	return w.connectPage(c, http.StatusOK, jirasync.Site{}, jirasync.Given{}, nil)
}

func (w *Web) connectPage(c echo.Context, status int, site jirasync.Site, g jirasync.Given, err error) error {
	p := settings.NewConnectPage(site, g, err)
	return render(c, status, settings.ConnectJira(w.frame(c, p.Title, link.Jira+"/"), p))
}

func given(c echo.Context) jirasync.Given {
	return jirasync.Given{URL: strings.TrimSpace(answer(c, "url")), User: strings.TrimSpace(answer(c, "user")), Token: strings.TrimSpace(answer(c, "token"))}
}

func (w *Web) connectJira(c echo.Context) error {
	g := given(c)
	site, err := w.Jira.Connect.Connect(c.Request().Context(), actorOf(c), g)
	if fault.Is(err, fault.NotFound) { // no Jira answers there
		err = fault.New(fault.Conflict, "%s", err.Error())
	}
	if status := formStatus(err); status != 0 {
		return w.connectPage(c, status, jirasync.Site{}, g, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Connected, signed in as "+site.Account.Name+". Map a project next: then follow-ups can be filed.")
	return seeOther(c, link.JiraSite(int64(site.ID)))
}

func (w *Web) askJiraLogin(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	return w.connectPage(c, http.StatusOK, site, jirasync.Given{User: site.User}, nil)
}

func (w *Web) siteNamed(c echo.Context) (jirasync.Site, error) {
	id, err := siteIn(c)
	if err != nil {
		return jirasync.Site{}, err
	}
	return w.Store.JiraSite(c.Request().Context(), id)
}

func (w *Web) changeJiraLogin(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	g := given(c)
	after, err := w.Jira.Connect.Correct(c.Request().Context(), actorOf(c), site.ID, g)
	if status := formStatus(err); status != 0 {
		return w.connectPage(c, status, site, g, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "The login is changed: signed in as "+after.Account.Name+".")
	return seeOther(c, link.JiraSite(int64(site.ID)))
}

// settled leads back to a site's page with what was done, or with the trouble.
func (w *Web) settled(c echo.Context, id ticket.SiteID, done string, err error) error {
	switch {
	case err == nil:
		w.flash(c, layout.OK, done)
	case fault.Of(err) != nil && !fault.Is(err, fault.Denied):
		w.flash(c, layout.Bad, troubleText(err))
	default:
		return err
	}
	return seeOther(c, link.JiraSite(int64(id)))
}

// troubleText is what a message says of trouble: the sentence, or the first field's.
func troubleText(err error) string {
	f := fault.Of(err)
	if len(f.Fields) > 0 {
		return f.Fields[0].Message
	}
	return f.Message
}

func (w *Web) checkJira(c echo.Context) error {
	id, err := siteIn(c)
	if err != nil {
		return err
	}
	wrong, err := w.Jira.Connect.CheckAll(c.Request().Context())
	if err == nil && len(wrong) > 0 {
		w.flash(c, layout.Bad, strings.Join(wrong, " "))
		return seeOther(c, link.JiraSite(int64(id)))
	}
	return w.settled(c, id, "Everything the sync needs is there.", err)
}

func (w *Web) readJira(c echo.Context) error {
	id, err := siteIn(c)
	if err != nil {
		return err
	}
	return w.settled(c, id, "Jira was read.", w.Jira.ReadNow(c.Request().Context(), actorOf(c)))
}

func (w *Web) switchJira(on bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := siteIn(c)
		if err != nil {
			return err
		}
		done := "Switched off: nothing is read or written there until it is switched on again."
		if on {
			done = "Switched on."
		}
		return w.settled(c, id, done, w.Jira.Connect.Switch(c.Request().Context(), actorOf(c), id, on))
	}
}

// makeHookSecret answers with the page itself: the secret in it is shown once.
func (w *Web) makeHookSecret(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	secret, err := w.Jira.Connect.NewHookSecret(c.Request().Context(), actorOf(c), site.ID)
	if err != nil {
		return w.settled(c, site.ID, "", err)
	}
	return w.jiraPage(c, http.StatusOK, site.ID, &settings.Secret{
		Title: "A secret for the webhooks of " + site.Name, Label: "Secret", Value: secret,
		Help: "It is shown only now. Paste it in Jira beside the address; the one before stays good until you make the next.",
	})
}

func (w *Web) placeStatus(c echo.Context) error {
	id, err := siteIn(c)
	if err != nil {
		return err
	}
	n, err := w.Jira.Place(c.Request().Context(), actorOf(c), id, answer(c, "status"), ticket.Category(answer(c, "as")))
	return w.settled(c, id, countedAgain("Saved.", n), err)
}

func countedAgain(said string, n int) string {
	switch n {
	case 0:
		return said + " No history differs by it."
	case 1:
		return said + " One ledger is counted again."
	}
	return said + " " + strconv.Itoa(n) + " ledgers are counted again."
}

func (w *Web) askResolutions(c echo.Context) error {
	return w.resolutionsPage(c, http.StatusOK, nil)
}

func (w *Web) resolutionsPage(c echo.Context, status int, wrong error) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	all, err := w.Store.JiraResolutions(c.Request().Context(), site.ID)
	if err != nil {
		return err
	}
	return render(c, status, settings.Resolutions(w.frame(c, "Resolutions", link.Jira+"/"), settings.NewResolutionsPage(site, all, wrong)))
}

func (w *Web) setMeanings(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	all, err := w.Store.JiraResolutions(c.Request().Context(), site.ID)
	if err != nil {
		return err
	}
	meanings := map[string]ticket.Meaning{}
	for _, r := range all {
		if m := answer(c, "meaning."+r.ID); m != "" {
			meanings[r.ID] = ticket.Meaning(m)
		}
	}
	n, err := w.Jira.Mean(c.Request().Context(), actorOf(c), site.ID, meanings)
	if status := formStatus(err); status != 0 {
		return w.resolutionsPage(c, status, err)
	}
	return w.settled(c, site.ID, countedAgain("Saved.", n), err)
}

// askMapping asks Jira about the project of a mapping that is there; a new one is asked about when it is saved.
func (w *Web) askMapping(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	m := jirasync.Project{Site: site.ID, Owners: jirasync.Owners{}}
	if id, _ := strconv.ParseInt(c.QueryParam("id"), 10, 64); id != 0 {
		if m, err = w.mapping(c.Request().Context(), jirasync.ProjectID(id)); err != nil {
			return err
		}
	}
	return w.mappingPage(c, http.StatusOK, site, m, nil, nil)
}

func (w *Web) mapping(ctx context.Context, id jirasync.ProjectID) (jirasync.Project, error) {
	all, err := w.Store.JiraProjects(ctx)
	if err != nil {
		return jirasync.Project{}, err
	}
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return jirasync.Project{}, fault.New(fault.NotFound, "There is no such mapping.")
}

func (w *Web) mappingPage(c echo.Context, status int, site jirasync.Site, m jirasync.Project, typed url.Values, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	d := settings.MappingData{Site: site, Project: m, Err: wrong, Typed: map[string]string{}}
	for name := range typed {
		d.Typed[name] = typed.Get(name)
	}
	var err error
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Services, err = w.Store.ServiceNames(ctx, viewer); err != nil {
		return err
	}
	if m.Key != "" {
		d.Found, err = w.Jira.Connect.Preflight(ctx, site, m.Key, m.Type.ID, m.Fixed)
		if err != nil && fault.Of(err) == nil {
			return err
		}
		if err != nil && d.Err == nil {
			d.Err = err
		}
	}
	if m.ID == 0 && wrong == nil {
		d.Found.Wrong = nil
	}
	p := settings.NewMappingPage(d)
	return render(c, status, settings.Mapping(w.frame(c, p.Title, link.Jira+"/"), p))
}

func (w *Web) saveMapping(c echo.Context) error {
	site, err := w.siteNamed(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	m := jirasync.Project{Site: site.ID, Owners: jirasync.Owners{}, Fixed: map[string]json.RawMessage{}}
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(answer(c, name), 10, 64)
		return max(n, 0)
	}
	if id := number("id"); id != 0 {
		if m, err = w.mapping(ctx, jirasync.ProjectID(id)); err != nil {
			return err
		}
		m.Owners, m.Fixed = jirasync.Owners{}, map[string]json.RawMessage{}
	}
	m.Key, m.Team, m.Service = strings.ToUpper(strings.TrimSpace(answer(c, "project"))), catalog.TeamID(number("team")), catalog.ServiceID(number("service"))
	m.Type = ticket.Named{ID: answer(c, "type")}
	m.Labels = strings.Fields(answer(c, "labels"))
	m.Components = nil
	for part := range strings.SplitSeq(answer(c, "components"), ",") {
		if part = strings.TrimSpace(part); part != "" {
			m.Components = append(m.Components, part)
		}
	}
	for _, f := range jirasync.Fields {
		if answer(c, "owner."+string(f)) == string(jirasync.UpshotOwns) {
			m.Owners[f] = jirasync.UpshotOwns
		}
	}
	form, err := c.FormParams()
	if err != nil {
		return fault.New(fault.Invalid, "The form could not be read.")
	}
	found, err := w.Jira.Connect.Preflight(ctx, site, m.Key, m.Type.ID, nil)
	if err == nil {
		err = fixedOf(&m, found, form, site.Flavour)
	}
	if err == nil {
		m, err = w.Jira.Connect.Map(ctx, actorOf(c), m)
	}
	if fault.Is(err, fault.NotFound) {
		err = beside("project", err.Error())
	}
	if status := formStatus(err); status != 0 {
		return w.mappingPage(c, status, site, m, form, err)
	}
	if err != nil {
		return err
	}
	if len(m.Wrong) > 0 {
		return seeOther(c, link.JiraMapping(int64(site.ID), int64(m.ID)))
	}
	w.flash(c, layout.OK, "Follow-ups go to "+m.Key+" now, as "+m.Type.Name+".")
	return seeOther(c, link.JiraSite(int64(site.ID)))
}

// fixedOf reads the values that every ticket gets, by what kind of field each is.
func fixedOf(m *jirasync.Project, found jirasync.Preflight, form url.Values, f jirasync.Flavour) error {
	var check fault.Check
	for _, in := range found.Inputs {
		v, err := jirasync.FixedValue(in.Kind, form.Get("fixed."+in.ID), f)
		check.That(err == nil, "fixed."+in.ID, "%v", err)
		if v != nil {
			m.Fixed[in.ID] = v
		}
	}
	return check.Err()
}

func (w *Web) deleteMapping(c echo.Context) error {
	id, err := numberIn(c, "mapping")
	if err != nil {
		return err
	}
	m, err := w.mapping(c.Request().Context(), jirasync.ProjectID(id))
	if err != nil {
		return err
	}
	return w.settled(c, m.Site, "The mapping to "+m.Key+" is taken away; what was filed stays linked.", w.Jira.Connect.Unmap(c.Request().Context(), actorOf(c), m.ID))
}

// deadLetter sends a write again that gave up, or gives it up.
func (w *Web) deadLetter(do func(*jirasync.Sync, context.Context, account.Actor, jirasync.PushID) error, done string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := numberIn(c, "write")
		if err != nil {
			return err
		}
		err = do(w.Jira, c.Request().Context(), actorOf(c), jirasync.PushID(id))
		switch {
		case err == nil:
			w.flash(c, layout.OK, done)
		case fault.Is(err, fault.Conflict):
			w.flash(c, layout.Warn, troubleText(err))
		default:
			return err
		}
		return seeOther(c, link.Jira)
	}
}

// The rules.

func (w *Web) listRules(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	rules, err := w.Store.EscalationRules(ctx)
	if err != nil {
		return err
	}
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	if asked := c.QueryParam("team"); asked != "" && viewer.Role.Includes(account.Admin) {
		team, err := teamNumbered(teams, asked)
		if err != nil {
			return err
		}
		return w.rulePage(c, http.StatusOK, followup.RuleFor(rules, team.ID), team, nil)
	}
	frame := w.frame(c, "Rules", link.Rules)
	return render(c, http.StatusOK, settings.Rules(frame, settings.NewRulesPage(rules, teams, frame.Viewer.IsAdmin)))
}

// teamNumbered is the team with that number; 0 is every team without a rule of its own.
func teamNumbered(teams []catalog.Team, number string) (catalog.Team, error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err == nil && id == 0 {
		return catalog.Team{}, nil
	}
	for _, t := range teams {
		if err == nil && int64(t.ID) == id {
			return t, nil
		}
	}
	return catalog.Team{}, fault.New(fault.NotFound, "There is no such team.")
}

func (w *Web) rulePage(c echo.Context, status int, r followup.Rule, team catalog.Team, err error) error {
	p := settings.NewRulePage(r, team, err)
	return render(c, status, settings.Rule(w.frame(c, p.Title, link.Rules+"/"), p))
}

func (w *Web) saveRule(c echo.Context) error {
	ctx := c.Request().Context()
	teams, err := w.Store.Teams(ctx, actorOf(c))
	if err != nil {
		return err
	}
	team, err := teamNumbered(teams, answer(c, "team"))
	if err != nil {
		return err
	}
	at, _ := strconv.Atoi(strings.TrimSpace(answer(c, "at")))
	days, daysErr := strconv.Atoi(strings.TrimSpace(answer(c, "reopen_days")))
	r := followup.Rule{
		Team: team.ID, Mode: followup.Mode(answer(c, "mode")), At: at, RaisePriority: answer(c, "raise_priority") != "", Cap: strings.TrimSpace(answer(c, "cap")),
		Propose: followup.Proposal(answer(c, "propose")), Label: strings.TrimSpace(answer(c, "label")), AfterDone: followup.Return(answer(c, "after_done")),
		Comment: answer(c, "comment") != "",
	}
	if daysErr == nil && days >= 0 && days <= 3650 {
		r.ReopenWithin = time.Duration(days) * 24 * time.Hour
		err = w.Jira.Connect.SetRule(ctx, actorOf(c), r)
	} else {
		err = beside("reopen_days", "Between 0 and 365 days.")
	}
	if fs := fault.Of(err); fs != nil {
		for n := range fs.Fields {
			if fs.Fields[n].Name == "reopen_within" {
				fs.Fields[n].Name = "reopen_days"
			}
		}
	}
	if status := formStatus(err); status != 0 {
		return w.rulePage(c, status, r, team, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Saved. "+r.Sentence())
	return seeOther(c, link.Rules)
}

func (w *Web) dropRule(c echo.Context) error {
	id, err := numberIn(c, "team")
	if err != nil {
		return err
	}
	if err := w.Jira.Connect.DropRule(c.Request().Context(), actorOf(c), catalog.TeamID(id)); err != nil {
		return err
	}
	w.flash(c, layout.OK, "The team goes by the rule of all others again.")
	return seeOther(c, link.Rules)
}

// dryRunLooked is how many follow-ups a dry run looks at, those that recurred most dearly first.
const dryRunLooked = 500

func (w *Web) showDryRun(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return err
	}
	team, err := teamNumbered(teams, c.Param("id"))
	if err != nil {
		return err
	}
	rules, err := w.Store.EscalationRules(ctx)
	if err != nil {
		return err
	}
	promised, err := w.Store.RecurredWithTicket(ctx, viewer, team.ID, dryRunLooked)
	if err != nil {
		return err
	}
	if team.ID == 0 { // teams with a rule of their own have their own page
		kept := promised[:0]
		for _, f := range promised {
			if _, own := rules[f.Team]; !own || f.Team == 0 {
				kept = append(kept, f)
			}
		}
		promised = kept
	}
	members, err := w.membersOf(ctx, viewer, promised)
	if err != nil {
		return err
	}
	seen := map[problem.ID][]problem.Occurrence{}
	for id, m := range members {
		seen[id] = problem.History(m, problem.FlapWindow, problem.RecurrenceWindow, w.Now())
	}
	sites, err := w.Store.JiraSites(ctx)
	if err != nil {
		return err
	}
	priorities := map[ticket.SiteID][]ticket.Named{}
	for _, s := range sites {
		priorities[s.ID] = s.Priorities
	}
	rule := followup.RuleFor(rules, team.ID)
	would := jirasync.Replay(rule, promised, seen, priorities, w.Now().AddDate(0, 0, -settings.DryRunDays), w.Now())
	return render(c, http.StatusOK, settings.DryRun(w.frame(c, "Dry run", link.Rules+"/"), settings.NewDryRunPage(rule, team, would, w.clock(c))))
}

// membersOf gives the incidents of the follow-ups' problems since the first of them was queued, in one query.
func (w *Web) membersOf(ctx context.Context, viewer account.Actor, promised []followup.FollowUp) (map[problem.ID][]problem.Member, error) {
	var ids []problem.ID
	var since time.Time
	for _, f := range promised {
		if f.Problem == 0 || f.Kept.QueuedAt.IsZero() {
			continue
		}
		ids = append(ids, f.Problem)
		if since.IsZero() || f.Kept.QueuedAt.Before(since) {
			since = f.Kept.QueuedAt
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	// An occurrence may have begun before it was detected, and be one with what came shortly before.
	return w.Store.MembersOfAll(ctx, viewer, slices.Compact(ids), since.Add(-beforeQueued))
}

const beforeQueued = 7 * 24 * time.Hour
