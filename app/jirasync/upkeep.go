package jirasync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"upshot/app/followup"
	"upshot/app/ticket"
)

// upkeep is what is done once a day, with the good login of the run it follows: priorities and resolutions are read, doubles are
// looked for, issues are linked back, and what is old is forgotten.
func (r *run) upkeep(ctx context.Context) error {
	now := r.Now()
	if now.Sub(r.state.SweptAt) < daily {
		return nil
	}
	priorities, err := r.jira.Priorities(ctx)
	if err != nil {
		return err
	}
	resolutions, err := r.jira.Resolutions(ctx)
	if err != nil {
		return err
	}
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		_, site, err := r.Store.UpdateJiraSite(ctx, r.site.ID, func(s *Site) error {
			s.Priorities = priorities
			return nil
		})
		if err != nil {
			return err
		}
		r.site = site
		return r.Store.KeepResolutions(ctx, site.ID, withMeanings(resolutions))
	})
	if err != nil {
		return err
	}
	if err := r.sweep(ctx); err != nil {
		return err
	}
	if err := r.linkAllBack(ctx); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.ForgetJira(ctx, now.Add(-keepRuns)); err != nil {
			return err
		}
		return r.Store.UpdateJiraState(ctx, r.site.ID, func(st *State) { st.SweptAt = now })
	})
}

// Double is two issues with one mark: Keep is the one with the lower number.
type Double struct {
	Mark        string
	Keep, Other Issue
}

// Doubles groups marked issues by mark. Of several with one mark the lowest number is kept.
func Doubles(issues []Issue, installation string) []Double {
	byMark := map[string][]Issue{}
	for _, i := range issues {
		for _, label := range i.Labels {
			if strings.HasPrefix(label, Label(installation)+"-") {
				byMark[label] = append(byMark[label], i)
			}
		}
	}
	var all []Double
	for _, mark := range sortedKeys(byMark) {
		same := byMark[mark]
		slices.SortFunc(same, func(a, b Issue) int {
			return cmp.Or(cmp.Compare(len(a.IssueID), len(b.IssueID)), cmp.Compare(a.IssueID, b.IssueID))
		})
		same = slices.CompactFunc(same, func(a, b Issue) bool { return a.IssueID == b.IssueID }) // pages may overlap
		for _, other := range same[1:] {
			all = append(all, Double{Mark: mark, Keep: same[0], Other: other})
		}
	}
	return all
}

// sweep looks for two issues with one mark. The one with the lower number is kept; the other is told of it and linked to it.
// Nothing is deleted.
func (r *run) sweep(ctx context.Context) error {
	var issues []Issue
	err := r.jira.Changed(ctx, Query{Label: Label(r.code)}, func(page []Issue) error {
		issues = append(issues, page...)
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range Doubles(issues, r.code) {
		r.Logger.WarnContext(ctx, "two issues carry one mark", "mark", d.Mark, "kept", d.Keep.Key, "other", d.Other.Key)
		if err := r.Store.InTx(ctx, func(ctx context.Context) error { return r.settleDouble(ctx, d) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) settleDouble(ctx context.Context, d Double) error {
	keep, err := r.Store.MirrorTicket(ctx, r.site.ID, Ref{ID: d.Keep.IssueID, Key: d.Keep.Key})
	if err != nil {
		return err
	}
	other, err := r.Store.MirrorTicket(ctx, r.site.ID, Ref{ID: d.Other.IssueID, Key: d.Other.Key})
	if err != nil {
		return err
	}
	id, is := followUpOf(d.Mark, r.code)
	if !is {
		return nil
	}
	_, err = r.Store.UpdateTicketLink(ctx, id, func(l *Link) error {
		if l.Mark == d.Mark && l.Ticket == other {
			l.Ticket = keep
			l.Look++
		}
		return nil
	})
	if err != nil {
		return noLink(err)
	}
	m := Mirror{Ticket: ticket.Ticket{ID: other, Site: r.site.ID}}
	note := r.Markup.Note([]NoteLine{{Ref: id.String(), URL: r.address(id), Line: fmt.Sprintf("This is a double of %s, which carries the follow-up.", d.Keep.Key)}})
	if err := r.addPush(ctx, m, 0, PushEdit, Payload{Edit: Edit{RemoveLabels: []string{d.Mark}, Comment: note}}, "two issues carried one mark"); err != nil {
		return err
	}
	if err := r.addPush(ctx, m, 0, PushIssueLink, Payload{Issue: d.Keep.IssueID}, "two issues carried one mark"); err != nil {
		return err
	}
	return r.tell(ctx, r.actor(), id, "found twice in Jira", d.Keep.Key+" is kept; "+d.Other.Key+" is linked to it.")
}

// followUpOf reads the follow-up out of its mark.
func followUpOf(mark, installation string) (followup.ID, bool) {
	rest, is := strings.CutPrefix(mark, Label(installation)+"-")
	parts := strings.SplitN(rest, "-", 3)
	if !is || len(parts) < 2 {
		return 0, false
	}
	id, err := followup.ParseID(parts[0] + "-" + parts[1])
	return id, err == nil
}

// linkAllBack gives the issues that we filed a link back to their follow-up: the description has one too, so it may wait
// for the day's upkeep and costs the creation no second call.
func (r *run) linkAllBack(ctx context.Context) error {
	var after followup.ID
	for {
		some, err := r.Store.TicketLinksAfter(ctx, r.site.ID, after, lookTogether)
		if err != nil {
			return err
		}
		for _, l := range some {
			after = l.FollowUp
			if l.LinkedBack || l.State != ticket.Linked {
				continue
			}
			err := r.Store.InTx(ctx, func(ctx context.Context) error {
				f, err := r.Store.FollowUp(ctx, r.actor(), l.FollowUp)
				if err != nil {
					return err
				}
				return r.linkBack(ctx, l, f)
			})
			if err != nil {
				return err
			}
		}
		if len(some) < lookTogether {
			return nil
		}
	}
}
