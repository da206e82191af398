package store_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/listing"
	"upshot/app/problem"
	"upshot/store"
	"upshot/store/storetest"
)

var crowd = flag.Int("crowd", 2_000, "incidents among which likely ones are found and words searched")

// BenchmarkSimilar gives the time of one list of likely earlier incidents, of one search for a rare word and of one for two common words,
// beside a floor: one indexed read of fifty incidents. A hundred thousand incidents are made with
//
//	go test ./store -run '^$' -bench Similar -benchtime 100x -crowd 100000
//
// on SQLite and, with TEST_POSTGRES_DSN, on PostgreSQL.
func BenchmarkSimilar(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkSimilar(b, storetest.Open(b)) })
	b.Run("postgres", func(b *testing.B) {
		s, err := store.Open(b.Context(), storetest.Postgres(b))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		benchmarkSimilar(b, s)
	})
}

// said makes texts of a vocabulary in which few words are common and most are rare, as in any language.
type said struct {
	r     *rand.Rand
	words *rand.Zipf
}

func newSaid(seed uint64) said {
	r := rand.New(rand.NewPCG(seed, 2))
	return said{r, rand.NewZipf(r, 1.07, 20, 60_000)}
}

func (s said) sentence(words int) string {
	text := ""
	for range words {
		text += wordOf(s.words.Uint64()) + " "
	}
	return text
}

// wordOf is the word that is the commoner the lower its number.
func wordOf(n uint64) string {
	return fmt.Sprintf("%c%c%c%c", 'a'+n%26, 'b'+n/26%24, 'c'+n/624%20, 'd'+n/12_480%20)
}

func (s said) incident(at time.Time) incident.Incident {
	i := incident.New(s.sentence(3+s.r.IntN(6)), at)
	i.Summary, i.CreatedAt = s.sentence(10+s.r.IntN(60)), at
	return i
}

func benchmarkSimilar(b *testing.B, s *store.Store) {
	text := newSaid(1)
	began := time.Now()
	for at := 0; at < *crowd; at += 500 {
		some := make([]incident.Incident, min(500, *crowd-at))
		for n := range some {
			some[n] = text.incident(morning.Add(time.Duration(at+n) * time.Minute))
		}
		if err := s.InTx(b.Context(), func(ctx context.Context) error { _, err := s.CreateIncidents(ctx, some); return err }); err != nil {
			b.Fatal(err)
		}
	}
	written := time.Now()
	index(b, s)
	b.Logf("%d written in %v, indexed in %v", *crowd, written.Sub(began).Round(time.Millisecond), time.Since(written).Round(time.Millisecond))

	later := morning.AddDate(5, 0, 0)
	floor := func() error {
		_, err := s.Incidents(b.Context(), ada, incident.Filter{}, listing.Request{})
		return err
	}
	for name, ask := range map[string]func() error{
		"similar": func() error {
			_, err := s.Similar(b.Context(), ada, text.incident(later), problem.MaxSuggestions)
			return err
		},
		"rare word": func() error {
			_, err := s.Incidents(b.Context(), ada, incident.Filter{Query: wordOf(40_000 + text.r.Uint64N(20_000))}, listing.Request{})
			return err
		},
		"two common words": func() error {
			_, err := s.Incidents(b.Context(), ada, incident.Filter{Query: wordOf(0) + " " + wordOf(1)}, listing.Request{})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			var own, floors time.Duration
			for b.Loop() {
				began := time.Now()
				if err := ask(); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if err := floor(); err != nil {
					b.Fatal(err)
				}
				own, floors = own+between.Sub(began), floors+time.Since(between)
			}
			b.ReportMetric(float64(own.Milliseconds())/float64(b.N), "ms/list")
			b.ReportMetric(own.Seconds()/floors.Seconds(), "x-floor")
		})
	}
}
