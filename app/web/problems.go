package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/audit"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/views/incidents"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/problems"
	"upshot/views/ui"
)

// problemStore is what the pages of problems read.
type problemStore interface {
	Problem(ctx context.Context, viewer account.Actor, id problem.ID) (problem.Problem, error)
	Problems(ctx context.Context, viewer account.Actor, f problem.Filter, r listing.Request) (listing.Page[problem.Problem], error)
	MembersSeen(ctx context.Context, id problem.ID) ([]problem.Member, error)
	FollowUpsOf(ctx context.Context, id problem.ID) ([]followup.FollowUp, error)
	NotesOfProblem(ctx context.Context, viewer account.Actor, id problem.ID) ([]rootcause.Note, error)
	LatestRegrouping(ctx context.Context, id problem.ID) (problem.Regrouping, error)
}

const (
	occurrencesShown = 20
	splitOffers      = 200 // incidents to choose from
)

func problemID(c echo.Context) (problem.ID, error) { return problem.ParseID(c.Param("ref")) }

// problemOf is the problem of the address. One that is merged leads to where it went: then the answer is written already.
func (w *Web) problemOf(c echo.Context) (p problem.Problem, answered bool, err error) {
	id, err := problemID(c)
	if err != nil {
		return p, false, err
	}
	p, err = w.Store.Problem(c.Request().Context(), actorOf(c), id)
	if err != nil || p.MergedInto == 0 {
		return p, false, err
	}
	w.flash(c, "", p.ID.String()+" is merged into "+p.MergedInto.String()+".")
	return p, true, seeOther(c, link.Problem(int64(p.MergedInto)))
}

