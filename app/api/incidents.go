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

type incidentReads interface {
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	Incidents(ctx context.Context, viewer account.Actor, f incident.Filter, r listing.Request) (listing.Page[incident.Incident], error)
	Similar(ctx context.Context, viewer account.Actor, i incident.Incident, n int) ([]problem.Suggestion, error)
}

// incidentJSON is an incident as programs read it.
type incidentJSON struct {
	Ref                 string            `json:"ref" example:"INC-42"`
	Title               string            `json:"title"`
	Summary             string            `json:"summary"`
	Impact              string            `json:"impact" doc:"What users felt, in words."`
	Services            []string          `json:"services" nullable:"false" doc:"Slugs; none: unassigned."`
	Severity            *string           `json:"severity" enum:"SEV1,SEV2,SEV3,SEV4" doc:"Null: unknown."`
	Kind                string            `json:"kind" enum:"incident,maintenance,drill" doc:"Maintenance and drills never count."`
	Class               string            `json:"class" enum:"application,infrastructure,unknown"`
	Status              string            `json:"status" enum:"open,mitigated,resolved,closed"`
	Source              string            `json:"source"`
	ExternalID          string            `json:"external_id"`
	GroupKey            string            `json:"group_key" doc:"The source's name for the same failure."`
	DetectedBy          string            `json:"detected_by" enum:"alert,user,staff,unknown"`
	URL                 string            `json:"url"`
	Problem             *string           `json:"problem" example:"PRB-7"`
	StartedAt           time.Time         `json:"started_at"`
	DetectedAt          *time.Time        `json:"detected_at"`
	DeclaredAt          *time.Time        `json:"declared_at"`
	DeveloperNotifiedAt *time.Time        `json:"developer_notified_at"`
	DeveloperNotifiedBy *string           `json:"developer_notified_by" enum:"page,notice,ticket,assignment,joined,hand"`
	AcknowledgedAt      *time.Time        `json:"acknowledged_at"`
	MitigatedAt         *time.Time        `json:"mitigated_at"`
	RestoredAt          *time.Time        `json:"restored_at"`
	ResolvedAt          *time.Time        `json:"resolved_at"`
	ClosedAt            *time.Time        `json:"closed_at"`
	EndedBy             string            `json:"ended_by" enum:"restart,rollback,configuration,code,scaling,workaround,none,unknown"`
	HandsOn             int64             `json:"hands_on_seconds"`
	Participants        []participantJSON `json:"participants" nullable:"false"`
	Segments            []segmentJSON     `json:"earlier_segments" nullable:"false" doc:"Earlier times of impact, when it was reopened."`
	Duration            *int64            `json:"impact_duration_seconds" doc:"Null while nobody knows when it was restored."`
	Occurrence          int               `json:"occurrence" doc:"Which occurrence of its problem, from 1."`
	Recurs              bool              `json:"recurs" doc:"It came back within 90 days."`
	Significant         bool              `json:"significant" doc:"SEV1, SEV2, or a recurring one."`
	HasCause            bool              `json:"has_cause" doc:"A confirmed cause or contributing factor is noted."`
	MergedInto          *string           `json:"merged_into"`
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
}

type participantJSON struct {
	Name string `json:"name" maxLength:"200"`
	Side string `json:"side" enum:"development,operations"`
}

type segmentJSON struct {
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
}

func incidentAs(i incident.Incident) incidentJSON {
	m := i.Moments
	j := incidentJSON{
		Ref: i.ID.String(), Title: i.Title, Summary: i.Summary, Impact: i.Impact, Services: append([]string{}, i.Services...),
		Severity: orNull(string(i.Severity)), Kind: string(i.Kind), Class: string(i.Class), Status: string(i.Status),
		Source: i.Source, ExternalID: i.ExternalID, GroupKey: i.GroupKey, DetectedBy: string(i.DetectedBy), URL: i.URL, Problem: ref(i.Problem),
		StartedAt: m.StartedAt.UTC(), DetectedAt: known(m.DetectedAt), DeclaredAt: known(m.DeclaredAt), DeveloperNotifiedAt: known(m.DeveloperNotifiedAt),
		DeveloperNotifiedBy: orNull(string(i.NotifiedBy)), AcknowledgedAt: known(m.AcknowledgedAt), MitigatedAt: known(m.MitigatedAt),
		RestoredAt: known(m.RestoredAt), ResolvedAt: known(m.ResolvedAt), ClosedAt: known(m.ClosedAt), EndedBy: string(i.EndedBy),
		HandsOn: seconds(i.HandsOn), Participants: []participantJSON{}, Segments: []segmentJSON{},
		Occurrence: i.Standing.Occurrence, Recurs: i.Standing.Recurs, Significant: i.Standing.Significant, HasCause: i.Standing.HasCause,
		MergedInto: ref(i.MergedInto), CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(),
	}
	for _, p := range i.Participants {
		j.Participants = append(j.Participants, participantJSON{Name: p.Name, Side: p.Side})
	}
	for _, s := range i.Segments {
		j.Segments = append(j.Segments, segmentJSON{StartedAt: s.StartedAt.UTC(), EndedAt: s.EndedAt.UTC()})
	}
	if d, ended := i.Duration(); ended {
		n := seconds(d)
		j.Duration = &n
	}
	return j
}

