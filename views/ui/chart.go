package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Charts put x and width in per cent and y and height in px, without a viewBox: text and marks never stretch, and one
// answer fits a phone and a wide screen.
const (
	trackFrom = 1.6  // per cent: where the window begins
	trackTo   = 98.8 // per cent: today

	shortest    = 0.5 // per cent: a segment is never drawn shorter
	mergeBelow  = 1.8 // per cent: marks nearer than this become one with a count
	mergedSize  = 11  // px: half the diagonal of such a mark
	lastLabel   = 90  // per cent: a month's name that would start past this is left out
	lastShort   = 92  // per cent: the same for a short name
	leastSize   = 5.5 // px: of the diamond of a short impact
	greatest    = 11.5
	sizePerRoot = 1.06 // px for the root of a minute
)

// The windows that a queue chart offers.
const (
	Days30  = 30 * day
	Days90  = 90 * day // unless the reader chooses another
	Days180 = 180 * day
	Year    = 365 * day
)

// Span is the stretch of time a chart shows: it ends now.
type Span struct {
	Clock
	Window time.Duration
}

// From is where the window begins.
func (s Span) From() time.Time { return s.Now.Add(-s.Window) }

// X is the place of a moment in per cent; moments outside lie at the edge.
func (s Span) X(t time.Time) float64 {
	ago := float64(s.Now.Sub(t)) / float64(s.Window)
	return hundredths(trackFrom + (1-min(max(ago, 0), 1))*(trackTo-trackFrom))
}

func (s Span) holds(t time.Time) bool { return !t.IsZero() && !t.Before(s.From()) && !t.After(s.Now) }

// Tick is a line on the time axis; without a label it only structures.
type Tick struct {
	X     float64 // per cent
	Label string
	Wide  bool // the label is left out on a phone
}

