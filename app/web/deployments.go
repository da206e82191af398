package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/views/deployments"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/ui"
)

// Deployments is what the pages of deployments read.
type Deployments interface {
	MayHaveCaused(ctx context.Context, viewer account.Actor, d deployment.Deployment, limit int) ([]incident.ID, error)
	Deployment(ctx context.Context, viewer account.Actor, id deployment.ID) (deployment.Deployment, error)
	Deployments(ctx context.Context, viewer account.Actor, f deployment.Filter, r listing.Request) (listing.Page[deployment.Deployment], error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	IncidentsByID(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]incident.Incident, error)
	// FollowUpsDeployed gives the follow-ups that shipped with a deployment.
	FollowUpsDeployed(ctx context.Context, id deployment.ID) ([]followup.FollowUp, error)
	// FollowUpsOfIncidents gives those of the incidents and of their problems, each once.
	FollowUpsOfIncidents(ctx context.Context, viewer account.Actor, ids []incident.ID) ([]followup.FollowUp, error)
}

func (w *Web) listDeployments(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	filter, query := w.deploymentFilter(c)
	page, err := w.Store.Deployments(ctx, viewer, filter, listing.Request{Cursor: answer(c, "cursor")})
	if err != nil {
		return err
	}
	services, err := w.Store.ServiceNames(ctx, viewer)
	if err != nil {
		return err
	}
	f := w.frame(c, "Deployments", link.Deployments)
	return render(c, http.StatusOK, deployments.List(f, deployments.NewListPage(deployments.ListData{
		Page: page, Query: query, Services: services, CanEdit: f.Viewer.CanEdit, Clock: w.clock(c),
	})))
}

// deploymentFilter reads the filter, and gives the part of the address that holds it; what can't be read does not narrow.
func (w *Web) deploymentFilter(c echo.Context) (deployment.Filter, url.Values) {
	zone := w.clock(c).Zone
	f := deployment.Filter{Service: strings.TrimSpace(answer(c, "service")), Environment: strings.TrimSpace(answer(c, "environment"))}
	query := url.Values{}
	keep := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	keep("service", f.Service)
	keep("environment", f.Environment)
	if o := deployment.Outcome(answer(c, "outcome")); slices.Contains(deployment.Outcomes, o) {
		f.Outcome = o
		keep("outcome", string(o))
	}
	if begins, _, ok := dayIn(zone, answer(c, "from")); ok {
		f.From = begins
		keep("from", answer(c, "from"))
	}
	if _, ends, ok := dayIn(zone, answer(c, "to")); ok {
		f.To = ends
		keep("to", answer(c, "to"))
	}
	return f, query
}

func (w *Web) newDeployment(c echo.Context) error {
	typed := url.Values{}
	for _, name := range []string{"service", "caused"} { // a page may lead here with these
		if v := answer(c, name); v != "" {
			typed.Set(name, v)
		}
	}
	return w.askDeployment(c, http.StatusOK, typed, nil)
}

