package jirasync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/job"
	"upshot/app/problem"
	"upshot/app/ticket"
)

// What people decide about a connection: which side is right, to try again, to give up, what a status counts as.

// Resolve ends a conflict about a field: the side that is kept is written to the other.
func (s *Sync) Resolve(ctx context.Context, actor account.Actor, id followup.ID, field Field, keep Owner) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		l, err := s.holdLink(ctx, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(l.Conflicts, func(c Conflict) bool { return c.Field == field })
		if at < 0 {
			return fault.New(fault.Conflict, "The two sides agree about this by now.")
		}
		found, err := s.Store.Tickets(ctx, []ticket.ID{l.Ticket})
		if err != nil || len(found) == 0 {
			return err
		}
		f, err := s.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		site, err := s.Store.JiraSite(ctx, l.Site)
		if err != nil {
			return err
		}
		code, err := s.Store.Installation(ctx)
		if err != nil {
			return err
		}
		r, m, c := &run{Sync: s, site: site, code: code}, found[0], l.Conflicts[at]
		now := sides(l, m, f, code)[field] // as it is, not as it was when somebody looked
		switch {
		case keep == JiraOwns:
			if f, err = r.take(ctx, &l, m, f, field, now.theirs); err != nil {
				return err
			}
			now.ours = sides(l, m, f, code)[field].ours // tidied, it may be spelt another way
		case field == FieldStatus:
			err = r.addPush(ctx, m, id, PushTransition, Payload{To: category(followup.State(now.ours))}, "a person chose so")
		default:
			err = r.addPush(ctx, m, id, PushEdit, Payload{Edit: Edit{}.with(field, now.ours, now.theirs)}, "a person chose so")
		}
		if err != nil {
			return err
		}
		l.Conflicts = slices.Delete(l.Conflicts, at, at+1)
		if l.Bases == nil {
			l.Bases = map[Field]Base{}
		}
		l.Bases[field] = Base{Ours: now.ours, Theirs: now.theirs}
		if _, err := s.Store.UpdateTicketLink(ctx, id, func(fresh *Link) error {
			l.Look = fresh.Look + 1
			*fresh = l
			return nil
		}); err != nil {
			return err
		}
		side := "Jira’s is kept"
		if keep == UpshotOwns {
			side = "ours is written to Jira"
		}
		if err := s.tell(ctx, actor, id, "conflict resolved", fmt.Sprintf("%s: ours “%s”, Jira’s “%s”; %s.", field, c.Ours, c.Theirs, side)); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, PushArgs{})
	})
	if err != nil {
		return fmt.Errorf("resolve %s of %s: %w", field, id, err)
	}
	return nil
}

// Wish says what people here want of fields that only Jira has. What Upshot owns is written there; of the rest, Jira says.
func (s *Sync) Wish(ctx context.Context, actor account.Actor, id followup.ID, w Wishes) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	for _, label := range w.Labels {
		if strings.ContainsAny(label, " \t\n\"") || len(label) > 255 {
			return beside("labels", "A label of Jira has no spaces and at most 255 characters.")
		}
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.Store.UpdateTicketLink(ctx, id, func(l *Link) error {
			l.Wishes = w
			l.Look++
			return nil
		}); err != nil {
			return err
		}
		if err := s.tell(ctx, actor, id, "said what Jira should have", strings.Join(w.Labels, " ")); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, PushArgs{})
	})
}

// TryAgain sends the creation of an issue once more that Jira refused; what the follow-up and its project say now is sent.
func (s *Sync) TryAgain(ctx context.Context, actor account.Actor, id followup.ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		f, err := s.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		fresh, err := s.asked(ctx, actor, f)
		if err != nil {
			return err
		}
		_, err = s.Store.UpdateTicketLink(ctx, id, func(l *Link) error {
			if l.State != ticket.LinkNeeds {
				return fault.New(fault.Conflict, "This is no longer waiting for anybody.")
			}
			fresh.Asked.Labels = append(slices.DeleteFunc(fresh.Asked.Labels, func(label string) bool { return label == fresh.Mark }), l.Mark)
			fresh.Asked.Mark = l.Mark
			l.Asked, l.Site, l.Project, l.Bases = fresh.Asked, fresh.Site, fresh.Project, fresh.Bases
			l.State, l.NextAt, l.LeftOut = ticket.LinkPending, s.Now(), nil
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.tell(ctx, actor, id, "ticket asked for again", ""); err != nil {
			return err
		}
		return s.Store.Enqueue(ctx, PushArgs{})
	})
}

