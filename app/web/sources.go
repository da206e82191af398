package web

import (
	"context"
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
	"upshot/app/intake"
	"upshot/app/listing"
	"upshot/views/layout"
	"upshot/views/link"
	"upshot/views/settings"
	"upshot/views/ui"
)

// deliveriesShown is how many deliveries a page lists.
const deliveriesShown = 25

// sourceStore is what the pages of sources read.
type sourceStore interface {
	Sources(ctx context.Context) ([]intake.Source, error)
	Source(ctx context.Context, id intake.SourceID) (intake.Source, error)
	Deliveries(ctx context.Context, f intake.Filter, r listing.Request) (listing.Page[intake.Delivery], error)
	DeliveryCounts(ctx context.Context, source intake.SourceID) (map[intake.State]int, error)
	Delivery(ctx context.Context, id intake.DeliveryID) (intake.Delivery, error)
	EnvironmentsSeen(ctx context.Context) ([]deployment.Place, error)
}

func (w *Web) listSources(c echo.Context) error {
	ctx := c.Request().Context()
	all, err := w.Store.Sources(ctx)
	if err != nil {
		return err
	}
	places, err := w.Store.EnvironmentsSeen(ctx)
	if err != nil {
		return err
	}
	f := w.frame(c, "Sources", link.Sources)
	return render(c, http.StatusOK, settings.Sources(f, settings.NewSourcesPage(all, w.Intake.Makers, places, w.BaseURL, w.clock(c), f.Viewer.IsAdmin)))
}

func (w *Web) askSource(c echo.Context) error {
	return render(c, http.StatusOK, settings.NewSource(w.frame(c, "Add a source", link.Sources), settings.NewSourceForm(string(intake.Alertmanager), "", w.Intake.Makers, nil)))
}

func (w *Web) addSource(c echo.Context) error {
	kind, name := answer(c, "kind"), strings.TrimSpace(answer(c, "name"))
	src, secret, err := w.Intake.Add(c.Request().Context(), actorOf(c), intake.Source{Kind: intake.Kind(kind), Name: name}, answer(c, "secret"))
	if status := formStatus(err); status != 0 {
		return render(c, status, settings.NewSource(w.frame(c, "Add a source", link.Sources), settings.NewSourceForm(kind, name, w.Intake.Makers, err)))
	}
	if err != nil {
		return err
	}
	return w.sourcePage(c, http.StatusOK, src.ID, secretOf(src, secret), nil)
}

func secretOf(s intake.Source, secret string) *settings.Secret {
	return &settings.Secret{
		Title: "The secret of " + s.Called(), Label: "Secret", Value: secret,
		Help: "It is shown only now. Enter it at the sender, with the address below.",
	}
}

func sourceIn(c echo.Context) (intake.SourceID, error) {
	id, err := numberIn(c, "source")
	return intake.SourceID(id), err
}

func (w *Web) showSource(c echo.Context) error {
	id, err := sourceIn(c)
	if err != nil {
		return err
	}
	return w.sourcePage(c, http.StatusOK, id, nil, nil)
}

func (w *Web) sourcePage(c echo.Context, status int, id intake.SourceID, once *settings.Secret, wrong error) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	src, err := w.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	d := settings.SourceData{Source: src, Maker: w.Intake.Makers[src.Kind], Secrets: w.Intake.Secrets(src), BaseURL: w.BaseURL, Clock: w.clock(c), Secret: once, Wrong: wrong}
	if state := intake.State(c.QueryParam("state")); slices.Contains(intake.States, state) {
		d.State = state
	}
	req := listing.Request{Limit: deliveriesShown, Cursor: c.QueryParam("cursor")}
	if d.Deliveries, err = w.Store.Deliveries(ctx, intake.Filter{Source: id, State: d.State}, req); err != nil {
		return err
	}
	if d.Counts, err = w.Store.DeliveryCounts(ctx, id); err != nil {
		return err
	}
	if d.Services, err = w.serviceChoices(ctx, viewer); err != nil {
		return err
	}
	f := w.frame(c, src.Called(), link.Sources)
	d.IsAdmin, d.CanEdit, d.Pager = f.Viewer.IsAdmin, f.Viewer.CanEdit, ui.PagerOf(d.Deliveries, link.Source(int64(id)), url.Values{"state": {string(d.State)}})
	d.Here = link.With(link.Source(int64(id)), "state", string(d.State), "cursor", req.Cursor)
	return renderOnce(c, status, settings.Source(f, settings.NewSourcePage(d)), once)
}

