package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
)

// LinkStore knows which links are due, and keeps what was found.
type LinkStore interface {
	// ClaimLink takes the link that is due longest and keeps it from others until that moment; false: none is due. Links of
	// retired services are never due.
	ClaimLink(ctx context.Context, now, until time.Time) (d Document, due bool, err error)
	// UpdateLink reads a document, lets change decide, and writes what was found alone. A document that is gone is a NotFound fault.
	UpdateLink(ctx context.Context, id DocumentID, change func(*Document)) (before, after Document, err error)
}

// The limits of one run of link checks.
const (
	linksAtOnce = 4
	linksPerRun = 200
	linkClaim   = 5 * time.Minute // longer than a look may take
)

// LinkChecks looks whether the documents of services are still where they were.
type LinkChecks struct {
	Store LinkStore
	// Look asks for an address, once; trouble is why it is not alive, in words for people, and empty when it is. It must end by itself
	// well within five minutes.
	Look    func(ctx context.Context, address string) (trouble string)
	Editing *Editing
}

var linkChecker = account.AsJob("link checks")

// Run looks at the links that are due, at most linksPerRun of them, linksAtOnce at the same time.
func (l *LinkChecks) Run(ctx context.Context) error {
	turns := make(chan struct{}, linksPerRun)
	for range linksPerRun {
		turns <- struct{}{}
	}
	close(turns)
	var mu sync.Mutex
	var all error
	var looking sync.WaitGroup
	for range linksAtOnce {
		looking.Go(func() {
			for range turns {
				due, err := l.next(ctx)
				if err != nil {
					mu.Lock()
					all = errors.Join(all, err)
					mu.Unlock()
				}
				if !due || err != nil {
					return
				}
			}
		})
	}
	looking.Wait()
	return all
}

// next looks at one link that is due.
func (l *LinkChecks) next(ctx context.Context) (due bool, err error) {
	now := l.Editing.Now()
	d, due, err := l.Store.ClaimLink(ctx, now, now.Add(linkClaim))
	if err != nil || !due {
		return false, err
	}
	trouble := l.Look(ctx, d.URL)
	if err := ctx.Err(); err != nil {
		return false, err // it is not the link that ended this
	}
	return true, l.Found(ctx, d, trouble)
}

// Found notes what a look at the document has found; trouble is empty when its link is alive. When a link dies or comes back, that is
// recorded. A look at an address that was changed meanwhile counts for nothing.
func (l *LinkChecks) Found(ctx context.Context, d Document, trouble string) error {
	e := l.Editing
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		before, after, err := l.Store.UpdateLink(ctx, d.ID, func(current *Document) {
			if current.URL == d.URL {
				current.Link = current.Link.Looked(e.Now(), trouble)
			}
		})
		if err != nil || before.Link.Dead == after.Link.Dead {
			return err
		}
		action := string(d.Kind) + " link alive again"
		if after.Link.Dead {
			action = string(d.Kind) + " link found dead"
		}
		was, is := map[string]any{"link_dead": before.Link.Dead}, map[string]any{"link_dead": after.Link.Dead}
		if _, err := e.Store.KeepCoverage(ctx, e.Now(), after.Service); err != nil {
			return err
		}
		b, a := audit.Diff(was, is)
		return e.Log.Append(ctx, audit.Event{
			At: e.Now(), Actor: linkChecker, Subject: audit.Service, SubjectID: int64(after.Service), Action: action, Before: b, After: a, Reason: after.Link.Trouble,
		})
	})
	if err != nil {
		return fmt.Errorf("note what link %d is like: %w", d.ID, err)
	}
	return nil
}
