package jirasync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// Store keeps the sites, the mirror, the connections and what is still to be said.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	Enqueue(ctx context.Context, args interface{ Kind() string }) error
	Installation(ctx context.Context) (string, error)

	JiraSites(ctx context.Context) ([]Site, error)
	JiraSite(ctx context.Context, id ticket.SiteID) (Site, error)
	JiraSiteByHook(ctx context.Context, name string) (Site, error)
	CreateJiraSite(ctx context.Context, s Site) (Site, error)
	UpdateJiraSite(ctx context.Context, id ticket.SiteID, change func(*Site) error) (before, after Site, err error)
	JiraState(ctx context.Context, site ticket.SiteID) (State, error)
	UpdateJiraState(ctx context.Context, site ticket.SiteID, change func(*State)) error
	LeaseJiraSite(ctx context.Context, site ticket.SiteID, holder string, now, until time.Time) (fence int64, leads bool, err error)
	HoldsJiraSite(ctx context.Context, site ticket.SiteID, fence int64) (bool, error)
	FreeJiraSite(ctx context.Context, site ticket.SiteID, holder string) error
	AddJiraRun(ctx context.Context, run Run) error
	ForgetJira(ctx context.Context, before time.Time) error
	JiraHealth(ctx context.Context, now time.Time) ([]Health, error)

	JiraStatuses(ctx context.Context, site ticket.SiteID) (map[string]ticket.Status, error)
	KeepStatuses(ctx context.Context, site ticket.SiteID, seen []ticket.Status, listed bool, now time.Time) error
	PlaceStatus(ctx context.Context, site ticket.SiteID, status string, as ticket.Category) error
	JiraResolutions(ctx context.Context, site ticket.SiteID) ([]Resolution, error)
	KeepResolutions(ctx context.Context, site ticket.SiteID, seen []Resolution) error
	SetMeaning(ctx context.Context, site ticket.SiteID, resolution string, m ticket.Meaning) error
	JiraProjects(ctx context.Context) ([]Project, error)
	SaveJiraProject(ctx context.Context, p Project) (Project, error)
	DeleteJiraProject(ctx context.Context, id ProjectID) error
	EscalationRules(ctx context.Context) (map[catalog.TeamID]followup.Rule, error)
	SetEscalationRule(ctx context.Context, r followup.Rule, now time.Time) error
	DropEscalationRule(ctx context.Context, team catalog.TeamID) error

	Tickets(ctx context.Context, ids []ticket.ID) ([]Mirror, error)
	HoldLinksOf(ctx context.Context, ids []ticket.ID) error
	HoldTickets(ctx context.Context, ids []ticket.ID) ([]Mirror, error)
	// IssueOfKey gives Jira's number of a mirrored issue by its present key; empty: none is mirrored.
	IssueOfKey(ctx context.Context, site ticket.SiteID, key string) (string, error)
	TicketsByIssue(ctx context.Context, site ticket.SiteID, issues []string) (map[string]Mirror, error)
	TicketsOf(ctx context.Context, site ticket.SiteID, after ticket.ID, limit int) ([]Mirror, error)
	UnreadIssues(ctx context.Context, site ticket.SiteID, limit int) ([]string, error)
	UnlabelledIssues(ctx context.Context, site ticket.SiteID, limit int) ([]string, error)
	MirroredIssues(ctx context.Context, site ticket.SiteID) ([]string, error)
	MissingIssues(ctx context.Context, site ticket.SiteID) ([]Mirror, error)
	SiblingIssue(ctx context.Context, site ticket.SiteID, project, besides string) (string, error)
	MirrorTicket(ctx context.Context, site ticket.SiteID, ref Ref) (ticket.ID, error)
	UpdateTicket(ctx context.Context, id ticket.ID, change func(*Mirror) error) error
	SaveTickets(ctx context.Context, all []Mirror) error
	AddChanges(ctx context.Context, of map[ticket.ID][]ticket.Change) error
	ChangesOf(ctx context.Context, ids []ticket.ID) (map[ticket.ID][]ticket.Change, error)
	KeepComments(ctx context.Context, of map[ticket.ID][]Comment) error

	TicketLink(ctx context.Context, viewer account.Actor, id followup.ID) (Link, error)
	CreateTicketLink(ctx context.Context, l Link) error
	UpdateTicketLink(ctx context.Context, id followup.ID, change func(*Link) error) (Link, error)
	DeleteTicketLink(ctx context.Context, id followup.ID) error
	LookAgain(ctx context.Context, ids []followup.ID) error
	LookAgainAt(ctx context.Context, ids []ticket.ID) error
	TicketLinksToLook(ctx context.Context, site ticket.SiteID, after followup.ID, limit int) ([]Link, error)
	TicketLinksOf(ctx context.Context, id ticket.ID) ([]Link, error)
	TicketLinksAfter(ctx context.Context, site ticket.SiteID, after followup.ID, limit int) ([]Link, error)
	ClaimTicketLinks(ctx context.Context, site ticket.SiteID, state ticket.LinkState, holder string, now, until time.Time, limit int) ([]Link, error)
	SettleTicketLink(ctx context.Context, id followup.ID, fence int64, change func(*Link) error) (bool, error)

	AddPush(ctx context.Context, p Push) (PushID, error)
	ClaimPushes(ctx context.Context, site ticket.SiteID, holder string, now, until time.Time) ([]Push, error)
	SettlePush(ctx context.Context, p Push) (bool, error)
	UpdatePush(ctx context.Context, id PushID, change func(*Push) error) (Push, error)

	Scopes(ctx context.Context) ([]Scope, error)
	SaveScope(ctx context.Context, s Scope) (Scope, error)
	// HoldScope tells whether a scope is as it was, and keeps others from it until the transaction ends.
	HoldScope(ctx context.Context, s Scope) (bool, error)
	UpdateScope(ctx context.Context, id ScopeID, change func(*Scope)) error
	DeleteScope(ctx context.Context, id ScopeID) error
	ReadWorkAgain(ctx context.Context, site ticket.SiteID) error
	KeepWork(ctx context.Context, id ScopeID, rows []WorkRow) error
	WorkKnown(ctx context.Context, id ScopeID, issues []string) (map[string]time.Time, error)
	WorkSince(ctx context.Context, id ScopeID, since time.Time) ([]string, error)
	ForgetWork(ctx context.Context, id ScopeID, issues []string) error
	KeepSprints(ctx context.Context, site ticket.SiteID, sprints []ticket.Sprint, asked time.Time) error
	SprintsToAsk(ctx context.Context, site ticket.SiteID, before time.Time, limit int) ([]string, error)

	AddJiraHint(ctx context.Context, h Hint, then interface{ Kind() string }) error
	JiraHints(ctx context.Context, site ticket.SiteID, limit int) ([]Hint, error)
	SettleJiraHints(ctx context.Context, hints []Hint, now time.Time) error

	HoldFollowUp(ctx context.Context, id followup.ID) error
	FollowUp(ctx context.Context, viewer account.Actor, id followup.ID) (followup.FollowUp, error)
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error)
	FollowUpServices(ctx context.Context, viewer account.Actor, ids []followup.ID) (map[followup.ID]string, error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error)
	PacketFacts(ctx context.Context, viewer account.Actor, f followup.FollowUp) (PacketFacts, error)
}

