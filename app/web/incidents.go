package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/views/incidents"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/ui"
)

// incidentStore is what the pages of incidents read.
type incidentStore interface {
	Incident(ctx context.Context, viewer account.Actor, id incident.ID) (incident.Incident, error)
	Incidents(ctx context.Context, viewer account.Actor, f incident.Filter, r listing.Request) (listing.Page[incident.Incident], error)
	IncidentsByID(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]incident.Incident, error)
	MergedInto(ctx context.Context, viewer account.Actor, id incident.ID) ([]incident.ID, error)
	LoopOf(ctx context.Context, id incident.ID) (incident.Loop, error)
	Decisions(ctx context.Context, viewer account.Actor, id incident.ID) ([]incident.Decision, error)
	Similar(ctx context.Context, viewer account.Actor, i incident.Incident, n int) ([]problem.Suggestion, error)
	NotesOfIncident(ctx context.Context, viewer account.Actor, id incident.ID) ([]rootcause.Note, error)
	FollowUpsOfIncident(ctx context.Context, viewer account.Actor, id incident.ID) ([]followup.FollowUp, error)
	MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error)
	CausesOf(ctx context.Context, viewer account.Actor, id incident.ID) ([]deployment.Deployment, error)
	VerdictsOf(ctx context.Context, viewer account.Actor, id incident.ID) (map[deployment.ID]deployment.Verdict, error)
	DeploymentsBefore(ctx context.Context, viewer account.Actor, services []string, before time.Time, within time.Duration, limit int) ([]deployment.Deployment, error)
	Events(ctx context.Context, viewer account.Actor, f audit.Filter, r listing.Request) (listing.Page[audit.Event], error)
	nameStore
}

// nameStore is what forms and filters read of the catalog.
type nameStore interface {
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	Services(ctx context.Context, viewer account.Actor, f catalog.Filter, r listing.Request) (listing.Page[catalog.Service], error)
	ServicesBySlug(ctx context.Context, viewer account.Actor, slugs []string) ([]catalog.Service, error)
}

const (
	servicesOffered = 200 // in a list to choose from; with more of them people type
	suspects        = 20  // deployments before it that are looked at
	servicesTyped   = 100 // in one form
)

func incidentID(c echo.Context) (incident.ID, error) { return incident.ParseID(c.Param("ref")) }

// typed is what a form or an address says, without what no text may hold.
func typed(c echo.Context) url.Values {
	clean := url.Values{}
	params, err := c.FormParams()
	if err != nil {
		return clean
	}
	for name, values := range params {
		for _, v := range values {
			clean.Add(name, strings.ReplaceAll(strings.ToValidUTF8(v, ""), "\x00", ""))
		}
	}
	return clean
}

// names gives what the catalog calls services and teams, as far as a form can offer them.
func (w *Web) names(c echo.Context) (incidents.Names, error) {
	ctx, viewer := c.Request().Context(), actorOf(c)
	teams, err := w.Store.Teams(ctx, viewer)
	if err != nil {
		return incidents.Names{}, err
	}
	services, err := w.Store.Services(ctx, viewer, catalog.Filter{}, listing.Request{Limit: servicesOffered})
	if err != nil {
		return incidents.Names{}, err
	}
	names := incidents.Names{Many: services.Next != ""}
	for _, s := range services.Items {
		names.Services = append(names.Services, ui.Option{Value: s.Slug, Label: s.Name})
	}
	for _, t := range teams {
		if t.ArchivedAt.IsZero() {
			names.Teams = append(names.Teams, ui.Option{Value: t.Slug, Label: t.Name})
		}
	}
	return names, nil
}

