package followups

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/problem"
	"upshot/views/link"
	"upshot/views/ui"
)

// Step is an action on the page, by the last part of its address.
type Step string

// The steps.
const (
	Queue     Step = "queue"
	Start     Step = "start"
	Finish    Step = "done"
	SendBack  Step = "send-back"
	Reopen    Step = "reopen"
	Verify    Step = "verify"
	Decline   Step = "decline"
	Duplicate Step = "duplicate"
	Propose   Step = "propose"
	Moments   Step = "moments"
	Deploy    Step = "deployment"
)

// Tried is a step that came back, with what was typed; the zero value is none.
type Tried struct {
	Step  Step
	Typed map[string]string
	Err   error
}

// ShowData is what the page of one follow-up is made of.
type ShowData struct {
	FollowUp    followup.FollowUp
	Teams       []catalog.Team
	Incidents   []incident.Incident     // that it answers
	Problem     problem.Problem         // zero: none
	Members     []problem.Member        // of the problem
	Deployment  deployment.Deployment   // zero: none
	Deployments []deployment.Deployment // to choose from: what its services deployed lately
	Events      []audit.Event           // newest first
	Ticket      TicketData
	CanEdit     bool
	Tried       Tried
	Clock       ui.Clock
}

// ShowPage is one follow-up.
type ShowPage struct {
	ID       int64
	Ref      string
	Heading  ui.Heading
	State    ui.State
	Detail   string
	Facts    []Fact
	CanEdit  bool
	Failed   string // when it did not hold
	Declined string
	LookOn   string
	Of       About // it is a duplicate of this one
	Quiet    string

	Finding string // over the bar
	Bar     ui.Bar
	Span    ui.Span
	Never   string // instead of a bar: why nothing is drawn
	Figures []Figure
	Lengths []Length
	Waited  []Recurrence

	Problem   About
	Incidents []Answered
	Markdown  string
	Evidence  string
	Deployed  Deployed
	Timeline  []Entry

	Carried string // instead of steps: a ticket says how far it is
	Ticket  TicketCard
	Tried   Tried
	Actions Actions
	Ships   bool // a deployment may bring it to users
}

// quietNext tells whether the quiet period is what comes next.
func (p ShowPage) quietNext() bool { return p.CanEdit && p.Quiet != "" && p.Actions.Main == "" }

func (p ShowPage) noEvidence() string {
	if p.Ships {
		return "none yet; done needs one"
	}
	return "none"
}

// Fact is a word under the title, with an address or without.
type Fact struct{ Text, Link string }

// Figure is one number of the ledger.
type Figure struct {
	Value, Caption string
	Tone           ui.Tone
}

// Length is one row of the ledger's table.
type Length struct {
	Name, Value, Exact, Working string
}

// Recurrence is an occurrence while it waited.
type Recurrence struct {
	Ref, Link string
	At        ui.When
	Impact    string
	HandsOn   string
}

// Answered is an incident that the change answers.
type Answered struct {
	Ref, Link, Title, Severity string
	Status                     ui.State
	Started                    ui.When
}

// Deployed is the deployment that brought the change to users.
type Deployed struct {
	Text, Link string
	At         ui.When
}

// Entry is one line of the timeline.
type Entry struct {
	At                       ui.When
	Icon, Text, Side, Reason string
}

// Actions are the forms that fit the state.
type Actions struct {
	Main   Step // the primary one; empty: none
	Others []Step

	QueuedAt, ShippedAt ui.Field // corrections
	Evidence            ui.Field
	Reason, LookOn      ui.Field
	Of                  ui.Field
	MomentReason        ui.Field
	Deployment          ui.Field
	Trouble             string
	Wrong               []fault.Field
}

// Offers tells whether the step is possible now.
func (a Actions) Offers(s Step) bool { return a.Main == s || slices.Contains(a.Others, s) }

// class of the button for the step: the main one is dark.
func (a Actions) class(s Step) string {
	if a.Main == s {
		return "primary"
	}
	return ""
}

