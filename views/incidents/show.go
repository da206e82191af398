package incidents

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/notice"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
	"upshot/views/followups"
	"upshot/views/link"
	"upshot/views/notes"
	"upshot/views/ui"
)

// Facts is all that the page of one incident is made of.
type Facts struct {
	Incident  incident.Incident
	Loop      incident.Loop
	Decisions []incident.Decision
	Notes     []rootcause.Note
	Problem   []rootcause.Note // on its problem and all of its occurrences
	FollowUps []followup.FollowUp
	Members   []problem.Member // of its problem
	Similar   []problem.Suggestion
	Earlier   []incident.Incident // those that Similar speaks of
	Merged    []incident.ID       // reports merged into it
	Caused    []deployment.Deployment
	Before    []deployment.Deployment // that finished shortly before it started, newest first
	Verdicts  map[deployment.ID]deployment.Verdict
	Services  []catalog.Service // its own
	Teams     []catalog.Team
	Events    []audit.Event
	Notices   []notice.Notice
	Mail      bool // mail can be sent
	Triage    triage.Triage
	Mine      catalog.TeamID // the reader's team
	CanEdit   bool
}

// ShowPage is one incident.
type ShowPage struct {
	ID        int64
	Ref       string
	Heading   ui.Heading
	Row       Row
	Day       ui.When
	Services  []Linked
	EndedBy   string
	Actions   []Action
	More      []Action
	Gate      Gate
	Hints     []Hint
	LifeTitle string
	Life      ui.Life
	Impact    string
	Summary   string
	Notes     []notes.Item
	Timeline  []Entry
	FollowUps []Promised
	Promise   string // address to promise a change
	Similar   []Likely
	Facts     []Fact
	Causes    []Suspect
	Merged    []Merged
	Decisions []Decided
	Told      ToldCard
	CanEdit   bool
	Triage    *TriageCard
	Known     []notes.Item // causes and factors noted on other occurrences, or on the problem
}

// Linked is a name with its page.
type Linked struct{ Text, Link string }

// Action is a step to take: a link to its form, or a button that takes it at once.
type Action struct {
	Text, Address string
	Press         bool
	Primary       bool
}

// Gate says whether it can be closed, and what to do.
type Gate struct {
	Tone  string // of the banner; empty: there is none
	Icon  string
	Title string
	Lines []Hint
}

// Hint is a sentence with something to do behind it.
type Hint struct{ Text, Link, LinkText string }

// Promised is a follow-up as the page shows it.
type Promised struct {
	Ref, Link, Title string
	State            ui.State
	Age              string
	About            string
	Bar              ui.Bar
	Span             ui.Span
	Drawn            bool
	Recurred         string
	Cost             string
}

// Likely is a likely earlier occurrence.
type Likely struct {
	Ref, Link, Title string
	About            string
	Problem          string
	ProblemLink      string
	Because          []string
}

// Fact is a line of "Who and where".
type Fact struct {
	Name   string
	Values []Linked
	Tone   string
}

// Suspect is a deployment that caused it, or may have.
type Suspect struct {
	ID        string
	Text      string
	Link      string
	At        ui.When
	Said      string
	Confirmed bool
	Rejected  bool // a person said that it is not the cause
}

// Merged is a report that was merged into this one.
type Merged struct{ Ref, Undo string }

// Decided is a decision against a change.
type Decided struct {
	Reason, Again, By string
	At                ui.When
}