func (w *Web) listIncidents(c echo.Context) error {
	query := typed(c)
	filter := incidentFilter(query, w.clock(c).Zone)
	page, err := w.Store.Incidents(c.Request().Context(), actorOf(c), filter, listing.Request{Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	names, err := w.names(c)
	if err != nil {
		return err
	}
	p := incidents.NewListPage(page, query, names, canEdit(c), w.clock(c))
	return render(c, http.StatusOK, incidents.List(w.frame(c, "Incidents", link.Incidents), p))
}

func canEdit(c echo.Context) bool { return actorOf(c).Role.Includes(account.Editor) }

// incidentFilter reads the filters of an address. What is no word of a closed list, no date and no reference narrows nothing.
func incidentFilter(query url.Values, zone *time.Location) incident.Filter {
	f := incident.Filter{
		Query: strings.TrimSpace(query.Get("q")), Team: query.Get("team"),
		Severity: oneOf(query.Get("severity"), incident.Severities), Status: oneOf(query.Get("status"), incident.Statuses),
		Kind: oneOf(query.Get("kind"), incident.Kinds), Class: oneOf(query.Get("class"), incident.Classes),
		Sort: oneOf(query.Get("sort"), []string{"started_at", "-started_at", "impact", "-impact"}),
	}
	f.LoopOpen = query.Get("loop") == "open"
	f.NoSeverity = query.Get("severity") == incidents.None
	switch service := strings.TrimSpace(query.Get("service")); service {
	case incidents.None:
		f.Unassigned = true
	default:
		f.Service = service
	}
	if id, err := problem.ParseID(strings.TrimSpace(query.Get("problem"))); err == nil {
		f.Problem = id
	}
	if begins, _, ok := dayIn(zone, query.Get("from")); ok {
		f.From = begins
	}
	if _, ends, ok := dayIn(zone, query.Get("to")); ok {
		f.To = ends
	}
	return f
}

// oneOf is the value when the closed list has it, else the zero value.
func oneOf[T ~string](value string, list []T) T {
	if slices.Contains(list, T(value)) {
		return T(value)
	}
	return ""
}

func (w *Web) showIncident(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	i, err := w.Store.Incident(ctx, viewer, id)
	if err != nil {
		return err
	}
	if i.MergedInto != 0 {
		w.flash(c, "", i.ID.String()+" is merged into "+i.MergedInto.String()+".")
		return seeOther(c, link.Incident(int64(i.MergedInto)))
	}
	f, err := w.factsOf(ctx, viewer, i)
	if err != nil {
		return err
	}
	f.CanEdit, f.Mine = canEdit(c), myTeam(c)
	frame := w.frame(c, i.ID.String()+" "+i.Title, link.Incident(int64(i.ID)))
	return render(c, http.StatusOK, incidents.Show(frame, incidents.NewShowPage(f, w.clock(c))))
}

// factsOf reads all that the page of one incident shows, in a fixed number of queries.
func (w *Web) factsOf(ctx context.Context, viewer account.Actor, i incident.Incident) (incidents.Facts, error) {
	f := incidents.Facts{Incident: i, Mail: w.Mail.Ready()}
	var suggested []incident.ID
	for _, read := range []func() error{
		func() (err error) { f.Loop, err = w.Store.LoopOf(ctx, i.ID); return err },
		func() (err error) { f.Decisions, err = w.Store.Decisions(ctx, viewer, i.ID); return err },
		func() (err error) { f.Notes, err = w.Store.NotesOfIncident(ctx, viewer, i.ID); return err },
		func() (err error) { f.FollowUps, err = w.Store.FollowUpsOfIncident(ctx, viewer, i.ID); return err },
		func() (err error) { f.Merged, err = w.Store.MergedInto(ctx, viewer, i.ID); return err },
		func() (err error) { f.Triage, err = w.Store.Triage(ctx, viewer, i.ID); return err },
		func() (err error) { f.Caused, err = w.Store.CausesOf(ctx, viewer, i.ID); return err },
		func() (err error) {
			f.Before, err = w.Store.DeploymentsBefore(ctx, viewer, i.Services, i.Moments.StartedAt, deployment.SuspectedWithin, suspects)
			return err
		},
		func() (err error) { f.Verdicts, err = w.Store.VerdictsOf(ctx, viewer, i.ID); return err },
		func() (err error) { f.Services, err = w.Store.ServicesBySlug(ctx, viewer, i.Services); return err },
		func() (err error) { f.Teams, err = w.Store.Teams(ctx, viewer); return err },
		func() error {
			all, err := w.Store.NoticesOf(ctx, []incident.ID{i.ID})
			f.Notices = all[i.ID]
			return err
		},
		func() (err error) {
			f.Similar, err = w.Store.Similar(ctx, viewer, i, problem.MaxSuggestions)
			for _, s := range f.Similar {
				suggested = append(suggested, s.Incident)
			}
			return err
		},
		func() (err error) { f.Earlier, err = w.Store.IncidentsByID(ctx, viewer, suggested); return err },
		func() (err error) {
			if i.Problem == 0 {
				f.Members = []problem.Member{i.Member()}
				return nil
			}
			f.Members, err = w.Store.MembersSeen(ctx, i.Problem)
			return err
		},
		func() (err error) {
			if i.Problem != 0 {
				f.Problem, err = w.Store.NotesOfProblem(ctx, viewer, i.Problem)
			}
			return err
		},
		func() error {
			page, err := w.Store.Events(ctx, viewer, audit.Filter{Incident: int64(i.ID)}, listing.Request{Limit: eventsShown})
			f.Events = page.Items
			slices.Reverse(f.Events)
			return err
		},
	} {
		if err := read(); err != nil {
			return incidents.Facts{}, err
		}
	}
	return f, nil
}

// Reporting.

func (w *Web) askReport(c echo.Context) error {
	answers := typed(c)
	if earlier, err := w.earlierOf(c, answers.Get("again")); err != nil {
		return err
	} else if earlier.ID != 0 {
		incidents.Default(answers, "title", earlier.Title, "services", strings.Join(earlier.Services, ", "), "severity", string(earlier.Severity))
	}
	return w.reportPage(c, http.StatusOK, answers, nil)
}

// earlierOf is the incident that happened again, or the zero Incident when the form names none.
func (w *Web) earlierOf(c echo.Context, ref string) (incident.Incident, error) {
	if ref == "" {
		return incident.Incident{}, nil
	}
	id, err := incident.ParseID(ref)
	if err != nil {
		return incident.Incident{}, err
	}
	return w.Store.Incident(c.Request().Context(), actorOf(c), id)
}

func (w *Web) reportPage(c echo.Context, status int, answers url.Values, wrong error) error {
	names, err := w.names(c)
	if err != nil {
		return err
	}
	if strings.Contains(answers.Get("services"), ",") {
		names.Many = true // several can only be typed
	}
	h := ui.Heading{
		Crumb: "Incidents", CrumbLink: link.Incidents, Title: "Report an incident",
		Lede: "A sentence is enough. Everything else can be added later, by either side.",
	}
	form := incidents.ReportForm(answers, names, wrong, w.clock(c))
	recognition, err := w.recognise(c, answers)
	if err != nil {
		return err
	}
	return render(c, status, incidents.Report(w.frame(c, "Report an incident", link.ReportIncident), h, form, names, recognition))
}

// recognise finds what a report that is being written may be a recurrence of.
func (w *Web) recognise(c echo.Context, answers url.Values) (incidents.Recognition, error) {
	if answers.Get("again") != "" {
		return incidents.Recognition{Known: true}, nil
	}
	ctx, viewer := c.Request().Context(), actorOf(c)
	i := incident.New(strings.TrimSpace(answers.Get("title")), w.Now())
	i.Summary = strings.TrimSpace(answers.Get("summary"))
	if i.Title == "" && i.Summary == "" {
		return incidents.Recognition{}, nil
	}
	if started, ok := momentIn(w.clock(c).Zone, answers.Get("started_at")); ok && !started.IsZero() {
		i.Moments.StartedAt = started
	}
	var unknown fault.Check // a service that is being typed is no trouble yet
	var err error
	if i.Services, err = w.servicesIn(c, &unknown, "services", answers.Get("services")); err != nil {
		return incidents.Recognition{}, err
	}
	similar, err := w.Store.Similar(ctx, viewer, i, problem.MaxSuggestions)
	if err != nil {
		return incidents.Recognition{}, err
	}
	ids := make([]incident.ID, len(similar))
	for n, s := range similar {
		ids[n] = s.Incident
	}
	earlier, err := w.Store.IncidentsByID(ctx, viewer, ids)
	return incidents.NewRecognition(true, similar, earlier, w.clock(c)), err
}

func (w *Web) reportIncident(c echo.Context) error {
	ctx, actor := c.Request().Context(), actorOf(c)
	answers := typed(c)
	i, err := w.reported(c, answers)
	if err == nil {
		var earlier incident.Incident
		if earlier, err = w.earlierOf(c, answers.Get("again")); err == nil {
			i.Problem = earlier.Problem
			if i, err = w.Incidents.Report(ctx, actor, i); err == nil && earlier.ID != 0 && i.Problem == 0 {
				err = w.Incidents.Join(ctx, actor, i.ID, earlier.ID)
			}
		}
	}
	if err != nil {
		if status := formStatus(err); status != 0 {
			return w.reportPage(c, status, answers, err)
		}
		return err
	}
	w.flash(c, layout.OK, i.ID.String()+" is reported. The rest can be added now or later.")
	return seeOther(c, link.Incident(int64(i.ID)))
}

// reported makes an incident of the answers to the report form; the error names every answer that is wrong.
func (w *Web) reported(c echo.Context, answers url.Values) (incident.Incident, error) {
	var check fault.Check
	started, ok := momentIn(w.clock(c).Zone, answers.Get("started_at"))
	check.That(ok, "started_at", "Write a day and an hour, such as 2026-11-17 02:14.")
	i := incident.New(answers.Get("title"), started)
	slugs, err := w.servicesIn(c, &check, "services", answers.Get("services"))
	if err != nil {
		return i, err
	}
	more, err := w.servicesIn(c, &check, "more_services", answers.Get("more_services"))
	if err != nil {
		return i, err
	}
	i.Services = slices.Concat(slugs, more)
	i.Severity = incident.Severity(answers.Get("severity"))
	i.Kind = incident.Kind(cmp.Or(answers.Get("kind"), string(incident.Real)))
	i.Class = incident.Class(cmp.Or(answers.Get("class"), string(incident.UnknownClass)))
	i.DetectedBy = incident.Detector(cmp.Or(answers.Get("detected_by"), string(incident.ByUnknown)))
	i.Impact, i.Summary, i.URL = answers.Get("impact"), answers.Get("summary"), strings.TrimSpace(answers.Get("url"))
	i.Moments.DeclaredAt = w.Now()
	if ok {
		check.Add(i.Check(w.Now()))
	}
	return i, check.Err()
}

// servicesIn reads names or slugs with commas between, and notes those that nobody knows.
func (w *Web) servicesIn(c echo.Context, check *fault.Check, field, text string) ([]string, error) {
	var slugs []string
	names := map[string]string{}
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		name = strings.TrimSpace(name)
		slug := catalog.Slug(name)
		if name == "" || slices.Contains(slugs, slug) {
			continue
		}
		slugs = append(slugs, slug)
		names[slug] = name
	}
	if len(slugs) > servicesTyped {
		check.That(false, field, "At most %d services in one form.", servicesTyped)
		return nil, nil
	}
	known, err := w.Store.ServicesBySlug(c.Request().Context(), actorOf(c), slugs)
	if err != nil {
		return nil, err
	}
	for _, slug := range slugs {
		check.That(slices.ContainsFunc(known, func(s catalog.Service) bool { return s.Slug == slug }), field,
			"There is no service “%s”. Leave it empty when it is not known yet.", names[slug])
	}
	return slugs, nil
}

// The steps of an incident's life.

// pressed takes a step that asks nothing.
func (w *Web) pressed(action string, step incident.Change) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := incidentID(c)
		if err != nil {
			return err
		}
		if _, err := w.Incidents.Step(c.Request().Context(), actorOf(c), id, action, step); err != nil {
			return w.refused(c, err, link.Incident(int64(id)))
		}
		return seeOther(c, link.Incident(int64(id)))
	}
}