// Discard gives up the creation of an issue that Jira refused.
func (s *Sync) Discard(ctx context.Context, actor account.Actor, id followup.ID) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		l, err := s.holdLink(ctx, id)
		if err != nil {
			return err
		}
		if l.State != ticket.LinkNeeds {
			return fault.New(fault.Conflict, "This is no longer waiting for anybody.")
		}
		if err := s.Store.DeleteTicketLink(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, actor, id, "ticket given up", l.Trouble.Words)
	})
}

// PushAgain sends a change once more that Jira refused; DropPush gives it up.
func (s *Sync) PushAgain(ctx context.Context, actor account.Actor, id PushID) error {
	return s.deadLetter(ctx, actor, id, "sent to Jira again", func(p *Push) {
		p.State, p.Attempt, p.NextAt = PushWaiting, 0, s.Now()
	})
}

// DropPush gives up a change that Jira refused.
func (s *Sync) DropPush(ctx context.Context, actor account.Actor, id PushID) error {
	return s.deadLetter(ctx, actor, id, "given up for Jira", func(p *Push) { p.State, p.DoneAt = PushDropped, s.Now() })
}

func (s *Sync) deadLetter(ctx context.Context, actor account.Actor, id PushID, action string, change func(*Push)) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		p, err := s.Store.UpdatePush(ctx, id, func(p *Push) error {
			if p.State != PushDead {
				return fault.New(fault.Conflict, "This is no longer waiting for anybody.")
			}
			change(p)
			return nil
		})
		if err != nil {
			return err
		}
		if p.FollowUp != 0 {
			if err := s.tell(ctx, actor, p.FollowUp, action, p.Why); err != nil {
				return err
			}
		}
		return s.Store.Enqueue(ctx, PushArgs{})
	})
}

// Place says what a status counts as whose category Jira no longer tells, and counts the ledgers again. It tells how many
// tickets' histories differ by it.
func (s *Sync) Place(ctx context.Context, actor account.Actor, site ticket.SiteID, status string, as ticket.Category) (int, error) {
	if err := actor.May(account.Admin); err != nil {
		return 0, err
	}
	if !slices.Contains([]ticket.Category{ticket.ToDo, ticket.InProgress, ticket.Done}, as) {
		return 0, beside("as", "Choose to do, in progress or done.")
	}
	statuses, err := s.Store.JiraStatuses(ctx, site)
	if err != nil {
		return 0, err
	}
	if st, is := statuses[status]; is && st.Category != ticket.Unknown && st.Category != "" {
		return 0, fault.New(fault.Conflict, "Jira itself says what %s counts as.", st.Name)
	}
	return s.redefine(ctx, actor, site, fmt.Sprintf("%s counts as %s", statuses[status].Name, words(as)), func(ctx context.Context) error {
		return s.Store.PlaceStatus(ctx, site, status, as)
	})
}