// NewShowPage makes the page of one incident.
func NewShowPage(f Facts, c ui.Clock) ShowPage {
	i := f.Incident
	p := ShowPage{
		ID: int64(i.ID), Ref: i.ID.String(), Row: NewRow(i, c), CanEdit: f.CanEdit, Impact: i.Impact, Summary: i.Summary,
		Promise: link.NewFollowUpFor(i.ID.String()),
		Notes:   notes.Items(f.Notes, i.ID, 0, f.CanEdit, c), Timeline: Timeline(i, f.Events, c),
	}
	p.Heading = ui.Heading{Crumb: "Incidents", CrumbLink: link.Incidents, Ref: p.Ref, Title: i.Title}
	p.Day = c.OnDay(i.Moments.StartedAt)
	if p.Day.UTC != "" {
		p.Day.Text = c.LongDay(i.Moments.StartedAt)
	}
	p.Services = servicesOf(i, f.Services)
	if i.EndedBy != incident.UnknownEnding && i.EndedBy != "" {
		p.EndedBy = endingWords[i.EndedBy]
	}
	if f.CanEdit {
		p.Actions, p.More = actionsOf(f)
	}
	p.Known = notes.Items(knownOf(f), i.ID, 0, false, c)
	p.Gate = gateOf(f, c)
	p.Hints = hintsOf(f)
	p.LifeTitle, p.Life = lifeOf(i, c)
	p.FollowUps = promisedOf(f, c)
	p.Similar = likelyOf(f, c)
	p.Causes = suspectsOf(f, c)
	p.Facts = factsOf(f)
	p.Told = toldOf(f, c)
	p.Triage = NewTriageCard(f, c)
	for _, id := range f.Merged {
		p.Merged = append(p.Merged, Merged{Ref: id.String(), Undo: link.UnmergeIncident(int64(id))})
	}
	for _, d := range f.Decisions {
		p.Decisions = append(p.Decisions, Decided{Reason: d.Reason, Again: dayIn(d.LookAgainOn), By: d.By, At: c.When(d.At)})
	}
	return p
}

// knownOf picks what explains the failure and was noted elsewhere than on this incident.
func knownOf(f Facts) []rootcause.Note {
	var known []rootcause.Note
	for _, n := range f.Problem {
		if n.Incident != f.Incident.ID && (n.Kind == rootcause.Cause || n.Kind == rootcause.Factor) {
			known = append(known, n)
		}
	}
	return known
}

func mergedHere(n int) string {
	return ui.Sentence(ui.InWords(n)) + plural(n, " other report is", " other reports are") + " merged into this one."
}

// servicesOf names the services in the order of the incident; one that the catalog does not know keeps its slug.
func servicesOf(i incident.Incident, known []catalog.Service) []Linked {
	var all []Linked
	for _, slug := range i.Services {
		name := slug
		if at := slices.IndexFunc(known, func(s catalog.Service) bool { return s.Slug == slug }); at >= 0 {
			name = known[at].Name
		}
		all = append(all, Linked{Text: name, Link: link.Service(slug)})
	}
	return all
}

// actionsOf are the steps that make sense now; more are those that are rarely needed.
func actionsOf(f Facts) (now, more []Action) {
	i := f.Incident
	id := int64(i.ID)
	m := i.Moments
	under := i.Status == incident.Open || i.Status == incident.Mitigated
	add := func(when bool, a Action) {
		if when {
			now = append(now, a)
		}
	}
	add(under && m.AcknowledgedAt.IsZero(), Action{Text: "Take it on", Address: link.AcknowledgeIncident(id), Press: true})
	if press := canNotify(f); press || UnderWay(f.Notices) && m.DeveloperNotifiedAt.IsZero() {
		add(press, Action{Text: "Tell developers", Address: link.NotifyDevelopers(id), Press: true})
		more = append(more, Action{Text: "Note that developers were told", Address: link.TellDevelopers(id)})
	} else {
		add(m.DeveloperNotifiedAt.IsZero(), Action{Text: "Tell developers", Address: link.TellDevelopers(id)})
	}
	add(i.Status == incident.Open, Action{Text: "Mark mitigated", Address: link.MitigateIncident(id), Press: true})
	add(under && m.RestoredAt.IsZero(), Action{Text: "Mark restored", Address: link.RestoreIncident(id), Press: true})
	add(under, Action{Text: "Resolve", Address: link.ResolveIncident(id), Primary: true})
	add(i.Status == incident.Resolved, Action{Text: "Close incident", Address: link.CloseIncident(id), Primary: true})
	more = append(more, Action{Text: "Edit", Address: link.EditIncident(id)}, Action{Text: "Correct a moment", Address: link.IncidentMoments(id)})
	if i.Status != incident.Open {
		more = append(more, Action{Text: "Reopen, or it happened again", Address: link.ReopenIncident(id)})
	}
	return now, append(more, Action{Text: "Merge into another", Address: link.MergeIncident(id)})
}

