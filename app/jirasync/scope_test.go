package jirasync

import "testing"

func TestCondition(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ jql, want string }{
		"without an order":           {"project = OPS", "project = OPS"},
		"with one":                   {"project = OPS ORDER BY Rank ASC", "project = OPS"},
		"in small letters and lines": {"project = OPS\norder  by rank", "project = OPS"},
		"after a parenthesis":        {"(project = OPS)order by rank", "(project = OPS)"},
		"an order alone":             {"ORDER BY rank", ""},
		"words in quotes":            {`summary ~ "order by phone" AND project = OPS ORDER BY rank`, `summary ~ "order by phone" AND project = OPS`},
		"a quote inside of quotes":   {`summary ~ "say \" order by " order by rank`, `summary ~ "say \" order by "`},
		"single quotes":              {`summary ~ 'order by mail'`, `summary ~ 'order by mail'`},
		"a field that begins so":     {"reorder by = 1", "reorder by = 1"},
		"letters of other lengths":   {"summary ~ İstanbul ORDER BY rank", "summary ~ İstanbul"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Condition(c.jql); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOpensAll(t *testing.T) {
	t.Parallel()
	for jql, want := range map[string]bool{
		"project = OPS": true, "(a = 1) OR (b = 2)": true, "a = 1) OR (b = 2": false, `a ~ ")" AND b = 1`: true, `a ~ "\")" AND b = 1`: true, ")": false,
	} {
		if got := opensAll(jql); got != want {
			t.Errorf("%s: got %v", jql, got)
		}
	}
}

func TestWhatCountsAsIncidentWork(t *testing.T) {
	t.Parallel()
	s := Scope{Labels: []string{"Incident", "hotfix"}, Types: []string{"Bug"}}
	cases := map[string]struct {
		labels []string
		kind   string
		want   bool
	}{
		"nothing says so":         {[]string{"web"}, "Story", false},
		"a label, in any letters": {[]string{"web", "incident"}, "Story", true},
		"a type":                  {nil, "bug", true},
		"one of our follow-ups":   {[]string{"upshot-abc"}, "Story", true},
		"no part of a label":      {[]string{"incidental"}, "Story", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.FromIncident(c.labels, c.kind, "upshot-abc"); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