// Markup writes texts as Jira shows them.
type Markup interface {
	// Describe is the description of a new issue.
	Describe(p Packet) string
	// Note is the status comment: what is to be said of each follow-up that the issue carries.
	Note(said []NoteLine) string
}

// NoteLine is what the status comment says of one follow-up.
type NoteLine struct {
	Ref, URL string
	Line     string // "waiting 21 d · recurred 3 times · 95 impact minutes"
	Because  string // the rule, where it did something; else empty
}

// Sync is the two-way job. Any number of replicas may run it at the same time.
type Sync struct {
	Store     Store
	FollowUps *followup.Service
	Log       audit.Log
	Connect   *Connections
	Markup    Markup
	Logger    *slog.Logger
	Now       func() time.Time
	BaseURL   string // of this Upshot, without a slash at the end
	Holder    string // this process, among the replicas
	// Settle is when Jira's search is asked for an issue whose creation has an unknown outcome, counted from when it
	// became unknown: search is behind writes by seconds to minutes.
	Settle []time.Duration
	// Lease is how long a claim lasts whose process died. A call takes less than three quarters of it.
	Lease time.Duration
	// Told notes when an issue told developers of an incident; nil: nobody does.
	Told func(ctx context.Context, actor account.Actor, id incident.ID, t incident.Telling) error
}

// DefaultSettle are the moments for Settle.
var DefaultSettle = []time.Duration{5 * time.Second, 30 * time.Second, 90 * time.Second}

