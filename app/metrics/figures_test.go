package metrics

import (
	"testing"
	"time"
)

func TestSummarise(t *testing.T) {
	t.Parallel()
	minutes := func(ns ...int) []time.Duration {
		var d []time.Duration
		for _, n := range ns {
			d = append(d, time.Duration(n)*time.Minute)
		}
		return d
	}
	m := time.Minute
	cases := map[string]struct {
		lengths []time.Duration
		want    Summary
	}{
		"none":                         {nil, Summary{}},
		"one":                          {minutes(7), Summary{1, 7 * m, 7 * m, 7 * m, 420}},
		"two: half-way between":        {minutes(10, 5), Summary{2, 7*m + 30*time.Second, 10 * m, 7*m + 30*time.Second, 900}},
		"ten: the ninth is the p90":    {minutes(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), Summary{10, 5*m + 30*time.Second, 9 * m, 5*m + 30*time.Second, 3300}},
		"eleven: the tenth is the p90": {minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Summary{11, 6 * m, 10 * m, 6 * m, 3960}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Summarise(c.lengths); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	if got := Percentile(minutes(1, 2, 3, 4), 50); got != 2*m {
		t.Errorf("p50 by nearest rank: got %v, want 2m", got)
	}
}

func TestNothingIsDividedByZero(t *testing.T) {
	t.Parallel()
	if _, ok := (Flow{}).Share().Rate(); ok {
		t.Error("a rate of nothing is no number")
	}
	if rate, ok := (Cohort{Occurrences: 4, Followed: 1}).Share().Rate(); !ok || rate != 0.25 {
		t.Errorf("got %v, %v", rate, ok)
	}
	if !Few(4) || Few(5) {
		t.Error("fewer than five is few")
	}
}
