// Package digest makes a week's facts a letter, one for each team and one for the organisation, and sends it once.
package digest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"upshot/app/fault"
)

// Week is an ISO 8601 week: it begins on Monday, and week 1 holds the year's first Thursday. When it begins and ends is a matter of
// the zone.
type Week struct{ Year, Number int }

// WeekOf is the week that holds a moment in a zone.
func WeekOf(at time.Time, zone *time.Location) Week {
	year, number := at.In(zone).ISOWeek()
	return Week{year, number}
}

// ParseWeek reads "2026-W47"; what no calendar has is an Invalid fault.
func ParseWeek(text string) (Week, error) {
	year, number, cut := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "-W")
	y, yearErr := strconv.Atoi(year)
	n, numberErr := strconv.Atoi(number)
	w := Week{y, n}
	if !cut || yearErr != nil || numberErr != nil || y < 1970 || y > 9999 || n < 1 || WeekOf(w.Begins(time.UTC), time.UTC) != w {
		return Week{}, fault.New(fault.Invalid, "%q is no week; write one such as 2026-W47.", text)
	}
	return w, nil
}

// String is such as 2026-W47, as addresses and the command line have it.
func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.Year, w.Number) }

// Begins is Monday, 00:00 by the clocks of the zone.
func (w Week) Begins(zone *time.Location) time.Time { return w.day(0, 0, zone) }

// Ends is the beginning of the week after: where clocks are changed in between, a week is an hour shorter or longer.
func (w Week) Ends(zone *time.Location) time.Time { return w.day(7, 0, zone) }

// day is so many days after the Monday, at that minute by the clock on the wall.
func (w Week) day(days, minute int, zone *time.Location) time.Time {
	fourth := time.Date(w.Year, time.January, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.Day() - (int(fourth.Weekday())+6)%7 + 7*(w.Number-1)
	return time.Date(w.Year, time.January, monday+days, minute/60, minute%60, 0, 0, zone)
}

// Before is the week before.
func (w Week) Before() Week { return WeekOf(w.day(-7, 0, time.UTC), time.UTC) }

// After is the week after.
func (w Week) After() Week { return WeekOf(w.day(7, 0, time.UTC), time.UTC) }

// Days are its days in words: "16 to 22 November 2026", "28 September to 4 October 2026".
func (w Week) Days() string {
	first, last := w.day(0, 0, time.UTC), w.day(6, 0, time.UTC)
	from := "2"
	switch {
	case first.Year() != last.Year():
		from = "2 January 2006"
	case first.Month() != last.Month():
		from = "2 January"
	}
	return first.Format(from) + " to " + last.Format("2 January 2006")
}

// When is when a scope's letters go out: on a day of the week after the one they are about, at a minute of the day by the clocks of
// the zone.
type When struct {
	Day    time.Weekday
	Minute int
}

// Monday7 is when letters go out unless somebody chooses otherwise.
var Monday7 = When{time.Monday, 7 * 60}

// Due is when the letter about a week goes out. A time that the change to summer time leaves out is an hour later.
func (h When) Due(w Week, zone *time.Location) time.Time {
	return w.day(7+(int(h.Day)+6)%7, h.Minute, zone)
}

// Latest is the last week whose letter was due by a moment.
func (h When) Latest(now time.Time, zone *time.Location) Week {
	w := WeekOf(now, zone)
	for h.Due(w, zone).After(now) {
		w = w.Before()
	}
	return w
}

// String is such as "Monday 07:00".
func (h When) String() string { return fmt.Sprintf("%s %s", h.Day, h.Clock()) }

// Clock is the time of the day, such as 07:00.
func (h When) Clock() string { return fmt.Sprintf("%02d:%02d", h.Minute/60, h.Minute%60) }

// ParseWhen reads a day's number (Sunday is 0) and a time such as 07:00.
func ParseWhen(day, clock string) (When, error) {
	d, err := strconv.Atoi(day)
	var c fault.Check
	c.That(err == nil && d >= 0 && d <= 6, "day", "Choose a day of the week.")
	at, err := time.Parse("15:04", clock)
	c.That(err == nil, "clock", "Write a time such as 07:00.")
	return When{time.Weekday(d), at.Hour()*60 + at.Minute()}, c.Err()
}
