package store

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

type noteRow struct {
	ID         int64
	IncidentID *int64
	ProblemID  *int64
	Kind       string
	CauseClass string
	Confidence string
	Side       *string
	Body       string
	Revision   int
	AuthorKind string
	AuthorID   int64
	AuthorName string
	CreatedAt  time.Time
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"`
}

func (noteRow) TableName() string { return "notes" }

func (r noteRow) note() rootcause.Note {
	return rootcause.Note{
		ID: rootcause.ID(r.ID), Incident: referred[incident.ID](r.IncidentID), Problem: referred[problem.ID](r.ProblemID),
		Kind: rootcause.Kind(r.Kind), CauseClass: r.CauseClass, Confidence: r.Confidence, Side: said[string](r.Side), Body: r.Body, Revision: r.Revision,
		Author:    account.Actor{Kind: account.ActorKind(r.AuthorKind), ID: r.AuthorID, Name: r.AuthorName},
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

func toNoteRow(n rootcause.Note) noteRow {
	return noteRow{
		ID: int64(n.ID), IncidentID: reference(n.Incident), ProblemID: reference(n.Problem),
		Kind: string(n.Kind), CauseClass: n.CauseClass, Confidence: n.Confidence, Side: optional(n.Side), Body: n.Body, Revision: n.Revision,
		AuthorKind: string(n.Author.Kind), AuthorID: n.Author.ID, AuthorName: n.Author.Name,
		CreatedAt: n.CreatedAt.UTC(), UpdatedAt: n.UpdatedAt.UTC(),
	}
}

func notesOf(rows []noteRow) []rootcause.Note {
	notes := make([]rootcause.Note, len(rows))
	for n, r := range rows {
		notes[n] = r.note()
	}
	return notes
}

type revisionRow struct {
	NoteID     int64
	Revision   int
	Kind       string
	CauseClass string
	Confidence string
	Side       *string
	Body       string
	AuthorKind string
	AuthorID   int64
	AuthorName string
	At         time.Time
}

func (revisionRow) TableName() string { return "note_revisions" }

func (r revisionRow) revision() rootcause.Revision {
	return rootcause.Revision{
		Revision: r.Revision, Kind: rootcause.Kind(r.Kind), CauseClass: r.CauseClass, Confidence: r.Confidence, Side: said[string](r.Side), Body: r.Body,
		Author: account.Actor{Kind: account.ActorKind(r.AuthorKind), ID: r.AuthorID, Name: r.AuthorName}, At: r.At.UTC(),
	}
}

// toRevisionRow keeps a note as it is before it changes.
func toRevisionRow(n noteRow) revisionRow {
	return revisionRow{
		NoteID: n.ID, Revision: n.Revision, Kind: n.Kind, CauseClass: n.CauseClass, Confidence: n.Confidence, Side: n.Side, Body: n.Body,
		AuthorKind: n.AuthorKind, AuthorID: n.AuthorID, AuthorName: n.AuthorName, At: n.UpdatedAt,
	}
}

// Note gives one note.
func (s *Store) Note(ctx context.Context, viewer account.Actor, id rootcause.ID) (rootcause.Note, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return rootcause.Note{}, err
	}
	r, err := table[noteRow](s.db(ctx)).Where("id = ?", id).Take(ctx)
	return r.note(), explain(err, "note")
}

// CreateNote saves a new note and gives it with its number.
func (s *Store) CreateNote(ctx context.Context, n rootcause.Note) (rootcause.Note, error) {
	n.Revision, n.UpdatedAt = 1, n.CreatedAt
	r := toNoteRow(n)
	err := table[noteRow](s.db(ctx)).Create(ctx, &r)
	if err == nil && r.IncidentID != nil {
		err = s.markText(ctx, *r.IncidentID)
	}
	return r.note(), explain(err, "note")
}

// ReviseNote changes a note and keeps what it was as a revision. When it says the same as before nothing is written.
func (s *Store) ReviseNote(ctx context.Context, id rootcause.ID, change func(*rootcause.Note) error) (before, after rootcause.Note, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		r, err := table[noteRow](s.db(ctx), forUpdate).Where("id = ?", id).Take(ctx)
		if err != nil {
			return err
		}
		before = r.note()
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.ID, after.Incident, after.Problem = before.ID, before.Incident, before.Problem
		if sameWords(before, after) {
			after = before
			return nil
		}
		old := toRevisionRow(r)
		if err := table[revisionRow](s.db(ctx)).Create(ctx, &old); err != nil {
			return err
		}
		after.Revision, after.UpdatedAt = before.Revision+1, s.now()
		if _, err = table[noteRow](s.db(ctx)).Where("id = ?", id).Select("*").Updates(ctx, toNoteRow(after)); err != nil || r.IncidentID == nil {
			return err
		}
		return s.markText(ctx, *r.IncidentID)
	})
	return before, after, explain(err, "note")
}

