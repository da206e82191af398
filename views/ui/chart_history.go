package ui

import (
	"slices"
	"strings"
	"time"
)

const (
	historyLine  = 52.5 // px: where the occurrences lie
	firstLane    = 111  // px: the middle of the first fix
	laneStep     = 40
	wideTrack    = 900 // px: what a chart has at least on a desk
	narrowTrack  = 330 // px: on a phone
	letter       = 6.4 // px: of chart text, on average
	longestTitle = 90  // letters of a fix's title on a desk
	narrowTitle  = 44  // and on a phone
)

// History is the life of one problem: its occurrences on a line, its fixes in lanes below.
type History struct {
	Clock       Clock
	Occurrences []Mark // oldest first
	Lanes       []Lane
}

// Lane is one fix.
type Lane struct {
	Title string
	Bar   Bar
}

type gap struct {
	x    float64
	text string
	bold bool
	wide bool // there is no room for it on a phone
}

type lane struct {
	drawing
	y      float64
	ref    string
	title  string
	phone  string
	x      float64
	end    bool // the title ends at today instead of beginning with the bar
	endToo bool // on a phone
	after  string
	tone   string
	afterX float64
	flip   bool // what came of it stands left of its mark
	drop   bool // a line leads up to the recurrence that disproved it
}

// span begins a little before the first thing that is known.
func (h History) span() Span {
	first := h.Clock.Now
	for _, m := range h.Occurrences {
		first = earlier(first, m.At)
	}
	for _, l := range h.Lanes {
		for _, g := range l.Bar.Segments {
			first = earlier(first, g.From)
		}
	}
	known := max(h.Clock.Now.Sub(first), 7*day)
	return Span{Clock: h.Clock, Window: known + known/16}
}

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (h History) height() float64 { return 110 + laneStep*float64(len(h.Lanes)) }

func (h History) diamonds(s Span) []diamond {
	all := diamonds(h.Occurrences, s, -1)
	for i := range all {
		if all[i].count == 1 {
			all[i].title = strings.TrimPrefix(all[i].title, "recurred ")
		}
	}
	return all
}

// gaps writes the time between two occurrences where it is wider than its own text, the last three in bold.
func (h History) gaps(s Span) []gap {
	var all []gap
	for i := 1; i < len(h.Occurrences); i++ {
		from, to := h.Occurrences[i-1].At, h.Occurrences[i].At
		text := Duration(to.Sub(from))
		x1, x2 := s.X(from), s.X(to)
		room := letter*float64(len(text)) + 14
		if (x2-x1)/100*wideTrack < room {
			continue
		}
		all = append(all, gap{x: hundredths((x1 + x2) / 2), text: text, wide: (x2-x1)/100*narrowTrack < room})
	}
	for i := max(len(all)-3, 0); i < len(all); i++ {
		all[i].bold = true
	}
	return all
}

func (h History) lanes(s Span) []lane {
	all := make([]lane, len(h.Lanes))
	for i, l := range h.Lanes {
		one := lane{
			drawing: l.Bar.draw(s, laneSize), y: firstLane + laneStep*float64(i), ref: l.Bar.Ref, title: shorten(l.Title, longestTitle),
			phone: shorten(l.Title, narrowTitle), x: s.X(h.Clock.Now),
		}
		if len(l.Bar.Segments) > 0 {
			one.x = s.X(l.Bar.Segments[0].From)
		}
		one.end = passes(one.x, one.ref+" "+one.title, wideTrack)
		one.endToo = passes(one.x, one.ref+" "+one.phone, narrowTrack)
		switch {
		case one.failed != nil:
			one.after, one.tone, one.afterX, one.drop = "did not hold: "+Duration(l.Bar.FailedAt.Sub(l.Bar.DoneAt)), "hurt", one.failed.x, true
			if n := len(l.Bar.Segments); n > 0 && l.Bar.Segments[n-1].To.After(l.Bar.FailedAt) {
				one.afterX = s.X(l.Bar.Segments[n-1].To) // behind what it was sent back to
			}
		case one.verified != nil:
			one.after, one.tone, one.afterX = "verified", "good", one.verified.x
			if one.crowded() {
				one.after = "" // the mark says it too
			}
		}
		one.flip = passes(one.afterX, one.after+"  ", wideTrack)
		all[i] = one
	}
	return all
}

// crowded tells whether a later mark stands where the lane's words would.
func (l lane) crowded() bool {
	end := l.afterX + letter*float64(len(l.after)+4)/wideTrack*100
	return slices.ContainsFunc(l.drawing.after, func(d diamond) bool { return d.x >= l.afterX && d.x <= end })
}

// passes tells whether a text that begins at x would run past the chart's end.
func passes(x float64, text string, track float64) bool {
	return x+letter*float64(len([]rune(text)))/track*100 > trackTo
}

func shorten(s string, letters int) string {
	if r := []rune(s); len(r) > letters {
		return strings.TrimRight(string(r[:letters-1]), " ,") + "…"
	}
	return s
}

// story tells the history for those who do not see it.
func (h History) story() string {
	n := len(h.Occurrences)
	if n == 0 {
		return "No occurrence is known."
	}
	said := []string{Sentence(Plural(n, "occurrence", "occurrences")) + ", the first on " + h.Clock.Day(h.Occurrences[0].At)}
	if n > 1 {
		last := h.Occurrences[n-1].At
		said[0] += ", the last on " + h.Clock.Day(last) + ", " + Duration(last.Sub(h.Occurrences[n-2].At)) + " after the one before"
	}
	for _, l := range h.Lanes {
		said = append(said, l.Bar.Ref+" "+l.Title+": "+l.Bar.Now)
	}
	return strings.Join(said, ". ") + "."
}