func (w *Web) listProblems(c echo.Context) error {
	query := typed(c)
	f := problem.Filter{
		Query: strings.TrimSpace(query.Get("q")), Service: strings.TrimSpace(query.Get("service")),
		State: oneOf(query.Get("state"), []problem.State{problem.Open, problem.CauseKnown, problem.FixShipped, problem.Verified}),
		Sort:  oneOf(query.Get("sort"), []string{"last_at", "-last_at", "occurrences", "-occurrences", "impact", "-impact"}),
	}
	page, err := w.Store.Problems(c.Request().Context(), actorOf(c), f, listing.Request{Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	names, err := w.names(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, problems.List(w.frame(c, "Problems", link.Problems), problems.NewListPage(page, query, names, canEdit(c), w.clock(c))))
}

func (w *Web) showProblem(c echo.Context) error {
	p, answered, err := w.problemOf(c)
	if err != nil || answered {
		return err
	}
	f, err := w.problemFacts(c.Request().Context(), actorOf(c), p, answer(c, "cursor"))
	if err != nil {
		return err
	}
	f.CanEdit = canEdit(c)
	frame := w.frame(c, p.ID.String()+" "+p.Title, link.Problem(int64(p.ID)))
	return render(c, http.StatusOK, problems.Show(frame, problems.NewShowPage(f, w.clock(c))))
}

// problemFacts reads all that the page of one problem shows, in a fixed number of queries.
func (w *Web) problemFacts(ctx context.Context, viewer account.Actor, p problem.Problem, cursor string) (problems.Facts, error) {
	f := problems.Facts{Problem: p}
	for _, read := range []func() error{
		func() (err error) { f.Members, err = w.Store.MembersSeen(ctx, p.ID); return err },
		func() (err error) { f.FollowUps, err = w.Store.FollowUpsOf(ctx, p.ID); return err },
		func() (err error) { f.Notes, err = w.Store.NotesOfProblem(ctx, viewer, p.ID); return err },
		func() (err error) { f.Teams, err = w.Store.Teams(ctx, viewer); return err },
		func() (err error) {
			f.Page, err = w.Store.Incidents(ctx, viewer, incident.Filter{Problem: p.ID}, listing.Request{Limit: occurrencesShown, Cursor: cursor})
			return err
		},
		func() error {
			page, err := w.Store.Events(ctx, viewer, audit.Filter{Problem: int64(p.ID)}, listing.Request{Limit: eventsShown})
			f.Events = page.Items
			return err
		},
		func() error {
			r, err := w.Store.LatestRegrouping(ctx, p.ID)
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			f.Regrouping = &r
			return err
		},
		func() error {
			if p.Service == "" {
				return nil
			}
			known, err := w.Store.ServicesBySlug(ctx, viewer, []string{p.Service})
			if len(known) > 0 {
				f.Service = &known[0]
			}
			return err
		},
	} {
		if err := read(); err != nil {
			return problems.Facts{}, err
		}
	}
	return f, nil
}

// problemAsk is the page of a form about one problem.
type problemAsk struct {
	title string
	form  func(p problem.Problem, answers url.Values, names incidents.Names, err error, c ui.Clock) ui.Form
}

// The forms about a problem.
var (
	again = problemAsk{"It happened again", func(p problem.Problem, answers url.Values, _ incidents.Names, err error, c ui.Clock) ui.Form {
		return problems.AgainForm(p, answers, err, c)
	}}
	editingProblem = problemAsk{"Edit the problem", func(p problem.Problem, answers url.Values, names incidents.Names, err error, _ ui.Clock) ui.Form {
		return problems.EditForm(p, answers, names, err)
	}}
	mergingProblem = problemAsk{"Merge into another problem", func(p problem.Problem, answers url.Values, _ incidents.Names, err error, _ ui.Clock) ui.Form {
		return problems.MergeForm(p, answers, err)
	}}
)

func (w *Web) askProblem(a problemAsk) echo.HandlerFunc {
	return func(c echo.Context) error { return w.askProblemAgain(c, a, nil) }
}

func (w *Web) askProblemAgain(c echo.Context, a problemAsk, wrong error) error {
	p, answered, err := w.problemOf(c)
	if err != nil || answered {
		return err
	}
	names, err := w.names(c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = formStatus(wrong)
	}
	h := ui.Heading{Crumb: p.ID.String(), CrumbLink: link.Problem(int64(p.ID)), Title: a.title, Lede: p.Title}
	form := a.form(p, typed(c), names, wrong, w.clock(c))
	return render(c, status, problems.Ask(w.frame(c, a.title, link.Problem(int64(p.ID))), h, form, names))
}

// takeProblem takes the answers to a form about the problem and leads on, or shows it again with what is wrong.
func (w *Web) takeProblem(a problemAsk, do func(c echo.Context, p problem.Problem, answers url.Values) (address string, err error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		p, answered, err := w.problemOf(c)
		if err != nil || answered {
			return err
		}
		address, err := do(c, p, typed(c))
		if err == nil {
			return seeOther(c, address)
		}
		if formStatus(err) != 0 {
			return w.askProblemAgain(c, a, err)
		}
		return err
	}
}

// reportAgain reports a new occurrence of the problem, with the service of the problem.
func (w *Web) reportAgain(c echo.Context, p problem.Problem, answers url.Values) (string, error) {
	if p.Service != "" && !answers.Has("services") {
		answers.Set("services", p.Service)
	}
	i, err := w.reported(c, answers)
	if err != nil {
		return "", err
	}
	i.Problem = p.ID
	if i, err = w.Incidents.Report(c.Request().Context(), actorOf(c), i); err != nil {
		return "", err
	}
	w.flash(c, layout.OK, i.ID.String()+" is the "+ui.Ordinal(max(i.Standing.Occurrence, 1))+" occurrence of "+p.ID.String()+".")
	return link.Incident(int64(i.ID)), nil
}

func (w *Web) editProblem(c echo.Context, p problem.Problem, answers url.Values) (string, error) {
	service, err := w.oneService(c, answers.Get("service"))
	if err != nil {
		return "", err
	}
	_, err = w.Problems.Edit(c.Request().Context(), actorOf(c), p.ID, version(c), func(p *problem.Problem) error {
		p.Title, p.Service = answers.Get("title"), service
		return nil
	})
	return link.Problem(int64(p.ID)), err
}

// oneService reads the service field of a problem's form.
func (w *Web) oneService(c echo.Context, text string) (string, error) {
	var check fault.Check
	slugs, err := w.servicesIn(c, &check, "service", text)
	if err != nil {
		return "", err
	}
	check.That(len(slugs) <= 1, "service", "A problem has one service, or none when there are several.")
	if len(slugs) == 0 {
		return "", check.Err()
	}
	return slugs[0], check.Err()
}

func (w *Web) mergeProblem(c echo.Context, p problem.Problem, answers url.Values) (string, error) {
	ctx, actor := c.Request().Context(), actorOf(c)
	into, err := problem.ParseID(strings.TrimSpace(answers.Get("into")))
	if err == nil {
		_, err = w.Store.Problem(ctx, actor, into)
	}
	if fault.Is(err, fault.NotFound) {
		err = &fault.Fault{Kind: fault.Invalid, Fields: []fault.Field{{Name: "into", Message: "There is no such problem. Write its reference, such as PRB-7."}}}
	}
	if err != nil {
		return "", err
	}
	_, err = w.Problems.Merge(ctx, actor, p.ID, into)
	return link.Problem(int64(into)), err
}

func (w *Web) askSplit(c echo.Context) error { return w.splitPage(c, nil) }

func (w *Web) splitPage(c echo.Context, wrong error) error {
	p, answered, err := w.problemOf(c)
	if err != nil || answered {
		return err
	}
	page, err := w.Store.Incidents(c.Request().Context(), actorOf(c), incident.Filter{Problem: p.ID}, listing.Request{Limit: splitOffers})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = formStatus(wrong)
	}
	view := problems.NewSplitPage(p, page.Items, page.Next != "", typed(c), wrong, w.clock(c))
	return render(c, status, problems.Split(w.frame(c, "Split "+p.ID.String(), link.Problem(int64(p.ID))), view))
}

func (w *Web) splitProblem(c echo.Context) error {
	id, err := problemID(c)
	if err != nil {
		return err
	}
	answers := typed(c)
	members, err := incidentsIn(answers["incidents"])
	if err == nil {
		var fresh problem.Problem
		if fresh, err = w.Problems.Split(c.Request().Context(), actorOf(c), id, answers.Get("title"), members); err == nil {
			return seeOther(c, link.Problem(int64(fresh.ID)))
		}
	}
	if formStatus(err) != 0 {
		return w.splitPage(c, err)
	}
	return err
}

// incidentsIn reads references, each in a value of its own or with commas between.
func incidentsIn(values []string) ([]incident.ID, error) {
	var check fault.Check
	var ids []incident.ID
	for _, ref := range strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		id, err := incident.ParseID(ref)
		check.That(err == nil, "incidents", "“%s” is no reference such as INC-42.", ref)
		ids = append(ids, id)
	}
	return ids, check.Err()
}

