package metrics

import (
	"cmp"
	"slices"
	"time"

	"upshot/app/incident"
)

// DeveloperNotification is how long after an occurrence was detected the developers who build it were told, by the earliest channel (METRICS 4). It
// belongs to the period in which it was detected. One of which nobody was told counts as at least as old as it is.
type DeveloperNotification struct {
	Waits
	OldestNever    time.Duration // age of the oldest of which nobody was told
	Within15Min    int           // told within a quarter of an hour
	OverWorkingDay int           // told more than one working day later
	Early          int           // told before it was detected: counted as 0
	Working        Summary       // of those told, in the working hours of the team that builds what failed
	Channels       map[incident.Channel]int
	Bins           []Bin // of those told
	LeftOut        LeftOut
	Series         []NotificationPeriod
}

// Waits says how long it took until developers were told.
type Waits struct {
	N           int // told and never told
	Never       int
	Median, P90 time.Duration
	// AtLeast: the length is the age of one of which nobody was told, so it is still growing.
	MedianAtLeast, P90AtLeast bool
}

// NotificationPeriod is one period of the series; it may hold none.
type NotificationPeriod struct {
	Period
	Waits
}

const quarterOfAnHour = 15 * time.Minute

// DeveloperNotificationOf measures the rows.
func DeveloperNotificationOf(rows []Row, q Query) DeveloperNotification {
	d := DeveloperNotification{Channels: map[incident.Channel]int{}}
	var told, working []time.Duration
	var moments []time.Time
	var waits []wait
	for _, r := range rows {
		if !q.holds(r.DetectedAt) || d.LeftOut.count(r.Part) || r.Part != Leads {
			continue
		}
		d.LeftOut.Merged += r.Members - 1
		moments = append(moments, r.DetectedAt)
		if r.ToldBy == "" {
			age := max(0, whole(q.Now.Sub(r.DetectedAt.Truncate(time.Second))))
			d.OldestNever = max(d.OldestNever, age)
			waits = append(waits, wait{r.DetectedAt, age, true})
			continue
		}
		waits = append(waits, wait{r.DetectedAt, r.Told, false})
		told, working = append(told, r.Told), append(working, r.ToldWorking)
		d.Channels[r.ToldBy]++
		d.Within15Min += one(r.Told <= quarterOfAnHour)
		d.OverWorkingDay += one(r.ToldLate)
		d.Early += one(r.ToldEarly)
	}
	d.Working, d.Bins = Summarise(working), binned(toldEdges, told)
	for _, p := range q.periods(moments) {
		var of []wait
		for _, w := range waits {
			if !w.since.Before(p.From) && w.since.Before(p.To) {
				of = append(of, w)
			}
		}
		n := NotificationPeriod{Period: p}
		n.measure(of)
		d.Series = append(d.Series, n)
	}
	d.measure(waits)
	return d
}

// wait is how long developers have not been told.
type wait struct {
	since  time.Time
	length time.Duration
	never  bool
}

// compare orders waits: of the same length those that are over first.
func (w wait) compare(o wait) int {
	return cmp.Or(cmp.Compare(w.length, o.length), one(w.never)-one(o.never))
}

// median is the middle one, or half-way between the middle two, and whether it is of one that still lasts; half-way to one that still grows would mean
// nothing, so then it is the lower.
func median(lower, upper wait) (time.Duration, bool) {
	if upper.never {
		return lower.length, lower.never
	}
	return lower.length + (upper.length-lower.length)/2, false
}

func (d *Waits) measure(waits []wait) {
	d.N = len(waits)
	if d.N == 0 {
		return
	}
	slices.SortFunc(waits, wait.compare)
	d.Median, d.MedianAtLeast = median(waits[(d.N-1)/2], waits[d.N/2])
	last := waits[rank(d.N, 90)-1]
	d.P90, d.P90AtLeast = last.length, last.never
	for _, w := range waits {
		d.Never += one(w.never)
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}
