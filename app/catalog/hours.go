package catalog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"upshot/app/fault"
)

// Hours is when a team works, in the team's own zone. Without windows it is Monday to Friday, 09:00 to 17:00.
type Hours struct {
	// Windows lists the working windows of each weekday; a day without one is free.
	Windows []Window `json:"windows,omitempty"`
	// Holidays are dates such as 2026-12-25.
	Holidays []string `json:"holidays,omitempty"`
}

// Window is a half-open stretch of one weekday, [From, To), by the clock on the wall.
type Window struct {
	Day  time.Weekday `json:"day"`
	From Clock        `json:"from"`
	To   Clock        `json:"to"`
}

// Clock is minutes since midnight by the clock on the wall, 0 to 1440. Texts write it as 09:00.
type Clock int

const endOfDay Clock = 24 * 60

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes 09:00.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

var clockPattern = regexp.MustCompile(`^([01]?[0-9]|2[0-4]):([0-5][0-9])$`)

// UnmarshalText reads 09:00 or 9:00, up to 24:00.
func (c *Clock) UnmarshalText(text []byte) error {
	m := clockPattern.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no time of day such as 09:00", text)
	}
	hour, _ := strconv.Atoi(string(m[1])) // the pattern leaves digits only
	minute, _ := strconv.Atoi(string(m[2]))
	at := Clock(hour*60 + minute)
	if at > endOfDay {
		return fmt.Errorf("%q is after midnight; the day ends at 24:00", text)
	}
	*c = at
	return nil
}

// usual is Monday to Friday, 09:00 to 17:00.
var usual = []Window{
	{time.Monday, 9 * 60, 17 * 60},
	{time.Tuesday, 9 * 60, 17 * 60},
	{time.Wednesday, 9 * 60, 17 * 60},
	{time.Thursday, 9 * 60, 17 * 60},
	{time.Friday, 9 * 60, 17 * 60},
}

func (h Hours) windows() []Window {
	if len(h.Windows) == 0 {
		return usual
	}
	return h.Windows
}

// Working is how much of [from, to) lies in working hours, in real time: a window across the change of clocks
// is an hour shorter or longer. It is 0 when a moment is unknown or they are the wrong way round.
func (h Hours) Working(from, to time.Time, loc *time.Location) time.Duration {
	if from.IsZero() || !from.Before(to) {
		return 0
	}
	var total time.Duration
	year, month, day := from.In(loc).Date()
	for ; ; day++ {
		noon := time.Date(year, month, day, 12, 0, 0, 0, loc) // no zone changes its clocks at noon
		if time.Date(year, month, day, 0, 0, 0, 0, loc).After(to) {
			return total
		}
		if slices.Contains(h.Holidays, noon.Format(time.DateOnly)) {
			continue
		}
		for _, w := range h.windows() {
			if w.Day != noon.Weekday() {
				continue
			}
			opens := later(from, time.Date(year, month, day, 0, int(w.From), 0, 0, loc))
			closes := earlier(to, time.Date(year, month, day, 0, int(w.To), 0, 0, loc))
			total += max(0, closes.Sub(opens))
		}
	}
}