// serviceChoices are the services that are not retired, by name.
func (w *Web) serviceChoices(ctx context.Context, viewer account.Actor) ([]ui.Option, error) {
	services, err := w.Store.Services(ctx, viewer, catalog.Filter{}, listing.Request{Limit: servicesOffered})
	var options []ui.Option
	for _, s := range services.Items {
		options = append(options, ui.Option{Value: s.Slug, Label: s.Name})
	}
	return options, err
}

func (w *Web) newSourceSecret(c echo.Context) error {
	id, err := sourceIn(c)
	if err != nil {
		return err
	}
	secret, err := w.Intake.NewSecret(c.Request().Context(), actorOf(c), id, answer(c, "secret"))
	if status := formStatus(err); status != 0 {
		return w.sourcePage(c, status, id, nil, err)
	}
	if err != nil {
		return err
	}
	src, err := w.Store.Source(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return w.sourcePage(c, http.StatusOK, id, secretOf(src, secret), nil)
}

// stepSource does one thing with a source and leads back to it.
func (w *Web) stepSource(do func(ctx context.Context, actor account.Actor, id intake.SourceID) error, said string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := sourceIn(c)
		if err != nil {
			return err
		}
		if err := do(c.Request().Context(), actorOf(c), id); err != nil {
			return err
		}
		w.flash(c, layout.OK, said)
		return seeOther(c, link.Source(int64(id)))
	}
}

func (w *Web) switchSource(on bool) func(context.Context, account.Actor, intake.SourceID) error {
	return func(ctx context.Context, actor account.Actor, id intake.SourceID) error {
		return w.Intake.Switch(ctx, actor, id, on)
	}
}

