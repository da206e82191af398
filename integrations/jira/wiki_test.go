package jira

import (
	"strings"
	"testing"
	"unicode/utf8"

	"upshot/app/jirasync"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, want string }{
		"plain words stay":              {"Checkout fails for 3 % of users.", "Checkout fails for 3 % of users."},
		"nobody is called":              {"[~accountid:5b10] and @ada", `\[\~accountid:5b10\] and \@ada`},
		"no picture is shown":           {"!http://evil.example/x.png!", `\!http://evil.example/x.png\!`},
		"no macro runs":                 {"{code}rm{code} {html}", `\{code\}rm\{code\} \{html\}`},
		"no link is made":               {"[here|http://evil.example]", `\[here\|http://evil.example\]`},
		"no heading, list, quote, rule": {"h1. A\n# b\n- c\nbq. d\n----", "\\h1. A\n\\# b\n\\- c\n\\bq. d\n\\----"},
		"no table":                      {"||a||", `\|\|a\|\|`},
		"a backslash in a path stays":   {`C:\temp\7\ü`, `C:\temp\7\ü`},
		"a backslash breaks no line":    {`\\host\share\`, `&#92;\host\share&#92;`},
		// Jira heeds no backslash that has another one before it, so one in the text must not come first.
		"a backslash guards nothing away":                        {`\[~mira\] \!x!`, `&#92;\[\~mira&#92;\] &#92;\!x\!`},
		"no little pictures":                                     {"(x) is off :-) ;) (2) (on call)", `\(x) is off :\-) ;\) (2) (on call)`},
		"nothing is struck through":                              {"-gone- (-5 %)", `\-gone- (\-5 %)`},
		"hyphens stay in words, options of commands are guarded": {"re-run --fast -v a - b", `re-run --fast \-v a - b`},
		"and in addresses":                                       {"https://git.example/a/-/b", "https://git.example/a/-/b"},
		"carriage returns go":                                    {"a\r\nb", "a\nb"},
		"bytes that are no text go":                              {"a\xffb", "ab"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Escape(c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	p := jirasync.Packet{
		Ref: "FU-7", URL: "https://upshot.example/followups/FU-7", Promise: "test, to prevent", Detail: "Do {it}", DueOn: "2026-04-01",
		History:     []string{"It happened twice so far."},
		Incidents:   []jirasync.PacketIncident{{Ref: "INC-1", URL: "https://upshot.example/incidents/INC-1", Title: "Down!", Facts: []string{"SEV1"}, Labels: []string{"source: pager"}, Timeline: []string{"12:00 UTC started"}, Tried: "restart"}},
		Deployments: []string{"shop 1.2"}, Learnt: []string{"cause: cache"}, Links: []jirasync.PacketLink{{Name: "FU-7", URL: "https://upshot.example/followups/FU-7"}}, FrozenAt: noon,
	}
	got := Markup{}.Describe(p)
	for _, part := range []string{
		"[FU-7|https://upshot.example/followups/FU-7] promises this change: test, to prevent.", "due on 2026-04-01", `Do \{it\}`, "It happened twice", "Timeline: 12:00 UTC started", "Alert: source: pager",
		"Tried: restart", "* shop 1.2", "* cause: cache", `Down\!`, "Written by Upshot on 2026-03-02 12:00 UTC",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("it lacks %q:\n%s", part, got)
		}
	}
	p.Detail = strings.Repeat("語 ", textMax)
	got = Markup{}.Describe(p)
	if n := utf8.RuneCountInString(got); n > textMax || !strings.Contains(got, "The rest is at [FU-7|") || !strings.Contains(got, "Written by Upshot") {
		t.Errorf("%d characters, ending with %q", n, got[len(got)-200:])
	}
}

// unguarded are the places of characters that markup is made of and that Jira takes for it: no backslash stands before them, or one
// that has another before it.
func unguarded(text string) (places []int) {
	for at, r := range text {
		guard := at > 0 && text[at-1] == '\\' && (at == 1 || text[at-2] != '\\')
		if strings.ContainsRune("{}[]!|*^~+@_", r) && !guard {
			places = append(places, at)
		}
	}
	return places
}

func TestNamesOfLinks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ name, url, want string }{
		"plain":                   {"FU-7", "https://upshot.example/x", "[FU-7|https://upshot.example/x]"},
		"brackets, bars and more": {"P-1 [a|b] *c*\nd", "https://upshot.example/a b|c]", `[P-1 (a/b) \*c\* d|https://upshot.example/a%20b%7Cc%5D]`},
		"a backslash at the end":  {`P-1 C:\`, "https://upshot.example/x", `[P-1 C:&#92;|https://upshot.example/x]`},
		"somebody's name":         {"~mira", "https://upshot.example/x", `[\~mira|https://upshot.example/x]`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := link(c.name, c.url); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	got := Markup{}.Note([]jirasync.NoteLine{
		{Ref: "FU-7", URL: "https://upshot.example/followups/FU-7", Line: "waiting 21 d · recurred 3 times"},
		{Ref: "FU-9", URL: "https://upshot.example/followups/FU-9", Line: "done", Because: `It came back: {code} by [~mira]`},
	})
	want := "[FU-7|https://upshot.example/followups/FU-7]: waiting 21 d · recurred 3 times\n\n" +
		"[FU-9|https://upshot.example/followups/FU-9]: done\n" + `It came back: \{code\} by \[\~mira\]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (Markup{}).Note(nil); got != "" {
		t.Errorf("nothing to say is said as %q", got)
	}
}

// What people wrote reaches Jira in many places of a description; in none of them is it markup.
func TestDescribeKeepsEveryTextPlain(t *testing.T) {
	t.Parallel()
	const evil = `\[~accountid:5b10\] \!http://evil.example/x.png\! \{code\} {html} @ada *b* _i_`
	p := jirasync.Packet{
		Ref: "FU-7", URL: "https://upshot.example/FU-7", Promise: evil, Detail: evil, History: []string{evil}, Deployments: []string{evil}, Learnt: []string{evil}, FrozenAt: noon,
		Incidents: []jirasync.PacketIncident{{Ref: "INC-1", URL: "https://upshot.example/INC-1", Title: evil, Facts: []string{evil}, Labels: []string{evil}, Timeline: []string{evil}, Tried: evil}},
		Links:     []jirasync.PacketLink{{Name: evil, URL: "https://upshot.example/P-1"}},
	}
	got := Markup{}.Describe(p)
	// What is ours: links and the marks of lists.
	for _, ours := range []string{"[FU-7|https://upshot.example/FU-7]", "[INC-1|https://upshot.example/INC-1]", "|https://upshot.example/P-1]", "\n* ["} {
		if !strings.Contains(got, ours) {
			t.Fatalf("it lacks %q:\n%s", ours, got)
		}
		got = strings.ReplaceAll(got, ours, "\n")
	}
	got = strings.ReplaceAll(got, "\n* ", "\n")
	for _, at := range unguarded(got) {
		t.Errorf("%q is markup", got[max(0, at-20):min(len(got), at+20)])
	}
}

func TestADescriptionThatJustFitsIsWhole(t *testing.T) {
	t.Parallel()
	p := jirasync.Packet{Ref: "FU-7", URL: "https://upshot.example/FU-7", Promise: "test, to prevent", FrozenAt: noon, Detail: "x"}
	room := textMax - utf8.RuneCountInString(Markup{}.Describe(p))
	for more, whole := range map[int]bool{room: true, room + 1: false} {
		p.Detail = "x" + strings.Repeat("語", more)
		got := Markup{}.Describe(p)
		if n := utf8.RuneCountInString(got); n > textMax || whole && n != textMax || whole == strings.Contains(got, "The rest is at") {
			t.Errorf("%d more: %d characters, ending with %q", more, n, got[len(got)-120:])
		}
	}
}

// FuzzEscape: nothing of somebody's text is markup, and none of it is lost.
func FuzzEscape(f *testing.F) {
	for _, text := range []string{"[~ada] {code} !x! h1. \\", `\[~ada\] \\ \!x!`, "- a\n\f# b\r\n---- :-) (x)", "\xff\\\xff["} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Escape(text)
		if places := unguarded(got); len(places) > 0 {
			t.Fatalf("%q is markup in %q", got[places[0]], got)
		}
		if strings.Contains(got, `\\`) {
			t.Fatalf("a line is broken in %q", got)
		}
		bare := strings.NewReplacer(`\`, "", "&#92;", "")
		if said := strings.ToValidUTF8(strings.ReplaceAll(text, "\r", ""), ""); !strings.Contains(text, "&#") && bare.Replace(got) != bare.Replace(said) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
