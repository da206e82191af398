package progress

import (
	"slices"
	"strings"
	"testing"
	"time"

	"upshot/app/catalog"
	"upshot/app/metrics"
	"upshot/views/ui"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func usual() Data {
	return Data{Query: Query{Range: Ranges[1], Window: 90}, Clock: ui.Clock{Now: now}}
}

func TestTheHeadingSaysWhatMoves(t *testing.T) {
	t.Parallel()
	panels := func(tones ...string) (all []Panel) {
		for n, tone := range tones {
			all = append(all, Panel{Name: []string{"Time to repair", "Recurrence rate", "Change fail rate", "Cycle time"}[n], Tone: tone})
		}
		return all
	}
	for want, p := range map[string][]Panel{
		"No measure moves clearly yet":                        panels("", "mute"),
		"Time to repair improves":                             panels("good", ""),
		"Time to repair and recurrence rate improve":          panels("good", "good"),
		"Recurrence rate gets worse":                          panels("", "late"),
		"Time to repair improves; recurrence rate gets worse": panels("good", "late"),
		"Three measures improve; cycle time gets worse":       panels("good", "good", "good", "late"),
	} {
		if got := finding(p, false); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, p := range map[string][]Panel{
		"One of two measures moves as wanted, one does not.":                         panels("good", "late"),
		"None of two measures moves as wanted, two say nothing clear.":               panels("", ""),
		"Two of four measures move as wanted, one does not, one says nothing clear.": panels("good", "good", "late", ""),
	} {
		if got := lede(p, false); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAPeriodOfFewCasesSaysSoAndGivesNoDirection(t *testing.T) {
	t.Parallel()
	d := usual()
	for n := range 13 {
		from := time.Date(2025, time.Month(11+n), 1, 0, 0, 0, 0, time.UTC)
		s := metrics.Summary{N: 4, Median: time.Duration(20-n) * time.Hour}
		d.Measures.Repair.Series = append(d.Measures.Repair.Series, metrics.LengthPeriod{Period: metrics.Period{From: from, To: from.AddDate(0, 1, 0)}, Summary: s})
		d.Measures.Repair.N += s.N
	}
	p := NewPage(d).Panels[0]
	if p.Direction != "" || !strings.HasSuffix(p.Table[0].Value, "(few)") || len(p.Table) != 13 {
		t.Errorf("direction %q, first row %+v of %d", p.Direction, p.Table[0], len(p.Table))
	}
	for n := range d.Measures.Repair.Series {
		d.Measures.Repair.Series[n].N = 5
	}
	if p = NewPage(d).Panels[0]; p.Direction != "↓ falling, as wanted" {
		t.Errorf("direction %q", p.Direction)
	}
}

func TestTheColumnWithTheMedianIsDark(t *testing.T) {
	t.Parallel()
	c := columns("Repairs", []metrics.Bin{{UpTo: time.Minute, N: 2}, {UpTo: time.Hour, N: 3}, {N: 1}}, func(b metrics.Bin) string { return edge(b.UpTo, time.Minute, "1 h") })
	want := []ui.Column{{Label: "1", N: 2}, {Label: "60", N: 3, Tone: "hi"}, {Label: ">1 h", N: 1}}
	if !slices.Equal(c.Columns, want) {
		t.Errorf("%+v", c.Columns)
	}
}

func TestAStepIsMarkedWhenTheFirstServiceTookIt(t *testing.T) {
	t.Parallel()
	d := usual()
	d.Steps = []catalog.AdoptionMark{{Step: 1, On: "2024-01-01", Services: 1}, {Step: 2, On: "2026-02-15", Services: 1}, {Step: 2, On: "2026-06-01", Services: 3}}
	marks := builder{d: d, now: now, axis: axis(d)}.marks()
	if len(marks) != 1 || marks[0].Word != "step 2" || !strings.HasSuffix(marks[0].Title, "4 services by now") || marks[0].X < .2 || marks[0].X > .3 {
		t.Errorf("%+v", marks)
	}
}

func TestWhatIsAskedStaysInTheAddress(t *testing.T) {
	t.Parallel()
	if v := usual().Query.Values().Encode(); v != "" {
		t.Errorf("the usual says %q", v)
	}
	q := Query{Range: RangeOf("quarter"), Team: "booking", Window: 30}
	q.Range.Bucket = metrics.Month
	if v := q.Values().Encode(); v != "by=month&range=quarter&team=booking&window=30" {
		t.Errorf("%q", v)
	}
	if from := RangeOf("quarter").From(now); from.Weekday() != time.Monday {
		t.Errorf("weeks begin on %s", from.Weekday())
	}
}
