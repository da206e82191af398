package jirasync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/job"
	"upshot/app/ticket"
)

// PushArgs is the job that writes what waits. The change that made it necessary enqueues it.
type PushArgs struct{ job.Once }

// Kind names the work in the database.
func (PushArgs) Kind() string { return "jira_push" }

// Ask asks for a Jira issue that carries the follow-up. What it will say is frozen now; it is created by a job, once. A
// proposal becomes a promise by it.
func (s *Sync) Ask(ctx context.Context, actor account.Actor, id followup.ID) (Link, error) {
	if err := actor.May(account.Editor); err != nil {
		return Link{}, err
	}
	var l Link
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		f, err := s.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		if err := fileable(f); err != nil {
			return err
		}
		if _, err := s.Store.TicketLink(ctx, actor, id); err == nil {
			return fault.New(fault.Conflict, "%s has a ticket already.", id)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if l, err = s.asked(ctx, actor, f); err != nil {
			return err
		}
		if err := s.Store.CreateTicketLink(ctx, l); err != nil {
			return err
		}
		if f.State == followup.Proposed {
			if _, err := s.FollowUps.Step(ctx, actor, id, "queued", "", followup.Plain((*followup.FollowUp).Queue)); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, actor, id, "ticket asked for", l.Asked.Project); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, PushArgs{})
	})
	if err != nil {
		return Link{}, fmt.Errorf("ask for a ticket of %s: %w", id, err)
	}
	return l, nil
}

func fileable(f followup.FollowUp) error {
	switch f.State {
	case followup.Declined, followup.Duplicate, followup.Verified:
		return fault.New(fault.Conflict, "%s is finished; it needs no ticket.", f.ID)
	}
	return nil
}

// asked is the connection of a follow-up to an issue that does not exist yet.
func (s *Sync) asked(ctx context.Context, actor account.Actor, f followup.FollowUp) (Link, error) {
	p, err := s.projectFor(ctx, actor, f)
	if err != nil {
		return Link{}, err
	}
	code, err := s.Store.Installation(ctx)
	if err != nil {
		return Link{}, err
	}
	facts, err := s.Store.PacketFacts(ctx, actor, f)
	if err != nil {
		return Link{}, err
	}
	facts.BaseURL = s.BaseURL
	now := s.Now()
	mark := Mark(code, f.ID, 0)
	return Link{
		FollowUp: f.ID, Site: p.Site, Project: p.ID, State: ticket.LinkPending, Mark: mark, Filed: true, CreatedAt: now, NextAt: now,
		Asked: NewIssue{
			Project: p.Key, Type: p.Type.ID, Summary: f.Title, Description: s.Markup.Describe(PacketOf(facts)),
			Labels: unique(append([]string{Label(code), mark}, p.Labels...)), Components: p.Components, Fixed: p.Fixed, DueOn: f.DueOn, Mark: mark,
		},
		Bases: map[Field]Base{
			FieldStatus:  {Ours: string(followup.Queued), Theirs: string(followup.Queued)},
			FieldSummary: {Ours: f.Title, Theirs: f.Title}, FieldDueOn: {Ours: f.DueOn, Theirs: f.DueOn},
		},
	}, nil
}

// projectFor finds the mapping: of the service the follow-up is about, else of its team, else of everybody.
func (s *Sync) projectFor(ctx context.Context, actor account.Actor, f followup.FollowUp) (Project, error) {
	all, err := s.Store.JiraProjects(ctx)
	if err != nil {
		return Project{}, err
	}
	about, err := s.Store.FollowUpServices(ctx, actor, []followup.ID{f.ID})
	if err != nil {
		return Project{}, err
	}
	services, err := s.Store.ServiceNames(ctx, actor)
	if err != nil {
		return Project{}, err
	}
	p, found := Project{}, false
	rank := 0
	for _, candidate := range all {
		fits := 0
		switch {
		case candidate.Service != 0:
			for _, v := range services {
				if v.ID == candidate.Service && v.Slug == about[f.ID] {
					fits = 3
				}
			}
		case candidate.Team != 0 && candidate.Team == f.Team:
			fits = 2
		case candidate.Team == 0:
			fits = 1
		}
		if fits > rank {
			p, found, rank = candidate, true, fits
		}
	}
	if !found {
		return p, fault.New(fault.Conflict, "No Jira project takes the follow-ups of this team yet. An administrator maps one under Settings, Jira.")
	}
	return p, nil
}

