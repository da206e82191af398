package ui

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var update = flag.Bool("update", false, "write the golden files anew")

var today = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func ago(days float64) time.Time { return today.Add(-time.Duration(days * float64(day))) }

func quarter() Span { return Span{Clock: Clock{Zone: time.UTC, Now: today}, Window: Days90} }

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// breaker waits for 74 days while its failure comes back four times.
func breaker() Bar {
	return Bar{
		Ref: "FU-31", Now: "waiting 74 d",
		Segments: []Segment{{From: ago(74), State: Waiting}},
		Marks: []Mark{
			{At: ago(61), Impact: minutes(41)},
			{At: ago(44), Impact: minutes(26)},
			{At: ago(23), Impact: minutes(96)},
			{At: ago(6), Impact: minutes(58)},
		},
		Bumps: []time.Time{ago(57), ago(43), ago(29), ago(15)},
	}
}

// expiry has waited since before the window, and three of its recurrences lie close together.
func expiry() Bar {
	return Bar{
		Ref: "FU-18", Now: "waiting 141 d",
		Segments: []Segment{{From: ago(141), State: Waiting}},
		Marks: []Mark{
			{At: ago(83), Impact: minutes(22)},
			{At: ago(20), Impact: minutes(9)},
			{At: ago(19), Impact: minutes(9)},
			{At: ago(18.5), Impact: minutes(10)},
			{At: ago(2), Impact: minutes(31)},
		},
	}
}

// loadTest was sent back once, and held.
func loadTest() Bar {
	return Bar{
		Ref: "FU-29", Now: "verified",
		Segments: []Segment{
			{From: ago(77), To: ago(71), State: Waiting},
			{From: ago(71), To: ago(63), State: Working},
			{From: ago(63), To: ago(44), State: SentBack},
			{From: ago(44), To: ago(34), State: Working},
		},
		Marks:  []Mark{{At: ago(74), Impact: minutes(20)}},
		DoneAt: ago(34), VerifiedAt: ago(4),
	}
}

// pressure did not hold.
func pressure() Bar {
	return Bar{
		Ref: "FU-25", Now: "fix failed",
		Segments: []Segment{{From: ago(88), To: ago(58), State: Waiting}, {From: ago(58), To: ago(47), State: Working}},
		Marks:    []Mark{{At: ago(73), Impact: minutes(38)}, {At: ago(33), Impact: minutes(52), After: true}},
		DoneAt:   ago(47), FailedAt: ago(33),
	}
}

// certificate was begun at once.
func certificate() Bar {
	return Bar{
		Ref: "FU-53", Now: "working 4 d",
		Segments: []Segment{{From: ago(4.2), To: ago(4), State: Waiting}, {From: ago(4), State: Working}},
	}
}

// timeout is done and in its quiet period.
func timeout() Bar {
	return Bar{
		Ref: "FU-41", Now: "done, quiet period",
		Segments: []Segment{{From: ago(36), To: ago(29), State: Waiting}, {From: ago(29), To: ago(24), State: Working}},
		DoneAt:   ago(24), QuietUntil: today.AddDate(0, 0, 6),
	}
}

func sampleQueue() QueueChart {
	row := func(title string, b Bar, s State, detail string, recurred int, impact time.Duration) QueueRow {
		return QueueRow{
			Ref: b.Ref, Link: "/followups/" + b.Ref, Title: title, About: "card-gateway", Bar: b, State: s, Detail: detail,
			Recurred: recurred, Impact: impact,
		}
	}
	failed := row("Back-pressure on the tracking feed", pressure(), FixFailed, "", 0, 0)
	failed.After, failed.Cost = 1, minutes(52)
	lost := row("Runbook that came from an old list", Bar{Ref: "FU-3", Incomplete: true}, Waiting, "", 0, 0)
	return NewQueueChart(quarter(), []QueueTeam{
		{
			Name: "Booking", Counts: []string{"1 waiting of 3", "oldest 141 d"}, Cost: "cost of waiting 1 h 21 min",
			Rows: []QueueRow{
				row("Expire the rate table by version, not by hour", expiry(), Waiting, "141 d", 5, minutes(81)),
				row("Load test at the Friday peak", loadTest(), Verified, "", 1, minutes(20)),
				row("Lock timeout metric on the dashboard", timeout(), Quiet, "", 0, 0),
			},
		},
		{
			Name: "Payments", Counts: []string{"2 waiting of 4", "oldest 74 d"}, Cost: "cost of waiting 3 h 41 min",
			Rows: []QueueRow{
				row("Circuit breaker around the card processor", breaker(), Waiting, "74 d", 4, minutes(221)),
				row("Certificate expiry alert 21 days ahead", certificate(), Working, "4 d", 0, 0),
				failed, lost,
			},
		},
	})
}

