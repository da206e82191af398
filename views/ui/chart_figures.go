package ui

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"time"
)

const (
	few        = 5  // below so many a distribution has no trend and no quantiles
	figureBase = 76 // px: the bottom line of the small charts
)

// AgeBin is the follow-ups that have waited so long.
type AgeBin struct {
	Label    string // "8–14"
	Waiting  int
	Recurred int // of these
}

// AgeBinsOf counts waits by age in days: 0–7, 8–14, 15–30, 31–90, over 90. recurred[i] tells whether wait i recurred meanwhile.
func AgeBinsOf(waits []time.Duration, recurred []bool) []AgeBin {
	bins := []AgeBin{{Label: "0–7"}, {Label: "8–14"}, {Label: "15–30"}, {Label: "31–90"}, {Label: "over 90"}}
	for i, wait := range waits {
		days := int(wait / day)
		at := sort.SearchInts([]int{7, 14, 30, 90}, days)
		bins[at].Waiting++
		if i < len(recurred) && recurred[i] {
			bins[at].Recurred++
		}
	}
	return bins
}

type ageBar struct {
	AgeBin
	x, mid, width float64 // per cent
	y, height     float64 // px
	inside        bool    // there is room for the mark of the recurrences
}

func ageBars(bins []AgeBin) []ageBar {
	most := 3 // so that one alone is no tower
	for _, b := range bins {
		most = max(most, b.Waiting)
	}
	slot := 100 / float64(max(len(bins), 1))
	all := make([]ageBar, len(bins))
	for i, b := range bins {
		height := math.Round(58 * float64(b.Waiting) / float64(most))
		if b.Waiting > 0 {
			height = max(height, 2)
		}
		x := float64(i) * slot
		all[i] = ageBar{
			AgeBin: b, x: hundredths(x + slot*.1), width: hundredths(slot * .8), mid: hundredths(x + slot/2),
			y: figureBase - height, height: height, inside: height >= 19,
		}
	}
	return all
}

func (b ageBar) text() string {
	if b.Recurred > 0 && !b.inside {
		return Thousands(b.Waiting) + ", ◆ " + Thousands(b.Recurred)
	}
	return Thousands(b.Waiting)
}

func ageStory(bins []AgeBin) string {
	said := make([]string, len(bins))
	for i, b := range bins {
		said[i] = fmt.Sprintf("%s: %d", b.Label, b.Waiting)
		if b.Recurred > 0 {
			said[i] += fmt.Sprintf(", %d of them recurred", b.Recurred)
		}
	}
	return "Waiting by age in days. " + strings.Join(said, "; ") + "."
}

// WeekFlow is what came into the queue and left it in one week.
type WeekFlow struct {
	Label   string // of the week's first day: "7 Sep"
	In, Out int
}

type flowBar struct {
	x, width, up, down float64
	title              string
}

func flowBars(weeks []WeekFlow) []flowBar {
	most := 1
	for _, w := range weeks {
		most = max(most, w.In, w.Out)
	}
	unit := min(7, 35/float64(most))
	slot := 88 / float64(max(len(weeks), 1))
	all := make([]flowBar, len(weeks))
	for i, w := range weeks {
		all[i] = flowBar{
			x: hundredths(float64(i)*slot + slot*.08), width: hundredths(slot * .7),
			up: hundredths(unit * float64(w.In)), down: hundredths(unit * float64(w.Out)),
			title: fmt.Sprintf("week of %s: %d in, %d out", w.Label, w.In, w.Out),
		}
	}
	return all
}

func flowSums(weeks []WeekFlow) (in, out int) {
	for _, w := range weeks {
		in += w.In
		out += w.Out
	}
	return in, out
}

func flowStory(weeks []WeekFlow) string {
	in, out := flowSums(weeks)
	return fmt.Sprintf("Follow-ups in and out per week, last %d weeks: %d in, %d out.", len(weeks), in, out)
}

// QueueTimes is how long started fixes had waited. Half and Most are the lengths within which half and 85 % of them started.
type QueueTimes struct {
	Waits      []time.Duration
	Half, Most time.Duration
}

type dot struct{ x, y float64 }

// scale is logarithmic in days, so that a day and a year are both seen.
func (q QueueTimes) scale() func(time.Duration) float64 {
	longest := 60.0
	for _, w := range q.Waits {
		longest = max(longest, w.Hours()/24)
	}
	return func(d time.Duration) float64 {
		return hundredths(3 + 90.65*math.Log1p(max(d.Hours()/24, 0))/math.Log1p(longest))
	}
}