// refused leads back to the page with what happened meanwhile; other trouble stays trouble.
func (w *Web) refused(c echo.Context, err error, address string) error {
	f := fault.Of(err)
	if f == nil || (f.Kind != fault.Conflict && f.Kind != fault.Invalid) {
		return err
	}
	w.flash(c, layout.Bad, f.Error())
	return seeOther(c, address)
}

func acknowledge(i *incident.Incident, now time.Time) error { return i.Acknowledge(now) }
func mitigate(i *incident.Incident, now time.Time) error    { return i.Mitigate(now) }
func restore(i *incident.Incident, now time.Time) error     { return i.Restore(now) }
func reopen(i *incident.Incident, now time.Time) error      { return i.Reopen(now) }

// asked is the page of a form about one incident: shown by GET, and again when an answer is wrong.
type asked struct {
	title, lede string
	form        func(i incident.Incident, l incident.Loop, answers url.Values, err error, c ui.Clock) ui.Form
}

// ask shows a form about the incident.
func (w *Web) ask(a asked) echo.HandlerFunc {
	return func(c echo.Context) error { return w.askAgain(c, a, nil) }
}

// take takes the answers to a form about the incident, or shows it again with what is wrong.
func (w *Web) take(a asked, do func(c echo.Context, id incident.ID, answers url.Values) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := incidentID(c)
		if err != nil {
			return err
		}
		if err := do(c, id, typed(c)); err != nil {
			if formStatus(err) != 0 {
				return w.askAgain(c, a, err)
			}
			return err
		}
		return seeOther(c, link.Incident(int64(id)))
	}
}

