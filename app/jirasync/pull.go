package jirasync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"upshot/app/ticket"
)

// The sizes of what a read does together.
const (
	readTogether  = 5 * HistoriesAtOnce // issues read by number before they are kept
	keptTogether  = 250                 // tickets kept in one transaction
	unlabelledMax = 500                 // issues without the label that a poll names by number
	hintsTogether = 2000
	callsAtOnce   = 4 // of one run; all replicas together make no more than that either
)

// read brings the mirror of a site up to date: what was linked and never read, what webhooks said changed, once a day
// everything, and then whatever changed since the last time. The poll is the truth, webhooks are hints.
func (r *run) read(ctx context.Context) error {
	if r.Now().Sub(r.state.StartedAt) >= daily {
		if err := r.start(ctx); err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	all, err := r.readDue(ctx)
	if err != nil || all { // everything was read just now: the poll goes on from here the next time, and so does the upkeep
		return err
	}
	if err := r.poll(ctx); err != nil {
		return err
	}
	return r.upkeep(ctx)
}

// start is the start of a day: what the site is, whose login it is, and its catalogue.
func (r *run) start(ctx context.Context) error {
	server, err := r.jira.Server(ctx)
	if err != nil {
		return err
	}
	account, err := r.jira.Myself(ctx)
	if err != nil {
		return err
	}
	fields, err := r.jira.FieldIDs(ctx)
	if err != nil {
		return err
	}
	if err := r.catalogue(ctx); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		_, site, err := r.Store.UpdateJiraSite(ctx, r.site.ID, func(s *Site) error {
			s.Flavour, s.Version, s.Account, s.Fields = server.Flavour, server.Version, account, fields
			return nil
		})
		if err != nil {
			return err
		}
		r.site = site
		if r.jira, err = r.Connect.Client(site); err != nil {
			return err
		}
		return r.Store.UpdateJiraState(ctx, site.ID, func(st *State) { st.StartedAt = r.Now() })
	})
}

// catalogue reads Jira's list of statuses.
func (r *run) catalogue(ctx context.Context) error {
	statuses, err := r.jira.Statuses(ctx)
	if err != nil {
		return err
	}
	now := r.Now()
	r.state.CatalogueAt = now
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.KeepStatuses(ctx, r.site.ID, statuses, true, now); err != nil {
			return err
		}
		return r.Store.UpdateJiraState(ctx, r.site.ID, func(st *State) { st.CatalogueAt = now })
	})
}

// FlushSite reads the issues that webhooks said changed.
func (s *Sync) FlushSite(ctx context.Context, site Site) error {
	r, err := s.open(ctx, site)
	if err != nil || r == nil {
		return err
	}
	if err := r.flush(ctx); err != nil {
		return r.trouble(ctx, err)
	}
	return r.write(ctx)
}

// flush reads what webhooks said changed. A hint causes at most one read, whatever it says: state comes from Jira alone.
func (r *run) flush(ctx context.Context) error {
	hints, err := r.Store.JiraHints(ctx, r.site.ID, hintsTogether)
	if err != nil || len(hints) == 0 {
		return err
	}
	var ids []string
	deleted := map[string]bool{}
	for _, h := range hints {
		ids = append(ids, h.IssueID)
		if h.Event == DeletedEvent {
			deleted[h.IssueID] = true
		}
	}
	mirrored, err := r.Store.TicketsByIssue(ctx, r.site.ID, unique(ids))
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(unique(ids), func(id string) bool { _, is := mirrored[id]; return !is })
	if err := r.readByNumber(ctx, ids, deleted); err != nil {
		return err
	}
	return r.Store.SettleJiraHints(ctx, hints, r.Now())
}

// readDue reads by number what the poll cannot know: what was never read, what was missing a while ago, and once a day all.
func (r *run) readDue(ctx context.Context) (all bool, err error) {
	began := r.Now()
	all = began.Sub(r.state.ReconciledAt) >= daily
	var ids []string
	if all {
		ids, err = r.Store.MirroredIssues(ctx, r.site.ID)
	} else {
		ids, err = r.Store.UnreadIssues(ctx, r.site.ID, readTogether)
	}
	if err != nil {
		return all, err
	}
	if !all {
		again, err := r.missingDue(ctx, began)
		if err != nil {
			return all, err
		}
		ids = append(ids, again...)
	}
	if err := r.readByNumber(ctx, unique(ids), nil); err != nil || !all {
		return all, err
	}
	return all, r.Store.UpdateJiraState(ctx, r.site.ID, func(st *State) {
		st.ReconciledAt = began
		if st.CursorAt.IsZero() {
			st.CursorAt = began.Add(-firstWindow)
		}
		r.state = *st
	})
}

