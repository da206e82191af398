package problem

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMentionsOf(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text Text
		want string // word, its mentions in the title, its mentions in the rest
	}{
		"title and text apart":                  {Text{Title: "Pool exhausted", Summary: "The pool, the pool"}, "exhaust 1 0, pool 1 2"},
		"labels and notes are text":             {Text{Labels: map[string]string{"alertname": "disk"}, Notes: []string{"**Disk** full"}}, "disk 0 2, full 0 1"},
		"English endings are left out":          {Text{Title: "Retries failing, errors mapped, processes crashed"}, "crash 1 0, error 1 0, fail 1 0, map 1 0, process 1 0, retry 1 0"},
		"but not what only looks like one":      {Text{Title: "Redis status: class ring red"}, "class 1 0, red 1 0, redis 1 0, ring 1 0, status 1 0"},
		"a number counts half":                  {Text{Title: "order 4711"}, "4711 0.5 0, order 1 0"},
		"a host's name is a word and an id":     {Text{Title: "web17"}, "web 1 0, web17 0.5 0"},
		"one digit may belong to a word":        {Text{Title: "http2 s3"}, "http2 1 0, s3 1 0"},
		"traces and moments never come twice":   {Text{Title: "trace 9f8e7d6c5b4a at 1764201600"}, "trac 1 0"},
		"a compound counts in its parts too":    {Text{Title: "ConnectionPool HTTPServer"}, "connection 0.5 0, connectionpool 1 0, http 0.5 0, httpserver 1 0, pool 0.5 0, server 0.5 0"},
		"a word in capitals is one word":        {Text{Title: "POOL"}, "pool 1 0"},
		"Chinese and Japanese in pairs":         {Text{Title: "決済停止"}, "停止 1 0, 決済 1 0, 済停 1 0"},
		"what stands between them by itself":    {Text{Title: "APIが停止"}, "api 1 0, が停 1 0, 停止 1 0"},
		"other scripts as they are":             {Text{Title: "Störung čekání ошибка"}, "störung 1 0, čekání 1 0, ошибка 1 0"},
		"broken bytes separate":                 {Text{Title: "pool\xff\xfeexhausted"}, "exhaust 1 0, pool 1 0"},
		"what is said very often is only often": {Text{Summary: strings.Repeat("pool ", 50)}, "pool 0 7.5"},
		"nothing":                               {Text{Title: "the of - ..."}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			mentions := MentionsOf(c.text)
			slices.SortFunc(mentions, func(a, b Mentions) int { return strings.Compare(a.Word, b.Word) })
			for _, m := range mentions {
				got = append(got, fmt.Sprint(m.Word, " ", m.Title, " ", m.Body))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), c.want)
			}
		})
	}
}

func TestSought(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"Pools exhausted": "pool exhaust", "web17": "web", "4711": "4711", "ConnectionPool": "connectionpool", "停止 pool": "停止 pool", "the": "", "": "",
	} {
		if got := strings.Join(Sought(query), " "); got != want {
			t.Errorf("%q asks for %q, want %q", query, got, want)
		}
	}
}

func FuzzMentionsOf(f *testing.F) {
	for _, text := range []string{"DB pool exhausted on web-17", "", "\xff\x00", "決済 停止 ٣٤", "ǅ İ ß 1a2b3c4d HTTPServer", "a\u0301\u0301 -_- 🔥 ｗｅｂ１７"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, title, body string) {
		mentions := MentionsOf(Text{Title: title, Summary: body})
		if len(mentions) > maxWords {
			t.Fatalf("%d words", len(mentions))
		}
		for n, m := range mentions {
			switch {
			case m.Word == "" || m.Written == "" || !utf8.ValidString(m.Word) || utf8.RuneCountInString(m.Word) > maxWordLength+2:
				t.Fatalf("%q is no word", m.Word)
			case slices.ContainsFunc(mentions[:n], func(other Mentions) bool { return other.Word == m.Word }):
				t.Fatalf("%q twice", m.Word)
			case m.Title < 0 || m.Body < 0 || m.Title+m.Body == 0 || m.Title > MaxMentions || m.Body > MaxMentions:
				t.Fatalf("%q is mentioned %v and %v times", m.Word, m.Title, m.Body)
			}
		}
		for _, word := range Sought(title) {
			if !slices.ContainsFunc(MentionsOf(Text{Title: title}), func(m Mentions) bool { return m.Word == word }) {
				t.Fatalf("%q is sought and not mentioned in %q", word, title)
			}
		}
	})
}