func (w *Web) askAgain(c echo.Context, a asked, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	i, err := w.Store.Incident(ctx, viewer, id)
	if err != nil {
		return err
	}
	if i.MergedInto != 0 {
		return seeOther(c, link.Incident(int64(i.MergedInto)))
	}
	loop, err := w.Store.LoopOf(ctx, id)
	if err != nil {
		return err
	}
	names, err := w.names(c)
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: i.ID.String(), CrumbLink: link.Incident(int64(id)), Title: a.title, Lede: cmp.Or(a.lede, i.Title)}
	form := a.form(i, loop, typed(c), wrong, w.clock(c))
	status := http.StatusOK
	if wrong != nil {
		status = formStatus(wrong)
	}
	return render(c, status, incidents.Ask(w.frame(c, a.title, link.Incident(int64(id))), h, form, names))
}

type form = func(incident.Incident, url.Values, error, ui.Clock) ui.Form

func withoutLoop(f form) func(incident.Incident, incident.Loop, url.Values, error, ui.Clock) ui.Form {
	return func(i incident.Incident, _ incident.Loop, answers url.Values, err error, c ui.Clock) ui.Form {
		return f(i, answers, err, c)
	}
}

// The forms about an incident.
var (
	editing    = asked{title: "Edit the incident", form: withoutLoop(incidents.EditForm)}
	resolving  = asked{title: "Resolve the incident", form: withoutLoop(incidents.ResolveForm)}
	telling    = asked{title: "Developers were told", lede: "When, and how, the team that builds it came to know. Only the first time counts.", form: withoutLoop(incidents.TellForm)}
	closing    = asked{title: "Close the incident", form: incidents.CloseForm}
	correcting = asked{title: "Correct a moment", form: withoutLoop(incidents.CorrectForm)}
	merging    = asked{title: "Merge into another incident", form: withoutLoop(func(i incident.Incident, answers url.Values, err error, _ ui.Clock) ui.Form {
		return incidents.MergeForm(i, answers, err)
	})}
)

