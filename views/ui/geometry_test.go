package ui

import (
	"strings"
	"testing"
	"time"
)

func TestASpanEndsToday(t *testing.T) {
	t.Parallel()
	s := quarter()
	cases := map[string]struct {
		at   time.Time
		want float64
	}{
		"today":                {today, 98.8},
		"the window's begin":   {ago(90), 1.6},
		"half way":             {ago(45), 50.2},
		"before the window":    {ago(141), 1.6},
		"tomorrow":             {today.Add(day), 98.8},
		"the mock's tenth Sep": {ago(74), 18.88},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.X(c.at); got != c.want {
				t.Errorf("X is %v, want %v", got, c.want)
			}
		})
	}
}

func labels(ticks []Tick) string {
	var said []string
	for _, t := range ticks {
		label := t.Label
		if label == "" {
			label = "-"
		}
		if t.Wide {
			label += "*"
		}
		said = append(said, label)
	}
	return strings.Join(said, " ")
}

func TestMonthsOnTheAxis(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		now    time.Time
		window time.Duration
		months string
		weeks  int
	}{
		"a quarter":                      {today, Days90, "November October September", 13},
		"thirty days":                    {today, Days30, "November", 5},
		"half a year has short names":    {today, Days180, "Nov Oct Sep Aug Jul Jun", 0},
		"a year leaves out every second": {today, Year, "- Oct* Sep Aug* Jul Jun* May Apr* Mar Feb* Jan Dec*", 0},
		"a month that has just begun":    {time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC), Days90, "- November October", 13},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Span{Clock: Clock{Now: c.now}, Window: c.window}
			if got := labels(s.Months()); got != c.months {
				t.Errorf("months %s, want %s", got, c.months)
			}
			if got := len(s.Weeks()); got != c.weeks {
				t.Errorf("%d weeks, want %d", got, c.weeks)
			}
		})
	}
}

func TestTheCalendarFitsAnyWindow(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]time.Duration{
		"a week": 7 * day, "a month": 30 * day, "two months": 60 * day, "half a year": Days180, "a year": Year,
		"three years": 3 * Year, "ten years": 10 * Year, "forty years": 40 * Year,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ticks := Span{Clock: Clock{Now: today}, Window: window}.Calendar()
			if len(ticks) < 3 || len(ticks) > 15 {
				t.Errorf("%d lines: %s", len(ticks), labels(ticks))
			}
		})
	}
}

func TestTheSizeOfADiamond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		impact time.Duration
		want   float64
	}{
		"unknown": {0, 5.5}, "short": {minutes(22), 5.5}, "middling": {minutes(64), 8.5}, "long": {minutes(110), 11.1},
		"a whole day": {24 * time.Hour, 11.5}, "negative": {-time.Hour, 5.5},
	} {
		if got := DiamondSize(c.impact); got != c.want {
			t.Errorf("%s: %v px, want %v", name, got, c.want)
		}
	}
}

func TestMarksThatLieCloseBecomeOne(t *testing.T) {
	t.Parallel()
	at := func(days ...float64) []Mark {
		var all []Mark
		for _, d := range days {
			all = append(all, Mark{At: ago(d), Impact: minutes(10)})
		}
		return all
	}
	cases := map[string]struct {
		marks []Mark
		want  []int
	}{
		"far apart":                      {at(60, 40, 20), []int{1, 1, 1}},
		"two within a day and a half":    {at(40, 38.8), []int{2}},
		"three, then one":                {at(20, 19, 18.6, 2), []int{3, 1}},
		"daily ones do not become a row": {at(10, 9, 8, 7, 6, 5), []int{3, 3}},
		"none":                           {nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := diamonds(c.marks, quarter(), 0)
			if len(got) != len(c.want) {
				t.Fatalf("%d diamonds, want %d", len(got), len(c.want))
			}
			for i, d := range got {
				if d.count != c.want[i] {
					t.Errorf("diamond %d stands for %d, want %d", i, d.count, c.want[i])
				}
				if d.count > 1 && d.size != mergedSize {
					t.Errorf("a merged diamond of %v px", d.size)
				}
			}
		})
	}
}