func (w *Web) undoRegrouping(c echo.Context) error {
	id, err := problemID(c)
	if err != nil {
		return err
	}
	p, err := w.Problems.Undo(c.Request().Context(), actorOf(c), id)
	if err != nil {
		return w.refused(c, err, link.Problem(int64(id)))
	}
	return seeOther(c, link.Problem(int64(p.ID)))
}

func (w *Web) askNewProblem(c echo.Context) error { return w.newProblemPage(c, nil) }

func (w *Web) newProblemPage(c echo.Context, wrong error) error {
	names, err := w.names(c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = formStatus(wrong)
	}
	h := ui.Heading{Crumb: "Problems", CrumbLink: link.Problems, Title: "New problem", Lede: "The one failure behind several incidents. Joining two incidents on their pages makes one too."}
	return render(c, status, problems.Ask(w.frame(c, "New problem", link.NewProblem), h, problems.NewForm(typed(c), names, wrong), names))
}

func (w *Web) openProblem(c echo.Context) error {
	ctx, actor := c.Request().Context(), actorOf(c)
	answers := typed(c)
	service, err := w.oneService(c, answers.Get("service"))
	var members []incident.ID
	if err == nil {
		members, err = incidentsIn(answers["incidents"])
	}
	var known []incident.Incident
	if err == nil {
		known, err = w.Store.IncidentsByID(ctx, actor, members)
	}
	if err == nil && len(known) < len(members) {
		err = &fault.Fault{Kind: fault.Invalid, Fields: []fault.Field{{Name: "incidents", Message: "One of these incidents does not exist, or is named twice."}}}
	}
	var p problem.Problem
	if err == nil {
		p, err = w.Problems.Open(ctx, actor, problem.Problem{Title: answers.Get("title"), Service: service}, members)
	}
	switch {
	case err == nil:
		return seeOther(c, link.Problem(int64(p.ID)))
	case formStatus(err) != 0:
		return w.newProblemPage(c, err)
	}
	return err
}