// NewShowPage makes the page.
func NewShowPage(d ShowData) ShowPage {
	f, c := d.FollowUp, d.Clock
	seen := problem.History(d.Members, problem.FlapWindow, problem.RecurrenceWindow, c.Now)
	row := RowOf(f, seen, c.Now)
	p := ShowPage{
		ID: int64(f.ID), Ref: f.ID.String(), State: row.State, Detail: row.Detail, CanEdit: d.CanEdit,
		Heading: ui.Heading{Crumb: "Follow-ups", CrumbLink: link.FollowUps, Ref: f.ID.String(), Title: f.Title},
		Facts:   facts(d), Markdown: f.Detail, Evidence: f.EvidenceURL, Tried: d.Tried,
		Ships: f.State != followup.Declined && f.State != followup.Duplicate,
	}
	if !f.FixFailedAt.IsZero() {
		p.Failed = "It did not hold: the failure came back on " + c.Moment(f.FixFailedAt) + ", within the quiet period."
	}
	if f.State == followup.Declined {
		p.Declined, p.LookOn = f.Declined.Reason, dayOf(f.Declined.LookAgainOn, c)
	}
	if f.DuplicateOf != 0 {
		p.Of = About{Ref: f.DuplicateOf.String()}
	}
	if d.Problem.ID != 0 {
		p.Problem = About{Ref: d.Problem.ID.String(), Title: d.Problem.Title}
	}
	p.Quiet = quiet(f, row.Ledger, c)
	p.drawLedger(d, row)
	for _, i := range d.Incidents {
		p.Incidents = append(p.Incidents, Answered{
			Ref: i.ID.String(), Link: link.Incident(int64(i.ID)), Title: i.Title, Severity: string(i.Severity),
			Status: ui.State(i.Status), Started: c.When(i.Moments.StartedAt),
		})
	}
	if d.Deployment.ID != 0 {
		p.Deployed = Deployed{
			Text: d.Deployment.Service + " " + d.Deployment.Version, Link: link.Deployment(int64(d.Deployment.ID)), At: c.When(d.Deployment.FinishedAt),
		}
	}
	for _, e := range d.Events {
		p.Timeline = append(p.Timeline, told(e, c))
	}
	if d.CanEdit {
		p.Actions = actions(d, row.Ledger)
	}
	if carried(f) && f.State != followup.Verified && f.State != followup.Declined && f.State != followup.Duplicate {
		p.Carried = "Jira says how far it is: move " + f.Ticket.Key + " there, and it shows here a minute later."
	}
	p.Ticket = newTicketCard(d)
	return p
}

func facts(d ShowData) []Fact {
	f := d.FollowUp
	all := []Fact{{Text: KindWords(f.Kind)}, {Text: PurposeName(f.Purpose)}}
	team := Fact{Text: "no team yet"}
	for _, t := range d.Teams {
		if t.ID == f.Team {
			team = Fact{Text: t.Name, Link: link.Team(t.Slug)}
		}
	}
	all = append(all, team)
	if f.DueOn != "" {
		all = append(all, Fact{Text: "due on " + dayOf(f.DueOn, d.Clock)})
	}
	return all
}

func quiet(f followup.FollowUp, l followup.Ledger, c ui.Clock) string {
	if l.ShippedAt.IsZero() || f.State != followup.Done {
		return ""
	}
	until := l.ShippedAt.Add(followup.QuietPeriod)
	switch {
	case c.Now.Before(until):
		return fmt.Sprintf("Shipped on %s. It can be verified from %s, when it has held for %d days.",
			c.Day(l.ShippedAt), c.Day(until), int(followup.QuietPeriod.Hours()/24))
	case f.EvidenceURL == "":
		return "Its quiet period is over. It is verified when it has evidence."
	}
	return "Its quiet period ended on " + c.Day(until) + " without a recurrence."
}

