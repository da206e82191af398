package metrics

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"upshot/app/ticket"
)

// cycleNow is the day that the tests of cycle time look back from; ago counts days before it.
var cycleNow = time.Date(2026, time.November, 27, 12, 0, 0, 0, time.UTC)

func ago(days float64) time.Time {
	return cycleNow.Add(-time.Duration(days * float64(24*time.Hour)))
}

// finished is an issue that was in progress for so many days without a break, until so many days ago.
func finished(took, daysAgo float64, change ...func(*WorkIssue)) WorkIssue {
	i := WorkIssue{CreatedAt: ago(daysAgo + took + 10), Work: ticket.Work{
		StartedAt: ago(daysAgo + took), DoneAt: ago(daysAgo), Working: []ticket.Stretch{{From: ago(daysAgo + took), To: ago(daysAgo)}},
	}}
	for _, c := range change {
		c(&i)
	}
	return i
}

func fromIncident(i *WorkIssue) { i.FromIncident = true }
func skipped(i *WorkIssue)      { i.StartedAt, i.Working = time.Time{}, nil }
func declined(i *WorkIssue)     { i.Declined = true }
func withheld(i *WorkIssue)     { i.Withheld, i.StartedAt, i.Working = true, time.Time{}, nil }

// reopened: it was done after its first day, waited, and was worked on again on its last.
func reopened(i *WorkIssue) {
	i.Reopened = 1
	i.Working = []ticket.Stretch{{From: i.StartedAt, To: i.StartedAt.Add(24 * time.Hour)}, {From: i.DoneAt.Add(-24 * time.Hour), To: i.DoneAt}}
}

// tookDays are issues that took so many days each, finished one a day, yesterday first.
func tookDays(took ...float64) []WorkIssue {
	var all []WorkIssue
	for n, d := range took {
		all = append(all, finished(d, float64(n+1)))
	}
	return all
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.0005 }

func TestCycleTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	eight := tookDays(3, 1, 2, 8, 4, 6, 5, 7)
	type want struct {
		n               int
		p50, p85        time.Duration
		predictability  float64 // 0: "few"
		variation       float64
		interrupted     Share
		interruptedTime float64
		skipped         int
		declined        int
		withheld        int
		reopened        int
	}
	cases := map[string]struct {
		issues []WorkIssue
		want   want
	}{
		"nothing was finished": {nil, want{}},
		"seven are few": {
			tookDays(1, 2, 3, 4, 5, 6, 7),
			want{n: 7, p50: 4 * day, p85: 6 * day, interrupted: Share{0, 7}},
		},
		// 1 to 8 days: the 4th and the 7th; 7 ÷ 4; mean 4.5, variance 5.25
		"eight are enough": {eight, want{n: 8, p50: 4 * day, p85: 7 * day, predictability: 1.75, variation: 0.5092, interrupted: Share{0, 8}}},
		"all alike is the ideal": {
			tookDays(2, 2, 2, 2, 2, 2, 2, 2),
			want{n: 8, p50: 2 * day, p85: 2 * day, predictability: 1, interrupted: Share{0, 8}},
		},
		"one that skipped the work is counted apart, and was finished": {
			append(tookDays(1, 2, 3, 4, 5, 6, 7), finished(9, 1, skipped)),
			want{n: 7, p50: 4 * day, p85: 6 * day, interrupted: Share{0, 8}, skipped: 1},
		},
		// 10 days from the first start to the final done, of which it was worked on for two: ranks 5 and 8 of 9, mean 46 ÷ 9, variance 7.654
		"reopened time is inside, and was no work": {
			append(slices.Clone(eight), finished(10, 1, reopened, fromIncident)),
			want{n: 9, p50: 5 * day, p85: 8 * day, predictability: 1.6, variation: 0.5413, interrupted: Share{1, 9}, interruptedTime: 2.0 / 38, reopened: 1},
		},
		"what was declined, or cannot be told, was not finished": {
			append(slices.Clone(eight), finished(30, 1, declined), finished(30, 1, withheld)),
			want{n: 8, p50: 4 * day, p85: 7 * day, predictability: 1.75, variation: 0.5092, interrupted: Share{0, 8}, declined: 1, withheld: 1},
		},
		// eight of one day and two of two: mean 1.2, variance 0.16
		"two of ten were made by incidents, and a quarter of the time": {
			append(tookDays(1, 1, 1, 1, 1, 1, 1, 2), finished(1, 1, fromIncident), finished(2, 2, fromIncident)),
			want{n: 10, p50: day, p85: 2 * day, predictability: 2, variation: 0.3333, interrupted: Share{2, 10}, interruptedTime: 0.25},
		},
		"one finished nine weeks ago is no longer in it": {
			append(slices.Clone(eight), finished(100, 57)),
			want{n: 8, p50: 4 * day, p85: 7 * day, predictability: 1.75, variation: 0.5092, interrupted: Share{0, 8}},
		},
		"one that goes on is not in it": {
			append(slices.Clone(eight), finished(20, 1, func(i *WorkIssue) { i.DoneAt = time.Time{} })),
			want{n: 8, p50: 4 * day, p85: 7 * day, predictability: 1.75, variation: 0.5092, interrupted: Share{0, 8}},
		},
		"half of them took no time: no ratio": {
			tookDays(0, 0, 0, 0, 1, 1, 1, 1),
			want{n: 8, p85: day, variation: 1, interrupted: Share{0, 8}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := CycleTimeOf(c.issues, Query{Now: cycleNow}).CycleFigures
			predictability, enough := f.Predictability()
			variation, _ := f.Variation()
			interrupted, _ := f.InterruptedTime()
			if f.N != c.want.n || f.P50 != c.want.p50 || f.P85 != c.want.p85 || len(f.Lengths) != f.N {
				t.Errorf("n %d, P50 %s, P85 %s; want %+v", f.N, f.P50, f.P85, c.want)
			}
			if !near(predictability, c.want.predictability) || enough != (c.want.predictability > 0) || !near(variation, c.want.variation) {
				t.Errorf("predictability %v, variation %v; want %+v", predictability, variation, c.want)
			}
			if f.Interrupted != c.want.interrupted || !near(interrupted, c.want.interruptedTime) {
				t.Errorf("interrupted %+v, %v of the time; want %+v", f.Interrupted, interrupted, c.want)
			}
			if f.Skipped != c.want.skipped || f.Declined != c.want.declined || f.Withheld != c.want.withheld || f.Reopened != c.want.reopened {
				t.Errorf("skipped %d, declined %d, withheld %d, reopened %d; want %+v", f.Skipped, f.Declined, f.Withheld, f.Reopened, c.want)
			}
		})
	}
}