// The times and sizes of a run.
const (
	overlap        = 5 * time.Minute  // that a poll reads again
	firstWindow    = time.Hour        // that the first poll looks back, after everything was read by number
	daily          = 24 * time.Hour   //
	loginEvery     = 5 * time.Minute  // while the login is bad, it alone is tried, this often
	catalogueEvery = 10 * time.Minute // at most, when an unknown status shows up
	keepRuns       = 8 * 24 * time.Hour
	maxAttempts    = 20 // of a push, until it is a dead letter: Jira may be away for a working day
)

// actor is Jira's account, as timelines name it.
func (r *run) actor() account.Actor {
	name := "Jira"
	if r.site.Name != "" {
		name = "Jira " + r.site.Name
	}
	return account.Actor{Kind: account.Source, Name: name, Role: account.Editor}
}

// run is one run over one site.
type run struct {
	*Sync
	site   Site
	jira   Jira
	state  State
	code   string // of this installation
	lease  string // whose the lease on the site is, for reads; empty: this run only writes
	fence  int64  // its number
	waited bool   // a person waits for it: everything is read, however lately it was
	// what came of it
	issues, changed, sent int
}

// Label is the one that every issue with a follow-up of this installation carries: the poll finds issues by it.
func Label(installation string) string { return "upshot-" + installation }

// Mark is the label that only the issue of one follow-up carries; again counts the issues before it.
func Mark(installation string, id followup.ID, again int) string {
	mark := Label(installation) + "-" + strings.ToLower(id.String())
	if again > 0 {
		mark += fmt.Sprintf("-%d", again+1)
	}
	return mark
}

// open begins a run over a site; it is nil when the site is switched off or its login is known to be bad and not to be tried yet.
func (s *Sync) open(ctx context.Context, site Site) (*run, error) {
	if !site.DisabledAt.IsZero() {
		return nil, nil
	}
	r := &run{Sync: s, site: site}
	var err error
	if r.code, err = s.Store.Installation(ctx); err != nil {
		return nil, err
	}
	if r.state, err = s.Store.JiraState(ctx, site.ID); err != nil {
		return nil, err
	}
	if r.jira, err = s.Connect.Client(site); err != nil {
		return nil, err
	}
	if r.state.LoginBadAt.IsZero() {
		return r, nil
	}
	if s.Now().Sub(r.state.LoginAskedAt) < loginEvery {
		return nil, nil
	}
	// Only this is asked while the login is bad: some sites lock an account after few failures.
	_, err = r.jira.Myself(ctx)
	if err == nil {
		return r, s.Store.UpdateJiraState(ctx, site.ID, func(st *State) { st.LoginBadAt = time.Time{} })
	}
	return nil, r.trouble(ctx, err)
}

// trouble remembers what went wrong with the site. It gives back what is ours; Jira's is told on the page of its health.
func (r *run) trouble(ctx context.Context, err error) error {
	var t *Trouble
	if !errors.As(err, &t) {
		return err
	}
	now := r.Now()
	first := false
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	saving := r.Store.UpdateJiraState(late, r.site.ID, func(st *State) {
		st.Trouble = ToldOf(t, now)
		if t.Kind == Login {
			first = st.LoginBadAt.IsZero()
			if first {
				st.LoginBadAt = now
			}
			st.LoginAskedAt = now
		}
	})
	if first {
		r.Logger.ErrorContext(ctx, "Jira does not accept the login; nothing is written until it does", "site", r.site.URL, "said", t.Words())
	}
	return saving
}

// SyncAll reads and writes every site once, and tells what a person must see to.
func (s *Sync) SyncAll(ctx context.Context) error { return s.each(ctx, (*Sync).SyncSite) }

// PushAll writes what waits, for every site.
func (s *Sync) PushAll(ctx context.Context) error { return s.each(ctx, (*Sync).PushSite) }

// FlushAll reads what webhooks said changed, on every site.
func (s *Sync) FlushAll(ctx context.Context) error { return s.each(ctx, (*Sync).FlushSite) }

func (s *Sync) each(ctx context.Context, do func(*Sync, context.Context, Site) error) error {
	sites, err := s.Store.JiraSites(ctx)
	if err != nil {
		return err
	}
	var all error
	for _, site := range sites {
		if err := do(s, ctx, site); err != nil {
			all = errors.Join(all, fmt.Errorf("sync %s: %w", site.URL, err))
		}
	}
	return all
}

// SyncSite reads a site, looks at what changed on both sides, and writes. Of several replicas one reads.
func (s *Sync) SyncSite(ctx context.Context, site Site) error { return s.syncSite(ctx, site, false) }

