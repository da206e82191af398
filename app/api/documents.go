package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
)

type documentReads interface {
	Documents(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Document, error)
	Adoption(ctx context.Context, viewer account.Actor, service catalog.ServiceID) ([]catalog.Adoption, error)
}

// serviceShownJSON is a service with what its team has to run it.
type serviceShownJSON struct {
	ServiceJSON
	Covered   bool           `json:"covered" doc:"It has a dashboard and a runbook, both owned by the building team, with links that are not dead, confirmed within 180 days."`
	Missing   []string       `json:"missing" nullable:"false" doc:"What is missing to be covered, in words." example:"[\"runbook not ours\"]"`
	Documents []documentJSON `json:"documents" nullable:"false"`
	Adoption  []adoptionJSON `json:"adoption" nullable:"false" doc:"The steps by which the team takes over, in order."`
}

type documentJSON struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind" enum:"dashboard,runbook"`
	Title       string     `json:"title"`
	URL         string     `json:"url"`
	Owner       *string    `json:"owner" doc:"Slug of the team that keeps it up to date."`
	ConfirmedAt *time.Time `json:"confirmed_at" doc:"When somebody last said that it holds; good for 180 days."`
	ConfirmedBy *string    `json:"confirmed_by" doc:"Slug of that person's team; null: unknown."`
	Link        linkJSON   `json:"link"`
	CreatedAt   time.Time  `json:"created_at"`
}

type linkJSON struct {
	Dead      bool       `json:"dead" doc:"Two looks in a row failed, an hour or more apart."`
	CheckedAt *time.Time `json:"checked_at" doc:"The last look; null: nobody has looked yet."`
	FailedAt  *time.Time `json:"failed_at" doc:"The first failed look since the last good one; null: the last was good."`
	Trouble   *string    `json:"trouble" doc:"Why the last look failed."`
}

func documentAs(teams teamNames) func(catalog.Document) documentJSON {
	return func(d catalog.Document) documentJSON {
		return documentJSON{
			ID: int64(d.ID), Kind: string(d.Kind), Title: d.Title, URL: d.URL, Owner: orNull(teams[d.Owner]),
			ConfirmedAt: known(d.ConfirmedAt), ConfirmedBy: orNull(teams[d.ConfirmedBy]), CreatedAt: d.CreatedAt.UTC(),
			Link: linkJSON{Dead: d.Link.Dead, CheckedAt: known(d.Link.CheckedAt), FailedAt: known(d.Link.FailedAt), Trouble: orNull(d.Link.Trouble)},
		}
	}
}

type adoptionJSON struct {
	Step      int     `json:"step" minimum:"1" maximum:"6"`
	Name      string  `json:"name"`
	PlannedOn *string `json:"planned_on" format:"date"`
	DoneOn    *string `json:"done_on" format:"date"`
}

func adoptionAs(steps []catalog.Adoption) []adoptionJSON {
	all := make([]adoptionJSON, len(steps))
	for n, s := range steps {
		all[n] = adoptionJSON{Step: int(s.Step), Name: s.Step.Name(), PlannedOn: orNull(s.PlannedOn), DoneOn: orNull(s.DoneOn)}
	}
	return all
}

// serviceShown is a service with its documents and steps.
func (a *API) serviceShown(ctx context.Context, s catalog.Service) (serviceShownJSON, error) {
	viewer := account.ActorFrom(ctx)
	teams, err := a.teamNames(ctx)
	if err != nil {
		return serviceShownJSON{}, err
	}
	documents, err := a.Store.Documents(ctx, viewer, s.ID)
	if err != nil {
		return serviceShownJSON{}, err
	}
	steps, err := a.Store.Adoption(ctx, viewer, s.ID)
	if err != nil {
		return serviceShownJSON{}, err
	}
	ready := catalog.ReadinessOf(s, documents, a.Now())
	j := serviceShownJSON{ServiceJSON: serviceAs(teams)(s), Covered: ready.Covered, Missing: missingAs(ready.Missing), Documents: []documentJSON{}, Adoption: adoptionAs(steps)}
	for _, d := range documents {
		j.Documents = append(j.Documents, documentAs(teams)(d))
	}
	return j, nil
}

