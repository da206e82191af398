package store

import (
	"context"
	"slices"
	"time"

	"upshot/app/followup"
	"upshot/app/jirasync"
	"upshot/app/ticket"
)

type ticketRow struct {
	ID                int64
	SiteID            int64
	IssueID           string
	Key               string
	Project           string
	Type              string
	Summary           string
	StatusID          string
	Status            string
	Category          string
	PriorityID        string
	Priority          string
	AssigneeID        string
	Assignee          string
	Labels            string
	DueOn             string
	Parent            string
	Sprints           string
	ResolutionID      string
	Resolution        string
	CreatedAt         *time.Time `gorm:"autoCreateTime:false"` // in Jira, as the next two
	UpdatedAt         *time.Time `gorm:"autoUpdateTime:false"`
	CategoryChangedAt *time.Time
	History           string
	Partial           bool
	OffSeconds        int64
	ReadAt            *time.Time
	GoneAt            *time.Time
	Missing           int
	MissingSince      *time.Time
	Labelled          bool
	CommentID         string
	Commented         bool
	Said              string
	RaisedAt          *time.Time
	ProposedAt        *time.Time
}

func (ticketRow) TableName() string { return "tickets" }

func (r ticketRow) mirror() (jirasync.Mirror, error) {
	m := jirasync.Mirror{
		Ticket: ticket.Ticket{
			ID: ticket.ID(r.ID), Site: ticket.SiteID(r.SiteID), IssueID: r.IssueID, Key: r.Key, Project: r.Project, Type: r.Type,
			Summary: r.Summary, Status: ticket.Named{ID: r.StatusID, Name: r.Status}, Category: ticket.Category(r.Category),
			Priority: ticket.Named{ID: r.PriorityID, Name: r.Priority}, Assignee: ticket.Person{ID: r.AssigneeID, Name: r.Assignee},
			DueOn: r.DueOn, Parent: r.Parent, Resolution: ticket.Named{ID: r.ResolutionID, Name: r.Resolution},
			CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt), CategoryChangedAt: moment(r.CategoryChangedAt),
			ReadAt: moment(r.ReadAt), GoneAt: moment(r.GoneAt), Missing: r.Missing, MissingSince: moment(r.MissingSince), Labelled: r.Labelled,
		},
		CommentID: r.CommentID, Commented: r.Commented, RaisedAt: moment(r.RaisedAt), ProposedAt: moment(r.ProposedAt),
	}
	for _, c := range []struct {
		column string
		into   any
	}{{r.Labels, &m.Labels}, {r.Sprints, &m.Sprints}, {r.History, &m.History}, {r.Said, &m.Said}} {
		if err := fromJSON(c.column, c.into, "ticket "+r.Key); err != nil {
			return m, err
		}
	}
	return m, nil
}

func toTicketRow(m jirasync.Mirror) ticketRow {
	said := m.Said
	if said == nil {
		said = map[followup.ID]followup.Milestone{}
	}
	return ticketRow{
		ID: int64(m.ID), SiteID: int64(m.Site), IssueID: m.IssueID, Key: m.Key, Project: m.Project, Type: m.Type, Summary: m.Summary,
		StatusID: m.Status.ID, Status: m.Status.Name, Category: string(m.Category), PriorityID: m.Priority.ID, Priority: m.Priority.Name,
		AssigneeID: m.Assignee.ID, Assignee: m.Assignee.Name, Labels: asJSON(append([]string{}, m.Labels...)), DueOn: m.DueOn, Parent: m.Parent,
		Sprints: asJSON(append([]ticket.Sprint{}, m.Sprints...)), ResolutionID: m.Resolution.ID, Resolution: m.Resolution.Name,
		CreatedAt: nullable(m.CreatedAt), UpdatedAt: nullable(m.UpdatedAt), CategoryChangedAt: nullable(m.CategoryChangedAt),
		History: asJSON(m.History), Partial: m.History.Partial, OffSeconds: seconds(m.History.Off), ReadAt: nullable(m.ReadAt),
		GoneAt: nullable(m.GoneAt), Missing: m.Missing, MissingSince: nullable(m.MissingSince), Labelled: m.Labelled,
		CommentID: m.CommentID, Commented: m.Commented, Said: asJSON(said), RaisedAt: nullable(m.RaisedAt), ProposedAt: nullable(m.ProposedAt),
	}
}

