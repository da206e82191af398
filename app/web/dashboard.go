package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/views/dashboard"
	"upshot/views/link"
	"upshot/views/ui"
)

// dashboardStore is what the first page reads besides the queue.
type dashboardStore interface {
	DecideNow(ctx context.Context, viewer account.Actor, team string, limit int) (listing.Page[followup.FollowUp], followup.Cost, error)
	Untold(ctx context.Context, viewer account.Actor, now time.Time, limit int) (listing.Page[incident.Incident], error)
	ClosedWithoutCause(ctx context.Context, viewer account.Actor, since time.Time, limit int) (metrics.WithoutCause, error)
	Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error)
	Incidents(ctx context.Context, viewer account.Actor, f incident.Filter, r listing.Request) (listing.Page[incident.Incident], error)
}

func (w *Web) showDashboard(c echo.Context) error {
	d, err := w.dashboardData(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	frame := w.frame(c, "Now", link.Home)
	d.CanEdit, d.IsAdmin, d.Clock = frame.Viewer.CanEdit, frame.Viewer.IsAdmin, w.clock(c)
	return render(c, http.StatusOK, dashboard.Show(frame, dashboard.NewPage(d)))
}

// dashboardData asks a fixed number of questions, whatever the history.
func (w *Web) dashboardData(ctx context.Context, viewer account.Actor) (dashboard.Data, error) {
	now := w.Now()
	d := dashboard.Data{Poll: w.Poll, Mail: w.Mail.Ready()}
	for _, ask := range []func() error{
		func() (err error) {
			d.Decide, d.Cost, err = w.Store.DecideNow(ctx, viewer, "", dashboard.DecideShown)
			return err
		},
		func() (err error) { d.Seen, err = w.seenOf(ctx, viewer, d.Decide.Items, ui.Days90); return err },
		func() (err error) { d.About, err = w.servicesOf(ctx, viewer, d.Decide.Items); return err },
		func() (err error) {
			d.Queue, err = w.Store.QueueSummary(ctx, viewer, followup.Filter{}, now)
			return err
		},
		func() (err error) {
			d.Untold, err = w.Store.Untold(ctx, viewer, now, dashboard.RowsShown)
			return err
		},
		func() (err error) {
			ids := make([]incident.ID, len(d.Untold.Items))
			for n, i := range d.Untold.Items {
				ids[n] = i.ID
			}
			d.Notices, err = w.Store.NoticesOf(ctx, ids)
			return err
		},
		func() (err error) {
			d.Nobody, err = w.Store.Unaccountable(ctx, viewer, now, dashboard.RowsShown)
			return err
		},
		func() (err error) {
			d.NoCause, err = w.Store.ClosedWithoutCause(ctx, viewer, now.Add(-dashboard.ClosedWithin), dashboard.RowsShown)
			return err
		},
		func() error {
			// Those whose grace ended in the last months, and those whose grace still runs.
			from := metrics.DayOf(now.Add(-metrics.LoopGrace*metrics.Day24 - dashboard.LoopsWithin)).Start()
			p, _, err := w.Store.Progress(ctx, viewer, metrics.Filter{From: from}, metrics.Query{Now: now})
			d.Loops = p.Loops
			return err
		},
		func() error {
			year, month, _ := now.UTC().Date()
			from := time.Date(year, month-dashboard.MonthsShown+1, 1, 0, 0, 0, 0, time.UTC)
			p, _, err := w.Store.Progress(ctx, viewer, metrics.Filter{From: from}, metrics.Query{Bucket: metrics.Month, Now: now})
			d.Months = metrics.LastMonths(p, now, dashboard.MonthsShown)
			return err
		},
		func() (err error) { d.Sync, err = w.Store.JiraHealth(ctx, now); return err },
		func() (err error) { d.Teams, err = w.Store.Teams(ctx, viewer); return err },
		func() (err error) { d.Services, err = w.Store.ServiceNames(ctx, viewer); return err },
		func() error {
			any, err := w.Store.Incidents(ctx, viewer, incident.Filter{}, listing.Request{Limit: 1})
			d.Recorded = len(any.Items) > 0
			return err
		},
	} {
		if err := ask(); err != nil {
			return d, err
		}
	}
	return d, nil
}