// drawLedger fills in the bar, the figures and the tables beside it.
func (p *ShowPage) drawLedger(d ShowData, row Row) {
	f, l, c := d.FollowUp, row.Ledger, d.Clock
	p.Bar, p.Span = row.Bar, ui.Span{Clock: c, Window: window(l, c.Now)}
	p.Finding = finding(row)
	switch {
	case l.QueuedAt.IsZero():
		p.Never = "Nobody has queued it, so nothing waits yet."
		if f.State == followup.Declined || f.State == followup.Duplicate {
			p.Never = "It was never queued."
		}
		return
	case l.Incomplete:
		p.Never = "The history is incomplete, so no figures are given."
		return
	}
	waiting := "from queued to the first start"
	if l.StillWaiting {
		waiting = "waiting, not started"
	}
	p.Figures = []Figure{
		{ui.Duration(l.Waiting), waiting, late(l.StillWaiting)},
		{ui.Times(l.RecurrencesWhileWaiting), "recurred while it waited", hurt(l.RecurrencesWhileWaiting > 0)},
		{ui.Sum(l.ImpactWhileWaiting), "impact of these", hurt(l.ImpactWhileWaiting > 0)},
		{ui.Sum(l.HandsOnWhileWaiting), "hands-on time", ""},
		{ui.Times(l.RecurrencesAfter), "recurred after the fix", hurt(l.RecurrencesAfter > 0)},
	}
	team := teamOf(d)
	for _, s := range []struct {
		state  ui.State
		length time.Duration
	}{{ui.Waiting, l.Waiting}, {ui.Working, l.Working}, {ui.SentBack, l.SentBack}} {
		length := Length{Name: ui.Sentence(string(s.state)), Value: ui.Duration(s.length), Exact: ui.Exact(s.length)}
		if team.ID != 0 {
			length.Working = workingHours(workingTime(row.Bar, s.state, team, c.Now))
		}
		p.Lengths = append(p.Lengths, length)
	}
	for _, o := range row.Waited {
		p.Waited = append(p.Waited, Recurrence{
			Ref: o.Incident().String(), Link: link.Incident(int64(o.Incident())), At: c.When(o.DetectedAt),
			Impact: ui.Duration(o.Impact), HandsOn: ui.Duration(o.HandsOn),
		})
	}
}

func late(yes bool) ui.Tone {
	if yes {
		return ui.Late
	}
	return ""
}

func hurt(yes bool) ui.Tone {
	if yes {
		return ui.Hurt
	}
	return ""
}

func finding(r Row) string {
	l := r.Ledger
	recurred := ""
	if n := l.RecurrencesWhileWaiting; n > 0 {
		recurred = fmt.Sprintf(", and the failure came back %s", times(n))
	}
	switch {
	case l.QueuedAt.IsZero() || l.Incomplete:
		return "What waiting cost"
	case l.StillWaiting:
		return "It has waited " + ui.Duration(l.Waiting) + recurred
	case l.Waiting == 0:
		return "It did not wait" + recurred
	}
	return "It waited " + ui.Duration(l.Waiting) + recurred
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return ui.InWords(n) + " times"
}

// window is wide enough for the whole history, and not narrower than the usual one.
func window(l followup.Ledger, now time.Time) time.Duration {
	age := now.Sub(l.QueuedAt)
	switch {
	case l.QueuedAt.IsZero() || age <= ui.Days90:
		return ui.Days90
	case age <= ui.Days180:
		return ui.Days180
	}
	return ui.Year
}

func teamOf(d ShowData) catalog.Team {
	for _, t := range d.Teams {
		if t.ID == d.FollowUp.Team {
			return t
		}
	}
	return catalog.Team{}
}

// workingHours writes a length of working time, which has no days of 24 hours: "412 h".
func workingHours(d time.Duration) string {
	if d < 10*time.Hour {
		return ui.Duration(d)
	}
	return ui.Thousands(int64(d.Hours())) + " h"
}

// workingTime is how much of the time in a state lay in the team's working hours.
func workingTime(b ui.Bar, state ui.State, t catalog.Team, now time.Time) time.Duration {
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		zone = time.UTC
	}
	var sum time.Duration
	for _, s := range b.Segments {
		to := s.To
		if to.IsZero() || to.After(now) {
			to = now
		}
		if s.State == state {
			sum += t.Hours.Working(s.From, to, zone)
		}
	}
	return sum
}

