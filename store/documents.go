package store

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
)

type documentRow struct {
	ID            int64
	ServiceID     int64
	Kind          string
	Title         string
	URL           string
	OwnerID       int64
	ConfirmedAt   *time.Time
	ConfirmedByID *int64
	LinkCheckedAt *time.Time
	LinkFailedAt  *time.Time
	LinkDead      bool
	LinkTrouble   string
	LinkNextAt    time.Time
	CreatedAt     time.Time
	Version       int64
}

func (documentRow) TableName() string { return "service_documents" }

func (r documentRow) document() catalog.Document {
	return catalog.Document{
		ID: catalog.DocumentID(r.ID), Service: catalog.ServiceID(r.ServiceID), Kind: catalog.DocumentKind(r.Kind), Title: r.Title, URL: r.URL,
		Owner: catalog.TeamID(r.OwnerID), ConfirmedAt: moment(r.ConfirmedAt), ConfirmedBy: referred[catalog.TeamID](r.ConfirmedByID),
		Link: catalog.Link{
			CheckedAt: moment(r.LinkCheckedAt), FailedAt: moment(r.LinkFailedAt), Dead: r.LinkDead, Trouble: r.LinkTrouble, NextAt: r.LinkNextAt.UTC(),
		},
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

func toDocumentRow(d catalog.Document) documentRow {
	return documentRow{
		ID: int64(d.ID), ServiceID: int64(d.Service), Kind: string(d.Kind), Title: d.Title, URL: d.URL,
		OwnerID: int64(d.Owner), ConfirmedAt: nullable(d.ConfirmedAt), ConfirmedByID: reference(d.ConfirmedBy),
		LinkCheckedAt: nullable(d.Link.CheckedAt), LinkFailedAt: nullable(d.Link.FailedAt), LinkDead: d.Link.Dead, LinkTrouble: d.Link.Trouble,
		LinkNextAt: d.Link.NextAt.UTC(), CreatedAt: d.CreatedAt.UTC(), Version: d.Version,
	}
}

func documentsOf(rows []documentRow) []catalog.Document {
	documents := make([]catalog.Document, len(rows))
	for n, r := range rows {
		documents[n] = r.document()
	}
	return documents
}

// Documents gives the documents of a service: dashboards, then runbooks, each in the order they were added. A service has a handful.
func (s *Store) Documents(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Document, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[documentRow](s.db(ctx)).Where("service_id = ?", service).Order("kind, id").Find(ctx)
	return documentsOf(rows), explain(err, "document")
}

// lockService keeps others from changing the service and what belongs to it until the transaction ends. Whoever changes something of a
// service takes this lock first.
func (s *Store) lockService(ctx context.Context, condition string, value any) (catalog.Service, error) {
	r, err := table[serviceRow](s.db(ctx), forUpdate).Where(condition, value).Take(ctx)
	return r.service(), explain(err, "service")
}

// CreateDocument saves a new document of the service with that slug.
func (s *Store) CreateDocument(ctx context.Context, slug string, d catalog.Document) (catalog.Document, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		service, err := s.lockService(ctx, "slug = ?", slug)
		if err != nil {
			return err
		}
		d.ID, d.Service, d.Version = 0, service.ID, 1
		if err := s.ownerExists(ctx, d); err != nil {
			return err
		}
		r := toDocumentRow(d)
		err = table[documentRow](s.db(ctx)).Create(ctx, &r)
		d.ID = catalog.DocumentID(r.ID)
		return explain(err, "document")
	})
	return d, err
}

// UpdateDocument reads the document, lets change decide, and writes it.
func (s *Store) UpdateDocument(
	ctx context.Context, slug string, id catalog.DocumentID, change func(*catalog.Document) error,
) (before, after catalog.Document, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if before, err = s.documentToChange(ctx, slug, id); err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Service, after.Version = before.ID, before.Service, before.Version+1
		if err := s.ownerExists(ctx, after); err != nil {
			return err
		}
		_, err := table[documentRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toDocumentRow(after))
		return explain(err, "document")
	})
	return before, after, err
}

// DeleteDocument deletes the document after check has agreed.
func (s *Store) DeleteDocument(ctx context.Context, slug string, id catalog.DocumentID, check func(catalog.Document) error) (d catalog.Document, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		if d, err = s.documentToChange(ctx, slug, id); err != nil {
			return err
		}
		if err := check(d); err != nil {
			return err
		}
		_, err := table[documentRow](s.db(ctx)).Where("id = ?", id).Delete(ctx)
		return explain(err, "document")
	})
	return d, err
}

// documentToChange gives a document of the service with that slug, and keeps others from both.
func (s *Store) documentToChange(ctx context.Context, slug string, id catalog.DocumentID) (catalog.Document, error) {
	service, err := s.lockService(ctx, "slug = ?", slug)
	if err != nil {
		return catalog.Document{}, err
	}
	r, err := table[documentRow](s.db(ctx)).Where("id = ? AND service_id = ?", id, service.ID).Take(ctx)
	return r.document(), explain(err, "document")
}

// ownerExists is an Invalid fault when the document names a team that is not there.
func (s *Store) ownerExists(ctx context.Context, d catalog.Document) error {
	there, err := s.teamExists(ctx, d.Owner)
	if err != nil {
		return err
	}
	var c fault.Check
	c.That(there, "owner", "There is no such team.")
	return c.Err()
}

// ClaimLink takes the link that is due longest, of a service that is not retired, and keeps it from others until that moment.
func (s *Store) ClaimLink(ctx context.Context, now, until time.Time) (d catalog.Document, due bool, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		rows, err := table[documentRow](s.db(ctx), skipLocked).Where("link_next_at <= ?", now.UTC()).
			Where("service_id IN (SELECT v.id FROM services v WHERE v.retired_at IS NULL)").Order("link_next_at, id").Limit(1).Find(ctx)
		if err != nil || len(rows) == 0 {
			return explain(err, "document")
		}
		d, due = rows[0].document(), true
		_, err = table[documentRow](s.db(ctx)).Where("id = ?", rows[0].ID).Update(ctx, "link_next_at", until.UTC())
		return explain(err, "document")
	})
	return d, due && err == nil, err
}

// UpdateLink reads a document, lets change decide, and writes what was found about its link alone.
func (s *Store) UpdateLink(ctx context.Context, id catalog.DocumentID, change func(*catalog.Document)) (before, after catalog.Document, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[documentRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
		if err != nil {
			return explain(err, "document")
		}
		if _, err := s.lockService(ctx, "id = ?", r.ServiceID); err != nil {
			return err
		}
		if r, err = table[documentRow](s.db(ctx)).Where("id = ?", id).Take(ctx); err != nil { // anew: others may have changed it before the lock
			return explain(err, "document")
		}
		before, after = r.document(), r.document()
		change(&after)
		_, err = table[documentRow](s.db(ctx)).Where("id = ?", id).
			Select("link_checked_at", "link_failed_at", "link_dead", "link_trouble", "link_next_at").Updates(ctx, toDocumentRow(after))
		return explain(err, "document")
	})
	return before, after, err
}