// dots stacks equal waits; a high stack moves closer together.
func (q QueueTimes) dots() []dot {
	const step = 2.6
	x := q.scale()
	stacks := map[int]int{}
	highest := 1
	for _, w := range q.Waits {
		at := int(math.Round(x(w) / step))
		stacks[at]++
		highest = max(highest, stacks[at])
	}
	rise := min(9, 50/float64(max(highest-1, 1)))
	columns := make([]int, 0, len(stacks))
	for at := range stacks {
		columns = append(columns, at)
	}
	sort.Ints(columns)
	all := make([]dot, 0, len(q.Waits))
	for _, at := range columns {
		for i := range stacks[at] {
			all = append(all, dot{x: hundredths(float64(at) * step), y: hundredths(70 - rise*float64(i))})
		}
	}
	return all
}

func (q QueueTimes) ticks() []Tick {
	x := q.scale()
	var ticks []Tick
	for _, days := range []int{1, 3, 7, 14, 30, 60, 180, 365, 1095} {
		at := x(time.Duration(days) * day)
		if at > 97 || len(ticks) > 0 && at-ticks[len(ticks)-1].X < 9 {
			continue
		}
		ticks = append(ticks, Tick{X: at, Label: fmt.Sprintf("%d d", days)})
	}
	return ticks
}

func (q QueueTimes) enough() bool { return len(q.Waits) >= few }

func (q QueueTimes) halfText() string { return "half by " + Duration(q.Half) }

func (q QueueTimes) mostText() string { return "85" + thinSpace + "% by " + Duration(q.Most) }

// word is a text at one of the two lines: where it is anchored, and how high it stands.
type word struct {
	x, dx, y float64
	anchor   string // m middle, e end, empty start
	text     string
}

// words puts the two texts over their lines, apart from each other and inside the chart.
func (q QueueTimes) words() []word {
	x := q.scale()
	half := word{x: x(q.Half), y: 14, anchor: "m", text: q.halfText()}
	most := word{x: x(q.Most), y: 14, anchor: "m", text: q.mostText()}
	if most.x-half.x < 25 {
		half.anchor, half.dx = "e", 4
		most.anchor, most.dx = "", -4
	}
	if half.x < 25 {
		half.anchor, half.dx = "", -4
	}
	if most.x > 76 && most.anchor != "m" || most.x > 88 {
		most.anchor, most.dx = "e", 4
	}
	if most.x-half.x < 25 && (most.anchor == "e" || half.anchor == "") {
		most.y = 28
	}
	return []word{half, most}
}

func (q QueueTimes) story() string {
	n := Plural(len(q.Waits), "started fix", "started fixes")
	if !q.enough() {
		return "Queue time of " + n + ": few, no distribution."
	}
	return "Queue time of " + n + ": half started within " + Duration(q.Half) + ", 85 per cent within " + Duration(q.Most) + "."
}

// Trend is one measure over periods.
type Trend struct {
	Name   string
	Points []Point // oldest first, one for each period
	Floor  float64 // where y begins: 0, or 1 for a ratio whose ideal is 1
	N      int     // cases in all; under five the chart says "few" and draws no trend
	First  string  // the first period's name, below the line's beginning
	Last   string  // "now" when empty
	Tall   bool    // the large form, for a page of measures
	Goal   float64 // drawn as a line; 0: none
	Marks  []TrendMark
}

// TrendMark is something that happened: an adoption step.
type TrendMark struct {
	X     float64 // of the width of the line, 0 to 1
	Word  string  // "step 1"
	Title string
}

// Point is the measure in one period.
type Point struct {
	Value       float64
	High        float64 // the upper edge of the band, such as the p90; 0: none
	Text        string  // as written: "48 min"
	Missing     bool    // no figure: the line is interrupted
	Provisional bool    // may still change: a hollow dot, a dashed line
}

const trendTop = 20

func (t Trend) bottom() float64 {
	if t.Tall {
		return 110
	}
	return 74
}

// height is of the whole drawing.
func (t Trend) height() float64 { return t.bottom() + 18 }

type place struct{ x, y float64 }

// bandMost is how far a band may make the line small: what reaches further is cut, and its words say so.
const bandMost = 4

func (t Trend) highest() float64 {
	highest, band := t.Floor, 0.0
	for _, p := range t.Points {
		if !p.Missing {
			highest, band = max(highest, p.Value), max(band, p.High)
		}
	}
	return max(highest, t.Goal, min(band, t.Floor+bandMost*(highest-t.Floor)))
}

// y is where a value stands.
func (t Trend) y(value float64) float64 {
	share := 0.0
	if highest := t.highest(); highest > t.Floor {
		share = min(max((value-t.Floor)/(highest-t.Floor), 0), 1)
	}
	return hundredths(t.bottom() - (t.bottom()-trendTop)*share)
}