// gateOf says what stands between the incident and its closing, or that nothing does.
func gateOf(f Facts, c ui.Clock) Gate {
	i := f.Incident
	id := int64(i.ID)
	missing := incident.Gate(i, f.Loop)
	if i.Status == incident.Closed {
		if !missing.Change && !missing.Cause {
			return Gate{}
		}
		g := Gate{Tone: "warn", Icon: "warn", Title: "It is closed, and something is still open."}
		g.Lines = lines(f, incident.Missing{Cause: missing.Cause, Change: missing.Change})
		return g
	}
	if missing.None() {
		g := Gate{Tone: "ok", Icon: "done", Title: "It can be closed: " + why(i, f.Loop) + "."}
		if i.Kind != incident.Real {
			g.Title = ui.Sentence(string(i.Kind)) + " needs nothing more. It can be closed."
		}
		for _, u := range f.FollowUps {
			l := u.Kept
			if l.StillWaiting && l.RecurrencesWhileWaiting > 0 {
				g.Tone, g.Icon = "warn", "warn"
				g.Lines = append(g.Lines, Hint{
					Text: fmt.Sprintf("The loop stays open: it has waited %s, and the failure came back %s since it was queued.",
						ui.Duration(waitedUntil(l, c)), timesOf(l.RecurrencesWhileWaiting)),
					Link: link.FollowUp(int64(u.ID)), LinkText: u.ID.String(),
				})
			}
		}
		return g
	}
	g := Gate{Tone: "warn", Icon: "warn", Title: "It can't be closed yet."}
	if missing.Resolved {
		g.Tone, g.Icon, g.Title = "info", "dot", "Before it can be closed:"
	}
	if missing.Resolved && f.CanEdit {
		g.Lines = append(g.Lines, Hint{Text: "It is not resolved.", Link: link.ResolveIncident(id), LinkText: "Resolve"})
	} else if missing.Resolved {
		g.Lines = append(g.Lines, Hint{Text: "It is not resolved."})
	}
	g.Lines = append(g.Lines, lines(f, missing)...)
	return g
}

func lines(f Facts, missing incident.Missing) []Hint {
	var all []Hint
	add := func(text, address, do string) {
		h := Hint{Text: text}
		if f.CanEdit {
			h.Link, h.LinkText = address, do
		}
		all = append(all, h)
	}
	if missing.Cause {
		add("No confirmed cause or contributing factor is noted.", link.IncidentNotes(int64(f.Incident.ID)), "Add note")
	}
	if missing.Change {
		add("It is significant, and no change of practice is queued for it.", link.NewFollowUpFor(f.Incident.ID.String()), "Promise a change")
		add("Where no change would help, a decision with a reason and a day to look again is enough.", link.CloseIncident(int64(f.Incident.ID)), "Record a decision")
	}
	return all
}