// IncidentFields are what both reporting and changing take.
type IncidentFields struct {
	Summary             given[string]            `json:"summary,omitempty" maxLength:"100000"`
	Impact              given[string]            `json:"impact,omitempty" maxLength:"100000"`
	Services            given[[]string]          `json:"services,omitempty" maxItems:"100"`
	Severity            given[string]            `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4"`
	Kind                given[string]            `json:"kind,omitempty" enum:"incident,maintenance,drill"`
	Class               given[string]            `json:"class,omitempty" enum:"application,infrastructure,unknown"`
	Status              given[string]            `json:"status,omitempty" enum:"open,mitigated,resolved" doc:"Follows from the moments when it is left out: one that is restored or mitigated is mitigated, one with resolved_at is resolved. In a PATCH a new status takes the step now. Closing and reopening have addresses of their own."`
	DetectedBy          given[string]            `json:"detected_by,omitempty" enum:"alert,user,staff,unknown"`
	URL                 given[string]            `json:"url,omitempty" maxLength:"2000"`
	Problem             given[string]            `json:"problem,omitempty" doc:"Joins that problem. To leave one, split it."`
	DetectedAt          given[time.Time]         `json:"detected_at,omitempty"`
	DeclaredAt          given[time.Time]         `json:"declared_at,omitempty"`
	DeveloperNotifiedAt given[time.Time]         `json:"developer_notified_at,omitempty"`
	DeveloperNotifiedBy given[string]            `json:"developer_notified_by,omitempty" enum:"page,notice,ticket,assignment,joined,hand" doc:"By hand when only the moment is given."`
	AcknowledgedAt      given[time.Time]         `json:"acknowledged_at,omitempty"`
	MitigatedAt         given[time.Time]         `json:"mitigated_at,omitempty"`
	RestoredAt          given[time.Time]         `json:"restored_at,omitempty"`
	ResolvedAt          given[time.Time]         `json:"resolved_at,omitempty"`
	EndedBy             given[string]            `json:"ended_by,omitempty" enum:"restart,rollback,configuration,code,scaling,workaround,none,unknown"`
	HandsOn             given[int64]             `json:"hands_on_seconds,omitempty" minimum:"0" maximum:"300000000"`
	Participants        given[[]participantJSON] `json:"participants,omitempty" maxItems:"200"`
}

type newIncidentJSON struct {
	Title      string    `json:"title" maxLength:"500"`
	StartedAt  time.Time `json:"started_at"`
	Source     string    `json:"source,omitempty" maxLength:"200"`
	ExternalID string    `json:"external_id,omitempty" maxLength:"500" doc:"Unique within the source."`
	GroupKey   string    `json:"group_key,omitempty" maxLength:"500" doc:"The same source and group key is the same failure: it joins its problem by itself."`
	IncidentFields
}

type incidentChangesJSON struct {
	Title     given[string]    `json:"title,omitempty" maxLength:"500"`
	StartedAt given[time.Time] `json:"started_at,omitempty" doc:"A moment that is known changes only by POST …/moments, with a reason."`
	IncidentFields
}