// meanings are what the resolutions of the sites mean, by site and id.
func (s *Store) meanings(ctx context.Context) (map[ticket.SiteID]map[string]ticket.Meaning, error) {
	rows, err := table[jiraResolutionRow](s.db(ctx)).Find(ctx)
	if err != nil {
		return nil, explain(err, "resolution")
	}
	all := map[ticket.SiteID]map[string]ticket.Meaning{}
	for _, r := range rows {
		site := ticket.SiteID(r.SiteID)
		if all[site] == nil {
			all[site] = map[string]ticket.Meaning{}
		}
		all[site][r.ResolutionID] = ticket.Meaning(r.Meaning)
	}
	return all, nil
}

func (s *Store) mirrors(ctx context.Context, rows []ticketRow, err error) ([]jirasync.Mirror, error) {
	if err != nil {
		return nil, explain(err, "ticket")
	}
	if len(rows) == 0 {
		return nil, nil
	}
	means, err := s.meanings(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]jirasync.Mirror, len(rows))
	for n, r := range rows {
		if all[n], err = r.mirror(); err != nil {
			return nil, err
		}
		all[n].Meaning = means[all[n].Site][all[n].Resolution.ID]
	}
	return all, nil
}

// Tickets gives mirrors by their numbers.
func (s *Store) Tickets(ctx context.Context, ids []ticket.ID) ([]jirasync.Mirror, error) {
	var all []jirasync.Mirror
	err := chunks(ids, func(some []ticket.ID) error {
		rows, err := table[ticketRow](s.db(ctx)).Where("id IN ?", some).Order("id").Find(ctx)
		found, err := s.mirrors(ctx, rows, err)
		all = append(all, found...)
		return err
	})
	return all, err
}

// HoldTickets gives mirrors by their numbers, and keeps others from changing them until the transaction ends.
func (s *Store) HoldTickets(ctx context.Context, ids []ticket.ID) ([]jirasync.Mirror, error) {
	var all []jirasync.Mirror
	err := chunks(slices.Sorted(slices.Values(ids)), func(some []ticket.ID) error {
		rows, err := table[ticketRow](s.db(ctx), forUpdate).Where("id IN ?", some).Order("id").Find(ctx)
		found, err := s.mirrors(ctx, rows, err)
		all = append(all, found...)
		return err
	})
	return all, err
}

// IssueOfKey gives Jira's number of a mirrored issue by its present key; empty: none is mirrored.
func (s *Store) IssueOfKey(ctx context.Context, site ticket.SiteID, key string) (string, error) {
	var issues []string
	err := s.db(ctx).Raw("SELECT issue_id FROM tickets WHERE site_id = ? AND key = ? AND gone_at IS NULL LIMIT 1", site, key).Scan(&issues).Error
	if err != nil || len(issues) == 0 {
		return "", explain(err, "ticket")
	}
	return issues[0], nil
}

// TicketsByIssue gives the mirrors of issues of a site, by Jira's number; those that are not mirrored are missing.
func (s *Store) TicketsByIssue(ctx context.Context, site ticket.SiteID, issues []string) (map[string]jirasync.Mirror, error) {
	all := make(map[string]jirasync.Mirror, len(issues))
	err := chunks(issues, func(some []string) error {
		rows, err := table[ticketRow](s.db(ctx)).Where("site_id = ? AND issue_id IN ?", site, some).Find(ctx)
		found, err := s.mirrors(ctx, rows, err)
		for _, m := range found {
			all[m.IssueID] = m
		}
		return err
	})
	return all, err
}