func TestABar(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		bar   Bar
		check func(d drawing) bool
	}{
		"waiting reaches today":        {breaker(), func(d drawing) bool { b := d.blocks[0]; return b.x+b.width == trackTo && d.torn == nil }},
		"an open bar has its height":   {breaker(), func(d drawing) bool { return d.blocks[0].height == 15 }},
		"bumps are never merged":       {breaker(), func(d drawing) bool { return len(d.bumps) == 4 }},
		"cut where the window begins":  {expiry(), func(d drawing) bool { return d.torn != nil && d.blocks[0].x == trackFrom && d.blocks[0].width == 97.2 }},
		"its true age is in the title": {expiry(), func(d drawing) bool { return d.blocks[0].title == "waiting 141 d: 5 Jul to now" }},
		"finished work is thin":        {loadTest(), func(d drawing) bool { return d.blocks[0].height == 8 }},
		"verified is a solid line":     {loadTest(), func(d drawing) bool { return d.lines[0].class == "b-ver" && d.verified != nil && d.done != nil }},
		"a quiet period is dotted":     {timeout(), func(d drawing) bool { return d.lines[0] == drawnLine{72.88, trackTo, "b-quiet"} }},
		"a fix that did not hold": {pressure(), func(d drawing) bool {
			return d.failed != nil && d.verified == nil && len(d.diamonds) == 1 && len(d.after) == 0
		}},
		"a short wait is seen, on top":    {certificate(), func(d drawing) bool { b := d.blocks[1]; return b.width == shortest && b.class == "b-wait" }},
		"holes in the history: no bar":    {Bar{Incomplete: true, Segments: breaker().Segments}, func(d drawing) bool { return len(d.blocks) == 0 && d.incomplete }},
		"all of it before the window":     {Bar{Segments: []Segment{{From: ago(200), To: ago(150), State: Waiting}}, DoneAt: ago(150), VerifiedAt: ago(120)}, func(d drawing) bool { return len(d.blocks) == 0 && len(d.lines) == 0 && d.done == nil && d.torn == nil }},
		"reopened work is thick again":    {Bar{Segments: []Segment{{From: ago(50), To: ago(40), State: Working}, {From: ago(30), State: Waiting}}, DoneAt: ago(40), FailedAt: ago(30)}, func(d drawing) bool { return d.blocks[1].height == 15 && d.failed != nil }},
		"begun this minute":               {Bar{Segments: []Segment{{From: today, State: Waiting}}}, func(d drawing) bool { b := d.blocks[0]; return b.x == trackTo-shortest && b.width == shortest }},
		"many bumps: each second":         {Bar{Bumps: []time.Time{ago(10), ago(8), ago(6), ago(4), ago(2)}}, func(d drawing) bool { return len(d.bumps) == 3 }},
		"marks outside are left out":      {Bar{Marks: []Mark{{At: ago(100)}, {At: today.Add(day)}, {At: ago(3)}}}, func(d drawing) bool { return len(d.diamonds) == 1 }},
		"two failures after the same fix": {Bar{DoneAt: ago(40), FailedAt: ago(30), Marks: []Mark{{At: ago(30), After: true}, {At: ago(20), After: true}}}, func(d drawing) bool { return d.failed != nil && len(d.after) == 1 }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := c.bar.draw(quarter(), RowSize); !c.check(d) {
				t.Errorf("drawn as %+v", d)
			}
		})
	}
}

func TestTheStoryOfABar(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]Bar{
		"FU-31: waiting 74 d, recurred 4 times while waiting, 3 h 41 min of impact, 4 sprint bumps. Now waiting 74 d.":                       breaker(),
		"FU-25: waiting 30 d, working 11 d, recurred 1 time while waiting, 38 min of impact, recurred 1 time after the fix. Now fix failed.": pressure(),
		"FU-53: waiting 4 h 48 min, working 4 d, no recurrence. Now working 4 d.":                                                            certificate(),
		"FU-3: history incomplete, no recurrence.":                                                                                           {Ref: "FU-3", Incomplete: true},
	} {
		if got := b.story(today); got != want {
			t.Errorf("the story is %q, want %q", got, want)
		}
	}
}

func TestManyRows(t *testing.T) {
	t.Parallel()
	team := func(rows int) QueueTeam {
		return QueueTeam{Name: "A", Rows: make([]QueueRow, rows), All: "/queue?team=a"}
	}
	cases := map[string]struct {
		teams []QueueTeam
		dense bool
		shown int
		all   string
	}{
		"a few":        {[]QueueTeam{team(30)}, false, 30, ""},
		"thirty-one":   {[]QueueTeam{team(31)}, true, 31, ""},
		"sixty":        {[]QueueTeam{team(31), team(29)}, true, 31, ""},
		"over sixty":   {[]QueueTeam{team(31), team(30)}, true, 12, "Show all 31"},
		"small ones":   {[]QueueTeam{team(10), team(60)}, true, 10, ""},
		"none at all":  {[]QueueTeam{team(0)}, false, 0, ""},
		"exactly full": {[]QueueTeam{team(12), team(60)}, true, 12, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chart := NewQueueChart(quarter(), c.teams)
			first := chart.Teams[0]
			if chart.dense() != c.dense || len(first.Rows) != c.shown {
				t.Errorf("dense %v with %d rows", chart.dense(), len(first.Rows))
			}
			if c.all == "" && first.hidden != 0 || c.all != "" && first.showAll() != c.all {
				t.Errorf("%d hidden: %s", first.hidden, first.showAll())
			}
		})
	}
}