func (w *Web) resolveIncident(c echo.Context, id incident.ID, answers url.Values) error {
	_, err := w.Incidents.Step(c.Request().Context(), actorOf(c), id, "resolved", func(i *incident.Incident, now time.Time) error {
		return i.Resolve(now, incident.Ending(answers.Get("ended_by")))
	})
	return err
}

func (w *Web) tellDevelopers(c echo.Context, id incident.ID, answers url.Values) error {
	at, ok := momentIn(w.clock(c).Zone, answers.Get("at"))
	var check fault.Check
	check.That(ok && !at.IsZero(), "at", "Write a day and an hour, such as 2026-11-17 02:14.")
	channel := oneOf(answers.Get("channel"), incident.Channels)
	check.That(channel != "", "developer_notified_by", "Choose how they came to know.")
	if err := check.Err(); err != nil {
		return err
	}
	_, err := w.Incidents.Step(c.Request().Context(), actorOf(c), id, "told developers", func(i *incident.Incident, _ time.Time) error {
		return i.Tell(at, channel)
	})
	return err
}

func (w *Web) closeIncident(c echo.Context, id incident.ID, answers url.Values) error {
	d := incident.Decision{Reason: answers.Get("reason")}
	if strings.TrimSpace(d.Reason) != "" {
		d.LookAgainOn = answers.Get("look_again_on")
	}
	_, err := w.Incidents.Close(c.Request().Context(), actorOf(c), id, d)
	if err == nil {
		w.flash(c, layout.OK, id.String()+" is closed.")
	}
	return err
}