func why(i incident.Incident, l incident.Loop) string {
	said := "the cause is noted"
	switch {
	case l.PracticeFollowUps > 0:
		return said + " and " + ui.InWords(l.PracticeFollowUps) + plural(l.PracticeFollowUps, " change of practice is", " changes of practice are") + " promised"
	case l.Decision.Given():
		return said + " and somebody decided against a change, to look again on " + dayIn(l.Decision.LookAgainOn)
	case i.Standing.Significant:
		return said
	}
	return said + "; it is not significant, so no change is asked for"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func timesOf(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return ui.InWords(n) + " times"
}

// waitedUntil is how long it waits by now: what is kept is of the last change.
func waitedUntil(l followup.Ledger, c ui.Clock) time.Duration {
	if l.StillWaiting {
		return c.Now.Sub(l.QueuedAt)
	}
	return l.Waiting
}

// hintsOf says what the rules ask for beside the gate.
func hintsOf(f Facts) []Hint {
	i := f.Incident
	var all []Hint
	if i.Kind == incident.Real && (i.EndedBy == incident.Workaround || i.EndedBy == incident.Restart) && !fixPromised(f.FollowUps) {
		h := Hint{Text: "It ended by " + endingWords[i.EndedBy] + ", and no permanent fix is promised: the cause is where it was."}
		if f.CanEdit {
			h.Link, h.LinkText = link.NewFollowUpFor(i.ID.String()), "Promise a permanent fix"
		}
		all = append(all, h)
	}
	if i.Standing.Occurrence >= 3 && i.Problem != 0 {
		all = append(all, Hint{
			Text: "Review is due: this is the " + ui.Ordinal(i.Standing.Occurrence) + " time.",
			Link: link.Problem(int64(i.Problem)), LinkText: "Look at all of " + i.Problem.String(),
		})
	}
	return all
}

// fixPromised tells whether somebody promised to change the thing itself.
func fixPromised(promised []followup.FollowUp) bool {
	return slices.ContainsFunc(promised, func(f followup.FollowUp) bool {
		return !f.Kind.Practice() && f.State != followup.Declined && f.State != followup.Duplicate
	})
}

// lifeOf draws the moments, and says in a sentence how long users felt it and when developers knew.
func lifeOf(i incident.Incident, c ui.Clock) (string, ui.Life) {
	life := ui.Life{Clock: c}
	m := i.Moments
	last := time.Time{}
	for _, name := range ordered(m) {
		at := *m.Of(name)
		moment := ui.Moment{Name: momentWords[name], At: at, Note: momentNote(i, name, at, last)}
		if name == incident.DeveloperNotifiedAt && at.Sub(i.Detected()) > time.Hour {
			moment.Late = true
		}
		life.Moments = append(life.Moments, moment)
		last = at
	}
	for _, s := range i.Segments {
		life.Impact = append(life.Impact, ui.Stretch{From: s.StartedAt, To: s.EndedAt})
	}
	member := i.Member()
	from := m.StartedAt
	if !m.ReopenedAt.IsZero() {
		from = m.ReopenedAt
	}
	var title string
	impact, ended := i.Duration()
	switch {
	case ended:
		life.Impact = append(life.Impact, ui.Stretch{From: from, To: m.RestoredOrResolved()})
		title = "Users felt it for " + ui.Sum(impact)
		life.Words.Impact = ui.Sum(impact) + " of impact"
	case member.Ongoing:
		life.Impact = append(life.Impact, ui.Stretch{From: from})
		title = "Users have felt it for " + ui.Sum(soFar(member, c))
		life.Words.Impact = ui.Sum(soFar(member, c)) + " so far"
	default:
		title = "Nobody noted when it was restored"
	}
	told := m.DeveloperNotifiedAt
	switch wait := told.Sub(i.Detected()); {
	case told.IsZero() && i.Kind != incident.Real:
	case told.IsZero():
		title += "; no developer has been told"
		if member.Ongoing {
			life.Silent = ui.Stretch{From: i.Detected()}
			life.Words.Silent = "developers do not know yet"
		}
	case wait <= 0:
		title += "; developers knew before it was detected"
	default:
		title += "; developers knew " + ui.Duration(wait) + " after it was detected"
		life.Silent = ui.Stretch{From: i.Detected(), To: told}
		life.Words.Silent = ui.Sum(wait) + " before developers knew"
	}
	return title, life
}

// ordered lists the known moments in time; equal ones stay in the order of a life.
func ordered(m incident.Moments) []incident.Moment {
	var known []incident.Moment
	for _, name := range incident.MomentNames {
		if !m.Of(name).IsZero() {
			known = append(known, name)
		}
	}
	slices.SortStableFunc(known, func(a, b incident.Moment) int { return m.Of(a).Compare(*m.Of(b)) })
	return known
}

func momentNote(i incident.Incident, name incident.Moment, at, last time.Time) string {
	var said []string
	switch {
	case last.IsZero():
	case at.Equal(last):
		said = append(said, "at once")
	default:
		said = append(said, ui.Duration(at.Sub(last))+" later")
	}
	switch {
	case name == incident.StartedAt:
		said = append(said, "users felt it")
	case name == incident.DetectedAt && i.DetectedBy != incident.ByUnknown:
		said = append(said, map[incident.Detector]string{incident.ByAlert: "by an alert", incident.ByUser: "users complained", incident.ByStaff: "by staff"}[i.DetectedBy])
	case name == incident.DeveloperNotifiedAt:
		said = append(said, channelWords[i.NotifiedBy])
	case name == incident.ResolvedAt && i.EndedBy != incident.UnknownEnding:
		said = append(said, endingWords[i.EndedBy])
	}
	return strings.Join(said, ", ")
}

// promisedOf draws the follow-ups over the last 90 days.
func promisedOf(f Facts, c ui.Clock) []Promised {
	seen := problem.History(f.Members, problem.FlapWindow, problem.RecurrenceWindow, c.Now)
	var all []Promised
	for _, u := range f.FollowUps {
		l := followup.LedgerOf(u, seen, c.Now)
		p := Promised{
			Ref: u.ID.String(), Link: link.FollowUp(int64(u.ID)), Title: u.Title, Bar: followups.BarOf(u, seen, c.Now),
			About: followups.KindWords(u.Kind) + ", " + string(u.Purpose), Span: ui.Span{Clock: c, Window: ui.Days90},
		}
		p.State, p.Age = followups.StateNow(u, l, c.Now)
		p.Drawn = len(p.Bar.Segments) > 0 || p.Bar.Incomplete
		if n := l.RecurrencesWhileWaiting; n > 0 {
			p.Recurred = "recurred " + ui.Times(n) + " while it waited"
			p.Cost = ui.Sum(l.ImpactWhileWaiting) + " of impact"
			if l.HandsOnWhileWaiting > 0 {
				p.Cost += ", " + ui.Sum(l.HandsOnWhileWaiting) + " hands-on"
			}
		}
		if n := l.RecurrencesAfter; n > 0 {
			p.Recurred = "recurred " + ui.Times(n) + " after it shipped"
		}
		all = append(all, p)
	}
	return all
}

func likelyOf(f Facts, c ui.Clock) []Likely {
	var all []Likely
	for _, s := range f.Similar {
		at := slices.IndexFunc(f.Earlier, func(i incident.Incident) bool { return i.ID == s.Incident })
		if at < 0 {
			continue
		}
		i := f.Earlier[at]
		l := Likely{
			Ref: i.ID.String(), Link: link.Incident(int64(i.ID)), Title: i.Title, Because: s.Because,
			About: c.Day(i.Moments.StartedAt) + " · " + impactOf(i, c),
		}
		if s.Problem != 0 {
			l.Problem, l.ProblemLink = s.Problem.String(), link.Problem(int64(s.Problem))
		}
		all = append(all, l)
	}
	return all
}

func suspectsOf(f Facts, c ui.Clock) []Suspect {
	var all []Suspect
	confirmed := map[deployment.ID]bool{}
	add := func(d deployment.Deployment, said string, sure bool) {
		all = append(all, Suspect{
			ID: fmt.Sprint(d.ID), Text: d.Service + " " + d.Version, Link: link.Deployment(int64(d.ID)), At: c.When(d.FinishedAt), Said: said, Confirmed: sure,
		})
	}
	for _, d := range f.Caused {
		confirmed[d.ID] = true
		add(d, "confirmed cause", true)
	}
	outside := slices.ContainsFunc(f.Notes, func(n rootcause.Note) bool { return n.Kind == rootcause.Cause && n.CauseClass == "dependency" })
	suspected := deployment.Suspected(f.Incident, outside, f.Before, f.Verdicts)
	for _, d := range f.Before {
		said := ui.Duration(f.Incident.Moments.StartedAt.Sub(d.FinishedAt)) + " before it started"
		switch {
		case confirmed[d.ID]:
			continue
		case f.Verdicts[d.ID] == deployment.Rejected:
			said += " · not the cause, somebody said"
		case slices.ContainsFunc(suspected, func(x deployment.Deployment) bool { return x.ID == d.ID }):
			said += " · suspected: the last one before it"
		case d.Outcome != deployment.Succeeded:
			said += " · it " + strings.ReplaceAll("was "+string(d.Outcome), "_", " ")
		}
		if len(all) == suspectsShown {
			break
		}
		add(d, said, false)
		if s := &all[len(all)-1]; f.Verdicts[d.ID] == deployment.Rejected {
			s.Rejected = true
		}
	}
	return all
}

// suspectsShown is how many deployments before it are listed.
const suspectsShown = 5

// labelsShown is how many labels of an alert are shown.
const labelsShown = 30

const servicesTold = 5 // of an incident with more services the rest is counted

// factsOf says who builds it and who answers at night, and what else is known.
func factsOf(f Facts) []Fact {
	i := f.Incident
	teams := map[catalog.TeamID]catalog.Team{}
	for _, t := range f.Teams {
		teams[t.ID] = t
	}
	team := func(id catalog.TeamID) (string, string) {
		if t, ok := teams[id]; ok {
			return t.Name, link.Team(t.Slug)
		}
		return "nobody recorded", ""
	}
	var night, builder []Linked
	late := false
	for n, s := range f.Services {
		if n == servicesTold {
			rest := Linked{Text: "and " + ui.Plural(len(f.Services)-n, "more service", "more services")}
			night, builder = append(night, rest), append(builder, rest)
			break
		}
		of := ""
		if len(f.Services) > 1 {
			of = s.Name + ": "
		}
		name, address := team(s.OnCall)
		switch answer := s.AtTwoAM(); answer {
		case catalog.NobodyKnown:
			late = true
		default:
			late = late || answer == catalog.DidNotBuild
			name += ", " + string(answer)
		}
		night = append(night, Linked{of + name, address})
		name, address = team(s.Builder)
		builder = append(builder, Linked{of + name, address})
	}
	var all []Fact
	add := func(name, tone string, values ...Linked) {
		if len(values) > 0 && values[0].Text != "" {
			all = append(all, Fact{Name: name, Values: values, Tone: tone})
		}
	}
	if len(night) == 0 {
		add("Services", "late", Linked{Text: "unassigned: nobody is asked to change anything"})
	}
	tone := ""
	if late {
		tone = "late"
	}
	add("Answers at 2 a.m.", tone, night...)
	add("Builds it", "", builder...)
	add("Kind", "", Linked{Text: map[incident.Kind]string{incident.Maintenance: "maintenance, never counts", incident.Drill: "drill, never counts"}[i.Kind]})
	if i.Class != incident.UnknownClass {
		add("Class", "", Linked{Text: string(i.Class)})
	}
	add("Detected by", "", Linked{Text: map[incident.Detector]string{
		incident.ByAlert: "an alert", incident.ByUser: "users", incident.ByStaff: "staff", incident.ByUnknown: "not known",
	}[i.DetectedBy]})
	if i.HandsOn > 0 {
		add("Hands-on", "", Linked{Text: ui.Sum(i.HandsOn) + ", all together"})
	}
	var people []Linked
	for _, p := range i.Participants {
		people = append(people, Linked{Text: p.Name + ", " + p.Side})
	}
	add("Took part", "", people...)
	if i.Source != "" {
		add("Reported by", "", Linked{Text: strings.TrimSpace(i.Source + " " + i.ExternalID)})
	}
	if i.GroupKey != "" {
		add("Group key", "", Linked{Text: i.GroupKey})
	}
	add("Link", "", Linked{Text: i.URL, Link: i.URL})
	var labels []Linked
	for n, name := range slices.Sorted(maps.Keys(i.Labels)) {
		if n == labelsShown {
			labels = append(labels, Linked{Text: ui.Plural(len(i.Labels)-n, "more", "more")})
			break
		}
		labels = append(labels, Linked{Text: name + " = " + i.Labels[name]})
	}
	add("Labels", "", labels...)
	return all
}