// Candidates are issues that a person may mean by what they typed: a key, an address, or words.
func (s *Sync) Candidates(ctx context.Context, actor account.Actor, id followup.ID, typed string) ([]Found, error) {
	if err := actor.May(account.Editor); err != nil {
		return nil, err
	}
	if strings.TrimSpace(typed) == "" {
		return nil, nil
	}
	sites, err := s.Store.JiraSites(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.Store.FollowUp(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	project, _ := s.projectFor(ctx, actor, f) // none: search everywhere
	var all []Found
	var trouble error
	for _, site := range sites {
		if !site.DisabledAt.IsZero() {
			continue
		}
		jira, err := s.Connect.Client(site)
		if err != nil {
			return nil, err
		}
		key := ""
		if project.Site == site.ID {
			key = project.Key
		}
		issues, err := jira.Find(ctx, strings.TrimSpace(typed), key, candidates)
		if err != nil {
			trouble = errors.Join(trouble, told(err))
			continue
		}
		for _, i := range issues {
			all = append(all, Found{Site: site, Issue: i})
		}
	}
	if len(all) == 0 && trouble != nil {
		return nil, trouble
	}
	return all, nil
}

// candidates is how many issues a search for one to link gives.
const candidates = 10

// Found is an issue on a site.
type Found struct {
	Site  Site
	Issue Issue
}

// LinkTo connects the follow-up to an issue that is there, by its key or address. From then on it is the same as one we
// filed. Several follow-ups may share an issue.
func (s *Sync) LinkTo(ctx context.Context, actor account.Actor, id followup.ID, typed string) (Link, error) {
	if err := actor.May(account.Editor); err != nil {
		return Link{}, err
	}
	f, err := s.Store.FollowUp(ctx, actor, id)
	if err != nil {
		return Link{}, err
	}
	if err := fileable(f); err != nil {
		return Link{}, err
	}
	site, i, err := s.issueMeant(ctx, strings.TrimSpace(typed))
	if err != nil {
		return Link{}, err
	}
	var l Link
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		code, err := s.Store.Installation(ctx)
		if err != nil {
			return err
		}
		t, err := s.Store.MirrorTicket(ctx, site.ID, Ref{ID: i.IssueID, Key: i.Key})
		if err != nil {
			return err
		}
		now := s.Now()
		l = Link{
			FollowUp: id, Site: site.ID, State: ticket.Linked, Mark: Mark(code, id, 0), Ticket: t, CreatedAt: now, LinkedAt: now,
			// What the two say may differ from the start; only where it changes from now on does it flow. The state is the
			// owner's from the start.
			Bases: map[Field]Base{FieldSummary: {Ours: f.Title, Theirs: i.Summary}, FieldDueOn: {Ours: f.DueOn, Theirs: i.DueOn}},
		}
		if p, err := s.projectFor(ctx, actor, f); err == nil && p.Site == site.ID {
			l.Project = p.ID
		}
		if _, err := s.Store.TicketLink(ctx, actor, id); err == nil {
			return fault.New(fault.Conflict, "%s has a ticket already.", id)
		}
		if err := s.Store.CreateTicketLink(ctx, l); err != nil {
			return err
		}
		if f.State == followup.Proposed {
			if _, err := s.FollowUps.Step(ctx, actor, id, "queued", "", followup.Plain((*followup.FollowUp).Queue)); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, actor, id, "ticket linked", i.Key); err != nil {
			return err
		}
		if err := s.welcome(ctx, l, f, code); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, SyncArgs{})
	})
	if err != nil {
		return Link{}, fmt.Errorf("link %s: %w", id, err)
	}
	return l, nil
}

// welcome asks for what lets the sync find a linked issue again, and people find the way back.
func (s *Sync) welcome(ctx context.Context, l Link, f followup.FollowUp, code string) error {
	now := s.Now()
	_, err := s.Store.AddPush(ctx, Push{
		Site: l.Site, Ticket: l.Ticket, FollowUp: l.FollowUp, Kind: PushEdit, CreatedAt: now, NextAt: now,
		Payload: Payload{Edit: Edit{AddLabels: []string{Label(code), l.Mark}}}, Why: "so that the sync finds the issue",
	})
	if err != nil {
		return err
	}
	return s.linkBack(ctx, l, f)
}