// nameSource says which service a name of the sender's means.
func (w *Web) nameSource(c echo.Context) error {
	id, err := sourceIn(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	src, err := w.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	m := src.Mapping
	named := map[string]string{}
	for name, slug := range m.Services {
		named[name] = slug
	}
	name := strings.ToLower(strings.TrimSpace(answer(c, "name")))
	slug := strings.TrimSpace(answer(c, "service"))
	if name == "" || slug == "" {
		return fault.New(fault.Invalid, "Choose the service that the name means.")
	}
	named[name] = slug
	m.Services = named
	if err := w.checkServices(ctx, m); err != nil {
		return err
	}
	if err := w.Intake.Map(ctx, actorOf(c), id, m); err != nil {
		return err
	}
	w.flash(c, layout.OK, "It means that service from now on; what waited is being placed.")
	return seeOther(c, link.Source(int64(id)))
}

// checkServices says which services of a mapping there are not.
func (w *Web) checkServices(ctx context.Context, m intake.Mapping) error {
	var slugs []string
	for _, slug := range m.Services {
		slugs = append(slugs, slug)
	}
	if m.Service != "" {
		slugs = append(slugs, m.Service)
	}
	known, err := w.Intake.Store.ServicesNamed(ctx, slugs)
	if err != nil {
		return err
	}
	var c fault.Check
	for _, slug := range slugs {
		field := "services"
		if slug == m.Service {
			field = "default_service"
		}
		c.That(known[slug] == slug, field, "There is no service with the address %q.", slug)
	}
	return c.Err()
}

func (w *Web) askSourceMapping(c echo.Context) error {
	id, err := sourceIn(c)
	if err != nil {
		return err
	}
	src, err := w.Store.Source(c.Request().Context(), id)
	if err != nil {
		return err
	}
	typed := settings.TypedMapping(src.Mapping)
	typed.Body = w.Intake.Makers[src.Kind].Example
	return w.sourceMappingPage(c, http.StatusOK, src, typed, nil, "", nil)
}

func (w *Web) sourceMappingPage(c echo.Context, status int, src intake.Source, typed settings.SourceMapping, tried []settings.TriedLine, title string, wrong error) error {
	services, err := w.serviceChoices(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	p := settings.NewMappingOfPage(src, w.Intake.Makers[src.Kind], typed, services, tried, title, wrong)
	return render(c, status, settings.MappingOf(w.frame(c, "Mapping", link.Sources), p))
}

func (w *Web) mapSource(c echo.Context) error {
	id, err := sourceIn(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	src, err := w.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	typed := settings.SourceMapping{
		ServiceFrom: answer(c, "service_from"), Services: answer(c, "services"), Service: answer(c, "default_service"), SeverityFrom: answer(c, "severity_from"),
		Severities: answer(c, "severities"), SameBy: answer(c, "same_by"), Skip: answer(c, "skip"), PagesOnCall: answer(c, "pages_on_call") != "",
		Statuses: answer(c, "statuses"), Body: answer(c, "body"), Pointers: map[string]string{},
	}
	for name := range settings.PointerFields(&intake.Pointers{}) {
		typed.Pointers[name] = answer(c, name)
	}
	m, lines := typed.MappingOf()
	var check fault.Check
	for _, field := range lines {
		check.That(false, field, "Write a line each, with a name, = and what it means.")
	}
	err = check.Err()
	if err == nil {
		err = m.Check()
	}
	if err == nil {
		err = w.checkServices(ctx, m)
	}
	if err == nil && answer(c, "try") != "" {
		parcel, seen, trouble := w.Intake.Try(ctx, src.Kind, intake.Headers{"content-type": "application/json"}, []byte(typed.Body), m)
		if err = trouble; err == nil {
			lines, title := settings.Tried(parcel, seen, w.clock(c))
			return w.sourceMappingPage(c, http.StatusOK, src, typed, lines, title, nil)
		}
	}
	if err == nil {
		err = w.Intake.Map(ctx, actorOf(c), id, m)
	}
	if status := formStatus(err); status != 0 {
		return w.sourceMappingPage(c, status, src, typed, nil, "", err)
	}
	if err != nil {
		return err
	}
	w.flash(c, layout.OK, "Saved. It counts from the next delivery on; what could not be placed is being tried again.")
	return seeOther(c, link.Source(int64(id)))
}

// deliveryIn gives the delivery of an address, and its source.
func (w *Web) deliveryIn(c echo.Context) (intake.Source, intake.Delivery, error) {
	id, err := sourceIn(c)
	if err != nil {
		return intake.Source{}, intake.Delivery{}, err
	}
	n, err := strconv.ParseInt(c.Param("delivery"), 10, 64)
	if err != nil {
		return intake.Source{}, intake.Delivery{}, fault.New(fault.NotFound, "There is no such delivery.")
	}
	src, err := w.Store.Source(c.Request().Context(), id)
	if err != nil {
		return src, intake.Delivery{}, err
	}
	d, err := w.Store.Delivery(c.Request().Context(), intake.DeliveryID(n))
	if err == nil && d.Source != src.ID {
		err = fault.New(fault.NotFound, "There is no such delivery.")
	}
	return src, d, err
}

func (w *Web) showDelivery(c echo.Context) error {
	src, d, err := w.deliveryIn(c)
	if err != nil {
		return err
	}
	f := w.frame(c, "Delivery", link.Sources)
	return render(c, http.StatusOK, settings.Delivery(f, settings.NewDeliveryPage(src, d, w.clock(c), f.Viewer.CanEdit)))
}

func (w *Web) deliverAgain(c echo.Context) error {
	src, d, err := w.deliveryIn(c)
	if err != nil {
		return err
	}
	if err := w.Intake.Again(c.Request().Context(), actorOf(c), d.ID); err != nil {
		return err
	}
	w.flash(c, layout.OK, "It is processed again in a moment.")
	return seeOther(c, link.Delivery(int64(src.ID), int64(d.ID)))
}

// placeEnvironment says whether an environment is production.
func (w *Web) placeEnvironment(c echo.Context) error {
	if err := w.Deployments.SetEnvironment(c.Request().Context(), actorOf(c), answer(c, "environment"), answer(c, "production") != ""); err != nil {
		return err
	}
	w.flash(c, layout.OK, "Saved. What was deployed there before counts so too.")
	return seeOther(c, link.Sources)
}