func (w *Web) askDeployment(c echo.Context, status int, typed url.Values, wrong error) error {
	services, err := w.Store.ServiceNames(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Deployments", CrumbLink: link.Deployments, Title: "Record a deployment", Lede: "A pipeline can do this by the API, each time a version goes out."}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.NewDeployment), h, deployments.NewForm(typed, services, wrong, w.clock(c))))
}

func (w *Web) recordDeployment(c echo.Context) error {
	typed := typedIn(c, deployments.FormFields...)
	var d deployment.Deployment
	err := w.readDeployment(c, typed, &d)
	if err == nil {
		d.Caused, err = refsIn(typed.Get("caused"))
	}
	if err == nil {
		d, err = w.Deployments.Record(c.Request().Context(), actorOf(c), d)
	}
	err = besideField(err, "caused")
	if status := formStatus(err); status != 0 {
		return w.askDeployment(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "The deployment is recorded.")
	return seeOther(c, link.Deployment(int64(d.ID)))
}

// readDeployment puts what was typed into d.
func (w *Web) readDeployment(c echo.Context, typed url.Values, d *deployment.Deployment) error {
	zone := w.clock(c).Zone
	var check fault.Check
	started, ok := momentIn(zone, typed.Get("started_at"))
	check.That(ok, "started_at", "Write a day and a time such as 2026-11-17T02:14.")
	finished, ok := momentIn(zone, typed.Get("finished_at"))
	check.That(ok, "finished_at", "Write a day and a time such as 2026-11-17T02:14.")
	// A form shows minutes. Left as it was, the moment keeps its seconds.
	if typed.Get("started_at") != w.clock(c).Input(d.StartedAt) {
		d.StartedAt = started
	}
	if typed.Get("finished_at") != w.clock(c).Input(d.FinishedAt) {
		d.FinishedAt = finished
	}
	d.Service, d.Environment, d.Version = strings.TrimSpace(typed.Get("service")), typed.Get("environment"), typed.Get("version")
	d.Outcome, d.URL = deployment.Outcome(typed.Get("outcome")), typed.Get("url")
	return check.Err()
}

// refsIn reads references such as "INC-42, INC-43".
func refsIn(text string) ([]incident.ID, error) {
	var ids []incident.ID
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		id, err := incident.ParseID(word)
		if err != nil {
			var check fault.Check
			check.That(false, "caused", "%.40q is no reference such as INC-42.", word)
			return nil, check.Err()
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// besideField puts the trouble that something named in a form is not there beside its field.
func besideField(err error, field string) error {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.NotFound {
		return err
	}
	var check fault.Check
	check.That(false, field, "%s", f.Message)
	return check.Err()
}

// incidentsSuspected is how many incidents that a deployment may have caused are shown.
const incidentsSuspected = 20

func (w *Web) showDeployment(c echo.Context) error {
	return w.deploymentPage(c, http.StatusOK, "", nil)
}

func (w *Web) deploymentPage(c echo.Context, status int, typed string, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	d, err := w.deploymentNamed(c)
	if err != nil {
		return err
	}
	data := deployments.ShowData{Deployment: d, Typed: typed, Wrong: wrong, CanEdit: viewer.Role.Includes(account.Editor), Clock: w.clock(c)}
	if data.Caused, err = w.Store.IncidentsByID(ctx, viewer, d.Caused); err != nil {
		return fmt.Errorf("incidents of deployment %d: %w", d.ID, err)
	}
	suspected, err := w.Store.MayHaveCaused(ctx, viewer, d, incidentsSuspected)
	if err != nil {
		return err
	}
	if data.Suspected, err = w.Store.IncidentsByID(ctx, viewer, suspected); err != nil {
		return err
	}
	if data.Produced, err = w.Store.FollowUpsOfIncidents(ctx, viewer, d.Caused); err != nil {
		return err
	}
	if data.Shipped, err = w.Store.FollowUpsDeployed(ctx, d.ID); err != nil {
		return err
	}
	if data.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	f := w.frame(c, d.Service+" "+d.Version, link.Deployment(int64(d.ID)))
	return render(c, status, deployments.Show(f, deployments.NewShowPage(data)))
}

func (w *Web) deploymentNamed(c echo.Context) (deployment.Deployment, error) {
	id, err := numberIn(c, "deployment")
	if err != nil {
		return deployment.Deployment{}, err
	}
	return w.Store.Deployment(c.Request().Context(), actorOf(c), deployment.ID(id))
}

func (w *Web) askEditDeployment(c echo.Context) error {
	return w.editDeploymentPage(c, http.StatusOK, url.Values{}, nil)
}

func (w *Web) editDeploymentPage(c echo.Context, status int, typed url.Values, wrong error) error {
	d, err := w.deploymentNamed(c)
	if err != nil {
		return err
	}
	services, err := w.Store.ServiceNames(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	h := ui.Heading{Crumb: "Deployments", CrumbLink: link.Deployments, Title: "Edit " + d.Service + " " + d.Version}
	return render(c, status, layout.FormPage(w.frame(c, h.Title, link.EditDeployment(int64(d.ID))), h, deployments.EditForm(d, typed, services, wrong, w.clock(c))))
}

func (w *Web) editDeployment(c echo.Context) error {
	id, err := numberIn(c, "deployment")
	if err != nil {
		return err
	}
	typed := typedIn(c, append(slices.Clone(deployments.FormFields), "row_version")...)
	seen, _ := strconv.ParseInt(typed.Get("row_version"), 10, 64)
	if _, err := w.deploymentNamed(c); err != nil {
		return err
	}
	_, err = w.Deployments.Edit(c.Request().Context(), actorOf(c), deployment.ID(id), max(seen, 0), func(d *deployment.Deployment) error {
		return w.readDeployment(c, typed, d)
	})
	err = besideField(err, "service")
	if status := formStatus(err); status != 0 {
		return w.editDeploymentPage(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "The deployment is saved.")
	return seeOther(c, link.Deployment(id))
}

// setDeploymentCause confirms that the deployment caused an incident, or says that it did not.
func (w *Web) setDeploymentCause(c echo.Context) error {
	id, err := numberIn(c, "deployment")
	if err != nil {
		return err
	}
	if _, err := w.deploymentNamed(c); err != nil {
		return err
	}
	typed := strings.TrimSpace(answer(c, "incident"))
	confirmed := answer(c, "confirmed") == "1"
	i, err := incident.ParseID(typed)
	if err == nil {
		err = w.Deployments.SetCause(c.Request().Context(), actorOf(c), deployment.ID(id), i, confirmed)
	}
	err = besideField(err, "incident")
	if status := formStatus(err); status != 0 {
		return w.deploymentPage(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	if confirmed {
		w.flash(c, layout.OK, i.String()+" is noted as caused by it.")
	} else {
		w.flash(c, layout.OK, i.String()+" is noted as not caused by it.")
	}
	return seeOther(c, link.Deployment(id))
}