func missingAs(missing []catalog.Missing) []string {
	words := make([]string, len(missing))
	for n, m := range missing {
		words[n] = string(m)
	}
	return words
}

// DocumentIn names a document of a service in the address.
type DocumentIn struct {
	SlugIn
	ID int64 `path:"id" minimum:"1"`
}

type newDocumentJSON struct {
	Kind  string `json:"kind" enum:"dashboard,runbook"`
	Title string `json:"title" maxLength:"200"`
	URL   string `json:"url" maxLength:"2000" doc:"Begins with http:// or https://."`
	Owner string `json:"owner" doc:"Slug of the team that keeps it up to date."`
	By    string `json:"confirmed_by,omitempty" doc:"Slug of the team whose word it is that it holds; whoever adds a document confirms it."`
}

func (a *API) addDocument(ctx context.Context, in *struct {
	SlugIn
	Body newDocumentJSON
},
) (*one[documentJSON], error) {
	owner, by, err := a.documentTeams(ctx, in.Body.Owner, in.Body.By)
	if err != nil {
		return nil, err
	}
	d := catalog.Document{Kind: catalog.DocumentKind(in.Body.Kind), Title: in.Body.Title, URL: in.Body.URL, Owner: owner}
	if d, err = a.Catalog.AddDocument(ctx, account.ActorFrom(ctx), in.Slug, d, by); err != nil {
		return nil, err
	}
	teams, err := a.teamNames(ctx)
	if err != nil {
		return nil, err
	}
	return created(fmt.Sprintf("/services/%s/documents/%d", in.Slug, d.ID), d.Version, documentAs(teams)(d))
}

// documentTeams finds who keeps a document up to date and who confirms it.
func (a *API) documentTeams(ctx context.Context, owner, by string) (owns, confirms catalog.TeamID, err error) {
	var c fault.Check
	if owns, err = a.teamID(ctx, "owner", owner); err != nil && !c.Add(err) {
		return 0, 0, err
	}
	if confirms, err = a.teamID(ctx, "confirmed_by", by); err != nil && !c.Add(err) {
		return 0, 0, err
	}
	return owns, confirms, c.Err()
}

// document finds a document of a service.
func (a *API) document(ctx context.Context, in DocumentIn) (catalog.Document, error) {
	s, err := a.Store.Service(ctx, account.ActorFrom(ctx), in.Slug)
	if err != nil {
		return catalog.Document{}, err
	}
	documents, err := a.Store.Documents(ctx, account.ActorFrom(ctx), s.ID)
	if err != nil {
		return catalog.Document{}, err
	}
	n := slices.IndexFunc(documents, func(d catalog.Document) bool { return int64(d.ID) == in.ID })
	if n < 0 {
		return catalog.Document{}, fault.New(fault.NotFound, "There is no such document.")
	}
	return documents[n], nil
}

func (a *API) showDocument(ctx context.Context, in *struct {
	DocumentIn
	Conditional
},
) (*one[documentJSON], error) {
	d, err := a.document(ctx, in.DocumentIn)
	if err != nil {
		return nil, err
	}
	teams, err := a.teamNames(ctx)
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, d.Version, documentAs(teams)(d))
}

type documentChangesJSON struct {
	Kind      given[string] `json:"kind,omitempty" enum:"dashboard,runbook"`
	Title     given[string] `json:"title,omitempty" maxLength:"200"`
	URL       given[string] `json:"url,omitempty" maxLength:"2000" doc:"Another address is another document: whoever names it confirms it."`
	Owner     given[string] `json:"owner,omitempty" doc:"Slug of a team."`
	Confirmed bool          `json:"confirmed,omitempty" doc:"True says that somebody has looked at it and that it holds."`
	By        string        `json:"confirmed_by,omitempty" doc:"Slug of that person's team."`
}

