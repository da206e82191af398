package ui

import (
	"math"
	"strings"
	"time"
)

// Life is what happened in one incident, between its first and its last known moment.
type Life struct {
	Clock   Clock
	Moments []Moment // in time; unknown ones left out
	Impact  []Stretch
	Silent  Stretch // from detected until the developers were told; the zero value leaves it out
	Words   LifeWords
}

// Moment is one point of an incident's life.
type Moment struct {
	Name string // "Detected"
	At   time.Time
	Note string // "alert, 7 min later"
	Late bool
}

// Stretch is a piece of time; one that goes on has no end.
type Stretch struct{ From, To time.Time }

// LifeWords are written at the bars: "58 min of impact", "7 h 26 min before developers knew".
type LifeWords struct{ Impact, Silent string }

type lifeAxis struct {
	from, to time.Time
	step     time.Duration
}

var lifeSteps = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour,
	12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, Year,
}

// axis spans all moments with a little air behind, in steps that give at most nine labels.
func (l Life) axis() lifeAxis {
	var first, last time.Time
	note := func(t time.Time) {
		if t.IsZero() {
			return
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	for _, m := range l.Moments {
		note(m.At)
	}
	for _, s := range append([]Stretch{l.Silent}, l.Impact...) {
		note(s.From)
		if !s.From.IsZero() {
			note(l.end(s))
		}
	}
	length := max(last.Sub(first), time.Minute)
	step := lifeSteps[len(lifeSteps)-1]
	for _, s := range lifeSteps {
		if length/s < 9 {
			step = s
			break
		}
	}
	from := first.In(l.Clock.zone())
	y, m, d := from.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, l.Clock.zone())
	from = midnight
	if step < day {
		from = midnight.Add(first.Sub(midnight) / step * step)
	}
	return lifeAxis{from: from, to: last.Add(length / 20), step: step}
}

func (l Life) end(s Stretch) time.Time {
	if s.To.IsZero() {
		return l.Clock.Now
	}
	return s.To
}

func (a lifeAxis) x(t time.Time) float64 {
	return hundredths(min(max(float64(t.Sub(a.from))/float64(a.to.Sub(a.from)), 0), 1) * 100)
}

func (l Life) ticks(a lifeAxis) []Tick {
	var ticks []Tick
	for at := a.from; at.Before(a.to); at = at.Add(a.step) {
		tick := Tick{X: a.x(at), Label: l.Clock.Hour(at), Wide: len(ticks)%2 == 1}
		if a.step >= day || tick.Label == "00:00" && at.After(a.from) {
			tick.Label = l.Clock.Day(at)
		}
		if tick.X > 97.5 {
			tick.Label = ""
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

type lifeBar struct {
	x, width float64
}

func (l Life) bar(a lifeAxis, s Stretch) lifeBar {
	x := a.x(s.From)
	width := hundredths(max(a.x(l.end(s))-x, shortest))
	return lifeBar{x: min(x, 100-width), width: width}
}

func (l Life) impactBars(a lifeAxis) []lifeBar {
	bars := make([]lifeBar, len(l.Impact))
	for i, s := range l.Impact {
		bars[i] = l.bar(a, s)
	}
	return bars
}

// place says where a bar's words go: behind it, before it when there is no room, else on it.
func (b lifeBar) place(words string) (x float64, where string) {
	room := letter * float64(len([]rune(words))+2) / wideTrack * 100
	phone := room * wideTrack / narrowTrack
	switch end := b.x + b.width; {
	case end+phone < 100:
		return hundredths(end), "behind"
	case b.width > phone: // on it: there is room on every screen
	case b.x > phone:
		return b.x, "before"
	case end+room < 100:
		return hundredths(end), "behind"
	case b.x > room:
		return b.x, "before"
	}
	return hundredths(b.x + b.width/2), "on"
}

// silentPlace prefers the middle of the bar: silence is the longer one as a rule.
func (b lifeBar) silentPlace(words string) (x float64, where string) {
	if b.width > letter*float64(len([]rune(words))+2)/narrowTrack*100 || b.width > 45 {
		return hundredths(b.x + b.width/2), "on"
	}
	return b.place(words)
}

type leader struct {
	x, top, to float64
}

// leaders lead from each moment to its words in the evenly spaced list below.
func (l Life) leaders(a lifeAxis) []leader {
	all := make([]leader, len(l.Moments))
	for i, m := range l.Moments {
		top := 54.0
		for _, s := range l.Impact {
			if !m.At.Before(s.From) && !m.At.After(l.end(s)) {
				top = 28
			}
		}
		to := math.Round(float64(i)/float64(len(l.Moments))*1e4)/100 + .3
		all[i] = leader{x: a.x(m.At), top: top, to: hundredths(to)}
	}
	return all
}

// at writes when a moment was: the hour, and the day too when the life is longer than one.
func (l Life) at(m Moment) When {
	if a := l.axis(); a.to.Sub(a.from) > 30*time.Hour {
		return l.Clock.When(m.At)
	}
	return l.Clock.AtHour(m.At)
}

// story tells the life for those who do not see it.
func (l Life) story() string {
	said := make([]string, len(l.Moments))
	for i, m := range l.Moments {
		said[i] = m.Name + " " + l.at(m).Text
	}
	story := strings.Join(said, ", ") + "."
	for _, w := range []string{l.Words.Impact, l.Words.Silent} {
		if w != "" {
			story += " " + Sentence(w) + "."
		}
	}
	return story
}