func (t Trend) places() []place {
	all := make([]place, len(t.Points))
	for i, p := range t.Points {
		x := 98.0
		if n := len(t.Points); n > 1 {
			x = 2 + 96*float64(i)/float64(n-1)
		}
		all[i] = place{x: hundredths(x), y: t.y(p.Value)}
	}
	return all
}

// band is the outline from the line up to the upper edges, for every stretch that has them.
func (t Trend) band() string {
	at := t.places()
	var b strings.Builder
	for from := 0; from < len(t.Points); from++ {
		to := from
		for to < len(t.Points) && !t.Points[to].Missing && t.Points[to].High > 0 {
			to++
		}
		if to-from > 1 {
			for i := from; i < to; i++ {
				fmt.Fprintf(&b, "%s%s %s", map[bool]string{true: "M", false: "L"}[i == from], number(at[i].x), number(t.y(t.Points[i].High)))
			}
			for i := to - 1; i >= from; i-- {
				fmt.Fprintf(&b, "L%s %s", number(at[i].x), number(at[i].y))
			}
			b.WriteString("Z")
		}
		from = to
	}
	return b.String()
}

// worded tells whether the words of a mark have room: the first figure is written there too.
func (t Trend) worded(m TrendMark) bool {
	first, _ := t.ends()
	return m.Word != "" && (m.x() > t.places()[first].x+18 || m.x() < t.places()[first].x-14 || t.firstWords() > 24)
}

// x is where a mark stands, in per cent.
func (m TrendMark) x() float64 { return hundredths(2 + 96*min(max(m.X, 0), 1)) }

// Columns is a distribution: how many cases are that long.
type Columns struct {
	Name    string
	Columns []Column
}

// Column is one of its columns.
type Column struct {
	Label string // up to what: "40"
	N     int
	Tone  string // "hi": it holds the median; "late", "bad"; else empty
}

type drawnColumn struct {
	Column
	x, mid, width, y, height float64
}

func (c Columns) draw() []drawnColumn {
	most := 3
	for _, b := range c.Columns {
		most = max(most, b.N)
	}
	slot := 100 / float64(max(len(c.Columns), 1))
	all := make([]drawnColumn, len(c.Columns))
	for i, b := range c.Columns {
		height := math.Round(88 * float64(b.N) / float64(most))
		if b.N > 0 {
			height = max(height, 2)
		}
		x := float64(i) * slot
		all[i] = drawnColumn{Column: b, x: hundredths(x + slot*.09), width: hundredths(slot * .82), mid: hundredths(x + slot/2), y: 108 - height, height: height}
	}
	return all
}

func (c Columns) story() string {
	var words []string
	for _, b := range c.Columns {
		words = append(words, b.Label+" "+Thousands(b.N))
	}
	return c.Name + ": " + strings.Join(words, ", ")
}

// Bars are counts beside one another, each with its words.
type Bars struct {
	Name string
	Bars []Column
}

type drawnBar struct {
	Column
	y, width float64
}

// barsFrom is where they begin, in per cent; words stand before.
const barsFrom = 52

func (b Bars) draw() []drawnBar {
	most := 1
	for _, bar := range b.Bars {
		most = max(most, bar.N)
	}
	all := make([]drawnBar, len(b.Bars))
	for i, bar := range b.Bars {
		width := 36 * float64(bar.N) / float64(most)
		if bar.N > 0 {
			width = max(width, .5)
		}
		all[i] = drawnBar{Column: bar, y: 7 + 24*float64(i), width: hundredths(width)}
	}
	return all
}

func (b Bars) height() float64 { return 24*float64(len(b.Bars)) + 8 }

func (b Bars) story() string { return Columns{Name: b.Name, Columns: b.Bars}.story() }

// paths gives the solid and the dashed strokes; a stroke is dashed when either of its ends is provisional.
func (t Trend) paths() (solid, dashed string) {
	at := t.places()
	var s, d strings.Builder
	for i := 1; i < len(t.Points); i++ {
		a, b := t.Points[i-1], t.Points[i]
		if a.Missing || b.Missing {
			continue
		}
		to := &s
		if a.Provisional || b.Provisional {
			to = &d
		}
		fmt.Fprintf(to, "M%s %sL%s %s", number(at[i-1].x), number(at[i-1].y), number(at[i].x), number(at[i].y))
	}
	return s.String(), d.String()
}

type trendDot struct {
	place
	hollow bool
	r      float64
	title  string
}

