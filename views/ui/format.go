// Package ui holds the small pieces that pages are made of: fields, badges, tables' ends, charts, and how
// numbers and moments are written.
package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// thinSpace stands before a per cent sign: narrow, and no line breaks at it.
	thinSpace = "\u202f"
	// Missing is written where a figure cannot be known.
	Missing = "n/a"
	day     = 24 * time.Hour
)

// Duration writes a length of time as people say it: under 60 min "48 min", under 10 h "3 h 41 min", under 48 h "33 h",
// under 10 d "2 d 6 h", then days "74 d". What is not full is left out; none is "0".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + Duration(-d)
	case d == 0:
		return "0"
	case d < time.Minute:
		return "under 1 min"
	case d < 10*time.Hour:
		return Sum(d)
	case d < 48*time.Hour:
		return whole(d, time.Hour) + " h"
	case d < 10*day:
		return two(d, day, "d", time.Hour, "h")
	}
	return whole(d, day) + " d"
}

// Sum writes a length of time that is the finding, so it keeps its minutes: "11 h 54 min".
func Sum(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + Sum(-d)
	case d < time.Minute:
		return Duration(d)
	case d < time.Hour:
		return whole(d, time.Minute) + " min"
	}
	return two(d, time.Hour, "h", time.Minute, "min")
}

// Minutes writes a length of time in minutes alone: "221 min".
func Minutes(d time.Duration) string {
	if d < time.Minute {
		return Duration(d)
	}
	return whole(d, time.Minute) + " min"
}

// Exact writes a length of time to the second, for titles: "74 d 3 h 12 min", "48 min 20 s".
func Exact(d time.Duration) string {
	if d < 0 {
		return "−" + Exact(-d)
	}
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.of; n > 0 {
			parts = append(parts, Thousands(int64(n))+" "+unit.name)
			d -= n * unit.of
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " ")
}

// Age writes how long ago a moment was; an unknown moment has none.
func Age(at, now time.Time) string {
	if at.IsZero() {
		return Missing
	}
	return Duration(now.Sub(at))
}

// Ago writes "3 h 41 min ago", and "just now" for less than a minute or a moment that lies ahead.
func Ago(at, now time.Time) string {
	switch {
	case at.IsZero():
		return Missing
	case now.Sub(at) < time.Minute:
		return "just now"
	}
	return Age(at, now) + " ago"
}

func two(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	said := whole(d, big) + " " + bigName
	if rest := d % big / small; rest > 0 {
		said += " " + strconv.FormatInt(int64(rest), 10) + " " + smallName
	}
	return said
}

func whole(d, unit time.Duration) string { return Thousands(int64(d / unit)) }

// Thousands writes a count: "1,204".
func Thousands[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Share writes a part of a whole in per cent: "29 %", one decimal below ten: "7.1 %".
func Share(part, whole int) string {
	if whole <= 0 {
		return Missing
	}
	return Percent(float64(part) / float64(whole))
}

// Percent writes a ratio between 0 and 1 like Share.
func Percent(ratio float64) string {
	percent := ratio * 100
	digits := 0
	if percent < 10 && percent != float64(int(percent)) {
		digits = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(percent, 'f', digits, 64), ".0") + thinSpace + "%"
}

// PartOf writes "17 of 58".
func PartOf(part, whole int) string { return Thousands(part) + " of " + Thousands(whole) }

// Times writes how often: "4×".
func Times(n int) string { return Thousands(n) + "×" }

// Ordinal writes "9th".
func Ordinal(n int) string {
	ending := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return Thousands(n) + ending
}

// Plural writes a count with its word: Plural(1, "fix", "fixes") is "1 fix".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

var small = [...]string{
	"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
}

// InWords writes a small count for the middle of a sentence: "five"; above twelve in figures.
func InWords(n int) string {
	if n >= 0 && n < len(small) {
		return small[n]
	}
	return Thousands(n)
}

// Sentence makes the first letter a capital.
func Sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// Clock is the zone a reader's times are in, and the moment the page is made.
type Clock struct {
	Zone *time.Location
	Now  time.Time
}

func (c Clock) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Moment writes "17 Nov 02:14", with the year when it is not this one.
func (c Clock) Moment(t time.Time) string { return c.write(t, "2 Jan 15:04", "2 Jan 2006 15:04") }

// Day writes "17 Nov", with the year when it is not this one.
func (c Clock) Day(t time.Time) string { return c.write(t, "2 Jan", "2 Jan 2006") }

// LongDay writes "Tue 17 Nov 2026".
func (c Clock) LongDay(t time.Time) string { return c.write(t, "Mon 2 Jan 2006", "Mon 2 Jan 2006") }

// Hour writes "02:14".
func (c Clock) Hour(t time.Time) string { return c.write(t, "15:04", "15:04") }

func (c Clock) write(t time.Time, thisYear, otherYear string) string {
	if t.IsZero() {
		return Missing
	}
	t = t.In(c.zone())
	if t.Year() == c.Now.In(c.zone()).Year() {
		return t.Format(thisYear)
	}
	return t.Format(otherYear)
}

// Input writes a moment for the value of a datetime-local field; an unknown one is empty.
func (c Clock) Input(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.zone()).Format("2006-01-02T15:04")
}

// Name writes the zone for the footer: "Europe/Lisbon (UTC+0)".
func (c Clock) Name() string {
	_, seconds := c.Now.In(c.zone()).Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	offset := fmt.Sprintf("UTC%s%d", sign, seconds/3600)
	if minutes := seconds % 3600 / 60; minutes != 0 {
		offset += fmt.Sprintf(":%02d", minutes)
	}
	if c.zone() == time.UTC {
		return "UTC"
	}
	return c.zone().String() + " (" + offset + ")"
}

// When is a moment as a page shows it; the zero value is an unknown one.
type When struct {
	UTC   string // for programs
	Text  string // in the reader's zone
	Title string // in full, with how long ago
}

// When writes a moment with its hour.
func (c Clock) When(t time.Time) When { return c.when(t, c.Moment(t)) }

// OnDay writes the day of a moment.
func (c Clock) OnDay(t time.Time) When { return c.when(t, c.Day(t)) }

// AtHour writes the hour of a moment, where the day is said elsewhere.
func (c Clock) AtHour(t time.Time) When { return c.when(t, c.Hour(t)) }

func (c Clock) when(t time.Time, text string) When {
	if t.IsZero() {
		return When{}
	}
	title := t.In(c.zone()).Format("Mon 2 Jan 2006 15:04:05 MST")
	if !t.After(c.Now) {
		title += ", " + Ago(t, c.Now)
	}
	return When{UTC: t.UTC().Format(time.RFC3339), Text: text, Title: title}
}
