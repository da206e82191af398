package metrics

import (
	"slices"
	"sort"
	"time"

	"upshot/app/incident"
	"upshot/app/problem"
)

// Quick gives the same as ProgressOf from the tallies of days, in their order. The query's bounds are midnights in UTC, as are its periods. Open is what goes on now.
func Quick(tallies []Tally, open Open, q Query) Progress {
	for len(tallies) > 0 && !q.holds(tallies[0].Day.Start()) {
		tallies = tallies[1:]
	}
	for len(tallies) > 0 && !q.holds(tallies[len(tallies)-1].Day.Start()) {
		tallies = tallies[:len(tallies)-1]
	}
	d := days{tallies, q}
	p := Progress{}
	p.Repair = TimeToRepair{
		Without: d.lengths(func(t *Tally) Lengths { return t.Repairs[0] }).summary(), With: d.lengths(func(t *Tally) Lengths { return t.Repairs[1] }).summary(), Open: open,
	}
	repairs := func(of days) many {
		return append(of.lengths(func(t *Tally) Lengths { return t.Repairs[0] }), of.lengths(func(t *Tally) Lengths { return t.Repairs[1] })...)
	}
	p.Repair.Summary, p.Repair.Series = d.summaries(repairs)
	p.Repair.Bins = repairs(d).binned(repairEdges)
	p.Impact.Open = open
	p.Impact.Summary, p.Impact.Series = d.summaries(func(of days) many { return of.lengths(func(t *Tally) Lengths { return t.Impacts }) })
	for n := range tallies {
		p.Impact.LeftOut.add(tallies[n].Left)
		p.Repair.LeftOut.add(tallies[n].Left)
		p.Repair.LeftOut.Negative += tallies[n].Negative - tallies[n].Left.Negative
	}
	p.Recurrence = d.recurrence()
	p.Told = d.told()
	p.Fail = d.fail()
	p.Loops = d.loops()
	p.WithoutCause = d.closed()
	p.Queue.Summary, p.Queue.Series = d.summaries(func(of days) many { return of.lengths(func(t *Tally) Lengths { return t.Waited }) })
	p.Permanent.Summary, p.Permanent.Series = d.summaries(func(of days) many { return of.lengths(func(t *Tally) Lengths { return t.Fixed }) })
	for _, t := range tallies {
		p.FixFailure.Shipped += t.Shipped
		p.FixFailure.Failed += t.FixFailed
	}
	return p
}

// days are tallies in order, and what is asked of them.
type days struct {
	all []Tally
	q   Query
}

func (d days) lengths(of func(*Tally) Lengths) many {
	var m many
	for n := range d.all {
		if l := of(&d.all[n]); len(l) > 0 {
			m = append(m, l)
		}
	}
	return m
}

// periods cuts the days into the periods from the first to the last on which there is something, each with its days.
func (d days) periods(something func(*Tally) bool) ([]Period, []days) {
	var moments []time.Time
	for n := range d.all {
		if something(&d.all[n]) {
			moments = append(moments, d.all[n].Day.Start())
		}
	}
	periods := d.q.periods(moments)
	parts := make([]days, len(periods))
	for n, p := range periods {
		from := sort.Search(len(d.all), func(k int) bool { return !d.all[k].Day.Start().Before(p.From) })
		to := sort.Search(len(d.all), func(k int) bool { return !d.all[k].Day.Start().Before(p.To) })
		parts[n] = days{d.all[from:to], d.q}
	}
	return periods, parts
}

func (d days) summaries(of func(days) many) (Summary, []LengthPeriod) {
	periods, parts := d.periods(func(t *Tally) bool { return of(days{[]Tally{*t}, d.q}).n() > 0 })
	var series []LengthPeriod
	for n, p := range periods {
		series = append(series, LengthPeriod{Period: p, Summary: of(parts[n]).summary()})
	}
	return of(d).summary(), series
}

// window is the longest gap in seconds that is a recurrence.
func (d days) window() uint32 {
	if d.q.window() == problem.NoLimit {
		return 1<<32 - 1
	}
	return seconds(d.q.window())
}

func (d days) flow(developer int) Flow {
	var f Flow
	for n := range d.all {
		f.Occurrences += d.all[n].Detected[developer]
		f.Recurrences += d.all[n].Gaps[developer].upTo(d.window())
	}
	return f
}

func (f Flow) and(o Flow) Flow {
	return Flow{f.Occurrences + o.Occurrences, f.Recurrences + o.Recurrences}
}

func (d days) cohort() Cohort {
	var c Cohort
	for n := range d.all {
		t := &d.all[n]
		followed := t.Next.upTo(d.window())
		c.Occurrences += t.Restored
		c.Followed += followed
		c.Provisional = c.Provisional || (followed < t.Restored && d.q.windowOpen(t.Day.Start()))
	}
	return c
}