// linkBack asks for the link from the issue to the follow-up.
func (s *Sync) linkBack(ctx context.Context, l Link, f followup.FollowUp) error {
	now := s.Now()
	_, err := s.Store.AddPush(ctx, Push{
		Site: l.Site, Ticket: l.Ticket, FollowUp: l.FollowUp, Kind: PushBackLink, CreatedAt: now, NextAt: now,
		Payload: Payload{BackLink: BackLink{
			GlobalID: l.Mark, URL: s.address(f.ID), Title: f.ID.String() + " in Upshot", Summary: f.Title,
		}},
		Why: "so that people find the way back",
	})
	if err != nil {
		return err
	}
	_, err = s.Store.UpdateTicketLink(ctx, l.FollowUp, func(l *Link) error {
		l.LinkedBack = true
		return nil
	})
	return err
}

// issueMeant finds the issue on whichever site has it; an address says which.
func (s *Sync) issueMeant(ctx context.Context, typed string) (Site, Issue, error) {
	sites, err := s.Store.JiraSites(ctx)
	if err != nil {
		return Site{}, Issue{}, err
	}
	if len(sites) == 0 {
		return Site{}, Issue{}, fault.New(fault.Conflict, "No Jira is connected yet. An administrator connects one under Settings, Jira.")
	}
	key := typed
	if at := strings.LastIndex(typed, "/browse/"); at >= 0 {
		key, _, _ = strings.Cut(typed[at+len("/browse/"):], "?")
		sites = slices.DeleteFunc(slices.Clone(sites), func(site Site) bool { return !strings.HasPrefix(typed, site.URL+"/") })
	}
	key = strings.ToUpper(strings.TrimSpace(key))
	last := beside("key", "This is no issue of a connected Jira; write a key such as OPS-12, or its address.")
	for _, site := range sites {
		if !site.DisabledAt.IsZero() || !KeyPattern.MatchString(key) {
			continue
		}
		jira, err := s.Connect.Client(site)
		if err != nil {
			return Site{}, Issue{}, err
		}
		i, err := jira.IssueOf(ctx, key)
		if err == nil {
			return site, i, nil
		}
		if last = told(err); fault.Is(last, fault.NotFound) {
			last = beside("key", "Jira does not know "+key+", or does not show it to Upshot.")
		}
	}
	return Site{}, Issue{}, last
}

func beside(field, message string) error {
	var c fault.Check
	c.That(false, field, "%s", message)
	return c.Err()
}

// Unlink takes the connection away. The issue stays in Jira without the follow-up's mark, by which it would be found again as
// the one that carries it, and the follow-up's own moves say again how far it is.
func (s *Sync) Unlink(ctx context.Context, actor account.Actor, id followup.ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		l, err := s.holdLink(ctx, id)
		if err != nil {
			return err
		}
		if l.State == ticket.LinkSending {
			return fault.New(fault.Conflict, "The issue is being created just now. Wait until that is settled.")
		}
		if err := s.Store.DeleteTicketLink(ctx, id); err != nil {
			return err
		}
		f, err := s.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		if err := s.tell(ctx, actor, id, "ticket unlinked", l.Asked.Project); err != nil {
			return err
		}
		if l.State == ticket.Linked {
			now := s.Now()
			_, err := s.Store.AddPush(ctx, Push{
				Site: l.Site, Ticket: l.Ticket, FollowUp: id, Kind: PushEdit, CreatedAt: now, NextAt: now,
				Payload: Payload{Edit: Edit{RemoveLabels: []string{l.Mark}}}, Why: "it no longer carries the follow-up",
			})
			if err != nil {
				return err
			}
			if err := s.Store.Enqueue(ctx, PushArgs{}); err != nil {
				return err
			}
		}
		return s.FollowUps.Keeper.KeepFollowUp(ctx, actor, f)
	})
	if err != nil {
		return fmt.Errorf("unlink %s: %w", id, err)
	}
	return nil
}

// tell appends an event to a follow-up's timeline.
func (s *Sync) tell(ctx context.Context, actor account.Actor, id followup.ID, action, reason string) error {
	return s.Log.Append(ctx, audit.Event{
		At: s.Now(), Actor: actor, Subject: audit.FollowUp, SubjectID: int64(id), FollowUp: int64(id), Action: action, Reason: reason,
		After: audit.Fields(map[string]any{"ticket": action}),
	})
}

