package catalog

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"upshot/app/fault"
)

// DocumentID identifies a document of a service.
type DocumentID int64

// DocumentKind is what a document is for.
type DocumentKind string

// The kinds of documents, a closed list.
const (
	Dashboard DocumentKind = "dashboard" // shows how the service is doing
	Runbook   DocumentKind = "runbook"   // says what to do when it is not doing well
)

// DocumentKinds lists them in the order in which they are shown.
var DocumentKinds = []DocumentKind{Dashboard, Runbook}

// ConfirmedFor is how long the word of somebody who has looked at a document is good.
const ConfirmedFor = 180 * 24 * time.Hour

// Document is a dashboard or a runbook of a service. It lies elsewhere: only its address is kept.
type Document struct {
	ID          DocumentID
	Service     ServiceID
	Kind        DocumentKind
	Title       string
	URL         string    // http or https
	Owner       TeamID    // who keeps it up to date
	ConfirmedAt time.Time // when somebody last said that it holds; zero: never
	ConfirmedBy TeamID    // the team of that person; 0 unknown
	Link        Link
	CreatedAt   time.Time
	Version     int64 // grows with every change by somebody, not with what link checks find
}

// Check says what is wrong with the document.
func (d Document) Check() error {
	var c fault.Check
	c.That(slices.Contains(DocumentKinds, d.Kind), "kind", "Choose dashboard or runbook.")
	c.That(strings.TrimSpace(d.Title) != "", "title", "A document needs a title.")
	c.That(len(d.Title) <= 200, "title", "At most 200 characters.")
	u, err := url.Parse(d.URL)
	c.That(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && len(d.URL) <= 2000,
		"url", "Write the full address, beginning with https:// or http://.")
	c.That(err != nil || u.User == nil, "url", "Leave the name and the password out of the address: everybody here can read it.")
	c.That(d.Owner != 0, "owner", "Choose the team that keeps it up to date.")
	return c.Err()
}

// Confirmed tells whether the last confirmation is still good.
func (d Document) Confirmed(now time.Time) bool {
	return !d.ConfirmedAt.IsZero() && now.Before(d.ConfirmedAt.Add(ConfirmedFor))
}

// Confirm notes that somebody of that team has looked at it and says that it holds.
func (d *Document) Confirm(now time.Time, by TeamID) { d.ConfirmedAt, d.ConfirmedBy = now, by }

// How often links are looked at, and how far apart two failed looks must be before a link is dead.
const (
	LookEvery = 24 * time.Hour
	LookAgain = time.Hour
)

// Link is what looking at a document's address has found. One that nobody has looked at yet counts as alive.
type Link struct {
	CheckedAt time.Time // the last look; zero: none yet
	FailedAt  time.Time // the first of the failed looks since the last good one; zero: the last was good
	Dead      bool      // two looks in a row failed, LookAgain or more apart
	Trouble   string    // why the last look failed
	NextAt    time.Time // when it is looked at again
}

// Looked is the link after a look; trouble is empty when it is alive. A single failed look may be the network's fault, so the
// next one comes after LookAgain.
func (l Link) Looked(now time.Time, trouble string) Link {
	if trouble == "" {
		return Link{CheckedAt: now, NextAt: now.Add(LookEvery)}
	}
	l.CheckedAt, l.Trouble = now, trouble
	switch {
	case l.FailedAt.IsZero():
		l.FailedAt = now
	case now.Sub(l.FailedAt) >= LookAgain:
		l.Dead = true
	}
	l.NextAt = now.Add(LookEvery)
	if !l.Dead {
		l.NextAt = now.Add(LookAgain)
	}
	return l
}

// Missing is what a service lacks to count as covered, in words.
type Missing string

// What may be missing. "Not ours" is owned by another team than the one that builds the service.
const (
	NoBuilder             Missing = "nobody is recorded as builder"
	NoDashboard           Missing = "no dashboard"
	DashboardNotOurs      Missing = "dashboard not ours"
	DashboardDead         Missing = "dashboard link dead"
	DashboardNotConfirmed Missing = "dashboard not confirmed for 180 d"
	NoRunbook             Missing = "no runbook"
	RunbookNotOurs        Missing = "runbook not ours"
	RunbookDead           Missing = "runbook link dead"
	RunbookNotConfirmed   Missing = "runbook not confirmed for 180 d"
)

// EveryMissing lists them in the order in which they are named.
var EveryMissing = []Missing{
	NoBuilder, NoDashboard, DashboardNotOurs, DashboardDead, DashboardNotConfirmed, NoRunbook, RunbookNotOurs, RunbookDead, RunbookNotConfirmed,
}

// words of a kind of document, in the order none, not ours, dead, not confirmed.
var lacking = map[DocumentKind][4]Missing{
	Dashboard: {NoDashboard, DashboardNotOurs, DashboardDead, DashboardNotConfirmed},
	Runbook:   {NoRunbook, RunbookNotOurs, RunbookDead, RunbookNotConfirmed},
}

// Readiness says whether the team that builds a service has what it takes to run it.
type Readiness struct {
	Covered bool
	Missing []Missing // what is missing, in the order of EveryMissing; nothing when covered
}

// ReadinessOf is the plain definition of ownership coverage for one service: a dashboard and a runbook, each owned by the
// building team, with a link that is not dead, confirmed within ConfirmedFor. Of several documents of a kind one good one is
// enough; when none is good, the one that lacks least says what is missing. Documents of other services are passed over.
func ReadinessOf(s Service, documents []Document, now time.Time) Readiness {
	var missing []Missing
	if s.Builder == 0 {
		missing = append(missing, NoBuilder)
	}
	for _, kind := range DocumentKinds {
		missing = append(missing, lacks(s, kind, documents, now)...)
	}
	return Readiness{Covered: len(missing) == 0, Missing: missing}
}

func lacks(s Service, kind DocumentKind, documents []Document, now time.Time) []Missing {
	words := lacking[kind]
	least, found := []Missing{words[0]}, false
	for _, d := range documents {
		if d.Service != s.ID || d.Kind != kind {
			continue
		}
		var missing []Missing
		if s.Builder != 0 && d.Owner != s.Builder { // without a builder nobody can say whose it should be
			missing = append(missing, words[1])
		}
		if d.Link.Dead {
			missing = append(missing, words[2])
		}
		if !d.Confirmed(now) {
			missing = append(missing, words[3])
		}
		if !found || len(missing) < len(least) {
			least, found = missing, true
		}
	}
	return least
}
