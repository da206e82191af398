package catalog

import (
	"context"
	"strings"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
)

// DocumentStore keeps the documents of services, and how the coverage of each service came to be.
type DocumentStore interface {
	// CreateDocument saves a document of the service with that slug.
	CreateDocument(ctx context.Context, slug string, d Document) (Document, error)
	UpdateDocument(ctx context.Context, slug string, id DocumentID, change func(*Document) error) (before, after Document, err error)
	// DeleteDocument deletes it after check has agreed.
	DeleteDocument(ctx context.Context, slug string, id DocumentID, check func(Document) error) (Document, error)
	// KeepCoverage notes the coverage of these services where it is another than before, or of all of them when none is named.
	// It tells how many have changed.
	KeepCoverage(ctx context.Context, now time.Time, services ...ServiceID) (int, error)
}

// AddDocument adds a document to a service. Whoever adds it has seen it, so it is confirmed; by names the team of that person, 0 unknown.
func (e *Editing) AddDocument(ctx context.Context, actor account.Actor, slug string, d Document, by TeamID) (Document, error) {
	if err := actor.May(account.Editor); err != nil {
		return Document{}, err
	}
	now := e.Now()
	d.tidy()
	d.CreatedAt, d.Link = now, Link{NextAt: now}
	d.Confirm(now, by)
	if err := d.Check(); err != nil {
		return Document{}, err
	}
	err := e.inTx(ctx, "add document", func(ctx context.Context) error {
		var err error
		if d, err = e.Store.CreateDocument(ctx, slug, d); err != nil {
			return err
		}
		return e.documented(ctx, actor, d.Service, string(d.Kind)+" added", nil, d.Fields())
	})
	return d, err
}

// EditDocument changes a document. version is the one the sender saw, or 0 for whichever stands. Under another address lies another
// document: whoever names it has seen it, so it is confirmed by their team, and its link is looked at anew.
func (e *Editing) EditDocument(
	ctx context.Context, actor account.Actor, slug string, id DocumentID, version int64, by TeamID, change func(*Document) error,
) (Document, error) {
	return e.changeDocument(ctx, actor, slug, id, version, "edited", func(d *Document) error {
		address := d.URL
		if err := change(d); err != nil {
			return err
		}
		d.tidy()
		if d.URL != address {
			d.Confirm(e.Now(), by)
			d.Link = Link{NextAt: e.Now()}
		}
		return nil
	})
}

// ConfirmDocument notes that somebody of the team by, 0 unknown, has looked at a document and says that it holds.
func (e *Editing) ConfirmDocument(ctx context.Context, actor account.Actor, slug string, id DocumentID, version int64, by TeamID) (Document, error) {
	return e.changeDocument(ctx, actor, slug, id, version, "confirmed", func(d *Document) error {
		d.Confirm(e.Now(), by)
		return nil
	})
}

func (e *Editing) changeDocument(
	ctx context.Context, actor account.Actor, slug string, id DocumentID, version int64, action string, change func(*Document) error,
) (Document, error) {
	if err := actor.May(account.Editor); err != nil {
		return Document{}, err
	}
	var after Document
	err := e.inTx(ctx, "change document", func(ctx context.Context) error {
		var before Document
		var err error
		before, after, err = e.Store.UpdateDocument(ctx, slug, id, func(d *Document) error {
			if err := d.sameAs(version); err != nil {
				return err
			}
			if err := change(d); err != nil {
				return err
			}
			return d.Check()
		})
		if err != nil {
			return err
		}
		return e.documented(ctx, actor, after.Service, string(after.Kind)+" "+action, before.Fields(), after.Fields())
	})
	return after, err
}

// RemoveDocument takes a document away; the record of changes keeps what it was.
func (e *Editing) RemoveDocument(ctx context.Context, actor account.Actor, slug string, id DocumentID, version int64) error {
	if err := actor.May(account.Editor); err != nil {
		return err
	}
	return e.inTx(ctx, "remove document", func(ctx context.Context) error {
		d, err := e.Store.DeleteDocument(ctx, slug, id, func(d Document) error { return d.sameAs(version) })
		if err != nil {
			return err
		}
		gone := map[string]any{}
		for name := range d.Fields() {
			gone[name] = nil
		}
		return e.documented(ctx, actor, d.Service, string(d.Kind)+" removed", d.Fields(), gone)
	})
}

// documented notes what happened to a document of a service, and what that makes of its coverage.
func (e *Editing) documented(ctx context.Context, actor account.Actor, service ServiceID, action string, before, after map[string]any) error {
	if _, err := e.Store.KeepCoverage(ctx, e.Now(), service); err != nil {
		return err
	}
	return e.append(ctx, actor, audit.Service, int64(service), action, before, after)
}

// KeepCoverage notes which services are covered no longer because time has passed: confirmations run out by themselves. It tells how many
// have changed.
func (e *Editing) KeepCoverage(ctx context.Context) (int, error) {
	return e.Store.KeepCoverage(ctx, e.Now())
}

func (d Document) sameAs(version int64) error {
	if version != 0 && version != d.Version {
		return fault.New(fault.Conflict, "Somebody changed this document meanwhile. Look at it again, then repeat your change.")
	}
	return nil
}

func (d *Document) tidy() { d.Title, d.URL = strings.TrimSpace(d.Title), strings.TrimSpace(d.URL) }

// Fields are the document's fields by their API names, for the record of changes.
func (d Document) Fields() map[string]any {
	return map[string]any{
		"document": int64(d.ID), "kind": d.Kind, "title": d.Title, "url": d.URL, "owner": int64(d.Owner),
		"confirmed_at": audit.Moment(d.ConfirmedAt), "confirmed_by": int64(d.ConfirmedBy),
	}
}