// TicketsOf gives the mirrors of a site after one of them, in order of their numbers: for walks over all.
func (s *Store) TicketsOf(ctx context.Context, site ticket.SiteID, after ticket.ID, limit int) ([]jirasync.Mirror, error) {
	rows, err := table[ticketRow](s.db(ctx)).Where("site_id = ? AND id > ?", site, after).Order("id").Limit(limit).Find(ctx)
	return s.mirrors(ctx, rows, err)
}

// issuesWhere gives Jira's numbers of some issues of a site.
func (s *Store) issuesWhere(ctx context.Context, site ticket.SiteID, condition string, limit int) ([]string, error) {
	var ids []string
	err := s.db(ctx).Raw("SELECT issue_id FROM tickets WHERE site_id = ? AND "+condition+" ORDER BY id LIMIT ?", site, limit).Scan(&ids).Error
	return ids, explain(err, "ticket")
}

// UnreadIssues are the issues of a site that were linked and never read.
func (s *Store) UnreadIssues(ctx context.Context, site ticket.SiteID, limit int) ([]string, error) {
	return s.issuesWhere(ctx, site, "read_at IS NULL AND gone_at IS NULL", limit)
}

// UnlabelledIssues are those that do not carry the label by which the poll finds issues.
func (s *Store) UnlabelledIssues(ctx context.Context, site ticket.SiteID, limit int) ([]string, error) {
	return s.issuesWhere(ctx, site, "NOT labelled AND gone_at IS NULL", limit)
}

// MirroredIssues are all issues of a site that are not gone.
func (s *Store) MirroredIssues(ctx context.Context, site ticket.SiteID) ([]string, error) {
	return s.issuesWhere(ctx, site, "gone_at IS NULL", 1_000_000)
}

// MissingIssues are the tickets of a site that the last reads did not find and that are not gone yet.
func (s *Store) MissingIssues(ctx context.Context, site ticket.SiteID) ([]jirasync.Mirror, error) {
	rows, err := table[ticketRow](s.db(ctx)).Where("site_id = ? AND missing > 0 AND gone_at IS NULL", site).Order("id").Limit(together).Find(ctx)
	return s.mirrors(ctx, rows, err)
}

// SiblingIssue is another issue of the project that is there; empty: none is mirrored.
func (s *Store) SiblingIssue(ctx context.Context, site ticket.SiteID, project, besides string) (string, error) {
	var ids []string
	err := s.db(ctx).Raw("SELECT issue_id FROM tickets WHERE site_id = ? AND project = ? AND issue_id <> ? AND missing = 0 AND gone_at IS NULL ORDER BY id LIMIT 1",
		site, project, besides).Scan(&ids).Error
	if len(ids) == 0 {
		return "", explain(err, "ticket")
	}
	return ids[0], explain(err, "ticket")
}

// MirrorTicket gives the mirror of an issue, made where there is none.
func (s *Store) MirrorTicket(ctx context.Context, site ticket.SiteID, ref jirasync.Ref) (ticket.ID, error) {
	var id int64
	err := s.InTx(ctx, func(ctx context.Context) error {
		err := s.db(ctx).Exec("INSERT INTO tickets (site_id, issue_id, key) VALUES (?, ?, ?) ON CONFLICT (site_id, issue_id) DO NOTHING", site, ref.ID, ref.Key).Error
		if err != nil {
			return err
		}
		return s.db(ctx).Raw("SELECT id FROM tickets WHERE site_id = ? AND issue_id = ?", site, ref.ID).Scan(&id).Error
	})
	return ticket.ID(id), explain(err, "ticket")
}

// UpdateTicket reads a mirror, lets change decide, and writes it.
func (s *Store) UpdateTicket(ctx context.Context, id ticket.ID, change func(*jirasync.Mirror) error) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[ticketRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		found, err := s.mirrors(ctx, []ticketRow{r}, err)
		if err != nil {
			return err
		}
		m := found[0]
		if err := change(&m); err != nil {
			return err
		}
		_, err = table[ticketRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toTicketRow(m))
		return explain(err, "ticket")
	})
}