func (a *API) editDocument(ctx context.Context, in *struct {
	DocumentIn
	Guarded
	Body documentChangesJSON
},
) (*one[documentJSON], error) {
	actor := account.ActorFrom(ctx)
	owner, by, err := a.documentTeams(ctx, in.Body.Owner.Value, in.Body.By)
	if err != nil {
		return nil, err
	}
	teams, err := a.teamNames(ctx)
	if err != nil {
		return nil, err
	}
	var d catalog.Document
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		version, err := a.documentVersion(ctx, in.DocumentIn, in.Guarded)
		if err != nil {
			return err
		}
		edits := in.Body.Kind.Set || in.Body.Title.Set || in.Body.URL.Set || in.Body.Owner.Set
		if edits || !in.Body.Confirmed {
			d, err = a.Catalog.EditDocument(ctx, actor, in.Slug, catalog.DocumentID(in.ID), version, by, func(d *catalog.Document) error {
				intoWord(in.Body.Kind, &d.Kind, "")
				in.Body.Title.into(&d.Title)
				in.Body.URL.into(&d.URL)
				if in.Body.Owner.Set {
					d.Owner = owner
				}
				return nil
			})
			version = d.Version
		}
		if err == nil && in.Body.Confirmed {
			d, err = a.Catalog.ConfirmDocument(ctx, actor, in.Slug, catalog.DocumentID(in.ID), version, by)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed(d.Version, documentAs(teams)(d))
}

// documentVersion is the version that a change of the document insists on.
func (a *API) documentVersion(ctx context.Context, in DocumentIn, g Guarded) (int64, error) {
	d, err := a.document(ctx, in)
	if err != nil {
		return 0, err
	}
	return g.version(d.Version)
}

func (a *API) removeDocument(ctx context.Context, in *struct {
	DocumentIn
	Guarded
},
) (*struct{}, error) {
	return nil, a.Store.InTx(ctx, func(ctx context.Context) error {
		version, err := a.documentVersion(ctx, in.DocumentIn, in.Guarded)
		if err != nil {
			return err
		}
		return a.Catalog.RemoveDocument(ctx, account.ActorFrom(ctx), in.Slug, catalog.DocumentID(in.ID), version)
	})
}

// adoptionBodyJSON holds steps of a service.
type adoptionBodyJSON struct {
	Steps []adoptionJSON `json:"steps" nullable:"false"`
}

type adoptionAnswer struct{ Body adoptionBodyJSON }

func (a *API) showAdoption(ctx context.Context, in *SlugIn) (*adoptionAnswer, error) {
	s, err := a.Store.Service(ctx, account.ActorFrom(ctx), in.Slug)
	if err != nil {
		return nil, err
	}
	steps, err := a.Store.Adoption(ctx, account.ActorFrom(ctx), s.ID)
	return &adoptionAnswer{adoptionBodyJSON{adoptionAs(steps)}}, err
}

type stepChangesJSON struct {
	Step      int           `json:"step" minimum:"1" maximum:"6"`
	PlannedOn given[string] `json:"planned_on,omitempty" format:"date"`
	DoneOn    given[string] `json:"done_on,omitempty" format:"date" doc:"At the latest today."`
}

type adoptionChangesJSON struct {
	Steps []stepChangesJSON `json:"steps" nullable:"false" maxItems:"6" doc:"Those that change; the others stay."`
}

func (a *API) planAdoption(ctx context.Context, in *struct {
	SlugIn
	Body adoptionChangesJSON
},
) (*adoptionAnswer, error) {
	actor := account.ActorFrom(ctx)
	var steps []catalog.Adoption
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		s, err := a.Store.Service(ctx, actor, in.Slug)
		if err != nil {
			return err
		}
		if steps, err = a.Store.Adoption(ctx, actor, s.ID); err != nil {
			return err
		}
		for _, change := range in.Body.Steps {
			step := &steps[change.Step-1]
			change.PlannedOn.into(&step.PlannedOn)
			change.DoneOn.into(&step.DoneOn)
		}
		steps, err = a.Catalog.PlanAdoption(ctx, actor, in.Slug, steps)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &adoptionAnswer{adoptionBodyJSON{adoptionAs(steps)}}, nil
}