func (w *Web) correctMoment(c echo.Context, id incident.ID, answers url.Values) error {
	value, ok := momentIn(w.clock(c).Zone, answers.Get("value"))
	var check fault.Check
	check.That(ok, "value", "Write a day and an hour, such as 2026-11-17 02:14, or leave it empty.")
	if err := check.Err(); err != nil {
		return err
	}
	_, err := w.Incidents.Correct(c.Request().Context(), actorOf(c), id, incident.Moment(answers.Get("moment")), value, answers.Get("reason"))
	return err
}

func (w *Web) mergeIncident(c echo.Context, id incident.ID, answers url.Values) error {
	into, err := incident.ParseID(strings.TrimSpace(answers.Get("into")))
	if err == nil {
		_, err = w.Store.Incident(c.Request().Context(), actorOf(c), into)
	}
	if fault.Is(err, fault.NotFound) {
		return &fault.Fault{Kind: fault.Invalid, Fields: []fault.Field{{Name: "into", Message: "There is no such incident. Write its reference, such as INC-42."}}}
	}
	if err != nil {
		return err
	}
	_, err = w.Incidents.Merge(c.Request().Context(), actorOf(c), id, into)
	return err
}

func (w *Web) unmergeIncident(c echo.Context) error {
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	if _, err := w.Incidents.Unmerge(c.Request().Context(), actorOf(c), id); err != nil {
		return w.refused(c, err, link.Incident(int64(id)))
	}
	w.flash(c, layout.OK, id.String()+" stands for itself again.")
	return seeOther(c, link.Incident(int64(id)))
}