func (d days) recurrence() Recurrence {
	r := Recurrence{Without: d.flow(0), With: d.flow(1), Cohort: d.cohort()}
	r.Flow = r.Without.and(r.With)
	var gaps many
	for n := range d.all {
		r.LeftOut.add(d.all[n].LeftFlow)
		for _, l := range d.all[n].Gaps {
			gaps = append(gaps, l[:l.upTo(d.window())])
		}
	}
	r.Gaps = gaps.binned(gapEdges)
	periods, parts := d.periods(func(t *Tally) bool { return t.Detected[0]+t.Detected[1]+t.Restored > 0 })
	for n, p := range periods {
		r.Series = append(r.Series, RecurrencePeriod{Period: p, Flow: parts[n].flow(0).and(parts[n].flow(1)), Cohort: parts[n].cohort()})
	}
	return r
}

func (d days) told() DeveloperNotification {
	n := DeveloperNotification{Waits: d.waits(), Channels: map[incident.Channel]int{}}
	var told, working many
	for k := range d.all {
		t := &d.all[k]
		told, working = append(told, t.Told), append(working, t.Working)
		n.OverWorkingDay += t.Late
		n.Early += t.Early
		n.LeftOut.add(t.LeftFlow)
		for c, count := range t.Channels {
			if count > 0 {
				n.Channels[incident.Channels[c]] += count
			}
		}
		if len(t.Never) > 0 {
			n.OldestNever = max(n.OldestNever, d.age(t, 0))
		}
	}
	n.LeftOut.Unrecognisable = 0
	n.Within15Min = told.upTo(seconds(quarterOfAnHour))
	n.Working, n.Bins = working.summary(), told.binned(toldEdges)
	periods, parts := d.periods(func(t *Tally) bool { return len(t.Told)+len(t.Never) > 0 })
	for k, p := range periods {
		n.Series = append(n.Series, NotificationPeriod{Period: p, Waits: parts[k].waits()})
	}
	return n
}

// age is how long ago the n-th of those was detected of which nobody was told.
func (d days) age(t *Tally, n int) time.Duration {
	return whole(d.q.Now.Sub(t.Day.Start().Add(time.Duration(t.Never[n]) * time.Second)))
}

// waits ranks what is over and what still lasts together, without putting them into one list.
func (d days) waits() Waits {
	var over many
	never := Lengths{}
	for n := range d.all {
		t := &d.all[n]
		if len(t.Told) > 0 {
			over = append(over, t.Told)
		}
		for k := range t.Never {
			never.put(max(0, d.age(t, k)))
		}
	}
	slices.Sort(never)
	w := Waits{N: over.n() + len(never), Never: len(never)}
	if w.N == 0 {
		return w
	}
	together := append(slices.Clone(over), never)
	ranked := func(k int) wait {
		length := together.ranked(k)
		s := seconds(length)
		shorter := 0
		if s > 0 {
			shorter = never.upTo(s - 1)
		}
		return wait{length: length, never: k > over.upTo(s)+shorter}
	}
	w.Median, w.MedianAtLeast = median(ranked((w.N-1)/2+1), ranked(w.N/2+1))
	last := ranked(rank(w.N, 90))
	w.P90, w.P90AtLeast = last.length, last.never
	return w
}

func (d days) fail() ChangeFailRate {
	c := ChangeFailRate{Releases: d.releases()}
	var recoveries many
	for n := range d.all {
		c.NeverLive += d.all[n].NeverLive
		c.Outside += d.all[n].Outside
		recoveries = append(recoveries, d.all[n].Recoveries)
	}
	c.Recovery = recoveries.summary()
	periods, parts := d.periods(func(t *Tally) bool { return t.Deployments > 0 })
	for n, p := range periods {
		c.Series = append(c.Series, ReleasePeriod{Period: p, Releases: parts[n].releases()})
	}
	return c
}

func (d days) releases() Releases {
	var r Releases
	for n := range d.all {
		r.Deployments += d.all[n].Deployments
		r.Failed += d.all[n].Failed
		r.Suspected += d.all[n].Suspected
	}
	return r
}

func (d days) loops() LoopClosure {
	var l LoopClosure
	periods, _ := d.periods(func(t *Tally) bool { return t.Loops != [4]int{} })
	for _, p := range periods {
		l.Series = append(l.Series, LoopPeriod{Period: p})
	}
	for n := range d.all {
		for k, count := range d.all[n].Loops {
			if count > 0 {
				l.add(periods, d.all[n].Day, loops[k], count, d.q)
			}
		}
	}
	return l
}

func (d days) closed() ClosedWithoutCause {
	var c ClosedWithoutCause
	periods, parts := d.periods(func(t *Tally) bool { return t.Closed > 0 })
	for n, p := range periods {
		c.Series = append(c.Series, ClosurePeriod{Period: p, Closures: parts[n].closures()})
	}
	c.Closures = d.closures()
	return c
}

func (d days) closures() Closures {
	var c Closures
	for n := range d.all {
		c.count(d.all[n].Closed, d.all[n].Without)
	}
	return c
}
