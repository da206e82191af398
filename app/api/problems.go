package api

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
)

type problemReads interface {
	Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error)
	Problems(ctx context.Context, viewer account.Actor, f problem.Filter, r listing.Request) (listing.Page[problem.Problem], error)
	MembersOf(ctx context.Context, id problem.ID) ([]problem.IncidentID, error)
	MembersOfAll(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Member, error)
}

type problemJSON struct {
	Ref           string     `json:"ref" example:"PRB-7"`
	Title         string     `json:"title"`
	Service       *string    `json:"service" doc:"Slug; null: unknown or several."`
	State         string     `json:"state" enum:"open,cause_known,fix_shipped,verified"`
	Incidents     []string   `json:"incidents,omitempty" nullable:"false" doc:"Oldest first; not in lists."`
	Occurrences   int        `json:"occurrences"`
	Recurrences   int        `json:"recurrences" doc:"Occurrences within 90 days of an earlier one's end."`
	FirstAt       *time.Time `json:"first_at"`
	LastAt        *time.Time `json:"last_at"`
	Impact        int64      `json:"impact_seconds"`
	HandsOn       int64      `json:"hands_on_seconds"`
	MedianGap     *int64     `json:"median_gap_seconds" doc:"Between the starts of neighbouring occurrences; null with fewer than two."`
	RestartStreak int        `json:"restart_streak" doc:"How many of the latest ended by a restart alone, in a row."`
	FixFailedAt   *time.Time `json:"fix_failed_at" doc:"When it last recurred although a fix had shipped."`
	MergedInto    *string    `json:"merged_into"`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

func problemAs(p problem.Problem) problemJSON {
	return problemJSON{
		Ref: p.ID.String(), Title: p.Title, Service: orNull(p.Service), State: string(p.State),
		Occurrences: p.Figures.Occurrences, Recurrences: p.Figures.Recurrences, FirstAt: known(p.Figures.FirstAt), LastAt: known(p.Figures.LastAt),
		Impact: seconds(p.Figures.Impact), HandsOn: seconds(p.Figures.HandsOn), MedianGap: orNull(seconds(p.Figures.MedianGap)),
		RestartStreak: p.Figures.RestartStreak, FixFailedAt: known(p.FixFailedAt), MergedInto: ref(p.MergedInto),
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// problem finds what an address names; the address of a merged problem leads to where it went.
func (a *API) problem(ctx context.Context, ref string) (p problem.Problem, led bool, err error) {
	id, err := problem.ParseID(ref)
	if err != nil {
		return p, false, err
	}
	p, err = problem.Lead(ctx, account.ActorFrom(ctx), a.Store, id)
	return p, p.ID != id, err
}

// withMembers is the problem with its incidents.
func (a *API) withMembers(ctx context.Context, p problem.Problem) (problemJSON, error) {
	members, err := a.Store.MembersOf(ctx, p.ID)
	j := problemAs(p)
	j.Incidents = refs(members)
	return j, err
}

type listProblemsIn struct {
	Q       string `query:"q" maxLength:"500" doc:"Words of the title, or a reference."`
	Service string `query:"service" doc:"Slug."`
	Team    string `query:"team" doc:"Slug of the team that builds the service."`
	State   string `query:"state" enum:"open,cause_known,fix_shipped,verified"`
	Sort    string `query:"sort" enum:"-last_at,last_at,-occurrences,occurrences,-impact,impact" doc:"Default -last_at."`
	PageQuery
}

func (a *API) listProblems(ctx context.Context, in *listProblemsIn) (*list[problemJSON], error) {
	viewer := account.ActorFrom(ctx)
	f := problem.Filter{Query: in.Q, Service: in.Service, State: problem.State(in.State), Sort: in.Sort}
	if in.Team != "" {
		t, err := a.Store.Team(ctx, viewer, in.Team)
		if fault.Is(err, fault.NotFound) {
			return whole[problem.Problem](nil, problemAs), nil
		}
		if err != nil {
			return nil, err
		}
		f.Team = t.ID
	}
	p, err := a.Store.Problems(ctx, viewer, f, in.request())
	if err != nil {
		return nil, err
	}
	return listed(p, problemAs), nil
}

type newProblemJSON struct {
	Title     string   `json:"title" maxLength:"500"`
	Service   string   `json:"service,omitempty" doc:"Slug."`
	Incidents []string `json:"incidents,omitempty" maxItems:"500"`
}

func (a *API) openProblem(ctx context.Context, in *struct{ Body newProblemJSON }) (*one[problemJSON], error) {
	incidents, err := incidentIDs("incidents", in.Body.Incidents)
	if err != nil {
		return nil, err
	}
	p, err := a.Problems.Open(ctx, account.ActorFrom(ctx), problem.Problem{Title: in.Body.Title, Service: in.Body.Service}, incidents)
	if err != nil {
		return nil, err
	}
	j, err := a.withMembers(ctx, p)
	if err != nil {
		return nil, err
	}
	return created("/problems/"+j.Ref, p.Version, j)
}

func (a *API) showProblem(ctx context.Context, in *struct {
	RefIn
	Conditional
},
) (*one[problemJSON], error) {
	p, led, err := a.problem(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	j, err := a.withMembers(ctx, p)
	if err != nil {
		return nil, err
	}
	o, err := shown(in.Conditional, p.Version, j)
	if err == nil && led {
		o.ContentLocation = Prefix + "/problems/" + j.Ref
	}
	return o, err
}

type problemChangesJSON struct {
	Title   given[string] `json:"title,omitempty" maxLength:"500"`
	Service given[string] `json:"service,omitempty"`
}

func (a *API) editProblem(ctx context.Context, in *struct {
	RefIn
	Guarded
	Body problemChangesJSON
},
) (*one[problemJSON], error) {
	id, err := problem.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	var p problem.Problem
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Problem(ctx, actor, id)
		if err != nil {
			return err
		}
		version, err := in.version(current.Version)
		if err != nil {
			return err
		}
		p, err = a.Problems.Edit(ctx, actor, id, version, func(p *problem.Problem) error {
			in.Body.Title.into(&p.Title)
			in.Body.Service.into(&p.Service)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.regrouped(ctx, p)
}

// regrouped answers with a problem as it is now.
func (a *API) regrouped(ctx context.Context, p problem.Problem) (*one[problemJSON], error) {
	j, err := a.withMembers(ctx, p)
	if err != nil {
		return nil, err
	}
	o, err := changed(p.Version, j)
	if err == nil {
		o.ContentLocation = Prefix + "/problems/" + j.Ref
	}
	return o, err
}

func (a *API) mergeProblem(ctx context.Context, in *struct {
	RefIn
	Body struct {
		Into string `json:"into" example:"PRB-7"`
	}
},
) (*one[problemJSON], error) {
	id, err := problem.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	into, err := problem.ParseID(in.Body.Into)
	c.That(err == nil, "into", "Write a reference such as PRB-7.")
	if err := c.Err(); err != nil {
		return nil, err
	}
	p, err := a.Problems.Merge(ctx, account.ActorFrom(ctx), id, into)
	if err != nil {
		return nil, err
	}
	return a.regrouped(ctx, p)
}

type splitJSON struct {
	Title     string   `json:"title" maxLength:"500"`
	Incidents []string `json:"incidents" nullable:"false" minItems:"1" maxItems:"500" doc:"Those that are another failure; at least one stays."`
}

func (a *API) splitProblem(ctx context.Context, in *struct {
	RefIn
	Body splitJSON
},
) (*one[problemJSON], error) {
	id, err := problem.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	incidents, err := incidentIDs("incidents", in.Body.Incidents)
	if err != nil {
		return nil, err
	}
	p, err := a.Problems.Split(ctx, account.ActorFrom(ctx), id, in.Body.Title, unique(incidents))
	if err != nil {
		return nil, err
	}
	j, err := a.withMembers(ctx, p)
	if err != nil {
		return nil, err
	}
	return created("/problems/"+j.Ref, p.Version, j)
}

// unique keeps the first of each.
func unique(ids []incident.ID) []incident.ID {
	seen := map[incident.ID]bool{}
	var all []incident.ID
	for _, id := range ids {
		if !seen[id] {
			all = append(all, id)
		}
		seen[id] = true
	}
	return all
}

func (a *API) undoProblem(ctx context.Context, in *RefIn) (*one[problemJSON], error) {
	id, err := problem.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	p, err := a.Problems.Undo(ctx, account.ActorFrom(ctx), id)
	if err != nil {
		return nil, err
	}
	return a.regrouped(ctx, p)
}