func TestCycleTimeOfAPeriodAndItsSeries(t *testing.T) {
	t.Parallel()
	issues := []WorkIssue{finished(1, 100), finished(3, 60), finished(5, 30), finished(7, 2)}
	c := CycleTimeOf(issues, Query{From: ago(40), To: ago(-10), Bucket: Month, Now: cycleNow})
	if c.N != 2 || c.P50 != 5*24*time.Hour || !c.To.Equal(cycleNow) || !c.From.Equal(ago(56)) {
		t.Errorf("the trailing weeks: %+v", c)
	}
	if c.Period.N != 2 {
		t.Errorf("the period: %+v", c.Period)
	}
	// 30 days ago is 28 October, 2 days ago 25 November. At the end of October the issue of 60 days ago was within 8 weeks.
	if len(c.Series) != 2 || c.Series[0].Name != "2026-10" || c.Series[0].N != 2 || c.Series[1].Name != "2026-11" || c.Series[1].N != 2 {
		t.Errorf("the series: %+v", c.Series)
	}
}

func TestLateAddedShareOfASprint(t *testing.T) {
	t.Parallel()
	sprint := ticket.Sprint{ID: "7", State: ticket.ActiveSprint, StartedAt: ago(10)}
	in := func(from, to float64, change ...func(*WorkIssue)) WorkIssue {
		stay := ticket.Stay{Sprint: "7", Stretch: ticket.Stretch{From: ago(from)}}
		if to > 0 {
			stay.To = ago(to)
		}
		i := WorkIssue{CreatedAt: ago(50), Work: ticket.Work{Sprints: []ticket.Stay{stay}}}
		for _, c := range change {
			c(&i)
		}
		return i
	}
	var planned []WorkIssue
	for range 8 {
		planned = append(planned, in(12, 0))
	}
	ten := append(slices.Clone(planned), in(9, 0, fromIncident), in(3, 1, fromIncident))
	cases := map[string]struct {
		issues []WorkIssue
		late   Share
		other  int
	}{
		"2 of 10 were added late":       {ten, Share{2, 10}, 0},
		"planned before it began":       {append(slices.Clone(planned), in(11, 0, fromIncident)), Share{0, 9}, 0},
		"taken out before it began":     {append(slices.Clone(ten), in(14, 11)), Share{2, 10}, 0},
		"taken out after it began":      {append(slices.Clone(ten), in(14, 5)), Share{2, 11}, 0},
		"added late, and no incident's": {append(slices.Clone(ten), in(2, 0)), Share{2, 11}, 1},
		"finished before it began":      {append(slices.Clone(ten), in(14, 0, func(i *WorkIssue) { i.DoneAt = ago(12) })), Share{2, 10}, 0},
		"taken out and put in again is once": {append(slices.Clone(ten), in(14, 5, func(i *WorkIssue) {
			i.Sprints = append(i.Sprints, ticket.Stay{Sprint: "7", Stretch: ticket.Stretch{From: ago(3)}})
		})), Share{2, 11}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loads, unknown := SprintLoads(c.issues, []ticket.Sprint{sprint}, cycleNow)
			if len(loads) != 1 || loads[0].Late != c.late || loads[0].LateOther != c.other || unknown != 0 {
				t.Errorf("got %+v and %d unknown, want %+v", loads, unknown, c.late)
			}
		})
	}
	loads, _ := SprintLoads(ten, []ticket.Sprint{sprint}, cycleNow)
	if share, ok := loads[0].Late.Rate(); !ok || !near(share, 0.2) {
		t.Errorf("2 of 10 is %v", share)
	}
}

func TestSprintsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	sprints := []ticket.Sprint{
		{ID: "6", State: ticket.ClosedSprint, StartedAt: ago(24)},
		{ID: "7", State: ticket.ActiveSprint, StartedAt: ago(10)},
		{ID: "8", State: ticket.FutureSprint},
		{ID: "5", State: ticket.ClosedSprint},
		{ID: "4", State: ticket.ClosedSprint, StartedAt: ago(40)},
	}
	// Worked on for 20 days without a break, 14 of them in sprint 6 and the rest in 7, into which it was taken along.
	i := WorkIssue{CreatedAt: ago(30), FromIncident: true, Work: ticket.Work{
		StartedAt: ago(24), Working: []ticket.Stretch{{From: ago(24), To: ago(4)}},
		Sprints: []ticket.Stay{{Sprint: "6", Stretch: ticket.Stretch{From: ago(25)}}, {Sprint: "7", Stretch: ticket.Stretch{From: ago(10)}}},
	}}
	loads, unknown := SprintLoads([]WorkIssue{i}, sprints, cycleNow)
	if unknown != 1 || len(loads) != 2 || loads[0].ID != "7" || loads[1].ID != "6" {
		t.Fatalf("got %+v, %d unknown", loads, unknown)
	}
	if loads[0].OnIncidents != 6*24*time.Hour || loads[1].OnIncidents != 14*24*time.Hour {
		t.Errorf("got %s and %s", loads[0].OnIncidents, loads[1].OnIncidents)
	}
	if loads[0].Late != (Share{0, 1}) { // taken along at the very beginning
		t.Errorf("got %+v", loads[0].Late)
	}
}

func TestIncidentLoadAndItsForecast(t *testing.T) {
	t.Parallel()
	// Arrived in the eight weeks, oldest first: 0 1 0 2 1 3 0 1; sorted 0 0 0 1 1 1 2 3: the 4th is 1, the 7th is 2.
	var issues []WorkIssue
	for week, n := range []int{0, 1, 0, 2, 1, 3, 0, 1} {
		for k := range n {
			created := ago(float64(7*(8-week)) - 1)
			issues = append(issues, WorkIssue{ID: strconv.Itoa(10*week + k), CreatedAt: created, FromIncident: true})
		}
	}
	issues[0].Working = []ticket.Stretch{{From: ago(24), To: ago(18)}} // three days before and three after the change of weeks 21 days ago
	issues[1].Working = []ticket.Stretch{{From: ago(2)}}               // it goes on
	issues = append(issues, WorkIssue{CreatedAt: ago(1)}, finished(20, 1), WorkIssue{CreatedAt: ago(100), FromIncident: true})
	l := IncidentLoadOf(issues, cycleNow)
	const day = 24 * time.Hour
	if l.Arrived != 8 || !l.Enough() || l.ArrivedFrom != 1 || l.ArrivedTo != 2 || l.OnIncidents != 8*day || l.OnIncidentsFrom != 0 || l.OnIncidentsTo != 3*day {
		t.Errorf("got %+v", l)
	}
	if len(l.Weeks) != 8 || l.Weeks[4].OnIncidents != 3*day || l.Weeks[5].OnIncidents != 3*day || l.Weeks[7].OnIncidents != 2*day {
		t.Errorf("the weeks: %+v", l.Weeks)
	}
	if IncidentLoadOf(issues[:3], cycleNow).Enough() {
		t.Error("three are enough")
	}
}
