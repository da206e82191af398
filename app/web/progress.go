package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/metrics"
	"upshot/views/link"
	"upshot/views/progress"
)

// progressStore is what the page of the measures reads, a fixed number of questions.
type progressStore interface {
	Progress(ctx context.Context, viewer account.Actor, f metrics.Filter, q metrics.Query) (p metrics.Progress, behind int, err error)
	CountedRows(ctx context.Context, viewer account.Actor, of metrics.Behind, f metrics.Filter, window time.Duration, r listing.Request) (listing.Page[metrics.Row], error)
	Boundary(ctx context.Context, viewer account.Actor, f metrics.Filter) (metrics.Boundary, error)
	Coverage(ctx context.Context, viewer account.Actor, team, service string) ([]metrics.CoverageFact, error)
	WorkIssues(ctx context.Context, viewer account.Actor, team string, from, to time.Time) ([]metrics.WorkIssue, error)
	AdoptionMarks(ctx context.Context, viewer account.Actor, team, service string) ([]catalog.AdoptionMark, error)
	FailedReleases(ctx context.Context, viewer account.Actor, f metrics.Filter, limit int) ([]deployment.Deployment, error)
	// Corrections counts how often each incident was corrected or regrouped.
	Corrections(ctx context.Context, viewer account.Actor, ids []incident.ID) (map[incident.ID]metrics.Corrections, error)
}

// progressQuery reads what is asked; what is not on offer is the usual.
func progressQuery(c echo.Context) progress.Query {
	q := progress.Query{Range: progress.RangeOf(answer(c, "range")), Team: answer(c, "team"), Service: answer(c, "service"), Window: 90}
	if bucket := metrics.Bucket(answer(c, "by")); slices.Contains(progress.Buckets, bucket) {
		q.Range.Bucket = bucket
	}
	if days, err := strconv.Atoi(answer(c, "window")); err == nil && slices.Contains(progress.Windows, days) {
		q.Window = days
	}
	return q
}

// progressData asks a fixed number of questions, whatever the history.
func (w *Web) progressData(c echo.Context) (progress.Data, error) {
	ctx, viewer, now := c.Request().Context(), actorOf(c), w.Now()
	q := progressQuery(c)
	d := progress.Data{Query: q, Clock: w.clock(c)}
	f := q.Filter(now)
	for _, ask := range []func() error{
		func() (err error) {
			d.Measures, d.Behind, err = w.Store.Progress(ctx, viewer, f, metrics.Query{Bucket: q.Range.Bucket, Window: time.Duration(q.Window) * metrics.Day24, Now: now})
			return err
		},
		func() error {
			facts, err := w.Store.Coverage(ctx, viewer, q.Team, q.Service)
			d.Coverage = metrics.OwnershipCoverageOf(facts, metrics.Query{From: f.From, Bucket: q.Range.Bucket, Now: now})
			return err
		},
		func() error {
			since := f.From
			if !since.IsZero() {
				since = since.Add(-metrics.CycleWindow)
			}
			issues, err := w.Store.WorkIssues(ctx, viewer, q.Team, since, time.Time{})
			d.Cycle = metrics.CycleTimeOf(issues, metrics.Query{From: f.From, Bucket: q.Range.Bucket, Now: now})
			return err
		},
		func() (err error) { d.Steps, err = w.Store.AdoptionMarks(ctx, viewer, q.Team, q.Service); return err },
		func() (err error) {
			d.Boundary, err = w.Store.Boundary(ctx, viewer, f)
			d.Boundary.Incidents = d.Measures.Told.N
			return err
		},
		func() error {
			sum, err := w.Store.QueueSummary(ctx, viewer, followup.Filter{Team: q.Team, Service: q.Service}, now)
			d.Waiting = sum.All
			return err
		},
		func() (err error) { d.Teams, err = w.Store.Teams(ctx, viewer); return err },
		func() (err error) { d.Services, err = w.Store.ServiceNames(ctx, viewer); return err },
	} {
		if err := ask(); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (w *Web) showProgress(c echo.Context) error {
	d, err := w.progressData(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, progress.Show(w.frame(c, "Progress", link.Progress), progress.NewPage(d)))
}

// exportProgress gives every figure of the page as CSV.
func (w *Web) exportProgress(c echo.Context) error {
	d, err := w.progressData(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="progress.csv"`)
	out := csv.NewWriter(c.Response())
	out.UseCRLF = true
	return out.WriteAll(progress.Figures(d))
}

// failedShown is how many failed deployments are listed.
const failedShown = 200

func (w *Web) listProgressRows(c echo.Context) error {
	ctx, viewer, now := c.Request().Context(), actorOf(c), w.Now()
	q := progressQuery(c)
	d := progress.RowsData{Query: q, Of: metrics.Behind(answer(c, "of")), Clock: w.clock(c), Incidents: map[incident.ID]incident.Incident{}}
	f := q.Filter(now)
	var err error
	switch {
	case d.Of == progress.FailedDeployments:
		if d.Deployments, err = w.Store.FailedReleases(ctx, viewer, f, failedShown); err != nil {
			return err
		}
		var caused []incident.ID
		for _, x := range d.Deployments {
			caused = append(caused, x.Caused...)
		}
		if err := w.incidentsInto(ctx, viewer, d.Incidents, caused); err != nil {
			return err
		}
	case d.Of == progress.CycleTime:
		if d.Issues, err = w.Store.WorkIssues(ctx, viewer, q.Team, now.Add(-metrics.CycleWindow), time.Time{}); err != nil {
			return err
		}
		if d.Sites, err = w.Store.JiraSites(ctx); err != nil {
			return err
		}
	case !slices.Contains(metrics.Behinds, d.Of):
		return fault.New(fault.NotFound, "There is no such figure.")
	default:
		if d.Page, err = w.Store.CountedRows(ctx, viewer, d.Of, f, time.Duration(q.Window)*metrics.Day24, listing.Request{Cursor: answer(c, "cursor")}); err != nil {
			return err
		}
		ids := make([]incident.ID, len(d.Page.Items))
		for n, r := range d.Page.Items {
			ids[n] = r.Incident
		}
		if err := w.incidentsInto(ctx, viewer, d.Incidents, ids); err != nil {
			return err
		}
		if d.Corrections, err = w.Store.Corrections(ctx, viewer, ids); err != nil {
			return err
		}
	}
	if d.Teams, err = w.Store.Teams(ctx, viewer); err != nil {
		return err
	}
	if d.Services, err = w.Store.ServiceNames(ctx, viewer); err != nil {
		return err
	}
	return render(c, http.StatusOK, progress.Rows(w.frame(c, "Rows", link.Progress), progress.NewRowsPage(d)))
}

// incidentsInto reads incidents in one query.
func (w *Web) incidentsInto(ctx context.Context, viewer account.Actor, all map[incident.ID]incident.Incident, ids []incident.ID) error {
	incidents, err := w.Store.IncidentsByID(ctx, viewer, ids)
	for _, i := range incidents {
		all[i.ID] = i
	}
	return err
}