func (s *Sync) syncSite(ctx context.Context, site Site, waited bool) error {
	now := s.Now()
	lease := s.Holder + "/" + rand.Text()
	fence, leads, err := s.Store.LeaseJiraSite(ctx, site.ID, lease, now, now.Add(s.Lease))
	if err != nil || !leads {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.Store.FreeJiraSite(late, site.ID, lease)
	}()
	r, err := s.open(ctx, site)
	if err != nil || r == nil {
		return err
	}
	r.lease, r.fence, r.waited = lease, fence, waited
	reading := r.read(ctx)
	if err := r.note(ctx, now, reading); err != nil {
		return err
	}
	if reading != nil {
		var t *Trouble
		if !errors.As(reading, &t) || t.Kind == Login || t.Kind == Limited {
			return r.trouble(ctx, reading)
		}
		if err := r.trouble(ctx, reading); err != nil {
			return err
		}
	}
	if err := r.write(ctx); err != nil || reading != nil {
		return err
	}
	return r.work(ctx)
}

// PushSite looks at what changed here, and writes.
func (s *Sync) PushSite(ctx context.Context, site Site) error {
	r, err := s.open(ctx, site)
	if err != nil || r == nil {
		return err
	}
	return r.write(ctx)
}

// write looks at what changed on either side, files what is asked for, and makes the changes that wait.
func (r *run) write(ctx context.Context) error {
	for _, do := range []func(context.Context) error{r.look, r.settle, r.file, r.push} {
		if err := do(ctx); err != nil {
			var t *Trouble
			if !errors.As(err, &t) {
				return err
			}
			if err := r.trouble(ctx, err); err != nil {
				return err
			}
			if t.Kind == Login || t.Kind == Limited { // nothing else would fare better
				return nil
			}
		}
	}
	return nil
}

// note keeps how a read went.
func (r *run) note(ctx context.Context, began time.Time, reading error) error {
	now := r.Now()
	run := Run{Site: r.site.ID, BeganAt: began, EndedAt: now, Outcome: Good, Issues: r.issues, Changed: r.changed}
	var t *Trouble
	switch {
	case reading == nil:
	case errors.As(reading, &t) && t.Kind == Limited:
		run.Outcome, run.Trouble = Paused, ToldOf(t, now)
	case errors.As(reading, &t):
		run.Outcome, run.Trouble = Failed, ToldOf(t, now)
	default:
		run.Outcome, run.Trouble = Failed, Told{Words: "Upshot could not keep what it read; its log tells more.", At: now}
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.Store.InTx(late, func(ctx context.Context) error {
		err := r.Store.UpdateJiraState(ctx, r.site.ID, func(st *State) {
			st.TriedAt = now
			if reading == nil {
				st.GoodAt = now
			}
			if !st.GoodAt.IsZero() {
				run.Lag = max(0, now.Sub(st.GoodAt))
			}
		})
		if err != nil {
			return err
		}
		return r.Store.AddJiraRun(ctx, run)
	})
}

// told is what a person reads when Jira has trouble while they wait for an answer.
func told(err error) error {
	var t *Trouble
	if !errors.As(err, &t) {
		return err
	}
	words := strings.TrimSuffix(t.Words(), ".")
	switch t.Kind {
	case Login:
		return &fault.Fault{Kind: fault.Conflict, Cause: t, Message: fmt.Sprintf("Jira does not accept the login: “%s”. Check the address, the user and the token.", words)}
	case Forbidden:
		return &fault.Fault{Kind: fault.Conflict, Cause: t, Message: fmt.Sprintf("Jira does not allow it: “%s”. Ask a Jira administrator for the permission.", words)}
	case Absent:
		return &fault.Fault{Kind: fault.NotFound, Cause: t, Message: fmt.Sprintf("Jira does not know it, or does not show it to Upshot: “%s”.", words)}
	case Limited:
		return &fault.Fault{Kind: fault.Unavailable, Cause: t, Message: fmt.Sprintf("Jira asks to wait until %s UTC: “%s”.", t.Until.UTC().Format("15:04:05"), words)}
	case Refused, Raced:
		return &fault.Fault{Kind: fault.Conflict, Cause: t, Message: fmt.Sprintf("Jira refused it: “%s”.", words)}
	}
	return &fault.Fault{Kind: fault.Unavailable, Cause: t, Message: fmt.Sprintf("Jira cannot be reached, or does not answer as Jira does: “%s”. Trying later may help.", words)}
}