// WorkingDay is how long a day with working hours is, on average.
func (h Hours) WorkingDay() time.Duration {
	var total Clock
	days := map[time.Weekday]bool{}
	for _, w := range h.windows() {
		total += w.To - w.From
		days[w.Day] = true
	}
	return time.Duration(total) * time.Minute / time.Duration(len(days))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Check says what is wrong with the hours.
func (h Hours) Check() error {
	var c fault.Check
	sorted := slices.Clone(h.Windows)
	slices.SortFunc(sorted, byMonday)
	for n, w := range sorted {
		if w.Day < time.Sunday || w.Day > time.Saturday {
			c.That(false, "hours", "There is no weekday %d; Sunday is 0, Saturday is 6.", int(w.Day))
			continue
		}
		c.That(0 <= w.From && w.To <= endOfDay, "hours", "A day goes from 00:00 to 24:00.")
		c.That(w.From < w.To, "hours", "%s %s-%s ends before it begins; split a night at 24:00.", shortDays[w.Day], w.From, w.To)
		overlaps := n > 0 && sorted[n-1].Day == w.Day && w.From < sorted[n-1].To
		c.That(!overlaps, "hours", "Two windows on %s overlap.", w.Day)
	}
	for _, holiday := range h.Holidays {
		_, err := time.Parse(time.DateOnly, holiday)
		c.That(err == nil, "holidays", "%q is no date such as 2026-12-25.", holiday)
	}
	return c.Err()
}

var shortDays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// sinceMonday numbers the days as a week is read: Monday is 0.
func sinceMonday(d time.Weekday) int { return (int(d) + 6) % 7 }

func byMonday(a, b Window) int {
	return cmp.Or(cmp.Compare(sinceMonday(a.Day), sinceMonday(b.Day)), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
}

// ParseHours reads what a form holds: windows such as "mon-thu 09:00-12:00 13:00-17:00, fri 09:00-15:00", one
// group a line or between commas, and holidays as dates between blanks, commas or lines. Empty texts are the
// usual hours and no holidays. Trouble is an Invalid fault on hours or holidays.
func ParseHours(windows, holidays string) (Hours, error) {
	var c fault.Check
	var h Hours
	for _, group := range strings.FieldsFunc(windows, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		parsed, err := parseGroup(group)
		if err != nil {
			c.That(false, "hours", "%s", err)
			continue
		}
		h.Windows = append(h.Windows, parsed...)
	}
	slices.SortFunc(h.Windows, byMonday)
	h.Holidays = strings.FieldsFunc(holidays, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
	slices.Sort(h.Holidays)
	h.Holidays = slices.Compact(h.Holidays)
	c.Add(h.Check())
	if err := c.Err(); err != nil {
		return Hours{}, err
	}
	return h, nil
}

// parseGroup reads days and the windows that hold on each of them: "mon-fri 09:00-17:00".
func parseGroup(group string) ([]Window, error) {
	words := strings.Fields(strings.ToLower(group))
	if len(words) == 0 {
		return nil, nil
	}
	days, err := parseDays(words[0])
	if err != nil {
		return nil, err
	}
	if len(words) == 1 {
		return nil, fmt.Errorf("%s lacks its hours; write such as %s 09:00-17:00", words[0], words[0])
	}
	var windows []Window
	for _, span := range words[1:] {
		head, tail, ok := strings.Cut(span, "-")
		var from, to Clock
		if !ok || from.UnmarshalText([]byte(head)) != nil || to.UnmarshalText([]byte(tail)) != nil {
			return nil, fmt.Errorf("%q is no window such as 09:00-17:00", span)
		}
		for _, day := range days {
			windows = append(windows, Window{Day: day, From: from, To: to})
		}
	}
	return windows, nil
}

// parseDays reads "mon", "monday" or "mon-fri".
func parseDays(word string) ([]time.Weekday, error) {
	head, tail, ranged := strings.Cut(word, "-")
	first, ok := weekday(head)
	last := first
	if ok && ranged {
		last, ok = weekday(tail)
	}
	if !ok {
		return nil, fmt.Errorf("%q are no days such as mon-fri", word)
	}
	days := []time.Weekday{first}
	for day := first; day != last; {
		day = (day + 1) % 7
		days = append(days, day)
	}
	return days, nil
}

func weekday(word string) (time.Weekday, bool) {
	for day, short := range shortDays {
		if word == short || word == strings.ToLower(time.Weekday(day).String()) {
			return time.Weekday(day), true
		}
	}
	return 0, false
}

// String writes the windows as ParseHours reads them, neighbouring days with the same windows together.
func (h Hours) String() string {
	sorted := slices.Clone(h.windows())
	slices.SortFunc(sorted, byMonday)
	var spans [7]string // by days since Monday
	for _, w := range sorted {
		spans[sinceMonday(w.Day)] += fmt.Sprintf(" %s-%s", w.From, w.To)
	}
	short := func(n int) string { return shortDays[(n+1)%7] }
	var groups []string
	for n := 0; n < 7; n++ {
		first := n
		for n < 6 && spans[n+1] == spans[first] {
			n++
		}
		switch {
		case spans[first] == "":
		case first == n:
			groups = append(groups, short(first)+spans[first])
		default:
			groups = append(groups, short(first)+"-"+short(n)+spans[first])
		}
	}
	return strings.Join(groups, ", ")
}

// nightly is how much of a wait lies outside of working hours, at least, for it to have been overnight: no lunch, and no
// early morning.
const nightly = 2 * time.Hour

// Overnight tells whether something waited for the next working day: hours began in (from, to], and more than two hours of
// the wait lay outside of them.
func (h Hours) Overnight(from, to time.Time, loc *time.Location) bool {
	return h.begin(from, to, loc) && to.Sub(from)-h.Working(from, to, loc) > nightly
}

// begin tells whether a working window begins in (from, to].
func (h Hours) begin(from, to time.Time, loc *time.Location) bool {
	if from.IsZero() || !from.Before(to) {
		return false
	}
	year, month, day := from.In(loc).Date()
	for ; ; day++ {
		noon := time.Date(year, month, day, 12, 0, 0, 0, loc)
		if time.Date(year, month, day, 0, 0, 0, 0, loc).After(to) {
			return false
		}
		if slices.Contains(h.Holidays, noon.Format(time.DateOnly)) {
			continue
		}
		for _, w := range h.windows() {
			opens := time.Date(year, month, day, 0, int(w.From), 0, 0, loc)
			if w.Day == noon.Weekday() && opens.After(from) && !opens.After(to) {
				return true
			}
		}
	}
}