// Months gives the month lines of a queue chart, with names: in full up to 90 days, above that short; at a year every
// second one is left out on a phone.
func (s Span) Months() []Tick {
	name := "January"
	if s.Window > Days90 {
		name = "Jan"
	}
	var ticks []Tick
	for at := s.firstOfMonth(s.Now); at.After(s.From()); at = at.AddDate(0, -1, 0) {
		tick := Tick{X: s.X(at), Label: at.Format(name), Wide: s.Window >= Year && len(ticks)%2 == 1}
		if tick.X > lastLabel {
			tick.Label = ""
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// Weeks gives the Mondays; from 180 days on there are too many to show.
func (s Span) Weeks() []Tick {
	if s.Window >= Days180 {
		return nil
	}
	var ticks []Tick
	for at := s.monday(s.Now); at.After(s.From()); at = at.AddDate(0, 0, -7) {
		ticks = append(ticks, Tick{X: s.X(at)})
	}
	return ticks
}

func (s Span) firstOfMonth(t time.Time) time.Time {
	t = t.In(s.zone())
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, s.zone())
}

func (s Span) monday(t time.Time) time.Time {
	t = t.In(s.zone())
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, s.zone())
}

// Calendar gives lines that fit any window, from a week to many years: days, weeks, months, quarters or years, never more
// than about a dozen.
func (s Span) Calendar() []Tick {
	var at time.Time
	var back func(time.Time) time.Time
	label := "2 Jan"
	switch months := int(s.Window / (30 * day)); {
	case s.Window <= 12*day:
		y, m, d := s.Now.In(s.zone()).Date()
		at, back = time.Date(y, m, d, 0, 0, 0, 0, s.zone()), func(t time.Time) time.Time { return t.AddDate(0, 0, -1) }
	case s.Window <= 75*day:
		at, back = s.monday(s.Now), func(t time.Time) time.Time { return t.AddDate(0, 0, -7) }
	case months <= 14:
		label = "Jan"
		at, back = s.firstOfMonth(s.Now), func(t time.Time) time.Time { return t.AddDate(0, -1, 0) }
	case months <= 42:
		label = "Jan"
		at = s.firstOfMonth(s.Now)
		at = at.AddDate(0, -(int(at.Month())-1)%3, 0)
		back = func(t time.Time) time.Time { return t.AddDate(0, -3, 0) }
	default:
		years := 1 + months/(12*14)
		label = "2006"
		at = time.Date(s.Now.In(s.zone()).Year(), 1, 1, 0, 0, 0, 0, s.zone())
		back = func(t time.Time) time.Time { return t.AddDate(-years, 0, 0) }
	}
	var ticks []Tick
	for ; at.After(s.From()); at = back(at) {
		tick := Tick{X: s.X(at), Label: at.Format(label), Wide: len(ticks)%2 == 1}
		if label == "Jan" && at.Month() == time.January {
			tick.Label = at.Format("2006")
		}
		if tick.X > lastShort || label == "2 Jan" && tick.X > lastLabel {
			tick.Label = ""
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// Segment is one stretch of a follow-up's history; one that goes on has no end.
type Segment struct {
	From, To time.Time
	State    State // Waiting, Working or SentBack
}

// Mark is one recurrence.
type Mark struct {
	At     time.Time
	Impact time.Duration
	After  bool   // it came after the fix was done
	Title  string // for the pointer; empty: made of the day and the impact
}

// Bar is the history of one follow-up as every page draws it.
type Bar struct {
	Ref      string // "FU-31"
	Now      string // its state in words, with its age: "waiting 74 d"
	Segments []Segment
	Marks    []Mark
	Bumps    []time.Time // moved to a later sprint

	DoneAt     time.Time // where the quiet period begins
	QuietUntil time.Time // drawn dotted until then, or until today
	VerifiedAt time.Time
	FailedAt   time.Time // it recurred in the quiet period

	Incomplete bool // the history has holes: no bar, and said so
}

// Size is the room a bar has, in px.
type Size struct {
	Height float64
	Bar    float64
	Mid    float64 // where the bar's middle lies
	Bump   float64 // where bumps lie, below the bar; 0 leaves them out
	Less   float64 // how much smaller the diamonds are
	Grid   bool    // months behind the bar
	Today  bool
}

// The sizes in use: rows of the queue, the rows when there are many, a card with months and one without, and a lane of
// a problem's history.
var (
	RowSize    = Size{Height: 42, Bar: 15, Mid: 19.5, Bump: 32.5, Grid: true, Today: true}
	DenseSize  = Size{Height: 26, Bar: 12, Mid: 12, Bump: 22, Grid: true, Today: true}
	CardSize   = Size{Height: 34, Bar: 13, Mid: 14.5, Bump: 26.5, Grid: true, Today: true}
	InlineSize = Size{Height: 34, Bar: 13, Mid: 14.5, Bump: 26.5, Today: true}
	laneSize   = Size{Height: 30, Bar: 14, Mid: 15, Less: 1}
)

// story tells the bar for those who do not see it.
func (b Bar) story(now time.Time) string {
	var said []string
	for _, g := range b.Segments {
		said = append(said, string(g.State)+" "+g.length(now))
	}
	if b.Incomplete {
		said = []string{"history incomplete"}
	}
	var before, after int
	var impact time.Duration
	for _, m := range b.Marks {
		if m.After {
			after++
			continue
		}
		before++
		impact += m.Impact
	}
	switch {
	case before > 0:
		said = append(said, "recurred "+Plural(before, "time", "times")+" while waiting", Sum(impact)+" of impact")
	case after == 0:
		said = append(said, "no recurrence")
	}
	if after > 0 {
		said = append(said, "recurred "+Plural(after, "time", "times")+" after the fix")
	}
	if n := len(b.Bumps); n > 0 {
		said = append(said, Plural(n, "sprint bump", "sprint bumps"))
	}
	story := b.Ref + ": " + strings.Join(said, ", ") + "."
	if b.Now != "" {
		story += " Now " + b.Now + "."
	}
	return story
}

func (g Segment) end(now time.Time) time.Time {
	if g.To.IsZero() || g.To.After(now) {
		return now
	}
	return g.To
}

func (g Segment) length(now time.Time) string { return Duration(g.end(now).Sub(g.From)) }

// over tells whether the work has ended: done, and nothing went on after.
func (b Bar) over(now time.Time) bool {
	if b.DoneAt.IsZero() {
		return false
	}
	for _, g := range b.Segments {
		if g.To.IsZero() || g.end(now).After(b.DoneAt) {
			return false
		}
	}
	return true
}

// drawing is a bar in per cent and px, ready to be written down.
type drawing struct {
	size       Size
	incomplete bool
	lines      []drawnLine
	blocks     []block
	torn       *spot // the bar began before the window
	done       []spot
	verified   *spot
	failed     *spot
	bumps      []spot
	diamonds   []diamond
	after      []diamond
}

type drawnLine struct {
	from, to float64 // per cent
	class    string
}

type block struct {
	x, width, y, height float64
	class, title        string
}

type spot struct {
	x     float64
	title string
}

type diamond struct {
	x, size float64
	count   int // above one: merged
	title   string
}

// draw places a bar in its span.
func (b Bar) draw(s Span, size Size) drawing {
	d := drawing{size: size, incomplete: b.Incomplete}
	if b.Incomplete {
		return d
	}
	b.drawSegments(s, &d)
	b.drawAfterDone(s, &d)
	var before, after []Mark
	for _, m := range b.Marks {
		switch {
		case !s.holds(m.At):
		case m.After && !m.At.Equal(b.FailedAt):
			after = append(after, m)
		case !m.After:
			before = append(before, m)
		}
	}
	d.diamonds = diamonds(before, s, size.Less)
	d.after = diamonds(after, s, size.Less)
	if size.Bump > 0 {
		d.bumps = bumps(b.Bumps, s)
	}
	return d
}

func (b Bar) drawSegments(s Span, d *drawing) {
	height := d.size.Bar
	if b.over(s.Now) {
		height = math.Round(height * .55)
	}
	var slivers []block
	for _, g := range b.Segments {
		end := g.end(s.Now)
		if !end.After(s.From()) || g.From.After(s.Now) {
			continue
		}
		if g.State == Done { // finished, and reopened later
			if s.holds(g.From) {
				d.done = append(d.done, spot{s.X(g.From), "done " + s.Day(g.From)})
			}
			d.lines = append(d.lines, drawnLine{from: s.X(g.From), to: s.X(end), class: "b-ver"})
			continue
		}
		if g.From.Before(s.From()) {
			d.torn = &spot{trackFrom, "began " + s.Day(g.From) + ", before this window"}
		}
		until := "now"
		if !g.To.IsZero() && !g.To.After(s.Now) {
			until = s.Day(g.To)
		}
		x, to := s.X(g.From), s.X(end)
		k := block{
			x: x, width: hundredths(to - x), y: d.size.Mid - height/2, height: height, class: segmentClass(g.State),
			title: string(g.State) + " " + g.length(s.Now) + ": " + s.Day(g.From) + " to " + until,
		}
		if k.width >= shortest {
			d.blocks = append(d.blocks, k)
			continue
		}
		k.width = shortest
		k.x = hundredths(min(k.x, trackTo-shortest))
		slivers = append(slivers, k)
	}
	d.blocks = append(d.blocks, slivers...) // over their neighbours, or they would vanish
}

func (b Bar) drawAfterDone(s Span, d *drawing) {
	if b.DoneAt.IsZero() || b.DoneAt.After(s.Now) {
		return
	}
	if s.holds(b.DoneAt) {
		d.done = append(d.done, spot{s.X(b.DoneAt), "done " + s.Day(b.DoneAt)})
	}
	line := drawnLine{from: s.X(b.DoneAt), class: "b-ver"}
	var end time.Time
	switch {
	case !b.FailedAt.IsZero():
		end = b.FailedAt
		if s.holds(end) {
			d.failed = &spot{s.X(end), "recurred after the fix, " + s.Day(end)}
		}
	case !b.VerifiedAt.IsZero():
		end = b.VerifiedAt
		if s.holds(end) {
			d.verified = &spot{s.X(end), "verified " + s.Day(end)}
		}
	default:
		line.class = "b-quiet"
		end = b.QuietUntil
		if end.IsZero() || end.After(s.Now) {
			end = s.Now
		}
	}
	if line.to = s.X(end); line.to > line.from {
		d.lines = append(d.lines, line)
	}
}

func segmentClass(state State) string {
	switch state {
	case Working:
		return "b-work"
	case SentBack:
		return "b-back"
	}
	return "b-wait"
}

// diamonds places recurrences, oldest first. One nearer than mergeBelow to the diamond before it joins that one, which
// then carries the count.
func diamonds(marks []Mark, s Span, less float64) []diamond {
	var all []diamond
	var impact time.Duration
	for _, m := range marks {
		x := s.X(m.At)
		last := len(all) - 1
		if last < 0 || x-all[last].x >= mergeBelow {
			title := m.Title
			if title == "" {
				title = "recurred " + s.Day(m.At) + ", " + Sum(m.Impact) + " of impact"
			}
			all = append(all, diamond{x: x, size: DiamondSize(m.Impact) - less, count: 1, title: title})
			impact = m.Impact
			continue
		}
		one := &all[last]
		one.x = hundredths((one.x*float64(one.count) + x) / float64(one.count+1))
		one.count++
		impact += m.Impact
		one.size = mergedSize
		one.title = Plural(one.count, "recurrence", "recurrences") + ", " + Sum(impact) + " of impact in all"
	}
	return all
}

// DiamondSize is half the diagonal in px of the mark of a recurrence with that impact.
func DiamondSize(impact time.Duration) float64 {
	size := sizePerRoot * math.Sqrt(max(impact.Minutes(), 0))
	return math.Round(min(max(size, leastSize), greatest)*10) / 10
}

// bumps places the moves to a later sprint; when there was more than one a week, each second.
func bumps(at []time.Time, s Span) []spot {
	var all []spot
	for _, t := range at {
		if s.holds(t) {
			all = append(all, spot{s.X(t), "moved to a later sprint, " + s.Day(t)})
		}
	}
	if n := len(at); n > 2 && at[n-1].Sub(at[0]) < time.Duration(n-1)*7*day {
		kept := all[:0]
		for i, b := range all {
			if i%2 == 0 {
				kept = append(kept, b)
			}
		}
		all = kept
	}
	return all
}

// hundredths keeps the answer short: nobody sees a thousandth of a per cent.
func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

func number(x float64) string { return strconv.FormatFloat(hundredths(x), 'f', -1, 64) }

func percent(x float64) string { return number(x) + "%" }

// rhombus is the path of a diamond around 0,0.
func rhombus(size float64) string {
	n := number(size)
	return fmt.Sprintf("M0 -%s L%s 0 0 %s -%s 0z", n, n, n, n)
}
