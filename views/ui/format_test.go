package ui

import (
	"math"
	"testing"
	"time"
)

func span(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestDuration(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		in               time.Duration
		short, sum, full string
	}{
		"none":                       {0, "0", "0", "0"},
		"a few seconds":              {span("40s"), "under 1 min", "under 1 min", "40 s"},
		"minutes":                    {span("48m20s"), "48 min", "48 min", "48 min 20 s"},
		"just below the hour":        {span("59m59s"), "59 min", "59 min", "59 min 59 s"},
		"a round hour":               {span("3h"), "3 h", "3 h", "3 h"},
		"hours keep minutes to ten":  {span("9h59m"), "9 h 59 min", "9 h 59 min", "9 h 59 min"},
		"from ten, a sum keeps them": {span("11h54m"), "11 h", "11 h 54 min", "11 h 54 min"},
		"hours to two days":          {span("33h30m"), "33 h", "33 h 30 min", "1 d 9 h 30 min"},
		"days with hours to ten":     {span("54h10m"), "2 d 6 h", "54 h 10 min", "2 d 6 h 10 min"},
		"then days":                  {74*day + 5*time.Hour, "74 d", "1,781 h", "74 d 5 h"},
		"negative":                   {-span("5m"), "−5 min", "−5 min", "−5 min"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, x := range [][2]string{{Duration(c.in), c.short}, {Sum(c.in), c.sum}, {Exact(c.in), c.full}} {
				if x[0] != x[1] {
					t.Errorf("got %q, want %q", x[0], x[1])
				}
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ got, want string }{
		"a share":                 {Share(17, 58), "29\u202f%"},
		"a small share":           {Share(9, 127), "7.1\u202f%"},
		"a small whole share":     {Share(1, 20), "5\u202f%"},
		"no share":                {Share(0, 20), "0\u202f%"},
		"all":                     {Share(20, 20), "100\u202f%"},
		"of nothing":              {Share(0, 0), "n/a"},
		"part of a whole":         {PartOf(17, 1058), "17 of 1,058"},
		"thousands":               {Thousands(1204), "1,204"},
		"millions":                {Thousands(1204567), "1,204,567"},
		"three digits":            {Thousands(204), "204"},
		"below zero":              {Thousands(-1204), "−1,204"},
		"the lowest":              {Thousands(int64(math.MinInt64)), "−9,223,372,036,854,775,808"},
		"times":                   {Times(4), "4×"},
		"first":                   {Ordinal(1), "1st"},
		"eleventh":                {Ordinal(11), "11th"},
		"twenty-second":           {Ordinal(22), "22nd"},
		"hundred and thirteenth":  {Ordinal(113), "113th"},
		"one fix":                 {Plural(1, "fix", "fixes"), "1 fix"},
		"no fixes":                {Plural(0, "fix", "fixes"), "0 fixes"},
		"a number in words":       {Sentence(InWords(5)), "Five"},
		"a number beyond words":   {InWords(13), "13"},
		"minutes alone":           {Minutes(span("3h41m")), "221 min"},
		"a sentence of an umlaut": {Sentence("übung"), "Übung"},
		"an empty sentence":       {Sentence(""), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	c := Clock{Zone: berlin, Now: now}
	at := time.Date(2026, 11, 17, 2, 14, 0, 0, time.UTC)
	cases := map[string]struct{ got, want string }{
		"this year":                    {c.Moment(at), "17 Nov 03:14"},
		"another year":                 {c.Moment(at.AddDate(-1, 0, 0)), "17 Nov 2025 03:14"},
		"this year only there":         {c.Day(time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC)), "1 Jan"},
		"a long day":                   {c.LongDay(at), "Tue 17 Nov 2026"},
		"the hour":                     {c.Hour(at), "03:14"},
		"unknown":                      {c.Moment(time.Time{}), "n/a"},
		"in a field":                   {c.Input(at), "2026-11-17T03:14"},
		"unknown in a field":           {c.Input(time.Time{}), ""},
		"for programs":                 {c.When(at).UTC, "2026-11-17T02:14:00Z"},
		"in full":                      {c.When(at).Title, "Tue 17 Nov 2026 03:14:00 CET, 6 d 7 h ago"},
		"in full, ahead":               {c.When(now.Add(time.Hour)).Title, "Mon 23 Nov 2026 11:30:00 CET"},
		"the zone":                     {c.Name(), "Europe/Berlin (UTC+1)"},
		"no zone":                      {Clock{Now: now}.Name(), "UTC"},
		"a zone with minutes, west":    {Clock{Zone: time.FixedZone("X", -(3*3600 + 1800)), Now: now}.Name(), "X (UTC−3:30)"},
		"age":                          {Age(at, now), "6 d 7 h"},
		"age of an unknown":            {Age(time.Time{}, now), "n/a"},
		"a moment ago":                 {Ago(now, now), "just now"},
		"an unknown moment's ago":      {Ago(time.Time{}, now), "n/a"},
		"an unknown moment is nothing": {c.When(time.Time{}).Text, ""},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if x.got != x.want {
				t.Errorf("got %q, want %q", x.got, x.want)
			}
		})
	}
}
