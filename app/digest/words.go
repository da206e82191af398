package digest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// lasting writes a length of time: minutes are kept up to 48 hours, then it is days.
func lasting(d time.Duration) string {
	two := func(big, small time.Duration, bigName, smallName string) string {
		said := fmt.Sprintf("%d %s", d/big, bigName)
		if rest := d % big / small; rest > 0 {
			said += fmt.Sprintf(" %d %s", rest, smallName)
		}
		return said
	}
	switch {
	case d < time.Minute:
		return "under 1 min"
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return two(time.Hour, time.Minute, "h", "min")
	case d < 10*day:
		return two(day, time.Hour, "d", "h")
	}
	return fmt.Sprintf("%d d", d/day)
}

// cost writes an impact in hours and minutes, since it is the finding.
func cost(d time.Duration) string {
	if hours := d / time.Hour; hours >= 48 {
		return fmt.Sprintf("%d h %d min", hours, d%time.Hour/time.Minute)
	}
	return lasting(d)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

var small = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// inWords writes a count for a sentence; above twelve in figures.
func inWords(n int) string {
	if n >= 0 && n < len(small) {
		return small[n]
	}
	return strconv.Itoa(n)
}

// sentence begins with a capital.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// joined leaves out what is empty.
func joined(separator string, parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, separator)
}

// oneLine keeps what people typed from breaking lines and headers.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