func (w *Web) editIncident(c echo.Context, id incident.ID, answers url.Values) error {
	zone := w.clock(c).Zone
	var check fault.Check
	services, err := w.servicesIn(c, &check, "services", answers.Get("services"))
	if err != nil {
		return err
	}
	minutes, err := strconv.ParseInt(cmp.Or(strings.TrimSpace(answers.Get("hands_on")), "0"), 10, 64)
	check.That(err == nil && minutes >= 0 && minutes < 5_000_000, "hands_on_seconds", "Write whole minutes, zero or more.")
	people := participants(&check, answers.Get("participants"))
	moments := map[incident.Moment]time.Time{}
	for _, name := range incident.MomentNames {
		at, ok := momentIn(zone, answers.Get(string(name)))
		check.That(ok, string(name), "Write a day and an hour, such as 2026-11-17 02:14, or leave it empty.")
		if ok && !at.IsZero() {
			moments[name] = at
		}
	}
	if err := check.Err(); err != nil {
		return err
	}
	_, err = w.Incidents.Edit(c.Request().Context(), actorOf(c), id, version(c), func(i *incident.Incident) error {
		i.Title, i.Summary, i.Impact, i.URL = answers.Get("title"), answers.Get("summary"), answers.Get("impact"), answers.Get("url")
		i.Services, i.Participants = services, people
		i.Severity, i.Kind, i.Class = incident.Severity(answers.Get("severity")), incident.Kind(answers.Get("kind")), incident.Class(answers.Get("class"))
		i.DetectedBy, i.EndedBy = incident.Detector(answers.Get("detected_by")), incident.Ending(answers.Get("ended_by"))
		if handsOn := time.Duration(minutes) * time.Minute; handsOn != i.HandsOn.Truncate(time.Minute) {
			i.HandsOn = handsOn // the form knows whole minutes: what it did not change stays exact
		}
		for name, at := range moments {
			*i.Moments.Of(name) = at
		}
		return nil
	})
	return err
}

// participants reads one person on a line: a name, a comma, and the side.
func participants(check *fault.Check, text string) []incident.Participant {
	var people []incident.Participant
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := strings.LastIndex(line, ",")
		if at < 0 {
			check.That(false, "participants", "“%s” names no side: write a comma, and development or operations.", line)
			continue
		}
		people = append(people, incident.Participant{Name: strings.TrimSpace(line[:at]), Side: strings.ToLower(strings.TrimSpace(line[at+1:]))})
	}
	return people
}

func (w *Web) askReopen(c echo.Context) error {
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	i, err := w.Store.Incident(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: i.ID.String(), CrumbLink: link.Incident(int64(id)), Title: "Reopen, or did it happen again?", Lede: i.Title}
	return render(c, http.StatusOK, incidents.ReopenPage(w.frame(c, h.Title, link.Incident(int64(id))), h, incidents.NewReopening(i, w.clock(c))))
}

// Likely earlier occurrences, and deployments as causes.

func (w *Web) joinIncident(c echo.Context) error {
	return w.compared(c, func(id, other incident.ID) error {
		return w.Incidents.Join(c.Request().Context(), actorOf(c), id, other)
	})
}

func (w *Web) setIncidentsApart(c echo.Context) error {
	return w.compared(c, func(id, other incident.ID) error {
		return w.Incidents.SetApart(c.Request().Context(), actorOf(c), id, other)
	})
}

func (w *Web) compared(c echo.Context, do func(id, other incident.ID) error) error {
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	other, err := incident.ParseID(answer(c, "other"))
	if err != nil {
		return err
	}
	if err := do(id, other); err != nil {
		return w.refused(c, err, link.Incident(int64(id)))
	}
	return seeOther(c, link.Incident(int64(id)))
}

func (w *Web) setIncidentCause(c echo.Context) error {
	id, err := incidentID(c)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(answer(c, "deployment"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "There is no such deployment.")
	}
	ctx, actor := c.Request().Context(), actorOf(c)
	if err := w.Deployments.SetCause(ctx, actor, deployment.ID(n), id, answer(c, "cause") == "yes"); err != nil {
		return w.refused(c, err, link.Incident(int64(id)))
	}
	return seeOther(c, link.Incident(int64(id)))
}
