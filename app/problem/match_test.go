package problem

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		title string
		want  string
	}{
		"lower case, each once, in order":        {"DB pool exhausted: DB down", "db pool exhausted down"},
		"the number of a host says nothing":      {"Disk full on web-17", "disk full web"},
		"nor when it is glued to the name":       {"Disk full on web17.example.com", "disk full web example com"},
		"numbers, dates and ids are left out":    {"2026-03-01 order 4711 failed, trace 9f8e7d6c5b4a", "order failed trace"},
		"one digit may belong to a word":         {"HTTP2 errors from S3 and k8s", "http2 errors s3 k8s"},
		"little words say nothing":               {"An update on the state of it", "update state"},
		"letters of any script":                  {"Störung im Zahlungsdienst, 決済 停止, čekání", "störung im zahlungsdienst 決済 停止 čekání"},
		"a path is several words":                {"timeout in /api/v1/orders", "timeout api v1 orders"},
		"broken bytes separate":                  {"pool\xff\xfeexhausted", "pool exhausted"},
		"nothing but numbers":                    {"12345 67", ""},
		"an endless word is none":                {strings.Repeat("x", 50) + " pool", "pool"},
		"no more than are indexed":               {longTitle(40), strings.Join(strings.Fields(longTitle(MaxWords)), " ")},
		"a marked letter stays with its word":    {"cafe\u0301 down", "cafe\u0301 down"},
		"a single letter of ASCII is not a word": {"plan b failed", "plan failed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(Words(c.title), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func longTitle(words int) string {
	var b strings.Builder
	for n := range words {
		b.WriteString(strings.Repeat(string(rune('a'+n%26)), 2+n/26) + " ")
	}
	return b.String()
}

func FuzzWords(f *testing.F) {
	for _, title := range []string{"DB pool exhausted on web-17", "", "\xff\x00", "決済 停止 ٣٤", "ǅ İ ß 1a2b3c4d", "a\u0301\u0301 -_- 🔥"} {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		words := Words(title)
		if len(words) > MaxWords {
			t.Fatalf("%d words of %q", len(words), title)
		}
		for n, word := range words {
			switch {
			case !utf8.ValidString(word) || !strings.ContainsFunc(word, unicode.IsLetter):
				t.Fatalf("%q of %q is no word", word, title)
			case utf8.RuneCountInString(word) > maxWordLength:
				t.Fatalf("%q is too long", word)
			case slices.Contains(words[:n], word):
				t.Fatalf("%q twice in %v", word, words)
			case slices.Contains(littleWords, word):
				t.Fatalf("%q says nothing", word)
			}
		}
	})
}

// inHundred is a rarity in which the given words are borne by that many of a hundred incidents, others by one.
func inHundred(common map[string]int) func(string) float64 {
	return func(word string) float64 { return math.Log(1 + 100/float64(max(1, common[word]))) }
}

func nobodySaid(IncidentID) bool { return false }

func TestLikely(t *testing.T) {
	t.Parallel()
	rarity := inHundred(map[string]int{"incident": 80, "elevated": 60, "errors": 70, "timeout": 30})
	pool := func(c ...Candidate) []Candidate { return c }
	leak := Candidate{Incident: 50, Title: "DB pool exhausted on web-17", Services: []string{"checkout"}, CauseClass: "capacity", Source: "prom", GroupKey: "pool"}
	cases := map[string]struct {
		c     Candidate
		pool  []Candidate
		apart []IncidentID
		want  []IncidentID
		says  string // reasons of the first
	}{
		"same words, other host": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: "DB pool exhausted on web-03", Services: []string{"checkout"}}),
			want: []IncidentID{7}, says: "words: db, pool, exhausted, web; same service",
		},
		"same cause class is said": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: "Pool of connections exhausted", CauseClass: "capacity"}),
			want: []IncidentID{7}, says: "words: pool, exhausted; same cause class: capacity",
		},
		"same alert key of the same source, other words": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: "Something else", Source: "prom", GroupKey: "pool"}),
			want: []IncidentID{7}, says: "same alert key",
		},
		"same key of another source is chance": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: "Something else", Source: "sentry", GroupKey: "pool"}),
		},
		"service and cause class alone say nothing": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: "Certificate expired", Services: []string{"checkout"}, CauseClass: "capacity"}),
		},
		"an identical title that everybody writes is no identity": {
			c:    Candidate{Incident: 50, Title: "Incident: elevated errors"},
			pool: pool(Candidate{Incident: 7, Title: "Incident: elevated errors"}),
		},
		"rare words before common ones": {
			c: Candidate{Incident: 50, Title: "Timeout in ledger export"},
			pool: pool(
				Candidate{Incident: 7, Title: "Timeout timeout in search"},
				Candidate{Incident: 8, Title: "Ledger export stuck"},
			),
			want: []IncidentID{8}, says: "words: ledger, export",
		},
		"of one problem only the best": {
			c: leak, pool: pool(
				Candidate{Incident: 7, Problem: 1, Title: "DB pool exhausted"},
				Candidate{Incident: 8, Problem: 1, Title: "DB pool exhausted on web-2"},
				Candidate{Incident: 9, Problem: 2, Title: "DB pool down"},
			),
			want: []IncidentID{8, 9}, says: "words: db, pool, exhausted, web",
		},
		"of equals the latest": {
			c:    leak,
			pool: pool(Candidate{Incident: 7, Problem: 1, Title: "DB pool exhausted"}, Candidate{Incident: 9, Problem: 1, Title: "DB pool exhausted"}),
			want: []IncidentID{9}, says: "words: db, pool, exhausted",
		},
		"somebody said it is not the same": {
			c: leak, pool: pool(Candidate{Incident: 7, Title: leak.Title}), apart: []IncidentID{7},
		},
		"not itself, nor what is known to be the same": {
			c:    Candidate{Incident: 50, Problem: 3, Title: leak.Title},
			pool: pool(leak, Candidate{Incident: 7, Problem: 3, Title: leak.Title}),
		},
		"never more than five": {
			c: leak, pool: pool(
				Candidate{Incident: 1, Title: leak.Title}, Candidate{Incident: 2, Title: leak.Title}, Candidate{Incident: 3, Title: leak.Title},
				Candidate{Incident: 4, Title: leak.Title}, Candidate{Incident: 5, Title: leak.Title}, Candidate{Incident: 6, Title: leak.Title},
			),
			want: []IncidentID{6, 5, 4, 3, 2}, says: "words: db, pool, exhausted, web",
		},
		"no words at all": {c: Candidate{Incident: 50, Title: "17"}, pool: pool(Candidate{Incident: 7, Title: "17"})},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := Likely(c.c, c.pool, rarity, func(id IncidentID) bool { return slices.Contains(c.apart, id) }, 10)
			var got []IncidentID
			for _, s := range found {
				got = append(got, s.Incident)
				if s.Score < leastScore || s.Score > 1 {
					t.Errorf("score %v of %v", s.Score, s.Incident)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("got %v, want %v", found, c.want)
			}
			if len(found) > 0 && strings.Join(found[0].Because, "; ") != c.says {
				t.Errorf("because %q, want %q", found[0].Because, c.says)
			}
		})
	}
}

func TestLikelySurvivesAnyRarity(t *testing.T) {
	t.Parallel()
	for _, rarity := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		c := Candidate{Incident: 2, Title: "pool exhausted"}
		if got := Likely(c, []Candidate{{Incident: 1, Title: c.Title}}, func(string) float64 { return rarity }, nobodySaid, 5); got != nil {
			t.Errorf("rarity %v: got %v, want nothing", rarity, got)
		}
	}
}
