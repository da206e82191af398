package api

import (
	"context"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/problem"
)

type followUpReads interface {
	FollowUp(ctx context.Context, viewer account.Actor, id followup.ID) (followup.FollowUp, error)
	FollowUps(ctx context.Context, viewer account.Actor, f followup.Filter, r listing.Request) (listing.Page[followup.FollowUp], error)
}

type followUpJSON struct {
	Ref         string       `json:"ref" example:"FU-12"`
	Title       string       `json:"title"`
	Detail      string       `json:"detail" doc:"Markdown as written."`
	Kind        string       `json:"kind" enum:"automated_test,metric,dashboard,health_check,alert,runbook,process,code,configuration,design"`
	Purpose     string       `json:"purpose" enum:"prevent,detect,mitigate"`
	Team        *string      `json:"team" doc:"Slug; null: nobody yet."`
	State       string       `json:"state" enum:"proposed,queued,in_progress,done,verified,declined,duplicate"`
	DueOn       *string      `json:"due_on" format:"date"`
	Incidents   []string     `json:"incidents" nullable:"false"`
	Problem     *string      `json:"problem"`
	EvidenceURL string       `json:"evidence_url"`
	Deployment  *int64       `json:"deployment" doc:"The id of the deployment that ships it."`
	FixFailedAt *time.Time   `json:"fix_failed_at" doc:"When it recurred in its quiet period."`
	Declined    *declineJSON `json:"declined,omitempty"`
	DuplicateOf *string      `json:"duplicate_of"`
	Ticket      *ticketJSON  `json:"ticket" doc:"The Jira issue that carries it; null: nobody asked for one."`
	Ledger      ledgerJSON   `json:"ledger"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

type declineJSON struct {
	Reason      string `json:"reason" maxLength:"10000"`
	LookAgainOn string `json:"look_again_on" format:"date" example:"2027-01-15"`
}

// ledgerJSON is what waiting was, and what it cost.
type ledgerJSON struct {
	QueuedAt                *time.Time `json:"queued_at"`
	StartedAt               *time.Time `json:"started_at"`
	DoneAt                  *time.Time `json:"done_at"`
	ShippedAt               *time.Time `json:"shipped_at"`
	VerifiedAt              *time.Time `json:"verified_at"`
	Waiting                 int64      `json:"waiting_seconds" doc:"From queued to the first start, or so far."`
	Working                 int64      `json:"working_seconds"`
	SentBack                int64      `json:"sent_back_seconds"`
	StillWaiting            bool       `json:"still_waiting"`
	NeverStarted            bool       `json:"never_started" doc:"It went straight to done."`
	Incomplete              bool       `json:"incomplete" doc:"The history is partial: there are no figures."`
	Bumps                   int        `json:"bumps"`
	RecurrencesWhileWaiting int        `json:"recurrences_while_waiting"`
	ImpactWhileWaiting      int64      `json:"impact_while_waiting_seconds"`
	HandsOnWhileWaiting     int64      `json:"hands_on_while_waiting_seconds"`
	RecurrencesAfter        int        `json:"recurrences_after"`
}

func ledgerAs(l followup.Ledger) ledgerJSON {
	return ledgerJSON{
		QueuedAt: known(l.QueuedAt), StartedAt: known(l.StartedAt), DoneAt: known(l.DoneAt), ShippedAt: known(l.ShippedAt), VerifiedAt: known(l.VerifiedAt),
		Waiting: seconds(l.Waiting), Working: seconds(l.Working), SentBack: seconds(l.SentBack),
		StillWaiting: l.StillWaiting, NeverStarted: l.NeverStarted, Incomplete: l.Incomplete, Bumps: l.Bumps,
		RecurrencesWhileWaiting: l.RecurrencesWhileWaiting, ImpactWhileWaiting: seconds(l.ImpactWhileWaiting),
		HandsOnWhileWaiting: seconds(l.HandsOnWhileWaiting), RecurrencesAfter: l.RecurrencesAfter,
	}
}

// ledgerNow is the ledger with running lengths of time up to now. What recurred is as kept: it changes only when an
// incident does, and then it is kept anew.
func ledgerNow(f followup.FollowUp, now time.Time) followup.Ledger {
	l := followup.LedgerOf(f, nil, now)
	l.RecurrencesWhileWaiting, l.RecurrencesAfter = f.Kept.RecurrencesWhileWaiting, f.Kept.RecurrencesAfter
	l.ImpactWhileWaiting, l.HandsOnWhileWaiting, l.Bumps = f.Kept.ImpactWhileWaiting, f.Kept.HandsOnWhileWaiting, f.Kept.Bumps
	return l
}

func followUpAs(teams teamNames, now time.Time) func(followup.FollowUp) followUpJSON {
	return func(f followup.FollowUp) followUpJSON {
		j := followUpJSON{
			Ref: f.ID.String(), Title: f.Title, Detail: f.Detail, Kind: string(f.Kind), Purpose: string(f.Purpose), Team: orNull(teams[f.Team]),
			State: string(f.State), DueOn: orNull(f.DueOn), Incidents: refs(f.Incidents), Problem: ref(f.Problem), EvidenceURL: f.EvidenceURL,
			Deployment: orNull(int64(f.Deployment)), FixFailedAt: known(f.FixFailedAt), DuplicateOf: ref(f.DuplicateOf),
			Ticket: ticketAs(f), Ledger: ledgerAs(ledgerNow(f, now)), CreatedAt: f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(),
		}
		if f.Declined.Reason != "" {
			j.Declined = &declineJSON{Reason: f.Declined.Reason, LookAgainOn: f.Declined.LookAgainOn}
		}
		return j
	}
}

type listFollowUpsIn struct {
	Q        string `query:"q" maxLength:"500" doc:"Words of the title, or a reference."`
	Team     string `query:"team" doc:"Slug."`
	Service  string `query:"service" doc:"Slug of a service of its problem or incidents."`
	Kind     string `query:"kind" enum:"automated_test,metric,dashboard,health_check,alert,runbook,process,code,configuration,design"`
	State    string `query:"state" enum:"proposed,queued,in_progress,done,verified,declined,duplicate"`
	Problem  string `query:"problem" doc:"Such as PRB-7."`
	Recurred bool   `query:"recurred" doc:"Those whose failure came back while they waited."`
	Sort     string `query:"sort" enum:"-cost,cost,-queued_at,queued_at,-updated_at,updated_at,-due_on,due_on" doc:"Default -cost."`
	PageQuery
}

func (a *API) listFollowUps(ctx context.Context, in *listFollowUpsIn) (*list[followUpJSON], error) {
	of, err := problemID(in.Problem)
	if err != nil {
		return nil, err
	}
	return a.followUps(ctx, followup.Filter{
		Query: in.Q, Team: in.Team, Service: in.Service, Kind: followup.Kind(in.Kind), State: followup.State(in.State),
		Problem: of, Recurred: in.Recurred, Sort: in.Sort,
	}, in.PageQuery)
}

func (a *API) followUps(ctx context.Context, f followup.Filter, q PageQuery) (*list[followUpJSON], error) {
	p, err := a.Store.FollowUps(ctx, account.ActorFrom(ctx), f, q.request())
	if err != nil {
		return nil, err
	}
	teams, err := a.teamNames(ctx)
	if err != nil {
		return nil, err
	}
	return listed(p, followUpAs(teams, a.Now())), nil
}

type listQueueIn struct {
	Team    string `query:"team" doc:"Slug."`
	Service string `query:"service" doc:"Slug."`
	Kind    string `query:"kind" enum:"automated_test,metric,dashboard,health_check,alert,runbook,process,code,configuration,design"`
	State   string `query:"state" enum:"proposed,queued,in_progress,done,verified,declined,duplicate" doc:"Queued and in_progress when it is left out."`
	PageQuery
}

func (a *API) listQueue(ctx context.Context, in *listQueueIn) (*list[followUpJSON], error) {
	f := followup.Filter{Team: in.Team, Service: in.Service, Kind: followup.Kind(in.Kind), State: followup.State(in.State), Sort: "-cost"}
	if in.State == "" {
		f.States = []followup.State{followup.Queued, followup.InProgress}
	}
	return a.followUps(ctx, f, in.PageQuery)
}

// FollowUpFields are what both promising and changing take.
type FollowUpFields struct {
	Detail      given[string]    `json:"detail,omitempty" maxLength:"100000" doc:"Markdown."`
	Team        given[string]    `json:"team,omitempty" doc:"Slug."`
	DueOn       given[string]    `json:"due_on,omitempty" format:"date"`
	Incidents   given[[]string]  `json:"incidents,omitempty" maxItems:"500"`
	Problem     given[string]    `json:"problem,omitempty" doc:"That of its incidents when it is left out."`
	EvidenceURL given[string]    `json:"evidence_url,omitempty" maxLength:"2000"`
	Deployment  given[int64]     `json:"deployment,omitempty" minimum:"1" doc:"The id of the deployment that ships it."`
	QueuedAt    given[time.Time] `json:"queued_at,omitempty" doc:"Corrects when the waiting began; null takes the correction back."`
	ShippedAt   given[time.Time] `json:"shipped_at,omitempty" doc:"Corrects when it shipped; null takes the correction back."`
}

type newFollowUpJSON struct {
	Title   string `json:"title" maxLength:"500"`
	Kind    string `json:"kind" enum:"automated_test,metric,dashboard,health_check,alert,runbook,process,code,configuration,design"`
	Purpose string `json:"purpose,omitempty" enum:"prevent,detect,mitigate" doc:"Prevent when it is left out."`
	State   string `json:"state,omitempty" enum:"proposed,queued" doc:"Proposed when it is left out; queued is a promise: the waiting begins."`
	FollowUpFields
}

type followUpChangesJSON struct {
	Title       given[string] `json:"title,omitempty" maxLength:"500"`
	Kind        given[string] `json:"kind,omitempty" enum:"automated_test,metric,dashboard,health_check,alert,runbook,process,code,configuration,design"`
	Purpose     given[string] `json:"purpose,omitempty" enum:"prevent,detect,mitigate"`
	State       string        `json:"state,omitempty" enum:"proposed,queued,in_progress,done,verified,declined,duplicate" doc:"Moves it along its life: done needs evidence_url, declined needs declined, duplicate needs duplicate_of, verified a quiet period that is over."`
	Declined    *declineJSON  `json:"declined,omitempty" doc:"Declines it, with a reason and a day to look again."`
	DuplicateOf string        `json:"duplicate_of,omitempty" doc:"Makes it a duplicate, such as of FU-3."`
	FollowUpFields
}

// named are the things that fields name, found.
type named struct {
	team       catalog.TeamID
	incidents  []problem.IncidentID
	problem    problem.ID
	deployment deployment.ID
}

// find looks for what the fields name.
func (a *API) find(ctx context.Context, f FollowUpFields) (named, error) {
	var n named
	var c fault.Check
	var err error
	if n.team, err = a.teamID(ctx, "team", f.Team.Value); err != nil && !c.Add(err) {
		return n, err
	}
	n.incidents, err = incidentIDs("incidents", f.Incidents.Value)
	c.Add(err)
	n.problem, err = problemID(f.Problem.Value)
	c.Add(err)
	if n.deployment = deployment.ID(f.Deployment.Value); n.deployment != 0 {
		_, err := a.Store.Deployment(ctx, account.ActorFrom(ctx), n.deployment)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return n, err
		}
		c.That(err == nil, "deployment", "There is no such deployment.")
	}
	return n, c.Err()
}

// apply puts the fields into the follow-up; its state is a step of its own.
func (f FollowUpFields) apply(to *followup.FollowUp, n named) {
	f.Detail.into(&to.Detail)
	f.DueOn.into(&to.DueOn)
	f.EvidenceURL.into(&to.EvidenceURL)
	if f.Team.Set {
		to.Team = n.team
	}
	if f.Incidents.Set {
		to.Incidents = n.incidents
	}
	if f.Problem.Set {
		to.Problem = n.problem
	}
	if f.Deployment.Set {
		to.Deployment = n.deployment
	}
	if f.QueuedAt.Set {
		to.QueuedByHandAt = f.QueuedAt.Value.UTC().Truncate(time.Microsecond)
	}
	if f.ShippedAt.Set {
		to.ShippedByHandAt = f.ShippedAt.Value.UTC().Truncate(time.Microsecond)
	}
}

func (a *API) promiseFollowUp(ctx context.Context, in *struct{ Body newFollowUpJSON }) (*one[followUpJSON], error) {
	b := in.Body
	n, err := a.find(ctx, b.FollowUpFields)
	if err != nil {
		return nil, err
	}
	f := followup.FollowUp{Title: b.Title, Kind: followup.Kind(b.Kind), Purpose: followup.Prevent}
	if b.Purpose != "" {
		f.Purpose = followup.Purpose(b.Purpose)
	}
	b.apply(&f, n)
	if f, err = a.FollowUps.Promise(ctx, account.ActorFrom(ctx), f, b.State == string(followup.Queued)); err != nil {
		return nil, err
	}
	j, err := a.followUp(ctx, f)
	if err != nil {
		return nil, err
	}
	return created("/followups/"+j.Ref, f.Version, j)
}

func (a *API) followUp(ctx context.Context, f followup.FollowUp) (followUpJSON, error) {
	teams, err := a.teamNames(ctx)
	return followUpAs(teams, a.Now())(f), err
}

func (a *API) showFollowUp(ctx context.Context, in *struct {
	RefIn
	Conditional
},
) (*one[followUpJSON], error) {
	id, err := followup.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	f, err := a.Store.FollowUp(ctx, account.ActorFrom(ctx), id)
	if err != nil {
		return nil, err
	}
	j, err := a.followUp(ctx, f)
	if err != nil {
		return nil, err
	}
	return shown(in.Conditional, f.Version, j)
}

func (a *API) editFollowUp(ctx context.Context, in *struct {
	RefIn
	Guarded
	Body followUpChangesJSON
},
) (*one[followUpJSON], error) {
	id, err := followup.ParseID(in.Ref)
	if err != nil {
		return nil, err
	}
	to, err := in.Body.move()
	if err != nil {
		return nil, err
	}
	n, err := a.find(ctx, in.Body.FollowUpFields)
	if err != nil {
		return nil, err
	}
	actor := account.ActorFrom(ctx)
	var f followup.FollowUp
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		current, err := a.Store.FollowUp(ctx, actor, id)
		if err != nil {
			return err
		}
		version, err := in.version(current.Version)
		if err != nil {
			return err
		}
		if to.of != 0 {
			if _, err := a.Store.FollowUp(ctx, actor, to.of); err != nil {
				return err
			}
		}
		f, err = a.FollowUps.Edit(ctx, actor, id, version, func(f *followup.FollowUp) error {
			in.Body.Title.into(&f.Title)
			intoWord(in.Body.Kind, &f.Kind, "")
			intoWord(in.Body.Purpose, &f.Purpose, "")
			in.Body.apply(f, n)
			return nil
		})
		if err != nil || to.state == "" || to.state == f.State {
			return err
		}
		f, err = a.FollowUps.Step(ctx, actor, id, to.verb(f.State), to.declined.Reason, to.step)
		return err
	})
	if err != nil {
		return nil, err
	}
	j, err := a.followUp(ctx, f)
	if err != nil {
		return nil, err
	}
	return changed(f.Version, j)
}

// move is a change of state that somebody asks for.
type move struct {
	state    followup.State
	declined followup.Decline
	of       followup.ID
}

// move reads the members that change the state. A reason to decline, or what it is a duplicate of, says the state too.
func (b followUpChangesJSON) move() (move, error) {
	to := move{state: followup.State(b.State)}
	var c fault.Check
	if b.Declined != nil {
		to.declined = followup.Decline{Reason: b.Declined.Reason, LookAgainOn: b.Declined.LookAgainOn}
		c.That(to.state == "" || to.state == followup.Declined, "declined", "This goes with the state declined.")
		to.state = followup.Declined
	}
	if b.DuplicateOf != "" {
		of, err := followup.ParseID(b.DuplicateOf)
		c.That(err == nil, "duplicate_of", "Write a reference such as FU-3.")
		c.That(to.state == "" || to.state == followup.Duplicate, "duplicate_of", "This goes with the state duplicate.")
		to.of, to.state = of, followup.Duplicate
	}
	return to, c.Err()
}

// verb is how timelines tell the step from one state to this one.
func (m move) verb(from followup.State) string {
	switch m.state {
	case followup.Queued:
		switch from {
		case followup.InProgress:
			return "sent back"
		case followup.Done, followup.Verified:
			return "reopened"
		}
		return "queued"
	case followup.InProgress:
		return "started"
	case followup.Done:
		return "finished"
	case followup.Duplicate:
		return "marked as a duplicate"
	}
	return string(m.state)
}

// step takes the step of the follow-up's life that leads to the state.
func (m move) step(f *followup.FollowUp, seen []problem.Occurrence, now time.Time) error {
	switch m.state {
	case followup.Proposed:
		return f.Propose(now)
	case followup.Queued:
		switch f.State {
		case followup.InProgress:
			return f.SendBack(now)
		case followup.Done, followup.Verified:
			return f.Reopen(now)
		}
		return f.Queue(now)
	case followup.InProgress:
		return f.Start(now)
	case followup.Done:
		return f.Finish(now, "")
	case followup.Verified:
		return f.Verify(now, seen)
	case followup.Declined:
		return f.Decline(now, m.declined)
	case followup.Duplicate:
		return f.MarkDuplicate(now, m.of)
	}
	return fault.New(fault.Invalid, "There is no state %q.", string(m.state))
}
