package metrics

import (
	"encoding/binary"
	"slices"
	"time"

	"upshot/app/incident"
)

// Tally is what is kept of one day, for the whole organisation: enough to answer every measure of any stretch of whole days without looking at the
// incidents again. It changes when a row of its day does.
type Tally struct {
	Day Day

	// occurrences restored on the day; where two, the second is of those in which a developer took part
	Repairs  [2]Lengths
	Impacts  Lengths
	Left     LeftOut // of impact; Missing ones began on the day
	Negative int     // of time to repair
	Restored int     // of which it can be known whether something followed
	Next     Lengths // how soon it did

	// occurrences detected on the day
	Detected [2]int // of which it can be known whether they recur
	Gaps     [2]Lengths
	LeftFlow LeftOut
	Told     Lengths
	Working  Lengths
	Never    Lengths // seconds of the day at which those were detected of which nobody was told
	Late     int
	Early    int
	Channels [6]int // in the order of incident.Channels

	Loops    [4]int // significant incidents resolved on the day, in the order of loops
	Closures        // incidents closed on the day

	Releases           // deployments to production that finished on the day
	NeverLive, Outside int
	Recoveries         Lengths

	Waited             Lengths // follow-ups that somebody started on the day
	Fixed              Lengths // fixes that shipped on the day
	Shipped, FixFailed int
}

var loops = [...]Loop{LoopVerified, LoopDecided, LoopDone, NoLoop}

// Days lists the days that a row has a part in.
func (r Row) Days() []Day {
	var days []Day
	for _, at := range []time.Time{r.at(), r.DetectedAt, r.ResolvedAt, r.ClosedAt} {
		if !at.IsZero() {
			days = append(days, DayOf(at))
		}
	}
	return days
}

// TallyOf tallies a day: the rows, deployments and follow-ups that have a part in it must be among those given, others do no harm.
func TallyOf(day Day, of Record) Tally {
	t := Tally{Day: day}
	for _, r := range of.Rows {
		t.restored(r)
		t.detected(r)
		if !r.own() {
			continue
		}
		if r.Significant && t.has(r.ResolvedAt) {
			t.Loops[slices.Index(loops[:], r.Loop)]++
		}
		if t.has(r.ClosedAt) {
			t.Closures.count(1, one(!r.HasCause))
		}
	}
	for _, d := range of.Releases {
		switch {
		case !t.has(d.FinishedAt):
		case !d.counts():
			t.NeverLive++
		default:
			t.Releases.count(d)
			t.Outside += one(d.Outside)
			if took, known := d.recovery(); known {
				t.Recoveries.put(took)
			}
		}
	}
	for _, c := range of.Changes {
		if t.has(c.StartedAt) && c.Known {
			t.Waited.put(c.Waited)
		}
		if took, is := c.fixed(); is && t.has(c.ShippedAt) {
			t.Fixed.put(took)
		}
		t.Shipped += one(t.has(c.ShippedAt)) + one(t.has(c.FailedAt) && c.ShippedAt.IsZero())
		t.FixFailed += one(t.has(c.FailedAt))
	}
	sortAll(t.lists()...)
	return t
}

func (t *Tally) has(at time.Time) bool { return !at.IsZero() && DayOf(at) == t.Day }

func (t *Tally) restored(r Row) {
	if !t.has(r.at()) || r.Part == Continues || r.Ongoing {
		return
	}
	if t.Left.count(r.Part) {
		return
	}
	t.Left.Merged += r.Members - 1
	if r.recurs() && !r.RestoredAt.IsZero() {
		t.Restored++
		if r.Next != None {
			t.Next.put(r.Next)
		}
	}
	t.Negative += one(r.Wrong || r.WrongRepair)
	switch {
	case r.Wrong:
		t.Left.Negative++
	case r.RestoredAt.IsZero():
		t.Left.Missing++
	default:
		t.Impacts.put(r.Impact)
		if !r.WrongRepair {
			t.Repairs[one(r.Developer)].put(r.Repair)
		}
	}
}

func (t *Tally) detected(r Row) {
	if !t.has(r.DetectedAt) || t.LeftFlow.count(r.Part) || r.Part != Leads {
		return
	}
	t.LeftFlow.Merged += r.Members - 1
	if r.Unknown {
		t.LeftFlow.Unrecognisable++
	} else {
		t.Detected[one(r.Developer)]++
		if r.Gap != None {
			t.Gaps[one(r.Developer)].put(r.Gap)
		}
	}
	if r.ToldBy == "" {
		t.Never.put(r.DetectedAt.Sub(t.Day.Start()))
		return
	}
	t.Told.put(r.Told)
	t.Working.put(r.ToldWorking)
	t.Late += one(r.ToldLate)
	t.Early += one(r.ToldEarly)
	t.Channels[slices.Index(incident.Channels, r.ToldBy)]++
}

func (t *Tally) lists() []*Lengths {
	return []*Lengths{
		&t.Repairs[0], &t.Repairs[1], &t.Impacts, &t.Next, &t.Gaps[0], &t.Gaps[1], &t.Told, &t.Working, &t.Never, &t.Recoveries, &t.Waited, &t.Fixed,
	}
}

func (t *Tally) counts() []*int {
	counts := []*int{
		&t.Negative, &t.Restored, &t.Detected[0], &t.Detected[1], &t.Late, &t.Early, &t.Closed, &t.Without,
		&t.Deployments, &t.Failed, &t.Suspected, &t.NeverLive, &t.Outside, &t.Shipped, &t.FixFailed,
	}
	for _, l := range []*LeftOut{&t.Left, &t.LeftFlow} {
		counts = append(counts, &l.Maintenance, &l.Drill, &l.Merged, &l.Missing, &l.Negative, &l.Unrecognisable)
	}
	for n := range t.Channels {
		counts = append(counts, &t.Channels[n])
	}
	for n := range t.Loops {
		counts = append(counts, &t.Loops[n])
	}
	return counts
}

// tallyForm is the first byte of a written tally. Another form has another one, and what is kept is made anew.
const tallyForm = 1

// Bytes writes the tally without its day.
func (t Tally) Bytes() []byte {
	b := []byte{tallyForm}
	for _, n := range t.counts() {
		b = binary.AppendUvarint(b, uint64(*n)) //nolint:gosec // a count
	}
	for _, l := range t.lists() {
		b = l.appendTo(b)
	}
	return b
}

// TallyFrom reads what Bytes has written; an error is about what was kept.
func TallyFrom(day Day, b []byte) (Tally, error) {
	t := Tally{Day: day}
	if len(b) == 0 || b[0] != tallyForm {
		return t, errTally
	}
	b = b[1:]
	for _, n := range t.counts() {
		count, size := binary.Uvarint(b)
		if size <= 0 || count > 1<<40 {
			return t, errTally
		}
		*n, b = int(count), b[size:] //nolint:gosec // bounded just above
	}
	var err error
	for _, l := range t.lists() {
		if *l, b, err = lengthsFrom(b); err != nil {
			return t, err
		}
	}
	return t, nil
}
