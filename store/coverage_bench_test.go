package store_test

import (
	"fmt"
	"testing"
	"time"

	"upshot/app/metrics"
	"upshot/store"
	"upshot/store/storetest"
)

// BenchmarkCoverage gives the time of the whole measure, reading included, for 5,000 services whose coverage changed four times.
func BenchmarkCoverage(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkCoverage(b, storetest.Open(b)) })
	b.Run("postgres", func(b *testing.B) {
		s, err := store.Open(b.Context(), storetest.Postgres(b))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		benchmarkCoverage(b, s)
	})
}

func benchmarkCoverage(b *testing.B, s *store.Store) {
	const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
	statements := []string{
		"INSERT INTO teams (id, slug, name, kind, created_at) VALUES (1, 'us', 'us', 'development', '2026-01-01 00:00:00+00:00')",
		"INSERT INTO services (id, slug, name, builder_id, created_at) " + numbers + "SELECT i, 'service-' || i, 'Service ' || i, 1, '2026-01-01 00:00:00+00:00' FROM n",
	}
	for n, covered := range []string{"FALSE", "TRUE", "FALSE", "TRUE"} {
		statements = append(statements, "INSERT INTO service_coverage (service_id, at, retired, covered, missing) "+numbers+
			fmt.Sprintf(`SELECT i, '2026-0%d-01 00:00:00+00:00', FALSE, %s, '["no runbook"]' FROM n`, n+2, covered))
	}
	for _, statement := range statements {
		if err := s.Exec(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	q := metrics.Query{Bucket: metrics.Week, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	b.ReportAllocs()
	for b.Loop() {
		facts, err := s.Coverage(b.Context(), ada, "", "")
		if err != nil || len(facts) != 5000 {
			b.Fatal(len(facts), err)
		}
		if o := metrics.OwnershipCoverageOf(facts, q); o.Part != 5000 || len(o.Series) != 49 {
			b.Fatalf("%+v, %d", o.Share, len(o.Series))
		}
	}
}
