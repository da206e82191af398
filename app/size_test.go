package app

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/fault"
	"upshot/app/followup"
	"upshot/app/importer"
	"upshot/app/metrics"
	"upshot/app/problem"
	"upshot/store/storetest"
	"upshot/views/link"
)

var (
	rows = flag.Int("rows", 20_000, "incidents of the history that benchmarks import")
	keep = flag.String("keep", "", "where BenchmarkImport leaves its database, for upshot serve; with -benchtime 1x")
)

// BenchmarkImport imports a generated history grouped by title, in rows/s:
//
//	go test ./app -run '^$' -bench Import -benchtime 1x -rows 100000
//
// With -keep FILE the database stays, with a follow-up for each ten incidents:
//
//	go test ./app -run '^$' -bench Import -benchtime 1x -rows 100000 -keep /tmp/history.db
//	upshot serve --database /tmp/history.db
func BenchmarkImport(b *testing.B) {
	now := time.Now().UTC().Truncate(time.Second)
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "upshot.db")
		if *keep != "" {
			path = *keep
		}
		b.StopTimer()
		a, err := New(b.Context(), Config{Database: path}, slog.New(slog.DiscardHandler), func() time.Time { return now })
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		importHistory(b, a, *rows)
		b.StopTimer()
		if *keep != "" {
			promise(b, a, *rows/10)
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(*rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// importHistory imports that many generated incidents.
func importHistory(b *testing.B, a *App, rows int) {
	b.Helper()
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(storetest.WriteIncidents(w, rows, a.now())) }()
	grouping, err := importer.ParseGrouping("title")
	if err != nil {
		b.Fatal(err)
	}
	file, err := importer.Open(r, importer.CSV, "", 0)
	if err != nil {
		b.Fatal(err)
	}
	im := importer.Importer{
		Store: a.store, Keeper: a.words.keeper, Now: a.now,
		Progress: func(int) {}, Refused: func(p importer.Problem) { b.Error(p.Error()) },
	}
	report, err := im.Import(b.Context(), file, importer.Meaning{Source: "history", Grouping: grouping, Now: a.now()})
	if err != nil || report.Added != rows {
		b.Fatalf("added %d of %d rows: %v", report.Added, rows, err)
	}
}

// promise adds that many generated follow-ups of the problems that are there, in four teams.
func promise(b *testing.B, a *App, n int) {
	b.Helper()
	boss := account.AsCommand("benchmark")
	var teams []catalog.Team
	for _, name := range []string{"Payments", "Search", "Platform", "Delivery"} {
		t, err := a.words.catalog.AddTeam(b.Context(), boss, catalog.Team{Name: name, Slug: catalog.Slug(name), Kind: catalog.Development, Zone: "UTC"})
		if err != nil {
			b.Fatal(err)
		}
		teams = append(teams, t)
	}
	err := a.store.InTx(b.Context(), func(ctx context.Context) error {
		touched := map[problem.ID]bool{}
		for _, f := range storetest.FollowUps(n, min(max(n/3, 1), storetest.Failures), teams, a.now()) {
			if _, err := a.store.CreateFollowUp(ctx, f); err != nil {
				return err
			}
			touched[f.Problem] = true
		}
		keeper := followup.Keeper{Store: a.store, Log: a.store, Now: a.now}
		for id := range touched {
			if err := keeper.KeepProblem(ctx, boss, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPages asks for the first page and the page of the measures, signed in, one request at a time, at a database that BenchmarkImport has left:
//
//	go test ./app -run '^$' -bench Pages -benchtime 200x -keep /tmp/history.db
//
// It reports the median and the 99th percentile in milliseconds. The growth from one size to another is what counts: machines differ.
func BenchmarkPages(b *testing.B) {
	if *keep == "" {
		b.Skip("name a database that BenchmarkImport has left with -keep")
	}
	a, err := New(b.Context(), Config{Database: *keep}, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if _, err := a.store.Count(b.Context()); err != nil {
		b.Fatal(err)
	}
	cookie := signedIn(b, a)
	handler := a.Handler()
	for _, page := range []string{link.Home, link.Progress, link.With(link.Progress, "range", "all"), link.With(link.Progress, "team", "search"), link.Queue, link.With(link.ProgressRows, "of", "time_to_repair")} {
		b.Run(page, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, page, nil)
				r.AddCookie(cookie)
				w := httptest.NewRecorder()
				began := time.Now()
				handler.ServeHTTP(w, r)
				took = append(took, time.Since(began))
				if w.Code != http.StatusOK {
					b.Fatalf("%s: %d", page, w.Code)
				}
			}
			b.ReportMetric(float64(metrics.Percentile(took, 50).Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(metrics.Percentile(took, 99).Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(metrics.Percentile(took, 100).Microseconds())/1000, "worst-ms")
		})
	}
}

// signedIn makes an administrator, if there is none yet, and signs in.
func signedIn(b *testing.B, a *App) *http.Cookie {
	b.Helper()
	const name, password = "bench", "correct horse battery staple"
	if _, err := a.words.accounts.AddUser(b.Context(), account.AsCommand("benchmark"), account.User{Name: name, Role: account.Admin, Zone: "UTC"}, password); err != nil && fault.Of(err) == nil {
		b.Fatal(err)
	}
	form := url.Values{"name": {name}, "password": {password}}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, link.SignIn, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) == 0 {
		b.Fatalf("sign in: %d", w.Code)
	}
	return cookies[0]
}