// possible lists what may be done in each state; the first is the next step.
var possible = map[followup.State][]Step{
	followup.Proposed:   {Queue, Decline, Duplicate},
	followup.Queued:     {Start, Finish, Decline, Duplicate},
	followup.InProgress: {Finish, SendBack, Decline, Duplicate},
	followup.Done:       {Verify, Reopen},
	followup.Verified:   {Reopen},
	followup.Declined:   {Queue, Propose},
	followup.Duplicate:  {Propose},
}

func actions(d ShowData, l followup.Ledger) Actions {
	f, c := d.FollowUp, d.Clock
	var a Actions
	if trouble := fault.Of(d.Tried.Err); trouble != nil {
		a.Wrong = trouble.Fields
		if len(a.Wrong) == 0 || trouble.Kind != fault.Invalid {
			a.Trouble = trouble.Message
		}
	}
	for n, step := range possible[f.State] {
		switch {
		case carried(f) && slices.Contains([]Step{Start, Finish, SendBack, Reopen}, step): // Jira says how far it is
		case step == Verify && (c.Now.Before(l.ShippedAt.Add(followup.QuietPeriod)) || f.EvidenceURL == "" || l.ShippedAt.IsZero()):
		case n == 0 && step != Reopen:
			a.Main = step
		default:
			a.Others = append(a.Others, step)
		}
	}
	typed := func(s Step, name, otherwise string) string {
		if d.Tried.Step == s {
			return d.Tried.Typed[name]
		}
		return otherwise
	}
	wrong := func(s Step, name string) string {
		if d.Tried.Step == s {
			return ui.ErrorFor(a.Wrong, name)
		}
		return ""
	}
	a.Evidence = ui.Field{
		Name: "evidence_url", Label: "Evidence", Type: "url", Required: true, Placeholder: "https://", Value: typed(Finish, "evidence_url", f.EvidenceURL),
		Error: wrong(Finish, "evidence_url"), Help: "A link to the test, the dashboard, the change.",
	}
	a.Reason = ui.Field{
		Name: "declined.reason", Label: "Why not", Required: true, Rows: 3, Value: typed(Decline, "declined.reason", ""), Error: wrong(Decline, "declined.reason"),
		Help: "In a sentence that others will understand in a year.",
	}
	a.LookOn = ui.Field{
		Name: "declined.look_again_on", Label: "Look again on", Type: "date", Required: true, Error: wrong(Decline, "declined.look_again_on"),
		Value: typed(Decline, "declined.look_again_on", c.Now.AddDate(0, 3, 0).Format(time.DateOnly)),
	}
	a.Of = ui.Field{Name: "duplicate_of", Label: "Which follow-up promises the same", Placeholder: "FU-7", Required: true, Value: typed(Duplicate, "duplicate_of", ""), Error: wrong(Duplicate, "duplicate_of")}
	zone := c.Name()
	a.QueuedAt = ui.Field{
		Name: "queued_at", Label: "Queued", Hint: zone, Type: "datetime-local", Value: typed(Moments, "queued_at", c.Input(l.QueuedAt)),
		Error: wrong(Moments, "queued_at"), Help: "When the waiting really began.",
	}
	a.ShippedAt = ui.Field{
		Name: "shipped_at", Label: "Shipped", Hint: zone, Type: "datetime-local", Value: typed(Moments, "shipped_at", c.Input(l.ShippedAt)),
		Error: wrong(Moments, "shipped_at"), Help: "When users first had the change. The quiet period starts here.",
	}
	a.MomentReason = ui.Field{Name: "reason", Label: "Reason", Required: true, Value: typed(Moments, "reason", ""), Error: wrong(Moments, "reason"), Help: "Kept with the old value and your name."}
	a.Deployment = ui.Field{
		Name: "deployment", Label: "Deployment to production", Error: wrong(Deploy, "deployment"), Value: typed(Deploy, "deployment", number(int64(f.Deployment))),
		Options: deploymentOptions(d), Help: "The first one that succeeds with the change ships it.",
	}
	return a
}

// carried tells whether a ticket says how far the follow-up is.
func carried(f followup.FollowUp) bool { return f.Ticket != nil && f.Ticket.OwnsStatus }