// dots marks the first and the last figure, those without neighbours, and every provisional one.
func (t Trend) dots() []trendDot {
	at := t.places()
	first, last := t.ends()
	var all []trendDot
	for i, p := range t.Points {
		alone := (i == 0 || t.Points[i-1].Missing) && (i == len(t.Points)-1 || t.Points[i+1].Missing)
		if p.Missing || !p.Provisional && !alone && i != first && i != last {
			continue
		}
		d := trendDot{place: at[i], hollow: p.Provisional, r: 2.6, title: p.Text}
		if i == last || p.Provisional {
			d.r = 3.5
		}
		if p.Provisional {
			d.title += ", provisional"
		}
		all = append(all, d)
	}
	return all
}

// ends are the indexes of the first and the last known figure, -1 without any.
func (t Trend) ends() (first, last int) {
	first, last = -1, -1
	for i, p := range t.Points {
		if p.Missing {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	return first, last
}

// firstWords is how high the first figure is written: over its dot, and over the line that leads on from there.
func (t Trend) firstWords() float64 {
	const width = 17 // per cent, of the longest words on a phone
	first, _ := t.ends()
	at := t.places()
	y := at[first].y
	for i := first + 1; i < len(at) && !t.Points[i].Missing; i++ {
		a, b := at[i-1], at[i]
		if b.x <= at[first].x+width {
			y = min(y, b.y)
			continue
		}
		if share := (at[first].x + width - a.x) / (b.x - a.x); share > 0 {
			y = min(y, a.y+(b.y-a.y)*share)
		}
		break
	}
	return hundredths(max(y-9, 10))
}

func (t Trend) drawable() bool {
	_, last := t.ends()
	return t.N >= few && last >= 0
}

// instead is what stands where no trend can be drawn.
func (t Trend) instead() string {
	if _, last := t.ends(); last < 0 {
		return "no figures yet"
	}
	return "few"
}

func (t Trend) last() string {
	if t.Last == "" {
		return "now"
	}
	return t.Last
}

func (t Trend) story() string {
	first, last := t.ends()
	switch {
	case last < 0:
		return t.Name + ": no figures yet."
	case t.N < few:
		return t.Name + ": few, no trend."
	}
	return t.Name + ": from " + t.Points[first].Text + " to " + t.Points[last].Text + " in " + Plural(len(t.Points), "period", "periods") + "."
}

// Loops counts significant incidents by what became of them.
type Loops struct {
	Verified int // a follow-up is verified
	Done     int // done, not verified
	Declined int // a reasoned decision against one
	Nothing  int // neither yet
}

func (l Loops) total() int { return l.Verified + l.Done + l.Declined + l.Nothing }

type loopDot struct {
	x, y float64
	kind string // verified, done, declined, nothing
}

// mostLoops is how many are drawn one by one; above that shares are.
const mostLoops = 54

func (l Loops) perRow() int {
	if l.total() > 27 {
		return 18
	}
	return 9
}

func (l Loops) small() bool { return l.perRow() == 18 }

func (l Loops) height() float64 {
	if l.total() > mostLoops {
		return 30
	}
	rows := (l.total() + l.perRow() - 1) / l.perRow()
	return float64(rows) * l.rowHeight()
}

func (l Loops) rowHeight() float64 {
	if l.small() {
		return 22
	}
	return 33
}

type loopKind struct {
	n    int
	kind string
}

func (l Loops) kinds() []loopKind {
	return []loopKind{{l.Verified, "verified"}, {l.Done, "done"}, {l.Declined, "declined"}, {l.Nothing, "nothing"}}
}

func (l Loops) dots() []loopDot {
	var all []loopDot
	for _, k := range l.kinds() {
		for range k.n {
			i := len(all)
			x := (float64(i%l.perRow()) + .5) / float64(l.perRow()) * 100
			y := float64(i/l.perRow())*l.rowHeight() + l.rowHeight()/2
			all = append(all, loopDot{x: hundredths(x), y: y, kind: k.kind})
		}
	}
	return all
}

// shares are the four parts side by side, for more loops than can be drawn one by one.
func (l Loops) shares() []block {
	classes := map[string]string{"verified": "b-done", "done": "b-ring", "declined": "bar", "nothing": "rec-after"}
	var all []block
	x := 0.0
	for _, k := range l.kinds() {
		width := float64(k.n) / float64(l.total()) * 100
		if k.n > 0 {
			all = append(all, block{x: hundredths(x), width: hundredths(width), y: 5, height: 18, class: classes[k.kind], title: Thousands(k.n) + " " + k.kind})
		}
		x += width
	}
	return all
}

func (l Loops) story() string {
	return fmt.Sprintf("%s: %d with a verified follow-up, %d done but not verified, %d declined with a reason, %d with nothing.",
		Plural(l.total(), "significant incident", "significant incidents"), l.Verified, l.Done, l.Declined, l.Nothing)
}