// Mean says what a resolution means, and counts the ledgers again.
func (s *Sync) Mean(ctx context.Context, actor account.Actor, site ticket.SiteID, meanings map[string]ticket.Meaning) (int, error) {
	if err := actor.May(account.Admin); err != nil {
		return 0, err
	}
	for _, m := range meanings {
		if !slices.Contains(ticket.Meanings, m) {
			return 0, beside("meaning", "Choose one of the meanings.")
		}
	}
	return s.redefine(ctx, actor, site, "resolutions", func(ctx context.Context) error {
		for _, id := range sortedKeys(meanings) {
			if err := s.Store.SetMeaning(ctx, site, id, meanings[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Sync) redefine(ctx context.Context, actor account.Actor, site ticket.SiteID, what string, change func(ctx context.Context) error) (int, error) {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := change(ctx); err != nil {
			return err
		}
		if err := s.Store.ReadWorkAgain(ctx, site); err != nil {
			return err
		}
		return s.Connect.tell(ctx, actor, "redefined for Jira", what, nil, nil)
	})
	if err != nil {
		return 0, err
	}
	differ, err := s.Recount(ctx, site)
	if err != nil || differ == 0 {
		return differ, err
	}
	return differ, s.Store.Enqueue(ctx, PushArgs{})
}

// ReadNow reads and writes every site at once, for a person who waits for it.
func (s *Sync) ReadNow(ctx context.Context, actor account.Actor) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return s.each(ctx, func(s *Sync, ctx context.Context, site Site) error { return s.syncSite(ctx, site, true) })
}

// SyncArgs is the job that reads and writes every site. It is not kept from being there twice: the lease on a site lets one run
// at a time read it, and a job that died with its process must not keep the next one away.
type SyncArgs struct{}

// Kind names the work in the database.
func (SyncArgs) Kind() string { return "jira_sync" }

// FlushArgs is the job that reads what webhooks said changed; it waits a moment for what comes together.
type FlushArgs struct{ job.Soon }

// Kind names the work in the database.
func (FlushArgs) Kind() string { return "jira_flush" }

// SiteOfHook finds a site by its address for webhooks, with the secrets they may be signed with.
func (s *Sync) SiteOfHook(ctx context.Context, name string) (Site, []string, error) {
	site, err := s.Store.JiraSiteByHook(ctx, name)
	if err != nil {
		return site, nil, err
	}
	secrets, err := s.Connect.HookSecrets(site)
	return site, secrets, err
}

// HintAt keeps that a ticket which somebody else tells of may have changed, when it is one that is mirrored: by its address, or by its key alone.
func (s *Sync) HintAt(ctx context.Context, key, address string) (known bool, err error) {
	sites, err := s.Store.JiraSites(ctx)
	if err != nil {
		return false, err
	}
	for _, site := range sites {
		own := key
		if address != "" {
			rest, of := strings.CutPrefix(address, site.URL+"/browse/")
			if !of {
				continue
			}
			own = rest
		}
		if !KeyPattern.MatchString(own) {
			continue
		}
		issue, err := s.Store.IssueOfKey(ctx, site.ID, own)
		if err != nil {
			return known, err
		}
		if issue == "" {
			continue
		}
		known = true
		now := s.Now()
		if err := s.Hint(ctx, Hint{Site: site.ID, Event: "told by another source", IssueID: issue, At: now, Delivery: fmt.Sprintf("told %s %d", issue, now.UnixMicro())}); err != nil {
			return known, err
		}
	}
	return known, nil
}

// Hint keeps that an issue may have changed, once for each delivery, and has it read in a moment.
func (s *Sync) Hint(ctx context.Context, h Hint) error {
	return s.Store.AddJiraHint(ctx, h, FlushArgs{})
}

// Replayed is what a rule would have done about one follow-up in the past.
type Replayed struct {
	FollowUp followup.FollowUp
	At       time.Time // of the recurrence that would have set it off
	Does     followup.Escalation
}

// Replay tells what a rule would have done to these follow-ups since a moment: at the recurrence that would have set it off, or
// when the ticket was created if that came later. Priorities and their order are those of today; what became of the tickets
// later, and what people chose later, is left aside. It reads nothing and changes nothing.
func Replay(rule followup.Rule, promised []followup.FollowUp, seen map[problem.ID][]problem.Occurrence, priorities map[ticket.SiteID][]ticket.Named, since, now time.Time) []Replayed {
	rule.Mode = followup.DryRun
	var all []Replayed
	for _, f := range promised {
		if f.Ticket == nil {
			continue
		}
		waited := followup.RecurredWhileWaiting(f, seen[f.Problem], now)
		if len(waited) < rule.At {
			continue
		}
		triggered := waited[rule.At-1].DetectedAt
		at := later(triggered, f.Ticket.CreatedAt)
		if at.Before(since) || at.After(now) {
			continue
		}
		then := followup.LedgerOf(f, seen[f.Problem], at)
		standing := followup.StandingOf(*f.Ticket, priorities[f.Ticket.Site])
		standing.Category, standing.Meaning, standing.InActiveSprint = ticket.ToDo, "", false
		if standing.PrioritySetByPersonAt.After(at) {
			standing.PrioritySetByPersonAt = time.Time{}
		}
		recurred := 0
		for _, o := range waited {
			if !o.DetectedAt.After(at) {
				recurred++
			}
		}
		if e := followup.Escalate(rule, then.StillWaiting, recurred, triggered, standing); e.Acts() {
			all = append(all, Replayed{FollowUp: f, At: at, Does: e})
		}
	}
	slices.SortFunc(all, func(a, b Replayed) int { return b.At.Compare(a.At) })
	return all
}
