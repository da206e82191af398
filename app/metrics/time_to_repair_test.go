package metrics

import (
	"reflect"
	"testing"
	"time"

	"upshot/app/incident"
)

func noticed(f Fact, after time.Duration) Fact {
	f.Member.DetectedAt = f.Member.StartedAt.Add(after)
	return f
}

func withDeveloper(f Fact) Fact {
	f.Developer = true
	return f
}

// Twelve incidents, added up by hand: repairs of 5, 20, 85 (25 and 60: one occurrence), 40 and 200 minutes; a developer took part in those of 5 and 85.
func TestTimeToRepair(t *testing.T) {
	t.Parallel()
	now := day0.Add(200 * oneDay)
	facts := twelve()
	facts[0] = withDeveloper(noticed(facts[0], 5*time.Minute))
	facts[2] = noticed(facts[2], 5*time.Minute)
	facts[3] = withDeveloper(facts[3])
	m := time.Minute
	cases := map[string]struct {
		change func([]Fact)
		query  Query
		want   TimeToRepair
	}{
		"of all time": {nil, Query{}, TimeToRepair{
			Summary: Summary{N: 5, Median: 40 * m, P90: 200 * m, Mean: 70 * m, Sum: 21000},
			With:    Summary{N: 2, Median: 45 * m, P90: 85 * m, Mean: 45 * m, Sum: 5400},
			Without: Summary{N: 3, Median: 40 * m, P90: 200 * m, Mean: 86*m + 40*time.Second, Sum: 15600},
			Open:    Open{1, 3 * oneDay},
			LeftOut: LeftOut{Maintenance: 1, Drill: 1, Merged: 2, Missing: 1, Negative: 1},
			Bins:    []Bin{{10 * m, 1}, {20 * m, 1}, {40 * m, 1}, {60 * m, 0}, {120 * m, 1}, {240 * m, 1}, {480 * m, 0}, {0, 0}},
		}},
		"restored before anybody noticed is left out of repair, not of impact": {
			func(all []Fact) { all[5] = noticed(all[5], 300*m) }, Query{From: day0.Add(90 * oneDay)}, TimeToRepair{
				Open: Open{1, 3 * oneDay}, LeftOut: LeftOut{Negative: 1}, Bins: binned(repairEdges, nil),
			},
		},
		"an alert that fired before users felt it: the repair began then": {
			func(all []Fact) { all[5] = noticed(all[5], -10*m) }, Query{From: day0.Add(90 * oneDay)}, TimeToRepair{
				Summary: Summary{1, 210 * m, 210 * m, 210 * m, 12600}, Without: Summary{1, 210 * m, 210 * m, 210 * m, 12600},
				Open: Open{1, 3 * oneDay}, Bins: binned(repairEdges, []time.Duration{210 * m}),
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := append([]Fact(nil), facts...)
			if c.change != nil {
				c.change(all)
			}
			c.query.Now = now
			if got := TimeToRepairOf(RowsOf(all, now), c.query); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func told(f Fact, after time.Duration, by incident.Channel) Fact {
	f.Told = incident.Telling{At: f.Member.DetectedAt.Add(after), By: by}
	return f
}

func TestDeveloperNotification(t *testing.T) {
	t.Parallel()
	at := func(id incident.ID, hour, minute int) Fact { // on Wednesday the 7th
		return lasted(id, 0, 2*oneDay-9*time.Hour+time.Duration(hour*60+minute)*time.Minute, time.Hour)
	}
	now := day0.Add(10 * oneDay)
	cases := map[string]struct {
		facts []Fact
		check func(DeveloperNotification) bool
	}{
		"detected at 00:10, a ticket at 09:40 the next day: 33 h 30 min exactly": {
			[]Fact{told(at(1, 0, 10), 33*time.Hour+30*time.Minute, incident.ByTicket)},
			func(d DeveloperNotification) bool {
				return d.Median == 120_600*time.Second && d.Channels[incident.ByTicket] == 1 && d.N == 1 && d.OverWorkingDay == 1
			},
		},
		"00:10 to 09:05 is 8 h 55 min on the wall and 5 minutes of work": {
			[]Fact{told(at(1, 0, 10), 8*time.Hour+55*time.Minute, incident.ByPage)},
			func(d DeveloperNotification) bool {
				return d.Median == 8*time.Hour+55*time.Minute && d.Working.Median == 5*time.Minute && d.OverWorkingDay == 0
			},
		},
		"told before it was detected is 0, and flagged": {
			[]Fact{told(at(1, 9, 0), -time.Hour, incident.ByPage)},
			func(d DeveloperNotification) bool { return d.Median == 0 && d.Early == 1 && d.Within15Min == 1 },
		},
		"never told counts as at least its age": {
			[]Fact{told(at(1, 9, 0), time.Minute, incident.ByPage), told(at(2, 9, 0), 2*time.Minute, incident.ByPage), at(3, 9, 0)},
			func(d DeveloperNotification) bool {
				return d.N == 3 && d.Never == 1 && d.Median == 2*time.Minute && !d.MedianAtLeast && d.P90AtLeast && d.P90 == 8*oneDay+0*time.Hour && d.OldestNever == d.P90
			},
		},
		"of an occurrence of two the earliest telling counts": {
			[]Fact{
				changed(told(at(1, 9, 0), 5*time.Hour, incident.ByTicket), func(f *Fact) { f.Problem = 7 }),
				changed(told(at(2, 10, 10), 30*time.Minute, incident.ByPage), func(f *Fact) { f.Problem = 7 }),
			},
			func(d DeveloperNotification) bool {
				return d.N == 1 && d.Median == 100*time.Minute && d.LeftOut.Merged == 1
			},
		},
		"maintenance and drills never count": {
			twelve()[9:],
			func(d DeveloperNotification) bool { return d.N == 0 },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := DeveloperNotificationOf(RowsOf(c.facts, now), Query{Now: now}); !c.check(d) {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestChangeFailRate(t *testing.T) {
	t.Parallel()
	ten := func() []Release {
		all := make([]Release, 10)
		for n := range all {
			all[n] = Release{Deployment: 1, FinishedAt: day0.Add(time.Duration(n) * oneDay)}
		}
		return all
	}
	cases := map[string]struct {
		change func([]Release)
		want   Releases
		check  func(ChangeFailRate) bool
	}{
		"one with three incidents among ten counts once": {func(all []Release) { all[3].Caused = true }, Releases{Deployments: 10, Failed: 1}, nil},
		"a rollback fails without any incident":          {func(all []Release) { all[3].RolledBack = true }, Releases{Deployments: 10, Failed: 1}, nil},
		"a suspicion is shown apart":                     {func(all []Release) { all[3].Suspected = true }, Releases{Deployments: 10, Suspected: 1}, nil},
		"a suspicion of one that failed says nothing":    {func(all []Release) { all[3].Suspected, all[3].Caused = true, true }, Releases{Deployments: 10, Failed: 1}, nil},
		"what never went live is left out":               {func(all []Release) { all[3].Failed = true }, Releases{Deployments: 9}, func(c ChangeFailRate) bool { return c.NeverLive == 1 }},
		"unless it did harm":                             {func(all []Release) { all[3].Failed, all[3].Caused = true, true }, Releases{Deployments: 10, Failed: 1}, nil},
		"causes outside do not count":                    {func(all []Release) { all[3].Outside = true }, Releases{Deployments: 10}, func(c ChangeFailRate) bool { return c.Outside == 1 }},
		"recovery is from finished to restored": {
			func(all []Release) { all[3].Caused, all[3].RecoveredAt = true, all[3].FinishedAt.Add(34*time.Minute) },
			Releases{Deployments: 10, Failed: 1},
			func(c ChangeFailRate) bool { return c.Recovery.N == 1 && c.Recovery.Median == 34*time.Minute },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := ten()
			c.change(all)
			got := ChangeFailRateOf(all, Query{Bucket: Week, Now: day0.Add(20 * oneDay)})
			if got.Releases != c.want || (c.check != nil && !c.check(got)) || len(got.Series) != 2 {
				t.Errorf("got %+v", got)
			}
		})
	}
}