// apply puts the fields into the incident; status and problem are steps of their own.
func (f IncidentFields) apply(i *incident.Incident) {
	f.Summary.into(&i.Summary)
	f.Impact.into(&i.Impact)
	f.Services.into(&i.Services)
	intoWord(f.Severity, &i.Severity, "")
	intoWord(f.Kind, &i.Kind, incident.Real)
	intoWord(f.Class, &i.Class, incident.UnknownClass)
	intoWord(f.DetectedBy, &i.DetectedBy, incident.ByUnknown)
	f.URL.into(&i.URL)
	intoWord(f.EndedBy, &i.EndedBy, incident.UnknownEnding)
	if f.HandsOn.Set {
		i.HandsOn = time.Duration(f.HandsOn.Value) * time.Second
	}
	if f.Participants.Set {
		i.Participants = nil
		for _, p := range f.Participants.Value {
			i.Participants = append(i.Participants, incident.Participant{Name: p.Name, Side: p.Side})
		}
	}
	for name, g := range map[incident.Moment]given[time.Time]{
		incident.DetectedAt: f.DetectedAt, incident.DeclaredAt: f.DeclaredAt, incident.DeveloperNotifiedAt: f.DeveloperNotifiedAt,
		incident.AcknowledgedAt: f.AcknowledgedAt, incident.MitigatedAt: f.MitigatedAt, incident.RestoredAt: f.RestoredAt, incident.ResolvedAt: f.ResolvedAt,
	} {
		if g.Set {
			*i.Moments.Of(name) = g.Value.UTC().Truncate(time.Microsecond)
		}
	}
	intoWord(f.DeveloperNotifiedBy, &i.NotifiedBy, "")
	if i.NotifiedBy == "" && !i.Moments.DeveloperNotifiedAt.IsZero() {
		i.NotifiedBy = incident.ByHand
	}
}

// reported gives a new incident the status that was sent, or the one that its moments say.
func reported(i *incident.Incident, status string) error {
	m := i.Moments
	said := incident.Open
	switch {
	case !m.ResolvedAt.IsZero():
		said = incident.Resolved
	case !m.RestoredAt.IsZero(), !m.MitigatedAt.IsZero():
		said = incident.Mitigated
	}
	i.Status = said
	if status == "" {
		return nil
	}
	order := map[incident.Status]int{incident.Open: 0, incident.Mitigated: 1, incident.Resolved: 2}
	i.Status = incident.Status(status)
	var c fault.Check
	c.That(order[i.Status] >= order[said], "status", "Its moments say that it is %s.", said)
	return c.Err()
}

// moved takes the step that a changed status or a moment that became known stands for.
func moved(i *incident.Incident, was incident.Moments, status string, now time.Time) error {
	fresh := func(name incident.Moment) (time.Time, bool) {
		at := *i.Moments.Of(name)
		return at, was.Of(name).IsZero() && !at.IsZero()
	}
	running := i.Status == incident.Open || i.Status == incident.Mitigated
	switch incident.Status(status) {
	case i.Status:
		return nil
	case incident.Mitigated:
		return i.Mitigate(now)
	case incident.Resolved:
		return i.Resolve(now, "")
	case incident.Open:
		return fault.New(fault.Conflict, "%s is %s; POST …/reopen opens it again.", i.ID, i.Status)
	}
	if at, ok := fresh(incident.ResolvedAt); ok && running {
		return i.Resolve(at, "")
	}
	for _, name := range []incident.Moment{incident.RestoredAt, incident.MitigatedAt} {
		if _, ok := fresh(name); ok && i.Status == incident.Open {
			i.Status = incident.Mitigated
		}
	}
	return nil
}

type listIncidentsIn struct {
	Q        string `query:"q" maxLength:"500" doc:"Words of the title, or a reference."`
	Service  string `query:"service" doc:"Slug; none: those without a service."`
	Team     string `query:"team" doc:"Slug of the building team."`
	Severity string `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4,unknown"`
	Status   string `query:"status" enum:"open,mitigated,resolved,closed"`
	Kind     string `query:"kind" enum:"incident,maintenance,drill"`
	Class    string `query:"class" enum:"application,infrastructure,unknown"`
	Problem  string `query:"problem" doc:"Such as PRB-7."`
	From     string `query:"from" doc:"Started at or after this moment or day."`
	To       string `query:"to" doc:"Started before this moment or day."`
	Loop     string `query:"loop" enum:"open" doc:"open: closed and significant, with neither a practice change queued or further nor a decision."`
	Triage   string `query:"triage" enum:"waiting" doc:"waiting: no team answers for it yet, and it goes on or ended within a week."`
	Sort     string `query:"sort" enum:"-started_at,started_at,-impact,impact" doc:"Default -started_at."`
	PageQuery
}

