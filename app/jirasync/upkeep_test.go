package jirasync

import (
	"slices"
	"testing"

	"upshot/app/ticket"
)

func TestDoubles(t *testing.T) {
	t.Parallel()
	issue := func(id string, labels ...string) Issue {
		return Issue{Ticket: ticket.Ticket{IssueID: id, Labels: labels}}
	}
	cases := map[string]struct {
		issues []Issue
		want   []string
	}{
		"each has its own mark":              {[]Issue{issue("1", "upshot-x1-f-1"), issue("2", "upshot-x1-f-2")}, nil},
		"the lower number is kept, 9 not 10": {[]Issue{issue("10", "upshot-x1-f-1"), issue("9", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 9 and 10"}},
		"three of one":                       {[]Issue{issue("3", "upshot-x1-f-1"), issue("1", "upshot-x1-f-1"), issue("2", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 1 and 2", "upshot-x1-f-1: 1 and 3"}},
		"an issue that came on two pages is still one": {
			[]Issue{issue("9", "upshot-x1-f-1"), issue("10", "upshot-x1-f-1"), issue("9", "upshot-x1-f-1"), issue("10", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 9 and 10"},
		},
		"numbers longer than a machine's": {
			[]Issue{issue("100000000000000000001", "upshot-x1-f-1"), issue("99999999999999999999", "upshot-x1-f-1")}, []string{"upshot-x1-f-1: 99999999999999999999 and 100000000000000000001"},
		},
		"the common label is no mark":        {[]Issue{issue("1", "upshot-x1"), issue("2", "upshot-x1")}, nil},
		"another installation is not ours":   {[]Issue{issue("1", "upshot-y2-f-1"), issue("2", "upshot-y2-f-1")}, nil},
		"an issue that two follow-ups share": {[]Issue{issue("1", "upshot-x1-f-1", "upshot-x1-f-2")}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Doubles(c.issues, "x1") {
				got = append(got, d.Mark+": "+d.Keep.IssueID+" and "+d.Other.IssueID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
