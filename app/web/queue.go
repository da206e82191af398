package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/views/link"
	"upshot/views/queue"
	"upshot/views/ui"
)

// queueStore is what the page of the queue reads, each once for a page however long the queue is.
type queueStore interface {
	Queue(ctx context.Context, viewer account.Actor, f followup.Filter, r listing.Request) (listing.Page[followup.FollowUp], error)
	QueueSummary(ctx context.Context, viewer account.Actor, f followup.Filter, now time.Time) (followup.QueueSummary, error)
	OccurrencesSince(ctx context.Context, viewer account.Actor, ids []problem.ID, since time.Time) (map[problem.ID][]problem.Occurrence, error)
	Teams(ctx context.Context, viewer account.Actor) ([]catalog.Team, error)
	ServiceNames(ctx context.Context, viewer account.Actor) ([]catalog.Service, error)
	FollowUpServices(ctx context.Context, viewer account.Actor, ids []followup.ID) (map[followup.ID]string, error)
}

// queueRows is how many follow-ups one page of the queue draws.
const queueRows = 100

func (w *Web) showQueue(c echo.Context) error {
	ctx, viewer := c.Request().Context(), actorOf(c)
	filter, request := followUpFilter(c)
	filter.Query, request.Limit = "", queueRows
	window := queueWindow(c)
	shown := filter
	if filter.State == "" {
		shown.FinishedSince = w.Now().Add(-window)
	}
	d := queue.Data{Filter: filter, Window: window}
	var err error
	if d.Page, err = w.Store.Queue(ctx, viewer, shown, request); err != nil {
		return err
	}
	if d.Summary, err = w.Store.QueueSummary(ctx, viewer, filter, w.Now()); err != nil {
		return err
	}
	if d.Seen, err = w.seenOf(ctx, viewer, d.Page.Items, window); err != nil {
		return err
	}
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Services, err = w.Store.ServiceNames(ctx, viewer); err != nil {
		return err
	}
	if d.About, err = w.servicesOf(ctx, viewer, d.Page.Items); err != nil {
		return err
	}
	if filter.Service == "" && filter.Kind == "" && !filter.Recurred {
		if _, d.Waited, err = w.Store.DecideNow(ctx, viewer, filter.Team, 1); err != nil {
			return err
		}
	}
	frame := w.frame(c, "Queue", link.Queue)
	d.CanEdit, d.Clock = frame.Viewer.CanEdit, w.clock(c)
	return render(c, http.StatusOK, queue.Show(frame, queue.NewPage(d)))
}

// queueWindow reads the window in days; another one than those on offer is the usual.
func queueWindow(c echo.Context) time.Duration {
	days, err := strconv.Atoi(c.QueryParam("window"))
	window := time.Duration(days) * 24 * time.Hour
	if err != nil || !slices.Contains(queue.Windows, window) {
		return ui.Days90
	}
	return window
}

// seenOf gives the occurrences of the follow-ups' problems within the window of a chart, in one query.
func (w *Web) seenOf(ctx context.Context, viewer account.Actor, promised []followup.FollowUp, window time.Duration) (map[problem.ID][]problem.Occurrence, error) {
	var ids []problem.ID
	for _, f := range promised {
		if f.Problem != 0 && !f.Kept.QueuedAt.IsZero() {
			ids = append(ids, f.Problem)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	return w.Store.OccurrencesSince(ctx, viewer, slices.Compact(ids), w.Now().Add(-window))
}

// servicesOf gives the services that the follow-ups are about, in one query.
func (w *Web) servicesOf(ctx context.Context, viewer account.Actor, promised []followup.FollowUp) (map[followup.ID]string, error) {
	ids := make([]followup.ID, len(promised))
	for n, f := range promised {
		ids[n] = f.ID
	}
	return w.Store.FollowUpServices(ctx, viewer, ids)
}