// SaveTickets writes mirrors that this transaction holds, see HoldTickets.
func (s *Store) SaveTickets(ctx context.Context, all []jirasync.Mirror) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		rows := make([]ticketRow, len(all))
		for n, m := range all {
			rows[n] = toTicketRow(m)
		}
		return chunks(rows, func(some []ticketRow) error {
			return explain(s.db(ctx).Clauses(onConflictReplace("id")).Create(&some).Error, "ticket")
		})
	})
}

type ticketChangeRow struct {
	TicketID int64
	ChangeID string
	At       time.Time
	AuthorID string
	Author   string
	Ours     bool
	Items    string
}

func (ticketChangeRow) TableName() string { return "ticket_changes" }

// AddChanges adds what is not there yet of issues' histories; what is there stays as it is.
func (s *Store) AddChanges(ctx context.Context, of map[ticket.ID][]ticket.Change) error {
	var rows []ticketChangeRow
	for id, changes := range of {
		for _, c := range changes {
			rows = append(rows, ticketChangeRow{
				TicketID: int64(id), ChangeID: c.ID, At: c.At.UTC(), AuthorID: c.Author.ID, Author: c.Author.Name, Ours: c.Ours,
				Items: asJSON(append([]ticket.ChangeItem{}, c.Items...)),
			})
		}
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(rows, func(some []ticketChangeRow) error {
			return explain(s.db(ctx).Clauses(onConflictNothing).Create(&some).Error, "history")
		})
	})
}

// ChangesOf gives the histories of tickets as far as they were read, in order of time.
func (s *Store) ChangesOf(ctx context.Context, ids []ticket.ID) (map[ticket.ID][]ticket.Change, error) {
	all := make(map[ticket.ID][]ticket.Change, len(ids))
	err := chunks(ids, func(some []ticket.ID) error {
		rows, err := table[ticketChangeRow](s.db(ctx)).Where("ticket_id IN ?", some).Order("ticket_id, at, change_id").Find(ctx)
		if err != nil {
			return explain(err, "history")
		}
		for _, r := range rows {
			c := ticket.Change{ID: r.ChangeID, At: r.At.UTC(), Author: ticket.Person{ID: r.AuthorID, Name: r.Author}, Ours: r.Ours}
			if err := fromJSON(r.Items, &c.Items, "history"); err != nil {
				return err
			}
			all[ticket.ID(r.TicketID)] = append(all[ticket.ID(r.TicketID)], c)
		}
		return nil
	})
	return all, err
}

type ticketCommentRow struct {
	TicketID  int64
	CommentID string
	AuthorID  string
	Author    string
	Body      string
	At        time.Time
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

func (ticketCommentRow) TableName() string { return "ticket_comments" }

// KeepComments keeps what people said on tickets; one that was edited is replaced.
func (s *Store) KeepComments(ctx context.Context, of map[ticket.ID][]jirasync.Comment) error {
	var rows []ticketCommentRow
	for id, comments := range of {
		for _, c := range comments {
			rows = append(rows, ticketCommentRow{
				TicketID: int64(id), CommentID: c.ID, AuthorID: c.Author.ID, Author: c.Author.Name, Body: c.Body, At: c.At.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
			})
		}
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		return chunks(rows, func(some []ticketCommentRow) error {
			return explain(s.db(ctx).Clauses(onConflictReplace("ticket_id", "comment_id")).Create(&some).Error, "comment")
		})
	})
}

// CommentsOf gives the latest comments on a ticket, newest first.
func (s *Store) CommentsOf(ctx context.Context, id ticket.ID, limit int) ([]jirasync.Comment, error) {
	rows, err := table[ticketCommentRow](s.db(ctx)).Where("ticket_id = ?", id).Order("at DESC, comment_id DESC").Limit(limit).Find(ctx)
	if err != nil {
		return nil, explain(err, "comment")
	}
	all := make([]jirasync.Comment, len(rows))
	for n, r := range rows {
		all[n] = jirasync.Comment{ID: r.CommentID, Author: ticket.Person{ID: r.AuthorID, Name: r.Author}, Body: r.Body, At: r.At.UTC(), UpdatedAt: r.UpdatedAt.UTC()}
	}
	return all, nil
}