func (in listIncidentsIn) filter() (incident.Filter, error) {
	f := incident.Filter{
		Query: in.Q, Service: in.Service, Team: in.Team, Severity: incident.Severity(in.Severity), Status: incident.Status(in.Status),
		Kind: incident.Kind(in.Kind), Class: incident.Class(in.Class), LoopOpen: in.Loop == "open", Waiting: in.Triage == "waiting", Sort: in.Sort,
	}
	if in.Service == "none" {
		f.Service, f.Unassigned = "", true
	}
	if in.Severity == "unknown" {
		f.Severity, f.NoSeverity = "", true
	}
	var c fault.Check
	var err error
	f.Problem, err = problemID(in.Problem)
	c.Add(err)
	f.From, f.To, err = between(in.From, in.To)
	c.Add(err)
	return f, c.Err()
}

func (a *API) listIncidents(ctx context.Context, in *listIncidentsIn) (*list[incidentJSON], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	p, err := a.Store.Incidents(ctx, account.ActorFrom(ctx), f, in.request())
	if err != nil {
		return nil, err
	}
	return listed(p, incidentAs), nil
}

func (a *API) reportIncident(ctx context.Context, in *struct{ Body newIncidentJSON }) (*one[incidentJSON], error) {
	b := in.Body
	i := incident.New(b.Title, b.StartedAt.UTC())
	i.Source, i.ExternalID, i.GroupKey = b.Source, b.ExternalID, b.GroupKey
	b.apply(&i)
	var c fault.Check
	c.Add(reported(&i, b.Status.Value))
	var err error
	i.Problem, err = problemID(b.Problem.Value)
	c.Add(err)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if i, err = a.Incidents.Report(ctx, account.ActorFrom(ctx), i); err != nil {
		return nil, err
	}
	return created("/incidents/"+i.ID.String(), i.Version, incidentAs(i))
}

// RefIn names an incident, a problem or a follow-up in the address.
type RefIn struct {
	Ref string `path:"ref" maxLength:"30" example:"INC-42"`
}

// incident finds what an address names; the address of a merged report leads to where it went.
func (a *API) incident(ctx context.Context, ref string) (i incident.Incident, led bool, err error) {
	id, err := incident.ParseID(ref)
	if err != nil {
		return i, false, err
	}
	if i, err = a.Store.Incident(ctx, account.ActorFrom(ctx), id); err != nil || i.MergedInto == 0 {
		return i, false, err
	}
	i, err = a.Store.Incident(ctx, account.ActorFrom(ctx), i.MergedInto)
	return i, true, err
}

func (a *API) showIncident(ctx context.Context, in *struct {
	RefIn
	Conditional
},
) (*one[incidentWholeJSON], error) {
	i, led, err := a.incident(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	w, err := a.whole(ctx, i)
	if err != nil {
		return nil, err
	}
	o, err := shown(in.Conditional, i.Version, w)
	if err == nil && led {
		o.ContentLocation = Prefix + "/incidents/" + i.ID.String()
	}
	return o, err
}

func (a *API) editIncident(ctx context.Context, in *struct {
	RefIn
	Guarded
	Body incidentChangesJSON
},
) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	into, err := problemID(in.Body.Problem.Value)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	var i incident.Incident
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.Incident(ctx, actor, id)
		if err != nil {
			return err
		}
		version, err := in.version(current.Version)
		if err != nil {
			return err
		}
		if in.Body.Problem.Set && into == 0 && current.Problem != 0 {
			var c fault.Check
			c.That(false, "problem", "To take it out of %s, split it off there.", current.Problem)
			return c.Err()
		}
		if i, err = a.Incidents.Edit(ctx, actor, id, version, func(i *incident.Incident) error {
			was := i.Moments
			in.Body.Title.into(&i.Title)
			in.Body.StartedAt.into(&i.Moments.StartedAt)
			in.Body.apply(i)
			return moved(i, was, in.Body.Status.Value, a.Now())
		}); err != nil || into == 0 || into == i.Problem {
			return err
		}
		if err := a.Incidents.JoinProblem(ctx, actor, id, into); err != nil {
			return err
		}
		i, err = a.Store.Incident(ctx, actor, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed(i.Version, incidentAs(i))
}

type decisionJSON struct {
	Reason      string `json:"reason" maxLength:"10000"`
	LookAgainOn string `json:"look_again_on" format:"date" example:"2027-01-15"`
}

type closingJSON struct {
	Decision *decisionJSON `json:"decision,omitempty" doc:"A reasoned choice against a practice change, where the loop gate asks for one."`
}

func (a *API) closeIncident(ctx context.Context, in *struct {
	RefIn
	Body *closingJSON
},
) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	var d incident.Decision
	if in.Body != nil && in.Body.Decision != nil {
		d = incident.Decision{Reason: in.Body.Decision.Reason, LookAgainOn: in.Body.Decision.LookAgainOn}
	}
	i, err := a.Incidents.Close(ctx, account.ActorFrom(ctx), id, d)
	if err != nil {
		return nil, err
	}
	return changed(i.Version, incidentAs(i))
}