func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func deploymentOptions(d ShowData) []ui.Option {
	options := []ui.Option{{Label: "None"}}
	chosen := d.Deployment.ID == 0
	for _, v := range d.Deployments {
		if v.Ships() {
			options = append(options, deploymentOption(v, d.Clock))
			chosen = chosen || v.ID == d.Deployment.ID
		}
	}
	if !chosen {
		options = append(options, deploymentOption(d.Deployment, d.Clock))
	}
	return options
}

func deploymentOption(v deployment.Deployment, c ui.Clock) ui.Option {
	return ui.Option{Value: number(int64(v.ID)), Label: fmt.Sprintf("%s %s, %s", v.Service, v.Version, c.Moment(v.FinishedAt))}
}

// looks are the icon and the words of what events tell.
var looks = map[string]struct{ icon, text string }{
	"promised":              {"idea", "Promised"},
	"queued":                {"waiting", "Queued: from here on it waits"},
	"started":               {"working", "Started"},
	"sent back":             {"back", "Sent back into the backlog"},
	"done":                  {"done", "Done, with evidence"},
	"verified":              {"verified", "Verified: it held through the quiet period"},
	"reopened":              {"back", "Reopened: it has to ship again"},
	"declined":              {"no", "Declined"},
	"marked as a duplicate": {"same", "Marked as a duplicate"},
	"proposed again":        {"idea", "Proposed again"},
	"did not hold":          {"failed", "Did not hold: the failure came back in the quiet period"},
	"edited":                {"note", "Changed what is promised"},
	"moment corrected":      {"note", "Corrected a moment"},
	"deployment linked":     {"ship", "Linked the deployment that ships it"},
	"evidence added":        {"note", "Added the evidence"},

	"ticket asked for":       {"note", "Asked for a Jira issue"},
	"ticket asked for again": {"note", "Asked for a Jira issue once more"},
	"ticket given up":        {"no", "Gave up the Jira issue that was refused"},
	"ticket filed":           {"done", "Filed in Jira"},
	"ticket linked":          {"note", "Linked a Jira issue"},
	"ticket unlinked":        {"no", "Unlinked the Jira issue"},
	"escalated in Jira":      {"bell", "Escalated in Jira"},
	"conflict resolved":      {"note", "Chose between what Jira and Upshot say"},
	"found gone in Jira":     {"warn", "The issue is gone in Jira"},
	"not accepted by Jira":   {"warn", "Jira did not accept a change"},
}

// Said is how timelines tell a step of a follow-up, with its icon; unknown steps are not known here.
func Said(action string) (icon, text string, known bool) {
	look, known := looks[action]
	return look.icon, look.text, known
}

func told(e audit.Event, c ui.Clock) Entry {
	entry := Entry{At: c.When(e.At), Icon: "dot", Text: ui.Sentence(e.Action), Side: e.Actor.Name, Reason: e.Reason}
	if look, ok := looks[e.Action]; ok {
		entry.Icon, entry.Text = look.icon, look.text
	}
	if e.Actor.Kind == account.Job || e.Actor.Kind == account.Command || e.Actor.Kind == account.Machine {
		entry.Side = cmp.Or(e.Actor.Name, string(e.Actor.Kind)) + ", " + map[account.ActorKind]string{
			account.Job: "a job", account.Command: "on the command line", account.Machine: "by token",
		}[e.Actor.Kind]
	}
	return entry
}

func date(on string) (time.Time, bool) {
	at, err := time.Parse(time.DateOnly, on)
	return at, err == nil
}

// dayOf writes a date such as 2027-01-15 as people read it.
func dayOf(on string, c ui.Clock) string {
	at, ok := date(on)
	if !ok {
		return on
	}
	return ui.Clock{Now: c.Now}.Day(at)
}

func orNobody(team string) string {
	if team == "" {
		return "nobody yet"
	}
	return team
}

// action is where a step is posted.
func (p ShowPage) action(s Step) string { return link.StepFollowUp(p.ID, string(s)) }

var submits = map[Step]string{
	Finish: "Mark as done", Decline: "Record the decision", Duplicate: "Mark as a duplicate", Moments: "Correct", Deploy: "Link it",
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) + "%" }

// heading has the state and the facts under the title.
func (p ShowPage) heading() ui.Heading {
	h := p.Heading
	h.Facts = factLine(p)
	return h
}