// file creates the issues that are asked for, a few at a time.
func (r *run) file(ctx context.Context) error {
	g, calls := errgroup.WithContext(ctx)
	for range callsAtOnce {
		g.Go(func() error {
			for calls.Err() == nil {
				if more, err := r.fileOne(calls); err != nil || !more {
					return err
				}
			}
			return calls.Err()
		})
	}
	return g.Wait()
}

// fileOne creates the issue that waits longest; more is false when none does.
func (r *run) fileOne(ctx context.Context) (more bool, err error) {
	held, end := r.holding(ctx)
	defer end()
	now := r.Now()
	claimed, err := r.Store.ClaimTicketLinks(ctx, r.site.ID, ticket.LinkPending, r.Holder, now, now.Add(r.Lease), 1)
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	return true, r.create(held, claimed[0])
}

// holding ends before the lease of a claim that is made after it: whoever takes the claim over then need not fear a call of ours
// that still waits for its turn. The rest of the lease is for what is under way, to have its effect or not.
func (r *run) holding(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, r.Lease*3/4)
}

// create sends the one call that makes an issue, and settles what became of it. That it is being sent is committed already.
func (r *run) create(ctx context.Context, l Link) error {
	ref, err := r.jira.Create(ctx, l.Asked)
	// Whatever happens to ctx, what is known now is kept.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err == nil {
		return r.created(late, l, ref)
	}
	now := r.Now()
	var t *Trouble
	if !errors.As(err, &t) { // the end of ctx: nobody knows how far it came
		t = &Trouble{Kind: Temporary, Call: "POST issue", Said: "The program ended meanwhile.", Maybe: true, Cause: err}
	}
	_, settling := r.Store.SettleTicketLink(late, l.FollowUp, l.Fence, func(l *Link) error {
		*l = AfterFailure(*l, *t, now, r.Settle)
		return nil
	})
	if settling != nil {
		return settling
	}
	if t.Kind == Login || t.Kind == Limited {
		return err
	}
	return nil
}

// AfterFailure is the connection after creating its issue did not succeed. It is created again only after a definite
// refusal or when the search has not found it: what may have been created is looked for first.
func AfterFailure(l Link, t Trouble, now time.Time, settle []time.Duration) Link {
	l.Trouble = ToldOf(&t, now)
	switch {
	case t.Maybe:
		l.State, l.UnknownSince, l.Searches = ticket.LinkSending, now, 0
		l.NextAt = now.Add(settle[0])
	case t.Kind == Limited:
		l.State, l.NextAt = ticket.LinkPending, later(t.Until, now)
	case t.Kind == Login:
		l.State, l.NextAt = ticket.LinkPending, now.Add(loginEvery)
	case t.Kind == Temporary, t.Kind == Raced:
		l.State, l.NextAt = ticket.LinkPending, now.Add(backOff(l.Attempt))
	case t.Kind == Refused:
		if left, out := withoutOptional(l.Asked, t.Fields); len(out) > 0 {
			l.Asked, l.LeftOut = left, append(l.LeftOut, out...)
			l.State, l.NextAt = ticket.LinkPending, now
			break
		}
		l.State = ticket.LinkNeeds
	default:
		l.State = ticket.LinkNeeds
	}
	return l
}

// withoutOptional drops the fields that we added and Jira names, unless there are others it names too: then somebody must
// change something anyway.
func withoutOptional(n NewIssue, named map[string]string) (NewIssue, []string) {
	var out []string
	for _, id := range sortedKeys(named) {
		switch {
		case id == "priority" && n.Priority != "":
			n.Priority = ""
		case id == "assignee" && n.Assignee != "":
			n.Assignee = ""
		case id == "components" && len(n.Components) > 0:
			n.Components = nil
		case id == "duedate" && n.DueOn != "":
			n.DueOn = ""
		default:
			return n, nil
		}
		out = append(out, fmt.Sprintf("%s: %s", id, named[id]))
	}
	return n, out
}