func (a *API) reopenIncident(ctx context.Context, in *RefIn) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	i, err := a.Incidents.Step(ctx, account.ActorFrom(ctx), id, "reopened", func(i *incident.Incident, now time.Time) error { return i.Reopen(now) })
	if err != nil {
		return nil, err
	}
	return changed(i.Version, incidentAs(i))
}

// intoJSON names where something is merged into.
type intoJSON struct {
	Into string `json:"into" example:"INC-7"`
}

func (a *API) mergeIncident(ctx context.Context, in *struct {
	RefIn
	Body intoJSON
},
) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	into, err := incidentID("into", in.Body.Into)
	if err != nil {
		return nil, err
	}
	if _, err := a.Incidents.Merge(ctx, account.ActorFrom(ctx), id, into); err != nil {
		return nil, err
	}
	i, err := a.Store.Incident(ctx, account.ActorFrom(ctx), into)
	if err != nil {
		return nil, err
	}
	o, err := changed(i.Version, incidentAs(i))
	if err == nil {
		o.ContentLocation = Prefix + "/incidents/" + i.ID.String()
	}
	return o, err
}

func (a *API) unmergeIncident(ctx context.Context, in *RefIn) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	i, err := a.Incidents.Unmerge(ctx, account.ActorFrom(ctx), id)
	if err != nil {
		return nil, err
	}
	return changed(i.Version, incidentAs(i))
}

type apartJSON struct {
	From string `json:"from" example:"INC-7" doc:"The incident that is another failure."`
}

func (a *API) setIncidentApart(ctx context.Context, in *struct {
	RefIn
	Body apartJSON
},
) (*struct{}, error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	other, err := incidentID("from", in.Body.From)
	if err != nil {
		return nil, err
	}
	return nil, a.Incidents.SetApart(ctx, account.ActorFrom(ctx), id, other)
}

type correctionJSON struct {
	Moment string     `json:"moment" enum:"started_at,detected_at,declared_at,developer_notified_at,acknowledged_at,mitigated_at,restored_at,resolved_at,closed_at"`
	Value  *time.Time `json:"value" required:"true" doc:"Null: nobody knows."`
	Reason string     `json:"reason" maxLength:"10000" doc:"Why the old value was wrong; it is kept with the old value."`
}

func (a *API) correctMoment(ctx context.Context, in *struct {
	RefIn
	Body correctionJSON
},
) (*one[incidentJSON], error) {
	id, err := incident.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	var value time.Time
	if in.Body.Value != nil {
		value = *in.Body.Value
	}
	i, err := a.Incidents.Correct(ctx, account.ActorFrom(ctx), id, incident.Moment(in.Body.Moment), value, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return changed(i.Version, incidentAs(i))
}

type suggestionJSON struct {
	Ref     string   `json:"ref"`
	Problem *string  `json:"problem"`
	Score   float64  `json:"score" doc:"From 0 to 1."`
	Because []string `json:"because" nullable:"false" doc:"Why, in words."`
}

type similarJSON struct {
	Items []suggestionJSON `json:"items" nullable:"false"`
}

func (a *API) listSimilar(ctx context.Context, in *struct {
	RefIn
	Limit int `query:"limit" minimum:"1" maximum:"50" default:"5"`
},
) (*struct{ Body similarJSON }, error) {
	i, _, err := a.incident(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	likely, err := a.Store.Similar(ctx, account.ActorFrom(ctx), i, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body similarJSON }{Body: similarJSON{Items: []suggestionJSON{}}}
	for _, s := range likely {
		out.Body.Items = append(out.Body.Items, suggestionJSON{
			Ref: s.Incident.String(), Problem: ref(s.Problem), Score: s.Score, Because: append([]string{}, s.Because...),
		})
	}
	return out, nil
}