func sampleHistory() History {
	lane := func(ref, title, now string, from, start, done, failed, verified float64) Lane {
		b := Bar{Ref: ref, Now: now, Segments: []Segment{{From: ago(from), To: ago(start), State: Waiting}, {From: ago(start), To: ago(done), State: Working}}, DoneAt: ago(done)}
		if failed > 0 {
			b.FailedAt = ago(failed)
		}
		if verified > 0 {
			b.VerifiedAt = ago(verified)
		}
		return Lane{Title: title, Bar: b}
	}
	h := History{Clock: quarter().Clock}
	for _, o := range []struct {
		days, min int
	}{{226, 31}, {180, 26}, {142, 44}, {117, 19}, {94, 38}, {61, 41}, {44, 26}, {23, 96}, {6, 58}} {
		h.Occurrences = append(h.Occurrences, Mark{At: ago(float64(o.days)), Impact: minutes(o.min)})
	}
	b := breaker()
	b.Bumps = nil
	h.Lanes = []Lane{
		lane("FU-9", "Raise the pool size", "fix failed", 219, 214, 206, 180, 0),
		lane("FU-15", "Retry with a pause", "fix failed", 170, 158, 150, 142, 0),
		lane("FU-27", "Dashboard: latency by region", "verified", 79, 60, 50, 0, 20),
		{Title: "Circuit breaker around the processor", Bar: b},
		{Title: "Test: capture after a time-out", Bar: Bar{
			Ref: "FU-36", Now: "working 19 d", Segments: []Segment{{From: ago(52), To: ago(19), State: Waiting}, {From: ago(19), State: Working}},
			Marks: []Mark{{At: ago(44), Impact: minutes(12)}},
		}},
	}
	return h
}

func sampleLife() Life {
	at := func(h, m int) time.Time { return time.Date(2026, 11, 17, h, m, 0, 0, time.UTC) }
	return Life{
		Clock: quarter().Clock,
		Moments: []Moment{
			{Name: "Started", At: at(2, 14), Note: "users felt it"},
			{Name: "Detected", At: at(2, 21), Note: "alert, 7 min later"},
			{Name: "Mitigated", At: at(3, 5), Note: "44 min later"},
			{Name: "Restored", At: at(3, 12), Note: "7 min later"},
			{Name: "Developers told", At: at(9, 47), Note: "6 h 35 min later, by ticket", Late: true},
		},
		Impact: []Stretch{{at(2, 14), at(3, 12)}},
		Silent: Stretch{at(2, 21), at(9, 47)},
		Words:  LifeWords{Impact: "58 min of impact", Silent: "7 h 26 min before developers knew"},
	}
}

// openLife still hurts, and nobody has been told.
func openLife() Life {
	return Life{
		Clock:   quarter().Clock,
		Moments: []Moment{{Name: "Started", At: ago(3), Note: "users felt it"}, {Name: "Detected", At: ago(2.9), Note: "a user complained"}},
		Impact:  []Stretch{{From: ago(3)}},
		Silent:  Stretch{From: ago(2.9)},
		Words:   LifeWords{Impact: "3 d of impact so far", Silent: "silent for 2 d 21 h"},
	}
}

func sampleTrend() Trend {
	t := Trend{Name: "Recurrence rate", N: 58, First: "Nov 2025"}
	for i, v := range []float64{41, 44, 39, 42, 38, 36, 0, 34, 35, 31, 33, 28, 29} {
		t.Points = append(t.Points, Point{Value: v, Text: Percent(v / 100), Missing: v == 0, Provisional: i > 9})
	}
	return t
}

func sampleTimes() QueueTimes {
	q := QueueTimes{Half: 9 * day, Most: 33 * day}
	for _, d := range []float64{.4, 1.9, 3, 3.1, 4, 4.6, 6, 6.2, 7, 7.1, 9, 9.1, 10.5, 14, 18, 21, 21.2, 30, 33, 33.5, 47, 59} {
		q.Waits = append(q.Waits, time.Duration(d*float64(day)))
	}
	return q
}

func sampleFlow() []WeekFlow {
	in := []int{2, 3, 1, 4, 2, 3, 5, 2, 3, 4, 3, 2}
	out := []int{2, 1, 2, 2, 3, 1, 2, 3, 1, 2, 2, 2}
	weeks := make([]WeekFlow, len(in))
	for i := range in {
		weeks[i] = WeekFlow{Label: quarter().Day(ago(float64(77 - 7*i))), In: in[i], Out: out[i]}
	}
	return weeks
}

func sampleAges() []AgeBin {
	waits := []time.Duration{3 * day, 19 * day, 20 * day, 27 * day, 38 * day, 59 * day, 74 * day, 141 * day}
	return AgeBinsOf(waits, []bool{false, true, false, true, true, true, true, true})
}

func TestChartsAreDrawnAsBefore(t *testing.T) {
	t.Parallel()
	charts := map[string]templ.Component{
		"bar-waiting":     BarChart(breaker(), quarter(), RowSize),
		"bar-cut":         BarChart(expiry(), quarter(), CardSize),
		"bar-verified":    BarChart(loadTest(), quarter(), RowSize),
		"bar-failed":      BarChart(pressure(), quarter(), RowSize),
		"bar-quiet":       BarChart(timeout(), quarter(), InlineSize),
		"queue":           Queue(sampleQueue()),
		"history":         HistoryChart(sampleHistory()),
		"life":            LifeChart(sampleLife()),
		"life-open":       LifeChart(openLife()),
		"ages":            AgeChart(sampleAges()),
		"flow":            FlowChart(sampleFlow()),
		"queue-times":     QueueTimeChart(sampleTimes()),
		"queue-times-few": QueueTimeChart(QueueTimes{Waits: []time.Duration{day}}),
		"trend":           TrendChart(sampleTrend()),
		"trend-few":       TrendChart(Trend{Name: "Time to repair", N: 4, Points: []Point{{Value: 3, Text: "3 min"}}}),
		"loops":           LoopChart(Loops{Verified: 9, Done: 3, Declined: 2, Nothing: 4}),
		"loops-many":      LoopChart(Loops{Verified: 90, Done: 30, Declined: 20, Nothing: 40}),
	}
	for name, chart := range charts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := drawn(t, chart)
			path := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the chart is another one than %s; if that is meant, renew it with -update and look at it", path)
			}
		})
	}
}