// missingDue are the issues that were missing and are to be looked for again: 12 and 24 hours after the first time.
// Each comes with another issue of its project, which tells whether the project can be seen at all.
func (r *run) missingDue(ctx context.Context, now time.Time) ([]string, error) {
	missing, err := r.Store.MissingIssues(ctx, r.site.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, m := range missing {
		if now.Sub(m.MissingSince) < time.Duration(m.Missing)*missingAgain {
			continue
		}
		ids = append(ids, m.IssueID)
		sibling, err := r.Store.SiblingIssue(ctx, r.site.ID, m.Project, m.IssueID)
		if err != nil {
			return nil, err
		}
		if sibling != "" {
			ids = append(ids, sibling)
		}
	}
	return ids, nil
}

// readByNumber reads issues by Jira's numbers, several calls at a time. Of deleted ones Jira said so itself.
func (r *run) readByNumber(ctx context.Context, ids []string, deleted map[string]bool) error {
	for together := range slices.Chunk(ids, readTogether) {
		pages := slices.Collect(slices.Chunk(together, IssuesAtOnce))
		found, missing := make([][]Issue, len(pages)), make([][]string, len(pages))
		g, calls := errgroup.WithContext(ctx)
		g.SetLimit(callsAtOnce)
		for n, page := range pages {
			g.Go(func() (err error) {
				found[n], missing[n], err = r.jira.Issues(calls, page)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		issues := slices.Concat(found...)
		if err := r.keep(ctx, issues); err != nil {
			return err
		}
		if err := r.keepMissing(ctx, slices.Concat(missing...), issues, deleted); err != nil {
			return err
		}
		if err := r.hold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// hold makes the lease on the site longer, and stops a run that lost it.
func (r *run) hold(ctx context.Context) error {
	if r.lease == "" {
		return nil
	}
	now := r.Now()
	fence, leads, err := r.Store.LeaseJiraSite(ctx, r.site.ID, r.lease, now, now.Add(r.Lease))
	switch {
	case err != nil:
		return err
	case !leads || fence != r.fence:
		return fmt.Errorf("another replica reads %s by now", r.site.URL)
	}
	return nil
}

// poll reads whatever changed since the cursor, which moves only when all of it is kept. The last minutes are read again:
// what Jira had not shown yet comes late, and what is known already costs nothing.
func (r *run) poll(ctx context.Context) error {
	unlabelled, err := r.Store.UnlabelledIssues(ctx, r.site.ID, unlabelledMax)
	if err != nil {
		return err
	}
	q := Query{Label: Label(r.code), IDs: unlabelled}
	if !r.state.CursorAt.IsZero() {
		q.Since = r.state.CursorAt.Add(-overlap)
	}
	cursor := r.state.CursorAt
	var issues []Issue
	keep := func() error {
		err := r.keep(ctx, issues)
		issues = nil
		return errors.Join(err, r.hold(ctx))
	}
	err = r.jira.Changed(ctx, q, func(page []Issue) error {
		for _, i := range page {
			if i.UpdatedAt.After(cursor) {
				cursor = i.UpdatedAt
			}
		}
		if issues = append(issues, page...); len(issues) < readTogether {
			return r.hold(ctx)
		}
		return keep()
	})
	if err != nil {
		return err
	}
	if err := keep(); err != nil {
		return err
	}
	if !cursor.After(r.state.CursorAt) {
		return nil
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if holds, err := r.Store.HoldsJiraSite(ctx, r.site.ID, r.fence); err != nil || !holds {
			return err
		}
		return r.Store.UpdateJiraState(ctx, r.site.ID, func(st *State) {
			if cursor.After(st.CursorAt) {
				st.CursorAt = cursor
			}
			r.state = *st
		})
	})
}

// keep takes issues into the mirror, with their histories. What is not mirrored is not ours; what is older than what is
// known, or the same, changes nothing.
func (r *run) keep(ctx context.Context, issues []Issue) error {
	r.issues += len(issues)
	latest := map[string]Issue{}
	var ids []string
	for _, i := range issues { // an issue may come twice when pages shift meanwhile
		if before, is := latest[i.IssueID]; !is || !i.UpdatedAt.Before(before.UpdatedAt) {
			latest[i.IssueID] = i
		}
		ids = append(ids, i.IssueID)
	}
	mirrored, err := r.Store.TicketsByIssue(ctx, r.site.ID, unique(ids))
	if err != nil {
		return err
	}
	var fresh []Issue
	var back []ticket.ID // what counted as missing, and is there as it was
	for _, id := range unique(ids) {
		m, ours := mirrored[id]
		switch i := latest[id]; {
		case !ours:
		case Newer(m.Ticket, i.Ticket) || m.History.Partial:
			fresh = append(fresh, i)
		case m.Missing > 0 || !m.GoneAt.IsZero():
			back = append(back, m.ID)
		}
	}
	for _, id := range back {
		if err := r.Store.UpdateTicket(ctx, id, func(m *Mirror) error {
			m.Missing, m.MissingSince, m.GoneAt = 0, time.Time{}, time.Time{}
			return nil
		}); err != nil {
			return err
		}
	}
	if err := r.histories(ctx, fresh); err != nil {
		return err
	}
	for some := range slices.Chunk(fresh, keptTogether) {
		if err := r.keepFresh(ctx, some); err != nil {
			return err
		}
	}
	return r.placeUnknown(ctx, fresh)
}

// histories reads those that did not come along. An issue whose history cannot be read whole is partial.
func (r *run) histories(ctx context.Context, fresh []Issue) error {
	var ids []string
	at := map[string]int{}
	for n, i := range fresh {
		if !i.HasChanges {
			ids, at[i.IssueID] = append(ids, i.IssueID), n
		}
	}
	pages := slices.Collect(slices.Chunk(ids, HistoriesAtOnce))
	found := make([]map[string][]ticket.Change, len(pages))
	g, calls := errgroup.WithContext(ctx)
	g.SetLimit(callsAtOnce)
	for n, page := range pages {
		g.Go(func() (err error) {
			found[n], err = r.jira.Histories(calls, page)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for n, page := range pages {
		for _, id := range page {
			changes, whole := found[n][id]
			fresh[at[id]].Changes, fresh[at[id]].HasChanges, fresh[at[id]].Partial = changes, true, !whole
		}
	}
	return nil
}

// keepFresh keeps some issues in one transaction: their fields, their history, what people said, and what follows.
func (r *run) keepFresh(ctx context.Context, fresh []Issue) error {
	now := r.Now()
	own := r.site.Account.ID
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if r.lease != "" {
			if holds, err := r.Store.HoldsJiraSite(ctx, r.site.ID, r.fence); err != nil || !holds {
				return err
			}
		}
		issues := make([]string, len(fresh))
		for n, i := range fresh {
			issues[n] = i.IssueID
		}
		mirrored, err := r.holdIssues(ctx, issues)
		if err != nil {
			return err
		}
		changes := map[ticket.ID][]ticket.Change{}
		comments := map[ticket.ID][]Comment{}
		var ids []ticket.ID
		for _, i := range fresh {
			m := mirrored[i.IssueID]
			ids = append(ids, m.ID)
			for _, c := range i.Changes {
				c.Ours = own != "" && c.Author.ID == own
				for n := range c.Items {
					if id := c.Items[n].FieldID; id != "" && id == r.site.Fields.Sprint {
						c.Items[n].Field = ticket.SprintField
					}
				}
				changes[m.ID] = append(changes[m.ID], c)
			}
			for _, c := range i.Comments {
				if own != "" && c.Author.ID == own {
					if _, is := NoteID(c.Body); is && m.CommentID == "" {
						m.CommentID, m.Commented = c.ID, true
					}
					continue
				}
				comments[m.ID] = append(comments[m.ID], c)
			}
			mirrored[i.IssueID] = m
		}
		if err := r.Store.AddChanges(ctx, changes); err != nil {
			return err
		}
		if err := r.Store.KeepComments(ctx, comments); err != nil {
			return err
		}
		whole, err := r.wholeHistories(ctx, fresh, mirrored, changes)
		if err != nil {
			return err
		}
		if err := r.keepSeen(ctx, fresh, whole, now); err != nil {
			return err
		}
		statuses, err := r.Store.JiraStatuses(ctx, r.site.ID)
		if err != nil {
			return err
		}
		resolutions, err := r.Store.JiraResolutions(ctx, r.site.ID)
		if err != nil {
			return err
		}
		all := make([]Mirror, len(fresh))
		for n, i := range fresh {
			m := mirrored[i.IssueID]
			if !Newer(m.Ticket, i.Ticket) && !m.History.Partial { // somebody read it later than this, meanwhile
				all[n] = m
				continue
			}
			m.Ticket = taken(m.Ticket, i.Ticket, now)
			m.Labelled = slices.Contains(m.Labels, Label(r.code))
			m.Meaning = meaningOf(resolutions, m.Resolution.ID)
			m.History = ticket.HistoryOf(m.Ticket, whole[m.ID], i.Partial, statusIn(statuses))
			all[n] = m
		}
		r.changed += len(fresh)
		if err := r.Store.SaveTickets(ctx, all); err != nil {
			return err
		}
		return r.Store.LookAgainAt(ctx, ids)
	})
}

// holdIssues gives the mirrors of issues, and keeps others from them and from their connections until the transaction ends.
func (r *run) holdIssues(ctx context.Context, issues []string) (map[string]Mirror, error) {
	mirrored, err := r.Store.TicketsByIssue(ctx, r.site.ID, issues)
	if err != nil {
		return nil, err
	}
	ids := make([]ticket.ID, 0, len(mirrored))
	for _, m := range mirrored {
		ids = append(ids, m.ID)
	}
	if err := r.Store.HoldLinksOf(ctx, ids); err != nil {
		return nil, err
	}
	held, err := r.Store.HoldTickets(ctx, ids)
	for _, m := range held {
		mirrored[m.IssueID] = m
	}
	return mirrored, err
}

// wholeHistories are the histories as they came, and, where only a part came, with what is known from before.
func (r *run) wholeHistories(ctx context.Context, fresh []Issue, mirrored map[string]Mirror, changes map[ticket.ID][]ticket.Change) (map[ticket.ID][]ticket.Change, error) {
	var partial []ticket.ID
	for _, i := range fresh {
		if i.Partial {
			partial = append(partial, mirrored[i.IssueID].ID)
		}
	}
	whole := maps.Clone(changes)
	known, err := r.Store.ChangesOf(ctx, partial)
	maps.Copy(whole, known)
	return whole, err
}

// taken is the mirror with what was read.
func taken(known, read ticket.Ticket, now time.Time) ticket.Ticket {
	read.ID, read.Site, read.History, read.ReadAt = known.ID, known.Site, known.History, now
	return read
}

// statusIn looks a status up in a catalogue; one that is not there is unknown.
func statusIn(catalogue map[string]ticket.Status) func(id string) ticket.Status {
	return func(id string) ticket.Status {
		if s, is := catalogue[id]; is {
			return s
		}
		return ticket.Status{Named: ticket.Named{ID: id}, Category: ticket.Unknown}
	}
}

// keepSeen adds statuses and resolutions to the catalogue that only histories and issues still know.
func (r *run) keepSeen(ctx context.Context, fresh []Issue, whole map[ticket.ID][]ticket.Change, now time.Time) error {
	catalogue, err := r.Store.JiraStatuses(ctx, r.site.ID)
	if err != nil {
		return err
	}
	seen := map[string]ticket.Status{}
	note := func(s ticket.Status) {
		if known, is := catalogue[s.ID]; s.ID != "" && (!is || known.Category == ticket.Unknown && s.Category != ticket.Unknown && s.Category != "") {
			if before, noted := seen[s.ID]; !noted || before.Category == ticket.Unknown {
				seen[s.ID] = s
			}
		}
	}
	var resolutions []ticket.Named
	for _, i := range fresh {
		note(ticket.Status{Named: i.Status, Category: i.Category})
		if i.Resolution.ID != "" {
			resolutions = append(resolutions, i.Resolution)
		}
	}
	for _, changes := range whole {
		for _, c := range changes {
			for _, item := range c.Items {
				if item.IsStatus() {
					note(ticket.Status{Named: ticket.Named{ID: item.From, Name: item.FromText}, Category: ticket.Unknown})
					note(ticket.Status{Named: ticket.Named{ID: item.To, Name: item.ToText}, Category: ticket.Unknown})
				}
			}
		}
	}
	var statuses []ticket.Status
	for _, id := range sortedKeys(seen) {
		statuses = append(statuses, seen[id])
	}
	if err := r.Store.KeepStatuses(ctx, r.site.ID, statuses, false, now); err != nil {
		return err
	}
	return r.Store.KeepResolutions(ctx, r.site.ID, withMeanings(resolutions))
}

// placeUnknown asks for the catalogue again, at most once in a while, when a status shows up whose category nobody knows,
// and figures the histories with it anew.
func (r *run) placeUnknown(ctx context.Context, fresh []Issue) error {
	statuses, err := r.Store.JiraStatuses(ctx, r.site.ID)
	if err != nil {
		return err
	}
	unknown := func(catalogue map[string]ticket.Status) map[string]bool {
		ids := map[string]bool{}
		for _, i := range fresh {
			for _, c := range i.Changes {
				for _, item := range c.Items {
					for _, id := range []string{item.From, item.To} {
						if item.IsStatus() && statusIn(catalogue)(id).CountsAs() == ticket.Unknown {
							ids[id] = true
						}
					}
				}
			}
		}
		return ids
	}
	before := unknown(statuses)
	if len(before) == 0 || r.Now().Sub(r.state.CatalogueAt) < catalogueEvery {
		return nil
	}
	if err := r.catalogue(ctx); err != nil {
		return err
	}
	if statuses, err = r.Store.JiraStatuses(ctx, r.site.ID); err != nil || len(unknown(statuses)) == len(before) {
		return err
	}
	return r.recount(ctx, r.site.ID)
}

// recount figures the histories of all tickets of a site anew, as of what its statuses and resolutions mean now, and tells
// how many differ in the end.
func (s *Sync) recount(ctx context.Context, site ticket.SiteID) error {
	_, err := s.Recount(ctx, site)
	return err
}

// Recount figures the histories of all tickets of a site anew, as of what its statuses and resolutions mean now. It tells how
// many differ; their ledgers are counted again by the next run.
func (s *Sync) Recount(ctx context.Context, site ticket.SiteID) (differ int, err error) {
	var after ticket.ID
	for {
		n := 0
		err := s.Store.InTx(ctx, func(ctx context.Context) error {
			some, err := s.Store.TicketsOf(ctx, site, after, keptTogether)
			if err != nil || len(some) == 0 {
				return err
			}
			n = len(some)
			after = some[n-1].ID
			ids := make([]ticket.ID, n)
			for at, m := range some {
				ids[at] = m.ID
			}
			if err := s.Store.HoldLinksOf(ctx, ids); err != nil {
				return err
			}
			if some, err = s.Store.HoldTickets(ctx, ids); err != nil {
				return err
			}
			changes, err := s.Store.ChangesOf(ctx, ids)
			if err != nil {
				return err
			}
			statuses, err := s.Store.JiraStatuses(ctx, site)
			if err != nil {
				return err
			}
			var other []Mirror
			var look []ticket.ID
			for _, m := range some {
				if m.ReadAt.IsZero() {
					continue
				}
				h := ticket.HistoryOf(m.Ticket, changes[m.ID], m.History.Partial, statusIn(statuses))
				if !h.Equal(m.History) {
					m.History = h
					other, look = append(other, m), append(look, m.ID)
				}
			}
			differ += len(other)
			if err := s.Store.SaveTickets(ctx, other); err != nil {
				return err
			}
			return s.Store.LookAgainAt(ctx, look)
		})
		if err != nil || n < keptTogether {
			return differ, err
		}
	}
}

func unique(ids []string) []string {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