func TestGapsAreWrittenWhereTheyFit(t *testing.T) {
	t.Parallel()
	h := History{Clock: quarter().Clock, Occurrences: []Mark{{At: ago(200)}, {At: ago(120)}, {At: ago(119)}, {At: ago(60)}, {At: ago(20)}}}
	var said []string
	for _, g := range h.gaps(h.span()) {
		text := g.text
		if g.bold {
			text = "**" + text + "**"
		}
		said = append(said, text)
	}
	if got := strings.Join(said, " "); got != "**80 d** **59 d** **40 d**" {
		t.Errorf("gaps %s", got)
	}
	if got := (History{Clock: h.Clock}).story(); got != "No occurrence is known." {
		t.Errorf("an empty story: %s", got)
	}
}

func TestTheAxisOfALife(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 17, 2, 14, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		length time.Duration
		step   time.Duration
	}{
		"one moment": {0, time.Minute}, "ten minutes": {10 * time.Minute, 5 * time.Minute}, "an hour": {time.Hour, 15 * time.Minute},
		"a night": {8 * time.Hour, time.Hour}, "two days": {48 * time.Hour, 6 * time.Hour}, "three weeks": {21 * day, 7 * day},
		"a decade": {10 * Year, Year * 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := Life{Clock: quarter().Clock, Moments: []Moment{{Name: "Started", At: at}, {Name: "Restored", At: at.Add(c.length)}}}
			a := l.axis()
			if c.length < 9*Year && a.step != c.step {
				t.Errorf("steps of %v, want %v", a.step, c.step)
			}
			if a.from.After(at) || !a.to.After(at) && c.length > 0 {
				t.Errorf("from %v to %v", a.from, a.to)
			}
			if n := len(l.ticks(a)); n > 14 {
				t.Errorf("%d labels", n)
			}
		})
	}
}

func TestAgesFallIntoTheirBins(t *testing.T) {
	t.Parallel()
	bins := AgeBinsOf([]time.Duration{0, 7 * day, 8 * day, 14 * day, 15 * day, 30 * day, 31 * day, 90 * day, 91 * day}, []bool{0: true, 8: true})
	want := []AgeBin{{"0–7", 2, 1}, {"8–14", 2, 0}, {"15–30", 2, 0}, {"31–90", 2, 0}, {"over 90", 1, 1}}
	for i, b := range bins {
		if b != want[i] {
			t.Errorf("bin %+v, want %+v", b, want[i])
		}
	}
}

func TestATrendSaysWhenThereIsNone(t *testing.T) {
	t.Parallel()
	one := []Point{{Value: 1, Text: "1 h"}}
	for want, trend := range map[string]Trend{
		"no figures yet": {N: 9, Points: []Point{{Missing: true}}},
		"few":            {N: 4, Points: one},
	} {
		if trend.drawable() || trend.instead() != want {
			t.Errorf("drawable %v, %q", trend.drawable(), trend.instead())
		}
	}
	if !(Trend{N: 5, Points: one}).drawable() {
		t.Error("five cases are enough")
	}
	solid, dashed := sampleTrend().paths()
	if strings.Count(solid, "M") != 7 || strings.Count(dashed, "M") != 3 {
		t.Errorf("strokes %q and %q", solid, dashed)
	}
}

func TestNoChartLeavesItsBounds(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]QueueTimes{
		"ordinary": sampleTimes(), "years": {Waits: []time.Duration{day, 3 * Year}}, "none": {},
		"a thousand alike": {Waits: make([]time.Duration, 1000)},
	} {
		for _, d := range q.dots() {
			if d.x < 0 || d.x > 100 || d.y < 10 || d.y > 76 {
				t.Errorf("%s: a dot at %v", name, d)
			}
		}
	}
	for _, l := range []Loops{{}, {Verified: 1}, {Verified: 20, Nothing: 20}, {Verified: 54}} {
		for _, d := range l.dots() {
			if d.x < 0 || d.x > 100 || d.y > l.height() {
				t.Errorf("%+v: a mark at %v", l, d)
			}
		}
	}
}
