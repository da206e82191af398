package app

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/followup"
	"upshot/app/importer"
	"upshot/app/problem"
	"upshot/store/storetest"
)

var (
	rows = flag.Int("rows", 20_000, "incidents of the history that benchmarks import")
	keep = flag.String("keep", "", "where BenchmarkImport leaves its database, for upshot serve; with -benchtime 1x")
)

// BenchmarkImport imports a generated history grouped by title, in rows/s:
//
//	go test ./app -run '^$' -bench Import -benchtime 1x -rows 100000
//
// With -keep FILE the database stays, with a follow-up for each twenty incidents:
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
			promise(b, a, *rows/20)
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
		for _, f := range storetest.FollowUps(n, max(n/3, 1), teams, a.now()) {
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
