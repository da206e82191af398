package api

import (
	"context"
	"fmt"
	"time"

	"upshot/app/account"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/app/rootcause"
)

type noteReads interface {
	Note(ctx context.Context, viewer account.Actor, id rootcause.ID) (rootcause.Note, error)
	NotesOfIncident(ctx context.Context, viewer account.Actor, id incident.ID) ([]rootcause.Note, error)
	NotesOfProblem(ctx context.Context, viewer account.Actor, id problem.ID) ([]rootcause.Note, error)
	Revisions(ctx context.Context, viewer account.Actor, id rootcause.ID) ([]rootcause.Revision, error)
}

type noteJSON struct {
	ID         int64     `json:"id"`
	Incident   *string   `json:"incident"`
	Problem    *string   `json:"problem"`
	Kind       string    `json:"kind" enum:"symptom,hypothesis,factor,cause"`
	CauseClass string    `json:"cause_class" enum:"configuration,code,capacity,data,dependency,deployment,process,unknown"`
	Confidence string    `json:"confidence" enum:"low,medium,high"`
	Side       *string   `json:"side" enum:"development,operations" doc:"Of whoever wrote it."`
	Body       string    `json:"body" doc:"Markdown as written."`
	Revision   int       `json:"revision"`
	Author     string    `json:"author"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

func noteAs(n rootcause.Note) noteJSON {
	return noteJSON{
		ID: int64(n.ID), Incident: ref(n.Incident), Problem: ref(n.Problem), Kind: string(n.Kind), CauseClass: n.CauseClass,
		Confidence: n.Confidence, Side: orNull(n.Side), Body: n.Body, Revision: n.Revision, Author: n.Author.Name,
		CreatedAt: n.CreatedAt.UTC(), UpdatedAt: n.UpdatedAt.UTC(),
	}
}

type revisionJSON struct {
	Revision   int       `json:"revision"`
	Kind       string    `json:"kind"`
	CauseClass string    `json:"cause_class"`
	Confidence string    `json:"confidence"`
	Side       *string   `json:"side"`
	Body       string    `json:"body"`
	Author     string    `json:"author"`
	At         time.Time `json:"at"`
}

func revisionAs(r rootcause.Revision) revisionJSON {
	return revisionJSON{
		Revision: r.Revision, Kind: string(r.Kind), CauseClass: r.CauseClass, Confidence: r.Confidence, Side: orNull(r.Side),
		Body: r.Body, Author: r.Author.Name, At: r.At.UTC(),
	}
}

type newNoteJSON struct {
	Kind       string `json:"kind" enum:"symptom,hypothesis,factor,cause"`
	CauseClass string `json:"cause_class,omitempty" enum:"configuration,code,capacity,data,dependency,deployment,process,unknown"`
	Confidence string `json:"confidence,omitempty" enum:"low,medium,high" doc:"Medium when left out."`
	Side       string `json:"side,omitempty" enum:"development,operations"`
	Body       string `json:"body" maxLength:"100000" doc:"Markdown."`
}

func (j newNoteJSON) note() rootcause.Note {
	return rootcause.Note{Kind: rootcause.Kind(j.Kind), CauseClass: j.CauseClass, Confidence: j.Confidence, Side: j.Side, Body: j.Body}
}

func (a *API) listIncidentNotes(ctx context.Context, in *RefIn) (*list[noteJSON], error) {
	i, _, err := a.incident(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	notes, err := a.Store.NotesOfIncident(ctx, account.ActorFrom(ctx), i.ID)
	if err != nil {
		return nil, err
	}
	return whole(notes, noteAs), nil
}

func (a *API) listProblemNotes(ctx context.Context, in *RefIn) (*list[noteJSON], error) {
	p, _, err := a.problem(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	notes, err := a.Store.NotesOfProblem(ctx, account.ActorFrom(ctx), p.ID)
	if err != nil {
		return nil, err
	}
	return whole(notes, noteAs), nil
}

func (a *API) noteIncident(ctx context.Context, in *struct {
	RefIn
	Body newNoteJSON
},
) (*one[noteJSON], error) {
	i, _, err := a.incident(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	n := in.Body.note()
	n.Incident = i.ID
	return a.addNote(ctx, n)
}

func (a *API) noteProblem(ctx context.Context, in *struct {
	RefIn
	Body newNoteJSON
},
) (*one[noteJSON], error) {
	p, _, err := a.problem(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	n := in.Body.note()
	n.Problem = p.ID
	return a.addNote(ctx, n)
}

func (a *API) addNote(ctx context.Context, n rootcause.Note) (*one[noteJSON], error) {
	n, err := a.Notes.Add(ctx, account.ActorFrom(ctx), n)
	if err != nil {
		return nil, err
	}
	return created(fmt.Sprintf("/notes/%d", n.ID), int64(n.Revision), noteAs(n))
}

// NumberIn names a note or a deployment in the address.
type NumberIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) showNote(ctx context.Context, in *struct {
	NumberIn
	Conditional
},
) (*one[noteJSON], error) {
	n, err := a.Store.Note(ctx, account.ActorFrom(ctx), rootcause.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, int64(n.Revision), noteAs(n))
}

type noteChangesJSON struct {
	Kind       given[string] `json:"kind,omitempty" enum:"symptom,hypothesis,factor,cause"`
	CauseClass given[string] `json:"cause_class,omitempty" enum:"configuration,code,capacity,data,dependency,deployment,process,unknown"`
	Confidence given[string] `json:"confidence,omitempty" enum:"low,medium,high"`
	Side       given[string] `json:"side,omitempty" enum:"development,operations"`
	Body       given[string] `json:"body,omitempty" maxLength:"100000"`
}

func (a *API) reviseNote(ctx context.Context, in *struct {
	NumberIn
	Guarded
	Body noteChangesJSON
},
) (*one[noteJSON], error) {
	actor := account.ActorFrom(ctx)
	var n rootcause.Note
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Note(ctx, actor, rootcause.ID(in.ID))
		if err != nil {
			return err
		}
		version, err := in.version(int64(current.Revision))
		if err != nil {
			return err
		}
		n, err = a.Notes.Revise(ctx, actor, current.ID, int(version), func(n *rootcause.Note) {
			intoWord(in.Body.Kind, &n.Kind, "")
			in.Body.CauseClass.into(&n.CauseClass)
			in.Body.Confidence.into(&n.Confidence)
			in.Body.Side.into(&n.Side)
			in.Body.Body.into(&n.Body)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed(int64(n.Revision), noteAs(n))
}

func (a *API) listRevisions(ctx context.Context, in *NumberIn) (*list[revisionJSON], error) {
	if _, err := a.Store.Note(ctx, account.ActorFrom(ctx), rootcause.ID(in.ID)); err != nil {
		return nil, err
	}
	all, err := a.Store.Revisions(ctx, account.ActorFrom(ctx), rootcause.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return whole(all, revisionAs), nil
}
