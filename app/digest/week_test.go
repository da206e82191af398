package digest

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWeeks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ begins, days, before, after string }{
		"2026-W47": {"2026-11-16", "16 to 22 November 2026", "2026-W46", "2026-W48"},
		"2026-W40": {"2026-09-28", "28 September to 4 October 2026", "2026-W39", "2026-W41"},
		"2026-W53": {"2026-12-28", "28 December 2026 to 3 January 2027", "2026-W52", "2027-W01"}, // 2026 has 53 weeks
		"2027-W01": {"2027-01-04", "4 to 10 January 2027", "2026-W53", "2027-W02"},
		"2025-W01": {"2024-12-30", "30 December 2024 to 5 January 2025", "2024-W52", "2025-W02"},
		"2020-W53": {"2020-12-28", "28 December 2020 to 3 January 2021", "2020-W52", "2021-W01"},
	}
	for text, c := range cases {
		w, err := ParseWeek(text)
		if err != nil || w.String() != text {
			t.Fatalf("%s is read as %s, %v", text, w, err)
		}
		if got := w.Begins(time.UTC).Format(time.DateOnly); got != c.begins || w.Days() != c.days || w.Before().String() != c.before || w.After().String() != c.after {
			t.Errorf("%s: begins %s, %q, between %s and %s", text, got, w.Days(), w.Before(), w.After())
		}
	}
	for _, text := range []string{"", "2026", "2026-47", "2026-W00", "2026-W54", "2025-W53", "-1-W01", "2026-Wxx", "99999-W01"} {
		if w, err := ParseWeek(text); err == nil {
			t.Errorf("%q is read as %s", text, w)
		}
	}
}

func TestAWeekIsTheZonesAndAsLongAsItsClocksMakeIt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		zone, week, begins string
		hours              float64
	}{
		"any week":                              {"Europe/Berlin", "2026-W47", "2026-11-15T23:00:00Z", 168},
		"the clocks go forward on its Sunday":   {"Europe/Berlin", "2026-W13", "2026-03-22T23:00:00Z", 167},
		"the week after":                        {"Europe/Berlin", "2026-W14", "2026-03-29T22:00:00Z", 168},
		"the clocks go back on its Sunday":      {"Europe/Berlin", "2026-W43", "2026-10-18T22:00:00Z", 169},
		"over the end of the year":              {"Asia/Tokyo", "2026-W53", "2026-12-27T15:00:00Z", 168},
		"where midnight is left out in between": {"America/Santiago", "2026-W36", "2026-08-31T04:00:00Z", 167},
	}
	for name, c := range cases {
		z := zone(t, c.zone)
		w, err := ParseWeek(c.week)
		if err != nil {
			t.Fatal(err)
		}
		if begins, hours := w.Begins(z), w.Ends(z).Sub(w.Begins(z)).Hours(); begins.UTC().Format(time.RFC3339) != c.begins || hours != c.hours {
			t.Errorf("%s: begins %s and has %g hours", name, begins.UTC().Format(time.RFC3339), hours)
		}
	}
}

func TestWhenALetterIsDue(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		when      When
		zone, now string
		week, due string
	}{
		"a minute before Monday 07:00, the week before's": {Monday7, "Europe/Lisbon", "2026-11-23T06:59:00Z", "2026-W46", "2026-11-16T07:00:00Z"},
		"on Monday 07:00": {Monday7, "Europe/Lisbon", "2026-11-23T07:00:00Z", "2026-W47", "2026-11-23T07:00:00Z"},
		"nine hours to the east it is due nine hours earlier": {Monday7, "Asia/Tokyo", "2026-11-22T22:00:00Z", "2026-W47", "2026-11-22T22:00:00Z"},
		"a minute earlier it is not":                          {Monday7, "Asia/Tokyo", "2026-11-22T21:59:00Z", "2026-W46", "2026-11-15T22:00:00Z"},
		"the whole week long it stays the latest":             {Monday7, "Europe/Lisbon", "2026-11-29T23:59:00Z", "2026-W47", "2026-11-23T07:00:00Z"},
		"the Monday after the clocks went forward":            {Monday7, "Europe/Lisbon", "2026-03-30T06:00:00Z", "2026-W13", "2026-03-30T06:00:00Z"},
		"the Monday after the clocks went back":               {Monday7, "Europe/Lisbon", "2026-10-26T07:00:00Z", "2026-W43", "2026-10-26T07:00:00Z"},
		"an hour before, which is 06:00":                      {Monday7, "Europe/Lisbon", "2026-10-26T06:00:00Z", "2026-W42", "2026-10-19T06:00:00Z"},
		"the first Monday after week 53":                      {Monday7, "Europe/Lisbon", "2027-01-04T07:00:00Z", "2026-W53", "2027-01-04T07:00:00Z"},
		"in week 53":                                          {Monday7, "Europe/Lisbon", "2026-12-31T12:00:00Z", "2026-W52", "2026-12-28T07:00:00Z"},
		"a time that summer time leaves out":                  {When{time.Sunday, 90}, "Europe/Lisbon", "2026-03-29T01:30:00Z", "2026-W12", "2026-03-29T01:30:00Z"},
		"a team that wants Friday afternoon":                  {When{time.Friday, 16 * 60}, "Europe/Lisbon", "2026-11-27T16:00:00Z", "2026-W47", "2026-11-27T16:00:00Z"},
		"on its Thursday":                                     {When{time.Friday, 16 * 60}, "Europe/Lisbon", "2026-11-26T16:00:00Z", "2026-W46", "2026-11-20T16:00:00Z"},
		"a team that wants Sunday":                            {When{time.Sunday, 0}, "Europe/Lisbon", "2026-11-29T00:00:00Z", "2026-W47", "2026-11-29T00:00:00Z"},
	}
	for name, c := range cases {
		z := zone(t, c.zone)
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		w := c.when.Latest(now, z)
		if due := c.when.Due(w, z).UTC().Format(time.RFC3339); w.String() != c.week || due != c.due {
			t.Errorf("%s: %s, due %s; want %s, %s", name, w, due, c.week, c.due)
		}
	}
}

func TestParseWhen(t *testing.T) {
	t.Parallel()
	if h, err := ParseWhen("5", "16:30"); err != nil || h != (When{time.Friday, 990}) || h.String() != "Friday 16:30" {
		t.Errorf("got %s, %v", h, err)
	}
	for _, given := range [][2]string{{"7", "07:00"}, {"-1", "07:00"}, {"1", "25:00"}, {"1", ""}, {"Monday", "7"}} {
		if _, err := ParseWhen(given[0], given[1]); err == nil {
			t.Errorf("%v is taken", given)
		}
	}
}