// backOff is how long to wait before the next attempt: 2, 4, 8 … seconds, at most an hour.
func backOff(attempt int) time.Duration {
	return min(time.Hour, time.Second<<min(max(attempt, 1), 12))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// created settles a connection whose issue is there.
func (r *run) created(ctx context.Context, l Link, ref Ref) error {
	r.sent++
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		t, err := r.Store.MirrorTicket(ctx, r.site.ID, ref)
		if err != nil {
			return err
		}
		now := r.Now()
		settled, err := r.Store.SettleTicketLink(ctx, l.FollowUp, l.Fence, func(l *Link) error {
			l.State, l.Ticket, l.LinkedAt = ticket.Linked, t, now
			l.UnknownSince, l.Searches, l.Trouble, l.NextAt = time.Time{}, 0, Told{}, time.Time{}
			l.Look++
			return nil
		})
		if err != nil || !settled {
			return err
		}
		if err := r.tell(ctx, r.actor(), l.FollowUp, "ticket filed", ref.Key); err != nil {
			return err
		}
		if l.Earlier == 0 {
			return nil
		}
		earlier, err := r.Store.Tickets(ctx, []ticket.ID{l.Earlier})
		if err != nil || len(earlier) == 0 {
			return err
		}
		_, err = r.Store.AddPush(ctx, Push{
			Site: l.Site, Ticket: t, FollowUp: l.FollowUp, Kind: PushIssueLink, CreatedAt: now, NextAt: now,
			Payload: Payload{Issue: earlier[0].IssueID}, Why: "it follows " + earlier[0].Key,
		})
		return err
	})
}

// settle looks for the issues whose creation has an unknown outcome, many with one search.
func (r *run) settle(ctx context.Context) error {
	for {
		now := r.Now()
		claimed, err := r.Store.ClaimTicketLinks(ctx, r.site.ID, ticket.LinkSending, r.Holder, now, now.Add(r.Lease), LabelsAtOnce)
		if err != nil || len(claimed) == 0 {
			return err
		}
		if err := r.settleSome(ctx, claimed, now); err != nil {
			return err
		}
	}
}

func (r *run) settleSome(ctx context.Context, claimed []Link, now time.Time) error {
	var marks []string
	var due []Link
	for _, l := range claimed {
		if at := l.UnknownSince.Add(r.Settle[min(l.Searches, len(r.Settle)-1)]); at.After(now) {
			if err := r.again(ctx, l, func(l *Link) { l.NextAt = at }); err != nil {
				return err
			}
			continue
		}
		due, marks = append(due, l), append(marks, l.Mark)
	}
	if len(due) == 0 {
		return nil
	}
	found, err := r.jira.Marked(ctx, marks)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil { // the search itself failed: nothing is known, and nothing counts
		for _, l := range due {
			if settling := r.again(late, l, func(l *Link) { l.NextAt = now.Add(r.Settle[0]) }); settling != nil {
				return settling
			}
		}
		return err
	}
	for _, l := range due {
		if ref, is := lowest(found, l.Mark); is {
			if err := r.created(late, l, ref); err != nil {
				return err
			}
			continue
		}
		settling := r.again(late, l, func(l *Link) { *l = NotFound(*l, now, r.Settle) })
		if settling != nil {
			return settling
		}
	}
	return nil
}

func (r *run) again(ctx context.Context, l Link, change func(*Link)) error {
	_, err := r.Store.SettleTicketLink(ctx, l.FollowUp, l.Fence, func(l *Link) error {
		change(l)
		return nil
	})
	return err
}

// NotFound is the connection after a search, with a good login, did not find its issue. After the last one it was not
// created, and is sent again.
func NotFound(l Link, now time.Time, settle []time.Duration) Link {
	if l.Searches++; l.Searches < len(settle) {
		l.NextAt = l.UnknownSince.Add(settle[l.Searches])
		return l
	}
	l.State, l.UnknownSince, l.Searches, l.NextAt = ticket.LinkPending, time.Time{}, 0, now
	return l
}

// lowest is the issue with the mark; of several, which the sweep for doubles sees to, the one with the lowest number.
func lowest(found []Issue, mark string) (Ref, bool) {
	var ref Ref
	for _, i := range found {
		if slices.Contains(i.Labels, mark) && (ref.ID == "" || LowerID(i.IssueID, ref.ID)) {
			ref = Ref{ID: i.IssueID, Key: i.Key}
		}
	}
	return ref, ref.ID != ""
}

// LowerID tells whether one of Jira's numbers is lower than another; they may be longer than a machine's.
func LowerID(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}