func sameWords(a, b rootcause.Note) bool {
	return a.Kind == b.Kind && a.CauseClass == b.CauseClass && a.Confidence == b.Confidence && a.Side == b.Side && a.Body == b.Body
}

// Revisions lists what a note said before, the latest first.
func (s *Store) Revisions(ctx context.Context, viewer account.Actor, id rootcause.ID) ([]rootcause.Revision, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	rows, err := table[revisionRow](s.db(ctx)).Where("note_id = ?", id).Order("revision DESC").Find(ctx)
	revisions := make([]rootcause.Revision, len(rows))
	for n, r := range rows {
		revisions[n] = r.revision()
	}
	return revisions, explain(err, "note")
}

// NotesOfIncident lists its own notes and those of reports merged into it, oldest first.
func (s *Store) NotesOfIncident(ctx context.Context, viewer account.Actor, id incident.ID) ([]rootcause.Note, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	reports, err := s.reportsOf(ctx, id)
	if err != nil {
		return nil, explain(err, "note")
	}
	rows, err := table[noteRow](s.db(ctx)).Where("incident_id IN ?", append(reports, id)).Order("created_at, id").Find(ctx)
	return notesOf(rows), explain(err, "note")
}

// NotesOfProblem lists the notes on the problem, then those on its incidents, oldest first each.
func (s *Store) NotesOfProblem(ctx context.Context, viewer account.Actor, id problem.ID) ([]rootcause.Note, error) {
	if err := viewer.May(account.Viewer); err != nil {
		return nil, err
	}
	own, err := table[noteRow](s.db(ctx)).Where("problem_id = ?", id).Order("created_at, id").Find(ctx)
	if err != nil {
		return nil, explain(err, "note")
	}
	theirs, err := table[noteRow](s.db(ctx)).Where("incident_id IN (SELECT id FROM incidents WHERE problem_id = ?)", id).
		Order("created_at, id").Find(ctx)
	return notesOf(append(own, theirs...)), explain(err, "note")
}

// explaining are the kinds of notes that say why.
var explaining = []rootcause.Kind{rootcause.Cause, rootcause.Factor}

// CauseNotedOn tells whether a cause or a factor is noted on the incident, or on a report merged into it.
func (s *Store) CauseNotedOn(ctx context.Context, id incident.ID) (bool, error) {
	reports, err := s.reportsOf(ctx, id)
	if err != nil {
		return false, explain(err, "note")
	}
	found, err := table[noteRow](s.db(ctx)).Select("id").Where("incident_id IN ? AND kind IN ?", append(reports, id), explaining).Limit(1).Find(ctx)
	return len(found) > 0, explain(err, "note")
}

// CausesNoted tells on which of the problem's incidents, and whether on the problem itself, a cause or a factor is
// noted. What is noted on a report counts for the incident it is merged into.
func (s *Store) CausesNoted(ctx context.Context, id problem.ID) (followup.Causes, error) {
	var rows []struct {
		IncidentID int64 // 0: on the problem
		Kind       rootcause.Kind
	}
	err := s.db(ctx).Raw(`SELECT 0 AS incident_id, n.kind FROM notes n WHERE n.problem_id = ? AND n.kind IN ?
UNION SELECT i.id, n.kind FROM incidents i JOIN notes n ON n.incident_id = i.id WHERE i.problem_id = ? AND n.kind IN ?
UNION SELECT i.id, n.kind FROM incidents i JOIN incidents m ON m.merged_into = i.id JOIN notes n ON n.incident_id = m.id
WHERE i.problem_id = ? AND n.kind IN ?`, id, explaining, id, explaining, id, explaining).Scan(&rows).Error
	c := followup.Causes{OnIncidents: map[incident.ID]bool{}}
	for _, r := range rows {
		c.Confirmed = c.Confirmed || r.Kind == rootcause.Cause
		if r.IncidentID == 0 {
			c.OnProblem = true
			continue
		}
		c.OnIncidents[incident.ID(r.IncidentID)] = true
	}
	return c, explain(err, "note")
}
