package problem

import (
	"slices"
	"strings"
	"testing"
	"time"
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

// told is an incident of a test: its text, and the signs beside it.
type told struct {
	text Text
	Candidate
}

// amongHundred numbers the words of incidents as if a hundred had happened, of which one mentions a word, or as many as common says.
func amongHundred(common map[string]int, asked told, pool []told) (Candidate, []Candidate, *Vocabulary) {
	v := NewVocabulary(100)
	term := Term(0)
	for _, one := range append([]told{asked}, pool...) {
		for _, m := range MentionsOf(one.text) {
			if _, known := v.terms[m.Word]; !known {
				term++
				v.Learn(term, m.Word, max(1, common[m.Word]))
			}
		}
	}
	asked.Mentions = v.Mentions(MentionsOf(asked.text))
	candidates := make([]Candidate, len(pool))
	for n, one := range pool {
		one.Mentions = v.Mentions(MentionsOf(one.text))
		candidates[n] = one.Candidate
	}
	return asked.Candidate, candidates, v
}

func entitled(id IncidentID, title string) told {
	return told{Text{Title: title}, Candidate{Incident: id}}
}

func (t told) with(change func(*told)) told {
	change(&t)
	return t
}

func TestLikely(t *testing.T) {
	t.Parallel()
	common := map[string]int{"incident": 80, "elevat": 60, "error": 70, "timeout": 30, "degrad": 40, "performanc": 40, "report": 50}
	pool := func(all ...told) []told { return all }
	leak := entitled(50, "DB pool exhausted on web-17").with(func(x *told) {
		x.Services, x.CauseClass, x.Source, x.GroupKey, x.Alert = []string{"checkout"}, "capacity", "prom", "pool", "PoolFull"
	})
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		c     told
		pool  []told
		apart []IncidentID
		want  []IncidentID
		says  string // reasons of the first
	}{
		"same words, other host": {
			c: leak, pool: pool(entitled(7, "DB pool exhausted on web-03").with(func(x *told) { x.Services = leak.Services })),
			want: []IncidentID{7}, says: "words: db, pool, exhausted, web; same service",
		},
		"another ending of a word": {
			c: entitled(50, "Pool exhausting again"), pool: pool(entitled(7, "Pools exhausted")),
			want: []IncidentID{7}, says: "words: pool, exhausting",
		},
		"words of the text, of labels and of notes": {
			c: told{Text{Title: "Checkout down", Summary: "Replica lags behind"}, Candidate{Incident: 50}},
			pool: pool(
				told{Text{Title: "Vouchers rejected", Notes: []string{"The replica was lagging."}}, Candidate{Incident: 7}},
				told{Text{Title: "Prices wrong", Labels: map[string]string{"pod": "replica-lag"}}, Candidate{Incident: 8}},
			),
			want: []IncidentID{8, 7}, says: "words: replica, lags",
		},
		"same cause class is said": {
			c: leak, pool: pool(entitled(7, "Pool of connections exhausted").with(func(x *told) { x.CauseClass = "capacity" })),
			want: []IncidentID{7}, says: "words: pool, exhausted; same cause class: capacity",
		},
		"same alert key of the same source, other words": {
			c: leak, pool: pool(entitled(7, "Something else").with(func(x *told) { x.Source, x.GroupKey = "prom", "pool" })),
			want: []IncidentID{7}, says: "same alert key",
		},
		"same key of another source is chance": {
			c: leak, pool: pool(entitled(7, "Something else").with(func(x *told) { x.Source, x.GroupKey = "sentry", "pool" })),
		},
		"same alert name": {
			c: leak, pool: pool(entitled(7, "Something else").with(func(x *told) { x.Alert = "PoolFull" })),
			want: []IncidentID{7}, says: "same alert name",
		},
		"service and cause class alone say nothing": {
			c: leak, pool: pool(entitled(7, "Certificate expired").with(func(x *told) { x.Services, x.CauseClass = leak.Services, "capacity" })),
		},
		"an identical title that everybody writes is no identity": {
			c: entitled(50, "Incident: elevated errors"), pool: pool(entitled(7, "Incident: elevated errors")),
		},
		"nor is a text that everybody writes": {
			c:    told{Text{"Incident: elevated errors", "Investigating reports of degraded performance", nil, nil}, Candidate{Incident: 50}},
			pool: pool(told{Text{"Incident: elevated errors", "Reports of degraded performance", nil, nil}, Candidate{Incident: 7}}),
		},
		"under one heading the words of the text decide": {
			c: told{Text{"Incident: elevated errors", "Voucher replica stuck", nil, nil}, Candidate{Incident: 50}},
			pool: pool(
				told{Text{"Incident: elevated errors", "Certificate of the mail relay expired", nil, nil}, Candidate{Incident: 7}},
				told{Text{"Incident: elevated errors", "Stuck replica, vouchers rejected", nil, nil}, Candidate{Incident: 8}},
			),
			want: []IncidentID{8}, says: "words: voucher, replica, stuck, elevated",
		},
		"rare words before common ones": {
			c:    entitled(50, "Timeout in ledger export"),
			pool: pool(entitled(7, "Timeout timeout in search"), entitled(8, "Ledger export stuck")),
			want: []IncidentID{8}, says: "words: ledger, export",
		},
		"of one problem only the best": {
			c: leak, pool: pool(
				entitled(7, "DB pool exhausted").with(func(x *told) { x.Problem = 1 }),
				entitled(8, "DB pool exhausted on web-2").with(func(x *told) { x.Problem = 1 }),
				entitled(9, "DB pool down").with(func(x *told) { x.Problem = 2 }),
			),
			want: []IncidentID{8, 9}, says: "words: db, pool, exhausted, web",
		},
		"of equals the latest": {
			c: leak, pool: pool(
				entitled(7, "DB pool exhausted").with(func(x *told) { x.Problem = 1 }), entitled(9, "DB pool exhausted").with(func(x *told) { x.Problem = 1 }),
			),
			want: []IncidentID{9}, says: "words: db, pool, exhausted",
		},
		"of the same words the one that is not so long ago": {
			c: leak.with(func(x *told) { x.StartedAt = now }), pool: pool(
				entitled(8, "DB pool exhausted").with(func(x *told) { x.StartedAt = now.AddDate(-3, 0, 0) }),
				entitled(7, "DB pool exhausted").with(func(x *told) { x.StartedAt = now.AddDate(0, -1, 0) }),
			),
			want: []IncidentID{7, 8}, says: "words: db, pool, exhausted",
		},
		"what began later is not earlier": {
			c:    leak.with(func(x *told) { x.StartedAt = now }),
			pool: pool(entitled(7, leak.text.Title).with(func(x *told) { x.StartedAt = now.Add(time.Minute) })),
		},
		"somebody said it is not the same": {
			c: leak, pool: pool(entitled(7, leak.text.Title)), apart: []IncidentID{7},
		},
		"not itself, nor what is known to be the same": {
			c:    entitled(50, leak.text.Title).with(func(x *told) { x.Problem = 3 }),
			pool: pool(leak, entitled(7, leak.text.Title).with(func(x *told) { x.Problem = 3 })),
		},
		"no more than are asked for": {
			c:    leak,
			pool: pool(entitled(1, leak.text.Title), entitled(2, leak.text.Title), entitled(3, leak.text.Title), entitled(4, leak.text.Title), entitled(5, leak.text.Title), entitled(6, leak.text.Title)),
			want: []IncidentID{6, 5, 4, 3, 2}, says: "words: db, pool, exhausted, web",
		},
		"no words at all": {c: entitled(50, "the"), pool: pool(entitled(7, "the"))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, candidates, v := amongHundred(common, c.c, c.pool)
			found := Likely(asked, candidates, v, func(id IncidentID) bool { return slices.Contains(c.apart, id) }, MaxSuggestions)
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

func TestLikenessIsTheSameBothWaysAndNeverMoreThanOne(t *testing.T) {
	t.Parallel()
	texts := []Text{
		{Title: "DB pool exhausted on web-17", Summary: "Every worker waits for the pool."},
		{Title: "Pool exhausted", Summary: "pool pool pool pool"},
		{Title: "決済が停止"},
		{Title: "決済停止 on web17"},
		{Title: "4711"},
		{Title: "x", Summary: strings.Repeat("pool worker ", 5_000)},
		{},
	}
	for _, bearers := range []int{-1, 0, 1, 50, 1_000_000} {
		v := NewVocabulary(100)
		for n, word := range []string{"pool", "worker", "web17", "決済"} {
			v.Learn(Term(n+1), word, bearers)
		}
		for _, a := range texts {
			for _, b := range texts {
				x, y := weigh(v.Mentions(MentionsOf(a)), v), weigh(v.Mentions(MentionsOf(b)), v)
				there, _ := alike(x, y, v)
				back, _ := alike(y, x, v)
				if there != back || !(there >= 0 && there <= 1) {
					t.Errorf("%q and %q are alike by %v, and back by %v", a.Title, b.Title, there, back)
				}
			}
		}
	}
}
